"""How the explorer looks: its style, and the pieces of HTML in it, every string escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hip_bayes.inference.in_words import said
from hip_bayes.network.wording import between, factor, percent
from hip_bayes.views.html import LEVEL, RESULT_STYLE, Html, bar_of, table_of, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hip_bayes.diagnosis import Diagnosis

STYLE = (
    RESULT_STYLE
    + """
.hbx{max-width:1200px;container-type:inline-size;overflow:visible!important}
.hbx .jupyter-widgets,.hbx .widget-html-content{overflow:visible}
.hbx .hbx-columns{display:grid;gap:0 28px;align-items:start;grid-template:"next result" auto "said result" 1fr/
minmax(0,1fr) minmax(0,1fr)}
@container (max-width:860px){.hbx .hbx-columns{grid-template:"next" auto "result" auto "said" auto/minmax(0,1fr)}}
.hbx .hbx-first{grid-area:next}.hbx .hbx-result{grid-area:result}.hbx .hbx-said{grid-area:said}
.hbx .hbx-columns>*{width:auto;min-width:0}
.hbx .hip-bayes{max-width:none}.hbx .hip-bayes h3{font-size:1.1em;font-weight:600;margin:.7em 0 .2em}
.hbx .level.urgent{background:#b71c1c;color:#fff;border-color:#7f0000}
.hbx .level.soon{background:#8a5200;color:#fff;border-color:#5c3700}
.hbx .hbx-top{display:flex;flex-flow:row wrap;gap:2px 18px;align-items:center}
.hbx .widget-toggle-buttons,.hbx .widget-dropdown,.hbx .widget-text{width:auto}
.hbx .widget-toggle-buttons{display:flex;flex-flow:row wrap;align-items:center}
.hbx .widget-toggle-buttons>.widget-label{margin-right:8px}
.hbx select{appearance:auto;background:none;color:inherit;padding:0 4px}.hbx option{background:Canvas;color:CanvasText}
.hbx .hbx-head{width:auto;text-align:left;color:inherit;background:none;border:1px solid #808080;font-weight:600;
margin:4px 2px 0}.hbx .hbx-section{padding:0 4px 0 12px}
.hbx :is(.hbx-question,.hbx-top) .widget-toggle-buttons .widget-toggle-button:nth-child(3).mod-active{color:inherit;
background:rgba(128,128,128,.2)}
.hbx .hbx-reset,.hbx .hbx-undo{width:auto}.hbx .hbx-undo{margin-left:auto}
.hbx .hbx-asked{min-height:5.4em}.hbx .hip-bayes,.hbx button{overflow-wrap:anywhere}
.hbx .widget-toggle-buttons .widget-toggle-button{width:auto;min-width:3.4em;padding:0 .7em;margin:0;
color:inherit;background:none;border:1px solid #808080;box-shadow:none}
.hbx .widget-toggle-buttons .widget-toggle-button+.widget-toggle-button{margin-left:-1px}
.hbx .widget-toggle-buttons .widget-toggle-button.mod-active{background:#0072b2;color:#fff;font-weight:600}
.hbx button:focus-visible,.hbx select:focus-visible,.hbx input:focus-visible,.hbx pre:focus-visible{
outline:2px solid #0072b2;outline-offset:1px}
.hbx .hbx-question{display:flex;flex-flow:row wrap;align-items:center;gap:2px 10px;padding:3px 0;
border-bottom:1px solid rgba(128,128,128,.35)}
.hbx .hbx-question>.widget-html{flex:1 1 210px;width:auto;min-width:0}
.hbx .hbx-next{border:2px solid #0072b2;border-radius:6px;padding:4px 12px 8px;margin:6px 0}
.hbx .hbx-next .widget-button{width:auto;min-width:5.5em}
.hbx .hbx-cause{flex-flow:row;align-items:center;gap:8px;min-height:30px}
.hbx .hbx-cause>.widget-button{flex:0 0 43%;width:43%;min-width:0;height:auto;min-height:28px;margin:0;padding:2px 8px;
text-align:left;white-space:normal;line-height:1.25;background:none;color:inherit;box-shadow:none;
border:1px solid transparent;border-radius:4px}
.hbx .hbx-cause>.widget-button:hover{border-color:#808080}
.hbx .hbx-cause>.widget-button.hbx-chosen{border-color:#0072b2;font-weight:600}
.hbx .hbx-cause>.widget-html{flex:1 1 0;width:auto;min-width:0}
@container (max-width:480px){.hbx .hbx-cause{flex-flow:row wrap;gap:0}.hbx .hbx-cause>.widget-button,
.hbx .hbx-cause>.widget-html{flex:0 0 calc(100% - 6px);width:auto}}
.hbx .hbx-p{display:grid;grid-template-columns:3.6em 1fr 4.6em;gap:.6em;align-items:center;
font-variant-numeric:tabular-nums}
.hbx .hbx-p>:first-child,.hbx .hbx-p>:last-child{text-align:right;white-space:nowrap}.hbx .hbx-p .bar{margin:0}
.hbx .bar .hbx-middle{left:50%;border-left:1px solid}
.hbx .bar .hbx-against{background:repeating-linear-gradient(45deg,#b8500a 0 3px,transparent 3px 5px);
outline:1px solid #b8500a;outline-offset:-1px}
.hbx .hbx-side{overflow:visible}
.hbx:not(.hbx-flipped) .hbx-b,.hbx.hbx-flipped .hbx-a{display:none}
.hbx .hbx-lost{background:#b71c1c;color:#fff;border:2px solid #7f0000;font-weight:600;padding:.4em .7em;
animation:hbx-lost 1ms 5s both}
@keyframes hbx-lost{from{visibility:hidden;position:absolute}to{visibility:visible;position:static}}
.hbx .hip-bayes pre{font:13px/1.4 ui-monospace,monospace;user-select:all;white-space:pre-wrap;overflow-wrap:anywhere;
color:inherit;background:none;border:1px solid #808080;border-radius:4px;padding:.5em .7em;margin:.2em 0}
""".replace("\n", "")
)
"""That of results in notebooks, and of the widgets."""


WORKING = '<div class="hip-bayes"><p>Working out why ...</p></div>'
"""In place of reasons until they are there."""
LOST = (
    "Not connected: answers are not being counted. Reload the page, or run its cell again. (Half an hour after the "
    "last answer the page rests: then the next answer wakes it, and this line goes.)"
)


def lost(beat: int) -> str:
    """Return the line that answers are not counted, which shows itself where no other beat takes its place in time.

    An animation that begins anew with every beat: nothing else on a page can notice that its kernel is gone.
    """
    return str(tag("div", LOST, class_="hbx-lost", role="alert", **{"data-beat": str(beat)}))


def fragment(*parts: str) -> str:
    """Return texts, escaped, and elements as the content of a widget."""
    return str(tag("div", *parts, class_="hip-bayes"))


def probability(p: float, ends: tuple[float, float] | None) -> str:
    """Return a probability as a number and a bar, with its interval if it is known."""
    if ends is None:
        return fragment(tag("div", tag("b", percent(p)), bar_of(p), tag("span"), class_="hbx-p"))
    low, high = ends
    place = f"left:{100 * low:.2f}%;width:{100 * (high - low):.2f}%"
    mark = tag("span", tag("span"), class_="interval", style=place)
    text = f"{LEVEL:.0%} interval {between(low, high)}"
    interval = tag("small", between(low, high), title=text)
    return fragment(tag("div", tag("b", percent(p)), bar_of(p, mark, title=text), interval, class_="hbx-p"))


def reasons(d: Diagnosis, cause: str) -> Iterator[Html]:
    """Yield what speaks for a cause and against it: `Diagnosis.explain` as a paragraph and as bars from the middle."""
    table = d.explain(cause)
    yield tag("h3", f"Why {d.network.name_of(cause)}: {percent(d[cause])}?")
    yield tag("p", table.attrs["summary"])
    most = max(table["contribution"].abs().max() if len(table) else 0.0, 1.0)
    rows = []
    for id_, piece in table.iterrows():
        width = 50 * abs(piece["contribution"]) / most
        left = 50.0 if piece["contribution"] > 0 else max(0.0, 50 - width)
        side = "p" if piece["contribution"] > 0 else "hbx-against"
        marks = (
            tag("span", class_=side, style=f"left:{left:.2f}%;width:{width:.2f}%"),
            tag("span", class_="hbx-middle"),
        )
        words = tag("td", f"{piece['direction']}, {factor(piece['contribution'])}", class_="number")
        bar = tag("td", tag("div", *marks, class_="bar"), class_="bars")
        rows.append(tag("tr", tag("td", said(d.network, str(id_), piece["said"])), words, bar))
    if rows:
        yield table_of(*rows)

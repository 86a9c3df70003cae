"""Pictures of what the library computes, drawn with matplotlib (``pip install 'hip-bayes[plots]'``).

Each function draws into the Axes it is given, or into a new figure of its own, and returns the Axes; it shows and saves
nothing and changes no setting of matplotlib. Text takes the colour of the Axes, so that light and dark styles work;
nothing is told by colour alone; names out of a network are drawn as they stand, never read as formulas. Where names do
not fit, ids stand for them. Give an Axes of your own room for its labels: ``plt.subplots(layout="constrained")``.
"""

from __future__ import annotations

from math import ceil, exp, log
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from . import show
from .errors import EvidenceError, MissingExtraError, UnknownNameError
from .evidence import Case, whole_number
from .parts import KINDS, SEXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from .diagnosis import Diagnosis
    from .model import Network
    from .validation import Validation

    Points = NDArray[np.float64]

BLUE, RED, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#808080"
"""Of the colours of Okabe and Ito (Color Universal Design, 2008) those that read on white and on black."""
SKY = "#56B4E9"
"""Another of them, for areas on black."""
BRIGHTNESS = np.array([0.3, 0.59, 0.11])
"""How bright red, green and blue are to the eye."""
PLAIN: dict[str, Any] = {"parse_math": False, "usetex": False}
"""For every text: a dollar sign is a dollar sign."""
CHARACTER = 0.56
"""How wide a character is, in font sizes: a little more than most are."""
SMALLEST = 6.5
"""The least font size, in points."""
LEADING = 1.3
"""How far apart lines are, in font sizes."""
STRONG = 0.6
"""From which strength on the picture of a whole network has a link."""
FAINT = 0.02
"""Below which strength no picture has it."""
MOST_COLUMNS = 3
"""Of findings; between the rows of more there is no room for lines."""
LOG_ODDS = "log odds (+ for it, \N{MINUS SIGN} against it)"
PROBABILITIES = (0.5, 0.1, 0.9, 0.01, 0.99, 0.001, 0.999, 0.25, 0.75, 0.05, 0.95, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6)
"""To mark on a scale of log odds, where there is room; the roundest first."""


# ---------------------------------------------------------------------------------------------------- one case


def posterior(
    d: Diagnosis, *, level: float | None = 0.9, draws: int = 200, k: int | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how probable each cause is, how sure that is, and how probable it was before.

    Bars are ``d.posterior`` (exact), whiskers ``d.intervals(level, draws=draws)`` (seeded), diamonds P(cause) when
    nothing but age and sex was known (exact). A triage level other than routine comes first, in the title.

    Parameters
    ----------
    d
        the result.
    level
        of the intervals, strictly between 0 and 1; None draws none, which is faster.
    draws
        how many networks to draw for them, 20 or more.
    k
        how many causes, the most probable first, 1 or more; None: all.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    EvidenceError
        `level`, `draws` or `k` is not allowed.
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, pain_lying_on_side=True, groin_pain=False)
        >>> ax = hb.plots.posterior(d, draws=100)

    """
    ids = d.ranking[: None if k is None else whole_number("k", k, 1, "or None (all)")]
    between = None if level is None else d.intervals(level, draws=draws).loc[list(ids)]
    ax = _axes(ax, 7.0, max(1.7 + 0.36 * len(ids), 3.3))
    net, here, ink, y = d.network, d.case, _ink(ax), range(len(ids))
    before = net.engine.posterior(Case(sex=here.sex, age=here.age, band=here.band)).probability
    people = " and ".join(what for what, value in (("age", here.band), ("sex", here.sex)) if value)
    p = [d[c] for c in ids]
    values = [show.percent(x) for x in p]

    keys: list[Any] = [ax.barh(y, p, height=0.62, color=BLUE, label="now")]
    if between is not None:
        low, high = between["low"], between["high"]
        keys.append(ax.hlines(y, low, high, color=ink, lw=1.2, label=f"{level:.0%} interval"))
        ax.plot([low, high], [y, y], "|", color=ink, ms=5)
        values = [f"{x} ({show.between(a, b)})" for x, a, b in zip(values, low, high, strict=True)]
    then = f"{people} alone" if people else "nothing known"
    diamond: dict[str, Any] = {"ms": 5, "mfc": ax.get_facecolor(), "mec": ink, "clip_on": False}
    keys += ax.plot([before[c] for c in ids], y, "D", label=f"before ({then})", **diamond)
    ax.set_xlim(0, 1)
    _row_chart(ax, f"Known: {show.known(d)}", d, "probability (%)", keys, [(net.name_of(c), c) for c in ids], values)
    return ax


def before_after(
    d: Diagnosis,
    said: Mapping[str, object] | pd.Series[Any] | None = None,
    /,
    *,
    ax: Axes | None = None,
    **facts: object,
) -> Axes:
    """Draw what more facts do to the probability of each cause: ``d`` and ``d.given(...)`` side by side.

    Exact. Causes are sorted by what they are afterwards.

    Parameters
    ----------
    d
        the result before.
    said, **facts
        what is then said, as `Diagnosis.given` takes it.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    EvidenceError
        a name or a value that `Diagnosis.given` does not take.
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True)
        >>> ax = hb.plots.before_after(d, groin_pain=True, clicking=True)

    """
    after = d.given(said, **facts)
    net, ids, was, now = d.network, after.ranking, d.evidence, after.evidence
    news = [_said(net, id_, x) for id_, x in now.items() if id_ not in was or was[id_] != x]
    news += [_said(net, id_, None) for id_ in was if id_ not in now]
    ax = _axes(ax, 7.0, max(1.7 + 0.36 * len(ids), 3.3))
    y, old, new = range(len(ids)), [d[c] for c in ids], [after[c] for c in ids]
    ax.hlines(y, old, new, color=GREY, lw=2.5, zorder=1)
    hollow: dict[str, Any] = {"mfc": ax.get_facecolor(), "mec": _ink(ax)}
    keys = ax.plot(old, y, "o", ms=6, clip_on=False, label="before", **hollow)
    keys += ax.plot(new, y, "o", ms=6, clip_on=False, color=BLUE, label="after")
    values = [f"{show.percent(a)} \N{RIGHTWARDS ARROW} {show.percent(b)}" for a, b in zip(old, new, strict=True)]
    text = f"Then said: {', '.join(news) or 'nothing new'}"
    ax.set_xlim(0, 1)
    _row_chart(ax, text, after, "probability (%)", keys, [(net.name_of(c), c) for c in ids], values)
    return ax


def explanation(d: Diagnosis, cause: str, *, k: int | None = 10, ax: Axes | None = None) -> Axes:
    """Draw what each piece of evidence did to the probability of a cause: a waterfall on the log-odds scale.

    From logit P(cause), nothing known, at the top to logit P(cause | evidence) at the bottom, by the contributions of
    ``d.explain(cause)`` (Shapley values). The upper axis has the same as a probability.

    Parameters
    ----------
    d
        the result.
    cause
        id of a cause, subtype or group.
    k
        how many pieces to show by themselves, 1 or more; the others are drawn as one. None: all.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownNameError
        there is no such cause, subtype or group.
    EvidenceError
        `k` is not allowed.
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, pain_lying_on_side=True, groin_pain=False)
        >>> ax = hb.plots.explanation(d, "gtps")

    """
    most = None if k is None else whole_number("k", k, 1, "or None (all)")
    table = d.explain(cause)
    net, about = d.network, table.attrs
    facts = [(str(id_), _said(net, str(id_), value)) for id_, value in table["said"].items()]
    rows = [(fact, f"{id_}: {fact.rpartition(': ')[2]}" if ": " in fact else fact) for id_, fact in facts]
    steps = table["contribution"].tolist()
    if most is not None and len(rows) > most + 1:
        rest = f"{len(rows) - most} smaller ones"
        rows, steps = [*rows[:most], (rest, rest)], [*steps[:most], sum(steps[most:])]
    first, last = about["log_odds_prior"], about["log_odds_posterior"]
    ends = [first + x for x in np.cumsum([0.0, *steps])]

    ax = _axes(ax, 7.0, max(1.8 + 0.36 * (len(rows) + 2), 3.4))
    y, turns = range(1, len(rows) + 1), np.arange(len(ends))
    ax.barh(y, steps, left=ends[:-1], height=0.62, color=[BLUE if x >= 0 else RED for x in steps])
    ax.plot([first, last], [0, len(rows) + 1], "D", color=_ink(ax), ms=5)
    ax.vlines(ends, turns, turns + 1, color=GREY, lw=0.8, zorder=0)
    span = max(max(ends) - min(ends), 1.0)
    ax.set_xlim(min(ends) - 0.2 * span, max(ends) + 0.2 * span)
    at_first, at_last = (
        f"nothing known: {show.percent(about['prior'])}",
        f"all of it: {show.percent(about['posterior'])}",
    )
    names = [(at_first, at_first), *rows, (at_last, at_last)]
    size = _row_chart(ax, _name(net, cause), d, LOG_ODDS, [], names, share=0.45)
    for row, x, end in zip(y, steps, ends[1:], strict=True):
        text, side = f"{x:+.2f}".replace("-", "\N{MINUS SIGN}"), 1 if x >= 0 else -1
        _text(ax, end, row, text, size, ha="left" if side > 0 else "right", va="center", offset=(4 * side, 0))
    return ax


def tornado(d: Diagnosis, cause: str | None = None, *, k: int | None = 12, ax: Axes | None = None) -> Axes:
    """Draw on which numbers of the network a probability hangs: a tornado diagram, the widest bar on top.

    Each bar is P(cause) with one number moved to the low and to the high end of its own interval, as
    ``d.sensitivity(cause)`` has it; the ends of the number stand at the ends of its bar.

    Parameters
    ----------
    d
        the result.
    cause
        id of the cause, subtype or group that is followed; None: the leading cause.
    k
        how many numbers, 1 or more; None: all.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownNameError
        there is no such cause, subtype or group.
    EvidenceError
        `k` is not allowed.
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, pain_lying_on_side=True, groin_pain=False)
        >>> ax = hb.plots.tornado(d)

    """
    most = None if k is None else whole_number("k", k, 1, "or None (all)")
    table = d.sensitivity(cause)
    cause = str(table.attrs["cause"])
    rows, p = table[:most], d[cause]
    ax = _axes(ax, 9.0, max(1.7 + 0.42 * len(rows), 3.3))
    face, y = ax.get_facecolor(), range(len(rows))
    keys: list[Any] = []
    for end, colour, hatch in (("low", BLUE, ""), ("high", RED, "////")):
        style: dict[str, Any] = {"fc": colour, "ec": face, "hatch": hatch, "lw": 0, "height": 0.6}
        keys.append(ax.barh(y, rows[f"p_{end}"] - p, left=p, label=f"the number at its {end} end", **style))
    ax.axvline(p, color=_ink(ax), lw=1)
    flips = [" *" if within else "" for within in rows["within_interval"]]
    if any(flips):
        keys += ax.plot([], [], ls="", label="* within its interval, another cause would lead")
    names = [
        (f"{what}{m}", f"{str(path).split('.', 1)[1]}{m}")
        for path, what, m in zip(rows.index, rows["what"], flips, strict=True)
    ]
    size = _row_chart(ax, f"{_name(d.network, cause)}: {show.percent(p)}", d, "probability (%)", keys, names, share=0.5)
    least, most_ = min([p, *rows["p_low"], *rows["p_high"]]), max([p, *rows["p_low"], *rows["p_high"]])
    share = min(7 * CHARACTER * size / _space(ax)[0], 0.3)  # of the width, for the number at the end of a bar
    room = max(most_ - least, 0.01) * share / (1 - 2 * share)
    ax.set_xlim(least - room, most_ + room)
    for end, other in (("low", "high"), ("high", "low")):
        for row, (value, x, opposite) in enumerate(zip(rows[end], rows[f"p_{end}"], rows[f"p_{other}"], strict=True)):
            side = 1 if (x, end) > (opposite, other) else -1
            _text(
                ax, x, row, f"{value:.3g}", size, ha="left" if side > 0 else "right", va="center", offset=(3 * side, 0)
            )
    return ax


# ------------------------------------------------------------------------------------------------- the network


def network(
    net: Network, *, highlight: str | None = None, case: Diagnosis | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a network in three layers: background, causes, findings (by kind).

    The wider a line, the stronger the link of the noisy-OR (of a cause with subtypes, weighted by their shares) or the
    further the odds ratio from 1. A whole network shows only links of at least 0.6 (`STRONG`). What a finding adds to
    another finding is not drawn. Where not all findings fit, those with the strongest links are there.

    Parameters
    ----------
    net
        the network.
    highlight
        id of a cause: only its lines, and P(finding | this cause alone) as a gauge beside each finding.
    case
        a result of this network: what is known of findings and background, and the posterior as a gauge in each cause.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        without axis lines; its coordinates are points (1/72 inch) from the upper left corner.

    Raises
    ------
    UnknownNameError
        `highlight` is no cause of the network.
    EvidenceError
        `case` is a result of another network.
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> net = hb.load_network()
        >>> ax = hb.plots.network(net, highlight="gtps")

    """
    if highlight is not None and highlight not in net.causes:
        raise UnknownNameError.among(highlight, net.causes, what="cause", where="load_network().causes lists them")
    if case is not None and case.network is not net:
        raise EvidenceError("case is a result of another network; allowed: one of this one, network(d.network, case=d)")
    rows = max(1.5 * len(net.causes), 1.5 * len(net.background), len(net.findings) / 2 + 4)
    ax = _axes(ax, 12.0, float(np.clip(0.8 + 0.16 * rows, 3.0, 9.0)))
    ax.set_axis_off()
    _title(ax, _about(net, highlight, case), _base(ax), case)
    _Picture(net, highlight, case, ax).draw()
    return ax


def _about(net: Network, highlight: str | None, case: Diagnosis | None) -> str:
    lines = f"Lines: links of {STRONG:g} and more, odds ratios; the wider, the stronger."
    if highlight is not None:
        lines = f"{net.name_of(highlight)}. Gauges: P(finding | this cause alone). Lines: the wider, the stronger."
    if case is None:
        return f"{net.name}. {lines}"
    if highlight is None:
        lines = "Lines: to what is known, the wider, the stronger."
    return f"Known: {show.known(case)}. Filled square: present; crossed: absent; half: not sure. {lines}"


class _Picture:
    """A network drawn in points from the upper left corner of an Axes."""

    def __init__(self, net: Network, highlight: str | None, case: Diagnosis | None, ax: Axes) -> None:
        self.net, self.highlight, self.case, self.ax, self.ink = net, highlight, case, ax, _ink(ax)
        self.width, self.height = _space(ax)
        ax.set(xlim=(0, self.width), ylim=(self.height, 0))
        self.size = float(np.clip(self.width / 105, SMALLEST, 8.0))
        self.top = 1.5 * LEADING * self.size  # below the heads of the columns
        self.known = {**case.case.background, **case.case.findings} if case else {}
        self.strength = {f: {c: _link(net, f, c) for c in net.causes} for f in net.findings}
        self.fan = 0.08 * self.width
        self.left: dict[str, tuple[float, float]] = {}
        self.right: dict[str, tuple[float, float]] = {}
        self.lines: list[Points] = []
        self.widths: list[float] = []

    def draw(self) -> None:
        """Draw all of it: from left to right, then the lines beneath."""
        x = self.column_of_background(0.0) + self.fan if self.net.background else self.fan / 2
        x = self.column_of_causes(x) + 1.6 * self.fan
        self.columns_of_findings(x)
        self.all_lines(x)

    def label(self, x: float, y: float, text: str, *, faint: bool = False, **more: Any) -> None:  # noqa: ANN401
        """Write a text that starts at x."""
        alpha = 0.45 if faint else 1.0
        self.ax.text(x, y, text, size=self.size, color=self.ink, alpha=alpha, va="center", **PLAIN, **more)

    def head(self, x: float, text: str) -> None:
        """Write what a column is."""
        self.label(x, self.size, text, weight="bold")

    def names(self, ids: Iterable[str], share: float) -> dict[str, str]:
        """Return names in at most two lines where they all fit in a share of the width, else ids."""
        ids = list(ids)
        characters = int(share * self.width / (CHARACTER * self.size))
        return dict(zip(ids, _fitting([(self.net.name_of(i), i) for i in ids], characters, 2)[0], strict=True))

    def text_width(self, texts: Iterable[str]) -> float:
        """Return how wide the widest of some texts is."""
        text = self.ax.text(0, 0, "\n".join(texts), size=self.size, **PLAIN)
        width = 1.05 * text.get_window_extent().width * 72 / self.ax.figure.canvas.figure.dpi
        text.remove()
        return width

    def rows(self, count: int) -> list[float]:
        """Return the heights of so many rows, spread evenly."""
        pitch = (self.height - self.top) / max(count, 1)
        return [self.top + (i + 0.5) * pitch for i in range(count)]

    def marker(self, id_: str, x: float, y: float) -> None:
        """Draw what is known of a background variable or finding, or a dot."""
        face, side = self.ax.get_facecolor(), 0.75 * self.size
        if id_ not in self.known:
            self.ax.plot(x, y, ".", color=self.ink, ms=0.45 * self.size, alpha=0.45 if self.case else 1)
            return
        p = self.known[id_]
        self.ax.plot(x, y, "s", color=RED if p == 1 else face, mec=RED, ms=side)
        if p == 0:
            self.ax.plot(x, y, "x", color=RED, ms=side)
        elif p < 1:
            self.ax.plot(x, y, "s", color=RED, mec=RED, ms=side, fillstyle="left", mfcalt=face)

    def column_of_background(self, x: float) -> float:
        """Draw the background and return where it ends."""
        names = self.names(self.net.background, 0.14)
        end = x + self.text_width(names.values()) + 1.2 * self.size
        self.head(x, "Background")
        for (id_, name), y in zip(names.items(), self.rows(len(names)), strict=True):
            concerned = self.highlight is None or id_ in self.net.causes[self.highlight].odds_ratios
            faint = not concerned or (self.case is not None and id_ not in self.known)
            self.label(end - self.size, y, name, faint=faint, ha="right", ma="right")
            self.marker(id_, end, y)
            self.right[id_] = (end, y)
        return end

    def column_of_causes(self, x: float) -> float:
        """Draw the causes in boxes and return where they end."""
        from matplotlib.patches import Rectangle

        names = self.names(self.net.causes, 0.15)
        inside = self.text_width([*names.values(), "Causes"]) + self.size + (4 * self.size if self.case else 0)
        self.head(x, "Causes")
        for (id_, name), y in zip(names.items(), self.rows(len(names)), strict=True):
            high = 1.25 * LEADING * self.size * (1 + ("\n" in name))
            faint = self.highlight not in (None, id_)
            box: dict[str, Any] = {"xy": (x, y - high / 2), "height": high}
            self.ax.add_patch(Rectangle(width=inside, fc=self.ax.get_facecolor(), ec="none", zorder=2, **box))
            if self.case:
                self.ax.add_patch(Rectangle(width=inside * self.case[id_], fc=BLUE, alpha=0.4, zorder=3, **box))
                self.label(x + inside - 3, y, show.percent(self.case[id_]), faint=faint, ha="right", zorder=5)
            heavy = 1.8 if id_ == self.highlight else 0.8
            self.ax.add_patch(
                Rectangle(width=inside, fc="none", ec=self.ink, lw=heavy, zorder=4, alpha=0.45 if faint else 1, **box)
            )
            self.label(x + self.size / 2, y, name, faint=faint, zorder=5)
            self.left[id_], self.right[id_] = (x, y), (x + inside, y)
        return x + inside

    def columns_of_findings(self, x: float) -> None:
        """Draw the findings, in as many columns as fit; lower rows of later columns, for lines to pass between."""
        lines = int((self.height - self.top) / (LEADING * self.size))
        shown_, left_out = self.chosen(lines * self.fitting_columns(x))
        items: list[tuple[str, str]] = []
        for kind in KINDS:
            of_kind = [f for f in shown_ if self.net.findings[f].kind == kind]
            items += [("", ""), (kind.capitalize(), "")] * bool(of_kind) + [("", f) for f in of_kind]
        items = items[1:] + ([(f"and {left_out} with weaker links", "")] if left_out else [])
        count = max(1, min(self.fitting_columns(x), ceil(len(items) / lines)))
        each = ceil(len(items) / count)
        pitch = (self.height - self.top) / (each + 1)
        room = (self.width - x) / count
        self.head(x, "Findings")
        for i, (text, f) in enumerate(items):
            column, row = divmod(i, each)
            at, y = x + column * room, self.top + (row + 0.5 + column / count) * pitch
            if not f:
                self.label(at, y, text, weight="bold" if i < len(items) - 1 or not left_out else "normal")
                continue
            self.finding(f, at, y, room)

    def finding(self, f: str, x: float, y: float, room: float) -> None:
        """Draw one finding in a column so wide."""
        finding, gauge = self.net.findings[f], 0.0
        sign = finding.sign_of(self.net.background)
        faint = f not in self.known if self.case else bool(sign and self.highlight)
        if self.highlight and not sign:
            from matplotlib.patches import Rectangle

            gauge, p = 2.5 * self.size, _alone(self.net, f, self.highlight)
            box: dict[str, Any] = {"xy": (x + self.size / 2, y - 0.3 * self.size), "height": 0.6 * self.size}
            self.ax.add_patch(Rectangle(width=gauge * p, fc=BLUE, ec="none", **box))
            self.ax.add_patch(Rectangle(width=gauge, fc="none", ec=self.ink, lw=0.5, **box))
            faint |= self.strength[f][self.highlight] < 0.1
        if not self.highlight or f in self.known:
            self.marker(f, x, y)
        start = x + self.size * (1 if f in self.known or not gauge else 0.5) + gauge + (self.size / 2 if gauge else 0)
        text = show.said(self.net, f, self.case.evidence[f]) if self.case and f in self.known else finding.name
        if self.text_width([text]) > x + room - start:
            text = _cut(text, int((x + room - start) / (CHARACTER * self.size)))
        self.label(start, y, text, faint=faint, weight="bold" if f in self.known else "normal")
        self.left[f] = (x - self.size / 2, y)

    def fitting_columns(self, x: float) -> int:
        """Return how many columns of findings there is room for right of x."""
        before = 1.0 + 3.0 * (self.highlight is not None) + 1.0 * (self.case is not None)  # marker and gauge
        wide = self.text_width(f.name for f in self.net.findings.values()) + before * self.size
        return int(np.clip((self.width - x) / wide, 1, MOST_COLUMNS))

    def chosen(self, fitting: int) -> tuple[list[str], int]:
        """Return the findings to draw, in file order, and how many there are besides."""
        ids = list(self.net.findings)
        if len(ids) + 2 * len(KINDS) <= fitting:
            return ids, 0

        def importance(f: str) -> tuple[bool, float]:
            links = self.strength[f]
            return f in self.known, links[self.highlight] if self.highlight else max(links.values())

        kept = set(sorted(ids, key=importance, reverse=True)[: max(1, fitting - 2 * len(KINDS) - 1)])
        return [f for f in ids if f in kept], len(ids) - len(kept)

    def all_lines(self, x: float) -> None:
        """Draw the lines: curves as far as the first column of findings at x, level from there on."""
        from matplotlib.collections import LineCollection

        net, only, case = self.net, self.highlight, self.case
        for c, cause in net.causes.items():
            for of, ratio in cause.odds_ratios.items():
                told = case is None or only is not None or self.known.get(of, 0.0) > 0
                if told and only in (None, c, of) and ratio.value != 1:
                    wide = 0.4 + 0.9 * abs(log(ratio.value))
                    if of in net.causes:
                        self.arc(self.left[of], self.left[c], wide)
                    else:
                        self.curve(self.right[of], self.left[c], self.left[c][0], wide)
        least = STRONG if only is None and case is None else FAINT
        for f in (f for f in self.strength if f in self.left):
            if case is not None and only is None and f not in self.known:
                continue
            sign = net.findings[f].sign_of(net.background)
            if sign and only is None:
                self.curve(self.right[sign], self.left[f], x, 0.2 + 2 * net.engine.links[f].link[sign])
            for c, link in self.strength[f].items():
                if link >= least and only in (None, c):
                    self.curve(self.right[c], self.left[f], x, 0.2 + 2 * link)
        lines = LineCollection(self.lines, linewidths=self.widths, colors=GREY, alpha=0.6, zorder=1)
        self.ax.add_collection(lines, autolim=False)

    def curve(self, start: tuple[float, float], end: tuple[float, float], level_from: float, wide: float) -> None:
        """Add a line that leaves and arrives level."""
        t = np.linspace(0, 1, 30)
        x, y = start[0] + (level_from - start[0]) * t, start[1] + (end[1] - start[1]) * t * t * (3 - 2 * t)
        self.lines.append(np.column_stack([np.append(x, end[0]), np.append(y, end[1])]))
        self.widths.append(wide)

    def arc(self, start: tuple[float, float], end: tuple[float, float], wide: float) -> None:
        """Add a line between two causes, to the left of them."""
        t = np.linspace(0, np.pi, 30)
        depth = min(0.8 * self.fan, 0.25 * abs(start[1] - end[1]))
        y = (start[1] + end[1]) / 2 + (start[1] - end[1]) / 2 * np.cos(t)
        self.lines.append(np.column_stack([start[0] - depth * np.sin(t), y]))
        self.widths.append(wide)


def findings(
    net: Network, causes: Iterable[str] | None = None, findings: Iterable[str] | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw a table of P(finding present | this cause alone present) as a heat map: findings down, causes across.

    Exact, its parent findings averaged over; of a cause with subtypes the mean by their shares. The column "any other"
    is the finding's leak: P(finding | a cause without a link to it), or without any cause.

    Parameters
    ----------
    net
        the network.
    causes
        ids of causes; None: all.
    findings
        ids of findings; None: all but the signs of background variables, which have no link to a cause.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        with the probabilities in the cells, in per cent, where they fit.

    Raises
    ------
    UnknownNameError
        there is no such cause or finding.
    EvidenceError
        none is named, or a finding is a sign of a background variable.
    MissingExtraError
        matplotlib is not installed.

    Notes
    -----
    With l0 and link as in networks/README.md and a parent finding g of effect e,
    P(finding | cause alone) = 1 - (1 - l0) (1 - link) (1 - e P(g | cause alone)).

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> asked = ["lateral_pain", "groin_pain", "buttock_pain", "fadir_positive", "mri_bone_stress"]
        >>> ax = hb.plots.findings(hb.load_network(), ["gtps", "labral_tear", "stress_fracture"], asked)

    """
    across = _ids(causes, net.causes, "cause")
    down = _ids(findings, net.findings, "finding")
    signs = {f: sign for f in down if (sign := net.findings[f].sign_of(net.background))}
    if signs and findings is not None:
        f, sign = next(iter(signs.items()))
        raise EvidenceError(f"{f!r} is a sign of {sign!r} and has no link to a cause; leave it out", name=f)
    rows: list[tuple[str, str, list[float]]] = []
    for kind in KINDS:
        of_kind = [f for f in down if f not in signs and net.findings[f].kind == kind]
        rows += [(kind.capitalize(), "", [np.nan] * (len(across) + 1))] * bool(of_kind)
        rows += [
            (net.findings[f].name, f, [*(_alone(net, f, c) for c in across), net.findings[f].leak.p]) for f in of_kind
        ]
    ax = _axes(ax, 3.6 + 0.46 * (len(across) + 1), 3.0 + 0.19 * len(rows))
    size = _base(ax)
    title = _title(ax, "P(finding | this cause alone), %", size)
    _heat_map(ax, [*((net.name_of(c), c) for c in across), ("any other", "any other")], rows, size)
    _start_with_names(ax, title, size)
    return ax


def _heat_map(
    ax: Axes, across: Sequence[tuple[str, str]], rows: Sequence[tuple[str, str, list[float]]], size: float
) -> None:
    """Draw rows of (name or heading, id or nothing, probabilities) in cells."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    ink, table = _ink(ax), np.array([values for _, _, values in rows])
    face = np.array(to_rgb(ax.get_facecolor()))
    full = np.array(to_rgb(BLUE if face @ BRIGHTNESS > 0.5 else SKY))
    colours = LinearSegmentedColormap.from_list("", [tuple(face), tuple(full)])
    cells = ax.imshow(table, cmap=colours, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    ax.axvline(len(across) - 1.5, color=face, lw=8)
    width, height = _space(ax)
    ax.xaxis.tick_top()
    lines = max(1, int(0.55 * width / len(across) / (LEADING * size)))
    columns = _fitting(across, int(0.38 * height / (CHARACTER * size)), lines)[0]
    ax.set_xticks(range(len(across)), columns, rotation=90, fontsize=size, color=ink, **PLAIN)
    size = min(_space(ax)[1] / len(rows) / LEADING, size)
    labelled = size >= SMALLEST  # else an overview: where the kinds begin, no more
    size = max(size, SMALLEST)
    at = [i for i, (_, f, _) in enumerate(rows) if labelled or not f]
    names = _fitting([(rows[i][0], rows[i][1] or rows[i][0]) for i in at], int(0.5 * width / (CHARACTER * size)), 1)[0]
    ax.set_yticks(at, names, fontsize=size, color=ink, **PLAIN)
    for i, label in zip(at, ax.get_yticklabels(), strict=True):
        label.set_fontweight("normal" if rows[i][1] else "bold")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)

    digits = min(size, _space(ax)[0] / len(across) / (3 * CHARACTER))
    if labelled and digits >= SMALLEST:
        for (i, j), p in np.ndenumerate(table):
            colour = "black" if (face + p * (full - face)) @ BRIGHTNESS > 0.5 else "white"
            if not np.isnan(p):
                ax.text(
                    j,
                    i,
                    f"{100 * p:.0f}",
                    size=digits,
                    color=colour,
                    ha="center",
                    va="center",
                    in_layout=False,
                    **PLAIN,
                )
    else:
        bar = ax.figure.colorbar(cells, ax=ax, fraction=0.06, format=lambda p, _: f"{100 * p:.0f}")
        bar.ax.tick_params(colors=ink, labelsize=size)
        bar.set_label("probability (%)", color=ink, fontsize=size)


def priors(net: Network, causes: Iterable[str] | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the prior of each cause by age band: women on the left, men on the right, a line a cause.

    Parameters
    ----------
    net
        the network: ``net.causes[cause].prior``, P(cause | pain, sex, age band).
    causes
        ids of causes; None: all.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownNameError
        there is no such cause.
    EvidenceError
        none is named.
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> ax = hb.plots.priors(hb.load_network(), ["gtps", "fai", "osteoarthritis"])

    """
    ids = _ids(causes, net.causes, "cause")
    ax = _axes(ax, 9.5, max(5.0, 0.8 + 0.19 * len(ids)))
    size, bands = _base(ax), list(net.bands)
    shift = len(bands) + 0.2  # of the men's part
    colours = [(BLUE, RED, GREEN, PURPLE)[i % 4] for i in range(len(ids))]
    for i, c in enumerate(ids):
        style: dict[str, Any] = {"color": colours[i], "marker": "os^D"[i // 4 % 4], "ms": 4, "lw": 1.4}
        women, men = ([net.causes[c].prior[sex][band].p for band in bands] for sex in SEXES)
        ax.plot(np.arange(len(bands)), women, **style)
        ax.plot(shift + np.arange(len(bands)), men, **style)
        ax.plot([len(bands) - 1, shift], [women[-1], men[0]], ls=":", lw=0.8, color=style["color"], alpha=0.6)
    ax.set_xticks([*range(len(bands)), *(shift + np.arange(len(bands)))], [*bands, *bands], fontsize=size, **PLAIN)
    ax.set_ylim(0, 1.1 * ax.get_ylim()[1])
    ax.margins(x=0.03)
    ax.spines[["top", "right"]].set_visible(False)
    _percents(ax, "prior probability (%)", size, axis="y")
    ax.set_xlabel("age (years)", fontsize=size, **PLAIN)
    for x, sex in ((0.0, "women"), (shift, "men")):
        _text(ax, x, ax.get_ylim()[1], sex, size, weight="bold", va="top", offset=(0, -3))
    given = "pain, sex, age" if net.everyone_has_a_cause else "sex, age"
    _title(ax, f"{net.name}: P(cause | {given})", size)
    ends = [net.causes[c].prior[SEXES[1]][bands[-1]].p for c in ids]
    _at_line_ends(ax, shift + len(bands) - 1, ends, colours, [(net.name_of(c), c) for c in ids], size)
    if _space(ax)[0] / (2 * len(bands)) < CHARACTER * size * (1 + max(map(len, bands))):
        ax.tick_params(axis="x", rotation=90)
    return ax


def _at_line_ends(  # noqa: PLR0913, PLR0917
    ax: Axes, x: float, ends: Sequence[float], colours: Sequence[str], names: Sequence[tuple[str, str]], size: float
) -> None:
    """Name the lines that end at x and these heights, without overlap."""
    low, high = ax.get_ylim()
    width, height = _space(ax)
    size = max(SMALLEST, min(size, height / len(ends) / LEADING))
    gap = LEADING * size / height * (high - low)
    order = np.argsort(ends, kind="stable")
    at = np.sort(ends)
    for j in range(1, len(at)):
        at[j] = max(at[j], at[j - 1] + gap)
    at[-1] = min(at[-1], high - gap / 2)
    for j in range(len(at) - 2, -1, -1):
        at[j] = min(at[j], at[j + 1] - gap)
    labels = _fitting(names, int(0.4 * width / (CHARACTER * size)), 1)[0]
    beyond = ax.get_xlim()[1] + 0.02 * (x + 1)
    ax.set_xlim(ax.get_xlim())
    for i, y in zip(order, at, strict=True):
        ax.plot([x, beyond], [ends[i], y], color=colours[i], lw=0.8, clip_on=False)
        _text(ax, beyond, y, labels[i], size, va="center", offset=(2, 0), annotation_clip=False)


# --------------------------------------------------------------------------------------------------- validation


def calibration(v: Validation, *, ax: Axes | None = None) -> Axes:
    """Draw how often what was given a probability was true: a reliability diagram.

    Points are ``v.calibration_curve``, a tenth of the probability scale each, with their bootstrap intervals; on the
    diagonal, probabilities are what they say. Above it they were too low. The upper axis has the number of pairs of a
    case and a cause in each tenth.

    Parameters
    ----------
    v
        a validation.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> cases = hb.load_network().simulate(300, seed=1)
        >>> facts = ["age", "sex", "lateral_pain", "groin_pain", "buttock_pain", "limited_internal_rotation"]
        >>> ax = hb.plots.calibration(hb.validate(cases[[*facts, "truth"]], bootstrap=50))

    """
    ax = _axes(ax, 5.4, 5.4)
    curve, ink, size = v.calibration_curve, _ink(ax), _base(ax)
    ax.plot([0, 1], [0, 1], ls="--", lw=1, color=GREY, label="ideal: as often as predicted")
    ax.plot(curve["predicted"], curve["observed"], "o-", color=BLUE, ms=5, label="observed")
    if v.bootstrap:
        ax.vlines(curve["predicted"], curve["low"], curve["high"], color=ink, lw=1.2, label=f"{v.level:.0%} interval")
    ax.set_ylim(-0.03, 1.03)
    _title(ax, f"{v.network.name}: {len(v.truth)} cases", size)
    _legend(ax, ax.get_legend_handles_labels()[0], size)
    _percents(ax, "predicted probability (%)", size)
    ax.set_xlim(-0.03, 1.03)
    _axis_above(ax, (curve["bin_low"] + curve["bin_high"]) / 2, curve["n"].map(str), "pairs of case and cause", size)
    _percents(ax, "observed share (%)", size, axis="y")
    return ax


def decision_curve(v: Validation, cause: str, *, ax: Axes | None = None) -> Axes:
    """Draw the net benefit of acting on the probability of a cause, by the threshold one would act from.

    ``v.decision_curve(cause)``, with its bootstrap interval, beside acting on everybody and on nobody.

    Parameters
    ----------
    v
        a validation.
    cause
        a cause id of its network.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        cut off below, where acting on everybody does far more harm than good.

    Raises
    ------
    UnknownNameError
        the network has no such cause.
    MissingExtraError
        matplotlib is not installed.

    Notes
    -----
    Vickers and Elkin, Med Decis Making 26:565, 2006.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> cases = hb.load_network().simulate(300, seed=1)
        >>> facts = ["age", "sex", "lateral_pain", "groin_pain", "buttock_pain", "limited_internal_rotation"]
        >>> ax = hb.plots.decision_curve(hb.validate(cases[[*facts, "truth"]], bootstrap=50), "gtps")

    """
    curve = v.decision_curve(cause)
    ax = _axes(ax, 6.4, 4.8)
    size, t = _base(ax), curve.index.to_numpy()
    if v.bootstrap:
        ax.fill_between(t, curve["low"], curve["high"], color=BLUE, alpha=0.4, lw=0, label=f"{v.level:.0%} interval")
    ax.plot(t, curve["net_benefit"], color=BLUE, lw=2, label="act on the probability")
    ax.plot(t, curve["treat_all"], color=RED, ls="--", label="act on everybody")
    ax.plot(t, curve["treat_none"], color=_ink(ax), ls=":", label="act on nobody")
    top = max(0.02, *curve["net_benefit"], *curve["high"].fillna(0), *curve["treat_all"])
    ax.set_ylim(-0.25 * top, 1.1 * top)
    ax.set_xlim(0, 1)
    _title(ax, f"{v.network.name_of(cause)}: {len(v.truth)} cases", size)
    _legend(ax, ax.get_legend_handles_labels()[0], size)
    _percents(ax, "threshold probability (%)", size)
    _percents(ax, "net benefit (true positives per case)", size, axis="y", scale=False)
    return ax


# ------------------------------------------------------------------------------------------------------ numbers


def _alone(net: Network, f: str, cause: str) -> float:
    """P(finding | this cause alone present), by the shares of its subtypes."""

    def of_site(f: str, site: str) -> float:
        links = net.engine.links[f]
        link = links.link.get(site, links.link.get(cause, 0.0))
        through = links.effect * of_site(links.parent, site) if links.parent else 0.0
        return 1 - (1 - links.leak) * (1 - link) * (1 - through)

    return sum(share * of_site(f, site) for site, share in _shares(net, cause))


def _link(net: Network, f: str, cause: str) -> float:
    """Return the strength of the link of a cause to a finding, the mean by the shares of its subtypes."""
    link = net.engine.links[f].link
    return sum(share * link.get(site, link.get(cause, 0.0)) for site, share in _shares(net, cause))


def _shares(net: Network, cause: str) -> list[tuple[str, float]]:
    return [(s.id, s.share.p) for s in net.causes[cause].subtypes.values()] or [(cause, 1.0)]


def _ids(ids: Iterable[str] | None, known: Iterable[str], what: str) -> list[str]:
    """Return some ids, each once, or all known ones."""
    chosen = list(known) if ids is None else list(dict.fromkeys([ids] if isinstance(ids, str) else ids))
    for id_ in chosen:
        if id_ not in known:
            raise UnknownNameError.among(id_, known, what=what, where=f"the network's {what}s are the choice")
    if not chosen:
        raise EvidenceError(f"no {what} is named, so there is nothing to draw; None draws all")
    return chosen


# -------------------------------------------------------------------------------------------------------- words


def _name(net: Network, id_: str) -> str:
    """Return the name of what has a probability."""
    return net.groups[id_].name if id_ in net.groups else net.name_of(id_)


def _said(net: Network, id_: str, value: object) -> str:
    """Return a fact in words, whether evidence or a red flag; None: nothing is known of it any more."""
    flag = net.red_flags.get(id_)
    if value is None:
        return f"{flag.name if flag else id_ if id_ in ('age', 'sex') else net.name_of(id_)}: no longer known"
    if flag:
        return f"{flag.name}: {'yes' if value else 'no'}"
    return show.said(net, id_, value)


def _cut(text: str, characters: int) -> str:
    """Return a text of at most so many characters, cut between words if it can be."""
    text = " ".join(text.split())
    if len(text) <= characters:
        return text
    cut = shorten(text, max(characters, 2), placeholder="…")
    return cut if len(cut) > characters / 2 else text[: max(characters - 1, 1)] + "…"


def _fitting(names: Sequence[tuple[str, str]], characters: int, lines: int) -> tuple[list[str], int]:
    """Return the first of each pair, wrapped, where that fits for all of them, else the second; and how short."""
    for which in (0, 1):
        wrapped = [_wrapped(pair[which], characters) for pair in names]
        if all(len(w) <= lines and all(len(line) <= characters for line in w) for w in wrapped):
            return ["\n".join(w) for w in wrapped], which
    return [_cut(brief, characters) for _, brief in names], 2


def _wrapped(text: str, characters: int) -> list[str]:
    """Return the lines of a text, broken between words or, in an id, after a _."""
    text = " ".join(text.split())
    if len(text) <= characters:
        return [text]
    lines = wrap(text.replace("_", "_ "), max(characters, 1), break_long_words=False)
    return [line.replace("_ ", "_") for line in lines]


# --------------------------------------------------------------------------------------------------------- axes


def _axes(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the Axes to draw into, by default one of a new figure of that size in inches."""
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise MissingExtraError(
            "plots need matplotlib, which is not installed; pip install 'hip-bayes[plots]'", name="matplotlib"
        ) from error
    return plt.subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax


def _ink(ax: Axes) -> Any:  # noqa: ANN401 whatever matplotlib takes for a colour
    """Return the colour of text on this Axes, whatever style is in force by now."""
    return ax.xaxis.label.get_color()


def _base(ax: Axes) -> float:
    """Return the largest font size to use: that of the Axes' labels, or less on a small one."""
    return min(0.9 * float(ax.xaxis.label.get_fontsize()), max(SMALLEST + 0.5, _space(ax)[0] / 28))


def _space(ax: Axes) -> tuple[float, float]:
    """Return width and height of an Axes in points, as laid out by now."""
    figure = ax.figure.canvas.figure
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi


def _row_chart(  # noqa: PLR0913, PLR0917
    ax: Axes,
    title: str,
    d: Diagnosis,
    label: str,
    keys: Sequence[Any],
    names: Sequence[tuple[str, str]],
    values: Sequence[str] = (),
    *,
    share: float = 0.36,
) -> float:
    """Dress a chart of rows, the first on top: title, unit, legend, names on the left, values on the right.

    Names, and then ids, get smaller until they fit a share of the width. Returns their font size.
    """
    width, base = _space(ax)[0], _base(ax)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)
    if label == LOG_ODDS:
        _probability_above(ax, base)
    heading = _title(ax, title, base, d)
    _percents(ax, label, base, scale=label != LOG_ODDS)
    _legend(ax, keys, base)
    pitch = _space(ax)[1] / len(names)
    options = []
    for size in np.arange(np.clip(pitch / LEADING, SMALLEST, base), SMALLEST - 0.01, -0.25):
        characters, lines = int(share * width / (CHARACTER * size)), max(1, int(pitch / (LEADING * size)))
        options.append((*_fitting(names, characters, lines), float(size)))
    labels, _, size = min(options, key=lambda option: (option[1], -option[2]))
    ax.set_yticks(range(len(names)), labels, fontsize=size, color=_ink(ax), **PLAIN)
    ax.tick_params(axis="y", length=0)
    _start_with_names(ax, heading, base)
    style: dict[str, Any] = {"va": "center", "size": size, "color": _ink(ax), **PLAIN}
    for row, text in enumerate(values):
        ax.text(1.02, row, text, transform=ax.get_yaxis_transform(), **style)
    return size


def _text(ax: Axes, x: float, y: float, text: str, size: float, *, offset: tuple[float, float], **more: Any) -> None:  # noqa: ANN401, PLR0913
    """Write a text so many points off a place."""
    ax.annotate(text, (x, y), offset, textcoords="offset points", size=size, color=_ink(ax), **PLAIN, **more)


def _percents(ax: Axes, label: str, size: float, *, axis: str = "x", scale: bool = True) -> None:
    """Label an axis, and number it in per cent."""
    of = ax.xaxis if axis == "x" else ax.yaxis
    if scale:
        of.set_major_formatter(lambda p, _: f"{100 * p:.4g}")
    room = int(_space(ax)[axis == "y"] / (CHARACTER * size))
    of.set_label_text("\n".join(_wrapped(label, room)), fontsize=size, **PLAIN)
    of.set_tick_params(labelsize=size)


def _axis_above(ax: Axes, at: Iterable[float], labels: Iterable[str], label: str, size: float) -> None:
    """Draw a second axis above, of the same scale."""
    above, ink, at, labels = ax.secondary_xaxis("top"), _ink(ax), list(at), list(labels)
    span = _space(ax)[0] * (max(at) - min(at)) / (ax.get_xlim()[1] - ax.get_xlim()[0])
    crowded = len(at) * (1 + max(map(len, labels))) * CHARACTER * size > span
    above.set_xticks(at, labels, fontsize=size, rotation=90 if crowded else 0)
    above.set_xlabel(label, fontsize=size, color=ink, **PLAIN)
    above.tick_params(colors=ink)
    above.spines[:].set_color(ink)


def _probability_above(ax: Axes, size: float) -> None:
    """Draw above an axis of log odds what they are as probabilities."""
    low, high = ax.get_xlim()
    room = 10 * CHARACTER * size * (high - low) / _space(ax)[0]
    at: dict[float, str] = {}
    for p in PROBABILITIES:
        x = log(p / (1 - p))
        if low <= x <= high and all(abs(x - other) > room for other in at):
            at[x] = f"{100 * p:g}"
    if not at:  # all of it is nearer to 0 or 1
        at = {x: f"{100 / (1 + exp(-x)):.6g}" for x in [(low + high) / 2]}
    _axis_above(ax, at, at.values(), "probability (%)", size)


def _legend(ax: Axes, keys: Sequence[Any], size: float) -> None:
    """Say below the axis what is what, in a row if there is room."""
    if not keys:
        return
    room = _space(ax)[0]
    characters = max(int(room / (CHARACTER * size)) - 5, 16)
    labels = ["\n".join(wrap(str(key.get_label()), characters)) for key in keys]
    style: dict[str, Any] = {"loc": "upper left", "frameon": False, "fontsize": size, "labelcolor": _ink(ax)}
    style |= {"borderaxespad": 0, "borderpad": 0, "handlelength": 1.5, "columnspacing": 1.2}
    for columns in (len(keys), 1):
        legend = ax.legend(keys, labels, ncols=columns, **style)
        if legend.get_window_extent().width * 72 / ax.figure.canvas.figure.dpi < 0.97 * room:
            break
    _below(ax, 0.0, size)


def _below(ax: Axes, left: float, size: float) -> None:
    """Put the legend below the axis, starting so many points left of it."""
    from matplotlib.transforms import ScaledTranslation

    legend, down = ax.get_legend(), (-14 - 2.7 * size) / 72
    if legend is not None:
        offset = ScaledTranslation(-left / 72, down, ax.figure.canvas.figure.dpi_scale_trans)
        legend.set_bbox_to_anchor((0, 0), ax.transAxes + offset)


def _start_with_names(ax: Axes, title: Any, size: float) -> None:  # noqa: ANN401 a matplotlib Text
    """Start title and legend where the longest name on the left starts."""
    from matplotlib.transforms import ScaledTranslation

    figure = ax.figure.canvas.figure
    widest = max(label.get_window_extent().width for label in ax.get_yticklabels()) * 72 / figure.dpi
    left = 0.95 * widest  # other resolutions may draw it narrower
    title.set_transform(title.get_transform() + ScaledTranslation(-left / 72, 0, figure.dpi_scale_trans))
    _below(ax, left, size)


def _title(ax: Axes, text: str, size: float, d: Diagnosis | None = None) -> Any:  # noqa: ANN401 a matplotlib Text
    """Title an Axes: how urgent the case is first, if it is."""
    width, height = _space(ax)
    characters, lines = int(width / (CHARACTER * size)), int(np.clip(height / 60, 1, 4))
    urgent = [show.headline(d)] if d is not None and d.triage.level != "routine" else []
    body = wrap(text, characters)
    if len(body) > lines:
        body = [*body[: lines - 1], _cut(" ".join(body[lines - 1 :]), characters)]
    colour = RED if urgent else _ink(ax)
    return ax.set_title("\n".join([*urgent, *body]), loc="left", fontsize=size, color=colour, **PLAIN)

"""How pictures are drawn, with matplotlib: room, text sizes, names cut to fit, titles, legends, axes.

Text takes the colour of the Axes, and never more room than there is; lengths are points (1/72 inch).
"""

from __future__ import annotations

from math import exp, log
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from hip_bayes.errors import MissingExtraError
from hip_bayes.inference.arguments import of_kind, refused
from hip_bayes.inference.in_words import said
from hip_bayes.reasoning.triage import triage_of

from .triage_banner import headline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes

    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData

T = TypeVar("T")

A_RESULT = "a Diagnosis, as diagnose returns it"
A_NETWORK = "a Network, as load_network returns it"
A_VALIDATION = "a Validation, as validate returns it"
BLUE, RED, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#808080"
"""Of the colours of Okabe and Ito (Color Universal Design, 2008) those that read on white and on black."""
DARK_RED = "#A33F00"
"""That red, dark enough for words on white: at least 4.5 to 1."""
SKY = "#56B4E9"
"""Another of them, for areas on black."""
PLAIN: dict[str, Any] = {"parse_math": False, "usetex": False}
"""For every text: a dollar sign is a dollar sign."""
CHARACTER = 0.56
"""How wide a character is, in font sizes: a little more than most are."""
SMALLEST = 6.5
"""The least font size, in points."""
LEADING = 1.3
"""How far apart lines are, in font sizes."""
BETWEEN_ROWS = 0.5
"""How much air there is between the labels of two rows, in lines."""
MOST_FACTS = 10
"""In a title; of more, it says how many more."""
LOG_ODDS = "log odds (natural logarithm)"
PROBABILITIES = (0.5, 0.1, 0.9, 0.01, 0.99, 0.001, 0.999, 0.25, 0.75, 0.05, 0.95, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6)
"""To mark on a scale of log odds, where there is room; the roundest first."""


# -------------------------------------------------------------------------------------------------------- names


def cut_to(text: str, characters: int) -> str:
    """Return a text of at most so many characters, cut between words if it can be."""
    text = " ".join(text.split())
    if len(text) <= characters:
        return text
    cut = shorten(text, max(characters, 2), placeholder="…")
    return cut if len(cut) > characters / 2 else text[: max(characters - 1, 1)] + "…"


def fitting(names: Sequence[tuple[str, str]], characters: int, lines: int) -> tuple[list[str], int]:
    """Return the first of each pair, wrapped, where that fits for all of them, else the second; and how short."""
    for which in (0, 1):
        wrapped = [wrap_name(pair[which], characters) for pair in names]
        if all(len(w) <= lines and all(len(line) <= characters for line in w) for w in wrapped):
            return ["\n".join(w) for w in wrapped], which
    return [cut_to(brief, characters) for _, brief in names], 2


def wrap_name(text: str, characters: int) -> list[str]:
    """Return the lines of a text, broken between words or, in an id, after a _."""
    text = " ".join(text.split())
    if len(text) <= characters:
        return [text]
    lines = wrap(text.replace("_", "_ "), max(characters, 1), break_long_words=False)
    return [line.replace("_ ", "_") for line in lines]


def in_words(net: NetworkData, id_: str, value: object) -> str:
    """Return a fact in words, whether evidence or a red flag; None: nothing is known of it any more."""
    if value is None:
        return f"{id_ if id_ in ('age', 'sex') else net.name_of(id_)}: no longer known"
    if id_ in net.red_flags:
        return f"{net.name_of(id_)}: {'yes' if value else 'no'}"
    return said(net, id_, value)


def listed(facts: Sequence[str]) -> str:
    """Return some facts in a row, and of many how many more there are."""
    rest = len(facts) - MOST_FACTS
    return ", ".join(facts) if rest <= 0 else f"{', '.join(facts[:MOST_FACTS])} and {rest} more"


def known(d: Result) -> str:
    """Return what was known in words: 'age 46, female, Groin pain: no'."""
    return listed([in_words(d.network, id_, value) for id_, value in d.evidence.items()]) or "nothing"


# --------------------------------------------------------------------------------------------------------- axes


def _pyplot() -> Any:  # noqa: ANN401 a module
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise MissingExtraError(
            "plots need matplotlib, which is not installed; pip install 'hip-bayes[plots]'", name="matplotlib"
        ) from error
    return plt


def drawable(kind: type[T], name: str, value: object, allowed: str, ax: object) -> T:
    """Return what is to be drawn, if it is of that kind; EvidenceError else, and for what is no Axes to draw into."""
    if ax is not None and not isinstance(ax, _pyplot().Axes):
        refused(
            "ax",
            ax,
            "one matplotlib Axes, such as the second of plt.subplots() or one of several, axes[0]; None makes a new "
            "figure",
        )
    return of_kind(kind, name, value, allowed)


def axes_of(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the Axes to draw into, by default one of a new figure of that size in inches."""
    if ax is None:
        return cast("Axes", _pyplot().subplots(figsize=(width, height), layout="constrained")[1])
    return ax


def ink_of(ax: Axes) -> Any:  # noqa: ANN401 whatever matplotlib takes for a colour
    """Return the colour of text on this Axes, whatever style is in force by now."""
    return ax.xaxis.label.get_color()


def alarm_of(ax: Axes) -> str:
    """Return the red for words on this Axes: dark where other words are dark."""
    from matplotlib.colors import to_rgb

    return DARK_RED if np.mean(to_rgb(ink_of(ax))) < 0.5 else RED


def base_size(ax: Axes) -> float:
    """Return the largest font size to use: that of the Axes' labels, or less on a small one."""
    return min(0.9 * float(ax.xaxis.label.get_fontsize()), max(SMALLEST + 0.5, space_of(ax)[0] / 28))


def space_of(ax: Axes) -> tuple[float, float]:
    """Return width and height of an Axes in points, as laid out by now."""
    figure = ax.figure.canvas.figure
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi


def height_of_rows(names: Sequence[tuple[str, str]], width: float, *, share: float = 0.36) -> float:
    """Return in inches how high so many rows are in a figure so wide, by the lines of their longest label."""
    style = _pyplot().rcParams["axes.labelsize"], _pyplot().rcParams["font.size"]
    size = 0.9 * (style[0] if isinstance(style[0], (int, float)) else style[1])
    characters = int(share * (72 * width - 2 * size) / (CHARACTER * size))
    lines = max((len(wrap_name(name, characters)) for name, _ in names), default=1)
    return len(names) * max(0.36, (lines + BETWEEN_ROWS) * LEADING * size / 72)


def row_chart(  # noqa: PLR0913, PLR0917
    ax: Axes,
    title: str,
    d: Result,
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
    width, base = space_of(ax)[0], base_size(ax)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)
    if label == LOG_ODDS:
        probability_above(ax, base)
    heading = put_title(ax, title, base, d)
    in_percent(ax, label, base, scale=label != LOG_ODDS)
    put_legend(ax, keys, base)
    pitch = space_of(ax)[1] / len(names)
    options = []
    for size in np.arange(np.clip(pitch / LEADING, SMALLEST, base), SMALLEST - 0.01, -0.25):
        characters = int(share * width / (CHARACTER * size))
        lines = max(1, int(pitch / (LEADING * size) - BETWEEN_ROWS))
        options.append((*fitting(names, characters, lines), float(size)))
    labels, _, size = min(options, key=lambda option: (option[1], -option[2]))
    ax.set_yticks(range(len(names)), labels, fontsize=size, color=ink_of(ax), **PLAIN)
    ax.tick_params(axis="y", length=0)
    start_with_names(ax, heading, base)
    style: dict[str, Any] = {"va": "center", "size": size, "color": ink_of(ax), **PLAIN}
    for row, text in enumerate(values):
        ax.text(1.02, row, text, transform=ax.get_yaxis_transform(), **style)
    return size


def put_text(ax: Axes, x: float, y: float, text: str, size: float, *, offset: tuple[float, float], **more: Any) -> None:  # noqa: ANN401, PLR0913
    """Write a text so many points off a place."""
    ax.annotate(text, (x, y), offset, textcoords="offset points", size=size, color=ink_of(ax), **PLAIN, **more)


def in_percent(ax: Axes, label: str, size: float, *, axis: str = "x", scale: bool = True) -> None:
    """Label an axis, and number it in per cent."""
    of = ax.xaxis if axis == "x" else ax.yaxis
    if scale:
        of.set_major_formatter(lambda p, _: f"{100 * p:.4g}")
    room = int(space_of(ax)[axis == "y"] / (CHARACTER * size))
    of.set_label_text("\n".join(wrap_name(label, room)), fontsize=size, **PLAIN)
    of.set_tick_params(labelsize=size)


def axis_above(ax: Axes, at: Iterable[float], labels: Iterable[str], label: str, size: float) -> None:
    """Draw a second axis above, of the same scale."""
    above, ink, at, labels = ax.secondary_xaxis("top"), ink_of(ax), list(at), list(labels)
    span = space_of(ax)[0] * (max(at) - min(at)) / (ax.get_xlim()[1] - ax.get_xlim()[0])
    crowded = len(at) * (1 + max(map(len, labels))) * CHARACTER * size > span
    above.set_xticks(at, labels, fontsize=size, rotation=90 if crowded else 0)
    above.set_xlabel(label, fontsize=size, color=ink, **PLAIN)
    above.tick_params(colors=ink)
    above.spines[:].set_color(ink)


def probability_above(ax: Axes, size: float) -> None:
    """Draw above an axis of log odds what they are as probabilities."""
    low, high = ax.get_xlim()
    room = 10 * CHARACTER * size * (high - low) / space_of(ax)[0]
    at: dict[float, str] = {}
    for p in PROBABILITIES:
        x = log(p / (1 - p))
        if low <= x <= high and all(abs(x - other) > room for other in at):
            at[x] = f"{100 * p:g}"
    if not at:  # all of it is nearer to 0 or 1
        at = {x: f"{100 / (1 + exp(-x)):.6g}" for x in [(low + high) / 2]}
    axis_above(ax, at, at.values(), "probability (%)", size)


def put_legend(ax: Axes, keys: Sequence[Any], size: float) -> None:
    """Say below the axis what is what, in a row if there is room."""
    if not keys:
        return
    room = space_of(ax)[0]
    characters = max(int(room / (CHARACTER * size)) - 5, 16)
    labels = ["\n".join(wrap(str(key.get_label()), characters)) for key in keys]
    style: dict[str, Any] = {"loc": "upper left", "frameon": False, "fontsize": size, "labelcolor": ink_of(ax)}
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


def start_with_names(ax: Axes, title: Any, size: float) -> None:  # noqa: ANN401 a matplotlib Text
    """Start title and legend where the longest name on the left starts."""
    from matplotlib.transforms import ScaledTranslation

    figure = ax.figure.canvas.figure
    widest = max(label.get_window_extent().width for label in ax.get_yticklabels()) * 72 / figure.dpi
    left = 0.95 * widest  # other resolutions may draw it narrower
    title.set_transform(title.get_transform() + ScaledTranslation(-left / 72, 0, figure.dpi_scale_trans))
    _below(ax, left, size)


def put_title(ax: Axes, text: str, size: float, d: Result | None = None) -> Any:  # noqa: ANN401 a matplotlib Text
    """Title an Axes: how urgent the case is first, if it is."""
    width, height = space_of(ax)
    characters, lines = int(width / (CHARACTER * size)), int(np.clip(height / 60, 1, 4))
    urgent = wrap(headline(d), characters) if d is not None and triage_of(d).level != "routine" else []
    body = wrap(text, characters)
    if len(body) > lines:
        body = [*body[: lines - 1], cut_to(" ".join(body[lines - 1 :]), characters)]
    colour = alarm_of(ax) if urgent else ink_of(ax)
    return ax.set_title("\n".join([*urgent, *body]), loc="left", fontsize=size, color=colour, **PLAIN)

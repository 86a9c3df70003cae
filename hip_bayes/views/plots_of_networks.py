"""Pictures of a network: its three layers, its findings as a table of colours, its priors by age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.errors import EvidenceError, UnknownNameError
from hip_bayes.inference.arguments import is_in, names_of
from hip_bayes.inference.result import Result
from hip_bayes.network.model import NetworkData
from hip_bayes.network.parts import KINDS, SEXES

from .network_picture import Picture, alone, caption
from .picture_style import (
    A_NETWORK,
    BLUE,
    CHARACTER,
    GREEN,
    LEADING,
    PLAIN,
    PURPLE,
    RED,
    SKY,
    SMALLEST,
    axes_of,
    base_size,
    drawable,
    fitting,
    in_percent,
    ink_of,
    put_text,
    put_title,
    space_of,
    start_with_names,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Points = NDArray[np.float64]

BRIGHTNESS = np.array([0.3, 0.59, 0.11])
"""How bright red, green and blue are to the eye."""


def network(
    net: NetworkData, *, highlight: str | None = None, case: Result | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a network in three layers: background, causes, findings (by kind).

    The wider a line, the stronger the link of the noisy-OR (of a cause with subtypes, weighted by their shares) or the
    further the odds ratio from 1. A whole network shows only links of at least 0.6. What a finding adds to
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
    net = drawable(NetworkData, "net", net, A_NETWORK, ax)
    if highlight is not None and highlight not in net.causes:
        raise UnknownNameError.among(highlight, net.causes, what="cause", where="load_network().causes lists them")
    if case is not None and (not isinstance(case, Result) or case.network is not net):
        raise EvidenceError("case is no result of this network; allowed: one of its own, network(d.network, case=d)")
    rows = max(1.5 * len(net.causes), 1.5 * len(net.background), len(net.findings) / 2 + 4)
    ax = axes_of(ax, 12.0, float(np.clip(0.8 + 0.16 * rows, 3.0, 9.0)))
    ax.set_axis_off()
    put_title(ax, caption(net, highlight, case), base_size(ax), case)
    Picture(net, highlight, case, ax).draw()
    return ax


def findings(
    net: NetworkData,
    causes: Iterable[str] | None = None,
    findings: Iterable[str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a table of P(finding present | this cause alone present) as a heat map: findings down, causes across.

    Exact, its parent findings averaged over; of a cause with subtypes the mean by their shares. The column "leak" is
    P(finding | a cause without a link to it), or without any cause.

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
    net = drawable(NetworkData, "net", net, A_NETWORK, ax)
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
            (f.present, f"{f.id}{f.present.removeprefix(f.name)}", [*(alone(net, f.id, c) for c in across), f.leak.p])
            for f in map(net.findings.__getitem__, of_kind)
        ]
    if not rows:
        raise EvidenceError("no finding has a link to a cause, so there is nothing to draw")
    ax = axes_of(ax, 3.6 + 0.46 * (len(across) + 1), 3.0 + 0.19 * len(rows))
    size = base_size(ax)
    title = put_title(ax, "P(finding | this cause alone), %", size)
    _heat_map(ax, [*((net.name_of(c), c) for c in across), ("leak", "leak")], rows, size)
    start_with_names(ax, title, size)
    return ax


def _heat_map(
    ax: Axes, across: Sequence[tuple[str, str]], rows: Sequence[tuple[str, str, list[float]]], size: float
) -> None:
    """Draw rows of (name or heading, id or nothing, probabilities) in cells."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    ink, table = ink_of(ax), np.array([values for _, _, values in rows])
    face = np.array(to_rgb(ax.get_facecolor()))
    full = np.array(to_rgb(BLUE if face @ BRIGHTNESS > 0.5 else SKY))
    colours = LinearSegmentedColormap.from_list("", [tuple(face), tuple(full)])
    cells = ax.imshow(table, cmap=colours, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    ax.axvline(len(across) - 1.5, color=face, lw=8)
    width, height = space_of(ax)
    ax.xaxis.tick_top()
    lines = max(1, int(0.55 * width / len(across) / (LEADING * size)))
    columns = fitting(across, int(0.38 * height / (CHARACTER * size)), lines)[0]
    ax.set_xticks(range(len(across)), columns, rotation=90, fontsize=size, color=ink, **PLAIN)
    size = min(space_of(ax)[1] / len(rows) / LEADING, size)
    labelled = size >= SMALLEST  # else an overview: where the kinds begin, no more
    size = max(size, SMALLEST)
    at = [i for i, (_, f, _) in enumerate(rows) if labelled or not f]
    names = fitting([(rows[i][0], rows[i][1] or rows[i][0]) for i in at], int(0.5 * width / (CHARACTER * size)), 1)[0]
    ax.set_yticks(at, names, fontsize=size, color=ink, **PLAIN)
    for i, label in zip(at, ax.get_yticklabels(), strict=True):
        label.set_fontweight("normal" if rows[i][1] else "bold")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)

    digits = min(size, space_of(ax)[0] / len(across) / (3 * CHARACTER))
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


def priors(net: NetworkData, causes: Iterable[str] | None = None, *, ax: Axes | None = None) -> Axes:
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
    net = drawable(NetworkData, "net", net, A_NETWORK, ax)
    ids = _ids(causes, net.causes, "cause")
    ax = axes_of(ax, 9.5, max(5.0, 0.8 + 0.19 * len(ids)))
    size, bands = base_size(ax), list(net.bands)
    shift = len(bands) + 0.2  # of the men's part
    styles: list[dict[str, Any]] = [
        {"color": (BLUE, RED, GREEN, PURPLE)[i % 4], "marker": "os^D"[(i + i // 4) % 4], "ms": 4, "lw": 1.4}
        for i in range(len(ids))
    ]
    for c, style in zip(ids, styles, strict=True):
        women, men = ([net.causes[c].prior[sex][band].p for band in bands] for sex in SEXES)
        ax.plot(np.arange(len(bands)), women, **style)
        ax.plot(shift + np.arange(len(bands)), men, **style)
    ax.set_xticks([*range(len(bands)), *(shift + np.arange(len(bands)))], [*bands, *bands], fontsize=size, **PLAIN)
    ax.set_ylim(0, 1.1 * ax.get_ylim()[1])
    ax.margins(x=0.03)
    ax.spines[["top", "right"]].set_visible(False)
    in_percent(ax, "prior probability (%)", size, axis="y")
    ax.set_xlabel("age (years)", fontsize=size, **PLAIN)
    for x, sex in ((0.0, "women"), (shift, "men")):
        put_text(ax, x, ax.get_ylim()[1], sex, size, weight="bold", va="top", offset=(0, -3))
    given = "pain, sex, age" if net.everyone_has_a_cause else "sex, age"
    put_title(ax, f"{net.name}: P(cause | {given})", size)
    ends = [net.causes[c].prior[SEXES[1]][bands[-1]].p for c in ids]
    _at_line_ends(ax, shift + len(bands) - 1, ends, styles, [(net.name_of(c), c) for c in ids], size)
    if space_of(ax)[0] / (2 * len(bands)) < CHARACTER * size * (1 + max(map(len, bands))):
        ax.tick_params(axis="x", rotation=90)
    return ax


def _at_line_ends(  # noqa: PLR0913, PLR0917
    ax: Axes,
    x: float,
    ends: Sequence[float],
    styles: Sequence[dict[str, Any]],
    names: Sequence[tuple[str, str]],
    size: float,
) -> None:
    """Name the lines that end at x and these heights, each with its marker, without overlap."""
    low, high = ax.get_ylim()
    width, height = space_of(ax)
    size = max(SMALLEST, min(size, height / len(ends) / LEADING))
    gap = LEADING * size / height * (high - low)
    order = np.argsort(ends, kind="stable")
    at = np.sort(ends)
    for j in range(1, len(at)):
        at[j] = max(at[j], at[j - 1] + gap)
    at[-1] = min(at[-1], high - gap / 2)
    for j in range(len(at) - 2, -1, -1):
        at[j] = min(at[j], at[j + 1] - gap)
    labels = fitting(names, int(0.4 * width / (CHARACTER * size)), 1)[0]
    beyond = ax.get_xlim()[1] + 0.02 * (x + 1)
    ax.set_xlim(ax.get_xlim())
    for i, y in zip(order, at, strict=True):
        ax.plot([x, beyond], [ends[i], y], **styles[i] | {"lw": 0.8}, markevery=[1], clip_on=False)
        put_text(ax, beyond, y, labels[i], size, va="center", offset=(5, 0), annotation_clip=False)


def _ids(ids: Iterable[str] | None, known: Iterable[str], what: str) -> list[str]:
    """Return some ids, each once, or all known ones."""
    chosen = tuple(known) if ids is None else names_of(f"{what}s", ids)
    for id_ in chosen:
        if not is_in(id_, known):
            raise UnknownNameError.among(id_, known, what=what, where=f"the network's {what}s are the choice")
    if not chosen:
        hint = "; None draws all" if ids is not None else ": the network has none"
        raise EvidenceError(f"no {what} is named, so there is nothing to draw{hint}")
    return list(dict.fromkeys(chosen))

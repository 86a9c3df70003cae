"""Pictures of what the library computes, drawn with matplotlib (``pip install 'hip-bayes[plots]'``).

Each function draws into the Axes it is given, or into a new figure of its own, and returns the Axes; it shows and saves
nothing and changes no setting of matplotlib. Text takes the colour of the Axes, so that light and dark styles work;
nothing is told by colour alone; names out of a network are drawn as they stand, never read as formulas. Where names do
not fit, ids stand for them. Give an Axes of your own room for its labels: ``plt.subplots(layout="constrained")``.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.errors import EvidenceError, UnknownNameError
from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.options import names_of, whole_number
from hip_bayes.network import words
from hip_bayes.network.parts import KINDS, SEXES
from hip_bayes.reasoning.explanation import explain
from hip_bayes.reasoning.intervals import intervals
from hip_bayes.reasoning.sensitivity import sensitivity

from .drawing import (
    BLUE,
    CHARACTER,
    GREEN,
    GREY,
    LEADING,
    LOG_ODDS,
    PLAIN,
    PURPLE,
    RED,
    SKY,
    SMALLEST,
    axes_of,
    axis_above,
    base_size,
    fitting,
    height_of_rows,
    in_percent,
    in_words,
    ink_of,
    known,
    listed,
    put_legend,
    put_text,
    put_title,
    row_chart,
    space_of,
    start_with_names,
)
from .layers import Picture, alone, caption

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData
    from hip_bayes.validation.validate import Validation

    Points = NDArray[np.float64]

FEW_PAIRS = 10
"""Of a point of the calibration curve: fewer say next to nothing."""
UNSEEN = 0.005
"""Of the widest bar of a tornado: narrower ones look like none."""
BRIGHTNESS = np.array([0.3, 0.59, 0.11])
"""How bright red, green and blue are to the eye."""


# ---------------------------------------------------------------------------------------------------- one case


def posterior(
    d: Result, *, level: float | None = 0.9, draws: int = 200, k: int | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how probable each cause is, how sure that is, and how probable it was before.

    Bars are ``d.posterior`` (exact), whiskers ``d.intervals(level, draws=draws)`` (seeded), diamonds P(cause) when
    nothing but age and sex was known (exact; none if nothing else is known now). A triage level other than routine
    comes first, in the title.

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
    NetworkTooLargeError
        the causes are too many to list their sets, so that there are no intervals; ``level=None`` draws the rest.
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
    between = None if level is None else intervals(d, level, draws=draws).loc[list(ids)]
    net, here, y = d.network, d.case, range(len(ids))
    names = [(net.name_of(c), c) for c in ids]
    ax = axes_of(ax, 7.0, max(1.7 + height_of_rows(names, 7.0), 3.3))
    ink = ink_of(ax)
    before = engine_of(net).posterior(here.people).probability
    people = " and ".join(what for what, value in (("age", here.band), ("sex", here.sex)) if value)
    p = [d[c] for c in ids]
    values = [words.percent(x) for x in p]

    keys: list[Any] = [ax.barh(y, p, height=0.62, color=BLUE, label="now")]
    if between is not None:
        low, high = between["low"], between["high"]
        keys.append(ax.hlines(y, low, high, color=ink, lw=1.2, label=f"{level:.0%} interval"))
        ax.plot([low, high], [y, y], "|", color=ink, ms=5)
        values = [f"{x} ({words.between(a, b)})" for x, a, b in zip(values, low, high, strict=True)]
    if here.background or here.findings:  # else nothing has moved
        then = f"{people} alone" if people else "nothing known"
        diamond: dict[str, Any] = {"ms": 5, "mfc": ax.get_facecolor(), "mec": ink, "clip_on": False}
        keys += ax.plot([before[c] for c in ids], y, "D", label=f"before ({then})", **diamond)
    ax.set_xlim(0, 1)
    row_chart(ax, f"Known: {known(d)}", d, "probability (%)", keys, names, values)
    return ax


def before_after(
    d: Result,
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
    news = [in_words(net, id_, x) for id_, x in now.items() if id_ not in was or was[id_] != x]
    news += [in_words(net, id_, None) for id_ in was if id_ not in now]
    names = [(net.name_of(c), c) for c in ids]
    ax = axes_of(ax, 7.0, max(1.7 + height_of_rows(names, 7.0), 3.3))
    y, old, new = range(len(ids)), [d[c] for c in ids], [after[c] for c in ids]
    ax.hlines(y, old, new, color=GREY, lw=2.5, zorder=1)
    hollow: dict[str, Any] = {"mfc": ax.get_facecolor(), "mec": ink_of(ax)}
    keys = ax.plot(old, y, "o", ms=6, clip_on=False, label="before", **hollow)
    keys += ax.plot(new, y, "o", ms=6, clip_on=False, color=BLUE, label="after")
    values = [f"{words.percent(a)} \N{RIGHTWARDS ARROW} {words.percent(b)}" for a, b in zip(old, new, strict=True)]
    text = f"Then said: {listed(news) or 'nothing new'}"
    ax.set_xlim(0, 1)
    row_chart(ax, text, after, "probability (%)", keys, names, values)
    return ax


def explanation(d: Result, cause: str, *, k: int | None = 10, ax: Axes | None = None) -> Axes:
    """Draw what each piece of evidence did to the probability of a cause: a waterfall on the log-odds scale.

    From logit P(cause), nothing known, at the top to logit P(cause | evidence) at the bottom, by the contributions of
    ``d.explain(cause)`` (Shapley values). Beside each bar stands by how much it multiplies the odds; the upper axis has
    the log odds as a probability.

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
    table = explain(d, cause)
    net, about = d.network, table.attrs
    facts = [(str(id_), in_words(net, str(id_), value)) for id_, value in table["said"].items()]
    rows = [(fact, f"{id_}: {fact.rpartition(': ')[2]}" if ": " in fact else fact) for id_, fact in facts]
    steps = table["contribution"].tolist()
    if most is not None and len(rows) > most + 1:
        rest = f"{len(rows) - most} smaller ones"
        rows, steps = [*rows[:most], (rest, rest)], [*steps[:most], sum(steps[most:])]
    first, last = about["log_odds_prior"], about["log_odds_posterior"]
    ends = [first + x for x in np.cumsum([0.0, *steps])]

    before, after = words.percent(about["prior"]), words.percent(about["posterior"])
    at_first, at_last = f"nothing known: {before}", f"all of it: {after}"
    names = [(at_first, at_first), *rows, (at_last, at_last)]
    ax = axes_of(ax, 7.0, max(2.1 + height_of_rows(names, 7.0, share=0.45), 3.4))
    y, turns = range(1, len(rows) + 1), np.arange(len(ends))
    ax.barh(y, steps, left=ends[:-1], height=0.62, color=[BLUE if x >= 0 else RED for x in steps])
    ax.plot([first, last], [0, len(rows) + 1], "D", color=ink_of(ax), ms=5)
    ax.vlines(ends, turns, turns + 1, color=GREY, lw=0.8, zorder=0)
    span = max(max(ends) - min(ends), 1.0)
    ax.set_xlim(min(ends) - 0.2 * span, max(ends) + 0.2 * span)
    name = net.name_of(cause)
    title = f"P({name}): from {before} with nothing known to {after} with all that is known"
    keys = _for_and_against() if rows else []
    size = row_chart(ax, title, d, LOG_ODDS, keys, names, share=0.45)
    if not rows:
        style: dict[str, Any] = {
            "transform": ax.transAxes,
            "ha": "center",
            "va": "center",
            "color": ink_of(ax),
            **PLAIN,
        }
        ax.text(0.5, 0.5, "nothing is known yet", size=size, **style)
    for row, x, end in zip(y, steps, ends[1:], strict=True):
        text, side = words.factor(x).removeprefix("odds "), 1 if x >= 0 else -1
        put_text(ax, end, row, text, size, ha="left" if side > 0 else "right", va="center", offset=(4 * side, 0))
    return ax


def _for_and_against() -> list[Any]:
    """Return what the bars of a waterfall are."""
    from matplotlib.patches import Patch

    return [
        Patch(color=BLUE, label="to the right: speaks for it"),
        Patch(color=RED, label="to the left: speaks against it"),
    ]


def tornado(d: Result, cause: str | None = None, *, k: int | None = 12, ax: Axes | None = None) -> Axes:
    """Draw on which numbers of the network a probability hangs: a tornado diagram, the widest bar on top.

    Each bar is P(cause) with one number moved to the low and to the high end of its own interval, as
    ``d.sensitivity(cause)`` has it. Numbers whose bars would be too narrow to be seen are left out, unless another
    cause would lead. The axis is P(cause); beside each end of a bar stands the number that was moved.
    The less is known, the more numbers there are to move: it may take ten seconds with nothing known.

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
    NetworkTooLargeError
        the causes are too many to list their sets.
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
    table = sensitivity(d, cause)
    cause = str(table.attrs["cause"])
    p = d[cause]
    seen = (table["swing"] >= UNSEEN * max(table["swing"].max(), 0.01)) | table["within_interval"]
    seen.iloc[0] = True
    rows = table[seen][:most]
    flips = [" *" if within else "" for within in rows["within_interval"]]
    names = [
        (f"{what}{m}", f"{str(path).split('.', 1)[1]}{m}")
        for path, what, m in zip(rows.index, rows["what"], flips, strict=True)
    ]
    ax = axes_of(ax, 9.0, max(1.7 + max(height_of_rows(names, 9.0, share=0.5), 0.42 * len(rows)), 3.3))
    face, y = ax.get_facecolor(), range(len(rows))
    keys: list[Any] = []
    for end, colour, hatch in (("low", BLUE, ""), ("high", RED, "////")):
        style: dict[str, Any] = {"fc": colour, "ec": face, "hatch": hatch, "lw": 0, "height": 0.6}
        keys.append(ax.barh(y, rows[f"p_{end}"] - p, left=p, label=f"the number at its {end} end", **style))
    ax.axvline(p, color=ink_of(ax), lw=1)
    if any(flips):
        keys += ax.plot([], [], ls="", label="* within its interval, another cause would lead")
    title = f"{d.network.name_of(cause)}: {words.percent(p)}. Beside the bars: the number that is moved"
    size = row_chart(ax, title, d, "probability (%)", keys, names, share=0.5)
    least, most_ = min([p, *rows["p_low"], *rows["p_high"]]), max([p, *rows["p_low"], *rows["p_high"]])
    is_p = rows["what"].str.startswith("P(")
    texts = {
        end: [words.percent(x) if of_p else f"{x:.3g}" for x, of_p in zip(rows[end], is_p, strict=True)]
        for end in ("low", "high")
    }
    characters = 2 + max(map(len, itertools.chain.from_iterable(texts.values())))
    share = min(characters * CHARACTER * size / space_of(ax)[0], 0.4)  # of the width, for the number beside a bar
    room = max(most_ - least, 0.01) * share / (1 - 2 * share)
    ax.set_xlim(least - room, most_ + room)
    for end, other in (("low", "high"), ("high", "low")):
        for row, (text, x, opposite) in enumerate(zip(texts[end], rows[f"p_{end}"], rows[f"p_{other}"], strict=True)):
            side = 1 if (x, end) > (opposite, other) else -1
            put_text(ax, x, row, text, size, ha="left" if side > 0 else "right", va="center", offset=(3 * side, 0))
    return ax


# ------------------------------------------------------------------------------------------------- the network


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
    if highlight is not None and highlight not in net.causes:
        raise UnknownNameError.among(highlight, net.causes, what="cause", where="load_network().causes lists them")
    if case is not None and getattr(case, "network", None) is not net:
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


# --------------------------------------------------------------------------------------------------- validation


def calibration(v: Validation, *, ax: Axes | None = None) -> Axes:
    """Draw how often what was given a probability was true: a reliability diagram.

    Points are ``v.calibration_curve``, a tenth of the probability scale each, with their bootstrap intervals; on the
    diagonal, probabilities are what they say. Above it they were too low. The upper axis has the number of pairs of a
    case and a cause in each tenth; a point from fewer than 10 is hollow and apart, because chance alone may put it
    anywhere, and where all or none of them were true its interval has no width.

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
    ax = axes_of(ax, 5.4, 5.4)
    curve, ink, size = v.calibration_curve, ink_of(ax), base_size(ax)
    ax.plot([0, 1], [0, 1], ls="--", lw=1, color=GREY, label="ideal: as often as predicted")
    few = curve["n"] < FEW_PAIRS
    ax.plot(curve["predicted"], curve["observed"].mask(few), "o-", color=BLUE, ms=5, label="observed")
    if few.any():
        hollow: dict[str, Any] = {"mfc": ax.get_facecolor(), "mec": BLUE, "ms": 5}
        label = f"observed, fewer than {FEW_PAIRS} pairs"
        ax.plot(curve["predicted"][few], curve["observed"][few], "o", label=label, **hollow)
    if v.bootstrap:
        ax.vlines(curve["predicted"], curve["low"], curve["high"], color=ink, lw=1.2, label=f"{v.level:.0%} interval")
    ax.set_ylim(-0.03, 1.03)
    put_title(ax, f"{v.network.name}: {len(v.truth)} cases", size)
    put_legend(ax, ax.get_legend_handles_labels()[0], size)
    in_percent(ax, "predicted probability (%)", size)
    ax.set_xlim(-0.03, 1.03)
    axis_above(ax, (curve["bin_low"] + curve["bin_high"]) / 2, curve["n"].map(str), "pairs of case and cause", size)
    in_percent(ax, "observed share (%)", size, axis="y")
    return ax


def decision_curve(v: Validation, cause: str, *, ax: Axes | None = None) -> Axes:
    """Draw the net benefit of acting on the probability of a cause, by the threshold one would act from.

    ``v.decision_curve(cause)``, with its bootstrap interval, beside acting on everybody and on nobody, as far as the
    highest probability of a case: from thresholds above it nobody is acted on.

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
    highest = float(v.probability[cause].max())
    curve = curve[: max(2, int((curve.index <= highest).sum()))]
    ax = axes_of(ax, 6.4, 4.8)
    size, t = base_size(ax), curve.index.to_numpy()
    if v.bootstrap:
        ax.fill_between(t, curve["low"], curve["high"], color=BLUE, alpha=0.4, lw=0, label=f"{v.level:.0%} interval")
    ax.plot(t, curve["net_benefit"], color=BLUE, lw=2, label="act on the probability")
    ax.plot(t, curve["treat_all"], color=RED, ls="--", label="act on everybody")
    ax.plot(t, curve["treat_none"], color=ink_of(ax), ls=":", label="act on nobody")
    top = max(0.02, *curve["net_benefit"], *curve["high"].fillna(0), *curve["treat_all"])
    ax.set_ylim(-0.25 * top, 1.1 * top)
    ax.set_xlim(0, 1.02 * t[-1])
    title = f"{v.network.name_of(cause)}: {len(v.truth)} cases, none of them above {words.percent(highest)}"
    put_title(ax, title, size)
    put_legend(ax, ax.get_legend_handles_labels()[0], size)
    in_percent(ax, "threshold probability (%)", size)
    in_percent(ax, "net benefit (true positives per case)", size, axis="y", scale=False)
    return ax


# ------------------------------------------------------------------------------------------------------- names


def _ids(ids: Iterable[str] | None, known: Iterable[str], what: str) -> list[str]:
    """Return some ids, each once, or all known ones."""
    chosen = tuple(known) if ids is None else names_of(f"{what}s", ids)
    for id_ in chosen:
        if id_ not in known:
            raise UnknownNameError.among(id_, known, what=what, where=f"the network's {what}s are the choice")
    if not chosen:
        hint = "; None draws all" if ids is not None else ": the network has none"
        raise EvidenceError(f"no {what} is named, so there is nothing to draw{hint}")
    return list(dict.fromkeys(chosen))

"""Pictures of one case: posterior, before and after, explanation, tornado."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.inference.arguments import at_most
from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.result import Result
from hip_bayes.network import wording
from hip_bayes.reasoning.explanation import explain
from hip_bayes.reasoning.intervals import intervals
from hip_bayes.reasoning.sensitivity import sensitivity

from .picture_style import (
    A_RESULT,
    BLUE,
    CHARACTER,
    GREY,
    LOG_ODDS,
    PLAIN,
    RED,
    axes_of,
    drawable,
    height_of_rows,
    in_words,
    ink_of,
    known,
    listed,
    put_text,
    row_chart,
    space_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Points = NDArray[np.float64]

UNSEEN = 0.005
"""Of the widest bar of a tornado: narrower ones look like none."""


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
        the causes are too many to list their sets, or the draws take too long, so that there are no intervals;
        ``level=None`` draws the rest.
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, pain_lying_on_side=True, groin_pain=False)
        >>> ax = hb.plots.posterior(d, draws=100)

    """
    d = drawable(Result, "d", d, A_RESULT, ax)
    ids = d.ranking[: at_most("k", k)]
    between = None if level is None else intervals(d, level, draws=draws).loc[list(ids)]
    net, here, y = d.network, d.case, range(len(ids))
    names = [(net.name_of(c), c) for c in ids]
    ax = axes_of(ax, 7.0, max(1.7 + height_of_rows(names, 7.0), 3.3))
    ink = ink_of(ax)
    before = engine_of(net).posterior(here.people).probability
    people = " and ".join(what for what, value in (("age", here.band), ("sex", here.sex)) if value)
    p = [d[c] for c in ids]
    values = [wording.percent(x) for x in p]

    keys: list[Any] = [ax.barh(y, p, height=0.62, color=BLUE, label="now")]
    if between is not None:
        low, high = between["low"], between["high"]
        keys.append(ax.hlines(y, low, high, color=ink, lw=1.2, label=f"{level:.0%} interval"))
        ax.plot([low, high], [y, y], "|", color=ink, ms=5)
        values = [f"{x} ({wording.between(a, b)})" for x, a, b in zip(values, low, high, strict=True)]
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
    d = drawable(Result, "d", d, A_RESULT, ax)
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
    values = [f"{wording.percent(a)} \N{RIGHTWARDS ARROW} {wording.percent(b)}" for a, b in zip(old, new, strict=True)]
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
    d = drawable(Result, "d", d, A_RESULT, ax)
    most = at_most("k", k)
    table = explain(d, cause)
    net, about = d.network, table.attrs
    facts = [(str(id_), in_words(net, str(id_), value)) for id_, value in table["said"].items()]
    rows = [(fact, f"{id_}: {fact.rpartition(': ')[2]}" if ": " in fact else fact) for id_, fact in facts]
    steps = table["contribution"].tolist()
    if len(rows) > most + 1:
        rest = f"{len(rows) - most} smaller ones"
        rows, steps = [*rows[:most], (rest, rest)], [*steps[:most], sum(steps[most:])]
    first, last = about["log_odds_prior"], about["log_odds_posterior"]
    ends = [first + x for x in np.cumsum([0.0, *steps])]

    before, after = wording.percent(about["prior"]), wording.percent(about["posterior"])
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
        text, side = wording.factor(x).removeprefix("odds "), 1 if x >= 0 else -1
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
        the causes are too many to list their sets, or it would take over half a minute (9e10 operations).
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, pain_lying_on_side=True, groin_pain=False)
        >>> ax = hb.plots.tornado(d)

    """
    d = drawable(Result, "d", d, A_RESULT, ax)
    most = at_most("k", k)
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
    title = f"{d.network.name_of(cause)}: {wording.percent(p)}. Beside the bars: the number that is moved"
    size = row_chart(ax, title, d, "probability (%)", keys, names, share=0.5)
    least, most_ = min([p, *rows["p_low"], *rows["p_high"]]), max([p, *rows["p_low"], *rows["p_high"]])
    is_p = rows["what"].str.startswith("P(")
    texts = {
        end: [wording.percent(x) if of_p else f"{x:.3g}" for x, of_p in zip(rows[end], is_p, strict=True)]
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

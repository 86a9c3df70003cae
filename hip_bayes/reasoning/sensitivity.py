"""Which numbers of a network a result hangs on: each moved alone, and the network solved again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.inference.engine import engine_of

from .moved_numbers import (
    FARTHEST,
    Answers,
    allowed,
    linear,
    moved,
    operations,
    operations_of_spans,
    stated_together,
)
from .sources import sources_behind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData

from .moved_numbers import Span

STEPS = (0.5, 1.0, 2.0)
"""Where on the way there to look, besides the ends of its interval and the farthest value: changes of log odds."""
PRECISION = 2e-4
"""Relative width to which a change that makes another cause lead is bisected; what is given is that much past it."""
TINIEST = 1e-12
"""A change that is less than this, times `PRECISION`, is not bisected further: two causes were equal."""
LOOKS = 12
"""To how many values a number is moved, about."""
LEADS = 1e-12
"""By how much another cause must be the likelier to lead: less is rounding."""


def sensitivity(d: Result, cause: str | None = None, *, level: float = 0.9) -> pd.DataFrame:
    """Return what a result hangs on: P(cause) with each number at the ends of its interval, and what would flip it.

    One number is moved at a time and the network is solved again, exactly: ``p_low`` of a row is
    ``d.network.replace(moved(d.network, path, low)).diagnose(d.evidence)[cause]``, where `moved` is just
    ``{path: low}`` for most: shares of subtypes and weights of cells sum to 1, so that moving one scales the others,
    and a number that a table states alike for several cells of sex and age is one number, moved in all of them. On the
    shipped network with ten findings this takes some five seconds, fifteen where age and sex are unknown.

    Parameters
    ----------
    d
        the result.
    cause
        id of a cause, subtype or group; None: the leading cause.
    level
        each number is moved across its own interval of this level (`hip_bayes.reasoning.intervals.interval_of`),
        strictly between 0 and 1; a prior that a setting multiplies across that of the file's prior, multiplied at both
        ends.

    Returns
    -------
    pandas.DataFrame
        a row for each number that the result depends on, as in ``d.sources()``; in a setting, priors as multiplied
        there, and what they are multiplied by. Index = path of the number (named "number"), as
        `Network.replace` takes it. The widest swing first. Columns: ``what`` (in words), ``value``, ``low`` and
        ``high`` (the ends of its interval, of an odds ratio no further than its stated range; where the format does
        not allow one, the nearest value that it does: between leak and 1, small enough an effect, priors of a cell
        summing to 1.0001), ``p_low`` and ``p_high`` (P(cause) there), ``swing`` (their distance), ``flips_at`` (the
        value nearest to the present one at which another cause leads; NaN if none within a factor of 100 of its odds),
        ``new_leader`` (that cause, or None), ``change`` (how far that is: distance of log odds, for an odds ratio of
        logs),
        ``within_interval`` (whether it lies between low and high), ``basis``, ``source``, ``citation``, ``reason``.
        ``attrs``: ``cause``, ``posterior`` (P(cause) as it stands), ``leader`` and ``smallest_change``: None, or a dict
        with ``path``, ``value``, ``change``, ``new_leader`` of the least ``change`` of all rows, and ``replace``, the
        mapping that ``d.network.replace`` takes. Changes of log odds and log odds ratios are taken as comparable.

    Raises
    ------
    EvidenceError
        the level is not allowed.
    UnknownNameError
        there is no such cause, subtype or group.
    NetworkTooLargeError
        too many causes to list their sets, or the moves would take over half a minute (9e10 operations).

    Notes
    -----
    One-way sensitivity analysis: Coupe and van der Gaag, Annals of Mathematics and Artificial Intelligence 36:323-356,
    2002; the change of a single number that is least on the log-odds scale: Chan and Darwiche, Journal of Artificial
    Intelligence Research 17:265-287, 2002. P(cause, evidence) is linear in a sensitivity, so that the values at which
    the same cause leads are an interval; where leaks, mechanisms, finding parents or priors that are solved again come
    in, it need not be. There the leader is looked up at changes of 0.5, 1, 2 and log 100 both ways, at the ends of the
    interval and of what is allowed, and the first change of leader is bisected; another cause that leads only between
    two such points is missed.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> from hip_bayes.reasoning.sensitivity import sensitivity
    >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, groin_pain=False)
    >>> table = sensitivity(d)
    >>> change = table.attrs["smallest_change"]
    >>> d.network.replace(change["replace"]).diagnose(d.evidence).ranking[0] == change["new_leader"]
    True

    """
    import pandas as pd

    leader = d.ranking[0]
    cause = leader if cause is None else cause
    posterior = d[cause]
    table = numbers_of(d)
    table = table.loc[list(dict.fromkeys(rows_of(d.network, table).values()))]
    answers = Answers(d.network, d.case)
    engine_of(d.network).afford(
        f"to move each of {len(table)} numbers in search of another leader",
        operations(d.network, d.case, table.index, LOOKS) + operations_of_spans(d.network, table.index),
        "Ask about a case with age and sex known and fewer findings, or move single numbers with `Network.replace`",
    )
    spans = allowed(d.network, table.index, level)
    at = answers.ids.index(cause)
    ends = answers([(path, end) for path, span in spans.items() for end in (span.low, span.high)])
    p_low, p_high = ends[:, at].reshape(-1, 2).T
    flips = _flips(answers, spans, leader)
    out = pd.DataFrame(
        {
            "what": described(d.network, table),
            "value": table["value"],
            "low": [span.low for span in spans.values()],
            "high": [span.high for span in spans.values()],
            "p_low": p_low,
            "p_high": p_high,
            "swing": np.abs(p_high - p_low),
            "flips_at": [flips[path].value if path in flips else math.nan for path in spans],
            "new_leader": pd.Series(
                [flips[path].leader if path in flips else None for path in spans], table.index, dtype=object
            ),
            "change": [flips[path].change if path in flips else math.nan for path in spans],
            "within_interval": [
                path in flips and span.low <= flips[path].value <= span.high for path, span in spans.items()
            ],
            **{column: table[column] for column in ("basis", "source", "citation", "reason")},
        },
        index=table.index,
    )
    least = min(flips, key=lambda path: flips[path].change, default=None)
    smallest = None
    if least is not None:
        flip = flips[least]
        smallest = {"path": least, "value": flip.value, "change": flip.change, "new_leader": flip.leader}
        smallest["replace"] = moved(d.network, least, flip.value)
    out = out.sort_values("swing", ascending=False, kind="stable")
    out.attrs = {"cause": cause, "posterior": posterior, "leader": leader, "smallest_change": smallest}
    return out


def numbers_of(d: Result) -> pd.DataFrame:
    """Return the rows of `sources_behind`, which all can be moved, by path."""
    return sources_behind(d).set_index("path").rename_axis("number")


def rows_of(net: NetworkData, table: pd.DataFrame) -> dict[str, str]:
    """Return for each path of a table the path of its row: of what is one number in several cells, the first."""
    first: dict[str, str] = {}
    return {path: first.setdefault(stated_together(net, path)[0], path) for path in table.index}


def described(net: NetworkData, table: pd.DataFrame) -> list[str]:
    """Return what each number is, and in how many other cells of its table it stands."""
    others = [len(stated_together(net, path)) - 1 for path in table.index]
    more = [f", and alike in {n} other cell{'s' * (n > 1)}" if n else "" for n in others]
    return [f"{what}{text}" for what, text in zip(table["what"], more, strict=True)]


@dataclass(frozen=True, slots=True)
class _Flip:
    """The nearest value of a number at which another cause leads, how far it is, and that cause."""

    value: float
    change: float
    leader: str


def _flips(answers: Answers, spans: Mapping[str, Span], leader: str) -> dict[str, _Flip]:
    """Return for each number that can make another cause lead the nearest value at which it does."""
    causes = list(answers.net.causes)

    def leaders(sizes: Mapping[tuple[str, int], float]) -> dict[tuple[str, int], str]:
        """Return who leads after changes of these sizes, up (1) or down (-1)."""
        moves = [(path, spans[path].changed(way * size)) for (path, way), size in sizes.items()]
        p = answers(moves)[:, : len(causes)]
        p[:, causes.index(leader)] += LEADS
        return dict(zip(sizes, (causes[i] for i in p.argmax(axis=1)), strict=True))

    same: dict[tuple[str, int], float] = {}
    other: dict[tuple[str, int], float] = {}
    ahead = {
        (path, way): _where_to_look(span, way, linear=linear(answers.net, path))
        for path, span in spans.items()
        for way in (-1, 1)
    }
    while looked := {key: sizes.pop(0) for key, sizes in ahead.items() if sizes and key not in other}:
        for key, who in leaders(looked).items():
            (same if who == leader else other)[key] = looked[key]
    inside = {key: same.get(key, 0.0) for key in other}
    while wide := [key for key in other if other[key] - inside[key] > PRECISION * other[key] > TINIEST]:
        middle = {key: (inside[key] + other[key]) / 2 for key in wide}
        for key, who in leaders(middle).items():
            (inside if who == leader else other)[key] = middle[key]
    past = {key: (1 + PRECISION) * size for key, size in other.items()}
    new = leaders(past)
    flips: dict[str, _Flip] = {}
    for (path, way), size in past.items():
        value = spans[path].changed(way * size)
        flip = _Flip(value, abs(spans[path].change(value)), new[path, way])
        if flip.leader != leader and (path not in flips or flip.change < flips[path].change):
            flips[path] = flip
    return flips


def _where_to_look(span: Span, way: int, *, linear: bool) -> list[float]:
    """Return the sizes of the changes one way at which the leader is looked up, smallest first."""
    farthest = min(FARTHEST, abs(span.change(span.most if way > 0 else span.least)))
    if linear:
        return [farthest] if farthest > 0 else []
    ends = (way * span.change(end) for end in (span.low, span.high))
    return sorted({farthest, *(size for size in (*STEPS, *ends) if 0 < size < farthest)} - {0.0})

"""Which numbers of a network a result hangs on: each moved alone, and the network solved again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .cohort import fact_columns, read_table
from .diagnosis import Diagnosis
from .errors import EvidenceError, shown
from .evidence import names_of, whole_number
from .moves import FARTHEST, Answers, allowed, linear, moved, stated_together
from .provenance import sources_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from .evidence import Case
    from .model import Network
    from .moves import Span

STEPS = (0.5, 1.0, 2.0)
"""Where on the way there to look, besides the ends of its interval and the farthest value: changes of log odds."""
PRECISION = 2e-4
"""Relative width to which a change that makes another cause lead is bisected; what is given is that much past it."""
TINIEST = 1e-12
"""A change that is less than this, times `PRECISION`, is not bisected further: two causes were equal."""
LEADS = 1e-12
"""By how much another cause must be the likelier to lead: less is rounding."""
MATTERS = 0.01
"""A number matters in a case if it moves the probability of some cause by more than this."""


def sensitivity(d: Diagnosis, cause: str | None = None, *, level: float = 0.9) -> pd.DataFrame:
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
        each number is moved across its own interval of this level (`hip_bayes.uncertainty.interval_of`), strictly
        between 0 and 1; a prior that a setting multiplies across that of the file's prior, multiplied at both ends.

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
        too many causes to list their sets.

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
    >>> from hip_bayes.sensitivity import sensitivity
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
    table = _numbers_of(d)
    table = table.loc[list(dict.fromkeys(_rows(d.network, table).values()))]
    answers = Answers(d.network, d.case)
    spans = allowed(d.network, table.index, level)
    at = answers.ids.index(cause)
    ends = answers([(path, end) for path, span in spans.items() for end in (span.low, span.high)])
    p_low, p_high = ends[:, at].reshape(-1, 2).T
    flips = _flips(answers, spans, leader)
    out = pd.DataFrame(
        {
            "what": _in_words(d.network, table),
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


def weakest_numbers(
    net: Network, cases: pd.DataFrame, k: int | None = 20, *, level: float = 0.9, ignore: Iterable[str] = ("truth",)
) -> pd.DataFrame:
    """Return the judgements that the answers to some cases hang on most: what to measure or look up first.

    Every number of basis "judgement" is moved across its own interval, alone and in the way of `sensitivity` (so a
    number stated alike for several cells of sex and age is one row, while cells that differ have a row each). Its
    influence is the mean over the cases of max over causes of abs(P(cause; high) - P(cause; low)), exact; 0 in cases
    that do not depend on it. On the shipped network a case takes about a third of a second.

    Parameters
    ----------
    net
        the network.
    cases
        a pandas DataFrame as `diagnose_many` takes it.
    k
        how many numbers, 1 or more; None for all that have any influence.
    level
        as `sensitivity` takes it.
    ignore
        columns that are not facts; one that the table does not have is no error.

    Returns
    -------
    pandas.DataFrame
        index = path of the number (named "number"), the most influential first. Columns: ``what`` (in words),
        ``value``, ``low`` and ``high`` (the ends used, as in `sensitivity`), ``n`` (patients it is worth; NaN for an
        odds ratio), ``influence`` in [0, 1], ``cases`` (in how many of them it moves some cause by more than 0.01),
        ``reason``.

    Raises
    ------
    EvidenceError
        a column, value, `k` or level that is not allowed, or no cases.
    NetworkTooLargeError
        too many causes to list their sets.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> import pandas as pd
    >>> net = hb.load_network()
    >>> weakest = net.weakest_numbers(pd.DataFrame({"age": [46], "sex": ["female"], "lateral_pain": [True]}), 3)
    >>> bool((weakest["influence"] > 0.05).all())
    True

    """
    import pandas as pd

    if k is not None:
        k = whole_number("k", k, 1, "or None (all)")
    read = _read(net, cases, ignore)
    tables = [_numbers_of(Diagnosis(net, case)) for case in read]
    table = pd.concat([t[t["basis"] == "judgement"] for t in tables])
    row_of = _rows(net, table)
    table = table[~table.index.duplicated()].loc[list(dict.fromkeys(row_of.values()))]
    spans = allowed(net, table.index, level)
    causes = len(net.causes)
    moves = np.zeros((len(read), len(spans)))
    place = {path: i for i, path in enumerate(spans)}
    for row, case, of_case in zip(moves, read, tables, strict=True):
        here = list(dict.fromkeys(row_of[path] for path in of_case.index if path in row_of))
        ends = Answers(net, case)([(path, end) for path in here for end in (spans[path].low, spans[path].high)])
        across = np.abs(np.diff(ends[:, :causes].reshape(len(here), 2, causes), axis=1))
        row[[place[path] for path in here]] = across.max(axis=(1, 2))
    out = pd.DataFrame(
        {
            "what": _in_words(net, table),
            "value": table["value"],
            "low": [span.low for span in spans.values()],
            "high": [span.high for span in spans.values()],
            "n": table["n"],
            "influence": moves.mean(axis=0),
            "cases": (moves > MATTERS).sum(axis=0),
            "reason": table["reason"],
        },
        index=table.index,
    )
    out = out[out["influence"] > LEADS].sort_values("influence", ascending=False, kind="stable")
    return out if k is None else out.head(k)


def _numbers_of(d: Diagnosis) -> pd.DataFrame:
    """Return the rows of `sources_of`, which all can be moved, by path."""
    return sources_of(d).set_index("path").rename_axis("number")


def _rows(net: Network, table: pd.DataFrame) -> dict[str, str]:
    """Return for each path of a table the path of its row: of what is one number in several cells, the first."""
    first: dict[str, str] = {}
    return {path: first.setdefault(stated_together(net, path)[0], path) for path in table.index}


def _in_words(net: Network, table: pd.DataFrame) -> list[str]:
    """Return what each number is, and in how many other cells of its table it stands."""
    others = [len(stated_together(net, path)) - 1 for path in table.index]
    more = [f", and alike in {n} other cell{'s' * (n > 1)}" if n else "" for n in others]
    return [f"{what}{text}" for what, text in zip(table["what"], more, strict=True)]


def _read(net: Network, cases: pd.DataFrame, ignore: Iterable[str]) -> list[Case]:
    """Return the cases of a table; EvidenceError naming the row and column that cannot be read."""
    import pandas as pd

    if not isinstance(cases, pd.DataFrame):
        raise EvidenceError(f"got a {type(cases).__name__}; allowed: a pandas DataFrame, a row a case")
    if len(cases) == 0:
        raise EvidenceError("got no cases; allowed: a pandas DataFrame with one row or more")
    labels = cases.columns.tolist()
    ignored = names_of("ignore", ignore)
    read, errors = read_table(net, cases, fact_columns(net, labels, [c for c in labels if c in ignored]))
    found = []
    for i in range(len(read)):
        try:
            if i in errors:
                raise errors[i]
            found.append(read.case(i, net))
            net.engine.enumeration.posterior(found[-1])  # refuses what cannot be
        except EvidenceError as error:
            raise error.within(f"row {shown(cases.index[i : i + 1].tolist()[0])}") from None
    return found


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

"""Why a cause is as probable as it is: what each piece of evidence did, what explains it away, which causes together.

A piece of evidence is the age, the sex, a known background variable or a known finding. What a set S of pieces is worth
to a cause is v(S) = logit P(cause | the pieces in S), all else unknown; each piece is credited with its Shapley value.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from dataclasses import dataclass
from itertools import accumulate
from math import comb
from operator import or_
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.inference.arguments import whole_number
from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.evidence import NOTHING_UNSAID, SILENCE, Case
from hip_bayes.inference.in_words import said, silent_on
from hip_bayes.inference.priors import logit
from hip_bayes.network.provenance import entries
from hip_bayes.network.wording import factor, percent

from .triage import present_flags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.provenance import Entry

    Floats = NDArray[np.float64]

MOST_EXACT = 12
"""With more pieces than this, not all 2 ** pieces sets of them are asked for."""
PAIRS, FEWEST_PAIRS = 200, 20
"""How many orders of the pieces are drawn then, each with its reverse; and at least, where so many take too long."""
SAMPLED = 100
"""How many sets are looked at to find out about how long all of them take."""
SEED = 0
LEAST, MOST = 1e-200, 1 - 1e-12
"""Where probabilities are cut before the logit: nearer to 1 than that, it would magnify rounding."""
NEITHER = 1e-9
"""A contribution smaller than this is rounding."""
EXPLAINED = 0.1
"""By how much more, in log odds, a finding must speak for a cause once another cause is ruled out."""
SMALL = 0.05
"""A contribution smaller than this, 5 % of the odds, is counted in a paragraph and not named."""
LISTED = 4
"""How many pieces a paragraph names on each side."""


def explain(d: Result, cause: str | None = None) -> pd.DataFrame:
    """Return what each piece of evidence did to the probability of a cause: Shapley values on the log-odds scale.

    Exact over all sets of pieces up to `MOST_EXACT` (12) pieces of evidence. With more, or where all sets would take
    over 9e10 operations, the mean over `PAIRS` (200) orders of the pieces, drawn with a fixed seed, and their reverses,
    with its standard error; over fewer orders, at least `FEWEST_PAIRS` (20), where so many would take too long. In all,
    the contributions sum to logit P(cause | evidence) - logit P(cause), to rounding. Probabilities are cut at 1e-200
    and 1 - 1e-12, so that a logit is finite and never rounding alone.

    Parameters
    ----------
    d
        the result to explain. Red flags are rules beside its probabilities, not evidence.
    cause
        id of a cause, subtype or group. The first one takes a posterior for each set of pieces, others nearly nothing.

    Returns
    -------
    pandas.DataFrame
        a row a piece, index "evidence" = its id (``age``, ``sex``, background, findings), the largest absolute
        contribution first, ties in file order. Columns:

        ``said``
            the value, as in ``d.evidence``.
        ``contribution``
            what it added to the log odds (natural log) of the cause; ``exp`` of it is a factor of the odds.
        ``se``
            standard error of the contribution; 0 where exact.
        ``likelihood_ratio``
            P(piece | cause) / P(piece | not the cause), nothing else known; 1 where the cause is certain either way.
        ``direction``
            "for", "against", or "neither" where the contribution is below 1e-9.
        ``number``, ``path``, ``basis``, ``source``, ``citation``, ``reason``
            the network's numbers that tie the piece to the cause, in words with their values, and where they come
            from (`reason`: the file's reason or note): a finding's number for this cause, or its leak where it has
            none; an odds ratio; the prior of this age and sex, in a setting as multiplied there and by what. Several
            are joined by " | "; `path` and `source` are tuples. Empty where the piece acts on the cause only through
            others.
        ``explained_by``
            id of the other cause that explains the finding away (see Notes), or None.

        ``attrs``: "cause", "prior" and "posterior" (probabilities), "log_odds_prior", "log_odds_posterior", "exact"
        (bool), "summary" (the paragraph of `why`) and "silence". What a story told freely passes over is one piece,
        "silence", about the findings that the whole case leaves out; "silence" in ``attrs`` opens it, finding ->
        contribution: the mean of what the finding's silence does before and after all others', all else known, scaled
        so that they sum to the piece's contribution.

    Raises
    ------
    UnknownNameError
        there is no such cause, subtype or group.
    NetworkTooLargeError
        even 20 orders would take over half a minute (9e10 operations): too many causes for so much evidence.

    Notes
    -----
    With v(S) = logit P(cause | pieces in S) and n pieces, the contribution of piece i is the mean, over all orders of
    the pieces, of what it adds when its turn comes::

        sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S + i) - v(S))

    Shapley, in Contributions to the Theory of Games II, 1953, pages 307-317; as the explanation of a prediction:
    Strumbelj and Kononenko, Knowledge and Information Systems 41:647, 2014; from drawn orders: Castro, Gomez and
    Tejada, Computers & Operations Research 36:1726, 2009, in pairs: Mitchell, Cooper, Frank and Holmes, Journal of
    Machine Learning Research 23(43), 2022. v({i}) - v({}) is the log likelihood ratio, Good's weight of evidence
    (Probability and the Weighing of Evidence, 1950).

    Explaining away (Pearl, Probabilistic Reasoning in Intelligent Systems, 1988; Wellman and Henrion, IEEE
    Transactions on Pattern Analysis and Machine Intelligence 15:287, 1993): let ::

        delta(X) = logit P(cause | evidence, X) - logit P(cause | evidence without the finding, X).

    Another cause explains a present finding (more likely so than not) away if both bring the finding about, the finding
    makes the other one likelier, and ruling the other one out would let the finding speak for the cause by more:
    delta(other absent) > 0 and delta(other absent) - delta() at least 0.1 (`EXPLAINED`). Of several the one with the
    largest difference is named; none where the network has too many causes to list their sets.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, groin_pain=False)
    >>> table = d.explain("gtps")
    >>> table.loc["lateral_pain", ["said", "direction", "number"]].tolist()
    [True, 'for', 'P(Pain on the outside of the hip | Greater trochanteric pain syndrome alone) = 0.93']
    >>> change = table.attrs["log_odds_posterior"] - table.attrs["log_odds_prior"]
    >>> bool(abs(table["contribution"].sum() - change) < 1e-9)
    True

    """
    import pandas as pd

    cause = d.ranking[0] if cause is None else cause
    posterior = d[cause]
    given = d.once(given_subsets)  # kept with the result, for other causes
    contribution, se = given.shapley(cause)
    prior, *alone, log_odds = given.log_odds(cause, [0, *(1 << i for i in range(len(se))), 2 ** len(se) - 1]).tolist()
    facts = {"age": d.case.band, SILENCE: silent_on(d.case)} | d.evidence  # a case may have the band alone
    numbers = list(_numbers(d, cause, given.pieces))
    explained_by = _explained_by(d, cause)
    columns: dict[str, Iterable[Any]] = {
        "said": [facts[piece] for piece in given.pieces],
        "contribution": contribution,
        "se": se,
        "likelihood_ratio": [math.exp(v - prior) for v in alone],
        "direction": [_direction(x) for x in contribution.tolist()],
        "number": [" | ".join(f"{e.what} = {e.value:.4g}" for e in found) for found in numbers],
        "path": [tuple(e.path for e in found) for found in numbers],
        "basis": [" | ".join(dict.fromkeys(e.basis for e in found)) for found in numbers],
        "source": [tuple(dict.fromkeys(s for e in found for s in e.source)) for found in numbers],
        "citation": [" | ".join(dict.fromkeys(e.citation for e in found if e.citation)) for found in numbers],
        "reason": [
            " | ".join(dict.fromkeys(e.reason or e.note for e in found if e.reason or e.note)) for found in numbers
        ],
        "explained_by": [explained_by.get(piece) for piece in given.pieces],
    }
    index = pd.Index(given.pieces, name="evidence", dtype=object)
    table = pd.DataFrame({c: pd.Series(list(x), index=index, dtype=object) for c, x in columns.items()})
    table = table.astype(dict.fromkeys(("contribution", "se", "likelihood_ratio"), "float64"))
    table = table.iloc[np.argsort(-np.rint(np.abs(contribution) / NEITHER), kind="stable")]  # ties but for rounding
    table.attrs = {
        "cause": cause,
        "prior": engine_of(d.network).posterior(Case()).probability[cause],
        "posterior": posterior,
        "log_odds_prior": prior,
        "log_odds_posterior": log_odds,
        "exact": given.orders is None,
        "silence": _silence_opened(d, cause, table),
    }
    table.attrs["summary"] = _paragraph(d, table)
    return table


def _silence_opened(d: Result, cause: str, table: pd.DataFrame) -> dict[str, float]:
    """Return what not mentioning each finding contributes, the largest first; together what silence does."""
    case, engine = d.case, engine_of(d.network)
    if SILENCE not in table.index:
        return {}

    def log_odds(silent: Iterable[str]) -> float:
        about = dataclasses.replace(case, silence=case.silence.without(set(case.silence.about).difference(silent)))
        return float(_cut_logit(np.array(engine.posterior(about).probability[cause])))

    everything = set(case.silence.about)
    nothing, whole = log_odds(()), log_odds(everything)
    mean = {f: (log_odds({f}) - nothing + whole - log_odds(everything - {f})) / 2 for f in case.silence.about}
    total, piece = math.fsum(mean.values()), float(table["contribution"][SILENCE])
    scale = piece / total if abs(total) > NEITHER else 0.0
    return {f: scale * x for f, x in sorted(mean.items(), key=lambda item: -abs(item[1]))}


def why(d: Result, cause: str | None = None) -> str:
    """Return in a paragraph what speaks for a cause, what against it, and what else explains a finding.

    Names up to four pieces of evidence on each side, the weightiest first, none that changes the odds by less than 5 %;
    "odds x 3.1" is ``exp(contribution)`` of `explain`, which has the method, the parameters and what is raised.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True)
    >>> d.why("gtps").split(" is at ")[0]
    'Greater trochanteric pain syndrome'

    """
    return str(explain(d, cause).attrs["summary"])


def most_probable(d: Result, k: int = 5) -> pd.DataFrame:
    """Return the `k` most probable sets of causes: which are present together, all others being absent.

    Exact: P(exactly this set | evidence) from the list of all sets, subtypes summed over.

    Parameters
    ----------
    d
        the result.
    k
        how many sets, 1 or more; default 5.

    Returns
    -------
    pandas.DataFrame
        index "rank" from 1; columns ``causes`` (tuple of ids in file order; empty where not everyone has a cause),
        ``probability`` in (0, 1] and ``cumulative``. Equal probabilities in a fixed order; fewer rows where there are
        fewer sets that can be.

    Raises
    ------
    EvidenceError
        `k` is not a whole number of 1 or more.
    NetworkTooLargeError
        too many causes to list their sets.

    Notes
    -----
    The k best maximum a posteriori hypotheses about the causes: unknown background and findings are summed over, not
    maximised over as in a most probable explanation (Pearl, Probabilistic Reasoning in Intelligent Systems, 1988).

    Examples
    --------
    >>> import hip_bayes as hb
    >>> table = hb.diagnose(age=46, sex="female", lateral_pain=True).most_probable(3)
    >>> table.columns.tolist(), table.index.tolist()
    (['causes', 'probability', 'cumulative'], [1, 2, 3])

    """
    import pandas as pd

    k = min(whole_number("k", k, 1), sys.maxsize)
    joint, axis = _joint(d.network, d.case)
    for at in axis.values():
        absent, *forms = np.split(joint, joint.shape[at], axis=at)
        joint = np.concatenate([absent, sum(forms)], axis=at)
    ids = list(d.network.causes)
    # the first cause of the file changes fastest: of equally probable sets, those of earlier causes come first
    p = joint.transpose([axis[c] for c in reversed(ids)]).reshape(-1)
    best = [int(i) for i in np.argsort(-p, kind="stable")[:k] if p[i] > 0]
    table = pd.DataFrame(
        {
            "causes": pd.Series([tuple(c for j, c in enumerate(ids) if i >> j & 1) for i in best], dtype=object),
            "probability": p[best],
            "cumulative": np.minimum(np.cumsum(p[best]), 1.0),
        }
    )
    table.index = pd.RangeIndex(1, len(best) + 1, name="rank")
    return table


# ------------------------------------------------------------------------------------------------ Shapley values


@dataclass(frozen=True, slots=True)
class GivenSubsets:
    """Log odds of every cause, subtype and group given sets of the pieces of evidence.

    A set is an integer, bit i for piece i; `at` has its row in `table`, `column` an id's column. `orders`, shape
    (orders, pieces), is None where every set is in the table; its second half are the reverses of the first.
    """

    pieces: tuple[str, ...]
    at: dict[int, int]
    column: dict[str, int]
    table: Floats
    orders: NDArray[np.int64] | None

    def log_odds(self, id_: str, subsets: Iterable[int]) -> Floats:
        """Return logit P(id | the pieces in a set) for each of some sets."""
        log_odds: Floats = self.table[[self.at[s] for s in subsets], self.column[id_]]
        return log_odds

    def shapley(self, id_: str) -> tuple[Floats, Floats]:
        """Return the contribution of each piece and its standard error."""
        n = len(self.pieces)
        if self.orders is None:
            subsets = np.arange(2**n)
            v = self.log_odds(id_, range(2**n))
            contribution = np.zeros(n)
            weight = np.array([1 / (n * comb(n - 1, size)) for size in range(n)])
            for i in range(n):
                without = subsets[subsets >> i & 1 == 0]
                contribution[i] = weight[np.bitwise_count(without)] @ (v[without | 1 << i] - v[without])
            return contribution, np.zeros(n)
        gains = np.empty(self.orders.shape)
        for row, order in zip(gains, self.orders, strict=True):
            row[order] = np.diff(self.log_odds(id_, _growing(order)))
        half = len(gains) // 2
        pairs = (gains[:half] + gains[half:]) / 2
        return pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / math.sqrt(half)


def given_subsets(d: Result) -> GivenSubsets:
    """Return the log odds of everything given all sets of pieces, or those that occur in the orders drawn."""
    pieces, engine = _pieces(d.case), engine_of(d.network)
    n = len(pieces)
    orders = None
    subsets: Collection[int] = range(2**n) if n <= MOST_EXACT else ()
    if n > MOST_EXACT or engine.too_much(operations(d, subsets)) > 1:
        drawn = drawn_orders(n)
        subsets = sets_of(drawn)
        takes = operations(d, subsets)
        if engine.too_much(takes) > 1:
            engine.afford(
                f"to explain {n} pieces of evidence, even by {FEWEST_PAIRS} of their orders,",
                takes * FEWEST_PAIRS / PAIRS,
                "Ask about a case with fewer findings, those that say most",
            )
            drawn = drawn[: int(PAIRS / engine.too_much(takes))]
            subsets = sets_of(drawn)
        orders = np.concatenate([drawn, drawn[:, ::-1]])
    # what enters the prior, slow to make and kept only for a while, changes least often
    slow = _slow(d, pieces)
    ordered = sorted(subsets, key=lambda s: (s & slow, s))
    found = [engine.posterior(_restricted(d.case, _kept(pieces, s))) for s in ordered]
    return GivenSubsets(
        pieces=pieces,
        at={s: row for row, s in enumerate(ordered)},
        column={id_: i for i, id_ in enumerate(found[0].probability)},
        table=_cut_logit(np.array([list(posterior.probability.values()) for posterior in found])),
        orders=orders,
    )


def operations(d: Result, subsets: Collection[int] | None = None) -> float:
    """Return about how many operations the posteriors given some sets of pieces take; None: all sets."""
    pieces, engine = _pieces(d.case), engine_of(d.network)
    sets = range(2 ** len(pieces)) if subsets is None else sorted(subsets)
    some = sets[:: max(1, len(sets) // SAMPLED)]
    each = sum(engine.operations(_restricted(d.case, _kept(pieces, s))) for s in some) / len(some)
    slow = _slow(d, pieces)
    return len(sets) * each + len({s & slow for s in sets}) * engine.operations_of_prior(Case())


def _pieces(case: Case) -> tuple[str, ...]:
    """Return the ids of the pieces of evidence."""
    known = {"age": case.band, "sex": case.sex}
    pieces = (*(p for p, value in known.items() if value is not None), *case.background, *case.findings)
    return (*pieces, SILENCE) if case.silence.about else pieces


def _kept(pieces: tuple[str, ...], subset: int) -> set[str]:
    return {p for i, p in enumerate(pieces) if subset >> i & 1}


def _slow(d: Result, pieces: tuple[str, ...]) -> int:
    """Return the set of the pieces that enter the prior."""
    return sum(1 << i for i, p in enumerate(pieces) if p not in engine_of(d.network).units.findings)


def drawn_orders(n: int) -> NDArray[np.int64]:
    """Return `PAIRS` orders of n pieces, the same each time, shape (PAIRS, n)."""
    return np.random.default_rng(SEED).permuted(np.tile(np.arange(n), (PAIRS, 1)), axis=1)


def sets_of(drawn: NDArray[np.int64]) -> set[int]:
    """Return the sets that occur in some orders and their reverses, and each piece alone."""
    both = np.concatenate([drawn, drawn[:, ::-1]])
    return {s for order in both for s in _growing(order)} | {1 << i for i in range(drawn.shape[1])}


def _growing(order: NDArray[np.int64]) -> Iterable[int]:
    """Return the sets of pieces as they come in, from none to all; Python's integers, because there may be over 64."""
    return accumulate((1 << i for i in order.tolist()), or_, initial=0)


def _restricted(case: Case, kept: set[str]) -> Case:
    """Return the case with some of its pieces of evidence alone."""
    aged = "age" in kept
    return Case(
        sex=case.sex if "sex" in kept else None,
        age=case.age if aged else None,
        band=case.band if aged else None,
        background={b: x for b, x in case.background.items() if b in kept},
        findings={f: x for f, x in case.findings.items() if f in kept},
        silence=case.silence if SILENCE in kept else NOTHING_UNSAID,
    )


def _cut_logit(p: Floats) -> Floats:
    """Return the log odds of probabilities, cut so that they are finite."""
    return logit(np.clip(p, LEAST, MOST))


# ---------------------------------------------------------------------------------------------- explaining away


def _joint(net: NetworkData, case: Case) -> tuple[Floats, dict[str, int]]:
    """Return P(states of all causes | evidence) with one axis a cause, and which axis is whose."""
    enumeration = engine_of(net).enumeration
    shape = [len(net.causes[c].states) for c in enumeration.causes]
    return enumeration.joint(case).reshape(shape), {c: i for i, c in enumerate(enumeration.causes)}


def _explained_by(d: Result, id_: str) -> dict[str, str]:
    """Return for each present finding that another cause explains away (see `explain`) that cause."""
    net, case = d.network, d.case
    if not engine_of(net).enumerable:
        return {}
    members = _members(net, id_)
    sites = {id_} if id_ in net.subtype_of else {*members}
    others = [c for c in net.causes if c not in members]
    pieces = {"age", "sex", SILENCE, *case.background, *case.findings}
    likely, log_odds = _ruling_out(net, case, id_, others)
    explained = {}
    for f, x in case.findings.items():
        causes = _bringing_about(net, f)
        if x <= 0.5 or not causes & sites:
            continue
        likely_before, log_odds_before = _ruling_out(net, _restricted(case, pieces - {f}), id_, others)
        delta, *delta_absent = (log_odds - log_odds_before).tolist()
        more = [
            by - delta if by > NEITHER and c in causes and now > before else 0.0
            for c, by, now, before in zip(others, delta_absent, likely, likely_before, strict=True)
        ]
        if max(more, default=0.0) >= EXPLAINED:
            explained[f] = others[more.index(max(more))]
    return explained


def _ruling_out(net: NetworkData, case: Case, id_: str, others: list[str]) -> tuple[Floats, Floats]:
    """Return P(each other cause | evidence), and the log odds of `id_` as they stand and with each of these absent."""
    joint, axis = _joint(net, case)
    member = np.zeros((1,) * joint.ndim, dtype=bool)
    for c in _members(net, id_):
        there = [s == id_ if id_ in net.subtype_of else s != "absent" for s in net.causes[c].states]
        member = member | np.reshape(there, [-1 if a == axis[c] else 1 for a in range(joint.ndim)])
    here = joint * member
    total, present = (
        np.array([table.sum(), *(table.take(0, axis=axis[c]).sum() for c in others)]) for table in (joint, here)
    )
    return 1 - total[1:], _cut_logit(present / np.maximum(total, LEAST))


def _members(net: NetworkData, id_: str) -> tuple[str, ...]:
    """Return the causes that a cause, subtype or group is of."""
    if id_ in net.groups:
        return net.groups[id_].members
    if id_ in net.subtype_of:
        return (net.subtype_of[id_],)
    return (id_,)


def _bringing_about(net: NetworkData, finding: str) -> set[str]:
    """Return the causes and subtypes that bring a finding about, themselves or through its parents."""
    found: set[str] = set()
    at: str | None = finding
    while at is not None:
        links = engine_of(net).links[at]
        for site, log_no_link in links.log_no_link.items():
            if log_no_link < 0:
                found |= {site, *_members(net, site)}
        at = links.parent
    return found


# ---------------------------------------------------------------------------------------------- numbers and words


def _numbers(d: Result, cause: str, pieces: Iterable[str]) -> Iterator[list[Entry]]:
    """Yield for each piece of evidence the network's numbers that tie it to a cause."""
    net, case = d.network, d.case
    of_cause = [e for e in entries(net, cause) if not e.path.startswith(("hazards.", "patterns."))]
    cell = {"age", "sex", *(x for x in (case.sex, case.band) if x is not None)}
    for piece in pieces:
        background = engine_of(net).units.signs.get(piece)
        if piece == SILENCE:
            yield entries(net, case.silence.length)
        elif piece in ("age", "sex"):
            yield [e for e in of_cause if e.names >= cell or e.path.startswith(f"settings.{net.setting}.")]
        elif background is None:
            yield [e for e in of_cause if piece in e.names]
        else:
            acts = [e for e in of_cause if background in e.names]
            yield [*entries(net, (piece, background)), *acts] if acts else []


def _direction(contribution: float) -> str:
    if abs(contribution) < NEITHER:
        return "neither"
    return "for" if contribution > 0 else "against"


def _paragraph(d: Result, table: pd.DataFrame) -> str:
    """Return what `explain` found in words."""
    net, cause, prior = d.network, table.attrs["cause"], percent(table.attrs["prior"])
    name = net.name_of(cause)
    if table.empty:
        where = f" (setting: {net.settings[net.setting].name})" if net.setting else ""
        flags = [flag.name for flag in present_flags(d.network, d.case)]
        beside = f" Red flags do not change it and come first: {_and(flags)}." if flags else ""
        everyone = f"its probability in everyone the network is about{where}, as nothing that bears on it is known"
        return f"{name} is at {prior}: {everyone}.{beside}"
    text = [f"{name} is at {percent(table.attrs['posterior'])}; before anything was known it was at {prior}."]
    for direction, side in (("for", "For it"), ("against", "Against it")):
        rows = table[table["direction"] == direction]
        weighty = rows[rows["contribution"].abs() >= SMALL][:LISTED]
        pieces = [
            f"{said(net, str(piece), row['said'])} ({factor(row['contribution'])})" for piece, row in weighty.iterrows()
        ]
        if more := len(rows) - len(weighty):
            pieces.append(f"{more} {'smaller' if pieces else 'small'} {'thing' if more == 1 else 'things'}")
        if pieces:
            text.append(f"{side}: {_and(pieces)}.")
    if (table["direction"] == "neither").all():
        text.append("What is known says nothing about it.")
    for other in dict.fromkeys(table["explained_by"].dropna()):
        explained = table[table["explained_by"] == other]
        by = net.name_of(other)
        by = by[0].lower() + by[1:] if other == "other" else by
        for direction, would in (("for", f"more for {name}"), ("against", f"less against {name}, or for it")):
            findings = [net.findings[str(f)].present for f in explained.index[explained["direction"] == direction]]
            if findings:
                they = "they" if len(findings) > 1 else "it"
                text.append(f"{_and(findings)} may come from {by}; were that ruled out, {they} would count {would}.")
    return " ".join(text)


def _and(items: list[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)

"""What to ask next, and when to stop: exact information about the causes, and what an answer would change.

A question is worth the mutual information between its answer F and the joint state S of all causes, in bits::

    I(F; S | e) = H(F | e) - sum over s of P(s | e) H(F | s, e),

which is how much the answer is expected to lower the entropy of S (Lindley, Annals of Mathematical Statistics 27:986,
1956). Forms of a cause count as different: where a stress fracture sits matters.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import exp, isnan
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import EvidenceError, UnknownNameError
from hip_bayes.inference.arguments import as_number, at_most, entries_of, is_in, names_of, refused
from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.enumeration import binary_entropy
from hip_bayes.inference.evidence import vocabulary_of
from hip_bayes.network.parts import KINDS, ROUNDING
from hip_bayes.network.wording import counted, percent

from .triage import triage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.inference.evidence import Case
    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData

    Floats = NDArray[np.float64]

BACKGROUND = "background"
ALL_KINDS = (*KINDS, BACKGROUND)
COLUMNS = ("kind", "question", "p_yes", "bits", "cost", "bits_per_cost", "if_yes", "if_no")


A_QUESTION = 60
"""Operations a joint state to find out what an answer is worth, measured."""
WORTH = 0.1
"""Bits from which an answer is worth asking for by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What each of some questions is worth, and what its answers would make of the causes; in the order asked for.

    Attributes
    ----------
    ids
        of the questions: findings or background variables.
    p_yes
        P(present | evidence), in [0, 1], shape (questions,).
    bits
        information about the joint state of all causes, at least 0, shape (questions,).
    outputs
        ids of causes and subtypes.
    if_yes, if_no
        P(present | evidence, that answer), shape (questions, outputs); NaN where the answer cannot be (its probability
        is below 1e-12).

    """

    ids: tuple[str, ...]
    p_yes: Floats
    bits: Floats
    outputs: tuple[str, ...]
    if_yes: Floats
    if_no: Floats


@dataclass(frozen=True, slots=True)
class Stop:
    """Whether to stop asking, and why. True in a condition if so.

    Attributes
    ----------
    stop
        the answer.
    reason
        the condition that decided it, with its figure and its threshold: a sentence.
    same_decision
        the smallest probability, over the questions left, that the decision outlives the answer; 1 if none is left.
    bits
        what the most informative question left is worth, whichever is asked; 0 if none is left.
    ask
        id of the question to ask because of which not to stop: of those worth `min_bits` the one with most bits per
        cost (the most informative where none has a cost), or where none is the one most likely to change the decision;
        None to stop.

    """

    stop: bool
    reason: str
    same_decision: float
    bits: float
    ask: str | None = None

    def __bool__(self) -> bool:
        """Say whether to stop."""
        return self.stop


def rank(net: NetworkData, case: Case, questions: Iterable[str]) -> Ranking:
    """Return what each question is worth to a case. Exact; a few milliseconds for a hundred questions.

    Parameters
    ----------
    net
        the network.
    case
        what is known.
    questions
        ids of findings and background variables, none of them known in the case (`askable` lists them).

    Raises
    ------
    NetworkTooLargeError
        the causes are too many to list their sets, or the questions would take over half a minute (9e10 operations).
    EvidenceError
        the case cannot be under this network.

    Notes
    -----
    P(F | s, e) depends on e only through the findings tied to F as parents and children; its table and that of its
    entropy are kept with the network. A sign or a background variable is not independent of the rest of the evidence
    given s: its table is made of the joint distributions after either answer. `if_no` is a difference: right to about
    1e-15 / P(no).

    """
    enumeration = engine_of(net).enumeration
    ids = tuple(questions)
    engine_of(net).afford(
        f"to rank {len(ids)} questions",
        operations(net, case, ids),
        "Ask about fewer kinds, or `skip` background variables",
    )
    joint = enumeration.joint(case)
    rows, columns = joint.shape
    open_given_state = np.empty(len(ids))
    yes_rows, yes_columns = np.empty((len(ids), rows)), np.empty((len(ids), columns))
    for i, id_ in enumerate(ids):
        if id_ in net.background or id_ in enumeration.units.signs:
            yes = _yes_given_state(net, case, id_)
            entropy = binary_entropy(yes)
        else:
            yes = enumeration.predicted(id_, case.known)
            entropy = enumeration.answer_entropy(id_, case.known)
        np.einsum("ij,ij->i", joint, yes, out=yes_rows[i])
        np.einsum("ij,ij->j", joint, yes, out=yes_columns[i])
        open_given_state[i] = np.einsum("ij,ij->", joint, entropy)
    p_yes = np.minimum(yes_rows.sum(axis=1), 1.0)
    bits = binary_entropy(p_yes) - open_given_state
    now = enumeration.present_sums(joint.sum(axis=1), joint.sum(axis=0))
    and_yes = enumeration.present_sums(yes_rows, yes_columns)
    return Ranking(
        ids=ids,
        p_yes=p_yes,
        bits=np.where(bits > ROUNDING, bits, 0.0),
        outputs=enumeration.units.outputs,
        if_yes=_share(and_yes, p_yes),
        if_no=_share(now - and_yes, 1 - p_yes),
    )


def operations(net: NetworkData, case: Case, questions: Iterable[str]) -> float:
    """Return about how many operations it takes to rank some questions: background and its signs change the prior."""
    engine = engine_of(net)
    both_answers = 3 * (engine.operations(case) + engine.operations_of_prior(case))
    of_prior = {*net.background, *engine.units.signs}
    return sum(both_answers if id_ in of_prior else A_QUESTION * engine.states for id_ in questions)


def _share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole in [0, 1], row by row; NaN where the whole is 0 but for rounding."""
    share = np.full(part.shape, np.nan)
    np.divide(part, whole[:, None], out=share, where=whole[:, None] > ROUNDING)
    np.clip(share, 0.0, 1.0, out=share)
    return share


def _yes_given_state(net: NetworkData, case: Case, id_: str) -> Floats:
    """P(a background variable or sign of one is present | joint state, evidence), a matrix; 0 in impossible states."""
    engine = engine_of(net)
    before = engine.posterior(case).log_evidence

    def and_answer(answer: float) -> Floats:
        """P(state, answer | evidence), a matrix."""
        more = vocabulary_of(net).read([(id_, answer)], before=case)
        try:
            return exp(engine.posterior(more).log_evidence - before) * engine.enumeration.joint(more)
        except EvidenceError:  # the answer cannot be
            return np.zeros((1, 1))

    yes, no = and_answer(1.0), and_answer(0.0)
    both = yes + no
    given_state: Floats = np.divide(yes, both, out=np.zeros(both.shape), where=both > 0)
    return given_state


def askable(d: Result, kinds: str | Iterable[str] | None = None, skip: str | Iterable[str] = ()) -> tuple[str, ...]:
    """Return the ids of what can still be asked, in file order, background first.

    Not what is known already, even if unsurely; not tests that could do harm now (``d.triage.avoid``); not what only
    the other sex can have.

    Parameters
    ----------
    d
        the result so far.
    kinds, skip
        as `next_questions` takes them.

    Raises
    ------
    UnknownNameError
        there is no such kind, or no such name to skip.
    EvidenceError
        `kinds` is neither a name nor a list of names, or is empty.

    """
    return tuple(id_ for id_ in _unknown(d, kinds, skip) if id_ not in triage_of(d).avoid)


def _unknown(d: Result, kinds: str | Iterable[str] | None, skip: str | Iterable[str]) -> list[str]:
    """Return what `askable` does, with the tests that could do harm now."""
    net, case = d.network, d.case
    wanted = _kinds(kinds)
    closed = {*case.background, *case.findings, *_skipped(net, skip)}
    background = [b for b in net.background if BACKGROUND in wanted and b not in closed]
    findings = [
        f.id
        for f in net.findings.values()
        if f.kind in wanted and f.id not in closed and (None in (f.sex, case.sex) or f.sex == case.sex)
    ]
    return [*background, *findings]


def next_questions(
    d: Result,
    k: int | None = 5,
    *,
    kinds: str | Iterable[str] | None = None,
    costs: Mapping[str, float] | None = None,
    skip: str | Iterable[str] = (),
) -> pd.DataFrame:
    """Return the findings worth asking next, by the information they are expected to give about all causes. Exact.

    Parameters
    ----------
    d
        the result so far.
    k
        how many, 1 or more; None for all that can be asked.
    kinds
        one or more of "history", "examination", "imaging" and "background"; None: the first three.
    costs
        id of a finding or background variable, or kind -> cost: a finite number above 0, in any unit (minutes, money).
        An id goes before its kind, and what is not named costs 1.
    skip
        ids or aliases not to propose: what was asked and not known, or cannot be examined.

    Returns
    -------
    pandas.DataFrame
        a row a question, index "finding" = its id, most bits per cost first, equal ones in file order: ``kind``,
        ``question`` (as the file has it), ``p_yes`` = P(present | evidence), ``bits`` = mutual information between
        the answer and the joint state of all causes, ``cost``, ``bits_per_cost``, and ``if_yes`` and ``if_no``: dicts
        of every cause's probability after that answer, high to low, as ``d.given`` would give it (empty if the answer
        cannot be). Not among them: what `askable` leaves out.

    Raises
    ------
    UnknownNameError
        `kinds`, `costs` or `skip` names what does not exist.
    EvidenceError
        `k`, `kinds` or a cost is not allowed.
    NetworkTooLargeError
        the causes are too many to list their sets, or the questions would take over half a minute (9e10 operations).

    Notes
    -----
    I(F; S | e) = H(F | e) - sum over s of P(s | e) H(F | s, e): Lindley, Annals of Mathematical Statistics 27:986,
    1956. One question ahead: two that say much only together are not seen.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True)
    >>> table = d.next_questions(3, costs={"imaging": 20, "examination": 3})
    >>> bool(table["bits_per_cost"].is_monotonic_decreasing)
    True
    >>> id_ = table.index[0]
    >>> abs(table["if_yes"][id_]["gtps"] - d.given({id_: True})["gtps"]) < 1e-9
    True

    """
    import pandas as pd

    k = at_most("k", k)
    net = d.network
    of_name = _costs(net, costs)
    ranking = rank(net, d.case, askable(d, kinds, skip))
    kind = [_kind(net, id_) for id_ in ranking.ids]
    cost, value, order = _by_value(net, ranking, of_name)
    best = order[:k]
    ids = [ranking.ids[i] for i in best]
    columns = {
        "kind": [kind[i] for i in best],
        "question": [(net.findings[id_] if id_ in net.findings else net.background[id_]).question for id_ in ids],
        "p_yes": ranking.p_yes[best],
        "bits": ranking.bits[best],
        "cost": cost[best],
        "bits_per_cost": value[best],
        "if_yes": _by_cause(net, ranking.if_yes[best]),
        "if_no": _by_cause(net, ranking.if_no[best]),
    }
    return pd.DataFrame(columns, index=pd.Index(ids, name="finding", dtype=object), columns=list(COLUMNS))


def enough(  # noqa: PLR0913 all but one by name, each with a default
    d: Result,
    *,
    kinds: str | Iterable[str] | None = None,
    costs: Mapping[str, float] | None = None,
    min_bits: float = WORTH,
    same_decision: float = 0.95,
    skip: str | Iterable[str] = (),
) -> Stop:
    """Say whether to stop asking: when nothing is left that says much or is likely to change the decision. Exact.

    The decision is which cause leads and which hazards of causes are live, that is at or above their thresholds. Stop
    if nothing is left to ask; or if no question is worth `min_bits` and each, asked alone, leaves the decision as it
    is with a probability of at least `same_decision`. So a hazard that one answer is likely enough to bring across its
    threshold (either way) keeps the questions going, however little else the answer says and whatever red flags are
    present. Red flags are not among the questions: the reason says how many were not asked, and where the triage is
    urgent it says so first.

    Parameters
    ----------
    d
        the result so far.
    kinds, skip
        which questions could be asked, as `next_questions` takes them.
    costs
        as `next_questions` takes them: of the questions worth `min_bits`, the one with most bits per cost is asked.
    min_bits
        information about the causes from which an answer is worth asking for by itself, in bits, above 0.
    same_decision
        probability that the decision outlives an answer, from which on it counts as settled: above 0 and at most 1.

    Returns
    -------
    Stop
        true if so; with the reason as a sentence, and if not what to ask.

    Raises
    ------
    UnknownNameError
        there is no such kind, no such name to skip, or nothing so called that has a cost.
    EvidenceError
        `kinds`, a cost, `min_bits` or `same_decision` is not allowed.
    NetworkTooLargeError
        the causes are too many to list their sets, or the questions would take over half a minute (9e10 operations).

    Notes
    -----
    P(decision after the answer = decision now | e) = sum over answers a of P(a | e) [the decision given e and a is the
    decision given e]: the same-decision probability (Darwiche & Choi, Probabilistic Graphical Models 2010, 113-121;
    Chen, Choi & Darwiche, Journal of Artificial Intelligence Research 49:601, 2014) of one question, the smallest over
    all. Two answers together may still change what neither changes alone. A finding that is itself a hazard (pain on
    hopping) counts for what it says of causes only: nobody should hop so that an interview can end. The defaults are
    judgements.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> stop = hb.diagnose(age=46, sex="female").enough()
    >>> bool(stop), stop.bits > 0.1
    (False, True)

    """
    _check_number("min_bits", min_bits, "a finite number of bits above 0", most=sys.float_info.max)
    _check_number("same_decision", same_decision, "a probability above 0 and at most 1", most=1.0)
    net, of_name = d.network, _costs(d.network, costs)
    open_ = _unknown(d, kinds, skip)
    ranking = rank(net, d.case, [id_ for id_ in open_ if id_ not in triage_of(d).avoid])
    urgent = "Urgent: have this assessed today, whatever else is asked. " if triage_of(d).level == "urgent" else ""
    flags = len(triage_of(d).not_cleared)
    were = "was" if flags == 1 else "were"
    unasked = f" {flags} of {counted(len(net.red_flags), 'red flag')} {were} not asked about." if flags else ""

    def stop(reason: str, same: float, bits: float, ask: str | None = None) -> Stop:
        return Stop(stop=ask is None, reason=f"{urgent}{reason}{unasked}", same_decision=same, bits=bits, ask=ask)

    if not ranking.ids:
        withheld = ", ".join(net.findings[id_].test_name for id_ in open_)
        return stop(f"Nothing is left to ask{f' that is safe (not now: {withheld})' if withheld else ''}.", 1.0, 0.0)
    same = _same_decision(d, ranking)
    bits, least = float(ranking.bits.max()), int(np.argmin(same))
    smallest = float(same[least])
    if bits >= min_bits:
        _, _, order = _by_value(net, ranking, of_name)
        best = next(i for i in order if ranking.bits[i] >= min_bits)
        reason = f'The answer on "{net.name_of(ranking.ids[best])}" is worth {ranking.bits[best]:.2g} bits'
        return stop(f"{reason}, at or above {min_bits:g}.", smallest, bits, ranking.ids[best])
    if smallest < same_decision:
        reason = (
            f'The answer on "{net.name_of(ranking.ids[least])}" leaves the leading cause and the hazards as they are '
            f"with a probability of {_below(smallest, same_decision)}, below {same_decision:g}: "
            f"{_what_changes(d, ranking, least)}."
        )
        return stop(reason, smallest, bits, ranking.ids[least])
    reason = (
        f"No answer is worth {min_bits:g} bits (the most: {_below(bits, min_bits)}), and each leaves the leading cause "
        f"and the hazards as they are with a probability of at least {same_decision:g}."
    )
    return stop(reason, smallest, bits)


def _below(x: float, limit: float) -> str:
    """Return a number with two digits, or as many as show that it is below a limit."""
    return next((text for digits in range(2, 17) if float(text := f"{x:.{digits}g}") < limit), repr(x))


def _by_value(net: NetworkData, ranking: Ranking, of_name: Mapping[str, float]) -> tuple[Floats, Floats, list[int]]:
    """Return what each question costs, its bits per cost, and the places of the questions, the best first."""
    cost = np.array([of_name.get(i, of_name.get(_kind(net, i), 1.0)) for i in ranking.ids], dtype=float)
    with np.errstate(over="ignore"):
        value: Floats = ranking.bits / cost
    return (
        cost,
        value,
        np.lexsort((-ranking.bits, -value)).tolist(),
    )  # by bits where values are equal, infinite ones too


def _what_changes(d: Result, ranking: Ranking, i: int) -> str:
    """Return in words what an answer to a question does to the leading cause and the hazards."""
    net = d.network
    changes = []
    for word, p in zip(net.states_of(ranking.ids[i]), (ranking.if_no[i], ranking.if_yes[i]), strict=True):
        then = dict(zip(ranking.outputs, p.tolist(), strict=True))
        if isnan(then[d.ranking[0]]):
            continue  # nobody can answer so
        for hazard in net.hazards.values():
            if hazard.of in then and hazard.live(then[hazard.of]) != hazard.live(d[hazard.of]):
                way = f"from {percent(d[hazard.of])} to {percent(then[hazard.of])}"
                changes.append(f"{word} takes {net.name_of(hazard.of)} {way}, across {100 * hazard.threshold:.3g}%")
        leader = max(net.causes, key=then.__getitem__)
        if then[leader] > then[d.ranking[0]] + ROUNDING:
            changes.append(f"after {word}, {net.name_of(leader)} leads")
    return "; ".join(changes)


def _same_decision(d: Result, ranking: Ranking) -> Floats:
    """P(the same cause leads, and the same hazards of causes are live, after the answer), shape (questions,)."""
    net = d.network
    after = np.concatenate([ranking.if_yes, ranking.if_no])
    causes = after[:, : len(net.causes)]
    leader = list(net.causes).index(d.ranking[0])
    leads = causes[:, leader] >= causes.max(axis=1) - ROUNDING
    same = leads
    for hazard in net.hazards.values():
        if hazard.of not in net.findings:
            live = hazard.live(after[:, ranking.outputs.index(hazard.of)])
            same = same & (live == hazard.live(d[hazard.of]))
    changed = ~same.reshape(2, -1)
    outlives: Floats = 1 - (ranking.p_yes * changed[0] + (1 - ranking.p_yes) * changed[1])
    return outlives


def _by_cause(net: NetworkData, probability: Floats) -> list[dict[str, float]]:
    """Return P(cause present) row by row, high to low; the causes are the first of the outputs."""
    causes = list(net.causes)
    p = probability[:, : len(causes)]
    order = np.argsort(-p, axis=1, kind="stable")
    rows = zip(order.tolist(), p.tolist(), strict=True)
    return [{causes[c]: row[c] for c in best if not isnan(row[c])} for best, row in rows]


def _kind(net: NetworkData, id_: str) -> str:
    return net.findings[id_].kind if id_ in net.findings else BACKGROUND


def _kinds(kinds: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the kinds that were meant, all of them known."""
    if kinds is None:
        return KINDS
    allowed = f"one or more of {', '.join(ALL_KINDS)}, or None"
    names = names_of("kinds", kinds, allowed) or refused("kinds", kinds, allowed)
    for name in names:
        if not is_in(name, ALL_KINDS):
            raise UnknownNameError.among(name, ALL_KINDS, what="kind of question", where=", ".join(ALL_KINDS))
    return names


def _skipped(net: NetworkData, skip: str | Iterable[str]) -> tuple[str, ...]:
    """Return the ids that are not to be asked, all of them known; an alias is of a finding."""
    names = names_of("skip", skip)
    for name in names:
        vocabulary_of(net).resolve(name)
    return tuple(vocabulary_of(net).id_of(name) for name in names)


def _costs(net: NetworkData, costs: Mapping[str, float] | None) -> dict[str, float]:
    """Return the costs that were given, all of them of something and above 0."""
    allowed = "a mapping of finding ids or kinds to numbers, or None"
    given = [] if costs is None else entries_of("costs", costs, allowed)
    known = {name: name for name in (*ALL_KINDS, *net.background, *net.findings)}
    known |= {alias: f.id for f in net.findings.values() for alias in f.aliases}
    for name, cost in given:
        if not isinstance(name, str) or name not in known:
            raise UnknownNameError.among(
                name,
                known,
                what="finding or kind",
                where="load_network().findings and .background list what has a cost",
            )
        _check_number(f"the cost of {name!r}", cost, "a finite number above 0", most=sys.float_info.max)
    return {known[name]: float(cost) for name, cost in given}


def _check_number(what: str, value: object, allowed: str, *, most: float) -> None:
    """Refuse what is not a finite number above 0 and at most `most`."""
    if not 0 < as_number(value) <= most:
        refused(what, value, allowed)

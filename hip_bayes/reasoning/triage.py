"""How soon to be seen: red flags, alarming patterns and hazards as rules beside the posterior.

A red flag, or a pattern of answers that alarms, acts by itself: nothing here lets a probability lower or cancel one. A
hazard is the other way round: a probability, or a finding, that from the file's threshold up is by itself a reason for
urgency.

The level is a function of the answers, whatever their order, and two kinds of answers cannot lower it. A negative
answer to a test that could do harm (one in some `avoid` of the file) counts as unknown here. And the probability of a
hazard is looked at with every set of the present `worrying` findings taken as unknown too, the highest of them counts:
so to learn that a worrying finding is there never lowers the level, by construction.
"""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import NetworkTooLargeError
from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.in_words import said
from hip_bayes.network.parts import LEVELS, Table
from hip_bayes.network.wording import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hip_bayes.inference.evidence import Case, Cases
    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import Hazard, Pattern, RedFlag, Rule

    Bools = NDArray[np.bool_]
    Reading = tuple[float, tuple[str, ...]]
    """A probability, and which answers were taken as unknown for it."""
    Floats = NDArray[np.float64]

URGENT, ROUTINE = 0, len(LEVELS) - 1
READINGS = 2**14
"""Cases that are answered at a time: bounds the memory."""
ASK_FIRST = "Answer the red flags first: what follows holds only where none of them is present."
SILENCE = "what was not mentioned"
SLACK = 1e-9
"""What two ways to the same probability may differ by."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for urgency: a red flag or pattern that is present, or a hazard at or above its threshold.

    `action` is empty where the action of a more pressing reason stands for it.
    """

    id: str
    name: str
    level: str
    reason: str
    action: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Triage:
    """How soon to be seen, and why.

    Attributes
    ----------
    level
        "urgent" (today), "soon" (within days) or "routine": the most pressing level among the reasons.
    reasons
        the most pressing first; empty for routine.
    not_cleared
        ids of the red flags nobody has asked about: "routine" holds only as far as these are absent.
    avoid
        ids of findings that must not be tested now, because the test could do harm.

    """

    level: str
    reasons: tuple[Reason, ...]
    not_cleared: tuple[str, ...]
    avoid: tuple[str, ...]

    @property
    def screened(self) -> bool:
        """Whether every red flag of the network was answered, with yes or no."""
        return not self.not_cleared


def present_flags(net: NetworkData, case: Case) -> tuple[RedFlag, ...]:
    """Return the red flags that are present, the most pressing first."""
    flags = [net.red_flags[id_] for id_, there in case.red_flags.items() if there]
    return tuple(sorted(flags, key=lambda flag: LEVELS.index(flag.level)))


def present_patterns(net: NetworkData, case: Case) -> tuple[Pattern, ...]:
    """Return the alarming patterns that are there, the most pressing first; `levels` has the same for many cases."""
    known = {**case.background, **case.findings}
    found = [
        p
        for p in net.patterns.values()
        if all(any(known.get(id_, 0.0) > 0.5 for id_ in clause) for clause in p.all_of)
        and (not p.bands or case.band in p.bands)
        and not any(known.get(id_, 1.0) < 0.5 for id_ in p.cleared_by)
    ]
    return tuple(sorted(found, key=lambda pattern: LEVELS.index(pattern.level)))


def triage(net: NetworkData, case: Case, probability: Mapping[str, float]) -> Triage:
    """Return how soon to be seen, from the red flags and patterns of a case and the hazards of its posterior."""
    flags, patterns = present_flags(net, case), present_patterns(net, case)
    reasons = [_reason(rule) for rule in flags] + [_reason(rule) for rule in patterns]
    live: list[Hazard] = []
    judged = _judged(net, case, probability)
    if case.silence.whole:  # it must not reassure: the same facts, asked for, count too
        asked = _judged(net, case.as_asked, engine_of(net).posterior(case.as_asked).probability)
        for id_, readings in judged.items():
            readings += [(p, (SILENCE, *without)) for p, without in asked[id_]]
    for h in sorted(net.hazards.values(), key=lambda h: LEVELS.index(h.level)):
        of_finding = h.of in net.findings
        readings = [(case.findings.get(h.of, 0.0), ())] if of_finding else judged[h.of]
        value, without = next((reading for reading in readings if h.live(reading[0])), (0.0, ()))
        if not h.live(value):
            continue
        live.append(h)
        if h.of not in [more.of for more in live[:-1]]:  # the most pressing speaks for it
            despite = f", without counting {_listed(net, case, without)}, which must not reassure" if without else ""
            reached = f"its probability is {percent(value)}, at or above {100 * h.threshold:g}%{despite}: "
            why = h.reason if of_finding else reached + h.reason
            reasons.append(Reason(h.id, net.name_of(h.of), h.level, why, h.action, h.source))
    reasons.sort(key=lambda reason: LEVELS.index(reason.level))
    level = reasons[0].level if reasons else LEVELS[ROUTINE]
    rules: list[Rule] = [*flags, *patterns, *live]
    return Triage(
        level=level,
        reasons=tuple(r if r.level == level else dataclasses.replace(r, action="") for r in reasons),
        not_cleared=tuple(id_ for id_ in net.red_flags if id_ not in case.red_flags),
        avoid=tuple(dict.fromkeys(f for rule in rules for f in rule.avoid)),
    )


def _reason(rule: RedFlag | Pattern) -> Reason:
    return Reason(rule.id, rule.name, rule.level, rule.reason, rule.action, rule.source)


def _listed(net: NetworkData, case: Case, ids: tuple[str, ...]) -> str:
    facts = case.facts(net)
    return " and ".join(id_ if id_ == SILENCE else f"'{said(net, id_, facts[id_])}'" for id_ in ids)


def _judged(net: NetworkData, case: Case, probability: Mapping[str, float]) -> dict[str, list[Reading]]:
    """Return for what each hazard is of its probability with the least set back, and the highest of all readings."""
    of = {h.of for h in net.hazards.values() if h.of not in net.findings}
    fixed, open_ = _set_back(net, case)
    found: dict[str, list[Reading]] = {id_: [] for id_ in of}
    for n in range(len(open_) + 1 if of else 0):
        for without in ((*fixed, *more) for more in itertools.combinations(open_, n)):
            kept = Table((f, x) for f, x in case.findings.items() if f not in without)
            read = dataclasses.replace(case, findings=kept)
            try:
                p = engine_of(net).posterior(read).probability if without else probability
            except NetworkTooLargeError:  # with an unknown parent of what is known: `levels` passes over it too
                continue
            for id_, readings in found.items():
                if not readings or p[id_] > readings[-1][0]:
                    readings[1:] = [(p[id_], without)]
    return found


def _set_back(net: NetworkData, case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the negative answers to tests that could do harm, and the worrying findings that are present."""
    avoided = net.once(tests_to_avoid)
    return (
        tuple(f for f, x in case.findings.items() if x < 0.5 and f in avoided),
        tuple(f for f, x in case.findings.items() if x == 1.0 and net.findings[f].worrying),
    )


def tests_to_avoid(net: NetworkData) -> frozenset[str]:
    """Return the findings that some red flag, hazard or pattern of the network says not to test."""
    rules: list[Rule] = [*net.red_flags.values(), *net.hazards.values(), *net.patterns.values()]
    return frozenset(f for rule in rules for f in rule.avoid)


def triage_of(d: Result) -> Triage:
    """Return how soon to be seen with a result; worked out once."""
    return d.once(_triage_of)


def _triage_of(d: Result) -> Triage:
    return triage(d.network, d.case, d.probability)


def advice_of(d: Result) -> tuple[str, ...]:
    """Return what to do now: the actions of the triage reasons first, then general advice for that level."""
    now = triage_of(d)
    first = [] if now.screened or now.level != LEVELS[ROUTINE] else [ASK_FIRST]
    general = (a.text for a in d.network.advice if now.level in a.levels)
    return (*first, *dict.fromkeys(reason.action for reason in now.reasons if reason.action), *general)


# ------------------------------------------------------------------------------------------------- many cases


def levels(net: NetworkData, cases: Cases, probability: Floats, log_evidence: Floats) -> NDArray[np.int8]:
    """Return the index in `LEVELS` of each case's level, as `triage` finds it; shape (cases,).

    `probability` and `log_evidence` are what `Engine.posteriors` gives of these cases.
    """
    level = np.full(len(cases), ROUTINE, dtype=np.int8)
    known = dict(zip(net.findings, cases.findings.T, strict=True))
    known |= zip(net.background, cases.background.T, strict=True)
    for flag, there in zip(net.red_flags.values(), cases.red_flags.T, strict=True):
        _raise(level, flag.level, there == 1)
    for pattern in net.patterns.values():
        _raise(level, pattern.level, _there(net, pattern, cases, known))
    for hazard in net.hazards.values():
        if hazard.of in net.findings:
            _raise(level, hazard.level, hazard.live(known[hazard.of]))
    if any(h.of not in net.findings for h in net.hazards.values()):
        _Readings(net, cases, level).judge(probability, log_evidence)
        if cases.silence is not None:  # it must not reassure: the same facts, asked for, count too
            probability, log_evidence, _ = engine_of(net).posteriors(cases.as_asked)
            _Readings(net, cases.as_asked, level).judge(probability, log_evidence)
    return level


def _raise(level: NDArray[np.int8], name: str, here: Bools) -> None:
    """Make the level of some cases at least that pressing."""
    level[here] = np.minimum(level[here], LEVELS.index(name))


def _there(net: NetworkData, pattern: Pattern, cases: Cases, known: Mapping[str, Floats]) -> Bools:
    """Say in which cases a pattern is there, as `present_patterns` does."""
    there = np.ones(len(cases), dtype=bool)
    for clause in pattern.all_of:
        there &= np.any([known[id_] > 0.5 for id_ in clause], axis=0)
    for id_ in pattern.cleared_by:
        there &= ~(known[id_] < 0.5)
    if pattern.bands:
        there &= np.isin(cases.band, [list(net.bands).index(band) for band in pattern.bands])
    return there


class _Readings:
    """The hazards of many cases, judged as `triage` does, with as few sets of answers set back as will do.

    Of a case with some answers set back and some more undecided, whichever of these are set back too,

        P(hazard | what is then known) <= P(hazard, what is known with all of them set back) / P(what is known now),

    since to know less only adds to both. Where that is below every threshold that would raise the level, none of these
    sets of answers needs to be looked at; else the first undecided answer is decided both ways (branch and bound).
    """

    def __init__(self, net: NetworkData, cases: Cases, level: NDArray[np.int8]) -> None:
        """Prepare for judging; `level` is what is known so far, and is made more pressing where it has to be."""
        hazards = [h for h in net.hazards.values() if h.of not in net.findings]
        columns = list(net.findings)
        self.engine, self.cases, self.level = engine_of(net), cases, level
        self.hazards = hazards
        self.of = [self.engine.units.outputs.index(h.of) for h in hazards]
        self.threshold = np.array([h.threshold for h in hazards]) - SLACK
        self.pressing = np.array([LEVELS.index(h.level) for h in hazards])
        avoided = net.once(tests_to_avoid)
        self.negative: Bools = (cases.findings < 0.5) & np.array([f in avoided for f in columns])
        self.worrying = np.array([i for i, f in enumerate(columns) if net.findings[f].worrying], dtype=np.intp)
        self.present: Bools = cases.findings[:, self.worrying] == 1.0

    def judge(self, probability: Floats, log_evidence: Floats) -> None:
        """Bring the level of each case to what its hazards make of it."""
        now, log_now = probability[:, self.of].copy(), log_evidence.copy()
        rows = np.flatnonzero(self.negative.any(axis=1) & (self.level > URGENT))
        as_it_stands = np.flatnonzero(~self.negative.any(axis=1))
        self._take(as_it_stands, now[as_it_stands])
        nothing = np.zeros((len(rows), len(self.worrying)), dtype=bool)
        now[rows], log_now[rows] = self._read(rows, nothing)
        rows = np.flatnonzero(self.present.any(axis=1) & (self.level > URGENT))
        open_ = self.present[rows]
        todo = [_Sets(rows, np.zeros_like(open_), open_, log_now[rows], *self._read(rows, open_))]
        while todo:
            sets = todo.pop()
            if len(sets.rows) > READINGS:
                todo += [sets.some(slice(None, READINGS)), sets.some(slice(READINGS, None))]
                continue
            bound = sets.most * np.exp(sets.log_most - sets.log_back)[:, None]
            raises = ~(bound < self.threshold) & (self.pressing < self.level[sets.rows][:, None])
            sets = sets.some(raises.any(axis=1) & (sets.open.sum(axis=1) > 1))
            if len(sets.rows):
                todo += self._decided(sets)

    def _decided(self, sets: _Sets) -> tuple[_Sets, _Sets]:
        """Return the same with the first open answer left as it is, and with it set back."""
        first = np.arange(len(self.worrying)) == sets.open.argmax(axis=1)[:, None]
        still, more = sets.open & ~first, sets.back | first
        kept, log_kept = self._read(sets.rows, sets.back | still)
        _, log_more = self._read(sets.rows, more)
        return (
            _Sets(sets.rows, sets.back, still, sets.log_back, kept, log_kept),
            _Sets(sets.rows, more, still, log_more, sets.most, sets.log_most),
        )

    def _read(self, rows: NDArray[np.intp], back: Bools) -> tuple[Floats, Floats]:
        """Return P(hazard) and log P(what is known) with some worrying answers set back; the level follows from it."""
        here = self.cases.rows(rows)
        findings = np.where(self.negative[rows], np.nan, here.findings)
        findings[:, self.worrying] = np.where(back, np.nan, findings[:, self.worrying])
        found, log_evidence, _ = self.engine.posteriors(dataclasses.replace(here, findings=findings))
        self._take(rows, found[:, self.of])
        return found[:, self.of], log_evidence

    def _take(self, rows: NDArray[np.intp], probability: Floats) -> None:
        for hazard, p in zip(self.hazards, probability.T, strict=True):
            np.minimum.at(self.level, rows[hazard.live(p)], np.int8(LEVELS.index(hazard.level)))


@dataclass(frozen=True, slots=True)
class _Sets:
    """Sets of worrying answers of some cases: those set back, with any of those that are open; a row a family of sets.

    `log_back` is log P(what is known) with the first set back alone; `most` and `log_most` are P(hazard | what is
    known) and log P(what is known) with all of them set back.
    """

    rows: NDArray[np.intp]
    back: Bools
    open: Bools
    log_back: Floats
    most: Floats
    log_most: Floats

    def some(self, which: slice | Bools) -> _Sets:
        """Return some of the rows."""
        return _Sets(*(getattr(self, f.name)[which] for f in dataclasses.fields(self)))

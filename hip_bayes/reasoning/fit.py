"""Whether a case looks like one that its network knows: are its answers typical, do some clash, what explains them.

A posterior says which of the listed causes is likeliest, however badly all of them fit. Here the answers themselves are
judged, given age, sex and background (and its signs, which speak of background): are they the kind of answers that the
network expects of such a person? `remarks_of` says in words where a cause outside the list leads.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import EvidenceError
from hip_bayes.inference.engine import A_CASE, engine_of
from hip_bayes.inference.in_words import said
from hip_bayes.network import wording
from hip_bayes.network.parts import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hip_bayes.inference.enumeration import Enumeration
    from hip_bayes.inference.evidence import Case
    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

LEVEL = 5.0
"""Per cent: answers at or below this percentile are called unusual. So are as many of the network's own."""
RAISED = 1.5
"""How many times its base rate P(other) must be before a result says that the case fits no cause of the list."""
FEWEST = 2
"""The fewest answered findings to be called unusual: a single rare answer alone is no reason for it."""
CLASH = 0.5
"""Bits from which two answers clash: 1.4 times rarer together than if they were unrelated. A judgement.

Of cases drawn from the shipped network about one in twenty has such a pair with 6 to 10 findings known, one in five
with 15 to 25 (tests/benchmarks/fit.py).
"""
MOST_ANSWERS_LISTED = 10
"""The most answered findings for which every pattern of answers is listed; for more, cases are simulated."""
SIMULATED = 2000
"""How many. The Monte Carlo standard error is then at most 1.1 percentage points, and 0.5 near the 5th percentile."""
SEED = 1990
SAME = 1e-9
"""Log probabilities this near are equal but for rounding."""
CAVEAT = (
    "This does not show whether a disease outside the list is there, which often gives ordinary answers: look at "
    "P(other) for that, where the network has it."
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two answers that clash: `bits` is log2 of how much rarer they are together than if they were unrelated."""

    first: str
    second: str
    bits: float


@dataclass(frozen=True, slots=True, repr=False)
class Fit:
    """How well a case fits the network; made by `hip_bayes.reasoning.fit.fit`.

    Attributes
    ----------
    answered
        how many findings were answered, surely or probably; signs of a background variable are not counted.
    percentile
        per cent of the cases of the same age, sex and background, asked the same, whose answers are less probable than
        these, plus half of those whose answers are as probable; NaN where no finding was answered.
    error
        at most this is the Monte Carlo standard error of `percentile`, in percentage points; 0.0 where it is exact.
    conflict
        conflict measure of all answers, in bits; above 0, they do not hang together.
    conflicts
        pairs of answers that clash by `CLASH` bits or more, the strongest first.
    unexplained
        finding that is present -> P(brought about by nothing in the list | evidence): only by ``other`` or by chance
        (the leak), not by a listed cause or by its parent finding, which counts as an explanation if it is there; file
        order. Findings that are only probable are not among them.
    reasons
        what does not fit, one sentence each, the most telling first: `conflicts`, and what is more likely unexplained
        than not.
    level
        per cent; at or below it answers are called unusual.

    """

    answered: int
    percentile: float
    error: float
    conflict: float
    conflicts: tuple[Conflict, ...]
    unexplained: Mapping[str, float]
    reasons: tuple[str, ...]
    level: float = LEVEL

    @property
    def outside(self) -> bool:
        """Whether the answers are unusual for the network: `FEWEST` (2) or more, `percentile` at or below `level`."""
        return self.answered >= FEWEST and self.percentile <= self.level

    @property
    def unexplained_share(self) -> float:
        """Expected share of the present findings that nothing in the list brought about; NaN where none is present."""
        return float(np.mean(list(self.unexplained.values()))) if self.unexplained else math.nan

    @property
    def sentence(self) -> str:
        """Whether the answers are unusual for the network's population, why, and what this does not say."""
        if not self.answered:
            return "No finding of a cause was answered, so there is nothing to compare."
        if self.answered < FEWEST:
            return "Only one finding was answered: too few to call the answers unusual or not."
        share = (
            f"unusual for this network's population: of people like this one, asked the same, "
            f"{wording.percent(self.percentile / 100)} give less probable answers (ties count half)."
        )
        if not self.outside:
            return f"The answers are not {share} {CAVEAT}"
        reason = self.reasons[0] if self.reasons else "No two answers clash; as a whole they are rare."
        return f"The answers are {share} {reason} {CAVEAT}"

    def __str__(self) -> str:
        """Return what was found in plain language, one thing a line."""
        told = 1 if self.outside else 0  # the sentence has the first reason
        lines = [self.sentence, *(f"  - {reason}" for reason in self.reasons[told:])]
        if self.unexplained:
            share = wording.percent(self.unexplained_share)
            lines.append(f"Of the findings present, {share} are expected to come from nothing in the list.")
        lines.append("For research and education: answers are compared with a model, not with what someone has.")
        return "\n".join(lines)

    __repr__ = __str__


def fit(d: Result) -> Fit:
    """Return whether the answers of a case look like those of a case that its network knows.

    All is exact given the network, but for `percentile` where more than `MOST_ANSWERS_LISTED` (10) findings were
    answered: then it is estimated from `SIMULATED` (2000) cases drawn with a fixed seed, each different pattern of
    answers judged exactly. The same facts give the same result, in whatever order they were said.

    Only what was said is judged, not what a story told freely passed over.

    Parameters
    ----------
    d
        the result for the case. An answer that is only probable (0.7) is taken for a report that is right with that
        probability.

    Returns
    -------
    Fit
        frozen; print it, or see its attributes. A case of the network is `outside` with a probability of about `LEVEL`
        per cent; with few answers the percentile is coarse, and the probability may be up to twice that, or 0. With
        fewer than `FEWEST` (2) it is never `outside`: a single rare answer has a percentile, and is not called unusual.

    Raises
    ------
    NetworkTooLargeError
        too many causes to list their sets, or the answers would take over half a minute (9e10 operations).

    Notes
    -----
    ``percentile`` = 100 (P(p(answers) < p(these)) + P(p(answers) = p(these)) / 2), answers distributed as p(answers |
    age, sex, background): a prior predictive check (Box, J. R. Stat. Soc. A 143:383, 1980) with the mid-p of Lancaster
    (J. Am. Stat. Assoc. 56:223, 1961) because answers are discrete.

    ``conflict`` = log2(prod P(a) / P(all answers)), of a pair log2(P(a) P(b) / P(a, b)), all given age, sex and
    background (Jensen, Chamberlain, Nordahl and Jensen, Analysis in HUGIN of data conflict, UAI 1990).

    ``unexplained`` of a finding f is P(f would be absent without its leak and ``other`` | evidence), parent finding and
    its effect as they are: averaged over the joint states of the causes and of an unknown parent.

    A disease outside the list may well give ordinary answers: a case that fits is no proof of a listed cause, and
    on published cases neither this nor P(other) tells such diseases well (tests/benchmarks/fit.py). The
    network's people answer whatever they are asked: a report that mentions only what was found looks less typical.
    And only improbable answers are unusual here: the same answer to everything may well be among the more probable.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> fit = hb.diagnose(age=46, sex="female", lateral_pain=True, pain_lying_on_side=True, groin_pain=False).fit
    >>> fit.outside, fit.conflicts
    (False, ())

    """
    net, case = d.network, d.case.as_asked
    enumeration, signs = engine_of(net).enumeration, engine_of(net).units.signs
    answers = {f: x for f, x in case.findings.items() if f not in signs}
    engine_of(net).afford(f"to judge {len(answers)} answers", operations(d), "Ask about a case with fewer findings")
    asked = dataclasses.replace(case, findings=Table((f, x) for f, x in case.findings.items() if f in signs))
    nothing = _log_evidence(enumeration, asked, {})
    alone = {f: _log_evidence(enumeration, asked, {f: x}) - nothing for f, x in answers.items()}
    conflicts = []
    for (a, x), (b, y) in itertools.combinations(answers.items(), 2):
        together = _log_evidence(enumeration, asked, {a: x, b: y}) - nothing
        conflicts.append(Conflict(a, b, (alone[a] + alone[b] - together) / math.log(2)))
    conflicts = sorted((pair for pair in conflicts if pair.bits >= CLASH), key=lambda pair: -pair.bits)
    unexplained = Table(((f, _unexplained(net, case, f)) for f, x in answers.items() if x == 1.0), "present finding")
    percentile, error = _percentile(enumeration, asked, answers)
    return Fit(
        answered=len(answers),
        percentile=percentile,
        error=error,
        conflict=(sum(alone.values()) - (_log_evidence(enumeration, asked, answers) - nothing)) / math.log(2),
        conflicts=tuple(conflicts),
        unexplained=unexplained,
        reasons=(*_clashes(net, case, conflicts), *_unlisted(net, unexplained)),
    )


def operations(d: Result) -> float:
    """Return about how many operations `fit` takes: every pattern of answers, or those simulated, and every pair."""
    engine, n = engine_of(d.network), len(d.case.findings)
    patterns = 2**n if n <= MOST_ANSWERS_LISTED else SIMULATED
    return (patterns + n) * engine.operations(d.case) + math.comb(n, 2) * (A_CASE + 6 * engine.states)


def _log_evidence(enumeration: Enumeration, asked: Case, answers: Mapping[str, float]) -> float:
    """Log P(answers, and what is known beside them | population); -inf if they cannot be together."""
    said = {**asked.findings, **answers}
    in_order = Table((f, said[f]) for f in enumeration.units.net.findings if f in said)
    try:
        return enumeration.posterior(dataclasses.replace(asked, findings=in_order)).log_evidence
    except EvidenceError:
        return -math.inf


# ------------------------------------------------------------------------------------------------------ percentile


def _percentile(enumeration: Enumeration, asked: Case, answers: Mapping[str, float]) -> tuple[float, float]:
    """Return the percentile of answers among those of such people, and its standard error."""
    if not answers:
        return math.nan, 0.0
    exact = len(answers) <= MOST_ANSWERS_LISTED
    if exact:
        patterns: Bools = np.indices((2,) * len(answers)).reshape(len(answers), -1).T == 1
    else:
        drawn = simulated(enumeration, asked, answers, SIMULATED, np.random.default_rng(SEED))
        patterns, counts = np.unique(drawn, axis=0, return_counts=True)
    sure = np.array([max(x, 1 - x) for x in answers.values()])
    said = np.where(patterns, sure, 1 - sure).tolist()
    log = np.array([_log_evidence(enumeration, asked, dict(zip(answers, row, strict=True))) for row in said])
    weight = np.exp(log - log.max()) if exact else counts.astype(float)
    own = _log_evidence(enumeration, asked, answers)
    p = float(np.where(np.abs(log - own) <= SAME, 0.5, log < own) @ weight / weight.sum())
    cautious = (p * SIMULATED + 1) / (SIMULATED + 2)  # a share of 0 among those drawn is not certain either
    return 100 * p, 0.0 if exact else 100 * math.sqrt(cautious * (1 - cautious) / SIMULATED)


def simulated(
    enumeration: Enumeration, asked: Case, answers: Mapping[str, float], n: int, rng: np.random.Generator
) -> Bools:
    """Draw what `n` people such as `asked` would answer, shape (n, answers): whether each says yes.

    Causes come from their joint distribution, findings from these and their parents, and what is said of a finding is
    right with probability max(x, 1 - x) where x is the answer in question.
    """
    links = enumeration.units.links
    joint = enumeration.joint(asked).reshape(-1)
    states = rng.choice(len(joint), size=n, p=joint)
    there: dict[str, Bools] = {}
    for f in answers:
        above = [f]
        while (parent := links[above[-1]].parent) and parent not in there:
            above.append(parent)
        for g in reversed(above):
            if g in there:
                continue  # drawn before, as the parent of another
            p = enumeration.present(g, 0.0).reshape(-1)[states]
            if parent := links[g].parent:
                p = np.where(there[parent], enumeration.present(g, links[g].effect).reshape(-1)[states], p)
            there[g] = rng.random(n) < p
    right = rng.random((n, len(answers))) < [max(x, 1 - x) for x in answers.values()]
    said: Bools = np.stack([there[f] for f in answers], axis=1) == right
    return said


# ----------------------------------------------------------------------------------------------------- unexplained


def _unexplained(net: NetworkData, case: Case, f: str) -> float:
    """P(nothing in the list brought about a finding that is present | evidence), exact.

    In a state of the causes, with an effect e of its parent, f is present with P = 1 - (1 - e) absent. Of that, nothing
    listed was at work in (1 - e) (unlisted - absent): `unlisted` is what `absent` would be without leak and `other`.
    """
    enumeration, links = engine_of(net).enumeration, engine_of(net).links[f]
    shape = tuple(len(net.causes[c].states) for c in enumeration.causes)
    log_absent = enumeration.log_stay(f, 0.0).reshape(shape)
    log_unlisted = log_absent - links.log_no_leak
    if "other" in net.causes:
        log_unlisted = np.take(log_unlisted, [0], axis=enumeration.causes.index("other"))
    by_nothing = -np.exp(log_unlisted) * np.expm1(log_absent - log_unlisted)
    parent = np.zeros(shape)
    if links.parent is not None:
        x = case.findings.get(links.parent, 0.5)
        evidence = {g: y for g, y in case.findings.items() if g not in engine_of(net).units.signs and g != links.parent}
        p = enumeration.predicted(links.parent, evidence).reshape(shape)
        parent = _divided(x * p, x * p + (1 - x) * (1 - p))  # what was said of the parent itself is not in p
    by_none = np.zeros(shape)
    for e, p in ((0.0, 1 - parent), (links.effect, parent)):
        by_none += p * _divided((1 - e) * by_nothing, enumeration.present(f, e).reshape(shape))
    return min(max(float((enumeration.joint(case).reshape(shape) * by_none).sum()), 0.0), 1.0)


def _divided(above: Floats, below: Floats) -> Floats:
    """Divide; 0 where there is nothing to divide by: in states that the evidence excludes."""
    quotient: Floats = np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)
    return quotient


def fit_of(d: Result) -> Fit:
    """Return the fit of a result; worked out once."""
    return d.once(fit)


def remarks_of(d: Result) -> tuple[str, ...]:
    """Return what the numbers alone do not say: that the case fits no cause of the list, if so."""
    net, here = d.network, d.case
    if "other" not in net.causes or d["other"] < max(d[c] for c in net.causes):
        return ()
    before = engine_of(net).posterior(here.people).probability
    if d["other"] < RAISED * before["other"]:
        return ()  # it leads because it always does for such people, not because of what was said
    raised = {form.id: d[form.id] / before[form.id] for form in net.causes["other"].subtypes.values()}
    most = max(raised, key=raised.__getitem__, default=None)
    hint = ""
    if most and d[most] > d["other"] / 3:
        hint = f", above all {net.name_of(most)} ({d[most]:.0%})"
    remark = f"This fits none of the listed causes well: a cause outside the list is the likeliest{hint}."
    return (f"{remark} Have it examined by a professional.",)


# ---------------------------------------------------------------------------------------------------------- words


def _clashes(net: NetworkData, case: Case, conflicts: Sequence[Conflict]) -> list[str]:
    """Return each clash as a sentence."""
    facts = case.facts(net)
    quoted = {f: repr(said(net, f, facts[f])) for pair in conflicts for f in (pair.first, pair.second)}
    return [
        f"{quoted[pair.first]} and {quoted[pair.second]} clash: together they are {2**pair.bits:.1f} times rarer than "
        "if they were unrelated."
        for pair in conflicts
    ]


def _unlisted(net: NetworkData, unexplained: Mapping[str, float]) -> list[str]:
    """Return as a sentence each finding that is more likely than not to come from nothing in the list."""
    most = sorted((f for f, p in unexplained.items() if p > 0.5), key=lambda f: -unexplained[f])
    return [
        f"Nothing in the list explains {net.name_of(f)!r} well ({wording.percent(unexplained[f])} unexplained)."
        for f in most
    ]

"""Does a case look like one its network knows: against the oracle's list of all answers, and of which links fired."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from example import CASES, Data, finding, parent, qmr_like, small, solved
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import Oracle
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score
from strategies import evidence, networks, split

import hip_bayes as hb
from hip_bayes.inference import engine as inference
from hip_bayes.network.parts import Table
from hip_bayes.reasoning import fit as module
from hip_bayes.reasoning.fit import CAVEAT, LEVEL, MOST_ANSWERS_LISTED, SIMULATED, Conflict, Fit, simulated
from hip_bayes.validation.cases import read_cases

if TYPE_CHECKING:
    from hip_bayes import Diagnosis, Network


Facts = dict[str, Any]
Pattern = tuple[float, ...]


@st.composite
def with_other(draw: st.DrawFn) -> Data:
    """Draw a network whose first cause is sometimes what is not in the list, with or without subtypes."""
    data = draw(networks())
    renamed: Data = json.loads(json.dumps(data).replace('"c0"', '"other"'))
    return renamed if draw(st.booleans()) else data


def base_and_answers(data: Data, facts: Facts) -> tuple[Facts, dict[str, float]]:
    """Return what the oracle takes, without the answers that are judged, and these: signs speak of background."""
    sex, band, known = split(data, facts)
    of_causes = [
        f for f, entry in data["findings"].items() if not set(entry["given"]) & set(data.get("background", {}))
    ]
    answers = {f: known.pop(f) for f in of_causes if f in known}
    return {"sex": sex, "band": band, "evidence": known}, {f: x for f, x in answers.items() if x != 0.5}


def every_pattern(data: Data, base: Facts, answers: dict[str, float]) -> dict[Pattern, float]:
    """Return P(pattern | age, sex, background) of every way to answer the same findings, as sure as the case was."""
    oracle = Oracle(data)
    patterns = itertools.product(*((x, 1 - x) for x in answers.values()))
    p = {
        pattern: oracle.probability(**base | {"evidence": base["evidence"] | dict(zip(answers, pattern, strict=True))})
        for pattern in patterns
    }
    nothing = oracle.probability(**base)
    return {pattern: value / nothing for pattern, value in p.items()}


def percentile(p: dict[Pattern, float], own: Pattern) -> tuple[float, float]:
    """Return the mid-p of a pattern in per cent, and the variance of what it is the mean of."""
    below = {q: 0.5 if math.isclose(v, p[own], rel_tol=1e-9) else float(v < p[own]) for q, v in p.items()}
    mean, square = (sum(p[q] * b**power for q, b in below.items()) for power in (1, 2))
    return 100 * mean, 1e4 * (square - mean**2)


def possible(data: Data, facts: Facts) -> Diagnosis:
    """Return the result, or pass over evidence of probability 0."""
    try:
        return solved(data).diagnose(facts)
    except hb.EvidenceError:
        assume(condition=False)
        raise


# Percentile.


@settings(max_examples=80)
@given(drawn=st.data(), data=networks())
def test_percentile_is_the_mid_p_of_the_answers_among_all_answers(drawn: st.DataObject, data: Data) -> None:
    """Answers hard, soft and missing, parents, signs, sex or age unknown: exact, by listing every pattern."""
    facts = drawn.draw(evidence(data))
    base, answers = base_and_answers(data, facts)
    assume(answers)

    fit = possible(data, facts).fit

    expected, _ = percentile(every_pattern(data, base, answers), tuple(answers.values()))
    assert fit.percentile == pytest.approx(expected, abs=1e-7)
    assert fit.error == 0.0


@settings(max_examples=25)
@given(drawn=st.data(), data=networks())
def test_percentile_from_simulated_cases_is_the_exact_one_within_its_error(drawn: st.DataObject, data: Data) -> None:
    """Within 5 standard errors, and 5 cases where few are expected."""
    facts = drawn.draw(evidence(data))
    base, answers = base_and_answers(data, facts)
    assume(answers)
    d = possible(data, facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_ANSWERS_LISTED", 0)
        fit = d.fit

    expected, variance = percentile(every_pattern(data, base, answers), tuple(answers.values()))
    assert abs(fit.percentile - expected) <= 5 * math.sqrt(variance / SIMULATED) + 500 / SIMULATED
    assert 0 < fit.error <= 100 * 0.5 / math.sqrt(SIMULATED)


@settings(max_examples=25)
@given(drawn=st.data(), data=networks())
def test_simulated_people_answer_as_often_as_the_network_says(drawn: st.DataObject, data: Data) -> None:
    """Every pattern of answers, so their dependence too, and reports that are only probably right."""
    facts = drawn.draw(evidence(data))
    base, answers = base_and_answers(data, facts)
    assume(answers)
    d = possible(data, facts)
    n = 20_000
    asked = d.given(dict.fromkeys(answers, None)).case

    said = simulated(d.network.engine.enumeration, asked, answers, n, np.random.default_rng(1))

    sure = [max(x, 1 - x) for x in answers.values()]
    for pattern, p in every_pattern(data, base, dict(zip(answers, sure, strict=True))).items():
        share = (said == (np.array(pattern) == sure)).all(axis=1).mean()
        assert abs(share - p) <= 5 * math.sqrt(p * (1 - p) / n) + 5 / n


@settings(max_examples=40)
@given(drawn=st.data(), data=networks())
def test_false_alarms_have_the_rate_that_is_stated(drawn: st.DataObject, data: Data) -> None:
    """Over a network's own cases the mean percentile is 50, and at most 2 * a per cent of them are at or below a.

    Those at or below the level are outside, unless their answer is the only one.
    """
    facts = {
        f: x for f, x in drawn.draw(evidence(data)).items() if f not in data["findings"] or drawn.draw(st.booleans())
    }
    base, answers = base_and_answers(data, facts)
    assume(answers)
    d = possible(data, facts)

    patterns = every_pattern(data, base, answers)
    found = [(d.given(dict(zip(answers, pattern, strict=True))).fit, p) for pattern, p in patterns.items() if p > 0]

    assert sum(p * fit.percentile for fit, p in found) == pytest.approx(50, abs=1e-6)
    for level in (1, LEVEL, 10, 50):
        assert sum(p for fit, p in found if fit.percentile <= level) <= 2 * level / 100 + 1e-9
    assert all(fit.outside == (len(answers) > 1 and fit.percentile <= LEVEL) for fit, _ in found)


@pytest.mark.parametrize("level", [LEVEL, 20])
def test_cases_of_the_shipped_network_look_outside_it_as_rarely_as_stated(known_cases: list[Fit], level: float) -> None:
    """500 simulated cases, 4 to 8 findings known of each: the rate is the level, within chance (1 in 1,000)."""
    outside = sum(fit.percentile <= level for fit in known_cases)

    assert len(known_cases) == 500
    assert binomtest(outside, len(known_cases), level / 100).pvalue > 1e-3


def test_published_cases_outside_the_list_fit_hardly_less_well_than_the_others() -> None:
    """Ranked by percentile and by what nothing in the list explains: little better than by chance."""
    net = hb.load_network()
    labelled, _, _ = read_cases(CASES, net, "truth", (), ())
    outside = [true == {"other"} for true in labelled.truth]
    fits = [net.diagnose(facts).fit for _, facts in labelled.facts.iterrows()]

    assert 5 <= sum(outside) < len(outside) / 2
    by_percentile = roc_auc_score(outside, np.nan_to_num([-fit.percentile for fit in fits], nan=-50.0))
    by_share = roc_auc_score(outside, np.nan_to_num([fit.unexplained_share for fit in fits]))
    assert 0.5 < by_percentile < by_share < 0.7


@pytest.fixture(scope="module")
def known_cases() -> list[Fit]:
    """Return the fit of 500 cases drawn from the shipped network."""
    net, rng = hb.load_network(), np.random.default_rng(8)
    fits = []
    for case in net.simulate(500, rng).to_dict("records"):
        known = rng.choice(net.engine.units.findings, rng.integers(4, 9), replace=False)
        fits.append(net.diagnose({name: case[name] for name in ("age", "sex", *known)}).fit)
    return fits


def test_findings_that_are_not_probable_together_make_a_case_look_outside(twins: Network) -> None:
    """Two findings of one cause: one without the other is unusual, both or none are not."""
    for f, g in itertools.product((True, False), repeat=2):
        assert twins.diagnose(f=f, g=g).fit.outside == (f != g)


def test_percentile_at_the_level_counts_as_outside() -> None:
    values: dict[str, Any] = {"error": 0.0, "conflict": 0.0, "conflicts": (), "unexplained": Table(), "reasons": ()}

    assert Fit(answered=2, percentile=5.0, level=5.0, **values).outside
    assert not Fit(answered=2, percentile=math.nextafter(5, 6), level=5.0, **values).outside
    assert not Fit(answered=1, percentile=5.0, level=5.0, **values).outside


def test_a_single_rare_answer_is_not_called_unusual() -> None:
    """Its percentile stays; a second answer, however ordinary, or only probable, makes two to judge."""
    d = solved(small({"a": 0.01}, {"f": finding(0.0001, {"a": 0.9}), "g": finding(0.5, {"a": 0.6})})).diagnose(f=True)

    assert d.fit.percentile < LEVEL
    assert (d.fit.answered, d.fit.outside) == (1, False)
    assert d.fit.sentence == "Only one finding was answered: too few to call the answers unusual or not."
    for g in (False, True, 0.7):
        assert (d.given(g=g).fit.answered, d.given(g=g).fit.outside) == (2, True)
    assert not d.given(g=0.5).fit.outside  # says nothing, so is no answer


def test_signs_are_not_counted_among_the_answers() -> None:
    """A rare answer and a sign of background are still a single answer."""
    shipped = hb.load_network()
    [sign] = shipped.engine.units.signs

    assert shipped.diagnose({"sex": "f", sign: True, "groin_pain": True}).fit.answered == 1


# Conflict.


@settings(max_examples=80)
@given(drawn=st.data(), data=networks())
def test_conflict_measures_are_those_of_the_oracle(drawn: st.DataObject, data: Data) -> None:
    """Of all answers and of each pair, given age, sex, background and its signs."""
    facts = drawn.draw(evidence(data))
    base, answers = base_and_answers(data, facts)
    d = possible(data, facts)
    oracle = Oracle(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CLASH", -math.inf)
        fit = d.fit

    def bits(some: dict[str, float]) -> float:
        p, *alone = (
            oracle.probability(**base | {"evidence": base["evidence"] | said}) / oracle.probability(**base)
            for said in (some, *({f: x} for f, x in some.items()))
        )
        return sum(map(math.log2, alone)) - math.log2(p)

    pairs = {frozenset(dict(pair)): bits(dict(pair)) for pair in itertools.combinations(answers.items(), 2)}
    assert fit.conflict == pytest.approx(bits(answers), abs=1e-9)
    assert {frozenset((c.first, c.second)): c.bits for c in fit.conflicts} == pytest.approx(pairs, abs=1e-9)
    assert [c.bits for c in fit.conflicts] == sorted((c.bits for c in fit.conflicts), reverse=True)


@settings(max_examples=40)
@given(drawn=st.data(), data=networks())
def test_only_pairs_from_the_threshold_up_are_listed(drawn: st.DataObject, data: Data) -> None:
    facts = drawn.draw(evidence(data))
    threshold = drawn.draw(st.sampled_from([-0.2, 0.0, 0.1]))

    def listed(threshold: float) -> tuple[Conflict, ...]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "CLASH", threshold)
            return possible(data, facts).fit.conflicts

    assert listed(threshold) == tuple(c for c in listed(-math.inf) if c.bits >= threshold)


def test_the_sign_of_a_conflict(twins: Network) -> None:
    """Above 0 where one excludes the other, below 0 where they go together, 0 for a single answer."""
    assert twins.diagnose(f=True, g=False).fit.conflict > 1
    assert twins.diagnose(f=True, g=True).fit.conflict < -0.5
    assert twins.diagnose(f=True).fit.conflict == pytest.approx(0, abs=1e-12)


# Unexplained.


def by_nothing_listed(data: Data, facts: Facts, f: str) -> float:
    """P(f, which is present, was brought about by nothing listed | evidence), by listing which links fired.

    Of the causes in one mechanism the strongest counts: the strongest listed one, and what `other` has beyond it.
    """
    oracle, links = Oracle(data), solved(data).engine.links[f]
    sex, band, known = split(data, facts)
    cells = [w for cell, w in oracle.weight.items() if sex in (None, cell[0]) and band in (None, cell[1])]
    rows = np.sum(cells, axis=0)
    for i, x in known.items():
        rows = rows * np.where(oracle.present[i], x, 1 - x)
    sites = {s: c for c, cause in data["causes"].items() for s in cause.get("subtypes", (c,))}
    mechanisms = [m["causes"] for m in data.get("mechanisms", {}).values() if f in m["findings"]]
    together = [*mechanisms, *([c] for c in data["causes"] if not any(c in m for m in mechanisms))]

    @functools.cache
    def share(with_parent: bool, *there: str) -> float:  # noqa: FBT001
        """P(no listed link fired | some link fired), with these causes and subtypes there."""
        leak = -math.expm1(links.log_no_leak)
        events = [(leak, False), (links.effect * with_parent, True)]  # P(fires), and whether it is listed
        for causes in together:
            strongest = {True: 0.0, False: 0.0}
            for s in [s for s in there if sites[s] in causes]:
                listed = sites[s] != "other"
                strongest[listed] = max(strongest[listed], -math.expm1(links.log_no_link.get(s, 0.0)))
            beyond = 1 - (1 - max(strongest.values())) / (1 - strongest[True])
            events += [(strongest[True], True), (beyond, False)]
        some = unlisted = 0.0
        for fired in itertools.product((True, False), repeat=len(events)):
            p = math.prod(q if fires else 1 - q for (q, _), fires in zip(events, fired, strict=True))
            by = [listed for (_, listed), fires in zip(events, fired, strict=True) if fires]
            some += p * bool(by)
            unlisted += p * (bool(by) and not any(by))
        return unlisted / some

    total = 0.0
    for row in np.flatnonzero(rows):
        with_parent = bool(links.parent and oracle.present[links.parent][row])
        total += float(rows[row]) * share(with_parent, *(s for s in sites if oracle.present[s][row]))
    return total / float(rows.sum())


@settings(max_examples=60)
@given(drawn=st.data(), data=with_other())
def test_unexplained_is_the_share_in_which_no_listed_link_fired(drawn: st.DataObject, data: Data) -> None:
    """With `other` and without, subtypes, mechanisms, and a parent present, absent, probable or unknown."""
    facts = drawn.draw(evidence(data))
    _, answers = base_and_answers(data, facts)
    present = [f for f, x in answers.items() if x == 1]
    assume(present)

    fit = possible(data, facts).fit

    expected = {f: by_nothing_listed(data, facts, f) for f in present}
    assert dict(fit.unexplained) == pytest.approx(expected, abs=1e-9)
    assert fit.unexplained_share == pytest.approx(np.mean(list(expected.values())), abs=1e-9)


def test_what_only_the_leak_can_bring_about_is_unexplained() -> None:
    """And without a cause called `other` nothing else is; a listed cause that is sure to be there takes its share."""
    data = small({"a": 0.3, "b": 0.5}, {"f": finding(0.1, {"a": 0.1}), "g": finding(0.1, {"a": 0.9})})
    fit = solved(data).diagnose(f=True, g=True).fit

    assert fit.unexplained["f"] == pytest.approx(1)
    absent, present = 0.7 * 0.1, 0.3 * 0.9  # of a, and g there; with a, 1 - link is 0.1 / 0.9
    assert fit.unexplained["g"] == pytest.approx((absent + 0.3 * 0.1 * 0.1 / 0.9) / (absent + present))


def test_a_parent_that_is_present_explains_a_finding(net: Network) -> None:
    """Pain at night is less of a riddle with a sore side; without it, more of one."""
    with_it, unknown, without = (
        net.diagnose(night_pain=True, lateral_pain=there).fit.unexplained["night_pain"] for there in (True, None, False)
    )

    assert with_it < unknown < without


def test_only_findings_that_are_present_for_sure_are_to_be_explained(net: Network) -> None:
    fit = net.diagnose(lateral_pain=0.9, night_pain=False).fit

    assert not fit.unexplained
    assert math.isnan(fit.unexplained_share)


# All of it.


@pytest.fixture(scope="module")
def twins() -> Network:
    """Return a network of one cause with two findings that are nearly always there with it, and never without."""
    return solved(small({"a": 0.5}, {"f": finding(0.02, {"a": 0.98}), "g": finding(0.02, {"a": 0.98})}))


@pytest.mark.parametrize(
    "said", [{}, {"weak_muscles": True, "age": 40}, {"fever": True}], ids=["nothing", "who", "flag"]
)
def test_without_an_answer_there_is_nothing_to_judge(net: Network, said: Facts) -> None:
    fit = net.diagnose(said).fit

    assert math.isnan(fit.percentile)
    assert not fit.outside
    assert (fit.conflict, fit.conflicts, dict(fit.unexplained), fit.reasons, fit.error) == (0.0, (), {}, (), 0.0)
    assert fit.sentence == "No finding of a cause was answered, so there is nothing to compare."


def test_signs_are_background() -> None:
    """A sign alone leaves nothing to judge, and is neither in a conflict nor unexplained."""
    shipped = hb.load_network()
    [sign] = shipped.engine.units.signs
    alone = shipped.diagnose({"sex": "f", sign: True}).fit
    among = shipped.diagnose({"sex": "f", sign: True, "groin_pain": True, "lateral_pain": False}).fit

    assert math.isnan(alone.percentile)
    assert set(among.unexplained) == {"groin_pain"}
    assert among.percentile != shipped.diagnose(sex="f", groin_pain=True, lateral_pain=False).fit.percentile


@pytest.mark.parametrize("answered", [4, MOST_ANSWERS_LISTED + 1], ids=["listed", "simulated"])
def test_the_same_facts_give_the_same_fit_in_whatever_order(answered: int) -> None:
    """From a network just solved too."""
    names = [f"f{k}" for k in range(answered)]
    data = small({"a": 0.4, "other": 0.3}, {f: finding(0.1, {"a": 0.5, "other": 0.3}) for f in names})
    facts: Facts = {f: k % 3 == 0 for k, f in enumerate(names)} | {"f1": 0.7, "sex": "f", "age": 30}
    turned = dict(reversed(facts.items()))

    assert solved(data).diagnose(facts).fit == solved(data).diagnose(turned).fit


def test_more_findings_than_are_listed_still_have_the_exact_percentile_within_the_error() -> None:
    """Twelve findings in a chain of parents, some answered as probable, against a list of all 4,096 patterns."""
    table = {"f0": finding(0.2, {"a": 0.8})}
    table |= {
        f"f{k}": finding(0.2, {"a": 0.7}, parent=parent(f"f{k - 1}", 0.3)) for k in range(1, MOST_ANSWERS_LISTED + 2)
    }
    d = solved(small({"a": 0.4}, table)).diagnose({f: k % 2 == 0 for k, f in enumerate(table)} | {"f1": 0.8})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_ANSWERS_LISTED", len(table))
        exact = d.given().fit

    assert (exact.error, d.fit.error > 0) == (0.0, True)
    assert abs(d.fit.percentile - exact.percentile) <= 4 * d.fit.error


def test_answers_that_cannot_be_given_are_never_met() -> None:
    """Where a finding only ever comes from its parent, without it has probability 0: that is not an error."""
    only_by_parent = finding(0.05, {"a": 0.3}, parent=parent("f", 0.5))
    d = solved(small({"a": 0.5}, {"f": finding(0.1, {"a": 0.6}), "g": only_by_parent})).diagnose(f=True, g=True)

    with pytest.raises(hb.EvidenceError, match="cannot be as they were said"):
        d.given(f=False)
    assert d.fit.percentile == pytest.approx(100 * 0.35 / 2)  # P(f) is 0.35, and half of these have g


def test_a_network_too_large_to_list_is_refused() -> None:
    d = solved(qmr_like(60, 20, seed=1)).diagnose(f0=True)

    with pytest.raises(hb.NetworkTooLargeError, match="needs a list of all sets of the 60 causes"):
        _ = d.fit


def test_answers_that_would_take_too_long_are_refused(net: hb.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "MOST_OPERATIONS", 1e5)

    with pytest.raises(hb.NetworkTooLargeError, match=r"^to judge 2 answers would take .*; allowed: 1e\+05, .*fewer"):
        _ = net.diagnose(lateral_pain=True, night_pain=False).fit


# Words.


def test_a_clash_is_told_in_words() -> None:
    """Strongest first, with the names and states of the file, and as the reason why answers are unusual."""
    table = {"f": finding(0.02, {"a": 0.98}, name="Pain"), "g": finding(0.02, {"a": 0.98}, states=["slow", "sudden"])}
    d = solved(small({"a": 0.5}, table)).diagnose(f=True, g=False)
    times = 2 ** d.fit.conflicts[0].bits

    assert d.fit.conflicts == (Conflict("f", "g", d.fit.conflict),)
    assert d.fit.reasons[0] == (
        f"'Pain: yes' and 'A finding: slow' clash: together they are {times:.1f} times rarer than if they were "
        "unrelated."
    )
    assert d.fit.sentence == (
        "The answers are unusual for this network's population: of people like this one, asked the same, "
        f"{d.fit.percentile:.1f}% give less probable answers (ties count half). {d.fit.reasons[0]} "
        f"{CAVEAT}"
    )
    assert "'A finding: 10% sure sudden'" in d.given(g=0.1).fit.reasons[0]


def test_ordinary_answers_are_told_in_words(twins: Network) -> None:
    """With how many give rarer ones, and that an outside disease is another matter, but no reason."""
    fit = twins.diagnose(f=True, g=True).fit
    both, one, neither = 0.5 * (0.98**2 + 0.02**2), 0.02 * 0.98, 0.5 * (0.98**2 + 0.02**2)

    assert both == neither > one
    assert fit.percentile == pytest.approx(100 * (2 * one + (both + neither) / 2))
    assert fit.sentence == (
        "The answers are not unusual for this network's population: of people like this one, asked the same, "
        f"{fit.percentile:.1f}% give less probable answers (ties count half). {CAVEAT}"
    )


def test_the_caveat_says_that_an_outside_disease_is_another_matter() -> None:
    assert CAVEAT == (
        "This does not show whether a disease outside the list is there, which often gives ordinary answers: look at "
        "P(other) for that, where the network has it."
    )


def test_what_nothing_explains_is_told_in_words() -> None:
    """What rounds to all of it is not called all of it."""
    fever = finding(0.01, {"a": 0.01, "other": 0.9}, name="Fever at night")
    d = solved(small({"a": 0.5, "other": 0.02}, {"f": fever, "g": finding(0.5, {"a": 0.6})})).diagnose(f=True, g=False)

    assert d.fit.outside
    assert d.fit.reasons == ("Nothing in the list explains 'Fever at night' well (>99.9% unexplained).",)
    assert d.fit.sentence.endswith(f"{d.fit.reasons[0]} {CAVEAT}")
    assert "Of the findings present, >99.9% are expected to come from nothing" in str(d.fit)


def test_a_rare_case_without_a_clash_says_that_it_is_the_whole() -> None:
    """It may be one rare answer and an ordinary one: that all of them are rare is not said."""
    table = {"f": finding(0.0001, {"a": 0.9}), "g": finding(0.5, {"a": 0.6})}
    fit = solved(small({"a": 0.01}, table)).diagnose(f=True, g=False).fit

    assert (fit.outside, fit.reasons) == (True, ())
    assert fit.sentence.endswith(f"No two answers clash; as a whole they are rare. {CAVEAT}")


@pytest.mark.parametrize(
    ("percentile", "words"),
    [(0.0, "<0.1%"), (0.04, "<0.1%"), (4.4, "4.4%"), (50.0, "50.0%"), (99.6, "99.6%"), (99.95, ">99.9%")],
)
def test_a_percentile_is_never_rounded_to_nobody_or_all(twins: Network, percentile: float, words: str) -> None:
    fit = dataclasses.replace(twins.diagnose(f=True, g=True).fit, percentile=percentile)

    assert f"asked the same, {words} give less probable answers" in fit.sentence


def test_it_prints_as_plain_text(twins: Network) -> None:
    """The sentence, every reason, the share that nothing explains, and what it is for."""
    fit = twins.diagnose(f=True, g=False).fit
    first, *middle, share, last = str(fit).splitlines()

    assert repr(fit) == str(fit)
    assert first == fit.sentence
    told = [reason for reason in fit.reasons if reason in fit.sentence]
    assert (fit.outside, len(told)) in {(True, 1), (False, 0)}
    assert middle == [f"  - {reason}" for reason in fit.reasons if reason not in told]
    assert share == (
        f"Of the findings present, {fit.unexplained_share:.1%} are expected to come from nothing in the list."
    )
    assert last.startswith("For research and education")


def test_a_fit_does_not_change(net: Network) -> None:
    with pytest.raises(AttributeError):
        net.diagnose(lateral_pain=True).fit.percentile = 50.0  # type: ignore[misc]

"""The numbers: every posterior against the oracle, the file's own tables, and Bayes' rule by hand."""

from __future__ import annotations

import gc
import math
import re
import weakref
from typing import Any

import numpy as np
import pandas as pd
import pytest
from example import (
    Data,
    every_state,
    example_data,
    finding,
    number,
    odds_ratio,
    parent,
    small,
    solved,
    with_background,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import SEXES, Oracle
from strategies import Facts, cases, networks, split

from hip_bayes import Diagnosis, EvidenceError, Network, NetworkError, NetworkTooLargeError
from hip_bayes.inference import priors
from hip_bayes.inference.enumeration import Enumeration

EXACT = 1e-9


def probabilities(d: Diagnosis) -> dict[str, float]:
    """Return P(present) of every cause, subtype and group, and the evidence: all that must be the same bits."""
    net = d.network
    ids = [*net.causes, *net.subtype_of, *net.groups]
    return {i: d[i] for i in ids} | {"log_evidence": d.log_evidence}


def chance(net: Network, facts: Facts) -> float:
    """P(facts | population)."""
    return math.exp(net.diagnose(facts).log_evidence)


def an_age(net: Network, band: str) -> int:
    """Return an age in years that is in the band."""
    return net.bands[band].low


# Against the oracle.


@pytest.mark.parametrize("everyone", [True, False], ids=["everyone has a cause", "not everyone has a cause"])
@settings(max_examples=200)
@given(drawn=st.data())
def test_posterior_is_that_of_the_oracle(drawn: st.DataObject, *, everyone: bool) -> None:
    """With hard, soft and partial evidence, each cause, subtype and group has the oracle's probability."""
    data, facts = drawn.draw(cases(everyone=everyone))
    sex, band, known = split(data, facts)
    expected = Oracle(data).posterior(sex=sex, band=band, evidence=known)

    d = solved(data).diagnose(facts)

    assert {i: d[i] for i in expected} == pytest.approx(expected, rel=0, abs=EXACT)


@settings(max_examples=60)
@given(case=cases())
def test_log_evidence_is_the_probability_of_what_is_known(case: tuple[Data, Facts]) -> None:
    """Except for a fact that says nothing (0.5), which is dropped."""
    data, facts = case
    facts = {name: value for name, value in facts.items() if value != 0.5}
    sex, band, known = split(data, facts)
    expected = Oracle(data).probability(sex=sex, band=band, evidence=known)

    assert chance(solved(data), facts) == pytest.approx(expected, rel=EXACT, abs=0)


@settings(max_examples=60)
@given(case=cases())
def test_the_joint_distribution_of_the_causes_is_that_of_the_oracle(case: tuple[Data, Facts]) -> None:
    """With the states of each cause, its subtypes told apart, in the order of `causes`; the table is the caller's."""
    data, facts = case
    net, oracle = solved(data), Oracle(data)
    sex, band, known = split(data, facts)
    d = net.diagnose(facts)

    joint = net.engine.enumeration.joint(d.case)

    total = oracle.probability(sex=sex, band=band, evidence=known)
    states = every_state(net)
    expected = [oracle.probability(sex=sex, band=band, evidence=known | state) / total for state in states]
    assert joint.reshape(-1) == pytest.approx(expected, rel=0, abs=EXACT)
    joint[:] = 0.0
    assert net.diagnose(facts).log_evidence == d.log_evidence


@settings(max_examples=60)
@given(case=cases())
def test_what_a_finding_would_be_in_every_state_is_that_of_the_oracle(case: tuple[Data, Facts]) -> None:
    """Whatever is known of its relatives: P(finding present | state, evidence) wherever that state is possible."""
    data, facts = case
    net, oracle = solved(data), Oracle(data)
    sex, band, known = split(data, facts)
    enumeration = net.engine.enumeration
    asked = [f for f in net.engine.units.findings if f not in known]
    states = every_state(net)
    before = [oracle.probability(sex=sex, band=band, evidence=known | state) for state in states]

    for f in asked:
        predicted = enumeration.predicted(f, net.diagnose(facts).case.findings).reshape(-1).tolist()
        for p, state, weight in zip(predicted, states, before, strict=True):
            after = oracle.probability(sex=sex, band=band, evidence=known | state | {f: 1.0})
            assert weight == 0 or p == pytest.approx(after / weight, rel=0, abs=EXACT)


# The tables of the file come back.


def cell(table: Data, sex: str, k: int) -> float:
    """Return one cell of a table by sex and age band, as the file writes it."""
    p = table[sex if sex in table else "all"]["p"]
    return float(p[k] if isinstance(p, list) else p)


def assert_tables_come_back(data: Data) -> None:
    """Check that the network gives back each prior, prevalence and weight of its file."""
    net = solved(data)
    bands = data["network"]["age_bands"]
    equal: Data = {"all": {"p": 1 / (2 * len(bands))}}
    for sex in SEXES:
        for k, band in enumerate(bands):
            d = net.diagnose(age=an_age(net, band), sex=sex)
            priors = {c: cell(entry["prior"], sex, k) for c, entry in data["causes"].items()}
            assert {c: d[c] for c in priors} == pytest.approx(priors, rel=0, abs=EXACT)
            weight = cell(data["network"].get("weights", equal), sex, k)
            assert math.exp(d.log_evidence) == pytest.approx(weight, rel=0, abs=EXACT)
            prevalence = {b: cell(entry["prevalence"], sex, k) for b, entry in data.get("background", {}).items()}
            found = {b: math.exp(d.given({b: True}).log_evidence - d.log_evidence) for b in prevalence}
            assert found == pytest.approx(prevalence, rel=0, abs=EXACT)


@settings(max_examples=150)
@given(data=networks())
def test_age_and_sex_alone_give_the_tables_of_the_file_back(data: Data) -> None:
    assert_tables_come_back(data)


def test_the_example_gives_its_tables_back(data: Data) -> None:
    assert_tables_come_back(data)


@pytest.mark.parametrize("ratio", [0.02, 1.001, 3.0, 50.0])
@pytest.mark.parametrize("edge", [0.02, 1.0, 5.0, 5.981, 50.0])
def test_tables_come_back_however_strong_the_odds_ratios_are(ratio: float, edge: float) -> None:
    """Also where the solution is close to "nobody has pain", which must not be taken for it."""
    data = small({"a": 0.54, "b": 0.54}, {"f": finding(0.1, {"a": 0.5})}, everyone=True)
    data["background"] = {"r": {"name": "R", "question": "R?", "prevalence": {"all": number(0.5)}}}
    data["causes"]["a"]["odds_ratios"] = {"r": odds_ratio(ratio)}
    data["causes"]["b"]["odds_ratios"] = {"a": odds_ratio(edge)}

    assert_tables_come_back(data)


@pytest.mark.parametrize("excess", [0.3, 1e-2, 1e-3, 1e-4])
def test_tables_come_back_however_little_the_priors_exceed_one(excess: float) -> None:
    """A sum just above 1 means that few people have pain, and hardly anyone two causes."""
    data = small({"a": 0.5, "b": 0.3, "other": 0.2 + excess}, {"f": finding(0.1, {"a": 0.5})}, everyone=True)

    assert_tables_come_back(data)


@pytest.mark.parametrize("excess", [1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-15])
def test_priors_that_hardly_exceed_one_are_solved_or_refused_but_never_answered_wrongly(excess: float) -> None:
    data = small({"a": 0.5, "b": 0.3, "other": 0.2 + excess}, {"f": finding(0.1, {"a": 0.5})}, everyone=True)
    try:
        solved(data)
    except NetworkError as refusal:
        assert "female 18+" in str(refusal)  # noqa: PT017 either is right
    else:
        assert_tables_come_back(data)


@settings(max_examples=60)
@given(data=networks())
def test_with_nothing_known_the_answer_is_the_mixture_of_the_tables_by_the_weights(data: Data) -> None:
    net = solved(data)
    bands = data["network"]["age_bands"]
    equal: Data = {"all": {"p": 1 / (2 * len(bands))}}
    weights = data["network"].get("weights", equal)
    expected = {
        c: sum(cell(weights, sex, k) * cell(entry["prior"], sex, k) for sex in SEXES for k in range(len(bands)))
        for c, entry in data["causes"].items()
    }

    d = net.diagnose()

    assert {c: d[c] for c in expected} == pytest.approx(expected, rel=0, abs=EXACT)
    assert d.log_evidence == pytest.approx(0, abs=EXACT)


@settings(max_examples=60)
@given(data=networks(everyone_has_a_cause=True))
def test_everyone_has_at_least_one_cause(data: Data) -> None:
    """Unless the file says otherwise, P(at least one cause) is 1, whatever is known."""
    data["groups"] = {"anything": {"name": "Any cause", "members": list(data["causes"])}}
    facts = dict.fromkeys(data["findings"], False)

    assert solved(data).diagnose(facts)["anything"] == pytest.approx(1, rel=0, abs=1e-12)


# What is not known, and in what order the rest is said.


@settings(max_examples=60)
@given(case=cases(), blank=st.sampled_from([None, math.nan, "unknown", 0.5]))
def test_unknown_and_half_sure_say_nothing(case: tuple[Data, Facts], blank: object) -> None:
    """They give the same bits as leaving the name out."""
    data, facts = case
    net = solved(data)
    said = {name: value for name, value in facts.items() if value is not None}
    left = [*net.background, *net.findings]
    blanks = {name: blank for name in left if name not in said}

    assert probabilities(net.diagnose({**blanks, **said})) == probabilities(net.diagnose(said))


@settings(max_examples=60)
@given(case=cases(), drawn=st.data())
def test_the_order_of_the_facts_does_not_change_a_bit(case: tuple[Data, Facts], drawn: st.DataObject) -> None:
    data, facts = case
    net = solved(data)
    shuffled = dict(drawn.draw(st.permutations(list(facts.items()))))

    assert probabilities(net.diagnose(shuffled)) == probabilities(net.diagnose(facts))


@settings(max_examples=30)
@given(case=cases())
def test_the_same_question_gives_the_same_bits(case: tuple[Data, Facts]) -> None:
    """Asked again, asked after other questions, and asked of the same file read again."""
    data, facts = case
    net = solved(data)
    first = probabilities(net.diagnose(facts))
    net.diagnose(sex="female")
    net.diagnose(dict.fromkeys(net.findings, True))

    again = [probabilities(net.diagnose(facts)) for _ in range(5)]

    assert [*again, probabilities(solved(data).diagnose(facts))] == [first] * 6


def test_a_forgotten_and_a_remembered_prior_are_the_same_bits(net: Network) -> None:
    """The engine keeps some priors; asking so many questions that they are dropped changes nothing."""
    facts = {"age": 46, "sex": "female", "weak_muscles": 0.25, "lateral_pain": True}
    first = probabilities(net.diagnose(facts))
    for k in range(1, 600):
        net.diagnose(weak_muscles=k / 1000)

    assert probabilities(net.diagnose(facts)) == first


# What a finding does.


def below(data: Data, f: str) -> set[str]:
    """Return the findings that depend on `f`."""
    children = {g for g, entry in data["findings"].items() if entry.get("parent", {}).get("finding") == f}
    return children.union(*(below(data, g) for g in children))


def of_background(data: Data) -> set[str]:
    """Return the findings that are the sign of a background variable."""
    return {f for f, entry in data["findings"].items() if set(entry["given"]) & set(data.get("background", {}))}


@settings(max_examples=150)
@given(case=cases(), drawn=st.data())
def test_a_finding_of_one_cause_never_lowers_it(case: tuple[Data, Facts], drawn: st.DataObject) -> None:
    """Whatever else is known, but for what depends on the finding.

    A finding of a subtype lowers neither that subtype nor the cause as a whole.
    """
    data, facts = case
    alone = {f for f, entry in data["findings"].items() if len(entry["given"]) == 1 and "parent" not in entry}
    candidates = sorted(alone - of_background(data))
    assume(candidates)
    f = drawn.draw(st.sampled_from(candidates))
    [site] = data["findings"][f]["given"]
    net = solved(data)
    raised = {site, net.subtype_of[site]} if site in net.subtype_of else {site}

    before = net.diagnose({name: value for name, value in facts.items() if name not in {f, *below(data, f)}})
    present, absent = before.given({f: True}), before.given({f: False})

    for id_ in raised:
        assert present[id_] >= before[id_] - 1e-12
        assert absent[id_] <= before[id_] + 1e-12


def stated_if_alone(data: Data, f: str, c: str) -> float | None:
    """P(f | only c) as the file states it; None where the file leaves it to the formula of a finding's parent."""
    entry = data["findings"][f]
    subtypes = data["causes"][c].get("subtypes", {})
    rest = None if "parent" in entry else entry["leak"]
    stated = [entry["given"].get(site, entry["given"].get(c, rest)) for site in subtypes or (c,)]
    if None in stated:
        return None
    shares = [s["share"]["p"] for s in subtypes.values()] or [1.0]
    return math.fsum(share * p["p"] for share, p in zip(shares, stated, strict=True))


def test_rounding_leaves_no_cause_without_room_for_a_parent() -> None:
    """Cause b raises neither the finding nor its parent: its link is 0, though 1 - (1 - 0.1) is not quite 0.1."""
    table = {
        "f": finding(0.1, {"a": 0.5}),
        "g": finding(0.1, {"a": 0.5}, parent=parent("f", 0.5)),
        "h": finding(0.17, {"b": 0.17}, parent=parent("g", 0.5)),
    }
    net = solved(small({"a": 0.5, "b": 0.5}, table))

    assert net.engine.links["h"].log_no_link["b"] == 0


@settings(max_examples=150)
@given(data=networks())
def test_p_is_the_probability_given_that_cause_alone(data: Data) -> None:
    """P(finding | only this cause) is the `p` of the file, and P(finding | no cause) its leak, end to end.

    Only public answers are used: P(only c) = P(any cause) - P(any cause but c), two groups of the network.
    """
    causes = list(data["causes"])
    data["groups"] = {"anything": {"name": "Any cause", "members": causes}}
    data["groups"] |= {f"not_{c}": {"name": "Any other", "members": [o for o in causes if o != c]} for c in causes}
    net = solved(data)
    before = net.diagnose()
    for f in data["findings"].keys() - of_background(data):
        after = before.given({f: True})
        p_f = math.exp(after.log_evidence)
        for c in causes:
            p = stated_if_alone(data, f, c)
            if p is not None:
                only = [d["anything"] - d[f"not_{c}"] for d in (before, after)]
                assert only[1] * p_f / only[0] == pytest.approx(p, rel=0, abs=EXACT)
        if not net.everyone_has_a_cause:
            nothing = [1 - d["anything"] for d in (before, after)]
            assert nothing[1] * p_f / nothing[0] == pytest.approx(data["findings"][f]["leak"]["p"], rel=0, abs=EXACT)


@pytest.mark.parametrize("present", [True, False], ids=["positive test", "negative test"])
@pytest.mark.parametrize(
    ("pretest", "sensitivity", "specificity"),
    [
        (0.01, 0.9, 0.9),  # the one of every textbook: 8.3 % after a positive test
        (0.32, 0.96, 0.21),
        (0.5, 0.5, 0.5),
        (0.05, 0.999, 0.999),
        (0.9, 0.1, 0.95),
        (1e-6, 0.99, 0.999999),
        (1e-9, 0.3, 1 - 1e-9),
        (1e-12, 0.99, 1 - 2.0**-40),  # a leak of 1e-12
        (1e-15, 0.99, 1 - 2.0**-50),
    ],
)
def test_one_study_gives_its_post_test_probability(
    pretest: float, sensitivity: float, specificity: float, *, present: bool
) -> None:
    """One cause, not everyone has one: prior, sensitivity and 1 - specificity give Bayes' rule."""
    net = solved(small({"torn": pretest}, {"test": finding(1 - specificity, {"torn": sensitivity})}))
    if_torn, if_not = (sensitivity, 1 - specificity) if present else (1 - sensitivity, specificity)
    p_torn, p_not = pretest * if_torn, (1 - pretest) * if_not
    expected = p_torn / (p_torn + p_not)

    assert net.diagnose(test=present)["torn"] == pytest.approx(expected, rel=EXACT, abs=0)


# Extremes.


@pytest.mark.parametrize("leak", [1e-3, 1e-6, 1e-9, 1e-12, 1e-17, 1e-300])
def test_however_small_a_leak_is_a_finding_weighs_as_bayes_rule_says(leak: float) -> None:
    net = solved(small({"a": 0.3}, {"f": finding(leak, {"a": 3.3 * leak})}))

    assert net.diagnose(f=True)["a"] == pytest.approx(0.99 / (0.99 + 0.7), rel=EXACT, abs=0)


def rare(number_of: int, **more: object) -> dict[str, Data]:
    """Return findings that hardly anyone has."""
    return {f"f{k}": finding(1e-6, {"a": 2e-6}, **more) for k in range(number_of)}


@pytest.mark.parametrize("value", [True, math.nextafter(1, 0)])
def test_hundreds_of_unlikely_findings_do_not_underflow(value: object) -> None:
    net = solved(small({"a": 0.6, "b": 0.6}, rare(400), everyone=True))

    d = net.diagnose(dict.fromkeys(net.findings, value))

    assert -6000 < d.log_evidence < -5000
    assert 1 - 1e-9 < d["a"] <= 1
    assert 0 < d["b"] < 1


def test_hundreds_of_unlikely_findings_behind_one_parent_do_not_underflow() -> None:
    """Each of probability 1e-6 and all with the same parent finding."""
    children = rare(400, parent=parent("g", 1e-6))
    net = solved(small({"a": 0.6, "b": 0.6}, {"g": finding(0.1, {"b": 0.5}), **children}, everyone=True))

    d = net.diagnose(dict.fromkeys(children, True))

    assert -6000 < d.log_evidence < -5000
    assert 1 - 1e-9 < d["a"] <= 1
    assert 0 < d["b"] < 1


@pytest.mark.parametrize("x", [math.ulp(0), 1e-300, 1e-9, 1 - 1e-9, math.nextafter(1, 0)])
def test_almost_sure_is_finite_and_as_good_as_sure(net: Network, x: float) -> None:
    almost, sure = net.diagnose(lateral_pain=x, night_pain=x), net.diagnose(lateral_pain=x > 0.5, night_pain=x > 0.5)

    assert math.isfinite(almost.log_evidence)
    assert {c: almost[c] for c in net.causes} == pytest.approx({c: sure[c] for c in net.causes}, rel=0, abs=1e-7)


def test_too_many_shared_background_factors_are_refused_with_a_figure() -> None:
    data = small({"a": 0.6, "b": 0.6}, {"f": finding(0.1, {"a": 0.5})}, everyone=True)

    with pytest.raises(NetworkTooLargeError, match=r"20 background variables.*2,097,152 configurations; allowed: "):
        solved(with_background(data, 20, "ab"))


@pytest.mark.parametrize("count", [19, 30, 300])
def test_too_many_background_factors_of_one_cause_are_refused_before_any_table_is_made(count: int) -> None:
    """Tables over their states would not fit in memory, or take minutes to solve."""
    data = small({"a": 0.6, "b": 0.6}, {"f": finding(0.1, {"a": 0.5})}, everyone=True)

    with pytest.raises(
        NetworkTooLargeError, match=rf"e\+\d+ of them for 'a': {count} background .* allowed: 1.7e\+07"
    ) as e:
        solved(with_background(data, count, "a"))
    assert e.value.key == "causes.a.odds_ratios"


def test_causes_that_all_raise_each_other_are_refused_with_the_figure() -> None:
    data = small({f"c{k}": 0.1 for k in range(26)}, {"f": finding(0.1, {"c0": 0.5})}, everyone=True)
    for k in range(26):
        data["causes"][f"c{k}"]["odds_ratios"] = {f"c{i}": odds_ratio(2.0) for i in range(k)}

    with pytest.raises(NetworkTooLargeError, match=r"for 'c25': .* 25 causes raise it"):
        solved(data)


def test_priors_that_would_take_too_many_steps_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step goes through some 900 numbers here: 2 cells x (1 + 2 ** 6 x 7), and those of b."""
    data = small({"a": 0.6, "b": 0.6}, {"f": finding(0.1, {"a": 0.5})}, everyone=True)
    _ = solved(with_background(data, 6, "a"))
    monkeypatch.setattr(priors, "MAX_SOLVING", 3000)

    with pytest.raises(NetworkTooLargeError, match=r"not solved after 3 steps .* numbers \(off by .*allowed: 3e\+03"):
        solved(data)


def test_too_many_findings_in_a_row_are_refused() -> None:
    """Else the depth of Python's calls would be the bound."""
    table = {f"f{k}": finding(0.3, {"a": 0.5}, parent=parent(f"f{k - 1}", 0.05)) for k in range(1, 101)}
    table["f0"] = finding(0.3, {"a": 0.5})
    data = small({"a": 0.5}, table)

    with pytest.raises(NetworkTooLargeError, match=r"101 findings in a row, .*; allowed: 100") as e:
        solved(data)
    assert e.value.key == "findings.f100.parent.finding"
    del data["findings"]["f100"]
    assert 0 < solved(data).diagnose(f99=True, f0=False)["a"] < 1


def test_much_shared_background_is_not_listed_but_answered() -> None:
    """To mix 2 cells x 2 ** 15 states of it over 2 ** 20 sets of causes would take minutes."""
    data = small({f"c{k}": 0.1 for k in range(20)}, {"f": finding(0.1, {"c0": 0.5, "c1": 0.5})})
    net = solved(with_background(data, 15, ["c0", "c1"]))
    d = net.diagnose(f=True)

    assert not net.engine.enumerable
    assert d["c0"] == pytest.approx(d["c1"])
    with pytest.raises(
        NetworkTooLargeError, match=r"each for 32,768 states of shared background; allowed: .*2e\+10 op"
    ):
        d.most_probable()


def test_tables_go_with_whoever_used_them_last(net: Network) -> None:
    """Two hundred drawn networks would fill the memory, if their tables waited to be collected."""
    gc.disable()
    try:
        listed = Enumeration(net.engine.units)
        listed.posterior(net.diagnose(lateral_pain=True).case)
        gone = weakref.ref(listed)
        del listed
        assert gone() is None
    finally:
        gc.enable()


# What has no solution.


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.20, "0.95"), (0.25, "1")],
    ids=["below 1", "exactly 1"],
)
def test_priors_that_cannot_cover_everyone_are_refused_with_cell_and_sum(data: Data, p: float, shown: str) -> None:
    data["causes"]["tendon"]["prior"]["male"]["p"] = [0.45, p]  # beside 0.45 and 0.30

    with pytest.raises(NetworkError, match=rf"the priors of male 50\+ sum to {shown}, .* allowed: more than 1"):
        solved(data)


def test_without_everyone_having_a_cause_priors_may_sum_to_less_than_one(data: Data) -> None:
    data["causes"]["tendon"]["prior"]["male"]["p"] = [0.45, 0.20]
    data["network"]["everyone_has_a_cause"] = False

    assert solved(data).diagnose(age=50, sex="m")["tendon"] == pytest.approx(0.20, rel=0, abs=EXACT)


EFFECTS: dict[str, tuple[float, dict[str, float], float, dict[str, float]]] = {
    # leak and given of the parent finding, leak and given of its child
    "limited by a cause": (0.05, {"a": 0.93}, 0.08, {"a": 0.55}),
    "limited by the leak, 2/3": (0.30, {}, 0.20, {}),
    "limited by the leak, 1/7": (0.70, {}, 0.10, {"a": 0.6}),
    "limited by the leak, 0.5": (0.30, {}, 0.15, {}),
    "limited by a cause without room": (0.05, {"a": 0.93}, 0.08, {"a": 0.08}),
    "limited by another cause": (0.11, {"a": 0.5, "b": 0.97}, 0.07, {"a": 0.5, "b": 0.13}),
}


def with_effect(name: str, effect: float) -> Data:
    """Return a network with a finding parent of this effect."""
    g_leak, g_given, leak, of_child = EFFECTS[name]
    findings = {"g": finding(g_leak, g_given), "f": finding(leak, of_child, parent=parent("g", effect))}
    return small({"a": 0.6, "b": 0.6}, findings, everyone=True)


def largest_effect(name: str) -> float:
    """Return the largest effect that the refusal of a larger one names."""
    with pytest.raises(NetworkError, match=r"findings\.f\.parent\.effect: the effect of 'g' is 0\.999.*at most") as e:
        solved(with_effect(name, 0.999))
    found = re.search(r"at most ([-+.\de]+)", str(e.value))
    assert found
    return float(found[1].rstrip("."))


@pytest.mark.parametrize("name", [n for n in EFFECTS if "without room" not in n])
def test_the_largest_effect_that_the_refusal_names_is_accepted(name: str) -> None:
    """And little more is not."""
    largest = largest_effect(name)

    assert solved(with_effect(name, largest)).findings["f"].parent is not None
    with pytest.raises(NetworkError, match=r"at most"):
        solved(with_effect(name, largest * 1.0001))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("limited by a cause", r"given\.a"),
        ("limited by another cause", r"given\.b"),
        ("limited by the leak, 2/3", "the leak"),
    ],
)
def test_the_refusal_of_an_effect_says_which_number_it_does_not_fit(name: str, place: str) -> None:
    with pytest.raises(NetworkError, match=rf"which leaves a negative link at {place}; allowed: at most"):
        solved(with_effect(name, 0.999))


def test_where_no_effect_fits_the_refusal_says_zero() -> None:
    """A cause whose p is the leak leaves no room for a parent that this cause brings about."""
    assert largest_effect("limited by a cause without room") == 0


@pytest.mark.parametrize("name", [n for n in EFFECTS if "without room" not in n])
@pytest.mark.parametrize(("g", "f"), [(False, True), (True, False), (None, True), (True, True), (0.2, 0.9)])
def test_the_largest_effect_leaves_every_answer_a_probability(name: str, g: object, f: object) -> None:
    """Nothing of it overflows, warns or becomes NaN."""
    largest = largest_effect(name) - 1e-6  # at the largest itself, f may have no other way to be present
    d = solved(with_effect(name, largest)).diagnose(g=g, f=f)

    assert all(0 <= d[c] <= 1 for c in d.network.causes)


@pytest.mark.parametrize("leak", [0.15, 0.1, 0.2, 0.07])
def test_an_effect_that_explains_the_whole_leak_still_gives_probabilities(leak: float) -> None:
    """With effect = leak / leak of the parent, a finding without parent and linked cause cannot happen."""
    findings = {"g": finding(0.3, {}), "f": finding(leak, {"a": 0.6}, parent=parent("g", leak / 0.3))}
    d = solved(small({"a": 0.6, "b": 0.6}, findings, everyone=True)).diagnose(g=False, f=True)

    assert d["a"] == pytest.approx(1, rel=0, abs=1e-9)
    assert 0 < d["b"] < 1


def test_what_cannot_happen_is_refused() -> None:
    """A finding that only its parent can bring about, present without it, is an error, not NaN."""
    findings = {"g": finding(0.5, {}), "f": finding(0.25, {}, parent=parent("g", 0.5))}
    net = solved(small({"a": 0.6, "b": 0.6}, findings, everyone=True))

    with pytest.raises(EvidenceError, match=r"g, f cannot be as they were said together .*\(probability 0\)"):
        net.diagnose(f=True, g=False)
    with pytest.raises(EvidenceError, match=r"^row 'y': g, f cannot be as they were said together"):
        net.diagnose_many(pd.DataFrame({"g": [True, False], "f": [True, True]}, index=["x", "y"]))
    assert 0 < net.diagnose(f=0.99, g=False)["a"] < 1


# The engine takes part of the network only where it must.


@settings(max_examples=40)
@given(case=cases())
def test_a_finding_nobody_speaks_of_changes_nothing(case: tuple[Data, Facts]) -> None:
    """A network without a finding (on which none depends) answers as with it unknown."""
    data, facts = case
    leaves = [f for f in data["findings"] if not below(data, f)]
    gone = leaves[0]
    assume(len(data["findings"]) > 1)
    said: dict[str, Any] = {name: value for name, value in facts.items() if name != gone}
    full = solved(data).diagnose(said)
    data["findings"].pop(gone)
    for mechanism in data.get("mechanisms", {}).values():
        mechanism["findings"] = [f for f in mechanism["findings"] if f != gone]
    assume(all(m["findings"] for m in data.get("mechanisms", {}).values()))

    less = solved(data).diagnose(said)

    assert probabilities(less) == pytest.approx(probabilities(full), rel=0, abs=1e-12)


def test_a_cause_with_no_link_keeps_the_leak(data: Data) -> None:
    """A finding of the tendon alone, when only `other` and `bone` are possible, tells them apart no further."""
    data = small({"a": 0.4, "b": 0.3}, {"f": finding(0.1, {"a": 0.6})})
    net = solved(data)

    assert net.diagnose(f=True)["b"] == pytest.approx(0.3, rel=0, abs=EXACT)


def test_prior_arrays_cannot_be_changed_through_the_engine(net: Network) -> None:
    """What the engine remembers is read-only, so that no question can change the next answer."""
    prior = net.engine.enumeration.prior(None, None, ())

    with pytest.raises(ValueError, match="read-only"):
        prior[0] = 0.0
    assert isinstance(prior, np.ndarray)


def test_reading_does_not_change_the_data(data: Data) -> None:
    solved(data)

    assert data == example_data()


def test_a_long_chain_of_unknown_findings_costs_no_more_than_its_length() -> None:
    """Forty findings, each the parent of the next, known only at the end: 2 ** 40 steps would never end."""
    chain = {"f0": finding(0.5, {"a": 0.6})}
    chain |= {f"f{k}": finding(0.3, {"a": 0.5}, parent=parent(f"f{k - 1}", 0.05)) for k in range(1, 40)}
    d = solved(small({"a": 0.6, "b": 0.6}, chain, everyone=True)).diagnose(f39=True)

    assert d["a"] > 0.6

"""What to ask next and when to stop: information and posteriors by brute force, harm, costs, and the rule."""

from __future__ import annotations

import math
import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from example import Data, every_state, finding, number, odds_ratio, qmr_like, red_flag, small, solved, with_background
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle
from strategies import Facts, cases, evidence, networks, split

import hip_bayes as hb
from hip_bayes import EvidenceError, NetworkTooLargeError, UnknownNameError
from hip_bayes.inference.evidence import Case
from hip_bayes.reasoning.questions import ALL_KINDS, COLUMNS, Ranking, Stop, askable, enough, next_questions, rank

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hip_bayes import Diagnosis, Network

EXACT = 1e-9
RUNNERS: list[Facts] = [
    {},
    {"age": 24, "sex": "female", "groin_pain": True, "stiffness": 0.7, "low_energy_availability": 0.8},
    {"age": 62, "sex": "male", "pain_lying_on_side": True, "limp": False, "fadir_positive": False},
    {"age": 46, "sex": "female", "lateral_pain": True, "amenorrhoea": True, "high_bmi": False},
]
"""Cases of the shipped network: nothing known; parents and children known, surely or not; signs and background."""


def ranked(d: Diagnosis) -> Ranking:
    """Return what every question that can be asked is worth, background too."""
    return rank(d.network, d.case, askable(d, ALL_KINDS))


def after(d: Diagnosis, id_: str) -> list[tuple[float, Diagnosis]]:
    """Return what comes after a yes and after a no, with its probability; not the answers that cannot be."""
    results = []
    for answer in (True, False):
        try:
            result = d.given({id_: answer})
        except EvidenceError:
            continue
        results.append((math.exp(result.log_evidence - d.log_evidence), result))
    return results


def entropy(d: Diagnosis) -> float:
    """H(joint state of all causes | what is known) in bits."""
    joint = d.network.engine.enumeration.joint(d.case)
    return -sum(p * math.log2(p) for p in joint.reshape(-1).tolist() if p > 0)


# The numbers.


@settings(max_examples=100)
@given(case=cases())
def test_information_is_that_of_the_oracle(case: tuple[Data, Facts]) -> None:
    """The mutual information of answer and joint state, added up over every state and answer, and P(yes)."""
    data, facts = case
    net, oracle = solved(data), Oracle(data)
    sex, band, said = split(data, facts)
    known = {i: x for i, x in said.items() if x != 0.5}  # which says nothing: it can still be asked
    total = oracle.probability(sex=sex, band=band, evidence=known)
    states = every_state(net)
    of_state = [oracle.probability(sex=sex, band=band, evidence=known | s) / total for s in states]

    ranking = ranked(net.diagnose(facts))

    for i, id_ in enumerate(ranking.ids):
        bits, p_yes = 0.0, 0.0
        for answer in (1.0, 0.0):
            more = known | {id_: answer}
            both = [oracle.probability(sex=sex, band=band, evidence=more | s) / total for s in states]
            p = sum(both)
            bits += sum(x * math.log2(x / (q * p)) for x, q in zip(both, of_state, strict=True) if x > 0)
            p_yes += answer * p
        assert ranking.bits[i] == pytest.approx(bits, rel=0, abs=EXACT)
        assert ranking.p_yes[i] == pytest.approx(p_yes, rel=0, abs=EXACT)


@settings(max_examples=100)
@given(case=cases())
def test_after_each_answer_comes_what_given_gives(case: tuple[Data, Facts]) -> None:
    """P(cause or subtype | yes) and P(... | no); and asking changes nothing."""
    data, facts = case
    d = solved(data).diagnose(facts)

    ranking = ranked(d)

    assert d.network.diagnose(facts).log_evidence == d.log_evidence
    for i, id_ in enumerate(ranking.ids):
        for answer, found in ((True, ranking.if_yes[i]), (False, ranking.if_no[i])):
            expected = d.given({id_: answer})
            assert found.tolist() == pytest.approx([expected[o] for o in ranking.outputs], rel=0, abs=EXACT)


@pytest.mark.parametrize("facts", RUNNERS, ids=["nothing", "parents", "children", "signs"])
def test_on_the_shipped_network_bits_are_the_expected_fall_of_the_entropy(facts: Facts) -> None:
    """H(S | e) - sum over answers of P(a | e) H(S | e, a), for every question."""
    d = hb.diagnose(facts)
    before = entropy(d)

    ranking = ranked(d)

    for id_, bits in zip(ranking.ids, ranking.bits.tolist(), strict=True):
        assert bits == pytest.approx(before - sum(p * entropy(result) for p, result in after(d, id_)), abs=EXACT)


def test_an_answer_that_cannot_be_has_no_result() -> None:
    """Who has what only men can have is no woman: her sign says nothing more, and what a yes would give is empty."""
    data = signs(first="male", second="female")
    d = solved(data).diagnose(first=True)

    table = d.next_questions(None)

    assert table.loc["second", ["p_yes", "bits"]].tolist() == [0.0, 0.0]
    assert table["if_yes"]["second"] == {}
    assert table["if_no"]["second"] == pytest.approx(d.posterior.to_dict(), abs=EXACT)
    assert enough(d).same_decision <= 1.0


def signs(**sexes: str) -> Data:
    """Write a network with a background variable and signs of it, each of one sex."""
    data = small({"a": 0.4, "b": 0.3}, {"pain": finding(0.1, {"a": 0.8})})
    question = {"name": "Background", "question": "Is it there?", "prevalence": {"all": number(0.3)}}
    data["background"] = {"risk": question, "idle": question}
    data["causes"]["a"]["odds_ratios"] = {"risk": odds_ratio(5.0)}
    data["findings"] |= {s: finding(0.1, {"risk": 0.7}, sex=sex) for s, sex in sexes.items()}
    return data


# What is asked, and what is not.


@settings(max_examples=60)
@given(case=cases())
def test_all_that_is_not_known_can_be_asked(case: tuple[Data, Facts]) -> None:
    """Background first, in file order; not what is said, even unsurely, and not what the other sex alone has."""
    data, facts = case
    d = solved(data).diagnose(facts)
    known = {i for i, x in facts.items() if x not in (None, 0.5)}
    other = {f for f, entry in data["findings"].items() if facts.get("sex") not in (None, entry.get("sex", "unisex"))}
    of_other_sex = {f for f in other if "sex" in data["findings"][f]}
    everything = [*data.get("background", {}), *data["findings"]]

    assert list(askable(d, ALL_KINDS)) == [i for i in everything if i not in known | of_other_sex]


@pytest.mark.parametrize(("sex", "asked"), [("female", True), ("male", False), (None, True)])
def test_missed_periods_are_asked_of_women_and_where_the_sex_is_unknown(sex: str | None, *, asked: bool) -> None:
    assert ("amenorrhoea" in hb.diagnose(sex=sex).next_questions(None).index) is asked


@pytest.mark.parametrize(("above", "avoided"), [(0, True), (-1, True), (1, False)], ids=["at", "over", "under"])
def test_no_hop_test_while_a_broken_neck_of_femur_is_likely_enough(above: int, *, avoided: bool) -> None:
    """From the very threshold up it is not proposed; below it is."""
    net = hb.load_network()
    facts = {"age": 46, "sex": "female", "groin_pain": True}
    p = net.diagnose(facts)["femoral_neck"]
    threshold = p + 1e-9 * above
    quiet = dict.fromkeys(("hazards.femoral_neck.threshold", "hazards.bone_stress.threshold"), 0.99)

    d = net.replace({**quiet, "hazards.femoral_neck_possible.threshold": threshold}).diagnose(facts)

    assert d["femoral_neck"] == p
    assert ("hop_test_positive" in d.triage.avoid) is avoided
    assert ("hop_test_positive" not in d.next_questions(None).index) is avoided


def test_no_hop_test_for_a_young_woman_with_groin_pain_and_a_spike_of_training() -> None:
    d = hb.diagnose(age=24, sex="female", groin_pain=True, training_spike=True)

    assert d.triage.level == "soon"  # at 5.2 %, just below what is urgent; pain on bearing weight makes it so
    assert d.given(weight_bearing_pain=True, limp=True).triage.level == "urgent"
    assert "hop_test_positive" not in d.next_questions(None).index
    assert "hop_test_positive" in hb.diagnose(age=46, sex="female").next_questions(None).index


@pytest.mark.parametrize(
    "facts",
    [
        {"inability_to_bear_weight": True},
        {"trauma": True},
        {"severe_pain": True, "age": 65, "sex": "female"},
        {"sudden_loss_of_mobility": True},
        {"age": 25, "sex": "female", "groin_pain": True, "low_energy_availability": True, "training_spike": True},
    ],
    ids=lambda facts: next(iter(facts)) if len(facts) < 4 else "femoral neck",
)
def test_who_must_not_load_the_leg_is_not_asked_to(facts: dict[str, Any]) -> None:
    """Neither to hop nor to stand on it, nor is the thigh bent over a support."""
    loads = {"hop_test_positive", "single_leg_stance_pain", "trendelenburg", "fulcrum_positive"}
    d = hb.diagnose(facts)

    assert d.triage.level == "urgent"
    assert set(d.triage.avoid) == loads
    assert loads.isdisjoint(d.next_questions(None).index)
    assert loads <= set(hb.diagnose(dict.fromkeys(facts)).next_questions(None).index)


@pytest.mark.parametrize("kinds", ["history", "imaging", ["examination", "imaging"], ("background",), set(ALL_KINDS)])
def test_only_the_kinds_that_are_wanted_are_asked(kinds: str | list[str]) -> None:
    table = hb.diagnose(age=46).next_questions(None, kinds=kinds)

    assert set(table["kind"]) == ({kinds} if isinstance(kinds, str) else set(kinds))


def test_background_is_asked_only_if_wanted() -> None:
    d = hb.diagnose(age=46, training_spike=True)
    net = d.network

    assert set(d.next_questions(None)["kind"]) == {"history", "examination", "imaging"}
    table = d.next_questions(None, kinds="background")
    assert sorted(table.index) == sorted(b for b in net.background if b != "training_spike")
    assert table["question"]["high_bmi"] == net.background["high_bmi"].question


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ("historie", "unknown kind of question 'historie'; did you mean 'history'"),
        (["history", "blood"], "unknown kind of question 'blood'.*history, examination, imaging, background"),
        ([3], "unknown kind of question 3"),
        ([], r"kinds is \[\]; allowed: one or more of history"),
        (7, "kinds is 7; allowed: one or more of history, examination, imaging, background, or None"),
    ],
)
def test_kinds_that_do_not_exist_are_refused(net: Network, kinds: object, message: str) -> None:
    for ask in (next_questions, enough):
        with pytest.raises(EvidenceError, match=message):
            ask(net.diagnose(), kinds=kinds)


# The table.


def test_the_table_says_what_is_asked_and_what_each_answer_gives(rich: Network) -> None:
    d = rich.diagnose(age=30, lateral_pain=0.6)
    ranking = ranked(d)

    table = d.next_questions(None, kinds=ALL_KINDS)

    assert (table.index.name, tuple(table.columns)) == ("finding", COLUMNS)
    assert sorted(table.index) == ["night_pain", "onset", "weak_muscles"]
    assert table["bits"].tolist() == sorted(ranking.bits.tolist(), reverse=True)
    assert table["kind"].to_dict() == {"night_pain": "history", "onset": "history", "weak_muscles": "background"}
    assert table["question"]["night_pain"] == "Does it wake you?"
    for i, id_ in enumerate(ranking.ids):
        assert table["p_yes"][id_] == ranking.p_yes[i]
        for answer, column in ((True, "if_yes"), (False, "if_no")):
            found, expected = table[column][id_], d.given({id_: answer}).posterior
            assert list(found) == expected.index.tolist()
            assert found == pytest.approx(expected.to_dict(), rel=0, abs=EXACT)


def test_k_is_how_many_are_shown(rich: Network) -> None:
    d = rich.diagnose()
    everything = d.next_questions(None)

    assert [len(d.next_questions(k)) for k in (1, np.int64(2), 50)] == [1, 2, 3]
    assert d.next_questions(2).index.tolist() == everything.index[:2].tolist()


@pytest.mark.parametrize("k", [0, -1, 2.0, True, "3"])
def test_k_that_is_no_number_of_questions_is_refused(net: Network, k: object) -> None:
    with pytest.raises(EvidenceError, match=r"k is .*; allowed: a whole number, 1 or more, or None"):
        next_questions(net.diagnose(), k)  # type: ignore[arg-type]


def test_where_nothing_is_left_to_ask_the_table_is_empty(net: Network) -> None:
    table = net.diagnose(lateral_pain=True, night_pain=False).next_questions()

    assert (table.shape, tuple(table.columns), table.index.name) == ((0, len(COLUMNS)), COLUMNS, "finding")


def test_equal_questions_stay_in_file_order_and_what_says_nothing_is_worth_exactly_nothing() -> None:
    """Twins are equal to the bit; a finding no cause is linked to, and background that touches none, give 0 bits."""
    twin = finding(0.1, {"a": 0.7})
    data = signs() | {"findings": {"mute": finding(0.3, {"a": 0.3}), "z": twin, "m": twin, "y": twin}}

    table = solved(data).diagnose().next_questions(None, kinds=ALL_KINDS)

    assert table.index.tolist() == ["z", "m", "y", "risk", "idle", "mute"]
    assert table["bits"]["z"] == table["bits"]["m"] == table["bits"]["y"]
    assert table["bits"][["idle", "mute"]].tolist() == [0.0, 0.0]


# Costs.


def test_costs_divide_the_bits_and_an_id_goes_before_its_kind() -> None:
    d = hb.diagnose(age=46, sex="female", lateral_pain=True)
    free = d.next_questions(None)["bits"]

    table = d.next_questions(None, costs={"imaging": 20, "radiograph_cam": 2.5, "examination": np.float64(3)})

    cost = {id_: {"imaging": 20.0, "examination": 3.0}.get(kind, 1.0) for id_, kind in table["kind"].items()}
    cost["radiograph_cam"] = 2.5
    assert table["cost"].to_dict() == cost
    assert table["bits"].to_dict() == free.to_dict()
    assert table["bits_per_cost"].tolist() == (table["bits"] / table["cost"]).tolist()
    assert table["bits_per_cost"].is_monotonic_decreasing
    assert set(table["kind"][:10]) == {"history"}


@pytest.mark.parametrize(
    ("costs", "error", "message"),
    [
        ({"imagin": 2}, UnknownNameError, "unknown finding or kind 'imagin'; did you mean 'imaging'"),
        ({"tendon": 2}, UnknownNameError, "unknown finding or kind 'tendon'"),
        ({"imaging": 0}, EvidenceError, "the cost of 'imaging' is 0; allowed: a finite number above 0"),
        ({"imaging": -1.0}, EvidenceError, "the cost of 'imaging' is -1.0; allowed"),
        ({"imaging": math.inf}, EvidenceError, "the cost of 'imaging' is inf; allowed"),
        ({"imaging": math.nan}, EvidenceError, "the cost of 'imaging' is nan; allowed"),
        ({"night_pain": True}, EvidenceError, "the cost of 'night_pain' is True; allowed"),
        ({"weak_muscles": "2"}, EvidenceError, "the cost of 'weak_muscles' is '2'; allowed"),
        ({"imaging": 10**400}, EvidenceError, "the cost of 'imaging' is 1000"),
        ({pd.NA: 2}, UnknownNameError, "unknown finding or kind <NA>"),
        ([("imaging", 2)], EvidenceError, "costs is .*; allowed: a mapping of finding ids or kinds to numbers"),
    ],
)
def test_costs_that_mean_nothing_are_refused(
    net: Network, costs: Mapping[str, float], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        next_questions(net.diagnose(), costs=costs)


def test_a_cost_may_go_by_an_alias() -> None:
    net = hb.load_network()
    table = net.diagnose().next_questions(None, costs={"sudden_onset": 4})

    assert table.loc["onset", "cost"] == 4
    assert (table["cost"].drop("onset") == 1).all()


def test_where_value_is_beyond_all_numbers_bits_decide(rich: Network) -> None:
    table = rich.diagnose().next_questions(None, costs={"history": 5e-324})

    assert np.isinf(table["bits_per_cost"]).all()
    assert table["bits"].is_monotonic_decreasing
    assert len(table) > 1


def test_what_costs_next_to_nothing_is_worth_most(net: Network) -> None:
    table = net.diagnose().next_questions(None, costs={"night_pain": 5e-324})

    assert table.index[0] == "night_pain"


def test_background_questions_that_would_take_too_long_are_refused_with_the_figure() -> None:
    """Each answer to one needs a prior of its own, 2 ** 14 states of shared background by 2 ** 18 sets of causes."""
    causes = [f"c{k}" for k in range(18)]
    data = small(dict.fromkeys(causes, 0.1), {"f": finding(0.1, {"c0": 0.5, "c1": 0.5})})
    d = solved(with_background(data, 14, ["c0", "c1"])).diagnose(age=40, sex="female")

    assert d.next_questions().index.tolist() == ["f"]
    with pytest.raises(
        NetworkTooLargeError, match=r"^to rank 15 questions would take .*; allowed: .* `skip` background"
    ):
        d.next_questions(kinds=["history", "background"])


def test_too_many_causes_to_list_are_refused() -> None:
    net = solved(qmr_like(40, 20, seed=1))

    with pytest.raises(NetworkTooLargeError, match="needs a list of all sets of the 40 causes"):
        rank(net, Case(), net.findings)


# When to stop.


def hazard(threshold: float, **more: object) -> Data:
    """Write a hazard of the format."""
    rule = {"level": "urgent", "reason": "it may go", "action": "Rest.", "basis": "judgement"}
    return rule | {"threshold": threshold} | more


@settings(max_examples=100)
@given(drawn=st.data(), data=networks(), threshold=st.sampled_from([0.0537, 0.3137, 0.6137]))
def test_the_same_decision_probability_is_that_of_giving_both_answers(
    drawn: st.DataObject, data: Data, threshold: float
) -> None:
    """The smallest P(same leader, hazard as live as now) over all questions; the rule follows from it and the bits."""
    facts = drawn.draw(evidence(data))
    data["hazards"] = {"c0": hazard(threshold)}
    d = solved(data).diagnose(facts)
    leader = d.ranking[0]
    min_bits, level = drawn.draw(st.sampled_from([0.001, 0.05, 0.4])), drawn.draw(st.sampled_from([0.5, 0.9, 1.0]))
    same = [
        sum(
            p
            for p, result in after(d, id_)
            if result[leader] >= max(result[c] for c in data["causes"]) - EXACT
            and (result["c0"] >= threshold) == (d["c0"] >= threshold)
        )
        for id_ in askable(d)
    ]

    stop = d.enough(min_bits=min_bits, same_decision=level)

    assert stop.same_decision == pytest.approx(min(same, default=1.0), abs=EXACT)
    assert stop.bits == d.next_questions(None)["bits"].max() if same else stop.bits == 0.0
    assert bool(stop) is stop.stop is (not same or (stop.bits < min_bits and stop.same_decision >= level))


def test_a_stop_says_which_condition_held() -> None:
    """With its figure and its threshold."""
    data = small({"a": 0.6, "b": 0.2}, {"f": finding(0.1, {"a": 0.7}), "g": finding(0.2, {"b": 0.25})})
    d = solved(data).diagnose()
    best = enough(d)

    assert best.ask == d.next_questions(1).index[0]
    assert best.reason == f'The answer on "A finding" is worth {best.bits:.2g} bits, at or above 0.1.'
    same = d.enough(min_bits=0.5, same_decision=0.2)
    assert same.reason == (
        f"No answer is worth 0.5 bits (the most: {best.bits:.2g}), and each leaves the leading cause and the hazards "
        "as they are with a probability of at least 0.2."
    )
    near = d.enough(min_bits=best.bits * 1.0001, same_decision=0.2)
    [most] = re.findall(r"the most: ([0-9.e-]+)\)", near.reason)
    assert float(most) < best.bits * 1.0001  # never rounded up to the limit


def test_a_hazard_near_its_threshold_keeps_the_questions_going() -> None:
    """The leader is sure and no answer is worth much, but one is likely enough to bring the rare hazard across."""
    data = small({"a": 0.9, "rare": 0.02}, {"f": finding(0.1, {"rare": 0.3})})
    calm = solved(data).diagnose()
    p_if_yes, p_yes = calm.given(f=True)["rare"], calm.next_questions(1)["p_yes"]["f"]
    data["hazards"] = {"rare": hazard((p_if_yes + 0.02) / 2)}
    d = solved(data).diagnose()

    assert calm.enough(min_bits=0.1, same_decision=0.95)
    stop = d.enough(min_bits=0.1, same_decision=0.95)

    assert not stop
    assert stop.same_decision == pytest.approx(1 - p_yes, abs=EXACT)
    assert stop.reason.startswith('The answer on "A finding" leaves the leading cause and the hazards as they are with')
    assert f"{1 - p_yes:.2g}, below 0.95: yes takes " in stop.reason
    assert d.enough(min_bits=0.1, same_decision=0.8).ask is None


def test_a_hazard_that_an_answer_may_clear_keeps_the_questions_going_too() -> None:
    data = small({"a": 0.9, "rare": 0.1}, {"f": finding(0.1, {"rare": 0.3})})
    calm = solved(data).diagnose()
    data["hazards"] = {"rare": hazard((calm.given(f=False)["rare"] + 0.1) / 2)}

    assert solved(data).diagnose().triage.level == "urgent"
    assert not solved(data).diagnose().enough(min_bits=0.1)
    assert calm.enough(min_bits=0.1)


def test_a_red_flag_does_not_hide_a_hazard_from_the_stopping_rule() -> None:
    """The case is urgent already, and the hazard near its threshold still keeps the questions going."""
    data = small({"a": 0.9, "rare": 0.02}, {"f": finding(0.1, {"rare": 0.3})})
    data["hazards"] = {"rare": hazard((solved(data).diagnose(f=True)["rare"] + 0.02) / 2)}
    data["red_flags"] = {"fever": red_flag("urgent")}
    net = solved(data)

    assert not net.diagnose(fever=True).enough(min_bits=0.1)
    assert net.diagnose(fever=True).enough(min_bits=0.1).ask == "f"


def test_the_stopping_rule_says_urgent_first_and_what_is_not_safe_to_ask(net: Network) -> None:
    """So that "stop" is never read as "all is well", nor "nothing is left" as "everything was asked"."""
    data = small({"a": 0.9}, {"f": finding(0.1, {"a": 0.2}), "hop": finding(0.1, {"a": 0.2})})
    data["red_flags"] = {"fever": {**red_flag("urgent"), "avoid": ["hop"]}}
    d = solved(data).diagnose(fever=True)

    assert d.enough(min_bits=1e-9).reason.startswith("Urgent: have this assessed today, whatever else is asked. The ")
    assert d.given(f=True).enough().reason == (
        "Urgent: have this assessed today, whatever else is asked. "
        "Nothing is left to ask that is safe (not now: A finding)."
    )
    assert d.given(f=True, hop=False).enough().reason.endswith("Nothing is left to ask.")
    assert net.diagnose().enough(min_bits=1e-9).ask is not None
    assert net.diagnose().enough(min_bits=1e-9).reason.endswith(" 1 of 1 red flag was not asked about.")


def test_what_is_asked_first_is_worth_most_for_what_it_costs() -> None:
    """The same as `next_questions` puts first, where that tells enough to be asked at all."""
    data = small(
        {"a": 0.5}, {"f": finding(0.1, {"a": 0.7}), "g": finding(0.1, {"a": 0.6}), "h": finding(0.1, {"a": 0.11})}
    )
    d = solved(data).diagnose()
    costs = {"f": 5.0, "h": 1e-6}

    assert d.enough().ask == d.next_questions(1).index[0] == "f"
    assert d.next_questions(2, costs=costs).index.tolist() == ["h", "g"]
    assert d.enough(costs=costs).ask == "g"
    with pytest.raises(UnknownNameError, match="gg"):
        d.enough(costs={"gg": 1})


def test_a_stop_says_how_many_red_flags_were_not_asked_about() -> None:
    data = small({"a": 0.9}, {"f": finding(0.1, {"a": 0.2})})
    data["red_flags"] = {"fever": red_flag("urgent"), "trauma": red_flag("soon")}
    net = solved(data)

    assert net.diagnose(f=True, trauma=False).enough().reason == (
        "Nothing is left to ask. 1 of 2 red flags was not asked about."
    )
    assert net.diagnose(f=True, trauma=False, fever=False).enough().reason == "Nothing is left to ask."


@pytest.mark.parametrize("skip", [3, None, np.array(0.5)])
def test_what_to_skip_is_a_list_of_names(net: Network, skip: object) -> None:
    with pytest.raises(EvidenceError, match=r"skip is .*; allowed: a name or a list of names"):
        net.diagnose().next_questions(skip=skip)  # type: ignore[arg-type]


def test_what_is_skipped_is_neither_proposed_nor_waited_for(rich: Network) -> None:
    """By its id or an alias; a name that does not exist is refused."""
    d = rich.diagnose()

    assert set(d.next_questions(None).index) - set(d.next_questions(None, skip=["acute", "night_pain"]).index) == {
        "onset",
        "night_pain",
    }
    assert d.enough(skip=list(rich.findings)).stop
    with pytest.raises(UnknownNameError, match="night_pian"):
        d.next_questions(skip="night_pian")


def test_nobody_has_to_hop_for_an_interview_to_end() -> None:
    """A finding that is itself a hazard counts for what it says of the causes, not for its own urgency."""
    data = small({"a": 0.9, "b": 0.1}, {"hop": finding(0.4, {"a": 0.45})})
    data["hazards"] = {"hop": hazard(0.5)}
    d = solved(data).diagnose()

    assert d.given(hop=True).triage.level == "urgent"
    assert d.enough(min_bits=0.1) == Stop(
        stop=True, reason=d.enough(min_bits=0.1).reason, same_decision=1.0, bits=d.next_questions(1)["bits"]["hop"]
    )


def test_with_nothing_left_to_ask_it_stops(net: Network) -> None:
    stop = net.diagnose(lateral_pain=True, night_pain=False).enough()

    assert (stop.stop, stop.same_decision, stop.bits) == (True, 1.0, 0.0)
    assert stop.reason == "Nothing is left to ask. 1 of 1 red flag was not asked about."
    assert net.diagnose().enough(kinds="imaging").stop


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"min_bits": 0}, "min_bits is 0; allowed: a finite number of bits above 0"),
        ({"min_bits": math.inf}, "min_bits is inf; allowed"),
        ({"min_bits": True}, "min_bits is True; allowed"),
        ({"min_bits": 10**400}, "min_bits is 1000.*; allowed"),
        ({"same_decision": 0.0}, "same_decision is 0.0; allowed: a probability above 0 and at most 1"),
        ({"same_decision": 1.01}, "same_decision is 1.01; allowed"),
        ({"same_decision": "high"}, "same_decision is 'high'; allowed"),
    ],
)
def test_limits_that_mean_nothing_are_refused(net: Network, limit: dict[str, float], message: str) -> None:
    with pytest.raises(EvidenceError, match=message):
        enough(net.diagnose(), **limit)  # type: ignore[arg-type]


def test_on_the_shipped_network_it_neither_stops_at_once_nor_asks_all() -> None:
    """Six simulated runners, history only (61 questions): each is asked three or more, none is asked all."""
    net = hb.load_network()
    counts = []
    for runner in net.simulate(6, seed=7).to_dict("records"):
        d = net.diagnose(age=runner["age"], sex=runner["sex"])
        counts.append(0)
        while ask := enough(d, kinds="history").ask:
            d = d.given({ask: bool(runner[ask])})
            counts[-1] += 1

    assert min(counts) >= 3
    assert max(counts) < 61


# The benchmark's experiment.


def test_asking_by_what_was_said_takes_fewer_questions_than_any_fixed_order() -> None:
    """On 20 runners answered truthfully, by the benchmark's limits; every order ends with the same entropy."""
    benchmark = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "questions.py"))
    net = hb.load_network()
    orders = {"adaptive": None, "fixed": benchmark["fixed_order"](net), "file": list(net.findings)}
    total = dict.fromkeys(orders, 0)
    for runner in net.simulate(20, seed=5).to_dict("records"):
        walks = benchmark["walks"](orders, runner)
        assert {len(path) for path in walks.values()} == {1 + len(net.findings) - (runner["sex"] == "male")}
        assert len({round(path[-1], 9) for path in walks.values()}) == 1
        for name, path in walks.items():
            total[name] += benchmark["until_first"](path)
            assert benchmark["until_it_stays"](path) >= benchmark["until_first"](path)

    assert benchmark["AT_MOST"] == {"fixed": 0.85, "file": 0.65}
    assert total["adaptive"] <= 0.85 * total["fixed"]
    assert total["adaptive"] <= 0.65 * total["file"]


def test_the_benchmark_s_plain_way_gives_the_same_bits() -> None:
    benchmark = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "questions.py"))
    d = hb.diagnose(RUNNERS[1])
    ranking = rank(d.network, d.case, askable(d))

    assert benchmark["plainly"](d) == pytest.approx(
        dict(zip(ranking.ids, ranking.bits.tolist(), strict=True)), abs=EXACT
    )

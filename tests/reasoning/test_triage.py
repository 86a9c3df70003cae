"""Red flags and hazards: rules beside the posterior, which neither change it nor are changed by it."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from example import Data, example_data, finding, red_flag, rich_data, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes.network.wording import percent

if TYPE_CHECKING:
    from hip_bayes import Network

LEVELS = ("urgent", "soon", "routine")
FLAGS = {"fever": "urgent", "trauma": "urgent", "weight_loss": "soon", "limp_for_weeks": "soon"}


def flagged_data() -> Data:
    """Return the example with red flags of both levels, two hazards and advice for each level."""
    data = example_data()
    data["red_flags"] = {id_: red_flag(level) for id_, level in FLAGS.items()}
    data["hazards"] = {
        "neck": hazard(0.3, "urgent", avoid=["hop_test", "squat_test"]),
        "tendon": hazard(0.9, "soon", avoid=["stance_test", "hop_test"]),
    }
    for test in ("hop_test", "squat_test", "stance_test"):
        data["findings"][test] = {**data["findings"]["lateral_pain"], "kind": "examination"}
    data["advice"] = [
        {"text": "Rest first.", "levels": ["urgent", "soon", "routine"]},
        {"text": "Return slowly.", "levels": ["routine"]},
        {"text": "Take a taxi.", "levels": ["urgent"]},
        {"text": "Book a visit.", "levels": ["soon", "routine"]},
    ]
    return data


def hazard(threshold: float, level: str, avoid: list[str]) -> Data:
    """Write a hazard of the format."""
    return {
        "threshold": threshold,
        "level": level,
        "reason": f"it may go {level}",
        "action": f"Do what a hazard {level} needs.",
        "basis": "judgement",
        "avoid": avoid,
    }


@pytest.fixture(scope="module")
def flagged() -> Network:
    """Return that network."""
    return solved(flagged_data())


CALM = {"lateral_pain": True, "night_pain": False}
"""A case in which no hazard is live."""
CRACKED = {"lateral_pain": False, "night_pain": True}
"""A case in which the hazard of the femoral neck is."""


# Red flags.


@pytest.mark.parametrize(("flag", "level"), FLAGS.items())
def test_each_red_flag_alone_sets_its_level(flagged: Network, flag: str, level: str) -> None:
    d = flagged.diagnose({**CALM, flag: True})

    assert d.triage.level == level
    assert [f.id for f in d.red_flags] == [flag]
    assert d.red_flags[0] is flagged.red_flags[flag]
    [reason] = d.triage.reasons
    rule = flagged.red_flags[flag]
    assert (reason.id, reason.name, reason.level) == (flag, rule.name, level)
    assert (reason.reason, reason.action, reason.source) == (rule.reason, rule.action, rule.source)


def test_without_red_flags_and_hazards_it_is_routine(flagged: Network) -> None:
    d = flagged.diagnose(CALM)

    assert d.triage.level == "routine"
    assert (d.triage.reasons, d.red_flags, d.triage.avoid) == ((), (), ())


@pytest.mark.parametrize("said", [s for n in (2, 3, 4) for s in itertools.permutations(FLAGS, n)], ids="-".join)
def test_the_most_pressing_red_flag_wins_and_comes_first(flagged: Network, said: tuple[str, ...]) -> None:
    d = flagged.diagnose({**CALM, **dict.fromkeys(said, True)})
    urgency = [LEVELS.index(reason.level) for reason in d.triage.reasons]

    assert d.triage.level == LEVELS[min(LEVELS.index(FLAGS[flag]) for flag in said)]
    assert urgency == sorted(urgency)
    assert {reason.id for reason in d.triage.reasons} == set(said)
    assert [flag.id for flag in d.red_flags] == [reason.id for reason in d.triage.reasons]


@settings(max_examples=100)
@given(drawn=st.data(), data=networks())
def test_red_flags_never_change_the_posterior(drawn: st.DataObject, data: Data) -> None:
    """Not by a bit, whether present, absent or not asked."""
    data["red_flags"] = {"r0": red_flag("urgent"), "r1": red_flag("soon")}
    facts = {k: v for k, v in drawn.draw(evidence(data)).items() if k not in data["red_flags"]}
    d = solved(data).diagnose(facts)
    plain = {i: d[i] for i in (*d.network.causes, *d.network.subtype_of, *d.network.groups)}

    for r0, r1 in itertools.product((True, False, None), repeat=2):
        with_flags = d.given(r0=r0, r1=r1)
        assert {i: with_flags[i] for i in plain} == plain
        assert with_flags.log_evidence == d.log_evidence


@settings(max_examples=100)
@given(drawn=st.data(), data=networks(), level=st.sampled_from(["urgent", "soon"]))
def test_no_posterior_lowers_a_red_flag(drawn: st.DataObject, data: Data, level: str) -> None:
    """Whatever else is known, a red flag that is present keeps its level and is reported first."""
    data["red_flags"] = {"r0": red_flag(level)}
    facts = drawn.draw(evidence(data))

    d = solved(data).diagnose({**facts, "r0": True})

    assert d.triage.level == level
    assert d.triage.reasons[0].id == "r0"
    assert d.advice[0] == "Do what is " + level + "."


@pytest.mark.parametrize("answer", [False, "no", 0])
def test_a_no_clears_a_red_flag(flagged: Network, answer: object) -> None:
    d = flagged.diagnose({**CALM, "trauma": answer})

    assert d.triage.not_cleared == ("fever", "weight_loss", "limp_for_weeks")
    assert (d.triage.level, d.red_flags) == ("routine", ())


@pytest.mark.parametrize("answer", [None, "unknown", math.nan])
def test_an_unknown_red_flag_is_not_cleared(flagged: Network, answer: object) -> None:
    d = flagged.diagnose({**CALM, "trauma": answer, "fever": True})

    assert d.triage.not_cleared == ("trauma", "weight_loss", "limp_for_weeks")


def test_all_asked_is_all_cleared(flagged: Network) -> None:
    assert flagged.diagnose(dict.fromkeys(FLAGS, False)).triage.not_cleared == ()


def test_given_can_raise_and_forget_a_red_flag(flagged: Network) -> None:
    d = flagged.diagnose({**CALM, "weight_loss": True})

    assert d.given(fever=True).triage.level == "urgent"
    assert d.given(weight_loss=False).triage.level == "routine"
    assert "weight_loss" in d.given(weight_loss=None).triage.not_cleared
    assert d.triage.level == "soon"


# Hazards.


@pytest.mark.parametrize("site", ["neck", "bone"], ids=["of a subtype", "of a cause"])
def test_a_hazard_counts_from_its_threshold_up(site: str) -> None:
    """At the very number it counts, or where only rounding is between; above that it does not."""
    data = example_data()
    p = solved(data).diagnose({"lateral_pain": False})[site]
    for threshold, live in ((p, True), (math.nextafter(p, 0), True), (math.nextafter(p, 1), True), (p + 1e-9, False)):
        data["hazards"] = {site: hazard(threshold, "urgent", avoid=["night_pain"])}
        d = solved(data).diagnose({"lateral_pain": False})
        assert d[site] == p
        assert d.triage.level == ("urgent" if live else "routine")
        assert d.triage.avoid == (("night_pain",) if live else ())
        assert [r.id for r in d.triage.reasons] == ([site] if live else [])


def test_a_live_hazard_says_which_probability_and_why(flagged: Network) -> None:
    d = flagged.diagnose(CRACKED)
    [reason] = d.triage.reasons

    assert d["neck"] >= 0.3
    assert (reason.id, reason.level) == ("neck", "urgent")
    assert reason.name == "Stress fracture of the femoral neck"
    assert reason.reason == f"its probability is {percent(d['neck'])}, at or above 30%: it may go urgent"
    assert reason.action == "Do what a hazard urgent needs."


def test_what_says_nothing_of_a_hazard_leaves_it_live() -> None:
    """Though P(a) is then 0.19999999999999998; in a table too, and no question about it is worth asking."""
    data = small({"a": 0.2, "b": 0.01}, {"f": finding(0.2, {}), "g": finding(0.2, {"b": 0.2})})
    data["hazards"] = {"a": hazard(0.2, "soon", avoid=[])}
    net = solved(data)

    assert net.diagnose(f=True)["a"] < 0.2
    assert net.diagnose(f=True).triage.level == net.diagnose().triage.level == "soon"
    table = hb.diagnose_many(pd.DataFrame({"f": [True, None]}), network=net, with_triage=True)
    assert table["triage"].tolist() == ["soon", "soon"]
    assert net.diagnose().enough().stop


def test_a_probability_near_1_is_still_one() -> None:
    data = small({"a": 0.6}, {"f": finding(0.001, {"a": 0.999})})
    data["hazards"] = {"a": hazard(0.5, "soon", avoid=[])}
    [reason] = solved(data).diagnose(f=True).triage.reasons

    assert reason.reason.startswith("its probability is >99.9%, at or above 50%")


def test_a_red_flag_that_is_present_forbids_tests(flagged: Network) -> None:
    """Before those of hazards, each once; absent or unknown it forbids none, nor does it change a probability."""
    data = flagged_data()
    data["red_flags"]["trauma"]["avoid"] = ["squat_test"]
    net = solved(data)

    assert net.diagnose(trauma=True).triage.avoid == ("squat_test",)
    assert net.diagnose(trauma=False).triage.avoid == net.diagnose().triage.avoid == ()
    assert net.diagnose(trauma=True, **CRACKED)["neck"] == flagged.diagnose(CRACKED)["neck"]
    assert net.diagnose(trauma=True, **CRACKED).triage.avoid == ("squat_test", "hop_test")


@pytest.mark.parametrize(("age", "level"), [(30, "soon"), (60, "urgent")])
def test_a_hazard_that_gets_more_pressing_keeps_what_must_not_be_tested(age: int, level: str) -> None:
    """Whichever rule for it speaks: all that are live forbid."""
    data = rich_data()
    rule = {"of": "neck", "reason": "r", "action": "a", "basis": "judgement"}
    data["hazards"] = {
        "probable": {**rule, "threshold": 0.3, "level": "urgent", "avoid": []},
        "possible": {**rule, "threshold": 0.05, "level": "soon", "avoid": ["night_pain"]},
    }
    d = solved(data).diagnose(lateral_pain=False, age=age)

    assert d.triage.level == level
    assert [reason.id for reason in d.triage.reasons] == (["probable"] if level == "urgent" else ["possible"])
    assert d.triage.avoid == ("night_pain",)
    assert "night_pain" not in d.next_questions(None).index


def test_what_to_avoid_is_listed_once_and_only_of_live_hazards(flagged: Network) -> None:
    data = flagged_data()
    data["hazards"]["neck"]["threshold"] = data["hazards"]["tendon"]["threshold"] = 0.001

    assert solved(data).diagnose().triage.avoid == ("hop_test", "squat_test", "stance_test")
    assert flagged.diagnose(lateral_pain=True, hop_test=True, night_pain=True).triage.avoid == (
        "stance_test",
        "hop_test",
    )


def test_hazards_and_red_flags_are_ranked_together(flagged: Network) -> None:
    """A hazard does not lower a red flag, nor the other way round."""
    d = flagged.diagnose(lateral_pain=True, hop_test=True, night_pain=True, fever=True, weight_loss=True)

    assert d.triage.level == "urgent"
    assert [(r.id, r.level) for r in d.triage.reasons] == [
        ("fever", "urgent"),
        ("weight_loss", "soon"),
        ("tendon", "soon"),
    ]


def test_an_urgent_hazard_comes_before_a_red_flag_that_is_not(flagged: Network) -> None:
    d = flagged.diagnose({**CRACKED, "weight_loss": True})

    assert [(r.id, r.level) for r in d.triage.reasons] == [("neck", "urgent"), ("weight_loss", "soon")]


@settings(max_examples=60)
@given(drawn=st.data(), data=networks(), threshold=st.sampled_from([0.05, 0.3, 0.6]))
def test_a_hazard_never_changes_the_posterior(drawn: st.DataObject, data: Data, threshold: float) -> None:
    facts = drawn.draw(evidence(data))
    plain = solved(data).diagnose(facts)
    data["hazards"] = {"c0": hazard(threshold, "soon", avoid=["f0"])}

    d = solved(data).diagnose(facts)

    assert {c: d[c] for c in data["causes"]} == {c: plain[c] for c in data["causes"]}
    judged = d.given(f0=None) if d.case.findings.get("f0", 1.0) < 0.5 else d  # a test to avoid must not reassure
    assert ("c0" in [r.id for r in d.triage.reasons]) == (judged["c0"] >= threshold - 1e-12)


# Advice.


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (dict.fromkeys(FLAGS, False), ("Rest first.", "Return slowly.", "Book a visit.")),
        ({"weight_loss": True}, ("Do what is soon.", "Rest first.", "Book a visit.")),
        ({"weight_loss": True, "limp_for_weeks": True}, ("Do what is soon.", "Rest first.", "Book a visit.")),
        ({"trauma": True}, ("Do what is urgent.", "Rest first.", "Take a taxi.")),
        (
            {"weight_loss": True, "trauma": True},
            ("Do what is urgent.", "Rest first.", "Take a taxi."),
        ),
    ],
    ids=["routine", "soon", "soon, twice the same action", "urgent", "urgent and soon"],
)
def test_advice_is_the_actions_first_then_what_fits_the_level(
    flagged: Network, facts: dict[str, object], expected: tuple[str, ...]
) -> None:
    assert flagged.diagnose({**CALM, **facts}).advice == expected


def test_a_live_hazard_gives_its_action(flagged: Network) -> None:
    d = flagged.diagnose(CRACKED)

    assert d.advice == ("Do what a hazard urgent needs.", "Rest first.", "Take a taxi.")


def test_prevention_is_the_file_s_whatever_the_case(data: Data) -> None:
    data["network"]["prevention"] = ["Increase slowly.", "Sleep."]

    assert solved(data).diagnose(fever=True).prevention == ("Increase slowly.", "Sleep.")

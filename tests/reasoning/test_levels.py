"""How levels are judged: no alarm is talked away, and to learn of something worrying never lowers a level."""

from __future__ import annotations

import itertools
import random
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from example import example_data, finding, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Facts, evidence, networks

import hip_bayes as hb
from hip_bayes.network.parts import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from example import Data

    from hip_bayes import Network

RULE = {"reason": "a reason", "action": "An action.", "basis": "judgement"}
WOMAN = {
    "age": 22,
    "sex": "female",
    "training_spike": True,
    "groin_pain": True,
    "weight_bearing_pain": True,
    "night_pain": True,
    "rest_pain": True,
    "limp": True,
}
"""An alarming bone picture."""


def level(net: Network, facts: Facts) -> int:
    """Return how pressing a case is, 0 for urgent."""
    return LEVELS.index(net.diagnose(facts).triage.level)


# Alarming patterns.


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"hop_test_positive": False, "pain_during_running": False},
        {"catching_locking": True, "pain_during_running": False},
        {"radiograph_stress_fracture": False},
        {"hop_test_positive": False, "fulcrum_positive": False, "single_leg_stance_pain": False},
    ],
)
def test_an_alarming_bone_picture_is_urgent_whatever_else_is_answered(more: Facts) -> None:
    """Two ordinary answers, a painless test that must not be done, or a clear X-ray do not end it."""
    d = hb.diagnose(WOMAN | more)

    assert d.triage.level == "urgent"
    assert not any("return to running" in line for line in d.advice)
    assert "hop_test_positive" in d.triage.avoid


def test_an_mri_without_bone_stress_ends_the_alarm() -> None:
    d = hb.diagnose(WOMAN | {"mri_bone_stress": False})

    assert d.triage.level == "routine"
    assert hb.diagnose(WOMAN | {"mri_bone_stress": True}).triage.level == "urgent"
    assert hb.diagnose(WOMAN | {"mri_bone_stress": "unknown"}).triage.level == "urgent"


@pytest.mark.parametrize("gone", ["training_spike", "groin_pain", "weight_bearing_pain"])
def test_a_pattern_needs_one_of_each_list(shipped: Network, gone: str) -> None:
    """And any one of a list will do: at rest, at night or with a limp."""
    said = {r.id for r in shipped.diagnose({k: v for k, v in WOMAN.items() if k != gone}).triage.reasons}
    assert "bone_stress_picture" not in said
    for one in ("night_pain", "rest_pain", "limp"):
        others = {"night_pain", "rest_pain", "limp"} - {one}
        d = shipped.diagnose({k: v for k, v in WOMAN.items() if k not in others})
        assert "bone_stress_picture" in {r.id for r in d.triage.reasons}


def test_a_hazard_that_is_only_live_without_a_reassuring_test_says_so() -> None:
    facts = {"age": 22, "sex": "f", "groin_pain": True, "weight_bearing_pain": True, "limp": True}
    clear = hb.diagnose(facts, hop_test_positive=False)
    [neck] = [r for r in clear.triage.reasons if r.id == "femoral_neck"]

    assert clear["femoral_neck"] < clear.network.hazards["femoral_neck"].threshold
    assert clear.triage.level == hb.diagnose(facts).triage.level == "urgent"
    assert "without counting 'Hop test painful: no', which must not reassure" in neck.reason


def test_disease_of_bone_or_joint_is_a_reason_to_be_seen() -> None:
    d = hb.diagnose(age=70, sex="male", log_roll_positive=True, onset="sudden", limp=True, rest_pain=True)

    assert d["bone_or_joint_disease"] > 0.2
    assert d.triage.level == "soon"
    assert "bone_or_joint" in {r.id for r in d.triage.reasons}


def test_bands_limit_a_pattern() -> None:
    data = example_data()
    picture = {"name": "A picture", "all_of": [["lateral_pain"]], "level": "soon", "bands": ["50+"], **RULE}
    data["patterns"] = {"picture": picture}
    net = solved(data)

    assert [net.diagnose(lateral_pain=True, age=age).triage.level for age in (49, 50, None)] == [
        "routine",
        "soon",
        "routine",
    ]
    table = net.diagnose_many(pd.DataFrame({"lateral_pain": [True] * 3, "age": [49, 50, None]}))
    assert table["triage"].tolist() == ["routine", "soon", "routine"]


# What is shown of reasons.


def test_the_action_of_a_more_pressing_reason_stands_for_the_others() -> None:
    """An urgent result does not say "within days" beside "today", neither in its reasons nor in its advice."""
    d = hb.diagnose(WOMAN | {"weight_loss": True})

    assert {r.level for r in d.triage.reasons} == {"urgent", "soon"}
    assert all(bool(r.action) == (r.level == "urgent") for r in d.triage.reasons)
    shown = str(d) + d._repr_html_() + " ".join(d.advice)
    assert "within days" not in shown


def test_what_must_not_be_done_is_called_by_the_test() -> None:
    """Not by its result: nobody can do a "Hop test painful"."""
    d = hb.diagnose(WOMAN)

    for shown in (str(d), d._repr_html_()):
        assert "Do not test now: Hop test (hop_test_positive)" in shown


# Screened.


def test_nothing_is_called_routine_before_every_red_flag_was_answered(shipped: Network) -> None:
    """Neither as text nor as HTML; what leads is how many were not asked."""
    flags = list(shipped.red_flags)
    for n in (0, 1, len(flags) - 1):
        d = shipped.diagnose(dict.fromkeys(flags[:n], False))
        left = f"{len(flags) - n} of 11 red flags not asked"
        assert (d.triage.level, d.triage.screened, d.to_dict()["triage"]["screened"]) == ("routine", False, False)
        assert str(d).startswith(left)
        assert d._repr_html_().index(left) < d._repr_html_().index("Known")
        for shown in (str(d), *d.advice):
            assert "routine" not in shown.lower()
        assert d.advice[0].startswith("Answer the red flags first")
    d = shipped.diagnose(dict.fromkeys(flags, False))
    assert (d.triage.screened, d.to_dict()["triage"]["screened"]) == (True, True)
    assert str(d).startswith("ROUTINE: no red flag")
    assert not d.advice[0].startswith("Answer")
    assert not shipped.diagnose({**dict.fromkeys(flags, False), "fever": "unknown"}).triage.screened


def test_a_table_tells_the_level_and_how_many_red_flags_were_asked(shipped: Network) -> None:
    frame = pd.DataFrame({"age": [46, 30, 50], "fever": [True, None, False], "trauma": [None, None, True]})
    table = hb.diagnose_many(frame)

    assert list(table) == [*shipped.causes, "triage", "red_flags_asked"]
    assert table["triage"].tolist() == ["urgent", "routine", "urgent"]
    assert table["red_flags_asked"].tolist() == [1, 0, 2]
    alone = hb.diagnose_many(frame, with_triage=False)
    pd.testing.assert_frame_equal(alone, table[list(shipped.causes)], check_exact=True)
    assert (alone * 2).to_numpy().dtype == float


def test_a_network_without_rules_says_nothing_of_urgency() -> None:
    net = solved(small({"a": 0.6, "b": 0.6}, {"f": finding(0.1, {"a": 0.5})}))

    assert list(net.diagnose_many(pd.DataFrame({"f": [True]}))) == ["a", "b"]


# Worrying findings, against the definition itself.


def judged(net: Network, facts: Facts) -> int:
    """Return the level by the definition: over every set of the present worrying findings, taken as unknown."""
    avoid = {f for table in (net.red_flags, net.hazards, net.patterns) for rule in table.values() for f in rule.avoid}
    case = net.diagnose(facts).case
    found = [LEVELS.index(net.red_flags[f].level) for f, there in case.red_flags.items() if there]
    for p in net.patterns.values():
        known = {**case.background, **case.findings}
        there = all(any(known.get(i, 0) > 0.5 for i in clause) for clause in p.all_of)
        if there and not any(i in known and known[i] < 0.5 for i in p.cleared_by):
            found.append(LEVELS.index(p.level))
    kept = {f: x for f, x in case.findings.items() if not (x < 0.5 and f in avoid)}
    worrying = [f for f, x in kept.items() if x == 1 and net.findings[f].worrying]
    who = {"age": case.age, "sex": case.sex, **case.background}
    for n in range(len(worrying) + 1):
        for without in itertools.combinations(worrying, n):
            d = net.diagnose(who | {f: x for f, x in kept.items() if f not in without})
            for h in net.hazards.values():
                p = case.findings.get(h.of, 0.0) if h.of in net.findings else d[h.of]
                found += [LEVELS.index(h.level)] if p >= h.threshold - 1e-12 else []
    return min(found, default=len(LEVELS) - 1)


@st.composite
def alarming(draw: st.DrawFn) -> tuple[Data, list[Facts]]:
    """Draw a network with hazards, worrying findings, tests to avoid and a pattern, and some cases."""
    data = draw(networks())
    ids = list(data["findings"])
    sites = [*data["causes"], *(s for c in data["causes"].values() for s in c.get("subtypes", {}))]
    for f in draw(st.lists(st.sampled_from(ids), unique=True, max_size=10)):
        data["findings"][f]["worrying"] = True
    avoid = draw(st.lists(st.sampled_from(ids), unique=True, max_size=2))
    data["hazards"] = {
        f"h{i}": {
            "of": of,
            "threshold": draw(st.sampled_from([0.05, 0.2, 0.5, 0.8])),
            "level": lv,
            "avoid": avoid,
            **RULE,
        }
        for i, (of, lv) in enumerate(
            draw(
                st.lists(st.tuples(st.sampled_from(sites), st.sampled_from(["urgent", "soon"])), min_size=1, max_size=3)
            )
        )
    }
    clause = st.lists(st.sampled_from([*ids, *data.get("background", {})]), min_size=1, max_size=2, unique=True)
    data["patterns"] = {
        "p": {"name": "P", "all_of": draw(st.lists(clause, min_size=1, max_size=2)), "level": "soon", **RULE}
    }
    return data, draw(st.lists(evidence(data), min_size=1, max_size=4))


@settings(max_examples=150)
@given(drawn=alarming())
def test_levels_are_those_of_the_definition(drawn: tuple[Data, list[Facts]]) -> None:
    """In one case and in a table, which leaves out the sets of answers that cannot matter."""
    data, cases = drawn
    net = solved(data)
    wanted = [judged(net, facts) for facts in cases]

    assert [level(net, facts) for facts in cases] == wanted
    table = net.diagnose_many(pd.DataFrame(cases, dtype=object))
    assert [LEVELS.index(name) for name in table["triage"]] == wanted


def random_cases(net: Network, n: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield cases of up to twelve answers."""
    rng = random.Random(seed)
    names = [*net.findings, *net.background]
    for _ in range(n):
        case: dict[str, Any] = {
            "sex": rng.choice(["female", "male", None]),
            "age": rng.choice([None, rng.randint(18, 90)]),
        }
        for name in rng.sample(names, rng.randint(0, 12)):
            if not (name in net.findings and net.findings[name].sex):
                case[name] = rng.random() < 0.5
        yield case


def test_to_learn_of_a_worrying_finding_never_lowers_the_level(shipped: Network) -> None:
    """50,000 random cases, each with one worrying finding or red flag that was unknown and is then present."""
    rng = random.Random(5)
    worrying = [f.id for f in shipped.findings.values() if f.worrying] + list(shipped.red_flags)
    assert 6 <= len(worrying) - len(shipped.red_flags) <= 10
    before = list(random_cases(shipped, 50_000, 4))
    after = [case | {rng.choice([w for w in worrying if w not in case]): True} for case in before]
    levels = [
        pd.Categorical(shipped.diagnose_many(pd.DataFrame(rows, dtype=object))["triage"], LEVELS).codes
        for rows in (before, after)
    ]

    assert (levels[1] <= levels[0]).all()
    assert (levels[1] < levels[0]).any()


def test_a_greedy_search_finds_no_worrying_finding_that_lowers_the_level(shipped: Network) -> None:
    """Answers are chosen one by one so that the worrying finding speaks as much as can be against the danger."""
    worrying = [f.id for f in shipped.findings.values() if f.worrying]
    askable = [f.id for f in shipped.findings.values() if not f.sex]
    rng = random.Random(7)
    for w, start in itertools.product(worrying, ({"age": 22, "sex": "female", "training_spike": True}, {"age": 70})):
        facts: dict[str, Any] = dict(start)
        for _ in range(4):
            trials = [facts | {f: x} for f in rng.sample(askable, 25) for x in (True, False) if f not in (w, *facts)]
            without, having = (
                shipped.diagnose_many(pd.DataFrame([t | more for t in trials], dtype=object))
                for more in ({}, {w: True})
            )
            before, after = (pd.Categorical(t["triage"], LEVELS).codes for t in (without, having))
            assert (after <= before).all(), (w, trials[int(np.argmax(after > before))])
            fall = (without["stress_fracture"] - having["stress_fracture"]).where(before < 2, -1.0)
            facts = trials[int(fall.argmax())]


def test_alarms_do_not_become_noise() -> None:
    """On 20,000 simulated runners without a dangerous cause; the script has the definition."""
    script = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "triage.py"))
    frame, truth = script["told"](hb.load_network(), 20_000, script["SEED"])
    found = script["shares"](script["levels_of"](frame), truth)

    assert found["urgent"] <= script["MOST_URGENT"] == 0.10
    assert found["soon"] <= script["MOST_SOON"] == 0.22
    assert found["femoral_neck left routine"] < 0.231  # before alarming patterns and worrying findings
    assert found["bone_or_joint_disease left routine"] < 0.507


# What the file may say.


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ({"all_of": []}, r"patterns\.p\.all_of: got an empty list"),
        ({"all_of": [[]]}, r"patterns\.p\.all_of: got \[\]; allowed: a list of lists of ids"),
        ({"all_of": ["lateral_pain"]}, r"patterns\.p\.all_of: got 'lateral_pain'; allowed: a list of lists of ids"),
        ({"all_of": [["fever"]]}, r"patterns\.p\.all_of: unknown finding or background variable 'fever'"),
        ({"cleared_by": ["lateral_pain"]}, r"patterns\.p\.cleared_by: 'lateral_pain' is history; allowed: imaging"),
        ({"bands": ["50-59"]}, r"patterns\.p\.bands: unknown age band '50-59'"),
        ({"level": "routine"}, r"patterns\.p\.level: got 'routine'; allowed: urgent, soon"),
        ({"cleared_by": ["mri"], "avoid": ["mri"]}, r"patterns\.p\.cleared_by: 'mri' is in an `avoid`"),
    ],
)
def test_a_pattern_that_makes_no_sense_is_refused(pattern: Data, message: str) -> None:
    data = example_data()
    data["findings"]["mri"] = {**data["findings"]["lateral_pain"], "kind": "imaging"}
    data["patterns"] = {"p": {"name": "P", "all_of": [["lateral_pain"]], "level": "soon", **RULE, **pattern}}

    with pytest.raises(hb.NetworkError, match=message):
        solved(data)


def test_too_many_worrying_findings_are_refused() -> None:
    findings = {f"f{i}": finding(0.1, {"a": 0.5}, worrying=True) for i in range(11)}
    with pytest.raises(
        hb.NetworkError, match=r"findings\.f10\.worrying: 11 findings are worrying; allowed: at most 10"
    ):
        solved(small({"a": 0.6, "b": 0.6}, findings))


def test_a_pattern_is_in_the_provenance(shipped: Network) -> None:
    table = shipped.look_up("bone_stress_picture")
    assert table["path"].tolist() == ["patterns.bone_stress_picture.level"]
    assert shipped.replace({"patterns.bone_stress_picture.level": "soon"}).diagnose(WOMAN).triage.reasons

"""What may be said about a case, how each spelling is read, and how everything else is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from example import Data, example_data, finding, red_flag, solved

from hip_bayes import ContradictionError, Diagnosis, EvidenceError, Network, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

YES = [True, 1, 1.0, "yes", "Yes", " YES ", "y", "true", "True", "present", "Present"]
YES += [np.bool_(True), np.int8(1), np.uint64(1), np.float32(1), np.float64(1), np.str_("yes")]  # noqa: FBT003 a value
NO = [False, 0, 0.0, -0.0, "no", "No", " NO ", "n", "false", "False", "absent", "Absent"]
NO += [np.bool_(False), np.int8(0), np.uint64(0), np.float32(0), np.float64(0), np.str_("no")]  # noqa: FBT003 a value
UNKNOWN = [None, math.nan, np.nan, np.float32("nan"), pd.NA, pd.NaT, "unknown", "Unknown", "", "  "]
WRONG = [
    "maybe",
    "2",
    "+",
    "-",
    "none",
    "1_0",
    "\u0661",
    "1.5",
    "-1",
    "101%",
    "x1",
    2,
    -1,
    1.5,
    -0.1,
    math.inf,
    -math.inf,
    1j,
    b"yes",
    [],
    [True],
    {},
    {"x": 1},
    (1,),
    object(),
]
WRONG += [np.array([True]), np.array(1.0), np.int64(2), np.float32(1.5)]


def onset_data() -> Data:
    """Return the example with a finding that has states and aliases, and with two red flags more."""
    data = example_data()
    data["findings"]["onset"] = finding(
        0.2,
        {"bone": 0.5},
        states=["gradual", "sudden"],
        aliases={"sudden_onset": "sudden", "gradual_onset": "gradual"},
    )
    data["groups"] = {"anything": {"name": "Any", "members": ["tendon", "bone"]}}
    data["red_flags"]["trauma"] = red_flag("urgent")
    return data


@pytest.fixture(scope="module")
def onset() -> Network:
    """Return that network."""
    return solved(onset_data())


def numbers(d: Diagnosis) -> dict[str, float]:
    """Return every number of an answer."""
    net = d.network
    ids = (*net.causes, *net.subtype_of, *net.groups)
    return {i: d[i] for i in ids} | {"log_evidence": d.log_evidence}


# Every accepted spelling.


@pytest.mark.parametrize("name", ["weak_muscles", "lateral_pain", "fever"], ids=["background", "finding", "red flag"])
@pytest.mark.parametrize("value", YES, ids=repr)
def test_these_mean_present(net: Network, name: str, value: object) -> None:
    d = net.diagnose({name: value})

    assert d.evidence == {name: True}
    assert d.evidence[name] is True
    assert numbers(d) == numbers(net.diagnose({name: True}))


@pytest.mark.parametrize("name", ["weak_muscles", "lateral_pain", "fever"], ids=["background", "finding", "red flag"])
@pytest.mark.parametrize("value", NO, ids=repr)
def test_these_mean_absent(net: Network, name: str, value: object) -> None:
    d = net.diagnose({name: value})

    assert d.evidence == {name: False}
    assert d.evidence[name] is False
    assert numbers(d) == numbers(net.diagnose({name: False}))


@pytest.mark.parametrize("name", ["age", "sex", "weak_muscles", "lateral_pain", "onset", "sudden_onset", "fever"])
@pytest.mark.parametrize("value", UNKNOWN, ids=repr)
def test_these_mean_unknown(onset: Network, name: str, value: object) -> None:
    d = onset.diagnose({name: value})

    assert d.evidence == {}
    assert numbers(d) == numbers(onset.diagnose())


@pytest.mark.parametrize(
    ("facts", "read"),
    [
        ({"onset": "sudden"}, "sudden"),
        ({"onset": " Sudden"}, "sudden"),
        ({"onset": True}, "sudden"),
        ({"onset": "present"}, "sudden"),
        ({"sudden_onset": True}, "sudden"),
        ({"gradual_onset": False}, "sudden"),
        ({"gradual_onset": "no"}, "sudden"),
        ({"onset": "gradual"}, "gradual"),
        ({"onset": "GRADUAL"}, "gradual"),
        ({"onset": 0}, "gradual"),
        ({"onset": "absent"}, "gradual"),
        ({"sudden_onset": "absent"}, "gradual"),
        ({"gradual_onset": 1.0}, "gradual"),
        ({"onset": "sudden", "sudden_onset": True, "gradual_onset": False}, "sudden"),
        ({"onset": None, "sudden_onset": True}, "sudden"),
        ({"sudden_onset": True, "onset": None}, "sudden"),
        ({"gradual_onset": math.nan, "onset": "gradual", "sudden_onset": "unknown"}, "gradual"),
    ],
)
def test_states_and_aliases_are_ways_to_say_a_finding(onset: Network, facts: Mapping[str, object], read: str) -> None:
    d = onset.diagnose(facts)

    assert d.evidence == {"onset": read}
    assert numbers(d) == numbers(onset.diagnose(onset=read == "sudden"))


@pytest.mark.parametrize("states", [["Gradual", "Sudden"], ["no crepitus", "Crepitus"], ["0-2", "3+"]])
def test_a_state_is_read_as_the_file_writes_it(states: list[str]) -> None:
    """Whatever its case: what `evidence` shows can be said again."""
    data = example_data()
    data["findings"]["onset"] = finding(0.2, {"bone": 0.5}, states=states)
    net = solved(data)

    for state, present in zip(states, (False, True), strict=True):
        assert net.diagnose(onset=state).evidence == {"onset": state}
        assert numbers(net.diagnose(onset=state)) == numbers(net.diagnose(onset=present))


@pytest.mark.parametrize("value", [0.7, np.float64(0.7), np.float32(0.25), 1e-300, 0.999])
@pytest.mark.parametrize("name", ["weak_muscles", "lateral_pain"])
def test_a_float_between_zero_and_one_is_how_sure(net: Network, name: str, value: float) -> None:
    """It weighs present to absent as x to 1 - x: the posterior is the mixture of the two certain ones."""
    d = net.diagnose({name: value})
    x = float(value)
    certain = [net.diagnose({name: there}) for there in (True, False)]
    weight = [x * math.exp(certain[0].log_evidence), (1 - x) * math.exp(certain[1].log_evidence)]

    assert d.evidence == {name: x}
    for c in net.causes:
        expected = (weight[0] * certain[0][c] + weight[1] * certain[1][c]) / sum(weight)
        assert d[c] == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("value", [0.5, np.float32(0.5)])
def test_half_sure_is_dropped(net: Network, value: float) -> None:
    d = net.diagnose(lateral_pain=value, weak_muscles=value)

    assert d.evidence == {}
    assert numbers(d) == numbers(net.diagnose())


def test_an_alias_may_be_how_sure_too(onset: Network) -> None:
    """0.8 sure that it is gradual is 0.2 sure that it is sudden."""
    aliased, plain = onset.diagnose(gradual_onset=0.8), onset.diagnose(onset=0.2)

    assert aliased.evidence == pytest.approx(plain.evidence)
    assert numbers(aliased) == pytest.approx(numbers(plain), rel=0, abs=1e-12)


@pytest.mark.parametrize("x", [0.1, 0.25, 0.3, 0.6, 0.9])
def test_a_finding_and_its_opposite_alias_that_agree_do_not_contradict(onset: Network, x: float) -> None:
    """0.3 sudden and 0.7 gradual are the same, whatever binary fractions make of 1 - 0.7."""
    d = onset.diagnose(onset=x, gradual_onset=round(1 - x, 2))

    assert numbers(d) == pytest.approx(numbers(onset.diagnose(onset=x)), rel=0, abs=1e-12)


@pytest.mark.parametrize(
    ("age", "read", "band"),
    [
        (18, 18, "18-49"),
        (46, 46, "18-49"),
        (46.0, 46, "18-49"),
        (49.9, 49.9, "18-49"),
        (50, 50, "50+"),
        (90, 90, "50+"),
        (np.int64(50), 50, "50+"),
        (np.uint8(49), 49, "18-49"),
        (np.float32(46.5), 46.5, "18-49"),
    ],
    ids=repr,
)
def test_age_is_a_number_of_years(net: Network, age: object, read: float, band: str) -> None:
    d = net.diagnose(age=age)

    assert d.evidence == {"age": read}
    assert type(d.evidence["age"]) is type(read)
    assert d.case.band == band
    assert numbers(d) == numbers(net.diagnose(age=net.bands[band].low))


@pytest.mark.parametrize(
    ("sex", "read"),
    [
        ("female", "female"),
        ("Female", "female"),
        ("f", "female"),
        (" F ", "female"),
        ("male", "male"),
        ("MALE", "male"),
        ("m", "male"),
        (np.str_("m"), "male"),
    ],
)
def test_sex_is_female_or_male(net: Network, sex: object, read: str) -> None:
    d = net.diagnose(sex=sex)

    assert d.evidence == {"sex": read}
    assert numbers(d) == numbers(net.diagnose(sex=read))


def test_mapping_row_and_keywords_are_the_same(onset: Network) -> None:
    """A dict, a pandas row, keyword arguments, or facts shared out between them give the same bits."""
    facts = {"age": 46, "sex": "female", "lateral_pain": True, "night_pain": 0.7, "onset": "sudden", "fever": False}
    one = {name: facts[name] for name in ("age", "onset", "fever")}
    two = {name: facts[name] for name in facts if name not in one}
    frame = pd.DataFrame([facts])
    d = onset.diagnose(**facts)

    for same in (
        onset.diagnose(facts),
        onset.diagnose(pd.Series(facts)),
        onset.diagnose(frame.iloc[0]),
        onset.diagnose(one, **two),
        onset.diagnose(facts, **one),
    ):
        assert same.evidence == d.evidence == facts
        assert numbers(same) == numbers(d)


def test_evidence_is_in_file_order_and_can_be_said_again(onset: Network) -> None:
    facts = {"fever": True, "onset": "sudden", "night_pain": 0.25, "weak_muscles": False, "sex": "male", "age": 61.5}
    d = onset.diagnose(facts)

    assert list(d.evidence) == ["age", "sex", "weak_muscles", "night_pain", "onset", "fever"]
    assert d.evidence == facts
    assert numbers(onset.diagnose(d.evidence)) == numbers(d)


def test_evidence_is_a_new_dict_each_time(net: Network) -> None:
    d = net.diagnose(lateral_pain=True)
    d.evidence.clear()

    assert d.evidence == {"lateral_pain": True}


# Every refusal.


@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__ + repr(value)[:12])
@pytest.mark.parametrize("name", ["weak_muscles", "lateral_pain", "fever", "onset", "sudden_onset"])
def test_any_other_value_is_refused(onset: Network, name: str, value: object) -> None:
    """The message has the name, the value and what is allowed; so have the error's attributes."""
    with pytest.raises(EvidenceError, match=rf"'{name}' is .*; allowed: (?s:.)*(True|1)") as e:
        onset.diagnose({name: value})
    assert repr(value) in str(e.value)
    assert e.value.name == name
    assert e.value.value is value


@pytest.mark.parametrize(
    "value", [list(range(5000)), "x" * 5000, pd.Series(range(3)), pd.DataFrame({"a": [1]})], ids=type
)
@pytest.mark.parametrize("name", ["age", "sex", "lateral_pain", "fever"])
def test_a_refusal_is_one_line_however_long_the_value(net: Network, name: str, value: object) -> None:
    with pytest.raises(EvidenceError, match=rf"{name}.* is .*; allowed: ") as e:
        net.diagnose({name: value})
    assert "\n" not in str(e.value)
    assert len(str(e.value)) < 400


def test_the_refusal_of_a_finding_names_its_own_states(onset: Network) -> None:
    with pytest.raises(EvidenceError, match=r"'onset' is 'slow'; allowed: .*'yes' or 'no'.*'sudden' or 'gradual'"):
        onset.diagnose(onset="slow")


def test_a_state_of_another_finding_is_refused(onset: Network) -> None:
    with pytest.raises(EvidenceError, match=r"'lateral_pain' is 'sudden'; allowed"):
        onset.diagnose(lateral_pain="sudden")


@pytest.mark.parametrize("value", [0.7, 0.5, np.float32(0.1)])
def test_a_red_flag_is_not_a_matter_of_degree(net: Network, value: float) -> None:
    with pytest.raises(EvidenceError, match=r"red flag 'fever' is .*; allowed: True, False or None.*say True"):
        net.diagnose(fever=value)


@pytest.mark.parametrize(
    "age",
    [
        -1,
        0,
        17,
        17.9,
        91,
        90.5,
        math.inf,
        "forty",
        "4_6",
        "\u0664\u0666",
        "\uff14\uff16",
        "17",
        "inf",
        True,
        np.bool_(False),  # noqa: FBT003 a value
        [46],
        {},
        46j,
        pd.Timestamp(0),
    ],
    ids=repr,
)
def test_an_impossible_age_is_refused(net: Network, age: object) -> None:
    with pytest.raises(EvidenceError, match=r"age is .*; allowed: a number of years from 18 to 90, or None") as e:
        net.diagnose(age=age)
    assert repr(age) in str(e.value)
    assert (e.value.name, e.value.value) == ("age", age)


@pytest.mark.parametrize("sex", ["x", "fem", "women", "1", 1, 0, True, 0.5, ["f"], b"f"], ids=repr)
def test_any_other_sex_is_refused(net: Network, sex: object) -> None:
    with pytest.raises(EvidenceError, match=r"sex is .*; allowed: 'female', 'male' or None") as e:
        net.diagnose(sex=sex)
    assert (e.value.name, e.value.value) == ("sex", sex)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("lateral_pian", "lateral_pain"),
        ("night", "night_pain"),
        ("weak_muscle", "weak_muscles"),
        ("gradual", "onset"),
        ("agee", "age"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(onset: Network, name: str, near: str) -> None:
    """Also where it is unknown: nothing is silently ignored."""
    for value in (True, None):
        with pytest.raises(UnknownNameError, match=rf"unknown .*'{name}'; did you mean .*'{near}'") as e:
            onset.diagnose({name: value})
        assert e.value.name == name
        assert near in e.value.near


def test_an_unknown_name_far_from_all_says_where_they_are_listed(onset: Network) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown .*'zzz'\. .*hip-bayes findings.* list all \d+ names") as e:
        onset.diagnose(zzz=True)
    assert e.value.near == ()


@pytest.mark.parametrize("name", [3, 1.5, None, ("lateral_pain",), b"lateral_pain", frozenset()], ids=repr)
def test_a_name_that_is_no_text_is_refused(net: Network, name: object) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown .*list all"):
        net.diagnose({name: True})  # type: ignore[dict-item]


@pytest.mark.parametrize("name", ["tendon", "bone", "neck", "anything", "other"])
def test_a_cause_is_an_answer_not_evidence(onset: Network, name: str) -> None:
    with pytest.raises(EvidenceError, match=rf"'{name}' is a cause: .* say findings, background and red flags") as e:
        onset.diagnose({name: True})
    assert e.value.name == name


@pytest.mark.parametrize(
    "facts",
    [
        {"onset": "sudden", "gradual_onset": True},
        {"gradual_onset": True, "sudden_onset": True},
        {"gradual_onset": False, "sudden_onset": False},
        {"onset": True, "sudden_onset": False},
        {"onset": 0.7, "sudden_onset": True},
        {"onset": 0.7, "gradual_onset": 0.7},
    ],
)
def test_contradictory_aliases_are_refused(onset: Network, facts: dict[str, object]) -> None:
    first, second = facts
    with pytest.raises(ContradictionError, match=rf"'{first}' and '{second}' contradict each other; say one of them"):
        onset.diagnose(facts)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [("lateral_pain", True, False), ("age", 46, 47), ("sex", "f", "male"), ("fever", 1, 0), ("night_pain", 0.2, 0.3)],
)
def test_the_same_fact_twice_and_differently_is_refused(net: Network, name: str, one: object, other: object) -> None:
    with pytest.raises(ContradictionError, match=rf"'{name}', said twice,.* contradict"):
        net.diagnose({name: one}, **{name: other})
    with pytest.raises(ContradictionError, match=rf"'{name}', said twice,.* contradict"):
        net.diagnose(pd.Series([one, other], index=[name, name], dtype=object))


def test_the_same_fact_twice_and_alike_is_accepted(net: Network) -> None:
    d = net.diagnose({"lateral_pain": "yes", "sex": "f", "age": 46.0}, lateral_pain=1, sex="female", age=46)

    assert d.evidence == {"age": 46, "sex": "female", "lateral_pain": True}


@pytest.mark.parametrize(
    "said",
    [[("age", 46)], {"lateral_pain"}, "lateral_pain", 5, (), [], 0, b"", np.array([1.0]), iter({})],
    ids=lambda said: repr(said).partition(" at 0x")[0],
)
def test_facts_that_are_not_a_mapping_are_refused(net: Network, said: object) -> None:
    with pytest.raises(EvidenceError, match=r"got a \w+; allowed: a mapping or a pandas row .*or keyword arguments"):
        net.diagnose(said)  # type: ignore[arg-type]


def test_a_table_of_cases_is_referred_to_diagnose_many(net: Network) -> None:
    with pytest.raises(EvidenceError, match=r"DataFrame.*diagnose_many"):
        net.diagnose(pd.DataFrame({"age": [46]}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "facts", [{"lateral_pain": True, "night_pain": "maybe"}, {"lateral_pain": True, "nonsense": True}]
)
def test_a_refused_case_leaves_nothing_half_done(net: Network, facts: dict[str, object]) -> None:
    """Neither in the network nor in the diagnosis that was asked."""
    d = net.diagnose(age=46)
    before, at_first = numbers(d), numbers(net.diagnose())

    with pytest.raises(EvidenceError, match=r"maybe|nonsense"):
        d.given(facts)

    assert d.evidence == {"age": 46}
    assert numbers(d) == before
    assert numbers(net.diagnose()) == at_first


# The same case with more known.


def test_given_adds_replaces_and_forgets(onset: Network) -> None:
    d = onset.diagnose(age=46, sex="female", lateral_pain=True, fever=False, onset="sudden")

    added = d.given(night_pain=True)
    replaced = d.given({"age": 60, "fever": True}, lateral_pain=0.3, gradual_onset=True)
    forgotten = d.given(age=None, sex="unknown", lateral_pain=math.nan, fever=None, sudden_onset=None)

    assert added.evidence == {**d.evidence, "night_pain": True}
    assert replaced.evidence == {
        "age": 60,
        "sex": "female",
        "lateral_pain": 0.3,
        "onset": "gradual",
        "fever": True,
    }
    assert replaced.case.band == "50+"
    assert forgotten.evidence == {}
    for later in (added, replaced, forgotten):
        assert numbers(later) == numbers(onset.diagnose(later.evidence))


def test_given_half_sure_forgets(net: Network) -> None:
    assert net.diagnose(lateral_pain=True).given(lateral_pain=0.5).evidence == {}


def test_given_leaves_the_original_as_it_is(net: Network) -> None:
    d = net.diagnose(age=46, lateral_pain=True)
    before = (d.to_dict(), numbers(d))

    later = d.given(night_pain=True, lateral_pain=None, age=70, fever=True)

    assert later is not d
    assert (d.to_dict(), numbers(d)) == before


def test_given_nothing_is_the_same_case(net: Network) -> None:
    d = net.diagnose(age=46, lateral_pain=0.7)

    assert d.given().to_dict() == d.given({}).to_dict() == d.to_dict()


def test_given_refuses_as_diagnose_does(onset: Network) -> None:
    d = onset.diagnose()

    with pytest.raises(UnknownNameError, match="did you mean 'night_pain'"):
        d.given(night_pian=True)
    with pytest.raises(ContradictionError, match="'onset' and 'gradual_onset' contradict"):
        d.given(onset="sudden", gradual_onset=True)
    with pytest.raises(EvidenceError, match="got a list"):
        d.given([])  # type: ignore[arg-type]

"""What comes back: one Diagnosis, a table of them, how they look, and that nothing can change them."""

from __future__ import annotations

import copy
import itertools
import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from example import Data, finding, read_network, rich_data, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes.network.wording import DISCLAIMER
from hip_bayes.views.text import BARS, WIDTH

FACTS: dict[str, object] = {"age": 46, "sex": "female", "lateral_pain": True, "night_pain": 0.7, "fever": True}


def numbers(d: hb.Diagnosis) -> dict[str, float]:
    """Return every number of an answer."""
    net = d.network
    ids = (*net.causes, *net.subtype_of, *net.groups)
    return {i: d[i] for i in ids} | {"log_evidence": d.log_evidence}


# One diagnosis.


def test_a_diagnosis_is_asked_by_cause_subtype_or_group(rich: hb.Network) -> None:
    """Each a plain float in [0, 1]; subtypes exclude one another and add up to their cause."""
    d = rich.diagnose(FACTS)

    for id_ in ("tendon", "bone", "other", "neck", "sacrum", "overload"):
        assert type(d[id_]) is float
        assert 0 < d[id_] < 1
    assert d["neck"] + d["sacrum"] == pytest.approx(d["bone"], rel=0, abs=1e-15)
    assert max(d["tendon"], d["bone"]) < d["overload"] < d["tendon"] + d["bone"]


@pytest.mark.parametrize("id_", ["tenden", "lateral_pain", "weak_muscles", "fever", "age", "", 3, None, ("bone",)])
def test_any_other_id_is_an_unknown_name_and_a_key_error(rich: hb.Network, id_: Any) -> None:  # noqa: ANN401
    d = rich.diagnose()

    with pytest.raises(hb.UnknownNameError, match=r"unknown cause .*(causes|groups)"):
        d[id_]
    with pytest.raises(KeyError, match="unknown cause"):
        d[id_]


def test_a_misspelt_cause_gets_the_nearest(rich: hb.Network) -> None:
    with pytest.raises(hb.UnknownNameError, match="unknown cause 'overlod'; did you mean 'overload'"):
        rich.diagnose()["overlod"]


def test_posterior_is_a_sorted_series_of_all_causes(rich: hb.Network) -> None:
    d = rich.diagnose(FACTS)
    p = d.posterior

    assert isinstance(p, pd.Series)
    assert (p.name, p.index.name, p.dtype) == ("probability", "cause", np.dtype("float64"))
    assert set(p.index) == set(rich.causes)
    assert p.is_monotonic_decreasing
    assert p.to_dict() == {c: d[c] for c in rich.causes}


def test_equal_probabilities_stay_in_file_order() -> None:
    """With priors of a half and nothing known, all are a half, bit for bit."""
    causes = dict.fromkeys("qdkaofmbhlcpgniej", 0.5)  # 17: sorts that are not stable show it from there on
    d = solved(small(causes, {"hurts": finding(0.1, {"a": 0.4})})).diagnose()

    assert {d[c] for c in causes} == {0.5}
    assert list(d.posterior.index) == list(d.to_dict()["posterior"]) == list(causes)


def test_posterior_is_a_new_series_each_time(rich: hb.Network) -> None:
    d = rich.diagnose(FACTS)
    first = d.posterior
    expected = first.copy()
    first["tendon"] = 0.0

    pd.testing.assert_series_equal(d.posterior, expected, check_exact=True)


@pytest.mark.parametrize("name", ["triage", "posterior", "network", "evidence", "new", "_posterior"])
def test_a_diagnosis_cannot_be_changed(rich: hb.Network, name: str) -> None:
    d = rich.diagnose(FACTS)
    before = d.to_dict()

    with pytest.raises(AttributeError, match=rf"a Diagnosis cannot be changed.*'{name}'.*given"):
        setattr(d, name, None)
    assert d.to_dict() == before


def test_what_was_known_cannot_be_changed(rich: hb.Network) -> None:
    d = rich.diagnose(FACTS)

    with pytest.raises(TypeError, match="does not support item assignment"):
        d.case.findings["lateral_pain"] = 0.0  # type: ignore[index]
    with pytest.raises(AttributeError, match="cannot assign to field 'age'"):
        d.case.age = 20.0  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot assign to field 'level'"):
        d.triage.level = "routine"  # type: ignore[misc]


def test_to_dict_is_complete_plain_data(rich: hb.Network) -> None:
    d = rich.diagnose({**FACTS, "onset": "sudden", "weak_muscles": False})
    plain = d.to_dict()

    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["network"] == {"id": "example", "name": "A minimal network", "version": "0.1.0", "setting": None}
    assert plain["evidence"] == d.evidence
    assert plain["posterior"] == d.posterior.to_dict()
    assert list(plain["posterior"]) == list(d.posterior.index)
    assert plain["subtypes"] == {"neck": d["neck"], "sacrum": d["sacrum"]}
    assert plain["groups"] == {"overload": d["overload"]}
    assert plain["red_flags"] == ["fever"]
    assert plain["triage"]["level"] == "urgent"
    assert plain["triage"]["reasons"][0] == {
        "id": "fever",
        "name": "Fever",
        "level": "urgent",
        "reason": "an infected joint",
        "action": "Same-day assessment.",
        "source": ["study_2020"],
    }
    assert plain["triage"]["not_cleared"] == ["weight_loss"]
    assert plain["triage"]["avoid"] == []
    assert plain["advice"] == ["Same-day assessment.", "Rest first."]
    assert plain["prevention"] == ["Increase slowly."]
    assert plain["disclaimer"] == DISCLAIMER


@settings(max_examples=50)
@given(drawn=st.data(), data=networks())
def test_to_dict_is_plain_data_whatever_is_known(drawn: st.DataObject, data: Data) -> None:
    d = solved(data).diagnose(drawn.draw(evidence(data)))

    assert json.loads(json.dumps(d.to_dict(), allow_nan=False)) == d.to_dict()


@settings(max_examples=50)
@given(drawn=st.data(), data=networks())
def test_evidence_said_again_gives_the_same_diagnosis(drawn: st.DataObject, data: Data) -> None:
    net = solved(data)
    d = net.diagnose(drawn.draw(evidence(data)))

    again = net.diagnose(d.evidence)

    assert again.evidence == d.evidence
    assert numbers(again) == numbers(d)


def test_numpy_values_come_out_plain(rich: hb.Network) -> None:
    d = rich.diagnose(age=np.int64(46), lateral_pain=np.float32(0.25), night_pain=np.True_, fever=np.False_)

    assert [type(value) for value in d.evidence.values()] == [int, float, bool, bool]


# How it looks.


def on_one_line(text: str) -> str:
    """Undo the wrapping of a terminal."""
    return " ".join(text.split())


@pytest.mark.parametrize("show", [str, repr])
def test_text_shows_red_flags_first_and_the_disclaimer_once(rich: hb.Network, show: Any) -> None:  # noqa: ANN401
    lines = show(rich.diagnose(FACTS)).splitlines()
    text = on_one_line("\n".join(lines))

    assert lines[0] == "URGENT: have this assessed today"
    assert lines[1] == "  ! Fever: an infected joint. Same-day assessment."
    assert text.index("Fever") < text.index("weight_loss") < text.index("Known:") < text.index("Tendon pain")
    assert "Not asked, so not cleared (1 of 2 red flags): weight_loss." in text
    assert text.count(DISCLAIMER) == 1
    assert text.count("Not a medical device") == 1
    assert "A minimal network, version 0.1.0." in text


def test_text_shows_what_was_known_and_every_cause_high_to_low(rich: hb.Network) -> None:
    d = rich.diagnose({**FACTS, "weak_muscles": False, "onset": "sudden"})
    text = str(d)

    known = "Known: age 46, female, weak_muscles no, lateral_pain yes, night_pain 70% sure, onset sudden, fever yes"
    assert known in on_one_line(text)
    rows = [next(line for line in text.splitlines() if f" {c} " in line) for c in d.posterior.index]
    for c, row in zip(d.posterior.index, rows, strict=True):
        assert f"{d[c]:.1%}" in row
        assert row.count("█") == int(d[c] * next(longest for least, longest in BARS.items() if least <= WIDTH))
    assert [text.index(row) for row in rows] == sorted(text.index(row) for row in rows)


def test_text_of_a_case_without_facts_says_so(rich: hb.Network) -> None:
    text = str(rich.diagnose())

    assert text.startswith("2 of 2 red flags not asked: whether this is urgent is not known")
    assert "Known: nothing" in text
    assert "not cleared (2 of 2 red flags): fever, weight_loss." in on_one_line(text)


def test_text_says_what_must_not_be_tested(rich: hb.Network) -> None:
    d = rich.diagnose(lateral_pain=False, age=60)

    assert d["neck"] >= 0.3
    assert "Do not test now: Pain at night (night_pain)." in str(d)


def test_no_probability_is_shown_as_certain(data: Data) -> None:
    data["findings"]["sure"] = finding(1e-7, {"tendon": 0.999999})
    net = solved(data)

    for sure, p, shown in ((True, 1, ">99.9%"), (False, 0, "<0.1%")):
        d = net.diagnose(sure=sure)
        assert d["tendon"] == pytest.approx(p, rel=0, abs=1e-4)
        assert shown in next(line for line in str(d).splitlines() if " tendon " in line)
        assert not re.search(r"\b(100|100\.0|0\.0)%", str(d))


@pytest.mark.parametrize("name", ["[red]Fire[/red]", "[/nonsense]", "a [b] c", "100% :smile:", "\\[x]"])
def test_text_shows_names_as_they_are_written(data: Data, name: str) -> None:
    """No markup is read into a file's words."""
    data["network"]["name"] = data["causes"]["tendon"]["name"] = name
    data["red_flags"]["fever"] |= {"name": name, "reason": name, "action": name}
    d = solved(data).diagnose(fever=True)

    assert on_one_line(str(d)).count(name) == 5


def test_text_fits_a_page_however_long_the_names(data: Data) -> None:
    long = "An unusually long name of a cause that goes on and on " * 5
    data["network"]["name"] = data["causes"]["tendon"]["name"] = long
    data["red_flags"]["fever"] |= {"name": long, "reason": long, "action": long}

    assert max(len(line) for line in str(solved(data).diagnose(FACTS)).splitlines()) <= 100


# Copies, processes, threads.


@pytest.mark.parametrize("again", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy, copy.copy])  # noqa: S301
def test_copies_give_the_same_bits(again: Any) -> None:  # noqa: ANN401
    """Through pickle and copy, before the first question and after it."""
    net = solved(rich_data())
    d = net.diagnose(FACTS)
    fresh = read_network(rich_data())

    assert again(d).to_dict() == d.to_dict()
    assert numbers(again(d)) == numbers(d)
    for copied in (again(net), again(fresh)):
        assert copied.diagnose(FACTS).to_dict() == d.to_dict()
        assert numbers(copied.diagnose(FACTS)) == numbers(d)
        assert list(copied.findings) == list(net.findings)


def test_eight_threads_answer_a_thousand_cases_as_one_does() -> None:
    """The same bits, although all of them start on a network that is not yet solved."""
    blank = [None, True, False]
    cases = [
        {"age": age, "sex": sex, "weak_muscles": weak, "lateral_pain": lateral, "night_pain": night, "fever": fever}
        for age, sex, weak, lateral, night, fever in itertools.product(
            [None, 20, 46, 75], [None, "f", "m"], [*blank, 0.1], [*blank, 0.7], blank, [None, True]
        )
    ]
    assert len(cases) >= 1000
    serial_net, shared_net = (read_network(rich_data()) for _ in range(2))

    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(shared_net.diagnose, cases, chunksize=1))

    for facts, d in zip(cases, parallel, strict=True):
        assert numbers(d) == numbers(serial_net.diagnose(facts))
        assert d.to_dict() == serial_net.diagnose(facts).to_dict()


def test_the_functions_take_a_network_or_a_path(rich: hb.Network, file: Any) -> None:  # noqa: ANN401
    frame = pd.DataFrame({"lateral_pain": [True, None]})

    assert numbers(hb.diagnose(FACTS, network=rich)) == numbers(rich.diagnose(FACTS))
    assert hb.diagnose(lateral_pain=True, network=file).posterior.index[0] == "tendon"
    assert hb.diagnose(lateral_pain=True, network=str(file)).network.id == "example"
    pd.testing.assert_frame_equal(hb.diagnose_many(frame, network=rich), rich.diagnose_many(frame), check_exact=True)
    assert len(hb.diagnose_many(frame, network=file)) == 2

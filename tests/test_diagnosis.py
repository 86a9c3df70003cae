"""What comes back: one Diagnosis, a table of them, how they look, and that nothing can change them."""

from __future__ import annotations

import copy
import itertools
import json
import math
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from example import SCRIPT, Data, example_data, finding, red_flag, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes.diagnosis import DISCLAIMER
from hip_bayes.show import BARS

FACTS: dict[str, object] = {"age": 46, "sex": "female", "lateral_pain": True, "night_pain": 0.7, "fever": True}


def rich_data() -> Data:
    """Return the example with a group, a second red flag, a hazard, advice and a finding with states."""
    data = example_data()
    data["groups"] = {"overload": {"name": "Overload", "members": ["tendon", "bone"]}}
    data["red_flags"]["weight_loss"] = red_flag("soon")
    data["findings"]["onset"] = finding(0.2, {"bone": 0.5}, states=["gradual", "sudden"], aliases={"acute": "sudden"})
    data["hazards"] = {
        "neck": {
            "threshold": 0.3,
            "level": "urgent",
            "reason": "it can slip",
            "action": "Crutches.",
            "avoid": ["night_pain"],
            "source": "study_2020",
        }
    }
    data["advice"] = [{"text": "Rest first.", "levels": ["urgent", "soon", "routine"]}]
    data["network"]["prevention"] = ["Increase slowly."]
    return data


@pytest.fixture(scope="module")
def rich() -> hb.Network:
    """Return that network."""
    return solved(rich_data())


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
        assert row.count("█") == int(d[c] * max(BARS.values()))
    assert [text.index(row) for row in rows] == sorted(text.index(row) for row in rows)


def test_text_of_a_case_without_facts_says_so(rich: hb.Network) -> None:
    text = str(rich.diagnose())

    assert text.startswith("ROUTINE: nothing urgent in what was said")
    assert "Known: nothing" in text
    assert "not cleared (2 of 2 red flags): fever, weight_loss." in on_one_line(text)


def test_text_says_what_must_not_be_tested(rich: hb.Network) -> None:
    d = rich.diagnose(lateral_pain=False, age=60)

    assert d["neck"] >= 0.3
    assert "Do not test now: Pain at night (night_pain)." in str(d)
    assert "Do not test now: Pain at night (night_pain)." in d._repr_html_()


def test_no_probability_is_shown_as_certain(data: Data) -> None:
    data["findings"]["sure"] = finding(1e-7, {"tendon": 0.999999})
    net = solved(data)

    for sure, p, shown in ((True, 1, ">99.9%"), (False, 0, "<0.1%")):
        d = net.diagnose(sure=sure)
        assert d["tendon"] == pytest.approx(p, rel=0, abs=1e-4)
        assert shown in next(line for line in str(d).splitlines() if " tendon " in line)
        assert shown in read_html(d).text
        assert not re.search(r"\b(100|100\.0|0\.0)%", str(d) + read_html(d).text)


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


class Tags(HTMLParser):
    """Collect the tags, attributes and text of an HTML fragment."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and its attributes."""
        self.tags.add(tag)
        self.open.append(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes the last one."""
        assert self.open.pop() == tag, "tags are closed in order"

    def handle_data(self, data: str) -> None:
        """Keep what a reader sees."""
        if "style" not in self.open:
            self.text += data


def read_html(d: hb.Diagnosis) -> Tags:
    """Parse the notebook view."""
    html = Tags()
    html.feed(d._repr_html_())
    html.close()
    assert html.open == []
    return html


@pytest.mark.parametrize("evil", [SCRIPT, "<img src=x onerror=alert(1)>", "' onmouseover='alert(1)", '"><b>&amp;'])
def test_html_shows_every_text_of_a_file_as_text(evil: str) -> None:
    """No text of a network makes a tag or an attribute."""
    data = rich_data()
    data["network"] |= {"name": evil, "version": evil}
    data["causes"]["tendon"]["name"] = evil
    data["causes"]["bone"]["subtypes"]["neck"]["name"] = evil
    data["red_flags"]["fever"] |= {"name": evil, "reason": evil, "action": evil}
    data["hazards"]["neck"] |= {"threshold": 0.001, "reason": evil, "action": evil}
    data["findings"]["onset"] |= {"states": ["gradual", evil], "aliases": {}}
    d = solved(data).diagnose({**FACTS, "onset": True})

    html = read_html(d)

    assert "<script" not in d._repr_html_().lower()
    assert html.tags == {"style", "div", "ul", "li", "b", "p", "table", "tr", "td", "code", "small"}
    assert html.attributes == {"class", "style"}
    assert html.text.count(evil) == 2 + 1 + 3 + 3 + 1


def test_html_shows_red_flags_first_and_the_disclaimer_once(rich: hb.Network) -> None:
    text = read_html(rich.diagnose(FACTS)).text

    assert text.startswith("URGENT: have this assessed today")
    assert text.index("Fever") < text.index("Not asked, so not cleared") < text.index("Known:")
    assert text.index("Known:") < text.index("Tendon pain")
    assert text.count(DISCLAIMER) == 1


# Copies, processes, threads.


@pytest.mark.parametrize("again", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy, copy.copy])  # noqa: S301
def test_copies_give_the_same_bits(again: Any) -> None:  # noqa: ANN401
    """Through pickle and copy, before the first question and after it."""
    net = solved(rich_data())
    d = net.diagnose(FACTS)
    fresh = hb.library.read_network(rich_data())

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
    serial_net, shared_net = (hb.library.read_network(rich_data()) for _ in range(2))

    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(shared_net.diagnose, cases, chunksize=1))

    for facts, d in zip(cases, parallel, strict=True):
        assert numbers(d) == numbers(serial_net.diagnose(facts))
        assert d.to_dict() == serial_net.diagnose(facts).to_dict()


# A table of cases.

COLUMNS: dict[str, tuple[list[object], Any]] = {
    "object": ([True, "no", None, 0.7, math.nan, 1], object),
    "bool": ([True, False, True], bool),
    "int": ([1, 0, 1], "int8"),
    "float": ([1.0, 0.0, math.nan, 0.7, 0.5], "float64"),
    "float32": ([1.0, 0.0, math.nan, 0.25], "float32"),
    "nullable boolean": ([True, False, None], "boolean"),
    "nullable integer": ([1, 0, None], "Int64"),
    "nullable float": ([1.0, 0.3, None], "Float64"),
    "category": (["yes", "no", None, "yes"], "category"),
    "string": (["yes", "absent", None, "unknown"], "string"),
    "str": (["yes", "absent", None], "str"),
    "all unknown": ([None, None], object),
}


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("name", ["lateral_pain", "weak_muscles", "acute"])
def test_each_row_is_its_diagnosis_whatever_the_type_of_the_column(rich: hb.Network, kind: str, name: str) -> None:
    values, dtype = COLUMNS[kind]
    frame = pd.DataFrame({name: pd.Series(values, dtype=dtype)})

    result = rich.diagnose_many(frame)

    expected = [rich.diagnose({name: value}) for value in values]
    assert result.to_dict("records") == [{c: d[c] for c in rich.causes} for d in expected]
    assert (result.dtypes == "float64").all()


@pytest.mark.parametrize("kind", [k for k in COLUMNS if not {0.7, 0.25, 0.3} & {*COLUMNS[k][0]}])
def test_red_flags_are_read_from_any_type_of_column(rich: hb.Network, kind: str) -> None:
    values, dtype = COLUMNS[kind]
    values = [None if value == 0.5 else value for value in values]
    frame = pd.DataFrame({"fever": pd.Series(values, dtype=dtype)})

    result = rich.diagnose_many(frame, with_triage=True)

    assert list(result["triage"]) == [rich.diagnose(fever=value).triage.level for value in values]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "Float64", "object", "category"])
def test_age_and_sex_are_read_from_any_type_of_column(rich: hb.Network, dtype: Any) -> None:  # noqa: ANN401
    frame = pd.DataFrame(
        {
            "age": pd.Series([20, 49, 50, 90], dtype=dtype),
            "sex": pd.Series(["f", "male", None, "Female"], dtype="category" if dtype == "category" else "object"),
        }
    )
    result = rich.diagnose_many(frame)

    for (_, row), age, sex in zip(result.iterrows(), [20, 49, 50, 90], ["f", "male", None, "Female"], strict=True):
        d = rich.diagnose(age=age, sex=sex)
        assert row.to_dict() == {c: d[c] for c in rich.causes}


@settings(max_examples=40)
@given(drawn=st.data(), data=networks())
def test_a_table_is_its_rows_in_any_order_and_any_chunk(drawn: st.DataObject, data: Data) -> None:
    """Row by row, shuffled or in parts: the same bits. Missing columns and NaN are unknown."""
    net = solved(data)
    cases = drawn.draw(st.lists(evidence(data), min_size=1, max_size=6))
    frame = pd.DataFrame(cases, index=range(len(cases)))
    order = drawn.draw(st.permutations(range(len(cases))))
    cut = drawn.draw(st.integers(0, len(cases)))

    result = net.diagnose_many(frame, with_triage=True)

    for i, facts in enumerate(cases):
        d = net.diagnose(facts)
        assert result.iloc[i].to_dict() == {**{c: d[c] for c in net.causes}, "triage": d.triage.level}
    shuffled = net.diagnose_many(frame.iloc[order], with_triage=True)
    pd.testing.assert_frame_equal(shuffled.loc[frame.index], result, check_exact=True)
    parts = [net.diagnose_many(part, with_triage=True) for part in (frame.iloc[:cut], frame.iloc[cut:])]
    pd.testing.assert_frame_equal(pd.concat([p for p in parts if len(p)]), result, check_exact=True)


@pytest.mark.parametrize(
    "index",
    [
        ["b", "a", "c"],
        ["x", "x", "y"],
        [3.5, 1.5, 1.5],
        pd.date_range("2026-01-01", periods=3, name="day"),
        pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")], names=["clinic", "case"]),
        pd.RangeIndex(10, 13, name="case"),
    ],
    ids=["texts", "duplicates", "floats", "dates", "two levels", "range"],
)
def test_the_index_is_kept(rich: hb.Network, index: Any) -> None:  # noqa: ANN401
    frame = pd.DataFrame({"lateral_pain": [True, False, None]}, index=index, dtype=object)

    result = rich.diagnose_many(frame, with_triage=True)

    pd.testing.assert_index_equal(result.index, frame.index, exact=True)
    assert list(result["tendon"]) == [rich.diagnose(lateral_pain=x)["tendon"] for x in (True, False, None)]


def test_columns_are_the_causes_in_file_order(rich: hb.Network) -> None:
    frame = pd.DataFrame({"lateral_pain": [False]})

    assert list(rich.diagnose_many(frame).columns) == ["tendon", "bone", "other"]
    assert list(rich.diagnose_many(frame, with_triage=True).columns) == ["tendon", "bone", "other", "triage"]


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"lateral_pain": []}), pd.DataFrame({"age": []})])
@pytest.mark.parametrize("with_triage", [True, False])
def test_an_empty_table_gives_an_empty_table(rich: hb.Network, frame: pd.DataFrame, *, with_triage: bool) -> None:
    result = rich.diagnose_many(frame, with_triage=with_triage)

    assert list(result.columns) == ["tendon", "bone", "other", *(["triage"] if with_triage else [])]
    assert len(result) == 0
    assert (result[list(rich.causes)].dtypes == "float64").all()


def test_rows_without_columns_know_nothing(rich: hb.Network) -> None:
    result = rich.diagnose_many(pd.DataFrame(index=["a", "b"]))

    assert list(result.index) == ["a", "b"]
    assert result.to_dict("records") == [{c: rich.diagnose()[c] for c in rich.causes}] * 2


@pytest.mark.parametrize("ignore", [["case_id"], ("case_id",), {"case_id"}, "case_id", pd.Index(["case_id"])])
def test_ignored_columns_are_passed_over(rich: hb.Network, ignore: Any) -> None:  # noqa: ANN401
    frame = pd.DataFrame({"case_id": ["a", "b"], "lateral_pain": [True, False]})

    result = rich.diagnose_many(frame, ignore=ignore)

    pd.testing.assert_frame_equal(result, rich.diagnose_many(frame[["lateral_pain"]]), check_exact=True)


def test_a_column_to_ignore_that_is_not_there_is_refused(rich: hb.Network) -> None:
    frame = pd.DataFrame({"case_id": ["a"], "lateral_pain": [True]})

    with pytest.raises(hb.UnknownNameError, match="unknown column to ignore 'caseid'; did you mean 'case_id'"):
        rich.diagnose_many(frame, ignore=["case_id", "caseid"])


def test_an_unknown_column_is_refused_with_the_nearest_names(rich: hb.Network) -> None:
    frame = pd.DataFrame({"lateral_pian": [True]})

    with pytest.raises(
        hb.UnknownNameError,
        match=r"column 'lateral_pian': unknown .*did you mean .*'lateral_pain'.*ignore=\['lateral_pian'\]",
    ) as e:
        rich.diagnose_many(frame)
    assert e.value.name == "lateral_pian"
    assert e.value.near[0] == "lateral_pain"


@pytest.mark.parametrize(
    ("name", "message"),
    [("tendon", r"column 'tendon': 'tendon' is a cause"), (0, r"column 0: unknown"), ("neck", r"'neck' is a cause")],
)
def test_a_column_that_is_no_fact_is_refused(rich: hb.Network, name: object, message: str) -> None:
    with pytest.raises(hb.EvidenceError, match=message):
        rich.diagnose_many(pd.DataFrame({name: [True]}))


def test_a_column_that_is_there_twice_is_refused(rich: hb.Network) -> None:
    frame = pd.DataFrame([[True, True]], columns=["lateral_pain", "lateral_pain"])

    with pytest.raises(hb.EvidenceError, match="column 'lateral_pain' is there twice; allowed: once"):
        rich.diagnose_many(frame)


@pytest.mark.parametrize(
    ("index", "shown"),
    [(None, "2"), (["a", "b", "c"], "'c'"), ([7, 7, 8], "8"), (pd.Index([1.5, 2.5, 3.5]), r"3\.5")],
)
def test_a_bad_cell_is_refused_with_its_row_and_column(rich: hb.Network, index: Any, shown: str) -> None:  # noqa: ANN401
    frame = pd.DataFrame({"age": [20, 30, 40], "night_pain": ["yes", "no", "maybe"]}, index=index)

    with pytest.raises(hb.EvidenceError, match=rf"^row {shown}: 'night_pain' is 'maybe'; allowed: True or False") as e:
        rich.diagnose_many(frame)
    assert (e.value.name, e.value.value) == ("night_pain", "maybe")


def test_a_contradiction_is_refused_with_its_row(rich: hb.Network) -> None:
    frame = pd.DataFrame({"onset": ["sudden", "sudden"], "acute": [True, False]}, index=["a", "b"])

    with pytest.raises(hb.ContradictionError, match="row 'b': 'onset' and 'acute' contradict each other"):
        rich.diagnose_many(frame)


@pytest.mark.parametrize("frame", [{"age": [46]}, [{"age": 46}], pd.Series({"age": 46}), None, "cases.csv"], ids=type)
def test_what_is_not_a_table_is_refused(rich: hb.Network, frame: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.EvidenceError, match=r"got a \w+; allowed: a pandas DataFrame, a row a case"):
        rich.diagnose_many(frame)


def test_the_table_is_not_changed(rich: hb.Network) -> None:
    frame = pd.DataFrame(
        {"age": [46, None], "lateral_pain": pd.Series(["yes", "no"], dtype="category"), "note": ["a", "b"]},
        index=["x", "y"],
    )
    before = frame.copy(deep=True)

    result = rich.diagnose_many(frame, ignore=["note"])
    result.iloc[:, :] = 0.0

    pd.testing.assert_frame_equal(frame, before)


def test_the_functions_take_a_network_or_a_path(rich: hb.Network, file: Any) -> None:  # noqa: ANN401
    frame = pd.DataFrame({"lateral_pain": [True, None]})

    assert numbers(hb.diagnose(FACTS, network=rich)) == numbers(rich.diagnose(FACTS))
    assert hb.diagnose(lateral_pain=True, network=file).posterior.index[0] == "tendon"
    assert hb.diagnose(lateral_pain=True, network=str(file)).network.id == "example"
    pd.testing.assert_frame_equal(hb.diagnose_many(frame, network=rich), rich.diagnose_many(frame), check_exact=True)
    assert len(hb.diagnose_many(frame, network=file)) == 2

"""A table of cases: each row is its diagnosis, to the same bits in any company, from any type of column."""

from __future__ import annotations

import dataclasses
import itertools
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from example import Data, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes.cohorts import table as cohort
from hip_bayes.cohorts.columns import Reading, match
from hip_bayes.inference.evidence import Case

EXACT = 1e-12


def assert_rows_are(result: pd.DataFrame, diagnoses: list[hb.Diagnosis]) -> None:
    """Check each row against the engine for one case, another algorithm."""
    assert len(result) == len(diagnoses)
    for (_, row), d in zip(result.iterrows(), diagnoses, strict=True):
        expected = {c: d[c] for c in d.network.causes}
        assert {c: row[c] for c in expected} == pytest.approx(expected, rel=0, abs=EXACT)


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

    result = rich.diagnose_many(frame, with_triage=False)

    expected = [rich.diagnose({name: value}) for value in values]
    assert_rows_are(result, expected)
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
    result = rich.diagnose_many(frame, with_triage=False)

    rows = zip([20, 49, 50, 90], ["f", "male", None, "Female"], strict=True)
    assert_rows_are(result, [rich.diagnose(age=age, sex=sex) for age, sex in rows])


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

    diagnoses = [net.diagnose(facts) for facts in cases]
    assert_rows_are(result, diagnoses)
    if net.red_flags:
        assert list(result["triage"]) == [d.triage.level for d in diagnoses]
        assert list(result["red_flags_asked"]) == [len(d.case.red_flags) for d in diagnoses]
    else:
        assert list(result) == list(net.causes)
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
    assert_rows_are(result, [rich.diagnose(lateral_pain=x) for x in (True, False, None)])


def test_columns_are_the_causes_in_file_order(rich: hb.Network) -> None:
    frame = pd.DataFrame({"lateral_pain": [False]})

    assert list(rich.diagnose_many(frame, with_triage=False).columns) == ["tendon", "bone", "other"]
    with_triage = ["tendon", "bone", "other", "triage", "red_flags_asked"]
    assert list(rich.diagnose_many(frame).columns) == list(rich.diagnose_many(frame, with_triage=True)) == with_triage


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"lateral_pain": []}), pd.DataFrame({"age": []})])
@pytest.mark.parametrize("with_triage", [True, False])
def test_an_empty_table_gives_an_empty_table(rich: hb.Network, frame: pd.DataFrame, *, with_triage: bool) -> None:
    result = rich.diagnose_many(frame, with_triage=with_triage)

    assert list(result.columns) == ["tendon", "bone", "other", *(["triage", "red_flags_asked"] if with_triage else [])]
    assert len(result) == 0
    assert (result[list(rich.causes)].dtypes == "float64").all()


def test_rows_without_columns_know_nothing(rich: hb.Network) -> None:
    result = rich.diagnose_many(pd.DataFrame(index=["a", "b"]))

    assert list(result.index) == ["a", "b"]
    assert_rows_are(result, [rich.diagnose()] * 2)


@pytest.mark.parametrize("ignore", [["case_id"], ("case_id",), {"case_id"}, "case_id", pd.Index(["case_id"])])
def test_ignored_columns_are_passed_over(rich: hb.Network, ignore: Any) -> None:  # noqa: ANN401
    frame = pd.DataFrame({"case_id": ["a", "b"], "lateral_pain": [True, False]})

    result = rich.diagnose_many(frame, ignore=ignore, with_triage=False)

    alone = rich.diagnose_many(frame[["lateral_pain"]], with_triage=False)
    pd.testing.assert_frame_equal(result, alone, check_exact=True)
    again = rich.diagnose_many(frame, ignore=(name for name in ["case_id"]), with_triage=False)
    pd.testing.assert_frame_equal(again, result, check_exact=True)


def test_a_column_to_ignore_that_is_not_there_is_refused(rich: hb.Network) -> None:
    frame = pd.DataFrame({"case_id": ["a"], "lateral_pain": [True]})

    with pytest.raises(hb.UnknownNameError, match="unknown column to ignore 'caseid'; did you mean 'case_id'"):
        rich.diagnose_many(frame, ignore=["case_id", "caseid"])
    with pytest.raises(hb.UnknownNameError, match="unknown column to ignore 'z9'"):  # the first of several
        rich.diagnose_many(frame, ignore=["case_id", "z9", "a1", "m5"])


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


@pytest.mark.parametrize(
    "frame", [{"age": [46]}, [46], [["age", 46]], "age", pd.Series({"age": 46}), None, "cases.csv"], ids=type
)
def test_what_is_not_a_table_is_refused(rich: hb.Network, frame: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.EvidenceError, match=r"got a \w+; allowed: a pandas or dask DataFrame, a row a case"):
        rich.diagnose_many(frame)


def test_the_table_is_not_changed(rich: hb.Network) -> None:
    frame = pd.DataFrame(
        {"age": [46, None], "lateral_pain": pd.Series(["yes", "no"], dtype="category"), "note": ["a", "b"]},
        index=["x", "y"],
    )
    before = frame.copy(deep=True)

    result = rich.diagnose_many(frame, ignore=["note"], with_triage=False)
    result.iloc[:, :] = 0.0

    pd.testing.assert_frame_equal(frame, before)


def test_rejects_are_the_bad_rows_in_whatever_chunk_they_are(rich: hb.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cohort, "CHUNK", 4)
    values = [True] * 6 + ["bad"] + [False] * 3 + ["2 or 3", None]
    frame = pd.Series(values, range(100, 112), dtype=object, name="lateral_pain").to_frame()
    rejects: list[cohort.Reject] = []

    kept = cohort.diagnose_table(rich, frame, rejects=rejects, threads=2)

    assert [(r.row, r.column, r.value) for r in rejects] == [(6, "lateral_pain", "bad"), (10, "lateral_pain", "2 or 3")]
    good = [i for i in range(12) if i not in (6, 10)]
    assert list(kept.index) == [100 + i for i in good]
    assert_rows_are(kept, [rich.diagnose(lateral_pain=values[i]) for i in good])


ODD: list[object] = [
    1,
    True,
    1.0,
    Decimal(1),
    Fraction(1),
    1 + 0j,
    np.float32(1),
    np.int8(1),
    np.timedelta64(1),
    "1",
    "yes",
]
ODD += [
    None,
    math.nan,
    Decimal("NaN"),
    pd.NA,
    pd.NaT,
    np.datetime64("NaT"),
    complex(math.nan, 0),
    [1],
    {},
    0.7,
    np.float32(0.7),
]


def alone(net: hb.Network, name: str, value: object) -> tuple[Case, str]:
    """Return what one fact says, without the age, and what is wrong with it."""
    try:
        return dataclasses.replace(net.vocabulary.read([(name, value)]), age=None), ""
    except hb.EvidenceError as error:
        return Case(), str(error)


@pytest.mark.parametrize("name", ["lateral_pain", "fever", "age", "sex", "weak_muscles", "acute"])
def test_values_that_are_equal_but_of_another_type_are_not_taken_for_each_other(rich: hb.Network, name: str) -> None:
    """In one object column, in either order: each cell says what it says alone, or is refused as it is alone."""
    columns = match(rich, [name], Reading())
    for first, second in itertools.permutations(ODD, 2):
        cells = np.empty(2, dtype=object)
        cells[0], cells[1] = first, second
        cases, errors, _ = cohort.read_table(rich, pd.DataFrame({name: pd.Series(cells, dtype=object)}), columns)
        for i, value in enumerate((first, second)):
            assert (cases.case(i, rich), str(errors.get(i, ""))) == alone(rich, name, value)


def test_a_column_of_lists_is_refused_by_its_first_row(rich: hb.Network) -> None:
    lists = pd.Series(pd.array([[1], [2]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))))

    with pytest.raises(hb.EvidenceError, match=r"^row 0: 'lateral_pain' is .*; allowed: True or False"):
        rich.diagnose_many(pd.DataFrame({"lateral_pain": lists}))


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, None, "2"])
def test_a_number_of_threads_that_is_none_is_refused(rich: hb.Network, threads: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.EvidenceError, match=r"threads is .*; allowed: a whole number from 1 to 1,024"):
        rich.diagnose_many(pd.DataFrame({"lateral_pain": [True]}), threads=threads)


def test_any_chunk_and_any_number_of_threads_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the shipped network, with rows that are covered and rows that are listed, triage and all."""
    net = hb.load_network()
    people = net.simulate(300, seed=9).drop(columns="truth").astype(object)
    frame = people.where(np.random.default_rng(2).random(people.shape) < 0.15, None)
    frame.iloc[::50] = people.iloc[::50]
    frame["fever"] = [True, None, False] * 100
    expected = net.diagnose_many(frame, with_triage=True)

    for chunk, threads in ((1, 3), (7, 1), (64, 8), (299, 2)):
        monkeypatch.setattr(cohort, "CHUNK", chunk)
        result = net.diagnose_many(frame, with_triage=True, threads=threads)
        pd.testing.assert_frame_equal(result, expected, check_exact=True)
    shuffled = net.diagnose_many(frame.sample(frac=1.0, random_state=5), with_triage=True)
    pd.testing.assert_frame_equal(shuffled.loc[frame.index], expected, check_exact=True)
    for i in range(0, 300, 23):
        d = net.diagnose(frame.iloc[i])
        assert expected["triage"].iloc[i] == d.triage.level
        assert expected.iloc[i][list(net.causes)].to_dict() == pytest.approx({c: d[c] for c in net.causes}, abs=EXACT)

"""Files and words as clinics, R, SPSS, REDCap, survey tools, Excel and people at a keyboard make them."""

from __future__ import annotations

import math
import random
import re
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import hip_bayes as hb
from hip_bayes.cli import main
from hip_bayes.network.search import find

if TYPE_CHECKING:
    from pathlib import Path

    from hip_bayes import Network

YES: tuple[Any, ...] = (
    True,
    1,
    1.0,
    "yes",
    "Yes",
    " YES ",
    "y",
    "true",
    "TRUE",
    "present",
    "Positive",
    "1",
    "1.0",
    "100%",
)
NO: tuple[Any, ...] = (False, 0, 0.0, "no", "No ", "n", "False", "absent", "negative", "0", "0%")
NOTHING: tuple[Any, ...] = (None, math.nan, "", " ", "NA", "na", "N/A", "NaN", "null", ".", "?", "unknown", "Unknown ")
REFUSED: tuple[Any, ...] = ("+", "-", "none", "None", "maybe", "yes?", "2", 2, -9, "-9", "0,7", "1/2", "x", [1])


def cohort(*words: object) -> Result:
    """Run `hip-bayes cohort`."""
    return CliRunner().invoke(main, ["cohort", *map(str, words)])


def answers(path: Path, *words: object, rows: int | None = None) -> pd.DataFrame:
    """Return the answers to a file."""
    out = path.with_name("answers.csv")
    result = cohort(path, out, "--overwrite", *words)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out)
    assert rows is None or len(table) == rows
    return table


def same(table: pd.DataFrame, cases: list[dict[str, Any]]) -> None:
    """See that the answers are those of `diagnose`, row by row."""
    assert len(table) == len(cases)
    for (_, row), case in zip(table.iterrows(), cases, strict=True):
        d = hb.diagnose(case)
        assert {c: row[c] for c in d} == pytest.approx(dict(d), abs=1e-9)
        assert row["triage"] == d.triage.level
        assert row["red_flags_asked"] == len(d.case.red_flags)


# One reader.


@pytest.mark.parametrize(
    ("value", "meaning"),
    [*((v, True) for v in YES), *((v, False) for v in NO), *((v, None) for v in NOTHING), ("70%", 0.7), (" 0.7", 0.7)],
    ids=repr,
)
def test_an_answer_means_the_same_wherever_it_is_given(tmp_path: Path, value: Any, meaning: object) -> None:  # noqa: ANN401
    """In Python, in a table, at the command line, in CSV and in Parquet; of a red flag too."""
    facts = {} if meaning is None else {"lateral_pain": meaning}
    expected = hb.diagnose(facts)
    assert hb.diagnose(lateral_pain=value).evidence == facts
    assert hb.diagnose_many([{"lateral_pain": value, "age": 46}])["gtps"][0] == pytest.approx(
        hb.diagnose(facts, age=46)["gtps"], abs=1e-9
    )
    if isinstance(meaning, bool) or meaning is None:
        assert hb.diagnose(fever=value).case.red_flags == ({} if meaning is None else {"fever": meaning})
    if isinstance(value, str):
        said = CliRunner().invoke(main, ["diagnose", "--json", f"lateral_pain={value}"])
        assert said.exit_code == 0, said.output
        assert f'"gtps": {expected["gtps"]!r}' in said.output
        quoted = value.replace('"', '""')
        (tmp_path / "a.csv").write_text(f'age,lateral_pain\n,"{quoted}"\n')
        same(answers(tmp_path / "a.csv"), [facts])
        pq.write_table(pa.table({"age": [46.0], "lateral_pain": [value]}), tmp_path / "a.parquet")
        same(answers(tmp_path / "a.parquet"), [{**facts, "age": 46}])


@pytest.mark.parametrize("value", REFUSED, ids=repr)
def test_what_may_mean_anything_is_refused_everywhere(value: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.EvidenceError, match="lateral_pain"):
        hb.diagnose(lateral_pain=value)
    with pytest.raises(hb.EvidenceError, match="lateral_pain"):
        hb.diagnose_many([{"lateral_pain": value}])


@pytest.mark.parametrize("value", ["+", "-", "none"])
def test_a_sign_is_refused_with_what_to_do(value: str) -> None:
    with pytest.raises(
        hb.EvidenceError, match=r"may mean an answer or nothing: .*--code \"fadir_positive: .*--missing"
    ):
        hb.diagnose(fadir_positive=value)


@pytest.mark.parametrize("age", ["4_6", "\uff14\uff16", "\u0664\u0666", "46 years", "1e2", "0x2e", "46,5", True, "yes"])
def test_an_age_is_a_number_in_plain_digits(age: object) -> None:
    with pytest.raises(hb.EvidenceError, match="allowed: a number of years from 18 to 90"):
        hb.diagnose(age=age)


@pytest.mark.parametrize(("word", "sex"), [("woman", "female"), ("Man ", "male"), ("F", "female"), ("male", "male")])
def test_a_sex_in_other_words(word: str, sex: str) -> None:
    assert hb.diagnose(sex=word).evidence == {"sex": sex}
    assert hb.diagnose(age="46").evidence == {"age": 46}


def test_a_bad_cell_is_blamed_itself_and_the_others_are_counted() -> None:
    """One bad age makes pandas read a column as text; the rows before it are innocent."""
    frame = pd.DataFrame({"age": ["46", "50", "old", "47", "older"]})
    with pytest.raises(hb.EvidenceError, match=r"row 2: age is 'old'.*\(1 more row cannot be read either\)"):
        hb.diagnose_many(frame)
    long = pd.DataFrame({"age": ["46"] * 40_000 + ["old"] * 3})
    with pytest.raises(hb.EvidenceError, match=r"row 40000: age is 'old'.*\(2 more rows cannot be read either\)"):
        hb.diagnose_many(long)


# Codes.


@pytest.mark.parametrize("rejects", [False, True])
@pytest.mark.parametrize(
    ("values", "strange"), [("1 2 1 2", "2"), ("0 3 10 1", "3"), ("1 0 -9 0", "-9"), ("1 1 7 0", "7")]
)
def test_a_column_of_codes_is_refused_before_any_row_is_answered(
    tmp_path: Path, values: str, strange: str, *, rejects: bool
) -> None:
    """With rejects too: of 1 and 2 the ones would be answered as present, on a scale of pain 1 as surely present."""
    source, out, bad = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "bad.csv"
    rows = "".join(f"46,{value}\n" for value in values.split())
    source.write_text(f"age,lateral_pain\n{rows}")
    first = values.split().index(strange) + 1

    result = cohort(source, out, *(["--rejects", bad] if rejects else []))

    assert result.exit_code == 2
    assert "column 'lateral_pain' is coded: it has " in result.output
    many = {value: values.split().count(value) for value in values.split()}
    assert all(f"{value} ({n} row{'s' * (n != 1)})" in result.output for value, n in many.items())
    assert f"{strange}, first in row {first}, is no answer" in result.output
    assert '--code "lateral_pain: 1=no 2=yes"' in result.output
    assert not out.exists()
    assert not bad.exists()
    frame = pd.DataFrame({"lateral_pain": [int(value) for value in values.split()]})
    for table in (frame, frame.astype(str), frame.astype("float64"), frame.astype("Int64"), frame.astype("category")):
        with pytest.raises(hb.EvidenceError, match=f"is coded: .*{strange}, first in row {first - 1}, is no answer"):
            hb.diagnose_many(table)


def test_codes_are_read_as_they_are_said_to_mean(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [46, 50, 60, 70], "lateral_pain": [1, 2, -9, 2], "sex": [1, 2, 1, 2]})
    cases = [
        {"age": 46, "lateral_pain": False, "sex": "f"},
        {"age": 50, "lateral_pain": True, "sex": "m"},
        {"age": 60, "sex": "f"},
        {"age": 70, "lateral_pain": True, "sex": "m"},
    ]
    code = {"lateral_pain": {1: "no", 2: "yes"}, "sex": {"1": "female", "2": "male"}}
    same(hb.diagnose_many(frame, code=code, missing=[-9]), cases)
    same(hb.diagnose_many(frame.astype(str), code=code, missing=["-9"]), cases)
    frame.to_csv(tmp_path / "in.csv", index=False)
    options = ["--code", "lateral_pain: 1=no 2=yes", "--code", "sex: 1=female 2=male", "--missing=-9"]
    same(answers(tmp_path / "in.csv", *options), cases)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        'missing = ["-9"]\n[code.lateral_pain]\n1 = "no"\n2 = "yes"\n[code.sex]\n1 = "female"\n2 = "male"\n'
    )
    same(answers(tmp_path / "in.csv", "--mapping", mapping), cases)
    dd = pytest.importorskip("dask.dataframe")
    same(hb.diagnose_many(dd.from_pandas(frame, npartitions=2), code=code, missing=[-9]).compute(), cases)
    with pytest.raises(hb.EvidenceError, match="is coded"):
        hb.diagnose_many(dd.from_pandas(frame, npartitions=2)).compute()
    ignored = hb.diagnose_many(frame, ignore=["lateral_pain", "sex"])
    same(ignored, [{"age": case["age"]} for case in cases])


def test_what_each_column_was_read_as_is_said(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("Age,Lateral pain,fever\n46,yes,NA\n50,Yes,no\n60,,0.0\n")
    result = cohort(tmp_path / "in.csv", tmp_path / "out.csv")

    assert "in.csv: 3 columns of facts: age (Age), lateral_pain (Lateral pain), fever" in result.output
    assert "  Lateral pain: yes 2 (yes, Yes), unknown 1 (empty)" in result.output
    assert "  fever: unknown 1 (NA), no 2 (no, 0.0)" in result.output


def test_a_pain_scale_is_not_a_likelihood() -> None:
    with pytest.raises(hb.EvidenceError, match="'night_pain' is coded"):
        hb.diagnose_many(pd.DataFrame({"night_pain": [0, 1, 4, 10]}))


# Exports, each with one option at most.

RUNNERS: list[dict[str, Any]] = [
    {"age": 46, "sex": "female", "lateral_pain": True, "groin_pain": False, "fever": False},
    {"age": 27, "sex": "male", "lateral_pain": False, "groin_pain": True},
    {"age": 61, "sex": "female", "lateral_pain": True, "fever": True},
]


def written(value: object, yes: str, no: str, nothing: str) -> str:
    """Return a cell as some program writes it."""
    return nothing if value is None else yes if value is True else no if value is False else str(value)


def table_of(yes: str, no: str, nothing: str, sexes: dict[str, str], extra: str = "") -> list[list[str]]:
    """Return the runners as rows of cells."""
    names = ["age", "sex", "lateral_pain", "groin_pain", "fever"]
    rows = []
    for i, runner in enumerate(RUNNERS, 1):
        cells = [written(runner.get(name), yes, no, nothing) for name in names]
        cells[1] = sexes[runner["sex"]]
        rows.append([extra.format(i), *cells] if extra else cells)
    return rows


def test_a_redcap_export_with_labels(tmp_path: Path) -> None:
    net = hb.load_network()
    header = ["Record ID", "Age", "Sex", *(net.findings[f].question for f in ("lateral_pain", "groin_pain"))]
    header += [net.red_flags["fever"].question, "Complete?"]
    rows = [[*row, "Complete"] for row in table_of("Yes", "No", "", {"female": "Female", "male": "Male"}, "{}")]
    pd.DataFrame(rows, columns=header).to_csv(tmp_path / "labels.csv", index=False)
    same(answers(tmp_path / "labels.csv", "--ignore-others"), RUNNERS)


def test_a_redcap_export_raw(tmp_path: Path) -> None:
    header = ["record_id", "redcap_event_name", "age", "sex", "lateral_pain", "groin_pain", "fever", "hip_complete"]
    rows = [[r[0], "visit_1_arm_1", *r[1:], "2"] for r in table_of("1", "0", "", {"female": "F", "male": "M"}, "{}")]
    pd.DataFrame(rows, columns=header).to_csv(tmp_path / "raw.csv", index=False)
    same(answers(tmp_path / "raw.csv", "--ignore-others"), RUNNERS)


def test_an_spss_export(tmp_path: Path) -> None:
    rows = table_of("2", "1", "-9", {"female": "1", "male": "2"})
    pd.DataFrame(rows, columns=["age", "sex", "lateral_pain", "groin_pain", "fever"]).to_csv(
        tmp_path / "s.csv", index=False
    )
    codes = "".join(f'[code.{f}]\n1 = "no"\n2 = "yes"\n' for f in ("lateral_pain", "groin_pain", "fever"))
    (tmp_path / "s.toml").write_text(f'missing = [-9]\n[code.sex]\n1 = "female"\n2 = "male"\n{codes}')
    assert cohort(tmp_path / "s.csv", tmp_path / "o.csv").exit_code == 2
    same(answers(tmp_path / "s.csv", "--mapping", tmp_path / "s.toml"), RUNNERS)


def test_what_r_writes(tmp_path: Path) -> None:
    rows = table_of("TRUE", "FALSE", "NA", {"female": '"female"', "male": '"male"'}, '"{}"')
    lines = ['"","age","sex","lateral_pain","groin_pain","fever"', *map(",".join, rows)]
    (tmp_path / "r.csv").write_text("\n".join(lines) + "\n")
    same(answers(tmp_path / "r.csv", "--ignore-others"), RUNNERS)


def test_what_a_german_excel_writes(tmp_path: Path) -> None:
    """Semicolons, decimal commas, the encoding of Windows, and a column of remarks."""
    runners = [*RUNNERS, {"age": 33.5, "sex": "female", "lateral_pain": 0.7}]
    lines = ["Alter;age;sex;lateral_pain;groin_pain;fever;Bemerkung"]
    rows = table_of("yes", "no", "", {"female": "f", "male": "m"})
    lines += [";".join(["x", *row, "Laufschuhe gewechselt, Gr\u00f6\u00dfe 43"]) for row in rows]
    lines.append("x;33,5;f;0,7;;;\u00fcblich")
    (tmp_path / "excel.csv").write_bytes("\r\n".join(lines).encode("cp1252"))
    same(answers(tmp_path / "excel.csv", "--ignore-others"), runners)


def test_a_workbook(tmp_path: Path) -> None:
    """Numbers, truth values and text as Excel holds them; of a formula the value that is stored."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["patient", "Age", "Sex", "Lateral pain", "Groin-pain", "fever"])
    for i, runner in enumerate(RUNNERS):
        cells = [runner.get(name) for name in ("age", "sex", "lateral_pain", "groin_pain", "fever")]
        sheet.append([f"=1+{i}", *cells])
    book.save(tmp_path / "book.xlsx")
    same(answers(tmp_path / "book.xlsx", "--ignore-others"), RUNNERS)


def test_a_survey_with_three_lines_of_header(tmp_path: Path) -> None:
    """Names, questions with line breaks in them, and import ids, as Qualtrics writes them."""
    header = ["StartDate", "ResponseId", "age", "sex", "lateral_pain", "groin_pain", "fever"]
    rows = [["2026-01-01", *row] for row in table_of("Yes", "No", "", {"female": "Woman", "male": "Man"}, "R_{}")]
    table = [header, [f"Question\nfor {h}" for h in header], [f'{{"ImportId":"{h}"}}' for h in header], *rows]
    pd.DataFrame(table).to_csv(tmp_path / "survey.csv", index=False, header=False)
    same(answers(tmp_path / "survey.csv", "--ignore-others"), RUNNERS)


# Ordinary files.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize(
    ("delimiter", "ending"), [(",", "csv"), (";", "csv"), ("\t", "csv"), ("\t", "tsv"), ("|", "csv")]
)
def test_any_delimiter_and_encoding(tmp_path: Path, encoding: str, delimiter: str, ending: str) -> None:
    rows = table_of("yes", "no", "", {"female": "f", "male": "m"}, "Zo\u00eb {}")
    header = ["name", "age", "sex", "Lateral pain", "GROIN-PAIN", " fever"]
    text = "\n".join(delimiter.join(row) for row in [header, *rows]) + "\n"
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    path = tmp_path / f"in.{ending}"
    path.write_bytes(mark + text.encode(encoding))

    table = answers(path, "--id", "name")

    same(table, RUNNERS)
    assert table["name"].tolist() == ["Zo\u00eb 1", "Zo\u00eb 2", "Zo\u00eb 3"]


def test_spaces_after_commas_and_commas_left_over(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("age, sex, lateral_pain,,\n46, f, yes,,\n27, m, no,,\n")
    same(
        answers(tmp_path / "in.csv"),
        [{"age": 46, "sex": "f", "lateral_pain": True}, {"age": 27, "sex": "m", "lateral_pain": False}],
    )
    (tmp_path / "in.csv").write_text("age,\n46,a remark\n")
    result = cohort(tmp_path / "in.csv", tmp_path / "out.csv")
    assert "column 2 (no name) has cells in it" in result.output


def test_decimal_columns_of_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {"age": pa.array([46, 27], pa.decimal128(5, 1)), "lateral_pain": pa.array([1, 0], pa.decimal128(3, 2))}
    )
    pq.write_table(table, tmp_path / "in.parquet")
    same(answers(tmp_path / "in.parquet"), [{"age": 46, "lateral_pain": True}, {"age": 27, "lateral_pain": False}])


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("age,Lateral pain,lateral_pain", "columns 'Lateral pain' and 'lateral_pain' are both lateral_pain"),
        ("age,lateral_pain,lateral_pain", "column 'lateral_pain' is there twice"),
        ("age,faber", "did you mean 'faber_positive'"),
        ("age,note,remark,limb", "also unknown: 'remark', 'limb'"),
    ],
)
def test_headers_that_are_refused(tmp_path: Path, header: str, message: str) -> None:
    (tmp_path / "in.csv").write_text(f"{header}\n{','.join(['46'] + ['yes'] * header.count(','))}\n")
    result = cohort(tmp_path / "in.csv", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert message in result.output
    assert "--ignore-others" in result.output or "allowed: o" in result.output
    frame = pd.DataFrame([["46"] + ["yes"] * header.count(",")], columns=header.split(","))
    with pytest.raises(hb.EvidenceError) as raised:
        hb.diagnose_many(frame)
    assert message in str(raised.value)


def test_a_very_wide_header_is_refused_at_once(tmp_path: Path) -> None:
    names = [f"q{i}" for i in range(100_000)]
    (tmp_path / "wide.csv").write_text(",".join(names) + "\n" + "," * (len(names) - 1) + "\n")
    result = cohort(tmp_path / "wide.csv", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "and 99,991 more" in result.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--code", "lateral_pain 1=no"], 'allowed: "COLUMN: VALUE=MEANING ..."'),
        (["--code", "lateral: 1=no"], "unknown column to code 'lateral'"),
        (["--ignore", "Lateral"], "unknown column to ignore 'Lateral'"),
        (["--code", "lateral_pain: 1=perhaps"], "is 'perhaps'; allowed"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, options: list[str], message: str) -> None:
    (tmp_path / "in.csv").write_text("age,lateral_pain\n46,1\n")
    result = cohort(tmp_path / "in.csv", tmp_path / "out.csv", *options)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize("text", ["codes = 1", "missing = 3.5.1", "code = 3", "[code.a]\n", "ignore_others = 1"])
def test_a_mapping_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "in.csv").write_text("age,lateral_pain\n46,1\n")
    (tmp_path / "m.toml").write_text(text)
    result = cohort(tmp_path / "in.csv", tmp_path / "out.csv", "--mapping", tmp_path / "m.toml")
    assert (result.exit_code, "m.toml" in result.output) == (2, True)
    assert "Traceback" not in result.output


def test_a_workbook_that_is_too_large_or_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no.xlsx").write_bytes(b"PK not a workbook")
    assert "cannot be read" in cohort(tmp_path / "no.xlsx", tmp_path / "out.csv").output
    openpyxl.Workbook().save(tmp_path / "book.xlsx")
    monkeypatch.setattr("hip_bayes.cohorts.formats.MAX_EXCEL_BYTES", 10)
    assert "allowed: 10; save it as CSV" in cohort(tmp_path / "book.xlsx", tmp_path / "out.csv").output


# Nothing is misread.


def dirtied(rng: random.Random, meaning: object) -> str:
    """Return a cell that means this to anybody, or nothing that is an answer."""
    clean = {True: YES, False: NO, None: NOTHING}[meaning]  # type: ignore[index]
    text = rng.choice([str(v) for v in clean if isinstance(v, str)] + (["1"] if meaning is True else []))
    return "".join((rng.choice(["", " ", "\t"]), rng.choice([text, text.upper(), text.title()]), rng.choice(["", " "])))


def test_no_cell_of_a_hundred_thousand_is_misread() -> None:
    """Each is read as it was meant, or refused with its row, column and value."""
    rng = random.Random(11)
    names = [
        "lateral_pain",
        "groin_pain",
        "night_pain",
        "limp",
        "fever",
        "training_spike",
        "fadir_positive",
        "stiffness",
    ]
    junk = [
        "yess",
        "nope",
        "+",
        "-",
        "none",
        "maybe",
        "ja",
        "nein",
        "y/n",
        "0.5.1",
        "1_0",
        "\u0661",
        "\uff11",
        "1O",
        "true!",
        "5 yes",
    ]
    n = 100_000 // len(names)
    meant = [[rng.choice([True, False, None]) for _ in names] for _ in range(n)]
    cells = [[dirtied(rng, m) for m in row] for row in meant]
    for row in rng.sample(range(n), n // 50):
        cells[row][rng.randrange(len(names))] = rng.choice(junk)
    wrong = {row for row in range(n) if any(cell.strip() in junk for cell in cells[row])}
    frame = pd.DataFrame(cells, columns=names)
    from hip_bayes.cohorts.columns import Reading, match
    from hip_bayes.cohorts.table import read_table

    net = hb.load_network()
    cases, errors, bad = read_table(net, frame, match(net, names, Reading()))

    assert set(errors) == set(np.flatnonzero(bad).tolist()) == wrong
    for row, error in errors.items():
        assert cells[row][names.index(error.name)] == error.value
    ids = [*net.background, *net.findings, *net.red_flags]
    read = np.hstack([cases.background, cases.findings, cases.red_flags])[:, [ids.index(name) for name in names]]
    wanted = np.array([[math.nan if m is None else float(m) for m in row] for row in meant])
    kept = ~bad
    assert np.array_equal(read[kept], wanted[kept], equal_nan=True)


# Names.


@pytest.mark.parametrize(
    ("words", "id_"),
    [
        ("FADIR", "fadir_positive"),
        ("FADDIR", "fadir_positive"),
        ("faber", "faber_positive"),
        ("BMI", "high_bmi"),
        ("obese", "high_bmi"),
        ("limping", "limp"),
        ("snapping", "clicking"),
        ("squeeze test", "resisted_adduction_pain"),
        ("outer hip", "lateral_pain"),
        ("gender", "sex"),
        ("pain night", "night_pain"),
        ("groin", "groin_pain"),
    ],
)
def test_what_people_call_it_is_found(shipped: Network, words: str, id_: str) -> None:
    """In errors, by the command, and in the explorer."""
    assert find(shipped, words)[0] == id_
    with pytest.raises(hb.UnknownNameError) as raised:
        hb.diagnose({words: True})
    assert raised.value.near[0] == id_
    if id_ != "sex":
        assert id_ in CliRunner().invoke(main, ["findings", *words.split()]).output


@pytest.mark.parametrize("typed", ["fevr", "favor", "feber", "traumma", "weigt_lsos"])
def test_a_red_flag_is_never_proposed_by_its_spelling_alone(shipped: Network, typed: str) -> None:
    assert not set(find(shipped, typed)) & set(shipped.red_flags)


def test_names_are_folded_where_that_is_unambiguous() -> None:
    assert hb.diagnose({"Lateral Pain": True, "AGE": 46, " groin-pain ": "no"}).evidence == {
        "age": 46,
        "lateral_pain": True,
        "groin_pain": False,
    }
    with pytest.raises(hb.ContradictionError, match="said twice"):
        hb.diagnose({"Lateral Pain": True, "lateral_pain": False})


# A result as a mapping, and rows as pandas gives them.


def test_a_result_is_a_mapping_of_its_causes(shipped: Network) -> None:
    d = hb.diagnose(lateral_pain=True)
    assert list(d) == list(d.keys()) == [cause for cause, _ in d.items()] == list(shipped.causes)
    assert dict(d) == {c: d[c] for c in shipped.causes}
    assert len(d) == 12
    assert "gtps" in d
    assert "muscle_strain" not in d
    assert 0 not in d
    assert d == d  # noqa: PLR0124 identity
    assert d != hb.diagnose(lateral_pain=True)
    assert len({d, d}) == 1
    assert d.why() == d.why(d.ranking[0])
    pd.testing.assert_frame_equal(d.explain(), d.explain(d.ranking[0]))


def test_rows_and_lists() -> None:
    frame = pd.DataFrame(RUNNERS, dtype=object)
    one = [hb.diagnose(row) for row in frame.itertuples()]
    assert [d.evidence for d in one] == [hb.diagnose(r).evidence for r in RUNNERS]
    same(hb.diagnose_many(RUNNERS), RUNNERS)


# What attackers found.


def text_file(path: Path, *lines: str) -> Path:
    """Return a file with these lines in it."""
    path.write_text("\n".join(lines) + "\n")
    return path


def workbook(path: Path, *rows: list[Any], dimension: str = "", hidden: bool = False) -> Path:
    """Return a workbook with these rows, a dimension that may be wrong, and perhaps a hidden sheet before it."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if hidden:
        other = book.create_sheet("old", 0)
        other.append(["fever"])
        other.append(["no"])
        other.sheet_state = "hidden"
        book.active = 1
    book.save(path)
    if dimension:
        with zipfile.ZipFile(path) as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
        name = "xl/worksheets/sheet1.xml"
        parts[name] = re.sub(rb'<dimension ref="[^"]*"', f'<dimension ref="{dimension}"'.encode(), parts[name])
        with zipfile.ZipFile(path, "w") as packed:
            for part, data in parts.items():
                packed.writestr(part, data)
    return path


@pytest.mark.parametrize("dimension", ["", "A1", "A1:B2", "A1:Z99"])
def test_all_rows_of_a_workbook_are_read_whatever_it_says_of_its_size(tmp_path: Path, dimension: str) -> None:
    cases = [{"age": 46, "fever": True}, {"age": 50, "fever": False}, {"age": 30, "fever": True}]
    rows = [[case["age"], case["fever"]] for case in cases]
    book = workbook(tmp_path / "in.xlsx", ["age", "fever"], *rows, [None, None, None], dimension=dimension)
    same(answers(book), cases)


def test_what_a_workbook_hides_or_has_not_worked_out(tmp_path: Path) -> None:
    same(answers(workbook(tmp_path / "a.xlsx", ["fever"], ["yes"], hidden=True)), [{"fever": True}])
    result = cohort(workbook(tmp_path / "b.xlsx", ["age", "fever"], [46, "=1=1"]), tmp_path / "out.csv")
    assert "row 1: 'fever' is '=1=1'; allowed" in result.output
    result = cohort(workbook(tmp_path / "c.xlsx", ["age", "fever"], [46, "no", "yes"]), tmp_path / "out.csv")
    assert "line 2 of the sheet has 'yes' in column 3; allowed: 2 columns" in result.output
    book = workbook(tmp_path / "d.xlsx", ["Cases of 2026"], ["age", "fever"], [46, "yes"])
    assert "no column is a fact" in cohort(book, tmp_path / "out.csv", "--ignore-others").output
    with zipfile.ZipFile(book) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(book, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data[: len(data) // 2] if "sheet1" in name else data)
    assert "cannot be read" in cohort(book, tmp_path / "out.csv").output


def test_a_code_is_not_lost_on_truth_values(tmp_path: Path) -> None:
    """1, True and TRUE are one value, in every kind of column, in any order."""
    turned = {"1": "no", "0": "yes"}
    for values in ([True, False], [1, 0], ["TRUE", "false"], [True, 0], [1, False], [1.0, 0.0], [Decimal(1), "0"]):
        for dtype in (object, None):
            frame = pd.DataFrame({"fever": pd.Series(values, dtype=dtype)})
            assert hb.diagnose_many(frame, code={"fever": turned})["triage"].tolist() == ["routine", "urgent"]
    for code in ({True: "no", False: "yes"}, {1: "no", 0: "yes"}, {"true": "no", "FALSE": "yes"}):
        assert hb.diagnose_many(frame, code={"fever": code})["triage"].tolist() == ["routine", "urgent"]
    book = workbook(tmp_path / "in.xlsx", ["fever"], [True], [False])
    same(answers(book, "--code", "fever: true=no false=yes"), [{"fever": False}, {"fever": True}])
    big = pd.DataFrame({"fever": [1000001, 1000002]})
    coded = hb.diagnose_many(big, code={"fever": {1000001: "no", 1000002: "yes"}})
    assert coded["triage"].tolist() == ["routine", "urgent"]


def test_what_words_for_nothing_stand_for_can_be_said() -> None:
    for value in ("", "NA", "."):
        frame = pd.DataFrame({"fever": pd.Series([value, "yes"], dtype=object)})
        said = hb.diagnose_many(frame, code={"fever": {value: "no"}})
        assert said["red_flags_asked"].tolist() == [1, 1]


def test_what_is_said_of_a_gap_is_what_was_answered(tmp_path: Path) -> None:
    """A null of Parquet is no empty text: a code for the one does not speak for the other."""
    pq.write_table(pa.table({"fever": pa.array([None, "yes"], pa.string())}), tmp_path / "in.parquet")
    counts = hb.diagnose_file(tmp_path / "in.parquet", tmp_path / "out.csv", code={"fever": {"": "no"}})
    assert pd.read_csv(tmp_path / "out.csv")["red_flags_asked"].tolist() == [0, 1]
    assert counts.read["fever"].split(", ")[0] == "unknown 1 (None)"


@pytest.mark.parametrize("meaning", ["maybe", 2, "femal"])
def test_a_code_for_what_is_no_answer_is_refused_though_no_row_has_it(meaning: object) -> None:
    with pytest.raises(hb.EvidenceError, match="code of 'lateral_pain': 'lateral_pain' is"):
        hb.diagnose_many([{"lateral_pain": 1}], code={"lateral_pain": {1: "yes", 7: meaning}})


def test_codes_are_whole_or_refused(tmp_path: Path) -> None:
    """Of a column whose 2 is yes nobody knows what its 1 is; a code for nothing says nothing of the others."""
    frame = pd.DataFrame({"lateral_pain": [2, 1, 0]})
    with pytest.raises(hb.EvidenceError, match=r"is coded: .*1, first in row 1, is no answer"):
        hb.diagnose_many(frame, code={"lateral_pain": {2: "yes"}})
    assert len(hb.diagnose_many(frame.iloc[1:], code={"lateral_pain": {9: "unknown"}})) == 2
    with pytest.raises(hb.EvidenceError, match="code has lateral_pain twice"):
        hb.diagnose_many(
            frame.rename(columns={"lateral_pain": "Lateral pain"}),
            code={"lateral_pain": {1: "no"}, "Lateral pain": {2: "yes"}},
        )
    mapping = text_file(tmp_path / "m.toml", "[code.fever]", '1 = "no"', '0 = "yes"')
    table = text_file(tmp_path / "in.csv", "fever,age", "1,46", "0,46", "-9,46")
    same(
        answers(table, "--mapping", mapping, "--code", "fever: -9=unknown"),
        [{"age": 46, "fever": False}, {"age": 46, "fever": True}, {"age": 46}],
    )


def test_decimal_commas_in_codes(tmp_path: Path) -> None:
    table = text_file(tmp_path / "in.csv", "age;lateral_pain", "46;0,5", "46;1,5")
    same(
        answers(table, "--code", "lateral_pain: 0,5=yes 1,5=no"),
        [{"age": 46, "lateral_pain": True}, {"age": 46, "lateral_pain": False}],
    )

    assert (
        "0,7, first in row 2, is no answer"
        in cohort(
            text_file(tmp_path / "other.csv", "age;lateral_pain", "46;1,5", "46;0,7"),
            tmp_path / "out.csv",
            "--code",
            "lateral_pain: 1,50=yes",
        ).output
    )


def test_a_code_may_mean_how_sure() -> None:
    frame = pd.DataFrame({"lateral_pain": [1, 2, 3]})
    coded = hb.diagnose_many(frame, code={"lateral_pain": {1: 0, 2: 0.3, 3: "70%"}})
    for p, x in zip(coded["gtps"], (0, 0.3, 0.7), strict=True):
        assert p == pytest.approx(hb.diagnose(lateral_pain=x)["gtps"], abs=1e-9)


def test_decimals_are_numbers() -> None:
    assert (
        hb.diagnose(age=Decimal(46), lateral_pain=Decimal("0.7"))["gtps"]
        == hb.diagnose(age=46, lateral_pain=0.7)["gtps"]
    )
    assert hb.diagnose(lateral_pain=Decimal("NaN")).evidence == hb.diagnose(lateral_pain=Decimal("sNaN")).evidence == {}
    frame = pd.DataFrame({"lateral_pain": pd.Series([Decimal(1), Decimal(2)], dtype=object)})
    with pytest.raises(hb.EvidenceError, match="is coded"):
        hb.diagnose_many(frame)


def test_an_age_is_not_taken_for_a_gap_without_a_word(tmp_path: Path) -> None:
    table = text_file(tmp_path / "in.csv", "age,fever", "77,no", "88,99", "46,yes", "refused,refused")
    missing = ("--missing", "77,88,99,refused")
    result = cohort(table, tmp_path / "out.csv", *missing)
    assert "column 'age' has 77, first in row 1: it may be an age, or nothing" in result.output
    same(
        answers(table, *missing, "--code", "age: 77=unknown 88=88"),
        [{"fever": False}, {"age": 88}, {"age": 46, "fever": True}, {}],
    )


def test_the_whole_of_a_column_is_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many different likelihoods come before the first code; and every row is in what it was read as."""
    monkeypatch.setattr("hip_bayes.cohorts.columns.DISTINCT", 5)
    monkeypatch.setattr("hip_bayes.cohorts.files.CHUNK_ROWS", 10)
    likelihoods = [f"0.{i:03}" for i in range(1, 60)]
    table = text_file(tmp_path / "in.csv", "age,lateral_pain", *(f"46,{x}" for x in [*likelihoods, "1", "1", "0"]))
    counts = hb.diagnose_file(table, tmp_path / "out.csv")
    assert counts.read["lateral_pain"].startswith("how sure 59 (")
    assert counts.read["lateral_pain"].endswith("yes 2 (, ...), no 1 (, ...)")
    table.write_text(table.read_text() + "46,-9\n")
    result = cohort(table, tmp_path / "other.csv", "--rejects", tmp_path / "bad.csv")
    assert "-9, first in row 63, is no answer" in result.output
    assert not (tmp_path / "bad.csv").exists()


def test_a_fact_is_not_passed_over_for_a_slip() -> None:
    frame = pd.DataFrame({"fevr": ["yes"], "age": [46]})
    with pytest.raises(hb.EvidenceError, match=r"'fevr' is no fact, but spelt almost like 'fever'.*ignore=\['fevr'\]"):
        hb.diagnose_many(frame, ignore_others=True)
    assert len(hb.diagnose_many(frame, ignore=["fevr"])) == 1
    with pytest.raises(hb.UnknownNameError, match="unknown column 'temp'"):
        hb.diagnose_many(frame[["age"]].assign(Temp="yes"), columns={"temp": "fever"}, ignore_others=True)
    with pytest.raises(hb.UnknownNameError, match="column 'Temp': unknown finding 'fevr'"):
        hb.diagnose_many(frame[["age"]].assign(Temp="yes"), columns={"Temp": "fevr"}, ignore_others=True)
    said = hb.diagnose_many(frame[["age"]].assign(Temp="yes"), columns={"Temp": "fever"})
    assert said["triage"].tolist() == ["urgent"]


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nage;fever\n46;yes\n",
        "age;Do you have a fever, chills or feel ill?\n46;yes\n",
        'age;"Do you have a fever, chills or feel ill?"\n46;yes\n',
        "age\tfever\tDo you limp?\n46\tyes\t\n",
        'age,fever,note\n46,yes,"' + "x" * 200_000 + '"\n',
        "age,fever, \n46,yes,\n",
    ],
    ids=["sep=", "commas in a question", "in quotes", "tabs", "a long cell", "a blank header"],
)
def test_what_parts_the_cells_is_found_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "in.csv").write_text(text)
    same(answers(tmp_path / "in.csv", *(["--ignore", "note"] if "note" in text else [])), [{"age": 46, "fever": True}])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "in.csv").write_bytes("age,fever\n46,yes\n".encode(encoding))
    same(answers(tmp_path / "in.csv"), [{"age": 46, "fever": True}])


def test_rows_of_a_survey_are_counted_without_its_header(tmp_path: Path) -> None:
    head = ["age,fever", "How old?,Fever?", '"{""ImportId"":""a""}","{""ImportId"":""b""}"']
    for row in ("46,perhaps", "46"):
        result = cohort(text_file(tmp_path / "in.csv", *head, "46,yes", row), tmp_path / "out.csv")
        assert "row 2: " in result.output

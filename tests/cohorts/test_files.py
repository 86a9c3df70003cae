"""A file of cases in, a file of probabilities out: the same for any chunk size, and after any kill."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import errno
import functools
import gzip
import logging
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import hip_bayes as hb
from hip_bayes.cli import main
from hip_bayes.cohorts import files, formats
from hip_bayes.cohorts import parts as kept_parts
from hip_bayes.cohorts.files import Counts
from hip_bayes.cohorts.parts import MARK, Parts
from hip_bayes.diagnosis import diagnose_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from hip_bayes import Network

CELLS: dict[str, object] = {
    "": None,
    "unknown": None,
    "NaN": None,
    "yes": True,
    "1": True,
    "1.0": True,
    "Present": True,
    "no": False,
    "0": False,
    "0.7": 0.7,
    " 0.25 ": 0.25,
}
"""What a cell of a CSV may say of a finding, and what that is in Python."""
FLAGS = {text: value for text, value in CELLS.items() if not isinstance(value, float)}
AGES = {"": None, "18": 18, "46.5": 46.5, "9e1": 90}
SEXES = {"": None, "female": "female", "M": "male"}
COLUMNS = {"age": AGES, "sex": SEXES, "lateral_pain": CELLS, "night_pain": CELLS, "fever": FLAGS}
IDS = st.text(st.sampled_from(' ,"\n\ra0é'), max_size=4)

Rows = list[list[str]]
ROWS = st.lists(st.tuples(IDS, *map(st.sampled_from, map(sorted, COLUMNS.values()))).map(list), max_size=9)


def write_csv(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    """Write a CSV file as Python's csv module does."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def read_csv(path: Path) -> Rows:
    """Read a CSV file as Python's csv module does."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def expected(net: Network, rows: Rows) -> pd.DataFrame:
    """Return what `diagnose_many` makes of rows of an id and `COLUMNS`."""
    frame = pd.DataFrame(
        {name: [values[row[i]] for row in rows] for i, (name, values) in enumerate(COLUMNS.items(), start=1)},
        dtype=object,
    )
    return net.diagnose_many(frame, with_triage=True)


def run(*words: object) -> Result:
    """Run `hip-bayes cohort` with these words."""
    return CliRunner().invoke(main, ["cohort", *map(str, words)])


def refused(result: Result) -> str:
    """Check for exit code 2, nothing on stdout and no traceback, and return the one error."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert result.stderr.rstrip().endswith(errors[0])
    assert "Traceback" not in result.stderr
    return errors[0]


def files_facts(path: Path) -> list[str]:
    """Return the columns of a file that are facts but not age."""
    return [name for name in read_csv(path)[0] if name not in ("id", "age")]


def names_in(folder: Path) -> set[str]:
    """Return the names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Return a folder with a network, `net.toml`, and 24 cases, `in.csv`, every fifth of them with a bad cell."""
    folder = tmp_path / "cases"
    folder.mkdir()
    rows = [[f"{i:03}", 18 + 3 * i, "maybe" if i % 5 == 3 else "yes", i / 30] for i in range(24)]
    write_csv(folder / "in.csv", [["id", "age", "lateral_pain", "night_pain"], *rows])
    return folder


# what comes out


def test_a_line_break_within_a_cell_is_kept_wherever_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = ["000", "\r\n", "a\r\r\nb\n", "001", "\r"]
    source = write_csv(tmp_path / "in.csv", [["id"], *([cell] for cell in cells)])
    for block in range(20, 60):
        monkeypatch.setattr(formats, "CSV_BLOCK_BYTES", block)
        pieces = [piece.to_pylist() for piece, _ in formats.pieces(formats.opened(source), 9, use_threads=False)]
        assert [row["id"] for rows in pieces for row in rows] == cells


@settings(max_examples=25)
@given(rows=ROWS, size=st.integers(1, 10), block=st.integers(120, 300))
def test_any_chunk_size_gives_the_same_csv_and_it_is_what_diagnose_many_gives(
    net: Network, rows: Rows, size: int, block: int
) -> None:
    """Nor does it matter where the blocks end in which the CSV text is parsed."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        source = write_csv(folder / "in.csv", [["the,id", *COLUMNS], *rows])
        whole = diagnose_file(source, folder / "whole.csv", network=net, ids=["the,id"])
        patch.setattr(files, "CHUNK_ROWS", size)
        patch.setattr(formats, "CSV_BLOCK_BYTES", block)
        counts = diagnose_file(source, folder / "parts.csv", network=net, ids=["the,id"])
        header, *lines = read_csv(folder / "parts.csv")
        answers = expected(net, rows)

        assert whole == counts == Counts(len(rows), len(rows), 0, 0)
        assert (folder / "parts.csv").read_bytes() == (folder / "whole.csv").read_bytes()
        assert header == ["the,id", *net.causes, "triage", "red_flags_asked"]
        assert [line[0] for line in lines] == [row[0] for row in rows]
        assert [line[-2] for line in lines] == answers["triage"].tolist()
        assert [int(line[-1]) for line in lines] == answers["red_flags_asked"].tolist()
        assert [[float(x) for x in line[1:-2]] for line in lines] == answers[list(net.causes)].to_numpy().tolist()
        assert names_in(folder) == {"in.csv", "whole.csv", "parts.csv"}


@settings(max_examples=25)
@given(rows=ROWS, size=st.integers(1, 10), group=st.integers(1, 10), ending=st.sampled_from(["csv", "parquet"]))
def test_any_chunk_size_and_row_group_gives_the_same_parquet(
    net: Network, rows: Rows, size: int, group: int, ending: str
) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        source = folder / f"in.{ending}"
        if ending == "csv":
            write_csv(source, [["id", *COLUMNS], *rows])
        else:
            typed = {c: [v[row[i]] for row in rows] for i, (c, v) in enumerate(COLUMNS.items(), start=1)}
            kinds = [pa.float64(), pa.string(), pa.float64(), pa.float64(), pa.bool_()]
            arrays = [pa.array(values, kind) for values, kind in zip(typed.values(), kinds, strict=True)]
            table = pa.table([pa.array([row[0] for row in rows], pa.string()), *arrays], ["id", *typed])
            pq.write_table(table, source, row_group_size=group)
        diagnose_file(source, folder / "whole.parquet", network=net, ids="id")
        patch.setattr(files, "CHUNK_ROWS", size)
        diagnose_file(source, folder / "parts.parquet", network=net, ids="id")
        found = pq.read_table(folder / "parts.parquet")

        assert found.equals(pq.read_table(folder / "whole.parquet"))
        assert found["id"].to_pylist() == [row[0] for row in rows]
        pd.testing.assert_frame_equal(
            found.drop_columns("id").to_pandas(),
            expected(net, rows).reset_index(drop=True),
            check_exact=True,
            check_dtype=False,
        )


@pytest.mark.parametrize("size", [1, 2])
def test_a_parquet_id_keeps_its_type(net: Network, tmp_path: Path, size: int) -> None:
    """Also where row groups, each with a dictionary of its own, meet in one chunk."""
    when = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
    ids = {
        "number": pa.array([2**60 + 1, None], pa.int64()),
        "text": pa.array(["007", ""], pa.large_string()),
        "when": pa.array([when, None], pa.timestamp("us", "UTC")),
        "kind": pa.array(["b", "a"]).dictionary_encode(),
        "list": pa.array([[1], []], pa.list_(pa.int8())),
        "age": pa.array([46, 17], pa.uint8()),
    }
    source = tmp_path / "in.parquet"
    table = pa.table({"lateral_pain": [True, None], **ids})
    with pq.ParquetWriter(source, table.schema) as writer:
        for row in (table.slice(0, 1), table.slice(1)):
            kind = row["kind"].cast(pa.string()).combine_chunks().dictionary_encode()
            writer.write_table(row.set_column(row.column_names.index("kind"), "kind", kind))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "CHUNK_ROWS", size)
        diagnose_file(source, tmp_path / "out.parquet", network=net, ids=list(ids))
    out = pq.read_table(tmp_path / "out.parquet")

    assert out.schema.names == [*ids, *net.causes, "triage", "red_flags_asked"]
    assert out.select(list(ids)).to_pydict() == {name: column.to_pylist() for name, column in ids.items()}
    assert [out.schema.field(name).type for name in ids] == [column.type for column in ids.values()]
    answers = [net.diagnose(lateral_pain=True)["tendon"], net.diagnose()["tendon"]]
    assert out["tendon"].to_pylist() == pytest.approx(answers, abs=1e-9)


def test_parquet_ids_are_text_in_csv(net: Network, tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    ids = pa.table({"number": [2**60 + 1, None], "day": [dt.date(2024, 2, 29)] * 2, "kind": ['a "b"', ""]})
    pq.write_table(ids, source)
    diagnose_file(source, tmp_path / "out.csv", network=net, ids=ids.column_names)

    rows = read_csv(tmp_path / "out.csv")[1:]
    assert [row[:3] for row in rows] == [[str(2**60 + 1), "2024-02-29", 'a "b"'], ["", "2024-02-29", ""]]
    assert [float(row[3]) for row in rows] == pytest.approx([net.diagnose()["tendon"]] * 2, abs=1e-9)  # no facts at all


@pytest.mark.parametrize("dtype", ["boolean", "object", "category", "bool[pyarrow]", "float64", "Int8"])
def test_facts_are_read_from_any_type_of_parquet_column(net: Network, tmp_path: Path, dtype: str) -> None:
    values = pd.Series([1, 0, 1] if dtype in ("float64", "Int8") else [True, False, True]).astype(dtype)
    values[1] = None
    frame = pd.DataFrame({"lateral_pain": values, "sex": pd.Categorical(["female", None, "m"])}, index=[5, 5, 7])
    frame.to_parquet(tmp_path / "in.parquet")
    result = run(tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert "column '__index_level_0__': unknown finding" in refused(result)
    assert "--id '__index_level_0__'" in refused(result)

    diagnose_file(tmp_path / "in.parquet", tmp_path / "out.parquet", network=net, ids="__index_level_0__")
    answers = net.diagnose_many(frame, with_triage=True).reset_index(names="__index_level_0__")
    out = pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(out, answers, check_exact=True, check_dtype=False)


def test_setting_network_and_threads_are_those_of_the_command_line(cases: Path) -> None:
    source, words = cases / "in.csv", ("--id", "id", "--id", "lateral_pain", "--setting", "general_practice")
    result = run(source, cases / "one.parquet", *words, "--threads", 1)
    assert result.exit_code == 0, result.output
    assert run(source, cases / "two.parquet", *words, "--threads", 3).exit_code == 0

    assert (cases / "one.parquet").read_bytes() == (cases / "two.parquet").read_bytes()
    first = pq.read_table(cases / "one.parquet").slice(0, 1).to_pydict()
    answer = hb.diagnose(age=18, night_pain=0, setting="general_practice")
    assert [first["id"], first["lateral_pain"]] == [["000"], ["yes"]]
    assert {cause: first[cause][0] for cause in answer.network.causes} == pytest.approx(
        dict(answer.posterior), abs=1e-9
    )


def test_the_summary_counts_rows_and_checks_them(cases: Path, file: Path) -> None:
    words = (cases / "in.csv", cases / "out.csv", "--id", "id", "--network", file, "--rejects", cases / "bad.csv")
    result = run(*words)
    written, rows, *read, speed = result.stdout.splitlines()

    assert result.exit_code == 0
    assert result.stderr.startswith("in.csv: ")
    assert len(read) == len(files_facts(cases / "in.csv"))
    assert written == f"written: {cases / 'out.csv'} and {cases / 'bad.csv'}"
    assert rows == "rows in 24 = rows out 19 + rejects 5: checked"
    assert speed.endswith(" rows/s")


# CSV as it comes

NET_HEADER = "id,sex,lateral_pain\n"


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        (b"\xef\xbb\xbfid,sex,lateral_pain\r\n007,f,yes\r\n\r\n8,,\r\n", ["007", "8"]),
        (b'id,sex,lateral_pain\n"a\n,""b""",f,1\n c ,f,"1.0"', ['a\n,"b"', " c "]),
        ("id,sex,lateral_pain\nJosé,f,\nNA,,\nnull,,".encode(), ["José", "NA", "null"]),
        (b"id,sex,lateral_pain\rx,f,1\ry,m,0\r", ["x", "y"]),
        (b"id,sex,lateral_pain\n", []),
        (b"id,sex,lateral_pain", []),
        (b'"id","sex","lateral_pain"\r\n', []),
    ],
    ids=["BOM, CRLF, blank line", "quoted", "words for nothing", "CR", "header", "header without end", "quoted header"],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_any_csv_in_utf8_is_read(net: Network, tmp_path: Path, data: bytes, ids: list[str], *, zipped: bool) -> None:
    source = tmp_path / ("in.csv.gz" if zipped else "in.CSV")
    source.write_bytes(gzip.compress(data) if zipped else data)
    counts = diagnose_file(source, tmp_path / "out.csv", network=net, ids=["id"], rejects=tmp_path / "bad.csv")

    assert counts == Counts(len(ids), len(ids), 0, 0)
    assert [row[0] for row in read_csv(tmp_path / "out.csv")] == ["id", *ids]
    assert read_csv(tmp_path / "bad.csv") == [["row", "id", "column", "value", "reason"]]


def test_a_quoted_line_end_may_be_anywhere_in_a_block(
    net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ["\n" * n for n in range(25)]
    source = write_csv(tmp_path / "in.csv", [["id", "sex"], *([id_, "f"] for id_ in ids)])
    for block in range(32, 64):
        monkeypatch.setattr(formats, "CSV_BLOCK_BYTES", block)
        diagnose_file(source, tmp_path / "out.csv", network=net, ids="id", overwrite=True)
        assert [row[0] for row in read_csv(tmp_path / "out.csv")[1:]] == ids


def test_a_word_may_come_after_numbers(net: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Types are not guessed from the first block of the file."""
    monkeypatch.setattr(formats, "CSV_BLOCK_BYTES", 40)
    values = ["1"] * 30 + ["yes", "0.5", "no"]
    source = write_csv(tmp_path / "in.csv", [["lateral_pain", "sex"], *([value, "f"] for value in values)])
    diagnose_file(source, tmp_path / "out.csv", network=net)

    found = [float(row[0]) for row in read_csv(tmp_path / "out.csv")[1:]]
    known = {v: net.diagnose(lateral_pain=x, sex="f")["tendon"] for v, x in [("1", 1), ("0.5", None), ("no", False)]}
    assert found == pytest.approx([known[v] for v in ["1"] * 31 + ["0.5", "no"]], abs=1e-9)


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"", ["the file is empty", "allowed: a header"]),
        (b"\xef\xbb\xbf\n\n", ["the file is empty"]),
        (b"id,sex\n1,f,yes\n", ["row 1", "it has 3 cells", "allowed: 2", "quotes"]),
        (b'id,sex\n"1\n\n",f\n\n2,f\n3\n', ["row 3", "it has 1 cells", "allowed: 2"]),
        (b"id,s\xe9x\n1,f\n", ["column 's\u00e9x': unknown finding"]),
        (b"id,sex\n1,f\n\xff\xfe\x81,f\n", ["neither in UTF-8 nor"]),
        (b'id,sex\n1,"f\n2,f\n', ["a quote", "opened and never closed"]),
        (b'sex,id\nf,"1\nf,2\n', ["a quote", "opened and never closed"]),
        (b'sex,id\nf,"' + b"x" * 5000, ["longer than 400 bytes", "a quote"]),
        (b"id,sex,id\n1,f,2\n", ["column 'id' is there twice", "allowed: once"]),
        (b"id,sex,sex\n1,f,f\n", ["column 'sex' is there twice"]),
        (b",sex,id\n1,f,1\n", ["column 1 (no name) has cells in it", "--ignore-others"]),
        (b"id,sx,lateral_pian,zzz\n", ["column 'sx'", "did you mean 'sex'", "--id 'sx'", "'lateral_pian', 'zzz'"]),
        (b"id,tendon\n", ["'tendon' is a cause"]),
    ],
)
def test_a_bad_csv_is_refused_in_one_line_and_nothing_is_left(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, parts: list[str]
) -> None:
    monkeypatch.setattr(formats, "CSV_BLOCK_BYTES", 400)
    (tmp_path / "in.csv").write_bytes(data)
    error = refused(run(tmp_path / "in.csv", tmp_path / "out.csv", "--id", "id", "--network", file))

    assert "in.csv" in error
    for part in parts:
        assert part in error
    assert names_in(tmp_path) == {"in.csv", "net.toml"}


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("in.csv.gz", b"id,sex\n", "cannot be read (Not a gzipped file"),
        ("in.csv.gz", gzip.compress(random.Random(1).randbytes(9999), mtime=0)[:-99], "in.csv.gz"),
        ("in.csv.gz", gzip.compress(b"id,sex\n1,f\n" * 99, mtime=0)[:-9], "cannot be read (Compressed file ended"),
        ("in.parquet", b"", "cannot be read"),
        ("in.parquet", b"id,sex\n1,f\n" * 99, "cannot be read"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str, data: bytes, part: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert part in refused(run(tmp_path / name, tmp_path / "out.csv", "--id", "id"))
    assert names_in(tmp_path) == {name}


# rows without an answer


def test_a_bad_cell_stops_the_run_with_row_column_value_and_what_is_allowed(cases: Path, file: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "CHUNK_ROWS", 3)
        error = refused(run(cases / "in.csv", cases / "out.csv", "--id", "id", "--network", file))

    assert f"{cases / 'in.csv'}: row 4: 'lateral_pain' is 'maybe'; allowed: True or False, 1 or 0" in error
    assert error.endswith("--rejects FILE")
    assert not (cases / "out.csv").exists()


@pytest.mark.parametrize("size", [1, 4, 100])
def test_rejects_go_to_their_file_and_the_run_goes_on(net: Network, tmp_path: Path, size: int) -> None:
    rows = [
        ["a", "46", "f", "yes", "yes"],
        ["b", "17", "f", "yes", "yes"],
        ["c,\n", "46", "x", "maybe", "perhaps"],
        ["d", "", "", "", ""],
        ["e", "inf", "", "", ""],
        ["f", "46", "f", "0.5", "0.5"],
    ]
    source = write_csv(tmp_path / "in.csv", [["id", "age", "sex", "lateral_pain", "fever"], *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "CHUNK_ROWS", size)
        bad = tmp_path / "bad.csv"
        counts = diagnose_file(source, tmp_path / "out.csv", network=net, ids=["id"], rejects=bad)
    header, *lines = read_csv(bad)

    assert counts == Counts(rows=6, answered=2, rejected=4, resumed=0)
    assert [row[0] for row in read_csv(tmp_path / "out.csv")] == ["id", "a", "d"]
    assert header == ["row", "id", "column", "value", "reason"]
    assert [line[:4] for line in lines] == [
        ["2", "b", "age", "17"],
        ["3", "c,\n", "sex", "x"],
        ["5", "e", "age", "inf"],
        ["6", "f", "fever", "0.5"],
    ]
    assert [line[4].partition(";")[0] for line in lines] == [
        "age is '17'",
        "sex is 'x'",
        "age is 'inf'",
        "red flag 'fever' is '0.5'",
    ]
    assert all("allowed: " in line[4] for line in lines)


def test_rejects_of_a_parquet_file_tell_the_value(net: Network, tmp_path: Path) -> None:
    table = pa.table({"n": [7, 8], "age": [17, 46], "lateral_pain": pa.array(["maybe", "yes"]).dictionary_encode()})
    pq.write_table(table, tmp_path / "in.parquet")
    bad = tmp_path / "bad.csv"
    diagnose_file(tmp_path / "in.parquet", tmp_path / "out.parquet", network=net, ids=["n"], rejects=bad)

    assert read_csv(bad)[1][:4] == ["1", "7", "age", "17"]
    assert pq.read_table(tmp_path / "out.parquet")["n"].to_pylist() == [8]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_of_rejects_alone_gives_a_file_of_no_rows(net: Network, tmp_path: Path, ending: str) -> None:
    source = write_csv(tmp_path / "in.csv", [["sex", "age"], ["x", "1"], ["y", "2"]])
    out = tmp_path / f"out.{ending}"
    counts = diagnose_file(source, out, network=net, rejects=tmp_path / "bad.csv")
    table = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)

    assert counts == Counts(2, 0, 2, 0)
    assert (list(table), len(table)) == ([*net.causes, "triage", "red_flags_asked"], 0)
    assert len(read_csv(tmp_path / "bad.csv")) == 3


# stopped and started again

HOLDING = """
import sys, time
from hip_bayes.cohorts import files
from hip_bayes.cli import main
files.CHUNK_ROWS, diagnose_table = 7, files.diagnose_table
def held(net, frame, **options):
    if frame.index[0] == 15:
        time.sleep(600)
    return diagnose_table(net, frame, **options)
files.diagnose_table = held
main()
"""

DYING = """
import os, signal, sys
from hip_bayes.cohorts import files
from hip_bayes.cli import main
files.CHUNK_ROWS = 7
call, place = sys.argv.pop(1), sys.argv.pop(1)
def dies(*args, function=getattr(os, call), **options):
    if str(args[-1]).endswith(place) and (call != "unlink" or os.path.exists(args[0])):
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*args, **options)
setattr(os, call, dies)
main()
"""


@pytest.fixture
def words(cases: Path, file: Path) -> Callable[[str], list[str]]:
    """Return a function that gives the arguments of a run with rejects, for an ending of OUT."""

    def for_ending(ending: str) -> list[str]:
        (cases / "net.toml").write_bytes(file.read_bytes())
        options = ["--id", "id", "--rejects", cases / "bad.csv", "--network", cases / "net.toml"]
        return [str(word) for word in (cases / "in.csv", cases / f"out.{ending}", *options)]

    return for_ending


def uninterrupted(words: list[str]) -> tuple[bytes, bytes]:
    """Return OUT and the rejects of a run that nothing stopped, and remove them."""
    out, bad = Path(words[1]), Path(words[5])
    assert run(*words).exit_code == 0
    made = out.read_bytes(), bad.read_bytes()
    out.unlink()
    bad.unlink()
    return made


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words(ending)
    whole = uninterrupted(arguments)
    out = Path(arguments[1])
    parts = out.with_name(f"{out.name}.parts")
    with subprocess.Popen([sys.executable, "-c", HOLDING, "cohort", *arguments]) as process:
        try:
            while not (parts / "part-000001").exists():  # it holds in its third chunk until it is killed
                assert process.poll() is None
                time.sleep(0.01)
            second = refused(run(*arguments))
        finally:
            os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert f"another run is writing {out} now" in second
    assert not out.exists()
    assert not Path(arguments[5]).exists()

    result = run(*arguments)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[1:] == ["going on after 2 finished parts of 7 rows"]
    assert "rows in 24 (14 of them from an earlier run) = rows out 19 + rejects 5: checked" in result.stdout
    assert (out.read_bytes(), Path(arguments[5]).read_bytes()) == whole
    assert names_in(out.parent) == {"in.csv", "net.toml", out.name, "bad.csv"}


@pytest.mark.parametrize(
    ("call", "place", "is_out"),
    [
        ("replace", "manifest.json", False),
        ("replace", "part-000001", False),
        ("link", "bad.csv", False),
        ("link", "out.csv", False),
        ("unlink", "part-000001", True),
        ("unlink", "manifest.json", True),
    ],
)
def test_a_run_killed_at_any_step_goes_on_to_the_same_bytes(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, call: str, place: str, *, is_out: bool
) -> None:
    """Just before a file gets its name, or is removed in the end, the run kills itself."""
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words("csv")
    whole = uninterrupted(arguments)
    out, bad = Path(arguments[1]), Path(arguments[5])
    killed = subprocess.run([sys.executable, "-c", DYING, call, place, "cohort", *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert out.exists() == is_out

    assert run(*arguments).exit_code == 0
    assert (out.read_bytes(), bad.read_bytes()) == whole


def test_a_run_that_was_whole_when_it_was_killed_is_not_made_again(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is left to do then is to remove the directory."""
    arguments = words("csv")
    whole = uninterrupted(arguments)
    with monkeypatch.context() as patch:
        patch.setattr(Parts, "clear", lambda p: [x.unlink() for x in p.directory.glob("[!l]*")] and sys.exit(9))
        patch.setattr(os, "rmdir", lambda _: sys.exit(9))
        assert run(*arguments).exit_code == 9
    assert "exists already" in refused(run(*arguments))
    assert (Path(arguments[1]).read_bytes(), Path(arguments[5]).read_bytes()) == whole
    assert not Path(f"{arguments[1]}.parts").exists()


def interrupted(arguments: list[str], place: str) -> Result:
    """Run until a file of this name is to be put in its place: then the disk is full."""

    def full(source: Path, target: Path, move: Callable[..., None]) -> None:
        if target.name == place:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        move(source, target)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "link"):
            patch.setattr(os, name, functools.partial(full, move=getattr(os, name)))
        return run(*arguments)


def test_a_full_disk_is_one_message_and_the_run_goes_on_later(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words("parquet")
    whole = uninterrupted(arguments)
    out, bad = Path(arguments[1]), Path(arguments[5])
    for place, left in (
        ("manifest.json", set()),
        ("part-000000", set()),
        ("part-000002", {"out.parquet.parts"}),
        ("bad.csv", {"out.parquet.parts"}),
    ):
        error = refused(interrupted(arguments, place))
        assert f"cannot write {out} ([Errno 28] No space left on device" in error
        assert "make room" in error
        assert "goes on after its last finished part" in error
        assert names_in(out.parent) == {"in.csv", "net.toml", *left}

    assert "going on after 4 finished parts" in run(*arguments).stderr
    assert (out.read_bytes(), bad.read_bytes()) == whole


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_that_may_not_grow_is_one_message(words: Callable[[str], list[str]], ending: str) -> None:
    """A write that really fails, when OUT is put together from parts that are smaller."""
    resource = pytest.importorskip("resource")
    arguments = words(ending)
    write_csv(Path(arguments[0]), [["id", "age", "lateral_pain"], *([i, 40, i / 200] for i in range(200))])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "CHUNK_ROWS", 20)
        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, hard))
        try:
            error = refused(run(*arguments))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert f"cannot write {arguments[1]} ([Errno 27] File too large" in error
        assert not Path(arguments[1]).exists()
        result = run(*arguments)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[1:] == ["going on after 10 finished parts of 20 rows"]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (lambda words: os.utime(words[0], ns=(0, 0)), "input"),
        (lambda words: write_csv(Path(words[0]), [["id", "age"], ["x", "20"]]), "input"),
        (lambda words: words.extend(["--id", "night_pain"]), "ids"),
        (lambda words: words.__delitem__(slice(4, 6)), "rejects"),
        (lambda words: Path(words[-1]).write_text(Path(words[-1]).read_text().replace("0.93", "0.94")), "network"),
    ],
    ids=["touched", "rewritten", "ids", "no rejects", "network"],
)
def test_parts_of_another_run_are_not_used_and_that_is_said(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, changed: Callable[[list[str]], Any], named: str
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words("csv")
    write_csv(
        Path(arguments[0]), [["id", "age", "lateral_pain", "night_pain"], *([i, 40, "yes", 0] for i in range(24))]
    )
    interrupted(arguments, "part-000002")
    changed(arguments)
    result = run(*arguments)

    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[1:] == [f"{arguments[1]}.parts is of a run with another {named}: starting over"]
    arguments[1] = arguments[1].replace("out.csv", "fresh.csv")
    assert run(*arguments, "--overwrite").exit_code == 0
    assert Path(arguments[1]).read_bytes() == Path(arguments[1]).with_name("out.csv").read_bytes()


def test_an_input_that_changes_under_the_run_is_refused(
    net: Network, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, diagnose_table = cases / "in.csv", files.diagnose_table

    def meanwhile(*args: Any, **options: Any) -> pd.DataFrame:  # noqa: ANN401
        os.utime(source, ns=(0, 0))
        return diagnose_table(*args, **options)

    monkeypatch.setattr(files, "diagnose_table", meanwhile)
    with pytest.raises(hb.HipBayesError, match="was changed while it was read"):
        diagnose_file(source, cases / "out.csv", network=net, ids=["id"], rejects=cases / "bad.csv")
    assert not (cases / "out.csv").exists()


def test_rows_that_get_lost_or_mixed_up_are_an_error(
    net: Network, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"network": net, "ids": ["id"], "rejects": cases / "bad.csv"}
    for wrong in (lambda out: out.iloc[1:], lambda out: out.iloc[::-1]):
        with monkeypatch.context() as patch:
            real = files.diagnose_table
            patch.setattr(files, "diagnose_table", lambda *a, real=real, wrong=wrong, **k: wrong(real(*a, **k)))
            with pytest.raises(hb.HipBayesError, match="rows 1 to 24 are not what came back: an error in hip_bayes"):
                diagnose_file(cases / "in.csv", cases / "out.csv", **options)
    monkeypatch.setattr(files, "_assemble", lambda *_, **__: (18, 5))
    with pytest.raises(hb.HipBayesError, match="24 rows in, but 18 answered and 5 rejected: an error in hip_bayes"):
        diagnose_file(cases / "in.csv", cases / "out.csv", **options)
    assert not (cases / "out.csv").exists()


def test_a_run_that_ends_while_another_begins_takes_nothing_from_it(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory that the other has just opened its lock in is gone: it makes a new one."""
    fcntl = pytest.importorskip("fcntl")
    arguments = words("csv")
    parts, flock, calls = Path(f"{arguments[1]}.parts"), fcntl.flock, []

    def just_gone(file: Any, how: int) -> None:  # noqa: ANN401
        calls.append(how)
        if len(calls) == 1:
            (parts / "lock").unlink()
            parts.rmdir()
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", just_gone)
    assert run(*arguments).exit_code == 0
    assert len(calls) == 2
    assert not parts.exists()


def test_what_is_said_about_parts_is_logged_in_python(
    words: Callable[[str], list[str]], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words("csv")
    interrupted(arguments, "part-000001")
    with caplog.at_level(logging.INFO, "hip_bayes"):
        counts = diagnose_file(*arguments[:2], ids=["id"], rejects=arguments[5], network=arguments[7])

    assert caplog.messages[1:] == ["going on after 1 finished parts of 7 rows"]
    assert "of facts" in caplog.messages[0]
    assert counts == Counts(rows=24, answered=19, rejected=5, resumed=7)


def test_the_fingerprint_is_that_of_the_content(net: Network, file: Path) -> None:
    shipped = hb.load_network()
    prints = [
        net.fingerprint,
        net.replace({"findings.lateral_pain.leak": 0.04}).fingerprint,
        net.replace({"red_flags.fever.level": "soon", "version": net.version}).fingerprint,
        shipped.fingerprint,
        shipped.in_setting("general_practice").fingerprint,
    ]
    assert len(set(prints)) == len(prints)
    assert hb.load_network(file).fingerprint == prints[0]


# what is refused before any work


def test_what_is_there_is_replaced_only_when_told_to(words: Callable[[str], list[str]]) -> None:
    arguments = words("csv")
    out, bad = Path(arguments[1]), Path(arguments[5])
    for there in (out, bad):
        there.write_text("mine")
        assert refused(run(*arguments)) == (
            f"Error: {there} exists already; choose another name, or replace it with --overwrite"
        )
        assert there.read_text() == "mine"
        there.unlink()
    assert names_in(out.parent) == {"in.csv", "net.toml"}

    out.write_text("mine")
    bad.write_text("mine")
    assert run(*arguments, "--overwrite").exit_code == 0
    assert out.read_text().startswith("id,tendon,")
    assert bad.read_text().startswith("row,id,")


def test_what_appears_during_the_run_is_not_replaced(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = words("csv")
    out, diagnose_table = Path(arguments[1]), files.diagnose_table

    def meanwhile(*args: Any, **options: Any) -> pd.DataFrame:  # noqa: ANN401
        out.write_text("mine")
        return diagnose_table(*args, **options)

    monkeypatch.setattr(files, "diagnose_table", meanwhile)
    assert "exists already" in refused(run(*arguments))
    assert out.read_text() == "mine"
    assert "going on after 1 finished parts" in run(*arguments, "--overwrite").stderr
    assert out.read_text().startswith("id,tendon,")


@pytest.mark.parametrize(
    ("source", "target", "rejects", "parts"),
    [
        ("in.ods", "out.csv", "r.csv", ["the input is ", "in.ods", "allowed: a file ending in .csv or .csv.gz or"]),
        ("in.csv", "out.csv.gz", "r.csv", ["the output is ", "out.csv.gz", "ending in .csv or .parquet"]),
        ("in.csv", "out", "r.csv", ["the output is ", "allowed"]),
        ("in.csv", "out.csv", "r.parquet", ["the rejects file is ", "ending in .csv"]),
        ("missing.csv", "out.csv", "r.csv", ["there is no file", "missing.csv"]),
        ("dir.csv", "out.csv", "r.csv", ["dir.csv", "a directory; allowed: a file"]),
        ("in.csv", "dir.csv", "r.csv", ["dir.csv", "a directory; allowed: a file"]),
        ("in.csv", "no/out.csv", "r.csv", ["there is no directory", "for out.csv; make it first"]),
        ("in.csv", "out.csv", "no/r.csv", ["there is no directory", "for r.csv; make it first"]),
        ("in.csv", "dir.csv/../in.csv", "r.csv", ["the input and the output are the same file"]),
        ("in.csv", "link.csv", "r.csv", ["the input and the output are the same file"]),
        ("in.csv", "hard.csv", "r.csv", ["the input and the output are the same file"]),
        ("in.csv", "out.csv", "in.csv", ["the input and the rejects file are the same file"]),
        ("in.csv", "r.csv", "r.csv", ["the output and the rejects file are the same file", "another name"]),
    ],
)
def test_paths_that_make_no_sense_are_refused(
    cases: Path, source: str, target: str, rejects: str, parts: list[str]
) -> None:
    (cases / "dir.csv").mkdir()
    (cases / "link.csv").symlink_to(cases / "in.csv")
    os.link(cases / "in.csv", cases / "hard.csv")
    before = names_in(cases)
    error = refused(run(cases / source, cases / target, "--rejects", cases / rejects, "--overwrite", "--id", "id"))

    for part in parts:
        assert part in error
    assert names_in(cases) == before


def test_a_directory_where_one_may_not_write_is_refused(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (cases, os.W_OK))
    error = refused(run(cases / "in.csv", cases / "out.csv", "--id", "id"))

    assert f"the output is {cases / 'out.csv'}; allowed: a file in a directory where you may write" in error


def test_a_place_that_cannot_be_written_is_refused(cases: Path, file: Path) -> None:
    (cases / "out.csv.parts").touch()  # where the directory of parts would be
    error = refused(run(cases / "in.csv", cases / "out.csv", "--id", "id", "--network", file))

    assert f"{cases / 'out.csv.parts'} is there already and was not made by a run" in error
    assert "move it, or choose another name for the output" in error


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ([], ["in.csv: column 'id': unknown finding 'id'", "is copied with --id 'id'"]),
        (["--id", "idd"], ["unknown id column 'idd'; did you mean 'id'?", "the columns of ", "'id', 'age'"]),
        (["--id", "id", "--network", "none.toml"], ["there is no such file"]),
        (["--id", "id", "--setting", "moon"], ["unknown setting 'moon'"]),
        (["--id", "id", "--threads", "0"], ["0 is not in the range"]),
    ],
)
def test_columns_and_options_are_checked_before_any_work(cases: Path, options: list[str], parts: list[str]) -> None:
    error = refused(run(cases / "in.csv", cases / "out.csv", *options))

    for part in parts:
        assert part in error
    assert names_in(cases) == {"in.csv"}


@pytest.mark.parametrize("name", ["tendon", "triage", "red_flags_asked", "row", "reason"])
def test_an_id_with_the_name_of_a_column_that_is_written_is_refused(net: Network, tmp_path: Path, name: str) -> None:
    source = write_csv(tmp_path / "in.csv", [[name], ["1"]])
    with pytest.raises(hb.EvidenceError, match=f"the id column '{name}' has the name of a column that is written"):
        diagnose_file(source, tmp_path / "out.csv", network=net, ids=[name], rejects=tmp_path / "bad.csv")


@pytest.mark.parametrize("column", [pa.array([[1]]), pa.array([b"x"]), pa.array([{"a": 1}])])
def test_an_id_that_cannot_be_text_is_refused_in_csv_alone(net: Network, tmp_path: Path, column: pa.Array) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"id": column}), source)
    for target, rejects in ((tmp_path / "out.csv", None), (out, tmp_path / "bad.csv")):
        with pytest.raises(hb.EvidenceError, match=r"the id column 'id' has the type .*, which CSV cannot"):
            diagnose_file(source, target, network=net, ids=["id"], rejects=rejects)
    diagnose_file(source, out, network=net, ids=["id"])
    assert pq.read_table(out)["id"].to_pylist() == column.to_pylist()


def test_a_fact_that_is_a_list_is_refused(net: Network, tmp_path: Path) -> None:
    pq.write_table(pa.table({"night_pain": [1], "lateral_pain": [[1]]}), tmp_path / "in.parquet")
    with pytest.raises(hb.EvidenceError, match=r"column 'lateral_pain' has the type list.*; allowed: a value a row"):
        diagnose_file(tmp_path / "in.parquet", tmp_path / "out.csv", network=net)


@pytest.mark.parametrize("threads", [0, 1.5, "2"])
def test_an_odd_number_of_threads_is_refused(net: Network, cases: Path, threads: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.EvidenceError, match=r"^threads is .*; allowed: a whole number from 1 to 1,024$"):
        diagnose_file(cases / "in.csv", cases / "out.csv", network=net, ids=["id"], threads=threads)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": 5}, "^ids is 5; allowed: a name or a list of names$"),
        ({"ids": [["id"]]}, "^ids is .*; allowed: a name or a list of names$"),
        ({"rejects": 5}, "^rejects is 5; allowed: the path of a file$"),
        ({"source": 5}, "^source is 5; allowed: the path of a file$"),
        ({"target": None}, "^target is None; allowed: the path of a file$"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(
    net: Network, cases: Path, change: dict[str, Any], message: str
) -> None:
    arguments: dict[str, Any] = {"source": cases / "in.csv", "target": cases / "out.csv", "ids": ["id"], **change}
    source, target = arguments.pop("source"), arguments.pop("target")
    with pytest.raises(hb.EvidenceError, match=message):
        diagnose_file(source, target, network=net, **arguments)


def test_a_table_without_columns_is_refused(net: Network, tmp_path: Path) -> None:
    pq.write_table(pa.table({}), tmp_path / "in.parquet")
    with pytest.raises(hb.HipBayesError, match="has no columns; allowed: one for each fact"):
        diagnose_file(tmp_path / "in.parquet", tmp_path / "out.csv", network=net)


# at the terminal


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_progress_is_told_from_0_to_1(net: Network, cases: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 5)
    source = cases / "in.csv"
    if ending == "parquet":
        pd.read_csv(source, dtype={"lateral_pain": str}).to_parquet(cases / "in.parquet", index=False)
        source = cases / "in.parquet"
    shares: list[float] = []
    bad = cases / "bad.csv"
    diagnose_file(source, cases / "out.csv", network=net, ids=["id"], rejects=bad, progress=shares.append)

    assert len(shares) == 5
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert ending == "csv" or shares == pytest.approx([5 / 24, 10 / 24, 15 / 24, 20 / 24, 1])


def test_a_bar_is_shown_on_stderr_if_that_is_a_terminal(words: Callable[[str], list[str]]) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    program = [sys.executable, "-c", "from hip_bayes.cli import main; main()", "cohort", *words("csv")]
    shown = b""
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    ) as process:
        os.close(theirs)
        with contextlib.suppress(OSError):  # Linux says in this way that nobody writes any more
            while more := os.read(ours, 4096):
                shown += more
        told, _ = process.communicate()
    os.close(ours)

    assert process.returncode == 0
    assert b"Diagnosing" in shown
    assert b"100%" in shown
    assert told.startswith(b"written: ")
    assert b"\x1b" not in told


def test_ctrl_c_says_how_to_go_on(cases: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "diagnose_table", pressed)
    result = run(cases / "in.csv", cases / "out.csv", "--id", "id", "--network", file)

    assert (result.exit_code, result.stdout) == (130, "")
    told = "Interrupted: started again with the same arguments, the run goes on where it was"
    assert result.stderr.splitlines()[1:] == [told]


# what is not ours, and who may read what


@pytest.mark.parametrize("kind", ["a directory", "an open empty one", "a file", "a link", "a lock of another", "open"])
def test_what_another_made_is_refused_and_left_alone(cases: Path, words: Callable[[str], list[str]], kind: str) -> None:
    """OUT.parts is taken only if a run of this user made it."""
    arguments, theirs, elsewhere = words("csv"), cases / "out.csv.parts", cases / "elsewhere"
    if kind == "a file":
        theirs.write_text("mine")
    elif kind == "a link":
        elsewhere.mkdir(mode=0o700)
        (elsewhere / "lock").write_bytes(MARK)
        theirs.symlink_to(elsewhere, target_is_directory=True)
    else:
        theirs.mkdir(mode=0o700)
        if kind != "an open empty one":
            (theirs / "part-000000").write_text("mine")
            (theirs / "lock").write_bytes(MARK if kind == "open" else b"mine")
    if kind in {"open", "an open empty one"}:
        theirs.chmod(0o755)
    there = {path: path.read_bytes() for path in [*theirs.parent.rglob("*"), *theirs.glob("*")] if path.is_file()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_parts, "WAIT_SECONDS", 0.1)
        error = refused(run(*arguments))
    assert f"{theirs} is there already and was not made by a run that was stopped" in error
    assert "move it, or choose another name for the output" in error
    assert there == {path: path.read_bytes() for path in [*cases.rglob("*"), *theirs.glob("*")] if path.is_file()}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_links_are_replaced_when_told_to_but_never_followed(words: Callable[[str], list[str]], ending: str) -> None:
    arguments = words(ending)
    out, bad = Path(arguments[1]), Path(arguments[5])
    mine = out.with_name("mine.txt")
    for link in (out, bad):
        link.symlink_to(mine)  # to nothing, to begin with
        assert "exists already" in refused(run(*arguments))
        assert not mine.exists()
        mine.write_text("mine")
        assert run(*arguments, "--overwrite").exit_code == 0
        assert mine.read_text() == "mine"
        assert not link.is_symlink()
        mine.unlink()
        out.unlink()
        bad.unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
@pytest.mark.parametrize(("of_input", "umask", "of_output"), [(0o600, 0o022, 0o600), (0o640, 0o002, 0o640)])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_nobody_may_read_the_output_who_may_not_read_the_input(  # noqa: PLR0913, PLR0917 parameters
    words: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    of_input: int,
    umask: int,
    of_output: int,
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words(ending)
    source, out, bad = Path(arguments[0]), Path(arguments[1]), Path(arguments[5])
    source.chmod(of_input)
    before = os.umask(umask)
    try:
        interrupted(arguments, out.name)
        kept = out.with_name(f"{out.name}.parts")
        assert stat.S_IMODE(kept.stat().st_mode) == 0o700
        at_work = {path: stat.S_IMODE(path.stat().st_mode) for path in (bad, *kept.iterdir())}
        assert run(*arguments).exit_code == 0
    finally:
        os.umask(before)
    assert at_work.pop(kept / "out") == at_work.pop(bad) == of_output
    assert set(at_work.values()) == {0o600}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (out, bad)] == [of_output] * 2

    out.chmod(0o600)
    bad.chmod(0o600)
    assert run(*arguments, "--overwrite").exit_code == 0
    assert [stat.S_IMODE(path.stat().st_mode) for path in (out, bad)] == [0o600] * 2


def test_an_input_of_the_same_size_and_time_is_told_apart(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words("csv")
    source = Path(arguments[0])
    interrupted(arguments, "part-000002")
    about = source.stat()
    source.write_bytes(source.read_bytes().replace(b"000,18,yes", b"000,19,yes"))
    os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert source.stat().st_size == about.st_size

    result = run(*arguments)
    assert f"{arguments[1]}.parts is of a run with another input: starting over" in result.stderr
    resumed = Path(arguments[1]).read_bytes()
    assert resumed == uninterrupted([*arguments, "--overwrite"])[0]


@pytest.mark.parametrize("damage", ["bit", "bytes", "short", "empty", "gone", "of another", "copied", "manifest"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_damaged_part_is_made_anew(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, ending: str, damage: str
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words(ending)
    whole = uninterrupted(arguments)
    out, bad = Path(arguments[1]), Path(arguments[5])
    kept = out.with_name(f"{out.name}.parts")
    interrupted(arguments, "part-000003")
    part = kept / ("manifest.json" if damage == "manifest" else "part-000001")
    data = bytearray(part.read_bytes())
    if damage == "gone":
        part.unlink()
    elif damage == "copied":
        part.write_bytes((kept / "part-000002").read_bytes())
    elif damage == "of another":
        part.write_bytes((kept / "part-000002").read_bytes()[:64] + data[64:])
    else:
        if damage in {"bit", "manifest"}:
            data[len(data) // 2] ^= 4
        elif damage == "bytes":
            data[200:250] = random.Random(0).randbytes(50)
        else:
            del data[len(data) // 2 if damage == "short" else 0 :]
        part.write_bytes(data)

    result = run(*arguments)
    assert result.exit_code == 0, result.output
    said = "\n".join(result.stderr.splitlines()[1:])
    if damage == "manifest":
        assert "going on" not in said
    else:
        assert "going on after 2 finished parts" in said
        assert ("1 finished parts were damaged on the disk: they are made anew" in said) == (damage != "gone")
    assert (out.read_bytes(), bad.read_bytes()) == whole


def test_parts_that_changed_places_are_made_anew(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words("csv")
    whole = uninterrupted(arguments)
    kept = Path(f"{arguments[1]}.parts")
    interrupted(arguments, "part-000003")
    (kept / "part-000000").rename(kept / "x")
    (kept / "part-000001").rename(kept / "part-000000")
    (kept / "x").rename(kept / "part-000001")
    result = run(*arguments)
    assert "2 finished parts were damaged on the disk" in result.stderr
    assert (Path(arguments[1]).read_bytes(), Path(arguments[5]).read_bytes()) == whole


@pytest.mark.parametrize("when", ["while", "and back within"])
def test_an_input_that_was_another_for_a_while_is_never_answered(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Even where size, time and content are then as they were."""
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words("csv")
    whole = uninterrupted(arguments)
    source, survey, make = Path(arguments[0]), files._survey, files._make_parts  # noqa: SLF001
    before, about = source.read_bytes(), source.stat()

    def put(content: bytes) -> None:
        source.write_bytes(content)
        os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))

    def changes(job: Any) -> dict[str, str]:  # noqa: ANN401
        found = survey(job)
        put(before.replace(b",yes,", b",1.0,"))
        return found

    def and_back(*args: Any) -> tuple[int, int, int]:  # noqa: ANN401
        made = make(*args)
        if when == "and back within":
            put(before)
        return made

    with monkeypatch.context() as patch:
        patch.setattr(files, "_survey", changes)
        patch.setattr(files, "_make_parts", and_back)
        assert "was changed while it was read" in refused(run(*arguments, "--threads", 1))
    put(before)
    result = run(*arguments)
    assert "going on" not in result.stderr
    assert (Path(arguments[1]).read_bytes(), Path(arguments[5]).read_bytes()) == whole


@pytest.mark.parametrize("content", [b"", MARK[:20]])
def test_a_run_killed_while_it_made_its_lock_does_not_keep_others_out(
    words: Callable[[str], list[str]], content: bytes
) -> None:
    arguments = words("csv")
    kept = Path(f"{arguments[1]}.parts")
    kept.mkdir(mode=0o700)
    (kept / "lock").write_bytes(content)
    assert run(*arguments).exit_code == 0
    assert not kept.exists()
    kept.mkdir(mode=0o700)
    (kept / "lock").write_bytes(content)
    (kept / "notes.txt").write_text("mine")
    assert "was not made by a run that was stopped" in refused(run(*arguments, "--overwrite"))
    assert (kept / "notes.txt").read_text() == "mine"


def test_names_as_long_as_a_file_may_have_are_taken(words: Callable[[str], list[str]]) -> None:
    arguments = words("csv")
    arguments[5] = str(Path(arguments[5]).with_name("\N{HIRAGANA LETTER A}" * 83 + ".csv"))
    assert run(*arguments).exit_code == 0
    assert Path(arguments[5]).read_text().startswith("row,id,")


def test_rejects_go_to_another_disk_and_what_stays_there_is_said(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words("csv")
    whole = uninterrupted(arguments)
    link, unlink = os.link, Path.unlink

    def elsewhere(source: Path, target: Path) -> None:
        if target.name == "bad.csv" and source.name == "rejects":
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        link(source, target)

    monkeypatch.setattr(os, "link", elsewhere)
    assert run(*arguments).exit_code == 0
    assert (Path(arguments[1]).read_bytes(), Path(arguments[5]).read_bytes()) == whole
    assert stat.S_IMODE(Path(arguments[5]).stat().st_mode) == 0o600
    assert names_in(Path(arguments[1]).parent) == {"in.csv", "net.toml", "out.csv", "bad.csv"}

    hidden = Path(arguments[1]).with_name(f".bad.csv.{'0' * 16}.tmp")
    hidden.touch()

    def not_allowed(path: Path, **options: Any) -> None:  # noqa: ANN401
        if path == hidden:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", not_allowed)
    said: list[str] = []
    files._forget(str(hidden), said.append)  # noqa: SLF001
    assert f"{hidden} has rejected rows in it and cannot be removed" in said[0]


def test_a_part_that_is_damaged_while_the_run_is_at_work_is_said(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments, answer = words("csv"), files.diagnose_table
    kept = Path(f"{arguments[1]}.parts")

    def meanwhile(*args: Any, **options: Any) -> pd.DataFrame:  # noqa: ANN401
        part = kept / "part-000000"
        if part.exists():
            part.write_bytes(part.read_bytes()[:-9])
        return answer(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(files, "diagnose_table", meanwhile)
        assert f"part 0 in {kept} is damaged" in refused(run(*arguments, "--threads", 1))
    assert "1 finished parts were damaged" in run(*arguments).stderr


def test_rejects_that_were_on_their_way_when_the_run_was_killed_are_not_left_behind(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the run goes on with rejects of another name."""
    monkeypatch.setattr(files, "CHUNK_ROWS", 7)
    arguments = words("csv")
    whole = uninterrupted(arguments)
    out, bad = Path(arguments[1]), Path(arguments[5])
    other_disk = DYING.replace(
        "def dies",
        "import pathlib\nlink = os.link\ndef other(a, b):\n    if pathlib.Path(a).name == 'rejects':\n        "
        "raise OSError(18, 'another disk')\n    link(a, b)\nos.link = other\ndef dies",
    )
    killed = subprocess.run([sys.executable, "-c", other_disk, "link", "bad.csv", "cohort", *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    arguments[5] = str(bad.with_name("worse.csv"))
    assert run(*arguments).exit_code == 0
    assert (out.read_bytes(), Path(arguments[5]).read_bytes()) == whole
    assert names_in(out.parent) == {"in.csv", "net.toml", "out.csv", "worse.csv"}


def test_what_a_user_put_where_a_killed_run_was_to_put_out_is_kept(words: Callable[[str], list[str]]) -> None:
    arguments = words("csv")
    out = Path(arguments[1])
    killed = subprocess.run([sys.executable, "-c", DYING, "link", "out.csv", "cohort", *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    out.write_text("mine")
    assert "exists already" in refused(run(*arguments))
    assert out.read_text() == "mine"


def test_a_disk_without_links_is_written_to_all_the_same(
    words: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = words("csv")
    whole = uninterrupted(arguments)

    def none(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", none)
    assert run(*arguments).exit_code == 0
    assert (Path(arguments[1]).read_bytes(), Path(arguments[5]).read_bytes()) == whole


def test_names_of_files_and_columns_do_not_reach_the_terminal_raw(cases: Path, file: Path) -> None:
    odd = "\x1b[2J\u202e"
    source = (cases / "in.csv").rename(cases / f"{odd}in.csv")
    target = cases / f"{odd}out.csv"
    for words in (["--id", "none"], ["--id", "id", "--network", file], ["--id", "id", "--network", file]):
        result = run(source, target, *words)  # an unknown column; a bad cell
        assert result.exit_code == 2
        assert "\\x1b[2J\\u202ein.csv" in refused(result)
        assert not set(odd) & {"\x1b", "\u202e"} & set(result.output)
    write_csv(source, [[f"{odd}id", "age"], ["a", "40"]])
    result = run(source, target, "--ignore-others", "--network", file)
    assert result.exit_code == 0
    assert not {"\x1b", "\u202e"} & set(result.output)
    assert run(source, target, "--ignore-others", "--network", file).stderr.endswith(
        "\\x1b[2J\\u202eout.csv exists already; choose another name, or replace it with --overwrite\n"
    )


# spreadsheets

FORMULAS = ["=1+1", "+1+A1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1+1", "a;=1", '"=1', "-", "=1\nx"]
NO_FORMULAS = ["-5", "+49", "-1.5e3", "-0,5", "a=1", "", "1-1", "'=1"]


def test_a_spreadsheet_works_nothing_out_if_told_so(net: Network, file: Path, tmp_path: Path) -> None:
    """What is copied is as it was, unless the file is for a spreadsheet."""
    given = [*FORMULAS, *NO_FORMULAS]
    source = tmp_path / "in.csv"
    write_csv(source, [["=id", "age"], *([text, 40 + i % 2 * 900] for text in given for i in range(2))])
    plain, safe, bad = (tmp_path / name for name in ("plain.csv", "safe.csv", "bad.csv"))
    diagnose_file(source, plain, network=net, ids=["=id"], rejects=bad)
    assert [row[0] for row in read_csv(plain)] == ["=id", *given]
    assert [row[1] for row in read_csv(bad)] == ["=id", *given]

    words = ["--id", "=id", "--rejects", bad, "--overwrite", "--safe-for-spreadsheets"]
    assert run(source, safe, *words, "--network", file).exit_code == 0
    special = {"a;=1": "a;'=1", '"=1': '"=1', "\t=1": "'\t'=1", "\r=1": "'\r'=1"}
    marked = [special.get(text, f"'{text}" if text in FORMULAS else text) for text in given]
    assert [row[0] for row in read_csv(safe)] == ["'=id", *marked]
    assert [row[1] for row in read_csv(bad)] == ["'=id", *marked]
    assert '"a;\'=1"' in safe.read_text()
    assert [row[1:] for row in read_csv(safe)] == [row[1:] for row in read_csv(plain)]

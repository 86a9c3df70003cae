"""A file of cases in, a file of probabilities out, however long: chunk by chunk, and a stopped run goes on.

What a run has finished is kept in the directory OUT.parts (`parts`) until OUT is whole. OUT and the rejects are put
together there and then moved to their places, each in one step.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import hashlib
import json
import os
import re
import shutil
import stat
from collections import Counter
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import EvidenceError, HipBayesError, UnknownNameError, printable, shown, shown_path
from hip_bayes.inference.arguments import names_of, whole_number
from hip_bayes.network.writing import PRIVATE, beside, making, permissions_of, put, refuse_existing, sync_directory

from . import formats
from .columns import Tally, match, refuse_codes
from .parts import claimed
from .table import ASKED, TRIAGE, diagnose_table, has_rules, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from importlib.resources.abc import Traversable
    from typing import IO

    import pandas as pd
    import pyarrow as pa

    from hip_bayes.network.model import NetworkData

    from .columns import Columns, Reading
    from .parts import Parts
    from .table import Reject

CHUNK_ROWS = 2**16
"""Rows read, diagnosed and kept as one part, and as one row group of a Parquet OUT."""

REJECT_COLUMNS = ("row", "column", "value", "reason")
NO_FACT = (
    "a column that is a fact under another name is given its name here or by --mapping; one that is no fact is copied "
    "with --id {quoted}, or passed over with --ignore or --ignore-others"
)
PLACING = "placing"
"""In the manifest: rejects and OUT are being moved to their places, the rejects by way of the file this names."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of a file: `rows` = `answered` + `rejected`.

    `resumed` of them had been worked out by an earlier run that was stopped. `read` says of each column of facts (of
    age only with `missing`) what its values were read as and how many rows have them; it names the first of them.
    """

    rows: int
    answered: int
    rejected: int
    resumed: int
    read: Mapping[str, str] = field(default_factory=dict, compare=False)


def diagnose_file(  # noqa: PLR0913 all but the first three are options
    net: NetworkData,
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    reading: Reading,
    ids: Iterable[str],
    rejects: str | os.PathLike[str] | None,
    threads: int,
    overwrite: bool,
    safe_for_spreadsheets: bool,
    progress: Callable[[float], object] | None,
    notify: Callable[[str], object],
) -> Counts:
    """Write the exact probability of each cause, and the triage level, for every row of a file of cases.

    See `hip_bayes.diagnose_file` for parameters and errors. The parts in the directory ``OUT.parts`` take about as much
    as `target`, until that is whole. A part has `CHUNK_ROWS` rows.
    """
    source, target = _path("source", source), _path("target", target)
    rejects = None if rejects is None else _path("rejects", rejects)
    _check_paths(source, target, rejects)
    threads = whole_number("threads", threads, 1)
    ids = tuple(dict.fromkeys(names_of("ids", ids)))
    origin = _origin(source)
    job = _job(net, formats.opened(source), ids, reading, collects=rejects is not None, threads=threads)
    _check_ids(job, as_text=rejects is not None or target.suffix.lower() == ".csv")
    notify(job.told())
    survey = _survey(job)
    manifest = {
        "input": origin,
        "network": job.net.fingerprint,
        "ids": list(ids),
        "reading": [repr(reading), job.file.encoding, job.file.delimiter],
        "rejects": job.collects,
        "code": _code(),
        "chunk_rows": CHUNK_ROWS,
    }
    try:
        with claimed(target) as parts:
            old = parts.manifest()
            _forget(old.get(PLACING), notify)
            others = [key for key in manifest if old and old.get(key) != manifest[key]]
            goes_on = bool(old) and not others
            placing = goes_on and PLACING in old
            if not overwrite and not placing:  # else what is there may be ours: it was stopped at its very last step
                refuse_existing(target, rejects)
            if others:
                notify(
                    f"{shown_path(parts.directory)} is of a run with another {' and another '.join(others)}: "
                    "starting over"
                )
            if not goes_on:
                parts.clear()
                parts.note(manifest)
            parts.belong_to(manifest)
            rows, resumed, count = _make_parts(job, parts, progress, notify)
            if _origin(source) != origin:
                parts.clear()  # they may be of either
                raise HipBayesError(
                    f"{shown_path(source)} was changed while it was read; started again, the run starts over"
                )
            answered, rejected = _assemble(job, parts, count, target, rejects, safe=safe_for_spreadsheets)
            if rows != answered + rejected:
                raise HipBayesError(
                    f"{rows} rows in, but {answered} answered and {rejected} rejected: an error in hip_bayes, please "
                    f"report it; {shown_path(target)} was not written"
                )
            _place(parts, manifest, target, rejects, overwrite=overwrite, again=placing)
            parts.clear()
    except OSError as error:
        raise HipBayesError(
            f"cannot write {shown_path(target)} ({error}); make room, or choose a place where you may write. Started "
            "again with the same arguments, the run goes on after its last finished part"
        ) from None
    return Counts(rows, answered, rejected, resumed, survey)


# --------------------------------------------------------------------------------------- before anything is made


def _path(name: str, value: object) -> Path:
    """Return the path that an argument gives."""
    if not isinstance(value, (str, os.PathLike)):
        raise EvidenceError(f"{name} is {shown(value)}; allowed: the path of a file", name=name, value=value)
    return Path(value)


def _check_paths(source: Path, target: Path, rejects: Path | None) -> None:
    """Refuse paths of the wrong kind, and files that are one and the same."""
    kinds = [
        ("input", source, (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet", ".xlsx")),
        ("output", target, (".csv", ".parquet")),
    ]
    kinds += [] if rejects is None else [("rejects file", rejects, (".csv",))]
    for role, path, endings in kinds:
        if not path.name.lower().endswith(endings):
            raise HipBayesError(f"the {role} is {shown_path(path)}; allowed: a file ending in {' or '.join(endings)}")
        if path.is_dir():
            raise HipBayesError(f"the {role} is {shown_path(path)}, a directory; allowed: a file")
        if role != "input" and not path.parent.is_dir():
            raise HipBayesError(
                f"there is no directory {shown_path(path.parent)} for {shown_path(path.name)}; make it first"
            )
        if role != "input" and not os.access(path.parent, os.W_OK):
            raise HipBayesError(f"the {role} is {shown_path(path)}; allowed: a file in a directory where you may write")
    if not source.is_file():
        raise HipBayesError(f"there is no file {shown_path(source)}; give the path of a table of cases")
    places = [(role, path.resolve()) for role, path, _ in kinds]
    for i, (role, path) in enumerate(places):
        for other, same in places[:i]:
            if path == same or (path.exists() and same.exists() and path.samefile(same)):
                raise HipBayesError(
                    f"the {other} and the {role} are the same file, {shown_path(path)}; give the {role} another name"
                )


def _job(  # noqa: PLR0913 what makes a job
    net: NetworkData, file: formats.Source, ids: tuple[str, ...], reading: Reading, *, collects: bool, threads: int
) -> _Job:
    """Return what to do with the columns of a file; the error for one that is neither an id nor a fact."""
    path, names = file.path, file.columns.names
    if not names:
        raise HipBayesError(f"{shown_path(path)} has no columns; allowed: one for each fact")
    known = Counter(names)
    for name in ids:
        if known[name] > 1:
            raise EvidenceError(f"{shown_path(path)}: column {shown(name)} is there twice; allowed: once", name=name)
        if name not in known:
            listed = ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")
            raise UnknownNameError.among(
                name, names, what="id column", where=f"the columns of {shown_path(path)}: {listed}"
            )
    unnamed = tuple(name for name, raw in zip(names, file.raw_names, strict=False) if not raw.strip())
    # columns without a name go, if they have nothing in them: Excel leaves some
    facts = [name for name in names if name not in ids and name not in unnamed]
    try:
        columns = match(net, facts, reading, hint=NO_FACT, decimal_comma=file.decimal_comma)
    except EvidenceError as error:
        raise error.within(shown_path(path)) from None
    if not columns.places and columns.passed_over and not ids:
        raise EvidenceError(
            f"{shown_path(path)}: no column is a fact; allowed: a header with at least one in the first line "
            "(`hip-bayes findings`)"
        )
    for name, header in columns.headers.items():
        type_ = file.columns.field(names.index(header)).type
        if not _countable(type_):
            raise EvidenceError(
                f"{shown_path(path)}: column {header!r} has the type {type_}; allowed: a value a row", name=name
            )
    return _Job(net, file, columns, ids, unnamed, collects, threads)


def _countable(type_: pa.DataType) -> bool:
    """Say whether values of a type can be looked through: one a row, that can be compared."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.value_counts(pa.array([], type_))
    except pa.ArrowException:
        return False
    return not pa.types.is_nested(type_)


def _check_ids(job: _Job, *, as_text: bool) -> None:
    """Refuse ids that cannot be copied."""
    for name in job.ids:
        taken = (*job.net.causes, TRIAGE, ASKED, *(REJECT_COLUMNS if job.collects else ()))
        if name in taken:
            raise EvidenceError(
                f"{shown_path(job.source)}: the id column {name!r} has the name of a column that is written; "
                "allowed: any other "
                "name; rename it",
                name=name,
            )
        type_ = job.file.columns.field(name).type
        if as_text and not formats.has_text(type_):
            raise EvidenceError(
                f"{shown_path(job.source)}: the id column {name!r} has the type {type_}, which CSV cannot hold; "
                "leave it out, or "
                "write .parquet without rejects",
                name=name,
            )


def _survey(job: _Job) -> dict[str, str]:
    """Look through the columns of facts before any row is answered; refuse codes; return what values are read as."""
    import pyarrow.compute as pc

    tallies = {name: Tally(job.net, job.columns, name) for name in job.columns.places if job.columns.looked_at(name)}
    row = 1
    for piece, _ in formats.pieces(job.file, CHUNK_ROWS, use_threads=job.threads > 1):
        for name in job.unnamed:
            if any(text and text.strip() for text in pc.unique(piece[name]).to_pylist()) and not job.columns.others:
                raise EvidenceError(
                    f"{shown_path(job.source)}: {name} has cells in it; allowed: a header with a fact in it, or "
                    "--ignore-others"
                )
        for name, tally in tallies.items():
            column = piece[job.columns.headers[name]]
            for pair in pc.value_counts(column).to_pylist():
                value = pair["values"]
                if tally.add(value, pair["counts"]):
                    tally.first = row + column.to_pylist().index(value)
        row += piece.num_rows
    try:
        refuse_codes(job.columns, tallies)
    except EvidenceError as error:
        raise error.within(shown_path(job.source)) from None
    return {job.columns.headers[name]: tally.read_as() for name, tally in tallies.items()}


def _origin(source: Path) -> dict[str, object]:
    """Return what tells one input from another: where it is and what is in it."""
    try:
        with source.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
            about = os.fstat(file.fileno())
            times = [about.st_ino, about.st_mtime_ns, about.st_ctime_ns]  # the last one nobody can put back
    except OSError as error:
        raise formats.unreadable(source, error) from None
    return {"path": str(source.resolve()), "size": about.st_size, "times": times, "sha256": checksum}


def _code() -> str:
    """Return a hash of the package's own files: parts made by other code are not gone on with."""

    def within(folder: Traversable) -> Iterator[bytes]:
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if entry.is_dir():
                yield from within(entry)
            elif entry.name.endswith(".py"):
                yield entry.read_bytes()

    return hashlib.sha256(b"".join(within(files(__name__.partition(".")[0])))).hexdigest()


# ----------------------------------------------------------------------------------------------------- answering


def _chunks(job: _Job) -> Iterator[tuple[pa.Table, float]]:
    """Iterate over the input `CHUNK_ROWS` rows at a time, so that a part has the same rows in every run."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    room, share = CHUNK_ROWS, 0.0
    for piece, share in formats.pieces(job.file, CHUNK_ROWS, use_threads=job.threads > 1):
        rest = piece
        while rest.num_rows:
            waiting.append(rest.slice(0, room))
            rest = rest.slice(room)
            room -= waiting[-1].num_rows
            if not room:
                yield pa.Table.from_batches(waiting), share
                waiting, room = [], CHUNK_ROWS
    if waiting:
        yield pa.Table.from_batches(waiting), share


@dataclass(frozen=True, slots=True)
class _Job:
    """What to do with every chunk."""

    net: NetworkData
    file: formats.Source
    columns: Columns
    ids: tuple[str, ...]
    unnamed: tuple[str, ...]
    collects: bool
    threads: int

    @property
    def source(self) -> Path:
        return self.file.path

    def told(self) -> str:
        """Return what was made of the columns, in a sentence."""
        called = [n if n == h else f"{n} ({h})" for n, h in self.columns.headers.items()]
        words = [f"{len(called)} column{'s' * (len(called) != 1)} of facts: {', '.join(called) or 'none'}"]
        words += [f"copied: {', '.join(self.ids)}"] if self.ids else []
        over = [*self.columns.passed_over, *self.unnamed]
        words += [f"passed over: {', '.join(over[:20])}{', ...' if len(over) > 20 else ''}"] if over else []
        return printable(f"{self.source.name}: {'; '.join([*self.file.notes, *words])}")

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns of OUT."""
        import pyarrow as pa

        causes = [pa.field(cause, pa.float64()) for cause in self.net.causes]
        triage = [pa.field(TRIAGE, pa.string()), pa.field(ASKED, pa.int64())] if has_rules(self.net) else []
        return pa.schema([*map(self.file.columns.field, self.ids), *causes, *triage])

    def answer(self, chunk: pa.Table, first: int) -> pa.Table:
        """Return the rows of OUT for a chunk that starts at row `first` of the input; rejects in the metadata."""
        import pyarrow as pa

        frame = self._frame(chunk, first)
        bad: list[Reject] | None = [] if self.collects else None
        try:
            answers = diagnose_table(self.net, frame, columns=self.columns.within(), with_triage=True, rejects=bad)
        except EvidenceError as error:
            many = f", of rows {first:,} to {first + len(chunk) - 1:,}" if len(chunk) == CHUNK_ROWS else ""
            raise error.within(
                shown_path(self.source), f"{many}; mend it, or set such rows aside with --rejects FILE"
            ) from None
        kept = np.ones(len(chunk), dtype=bool)
        kept[[reject.row for reject in bad or ()]] = False
        if not answers.index.equals(frame.index[kept]):
            raise HipBayesError(
                f"{shown_path(self.source)}: rows {first} to {first + len(chunk) - 1} are not what came back: an "
                "error in "
                "hip_bayes, please report it"
            )
        ids = chunk.select(self.ids).filter(pa.array(kept)).unify_dictionaries()
        columns = [*ids.columns, *(pa.array(answers[c].to_numpy(dtype=np.float64)) for c in self.net.causes)]
        if has_rules(self.net):
            columns += [pa.array(answers[TRIAGE], pa.string()), pa.array(answers[ASKED], pa.int64())]
        told = self._told(chunk, bad, first) if bad else []
        return pa.table(columns, schema=self.schema.with_metadata({"rejects": json.dumps(told)}))

    def _frame(self, chunk: pa.Table, first: int) -> pd.DataFrame:
        """Return the facts of a chunk as `diagnose_table` takes them, rows numbered as users count them."""
        import pandas as pd

        index = pd.RangeIndex(first, first + len(chunk))
        values = formats.arrow_values if self.file.typed else formats.texts
        headers = self.columns.headers
        return pd.DataFrame({name: values(chunk[header]) for name, header in headers.items()}, index=index)

    def _told(self, chunk: pa.Table, bad: Sequence[Reject], first: int) -> list[list[object]]:
        """Return the lines of the rejects file."""
        import pyarrow as pa

        bad = sorted(bad, key=lambda reject: reject.row)
        rows = pa.array([reject.row for reject in bad], pa.int64())
        ids = [formats.as_text(chunk[name].take(rows)).to_pylist() for name in self.ids]
        lines = []
        for reject, *own in zip(bad, *ids, strict=True):
            header = self.columns.headers.get(reject.column, "")
            value = chunk[header][reject.row].as_py() if header else None
            lines.append(
                [first + reject.row, *own, header or reject.column, "" if value is None else str(value), reject.reason]
            )
        return lines


# ------------------------------------------------------------------------------------------------------- writing


def _make_parts(
    job: _Job, parts: Parts, progress: Callable[[float], object] | None, notify: Callable[[str], object]
) -> tuple[int, int, int]:
    """Make the parts that are missing; return how many rows were read, of these not answered now, and all parts."""
    import pyarrow as pa

    finished = parts.finished()
    if parts.damaged:
        notify(f"{len(parts.damaged)} finished parts were damaged on the disk: they are made anew")
    if finished:
        notify(f"going on after {len(finished)} finished parts of {CHUNK_ROWS:,} rows")
    rows = resumed = count = 0

    def numbered() -> Iterator[tuple[int, int, pa.Table, float]]:
        first = 1
        for number, (chunk, share) in enumerate(_chunks(job)):
            yield number, first, chunk, share
            first += len(chunk)

    def answer(item: tuple[int, int, pa.Table, float]) -> tuple[int, int, pa.Table | None, float]:
        number, first, chunk, share = item
        return number, len(chunk), None if number in finished else job.answer(chunk, first), share

    for number, length, table, share in in_order(answer, numbered(), job.threads):
        if table is None:
            resumed += length
        else:
            buffer = pa.BufferOutputStream()
            with pa.ipc.new_file(buffer, table.schema) as writer:
                writer.write_table(table)
            parts.write(number, buffer.getvalue().to_pybytes())
        rows += length
        count += 1
        if progress is not None:
            progress(share)
    return rows, resumed, count


def _assemble(  # noqa: PLR0913 where everything goes
    job: _Job, parts: Parts, count: int, target: Path, rejects: Path | None, *, safe: bool
) -> tuple[int, int]:
    """Put OUT, a file of `target`'s kind, and its rejects together; return how many rows each has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    answered = rejected = 0
    with contextlib.ExitStack() as files:
        out = files.enter_context(_made_anew(parts.out, job.source, target))
        told = None if rejects is None else files.enter_context(_made_anew(parts.rejects, job.source, rejects))
        if told:
            told.write(formats.csv_lines([[REJECT_COLUMNS[0], *job.ids, *REJECT_COLUMNS[1:]]], safe=safe))
        if target.suffix.lower() == ".csv":
            out.write(formats.csv_lines([job.schema.names], safe=safe))
            parquet = None
        else:
            parquet = files.enter_context(pq.ParquetWriter(out, job.schema))
        for number in range(count):
            table = pa.ipc.open_file(pa.py_buffer(parts.read(number))).read_all()
            lines = json.loads(table.schema.metadata[b"rejects"])
            answered += len(table)
            rejected += len(lines)
            if told:
                told.write(formats.csv_lines(lines, safe=safe))
            if not len(table):
                continue
            if parquet is None:
                out.write(formats.csv_table(table, safe=safe))
            else:
                parquet.write_table(table.replace_schema_metadata())
    return answered, rejected


def _made_anew(path: Path, source: Path, place: Path) -> AbstractContextManager[IO[bytes]]:
    """Make a file for `place` that lets nobody in who may not read the input, or what is at that place now."""
    path.unlink(missing_ok=True)
    allowed = permissions_of(source) & permissions_of(place) | stat.S_IRUSR  # to be read again when it is placed
    return making(path, allowed, group=source.stat().st_gid)


def _place(  # noqa: PLR0913 what goes where
    parts: Parts,
    manifest: Mapping[str, object],
    target: Path,
    rejects: Path | None,
    *,
    overwrite: bool,
    again: bool,
) -> None:
    """Move the rejects and OUT to their places; with `again` what is there may be what an earlier run has put there."""
    made = {target: parts.out} if rejects is None else {rejects: parts.rejects, target: parts.out}
    ours = [path for path in made if again and _same_bytes(made[path], path)]
    if not overwrite:
        refuse_existing(*(path for path in made if path not in ours))
    aside = beside(rejects or target)  # the rejects may go to another disk, and no file moves there in one step
    parts.note({**manifest, PLACING: str(aside.absolute())})
    sync_directory(parts.directory)
    if rejects is not None:
        try:
            put(parts.rejects, rejects, overwrite=overwrite or rejects in ours)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            try:
                with parts.rejects.open("rb") as file, making(aside, PRIVATE) as copy:
                    shutil.copyfileobj(file, copy)
                put(aside, rejects, overwrite=overwrite or rejects in ours)
            finally:
                aside.unlink(missing_ok=True)
        sync_directory(rejects.parent)
    put(parts.out, target, overwrite=overwrite or target in ours)
    sync_directory(target.parent)


def _forget(aside: object, notify: Callable[[str], object]) -> None:
    """Remove the rejects that an earlier run was copying to another disk when it was stopped."""
    if isinstance(aside, str) and re.fullmatch(r"\..*\.[0-9a-f]{16}\.tmp", Path(aside).name, re.DOTALL):
        try:
            Path(aside).unlink(missing_ok=True)
        except OSError as error:
            if os.path.lexists(aside):
                notify(f"{shown_path(aside)} has rejected rows in it and cannot be removed ({error}): remove it")


def _same_bytes(one: Path, other: Path) -> bool:
    """Say whether a file is there and has what another has."""
    return other.is_file() and not other.is_symlink() and filecmp.cmp(one, other, shallow=False)

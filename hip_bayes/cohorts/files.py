"""A file of cases in, a file of probabilities out, however long: chunk by chunk, and a stopped run goes on.

While a run is at work, and after it was stopped, there is a directory OUT.parts beside OUT:

    lock               held by the run at work; the system lets go of it when that run ends, however it ends
    manifest.json      what the parts were made from: input, network, options, code; `PLACING` once `out` is whole
    part-000000.arrow  the answers to the first `CHUNK_ROWS` rows, with its rejects as metadata; and so on
    out                OUT being put together from the parts

A manifest or a part that is there is whole: it was written under another name, synced to the disk and renamed; so are
rejects and OUT.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sys
from collections import Counter
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from hip_bayes.errors import EvidenceError, HipBayesError, UnknownNameError, shown
from hip_bayes.inference.arguments import names_of, whole_number

from . import formats
from .columns import Tally, match, refuse_codes
from .table import ASKED, TRIAGE, diagnose_table, has_rules, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable
    from typing import IO

    import pandas as pd
    import pyarrow as pa

    from hip_bayes.network.model import NetworkData

    from .columns import Columns, Reading
    from .table import Reject

CHUNK_ROWS = 2**16
"""Rows read, diagnosed and kept as one part, and as one row group of a Parquet OUT."""

REJECT_COLUMNS = ("row", "column", "value", "reason")
NO_FACT = (
    "a column that is a fact under another name is given its name here or by --mapping; one that is no fact is copied "
    "with --id {quoted}, or passed over with --ignore or --ignore-others"
)
PLACING = "placing"
"""In the manifest: rejects and OUT are being moved to their places, so files that are there may be this run's."""


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
    temporary = None if rejects is None else rejects.with_name(f".{rejects.name}.{target.name}.tmp")
    try:
        with _claimed(target) as parts, contextlib.ExitStack() as at_the_end:
            if temporary is not None:
                at_the_end.callback(temporary.unlink, missing_ok=True)
            old = _old_manifest(parts)
            others = [key for key in manifest if old and old.get(key) != manifest[key]]
            goes_on = bool(old) and not others
            placing = goes_on and PLACING in old
            if not placing:  # else what is there may be ours: the earlier run was stopped at its very last step
                refuse_existing(target, rejects, overwrite=overwrite)
            if others:
                notify(f"{parts} is of a run with another {' and another '.join(others)}: starting over")
            if not goes_on:
                _clear(parts)
                write_whole(parts / "manifest.json", json.dumps(manifest).encode())
            rows, resumed, count = _make_parts(job, parts, progress, notify)
            if _origin(source) != origin:
                raise HipBayesError(f"{source} was changed while it was read; started again, the run starts over")
            answered, rejected = _assemble(job, parts, count, target, temporary)
            if rows != answered + rejected:
                raise HipBayesError(
                    f"{rows} rows in, but {answered} answered and {rejected} rejected: an error in hip_bayes, please "
                    f"report it; {target} was not written"
                )
            refuse_existing(target, rejects, overwrite=overwrite or placing)
            write_whole(parts / "manifest.json", json.dumps({**manifest, PLACING: True}).encode())
            _sync_directory(parts)
            if rejects is not None and temporary is not None:
                temporary.replace(rejects)
                _sync_directory(rejects.parent)
            (parts / "out").replace(target)
            _sync_directory(target.parent)
            _clear(parts)
    except OSError as error:
        raise HipBayesError(
            f"cannot write {target} ({error}); make room, or choose a place where you may write. Started again with "
            "the same arguments, the run goes on after its last finished part"
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
            raise HipBayesError(f"the {role} is {path}; allowed: a file ending in {' or '.join(endings)}")
        if path.is_dir():
            raise HipBayesError(f"the {role} is {path}, a directory; allowed: a file")
        if role != "input" and not path.parent.is_dir():
            raise HipBayesError(f"there is no directory {path.parent} for {path.name}; make it first")
        if role != "input" and not os.access(path.parent, os.W_OK):
            raise HipBayesError(f"the {role} is {path}; allowed: a file in a directory where you may write")
    if not source.is_file():
        raise HipBayesError(f"there is no file {source}; give the path of a table of cases")
    places = [(role, path.resolve()) for role, path, _ in kinds]
    for i, (role, path) in enumerate(places):
        for other, same in places[:i]:
            if path == same or (path.exists() and same.exists() and path.samefile(same)):
                raise HipBayesError(
                    f"the {other} and the {role} are the same file, {path}; give the {role} another name"
                )


def _job(  # noqa: PLR0913 what makes a job
    net: NetworkData, file: formats.Source, ids: tuple[str, ...], reading: Reading, *, collects: bool, threads: int
) -> _Job:
    """Return what to do with the columns of a file; the error for one that is neither an id nor a fact."""
    path, names = file.path, file.columns.names
    if not names:
        raise HipBayesError(f"{path} has no columns; allowed: one for each fact")
    known = Counter(names)
    for name in ids:
        if known[name] > 1:
            raise EvidenceError(f"{path}: column {shown(name)} is there twice; allowed: once", name=name)
        if name not in known:
            listed = ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")
            raise UnknownNameError.among(name, names, what="id column", where=f"the columns of {path}: {listed}")
    unnamed = tuple(name for name, raw in zip(names, file.raw_names, strict=False) if not raw.strip())
    # columns without a name go, if they have nothing in them: Excel leaves some
    facts = [name for name in names if name not in ids and name not in unnamed]
    try:
        columns = match(net, facts, reading, hint=NO_FACT, decimal_comma=file.decimal_comma)
    except EvidenceError as error:
        raise error.within(str(path)) from None
    if not columns.places and columns.passed_over and not ids:
        raise EvidenceError(
            f"{path}: no column is a fact; allowed: a header with at least one in the first line (`hip-bayes findings`)"
        )
    for name, header in columns.headers.items():
        type_ = file.columns.field(names.index(header)).type
        if not _countable(type_):
            raise EvidenceError(f"{path}: column {header!r} has the type {type_}; allowed: a value a row", name=name)
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
                f"{job.source}: the id column {name!r} has the name of a column that is written; allowed: any other "
                "name; rename it",
                name=name,
            )
        type_ = job.file.columns.field(name).type
        if as_text and not formats.has_text(type_):
            raise EvidenceError(
                f"{job.source}: the id column {name!r} has the type {type_}, which CSV cannot hold; leave it out, or "
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
                    f"{job.source}: {name} has cells in it; allowed: a header with a fact in it, or --ignore-others"
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
        raise error.within(str(job.source)) from None
    return {job.columns.headers[name]: tally.read_as() for name, tally in tallies.items()}


def refuse_existing(target: Path, rejects: Path | None, *, overwrite: bool) -> None:
    """Raise the error for a file that is there already and is not to be replaced."""
    for path in (target, rejects):
        if path is not None and path.exists() and not overwrite:
            raise HipBayesError(f"{path} exists already; choose another name, or replace it with --overwrite")


def _origin(source: Path) -> dict[str, object]:
    """Return what tells one input from another without reading it."""
    try:
        about = source.stat()
    except OSError as error:
        raise formats.unreadable(source, error) from None
    return {"path": str(source.resolve()), "size": about.st_size, "mtime_ns": about.st_mtime_ns}


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
        return f"{self.source.name}: {'; '.join([*self.file.notes, *words])}"

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
                str(self.source), f"{many}; mend it, or set such rows aside with --rejects FILE"
            ) from None
        kept = np.ones(len(chunk), dtype=bool)
        kept[[reject.row for reject in bad or ()]] = False
        if not answers.index.equals(frame.index[kept]):
            raise HipBayesError(
                f"{self.source}: rows {first} to {first + len(chunk) - 1} are not what came back: an error in "
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


@contextlib.contextmanager
def _claimed(target: Path) -> Iterator[Path]:
    """Hold the directory of parts for this run alone; in the end it goes, unless something is left in it."""
    parts = target.with_name(f"{target.name}.parts")
    with _lock(parts, target):
        try:
            yield parts
        finally:
            with contextlib.suppress(OSError):
                if not _part(parts, 0).exists():
                    _clear(parts)
                if [path.name for path in parts.iterdir()] == ["lock"]:
                    (parts / "lock").unlink()  # while it is held: whoever has opened it meanwhile finds it gone
                    parts.rmdir()


def _lock(parts: Path, target: Path) -> IO[bytes]:
    """Return the lock file of a directory, locked until it is closed or the process ends."""
    while True:
        parts.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as opened:
            file = opened.enter_context((parts / "lock").open("ab"))
            try:
                if sys.platform == "win32":
                    import msvcrt

                    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    import fcntl

                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                raise HipBayesError(
                    f"another run is writing {target} now; wait for it, or choose another name"
                ) from None
            if os.path.samestat(os.fstat(file.fileno()), (parts / "lock").stat()):
                opened.pop_all()
                return file
        # a run that held it has just finished and taken the directory away: make it again


def _old_manifest(parts: Path) -> dict[str, object]:
    """Return what an earlier run left; empty if there was none."""
    try:
        return dict(json.loads((parts / "manifest.json").read_bytes()))
    except (FileNotFoundError, ValueError):  # ValueError: damaged, so nothing beside it is to be trusted
        return {}


def _clear(parts: Path) -> None:
    """Remove what a run has made; the last part first and the manifest last, so that a stop in between does no harm."""
    unfinished = [*parts.glob(".part-*.arrow.*.tmp"), *parts.glob(".manifest.json.*.tmp")]
    made = sorted(parts.glob("part-*.arrow"), reverse=True)
    for path in (*unfinished, *made, parts / "out", parts / "manifest.json"):
        path.unlink(missing_ok=True)


def _part(parts: Path, number: int) -> Path:
    return parts / f"part-{number:06}.arrow"


def _make_parts(
    job: _Job, parts: Path, progress: Callable[[float], object] | None, notify: Callable[[str], object]
) -> tuple[int, int, int]:
    """Make the parts that are missing; return how many rows were read, of these not answered now, and all parts."""
    import pyarrow as pa

    finished = 0
    while _part(parts, finished).exists():
        finished += 1
    if finished:
        notify(f"going on after {finished} finished parts of {CHUNK_ROWS:,} rows")
    rows = resumed = count = 0

    def numbered() -> Iterator[tuple[int, int, pa.Table, float]]:
        first = 1
        for number, (chunk, share) in enumerate(_chunks(job)):
            yield number, first, chunk, share
            first += len(chunk)

    def answer(item: tuple[int, int, pa.Table, float]) -> tuple[int, int, pa.Table | None, float]:
        number, first, chunk, share = item
        return number, len(chunk), job.answer(chunk, first) if number >= finished else None, share

    for number, length, table, share in in_order(answer, numbered(), job.threads):
        if table is None:
            resumed += length
        else:
            buffer = pa.BufferOutputStream()
            with pa.ipc.new_file(buffer, table.schema) as writer:
                writer.write_table(table)
            write_whole(_part(parts, number), buffer.getvalue())
        rows += length
        count += 1
        if progress is not None:
            progress(share)
    return rows, resumed, count


def _assemble(job: _Job, parts: Path, count: int, target: Path, rejects: Path | None) -> tuple[int, int]:
    """Put the parts together as `out`, a file of `target`'s kind, and `rejects`; return how many rows each has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    answered = rejected = 0
    with contextlib.ExitStack() as files:
        file = files.enter_context(_synced(parts / "out"))
        told = None if rejects is None else files.enter_context(_synced(rejects))
        if told:
            told.write(formats.csv_lines([[REJECT_COLUMNS[0], *job.ids, *REJECT_COLUMNS[1:]]]))
        if target.suffix.lower() == ".csv":
            file.write(formats.csv_lines([job.schema.names]))
            parquet = None
        else:
            parquet = files.enter_context(pq.ParquetWriter(file, job.schema))
        for number in range(count):
            table = pa.ipc.open_file(pa.py_buffer(_part(parts, number).read_bytes())).read_all()
            lines = json.loads(table.schema.metadata[b"rejects"])
            answered += len(table)
            rejected += len(lines)
            if told:
                told.write(formats.csv_lines(lines))
            if not len(table):
                continue
            if parquet is None:
                file.write(formats.csv_table(table))
            else:
                parquet.write_table(table.replace_schema_metadata())
    return answered, rejected


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or not there: first under a name that nothing has, so no other file is lost."""
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.tmp")
    try:
        with _synced(temporary, "xb") as file:
            file.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _synced(path: Path, mode: Literal["wb", "xb"] = "wb") -> Iterator[IO[bytes]]:
    """Open a file for writing, and bring it to the disk."""
    with path.open(mode) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    """Bring a directory's names to the disk, so that what is done next is not there before them."""
    if sys.platform != "win32":
        directory = os.open(path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

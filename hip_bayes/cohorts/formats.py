"""Tables in files: CSV, Parquet and Excel read, CSV and Parquet written, piece by piece.

Every cell of a CSV file is text, exactly as it stands there: what a column holds further down is not known yet, so no
type is guessed. Errors of the file become a `HipBayesError` that says which row, and what is allowed.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import io
import re
import zipfile
import zlib
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from hip_bayes.errors import HipBayesError, MissingExtraError, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import IO

    import pandas as pd
    import pyarrow as pa

CSV_BLOCK_BYTES = 2**20
"""CSV text parsed at once. No row can be longer."""
DELIMITERS = (",", ";", "\t", "|")
SNIFFED = 5
"""Rows that tell the delimiter."""
MAX_EXCEL_BYTES = 2**29
"""Of a workbook unpacked: it is held in memory."""
END = "\x03"
"""Fills the cells of a row that is put after the last one of a CSV file: a quote left open would swallow it."""


@dataclass(frozen=True)
class Source:
    """A file of cases, and how its text is written: found out from the file itself.

    Attributes
    ----------
    path
        the file.
    columns
        names and types of its columns; a column without a name is called after its place.
    encoding, delimiter, decimal_comma
        of CSV text.
    above, more_headers
        lines above the header and below it that are no rows: Excel's "sep=;", the questions and import ids of surveys.
    raw_names
        the columns' names as they stand in the file, some perhaps empty.
    notes
        what is not the usual about it, in words.

    """

    path: Path
    columns: pa.Schema
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal_comma: bool = False
    above: int = 0
    more_headers: int = 0
    raw_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def typed(self) -> bool:
        """Whether its values have types of their own, and are not text."""
        return self.path.suffix.lower() == ".parquet"


def opened(path: Path) -> Source:
    """Return what there is in a file: .csv, .csv.gz, .tsv, .parquet or .xlsx.

    Raises HipBayesError for one that cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    ending = path.suffix.lower()
    if ending == ".parquet":
        with _reading(path), pq.ParquetFile(path) as file:
            columns = [
                field.with_type(pa.string()) if field.type == pa.string_view() else field for field in file.schema_arrow
            ]
            return Source(path, pa.schema(columns))
    if ending == ".xlsx":
        rows = _excel_rows(path)
        sheet, raw = next(rows)[0], tuple(next(rows, ()))
        columns = pa.schema([(name, pa.string()) for name in _named(raw)])
        return Source(path, columns, raw_names=raw, notes=(f"sheet {sheet}",))
    with _reading(path):
        return _sniffed(path)


def _sniffed(path: Path) -> Source:
    """Return how the text of a CSV file is written."""
    import pyarrow as pa

    encoding = _encoding(path)
    with contextlib.closing(_Text(path, encoding=encoding)) as text:
        top = (
            text.read(CSV_BLOCK_BYTES).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
        )
    above = 0
    tabs = path.name.lower().removesuffix(".gz").endswith(".tsv")
    delimiter = "\t" if tabs else max(DELIMITERS, key=lambda d: _fits(top, d))
    if excels := re.match(r"sep=(.)\n", top):
        delimiter, above, top = excels[1], 1, top[excels.end() :]
    rows = _top_rows(top, delimiter)
    survey = len(rows) > 2 and sum("ImportId" in cell for cell in rows[2]) > len(rows[2]) / 2
    source = Source(path, pa.schema([]), encoding, delimiter, delimiter != ",", above, 2 if survey else 0)
    with _reading(path, source.more_headers), contextlib.closing(_Text(path, encoding=encoding)) as text:
        raw = tuple(_open_csv(text, source).schema.names)
    said = {";": "semicolons and decimal commas", "\t": "tabs", "|": "bars"}
    notes = [said[delimiter]] if delimiter in said else []
    notes += [f"text in {encoding}"] if encoding not in {"utf-8", "utf-8-sig"} else []
    notes += ["two more header lines passed over"] if survey else []
    columns = pa.schema([(name, pa.string()) for name in _named(raw)])
    return replace(source, columns=columns, raw_names=raw, notes=tuple(notes))


def _top_rows(top: str, delimiter: str) -> list[list[str]]:
    """Return the first rows of a text; none if that cannot be said."""
    try:
        rows = list(islice(csv.reader(io.StringIO(top), delimiter=delimiter), SNIFFED))
    except csv.Error:  # a cell too long for it: a quote never closed, or really so long
        rows = [re.split(re.escape(delimiter), top.partition("\n")[0])]
    return [row for row in rows if row]


def _fits(top: str, delimiter: str) -> tuple[bool, float, int]:
    """Return how well a delimiter fits the first rows of a text: it parts them, all into as many cells, and many."""
    rows = _top_rows(top, delimiter)
    cells = len(rows[0]) if rows else 1
    return cells > 1, sum(len(row) == cells for row in rows) / max(1, len(rows)), cells


def _encoding(path: Path) -> str:
    """Return the encoding of a text file: by its mark, or UTF-8 if all of it can be, or else that of old Windows."""
    with contextlib.closing(_Text(path, encoding="")) as text:
        head = text.read(4)
        for mark, name in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if head.startswith(mark):
                return name
        if len(head) == 4 and 0 in (head[0], head[1]):  # the first letter of a header, without a mark
            return "utf-16-be" if head[0] == 0 else "utf-16-le"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(head)
            while block := text.read(CSV_BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _named(names: Iterable[str]) -> list[str]:
    """Return names of columns; of those without a name, their places."""
    return [name.strip() or f"column {i} (no name)" for i, name in enumerate(names, 1)]


def pieces(source: Source, rows_at_once: int, *, use_threads: bool) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Iterate over the rows of the input, some at a time, each with the share of the file read by then."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names, path = source.columns.names, source.path
    if source.typed:
        # no pre_buffer: it would hold whole row groups; and no pyarrow.dataset, which reads ahead without bound
        with _reading(path), pq.ParquetFile(path, pre_buffer=False) as file:
            rows = 0
            for batch in file.iter_batches(batch_size=rows_at_once, use_threads=use_threads):
                rows += batch.num_rows
                batch = batch if batch.schema.equals(source.columns) else batch.cast(source.columns)  # noqa: PLW2901
                yield batch, rows / file.metadata.num_rows
        return
    if path.suffix.lower() == ".xlsx":
        rows_left = islice(_excel_rows(path), 2, None)  # the sheet and the header
        while lines := list(islice(rows_left, rows_at_once)):
            columns = [pa.array([line[i] for line in lines], pa.string()) for i in range(len(names))]
            yield pa.record_batch(columns, names=names), 1.0
        return
    end = source.delimiter.join([END] * len(names)) + "\n"
    last = pa.record_batch([pa.array([END])] * len(names), names=names)
    with _reading(path, source.more_headers), contextlib.closing(_Text(path, end, source.encoding)) as text:
        before = last.slice(1)
        for raw in _open_csv(text, source):
            batch = pa.record_batch(raw.columns, names=names)
            if batch.num_rows:
                yield before, text.share()
                before = batch
        if not before.slice(before.num_rows - 1).equals(last):
            raise HipBayesError(f'{shown_path(path)}: a quote (") is opened and never closed; mend the file')
        yield before.slice(0, before.num_rows - 1), 1.0


def _excel_rows(path: Path) -> Iterator[list[str]]:
    """Iterate over the name of the first sheet in sight, alone, then its rows as text: of formulas what is stored.

    A row has as many cells as the first one, the header. A formula without a stored value is itself: no answer.
    """
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError(
            "reading .xlsx needs openpyxl, which is not installed; pip install 'hip-bayes[excel]', or save it as CSV"
        ) from None
    with contextlib.ExitStack() as opened_books:
        try:
            with zipfile.ZipFile(path) as packed:
                _refuse_large(path, sum(entry.file_size for entry in packed.infolist()))
            books = [openpyxl.load_workbook(path, read_only=True, data_only=stored) for stored in (True, False)]
            for book in books:
                opened_books.callback(book.close)
            at = next(i for i, sheet in enumerate(books[0].worksheets) if sheet.sheet_state == "visible")
            yield [books[0].worksheets[at].title]
            yield from _sheet_rows(path, [book.worksheets[at] for book in books])
        except HipBayesError:
            raise
        except Exception as error:  # noqa: BLE001 whatever a damaged workbook makes of it
            raise unreadable(path, error) from None


def _refuse_large(path: Path, size: int) -> None:
    if size > MAX_EXCEL_BYTES:
        raise HipBayesError(
            f"{shown_path(path)}: unpacked it has {size:,} bytes; allowed: {MAX_EXCEL_BYTES:,}; save it as CSV or "
            "Parquet"
        )


def _sheet_rows(path: Path, sheets: list[Any]) -> Iterator[list[str]]:
    """Iterate over the rows of a sheet, opened for what is stored and for what is written, that have anything."""
    for sheet in sheets:
        sheet.reset_dimensions()  # what a file says of its own size may be wrong
    width = 0
    for number, lines in enumerate(zip(*(sheet.iter_rows(values_only=True) for sheet in sheets), strict=True), 1):
        cells = [_cell_text(written if value is None else value) for value, written in zip(*lines, strict=True)]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        width = width or len(cells)
        if len(cells) > width:
            raise HipBayesError(
                f"{shown_path(path)}: line {number} of the sheet has {cells[-1]!r} in column {len(cells)}; allowed: "
                f"{width} "
                "columns, as many as the header has"
            )
        yield cells + [""] * (width - len(cells))


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


class _Text:
    """The bytes of a CSV file, unzipped, as UTF-8, then `more` after a line end: without it no header alone is seen.

    With an empty encoding the bytes as they are.
    """

    def __init__(self, path: Path, more: str = "", encoding: str = "utf-8") -> None:
        self._raw = path.open("rb")
        self._size = max(1, path.stat().st_size)
        file = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw) if path.suffix.lower() == ".gz" else self._raw)
        self._file = file
        self._decoder = None if encoding in {"", "utf-8"} else codecs.getincrementaldecoder(encoding)("strict")
        self._more = io.BytesIO(f"\n{more}".encode() if encoding else b"")
        self._held = self._decoded = b""

    @property
    def closed(self) -> bool:
        return self._raw.closed

    def _bytes(self, size: int) -> bytes:
        """Return up to so many bytes of UTF-8; fewer only at the end."""
        if self._decoder is None:
            return self._file.read(size)
        while size < 0 or len(self._decoded) < size:
            block = self._file.read(CSV_BLOCK_BYTES)
            self._decoded += self._decoder.decode(block, final=not block).encode()
            if not block:
                break
        size = len(self._decoded) if size < 0 else size
        data, self._decoded = self._decoded[:size], self._decoded[size:]
        return data

    def read(self, size: int = -1) -> bytes:
        data = self._held + self._bytes(size - len(self._held) if size >= 0 else -1)
        # a short read would end a block, perhaps within a row
        data += self._more.read(size - len(data) if size >= 0 else -1)
        # of a \r\n that two blocks share, pyarrow drops the \n, even within quotes
        self._held = b"\r" if len(data) > 1 and data.endswith(b"\r") else b""
        return data.removesuffix(self._held)

    def share(self) -> float:
        return self._raw.tell() / self._size

    def close(self) -> None:
        self._file.close()
        self._raw.close()


def _open_csv(text: _Text, source: Source) -> Any:  # noqa: ANN401 pyarrow has no types
    """Open a CSV file for reading in blocks, all columns as text exactly as it stands there."""
    import pyarrow as pa
    import pyarrow.csv as pc

    return pc.open_csv(
        pa.PythonFile(text, mode="r"),
        # one thread: with more, pyarrow cannot tell the row of an error
        read_options=pc.ReadOptions(
            block_size=CSV_BLOCK_BYTES,
            use_threads=False,
            skip_rows=source.above,
            skip_rows_after_names=source.more_headers,
        ),
        parse_options=pc.ParseOptions(newlines_in_values=True, delimiter=source.delimiter),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(source.raw_names, pa.string()), null_values=[], strings_can_be_null=False
        ),
    )


@contextlib.contextmanager
def _reading(source: Path, more_headers: int = 0) -> Iterator[None]:
    """Say in words what keeps a file from being read."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise unreadable(source, error, more_headers) from None


def unreadable(source: Path, error: Exception, more_headers: int = 0) -> HipBayesError:
    """Return what keeps a file from being read, in words."""
    text = str(error)
    row = re.search(r"Row #(\d+)", text)  # counts the header, not blank lines
    place = (
        f"{shown_path(source)}: " if row is None else f"{shown_path(source)}: row {int(row[1]) - 1 - more_headers}: "
    )
    ragged = re.search(r"Expected (\d+) columns, got (\d+)", text)
    if ragged:
        return HipBayesError(
            f"{place}it has {ragged[2]} cells; allowed: {ragged[1]}, as many as the header has (a cell with a "
            'delimiter in it needs quotes around it: "a, b"; a quote opened is to be closed)'
        )
    if "Empty CSV" in text:
        return HipBayesError(
            f"{place}the file is empty; allowed: a header with the names of the columns, then the rows"
        )
    if isinstance(error, UnicodeDecodeError) or "UTF8" in text:
        return HipBayesError(
            f"{place}this is text neither in UTF-8 nor in UTF-16 nor Latin-1; allowed: CSV saved as UTF-8"
        )
    if "straddling" in text:
        return HipBayesError(
            f'{place}a row is longer than {CSV_BLOCK_BYTES:,} bytes; is a quote (") opened and never closed?'
        )
    return HipBayesError(
        f"{place}cannot be read ({' '.join(text.split())}); allowed: .csv, .csv.gz, .tsv, .parquet or .xlsx"
    )


# ------------------------------------------------------------------------------------------ values for pandas


def arrow_values(column: pa.ChunkedArray) -> object:
    """Return a Parquet column for pandas as it lies in Arrow's memory: a bit for a yes or no, not an object."""
    import pandas as pd
    import pyarrow as pa

    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    return column.to_pandas(types_mapper=lambda t: None if pa.types.is_dictionary(t) else pd.ArrowDtype(t)).array


def texts(column: pa.ChunkedArray) -> pd.Categorical:
    """Return a column of text for pandas: each distinct text is looked at once."""
    import pandas as pd

    distinct = column.combine_chunks().dictionary_encode()
    categories = pd.Index(distinct.dictionary.to_pylist(), dtype=object)
    return pd.Categorical.from_codes(distinct.indices.to_numpy(), categories=categories)


# ------------------------------------------------------------------------------------------------------ CSV text


SIGNS = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
"""With what a formula begins, full-width signs included (OWASP, "CSV Injection")."""
FORMULAS = ((f"([;\t\r\n] *)({SIGNS})", r"\1'\2"), (f"^([\t\r]| *{SIGNS})", r"'\1"))
"""Where a spreadsheet would take a text for a formula, or a part of it where it splits at semicolons; and an apostrophe
before that."""
NUMBER = "^[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?$"


def csv_lines(lines: Sequence[Sequence[object]], *, safe: bool = False) -> bytes | memoryview:
    """Return rows of text and whole numbers as CSV text, as `csv_table` does."""
    import pyarrow as pa

    columns = [pa.array([str(cell) for cell in column], pa.large_string()) for column in zip(*lines, strict=True)]
    return csv_table(pa.table(columns, names=[str(i) for i in range(len(columns))]), safe=safe) if lines else b""


def csv_table(table: pa.Table, *, safe: bool = False) -> memoryview:
    """Return a table as CSV text; Arrow casts a float to the shortest text that reads back to it.

    With `safe` every text is quoted, and one that a spreadsheet would take for a formula has an apostrophe before it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    nothing, quote, comma, end = (pa.scalar(text, pa.large_string()) for text in ("", '"', ",", "\n"))
    cells = []
    for column in table.combine_chunks().columns:
        text = as_text(column)
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
            if safe:
                number, marked = pc.match_substring_regex(text, NUMBER), text
                for pattern, replacement in FORMULAS:
                    marked = pc.replace_substring_regex(marked, pattern, replacement)
                text = pc.if_else(number, text, marked)
            quoted = pc.binary_join_element_wise(nothing, pc.replace_substring(text, '"', '""'), nothing, quote)
            text = pc.if_else(pc.match_substring_regex(text, "" if safe else '[",\r\n]'), quoted, text)
        cells.append(text)
    rows = pc.binary_join_element_wise(*cells, comma, null_handling="replace", null_replacement="")
    lines = pc.binary_join_element_wise(rows, nothing, end).combine_chunks()
    return memoryview(lines.buffers()[2])  # the lines as they lie in memory, one after the other


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as text; a float as the shortest that reads back to it."""
    import pyarrow as pa

    return column.cast(pa.large_string())


def has_text(type_: pa.DataType) -> bool:
    """Say whether values of a type can be written as text."""
    import pyarrow as pa

    kind = getattr(type_, "storage_type", type_)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return False
    try:
        as_text(pa.array([], type_))
    except pa.ArrowException:
        return False
    return True

"""Tables in files, CSV and Parquet, read and written piece by piece.

Every cell of a CSV file is text, exactly as it stands there: what a column holds further down is not known yet, so no
type is guessed. Errors of the file become a `HipBayesError` that says which row, and what is allowed.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import math
import re
import zlib
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hip_bayes.errors import HipBayesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import IO

    import pandas as pd
    import pyarrow as pa

CSV_BLOCK_BYTES = 2**20
"""CSV text parsed at once. No row can be longer."""
END = "\x03"
"""Fills the cells of a row that is put after the last one of a CSV file: a quote left open would swallow it."""


def is_csv(source: Path) -> bool:
    """Say whether a file is CSV, zipped or not; otherwise it is Parquet."""
    return source.suffix.lower() != ".parquet"


def columns(source: Path) -> pa.Schema:
    """Return names and types of a file's columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not is_csv(source):
        with _reading(source), pq.ParquetFile(source) as file:
            return file.schema_arrow.remove_metadata()
    with _reading(source), contextlib.closing(_Text(source)) as text:
        names = _open_csv(text).schema.names
    return pa.schema([(name, pa.string()) for name in names])


def pieces(
    source: Path, names: Sequence[str], rows_at_once: int, *, use_threads: bool
) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Iterate over the rows of the input, some at a time, each with the share of the file read by then."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not is_csv(source):
        # no pre_buffer: it would hold whole row groups; and no pyarrow.dataset, which reads ahead without bound
        with _reading(source), pq.ParquetFile(source, pre_buffer=False) as file:
            rows = 0
            for batch in file.iter_batches(batch_size=rows_at_once, use_threads=use_threads):
                rows += batch.num_rows
                yield batch, rows / file.metadata.num_rows
        return
    end = ",".join([END] * len(names)) + "\n"
    last = pa.record_batch([pa.array([END])] * len(names), names=names)
    with _reading(source), contextlib.closing(_Text(source, end)) as text:
        before = last.slice(1)
        for batch in _open_csv(text, names):
            if batch.num_rows:
                yield before, text.share()
                before = batch
        if not before.slice(before.num_rows - 1).equals(last):
            raise HipBayesError(f'{source}: a quote (") is opened and never closed; mend the file')
        yield before.slice(0, before.num_rows - 1), 1.0


class _Text:
    """The bytes of a CSV file, unzipped, then `more` after a line end, without which pyarrow sees no header alone."""

    def __init__(self, path: Path, more: str = "") -> None:
        self._raw = path.open("rb")
        self._size = max(1, path.stat().st_size)
        self._file = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw) if path.suffix.lower() == ".gz" else self._raw)
        self._more = io.BytesIO(f"\n{more}".encode())
        self._held = b""

    @property
    def closed(self) -> bool:
        return self._raw.closed

    def read(self, size: int = -1) -> bytes:
        data = self._held + self._file.read(size - len(self._held) if size >= 0 else -1)
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


def _open_csv(text: _Text, names: Sequence[str] = ()) -> Any:  # noqa: ANN401 pyarrow has no types
    """Open a CSV file for reading in blocks, the columns `names` as text exactly as it stands there."""
    import pyarrow as pa
    import pyarrow.csv as pc

    return pc.open_csv(
        pa.PythonFile(text, mode="r"),
        # one thread: with more, pyarrow cannot tell the row of an error
        read_options=pc.ReadOptions(block_size=CSV_BLOCK_BYTES, use_threads=False),
        parse_options=pc.ParseOptions(newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[], strings_can_be_null=False
        ),
    )


@contextlib.contextmanager
def _reading(source: Path) -> Iterator[None]:
    """Say in words what keeps a file from being read."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise unreadable(source, error) from None


def unreadable(source: Path, error: Exception) -> HipBayesError:
    """Return what keeps a file from being read, in words."""
    text = str(error)
    row = re.search(r"Row #(\d+)", text)  # counts the header, not blank lines
    place = f"{source}: " if row is None else f"{source}: row {int(row[1]) - 1}: "
    ragged = re.search(r"Expected (\d+) columns, got (\d+)", text)
    if ragged:
        return HipBayesError(
            f"{place}it has {ragged[2]} cells; allowed: {ragged[1]}, as many as the header has (a comma inside a cell "
            'needs quotes around it: "a, b")'
        )
    if "Empty CSV" in text:
        return HipBayesError(
            f"{place}the file is empty; allowed: a header with the names of the columns, then the rows"
        )
    if isinstance(error, UnicodeDecodeError) or "UTF8" in text:
        return HipBayesError(f"{place}this is not text in UTF-8; allowed: CSV saved as UTF-8")
    if "straddling" in text:
        return HipBayesError(
            f'{place}a row is longer than {CSV_BLOCK_BYTES:,} bytes; is a quote (") opened and never closed?'
        )
    return HipBayesError(f"{place}cannot be read ({' '.join(text.split())}); allowed: .csv, .csv.gz or .parquet")


# ------------------------------------------------------------------------------------------ values for pandas


def typed(column: pa.ChunkedArray) -> object:
    """Return a Parquet column for pandas as it lies in Arrow's memory: a bit for a yes or no, not an object."""
    import pandas as pd
    import pyarrow as pa

    return column.to_pandas(types_mapper=lambda t: None if pa.types.is_dictionary(t) else pd.ArrowDtype(t)).array


def values(column: pa.ChunkedArray) -> pd.Categorical:
    """Return a column of CSV text as numbers where it reads as such, else words: each distinct text is read once."""
    import pandas as pd

    texts = column.combine_chunks().dictionary_encode()
    places: dict[object, int] = {}  # "1" and "1.0" are one value, and a category may be there only once
    code = []
    for text in texts.dictionary.to_pylist():
        value = value_of(text)
        unknown = isinstance(value, float) and math.isnan(value)
        code.append(-1 if unknown else places.setdefault(value, len(places)))
    codes = np.array(code, dtype=np.int32)[texts.indices.to_numpy()]
    return pd.Categorical.from_codes(codes, categories=pd.Index(list(places), dtype=object))


def value_of(text: str) -> float | str:
    """Return what a text from the command line or a CSV cell says: a number where it reads as one, else a word."""
    try:
        return float(text)
    except ValueError:
        return text


# ------------------------------------------------------------------------------------------------------ CSV text


def csv_lines(lines: Iterable[Sequence[object]]) -> bytes:
    """Return rows as CSV text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def csv_table(table: pa.Table) -> memoryview:
    """Return a table as CSV text; Arrow casts a float to the shortest text that reads back to it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    nothing, quote, comma, end = (pa.scalar(text, pa.large_string()) for text in ("", '"', ",", "\n"))
    cells = []
    for column in table.combine_chunks().columns:
        text = as_text(column)
        if not pa.types.is_floating(column.type):
            quoted = pc.binary_join_element_wise(nothing, pc.replace_substring(text, '"', '""'), nothing, quote)
            text = pc.if_else(pc.match_substring_regex(text, '[",\r\n]'), quoted, text)
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

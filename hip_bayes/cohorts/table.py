"""Many cases at once: a table in, a table of probabilities out.

Columns are read as a whole into arrays, `Vocabulary.read` deciding what each distinct value means; `Engine.posteriors`
answers them, a chunk of rows at a time. Nothing about a row's answer depends on the other rows.
"""

from __future__ import annotations

import pickle
import sys
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from hip_bayes.errors import EvidenceError, HipBayesError, shown
from hip_bayes.inference.answers import was_asked
from hip_bayes.inference.arguments import entries_of, threads_of
from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.evidence import SAME, UNDECIDED, VOLUNTEERED, Cases, vocabulary_of
from hip_bayes.network.parts import LEVELS, SEXES
from hip_bayes.reasoning import triage as rules

from .columns import Columns, Reading, Tally, match, refuse_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData

    Floats = NDArray[np.float64]

S = TypeVar("S")
T = TypeVar("T")
CHUNK = 2**14
"""Rows computed at a time: bounds the memory beside the table itself to some tens of megabytes a thread."""
TRIAGE, ASKED = "triage", "red_flags_asked"
"""Columns of the answers besides the causes."""
ALIKE = frozenset({bool, np.bool_, int, float, np.float64, str, type(None)})
"""Types whose values mean the same whenever they are equal (ages apart)."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that has no answer: its position in the table from 0, the column and value at fault, and why.

    `column` is "" where several facts together are at fault.
    """

    row: int
    column: str
    value: object
    reason: str


@dataclass(frozen=True, slots=True)
class Triaged:
    """The triage of some rows: indices in `LEVELS`, and how many red flags were answered, each of shape (rows,)."""

    levels: NDArray[np.int8]
    asked: NDArray[np.int64]


def has_rules(net: NetworkData) -> bool:
    """Say whether a network has anything that makes a case urgent."""
    return bool(net.red_flags or net.hazards or net.patterns)


def diagnose_many(
    net: NetworkData, frame: object, *, reading: Reading | None = None, with_triage: bool = True, threads: int = 1
) -> pd.DataFrame:
    """Return the probability of each cause for every row of a table or list; see `hip_bayes.diagnose_many`."""
    import pandas as pd

    dask = sys.modules.get("dask.dataframe")  # a dask table can only turn up where it is loaded
    if dask is not None and isinstance(frame, dask.DataFrame):
        return _lazily(net, frame, reading=reading, with_triage=with_triage, threads=threads)
    if isinstance(frame, (list, tuple)) and frame and all(isinstance(row, Mapping) for row in frame):
        rows = [dict(entries_of(f"row {i}", row, "a mapping of names to values")) for i, row in enumerate(frame)]
        names = pd.Index(list(dict.fromkeys(name for row in rows for name in row)), dtype=object, tupleize_cols=False)
        frame = pd.DataFrame(rows, columns=names, dtype=object)
    if not isinstance(frame, pd.DataFrame):
        raise EvidenceError(
            f"got a {type(frame).__name__}; allowed: a pandas or dask DataFrame, a row a case, or a list of mappings"
        )
    return diagnose_table(net, frame, reading=reading, with_triage=with_triage, threads=threads)


def _lazily(net: NetworkData, frame: Any, **options: Any) -> pd.DataFrame:  # noqa: ANN401 dask is not there to name its types
    """Return the same for a dask DataFrame, lazily: a partition is a table of its own."""
    from dask.delayed import delayed

    packed = delayed(pickle.dumps(net), pure=True)  # once in the graph, however many partitions
    empty = diagnose_table(net, frame._meta, **options)  # noqa: SLF001 the empty table of the same columns
    lazy: pd.DataFrame = frame.map_partitions(_partition, packed, meta=empty, enforce_metadata=False, **options)
    return lazy


def _partition(frame: pd.DataFrame, packed: bytes, **options: Any) -> pd.DataFrame:  # noqa: ANN401
    return diagnose_table(_unpacked(packed), frame, **options)


@lru_cache(maxsize=8)
def _unpacked(packed: bytes) -> NetworkData:
    """Return the network, compiled once in a worker process and not once a partition."""
    net: NetworkData = pickle.loads(packed)  # noqa: S301 what `_lazily` packed
    return net


def diagnose_table(  # noqa: PLR0913 what diagnose_many takes, and where rejects go
    net: NetworkData,
    frame: pd.DataFrame,
    *,
    reading: Reading | None = None,
    columns: Columns | None = None,
    with_triage: bool = True,
    threads: int = 1,
    rejects: list[Reject] | None = None,
) -> pd.DataFrame:
    """Return what `diagnose_many` does; with a list of `rejects`, rows without an answer go there and are left out.

    With `columns`, which are matched and looked through already, they are as that says.
    """
    import pandas as pd

    threads = threads_of(threads)
    _ = engine_of(net).coverage  # made once, not by every thread
    if columns is None:
        columns = match(net, frame.columns.tolist(), reading or Reading())
        _refuse_codes(net, frame, columns)
    with_triage = with_triage and has_rules(net)

    def answer(start: int) -> tuple[Floats, Triaged | None, list[Reject]]:
        return _answer(net, frame, columns, start, strict=rejects is None, with_triage=with_triage)

    probability = np.empty((len(frame), len(net.causes)))
    levels, asked = np.empty(len(frame), dtype=np.int8), np.empty(len(frame), dtype=np.int64)
    kept = np.ones(len(frame), dtype=bool)
    starts = range(0, len(frame), CHUNK)
    for start, (found, triaged, bad) in zip(starts, in_order(answer, starts, threads), strict=True):
        stop = start + len(found)
        probability[start:stop] = found
        if triaged is not None:
            levels[start:stop], asked[start:stop] = triaged.levels, triaged.asked
        if rejects is not None:
            rejects += bad
            kept[[reject.row for reject in bad]] = False
    out = pd.DataFrame(probability, index=frame.index, columns=list(net.causes), copy=False)
    if with_triage:
        out[TRIAGE] = pd.Series(np.array(LEVELS, dtype=object)[levels], index=frame.index, dtype="str")
        out[ASKED] = pd.Series(asked, index=frame.index)
    return out if kept.all() else out[kept]


def _refuse_codes(net: NetworkData, frame: pd.DataFrame, columns: Columns) -> None:
    """Refuse a table with a column of codes; looks at the distinct values of what is not plainly an answer."""
    tallies: dict[str, Tally] = {}
    for name, place in columns.places.items():
        column = frame.iloc[:, place]
        kind = getattr(column.dtype, "kind", "O")
        if not columns.looked_at(name) or (kind == "b" and columns.plain(name)) or not len(column):
            continue
        if kind in "iuf" and columns.plain(name) and name != "sex":
            x = column.to_numpy(dtype="float64", na_value=np.nan)
            if not ((x < 0) | (x > 1)).any():
                continue
        codes, distinct = _distinct(column, but_bool=False)
        count = np.bincount(codes[codes >= 0], minlength=len(distinct))
        tallies[name] = tally = Tally(net, columns, name)
        for i, value in enumerate(distinct):
            if tally.add(_hashable(value), int(count[i])):
                tally.first = frame.index[codes == i][:1].tolist()[0]
    refuse_codes(columns, tallies)


def _hashable(value: object) -> object:
    """Return a value that can be counted, or what stands for it."""
    try:
        _ = {value: value == value}[value] or True  # noqa: PLR0124 some can be hashed and not be compared
    except Exception:  # noqa: BLE001 the value's own code
        return shown(value)
    return value


def in_order(task: Callable[[S], T], items: Iterable[S], threads: int) -> Iterator[T]:
    """Run a task for each item, on so many threads, and give the results in order; few are ahead at a time."""
    if threads == 1:
        yield from map(task, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        todo = iter(items)
        running = deque(pool.submit(task, item) for item in islice(todo, threads + 1))
        try:
            while running:
                yield running.popleft().result()
                running.extend(pool.submit(task, item) for item in islice(todo, 1))
        finally:
            for future in running:
                future.cancel()


def _answer(  # noqa: PLR0913 the table, and what is wanted of it
    net: NetworkData, frame: pd.DataFrame, columns: Columns, start: int, *, strict: bool, with_triage: bool
) -> tuple[Floats, Triaged | None, list[Reject]]:
    """Answer one chunk of a table: P(cause) and, if asked for, the triage of each row, and the rows without an answer.

    With `strict` the error of the first row without an answer is raised.
    """
    chunk = frame.iloc[start : start + CHUNK]
    errors: dict[int, HipBayesError] = {}
    cases, unread, bad_rows = read_table(net, chunk, columns, only_first=strict)
    probability, log_evidence, unanswered = engine_of(net).posteriors(cases)
    errors |= unanswered | unread
    if errors and strict:
        row = min(errors)
        after = (
            read_table(net, frame.iloc[at : at + CHUNK], columns, only_first=True)[2] for at in _later(frame, start)
        )
        more = max(0, int(bad_rows.sum()) - 1) + sum(int(bad.sum()) for bad in after)
        raise _in_row(errors[row], chunk.index[row : row + 1].tolist()[0], more)
    bad = [Reject(start + row, *_fault(error)) for row, error in sorted(errors.items())]
    triaged = None
    if with_triage:
        asked = (~np.isnan(cases.red_flags)).sum(axis=1)
        triaged = Triaged(rules.levels(net, cases, probability, log_evidence), asked)
    return probability[:, : len(net.causes)], triaged, bad


def _later(frame: pd.DataFrame, start: int) -> range:
    return range(start + CHUNK, len(frame), CHUNK)


def _in_row(error: HipBayesError, label: object, more: int = 0) -> HipBayesError:
    """Return an error that names the row, and in how many more rows something cannot be read."""
    if isinstance(error, EvidenceError):
        others = f" ({more:,} more row{'s' * (more > 1)} cannot be read either)" if more else ""
        return error.within(f"row {shown(label)}", others)
    return type(error)(f"row {shown(label)}: {error}")


def _fault(error: HipBayesError) -> tuple[str, object, str]:
    return (error.name, error.value, error.message) if isinstance(error, EvidenceError) else ("", None, str(error))


# ------------------------------------------------------------------------------------------------- reading columns


def read_table(
    net: NetworkData, frame: pd.DataFrame, columns: Columns, *, only_first: bool = False
) -> tuple[Cases, dict[int, EvidenceError], NDArray[np.bool_]]:
    """Read a table of facts into arrays; what each row says is what `Vocabulary.read` makes of it.

    Returns
    -------
    Cases
        all unknown where a row cannot be read.
    dict
        number of the row -> why it cannot be read; the first alone if that is all that is asked for.
    numpy.ndarray
        which rows cannot be read.

    """
    n, vocabulary = len(frame), vocabulary_of(net)
    ids = ("age", "sex", *net.background, *net.findings, *net.red_flags)
    at = {id_: i for i, id_ in enumerate(ids)}
    values = np.full((len(ids), n), np.nan)
    bad = np.zeros(n, dtype=bool)
    not_known = np.zeros((len(ids), n), dtype=bool)
    for name, place in columns.places.items():
        found, wrong, in_vain = _read_column(net, name, frame.iloc[:, place], columns)
        not_known[at[vocabulary.id_of(name)]] |= in_vain
        bad |= wrong
        row = values[at[vocabulary.id_of(name)]]
        bad |= np.abs(row - found) > SAME
        np.copyto(row, found, where=~np.isnan(found))
    weights = values[2 : len(ids) - len(net.red_flags)]
    not_known |= values == UNDECIDED
    weights[weights == UNDECIDED] = np.nan
    for f in net.findings.values():
        if f.sex is not None:
            bad |= (values[at[f.id]] > 0.5) & (values[1] == 1 - SEXES.index(f.sex))
    errors: dict[int, EvidenceError] = {}
    at_fault = np.flatnonzero(bad)[: 1 if only_first else None]
    cells = {name: frame.iloc[:, place].iloc[at_fault].tolist() for name, place in columns.places.items()}
    for n_th, i in enumerate(at_fault.tolist()):
        row = {name: column[n_th] for name, column in cells.items()}
        try:
            vocabulary.read((name, columns.meant(name, value)) for name, value in row.items())
        except EvidenceError as error:
            errors[i] = error
        else:
            raise HipBayesError(f"row {i} was read in two ways: an error in hip_bayes, please report it with {row}")
    values[:, bad] = np.nan
    age, sex, split = values[0], values[1], 2 + len(net.background)
    edges = [band.low for band in net.bands.values()][1:]
    cases = Cases(
        sex=np.where(np.isnan(sex), -1, sex).astype(np.int64),
        band=np.where(np.isnan(age), -1, np.searchsorted(edges, age, side="right")),
        background=values[2:split].T,
        findings=values[split : split + len(net.findings)].T,
        red_flags=values[split + len(net.findings) :].T,
    )
    if vocabulary.heard(columns.account) == VOLUNTEERED:
        cases = cases.volunteered(net, not_known[split : split + len(net.findings)].T)
    return cases, errors, bad


def _read_column(
    net: NetworkData, name: str, column: pd.Series[Any], columns: Columns
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return what each cell of a column means, NaN if it is unknown; which cannot be read; which were asked in vain.

    A sex is its index in `SEXES`, a red flag 0 or 1, a fact under an alias its meaning for the finding itself.
    """
    import pandas as pd

    dtype = column.dtype
    kind = getattr(dtype, "kind", "O")
    nowhere = np.zeros(len(column), dtype=bool)
    if kind in "biuf" and name != "sex" and columns.plain(name) and not isinstance(dtype, pd.CategoricalDtype):
        x = column.to_numpy(dtype="float64", na_value=np.nan)
        known = ~np.isnan(x)
        if name == "age":
            low, high = net.age_range
            return x, known & (kind == "b" or (x < low) | (x > high)), nowhere
        certain = (x == 0) | (x == 1)
        if name not in vocabulary_of(net).alias:
            in_doubt = kind == "f" and name not in net.red_flags
            return x, known & ~(certain | (in_doubt & (x >= 0) & (x <= 1))), nowhere
        if (certain | ~known).all():
            return (x if vocabulary_of(net).alias[name][1] else 1 - x), nowhere, nowhere
    codes, distinct = _distinct(column, but_bool=name == "age")
    meaning = np.full(len(distinct) + 1, np.nan)
    wrong, in_vain = np.zeros((2, len(distinct) + 1), dtype=bool)
    for i, value in enumerate(distinct):
        meant = columns.meant(name, value)
        in_vain[i] = was_asked(meant)
        try:
            _, said = vocabulary_of(net).meaning(name, meant)
        except EvidenceError:
            wrong[i] = True
        else:
            if said is not None:
                meaning[i] = SEXES.index(said) if isinstance(said, str) else float(said)  # type: ignore[arg-type]
    return meaning[codes], wrong[codes], in_vain[codes]  # an unknown cell has the code -1, the entry after the last


def _distinct(column: pd.Series[Any], *, but_bool: bool) -> tuple[NDArray[np.intp], list[object]]:
    """Return which of the distinct values each cell has, -1 for unknown ones, and these values.

    Values that are equal but of different types are taken for one only if they mean the same, as True and 1 do; not
    with `but_bool`.
    """
    import pandas as pd

    alike = not but_bool and column.dtype == object and set(map(type, column)) <= ALIKE
    if column.dtype != object or alike:
        try:
            codes, distinct = pd.factorize(column)
        except NotImplementedError:  # Arrow lists and the like
            pass
        else:
            return codes, distinct.tolist()
    places: dict[tuple[type, object], int] = {}
    values = column.tolist()
    codes = np.empty(len(values), dtype=np.intp)
    for i, value in enumerate(values):
        try:
            codes[i] = places.setdefault((type(value), value), len(places))
        except Exception:  # noqa: BLE001 cannot be hashed, or not be compared
            codes[i] = places.setdefault((_Cell, i), len(places))
    return codes, [values[value] if kind is _Cell else value for kind, value in places]  # type: ignore[call-overload]


class _Cell:
    """Stands for the value of one cell that cannot be told from others."""

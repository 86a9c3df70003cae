"""Arguments of public functions, checked: kinds, whole numbers, yes or no, lists of names, mappings.

Whatever a caller gives, what comes of it is a right value or an EvidenceError that names the argument: also where the
value's own code fails while it is looked at.
"""

from __future__ import annotations

import math
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

from hip_bayes.errors import EvidenceError, UnknownNameError, shown, shown_path

if TYPE_CHECKING:
    from collections.abc import Hashable

T = TypeVar("T")

NOT_NUMBERS = (bool, np.timedelta64)
"""Types that Python or numpy count among the integers, but users do not."""
NO_LISTS = (str, bytes, bytearray, memoryview, Mapping)
"""Types that can be iterated over, but are not meant for a list."""
MOST_ITEMS = 2**20
"""Of a list that is an argument: an iterator may have no end."""
MOST_THREADS = 1024
MOST_BYTES = 2**32
"""What one call may take in memory where the caller says how much is made: 4 GiB."""


def refused(name: str, value: object, allowed: str) -> NoReturn:
    """Raise the error for an argument that is not allowed."""
    raise EvidenceError(f"{name} is {shown(value)}; allowed: {allowed}", name=name, value=value)


def of_kind(kind: type[T] | tuple[type[T], ...], name: str, value: object, allowed: str) -> T:
    """Return an argument that is of a kind; EvidenceError for anything else, with what is `allowed` in words."""
    return value if isinstance(value, kind) else refused(name, value, allowed)


def yes_or_no(name: str, value: object) -> bool:
    """Return an option that is True or False; EvidenceError for what is only taken for one of them."""
    return bool(of_kind((bool, np.bool_), name, value, "True or False"))


def as_number(value: object) -> float:
    """Return a number as a float, infinite beyond the range of floats; NaN for what is no number."""
    if isinstance(value, NOT_NUMBERS) or not isinstance(value, (int, float, np.integer, np.floating, Decimal)):
        return math.nan
    if isinstance(value, Decimal) and value.is_nan():
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def whole_number(name: str, value: object, least: int, else_: str = "", *, most: int | None = None) -> int:
    """Return an option that is a whole number of at least `least`, at most `most`; EvidenceError for anything else.

    `else_` tells what the option may be instead, such as "or None (all)", or why there is a limit.
    """
    number = isinstance(value, (int, np.integer)) and not isinstance(value, NOT_NUMBERS)
    if not number or value < least or (most is not None and value > most):  # type: ignore[operator]
        limits = f", {least} or more" if most is None else f" from {least:,} to {most:,}"
        refused(name, value, f"a whole number{limits}{else_ and f', {else_}'}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def how_many(name: str, value: object, least: int, each: float) -> int:
    """Return how many things are to be made of which each takes so many bytes; EvidenceError if all would be too many.

    Too many are those that take more than `MOST_BYTES`.
    """
    most = max(least, int(MOST_BYTES // each))
    return whole_number(name, value, least, f"because more would take over {MOST_BYTES / 2**30:g} GiB", most=most)


def at_most(name: str, value: object) -> int:
    """Return how many of something are wanted at most; None is all of it."""
    return sys.maxsize if value is None else min(whole_number(name, value, 1, "or None (all)"), sys.maxsize)


def threads_of(value: object) -> int:
    """Return how many threads are wanted; EvidenceError for more than any machine has use for."""
    return whole_number("threads", value, 1, most=MOST_THREADS)


def function(name: str, value: object, allowed: str) -> Any:  # noqa: ANN401 of whatever it takes and returns
    """Return an argument that can be called; EvidenceError for anything else."""
    return value if callable(value) else refused(name, value, allowed)


def path_of(name: str, value: object) -> Path:
    """Return the path of a file, which need not be there; EvidenceError for no path, or that of a device or pipe."""
    allowed = "the path of a file"
    try:
        path = Path(of_kind((str, os.PathLike), name, value, allowed))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 what gives a path has code of its own
        refused(name, value, allowed)
    try:
        mode = path.stat().st_mode
        why: object = None if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else "a device or a pipe"
    except (FileNotFoundError, NotADirectoryError):
        return path
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no file can have this name"
    if why:
        raise EvidenceError(f"{name} is {shown_path(path)} ({why}); allowed: {allowed}", name=name)
    return path


def level_of(value: object) -> float:
    """Return the level of an interval; EvidenceError for what is none."""
    level = as_number(value)
    if not 0 < level < 1:
        refused("level", value, "a number strictly between 0 and 1, such as 0.9")
    return level


def items_in(name: str, value: object, allowed: str) -> tuple[Any, ...]:
    """Return the items of a list, or of whatever else gives them in a row; EvidenceError for what is none.

    A table is no list, though it gives its columns, nor is a mapping, a text or an array of other than one dimension.
    """
    if not isinstance(value, Iterable) or isinstance(value, NO_LISTS) or getattr(value, "ndim", 1) != 1:
        refused(name, value, allowed)
    try:
        items = tuple(islice(value, MOST_ITEMS + 1))
    except Exception as error:
        raise EvidenceError(f"{name} cannot be read ({shown(error)}); allowed: {allowed}", name=name) from error
    if len(items) > MOST_ITEMS:
        raise EvidenceError(f"{name} has over {MOST_ITEMS:,} items; allowed: {allowed}, at most so many", name=name)
    return items


def names_of(name: str, value: object, allowed: str = "a name or a list of names") -> tuple[Any, ...]:
    """Return the names that an option lists: one string is one name; EvidenceError for what is no list of names."""
    names = (value,) if isinstance(value, str) else items_in(name, value, allowed)
    try:
        _ = dict.fromkeys(names)  # a name can be looked up
    except Exception:  # noqa: BLE001 the value's own code
        refused(name, value, allowed)
    return names


def entries_of(name: str, value: object, allowed: str) -> list[tuple[Any, Any]]:
    """Return keys and values of a mapping; EvidenceError for what is none, or cannot be read."""
    of_kind(Mapping, name, value, allowed)
    try:
        return [(key, entry) for key, entry in value.items()]  # type: ignore[attr-defined]
    except Exception as error:
        raise EvidenceError(f"{name} cannot be read ({shown(error)}); allowed: {allowed}", name=name) from error


def is_in(value: object, known: Iterable[object]) -> bool:
    """Say whether a value is one of some, which can be looked up; of what cannot, that it is not."""
    try:
        return value in frozenset(known)
    except Exception:  # noqa: BLE001 the value's own code
        return False


def columns_to_ignore(ignore: object, columns: list[Any]) -> set[Hashable]:
    """Return which of a table's columns to pass over: one name, or several.

    Raises
    ------
    EvidenceError
        not names of columns; UnknownNameError where the table has no such column.

    """
    names, known = names_of("ignore", ignore), frozenset(names_of("the row of headers", columns, "texts"))
    for column in names:
        if column not in known:
            raise UnknownNameError.among(
                column, map(str, columns), what="column to ignore", where="the frame's columns are the choice"
            )
    return set(names)

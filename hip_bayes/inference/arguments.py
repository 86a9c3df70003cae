"""Options of public functions, checked: whole numbers, levels, lists of names."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.errors import EvidenceError, UnknownNameError, shown

if TYPE_CHECKING:
    from collections.abc import Hashable

NOT_NUMBERS = (bool, np.timedelta64)
"""Types that Python or numpy count among the integers, but users do not."""


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


def whole_number(name: str, value: object, least: int, else_: str = "") -> int:
    """Return an option that is a whole number of at least `least`; EvidenceError for anything else.

    `else_` tells what the option may be instead, such as "or None (all)".
    """
    if isinstance(value, NOT_NUMBERS) or not isinstance(value, (int, np.integer)) or value < least:
        raise EvidenceError(
            f"{name} is {shown(value)}; allowed: a whole number, {least} or more{else_ and f', {else_}'}",
            name=name,
            value=value,
        )
    return int(value)


def level_of(value: object) -> float:
    """Return the level of an interval; EvidenceError for what is none."""
    level = as_number(value)
    if not 0 < level < 1:
        raise EvidenceError(
            f"level is {shown(value)}; allowed: a number strictly between 0 and 1, such as 0.9",
            name="level",
            value=value,
        )
    return level


def names_of(name: str, value: object) -> tuple[Any, ...]:
    """Return the names that an option lists: one string is one name; EvidenceError for what is no list of names."""
    if isinstance(value, str):
        return (value,)
    try:
        names: tuple[Any, ...] = tuple(value)  # type: ignore[arg-type]
        _ = dict.fromkeys(names)  # a name can be looked up
    except TypeError:
        raise EvidenceError(
            f"{name} is {shown(value)}; allowed: a name or a list of names", name=name, value=value
        ) from None
    return names


def columns_to_ignore(ignore: object, columns: list[Any]) -> set[Hashable]:
    """Return which of a table's columns to pass over: one name, or several.

    Raises
    ------
    EvidenceError
        not names of columns; UnknownNameError where the table has no such column.

    """
    names = names_of("ignore", ignore)
    for column in names:
        if column not in columns:
            raise UnknownNameError.among(
                column, map(str, columns), what="column to ignore", where="the frame's columns are the choice"
            )
    return set(names)

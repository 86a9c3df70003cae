"""What a single answer means: the one reader for Python, the command line, CSV, Excel and Parquet.

An answer is yes, no, how sure, or nothing. Texts are read like what they spell: ``"yes"`` and ``"1"`` as True,
``"0.7"`` and ``"70%"`` as 0.7, ``"46"`` as an age. What clinics write for a missing answer is missing. What may mean
two things is refused, with what to do: ``+``, ``-`` and ``none`` are findings to some and gaps to others.
"""

from __future__ import annotations

import math
import re
import sys
from decimal import Decimal

import numpy as np

from hip_bayes.errors import EvidenceError, shown
from hip_bayes.network.parts import NO, SEXES, YES

from .arguments import as_number

ALLOWED = "True or False, 1 or 0, 'yes' or 'no', a number between 0 and 1 (how sure), or None (unknown)"
POSITIVE, NEGATIVE = (*YES, "positive"), (*NO, "negative")
MISSING = ("", "na", "n/a", "nan", "null", ".", "?", "<na>", "nat")
"""Words for an answer that is not there; ``unknown`` is one that was asked for."""
ASKED = "unknown"
AMBIGUOUS = ("+", "-", "none", "\N{MINUS SIGN}", "\N{EN DASH}")
SEX_WORDS = {"female": "female", "f": "female", "woman": "female", "male": "male", "m": "male", "man": "male"}
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def is_unknown(value: object) -> bool:
    """Say whether an answer is missing, or was asked for and not known."""
    if value is None:
        return True
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, str):
        word = value.strip().lower()
        return word in MISSING or word == ASKED
    pandas = sys.modules.get("pandas")  # its NA and NaT can only turn up where it is loaded
    return pandas is not None and (value is pandas.NA or value is pandas.NaT)


def was_asked(value: object) -> bool:
    """Say whether an answer says that it is not known, which tells more than none: somebody asked."""
    return isinstance(value, str) and value.strip().lower() == ASKED


def number_in(text: str) -> float | None:
    """Return the number that a text spells in ASCII digits, or None: not ``4_6``, nor digits of another script."""
    return float(text) if NUMBER.fullmatch(text.strip()) else None


def sex_of(value: object) -> str:
    """Return "female" or "male"; EvidenceError for anything else."""
    sex = SEX_WORDS.get(value.strip().lower()) if isinstance(value, str) else None
    if sex is not None:
        return sex
    coded = "; for other codes in a table: code={'sex': {'1': 'female', '2': 'male'}}" if is_number(value) else ""
    raise EvidenceError(
        f"sex is {shown(value)}; allowed: {SEXES[0]!r}, {SEXES[1]!r} or None (unknown){coded}{_hint('sex', value)}",
        name="sex",
        value=value,
    )


def years_of(value: object, low: int, high: int) -> float:
    """Return an age in years within its limits; EvidenceError for anything else."""
    years = _number(value)
    if not low <= years <= high:
        got = int(years) if isinstance(value, (float, np.floating)) and years.is_integer() else value
        raise EvidenceError(
            f"age is {shown(got)}; allowed: a number of years from {low} to {high}, or None (unknown)",
            name="age",
            value=value,
        )
    return years


def weight_of(name: str, value: object, states: tuple[str, ...] = ()) -> float:
    """Return how much an answer weighs present against absent, in [0, 1]; EvidenceError for what says nothing of it.

    `states` are what absent and present are called, if they have names of their own: these go before other words.
    """
    if isinstance(value, (bool, np.bool_)):
        return float(value)
    if isinstance(value, str):
        read = _weight_in(value.strip().lower(), [state.lower() for state in states])
        if read is not None:
            return read
    elif 0 <= (number := as_number(value)) <= 1:
        return number
    names = f"; or {states[1]!r} or {states[0]!r}" if states and states != ("absent", "present") else ""
    raise EvidenceError(
        f"{name!r} is {shown(value)}; allowed: {ALLOWED}{names}{_hint(name, value)}", name=name, value=value
    )


def _weight_in(text: str, states: list[str]) -> float | None:
    if text in states:
        return float(states.index(text))
    if text in POSITIVE or text in NEGATIVE:
        return float(text in POSITIVE)
    number = number_in(text.removesuffix("%"))
    if number is None:
        return None
    number = number / 100 if text.endswith("%") else number
    return number if 0 <= number <= 1 else None


def _hint(name: str, value: object) -> str:
    """Return what to do about a value that is often met in tables."""
    if isinstance(value, str) and value.strip().lower() in AMBIGUOUS:
        sign = value.strip()
        meaning = "female" if name == "sex" else "yes" if sign == "+" else "no"
        return (
            f". {sign!r} may mean an answer or nothing: say which, or what it stands for in a table (cohort --code "
            f'"{name}: {sign}={meaning}" or --missing="{sign}"; in Python code={{{name!r}: {{{sign!r}: {meaning!r}}}}} '
            f"or missing=[{sign!r}])"
        )
    return ""


def is_code(value: object) -> bool:
    """Say whether a value of a fact is a number that no answer can be, such as 2, 7 or -9: the column is coded."""
    return is_number(value) and not 0 <= _number(value) <= 1


def is_number(value: object) -> bool:
    """Say whether a value is a number, also as text."""
    return not math.isnan(_number(value))


def _number(value: object) -> float:
    """Return the number that a value is or spells; NaN for none."""
    if not isinstance(value, str):
        return as_number(value)
    read = number_in(value)
    return math.nan if read is None else read

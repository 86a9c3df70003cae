"""Change one entry of a network by its path: what `Network.replace` does below the top level."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from hip_bayes.errors import NetworkError, UnknownNameError, shown

from .parts import Number, OddsRatio, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

P = TypeVar("P", float, "NDArray[np.float64]")


def replaced(part: object, path: list[str], value: object, whole: str) -> object:
    """Return `part` with the entry at `path` below it set to `value`."""
    if not path:
        return _new_value(part, value, whole)
    head, *rest = path
    if isinstance(part, Table):
        return Table({**part, head: replaced(part[head], rest, value, whole)}, part.what)
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        names = [f.name for f in dataclasses.fields(part) if f.name != "id"]
        if head in names:
            if isinstance(part, (Number, OddsRatio)) and not rest:
                return _new_number(part, {head: value}, whole)
            return dataclasses.replace(part, **{head: replaced(getattr(part, head), rest, value, whole)})
        raise UnknownNameError.among(head, names, what="field", where=f"in the path {shown(whole)}")
    raise UnknownNameError(f"the path {shown(whole)} goes on behind a plain value, at {shown(head)}", name=whole)


def entries(mapping: Mapping[Any, Any], key: str = "") -> list[tuple[Any, Any]]:
    """Return keys and values of a mapping; NetworkError where they cannot be read."""
    try:
        return [(name, value) for name, value in mapping.items()]
    except Exception as error:  # a mapping has code of its own
        raise NetworkError(f"a mapping cannot be read ({shown(error)}); allowed: one that can", key=key) from error


def _new_value(old: object, value: object, path: str) -> object:
    """Return what replaces `old`: a number with changed fields, or a plain value of the same kind."""
    if isinstance(old, (Number, OddsRatio)):
        return value if isinstance(value, type(old)) else _new_number(old, value, path)
    if path.endswith(".year"):
        return value  # a number or "unknown": checked with the whole network
    if isinstance(old, float):
        return _plain_number(value, path)
    if isinstance(old, tuple):
        kind = type(old[0]) if old else str
        if not isinstance(value, (tuple, list)) or not all(type(v) is kind for v in value):
            raise NetworkError(f"got {shown(value)}; allowed: a list like {shown(old or ('text',))}", key=path)
        return tuple(value)
    if old is None or isinstance(old, (bool, int, str)):
        if type(value) is not type(old):
            raise NetworkError(f"got {shown(value)}; allowed: a value like {shown(old)}", key=path)
        return value
    below = list(old) if isinstance(old, Mapping) else [f.name for f in dataclasses.fields(old)]  # type: ignore[arg-type]
    raise NetworkError(
        f"got {shown(value)} for a whole part; allowed: a longer path, on to one of {', '.join(below)}", key=path
    )


def _new_number(old: Number | OddsRatio, value: object, path: str) -> Number | OddsRatio:
    key = "p" if isinstance(old, Number) else "value"
    fields = dict(entries(value, path)) if isinstance(value, Mapping) else {key: _plain_number(value, path)}
    known = {f.name for f in dataclasses.fields(old)}
    for name, new in fields.items():
        if name not in known:
            allowed = ", ".join(sorted(known))
            raise NetworkError(f"unknown field {shown(name)} of a number; allowed: {allowed}", key=path)
        if isinstance(getattr(old, name), float):
            fields[name] = _plain_number(new, path, f"{name} is ")
        elif name == "source":
            ids = [new] if isinstance(new, str) else new
            if not isinstance(ids, (tuple, list)) or not all(isinstance(id_, str) for id_ in ids):
                raise NetworkError(f"source is {shown(new)}; allowed: the id of a source, or a list of ids", key=path)
            fields[name] = tuple(ids)
        elif not isinstance(new, str):
            raise NetworkError(f"{name} is {shown(new)}; allowed: a text", key=path)
    if key in fields and not {"basis", "reason", "source"} & set(fields):
        before = f"changed from {getattr(old, key):g} ({old.basis})"
        fields |= {"basis": "judgement", "reason": before, "source": ()}
    return dataclasses.replace(old, **fields)


def _plain_number(value: object, path: str, what: str = "got ") -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise NetworkError(f"{what}{shown(value)}; allowed: a number or a mapping of its fields", key=path)
    try:
        return float(value)
    except OverflowError:
        raise NetworkError(f"{what}{shown(value)}; allowed: a number that fits into a float", key=path) from None


def with_odds_times(p: P, ratio: float) -> P:
    """Return the probability, or the array of them, whose odds are so many times as high."""
    return ratio * p / (1 - p + ratio * p)


def multiplied(number: Number, ratio: float, why: str) -> Number:
    """Return the number with its odds multiplied: a judgement on top of what it was."""
    p = with_odds_times(number.p, ratio)
    before = f"{number.p:g} ({number.basis}{f': {number.reason}' if number.reason else ''})"
    return dataclasses.replace(number, p=p, basis="judgement", reason=f"{before}, {why}")

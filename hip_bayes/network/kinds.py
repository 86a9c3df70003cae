"""Whether everything in a network is of the kind that `contents` and `parts` say: text, number, table of parts.

A file is read into the right kinds; a network made by hand, or changed, can have anything anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from hip_bayes.errors import NetworkError, shown

from . import parts
from .contents import Contents
from .parts import Table


class _Fault(NamedTuple):
    """What is wrong: where below a value, what is there, and what is allowed."""

    key: str
    value: object
    allowed: str

    def below(self, key: str) -> _Fault:
        return _Fault(f"{key}.{self.key}" if self.key else key, self.value, self.allowed)


Check = Callable[[object], _Fault | None]
WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    type(None): "None",
}
IN_OWN_WORDS = ("age_range", "year")
"""Fields that `checks` has more to say of; as it has of how many items there are in a row."""


def check_kinds(net: Contents) -> None:
    """Refuse a network with anything in it that is of another kind than its place says."""
    for name, check in _fields(Contents):
        fault = check(getattr(net, name))
        if fault is not None:
            key, value, allowed = fault.below(name)
            raise NetworkError(f"got {shown(value)}; allowed: {allowed}", key=key)


@cache
def _fields(kind: type) -> tuple[tuple[str, Check], ...]:
    """Return how to check each field of a dataclass."""
    hints = get_type_hints(kind, vars(parts))
    return tuple((name, _check_of(hint)) for name, hint in hints.items() if name not in IN_OWN_WORDS)


@cache
def _check_of(hint: Any) -> Check:  # noqa: ANN401 a type as annotations have it
    """Return what finds the fault of a value that is to be of a type."""
    origin, of = get_origin(hint), get_args(hint)
    if origin is Mapping:
        return _table(_check_of(of[1]))
    if origin is tuple:
        return _row(_check_of(of[0]))
    if of:
        return _either(tuple(_check_of(kind) for kind in of))
    return _plain(hint) if hint in WORDS else _part(hint)


def _plain(kind: type) -> Check:
    allowed = (int, float) if kind is float else kind
    words = WORDS[kind]

    def check(value: object) -> _Fault | None:
        right = isinstance(value, allowed) and (kind is bool or not isinstance(value, bool))
        return None if right else _Fault("", value, words)

    return check


def _part(kind: type) -> Check:
    def check(value: object) -> _Fault | None:
        if not isinstance(value, kind):
            return _Fault("", value, f"an object of the class {kind.__name__}")
        for name, of_field in _fields(kind):
            fault = of_field(getattr(value, name))
            if fault is not None:
                return fault.below(name)
        return None

    return check


def _table(of_entry: Check) -> Check:
    def check(value: object) -> _Fault | None:
        if not isinstance(value, Table):
            return _Fault("", value, "a Table (hip_bayes.network.parts)")
        for id_, entry in value.items():
            if not isinstance(id_, str):
                return _Fault("", id_, "ids, which are texts")
            fault = of_entry(entry)
            if fault is not None:
                return fault.below(id_)
            if getattr(entry, "id", id_) != id_:
                return _Fault(f"{id_}.id", entry.id, f"{id_!r}, under which it is there")
        return None

    return check


def _row(of_item: Check) -> Check:
    def check(value: object) -> _Fault | None:
        if not isinstance(value, tuple):
            return _Fault("", value, "a tuple")
        return next((fault for fault in map(of_item, value) if fault is not None), None)

    return check


def _either(checks: tuple[Check, ...]) -> Check:
    def check(value: object) -> _Fault | None:
        faults = [fault for fault in (one(value) for one in checks) if fault is not None]
        if len(faults) < len(checks):
            return None
        deepest = max(faults, key=lambda fault: len(fault.key))
        return deepest if deepest.key else _Fault("", value, " or ".join(fault.allowed for fault in faults))

    return check

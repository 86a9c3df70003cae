"""Which columns of a table are which facts, and what their cells mean: headers, codes, words for nothing.

A column of codes is refused before any row is answered: of a column coded 1 and 2, or of a pain scale, a part would
read as an answer and be wrong.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.errors import EvidenceError, HipBayesError, UnknownNameError, shown
from hip_bayes.inference.answers import is_code, is_number, is_unknown, number_in
from hip_bayes.inference.arguments import columns_to_ignore, names_of
from hip_bayes.inference.evidence import vocabulary_of

if TYPE_CHECKING:
    from pathlib import Path

    from hip_bayes.network.model import NetworkData

LISTED = 8
"""So many columns or values are named in an error, the others are counted."""
NO_FACT = "columns that are not facts go into ignore=[{quoted}], or all of them with ignore_others=True"
NOTHING_SAID: Mapping[str, Mapping[str, object]] = {}


@dataclass(frozen=True)
class Reading:
    """How a table is to be read beside the usual: what its codes mean, and which columns to pass over.

    Attributes
    ----------
    code
        header or fact -> value as it stands -> what it means: ``{"lateral_pain": {"1": "no", "2": "yes"}}``.
    missing
        values that stand for nothing in every column of facts, such as "-9".
    ignore
        columns to pass over, by their exact headers.
    ignore_others
        pass over every column that is no fact.
    columns
        header -> the fact that it is.
    decimal_comma
        whether "0,7" is a number.

    """

    code: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    ignore: tuple[Any, ...] = ()
    ignore_others: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    decimal_comma: bool = False

    @classmethod
    def of(
        cls,
        *,
        code: object = None,
        missing: object = (),
        ignore: object = (),
        ignore_others: bool = False,
        columns: object = None,
    ) -> Reading:
        """Return the reading that options of Python or a mapping file describe; EvidenceError for what does not."""
        for name, value in (("code", code), ("columns", columns)):
            if value is not None and not isinstance(value, Mapping):
                raise EvidenceError(f"{name} is {shown(value)}; allowed: a mapping by column", name=name, value=value)
        codes = {}
        for column, values in (code or {}).items():  # type: ignore[attr-defined]
            if not isinstance(values, Mapping) or not values:
                raise EvidenceError(
                    f"code of {shown(column)} is {shown(values)}; allowed: a mapping like {{'1': 'no', '2': 'yes'}}",
                    name="code",
                    value=values,
                )
            codes[str(column)] = {as_written(value): meaning for value, meaning in values.items()}
        if not isinstance(ignore_others, bool):
            raise EvidenceError(
                f"ignore_others is {shown(ignore_others)}; allowed: True or False",
                name="ignore_others",
                value=ignore_others,
            )
        return cls(
            code=codes,
            missing=tuple(as_written(value) for value in names_of("missing", missing)),
            ignore=names_of("ignore", ignore),
            ignore_others=ignore_others,
            columns=dict(columns or {}),  # type: ignore[call-overload]
        )


@dataclass(frozen=True)
class Columns:
    """The columns of a table that are facts, and what their cells mean.

    Attributes
    ----------
    places
        name of a fact -> place of its column.
    headers
        name of a fact -> its column as it is called in the table.
    passed_over
        the other columns, in order.
    code, missing, decimal_comma
        as in `Reading`, by name of the fact.
    others
        whether columns that are no facts are passed over.

    """

    places: dict[str, int]
    headers: dict[str, str]
    passed_over: tuple[str, ...]
    code: Mapping[str, Mapping[str, object]]
    missing: frozenset[str]
    decimal_comma: bool
    others: bool = False

    def within(self) -> Columns:
        """Return the same for a table that has these facts alone, under their own names."""
        return replace(self, places={name: place for place, name in enumerate(self.places)})

    def plain(self, name: str) -> bool:
        """Say whether a number in a column means itself."""
        return not self.missing and name not in self.code

    def meant(self, name: str, value: object) -> object:
        """Return what a cell says, in words that `Vocabulary.meaning` reads; None for nothing."""
        if self.decimal_comma and isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d*,\d+\s*%?\s*", value, re.ASCII):
            value = value.replace(",", ".")
        if self.plain(name) or is_unknown(value):
            return value
        written = as_written(value)
        if written in self.missing:
            return None
        return self.code.get(name, NOTHING_SAID).get(written, value)


def as_written(value: object) -> str:
    """Return a value as codes are compared: 1, 1.0 and "1" are one, case and spaces around do not matter."""
    if isinstance(value, str):
        number = number_in(value)
        return value.strip().casefold() if number is None else f"{number:g}"
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).casefold()
    if isinstance(value, (int, float, np.number, Decimal)):
        return f"{float(value):g}"
    return str(value)


def match(net: NetworkData, labels: list[Any], reading: Reading, *, hint: str = NO_FACT) -> Columns:
    """Return which columns are which facts; `hint` says what to do about a column that is none.

    Raises
    ------
    EvidenceError
        a column that is no fact and not to be passed over, two columns that are one fact, a code for no column.
    UnknownNameError
        a column to ignore or to code that is not there.

    """
    vocabulary = vocabulary_of(net)
    ignored = columns_to_ignore(reading.ignore, labels)
    places: dict[str, int] = {}
    headers: dict[str, str] = {}
    over: list[str] = []
    refused: list[tuple[object, object]] = []
    for place, label in enumerate(labels):
        if label in ignored:
            over.append(str(label))
            continue
        called = reading.columns.get(label, label) if isinstance(label, str) else label
        name = vocabulary.column(called)
        if name is None:
            if reading.ignore_others:
                over.append(str(label))
            else:
                refused.append((label, called))
            continue
        if name in places:
            twice = [headers[name], str(label)]
            raise EvidenceError(
                f"column {shown(twice[0])} is there twice; allowed: once"
                if twice[0] == twice[1]
                else f"columns {shown(twice[0])} and {shown(twice[1])} are both {name}; allowed: one of them",
                name=name,
            )
        places[name], headers[name] = place, str(label)
    if refused:
        label, called = refused[0]
        others = [shown(other) for other, _ in refused[1 : LISTED + 1]]
        more = f", and {len(refused) - LISTED - 1:,} more" if len(refused) > LISTED + 1 else ""
        what_to_do = f"; {hint.format(quoted=shown(label))}"
        what_to_do += f"; also unknown: {', '.join(others)}{more}" if others else ""
        try:
            vocabulary.resolve(called)
        except EvidenceError as error:
            raise error.within(f"column {shown(label)}", what_to_do) from None
    code = {}
    for column, values in reading.code.items():
        by_header = [name for name, header in headers.items() if header == column]
        names = by_header or [name for name in places if name == column]
        if not names:
            where = f"the columns of facts: {', '.join([*headers.values()][:LISTED])}"
            raise UnknownNameError.among(column, [*headers.values(), *places], what="column to code", where=where)
        code[names[0]] = values
    return Columns(
        places, headers, tuple(over), code, frozenset(reading.missing), reading.decimal_comma, reading.ignore_others
    )


# -------------------------------------------------------------------------------------------- what was in a column


def check_codes(
    net: NetworkData, columns: Columns, found: Mapping[str, Counter[object]], first: Mapping[str, int]
) -> None:
    """Refuse a table with a column of codes.

    Parameters
    ----------
    net
        the network.
    columns
        the columns.
    found
        name of a fact -> its values, each with the number of rows.
    first
        name of a fact -> the first row with a value that no answer can be.

    Raises
    ------
    EvidenceError
        naming column, values and rows, and what to do.

    """
    coded = {name: values for name, values in found.items() if any(coded_value(net, columns, name, v) for v in values)}
    if not coded:
        return
    name, values = next(iter(coded.items()))
    header = columns.headers[name]
    listed = ", ".join(
        f"{_plainly(value)} ({count:,} row{'s' * (count != 1)})" for value, count in values.most_common(LISTED)
    )
    listed += f", and {len(values) - LISTED:,} more" if len(values) > LISTED else ""
    strange = next(value for value in values if coded_value(net, columns, name, value))
    others = [columns.headers[other] for other in [*coded][1:]]
    also = f" Also coded: {', '.join(others[:LISTED])}{', ...' if len(others) > LISTED else ''}." if others else ""
    example = "1=female 2=male" if name == "sex" else "1=no 2=yes"
    words = ", ".join(f"'{k}': '{v}'" for k, _, v in (pair.partition("=") for pair in example.split()))
    python = f"code={{{header!r}: {{{words}}}}}"
    raise EvidenceError(
        f"column {shown(header)} is coded: it has {listed}; {_plainly(strange)}, first in row {first[name]}, is no "
        f'answer. Say what the codes mean (command line: --code "{header}: {example}"; Python: {python}), which '
        f'stand for nothing (--missing="{_plainly(strange)}"), or pass over the column (--ignore {shlex.quote(header)})'
        f".{also} No row was answered",
        name=name,
        value=strange,
    )


def coded_value(net: NetworkData, columns: Columns, name: str, value: object) -> bool:
    """Say whether a value of a column is a number that no answer can be."""
    if name == "age":
        return False
    meant = columns.meant(name, value)
    if is_unknown(meant):
        return False
    if name == "sex":
        return is_number(meant)
    states = net.findings[name].states if name in net.findings else ()
    return is_code(meant) and str(meant).strip().lower() not in [state.lower() for state in states]


def read_as(net: NetworkData, columns: Columns, name: str, values: Counter[object]) -> str:
    """Return in words what the values of a column were read as: 'yes 12 (1, Yes), no 30 (0), unknown 2 (NA)'."""
    vocabulary = vocabulary_of(net)
    groups: dict[str, Counter[object]] = {}
    for value, count in values.items():
        meant = columns.meant(name, value)
        try:
            _, read = vocabulary.meaning(name, meant)
        except EvidenceError:
            group = "not read"
        else:
            group = (
                "unknown"
                if read is None
                else read
                if isinstance(read, str)
                else {1.0: "yes", 0.0: "no"}.get(
                    float(read),  # type: ignore[arg-type]
                    "how sure",
                )
            )
        groups.setdefault(group, Counter())[value] += count
    parts = []
    for group, inside in groups.items():
        listed = ", ".join(_plainly(value) or "empty" for value, _ in inside.most_common(4))
        parts.append(f"{group} {sum(inside.values()):,} ({listed}{', ...' if len(inside) > 4 else ''})")
    return ", ".join(parts) or "no rows"


def _plainly(value: object) -> str:
    return (
        value.strip()
        if isinstance(value, str)
        else f"{value:g}"
        if isinstance(value, (float, np.floating))
        else str(value)
    )


# ------------------------------------------------------------------------------------------- options of the command


def codes_of(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the codes that texts like "lateral_pain: 1=no 2=yes" describe; HipBayesError for others."""
    codes: dict[str, dict[str, str]] = {}
    for text in texts:
        column, colon, pairs = text.rpartition(":")
        try:
            words = [word.partition("=") for word in shlex.split(pairs)]
        except ValueError:
            words = []
        if not (colon and column.strip() and words and all(equals and value for value, equals, _ in words)):
            raise HipBayesError(
                f'--code is {shown(text)}; allowed: "COLUMN: VALUE=MEANING ...", like "lateral_pain: 1=no 2=yes"'
            )
        codes.setdefault(column.strip(), {}).update({value: meaning for value, _, meaning in words})
    return codes


def mapping_file(path: Path) -> Reading:
    """Return the reading that a TOML file describes.

    It may have ``missing``, ``ignore`` (lists), ``ignore_others`` (true), and the tables ``columns`` (header = "fact")
    and ``code.COLUMN`` (value = "meaning").
    """
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise HipBayesError(f"{path}: the mapping cannot be read ({error}); allowed: a TOML file") from None
    known = ("missing", "ignore", "ignore_others", "columns", "code")
    for key in data:
        if key not in known:
            unknown = UnknownNameError.among(key, known, what="key", where=f"keys here: {', '.join(known)}")
            raise unknown.within(str(path))
    try:
        return Reading.of(**data)
    except EvidenceError as error:
        raise error.within(str(path)) from None

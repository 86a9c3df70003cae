"""Which columns of a table are which facts, and what their cells mean: headers, codes, words for nothing.

A column of codes is refused before any row is answered: of a column coded 1 and 2, or of a pain scale, a part would
read as an answer and be wrong.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.errors import (
    LISTED,
    LONGEST_NAME,
    LONGEST_VALUE,
    EvidenceError,
    HipBayesError,
    UnknownNameError,
    as_text,
    listed,
    shown,
    shown_path,
)
from hip_bayes.inference.answers import is_code, is_number, is_unknown, number_in
from hip_bayes.inference.arguments import as_number, columns_to_ignore, entries_of, is_in, names_of, refused, yes_or_no
from hip_bayes.inference.evidence import ASKED, account_of, vocabulary_of
from hip_bayes.network.reading import bytes_of
from hip_bayes.network.search import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hip_bayes.inference.evidence import Vocabulary
    from hip_bayes.network.model import NetworkData

DISTINCT = 1000
"""Values of a column that are told apart."""
MISSPELT = 0.88
"""How alike a header and a fact must be for the one to be the other misspelt; as in `difflib`."""
FEW = 4
"""By so many letters a misspelt word is not longer or shorter."""
BOOLS = {"true": "1", "false": "0"}
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
    account
        how the cases were heard, "asked" or "volunteered".

    """

    code: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    ignore: tuple[Any, ...] = ()
    ignore_others: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    account: str = ASKED

    @classmethod
    def of(  # noqa: PLR0913 one keyword a choice of the user
        cls,
        *,
        code: object = None,
        missing: object = (),
        ignore: object = (),
        ignore_others: bool = False,
        columns: object = None,
        account: object = ASKED,
    ) -> Reading:
        """Return the reading that options of Python or a mapping file describe; EvidenceError for what does not."""
        codes = {}
        for column, values in [] if code is None else entries_of("code", code, "a mapping by column"):
            what, like = f"code of {shown(column)}", "a mapping like {'1': 'no', '2': 'yes'}"
            meanings = entries_of(what, values, like) or refused(what, values, like)
            for pair in meanings:
                if not all(map(_in_a_cell, pair)):
                    refused(what, dict([pair]), like)
            codes[as_text(column)] = {as_written(value): meaning for value, meaning in meanings}
        nothing = (missing,) if is_number(missing) else names_of("missing", missing)
        for value in nothing:
            if not _in_a_cell(value):
                refused("missing", value, "texts and numbers")
        return cls(
            code=codes,
            missing=tuple(map(as_written, nothing)),
            ignore=names_of("ignore", ignore),
            ignore_others=yes_or_no("ignore_others", ignore_others),
            columns={} if columns is None else dict(entries_of("columns", columns, "a mapping of headers to facts")),
            account=account_of(account),
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
    code, missing
        as in `Reading`, by name of the fact.
    decimal_comma
        whether "0,7" is a number.
    others
        whether columns that are no facts are passed over.
    account
        as in `Reading`.

    """

    places: dict[str, int]
    headers: dict[str, str]
    passed_over: tuple[str, ...]
    code: Mapping[str, Mapping[str, object]]
    missing: frozenset[str]
    decimal_comma: bool
    others: bool = False
    account: str = ASKED

    def within(self) -> Columns:
        """Return the same for a table that has these facts alone, under their own names."""
        return replace(self, places={name: place for place, name in enumerate(self.places)})

    def looked_at(self, name: str) -> bool:
        """Say whether a column is looked through for codes: every one, but ages only if a code may be an age."""
        return name != "age" or bool(self.missing)

    def plain(self, name: str) -> bool:
        """Say whether a number in a column means itself."""
        return not self.missing and name not in self.code

    def codes_numbers(self, name: str) -> bool:
        """Say whether numbers of a column stand for answers that they are not."""
        codes = self.code.get(name, NOTHING_SAID)
        return any(number_in(code) is not None and not is_unknown(meaning) for code, meaning in codes.items())

    def has_code(self, name: str, value: object) -> bool:
        """Say whether the codes of a column have a value."""
        return as_written(self._pointed(value)) in self.code.get(name, NOTHING_SAID)

    def _pointed(self, value: object) -> object:
        return _dotted(value) if self.decimal_comma else value

    def meant(self, name: str, value: object) -> object:
        """Return what a cell says, in words that `Vocabulary.meaning` reads; None for nothing."""
        value = self._pointed(value)
        if self.plain(name) or (not isinstance(value, str) and is_unknown(value)):
            return value  # an empty text may be a code, but what is not there is nothing
        written = as_written(value)
        codes = self.code.get(name, NOTHING_SAID)
        return codes.get(written, None if written in self.missing else value)


def _in_a_cell(value: object) -> bool:
    """Say whether a value is what a cell may have in it: a text, a number, yes or no, nothing."""
    return isinstance(value, (str, bool, np.bool_)) or is_unknown(value) or is_number(value)


def _dotted(value: object) -> object:
    """Return a text with a decimal point, if it is a number with a decimal comma; anything else as it is."""
    number = isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d*,\d+\s*%?\s*", value, re.ASCII)
    return value.replace(",", ".") if number and isinstance(value, str) else value


def as_written(value: object) -> str:
    """Return a value as codes are compared: 1, 1.0, "1", True and "TRUE" are one; case and spaces do not matter."""
    if isinstance(value, str):
        word = value.strip().casefold()
        number = number_in(word)
        return BOOLS.get(word, word) if number is None else f"{number:.17g}"
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (int, float, np.number, Decimal)):
        return f"{as_number(value):.17g}"
    return as_text(value)


def match(
    net: NetworkData, labels: list[Any], reading: Reading, *, hint: str = NO_FACT, decimal_comma: bool = False
) -> Columns:
    """Return which columns are which facts; `hint` says what to do about a column that is none.

    With `decimal_comma`, "0,7" is a number, in cells and in codes.

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
            over.append(as_text(label))
            continue
        called = reading.columns.get(label, label) if isinstance(label, str) else label
        name = vocabulary.column(called)
        if name is None:
            if reading.ignore_others and called is label:
                _refuse_misspelt(vocabulary, label)
                over.append(as_text(label))
            else:
                refused.append((label, called))
            continue
        if name in places:
            twice = [headers[name], as_text(label)]
            raise EvidenceError(
                f"column {shown(twice[0])} is there twice; allowed: once"
                if twice[0] == twice[1]
                else f"columns {shown(twice[0])} and {shown(twice[1])} are both {name}; allowed: one of them",
                name=name,
            )
        places[name], headers[name] = place, as_text(label)
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
    for header in reading.columns:
        if not is_in(header, labels):
            where = f"the columns: {listed(labels)}"
            raise UnknownNameError.among(header, [as_text(label) for label in labels], what="column", where=where)
    code: dict[str, Mapping[str, object]] = {}
    for column, values in reading.code.items():
        by_header = [name for name, header in headers.items() if header == column]
        names = by_header or [name for name in places if name == column]
        if not names:
            where = f"the columns of facts: {listed(headers.values())}"
            raise UnknownNameError.among(column, [*headers.values(), *places], what="column to code", where=where)
        if names[0] in code:
            raise EvidenceError(f"code has {names[0]} twice, under two names; allowed: once", name="code", value=column)
        for meaning in values.values():
            try:
                vocabulary.meaning(names[0], meaning)
            except EvidenceError as error:
                raise error.within(f"code of {shown(column)}") from None
        code[names[0]] = {as_written(_dotted(k)) if decimal_comma else k: x for k, x in values.items()}
    return Columns(
        places,
        headers,
        tuple(over),
        code,
        frozenset(reading.missing),
        decimal_comma,
        reading.ignore_others,
        reading.account,
    )


def _refuse_misspelt(vocabulary: Vocabulary, label: object) -> None:
    """Refuse to pass over a column that may well be a fact, misspelt: a red flag would be lost without a word."""
    word = folded(as_text(label)[:LONGEST_NAME])
    ends = (word[:1], word[-1:])  # of a misspelt word at least one is right; a table may have 100,000 columns
    likely = [n for n in vocabulary.names if abs(len(n) - len(word)) < FEW and (n[:1] == ends[0] or n[-1:] == ends[1])]
    near = get_close_matches(word, likely, n=1, cutoff=MISSPELT)
    if near:
        raise EvidenceError(
            f"column {shown(label)} is no fact, but spelt almost like {near[0]!r}; allowed: its right name, or to pass "
            f"over it by name (--ignore {shlex.quote(as_text(label))}; in Python ignore=[{shown(label)}])",
            name=as_text(label),
        )


# -------------------------------------------------------------------------------------------- what was in a column


class Tally:
    """What a column has in it, gathered piece by piece: its values with their numbers of rows, and what they mean.

    Values are told apart up to `DISTINCT`; beyond it, those of a scale of likelihoods say, only what they mean counts.

    Attributes
    ----------
    values
        value -> rows that have it.
    strange
        the first value that no answer can be, None if there is none yet.
    first
        its row.

    """

    def __init__(self, net: NetworkData, columns: Columns, name: str) -> None:
        self._net, self._columns, self._name = net, columns, name
        self._more: Counter[str] = Counter()
        self.values: Counter[object] = Counter()
        self.strange: object = None
        self.first: object = None

    def add(self, value: object, rows: int) -> bool:
        """Count a value that so many rows have; say whether it is the first that no answer can be: set `first` then."""
        known = value in self.values
        found = not known and self.first is None and coded_value(self._net, self._columns, self._name, value)
        if found:
            self.strange = value
        if known or found or len(self.values) < DISTINCT:
            self.values[value] += rows
        else:
            self._more[_group(self._net, self._columns, self._name, value)] += rows
        return found

    def read_as(self) -> str:
        """Return in words what the values were read as: 'yes 12 (1, Yes), no 30 (0), unknown 2 (NA)'."""
        groups: dict[str, Counter[object]] = {}
        for value, count in self.values.items():
            groups.setdefault(_group(self._net, self._columns, self._name, value), Counter())[value] += count
        parts = []
        for group in dict.fromkeys([*groups, *self._more]):
            inside = groups.get(group, Counter())
            listed = ", ".join(_plainly(value) or "empty" for value, _ in inside.most_common(4))
            more = ", ..." if len(inside) > 4 or self._more[group] else ""
            parts.append(f"{group} {sum(inside.values()) + self._more[group]:,} ({listed}{more})")
        return ", ".join(parts) or "no rows"


def refuse_codes(columns: Columns, tallies: Mapping[str, Tally]) -> None:
    """Refuse a table with a column of codes.

    Parameters
    ----------
    columns
        the columns.
    tallies
        name of a fact -> what its column has in it.

    Raises
    ------
    EvidenceError
        naming column, values and rows, and what to do.

    """
    coded = {name: tally for name, tally in tallies.items() if tally.first is not None}
    if not coded:
        return
    name, tally = next(iter(coded.items()))
    header = columns.headers[name]
    brief = header if len(header) <= LONGEST_NAME else f"{header[:LONGEST_NAME]}..."
    if name == "age":
        age = _plainly(tally.strange)
        raise EvidenceError(
            f"column {shown(header)} has {age}, first in row {tally.first}: it may be an age, or nothing, as missing "
            f'says. Say which (cohort --code "{brief}: {age}={age}" or {age}=unknown; in Python '
            f"code={{{shown(header)}: {{{age}: {age}}}}} or 'unknown'). No row was answered",
            name=name,
            value=tally.strange,
        )
    has = ", ".join(
        f"{_plainly(value)} ({count:,} row{'s' * (count != 1)})" for value, count in tally.values.most_common(LISTED)
    )
    has += f", and {len(tally.values) - LISTED:,} more" if len(tally.values) > LISTED else ""
    others = [columns.headers[other] for other in [*coded][1:]]
    also = f" Also coded: {listed(others)}." if others else ""
    pairs = {"1": "female", "2": "male"} if name == "sex" else {"1": "no", "2": "yes"}
    example = " ".join(f"{code}={meaning}" for code, meaning in pairs.items())
    strange = _plainly(tally.strange)
    raise EvidenceError(
        f"column {shown(header)} is coded: it has {has}; {strange}, first in row {tally.first}, is no answer. Say "
        f'what every code means (cohort --code "{brief}: {example}"; in Python code={{{shown(header)}: {pairs}}}), '
        f'which of them stand for nothing in every column (--missing="-9"; missing=[-9]), or pass over the column '
        f"(--ignore {shlex.quote(brief)}; ignore=[{shown(header)}]).{also} No row was answered",
        name=name,
        value=tally.strange,
    )


def coded_value(net: NetworkData, columns: Columns, name: str, value: object) -> bool:
    """Say whether a value of a column is a number that no answer can be."""
    if name == "age":  # is 77 an age or nothing?
        low, high = net.age_range
        written = as_written(value)
        years = number_in(written)
        return years is not None and low <= years <= high and written in columns.missing - {*columns.code.get(name, ())}
    meant = columns.meant(name, value)
    if is_unknown(meant):
        return False
    if columns.codes_numbers(name) and is_number(meant) and not columns.has_code(name, value):
        return True  # of a column whose 2 is a yes, who knows what the 1 is
    if name == "sex":
        return is_number(meant)
    states = net.findings[name].states if name in net.findings else ()
    return is_code(meant) and as_text(meant).strip().lower() not in [state.lower() for state in states]


def _group(net: NetworkData, columns: Columns, name: str, value: object) -> str:
    """Return what a value was read as: yes, no, how sure, unknown, a sex, or not read."""
    try:
        _, read = vocabulary_of(net).meaning(name, columns.meant(name, value))
    except EvidenceError:
        return "not read"
    if read is None or isinstance(read, str):
        return read or "unknown"
    return {1.0: "yes", 0.0: "no"}.get(float(read), "how sure")  # type: ignore[arg-type]


def _plainly(value: object) -> str:
    """Return a value as one would write it, if that is not too long."""
    text = f"{value:g}" if isinstance(value, (float, np.floating)) else as_text(value).strip()
    return text if len(text) <= LONGEST_VALUE else shown(value)


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


def merged(*codes: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """Return codes of several origins as one, column by column; of a value that is in two the later says it."""
    together: dict[str, dict[str, object]] = {}
    for origin in codes:
        for column, values in origin.items():
            together.setdefault(column, {}).update(values)
    return together


def mapping_file(path: Path) -> Reading:
    """Return the reading that a TOML file describes.

    It may have ``missing``, ``ignore`` (lists), ``ignore_others`` (true), ``account``
    ("volunteered"), and the tables ``columns`` (header = "fact")
    and ``code.COLUMN`` (value = "meaning").
    """
    try:
        data = tomllib.loads(bytes_of(path).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise HipBayesError(f"{shown_path(path)}: the mapping cannot be read ({why}); allowed: a TOML file") from None
    known = ("missing", "ignore", "ignore_others", "columns", "code", "account")
    for key in data:
        if key not in known:
            unknown = UnknownNameError.among(key, known, what="key", where=f"keys here: {', '.join(known)}")
            raise unknown.within(shown_path(path))
    try:
        return Reading.of(**data)
    except EvidenceError as error:
        raise error.within(shown_path(path)) from None

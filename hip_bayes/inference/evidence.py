"""What a user says about a case -> a checked `Case`. Nothing is guessed and nothing is silently ignored."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.errors import LONGEST_NAME, ContradictionError, EvidenceError, UnknownNameError, shown
from hip_bayes.network.parts import SEXES, Table
from hip_bayes.network.search import find, folded

from .answers import is_unknown, sex_of, weight_of, years_of
from .arguments import entries_of, items_in, of_kind, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import Background, Finding, RedFlag

SAME = 1e-9
"""How near two weights must be to say the same."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is known about one person; whatever is not in it is unknown.

    Attributes
    ----------
    sex, age, band
        or None; `band` is the label of the age band that `age` (years) falls in.
    background, findings
        id -> likelihood weight of present against absent: 1.0 present, 0.0 absent, between them how sure; file order.
    red_flags
        id -> whether it is there; file order.

    """

    sex: str | None = None
    age: float | None = None
    band: str | None = None
    background: Mapping[str, float] = field(default_factory=Table)
    findings: Mapping[str, float] = field(default_factory=Table)
    red_flags: Mapping[str, bool] = field(default_factory=Table)

    @property
    def people(self) -> Case:
        """Who such people are: age and sex, and nothing else known."""
        return Case(sex=self.sex, age=self.age, band=self.band)

    def facts(self, net: NetworkData) -> dict[str, object]:
        """Return the case as `diagnose` takes it: True, False, a state's name or how sure, in file order."""
        said: dict[str, object] = {}
        if self.age is not None:
            said["age"] = int(self.age) if self.age == int(self.age) else self.age
        if self.sex is not None:
            said["sex"] = self.sex
        for id_, x in (*self.background.items(), *self.findings.items()):
            states = net.findings[id_].states if id_ in net.findings else ("absent", "present")
            if x not in (0.0, 1.0):
                said[id_] = x
            else:
                said[id_] = bool(x) if states == ("absent", "present") else states[int(x)]
        said |= self.red_flags
        return said


@dataclass(frozen=True, slots=True)
class Cases:
    """Many cases as arrays, one row a case, columns in the network's order; what is unknown is NaN.

    Attributes
    ----------
    sex, band
        index in `SEXES` and in the network's bands, int64, -1 where unknown.
    background, findings, red_flags
        likelihood weight of present against absent in [0, 1], float64, shape (cases, their number).

    """

    sex: NDArray[np.int64]
    band: NDArray[np.int64]
    background: NDArray[np.float64]
    findings: NDArray[np.float64]
    red_flags: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.sex)

    def case(self, i: int, net: NetworkData) -> Case:
        """Return one of them, without the age that its band came from."""

        def known(ids: Iterable[str], values: NDArray[np.float64]) -> Table[float]:
            return Table((id_, x) for id_, x in zip(ids, values[i].tolist(), strict=True) if not math.isnan(x))

        return Case(
            sex=SEXES[self.sex[i]] if self.sex[i] >= 0 else None,
            band=list(net.bands)[self.band[i]] if self.band[i] >= 0 else None,
            background=known(net.background, self.background),
            findings=known(net.findings, self.findings),
            red_flags=Table((id_, bool(x)) for id_, x in known(net.red_flags, self.red_flags).items()),
        )

    @classmethod
    def of(cls, case: Case, net: NetworkData) -> Cases:
        """Return one case as arrays of one row."""

        def row(ids: Iterable[str], values: Mapping[str, float]) -> NDArray[np.float64]:
            return np.array([[values.get(id_, math.nan) for id_ in ids]], dtype=float).reshape(1, -1)

        return cls(
            sex=np.array([SEXES.index(case.sex) if case.sex else -1]),
            band=np.array([list(net.bands).index(case.band) if case.band else -1]),
            background=row(net.background, case.background),
            findings=row(net.findings, case.findings),
            red_flags=row(net.red_flags, case.red_flags),
        )

    def rows(self, which: slice | NDArray[Any]) -> Cases:
        """Return some of them."""
        return Cases(
            self.sex[which], self.band[which], self.background[which], self.findings[which], self.red_flags[which]
        )


class Vocabulary:
    """Every name that can be said about a case under one network, and how to read its value."""

    def __init__(self, net: NetworkData) -> None:
        self.net = net
        self.alias = {a: (f.id, s == f.states[1]) for f in net.findings.values() for a, s in f.aliases.items()}
        self.names = ("age", "sex", *net.background, *net.findings, *self.alias, *net.red_flags)
        self._known = frozenset(self.names)
        self._folded: dict[str, list[str]] = {}
        for name in self.names:
            self._folded.setdefault(folded(name), []).append(name)
        self._labels: dict[str, list[str]] = {}
        sayable: list[Background | Finding | RedFlag] = [*net.background.values(), *net.findings.values()]
        sayable += net.red_flags.values()
        for part in sayable:
            for label in dict.fromkeys((folded(part.name), folded(part.question))):
                self._labels.setdefault(label, []).append(part.id)

    def meant_by(self, name: object) -> str | None:
        """Return the name that is meant: itself, or the only one that differs in case, spaces and hyphens alone."""
        if not isinstance(name, str):
            return None
        if name in self._known:
            return name
        meant = self._folded.get(folded(name), ())
        return meant[0] if len(meant) == 1 else None

    def resolve(self, name: object) -> str:
        """Return the name that is meant (`meant_by`); UnknownNameError, with the nearest that exist, for any other."""
        meant = self.meant_by(name)
        if meant is not None:
            return meant
        net = self.net
        if name in net.causes or name in net.groups or name in net.subtype_of:
            raise EvidenceError(
                f"{name!r} is a cause: its probability is what you get, not what you say; say findings, background "
                "and red flags (`hip-bayes findings` lists them)",
                name=str(name),
            )
        raise UnknownNameError.among(
            name,
            self.names,
            what="finding",
            where=f"`hip-bayes findings`, or load_network().findings, .background and .red_flags, list all "
            f"{len(self.names)} names",
            near=find(net, name[:LONGEST_NAME])[:3] if isinstance(name, str) else (),
        )

    def column(self, label: object) -> str | None:
        """Return the fact that the header of a column names, by its id, its name or its question; None for no fact."""
        meant = self.meant_by(label)
        if meant is None and isinstance(label, str):
            found = self._labels.get(folded(label), ())
            return found[0] if len(found) == 1 else None
        return meant

    def id_of(self, name: str) -> str:
        """Return the id that a name says something about: an alias is of a finding."""
        name = self.resolve(name)
        return self.alias[name][0] if name in self.alias else name

    def read(self, *sayings: Iterable[tuple[str, object]], before: Case | None = None) -> Case:
        """Return the case that (name, value) pairs describe, on top of `before`, whose facts they replace."""
        before = Case() if before is None else of_kind(Case, "before", before, "the case of a result, d.case")
        sex, age = before.sex, before.age
        weights: dict[str, float] = {**before.background, **before.findings}
        flags: dict[str, bool] = dict(before.red_flags)
        said: dict[str, tuple[str, object]] = {}
        for name, value in _pairs(sayings):
            name = self.resolve(name)  # noqa: PLW2901 as it is meant
            id_, meaning = self.meaning(name, value)
            if id_ in said and None not in (meaning, said[id_][1]) and not _same(meaning, said[id_][1]):
                first = f"{said[id_][0]!r} and {name!r}" if said[id_][0] != name else f"{name!r}, said twice,"
                raise ContradictionError(f"{first} contradict each other; say one of them", name=name, value=value)
            if meaning is None and id_ in said and said[id_][1] is not None:
                continue  # one alias is unknown, the other is not
            said[id_] = (name, meaning)
        for id_, (_, meaning) in said.items():
            if id_ == "age":
                age = meaning  # type: ignore[assignment]
            elif id_ == "sex":
                sex = meaning  # type: ignore[assignment]
            elif id_ in self.net.red_flags:
                _put(flags, id_, meaning)
            else:
                _put(weights, id_, None if meaning == 0.5 else meaning)
        for id_ in [f for f in weights if f in self.net.findings and weights[f] > 0.5]:
            only = self.net.findings[id_].sex
            if sex is not None and only not in (None, sex):
                raise ContradictionError(
                    f"{id_!r} ({self.net.name_of(id_)}) is said of a {sex} person; allowed: only of a {only} one; "
                    "leave it or the sex unknown if either was a slip",
                    name=id_,
                    value=weights[id_],
                )
        return Case(
            sex=sex,
            age=age,
            band=None if age is None else self.net.band_of(age),
            background=Table((b, weights[b]) for b in self.net.background if b in weights),
            findings=Table((f, weights[f]) for f in self.net.findings if f in weights),
            red_flags=Table((r, flags[r]) for r in self.net.red_flags if r in flags),
        )

    def meaning(self, name: str, value: object) -> tuple[str, object]:
        """Return the canonical id and the meaning of a value: a float, a bool (red flags), a sex, or None."""
        name = self.resolve(name)
        if is_unknown(value):
            return self.id_of(name), None
        if name == "age":
            return name, years_of(value, *self.net.age_range)
        if name == "sex":
            return name, sex_of(value)
        if name in self.net.red_flags:
            x = weight_of(name, value)
            if x not in (0.0, 1.0):
                raise EvidenceError(
                    f"red flag {name!r} is {shown(value)}; allowed: True, False or None (a red flag is not a matter of "
                    "degree: if in doubt, say True)",
                    name=name,
                    value=value,
                )
            return name, bool(x)
        if name in self.alias:
            id_, is_present = self.alias[name]
            x = weight_of(name, value)
            return id_, x if is_present else round(1 - x, 15)  # 1 - 0.7 is to read 0.3
        states = self.net.findings[name].states if name in self.net.findings else ()
        return name, weight_of(name, value, states)


def _same(one: object, other: object) -> bool:
    """Say whether two meanings agree; 0.3 sudden and 0.7 gradual do, whatever binary fractions make of 1 - 0.7."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= SAME
    return one == other


def _put(into: dict[str, object] | dict[str, float] | dict[str, bool], id_: str, meaning: object) -> None:
    """Set a fact, or forget it where it is now unknown."""
    into.pop(id_, None)
    if meaning is not None:
        into[id_] = meaning  # type: ignore[assignment]


def _pairs(sayings: Iterable[Iterable[tuple[str, object]]]) -> Iterator[tuple[str, object]]:
    """Iterate over the pairs of several sayings; EvidenceError for what is none."""
    for saying in sayings:
        for pair in items_in("what is said", saying, "pairs of a name and a value"):
            if not isinstance(pair, tuple) or len(pair) != 2:
                refused("what is said", pair, "a name and a value")
            yield pair


def items_of(said: object) -> Iterable[tuple[str, object]]:
    """Return the names and values of a mapping, a pandas Series or a row of `itertuples`; else EvidenceError."""
    if isinstance(said, tuple) and hasattr(said, "_asdict"):
        return ((name, value) for name, value in said._asdict().items() if name != "Index")
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(said, pandas.DataFrame):
        raise EvidenceError(
            "got a DataFrame; allowed: one case, a mapping or a row; diagnose_many takes a table of them"
        )
    if pandas is not None and isinstance(said, pandas.Series):
        return list(said.items())
    allowed = "a mapping or a pandas row of names and values, or keyword arguments"
    if not isinstance(said, Mapping):
        raise EvidenceError(f"got a {type(said).__name__}; allowed: {allowed}")
    return entries_of("what is said", said, allowed)


def vocabulary_of(net: NetworkData) -> Vocabulary:
    """Return every name that can be said about a case under a network, and how to read its value; made once."""
    return net.once(Vocabulary)

"""What a user says about a case -> a checked `Case`. Nothing is guessed and nothing is silently ignored."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.errors import LONGEST_NAME, ContradictionError, EvidenceError, UnknownNameError, shown
from hip_bayes.network.parts import SEXES, Table
from hip_bayes.network.search import find, folded

from .answers import is_unknown, sex_of, was_asked, weight_of, years_of
from .arguments import entries_of, items_in, of_kind, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import Background, Finding, RedFlag

UNDECIDED = 0.5
"""The weight that says nothing: asked for, and not known."""
SAME = 1e-9
"""How near two weights must be to say the same."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What a story that was told freely does not mention, and what that says.

    Attributes
    ----------
    whole
        finding -> likelihood weight of present against absent in a story of this length that mentions none of them;
        in file order, without those of weight 0.5.
    length
        the id of the `Mention` whose rates these are.
    ended
        those of them about which more is known: that they were mentioned, asked for, or left open by what was.

    """

    whole: tuple[tuple[str, float], ...] = ()
    length: str = ""
    ended: frozenset[str] = frozenset()

    @property
    def about(self) -> dict[str, float]:
        """The findings passed over in silence, with their weights."""
        return {f: x for f, x in self.whole if f not in self.ended}

    def without(self, ids: Iterable[str]) -> Silence:
        """Return the silence that is left when something is known of these findings."""
        return dataclasses.replace(self, ended=self.ended.union(ids)) if self.whole else self


ASKED, VOLUNTEERED = ACCOUNTS = ("asked", "volunteered")
"""How a case was heard: somebody went through the questions, or the runner told the story freely."""
NOTHING_UNSAID = Silence()
SILENCE = "silence"
"""What silence is called where it stands among pieces of evidence."""


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
    account
        how it was heard, one of `ACCOUNTS`.
    silence
        what a story told freely passes over, which is weak evidence of absence; nothing where it was asked for.

    """

    sex: str | None = None
    age: float | None = None
    band: str | None = None
    background: Mapping[str, float] = field(default_factory=Table)
    findings: Mapping[str, float] = field(default_factory=Table)
    red_flags: Mapping[str, bool] = field(default_factory=Table)
    account: str = ASKED
    silence: Silence = NOTHING_UNSAID

    @property
    def known(self) -> Mapping[str, float]:
        """What is known of findings, silence included: id -> likelihood weight of present against absent."""
        return {**self.silence.about, **self.findings} if self.silence.whole else self.findings

    @property
    def as_asked(self) -> Case:
        """The same facts, as if somebody had asked for them and for no others."""
        return dataclasses.replace(self, account=ASKED, silence=NOTHING_UNSAID) if self.account != ASKED else self

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
    silence
        what each passes over in silence, a `Silence` each, shape (cases,); None where all were asked.

    """

    sex: NDArray[np.int64]
    band: NDArray[np.int64]
    background: NDArray[np.float64]
    findings: NDArray[np.float64]
    red_flags: NDArray[np.float64]
    silence: NDArray[np.object_] | None = None

    @property
    def as_asked(self) -> Cases:
        """The same facts, as if somebody had asked for them and for no others."""
        return dataclasses.replace(self, silence=None)

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
            account=ASKED if self.silence is None else VOLUNTEERED,
            silence=NOTHING_UNSAID if self.silence is None else self.silence[i],
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
            silence=None if case.account == ASKED else _each([case.silence]),
        )

    def rows(self, which: slice | NDArray[Any]) -> Cases:
        """Return some of them."""
        return Cases(
            self.sex[which],
            self.band[which],
            self.background[which],
            self.findings[which],
            self.red_flags[which],
            None if self.silence is None else self.silence[which],
        )

    def volunteered(self, net: NetworkData, not_known: NDArray[np.bool_]) -> Cases:
        """Return the same facts as stories told freely; `not_known` says of which findings it was asked in vain."""
        ids, vocabulary = list(net.findings), vocabulary_of(net)
        told = ~np.isnan(self.findings)
        silences = []
        for i in range(len(self)):
            said = {ids[j]: float(self.findings[i, j]) for j in np.flatnonzero(told[i])}
            silences.append(vocabulary.silence_of(said).without(ids[j] for j in np.flatnonzero(not_known[i])))
        return dataclasses.replace(self, silence=_each(silences))


def _each(silences: list[Silence]) -> NDArray[np.object_]:
    """Return an array with a silence a case."""
    array = np.empty(len(silences), dtype=object)
    array[:] = silences
    return array


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

    def read(self, *sayings: Iterable[tuple[str, object]], before: Case | None = None, account: str = ASKED) -> Case:
        """Return the case that (name, value) pairs describe, on top of `before`, whose facts they replace.

        `account` is how these facts were heard, if there is no `before`; what comes later was asked for.
        """
        first = before is None
        before = Case() if before is None else of_kind(Case, "before", before, "the case of a result, d.case")
        account = self.heard(account) if first else before.account
        sex, age = before.sex, before.age
        weights: dict[str, float] = {**before.background, **before.findings}
        flags: dict[str, bool] = dict(before.red_flags)
        said: dict[str, tuple[str, object]] = {}
        pairs = list(_pairs(sayings))
        for name, value in pairs:
            name = self.resolve(name)  # noqa: PLW2901 as it is meant
            id_, meaning = self.meaning(name, value)
            if id_ in said and None not in (meaning, said[id_][1]) and not _same(meaning, said[id_][1]):
                both = f"{said[id_][0]!r} and {name!r}" if said[id_][0] != name else f"{name!r}, said twice,"
                raise ContradictionError(f"{both} contradict each other; say one of them", name=name, value=value)
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
                _put(weights, id_, None if meaning == UNDECIDED else meaning)
        for id_ in [f for f in weights if f in self.net.findings and weights[f] > 0.5]:
            only = self.net.findings[id_].sex
            if sex is not None and only not in (None, sex):
                raise ContradictionError(
                    f"{id_!r} ({self.net.name_of(id_)}) is said of a {sex} person; allowed: only of a {only} one; "
                    "leave it or the sex unknown if either was a slip",
                    name=id_,
                    value=weights[id_],
                )
        findings = Table((f, weights[f]) for f in self.net.findings if f in weights)
        silence = before.silence
        if account == VOLUNTEERED:
            not_known = [i for i, (_, meaning) in said.items() if meaning == UNDECIDED] + [
                self.id_of(name) for name, value in pairs if was_asked(value)
            ]
            silence = (self.silence_of(findings) if first else silence).without((*findings, *not_known))
        return Case(
            sex=sex,
            age=age,
            band=None if age is None else self.net.band_of(age),
            background=Table((b, weights[b]) for b in self.net.background if b in weights),
            findings=findings,
            red_flags=Table((r, flags[r]) for r in self.net.red_flags if r in flags),
            account=account,
            silence=silence,
        )

    def heard(self, account: object) -> str:
        """Return how cases were heard; EvidenceError for what is no such thing, or where the network has no rates."""
        account = account_of(account)
        if account == VOLUNTEERED and not self.net.mention:
            raise EvidenceError(
                f"account is {account!r}, but the network {self.net.id!r} has no rates of mention ([mention.ID] in its "
                f"file, networks/README.md); allowed: {ASKED!r}, or a network that has them",
                name="account",
                value=account,
            )
        return account

    def silence_of(self, told: Mapping[str, float]) -> Silence:
        """Return what a story that mentions these findings (id -> weight) passes over.

        Nothing, where it mentions no finding of history or examination: then there is no story.
        """
        kinds = self.told_as
        mentioned = [f for f in told if f in kinds]
        if not mentioned:
            return NOTHING_UNSAID
        length = next(m for m in self.net.mention.values() if m.up_to is None or len(mentioned) <= m.up_to)
        whole = self._whole[length.id, any(kinds[f] == "examination" for f in mentioned)]
        open_ = {v for f in mentioned if told[f] > UNDECIDED for v in self.net.findings[f].vague}
        return Silence(whole, length.id).without((*told, *open_))

    @cached_property
    def told_as(self) -> Mapping[str, str]:
        """Finding -> which of `TOLD` it is in a story; without those nobody tells."""
        told_as = {f.id: f.told_as(self.net.background) for f in self.net.findings.values()}
        return {f: kind for f, kind in told_as.items() if kind}

    @cached_property
    def _whole(self) -> Mapping[tuple[str, bool], tuple[tuple[str, float], ...]]:
        """Length of a story, and whether it mentions tests -> what silence about everything would say."""
        whole = {}
        for mention in self.net.mention.values():
            for tests in (False, True):
                weights = []
                for f, kind in self.told_as.items():
                    present, absent = 1 - mention.present[kind].p, 1 - mention.absent[kind].p
                    if present < absent and (tests or kind != "examination"):
                        weights.append((f, present / (present + absent)))
                whole[mention.id, tests] = tuple(weights)
        return whole

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


def account_of(account: object) -> str:
    """Return how cases were heard, one of `ACCOUNTS`; EvidenceError for anything else."""
    if isinstance(account, str) and account in ACCOUNTS:
        return str(account)
    return refused("account", account, " or ".join(map(repr, ACCOUNTS)))


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

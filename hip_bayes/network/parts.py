"""The parts of a network as plain frozen dataclasses, and the words they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import indent
from typing import TYPE_CHECKING, Any, TypeVar, overload

from hip_bayes.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

SEXES = ("female", "male")
BASES = ("measured", "transferred", "qualitative", "judgement")
KINDS = ("history", "examination", "imaging")
TOLD = ("site", "history", "examination")
"""What a story is made of: where it hurts, what else was felt, and tests; each is told with a freedom of its own."""
LEVELS = ("urgent", "soon", "routine")
"""Triage levels, the most pressing first."""
YES = ("yes", "y", "true", "present")
NO = ("no", "n", "false", "absent")
UNKNOWN = ("unknown", "")
"""Words that every finding takes, besides the names of its own states."""
ROUNDING = 1e-12
"""Differences of probabilities below this are rounding."""
LINE = 100
"""The most characters that a mapping takes on one line."""
BIF_WORDS = ("network", "variable", "probability", "property", "type", "discrete", "table", "default")
"""What the format BIF, in which other programs read a network, keeps for itself."""
RESERVED = ("age", "sex", "hip_pain", "setting", "account", "silence", "triage", "absent", "present", *BIF_WORDS)

T = TypeVar("T")


class Table(Mapping[str, T]):
    """A read-only mapping in file order whose KeyError names the nearest real keys."""

    __slots__ = ("_items", "what")

    def __init__(self, items: Mapping[str, T] | Iterable[tuple[str, T]] = (), what: str = "key") -> None:
        self._items = dict(items)
        self.what = what

    def __getitem__(self, key: str) -> T:
        """Return the entry called `key`; UnknownNameError (a KeyError) if there is none."""
        try:
            return self._items[key]
        except Exception:  # noqa: BLE001 a key that is no text has code of its own
            where = f"there are {len(self._items)}: " + ", ".join(list(self._items)[:8])
            raise UnknownNameError.among(
                key, self._items, what=self.what, where=where + (", ..." if len(self._items) > 8 else "")
            ) from None

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 as Mapping.get
        """Return the entry called `key`, or `default`: without looking for near names, which takes time."""
        return self._items.get(key, default) if isinstance(key, str) else default

    def __contains__(self, key: object) -> bool:
        """Say whether there is an entry called `key`."""
        return isinstance(key, str) and key in self._items

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys in file order."""
        return iter(self._items)

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._items)

    def __repr__(self) -> str:
        """Show keys and entries like a dict, a line for each if they are many."""
        items = [f"{key!r}: {entry!r}" for key, entry in self._items.items()]
        line = ", ".join(items)
        inside = line if len(line) <= LINE else "\n" + indent(",\n".join(items), "    ") + ",\n"
        return f"{type(self).__name__}({{{inside}}})"


@dataclass(frozen=True, slots=True)
class Number:
    """A probability `p` worth `n` patients, and where it comes from."""

    p: float
    n: float
    basis: str
    source: tuple[str, ...] = ()
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """A conditional odds ratio with its plausible range, and where it comes from."""

    value: float
    low: float
    high: float
    basis: str
    source: tuple[str, ...] = ()
    reason: str = ""
    note: str = ""


BySexAndBand = Mapping[str, Mapping[str, Number]]
"""A number for each sex and, within it, each age band label."""


@dataclass(frozen=True, slots=True)
class Band:
    """An age band: `low` <= age in years < `high` (the last band includes the upper age limit)."""

    label: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Subtype:
    """One of several mutually exclusive forms of a cause, with P(this form | cause present)."""

    id: str
    name: str
    share: Number


@dataclass(frozen=True, slots=True)
class Cause:
    """A latent cause of the pain: marginal prior given pain by sex and age band, and what changes its odds."""

    id: str
    name: str
    icd10: str
    description: str
    prior: BySexAndBand
    odds_ratios: Mapping[str, OddsRatio] = field(default_factory=Table)
    subtypes: Mapping[str, Subtype] = field(default_factory=Table)

    @property
    def states(self) -> tuple[str, ...]:
        """`absent` and `present`, or `absent` and the subtypes."""
        return ("absent", *(self.subtypes or ("present",)))

    def __repr__(self) -> str:
        """Say on one line which cause it is; its fields have the numbers."""
        return f"<Cause {self.id}: {self.name}, {self.icd10}>"


@dataclass(frozen=True, slots=True)
class Group:
    """Causes reported together, as P(at least one of them)."""

    id: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Background:
    """A risk factor, absent or present: prevalence given pain by sex and age band.

    `prevention` are the network's tips that change it; where there are any, it is modifiable. `synonyms` are what
    people call it: it is found by them.
    """

    id: str
    name: str
    question: str
    prevalence: BySexAndBand
    prevention: tuple[str, ...] = ()
    states: tuple[str, str] = ("absent", "present")
    synonyms: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say on one line which variable it is; its fields have the numbers."""
        return f"<Background {self.id}: {self.name}>"


@dataclass(frozen=True, slots=True)
class FindingParent:
    """Another finding that makes this one likelier by itself, and by how much."""

    finding: str
    effect: Number


@dataclass(frozen=True, slots=True)
class Finding:
    """Something asked, examined or imaged: P(present | cause alone) for each linked cause or subtype.

    `states` are (absent, present) under the names users read; `aliases` maps other ids to one of the states; `sex` is
    the only sex that can have it, or None. `test` is what is done to find it ("Hop test" for "Hop test painful"), None
    where the name says it. A `worrying` finding never lowers the triage level by being present.
    `synonyms` are what people call it: it is found by them. A `site` says where it hurts. Being told that this is
    present leaves the findings in `vague` open: "thigh pain" says nothing against its front.
    """

    id: str
    name: str
    kind: str
    question: str
    leak: Number
    given: Mapping[str, Number]
    parent: FindingParent | None = None
    states: tuple[str, str] = ("absent", "present")
    aliases: Mapping[str, str] = field(default_factory=Table)
    sex: str | None = None
    test: str | None = None
    worrying: bool = False
    synonyms: tuple[str, ...] = ()
    site: bool = False
    vague: tuple[str, ...] = ()

    def told_as(self, background: Mapping[str, Background]) -> str | None:
        """Return which of `TOLD` it is in a story; None for imaging and signs of background, which nobody tells."""
        if self.kind not in TOLD or self.sign_of(background):
            return None
        return "site" if self.site else self.kind

    def sign_of(self, background: Mapping[str, Background]) -> str | None:
        """Return the background variable this finding is a sign of, if it is one rather than a child of causes."""
        return next((site for site in self.given if site in background), None)

    @property
    def test_name(self) -> str:
        """What is done to find it: 'Hop test', not 'Hop test painful'."""
        return self.test or self.name

    @property
    def present(self) -> str:
        """What it is called when it is there: 'Groin pain', 'Onset: sudden'."""
        return self.name if self.states[1] == "present" else f"{self.name}: {self.states[1]}"

    def __repr__(self) -> str:
        """Say on one line which finding it is; its fields have the numbers."""
        return f"<Finding {self.id}: {self.name}, {self.kind}>"


@dataclass(frozen=True, slots=True)
class Mention:
    """How freely a story is told in which at most `up_to` findings are told (None: any number).

    `present` and `absent` have, for each of `TOLD`, P(a finding is mentioned | it is there) and P(it is mentioned | it
    is not), where nobody asked.
    """

    id: str
    up_to: int | None
    present: Mapping[str, Number]
    absent: Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """Causes that act on some findings through one structure: only the strongest present one counts."""

    id: str
    name: str
    reason: str
    causes: tuple[str, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A rule beside the model: if present, this urgency, for this reason, with this action.

    While it is present, the findings in `avoid` must not be tested: the test could do harm. `synonyms` are what people
    call it: it is found by them.
    """

    id: str
    name: str
    question: str
    level: str
    reason: str
    action: str
    basis: str
    source: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hazard:
    """What is itself a reason for urgency: a probability, or a finding, from `threshold` up.

    `of` is a cause or subtype (its posterior probability) or a finding (how sure it is that it is present). While the
    hazard is live, the findings in `avoid` must not be tested: the test could do harm.
    """

    id: str
    of: str
    threshold: float
    level: str
    reason: str
    action: str
    basis: str
    source: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()

    @overload
    def live(self, p: float) -> bool: ...

    @overload
    def live(self, p: NDArray[np.float64]) -> NDArray[np.bool_]: ...

    def live(self, p: float | NDArray[np.float64]) -> bool | NDArray[np.bool_]:
        """Say whether a probability, or each of an array, is at or above the threshold but for rounding."""
        return p >= self.threshold - ROUNDING


@dataclass(frozen=True, slots=True)
class Pattern:
    """An alarming pattern: where it is there, this urgency by itself, whatever the probabilities.

    It is there if of each list in `all_of` (ids of findings and background) at least one is present and the age is in
    one of `bands` (labels; empty: any age, also an unknown one). Only the absence of a finding in `cleared_by`, which
    is imaging, ends it. While it is there, the findings in `avoid` must not be tested.
    """

    id: str
    name: str
    all_of: tuple[tuple[str, ...], ...]
    bands: tuple[str, ...]
    cleared_by: tuple[str, ...]
    level: str
    reason: str
    action: str
    basis: str
    source: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()


Rule = RedFlag | Hazard | Pattern
"""A reason for urgency."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where runners are seen, and by how much that multiplies the prior odds of some causes."""

    id: str
    name: str
    odds_multipliers: Mapping[str, OddsRatio]


@dataclass(frozen=True, slots=True)
class Advice:
    """A piece of general advice and the triage levels it is meant for."""

    text: str
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A publication: title, address (URL or `unknown`) and year (or `unknown`)."""

    id: str
    title: str
    year: int | str
    address: str

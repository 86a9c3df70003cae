"""The network as data: frozen dataclasses for a network and its parts, and every structural check.

Nothing here computes a probability of a case. `Network` is what a TOML file says, checked; the numbers that
follow from it (solved intercepts, noisy-OR links, posteriors) are made by `priors`, `links` and `inference`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import EvidenceError, NetworkError, UnknownNameError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import pandas as pd
    from pgmpy.models import DiscreteBayesianNetwork

    from .diagnosis import Diagnosis
    from .evidence import Vocabulary
    from .inference import Engine

SEXES = ("female", "male")
BASES = ("measured", "transferred", "qualitative", "judgement")
KINDS = ("history", "examination", "imaging")
LEVELS = ("urgent", "soon", "routine")
"""Triage levels, the most pressing first."""
YES = ("yes", "y", "true", "present")
NO = ("no", "n", "false", "absent")
UNKNOWN = ("unknown", "")
"""Words that every finding takes, besides the names of its own states."""
RESERVED = ("age", "sex", "hip_pain", "network", "setting", "triage")

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
        except (KeyError, TypeError):
            where = f"there are {len(self._items)}: " + ", ".join(list(self._items)[:8])
            raise UnknownNameError.among(
                key, self._items, what=self.what, where=where + (", ..." if len(self._items) > 8 else "")
            ) from None

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
        """Show keys and entries like a dict."""
        return f"{type(self).__name__}({self._items!r})"


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


@dataclass(frozen=True, slots=True)
class Group:
    """Causes reported together, as P(at least one of them)."""

    id: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Background:
    """A risk factor, absent or present: prevalence given pain by sex and age band."""

    id: str
    name: str
    question: str
    prevalence: BySexAndBand
    states: tuple[str, str] = ("absent", "present")


@dataclass(frozen=True, slots=True)
class FindingParent:
    """Another finding that makes this one likelier by itself, and by how much."""

    finding: str
    effect: Number


@dataclass(frozen=True, slots=True)
class Finding:
    """Something asked, examined or imaged: P(present | cause alone) for each linked cause or subtype.

    `states` are (absent, present) under the names users read; `aliases` maps other ids to one of the states.
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

    def sign_of(self, background: Mapping[str, Background]) -> str | None:
        """Return the background variable this finding is a sign of, if it is one rather than a child of causes."""
        return next((site for site in self.given if site in background), None)


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
    """A rule beside the model: if present, this urgency, for this reason, with this action."""

    id: str
    name: str
    question: str
    level: str
    reason: str
    action: str
    basis: str
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hazard:
    """A cause or subtype whose probability, from `threshold` up, is itself a reason for urgency.

    While it is, the findings in `avoid` must not be tested: the test could do harm.
    """

    id: str
    threshold: float
    level: str
    reason: str
    action: str
    basis: str
    source: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()


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


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A checked diagnostic network. Immutable: share it between threads, change it with `replace`.

    Raises
    ------
    NetworkError
        if the parts do not make a valid network; the error names the key, what was found and what is allowed.

    """

    id: str
    name: str
    version: str
    description: str
    population: str
    age_range: tuple[int, int]
    bands: Mapping[str, Band]
    weights: BySexAndBand
    causes: Mapping[str, Cause]
    background: Mapping[str, Background]
    findings: Mapping[str, Finding]
    red_flags: Mapping[str, RedFlag]
    sources: Mapping[str, Source]
    groups: Mapping[str, Group] = field(default_factory=Table)
    mechanisms: Mapping[str, Mechanism] = field(default_factory=Table)
    hazards: Mapping[str, Hazard] = field(default_factory=Table)
    settings: Mapping[str, Setting] = field(default_factory=Table)
    advice: tuple[Advice, ...] = ()
    prevention: tuple[str, ...] = ()
    everyone_has_a_cause: bool = True
    setting: str | None = None

    def __post_init__(self) -> None:
        """Refuse anything that is not a valid network."""
        for check in _CHECKS:
            check(self)

    def __repr__(self) -> str:
        """Say which network it is and how large."""
        return (
            f"<Network {self.id} {self.version}: {len(self.causes)} causes, {len(self.background)} background "
            f"factors, {len(self.findings)} findings, {len(self.red_flags)} red flags, "
            f"{len(self.sources)} sources>"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what was compiled when pickled; it is made again on first use."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @cached_property
    def engine(self) -> Engine:
        """The compiled network: solved intercepts and likelihood tables, made once."""
        from .inference import Engine

        return Engine(self)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Every name that can be said about a case, and how to read its value."""
        from .evidence import Vocabulary

        return Vocabulary(self)

    def diagnose(
        self,
        said: Mapping[str, object] | pd.Series[Any] | None = None,
        /,
        *,
        setting: str | None = None,
        **facts: object,
    ) -> Diagnosis:
        """Return the exact posterior of one case under this network; see `hip_bayes.diagnose`."""
        from .diagnosis import diagnose

        return diagnose(said, network=self, setting=setting, **facts)

    def diagnose_many(
        self,
        frame: pd.DataFrame,
        *,
        setting: str | None = None,
        ignore: Iterable[str] = (),
        with_triage: bool = False,
    ) -> pd.DataFrame:
        """Return the exact posteriors of a table of cases; see `hip_bayes.diagnose_many`."""
        from .diagnosis import diagnose_many

        return diagnose_many(frame, network=self, setting=setting, ignore=ignore, with_triage=with_triage)

    def simulate(self, n: int, seed: int | np.random.Generator | None = None) -> pd.DataFrame:
        """Draw complete cases with their true causes from this network; see `hip_bayes.simulation.simulate`."""
        from .simulation import simulate

        return simulate(self, n, seed)

    def to_pgmpy(self) -> DiscreteBayesianNetwork:
        """Export as a checked pgmpy model with the same posteriors; see `hip_bayes.bridge.to_pgmpy`."""
        from .bridge import to_pgmpy

        return to_pgmpy(self)

    def replace(self, changes: Mapping[str, object]) -> Network:
        """Return a new network with some entries changed, checked as a whole.

        Parameters
        ----------
        changes
            dotted path, as in the TOML file -> new value. Where the path leads to a number, a plain float is its
            new `p` (an odds ratio: its `value`) and the number becomes a judgement that says what it was before;
            a mapping like ``{"p": 0.9, "n": 40, "basis": "measured", "source": "study"}`` changes just those
            fields. Tables by sex and age band go on with both:
            ``causes.gtps.prior.female.40-49``, ``background.high_bmi.prevalence.male.60+``.

        Returns
        -------
        Network
            a new one; this one stays as it is.

        Raises
        ------
        UnknownNameError
            a path that leads nowhere.
        NetworkError
            the changed network is not valid.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> net = hb.load_network()
        >>> net.replace({"findings.lateral_pain.given.gtps": 0.8}).findings["lateral_pain"].given["gtps"].p
        0.8

        """
        if not isinstance(changes, Mapping):
            raise NetworkError(f"got {shown(changes)}; allowed: a mapping of paths to new values")
        parts: dict[str, object] = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for path, value in changes.items():
            head, *rest = path.removeprefix("network.").split(".")
            if head not in parts:
                raise UnknownNameError.among(head, parts, what="entry", where=f"in the path {path!r}")
            parts[head] = _replaced(parts[head], rest, value, path)
        changed = type(self)(**parts)  # type: ignore[arg-type]
        _ = changed.engine  # priors without a solution are refused here, not at the first question
        return changed

    def in_setting(self, setting: str | None) -> Network:
        """Return the same network re-priced for where the runner is seen, solved again; findings stay as they are.

        Parameters
        ----------
        setting
            an id in `settings`, such as ``"general_practice"``; None leaves the network as it is.

        Raises
        ------
        UnknownNameError
            there is no such setting.
        EvidenceError
            this network is already priced for another setting.

        Notes
        -----
        The prior odds of each cause, in every cell, are multiplied as the file says; intercepts are solved anew.

        """
        if setting is None or setting == self.setting:
            return self
        if self.setting is not None:
            raise EvidenceError(
                f"this network is already priced for {self.setting!r}; ask the original one for {shown(setting)}",
                name="setting",
                value=setting,
            )
        return self._in_setting(setting)

    @cached_property
    def _in_setting(self) -> Callable[[str], Network]:
        return lru_cache(maxsize=None)(self._priced_for)

    def _priced_for(self, setting: str) -> Network:
        multipliers = self.settings[setting].odds_multipliers
        causes = dict(self.causes)
        for id_, multiplier in multipliers.items():
            why = f"odds x {multiplier.value:g} for {setting} ({multiplier.reason or multiplier.note})"
            prior = {
                sex: Table(((band, _multiplied(n, multiplier.value, why)) for band, n in row.items()), "age band")
                for sex, row in causes[id_].prior.items()
            }
            causes[id_] = dataclasses.replace(causes[id_], prior=Table(prior, "sex"))
        return dataclasses.replace(self, causes=Table(causes, "cause"), setting=setting)

    def band_of(self, age: float) -> str:
        """Return the label of the age band that `age` (years) is in."""
        return next(b.label for b in self.bands.values() if age < b.high)

    @cached_property
    def subtype_of(self) -> Mapping[str, str]:
        """Subtype id -> id of its cause."""
        return Table(((s, c.id) for c in self.causes.values() for s in c.subtypes), "subtype")


def _multiplied(number: Number, ratio: float, why: str) -> Number:
    """Return the number with its odds multiplied: a judgement on top of what it was."""
    odds = ratio * number.p / (1 - number.p)
    return dataclasses.replace(number, p=odds / (1 + odds), basis="judgement", reason=f"{number.p:g}, {why}")


def _replaced(part: object, path: list[str], value: object, whole: str) -> object:
    """Return `part` with the entry at `path` below it set to `value`."""
    if not path:
        return _new_value(part, value, whole)
    head, *rest = path
    if isinstance(part, Table):
        return Table({**part, head: _replaced(part[head], rest, value, whole)}, part.what)
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        names = [f.name for f in dataclasses.fields(part) if f.name != "id"]
        if head in names:
            return dataclasses.replace(part, **{head: _replaced(getattr(part, head), rest, value, whole)})
        raise UnknownNameError.among(head, names, what="field", where=f"in the path {whole!r}")
    raise UnknownNameError(f"the path {whole!r} goes on behind a plain value, at {head!r}", name=whole)


def _new_value(old: object, value: object, path: str) -> object:
    """Return what replaces `old`: a number with changed fields, or a plain value of the same kind."""
    if isinstance(old, (Number, OddsRatio)):
        return value if isinstance(value, type(old)) else _new_number(old, value, path)
    if isinstance(old, (bool, str)) or old is None:
        if not isinstance(value, type(old)):
            raise NetworkError(f"got {shown(value)}; allowed: a value like {shown(old)}", key=path)
        return value
    if isinstance(old, (int, float)):
        return float(_plain_number(value, path)) if isinstance(old, float) else value
    if isinstance(old, tuple) and isinstance(value, (tuple, list)):
        if old and not all(isinstance(v, type(old[0])) for v in value):
            raise NetworkError(f"got {shown(value)}; allowed: a list like {shown(old)}", key=path)
        return tuple(value)
    below = list(old) if isinstance(old, Mapping) else [f.name for f in dataclasses.fields(old)]  # type: ignore[arg-type]
    raise NetworkError(
        f"got {shown(value)} for a whole part; allowed: a longer path, on to one of {', '.join(below)}", key=path
    )


def _new_number(old: Number | OddsRatio, value: object, path: str) -> Number | OddsRatio:
    key = "p" if isinstance(old, Number) else "value"
    fields = dict(value) if isinstance(value, Mapping) else {key: _plain_number(value, path)}
    known = {f.name for f in dataclasses.fields(old)}
    for name, new in fields.items():
        if name not in known:
            raise NetworkError(f"unknown field {name!r} of a number; allowed: {', '.join(sorted(known))}", key=path)
        if isinstance(getattr(old, name), float):
            fields[name] = _plain_number(new, path, f"{name} is ")
        elif name == "source" and isinstance(new, str):
            fields[name] = (new,)
    if key in fields and not {"basis", "reason", "source"} & set(fields):
        before = f"changed from {getattr(old, key):g} ({old.basis})"
        fields |= {"basis": "judgement", "reason": before, "source": ()}
    return dataclasses.replace(old, **fields)  # type: ignore[arg-type]


def _plain_number(value: object, path: str, what: str = "got ") -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise NetworkError(f"{what}{shown(value)}; allowed: a number or a mapping of its fields", key=path)
    return float(value)


# ---------------------------------------------------------------------------------------------------------------
# Structural checks: each refuses with the key, what was found and what is allowed.


def _check_ids(net: Network) -> None:
    """Ids are unique over everything a user may name, and none is reserved."""
    named = [("causes", net.causes), ("groups", net.groups), ("background", net.background)]
    named += [("findings", net.findings), ("red_flags", net.red_flags)]
    seen = dict.fromkeys(RESERVED, "a reserved word")
    ids = [(f"{section}.{id_}", id_) for section, table in named for id_ in table]
    ids += [(f"causes.{c}.subtypes.{s}", s) for s, c in net.subtype_of.items()]
    ids += [(f"findings.{f.id}.aliases.{a}", a) for f in net.findings.values() for a in f.aliases]
    for key, id_ in ids:
        if not (id_.isidentifier() and id_.islower() and id_.isascii()):
            raise NetworkError(
                f"the id {id_!r} is not snake_case; allowed: a-z, 0-9 and _, not starting with a digit", key=key
            )
        if id_ in seen:
            raise NetworkError(f"the id {id_!r} is already {seen[id_]}; choose another", key=key)
        seen[id_] = f"used at {key}"
    if not net.causes:
        raise NetworkError("a network needs at least one cause", key="causes")


def _check_bands(net: Network) -> None:
    """Age bands are contiguous from the lower to the upper age limit."""
    low, high = net.age_range
    edge = low
    for band in net.bands.values():
        if band.low != edge or band.high <= band.low:
            raise NetworkError(
                f"band {band.label!r} runs from {band.low}, expected to start at {edge}: bands must be contiguous "
                f"and start at age_range[0]",
                key="network.age_bands",
            )
        edge = band.high
    if edge <= high:
        raise NetworkError(
            f"the bands end at {edge - 1}, the age range at {high}; end with a band like '60+'",
            key="network.age_bands",
        )


def _check_numbers(net: Network) -> None:
    """Each number is in range and says where it comes from."""
    for key, number in numbers(net):
        if isinstance(number, Number):
            if not (isinstance(number.p, (int, float)) and 0 < number.p < 1):
                raise NetworkError(f"p is {number.p!r}; allowed: strictly between 0 and 1", key=key)
            if not (isinstance(number.n, (int, float)) and 0 < number.n < math.inf):
                raise NetworkError(f"n is {number.n!r}; allowed: a number of patients above 0", key=key)
        elif not 0 < number.low <= number.value <= number.high < math.inf:
            raise NetworkError(
                f"value {number.value!r} with range {number.low!r} to {number.high!r}; "
                "allowed: 0 < low <= value <= high",
                key=key,
            )
        _check_provenance(net, key, number.basis, number.source, number.reason)
    for section, rules in (("red_flags", net.red_flags), ("hazards", net.hazards)):
        for rule in rules.values():
            key = f"{section}.{rule.id}"
            _check_provenance(net, key, rule.basis, rule.source, rule.reason)
            _check_choice(key + ".level", rule.level, LEVELS[:-1])


def _check_provenance(net: Network, key: str, basis: str, source: tuple[str, ...], reason: str) -> None:
    _check_choice(key + ".basis", basis, BASES)
    if basis == "judgement" and not reason.strip():
        raise NetworkError("a judgement needs a reason in one line", key=key)
    if basis != "judgement" and not source:
        raise NetworkError(f"basis {basis!r} needs a source; or call it a judgement and give a reason", key=key)
    for id_ in source:
        _check_known(key + ".source", id_, net.sources, "source")


def _check_sums(net: Network) -> None:
    """Weights and subtype shares sum to 1, priors of a cell to more than 1."""
    total = math.fsum(number.p for row in net.weights.values() for number in row.values())
    if abs(total - 1) > 1e-9:
        raise NetworkError(f"the weights sum to {total:.10g}; allowed: 1", key="network.weights")
    for cause in net.causes.values():
        if cause.subtypes:
            total = math.fsum(s.share.p for s in cause.subtypes.values())
            if abs(total - 1) > 1e-9:
                raise NetworkError(f"the shares sum to {total:.10g}; allowed: 1", key=f"causes.{cause.id}.subtypes")
    if net.everyone_has_a_cause:
        for sex in SEXES:
            for band in net.bands:
                total = math.fsum(c.prior[sex][band].p for c in net.causes.values())
                if total <= 1:
                    raise NetworkError(
                        f"the priors of {sex} {band} sum to {total:.6g}, so not everyone can have a cause; allowed: "
                        "more than 1 (raise them, add a cause `other`, or set everyone_has_a_cause = false)",
                        key="causes.*.prior",
                    )


def _check_references(net: Network) -> None:
    """Whatever one part says of another exists."""
    sites = {**dict.fromkeys(net.causes), **dict.fromkeys(net.subtype_of)}
    for cause in net.causes.values():
        parents = [*net.background, *(c for c in net.causes if c != cause.id)]
        for parent in cause.odds_ratios:
            _check_known(f"causes.{cause.id}.odds_ratios", parent, parents, "background variable or other cause")
        if len(cause.subtypes) == 1:
            raise NetworkError(
                "there is one subtype; allowed: none, or two and more", key=f"causes.{cause.id}.subtypes"
            )
    for group in net.groups.values():
        for member in group.members:
            _check_known(f"groups.{group.id}.members", member, net.causes, "cause")
        if not group.members:
            raise NetworkError("got no members; allowed: at least one cause", key=f"groups.{group.id}.members")
    for finding in net.findings.values():
        key = f"findings.{finding.id}"
        _check_choice(key + ".kind", finding.kind, KINDS)
        sign = finding.sign_of(net.background) is not None
        for site in finding.given:
            known, what = (net.background, "background variable") if sign else (sites, "cause or subtype")
            _check_known(key + ".given", site, known, what)
            if net.subtype_of.get(site) in finding.given:
                raise NetworkError(
                    f"both {net.subtype_of[site]!r} and its subtype {site!r} are given; allowed: one of the two",
                    key=key + ".given",
                )
        absent, present = (state.lower() for state in finding.states)
        if absent == present or absent in (*YES, *UNKNOWN) or present in (*NO, *UNKNOWN):
            raise NetworkError(
                f"got {finding.states!r}; allowed: two different names, the first meaning absent, the second present",
                key=key + ".states",
            )
        for alias, state in finding.aliases.items():
            _check_known(f"{key}.aliases.{alias}", state, finding.states, "state")
        if finding.parent:
            _check_known(key + ".parent.finding", finding.parent.finding, net.findings, "finding")
    taken: dict[tuple[str, str], str] = {}
    for mechanism in net.mechanisms.values():
        key = f"mechanisms.{mechanism.id}"
        for finding_id in mechanism.findings:
            _check_known(key + ".findings", finding_id, net.findings, "finding")
        for cause_id in mechanism.causes:
            _check_known(key + ".causes", cause_id, net.causes, "cause")
            for finding_id in mechanism.findings:
                other = taken.setdefault((cause_id, finding_id), mechanism.id)
                if other != mechanism.id:
                    raise NetworkError(
                        f"{cause_id!r} already acts on {finding_id!r} through the mechanism {other!r}", key=key
                    )
    for hazard in net.hazards.values():
        _check_known("hazards", hazard.id, sites, "cause or subtype")
        if not 0 < hazard.threshold < 1:
            raise NetworkError(
                f"got {hazard.threshold!r}; allowed: strictly between 0 and 1", key=f"hazards.{hazard.id}.threshold"
            )
        for finding_id in hazard.avoid:
            _check_known(f"hazards.{hazard.id}.avoid", finding_id, net.findings, "finding")
    for advice in net.advice:
        for level in advice.levels:
            _check_choice("advice.levels", level, LEVELS)


def _check_signs(net: Network) -> None:
    """Let a finding that is the sign of a background variable depend on that one alone."""
    parents = {f.parent.finding for f in net.findings.values() if f.parent}
    shared = {f for mechanism in net.mechanisms.values() for f in mechanism.findings}
    for finding in net.findings.values():
        if finding.sign_of(net.background) and (
            len(finding.given) > 1 or finding.parent or finding.id in parents or finding.id in shared
        ):
            raise NetworkError(
                f"{finding.id!r} is the sign of a background variable and has other links; allowed: that one variable "
                "alone, no parent finding, no child finding, no mechanism",
                key=f"findings.{finding.id}.given",
            )


def _check_settings(net: Network) -> None:
    """Where a runner is seen changes the priors of causes that exist."""
    for setting in net.settings.values():
        for cause in setting.odds_multipliers:
            _check_known(f"settings.{setting.id}.odds_multipliers", cause, net.causes, "cause")


def _check_cycles(net: Network) -> None:
    """Neither causes nor findings may be their own ancestor."""
    causes = {c.id: [p for p in c.odds_ratios if p in net.causes] for c in net.causes.values()}
    findings = {f.id: [f.parent.finding] if f.parent else [] for f in net.findings.values()}
    for section, parents, field_name in (("causes", causes, "odds_ratios"), ("findings", findings, "parent")):
        try:
            TopologicalSorter(parents).prepare()
        except CycleError as error:
            cycle = error.args[1]
            raise NetworkError(
                f"a cycle: {' -> '.join(cycle)}; allowed: no {section[:-1]} may be its own ancestor",
                key=f"{section}.{cycle[0]}.{field_name}",
            ) from None


def _check_leaks(net: Network) -> None:
    """No cause makes a finding rarer than having no linked cause does."""
    for finding in net.findings.values():
        for site, number in finding.given.items():
            if number.p < finding.leak.p:
                raise NetworkError(
                    f"p is {number.p:g}, below the leak {finding.leak.p:g}; allowed: at least the leak "
                    "(raise p or lower the leak: a cause can only make a finding likelier)",
                    key=f"findings.{finding.id}.given.{site}",
                )


def _check_choice(key: str, value: str, allowed: Iterable[str]) -> None:
    if value not in tuple(allowed):
        raise NetworkError(f"got {value!r}; allowed: {', '.join(allowed)}", key=key)


def _check_known(key: str, id_: str, known: Iterable[str], what: str) -> None:
    known = tuple(known)
    if id_ not in known:
        message = UnknownNameError.among(id_, known, what=what, where=f"allowed: one of {len(known)}").message
        raise NetworkError(message, key=key)


def numbers(net: Network) -> Iterator[tuple[str, Number | OddsRatio]]:
    """Yield the path and the value of every number of the network that has a basis."""

    def by_cell(key: str, table: BySexAndBand) -> Iterator[tuple[str, Number]]:
        for sex, row in table.items():
            for band, number in row.items():
                yield f"{key}.{sex}.{band}", number

    yield from by_cell("weights", net.weights)
    for cause in net.causes.values():
        yield from by_cell(f"causes.{cause.id}.prior", cause.prior)
        for parent, ratio in cause.odds_ratios.items():
            yield f"causes.{cause.id}.odds_ratios.{parent}", ratio
        for subtype in cause.subtypes.values():
            yield f"causes.{cause.id}.subtypes.{subtype.id}.share", subtype.share
    for setting in net.settings.values():
        for cause_id, multiplier in setting.odds_multipliers.items():
            yield f"settings.{setting.id}.odds_multipliers.{cause_id}", multiplier
    for background in net.background.values():
        yield from by_cell(f"background.{background.id}.prevalence", background.prevalence)
    for finding in net.findings.values():
        yield f"findings.{finding.id}.leak", finding.leak
        for site, number in finding.given.items():
            yield f"findings.{finding.id}.given.{site}", number
        if finding.parent:
            yield f"findings.{finding.id}.parent.effect", finding.parent.effect


_CHECKS: tuple[Callable[[Network], None], ...] = (
    _check_ids,
    _check_bands,
    _check_references,
    _check_cycles,
    _check_signs,
    _check_settings,
    _check_numbers,
    _check_sums,
    _check_leaks,
)

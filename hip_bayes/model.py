"""The network as data: what a TOML file says, checked, with the questions one can ask of it.

Nothing here computes a probability of a case: the numbers that follow from a network (solved intercepts, noisy-OR
links, posteriors) are made by `priors`, `links` and `inference`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from .changes import multiplied, replaced
from .checks import check
from .errors import EvidenceError, NetworkError, UnknownNameError, shown
from .parts import Table
from .words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sized

    import numpy as np
    import pandas as pd
    from pgmpy.models import DiscreteBayesianNetwork

    from .diagnosis import Diagnosis
    from .evidence import Vocabulary
    from .inference import Engine
    from .parts import (
        Advice,
        Background,
        Band,
        BySexAndBand,
        Cause,
        Finding,
        Group,
        Hazard,
        Mechanism,
        RedFlag,
        Setting,
        Source,
        Subtype,
    )


CHANGED = "+changed"
"""Ends the version of a network made by `replace`, unless it was given a version of its own."""


def _priced(causes: Mapping[str, Cause], times: Mapping[str, tuple[float, str]]) -> Table[Cause]:
    """Return causes with the odds of some priors multiplied, in every cell, and why."""
    priced = dict(causes)
    for id_, (ratio, why) in times.items():
        prior = {
            sex: Table(((band, multiplied(n, ratio, why)) for band, n in row.items()), "age band")
            for sex, row in causes[id_].prior.items()
        }
        priced[id_] = dataclasses.replace(causes[id_], prior=Table(prior, "sex"))
    return Table(priced, "cause")


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
        check(self)

    def __repr__(self) -> str:
        """Say which network it is and how large."""
        return f"<Network {self.id} {self.version}: {self.counts}>"

    @property
    def counts(self) -> str:
        """How large it is, in words: "12 causes, 9 background factors, ..."."""
        parts: list[tuple[str, Sized]] = [
            ("cause", self.causes),
            ("background factor", self.background),
            ("finding", self.findings),
            ("red flag", self.red_flags),
            ("source", self.sources),
        ]
        return ", ".join(counted(len(table), what) for what, table in parts)

    def _repr_html_(self) -> str:
        """Return what the network is and what its numbers rest on, for a notebook, every string escaped."""
        from .notebook import of_network

        return of_network(self)

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
        threads: int = 1,
    ) -> pd.DataFrame:
        """Return the exact posteriors of a table of cases; see `hip_bayes.diagnose_many`."""
        from .cohort import diagnose_many

        return diagnose_many(
            frame, network=self, setting=setting, ignore=ignore, with_triage=with_triage, threads=threads
        )

    def simulate(self, n: int, seed: int | np.random.Generator | None = None) -> pd.DataFrame:
        """Draw `n` complete cases with their true causes from this network; see `hip_bayes.simulation.simulate`.

        Raises
        ------
        EvidenceError
            `n` is not a whole number of 1 or more, or `seed` is not allowed.

        """
        from .simulation import simulate

        return simulate(self, n, seed)

    def what_if(self, said: Mapping[str, object] | pd.Series[Any] | None = None, /, **changes: object) -> pd.DataFrame:
        """Return how much less (or more) likely each cause would be if modifiable background were changed: do().

        Parameters
        ----------
        said
            age, sex and background of the runner, as `diagnose` takes them; nothing else.
        **changes
            modifiable background -> True or False: what it is made to be.

        Returns
        -------
        pandas.DataFrame
            index = cause ids in file order; risk ratios and preventable shares, never an absolute risk. See
            `hip_bayes.intervention.what_if`.

        Raises
        ------
        UnknownNameError
            a name that the network does not have.
        EvidenceError
            nothing is changed, or something that is not modifiable, or to what is neither yes nor no; a finding or
            red flag is said.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.load_network().what_if({"age": 30, "training_spike": True}, training_spike=False)
        >>> bool(table.loc["stress_fracture", "risk_ratio"] < 1)
        True

        """
        from .intervention import what_if

        return what_if(self, said, changes)

    def weakest_numbers(
        self, cases: pd.DataFrame, k: int | None = 20, *, level: float = 0.9, ignore: Iterable[str] = ("truth",)
    ) -> pd.DataFrame:
        """Return the judgements that the answers to some cases hang on most: what to measure or look up first.

        Parameters
        ----------
        cases
            as `diagnose_many` takes them.
        k
            how many numbers; None for all that have any influence.
        level
            each number is moved across its own interval of this level.
        ignore
            columns that are not facts; one that the table does not have is no error.

        Returns
        -------
        pandas.DataFrame
            index = path of the number, the most influential first; see `hip_bayes.sensitivity.weakest_numbers`.

        """
        from .sensitivity import weakest_numbers

        return weakest_numbers(self, cases, k, level=level, ignore=ignore)

    def look_up(self, *names: str) -> pd.DataFrame:
        """Return the numbers and rules that involve all of the given ids, with the citations of their sources.

        Parameters
        ----------
        *names
            ids of causes, subtypes, groups, background, findings, settings, red flags or sources; also "age", "sex", a
            sex or the label of an age band. None: everything.

        Returns
        -------
        pandas.DataFrame
            a row a number or rule; ``citation`` is title, year and address of each source. See
            `hip_bayes.provenance.look_up` for the other columns.

        Raises
        ------
        UnknownNameError
            a name that the network does not have; the message has the nearest ones.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.load_network().look_up("gtps", "lateral_pain")
        >>> table["path"].tolist()
        ['findings.lateral_pain.given.gtps']

        """
        from .provenance import look_up

        return look_up(self, names)

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
            a new one; this one stays as it is. Its version ends in "+changed" unless the changes give it one.

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
        entries = [name for name in parts if name != "setting"]  # that is what in_setting is for
        for path, value in changes.items():
            if not isinstance(path, str):
                raise NetworkError(f"got the path {shown(path)}; allowed: a text like 'findings.groin_pain.leak'")
            head, *rest = path.removeprefix("network.").split(".")
            if head not in entries:
                raise UnknownNameError.among(head, entries, what="entry", where=f"in the path {path!r}")
            parts[head] = replaced(parts[head], rest, value, path)
        if self.setting:
            new = parts["settings"][self.setting].odds_multipliers  # type: ignore[index]
            parts["causes"] = _priced(
                parts["causes"],  # type: ignore[arg-type]
                {
                    id_: (new[id_].value / old.value, f"odds x {new[id_].value:g} in place of {old.value:g} there")
                    for id_, old in self.settings[self.setting].odds_multipliers.items()
                    if new[id_].value != old.value
                },
            )
        if changes and parts["version"] == self.version:
            parts["version"] = f"{self.version.removesuffix(CHANGED)}{CHANGED}"
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
        if not isinstance(setting, str):
            raise EvidenceError(
                f"setting is {shown(setting)}; allowed: {', '.join(self.settings) or 'none in this network'}, or None",
                name="setting",
                value=setting,
            )
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
        times = {
            id_: (
                multiplier.value,
                f"odds x {multiplier.value:g} for {setting} ({multiplier.reason or multiplier.note})",
            )
            for id_, multiplier in self.settings[setting].odds_multipliers.items()
        }
        return dataclasses.replace(self, causes=_priced(self.causes, times), setting=setting)

    def band_of(self, age: float) -> str:
        """Return the label of the age band that an age in years is in, one that is in `age_range`.

        Raises
        ------
        EvidenceError
            it is not.

        """
        low, high = self.age_range
        if not low <= age <= high:
            raise EvidenceError(f"age is {shown(age)}; allowed: {low} to {high} years", name="age", value=age)
        return next(b.label for b in self.bands.values() if age < b.high)

    def name_of(self, id_: str) -> str:
        """Return the name of a cause, subtype, group, background variable, finding or red flag.

        Raises
        ------
        UnknownNameError
            the network has none of this id.

        """
        return self._named[id_].name

    def states_of(self, id_: str) -> tuple[str, str]:
        """Return what absent and present are called in an answer: ("no", "yes"), or the names of a finding's states."""
        states = self.findings[id_].states if id_ in self.findings else ("absent", "present")
        return ("no", "yes") if states == ("absent", "present") else states

    @cached_property
    def _named(self) -> Mapping[str, Subtype | Cause | Group | Background | Finding | RedFlag]:
        named: dict[str, Subtype | Cause | Group | Background | Finding | RedFlag] = {**self.red_flags}
        for part in (self.findings, self.background, self.groups, self.causes):
            named |= part
        for cause in self.causes.values():
            named |= cause.subtypes
        return Table(named, "name")

    @cached_property
    def fingerprint(self) -> str:
        """A hash (SHA-256, hexadecimal) of all that the network says, its setting included: the same says the same."""

        def plain(part: Any) -> dict[str, object]:  # noqa: ANN401 any part of a network
            if isinstance(part, Mapping):
                return dict(part)
            return {f.name: getattr(part, f.name) for f in dataclasses.fields(part)}

        return hashlib.sha256(json.dumps(self, default=plain).encode()).hexdigest()

    @cached_property
    def subtype_of(self) -> Mapping[str, str]:
        """Subtype id -> id of its cause."""
        return Table(((s, c.id) for c in self.causes.values() for s in c.subtypes), "subtype")

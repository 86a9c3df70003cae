"""A network as data: what its file says, checked, under the names people use, and how to change it.

Nothing here computes a probability: solved intercepts, noisy-OR links and posteriors are the room `inference`, and what
is done with a network (`diagnose`, `simulate`, ...) are the verbs of `hip_bayes.Network`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from numbers import Real
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import numpy as np

from hip_bayes.errors import EvidenceError, NetworkError, UnknownNameError, shown

from .changes import entries, multiplied, replaced
from .checks import check
from .contents import Contents
from .parts import Finding, Table
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

    from .parts import Background, Cause, Group, RedFlag, Subtype

T = TypeVar("T")

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
class NetworkData(Contents):
    """A checked network as plain data. Immutable: share it between threads, change it with `replace`.

    Raises
    ------
    NetworkError
        if the parts do not make a valid network; the error names the key, what was found and what is allowed.

    """

    def __post_init__(self) -> None:
        """Refuse anything that is not a valid network."""
        check(self)

    def __repr__(self) -> str:
        """Say which network it is and how large."""
        return f"<{type(self).__name__} {self.id} {self.version}: {self.counts}>"

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

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what was compiled when pickled; it is made again on first use."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    def once(self, work: Callable[[Self], T]) -> T:
        """Return ``work(self)``, worked out when first asked for and kept with the network, but not when pickled."""
        kept = vars(self).setdefault("_kept", {})
        if work not in kept:  # two threads may both work it out; the first to end is kept for both
            kept.setdefault(work, work(self))
        return cast("T", kept[work])

    def replace(self, changes: Mapping[str, object]) -> Self:
        """Return a new network with some entries changed, checked as a whole; see `hip_bayes.Network.replace`.

        Raises
        ------
        UnknownNameError
            a path that leads nowhere.
        NetworkError
            the changed network is not valid. Whether its priors have a solution is seen when it is compiled.

        """
        if not isinstance(changes, Mapping):
            raise NetworkError(f"got {shown(changes)}; allowed: a mapping of paths to new values")
        parts: dict[str, object] = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        known = [name for name in parts if name != "setting"]  # that is what in_setting is for
        for path, value in entries(changes):
            if not isinstance(path, str):
                raise NetworkError(f"got the path {shown(path)}; allowed: a text like 'findings.groin_pain.leak'")
            head, *rest = path.removeprefix("network.").split(".")
            if head not in known:
                raise UnknownNameError.among(head, known, what="entry", where=f"in the path {shown(path)}")
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
        return type(self)(**parts)  # type: ignore[arg-type]

    def in_setting(self, setting: str | None) -> Self:
        """Return the same network re-priced for where the runner is seen; findings stay as they are.

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
        if setting is None:
            return self
        if not isinstance(setting, str):
            raise EvidenceError(
                f"setting is {shown(setting)}; allowed: {', '.join(self.settings) or 'none in this network'}, or None",
                name="setting",
                value=setting,
            )
        if setting == self.setting:
            return self
        if self.setting is not None:
            raise EvidenceError(
                f"this network is already priced for {self.setting!r}; ask the original one for {shown(setting)}",
                name="setting",
                value=setting,
            )
        return self._in_setting(setting)

    @cached_property
    def _in_setting(self) -> Callable[[str], Self]:
        return lru_cache(maxsize=None)(self._priced_for)

    def _priced_for(self, setting: str) -> Self:
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
        if not isinstance(age, Real) or isinstance(age, (bool, np.timedelta64)) or not low <= age <= high:
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
        """Return what absent and present are called in an answer: ("no", "yes"), or the names of a finding's states.

        Raises
        ------
        UnknownNameError
            the network has nothing of this id.

        """
        named = self._named[id_]
        states = named.states if isinstance(named, Finding) else ("absent", "present")
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

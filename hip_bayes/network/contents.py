"""All that a network file says, as one frozen record: read by `reading`, checked by `checks`, asked through `model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from .parts import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        Mention,
        Pattern,
        RedFlag,
        Setting,
        Source,
    )


@dataclass(frozen=True, eq=False, repr=False)
class Contents:
    """The parts of a network, by id and in file order; not checked here. networks/README.md says what each means."""

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
    patterns: Mapping[str, Pattern] = field(default_factory=Table)
    settings: Mapping[str, Setting] = field(default_factory=Table)
    mention: Mapping[str, Mention] = field(default_factory=Table)
    advice: tuple[Advice, ...] = ()
    prevention: tuple[str, ...] = ()
    everyone_has_a_cause: bool = True
    setting: str | None = None

    @cached_property
    def subtype_of(self) -> Mapping[str, str]:
        """Subtype id -> id of its cause."""
        return Table(((s, c.id) for c in self.causes.values() for s in c.subtypes), "subtype")

"""The causes in independent units: what makes exact inference cheaper than listing every set of causes.

Causes tied by an edge or by a shared mechanism form a unit; a unit's state is one joint assignment of its causes. Given
a cell (sex and age band) and the background that touches several units, units are independent of each other:

    P(states of all units | cell, k) = product over units of P_u(state | cell, k),   k: states of the shared background,

and a finding stays absent with (1 - leak) times a product of one factor a unit, so every table here has one number a
unit state. Background that touches one unit only is summed within it, weighted by what is known of it.
"""

from __future__ import annotations

import copy
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import NetworkTooLargeError
from hip_bayes.network.parts import SEXES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData

    from .noisy_or import Links
    from .priors import CausePrior

    Floats = NDArray[np.float64]
    Part = tuple[slice, tuple[int, ...]]
    """Where the states of a cause are among those linked to a finding, and the shape that puts them on its axis."""
    Layout = tuple[list[str], list[tuple[tuple[int, ...], list[Part], list[list[Part]]]]]
    """The linked states, subtypes or causes; for each unit its shape, parts on their own, parts by mechanism."""

MAX_TABLE_BYTES = 2**30


class Units:
    """The independent units of a network, and their tables.

    Attributes
    ----------
    causes
        the causes of each unit, parents first. The units that depend on the least shared background come first; the
        one with the most joint states comes last.
    sizes
        joint states of each unit; state 0 is "all its causes absent". Tables over "all states" have the units one
        after the other, each from its `start`.
    shared, depends, local
        background ids that touch several units; which of these touch each unit; those that touch it alone.
    signs, sign_given
        findings that speak of a background variable instead of causes -> that variable; -> P(sign absent or present |
        sex, the variable absent or present), shape (2, 2, 2).
    findings, children
        all other findings, in file order; finding -> those that have it as their parent.
    basis
        for each unit P(state | cell, shared background, local background), shape (cells, 2 ** shared, 2 ** local of
        the unit, states of the unit); the first background the slowest.
    log_absent
        log P(finding stays absent as far as a unit goes | state of the unit), shape (findings, all states).
    outputs, member
        ids of causes and subtypes, and whether each is present in a state, shape (outputs, all states).

    Raises
    ------
    NetworkTooLargeError
        a unit has so many causes or background variables that its tables would not fit in `MAX_TABLE_BYTES`.

    """

    def __init__(self, net: NetworkData, prior: CausePrior, links: Mapping[str, Links]) -> None:
        self.net = net
        self.prior = prior
        parts = _connected(net, prior)
        touched = {b: [c.id for c in net.causes.values() if b in c.odds_ratios] for b in net.background}
        card = {c.id: len(c.states) for c in net.causes.values()}
        shared_by = {b: sum(any(c in part for c in cs) for part in parts) for b, cs in touched.items()}
        self.shared = tuple(b for b, units in shared_by.items() if units > 1)

        def touching(part: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(b for b in self.shared if any(c in part for c in touched[b]))

        size = {part: prod(card[c] for c in part) for part in parts}
        parts.sort(key=lambda part: (len(touching(part)), -size[part]))
        largest = max(parts, key=size.__getitem__)
        self.causes = (*(part for part in parts if part != largest), largest)
        self.depends = tuple(touching(part) for part in self.causes)
        self.shape = tuple(tuple(card[c] for c in unit) for unit in self.causes)
        self.sizes = tuple(prod(shape) for shape in self.shape)
        self.start = (0, *np.cumsum(self.sizes, dtype=object).tolist())
        unit_of = {c: u for u, unit in enumerate(self.causes) for c in unit}
        self.local = tuple(
            tuple(b for b, tied in touched.items() if tied and b not in self.shared and tied[0] in unit)
            for unit in self.causes
        )
        self._check_size()
        self._layouts: dict[tuple[str, ...], Layout] = {}
        self.signs = {f.id: b for f in net.findings.values() if (b := f.sign_of(net.background))}
        self.findings = tuple(f for f in net.findings if f not in self.signs)
        self.children = {f: tuple(c for c in self.findings if links[c].parent == f) for f in self.findings}
        self.outputs = (*net.causes, *net.subtype_of)
        self.member = np.stack([self._member(id_, unit_of) for id_ in self.outputs])
        self._fill(prior, links)

    def with_numbers(self, prior: CausePrior, links: Mapping[str, Links]) -> Units:
        """Return the same units with the tables that other numbers make: of the same causes, parents and findings."""
        other = copy.copy(self)
        Units._fill(other, prior, links)
        return other

    def _fill(self, prior: CausePrior, links: Mapping[str, Links]) -> None:
        """Make every table that depends on the numbers."""
        if "basis" not in vars(self) or prior is not self.prior:
            self.prior = prior
            self.basis = tuple(self._basis(u) for u in range(len(self.causes)))
        self.links = links
        self.sign_given = {sign: self._sign(sign, b) for sign, b in self.signs.items()}
        self.log_absent = np.stack(
            [self._log_absent(f, links[f]) for f in self.findings] or [np.zeros((0, self.start[-1]))]
        ).reshape(len(self.findings), self.start[-1])

    def _check_size(self) -> None:
        cells, shared = len(self.prior.cells), 2 ** len(self.shared)
        of_unit = [cells * shared * 2 ** len(b) * n for b, n in zip(self.local, self.sizes, strict=True)]
        needed = 8 * (sum(of_unit) + len(self.net.findings) * self.start[-1])
        if needed > MAX_TABLE_BYTES:
            u = int(np.argmax(np.array(of_unit, dtype=float)))
            raise NetworkTooLargeError(
                f"{len(self.causes[u])} causes tied to each other by odds ratios or mechanisms have {self.sizes[u]:,} "
                f"joint states ({', '.join(self.causes[u][:6])}{', ...' if len(self.causes[u]) > 6 else ''}), with "
                f"{len(self.local[u])} background variables of their own and {len(self.shared)} shared ones; the "
                f"network's tables would take {needed / 2**30:,.1f} GiB; allowed: {MAX_TABLE_BYTES / 2**30:g} GiB. "
                "Tie fewer causes together, or use fewer background variables",
                key="causes",
            )

    def _basis(self, u: int) -> Floats:
        """P(state | cell, shared, local) of one unit."""
        net, prior = self.net, self.prior
        causes = self.causes[u]
        within = [b for b in self.local[u] if b in prior.shared]
        ordered = [*within, *(b for c in causes for b in prior.own_private[c])]
        # the configurations of prior.shared in which all that touches other units alone is absent
        pick = np.zeros((2,) * (len(self.shared) + len(within)), dtype=int)
        for axis, b in enumerate((*self.shared, *within)):
            bit = 2 ** (len(prior.shared) - 1 - prior.shared.index(b))
            pick += (np.arange(2) * bit).reshape([2 if a == axis else 1 for a in range(pick.ndim)])
        flat = pick.reshape(-1)
        joint = np.ones((len(prior.cells), len(flat), 1))  # (cells, configurations, private patterns, 2, 2, ...)
        for i, cause in enumerate(causes):
            p = np.moveaxis(prior.present(cause)[:, flat], -1, 2)
            axes = tuple(2 if c in prior.cause_parents[cause] else 1 for c in causes[:i])
            both = np.stack([1 - p, p], axis=-1).reshape(*p.shape[:2], 1, p.shape[2], *axes, 2)
            joint = joint[:, :, :, None, ..., None] * both
            joint = joint.reshape(*joint.shape[:2], -1, *joint.shape[4:])
        for axis, cause in enumerate(causes, start=3):
            if net.causes[cause].subtypes:
                shares = prior.shares[cause]
                none, some = np.split(joint, 2, axis=axis)
                sites = some * shares.reshape(-1, *(1,) * (joint.ndim - axis - 1))
                joint = np.concatenate([none, sites], axis=axis)
        cells, k, local = len(prior.cells), 2 ** len(self.shared), (2,) * len(ordered)
        joint = joint.reshape(cells, k, *local, self.sizes[u])
        order = [ordered.index(b) for b in self.local[u]]
        joint = joint.transpose(0, 1, *(2 + i for i in order), joint.ndim - 1)
        return np.ascontiguousarray(joint.reshape(cells, k, 2 ** len(ordered), self.sizes[u]))

    def _log_absent(self, finding: str, links: Links) -> Floats:
        """Log P(finding stays absent as far as a unit goes | state), over all states."""
        link, units = links.log_no_link, []
        key = (finding, *link)
        if key not in self._layouts:
            self._layouts[key] = self._layout(finding, links)
        sites, layout = self._layouts[key]
        factor = np.array([link.get(site, 0.0) for site in sites], dtype=float)
        for shape, single, mechanisms in layout:
            log = np.zeros(shape)
            for part, along in single:
                log += factor[part].reshape(along)
            for parts in mechanisms:
                strongest: Floats = np.zeros((1,) * len(shape))
                for part, along in parts:
                    strongest = np.minimum(strongest, factor[part].reshape(along))
                log += strongest
            units.append(log.reshape(-1))
        return np.concatenate(units)

    def _layout(self, finding: str, links: Links) -> Layout:
        """Return which states of causes have a link to a finding, and where these come in, unit by unit."""
        mechanisms = [m.causes for m in self.net.mechanisms.values() if finding in m.findings]
        together = {c for causes in mechanisms for c in causes}
        sites: list[str] = []
        layout = []
        for unit, shape in zip(self.causes, self.shape, strict=True):
            here: dict[str, Part] = {}
            for axis, cause in enumerate(unit):
                of_cause = tuple(self.net.causes[cause].subtypes) or (cause,)
                if links.log_no_link.keys().isdisjoint(of_cause):
                    continue  # a factor of 1
                start = len(sites)
                sites += ["", *of_cause]  # the first: the cause is absent
                along = tuple(n if a == axis else 1 for a, n in enumerate(shape))
                here[cause] = (slice(start, len(sites)), along)
            single = [part for cause, part in here.items() if cause not in together]
            layout.append((shape, single, [[here[c] for c in unit if c in here and c in cs] for cs in mechanisms]))
        return sites, layout

    def _sign(self, sign: str, background: str) -> Floats:
        """P(sign absent or present | sex, background variable absent or present)."""
        links, only = self.links[sign], self.net.findings[sign].sex
        log_absent = links.log_no_leak + np.array([0.0, links.log_no_link[background]])
        by_sex = np.stack([log_absent if only in (None, sex) else np.zeros(2) for sex in SEXES])
        return np.stack([np.exp(by_sex), -np.expm1(by_sex)])

    def _member(self, id_: str, unit_of: Mapping[str, int]) -> NDArray[np.bool_]:
        """Say in which of all states a cause or subtype is present."""
        cause = self.net.subtype_of.get(id_, id_)
        u = unit_of[cause]
        states = np.array([s == id_ if id_ != cause else s != "absent" for s in self.net.causes[cause].states])
        along = states.reshape([-1 if c == cause else 1 for c in self.causes[u]])
        there = np.zeros(self.start[-1], dtype=bool)
        there[self.start[u] : self.start[u + 1]] = np.broadcast_to(along, self.shape[u]).reshape(-1)
        return there


def _connected(net: NetworkData, prior: CausePrior) -> list[tuple[str, ...]]:
    """Return the causes in groups tied by edges or mechanisms, each in the prior's order."""
    ties = [{cause, *prior.cause_parents[cause]} for cause in prior.order]
    ties += [set(m.causes) for m in net.mechanisms.values()]
    parts: list[set[str]] = []
    for tie in ties:
        parts = [*(p for p in parts if not p & tie), tie.union(*(p for p in parts if p & tie))]
    return [tuple(c for c in prior.order if c in part) for part in parts]

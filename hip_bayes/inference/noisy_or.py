"""Noisy-OR links from published numbers: P(finding | cause alone) and leak in, link strengths out.

The leaky noisy-OR (Henrion, UAI 1987; Pearl 1988) with sensitivities given as Diez reads them: P(finding | only this
cause present), base rate included. networks/README.md has the formulas, with a parent finding and without.

A link is kept as the log of what it leaves of the finding's absence, log(1 - link). A link next to 1 has lost the
digits of what it leaves, and what a link next to 0 leaves has lost those of the link; the log has both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import NetworkError, NetworkTooLargeError
from hip_bayes.network.parts import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import Finding, FindingParent

    Floats = NDArray[np.float64]


MAX_DEPTH = 100
"""How many findings may hang on one another in a row."""


@dataclass(frozen=True, slots=True)
class Links:
    """How a finding depends on its parents.

    ``log P(finding absent | S, g) = log_no_leak + sum over S of log_no_link (+ log(1 - effect) if g is present)``
    """

    log_no_leak: float
    """log(1 - leak), at most 0"""
    log_no_link: Mapping[str, float]
    """subtype, cause without any or (for a sign) background id -> log(1 - link), at most 0"""
    parent: str | None = None
    effect: float = 0.0


@dataclass(frozen=True, slots=True)
class LogLinks:
    """The links of every finding as logs, of one network or of many: by finding, shape (..., 1) or (..., sites).

    `no_leak` and `no_link` as in `Links`, NaN where a finding does not list a site; `raised` is
    log P(finding absent | this site alone) - log(1 - its stated leak).
    """

    no_leak: dict[str, Floats]
    no_link: dict[str, Floats]
    raised: dict[str, Floats]


def sites_of(net: NetworkData) -> list[tuple[str, str]]:
    """Return whatever a finding may have a link to: (subtype, its cause), or twice the cause or background variable."""
    sites = [(s, c.id) for c in net.causes.values() for s in (c.subtypes or (c.id,))]
    return [*sites, *((b, b) for b in net.background)]


def derive_links(net: NetworkData) -> dict[str, Links]:
    """Return the links of every finding; NetworkError where a parent's effect leaves no room for one.

    NetworkTooLargeError where more than `MAX_DEPTH` findings hang on one another in a row.
    """
    sites = sites_of(net)
    leak = {f.id: np.array([f.leak.p]) for f in net.findings.values()}
    given = {
        f.id: np.array([n.p if (n := f.given.get(site) or f.given.get(cause)) else math.nan for site, cause in sites])
        for f in net.findings.values()
    }
    effect = {f.id: np.array([f.parent.effect.p]) for f in net.findings.values() if f.parent}
    found = log_links(net, leak, given, effect)
    links = {}
    for f in net.findings.values():
        if f.parent:
            _check_effect(
                f,
                f.parent,
                net.findings[f.parent.finding].leak.p,
                zip(sites, found.raised[f.parent.finding].tolist(), strict=True),
            )
        no_link = zip(sites, found.no_link[f.id].tolist(), strict=True)
        links[f.id] = Links(
            log_no_leak=float(found.no_leak[f.id][0]),
            log_no_link={site: log for (site, _), log in no_link if not math.isnan(log)},
            parent=f.parent.finding if f.parent else None,
            effect=f.parent.effect.p if f.parent else 0.0,
        )
    return links


def log_links(
    net: NetworkData,
    leak: Mapping[str, Floats],
    given: Mapping[str, Floats],
    effect: Mapping[str, Floats],
    least: float = 0.0,
) -> LogLinks:
    """Return the links that numbers make, whatever would come out negative as 0.

    Parameters
    ----------
    net
        the network, whose own numbers are not looked at.
    leak, effect
        by finding, shape (..., 1); an effect for those with a parent.
    given
        P(finding | this site alone) by finding, shape (..., sites) as `sites_of` has them, NaN where not stated.
    least
        what a leak is at least once that of the parent is taken out.

    """
    found = LogLinks({}, {}, {})
    for f, parents in _parents_first(net).items():
        own = np.log1p(-leak[f])
        by_parent: Floats | float = 0.0  # what a site does to the parent, and this to the finding, as `raised`
        for g in parents:
            spared = (1 - effect[f]) + effect[f] * (1 - leak[g])
            own = own - _log_left(effect[f] * leak[g], spared)
            by_absence = effect[f] * (1 - leak[g]) / spared
            left = (1 - effect[f]) / spared + by_absence * np.exp(found.raised[g])
            by_parent = _log_left(-by_absence * np.expm1(found.raised[g]), left)
        found.no_leak[f] = np.minimum(own, -least)
        without = by_parent + (found.no_leak[f] - own)
        stated = _log_left((given[f] - leak[f]) / (1 - leak[f]), (1 - given[f]) / (1 - leak[f]))
        found.no_link[f] = np.minimum(stated - without, 0.0)
        found.raised[f] = np.where(np.isnan(stated), without, np.minimum(stated, without))
    return found


def _parents_first(net: NetworkData) -> dict[str, list[str]]:
    """Return the parent of each finding, none or one, parents before their children."""
    parents = {f.id: [f.parent.finding] if f.parent else [] for f in net.findings.values()}
    depth: dict[str, int] = {}
    for f in TopologicalSorter(parents).static_order():
        depth[f] = 1 + sum(depth[g] for g in parents[f])
        if depth[f] > MAX_DEPTH:
            raise NetworkTooLargeError(
                f"{depth[f]} findings in a row, each the parent of the next; allowed: {MAX_DEPTH}. Leave one out",
                key=f"findings.{f}.parent.finding",
            )
    return {f: parents[f] for f in depth}


def _log_left(taken: Floats, left: Floats) -> Floats:
    """Return log(left), where left = 1 - taken and each is known to all its digits."""
    log: Floats = np.where(taken < 0.5, np.log1p(-np.minimum(taken, 0.5)), np.log(left))
    return log


def _check_effect(
    finding: Finding, parent: FindingParent, parent_leak: float, raised: Iterable[tuple[tuple[str, str], float]]
) -> None:
    """Refuse an effect of a finding's parent that leaves a negative link; `raised` is of the parent, by site."""
    leak = finding.leak.p
    largest, limit = min(1.0, leak / parent_leak), "the leak"
    for (site, cause), more in raised:
        if number := finding.given.get(site) or finding.given.get(cause):
            # 0 <= link  <=>  effect * ((1 - leak) parent_p - (1 - p) parent_leak) <= p - leak
            room = number.p - leak
            slope = (1 - leak) * (1 - parent_leak) * -math.expm1(more) + parent_leak * room
            if slope > 0 and room / slope < largest:
                largest, limit = room / slope, f"given.{site}"
    if parent.effect.p > largest * (1 + ROUNDING):
        raise NetworkError(
            f"the effect of {parent.finding!r} is {parent.effect.p:g}, which leaves a negative link at {limit}; "
            f"allowed: at most {math.floor(largest * 1e6) / 1e6:.6f}",
            key=f"findings.{finding.id}.parent.effect",
        )

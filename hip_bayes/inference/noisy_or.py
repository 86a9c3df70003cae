"""Noisy-OR links from published numbers: P(finding | cause alone) and leak in, link strengths out.

The leaky noisy-OR (Henrion, UAI 1987; Pearl 1988) with sensitivities given as Diez reads them: P(finding | only this
cause present), base rate included. networks/README.md has the formulas, with a parent finding and without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hip_bayes.errors import NetworkError
from hip_bayes.network.parts import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import Finding


@dataclass(frozen=True, slots=True)
class Links:
    """How a finding depends on its parents.

    ``P(finding absent | S, g) = (1 - leak) * prod over S of (1 - link) * (1 - effect if g is present)``
    """

    leak: float
    link: Mapping[str, float]
    """cause, subtype or (for a sign) background id -> link strength in [0, 1)"""
    parent: str | None = None
    effect: float = 0.0


def derive_links(net: NetworkData) -> dict[str, Links]:
    """Return the links of every finding; NetworkError where a parent's effect leaves no room for one."""
    links: dict[str, Links] = {}

    def marginal(finding: Finding, site: str | None) -> float:
        """P(finding | only `site` present), with its own parents averaged out; None: no linked cause."""
        if site is not None:
            number = finding.given.get(site) or finding.given.get(net.subtype_of.get(site, site))
            if number:
                return number.p
        if finding.parent is None or site is None:
            return finding.leak.p
        own = links_of(finding)
        return 1 - (1 - own.leak) * (1 - own.effect * marginal(net.findings[finding.parent.finding], site))

    def links_of(finding: Finding) -> Links:
        if finding.id not in links:
            links[finding.id] = _derive(net, finding, marginal)
        return links[finding.id]

    for finding in net.findings.values():
        links_of(finding)
    return links


def _derive(net: NetworkData, finding: Finding, marginal: _Marginal) -> Links:
    leak = finding.leak.p
    if finding.parent is None:
        return Links(leak, {site: (n.p - leak) / (1 - leak) for site, n in finding.given.items()})
    parent = net.findings[finding.parent.finding]
    effect = finding.parent.effect.p
    parent_leak = marginal(parent, None)
    # a cause listed as a whole here may be listed by subtype further up: then each subtype has its own link
    sites: dict[str, tuple[float, float]] = {}
    for site, number in finding.given.items():
        subtypes = net.causes[site].subtypes if site in net.causes else ()
        for part in subtypes or (site,):
            sites[part] = (number.p, marginal(parent, part))
    largest = min(1.0, leak / parent_leak)
    limit = "the leak"
    for site, (p, parent_p) in sites.items():
        # 0 <= link  <=>  effect * ((1 - leak) parent_p - (1 - p) parent_leak) <= p - leak
        slope = (1 - leak) * parent_p - (1 - p) * parent_leak
        if slope > ROUNDING and (p - leak) / slope < largest:
            largest, limit = (p - leak) / slope, f"given.{site}"
    if effect > largest * (1 + ROUNDING):
        raise NetworkError(
            f"the effect of {parent.id!r} is {effect:g}, which leaves a negative link at {limit}; "
            f"allowed: at most {math.floor(largest * 1e6) / 1e6:.6f}",
            key=f"findings.{finding.id}.parent.effect",
        )
    own = max(0.0, (leak - effect * parent_leak) / (1 - effect * parent_leak))
    link = {}
    for s, (p, parent_p) in sites.items():
        without = own + effect * parent_p * (1 - own)  # P(finding | s alone) if s itself had no link to it
        link[s] = max(0.0, (p - without) / (1 - without))
    return Links(own, link, parent.id, effect)


if TYPE_CHECKING:
    from collections.abc import Callable

    _Marginal = Callable[[Finding, str | None], float]

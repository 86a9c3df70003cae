"""Exact inference: enumerate every set of causes as one vector.

A state is one joint assignment of all causes (absent, present or a subtype). For a case,

    log P(state, evidence) = log P(state, background evidence) + sum over findings of log P(finding | state),

the first term a vector over states made once for each pattern of background evidence, the second a sum of vectors
made once a network. Unknown findings cost nothing: they sum to one. Everything is in log space, so no number of
findings underflows; nothing is approximate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from .errors import EvidenceError, NetworkTooLargeError
from .links import derive_links
from .parts import SEXES
from .priors import CausePrior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from .evidence import Case
    from .links import Links
    from .model import Network

    Floats = NDArray[np.float64]
    BackgroundEvidence = tuple[tuple[str, tuple[tuple[float, ...], ...]], ...]

MAX_TABLE_BYTES = 2**30
PRIOR_CACHE = 256


@dataclass(frozen=True, slots=True)
class Posterior:
    """P(present | evidence) of every cause, subtype and group, and log P(evidence | population)."""

    probability: Mapping[str, float]
    log_evidence: float


class Engine:
    """A network compiled for exact inference.

    Parameters
    ----------
    net
        the network; it is not changed, and the engine never changes after it is made.

    Raises
    ------
    NetworkTooLargeError
        its states and findings would not fit in `MAX_TABLE_BYTES`.
    NetworkError
        its priors have no solution, or a finding parent's effect is too large.

    """

    def __init__(self, net: Network) -> None:
        self.net = net
        self.shape = tuple(len(c.states) for c in net.causes.values())
        states = int(np.prod(self.shape, dtype=object))
        table_bytes = 16 * states * max(1, len(net.findings))
        if table_bytes > MAX_TABLE_BYTES:
            raise NetworkTooLargeError(
                f"{len(net.causes)} causes make {states:,} joint states; with {len(net.findings)} findings their "
                f"tables would take {table_bytes / 2**30:,.1f} GiB; allowed: {MAX_TABLE_BYTES / 2**30:g} GiB. "
                "Use fewer causes",
                key="causes",
            )
        self.prior = CausePrior(net)
        self.links = derive_links(net)
        self._axis = {c: i for i, c in enumerate(net.causes)}
        self._children = {f: [c for c in net.findings if self.links[c].parent == f] for f in net.findings}
        self._log_absent, self._log_present = {}, {}
        self.signs = {f.id: b for f in net.findings.values() if (b := f.sign_of(net.background))}
        """Findings that speak of a background variable instead of causes -> that variable."""
        for finding in net.findings:
            if finding in self.signs:
                continue
            self._log_absent[finding] = self._absent(finding).reshape(-1)
            if self.links[finding].parent is None:  # else it depends on the parent and is made when asked for
                self._log_present[finding] = np.log(-np.expm1(self._log_absent[finding]))
        self._components = self._split()
        self.log_prior = lru_cache(maxsize=PRIOR_CACHE)(self._log_prior)
        """Sex, age band and `background_evidence` -> log P(state, those | population) by state, cached."""

    def posterior(self, case: Case) -> Posterior:
        """Return the exact posterior of a case; the same case gives the same bits whenever and wherever asked.

        Raises
        ------
        EvidenceError
            what was said cannot happen together under this network (its probability is 0).

        """
        net = self.net
        log_p = self.log_prior(case.sex, case.band, self.background_evidence(case)).copy()
        evidence = case.findings
        for finding in net.findings:  # in file order, so that the order of the case's facts cannot matter
            if finding not in self.signs and self.links[finding].parent is None and self._informed(finding, evidence):
                log_p += self._log_likelihood(finding, evidence)[0]
        top = log_p.max()
        if top == -np.inf:
            raise EvidenceError(
                f"{', '.join(evidence)} cannot be as they were said together under the network {net.id!r} "
                "(probability 0); check the answers, or say how sure they are with numbers between 0 and 1"
            )
        p = np.exp(log_p - top)
        total = float(p.sum())
        joint = (p / total).reshape(self.shape)
        return Posterior(self._marginals(joint), min(0.0, float(top + np.log(total))))

    def background_evidence(self, case: Case) -> BackgroundEvidence:
        """Return what is known of background variables and their signs, as one hashable key in file order.

        Background id -> for each sex, the likelihood of it if the variable is absent, and if it is present.
        """
        likelihood = {b: np.tile([1 - x, x], (len(SEXES), 1)) for b, x in case.background.items()}
        for sign, b in self.signs.items():
            if sign in case.findings:
                x, links, only = case.findings[sign], self.links[sign], self.net.findings[sign].sex
                p = np.array([links.leak, 1 - (1 - links.leak) * (1 - links.link[b])])  # P(sign | b absent, present)
                by_sex = np.stack([p if only in (None, sex) else np.zeros(2) for sex in SEXES])
                likelihood[b] = likelihood.get(b, 1.0) * (x * by_sex + (1 - x) * (1 - by_sex))
        return tuple((b, tuple(map(tuple, likelihood[b].tolist()))) for b in self.net.background if b in likelihood)

    def _marginals(self, joint: Floats) -> dict[str, float]:
        """P of every cause, subtype and group from the joint distribution over states."""
        out: dict[str, float] = {}
        axes = range(joint.ndim)
        for cause, axis in self._axis.items():
            by_state = joint.sum(axis=tuple(a for a in axes if a != axis))
            out[cause] = min(1.0, float(by_state[1:].sum()))
            for subtype, p in zip(self.net.causes[cause].subtypes, by_state[1:], strict=False):
                out[subtype] = float(p)
        for group in self.net.groups.values():
            members = [self._axis[m] for m in group.members]
            kept = joint.sum(axis=tuple(a for a in axes if a not in members))
            out[group.id] = min(1.0, float(kept.reshape(-1)[1:].sum()))  # the first entry: every member absent
        return out

    # ------------------------------------------------------------------------------------------------- findings

    def _absent(self, finding: str) -> Floats:
        """Log P(finding absent | state, parent finding absent), shape of the joint states."""
        links = self.links[finding]
        mechanisms = [m.causes for m in self.net.mechanisms.values() if finding in m.findings]
        together = {c for causes in mechanisms for c in causes}
        log_absent = np.full(self.shape, np.log1p(-links.leak))
        for cause in self.net.causes:
            if cause not in together:
                log_absent += self._log_factor(links, cause)
        for causes in mechanisms:
            strongest: Floats = np.zeros((1,) * len(self.shape))
            for cause in causes:
                strongest = np.minimum(strongest, self._log_factor(links, cause))
            log_absent += strongest
        return log_absent

    def _log_factor(self, links: Links, cause: str) -> Floats:
        """Log(1 - link) of each state of a cause, along the axis of that cause."""
        subtypes = tuple(self.net.causes[cause].subtypes) or (cause,)
        whole = links.link.get(cause, 0.0)
        factor: Floats = np.log1p(-np.array([0.0, *(links.link.get(s, whole) for s in subtypes)]))
        shape = [1] * len(self.shape)
        shape[self._axis[cause]] = len(factor)
        along: Floats = factor.reshape(shape)
        return along

    def _informed(self, finding: str, evidence: Mapping[str, float]) -> bool:
        """Say whether anything is known of a finding or of one that depends on it."""
        return finding in evidence or any(self._informed(c, evidence) for c in self._children[finding])

    def _log_likelihood(
        self, finding: str, evidence: Mapping[str, float], effects: tuple[float, ...] = (0.0,)
    ) -> list[Floats]:
        """Log P(evidence on a finding and all that depend on it | state), the unknown summed.

        One vector over states for each of `effects`: what its parent finding adds, 0 where that is absent.
        """
        below = [
            self._log_likelihood(c, evidence, (0.0, self.links[c].effect))
            for c in self._children[finding]
            if self._informed(c, evidence)
        ]
        x = evidence.get(finding)
        out = []
        for effect in effects:
            log_absent, log_present = self._log_absent[finding], self._log_present.get(finding)
            if effect:
                log_absent = log_absent + np.log1p(-effect)
            if effect or log_present is None:
                with np.errstate(divide="ignore"):  # a parent's effect can be all there is: then without it, never
                    log_present = np.log(-np.expm1(log_absent))
            terms = []  # of the finding absent and present, as far as the evidence allows both
            if x != 1:
                start = log_absent if x is None else log_absent + np.log1p(-x)
                terms.append(sum((absent for absent, _ in below), start))
            if x != 0:
                start = log_present if x is None else log_present + np.log(x)
                terms.append(sum((present for _, present in below), start))
            out.append(terms[0] if len(terms) == 1 else np.logaddexp(*terms))
        return out

    # --------------------------------------------------------------------------------------------------- prior

    def _split(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Divide the causes into two blocks with no edge between them, as even as the edges allow."""
        components: list[set[str]] = []
        for cause in self.prior.order:
            tied = {cause, *self.prior.cause_parents[cause]}
            apart = [c for c in components if not c & tied]
            components = [*apart, tied.union(*(c for c in components if c & tied))]
        blocks: tuple[set[str], set[str]] = (set(), set())
        for component in sorted(components, key=lambda c: (-len(c), min(self._axis[x] for x in c))):
            min(blocks, key=len).update(component)
        first, second = (tuple(c for c in self.prior.order if c in block) for block in blocks)
        return first, second

    def _log_prior(self, sex: str | None, band: str | None, background: BackgroundEvidence) -> Floats:
        """Log P(state, cell and background evidence | population), summed over all that is unknown."""
        prior = self.prior
        cells = np.array([i for i, (s, b) in enumerate(prior.cells) if sex in (None, s) and band in (None, b)])
        known = dict(background)
        sexes = np.array([SEXES.index(prior.cells[i][0]) for i in cells])
        weight = {}
        for b, q in prior.prevalence.items():
            absent, present = np.array(known[b])[sexes].T if b in known else (1.0, 1.0)
            weight[b] = np.stack([absent * (1 - q[cells]), present * q[cells]])
        by_cell = prior.weights[cells] / prior.any_cause[cells]
        for b in prior.idle:
            by_cell = by_cell * weight[b].sum(axis=0)
        mixture = by_cell[:, None] * prior.pattern_weights(prior.shared, weight)  # (cells, configurations)
        mixture = np.broadcast_to(mixture, (len(cells), len(prior.configurations)))
        first, second = (self._block(block, cells, weight) for block in self._components)
        joint = np.einsum("ksi,ksj->ij", mixture[..., None] * first, second)  # not matmul: same bits for any threads
        order = [c for block in self._components for c in block]
        joint = joint.reshape((2,) * len(order)).transpose([order.index(c) for c in self.net.causes])
        if self.net.everyone_has_a_cause:
            joint[(0,) * joint.ndim] = 0.0
        for axis, cause in enumerate(self.net.causes.values()):
            if cause.subtypes:
                shares = np.array([s.share.p for s in cause.subtypes.values()])
                none, some = np.split(joint, 2, axis=axis)
                sites = some * shares.reshape(-1, *(1,) * (joint.ndim - axis - 1))
                joint = np.concatenate([none, sites], axis=axis)
        with np.errstate(divide="ignore"):  # the state without any cause, where everyone has one
            log: Floats = np.log(joint).reshape(-1)
        log.flags.writeable = False
        return log

    def _block(self, causes: tuple[str, ...], cells: NDArray[np.intp], weight: Mapping[str, Floats]) -> Floats:
        """P(presence of a block of causes | cell, configuration), private background summed with its evidence.

        Shape (cells, configurations, 2 ** causes), the first cause the slowest.
        """
        prior = self.prior
        joint: Floats = np.ones((len(cells), len(prior.configurations)))
        for i, cause in enumerate(causes):
            p = prior.present(cause, cells)
            private = prior.pattern_weights(prior.own_private[cause], weight)
            private = np.broadcast_to(private, (len(cells), p.shape[-1]))
            both = np.stack([np.einsum("k...l,kl->k...", q, private) for q in (1 - p, p)], axis=-1)
            parents = prior.cause_parents[cause]
            axes = tuple(2 if c in parents else 1 for c in causes[:i])
            joint = joint[..., None] * both.reshape(*both.shape[:2], *axes, 2)
        flat: Floats = joint.reshape(len(cells), len(prior.configurations), -1)
        return flat

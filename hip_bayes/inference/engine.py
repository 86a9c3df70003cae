"""The compiled network: what answers a case, and a table of them, exactly."""

from __future__ import annotations

from functools import cached_property
from math import log, prod
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import EvidenceError, NetworkTooLargeError

from .enumeration import SMALLEST, Enumeration, Posterior, impossible, two_blocks
from .evidence import Cases
from .noisy_or import derive_links
from .priors import CausePrior
from .units import MAX_TABLE_BYTES, Units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hip_bayes.errors import HipBayesError
    from hip_bayes.network.model import NetworkData

    from .coverage import Coverage
    from .evidence import Case

    Floats = NDArray[np.float64]

MAX_ENUMERATED_BYTES = 2**28
"""The most that one matrix over all joint states a finding may take: above, covering is also faster."""
MAX_OPERATIONS = 2e10
"""The most to spend on one case: some ten seconds."""
MOST_OPERATIONS = 9e10
"""The most to spend on one call that takes many posteriors: about half a minute."""
A_CASE, A_TABLE, A_BLOCK, A_BASIS, A_NUMBER, A_BYTE = 1e5, 20, 40, 200, 400, 3
"""In operations, measured: what a posterior costs besides passes over matrices; a state of a table of a finding made
anew, of a block of units, a number of a unit's basis or of those that solving goes through; a byte of coverage."""
TOO_UNLIKELY = "probability 0, or too small to be computed exactly with so many causes"
ENUMERATING_A_CASE, ENUMERATING_A_STATE = 5e5, 5.0
"""What enumeration costs in operations of `coverage`: a case, and a state and table of it. Measured; only for speed."""


class Engine:
    """A network compiled for exact inference.

    Parameters
    ----------
    net
        the network; it is not changed. Tables are made when first needed and then kept.
    prior
        its solved prior, where that is known already (findings do not change it); None: it is solved.

    Raises
    ------
    NetworkTooLargeError
        too many causes are tied together for any exact method here.
    NetworkError
        its priors have no solution, or a finding parent's effect is too large.

    """

    def __init__(self, net: NetworkData, *, prior: CausePrior | None = None) -> None:
        self.net = net
        self.prior = prior or CausePrior(net)
        self.links = derive_links(net)
        self.units = Units(net, self.prior, self.links)
        self.states = prod(self.units.sizes)
        """How many joint states the causes have."""
        self.mixed: int = 2 ** len(self.units.shared)
        """How many states of shared background are mixed in each cell of sex and age band."""
        self._blocks = [prod(self.units.sizes[u] for u in block) for block in two_blocks(self.units.sizes)]
        self.enumerable = (
            8 * self.states * max(1, len(net.findings)) <= MAX_ENUMERATED_BYTES
            and self._to_list_prior(len(self.prior.cells)) <= MAX_OPERATIONS
            and 3 * 8 * len(self.prior.cells) * self.mixed * max(self._blocks) <= MAX_TABLE_BYTES
        )
        """Whether all sets of causes are listed: over them the tables of all findings fit in `MAX_ENUMERATED_BYTES`,
        and the prior takes at most `MAX_OPERATIONS` and `MAX_TABLE_BYTES`."""

    @cached_property
    def enumeration(self) -> Enumeration:
        """The engine for one case: every set of causes listed.

        Raises NetworkTooLargeError where they are too many to list.
        """
        if not self.enumerable:
            mixed = f", each for {self.mixed:,} states of shared background" if self.mixed > 1 else ""
            raise NetworkTooLargeError(
                f"what was asked for needs a list of all sets of the {len(self.net.causes)} causes, "
                f"{float(self.states):.2g} joint states{mixed}; allowed: as many as leave the tables of all findings "
                f"below {MAX_ENUMERATED_BYTES / 2**20:g} MiB and the prior below {MAX_OPERATIONS:.2g} operations. "
                "`diagnose` and `diagnose_many` answer such a network too"
            )
        return Enumeration(self.units)

    @cached_property
    def coverage(self) -> Coverage:
        """The engine for many cases, and for networks too large to enumerate. Compiled code: slow to import."""
        from .coverage import Coverage

        return Coverage(self.units)

    def posterior(self, case: Case) -> Posterior:
        """Return the exact posterior of a case; the same case gives the same bits whenever and wherever asked.

        Raises
        ------
        EvidenceError
            what was said cannot happen together under this network (its probability is 0).
        NetworkTooLargeError
            the network is too large to enumerate and the case has too many findings for the other way.

        """
        if self.enumerable:
            return self.enumeration.posterior(case)
        units = self.units
        if case.silence.whole:
            raise self._too_large_for_silence()
        cases = Cases.of(case, self.net)
        for refusal in self._refused(cases).values():
            raise refusal
        joint, evidence, log_factor = (x[0] for x in self.coverage.solve(cases))
        if evidence < SMALLEST:
            raise impossible(units, case, TOO_UNLIKELY)
        found = dict(zip(units.outputs, np.minimum(joint / evidence, 1.0).tolist(), strict=True))
        for group in self.net.groups.values():
            without = ~units.member[[units.outputs.index(m) for m in group.members]].any(axis=0)
            _, none, _ = self.coverage.solve(cases, without.astype(float))
            found[group.id] = float(np.clip(1 - none[0] / evidence, 0.0, 1.0))  # to 1e-15, if not to all its digits
        return Posterior(found, min(0.0, log(evidence) + float(log_factor)))

    def posteriors(self, cases: Cases) -> tuple[Floats, Floats, dict[int, HipBayesError]]:
        """Return the exact posteriors of many cases, and what is wrong with those that have none.

        Returns
        -------
        numpy.ndarray
            P(present | evidence), shape (cases, `units.outputs`: causes and subtypes), NaN where there is none. The
            bits of a row depend on that row alone.
        numpy.ndarray
            log P(evidence | population), shape (cases,), NaN where there is none.
        dict
            number of the case -> the EvidenceError or NetworkTooLargeError that `posterior` would raise.

        """
        errors: dict[int, HipBayesError] = {}
        silent = np.array([bool(s.whole) for s in cases.silence], dtype=bool) if cases.silence is not None else False
        probability = np.full((len(cases), len(self.units.outputs)), np.nan)
        log_evidence = np.full(len(cases), np.nan)
        if self.enumerable:
            tables = 3 + (cases.findings > 0).sum(axis=1)
            covered = (
                self.coverage.cost(cases).operations <= ENUMERATING_A_CASE + ENUMERATING_A_STATE * self.states * tables
            )
        else:
            errors |= self._refused(cases)
            errors |= dict.fromkeys(np.flatnonzero(silent).tolist(), self._too_large_for_silence())
            covered = ~np.isin(np.arange(len(cases)), list(errors))
        rows = np.flatnonzero(covered & ~np.asarray(silent))
        joint, evidence, log_factor = self.coverage.solve(cases.rows(rows))
        sure = evidence >= SMALLEST
        log_evidence[rows[sure]] = np.log(evidence[sure]) + log_factor[sure]
        probability[rows[sure]] = np.minimum(joint[sure] / evidence[sure, None], 1.0)
        left = np.setdiff1d(np.arange(len(cases)), rows[sure])
        for i in left.tolist():
            if i in errors:
                continue
            case = cases.case(i, self.net)
            if not self.enumerable:
                errors[i] = impossible(self.units, case, TOO_UNLIKELY)
                continue
            try:
                found = self.enumeration.posterior(case)
            except EvidenceError as error:
                errors[i] = error
            else:
                probability[i] = [found.probability[id_] for id_ in self.units.outputs]
                log_evidence[i] = found.log_evidence
        return probability, log_evidence, errors

    def operations(self, case: Case) -> float:
        """Return about how many operations a posterior takes, tables and prior made already."""
        if self.enumerable:
            return A_CASE + A_BLOCK * sum(self._blocks) + self.states * (4 + len(case.findings))
        cost = self.coverage.cost(Cases.of(case, self.net))
        return float(cost.operations[0] + A_BYTE * cost.memory[0])

    def operations_of_prior(self, case: Case) -> float:
        """Return about how many operations listing takes to make the prior of a case, once for the same background."""
        return self._to_list_prior(self._cells(case)) if self.enumerable else 0.0

    def _to_list_prior(self, cells: int) -> float:
        mixing = cells * self.mixed * (self.states / 2 + A_BLOCK * sum(self._blocks))
        return 5 * A_CASE + 4 * self.states + mixing

    def operations_of_basis(self, case: Case) -> float:
        """Return about how many operations the units' tables of the priors of a case take with other numbers."""
        by_cell = sum(table.size for table in self.units.basis) / len(self.prior.cells)
        return float(A_BASIS * self._cells(case) * by_cell)

    def operations_anew(self, case: Case) -> float:
        """Return about how many operations it takes to list a case with other numbers."""
        tables = A_CASE + A_BLOCK * sum(self._blocks) + self.states * (4 + A_TABLE * len(case.known))
        return self.operations_of_basis(case) + self._to_list_prior(self._cells(case)) + tables

    def _cells(self, case: Case) -> int:
        return len(self.prior.cells_of(case.sex, case.band))

    def too_much(self, operations: float) -> float:
        """Return how many times more that is than one call may take; up to 1 it is not."""
        return operations / MOST_OPERATIONS

    def afford(self, what: str, operations: float, instead: str) -> None:
        """Refuse what takes more than `MOST_OPERATIONS`: say what it would take, and what to do `instead`."""
        if self.too_much(operations) > 1:
            mixed = f", {self.mixed:,} states of shared background" if self.mixed > 1 else ""
            raise NetworkTooLargeError(
                f"{what} would take {operations:.2g} operations with {len(self.net.causes)} causes "
                f"({float(self.states):.2g} joint states{mixed}); allowed: {MOST_OPERATIONS:.2g}, about half a minute. "
                f"{instead}"
            )

    def _too_large_for_silence(self) -> NetworkTooLargeError:
        return NetworkTooLargeError(
            "what a story passes over in silence says something of nearly every finding, which needs a list of all "
            f"sets of the {len(self.net.causes)} causes, {float(self.states):.2g} joint states: more than fit; "
            "allowed: account='asked'"
        )

    def _refused(self, cases: Cases) -> dict[int, HipBayesError]:
        """Return the cases that would take too long or too much memory, with the figure.

        No answer is given without its triage, which takes every set of the present worrying findings as unknown: half
        the operations of the case itself for each of them, a quarter for each pair, ...
        """
        cost = self.coverage.cost(cases)
        worrying = [f.worrying for f in self.net.findings.values()]
        sets = 1.5 ** ((cases.findings == 1.0) & worrying).sum(axis=1) if self.net.hazards else 1.0
        operations = cost.operations * sets
        errors: dict[int, HipBayesError] = {}
        for i in np.flatnonzero((operations > MAX_OPERATIONS) | (cost.memory > MAX_TABLE_BYTES)).tolist():
            errors[i] = NetworkTooLargeError(
                f"{cost.bits[i]} findings that are present or not certain, and {cost.parts[i]:.2g} ways that unknown "
                f"findings above others may be, with {len(self.net.causes)} causes too many to list "
                f"({float(self.states):.2g} joint states), would take {operations[i]:.2g} operations and "
                f"{cost.memory[i] / 2**30:,.1f} GiB; allowed: {MAX_OPERATIONS:.2g} and {MAX_TABLE_BYTES / 2**30:g} "
                "GiB. Leave out the findings that say least, or say whether those above them are there"
            )
        return errors


def engine_of(net: NetworkData) -> Engine:
    """Return the network compiled for exact inference; made once a network.

    Raises what `Engine` does.
    """
    return net.once(Engine)

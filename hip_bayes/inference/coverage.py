"""Exact inference for many cases: add up which findings the causes account for, one unit of causes after the other.

The *own cover* of a finding says that a cause or the leak has produced it. For the findings of a case that are not
plainly absent, let C be the set of those covered so far. Taking the units (see `units`) one by one, with f_s(X) the
probability that a unit in state s covers the set X and nothing else of these,

    D'(C') = sum over states s of P_u(s) * sum over C, X with C | X = C' of D(C) * f_s(X),

which needs for each s one pass over C a finding. A finding that is absent multiplies P_u(s) instead, an unknown one
costs nothing unless another hangs on it. What is known of a finding weighs its two possibilities, covered or not. The
same recursion run backwards gives the probability of every state of every unit. Every term is a product of
probabilities and nothing is subtracted, so nothing cancels; time grows with 2 ** findings present and with the *sum* of
the units' states, not with 2 ** causes. This is variable elimination that exploits the causal independence of the
noisy-OR (Zhang and Poole, JAIR 5:301, 1996; Heckerman and Breese, IEEE Trans. SMC-A 26:826, 1996), which the
inclusion-exclusion of Quickscore (Heckerman, UAI 1989) turns into differences.

A parent finding makes its children hang on its state: where that is not known, their absence is evidence against it,
and where others are known the case is split in two.

Numbers are added and multiplied in an order that depends on the case alone, and compiled without reassociation, so a
case has the same bits in whatever order, company, thread or process it is computed, on processors of one kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.network.parts import SEXES

from . import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .evidence import Cases
    from .units import Units

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LEAST = -1e300
"""Below every log of a probability but that of 0."""
LANES = 48
"""How many cases are computed side by side, so that the processor's vector units have work."""
WORKSPACE = 2**26
"""Bytes of tables for the cases side by side, and for the background of all: with more needed, fewer at a time."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What cases would take, each an array of shape (cases,).

    Attributes
    ----------
    operations, memory
        about how many multiplications; about how many bytes.
    parts
        how many parts a case is split into.
    bits
        the most findings that may be covered or not in a part.

    """

    operations: Floats
    memory: Floats
    parts: Floats
    bits: Ints


class Coverage:
    """The tables of a network as this module needs them. Never changes after it is made.

    Its findings are those of `Units`, and after them for each finding with a parent "this one or its parent".
    """

    def __init__(self, units: Units) -> None:
        self.units = units
        net, prior, links = units.net, units.prior, units.links
        at = {f: i for i, f in enumerate(units.findings)}
        places = {id_: i for i, id_ in enumerate(net.findings)}
        self._columns = np.array([places[f] for f in units.findings], dtype=np.int64)
        self._signs = [(places[sign], list(net.background).index(b), sign) for sign, b in units.signs.items()]
        own_parent = [at.get(links[f].parent or "", -1) for f in units.findings]
        own_effect = [links[f].effect for f in units.findings]
        own_no_leak = [links[f].log_no_leak for f in units.findings]
        children = [f for f, p in enumerate(own_parent) if p >= 0]
        parents = [own_parent[f] for f in children]
        self._either = np.full(len(own_parent), -1)
        self._either[children] = len(own_parent) + np.arange(len(children))
        self._parent = np.array([*own_parent, *(own_parent[p] for p in parents)], dtype=np.int64)
        self._effect = np.array([*own_effect, *(own_effect[p] for p in parents)])
        either = [own_no_leak[f] + own_no_leak[p] for f, p in zip(children, parents, strict=True)]
        no_leak = np.array([*own_no_leak, *either])
        self._no_leak, self._leak = np.exp(no_leak), -np.expm1(no_leak)
        both_absent = units.log_absent[children] + units.log_absent[parents]
        log_absent = np.ascontiguousarray(np.concatenate([units.log_absent, both_absent]).T)
        self._absent, self._fired = np.exp(log_absent), -np.expm1(log_absent)
        self._by_finding = np.ascontiguousarray(self._absent.T)
        below = {f: _descendants(units, f) for f in units.findings if units.children[f]}
        parents_first = sorted(below, key=lambda f: -len(below[f]))  # a parent has more below it than its children
        self._parents = np.array([at[f] for f in parents_first], dtype=np.int64)
        self._below_begins = np.cumsum([0, *(len(below[f]) for f in parents_first)])
        self._below = np.array([at[d] for f in parents_first for d in below[f]], dtype=np.int64)
        self._start = np.array(units.start, dtype=np.int64)
        numbers = {b: i for i, b in enumerate(net.background)}
        self._prevalence = np.stack([prior.prevalence[b] for b in numbers] or [np.zeros(len(prior.cells))])
        self._by_cell = prior.weights / prior.any_cause
        self._shared, self._idle, *self._local = (
            np.array([numbers[b] for b in names], dtype=np.int64) for names in (units.shared, prior.idle, *units.local)
        )
        bits = [2 ** (len(units.shared) - 1 - j) for j in range(len(units.shared))]
        needs = [sum(bits[units.shared.index(b)] for b in names) for names in units.depends]
        self._depends = np.bitwise_or.accumulate(np.array(needs, dtype=np.int64))
        self._depends[-1] = sum(bits)
        self._depends_on = (self._depends[:, None] & np.array(bits, dtype=np.int64) > 0).astype(np.int64)
        states = [np.flatnonzero(there) for there in units.member]
        self._member_begins = np.cumsum([0, *map(len, states)])
        self._member_state = np.concatenate(states)

    def cost(self, cases: Cases) -> Cost:
        """Return what each case would take."""
        sizes = self.units.sizes
        known, shared = cases.findings[:, self._columns], cases.background[:, self._shared]
        certain = ((known > 0) & (known <= 1)).sum(axis=1)
        parts, sets, uncertain = np.ones(len(known)), 2.0**certain, np.zeros(len(known), dtype=np.int64)
        for j, p in enumerate(self._parents):
            below = self._below[self._below_begins[j] : self._below_begins[j + 1]]
            x, informed = known[:, p], ~np.isnan(known[:, below])
            own = self._parent[below] == p
            hangs = (x != 0) & (x != 1) & informed.any(axis=1)
            by_evidence = hangs & ~(informed & ~(own & (known[:, below] == 0))).any(axis=1)
            by_effect = hangs & ~by_evidence & np.isnan(x) & (informed.sum(axis=1) == 1) & informed[:, own].any(axis=1)
            by_state = hangs & ~by_evidence & ~by_effect  # the part with the parent present has one more to cover
            parts *= np.where(hangs & ~by_evidence, 2.0, 1.0)
            more = by_evidence | by_state
            sets *= np.where(by_effect | (by_evidence & np.isnan(x)), 2.0, np.where(by_state, 3.0, 1.0))
            sets *= np.where(by_state & ~np.isnan(x), 0.5, 1.0)  # it was counted among the certain ones
            uncertain += more & np.isnan(x)
        bits = certain + uncertain
        is_open = ((shared != 0) & (shared != 1)).astype(np.int64)
        nodes = self._cells(cases)[:, None] * 2.0 ** (is_open @ self._depends_on.T)  # (cases, units)
        into_last = nodes[:, -2:].min(axis=1)
        a_set = sizes[-1] * (2 + 4 * into_last) + sizes[0] * (2 + 4 * nodes[:, 0])
        for u in range(1, len(sizes) - 1):
            a_set += (sizes[u] - 1) * (6 * bits * nodes[:, u - 1] + 4 * nodes[:, u])
        return Cost(
            operations=sets * a_set,
            memory=8 * parts * len(self._parent) + self._lane(bits, nodes[:, -1]),
            parts=parts,
            bits=bits,
        )

    def _lane(self, bits: Ints, nodes: Floats) -> Floats:
        """Return the bytes of the tables for a case with so many findings to cover and nodes of shared background."""
        units, states = len(self.units.sizes), self.units.start[-1]
        lane: Floats = 8 * (2.0**bits * (nodes * (units + 4) + 6) + states * (nodes + 2) + 6 * units * nodes)
        return lane

    def solve(self, cases: Cases, allowed: Floats | None = None) -> tuple[Floats, Floats, Floats]:
        """Return P(output present, evidence) and P(evidence), both without a factor, and the log of that factor.

        Shapes (cases, outputs), (cases,) and (cases,); outputs are those of `Units`. The factor is what the leaks of
        findings that are absent make of P(evidence); without it that is 0 for what cannot be, and loses digits below
        about 1e-290. `allowed` is 1 for the states (of all units) that may be and 0 for others; None allows all.
        """
        units = self.units
        of_sign = [cases.findings[:, at] for at, _, _ in self._signs]
        cell = cases.sex * (len(units.net.bands) + 1) + cases.band
        first, mixture = _patterns(cell, [*(cases.background[:, b] for b in (*self._shared, *self._idle)), *of_sign])
        of_units = [
            _patterns(cell, [*(cases.background[:, b] for b in local), *(of_sign if len(local) else ())])
            for local in self._local
        ]
        configurations = len(first) * len(self._by_cell) + self._cells(cases).max(initial=1) * sum(
            len(first) * size for (first, _), size in zip(of_units, units.sizes, strict=True)
        )
        known = np.full((len(cases), len(self._parent)), np.nan)
        known[:, : len(self._columns)] = cases.findings[:, self._columns]
        depending = (self._parents, self._below_begins, self._below, self._parent)
        parts = kernel.count_parts(known, *depending)
        bytes_ = 8 * (configurations * 2 ** len(units.shared) + parts[-1] * len(self._parent))
        if bytes_ > WORKSPACE and len(cases) > 1:  # of many different backgrounds, or many parts
            half = len(cases) // 2
            halves = [self.solve(cases.rows(which), allowed) for which in (slice(half), slice(half, None))]
            joint, evidence, log_factor = (np.concatenate(both) for both in zip(*halves, strict=True))
            return joint, evidence, log_factor

        likelihood = self._likelihood(cases)
        cells, is_open, fixed, weights = kernel.mixtures(
            first, cases.sex, cases.band, likelihood, self._by_cell, self._prevalence, self._shared, self._idle
        )
        pools, entry, length = [], np.empty((len(units.sizes), len(cases)), dtype=np.int64), 0
        for u, (first, pattern) in enumerate(of_units):
            begins, pool = kernel.tables(
                first, cases.sex, cases.band, likelihood, self._prevalence, self._local[u], units.basis[u]
            )
            entry[u] = begins[pattern] + length
            pools.append(pool)
            length += len(pool)

        known, coefficient, case = kernel.split(known, parts, *depending, self._effect, self._either)
        bits = kernel.count_bits(known, self._parent, self._effect)
        shape = (cells * 2 ** len(units.shared) + is_open)[mixture][case]
        nodes = cells[mixture][case] * 2.0 ** np.bitwise_count(is_open)[mixture][case]
        lanes = np.clip(WORKSPACE / self._lane(bits, nodes), 1, LANES).astype(np.int64)
        joint, evidence = np.zeros((len(known), len(units.outputs))), np.zeros(len(known))
        log_factor = np.zeros(len(known))
        kernel.solve(
            np.lexsort((bits, shape)),
            shape,
            bits,
            lanes,
            known,
            self._parent,
            self._effect,
            self._leak,
            self._no_leak,
            self._absent,
            self._fired,
            self._by_finding,
            self._start,
            self._depends,
            np.concatenate(pools),
            entry[:, case],
            mixture[case],
            cells,
            is_open,
            fixed,
            weights,
            self._member_begins,
            self._member_state,
            np.ones(units.start[-1]) if allowed is None else allowed,
            units.net.everyone_has_a_cause,
            joint,
            evidence,
            log_factor,
        )
        largest = np.full(len(cases), -np.inf)
        np.maximum.at(largest, case, log_factor)
        coefficient *= np.where(log_factor > -np.inf, np.exp(log_factor - np.maximum(largest, LEAST)[case]), 0.0)
        return *kernel.add_up(joint, evidence, coefficient, case, len(cases)), largest

    def _cells(self, cases: Cases) -> Ints:
        """Return how many cells each case may be in."""
        return np.where(cases.sex < 0, len(SEXES), 1) * np.where(cases.band < 0, len(self.units.net.bands), 1)

    def _likelihood(self, cases: Cases) -> Floats:
        """P(what is known of a background variable | sex, it is absent or present), shape (cases, background, 2, 2)."""
        x = np.where(np.isnan(cases.background), 1.0, cases.background)
        if_not = np.where(np.isnan(cases.background), 1.0, 1 - x)
        likelihood = np.repeat(np.stack([if_not, x], axis=-1)[:, :, None, :], len(SEXES), axis=2)
        for at, b, sign in self._signs:
            y = cases.findings[:, at, None, None]
            no, yes = self.units.sign_given[sign]
            likelihood[:, b] *= np.where(np.isnan(y), 1.0, y * yes + (1 - y) * no)
        return likelihood if likelihood.shape[1] else np.ones((len(cases), 1, len(SEXES), 2))


def _descendants(units: Units, finding: str) -> list[str]:
    """Return all findings below one, nearer ones first."""
    below = list(units.children[finding])
    for child in below:
        below += units.children[child]  # read on by this loop
    return below


def _patterns(cell: Ints, columns: list[Floats]) -> tuple[Ints, Ints]:
    """Return a row of each distinct combination of cell and values, and which combination each row has."""
    _, first, pattern = np.unique(cell, return_index=True, return_inverse=True)
    for column in columns:
        if np.isnan(column).all():
            continue
        values, code = np.unique(np.where(np.isnan(column), -1.0, column), return_inverse=True)
        _, first, pattern = np.unique(pattern * len(values) + code, return_index=True, return_inverse=True)
    return first, pattern

"""Solve the intercepts that make the network give back the tables it was built from.

A file states marginals *given pain*: P(cause | at least one cause, sex, age band), P(background | the same). The
model needs parameters of the unconditioned network: an intercept a_c for each cause, so that

    P(c present | its parents) = sigmoid(a_c + sum of log odds ratios of the present parents),

and a prevalence q_b for each background variable. With Z = P(at least one cause), for every cell (sex, band)

    P(c present) = Z * prior_c,      q_b = Z * prevalence_b + P(b present, no cause),      Z = 1 - P(no cause).

For given (Z, q) each a_c is the root of a monotone function of one variable (causes in topological order, the joint
of their cause parents carried along). What remains is a fixed point in (Z, q): log Z = log(1 - P(no cause)) and, as
odds, q_b / (1 - q_b) = prevalence odds * P(at least one cause | no b) / P(at least one cause | b). Z = 0 is one too but
means nothing; on the log scale it is infinitely far away, and 1 - P(no cause) exceeds Z near it whenever the priors of
the cell sum to more than 1. So there is a solution with Z > 0 just then.
"""

from __future__ import annotations

import copy
import math
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import NetworkError, NetworkTooLargeError
from hip_bayes.network.parts import SEXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import BySexAndBand, Number

    Floats = NDArray[np.float64]

MAX_CONFIGURATIONS = 2**16
MAX_NUMBERS = 2**24
"""The most numbers that a step of solving the priors may go through: some ten steps take a few seconds then."""
MAX_SOLVING = 100 * MAX_NUMBERS
"""The most of them in all steps together."""
RAREST = 1e-6
"""Smallest P(at least one cause) solved for: below it, 1 - P(no cause) is mostly rounding."""
MAX_STEPS = 300
DEPTH = 6
STRIDE = 2.0
TOLERANCE = 1e-13
ACCEPTED = 1e-10
ROUNDING, STALLED = 1e-11, 10
"""Off by less than the first and no better for the second many steps: the rest is rounding."""


def by_cell(net: NetworkData, table: BySexAndBand) -> Floats:
    """Return a table by sex and age band as one number a cell: female bands first, then male, shape (cells,)."""
    return np.array([table[sex][band].p for sex in SEXES for band in net.bands])


def stated_at(table: BySexAndBand) -> dict[tuple[str, str], tuple[str, str]]:
    """Return for each cell the first cell that has the same number: one estimate may be stated for several of them."""
    first: dict[Number, tuple[str, str]] = {}
    return {(sex, band): first.setdefault(number, (sex, band)) for sex in SEXES for band, number in table[sex].items()}


class CausePrior:
    """The prior network over background and causes, solved.

    Attributes
    ----------
    cells
        (sex, age band) pairs in the order of all arrays over cells.
    shared, private, idle
        background ids that touch several causes, one cause, none. The shared ones are enumerated ("configurations"),
        the private ones summed out at their cause, the idle ones only weigh cells.
    intercept
        cause id -> intercept a_c by cell, shape (cells,).
    prevalence
        background id -> q_b by cell, shape (cells,), unconditioned.
    any_cause
        Z = P(at least one cause) by cell, shape (cells,); all ones if not everyone has a cause.
    offsets
        cause id -> the log odds ratios of its present parents summed, shape as of `offset`.
    shares
        id of a cause with subtypes -> P(subtype | cause present), shape (subtypes,).

    """

    def __init__(self, net: NetworkData) -> None:
        self.net = net
        self.cells = tuple((sex, band) for sex in SEXES for band in net.bands)
        self.weights = by_cell(net, net.weights)
        touches = {b: [c.id for c in net.causes.values() if b in c.odds_ratios] for b in net.background}
        self.shared = tuple(b for b, causes in touches.items() if len(causes) > 1)
        self.private = {b: causes[0] for b, causes in touches.items() if len(causes) == 1}
        self.idle = tuple(b for b, causes in touches.items() if not causes)
        if 2 ** len(self.shared) * len(self.cells) > MAX_CONFIGURATIONS:
            raise NetworkTooLargeError(
                f"{len(self.shared)} background variables that touch several causes and {len(self.cells)} cells give "
                f"{2 ** len(self.shared) * len(self.cells):,} configurations; allowed: {MAX_CONFIGURATIONS:,}",
                key="background",
            )
        every = list(np.ndindex((2,) * len(self.shared)))
        self.configurations = np.array(every, dtype=float).reshape(len(every), len(self.shared))
        edges = {c.id: [p for p in c.odds_ratios if p in net.causes] for c in net.causes.values()}
        self.order = tuple(TopologicalSorter(edges).static_order())
        self.cause_parents = {c: [p for p in self.order if p in net.causes[c].odds_ratios] for c in net.causes}
        self._last_child = {p: c for c in self.order for p in self.cause_parents[c]}
        """Causes with children -> the last of these in the order."""
        self.own_private = {c: [b for b, child in self.private.items() if child == c] for c in net.causes}
        numbers = self._numbers()
        self.numbers = numbers / len(self.cells)
        """How many numbers a step of solving one cell goes through."""
        self._steps = min(MAX_STEPS, MAX_SOLVING // numbers)
        ratios = {c.id: {parent: math.log(r.value) for parent, r in c.odds_ratios.items()} for c in net.causes.values()}
        self.offsets = {c: self.offset(c, of_c) for c, of_c in ratios.items()}
        self.shares = {
            c.id: np.array([s.share.p for s in c.subtypes.values()]) for c in net.causes.values() if c.subtypes
        }
        self.intercept = {c: np.zeros(len(self.cells)) for c in net.causes}
        self.prevalence = {b: by_cell(net, row.prevalence) for b, row in net.background.items()}
        self.any_cause = np.ones(len(self.cells))
        off = self._solve(self.stated())
        worst = int(np.argmax(off))
        if off[worst] > ACCEPTED and self._steps < MAX_STEPS:
            raise NetworkTooLargeError(
                f"its priors are not solved after {self._steps} steps through {float(numbers):.2g} numbers (off by "
                f"{off[worst]:.2g}); allowed: {float(MAX_SOLVING):.2g} in all steps. Use fewer background variables, "
                "odds ratios nearer to 1, or priors whose sum is further above 1",
                key="causes.*.prior",
            )
        if off[worst] > ACCEPTED or self.any_cause.min() < RAREST:
            worst = worst if off[worst] > ACCEPTED else int(np.argmin(self.any_cause))
            sex, band = self.cells[worst]
            raise NetworkError(
                f"the priors of {sex} {band} have no solution with these odds ratios that can be told from rounding "
                f"(off by {off[worst]:.2g}, P(at least one cause) {self.any_cause[worst]:.2g}); "
                "try odds ratios nearer to 1, or priors whose sum is further above 1",
                key="causes.*.prior",
            )

    def cells_of(self, sex: str | None, band: str | None) -> list[int]:
        """Return the places of the cells that somebody of this sex and age band may be in; None: unknown."""
        return [i for i, (s, b) in enumerate(self.cells) if sex in (None, s) and band in (None, b)]

    def stated(self) -> dict[str, Floats]:
        """Return the tables of the network's file: cause or background id -> P(present | pain) by cell."""
        tables = {c.id: c.prior for c in self.net.causes.values()}
        tables |= {b.id: b.prevalence for b in self.net.background.values()}
        return {id_: by_cell(self.net, table) for id_, table in tables.items()}

    def _numbers(self) -> int:
        """Return how many numbers a step of solving goes through; refuse too many, before any table is made."""
        kept: set[str] = set()
        of: dict[str, int] = {}
        for cause in self.order:
            kept |= {cause} & self._last_child.keys()
            private = len(self.own_private[cause])
            own = 2 ** (len(self.cause_parents[cause]) + private) * (1 + private)  # again for each private variable
            of[cause] = len(self.cells) * len(self.configurations) * (2 ** len(kept) + own)
            kept -= {c for c in kept if self._last_child[c] == cause}
        numbers = sum(of.values())
        if numbers > MAX_NUMBERS:
            most = max(of, key=of.__getitem__)
            raise NetworkTooLargeError(
                f"to solve its priors takes {float(numbers):.2g} numbers, {float(of[most]):.2g} of them for {most!r}: "
                f"{len(self.own_private[most])} background variables touch it alone and {len(self.shared)} several "
                f"causes, {len(self.cause_parents[most])} causes raise it, for {len(self.cells)} cells of sex and age "
                f"band; allowed: {float(MAX_NUMBERS):.2g}. Use fewer background variables or odds ratios",
                key=f"causes.{most}.odds_ratios",
            )
        return numbers

    def offset(self, cause: str, log: Mapping[str, float | Floats]) -> Floats:
        """Log odds ratios summed, shape (1, configurations, 2 per cause parent ..., private patterns).

        `log` maps each parent of the cause to its log odds ratio; where that is an array, one number a cell, the first
        axis has the cells.
        """
        step = {parent: np.multiply.outer(x, [0.0, 1.0]).reshape(-1, 2) for parent, x in log.items()}
        total = np.zeros((1, 1))
        for b in self.shared:
            of_b = step.get(b, np.zeros((1, 2)))
            total = (total[:, :, None] + of_b[:, None]).reshape(max(len(total), len(of_b)), -1)
        for parent in self.cause_parents[cause]:
            total = total[..., None] + step[parent].reshape(-1, *(1,) * (total.ndim - 1), 2)
        private = np.zeros((1, 1))
        for b in self.own_private[cause]:
            private = (private[:, :, None] + step[b][:, None]).reshape(max(len(private), len(step[b])), -1)
        return total[..., None] + private.reshape(len(private), *(1,) * (total.ndim - 1), -1)

    def pattern_weights(self, background: Sequence[str], weight: Mapping[str, Floats]) -> Floats:
        """Product of the weights of some background variables, shape (cells, 2 ** variables); the last one fastest.

        `weight` maps each background id to its weight for absent and present, shape (2, cells).
        """
        product = np.ones((1, 1))
        for b in background:
            product = (product[:, :, None] * weight[b].T[:, None, :]).reshape(weight[b].shape[1], -1)
        return product

    def present(self, cause: str, cells: slice | NDArray[np.intp] = slice(None)) -> Floats:
        """P(cause present | parents), shape (cells, configurations, 2 per cause parent ..., private patterns)."""
        offset = self.offsets[cause]
        own = offset if len(offset) == 1 else offset[cells]
        return _sigmoid(self.intercept[cause][cells].reshape(-1, *(1,) * (offset.ndim - 1)) + own)

    def with_numbers(  # noqa: PLR0913 one keyword an attribute
        self,
        cells: Sequence[int],
        *,
        weights: Floats,
        intercept: Mapping[str, Floats],
        prevalence: Mapping[str, Floats],
        offsets: Mapping[str, Floats],
        shares: Mapping[str, Floats],
    ) -> CausePrior:
        """Return the prior of some of the cells with other numbers in it, not solved again.

        All but `cells` (their places) as the attributes, by cell of those. P(at least one cause) stays.
        """
        other = copy.copy(self)
        other.cells = tuple(self.cells[i] for i in cells)
        other.any_cause = self.any_cause[list(cells)]
        other.weights, other.intercept, other.prevalence = weights, dict(intercept), dict(prevalence)
        other.offsets, other.shares = dict(offsets), dict(shares)
        return other

    def solved_again(
        self, cells: Sequence[int], *, stated: Mapping[str, Floats], offsets: Mapping[str, Floats]
    ) -> tuple[CausePrior, NDArray[np.bool_]]:
        """Solve for many variants of some cells at once, and say which of them have a solution.

        Parameters
        ----------
        cells
            the place of the cell that each variant is of, any number of times each.
        stated, offsets
            as `stated` and `offsets`, by variant; every id in `stated`, and in `offsets` those that are not as here.

        Returns
        -------
        CausePrior
            its cells are the variants.
        numpy.ndarray
            bool, shape (variants,): False where a network with these numbers would be refused.

        """
        other = copy.copy(self)
        places = list(cells)
        other.cells, other.weights = tuple(self.cells[i] for i in places), self.weights[places]
        other.offsets = {**self.offsets, **offsets}
        other.intercept = {c: a[places] for c, a in self.intercept.items()}
        other.prevalence = {b: stated[b] for b in self.net.background}
        other.any_cause = np.ones(len(places))
        with np.errstate(all="ignore"):  # those without a solution
            off = other._solve(stated)  # noqa: SLF001 of the same class
        return other, (off <= ACCEPTED) & (other.any_cause >= RAREST)

    def _solve(self, stated: Mapping[str, Floats]) -> Floats:
        """Solve every cell; return what each is off by, shape (cells,)."""
        net = self.net
        prior = {c: stated[c] for c in net.causes}
        active = [b for b in net.background if b not in self.idle]
        if not net.everyone_has_a_cause:
            self._fit(prior)
            return np.zeros(len(self.cells))

        goal = np.stack([np.zeros(len(self.cells)), *(logit(stated[b]) for b in active)], axis=1)

        def step(x: Floats) -> Floats:
            """Map (log Z, logit q) by cell, shape (cells, 1 + active), to what they ought to be."""
            self.prevalence |= {b: _sigmoid(x[:, i]) for i, b in enumerate(active, start=1)}
            z = np.exp(x[:, 0])
            none, none_with = self._fit({c: z * p for c, p in prior.items()})
            any_with = [1 - none_with[b] / self.prevalence[b] for b in active]
            any_without = [1 - (none - none_with[b]) / (1 - self.prevalence[b]) for b in active]
            ratio = [a / b for a, b in zip(any_without, any_with, strict=True)]
            return goal + np.log(np.stack([1 - none, *ratio], axis=1))

        start = goal + np.pad(np.log(self._independent(prior))[:, None], ((0, 0), (0, len(active))))
        solution, off = _fixed_point(step, start, self._steps)
        step(solution)
        self.any_cause = np.exp(solution[:, 0])
        return off

    def _independent(self, prior: Mapping[str, Floats]) -> Floats:
        """Z if causes were independent: the root of 1 - prod(1 - Z * prior) = Z, by bisection, shape (cells,)."""
        p = np.stack(list(prior.values()))
        low, high = np.full(p.shape[1], 1e-9), np.ones(p.shape[1])
        for _ in range(60):
            mid = (low + high) / 2
            above = 1 - np.prod(1 - mid * p, axis=0) > mid
            low, high = np.where(above, mid, low), np.where(above, high, mid)
        return low

    def _fit(self, target: Mapping[str, Floats]) -> tuple[Floats, dict[str, Floats]]:
        """Set every intercept so that P(cause present) = target; return P(no cause) and P(b present, no cause)."""
        weight = {b: np.stack([1 - q, q]) for b, q in self.prevalence.items()}
        shared = np.broadcast_to(self.pattern_weights(self.shared, weight), (len(self.cells), len(self.configurations)))
        private = {c: self.pattern_weights(self.own_private[c], weight) for c in self.order}
        joint = shared  # P(configuration, causes with children to come), axes (cells, configurations, 2, 2, ...)
        kept: list[str] = []
        absent = {}
        for cause in self.order:
            parents = self.cause_parents[cause]
            away = tuple(2 + i for i, c in enumerate(kept) if c not in parents)
            of_parents = joint.sum(axis=away)
            mass = of_parents[..., None] * private[cause].reshape(
                -1, *(1,) * (of_parents.ndim - 1), private[cause].shape[1]
            )
            self.intercept[cause] = _intercept(target[cause], self.offsets[cause], mass, self.intercept[cause])
            p = self.present(cause)
            absent[cause] = 1 - p.reshape(*p.shape[:2], -1, p.shape[-1])[:, :, 0]  # no parent present
            if cause in self._last_child:
                given = np.einsum("k...l,kl->k...", p, np.broadcast_to(private[cause], (len(p), p.shape[-1])))
                given = given.reshape(given.shape[:2] + tuple(2 if c in parents else 1 for c in kept))
                joint = np.stack([joint * (1 - given), joint * given], axis=-1)
                kept.append(cause)
            done = [c for c in kept if self._last_child[c] == cause]
            joint = joint.sum(axis=tuple(2 + kept.index(c) for c in done))
            kept = [c for c in kept if c not in done]
        by_cause = {c: np.einsum("ksl,kl->ks", absent[c], _rows(private[c], absent[c])) for c in self.order}
        none_at = shared * math.prod(by_cause.values())
        none_with = {b: (none_at * bit).sum(axis=1) for b, bit in zip(self.shared, self.configurations.T, strict=True)}
        for b, cause in self.private.items():
            here = weight | {b: np.stack([np.zeros_like(self.prevalence[b]), self.prevalence[b]])}
            patterns = self.pattern_weights(self.own_private[cause], here)
            with_b = np.einsum("ksl,kl->ks", absent[cause], _rows(patterns, absent[cause]))
            none_with[b] = (none_at / by_cause[cause] * with_b).sum(axis=1)
        return none_at.sum(axis=1), none_with


def _rows(weights: Floats, like: Floats) -> Floats:
    return np.broadcast_to(weights, (like.shape[0], weights.shape[1]))


def _sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def logit(p: Floats | float) -> Floats:
    """Return the log odds (natural logarithm) of probabilities."""
    log_odds: Floats = np.log(p) - np.log1p(-np.asarray(p))
    return log_odds


def _intercept(target: Floats, offset: Floats, mass: Floats, guess: Floats) -> Floats:
    """Return a with sum(mass * sigmoid(a + offset)) = target, by cell: Newton on the logit scale, in a bracket."""
    axes = tuple(range(1, mass.ndim))
    goal = logit(target)
    low, high = goal - offset.max(axis=axes), goal - offset.min(axis=axes)
    a = np.clip(guess, low, high)
    for _ in range(100):
        p = _sigmoid(a.reshape(-1, *(1,) * (offset.ndim - 1)) + offset)
        mean = (mass * p).sum(axis=axes)
        slope = (mass * p * (1 - p)).sum(axis=axes)
        gap = goal - logit(mean)
        low, high = np.where(gap > 0, np.maximum(low, a), low), np.where(gap > 0, high, np.minimum(high, a))
        new = a + gap * mean * (1 - mean) / slope
        new = np.where((new < low) | (new > high), (low + high) / 2, new)
        done = np.abs(new - a) <= 1e-15 * (1 + np.abs(a))
        a = new
        if done.all() or (np.abs(gap) < 1e-15).all():
            break
    return a


def _fixed_point(step: Callable[[Floats], Floats], start: Floats, steps: int) -> tuple[Floats, Floats]:
    """Return x = step(x) and what it is off by, one row a cell, the first column kept in (log RAREST, 0).

    Anderson acceleration (Anderson, J. ACM 12:547, 1965) over the last `DEPTH` steps, row by row; no step moves a
    coordinate by more than `STRIDE`, and the first column at most half of its way to 0.
    """
    x = best = start
    best_off = np.full(len(start), np.inf)
    history: list[tuple[Floats, Floats]] = []
    latest = np.zeros(len(start), dtype=int)  # the step that was the best so far
    for at in range(steps):
        mapped = step(x)
        gap = mapped - x
        off = np.abs(gap).max(axis=1)
        better = off < best_off
        best, best_off = np.where(better[:, None], x, best), np.where(better, off, best_off)
        latest[better] = at
        if np.all((best_off <= TOLERANCE) | ((best_off <= ROUNDING) & (at - latest >= STALLED))):
            break
        history = [*history[-DEPTH:], (mapped, gap)]
        before, x = x, mapped.copy()
        if len(history) > 1:
            for row in np.flatnonzero((best_off > TOLERANCE) & np.isfinite(off)):
                gaps = np.diff(np.stack([g[row] for _, g in history], axis=1))
                values = np.diff(np.stack([m[row] for m, _ in history], axis=1))
                x[row] -= values @ np.linalg.lstsq(gaps, gap[row], rcond=1e-8)[0]
        x = np.clip(np.where(np.isfinite(x), x, mapped), before - STRIDE, before + STRIDE)
        x[:, 0] = np.clip(x[:, 0], np.log(RAREST), before[:, 0] / 2)
    return best, best_off

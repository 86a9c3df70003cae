"""Exact inference for one case: enumerate every set of causes.

The units of `units` are put into two blocks, so that the joint states are a matrix, one block's states by the other's:

    P(state, evidence) = P(state, background evidence) * product over findings of P(what is known of it | state).

The first matrix is made once for each pattern of background evidence. A finding that stays absent multiplies rows and
columns, one that is present the whole matrix, by tables made once a network. Unknown findings cost nothing: they sum
to one. Where the products could underflow they are done again as sums of logs. Nothing is approximate, and nothing is
subtracted.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from functools import lru_cache
from math import inf, log, log1p, prod
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from hip_bayes.errors import EvidenceError
from hip_bayes.network.parts import SEXES

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from numpy.typing import NDArray

    from .evidence import Case
    from .units import Units

    Floats = NDArray[np.float64]
    Hanging = tuple[str, float, tuple[tuple[str, float], ...]]
    BackgroundEvidence = tuple[tuple[str, tuple[tuple[float, ...], ...]], ...]

Cached = TypeVar("Cached")

HARD = (0.0, 1.0)
PRIOR_CACHE = 256
HANGING_CACHE = 64
PREDICTED_CACHE = 256
SILENCE_CACHE = 16
CACHED_BYTES = 2**27
"""The most that each of these caches of matrices may take, if that is enough for one."""
SMALLEST = 1e-200
"""A total probability below this is computed again from logs: parts of it may have underflowed."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """P(present | evidence) of every cause, subtype and group, and log P(evidence | population)."""

    probability: Mapping[str, float]
    log_evidence: float


class Enumeration:
    """All joint states of the causes of a network. Tables are made when first needed and kept."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.blocks = two_blocks(units.sizes)
        self.causes = tuple(c for block in self.blocks for u in block for c in units.causes[u])
        """The order of the causes in a joint state."""
        self._log_absent = tuple(self._over_block(units.log_absent, block) for block in self.blocks)
        self._absent = tuple(np.exp(log_absent) for log_absent in self._log_absent)
        self._log_stays = {f: units.links[f].log_no_leak for f in units.findings}
        self._at = {f: i for i, f in enumerate(units.findings)}
        matrices = CACHED_BYTES // (8 * prod(units.sizes))
        self.prior = self._cached(self._prior, min(PRIOR_CACHE, max(1, matrices)))
        """Sex, age band and `background_evidence` -> P(state, those | population), a matrix, cached."""
        self.present = self._cached(self._present, None)
        """Finding and effect of its parent -> P(finding | state), a matrix, cached."""
        self.hanging = self._cached(self._hanging, min(HANGING_CACHE, max(1, matrices)))
        """Facts about a finding whose state is not certain -> P(facts | state), a matrix, cached."""
        self._predicted = self._cached(self._predict, min(PREDICTED_CACHE, max(1, matrices)))
        self._entropy = self._cached(self._answer_entropy, min(PREDICTED_CACHE, max(1, matrices)))
        self._root = _roots(units)
        self._tree = {
            f: tuple(g for g, top in self._root.items() if top == root and g != f) for f, root in self._root.items()
        }
        self._silence = self._cached(self._of_silence, min(SILENCE_CACHE, max(1, matrices)))
        self._answers = self._outputs()

    def _cached(self, method: Callable[..., Cached], most: int | None) -> Callable[..., Cached]:
        """Return a method that keeps its results and not its object, so that the tables go with their last user."""
        this, name = weakref.proxy(self), method.__name__

        @lru_cache(maxsize=most)
        def cached(*args: Hashable) -> Cached:
            result: Cached = getattr(this, name)(*args)
            return result

        return cached

    def posterior(self, case: Case) -> Posterior:
        """Return the exact posterior of a case; the same case gives the same bits whenever and wherever asked.

        Raises
        ------
        EvidenceError
            what was said cannot happen together under this network (its probability is 0).

        """
        rows, joint, columns, (in_rows, in_columns), log_scale = self._solve(case)
        total = float(in_rows.sum())
        ids, sums, straddling = self._answers
        p = np.einsum("ij,j->i", sums, np.concatenate([in_rows, in_columns]))
        for i, without, with_one in straddling:
            p[i] += float(np.einsum("i,ij,j->", rows * without, joint, columns * with_one))
        found = dict(zip(ids, np.minimum(p / total, 1.0).tolist(), strict=True))
        return Posterior(found, min(0.0, log(total) + log_scale))

    def joint(self, case: Case) -> Floats:
        """P(joint state of all causes | evidence), a new matrix that sums to 1: rows by columns.

        Reshaped to one axis a cause, these are in the order of `causes`, the states of each as in `Cause.states`.
        Raises EvidenceError as `posterior` does.
        """
        rows, joint, columns, _, _ = self._solve(case)
        joint *= rows[:, None]
        joint *= columns
        joint /= joint.sum()
        return joint

    def main(self, case: Case) -> dict[str, float]:
        """P(a cause is the main one | evidence), for every cause: each set's probability is shared by its members.

        They sum to 1 where everyone has a cause, else to P(any cause). Raises EvidenceError as `posterior` does.
        """
        shape = [len(self.units.net.causes[c].states) for c in self.causes]
        there = [np.arange(n) > 0 for n in shape]
        along = [[-1 if i == axis else 1 for i in range(len(shape))] for axis in range(len(shape))]
        members = sum(here.reshape(to).astype(float) for here, to in zip(there, along, strict=True))
        share = self.joint(case).reshape(shape) / np.maximum(members, 1.0)
        return {
            c: float((share * here.reshape(to)).sum()) for c, here, to in zip(self.causes, there, along, strict=True)
        }

    def predicted(self, finding: str, evidence: Mapping[str, float]) -> Floats:
        """P(finding present | joint state, evidence about findings), a matrix, cached.

        Once the state is known, only evidence tied to the finding by parents and children still says anything. 0 in
        states that the evidence excludes. Not for signs: they depend on background, not on causes.
        """
        return self._predicted(finding, self._of_tree(finding, evidence))

    def answer_entropy(self, finding: str, evidence: Mapping[str, float]) -> Floats:
        """H(finding | joint state, evidence about findings) in bits: how open `predicted` leaves it; cached."""
        return self._entropy(finding, self._of_tree(finding, evidence))

    def present_sums(self, in_rows: Floats, in_columns: Floats) -> Floats:
        """Return what a matrix over the joint states sums to where each of `units.outputs` is present.

        From its row sums, shape (..., rows), and its column sums; shape (..., outputs).
        """
        sums = self._answers[1][: len(self.units.outputs)]  # the rest are groups
        present: Floats = np.einsum("...j,ij->...i", np.concatenate([in_rows, in_columns], axis=-1), sums)
        return present

    def _of_tree(self, finding: str, evidence: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
        """Return what of the evidence still says something about a finding once the state is known."""
        own = {finding: evidence[finding]} if evidence.get(finding, 1.0) not in HARD else {}
        return tuple(own.items()) + tuple((f, evidence[f]) for f in self._tree[finding] if f in evidence)

    def _solve(self, case: Case) -> tuple[Floats, Floats, Floats, tuple[Floats, Floats], float]:
        """Return P(state, evidence) as rows * a new matrix * columns, its row and column sums, and a log scale."""
        evidence, silent, log_silent = self._evidence(case)
        prior = self.prior(case.sex, case.band, background_evidence(self.units, case))
        absent, present, hanging, log_scale = self._likelihood(evidence)
        log_scale += log_silent
        rows, columns = (table[absent].prod(axis=0) for table in self._absent)
        joint = prior.copy()
        for known in present:
            joint *= self.present(*known)
        for facts in hanging:
            joint *= self.hanging(*facts)
        for table in silent:
            joint *= table
        sums = _sums(rows, joint, columns)
        if sums[0].sum() < SMALLEST:
            log_joint = _log(prior) + self._log_product(absent, present, hanging)
            for table in silent:
                log_joint += _log(table)
            top = float(log_joint.max())
            if top == -inf or log_scale == -inf:
                raise impossible(self.units, case)
            joint, rows, columns = np.exp(log_joint - top), np.ones(len(rows)), np.ones(len(columns))
            sums = _sums(rows, joint, columns)
            log_scale += top
        if log_scale == -inf:
            raise impossible(self.units, case)
        return rows, joint, columns, sums, log_scale

    def _evidence(self, case: Case) -> tuple[dict[str, float], list[Floats], float]:
        """Return what is known of findings, P(the rest of the silence | state) as factors, and the log of a constant.

        Silence about every finding is one table, made once for a length of story. What it says of the trees of findings
        about which more is known is divided out again; these are then taken as they are.
        """
        findings, silence, signs = case.findings, case.silence, self.units.signs
        evidence = {f: findings[f] for f in findings if f not in signs}
        about = silence.about
        if not about:
            return evidence, [], 0.0
        all_silent, log_scale, inverse = self._silence(silence.whole)
        touched = sorted(
            {self._root[f] for f in (*evidence, *silence.ended) if f in self._root}, key=self._at.__getitem__
        )
        evidence |= {f: x for f, x in about.items() if f not in evidence and self._root.get(f) in touched}
        return evidence, [all_silent, *(inverse[root] for root in touched if root in inverse)], log_scale

    def _of_silence(self, whole: tuple[tuple[str, float], ...]) -> tuple[Floats, float, dict[str, Floats]]:
        """Return P(silence about all these | state), a matrix, its log scale, and one over that of each tree."""
        trees: dict[str, list[tuple[str, float]]] = {}
        for f, x in whole:
            if f in self._root:
                trees.setdefault(self._root[f], []).append((f, x))
        product, log_scale, inverse = np.ones((1, 1)), 0.0, {}
        for root, facts in trees.items():
            if len(facts) > 1 or facts[0][0] != root:
                of_tree = self._hanging(root, 0.0, tuple(facts))
            else:
                ((_, x),) = facts
                of_tree = x + (1 - 2 * x) * np.exp(self.log_stay(root, 0.0))
            product = product * of_tree
            top = float(product.max())
            product, log_scale = product / top, log_scale + log(top)  # many findings together would underflow
            inverse[root] = 1 / of_tree
        return product, log_scale, inverse

    def _likelihood(
        self, evidence: Mapping[str, float]
    ) -> tuple[list[int], list[tuple[str, float]], list[Hanging], float]:
        """Return P(evidence | state) as a product of what has a table, and the log of a constant.

        Findings that stay absent; findings that are present, with the effect of their parent; and findings whose state
        is not certain, with that effect and all that is known of them and of those that hang on them.
        """
        links = self.units.links
        known: dict[str, list[tuple[str, float]]] = {}
        for f, x in evidence.items():  # in file order, so that the order of the case's facts cannot matter
            top = f
            while (parent := links[top].parent) and evidence.get(parent) not in HARD:
                top = parent  # it is summed over, with all that hangs on it
            known.setdefault(top, []).append((f, x))
        absent: list[int] = []
        present: list[tuple[str, float]] = []
        hanging: list[Hanging] = []
        log_constant = 0.0
        for f, facts in known.items():
            parent = links[f].parent
            effect = links[f].effect if parent and evidence.get(parent) == 1.0 else 0.0
            if evidence.get(f) == 0.0:
                absent.append(self._at[f])
                log_constant += self._log_stays[f] + (log1p(-effect) if effect < 1 else -inf)
            elif evidence.get(f) == 1.0:
                present.append((f, effect))
            else:
                hanging.append((f, effect, tuple(facts)))
        return absent, present, hanging, log_constant

    def _log_hanging(self, f: str, effect: float, facts: tuple[tuple[str, float], ...]) -> Floats:
        """Log P(facts about a finding and those that hang on it | state, its parent's effect), a matrix.

        In logs, because any number of findings may hang on one that is unknown.
        """
        links, evidence = self.units.links, dict(facts)
        informed = set(evidence)
        for fact in evidence:
            top = fact
            while top != f:
                top = str(links[top].parent)
                informed.add(top)

        def log_known(f: str, effects: tuple[float, ...]) -> list[Floats]:
            """For each effect of the parent; what is below is asked for once, else a long chain would never end."""
            x = evidence.get(f)
            children = [c for c in self.units.children[f] if c in informed and x not in HARD]
            below = [log_known(c, (0.0, links[c].effect)) for c in children]
            out = []
            for e in effects:
                terms = []  # of the finding absent and present, as far as the evidence allows both
                if x != 1.0:
                    log_no = self.log_stay(f, e) + (0.0 if x is None else log1p(-x))
                    terms.append(sum((no for no, _ in below), log_no))
                if x != 0.0:
                    log_yes = _log(self.present(f, e)) + (0.0 if x is None else log(x))
                    terms.append(sum((yes for _, yes in below), log_yes))
                out.append(terms[0] if len(terms) == 1 else np.logaddexp(*terms))
            return out

        return log_known(f, (effect,))[0]

    def _hanging(self, f: str, effect: float, facts: tuple[tuple[str, float], ...]) -> Floats:
        known: Floats = np.exp(self._log_hanging(f, effect, facts))
        known.flags.writeable = False
        return known

    def log_stay(self, f: str, effect: float) -> Floats:
        """Log P(finding absent | state, its parent's effect), a matrix."""
        rows, columns = (log_absent[self._at[f]] for log_absent in self._log_absent)
        with np.errstate(divide="ignore"):  # an effect of 1: with it, never absent
            stays: Floats = rows[:, None] + columns + self._log_stays[f] + np.log1p(-effect)
        return stays

    def _present(self, f: str, effect: float) -> Floats:
        present: Floats = -np.expm1(self.log_stay(f, effect))
        present.flags.writeable = False
        return present

    def _log_product(self, absent: list[int], present: list[tuple[str, float]], hanging: list[Hanging]) -> Floats:
        """Log P(evidence | state) as `_likelihood` gives it, without its constant, a matrix."""
        rows, columns = (log_absent[absent].sum(axis=0) for log_absent in self._log_absent)
        log_product: Floats = rows[:, None] + columns
        for known in present:
            log_product = log_product + _log(self.present(*known))
        for facts in hanging:
            log_product = log_product + self._log_hanging(*facts)
        return log_product

    def _log_likelihood(self, evidence: Mapping[str, float]) -> Floats:
        """Log P(evidence about findings | state), a matrix."""
        absent, present, hanging, log_constant = self._likelihood(evidence)
        log_likelihood: Floats = self._log_product(absent, present, hanging) + log_constant
        return log_likelihood

    def _predict(self, finding: str, facts: tuple[tuple[str, float], ...]) -> Floats:
        """P(finding present | state, facts about findings of its tree), a matrix."""
        if not facts and not self.units.links[finding].parent:
            return self.present(finding, 0.0)
        known = dict(facts)
        before, after = (self._log_likelihood(known | more) for more in ({}, {finding: 1.0}))
        after = after + log(known.get(finding, 1.0))  # what is known of it, though not for sure, still counts
        predicted: Floats = np.exp(np.where(before > -inf, after - np.where(before > -inf, before, 0.0), -inf))
        np.minimum(predicted, 1.0, out=predicted)
        predicted.flags.writeable = False
        return predicted

    def _answer_entropy(self, finding: str, facts: tuple[tuple[str, float], ...]) -> Floats:
        """Entropy of such a finding in bits, a matrix."""
        entropy = binary_entropy(self._predicted(finding, facts))
        entropy.flags.writeable = False
        return entropy

    # --------------------------------------------------------------------------------------------------- prior

    def _prior(self, sex: str | None, band: str | None, background: BackgroundEvidence) -> Floats:
        """P(state, cell and background evidence | population), summed over all that is unknown."""
        units, prior = self.units, self.units.prior
        cells = np.array(prior.cells_of(sex, band))
        known = dict(background)
        sexes = np.array([SEXES.index(prior.cells[i][0]) for i in cells])
        weight = {}
        for b, q in prior.prevalence.items():
            absent, present = np.array(known[b])[sexes].T if b in known else (1.0, 1.0)
            weight[b] = np.stack([absent * (1 - q[cells]), present * q[cells]])
        by_cell = prior.weights[cells] / prior.any_cause[cells]
        for b in prior.idle:
            by_cell = by_cell * weight[b].sum(axis=0)
        mixture = by_cell[:, None] * prior.pattern_weights(units.shared, weight)  # (cells, shared)
        mixture = np.broadcast_to(mixture, (len(cells), 2 ** len(units.shared)))
        first, second = (self._block(block, cells, weight) for block in self.blocks)
        joint: Floats = np.einsum("ksi,ksj->ij", mixture[..., None] * first, second)
        if units.net.everyone_has_a_cause:
            joint[0, 0] = 0.0
        joint.flags.writeable = False
        return joint

    def _block(self, block: tuple[int, ...], cells: NDArray[np.intp], weight: Mapping[str, Floats]) -> Floats:
        """P(state of a block | cell, shared background), shape (cells, 2 ** shared, states of the block)."""
        units = self.units
        joint: Floats = np.ones((len(cells), 2 ** len(units.shared), 1))
        for u in block:
            patterns = units.prior.pattern_weights(units.local[u], weight)
            patterns = np.broadcast_to(patterns, (len(cells), patterns.shape[1]))
            table = np.einsum("kl,ksli->ksi", patterns, units.basis[u][cells])
            joint = (joint[..., None] * table[:, :, None, :]).reshape(*table.shape[:2], -1)
        return joint

    # ------------------------------------------------------------------------------------------------- answers

    def _outputs(self) -> tuple[tuple[str, ...], Floats, list[tuple[int, Floats, Floats]]]:
        """Return the ids that have a probability, and what sums the states of each.

        A matrix, shape (ids, rows + columns of the joint states), says which row sums and column sums make each. To a
        group with members in both blocks it gives its rows; what the list has for it, the rows without a member of it
        and the columns with one, adds the rest.
        """
        units = self.units
        at = {id_: units.member[i] for i, id_ in enumerate(units.outputs)}
        at |= {g.id: np.any([at[m] for m in g.members], axis=0) for g in units.net.groups.values()}
        member = np.stack(list(at.values()))
        rows, columns = (self._over_block(member, block) for block in self.blocks)
        both = np.logical_and(rows.any(axis=1), columns.any(axis=1)).reshape(-1)
        straddling = [(int(i), (~rows[i]).astype(float), columns[i].astype(float)) for i in np.flatnonzero(both)]
        return tuple(at), np.hstack([rows, columns & ~both[:, None]]).astype(float), straddling

    def _over_block(self, table: NDArray[Any], block: tuple[int, ...]) -> NDArray[Any]:
        """Turn a table over the states of units into one over the joint states of a block: sums, or `or` of bools."""
        joint = np.zeros((len(table), 1), dtype=table.dtype)
        for u in block:
            part = table[:, self.units.start[u] : self.units.start[u + 1]]
            both = joint[:, :, None] + part[:, None, :]  # + of bools is or
            joint = both.reshape(len(table), joint.shape[1] * part.shape[1])
        return joint


def _sums(rows: Floats, joint: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Return row sums and column sums of rows * joint * columns; not by matmul: same bits for any number of threads."""
    return rows * np.einsum("ij,j->i", joint, columns), columns * np.einsum("i,ij->j", rows, joint)


def _roots(units: Units) -> dict[str, str]:
    """Return for each finding the one above it that has no parent; those with the same one are a tree."""
    root = {}
    for f in units.findings:
        top = f
        while parent := units.links[top].parent:
            top = parent
        root[f] = top
    return root


def _log(table: Floats) -> Floats:
    """Return the natural log, -inf for what cannot be."""
    with np.errstate(divide="ignore"):
        log_table: Floats = np.log(table)
    return log_table


def binary_entropy(p: Floats) -> Floats:
    """Return the entropy of a yes or no with P(yes) = p, in bits; 0 where it is certain."""
    q = 1 - p
    entropy: Floats = -(p * np.log2(np.where(p > 0, p, 1.0)) + q * np.log2(np.where(q > 0, q, 1.0)))
    return entropy


def impossible(units: Units, case: Case, why: str = "probability 0") -> EvidenceError:
    """Return the error for what cannot be said together."""
    return EvidenceError(
        f"{', '.join(case.findings)} cannot be as they were said together under the network {units.net.id!r} "
        f"({why}); check the answers, or say how sure they are with numbers between 0 and 1"
    )


def background_evidence(units: Units, case: Case) -> BackgroundEvidence:
    """Return what is known of background variables and their signs, as one hashable key in file order.

    Background id -> for each sex, the likelihood of it if the variable is absent, and if it is present.
    """
    likelihood = {b: np.tile([1 - x, x], (len(SEXES), 1)) for b, x in case.background.items()}
    for sign, b in units.signs.items():
        if sign in case.findings:
            x, (no, yes) = case.findings[sign], units.sign_given[sign]
            likelihood[b] = likelihood.get(b, 1.0) * (x * yes + (1 - x) * no)
    return tuple((b, tuple(map(tuple, likelihood[b].tolist()))) for b in units.net.background if b in likelihood)


def two_blocks(sizes: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Divide units into two blocks whose numbers of joint states are as even as the largest units allow."""
    blocks: tuple[list[int], list[int]] = ([], [])
    for u in sorted(range(len(sizes)), key=lambda u: -sizes[u]):
        min(blocks, key=lambda block: prod(sizes[v] for v in block)).append(u)
    return tuple(blocks[0]), tuple(blocks[1])

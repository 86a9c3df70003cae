"""One number of a network moved, and the network solved again: how far it may go, and what a case's answer becomes."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.errors import NetworkError
from hip_bayes.inference.engine import A_CASE, A_NUMBER, A_TABLE, engine_of
from hip_bayes.inference.enumeration import Enumeration
from hip_bayes.inference.evidence import Case, vocabulary_of
from hip_bayes.inference.noisy_or import derive_links
from hip_bayes.inference.priors import stated_at
from hip_bayes.network.changes import replaced, with_odds_times
from hip_bayes.network.parts import Number, OddsRatio, Table

from .intervals import NEARLY_ONE, TINY, interval_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from hip_bayes.inference.noisy_or import Links
    from hip_bayes.inference.priors import CausePrior
    from hip_bayes.inference.units import Units
    from hip_bayes.network.model import NetworkData

    Floats = NDArray[np.float64]
    Move = tuple[str, float]
    """The path of a number, and its new value."""

FARTHEST = math.log(100)
"""How far a number is moved in search of another leader: a factor of 100 in its odds, or of an odds ratio."""
SUM_OF_PRIORS = 1.0001
"""Least sum of a cell's priors where everyone has a cause. At 1 nobody could have two, and nothing can be solved."""
HALVINGS = 20
"""How often the way to a value that is not allowed is halved, to find the nearest that is."""
BATCH_BYTES = 2**26
"""The most that the tables of a batch of solved priors may take, if that is enough for one."""


def moved(net: NetworkData, path: str, value: float) -> dict[str, object]:
    """Return the changes, as `Network.replace` takes them, that set one number of a network to a value.

    Parameters
    ----------
    net
        the network; it is not changed.
    path
        dotted path of a number, such as ``"causes.gtps.prior.female.40-49"``.
    value
        its new p, or the new value of an odds ratio.

    Returns
    -------
    dict
        path -> new value. Shares of a cause's subtypes, and weights of cells, sum to 1: the others are scaled. An odds
        ratio moved out of its range takes that end of its range along. A number that a table states alike for several
        cells of sex and age is one number: it moves in all of them. Any other number changes alone.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> from hip_bayes.reasoning.moved_numbers import moved
    >>> moved(hb.load_network(), "findings.lateral_pain.leak", 0.1)
    {'findings.lateral_pain.leak': 0.1}

    """
    number = _at(net, path)
    if isinstance(number, OddsRatio) and not number.low <= value <= number.high:
        return {path: {"value": value, "low": min(value, number.low), "high": max(value, number.high)}}
    others = {other: _at(net, other).p for other in _summing_to_one(net, path) if other != path}
    left = (1 - value) / math.fsum(others.values()) if others else 1.0
    return dict.fromkeys(stated_together(net, path), value) | {other: p * left for other, p in others.items()}


def _summing_to_one(net: NetworkData, path: str) -> list[str]:
    """Return the paths of all numbers that this one sums to 1 with, itself among them; none for most numbers."""
    if path.startswith("weights."):
        return [f"weights.{sex}.{band}" for sex, row in net.weights.items() for band in row]
    if _of_share(path):
        of, _, _ = path.removesuffix(".share").rpartition(".")
        return [f"{of}.{subtype}.share" for subtype in _at(net, of)]
    return []


def stated_together(net: NetworkData, path: str) -> list[str]:
    """Return the paths of the cells for which a table states this number alike, in file order; most often it alone."""
    section, id_, *rest = path.split(".")
    if rest[0] not in {"prior", "prevalence"} or section not in {"causes", "background"}:
        return [path]
    name, sex, band = rest
    table = f"{section}.{id_}.{name}"
    first = stated_at(_at(net, table))
    return [f"{table}.{s}.{b}" for s, b in first if first[s, b] == first[sex, band]]


def _of_share(path: str) -> bool:
    """Say whether a number is the share of a subtype; any other may belong to what has the id "share"."""
    return path.split(".")[2:3] == ["subtypes"]


def _at(net: NetworkData, path: str) -> Any:  # noqa: ANN401 a number, or whatever else is there
    part: Any = net
    for key in path.split("."):
        part = part[key] if isinstance(part, Mapping) else getattr(part, key)
    return part


def linear(net: NetworkData, path: str) -> bool:
    """Say whether P(evidence, state) is linear in a number: a cause that leads at two values leads between them."""
    section, id_, *rest = path.split(".")
    if section == "findings" and rest[0] == "given":
        cause = net.subtype_of.get(rest[1], rest[1])
        strongest = any(id_ in m.findings and cause in m.causes for m in net.mechanisms.values())
        return len(_tree(net, id_)) == 1 and not strongest
    return section == "weights" or _of_share(path)


# ------------------------------------------------------------------------------------- how far a number may be moved


@dataclass(frozen=True, slots=True)
class Span:
    """How a number may be moved: the ends of its interval, and the least and the most that is looked at."""

    number: Number | OddsRatio
    low: float
    high: float
    least: float
    most: float

    def change(self, value: float) -> float:
        """Return how far a value is from the present one: difference of log odds, of an odds ratio of logs."""
        if isinstance(self.number, OddsRatio):
            return math.log(value / self.number.value)
        return _logit(value) - _logit(self.number.p)

    def changed(self, change: float) -> float:
        """Return the value that is so far from the present one, or the nearest that is allowed."""
        if isinstance(self.number, OddsRatio):
            value = self.number.value * math.exp(change)
        else:
            value = 1 / (1 + math.exp(-change) * (1 - self.number.p) / self.number.p)
        return min(max(value, self.least), self.most)

    def within(self, least: float, most: float) -> Span:
        """Return the span as far as these limits allow."""
        low, high = (min(max(end, least), most) for end in (self.low, self.high))
        return Span(self.number, low, high, max(self.least, least), min(self.most, most))


def allowed(net: NetworkData, paths: Iterable[str], level: float) -> dict[str, Span]:
    """Return how far each number may be moved such that `Network.replace` takes it, or the network can be solved."""
    spans = {path: _span(net, path, level) for path in paths}
    inside = dict.fromkeys([(path, end) for path in spans for end in ("least", "most")], 1.0)

    def value(path: str, end: str, share: float) -> float:
        span = spans[path]
        limit: float = getattr(span, end)
        return limit if share == 1 else span.changed(share * span.change(limit))

    fits = _fit(net, [(path, value(path, end, 1.0)) for path, end in inside])
    beyond = {key: 1.0 for key, fit in zip(inside, fits, strict=True) if not fit}  # shares of the way to the limit
    inside |= dict.fromkeys(beyond, 0.0)
    for _ in range(HALVINGS if beyond else 0):
        middle = {key: (inside[key] + beyond[key]) / 2 for key in beyond}
        fits = _fit(net, [(path, value(path, end, middle[path, end])) for path, end in middle])
        for key, fit in zip(middle, fits, strict=True):
            (inside if fit else beyond)[key] = middle[key]
    return {
        path: span.within(*(value(path, end, _short_of(inside[path, end])) for end in ("least", "most")))
        for path, span in spans.items()
    }


def _short_of(share: float) -> float:
    """Return a little less than a bisected limit: at it, what was said may be impossible."""
    return share if share == 1 else share * (1 - 1e-6)


def _span(net: NetworkData, path: str, level: float) -> Span:
    """Return how far a number may be moved as far as single other numbers limit it."""
    number = _at(net, path)
    section, id_, *rest = path.split(".")
    low, high = interval_of(number, level)
    if isinstance(number, OddsRatio):
        far = math.exp(FARTHEST)
        return Span(number, max(low, number.low), min(high, number.high), number.value / far, number.value * far)
    if section == "causes" and rest[0] == "prior" and net.setting:
        multipliers = net.settings[net.setting].odds_multipliers
        if id_ in multipliers:  # its n are patients of the file's p
            times = multipliers[id_].value
            stated = dataclasses.replace(number, p=with_odds_times(number.p, 1 / times))
            low, high = (with_odds_times(end, times) for end in interval_of(stated, level))
    widest = Span(number, low, high, TINY, NEARLY_ONE)
    least, most = min(low, widest.changed(-FARTHEST)), max(high, widest.changed(FARTHEST))
    if section == "findings" and rest[0] == "leak":
        most = min([most, *(p.p for p in net.findings[id_].given.values())])
    elif section == "findings" and rest[0] == "given":
        least = max(least, net.findings[id_].leak.p)
    elif section == "mention":  # what is there is told more freely than what is not
        mention, (state, kind) = net.mention[id_], rest
        least = max(least, mention.absent[kind].p) if state == "present" else least
        most = min(most, mention.present[kind].p) if state == "absent" else most
    elif section == "causes" and rest[0] == "prior" and net.everyone_has_a_cause:
        for *_, sex, band in (at.split(".") for at in stated_together(net, path)):
            total = math.fsum(c.prior[sex][band].p for c in net.causes.values())
            least = max(least, min(number.p, SUM_OF_PRIORS - (total - number.p)))
    return Span(number, low, high, TINY, NEARLY_ONE).within(least, most)


def _fit(net: NetworkData, moves: Sequence[Move]) -> list[bool]:
    """Say which moves leave a network that has links and a solved prior."""
    fits = dict.fromkeys(moves, True)
    trees: dict[str, NetworkData] = {}
    for path, value in moves:
        section, id_, *_ = path.split(".")
        if section == "findings":
            if id_ not in trees:
                trees[id_] = _unchecked(net, findings=_tree(net, id_))
            try:
                _links(trees[id_], path, value)
            except NetworkError:
                fits[path, value] = False
    for batch in _batches(net, [move for move in moves if _of_prior(move[0])]):
        _, solved = _solved_again(net, batch, range(len(engine_of(net).prior.cells)))
        fits |= dict(zip(batch, solved.tolist(), strict=True))
    return [fits[move] for move in moves]


# ------------------------------------------------------------------------------- a case with single numbers moved


def operations(net: NetworkData, case: Case, paths: Iterable[str], looks: int) -> float:
    """Return about how many operations it takes to answer a case with each number moved to so many places."""
    engine = engine_of(net)
    cells = engine.prior.cells_of(case.sex, case.band)
    basis = engine.operations_of_basis(case) / 2  # of many at once
    listed = engine.operations(case) + engine.operations_of_prior(case) + basis
    total = 0.0
    for path in paths:
        if _of_prior(path):
            total += listed + A_NUMBER * engine.prior.numbers * len(_again(net, path, cells))
        else:
            tree = len(_tree(net, path.split(".")[1])) if path.startswith("findings.") else len(case.known)
            total += 3 * A_CASE + engine.states * (6 + A_TABLE * tree)
    return looks * total


def operations_of_spans(net: NetworkData, paths: Iterable[str]) -> float:
    """Return about how many operations `allowed` takes: at the ends of what can be solved, solving takes many steps."""
    prior = engine_of(net).prior
    again = sum(len(_again(net, path, range(len(prior.cells)))) for path in paths if _of_prior(path))
    return 15 * A_NUMBER * prior.numbers * again


def _again(net: NetworkData, path: str, cells: Iterable[int]) -> list[int]:
    """Return which of some cells have to be solved again when a number of the prior is moved."""
    section, _, *rest = path.split(".")
    if section == "weights":
        return []
    if section == "settings" or rest[0] == "odds_ratios":
        return list(cells)
    together = {tuple(same.split(".")[-2:]) for same in stated_together(net, path)}
    return [cell for cell in cells if engine_of(net).prior.cells[cell] in together]


class Answers:
    """The exact posteriors of one case with single numbers of the network moved, the network solved again.

    A number of a finding changes the links of its tree of parents and children alone, and what all other evidence says
    of the causes is kept; for priors, prevalences, odds ratios and weights of cells many priors are solved at once.
    """

    def __init__(self, net: NetworkData, case: Case) -> None:
        self.net, self.case = net, case
        self.ids = tuple(engine_of(net).enumeration.posterior(case).probability)
        """Causes, subtypes and groups: the columns of what is answered."""
        self.cells = engine_of(net).prior.cells_of(case.sex, case.band)
        self._on_tree: dict[str, tuple[NetworkData, Units, Case, Floats]] = {}

    def __call__(self, moves: Sequence[Move]) -> Floats:
        """Return P(present | evidence) after each move alone, shape (moves, ids)."""
        found = {move: self._single(*move) for move in moves if not _of_prior(move[0])}
        for batch in _batches(self.net, [move for move in moves if _of_prior(move[0])]):
            prior, _ = _solved_again(self.net, batch, self.cells)
            enumeration = Enumeration(self._units.with_numbers(prior, self._units.links))
            for i, move in enumerate(batch):  # each a "band" of its own
                case = dataclasses.replace(self.case, sex=None, band=str(i))
                found[move] = enumeration.posterior(case).probability
        return np.array([list(found[move].values()) for move in moves]).reshape(len(moves), len(self.ids))

    @cached_property
    def _units(self) -> Units:
        """The units with what the case needs alone."""
        known = {g for f in self.case.known for g in _tree(self.net, f)}
        return _narrowed(engine_of(self.net).units, known).with_numbers(
            engine_of(self.net).prior, engine_of(self.net).links
        )

    def _single(self, path: str, value: float) -> Mapping[str, float]:
        """Return the posterior after a move of a number of a finding, or of a share of a cause's subtypes."""
        section, id_, *_ = path.split(".")
        units, prior = self._units, engine_of(self.net).prior
        if section == "mention":
            whole = vocabulary_of(self.net.replace({path: value})).silence_of(self.case.findings).whole
            case = dataclasses.replace(self.case, silence=dataclasses.replace(self.case.silence, whole=whole))
            return engine_of(self.net).enumeration.posterior(case).probability
        if _of_share(path):
            of_cause = moved(self.net, path, value)
            changed = copy.copy(prior)
            changed.shares = prior.shares | {
                id_: np.array([of_cause[share] for share in _summing_to_one(self.net, path)], dtype=float)
            }
            return Enumeration(units.with_numbers(changed, units.links)).posterior(self.case).probability
        if id_ not in self._on_tree:
            self._on_tree[id_] = self._tree_of(id_)
        tree, of_tree, facts, rest = self._on_tree[id_]
        links = _links(tree, path, value)
        if id_ in units.signs:
            return Enumeration(units.with_numbers(prior, {**units.links, **links})).posterior(self.case).probability
        return _OnTop(of_tree.with_numbers(prior, links), rest).posterior(facts).probability

    def _tree_of(self, finding: str) -> tuple[NetworkData, Units, Case, Floats]:
        """Return a finding's tree as a network and as units, what is known of it, and P(state | all else known)."""
        findings = _tree(self.net, finding)
        known = self.case.known
        here = Table((f, known[f]) for f in findings if f in known)
        rest = dataclasses.replace(
            self.case,
            findings=Table((f, x) for f, x in self.case.findings.items() if f not in findings),
            silence=self.case.silence.without(findings),
        )
        joint = engine_of(self.net).enumeration.joint(rest)
        units = _narrowed(engine_of(self.net).units, findings)
        return _unchecked(self.net, findings=findings), units, Case(findings=here), joint


class _OnTop(Enumeration):
    """Some findings on top of P(joint state | all else known)."""

    def __init__(self, units: Units, rest: Floats) -> None:
        self.rest = rest
        super().__init__(units)

    def _prior(self, *_: object) -> Floats:
        return self.rest


def _narrowed(units: Units, findings: Iterable[str]) -> Units:
    """Return units of some findings alone; their tables are yet to be made, by `with_numbers`."""
    narrow, kept = copy.copy(units), frozenset(findings)
    narrow.findings = tuple(f for f in units.findings if f in kept)
    narrow.signs = {sign: b for sign, b in units.signs.items() if sign in kept}
    return narrow


def _tree(net: NetworkData, finding: str) -> Table[Any]:
    """Return the findings tied to one by parents and children, itself among them."""

    def top(f: str) -> str:
        parent = net.findings[f].parent
        return top(parent.finding) if parent else f

    return Table(((f, net.findings[f]) for f in net.findings if top(f) == top(finding)), "finding")


def _unchecked(net: NetworkData, **parts: object) -> NetworkData:
    """Return a network with other parts, not checked as a whole: only for what follows from these parts."""
    changed = copy.copy(net)
    vars(changed).update(parts)
    return changed


def _links(tree: NetworkData, path: str, value: float) -> dict[str, Links]:
    """Return the links of a tree of findings after a move; NetworkError if an effect leaves no room for one."""
    return derive_links(_unchecked(tree, findings=replaced(tree.findings, path.split(".")[1:], value, path)))


def _of_prior(path: str) -> bool:
    """Say whether a number is one of those that the prior is solved from, or weighs its cells."""
    return not path.startswith(("findings.", "mention.")) and not _of_share(path)


def _batches(net: NetworkData, moves: Sequence[Move]) -> list[Sequence[Move]]:
    size = max(1, BATCH_BYTES // sum(basis.nbytes for basis in engine_of(net).units.basis))
    return [moves[i : i + size] for i in range(0, len(moves), size)]


def _solved_again(
    net: NetworkData, moves: Sequence[Move], cells: Sequence[int]
) -> tuple[CausePrior, NDArray[np.bool_]]:
    """Return the prior of some cells after each move, and which moves have a solution.

    It has a row ("cell") for each move and cell; the number of the move is the label of its "band".
    """
    prior = engine_of(net).prior
    at = np.tile(np.array(cells), len(moves))
    stated = {id_: p[at] for id_, p in prior.stated().items()}
    log: dict[str, dict[str, Floats]] = {}
    weights, again = prior.weights[at], np.zeros(len(at), dtype=bool)
    for i, (path, value) in enumerate(moves):
        own = slice(i * len(cells), (i + 1) * len(cells))
        section, id_, *rest = path.split(".")
        if section == "weights":
            after = moved(net, path, value)
            weights[own] = [after[".".join((section, *prior.cells[cell]))] for cell in cells]
        elif section == "settings":  # it multiplies the odds of the prior in every cell, as it has already done
            ratio = value / net.settings[id_].odds_multipliers[rest[1]].value
            stated[rest[1]][own], again[own] = with_odds_times(stated[rest[1]][own], ratio), True
        elif rest[0] == "odds_ratios":
            ratios = net.causes[id_].odds_ratios.items()
            of_cause = log.setdefault(id_, {p: np.full(len(at), math.log(r.value)) for p, r in ratios})
            of_cause[rest[1]][own], again[own] = math.log(value), True
        else:
            together = {tuple(same.split(".")[-2:]) for same in stated_together(net, path)}
            here = np.array([prior.cells[cell] in together for cell in cells])
            stated[id_][own][here], again[own] = value, here
    rows = copy.copy(prior)
    rows.cells = tuple((prior.cells[cell][0], str(i)) for i in range(len(moves)) for cell in cells)
    rows.weights = weights
    rows.any_cause = prior.any_cause[at]
    rows.intercept = {cause: a[at] for cause, a in prior.intercept.items()}
    rows.prevalence = {b: q[at] for b, q in prior.prevalence.items()}
    fits = np.ones(len(at), dtype=bool)
    if again.any():  # not only weights
        offsets = {cause: prior.offset(cause, of_cause) for cause, of_cause in log.items()}
        rows.offsets = prior.offsets | offsets
        solved, fits[again] = prior.solved_again(
            at[again].tolist(),
            stated={id_: p[again] for id_, p in stated.items()},
            offsets={cause: offset[again] for cause, offset in offsets.items()},
        )
        rows.any_cause[again] = solved.any_cause
        for table, of_solved in ((rows.intercept, solved.intercept), (rows.prevalence, solved.prevalence)):
            for id_ in table:
                table[id_][again] = of_solved[id_]
    return rows, np.asarray(fits.reshape(len(moves), len(cells)).all(axis=1))


def _logit(p: float) -> float:
    return math.log(p) - math.log1p(-p)

"""The second, independent way to every number: write down every joint assignment and add up.

It shares no code with the engine and takes no short cut, so it only fits small networks.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, root
from scipy.special import expit, logit

Network = Mapping[str, Any]
Parents = Mapping[str, Mapping[str, float]]  # of each background and cause: log odds ratio by parent
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

SEXES = ("female", "male")
MOST_ROWS = 2**22
TOLERANCE = 1e-12


class Oracle:
    """Every answer of one network (a parsed TOML file), by summing over all joint assignments.

    `present[id]` says row by row whether a background, cause, subtype, group or finding is present.
    `weight[sex, band]` is P(this cell and this row | the population), row by row.
    """

    def __init__(self, data: Network) -> None:
        """Solve the intercepts of every cell and write out the joint distribution."""
        bands = data["network"]["age_bands"]
        everyone = data["network"].get("everyone_has_a_cause", True)
        background, causes = data.get("background", {}), data["causes"]
        findings, groups = data.get("findings", {}), data.get("groups", {})
        subtypes = {c: cause.get("subtypes", {}) for c, cause in causes.items()}

        # One row for every joint assignment: 0 is absent, 1 present (which subtype: 1, 2, ...).
        sizes = dict.fromkeys([*background, *causes, *findings], 2)
        sizes |= {c: 1 + len(of_c) for c, of_c in subtypes.items() if of_c}
        state = _every_assignment(sizes)
        if everyone:
            kept = np.any([state[c] > 0 for c in causes], axis=0)
            state = {i: column[kept] for i, column in state.items()}

        self.present: dict[str, Bools] = {i: column > 0 for i, column in state.items()}
        for c, of_c in subtypes.items():
            self.present |= {s: state[c] == place for place, s in enumerate(of_c, start=1)}
        for g, group in groups.items():
            self.present[g] = np.any([self.present[member] for member in group["members"]], axis=0)
        self.answers = [*causes, *(s for of_c in subtypes.values() for s in of_c), *groups]

        # The same in every cell: which subtype a present cause takes, and the findings given the causes.
        same = np.ones(len(next(iter(state.values()))))
        for c, of_c in subtypes.items():
            shares = [subtype["share"]["p"] for subtype in of_c.values()] or [1.0]
            same *= np.array([1.0, *shares])[state[c]]
        chance_of = {}
        for f in findings:
            absent = _absent(data, f, state)
            chance_of[f] = np.where(self.present[f], 1 - absent, absent)
            same *= 1 if "sex" in findings[f] else chance_of[f]

        # Its own in every cell: the backgrounds and causes, and how common the cell is.
        parents: dict[str, dict[str, float]] = {b: {} for b in background}
        for c, cause in causes.items():
            parents[c] = {i: float(np.log(o["value"])) for i, o in cause.get("odds_ratios", {}).items()}
        tables = {b: entry["prevalence"] for b, entry in background.items()}
        tables |= {c: cause["prior"] for c, cause in causes.items()}
        equal = {"all": {"p": 1 / (len(SEXES) * len(bands))}}
        weights = data["network"].get("weights", equal)

        self.weight: dict[tuple[str, str], Floats] = {}
        for sex in SEXES:
            for k, band in enumerate(bands):
                target = {i: _cell(table, sex, k) for i, table in tables.items()}
                intercepts, p_any = _solve(target, parents, list(causes), everyone=everyone)
                chance = _chance(self.present, intercepts, parents) / p_any
                self.weight[sex, band] = _cell(weights, sex, k) * chance * same
                for f in [f for f in findings if "sex" in findings[f]]:  # the other sex never has it
                    self.weight[sex, band] *= chance_of[f] if findings[f]["sex"] == sex else ~self.present[f]

    def probability(
        self,
        *,
        sex: str | None = None,
        band: str | None = None,
        evidence: Mapping[str, float] | None = None,
    ) -> float:
        """P(this sex, this band and this evidence | the population).

        A number x of `evidence` weighs present by x and absent by 1 - x. Causes, subtypes and groups may
        be in it too, so that P(f | only c) is a ratio of two such probabilities.
        """
        return float(self.rows(sex, band, evidence or {}).sum())

    def posterior(
        self,
        *,
        sex: str | None = None,
        band: str | None = None,
        evidence: Mapping[str, float] | None = None,
    ) -> dict[str, float]:
        """P(present | sex, band, evidence) of every cause, subtype and group."""
        rows = self.rows(sex, band, evidence or {})
        total = rows.sum()
        if not total > 0:
            msg = "this evidence is impossible"
            raise ValueError(msg)
        return {i: float(rows[self.present[i]].sum() / total) for i in self.answers}

    def rows(self, sex: str | None, band: str | None, evidence: Mapping[str, float]) -> Floats:
        """P(row, sex, band) times the weight of the evidence, row by row."""
        if not (sex in (None, *SEXES) and (band is None or (SEXES[0], band) in self.weight)):
            msg = f"no such cell: {sex}, {band}"
            raise KeyError(msg)
        cells = [w for cell, w in self.weight.items() if sex in (None, cell[0]) and band in (None, cell[1])]
        rows: Floats = np.sum(cells, axis=0)
        for i, x in evidence.items():
            rows = rows * np.where(self.present[i], x, 1 - x)
        return rows


def _every_assignment(sizes: Mapping[str, int]) -> dict[str, NDArray[np.int_]]:
    """One column a variable, one row a joint assignment, each value from 0 to size - 1."""
    shape = list(sizes.values())
    if np.prod(shape, dtype=float) > MOST_ROWS:
        msg = "too large to write down every assignment"
        raise ValueError(msg)
    return dict(zip(sizes, np.indices(shape).reshape(len(shape), -1), strict=True))


def _cell(table: Network, sex: str, k: int) -> float:
    """One cell, of the k-th band, of a table by sex and age band."""
    p = table[sex if sex in table else "all"]["p"]
    return float(p[k] if isinstance(p, list) else p)


# The backgrounds and causes of one cell.


def _chance(present: Mapping[str, Bools], intercepts: Mapping[str, float], parents: Parents) -> Floats:
    """Unconditioned P(backgrounds and causes), row by row."""
    chance = np.ones(1)
    for i, intercept in intercepts.items():
        log_odds = intercept + sum(log_or * present[parent] for parent, log_or in parents[i].items())
        chance = chance * np.where(present[i], expit(log_odds), expit(-log_odds))
    return chance


def _solve(
    target: Mapping[str, float],
    parents: Parents,
    causes: list[str],
    *,
    everyone: bool,
) -> tuple[dict[str, float], float]:
    """Find the intercepts that give P(present | any cause) = target, and P(any cause) under them.

    Unless everyone has a cause: P(present) = target, and the second number is 1.
    """
    present = {i: column > 0 for i, column in _every_assignment(dict.fromkeys(target, 2)).items()}
    counts = np.any([present[c] for c in causes], axis=0) if everyone else True
    free = [i for i, p in target.items() if 0 < p < 1]  # what never or always happens: minus or plus infinity

    # Start where nothing depends on anything: P(any) = 1 - product of (1 - P(any) * prior).
    p_any = _any_of_independent([target[c] for c in causes]) if everyone else 1.0
    intercepts = {i: float(logit(p_any * p if i in causes else p)) for i, p in target.items()}

    def residual(theta: Floats, share: float = 1.0) -> Floats:
        """P(present | any cause) - target, with only a share of each log odds ratio."""
        log_ors = {i: {p: share * log_or for p, log_or in of_i.items()} for i, of_i in parents.items()}
        chance = _chance(present, intercepts | dict(zip(free, theta, strict=True)), log_ors) * counts
        return np.array([chance[present[i]].sum() / chance.sum() - target[i] for i in free])

    # From there turn the odds ratios on: at once, or in more and more steps where that fails.
    for steps in (1, 4, 16, 64):
        theta = np.array([intercepts[i] for i in free])
        for step in range(1, steps + 1):
            theta = root(residual, theta, args=(step / steps,), tol=1e-14).x
        if np.abs(residual(theta)).max(initial=0.0) > TOLERANCE:
            theta = root(residual, theta, tol=1e-14).x  # polish
        if np.abs(residual(theta)).max(initial=0.0) <= TOLERANCE:
            solved = intercepts | dict(zip(free, map(float, theta), strict=True))
            return solved, float((_chance(present, solved, parents) * counts).sum())
    msg = f"no intercepts found for {target}"
    raise ValueError(msg)


def _any_of_independent(priors: list[float]) -> float:
    """P(any) when the causes are independent and each is present in that share of those with any."""

    def excess(p_any: float) -> float:
        return float(1 - np.prod([1 - p_any * prior for prior in priors]) - p_any)

    if sum(priors) <= 1:
        msg = "the priors of a cell must sum to more than 1"
        raise ValueError(msg)
    return float(brentq(excess, 1e-9, 1.0))


# The findings.


def _names(data: Network, c: str) -> list[tuple[str, ...]]:
    """List what a finding's `given` may call a present cause: the subtype that it is of, or the cause."""
    return [(s, c) for s in data["causes"][c].get("subtypes", {})] or [(c,)]


def _stated(finding: Network, names: tuple[str, ...]) -> float | None:
    """Return the number that a finding states for this cause or subtype, if it does."""
    return next((float(finding["given"][name]["p"]) for name in names if name in finding["given"]), None)


def _parent(data: Network, f: str) -> tuple[str, float] | None:
    """Return the parent finding and its effect."""
    parent = data["findings"][f].get("parent")
    return (parent["finding"], float(parent["effect"]["p"])) if parent else None


def _l0(data: Network, f: str) -> float:
    """Return the leak without the parent finding: 1 - leak = (1 - l0)(1 - e leak_g)."""
    leak = float(data["findings"][f]["leak"]["p"])
    parent = _parent(data, f)
    if parent is None:
        return leak
    g, e = parent
    return 1 - (1 - leak) / (1 - e * float(data["findings"][g]["leak"]["p"]))


def _from_parent(data: Network, f: str, names: tuple[str, ...]) -> float:
    """P(the parent finding is present and brings f about | this cause or subtype alone)."""
    parent = _parent(data, f)
    if parent is None:
        return 0.0
    g, e = parent
    p_g = _stated(data["findings"][g], names)
    if p_g is None:  # g has no link to this cause: its own l0 and its own parent remain
        p_g = 1 - (1 - _l0(data, g)) * (1 - _from_parent(data, g, names))
    return e * p_g


def _link(data: Network, f: str, names: tuple[str, ...]) -> float:
    """Solve 1 - p = (1 - l0)(1 - link)(1 - e p_g); a cause that f does not list has no link."""
    p = _stated(data["findings"][f], names)
    if p is None:
        return 0.0
    return 1 - (1 - p) / ((1 - _l0(data, f)) * (1 - _from_parent(data, f, names)))


def _absent(data: Network, f: str, state: Mapping[str, NDArray[np.int_]]) -> Floats:
    """P(f absent | causes, parent finding), row by row."""
    links = {c: [0.0, *(_link(data, f, names) for names in _names(data, c))] for c in data["causes"]}
    links |= {b: [0.0, _link(data, f, (b,))] for b in data.get("background", {})}  # f may be the sign of one
    l0, parent = _l0(data, f), _parent(data, f)
    if min(l0, *(min(link) for link in links.values())) < -TOLERANCE:
        msg = f"the effect on {f} is too large"
        raise ValueError(msg)

    left = {c: 1 - np.array(link)[state[c]] for c, link in links.items()}  # 1 - link, and 1 where it is absent
    for mechanism in data.get("mechanisms", {}).values():
        if f in mechanism["findings"]:  # of these causes only the strongest link counts
            members = [left.pop(c) for c in mechanism["causes"]]  # in one mechanism a finding, or a KeyError
            left["+".join(mechanism["causes"])] = np.min(members, axis=0)
    absent: Floats = (1 - l0) * np.prod(list(left.values()), axis=0)
    if parent is not None:
        g, e = parent
        absent = absent * np.where(state[g] > 0, 1 - e, 1.0)
    return absent

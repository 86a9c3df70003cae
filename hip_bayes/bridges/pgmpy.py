"""The bridge to pgmpy: the same network as a DiscreteBayesianNetwork. The only module that imports pgmpy."""

from __future__ import annotations

import math
import re
import warnings
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import NetworkTooLargeError
from hip_bayes.inference.engine import engine_of
from hip_bayes.network.parts import BIF_WORDS, SEXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import Band, Finding

    Floats = NDArray[np.float64]

BINARY = ("absent", "present")
MAX_TABLES = 2**26
"""Numbers in all conditional probability tables: a half gigabyte."""


def to_pgmpy(net: NetworkData) -> DiscreteBayesianNetwork:
    """Return the network as a checked pgmpy model.

    Nodes are the ids of causes, background and findings, ``sex`` (female, male), ``age`` and, where everyone has a
    cause, ``hip_pain``: a deterministic OR of the causes. States are named as in the file; a cause with subtypes has
    the states absent and its subtypes. Given ``hip_pain="present"`` its posteriors are those of `diagnose`; without
    it, it is the unconditioned model.

    All names are letters, digits and ``_``, a letter first, so that BIF, XMLBIF and their readers keep them. So the
    age bands ``18-29`` and ``60+`` are the states ``a18_29`` and ``a60_plus``, and a finding whose states are called
    otherwise in the file (``0-2`` and ``3+``) has absent and present.

    Returns
    -------
    pgmpy.models.DiscreteBayesianNetwork
        `check_model` has passed. A new one each time.

    Raises
    ------
    NetworkTooLargeError
        the tables, which have a column for each combination of their parents' states, would be too large: over 2**26
        numbers in all.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> model = hb.load_network().to_pgmpy()
    >>> from pgmpy.inference import VariableElimination
    >>> evidence = {"hip_pain": "present", "sex": "female", "age": "a40_49", "lateral_pain": "present"}
    >>> answer = VariableElimination(model).query(["gtps"], evidence=evidence, show_progress=False)
    >>> ours = hb.diagnose(sex="female", age=45, lateral_pain=True)["gtps"]
    >>> bool(abs(answer.get_value(gtps="present") - ours) < 1e-9)
    True

    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pgmpy's own deprecation notices at import
        from pgmpy.models import DiscreteBayesianNetwork

    tables = _Tables(net)
    tables.check_size()
    cpds = [tables.sex(), tables.age()]
    cpds += [tables.background(b) for b in net.background]
    cpds += [tables.cause(c) for c in net.causes]
    cpds += [tables.finding(f) for f in net.findings]
    if net.everyone_has_a_cause:
        cpds.append(tables.hip_pain())
    model = DiscreteBayesianNetwork()
    model.add_nodes_from([cpd.variable for cpd in cpds])
    model.add_edges_from([(parent, cpd.variable) for cpd in cpds for parent in cpd.variables[1:]])
    model.add_cpds(*cpds)
    model.check_model()
    return model


def age_state(band: Band) -> str:
    """Return what an age band is called in the export: ``a18_29``, ``a60_plus``."""
    return f"a{band.low}_plus" if band.label.endswith("+") else f"a{band.low}_{band.high - 1}"


def _states(finding: Finding) -> tuple[str, str]:
    """Return a finding's own states, or absent and present where a file format would not take them."""

    def taken(state: str) -> bool:
        return bool(re.fullmatch("[A-Za-z][A-Za-z0-9_]*", state)) and state.lower() not in BIF_WORDS

    return finding.states if all(map(taken, finding.states)) else BINARY


class _Tables:
    """The conditional probability tables of a network, each written out from its own definition."""

    def __init__(self, net: NetworkData) -> None:
        self.net = net
        self.prior = engine_of(net).prior
        self.links = engine_of(net).links
        self.bands = tuple(map(age_state, net.bands.values()))
        self.states: dict[str, tuple[str, ...]] = {"sex": SEXES, "age": self.bands, "hip_pain": BINARY}
        self.states |= dict.fromkeys(net.background, BINARY)
        self.states |= {c.id: c.states for c in net.causes.values()}
        self.states |= {f.id: _states(f) for f in net.findings.values()}
        root = (self.prior.weights / self.prior.any_cause).reshape(len(SEXES), len(self.bands))
        self.root = root / root.sum()

    def table(self, node: str, values: Floats, parents: Sequence[str] = ()) -> TabularCPD:
        """Make a table from values of shape (states of the node, states of each parent ...)."""
        from pgmpy.factors.discrete import TabularCPD

        return TabularCPD(
            node,
            len(self.states[node]),
            values.reshape(len(self.states[node]), -1),
            evidence=list(parents),
            evidence_card=[len(self.states[p]) for p in parents],
            state_names={n: list(self.states[n]) for n in (node, *parents)},
        )

    def binary(self, node: str, present: Floats, parents: Sequence[str]) -> TabularCPD:
        """Make a table of a binary node from P(present | parents)."""
        return self.table(node, np.stack([1 - present, present]), parents)

    def sex(self) -> TabularCPD:
        return self.table("sex", self.root.sum(axis=1))

    def age(self) -> TabularCPD:
        return self.table("age", (self.root / self.root.sum(axis=1, keepdims=True)).T, ["sex"])

    def background(self, node: str) -> TabularCPD:
        q = self.prior.prevalence[node].reshape(len(SEXES), len(self.bands))
        return self.binary(node, q, ["sex", "age"])

    def cause(self, node: str) -> TabularCPD:
        cause = self.net.causes[node]
        parents = tuple(cause.odds_ratios)
        log_odds = np.zeros(())
        for p in parents:
            raised = [0.0] + [math.log(cause.odds_ratios[p].value)] * (len(self.states[p]) - 1)
            log_odds = log_odds[..., None] + raised
        log_odds = np.add.outer(self.prior.intercept[node].reshape(len(SEXES), len(self.bands)), log_odds)
        present = 1 / (1 + np.exp(-log_odds))
        shares = [s.share.p for s in cause.subtypes.values()] or [1.0]
        values = np.stack([1 - present, *(share * present for share in shares)])
        return self.table(node, values, ["sex", "age", *parents])

    def check_size(self) -> None:
        """Refuse tables that would be too large, before any is made."""
        parents = {c.id: ["sex", "age", *c.odds_ratios] for c in self.net.causes.values()}
        parents |= {f: self.parents_of(f) for f in self.net.findings}
        if self.net.everyone_has_a_cause:
            parents["hip_pain"] = list(self.net.causes)
        sizes = {n: math.prod(len(self.states[m]) for m in (n, *above)) for n, above in parents.items()}
        if sum(sizes.values()) > MAX_TABLES:
            node = max(sizes, key=sizes.__getitem__)
            raise NetworkTooLargeError(
                f"the table of {node!r} with its {len(parents[node])} parents would have {sizes[node]:,} numbers, all "
                f"tables {sum(sizes.values()):,}; allowed: {MAX_TABLES:,} in all. hip_bayes answers such a network, "
                "pgmpy cannot hold it",
                key=node,
            )

    def parents_of(self, finding: str) -> list[str]:
        """Return the parent finding, and whatever else has a link to it; the sex, where only one can have it."""
        net, links = self.net, self.links[finding]
        linked = [b for b in net.background if b in links.log_no_link]
        linked += [c for c in net.causes if any(s in links.log_no_link for s in (net.causes[c].subtypes or (c,)))]
        of_sex = ["sex"] if net.findings[finding].sex else []
        return [*of_sex, *([links.parent] if links.parent else []), *linked]

    def finding(self, node: str) -> TabularCPD:
        """P(finding | its parent finding and whatever has a link to it), one column a combination of states."""
        links, only = self.links[node], self.net.findings[node].sex
        parents = [p for p in self.parents_of(node) if p != "sex"]
        keep: dict[object, Floats] = {}  # log P(finding stays absent | parent) along the parent's own axis
        for axis, parent in enumerate(parents):
            along = [1] * len(parents)
            along[axis] = len(self.states[parent])
            if parent == links.parent:
                values = [0.0, np.log1p(-links.effect)]
            else:
                sites = self.states[parent][1:] if self.states[parent] != BINARY else (parent,)
                values = [0.0, *(links.log_no_link.get(s, 0.0) for s in sites)]
            keep[parent] = np.array(values).reshape(along)
        for mechanism in self.net.mechanisms.values():
            if node in mechanism.findings:  # of the causes in one mechanism the strongest alone counts
                together = [keep.pop(c) for c in mechanism.causes if c in keep]
                keep[mechanism] = reduce(np.minimum, together, np.zeros(()))
        log_absent = reduce(np.add, keep.values(), np.full((1,) * len(parents), links.log_no_leak))
        if only is not None:
            log_absent = np.stack([log_absent if sex == only else np.zeros_like(log_absent) for sex in SEXES])
            parents = ["sex", *parents]
        return self.table(node, np.stack([np.exp(log_absent), -np.expm1(log_absent)]), parents)

    def hip_pain(self) -> TabularCPD:
        parents = list(self.net.causes)
        present = np.ones([len(self.states[p]) for p in parents])
        present[(0,) * len(parents)] = 0.0
        return self.binary("hip_pain", present, parents)

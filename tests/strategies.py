"""Hypothesis strategies: small valid networks, and what a user may say about one patient.

Numbers are drawn in thousandths, so that every example is short, and shrink to the plainest value.
"""

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Network = dict[str, Any]
Number = dict[str, Any]
Facts = dict[str, Any]
Table = dict[str, int | list[int]]  # by sex or for all: one number, or one a band, in thousandths

LOWEST, HIGHEST = 20, 950  # thousandths, of every prior and prevalence
PRIORS_SUM = 1080  # thousandths, at least, in every cell, when everyone has a cause
SEXES = ("female", "male")


@st.composite
def networks(draw: st.DrawFn, *, everyone_has_a_cause: bool | None = None) -> Network:
    """Draw a valid network, as the dict that a TOML file parses to."""
    everyone = draw(st.booleans()) if everyone_has_a_cause is None else everyone_has_a_cause
    network = _head(draw, everyone=everyone)
    bands = len(network["age_bands"])
    causes = _causes(draw, bands, everyone=everyone)
    background = _background(draw, bands, causes)
    data = {
        "network": network,
        "background": background,
        "causes": causes,
        "groups": _groups(draw, list(causes)),
        "findings": _findings(draw, causes),
    }
    data["mechanisms"] = _mechanisms(draw, list(causes), list(data["findings"]))
    data["findings"] |= _signs(draw, list(background))
    data["red_flags"] = _red_flags(draw)
    return {section: entries for section, entries in data.items() if entries}


@st.composite
def evidence(draw: st.DrawFn, data: Network) -> Facts:
    """Draw facts about one patient, as a user hands them to diagnose()."""
    facts: Facts = {}
    if draw(st.booleans()):
        low, high = data["network"]["age_range"]
        facts["age"] = draw(st.integers(low, high))
    if draw(st.booleans()):
        facts["sex"] = draw(st.sampled_from(SEXES))
    for i in [*data.get("background", {}), *data["findings"]]:
        said = draw(st.sampled_from(["nothing", "None", "yes or no", "yes or no", "perhaps"]))
        if said == "None":
            facts[i] = None
        elif said == "yes or no":
            facts[i] = draw(st.booleans())
        elif said == "perhaps":
            facts[i] = draw(_thousandths(500, 11, 989)) / 1000
    for i, finding in data["findings"].items():
        if facts.get("sex") not in (None, finding.get("sex", facts.get("sex"))):
            facts.pop(i, None)  # what this sex cannot have is not said of it
    for i in data.get("red_flags", {}):
        if draw(st.booleans()):
            facts[i] = draw(st.booleans())
    return facts


def split(data: Network, facts: Mapping[str, Any]) -> tuple[str | None, str | None, dict[str, float]]:
    """Turn such facts into the sex, band and evidence of Oracle.posterior."""
    age = facts.get("age")
    band = None if age is None else next(b for b in data["network"]["age_bands"] if _in_band(age, b))
    known = {*data.get("background", {}), *data["findings"]}
    return facts.get("sex"), band, {i: float(x) for i, x in facts.items() if i in known and x is not None}


def _in_band(age: int, band: str) -> bool:
    """Whether a band, "18-49" or "50+", holds this age."""
    if band.endswith("+"):
        return age >= int(band[:-1])
    low, high = band.split("-")
    return int(low) <= age <= int(high)


# Numbers.


def _thousandths(plain: int, low: int, high: int) -> st.SearchStrategy[int]:
    """Integers from low to high that shrink to `plain`."""
    return st.integers(low - plain, high - plain).map(lambda k: plain + k)


def _number(draw: st.DrawFn, p: int | list[int]) -> Number:
    """Write thousandths, or a list of them, as a number of the format."""
    value = [k / 1000 for k in p] if isinstance(p, list) else p / 1000
    return {"p": value, "n": draw(_thousandths(10, 2, 200)), "basis": "judgement", "reason": "drawn"}


def _parts(draw: st.DrawFn, count: int, total: int = 1000) -> list[int]:
    """Positive thousandths with this total."""
    sizes = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    parts = [total * size // sum(sizes) for size in sizes]
    parts[-1] += total - sum(parts)
    return parts


def _table(draw: st.DrawFn, bands: int) -> Table:
    """Draw a table of priors or prevalences."""
    one = _thousandths(500, LOWEST, HIGHEST)
    table: Table = {}
    for sex in draw(st.sampled_from([("all",), SEXES])):
        by_band = draw(st.booleans())
        table[sex] = draw(st.lists(one, min_size=bands, max_size=bands)) if by_band else draw(one)
    return table


def _numbers(draw: st.DrawFn, table: Table) -> dict[str, Number]:
    """Write a table as the format does."""
    return {sex: _number(draw, p) for sex, p in table.items()}


def _odds_ratio(draw: st.DrawFn) -> Number:
    """Draw an odds ratio and its range."""
    value = draw(_thousandths(1000, 200, 6000)) / 1000
    low, high = round(value / 2, 3), round(value * 2, 3)
    return {"value": value, "low": low, "high": high, "basis": "judgement", "reason": "drawn"}


# Sections.


def _head(draw: st.DrawFn, *, everyone: bool) -> dict[str, Any]:
    """Draw the section [network]."""
    bands = draw(st.sampled_from([["18+"], ["18-80"], ["18-49", "50+"], ["18-39", "40-80"]]))
    head: dict[str, Any] = {
        "id": "drawn",
        "name": "A drawn network",
        "version": "0.1.0",
        "description": "Drawn at random.",
        "population": "Nobody.",
        "age_range": [18, 80],
        "age_bands": bands,
    }
    if not everyone or draw(st.booleans()):  # true is the default
        head["everyone_has_a_cause"] = everyone
    weights = draw(st.sampled_from(["none", "all", "by sex"]))
    if weights == "all":  # each sex has these
        head["weights"] = _numbers(draw, {"all": _parts(draw, len(bands), total=500)})
    elif weights == "by sex":
        parts = _parts(draw, 2 * len(bands))
        head["weights"] = _numbers(draw, {"female": parts[: len(bands)], "male": parts[len(bands) :]})
    return head


def _causes(draw: st.DrawFn, bands: int, *, everyone: bool) -> dict[str, Any]:
    """Draw causes with their priors, sometimes subtypes of one, sometimes odds ratios among them."""
    ids = [f"c{k}" for k in range(draw(st.integers(2, 4)))]
    tables = [_table(draw, bands) for _ in ids]
    if everyone:
        tables = _raised(tables, bands)
    causes: dict[str, Any] = {
        c: {
            "name": f"Cause {c}",
            "icd10": "M25.5",
            "description": "Drawn at random.",
            "prior": _numbers(draw, table),
        }
        for c, table in zip(ids, tables, strict=True)
    }
    if draw(st.booleans()):
        shares = _parts(draw, draw(st.integers(2, 3)))
        causes[draw(st.sampled_from(ids))]["subtypes"] = {
            f"s{k}": {"name": f"Subtype s{k}", "share": _number(draw, share)} for k, share in enumerate(shares)
        }
    if draw(st.booleans()):
        order = draw(st.permutations(ids))  # edges go forward here, so never round in a circle
        edges = [(parent, child) for k, child in enumerate(order) for parent in order[:k]]
        for parent, child in draw(st.lists(st.sampled_from(edges), min_size=1, max_size=3, unique=True)):
            causes[child].setdefault("odds_ratios", {})[parent] = _odds_ratio(draw)
    return causes


def _raised(tables: list[Table], bands: int) -> list[Table]:
    """Raise all priors by one share of their distance to the highest, so that every cell sums high enough."""

    def cell(table: Table, sex: str, k: int) -> int:
        p = table.get(sex, table.get("all", 0))
        return p[k] if isinstance(p, list) else p

    lowest = min(sum(cell(table, sex, k) for table in tables) for sex in SEXES for k in range(bands))
    lack, room = PRIORS_SUM - lowest, HIGHEST * len(tables) - lowest
    if lack <= 0:
        return tables  # nothing to raise, perhaps nothing that could be: all at their highest

    def up(p: int) -> int:
        return p + math.ceil((HIGHEST - p) * lack / room)

    return [
        {sex: [up(one) for one in p] if isinstance(p, list) else up(p) for sex, p in table.items()} for table in tables
    ]


def _background(draw: st.DrawFn, bands: int, causes: dict[str, Any]) -> dict[str, Any]:
    """Draw risk factors, and their odds ratios written into the causes."""
    background = {}
    for k in range(draw(st.integers(0, 3))):
        background[f"b{k}"] = {
            "name": f"Background b{k}",
            "question": f"Is it b{k}?",
            "prevalence": _numbers(draw, _table(draw, bands)),
        }
        for c in draw(st.lists(st.sampled_from(list(causes)), max_size=3, unique=True)):
            causes[c].setdefault("odds_ratios", {})[f"b{k}"] = _odds_ratio(draw)
    return background


@st.composite
def _sign(draw: st.DrawFn, f: str, background: str) -> dict[str, Any]:
    """Draw a finding that speaks of a background variable instead of causes."""
    leak = draw(_thousandths(100, 10, 400))
    return {
        "name": f"Sign {f}",
        "kind": "history",
        "question": f"Is it {f}?",
        "leak": _number(draw, leak),
        "given": {background: _number(draw, draw(_thousandths(max(leak, 500), leak, 980)))},
    }


def _signs(draw: st.DrawFn, background: list[str]) -> dict[str, Any]:
    """Draw signs of some background variables, often none."""
    chosen = draw(st.lists(st.sampled_from(background), max_size=2)) if background else []
    only: dict[str, Any] = draw(st.sampled_from([{}, {"sex": "female"}, {"sex": "male"}]))  # not one of each
    return {f"sign{k}": only | draw(_sign(f"sign{k}", b)) for k, b in enumerate(chosen)}


def _groups(draw: st.DrawFn, causes: list[str]) -> dict[str, Any]:
    """Draw one group of two or more causes, or none."""
    if not draw(st.booleans()):
        return {}
    members = draw(st.lists(st.sampled_from(causes), min_size=2, unique=True))
    return {"g0": {"name": "Group g0", "members": members}}


def _mechanisms(draw: st.DrawFn, causes: list[str], findings: list[str]) -> dict[str, Any]:
    """Draw one mechanism of two or more causes, or none."""
    if not draw(st.booleans()):
        return {}
    return {
        "m0": {
            "name": "Mechanism m0",
            "reason": "drawn",
            "causes": draw(st.lists(st.sampled_from(causes), min_size=2, unique=True)),
            "findings": draw(st.lists(st.sampled_from(findings), min_size=1, unique=True)),
        },
    }


def _red_flags(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one red flag, or none."""
    if not draw(st.booleans()):
        return {}
    return {
        "r0": {
            "name": "Red flag r0",
            "question": "Is it r0?",
            "level": draw(st.sampled_from(["soon", "urgent"])),
            "reason": "drawn",
            "action": "See someone.",
            "basis": "judgement",
        },
    }


# Findings.


def _findings(draw: st.DrawFn, causes: Mapping[str, Any]) -> dict[str, Any]:
    """Draw findings, some with a parent finding whose effect fits their own numbers."""
    findings: dict[str, Any] = {}
    made: list[_Made] = []
    for k in range(draw(st.integers(1, 4))):
        findings[f"f{k}"] = finding = _finding(draw, f"f{k}", causes)
        this = _Made(f"f{k}", finding, causes)
        if draw(st.booleans()) and made:
            parent = draw(st.sampled_from(made[::-1]))  # the newest first: chains
            share = draw(st.sampled_from([0.5, 0.1, 0.9]))
            effect = int(1000 * share * this.largest_effect(parent))
            if effect:
                finding["parent"] = {"finding": parent.id, "effect": _number(draw, effect)}
                this.set_parent(parent, effect / 1000)
        made.append(this)
    order = draw(st.permutations(list(findings)))  # a parent may come later in the file
    return {f: findings[f] for f in order}


def _finding(draw: st.DrawFn, f: str, causes: Mapping[str, Any]) -> dict[str, Any]:
    """Draw one finding without a parent."""
    leak = draw(_thousandths(100, 10, 400))
    given: dict[str, Number] = {}
    linked = draw(st.lists(st.sampled_from(list(causes)), min_size=1, unique=True))
    for c in linked:
        subtypes = list(causes[c].get("subtypes", {}))
        names = [c]
        if draw(st.booleans()) and subtypes:  # single sites, not the whole cause
            names = draw(st.lists(st.sampled_from(subtypes), min_size=1, unique=True))
        given |= {name: _number(draw, draw(_thousandths(max(leak, 500), leak, 980))) for name in names}
    finding: dict[str, Any] = {
        "name": f"Finding {f}",
        "kind": draw(st.sampled_from(["history", "examination", "imaging"])),
        "question": f"Is it {f}?",
        "leak": _number(draw, leak),
        "given": given,
    }
    states = draw(st.sampled_from([None, ["no", "yes"], ["gradual", "sudden"]]))
    if states:
        finding["states"] = states
    if draw(st.booleans()):
        finding["aliases"] = {f"{f}_alias": (states or ["absent", "present"])[draw(st.integers(0, 1))]}
    return finding


class _Made:
    """What the numbers of a finding leave room for."""

    def __init__(self, f: str, finding: Mapping[str, Any], causes: Mapping[str, Any]) -> None:
        self.id = f
        self.leak = float(finding["leak"]["p"])
        states = [(c, s) for c, cause in causes.items() for s in cause.get("subtypes", [""])]
        self.stated = {
            (c, s): float(finding["given"][name]["p"]) for c, s in states for name in (c, s) if name in finding["given"]
        }
        self.marginal = {state: self.stated.get(state, self.leak) for state in states}

    def largest_effect(self, parent: "_Made") -> float:
        """Return the largest effect of this parent that leaves l0 >= 0 and every link >= 0."""
        limits = [1.0, self.leak / parent.leak]
        for state, p in self.stated.items():  # (1 - p)(1 - e leak_g) <= (1 - leak)(1 - e p_g)
            growth = (1 - self.leak) * parent.marginal[state] - (1 - p) * parent.leak
            if growth > 0:
                limits.append((p - self.leak) / growth)
        return min(limits)

    def set_parent(self, parent: "_Made", effect: float) -> None:
        """Change what a cause that this finding does not list does to it."""
        l0 = 1 - (1 - self.leak) / (1 - effect * parent.leak)
        for state in self.marginal:
            if state not in self.stated:
                self.marginal[state] = 1 - (1 - l0) * (1 - effect * parent.marginal[state])


@st.composite
def cases(draw: st.DrawFn, *, everyone: bool | None = None) -> tuple[Network, Facts]:
    """Draw a network and what is known about one patient."""
    data = draw(networks(everyone_has_a_cause=everyone))
    return data, draw(evidence(data))

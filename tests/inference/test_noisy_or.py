"""Numbers next to 0 and 1 keep their digits: against exact rational arithmetic, over all sets of causes."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from example import Data, finding, number, parent, small, solved
from hypothesis import example, given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hip_bayes import Network

EDGES = (1e-12, 1e-9, 1e-8, 0.5, 1 - 1e-8, 1 - 1e-9, 1 - 1e-12)
PRIORS = {"a": 0.3, "b": 0.2, "c": 0.4}
SAID = (True, False, 0.7, None)
KEPT = 1e-12
"""Relative difference to the exact answer that is allowed."""


def exact(data: Data, f: str, site: str | None) -> Fraction:
    """P(f absent | this cause alone, or none), its parent averaged over."""
    entry = data["findings"][f]
    if site in entry["given"]:
        return 1 - Fraction(entry["given"][site]["p"])
    above = Fraction(1)  # how much rarer it is absent because of what the cause does to its parent
    if "parent" in entry and site is not None:
        above = spared(data, f, site) / spared(data, f, None)
    return (1 - Fraction(entry["leak"]["p"])) * above


def spared(data: Data, f: str, site: str | None) -> Fraction:
    """P(the parent of f does not bring it about | this cause alone, or none)."""
    of = data["findings"][f].get("parent")
    return 1 - Fraction(of["effect"]["p"]) * (1 - exact(data, of["finding"], site)) if of else Fraction(1)


def absent(data: Data, f: str, state: Mapping[str, bool]) -> Fraction:
    """P(f absent | causes, parent finding): the noisy-OR of networks/README.md."""
    own = exact(data, f, None) / spared(data, f, None)
    link = {c: exact(data, f, c) / (own * spared(data, f, c)) for c in PRIORS if state[c]}
    for mechanism in data.get("mechanisms", {}).values():
        if f in mechanism["findings"]:
            together = [link.pop(c) for c in mechanism["causes"] if c in link]
            link |= {"strongest": min(together)} if together else {}
    of = data["findings"][f].get("parent")
    fires = Fraction(of["effect"]["p"]) if of and state[of["finding"]] else Fraction(0)
    return own * math.prod(link.values()) * (1 - fires)


def answer(data: Data, facts: Mapping[str, float | None]) -> dict[str, Fraction]:
    """P(cause | facts) of every cause, and P(facts), by adding up every joint assignment."""
    ids = (*PRIORS, *data["findings"])
    joint: dict[str, Fraction] = dict.fromkeys(("evidence", *PRIORS), Fraction(0))
    for there in product([False, True], repeat=len(ids)):
        state = dict(zip(ids, there, strict=True))
        p = math.prod(Fraction(x) if state[c] else 1 - Fraction(x) for c, x in PRIORS.items())
        for f in data["findings"]:
            stays, x = absent(data, f, state), facts[f]
            said = 1 if x is None else Fraction(float(x)) if state[f] else 1 - Fraction(float(x))
            p *= said * (1 - stays if state[f] else stays)
        for id_ in ("evidence", *(c for c in PRIORS if state[c])):
            joint[id_] += p
    return {id_: p / (1 if id_ == "evidence" else joint["evidence"]) for id_, p in joint.items()}


@st.composite
def networks(draw: st.DrawFn) -> Data:
    """Draw three causes and three findings, one the parent of another, with numbers next to 0 and 1."""

    def at_least(low: float) -> float:
        return draw(st.sampled_from([x for x in EDGES if x >= low]))

    table = {}
    for f, causes in {"f": "ab", "g": "bc", "h": "a"}.items():
        leak = at_least(0)
        table[f] = finding(leak, {c: at_least(leak) for c in causes})
    data = small(PRIORS, table)
    if draw(st.booleans()):
        data["mechanisms"] = {"m": {"name": "M", "reason": "one way", "causes": ["a", "b"], "findings": ["f"]}}
    largest = min(1, Fraction(table["g"]["leak"]["p"]) / Fraction(table["f"]["leak"]["p"]))
    for c in "bc":  # 0 <= link of c to g
        p, leak = (1 - exact(data, "g", site) for site in (c, None))
        above, below = (1 - exact(data, "f", site) for site in (c, None))
        slope = (1 - leak) * above - (1 - p) * below
        largest = min(largest, (p - leak) / slope) if slope > 0 else largest
    effect = float(largest * Fraction(draw(st.sampled_from([0.5, 0.01, 0.9]))))
    if effect > 0 and draw(st.booleans()):
        data["findings"]["g"]["parent"] = parent("f", effect)
    return data


def hardest() -> Data:
    """Return a network whose findings nearly everybody has, with a parent too."""
    nearly = [1 - 1e-8, 1 - 1e-9, 1 - 1e-12]
    table = {
        "f": finding(nearly[0], {"a": nearly[1], "b": nearly[2]}),
        "g": finding(nearly[1], {"b": nearly[2], "c": nearly[1]}, parent=parent("f", 0.5)),
        "h": finding(1e-12, {"a": 1e-9}),
    }
    return small(PRIORS, table)


@given(data=networks(), said=st.lists(st.sampled_from(SAID), min_size=3, max_size=3))
@example(data=hardest(), said=[False, False, True])
@example(data=hardest(), said=[None, False, 0.7])
@example(data=hardest(), said=[True, 0.7, False])
def test_numbers_next_to_0_and_1_keep_their_digits(data: Data, said: list[float | None]) -> None:
    """`diagnose` and `diagnose_many` agree with rational arithmetic to 12 digits of the probability itself."""
    facts = dict(zip(data["findings"], said, strict=True))
    net = solved(data)
    expected = answer(data, facts)
    chance = expected.pop("evidence")

    one = net.diagnose(facts)
    many = net.diagnose_many(pd.DataFrame([facts], dtype=object), with_triage=False)

    assert {c: one[c] for c in PRIORS} == pytest.approx({c: float(p) for c, p in expected.items()}, rel=KEPT, abs=0)
    assert many.iloc[0].to_dict() == pytest.approx({c: float(p) for c, p in expected.items()}, rel=KEPT, abs=0)
    assert math.exp(one.log_evidence) == pytest.approx(float(chance), rel=KEPT, abs=0)


@pytest.mark.parametrize("leak", EDGES[:-1])
@pytest.mark.parametrize("said", [True, False, 0.7])
def test_a_sign_of_background_keeps_its_digits_too(leak: float, said: float) -> None:
    """P(sign) = P(background) p + P(not background) leak, and its complement."""
    data = small({"a": 0.5}, {"s": finding(leak, {"r": EDGES[-1]}), "f": finding(0.1, {"a": 0.5})})
    data["background"] = {"r": {"name": "R", "question": "R?", "prevalence": {"all": number(0.25)}}}
    net: Network = solved(data)
    p = (Fraction(EDGES[-1]) + 3 * Fraction(leak)) / 4
    expected = Fraction(float(said)) * p + (1 - Fraction(float(said))) * (1 - p)

    assert math.exp(net.diagnose(s=said).log_evidence) == pytest.approx(float(expected), rel=KEPT, abs=0)


def test_a_case_that_hardly_anybody_without_the_cause_can_be() -> None:
    """One finding that 1 - 1e-9 of people without the cause have and 1 - 1e-12 with it; it is absent."""
    net = solved(small({"a": 0.5}, {"f": finding(1 - 1e-9, {"a": 1 - 1e-12})}))
    spare, rare = 1 - Fraction(1 - 1e-9), 1 - Fraction(1 - 1e-12)

    assert net.diagnose(f=False)["a"] == pytest.approx(float(rare / (rare + spare)), rel=KEPT, abs=0)

"""Rates of mention: estimated on stories, found again in simulated ones; those of the file are what its cases give."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from example import CASES, finding, number, parent, small, solved
from oracle import Oracle
from scipy.optimize import minimize

import hip_bayes as hb
from hip_bayes.validation.cases import read_cases
from hip_bayes.validation.mention import Stories, with_rates

if TYPE_CHECKING:
    from hip_bayes import Network

TRUE = {"site": (0.6, 0.02), "history": (0.3, 0.05), "examination": (0.5, 0.2)}


def kinds() -> dict[str, dict[str, object]]:
    """Return one entry of rates for all lengths."""
    return {
        state: {kind: number(rates[i]) for kind, rates in TRUE.items()} for i, state in enumerate(("present", "absent"))
    }


@pytest.fixture(scope="module")
def net() -> Network:
    """Return two causes and six findings of all kinds."""
    findings = {
        "groin": finding(0.1, {"a": 0.8, "b": 0.3}, site=True),
        "thigh": finding(0.2, {"a": 0.5}, site=True),
        "night": finding(0.1, {"a": 0.4}, parent=parent("groin", 0.1)),
        "clicks": finding(0.1, {"b": 0.6}),
        "press": finding(0.1, {"a": 0.7}, kind="examination"),
        "turn": finding(0.1, {"b": 0.7}, kind="examination"),
    }
    return solved(small({"a": 0.5, "b": 0.5}, findings) | {"mention": {"any": kinds()}})


def test_simulated_people_mention_what_the_rates_say(net: Network) -> None:
    cases = net.simulate(20_000, seed=1, account="volunteered")
    whole = net.simulate(20_000, seed=1)
    assert cases["truth"].tolist() == whole["truth"].tolist()
    for f in net.findings.values():
        r1, r0 = TRUE["site" if f.site else f.kind]
        told = cases[f.id].notna()
        assert (cases[f.id][told] == whole[f.id][told]).all()
        assert told[whole[f.id]].mean() == pytest.approx(r1, abs=0.02)
        assert told[~whole[f.id]].mean() == pytest.approx(r0, abs=0.02)
    with pytest.raises(hb.EvidenceError, match=r"account is .*; allowed"):
        net.simulate(1, account="told")


def test_stories_told_at_the_rates_are_calibrated_and_taken_as_asked_they_are_not(net: Network) -> None:
    """Slopes and intercepts within 3 standard errors of 1 and 0; whoever tells nothing has told no story."""
    cases = net.simulate(6000, seed=2, account="volunteered")
    cases = cases[cases[["press", "turn"]].notna().any(axis=1)].drop(columns=["age", "sex"])
    cases = cases.assign(press=cases["press"].where(cases["press"].notna(), "unknown"))  # that one is told is no chance
    cases = cases.assign(turn=cases["turn"].where(cases["turn"].notna(), "unknown"))
    off = {}
    for account in ("asked", "volunteered"):
        v = hb.validate(cases, network=net, bootstrap=0, account=account)
        error = (v.by_cause["slope_high"] - v.by_cause["slope_low"]) / 2 / 1.96
        off[account] = ((v.by_cause["slope"] - 1) / error).abs().max()
        mean = (v.probability - v.truth).mean().abs() / (v.truth.std() / len(v.truth) ** 0.5)
        assert (mean.max() < 3) == (account == "volunteered")
    assert off["volunteered"] < 3


def stories_of(net: Network, n: int, seed: int) -> tuple[pd.DataFrame, list[frozenset[str]]]:
    """Draw people and what each tells."""
    drawn = net.simulate(n, seed=seed)
    truth = [frozenset(causes) for causes in drawn["truth"]]
    rng = np.random.default_rng(seed)
    told = {}
    for f in net.findings.values():
        r1, r0 = TRUE["site" if f.site else f.kind]
        mentioned = rng.random(n) < np.where(drawn[f.id], r1, r0)
        told[f.id] = pd.Series(
            [x if there else None for x, there in zip(drawn[f.id], mentioned, strict=True)], dtype=object
        )
    return pd.DataFrame(told), truth


def test_the_rates_of_simulated_stories_are_found_again() -> None:
    """With so many findings that hardly anybody tells none: those would be no stories."""
    findings = {f"s{i}": finding(0.1, {"ab"[i % 2]: 0.8}, site=True) for i in range(8)}
    findings |= {f"h{i}": finding(0.2, {"ab"[i % 2]: 0.7}) for i in range(8)}
    net = solved(small({"a": 0.5, "b": 0.5}, findings) | {"mention": {"any": kinds()}})
    facts, truth = stories_of(net, 3000, seed=3)
    rates = Stories(net, facts, truth, range(len(truth))).rates()
    for kind in ("site", "history"):
        assert rates.loc[("any", kind), ["present", "absent"]].tolist() == pytest.approx(TRUE[kind], abs=0.02)
        assert rates["ratio"]["any", kind] == pytest.approx((1 - TRUE[kind][0]) / (1 - TRUE[kind][1]), abs=0.02)
    assert rates["told_present"]["any", "site"] == facts.filter(like="s").fillna(value=False).sum().sum()


def test_no_other_rates_are_likelier(net: Network) -> None:
    """Against a search that knows nothing of expectation and maximisation."""
    facts, truth = stories_of(net, 60, seed=4)
    rates = Stories(net, facts, truth, range(60)).rates()
    oracle = Oracle(small({"a": 0.5, "b": 0.5}, {f: dataclasses_of(net, f) for f in net.findings}))

    def p(f: str, causes: frozenset[str]) -> float:
        evidence = {c: float(c in causes) for c in net.causes}
        return oracle.probability(evidence=evidence | {f: 1.0}) / oracle.probability(evidence=evidence)

    rows = [
        (p(f, causes), said)
        for said_of, causes in zip(facts.to_dict("records"), truth, strict=True)
        if any(x is not None for x in said_of.values())
        for f, said in said_of.items()
        if f in {"groin", "thigh"}
    ]

    def surprise(x: np.ndarray) -> float:
        r1, r0 = 1 / (1 + np.exp(-x))
        terms = [
            r1 * q if said is True else r0 * (1 - q) if said is False else 1 - r1 * q - r0 * (1 - q) for q, said in rows
        ]
        return -float(np.log(terms).sum())

    best = minimize(surprise, np.array([0.0, -2.0]), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
    assert rates.loc[("any", "site"), ["present", "absent"]].tolist() == pytest.approx(
        1 / (1 + np.exp(-best.x)), abs=1e-5
    )


def dataclasses_of(net: Network, f: str) -> dict[str, object]:
    """Return a finding as a file has it."""
    entry = net.findings[f]
    above = entry.parent and parent(entry.parent.finding, entry.parent.effect.p)
    return finding(entry.leak.p, {c: n.p for c, n in entry.given.items()}, **({"parent": above} if above else {}))


def test_what_nobody_mentions_counts_half_a_one_and_no_story_no_rate(net: Network) -> None:
    facts = pd.DataFrame({"groin": [True, True], "night": [True, None]}, dtype=object)
    truth = [frozenset("a"), frozenset("b")]
    rates = Stories(net, facts, truth, ["one", "one"]).rates()
    assert 0 < rates["absent"]["any", "site"] < 0.5
    assert rates["sources"]["any", "site"] == 1
    assert math.isnan(rates["present"]["any", "examination"])
    same = with_rates(net, rates)
    assert same.mention["any"].present["examination"] == net.mention["any"].present["examination"]
    assert same.mention["any"].absent["site"].p == rates["absent"]["any", "site"]
    left = Stories(net, facts, truth, [1, 2]).rates(without=["a"])
    assert left["told_present"]["any", "site"] == 1


def test_the_rates_of_the_shipped_network_are_those_of_its_cases(shipped: Network) -> None:
    """Nothing else in it is estimated from cases."""
    labelled, _, unlabelled = read_cases(CASES, shipped, "truth", (), ())
    assert (len(labelled.truth), unlabelled) == (132, 2)
    rates = Stories(shipped, labelled.facts, labelled.truth, labelled.sources).rates()
    for length, mention in shipped.mention.items():
        for state in ("present", "absent"):
            for kind, stated in getattr(mention, state).items():
                assert stated.p == pytest.approx(rates[state][length, kind], rel=5e-4)
                assert stated.n == rates["sources"][length, kind]
                assert stated.source == ("case_bank",)


def test_a_validation_of_stories_has_both_readings(shipped: Network) -> None:
    asked, told = (hb.validate(CASES, bootstrap=50, account=account) for account in ("asked", "volunteered"))
    assert asked.left_out is None
    assert (asked.account, told.account) == ("asked", "volunteered")
    for summary in (told.summary, told.left_out):
        assert summary is not None
        assert summary["value"]["log loss"] < asked.summary["value"]["log loss"] - 0.05
        assert summary["value"]["top-1"] > asked.summary["value"]["top-1"]
        assert summary["value"]["macro-AUROC"] > asked.summary["value"]["macro-AUROC"]
    assert "Rates of mention estimated anew" in str(told)
    assert "Rates of mention" not in str(asked)
    card = hb.model_card(shipped, asked, about="Published cases.", told_freely=told)
    assert "stories told freely" in card
    assert "stories told freely" not in hb.model_card(shipped, asked, about="Published cases.")


def test_the_main_cause_shares_each_set_among_its_members(rich: Network) -> None:
    d = rich.diagnose(lateral_pain=True, night_pain=True)
    sets = d.most_probable(100)
    main = {c: sum(p / len(s) for s, p in zip(sets["causes"], sets["probability"], strict=True) if c in s) for c in d}
    assert dict(d.main_cause) == pytest.approx(main, abs=1e-12)
    assert d.main_cause.sum() == pytest.approx(1, abs=1e-12)
    assert (d.main_cause <= d.posterior[d.main_cause.index] + 1e-12).all()
    with pytest.raises(AttributeError):
        d.main_cause = None  # type: ignore[misc, assignment]

"""Simulated cases are drawn from the network: its tables and sensitivities come back, and the whole joint does.

Seeds are fixed, so nothing here fails by luck from one run to the next. Where several hundred comparisons are made with
numbers that an edit of the network changes, a second sample may speak if one of the first is off by more than 4
standard errors: that happens by chance in a few per cent of all samples, in both in about one of a thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from example import Data, example_data, finding, number, odds_ratio, parent, small, solved, with_background
from hypothesis import given, settings
from oracle import Oracle
from scipy.stats import chisquare
from strategies import networks

import hip_bayes as hb
from hip_bayes.network.parts import SEXES
from hip_bayes.validation.simulation import simulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hip_bayes import Network

N = 100_000
SEEDS = (1, 2)


@pytest.fixture(params=["example", "shipped"])
def either(request: pytest.FixtureRequest, net: Network, shipped: Network) -> Network:
    return net if request.param == "example" else shipped


def has(cases: pd.DataFrame, id_: str) -> pd.Series[bool]:
    return cases["truth"].map(lambda truth: id_ in truth)


def off(share: float, p: float, n: int) -> float:
    """Return by how many standard errors a share of n cases is off the probability p."""
    return abs(share - p) / float(np.sqrt(p * (1 - p) / n))


def test_columns_are_what_diagnose_many_takes_and_the_truth(either: Network) -> None:
    cases = either.simulate(50, seed=1)

    assert list(cases) == ["age", "sex", *either.background, *either.findings, "truth"]
    assert list(cases.index) == list(range(50))
    assert set(cases["sex"]) == set(SEXES)
    assert cases["age"].dtype == np.int64
    assert all(cases[id_].dtype == bool for id_ in (*either.background, *either.findings))
    assert either.diagnose_many(cases, ignore=["truth"], with_triage=False).shape == (50, len(either.causes))


def test_truth_names_causes_in_file_order_each_followed_by_its_subtype(either: Network) -> None:
    for truth in either.simulate(2000, seed=1)["truth"].unique():
        causes = [id_ for id_ in truth if id_ in either.causes]
        expected = []
        for cause in either.causes.values():
            if cause.id in causes:
                there = [s for s in cause.subtypes if s in truth]
                assert len(there) == bool(cause.subtypes)
                expected += [cause.id, *there]
        assert list(truth) == expected
        assert causes


def test_the_same_seed_gives_the_same_cases(net: Network) -> None:
    first = simulate(net, 200, seed=7)

    pd.testing.assert_frame_equal(first, net.simulate(200, seed=7))
    pd.testing.assert_frame_equal(first, net.simulate(200, np.random.default_rng(7)))
    assert not first.equals(net.simulate(200, seed=8))
    assert not net.simulate(200).equals(net.simulate(200))


def test_age_is_uniform_in_its_band_up_to_the_age_limit(net: Network) -> None:
    """The last band ends at 90: both ends are drawn, nothing beyond."""
    age = net.simulate(N, seed=1)["age"]

    assert (age.min(), age.max()) == net.age_range
    for low, high in ((18, 49), (50, 90)):
        within = age[age.between(low, high)]
        assert chisquare(within.value_counts()).pvalue > 1e-3
        assert within.nunique() == high - low + 1


def marginals(net: Network, seed: int) -> Iterator[tuple[str, float]]:
    """Yield what a table states, and by how many standard errors the share in simulated cases is off."""
    cases = net.simulate(N, seed)
    band = cases["age"].map(net.band_of)
    tables = {c.id: (has(cases, c.id), c.prior) for c in net.causes.values()}
    tables |= {b.id: (cases[b.id], b.prevalence) for b in net.background.values()}
    for sex in SEXES:
        for label in net.bands:
            cell = (cases["sex"] == sex) & (band == label)
            yield f"weights {sex} {label}", off(cell.mean(), net.weights[sex][label].p, N)
            for id_, (present, table) in tables.items():
                yield f"{id_} {sex} {label}", off(present[cell].mean(), table[sex][label].p, int(cell.sum()))
    for subtype, cause in net.subtype_of.items():
        present = has(cases, cause)
        share = net.causes[cause].subtypes[subtype].share.p
        yield subtype, off(has(cases, subtype)[present].mean(), share, int(present.sum()))


def test_the_tables_of_the_file_come_back(either: Network) -> None:
    """Weights, priors, prevalences and subtype shares, in every cell, within 4 standard errors."""
    assert any(max(z for _, z in marginals(either, seed)) < 4 for seed in SEEDS)


def sensitivities(net: Network, seed: int) -> Iterator[tuple[str, float]]:
    """Yield P(finding | cause alone) as the file states it, and by how many standard errors the share is off.

    Causes without a link show the leak (with a finding parent there is no stated number for them). Fewer than 10
    expected in either state are too few for a standard error to mean anything.
    """
    cases = net.simulate(N, seed)
    alone = {
        c.id: cases["truth"].map(lambda t, c=c.id: sum(i in net.causes for i in t) == 1 and c in t)
        for c in net.causes.values()
    }
    for cause in net.causes.values():
        for site in cause.subtypes or (cause.id,):
            here = cases[alone[cause.id] & has(cases, site)]
            for f in net.findings.values():
                if f.sign_of(net.background):
                    continue
                stated = f.given.get(site) or f.given.get(cause.id) or (None if f.parent else f.leak)
                if stated and len(here) * min(stated.p, 1 - stated.p) >= 10:
                    yield f"{f.id} | {site}", off(here[f.id].mean(), stated.p, len(here))


def test_sensitivities_of_the_file_come_back(either: Network) -> None:
    """P(finding | that cause alone) for every finding and cause, within 4 standard errors."""
    found = dict(sensitivities(either, SEEDS[0]))

    assert {name.split(" | ")[0] for name in found} == {
        f.id for f in either.findings.values() if not f.sign_of(either.background)
    }
    assert max(found.values()) < 4 or max(z for _, z in sensitivities(either, SEEDS[1])) < 4


def test_a_sign_follows_its_background_variable(shipped: Network) -> None:
    cases = shipped.simulate(N, seed=1)
    for f in shipped.findings.values():
        background = f.sign_of(shipped.background)
        if background:
            may = cases["sex"] == f.sex if f.sex else cases["sex"].notna()
            there, gone = may & cases[background], may & ~cases[background]
            assert off(cases[f.id][there].mean(), f.given[background].p, int(there.sum())) < 4
            assert off(cases[f.id][gone].mean(), f.leak.p, int(gone.sum())) < 4
            assert not cases[f.id][~may].any()


def joint_p(data: Data, seed: int) -> float:
    """Return the p value of a chi-squared test: simulated joint frequencies against the oracle's exact ones."""
    oracle, net = Oracle(data), solved(data)
    cases = net.simulate(20_000, seed)
    ids = [*net.background, *net.causes, *net.subtype_of, *net.findings]
    columns = {i: cases[i] if i in cases else has(cases, i) for i in ids}
    code = 2 ** np.arange(len(ids))  # each joint assignment as one number
    band = cases["age"].map(net.band_of)
    expected, observed = [], []
    for (sex, label), weight in oracle.weight.items():
        cell = np.array((cases["sex"] == sex) & (band == label))
        rows = np.stack([oracle.present[i] for i in ids], axis=1) @ code
        seen = pd.Series(np.stack([c[cell] for c in columns.values()], axis=1) @ code).value_counts()
        exact = pd.Series(weight).groupby(rows).sum() * len(cases)
        assert set(seen.index) <= set(exact.index[exact > 0]), "a simulated case that cannot be"
        likely = exact >= 5
        expected += [*exact[likely], exact[~likely].sum()]
        observed += [
            *seen.reindex(exact.index[likely], fill_value=0),
            seen[~seen.index.isin(exact.index[likely])].sum(),
        ]
    kept = np.array(expected) >= 1
    e, o = np.array(expected)[kept], np.array(observed, dtype=float)[kept]
    return float(chisquare(o, e * o.sum() / e.sum()).pvalue) if len(e) > 1 else 1.0


def linked() -> Data:
    """Two causes with an edge, a mechanism, a background variable of both, a finding parent: all that can interact."""
    data = small({"a": 0.5, "b": 0.4, "other": 0.45}, {"f": finding(0.1, {"a": 0.6, "b": 0.7})}, everyone=True)
    data["background"] = {"x": {"name": "X", "question": "X?", "prevalence": {"all": number(0.4)}}}
    data["causes"]["a"]["odds_ratios"] = {"x": odds_ratio(4.0)}
    data["causes"]["b"]["odds_ratios"] = {"x": odds_ratio(0.5), "a": odds_ratio(6.0)}
    data["findings"]["g"] = finding(0.2, {"b": 0.6, "other": 0.5}, parent=parent("f", 0.3))
    data["mechanisms"] = {"m": {"name": "M", "reason": "For a test.", "causes": ["a", "b"], "findings": ["f"]}}
    return data


@pytest.mark.parametrize("data", [example_data(), linked()], ids=["example", "linked"])
def test_the_whole_joint_distribution_is_the_oracles(data: Data) -> None:
    assert joint_p(data, seed=1) > 1e-3


@settings(max_examples=25, derandomize=True)
@given(data=networks())
def test_the_whole_joint_distribution_is_the_oracles_for_any_network(data: Data) -> None:
    assert joint_p(data, seed=1) > 1e-6


def test_without_pain_there_may_be_no_cause() -> None:
    net = solved(small({"a": 0.3, "b": 0.2}, {"f": finding(0.1, {"a": 0.6})}))
    cases = net.simulate(N, seed=1)

    none = cases["truth"] == ()
    assert off(none.mean(), 0.7 * 0.8, N) < 4
    assert off(cases["f"][none].mean(), 0.1, int(none.sum())) < 4


def test_causes_that_are_rare_beforehand_are_not_drawn_in_vain() -> None:
    """Priors that sum to just above 1 make P(at least one cause) small: every case still has one."""
    data = small({"a": 0.6, "b": 0.4001}, {"f": finding(0.1, {"a": 0.6})}, everyone=True)
    net = solved(data)
    cases = net.simulate(N, seed=1)

    assert net.engine.prior.any_cause[0] < 1e-3
    assert all(cases["truth"])
    assert off(has(cases, "a").mean(), 0.6, N) < 4


@pytest.mark.parametrize("n", [0, -1, 2.5, "ten", None, True, 10**12, 10**400])
def test_n_is_a_number_of_cases_that_fit_into_memory(net: Network, n: object) -> None:
    allowed = r"a whole number from 1 to [\d,]+, because more would take over 4 GiB"
    with pytest.raises(hb.EvidenceError, match=f"n is .*; allowed: {allowed}"):
        net.simulate(n)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", ["x", -1, 1.5, True])
def test_a_seed_is_a_whole_number_or_a_generator(net: Network, seed: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.EvidenceError, match=r"seed is .*; allowed: a whole number, 0 or more, a numpy Generator"):
        net.simulate(1, seed)


def test_one_case(net: Network) -> None:
    assert len(net.simulate(1, seed=1)) == 1


def test_where_hardly_any_background_comes_with_a_cause_nothing_is_drawn() -> None:
    """Priors that sum to a little more than 1 and odds ratios of 1,000: one in a hundred thousand would."""
    data = small({"a": 0.50001, "b": 0.50001}, {"f": finding(0.1, {"a": 0.5})}, everyone=True)
    with_background(data, 10, "ab", ratio=1000.0)
    for background in data["background"].values():
        background["prevalence"] = {"all": number(0.001)}

    with pytest.raises(
        hb.NetworkTooLargeError, match=r"only one in 1.*e\+05 would have a cause; allowed: one in 10,000"
    ):
        simulate(solved(data), 10, seed=1)

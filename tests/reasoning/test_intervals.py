"""Credible intervals: what the uncertainty of the network's numbers makes of a result."""

from __future__ import annotations

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from example import Data, finding, odds_ratio, parent, qmr_like, rich_data, small, solved, with_background
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logit
from strategies import evidence, networks

from hip_bayes import Diagnosis, EvidenceError, NetworkTooLargeError, UnknownNameError
from hip_bayes.inference.priors import stated_at
from hip_bayes.network.checks import numbers
from hip_bayes.network.parts import Number, OddsRatio
from hip_bayes.reasoning.intervals import Sampler, draw_posteriors, interval_of, intervals, priors_drawn, restricted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hip_bayes import Network

LEVELS = st.floats(0.01, 0.999)
FACTS = {"age": 46, "sex": "female", "lateral_pain": True, "night_pain": 0.7, "weak_muscles": True}


# The second way to a draw: write down every joint assignment under the drawn numbers.


def brute_force(net: Network, value: Mapping[str, float], d: Diagnosis) -> dict[str, float]:
    """P(present | evidence) with these numbers by path, the solved intercepts moved; in logs, all variables listed."""
    sizes = dict.fromkeys([*net.background, *net.causes, *net.findings], 2)
    sizes |= {c.id: len(c.states) for c in net.causes.values()}
    state = dict(zip(sizes, np.indices(tuple(sizes.values())).reshape(len(sizes), -1), strict=True))
    there = {id_: column > 0 for id_, column in state.items()}
    for c in net.causes.values():
        there |= {s: state[c.id] == i for i, s in enumerate(c.subtypes, start=1)}
    there |= {g.id: np.any([there[m] for m in g.members], axis=0) for g in net.groups.values()}
    same = np.zeros(len(there[next(iter(net.causes))]))
    for c in net.causes.values():
        shares = [value[f"causes.{c.id}.subtypes.{s}.share"] for s in c.subtypes] or [1.0]
        same += np.log([1.0, *shares])[state[c.id]]
    for id_, x in (*d.case.background.items(), *d.case.findings.items()):
        with np.errstate(divide="ignore"):
            same += np.log(np.where(there[id_], x, 1 - x))
    if net.everyone_has_a_cause:
        same[~np.any([there[c] for c in net.causes], axis=0)] = -np.inf
    log_absent = {f: log_of_absent(net, f, value, state) for f in net.findings}

    log_joint = []
    prior = net.engine.prior
    for i, (sex, band) in enumerate(prior.cells):
        if d.case.sex not in (None, sex) or d.case.band not in (None, band):
            continue
        rows = same + np.log(value[f"weights.{sex}.{band}"] / prior.any_cause[i])
        for b in net.background.values():
            drawn = value[f"background.{b.id}.prevalence.{sex}.{band}"]
            x = logit(prior.prevalence[b.id][i]) + logit(drawn) - logit(b.prevalence[sex][band].p)
            rows = rows - np.logaddexp(0, np.where(there[b.id], -x, x))
        for c in net.causes.values():
            drawn = value[f"causes.{c.id}.prior.{sex}.{band}"]
            x = prior.intercept[c.id][i] + logit(drawn) - logit(c.prior[sex][band].p)
            if net.setting and c.id in net.settings[net.setting].odds_multipliers:
                multiplier = net.settings[net.setting].odds_multipliers[c.id].value
                x += np.log(value[f"settings.{net.setting}.odds_multipliers.{c.id}"] / multiplier)
            x = x + sum(np.log(value[f"causes.{c.id}.odds_ratios.{p}"]) * there[p] for p in c.odds_ratios)
            rows = rows - np.logaddexp(0, np.where(there[c.id], -x, x))
        for f in net.findings.values():
            stays = np.zeros(len(rows)) if f.sex not in (None, sex) else log_absent[f.id]
            with np.errstate(divide="ignore"):
                rows = rows + np.where(there[f.id], np.log(-np.expm1(stays)), stays)
        log_joint.append(rows)
    joint = np.exp(np.array(log_joint) - np.max(log_joint)).sum(axis=0)
    return {id_: float(joint[there[id_]].sum() / joint.sum()) for id_ in (*net.causes, *net.subtype_of, *net.groups)}


def log_of_absent(net: Network, f: str, value: Mapping[str, float], state: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Log P(finding absent | all else), row by row, with the links that these numbers make."""

    def sites(cause: str) -> list[tuple[str, ...]]:
        return [(s, cause) for s in (net.causes[cause].subtypes if cause in net.causes else ())] or [(cause,)]

    def above(f: str) -> tuple[str, float]:
        of = net.findings[f].parent
        return (of.finding, value[f"findings.{f}.parent.effect"]) if of else (f, 0.0)

    def own_leak(f: str) -> float:
        g, e = above(f)
        leak, leak_g = value[f"findings.{f}.leak"], value[f"findings.{g}.leak"]
        return leak if e == 0 else max(2.0**-500, (leak - e * leak_g) / (1 - e * leak_g))

    def stated(f: str, site: tuple[str, ...]) -> float | None:
        return next((value[f"findings.{f}.given.{name}"] for name in site if name in net.findings[f].given), None)

    def without(f: str, site: tuple[str, ...]) -> tuple[float, float]:
        """P(present) and P(absent), if only this site is present and has no link itself."""
        (g, e), own = above(f), own_leak(f)
        p_g = 0.0
        if e > 0:
            of_g = stated(g, site)
            p_g = max(without(g, site)[0], of_g or 0.0)  # a number drawn below it has a link of zero
        return own + e * p_g * (1 - own), (1 - own) * (1 - e * p_g)

    def link(site: tuple[str, ...]) -> float:
        p, (present, absent) = stated(f, site), without(f, site)
        return 0.0 if p is None else min(max(0.0, (p - present) / absent), 1 - 2.0**-50)

    (g, e), leak = above(f), own_leak(f)
    factor = {
        id_: np.log1p(-np.array([0.0, *(link(site) for site in sites(id_))]))[state[id_]]
        for id_ in (*net.causes, *net.background)
    }
    for m in net.mechanisms.values():
        if f in m.findings:
            factor[m.id] = np.min([factor.pop(c) for c in m.causes], axis=0)
    return np.log1p(-leak) + sum(factor.values()) + np.log1p(-e) * (state[g] > 0)


def drawn_numbers(net: Network, sampler: Sampler) -> list[dict[str, float]]:
    """Return the numbers of each draw by path; what sums to 1 is drawn together."""
    columns: dict[str, Any] = {}
    first: dict[tuple[str, object], str] = {}
    for path, n in numbers(net):
        section, id_, table, *_ = (*path.split("."), "")
        if table in {"prior", "prevalence"} and section in {"causes", "background"}:  # stated alike: drawn once
            path_drawn = first.setdefault((f"{section}.{id_}", n), path)
            if net.setting and id_ in net.settings[net.setting].odds_multipliers:
                times = net.settings[net.setting].odds_multipliers[id_].value
                stated = dataclasses.replace(n, p=1 / (1 + times * (1 - n.p) / n.p))  # type: ignore[call-arg, union-attr]
                x = logit(sampler.of(path_drawn, stated)) + np.log(times)
                columns[path] = 1 / (1 + np.exp(-x))
            else:
                columns[path] = sampler.of(path_drawn, n)
        else:
            columns[path] = sampler.of(path, n)
    together = [[f"weights.{sex}.{band}" for sex, row in net.weights.items() for band in row]]
    together += [[f"causes.{c.id}.subtypes.{s}.share" for s in c.subtypes] for c in net.causes.values() if c.subtypes]
    for paths in together:
        at = dict(numbers(net))
        columns |= dict(zip(paths, sampler.shares({path: at[path] for path in paths}).T, strict=True))  # type: ignore[misc]
    return [{path: float(x[k]) for path, x in columns.items()} for k in range(sampler.draws)]


def possible(net: Network, facts: Mapping[str, object]) -> Diagnosis:
    """Return the result of a case, which must be one that the network allows."""
    try:
        return net.diagnose(facts)
    except EvidenceError:
        assume(False)  # noqa: FBT003
        raise


@settings(max_examples=100)
@given(drawn=st.data(), data=networks(), seed=st.integers(0, 2**70))
def test_a_draw_is_the_posterior_under_its_numbers(drawn: st.DataObject, data: Data, seed: int) -> None:
    """Whatever the network and the case: the same drawn numbers, put into a list of all joint assignments."""
    d = possible(solved(data), drawn.draw(evidence(data)))
    ids, found = draw_posteriors(d, 20, seed)
    values = drawn_numbers(d.network, Sampler(20, seed))

    for k in (0, 7, 19):
        expected = brute_force(d.network, values[k], d)
        assert dict(zip(ids, found[k], strict=True)) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30)
@given(drawn=st.data(), data=networks())
def test_the_brute_force_of_these_tests_finds_the_network_s_own_posterior(drawn: st.DataObject, data: Data) -> None:
    """With every number as it stands."""
    d = possible(solved(data), drawn.draw(evidence(data)))
    value = {path: n.p if isinstance(n, Number) else n.value for path, n in numbers(d.network)}

    expected = brute_force(d.network, value, d)
    assert {id_: d[id_] for id_ in expected} == pytest.approx(expected, abs=1e-9)


def priced_data() -> Data:
    """Return the example with a setting whose multiplier is uncertain."""
    data = rich_data()
    multiplier = {**odds_ratio(2.0), "low": 0.5, "high": 6.0}
    data["settings"] = {"clinic": {"name": "Clinic", "odds_multipliers": {"bone": multiplier}}}
    return data


def test_in_a_setting_the_multiplier_is_drawn_too() -> None:
    d = solved(priced_data()).diagnose(FACTS, setting="clinic")
    ids, found = draw_posteriors(d, 20, 3)
    values = drawn_numbers(d.network, Sampler(20, 3))

    for k in range(20):
        expected = brute_force(d.network, values[k], d)
        assert dict(zip(ids, found[k], strict=True)) == pytest.approx(expected, abs=1e-9)


def test_a_setting_that_is_exact_makes_a_prior_no_surer() -> None:
    """On the log-odds scale its draws are as far apart as before they were multiplied."""
    data = rich_data()
    ten = {**odds_ratio(10.0), "low": 10.0, "high": 10.0}
    data["settings"] = {"clinic": {"name": "Clinic", "odds_multipliers": {"bone": ten}}}
    net = solved(data)
    number = dataclasses.replace(net.causes["bone"].prior["female"]["18-49"])
    of_file, multiplied = (
        next(iter(priors_drawn(d.network, d.network.engine.prior, d.case, Sampler(20, seed)))).intercept["bone"][0]
        - d.network.engine.prior.intercept["bone"][d.network.engine.prior.cells.index(("female", "18-49"))]
        for seed in (0,)
        for d in (net.diagnose(age=40, sex="female"), net.diagnose(age=40, sex="female", setting="clinic"))
    )
    assert number.p != net.diagnose(setting="clinic").network.causes["bone"].prior["female"]["18-49"].p
    assert multiplied == pytest.approx(of_file, abs=1e-12)


def test_a_setting_makes_no_one_number_of_several() -> None:
    """Cells alike but for their reasons stay numbers of their own, in a setting that changes nothing too."""
    data = rich_data()
    data["causes"]["bone"]["prior"] = {
        sex: {"p": 0.4, "n": 10, "basis": "judgement", "reason": f"of {sex} runners"} for sex in ("female", "male")
    }
    one = {**odds_ratio(1.0), "low": 1.0, "high": 1.0}
    data["settings"] = {"clinic": {"name": "Clinic", "odds_multipliers": {"bone": one}}}
    net = solved(data)
    plain, clinic = (intervals(net.diagnose(age=40, setting=s), draws=200) for s in (None, "clinic"))

    assert len(set(stated_at(net.causes["bone"].prior).values())) == 2
    assert clinic.to_numpy() == pytest.approx(plain.to_numpy(), abs=1e-9)


def test_an_unknown_age_makes_a_cause_stated_alike_for_all_no_surer() -> None:
    """One estimate, whoever the runner is: drawn once, not once for each cell and averaged."""
    data = small({"a": 0.3, "b": 0.3}, {"f": finding(0.2, {"a": 0.4})})
    data["network"]["age_bands"] = ["18-39", "40-59", "60+"]
    net = solved(data)
    unknown, known = (intervals(net.diagnose(facts), draws=400) for facts in ({}, {"age": 50, "sex": "male"}))

    assert unknown["low"].to_numpy() == pytest.approx(known["low"].to_numpy(), abs=1e-9)
    assert unknown["high"].to_numpy() == pytest.approx(known["high"].to_numpy(), abs=1e-9)


def test_a_draw_whose_numbers_do_not_fit_together_still_has_an_answer() -> None:
    """The child is present without its parent, and most draws leave it neither a leak nor a link of its own."""
    child = finding(0.21, {"a": 0.3}, parent=parent("g", 0.99))
    data = small({"a": 0.6, "b": 0.6}, {"g": finding(0.2, {"a": 0.25}), "f": child}, everyone=True)
    d = solved(data).diagnose(g=False, f=True)
    ids, found = draw_posteriors(d, 100, 0)
    values = drawn_numbers(d.network, Sampler(100, 0))

    assert sum(v["findings.f.leak"] < 0.99 * v["findings.g.leak"] for v in values) > 20
    for k, value in enumerate(values):
        assert dict(zip(ids, found[k], strict=True)) == pytest.approx(brute_force(d.network, value, d), abs=1e-9)


@settings(max_examples=50)
@given(drawn=st.data(), data=networks())
def test_findings_that_are_not_known_can_be_left_out_of_a_network(drawn: st.DataObject, data: Data) -> None:
    """What is above a known one stays."""
    d = possible(solved(data), drawn.draw(evidence(data)))
    fewer = restricted(d.network, d.case.findings).engine.posterior(d.case).probability

    assert set(d.case.findings) <= set(restricted(d.network, d.case.findings).findings)
    assert fewer == pytest.approx({id_: d[id_] for id_ in fewer}, abs=1e-12)


# Single numbers.


@pytest.mark.parametrize(("p", "n"), [(0.5, 2), (0.02, 8), (0.93, 400), (0.99, 20)])
def test_a_probability_is_drawn_from_its_beta_distribution(p: float, n: float) -> None:
    draws = Sampler(4000, 1).of("findings.f.leak", Number(p, n, "judgement"))

    assert stats.kstest(draws, stats.beta(p * n, (1 - p) * n).cdf).pvalue > 0.01
    assert ((draws > 0) & (draws < 1)).all()


def test_an_odds_ratio_is_drawn_from_its_log_normal_distribution() -> None:
    """Its value is the median, and its range is as wide as the central 95 %."""
    draws = np.log(Sampler(4000, 1).of("causes.c.odds_ratios.b", OddsRatio(2, 1, 8, "judgement")))

    assert stats.kstest(draws, stats.norm(np.log(2), np.log(8) / 2 / 1.959964).cdf).pvalue > 0.01


def test_shares_are_drawn_from_their_dirichlet_distribution() -> None:
    """They sum to 1; where they are worth the same n, each is Beta(p n, (1 - p) n)."""
    shares = {s: Number(p, 12, "judgement") for s, p in {"x": 0.2, "y": 0.3, "z": 0.5}.items()}
    draws = Sampler(4000, 1).shares(shares)

    assert draws.sum(axis=1) == pytest.approx(1)
    for column, number in zip(draws.T, shares.values(), strict=True):
        assert stats.kstest(column, stats.beta(number.p * 12, (1 - number.p) * 12).cdf).pvalue > 0.01


@pytest.mark.parametrize("n", [(4000, 400), (1000, 1), (0.1, 20)])
def test_a_share_worth_more_patients_is_not_drawn_larger(n: tuple[float, float]) -> None:
    """Each is about p, whatever the others are worth: all of them vary as the one worth least."""
    shares = {id_: Number(p, worth, "judgement") for id_, p, worth in zip("xy", (0.3, 0.7), n, strict=True)}
    draws = Sampler(4000, 1).shares(shares)
    least = min(n)

    assert stats.kstest(draws[:, 0], stats.beta(0.3 * least, 0.7 * least).cdf).pvalue > 0.01
    assert draws.mean(axis=0) == pytest.approx([0.3, 0.7], abs=0.03)
    alone = Sampler(4000, 1).shares(shares, ["y"])
    assert alone == pytest.approx(1)


def test_different_numbers_are_drawn_independently() -> None:
    number = Number(0.4, 10, "judgement")
    draws = [Sampler(4000, seed).of(path, number) for path in ("a.b", "a.c", "b.a") for seed in (1, 2)]

    correlation = np.corrcoef(draws)[np.triu_indices(6, 1)]
    assert np.abs(correlation).max() < 4 / np.sqrt(4000)


@given(p=st.floats(0.001, 0.999), n=st.floats(2, 1e4), level=LEVELS)
def test_the_interval_of_a_probability_leaves_the_same_of_its_beta_distribution_outside_each_end(
    p: float, n: float, level: float
) -> None:
    low, high = interval_of(Number(p, n, "judgement"), level)
    beta = stats.beta(p * n, (1 - p) * n)

    assert 0 < low <= high < 1
    for end, below in ((low, (1 - level) / 2), (high, (1 + level) / 2)):
        if 1e-150 < end < 1 - 1e-14:  # else it is nearer to 0 or 1 than numbers are drawn
            before, after = beta.cdf([np.nextafter(end, 0), np.nextafter(end, 1)])  # near 1 floats are far apart
            assert before - 1e-5 <= below <= after + 1e-5


@given(value=st.floats(0.1, 10), down=st.floats(1, 5), up=st.floats(1, 5), level=LEVELS)
def test_the_interval_of_an_odds_ratio_is_log_normal_about_its_value(
    value: float, down: float, up: float, level: float
) -> None:
    ratio = OddsRatio(value, value / down, value * up, "judgement")
    low, high = interval_of(ratio, level)
    low_95, high_95 = interval_of(ratio, 0.95)

    assert low * high == pytest.approx(value**2)
    assert high_95 / low_95 == pytest.approx(down * up)
    assert np.log(high / low) == pytest.approx(np.log(down * up) * stats.norm.ppf((1 + level) / 2) / 1.959964, abs=1e-6)


# Intervals.


def worth(net: Network, times: float) -> Network:
    """Return the network with every number worth so many times the patients, odds ratios about their value."""
    changes = {}
    for path, n in numbers(net):
        if isinstance(n, Number):
            changes[path] = {"n": n.n * times}
        else:
            half = (n.high / n.low) ** (0.5 / np.sqrt(times))
            changes[path] = {"low": n.value / half, "high": n.value * half}
    return net.replace(changes)


@settings(max_examples=40)
@given(drawn=st.data(), data=networks(), seed=st.integers(0, 1000), levels=st.tuples(LEVELS, LEVELS))
def test_an_interval_holds_between_0_and_1_and_a_surer_one_holds_it(
    drawn: st.DataObject, data: Data, seed: int, levels: tuple[float, float]
) -> None:
    d = possible(solved(data), drawn.draw(evidence(data)))
    inner, outer = (intervals(d, level, draws=30, seed=seed) for level in sorted(levels))

    assert (outer["low"] <= inner["low"]).all()
    assert (inner["low"] <= inner["high"]).all()
    assert (inner["high"] <= outer["high"]).all()
    assert outer["low"].min() >= 0
    assert outer["high"].max() <= 1
    for table in (inner, outer):
        assert tuple(table.index) == d.ranking
        assert table["probability"].tolist() == d.posterior.tolist()
        assert table["p_first"].sum() == pytest.approx(1)
        assert table["p_first"].between(0, 1).all()


@settings(max_examples=15)
@given(drawn=st.data(), data=networks(), seed=st.integers(0, 1000))
def test_where_every_number_is_sure_the_interval_is_the_posterior(drawn: st.DataObject, data: Data, seed: int) -> None:
    d = possible(worth(solved(data), 1e10), drawn.draw(evidence(data)))
    table = intervals(d, draws=20, seed=seed)

    assert table["low"].to_numpy() == pytest.approx(table["probability"].to_numpy(), abs=1e-3)
    assert table["high"].to_numpy() == pytest.approx(table["probability"].to_numpy(), abs=1e-3)


@pytest.mark.parametrize("facts", [FACTS, {"lateral_pain": True}], ids=["cell known", "cell unknown"])
def test_100_times_the_patients_make_an_interval_10_times_narrower(rich: Network, facts: dict[str, object]) -> None:
    """Once the numbers are sure enough for the posterior to follow them in a straight line."""
    wide, narrow = (
        intervals(worth(rich, times).diagnose(facts), draws=1500).pipe(lambda t: t["high"] - t["low"])
        for times in (100, 10_000)
    )

    assert (wide / narrow).to_numpy() == pytest.approx(10, rel=0.1)


def test_it_holds_the_answer_as_often_as_it_says(rich: Network) -> None:
    """90 % of the posteriors under numbers that this test draws lie in the 90 % interval, by cause, site and group."""
    d = rich.diagnose(FACTS)
    ids = (*rich.causes, *rich.subtype_of, *rich.groups)
    table = intervals(d, 0.9, draws=3000, seed=1, of=ids)
    rng = np.random.default_rng(20)
    times = 1500
    within = pd.Series(0.0, index=ids)
    for _ in range(times):
        value = {}
        for path, n in numbers(rich):
            if isinstance(n, OddsRatio):
                value[path] = n.value * np.exp(rng.normal(0, np.log(n.high / n.low) / (2 * 1.959964)))
            else:
                value[path] = rng.beta(n.p * n.n, (1 - n.p) * n.n)
        shares = [f"causes.bone.subtypes.{s}.share" for s in ("neck", "sacrum")]  # each worth 5 patients: Dirichlet
        value |= dict(zip(shares, rng.dirichlet([0.6 * 5, 0.4 * 5]), strict=True))
        found = pd.Series(brute_force(rich, value, d))
        within += (found >= table["low"]) & (found <= table["high"])

    assert (within / times).to_numpy() == pytest.approx(0.9, abs=0.03)


def test_p_first_is_how_often_each_cause_leads(rich: Network) -> None:
    d = rich.diagnose(FACTS)
    ids, found = draw_posteriors(d, 200, 4)
    causes = pd.DataFrame(found, columns=ids)[list(rich.causes)]
    table = intervals(d, draws=200, seed=4)

    assert (
        table["p_first"].to_dict()
        == (causes.idxmax(axis=1).value_counts() / 200).reindex(table.index, fill_value=0).to_dict()
    )
    assert table["p_first"].max() < 1


def test_whatever_has_a_probability_has_an_interval(rich: Network) -> None:
    """A group's draws are not below its members', a subtype's not above its cause's; only causes can be first."""
    d = rich.diagnose(FACTS)
    table = intervals(d, draws=50, of=("overload", "tendon", "neck"))
    all_causes = intervals(d, draws=50)

    assert table.index.tolist() == ["overload", "tendon", "neck"]
    assert table.index.name == all_causes.index.name == "cause"
    assert table["p_first"].isna().tolist() == [True, False, True]
    assert table.loc["tendon"].to_dict() == all_causes.loc["tendon"].to_dict()
    assert table.loc["overload", "low"] >= table.loc["tendon", "low"]
    assert table.loc["neck", "high"] <= all_causes.loc["bone", "high"]
    assert intervals(d, draws=50, of="neck").equals(table.loc[["neck"]])


def test_the_same_seed_gives_the_same_intervals(rich: Network) -> None:
    """In any order of facts, in any thread, whatever was asked before; another seed gives others."""
    d = rich.diagnose(FACTS)
    first = intervals(d, draws=60, seed=5)
    turned = solved(rich_data()).diagnose(dict(reversed(FACTS.items())))
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda d: intervals(d, draws=60, seed=5), [d, turned] * 4))

    assert all(table.equals(first) for table in again)
    assert not intervals(d, draws=60, seed=6).equals(first)


def test_more_draws_go_on_where_fewer_end(rich: Network) -> None:
    d = rich.diagnose(FACTS)
    few, more = (draw_posteriors(d, draws, 2)[1] for draws in (20, 50))

    assert np.array_equal(few, more[:20])


def test_two_cases_are_drawn_from_the_same_networks(rich: Network) -> None:
    """So a finding that says nothing of a cause hardly changes which draws are high: common random numbers."""
    d = rich.diagnose(FACTS)
    (ids, before), (_, after) = (draw_posteriors(x, 200) for x in (d, d.given(onset="gradual")))
    column = ids.index("tendon")

    assert np.corrcoef(before[:, column], after[:, column])[0, 1] > 0.9


def test_a_diagnosis_gives_them(rich: Network) -> None:
    d = rich.diagnose(FACTS)

    assert d.intervals(0.8, draws=30, seed=2).equals(intervals(d, 0.8, draws=30, seed=2))


# Refusals.


@pytest.mark.parametrize("level", [0, 1, 1.2, -0.1, True, "0.9", None, float("nan"), 10**400])
def test_a_level_that_is_none_is_refused(net: Network, level: object) -> None:
    with pytest.raises(EvidenceError, match=r"level is .*; allowed: a number strictly between 0 and 1"):
        interval_of(Number(0.5, 10, "judgement"), level)  # type: ignore[arg-type]
    with pytest.raises(EvidenceError, match=r"level is .*; allowed: a number strictly between 0 and 1"):
        intervals(net.diagnose(), level)  # type: ignore[arg-type]


def test_a_level_as_near_to_1_as_a_float_can_be_is_one() -> None:
    """Its ends are finite, and as wide as they can be."""
    level = math.nextafter(1, 0)
    low, high = interval_of(OddsRatio(2.0, 1.0, 4.0, "judgement"), level)

    assert 0 < low < interval_of(OddsRatio(2.0, 1.0, 4.0, "judgement"), 0.999)[0] < 1
    assert 4 < high < math.inf


@pytest.mark.parametrize("draws", [19, 0, -5, 100.0, True, "100", None, 10**9, 2**64 - 1])
def test_a_number_of_draws_that_is_none_is_refused(net: Network, draws: object) -> None:
    with pytest.raises(
        EvidenceError, match=r"draws is .*; allowed: a whole number from 20 to [\d,]+, because .* 4 GiB"
    ):
        intervals(net.diagnose(), draws=draws)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [-1, 0.5, False, "0", None])
def test_a_seed_that_is_none_is_refused(net: Network, seed: object) -> None:
    with pytest.raises(EvidenceError, match=r"seed is .*; allowed: a whole number, 0 or more"):
        intervals(net.diagnose(), draws=20, seed=seed)  # type: ignore[arg-type]


def test_an_id_that_has_no_probability_is_refused(net: Network) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'tendon'"):
        intervals(net.diagnose(), of=["tendno"])


def test_draws_that_would_take_too_long_are_refused_with_the_figure() -> None:
    """Twelve causes, by 2 ** 15 states of the background that they share, made anew in each draw."""
    causes = [f"c{k}" for k in range(12)]
    net = solved(with_background(small(dict.fromkeys(causes, 0.1), {"f": finding(0.1, {"c0": 0.5})}), 15, causes))
    d = net.diagnose(f=True)

    with pytest.raises(
        NetworkTooLargeError,
        match=r"^to draw 200 networks would take .*e\+11 .* 12 causes .* 32,768 states .*: 9e\+10, .* Draw fewer",
    ):
        intervals(d)


def test_too_many_causes_to_list_are_refused() -> None:
    d = solved(qmr_like(60, 5, seed=1)).diagnose(f0=True)

    with pytest.raises(NetworkTooLargeError, match="needs a list of all sets of the 60 causes"):
        intervals(d)

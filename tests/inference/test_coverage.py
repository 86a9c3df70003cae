"""The engine for many cases and for large networks: the oracle's numbers, the same bits always, refusals in time."""

from __future__ import annotations

import math
import random
import tracemalloc
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from example import Data, finding, number, odds_ratio, parent, qmr_like, read_network, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle
from strategies import Facts, evidence, networks, split

import hip_bayes as hb
from hip_bayes import Network, NetworkTooLargeError
from hip_bayes.cohorts import table
from hip_bayes.cohorts.columns import Reading, match
from hip_bayes.inference import coverage, kernel
from hip_bayes.inference import engine as inference
from hip_bayes.inference.evidence import Cases

EXACT = 1e-9


def solve(net: Network, facts: Facts) -> dict[str, float]:
    """Return what the coverage alone says of one case: P of causes and subtypes, and P(evidence)."""
    joint, chance, log_factor = net.engine.coverage.solve(Cases.of(net.vocabulary.read(facts.items()), net))
    assert chance[0] > 0
    found = dict(zip(net.engine.units.outputs, (joint[0] / chance[0]).tolist(), strict=True))
    return found | {"evidence": float(chance[0] * np.exp(log_factor[0]))}


# Against the oracle, and against listing every set of causes.


@pytest.mark.parametrize("everyone", [True, False], ids=["everyone has a cause", "not everyone has a cause"])
@settings(max_examples=150)
@given(drawn=st.data())
def test_what_is_covered_gives_the_posterior_of_the_oracle(drawn: st.DataObject, *, everyone: bool) -> None:
    """With hard, soft and partial evidence, parents known and unknown, each cause and subtype and the evidence."""
    data = drawn.draw(networks(everyone_has_a_cause=everyone))
    facts = {name: x for name, x in drawn.draw(evidence(data)).items() if x != 0.5}
    sex, band, known = split(data, facts)
    oracle = Oracle(data)
    expected = oracle.posterior(sex=sex, band=band, evidence=known)
    chance = oracle.probability(sex=sex, band=band, evidence=known)

    found = solve(solved(data), facts)

    assert found.pop("evidence") == pytest.approx(chance, rel=EXACT, abs=0)
    assert found == pytest.approx({i: expected[i] for i in found}, rel=0, abs=EXACT)


@settings(max_examples=60)
@given(drawn=st.data())
def test_a_network_that_is_not_listed_has_the_same_posteriors(drawn: st.DataObject) -> None:
    """Causes, subtypes, groups and log evidence of `diagnose` for networks too large to enumerate, on small ones."""
    data = drawn.draw(networks())
    facts = drawn.draw(evidence(data))
    listed, covered = solved(data), read_network(data)
    covered.engine.enumerable = False

    d, other = listed.diagnose(facts), covered.diagnose(facts)

    ids = [*listed.causes, *listed.subtype_of, *listed.groups]
    assert {i: other[i] for i in ids} == pytest.approx({i: d[i] for i in ids}, rel=0, abs=EXACT)
    assert other.log_evidence == pytest.approx(d.log_evidence, rel=0, abs=EXACT)


@settings(max_examples=40)
@given(drawn=st.data())
def test_the_company_of_a_case_does_not_change_a_bit(drawn: st.DataObject) -> None:
    """However many cases are computed side by side, in whatever order."""
    data = drawn.draw(networks())
    net = solved(data)
    cases = drawn.draw(st.lists(evidence(data), min_size=2, max_size=8))
    order = drawn.draw(st.permutations(range(len(cases))))
    lanes = drawn.draw(st.sampled_from([1, 2, 3, 64]))
    rows = [Cases.of(net.vocabulary.read(facts.items()), net) for facts in cases]

    def together(rows: list[Cases]) -> Cases:
        names = ("sex", "band", "background", "findings", "red_flags")
        return Cases(*(np.concatenate([getattr(row, name) for row in rows]) for name in names))

    alone = [net.engine.coverage.solve(row) for row in rows]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "LANES", lanes)
        together_ = net.engine.coverage.solve(together([rows[i] for i in order]))

    for place, i in enumerate(order):
        assert [a[place].tobytes() for a in together_] == [a[0].tobytes() for a in alone[i]]


def test_background_shared_by_units_is_mixed_and_kept_apart_where_it_is_known() -> None:
    """Three risk factors, each of two or three independent causes, known in every combination."""
    data = small(dict.fromkeys("abcd", 0.4), {f"f{c}": finding(0.05, {c: 0.6}) for c in "abcd"}, everyone=True)
    blank = {
        "name": "R",
        "question": "R?",
        "prevalence": {"all": {"p": 0.3, "n": 9, "basis": "judgement", "reason": "x"}},
    }
    data["background"] = dict.fromkeys(("r", "s", "t"), blank)
    for c, risks in {"a": "r", "b": "rs", "c": "st", "d": "rt"}.items():
        data["causes"][c]["odds_ratios"] = {r: odds_ratio(4.0) for r in risks}
    net, oracle = solved(data), Oracle(data)
    said = {"fa": 1.0, "fb": 0.0, "fc": 0.7}

    for known in product([None, 0.0, 0.4, 1.0], repeat=3):
        facts = said | {r: x for r, x in zip("rst", known, strict=True) if x is not None}
        expected = oracle.posterior(sex=None, band=None, evidence=facts)
        found = solve(net, facts)
        assert {c: found[c] for c in "abcd"} == pytest.approx({c: expected[c] for c in "abcd"}, rel=0, abs=EXACT)


# Where subtraction would lose everything.


def by_subtraction(net: Network, facts: Facts, number: Any) -> tuple[Any, Any]:  # noqa: ANN401 float or Fraction
    """P(cause a | findings present) and the size of what cancels, by the inclusion-exclusion of Quickscore."""
    one = number(1)
    leak = {f: number(net.findings[f].leak.p) for f in facts}
    given = {f: {c: number(n.p) for c, n in net.findings[f].given.items()} for f in facts}
    prior = {c: number(net.causes[c].prior["female"]["18+"].p) for c in net.causes}
    total, with_a, size = number(0), number(0), number(0)
    for chosen in product([0, 1], repeat=len(facts)):
        subset = [f for f, there in zip(facts, chosen, strict=True) if there]
        sign = one if len(subset) % 2 == 0 else -one
        for f in subset:
            sign *= one - leak[f]
        factor = dict.fromkeys(net.causes, one)
        for f in subset:
            for c in net.causes:
                factor[c] *= (one - given[f].get(c, leak[f])) / (one - leak[f])
        term, term_a = sign, sign
        for c, p in prior.items():
            term *= one - p + p * factor[c]
            term_a *= p * factor[c] if c == "a" else one - p + p * factor[c]
        total, with_a, size = total + term, with_a + term_a, size + abs(term)
    return with_a / total if total else number(0), size / abs(total) if total else number(10) ** 30


@pytest.mark.parametrize("rare", [1e-2, 1e-3, 1e-4])
def test_nothing_cancels_where_quickscore_loses_all_digits(rare: float) -> None:
    """Ten rare findings present: differences of numbers near 1 keep no digit; sums of products keep them all."""
    findings = {f"f{k}": finding(rare, {"a": 3 * rare + k * rare / 7, "b": 2 * rare}) for k in range(10)}
    net = solved(small({"a": 0.3, "b": 0.2}, findings))
    facts = dict.fromkeys(findings, True)
    exact, cancelled = by_subtraction(net, facts, Fraction)

    found = solve(net, facts)["a"]

    assert cancelled > 1e12
    assert found == pytest.approx(float(exact), rel=1e-13, abs=0)
    assert net.diagnose(facts)["a"] == pytest.approx(float(exact), rel=1e-13, abs=0)
    if rare < 1e-2:
        assert abs(by_subtraction(net, facts, float)[0] - float(exact)) > 1e-3


def test_causes_that_hardly_anyone_has_are_not_lost_in_rounding() -> None:
    """Priors of 1e-12 and evidence against all of them: each keeps its digits."""
    net = solved(small({"a": 1e-12, "b": 2e-12}, {"f": finding(0.5, {"a": 0.999999, "b": 0.9})}))

    found = solve(net, {"f": False})

    p = {c: prior * absent / 0.5 for c, prior, absent in (("a", 1e-12, 1e-6), ("b", 2e-12, 0.1))}
    assert found["a"] == pytest.approx(p["a"], rel=1e-9, abs=0)
    assert found["b"] == pytest.approx(p["b"], rel=1e-9, abs=0)


def test_what_is_too_unlikely_for_a_float_is_listed_in_logs() -> None:
    """A hundred and fifty findings absent that every cause makes all but sure: P(state) underflows for all of them."""
    findings = {f"f{k}": finding(0.01, {"a": 0.9999, "b": 0.9998}) for k in range(150)}
    net = solved(small({"a": 0.6, "b": 0.6}, findings, everyone=True))
    facts = dict.fromkeys(findings, False)
    frame = pd.DataFrame([facts, facts | {"f0": None}])

    _, chance, _ = net.engine.coverage.solve(Cases.of(net.vocabulary.read(facts.items()), net))
    result = net.diagnose_many(frame, with_triage=False)

    assert chance[0] < inference.SMALLEST
    for (_, row), said in zip(result.iterrows(), frame.to_dict("records"), strict=True):
        d = net.diagnose(said)
        assert row.to_dict() == pytest.approx({c: d[c] for c in net.causes}, rel=0, abs=1e-12)
        assert d.log_evidence < math.log(inference.SMALLEST)
    assert result["a"][0] < 1e-30  # it doubles P(absent) 150 times less often than b


def test_hundreds_of_absent_findings_do_not_underflow_in_a_network_that_cannot_be_listed() -> None:
    """P(all of 160 findings absent) is about 1e-320; the posterior is that of the one finding that says something."""
    priors = {f"c{k}": 0.3 for k in range(30)}
    findings = {f"f{k}": finding(0.99, {"c2": 0.9901}) for k in range(160)} | {"g": finding(0.1, {"c0": 0.6})}
    net = solved(small(priors, findings))
    facts = dict.fromkeys(findings, False) | {"g": True}

    d = net.diagnose(facts)

    assert d["c0"] == pytest.approx(0.3 * 0.6 / (0.3 * 0.6 + 0.7 * 0.1), rel=1e-12)
    assert net.diagnose_many(pd.DataFrame([facts]))["c0"][0] == pytest.approx(d["c0"], rel=1e-12)
    assert d.log_evidence == pytest.approx(
        160 * math.log(0.01) + math.log(0.25) + math.log(0.7 + 0.3 * 0.99**160), rel=1e-9
    )


def test_many_parts_and_many_backgrounds_take_no_more_memory_than_stated() -> None:
    """Nine children known without their parents make 512 parts a row; soft background a table of its own a row."""
    net = hb.load_network()
    children = [f.id for f in net.findings.values() if f.parent is not None]
    rng = np.random.default_rng(1)
    rows = 600
    frame = pd.DataFrame({f: [False] * rows for f in children}).assign(age=rng.integers(18, 90, rows))
    for b in net.background:
        frame[b] = rng.random(rows).round(3)
    net.diagnose_many(frame[:2], with_triage=False)

    tracemalloc.start()
    result = net.diagnose_many(frame, with_triage=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * coverage.WORKSPACE
    for i in (0, rows - 1):
        d = net.diagnose(frame.iloc[i])
        assert result.iloc[i].to_dict() == pytest.approx({c: d[c] for c in net.causes}, rel=0, abs=1e-12)


def test_a_large_network_with_much_shared_background_is_answered_or_refused_soon() -> None:
    """Forty causes, nine shared risk factors: 512 states of these, and none once they are known."""
    data = small({f"c{k}": 0.1 for k in range(40)}, {f"f{k}": finding(0.05, {f"c{k}": 0.6}) for k in range(40)})
    risks = [f"r{k}" for k in range(9)]
    blank = {"name": "R", "question": "R?", "prevalence": {"all": number(0.3)}}
    data["background"] = dict.fromkeys(risks, blank)
    for k in range(40):
        data["causes"][f"c{k}"]["odds_ratios"] = {risks[k % 9]: odds_ratio(3.0)}
    net = solved(data)
    said = {"f0": True, "f9": True, "f1": True, "f2": False}
    known = dict.fromkeys(risks, False)
    cost = net.engine.coverage.cost
    unknown_cost, known_cost = (
        cost(Cases.of(net.vocabulary.read(facts.items()), net)) for facts in (said, said | known)
    )

    both = net.diagnose_many(pd.DataFrame([said, said | known]), with_triage=False)

    assert 100 < unknown_cost.memory[0] / known_cost.memory[0] < 1000
    odds = {True: 0.6 / 0.05, False: 0.4 / 0.95}
    q = net.diagnose(known)["c0"]
    assert both["c0"][1] == pytest.approx(q * odds[True] / (q * odds[True] + 1 - q), rel=1e-6)
    assert both["c0"][0] > both["c0"][1]  # f9 speaks for the risk factor that c0 and c9 share


def test_a_row_with_many_findings_is_listed_and_has_the_bits_of_diagnose() -> None:
    """Where covering would take longer than listing, listing it is: row by row, by the row alone."""
    net = hb.load_network()
    people = net.simulate(40, seed=4)
    full = people.drop(columns="truth").astype(object)
    few = full[["age", "sex", "lateral_pain", "groin_pain", "night_pain"]]
    mixed = pd.concat([full, few], ignore_index=True)

    cases, _, _ = table.read_table(net, mixed, match(net, list(mixed), Reading()))
    operations = net.engine.coverage.cost(cases).operations
    result = net.diagnose_many(mixed, with_triage=False)

    assert operations[:40].min() > 1e7
    assert operations[40:].max() < 1e6
    for i in range(40):
        d = net.diagnose(full.iloc[i])
        assert result.iloc[i].to_dict() == {c: d[c] for c in net.causes}
    for i in range(40, 80):
        d = net.diagnose(few.iloc[i - 40])
        assert result.iloc[i].to_dict() == pytest.approx({c: d[c] for c in net.causes}, rel=0, abs=1e-12)


def test_a_long_chain_of_unknown_findings_costs_no_more_than_its_length_in_a_table_either() -> None:
    chain = {"f0": finding(0.5, {"a": 0.6})}
    chain |= {f"f{k}": finding(0.3, {"a": 0.5}, parent=parent(f"f{k - 1}", 0.05)) for k in range(1, 40)}
    net = solved(small({"a": 0.6, "b": 0.6}, chain, everyone=True))

    result = net.diagnose_many(pd.DataFrame({"f39": [True, False], "f0": [None, True]}))

    assert list(result["a"]) == [net.diagnose(f39=True)["a"], net.diagnose(f39=False, f0=True)["a"]]


# Growth.


@pytest.fixture(scope="module")
def large() -> Network:
    """Return one with 60 causes and 500 findings: 2 ** 60 sets of causes."""
    return read_network(qmr_like(60, 500, 3))


def test_sixty_causes_and_five_hundred_findings_are_answered_as_pgmpy_does(large: Network) -> None:
    """Five findings present, seven absent; pgmpy by variable elimination on the exported tables."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pgmpy.inference import VariableElimination

        model = large.to_pgmpy()
        engine = VariableElimination(model)
    rng = random.Random(8)
    known = rng.sample(list(large.findings), 12)
    facts = {f: i < 5 for i, f in enumerate(known)}
    d = large.diagnose(facts)
    said = {f: "present" if there else "absent" for f, there in facts.items()}
    asked = list(dict.fromkeys([*d.ranking[:4], "c0", "c59"]))

    found = engine.query(asked, evidence=said, joint=False, show_progress=False)

    for c in asked:
        assert d[c] == pytest.approx(found[c].get_value(**{c: "present"}), rel=0, abs=EXACT)
    assert max(d[c] for c in asked) > 0.3  # the case says something
    assert max(d[f"c{k}"] for k in range(10)) <= d["first_ten"] <= sum(d[f"c{k}"] for k in range(10))
    row = large.diagnose_many(pd.DataFrame([facts]), with_triage=False).iloc[0]
    assert row.to_dict() == pytest.approx({c: d[c] for c in large.causes}, rel=0, abs=1e-12)


def test_absent_and_unknown_findings_do_not_count_against_a_large_network(large: Network) -> None:
    """All but eight of the 500 known to be absent: the work is that of the eight."""
    present = list(large.findings)[:8]
    facts = {f: f in present for f in large.findings}
    cost = large.engine.coverage.cost
    few, many = (Cases.of(large.vocabulary.read(said), large) for said in (((f, True) for f in present), facts.items()))

    assert cost(few).operations[0] == cost(many).operations[0]
    assert 0 < large.diagnose(facts)["c0"] < 1


def test_a_case_with_too_many_findings_for_a_large_network_is_refused_with_the_figure(
    large: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is tried; in a table with its row, and the other rows of a table are not lost with rejects."""
    facts = dict.fromkeys(list(large.findings)[:40], True)
    tried: list[int] = []
    real = large.engine.coverage.solve

    def solve(cases: Cases) -> Any:  # noqa: ANN401
        tried.append(len(cases))
        return real(cases)

    monkeypatch.setattr(large.engine.coverage, "solve", solve)

    with pytest.raises(
        NetworkTooLargeError, match=r"^40 findings that are present .* 60 causes .*e\+1\d operations and .* GiB"
    ):
        large.diagnose(facts)
    with pytest.raises(NetworkTooLargeError, match=r"^row 'b': 40 findings"):
        large.diagnose_many(pd.DataFrame([{"f0": True}, facts], index=["a", "b"]))
    rejects: list[table.Reject] = []
    kept = table.diagnose_table(large, pd.DataFrame([{"f0": True}, facts, {}]), rejects=rejects)

    assert tried == [1, 2]  # the rows that can be answered, of the first table and of the second
    assert [r.row for r in rejects] == [1]
    assert list(kept.index) == [0, 2]


def test_the_triage_of_a_case_counts_among_what_a_large_network_can_take() -> None:
    """It looks at every set of the worrying findings that are present: 1.5 ** 10 times what the case takes alone."""
    data = qmr_like(60, 40, seed=1)
    present = dict.fromkeys(list(data["findings"])[:17], True)
    alone = solved(data)
    cost = alone.engine.coverage.cost(Cases.of(alone.vocabulary.read(present.items()), alone)).operations[0]
    data["hazards"] = {"c0": {"threshold": 0.5, "level": "urgent", "reason": "r", "action": "a", "basis": "judgement"}}
    for f in list(present)[:10]:
        data["findings"][f]["worrying"] = True

    assert 1e9 < cost < 2e10
    with pytest.raises(NetworkTooLargeError, match=r"^17 findings .* would take [\d.]+e\+1\d operations"):
        solved(data).diagnose(present)


def test_what_needs_all_sets_of_causes_is_refused_where_they_are_too_many(large: Network) -> None:
    with pytest.raises(
        NetworkTooLargeError, match=r"all sets of the 60 causes, 1.2e\+18 joint states; allowed: .* MiB"
    ):
        large.diagnose(f1=True).most_probable(3)


def test_causes_that_are_all_tied_together_are_refused_with_the_figure() -> None:
    data = small({f"c{k}": 0.1 for k in range(40)}, {"f": finding(0.1, {"c0": 0.5})})
    for k in range(1, 40):
        data["causes"][f"c{k}"]["odds_ratios"] = {f"c{k - 1}": odds_ratio(2.0)}

    with pytest.raises(
        NetworkTooLargeError, match=r"40 causes tied to each other .* 1,099,511,627,776 joint states .* GiB"
    ):
        solved(data)


def test_a_large_network_is_answered_but_cannot_be_exported_to_pgmpy() -> None:
    """Everyone has a cause, so pgmpy's "at least one of 40" would need a table of 2 ** 41 numbers."""
    net = solved(small({f"c{k}": 0.1 for k in range(40)}, {"f": finding(0.1, {"c0": 0.5})}, everyone=True))

    assert net.diagnose(f=True)["c0"] > net.diagnose(f=False)["c0"]
    assert net.diagnose()["c7"] == pytest.approx(0.1, rel=0, abs=EXACT)
    with pytest.raises(NetworkTooLargeError, match=r"hip_pain: the table of 'hip_pain' with its 40 parents .* numbers"):
        net.to_pgmpy()


def test_tables_for_pgmpy_are_refused_for_what_all_of_them_take() -> None:
    causes = dict.fromkeys((f"c{k}" for k in range(24)), 0.1)
    net = solved(small(causes, {f: finding(0.1, dict.fromkeys(causes, 0.5)) for f in "fgh"}))

    with pytest.raises(
        NetworkTooLargeError, match=r"'f' with its 24 .* have 33,554,432 numbers, all tables 100,663,.* in all"
    ):
        net.to_pgmpy()


def test_where_no_directory_may_be_written_the_loops_are_compiled_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numba refuses to keep what it compiles without a place for it; that is no reason not to answer."""
    compile_ = kernel.numba.njit

    def njit(*, cache: bool = False, nogil: bool) -> Any:  # noqa: ANN401
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return compile_(nogil=nogil)

    monkeypatch.setattr(kernel.numba, "njit", njit)

    assert kernel._compiled(lambda x: 2 * x)(21) == 42  # noqa: SLF001


def test_what_is_too_unlikely_to_be_exact_is_refused_and_not_answered_with_few_digits() -> None:
    """A hundred findings absent that any cause makes all but sure, in a network that cannot be listed."""
    findings = {f"f{k}": finding(0.01, {f"c{j}": 0.9999 for j in range(30)}) for k in range(100)}
    net = solved(small({f"c{k}": 0.1 for k in range(30)}, findings, everyone=True))

    assert net.diagnose(dict.fromkeys(list(findings)[:30], False))["c0"] == pytest.approx(1 / 30, rel=1e-6)
    with pytest.raises(hb.EvidenceError, match=r"\(probability 0, or too small to be computed exactly"):
        net.diagnose(dict.fromkeys(findings, False))


def test_children_of_unknown_parents_count_among_what_a_large_network_can_take() -> None:
    """Each is evidence against its parent, which may be there or not: fifty are refused, none once these are known."""
    findings: Data = {}
    for k in range(50):
        findings |= {
            f"g{k}": finding(0.1, {"c0": 0.5}),
            f"f{k}": finding(0.2, {"c1": 0.6}, parent=parent(f"g{k}", 0.3)),
        }
    net = solved(small({f"c{k}": 0.1 for k in range(30)}, findings))
    facts = {f"f{k}": False for k in range(50)}

    with pytest.raises(NetworkTooLargeError, match=r"^50 findings that are present or not certain"):
        net.diagnose(facts)
    assert 0 < net.diagnose(facts | {f"g{k}": False for k in range(50)})["c0"] < 0.01

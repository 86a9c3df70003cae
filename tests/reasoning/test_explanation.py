"""Explanations against brute force: Shapley values from all orders, posteriors from the oracle."""

from __future__ import annotations

import functools
import gc
import itertools
import json
import math
import re
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from example import finding, odds_ratio, parent, qmr_like, rich_data, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes.diagnosis import Diagnosis
from hip_bayes.errors import EvidenceError, NetworkTooLargeError, UnknownNameError
from hip_bayes.inference import engine as inference
from hip_bayes.inference.engine import Engine
from hip_bayes.inference.evidence import Case
from hip_bayes.reasoning import explanation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from example import Data

    from hip_bayes import Network

MOST_PIECES = 5
"""Brute force goes through all orders of the pieces."""


def logit(p: float) -> float:
    """Return log odds, of probabilities cut as the documentation of `explain` says."""
    p = min(max(p, 1e-200), 1 - 1e-12)
    return math.log(p / (1 - p))


def rounding(p: float) -> float:
    """Return how far log odds at a probability may be off because of how it is rounded."""
    return 1e-8 + 1e-14 / (1 - min(p, 1 - 1e-12))


def pieces_of(d: Diagnosis) -> dict[str, str | float]:
    """Return the pieces of evidence: the sex, the age band, weights of what else is known."""
    said = {"age": d.case.band, "sex": d.case.sex}
    return {**{k: x for k, x in said.items() if x is not None}, **d.case.background, **d.case.findings}


def asked(pieces: Mapping[str, str | float]) -> Data:
    """Return pieces of evidence as the oracle takes them."""
    rest = {k: x for k, x in pieces.items() if k not in ("age", "sex")}
    return {"sex": pieces.get("sex"), "band": pieces.get("age"), "evidence": rest}


def ids_of(net: Network) -> tuple[str, ...]:
    """Return everything that has a probability."""
    return (*net.causes, *net.subtype_of, *net.groups)


@st.composite
def diagnoses(draw: st.DrawFn) -> tuple[Data, Diagnosis]:
    """Draw a network with a result of few pieces of evidence."""
    data = draw(networks())
    facts = draw(evidence(data))
    kept = draw(st.permutations(list(facts)))[:MOST_PIECES]
    return data, solved(data).diagnose({k: facts[k] for k in kept})


def two_causes(priors: tuple[float, float] = (0.2, 0.3), **more: Data) -> Data:
    """Write a network of two causes that share a finding, with a second finding of the second cause alone."""
    shared = finding(0.05, {"a": 0.8, "b": 0.8})
    return small({"a": priors[0], "b": priors[1]}, {"f": shared, "of_b": finding(0.05, {"b": 0.9}), **more})


def fourteen() -> Data:
    """Write a network with more findings than all sets are made of."""
    findings = {
        f"f{k}": finding(0.05 + 0.01 * k, {"abc"[k % 3]: 0.5 + 0.03 * k, "abc"[(k + 1) % 3]: 0.6}) for k in range(14)
    }
    findings["f5"]["parent"] = parent("f4", 0.1)
    return small({"a": 0.5, "b": 0.4, "c": 0.3}, findings, everyone=True)


OUTSIDE, UNLINKED = "P(Pain on the outside of the hip", "a cause without a link to it"
MANY = {f"f{k}": 0.7 if k == 8 else k % 3 != 0 for k in range(14)}


def test_in_a_setting_age_and_sex_name_what_the_prior_was_multiplied_by() -> None:
    """No study printed the product."""
    d = hb.diagnose(age=30, sex="f", groin_pain=True, setting="hip_surgery_clinic")
    net = d.network
    times = net.settings["hip_surgery_clinic"].odds_multipliers["fai"]
    row = d.explain("fai").loc["age"]

    p = net.causes["fai"].prior["female"]["30-39"]
    assert f"P({net.name_of('fai')} | pain, female, 30-39), as multiplied = {p.p:.4g} | " in row["number"]
    assert row["number"].endswith(f"multiplied, {net.settings['hip_surgery_clinic'].name} = {times.value:.4g}")
    assert row["path"][1] == "settings.hip_surgery_clinic.odds_multipliers.fai"
    assert "as multiplied" not in hb.diagnose(age=30, sex="f", groin_pain=True).explain("fai").loc["age", "number"]


# What a contribution is.


@settings(max_examples=60)
@given(drawn=diagnoses())
def test_contributions_are_the_mean_over_all_orders_of_what_a_piece_adds(drawn: tuple[Data, Diagnosis]) -> None:
    data, d = drawn
    oracle = Oracle(data)
    pieces = pieces_of(d)

    @functools.cache
    def known(kept: frozenset[str]) -> dict[str, float]:
        return oracle.posterior(**asked({k: x for k, x in pieces.items() if k in kept}))

    for id_ in ids_of(d.network):
        mean = dict.fromkeys(pieces, 0.0)
        worst = 0.0
        for order in itertools.permutations(pieces):
            for i, piece in enumerate(order):
                before, after = known(frozenset(order[:i]))[id_], known(frozenset(order[: i + 1]))[id_]
                mean[piece] += (logit(after) - logit(before)) / math.factorial(len(pieces))
                worst = max(worst, rounding(before), rounding(after))
        table = d.explain(id_)
        assert table["contribution"].to_dict() == pytest.approx(mean, abs=2 * worst)
        assert table.attrs["exact"]
        assert (table["se"] == 0).all()


@settings(max_examples=100)
@given(drawn=st.data(), data=networks())
def test_contributions_sum_to_the_change_of_the_log_odds(drawn: st.DataObject, data: Data) -> None:
    d = solved(data).diagnose(drawn.draw(evidence(data)))
    nothing = d.network.diagnose()

    for id_ in ids_of(d.network):
        table = d.explain(id_)
        total = math.fsum(table["contribution"])
        assert total == pytest.approx(logit(d[id_]) - logit(nothing[id_]), abs=1e-9)
        assert total == pytest.approx(table.attrs["log_odds_posterior"] - table.attrs["log_odds_prior"], abs=1e-9)
        assert (table.attrs["prior"], table.attrs["posterior"]) == (nothing[id_], d[id_])


@settings(max_examples=60)
@given(drawn=diagnoses())
def test_likelihood_ratios_are_those_of_the_piece_alone(drawn: tuple[Data, Diagnosis]) -> None:
    """P(piece | cause) / P(piece | not the cause), by the oracle."""
    data, d = drawn
    oracle = Oracle(data)

    for id_ in ids_of(d.network):
        if logit(oracle.posterior()[id_]) > 25:
            continue  # the cause is certain: there is no probability without it
        ratio = d.explain(id_)["likelihood_ratio"]
        for piece, x in pieces_of(d).items():
            alone = asked({piece: x})
            present, absent = (
                oracle.probability(**alone | {"evidence": alone["evidence"] | {id_: there}})
                / oracle.probability(evidence={id_: there})
                for there in (1.0, 0.0)
            )
            assert ratio[piece] == pytest.approx(present / absent, rel=1e-7)


def test_a_finding_without_a_link_says_nothing() -> None:
    d = solved(two_causes(idle=finding(0.2, {"a": 0.2, "b": 0.2}))).diagnose(f=True, idle=True)
    table = d.explain("a")

    assert table.index.tolist() == ["f", "idle"]
    assert table.loc["idle", "contribution"] == pytest.approx(0, abs=1e-12)
    assert table.loc["idle", "likelihood_ratio"] == pytest.approx(1, abs=1e-12)
    assert table["direction"].to_dict() == {"f": "for", "idle": "neither"}
    assert table.loc["idle", "explained_by"] is None
    assert len(d.why("a").split("A finding: yes (odds")) == 2
    assert d.given(f=None).why("a").endswith("What is known says nothing about it.")


def test_findings_with_the_same_numbers_contribute_the_same_and_stay_in_file_order() -> None:
    """Also where rounding makes a difference between them."""
    twins = [f"f{k}" for k in range(0, 10, 2)]
    table = {f: finding(0.1, {"a": 0.7, "b": 0.3}) for f in twins}
    table |= {f"f{k}": finding(0.01 + 0.035 * k, {"a": 0.3 + 0.05 * k, "c": 0.61}) for k in range(1, 10, 2)}
    net = solved(small({"a": 0.2, "b": 0.3, "c": 0.17}, {f: table[f] for f in sorted(table)}))
    contribution = net.diagnose(dict.fromkeys(sorted(table, reverse=True), True) | {"f1": 0.3}).explain("a")[
        "contribution"
    ]

    assert np.ptp(contribution[twins]) < 1e-12
    assert [f for f in contribution.index if f in twins] == twins
    assert contribution.abs().round(9).is_monotonic_decreasing


def test_what_is_certain_is_moved_by_nothing() -> None:
    """A group of all causes, where everyone has one: its log odds are infinite, not noise."""
    data = fourteen()
    data["groups"] = {"any": {"name": "Any cause", "members": ["a", "b", "c"]}}
    table = solved(data).diagnose({f"f{k}": k % 2 == 0 for k in range(8)}).explain("any")

    assert (table["contribution"] == 0).all()
    assert (table["likelihood_ratio"] == 1).all()
    assert table.attrs["log_odds_prior"] == pytest.approx(math.log(1e12), rel=1e-3)


def test_red_flags_are_not_evidence(net: Network) -> None:
    d = net.diagnose(lateral_pain=True, fever=True)

    assert d.explain("tendon").index.tolist() == ["lateral_pain"]


# More pieces than all sets can be made of.


def test_many_pieces_sum_to_the_change_too_and_say_how_sure_they_are() -> None:
    net = solved(fourteen())
    d = net.diagnose(MANY)

    for cause in "abc":
        table = d.explain(cause)
        assert math.fsum(table["contribution"]) == pytest.approx(
            logit(d[cause]) - logit(net.diagnose()[cause]), abs=1e-9
        )
        assert np.isfinite(table["se"]).all()
        assert (table["se"] > 0).any()
        assert table.attrs["exact"] is False
        pd.testing.assert_frame_equal(table, net.diagnose(MANY).explain(cause))


def test_the_estimate_agrees_with_all_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within five standard errors, and these are small."""
    net = solved(fourteen())
    estimate = net.diagnose(MANY).explain("a")
    monkeypatch.setattr(explanation, "MOST_EXACT", len(MANY))
    exact = net.diagnose(MANY).explain("a").loc[estimate.index]

    assert exact.attrs["exact"]
    assert ((estimate["contribution"] - exact["contribution"]).abs() <= 5 * estimate["se"] + 1e-9).all()
    assert estimate["se"].max() < 0.02
    assert (estimate["likelihood_ratio"] == exact["likelihood_ratio"]).all()


def test_there_may_be_more_pieces_than_an_integer_of_the_machine_has_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanation, "PAIRS", 10)
    net = solved(small({"a": 0.5, "b": 0.4}, {f"f{k}": finding(0.3, {"ab"[k % 2]: 0.4}) for k in range(70)}))
    d = net.diagnose({f: k % 3 == 0 for k, f in enumerate(net.findings)})
    table = d.explain("a")

    assert len(table) == 70
    assert math.fsum(table["contribution"]) == pytest.approx(logit(d["a"]) - logit(0.5), abs=1e-9)


@pytest.mark.parametrize("known", [14, 10], ids=["drawn orders", "all sets"])
def test_where_evidence_would_take_too_long_fewer_orders_are_drawn(monkeypatch: pytest.MonkeyPatch, known: int) -> None:
    """The contributions still sum to what the evidence did, and the standard errors say how sure each is."""
    net = solved(fourteen())
    facts = dict(list(MANY.items())[:known])
    whole = net.diagnose(facts).explain("a")
    monkeypatch.setattr(inference, "MOST_OPERATIONS", 5e7)
    few = net.diagnose(facts).explain("a")

    assert few.attrs["exact"] is False
    assert few["se"].max() > whole["se"].max()
    assert few["contribution"].sum() == pytest.approx(whole["contribution"].sum(), abs=1e-9)


def test_evidence_that_too_few_orders_could_explain_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    d = solved(fourteen()).diagnose(MANY)
    monkeypatch.setattr(inference, "MOST_OPERATIONS", 1e6)

    with pytest.raises(
        NetworkTooLargeError, match=r"^to explain 14 pieces .* take [\d.]+e\+07 .*; allowed: 1e\+06, .*fewer"
    ):
        d.explain("a")


# What is computed once.


def test_another_cause_needs_no_more_posteriors(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    d = net.diagnose(age=30, sex="female", lateral_pain=True, night_pain=True, weak_muscles=True)
    calls = []
    posterior = Engine.posterior

    def counted(self: Engine, case: Case) -> object:
        calls.append(case)
        return posterior(self, case)

    monkeypatch.setattr(Engine, "posterior", counted)
    d.explain("tendon")
    assert len(calls) >= 2**5
    calls.clear()
    d.explain("bone")
    assert len(calls) <= 1


def test_what_is_kept_goes_with_the_result(net: Network) -> None:
    d = net.diagnose(lateral_pain=True)
    d.explain("tendon")
    alive = weakref.ref(d)
    del d
    gc.collect()

    assert alive() is None


def test_threads_may_explain_the_same_result(rich: Network) -> None:
    facts = {"age": 60, "lateral_pain": True, "night_pain": 0.8, "onset": "sudden", "weak_muscles": False}
    d, alone = rich.diagnose(facts), rich.diagnose(facts)
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(d.explain, ids_of(rich) * 4))

    for id_, table in zip(ids_of(rich) * 4, tables, strict=True):
        pd.testing.assert_frame_equal(table, alone.explain(id_))


# Explaining away.


def test_a_cause_that_is_known_for_other_reasons_explains_a_finding_away() -> None:
    """The finding b alone brings about makes b likely, and then the shared finding says little of a."""
    net = solved(two_causes())
    without, with_b = net.diagnose(f=True), net.diagnose(f=True, of_b=True)

    assert with_b["a"] < without["a"]
    assert with_b.explain("a")["explained_by"].to_dict() == {"f": "b", "of_b": None}
    assert with_b.explain("b")["explained_by"].to_dict() == {"f": "a", "of_b": None}
    assert with_b.why("a").endswith(
        "A finding may come from Cause b; were that ruled out, it would count more for Cause a."
    )
    assert net.diagnose(f=False, of_b=True).explain("a")["explained_by"].tolist() == [None, None]


def test_what_the_other_cause_does_not_bring_about_it_does_not_explain() -> None:
    net = solved(small({"a": 0.3, "b": 0.6}, {"of_a": finding(0.1, {"a": 0.8}), "of_b": finding(0.1, {"b": 0.8})}))

    for cause in "ab":
        assert net.diagnose(of_a=True, of_b=True).explain(cause)["explained_by"].isna().all()


def test_members_of_a_group_do_not_explain_away_its_findings() -> None:
    data = two_causes()
    data["groups"] = {"both": {"name": "Both", "members": ["a", "b"]}}

    assert solved(data).diagnose(f=True, of_b=True).explain("both")["explained_by"].isna().all()


@settings(max_examples=60)
@given(drawn=diagnoses())
def test_explaining_away_is_as_defined(drawn: tuple[Data, Diagnosis]) -> None:
    """Of the causes that bring a finding about: the one whose absence lets the finding speak for the cause the most."""
    data, d = drawn
    net, oracle, pieces = d.network, Oracle(data), pieces_of(d)

    def log_odds(id_: str, kept: Mapping[str, str | float], absent: str | None) -> float:
        case = asked(kept)
        known = case["evidence"] | ({absent: 0.0} if absent else {})
        return logit(
            oracle.probability(**case | {"evidence": known | {id_: 1.0}})
            / oracle.probability(**case | {"evidence": known})
        )

    for id_ in ids_of(net):
        members = net.groups[id_].members if id_ in net.groups else (net.subtype_of.get(id_, id_),)
        forms = {id_} if id_ in net.subtype_of else {s for m in members for s in (m, *net.causes[m].subtypes)}
        for f, named in d.explain(id_)["explained_by"].items():
            best: tuple[float, str | None] = (0.1, None)
            linked = causes_of(net, str(f))
            if f in net.findings and d.case.findings[str(f)] > 0.5 and linked & forms:
                without = {k: x for k, x in pieces.items() if k != f}
                delta = log_odds(id_, pieces, None) - log_odds(id_, without, None)
                for c in [c for c in net.causes if c in linked and c not in members]:
                    speaks = log_odds(id_, pieces, c) - log_odds(id_, without, c)
                    likelier = log_odds(c, pieces, None) > log_odds(c, without, None)
                    if speaks > 1e-9 and likelier and speaks - delta > best[0] + 1e-9:
                        best = (speaks - delta, c)
            assert named == best[1]


def causes_of(net: Network, f: str) -> set[str]:
    """Return the causes and subtypes with a link to a finding, or to one above it."""
    if f not in net.findings or net.findings[f].sign_of(net.background):
        return set()
    links = net.engine.links[f]
    sites = {s for s, log_no_link in links.log_no_link.items() if log_no_link < 0}
    sites |= {net.subtype_of[s] for s in sites if s in net.subtype_of}
    return sites | (causes_of(net, links.parent) if links.parent else set())


def test_a_network_too_large_to_list_is_explained_without_explaining_away() -> None:
    net = solved(qmr_like(60, 30, seed=1))
    d = net.diagnose(f0=True, f1=True, f2=False)

    for id_ in ("c1", "first_ten"):
        table = d.explain(id_)
        assert math.fsum(table["contribution"]) == pytest.approx(logit(d[id_]) - logit(net.diagnose()[id_]), abs=1e-9)
        assert table["explained_by"].isna().all()
    with pytest.raises(NetworkTooLargeError, match="needs a list of all sets of the 60 causes"):
        d.most_probable()


# The numbers behind a row.


@pytest.mark.parametrize(
    ("id_", "piece", "words", "paths"),
    [
        (
            "tendon",
            "lateral_pain",
            "P(Pain on the outside of the hip | Tendon pain alone) = 0.93",
            ["findings.lateral_pain.given.tendon"],
        ),
        (
            "bone",
            "lateral_pain",
            f"{OUTSIDE} | {UNLINKED}) = 0.05 | {OUTSIDE} | Stress fracture of the femoral neck alone) = 0.25",
            ["findings.lateral_pain.leak", "findings.lateral_pain.given.neck"],
        ),
        (
            "sacrum",
            "lateral_pain",
            f"{OUTSIDE} | {UNLINKED}) = 0.05",
            ["findings.lateral_pain.leak"],
        ),
        ("neck", "night_pain", "P(Pain at night | Stress fracture alone) = 0.35", ["findings.night_pain.given.bone"]),
        (
            "tendon",
            "weak_muscles",
            "odds ratio of Tendon pain, with Weak hip muscles against without = 2",
            ["causes.tendon.odds_ratios.weak_muscles"],
        ),
        ("bone", "weak_muscles", "", []),
        ("tendon", "age", "P(Tendon pain | pain, female, 50+) = 0.6", ["causes.tendon.prior.female.50+"]),
        ("neck", "sex", "P(Stress fracture | pain, female, 50+) = 0.45", ["causes.bone.prior.female.50+"]),
        (
            "overload",
            "night_pain",
            "P(Pain at night | Tendon pain alone) = 0.55 | P(Pain at night | Stress fracture alone) = 0.35",
            ["findings.night_pain.given.tendon", "findings.night_pain.given.bone"],
        ),
    ],
)
def test_a_row_names_the_numbers_of_the_file(rich: Network, id_: str, piece: str, words: str, paths: list[str]) -> None:
    d = rich.diagnose(age=60, sex="female", weak_muscles=True, lateral_pain=True, night_pain=True)
    row = d.explain(id_).loc[piece]

    assert row["number"] == words
    assert row["path"] == tuple(paths)


def test_a_row_says_where_its_numbers_come_from(rich: Network) -> None:
    d = rich.diagnose(sex="male", lateral_pain=True, onset="sudden")
    table = d.explain("tendon")

    assert table.loc["lateral_pain", "basis"] == "measured"
    assert table.loc["lateral_pain", "source"] == ("study_2020",)
    assert table.loc["lateral_pain", "citation"] == (
        "A study of lateral hip pain (2020), https://doi.org/10.1000/example"
    )
    assert table.loc["onset", ["basis", "source", "citation", "reason"]].tolist() == [
        "judgement",
        (),
        "",
        rich.findings["onset"].leak.reason,
    ]
    assert table.loc["sex", "number"] == (
        "P(Tendon pain | pain, male, 18-49) = 0.45 | P(Tendon pain | pain, male, 50+) = 0.4"
    )
    assert table.loc["sex", "source"] == ("study_2020",)


def test_a_sign_has_its_own_numbers_and_those_of_what_it_is_a_sign_of(data: Data) -> None:
    data["findings"]["thin"] = finding(0.1, {"weak_muscles": 0.8})
    table = solved(data).diagnose(thin=True).explain("tendon")

    assert table.loc["thin", "path"] == (
        "findings.thin.leak",
        "findings.thin.given.weak_muscles",
        "causes.tendon.odds_ratios.weak_muscles",
    )
    assert solved(data).diagnose(thin=True).explain("bone").loc["thin", "path"] == ()


def test_every_number_of_the_shipped_network_is_the_file_s() -> None:
    """Of each finding and each cause, what `explain` names is what the path leads to."""
    net = hb.load_network()
    facts = {"low_bone_density": True, "groin_pain": True, "onset": "gradual", "mri_labral_tear": False}
    d = net.diagnose(facts)

    for cause in net.causes.values():
        for piece, row in d.explain(cause.id).iterrows():
            named = dict(zip(row["path"], re.split(r" \| (?=P\(|odds)", row["number"]), strict=row["number"] != ""))
            for path, words in named.items():
                head, id_, entry, *last = path.split(".")
                part = getattr(getattr(net, head)[id_], entry)
                stated = part[last[0]] if last else part
                assert words.endswith(f" = {stated.p if head == 'findings' else stated.value:.4g}")
            assert named or piece == "low_bone_density"


# The table.


def test_the_table_without_evidence_is_empty(net: Network) -> None:
    table = net.diagnose().explain("tendon")

    assert table.empty
    assert table.index.name == "evidence"
    assert table["contribution"].dtype == np.float64
    assert table.attrs["prior"] == table.attrs["posterior"] == net.diagnose()["tendon"]
    assert table.attrs["exact"]
    assert net.diagnose().why("tendon") == (
        f"Tendon pain is at {net.diagnose()['tendon']:.1%}: its probability in everyone the network is about, as "
        "nothing that bears on it is known."
    )
    flagged = net.diagnose(fever=True).why("tendon")
    assert flagged == net.diagnose().why("tendon") + " Red flags do not change it and come first: Fever."


def test_a_paragraph_without_evidence_names_the_setting() -> None:
    data = rich_data()
    data["settings"] = {"clinic": {"name": "Sports clinic", "odds_multipliers": {"bone": odds_ratio(2.0)}}}

    assert "everyone the network is about (setting: Sports clinic), as" in solved(data).diagnose(setting="clinic").why(
        "bone"
    )


def test_the_table_has_what_was_said_and_the_columns_it_documents(rich: Network) -> None:
    facts = {"age": 60, "sex": "male", "lateral_pain": False, "night_pain": 0.8, "onset": "sudden"}
    d = rich.diagnose(facts)
    table = d.explain("neck")

    assert table["said"].to_dict() == d.evidence
    assert table.columns.tolist() == [
        "said",
        "contribution",
        "se",
        "likelihood_ratio",
        "direction",
        "number",
        "path",
        "basis",
        "source",
        "citation",
        "reason",
        "explained_by",
    ]
    assert [table[c].dtype for c in ("contribution", "se", "likelihood_ratio")] == [np.float64] * 3
    assert all(f"``{column}``" in str(explanation.explain.__doc__) for column in table.columns)
    assert set(table.attrs) == {
        "cause",
        "prior",
        "posterior",
        "log_odds_prior",
        "log_odds_posterior",
        "exact",
        "summary",
        "silence",
    }
    assert json.loads(json.dumps(table.attrs)) == table.attrs
    assert table.attrs["summary"] == d.why("neck")
    assert (np.sign(table["contribution"]) == table["direction"].map({"for": 1, "against": -1, "neither": 0})).all()


def test_a_case_that_has_an_age_band_alone_is_explained(net: Network) -> None:
    d = Diagnosis(net, Case(band="50+"))

    assert d.explain("tendon")["said"].to_dict() == {"age": "50+"}
    assert (
        d.explain("tendon")["contribution"].tolist() == net.diagnose(age=70).explain("tendon")["contribution"].tolist()
    )


def test_only_what_has_a_probability_is_explained(net: Network) -> None:
    with pytest.raises(UnknownNameError, match="unknown cause 'tendn'; did you mean 'tendon'"):
        net.diagnose(lateral_pain=True).explain("tendn")
    with pytest.raises(UnknownNameError, match="unknown cause 'lateral_pain'"):
        net.diagnose(lateral_pain=True).why("lateral_pain")


# The paragraph.


def test_a_paragraph_says_what_speaks_for_and_against(rich: Network) -> None:
    d = rich.diagnose(sex="female", lateral_pain=True, night_pain=False, onset="sudden")
    odds = d.explain("tendon")["contribution"].map(math.exp)

    assert d.why("tendon") == (
        f"Tendon pain is at {d['tendon']:.1%}; before anything was known it was at {rich.diagnose()['tendon']:.1%}. "
        f"For it: Pain on the outside of the hip: yes (odds x {odds['lateral_pain']:.2g}) and female (odds x "
        f"{odds['sex']:.2g}). Against it: A finding: sudden (odds x {odds['onset']:.2g}) and Pain at night: no (odds "
        f"x {odds['night_pain']:.2g}). Pain on the outside of the hip may come from another cause; were that ruled "
        "out, it would count more for Tendon pain."
    )


def test_a_paragraph_says_how_sure_a_finding_is(rich: Network) -> None:
    assert "Pain at night: 80% sure (odds" in rich.diagnose(night_pain=0.8).why("tendon")
    assert "A finding: 80% sure sudden (odds" in rich.diagnose(onset=0.8).why("bone")
    assert "Weak hip muscles: 90% sure (odds" in rich.diagnose(weak_muscles=0.9).why("tendon")


def test_a_paragraph_with_one_side_has_no_other(rich: Network) -> None:
    for_it, against_it = rich.diagnose(lateral_pain=True).why("tendon"), rich.diagnose(lateral_pain=False).why("tendon")

    assert "For it: Pain on" in for_it
    assert "Against" not in for_it
    assert "Against it: Pain on the outside of the hip: no" in against_it
    assert "For it" not in against_it


def test_a_paragraph_is_of_a_group_or_subtype_by_its_name(rich: Network) -> None:
    d = rich.diagnose(age=60, lateral_pain=True)

    assert d.why("overload").startswith("Overload is at ")
    assert d.why("neck").startswith("Stress fracture of the femoral neck is at ")
    assert "age 60 (odds x" in d.why("bone")


def test_a_paragraph_names_four_things_a_side_and_counts_the_others() -> None:
    findings = {f"f{k}": finding(0.1, {"a": p}) for k, p in enumerate([0.9, 0.8, 0.7, 0.6, 0.5, 0.103])}
    for k, entry in enumerate(findings.values()):
        entry["name"] = f"Thing {k}"
    net = solved(small({"a": 0.2, "b": 0.3}, findings))

    assert net.diagnose(dict.fromkeys(findings, True)).why("a").split("For it: ")[1] == (
        "Thing 0: yes (odds x 9), Thing 1: yes (odds x 8), Thing 2: yes (odds x 7), Thing 3: yes (odds x 6) "
        "and 2 smaller things."
    )
    assert net.diagnose(f0=True, f5=True).why("a").endswith("For it: Thing 0: yes (odds x 9) and 1 smaller thing.")
    assert net.diagnose(f5=True).why("a").endswith("For it: 1 small thing.")


@pytest.mark.parametrize(
    ("leak", "said", "words"),
    [
        (0.0009, True, "odds x over 1,000"),
        (0.002, True, "odds x 495"),
        (0.5, False, "odds x 0.02"),
        (0.0001, False, "odds x 0.01"),
    ],
)
def test_factors_are_written_with_few_digits(leak: float, said: bool, words: str) -> None:  # noqa: FBT001
    net = solved(small({"a": 0.2, "b": 0.3}, {"f": finding(leak, {"a": 0.99})}))

    assert f"({words})" in net.diagnose(f=said).why("a")


def test_a_very_small_factor_is_written_as_a_bound() -> None:
    net = solved(small({"a": 0.2, "b": 0.3}, {"f": finding(0.0001, {"a": 0.9999})}))

    assert "(odds x under 0.001)" in net.diagnose(f=False).why("a")


def test_the_shipped_network_explains_in_words() -> None:
    d = hb.diagnose(age=46, sex="female", lateral_pain=True, pain_lying_on_side=True, groin_pain=True, clicking=True)
    text = d.why("gtps")

    assert text.startswith(
        f"Greater trochanteric pain syndrome is at {d['gtps']:.1%}; before anything was known it was"
    )
    assert "For it: Pain " in text
    assert "Against it: Groin pain: yes (odds x 0." in text
    assert (
        "Clicking and Groin pain may come from Femoroacetabular impingement syndrome; were that ruled out, they"
        in d.why("labral_tear")
    )


# Sets of causes.


@settings(max_examples=60)
@given(drawn=diagnoses())
def test_the_most_probable_sets_are_those_of_brute_force(drawn: tuple[Data, Diagnosis]) -> None:
    data, d = drawn
    oracle, case = Oracle(data), asked(pieces_of(d))
    causes = list(d.network.causes)
    total = oracle.probability(**case)
    exactly = {}
    for there in itertools.product((0.0, 1.0), repeat=len(causes)):
        known = case["evidence"] | dict(zip(causes, there, strict=True))
        p = oracle.probability(**case | {"evidence": known}) / total
        if p > 0:
            exactly[tuple(c for c, x in zip(causes, there, strict=True) if x)] = p

    table = d.most_probable(2 ** len(causes))

    assert dict(zip(table["causes"], table["probability"], strict=True)) == pytest.approx(exactly, rel=1e-7)
    assert len(table) == len(exactly) == len(set(table["causes"]))
    assert table["probability"].is_monotonic_decreasing
    assert table["probability"].sum() == pytest.approx(1, abs=1e-12)
    assert table["cumulative"].to_numpy() == pytest.approx(np.cumsum(table["probability"]), abs=1e-12)
    assert table["cumulative"].max() <= 1
    assert (() in exactly) != d.network.everyone_has_a_cause
    for k in (1, 3):
        pd.testing.assert_frame_equal(d.most_probable(k), table[:k])


def test_sets_add_up_to_the_probability_of_a_cause() -> None:
    d = hb.diagnose(age=46, sex="female", lateral_pain=True)
    table = d.most_probable(2**12)

    for cause in ("gtps", "stress_fracture", "other"):
        held = table["causes"].map(lambda causes, c=cause: c in causes)
        assert table["probability"][held].sum() == pytest.approx(d[cause], abs=1e-12)
    assert table["probability"].sum() == pytest.approx(1, abs=1e-12)
    assert all(list(causes) == [c for c in d.network.causes if c in causes] for causes in table["causes"])


def test_the_table_of_sets_is_ranked_from_one_with_ties_in_file_order() -> None:
    net = solved(small({"b": 0.5, "a": 0.5}, {"f": finding(0.1, {"a": 0.5, "b": 0.5})}))
    table = net.diagnose().most_probable(np.int64(9))

    assert table["causes"].tolist() == [(), ("b",), ("a",), ("b", "a")]
    assert table.columns.tolist() == ["causes", "probability", "cumulative"]
    assert (table.index.name, table.index.tolist()) == ("rank", [1, 2, 3, 4])
    assert table["cumulative"].tolist() == [0.25, 0.5, 0.75, 1.0]
    assert len(net.diagnose().most_probable()) == 4


@pytest.mark.parametrize("k", [0, -1, True, 2.0, "3", None, math.nan])
def test_the_number_of_sets_is_checked(net: Network, k: object) -> None:
    with pytest.raises(EvidenceError, match="allowed: a whole number, 1 or more") as caught:
        net.diagnose().most_probable(k)  # type: ignore[arg-type]
    assert caught.value.name == "k"

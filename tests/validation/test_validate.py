"""Every figure of a validation: by hand where it can be, against scikit-learn and against its definition elsewhere.

tests/cases.jsonl has 134 published case reports and stories with their sources, one a line, coded as they first
presented: ids of findings present and absent, background, examination, red flags; what is not mentioned is unknown.
"""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from example import CASES, finding, small, solved
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

import hip_bayes as hb
from hip_bayes.validation import scores
from hip_bayes.validation.scores import recalibration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hip_bayes import Network, Validation

UP, DOWN = 0.75, 0.25  # P(cause | its finding present), absent, in the network `trio`
Case = dict[str, Any]


def coded(**said: object) -> Case:
    """Return one coded case."""
    empty = dict.fromkeys(("findings_present", "findings_absent", "exam_present", "exam_absent", "red_flags"), ())
    case: Case = {"age": None, "sex": None, "background": {}, "diagnosis": None}
    return case | {name: list(value) for name, value in empty.items()} | said


@pytest.fixture(scope="module")
def trio() -> Network:
    """Return three independent causes of prior 1/2, each with a finding that is three times as likely with it."""
    sites = {"f": "a", "g": "b", "h": "other"}
    return solved(
        small(dict.fromkeys(sites.values(), 0.5), {f: finding(DOWN, {site: UP}) for f, site in sites.items()})
    )


@pytest.fixture(scope="module")
def five() -> list[Case]:
    """Return five cases under `trio`, with P(a), P(b), P(other) as the comments say."""
    return [
        coded(id=1, findings_present=["f"], findings_absent=["g", "h"], diagnosis=["a"]),  # .75 .25 .25
        coded(id=2, findings_present=["g"], findings_absent=["f", "h"], diagnosis=["a"]),  # .25 .75 .25
        coded(id=3, exam_present=["f", "g"], exam_absent=["h"], diagnosis=["a", "b"]),  # .75 .75 .25
        coded(
            id=4,
            findings_present=["h"],
            findings_absent=["f", "g"],
            diagnosis=[],
            diagnosis_outside_vocabulary="a hernia",
        ),  # .25 .25 .75
        coded(id=5, diagnosis=["b"]),  # .5 .5 .5
        coded(id=6, findings_present=["f"]),
    ]


@pytest.fixture(scope="module")
def by_hand(trio: Network, five: list[Case]) -> Validation:
    return hb.validate(five, network=trio, ks=(1, 2), bootstrap=200, by=("id",))


@pytest.fixture(scope="module")
def simulated(net: Network) -> pd.DataFrame:
    return net.simulate(400, seed=3).assign(setting=lambda cases: np.where(cases.index % 3, "clinic", "club"))


@pytest.fixture(scope="module")
def of_simulated(net: Network, simulated: pd.DataFrame) -> Validation:
    return hb.validate(simulated, network=net, bootstrap=100)


@pytest.fixture(scope="module")
def of_published() -> Validation:
    return hb.validate(CASES, bootstrap=20)


# By hand.


def test_which_cases_are_scored(by_hand: Validation) -> None:
    assert list(by_hand.probability.index) == list(by_hand.truth.index) == [1, 2, 3, 4, 5]
    assert by_hand.probability.loc[1].tolist() == pytest.approx([UP, DOWN, DOWN])
    assert by_hand.truth.loc[3].tolist() == [True, True, False]
    assert by_hand.outside.tolist() == [False, False, False, True, False]
    assert by_hand.unlabelled == 1
    assert by_hand.unknown_facts == {}


def test_accuracy_by_hand(by_hand: Validation) -> None:
    """Cases 1 and 3 are right at once; case 5 is a tie, which goes to the first in the file; 4 is not in the list."""
    summary = by_hand.summary
    assert summary.loc["top-1", ["value", "n"]].tolist() == [0.5, 4]
    assert summary.loc["top-2", ["value", "n"]].tolist() == [1.0, 4]


def test_equal_priors_rank_by_what_the_evidence_did() -> None:
    """A common cause that the evidence leaves alone leads by posterior; the rare one that it raised leads without."""
    net = solved(small({"common": 0.6, "rare": 0.1}, {"f": finding(0.2, {"rare": 0.6})}))
    v = hb.validate([coded(findings_present=["f"], diagnosis=["rare"])], network=net, ks=(1,), bootstrap=0)

    assert v.probability.iloc[0].tolist() == pytest.approx([0.6, 0.06 / (0.06 + 0.18)])
    assert v.summary["value"][["top-1", "top-1, equal priors"]].tolist() == [0.0, 1.0]


def test_brier_score_and_log_loss_by_hand(by_hand: Validation) -> None:
    """Over a and b in the cases 1, 2, 3 and 5: each cause right (.75), wrong (.25) or unknown (.5)."""
    right, wrong = 2 + 0 + 2, 0 + 2 + 0
    assert by_hand.summary.loc["Brier score", "value"] == pytest.approx((right / 16 + wrong * 9 / 16 + 2 / 4) / 8)
    loss = -(right * math.log(UP) + wrong * math.log(DOWN) + 2 * math.log(0.5)) / 8
    assert by_hand.summary.loc["log loss", "value"] == pytest.approx(loss)


def test_auroc_by_hand(by_hand: Validation) -> None:
    """Cause a: .75, .25, .75 against .5; b: .75, .5 against .25, .75 (a tie); other: .75 against all others."""
    auroc = by_hand.by_cause["auroc"]
    assert auroc.tolist() == pytest.approx([2 / 3, 2.5 / 4, 1.0])
    assert by_hand.summary.loc["macro-AUROC", "value"] == pytest.approx((2 / 3 + 2.5 / 4) / 2)
    assert by_hand.summary.loc["AUROC of other", ["value", "n"]].tolist() == [1.0, 5]
    assert by_hand.by_cause["positive"].tolist() == [3, 2, 1]
    assert by_hand.by_cause["n"].tolist() == [4, 4, 5]
    assert by_hand.by_cause["prevalence"].tolist() == [0.75, 0.5, 0.2]


def test_calibration_curve_by_hand(by_hand: Validation) -> None:
    """Of the pairs at .25 two of seven are true, at .5 one of three, at .75 four of five; empty bins are left out."""
    curve = by_hand.calibration_curve
    assert curve["n"].tolist() == [7, 3, 5]
    assert curve["predicted"].tolist() == pytest.approx([0.25, 0.5, 0.75])
    assert curve["observed"].tolist() == pytest.approx([1 / 7, 1 / 3, 4 / 5])
    assert (curve["bin_low"] < curve["predicted"]).all()
    assert (curve["predicted"] <= curve["bin_high"]).all()


def test_decision_curve_by_hand(by_hand: Validation) -> None:
    """From .3 up, a is acted on in cases 1, 3, 5: two true, one false, which counts 3/7 of a true one."""
    curve = by_hand.decision_curve("a", [0.3, 0.6])
    assert list(curve.index) == [0.3, 0.6]
    assert curve["net_benefit"].tolist() == pytest.approx([2 / 5 - 1 / 5 * 3 / 7, 2 / 5])
    assert curve["treat_all"].tolist() == pytest.approx([3 / 5 - 2 / 5 * 3 / 7, 3 / 5 - 2 / 5 * 1.5])
    assert curve["treat_none"].tolist() == [0, 0]
    assert (curve["low"] <= curve["net_benefit"]).all()
    assert (curve["net_benefit"] <= curve["high"]).all()
    assert len(by_hand.decision_curve("a")) == 99


def test_subgroups_by_hand(by_hand: Validation, trio: Network, five: list[Case]) -> None:
    assert by_hand.by_subgroup.loc["id", "top_1"].tolist()[:3] == [1, 0, 1]
    assert by_hand.by_subgroup.loc[("id", "4"), "n"] == 0
    assert math.isnan(by_hand.by_subgroup.loc[("id", "4"), "brier"])

    told = [
        case | {"age": age, "sex": sex} for case, age, sex in zip(five, (90, 18, None, 30, 18), "fffmm", strict=False)
    ]
    table = hb.validate(told, network=trio, ks=(1,), bootstrap=0).by_subgroup
    assert list(table.index) == [("sex", "female"), ("sex", "male"), ("age", "18+"), ("age", "unknown")]
    assert table["n"].tolist() == [3, 1, 3, 1]
    assert table["top_1"].tolist() == pytest.approx([2 / 3, 0, 1 / 3, 1])


# Against scikit-learn, and definitions.


def test_scikit_learn_says_the_same(of_simulated: Validation) -> None:
    v = of_simulated
    inside = ~v.outside
    p, y = v.probability[inside].drop(columns="other"), v.truth[inside].drop(columns="other")
    aurocs = {c: roc_auc_score(y[c], p[c]) for c in p}
    assert v.by_cause["auroc"].drop("other").to_dict() == pytest.approx(aurocs)
    assert v.by_cause.loc["other", "auroc"] == pytest.approx(roc_auc_score(v.truth["other"], v.probability["other"]))
    for cause in p:
        assert v.by_cause.loc[cause, "brier"] == pytest.approx(brier_score_loss(y[cause], p[cause]))
    value = v.summary["value"]
    assert value["macro-AUROC"] == pytest.approx(np.mean(list(aurocs.values())))
    assert value["AUROC of other"] == pytest.approx(roc_auc_score(v.outside, v.probability["other"]))
    flat = y.to_numpy().ravel(), p.to_numpy().ravel()
    assert value["Brier score"] == pytest.approx(brier_score_loss(*flat))
    assert value["log loss"] == pytest.approx(log_loss(*flat))
    observed, predicted = calibration_curve(v.truth.to_numpy().ravel(), v.probability.to_numpy().ravel(), n_bins=10)
    assert v.calibration_curve["observed"].tolist() == pytest.approx(observed)
    assert v.calibration_curve["predicted"].tolist() == pytest.approx(predicted)


@pytest.mark.parametrize("which", ["by_hand", "of_simulated", "of_published"])
def test_brier_score_is_the_sum_of_its_parts(which: str, request: pytest.FixtureRequest) -> None:
    """Each part by its own formula; within-bin is the variance within bins less twice the covariance with the truth."""
    v: Validation = request.getfixturevalue(which)
    inside = ~v.outside
    pairs = pd.DataFrame(
        {
            "p": v.probability[inside].drop(columns="other").to_numpy().ravel(),
            "y": v.truth[inside].drop(columns="other").to_numpy().ravel().astype(float),
        }
    )
    mean = pairs.groupby(np.ceil(pairs["p"] * 10)).transform("mean")
    base = pairs["y"].mean()
    parts = {
        "Brier reliability": ((mean["p"] - mean["y"]) ** 2).mean(),
        "Brier resolution": ((mean["y"] - base) ** 2).mean(),
        "Brier uncertainty": base * (1 - base),
        "Brier within-bin": (
            (pairs["p"] - mean["p"]) ** 2 - 2 * (pairs["y"] - mean["y"]) * (pairs["p"] - mean["p"])
        ).mean(),
    }
    value = v.summary["value"]
    assert value[list(parts)].to_dict() == pytest.approx(parts, abs=1e-12)
    total = (
        parts["Brier reliability"] - parts["Brier resolution"] + parts["Brier uncertainty"] + parts["Brier within-bin"]
    )
    assert value["Brier score"] == pytest.approx(total, abs=1e-12)


def test_recalibration_solves_the_score_equations(of_simulated: Validation) -> None:
    """At the maximum of the likelihood the residuals sum to zero, also when multiplied by the logit."""
    p, y = of_simulated.probability.to_numpy().ravel(), of_simulated.truth.to_numpy().ravel()
    slope, intercept, error = recalibration(p, y)
    logit = np.log(p / (1 - p))
    fitted = 1 / (1 + np.exp(-(intercept + slope * logit)))
    assert abs((y - fitted).sum()) < 1e-6 * len(y)
    assert abs(((y - fitted) * logit).sum()) < 1e-6 * len(y)
    information = np.einsum("i,ij,ik->jk", fitted * (1 - fitted), *[np.stack([np.ones_like(p), logit], axis=1)] * 2)
    assert error == pytest.approx(math.sqrt(np.linalg.inv(information)[1, 1]))
    assert of_simulated.summary["value"][["calibration slope", "calibration intercept"]].tolist() == pytest.approx(
        [slope, intercept]
    )


@pytest.mark.parametrize(
    ("p", "y"),
    [
        ([0.1, 0.2, 0.8], [1, 1, 1]),
        ([0.4] * 4, [0, 1, 0, 1]),
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]),
        ([0.9, 0.1], [0, 1]),
    ],
    ids=["one class", "constant", "separated", "separated the wrong way"],
)
def test_no_slope_where_the_likelihood_has_no_maximum(p: list[float], y: list[int]) -> None:
    assert all(math.isnan(x) for x in recalibration(np.array(p), np.array(y, dtype=bool)))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_slope_tells_overconfidence(exponent: float) -> None:
    """Probabilities whose logits are multiplied by k have a calibration slope of 1/k."""
    rng = np.random.default_rng(5)
    logit = rng.normal(-1, 1.5, 40_000)
    y = rng.random(40_000) < 1 / (1 + np.exp(-logit))
    slope, intercept, error = recalibration(1 / (1 + np.exp(-exponent * logit)), y)
    assert abs(slope - 1 / exponent) < 3 * error
    assert abs(intercept) < 0.05


def test_a_perfect_network(trio: Network) -> None:
    """Findings that all but prove their cause: everything as good as it gets, and no calibration slope."""
    changes = {f"findings.{f}.given.{c}": 0.9999 for f, c in (("f", "a"), ("g", "b"), ("h", "other"))}
    sharp = trio.replace({**{f"findings.{f}.leak": 0.0001 for f in "fgh"}, **changes})
    cases = [
        coded(findings_present=[f], findings_absent=[*set("fgh") - {f}], diagnosis=[c])
        for f, c in (("f", "a"), ("g", "b"), ("h", "other"))
    ]
    v = hb.validate(cases, network=sharp, bootstrap=0)
    value = v.summary["value"]
    assert value[["top-1", "macro-AUROC", "AUROC of other"]].tolist() == [1, 1, 1]
    assert value[["Brier score", "log loss"]].tolist() == pytest.approx([0, 0], abs=1e-3)
    assert value["Brier resolution"] == pytest.approx(value["Brier uncertainty"])
    assert math.isnan(value["calibration slope"])


def test_a_network_that_is_told_nothing(trio: Network) -> None:
    """All cases alike: AUROC a half, no resolution, nothing to calibrate."""
    v = hb.validate([coded(diagnosis=[c]) for c in ("a", "b", "b", "other")], network=trio, bootstrap=50)
    assert v.by_cause["auroc"].tolist() == [0.5, 0.5, 0.5]
    assert v.summary.loc["Brier resolution", "value"] == pytest.approx(0)
    assert v.summary.loc["Brier score", "value"] == pytest.approx(0.25)
    assert v.summary.loc[["calibration slope", "calibration intercept"]].drop(columns="n").isna().all(axis=None)
    assert v.by_cause["slope"].isna().all()


# Intervals.


def test_intervals_are_percentiles_over_resampled_cases(net: Network, simulated: pd.DataFrame) -> None:
    """Three resamples: each one drawn by hand and validated as a table of its own gives the same figures."""
    few = simulated.head(60)
    v = hb.validate(few, network=net, bootstrap=3, seed=11, level=0.5)
    drawn = np.random.default_rng(11).multinomial(60, np.full(60, 1 / 60), size=3)
    again = [hb.validate(few.iloc[np.repeat(range(60), times)], network=net, bootstrap=0) for times in drawn]
    for end, q in (("low", 0.25), ("high", 0.75)):
        expected = pd.concat([a.summary["value"] for a in again], axis=1).quantile(q, axis=1)
        assert v.summary[end].to_dict() == pytest.approx(expected.to_dict(), nan_ok=True)
        for column in ("auroc", "brier"):
            expected = pd.concat([a.by_cause[column] for a in again], axis=1).quantile(q, axis=1)
            assert v.by_cause[f"{column}_{end}"].to_dict() == pytest.approx(expected.to_dict(), nan_ok=True)
        for column in ("top_1", "top_3", "brier"):
            expected = pd.concat([a.by_subgroup[column] for a in again], axis=1).quantile(q, axis=1)
            assert v.by_subgroup[f"{column}_{end}"].to_dict() == pytest.approx(expected.to_dict())
        curves = [a.calibration_curve.set_index("bin_low")["observed"] for a in again]
        expected = pd.concat(curves, axis=1).reindex(v.calibration_curve["bin_low"]).quantile(q, axis=1)
        assert v.calibration_curve[end].tolist() == pytest.approx(expected.tolist(), nan_ok=True)
        curves = [a.decision_curve("tendon", [0.3])["net_benefit"] for a in again]
        expected = pd.concat(curves, axis=1).quantile(q, axis=1)
        assert v.decision_curve("tendon", [0.3])[end].tolist() == pytest.approx(expected.tolist())


def test_the_same_seed_gives_the_same_intervals(
    net: Network, simulated: pd.DataFrame, of_simulated: Validation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many resamples are computed at once."""
    monkeypatch.setattr(scores, "BLOCK", 5000)
    again = hb.validate(simulated, network=net, bootstrap=100)
    other = hb.validate(simulated, network=net, bootstrap=100, seed=1)
    for table in ("summary", "by_cause", "by_subgroup", "calibration_curve"):
        pd.testing.assert_frame_equal(getattr(again, table), getattr(of_simulated, table), rtol=1e-12)
    pd.testing.assert_frame_equal(again.decision_curve("bone"), of_simulated.decision_curve("bone"))
    assert not other.summary["low"].equals(again.summary["low"])
    assert other.summary["value"].equals(again.summary["value"])


def test_a_wider_level_is_wider(net: Network, simulated: pd.DataFrame, of_simulated: Validation) -> None:
    """Two causes are in the list, so one of the first three is always right: that one has no width."""
    half = hb.validate(simulated, network=net, bootstrap=100, level=0.5)
    width = (half.summary["high"] - half.summary["low"]) / (of_simulated.summary["high"] - of_simulated.summary["low"])
    assert width.drop(["top-3", "top-3, equal priors"]).between(0.1, 0.8).all()
    wald = (half.by_cause["slope_high"] - half.by_cause["slope"]) / (
        of_simulated.by_cause["slope_high"] - of_simulated.by_cause["slope"]
    )
    assert wald.tolist() == pytest.approx([0.6744897501960817 / 1.959963984540054] * 3)


def test_without_resamples_there_are_no_intervals(trio: Network, five: list[Case]) -> None:
    v = hb.validate(five, network=trio, bootstrap=0)
    assert v.summary[["low", "high"]].isna().all(axis=None)
    assert v.decision_curve("a")[["low", "high"]].isna().all(axis=None)
    assert v.summary["value"].notna().all()
    assert "bootstrap" not in str(v)


# Reading cases.


def test_a_table_and_coded_cases_give_the_same(trio: Network, by_hand: Validation) -> None:
    """As dicts, as a JSONL file, or as a table with True, False and nothing."""
    facts = [
        {"f": True, "g": False, "h": False},
        {"f": False, "g": True, "h": False},
        {"f": True, "g": True, "h": False},
        {"f": False, "g": False, "h": True},
        {},
        {"f": True},
    ]
    frame = pd.DataFrame(facts, index=range(1, 7)).assign(
        truth=["a", ("a",), ["a", "b"], "other", {"b"}, None], id=range(1, 7)
    )
    v = hb.validate(frame, network=trio, ks=(1, 2), bootstrap=200, by=("id",))
    for table in ("summary", "by_cause", "by_subgroup", "calibration_curve", "truth"):
        pd.testing.assert_frame_equal(getattr(v, table), getattr(by_hand, table), check_index_type=False)
    pd.testing.assert_frame_equal(v.probability, by_hand.probability, check_index_type=False)
    assert v.unlabelled == 1


def test_a_jsonl_file_and_dicts_give_the_same(
    trio: Network, five: list[Case], by_hand: Validation, tmp_path: Path
) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n\n".join(map(json.dumps, five)), encoding="utf-8")
    for cases in (path, str(path), iter(five)):
        v = hb.validate(cases, network=trio, ks=(1, 2), bootstrap=200, by=("id",))
        pd.testing.assert_frame_equal(v.summary, by_hand.summary)


def test_missing_truth_is_unlabelled(net: Network, simulated: pd.DataFrame) -> None:
    for missing in (None, np.nan, pd.NA, ()):
        truth = simulated["truth"].astype(object)
        truth[:300] = pd.Series([missing] * 300)
        v = hb.validate(simulated.assign(truth=truth), network=net, bootstrap=0)
        assert (v.unlabelled, len(v.truth)) == (300, 100)


def test_no_cause_is_a_truth_where_not_everyone_has_one(trio: Network) -> None:
    """It has no place in accuracy, but it is a case without a and without b."""
    cases = [coded(findings_present=["f"], diagnosis=["a"]), coded(findings_absent=["f"], diagnosis=[])]
    v = hb.validate(cases, network=trio, bootstrap=0)
    assert v.summary["n"][["top-1", "macro-AUROC"]].tolist() == [1, 2]
    assert v.by_cause.loc["a", ["positive", "n", "auroc"]].tolist() == [1, 2, 1]


def test_a_subtype_counts_as_its_cause(net: Network) -> None:
    v = hb.validate(pd.DataFrame({"truth": ["neck", "bone", ("bone", "sacrum")]}), network=net, bootstrap=0)
    assert v.truth["bone"].all()
    assert v.truth.sum().sum() == 3


def test_a_diagnosis_in_the_list_outweighs_one_outside(trio: Network) -> None:
    case = coded(diagnosis=["a"], diagnosis_outside_vocabulary="and a hernia")
    v = hb.validate([case, coded(diagnosis=["b"])], network=trio, bootstrap=0)
    assert not v.outside.any()
    assert v.truth["other"].sum() == 0


def test_facts_the_network_does_not_know_are_counted(trio: Network, five: list[Case]) -> None:
    """Also in cases without a diagnosis, the most frequent first; they change nothing."""
    more = [case | {"red_flags": ["dizzy"], "background": {"tall": True} if case["id"] > 4 else {}} for case in five]
    v = hb.validate(more, network=trio, ks=(1, 2), bootstrap=0)
    assert dict(v.unknown_facts) == {"dizzy": 6, "tall": 2}
    assert list(v.unknown_facts) == ["dizzy", "tall"]
    assert "dizzy 6, tall 2" in str(v)
    assert v.summary["value"].equals(hb.validate(five, network=trio, ks=(1, 2), bootstrap=0).summary["value"])


def test_any_fact_or_field_makes_subgroups(net: Network, simulated: pd.DataFrame) -> None:
    """By default those of sex, age and setting that there are; fields that are no facts need not be ignored."""
    v = hb.validate(simulated, network=net, bootstrap=0)
    assert list(v.by_subgroup.index) == [
        ("sex", "female"),
        ("sex", "male"),
        ("age", "18-49"),
        ("age", "50+"),
        ("setting", "clinic"),
        ("setting", "club"),
    ]
    v = hb.validate(simulated, network=net, bootstrap=0, by=("night_pain",), ignore="setting")
    assert list(v.by_subgroup.index) == [("night_pain", "False"), ("night_pain", "True")]
    assert hb.validate(simulated, network=net, bootstrap=0, by=(), ignore=["setting"]).by_subgroup.empty


# Few cases.


@pytest.mark.parametrize("truths", [["a"], ["other"], ["a", "other"], ["a", "a"], [("a", "b", "other")]], ids=str)
def test_the_smallest_samples_are_no_trouble(trio: Network, truths: list[object]) -> None:
    """No warning, which the tests make an error; what cannot be known is NaN."""
    v = hb.validate(pd.DataFrame({"f": True, "truth": truths}), network=trio, bootstrap=10)
    assert set(v.unseen) >= {"b"}
    assert math.isnan(v.summary.loc["macro-AUROC", "value"])
    assert str(v)
    assert len(v.decision_curve("b")) == 99


def test_a_cause_without_a_case_is_left_out_of_the_mean(net: Network) -> None:
    cases = pd.DataFrame({"lateral_pain": [True, False, True], "truth": ["tendon", "bone", "tendon"]})
    with_all = hb.validate(cases, network=net.replace({}), bootstrap=0)
    assert with_all.unseen == ("other",)
    assert with_all.summary.loc["macro-AUROC", "value"] == 1
    assert "No AUROC, for want of cases with or without it: other." in str(with_all)


def test_a_network_without_other() -> None:
    """A diagnosis outside the list is then none of its causes."""
    net = solved(small({"a": 0.5, "b": 0.5}, {"f": finding(0.1, {"a": 0.6})}))
    v = hb.validate([coded(diagnosis=["a"]), coded(diagnosis=[], diagnosis_outside_vocabulary="x")], network=net)
    assert v.outside.tolist() == [False, True]
    assert not v.truth.iloc[1].any()
    assert math.isnan(v.summary.loc["AUROC of other", "value"])


# Refusals.


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        (3, r"got a int; allowed: the path of a JSONL file of coded cases"),
        ({"age": 3}, r"got a dict; allowed: the path"),
        ([], r"no case has a diagnosis, so there is nothing to score"),
        ([coded()], r"no case has a diagnosis"),
        (["text"], r"case 0 is 'text'; allowed: a dict with the fields age, sex"),
        ([{"id": "x", "age": 30}], r"case 'x' has no field 'sex'; allowed: all of age, sex"),
        ([coded(findings_present="f", diagnosis=["a"])], r"case 0: findings_present is 'f'; allowed: a list of ids"),
        ([coded(background=["f"], diagnosis=["a"])], r"case 0: background is \['f'\]; allowed: a mapping"),
        ([coded(findings_present=["f"], exam_absent=["f"])], r"case 0: 'f' is said to be present and absent"),
        (
            [coded(id="x", diagnosis=["aa"])],
            r"case 'x': unknown true cause 'aa'; did you mean 'a'\? \(causes, subtypes and 'other'\)",
        ),
        ([coded(diagnosis=3)], r"case 0: the truth is 3; allowed: a cause id, a list of them, 'other', or None"),
        ([coded(id="x", age=12, diagnosis=["a"])], r"age is 12; allowed: a number of years from 18 to 90"),
        (pd.DataFrame({"f": [True]}), r"unknown column 'truth'\. \(truth= names the column with the true causes\)"),
        (pd.DataFrame({"truth": ["a"], "ff": [True]}), r"column 'ff': unknown finding 'ff'"),
        (pd.DataFrame({"truth": ["z"]}, index=["x"]), r"row 'x', column 'truth': unknown true cause 'z'"),
        (pd.DataFrame([["a", "b"]], columns=["truth", "truth"]), r"column 'truth' is there twice"),
        (pd.DataFrame({"truth": ["a"], "f": ["maybe"]}), r"row 0: 'f' is 'maybe'; allowed"),
    ],
)
def test_cases_that_cannot_be_scored(trio: Network, cases: object, message: str) -> None:
    with pytest.raises(hb.EvidenceError, match=message):
        hb.validate(cases, network=trio)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ks": ()}, r"ks is \(\); allowed: different whole numbers of 1 or more, like \(1, 3\)"),
        ({"ks": (0,)}, r"each of ks is 0; allowed: a whole number, 1 or more"),
        ({"ks": (1, 1)}, r"ks is \(1, 1\)"),
        ({"ks": 3}, r"ks is 3"),
        ({"bootstrap": -1}, r"bootstrap is -1; allowed: a whole number, 0 or more"),
        ({"bootstrap": True}, r"bootstrap is True"),
        ({"seed": 0.5}, r"seed is 0\.5; allowed: a whole number, 0 or more"),
        ({"level": 95}, r"level is 95; allowed: a number strictly between 0 and 1, such as 0\.9"),
        ({"by": 5}, r"by is 5; allowed: a name or a list of names"),
        ({"by": [["sex"]]}, r"by is \[\['sex'\]\]; allowed: a name or a list of names"),
        ({"by": ("sexx",)}, r"unknown subgroup 'sexx'; did you mean 'sex'\?"),
        ({"ignore": ["sett"]}, r"unknown column to ignore 'sett'; did you mean 'setting'\?"),
        ({"truth": "thruth"}, r"unknown column 'thruth'; did you mean 'truth'\?"),
    ],
)
def test_options_that_are_not_allowed(
    net: Network, simulated: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(hb.EvidenceError, match=message):
        hb.validate(simulated, network=net, **options)


def test_subgroups_of_coded_cases_that_do_not_exist(trio: Network, five: list[Case]) -> None:
    with pytest.raises(hb.UnknownNameError, match="unknown subgroup 'confidense'"):
        hb.validate(five, network=trio, by=("confidense",))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda _: None, r"the cases cannot be read .*; give the path of a JSONL file"),
        (lambda path: path.write_text('{"id": 1}\n{"id": \n'), r"line 2: not JSON .*; allowed: one case a line"),
        (lambda path: path.write_bytes(b"\xff\xfe"), r"the cases cannot be read"),
        (lambda path: path.write_text("[" * 100_000), r"line 1: not JSON"),
        (lambda path: path.write_text("1" * 6000), r"line 1: not JSON"),
    ],
    ids=["missing", "not JSON", "not text", "nested too deep", "a number too long"],
)
def test_files_that_cannot_be_read(tmp_path: Path, write: Callable[[Path], object], message: str) -> None:
    path = tmp_path / "cases.jsonl"
    write(path)
    with pytest.raises(hb.EvidenceError, match=message):
        hb.validate(path)


def test_a_path_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(hb.EvidenceError, match=r"the cases cannot be read .*; give the path of a JSONL file"):
        hb.validate("cases\0.jsonl")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"diagnosis": [["tendon"]]}, r"case 0: unknown true cause \['tendon'\]"),
        ({"diagnosis": [{}]}, r"case 0: unknown true cause \{\}"),
        ({"findings_present": [["lateral_pain"]]}, r"case 0: got \['lateral_pain'\] among the facts; allowed: ids"),
        ({"background": {5: True}}, r"case 0: got 5 among the facts; allowed: ids"),
    ],
)
def test_what_is_no_id_is_refused_with_its_case(net: Network, change: dict[str, Any], message: str) -> None:
    with pytest.raises(hb.EvidenceError, match=message):
        hb.validate([coded(**{"diagnosis": ["tendon"], **change})], network=net)


def test_one_name_is_a_subgroup(net: Network, simulated: pd.DataFrame) -> None:
    """Not one for each of its letters."""
    facts = ["age", "sex", "lateral_pain", "truth"]
    one, listed = (hb.validate(simulated[facts], network=net, bootstrap=0, by=by) for by in ("sex", ["sex"]))

    pd.testing.assert_frame_equal(one.by_subgroup, listed.by_subgroup)


def test_decision_curves_that_do_not_exist(by_hand: Validation) -> None:
    with pytest.raises(hb.UnknownNameError, match="unknown cause 'c'"):
        by_hand.decision_curve("c")
    with pytest.raises(hb.UnknownNameError, match="unknown cause"):
        by_hand.decision_curve(["a"])  # type: ignore[arg-type]
    for thresholds in ([0.5, 1], ["a"], "a", 1.0):
        with pytest.raises(hb.EvidenceError, match=r"thresholds is .*; allowed: a number strictly between 0 and 1, or"):
            by_hand.decision_curve("a", thresholds)  # type: ignore[arg-type]
    assert by_hand.decision_curve("a", 0.5).equals(by_hand.decision_curve("a", [0.5]))  # type: ignore[arg-type]


def test_a_network_of_other_alone() -> None:
    net = solved(small({"other": 0.5}, {"f": finding(0.1, {"other": 0.6})}))
    with pytest.raises(hb.EvidenceError, match="the network 'small' has no cause but 'other'"):
        hb.validate([coded(diagnosis=["other"])], network=net)


# The result.


def test_a_validation_does_not_change(by_hand: Validation) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        by_hand.level = 0.5  # type: ignore[misc]


def test_it_prints_what_it_is_about(by_hand: Validation) -> None:
    text = str(by_hand)
    assert text == repr(by_hand)
    assert text.splitlines()[:3] == [
        "A small network, version 1",
        "5 labelled cases: 4 inside its list of causes, 1 outside",
        "1 unlabelled, not scored",
    ]
    assert [line.split()[-1] for line in text.splitlines() if line.startswith(("top-1  ", "AUROC of"))] == ["4", "5"]
    assert text.endswith("Intervals: percentile bootstrap over cases, 200 resamples, seed 0.")


# The published cases, and calibration of the shipped network.


def test_published_cases_are_coded_facts_with_a_source_and_no_text_of_others() -> None:
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    assert len({case["id"] for case in cases}) == len(cases)
    for case in cases:
        assert "text" not in case
        assert case["source_title"]
        assert case["diagnosis"] is None or case["source_url"].startswith("http")


def test_every_fact_of_the_published_cases_is_known_or_listed_as_unknown(of_published: Validation) -> None:
    names = set(hb.load_network().vocabulary.names)
    said: list[str] = []
    for line in CASES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        for field in ("background", "findings_present", "findings_absent", "exam_present", "exam_absent", "red_flags"):
            said += case[field]
        said += case.get("red_flags_absent", [])
    unknown = {name: said.count(name) for name in said if name not in names}
    assert dict(of_published.unknown_facts) == unknown


def test_published_cases_are_few(of_published: Validation) -> None:
    assert len(of_published.truth) == 132
    assert of_published.outside.sum() == 32
    assert of_published.unlabelled == 2
    assert of_published.summary.loc["top-3", "n"] == 100
    assert set(of_published.by_subgroup.index.get_level_values("by")) == {"sex", "age", "setting"}


def furthest_off(seed: int) -> float:
    """Return by how many standard errors the worst calibration slope of a simulated sample is off 1."""
    net = hb.load_network()
    rng = np.random.default_rng(seed)
    cases = net.simulate(4000, rng)
    findings = cases[list(net.findings)]
    kept = rng.random(findings.shape).argsort(axis=1) < 6  # in each row six places at random
    facts = findings.astype(object).where(kept, None).assign(**cases[["age", "sex", "truth"]])
    v = hb.validate(facts, bootstrap=0)
    slopes = {c: recalibration(v.probability[c].to_numpy(), v.truth[c].to_numpy()) for c in net.causes}
    assert v.by_cause["slope"].to_dict() == pytest.approx({c: slope for c, (slope, _, _) in slopes.items()})
    return max(abs(slope - 1) / error for slope, _, error in slopes.values())


def test_simulated_cases_are_calibrated() -> None:
    """Age, sex and six random findings known: every cause's calibration slope is within 3 standard errors of 1.

    The seed is fixed, so this does not come and go. Of 12 slopes of a right model one is beyond 3 standard errors in
    about 3 % of samples (Bonferroni: 12 x 0.27 %), and an edit of the network draws a new sample; so a second sample
    may speak, and chance alone fails the test once in a thousand edits. A wrong model fails both.
    tests/benchmarks/calibration.py does the same on 200,000 cases.
    """
    assert any(furthest_off(seed) < 3 for seed in (1, 2))

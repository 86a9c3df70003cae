"""Random rows against the reference of tests/benchmarks/million_rows.py, which shares no code with the library."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from example import Data, example_data, finding, number, odds_ratio, parent, solved
from oracle import Oracle

if TYPE_CHECKING:
    import hip_bayes as hb

SCRIPT = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "million_rows.py"))
EXACT = 1e-9


def every_part() -> Data:
    """Return the example with more of what a reference could get wrong."""
    data = example_data()
    data["background"]["spike"] = {"name": "S", "question": "?", "prevalence": {"male": number([0.2, 0.1])}}
    data["background"]["spike"]["prevalence"]["female"] = number(0.3)
    data["causes"]["bone"]["odds_ratios"] = {"tendon": odds_ratio(0.4), "weak_muscles": odds_ratio(3.0)}
    data["causes"]["other"]["odds_ratios"] = {"bone": odds_ratio(2.0), "tendon": odds_ratio(1.5)}
    data["findings"]["limp"] = finding(0.1, {"neck": 0.6, "tendon": 0.3}, parent=parent("night_pain", 0.1))
    data["findings"]["missed"] = finding(0.1, {"spike": 0.6}, sex="female")
    data["mechanisms"] = {"m": {"name": "M", "reason": "r", "causes": ["tendon", "bone"], "findings": ["limp"]}}
    return data


def not_everyone() -> Data:
    """Return it without everyone having a cause."""
    data = every_part()
    data["network"]["everyone_has_a_cause"] = False
    return data


@pytest.mark.parametrize(
    "data", [example_data(), every_part(), not_everyone()], ids=["example", "every part", "not all"]
)
def test_the_reference_is_the_oracle_s_on_small_networks(data: Data) -> None:
    """Both add up every joint state; the oracle one row at a time. Here the library has no say."""
    frame = SCRIPT["rows_of"](data, np.random.default_rng(3), 40)
    found = SCRIPT["Reference"](data).posteriors(frame)
    oracle = Oracle(data)
    known = {*data["background"], *data["findings"]}

    for row, p in zip(frame.to_dict("records"), found, strict=True):
        band = None if np.isnan(row["age"]) else data["network"]["age_bands"][int(row["age"] >= 50)]
        sex = row["sex"] if isinstance(row["sex"], str) else None
        evidence = {i: x for i, x in row.items() if i in known and not np.isnan(x)}
        if sex == "male" and evidence.get("missed", 0) > 0.5:
            assert np.isnan(p).all()
        else:
            posterior = oracle.posterior(sex=sex, band=band, evidence=evidence)
            assert p.tolist() == pytest.approx([posterior[c] for c in data["causes"]], rel=0, abs=1e-12)


def test_random_rows_of_every_part_are_answered_and_refused_alike() -> None:
    data = every_part()

    found = SCRIPT["compare"](solved(data), SCRIPT["Reference"](data), 5, 0, 2000)

    assert found["largest"] < EXACT
    assert found["different"] == 0
    assert found["refused"][0] == found["refused"][1] > 0


@pytest.fixture(scope="module")
def shipped_made() -> tuple[hb.Network, Any]:
    """Return the shipped network and its reference."""
    made: tuple[hb.Network, Any] = SCRIPT["_made"]()
    return made


def test_random_rows_of_the_shipped_network_are_answered_alike(shipped_made: tuple[hb.Network, Any]) -> None:
    net, reference = shipped_made

    found = SCRIPT["compare"](net, reference, SCRIPT["SEED"], 0, 300)

    assert reference.off < 1e-12  # the file's tables come back
    assert found["largest"] < EXACT
    assert found["different"] == 0


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("findings.groin_pain.given.fai", 0.81),
        ("findings.limp.parent.effect", 0.11),
        ("causes.osteoarthritis.odds_ratios.fai", 2.1),
        ("background.high_bmi.prevalence.male.60+", 0.31),
    ],
)
def test_a_network_with_one_other_number_is_told_from_it(
    shipped_made: tuple[hb.Network, Any], path: str, value: float
) -> None:
    """So the comparison sees a number that is read wrong, whichever part it is of."""
    net, reference = shipped_made

    found = SCRIPT["compare"](net.replace({path: value}), reference, SCRIPT["SEED"], 0, 100)

    assert found["different"] > 100

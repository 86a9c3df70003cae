"""How often the fit raises false alarms, and whether it notices diseases outside the list.

    python tests/benchmarks/fit.py [CASES]

Draws cases (500 unless told otherwise) from the shipped network, keeps age, sex and some findings of each, and prints
how many have a percentile at or below 5 and 10 per cent: 5 and 10 per cent of them, if the percentile is right. And
how many are called unusual (at or below 5 per cent, with two answers or more), how many have a pair of answers that
clash, and what one call takes.

Then, over the published cases of tests/cases.jsonl, how well each score ranks those whose disease is not in the list
above the others: area under the ROC curve by scikit-learn, 0.5 for a score that says nothing, with a bootstrap interval
(resampled within both kinds). Nothing was tuned on these cases; they are few, and their reports mention mostly what was
found, while the network's people answer whatever they are asked.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path
from statistics import NormalDist

import numpy as np
from sklearn.metrics import roc_auc_score

import hip_bayes as hb
from hip_bayes.validation.cases import read_cases

CASES = Path(__file__).parents[1] / "cases.jsonl"
KNOWN = ((2, 4), (6, 10), (15, 25))
LEVELS = (5, 10)
BOOTSTRAP = 2000
SEED = 1990


def false_alarms(net: hb.Network, wanted: int, fewest: int, most: int) -> None:
    """Print how many cases of the network look outside it, and how long one took."""
    rng = np.random.default_rng([SEED, fewest])
    percentile, outside, clash, took = [], [], [], []
    for case in net.simulate(wanted, rng).to_dict("records"):
        known = rng.choice(net.engine.units.findings, rng.integers(fewest, most, endpoint=True), replace=False)
        d = net.diagnose({name: case[name] for name in ("age", "sex", *known)})
        start = time.perf_counter()
        percentile.append(d.fit.percentile)
        took.append(time.perf_counter() - start)
        outside.append(d.fit.outside)
        clash.append(bool(d.fit.conflicts))
    median, longest = 1000 * np.median(took), 1000 * max(took)
    rates = []
    for level in LEVELS:
        rate = np.mean(np.array(percentile) <= level)
        off = (rate - level / 100) / np.sqrt(level / 100 * (1 - level / 100) / wanted)
        chance = 2 * NormalDist().cdf(-abs(off))
        rates.append(f"{rate:6.1%} (off by {off:+.1f} SE, p {chance:.2f})")
    shares = f"{np.mean(outside):7.1%} {np.mean(clash):6.1%}"
    print(f"{fewest:3}-{most:<3} {rates[0]:>32} {rates[1]:>32} {shares} {median:9.0f} {longest:7.0f}")


def published(net: hb.Network) -> None:
    """Print how each score ranks the published cases."""
    labelled, _, _ = read_cases(CASES, net, "truth", (), ())
    outside = np.array([true == {"other"} for true in labelled.truth])
    rows: list[tuple[float, ...]] = []
    unusual: list[list[bool]] = []
    for _, facts in labelled.facts.iterrows():
        d = net.diagnose(facts)
        fit = d.fit
        unusual.append([dataclasses.replace(fit, level=level).outside for level in LEVELS])
        without = net.diagnose({name: facts[name] for name in ("age", "sex", *net.background) if name in facts})
        unexplained = np.nan_to_num(fit.unexplained_share)  # nothing present: nothing to explain
        rows.append((-fit.percentile, fit.conflict, unexplained, d["other"], d["other"] / without["other"]))
    scores = np.array(rows).T
    names = ("low percentile", "conflict", "unexplained share", "P(other)", "P(other) / before any finding")
    print(f"\n{len(outside)} published cases, {outside.sum()} of them with a disease outside the list")
    for level, alarms in zip(LEVELS, np.array(unusual).T, strict=True):
        of_these, of_others = alarms[outside].mean(), alarms[~outside].mean()
        print(f"unusual at level {level} %: {of_these:.0%} of these, {of_others:.0%} of others")
    print(f"{'score':32} {'AUROC':>6}   95 % interval")
    rng = np.random.default_rng(SEED)
    groups = [np.flatnonzero(outside), np.flatnonzero(~outside)]
    drawn = [np.concatenate([rng.choice(group, len(group)) for group in groups]) for _ in range(BOOTSTRAP)]
    for name, score in zip(names, scores, strict=True):
        low, high = np.quantile([roc_auc_score(outside[rows], score[rows]) for rows in drawn], [0.025, 0.975])
        print(f"{name:32} {roc_auc_score(outside, score):6.2f}   {low:.2f} to {high:.2f}")


def main() -> None:
    """Print both tables."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    net = hb.load_network()
    print(
        f"{wanted} cases of the network {net.id} {net.version}, age, sex and some findings known of each, seed {SEED}"
    )
    print(
        f"{'known':7} {'percentile <= 5 %':>32} {'percentile <= 10 %':>32} {'unusual':>7} {'clash':>6} "
        f"{'ms median':>9} {'longest':>7}"
    )
    for fewest, most in KNOWN:
        false_alarms(net, wanted, fewest, most)
    published(net)


if __name__ == "__main__":
    main()

"""Calibration on simulated cases: of those given a probability of 30 %, 30 % should have the cause.

    python tests/benchmarks/calibration.py [CASES]

Draws cases (200,000 unless told otherwise) from the shipped network, keeps age, sex and 6 findings of each, different
ones from case to case, and prints the calibration slope of every cause: the coefficient of logit P(cause | evidence) in
a logistic regression of the truth, 1 if the network is calibrated. Exact inference must give 1 within sampling error:
of 12 slopes about one in 30 runs has one beyond 3 standard errors by chance.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

import hip_bayes as hb
from hip_bayes.validation.scores import recalibration

KNOWN = 6
BLOCK = 2500
SEED = 20261


def block(number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return P(cause | evidence), and whether it was there, of one block of cases; the number is its seed."""
    net = hb.load_network()
    rng = np.random.default_rng([SEED, number])
    cases = net.simulate(BLOCK, rng)
    findings = cases[list(net.findings)]
    kept = rng.random(findings.shape).argsort(axis=1) < KNOWN  # in each row KNOWN places at random
    facts = findings.astype(object).where(kept, None).assign(age=cases["age"], sex=cases["sex"])
    truth = {cause: cases["truth"].map(lambda true, cause=cause: cause in true) for cause in net.causes}
    return net.diagnose_many(facts, with_triage=False), pd.DataFrame(truth)


def main() -> None:
    """Print the table."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    start = time.perf_counter()
    blocks = [block(number) for number in range(-(-wanted // BLOCK))]
    probability, truth = (pd.concat(parts) for parts in zip(*blocks, strict=True))
    took = time.perf_counter() - start
    print(f"{len(truth):,} cases, age, sex and {KNOWN} findings known of each, seed {SEED}, {took:.0f} s")
    print(f"{'cause':20} {'share':>7} {'mean P':>7} {'slope':>7} {'SE':>7} {'|slope - 1| / SE':>17}")
    worst = 0.0
    for cause in truth:
        slope, _, error = recalibration(probability[cause].to_numpy(), truth[cause].to_numpy())
        off = abs(slope - 1) / error
        worst = max(worst, off)
        shares = f"{truth[cause].mean():7.4f} {probability[cause].mean():7.4f}"
        print(f"{cause:20} {shares} {slope:7.4f} {error:7.4f} {off:17.2f}")
    print(f"worst: {worst:.2f} standard errors")


if __name__ == "__main__":
    main()

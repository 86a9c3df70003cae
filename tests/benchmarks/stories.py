"""Stories told freely, simulated: probabilities are calibrated, and silence lowers no triage level.

    python tests/benchmarks/stories.py [--calibration 20000] [--levels 50000] [--seed 1]

People are drawn from the shipped network and tell what they have at its rates of mention (`simulate` with
account="volunteered"). The same stories are answered as told freely and as if somebody had asked. First log loss and
calibration of both; then the levels of both, side by side.
"""

from __future__ import annotations

import time

import click
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

import hip_bayes as hb
from hip_bayes.network.parts import LEVELS

METRICS = ("top-1", "macro-AUROC", "log loss", "calibration slope", "calibration intercept")
ACCOUNTS = ("asked", "volunteered")


def told(net: hb.Network, n: int, seed: int) -> pd.DataFrame:
    """Return stories without background, which nobody asked for."""
    return net.simulate(n, seed=seed, account="volunteered").drop(columns=list(net.background))


@click.command()
@click.option("--calibration", default=20_000, show_default=True)
@click.option("--levels", default=50_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(calibration: int, levels: int, seed: int) -> None:
    """Print both comparisons."""
    net, console = hb.load_network(), Console()
    if calibration:
        cases = told(net, calibration, seed)
        scores = {a: hb.validate(cases, bootstrap=0, account=a, by=()) for a in ACCOUNTS}
        table = Table(f"{calibration:,} stories", *ACCOUNTS)
        for metric in METRICS:
            table.add_row(metric, *(f"{v.summary['value'][metric]:.3f}" for v in scores.values()))
        for cause in net.causes:
            table.add_row(f"slope, {cause}", *(f"{v.by_cause['slope'][cause]:.2f}" for v in scores.values()))
        console.print(table)
    if levels:
        cases = told(net, levels, seed + 1).drop(columns="truth")
        rng = np.random.default_rng(seed)
        for flag in net.red_flags:  # rules, not variables: said of a few, whatever they have
            cases[flag] = np.where(rng.random(len(cases)) < 0.02, rng.random(len(cases)) < 0.5, None)
        level, seconds = {}, {}
        for account in ACCOUNTS:
            start = time.perf_counter()
            level[account] = net.diagnose_many(cases, account=account)["triage"]
            seconds[account] = time.perf_counter() - start
        lower = level["volunteered"].map(LEVELS.index) > level["asked"].map(LEVELS.index)
        console.print(pd.crosstab(level["asked"], level["volunteered"]))
        console.print(f"{int(lower.sum())} of {levels:,} levels lowered by silence")
        console.print(", ".join(f"{account}: {levels / s:,.0f} rows/s with triage" for account, s in seconds.items()))


if __name__ == "__main__":
    main()

"""How the cost of an exact answer grows: with causes, findings in the network, findings present, and rows.

    python tests/benchmarks/growth.py [--plot FILE.png] [--json FILE.json]

Two networks: the shipped one, and generated ones of rare causes and findings with two to eight causes each, like the
QMR-DT network in form, up to 60 causes and 500 findings (2 ** 60 sets of causes: these cannot be listed). Every point
is the median of repeated timings, all in this run; times are of this machine, their ratios are what matters.
"""

from __future__ import annotations

import json
import platform
import random
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import click
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))
from example import qmr_like, read_network

import hip_bayes as hb

if TYPE_CHECKING:
    from collections.abc import Callable

    from hip_bayes import Network

Curve = dict[int, float]
"""What is varied -> seconds."""
REPEATS = 5
SEED = 11


def seconds(task: Callable[[], object]) -> float:
    """Return the median time of a task, after one to warm up."""
    task()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return median(times)


def facts(net: Network, present: int, absent: int = 5) -> dict[str, object]:
    """Return a case with so many findings present and absent, drawn among those that hang on no other."""
    rng = random.Random(SEED)
    free = [f for f in net.findings.values() if f.parent is None and f.sex is None]
    drawn = rng.sample([f.id for f in free], present + absent)
    return {"age": 46, "sex": "female"} | {f: i < present for i, f in enumerate(drawn)}


def by_causes() -> Curve:
    """Time one case, six findings present, in networks of 5 to 60 causes and 100 findings."""
    nets = {n: read_network(qmr_like(n, 100, SEED)) for n in (8, 12, 16, 20, 30, 40, 60)}
    return {n: seconds(lambda net=net: net.diagnose(facts(net, 6))) for n, net in nets.items()}


def by_findings() -> Curve:
    """Time one case, six findings present, in networks of 60 causes and 50 to 500 findings."""
    nets = {n: read_network(qmr_like(60, n, SEED)) for n in (50, 100, 200, 350, 500)}
    return {n: seconds(lambda net=net: net.diagnose(facts(net, 6))) for n, net in nets.items()}


def by_present(net: Network, most: int) -> Curve:
    """Time one case in a network, with up to so many findings present."""
    return {n: seconds(lambda n=n: net.diagnose(facts(net, n))) for n in range(0, most + 1, 2)}


def by_rows() -> Curve:
    """Time a row of tables of 1,000 to 1,000,000 rows, five findings known of each, in the shipped network."""
    net = hb.load_network()
    rng = np.random.default_rng(SEED)
    known = rng.choice([f.id for f in net.findings.values() if f.parent is None and f.sex is None], 5, replace=False)
    rows = 1_000_000
    frame = pd.DataFrame({f: rng.random(rows) < 0.5 for f in known}).assign(age=rng.integers(18, 90, rows))
    return {
        n: seconds(lambda n=n: net.diagnose_many(frame[:n], with_triage=False)) / n
        for n in (1_000, 10_000, 100_000, 1_000_000)
    }


def cancellation(cases: int = 2000) -> dict[str, float]:
    """Return the share of cases for which inclusion-exclusion would lose more than five of sixteen digits.

    Its terms are products of P(absent | causes), with both signs; the factor by which they exceed their sum is
    E[product over findings present of 1 + P(absent)] / E[product of 1 - P(absent)]. Shipped network; 4-6 findings
    present and 4-6 absent of a simulated patient, or any.
    """
    net = hb.load_network()
    listed = net.engine.enumeration
    rng = np.random.default_rng(SEED)
    people = net.simulate(cases, rng)
    ids = [f for f in listed.units.findings if net.findings[f].parent is None]
    there = people[ids].apply(lambda column: column.isin([True, "sudden"])).to_numpy()
    shares = {}
    for mix in ("findings of one patient", "any findings"):
        lost = 0
        for i in range(cases):
            order = rng.permutation(len(ids))
            present = [ids[f] for f in order if there[i, f] or mix == "any findings"][: rng.integers(4, 7)]
            absent = [ids[f] for f in order if ids[f] not in present and (not there[i, f] or mix == "any findings")]
            low = high = listed.prior(people["sex"].iloc[i], net.band_of(people["age"].iloc[i]), ())
            for f in present:
                low, high = low * listed.present(f, 0.0), high * (2 - listed.present(f, 0.0))
            for f in absent[: rng.integers(4, 7)]:
                low, high = low * (1 - listed.present(f, 0.0)), high * (1 - listed.present(f, 0.0))
            lost += high.sum() > 1e5 * low.sum()
        shares[mix] = lost / cases
    return shares


def plot(curves: dict[str, Curve], path: Path) -> None:
    """Draw the curves: one panel for what is varied, seconds on a logarithmic scale."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(15, 3.8), layout="constrained")
    panels = {
        "causes": ["causes"],
        "findings in the network": ["findings"],
        "findings present": ["present, shipped network", "present, 60 causes"],
        "rows": ["rows, per row"],
    }
    for axis, (title, names) in zip(axes, panels.items(), strict=True):
        for name in names:
            curve = curves[name]
            axis.plot(list(curve), [1e3 * s for s in curve.values()], marker="o", label=name.partition(", ")[2])
        axis.set(xlabel=title, yscale="log", xscale="log" if title == "rows" else "linear")
        axis.set_ylim(1e-3 if title == "rows" else 1e-2, 1e-1 if title == "rows" else 1e4)
        axis.grid(alpha=0.3)
        if len(names) > 1:
            axis.legend(frameon=False)
    axes[0].set_ylabel("ms a case")
    axes[3].set_ylabel("ms a row")
    figure.savefig(path, dpi=150)


@click.command()
@click.option("--plot", "plot_file", type=click.Path(path_type=Path), help="Write the plot here (PNG or SVG).")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures here.")
def main(plot_file: Path | None, json_file: Path | None) -> None:
    """Measure, print, and write what is asked for."""
    large = read_network(qmr_like(60, 500, SEED))
    curves = {
        "causes": by_causes(),
        "findings": by_findings(),
        "present, shipped network": by_present(hb.load_network(), 14),
        "present, 60 causes": by_present(large, 20),
        "rows, per row": by_rows(),
    }
    table = Table("varied", "value", "ms")
    for name, curve in curves.items():
        for value, took in curve.items():
            table.add_row(name, f"{value:,}", f"{1e3 * took:,.4f}")
    console = Console()
    console.print(table)
    lost = cancellation()
    for mix, share in lost.items():
        console.print(f"inclusion-exclusion would lose more than five digits of {share:.1%} of cases ({mix})")
    too_many = dict.fromkeys(list(large.findings)[:40], True)
    start = time.perf_counter()
    try:
        large.diagnose(too_many)
    except hb.NetworkTooLargeError as error:
        console.print(f"40 findings present of 60 causes, after {1e3 * (time.perf_counter() - start):.1f} ms: {error}")
    if json_file:
        about = {"machine": platform.processor() or platform.machine(), "python": platform.python_version()}
        json_file.write_text(
            json.dumps({"about": about, "seconds": curves, "lost digits": lost}, indent=2) + "\n", encoding="utf-8"
        )
    if plot_file:
        plot(curves, plot_file)


if __name__ == "__main__":
    main()

"""How freely are findings told? Rates of mention on published cases, by length of story and by cause.

    python tests/benchmarks/mention.py [CASES.jsonl] [--network NAME_OR_FILE]

The first table has what stands in the network file: P(mentioned | present) and P(mentioned | absent), with a 90 %
bootstrap interval of their ratio (1 - present) / (1 - absent), the only thing that reaches a posterior. Cases of one
source are drawn together. The second has that ratio by cause, over all lengths: were it the same everywhere, mention
would depend on the finding alone, as the network assumes.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

import hip_bayes as hb
from hip_bayes.network.parts import TOLD
from hip_bayes.validation.cases import read_cases
from hip_bayes.validation.mention import Stories

CASES = Path(__file__).parents[1] / "cases.jsonl"
FEW = 5
"""Stories of a cause below which its row says next to nothing."""


@click.command()
@click.argument("cases", default=CASES, type=click.Path(exists=True, path_type=Path))
@click.option("--network", default=None)
@click.option("--resamples", default=200, show_default=True)
def main(cases: Path, network: str | None, resamples: int) -> None:
    """Print rates of mention."""
    net = hb.load_network(network)
    labelled, _, unlabelled = read_cases(cases, net, "truth", (), ())
    stories = Stories(net, labelled.facts, labelled.truth, labelled.sources)
    rates = stories.rates()
    rng = np.random.default_rng(0)
    drawn = [stories.resampled(rng).rates()["ratio"] for _ in track(range(resamples), "resamples")]
    low, high = pd.concat(drawn, axis=1).quantile([0.05, 0.95], axis=1).to_numpy()

    console = Console(width=110)
    console.print(f"{len(labelled.truth)} labelled cases, {unlabelled} unlabelled left out")
    table = Table(
        "story", "told", "present", "absent", "ratio", "90 %", "told present", "absent", "passed over", "sources"
    )
    for ((length, kind), row), a, b in zip(rates.iterrows(), low, high, strict=True):
        counts = [f"{row[c]:.0f}" for c in ("told_present", "told_absent", "passed_over", "sources")]
        numbers = [f"{row['present']:.3f}", f"{row['absent']:.4f}", f"{row['ratio']:.2f}", f"{a:.2f} to {b:.2f}"]
        table.add_row(length, kind, *numbers, *counts)
    console.print(table)

    table = Table("cause", "stories", *(f"ratio, {kind}" for kind in TOLD))
    for cause in net.causes:
        n = sum(cause in causes for causes in labelled.truth)
        if n >= FEW:
            ratio = stories.rates(only=[cause], by_length=False)["ratio"]
            table.add_row(cause, str(n), *(f"{x:.2f}" for x in ratio))
    console.print(table)


if __name__ == "__main__":
    main()

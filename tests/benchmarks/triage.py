"""How often triage alarms where nothing is dangerous, and how often it does not where something is.

    python tests/benchmarks/triage.py [RUNNERS] [OTHER_CHECKOUT]

Runners (default 20,000) are simulated from the shipped network; age and sex are known, and of each runner's history and
examination 5 findings that are present and 5 that are absent, drawn at random. Printed: the share of each level among
those without a dangerous cause (as far as the network names them: a stress fracture of the femoral neck, and disease of
the bone or joint), and for each dangerous cause the share left routine; then what triage costs, as the rate of
`diagnose_many` with it and without it, in turns. With another checkout the same runners are shown to its library and
network too. Exits 1 where more than 10 % are urgent or more than 22 % soon, or triage halves the rate.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import hip_bayes as hb

if TYPE_CHECKING:
    from hip_bayes import Network

SEED = 20261
DANGEROUS = ("femoral_neck", "bone_or_joint_disease")
ANSWERS = 5
MOST_URGENT, MOST_SOON, LEAST_RATE = 0.10, 0.22, 0.5
ROUNDS = 5


def told(net: Network, n: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return what is known of simulated runners, and the truth."""
    cases = net.simulate(n, seed=seed)
    rng = np.random.default_rng(seed)
    names = [f.id for f in net.findings.values() if f.kind != "imaging"]
    there = cases[names].to_numpy(dtype=bool)
    order = rng.random(there.shape)
    for i, name in enumerate(names):
        if net.findings[name].sex:
            order[(cases["sex"] != net.findings[name].sex).to_numpy(), i] = 3.0  # not asked of the others
    facts = np.full(there.shape, np.nan)
    rows = np.arange(n)[:, None]
    for present in (True, False):
        key = np.where(there == present, order, 2.0 + order)
        chosen = np.argsort(key, axis=1)[:, :ANSWERS]
        facts[rows, chosen] = np.where(np.take_along_axis(key, chosen, 1) < 2, float(present), np.nan)
    return pd.concat([cases[["age", "sex"]], pd.DataFrame(facts, columns=names)], axis=1), cases["truth"]


def shares(levels: pd.Series, truth: pd.Series) -> dict[str, float]:
    """Return the share of each level where nothing is dangerous, and of each dangerous cause the share left routine."""
    having = {form: truth.map(lambda causes, form=form: form in causes) for form in DANGEROUS}
    harmless = ~np.logical_or.reduce(list(having.values()))
    found = {level: float((levels[harmless] == level).mean()) for level in ("urgent", "soon")}
    return found | {f"{form} left routine": float((levels[here] == "routine").mean()) for form, here in having.items()}


def levels_of(frame: pd.DataFrame) -> pd.Series:
    """Return the level of each runner."""
    return hb.diagnose_many(frame, with_triage=True)["triage"]


def rate_with_triage(frame: pd.DataFrame) -> float:
    """Return the time without triage over that with it, the median of rounds in turns."""
    ratios = []
    for _ in range(ROUNDS):
        seconds = []
        for with_triage in (False, True):
            start = time.process_time()
            hb.diagnose_many(frame, with_triage=with_triage)
            seconds.append(time.process_time() - start)
        ratios.append(seconds[0] / seconds[1])
    return statistics.median(ratios)


def elsewhere(checkout: Path, frame: pd.DataFrame) -> pd.Series:
    """Return the levels that the library and network of another checkout give."""
    program = "import sys,pandas as pd,hip_bayes as hb,json\nf=pd.read_pickle(sys.argv[1])\n"
    program += "print(json.dumps(hb.diagnose_many(f,with_triage=True)['triage'].tolist()))"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runners.pkl")
        frame.to_pickle(path)
        command = [sys.executable, "-c", program, str(path)]
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, check=True)
    return pd.Series(json.loads(done.stdout), index=frame.index)


def main() -> int:
    """Print the figures."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    frame, truth = told(hb.load_network(), n, SEED)
    found = shares(levels_of(frame), truth)
    columns = {"here": found}
    if len(sys.argv) > 2:
        columns["there"] = shares(elsewhere(Path(sys.argv[2]).resolve(), frame), truth)
    print(f"{n:,} simulated runners, {ANSWERS} answers present and {ANSWERS} absent, age and sex known, seed {SEED}")
    print((100 * pd.DataFrame(columns)).round(1).to_string())
    rate = rate_with_triage(frame)
    print(f"rate with triage / without: {rate:.2f} ({ROUNDS} rounds in turns)")
    return int(found["urgent"] > MOST_URGENT or found["soon"] > MOST_SOON or rate < LEAST_RATE)


if __name__ == "__main__":
    raise SystemExit(main())

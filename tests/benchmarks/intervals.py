"""What the intervals of 500 drawn networks cost, beside making each of these networks whole.

    python tests/benchmarks/intervals.py [ROUNDS]

`draw_posteriors` keeps of a network what the case speaks of, makes its units once and puts each draw's numbers into
them. The plain way beside it makes the whole network for every draw: all findings, units found
anew. Both get the same numbers, of which the plain way needs more (those of all findings), and take turns in random
order; the largest difference of their posteriors is printed. The cases are runners simulated from the shipped network:
age and sex known, and so many findings.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

import hip_bayes as hb
from hip_bayes.inference.enumeration import Enumeration
from hip_bayes.inference.units import Units
from hip_bayes.reasoning import intervals as uncertainty

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS = 500
KNOWN = (0, 4, 8, 16, 32)
ROUNDS = 5
SEED = 2026


def plainly(d: hb.Diagnosis) -> NDArray[np.float64]:
    """Return the posteriors under the drawn networks, each of them made whole."""
    net, prior = d.network, d.network.engine.prior
    sampler = uncertainty.Sampler(DRAWS, 0)
    drawn = zip(
        uncertainty.priors_drawn(net, prior, d.case, sampler), uncertainty.links_drawn(net, sampler), strict=True
    )
    return np.array([[*Enumeration(Units(net, *numbers)).posterior(d.case).probability.values()] for numbers in drawn])


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    net, rng = hb.load_network(), np.random.default_rng(SEED)
    ways = {"fast": lambda d: uncertainty.draw_posteriors(d, DRAWS)[1], "whole": plainly}
    print(f"{DRAWS} draws of {net.id} {net.version}, {len(net.findings)} findings; CPU seconds, median of {rounds}")
    print(f"{'known':>6} {'intervals':>10} {'each whole':>11} {'ratio':>6} {'largest difference':>19}")
    for known in KNOWN:
        runner = net.simulate(1, rng).to_dict("records")[0]
        asked = [f for f in net.findings if net.findings[f].sex in (None, runner["sex"])]
        d = net.diagnose({name: runner[name] for name in ("age", "sex", *rng.choice(asked, known, replace=False))})
        took: dict[str, list[float]] = {name: [] for name in ways}
        found = {}
        for _ in range(rounds):
            for name in rng.permutation(list(ways)):
                start = time.process_time()
                found[name] = ways[name](d)
                took[name].append(time.process_time() - start)
        fast, whole = (statistics.median(took[name]) for name in ways)
        off = np.abs(found["fast"] - found["whole"]).max()
        print(f"{known:6} {fast:10.2f} {whole:11.2f} {whole / fast:6.1f} {off:19.1e}")


if __name__ == "__main__":
    main()

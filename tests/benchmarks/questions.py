"""How many questions until hardly anything more can be learnt: asked by what was said before, or as listed.

    python tests/benchmarks/questions.py [RUNNERS]

Draws runners (2,000 unless told otherwise) from the shipped network. Age and sex of each are known, every finding can
be asked (the hop test too) and is answered truthfully. The questions of an order count until H(S | answers), the
entropy of the joint state of all causes, is first within 0.1 bit of what it is with every finding answered. Three
orders: adaptive (always the most informative question, `reasoning.questions.rank`), fixed (findings by the same
information, ranked once with nothing known) and file (as the network lists them). Because an answer may also raise the
entropy, a second, harder count is printed: until it stays within 0.1 bit, whatever is asked after.

Ends with exit code 1 if the adaptive order needs more of the others' questions than `AT_MOST` says.

Then the time of one ranking of all questions, without pandas and as a table, and beside it in the same run the plain
way: for each question both answers given to `Diagnosis.given`, and the entropy of the causes after each.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import hip_bayes as hb
from hip_bayes.inference.evidence import Case
from hip_bayes.reasoning.questions import askable, next_questions, rank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WITHIN = 0.1
SEED = 20262
PROCESSES = 2
ROUNDS = 30
PEER_ROUNDS = 3
ADAPTIVE = "adaptive"
AT_MOST = {"fixed": 0.85, "file": 0.65}
"""How many of the questions of another order the adaptive one may need until the entropy is first so low."""


def entropy(net: hb.Network, case: Case) -> float:
    """Return H(joint state of all causes | case) in bits."""
    p = net.engine.enumeration.joint(case)
    p = p[p > 0]
    return -float((p * np.log2(p)).sum())


def most_informative(net: hb.Network, case: Case, questions: Sequence[str]) -> str:
    """Return which of the questions is worth most; of equal ones the first."""
    ranking = rank(net, case, questions)
    return ranking.ids[int(np.argmax(ranking.bits))]


def fixed_order(net: hb.Network) -> list[str]:
    """Return all findings by their information with nothing known, the most informative first."""
    ranking = rank(net, Case(), net.findings)
    return [ranking.ids[i] for i in np.argsort(-ranking.bits, kind="stable")]


def walk(runner: Mapping[str, Any], order: Sequence[str] | None, net: hb.Network | None = None) -> list[float]:
    """Return the entropy before and after each answer of one runner, to the last; an order of None is adaptive."""
    net = net or hb.load_network()
    left = [f for f in order or net.findings if net.findings[f].sex in (None, runner["sex"])]
    case = net.vocabulary.read([("age", runner["age"]), ("sex", runner["sex"])])
    entropies = [entropy(net, case)]
    while left:
        asked = left[0] if order else most_informative(net, case, left)
        left.remove(asked)
        case = net.vocabulary.read([(asked, bool(runner[asked]))], before=case)
        entropies.append(entropy(net, case))
    return entropies


def walks(orders: Mapping[str, Sequence[str] | None], runner: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the entropies of one runner by order."""
    return {name: walk(runner, order) for name, order in orders.items()}


def until_first(entropies: Sequence[float]) -> int:
    """Return how many questions until the entropy is first within `WITHIN` of the last."""
    return next(k for k, h in enumerate(entropies) if h <= entropies[-1] + WITHIN)


def until_it_stays(entropies: Sequence[float]) -> int:
    """Return how many questions until the entropy is and stays within `WITHIN` of the last."""
    return 1 + max((k for k, h in enumerate(entropies) if h > entropies[-1] + WITHIN), default=-1)


def plainly(d: hb.Diagnosis) -> dict[str, float]:
    """Return the bits of every question by giving both answers: H(S | e) - sum of P(a | e) H(S | e, a)."""
    before = entropy(d.network, d.case)
    bits = {}
    for f in askable(d):
        after = [d.given({f: answer}) for answer in (True, False)]
        weights = [math.exp(a.log_evidence - d.log_evidence) for a in after]
        bits[f] = before - sum(w * entropy(d.network, a.case) for w, a in zip(weights, after, strict=True))
    return bits


def milliseconds(call: Callable[[], object], rounds: int) -> float:
    """Return the median time of a call that has run before."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def print_counts(wanted: int) -> bool:
    """Print how many questions each order needs; return whether the adaptive one keeps to `AT_MOST`."""
    net = hb.load_network()
    orders = {ADAPTIVE: None, "fixed": fixed_order(net), "file": list(net.findings)}
    runners = net.simulate(wanted, seed=SEED).drop(columns="truth").to_dict("records")
    start = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        paths = list(pool.map(partial(walks, orders), runners, chunksize=10))
    took = time.perf_counter() - start
    print(f"{wanted:,} simulated runners, {len(net.findings)} findings, age and sex known, seed {SEED}, {took:.0f} s")
    first, last = (statistics.fmean(p[ADAPTIVE][i] for p in paths) for i in (0, -1))
    print(f"entropy of the causes, mean: {first:.2f} bits before, {last:.2f} with all answered")
    kept = True
    for words, count in (("first", until_first), ("for good", until_it_stays)):
        counts = {name: np.array([count(p[name]) for p in paths]) for name in orders}
        print(f"\nquestions until {words} within {WITHIN} bit of that")
        print(f"{'order':10} {'mean':>7} {'SE':>6} {'median':>7} {'adaptive / it':>14}")
        for name, n in counts.items():
            error = n.std(ddof=1) / math.sqrt(len(n))
            ratio = counts[ADAPTIVE].mean() / n.mean()
            print(f"{name:10} {n.mean():7.2f} {error:6.2f} {np.median(n):7.1f} {ratio:14.3f}")
            if count is until_first and ratio > AT_MOST.get(name, 1.0):
                print(f"ABOVE THE LIMIT: {ratio:.3f} of the questions in {name} order; allowed: {AT_MOST[name]}")
                kept = False
    return kept


def print_times() -> None:
    """Print how long one ranking takes, and the plain way."""
    d = hb.diagnose(age=46, sex="female", lateral_pain=True, groin_pain=False)
    ids = askable(d)
    ranking = rank(d.network, d.case, ids)
    plain = plainly(d)
    off = max(abs(x - plain[id_]) for id_, x in zip(ranking.ids, ranking.bits.tolist(), strict=True))
    arrays = milliseconds(lambda: rank(d.network, d.case, ids), ROUNDS)
    table = milliseconds(lambda: next_questions(d, None), ROUNDS)
    peer = milliseconds(lambda: plainly(d), PEER_ROUNDS)
    print(f"\none ranking of {len(ids)} questions, median ms")
    print(f"{'arrays (rank)':30} {arrays:8.2f}")
    print(f"{'table (next_questions)':30} {table:8.2f}")
    print(f"{'both answers by given':30} {peer:8.2f}   {peer / arrays:.1f} x rank")
    print(f"largest difference of bits between the two ways: {off:.1e}")


def main() -> None:
    """Print the tables."""
    kept = print_counts(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
    print_times()
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()

"""Does a change of the code change any bit of an answer? Compares this checkout with another one.

    python tests/benchmarks/same_bits.py OTHER_CHECKOUT [CASES]

Both answer the same random cases (default 200) in processes of their own, through public names alone: `diagnose`,
`diagnose_many` with triage, `explain` and `why`, `intervals`, `next_questions` and `enough`, `fit`, `what_if` and
`simulate`. Every number is compared by its bits, every text by its characters. Exits 1 where something differs. The
network file is that of the OTHER checkout in both, so that a change of numbers is no difference of the code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
SEED = 20261


def plain(value: object) -> object:
    """Return a value such that equal texts mean equal bits."""
    import numpy as np
    import pandas as pd

    if isinstance(value, (float, np.floating)):
        return float(value).hex()
    if isinstance(value, pd.DataFrame):
        return {"index": plain(value.index.tolist()), **{str(c): plain(value[c].tolist()) for c in value}}
    if isinstance(value, pd.Series):
        return plain(value.to_dict())
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    return value if isinstance(value, (str, int, bool, type(None))) else repr(value)


def answers(network: str, cases: int) -> dict[str, object]:
    """Return everything this process's hip_bayes says of the random cases."""
    import numpy as np
    import pandas as pd

    import hip_bayes as hb

    print(f"asked: {Path(hb.__file__).parents[1]}", file=sys.stderr)
    net = hb.load_network(network)
    rng = np.random.default_rng(SEED)
    names = [*net.background, *net.findings, *net.red_flags]
    rows = []
    for _ in range(cases):
        row: dict[str, object] = {}
        if rng.random() < 0.8:
            row["age"] = int(rng.integers(18, 91))
        if rng.random() < 0.8:
            row["sex"] = str(rng.choice(["female", "male"]))
        for name in rng.choice(names, rng.integers(1, 9), replace=False).tolist():
            sex = net.findings[name].sex if name in net.findings else None
            if sex is None:
                soft = name not in net.red_flags and rng.random() < 0.15
                row[name] = float(rng.random()) if soft else bool(rng.random() < 0.5)
        rows.append(row)
    found: dict[str, object] = {"simulate": plain(net.simulate(50, seed=1))}
    found["many"] = plain(net.diagnose_many(pd.DataFrame(rows, dtype=object), with_triage=True))
    told = {"age": 30, "training_spike": True}
    found["what_if"] = plain(net.what_if(told, training_spike=False))
    for i, row in enumerate(rows):
        d = net.diagnose(row)
        here: dict[str, object] = {"dict": plain(d.to_dict()), "text": str(d), "log_evidence": plain(d.log_evidence)}
        here["questions"], here["enough"] = plain(d.next_questions(None)), plain(repr(d.enough()))
        here["explain"], here["why"] = plain(d.explain(d.ranking[0])), d.why(d.ranking[0])
        here["intervals"], here["sets"] = plain(d.intervals(draws=30)), plain(d.most_probable(5))
        if i % 10 == 0:
            here["fit"], here["sources"] = plain(repr(d.fit)), plain(d.sources())
        found[f"case {i}"] = here
    return found


def differences(one: object, other: object, path: str = "") -> list[str]:
    """Return where two answers differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = dict.fromkeys([*one, *other])
        return [
            x
            for k in keys
            for x in (
                differences(one[k], other[k], f"{path}/{k}") if k in one and k in other else [f"{path}/{k} in one only"]
            )
        ]
    return [] if one == other else [path]


def main() -> int:
    """Compare; or, with ANSWERS as the first argument, answer."""
    if sys.argv[1] == "ANSWERS":
        json.dump(answers(sys.argv[2], int(sys.argv[3])), sys.stdout)
        return 0
    other, cases = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 200
    network = str(other / "networks" / "hip_pain_runners.toml")
    said = []
    for checkout in (other, HERE):
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        command = [sys.executable, __file__, "ANSWERS", network, str(cases)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        said.append(json.loads(done.stdout))
    differ = differences(*said)
    print(f"{cases} random cases (seed {SEED}): {len(differ)} answers differ")
    print("\n".join(differ[:20]))
    return 1 if differ else 0


if __name__ == "__main__":
    raise SystemExit(main())

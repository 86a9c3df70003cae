"""Cold start: a fresh process that imports, loads, diagnoses and prints, against one that only imports pgmpy.inference.

    python tests/benchmarks/cold_start.py

Side by side in one run, alternating, best of several: timings are noisy, so the ratio of the fastest runs counts.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from importlib.metadata import version

ROUNDS = 7
OURS = 'import hip_bayes as hb; print(hb.diagnose(age=46, sex="female", lateral_pain=True, groin_pain=False)["gtps"])'
PEERS = {
    "import pgmpy.inference": "import pgmpy.inference",
    "import pandas": "import pandas",
    "import numpy": "import numpy",
}


def seconds(code: str) -> float:
    """Return the wall time of a fresh Python process that runs `code`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    everything = {"hip_bayes: import, load, diagnose, print": OURS, **PEERS}
    best = dict.fromkeys(everything, float("inf"))
    for _ in range(ROUNDS):
        for name, code in everything.items():
            best[name] = min(best[name], seconds(code))
    ours = best["hip_bayes: import, load, diagnose, print"]
    versions = ", ".join(f"{p} {version(p)}" for p in ("hip-bayes", "pgmpy", "pandas", "numpy"))
    print(f"Python {platform.python_version()}, {versions}; best of {ROUNDS} fresh processes each, alternating")
    for name, t in best.items():
        print(f"{name:42} {t:7.3f} s   {t / ours:6.2f} x hip_bayes")


if __name__ == "__main__":
    main()

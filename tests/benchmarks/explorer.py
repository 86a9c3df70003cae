"""How quickly the explorer follows a click: `python tests/benchmarks/explorer.py [CHANGES]`.

From the change of a control in the kernel to the bars, to the next best question, to the intervals and to the reasons;
in an event loop as in a kernel, without what sending to the browser takes.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from statistics import median

import ipywidgets as w

import hip_bayes as hb

MOST = 10
"""Facts that are known at the same time, besides age and sex."""


def shown(widget: object, class_: str) -> list[w.Widget]:
    """Return the children of the boxes of a class that are on the page."""
    children = getattr(widget, "children", ())
    inside = [part for child in children for part in shown(child, class_)]
    return [*(children if class_ in getattr(widget, "_dom_classes", ()) else ()), *inside]


async def main(changes: int) -> None:
    """Change controls one after the other and print how long it took until what was up to date."""
    start = time.perf_counter()
    explorer = hb.explore(age=46, sex="female")
    print(f"hb.explore() in a fresh process, imports of pandas and scipy included: {time.perf_counter() - start:.2f} s")
    start = time.perf_counter()
    explorer = hb.explore(age=46, sex="female")
    print(f"the same again: {time.perf_counter() - start:.2f} s")

    rng = random.Random(0)
    names = [*explorer.diagnosis.network.findings]
    search = next(part for part in shown(explorer.page, "hbx-said") if isinstance(part, w.Text))
    bars = [part for part in shown(explorer.page, "hbx-cause") if isinstance(part, w.HTML)]
    known: list[str] = []
    took: dict[str, list[float]] = {"bars": [], "bars and next question": [], "intervals": [], "reasons": []}
    for _ in range(changes):
        forget = len(known) == MOST
        name = known.pop(rng.randrange(MOST)) if forget else rng.choice([n for n in names if n not in known])
        search.value = name
        rows = dict(zip(*[iter(shown(explorer.page, "hbx-question"))] * 2, strict=True))
        control = next(c for question, c in rows.items() if f"<code>{name}</code>" in question.value)
        drawn: list[float] = []
        for bar in bars:
            bar.observe(lambda _, drawn=drawn: drawn.append(time.perf_counter()), "value")
        start = time.perf_counter()
        control.value = "unknown" if forget else rng.random() < 0.5
        took["bars and next question"].append(time.perf_counter() - start)
        took["bars"].append(max(drawn) - start)
        for bar in bars:
            bar.unobserve_all("value")
        if not forget:
            known.append(name)
        d = explorer.diagnosis.given()  # explained by nobody yet
        for what, step in (
            ("intervals", lambda d=d: d.intervals(0.9, draws=50)),
            ("reasons", lambda d=d: d.why("gtps")),
        ):
            start = time.perf_counter()
            step()
            took[what].append(time.perf_counter() - start)
    print(f"{changes} changes, up to {MOST} findings, age and sex known; ms, median and worst")
    for what, times in took.items():
        print(f"{what:>24} {1e3 * median(times):8.1f} {1e3 * max(times):8.1f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))

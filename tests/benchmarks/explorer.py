"""How quickly the explorer follows a click: `python tests/benchmarks/explorer.py [CHANGES]`.

First in this process, in an event loop as in a kernel and without what sending to the browser takes: from the change of
a control to the bars, to the next best question, to the intervals and to the reasons. Then in Chromium with Voila
(extra `browser`): from the click to the bars and to the intervals on the page, the way to the kernel and back included.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import ipywidgets as w
import nbformat

sys.path.insert(0, str(Path(__file__).parent.parent / "browser"))
import servers

import hip_bayes as hb
from hip_bayes.views.html import DRAWS, LEVEL

MOST = 10
"""Facts that are known at the same time, besides age and sex."""


def shown(widget: object, class_: str) -> list[w.Widget]:
    """Return the children of the boxes of a class that are on the page."""
    children = getattr(widget, "children", ())
    inside = [part for child in children for part in shown(child, class_)]
    return [*(children if class_ in getattr(widget, "_dom_classes", ()) else ()), *inside]


async def in_the_kernel(changes: int) -> None:
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
        rows = [row.children for row in shown(explorer.page, "hbx-found")[1:]]  # the first part says how many there are
        control = next(control for question, control, *_ in rows if f"<code>{name}</code>" in question.value)
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
            ("intervals", lambda d=d: d.intervals(LEVEL, draws=DRAWS)),
            ("reasons", lambda d=d: d.why("gtps")),
        ):
            start = time.perf_counter()
            step()
            took[what].append(time.perf_counter() - start)
    print(f"In the kernel, {changes} changes, up to {MOST} findings, age and sex known; ms, median and worst")
    report(took)


CLICK = """async ([button, patient]) => {
    const page = document.querySelector(".hbx");
    const until = ready => new Promise(done => {
        const look = () => ready() && (watch.disconnect(), requestAnimationFrame(() => done(performance.now())));
        const watch = new MutationObserver(look);
        watch.observe(page, {subtree: true, childList: true, characterData: true});
    });
    const before = page.querySelector("pre").textContent;
    // sent after all bars, so that they are there when it is
    const bars = until(() => page.querySelector("pre").textContent !== before);
    const start = performance.now();
    button.click();
    const drawn = await bars;
    if (!patient) return [drawn - start, null];
    const measured = await until(() => page.querySelectorAll(".hbx-cause small").length > 0);
    return [drawn - start, measured - start];
}"""


def in_the_browser(changes: int) -> None:
    """Click answers one after the other and print how long it took until they showed."""
    rng = random.Random(0)
    names = rng.sample([*hb.load_network().findings], MOST)
    hasty, patient = "bars, rest under way", "bars, rest waited for"
    took: dict[str, list[float]] = {hasty: [], patient: [], "intervals": []}
    with tempfile.TemporaryDirectory() as here:
        folder, home = Path(here, "notebooks"), Path(here, "home")
        folder.mkdir()
        home.mkdir()
        code = 'import hip_bayes as hb\nhb.explore(age=46, sex="female")'
        cells = [nbformat.v4.new_code_cell(code)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "explorer.ipynb")
        with servers.voila(folder, home) as address, servers.chromium() as chromium:
            page = chromium.new_page(viewport={"width": 1200, "height": 1400})
            page.goto(f"{address}/voila/render/explorer.ipynb")
            page.locator(".hbx-cause small").first.wait_for(timeout=60_000)
            for i in range(changes):
                name = names[i % MOST]
                page.get_by_placeholder("Search all questions").fill(name)
                row = page.locator(".hbx-found .hbx-question").filter(has=page.get_by_text(name, exact=True))
                row.wait_for()
                button = row.locator("button:not(.mod-active)").nth(rng.randrange(2))
                waits = i % 10 >= MOST // 2
                bars, intervals = page.evaluate(CLICK, [button.element_handle(), waits])
                took[patient if waits else hasty].append(bars / 1e3)
                if waits:
                    took["intervals"].append(intervals / 1e3)
                page.wait_for_timeout(800 if waits else 50)  # so that the next click is in the middle of them, or not
    print(f"In the browser, from the click, {changes} changes; ms, median and worst")
    report(took)


def report(took: dict[str, list[float]]) -> None:
    """Print the median and the worst of what was measured."""
    for what, times in took.items():
        print(f"{what:>24} {1e3 * median(times):8.1f} {1e3 * max(times):8.1f}")


def main(changes: int) -> None:
    """Measure both."""
    asyncio.run(in_the_kernel(changes))
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        print('The browser is left out: pip install ".[browser]"')
    else:
        in_the_browser(changes)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)

"""The explorer as people see it: served by Voila, opened in JupyterLab and in Jupyter Notebook.

`pytest -n 0 -m browser tests/browser`, with the extra `browser` and Chromium installed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
import servers

import hip_bayes as hb
from hip_bayes.network.wording import between, percent
from hip_bayes.views.html import DRAWS, LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator, Page

    from hip_bayes import Diagnosis

pytestmark = pytest.mark.browser

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "10_explorer.ipynb"
WAITS = 120_000
"""Milliseconds that anything may take to appear on a page: a kernel starts and imports meanwhile."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that is served: the notebook of the explorer, and what tests write into it."""
    path = tmp_path_factory.mktemp("served")
    shutil.copy(NOTEBOOK, path)
    return path


@pytest.fixture(scope="session")
def voila(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of Voila, serving the folder."""
    with servers.voila(folder, tmp_path_factory.mktemp("voila")) as address:
        yield address


@pytest.fixture(scope="session")
def lab(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of JupyterLab, serving the folder."""
    with servers.jupyter("jupyterlab", folder, tmp_path_factory.mktemp("lab")) as address:
        yield address


@pytest.fixture(scope="session")
def notebook(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of Jupyter Notebook, serving the folder."""
    with servers.jupyter("notebook", folder, tmp_path_factory.mktemp("notebook")) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Chromium."""
    with servers.chromium() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def new_page(browser: Browser) -> Callable[[], Page]:
    """Return a function that opens a page, and waits patiently for what is to appear on it."""
    from playwright.sync_api import expect

    expect.set_options(timeout=WAITS)

    def page() -> Page:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(WAITS)
        return page

    return page


def write(file: Path, code: str) -> None:
    """Write a notebook of one cell."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # else JupyterLab asks which
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)], metadata=kernel), file)


def in_voila(page: Page, address: str, name: str) -> None:
    """Open a notebook in Voila, which runs it."""
    page.goto(f"{address}/voila/render/{name}")


def in_lab(page: Page, address: str, name: str) -> None:
    """Open a notebook in JupyterLab and run all of it."""
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.get_by_text("| Idle").wait_for()
    run_all(page)


def in_notebook(page: Page, address: str, name: str) -> None:
    """Open a notebook in Jupyter Notebook and run all of it."""
    page.goto(f"{address}/notebooks/{name}")
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    run_all(page)


def run_all(page: Page) -> None:
    """Choose this in the menu of JupyterLab or Jupyter Notebook; once more if nothing was there yet to do it."""
    from playwright.sync_api import TimeoutError as TooLong

    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    for _ in range(3):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            page.locator(".hip-bayes").first.wait_for(timeout=WAITS / 3)
        except TooLong:
            continue
        return


@pytest.fixture(scope="session", params=["voila", "lab", "notebook"])
def opened(request: pytest.FixtureRequest, new_page: Callable[[], Page]) -> Iterator[Locator]:
    """Return the explorer of the notebook, in each of them."""
    page = new_page()
    open_in = {"voila": in_voila, "lab": in_lab, "notebook": in_notebook}[request.param]
    open_in(page, request.getfixturevalue(request.param), "10_explorer.ipynb")
    explorer = page.locator(".hbx")
    see_bars(explorer, diagnosis(explorer))
    assert diagnosis(explorer).evidence
    yield explorer
    page.close()


@pytest.fixture
def explorer(opened: Locator) -> Locator:
    """Return the explorer with nothing said."""
    opened.get_by_role("button", name="Reset").click()
    see_bars(opened, hb.diagnose())
    return opened


def python(explorer: Locator) -> str:
    """Return the call, as it is there to be copied."""
    return explorer.locator("pre").inner_text()


def diagnosis(explorer: Locator) -> Diagnosis:
    """Run the call that the explorer shows, in this process."""
    first, _, call = python(explorer).partition("\n\n")
    assert first == "import hip_bayes as hb"
    d = eval(call, {"hb": hb})  # noqa: S307 - our own text
    assert isinstance(d, hb.Diagnosis)
    return d


def see_bars(explorer: Locator, d: Diagnosis) -> None:
    """Wait until the bars say what a result says, in its order, with its intervals."""
    from playwright.sync_api import expect

    table = d.intervals(LEVEL, draws=DRAWS)
    rows = explorer.locator(".hbx-cause:visible")
    expect(rows.locator("button")).to_have_text([d.network.name_of(c) for c in d.ranking])
    expect(rows.locator("b")).to_have_text([percent(d[c]) for c in d.ranking])
    expect(rows.locator("small")).to_have_text([between(*table.loc[c, ["low", "high"]]) for c in d.ranking])


def search(explorer: Locator, words: str) -> Locator:
    """Search for words; return the questions that are found."""
    explorer.get_by_placeholder("Search all questions").fill(words)
    return explorer.locator(".hbx-found .hbx-question")


def say(explorer: Locator, id_: str, answer: str) -> None:
    """Search for a question and answer it."""
    from playwright.sync_api import expect

    found = search(explorer, id_).filter(has=explorer.page.get_by_text(id_, exact=True))
    found.get_by_role("button", name=answer, exact=True).click()
    expect(found.locator(".mod-active")).to_have_text(answer)


def test_it_follows_clicks_with_the_numbers_of_the_library(explorer: Locator) -> None:
    """Age and three findings; the suggested question answered; the call, run here, gives the same; and reset."""
    from playwright.sync_api import expect

    facts = {"age": 46, "lateral_pain": True, "groin_pain": False, "pain_lying_on_side": True}
    explorer.locator("select").select_option("46")
    for id_ in ("lateral_pain", "groin_pain", "pain_lying_on_side"):
        say(explorer, id_, "yes" if facts[id_] else "no")
    d = hb.diagnose(facts)
    see_bars(explorer, d)
    long = "all => all.map(b => b.querySelector('.p').getBoundingClientRect().width / b.getBoundingClientRect().width)"
    lengths = explorer.locator(".hbx-cause:visible .bar").evaluate_all(long)
    assert lengths == pytest.approx([d[c] for c in d.ranking], abs=0.02)

    question = explorer.locator(".hbx-next code").inner_text()
    assert question == hb.diagnose(facts).next_questions(1, kinds=["background", "history"]).index[0]
    explorer.locator(".hbx-next").get_by_role("button", name="Yes").click()
    see_bars(explorer, hb.diagnose(facts, **{question: True}))
    expect(explorer.locator(".hbx-next code")).not_to_have_text(question)
    assert diagnosis(explorer).evidence == hb.diagnose(facts, **{question: True}).evidence

    passed_on = explorer.locator(".hbx-next code").inner_text()
    explorer.locator(".hbx-next").get_by_role("button", name="Don't know").click()
    expect(explorer.locator(".hbx-next code")).not_to_have_text(passed_on)

    explorer.get_by_role("button", name=hb.load_network().causes["fai"].name).click()
    expect(explorer).to_contain_text(diagnosis(explorer).why("fai"))

    explorer.get_by_role("button", name="Reset").click()
    see_bars(explorer, hb.diagnose())
    assert diagnosis(explorer).evidence == {}
    expect(explorer.locator("select")).to_have_value("unknown")


def test_an_urgent_flag_shows_the_banner(explorer: Locator) -> None:
    """At the top, and again below the answer that raised it, which may be a page further down."""
    from playwright.sync_api import expect

    banner, echo = (
        explorer.locator(".level:visible:not(.hbx-question .level)"),
        explorer.locator(".hbx-question .level"),
    )
    expect(banner).to_have_text("11 of 11 red flags not asked: whether this is urgent is not known")
    expect(echo).to_have_count(0)
    say(explorer, "fever", "yes")
    expect(banner).to_have_text("URGENT: have this assessed today")
    expect(echo).to_have_text("URGENT: have this assessed today")
    expect(explorer).to_contain_text(hb.load_network().red_flags["fever"].action)


WATCH = """explorer => {
  const seen = window.seen = [], shown = e => e.offsetParent !== null
  const text = all => [...all].filter(shown).map(e => e.innerText.trim())
  const look = () => {
    const rows = [...explorer.querySelectorAll('.hbx-cause')].filter(shown)
    seen.push({names: rows.map(r => r.querySelector('button').innerText.trim()),
      numbers: rows.map(r => r.querySelector('b').innerText.trim()),
      why: text(explorer.querySelectorAll('.hbx-side h3')).filter(t => t.startsWith('Why'))})
    if (window.watching) requestAnimationFrame(look)
  }
  window.watching = true
  look()
}"""
"""Notes in every frame what the bars say, and for which number reasons are given."""


def test_no_number_of_another_state_is_ever_beside_one_of_this(explorer: Locator) -> None:
    """In no frame is a cause there twice, or the reasons of a number that no bar says."""
    explorer.evaluate(WATCH)
    for id_, answer in (("lateral_pain", "yes"), ("groin_pain", "yes"), ("lateral_pain", "no"), ("groin_pain", "no")):
        say(explorer, id_, answer)
    see_bars(explorer, hb.diagnose(lateral_pain=False, groin_pain=False))
    seen = explorer.page.evaluate("() => { window.watching = false; return window.seen }")

    assert len({tuple(frame["numbers"]) for frame in seen}) >= 5
    for frame in seen:
        assert len(set(frame["names"])) == len(frame["names"]) == len(hb.load_network().causes)
        bars = [f"Why {name}: {number}?" for name, number in zip(frame["names"], frame["numbers"], strict=True)]
        assert set(frame["why"]) <= set(bars)


def test_it_says_when_answers_are_not_counted(
    new_page: Callable[[], Page], folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Not while it is connected; within seconds after its server is gone."""
    from playwright.sync_api import expect

    page = new_page()
    with servers.voila(folder, tmp_path_factory.mktemp("ending")) as address:
        write(folder / "ending.ipynb", "import hip_bayes as hb\nhb.explore(age=46, sex='female')")
        in_voila(page, address, "ending.ipynb")
        explorer = page.locator(".hbx")
        see_bars(explorer, hb.diagnose(age=46, sex="female"))
        lost = explorer.get_by_text("Not connected: answers are not being counted.")
        for _ in range(40):
            assert not lost.is_visible()
            page.wait_for_timeout(250)
        say(explorer, "lateral_pain", "yes")
        see_bars(explorer, hb.diagnose(age=46, sex="female", lateral_pain=True))
    expect(lost).to_be_visible(timeout=10_000)
    page.close()


def test_the_search_narrows_as_one_types(explorer: Locator) -> None:
    from playwright.sync_api import expect

    expect(search(explorer, "night")).not_to_have_count(0)
    expect(search(explorer, "night sweats").locator("code")).to_have_text(["night_sweats"])
    expect(search(explorer, "zebra")).to_have_count(0)
    expect(explorer).to_contain_text("0 found")


def test_it_is_used_without_a_mouse(explorer: Locator) -> None:
    """Sections open, and questions are answered, by Tab and the keys that press a button."""
    from playwright.sync_api import expect

    head = explorer.get_by_role("button", name="Background: 0 of")
    head.focus()
    head.press("Enter")
    first = next(iter(hb.load_network().background))
    expect(explorer.locator(".hbx-question code").first).to_have_text(first)
    head.press("Tab")
    explorer.page.keyboard.press("Space")
    see_bars(explorer, hb.diagnose({first: True}))


def test_the_picture_of_the_readme(
    new_page: Callable[[], Page], voila: str, folder: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Nothing in it is cut, and nothing sticks out at the side, there or in a narrower window."""
    case = {"age": 27, "sex": "female", "training_spike": True, "groin_pain": True, "lateral_pain": False}
    case |= {"night_pain": True, "fever": False, "trauma": False}
    write(folder / "picture.ipynb", f"import hip_bayes as hb\nhb.explore(said={case!r})")
    page = new_page()
    in_voila(page, voila, "picture.ipynb")
    explorer = page.locator(".hbx")
    see_bars(explorer, hb.diagnose(case))
    cut = """all => all.flatMap(x => [...x.querySelectorAll("*")]).filter(x =>
        x.clientWidth && (x.scrollWidth > x.clientWidth + 1 || x.getBoundingClientRect().right > innerWidth + 1)
    ).map(x => x.outerHTML.slice(0, 200))"""
    for width in (400, 700, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        assert explorer.evaluate_all(cut) == [], width
    file = pytestconfig.getoption("--picture") or tmp_path / "explorer.png"
    page.set_viewport_size({"width": 1200, "height": 1440})
    page.screenshot(path=file)
    assert file.read_bytes().startswith(b"\x89PNG")
    page.close()


def test_a_dollar_sign_is_a_dollar_sign(new_page: Callable[[], Page], lab: str, folder: Path) -> None:
    """In a result too: Jupyter would set what is between two of them as a formula."""
    from example import example_data
    from playwright.sync_api import expect

    data = example_data()
    data["network"]["name"] = "From $5 to $6"
    shown = "read_network(DATA, hb.Network).diagnose(lateral_pain=True)"
    code = f"import hip_bayes as hb\nfrom hip_bayes.network.reading import read_network\nDATA = {data!r}\n{shown}"
    write(folder / "dollar.ipynb", code)

    page = new_page()
    in_lab(page, lab, "dollar.ipynb")
    expect(page.locator(".hip-bayes small").last).to_contain_text("From $5 to $6, version")
    assert page.locator("mjx-container, .MathJax").count() == 0
    page.close()


def test_texts_of_a_network_of_ones_own_are_texts(new_page: Callable[[], Page], voila: str, folder: Path) -> None:
    """A label that looks like a script, or like an image that runs one, is read, not run."""
    from example import rich_data
    from playwright.sync_api import expect

    label = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
    data = rich_data()
    data["network"]["name"] = label
    for section in ("causes", "findings", "background", "red_flags"):
        for entry in data[section].values():
            entry.update({key: label for key in ("name", "question", "reason", "action") if key in entry})
    shown = "hb.explore(read_network(DATA, hb.Network), fever=True, lateral_pain=True, night_pain=True)"
    code = f"import hip_bayes as hb\nfrom hip_bayes.network.reading import read_network\nDATA = {data!r}\n{shown}"
    write(folder / "script.ipynb", code)

    page = new_page()
    in_voila(page, voila, "script.ipynb")
    explorer = page.locator(".hbx")
    expect(explorer.locator(".hbx-cause button:visible").first).to_have_text(label)
    expect(explorer.locator(".hbx-question").first).to_contain_text(label)
    for title in ("Red flags", "Background", "History"):
        explorer.get_by_role("button", name=f"{title}:").click()
        expect(explorer.get_by_role("button", name=f"\N{BLACK DOWN-POINTING SMALL TRIANGLE} {title}:")).to_be_visible()
        expect(explorer.locator(".hbx-question").first).to_contain_text(label)

    assert explorer.locator("script, img").count() == 0
    assert page.evaluate("window.ran === undefined")
    page.close()

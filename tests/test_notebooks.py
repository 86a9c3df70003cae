"""The notebooks: one question each, run from top to bottom without a complaint, committed without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from hip_bayes.network.wording import DISCLAIMER

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_CELLS = 25

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def executed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Run it as Jupyter does: in the folder where the notebooks are."""
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    return client.execute()


def test_they_are_numbered_without_gaps() -> None:
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{i:02}_" for i in range(1, len(NOTEBOOKS) + 1)]
    assert len(NOTEBOOKS) >= 10


@each
def test_the_first_lists_the_others(path: Path) -> None:
    """The table at the end of the first one has a row for every notebook that follows."""
    if path != NOTEBOOKS[0]:
        assert f"\n| [{path.name[:2]}]({path.name}) | " in cells(NOTEBOOKS[0], "markdown")[-1].source


@each
def test_it_starts_with_a_title_and_is_short(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)

    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    assert len(notebook.cells) <= MOST_CELLS


@each
def test_it_says_once_what_it_is_not(path: Path) -> None:
    assert sum(cell.source.count(DISCLAIMER) for cell in cells(path, "markdown")) == 1


@each
def test_outputs_are_cleared(path: Path) -> None:
    for cell in cells(path, "code"):
        assert not cell.outputs
        assert cell.execution_count is None


@each
def test_what_it_claims_is_asserted(path: Path) -> None:
    """There are assertions; that they hold is what running it shows."""
    assert sum("\nassert " in f"\n{cell.source}" for cell in cells(path, "code")) >= 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client")
@each
def test_it_runs(path: Path) -> None:
    """Every cell runs, its assertions hold, nothing warns, and no file is left behind."""
    before = sorted(FOLDER.iterdir())
    notebook = executed(nbformat.read(path, as_version=4))

    complaints = [
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert not complaints
    assert sorted(FOLDER.iterdir()) == before


@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client")
def test_a_diagnosis_is_shown_once_in_a_notebook() -> None:
    """As HTML with its text beside it for other front ends, and nothing printed by the way."""
    code = "import hip_bayes as hb\nhb.diagnose(lateral_pain=True)"
    notebook = executed(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]))

    [output] = notebook.cells[0].outputs
    assert output.output_type == "execute_result"
    assert 'class="hip-bayes mathjax_ignore"' in output.data["text/html"]
    assert output.data["text/plain"].startswith("11 of 11 red flags not asked")

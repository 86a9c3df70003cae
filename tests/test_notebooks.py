"""Notebooks run from top to bottom, and are committed without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_cleared(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path: Path) -> None:
    """Every cell runs, assertions on what the prose claims included."""
    NotebookClient(nbformat.read(path, as_version=4), timeout=300, kernel_name="python3").execute()


def test_a_diagnosis_is_shown_once_in_a_notebook() -> None:
    """As HTML with its text beside it for other front ends, and nothing printed by the way."""
    code = "import hip_bayes as hb\nhb.diagnose(lateral_pain=True)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()

    [output] = notebook.cells[0].outputs
    assert output.output_type == "execute_result"
    assert "class='hip-bayes'" in output.data["text/html"]
    assert output.data["text/plain"].startswith("ROUTINE")

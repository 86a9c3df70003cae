"""The package as a whole: what it offers, who may import whom, and what a cold start does not load."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from example import example_data, solved

import hip_bayes as hb
from hip_bayes.network.checks import numbers

PACKAGE = Path(hb.__file__).parent
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")

ORDER = (
    "errors",
    "words",
    "parts",
    "checks",
    "changes",
    "model",
    "links",
    "priors",
    "library",
    "evidence",
    "units",
    "enumeration",
    "kernel",
    "coverage",
    "inference",
    "triage",
    "diagnosis",
    "cohort",
    "formats",
    "files",
    "show",
    "notebook",
    "bridge",
    "provenance",
    "explanation",
    "questions",
    "interview",
    "uncertainty",
    "moves",
    "sensitivity",
    "intervention",
    "fit",
    "simulation",
    "cases",
    "scores",
    "validation",
    "drawing",
    "layers",
    "plots",
    "look",
    "explorer",
    "card",
    "cli",
)
"""Each module imports from earlier ones only. A new module goes after all that it imports."""


def test_what_the_package_offers() -> None:
    assert hb.__all__ == [
        "ContradictionError",
        "Diagnosis",
        "EvidenceError",
        "HipBayesError",
        "MissingExtraError",
        "Network",
        "NetworkError",
        "NetworkNotFoundError",
        "NetworkTooLargeError",
        "UnknownNameError",
        "Validation",
        "diagnose",
        "diagnose_many",
        "explore",
        "load_network",
        "model_card",
        "plots",
        "validate",
    ]
    assert all(getattr(hb, name).__doc__ for name in hb.__all__)


def imports(module: str, *, at_import: bool) -> set[str]:
    """Return what a module imports outside `if TYPE_CHECKING`; at_import: not inside functions either.

    A module of the package is named like `.model`, any other by its first part, like `pgmpy`.
    """
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for other in node.orelse:
                visit(other)
            return
        if at_import and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        if isinstance(node, ast.Import):
            for alias in node.names:
                name, *inside = alias.name.split(".")
                found.add(f".{inside[0]}" if name == "hip_bayes" and inside else name)
        elif isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".")
            inner = node.level > 0 or parts[0] == "hip_bayes"
            if inner and parts[0] in ("", "hip_bayes") and len(parts) == 1:
                found.update(f".{alias.name}" for alias in node.names)
            else:
                found.add(f".{parts[-1] if node.level else parts[1]}" if inner else parts[0])
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8")))
    return found


def test_every_module_has_its_place_in_the_order() -> None:
    assert set(MODULES) == set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_earlier_ones(module: str) -> None:
    earlier = {f".{name}" for name in ORDER[: ORDER.index(module)]}
    own = {name for name in imports(module, at_import=True) if name.startswith(".")} - {".__version__"}

    assert own <= earlier


@pytest.mark.parametrize("module", [*MODULES, "__init__"])
def test_only_the_bridge_imports_pgmpy(module: str) -> None:
    """Not even inside a function does any other."""
    assert ("pgmpy" in imports(module, at_import=False)) == (module == "bridge")


SLOW = {"ipywidgets", "pgmpy", "pandas", "sklearn", "rich", "scipy", "matplotlib", "numba", "pyarrow", "dask"}


@pytest.mark.parametrize("module", [*MODULES, "__init__"])
def test_no_module_loads_anything_slow_when_imported(module: str) -> None:
    """But the compiled loops, which `inference` loads when it needs them."""
    assert SLOW & imports(module, at_import=True) == ({"numba"} if module == "kernel" else set())


def test_a_diagnosis_from_a_cold_start_loads_nothing_slow(file: Path) -> None:
    """Neither pandas nor numba nor pgmpy, in a fresh interpreter; asking for the Series then loads pandas."""
    program = (
        "import sys, hip_bayes as hb\n"
        f"slow = {SLOW | {'click'}}\n"
        "print(sorted(slow & set(sys.modules)))\n"
        f"d = hb.diagnose(age=46, sex='f', lateral_pain=True, fever=True, network={str(file)!r})\n"
        "d['tendon'], d.triage, d.to_dict(), d.given(night_pain=True)\n"
        "print(sorted(slow & set(sys.modules)))\n"
        "d.posterior\n"
        "print(sorted(slow & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment)

    assert done.stderr == ""
    assert done.stdout.splitlines()[:2] == ["[]", "[]"]
    assert "pandas" in done.stdout.splitlines()[2]


def test_the_example_of_the_format_is_valid_and_complete() -> None:
    """It has every section that a network needs, and answers."""
    data = example_data()
    net = solved(data)

    assert set(data) == {"network", "sources", "background", "causes", "findings", "red_flags"}
    assert "other" in net.causes
    assert list(net.causes["bone"].subtypes) == ["neck", "sacrum"]
    assert net.findings["night_pain"].parent is not None
    assert {n.basis for _, n in numbers(net)} == {"measured", "transferred", "qualitative", "judgement"}
    assert net.diagnose(lateral_pain=True).posterior.index[0] == "tendon"


def test_what_is_offered_is_found_by_tab() -> None:
    """Before anybody asked for it: completion looks at dir()."""
    code = "import hip_bayes as hb; print(set(hb.__all__) - set(dir(hb)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"

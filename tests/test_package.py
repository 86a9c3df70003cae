"""The package as a whole: what it offers, who may import whom, and what a cold start does not load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from example import example_data, solved
from house import PACKAGE, PAGE, between_files, between_rooms, circle, drawing, files, floors, imports

import hip_bayes as hb
from hip_bayes.cli import main
from hip_bayes.network.checks import numbers

if TYPE_CHECKING:
    from pathlib import Path

MODULES = files(PACKAGE)
MOST_ENTRIES = 12


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
        "diagnose_file",
        "diagnose_many",
        "explore",
        "load_network",
        "model_card",
        "plots",
        "validate",
    ]
    assert all(getattr(hb, name).__doc__ for name in hb.__all__)


def test_no_two_files_import_each_other_however_far_round() -> None:
    """Counting imports inside functions, for types and in `__init__.py` files."""
    assert circle(between_files(PACKAGE)) == []


def test_arrows_run_one_way_between_rooms() -> None:
    """So that no room has an arrow up: each imports from lower floors alone."""
    rooms = between_rooms(between_files(PACKAGE))

    assert circle(rooms) == []
    floor = {room: i for i, here in enumerate(floors(rooms)) for room in here}
    assert all(floor[below] < floor[room] for room in rooms for below in rooms[room])
    assert not {"diagnosis", "cli", "explorer"} & set().union(
        *(rooms[room] for room in ("network", "inference", "reasoning", "cohorts", "validation", "views", "bridges"))
    )


@pytest.mark.parametrize(
    ("late", "found"),
    [
        ("from hip_bayes.top.high import X", True),
        ("from ..top.high import X", True),
        ("from ..top import high", True),
        ("import hip_bayes.top.high", True),
        ("def f():\n    from ..top.high import X", True),
        ("if TYPE_CHECKING:\n    from ..top.high import X", True),
        ("from ..top import *", False),
        ("from .deep import Y", False),
        ("import high", False),
    ],
)
def test_the_drawing_sees_every_way_to_import(tmp_path: Path, late: str, *, found: bool) -> None:
    """A circle between two files of two rooms is seen, whichever way it is closed."""
    package = tmp_path / "hip_bayes"
    for room in ("top", "low"):
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "top" / "high.py").write_text("from ..low.deep import Y\nX = 1")
    (package / "low" / "deep.py").write_text("Y = 1")
    assert circle(between_rooms(between_files(package))) == []

    (package / "low" / "deep.py").write_text(late)

    arrows = between_files(package)
    assert bool(circle(arrows)) == found
    assert ("low.deep" in circle(arrows)) == found


def test_an_import_from_a_room_itself_is_an_arrow(tmp_path: Path) -> None:
    """What `__init__.py` files import counts too: a circle through one is a circle."""
    package = tmp_path / "hip_bayes"
    (package / "room").mkdir(parents=True)
    (package / "__init__.py").write_text("from .room.one import X")
    (package / "room" / "__init__.py").write_text("")
    (package / "room" / "one.py").write_text("from .. import X")

    assert set(circle(between_files(package))) == {"", "room.one"}


def test_the_house_is_drawn_as_it_is() -> None:
    """docs/house.md is what `python tests/house.py` writes."""
    assert PAGE.read_text(encoding="utf-8") == drawing(PACKAGE), "draw it again: python tests/house.py"


def test_the_front_door_has_few_signs() -> None:
    """At most twelve entries, folders counted as one; `py.typed` is no entry but is there: the classifier claims it."""
    entries = {path.name for path in PACKAGE.iterdir()} - {"__pycache__", "py.typed", "networks"}

    assert len(entries) <= MOST_ENTRIES
    assert (PACKAGE / "py.typed").is_file()


def loaded(module: str, *, functions: bool) -> set[str]:
    """Return the packages that a module imports from when it runs, by their first names; without types."""
    return {name.partition(".")[0] for name, _ in imports(PACKAGE, MODULES[module], functions=functions, types=False)}


@pytest.mark.parametrize("module", MODULES)
def test_only_the_bridge_imports_pgmpy(module: str) -> None:
    """Not even inside a function does any other."""
    assert ("pgmpy" in loaded(module, functions=True)) == (module == "bridges.pgmpy")


SLOW = {"ipywidgets", "pgmpy", "pandas", "sklearn", "rich", "scipy", "matplotlib", "numba", "pyarrow", "dask"}


@pytest.mark.parametrize("module", MODULES)
def test_no_module_loads_anything_slow_when_imported(module: str) -> None:
    """But the compiled loops, which `inference.engine` loads when it needs them."""
    assert SLOW & loaded(module, functions=False) == ({"numba"} if module == "inference.kernel" else set())


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


# From a zip, or from a program that was packed into one file: nothing of the package is a file of its own.


def zipped(folder: Path, *, networks: bool = True) -> Path:
    """Return a zip with the package as a wheel has it, with or without the networks."""
    build = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    path = folder / "hip_bayes.zip"
    with zipfile.ZipFile(path, "w") as file:
        for part in wheel["only-include"]:
            inside = wheel["sources"].get(part, part)
            for source in sorted((PACKAGE.parent / part).rglob("*")):
                relative = source.relative_to(PACKAGE.parent / part)
                if source.is_file() and "__pycache__" not in relative.parts and (networks or part != "networks"):
                    file.write(source, f"{inside}/{relative.as_posix()}")
    return path


def run_from(path: Path, program: str, *words: str) -> str:
    """Return what a program prints in a fresh interpreter that has the package from a zip, and from nowhere else."""
    start = "import os, sys\nsys.path[:] = [p for p in sys.path if not os.path.isdir(os.path.join(p, 'hip_bayes'))]\n"
    done = subprocess.run(
        [sys.executable, "-P", "-c", start + program, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": str(path)},
    )
    assert done.stderr == ""
    return done.stdout


FROM_A_ZIP = """
import json
import hip_bayes as hb
import hip_bayes.inference.kernel
d = hb.diagnose(age=46, sex="f", lateral_pain=True, fever=True)
try:
    hb.load_network("nothing")
except hb.NetworkNotFoundError as error:
    refusal = str(error)
files = [m.__file__ for name, m in sys.modules.items() if name.partition(".")[0] == "hip_bayes"]
said = {name: p.hex() for name, p in d.probability.items()}
print(json.dumps([said, d.triage.level, hb.load_network("hip_pain_runners").fingerprint, refusal, files]))
"""


def test_from_a_zip_it_answers_to_the_bit_what_it_answers_elsewhere(tmp_path: Path) -> None:
    """Its networks are in it; the compiled loops are loaded, whether or not there is a place to keep them."""
    path = zipped(tmp_path)

    said, level, fingerprint, refusal, modules = json.loads(run_from(path, FROM_A_ZIP))

    d = hb.diagnose(age=46, sex="f", lateral_pain=True, fever=True)
    assert said == {name: p.hex() for name, p in d.probability.items()}
    assert (level, fingerprint) == ("urgent", hb.load_network().fingerprint)
    assert "there are: hip_pain_runners (" in refusal
    assert len(modules) > 20
    assert all(file.startswith(f"{path}{os.sep}hip_bayes{os.sep}") for file in modules)


def test_the_commands_work_from_a_zip(tmp_path: Path) -> None:
    words = ["diagnose", "--json", "age=46", "sex=female", "lateral_pain=yes"]

    printed = run_from(zipped(tmp_path), "from hip_bayes.cli import main\nmain()", *words)

    assert json.loads(printed) == json.loads(CliRunner().invoke(main, words).output)


def test_without_its_networks_it_says_what_is_missing(tmp_path: Path) -> None:
    """A program may have been packed without the package's data."""
    program = "import hip_bayes as hb\ntry:\n    hb.diagnose()\nexcept hb.NetworkNotFoundError as e:\n    print(e)"

    assert run_from(zipped(tmp_path, networks=False), program).startswith(
        "hip_bayes came without its folder hip_bayes/networks; install it again"
    )

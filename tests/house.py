"""The house drawn from its code: rooms, files, and who imports whom.

    python tests/house.py            writes docs/house.md anew

A room is a folder of the package, or a file that lies beside the folders. Every import counts, also those inside
functions and under TYPE_CHECKING, and those of `__init__.py` files.
"""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hip_bayes"
PAGE = ROOT / "docs" / "house.md"
Arrows = dict[str, set[str]]

INTRODUCTION = (
    "Drawn from the code by `python tests/house.py`; the tests hold it to be so. A room imports from those on the "
    "floors below it only, whether at the top of a file, inside a function or for a type, and no two files import "
    "each other, however far round."
)


def files(package: Path) -> dict[str, Path]:
    """Return module -> file: "network.parts", or "network" for a room's own `__init__.py`, or "" for the package's."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        *folders, name = path.relative_to(package).with_suffix("").parts
        found[".".join(folders if name == "__init__" else [*folders, name])] = path
    return found


def imports(package: Path, path: Path, *, functions: bool = True, types: bool = True) -> set[tuple[str, str]]:
    """Return (module, name) for all that a file imports; the name is "" in `import module`.

    Without `functions` not what is imported inside functions, without `types` not what is under TYPE_CHECKING.
    """
    found: set[tuple[str, str]] = set()
    inside = (package.name, *path.relative_to(package).parent.parts)

    def visit(node: ast.AST) -> None:
        if not functions and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        if not types and isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for other in node.orelse:
                visit(other)
            return
        if isinstance(node, ast.Import):
            found.update((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = inside[: len(inside) - node.level + 1] if node.level else ()
            module = ".".join((*above, *([node.module] if node.module else [])))
            found.update((module, alias.name) for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def between_files(package: Path) -> Arrows:
    """Return which module of the package imports which others of it."""
    modules = files(package)
    by_name = {".".join((package.name, *([name] if name else []))): name for name in modules}
    arrows: Arrows = {}
    for name, path in modules.items():
        arrows[name] = set()
        for module, what in imports(package, path):
            target = by_name.get(f"{module}.{what}", by_name.get(module))
            if target is not None and target != name:
                arrows[name].add(target)
    return arrows


def room_of(module: str) -> str:
    """Return the room that a module is in."""
    return module.partition(".")[0]


def between_rooms(arrows: Arrows) -> Arrows:
    """Return which room imports from which others."""
    found: Arrows = {room_of(module): set() for module in arrows}
    for module, targets in arrows.items():
        found[room_of(module)] |= {room_of(target) for target in targets} - {room_of(module)}
    return found


def circle(arrows: Arrows) -> list[str]:
    """Return the names on a circle of arrows, the first one again at its end; empty where there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def floors(rooms: Arrows) -> list[list[str]]:
    """Return the rooms floor by floor from the ground up, each on the lowest from which all its arrows run down."""
    height: dict[str, int] = {}
    for room in TopologicalSorter(rooms).static_order():
        height[room] = 1 + max((height[below] for below in rooms[room]), default=-1)
    return [sorted(room for room in height if height[room] == floor) for floor in range(max(height.values()) + 1)]


def first_line(path: Path) -> str:
    """Return the first sentence of a file's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


def drawing(package: Path) -> str:
    """Return the page of the house: a row a room, the top floor first, then the files of each."""
    modules, arrows = files(package), between_files(package)
    rooms = between_rooms(arrows)
    lines = [
        "# The house",
        "",
        INTRODUCTION,
        "",
        "| floor | room | what it is | imports from |",
        "|---|---|---|---|",
    ]
    shown = {"": "`__init__.py`"} | {
        r: f"`{r}/`" if f"{r}." in {m[: len(r) + 1] for m in modules} else f"`{r}.py`" for r in rooms if r
    }
    order = [(floor, room) for floor, here in reversed(list(enumerate(floors(rooms)))) for room in here]
    place = {room: i for i, (_, room) in enumerate(order)}
    for floor, room in order:
        below = ", ".join(shown[r] for r in sorted(rooms[room], key=place.__getitem__))
        lines.append(f"| {floor} | {shown[room]} | {first_line(modules[room])} | {below or 'nothing'} |")
    for _, room in order:
        inside = [m for m in modules if m.startswith(f"{room}.")] if room else []
        if inside:
            lines += ["", f"## {room}", "", first_line(modules[room]), "", "| file | what it is |", "|---|---|"]
            lines += [f"| `{m.partition('.')[2]}.py` | {first_line(modules[m])} |" for m in inside]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(drawing(PACKAGE), encoding="utf-8")

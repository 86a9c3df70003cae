"""How a result looks in words and as a table in the terminal (rich), red flags first; `html` has the HTML."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from hip_bayes.inference.in_words import heard, said, sure_of
from hip_bayes.network.wording import DISCLAIMER, percent
from hip_bayes.reasoning.fit import remarks_of
from hip_bayes.reasoning.triage import triage_of

from .triage_banner import avoided, because, cleared, headline, not_cleared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from hip_bayes.inference.result import Result

WIDTH = 79
BARS = {100: 20, 72: 10, 0: 5}
"""Console width in characters -> length of the longest bar: names need the room more than bars do."""


def known(d: Result) -> str:
    """Return what was known as one line: 'age 46, female, lateral_pain yes, ...'."""
    words = []
    for name, value in d.evidence.items():
        if name == "sex":
            words.append(str(value))
        elif isinstance(value, bool):
            words.append(f"{name} {'yes' if value else 'no'}")
        elif isinstance(value, float) and name != "age":
            words.append(f"{name} {sure_of(d.network, name, value)}")
        else:
            words.append(f"{name} {value}")
    return ", ".join(words) or "nothing"


def known_by_name(d: Result) -> str:
    """Return what was known, by its names: 'age 46, female, Groin pain: no, ...'."""
    return ", ".join(said(d.network, id_, value) for id_, value in d.evidence.items()) or "nothing"


def network_line(d: Result) -> str:
    """Return which network answered, and the disclaimer."""
    net = d.network
    seen = f", as seen in: {net.settings[net.setting].name}" if net.setting else ""
    return f"{net.name}, version {net.version}{seen}. {DISCLAIMER}"


def _rows(d: Result) -> list[tuple[str, str, float]]:
    """Return (id, name, probability) of every cause, high to low."""
    return [(c, d.network.name_of(c), d[c]) for c in d.ranking]


def renderable(d: Result, *, width: int = WIDTH, blocks: bool = True) -> RenderableType:
    """Return the result for a rich console `width` characters wide; without `blocks` in plain ASCII."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    style = {"urgent": "bold red", "soon": "bold yellow", "routine": "bold green"}[triage_of(d).level]
    style = style if cleared(d) else "bold"
    parts: list[RenderableType] = [Text(headline(d), style=style)]
    parts.append(hanging("  !", (because(r) for r in triage_of(d).reasons), style="red"))
    parts.append(hanging(" ", (line for line in (avoided(d), not_cleared(d)) if line)))
    parts.append(Text(""))
    parts.append(Text(". ".join(part for part in (f"Known: {known(d)}", heard(d.case)) if part)))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("P", justify="right", no_wrap=True)
    longest = next(bar for least, bar in BARS.items() if width >= least)
    table.add_column("", no_wrap=True, min_width=longest)
    table.add_column("id", no_wrap=True)
    table.add_column("cause")  # on a narrow terminal this one wraps
    for id_, name, p in _rows(d):
        table.add_row(percent(p), Text(_bar(p, longest, blocks=blocks), style="cyan"), Text(id_), Text(name))
    parts += [table, *(Text(remark, style="bold") for remark in remarks_of(d)), Text(network_line(d), style="dim")]
    return Group(*parts)


def hanging(mark: str, lines: Iterable[str], style: str = "") -> RenderableType:
    """Return lines for a rich console, each behind a mark and further ones below the first of it."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for line in lines:
        grid.add_row(Text(mark, style=style), Text(line, style=style))
    return grid


def _bar(p: float, longest: int, *, blocks: bool) -> str:
    """Return a bar, empty at 0 and `longest` characters long at 1, in eighths of a character or in whole #."""
    if not blocks:
        return "#" * round(p * longest)
    eighths = round(p * longest * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def as_text(d: Result) -> str:
    """Return the result as plain text, at most `WIDTH` characters wide."""
    from rich.console import Console

    out = StringIO()
    # force_jupyter: else rich, inside a notebook, displays it there and then, beside the HTML
    console = Console(
        file=out, width=WIDTH, color_system=None, highlight=False, legacy_windows=False, force_jupyter=False
    )
    console.print(renderable(d))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())

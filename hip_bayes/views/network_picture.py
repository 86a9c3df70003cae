"""The picture of a network in its three layers: background, causes, findings."""

from __future__ import annotations

from math import ceil, exp, expm1, log
from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.in_words import said
from hip_bayes.network import wording
from hip_bayes.network.parts import KINDS

from .picture_style import (
    BLUE,
    CHARACTER,
    GREY,
    LEADING,
    PLAIN,
    RED,
    SMALLEST,
    cut_to,
    fitting,
    ink_of,
    known,
    space_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData

    Points = NDArray[np.float64]

STRONG = 0.6
"""From which strength on the picture of a whole network has a link."""
FAINT = 0.02
"""Below which strength no picture has it."""
MOST_COLUMNS = 3
"""Of findings; between the rows of more there is no room for lines."""


def alone(net: NetworkData, f: str, cause: str) -> float:
    """P(finding | this cause alone present), by the shares of its subtypes."""

    def of_site(f: str, site: str) -> float:
        links = engine_of(net).links[f]
        log_absent = links.log_no_leak + links.log_no_link.get(site, 0.0)
        through = links.effect * of_site(links.parent, site) if links.parent else 0.0
        return 1 - exp(log_absent) * (1 - through)

    return sum(share * of_site(f, site) for site, share in _shares(net, cause))


def mean_link(net: NetworkData, f: str, cause: str) -> float:
    """Return the strength of the link of a cause to a finding, the mean by the shares of its subtypes."""
    log_no_link = engine_of(net).links[f].log_no_link
    return sum(share * -expm1(log_no_link.get(site, 0.0)) for site, share in _shares(net, cause))


def _shares(net: NetworkData, cause: str) -> list[tuple[str, float]]:
    return [(s.id, s.share.p) for s in net.causes[cause].subtypes.values()] or [(cause, 1.0)]


def caption(net: NetworkData, highlight: str | None, case: Result | None) -> str:
    """Return what the picture shows."""
    lines = f"Lines: links of {STRONG:g} and more, odds ratios; the wider, the stronger."
    if highlight is not None:
        lines = f"{net.name_of(highlight)}. Gauges: P(finding | this cause alone). Lines: the wider, the stronger."
    if case is None:
        return f"{net.name}. {lines}"
    if highlight is None:
        lines = "Lines: to what is known, the wider, the stronger."
    return f"Filled square: present; crossed: absent; half: not sure. {lines} Known: {known(case)}."


class Picture:
    """A network drawn in points from the upper left corner of an Axes."""

    def __init__(self, net: NetworkData, highlight: str | None, case: Result | None, ax: Axes) -> None:
        self.net, self.highlight, self.case, self.ax, self.ink = net, highlight, case, ax, ink_of(ax)
        self.width, self.height = space_of(ax)
        ax.set(xlim=(0, self.width), ylim=(self.height, 0))
        self.size = float(np.clip(self.width / 105, SMALLEST, 8.0))
        self.top = 1.5 * LEADING * self.size  # below the heads of the columns
        self.known = {**case.case.background, **case.case.findings} if case else {}
        self.strength = {f: {c: mean_link(net, f, c) for c in net.causes} for f in net.findings}
        self.fan = 0.08 * self.width
        self.left: dict[str, tuple[float, float]] = {}
        self.right: dict[str, tuple[float, float]] = {}
        self.lines: list[Points] = []
        self.widths: list[float] = []

    def draw(self) -> None:
        """Draw all of it: from left to right, then the lines beneath."""
        x = self.column_of_background(0.0) + self.fan if self.net.background else self.fan / 2
        x = self.column_of_causes(x) + 1.6 * self.fan
        self.columns_of_findings(x)
        self.all_lines(x)

    def label(self, x: float, y: float, text: str, *, faint: bool = False, **more: Any) -> None:  # noqa: ANN401
        """Write a text that starts at x."""
        alpha = 0.6 if faint else 1.0
        self.ax.text(x, y, text, size=self.size, color=self.ink, alpha=alpha, va="center", **PLAIN, **more)

    def head(self, x: float, text: str) -> None:
        """Write what a column is."""
        self.label(x, self.size, text, weight="bold")

    def names(self, ids: Iterable[str], share: float) -> dict[str, str]:
        """Return names in at most two lines where they all fit in a share of the width, else ids."""
        ids = list(ids)
        characters = int(share * self.width / (CHARACTER * self.size))
        return dict(zip(ids, fitting([(self.net.name_of(i), i) for i in ids], characters, 2)[0], strict=True))

    def text_width(self, texts: Iterable[str]) -> float:
        """Return how wide the widest of some texts is."""
        text = self.ax.text(0, 0, "\n".join(texts), size=self.size, **PLAIN)
        width = 1.05 * text.get_window_extent().width * 72 / self.ax.figure.canvas.figure.dpi
        text.remove()
        return width

    def rows(self, count: int) -> list[float]:
        """Return the heights of so many rows, spread evenly."""
        pitch = (self.height - self.top) / max(count, 1)
        return [self.top + (i + 0.5) * pitch for i in range(count)]

    def marker(self, id_: str, x: float, y: float) -> None:
        """Draw what is known of a background variable or finding, or a dot."""
        face, side = self.ax.get_facecolor(), 0.75 * self.size
        if id_ not in self.known:
            self.ax.plot(x, y, ".", color=self.ink, ms=0.45 * self.size, alpha=0.6 if self.case else 1)
            return
        p = self.known[id_]
        self.ax.plot(x, y, "s", color=RED if p == 1 else face, mec=RED, ms=side)
        if p == 0:
            self.ax.plot(x, y, "x", color=RED, ms=side)
        elif p < 1:
            self.ax.plot(x, y, "s", color=RED, mec=RED, ms=side, fillstyle="left", mfcalt=face)

    def column_of_background(self, x: float) -> float:
        """Draw the background and return where it ends."""
        names = self.names(self.net.background, 0.14)
        end = x + self.text_width(names.values()) + 1.2 * self.size
        self.head(x, "Background")
        for (id_, name), y in zip(names.items(), self.rows(len(names)), strict=True):
            concerned = self.highlight is None or id_ in self.net.causes[self.highlight].odds_ratios
            faint = not concerned or (self.case is not None and id_ not in self.known)
            self.label(end - self.size, y, name, faint=faint, ha="right", ma="right")
            self.marker(id_, end, y)
            self.right[id_] = (end, y)
        return end

    def column_of_causes(self, x: float) -> float:
        """Draw the causes in boxes and return where they end."""
        from matplotlib.patches import Rectangle

        names = self.names(self.net.causes, 0.15)
        inside = self.text_width([*names.values(), "Causes"]) + self.size + (4 * self.size if self.case else 0)
        self.head(x, "Causes")
        for (id_, name), y in zip(names.items(), self.rows(len(names)), strict=True):
            high = 1.25 * LEADING * self.size * (1 + ("\n" in name))
            faint = self.highlight not in (None, id_)
            box: dict[str, Any] = {"xy": (x, y - high / 2), "height": high}
            self.ax.add_patch(Rectangle(width=inside, fc=self.ax.get_facecolor(), ec="none", zorder=2, **box))
            if self.case:
                self.ax.add_patch(Rectangle(width=inside * self.case[id_], fc=BLUE, alpha=0.4, zorder=3, **box))
                self.label(x + inside - 3, y, wording.percent(self.case[id_]), faint=faint, ha="right", zorder=5)
            heavy = 1.8 if id_ == self.highlight else 0.8
            self.ax.add_patch(
                Rectangle(width=inside, fc="none", ec=self.ink, lw=heavy, zorder=4, alpha=0.45 if faint else 1, **box)
            )
            self.label(x + self.size / 2, y, name, faint=faint, zorder=5)
            self.left[id_], self.right[id_] = (x, y), (x + inside, y)
        return x + inside

    def columns_of_findings(self, x: float) -> None:
        """Draw the findings, in as many columns as fit; lower rows of later columns, for lines to pass between."""
        lines = int((self.height - self.top) / (LEADING * self.size))
        shown_, left_out = self.chosen(lines * self.fitting_columns(x))
        items: list[tuple[str, str]] = []
        for kind in KINDS:
            of_kind = [f for f in shown_ if self.net.findings[f].kind == kind]
            items += [("", ""), (kind.capitalize(), "")] * bool(of_kind) + [("", f) for f in of_kind]
        hidden = len(left_out & self.known.keys())
        rest = f"and {len(left_out)} more, {hidden} known" if hidden else f"and {len(left_out)} with weaker links"
        items = items[1:] + ([(rest, "")] if left_out else [])
        count = max(1, min(self.fitting_columns(x), ceil(len(items) / lines)))
        each = ceil(len(items) / count)
        pitch = (self.height - self.top) / (each + 1)
        room = (self.width - x) / count
        self.head(x, "Findings")
        for i, (text, f) in enumerate(items):
            column, row = divmod(i, each)
            at, y = x + column * room, self.top + (row + 0.5 + column / count) * pitch
            if not f:
                self.label(at, y, text, weight="bold" if i < len(items) - 1 or not left_out else "normal")
                continue
            self.finding(f, at, y, room)

    def finding(self, f: str, x: float, y: float, room: float) -> None:
        """Draw one finding in a column so wide."""
        finding, gauge = self.net.findings[f], 0.0
        sign = finding.sign_of(self.net.background)
        faint = f not in self.known if self.case else bool(sign and self.highlight)
        if self.highlight and not sign:
            from matplotlib.patches import Rectangle

            gauge, p = 2.5 * self.size, alone(self.net, f, self.highlight)
            box: dict[str, Any] = {"xy": (x + self.size / 2, y - 0.3 * self.size), "height": 0.6 * self.size}
            self.ax.add_patch(Rectangle(width=gauge * p, fc=BLUE, ec="none", **box))
            self.ax.add_patch(Rectangle(width=gauge, fc="none", ec=self.ink, lw=0.5, **box))
            faint |= self.strength[f][self.highlight] < 0.1 and f not in self.known
        if not self.highlight or f in self.known:
            self.marker(f, x, y)
        start = x + self.size * (1 if f in self.known or not gauge else 0.5) + gauge + (self.size / 2 if gauge else 0)
        text = said(self.net, f, self.case.evidence[f]) if self.case and f in self.known else finding.name
        if self.text_width([text]) > x + room - start:
            text = cut_to(text, int((x + room - start) / (CHARACTER * self.size)))
        self.label(start, y, text, faint=faint, weight="bold" if f in self.known else "normal")
        self.left[f] = (x - self.size / 2, y)

    def fitting_columns(self, x: float) -> int:
        """Return how many columns of findings there is room for right of x."""
        before = 1.0 + 3.0 * (self.highlight is not None) + 1.0 * (self.case is not None)  # marker and gauge
        wide = self.text_width(f.name for f in self.net.findings.values()) + before * self.size
        return int(np.clip((self.width - x) / wide, 1, MOST_COLUMNS))

    def chosen(self, fitting: int) -> tuple[list[str], set[str]]:
        """Return the findings to draw, in file order, and the others."""
        ids = list(self.net.findings)
        if len(ids) + 2 * len(KINDS) <= fitting:
            return ids, set()

        def importance(f: str) -> tuple[bool, float]:
            links = self.strength[f]
            return f in self.known, links[self.highlight] if self.highlight else max(links.values())

        kept = set(sorted(ids, key=importance, reverse=True)[: max(1, fitting - 2 * len(KINDS) - 1)])
        return [f for f in ids if f in kept], {*ids} - kept

    def all_lines(self, x: float) -> None:
        """Draw the lines: curves as far as the first column of findings at x, level from there on."""
        from matplotlib.collections import LineCollection

        net, only, case = self.net, self.highlight, self.case
        for c, cause in net.causes.items():
            for of, ratio in cause.odds_ratios.items():
                told = case is None or only is not None or self.known.get(of, 0.0) > 0
                if told and only in (None, c, of) and ratio.value != 1:
                    wide = 0.4 + 0.9 * abs(log(ratio.value))
                    if of in net.causes:
                        self.arc(self.left[of], self.left[c], wide)
                    else:
                        self.curve(self.right[of], self.left[c], self.left[c][0], wide)
        least = STRONG if only is None and case is None else FAINT
        for f in (f for f in self.strength if f in self.left):
            if case is not None and only is None and f not in self.known:
                continue
            sign = net.findings[f].sign_of(net.background)
            if sign and only is None:
                link = -expm1(engine_of(net).links[f].log_no_link[sign])
                self.curve(self.right[sign], self.left[f], x, 0.2 + 2 * link)
            for c, link in self.strength[f].items():
                if link >= least and only in (None, c):
                    self.curve(self.right[c], self.left[f], x, 0.2 + 2 * link)
        lines = LineCollection(self.lines, linewidths=self.widths, colors=GREY, alpha=0.6, zorder=1)
        self.ax.add_collection(lines, autolim=False)

    def curve(self, start: tuple[float, float], end: tuple[float, float], level_from: float, wide: float) -> None:
        """Add a line that leaves and arrives level."""
        t = np.linspace(0, 1, 30)
        x, y = start[0] + (level_from - start[0]) * t, start[1] + (end[1] - start[1]) * t * t * (3 - 2 * t)
        self.lines.append(np.column_stack([np.append(x, end[0]), np.append(y, end[1])]))
        self.widths.append(wide)

    def arc(self, start: tuple[float, float], end: tuple[float, float], wide: float) -> None:
        """Add a line between two causes, to the left of them."""
        t = np.linspace(0, np.pi, 30)
        depth = min(0.8 * self.fan, 0.25 * abs(start[1] - end[1]))
        y = (start[1] + end[1]) / 2 + (start[1] - end[1]) / 2 * np.cos(t)
        self.lines.append(np.column_stack([start[0] - depth * np.sin(t), y]))
        self.widths.append(wide)

"""A page to click through, in a notebook or served by Voila: what is known beside the probability of each cause.

Made of ipywidgets alone. Every string of a network reaches the browser as text.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import keyword
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from hip_bayes.diagnosis import Diagnosis, Network, network_of
from hip_bayes.errors import HipBayesError, MissingExtraError
from hip_bayes.inference.evidence import Case, items_of
from hip_bayes.inference.in_words import sure_of
from hip_bayes.network.parts import KINDS, SEXES
from hip_bayes.network.search import find
from hip_bayes.network.wording import percent
from hip_bayes.reasoning.questions import BACKGROUND, WORTH, askable, rank
from hip_bayes.views.html import DRAWS, LEVEL, MOST_PIECES, Html, pieces_of, quick, tag, urgency, what_to_do
from hip_bayes.views.text import network_line
from hip_bayes.views.triage_banner import headline

from .page_html import STYLE, WORKING, fragment, lost, probability, reasons

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    import ipywidgets
    import pandas as pd

    from hip_bayes.network.parts import Background, Finding, RedFlag

    State = tuple[dict[str, object], set[str], str | None, str]
    """What is known, what was asked and is not known, the cause that is explained, and the reach of the questions."""

ASIDE = ThreadPoolExecutor(1)
"""Where what takes long is worked out, so that clicks go first; a thread for all pages."""
UNKNOWN = "unknown"
CLOSED, OPEN = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}", "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"
SAID, FLAGS = 0, 1
"""The sections of which one is open at first: what was said if anything was, else the red flags."""
FOUND = 12
"""How many of the questions found by a search are shown."""
LINE = 88
"""A call that is longer takes a line for each fact."""
PAUSE = 0.02
"""Seconds without a click before intervals and reasons are worked out."""
BEAT = 2.0
"""Seconds between two signs that the page is connected; `page_html` has after how many without one it says so."""
REST = 1800.0
"""Seconds without an answer after which the page rests, so that a server that ends idle kernels can end this one."""
REACH = {"at home": 1, "with examination": 2, "with imaging": 3}
"""The next best question is one about background or of the first so many kinds of findings."""


def explore(
    network: Network | str | os.PathLike[str] | Mapping[str, object] | pd.Series[Any] | None = None,
    *,
    setting: str | None = None,
    said: Mapping[str, object] | pd.Series[Any] | None = None,
    **facts: object,
) -> Explorer:
    """Return a page of controls for one runner, to click through in JupyterLab, Jupyter Notebook or Voila.

    Age, sex and every question as yes, no or unknown, by kind and with a search; the probability of each cause, at
    once after every change (exact) and a moment later with its credible interval; the next best question, to be
    answered in one click; why a cause is as probable as it is; red flags first. The last expression of a cell shows it.

    Parameters
    ----------
    network, setting
        as `diagnose` takes them. What is known, as a mapping, may stand here too: ``hb.explore(d.evidence)``.
    said, **facts
        what is known to begin with, as `diagnose` takes it; default nothing.

    Returns
    -------
    Explorer
        ``.diagnosis``, ``.facts`` and ``.python`` (the call that gives the same result) are always up to date;
        ``.answer(id, value)``, ``.undo()`` and ``.reset()`` do what a click does.

    Raises
    ------
    MissingExtraError
        ipywidgets is not installed.
    HipBayesError
        whatever `diagnose` refuses.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> explorer = hb.explore(age=46, sex="female")
    >>> explorer.answer("lateral_pain", True)
    >>> explorer.diagnosis["gtps"] == hb.diagnose(age=46, sex="female", lateral_pain=True)["gtps"]
    True
    >>> print(explorer.python)
    hb.diagnose(age=46, sex="female", lateral_pain=True)

    """
    first: Any = network
    if said is None and hasattr(first, "items"):  # a mapping or a pandas Series, as `diagnose` takes first
        said, first = first, None
    net = network_of(first, setting)
    case = net.vocabulary.read(items_of(said) if said is not None else (), facts.items())
    arguments = []
    if isinstance(first, Network):
        arguments = ["network=network"] if first is not network_of(None, None) else []
    elif first is not None:
        arguments = [f"network={_literal(str(first))}"]
    if setting is not None:
        arguments.append(f"setting={_literal(setting)}")
    return Explorer(Diagnosis(net, case), tuple(arguments))


@dataclass(frozen=True, slots=True)
class _Side:
    """What follows from the answers, as widgets: one of two that take turns in being seen."""

    banner: ipywidgets.HTML
    bars: list[tuple[ipywidgets.Button, ipywidgets.HTML]]
    legend: ipywidgets.HTML
    unusual: ipywidgets.HTML
    why: ipywidgets.HTML
    advice: ipywidgets.HTML
    box: ipywidgets.VBox


class Explorer:
    """A page of controls and what follows from them; `explore` makes one.

    Attributes
    ----------
    page
        the ipywidgets widget that is shown, to put it into a layout of one's own.

    """

    def __init__(self, diagnosis: Diagnosis, arguments: tuple[str, ...] = ()) -> None:
        """Build the page for a result; `arguments` are those of its call that are not facts, as Python text."""
        w = self._w = _ipywidgets()
        net = diagnosis.network
        self._diagnosis, self._arguments = diagnosis, arguments
        self._quick = quick(net, DRAWS * net.engine.operations_anew(Case()))
        self._entries: dict[str, RedFlag | Background | Finding] = {**net.red_flags, **net.background, **net.findings}
        self._sections = {"Red flags": tuple(net.red_flags), "Background": tuple(net.background)}
        for kind in KINDS:
            self._sections[kind.capitalize()] = tuple(f.id for f in net.findings.values() if f.kind == kind)
        self._controls: dict[str, Any] = {}
        self._rows: dict[str, Any] = {}
        self._unanswerable: set[str] = set()
        self._past: list[State] = []
        self._question: str | None = None
        self._cause: str | None = None
        self._open: int | None = SAID if self.facts else FLAGS
        self._flags_here = False
        self._kept: list[str] = []
        self._ends: Mapping[str, tuple[float, float]] = {}
        self._worked_on: tuple[object, ...] = ()
        self._following: asyncio.Task[None] | None = None
        self._heart: asyncio.AbstractEventLoop | None = None
        self._touched = 0.0
        self._syncing = False
        # one layout and one style for all of a kind: a widget of its own for each would treble what is sent
        self._plain, self._hidden = w.Layout(), w.Layout(display="none")
        self._styles = {kind: kind.style.klass() for kind in (w.HTML, w.Button, w.ToggleButtons)}
        self.page = self._box("hbx", *self._built())
        self._show(at_once=True)  # a front end that is just loading the page can miss what changes meanwhile

    # ------------------------------------------------------------------------------------------- from code

    @property
    def diagnosis(self) -> Diagnosis:
        """The result for what is known now."""
        return self._diagnosis

    @property
    def facts(self) -> dict[str, object]:
        """What is known now, as `diagnose` takes it; a new dict each time."""
        return self._diagnosis.evidence

    @property
    def python(self) -> str:
        """The call that gives the same result; ``network`` in it is the Network that `explore` was given, if it was."""
        facts = self.facts
        awkward = {id_: value for id_, value in facts.items() if keyword.iskeyword(id_)}
        first = ", ".join(f"{_literal(id_)}: {_literal(value)}" for id_, value in awkward.items())
        words = [
            *([f"{{{first}}}"] if first else []),
            *self._arguments,
            *(f"{id_}={_literal(value)}" for id_, value in facts.items() if id_ not in awkward),
        ]
        line = f"hb.diagnose({', '.join(words)})"
        return line if len(line) <= LINE else "hb.diagnose(\n" + "".join(f"    {word},\n" for word in words) + ")"

    def answer(self, id_: str, value: object) -> None:
        """Set a fact as if it had been clicked; None or "unknown" forgets it.

        Raises
        ------
        HipBayesError
            whatever `Diagnosis.given` refuses; nothing is changed then.

        """
        self._become(self._diagnosis.given({self._diagnosis.network.vocabulary.resolve(id_): value}))

    def undo(self) -> None:
        """Take back the last answer, "don't know" or reset; nothing happens where there was none."""
        if self._past:
            facts, self._unanswerable, self._cause, self._reach.value = self._past.pop()
            self._diagnosis = self._diagnosis.network.diagnose(facts)
            self._show()

    def reset(self) -> None:
        """Forget everything that was said, and show the red flags."""
        before = self._state()
        self._unanswerable, self._cause, self._reach.value = set(), None, next(iter(REACH))
        self._open, self._flags_here = FLAGS, False
        self._search.value = ""
        self._become(self._diagnosis.given(dict.fromkeys(self.facts)), before)

    def _state(self) -> State:
        """Return what can be gone back to."""
        return self.facts, self._unanswerable, self._cause, self._reach.value

    def _become(self, d: Diagnosis, before: State | None = None) -> None:
        """Show another result, and keep the state before it, if that was another."""
        before = before or self._state()
        self._diagnosis = d
        if self._state() != before:
            self._past.append(before)
        self._show()

    def __repr__(self) -> str:
        """Return the call that gives the same result."""
        return f"<Explorer: {self.python}>"

    def _repr_mimebundle_(self, **options: object) -> dict[str, object]:
        """Return the page for a notebook, and a line of text for what cannot show it."""
        bundle: dict[str, object] = self.page._repr_mimebundle_(**options)
        return {**bundle, "text/plain": repr(self)}

    # ------------------------------------------------------------------------------------------ the widgets

    def _built(self) -> Iterator[ipywidgets.Widget]:
        """Yield the parts of the page from top to bottom."""
        w, net = self._w, self._diagnosis.network
        self._message, self._echo, self._beating = self._html(), self._html(), self._html(lost(0))
        low, high = net.age_range
        ages = [(UNKNOWN, UNKNOWN), *((str(age), age) for age in range(low, high + 1))]
        self._controls["age"] = w.Dropdown(options=ages, description="Age")
        self._controls["sex"] = self._toggles([*((sex, sex) for sex in SEXES), (UNKNOWN, UNKNOWN)], "Sex")
        for id_ in ("age", "sex"):
            self._controls[id_].style.description_width = "auto"
            self._controls[id_].observe(partial(self._changed, id_), "value")
        reset = self._button("Reset", self.reset, "Forget everything that was said")
        self._undo = self._button("Undo", self.undo, "Take back the last answer")
        self._undo.add_class("hbx-undo")
        reset.add_class("hbx-reset")

        self._asked, self._worth, self._after = self._html(), self._html(), self._html()
        self._asked.add_class("hbx-asked")
        self._answers = [self._button("", partial(self._answered, answer)) for answer in (True, False, None)]
        self._reach = self._toggles([(name, name) for name in REACH], "Ask what can be told")
        self._reach.observe(lambda _: self._ask(), "value")
        self._unasked = self._html()
        self._to_flags = self._button("", self._unfold_flags, "The red flags, right here")
        self._no_flag = self._button("", self._clear, "Answer no to every red flag that is unknown")
        self._to_ask = self._box("hbx-top", self._unasked, self._to_flags)
        self._to_clear, self._flags = self._box("hbx-top", self._no_flag), self._box("hbx-section")
        answers = self._box("hbx-top", *self._answers)
        asking = [self._asked, answers, self._worth, self._reach] if self._quick else []
        following = self._box("hbx-next", self._to_ask, self._flags, *asking, self._after)

        self._search = w.Text(placeholder="Search all questions", tooltip="Search all questions")
        self._search.observe(lambda _: self._find(), "value")
        self._about, self._found = self._html(), self._box("hbx-found")
        self._folders = []
        for i in range(1 + len(self._sections)):
            head = self._button("", partial(self._unfold, i))
            head.add_class("hbx-head")
            self._folders.append((head, self._box("hbx-section")))
        self._all = self._box("hbx-all", *(part for folder in self._folders for part in folder))

        self._sides = self._side("hbx-a"), self._side("hbx-b")
        self._flipped = False
        self._python = self._html()

        yield self._html(tag("style", Html(STYLE)))
        yield self._beating
        yield self._box("hbx-banner", *(side.banner for side in self._sides))
        yield self._message
        about = self._box("hbx-top", self._controls["age"], self._controls["sex"], self._undo, reset)
        yield self._box(
            "hbx-columns",
            self._box("hbx-first", about, following),
            self._box("hbx-result", *(side.box for side in self._sides)),
            self._box("hbx-said", self._search, self._found, self._all),
        )
        yield self._python
        yield self._html(fragment(tag("p", tag("small", network_line(self._diagnosis)))))

    def _side(self, class_: str) -> _Side:
        """Return one of the two sides of what follows from the answers: one is shown while the other is written."""
        why = "Why? Show what speaks for it and against it" if self._quick else ""
        bars = [
            (self._button("", partial(self._chosen, i), why), self._html())
            for i in range(len(self._diagnosis.network.causes))
        ]
        banner, legend, unusual, reasons, advice = (self._html() for _ in range(5))
        rows = [self._box("hbx-cause", *row) for row in bars]
        box = self._box("hbx-side", *rows, legend, unusual, reasons, advice)
        for part in (banner, box):
            part.add_class(class_)
        return _Side(banner, bars, legend, unusual, reasons, advice, box)

    @property
    def _shown(self) -> _Side:
        """The side that is seen."""
        return self._sides[self._flipped]

    def _box(self, class_: str, *children: ipywidgets.Widget) -> Any:  # noqa: ANN401 - ipywidgets is not typed
        box = self._w.VBox(children, layout=self._plain)
        box.add_class(class_)
        return box

    def _html(self, value: str = "") -> Any:  # noqa: ANN401
        return self._w.HTML(value, layout=self._plain, style=self._styles[self._w.HTML])

    def _button(self, text: str, click: Callable[[], None], tooltip: str = "") -> Any:  # noqa: ANN401
        button = self._w.Button(
            description=text, tooltip=tooltip, layout=self._plain, style=self._styles[self._w.Button]
        )
        button.on_click(lambda _: click())
        return button

    def _toggles(self, options: list[tuple[str, Any]], description: str = "", about: str = "") -> Any:  # noqa: ANN401
        style = {} if description else {"style": self._styles[self._w.ToggleButtons]}
        tooltips = [f"{about or description}: {label}" for label, _ in options]
        return self._w.ToggleButtons(
            options=options, description=description, tooltips=tooltips, layout=self._plain, **style
        )

    def _row(self, id_: str) -> Any:  # noqa: ANN401
        """Return the question of a fact with its control, made when it is first needed."""
        if id_ not in self._rows:
            entry = self._entries[id_]
            no, yes = self._diagnosis.network.states_of(id_)
            control = self._toggles([(yes, True), (no, False), (UNKNOWN, UNKNOWN)], about=entry.name)
            self._controls[id_] = control
            self._set(id_)
            control.observe(partial(self._changed, id_), "value")
            self._rows[id_] = self._box("hbx-question", self._html(self._worded(id_)), control)
        return self._rows[id_]

    def _worded(self, id_: str) -> str:
        """Return a question as it is asked now: of a test that could do harm, only what is known already."""
        harmful = id_ in self._diagnosis.triage.avoid
        warning = [tag("b", "Do not test now; enter only a result that you already have. ")] if harmful else []
        return fragment(*warning, self._entries[id_].question, " ", tag("code", id_))

    def _for_this_sex(self, id_: str) -> bool:
        """Say whether a question can be put to this runner, or is answered already."""
        entry = self._diagnosis.network.findings.get(id_)
        return (
            entry is None
            or None in (entry.sex, self._diagnosis.case.sex)
            or (entry.sex == self._diagnosis.case.sex or id_ in self.facts)
        )

    # --------------------------------------------------------------------------------- what was said, asked

    def _changed(self, id_: str, change: Mapping[str, Any]) -> None:
        """Take over what a control was set to."""
        if not self._syncing and self._take(id_, change["new"]):
            self._tell(self._echo if id_ in self._rows else self._after, id_)

    def _tell(self, place: ipywidgets.Widget, id_: str = "") -> None:
        """Say what an answer led to where it was given: the top of the page may be out of sight."""
        d = self._diagnosis
        level = [tag("div", headline(d), class_=f"level {d.triage.level}", role="status")] if d.triage.reasons else []
        leading = ", ".join(f"{d.network.name_of(c)} {percent(d[c])}" for c in d.ranking[:3])
        place.value = fragment(*level, tag("small", f"Now {leading}"))
        if id_ in self._rows:
            self._below(id_, place)

    def _below(self, id_: str, widget: ipywidgets.Widget) -> None:
        """Show something below a question that was just answered."""
        self._rows[id_].children = (*self._rows[id_].children[:2], widget)

    def _take(self, id_: str, value: object) -> bool:
        """Set a fact and return True; if it cannot be, say so and let the control go back."""
        try:
            self.answer(id_, value)
        except HipBayesError as error:
            if id_ in self._controls:
                self._set(id_)
            self._after.value = ""
            self._message.value = fragment(tag("p", tag("b", f"Not changed: {error}"), role="alert"))
            if id_ in self._rows:
                self._below(id_, self._message)
            return False
        return True

    def _set(self, id_: str) -> None:
        """Let a control show what is known."""
        d, control = self._diagnosis, self._controls[id_]
        value: Any
        if id_ in ("age", "sex"):
            value = self.facts.get(id_, UNKNOWN)
        else:
            value = {**d.case.red_flags, **d.case.background, **d.case.findings}.get(id_, UNKNOWN)
            value = bool(value) if value in (0, 1) else value
        if control.value == value:
            return
        self._syncing = True
        try:
            if value not in [known for _, known in control.options]:
                label = str(value) if id_ == "age" else sure_of(d.network, id_, value)
                control.options = (*control.options, (label, value))
            control.value = value
        finally:
            self._syncing = False

    def _unfold(self, i: int) -> None:
        """Open a section, or close the one that is open."""
        self._open = None if self._open == i else i
        self._flags_here &= self._open != FLAGS
        self._fold()

    def _unfold_flags(self) -> None:
        """Open the red flags below the button that says so, or close them; they are in one place at a time."""
        self._flags_here = not self._flags_here
        self._search.value = ""
        if self._open == FLAGS:
            self._open = None
        self._fold()

    def _clear(self) -> None:
        """Answer no to the red flags that are still unknown."""
        here, self._flags_here = self._flags_here, False
        self._become(self._diagnosis.given(dict.fromkeys(self._diagnosis.triage.not_cleared, False)))
        self._tell(self._after if here else self._echo)
        if not here:
            folder = self._folders[FLAGS][1]
            folder.children = (*folder.children, self._echo)
        elif self._quick:
            self._answers[-1].focus()  # the button that had it is gone

    def _fold(self) -> None:
        """Say how much of each section is answered; show what is in the open one, whose controls are made now."""
        answered = [id_ for id_ in self.facts if id_ in self._entries]
        sections = {name: [id_ for id_ in ids if self._for_this_sex(id_)] for name, ids in self._sections.items()}
        flags, unasked = sections["Red flags"], len(self._diagnosis.triage.not_cleared)
        self._to_ask.layout = self._plain if unasked or self._flags_here else self._hidden
        open_ = f"Red flags come first: {unasked} not asked" if unasked else "Every red flag was asked about"
        self._unasked.value = fragment(tag("b", open_))
        self._to_flags.description = "Hide them" if self._flags_here else "Show them"
        present = any(self._diagnosis.case.red_flags.values())
        self._no_flag.description = "None of the others" if present else "None of these"
        clearing = [self._to_clear] if unasked else []
        self._flags.children = [*map(self._row, flags), *clearing] if self._flags_here else []
        # what was just set back to unknown stays until the section is opened anew
        self._kept = list(dict.fromkeys([*self._kept, *answered])) if self._open == SAID else []
        titles = [f"Said so far: {len(answered)}"]
        titles += [
            f"{name}: {sum(i in ids for i in answered)} of {len(ids)} answered" for name, ids in sections.items()
        ]
        shown = [self._kept, *sections.values()]
        for i, (head, folder) in enumerate(self._folders):
            head.description = f"{OPEN if i == self._open else CLOSED} {titles[i]}"
            head.layout = self._plain if i == SAID or shown[i] else self._hidden
            rows = [self._row(id_) for id_ in shown[i]] if i == self._open else []
            folder.children = [*rows, *clearing] if rows and i == FLAGS and not self._flags_here else rows

    def _find(self) -> None:
        """Show the questions that have all the words of the search, the likeliest first, in place of the sections."""
        words = self._search.value.strip()
        likely = find(self._diagnosis.network, words, every_word=True) if words else []
        found = [id_ for id_ in likely if id_ in self._entries and self._for_this_sex(id_)]
        about = f"{len(found)} found" + (f", the first {FOUND} are here: type more words" if len(found) > FOUND else "")
        self._about.value = fragment(about)
        self._found.children = [self._about, *(self._row(id_) for id_ in found[:FOUND])] if words else []
        self._all.children = [] if words else [part for folder in self._folders for part in folder]

    def _ask(self) -> None:
        """Show the best question left, of those that can be answered."""
        if not self._quick:
            return
        d = self._diagnosis
        kinds = (BACKGROUND, *KINDS[: REACH[self._reach.value]])
        ids = askable(d, kinds, self._unanswerable)
        ranking = rank(d.network, d.case, ids)
        best = int(ranking.bits.argmax()) if ids else 0
        stop = d.enough(kinds=kinds, skip=self._unanswerable) if ids and ranking.bits[best] < WORTH else None
        if stop is not None and stop.ask:  # it tells little, but the decision hangs on it
            best = ids.index(stop.ask)
        self._question = ids[best] if ids and ranking.bits[best] > 0 else None
        for button in self._answers:
            button.disabled = self._question is None
        names = ", ".join(self._entries[id_].name for id_ in sorted(self._unanswerable - self.facts.keys()))
        passed = [tag("p", tag("small", f"Not known, so not asked again: {names}"))] if names else []
        if self._question is None:
            self._asked.value = fragment(tag("h3", "Next best question"), tag("p", "Nothing is left to ask here."))
            self._worth.value = fragment(*passed)
            return
        no, yes = d.network.states_of(self._question)
        for button, text in zip(self._answers, (yes.capitalize(), no.capitalize(), "Don't know"), strict=True):
            button.description = text
        title = f"Little more can be told {self._reach.value}; next would be" if stop else "Next best question"
        self._asked.value = fragment(tag("h3", title), tag("p", tag("b", self._entries[self._question].question)))
        worth = f"worth {ranking.bits[best]:.2f} bits of information about the causes"
        self._worth.value = fragment(
            tag("p", tag("code", self._question), tag("small", f" {worth}")),
            *([tag("p", stop.reason)] if stop is not None else []),
            *passed,
        )

    def _answered(self, answer: bool | None) -> None:  # noqa: FBT001 - one of three buttons
        """Answer the question that is shown; None passes on to the next best."""
        if self._question is None:
            return
        if answer is None:
            before = self._state()
            self._unanswerable = {*self._unanswerable, self._question}
            self._become(self._diagnosis, before)
        elif self._take(self._question, answer):
            self._tell(self._after)

    def _chosen(self, i: int) -> None:
        """Explain the cause in a row."""
        if self._quick:
            self._cause = self._diagnosis.ranking[i]
            self._shown.why.value = WORKING
            self._draw(self._shown)
            self._follow()

    # ------------------------------------------------------------------------------------------- what follows

    def _show(self, *, at_once: bool = False) -> None:
        """Bring the page up to date: what is quick now, the rest when nothing was clicked for a while, or at once.

        Banner, bars and reasons are written on the side that is not seen, and come into sight together: no number of
        another state stands beside one of this.
        """
        d, old, new = self._diagnosis, self._shown, self._sides[not self._flipped]
        self._message.value = self._after.value = ""
        self._undo.disabled = not self._past
        for id_, row in self._rows.items():
            row.children[0].value = self._worded(id_)
            if row.children[2:]:
                row.children = row.children[:2]
        stale = self._quick and self._worked_on != self._to_work_on()  # red flags move no probability
        if self._worked_on[1:] != self._to_work_on()[1:]:
            self._ends = {}
        new.banner.value = fragment(*urgency(d), *(tag("p", tag("b", remark)) for remark in d.remarks))
        new.unusual.value = old.unusual.value if self._ends else ""
        new.why.value = WORKING if stale else old.why.value
        new.advice.value = fragment(*what_to_do(d))
        self._draw(new)
        self._flipped = not self._flipped
        (self.page.add_class if self._flipped else self.page.remove_class)("hbx-flipped")
        given = "# network: the Network given to hb.explore\n" if "network=network" in self._arguments else ""
        call = tag("pre", f"import hip_bayes as hb\n\n{given}{self.python}", tabindex="0", class_="hbx-python")
        copied = tag("p", tag("small", "A click selects all of it, to be copied."))
        self._python.value = fragment(tag("h3", "The same in Python"), call, copied)
        for id_ in self._controls:
            self._set(id_)
        self._fold()
        if self._search.value:
            self._find()
        self._ask()
        if stale:
            self._follow(at_once=at_once)
        self._beat()

    def _to_work_on(self) -> tuple[object, ...]:
        """Return what only the reasons follow from, and all that bears on probabilities, so on intervals too."""
        d = self._diagnosis
        flags = () if pieces_of(d) else tuple(flag.id for flag in d.red_flags)
        numbers = (d.case.sex, d.case.band, dict(d.case.background), dict(d.case.findings))
        return (self._cause or d.ranking[0], d.case.age, flags), numbers

    def _beat(self) -> None:
        """Keep telling the page that answers are counted; where nothing beats, it says by itself that they are not."""
        self._touched = time.monotonic()
        with contextlib.suppress(RuntimeError):  # no event loop: not in a notebook
            loop = asyncio.get_running_loop()
            if self._heart is not loop:
                self._heart = loop
                self._once_more(loop, 1)

    def _once_more(self, loop: asyncio.AbstractEventLoop, beat: int) -> None:
        """Beat, and again after a while, until nothing was answered for so long that the page may have been left."""
        if time.monotonic() - self._touched > REST:
            self._heart = None
        elif self._heart is loop:
            self._beating.value = lost(beat)
            loop.call_later(BEAT, self._once_more, loop, beat + 1)

    def _draw(self, side: _Side) -> None:
        """Draw the causes, high to low, with intervals once they are there."""
        d = self._diagnosis
        explained = self._cause or d.ranking[0]
        for id_, (name, bar) in zip(d.ranking, side.bars, strict=True):
            name.description = d.network.name_of(id_)
            (name.add_class if id_ == explained and self._quick else name.remove_class)("hbx-chosen")
            bar.value = probability(d[id_], self._ends.get(id_))
        words = "Causes can be present together, so they need not sum to 100%. " if len(side.bars) > 1 else ""
        if self._quick:
            words += f"The line across a bar is the {LEVEL:.0%} interval: how far the probability could move because "
            words += "the network's numbers are not known exactly. "
            words += "Click a cause to see why."
        else:
            words += "The network has too many causes for intervals, reasons and the next best question on this page."
        side.legend.value = fragment(tag("p", tag("small", words)))

    def _follow(self, *, at_once: bool = False) -> None:
        """Show intervals and reasons once nothing was clicked for a while; at once also where no event loop runs."""
        if self._following:
            self._following.cancel()
        d = self._diagnosis
        cause = self._cause or d.ranking[0]
        self._worked_on = self._to_work_on()
        try:
            loop = None if at_once else asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None:
            self._measured(_ends(d), d.fit.sentence if d.fit.outside else "")
            many = at_once and pieces_of(d) > MOST_PIECES
            self._explained(fragment(tag("p", "Click a cause to see why.")) if many else _why(d, cause))
        else:
            self._following = loop.create_task(self._later(d, cause))

    async def _later(self, d: Diagnosis, cause: str) -> None:
        """Work out in a thread what takes long, so that clicks go first; a click that changes anything cancels this."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(PAUSE)
        try:
            if not self._ends:
                ends = await loop.run_in_executor(ASIDE, _ends, d)
                fit = await loop.run_in_executor(ASIDE, getattr, d, "fit")
                self._measured(ends, fit.sentence if fit.outside else "")
            self._explained(await loop.run_in_executor(ASIDE, _why, d, cause))
        except Exception as error:  # noqa: BLE001 nobody else would see it
            self._worked_on = ()  # so that the next click tries again
            self._explained(fragment(tag("p", str(error) or type(error).__name__)))

    def _measured(self, ends: Mapping[str, tuple[float, float]], unusual: str) -> None:
        self._ends = ends
        self._shown.unusual.value = fragment(tag("p", unusual)) if unusual else ""
        self._draw(self._shown)

    def _explained(self, why: str) -> None:
        self._shown.why.value = why


def _ends(d: Diagnosis) -> dict[str, tuple[float, float]]:
    """Return the ends of the intervals, those of ``d.intervals(LEVEL, draws=DRAWS)``, by cause."""
    table = d.intervals(LEVEL, draws=DRAWS)
    return {str(id_): (low, high) for id_, low, high in table[["low", "high"]].itertuples()}


def _why(d: Diagnosis, cause: str) -> str:
    """Return why a cause is as probable as it is."""
    return fragment(*reasons(d, cause))


def _ipywidgets() -> Any:  # noqa: ANN401
    try:
        import ipywidgets
    except ImportError:
        raise MissingExtraError(
            "the explorer needs ipywidgets, which is not installed; pip install 'hip-bayes[notebook]'"
        ) from None
    return ipywidgets


def _literal(value: object) -> str:
    """Return a fact as Python text."""
    if not isinstance(value, str):
        return repr(value)
    return json.dumps(value, ensure_ascii=not value.isprintable())

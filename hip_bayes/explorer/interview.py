"""An interview without the terminal: what to ask next, what an answer means, when it is over and what to take along.

`begin` starts one, `Interview.answer` takes what was typed and returns the next one. Nothing here reads, prints or
keeps time.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hip_bayes.diagnosis import Diagnosis, network_of
from hip_bayes.errors import EvidenceError, HipBayesError, shown
from hip_bayes.inference.arguments import names_of, whole_number
from hip_bayes.inference.evidence import ASKED, items_of
from hip_bayes.inference.in_words import said
from hip_bayes.network.parts import LEVELS
from hip_bayes.network.wording import percent
from hip_bayes.reasoning.questions import WORTH, askable, enough, rank
from hip_bayes.views.text import network_line
from hip_bayes.views.triage_banner import NO_ALL_CLEAR, because, headline

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from hip_bayes.diagnosis import Network
    from hip_bayes.reasoning.questions import Ranking
    from hip_bayes.reasoning.triage import Reason

AT_HOME = ("background", "history")
"""What a runner can answer without being examined."""
DONT_KNOW = ("d", "dk", "don't know", "don\u2019t know", "dont know", "do not know")
COMMANDS = {short: word for word in ("back", "why", "quit", "help") for short in (word, word[0])} | {"?": "help"}
MOST = 25
"""How many questions after red flags, age and sex a command asks unless told otherwise: people tire. A judgement."""
WAS = {"urgent": "urgent", "soon": "for assessment within days"}
"""What is said of a level that is left: 'No longer ...', 'Was ...'."""
PAGE, WIDTH = 40, 80
"""Lines and columns of the summary."""
GUIDE = (
    "Answer y (yes), n (no) or d (don't know); where it is a matter of degree, how sure you are of a yes, as 0.7 or "
    "70%. b goes back to the question before, w tells why it is asked, q ends with the result so far, h shows this."
)


class Line(NamedTuple):
    """Something to show; `tone` is "plain", "dim" (by the way) or "alert" (not to be missed)."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked now: of which id ("" where it is whether to go on), in which words, and how it is answered."""

    id: str
    text: str
    choices: str
    allowed: str


class Reply(NamedTuple):
    """What an answer leads to: where the interview stands after it, and what to say before asking on."""

    interview: Interview
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, eq=False)
class Interview:
    """Where an interview stands. Immutable: `answer` returns the next one, and ``b`` the very one before.

    Attributes
    ----------
    diagnosis
        the result so far; what is known is ``diagnosis.evidence``.
    kinds
        which questions follow red flags, age and sex.
    left
        how many of these may still be asked; None: no limit.
    unknown
        ids that were answered "don't know", as they came: they are not asked again.
    pressing
        urgent reasons that just came up: first of all it is asked whether to go on.
    stopped
        whether that was answered with no, or the interview was quit.
    before
        the interview before the last answer; None at the first question.

    """

    diagnosis: Diagnosis
    kinds: tuple[str, ...] = AT_HOME
    left: int | None = None
    unknown: tuple[str, ...] = ()
    pressing: tuple[Reason, ...] = ()
    stopped: bool = False
    before: Interview | None = field(default=None, repr=False)

    @property
    def network(self) -> Network:
        """The network that asks."""
        return self.diagnosis.network

    @property
    def question(self) -> Question | None:
        """What to ask now; None when it is over."""
        return self._next[0]

    @property
    def over(self) -> str:
        """Why there is no more question, as a sentence; empty while there is one."""
        return self._next[1]

    @property
    def facts(self) -> dict[str, object]:
        """What was said, "unknown" included, as `begin` takes it: it begins an interview that stands here."""
        return {**self.diagnosis.evidence, **dict.fromkeys(self.unknown, "unknown")}

    @property
    def words(self) -> tuple[str, ...]:
        """The facts as `hip-bayes interview` takes them: NAME=VALUE."""
        words = []
        for name, value in self.facts.items():
            word = "yes" if value is True else "no" if value is False else str(value)
            words.append(f"{name}={word}")
        return tuple(words)

    @cached_property
    def _next(self) -> tuple[Question | None, str]:
        """The question, or why there is none."""
        net, case = self.network, self.diagnosis.case
        if self.stopped:
            return None, "Stopped before the last question, as you wished."
        if self.pressing:
            return Question("", "Go on with the questions?", "y/n", "y (go on) or n (stop here)"), ""
        first = {r.id: r.question for r in net.red_flags.values() if r.id not in case.red_flags}
        if case.age is None:
            first["age"] = "How old are you?"
        if case.sex is None:
            first["sex"] = "Are you female or male?"
        for id_, text in first.items():
            if id_ not in self.unknown:
                return self._of(id_, text), ""
        return self._most_informative()

    def _most_informative(self) -> tuple[Question | None, str]:
        """Return the question that tells most about the causes or the decision, or why there is none."""
        if self.left == 0:
            return None, "The limit on questions was reached."
        stop = enough(self.diagnosis, kinds=self.kinds, skip=self.unknown)
        if stop.ask is None:
            return None, stop.reason
        findings, background = self.network.findings, self.network.background
        asked = findings[stop.ask] if stop.ask in findings else background[stop.ask]
        return self._of(stop.ask, asked.question), ""

    def _of(self, id_: str, text: str) -> Question:
        """Return the question about an id, with how it is answered."""
        if id_ in self.network.red_flags:
            return Question(id_, text, "y/n/d", "y, n or d (don't know); if in doubt, y")
        if id_ == "age":
            low, high = self.network.age_range
            return Question(id_, text, "years/d", f"years from {low} to {high}, or d (don't know)")
        if id_ == "sex":
            return Question(id_, text, "f/m/d", "f (female), m (male) or d (don't know)")
        absent, present = self.network.states_of(id_)
        if (absent, present) == ("no", "yes"):
            return Question(id_, text, "y/n/d", "y, n, d (don't know), or how sure of a yes, as 0.7 or 70%")
        how = f"{absent}, {present}, d (don't know), or how sure of {present}, as 0.7 or 70%"
        return Question(id_, text, f"{absent}/{present}/d", how)

    def _is_state(self, id_: str, word: str) -> bool:
        """Say whether a word is the name of a state, which may be "back" or "1"."""
        return id_ in self.network.findings and word in [state.lower() for state in self.network.states_of(id_)]

    def _ranking(self, kinds: Iterable[str]) -> Ranking:
        """Return what each question of some kinds that may still be asked is worth."""
        return rank(self.network, self.diagnosis.case, askable(self.diagnosis, kinds, self.unknown))

    # ------------------------------------------------------------------------------------------------- answers

    def answer(self, text: str) -> Reply:
        """Return where an answer leads, whatever was typed; what cannot be used leads back to the same question.

        Parameters
        ----------
        text
            a value that `diagnose` takes, as text; a percentage; or b, w, q, h, d as in `GUIDE`. Nothing asks again.

        """
        question = self.question
        word = text.strip().lower()
        if not word or (question is None and COMMANDS.get(word) != "back"):
            return Reply(self)
        if question is None:
            return self._command("back")
        if word in COMMANDS and not self._is_state(question.id, word):
            return self._command(COMMANDS[word])
        if not question.id:
            return self._go_on(word, text)
        value = self._value(question.id, word)
        try:
            _, meaning = self.network.vocabulary.meaning(question.id, value)
        except EvidenceError:
            return self._refused(text)
        says_nothing = meaning is None or (meaning == 0.5 and question.id != "age")
        return self._after(question.id, None if says_nothing else value)

    def _command(self, command: str) -> Reply:
        if command == "back":
            if self.before is None:
                return Reply(self, (Line("This is the first question of this interview."),))
            return Reply(self.before)
        if command == "why":
            return Reply(self, self.why())
        if command == "quit":
            return Reply(replace(self, stopped=True, before=self))
        return Reply(self, (Line(GUIDE), Line(f"Here: {self._allowed()}.")))

    def _value(self, id_: str, word: str) -> object:
        """Return what was typed as `diagnose` takes it."""
        if self._is_state(id_, word):
            return word
        if word in DONT_KNOW:
            return None
        return word

    def _refused(self, text: str) -> Reply:
        return Reply(self, (Line(f"Got {shown(text.strip())}; allowed: {self._allowed()}. h for help."),))

    def _allowed(self) -> str:
        return "" if self.question is None else self.question.allowed

    def _go_on(self, word: str, text: str) -> Reply:
        if word in ("y", "yes"):
            return Reply(replace(self, pressing=()))  # back from there is back to what was urgent
        if word in ("n", "no"):
            return Reply(replace(self, stopped=True, before=self))
        return self._refused(text)

    def _after(self, id_: str, value: object) -> Reply:
        """Return where a value that can be read leads; None is "don't know"."""
        asked = id_ in self.network.findings or id_ in self.network.background
        left = self.left - 1 if asked and self.left is not None else self.left
        if value is None:
            after = replace(self, unknown=(*self.unknown, id_), left=left, before=self)
            return Reply(after, after.progress(id_) if asked else ())
        try:
            d = self.diagnosis.given({id_: value})
            after = replace(self, diagnosis=d, left=left, before=self)
            _ = after.question  # what cannot be together may only show here
        except HipBayesError as error:
            return Reply(self, (Line(f"{error}."), Line("Answer otherwise, d (don't know), or b (back).")))
        old = self.diagnosis.triage.reasons
        lines = (*(after.progress(id_) if asked else ()), *alerts(d, old, said(d.network, id_, d.evidence[id_])))
        urgent = tuple(r for r in _new(d, old) if r.level == LEVELS[0])
        return Reply(replace(after, pressing=urgent) if urgent else after, lines)

    # ------------------------------------------------------------------------------------------------- texts

    def progress(self, id_: str) -> tuple[Line, ...]:
        """Return what was understood and the three leading causes, as one line."""
        d = self.diagnosis
        leading = ", ".join(f"{c} {percent(d[c])}" for c in d.ranking[:3])
        return (Line(f"{said(d.network, id_, d.evidence.get(id_, 'not known'))}. Now {leading}", "dim"),)

    def why(self) -> tuple[Line, ...]:
        """Return why the present question is asked."""
        question, net = self.question, self.network
        if question is None:
            return ()
        if not question.id:
            return tuple(Line(because(r), "alert") for r in self.pressing)
        if question.id in net.red_flags:
            flag = net.red_flags[question.id]
            cited = "; ".join(net.sources[s].title for s in flag.source)
            return (Line(f"Red flag ({flag.level}): {flag.reason}. Source: {cited or 'a judgement'}."),)
        if question.id in ("age", "sex"):
            return (Line("Age and sex change how common each cause is; what you leave out is averaged over."),)
        ranking = self._ranking(self.kinds)
        i = ranking.ids.index(question.id)
        stop = enough(self.diagnosis, kinds=self.kinds, skip=self.unknown)
        bits = f"Expected to give {ranking.bits[i]:.2f} bits about the causes (1 bit halves the possibilities)"
        absent, present = self.network.states_of(question.id)
        lines = [Line(stop.reason)] if stop.bits < WORTH else []  # asked for the decision, not for what it tells
        lines.append(Line(f"{bits}; P({present}) is {percent(float(ranking.p_yes[i]))}."))
        for state, p in ((present, ranking.if_yes[i]), (absent, ranking.if_no[i])):
            if not np.isnan(p).any():
                lines.append(Line(f"  {state}: {self._moved(dict(zip(ranking.outputs, p.tolist(), strict=True)))}"))
        return tuple(lines)

    def _moved(self, then: Mapping[str, float]) -> str:
        """Return how the three causes that lead after an answer get there."""
        d = self.diagnosis
        first = sorted(d.ranking, key=lambda c: -then[c])[:3]
        return ", ".join(f"{c} {percent(d[c])} -> {percent(then[c])}" for c in first)

    def summary(self) -> str:
        """Return a plain page to take to a professional, `WIDTH` columns wide, of `PAGE` lines at most if that can be.

        What does not fit is counted, longest lists first; `facts` has everything. But every urgent reason keeps its
        action and every other its name, even if that takes more than `PAGE` lines.
        """
        for most in range(9, 0, -1):
            lines = self._page(most)
            if len(lines) <= PAGE:
                break
        return "\n".join(lines)

    def _page(self, most: int) -> list[str]:
        """Return the summary with lists of at most `most` lines, all urgent reasons and fewer than `most` others."""
        d, net, case = self.diagnosis, self.network, self.diagnosis.case
        lines = ["Hip pain when running: summary to take to a professional", "Date: ____________________", ""]
        lines += [headline(d), *(textwrap.wrap(NO_ALL_CLEAR, WIDTH) if d.triage.level == LEVELS[-1] else ())]
        alike: dict[tuple[str, str, str], list[str]] = {}
        told = {""}
        for r in d.triage.reasons:
            alike.setdefault((r.level, r.reason, r.action), []).append(r.name)
        cut = [key for key in alike if key[0] != LEVELS[0]][most - 1 :]
        for key in [key for key in alike if key not in cut]:
            action = "" if key[2] in told else f" {key[2]}"  # two reasons may ask for the same
            told.add(key[2])
            text = f"! {'; '.join(alike[key])}: {key[1]}.{action}"
            lines += textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
        lines += _listed("  ! also", list(dict.fromkeys(name for key in cut for name in alike[key])), PAGE)
        lines += self._was(most)
        lines += _listed("Do not test now", [net.findings[f].test_name for f in d.triage.avoid], PAGE)
        runner = [said(net, id_, d.evidence[id_]) for id_ in ("age", "sex") if id_ in d.evidence]
        lines += ["", *_listed("Runner", runner or ["age and sex not known"], most)]
        flags: dict[bool | None, list[str]] = {True: [], False: [], None: []}
        for flag in net.red_flags.values():
            flags[case.red_flags.get(flag.id)].append(flag.name)
        asked = [net.red_flags[r].name for r in self.unknown if r in net.red_flags]
        lines += _listed("Red flags answered yes", flags[True] or ["none"], most)
        lines += _listed("Red flags answered no", flags[False], most)
        lines += _listed("Red flags not known", asked, most)
        lines += _listed("Red flags not asked", [name for name in flags[None] if name not in asked], most)
        for title, names in self._answers().items():
            lines += _listed(title, names, most)
        lines += ["", "Leading causes, from what was said (a network's estimate, not an examination)"]
        leading = [c for i, c in enumerate(d.ranking) if i < 3 or (i < min(5, most + 2) and d[c] >= 0.05)]
        for c in leading:
            lines += textwrap.wrap(f"{percent(d[c]):>6}  {net.name_of(c)}", WIDTH, subsequent_indent=" " * 8)
        for remark in d.remarks:
            lines += textwrap.wrap(remark, WIDTH)
        ranking = self._ranking(("examination", "imaging"))
        best = np.argsort(-ranking.bits, kind="stable")[:3].tolist()
        tell = [f"{net.name_of(ranking.ids[i])} ({ranking.bits[i]:.2f} bits)" for i in best if ranking.bits[i] > 0]
        if tell:
            lines += ["", *_listed("To examine or image next", tell, min(3, most))]
        return [*lines, "", *textwrap.wrap(network_line(d), WIDTH)]

    def _was(self, most: int) -> list[str]:
        """Return what made it more pressing during the interview than it is now, in at most `most` lines."""
        seen: list[Reason] = []
        now = self
        while now.before is not None:
            now = now.before
            seen = [*now.diagnosis.triage.reasons, *seen]
        was = min((r.level for r in seen), key=LEVELS.index, default=LEVELS[-1])
        if LEVELS.index(was) >= LEVELS.index(self.diagnosis.triage.level):
            return []
        names = dict.fromkeys(r.name for r in seen if r.level == was)
        return _listed(f"Was {WAS[was]} during the interview", [*names], most)

    def _answers(self) -> dict[str, list[str]]:
        """Return the names of background and findings by what was answered."""
        d, net = self.diagnosis, self.network
        answers: dict[str, list[str]] = {"Present": [], "Absent": [], "Not sure": [], "Not known": []}
        for id_, x in (*d.case.background.items(), *d.case.findings.items()):
            named = self.network.states_of(id_) != ("no", "yes") or x not in (0.0, 1.0)
            title = {0.0: "Absent", 1.0: "Present"}.get(x, "Not sure")
            answers[title].append(said(net, id_, d.evidence[id_]) if named else net.name_of(id_))
        known = (*net.background, *net.findings)
        answers["Not known"] = [net.name_of(id_) for id_ in self.unknown if id_ in known]
        return answers


def begin(  # noqa: PLR0913 one keyword a choice of the user
    facts: Mapping[str, object] | None = None,
    /,
    *,
    network: Network | str | os.PathLike[str] | None = None,
    setting: str | None = None,
    account: str = ASKED,
    kinds: str | Iterable[str] | None = None,
    most: int | None = None,
) -> Reply:
    """Return an interview at its first question, and what to say before it.

    Red flags come first, then age and sex, then what is expected to tell most about the causes, until
    `hip_bayes.reasoning.questions.enough`. What is said already is not asked.

    Parameters
    ----------
    facts
        what is said already, as `diagnose` takes them; here "unknown" also means not to ask.
    network, setting
        as `diagnose` takes them.
    account
        how `facts` were heard, as `diagnose` takes it; what is answered here was asked.
    kinds
        one or more of "background", "history", "examination" and "imaging"; None (default): the first two.
    most
        how many questions of these kinds at most, 0 or more; None: no limit.

    Raises
    ------
    UnknownNameError
        there is no such kind, or a fact's name does not exist.
    EvidenceError
        a fact's value, `kinds` or `most` is not allowed, or the facts cannot be together.
    NetworkTooLargeError
        the causes are too many to list their sets, which the order of questions needs.

    Examples
    --------
    >>> from hip_bayes.explorer.interview import begin
    >>> interview, _ = begin({"age": 46})
    >>> interview.question.id
    'severe_pain'
    >>> interview.answer("no").interview.answer("b").interview is interview
    True

    """
    net = network_of(network, setting)
    items = tuple(items_of(facts)) if facts is not None else ()
    d = Diagnosis(net, net.vocabulary.read(items, account=account))
    _ = net.engine.enumeration
    most = None if most is None else whole_number("most", most, 0)
    wanted = AT_HOME if kinds is None else names_of("kinds", kinds)
    askable(d, wanted)  # refuses what is no kind
    ids = dict.fromkeys(net.vocabulary.id_of(name) for name, _ in items)
    unknown = tuple(id_ for id_ in ids if id_ not in d.evidence)
    return Reply(Interview(d, wanted, most, unknown), (Line(GUIDE), *alerts(d)))


def alerts(d: Diagnosis, old: tuple[Reason, ...] = (), answer: str = "") -> tuple[Line, ...]:
    """Return what to say of urgency after an answer; `old`: the reasons for it before, the most pressing first."""
    now, was = d.triage.level, old[0].level if old else LEVELS[-1]
    lines = []
    if LEVELS.index(now) > LEVELS.index(was):
        gone = dict.fromkeys(r.name for r in old if LEVELS.index(r.level) < LEVELS.index(now))
        lowered = f", since {answer!r}" if answer else ""
        lines.append(Line(f"No longer {WAS[was]} by what was said{lowered}: {'; '.join(gone)}. {headline(d)}."))
    elif now != was:
        lines.append(Line(headline(d), "alert"))
    return (*lines, *(Line(f"! {because(r)}", "alert") for r in _new(d, old)))


def _new(d: Diagnosis, old: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return the reasons for urgency that were not among the old."""
    known = {(r.id, r.level) for r in old}  # a red flag and a hazard may share an id
    return tuple(r for r in d.triage.reasons if (r.id, r.level) not in known)


def _listed(title: str, names: list[str], most: int) -> list[str]:
    """Return names as a paragraph of at most `most` lines, nothing for none; what does not fit is counted."""
    for k in range(len(names), 0, -1):
        rest = [f"and {len(names) - k} more"] if k < len(names) else []
        lines = textwrap.wrap(f"{title}: {'; '.join([*names[:k], *rest])}", WIDTH, subsequent_indent="  ")
        if len(lines) <= most:
            return lines
    return [f"{title}: {len(names)}"] if names else []

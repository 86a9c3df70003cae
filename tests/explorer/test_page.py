"""The explorer without a browser: what its controls do, and that it shows the library's own numbers."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from html import unescape
from typing import TYPE_CHECKING, Any

import ipywidgets as w
import pandas as pd
import pytest
from example import SCRIPT, Data, finding, qmr_like, rich_data, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes import Diagnosis
from hip_bayes.explorer.page import FOUND, Explorer
from hip_bayes.network.search import find
from hip_bayes.network.wording import between, percent
from hip_bayes.reasoning.questions import WORTH, askable, rank
from hip_bayes.views.html import DRAWS, LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hip_bayes import Network

AT_HOME = ("background", "history")


def parts(widget: Any) -> Iterator[Any]:  # noqa: ANN401 - ipywidgets is not typed
    """Iterate over what is shown, from top to bottom: of the two sides that take turns, the one in sight."""
    yield from _parts(widget, "hbx-a" if "hbx-flipped" in getattr(widget, "_dom_classes", ()) else "hbx-b")


def _parts(widget: Any, hidden: str) -> Iterator[Any]:  # noqa: ANN401
    if hidden in getattr(widget, "_dom_classes", ()):
        return
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _parts(child, hidden)


def button(explorer: Explorer, text: str) -> w.Button:
    """Return the first button whose text has this in it."""
    return next(p for p in parts(explorer.page) if isinstance(p, w.Button) and text in p.description)


def search(explorer: Explorer, words: str) -> list[str]:
    """Search for words; return the ids of the questions shown."""
    next(p for p in parts(explorer.page) if isinstance(p, w.Text)).value = words
    return ids(explorer)


def rows(explorer: Explorer) -> dict[str, Any]:
    """Return the controls of the questions that are shown, by id, from top to bottom."""
    shown = [p.children for p in parts(explorer.page) if "hbx-question" in getattr(p, "_dom_classes", ())]
    found = {re.findall("<code>(.*?)</code>", question.value)[0]: toggles for question, toggles, *_ in shown}
    assert len(found) == len(shown)
    return found


def ids(explorer: Explorer) -> list[str]:
    """Return the ids of the questions that are shown."""
    return list(rows(explorer))


def control(explorer: Explorer, id_: str) -> Any:  # noqa: ANN401
    """Return the control of age, sex or a question, which is searched for."""
    if id_ in ("age", "sex"):
        return next(p for p in parts(explorer.page) if getattr(p, "description", "") == id_.capitalize())
    search(explorer, id_)
    return rows(explorer)[id_]


def click(explorer: Explorer, **values: object) -> None:
    """Choose values of controls, as the browser does."""
    for id_, value in values.items():
        control(explorer, id_).value = "unknown" if value is None else value


def html(explorer: Explorer) -> str:
    """Return all HTML that is shown, but for the style."""
    values = (p.value for p in parts(explorer.page) if isinstance(p, w.HTML))
    return "\n".join(value for value in values if "<style>" not in value and "hbx-lost" not in value)


def text(explorer: Explorer) -> str:
    """Return the text that is shown by HTML."""
    return unescape(re.sub("<[^>]*>", "", html(explorer)))


def bars(explorer: Explorer) -> list[tuple[str, str, str]]:
    """Return what the bars say, from top to bottom: name, probability, interval."""
    rows = [p.children for p in parts(explorer.page) if "hbx-cause" in getattr(p, "_dom_classes", ())]
    said = [(name.description, *re.findall("<b>(.*?)</b>", bar.value), bar.value) for name, bar in rows]
    return [(name, unescape(p), unescape("".join(re.findall("<small.*?>(.*?)</small>", v)))) for name, p, v in said]


def causes(d: Diagnosis) -> list[tuple[str, str]]:
    """Return the names and probabilities that bars have to say."""
    return [(d.network.name_of(c), percent(d[c])) for c in d.ranking]


def next_card(explorer: Explorer) -> w.VBox:
    """Return the box of the next best question."""
    return next(p for p in parts(explorer.page) if "hbx-next" in getattr(p, "_dom_classes", ()))


def asked(explorer: Explorer) -> str:
    """Return the id of the next best question."""
    return next(iter(re.findall("<code>(.*?)</code>", next_card(explorer).children[4].value)), "")


def answers(explorer: Explorer) -> tuple[w.Button, ...]:
    """Return the buttons that answer the next best question."""
    return tuple(p for p in parts(next_card(explorer).children[3]) if isinstance(p, w.Button))


def best(d: Diagnosis, kinds: tuple[str, ...] = AT_HOME, *, without: tuple[str, ...] = ()) -> str:
    """Return the id of the most informative question, the first of equal ones; or the one the decision hangs on."""
    ranking = rank(d.network, d.case, [q for q in askable(d, kinds) if q not in without])
    stop = d.enough(kinds=kinds, skip=without)
    return stop.ask or ranking.ids[int(ranking.bits.argmax())]


# ------------------------------------------------------------------------------------------- clicks and facts


@settings(max_examples=15)
@given(drawn=st.data(), data=networks())
def test_clicks_give_what_the_library_gives(drawn: st.DataObject, data: Data) -> None:
    """Facts clicked one by one, or said at the start, are those of `diagnose`; and so is what `.python` gives."""
    net = solved(data)
    facts = drawn.draw(evidence(data))
    clicks = {k: v for k, v in facts.items() if v is None or k in ("age", "sex") or v in (True, False)}
    start = {k: v for k, v in facts.items() if k not in clicks}

    async def clicked() -> Explorer:
        """Click where an event loop runs, so that intervals and reasons are left for later."""
        explorer = hb.explore(net, said=start)
        click(explorer, **clicks)
        return explorer

    explorer = asyncio.run(clicked())
    d = net.diagnose(facts)

    assert explorer.diagnosis.case == d.case
    assert explorer.facts == d.evidence
    assert [bar[:2] for bar in bars(explorer)] == causes(d)
    again = eval(explorer.python, {"hb": hb, "network": net})  # noqa: S307 - our own text
    assert again.case == d.case
    assert again.posterior.equals(d.posterior)


@pytest.fixture
def explorer(rich: Network) -> Explorer:
    """Return an explorer of the rich example in which nothing is said."""
    return hb.explore(rich)


def test_what_is_not_clicked_stays_unknown(explorer: Explorer, rich: Network) -> None:
    assert explorer.facts == {}
    assert explorer.diagnosis.posterior.equals(rich.diagnose().posterior)
    assert all(control(explorer, id_).value == "unknown" for id_ in ("age", "sex", *rich.findings, *rich.red_flags))


def test_unknown_forgets_what_was_said(explorer: Explorer) -> None:
    for id_, value in {"lateral_pain": True, "fever": False, "age": 30, "sex": "male"}.items():
        click(explorer, **{id_: value})
        assert set(explorer.facts) == {id_}
        click(explorer, **{id_: None})
        assert explorer.facts == {}


def test_states_with_names_are_called_by_them(explorer: Explorer) -> None:
    toggles = control(explorer, "onset")

    assert [label for label, _ in toggles.options] == ["sudden", "gradual", "unknown"]
    toggles.value = False
    assert explorer.facts == {"onset": "gradual"}
    assert explorer.python.endswith('onset="gradual")')


def test_an_answer_from_code_moves_the_controls(explorer: Explorer, rich: Network) -> None:
    """Whatever it is called by: an alias, a number that says how sure, an age with a fraction."""
    click(explorer, lateral_pain=False)
    for id_, value in (("acute", True), ("lateral_pain", 0.7), ("age", 46.5), ("fever", "yes")):
        explorer.answer(id_, value)

    assert explorer.facts == rich.diagnose(age=46.5, acute=True, lateral_pain=0.7, fever=True).evidence
    assert control(explorer, "onset").value is True
    assert control(explorer, "lateral_pain").label == "70% sure"
    assert control(explorer, "age").label == "46.5"
    assert control(explorer, "fever").value is True


def test_what_cannot_be_is_said_and_not_taken_over() -> None:
    """From code it is an error; either way nothing changes."""
    explorer = hb.explore()
    of_nobody = control(explorer, "amenorrhoea")
    click(explorer, sex="male")
    said = "'amenorrhoea' (Missed periods) is said of a male person; allowed: only of a female one; leave it or the sex"

    of_nobody.value = True  # a page that has not caught up

    assert explorer.facts == {"sex": "male"}
    assert of_nobody.value == "unknown"
    assert said in text(explorer)
    with pytest.raises(hb.ContradictionError, match=re.escape(said)):
        explorer.answer("amenorrhoea", "yes")
    with pytest.raises(hb.UnknownNameError, match="did you mean 'lateral_pain'"):
        explorer.answer("lateral_pian", "yes")
    assert explorer.facts == {"sex": "male"}
    explorer.answer("lateral_pain", "yes")
    assert "is said of" not in text(explorer)


def test_what_only_the_other_sex_can_have_is_not_offered() -> None:
    """In no section, by no search, and not counted; but what is said already stays in sight."""
    explorer = hb.explore()
    assert search(explorer, "amenorrhoea") == ["amenorrhoea"]
    search(explorer, "")
    before = button(explorer, "History:").description
    search(explorer, "amenorrhoea")
    click(explorer, sex="male")
    assert ids(explorer) == []
    search(explorer, "")
    after = button(explorer, "History:").description
    both, of_men = (int(re.findall("of ([0-9]+) answered", title)[0]) for title in (before, after))
    only = [f for f in hb.load_network().findings.values() if f.kind == "history" and f.sex == "female"]
    assert both - of_men == len(only) > 0

    explorer.reset()
    explorer.answer("amenorrhoea", 0.3)
    click(explorer, sex="male")
    assert search(explorer, "amenorrhoea") == ["amenorrhoea"]


def test_an_answer_can_be_taken_back(explorer: Explorer, rich: Network) -> None:
    """One after the other, whatever gave it: a control, the question shown, "don't know", a reset."""
    undo = button(explorer, "Undo")
    assert undo.disabled
    first = asked(explorer)
    states = []

    def see() -> tuple[object, ...]:
        return (explorer.facts, asked(explorer), bars(explorer), "Not known, so not asked again" in text(explorer))

    for act in (
        lambda: click(explorer, age=30),
        lambda: button(explorer, "Don't know").click(),
        answers(explorer)[1].click,
        lambda: button(explorer, "None of these").click(),
        explorer.reset,
    ):
        states.append(see())
        act()
        assert not undo.disabled
    assert states[2][3]
    assert f"not asked again: {rich.name_of(first)}" not in text(explorer)
    assert explorer.facts == {}
    for state in reversed(states):
        undo.click()
        assert see() == state
    assert undo.disabled
    explorer.undo()
    assert see() == states[0]
    explorer.reset()
    explorer.answer("age", None)
    assert undo.disabled  # nothing was changed


def test_a_reset_taken_back_brings_all_of_it_back(explorer: Explorer, rich: Network) -> None:
    reach = next(p for p in parts(explorer.page) if getattr(p, "description", "") == "Ask what can be told")
    click(explorer, lateral_pain=True)
    reach.value = "with imaging"
    button(explorer, rich.causes["bone"].name).click()
    before = html(explorer)
    explorer.reset()
    assert reach.value == "at home"
    explorer.undo()
    search(explorer, "lateral_pain")

    assert reach.value == "with imaging"
    assert f"Why {rich.causes['bone'].name}:" in html(explorer)
    assert re.findall("<h3>.*?</p>", html(explorer)) == re.findall("<h3>.*?</p>", before)


def test_what_was_passed_on_and_then_answered_is_known(explorer: Explorer, rich: Network) -> None:
    passed = asked(explorer)
    button(explorer, "Don't know").click()
    assert f"Not known, so not asked again: {rich.name_of(passed)}" in text(explorer)
    explorer.answer(passed, value=True)

    assert "Not known, so not asked again" not in text(explorer)


def test_a_test_that_could_do_harm_says_so_where_it_is_entered() -> None:
    """It can still be entered, for whoever has the result; and it is not proposed."""
    explorer = hb.explore(hb.load_network().id)
    search(explorer, "hop_test")
    assert "Do not test now; enter only" not in text(explorer)
    flags = explorer.diagnosis.network.red_flags.values()
    explorer.answer(next(flag.id for flag in flags if "hop_test_positive" in flag.avoid), "yes")
    assert "hop_test_positive" in explorer.diagnosis.triage.avoid
    search(explorer, "hop_test")
    assert "Do not test now; enter only a result that you already have." in text(explorer)
    explorer.reset()
    search(explorer, "hop_test")
    assert "Do not test now; enter only" not in text(explorer)


def test_what_a_refusal_quotes_is_text(explorer: Explorer) -> None:
    explorer._take("lateral_pain", SCRIPT)  # noqa: SLF001 - no control has such a value

    assert SCRIPT in text(explorer)
    assert "<script" not in html(explorer)


def test_every_button_says_what_it_does(explorer: Explorer, rich: Network) -> None:
    """Where the word on it is not enough: to whoever points at it, and to a screen reader."""
    for name in rich.causes.values():
        assert button(explorer, name.name).tooltip == "Why? Show what speaks for it and against it"
    assert button(explorer, "Reset").tooltip == "Forget everything that was said"
    assert button(explorer, "None of these").tooltip == "Answer no to every red flag that is unknown"
    said_of = rich.findings["onset"].name
    assert list(control(explorer, "onset").tooltips) == [f"{said_of}: {x}" for x in ("sudden", "gradual", "unknown")]


def test_reset_forgets_everything(explorer: Explorer, rich: Network) -> None:
    skipped = asked(explorer)
    button(explorer, "Don't know").click()
    button(explorer, rich.causes["bone"].name).click()
    click(explorer, age=30, lateral_pain=True, fever=True)

    button(explorer, "Reset").click()

    fresh = hb.explore(rich)
    assert explorer.facts == {}
    assert explorer.python == "hb.diagnose(network=network)"
    assert asked(explorer) == skipped
    assert (html(explorer), bars(explorer)) == (html(fresh), bars(fresh))


# ------------------------------------------------------------------------------------------ what is shown


def test_bars_have_the_intervals_of_the_library(explorer: Explorer) -> None:
    click(explorer, lateral_pain=True)
    d = explorer.diagnosis
    table = d.intervals(LEVEL, draws=DRAWS)

    assert bars(explorer) == [
        (*words, between(*table.loc[c, ["low", "high"]])) for c, words in zip(d.ranking, causes(d), strict=True)
    ]


WORKING = "Working out why ..."
"""Stands where reasons will, until they are there."""


def test_bars_come_at_once_and_the_rest_when_clicks_pause(rich: Network) -> None:
    """In a notebook: old intervals are never shown beside new probabilities; a click before the pause delays them."""

    async def clicked() -> None:
        explorer = hb.explore(rich)
        reasons = explorer.diagnosis.why(explorer.diagnosis.ranking[0])
        assert all(interval for *_, interval in bars(explorer))
        for value in (True, False, True):
            click(explorer, lateral_pain=value)
            assert bars(explorer) == [(*words, "") for words in causes(explorer.diagnosis)]
            assert reasons not in text(explorer)
            assert WORKING in text(explorer)
        async with asyncio.timeout(30):
            button(explorer, rich.causes["bone"].name).click()  # must not cost the intervals that are still to come
            reasons = explorer.diagnosis.why("bone")
            seen = False
            while not seen:
                await asyncio.sleep(0.01)
                seen = all(interval for *_, interval in bars(explorer)) and reasons in text(explorer)
        assert WORKING not in text(explorer)

    asyncio.run(clicked())


def test_a_click_does_not_wait_for_intervals_under_way(rich: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is drawn while those of the result before are worked out; they are dropped, and the new ones come."""
    explorer = hb.explore(rich)
    slow = Diagnosis.intervals
    started, ends = threading.Event(), threading.Event()

    def waits(d: Diagnosis, *given: Any, **more: Any) -> pd.DataFrame:  # noqa: ANN401
        if d.evidence.get("lateral_pain") is True:
            started.set()
            assert ends.wait(30)
        return slow(d, *given, **more)

    monkeypatch.setattr(Diagnosis, "intervals", waits)

    async def clicked() -> None:
        async with asyncio.timeout(30):
            click(explorer, lateral_pain=True)
            assert await asyncio.to_thread(started.wait, 30)
            click(explorer, lateral_pain=False)
            await asyncio.sleep(0.1)
            assert bars(explorer) == [(*words, "") for words in causes(rich.diagnose(lateral_pain=False))]
            ends.set()
            seen = False
            while not seen:
                await asyncio.sleep(0.01)
                seen = all(interval for *_, interval in bars(explorer))

    asyncio.run(clicked())
    d = rich.diagnose(lateral_pain=False)
    table = d.intervals(LEVEL, draws=DRAWS)
    assert bars(explorer) == [
        (*words, between(*table.loc[c, ["low", "high"]])) for words, c in zip(causes(d), d.ranking, strict=True)
    ]


def test_red_flags_that_nobody_asked_about_come_first(explorer: Explorer, rich: Network) -> None:
    """One click opens them below the button, another answers no to those that are left; then they are gone."""
    click(explorer, fever=True)
    assert "Red flags come first: 1 not asked" in text(explorer)
    search(explorer, "")
    button(explorer, "History").click()
    button(explorer, "Show them").click()
    card = next_card(explorer)
    here = [p for p in parts(card.children[1]) if "hbx-question" in getattr(p, "_dom_classes", ())]
    assert len(here) == len(rich.red_flags)
    button(explorer, "Hide them").click()
    assert card.children[1].children == ()
    button(explorer, "Red flags:").click()
    assert ids(explorer) == list(rich.red_flags)
    button(explorer, "Show them").click()
    assert ids(explorer) == list(rich.red_flags)  # in one place at a time
    button(explorer, "None of the others").click()  # one of them is there
    assert explorer.facts == {"fever": True, "weight_loss": False}
    first = next_card(explorer).children[0]
    assert first.layout.display == "none"
    assert not [p for p in parts(explorer.page) if getattr(p, "description", "") == "None of the others"]


def test_what_an_answer_leads_to_stands_below_it(rich: Network) -> None:
    """The top of the page may be out of sight: the level if it is pressing, and what leads."""
    explorer = hb.explore(rich)
    click(explorer, fever=True)
    row = next(p for p in parts(explorer.page) if "hbx-question" in getattr(p, "_dom_classes", ()))
    d = explorer.diagnosis

    assert d.triage.level == "urgent"
    leading = ", ".join(f"{rich.name_of(c)} {percent(d[c])}" for c in d.ranking[:3])
    assert f"URGENT: have this assessed todayNow {leading}" in unescape(re.sub("<[^>]*>", "", row.children[2].value))
    explorer.answer("lateral_pain", value=True)
    assert len(row.children) == 2

    for act in (answers(explorer)[0].click, lambda: click(explorer, age=40)):  # at the question itself
        act()
        d = explorer.diagnosis
        leading = ", ".join(f"{rich.name_of(c)} {percent(d[c])}" for c in d.ranking[:3])
        after = unescape(re.sub("<[^>]*>", "", next_card(explorer).children[-1].value))
        assert after == f"URGENT: have this assessed todayNow {leading}"
    search(explorer, "")
    button(explorer, "Show them").click()
    button(explorer, "None of the others").click()
    assert "Now " in next_card(explorer).children[-1].value


def test_a_red_flag_works_nothing_out_anew(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It moves no probability: intervals and reasons stay as they are, and are not faint meanwhile."""
    click(explorer, lateral_pain=True)
    before = bars(explorer)
    monkeypatch.setattr(Diagnosis, "intervals", lambda *_, **__: pytest.fail("drawn anew"))
    click(explorer, fever=True)

    assert bars(explorer) == before
    assert all(interval for _, _, interval in before)
    assert WORKING not in text(explorer)


def test_reasons_are_never_those_of_another_state(rich: Network) -> None:
    """Of an age in the same band, and of red flags, which the paragraph names where nothing else is known."""
    explorer = hb.explore(rich)
    for facts in ({"fever": True}, {"fever": False}, {"age": 20}, {"age": 24}, {"age": None}, {"weight_loss": True}):
        for id_, value in facts.items():
            explorer.answer(id_, value)
        d = explorer.diagnosis
        assert d.why(d.ranking[0]) in text(explorer), facts


def test_what_fails_in_the_background_is_tried_again(rich: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    intervals, failures = Diagnosis.intervals, [MemoryError("no room")]

    def fails_once(d: Diagnosis, *given: Any, **more: Any) -> pd.DataFrame:  # noqa: ANN401
        if failures:
            raise failures.pop()
        return intervals(d, *given, **more)

    async def clicked() -> None:
        explorer = hb.explore(rich)
        monkeypatch.setattr(Diagnosis, "intervals", fails_once)
        click(explorer, lateral_pain=True)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        assert "no room" in text(explorer)
        assert WORKING not in text(explorer)
        click(explorer, fever=True)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        assert all(interval for _, _, interval in bars(explorer))
        assert "no room" not in text(explorer)

    asyncio.run(clicked())


def test_none_of_these_tells_what_it_led_to_where_it_was_pressed(explorer: Explorer) -> None:
    """In the section that is open at first, or below the button in the card."""
    button(explorer, "None of these").click()

    assert next_card(explorer).children[-1].value == ""
    assert "Now " in text(explorer)
    explorer.undo()
    button(explorer, "Show them").click()
    button(explorer, "None of these").click()
    assert "Now " in next_card(explorer).children[-1].value


def test_an_unusual_case_says_so_and_what_to_do_is_there() -> None:
    odd = {"groin_pain": False, "fadir_positive": True, "scour_positive": True, "limited_internal_rotation": True}
    explorer = hb.explore(odd, age=40, sex="female")
    d = explorer.diagnosis

    assert d.fit.outside
    assert d.fit.sentence in text(explorer)
    assert "What to do" in text(explorer)
    assert all(line in text(explorer) for line in d.advice)
    for id_ in odd:
        explorer.answer(id_, None)
    assert d.fit.sentence not in text(explorer)


def test_it_says_when_it_is_enough() -> None:
    """As `Diagnosis.enough` has it, once no question left is worth much; the best of them is there all the same."""

    async def answered() -> None:  # with an event loop, what takes long is left for later
        explorer = hb.explore(age=46, sex="female")
        stop = None
        while not stop:
            explorer.answer(asked(explorer), value=False)
            stop = explorer.diagnosis.enough(kinds=AT_HOME)
            assert ("Little more can be told at home; next would be" in text(explorer)) == bool(stop)
        assert stop.reason in text(explorer)
        assert asked(explorer) == best(explorer.diagnosis)

    asyncio.run(answered())


def test_a_question_that_the_decision_hangs_on_says_so() -> None:
    """However little it tells of the causes: a fracture that one answer would make possible."""
    none = dict.fromkeys(hb.load_network().red_flags, False)

    async def answered() -> None:
        explorer = hb.explore(none, age=24, sex="female", groin_pain=True)
        while (stop := explorer.diagnosis.enough(kinds=AT_HOME)).bits >= WORTH:
            explorer.answer(asked(explorer), value=False)
        assert stop.ask
        assert asked(explorer) == stop.ask
        assert stop.reason in text(explorer)
        assert "Little more can be told" not in text(explorer)

    asyncio.run(answered())


def test_how_sure_is_never_rounded_to_certainty(rich: Network) -> None:
    """And it is said of what."""
    explorer = hb.explore(rich, lateral_pain=0.999, onset=0.7)
    assert control(explorer, "lateral_pain").label == "99.9% sure"
    assert control(explorer, "onset").label == "70% sure sudden"


def test_what_is_known_may_come_first() -> None:
    """As in `diagnose`: as a mapping or as a row of a table."""
    facts = {"age": 46, "lateral_pain": True}
    assert hb.explore(facts).facts == hb.explore(pd.Series(facts, dtype=object)).facts == facts
    assert hb.explore(facts, sex="female").python == 'hb.diagnose(age=46, sex="female", lateral_pain=True)'


def test_the_call_says_which_network_is_meant(rich: Network) -> None:
    assert "# network: the Network given to hb.explore" in text(hb.explore(rich))
    assert "# network" not in text(hb.explore())


def test_with_much_known_reasons_wait_for_a_click(rich: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take a second or more, in which the page would not appear."""
    monkeypatch.setattr("hip_bayes.explorer.page.MOST_PIECES", 1)
    explorer = hb.explore(rich, lateral_pain=True, night_pain=True)
    cause = explorer.diagnosis.ranking[0]
    assert "Click a cause to see why." in text(explorer)
    assert explorer.diagnosis.why(cause) not in text(explorer)
    button(explorer, rich.causes[cause].name).click()
    assert explorer.diagnosis.why(cause) in text(explorer)


def test_what_goes_wrong_in_the_background_is_shown(rich: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = hb.explore(rich)

    def refuses(d: Diagnosis, *given: Any, **more: Any) -> pd.DataFrame:  # noqa: ANN401, ARG001
        raise hb.NetworkTooLargeError("too large for this test")

    monkeypatch.setattr(Diagnosis, "intervals", refuses)

    async def clicked() -> None:
        async with asyncio.timeout(30):
            click(explorer, lateral_pain=True)
            seen = False
            while not seen:
                await asyncio.sleep(0.01)
                seen = "too large for this test" in text(explorer)

    asyncio.run(clicked())
    assert WORKING not in text(explorer)


def test_a_search_leaves_nothing_behind(explorer: Explorer) -> None:
    """Ipywidgets keeps every widget alive: what is made for a search is made once."""
    search(explorer, "pain")
    shown = {part.model_id for part in parts(explorer.page)}
    for words in ("p", "pa", "pai", "pain"):
        search(explorer, words)
    assert {part.model_id for part in parts(explorer.page)} == shown


def test_a_clicked_cause_is_explained(explorer: Explorer, rich: Network) -> None:
    """The leading one until then; the clicked one stays, wherever it goes."""
    click(explorer, lateral_pain=True)
    d = explorer.diagnosis
    assert d.why(d.ranking[0]) in text(explorer)

    button(explorer, rich.causes["bone"].name).click()
    assert d.why("bone") in text(explorer)
    click(explorer, night_pain=True)
    assert explorer.diagnosis.why("bone") in text(explorer)


def test_red_flags_come_first(explorer: Explorer) -> None:
    """Above all else, and gone when they are taken back."""
    click(explorer, fever=True)
    flag = explorer.diagnosis.red_flags[0]

    assert text(explorer).strip().startswith("URGENT: have this assessed today")
    assert flag.action in text(explorer)
    click(explorer, fever=False)
    assert text(explorer).strip().startswith("1 of 2 red flags not asked: whether this is urgent is not known")
    click(explorer, weight_loss=False)
    assert text(explorer).strip().startswith("ROUTINE: no red flag, and nothing urgent in what was said")


def test_the_disclaimer_is_there_once(explorer: Explorer) -> None:
    assert text(explorer).count("Not a medical device and not a diagnosis") == 1


# --------------------------------------------------------------------------------------- the next best question


def test_the_next_best_question_is_answered_in_one_click(explorer: Explorer, rich: Network) -> None:
    """The first button is yes, the second no, as the states of the finding are called."""
    said: dict[str, object] = {}
    for i, answer in enumerate((True, False)):
        question = asked(explorer)
        assert question == best(explorer.diagnosis)
        answers(explorer)[i].click()
        assert explorer.diagnosis.case == rich.diagnose(said | {question: answer}).case
        said[question] = answer


def test_dont_know_passes_on_to_the_next_best(explorer: Explorer) -> None:
    """It stays unknown, and is not asked again; when all is passed on, nothing is left."""
    d, seen = explorer.diagnosis, []
    while asked(explorer):
        assert asked(explorer) == best(d, without=tuple(seen))
        seen.append(asked(explorer))
        button(explorer, "Don't know").click()

    assert len(seen) > 1
    assert explorer.facts == {}
    assert "Nothing is left to ask here." in text(explorer)
    assert button(explorer, "Don't know").disabled


def test_what_can_be_told_decides_what_is_asked() -> None:
    """At home no examination and no imaging."""
    data = small(
        {"a": 0.3, "b": 0.2},
        {k: finding(0.1, {"a": p}, kind=k) for k, p in (("history", 0.5), ("examination", 0.7), ("imaging", 0.9))},
    )
    explorer = hb.explore(solved(data))
    reach = next(p for p in parts(explorer.page) if getattr(p, "description", "") == "Ask what can be told")
    found = []
    for _, kinds in reach.options:
        reach.value = kinds
        found.append(asked(explorer))

    assert found == ["history", "examination", "imaging"]


# -------------------------------------------------------------------------------------------- sections and search


def test_every_question_is_in_its_section_once(explorer: Explorer, rich: Network) -> None:
    """One section is open at a time; its controls are not there before."""
    expected = {"Red flags": list(rich.red_flags), "Background": list(rich.background)}
    for kind in ("history", "examination", "imaging"):
        expected[kind.capitalize()] = [f.id for f in rich.findings.values() if f.kind == kind]
    assert ids(explorer) == expected["Red flags"]
    button(explorer, "Red flags").click()
    assert ids(explorer) == []
    for title, inside in expected.items():
        button(explorer, title).click()
        assert ids(explorer) == inside


def test_what_was_said_is_in_a_section_of_its_own(explorer: Explorer) -> None:
    click(explorer, night_pain=False)
    click(explorer, fever=False)
    search(explorer, "")
    button(explorer, "Said so far: 2").click()

    assert ids(explorer) == ["night_pain", "fever"]
    rows(explorer)["night_pain"].value = "unknown"
    assert ids(explorer) == ["night_pain", "fever"]  # it does not go from under the pointer
    assert button(explorer, "Said so far: 1")
    button(explorer, "Said so far: 1").click()
    button(explorer, "Said so far: 1").click()
    assert ids(explorer) == ["fever"]
    assert button(explorer, "Red flags").description.endswith(
        f"1 of {len(explorer.diagnosis.network.red_flags)} answered"
    )


def test_the_search_finds_all_words_in_id_name_question_or_synonym() -> None:
    net = hb.load_network()
    explorer = hb.explore()

    assert search(explorer, "  Groin PAIN ")[0] == "groin_pain"
    for words in ("night", "lie side", "fever"):
        found = search(explorer, words)
        everything = {**net.red_flags, **net.background, **net.findings}
        text_of = {i: f"{i} {e.name} {e.question}".casefold() for i, e in everything.items()}
        ranked = [i for i in find(net, words, every_word=True) if i in everything]
        assert found == ranked[:FOUND]
        assert {i for i in everything if all(word in text_of[i] for word in words.split())} <= set(ranked)
        assert found
    assert len(search(explorer, "pain")) == FOUND
    assert f"the first {FOUND} are here" in text(explorer)
    assert search(explorer, "zebra") == []
    assert "0 found" in text(explorer)
    search(explorer, "")
    assert ids(explorer) == list(net.red_flags)


# --------------------------------------------------------------------------------------------------- the call


def test_the_call_names_what_explore_was_given(file: Path, rich: Network) -> None:
    shipped = hb.explore(hb.load_network(), age=46)
    assert shipped.python == "hb.diagnose(age=46)"
    assert hb.explore(setting="general_practice").python == 'hb.diagnose(setting="general_practice")'
    assert "".join(hb.explore(file).python.split()) in (f'hb.diagnose(network="{file}"{comma})' for comma in ("", ","))
    assert hb.explore(rich, fever=True).python == "hb.diagnose(network=network, fever=True)"


def test_a_long_call_takes_a_line_for_each_fact() -> None:
    facts = dict.fromkeys(("lateral_pain", "groin_pain", "night_pain", "pain_lying_on_side"), True)
    lines = hb.explore(age=46, said=facts).python.splitlines()

    assert lines == ["hb.diagnose(", "    age=46,", *(f"    {f}=True," for f in facts), ")"]


def test_ids_that_are_words_of_python_are_quoted() -> None:
    net = solved(small({"a": 0.3}, {"is": finding(0.1, {"a": 0.5}), "f": finding(0.1, {"a": 0.5})}))
    explorer = hb.explore(net, said={"is": True, "f": False})

    assert explorer.python == 'hb.diagnose({"is": True}, network=network, f=False)'
    assert "hb.diagnose({" in text(explorer)


# -------------------------------------------------------------------------------------------- odds and ends


def test_texts_of_a_network_are_texts() -> None:
    """Whatever they look like, in whatever is shown: no element of theirs comes to be."""
    data = rich_data()
    data["network"]["name"] = SCRIPT
    for section in ("causes", "findings", "background", "red_flags"):
        for entry in data[section].values():
            entry.update(
                {key: f"{key} {SCRIPT} \"'" for key in ("name", "question", "reason", "action") if key in entry}
            )
    explorer = hb.explore(solved(data), fever=True, lateral_pain=True, night_pain=True)
    for title in ("Said so far", "Background", "History"):
        button(explorer, title).click()

        assert "<script" not in html(explorer)
        assert SCRIPT in text(explorer)
        assert all(not getattr(p, "description_allow_html", False) for p in parts(explorer.page))


def test_a_network_too_large_to_list_is_explored_without_what_needs_the_list() -> None:
    net = solved(qmr_like(40, 30, seed=1))
    explorer = hb.explore(net)

    click(explorer, f3=True)

    assert bars(explorer) == [(*words, "") for words in causes(net.diagnose(f3=True))]
    assert "Next best question" not in text(explorer)
    assert "interval" not in "".join(value for *_, value in bars(explorer))
    assert "too many causes for intervals, reasons and the next best question" in text(explorer)
    assert not any(
        row.children[0].tooltip for row in parts(explorer.page) if "hbx-cause" in getattr(row, "_dom_classes", ())
    )


def test_jupyter_shows_the_page_and_others_a_line(explorer: Explorer) -> None:
    bundle: Any = explorer._repr_mimebundle_()

    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.page.model_id
    assert bundle["text/plain"] == "<Explorer: hb.diagnose(network=network)>"


def test_without_ipywidgets_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, rich: Network) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)

    with pytest.raises(ImportError, match=r"needs ipywidgets, .* pip install 'hip-bayes\[notebook\]'"):
        hb.explore(rich)


def test_the_package_has_no_other_name_that_is_loaded_later() -> None:
    with pytest.raises(AttributeError, match="module 'hip_bayes' has no attribute 'explorers'"):
        _ = hb.explorers  # type: ignore[attr-defined]

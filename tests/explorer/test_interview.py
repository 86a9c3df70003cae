"""The interview: what it asks, how it takes whatever is typed, that nothing is lost."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dialogue import after, asked, command_of, run
from example import Data, finding, number, qmr_like, red_flag, rich_data, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes import cli
from hip_bayes.explorer.interview import AT_HOME, PAGE, WIDTH, Interview, begin
from hip_bayes.explorer.terminal import LONGEST
from hip_bayes.network.wording import DISCLAIMER, percent
from hip_bayes.reasoning.questions import WORTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from hip_bayes import Network

WORDS = [
    "y",
    "n",
    "d",
    "b",
    "w",
    "h",
    "?",
    "",
    "yes",
    "NO",
    "0.7",
    "30%",
    "50%",
    "46",
    "f",
    "m",
    "sudden",
    "1e-300",
    "nan",
]
EVERY_KIND = ("background", "history", "examination", "imaging")


def said(interview: Interview, text: str) -> str:
    """Return what an answer leads the interview to say."""
    return "\n".join(line.text for line in interview.answer(text).lines)


def resumed(interview: Interview) -> Interview:
    """Return the interview that its NAME=VALUE words begin."""
    pairs = (word.partition("=") for word in interview.words)
    facts = {name: value for name, _, value in pairs}
    net = interview.network
    return begin(facts, network=net, kinds=interview.kinds, most=interview.left).interview


def onset_data(*states: str) -> Data:
    """Return a network that asks of one finding with these states."""
    return small({"a": 0.5, "b": 0.4}, {"onset": finding(0.2, {"a": 0.9}, states=list(states))})


def wavering(**levels: float) -> Interview:
    """Return an interview of six findings, each of odds ratio 4 for cause a or against it; hazards: level=threshold.

    P(a) starts at 0.2, is 0.5 after a yes and 0.8 after two; a no takes a yes back.
    """
    data = small({"a": 0.2, "b": 0.3}, {f"f{k}": finding(0.2, {"a": 0.8}) for k in range(6)})
    data["hazards"] = {
        f"a_{level}": {"of": "a", "threshold": at, "level": level, "reason": f"it is {level}",
                       "action": f"Do what is {level}.", "basis": "judgement"}
        for level, at in levels.items()
    }  # fmt: skip
    return begin({"age": 30, "sex": "f"}, network=solved(data)).interview


def flags_answered(interview: Interview, answer: str = "n") -> Interview:
    """Return the interview after this answer to all red flags, gone on with."""
    while interview.question and interview.question.id in ("", *interview.network.red_flags):
        interview = after(interview, answer if interview.question.id else "y")
    return interview


# Whatever is typed.


@settings(max_examples=60)
@given(drawn=st.data(), data=networks(), kinds=st.sampled_from([EVERY_KIND, ("background", "history")]))
def test_any_sequence_of_answers_leads_somewhere_and_back(
    drawn: st.DataObject, data: Data, kinds: tuple[str, ...]
) -> None:
    """Nothing raises, nothing is asked twice, b gives back the very state before, and the words resume each state."""
    facts = drawn.draw(evidence(data))
    now = begin(facts, network=solved(data), kinds=kinds, most=drawn.draw(st.sampled_from([None, 3]))).interview
    for _ in range(drawn.draw(st.integers(0, 20))):
        if now.question is None:
            break
        assert now.question.id not in now.facts
        text = drawn.draw(st.sampled_from(WORDS) | st.text(max_size=8))
        then, lines = now.answer(text)
        assert all(line.text and "\n" not in line.text for line in lines)
        if then.before is now and not then.stopped:
            assert then.answer("b").interview is now
            assert len(then.facts) == len(now.facts) + 1
        else:
            assert then.facts == now.facts or then is now.before
        now = then
        going = after(now, "y") if now.pressing and not now.stopped else now
        if not going.stopped:
            again = resumed(going)
            assert again.diagnosis.evidence == going.diagnosis.evidence
            assert set(again.unknown) == set(going.unknown)
            assert (again.question, again.over) == (going.question, going.over)
    assert now.diagnosis.evidence == now.network.diagnose(now.facts).evidence
    assert now.summary()


@pytest.mark.parametrize("text", ["", "   ", "\n", "\t\r\n"])
def test_an_empty_line_asks_again_and_is_not_a_no(net: Network, text: str) -> None:
    interview = begin(network=net).interview

    assert interview.answer(text) == (interview, ())


@pytest.mark.parametrize(
    ("facts", "texts", "allowed"),
    [
        ({}, ["ja", "0.7", "2", "70%", "\x00\x1b[A", "\ufffd", "y" * 5000], "y, n or d (don't know); if in doubt, y"),
        ({"fever": False}, ["17", "91", "y", "-1", "46%", "inf", "forty"], "years from 18 to 90, or d (don't know)"),
        ({"fever": False, "age": 30}, ["y", "x", "1", "50%"], "f (female), m (male) or d (don't know)"),
        ({"fever": False, "age": 30, "sex": "f"}, ["2", "101%", "-0.1", "%"], "how sure of a yes, as 0.7 or 70%"),
    ],
    ids=["red flag", "age", "sex", "finding"],
)  # fmt: skip
def test_garbage_is_refused_in_one_line_that_says_what_is_allowed(
    net: Network, facts: dict[str, object], texts: list[str], allowed: str
) -> None:
    interview = begin(facts, network=net).interview
    for text in texts:
        then, (line,) = interview.answer(text)
        assert then is interview
        assert allowed in line.text
        assert line.text.startswith("Got ")
        assert line.text.isprintable()
        assert len(line.text) < 160


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("y", True), ("YES ", True), ("present", True), ("1", True), ("100%", True), ("n", False), ("0", False),
     ("absent", False), ("0.7", 0.7), ("70%", 0.7), ("70 %", 0.7), ("1%", 0.01), ("d", None), ("don't know", None),
     ("don\u2019t know", None), ("unknown", None), ("nan", None), ("0.5", None), ("50%", None)],
)  # fmt: skip
def test_an_answer_means_what_diagnose_takes_it_for(net: Network, text: str, meaning: object) -> None:
    before = begin({"fever": "no", "age": 46, "sex": "f"}, network=net).interview
    id_ = asked(before)
    then = after(before, text)

    assert then.diagnosis.evidence == net.diagnose({**before.facts, id_: meaning}).evidence
    assert then.unknown == ((id_,) if meaning is None else ())
    assert id_ in then.facts


@pytest.mark.parametrize(
    ("states", "text", "value"),
    [
        (("gradual", "sudden"), "Sudden", "sudden"),
        (("gradual", "sudden"), "gradual", "gradual"),
        (("gradual", "sudden"), "y", "sudden"),
        (("gradual", "sudden"), "80%", 0.8),
        (("front", "back"), "back", "back"),
        (("front", "back"), "b", None),
        (("q", "d"), "d", "d"),
        (("q", "d"), "q", "q"),
        (("1", "0"), "1", "1"),
        (("1", "0"), "0", "0"),
        (("it's \"so\"", "a = $b; c"), "a = $b; c", "a = $b; c"),
        (("nan", "inf"), "inf", "inf"),
    ],
)  # fmt: skip
def test_states_are_answered_by_their_names_and_resumed(states: tuple[str, str], text: str, value: object) -> None:
    """Even where they are called like a command or a number."""
    start = begin({"age": 46, "sex": "f"}, network=solved(onset_data(*states))).interview
    then = after(start, text)

    assert then.diagnosis.evidence.get("onset") == value
    assert resumed(then).diagnosis.evidence == then.diagnosis.evidence
    if value is None:
        assert then is start


def test_what_contradicts_is_refused_and_asked_again() -> None:
    """A man cannot have what only women have."""
    data = small(
        {"a": 0.5, "b": 0.4}, {"f": finding(0.2, {"a": 0.9}), "sign": finding(0.1, {"low": 0.8}, sex="female")}
    )
    data["background"] = {"low": {"name": "Low", "question": "Low?", "prevalence": {"all": number(0.2)}}}
    interview = begin({"age": 30, "sign": True}, network=solved(data)).interview

    then, lines = interview.answer("m")

    assert then is interview
    assert "only of a female one" in lines[0].text
    assert after(then, "f").diagnosis.case.sex == "female"


# What is asked, in which order.


def test_red_flags_first_then_age_and_sex_then_the_most_informative(shipped: Network) -> None:
    interview = begin(network=shipped).interview
    for flag in shipped.red_flags.values():
        assert interview.question is not None
        assert (interview.question.id, interview.question.text) == (flag.id, flag.question)
        interview = after(interview, "n")
    for id_, answer in (("age", "46"), ("sex", "f")):
        assert asked(interview) == id_
        interview = after(interview, answer)
    for answer in ("y", "n", "0.7", "n", "y"):
        table = interview.diagnosis.next_questions(1, kinds=("background", "history"))
        assert interview.question is not None
        assert [interview.question.id, interview.question.text] == [table.index[0], table["question"].iloc[0]]
        interview = after(interview, answer)


def test_what_is_said_at_the_start_is_not_asked(rich: Network) -> None:
    """Neither as unknown, nor under another name."""
    facts = {"fever": "unknown", "weight_loss": "no", "age": "unknown", "sex": "", "acute": None, "night_pain": 0.5}
    interview = begin(facts, network=rich, kinds=EVERY_KIND).interview
    seen = set()
    while interview.question:
        seen.add(asked(interview))
        interview = after(interview, "y")

    assert "lateral_pain" in seen
    assert seen <= {"", "weak_muscles", "lateral_pain"}
    assert {"fever", "age", "sex", "onset", "night_pain"} <= set(interview.unknown)


def test_what_nobody_knows_changes_no_probability_and_does_not_keep_the_questions_going(shipped: Network) -> None:
    """It ends although enough would be left to ask, and the result is that of red flags alone."""
    interview = begin(dict.fromkeys(shipped.red_flags, False), network=shipped).interview
    before = interview.diagnosis
    while interview.question:
        interview = after(interview, "d")

    assert interview.over
    assert interview.diagnosis is before
    assert not before.enough(kinds=("background", "history"))
    assert {"age", "sex", "groin_pain"} < set(interview.unknown)
    assert len(interview.unknown) == len(set(interview.unknown))


def test_it_ends_when_enough_is_known_and_says_why(shipped: Network) -> None:
    facts = {**dict.fromkeys(shipped.red_flags, False), "age": 46, "sex": "f"}
    interview = begin(facts, network=shipped).interview
    while interview.question:
        assert not interview.diagnosis.enough(kinds=("background", "history"))
        interview = after(interview, "n")

    stop = interview.diagnosis.enough(kinds=("background", "history"))
    assert stop
    assert interview.over == stop.reason


@pytest.mark.parametrize("most", [0, 1, 2])
def test_at_most_so_many_questions_follow_age_and_sex(rich: Network, most: int) -> None:
    interview = flags_answered(begin(network=rich, most=most).interview)
    interview = after(interview, "46", "f", *["d"] * most)

    assert interview.left == 0
    assert interview.over == "The limit on questions was reached."


def test_only_the_kinds_wanted_are_asked(shipped: Network) -> None:
    facts = {**dict.fromkeys(shipped.red_flags, False), "age": 46, "sex": "m"}
    interview = begin(facts, network=shipped, kinds=["imaging"]).interview
    for _ in range(3):
        assert shipped.findings[asked(interview)].kind == "imaging"
        interview = after(interview, "d")


def test_kinds_are_one_name_or_several_or_by_default_what_needs_no_examination(net: Network) -> None:
    assert begin(network=net, kinds="history").interview.kinds == ("history",)
    assert begin(network=net, kinds=iter(["history", "imaging"])).interview.kinds == ("history", "imaging")
    assert begin(network=net, kinds=None).interview.kinds == begin(network=net).interview.kinds == AT_HOME


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"kinds": ["hstory"]}, "unknown kind of question 'hstory'; did you mean 'history'"),
        ({"kinds": []}, "kinds is .*; allowed: one or more of"),
        ({"kinds": 5}, "kinds is 5; allowed"),
        ({"kinds": "h"}, "unknown kind of question 'h'"),
        ({"most": -1}, "most is -1; allowed: a whole number, 0 or more"),
        ({"most": 2.5}, "most is 2.5"),
        ({"most": True}, "most is True"),
        ({"setting": "moon"}, "moon"),
        ({"said": {"fevre": True}}, "unknown finding 'fevre'"),
        ({"said": {"age": 7}}, "age is 7; allowed"),
    ],
)
def test_a_start_that_makes_no_sense_is_refused(net: Network, more: dict[str, Any], message: str) -> None:
    with pytest.raises(hb.HipBayesError, match=message):
        begin(more.pop("said", None), network=net, **more)


def test_a_network_too_large_to_list_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(hb.NetworkTooLargeError, match="joint states"):
        begin(network=solved(qmr_like(40, 10, seed=1)))


# Back.


def test_back_goes_all_the_way_to_the_first_question_and_no_further(rich: Network) -> None:
    """Across red flags, age and sex, and what follows; also past an urgent reason."""
    start = begin(network=rich).interview
    states = [start]
    for text in ("y", "y", "d", "46", "d", "y", "40%"):
        states.append(after(states[-1], text))
    assert asked(states[1]) == ""
    now = states[-1]
    while now.before is not None:
        now = after(now, "b")
        assert now in states
    assert now is start
    assert said(now, "b") == "This is the first question of this interview."
    assert after(now, "b") is now


# Urgency.


def test_an_urgent_red_flag_is_told_at_once_and_once_and_may_end_it(rich: Network) -> None:
    start = begin(network=rich).interview
    then, lines = start.answer("y")

    assert [line.text for line in lines] == [
        "URGENT: have this assessed today",
        "! Fever: an infected joint. Same-day assessment.",
    ]
    assert {line.tone for line in lines} == {"alert"}
    assert then.question is not None
    assert then.question.text == "Go on with the questions?"
    assert said(then, "w") == "! Fever: an infected joint. Same-day assessment."[2:]
    assert "y (go on) or n (stop here)" in said(then, "perhaps")
    assert asked(after(then, "y")) == "weight_loss"
    assert after(then, "b") is start
    stopped = after(then, "n")
    assert (stopped.question, stopped.over) == (None, "Stopped before the last question, as you wished.")
    assert "Fever" not in said(after(then, "y"), "y")


def test_a_reason_that_can_wait_some_days_is_told_without_stopping(rich: Network) -> None:
    then, lines = begin({"fever": False}, network=rich).interview.answer("y")

    assert [line.text for line in lines] == [
        "SOON: have this assessed within days",
        "! A flag for soon: it is soon. Do what is soon.",
    ]
    assert asked(then) == "age"


def test_a_hazard_that_becomes_live_is_told_once_and_its_tests_are_not_asked() -> None:
    """Bone pain at the neck of the femur: night_pain is what the example says not to test then."""
    data = rich_data()
    data["hazards"]["neck"]["threshold"] = 0.4
    net = solved(data)
    facts = {"fever": False, "weight_loss": False, "age": 30, "sex": "f", "weak_muscles": False}
    interview = begin(facts, network=net).interview
    assert interview.diagnosis.triage.level == "routine"
    told = []
    while interview.question:
        id_ = asked(interview)
        if interview.diagnosis.triage.avoid:
            assert id_ != "night_pain"
        told += [line.text for line in interview.answer({"": "y", "onset": "sudden"}.get(id_, "n")).lines]
        interview = after(interview, {"": "y", "onset": "sudden"}.get(id_, "n"))

    assert interview.diagnosis.triage.avoid == ("night_pain",)
    assert "night_pain" not in interview.facts
    assert sum(text.startswith("! Stress fracture of the femoral neck") for text in told) == 1
    assert "Do not test now: Pain at night" in interview.summary()


def test_what_is_urgent_at_the_start_is_told_before_the_first_question(rich: Network) -> None:
    """Whoever goes on with an interview is not asked whether to go on."""
    interview, lines = begin({"fever": "yes"}, network=rich)

    assert "! Fever: an infected joint. Same-day assessment." in [line.text for line in lines]
    assert asked(interview) == "weight_loss"
    assert "Fever" not in said(interview, "y")


def test_what_falls_and_rises_again_is_told_again_and_stops_again() -> None:
    """And a hazard that stays is not told twice."""
    interview = after(wavering(urgent=0.7), "y")
    urgent = "URGENT: have this assessed today", "! Cause a: its probability is 80.0%, at or above 70%: it is urgent."
    for _ in range(2):
        then = after(interview, "y")
        assert "\n".join(urgent) in said(interview, "y")
        assert asked(then) == ""
        assert "Cause a" not in said(after(then, "y"), "y")
        interview = after(then, "y", "n")
        assert interview.diagnosis.triage.level == "routine"


def test_a_level_that_falls_is_told_in_one_plain_line_and_what_takes_its_place_as_an_alert() -> None:
    interview = after(wavering(urgent=0.7, soon=0.4), "y", "y", "y")
    _, *soon = interview.answer("n").lines
    _, *routine = after(interview, "n").answer("n").lines

    assert soon == [
        (
            "No longer urgent by what was said, since 'A finding: no': Cause a. SOON: have this assessed within days.",
            "plain",
        ),
        ("! Cause a: its probability is 50.0%, at or above 40%: it is soon. Do what is soon.", "alert"),
    ]
    level = "ROUTINE: no hazard at its threshold; this network has no red flags"
    since = "since 'A finding: no'"
    assert routine == [(f"No longer for assessment within days by what was said, {since}: Cause a. {level}.", "plain")]


def test_the_level_depends_on_the_answers_and_not_on_their_order() -> None:
    """However often it changed in between; and a page that ends routine says what it was, and that it clears nobody."""
    first = after(wavering(urgent=0.7, soon=0.4), "y", "y", "y", "n", "n")
    second = after(wavering(urgent=0.7, soon=0.4), "y", "y", "y", "n", "n", "b", "b", "n", "n")

    assert first.diagnosis.evidence == second.diagnosis.evidence
    assert first.diagnosis.triage == second.diagnosis.triage
    page = first.summary()
    assert first.diagnosis.triage.level == "routine"
    assert "This is no all-clear" in page
    assert "Was urgent during the interview" in page


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ("y", ""),
        ("yn", "Was for assessment within days during the interview: Cause a"),
        ("yyy", ""),
        ("yyyn", "Was urgent during the interview: Cause a"),
        ("yyynn", "Was urgent during the interview: Cause a"),
        ("yyynq", "Was urgent during the interview: Cause a"),
        ("yyynyy", ""),
        ("yyynbb", ""),
        ("yyynbbn", "Was for assessment within days during the interview: Cause a"),
    ],
)
def test_the_summary_says_what_was_more_pressing_before(answers: str, line: str) -> None:
    """The third y goes on; what b undid never was."""
    page = after(wavering(urgent=0.7, soon=0.4), *answers).summary().splitlines()

    assert [text for text in page if text.startswith("Was ")] == ([line] if line else [])


# Why, and the summary.


def test_why_gives_reason_and_source_of_a_red_flag(net: Network) -> None:
    assert said(begin(network=net).interview, "w") == (
        "Red flag (urgent): an infected joint. Source: A study of lateral hip pain."
    )


def test_why_gives_bits_and_what_either_answer_would_do(shipped: Network) -> None:
    facts = {**dict.fromkeys(shipped.red_flags, False), "age": 46, "sex": "f", "lateral_pain": True}
    interview = begin(facts, network=shipped).interview
    d, id_ = interview.diagnosis, asked(interview)
    row = d.next_questions(1, kinds=("background", "history")).iloc[0]
    first, yes, no = said(interview, "w").splitlines()

    assert f"{row['bits']:.2f} bits" in first
    assert f"P(yes) is {percent(row['p_yes'])}" in first
    for line, answer in ((yes, True), (no, False)):
        then = d.given({id_: answer})
        leader = then.ranking[0]
        state = "yes" if answer else "no"
        assert line.startswith(f"  {state}: {leader} {percent(d[leader])} -> {percent(then[leader])}, ")


def test_why_names_the_hazard_that_a_question_is_asked_for(shipped: Network) -> None:
    """It tells little of the causes, but with one answer a fracture becomes possible."""
    facts = {**dict.fromkeys(shipped.red_flags, False), "age": 24, "sex": "f", "groin_pain": True}
    interview = begin(facts, network=shipped, kinds="background").interview
    d, id_ = interview.diagnosis, asked(interview)
    stop = d.enough(kinds="background")
    assert stop.ask == id_
    assert stop.bits < WORTH

    first, *rest = said(interview, "w").split("\nExpected to give ")
    assert first == stop.reason
    assert len(rest) == 1
    then = d.given({id_: True})
    of_causes = [h for h in shipped.hazards.values() if h.of not in shipped.findings]
    crossed = [h for h in of_causes if h.live(then[h.of]) != h.live(d[h.of])]
    assert crossed
    for h in crossed:
        way = f"from {percent(d[h.of])} to {percent(then[h.of])}, across {100 * h.threshold:.3g}%"
        assert f"yes takes {shipped.name_of(h.of)} {way}" in first


def test_why_of_age_and_sex_and_of_states(rich: Network) -> None:
    interview = begin(dict.fromkeys(rich.red_flags, False), network=rich).interview
    assert "how common each cause is" in said(interview, "w")
    interview = after(interview, "46")
    assert "how common each cause is" in said(interview, "why")
    data = onset_data("gradual", "sudden")
    interview = begin({"age": 30, "sex": "f"}, network=solved(data)).interview
    assert re.search(r"P\(sudden\) is .*\n  sudden: .*\n  gradual: ", said(interview, "w"))


def test_progress_says_what_was_understood_and_which_three_lead(net: Network) -> None:
    interview = begin({"fever": False, "age": 46, "sex": "f"}, network=net).interview
    id_ = asked(interview)
    [line] = interview.answer("70%").lines
    d = interview.diagnosis.given({id_: 0.7})

    assert line == (
        f"{net.name_of(id_)}: 70% sure. Now " + ", ".join(f"{c} {percent(d[c])}" for c in d.ranking[:3]),
        "dim",
    )


def test_the_summary_has_what_a_professional_needs(rich: Network) -> None:
    interview = flags_answered(begin({"weight_loss": True}, network=rich, kinds=EVERY_KIND).interview, "d")
    interview = after(interview, "46.5", "f", "y")
    page = interview.summary()
    words = " ".join(page.split())

    assert "SOON: have this assessed within days ! A flag for soon: it is soon. Do what is soon." in words
    assert "Runner: age 46.5; female" in words
    assert "Red flags answered yes: A flag for soon" in words
    assert "Red flags not known: Fever" in words
    assert "Red flags not asked" not in words
    assert "Present: Pain on the outside of the hip" in words
    assert f"{percent(interview.diagnosis['tendon'])} Tendon pain" in words
    assert "A minimal network, version 0.1.0" in words
    assert page.count("not a diagnosis") == 1 == words.count(DISCLAIMER)


@pytest.mark.parametrize(
    "answers",
    [("n",), ("y",), ("d",), ("0.7",), ("y", "n", "d", "0.7"), ("n", "n", "y"), ()],
    ids=["no", "yes", "don't know", "unsure", "mixed", "mostly no", "nothing"],
)
def test_the_summary_is_at_most_a_page(shipped: Network, answers: tuple[str, ...]) -> None:
    """Even where every single thing was asked; all urgent reasons at once may take two lines more."""
    names = [*shipped.red_flags, *shipped.background, *(f for f in shipped.findings if f != "amenorrhoea")]
    values = {"y": "yes", "n": "no", "d": "unknown", "0.7": 0.7}
    facts: dict[str, object] = {}
    for k, name in enumerate(names if answers else ()):
        value = values[answers[k % len(answers)]]
        facts[name] = "yes" if value == 0.7 and name in shipped.red_flags else value
    lines = begin(facts, network=shipped).interview.summary().splitlines()

    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= PAGE + 2 * (answers in (("y",), ("0.7",)))
    assert DISCLAIMER in " ".join(lines)


def test_the_summary_keeps_every_urgent_action(shipped: Network) -> None:
    """Answers, what to examine and what can wait some days give way first: of these reasons the names stay."""
    facts = {**dict.fromkeys(shipped.findings, 0.7), **dict.fromkeys(shipped.red_flags, True), "amenorrhoea": None}
    interview = begin(facts, network=shipped).interview
    page = "".join(interview.summary().split())
    reasons = interview.diagnosis.triage.reasons

    assert {*shipped.red_flags, "femoral_neck", "bone_stress"} <= {r.id for r in reasons}
    for r in reasons:
        assert "".join(r.name.split()) in page
        assert r.level != "urgent" or "".join(r.action.split()) in page
    assert page.count("Gotoanemergencydepartmentnow") == 1, "of reasons that share it"


def test_the_summary_with_all_red_flags_fits_a_page_and_keeps_every_urgent_action(shipped: Network) -> None:
    interview = begin(dict.fromkeys(shipped.red_flags, True), network=shipped).interview
    page = interview.summary()

    assert len(page.splitlines()) <= PAGE
    for flag in shipped.red_flags.values():
        assert flag.level != "urgent" or "".join(flag.action.split()) in "".join(page.split())


def test_a_page_that_cannot_hold_all_urgent_actions_gets_longer() -> None:
    data = small({"a": 0.5}, {"f": finding(0.2, {"a": 0.9})})
    data["red_flags"] = {f"r{k}": red_flag("urgent", action=f"Do thing {k}.") for k in range(PAGE)}
    net = solved(data)
    page = begin(dict.fromkeys(net.red_flags, True), network=net).interview.summary()

    assert len(page.splitlines()) > PAGE
    for k in range(PAGE):
        assert f"Do thing {k}." in page


def test_the_summary_says_what_to_examine_next(shipped: Network) -> None:
    interview = begin({"age": 46, "sex": "f", "lateral_pain": True}, network=shipped).interview
    best = interview.diagnosis.next_questions(3, kinds=("examination", "imaging"))
    told = " ".join(interview.summary().split())

    names = [f"{shipped.name_of(id_)} ({row['bits']:.2f} bits)" for id_, row in best.iterrows()]
    assert f"To examine or image next: {'; '.join(names)}" in told


# The command, fed from a pipe.


def test_the_end_of_the_input_loses_nothing(file: Path) -> None:
    result = run("age=46", "--network", str(file), "--kinds", "history", "--max", "7", typed="n\nd\nperhaps\n\n")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "Got 'perhaps'; allowed: y, n, d" in result.stdout
    assert "The input ended." in result.stdout
    assert "Known: age 46, fever no" in result.stdout
    assert "Red flags answered no: Fever" in result.stdout
    assert command_of(result.stdout) == [
        "age=46", "fever=no", "sex=unknown", "--network", str(file), "--kinds", "history", "--max", "7",
    ]  # fmt: skip


def test_the_command_resumes_where_it_stopped(shipped: Network) -> None:
    """The same question comes next, and the result is the same as without a break."""
    start = (*(f"{flag}=no" for flag in shipped.red_flags), "--max", "9", "--setting", "general_practice")
    first = run(*start, typed="46\nf\nw\ny\n70%\n")
    words = command_of(first.stdout)
    again = run(*words, typed="b\n")
    whole = run(*start, typed="46\nf\ny\nb\ny\nd\nb\n0.7\nq\n")
    asked_last = first.stdout.partition("The input ended.")[0].rstrip().splitlines()[-1]

    assert words[-4:] == ["--setting", "general_practice", "--max", "7"]
    assert asked_last.endswith("]")
    assert asked_last in again.stdout
    assert "This is the first question of this interview." in again.stdout
    assert command_of(again.stdout) == words == command_of(whole.stdout)
    for result in (first, again):
        assert result.stdout.partition("The input ended.")[2] == whole.stdout.partition("as you wished.")[2]


def test_what_an_ended_interview_prints_as_command_has_no_limit(file: Path) -> None:
    """Whoever runs it wants to go on."""
    done = run("fever=no", "age=46", "sex=f", "--max", "1", "--network", str(file), typed="y\n")
    early = run("age=46", "sex=f", "--max", "0", "--network", str(file), typed="q\n")

    assert "The limit on questions was reached." in done.stdout
    assert "--max" not in command_of(done.stdout)
    assert command_of(early.stdout)[-2:] == ["--max", "0"]


@pytest.mark.parametrize(
    "typed",
    [
        b"",
        b"\xff\xfe\x00\x80\n" * 3,
        b"y" * 300_000 + b"\nn\n",
        b"\n" * 50,
        "näe\u2028 ☃\n\x1b[A\x03\x04\n".encode(),
        b"b\nb\n?\nh\nw\nq",
    ],
    ids=["nothing", "bytes", "long", "empty", "unicode", "commands"],
)
def test_any_bytes_are_survived(file: Path, typed: bytes) -> None:
    result = run("--network", str(file), typed=typed)

    assert result.exit_code == 0, result.output
    assert "Known: " in result.stdout
    assert command_of(result.stdout)[-2:] == ["--network", str(file)]


def test_a_long_line_is_one_answer(file: Path) -> None:
    """What goes beyond the limit is not taken for the next answer."""
    result = run("--network", str(file), typed="x" * (3 * LONGEST) + "\nn\n")

    assert result.stdout.count("Got 'xxx") == 1
    assert "fever no" in result.stdout


@pytest.mark.parametrize("charset", ["cp1252", "cp437"])
def test_a_terminal_without_unicode_and_colour_is_enough(write: Callable[[str], Path], text: str, charset: str) -> None:
    """A character that it does not have is a question mark; of its own the interview needs ASCII only."""
    path = write(text.replace("Do you have a fever?", "Fever? \u2603 \u03a9\u0394"))
    result = run("age=46", "--network", str(path), typed="\u2603\nd\nd\n".encode(), charset=charset)
    rest = result.stdout.replace("\u03a9", "?").replace("\u0394", "?")

    assert result.exit_code == 0, result.output
    assert "Fever? ? ??" in rest
    assert "Got '?'; allowed" in result.stdout
    assert "\x1b" not in result.stdout
    assert rest.isascii()


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
def test_the_dialogue_fits_the_terminal(file: Path, columns: int) -> None:
    result = run("--network", str(file), typed="w\nn\n46\nf\nw\n", env={"COLUMNS": str(columns)})
    talk = result.stdout.partition("The input ended.")[0].splitlines()

    assert max(map(len, talk)) <= min(100, max(60, columns)) + 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--kinds", "history,imagin"], "unknown kind of question 'imagin'; did you mean 'imaging'?"),
        (["--kinds", ""], "unknown kind of question ''"),
        (["--max", "-1"], "-1"),
        (["--setting", "moon"], "moon"),
        (["lateral_pian=yes"], "did you mean 'lateral_pain'"),
        (["fever"], "allowed: NAME=VALUE"),
        (["--save", "no/such/place.txt"], "there is no directory no/such; make it first"),
        (["--save", "."], "is a directory"),
    ],
)
def test_bad_words_are_refused_before_anything_is_asked(file: Path, words: list[str], message: str) -> None:
    result = run(*words, "--network", str(file), typed="n\n")

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr.splitlines()[-1]


def test_the_summary_is_saved_as_printed_and_replaces_nothing_unasked(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    words = ("--network", str(file), "--save", str(path))
    result = run(*words, typed="n\n")

    page = path.read_text(encoding="utf-8")
    assert result.stdout.endswith(f"written: {path}\n")
    assert page in result.stdout
    assert page.startswith("Hip pain when running: summary to take to a professional\n")

    refused = run(*words, typed="y\nn\n")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"{path} exists already; choose another name, or replace it with --overwrite" in refused.stderr
    assert path.read_text(encoding="utf-8") == page

    assert run(*words, "--overwrite", typed="y\nn\n").exit_code == 0
    assert "URGENT" in path.read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("page")] == ["page.txt"]


def test_a_file_that_cannot_be_written_costs_nothing_but_the_file(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path, data: bytes, **options: object) -> None:  # noqa: ARG001 as the real one
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "write_whole", fails)
    result = run("--network", str(file), "--save", str(tmp_path / "page.txt"), typed="n\n")

    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert "the summary is above" in result.stderr
    assert "Red flags answered no: Fever" in result.stdout
    assert command_of(result.stdout)


def test_a_process_without_input_shows_the_result_and_loads_nothing_slow(file: Path) -> None:
    """Standard input may be closed altogether; neither pandas nor numba is needed."""
    program = (
        "import atexit, sys; from hip_bayes.cli import main\n"
        "atexit.register(lambda: print(sorted({'pandas', 'numba', 'pyarrow'} & set(sys.modules))))\n"
        f"main(['interview', 'fever=no', 'age=46', 'sex=f', '--network', {str(file)!r}])"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(hb.__file__).parent.parent)}
    for closed in ("<&-", "</dev/null"):
        shell = f"{shlex.quote(sys.executable)} -c {shlex.quote(program)} {closed}"
        done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False, env=here)  # noqa: S607
        assert (done.returncode, done.stderr) == (0, "")
        assert "The input ended." in done.stdout
        assert done.stdout.splitlines()[-1] == "[]"

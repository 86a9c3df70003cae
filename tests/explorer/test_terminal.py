"""The interview in a real terminal: whole, broken off, interrupted, and when the terminal is gone."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest
from dialogue import after, asked, command_of, run

import hip_bayes as hb
from hip_bayes.explorer.interview import begin
from hip_bayes.network.wording import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hip_bayes import Network


# In a real terminal.


@pytest.fixture
def terminal() -> Iterator[Callable[..., pexpect.spawn[str]]]:
    """Return a function that starts `hip-bayes` in a terminal of 24 lines and 80 columns."""
    children: list[pexpect.spawn[str]] = []

    def start(*words: str) -> pexpect.spawn[str]:
        program = "from hip_bayes.cli import main; main(prog_name='hip-bayes')"
        child = pexpect.spawn(
            sys.executable,
            ["-c", program, "interview", *words],
            encoding="utf-8",
            timeout=60,
            preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.SIG_DFL
            ),  # ignored where the tests run in background
            env={**os.environ, "PYTHONPATH": str(Path(hb.__file__).parent.parent), "TERM": "xterm"},
        )
        child.logfile_read = io.StringIO()
        children.append(child)
        return child

    yield start
    for child in children:
        child.close(force=True)


def talk(child: pexpect.spawn[str], *exchange: tuple[str, str]) -> None:
    """Answer each question, recognised by some words of it, at its prompt."""
    for words, answer in exchange:
        child.expect_exact(words)
        child.expect_exact("] ")
        child.sendline(answer)


def ended(child: pexpect.spawn[str], code: int = 0) -> str:
    """Return all that was shown, plain; check the exit code, and that it ended in good order."""
    child.expect(pexpect.EOF)
    child.wait()
    shown = re.sub(r"\x1b\[[0-9;]*m", "", child.logfile_read.getvalue().replace("\r\n", "\n"))
    assert child.exitstatus == code, shown
    assert "Traceback" not in shown
    assert shown.count("summary to take to a professional") == 1
    return shown


def test_a_whole_interview_in_a_terminal(file: Path, terminal: Callable[..., pexpect.spawn[str]]) -> None:
    """Garbage, nothing, why, back, an urgent answer, to the end; the printed command then gives the same result."""
    child = terminal("--network", str(file))
    talk(
        child,
        ("Do you have a fever?", "y"),
        ("Go on with the questions?", "y"),
        ("How old are you?", "b"),
        ("Do you have a fever?", "\x01garbage \u00e9"),
        ("Do you have a fever?", ""),
        ("Do you have a fever?", "w"),
        ("Do you have a fever?", "n"),
        ("How old are you?", "46"),
        ("Are you female or male?", "f"),
        ("outside of the hip?", "w"),
        ("outside of the hip?", "y"),
    )
    while child.expect_exact([" [y/n/d] ", "To go on from here"]) == 0:
        child.sendline("d")
    shown = ended(child)
    net = hb.load_network(file)
    d = net.diagnose(fever=False, age=46, sex="f", lateral_pain=True)

    assert shown.count("URGENT: have this assessed today") == 1
    assert "Got '\\x01garbage" in shown
    assert "Source: A study of lateral hip pain." in shown
    assert "bits about the causes" in shown
    assert "ROUTINE: no red flag, and nothing urgent in what was said" in shown
    assert f"{percent(d['tendon'])}  Tendon pain" in shown
    words = command_of(shown)
    assert words[:4] == ["age=46", "sex=female", "lateral_pain=yes", "fever=no"]
    again = ended(terminal(*words))
    assert again[again.index("ROUTINE") :] == shown[shown.index("ROUTINE") :]


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [("\x03", 130, "Interrupted."), ("\x04", 0, "The input ended."), ("q\n", 0, "as you wished.")],
    ids=["Ctrl-C", "Ctrl-D", "quit"],
)
def test_an_interview_on_the_shipped_network_that_is_broken_off_goes_on_where_it_was(
    terminal: Callable[..., pexpect.spawn[str]], shipped: Network, key: str, code: int, words: str
) -> None:
    """First among the red flags, then among the questions that follow."""
    first = terminal()
    talk(first, ("cannot sleep", "n"), ("suddenly become unable", "n"), ("fever", "d"), ("weight on the leg", "b"))
    first.expect_exact("fever, chills")
    first.expect_exact("] ")
    first.send(key)
    shown = ended(first, code)
    assert words in shown
    resume = command_of(shown)
    assert resume == ["severe_pain=no", "sudden_loss_of_mobility=no"]

    second = terminal(*resume)
    talk(second, ("fever, chills", "d"), ("weight on the leg", "n"))
    for _ in range(7):
        second.expect_exact("[y/n/d] ")
        second.sendline("n")
    talk(second, ("How old", "46"), ("female or male", "f"))
    second.expect_exact("[y/n/d] ")
    second.sendline("d")
    second.expect_exact("Now ")
    second.expect_exact("[y/n/d] ")
    second.send(key)
    shown = ended(second, code)
    facts = dict(word.split("=") for word in command_of(shown) if "=" in word)
    start = begin({**dict.fromkeys(shipped.red_flags, False), "fever": None, "age": 46, "sex": "f"}, network=shipped)
    assert facts == {**dict.fromkeys(shipped.red_flags, "no"), "age": "46", "sex": "female", "fever": "unknown",
                     asked(start.interview): "unknown"}  # fmt: skip


def test_a_second_interrupt_loses_nothing(terminal: Callable[..., pexpect.spawn[str]]) -> None:
    """A key that bounces, or a hand that hurries."""
    child = terminal()
    talk(child, ("cannot sleep", "n"))
    child.expect_exact("suddenly become unable")
    child.expect_exact("] ")
    child.delaybeforesend = None  # a terminal goes on reading meanwhile, as pexpect does not while it delays
    child.send("\x03")
    child.expect(pexpect.TIMEOUT, timeout=0.02)
    child.send("\x03")
    child.expect(pexpect.EOF)
    child.wait()

    assert child.exitstatus == 130
    assert command_of(child.logfile_read.getvalue()) == ["severe_pain=no"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["terminated", "window closed"])
def test_who_closes_the_window_loses_nothing(
    terminal: Callable[..., pexpect.spawn[str]], tmp_path: Path, number: signal.Signals
) -> None:
    """The page is saved, whether or not there is a terminal left to print it on."""
    page = tmp_path / "page.txt"
    child = terminal("--save", str(page))
    talk(child, ("cannot sleep", "n"))
    child.expect_exact("suddenly become unable")
    child.expect_exact("] ")
    child.kill(number)
    child.expect(pexpect.EOF)
    child.wait()

    assert child.exitstatus == 130
    shown = child.logfile_read.getvalue()
    assert command_of(shown) == ["severe_pain=no", "--save", str(page), "--overwrite"]
    assert "Traceback" not in shown
    assert page.read_text(encoding="utf-8").strip() in shown.replace("\r\n", "\n")


def test_a_page_is_saved_when_the_terminal_is_gone(terminal: Callable[..., pexpect.spawn[str]], tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    child = terminal("--save", str(page))
    talk(child, ("cannot sleep", "n"))
    child.expect_exact("suddenly become unable")
    child.ptyproc.delayafterclose = 3.0  # before it is killed
    child.close(force=True)  # the kernel sends SIGHUP then

    assert page.read_text(encoding="utf-8").startswith("Hip pain when running: summary to take to a professional")


def test_answers_from_a_file_answer_the_questions_they_were_written_for(file: Path) -> None:
    """An urgent one in between puts no question of its own before them."""
    result = run("--network", str(file), typed="y\n46\nf\nd\n")

    assert "URGENT" in result.output
    assert "Go on with the questions?" not in result.output
    assert command_of(result.output)[:3] == ["age=46", "sex=female", "fever=yes"]


def test_an_urgent_answer_in_a_terminal_may_end_it(terminal: Callable[..., pexpect.spawn[str]], tmp_path: Path) -> None:
    """The action stands on the screen before it is asked whether to go on, and in the saved page."""
    page = tmp_path / "page.txt"
    child = terminal("--save", str(page))
    talk(child, ("cannot sleep", "y"))
    child.expect_exact("URGENT: have this assessed today")
    child.expect_exact("Be assessed today.")
    talk(child, ("Go on with the questions?", "n"))
    shown = ended(child)

    assert command_of(shown) == ["severe_pain=yes", "--save", str(page), "--overwrite"]
    assert "URGENT: have this assessed today" in page.read_text(encoding="utf-8")


def test_a_hop_is_never_asked_for_once_a_fracture_is_possible(
    terminal: Callable[..., pexpect.spawn[str]], shipped: Network
) -> None:
    """The hazard is told as it becomes live; the hop test, which would have come next, no longer does."""
    facts = {**dict.fromkeys(shipped.red_flags, "no"), "age": "24", "sex": "female"}
    left = ("groin_pain", "hop_test_positive")
    facts |= {name: "unknown" for name in (*shipped.background, *shipped.findings) if name not in left}
    kinds = ("history", "examination")
    start = begin(facts, network=shipped, kinds=kinds).interview
    assert start.diagnosis.triage.level == "routine"
    assert asked(after(start, "d")) == "hop_test_positive"

    child = terminal(*(f"{name}={value}" for name, value in facts.items()), "--kinds", ",".join(kinds))
    talk(child, ("pain in the groin", "y"))
    shown = ended(child)

    assert shown.index("SOON: have this assessed") < shown.index("! Stress fracture of the femoral neck")
    assert "Does hopping on that leg hurt?" not in shown
    assert "Do not test now: Hop test" in shown

"""The terminal side of an interview: say, ask, and let signals wait until a page is saved."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .interview import Line, Question

LONGEST = 4096
"""Bytes of an answer at the terminal; what is typed beyond is passed over."""


@contextlib.contextmanager
def signals(names: Iterable[str], handler: Any, *, restore: bool = True) -> Iterator[None]:  # noqa: ANN401
    """Let signals, those that this system has, be handled so; only the main thread hears of any."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items() if restore else ():
            signal.signal(number, old)


@contextlib.contextmanager
def nothing_flushed() -> Iterator[None]:
    """Let a terminal print what it was given when Ctrl-C is pressed; else it throws away what is not printed yet."""
    if sys.platform == "win32" or sys.stdin is None or not sys.stdin.isatty():
        yield
        return
    import termios

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    termios.tcsetattr(fd, termios.TCSANOW, [*before[:3], before[3] | termios.NOFLSH, *before[4:]])
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(fd, termios.TCSANOW, before)


def say(lines: Iterable[Line]) -> None:
    """Print what an interview has to say, in colour where there is any."""
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    styles: dict[str, dict[str, Any]] = {"dim": {"dim": True}, "alert": {"fg": "red", "bold": True}}
    for line in lines:
        text = click.wrap_text(line.text, _width(), subsequent_indent="  ")
        click.echo(click.style(text, **styles.get(line.tone, {})), color=False if plain else None)


def ask(question: Question) -> str | None:
    """Print a question and return the answer, whatever was typed; None at the end of the input."""
    click.echo(click.wrap_text(f"{question.text} [{question.choices}]", _width()) + " ", nl=False)
    try:
        typed = sys.stdin.buffer.readline(LONGEST) if sys.stdin is not None else b""
        part = typed
        while len(part) == LONGEST and not part.endswith(b"\n"):
            part = sys.stdin.buffer.readline(LONGEST)
    except OSError:  # the terminal is gone
        typed = b""
    text = typed.decode(errors="replace")
    if not (typed and sys.stdin.isatty()):
        click.echo(text.rstrip())  # else the next line would go on here
    return text if typed else None


def _width() -> int:
    return min(100, max(60, shutil.get_terminal_size().columns))

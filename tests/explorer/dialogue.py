"""What the tests of the interview share: answers given, the command printed, the command line run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result

from hip_bayes import cli

if TYPE_CHECKING:
    from hip_bayes.explorer.interview import Interview


def after(interview: Interview, *answers: str) -> Interview:
    """Return the interview after these answers."""
    for text in answers:
        interview = interview.answer(text).interview
    return interview


def asked(interview: Interview) -> str:
    """Return the id that is asked of now."""
    assert interview.question is not None, interview.over
    return interview.question.id


def run(*words: str, typed: str | bytes = "", **more: Any) -> Result:  # noqa: ANN401 whatever CliRunner takes
    """Run `hip-bayes interview` with these words and this input."""
    return CliRunner(**more).invoke(cli.main, ["interview", *words], input=typed)


def command_of(output: str) -> list[str]:
    """Return the words of the printed command that goes on, without `hip-bayes interview`."""
    [line] = [line for line in output.splitlines() if line.startswith("hip-bayes interview")]
    return shlex.split(line)[2:]

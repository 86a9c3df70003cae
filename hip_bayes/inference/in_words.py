"""What was said about a case, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hip_bayes.network.wording import counted, sure

from .evidence import SILENCE, VOLUNTEERED

if TYPE_CHECKING:
    from hip_bayes.network.model import NetworkData

    from .evidence import Case


def sure_of(net: NetworkData, id_: str, p: float) -> str:
    """Return how sure an answer is, and of what: '70% sure', '70% sure sudden'."""
    present = net.states_of(id_)[1]
    return sure(p) if present == "yes" else f"{sure(p)} {present}"


def silent_on(case: Case) -> str:
    """Return how many findings a story passes over: '55 findings'."""
    return counted(len(case.silence.about), "finding")


def heard(case: Case) -> str:
    """Return how a case was heard, as a sentence; empty where somebody asked."""
    if case.account != VOLUNTEERED:
        return ""
    if not case.silence.whole:
        return "Told freely, but nothing of pain or tests: nothing is concluded from what was not mentioned."
    return f"Told freely: {silent_on(case)} not mentioned count a little as absent (never for how urgent it is)."


def said(net: NetworkData, id_: str, value: object) -> str:
    """Return a piece of evidence in words: 'Groin pain: no', 'Onset: sudden', 'Limp: 70% sure', 'age 46', 'female'."""
    if id_ == SILENCE:
        return f"not mentioned: {value}"
    if id_ in ("age", "sex"):
        return f"age {value}" if id_ == "age" else str(value)
    if isinstance(value, float):
        value = sure_of(net, id_, value)
    return f"{net.name_of(id_)}: {'yes' if value is True else 'no' if value is False else value}"

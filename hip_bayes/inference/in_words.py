"""What was said about a case, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hip_bayes.network.wording import sure

if TYPE_CHECKING:
    from hip_bayes.network.model import NetworkData


def sure_of(net: NetworkData, id_: str, p: float) -> str:
    """Return how sure an answer is, and of what: '70% sure', '70% sure sudden'."""
    present = net.states_of(id_)[1]
    return sure(p) if present == "yes" else f"{sure(p)} {present}"


def said(net: NetworkData, id_: str, value: object) -> str:
    """Return a piece of evidence in words: 'Groin pain: no', 'Onset: sudden', 'Limp: 70% sure', 'age 46', 'female'."""
    if id_ in ("age", "sex"):
        return f"age {value}" if id_ == "age" else str(value)
    if isinstance(value, float):
        value = sure_of(net, id_, value)
    return f"{net.name_of(id_)}: {'yes' if value is True else 'no' if value is False else value}"

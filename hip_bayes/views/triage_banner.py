"""The words of the triage banner, the same in every view: the level, what was not asked, what must not be tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hip_bayes.reasoning.triage import triage_of

if TYPE_CHECKING:
    from hip_bayes.inference.result import Result


def headline(d: Result) -> str:
    """Return the triage level in words."""
    if triage_of(d).level == "routine" and not d.network.red_flags:
        if d.network.hazards:
            return "ROUTINE: no hazard at its threshold; this network has no red flags"
        return "This network has no red flags: it says nothing about urgency"
    words = {
        "urgent": "URGENT: have this assessed today",
        "soon": "SOON: have this assessed within days",
        "routine": "ROUTINE: nothing urgent in what was said",
    }
    return words[triage_of(d).level]


def cleared(d: Result) -> bool:
    """Say whether a result that is not urgent may look so: there are red flags, and none that nobody asked about."""
    return triage_of(d).level != "routine" or (bool(d.network.red_flags) and not triage_of(d).not_cleared)


def not_cleared(d: Result) -> str:
    """Return which red flags nobody asked about, as a sentence, or an empty text."""
    missing = triage_of(d).not_cleared
    if not missing:
        return ""
    return f"Not asked, so not cleared ({len(missing)} of {len(d.network.red_flags)} red flags): {', '.join(missing)}."


def avoided(d: Result) -> str:
    """Return which tests must not be done now, as a sentence, or an empty text."""
    names = [f"{d.network.name_of(f)} ({f})" for f in triage_of(d).avoid]
    return f"Do not test now: {', '.join(names)}." if names else ""

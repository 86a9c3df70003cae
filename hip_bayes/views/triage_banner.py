"""The words of the triage banner, the same in every view: the level, what was not asked, what must not be tested.

Silence about danger is never called safety: as long as a red flag was not asked about, nothing is called routine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hip_bayes.network.wording import counted
from hip_bayes.reasoning.triage import triage_of

if TYPE_CHECKING:
    from hip_bayes.inference.result import Result
    from hip_bayes.reasoning.triage import Reason

NO_ALL_CLEAR = "This is no all-clear: it rests on answers alone. If it gets worse or does not settle, have it examined."


def headline(d: Result) -> str:
    """Return the triage level in words, or before it can be told how many red flags were not asked."""
    now, net = triage_of(d), d.network
    if now.level == "urgent":
        return "URGENT: have this assessed today"
    if now.level == "soon":
        return "SOON: have this assessed within days"
    if not now.screened:
        asked = f"{len(now.not_cleared)} of {counted(len(net.red_flags), 'red flag')} not asked"
        return f"{asked}: whether this is urgent is not known"
    if net.red_flags:
        return "ROUTINE: no red flag, and nothing urgent in what was said"
    if net.hazards or net.patterns:
        return "ROUTINE: no hazard at its threshold; this network has no red flags"
    return "This network has no red flags: it says nothing about urgency"


def cleared(d: Result) -> bool:
    """Say whether a result that is not urgent may look so: there are red flags, and none that nobody asked about."""
    return triage_of(d).level != "routine" or (bool(d.network.red_flags) and triage_of(d).screened)


def not_cleared(d: Result) -> str:
    """Return which red flags nobody asked about, as a sentence, or an empty text."""
    missing = triage_of(d).not_cleared
    if not missing:
        return ""
    return f"Not asked, so not cleared ({len(missing)} of {len(d.network.red_flags)} red flags): {', '.join(missing)}."


def because(reason: Reason) -> str:
    """Return a reason for urgency as sentences, with what to do where no reason before it says that."""
    return f"{reason.name}: {reason.reason}." + (f" {reason.action}" if reason.action else "")


def avoided(d: Result) -> str:
    """Return which tests must not be done now, as a sentence, or an empty text."""
    names = [f"{d.network.findings[f].test_name} ({f})" for f in triage_of(d).avoid]
    return f"Do not test now: {', '.join(names)}." if names else ""

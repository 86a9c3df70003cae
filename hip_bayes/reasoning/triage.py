"""How soon to be seen: red flags and hazards as rules beside the posterior.

A red flag acts by itself: nothing here lets a probability lower or cancel one. A hazard is the other way round: a
probability, or a finding, that from the file's threshold up is by itself a reason for urgency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.network.parts import LEVELS
from hip_bayes.network.wording import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hip_bayes.inference.evidence import Case, Cases
    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import Hazard, RedFlag


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for urgency: a red flag that is present, or a hazard at or above its threshold."""

    id: str
    name: str
    level: str
    reason: str
    action: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Triage:
    """How soon to be seen, and why.

    Attributes
    ----------
    level
        "urgent" (today), "soon" (within days) or "routine": the most pressing level among the reasons.
    reasons
        the most pressing first; empty for routine.
    not_cleared
        ids of the red flags nobody has asked about: "routine" holds only as far as these are absent.
    avoid
        ids of findings that must not be tested now, because the test could do harm.

    """

    level: str
    reasons: tuple[Reason, ...]
    not_cleared: tuple[str, ...]
    avoid: tuple[str, ...]


def present_flags(net: NetworkData, case: Case) -> tuple[RedFlag, ...]:
    """Return the red flags that are present, the most pressing first."""
    flags = [net.red_flags[id_] for id_, there in case.red_flags.items() if there]
    return tuple(sorted(flags, key=lambda flag: LEVELS.index(flag.level)))


def triage(net: NetworkData, case: Case, probability: Mapping[str, float]) -> Triage:
    """Return how soon to be seen, from the red flags of a case and the posterior's hazards."""
    flags = present_flags(net, case)
    reasons = [Reason(f.id, f.name, f.level, f.reason, f.action, f.source) for f in flags]
    live: list[Hazard] = []
    for h in sorted(net.hazards.values(), key=lambda h: LEVELS.index(h.level)):
        of_finding = h.of in net.findings
        value = case.findings.get(h.of, 0.0) if of_finding else probability[h.of]
        if not h.live(value):
            continue
        live.append(h)
        if h.of not in [more.of for more in live[:-1]]:  # the most pressing speaks for it
            reached = f"its probability is {percent(value)}, at or above {100 * h.threshold:g}%: "
            why = h.reason if of_finding else reached + h.reason
            reasons.append(Reason(h.id, net.name_of(h.of), h.level, why, h.action, h.source))
    avoided = [*(flag.avoid for flag in flags), *(h.avoid for h in live)]
    reasons.sort(key=lambda reason: LEVELS.index(reason.level))
    return Triage(
        level=reasons[0].level if reasons else LEVELS[-1],
        reasons=tuple(reasons),
        not_cleared=tuple(id_ for id_ in net.red_flags if id_ not in case.red_flags),
        avoid=tuple(dict.fromkeys(f for avoid in avoided for f in avoid)),
    )


def levels(net: NetworkData, cases: Cases, probability: Mapping[str, NDArray[np.float64]]) -> NDArray[np.int8]:
    """Return the index in `LEVELS` of each case's level, as `triage` finds it; shape (cases,)."""
    level = np.full(len(cases), len(LEVELS) - 1, dtype=np.int8)
    findings = dict(zip(net.findings, cases.findings.T, strict=True))
    reasons = [(flag.level, there == 1) for flag, there in zip(net.red_flags.values(), cases.red_flags.T, strict=True)]
    reasons += [(h.level, h.live((findings if h.of in findings else probability)[h.of])) for h in net.hazards.values()]
    for name, here in reasons:
        level[here] = np.minimum(level[here], LEVELS.index(name))
    return level


def triage_of(d: Result) -> Triage:
    """Return how soon to be seen with a result; worked out once."""
    return d.once(_triage_of)


def _triage_of(d: Result) -> Triage:
    return triage(d.network, d.case, d.probability)


def advice_of(d: Result) -> tuple[str, ...]:
    """Return what to do now: the actions of the triage reasons first, then general advice for that level."""
    now = triage_of(d)
    general = (a.text for a in d.network.advice if now.level in a.levels)
    return (*dict.fromkeys(reason.action for reason in now.reasons), *general)

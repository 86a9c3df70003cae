"""A result as plain data, for JSON and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hip_bayes.network.wording import DISCLAIMER
from hip_bayes.reasoning.fit import remarks_of
from hip_bayes.reasoning.triage import advice_of, present_flags, triage_of

if TYPE_CHECKING:
    from hip_bayes.inference.result import Result


def as_dict(d: Result) -> dict[str, Any]:
    """Return everything as plain data (str, float, bool, list, dict) that `json.dumps` takes."""
    net, triage = d.network, triage_of(d)
    return {
        "network": {"id": net.id, "name": net.name, "version": net.version, "setting": net.setting},
        "evidence": d.evidence,
        "account": d.case.account,
        "not_mentioned": list(d.case.silence.about),
        "triage": {
            "level": triage.level,
            "reasons": [
                {f: getattr(r, f) for f in ("id", "name", "level", "reason", "action")} | {"source": list(r.source)}
                for r in triage.reasons
            ],
            "screened": triage.screened,
            "not_cleared": list(triage.not_cleared),
            "avoid": list(triage.avoid),
        },
        "red_flags": [flag.id for flag in present_flags(net, d.case)],
        "remarks": list(remarks_of(d)),
        "posterior": {c: d[c] for c in d.ranking},
        "subtypes": {s: d[s] for s in net.subtype_of},
        "groups": {g: d[g] for g in net.groups},
        "advice": list(advice_of(d)),
        "prevention": list(net.prevention),
        "disclaimer": DISCLAIMER,
    }

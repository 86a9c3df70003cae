"""The complete example of networks/README.md as text and as data, and the smallest networks that tests need."""

from __future__ import annotations

import itertools
import operator
import random
import re
import tomllib
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hip_bayes import Network
from hip_bayes.network import reading
from hip_bayes.network.reading import networks_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Data = dict[str, Any]

SCRIPT = "<script>alert(1)</script>"
CASES = Path(__file__).with_name("cases.jsonl")


def example_text() -> str:
    """Return the TOML block of networks/README.md."""
    readme = (networks_dir() / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1, "the format's description has one complete example"
    return str(blocks[0])


def example_data() -> Data:
    """Return the example as a parsed file: a new dict each time, for the caller to change."""
    return tomllib.loads(example_text())


def number(p: float | list[float], n: float = 10.0) -> Data:
    """Write a number of the format, with its provenance."""
    return {"p": p, "n": n, "basis": "judgement", "reason": "for this test"}


def odds_ratio(value: float) -> Data:
    """Write an odds ratio of the format, with its provenance."""
    return {"value": value, "low": value, "high": value, "basis": "judgement", "reason": "for this test"}


def finding(leak: float, given: Mapping[str, float], **more: object) -> Data:
    """Write a finding of the format."""
    return {
        "name": "A finding",
        "kind": "history",
        "question": "Is it there?",
        "leak": number(leak),
        "given": {site: number(p) for site, p in given.items()},
        **more,
    }


def parent(of: str, effect: float) -> Data:
    """Write a finding's parent of the format."""
    return {"finding": of, "effect": number(effect)}


def red_flag(level: str, **more: object) -> Data:
    """Write a red flag of the format."""
    return {
        "name": f"A flag for {level}",
        "question": "Is it there?",
        "level": level,
        "reason": f"it is {level}",
        "action": f"Do what is {level}.",
        "basis": "judgement",
        **more,
    }


def small(priors: Mapping[str, float], findings: Mapping[str, Data], *, everyone: bool = False) -> Data:
    """Write a network without background, of one age band: cause -> prior, finding -> its entry."""
    return {
        "network": {
            "id": "small",
            "name": "A small network",
            "version": "1",
            "description": "For a test.",
            "population": "Nobody.",
            "age_range": [18, 90],
            "age_bands": ["18+"],
            "everyone_has_a_cause": everyone,
        },
        "causes": {
            c: {"name": f"Cause {c}", "icd10": "M25.5", "description": "For a test.", "prior": {"all": number(p)}}
            for c, p in priors.items()
        },
        "findings": dict(findings),
    }


def with_background(data: Data, count: int, causes: Iterable[str], ratio: float = 2.0) -> Data:
    """Give a network so many background variables, each with an odds ratio for each of the causes; in place."""
    names = [f"b{k}" for k in range(count)]
    data["background"] = {b: {"name": b, "question": "?", "prevalence": {"all": number(0.3)}} for b in names}
    for c in causes:
        data["causes"][c]["odds_ratios"] = {b: odds_ratio(ratio) for b in names}
    return data


def read_network(data: Mapping[str, object]) -> Network:
    """Return the network of a parsed file, not solved yet."""
    return reading.read_network(data, Network)


def solved(data: Data) -> Network:
    """Return the network that parsed data describes, solved: every refusal happens here."""
    net = read_network(data)
    _ = net.engine
    return net


def rich_data() -> Data:
    """Return the example with a group, a second red flag, a hazard, advice and a finding with states."""
    data = example_data()
    data["groups"] = {"overload": {"name": "Overload", "members": ["tendon", "bone"]}}
    data["red_flags"]["weight_loss"] = red_flag("soon")
    data["findings"]["onset"] = finding(0.2, {"bone": 0.5}, states=["gradual", "sudden"], aliases={"acute": "sudden"})
    data["hazards"] = {
        "neck": {
            "threshold": 0.3,
            "level": "urgent",
            "reason": "it can slip",
            "action": "Crutches.",
            "avoid": ["night_pain"],
            "source": "study_2020",
        }
    }
    data["advice"] = [{"text": "Rest first.", "levels": ["urgent", "soon", "routine"]}]
    data["network"]["prevention"] = ["Increase slowly."]
    return data


def qmr_like(causes: int, findings: int, seed: int) -> Data:
    """Return a network of that size: rare causes, each finding a child of two to eight of them."""
    rng = random.Random(seed)
    names = [f"c{k}" for k in range(causes)]
    table = {}
    for k in range(findings):
        leak = rng.choice([0.001, 0.01, 0.05])
        of = rng.sample(names, rng.randint(2, 8))
        table[f"f{k}"] = finding(leak, {c: round(rng.uniform(2 * leak, 0.9), 3) for c in of})
    data = small({c: round(rng.uniform(0.005, 0.1), 3) for c in names}, table)
    data["groups"] = {"first_ten": {"name": "First ten", "members": names[:10]}}
    return data


def every_state(net: Network) -> list[dict[str, float]]:
    """Return the joint states of all causes in the order of `Enumeration.joint`, as evidence about causes."""
    by_cause = []
    for c in net.engine.enumeration.causes:
        cause = net.causes[c]
        sites = dict.fromkeys(cause.subtypes, 0.0)
        present = [{c: 1.0} | sites | ({s: 1.0} if s != "present" else {}) for s in cause.states[1:]]
        by_cause.append([{c: 0.0} | sites, *present])
    return [reduce(operator.or_, parts) for parts in itertools.product(*by_cause)]

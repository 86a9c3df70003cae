"""Published studies: from sensitivity, specificity and pre-test probability to the figures that the study prints.

Each file in studies/ is a network of one cause without `everyone_has_a_cause`: its prior is the pre-test probability,
`given` the sensitivity, the leak 1 - specificity. Numbers are written with the digits that the study prints, or with
ten where they come from its counts.
"""

from __future__ import annotations

import itertools
import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hip_bayes as hb
from hip_bayes.diagnosis import Network
from hip_bayes.network import parts
from hip_bayes.network.parts import Band, Cause, Finding, Number, Source, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

STUDIES = Path(__file__).parent / "studies"

PRINTED = [
    ("smeets_2018", "percussion", {"PPV": "0.94", "NPV": "0.47"}),
    ("kim_2015_framingham", "xray_osteoarthritis", {"PPV": "0.060", "NPV": "0.989"}),
    ("kim_2015_oai", "xray_osteoarthritis", {"PPV": "0.071", "NPV": "0.976"}),
    ("anterior_impingement_2012", "impingement_test", {"PPV": "0.957", "NPV": "0.267"}),
    ("sutlive_2008", "three_of_five_signs", {"PPV": "0.68", "NPV": "0.88", "LR+": "5.20", "LR-": "0.33"}),
    ("sutlive_2008", "four_of_five_signs", {"PPV": "0.91", "NPV": "0.82", "LR+": "24.29", "LR-": "0.53"}),
    ("sutlive_2008", "five_of_five_signs", {"PPV": "0.75", "NPV": "0.74", "LR+": "7.29", "LR-": "0.87"}),
    ("sutlive_2008", "squat_pain", {"PPV": "0.71", "NPV": "0.75", "LR+": "6.07", "LR-": "0.79"}),
    ("sutlive_2008", "abduction_adduction_pain", {"PPV": "0.70", "NPV": "0.77", "LR+": "5.67", "LR-": "0.71"}),
    ("fearon_2013", "ober_test", {"PPV": "0.941", "NPV": "0.452", "odds ratio": "13.2"}),
    ("metcalfe_2019", "squat_pain", {"LR+": "6.1"}),
    ("metcalfe_2019", "abduction_adduction_pain", {"LR+": "5.7"}),
    ("metcalfe_2019", "abductor_weakness", {"LR+": "4.5"}),
    ("metcalfe_2019", "limited_adduction", {"LR+": "4.2"}),
]
"""Study, finding, and what the study prints about it, with all of its digits."""

COUNTED = [
    ("anterior_impingement_2012", {"impingement_test": True}, Fraction(45, 47)),
    ("anterior_impingement_2012", {"impingement_test": False}, Fraction(44, 60)),
    ("sutlive_2008", {"three_of_five_signs": True}, Fraction(15, 22)),
    ("sutlive_2008", {"three_of_five_signs": False}, Fraction(6, 50)),
    ("sutlive_2008", {"four_of_five_signs": True}, Fraction(10, 11)),
    ("sutlive_2008", {"four_of_five_signs": False}, Fraction(11, 61)),
    ("fearon_2013", {"ober_test": True}, Fraction(16, 17)),
    ("fearon_2013", {"ober_test": False}, Fraction(23, 42)),
    ("fearon_2013", {}, Fraction(39, 59)),
]
"""Study, what is known, and how many of those of whom it is known have the cause."""


def load(study: str) -> Network:
    """Return the network of a study."""
    return hb.load_network(STUDIES / f"{study}.toml")


def odds(p: float) -> float:
    return p / (1 - p)


def measured(net: Network, finding: str) -> dict[str, float]:
    """Return the measures that studies print, all of them from posteriors of the network."""
    (cause,) = net.causes
    before = net.diagnose()[cause]
    present, absent = (net.diagnose({finding: x})[cause] for x in (True, False))
    positive, negative = (odds(p) / odds(before) for p in (present, absent))
    return {"PPV": present, "NPV": 1 - absent, "LR+": positive, "LR-": negative, "odds ratio": positive / negative}


def half_a_unit(printed: Decimal) -> float:
    """Return how far the exact figure may be from one that is printed so."""
    return float(Decimal(5).scaleb(int(printed.as_tuple().exponent) - 1))


def within_rounding(study: str, finding: str) -> Iterator[Network]:
    """Yield the network at all corners of what the digits of its three numbers leave open.

    The measures are monotone in each of the three, so that they are largest and smallest at corners.
    """
    net = load(study)
    (cause,) = net.causes
    text = (STUDIES / f"{study}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text, parse_float=Decimal)
    written = {
        f"causes.{cause}.prior.all": data["causes"][cause]["prior"]["all"]["p"],
        f"findings.{finding}.given.{cause}": data["findings"][finding]["given"][cause]["p"],
        f"findings.{finding}.leak": data["findings"][finding]["leak"]["p"],
    }
    for signs in itertools.product((-1, 1), repeat=len(written)):
        changes = {}
        for (path, p), sign in zip(written.items(), signs, strict=True):
            cells = [path] if not path.endswith("prior.all") else [path[:-3] + f"{sex}.18+" for sex in parts.SEXES]
            changes |= dict.fromkeys(cells, float(p) + sign * half_a_unit(p))
        yield net.replace(changes)


@pytest.mark.parametrize(("study", "finding", "printed"), PRINTED)
def test_the_network_returns_what_the_study_prints(study: str, finding: str, printed: dict[str, str]) -> None:
    """Within half a unit of the last printed digit, and what the rounding of the printed inputs leaves open."""
    corners = [measured(net, finding) for net in within_rounding(study, finding)]
    for measure, text in printed.items():
        half = half_a_unit(Decimal(text))
        low, high = (f(corner[measure] for corner in corners) for f in (min, max))
        assert low - half <= float(text) <= high + half, (measure, low, high)


@pytest.mark.parametrize(("study", "facts", "share"), COUNTED)
def test_the_network_returns_the_share_of_those_counted(study: str, facts: dict[str, bool], share: Fraction) -> None:
    net = load(study)
    (cause,) = net.causes

    assert net.diagnose(facts)[cause] == pytest.approx(float(share), abs=1e-9)


def test_every_file_is_one_cause_of_a_cited_study_that_the_tests_use() -> None:
    files = {path.stem for path in STUDIES.glob("*.toml")}
    assert files == {study for study, _, _ in PRINTED}
    for study in files:
        net = load(study)
        assert len(net.causes) == 1
        assert not net.everyone_has_a_cause
        assert set(net.findings) == {finding for name, finding, _ in PRINTED if name == study}
        assert [source.address.startswith("https://") for source in net.sources.values()] == [True]


@pytest.mark.parametrize("values", list(itertools.product((True, False, None), repeat=4)))
def test_independent_findings_multiply_likelihood_ratios(values: tuple[bool | None, ...]) -> None:
    """Four tests of one review, taken as independent: posterior odds = prior odds x LR x LR x ..."""
    net = load("metcalfe_2019")
    prior = net.causes["osteoarthritis"].prior["female"]["18+"].p
    expected = odds(prior)
    for finding, value in zip(net.findings.values(), values, strict=True):
        sensitivity, false_positive = finding.given["osteoarthritis"].p, finding.leak.p
        if value is not None:
            expected *= sensitivity / false_positive if value else (1 - sensitivity) / (1 - false_positive)

    d = net.diagnose(dict(zip(net.findings, values, strict=True)))

    assert odds(d["osteoarthritis"]) == pytest.approx(expected, rel=1e-12)


def number(p: float, n: float) -> Number:
    return Number(p, n, "measured", ("study",))


def finding(id_: str, sensitivity: float, specificity: float) -> Finding:
    return Finding(
        id=id_,
        name="A test",
        kind="examination",
        question="Is it positive?",
        leak=number(1 - specificity, 51.0),
        given=Table({"osteoarthritis": number(sensitivity, 21.0)}),
    )


def test_a_network_built_in_code_returns_the_same() -> None:
    """The parts are plain dataclasses: no file is needed."""
    prior = Table({sex: Table({"18+": number(21 / 72, 72.0)}) for sex in parts.SEXES})
    weight = Number(0.5, 1.0, "judgement", reason="as many women as men")
    tests = (finding("squat_pain", 5 / 21, 49 / 51), finding("abduction_adduction_pain", 7 / 21, 48 / 51))
    net = Network(
        id="built",
        name="Built in code",
        version="1",
        description="Two tests of one study.",
        population="72 people with pain in one hip.",
        age_range=(18, 90),
        bands=Table({"18+": Band("18+", 18, 91)}),
        weights=Table({sex: Table({"18+": weight}) for sex in parts.SEXES}),
        causes=Table({"osteoarthritis": Cause("osteoarthritis", "Hip osteoarthritis", "M16", "On X-ray.", prior)}),
        background=Table(),
        findings=Table((test.id, test) for test in tests),
        red_flags=Table(),
        sources=Table({"study": Source("study", "A review", 2013, "https://doi.org/10.1186/1471-2474-14-257")}),
        everyone_has_a_cause=False,
    )
    from_file = load("sutlive_2008")

    for facts in ({"squat_pain": True}, {"abduction_adduction_pain": False}, {f.id: True for f in tests}):
        expected = from_file.diagnose(facts)["osteoarthritis"]
        assert net.diagnose(facts)["osteoarthritis"] == pytest.approx(expected, abs=1e-9)
    assert odds(net.diagnose({f.id: True for f in tests})["osteoarthritis"]) == pytest.approx(
        (21 / 51) * (5 / 21) / (2 / 51) * (7 / 21) / (3 / 51), rel=1e-12
    )

"""The model card: the committed one is up to date, and what it says is what the network and the validation say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from example import CASES, SCRIPT, example_data, solved

import hip_bayes as hb
from hip_bayes.cli import main
from hip_bayes.network.checks import numbers
from hip_bayes.network.parts import BASES
from hip_bayes.network.reading import networks_dir
from hip_bayes.validation.card import FEW

if TYPE_CHECKING:
    from pathlib import Path

    from hip_bayes import Network, Validation

ABOUT = CASES.with_suffix(".about.txt").read_text(encoding="utf-8").strip()
CARD = networks_dir() / "hip_pain_runners.card.md"


@pytest.fixture(scope="module")
def validated(shipped: Network) -> Validation:
    return hb.validate(CASES, network=shipped)


@pytest.fixture(scope="module")
def card(shipped: Network, validated: Validation) -> str:
    told_freely = hb.validate(CASES, network=shipped, account="volunteered")
    return hb.model_card(shipped, validated, about=ABOUT, told_freely=told_freely)


def table(card: str, under: str) -> list[list[str]]:
    """Return the cells of the first table after a text, its head left out."""
    lines = card.split(under, 1)[1].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| ---"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def test_the_committed_card_is_up_to_date(card: str) -> None:
    assert CARD.read_text(encoding="utf-8") == card, "the card is stale; CONTRIBUTING.md has the command that writes it"


def test_it_says_what_it_is_not(card: str) -> None:
    top = card.split("## Use", 1)[0]
    assert "For research and education. Not a medical device" in top
    assert "Not validated on patients" in top


def test_numbers_by_basis_are_those_of_the_network(shipped: Network, card: str) -> None:
    rows = table(card, "## What the numbers rest on")
    every = [number for _, number in numbers(shipped)]
    assert [row[0] for row in rows] == list(BASES)
    for basis, count, share, sources in rows:
        those = [number for number in every if number.basis == basis]
        assert int(count.replace(",", "")) == len(those)
        assert share == f"{len(those) / len(every):.1%}"
        assert int(sources) == len({s for number in those for s in number.source})


def test_every_measured_number_is_listed_with_its_source(shipped: Network, card: str) -> None:
    rows = table(card, "Measured, that is")
    measured = [number for _, number in numbers(shipped) if number.basis == "measured"]
    assert len(rows) == len(measured)
    cited = " ".join(row[-1] for row in rows)
    for number in measured:
        assert all(shipped.sources[s].address in cited for s in number.source)


def test_performance_is_the_validations(validated: Validation, card: str) -> None:
    rows = table(card, "## Performance")
    assert [row[0] for row in rows] == list(validated.summary.index)
    for (metric, value, between, n), row in zip(rows, validated.summary.itertuples(index=False), strict=True):
        digits = 3 if "Brier" in metric else 2
        assert float(value) == pytest.approx(row.value, abs=0.51 * 10**-digits)
        assert [float(x) for x in between.split(" to ")] == pytest.approx([row.low, row.high], abs=0.51 * 10**-digits)
        assert int(n) == row.n


def test_causes_with_few_cases_are_named_and_have_no_interval(validated: Validation, card: str) -> None:
    few = validated.by_cause.index[validated.by_cause["positive"] < FEW].tolist()
    named = re.search(rf"Fewer than {FEW} cases, .*: (.*)\.", card)
    assert named is not None
    assert named[1].split(", ") == few
    for row, positive in zip(table(card, "By cause"), validated.by_cause["positive"], strict=True):
        assert row[1].startswith(f"{positive} of ")
        assert (row[3] == "-") == (positive < FEW)


def test_a_card_of_another_network_and_other_cases() -> None:
    """One case: no cause has an AUROC, which is said; facts the network does not know are listed."""
    net = solved(example_data())
    case: dict[str, object] = {key: [] for key in ("findings_absent", "exam_present", "exam_absent", "red_flags")}
    case |= {"findings_present": ["lateral_pain", "dizzy"], "diagnosis": ["tendon"]}
    case |= {"age": 30, "sex": "male", "background": {}}
    card = hb.model_card(net, hb.validate([case], network=net, bootstrap=0), about="Made up | for a test.")
    assert card.startswith("# Model card: A minimal network\n")
    assert "Labelled cases: 1, of which 1 with a cause of the list and 0 with another. Made up | for a test." in card
    assert "Not tested at all, for want of cases with or without it: tendon, bone, other." in card
    assert "with the number of cases: dizzy (1)" in card
    assert "nan" not in card


def test_a_network_without_measured_numbers_and_subgroups(net: Network) -> None:
    judged = net.replace(
        {f"causes.tendon.prior.{s}.{b}": net.causes["tendon"].prior[s][b].p for s in net.weights for b in net.bands}
        | {"findings.lateral_pain.given.tendon": 0.9}
    )
    card = hb.model_card(judged, hb.validate(judged.simulate(40, 1), network=judged, bootstrap=0, by=()), about=ABOUT)
    assert "Measured, that is" not in card
    assert "By subgroup" not in card


def test_the_validation_must_be_of_the_same_network(net: Network, validated: Validation) -> None:
    """Of another one, or of this one with another number or setting."""
    one, other = (net.replace({"findings.lateral_pain.given.tendon": p}) for p in (0.6, 0.8))
    assert one.version == other.version
    bare = hb.validate(one.simulate(20, 1), network=one, bootstrap=0)
    shipped = validated.network
    for changed, validation in ((net, validated), (other, bare), (shipped.in_setting("sports_clinic"), validated)):
        with pytest.raises(hb.EvidenceError, match=r"the validation is of another network, <Network .*; this is <Net"):
            hb.model_card(changed, validation, about=ABOUT)
    assert hb.model_card(one, bare, about=ABOUT)


@pytest.mark.parametrize("about", ["", " ", None, 5])
def test_a_card_says_where_its_cases_come_from(shipped: Network, validated: Validation, about: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.EvidenceError, match=r"about is .*; allowed: a text on where the cases come from"):
        hb.model_card(shipped, validated, about=about)


def run(*arguments: object) -> tuple[int, str]:
    """Run the command; return its exit code and what it printed."""
    result = CliRunner().invoke(main, ["network", "card", *map(str, arguments)])
    return result.exit_code, result.output


def test_it_is_written_by_a_command(tmp_path: Path, card: str) -> None:
    path = tmp_path / "card.md"
    assert run("hip_pain_runners", CASES, path, "--about", ABOUT) == (0, f"written: {path}\n")
    assert path.read_text(encoding="utf-8") == card


def test_the_command_takes_another_network_and_other_cases(tmp_path: Path, file: Path) -> None:
    """And says of them what it was told, no more."""
    cases, path = tmp_path / "cases.jsonl", tmp_path / "card.md"
    first = CASES.read_text(encoding="utf-8").splitlines()[0]
    cases.write_text(first.replace("stress_fracture", "bone"), encoding="utf-8")
    code, said = run(file, cases, path, "--about", "Made up for a test.")
    assert code == 0, said
    card = path.read_text(encoding="utf-8")
    assert card.startswith("# Model card: A minimal network\n")
    assert "Made up for a test." in card
    assert "published case reports" not in card


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    about = ("--about", ABOUT)

    code, said = run("hip_pain_runners", CASES, card)
    assert (code, "Missing option '--about'" in said) == (2, True)
    code, said = run("hip_pain_runners", tmp_path / "missing.jsonl", card, *about)
    assert (code, "does not exist" in said) == (2, True)
    code, said = run("hip_pain_runners", CASES, tmp_path / "missing" / "card.md", *about)
    assert (code, "make it first" in said) == (2, True)
    code, said = run("hip_pain", CASES, card, *about)
    assert (code, "no shipped network is called 'hip_pain'" in said) == (2, True)
    assert not card.exists()
    card.write_text("mine", encoding="utf-8")
    code, said = run("hip_pain_runners", CASES, card, *about)
    assert (code, "exists already" in said) == (2, True)
    assert card.read_text(encoding="utf-8") == "mine"


def test_texts_of_a_network_are_no_html() -> None:
    """Markdown lets HTML through: what looks like a script is text, in headings, lists and tables alike."""
    data = example_data()
    data["network"]["name"] = data["network"]["population"] = SCRIPT
    for section in ("causes", "findings", "background", "red_flags", "sources"):
        for entry in data[section].values():
            entry.update({key: SCRIPT for key in ("name", "title", "reason") if key in entry})
    net = solved(data)
    card = hb.model_card(net, hb.validate(net.simulate(20, seed=0), network=net, bootstrap=0), about=SCRIPT)
    assert not re.search(r"<(?!https:)", card)
    assert card.count(SCRIPT.replace("<", "&lt;")) > 3

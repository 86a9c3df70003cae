"""The documentation says what is so: its numbers are the library's, its names exist, its links lead somewhere."""

from __future__ import annotations

import inspect
import math
import pkgutil
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from example import read_network

import hip_bayes as hb
from hip_bayes import plots
from hip_bayes.network.provenance import by_basis
from hip_bayes.network.reading import networks_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hip_bayes import Diagnosis
    from hip_bayes.network.parts import Number

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CLINICIANS = DOCS / "how_the_probabilities_come_about.md"
API = sorted((DOCS / "api").glob("*.rst"))
PAGES = sorted({*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "networks").glob("*.md")})
WORDS = {11: "eleven"}


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of a page that are in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def run(page: Path, **known: object) -> dict[str, object]:
    """Run the Python of a page from top to bottom; return what it has named, the last expression as `_`."""
    names = dict(known)
    for code in blocks(page, "python"):
        *before, last = re.split(r"^(?=\S)", code, flags=re.MULTILINE)
        exec("".join(before), names)  # noqa: S102 our own pages
        if re.match(r"\w+ = |import |from |[)\]}]", last):
            exec(last, names)  # noqa: S102
        else:
            names["_"] = eval(last, names)  # noqa: S307
    return names


# --------------------------------------------------------------------------------- the page for clinicians


def of_100(p: float) -> str:
    return f"{100 * p:.0f}"


def odds(p: float) -> float:
    return p / (1 - p)


class Woman:
    """The woman of the page: what the library says, and the numbers that a hand calculation starts from."""

    def __init__(self) -> None:
        self.net = hb.load_network()
        self.start = self.net.diagnose(age=46, sex="female")
        self.asked = self.start.given(lateral_pain=True)
        self.d = self.asked.given(groin_pain=False)
        self.yes = self.asked.given(groin_pain=True)
        sets = self.d.most_probable(10**6)
        self.sets = dict(zip(sets["causes"], sets["probability"], strict=True))
        self.gtps = of_100(self.d["gtps"])
        self.prior = {c: cause.prior["female"]["40-49"].p for c, cause in self.net.causes.items()}
        self.lateral = {c: self.alone("lateral_pain", c) for c in self.net.causes}
        self.groin = {c: self.alone("groin_pain", c) for c in self.net.causes}

    def alone(self, finding: str, cause: str) -> float:
        """P(finding | this cause alone); of a cause with forms, the average over them."""
        given, leak = self.net.findings[finding].given, self.net.findings[finding].leak.p
        forms = {s: form.share.p for s, form in self.net.causes[cause].subtypes.items()}
        if cause in given or not forms:
            return given[cause].p if cause in given else leak
        return sum(share * (given[s].p if s in given else leak) for s, share in forms.items())

    def without_gtps(self, p: dict[str, float]) -> float:
        """P(finding) with one of the other causes, in proportion to how common they are."""
        others = [c for c in self.prior if c != "gtps"]
        return sum(self.prior[c] * p[c] for c in others) / sum(self.prior[c] for c in others)


@pytest.fixture(scope="module")
def woman() -> Woman:
    return Woman()


def before_the_first_question(w: Woman) -> Iterator[str]:
    assert w.d.ranking[0] == "gtps"
    yield "A woman of 46 runs"
    yield f"(GTPS) first, at {w.gtps} %"
    yield f"in women of {w.net.band_of(46)} who run"
    yield "in how many of 100 people"
    yield "of 100 such women, so many have it | of 100 with it alone, pain on the outside | of 100 with it alone, groin"
    for c in sorted(w.prior, key=lambda c: -w.prior[c]):
        yield f"| {w.net.causes[c].name} | {of_100(w.prior[c])} | {of_100(w.lateral[c])} | {of_100(w.groin[c])} |"
    yield f"adds up to {of_100(sum(w.prior.values()))}, not 100"
    yield "add up to 100 % either"


def by_hand(w: Woman) -> Iterator[str]:
    prior, lateral, none = w.prior["gtps"], w.lateral["gtps"], 1 - w.groin["gtps"]
    others_lateral, others_none = w.without_gtps(w.lateral), 1 - w.without_gtps(w.groin)
    n, m = of_100(prior), of_100(1 - prior)
    yield f"{n} of 100 have GTPS, {m} do not: odds of {n} to {m}, or {odds(prior):.2f}."
    yield f"Of 100 with GTPS {of_100(lateral)} have it."
    yield f"Take the other {WORDS[len(w.prior) - 1]} causes in proportion to how common they are"
    yield f"and {of_100(others_lateral)} of 100 do."
    yield f"is {of_100(lateral)} / {of_100(others_lateral)} = {lateral / others_lateral:.1f}."
    yield f"Of 100 with GTPS {of_100(none)} have none"
    yield f"in the same proportions, {of_100(others_none)}."
    yield f"is {of_100(none)} / {of_100(others_none)} = {none / others_none:.1f}."

    yield "The same in 1,000 women:"
    yield "| of 1,000 women |"
    have, have_not = 1000 * prior, 1000 * (1 - prior)
    yield f"| {have:.0f} | {have_not:.0f} | {have / have_not:.2f} | {of_100(prior)} |"
    for with_, without in ((lateral, others_lateral), (none, others_none)):
        have, have_not = have * with_, have_not * without
        yield f"| {have:.0f} | {have_not:.0f} | {have / have_not:.1f} | {of_100(have / (have + have_not))} |"
    yield f"By hand: {of_100(have / (have + have_not))} %. The exact answer: {w.gtps} %."


def what_the_hand_left_out(w: Woman) -> Iterator[str]:
    p = math.exp(w.asked.log_evidence - w.start.log_evidence)  # of pain on the outside
    with_, without = (after * p / before for after, before in zip(both(w.asked), both(w.start), strict=True))
    yield f"likelier: {of_100(without)} of 100, not {of_100(w.without_gtps(w.lateral))}."
    yield f"With GTPS it is {of_100(with_)}, not {of_100(w.lateral['gtps'])}."
    yield f"The exact likelihood ratio is {with_ / without:.1f}."
    yield f"among *these*: it is {odds(w.d['gtps']) / odds(w.asked['gtps']):.1f}."

    assert sum(w.sets.values()) == pytest.approx(1)
    alone, band_alone, with_back = list(w.sets)[:3]
    assert (alone, band_alone, with_back) == (("gtps",), ("itb_syndrome",), ("gtps", "lumbar_referred"))
    yield f"{of_100(w.sets[alone])} % have GTPS and nothing else"
    yield f"{of_100(w.sets[band_alone])} % an iliotibial band syndrome and nothing else"
    yield f"{of_100(w.sets[with_back])} % both GTPS and pain from the low back"
    yield f"{of_100(sum(p for causes, p in w.sets.items() if len(causes) == 1))} % have exactly one cause"


def both(d: Diagnosis) -> tuple[float, float]:
    return d["gtps"], 1 - d["gtps"]


def two_causes_against_each_other(w: Woman) -> Iterator[str]:
    for name, other, form in (("iliotibial band syndrome", "itb_syndrome", ".1f"), ("impingement", "fai", ".0f")):
        pairs = [(p["gtps"], p[other]) for p in (w.prior, w.lateral)]
        pairs.append((1 - w.groin["gtps"], 1 - w.groin[other]))
        cells = [f"{of_100(a)} / {of_100(b)} = {a / b:{'.2f' if a < b else '.1f'}}" for a, b in pairs]
        hand = math.prod(a / b for a, b in pairs)
        yield f"| {name} | {' | '.join(cells)} | {hand:{form}} | {w.d['gtps'] / w.d[other]:{form}} |"
    yield f"which drops to {of_100(w.d['fai'])} %."


def when_two_causes_are_there(w: Woman) -> Iterator[str]:
    none, band_none = 1 - w.lateral["gtps"], 1 - w.lateral["itb_syndrome"]
    leak = w.net.findings["lateral_pain"].leak.p
    neither = none * band_none / (1 - leak)
    yield f"GTPS alone leaves {of_100(none)} of 100 without"
    yield f"{of_100(band_none)} % of these {of_100(none)} would still have none: about {of_100(neither)}."
    yield f"So with both {of_100(1 - neither)} of 100 have it."
    yield f"the **leak**, is put at {100 * leak:.1f} %."
    assert {"fai", "labral_tear"} <= {c for m in w.net.mechanisms.values() for c in m.causes}


def one_cause_explains_the_pain_away(w: Woman) -> Iterator[str]:
    band = {causes: p for causes, p in w.sets.items() if "itb_syndrome" in causes}
    certain = sum(p for causes, p in band.items() if "gtps" in causes) / w.d["gtps"]
    ruled_out = sum(p for causes, p in band.items() if "gtps" not in causes) / (1 - w.d["gtps"])
    yield f"Iliotibial band syndrome starts at {of_100(w.prior['itb_syndrome'])} %."
    yield f"take it to {of_100(w.d['itb_syndrome'])} %."
    yield f"it would be at {of_100(certain)} %. And if GTPS were ruled out: {of_100(ruled_out)} %."


def not_asked_is_not_no(w: Woman) -> Iterator[str]:
    for answer, d in (("no", w.d), ("not asked", w.asked), ("yes", w.yes)):
        yield f"| {answer} | {of_100(d['gtps'])} % | {of_100(d['fai'])} % |"
    p = math.exp(w.yes.log_evidence - w.asked.log_evidence)
    assert w.asked["gtps"] == pytest.approx(p * w.yes["gtps"] + (1 - p) * w.d["gtps"])
    yield f"{of_100(p)} in 100 would say yes"
    yield f"{of_100(w.asked['gtps'])} % lies between {of_100(w.yes['gtps'])} % and {w.gtps} % accordingly"
    yield '`groin_pain=0.3` weighs "yes" to "no" as 3 to 7.'


def background(w: Woman) -> Iterator[str]:
    ratio = w.net.causes["gtps"].odds_ratios["weak_hip_abductors"]
    weak, strong = (w.d.given(weak_hip_abductors=x)["gtps"] for x in (True, False))
    assert (ratio.value, ratio.basis) == (2, "qualitative")
    assert odds(weak) / odds(strong) == pytest.approx(ratio.value, rel=0.1)
    yield f"the range given is {ratio.low:g} to {ratio.high:g}"
    yield f"GTPS goes from {w.gtps} % to {of_100(weak)} %; measured and strong, to {of_100(strong)} %."
    yield f"about twice those of the other, {odds(weak):.1f} and {odds(strong):.1f}."
    share = w.net.background["weak_hip_abductors"].prevalence["female"]["40-49"].p
    yield f"{of_100(share)} in 100 such women are weak"


def red_flags(w: Woman) -> Iterator[str]:
    fever = w.d.given(fever=True)
    assert fever["gtps"] == w.d["gtps"]
    yield f"GTPS stays at {w.gtps} %"
    yield f'**{fever.triage.level}** and "{fever.advice[0]}"'


def how_sure(w: Woman) -> Iterator[str]:
    now = w.d.intervals().loc["gtps"]
    yield f"How sure is {w.gtps} %?"
    yield f"makes {w.gtps} % a range from {of_100(now['low'])} % to {of_100(now['high'])} % (90 % credible interval"
    yield f"GTPS comes first in {of_100(now['p_first'])} % of the draws"

    numbers: dict[str, Number] = {}
    for c, name in (("gtps", "GTPS"), ("itb_syndrome", "iliotibial band"), ("fai", "impingement")):
        numbers[f"{name}, women {w.net.band_of(46)}"] = w.net.causes[c].prior["female"]["40-49"]
        numbers[f"pain on the outside, {name} alone"] = w.net.findings["lateral_pain"].given[c]
        numbers[f"groin pain, {name} alone"] = w.net.findings["groin_pain"].given[c]
    for what, number in numbers.items():
        cells = [what, f"{of_100(number.p)} %", f"{number.n:g}", number.basis]
        yield f"| {' | '.join(cells)} | {', '.join(f'`{id_}`' for id_ in number.source)}".rstrip()
    counts = by_basis(w.net)
    yield f"the network's {sum(counts.values()):,} numbers, {counts['judgement']:,} are judgements"

    raised, printed = numbers["pain on the outside, GTPS alone"], run(CLINICIANS)["_"]
    assert raised.note.startswith("printed 0.75 of 45; raised: the figure is the main site only")
    assert isinstance(printed, float)
    yield f"The {of_100(raised.p)} % shows"
    yield "The study prints 75 % of 45 patients"
    yield f"With 75 % as printed the answer is {of_100(printed)} % instead of {w.gtps} %:"
    for id_ in (id_ for number in numbers.values() for id_ in number.source):
        source = w.net.sources[id_]
        year = "year unknown" if source.year == "unknown" else source.year
        yield f"- `{id_}`: [{source.title}]({source.address}), {year}\n"
    yield f"It knows {WORDS[len(w.net.causes) - 1]} causes"


def test_every_number_for_clinicians_is_the_library_s(woman: Woman) -> None:
    """What the page says is recomputed from the first number to the last, and no number on it is left over."""
    rest = re.sub(r"^```.*?^```", "", CLINICIANS.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for section in (
        before_the_first_question,
        by_hand,
        what_the_hand_left_out,
        two_causes_against_each_other,
        when_two_causes_are_there,
        one_cause_explains_the_pain_away,
        not_asked_is_not_no,
        background,
        red_flags,
        how_sure,
    ):
        for text in section(woman):
            before, found, rest = rest.partition(text)
            assert found, f"{CLINICIANS.name} should now say in {section.__name__}: {text}"
            assert not re.search(r"\d", before), f"a number that is not checked, before {text!r}: ...{before[-200:]}"
    assert not re.search(r"\d", rest)


# ----------------------------------------------------------------------------------------- the reference


def documented() -> list[tuple[str, str, list[str]]]:
    """Return of everything on the API pages: directive, full name, and the members that are named."""
    found = []
    for page in API:
        module = ""
        for line in page.read_text(encoding="utf-8").splitlines():
            if directive := re.match(r"\.\. (currentmodule|auto\w+):: ([\w.]+)", line):
                kind, name = directive.groups()
                if kind == "currentmodule":
                    module = name
                    continue
                full = name if name.startswith("hip_bayes.") else f"{module}.{name}"
                found.append((kind, full, []))
            elif members := re.match(r" +:(?:special-)?members: (.+)", line):
                found[-1][2].extend(members[1].split(", "))
    return found


def test_what_the_reference_names_exists_and_says_what_it_is() -> None:
    for kind, name, members in documented():
        thing = pkgutil.resolve_name(name)
        assert inspect.getdoc(thing), name
        assert inspect.isclass(thing) == (kind in {"autoclass", "autoexception"}), name
        for member in members:
            assert inspect.getdoc(inspect.getattr_static(thing, member)), f"{name}.{member}"


def test_everything_public_is_in_the_reference_once() -> None:
    names = [name for _, name, _ in documented()]

    assert len(names) == len(set(names))
    assert {f"hip_bayes.{name}" for name in hb.__all__} <= set(names)


def test_every_picture_is_in_the_reference() -> None:
    """With a picture to look at in its docstring."""
    pictures = [name for name, _ in inspect.getmembers(plots, inspect.isfunction) if not name.startswith("_")]
    names = {name for _, name, _ in documented()}

    assert pictures
    for name in pictures:
        assert f"hip_bayes.plots.{name}" in names
        assert ".. plot::" in (inspect.getdoc(getattr(plots, name)) or ""), name


def test_every_page_of_the_reference_is_in_the_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = [path.relative_to(DOCS) for path in (*API, *DOCS.glob("*.md")) if path.name != "index.md"]

    for page in pages:
        assert f"\n{page.with_suffix('').as_posix()}\n" in index, page
        assert f"]({page.as_posix()})" in index or page.stem == "changelog", page


# ---------------------------------------------------------------------------------------- links and code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_files_lead_to_a_file(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"https?:|#", link)]
    links += re.findall(r"^```\{include\} (\S+)", text, flags=re.MULTILINE)

    for link in links:
        assert (page.parent / link.split("#")[0]).is_file(), link


def test_the_links_are_found() -> None:
    """The test above looks at the pages there are, and sees their links."""
    names = {page.name for page in PAGES}

    assert {"README.md", "CONTRIBUTING.md", "index.md", "speed.md", "hip_pain_runners.card.md"} <= names
    assert "](docs/speed.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "index.md"], ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a table of cases as `frame`, which the README does not make."""
    monkeypatch.chdir(tmp_path)
    names = run(page, frame=pd.DataFrame({"age": [46, 30], "sex": ["female", "male"], "lateral_pain": [True, None]}))
    d = names["d"]

    assert isinstance(d, hb.Diagnosis)
    assert d.ranking[0] == "gtps"


def test_the_finding_of_the_guide_can_be_added() -> None:
    """CONTRIBUTING.md shows how; pasted into the shipped network, it works and speaks for what it is linked to."""
    [text] = blocks(ROOT / "CONTRIBUTING.md", "toml")
    added = tomllib.loads(text)
    [id_] = added["findings"]
    data = tomllib.loads((networks_dir() / "hip_pain_runners.toml").read_text(encoding="utf-8"))
    net = read_network(data | {part: data[part] | entries for part, entries in added.items()})
    before: Diagnosis = net.diagnose(age=30)

    assert before.given({id_: True})["stress_fracture"] > before["stress_fracture"]


def test_the_guide_names_every_benchmark() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    scripts = {path.name for path in (ROOT / "tests/benchmarks").glob("*.py")}

    assert set(re.findall(r"^\| `(\w+\.py)` \|", guide, flags=re.MULTILINE)) == scripts

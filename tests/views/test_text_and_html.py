"""How results, networks, causes and findings look in a notebook, and the words that all views share."""

from __future__ import annotations

import dataclasses
import re
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from example import SCRIPT, Data, finding, qmr_like, read_network, rich_data, small, solved, with_background
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes.explorer.page_html import probability, reasons
from hip_bayes.inference.in_words import said
from hip_bayes.network.checks import numbers
from hip_bayes.network.parts import Number, OddsRatio
from hip_bayes.network.provenance import by_basis, look_up
from hip_bayes.network.wording import DISCLAIMER, between, factor, percent, sure
from hip_bayes.reasoning.explanation import SMALL
from hip_bayes.reasoning.fit import fit
from hip_bayes.views.html import DRAWS, LEVEL, MOST_PIECES, MOST_STATES, of_network, tag
from hip_bayes.views.triage_banner import cleared, headline

if TYPE_CHECKING:
    from collections.abc import Iterable

FACTS: dict[str, object] = {"age": 46, "sex": "female", "lateral_pain": True, "night_pain": 0.7, "fever": True}
MINUS = "\N{MINUS SIGN}"
ELEMENTS = {"style", "div", "p", "b", "ul", "li", "details", "summary", "code", "small", "span"}
ELEMENTS |= {"table", "tr", "th", "td"}
TEXTS = ("name", "description", "population", "version", "question", "reason", "note", "action", "title", "text")
"""Entries of a network file that hold free text."""


class Page(HTMLParser):
    """An HTML fragment, read strictly: every element is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.style = self.text = ""
        self.feed(html)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.open.append(tag)
        self.elements.append((tag, dict(attrs)))
        self.text += " " if tag in ("td", "th", "p", "li", "div", "span", "summary") else ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Refuse an element that closes itself."""
        raise AssertionError(f"<{tag}/> with {attrs}")

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes the last one."""
        assert self.open.pop() == tag, "elements are closed in order"

    def handle_data(self, data: str) -> None:
        """Keep what a reader sees."""
        if "style" in self.open:
            self.style += data
        else:
            self.text += data

    def marks(self, class_: str) -> list[dict[str, float]]:
        """Return left and width, in per cent, of the elements of a class."""
        found = [a["style"] or "" for _, a in self.elements if a.get("class") == class_]
        return [{key: float(x) for key, x in re.findall(r"(\w+):([\d.]+)%", style)} for style in found]


def read(shown: Any) -> Page:  # noqa: ANN401 whatever has a notebook view
    """Parse a notebook view, check that it can do nothing, and return it."""
    page = Page(shown._repr_html_())
    assert {name for name, _ in page.elements} <= ELEMENTS
    assert {key for _, attributes in page.elements for key in attributes} <= {"class", "style", "title", "colspan"}
    assert not re.search(r"url\(|@import|expression|http|<", page.style)
    return page


def parts_of(net: hb.Network) -> list[Any]:
    """Return what has a view of its own, in the order of a file."""
    return [*net.background.values(), *net.causes.values(), *net.findings.values()]


def views(net: hb.Network, facts: dict[str, object]) -> list[Page]:
    """Return all that can be shown of a network and a case."""
    return [read(x) for x in (net.diagnose(facts), net, *parts_of(net))]


def with_text(part: Any, text: str, key: str = "") -> Any:  # noqa: ANN401 parsed TOML
    """Return a part of a network file with `text` added to every free text."""
    if isinstance(part, dict):
        return {k: with_text(x, text, k) for k, x in part.items()}
    if isinstance(part, list):
        return [with_text(x, text, key) for x in part]
    if key == "address":
        return f"https://example.org/{text}"
    return f"{part}{text}" if isinstance(part, str) and (key in TEXTS or key == "states") else part


def in_order(texts: Iterable[str], text: str) -> bool:
    """Say whether some texts come one after the other in a text."""
    at = 0
    for each in texts:
        at = text.find(each, at) + len(each)
        if at < len(each):
            return False
    return True


# Nothing that a file says is anything but text.


@pytest.mark.parametrize(
    "evil",
    [SCRIPT, "<img src=x onerror=alert(1)>", "' onmouseover='alert(1)", '" style="x', "</style><b>&amp;", "]]><!--"],
)
def test_every_text_of_a_file_is_shown_as_text(evil: str) -> None:
    """In a result, a network, a cause and a finding alike; `read` finds no other element and no other attribute."""
    data = with_text(rich_data(), evil)
    del data["findings"]["onset"]["aliases"]
    data["hazards"]["neck"]["threshold"] = 0.001
    net = solved(data)
    facts = {**FACTS, "onset": True, "weak_muscles": True}

    d, whole, weak, tendon, bone, *_, lateral, night, onset = views(net, facts)

    assert SCRIPT not in net.diagnose(facts)._repr_html_()
    for words in (net.name, net.version, net.red_flags["fever"].name, net.red_flags["fever"].reason):
        assert words in d.text
    for words in (net.red_flags["fever"].action, net.red_flags["weight_loss"].question, net.hazards["neck"].action):
        assert words in d.text
    assert f"{net.findings['onset'].name}: sudden{evil}" in d.text
    assert net.name_of("neck") in d.text  # the hazard
    assert all(cause.name in d.text and cause.name in whole.text for cause in net.causes.values())
    for words in (net.description, net.population, net.version, net.background["weak_muscles"].question):
        assert words in whole.text
    assert all(f.name in whole.text and f.question in whole.text for f in net.findings.values())
    assert all(f.question in whole.text for f in net.red_flags.values())
    assert net.background["weak_muscles"].question in weak.text
    assert all(
        number.note in weak.text
        for row in net.background["weak_muscles"].prevalence.values()
        for number in row.values()
    )
    assert net.causes["tendon"].description in tendon.text
    assert net.causes["tendon"].odds_ratios["weak_muscles"].reason in tendon.text
    assert net.causes["bone"].subtypes["neck"].share.reason in bone.text
    assert net.findings["lateral_pain"].given["other"].note in lateral.text
    assert net.findings["night_pain"].parent.effect.reason in night.text  # type: ignore[union-attr]
    assert onset.text.count(f"sudden{evil}") >= 2


def test_an_element_escapes_what_is_not_one() -> None:
    assert tag("p", "<b>", tag("b", "&"), title='"') == '<p title="&quot;">&lt;b&gt;<b>&amp;</b></p>'


@settings(max_examples=40)
@given(drawn=st.data(), data=networks())
def test_whatever_is_known_is_well_formed_and_complete(drawn: st.DataObject, data: Data) -> None:
    """Every cause with its probability, high to low; every number of the network with its basis; all of it closed."""
    net = solved(data)
    facts = drawn.draw(evidence(data))
    d = net.diagnose(facts)

    page, whole, *parts = views(net, facts)

    assert in_order((f"{c} {percent(d[c])}" for c in d.ranking), page.text)
    assert len(page.marks("p")) == len(page.marks("interval")) == len(net.causes)
    assert all(0 <= mark["left"] <= 100 and mark["width"] >= 0 for mark in page.marks("interval"))
    assert whole.text.count(DISCLAIMER) == page.text.count(DISCLAIMER) == 1
    for part, shown in zip(parts_of(net), parts, strict=True):
        assert f'net.look_up("{part.id}")' in shown.text
        assert look_up(net, part.id)["path"].size > 0


# A result.


def test_red_flags_come_first_and_the_disclaimer_once(rich: hb.Network) -> None:
    """Level, reason and action; then what nobody asked about, folded; then what is known and the causes."""
    d = rich.diagnose(FACTS)
    page = read(d)

    assert in_order(
        [
            "URGENT: have this assessed today",
            "Fever: an infected joint. Same-day assessment.",
            "Not asked, so not cleared: 1 of 2 red flags",
            rich.red_flags["weight_loss"].question,
            "Known: age 46, female, Pain on the outside of the hip: yes, Pain at night: 70% sure, Fever: yes",
            "Tendon pain tendon",
            "A minimal network, version 0.1.0.",
            DISCLAIMER,
        ],
        page.text,
    )
    assert page.text.count(DISCLAIMER) == 1


@pytest.mark.parametrize(
    ("facts", "level"), [({}, "2 of 2 red flags not asked"), ({"weight_loss": True}, "SOON"), (FACTS, "URGENT")]
)
def test_the_level_is_a_word(rich: hb.Network, facts: dict[str, object], level: str) -> None:
    assert read(rich.diagnose(facts)).text.strip().startswith(f"{level}: ")


def test_it_says_what_must_not_be_tested(rich: hb.Network) -> None:
    d = rich.diagnose(lateral_pain=False, age=60)

    assert d.triage.avoid == ("night_pain",)
    assert "Do not test now: Pain at night (night_pain)." in read(d).text


def test_intervals_are_those_of_the_result(rich: hb.Network) -> None:
    """Drawn where `intervals` has them, and said in words beside the bar."""
    d = rich.diagnose(FACTS)
    expected = d.intervals(LEVEL, draws=DRAWS)
    page = read(d)

    for mark, bar, (cause, row) in zip(page.marks("interval"), page.marks("p"), expected.iterrows(), strict=True):
        assert mark["left"] == pytest.approx(100 * row["low"], abs=0.006)
        assert mark["left"] + mark["width"] == pytest.approx(100 * row["high"], abs=0.011)
        assert bar["width"] == pytest.approx(100 * d[str(cause)], abs=0.006)
        assert f"{cause} {percent(d[str(cause)])} {between(row['low'], row['high'])}" in page.text
    assert "90% interval" in page.text
    assert f"({DRAWS} draws)" in page.text


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ({}, "before anything was known"),
        ({"sex": "male"}, "before anything but sex was known"),
        ({"age": 60, "sex": "male"}, "before anything but age and sex was known"),
    ],
)
def test_a_mark_shows_what_was_before(rich: hb.Network, people: dict[str, object], words: str) -> None:
    """P(cause) of such people: in words too, and not at all where nothing more is known."""
    d = rich.diagnose(people, lateral_pain=True)
    before = rich.diagnose(people)
    page = read(d)
    titles = [a["title"] or "" for _, a in page.elements if "title" in a]

    assert [m["left"] for m in page.marks("before")] == pytest.approx([100 * before[c] for c in d.ranking], abs=0.006)
    assert all(t.endswith(f"; {percent(before[c])} {words}") for t, c in zip(titles, d.ranking, strict=True))
    assert f"The dotted mark is the probability {words}." in page.text
    assert read(before).marks("before") == []
    assert "dotted" not in read(before).text


def test_no_probability_is_shown_as_certain(data: Data) -> None:
    data["findings"]["sure"] = finding(1e-7, {"tendon": 0.999999})
    net = solved(data)

    for certain, shown in ((True, ">99.9%"), (False, "<0.1%")):
        page = read(net.diagnose(sure=certain))
        assert f"tendon {shown}" in page.text
        assert not re.search(r"\b(100|100\.0|0|0\.0)%", page.text)


def test_reasons_are_those_of_the_explanation(rich: hb.Network) -> None:
    """Under "For" and "Against", with a sign and a factor each; of the three likeliest causes, the first unfolded."""
    d = rich.diagnose({**FACTS, "weak_muscles": False, "onset": "sudden"})
    page, raw = read(d), d._repr_html_()

    blocks = page.text.split("For:")[1:]
    assert len(blocks) == 3
    for cause, block in zip(d.ranking, blocks, strict=False):
        pro, con = block.split("Against:")
        table = d.explain(cause)
        for id_, row in table.iterrows():
            side, sign = (pro, "+") if row["contribution"] > 0 else (con, MINUS)
            words = f"{sign} {said(rich, str(id_), row['said'])} ({factor(row['contribution'])}"
            assert (words in side) == (abs(row["contribution"]) >= SMALL)
            if row["explained_by"] and words in side:
                assert f"{words}; {rich.name_of(row['explained_by'])} explains it too)" in side
            chip = f'<span class="chip {row["direction"]}">{escape(words).replace(" (", " <small>(", 1)}'
            assert chip in raw or words not in side
    assert in_order([f"{rich.name_of(c)}, {percent(d[c])}" for c in d.ranking], page.text)
    assert page.text.index("The same for") > page.text.index("Against:")


@settings(max_examples=20)
@given(drawn=st.data(), data=networks())
def test_the_explorers_bars_are_the_probabilities(drawn: st.DataObject, data: Data) -> None:
    """As long as they are probable, with a line from end to end of the interval, and all of it in words."""
    d = solved(data).diagnose(drawn.draw(evidence(data)))
    for c, (low, high) in d.intervals(LEVEL, draws=20)[["low", "high"]].T.items():
        page = Page(probability(d[str(c)], (low, high)))
        [bar], [line] = page.marks("p"), page.marks("interval")

        assert bar == {"width": pytest.approx(100 * d[str(c)], abs=0.006)}
        assert line["left"] == pytest.approx(100 * low, abs=0.006)
        assert line["left"] + line["width"] == pytest.approx(100 * high, abs=0.011)
        assert in_order([percent(d[str(c)]), between(low, high)], page.text)
        alone = Page(probability(d[str(c)], None))
        assert (alone.marks("p"), alone.marks("interval")) == ([bar], [])
        assert alone.text.split() == [percent(d[str(c)])]


@settings(max_examples=20)
@given(drawn=st.data(), data=networks())
def test_the_explorers_reasons_are_those_of_the_explanation(drawn: st.DataObject, data: Data) -> None:
    """From the middle to the right what speaks for a cause, to the left what speaks against it."""
    net = solved(data)
    d = net.diagnose(drawn.draw(evidence(data)))
    cause = d.ranking[0]
    table = d.explain(cause)
    page = Page("".join(reasons(d, cause)))
    most = max(1.0, *table["contribution"].abs()) if len(table) else 1.0
    lengths = (50 * table["contribution"].abs() / most).tolist()

    assert in_order([f"Why {d.network.name_of(cause)}: {percent(d[cause])}?", table.attrs["summary"]], page.text)
    pieces = zip(table.index, table["said"], table["direction"], table["contribution"], strict=True)
    assert in_order((f"{said(net, str(f), x)} {side}, {factor(size)}" for f, x, side, size in pieces), page.text)
    pro, con = iter(page.marks("p")), iter(page.marks("hbx-against"))
    for size, length in zip(table["contribution"], lengths, strict=True):
        bar = next(pro if size > 0 else con)
        assert bar["width"] == pytest.approx(length, abs=0.006)
        assert bar["left"] == pytest.approx(50 if size > 0 else 50 - length, abs=0.006)
    assert [*pro, *con] == []


def test_an_explanation_with_nothing_on_a_side_says_so(rich: hb.Network) -> None:
    text = read(rich.diagnose(lateral_pain=True)).text

    assert re.search(r"For:\s+\+ Pain on the outside of the hip: yes \(odds x [\d.]+\)\s+Against: nothing", text)


def test_nothing_known_needs_no_explanation(rich: hb.Network) -> None:
    assert "For:" not in read(rich.diagnose()).text


def test_much_evidence_is_shown_without_what_takes_long() -> None:
    """Up to `MOST_PIECES` pieces the reasons are there; with one more it says how to get them."""
    causes = {"a": 0.4, "b": 0.5}
    ids = [f"f{i}" for i in range(MOST_PIECES + 1)]
    net = solved(small(causes, {f: finding(0.1, {"a": 0.3}) for f in ids}))
    all_but_one = net.diagnose(dict.fromkeys(ids[:-1], True))
    everything = net.diagnose(dict.fromkeys(ids, True))

    assert "For:" in read(all_but_one).text
    page = read(everything)
    assert "For:" not in page.text
    assert 'd.why("a")' in page.text
    assert len(page.marks("interval")) == len(causes)


def test_of_a_network_too_large_to_list_the_probabilities_are_shown() -> None:
    """No intervals, reasons or questions, and no error: it says what is not there, and why."""
    net = solved(qmr_like(40, 20, seed=1))
    d = net.diagnose(f0=True, f1=False)
    with pytest.raises(hb.NetworkTooLargeError, match="needs a list of all sets"):
        d.intervals(draws=20)

    page = read(d)

    assert len(page.marks("p")) == len(page.marks("before")) == 40
    assert page.marks("interval") == []
    assert not re.search("For:|Most worth knowing", page.text)
    assert re.search(
        r"Left out .* 40 causes .*1.1e\+12 joint states.*intervals \(d.intervals\(\)\), whether", page.text
    )
    assert in_order((f"{c} {percent(d[c])}" for c in d.ranking), page.text)


def test_of_a_network_slow_to_list_the_probabilities_are_shown() -> None:
    net = solved(small(dict.fromkeys("qdkaofmbhlcpgniej", 0.5), {"hurts": finding(0.1, {"a": 0.4})}))
    assert net.engine.enumerable
    assert net.engine.states > MOST_STATES

    page = read(net.diagnose(hurts=True))
    assert page.marks("interval") == []
    assert not re.search("For:|Most worth knowing", page.text)
    assert "Left out of this page" in page.text


def test_what_takes_long_is_left_out_of_the_page_and_the_rest_is_there() -> None:
    """Two hundred networks, each with 2 ** 14 states of shared background, would take a minute; the reasons do not."""
    causes = [f"c{k}" for k in range(12)]
    data = small(dict.fromkeys(causes, 0.2), {f: finding(0.1, {"c0": 0.5}) for f in "fgh"}, everyone=True)
    d = solved(with_background(data, 14, causes)).diagnose(f=True, g=False)

    page = read(d)

    assert page.marks("interval") == []
    assert re.search("For:.*Most worth knowing", page.text, re.DOTALL)
    assert re.search(
        r"Left out of this page, because with 12 causes \(4.1e\+03 joint states, 16,384 states of shared background\) "
        r"they may take long: intervals \(d.intervals\(\)\)\.",
        page.text,
    )


def test_a_page_that_shows_all_says_nothing_of_what_is_left_out(shipped: hb.Network) -> None:
    everything = shipped.diagnose({f: True for f, finding in shipped.findings.items() if not finding.sex})
    for d in (shipped.diagnose(), everything):
        assert "Left out" not in read(d).text


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.51, "51% sure"), (0.996, "99.6% sure"), (1 - 1e-12, ">99.9% sure"), (1e-12, "<0.1% sure")],
)
def test_how_sure_an_answer_is_is_never_rounded_to_certainty(net: hb.Network, p: float, words: str) -> None:
    d = net.diagnose(lateral_pain=p)

    assert sure(p) == words
    assert f"lateral_pain {words}" in str(d)
    assert said(net, "lateral_pain", p).endswith(f": {words}")


def test_the_fit_is_mentioned_where_the_case_is_outside(rich: hb.Network) -> None:
    inside, outside = (rich.diagnose(FACTS) for _ in range(2))
    assert not inside.fit.outside
    sentence = "The answers are unusual"
    clash = f"Two {SCRIPT} clash."
    unusual = dataclasses.replace(inside.fit, percentile=0.2, reasons=(clash,))
    assert not outside.fit.outside
    vars(outside)["_kept"][fit] = unusual  # what `once` keeps

    assert sentence not in read(inside).text
    assert outside.fit.sentence in read(outside).text
    assert outside.fit.sentence.startswith(sentence)
    assert clash in outside.fit.sentence


def test_a_remark_is_there_where_no_listed_cause_fits() -> None:
    causes = dict.fromkeys(("a", "other"), 0.4)
    d = solved(small(causes, {"odd": finding(0.01, {"other": 0.9})}, everyone=False)).diagnose(odd=True)

    assert len(d.remarks) == 1
    assert d.remarks[0] in read(d).text


def test_the_next_questions_are_the_best_of_each_kind() -> None:
    """An image is not a question: the kinds are told apart, in the order in which one goes about them."""
    d = hb.diagnose(age=46, sex="female", lateral_pain=True)
    text = read(d).text

    for kind in ("history", "examination", "imaging"):
        [(id_, best)] = d.next_questions(1, kinds=kind).iterrows()
        assert f"{kind}: {best['question']} {id_} ({best['bits']:.2f} bits)" in text
    assert text.index("history: ") < text.index("examination: ") < text.index("imaging: ")


def test_what_tells_nothing_is_not_asked() -> None:
    """Neither a finding that every cause brings about as its leak does, nor one that is known."""
    causes = {"a": 0.4, "b": 0.5}
    net = solved(small(causes, {"useless": finding(0.1, {"a": 0.1}), "useful": finding(0.1, {"a": 0.5})}))

    assert "history: Is it there? useful (" in read(net.diagnose()).text
    assert "Most worth knowing next" not in read(net.diagnose(useful=True)).text
    assert "Most worth knowing next" not in read(net.diagnose(useful=True, useless=True)).text


# A network.


def test_a_network_shows_what_it_is_and_rests_on(rich: hb.Network) -> None:
    """Name, counts, priors by sex over all ages, bases, and every id that can be said."""
    page = read(rich)

    assert in_order(
        ["A minimal network, version 0.1.0", rich.description, rich.population, "Ages 18 to 90."], page.text
    )
    assert "3 causes, 1 background factor, 3 findings, 2 red flags, 1 source" in page.text
    bars = iter(page.marks("p"))
    for cause in rich.causes.values():
        ranges = [between(min(p), max(p)) for p in ([n.p for n in row.values()] for row in cause.prior.values())]
        assert f"{cause.name} {cause.id} {' '.join(ranges)}" in page.text
        both = [n.p for row in cause.prior.values() for n in row.values()]
        place = {"left": 100 * min(both), "width": 100 * (max(both) - min(both))}
        assert next(bars) == pytest.approx(place, abs=0.006)
    styles = [attributes.get("style") or "" for _, attributes in page.elements]
    shares = iter(int(style.removeprefix("flex-grow:")) for style in styles if style.startswith("flex-grow:"))
    for basis, count in by_basis(rich).items():
        assert re.search(rf"\b{basis} {count}\b", page.text)
        assert not count or next(shares) == count
    for part in (*rich.findings.values(), *rich.background.values(), *rich.red_flags.values()):
        assert f"{part.name} {part.id}: {part.question}" in page.text
    assert f"History: {len(rich.findings)}" in page.text
    assert page.text.count(DISCLAIMER) == 1


def test_a_network_is_shown_without_being_solved() -> None:
    net = read_network(rich_data())

    assert read(net).text == Page(of_network(net)).text
    assert "engine" not in vars(net)


def test_priors_are_those_of_the_setting() -> None:
    net = hb.load_network().in_setting("hip_surgery_clinic")
    p = [n.p for n in net.causes["fai"].prior["male"].values()]

    assert "as seen in: Hip surgery clinic" in read(net).text
    assert between(min(p), max(p)) in read(net).text


# A cause and a finding.


def shown_number(number: Number | OddsRatio) -> str:
    """Return a number as its part's view has it."""
    if isinstance(number, OddsRatio):
        return f"{number.value:g} ({number.low:g} to {number.high:g})"
    return percent(number.p)


def test_a_part_shows_all_its_numbers_with_their_provenance() -> None:
    """Of the shipped network: value, n, basis, sources, reason and note of every number that is not a setting's."""
    net = hb.load_network()
    pages = {part.id: read(part).text for part in parts_of(net)}

    for path, x in numbers(net):
        section, id_, *rest = path.split(".")
        if section not in ("background", "causes", "findings"):
            continue
        label = {
            "prevalence": ", ".join(rest[1:]),
            "prior": ", ".join(rest[1:]),
            "leak": "none of these)",
            "parent": "",
        }.get(rest[0], rest[-1])
        if rest[0] == "subtypes":
            label = net.name_of(rest[1])
        assert f"{label} {shown_number(x)}" in pages[id_], path
        worth = f", n = {x.n:g}" if isinstance(x, Number) else ""
        from_ = "; ".join([f"{x.basis}{worth}", *filter(None, (x.reason, x.note))])
        cited = f"; source: {', '.join(x.source)}" if x.source else ""
        assert from_ + cited in pages[id_], path


def test_numbers_with_the_same_provenance_have_it_once() -> None:
    data = small({"a": 0.4, "b": 0.5}, {"f": finding(0.1, {"a": 0.3, "b": 0.2})})
    f = solved(data).findings["f"]
    data["findings"]["f"]["given"]["b"]["n"] = 11.0
    g = solved(data).findings["f"]

    assert read(f).text.count("for this test") == 2  # the links together, and the leak
    assert read(g).text.count("for this test") == 3


def test_a_finding_shows_its_links_high_to_low(rich: hb.Network) -> None:
    page = read(rich.findings["lateral_pain"])
    given = rich.findings["lateral_pain"].given
    links = sorted(given, key=lambda c: -given[c].p)

    assert in_order([f"{c} {percent(given[c].p)}" for c in links], page.text)
    assert page.marks("p")[0]["width"] == pytest.approx(100 * given[links[0]].p)
    assert rich.findings["lateral_pain"].question in page.text


def test_a_finding_shows_its_words(rich: hb.Network) -> None:
    """Its states, other ids that mean them, its parent, and who can have it."""
    onset = read(dataclasses.replace(rich.findings["onset"], sex="female")).text

    assert "States: gradual (absent), sudden (present). acute means sudden. Asked of female runners only." in onset
    assert "P(sudden | this cause alone)" in onset
    night = read(rich.findings["night_pain"]).text
    assert in_order(["Made likelier by another finding", "lateral_pain 20.0%"], night)


def test_causes_and_findings_have_one_line_in_a_terminal(rich: hb.Network) -> None:
    assert repr(rich.causes["tendon"]) == "<Cause tendon: Tendon pain, M70.6>"
    assert repr(rich.findings["night_pain"]) == "<Finding night_pain: Pain at night, history>"
    assert repr(rich.background) == "Table({'weak_muscles': <Background weak_muscles: Weak hip muscles>})"
    assert "\n    'bone': <Cause bone: Stress fracture, M84.3>,\n" in repr(rich.causes)


def test_background_shows_how_to_change_it() -> None:
    spike = hb.load_network().background["training_spike"]

    assert f"Prevention: {' '.join(spike.prevention)}" in read(spike).text
    assert spike.prevention
    assert "Prevention" not in read(hb.load_network().background["high_bmi"]).text


def test_look_up_gives_numbers_with_citations(rich: hb.Network) -> None:
    """The same as the function; all names must be involved; a misspelt one gets the nearest."""
    pd.testing.assert_frame_equal(rich.look_up("tendon"), look_up(rich, ["tendon"]))
    pd.testing.assert_frame_equal(rich.look_up(), look_up(rich))
    assert rich.look_up("tendon", "lateral_pain")["path"].tolist() == ["findings.lateral_pain.given.tendon"]
    assert "A study of lateral hip pain (2020)" in rich.look_up("study_2020")["citation"][0]
    with pytest.raises(hb.UnknownNameError, match="did you mean 'tendon'"):
        rich.look_up("tenden")


# Words.


@given(ends=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted))
def test_an_interval_is_in_whole_per_cent_and_never_certain(ends: list[float]) -> None:
    text = between(*ends)
    words = re.split("\N{EN DASH}| to ", text.removesuffix("%"))

    assert text.endswith("%")
    assert len(words) in (1, 2)
    for p, word in zip(ends, words if len(words) == 2 else words * 2, strict=True):
        assert word not in ("0", "100")
        assert re.fullmatch(r"<1|>99|[1-9]\d?", word)
        assert (
            abs(100 * p - {"<1": 0.25, ">99": 99.75}.get(word, 0) - (int(word) if word.isdigit() else 0)) <= 0.5 + 1e-9
        )


@pytest.mark.parametrize(
    ("log_odds", "words"),
    [
        (0.0, "odds x 1"),
        (1.1314, "odds x 3.1"),
        (-1.1314, "odds x 0.32"),
        (5.0, "odds x 148"),
        (700000.0, "odds x over 1,000"),
        (-700000.0, "odds x under 0.001"),
    ],
)
def test_a_factor_of_the_odds_in_words(log_odds: float, words: str) -> None:
    assert factor(log_odds) == words


@pytest.mark.parametrize(
    ("id_", "value", "words"),
    [
        ("age", 46, "age 46"),
        ("age", "50+", "age 50+"),
        ("sex", "female", "female"),
        ("night_pain", True, "Pain at night: yes"),
        ("weak_muscles", False, "Weak hip muscles: no"),
        ("weak_muscles", 0.25, "Weak hip muscles: 25% sure"),
        ("night_pain", 0.7, "Pain at night: 70% sure"),
        ("onset", "gradual", "A finding: gradual"),
        ("onset", 0.7, "A finding: 70% sure sudden"),
    ],
)
def test_evidence_in_words(rich: hb.Network, id_: str, value: object, words: str) -> None:
    assert said(rich, id_, value) == words


def test_a_network_without_red_flags_says_so_and_is_not_green() -> None:
    """With hazards it still says that none is live; neither is shown as if all were well."""
    data = rich_data()
    del data["red_flags"]
    with_hazard = solved(data).diagnose()
    del data["hazards"]
    without = solved(data).diagnose()

    assert headline(with_hazard) == "ROUTINE: no hazard at its threshold; this network has no red flags"
    assert headline(without) == "This network has no red flags: it says nothing about urgency"
    for d in (with_hazard, without):
        assert not cleared(d)
        assert 'class="level routine unasked"' in d._repr_html_()
    assert cleared(solved(rich_data()).diagnose(fever=False, weight_loss=False))

"""What was not said: silence in a story told freely is evidence on the finding, and nothing else changes."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from example import Data, example_data, finding, number, parent, read_network, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle
from strategies import Facts, cases, split

import hip_bayes as hb
from hip_bayes.network.parts import LEVELS

if TYPE_CHECKING:
    from hip_bayes import Network

EXACT = 1e-9
KINDS = ("site", "history", "examination")
Rates = dict[str, tuple[float, float]]
"""Kind of finding -> P(mentioned | present), P(mentioned | absent)."""
RATES: Rates = {"site": (0.5, 0.004), "history": (0.3, 0.02), "examination": (0.35, 0.08)}


def mention(rates: Rates, up_to: int | None = None) -> Data:
    """Write how freely stories of a length are told."""
    length = {} if up_to is None else {"up_to": up_to}
    return length | {
        state: {kind: number(rates[kind][i]) for kind in KINDS} for i, state in enumerate(("present", "absent"))
    }


def told_freely(data: Data, rates: Rates = RATES) -> Data:
    """Return a network with rates of mention, one for all lengths."""
    return data | {"mention": {"any": mention(rates)}}


def kind_of(data: Data, f: str) -> str | None:
    """Return as what a finding is told, None if nobody tells it: by the design's words, not by the library."""
    entry = data["findings"][f]
    if entry["kind"] == "imaging" or set(entry["given"]) & set(data.get("background", {})):
        return None
    return "site" if entry.get("site") else str(entry["kind"])


def silence(data: Data, facts: Facts, rates: Rates) -> dict[str, tuple[float, float]]:
    """Return for each finding passed over the weights of absent and present."""
    kinds = {f: kind for f in data["findings"] if (kind := kind_of(data, f))}
    told = {f for f in kinds if facts.get(f) not in (None, 0.5, "unknown")}
    if not told:
        return {}
    tests = any(kinds[f] == "examination" for f in told)
    open_ = {v for f in told if float(facts[f]) > 0.5 for v in data["findings"][f].get("vague", ())}
    return {
        f: (1 - rates[kind][1], 1 - rates[kind][0])
        for f, kind in kinds.items()
        if facts.get(f) is None and f not in open_ and (tests or kind != "examination")
    }


def by_hand(data: Data, facts: Facts, rates: Rates) -> dict[str, float]:
    """Return the posterior from every joint assignment."""
    oracle = Oracle(data)
    sex, band, evidence = split(data, {f: x for f, x in facts.items() if x != "unknown"})
    rows = oracle.rows(sex, band, evidence)
    for f, (absent, present) in silence(data, facts, rates).items():
        rows = rows * np.where(oracle.present[f], present, absent)
    return {i: float(rows[oracle.present[i]].sum() / rows.sum()) for i in oracle.answers}


@st.composite
def stories(draw: st.DrawFn) -> tuple[Data, Facts, Rates]:
    """Draw a network with rates of mention, and a story."""
    data, facts = draw(cases())
    for f, entry in data["findings"].items():
        if kind_of(data, f):
            entry["kind"] = draw(st.sampled_from(["history", "history", "examination", "imaging"]))
            if entry["kind"] == "history" and draw(st.booleans()):
                entry["site"] = True
            entry["vague"] = draw(st.lists(st.sampled_from(list(data["findings"])), max_size=2, unique=True))
    rate = st.integers(1, 950).map(lambda x: x / 1000)
    rates = {kind: tuple(sorted((draw(rate), draw(rate)), reverse=True)) for kind in KINDS}
    for f in data["findings"]:
        if facts.get(f) is None and draw(st.integers(0, 4)) == 0:
            facts[f] = draw(st.sampled_from(["unknown", 0.5]))
    return told_freely(data, rates), facts, rates  # type: ignore[arg-type]


@given(stories())
@settings(max_examples=150, deadline=None)
def test_silence_is_evidence_on_the_finding_as_every_joint_assignment_says(story: tuple[Data, Facts, Rates]) -> None:
    data, facts, rates = story
    net = solved(data)
    try:
        expected = by_hand(data, facts, rates)
    except (ValueError, ZeroDivisionError):
        return  # larger than the oracle, or impossible
    if any(math.isnan(p) for p in expected.values()):
        return
    d = net.diagnose(facts, account="volunteered")

    assert set(d.case.silence.about) <= set(silence(data, facts, rates))
    assert {i: d[i] for i in expected} == pytest.approx(expected, abs=EXACT)
    frame = pd.DataFrame([facts], dtype=object) if facts else pd.DataFrame(index=[0])
    many = net.diagnose_many(frame, account="volunteered").iloc[0]
    assert [many[c] for c in net.causes] == pytest.approx([d[c] for c in net.causes], abs=EXACT)
    if "triage" in many:
        assert many["triage"] == d.triage.level
    asked = net.diagnose(facts)
    assert LEVELS.index(d.triage.level) <= LEVELS.index(asked.triage.level)
    if not silence(data, facts, rates):
        assert {i: d[i] for i in expected} == {i: asked[i] for i in expected}


def chain() -> Data:
    """Return a network of two causes and five findings, one below another, a test, an image and a vague one."""
    findings = {
        "groin": finding(0.1, {"a": 0.8, "b": 0.3}, site=True),
        "thigh": finding(0.1, {"a": 0.5}, site=True),
        "leg": finding(0.2, {"a": 0.6, "b": 0.4}, site=True, vague=["thigh"]),
        "night": finding(0.1, {"a": 0.4}, parent=parent("groin", 0.1)),
        "clicks": finding(0.1, {"b": 0.6}),
        "press": finding(0.1, {"a": 0.7}, kind="examination"),
        "turn": finding(0.1, {"b": 0.7}, kind="examination"),
        "image": finding(0.1, {"b": 0.9}, kind="imaging"),
    }
    return told_freely(small({"a": 0.3, "b": 0.4}, findings))


@pytest.mark.parametrize(
    ("facts", "about"),
    [
        ({}, ()),
        ({"image": True}, ()),  # no story
        ({"groin": "unknown"}, ()),
        ({"groin": True}, ("thigh", "leg", "night", "clicks")),  # no test was told: all that is known is that
        ({"groin": False, "press": True}, ("thigh", "leg", "night", "clicks", "turn")),
        ({"groin": 0.7, "clicks": None, "night": math.nan, "leg": ""}, ("thigh", "leg", "night", "clicks")),
        ({"groin": True, "clicks": "unknown", "night": 0.5}, ("thigh", "leg")),
        ({"leg": True}, ("groin", "night", "clicks")),  # it may be the thigh
        ({"leg": False}, ("groin", "thigh", "night", "clicks")),
    ],
)
def test_what_is_silent(facts: Facts, about: tuple[str, ...]) -> None:
    d = solved(chain()).diagnose(facts, account="volunteered")

    assert tuple(d.case.silence.about) == about
    said = str(d)
    if about:
        assert f"Told freely: {len(about)} findings not mentioned count a little as absent" in " ".join(said.split())
    else:
        assert "nothing is concluded from what was not mentioned" in " ".join(said.split())
        assert dict(d) == dict(solved(chain()).diagnose(facts))
    assert d.to_dict()["not_mentioned"] == list(about)
    assert d.to_dict()["account"] == "volunteered"


def test_a_later_answer_ends_a_silence_and_starts_none() -> None:
    net = solved(chain())
    d = net.diagnose(groin=True, account="volunteered")
    assert "clicks" not in d.given(clicks="unknown").case.silence.about
    assert "clicks" not in d.given(clicks=False).case.silence.about
    assert "clicks" in d.given(clicks=None).case.silence.about
    forgotten = d.given(groin=None)
    assert "groin" not in forgotten.case.silence.about
    assert forgotten.case.account == "volunteered"
    with_test = d.given(press=True)
    assert "turn" not in with_test.case.silence.about
    none = net.diagnose(account="volunteered").given(groin=True)
    assert none.case.silence.about == {}
    assert dict(none) == dict(net.diagnose(groin=True))

    told, asked = net.diagnose(groin=True, account="volunteered"), net.diagnose(groin=True)
    assert told.given(clicks=True)["b"] != asked.given(clicks=True)["b"]
    assert told["b"] < asked["b"]


@pytest.mark.parametrize(("told", "length"), [(1, "short"), (2, "short"), (3, "middle"), (4, "long"), (5, "long")])
def test_the_length_of_a_story_is_what_it_tells_at_first(told: int, length: str) -> None:
    data = chain()
    data["mention"] = {
        name: mention(dict.fromkeys(KINDS, (r1, 0.01)), up_to)
        for name, up_to, r1 in (("short", 2, 0.2), ("middle", 3, 0.4), ("long", None, 0.6))
    }
    d = solved(data).diagnose(
        dict.fromkeys(["groin", "thigh", "night", "clicks", "press"][:told], True), account="volunteered"
    )

    assert d.case.silence.length == length
    assert d.given(leg=True).case.silence.length == length


def test_the_average_over_all_accounts_gives_the_tables_back() -> None:
    """P(cause) = sum over what may be told of P(told) P(cause | told): silence neither adds nor takes away."""
    findings = {
        "groin": finding(0.1, {"a": 0.8, "b": 0.3}, site=True),
        "night": finding(0.1, {"a": 0.4}, parent=parent("groin", 0.1)),
        "clicks": finding(0.1, {"b": 0.6}),
    }
    data = told_freely(small({"a": 0.3, "b": 0.4}, findings))
    net, oracle = solved(data), Oracle(data)
    state = oracle.rows(None, None, {})
    mean = dict.fromkeys(net.causes, 0.0)
    total = 0.0
    for told in itertools.product([True, False, None], repeat=3):
        facts = {f: x for f, x in zip(findings, told, strict=True) if x is not None}
        weight = state.copy()
        for f in findings:
            r1, r0 = RATES["site" if f == "groin" else "history"]
            there = oracle.present[f]
            if f not in facts:
                weight *= np.where(there, 1 - r1, 1 - r0)
            else:
                weight *= np.where(there, r1, 0.0) if facts[f] else np.where(there, 0.0, r0)
        d = net.diagnose(facts, account="volunteered")
        strict = (
            by_hand(data, facts, RATES)
            if facts
            else {c: float(weight[oracle.present[c]].sum() / weight.sum()) for c in net.causes}
        )
        if facts:
            assert [d[c] for c in net.causes] == pytest.approx([strict[c] for c in net.causes], abs=EXACT)
        total += weight.sum()
        for c in mean:
            mean[c] += float(weight.sum()) * (d[c] if facts else strict[c])
    assert total == pytest.approx(1, abs=1e-12)
    assert mean == pytest.approx({"a": 0.3, "b": 0.4}, abs=1e-12)


def test_without_rates_it_is_refused_in_words() -> None:
    net = solved(example_data())
    for ask in (
        lambda: net.diagnose(lateral_pain=True, account="volunteered"),
        lambda: net.diagnose_many(pd.DataFrame({"lateral_pain": [True]}), account="volunteered"),
    ):
        with pytest.raises(hb.EvidenceError, match=r"has no rates of mention .* allowed: 'asked', or a network"):
            ask()


@pytest.mark.parametrize("account", ["told", None, 1, "", ["asked"]])
def test_an_account_is_one_of_two(account: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.EvidenceError, match=r"account is .*; allowed: 'asked' or 'volunteered'"):
        solved(chain()).diagnose(groin=True, account=account)


def test_a_cell_that_is_empty_is_silent_and_one_that_says_unknown_is_not() -> None:
    net = solved(chain())
    frame = pd.DataFrame(
        {
            "groin": ["yes", "yes", "yes", ""],
            "clicks": ["", "unknown", "0.5", "unknown"],
            "press": [None, None, "no", ""],
        }
    )
    table = net.diagnose_many(frame, account="volunteered")
    for i, row in enumerate(frame.to_dict("records")):
        d = net.diagnose(row, account="volunteered")
        assert [table.loc[i, c] for c in net.causes] == pytest.approx([d[c] for c in net.causes], abs=EXACT)
    assert table["b"].nunique() == len(table)


@pytest.fixture(scope="module")
def told(shipped: Network) -> hb.Diagnosis:
    """Return a story under the shipped network."""
    return shipped.diagnose(
        age=40, sex="female", groin_pain=True, lateral_pain=False, clicking=True, limp=False, account="volunteered"
    )


def test_in_the_shipped_network_every_question_foretells_what_an_answer_does(told: hb.Diagnosis) -> None:
    table = told.next_questions(None)
    assert set(told.case.silence.about) <= set(table.index)
    for f in [*table.index[:6], *table.index[-6:]]:
        for column, answer in (("if_yes", True), ("if_no", False)):
            if table[column][f]:
                assert table[column][f] == pytest.approx(dict(told.given({f: answer})), abs=EXACT)
        mean = {
            c: table["p_yes"][f] * table["if_yes"][f].get(c, 0) + (1 - table["p_yes"][f]) * table["if_no"][f].get(c, 0)
            for c in told
        }
        assert mean == pytest.approx(dict(told), abs=EXACT)


def test_silence_is_one_piece_of_an_explanation_and_can_be_opened(told: hb.Diagnosis) -> None:
    table = told.explain("gtps")
    attrs = table.attrs
    assert table["contribution"].sum() == pytest.approx(
        attrs["log_odds_posterior"] - attrs["log_odds_prior"], abs=EXACT
    )
    assert attrs["posterior"] == told["gtps"]
    assert table["said"]["silence"] == f"{len(told.case.silence.about)} findings"
    assert set(attrs["silence"]) == set(told.case.silence.about)
    assert sum(attrs["silence"].values()) == pytest.approx(table["contribution"]["silence"], abs=EXACT)
    assert all(path.startswith("mention.middle.") for path in table["path"]["silence"])
    assert "not mentioned: " in told.why("gtps")


def test_the_rates_are_numbers_like_all_others(told: hb.Diagnosis) -> None:
    """They have sources, are drawn for intervals and moved in sensitivity."""
    net = told.network
    rates = [path for path in told.sources()["path"] if path.startswith("mention.")]
    assert rates == [
        f"mention.middle.{state}.{kind}" for state in ("present", "absent") for kind in ("site", "history")
    ]
    table = told.sensitivity("labral_tear")
    for path in rates[:2]:
        moved = net.replace({path: float(table["high"][path])})
        again = moved.diagnose(told.evidence, account="volunteered")
        assert again["labral_tear"] == pytest.approx(table["p_high"][path], abs=EXACT)
    finding_number = next(path for path in table.index if path.startswith("findings.groin_pain"))
    moved = net.replace({finding_number: float(table["high"][finding_number])})
    assert moved.diagnose(told.evidence, account="volunteered")["labral_tear"] == pytest.approx(
        table["p_high"][finding_number], abs=EXACT
    )
    sure = net.replace({path: {"n": 1e9} for path in rates})
    d = sure.diagnose(told.evidence, account="volunteered")
    assert told.intervals(draws=20, seed=1)["low"].tolist() != d.intervals(draws=20, seed=1)["low"].tolist()
    assert told.fit == net.diagnose(told.evidence).fit


def test_silence_never_lowers_a_level(shipped: Network) -> None:
    """On stories of people drawn from the network, told at random."""
    drawn = shipped.simulate(600, seed=5).drop(columns="truth").astype(object)
    rng = np.random.default_rng(5)
    hidden = rng.random(drawn.shape) < rng.uniform(0.85, 1, len(drawn))[:, None]
    stories = drawn.mask(hidden)
    stories["fever"] = np.where(rng.random(len(drawn)) < 0.05, "yes", None)
    asked, told = (shipped.diagnose_many(stories, account=account)["triage"] for account in ("asked", "volunteered"))
    assert not (told.map(LEVELS.index) > asked.map(LEVELS.index)).any()
    assert {"urgent", "soon", "routine"} == set(told)


def test_a_network_too_large_to_list_its_causes_refuses_in_words() -> None:
    from example import qmr_like

    net = read_network(told_freely(qmr_like(40, 30, seed=1)))
    with pytest.raises(hb.HipBayesError, match=r"passes over in silence .* allowed: account='asked'"):
        net.diagnose(f0=True, account="volunteered")

"""Where the numbers come from: the rows behind a result, those that involve a name, and none without a basis."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pandas as pd
import pytest
from example import Data, example_data, number, odds_ratio, solved
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes.errors import NetworkError, UnknownNameError
from hip_bayes.network import parts
from hip_bayes.network.checks import numbers
from hip_bayes.network.parts import BASES, Number, OddsRatio
from hip_bayes.network.provenance import COLUMNS, by_basis, cite, entries, look_up, sources_of

if TYPE_CHECKING:
    from hip_bayes import Diagnosis, Network

KNOWN = {"age": 30, "sex": "female", "night_pain": True, "weak_muscles": False}


def rich_data() -> Data:
    """Return the example with a group, an alias, a hazard, a setting, a sign and a cause that acts on another."""
    data = example_data()
    data["groups"] = {"overload": {"name": "Overload", "members": ["tendon", "bone"]}}
    data["findings"]["night_pain"]["aliases"] = {"calm_nights": "absent"}
    data["findings"]["lateral_pain"]["states"] = ["elsewhere", "lateral"]
    data["findings"]["measured_weak"] = {
        "name": "A test of strength",
        "kind": "examination",
        "question": "Was it weak?",
        "leak": number(0.1),
        "given": {"weak_muscles": number(0.8)},
    }
    data["causes"]["tendon"]["odds_ratios"]["bone"] = odds_ratio(1.5)
    data["hazards"] = {
        "neck": {
            "threshold": 0.3,
            "level": "urgent",
            "reason": "it can break",
            "action": "Stop.",
            "source": "study_2020",
            "avoid": ["night_pain"],
        }
    }
    data["settings"] = {"clinic": {"name": "A clinic", "odds_multipliers": {"tendon": odds_ratio(2.0)}}}
    return data


@pytest.fixture(scope="module")
def rich() -> Network:
    return solved(rich_data())


def paths(table: pd.DataFrame) -> list[str]:
    return list(table["path"])


# The numbers behind a result


def test_sources_are_the_findings_then_the_background_then_the_priors(net: Network) -> None:
    """With the finding's parent, though nobody said it, and only the cell that the case is in."""
    assert paths(net.diagnose(KNOWN).sources()) == [
        "findings.night_pain.leak",
        "findings.night_pain.given.tendon",
        "findings.night_pain.given.bone",
        "findings.night_pain.given.other",
        "findings.night_pain.parent.effect",
        "findings.lateral_pain.leak",
        "findings.lateral_pain.given.tendon",
        "findings.lateral_pain.given.neck",
        "findings.lateral_pain.given.other",
        "background.weak_muscles.prevalence.female.18-49",
        "causes.tendon.odds_ratios.weak_muscles",
        "causes.tendon.prior.female.18-49",
        "causes.bone.prior.female.18-49",
        "causes.bone.subtypes.neck.share",
        "causes.bone.subtypes.sacrum.share",
        "causes.other.prior.female.18-49",
    ]


def test_what_is_averaged_over_comes_last(net: Network) -> None:
    """Cells that the case may be in, and background that nobody spoke of but that acts on a cause."""
    rows = paths(net.diagnose(sex="male").sources())

    assert rows == [
        "causes.tendon.prior.male.18-49",
        "causes.tendon.prior.male.50+",
        "causes.bone.prior.male.18-49",
        "causes.bone.prior.male.50+",
        "causes.bone.subtypes.neck.share",
        "causes.bone.subtypes.sacrum.share",
        "causes.other.prior.male.18-49",
        "causes.other.prior.male.50+",
        "weights.male.18-49",
        "weights.male.50+",
        "background.weak_muscles.prevalence.male.18-49",
        "background.weak_muscles.prevalence.male.50+",
        "causes.tendon.odds_ratios.weak_muscles",
    ]


def test_background_that_only_shows_in_a_known_sign_took_part() -> None:
    """It acts on no cause, but weighs the cells that the case may be in."""
    data = rich_data()
    data["background"]["idle"] = data["background"]["weak_muscles"]
    data["findings"]["measured_weak"]["given"] = {"idle": number(0.8)}
    net = solved(data)

    assert "background.idle.prevalence.male.50+" in paths(net.diagnose(measured_weak=True).sources())
    assert not any("idle" in path for path in paths(net.diagnose(night_pain=True).sources()))


def test_sources_say_what_the_file_says(net: Network) -> None:
    table = net.diagnose(KNOWN).sources()
    row = table.set_index("path").loc["findings.lateral_pain.given.other"]

    assert tuple(table.columns) == COLUMNS
    assert list(table.index) == list(range(len(table)))
    assert row["what"] == "P(Pain on the outside of the hip | Another cause alone)"
    assert (row["value"], row["n"], row["basis"]) == (0.40, 25.0, "transferred")
    assert math.isnan(row["low"])
    assert math.isnan(row["high"])
    assert row["source"] == ("study_2020",)
    assert row["citation"] == "A study of lateral hip pain (2020), https://doi.org/10.1000/example"
    assert (row["reason"], row["note"]) == ("", "from another clinic")
    assert {str(table[c].dtype) for c in ("value", "n", "low", "high")} == {"float64"}


def test_an_odds_ratio_has_a_range_and_no_n(net: Network) -> None:
    row = net.diagnose(KNOWN).sources().set_index("path").loc["causes.tendon.odds_ratios.weak_muscles"]

    assert row["what"] == "odds ratio of Tendon pain, with Weak hip muscles against without"
    assert (row["value"], row["low"], row["high"]) == (2.0, 1.0, 4.0)
    assert math.isnan(row["n"])


def test_words_for_every_kind_of_number(rich: Network) -> None:
    what = look_up(rich).set_index("path")["what"]

    assert what["weights.female.50+"] == "P(female, 50+ | pain)"
    assert what["causes.bone.prior.male.50+"] == "P(Stress fracture | pain, male, 50+)"
    assert what["causes.bone.subtypes.neck.share"] == "P(Stress fracture of the femoral neck | Stress fracture)"
    assert what["causes.tendon.odds_ratios.bone"] == "odds ratio of Tendon pain, with Stress fracture against without"
    assert what["background.weak_muscles.prevalence.male.18-49"] == "P(Weak hip muscles | pain, male, 18-49)"
    lateral = "Pain on the outside of the hip: lateral"
    assert what["findings.lateral_pain.leak"] == f"P({lateral} | a cause without a link to it)"
    assert what["findings.night_pain.parent.effect"] == f"P(Pain at night because of {lateral})"
    assert what["findings.measured_weak.leak"] == "P(A test of strength | no Weak hip muscles)"
    assert what["findings.measured_weak.given.weak_muscles"] == "P(A test of strength | Weak hip muscles)"
    assert what["red_flags.fever.level"] == "red flag Fever: urgent if present"
    assert what["hazards.neck.threshold"] == "urgent from this P(Stress fracture of the femoral neck) up"
    assert what["settings.clinic.odds_multipliers.tendon"] == "prior odds of Tendon pain multiplied, A clinic"


def test_without_everyone_having_a_cause_nothing_is_given_pain() -> None:
    data = example_data()
    data["network"]["everyone_has_a_cause"] = False
    what = look_up(solved(data)).set_index("path")["what"]

    assert what["causes.tendon.prior.female.50+"] == "P(Tendon pain | female, 50+)"
    assert what["weights.female.50+"] == "P(female, 50+)"


def test_a_setting_is_among_the_sources_of_its_results(rich: Network) -> None:
    plain, priced = (paths(rich.diagnose(KNOWN, setting=s).sources()) for s in (None, "clinic"))

    assert [p for p in priced if p not in plain] == ["settings.clinic.odds_multipliers.tendon"]


def test_sources_are_a_new_table_each_time(net: Network) -> None:
    d = net.diagnose(KNOWN)
    table = d.sources()
    table["value"] = 0.0

    assert (d.sources()["value"] > 0).all()
    pd.testing.assert_frame_equal(d.sources(), sources_of(net, KNOWN, sex=d.case.sex, band=d.case.band))


def nudged(net: Network, changed: set[str]) -> Network:
    """Return the network with these numbers moved: probabilities up, leaks and effects down, ratios up."""
    new = {}
    for path, x in numbers(net):
        if path in changed:
            if isinstance(x, OddsRatio):
                new[path] = (x.value + x.high) / 2
            elif path.endswith((".leak", ".effect")):
                new[path] = x.p * 0.9
            else:
                new[path] = x.p + (1 - x.p) / 20
    return net.replace(new)


def answers(d: Diagnosis) -> list[float]:
    return [d[c] for c in (*d.network.causes, *d.network.subtype_of)]


@settings(max_examples=60)
@given(networks().flatmap(lambda data: st.tuples(st.just(data), evidence(data))))
def test_no_other_number_changes_the_result(case: tuple[Data, dict[str, object]]) -> None:
    """Whatever is not among the sources may change, all of it at once."""
    net, facts = solved(case[0]), case[1]
    try:
        d = net.diagnose(facts)
    except hb.EvidenceError:
        assume(False)  # noqa: FBT003 what was drawn cannot happen
    behind = set(paths(d.sources()))
    others = {path for path, _ in numbers(net) if path not in behind and not path.startswith("weights")}
    # a leak may only go down as far as its parent's effect allows
    others -= {f"findings.{f.id}.leak" for f in net.findings.values() if f.parent}
    try:
        changed = nudged(net, others)
    except NetworkError:
        assume(False)  # noqa: FBT003 the priors of another cell have no solution any more

    assert answers(changed.diagnose(facts)) == pytest.approx(answers(d), abs=1e-9)


def test_every_one_of_the_numbers_changes_the_result(net: Network) -> None:
    """None is listed that had no part: each moved by itself moves a probability; shares only move together."""
    d = net.diagnose(KNOWN)
    for path in paths(d.sources()):
        if not path.endswith(".share"):
            other = nudged(net, {path}).diagnose(KNOWN)
            assert max(abs(a - b) for a, b in zip(answers(other), answers(d), strict=True)) > 1e-6, path


# Looking up names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["tendon", "lateral_pain"], ["findings.lateral_pain.given.tendon"]),
        (["lateral_pain", "tendon"], ["findings.lateral_pain.given.tendon"]),
        (["tendon", "calm_nights"], ["findings.night_pain.given.tendon"]),
        # a subtype has the number of its cause, and a cause those of its subtypes
        (["neck", "night_pain"], ["findings.night_pain.given.bone", "hazards.neck.threshold"]),
        (["sacrum", "night_pain"], ["findings.night_pain.given.bone"]),
        (["bone", "lateral_pain"], ["findings.lateral_pain.leak", "findings.lateral_pain.given.neck"]),
        # without a link, the number is the leak
        (["sacrum", "lateral_pain"], ["findings.lateral_pain.leak"]),
        (["tendon", "bone"], ["causes.tendon.odds_ratios.bone"]),
        (["overload", "lateral_pain", "study_2020"], ["findings.lateral_pain.given.tendon"]),
        (["tendon", "male", "50+"], ["causes.tendon.prior.male.50+"]),
        (["tendon", "age", "male"], ["causes.tendon.prior.male.18-49", "causes.tendon.prior.male.50+"]),
        (["night_pain", "lateral_pain"], ["findings.night_pain.parent.effect"]),
        (
            ["weak_muscles", "measured_weak"],
            ["findings.measured_weak.leak", "findings.measured_weak.given.weak_muscles"],
        ),
        (["clinic"], ["settings.clinic.odds_multipliers.tendon"]),
        ("fever", ["red_flags.fever.level"]),
        (["fever", "tendon"], []),
    ],
)
def test_look_up_gives_what_involves_all_names(rich: Network, names: str | list[str], expected: list[str]) -> None:
    assert paths(look_up(rich, names)) == expected


def test_look_up_one_name_gives_everything_that_names_it(rich: Network) -> None:
    assert paths(look_up(rich, "weak_muscles")) == [
        "findings.measured_weak.leak",
        "findings.measured_weak.given.weak_muscles",
        *(f"background.weak_muscles.prevalence.{s}.{b}" for s in ("female", "male") for b in ("18-49", "50+")),
        "causes.tendon.odds_ratios.weak_muscles",
    ]


def test_look_up_a_source_gives_all_that_cites_it(rich: Network) -> None:
    found = look_up(rich, "study_2020")
    citing = {path for path, number in numbers(rich) if "study_2020" in number.source}

    assert set(paths(found)) == {*citing, "red_flags.fever.level", "hazards.neck.threshold"}
    assert found["source"].map(lambda ids: "study_2020" in ids).all()


def test_a_red_flag_is_its_rule(net: Network) -> None:
    (flag,) = look_up(net, "fever").itertuples()

    assert (flag.basis, flag.source, flag.reason) == ("qualitative", ("study_2020",), "an infected joint")
    assert math.isnan(flag.value)


def test_nothing_in_common_is_an_empty_table_of_the_same_columns(net: Network) -> None:
    empty, full = look_up(net, ["fever", "tendon"]), look_up(net)

    assert len(empty) == 0
    assert tuple(empty.columns) == COLUMNS
    assert (empty.dtypes[["value", "n"]] == full.dtypes[["value", "n"]]).all()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("tendn", r"^unknown name 'tendn'; did you mean 'tendon'\? \(allowed: any id of the network; .*\)$"),
        (["tendon", "study_2021"], r"^unknown name 'study_2021'; did you mean 'study_2020'\?"),
        (["zzz"], r"^unknown name 'zzz'\. \(allowed"),
        ([""], r"^unknown name ''\. \(allowed"),
        ([None], r"^unknown name None"),
        ([["tendon"]], r"^unknown name \['tendon'\]"),
    ],
)
def test_an_unknown_name_is_refused(net: Network, names: str | list[str], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        look_up(net, names)


@settings(max_examples=40)
@given(networks())
def test_every_number_is_there_once_with_a_path_that_replace_takes(data: Data) -> None:
    net = solved(data)
    found = entries(net)
    by_path = {e.path: e for e in found}
    rules = [f"red_flags.{r}.level" for r in net.red_flags] + [f"hazards.{h}.threshold" for h in net.hazards]

    assert len(by_path) == len(found)
    assert set(by_path) == {*(path for path, _ in numbers(net)), *rules}
    for path, x in numbers(net):
        e = by_path[path]
        assert e.value == (x.p if isinstance(x, Number) else x.value)
        assert (e.basis, e.source, e.reason, e.note) == (x.basis, x.source, x.reason, x.note)
    same = net.replace({path: e.value for path, e in by_path.items() if not math.isnan(e.value)})
    assert answers(same.diagnose()) == answers(net.diagnose())


def test_by_basis_counts_every_number_once(rich: Network) -> None:
    count = by_basis(rich)

    assert tuple(count) == BASES
    assert sum(count.values()) == len(list(numbers(rich)))
    assert count == {basis: sum(x.basis == basis for _, x in numbers(rich)) for basis in BASES}


@pytest.mark.parametrize(
    ("year", "address", "expected"),
    [
        (2020, "https://doi.org/10.1000/x", "A study (2020), https://doi.org/10.1000/x"),
        ("unknown", "https://doi.org/10.1000/x", "A study (year unknown), https://doi.org/10.1000/x"),
        (2020, "unknown", "A study (2020), address unknown"),
    ],
)
def test_a_citation_says_what_is_unknown(year: int | str, address: str, expected: str) -> None:
    assert cite(parts.Source("study", "A study", year, address)) == expected


def test_several_sources_are_all_cited() -> None:
    data = example_data()
    data["sources"]["second"] = {"title": "A second study", "year": "unknown", "address": "unknown"}
    data["findings"]["lateral_pain"]["given"]["tendon"]["source"] = ["second", "study_2020"]
    (row,) = look_up(solved(data), ["lateral_pain", "tendon"]).itertuples()

    assert row.source == ("second", "study_2020")
    assert row.citation == (
        "A second study (year unknown), address unknown | "
        "A study of lateral hip pain (2020), https://doi.org/10.1000/example"
    )


# The shipped network


def test_the_shares_by_basis_sum_to_one(shipped: Network) -> None:
    shares = look_up(shipped)["basis"].value_counts(normalize=True)

    assert set(shares.index) <= set(BASES)
    assert shares.sum() == pytest.approx(1)
    assert sum(by_basis(shipped).values()) == len(list(numbers(shipped)))


def test_none_is_without_source_or_reason(shipped: Network) -> None:
    for e in entries(shipped):
        assert e.basis in BASES, e.path
        if e.basis == "judgement":
            assert e.reason.strip(), e.path
            assert "\n" not in e.reason, e.path
        else:
            assert e.source, e.path
        assert bool(e.citation) == bool(e.source), e.path


def test_a_typical_case_has_exactly_the_findings_known_and_their_parents(shipped: Network) -> None:
    d = shipped.diagnose(age=46, sex="female", lateral_pain=True, night_pain=0.7, groin_pain=False, training_spike=True)
    table = d.sources()
    found = [path.split(".")[1] for path in table["path"] if path.startswith("findings.")]
    count = Counter(found)

    assert list(dict.fromkeys(found)) == ["lateral_pain", "groin_pain", "night_pain", "pain_lying_on_side"]
    for id_, rows in count.items():
        f = shipped.findings[id_]
        assert rows == 1 + len(f.given) + (f.parent is not None)
    priors = [path for path in table["path"] if ".prior." in path]
    assert priors == [f"causes.{c}.prior.female.40-49" for c in shipped.causes]
    assert table["path"].is_unique
    shipped.replace(dict(zip(table["path"], table["value"], strict=True)))


def test_every_source_has_a_title_a_year_and_an_address_that_can_be_opened(shipped: Network) -> None:
    """Or says that it has none: an address is a public URL of a named host, not of a machine that passed it on."""
    for source in shipped.sources.values():
        assert source.title.strip(), source.id
        assert source.year == "unknown" or is_year(source.year), source.id
        assert source.address == "unknown" or is_public_url(source.address), source.id


def is_year(year: object) -> bool:
    return type(year) is int and 1900 <= year <= datetime.now(tz=UTC).year


def is_public_url(address: str) -> bool:
    """Say whether this is http(s) with a dotted host name: no user, no port, no IP address, no proxy in between."""
    if re.search(r"[\s<>\"\\]", address):
        return False
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError:
        return False
    host = (url.hostname or "").removesuffix(".")
    try:
        ip_address(host)
    except ValueError:
        labels = host.split(".")
    else:
        return False
    return (
        url.scheme in ("http", "https")
        and port is None
        and url.netloc.lower().removesuffix(".") == host
        and len(labels) > 1
        and all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", label) for label in labels)
        and labels[-1].isalpha()
        and not re.search(r"proxy|webvpn|webcache|translate\.goog|localhost", host)
    )


@pytest.mark.parametrize(
    "address",
    [
        "ftp://doi.org/x",
        "https://doi",
        "https://",
        "https://47.251.13.51:8081/3",
        "http://127.0.0.1/x",
        "http://[::1]/x",
        "https://doi.org:8080/x",
        "https://user@doi.org/x",
        "https://libproxy.example.edu/x",
        "https://doi-org.ezproxy.example.edu/10.1000/x",
        "https://doi..org/x",
        "https://doi.org/a b",
        "https://doi.org:port/x",
    ],
)
def test_what_is_no_public_address(address: str) -> None:
    assert not is_public_url(address)

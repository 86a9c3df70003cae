"""The network as data: read-only tables, and replace(), which changes a number without touching the original."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import pytest
from example import example_data, solved

import hip_bayes as hb
from hip_bayes.network.checks import numbers
from hip_bayes.network.parts import Number, OddsRatio, Table

if TYPE_CHECKING:
    from hip_bayes import Network

TENDON = "findings.lateral_pain.given.tendon"


# Tables.


def test_a_table_is_a_mapping_in_its_order() -> None:
    table = Table([("b", 1), ("a", 2)], "letter")

    assert table == {"b": 1, "a": 2}
    assert (list(table), list(table.values()), list(table.items())) == (["b", "a"], [1, 2], [("b", 1), ("a", 2)])
    assert (len(table), table["a"], table.get("b"), table.get("c"), table.get("c", 3)) == (2, 2, 1, None, 3)
    assert "a" in table
    assert "c" not in table
    assert repr(table) == "Table({'b': 1, 'a': 2})"
    assert repr(Table({"a": "x" * 60, "b": table, "c": "x" * 60})).splitlines() == [
        "Table({",
        f"    'a': '{'x' * 60}',",
        "    'b': Table({'b': 1, 'a': 2}),",
        f"    'c': '{'x' * 60}',",
        "})",
    ]


@pytest.mark.parametrize("key", [3, None, ("a",), ["a"], {"a": 1}], ids=repr)
def test_what_is_no_text_is_in_no_table(key: object) -> None:
    table = Table({"a": 1}, "letter")

    assert key not in table
    with pytest.raises(KeyError, match="unknown letter"):
        table[key]  # type: ignore[index]


def test_a_table_cannot_be_changed(net: Network) -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        net.causes["tendon"] = net.causes["bone"]  # type: ignore[index]
    with pytest.raises(TypeError, match="does not support item deletion"):
        del net.causes["tendon"]  # type: ignore[attr-defined]


def test_whatever_has_a_name_is_called_by_it(rich: Network) -> None:
    named = {"tendon": rich.causes, "weak_muscles": rich.background, "onset": rich.findings, "fever": rich.red_flags}

    assert {id_: rich.name_of(id_) for id_ in named} == {id_: table[id_].name for id_, table in named.items()}
    assert rich.name_of("neck") == rich.causes["bone"].subtypes["neck"].name
    assert [rich.name_of(g) for g in rich.groups] == [g.name for g in rich.groups.values()]
    with pytest.raises(hb.UnknownNameError, match="unknown name 'tenden'; did you mean 'tendon'"):
        rich.name_of("tenden")


def test_a_table_does_not_follow_what_it_was_made_from() -> None:
    source = {"a": 1}
    table = Table(source, "letter")
    source["b"] = 2

    assert table == {"a": 1}


@pytest.mark.parametrize(
    ("part", "key", "message"),
    [
        ("causes", "tenden", r"unknown cause 'tenden'; did you mean 'tendon'\? \(there are 3: tendon, bone, other\)"),
        ("findings", "night", "unknown finding 'night'; did you mean 'night_pain'"),
        ("background", "weak", r"unknown background variable 'weak'.*weak_muscles"),
        ("red_flags", "fevr", "unknown red flag 'fevr'; did you mean 'fever'"),
        ("sources", "study", "unknown source 'study'"),
        ("bands", "18-50", "unknown age band '18-50'; did you mean '18-49'"),
        ("groups", "x", r"unknown group 'x'\. \(there are 0: \)"),
    ],
)
def test_an_unknown_id_is_a_key_error_with_the_nearest(net: Network, part: str, key: str, message: str) -> None:
    with pytest.raises(KeyError, match=message):
        getattr(net, part)[key]
    with pytest.raises(hb.UnknownNameError, match=message):
        getattr(net, part)[key]


def test_a_long_table_lists_only_its_first_keys() -> None:
    table = Table({f"k{i}": i for i in range(100)}, "letter")

    with pytest.raises(KeyError, match=r"there are 100: k0, k1, k2, k3, k4, k5, k6, k7, \.\.\.\)"):
        table["zzz"]


# The network.


def test_a_network_says_which_it_is_and_how_large(net: Network) -> None:
    assert repr(net) == ("<Network example 0.1.0: 3 causes, 1 background factor, 2 findings, 1 red flag, 1 source>")


@pytest.mark.parametrize("name", ["id", "causes", "engine", "everyone_has_a_cause", "new"])
def test_a_network_cannot_be_changed(net: Network, name: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(net, name, None)


def test_a_number_cannot_be_changed(net: Network) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'p'"):
        net.findings["lateral_pain"].leak.p = 0.5  # type: ignore[misc]


def test_age_and_sex_are_not_background(net: Network) -> None:
    assert list(net.background) == ["weak_muscles"]


@pytest.mark.parametrize(("age", "band"), [(18, "18-49"), (49, "18-49"), (49.99, "18-49"), (50, "50+"), (90, "50+")])
def test_an_age_is_in_one_band(net: Network, age: float, band: str) -> None:
    assert net.band_of(age) == band


@pytest.mark.parametrize("age", [5, 17.9, 90.5, 200, math.nan])
def test_an_age_outside_the_range_is_in_no_band(net: Network, age: float) -> None:
    with pytest.raises(hb.EvidenceError, match=r"age is .*; allowed: 18 to 90 years"):
        net.band_of(age)


def test_numbers_are_all_that_has_a_basis(net: Network) -> None:
    """4 weights, 3 priors and 1 prevalence in 4 cells, 1 odds ratio, 2 shares, 2 leaks, 6 given, 1 effect."""
    found = dict(numbers(net))

    assert len(found) == 4 + 3 * 4 + 4 + 1 + 2 + 2 + 6 + 1
    assert found[TENDON] is net.findings["lateral_pain"].given["tendon"]
    assert found["causes.tendon.prior.male.50+"].p == 0.40  # type: ignore[union-attr]
    assert isinstance(found["causes.tendon.odds_ratios.weak_muscles"], OddsRatio)


def test_the_path_of_every_number_leads_to_it(net: Network) -> None:
    """replace() takes each of them, and changes that number only."""
    before = dict(numbers(net))
    for path, number in before.items():
        changed = net.replace({path: {"n": 77.0}} if isinstance(number, Number) else {path: {"note": "seen"}})
        differ = {p for p, n in numbers(changed) if n != before[p]}
        assert differ == {path}


# A network with a number replaced.


def test_replace_changes_one_number_and_leaves_the_old_network(net: Network) -> None:
    before = net.diagnose(lateral_pain=True).to_dict()

    changed = net.replace({TENDON: 0.6})

    assert changed.findings["lateral_pain"].given["tendon"].p == 0.6
    assert net.findings["lateral_pain"].given["tendon"].p == 0.93
    assert net.diagnose(lateral_pain=True).to_dict() == before
    assert changed.diagnose(lateral_pain=True)["tendon"] < net.diagnose(lateral_pain=True)["tendon"]
    data = example_data()
    data["findings"]["lateral_pain"]["given"]["tendon"]["p"] = 0.6
    data["network"]["version"] += "+changed"
    assert changed.diagnose(lateral_pain=True).to_dict() == solved(data).diagnose(lateral_pain=True).to_dict()


def test_a_changed_network_says_so_in_its_version(net: Network) -> None:
    once = net.replace({TENDON: 0.6})

    assert once.version == net.version + "+changed"
    assert once.replace({TENDON: 0.7}).version == once.version
    assert net.replace({TENDON: 0.6, "version": "mine"}).version == "mine"
    assert net.replace({}).version == net.version


def test_a_replaced_number_is_a_judgement_that_says_what_it_was(net: Network) -> None:
    old = net.findings["lateral_pain"].given["tendon"]
    new = net.replace({TENDON: 0.6}).findings["lateral_pain"].given["tendon"]

    assert (new.p, new.n, new.basis, new.source) == (0.6, old.n, "judgement", ())
    assert new.reason == "changed from 0.93 (measured)"


@pytest.mark.parametrize("path", ["p", "p of a mapping"])
def test_a_number_replaced_by_its_field_is_a_judgement_too(net: Network, path: str) -> None:
    """The study that printed the old one does not vouch for the new one."""
    change: dict[str, object] = {f"{TENDON}.p": 0.6} if path == "p" else {TENDON: {"p": 0.6}}

    assert dict(numbers(net.replace(change)))[TENDON] == dict(numbers(net.replace({TENDON: 0.6})))[TENDON]
    ratio = "causes.tendon.odds_ratios.weak_muscles"
    assert dict(numbers(net.replace({f"{ratio}.value": 3})))[ratio] == dict(numbers(net.replace({ratio: 3})))[ratio]
    assert dict(numbers(net.replace({f"{TENDON}.note": "seen"})))[TENDON].source == ("study_2020",)


def test_a_number_does_not_follow_the_list_its_sources_were_given_in(net: Network) -> None:
    sources = ["study_2020"]
    new = dict(numbers(net.replace({TENDON: {"p": 0.9, "basis": "measured", "source": sources}})))[TENDON]
    sources.clear()

    assert new.source == ("study_2020",)
    assert hash(new)


def test_a_year_that_was_unknown_becomes_known(net: Network) -> None:
    unknown = net.replace({"sources.study_2020.year": "unknown"})

    assert unknown.sources["study_2020"].year == "unknown"
    assert unknown.replace({"sources.study_2020.year": 2019}).sources["study_2020"].year == 2019


def test_what_a_setting_multiplies_odds_by_can_be_changed_before_or_afterwards() -> None:
    """It comes to the same; a name of a setting changes nothing but that."""
    net, path = hb.load_network(), "settings.general_practice.odds_multipliers.gtps"
    before = net.in_setting("general_practice").diagnose()
    one = net.replace({path: {"value": 2.0, "high": 3.0}}).in_setting("general_practice").diagnose()
    other = net.in_setting("general_practice").replace({path: {"value": 2.0, "high": 3.0}}).diagnose()

    assert one["gtps"] > before["gtps"] + 0.01
    assert other.posterior.to_dict() == pytest.approx(one.posterior.to_dict(), rel=0, abs=1e-9)
    named = net.in_setting("general_practice").replace({"settings.general_practice.name": "A practice"})
    assert named.diagnose().posterior.equals(before.posterior)


def test_a_replaced_odds_ratio_is_a_judgement_that_says_what_it_was(net: Network) -> None:
    path = "causes.tendon.odds_ratios.weak_muscles"
    new = net.replace({path: 3}).causes["tendon"].odds_ratios["weak_muscles"]

    assert (new.value, new.low, new.high, new.basis, new.source) == (3.0, 1.0, 4.0, "judgement", ())
    assert new.reason == "changed from 2 (qualitative)"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("causes.tendon.prior.female.50+", 0.5),
        ("background.weak_muscles.prevalence.male.18-49", 0.4),
        ("findings.lateral_pain.leak", 0.04),
        ("findings.night_pain.parent.effect", 0.1),
        ("findings.night_pain.given.bone", 0.36),
    ],
)
def test_replace_goes_wherever_a_number_is(net: Network, path: str, value: float) -> None:
    changed = dict(numbers(net.replace({path: value})))

    assert changed[path].p == value  # type: ignore[union-attr]
    assert changed[path].basis == "judgement"


def test_several_changes_are_checked_as_a_whole(net: Network) -> None:
    """Shares that sum to 1 only together, and weights under the path that the file has."""
    shares = {"causes.bone.subtypes.neck.share": 0.7, "causes.bone.subtypes.sacrum.share": 0.3}
    weights = {"network.weights.female.50+": 0.35, "network.weights.male.50+": 0.10}

    assert net.replace(shares).diagnose()["neck"] == pytest.approx(0.7 * net.diagnose()["bone"], rel=0, abs=1e-9)
    with pytest.raises(hb.NetworkError, match=r"causes\.bone\.subtypes: the shares sum to 1\.1"):
        net.replace({"causes.bone.subtypes.neck.share": 0.7})
    changed = net.replace(weights)
    assert math.exp(changed.diagnose(sex="female").log_evidence) == pytest.approx(0.65, rel=0, abs=1e-9)


@pytest.mark.parametrize("n", [40, 40.0])
def test_a_mapping_changes_just_its_fields(net: Network, n: float) -> None:
    source = {"p": 0.9, "n": n, "basis": "measured", "source": "study_2020"}
    new = net.replace({"findings.lateral_pain.given.neck": source}).findings["lateral_pain"].given["neck"]

    assert (new.p, new.n, new.basis, new.source) == (0.9, 40.0, "measured", ("study_2020",))
    assert new.reason == "mostly felt in the groin"


def test_a_mapping_without_p_keeps_the_basis(net: Network) -> None:
    old = net.findings["lateral_pain"].given["tendon"]
    new = net.replace({TENDON: {"n": 99.0}}).findings["lateral_pain"].given["tendon"]

    assert (new.p, new.n, new.basis, new.source) == (old.p, 99.0, "measured", old.source)


def test_a_mapping_with_p_alone_is_a_judgement(net: Network) -> None:
    new = net.replace({TENDON: {"p": 0.9, "n": 5.0}}).findings["lateral_pain"].given["tendon"]

    assert (new.p, new.n, new.basis, new.reason) == (0.9, 5.0, "judgement", "changed from 0.93 (measured)")


@pytest.mark.parametrize("path", ["findings.lateral_pain.leak.n", "hazards.neck.threshold"])
def test_a_whole_number_is_a_number(path: str) -> None:
    """An int where the file's reader would take it too."""
    data = example_data()
    data["hazards"] = {"neck": {"threshold": 0.05, "level": "soon", "reason": "r", "action": "a", "basis": "judgement"}}
    net = solved(data)

    if path.endswith(".n"):
        assert net.replace({path: 40}).findings["lateral_pain"].leak.n == 40
    else:
        with pytest.raises(hb.NetworkError, match=r"hazards\.neck\.threshold: got 1.*; allowed: strictly between"):
            net.replace({path: 1})


def test_plain_entries_are_replaced_as_they_are(net: Network) -> None:
    changed = net.replace({"name": "Mine", "causes.tendon.name": "Sehne", "everyone_has_a_cause": False})

    assert (changed.name, changed.causes["tendon"].name) == ("Mine", "Sehne")
    assert changed.everyone_has_a_cause is False
    assert net.name == "A minimal network"


@pytest.mark.parametrize("head", ["version", "network.version"])
def test_an_entry_of_the_section_network_goes_by_its_path_in_the_file(net: Network, head: str) -> None:
    assert net.replace({head: "2.0"}).version == "2.0"


def test_replace_with_nothing_is_the_same_network_again(net: Network) -> None:
    assert net.replace({}).diagnose(lateral_pain=True).to_dict() == net.diagnose(lateral_pain=True).to_dict()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "finding.lateral_pain.leak",
            "unknown entry 'finding'; did you mean 'findings'.*path 'finding.lateral_pain.leak'",
        ),
        ("findings.lateral_pian.leak", "unknown finding 'lateral_pian'; did you mean 'lateral_pain'"),
        ("findings.lateral_pain.leek", "unknown field 'leek'; did you mean 'leak'.*path 'findings.lateral_pain.leek'"),
        ("findings.lateral_pain.given.tenden", "unknown linked cause 'tenden'; did you mean 'tendon'"),
        ("causes.tendon.prior.female.18-50", "unknown age band '18-50'; did you mean '18-49'"),
        ("causes.tendon.prior.all.18-49", "unknown sex 'all'"),
        (f"{TENDON}.p.x", f"the path '{TENDON}.p.x' goes on behind a plain value, at 'x'"),
        ("name.x", "the path 'name.x' goes on behind a plain value"),
        ("", "unknown entry ''"),
        ("engine", "unknown entry 'engine'"),
        ("causes.tendon.id", "unknown field 'id'.*path 'causes.tendon.id'"),  # an id is a key, not an entry
    ],
)
def test_a_path_that_leads_nowhere_is_refused(net: Network, path: str, message: str) -> None:
    with pytest.raises(hb.UnknownNameError, match=message):
        net.replace({path: 0.5})


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (TENDON, 1.5, rf"{TENDON}: p is 1\.5; allowed: strictly between 0 and 1"),
        (TENDON, 0.01, rf"{TENDON}: p is 0\.01, below the leak 0\.05"),
        (TENDON, math.nan, rf"{TENDON}: p is nan; allowed"),
        (TENDON, "0.9", rf"{TENDON}: got '0\.9'; allowed: a number or a mapping of its fields"),
        (TENDON, True, rf"{TENDON}: got True; allowed: a number or a mapping of its fields"),
        (TENDON, None, rf"{TENDON}: got None; allowed: a number or a mapping of its fields"),
        (TENDON, {"q": 1}, rf"{TENDON}: unknown field 'q' of a number"),
        (TENDON, {"p": "x"}, rf"{TENDON}: p is 'x'; allowed"),
        (TENDON, {"basis": "guess"}, rf"{TENDON}\.basis: got 'guess'; allowed: measured"),
        (TENDON, {"source": "zzz"}, rf"{TENDON}\.source: unknown source 'zzz'"),
        (TENDON, {"n": 0}, rf"{TENDON}: n is 0.*; allowed: a number of patients above 0"),
        (TENDON, {"n": 1e16}, r"n is 1e\+16; allowed: a number of patients above 0, from 1e-06 to 1e\+15"),
        (TENDON, {"n": 10**400}, rf"{TENDON}: n is 1000.*; allowed: a number that fits into a float"),
        ("findings.lateral_pain.leak", 1e-301, r"p is 1e-301; allowed: strictly between 0 and 1, and 1e-300 at least"),
        ("causes.tendon.odds_ratios.weak_muscles", {"high": 1e51}, r"to 1e\+51; allowed: .*, from 1e-50 to 1e\+50"),
        ("causes.tendon.odds_ratios.weak_muscles", 30, r"value 30\.0 with range 1\.0 to 4\.0; allowed: 0 < low"),
        ("findings.night_pain.parent.effect", 0.9, r"findings\.night_pain\.parent\.effect: .*allowed: at most"),
        ("causes.tendon.prior.male.50+", 0.2, r"the priors of male 50\+ sum to 0\.95"),
        ("network.weights.male.50+", 0.3, r"network\.weights: the weights sum to 1\.1; allowed: 1"),
        ("causes.tendon.prior.male", 0.2, r"causes\.tendon\.prior\.male.*18-49"),
        ("causes.tendon.prior", 0.2, r"causes\.tendon\.prior.*"),
        ("causes.tendon", 0.2, r"causes\.tendon"),
        ("causes", {}, r"causes: got \{\} for a whole part; allowed: a longer path"),
        ("causes", 5, r"causes.*allowed"),
        ("findings.night_pain.kind", "exam", r"findings\.night_pain\.kind: got 'exam'; allowed: history"),
        ("findings.night_pain.states", ("a", "a"), r"findings\.night_pain\.states: .*two different names"),
        ("age_range", (20, 90), r"network\.age_bands: .*expected to start at 20"),
        ("age_range", (18,), r"network\.age_range: got \[18\]; allowed: two whole numbers of years"),
        ("age_range", (18, 50, 90), r"network\.age_range: got .*; allowed: two whole numbers of years"),
        ("age_range", (18, 90.0), r"age_range: got .*; allowed: a list like"),
        ("bands.50+.high", "x", r"bands\.50\+\.high: got 'x'; allowed: a value like 91"),
        ("bands.50+.high", 91.0, r"bands\.50\+\.high: got 91\.0; allowed: a value like 91"),
        ("findings.night_pain.states", ("a",), r"findings\.night_pain\.states: got 1 state; allowed: two"),
        ("findings.night_pain.states", ("a", 2), r"findings\.night_pain\.states: got .*; allowed: a list like"),
        ("causes.tendon.name", "  ", r"causes\.tendon\.name: got an empty text; allowed: some text"),
        ("causes.tendon.name", 5, r"causes\.tendon\.name: got 5; allowed: a value like 'Tendon pain'"),
        ("id", "", r"network\.id: got an empty text"),
        ("sources.study_2020.year", "x", r"sources\.study_2020\.year: got 'x'; allowed: a year like 2016"),
        ("sources.study_2020.address", "javascript:1", r"sources\.study_2020\.address: got .*; allowed: a URL"),
        (TENDON, {"p": 0.9, "source": 5}, rf"{TENDON}: source is 5; allowed: the id of a source, or a list of ids"),
        (TENDON, {"p": 0.9, "source": [5]}, rf"{TENDON}: source is \[5\]; allowed: the id of a source"),
        (TENDON, {"p": 0.9, "reason": 5}, rf"{TENDON}: reason is 5; allowed: a text"),
        (TENDON, {"note": 5}, rf"{TENDON}: note is 5; allowed: a text"),
        (f"{TENDON}.p", "x", rf"{TENDON}.p: p is 'x'; allowed: a number"),
        (f"{TENDON}.note", 5, rf"{TENDON}.note: note is 5; allowed: a text"),
    ],
)
def test_an_invalid_change_is_refused_like_a_file(net: Network, path: str, value: Any, message: str) -> None:  # noqa: ANN401
    """With the key of the entry and what is allowed, and the network stays as it is."""
    before = dict(numbers(net))

    with pytest.raises(hb.NetworkError, match=message):
        net.replace({path: value})
    assert dict(numbers(net)) == before


@pytest.mark.parametrize("changes", [[], "causes.tendon", 5, None], ids=repr)
def test_changes_that_are_no_mapping_are_refused(net: Network, changes: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.NetworkError, match=r"got .*; allowed: a mapping"):
        net.replace(changes)


def test_a_path_that_is_no_text_is_refused(net: Network) -> None:
    with pytest.raises(hb.NetworkError, match=r"got the path 1; allowed: a text like 'findings"):
        net.replace({1: 2})  # type: ignore[dict-item]


@pytest.mark.parametrize("field", ["causes", "findings", "sources"])
def test_a_network_made_by_hand_is_checked_like_a_file(net: Network, field: str) -> None:
    """The parts refer to each other, so none can be left out."""
    parts = {f.name: getattr(net, f.name) for f in dataclasses.fields(net)}

    assert hb.Network(**parts).diagnose(lateral_pain=True)["tendon"] == net.diagnose(lateral_pain=True)["tendon"]
    with pytest.raises(hb.NetworkError, match=r"unknown|at least one cause"):
        hb.Network(**{**parts, field: Table({k: v for k, v in parts[field].items() if k not in _needed(field)})})


def _needed(field: str) -> set[str]:
    return {"causes": {"tendon"}, "findings": {"lateral_pain"}, "sources": {"study_2020"}}[field]


@pytest.mark.parametrize("id_", ["no_such_id", None, 1, ["onset"]])
def test_what_is_not_there_has_no_states(net: Network, id_: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.UnknownNameError, match="unknown name"):
        net.states_of(id_)


def test_a_network_is_not_said_to_be_in_a_setting_that_it_has_not(net: Network) -> None:
    with pytest.raises(hb.NetworkError, match="setting: unknown setting 'moon'"):
        dataclasses.replace(net, setting="moon")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("causes", None, "causes: got None; allowed: a Table"),
        ("findings", Table({"onset": 5}), "findings.onset: got 5; allowed: an object of the class Finding"),
        ("name", 5, "name: got 5; allowed: a text"),
        ("advice", ["Rest."], r"advice: got \['Rest\.'\]; allowed: a tuple"),
        ("setting", 5, "setting: got 5; allowed: a text or None"),
        ("everyone_has_a_cause", 1, "everyone_has_a_cause: got 1; allowed: True or False"),
    ],
)
def test_a_network_made_by_hand_has_everything_in_its_place(
    net: Network, field: str, value: object, message: str
) -> None:
    with pytest.raises(hb.NetworkError, match=message):
        dataclasses.replace(net, **{field: value})  # type: ignore[arg-type]


def test_what_is_wrong_deep_in_a_part_is_found_with_its_path(net: Network) -> None:
    lost = dataclasses.replace(net.findings["lateral_pain"], id="elsewhere")
    odd = dataclasses.replace(net.causes["tendon"], odds_ratios=Table({"weak_muscles": "twice"}))

    with pytest.raises(hb.NetworkError, match=r"findings.lateral_pain.id: got 'elsewhere'; allowed: 'lateral_pain'"):
        dataclasses.replace(net, findings=Table({**net.findings, "lateral_pain": lost}))
    with pytest.raises(
        hb.NetworkError,
        match=r"causes.tendon.odds_ratios.weak_muscles: got 'twice'; allowed: an object of the class OddsRatio",
    ):
        dataclasses.replace(net, causes=Table({**net.causes, "tendon": odd}))

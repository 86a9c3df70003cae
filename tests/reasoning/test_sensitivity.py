"""One number moved at a time: what a result hangs on, against a network that is changed, solved and asked again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from example import Data, example_data, finding, number, odds_ratio, parent, rich_data, small, solved, with_background
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import evidence, networks

from hip_bayes import EvidenceError, NetworkError, UnknownNameError, load_network
from hip_bayes.cohorts.weakest_numbers import weakest_numbers
from hip_bayes.errors import NetworkTooLargeError
from hip_bayes.network.parts import OddsRatio
from hip_bayes.reasoning.intervals import interval_of
from hip_bayes.reasoning.moved_numbers import FARTHEST, allowed, linear, moved
from hip_bayes.reasoning.sensitivity import sensitivity

if TYPE_CHECKING:
    from hip_bayes import Network
    from hip_bayes.diagnosis import Diagnosis

COLUMNS = [
    *("what", "value", "low", "high", "p_low", "p_high", "swing"),
    *("flips_at", "new_leader", "change", "within_interval"),
    *("basis", "source", "citation", "reason"),
]
RUNNER = {
    "age": 46,
    "sex": "female",
    "lateral_pain": True,
    "groin_pain": True,
    "pain_lying_on_side": 0.7,
    "night_pain": True,
    "limp": False,
    "fadir_positive": True,
    "training_spike": True,
}


def changes(net: Network, path: str, value: float) -> dict[str, Any]:
    """Write the change of one number as a user would: shares and weights sum to 1, an odds ratio is in its range.

    What a table says alike of several cells is one number.
    """
    if "odds_ratios" in path:
        return {path: {"value": value, "low": value, "high": value}}
    section, id_, *rest = path.split(".")
    if rest[0] in {"prior", "prevalence"}:
        table: Any = net.causes[id_].prior if section == "causes" else net.background[id_].prevalence
        here = table[rest[1]][rest[2]]
        alike = [f"{s}.{b}" for s, row in table.items() for b, n in row.items() if n == here]
        return {f"{section}.{id_}.{rest[0]}.{cell}": value for cell in alike}
    summing: dict[str, float] = {}
    if section == "weights":
        summing = {f"weights.{s}.{b}": n.p for s, row in net.weights.items() for b, n in row.items()}
    elif rest[-1] == "share":
        of = net.causes[id_].subtypes
        summing = {f"causes.{id_}.subtypes.{s}.share": of[s].share.p for s in of}
    if not summing:
        return {path: value}
    before = summing.pop(path)
    return {path: value, **{other: p * (1 - value) / (1 - before) for other, p in summing.items()}}


def again(d: Diagnosis, path: str, value: float) -> Diagnosis:
    """Return the same case under the network with one number changed: checked, solved and asked as any other."""
    return d.network.replace(changes(d.network, path, value)).diagnose(d.evidence)


def moved_by(row: pd.Series[Any], change: float) -> float:
    """Return the value that is a change of log odds (or of the log of an odds ratio) away."""
    if "odds ratio" in row["what"]:
        return float(row["value"] * math.exp(change))
    return 1 / (1 + math.exp(-change) * (1 - row["value"]) / row["value"])


def distance(row: pd.Series[Any], value: float) -> float:
    """Return how far a value is from the present one on that scale."""
    if "odds ratio" in row["what"]:
        return abs(math.log(value / row["value"]))
    return abs(math.log(value / (1 - value)) - math.log(row["value"] / (1 - row["value"])))


def clear(d: Diagnosis) -> bool:
    """Say whether one cause leads clearly, so that the smallest change is larger than nothing."""
    first, second, *_ = sorted((d[c] for c in d.network.causes), reverse=True)
    return first - second > 1e-3


# The ends.


@settings(max_examples=40)
@given(drawn=st.data(), data=networks(), level=st.sampled_from([0.9, 0.5, 0.99]))
def test_each_end_is_the_network_with_that_number_changed(drawn: st.DataObject, data: Data, level: float) -> None:
    """Of every kind of number, for causes, subtypes and groups, whatever is known: checked and solved as a whole."""
    d = solved(data).diagnose(drawn.draw(evidence(data)))
    of = drawn.draw(st.sampled_from([*d.network.causes, *d.network.subtype_of, *d.network.groups]))
    table = sensitivity(d, of, level=level)
    some = drawn.draw(st.permutations(list(table.index)))[:12]

    for path in some:
        row = table.loc[path]
        assert again(d, path, row["low"])[of] == pytest.approx(row["p_low"], abs=1e-9), path
        assert again(d, path, row["high"])[of] == pytest.approx(row["p_high"], abs=1e-9), path
        assert row["swing"] == abs(row["p_high"] - row["p_low"])


@settings(max_examples=60)
@given(drawn=st.data(), data=networks(), level=st.sampled_from([0.9, 0.3]))
def test_the_ends_are_those_of_the_interval_or_as_near_as_is_allowed(
    drawn: st.DataObject, data: Data, level: float
) -> None:
    """Where an end was moved back, a little further is refused; an odds ratio stays in its range."""
    d = solved(data).diagnose(drawn.draw(evidence(data)))
    sources = d.sources().set_index("path")
    path = drawn.draw(st.sampled_from(list(sources.index)))
    row, span = sources.loc[path], allowed(d.network, [path], level)[path]

    for end, wanted in zip((span.low, span.high), interval_of(span.number, level), strict=True):
        if end == wanted:
            continue
        if isinstance(span.number, OddsRatio):
            assert end in (span.number.low, span.number.high)
        else:
            way = np.sign(wanted - end)
            inwards = (end - row["value"]) * way < 0  # the interval does not hold the value, nor may it go there
            further = moved_by(row, way * (distance(row, end) * (-1 if inwards else 1) + 2e-3))
            with pytest.raises(NetworkError):
                again(d, path, further)


def test_a_number_that_changes_nothing_has_no_swing() -> None:
    """The leak of a finding with the same number for every state says nothing of the causes, nor do its links."""
    data = small({"a": 0.3, "b": 0.2}, {"f": finding(0.2, {"a": 0.6}), "g": finding(0.3, {"b": 0.9})})
    data["background"] = {"idle": {"name": "Idle", "question": "Is it?", "prevalence": {"all": number(0.3)}}}
    d = solved(data).diagnose(f=True, idle=True)
    table = d.sensitivity("b")

    assert (table["swing"].drop("causes.b.prior.female.18+") < 1e-12).all()
    assert table.loc["background.idle.prevalence.female.18+", "swing"] < 1e-12
    assert (d.sensitivity("a").loc["findings.f.given.a", "swing"]) > 0.05


def test_the_table_has_the_numbers_of_the_sources(rich: Network) -> None:
    """Each once, the widest swing first, with what sources() says of it; nothing of the network is left changed."""
    facts = {"age": 40, "sex": "male", "lateral_pain": True, "night_pain": 0.8, "onset": "sudden"}
    d = rich.diagnose(facts, weak_muscles=False)
    before = dict(d.posterior)
    table = d.sensitivity()
    sources = d.sources().set_index("path")

    assert table.columns.tolist() == COLUMNS
    assert table.index.name == "number"
    assert set(table.index) == set(sources.index)
    assert table.index.is_unique
    assert table["swing"].is_monotonic_decreasing
    for column in ("value", "basis", "source", "citation", "reason"):
        assert table[column].equals(sources[column].loc[table.index])
    plain = table["what"].str.replace(r", and alike in \d+ other cells?$", "", regex=True)
    assert plain.tolist() == sources["what"].loc[table.index].tolist()
    assert table.attrs["cause"] == table.attrs["leader"] == d.ranking[0]
    assert table.attrs["posterior"] == d[d.ranking[0]]
    assert dict(rich.diagnose(d.evidence).posterior) == before


@pytest.mark.parametrize("facts", [{"age": 30, "sex": "male", "lateral_pain": True}, {"lateral_pain": True}])
def test_what_a_setting_multiplies_is_moved_too(facts: dict[str, object]) -> None:
    """In every cell at once, as if the network had been priced with it; the priors shown are multiplied already."""
    data = example_data()
    data["settings"] = {
        "clinic": {"name": "Clinic", "odds_multipliers": {"bone": {**odds_ratio(3.0), "low": 2.0, "high": 4.5}}}
    }
    net, path = solved(data), "settings.clinic.odds_multipliers.bone"
    d = net.diagnose(facts, setting="clinic")
    table = d.sensitivity("bone")

    prior = next(row for at, row in table.iterrows() if str(at).startswith("causes.bone.prior"))
    stated = net.causes["bone"].prior["male"]["18-49"]
    assert prior["value"] == pytest.approx(3 * stated.p / (1 - stated.p + 3 * stated.p))
    odds = np.array([prior["low"], prior["high"]]) / (1 - np.array([prior["low"], prior["high"]]))
    ends = np.array(interval_of(stated, 0.9))  # its n are patients of the prior as stated
    assert odds / 3 == pytest.approx(ends / (1 - ends))
    assert again(d, prior.name, prior["high"])["bone"] == pytest.approx(prior["p_high"], abs=1e-12)
    row = table.loc[path]
    assert row["value"] == 3
    assert row["swing"] > 0.01
    for end in ("low", "high"):
        beforehand = net.replace({path: row[end]}).diagnose(facts, setting="clinic")
        assert row[f"p_{end}"] == pytest.approx(beforehand["bone"], abs=1e-9)
        assert row[f"p_{end}"] == pytest.approx(again(d, path, row[end])["bone"], abs=1e-9)
    weakest = d.network.weakest_numbers(pd.DataFrame([facts]))
    assert path in weakest.index


# The flips.


@settings(max_examples=40)
@given(drawn=st.data(), data=networks())
def test_a_flip_makes_another_cause_lead_and_a_little_less_does_not(drawn: st.DataObject, data: Data) -> None:
    d = solved(data).diagnose(drawn.draw(evidence(data)))
    assume(clear(d))
    table = d.sensitivity()
    flips = table[table["flips_at"].notna()]

    assert table["new_leader"].notna().equals(table["flips_at"].notna())
    for path in drawn.draw(st.permutations(list(flips.index)))[:6]:
        row = flips.loc[path]
        assert row["change"] == pytest.approx(distance(row, row["flips_at"]), rel=1e-6)
        assert again(d, path, row["flips_at"]).ranking[0] == row["new_leader"] != d.ranking[0]
        sign = np.sign(row["flips_at"] - row["value"])
        assert again(d, path, moved_by(row, 0.999 * sign * row["change"])).ranking[0] == d.ranking[0]
        assert row["within_interval"] == (row["low"] <= row["flips_at"] <= row["high"])


@settings(max_examples=25)
@given(drawn=st.data(), data=networks())
def test_no_smaller_change_of_any_number_makes_another_cause_lead(drawn: st.DataObject, data: Data) -> None:
    """Of the reported one nor any other, both ways, as far as the network is valid."""
    d = solved(data).diagnose(drawn.draw(evidence(data)))
    assume(clear(d))
    table = d.sensitivity()
    smallest = table.attrs["smallest_change"]
    size = FARTHEST if smallest is None else smallest["change"]
    if smallest:
        assert smallest["change"] == table["change"].min()
        assert table.loc[smallest["path"], "flips_at"] == smallest["value"]
        flipped = d.network.replace(smallest["replace"]).diagnose(d.evidence)
        assert flipped.ranking[0] == smallest["new_leader"] == table.loc[smallest["path"], "new_leader"]
        assert flipped.ranking[0] != d.ranking[0]
    for path in drawn.draw(st.permutations(list(table.index)))[:12]:
        for way in (-0.99, 0.99):
            try:
                d2 = again(d, path, moved_by(table.loc[path], way * size))
            except NetworkError:
                continue
            assert d2.ranking[0] == d.ranking[0], (path, way * size)


def test_the_flip_of_a_sensitivity_is_where_algebra_puts_it() -> None:
    """Two exclusive-looking causes, one finding: P(a, f) = P(b, f) at a value that is solved for by hand."""
    data = small({"a": 0.4, "b": 0.2}, {"f": finding(0.1, {"a": 0.5, "b": 0.5})})
    d = solved(data).diagnose(f=True)
    row = d.sensitivity().loc["findings.f.given.b"]
    # independent causes: P(only a, f) = .4 * .8 * .5 and P(only b, f) = .2 * .6 * p; both: the same for a and b
    assert d.ranking[0] == "a"
    assert math.isnan(row["flips_at"])  # .12 p never reaches .16
    data["causes"]["b"]["prior"]["all"]["p"] = 0.35
    row = solved(data).diagnose(f=True).sensitivity().loc["findings.f.given.b"]
    expected = 0.4 * 0.65 * 0.5 / (0.35 * 0.6)
    assert row["flips_at"] == pytest.approx(expected, rel=1e-3)
    assert row["flips_at"] > expected
    assert row["new_leader"] == "b"


def test_nothing_flips_where_there_is_one_cause() -> None:
    table = solved(small({"a": 0.4}, {"f": finding(0.1, {"a": 0.5})})).diagnose(f=True).sensitivity()

    assert table.attrs["smallest_change"] is None
    assert table["flips_at"].isna().all()
    assert table["new_leader"].isna().all()
    assert not table["within_interval"].any()


def test_where_two_causes_are_equal_any_change_will_do() -> None:
    """The search ends, and what it gives does flip."""
    d = solved(small({"a": 0.3, "b": 0.3}, {"f": finding(0.1, {"a": 0.5, "b": 0.5})})).diagnose(f=True)
    change = d.sensitivity().attrs["smallest_change"]

    assert d.ranking[0] == "a"
    assert change["change"] < 1e-6
    assert d.network.replace(change["replace"]).diagnose(f=True).ranking[0] == "b"


@settings(max_examples=60)
@given(drawn=st.data(), data=networks())
def test_linear_numbers_are_linear(drawn: st.DataObject, data: Data) -> None:
    """Of those called so, P(evidence, cause) at the middle of two values is the mean of that at both."""
    d = solved(data).diagnose(drawn.draw(evidence(data)))
    paths = [p for p in d.sources()["path"] if linear(d.network, p)]
    assume(paths)
    path = drawn.draw(st.sampled_from(paths))
    span = allowed(d.network, [path], 0.9)[path]
    values = (span.low, (span.low + span.high) / 2, span.high)
    at = [again(d, path, value) for value in values]

    for cause in d.network.causes:
        low, middle, high = (math.exp(d2.log_evidence) * d2[cause] for d2 in at)
        assert middle == pytest.approx((low + high) / 2, rel=1e-9, abs=1e-15)


def test_on_the_shipped_network_the_smallest_change_flips_and_nothing_smaller_does() -> None:
    d = load_network().diagnose(RUNNER)
    table = d.sensitivity()
    smallest = table.attrs["smallest_change"]

    assert d.network.replace(smallest["replace"]).diagnose(RUNNER).ranking[0] == smallest["new_leader"]
    near = table[table["change"] < 1.5 * smallest["change"]]
    for path in [*near.index[:4], *table.index[:6]]:
        row = table.loc[path]
        for way in (-0.99, 0.99):
            try:
                d2 = again(d, path, moved_by(row, way * smallest["change"]))
            except NetworkError:
                continue
            assert d2.ranking[0] == d.ranking[0]
    for path in table.index[::25]:
        row = table.loc[path]
        assert again(d, path, row["low"])[d.ranking[0]] == pytest.approx(row["p_low"], abs=1e-9)
        assert again(d, path, row["high"])[d.ranking[0]] == pytest.approx(row["p_high"], abs=1e-9)


# What is moved together.


def test_a_number_stated_alike_for_several_cells_is_one(rich: Network) -> None:
    """Moved in all of them at once, a row of its own; and a judgement is as influential as its cells are together."""
    d = rich.diagnose(lateral_pain=True)
    table = d.sensitivity("other")
    prior = table.filter(like="causes.other.prior.", axis=0)
    cells = [f"{s}.{b}" for s, row in rich.causes["other"].prior.items() for b in row]

    assert len(prior) == len({n for row in rich.causes["other"].prior.values() for n in row.values()}) < len(cells)
    together = {f"causes.other.prior.{cell}": prior["high"].iloc[0] for cell in cells}
    assert moved(rich, prior.index[0], prior["high"].iloc[0]) == together
    assert rich.replace(together).diagnose(d.evidence)["other"] == pytest.approx(prior["p_high"].iloc[0], abs=1e-9)
    assert prior["what"].iloc[0].endswith(f", and alike in {len(cells) - 1} other cells")

    runners = pd.DataFrame({"age": [30, 60, 30, 60], "sex": ["male", "male", "female", "female"], "night_pain": True})
    weakest = rich.weakest_numbers(runners).filter(like="causes.other.prior.", axis=0)
    swings = [
        rich.diagnose(row).sensitivity(c).filter(like="causes.other.prior.", axis=0)["swing"].item()
        for c in rich.causes
        for row in runners.to_dict("records")
    ]
    assert len(weakest) == 1
    assert weakest["what"].item().endswith(f", and alike in {len(cells) - 1} other cells")
    assert weakest["cases"].item() == 4
    assert weakest["influence"].item() == pytest.approx(np.reshape(swings, (-1, 4)).max(axis=0).mean(), abs=1e-9)


@pytest.mark.parametrize("what", ["cause", "background"])
def test_what_has_the_id_share_is_no_share(what: str) -> None:
    """A cause or background variable may be called so; the table is the same as under another name."""

    def table(id_: str) -> list[float]:
        data = small({"a": 0.3, id_ if what == "cause" else "b": 0.3}, {"f": finding(0.1, {"a": 0.5})})
        if what == "background":
            data["background"] = {id_: {"name": "B", "question": "B?", "prevalence": {"all": number(0.2)}}}
            data["causes"]["a"]["odds_ratios"] = {id_: odds_ratio(2.0)}
        else:
            data["findings"]["f"]["given"][id_] = number(0.8)
        d = solved(data).diagnose(f=True)
        assert id_ in " ".join(d.sensitivity().index)
        weakest = d.network.weakest_numbers(pd.DataFrame({"f": [True]}))
        return [*d.sensitivity()["p_low"], *d.sensitivity()["p_high"], *weakest["influence"]]

    assert table("share") == table("c")


def test_columns_to_pass_over_are_named(net: Network) -> None:
    """By default `truth`, whether or not the table has it; a misspelt fact is never passed over by itself."""
    cases = pd.DataFrame({"night_pain": [True], "patient": ["007"], "truth": ["tendon"]})

    with pytest.raises(EvidenceError, match=r"column 'patient'.*go into ignore=\['patient'\]"):
        net.weakest_numbers(cases)
    ignored = net.weakest_numbers(cases, ignore=["patient", "truth"])
    assert ignored.equals(net.weakest_numbers(cases[["night_pain", "truth"]]))


def test_shares_and_weights_take_the_others_along(net: Network) -> None:
    """In proportion; any other number changes alone, and an odds ratio takes an end of its range along."""
    assert moved(net, "causes.bone.subtypes.neck.share", 0.9) == pytest.approx(
        {"causes.bone.subtypes.neck.share": 0.9, "causes.bone.subtypes.sacrum.share": 0.1}
    )
    weights: dict[str, Any] = moved(net, "weights.male.50+", 0.6)
    assert weights == pytest.approx(
        {
            "weights.female.18-49": 0.15,
            "weights.female.50+": 0.125,
            "weights.male.18-49": 0.125,
            "weights.male.50+": 0.6,
        }
    )
    path = "causes.tendon.odds_ratios.weak_muscles"
    assert moved(net, path, 3.0) == {path: 3.0}
    assert moved(net, path, 9.0) == {path: {"value": 9.0, "low": 1.0, "high": 9.0}}
    assert moved(net, "findings.lateral_pain.leak", 0.01) == {"findings.lateral_pain.leak": 0.01}
    for each in (weights, moved(net, path, 9.0)):
        net.replace(each)


def test_an_effect_is_moved_no_further_than_it_fits() -> None:
    """Nor is any number of its parent finding, even where the child is not known."""
    data = small(
        {"a": 0.3, "b": 0.2},
        {"f": finding(0.2, {"a": 0.6}), "g": finding(0.19, {"a": 0.6}, parent=parent("f", 0.7))},
    )
    net = solved(data)
    for facts, path in (({"g": True}, "findings.g.parent.effect"), ({"f": True}, "findings.f.leak")):
        d = net.diagnose(facts)
        row = d.sensitivity("a", level=0.99).loc[path]
        assert row["high"] < interval_of(allowed(net, [path], 0.99)[path].number, 0.99)[1]
        assert again(d, path, row["high"])["a"] == pytest.approx(row["p_high"], abs=1e-9)
        with pytest.raises(NetworkError, match="effect"):
            again(d, path, row["high"] * 1.01)


def test_priors_are_moved_no_further_than_they_sum_to_more_than_one() -> None:
    data = small({"a": 0.6, "b": 0.5}, {"f": finding(0.2, {"a": 0.6})}, everyone=True)
    d = solved(data).diagnose(f=True, sex="male", age=20)
    row = d.sensitivity("a").loc["causes.a.prior.male.18+"]

    assert row["low"] == pytest.approx(0.5001)
    assert again(d, row.name, row["low"])["a"] == pytest.approx(row["p_low"], abs=1e-9)


# Errors.


def test_an_unknown_cause_is_refused_with_the_nearest(net: Network) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'tendon'"):
        net.diagnose(lateral_pain=True).sensitivity("tendom")


@pytest.mark.parametrize("level", [0, 1, 90, "wide", None, True])
def test_a_level_that_is_none_is_refused(net: Network, level: Any) -> None:  # noqa: ANN401
    with pytest.raises(EvidenceError, match=r"level is .*allowed: a number strictly between 0 and 1"):
        net.diagnose(lateral_pain=True).sensitivity(level=level)


def test_too_many_causes_are_refused() -> None:
    data = small({f"c{i}": 0.05 for i in range(30)}, {"f": finding(0.1, {"c0": 0.5})})
    with pytest.raises(NetworkTooLargeError, match="30 causes"):
        solved(data).diagnose(f=True).sensitivity()


def test_moves_that_would_take_too_long_are_refused_with_the_figure() -> None:
    """Each number of a prior is solved again, here for 2 ** 12 states of background, some hundred times."""
    causes = [f"c{k}" for k in range(12)]
    data = with_background(small(dict.fromkeys(causes, 0.1), {"f": finding(0.1, {"c0": 0.5})}), 12, causes)
    net = solved(data)

    with pytest.raises(
        NetworkTooLargeError, match=r"^to move each of \d+ numbers .* take .*; allowed: .* Ask about a case"
    ):
        net.diagnose(f=True).sensitivity()
    with pytest.raises(
        NetworkTooLargeError, match=r"^to move the \d+ judgements .* take .*; allowed: .* Ask about cases"
    ):
        net.weakest_numbers(pd.DataFrame({"f": [True]}))


# The weakest numbers.


def direct(net: Network, cases: pd.DataFrame, level: float) -> pd.Series[float]:
    """Work out the influence of every judgement by changing it, solving again and asking every case again."""
    influence: dict[str, float] = {}
    results = [net.diagnose(row) for row in cases.to_dict("records")]
    for path in dict.fromkeys(p for d in results for p in d.sources()["path"]):
        span = allowed(net, [path], level)[path]
        one_with_another = path.split(".")[2] in {"prior", "prevalence"} and influence.keys() & changes(net, path, 0.5)
        if span.number.basis != "judgement" or one_with_another:
            continue
        ends = [net.replace(changes(net, path, end)) for end in (span.low, span.high)]
        total = 0.0
        for d in results:
            low, high = (end.diagnose(d.evidence) for end in ends)
            total += max(abs(low[c] - high[c]) for c in net.causes)
        influence[path] = total / len(results)
    return pd.Series(influence)


@settings(max_examples=8)
@given(drawn=st.data(), data=networks())
def test_the_influence_is_what_asking_every_case_again_gives(drawn: st.DataObject, data: Data) -> None:
    """Cases of all kinds mixed; every judgement with any influence, and no other number."""
    net = solved(data)
    cases = pd.DataFrame([drawn.draw(evidence(data)) for _ in range(3)], dtype=object)
    table = weakest_numbers(net, cases, None, level=0.8)
    expected = direct(net, cases, 0.8)

    assert table["influence"].is_monotonic_decreasing
    assert set(expected.index[expected > 1e-9]) <= set(table.index) <= set(expected.index)
    assert table["influence"].to_dict() == pytest.approx(expected.loc[table.index].to_dict(), abs=1e-9)


def test_the_table_of_the_weakest_numbers() -> None:
    """Judgements alone, the first k; how many cases each matters in; a truth column is passed over."""
    net = solved(rich_data())
    cases = pd.DataFrame(
        {"age": [30, 60, None], "lateral_pain": [True, False, None], "onset": [None, None, "sudden"], "truth": "x"}
    )
    table = net.weakest_numbers(cases, None)

    assert table.columns.tolist() == ["what", "value", "low", "high", "n", "influence", "cases", "reason"]
    assert table.index.name == "number"
    assert (table["reason"] != "").all()
    assert "findings.lateral_pain.given.tendon" not in table.index  # measured
    assert table.loc["findings.onset.given.bone", "cases"] == 1
    assert table.loc["findings.lateral_pain.leak", "n"] == 10
    pd.testing.assert_frame_equal(net.weakest_numbers(cases, 2), table.head(2))
    pd.testing.assert_frame_equal(net.weakest_numbers(cases.drop(columns="truth"), 2), table.head(2))


@pytest.mark.parametrize(
    ("cases", "options", "message"),
    [
        ({"age": 40}, {}, "got a dict; allowed: a pandas DataFrame"),
        (pd.DataFrame({"age": []}), {}, "got no cases"),
        (pd.DataFrame({"lateral_pian": [True]}), {}, "did you mean 'lateral_pain'"),
        (pd.DataFrame({"lateral_pain": ["yes", "perhaps"]}), {}, "row 1: 'lateral_pain' is 'perhaps'"),
        (pd.DataFrame({"lateral_pain": ["yes"]}), {"k": 0}, "k is 0; allowed"),
        (pd.DataFrame({"lateral_pain": ["yes"]}), {"k": True}, "k is True; allowed"),
        (pd.DataFrame({"lateral_pain": ["yes"]}), {"level": 2}, "level is 2; allowed"),
    ],
    ids=["no table", "no cases", "unknown column", "unreadable value", "k", "k, a bool", "level"],
)
def test_what_cannot_be_read_is_refused(net: Network, cases: Any, options: dict[str, Any], message: str) -> None:  # noqa: ANN401
    with pytest.raises(EvidenceError, match=message):
        net.weakest_numbers(cases, **options)

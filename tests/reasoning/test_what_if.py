"""What if background were changed: do() on the model before pain, by brute force, by hand and by another program."""

from __future__ import annotations

import copy
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from example import Data, example_data, finding, number, odds_ratio, qmr_like, small, solved
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import _cell, _chance, _every_assignment, _solve
from strategies import Facts, evidence, networks, split

import hip_bayes as hb
from hip_bayes.bridges.pgmpy import age_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hip_bayes import Network

EXACT = 1e-9
COLUMNS = [
    "risk_ratio",
    "risk_ratio_low",
    "risk_ratio_high",
    "preventable_share",
    "acts",
    "paths",
    "odds_ratios",
    "basis",
    "source",
    "citation",
    "reason",
]
RATIOS = COLUMNS[:3]
TIPS = ["Train.", "Rest."]


def modifiable(data: Data) -> Data:
    """Say of every background variable that it can be changed."""
    data["network"]["prevention"] = TIPS
    for b in data.get("background", {}).values():
        b["prevention"] = ["Train."]
    return data


def background(p: float | list[float], **more: object) -> Data:
    """Write a background variable of the format."""
    return {"name": "A factor", "question": "Is it there?", "prevalence": {"all": number(p)}, **more}


def runner(drawn: st.DataObject, data: Data) -> tuple[Facts, dict[str, bool]]:
    """Draw what is said of a runner before it hurts, and what is changed; certain about what is changed."""
    allowed = {"age", "sex", *data["background"]}
    facts = {name: x for name, x in drawn.draw(evidence(data)).items() if name in allowed}
    chosen = drawn.draw(st.lists(st.sampled_from(sorted(data["background"])), min_size=1, unique=True))
    changes = {b: drawn.draw(st.booleans()) for b in chosen}
    for b in chosen:
        if facts.get(b) not in (None, True, False):
            del facts[b]
    return facts, changes


def brute_risks(data: Data, facts: Facts, *dos: Mapping[str, float]) -> list[dict[str, float]]:
    """P(cause | do, facts) for several do-sets: every assignment of background and causes written down and added."""
    everyone = data["network"].get("everyone_has_a_cause", True)
    factors, causes, bands = data["background"], data["causes"], data["network"]["age_bands"]
    present = {i: x > 0 for i, x in _every_assignment(dict.fromkeys([*factors, *causes], 2)).items()}
    parents = {b: {} for b in factors} | {
        c: {p: math.log(o["value"]) for p, o in cause.get("odds_ratios", {}).items()} for c, cause in causes.items()
    }
    sex, band, known = split(data, facts)
    weights = data["network"].get("weights", {"all": {"p": 1.0}})
    total = [np.zeros(len(next(iter(present.values())))) for _ in dos]
    for s in ("female", "male"):
        for k, b in enumerate(bands):
            if sex not in (None, s) or band not in (None, b):
                continue
            target = {i: _cell(entry["prevalence"], s, k) for i, entry in factors.items()}
            target |= {c: _cell(cause["prior"], s, k) for c, cause in causes.items()}
            intercepts, p_any = _solve(target, parents, list(causes), everyone=everyone)
            for at, do in enumerate(dos):
                cut = intercepts | {i: math.inf if x else -math.inf for i, x in do.items()}
                chance = _cell(weights, s, k) / p_any * _chance(present, cut, parents)
                for i, x in known.items():
                    if i not in dos[0]:  # what is changed informs neither sex nor age
                        chance = chance * np.where(present[i], x, 1 - x)
                total[at] += chance
    return [{c: float(rows[present[c]].sum() / rows.sum()) for c in causes} for rows in total]


def before(facts: Facts, changes: Mapping[str, bool]) -> dict[str, float]:
    """Return the do-set of the runner as she is: what was said of the changed variables."""
    return {b: float(facts[b]) for b in changes if facts.get(b) is not None}


# Against brute force.


@pytest.mark.parametrize("everyone", [True, False], ids=["everyone has a cause", "not everyone has a cause"])
@settings(max_examples=60)
@given(drawn=st.data())
def test_ratios_are_those_of_a_brute_force(drawn: st.DataObject, *, everyone: bool) -> None:
    """On random networks, with hard, soft and unknown background, sex and age, and several changes at once."""
    data = modifiable(drawn.draw(networks(everyone_has_a_cause=everyone).filter(lambda n: "background" in n)))
    facts, changes = runner(drawn, data)

    table = solved(data).what_if(facts, **changes)

    after, as_she_is = brute_risks(data, facts, changes, before(facts, changes))
    expected = {c: after[c] / as_she_is[c] for c in data["causes"]}
    assert table["risk_ratio"].to_dict() == pytest.approx(expected, rel=EXACT, abs=0)


@settings(max_examples=40)
@given(drawn=st.data(), data=networks().filter(lambda n: "background" in n))
def test_the_range_is_that_of_networks_with_the_odds_ratios_at_their_ends(drawn: st.DataObject, data: Data) -> None:
    """Each is a network of its own, solved by the oracle; the range holds the ratio, and the share follows from it."""
    facts, changes = runner(drawn, modifiable(data))
    table = solved(data).what_if(facts, **changes)
    assume(table[RATIOS].notna().all(axis=None))

    ratios = [table["risk_ratio"].to_dict()]
    for lower in (True, False):
        moved = copy.deepcopy(data)
        for cause in moved["causes"].values():
            for b in changes.keys() & cause.get("odds_ratios", {}).keys():
                ratio = cause["odds_ratios"][b]
                ratio["value"] = ratio["low" if changes[b] == lower else "high"]
        after, as_she_is = brute_risks(moved, facts, changes, before(facts, changes))
        ratios.append({c: after[c] / as_she_is[c] for c in after})

    expected = pd.DataFrame(ratios)
    assert table["risk_ratio_low"].to_dict() == pytest.approx(expected.min().to_dict(), rel=1e-7, abs=0)
    assert table["risk_ratio_high"].to_dict() == pytest.approx(expected.max().to_dict(), rel=1e-7, abs=0)
    assert (table["risk_ratio_low"] <= table["risk_ratio"]).all()
    assert (table["risk_ratio"] <= table["risk_ratio_high"]).all()
    share = {c: max(0.0, 1 - ratio) for c, ratio in ratios[0].items()}
    assert table["preventable_share"].to_dict() == share


@settings(max_examples=40)
@given(drawn=st.data(), data=networks().filter(lambda n: "background" in n))
def test_a_change_to_what_is_already_so_changes_nothing(drawn: st.DataObject, data: Data) -> None:
    """Its risk ratio is 1 to the last bit, at the ends of the range too."""
    facts, changes = runner(drawn, modifiable(data))

    table = solved(data).what_if(facts | changes, **changes)

    assert (table[RATIOS] == 1).all(axis=None)
    assert (table["preventable_share"] == 0).all()


@settings(max_examples=40)
@given(drawn=st.data(), data=networks().filter(lambda n: "background" in n))
def test_where_nothing_acts_the_ratio_is_one(drawn: st.DataObject, data: Data) -> None:
    """A change acts on the causes it has an odds ratio for and on those that these raise or lower, and on no other."""
    facts, changes = runner(drawn, modifiable(data))
    table = solved(data).what_if(facts, **changes)

    reached = set(changes)
    for _ in data["causes"]:
        reached |= {c for c, cause in data["causes"].items() if reached & cause.get("odds_ratios", {}).keys()}
    assert table["acts"].to_dict() == {c: c in reached for c in data["causes"]}
    assert (table.loc[~table["acts"], RATIOS] == 1).all(axis=None)
    assert not table.loc[~table["acts"], ["paths", "odds_ratios", "basis", "source", "citation", "reason"]].any(
        axis=None
    )


# By hand: age makes both the factor and the cause commoner.

YOUNG, OLD = (0.1, 0.4), (0.5, 6 / 7)
"""P(cause | factor absent), P(cause | factor present): an odds ratio of 6 in both age bands."""
COMMON = (0.2, 0.8)
"""P(factor), P(another factor): young, old."""


def confounded(odds: float = 6.0) -> Network:
    """Return a network of two equal age bands with the tables above, where not everyone has a cause."""
    priors = [(1 - q) * absent + q * present for q, (absent, present) in zip(COMMON, (YOUNG, OLD), strict=True)]
    data = small({"c": 0.5, "d": 0.3}, {"f": finding(0.1, {"c": 0.5})})
    data["network"]["age_bands"] = ["18-49", "50+"]
    data["causes"]["c"] |= {"prior": {"all": number(priors)}, "odds_ratios": {"b": odds_ratio(odds)}}
    data["background"] = {"b": background(list(COMMON)), "k": background(list(COMMON))}
    return solved(modifiable(data))


def test_intervening_is_not_observing() -> None:
    """With age unknown, those with the factor are older: their observed ratio mistakes the effect of age for its own.

    do(b): 0.5 x 0.1 + 0.5 x 0.5 against 0.5 x 0.4 + 0.5 x 6/7. Observed: 0.8 x 0.1 + 0.2 x 0.5 against 0.2 x 0.4
    + 0.8 x 6/7, the ages weighed as those without and with the factor have them.
    """
    net = confounded()

    ratio = net.what_if({"b": True}, b=False).loc["c", "risk_ratio"]
    observed = net.diagnose(b=False)["c"] / net.diagnose(b=True)["c"]

    assert ratio == pytest.approx(0.3 / (0.2 + 3 / 7), rel=EXACT)
    assert observed == pytest.approx(0.18 / (0.08 + 4.8 / 7), rel=EXACT)
    assert observed < ratio / 2


def test_a_factor_that_only_goes_with_age_does_nothing() -> None:
    """With an odds ratio of 1 it tells of the cause all the same, through age."""
    net = confounded(odds=1.0)

    assert net.what_if({"b": True}, b=False)[RATIOS].to_numpy() == pytest.approx(1, rel=0, abs=1e-12)
    assert net.what_if({}, b=False)[RATIOS].to_numpy() == pytest.approx(1, rel=0, abs=1e-12)
    assert net.diagnose(b=False)["c"] < 0.7 * net.diagnose(b=True)["c"]


@pytest.mark.parametrize(("age", "risks"), [(30, YOUNG), (70, OLD)])
def test_with_age_known_it_is_the_ratio_of_two_logistic_risks(age: int, risks: tuple[float, float]) -> None:
    net = confounded()

    assert net.what_if({"age": age, "b": True}, b=False).loc["c", "risk_ratio"] == pytest.approx(risks[0] / risks[1])
    assert net.what_if({"age": age, "b": False}, b=True).loc["c", "risk_ratio"] == pytest.approx(risks[1] / risks[0])


def test_an_unknown_factor_is_as_common_as_in_such_runners() -> None:
    """The ratio is then against all of them, with and without it: P(c | do(b absent)) / P(c)."""
    ratio = confounded().what_if(None, b=False).loc["c", "risk_ratio"]

    assert ratio == pytest.approx(0.3 / (0.5 * (0.8 * 0.1 + 0.2 * 0.4) + 0.5 * (0.2 * 0.5 + 0.8 * 6 / 7)), rel=EXACT)


def test_other_background_says_how_old_she_is() -> None:
    """The other factor, present in 20 % of the young and 80 % of the old, weighs the old 4 to 1."""
    ratio = confounded().what_if({"b": True, "k": True}, b=False).loc["c", "risk_ratio"]

    assert ratio == pytest.approx((0.2 * 0.1 + 0.8 * 0.5) / (0.2 * 0.4 + 0.8 * 6 / 7), rel=EXACT)


def test_everyone_with_a_cause_is_not_a_condition_here(net: Network) -> None:
    """The ratio is that of the logistic risks themselves, not of these given that something hurts."""
    data = modifiable(example_data())
    intercept = net.engine.prior.intercept["tendon"][net.engine.prior.cells.index(("female", "18-49"))]

    table = solved(data).what_if({"age": 30, "sex": "f", "weak_muscles": True}, weak_muscles=False)
    ratio = table.loc["tendon", "risk_ratio"]

    odds = math.exp(intercept)
    assert ratio == pytest.approx((odds / (1 + odds)) / (2 * odds / (1 + 2 * odds)))
    d = net.diagnose(age=30, sex="f")
    conditioned = d.given(weak_muscles=False)["tendon"] / d.given(weak_muscles=True)["tendon"]
    assert abs(conditioned - ratio) > 0.05


def test_an_effect_goes_on_through_causes() -> None:
    """P(d | c absent) = 0.2, P(d | c present) = 0.5; c is 0.1 without the factor and 0.4 with it."""
    data = small({"c": 0.16, "d": 0.2 + 0.3 * 0.16}, {"f": finding(0.1, {"c": 0.5})})
    data["background"] = {"b": background(0.2)}
    data["causes"]["c"]["odds_ratios"] = {"b": odds_ratio(6.0)}
    data["causes"]["d"]["odds_ratios"] = {"c": odds_ratio(4.0)}

    table = solved(modifiable(data)).what_if({"b": True}, b=False)

    assert table["risk_ratio"].to_dict() == pytest.approx({"c": 0.25, "d": 0.23 / 0.32}, rel=EXACT)
    assert table["paths"]["d"] == ("causes.c.odds_ratios.b", "causes.d.odds_ratios.c")
    assert table["odds_ratios"]["d"] == "6 (6 to 6) | 4 (4 to 4)"


def test_changes_in_both_directions_each_have_their_range() -> None:
    """What lowers a cause is a low odds ratio of what is made present, a high one of what is made absent."""
    data = small({"c": 0.2, "d": 0.3}, {"f": finding(0.1, {"c": 0.5})})
    data["background"] = {"b": background(0.3), "k": background(0.4)}
    data["causes"]["c"]["odds_ratios"] = {i: odds_ratio(2.0) | {"low": 1.0, "high": 4.0} for i in ("b", "k")}
    net = solved(modifiable(data))

    row = net.what_if({"b": True, "k": False}, b=False, k=True).loc["c"]

    ends = [
        net.replace({f"causes.c.odds_ratios.{i}": x for i, x in zip("bk", xs, strict=True)}) for xs in ((4, 1), (1, 4))
    ]
    expected = [n.what_if({"b": True, "k": False}, b=False, k=True).loc["c", "risk_ratio"] for n in ends]
    assert [row["risk_ratio_low"], row["risk_ratio_high"]] == pytest.approx(expected, rel=EXACT)
    assert row["risk_ratio_low"] < 0.5 < row["risk_ratio"] < 2 < row["risk_ratio_high"]


def test_a_range_without_a_solution_is_unknown() -> None:
    """Priors that barely cover everyone leave no room for an extreme odds ratio; the ratio itself stays."""
    data = small({"c": 0.5, "d": 0.51}, {"f": finding(0.1, {"c": 0.5})}, everyone=True)
    data["background"] = {"b": background(0.5)}
    for c in data["causes"].values():
        c["odds_ratios"] = {"b": odds_ratio(1.0) | {"high": 1e6}}
    table = solved(modifiable(data)).what_if({"b": True}, b=False)

    assert table[["risk_ratio_low", "risk_ratio_high"]].isna().all(axis=None)
    assert table["risk_ratio"].to_numpy() == pytest.approx(1, rel=0, abs=1e-12)


def test_a_network_too_large_to_list_is_answered() -> None:
    """Causes without a tie to each other: the same ratios as in a network of the touched causes alone."""
    data = qmr_like(60, 30, seed=1)
    touched = dict(list(data["causes"].items())[:3])
    for c in touched.values():
        c["odds_ratios"] = {"b": odds_ratio(3.0)}
    data["background"] = {"b": background(0.3)}
    alone = data | {"causes": touched, "findings": {"f": finding(0.1, {"c0": 0.5})}, "groups": {}}
    net = solved(modifiable(data))
    with pytest.raises(hb.NetworkTooLargeError, match="joint states"):
        _ = net.engine.enumeration

    table, of_touched = net.what_if({}, b=False), solved(modifiable(alone)).what_if({}, b=False)

    for column in RATIOS:
        assert table.loc[list(touched), column].to_dict() == pytest.approx(of_touched[column].to_dict(), rel=EXACT)
    assert table["acts"].sum() == 3


# Against pgmpy.


class Pgmpy:
    """A network's export, asked for what an intervention does, hip pain left unobserved."""

    def __init__(self, net: Network) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model = net.to_pgmpy()
        self.net = net

    def risks(self, data: Data, facts: Facts, cut: Mapping[str, bool], do: Mapping[str, float]) -> dict[str, float]:
        """P(cause | do, facts): edges into `do` removed, what is changed no evidence otherwise."""
        sex, band, known = split(data, facts)
        known = {b: x for b, x in known.items() if b not in cut}
        hard = {} if sex is None else {"sex": sex}
        hard |= {} if band is None else {"age": age_state(self.net.bands[band])}
        hard |= {b: ("absent", "present")[int(x)] for b, x in (known | dict(do)).items() if x in (0, 1)}
        soft = {b: x for b, x in known.items() if x not in (0, 1)}
        found = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pgmpy.factors.discrete import TabularCPD
            from pgmpy.inference import VariableElimination

            model = self.model.do(list(do)) if do else self.model
            names = ["absent", "present"]
            virtual = [TabularCPD(b, 2, [[1 - x], [x]], state_names={b: names}) for b, x in soft.items()]
            for c in self.net.causes:
                inference: Any = VariableElimination(model)  # a new one: virtual evidence changes it
                factor = inference.query([c], evidence=hard, virtual_evidence=virtual or None, show_progress=False)
                found[c] = 1 - factor.get_value(**{c: "absent"})
        return found


def assert_same_as_pgmpy(data: Data, net: Network, facts: Facts, changes: dict[str, bool]) -> None:
    """Check that pgmpy's do() gives each cause our ratio."""
    other = Pgmpy(net)
    after = other.risks(data, facts, changes, {b: float(x) for b, x in changes.items()})
    as_she_is = other.risks(data, facts, changes, before(facts, changes))

    found = net.what_if(facts, **changes)["risk_ratio"].to_dict()

    assert found == pytest.approx({c: after[c] / as_she_is[c] for c in after}, rel=EXACT, abs=0)


@settings(max_examples=12)
@given(drawn=st.data(), data=networks().filter(lambda n: "background" in n))
def test_pgmpy_s_do_gives_the_same_ratios(drawn: st.DataObject, data: Data) -> None:
    """On random networks, with hip_pain unobserved."""
    facts, changes = runner(drawn, modifiable(data))

    assert_same_as_pgmpy(data, solved(data), facts, changes)


SHIPPED_CASES: list[tuple[Facts, dict[str, bool]]] = [
    ({"age": 30, "training_spike": True}, {"training_spike": False}),
    ({"sex": "female", "previous_stress_fracture": True}, {"training_spike": False, "low_energy_availability": False}),
    ({"high_bmi": 0.7, "weak_hip_abductors": True}, {"weak_hip_abductors": False}),
]


@pytest.mark.parametrize(("facts", "changes"), SHIPPED_CASES, ids=repr)
def test_pgmpy_s_do_gives_the_same_ratios_on_the_shipped_network(facts: Facts, changes: dict[str, bool]) -> None:
    net = hb.load_network()
    bands = {"network": {"age_bands": list(net.bands)}, "background": net.background, "findings": net.findings}

    assert_same_as_pgmpy(bands, net, facts, changes)


# What is returned.


def test_the_table_says_what_each_ratio_rests_on_and_never_an_absolute_risk() -> None:
    data = modifiable(example_data())
    data["background"]["weak_muscles"]["prevention"] = ["Rest.", "Train."]
    net = solved(data)

    table = net.what_if({"age": 30, "weak_muscles": True}, weak_muscles=False)

    assert list(table.columns) == COLUMNS
    assert (list(table.index), table.index.name) == (["tendon", "bone", "other"], "cause")
    assert table[[*RATIOS, "preventable_share"]].dtypes.eq("float64").all()
    assert table["acts"].tolist() == [True, False, False]
    tendon = table.loc["tendon"]
    assert tendon["paths"] == ("causes.tendon.odds_ratios.weak_muscles",)
    assert (tendon["odds_ratios"], tendon["basis"], tendon["source"]) == ("2 (1 to 4)", "qualitative", ("study_2020",))
    assert tendon["citation"] == "A study of lateral hip pain (2020), https://doi.org/10.1000/example"
    assert tendon["risk_ratio_high"] == pytest.approx(1, rel=0, abs=1e-12)  # at an odds ratio of 1
    assert table.attrs["prevention"] == ("Train.", "Rest.")
    assert "never an absolute risk" in table.attrs["note"]


def test_tips_are_those_of_what_is_changed() -> None:
    data = example_data()
    data["network"]["prevention"] = ["Sleep.", *TIPS]
    data["background"] = {
        "b": background(0.3, prevention=["Rest."]),
        "k": background(0.3, prevention=["Train."]),
        "weak_muscles": data["background"]["weak_muscles"],
    }
    net = solved(data)

    assert net.what_if({}, b=False).attrs["prevention"] == ("Rest.",)
    assert net.what_if({}, b=False, k=False).attrs["prevention"] == ("Train.", "Rest.")


def test_a_reason_or_a_note_is_shown_once_and_the_firmest_basis_first() -> None:
    data = modifiable(example_data())
    data["background"]["b"] = background(0.3, prevention=["Rest."])
    judged = odds_ratio(1.5)
    studied = {**judged, "basis": "transferred", "source": "study_2020", "note": "in others"}
    del studied["reason"]
    data["causes"]["other"]["odds_ratios"] = {"b": judged, "weak_muscles": studied, "bone": judged}
    data["causes"]["bone"]["odds_ratios"] = {"b": judged}

    row = solved(data).what_if({}, b=False, weak_muscles=False).loc["other"]

    assert row["reason"] == "for this test | in others"
    assert row["basis"] == "transferred | judgement"
    assert row["source"] == ("study_2020",)
    assert len(row["paths"]) == 4


def test_said_may_be_a_row_and_leave_things_unknown() -> None:
    net = solved(modifiable(example_data()))
    row = pd.Series(
        {"age": 30, "sex": None, "weak_muscles": True, "lateral_pain": None, "fever": math.nan}, dtype=object
    )

    expected = net.what_if({"age": 30, "weak_muscles": "yes"}, weak_muscles="no")

    pd.testing.assert_frame_equal(net.what_if(row, weak_muscles=False), expected)


def test_a_setting_s_network_is_asked_like_any_other() -> None:
    net = hb.load_network().in_setting("general_practice")
    table = net.what_if({"age": 30, "training_spike": True}, training_spike=False)

    assert 0.5 < table.loc["stress_fracture", "risk_ratio"] < 0.7
    assert (table["risk_ratio_low"] <= table["risk_ratio"]).all()


# What is refused.


@pytest.fixture(scope="module")
def changeable() -> Network:
    """Return the example with a modifiable factor, one that is not, a sign and an alias."""
    data = modifiable(example_data())
    data["background"]["fixed"] = background(0.2)
    data["findings"]["wasting"] = finding(0.1, {"weak_muscles": 0.5})
    data["findings"]["onset"] = finding(0.2, {"bone": 0.5}, states=["gradual", "sudden"], aliases={"acute": "sudden"})
    return solved(data)


@pytest.mark.parametrize("name", ["lateral_pain", "wasting", "acute"])
@pytest.mark.parametrize("answer", [True, False, 0.7])
def test_a_finding_of_the_runner_is_refused_with_the_reason(changeable: Network, name: str, answer: object) -> None:
    with pytest.raises(hb.EvidenceError, match=r"is a finding, an effect of .*before it hurts; allowed: age, sex and"):
        changeable.what_if({name: answer}, weak_muscles=False)


def test_of_a_sign_it_says_what_may_be_said_instead(changeable: Network) -> None:
    with pytest.raises(hb.EvidenceError, match=r"'wasting' .* Say 'weak_muscles', which it is a sign of, or ask dia"):
        changeable.what_if({"wasting": True}, weak_muscles=False)


def test_a_red_flag_of_the_runner_is_refused_with_the_reason(changeable: Network) -> None:
    with pytest.raises(hb.EvidenceError, match=r"'fever' is a red flag.*before it hurts; allowed: age, sex and"):
        changeable.what_if({"fever": False}, weak_muscles=False)


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"age": 200}, "age is 200; allowed"),
        ({"weak_muscle": True}, "did you mean 'weak_muscles'"),
        ({"tendon": True}, "'tendon' is a cause"),
        ({"weak_muscles": 0.7}, "'weak_muscles' is to be changed and is said to be 0.7 sure; allowed: True or False"),
        (5, "got a int; allowed: a mapping"),
    ],
)
def test_what_is_said_wrongly_is_refused(changeable: Network, said: Any, match: str) -> None:  # noqa: ANN401
    with pytest.raises(hb.EvidenceError, match=match):
        changeable.what_if(said, weak_muscles=False)


def test_no_change_is_refused(changeable: Network) -> None:
    with pytest.raises(hb.EvidenceError, match=r"nothing is changed; name one .*\(modifiable: weak_muscles\)"):
        changeable.what_if({"age": 30})


@pytest.mark.parametrize("name", ["fixed", "age", "sex", "lateral_pain", "acute", "fever", "tendon"])
def test_what_cannot_be_changed_is_refused_with_what_can(changeable: Network, name: str) -> None:
    with pytest.raises(hb.EvidenceError, match=rf"{name!r} cannot be changed here: .*; modifiable: weak_muscles$"):
        changeable.what_if({}, **{name: False})


def test_where_nothing_can_be_changed_it_says_so(net: Network) -> None:
    with pytest.raises(hb.EvidenceError, match=r"modifiable: nothing; a network file says so with `prevention`"):
        net.what_if({}, weak_muscles=False)


def test_an_unknown_change_is_refused_with_the_nearest(changeable: Network) -> None:
    with pytest.raises(hb.UnknownNameError, match=r"unknown modifiable background 'weak_muscle'; did you mean") as e:
        changeable.what_if({}, weak_muscle=False)
    assert e.value.near == ("weak_muscles",)


@pytest.mark.parametrize("value", [None, math.nan, "unknown", 0.3, 0.5, "perhaps", 2, [True]], ids=repr)
def test_a_change_to_neither_yes_nor_no_is_refused(changeable: Network, value: object) -> None:
    with pytest.raises(hb.EvidenceError, match=r"'weak_muscles' is .*; allowed: True or False"):
        changeable.what_if({}, weak_muscles=value)


# The format and the shipped network.


def test_tips_make_background_modifiable(net: Network) -> None:
    """And `replace` can give it some, of those that the network has."""
    changed = net.replace({"prevention": TIPS, "background.weak_muscles.prevention": ["Train."]})

    assert changed.background["weak_muscles"].prevention == ("Train.",)
    assert changed.what_if({}, weak_muscles=False).attrs["prevention"] == ("Train.",)
    assert net.background["weak_muscles"].prevention == ()
    with pytest.raises(hb.NetworkError, match=r"unknown tip of network.prevention 'Rest.'"):
        changed.replace({"prevention": ["Train."], "background.weak_muscles.prevention": ["Rest."]})


def test_what_can_be_changed_in_the_shipped_network() -> None:
    net = hb.load_network()

    assert [b.id for b in net.background.values() if b.prevention] == [
        "training_spike",
        "low_energy_availability",
        "weak_hip_abductors",
    ]


def test_a_runner_who_raised_training_too_fast() -> None:
    """Her risk of a stress fracture falls without the spike, by no more than its odds ratio of 1.7 could do."""
    table = hb.load_network().what_if({"age": 30, "training_spike": True}, training_spike=False)
    bone = table.loc["stress_fracture"]

    assert 1 / 1.7 < bone["risk_ratio"] < 0.65
    assert bone["risk_ratio_low"] < 0.4
    assert bone["risk_ratio_high"] == pytest.approx(1, rel=0, abs=1e-12)  # its odds ratio may be 1
    assert table.loc["lumbar_referred", RATIOS].tolist() == [1, 1, 1]
    assert table.attrs["prevention"][0] == "Raise distance, number of runs and speed gradually."

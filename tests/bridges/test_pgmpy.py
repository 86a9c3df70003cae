"""The export to pgmpy: the same network under the same names, and the same answers from another program."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
from example import Data, example_data, finding, number, odds_ratio, parent, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Facts, evidence, networks, split

if TYPE_CHECKING:
    from hip_bayes import Network

EXACT = 1e-9


class Pgmpy:
    """A network's export, asked through pgmpy with its warnings silenced."""

    def __init__(self, net: Network) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model = net.to_pgmpy()
        self.net = net

    def check(self) -> bool:
        """Let pgmpy check the model."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(self.model.check_model())

    def posterior(self, sex: str | None, band: str | None, known: dict[str, float]) -> dict[str, float]:
        """P(present) of every cause and subtype, by variable elimination; soft evidence as virtual evidence."""
        states = self.model.states
        hard = {"hip_pain": "present"} if self.net.everyone_has_a_cause else {}
        hard |= {name: value for name, value in (("sex", sex), ("age", band)) if value is not None}
        hard |= {name: states[name][int(x)] for name, x in known.items() if x in (0, 1)}
        soft = {name: x for name, x in known.items() if x not in (0, 1)}
        found: dict[str, float] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pgmpy.factors.discrete import TabularCPD
            from pgmpy.inference import VariableElimination

            virtual = [
                TabularCPD(name, 2, [[1 - x], [x]], state_names={name: states[name]}) for name, x in soft.items()
            ]
            for cause in self.net.causes.values():
                inference: Any = VariableElimination(self.model)  # a new one: virtual evidence changes it
                factor = inference.query(
                    [cause.id], evidence=hard, virtual_evidence=virtual or None, show_progress=False
                )
                found[cause.id] = 1 - factor.get_value(**{cause.id: "absent"})
                found |= {s: factor.get_value(**{cause.id: s}) for s in cause.subtypes}
        return found


def assert_same_answers(data: Data, facts: Facts) -> None:
    """Check that pgmpy gives each cause and subtype our probability."""
    net = solved(data)
    sex, band, known = split(data, facts)
    d = net.diagnose(facts)

    found = Pgmpy(net).posterior(sex, band, known)

    assert found == pytest.approx({i: d[i] for i in found}, rel=0, abs=EXACT)


@pytest.mark.parametrize("everyone", [True, False], ids=["everyone has a cause", "not everyone has a cause"])
@settings(max_examples=15)
@given(drawn=st.data())
def test_pgmpy_gives_the_same_posteriors(drawn: st.DataObject, *, everyone: bool) -> None:
    """On random networks, given hip_pain = present, with hard and soft evidence."""
    data = drawn.draw(networks(everyone_has_a_cause=everyone))

    assert_same_answers(data, drawn.draw(evidence(data)))


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"age": 46, "sex": "female"},
        {"age": 60, "sex": "male", "lateral_pain": True, "night_pain": False},
        {"weak_muscles": True, "night_pain": True},
        {"sex": "female", "lateral_pain": 0.7, "night_pain": True},
        {"weak_muscles": 0.2, "lateral_pain": 0.9, "night_pain": 0.35},
    ],
    ids=repr,
)
def test_pgmpy_gives_the_same_posteriors_on_the_example(data: Data, facts: Facts) -> None:
    assert_same_answers(data, facts)


@settings(max_examples=15)
@given(data=networks())
def test_pgmpy_accepts_every_export(data: Data) -> None:
    assert Pgmpy(solved(data)).check()


def test_nodes_and_states_are_those_of_the_file(data: Data) -> None:
    data["findings"]["onset"] = finding(0.2, {"bone": 0.5}, states=["gradual", "sudden"])
    model = Pgmpy(solved(data)).model

    assert model.states == {
        "sex": ["female", "male"],
        "age": ["18-49", "50+"],
        "weak_muscles": ["absent", "present"],
        "tendon": ["absent", "present"],
        "bone": ["absent", "neck", "sacrum"],
        "other": ["absent", "present"],
        "lateral_pain": ["absent", "present"],
        "night_pain": ["absent", "present"],
        "onset": ["gradual", "sudden"],
        "hip_pain": ["absent", "present"],
    }
    assert set(model.get_parents("night_pain")) == {"lateral_pain", "tendon", "bone", "other"}
    assert set(model.get_parents("onset")) == {"bone"}
    assert set(model.get_parents("hip_pain")) == {"tendon", "bone", "other"}
    assert set(model.get_parents("tendon")) == {"sex", "age", "weak_muscles"}
    assert {"fever", "triage"}.isdisjoint(model.nodes)


def test_without_everyone_having_a_cause_there_is_no_hip_pain_node(data: Data) -> None:
    data["network"]["everyone_has_a_cause"] = False

    assert "hip_pain" not in Pgmpy(solved(data)).model.nodes


def test_each_export_is_a_new_model(net: Network) -> None:
    first, second = Pgmpy(net).model, Pgmpy(net).model
    first.remove_node("night_pain")

    assert "night_pain" in second.nodes
    assert "night_pain" in Pgmpy(net).model.nodes


def test_a_subtype_s_links_are_exported_by_state(data: Data) -> None:
    """P(lateral pain | only a stress fracture of the neck) is the number of the file; of the sacrum, the leak."""
    model = Pgmpy(solved(data)).model
    table: Any = model.get_cpds("lateral_pain")
    present = {
        site: table.get_value(lateral_pain="present", tendon="absent", bone=site, other="absent")
        for site in ("absent", "neck", "sacrum")
    }

    assert present == pytest.approx({"absent": 0.05, "neck": 0.25, "sacrum": 0.05}, rel=0, abs=1e-12)


def test_a_mechanism_may_have_the_name_of_anything_else() -> None:
    """Its id is not a node, so a cause outside it that is called the same keeps its own link."""
    data = small({"a": 0.5, "b": 0.5, "c": 0.5}, {"f": finding(0.1, {"a": 0.4, "b": 0.6, "c": 0.9})}, everyone=True)
    data["mechanisms"] = {"c": {"name": "A joint", "reason": "one joint", "causes": ["a", "b"], "findings": ["f"]}}

    assert_same_answers(data, {"f": True})


def test_an_export_has_every_part_of_the_format() -> None:
    """Cause edges, shared and private background, a chain of findings, a mechanism with subtypes: all at once."""
    data = example_data()
    data["causes"]["bone"]["odds_ratios"] = {"tendon": odds_ratio(0.4), "weak_muscles": odds_ratio(3.0)}
    data["background"]["old_injury"] = {"name": "I", "question": "?", "prevalence": {"all": number([0.2, 0.4])}}
    data["causes"]["other"]["odds_ratios"] = {"old_injury": odds_ratio(2.0)}
    data["findings"]["limp"] = finding(0.1, {"neck": 0.6, "tendon": 0.3}, parent=parent("night_pain", 0.1))
    data["mechanisms"] = {
        "bone_and_tendon": {"name": "M", "reason": "r", "causes": ["tendon", "bone"], "findings": ["limp"]}
    }

    assert_same_answers(data, {"age": 70, "limp": True, "lateral_pain": False, "old_injury": 0.3})

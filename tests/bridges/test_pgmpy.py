"""The export to pgmpy: the same network under the same names, and the same answers from another program."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from example import Data, example_data, finding, number, odds_ratio, parent, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Facts, evidence, networks, split

from hip_bayes.bridges.pgmpy import age_state
from hip_bayes.network.parts import BIF_WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from pgmpy.models import DiscreteBayesianNetwork

    from hip_bayes import Network

EXACT = 1e-9
NAME = re.compile("[A-Za-z][A-Za-z0-9_]*")
"""What every file format takes as a name."""


class Pgmpy:
    """A network's export, asked through pgmpy with its warnings silenced."""

    def __init__(self, net: Network, model: DiscreteBayesianNetwork | None = None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model = net.to_pgmpy() if model is None else model
        self.net = net

    def check(self) -> bool:
        """Let pgmpy check the model."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(self.model.check_model())

    def posterior(self, sex: str | None, band: str | None, known: dict[str, float]) -> dict[str, float]:
        """P(present) of every cause and subtype, by variable elimination; soft evidence as virtual evidence."""
        states = self.model.states
        hard, soft = said(self.net, states, sex, band, known)
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


def said(
    net: Network, states: dict[str, list[str]], sex: str | None, band: str | None, known: dict[str, float]
) -> tuple[dict[str, str], dict[str, float]]:
    """Return what is known for certain as the states of an export, and how sure the rest is."""
    hard = {"hip_pain": "present"} if net.everyone_has_a_cause else {}
    hard |= {} if sex is None else {"sex": sex}
    hard |= {} if band is None else {"age": age_state(net.bands[band])}
    hard |= {name: states[name][int(x)] for name, x in known.items() if x in (0, 1)}
    return hard, {name: x for name, x in known.items() if x not in (0, 1)}


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
        "age": ["a18_49", "a50_plus"],
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


def every_part() -> Data:
    """Return cause edges, shared and own background, a chain of findings, a mechanism with subtypes: all at once."""
    data = example_data()
    data["causes"]["bone"]["odds_ratios"] = {"tendon": odds_ratio(0.4), "weak_muscles": odds_ratio(3.0)}
    data["background"]["old_injury"] = {"name": "I", "question": "?", "prevalence": {"all": number([0.2, 0.4])}}
    data["causes"]["other"]["odds_ratios"] = {"old_injury": odds_ratio(2.0)}
    data["findings"]["limp"] = finding(0.1, {"neck": 0.6, "tendon": 0.3}, parent=parent("night_pain", 0.1))
    data["mechanisms"] = {
        "bone_and_tendon": {"name": "M", "reason": "r", "causes": ["tendon", "bone"], "findings": ["limp"]}
    }
    return data


def test_an_export_has_every_part_of_the_format() -> None:
    assert_same_answers(every_part(), {"age": 70, "limp": True, "lateral_pain": False, "old_injury": 0.3})


# Names and files.


@settings(max_examples=25)
@given(data=networks())
def test_names_are_those_every_format_takes(data: Data) -> None:
    states = Pgmpy(solved(data)).model.states

    assert all(NAME.fullmatch(name) for node, of_node in states.items() for name in (node, *of_node))
    assert all(len({*of_node}) == len(of_node) for of_node in states.values())


def test_names_of_the_shipped_network_are_those_every_format_takes(shipped: Network) -> None:
    states = Pgmpy(shipped).model.states
    names = {name for node, of_node in states.items() for name in (node, *of_node)}

    assert all(NAME.fullmatch(name) for name in names)
    assert not names & {*BIF_WORDS}
    assert states["age"] == ["a18_29", "a30_39", "a40_49", "a50_59", "a60_plus"]
    assert states["sex"] == ["female", "male"]


@pytest.mark.parametrize(
    ("bands", "states"),
    [
        (["18+"], ["a18_plus"]),
        (["18-39", "40-90"], ["a18_39", "a40_90"]),
        (["18-18", "19-20", "21+"], ["a18_18", "a19_20", "a21_plus"]),
        (["\u0661\u0668-\u0664\u0669", "050+"], ["a18_49", "a50_plus"]),
    ],
    ids=str,
)
def test_an_age_band_is_a_letter_and_its_ages(bands: list[str], states: list[str]) -> None:
    data = example_data()
    data["network"] |= {"age_bands": bands, "weights": {"all": number(1 / (2 * len(bands)))}}
    for c in data["causes"].values():
        c["prior"] = {"all": number(0.5)}

    assert Pgmpy(solved(data)).model.states["age"] == states


@pytest.mark.parametrize(
    ("states", "exported"),
    [
        (["gradual", "sudden"], ["gradual", "sudden"]),
        (["None", "Crepitus_2"], ["None", "Crepitus_2"]),
        (["0-2", "3+"], ["absent", "present"]),
        (["no crepitus", "crepitus"], ["absent", "present"]),
        (["_", "x"], ["absent", "present"]),
        (["langsam", "pl\u00f6tzlich"], ["absent", "present"]),
        (["Default", "other"], ["absent", "present"]),
    ],
    ids=str,
)
def test_states_no_file_format_takes_are_absent_and_present(states: list[str], exported: list[str]) -> None:
    """Whatever they are called, they mean the same."""
    data = example_data()
    data["findings"]["onset"] = finding(0.2, {"bone": 0.5}, states=states)

    assert Pgmpy(solved(data)).model.states["onset"] == exported
    assert_same_answers(data, {"onset": True, "age": 30})


FILES = ["bif", "xmlbif"]
CASES: list[Facts] = [
    {},
    {"age": 46, "sex": "female", "lateral_pain": True, "onset": True},
    {"age": 70, "limp": True, "lateral_pain": False, "old_injury": 0.3, "night_pain": 0.9},
]


def known_to(net: Network) -> list[Facts]:
    """Return the cases, with what this network knows."""
    names = ("age", "sex", *net.background, *net.findings)
    return [{name: value for name, value in facts.items() if name in names} for facts in CASES]


@pytest.fixture(params=["example", "every part"])
def kept(request: pytest.FixtureRequest) -> Data:
    """Return networks with subtypes, a parent finding and age bands, the second one with more of each."""
    if request.param == "example":
        return example_data()
    data = every_part()
    bands = ["18-29", "30-39", "40-49", "50-59", "60+"]
    data["network"] |= {"age_bands": bands, "weights": {"all": number([0.05, 0.1, 0.15, 0.15, 0.05])}}
    data["causes"]["tendon"]["prior"] = {"female": number([0.4, 0.5, 0.6, 0.5, 0.45]), "male": number(0.4)}
    data["causes"]["bone"]["prior"] = {"all": number([0.5, 0.4, 0.35, 0.45, 0.5])}
    data["background"]["old_injury"]["prevalence"] = {"all": number([0.1, 0.2, 0.3, 0.35, 0.4])}
    data["findings"]["onset"] = finding(0.2, {"bone": 0.5}, states=["gradual", "sudden"])
    data["findings"]["steps"] = finding(0.2, {"tendon": 0.5}, states=["0-2", "3+"])
    return data


def written(net: Network, folder: Path, ending: str) -> Path:
    """Write the export to a file by pgmpy."""
    path = folder / f"network.{'bif' if ending == 'bif' else 'bifxml'}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pgmpy.readwrite import BIFWriter, XMLBIFWriter

        model = net.to_pgmpy()
        if ending == "bif":
            BIFWriter(model).write_bif(str(path))
        else:
            XMLBIFWriter(model).write_xmlbif(str(path))
    return path


@pytest.mark.parametrize("ending", FILES)
def test_a_file_read_by_pgmpy_gives_the_same_posteriors(kept: Data, tmp_path: Path, ending: str) -> None:
    """Its names come back as they were, and its answers are those of `diagnose`."""
    net = solved(kept)
    path = written(net, tmp_path, ending)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pgmpy.readwrite import BIFReader, XMLBIFReader

        read = Pgmpy(net, (BIFReader if ending == "bif" else XMLBIFReader)(str(path)).get_model())

    assert read.model.states == Pgmpy(net).model.states
    for facts in known_to(net):
        d, found = net.diagnose(facts), read.posterior(*split(kept, facts))
        assert found == pytest.approx({i: d[i] for i in found}, rel=0, abs=EXACT)


@pytest.mark.parametrize("ending", FILES)
def test_a_file_read_by_pyagrum_gives_the_same_posteriors(kept: Data, tmp_path: Path, ending: str) -> None:
    """Its reader of BIF keeps the numbers in single precision."""
    gum = pytest.importorskip("pyagrum", reason="in the extra benchmark")
    within = 1e-6 if ending == "bif" else EXACT
    net = solved(kept)
    read = gum.loadBN(str(written(net, tmp_path, ending)))
    states = {name: list(read[name].labels()) for name in read.names()}

    assert states == Pgmpy(net).model.states
    for facts in known_to(net):
        d = net.diagnose(facts)
        hard, soft = said(net, states, *split(kept, facts))
        engine = gum.LazyPropagation(read)
        engine.setEvidence(hard | {name: [1 - x, x] for name, x in soft.items()})
        engine.makeInference()
        for cause in net.causes.values():
            found = dict(zip(states[cause.id], engine.posterior(cause.id).tolist(), strict=True))
            assert 1 - found["absent"] == pytest.approx(d[cause.id], rel=0, abs=within)
            sites = {s: found[s] for s in cause.subtypes}
            assert sites == pytest.approx({s: d[s] for s in sites}, rel=0, abs=within)


def test_a_story_told_freely_is_virtual_evidence() -> None:
    """What it passes over too: pgmpy gives the same posteriors."""
    rates = {"site": (0.5, 0.01), "history": (0.3, 0.05), "examination": (0.4, 0.1)}
    findings = {
        "groin": finding(0.1, {"a": 0.8, "b": 0.3}, site=True),
        "night": finding(0.1, {"a": 0.4}, parent=parent("groin", 0.1)),
        "clicks": finding(0.1, {"b": 0.6}),
        "press": finding(0.1, {"a": 0.7}, kind="examination"),
    }
    data = small({"a": 0.3, "b": 0.4}, findings)
    states = enumerate(("present", "absent"))
    data["mention"] = {"any": {s: {kind: number(r[i]) for kind, r in rates.items()} for i, s in states}}
    net = solved(data)
    model = Pgmpy(net)
    for facts in ({"night": True}, {"clicks": False}, {"press": True, "groin": 0.7}, {"night": False, "clicks": True}):
        d = net.diagnose(facts, account="volunteered")
        assert len(d.case.known) == 4 - ("press" not in facts)
        found = model.posterior(None, None, dict(d.case.known))
        assert {c: d[c] for c in found} == pytest.approx(found, abs=EXACT)

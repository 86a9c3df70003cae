"""No public call answers an odd value with somebody else's error, a hang, a crash or a silent guess.

Every public callable is found out here, not listed: each of its parameters is given every odd value in turn, the others
being right. Allowed is an answer, or a HipBayesError of one readable paragraph. `INSIDE` has odd values in what is
right else: a cell of a table, the key of a mapping, an item of a list.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import io
import itertools
import math
import os
import signal
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from example import odds_ratio, rich_data, solved

import hip_bayes as hb
from hip_bayes.cohorts.files import Counts
from hip_bayes.explorer.page import Explorer
from hip_bayes.network.parts import Table
from hip_bayes.reasoning.fit import Fit
from hip_bayes.reasoning.questions import Stop
from hip_bayes.reasoning.triage import Triage

if TYPE_CHECKING:
    from hip_bayes import Diagnosis, Network, Validation

mpl.use("Agg")
PACKAGE = Path(hb.__file__).parent
SECONDS = 60
"""After which a call hangs."""
LONGEST = 2000
"""Characters of a message."""


# ---------------------------------------------------------------------------------------------------- odd values


class RaisedError(Exception):
    """What hostile values raise."""


def _raise(*_: object) -> Any:  # noqa: ANN401
    raise RaisedError


def _hostile(base: type, *methods: str) -> type:
    """Return a class of which these methods raise."""
    made: type = type(base)("Hostile", (base,), dict.fromkeys([f"__{method}__" for method in methods], _raise))
    return made


WHAT_IS_DONE = (
    "eq",
    "lt",
    "le",
    "gt",
    "ge",
    "bool",
    "str",
    "repr",
    "len",
    "iter",
    "contains",
    "getitem",
    "float",
    "int",
)
Hostile = _hostile(object, *WHAT_IS_DONE, "index", "hash")
HostileButHashed = type("HostileButHashed", (Hostile,), {"__hash__": lambda _: 1})
HostilePath = _hostile(os.PathLike, "fspath")
HostileDict = type("HostileDict", (_hostile(dict, "getitem", "iter"),), {"items": _raise})
HostileMapping = _hostile(Mapping, "getitem", "iter", "len")


class StrSubclass(str):
    """A text of a class of its own."""

    __slots__ = ()


class IntSubclass(int):
    """A whole number of a class of its own."""


def _raising() -> Iterator[object]:
    yield "age"
    raise RaisedError


def _deep() -> list[object]:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    return deep


def _recursive() -> list[object]:
    recursive: list[object] = []
    recursive.append(recursive)
    return recursive


def _duplicated() -> pd.DataFrame:
    return pd.DataFrame([[1, 2]], columns=["lateral_pain", "lateral_pain"])


def _multi_index() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([["a", "b"], ["c", "d"]])
    return pd.DataFrame(np.ones((4, 4)), index=index, columns=index)


ODD: dict[str, Callable[[], object]] = {
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "-inf": lambda: -math.inf,
    "-1": lambda: -1,
    "0": lambda: 0,
    "1": lambda: 1,
    "1.5": lambda: 1.5,
    "1.0": lambda: 1.0,
    "1e300": lambda: 1e300,
    "5e-324": lambda: 5e-324,
    "2**64-1": lambda: 2**64 - 1,
    "10**9": lambda: 10**9,
    "10**12": lambda: 10**12,
    "10**400": lambda: 10**400,
    "-10**400": lambda: -(10**400),
    "10**5000": lambda: 10**5000,
    "-0.0": lambda: -0.0,
    "complex": lambda: 1 + 1j,
    "''": lambda: "",
    "' '": lambda: " ",
    "long text": lambda: "x" * 10_000,
    "NUL": lambda: "\x00",
    "ESC": lambda: "\x1b[31m",
    "line end": lambda: "a\nb",
    "right to left": lambda: "\u202egnp",
    "surrogate": lambda: "\ud800",
    "slash": lambda: "/",
    "path with ESC": lambda: "no/such/\x1b[31m\n.toml",
    "long path": lambda: "no/" + "x" * 10_000 + ".csv",
    "bytes": lambda: b"age",
    "b''": lambda: b"",
    "bytearray": lambda: bytearray(b"age"),
    "memoryview": lambda: memoryview(b"age"),
    "[]": list,
    "[[]]": lambda: [[]],
    "()": tuple,
    "{}": dict,
    "{None: 1}": lambda: {None: 1},
    "{1: 2}": lambda: {1: 2},
    "set()": set,
    "{None}": lambda: {None},
    "object": object,
    "a class": lambda: dict,
    "a function": lambda: _raising,
    "a lambda": lambda: lambda: None,
    "a module": lambda: math,
    "a generator": lambda: (i for i in range(3)),
    "an iterator that raises": _raising,
    "an endless iterator": itertools.count,
    "range(10**12)": lambda: range(10**12),
    "np.array(True)": lambda: np.array(True),  # noqa: FBT003
    "np.array([])": lambda: np.array([]),
    "np.array([1, 2])": lambda: np.array([1, 2]),
    "np.array([[1.5]])": lambda: np.array([[1.5]]),
    "np.array(['age'])": lambda: np.array(["age"]),
    "np.float64('nan')": lambda: np.float64("nan"),
    "np.int64": lambda: np.int64(-5),
    "np.bool": lambda: np.bool_(True),  # noqa: FBT003
    "np.str_": lambda: np.str_("age"),
    "np.timedelta64": lambda: np.timedelta64(3, "D"),
    "np.datetime64": lambda: np.datetime64("2020-01-01"),
    "structured array": lambda: np.zeros(2, dtype=[("age", "i4"), ("sex", "U6")]),
    "pd.NA": lambda: pd.NA,
    "pd.NaT": lambda: pd.NaT,
    "pd.DataFrame()": pd.DataFrame,
    "pd.Series()": lambda: pd.Series(dtype=object),
    "pd.Series": lambda: pd.Series([1, None], index=["age", None]),
    "pd.Timestamp": lambda: pd.Timestamp("2020-01-01"),
    "MultiIndex frame": _multi_index,
    "duplicated columns": _duplicated,
    "Decimal('NaN')": lambda: Decimal("NaN"),
    "Decimal('sNaN')": lambda: Decimal("sNaN"),
    "Decimal('Infinity')": lambda: Decimal("Infinity"),
    "Fraction": lambda: Fraction(1, 3),
    "datetime": lambda: datetime(2020, 1, 1, tzinfo=UTC),
    "date": lambda: date(2020, 1, 1),
    "timedelta": lambda: timedelta(days=1),
    "/dev/null": lambda: Path(os.devnull),
    "/": lambda: Path("/"),
    "a stream": lambda: io.StringIO("age,sex"),
    "hostile": Hostile,
    "hostile but hashed": HostileButHashed,
    "hostile path": HostilePath,
    "hostile dict": lambda: HostileDict(age=1),
    "hostile mapping": HostileMapping,
    "str subclass": lambda: StrSubclass("age"),
    "int subclass": lambda: IntSubclass(7),
    "deep list": _deep,
    "recursive list": _recursive,
    "NotImplemented": lambda: NotImplemented,
    "Ellipsis": lambda: ...,
}
FUNCTIONS = ("a class", "a function", "a lambda")
ALIKE = frozenset(
    {
        *("-inf", "1.0", "1e300", "5e-324", "10**9", "10**12", "-10**400", "path with ESC", "long path", "ESC", "b''"),
        *("memoryview", "[[]]", "{1: 2}", "a module", "range(10**12)", "np.array([[1.5]])", "np.int64", "pd.Series"),
        *("np.timedelta64", "duplicated columns", "date", "timedelta", "/", "hostile path", "int subclass", "Ellipsis"),
    }
)
"""What is much like others, and not tried within what is right."""


# ------------------------------------------------------------------------------------------------- what is called


@dataclass(frozen=True, eq=False)
class World:
    """What odd values are put among: a small network, results, and files."""

    net: Network
    d: Diagnosis
    validation: Validation[Network]
    cases: pd.DataFrame
    folder: Path
    explorer: Explorer


CASE = {"age": 40, "sex": "female", "lateral_pain": True, "night_pain": False}
CODED: dict[str, object] = {
    "age": 40,
    "sex": "female",
    "findings_present": ["lateral_pain"],
    "findings_absent": ["night_pain"],
    "exam_present": [],
    "exam_absent": [],
    "red_flags": [],
    "background": {"weak_muscles": True},
    "diagnosis": ["tendon"],
}
FACTS = ("age", "sex", "weak_muscles", "lateral_pain", "onset", "fever", "tendon", "no_such_name")
"""What a call may say of a case by name: one of each kind, and what is none."""
SLOW = ("hb.explore", "plots.before_after")
"""Of these only a name that is none has odd values: they read others as `diagnose` does, and then draw."""
MANY = ("plots.", "hb.Network")
"""Of these, odd values that are much alike are tried once: they draw, or have many parameters."""
CALLED_BACK = ("hb.diagnose_file(progress)", "hb.diagnose_file(notify)")
"""Parameters that are called: what they raise is theirs."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    data = rich_data()
    data["network"]["prevention"] = ["Increase slowly."]
    data["background"]["weak_muscles"]["prevention"] = ["Increase slowly."]
    data["settings"] = {"clinic": {"name": "A clinic", "odds_multipliers": {"tendon": odds_ratio(2.0)}}}
    net = solved(data)
    cases = net.simulate(6, seed=1)[["age", "sex", "lateral_pain", "truth"]]
    folder = tmp_path_factory.mktemp("odd")
    cases[["age", "sex", "lateral_pain"]].to_csv(folder / "cases.csv", index=False)
    validation = hb.validate(cases, network=net, bootstrap=3)
    return World(net, net.diagnose(CASE), validation, cases, folder, hb.explore(net))


OWNERS: dict[str, tuple[Any, Callable[[World], object]]] = {
    "hb": (hb, lambda _: hb),
    "plots": (hb.plots, lambda _: hb.plots),
    "Network": (hb.Network, lambda w: w.net),
    "Diagnosis": (hb.Diagnosis, lambda w: w.d),
    "Validation": (hb.Validation, lambda w: w.validation),
    "Triage": (Triage, lambda w: w.d.triage),
    "Fit": (Fit, lambda w: w.d.fit),
    "Stop": (Stop, lambda w: w.d.enough()),
    "Counts": (Counts, lambda _: Counts(1, 1, 0, 0)),
    "Table": (Table, lambda w: w.net.findings),
    "Explorer": (Explorer, lambda w: w.explorer),
}
"""Whose public callables are called, and how to come by one; not `engine` and `vocabulary`, which are inner rooms."""
LEFT_OUT = {
    "Network.once": "takes functions of the library itself",
    "Diagnosis.once": "takes functions of the library itself",
    "Network.to_pgmpy": "takes nothing, and a while; tests/bridges has it",
    "hb.Validation": "made by validate; keeps its parts and does nothing with them",
}
"""Public callables that get no odd values, and why."""


@cache
def _right(w: World) -> dict[str, dict[str, object]]:
    """Return right arguments where there is no default, or a slow one, by callable."""
    frame = w.cases.drop(columns="truth")
    file = {"source": w.folder / "cases.csv", "target": w.folder / "out.csv"}
    return {
        "hb.Network": {name: getattr(w.net, name) for name in inspect.signature(hb.Network).parameters},
        "hb.Diagnosis": {"network": w.net, "case": w.d.case},
        "hb.diagnose": {"network": w.net},
        "hb.diagnose_many": {"frame": frame, "network": w.net},
        "hb.diagnose_file": {**file, "network": w.net, "overwrite": True},
        "hb.explore": {"network": w.net},
        "hb.load_network": {},
        "hb.model_card": {"net": w.net, "validation": w.validation, "about": "simulated"},
        "hb.validate": {"cases": w.cases, "network": w.net, "bootstrap": 2},
        "Network.band_of": {"age": 40},
        "Network.diagnose_many": {"frame": frame},
        "Network.in_setting": {"setting": "clinic"},
        "Network.name_of": {"id_": "tendon"},
        "Network.replace": {"changes": {"findings.lateral_pain.leak": 0.1}},
        "Network.simulate": {"n": 2},
        "Network.states_of": {"id_": "onset"},
        "Network.weakest_numbers": {"cases": frame[:1], "k": 1},
        "Network.what_if": {"weak_muscles": False},
        "Diagnosis.__getitem__": {"id_": "tendon"},
        "Diagnosis.__contains__": {"id_": "tendon"},
        "Diagnosis.intervals": {"draws": 20},
        "Validation.decision_curve": {"cause": "tendon"},
        "Table.__getitem__": {"key": "onset"},
        "Table.__contains__": {"key": "onset"},
        "Table.get": {"key": "onset"},
        "Explorer.answer": {"id_": "lateral_pain", "value": True},
        "plots.before_after": {"d": w.d},
        "plots.calibration": {"v": w.validation},
        "plots.decision_curve": {"v": w.validation, "cause": "tendon"},
        "plots.explanation": {"d": w.d, "cause": "tendon"},
        "plots.findings": {"net": w.net},
        "plots.network": {"net": w.net},
        "plots.posterior": {"d": w.d, "draws": 20},
        "plots.priors": {"net": w.net},
        "plots.tornado": {"d": w.d},
    }


@dataclass(frozen=True)
class Place:
    """A parameter of a public callable, or nothing where it takes none."""

    name: str
    """As `Network.simulate`."""
    parameter: inspect.Parameter | None = None
    fact: str = ""
    """The keyword, where the parameter takes any."""

    def __str__(self) -> str:
        """Return it as `Network.simulate(n)`."""
        return f"{self.name}({self.fact or (self.parameter.name if self.parameter else '')})"

    def call(self, w: World, value: object) -> object:
        """Call it with an odd value there and right ones elsewhere."""
        owner, name = self.name.split(".")
        called = getattr(OWNERS[owner][1](w), name)
        if self.parameter is None:
            return called() if callable(called) else called
        signature = _signature(called if owner in ("hb", "plots") else getattr(OWNERS[owner][0], name))
        bound = inspect.BoundArguments(inspect.Signature([*signature.values()]), {})  # type: ignore[arg-type]
        right = {**_right(w).get(self.name, {})}
        if self.parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            right[self.parameter.name] = (value,)
        else:
            right[self.fact or self.parameter.name] = value
        for name, parameter in signature.items():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                bound.arguments[name] = {k: right[k] for k in right if k not in signature}
            elif name in right:
                bound.arguments[name] = right[name]
        return called(*bound.args, **bound.kwargs)


@cache
def _signature(called: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a function or method, but `self`."""
    return {name: p for name, p in inspect.signature(called).parameters.items() if name != "self"}


def _places() -> Iterator[Place]:
    """Yield every parameter of every public callable, and every property."""
    for owner, (of, _) in OWNERS.items():
        names = of.__all__ if owner in ("hb", "plots") else [n for n in dir(of) if not n.startswith("_")]
        names += [] if owner in ("hb", "plots") else [n for n in ("__getitem__", "__contains__") if hasattr(of, n)]
        for name in names:
            thing = getattr(of, name)
            left_out = f"{owner}.{name}" in LEFT_OUT or (isinstance(thing, type) and issubclass(thing, Exception))
            if left_out or inspect.ismodule(thing):
                continue
            parameters = [*_signature(thing).values()] if callable(thing) else []
            if not parameters:
                yield Place(f"{owner}.{name}")
            for p in parameters:
                many = p.kind is p.VAR_KEYWORD
                facts = ("",) if not many else FACTS[-1:] if f"{owner}.{name}" in SLOW else FACTS
                yield from (Place(f"{owner}.{name}", p, fact) for fact in facts)


PLACES = tuple(_places())


# ------------------------------------------------------------------------------------- odd values in what is right


def _column(name: object, values: list[Any]) -> pd.DataFrame:
    """Return a table of one column."""
    cells = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        cells[i] = value
    frame = pd.DataFrame({0: cells})
    frame.columns = pd.Index([name], dtype=object, tupleize_cols=False)
    return frame


def _with_truth(value: object) -> pd.DataFrame:
    return _column("truth", ["tendon", value]).assign(age=40)


def _coded(**changed: object) -> list[dict[str, object]]:
    return [{**CODED, **changed}, CODED]


LEAK = "findings.lateral_pain.leak"
PATHS = (
    *("name", "version", "network.description", "age_range", "prevention", "everyone_has_a_cause", "bands", "causes"),
    *(LEAK, f"{LEAK}.p", f"{LEAK}.n", f"{LEAK}.basis", f"{LEAK}.source", f"{LEAK}.reason", "advice"),
    *("findings.onset.states", "findings.onset.aliases", "findings.onset.aliases.acute", "findings.onset.sex"),
    *("findings.onset.given", "findings.onset.given.bone", "findings.onset.worrying", "findings.onset.id"),
    *("weights.female", "causes.tendon.prior.female.18-49", "causes.tendon.icd10", "causes.bone.subtypes.neck.share"),
    *("hazards.neck.threshold", "hazards.neck.avoid", "settings.clinic.odds_multipliers.tendon", "no.such.path"),
    *("sources.study_2020.year", "sources.study_2020.address", "red_flags.fever.level", "setting"),
)
"""Of what a network can be asked to change."""
READINGS: dict[str, Callable[[object], dict[str, object]]] = {
    "ignore=[.]": lambda v: {"ignore": [v]},
    "missing=[.]": lambda v: {"missing": [v]},
    "missing=[-9, .]": lambda v: {"missing": [-9, v]},
    "columns={.: 'age'}": lambda v: {"columns": {v: "age"}},
    "columns={'age': .}": lambda v: {"columns": {"age": v}},
    "code={.: {1: 'yes'}}": lambda v: {"code": {v: {1: "yes"}}},
    "code={'age': .}": lambda v: {"code": {"age": v}},
    "code={'lateral_pain': {.: 'yes'}}": lambda v: {"code": {"lateral_pain": {v: "yes"}}},
    "code={'lateral_pain': {1: .}}": lambda v: {"code": {"lateral_pain": {1: v}}},
}
INSIDE: dict[str, Callable[[World, Any], object]] = {
    "diagnose({.: True})": lambda w, v: w.net.diagnose({v: True}),
    "diagnose(Series)": lambda w, v: w.net.diagnose(pd.Series([v], index=["lateral_pain"], dtype=object)),
    "diagnose(Series, label)": lambda w, v: w.net.diagnose(pd.Series([True], index=[v])),
    "given({.: True})": lambda w, v: w.d.given({v: True}),
    **{
        f"diagnose_many(column {name!r})": lambda w, v, name=name: w.net.diagnose_many(_column(name, [v]))
        for name in ("age", "sex", "weak_muscles", "lateral_pain", "onset", "fever")
    },
    "diagnose_many(mixed column)": lambda w, v: w.net.diagnose_many(_column("lateral_pain", [True, v, 0.5, "yes"])),
    "diagnose_many(header)": lambda w, v: w.net.diagnose_many(_column(v, [True])),
    "diagnose_many(header, others)": lambda w, v: w.net.diagnose_many(_column(v, [True]), ignore_others=True),
    "diagnose_many(label)": lambda w, v: w.net.diagnose_many(_column("age", [40]).set_axis([v])),
    "diagnose_many(label, error)": lambda w, v: w.net.diagnose_many(_column("age", [4]).set_axis([v])),
    "diagnose_many([.])": lambda w, v: w.net.diagnose_many([v]),
    "diagnose_many([{.: True}])": lambda w, v: w.net.diagnose_many([{v: True}]),
    "diagnose_many([{'age': .}])": lambda w, v: w.net.diagnose_many([{"age": v}, {"age": 40}]),
    **{
        f"diagnose_many({name})": lambda w, v, made=made: w.net.diagnose_many(w.cases[["age"]], **made(v))
        for name, made in READINGS.items()
    },
    **{
        f"diagnose_file({name})": lambda w, v, made=made: hb.diagnose_file(
            w.folder / "cases.csv", w.folder / "out.csv", network=w.net, overwrite=True, **made(v)
        )
        for name, made in READINGS.items()
    },
    "diagnose_file(ids=[.])": lambda w, v: hb.diagnose_file(
        w.folder / "cases.csv", w.folder / "out.csv", network=w.net, overwrite=True, ids=[v]
    ),
    "validate([.])": lambda w, v: hb.validate([v], network=w.net),
    **{
        f"validate({name})": lambda w, v, name=name: hb.validate(_coded(**{name: v}), network=w.net, bootstrap=0)
        for name in (*CODED, "id", "danger", "setting", "diagnosis_outside_vocabulary")
    },
    **{
        f"validate({name}=[.])": lambda w, v, name=name: hb.validate(
            _coded(**{name: ["tendon" if name == "diagnosis" else "onset", v]}), network=w.net, bootstrap=0
        )
        for name in ("findings_present", "findings_absent", "red_flags", "diagnosis")
    },
    "validate(background={.: True})": lambda w, v: hb.validate(_coded(background={v: True}), network=w.net),
    "validate(background={'weak_muscles': .})": lambda w, v: hb.validate(
        _coded(background={"weak_muscles": v}), network=w.net, bootstrap=0
    ),
    "validate({.: 1})": lambda w, v: hb.validate([{**CODED, v: 1}, CODED], network=w.net, bootstrap=0),
    "validate(truth cell)": lambda w, v: hb.validate(_with_truth(v), network=w.net, bootstrap=0),
    "validate(truth cell [.])": lambda w, v: hb.validate(_with_truth([v]), network=w.net, bootstrap=0),
    "validate(truth column .)": lambda w, v: hb.validate(
        _column(v, ["tendon"]).assign(age=40), network=w.net, truth=v, bootstrap=0
    ),
    "validate(cell of by)": lambda w, v: hb.validate(
        _with_truth("bone").assign(where=_column(0, ["a", v])[0]), network=w.net, by=["where"], bootstrap=0
    ),
    "validate(ks=[.])": lambda w, v: hb.validate(w.cases, network=w.net, ks=[v], bootstrap=0),
    "validate(by=[.])": lambda w, v: hb.validate(w.cases, network=w.net, by=[v], bootstrap=0),
    "validate(ignore=[.])": lambda w, v: hb.validate(w.cases, network=w.net, ignore=[v], bootstrap=0),
    "decision_curve(thresholds=[.])": lambda w, v: w.validation.decision_curve("tendon", [v]),
    "next_questions(kinds=[.])": lambda w, v: w.d.next_questions(kinds=[v]),
    "next_questions(skip=[.])": lambda w, v: w.d.next_questions(skip=[v]),
    "next_questions(costs={.: 1})": lambda w, v: w.d.next_questions(costs={v: 1}),
    "next_questions(costs={'history': .})": lambda w, v: w.d.next_questions(costs={"history": v}),
    "enough(costs={'history': .})": lambda w, v: w.d.enough(costs={"history": v}),
    "intervals(of=[.])": lambda w, v: w.d.intervals(of=["tendon", v]),
    "look_up('tendon', .)": lambda w, v: w.net.look_up("tendon", v),
    "what_if({.: True})": lambda w, v: w.net.what_if({v: True}, weak_muscles=False),
    "what_if({'age': .})": lambda w, v: w.net.what_if({"age": v}, weak_muscles=False),
    "weakest_numbers(cell)": lambda w, v: w.net.weakest_numbers(_column("lateral_pain", [v]), 1),
    "weakest_numbers(ignore=[.])": lambda w, v: w.net.weakest_numbers(w.cases[:1], 1, ignore=["truth", v]),
    "replace({.: 1})": lambda w, v: w.net.replace({v: 1}),
    **{f"replace({path})": lambda w, v, path=path: w.net.replace({path: v}) for path in PATHS},
    **{
        f"replace({LEAK}, {field!r})": lambda w, v, field=field: w.net.replace({LEAK: {field: v}})
        for field in ("p", "n", "basis", "source", "reason", "note")
    },
    f"replace({LEAK}, {{.: 1}})": lambda w, v: w.net.replace({LEAK: {v: 1}}),
    f"replace({LEAK}, a path on)": lambda w, v: w.net.replace({f"{LEAK}.{v}": 1}),
    "plots.findings([.])": lambda w, v: hb.plots.findings(w.net, [v]),
    "plots.findings(findings=[.])": lambda w, v: hb.plots.findings(w.net, findings=[v]),
    "plots.priors([.])": lambda w, v: hb.plots.priors(w.net, [v]),
    "explore({.: True})": lambda w, v: hb.explore(w.net, said={v: True}),
}
"""Calls that are right but for one thing inside an argument, where the dot is."""


def _parts(net: Network) -> Iterator[tuple[str, Any, Callable[[Any], Network]]]:
    """Yield one part of each kind, what it is called, and how to make the network with another in its place."""
    for name in ("bands", "causes", "background", "findings", "red_flags", "sources", "groups", "hazards", "settings"):
        table = getattr(net, name)
        key = list(table)[-1]
        yield (
            f"{name}.{key}",
            table[key],
            lambda part, name=name, key=key: dataclasses.replace(
                net, **{name: Table({**getattr(net, name), key: part})}
            ),
        )
    finding, ratio = net.findings["lateral_pain"], net.settings["clinic"].odds_multipliers["tendon"]
    yield "a number", finding.leak, lambda part: net.replace({LEAK: part})
    yield "an odds ratio", ratio, lambda part: net.replace({"settings.clinic.odds_multipliers.tendon": part})
    yield "advice", net.advice[0], lambda part: dataclasses.replace(net, advice=(part,))


# ----------------------------------------------------------------------------------------------------- the tests


class HangError(BaseException):
    """A call does not end; no Exception, so that nothing takes it for one of its own."""


@contextlib.contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """End what hangs, where the system has alarms."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fault(call: Callable[[], object], seconds: float = SECONDS) -> str:
    """Return what is wrong with how a call answers; empty for nothing."""
    try:
        with _no_longer_than(seconds), warnings.catch_warnings():
            warnings.simplefilter("error")
            call()
    except hb.HipBayesError as error:
        text = str(error)
        if not (text.isprintable() and text.strip() and len(text) <= LONGEST):
            return f"a message of {len(text)} characters: {text[:200]!r}"
    except HangError:
        return "it hangs"
    except Exception as error:  # noqa: BLE001 which is the point
        if _ours(error):  # else the call never got there: Python, numpy or pandas refused to make it
            return f"{type(error).__name__}: {str(error)[:150]}, at {_ours(error)[-1]}"
    return ""


def _ours(error: BaseException) -> list[str]:
    """Return where in the library an error comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{f.filename}:{f.lineno}" for f in frames if Path(f.filename).is_relative_to(PACKAGE)]


def _faults(name: str, call: Callable[[object], object], but: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return which odd values a call does not answer itself, and what it does instead."""
    tried = {odd: make for odd, make in ODD.items() if odd not in but}
    found = {odd: _fault(lambda make=make: call(make())) for odd, make in tried.items()}
    plt.close("all")
    return {odd: fault for odd, fault in found.items() if fault and not (name in CALLED_BACK and odd in FUNCTIONS)}


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_public_call_takes_or_refuses_every_odd_value_itself(world: World, place: Place) -> None:
    if place.parameter is None:
        assert not _fault(lambda: place.call(world, None))
    else:
        but = ALIKE if place.name.startswith(MANY) else frozenset()
        assert _faults(str(place), lambda value: place.call(world, value), but) == {}


@pytest.mark.parametrize("name", INSIDE)
def test_a_public_call_takes_or_refuses_odd_values_in_what_is_right(world: World, name: str) -> None:
    assert _faults(name, lambda value: INSIDE[name](world, value), ALIKE) == {}


def test_a_network_made_by_hand_of_odd_parts_is_refused_or_right(world: World) -> None:
    faults = {}
    for name, part, network_with in _parts(world.net):
        for field in dataclasses.fields(part):
            place = f"{name}.{field.name}"

            def call(value: object, part: Any = part, field: str = field.name, made: Any = network_with) -> object:  # noqa: ANN401
                return made(dataclasses.replace(part, **{field: value}))

            faults |= {f"{place} with {odd}": fault for odd, fault in _faults(place, call, ALIKE).items()}

    assert faults == {}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms here")
def test_what_hangs_is_found_out() -> None:
    def hang() -> None:
        while True:
            pass

    assert _fault(hang, 0.01) == "it hangs"


def test_there_are_thousands_of_them() -> None:
    places = sum(place.parameter is not None and not place.name.startswith(MANY) for place in PLACES)

    assert places * len(ODD) >= 4000
    assert len(INSIDE) * (len(ODD) - len(ALIKE)) >= 4000
    assert ODD.keys() >= ALIKE

"""Speed and memory: hip_bayes, pgmpy and pyAgrum on the same network and the same cases, side by side in one run.

    python tests/benchmarks/speed.py [--quick] [--rows N] [--large] [--profile] [--json FILE] [--markdown FILE]

The cases: a patient is simulated from the shipped network; age, sex, 4-6 of the findings that are there and 4-6 of
those that are not are known, which ones differs from row to row, and everything else is unknown. A second mix draws
findings and answers uniformly at random: combinations no clinic sees, harder on numerical methods.

What is compared: the peers get the network that `Network.to_pgmpy` exports (pyAgrum a copy of its tables) and evidence
in their own form, made beforehand and not timed. All forms of a peer are in the tables, those that give one cause only
included; ratios are to its fastest. Methods take turns over blocks of `TURN` cases in random order, so that noise hits
all alike; a case is timed once and was not asked before. Every answer is compared with that of `diagnose`: with a
difference above `TOLERANCE` in any cause the exit code is 1.

Tried and not faster, so left at their defaults: pgmpy's other elimination orders; pyAgrum's threads, barren-node and
relevant-tensor finders, a fresh engine a case, the fragment of the network that matters. Models are read from the
fastest format each has: a pickle for pgmpy, bgum for pyAgrum.

Needs: pip install ".[benchmark]"
"""

from __future__ import annotations

import argparse
import cProfile
import inspect
import json
import os
import pickle
import platform
import pstats
import re
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

import hip_bayes as hb
from hip_bayes.bridges.pgmpy import age_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyagrum as gum
    from numpy.typing import ArrayLike, NDArray
    from pgmpy.models import DiscreteBayesianNetwork

    from hip_bayes.inference.evidence import Case

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

SEED = 20262
FEWEST, MOST = 4, 6  # findings present, and as many absent, that are known of a case
BLOCK = 1_000_000  # rows drawn at a time
PATIENTS = 100_000  # simulated for a block; where it has more rows, several look at the same patient
TOLERANCE = 1e-9
LARGE = 10_000_000
TURN = 50
ONE = "gtps"
WARM_UP = 100
MEMORY_QUERIES = 100
WIDTH = 150
OURS_TABLE = "hip_bayes, a table"
BUSY = 0.5  # load a core above which to warn
AUTO = ".3g"  # but large numbers in full
API, API_ALL, ALONE = "diagnose, read one cause", "diagnose, read all causes", "inference alone"
STARTS = ("s to first answer", "peak MiB, 1 case", f"peak MiB, {MEMORY_QUERIES} cases")
NEEDED = ("pgmpy", "pyagrum", "pyarrow")
SHOWN = ("hip-bayes", "pgmpy", "pyagrum", "numpy", "pandas", "numba", "pyarrow")
HAS_THREADS = "threads" in inspect.signature(hb.diagnose_many).parameters
THREADS = (1, 2) if HAS_THREADS else (1,)
FORMS = ("boolean", "float64", "object", "arrow")


@dataclass(frozen=True)
class Size:
    """How much to measure."""

    cases: int  # of single queries
    odd_cases: int  # of single queries of the implausible mix
    loop: int  # rows of a peer's loop a round
    rounds: int
    form_rows: int
    cold: int  # fresh processes each
    predict: int  # calls of predict_probability
    budget: float  # seconds for one call of diagnose_many


FULL = Size(cases=300, odd_cases=200, loop=100, rounds=3, form_rows=100_000, cold=7, predict=5, budget=60.0)
QUICK = Size(cases=60, odd_cases=30, loop=20, rounds=1, form_rows=20_000, cold=1, predict=1, budget=3.0)


# ---------------------------------------------------------------------------------------------------------- the cases


@dataclass(frozen=True)
class Cases:
    """Rows of age, sex and, of each finding (first axis), whether it is unknown and whether it is present."""

    net: hb.Network
    age: Ints
    female: Bools
    unknown: Bools
    present: Bools

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.age)

    def facts(self, row: int) -> dict[str, Any]:
        """Return a row as `diagnose` takes it."""
        known = {f: bool(self.present[i, row]) for i, f in enumerate(self.net.findings) if not self.unknown[i, row]}
        return {"age": int(self.age[row]), "sex": self._sex(row), **known}

    def evidence(self, row: int) -> dict[str, str]:
        """Return a row as the peers take it: names of states."""
        facts = self.facts(row)
        findings = {f: self.net.findings[f].states[x] for f, x in facts.items() if f in self.net.findings}
        band = age_state(self.net.bands[self.net.band_of(facts["age"])])
        return {"hip_pain": "present", "sex": self._sex(row), "age": band, **findings}

    def _sex(self, row: int) -> str:
        return "female" if self.female[row] else "male"

    def frame(self, form: str = "boolean", rows: int | None = None) -> pd.DataFrame:
        """Return the first rows as a table: findings nullable boolean, float64 with NaN, object or Arrow-backed."""
        some = slice(rows)
        sex = pd.Categorical.from_codes(self.female[some].astype(np.int8), categories=["male", "female"])
        columns: dict[str, Any] = {"age": self.age[some], "sex": sex}
        if form == "object":
            columns = {name: np.asarray(values, dtype=object) for name, values in columns.items()}
        elif form == "arrow":
            columns = {"age": _arrow(self.age[some]), "sex": _arrow(np.asarray(sex, dtype=object))}
        for i, f in enumerate(self.net.findings):
            present, unknown = self.present[i, some], self.unknown[i, some]
            if form == "float64":
                columns[f] = np.where(unknown, np.nan, present)
            elif form == "object":
                columns[f] = np.where(unknown, None, present.astype(object))
            elif form == "arrow":
                columns[f] = _arrow(present, unknown)
            else:
                columns[f] = pd.arrays.BooleanArray(present, unknown)
        return pd.DataFrame(columns, copy=False)

    def distinct(self) -> tuple[int, int]:
        """Return how many different rows there are, and different sets of findings known; at least that many.

        By 64-bit hashes (Zobrist's), so a collision could hide one and never invent one.
        """
        word = np.random.default_rng(SEED).integers(2**63, size=(len(self.net.findings), 3), dtype=np.int64)
        rows = self.age * 2 + self.female
        names = np.zeros(len(self), dtype=np.int64)
        for (of_absent, of_present, of_name), present, unknown in zip(word, self.present, self.unknown, strict=True):
            rows ^= np.where(unknown, 0, np.where(present, of_present, of_absent))
            names ^= np.where(unknown, 0, of_name)
        return len(np.unique(rows)), len(np.unique(names))


def _arrow(values: NDArray[Any], mask: Bools | None = None) -> pd.arrays.ArrowExtensionArray:
    import pyarrow as pa

    return pd.arrays.ArrowExtensionArray(pa.array(values, mask=mask))


def draw(net: hb.Network, n: int, seed: Sequence[int], *, plausible: bool = True) -> Cases:
    """Draw `n` cases, in blocks; the same seed gives the same cases."""
    shape = (len(net.findings), n)
    cases = Cases(net, np.empty(n, np.int64), np.empty(n, bool), np.ones(shape, bool), np.zeros(shape, bool))
    for number, start in enumerate(range(0, n, BLOCK)):
        some = slice(start, min(n, start + BLOCK))
        part = Cases(net, cases.age[some], cases.female[some], cases.unknown[:, some], cases.present[:, some])
        _fill(part, np.random.default_rng([*seed, number]), plausible=plausible)
    return cases


def _fill(cases: Cases, rng: np.random.Generator, *, plausible: bool) -> None:
    """Draw a block of cases into its arrays."""
    net, n, findings = cases.net, len(cases), len(cases.net.findings)
    places: Any = np.arange(findings, dtype=np.int16)
    if plausible:
        patients = net.simulate(min(n, PATIENTS) + 100, rng)
        there = patients[list(net.findings)].to_numpy(dtype=bool)
        split = there.sum(axis=1)
        usable = np.flatnonzero((split >= MOST) & (split <= findings - MOST))
        which = usable[rng.integers(len(usable), size=n)]
        cases.age[:] = patients["age"].to_numpy()[which]
        cases.female[:] = (patients["sex"] == "female").to_numpy()[which]
        order = np.argsort(~there, axis=1, kind="stable").astype(places.dtype)[which]  # what is there comes first
        ranges = ((0, split[which], True), (split[which], findings, False))
    else:
        low, high = net.age_range
        cases.age[:] = rng.integers(low, high, size=n, endpoint=True)
        cases.female[:] = rng.random(n) < 0.5
        order = np.tile(places, (n, 1))
        ranges = ((0, findings, True), (MOST, findings, False))
    rows = np.arange(n)
    for start, stop, present in ranges:  # in each row some of the places [start, stop) of its order, by Fisher-Yates
        count = rng.integers(FEWEST, MOST, size=n, endpoint=True)
        for i in range(MOST):
            here = start + i
            there_ = here + (rng.random(n) * (stop - here)).astype(np.int64)
            chosen = order[rows, there_]
            order[rows, there_] = order[rows, here]
            order[rows, here] = chosen
            taken = rows[i < count]
            cases.unknown[chosen[taken], taken] = False
            cases.present[chosen[taken], taken] = present
    for i, finding in enumerate(net.findings.values()):
        if finding.sex is not None:  # it can only be there in one sex
            cases.female[cases.present[i]] = finding.sex == "female"


# -------------------------------------------------------------------------------------------------------- the methods


@dataclass(frozen=True)
class Question:
    """One case in the form each method takes, all made beforehand."""

    facts: dict[str, Any]
    case: Case
    evidence: dict[str, str]


@dataclass(frozen=True, eq=False)
class Method:
    """A way to get P(present) of some causes."""

    package: str
    form: str
    causes: tuple[str, ...]
    ask: Callable[[Question], list[float]]

    @property
    def whole(self) -> bool:
        """Whether it answers for all causes."""
        return len(self.causes) > 1


def questions(cases: Cases, rows: Iterable[int]) -> list[Question]:
    """Return rows as questions."""
    net = cases.net
    return [Question(f := cases.facts(i), net.vocabulary.read(f.items()), cases.evidence(i)) for i in rows]


def our_methods(net: hb.Network) -> list[Method]:
    """`diagnose` as users call it, and inference alone."""
    causes = tuple(net.causes)

    def inference(q: Question) -> list[float]:
        found = net.engine.posterior(q.case).probability
        return [found[c] for c in causes]

    def every_cause(q: Question) -> list[float]:
        d = hb.diagnose(q.facts)
        return [d[c] for c in causes]

    return [
        Method("hip_bayes", API, (ONE,), lambda q: [hb.diagnose(q.facts)[ONE]]),
        Method("hip_bayes", API_ALL, causes, every_cause),
        Method("hip_bayes", ALONE, causes, inference),
    ]


def pgmpy_methods(model: DiscreteBayesianNetwork, causes: tuple[str, ...]) -> list[Method]:
    """Variable elimination (by tensor contraction), the engine object reused."""
    from pgmpy.inference import VariableElimination

    engine = VariableElimination(model)

    def separate(q: Question) -> list[float]:
        found = engine.query(list(causes), evidence=q.evidence, joint=False, show_progress=False)
        return [1 - float(found[c].values[0]) for c in causes]  # noqa: PD011

    def joint(q: Question) -> list[float]:
        found = engine.query(list(causes), evidence=q.evidence, show_progress=False).values  # noqa: PD011
        axes = range(len(causes))
        return [1 - float(found.sum(axis=tuple(b for b in axes if b != a))[0]) for a in axes]

    def one(q: Question) -> list[float]:
        found = engine.query([ONE], evidence=q.evidence, show_progress=False)
        return [1 - float(found.values[0])]  # noqa: PD011

    return [
        Method("pgmpy", "VariableElimination, joint=False", causes, separate),
        Method("pgmpy", "VariableElimination, joint", causes, joint),
        Method("pgmpy", "VariableElimination, one cause", (ONE,), one),
    ]


def predict_probability(model: DiscreteBayesianNetwork, causes: tuple[str, ...], asked: Sequence[Question]) -> Method:
    """Return pgmpy's only way from a table to probabilities, on the part of the network that matters to each case.

    It wants one joint table over everything unknown, so the findings nobody asked about are taken out beforehand, which
    is exact and not timed; `whole_predict_probability` tries the network as it is.
    """
    from pgmpy.models import DiscreteBayesianNetwork

    parts = []
    for q in asked:
        kept = set(model.get_ancestral_graph([*causes, *q.evidence]).nodes())
        part = DiscreteBayesianNetwork([(a, b) for a, b in model.edges() if a in kept and b in kept])
        part.add_cpds(*(model.get_cpds(node) for node in kept))
        parts.append(part)
    rows = {id(q): (part, pd.DataFrame([q.evidence])) for q, part in zip(asked, parts, strict=True)}

    def ask(q: Question) -> list[float]:
        part, row = rows[id(q)]
        found = part.predict_probability(row)
        return [1 - float(found[f"{c}_absent"].iloc[0]) for c in causes]

    return Method("pgmpy", "predict_probability, unasked findings removed", causes, ask)


def as_pyagrum(model: DiscreteBayesianNetwork) -> gum.BayesNet:
    """Copy a pgmpy model table by table."""
    import pyagrum as gum

    net = gum.BayesNet()
    for cpd in model.cpds:
        net.add(gum.LabelizedVariable(cpd.variable, cpd.variable, list(cpd.state_names[cpd.variable])))
    for cpd in model.cpds:
        for parent in cpd.variables[1:]:
            net.addArc(parent, cpd.variable)
    for cpd in model.cpds:
        order = [cpd.variables.index(name) for name in reversed(list(net.cpt(cpd.variable).names))]
        net.cpt(cpd.variable).fillWith(np.transpose(cpd.values, order).reshape(-1).tolist())
    return net


def pyagrum_methods(net: gum.BayesNet, causes: tuple[str, ...]) -> list[Method]:
    """Lazy propagation and Shafer-Shenoy, the engine object and its targets reused."""
    import pyagrum as gum

    def method(engine_class: type, targets: tuple[str, ...], what: str) -> Method:
        engine = engine_class(net)
        engine.setTargets(set(targets))

        def ask(q: Question) -> list[float]:
            engine.setEvidence(q.evidence)
            engine.makeInference()
            return [1 - engine.posterior(c)[0] for c in targets]

        return Method("pyAgrum", f"{engine_class.__name__}, {what}", targets, ask)

    engines = (gum.LazyPropagation, gum.ShaferShenoyInference)
    forms = ((causes, "all targets"), ((ONE,), "one target"))
    return [method(engine, targets, what) for engine in engines for targets, what in forms]


# --------------------------------------------------------------------------------------------------------- the report


@dataclass
class Sheet:
    """A table of figures: heading -> format of its numbers, and rows of values."""

    title: str
    columns: dict[str, str]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *values: object) -> None:
        """Add a row; what is missing at its end stays empty."""
        self.rows.append((*values, *[None] * (len(self.columns) - len(values))))

    def cells(self) -> list[list[str]]:
        """Return the rows as text."""
        forms = list(self.columns.values())

        def text(value: object, form: str) -> str:
            if value is None or isinstance(value, str):
                return value or ""
            return format(value, ",.0f" if form == AUTO and value >= 100 else form)  # type: ignore[operator]

        return [[text(v, form) for v, form in zip(row, forms, strict=True)] for row in self.rows]

    def show(self, console: Console) -> None:
        """Print it."""
        table = Table(title=self.title, title_justify="left", title_style="bold", caption_justify="left")
        for heading, form in self.columns.items():
            table.add_column(heading, justify="right" if form else "left")
        for row in self.cells():
            table.add_row(*row)
        console.print(table)
        for note in self.notes:
            console.print(f"  {note}", style="dim")
        console.print()

    def markdown(self) -> str:
        """Return it as Markdown."""
        ruler = ["--:" if form else "---" for form in self.columns.values()]
        lines = [list(self.columns), ruler, *self.cells()]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join([f"**{self.title}**", table, *self.notes])

    def plain(self) -> dict[str, Any]:
        """Return it as data for JSON."""
        return {
            "title": self.title,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "notes": self.notes,
        }


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    info = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else []
    ram = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = {name: version(name) for name in SHOWN if find_spec(name.replace("-", "_"))}
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "ram_gib": round(ram, 1),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **found,
    }


def in_words(facts: Mapping[str, Any]) -> str:
    """Return the machine in one line."""
    versions = ", ".join(f"{name} {facts[name]}" for name in SHOWN if name in facts)
    return (
        f"{facts['date']}; {facts['cpu']}, {facts['cores']} cores, {facts['ram_gib']} GiB, load {facts['load']:g} at "
        f"the start; {facts['system']}, Python {facts['python']}, {versions}"
    )


# ------------------------------------------------------------------------------------------------------- measurements


class Agreement:
    """The largest difference from `diagnose` in any P(cause), by method and mix of cases."""

    def __init__(self) -> None:
        self.worst: dict[tuple[str, str], tuple[int, float]] = {}

    def note(self, who: str, mix: str, answers: ArrayLike, wanted: ArrayLike) -> None:
        """Compare the answers to some cases."""
        off = np.abs(np.atleast_2d(answers) - np.atleast_2d(wanted))
        count, before = self.worst.get((who, mix), (0, 0.0))
        self.worst[who, mix] = count + len(off), float(np.maximum(before, off.max()))  # a NaN stays

    @property
    def failed(self) -> list[str]:
        """Who disagreed."""
        return [who for (who, _), (_, off) in self.worst.items() if not off <= TOLERANCE]

    def sheet(self) -> Sheet:
        """Return the table of differences."""
        sheet = Sheet("Agreement with diagnose", {"who": "", "mix": "", "answers": ",d", "largest difference": ".1e"})
        for key, found in self.worst.items():
            sheet.add(*key, *found)
        sheet.notes.append(f"Of P(present) of any cause; above {TOLERANCE:g} the benchmark fails.")
        return sheet


def right(q: Question, method: Method) -> list[float]:
    """Return what `diagnose` says."""
    d = hb.diagnose(q.facts)
    return [d[c] for c in method.causes]


def race(
    methods: Sequence[Method], asked: Sequence[Question], mix: str, agreed: Agreement
) -> dict[Method, list[float]]:
    """Return the seconds each method took for each question, taking turns; check every answer."""
    seconds: dict[Method, list[float]] = {m: [] for m in methods}
    rng = np.random.default_rng(SEED)
    for start in range(0, len(asked), TURN):
        block = asked[start : start + TURN]
        answers: dict[Method, list[list[float]]] = {m: [] for m in methods}
        for method in (methods[i] for i in rng.permutation(len(methods))):
            for q in block:
                begin = time.perf_counter()
                answer = method.ask(q)
                seconds[method].append(time.perf_counter() - begin)
                answers[method].append(answer)
        for method in methods:
            agreed.note(f"{method.package} {method.form}", mix, answers[method], [right(q, method) for q in block])
    return seconds


def single_queries(title: str, seconds: Mapping[Method, list[float]]) -> tuple[Sheet, dict[Method, float]]:
    """Return the table of single queries, and each method's median."""
    median = {m: statistics.median(s) for m, s in seconds.items()}
    of = {m.form: s for m, s in median.items()}
    columns = {"package": "", "form": "", "causes": "d", "cases": "d", "10 % ms": ",.3f", "median ms": ",.3f"}
    sheet = Sheet(title, {**columns, "90 % ms": ",.3f", "x diagnose": ",.1f", "x inference alone": ",.1f"})
    for m, s in seconds.items():
        spread = (1e3 * np.quantile(s, [0.1, 0.5, 0.9])).tolist()
        sheet.add(m.package, m.form, len(m.causes), len(s), *spread, median[m] / of[API], median[m] / of[ALONE])
    return sheet, median


def best(median: Mapping[Method, float], package: str, *, whole: bool = False) -> Method:
    """Return a package's fastest form; with `whole`, of those that answer for all causes."""
    return min((m for m in median if m.package == package and m.whole >= whole), key=median.__getitem__)


def many(net: hb.Network, frame: pd.DataFrame, threads: int, _: int = 0, **options: object) -> pd.DataFrame:
    """Call diagnose_many, on so many threads if it has them; the number of the round is nothing to it."""
    if HAS_THREADS:
        options["threads"] = threads
    return hb.diagnose_many(frame, network=net, **options)  # type: ignore[arg-type]


def in_threads(threads: int) -> str:
    """Return a number of threads in words."""
    return f"{threads} thread{'s' if threads > 1 else ''}"


def in_turns(
    calls: Mapping[str, Callable[[int], Any]], rounds: int, check: Callable[[str, int, Any], None]
) -> dict[str, float]:
    """Return the median seconds of each call, made once a round with its number, in random order; check the results."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    rng = np.random.default_rng(SEED)
    for number in range(rounds):
        for name in rng.permutation(list(calls)).tolist():
            begin = time.perf_counter()
            result = calls[name](number)
            seconds[name].append(time.perf_counter() - begin)
            check(name, number, result)
    return {name: statistics.median(s) for name, s in seconds.items()}


def affordable(cases: Cases, wanted: int, budget: float) -> int:
    """Return how many rows, up to those wanted, one thread does in the time allowed; warms up."""
    for threads in (1, *THREADS):  # the first call compiles
        many(cases.net, cases.frame(rows=WARM_UP), threads)
    rows, took = 500, 0.0
    while rows < wanted and took < budget / 10:
        rows = min(wanted, rows * 2)
        frame = cases.frame(rows=rows)
        begin = time.perf_counter()
        many(cases.net, frame, 1)
        took = time.perf_counter() - begin
    return min(wanted, max(1, int(rows * budget / took) // 1000) * 1000) if took else wanted


@dataclass
class Cohort:
    """What came out of the comparison on a table of cases."""

    sheet: Sheet
    ours: dict[int, float]  # threads -> rows a second
    peers: dict[str, float]  # package -> rows a second


def cohort(cases: Cases, rows: int, peers: Sequence[Method], size: Size, agreed: Agreement) -> Cohort:
    """Compare diagnose_many with each peer's loop over rows of the same table, in turns."""
    frame = cases.frame(rows=rows)
    picked = np.array_split(np.linspace(0, rows - 1, size.loop * size.rounds).astype(int), size.rounds)
    asked = [questions(cases, some.tolist()) for some in picked]
    wanted = [[right(q, peers[0]) for q in block] for block in asked]
    ours = {f"diagnose_many, {in_threads(n)}": n for n in THREADS}
    loops = {f"{m.package}, loop of {m.form}": m for m in peers}
    calls: dict[str, Callable[[int], Any]] = {name: partial(many, cases.net, frame, n) for name, n in ours.items()}
    calls |= {name: partial(loop_of, m, asked) for name, m in loops.items()}

    def check(name: str, number: int, found: Any) -> None:  # noqa: ANN401
        agreed.note(name, "realistic", found.iloc[picked[number]] if name in ours else found, wanted[number])

    seconds = in_turns(calls, size.rounds, check)
    rate = {name: (rows if name in ours else size.loop) / s for name, s in seconds.items()}
    against = {f"x by {in_threads(n)} of hip_bayes": ",.1f" for n in THREADS}
    sheet = Sheet("A table of cases", {"": "", "rows": ",d", "rows/s": ",.0f", "us a row": ",.2f", **against})
    for name, r in rate.items():
        sheet.add(name, rows if name in ours else size.loop * size.rounds, r, 1e6 / r, *(rate[o] / r for o in ours))
    sheet.notes.append(
        f"Medians of {size.rounds} rounds. The peers loop in one process over rows of the same table, their evidence "
        "made beforehand; diagnose_many reads the table and makes a new one."
    )
    return Cohort(sheet, {n: rate[o] for o, n in ours.items()}, {m.package: rate[name] for name, m in loops.items()})


def loop_of(method: Method, asked: Sequence[Sequence[Question]], number: int) -> list[list[float]]:
    """Return a peer's answers to the cases of a round."""
    return [method.ask(q) for q in asked[number]]


def own_speeds(cases: Cases, odd: Cases, steps: Iterable[int], size: Size, agreed: Agreement) -> Sheet:
    """Return how fast diagnose_many is by number of rows, and by dtype, triage and mix."""
    net, most = cases.net, max(THREADS)
    columns = {"findings": "", "rows": ",d", "threads": "d", "seconds": ".3f", "us a row": ".2f", "rows/s": ",.0f"}
    sheet = Sheet("hip_bayes.diagnose_many", columns)

    def check(name: str, _: int, found: pd.DataFrame) -> None:
        mix, of = ("implausible", odd) if name == "implausible mix" else ("realistic", cases)
        rows = np.linspace(0, len(found) - 1, size.odd_cases).astype(int).tolist()
        wanted = [[hb.diagnose(of.facts(i))[c] for c in net.causes] for i in rows]
        agreed.note(f"diagnose_many, {name}", mix, found[list(net.causes)].iloc[rows], wanted)

    def add(calls: Mapping[str, Callable[[int], Any]], rows: int, threads: int, rounds: int) -> None:
        for name, seconds in in_turns(calls, rounds, check).items():
            sheet.add(name, rows, threads, seconds, 1e6 * seconds / rows, rows / seconds)

    for rows in steps:
        calls = {"boolean": partial(many, net, cases.frame(rows=rows), most)}
        add(calls, rows, most, 1 if rows >= LARGE else size.rounds)
    rows = min(len(odd), max(1000, *steps) // 10)
    calls = {form: partial(many, net, cases.frame(form, rows), 1) for form in FORMS}
    calls["boolean, with_triage=True"] = partial(many, net, cases.frame(rows=rows), 1, with_triage=True)
    calls["implausible mix"] = partial(many, net, odd.frame(rows=rows), 1)
    add(calls, rows, 1, size.rounds)
    return sheet


# ---------------------------------------------------------------------------------------------------- fresh processes

WATCH = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
print(json.dumps([seconds, peak, done.returncode, done.stdout, done.stderr]))
"""
"""Runs a command. A process of its own, because a child's peak memory counts that of whoever forked it as well."""

OURS = """
import hip_bayes as hb
for facts in {facts}:
    p = hb.diagnose(facts)["{one}"]
print(repr(p))
"""
OURS_MANY = """
import pandas as pd
import hip_bayes as hb
print(repr(hb.diagnose_many(pd.DataFrame({facts}))["{one}"].iloc[-1].item()))
"""
PGMPY = """
import pickle
from pgmpy.inference import VariableElimination
with open("{folder}/pgmpy.pickle", "rb") as file:
    engine = VariableElimination(pickle.load(file))
for evidence in {evidence}:
    p = 1 - float(engine.query(["{one}"], evidence=evidence, show_progress=False).values[0])
print(repr(p))
"""
PYAGRUM = """
import pyagrum as gum
engine = gum.LazyPropagation(gum.loadBN("{folder}/pyagrum.bgum"))
engine.setTargets({{"{one}"}})
for evidence in {evidence}:
    engine.setEvidence(evidence)
    engine.makeInference()
    p = 1 - engine.posterior("{one}")[0]
print(repr(p))
"""
WHOLE = """
import pickle, resource, time
import pandas as pd
resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
with open("{folder}/pgmpy.pickle", "rb") as file:
    model = pickle.load(file)
evidence = {evidence}
print(len(model.nodes()) - len(evidence[0]), flush=True)
start = time.perf_counter()
model.predict_probability(pd.DataFrame(evidence))
print(1e3 * (time.perf_counter() - start))
"""
PROGRAMS = {
    "hip_bayes": (OURS, "import, load, diagnose"),
    OURS_TABLE: (OURS_MANY, "import, load, diagnose_many, once"),
    "pgmpy": (PGMPY, "import, unpickle, VariableElimination of one cause"),
    "pyAgrum": (PYAGRUM, "import, read .bgum, LazyPropagation of one target"),
}


@dataclass(frozen=True)
class Run:
    """What a process took."""

    seconds: float
    peak_mib: float
    code: int
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """The last line of its error output."""
        return (self.err.strip().splitlines() or ["no message"])[-1]


def watched(*command: str) -> Run:
    """Run a command in a process that measures it."""
    done = subprocess.run([sys.executable, "-IS", "-c", WATCH, *command], check=True, capture_output=True, text=True)
    return Run(*json.loads(done.stdout))


def program(code: str, folder: Path, asked: Sequence[Question]) -> Run:
    """Run a program that asks these questions in a fresh process."""
    path = folder / "program.py"
    facts, evidence = [q.facts for q in asked], [q.evidence for q in asked]
    path.write_text(code.format(facts=facts, evidence=evidence, folder=folder, one=ONE), encoding="utf-8")
    return watched(sys.executable, "-W", "ignore", str(path))


def checked(package: str, code: str, folder: Path, asked: Sequence[Question], agreed: Agreement) -> Run:
    """Run a program, which must not fail, and compare the last answer it prints."""
    run = program(code, folder, asked)
    if run.code:
        raise RuntimeError(f"the {package} program failed: {run.last_words}")
    agreed.note(f"{package}, fresh process", "realistic", [float(run.out)], [hb.diagnose(asked[-1].facts)[ONE]])
    return run


def fresh(
    folder: Path, asked: Sequence[Question], size: Size, agreed: Agreement
) -> tuple[Sheet, dict[str, list[float]]]:
    """Return the table of cold starts and peak memory; package -> seconds, MiB after one query, after many."""
    seconds: dict[str, list[float]] = {package: [] for package in PROGRAMS}
    peaks: dict[str, list[float]] = {package: [] for package in PROGRAMS}
    figures = {}
    for package, (code, _) in PROGRAMS.items():  # first, so that the bytecode is written and the files are in memory
        figures[package] = [checked(package, code, folder, asked, agreed).peak_mib]
    for _ in range(size.cold):
        for package, (code, _) in PROGRAMS.items():
            run = checked(package, code, folder, asked[:1], agreed)
            seconds[package].append(run.seconds)
            peaks[package].append(run.peak_mib)
    for package, after in figures.items():
        after[:0] = statistics.median(seconds[package]), statistics.median(peaks[package])
    first, one, hundred = STARTS
    columns = {"package": "", "what": "", first: ".3f", "time x": ".2f", one: ",.0f", hundred: ",.0f"}
    sheet = Sheet("A fresh process", {**columns, "memory x": ".2f"})
    ours = figures["hip_bayes"]
    for package, (s, peak, after) in figures.items():
        sheet.add(package, PROGRAMS[package][1], s, s / ours[0], peak, after, after / ours[2])
    sheet.notes.append(f"Medians of {size.cold} processes each, taking turns. Memory is the largest resident set.")
    return sheet, figures


def whole_predict_probability(folder: Path, asked: Question) -> tuple[tuple[Any, ...], str]:
    """Try pgmpy's predict_probability on the whole network, in a process of its own; a row and a note for a table."""
    run = program(WHOLE, folder, [asked])
    unknown, _, milliseconds = run.out.strip().partition("\n")
    row = ("pgmpy", "predict_probability, the network as it is", None, 1)
    if not run.code:
        return (*row, None, float(milliseconds)), ""
    why = f"it wants one joint table over all {unknown} unknown variables, at least 2^{unknown} numbers"
    return (*row, None, "fails"), f"predict_probability on the network as it is: {why} ({run.last_words[:60]}...)."


def large_file(net: hb.Network, folder: Path, rows: int, in_memory: float, agreed: Agreement) -> Sheet:
    """Return the figures of `hip-bayes cohort` on a Parquet file of so many rows."""
    import pyarrow as pa
    from pyarrow import parquet

    source, target = folder / "cases.parquet", folder / "answers.parquet"
    writer = None
    for number, start in enumerate(range(0, rows, BLOCK)):
        cases = draw(net, min(BLOCK, rows - start), [SEED, 3, number])
        frame = cases.frame()
        frame.insert(0, "case", np.arange(start, start + len(cases)))
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or parquet.ParquetWriter(source, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
    columns = {"what": "", "rows": ",d", "seconds": ",.1f", "rows/s": ",.0f", "peak MiB": ",.0f"}
    sheet = Sheet("hip-bayes cohort, Parquet to Parquet, 2 threads", {**columns, "of the in-memory rate": ".0%"})
    command = Path(sys.executable).with_name("hip-bayes")
    run = watched(str(command), "cohort", str(source), str(target), "--id", "case", "--threads", "2")
    if run.code:
        sheet.add(f"failed: {run.last_words}", rows)
        return sheet
    mib = [path.stat().st_size / 2**20 for path in (source, target)]
    rate = rows / run.seconds
    sheet.add(f"{mib[0]:,.0f} MiB in, {mib[1]:,.0f} MiB out", rows, run.seconds, rate, run.peak_mib, rate / in_memory)
    answers = parquet.ParquetFile(target)
    if answers.metadata.num_rows != rows:
        raise RuntimeError(f"hip-bayes cohort gave {answers.metadata.num_rows:,} rows for {rows:,}")
    last = answers.read_row_group(answers.num_row_groups - 1).to_pandas().tail(TURN)
    rows_of_block = (last["case"] - (rows - len(cases))).tolist()
    wanted = [[hb.diagnose(cases.facts(i))[c] for c in net.causes] for i in rows_of_block]
    agreed.note("hip-bayes cohort, last rows", "realistic", last[list(net.causes)], wanted)
    return sheet


# -------------------------------------------------------------------------------------------------------- the profile

STAGES = {
    "triage": r"/hip_bayes/reasoning/triage\.py",
    "reading columns": r"/hip_bayes/inference/evidence\.py|/hip_bayes/cohorts/table\.py (\w*read\w*|\w*columns?)$",
    "inference": r"/hip_bayes/inference/\w+\.py",
}
"""Stage -> file and function; what belongs to none counts for whoever called it, in the end diagnose_many itself."""
ITSELF = "making the table, and the rest"


def profile(cases: Cases, rows: int) -> Sheet:
    """Return what bounds diagnose_many on one thread: share of time by stage, and the functions with most of it."""
    frame = cases.frame(rows=rows)
    many(cases.net, frame.head(1000), 1)
    profiler = cProfile.Profile()
    profiler.runcall(many, cases.net, frame, 1)
    stats: Any = pstats.Stats(profiler)
    stages = by_stage(stats.stats)
    total = stats.total_tt
    sheet = Sheet(f"What bounds diagnose_many: {rows:,} rows, one thread", {"": "", "seconds": ".3f", "share": ".1%"})
    for stage, seconds in sorted(stages.items(), key=lambda item: -item[1]):
        sheet.add(f"stage: {stage}", seconds, seconds / total)
    most = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:12]
    for (path, line, name), (_, calls, own, *_) in most:
        where = f"{Path(path).parent.name}/{Path(path).name}:{line} " if line else ""
        sheet.add(f"{where}{name}, {calls:,} calls", own, own / total)
    sheet.notes.append("By cProfile, which slows down many small calls more than a few long ones.")
    return sheet


def by_stage(stats: Mapping[Any, Any]) -> dict[str, float]:
    """Add up each function's own time by stage; one that belongs to none counts for whoever called it."""

    def shares(key: tuple[str, int, str], above: frozenset[tuple[str, int, str]]) -> dict[str, float]:
        path, _, name = key
        for stage, pattern in STAGES.items():
            if re.search(pattern, f"{path} {name}"):
                return {stage: 1.0}
        callers = {k: v[3] for k, v in stats[key][4].items() if k not in above}
        total = sum(callers.values())
        if key in above or not total:
            return {ITSELF: 1.0}
        out: dict[str, float] = {}
        for caller, seconds in callers.items():
            for stage, share in shares(caller, above | {key}).items():
                out[stage] = out.get(stage, 0.0) + share * seconds / total
        return out

    out: dict[str, float] = {}
    for key, (_, _, own, *_) in stats.items():
        for stage, share in shares(key, frozenset()).items():
            out[stage] = out.get(stage, 0.0) + share * own
    return out


# --------------------------------------------------------------------------------------------------------------- main


def summary(median: Mapping[Method, float], table: Cohort, starts: Mapping[str, Sequence[float]], size: Size) -> Sheet:
    """Return the figures in brief, each peer in its fastest form, and by how much hip_bayes is better."""
    peers = tuple(table.peers)
    better = {f"better than {p} by": ",.1f" for p in peers}
    sheet = Sheet("In brief", {"figure": "", "hip_bayes": AUTO, **dict.fromkeys(peers, AUTO), **better})

    def add(what: str, ours: float, theirs: Sequence[float], *, rate: bool = False) -> None:
        sheet.add(what, ours, *theirs, *(ours / x if rate else x / ours for x in theirs))

    of = {m.form: 1e3 * s for m, s in median.items() if m.package == "hip_bayes"}
    fastest = [1e3 * median[best(median, p)] for p in peers]
    whole = [1e3 * median[best(median, p, whole=True)] for p in peers]
    add("ms a case, diagnose and read one cause; peers in any form", of[API], fastest)
    add("ms a case, inference alone; peers in any form", of[ALONE], fastest)
    add("ms a case, diagnose and read all causes; peers all causes", of[API_ALL], whole)
    add("ms a case, inference alone; peers all causes", of[ALONE], whole)
    for threads, rate in table.ours.items():
        what = f"rows/s of a table, {in_threads(threads)}; peers loop in one process"
        add(what, rate, [table.peers[p] for p in peers], rate=True)
    for i, what in enumerate(STARTS):
        add(f"{what}: diagnose", starts["hip_bayes"][i], [starts[p][i] for p in peers])
        add(f"{what}: diagnose_many", starts[OURS_TABLE][i], [starts[p][i] for p in peers])
    sheet.notes.append(
        f"Medians of one run: {size.cases} cases, {size.rounds} rounds of the table, {size.cold} fresh processes."
    )
    return sheet


@dataclass
class Report:
    """The tables of a run; each is printed when it is there."""

    console: Console
    sheets: list[Sheet] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, sheet: Sheet) -> None:
        """Print a table and keep it."""
        self.sheets.append(sheet)
        sheet.show(self.console)

    def remark(self, text: str) -> None:
        """Print a remark and keep it."""
        self.remarks.append(text)
        self.console.print(text, style="dim")

    def write(self, options: argparse.Namespace, facts: Mapping[str, Any], failed: Sequence[str]) -> None:
        """Write what the options ask for, the summary first."""
        *details, brief = self.sheets
        if options.json:
            found = {"machine": facts, "options": {k: v for k, v in vars(options).items() if not isinstance(v, Path)}}
            found |= {"remarks": self.remarks, "failed": failed, "tables": [s.plain() for s in (brief, *details)]}
            options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        if options.markdown:
            parts = [in_words(facts), *(s.markdown() for s in (brief, *details)), *self.remarks]
            options.markdown.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def measure(options: argparse.Namespace, folder: Path, agreed: Agreement, report: Report) -> None:
    """Measure everything."""
    import pyagrum as gum

    size = QUICK if options.quick else FULL
    net = hb.load_network()
    causes = tuple(net.causes)
    model = net.to_pgmpy()
    copied = as_pyagrum(model)
    with (folder / "pgmpy.pickle").open("wb") as file:
        pickle.dump(model, file)
    gum.saveBN(copied, str(folder / "pyagrum.bgum"))

    if os.getloadavg()[0] > BUSY * (os.cpu_count() or 1):
        report.remark(
            "WARNING: this machine is busy. Long calls are interrupted, short ones slip through: the ratios of"
        )
        report.remark("single queries flatter the fast method. Compare the 10 % columns, or measure again.")
    rows = options.rows or (20_000 if options.quick else 1_000_000)
    cases = draw(net, max(rows, LARGE if options.large else 0), [SEED, 1])
    odd = draw(net, min(rows, size.form_rows), [SEED, 2], plausible=False)
    for mix, some in (("realistic", cases), ("implausible", odd)):
        distinct, sets = some.distinct()
        report.remark(f"{mix} mix: {len(some):,} rows, {distinct:,} of them distinct, {sets:,} sets of findings known")

    methods = [*our_methods(net), *pgmpy_methods(model, causes), *pyagrum_methods(copied, causes)]
    medians = []
    for mix, some, count in (("realistic", cases, size.cases), ("implausible", odd, size.odd_cases)):
        race(methods, questions(some, range(count, count + WARM_UP)), mix, agreed)
        asked = questions(some, range(count))
        seconds = race(methods, asked, mix, agreed)
        if mix == "realistic":
            few = asked[: size.predict]
            seconds |= race([predict_probability(model, causes, few)], few, mix, agreed)
        sheet, median = single_queries(f"One case at a time, {mix} mix", seconds)
        medians.append(median)
        if mix == "realistic" and not options.quick:
            row, note = whole_predict_probability(folder, asked[0])
            sheet.add(*row)
            sheet.notes += [note] if note else []
        report.add(sheet)

    peers = [best(medians[0], package, whole=True) for package in ("pgmpy", "pyAgrum")]
    fits = affordable(cases, rows, size.budget)
    if fits < rows:
        report.remark(f"tables of {fits:,} rows and no more, what {size.budget:g} s allow for one call")
    table = cohort(cases, fits, peers, size, agreed)
    report.add(table.sheet)
    steps = {min(fits, 100_000), fits, LARGE if options.large and fits == rows else fits}
    own = own_speeds(cases, odd, sorted(steps), size, agreed)
    report.add(own)
    starts, figures = fresh(folder, questions(cases, range(MEMORY_QUERIES)), size, agreed)
    report.add(starts)
    if options.large:
        del cases
        in_memory = max(own.rows, key=lambda row: row[1])[-1]  # rows/s of the longest table
        report.add(large_file(net, folder, options.file_rows, in_memory, agreed))
    report.add(agreed.sheet())
    report.add(summary(medians[0], table, figures, size))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer of everything, in under a minute")
    parser.add_argument("--rows", type=int, help="rows of the table of cases (1,000,000; with --quick 20,000)")
    parser.add_argument("--large", action="store_true", help=f"also {LARGE:,} rows, and a Parquet file")
    parser.add_argument("--file-rows", type=int, default=20_000_000, help="rows of that file (20,000,000)")
    parser.add_argument("--profile", action="store_true", help="only say what bounds diagnose_many")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables to this file")
    return parser.parse_args()


def main() -> int:
    """Print the tables; 1 if an answer disagreed."""
    options = arguments()
    missing = [name for name in NEEDED if not find_spec(name)]
    if missing:
        print(f'{", ".join(missing)} not installed; run: pip install ".[benchmark]"', file=sys.stderr)
        return 2
    warnings.simplefilter("ignore")  # the peers' own, at import
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    report, agreed, facts = Report(console), Agreement(), machine()
    console.print(in_words(facts))
    if options.profile:
        size = QUICK if options.quick else FULL
        net = hb.load_network()
        cases = draw(net, options.rows or size.form_rows, [SEED, 1])
        report.add(profile(cases, affordable(cases, len(cases), size.budget)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            measure(options, Path(folder), agreed, report)
    report.write(options, facts, agreed.failed)
    for who in agreed.failed:
        print(f"FAILED: {who} disagrees with diagnose by more than {TOLERANCE:g}", file=sys.stderr)
    return int(bool(agreed.failed))


if __name__ == "__main__":
    sys.exit(main())

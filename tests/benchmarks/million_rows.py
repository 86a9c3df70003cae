"""A million random rows: `diagnose_many` against a reference that shares no code with it.

    python tests/benchmarks/million_rows.py [--rows 1000000] [--seed 20261] [--processes 2] [--done FILE]

Random rows on the shipped network: from none to all of the findings and of the background known, present, absent or a
number that says how sure, red flags too, age and sex there or missing. `hip_bayes.diagnose_many` answers them, so does
`Reference`, and every probability is compared. A row that says of a man what only women can have is to be refused by
both. Prints how many probabilities differ by more than 1e-9, the largest difference, and what it took; exits 1 where
any does. With --done what is finished is kept in a file, a line a slice of the rows, and a run that was stopped goes on
when it is started again.

What is shared with the library: the network's file, and nothing else. `Reference` reads it with tomllib and writes down
every joint state of the causes (30,720), and of background and causes (2,097,152 for each sex and age band). It solves
the intercepts itself, all of a cell at once with scipy's root finder, until the file's tables come back within 1e-12.
Findings come from the formulas of tests/oracle.py. Each row is then a sum over all joint states; nothing is left out
because it does not matter, and nothing is split because it is independent, which is what the library lives on. Many
rows are one matrix product, which makes a million of them possible.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import re
import sys
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ in ("__main__", "__mp_main__"):  # before numpy is imported: the processes share the cores
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import click
import numpy as np
import pandas as pd
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from scipy.optimize import root
from scipy.special import expit, logit

sys.path.insert(0, str(Path(__file__).parent.parent))
from oracle import _absent, _any_of_independent, _cell, _every_assignment

import hip_bayes as hb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from hip_bayes import Network

    Floats = NDArray[np.float64]

FILE = Path(__file__).parents[2] / "networks" / "hip_pain_runners.toml"
SEED = 20261
SLICE = 10_000
BATCH = 200
"""Rows that are one matrix product; so many times 30,720 numbers are in memory at a time."""
EXACT = 1e-9
SOLVED = 1e-12
SEXES = ("female", "male")
UNKNOWN = 2
"""A finding's digit in `Reference.codes`: absent, present or unknown."""


class Reference:
    """P(cause | a row) for many rows, by summing over all joint states of the causes, background and cells.

    `sets` are the sets of causes, a bit for each; `states` the joint states: sets times the subtypes of those in it.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Solve the intercepts of every cell and write out the joint distribution."""
        self.data = data
        head, causes = data["network"], data["causes"]
        self.bands: list[str] = head["age_bands"]
        self.everyone: bool = head.get("everyone_has_a_cause", True)
        self.causes, self.background = list(causes), list(data.get("background", {}))
        self.lowest = [int(re.match(r"\d+", band)[0]) for band in self.bands]  # type: ignore[index]
        self.off = 0.0
        """The largest difference of a number of the file's tables from what the solved network gives back."""

        # Sets of causes: those without subtypes have the low bits, so that the sets with the same others are a block.
        subtypes = {c: list(cause.get("subtypes", {})) for c, cause in causes.items()}
        self.order = [c for c in causes if not subtypes[c]] + [c for c in causes if subtypes[c]]
        self.plain = plain = sum(not of_c for of_c in subtypes.values())
        in_set = np.arange(2 ** len(causes))[:, None] >> np.arange(len(causes)) & 1
        forms = list(itertools.product(*(range(1 + len(subtypes[c])) for c in self.order[plain:])))
        self.block = np.array([sum(2**i for i, form in enumerate(of_all) if form) for of_all in forms])
        """Of each combination of subtypes, in which block of sets it is."""
        state = {c: np.tile(in_set[: 2**plain, i], len(forms)) for i, c in enumerate(self.order[:plain])}
        state |= {c: np.repeat([f[i] for f in forms], 2**plain) for i, c in enumerate(self.order[plain:])}
        self.member = np.stack([state[c] > 0 for c in self.causes], axis=1).astype(float)
        shares = np.ones(len(self.member))
        for c in self.order[plain:]:
            shares *= np.array([1.0, *(s["share"]["p"] for s in causes[c]["subtypes"].values())])[state[c]]

        self._findings(state, np.log(shares))
        self._prior(in_set)

    # The findings.

    def _findings(self, state: dict[str, NDArray[np.int_]], log_shares: Floats) -> None:
        """Write out P(findings of a family | joint state), a family being findings that hang on each other."""
        findings: dict[str, Any] = self.data.get("findings", {})
        background = dict.fromkeys(self.background, np.zeros_like(log_shares, dtype=int))
        self.signs = {f: next(iter(e["given"])) for f, e in findings.items() if next(iter(e["given"])) in background}
        family = {f: f for f in findings if f not in self.signs}
        for f in TopologicalSorter({f: self._parent(f) for f in family}).static_order():
            family[f] = family[self._parent(f)[0]] if self._parent(f) else f
        self.families = [[f for f in family if family[f] == head] for head in dict.fromkeys(family.values())]
        self.joint: list[Floats] = []
        """Of each family P(findings | joint state), shape (2 ** findings, states)."""
        table = [log_shares]
        self.codes: list[NDArray[np.int_]] = []
        """Of each family which row of `table` has its digits, shape (3 ** findings,); row 0 is for all unknown."""
        for members in self.families:
            joint = []
            for present in itertools.product((0, 1), repeat=len(members)):
                known = dict(zip(members, (np.full_like(state[self.causes[0]], x) for x in present), strict=True))
                each = [_absent(self.data, f, state | background | known) for f in members]
                joint.append(np.prod([1 - a if x else a for a, x in zip(each, present, strict=True)], axis=0))
            self.joint.append(np.array(joint))
            codes = []
            for digits in itertools.product((0, 1, UNKNOWN), repeat=len(members)):
                weight = _outer([[(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)][digit] for digit in digits])
                codes.append(0 if set(digits) == {UNKNOWN} else len(table))
                table += [] if set(digits) == {UNKNOWN} else [np.log(weight @ self.joint[-1])]
            self.codes.append(np.array(codes))
        self.table = np.array(table)
        """log P(what is known of a family | joint state), shape (rows, states); row 0: log P(subtypes | causes)."""

    def _parent(self, f: str) -> list[str]:
        return [self.data["findings"][f]["parent"]["finding"]] if "parent" in self.data["findings"][f] else []

    # Background and causes.

    def _prior(self, in_set: NDArray[np.int_]) -> None:
        """P(cell, background, set of causes | the population), added up over the bands that a row may be of."""
        causes, background = self.data["causes"], self.data.get("background", {})
        self.present = _every_assignment(dict.fromkeys(self.background, 2)) if background else {}
        self.width = 2 ** len(background)
        parents = {c: cause.get("odds_ratios", {}) for c, cause in causes.items()}
        self.steps = list(TopologicalSorter({c: [p for p in parents[c] if p in causes] for c in causes}).static_order())
        self.raised: dict[str, tuple[NDArray[np.int_], Floats]] = {}
        """Of each cause: of each set of those before it, which of the rows it is in; log odds ratios, a row for each
        set of its parents among them and a column for each background."""
        for i, c in enumerate(self.steps):
            own = [p for p in self.steps[:i] if p in parents[c]]
            sets = np.arange(2**i)
            which = sum(((sets >> self.steps.index(p) & 1) << k for k, p in enumerate(own)), start=np.zeros_like(sets))
            log = {p: np.log(o["value"]) for p, o in parents[c].items()}
            by_background = sum((log[b] * self.present[b] for b in background if b in log), start=np.zeros(self.width))
            by_causes = [
                sum(log[p] for p, there in zip(reversed(own), bits, strict=True) if there)
                for bits in itertools.product((0, 1), repeat=len(own))
            ]
            self.raised[c] = (which, np.array(by_causes, dtype=float)[:, None] + by_background)
        at = sum((in_set[:, i] << self.steps.index(c) for i, c in enumerate(self.order)), start=np.zeros(1, dtype=int))
        equal = {"all": {"p": 1 / (len(SEXES) * len(self.bands))}}
        weights = self.data["network"].get("weights", equal)
        by_cell: dict[tuple[str, str | None], Floats] = {}
        start: Floats | None = None
        for sex in SEXES:
            for k, band in enumerate(self.bands):
                target = np.array(
                    [_cell(background[b]["prevalence"], sex, k) for b in background]
                    + [_cell(causes[c]["prior"], sex, k) for c in self.steps]
                )
                start = self._solved(target, start)
                joint = self._joint(start)[at]
                by_cell[sex, band] = (_cell(weights, sex, k) / joint.sum() * joint).T
            by_cell[sex, None] = np.sum([by_cell[sex, band] for band in self.bands], axis=0)
        self.prior = by_cell
        """P(this sex, band (None: any), background, set | the population), shape (2 ** background, sets)."""

    def _joint(self, theta: Floats) -> Floats:
        """P(set, background), shape (sets, 2 ** background), not conditioned but for the sets that do not count."""
        joint = np.ones((2 ** len(self.steps), self.width))
        for b, t in zip(self.background, theta, strict=False):
            joint[0] *= np.where(self.present[b], expit(t), expit(-t))
        for i, (c, t) in enumerate(zip(self.steps, theta[len(self.background) :], strict=True)):
            which, log = self.raised[c]
            without, having = joint[: 2**i], joint[2**i : 2 ** (i + 1)]
            np.multiply(without, expit(t + log)[which], out=having)
            without *= expit(-t - log)[which]
        if self.everyone:
            joint[0] = 0
        return joint

    def _solved(self, target: Floats, start: Floats | None) -> Floats:
        """Find the intercepts that give P(background) and P(cause), given any cause, as the file has them."""
        b = len(self.background)

        def residual(theta: Floats) -> Floats:
            joint = self._joint(theta)
            of_background, of_set = joint.sum(axis=0), joint.sum(axis=1)
            sets = np.arange(len(of_set))
            shares = [of_background[present > 0].sum() for present in self.present.values()]
            shares += [of_set[(sets >> k & 1) > 0].sum() for k in range(len(self.steps))]
            off: Floats = np.array(shares) / of_set.sum() - target
            return off

        if start is None:
            p_any = _any_of_independent(target[b:].tolist()) if self.everyone else 1.0
            start = logit(np.concatenate([target[:b], p_any * target[b:]]))
        theta: Floats = root(residual, start, tol=1e-14).x
        self.off = max(self.off, float(np.abs(residual(theta)).max()))
        if self.off > SOLVED:
            msg = f"no intercepts found for {target}: off by {self.off}"
            raise ValueError(msg)
        return theta

    # Rows.

    def posteriors(self, frame: pd.DataFrame) -> Floats:
        """P(cause | row), shape (rows, causes); NaN in rows that say what cannot be."""
        n = len(frame)
        known = {name: frame[name].to_numpy(float) for name in frame if name not in ("age", "sex")}
        nothing = np.full(n, np.nan)
        background = np.array([known.get(b, nothing) for b in self.background]).reshape(-1, n)
        sex = [s if s in SEXES else None for s in frame["sex"]] if "sex" in frame else [None] * n
        ages = frame["age"].tolist() if "age" in frame else [np.nan] * n
        band = [
            None if np.isnan(a) else [b for b, low in zip(self.bands, self.lowest, strict=True) if low <= a][-1]
            for a in ages
        ]
        findings = {f: known.get(f, nothing) for f in self.data.get("findings", {})}
        out = np.full((n, len(self.causes)), np.nan)
        groups: dict[tuple[str | None, str | None], list[int]] = {}
        for i, cell in enumerate(zip(sex, band, strict=True)):
            groups.setdefault(cell, []).append(i)
        for cell, members in groups.items():
            for first in range(0, len(members), BATCH):
                rows = np.array(members[first : first + BATCH])
                here = {f: x[rows] for f, x in findings.items()}
                out[rows] = self._batch(*cell, background[:, rows], here)
        return out

    def _batch(self, sex: str | None, band: str | None, background: Floats, findings: dict[str, Floats]) -> Floats:
        """Answer rows of one sex and band."""
        n = background.shape[1]
        prior, possible = np.zeros((n, self.prior[SEXES[0], None].shape[1])), np.ones(n, dtype=bool)
        weight = np.ones((n, self.width))
        for b, x in zip(self.background, background, strict=True):
            weight *= _weights(x)[:, self.present[b]]
        for s in SEXES if sex is None else (sex,):
            of_sex = weight.copy()
            for f, b in self.signs.items():
                entry, present = self.data["findings"][f], self.present[b]
                p = np.array([entry["leak"]["p"], entry["given"][b]["p"]])[present]
                if entry.get("sex", s) != s:  # the other sex never has it
                    p = np.zeros(self.width)
                    possible &= (sex is None) | ~(findings[f] > 0.5)
                of_f = _weights(findings[f])
                of_sex *= of_f[:, :1] * (1 - p) + of_f[:, 1:] * p
            prior += of_sex @ self.prior[s, band]

        chosen = np.zeros((n, len(self.table)))
        chosen[:, 0] = 1
        soft: list[tuple[NDArray[np.intp], Floats]] = []
        for members, codes, joint in zip(self.families, self.codes, self.joint, strict=True):
            x = np.array([findings[f] for f in members])
            unsure = ((x > 0) & (x < 1)).any(axis=0)
            digits = np.where(np.isnan(x), UNKNOWN, np.nan_to_num(x) > 0)
            code = codes[np.ravel_multi_index(tuple(digits), (3,) * len(members))]
            sure = np.flatnonzero(~unsure & (code > 0))
            chosen[sure, code[sure]] = 1
            which = np.flatnonzero(unsure)
            if len(which):
                soft.append((which, np.array([_outer(_weights(x[:, i])) for i in which]) @ joint))
        log = chosen @ self.table
        if soft:
            some = np.unique(np.concatenate([which for which, _ in soft]))
            softly = np.ones((len(some), log.shape[1]))
            for which, of_family in soft:
                for i, factor in zip(np.searchsorted(some, which), of_family, strict=True):
                    softly[i] *= factor
            log[some] += np.log(softly)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_prior = np.log(prior).reshape(n, -1, 2**self.plain)
            by_block = log.reshape(n, len(self.block), -1)
            by_block += log_prior[:, self.block]
            log -= log.max(axis=1, keepdims=True)
            np.exp(log, out=log)
            found: Floats = (log @ self.member) / log.sum(axis=1, keepdims=True)
        found[~possible] = np.nan
        return found


def _weights(x: Floats) -> Floats:
    """Return what each answer weighs absent and present by, shape (answers, 2): 1 where nothing is known."""
    return np.where(np.isnan(x)[:, None], 1.0, np.stack([1 - x, x], axis=1))


def _outer(weights: Iterable[Sequence[float] | Floats]) -> Floats:
    """Return the products of one weight of each, the last one fastest."""
    product = np.ones(1)
    for of_one in weights:
        product = np.multiply.outer(product, of_one).ravel()
    return product


# The rows.


def rows_of(data: Mapping[str, Any], rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw rows: how much is known, how much of it is there and how often it is unsure differ from row to row."""
    low, high = data["network"]["age_range"]
    columns: dict[str, Any] = {"age": np.where(rng.random(n) < 0.3, np.nan, rng.integers(low, high, n, endpoint=True))}
    columns["age"] = np.where(rng.random(n) < 0.1, rng.uniform(low, high, n), columns["age"])
    columns["sex"] = rng.choice(np.array([*SEXES, None], dtype=object), n, p=[0.35, 0.35, 0.3])
    for section in ("background", "findings"):
        names = list(data.get(section, {}))
        known = np.floor((len(names) + 1) * rng.random(n) ** 3)  # few more often than many
        is_known = rng.random((n, len(names))).argsort(axis=1) < known[:, None]
        x = (rng.random((n, len(names))) < rng.random((n, 1))).astype(float)
        unsure = rng.random((n, len(names))) < rng.choice([0.0, 0.05, 0.3], (n, 1), p=[0.7, 0.25, 0.05])
        x = np.where(unsure, rng.random(x.shape), x)
        columns |= dict(zip(names, np.where(is_known, x, np.nan).T, strict=True))
    for f, entry in data.get("findings", {}).items():
        other = columns["sex"] == SEXES[entry.get("sex") == SEXES[0]] if "sex" in entry else np.zeros(n, dtype=bool)
        slip = rng.random(n) < 0.02  # else one row in ten would be refused
        columns[f] = np.where(other & (columns[f] > 0.5) & ~slip, 0.0, columns[f])
    for flag in data.get("red_flags", {}):
        columns[flag] = rng.choice([np.nan, 0.0, 1.0], n, p=[0.6, 0.3, 0.1])
    return pd.DataFrame(columns)


def answers(net: Network, frame: pd.DataFrame) -> Floats:
    """Return what `diagnose_many` says, NaN for rows that it refuses: it names the first, so these are searched for."""
    try:
        return hb.diagnose_many(frame, network=net, with_triage=False).to_numpy()
    except hb.EvidenceError:
        if len(frame) == 1:
            return np.full((1, len(net.causes)), np.nan)
    half = len(frame) // 2
    return np.concatenate([answers(net, frame.iloc[:half]), answers(net, frame.iloc[half:])])


def compare(net: Network, reference: Reference, seed: int, number: int, n: int) -> dict[str, Any]:
    """Compare one slice of rows; its number and the seed say which ones."""
    frame = rows_of(reference.data, np.random.default_rng([seed, number]), n)
    start = time.process_time()
    theirs = reference.posteriors(frame)
    between = time.process_time()
    ours, refused = np.full_like(theirs, np.nan), np.isnan(theirs).any(axis=1)
    ours[~refused] = answers(net, frame.iloc[np.flatnonzero(~refused)])
    for i in np.flatnonzero(refused).tolist():
        ours[i] = answers(net, frame.iloc[i : i + 1])[0]
    off = np.abs(ours - theirs)
    differ = ~(off <= EXACT) & ~(np.isnan(ours) & np.isnan(theirs))
    return {
        "slice": number,
        "rows": n,
        "refused": [int(np.isnan(said).any(axis=1).sum()) for said in (ours, theirs)],
        "different": int(differ.sum()),
        "different_rows": np.flatnonzero(differ.any(axis=1)).tolist(),
        "largest": float(np.nanmax(off)),
        "hip_bayes_seconds": time.process_time() - between,
        "reference_seconds": between - start,
    }


# The run.


@cache
def _made() -> tuple[Network, Reference]:
    return hb.load_network(FILE), Reference(tomllib.loads(FILE.read_text(encoding="utf-8")))


def _slice(seed: int, number: int, n: int) -> dict[str, Any]:
    """Compare one slice in a process that keeps the network and its reference."""
    return compare(*_made(), seed, number, n)


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="How many rows.")
@click.option("--seed", default=SEED, show_default=True)
@click.option("--processes", default=2, show_default=True, help="Of one thread each.")
@click.option("--done", type=click.Path(path_type=Path), help="Keep here what is finished, and go on from there.")
def main(rows: int, seed: int, processes: int, done: Path | None) -> None:
    """Compare and print."""
    net = hb.load_network(FILE)
    begun = time.perf_counter()
    sizes = {k: min(SLICE, rows - k * SLICE) for k in range(-(-rows // SLICE))}
    results: dict[int, dict[str, Any]] = {}
    if done is not None and done.exists():
        kept = [json.loads(line) for line in done.read_text(encoding="utf-8").splitlines()]
        of_this_run = [r for r in kept if (r["seed"], r["fingerprint"]) == (seed, net.fingerprint)]
        results = {r["slice"]: r for r in of_this_run if sizes.get(r["slice"]) == r["rows"]}
    columns = ("rows", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    spawn = multiprocessing.get_context("spawn")
    with Progress(*columns) as progress, ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        bar = progress.add_task("", total=rows, completed=sum(r["rows"] for r in results.values()))
        running = [pool.submit(_slice, seed, k, n) for k, n in sizes.items() if k not in results]
        for future in as_completed(running):
            found = future.result()
            results[found["slice"]] = found
            progress.advance(bar, found["rows"])
            if done is not None:
                with done.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"seed": seed, "fingerprint": net.fingerprint} | found) + "\n")
    took = {who: sum(r[f"{who}_seconds"] for r in results.values()) for who in ("hip_bayes", "reference")}
    different = sum(r["different"] for r in results.values())
    print(f"network {net.id} {net.version}, fingerprint {net.fingerprint}, seed {seed}")
    refused = [sum(r["refused"][who] for r in results.values()) for who in (0, 1)]
    print(f"{rows:,} rows; refused by hip_bayes: {refused[0]:,}, by the reference: {refused[1]:,}")
    print(f"{rows * len(net.causes):,} probabilities: {different:,} differ by more than {EXACT:g}")
    print(f"largest difference: {max(r['largest'] for r in results.values()):.3g}")
    print(
        f"{time.perf_counter() - begun:.0f} s on {processes} processes; CPU: hip_bayes {took['hip_bayes']:.0f} s, "
        f"reference {took['reference']:.0f} s"
    )
    for k, r in sorted(results.items()):
        if r["different"]:
            print(f"slice {k}: rows {', '.join(map(str, r['different_rows'][:10]))} ...")
    raise SystemExit(different > 0)


if __name__ == "__main__":
    main()

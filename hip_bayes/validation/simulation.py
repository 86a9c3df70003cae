"""Cases drawn from a network: patients as they would be if every number of it were true.

Ancestral sampling in the order background, causes, findings, from the solved parameters themselves (intercepts, odds
ratios, links) and not from the engine's tables over states, so that simulated cases also test the inference.

Where everyone has a cause, nothing is drawn in vain for causes: as long as none is present, the next one is drawn given
that it or a later one is, P(c) / P(c or a later one), which is exact because until then no cause has a present parent.
The background comes with P(at least one cause | background) by rejection against that probability's upper bound.
"""

from __future__ import annotations

import math
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import NetworkTooLargeError
from hip_bayes.inference.arguments import how_many, whole_number
from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.evidence import ASKED, vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


MOST_TELLINGS = 1000
"""How often a story is told again until it has its length; then it is as it is."""
MOST_DRAWN = 10_000
"""How many backgrounds may have to be drawn for one with a cause, on average."""


def simulate(
    net: NetworkData, n: int, seed: int | np.random.Generator | None = None, *, account: str = ASKED
) -> pd.DataFrame:
    """Draw `n` independent cases from a network's population, complete and with the truth.

    Parameters
    ----------
    net
        the network; with `everyone_has_a_cause` every case has at least one.
    n
        number of cases, 1 or more, and at most so many that they take 4 GiB: about five million of the shipped network.
        For more, call it several times with one Generator.
    seed
        a whole number of 0 or more, or a numpy Generator; the same seed, network and versions give the same cases.
        None: cases that nobody can draw again.
    account
        "asked": every finding is known. "volunteered": of history and tests only what such a person would mention, by
        the network's rates of mention; None for the rest, and for imaging and signs of background, which nobody tells.
        Lengths of stories are drawn in proportion to how many sources their rates come from (`n`), and so is whether a
        story has tests; a story is told again until it has the length it was drawn with. Where there is one length, and
        all stories have tests or none, P(cause | such a story) as `diagnose` gives it is calibrated exactly; where how
        much is told decides which rates are taken, nearly (slopes of .95 with those of the shipped network).

    Returns
    -------
    pandas.DataFrame
        a row a case, index 0 to n - 1. ``age`` (whole years, uniform within the age band drawn), ``sex``, every
        background variable and every finding as bool in file order, all as `diagnose_many` takes them (red flags are
        rules, not variables, and are not drawn), and ``truth``: a tuple with the id of each cause that is present,
        followed by that of its subtype if it has any, as `validate` takes it.

    Raises
    ------
    EvidenceError
        `n`, `seed` or `account` is not allowed; the message has the largest `n`.
    NetworkTooLargeError
        the odds ratios are so large that hardly any background drawn would have a cause.

    Notes
    -----
    Ancestral (logic) sampling: Henrion, in Uncertainty in Artificial Intelligence 2, 1988, pages 149-163.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> cases = hb.load_network().simulate(1000, seed=1)
    >>> posterior = hb.diagnose_many(cases[["age", "sex", "lateral_pain"]])
    >>> gtps = cases["truth"].map(lambda causes: "gtps" in causes)
    >>> bool(posterior["gtps"][gtps].mean() > posterior["gtps"][~gtps].mean())
    True

    """
    import pandas as pd

    account = vocabulary_of(net).heard(account)
    a_case = 48 * len(net.causes) + 2 * (len(net.background) + len(net.findings)) + 64  # bytes, as measured
    n = how_many("n", n, 1, a_case)
    if seed is not None and not isinstance(seed, np.random.Generator):
        seed = whole_number("seed", seed, 0, "a numpy Generator, or None (a new one)")
    rng = np.random.default_rng(seed)
    prior = engine_of(net).prior
    cell = rng.choice(len(prior.cells), size=n, p=prior.weights)
    sexes = np.array([sex for sex, _ in prior.cells])
    bands = [net.bands[band] for _, band in prior.cells]
    first = np.array([band.low for band in bands])
    last = np.array([min(band.high - 1, net.age_range[1]) for band in bands])
    age = rng.integers(first[cell], last[cell], endpoint=True)

    background, without_parents = _background(net, cell, rng)
    states = _causes(net, without_parents, rng)
    findings = _findings(net, background, states, rng)
    findings = {f.id: findings[f.id] & ((f.sex is None) | (sexes[cell] == f.sex)) for f in net.findings.values()}
    told = findings if account == ASKED else _told(net, findings, rng)
    return pd.DataFrame({"age": age, "sex": sexes[cell], **background, **told, "truth": _names(net, states)})


def _told(net: NetworkData, findings: Mapping[str, Bools], rng: np.random.Generator) -> dict[str, NDArray[np.object_]]:
    """Return of every finding what is mentioned: True, False, or None where it is not."""
    kinds, lengths = vocabulary_of(net).told_as, list(net.mention.values())
    there = np.stack([findings[f] for f in kinds], axis=1)
    examination = np.array([kind == "examination" for kind in kinds.values()])
    worth = np.array([[m.present[kind].n for kind in ("history", "examination")] for m in lengths])
    length = rng.choice(len(lengths), size=len(there), p=worth[:, 0] / worth[:, 0].sum())
    with_tests = rng.random(len(there)) < np.minimum(worth[:, 1] / worth[:, 0], 1.0)[length]
    rates = np.array([[[s[kind].p for kind in kinds.values()] for s in (m.absent, m.present)] for m in lengths])
    most = np.array([m.up_to or len(kinds) for m in lengths])
    least = np.array([0, *(most[:-1] + 1)])
    mentioned = np.zeros(there.shape, dtype=bool)
    todo = np.arange(len(there))
    for _ in range(MOST_TELLINGS):
        rate = np.where(there[todo], rates[length[todo], 1], rates[length[todo], 0])
        mentioned[todo] = (rng.random(rate.shape) < rate) & (with_tests[todo, None] | ~examination)
        told = mentioned[todo].sum(axis=1)
        todo = todo[(told < least[length[todo]]) | (told > most[length[todo]])]
        if not len(todo):
            break
    said = np.full(there.shape, None, dtype=object)
    said[mentioned] = there[mentioned]
    nothing = np.full(len(there), None, dtype=object)
    column = {f: said[:, i] for i, f in enumerate(kinds)}
    return {f: column.get(f, nothing) for f in net.findings}


def _background(net: NetworkData, cell: Ints, rng: np.random.Generator) -> tuple[dict[str, Bools], dict[str, Floats]]:
    """Draw the background, and return with it each cause's log odds while no other cause is present, shape (n,)."""
    prior = engine_of(net).prior
    ratios = {
        c.id: {b: math.log(r.value) for b, r in c.odds_ratios.items() if b in net.background}
        for c in net.causes.values()
    }
    highest = {c: prior.intercept[c] + sum(max(0.0, x) for x in of_c.values()) for c, of_c in ratios.items()}
    bound = _any(highest)
    rarest = float((bound / prior.any_cause).max()) if net.everyone_has_a_cause else 1.0
    if rarest > MOST_DRAWN:
        raise NetworkTooLargeError(
            f"of the backgrounds drawn only one in {rarest:.2g} would have a cause; allowed: one in {MOST_DRAWN:,}. "
            "Use odds ratios nearer to 1, or priors whose sum is further above 1",
            key="causes.*.odds_ratios",
        )
    background = {b: np.zeros(len(cell), dtype=bool) for b in net.background}
    log_odds = {c: np.empty(len(cell)) for c in net.causes}
    todo = np.arange(len(cell))
    while len(todo):
        for b, column in background.items():
            column[todo] = rng.random(len(todo)) < prior.prevalence[b][cell[todo]]
        here = {
            c: prior.intercept[c][cell[todo]] + sum(x * background[b][todo] for b, x in of_c.items())
            for c, of_c in ratios.items()
        }
        for c, x in here.items():
            log_odds[c][todo] = x
        if not net.everyone_has_a_cause:
            break
        todo = todo[rng.random(len(todo)) * bound[cell[todo]] >= _any(here)]
    return background, log_odds


def _any(log_odds: dict[str, Floats]) -> Floats:
    """P(at least one cause | background): before the first present cause, every cause has only absent parents."""
    return -np.expm1(-sum((np.logaddexp(0, x) for x in log_odds.values()), np.zeros(())))


def _causes(net: NetworkData, without_parents: dict[str, Floats], rng: np.random.Generator) -> dict[str, Ints]:
    """Draw the state of every cause: 0 absent, 1 present or the first subtype, 2 the second, ..., shape (n,)."""
    order = engine_of(net).prior.order
    n = len(without_parents[order[0]])
    later = dict(without_parents)  # loses one cause after the other
    some = np.zeros(n, dtype=bool)
    states: dict[str, Ints] = {}
    for c in order:
        cause = net.causes[c]
        x = without_parents[c] + sum(
            math.log(r.value) * (states[p] > 0) for p, r in cause.odds_ratios.items() if p in net.causes
        )
        p = np.exp(-np.logaddexp(0, -x))
        if net.everyone_has_a_cause:
            p = np.where(some, p, p / _any(later)) if len(later) > 1 else np.where(some, p, 1.0)
        present = rng.random(n) < p
        some |= present
        del later[c]
        shares = [s.share.p for s in cause.subtypes.values()] or [1.0]
        states[c] = np.where(present, 1 + rng.choice(len(shares), size=n, p=shares), 0)
    return {c: states[c] for c in net.causes}


def _findings(
    net: NetworkData, background: dict[str, Bools], states: dict[str, Ints], rng: np.random.Generator
) -> dict[str, Bools]:
    """Draw every finding, parents before children, by the formula of `inference.noisy_or`, shape (n,) each."""
    parents = {f.id: [f.parent.finding] if f.parent else [] for f in net.findings.values()}
    n = len(next(iter(states.values())))
    present: dict[str, Bools] = {}
    for f in TopologicalSorter(parents).static_order():
        links = engine_of(net).links[f]
        log_absent = np.full(n, links.log_no_leak)
        for b in net.background:
            log_absent += links.log_no_link.get(b, 0.0) * background[b]
        unlinked = {}  # log P(not brought about by this cause)
        for cause in net.causes.values():
            sites = [links.log_no_link.get(s, 0.0) for s in (cause.subtypes or (cause.id,))]
            if any(sites):
                unlinked[cause.id] = np.array([0.0, *sites])[states[cause.id]]
        for mechanism in net.mechanisms.values():
            if f in mechanism.findings:  # of the causes in one mechanism the strongest alone counts
                together = [unlinked.pop(c) for c in mechanism.causes if c in unlinked]
                log_absent += np.minimum.reduce(together, initial=0.0)
        for log_factor in unlinked.values():
            log_absent += log_factor
        if links.parent is not None:
            log_absent += np.log1p(-links.effect) * present[links.parent]
        present[f] = rng.random(n) >= np.exp(log_absent)
    return present


def _names(net: NetworkData, states: dict[str, Ints]) -> list[tuple[str, ...]]:
    """Return the ids of the causes present, each followed by that of its subtype, for every case."""
    ids = {c.id: [(), *((c.id, s) for s in c.subtypes)] if c.subtypes else [(), (c.id,)] for c in net.causes.values()}
    joint, place = np.unique(np.stack(list(states.values()), axis=1), axis=0, return_inverse=True)
    names = [tuple(id_ for c, state in zip(ids, row, strict=True) for id_ in ids[c][state]) for row in joint]
    return [names[i] for i in place.reshape(-1)]

"""How sure the probabilities are: the uncertainty of the network's own numbers carried through to a result.

Every number of a network has a distribution: a probability p worth n patients is Beta(p n, (1 - p) n), an odds ratio
log-normal over its range. A draw takes one value from each; the posterior under the drawn numbers is exact. What this
leaves out is whether the structure is right: which causes and links there are.

A number is drawn from a stream of its own, seeded by its path. So a seed draws the same networks for every case, and
the intervals of two cases differ by the cases alone.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.inference.arguments import how_many, level_of, names_of, whole_number
from hip_bayes.inference.engine import Engine, engine_of
from hip_bayes.inference.enumeration import Enumeration
from hip_bayes.inference.evidence import UNDECIDED, vocabulary_of
from hip_bayes.inference.noisy_or import Links, log_links, sites_of
from hip_bayes.inference.priors import logit, stated_at
from hip_bayes.network.changes import with_odds_times
from hip_bayes.network.parts import Number, OddsRatio, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.inference.evidence import Case
    from hip_bayes.inference.priors import CausePrior
    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import BySexAndBand

    Floats = NDArray[np.float64]

TINY, NEARLY_ONE = 2.0**-500, 1 - 2.0**-50
"""A drawn probability stays between these, as a network's stay strictly between 0 and 1."""
RANGE = 2 * NormalDist().inv_cdf(0.975)
"""How many standard deviations wide the range of an odds ratio is, as a central 95 % range."""
FEWEST, USUAL = 20, 200
"""Fewer draws than the first have no ends to speak of; who asks for more than the second means to wait."""


def intervals(
    d: Result,
    level: float = 0.9,
    *,
    draws: int = 200,
    seed: int = 0,
    of: str | Iterable[str] | None = None,
) -> pd.DataFrame:
    """Return credible intervals of a result's probabilities, from the uncertainty of the network's own numbers.

    Monte Carlo over the numbers, seeded; exact inference within each draw. The interval is about the numbers, not
    about the person: it says how far the answer could move because the numbers are not known exactly, were the
    structure of the network right.

    Parameters
    ----------
    d
        the result.
    level
        probability that the interval holds, strictly between 0 and 1.
    draws
        how many networks to draw, 20 or more, at most so many that they take 4 GiB: hundreds of thousands with few
        findings known, tens of thousands with many. With 200, the end of a 90 % interval is itself sure to about one
        and a half percentiles of the draws, with 1,000 to two thirds of one.
    seed
        whole number, 0 or more; the same seed draws the same networks, whatever the case.
    of
        ids of causes, subtypes or groups, in the order wanted; None: all causes, as in ``d.ranking``.

    Returns
    -------
    pandas.DataFrame
        index = those ids (named "cause"); float64 columns in [0, 1]: ``probability`` (``d[id]``, of the network as it
        stands: neither the mean nor the median of the draws, and near the end of the interval, even outside, it is
        possible), ``low`` and ``high`` (quantiles of the draws at (1 - level) / 2 and (1 + level) / 2), ``p_first``
        (share of the draws in which the cause has the highest probability of all, equal ones in file order; over all
        causes it sums to 1; NaN for a subtype or group).

    Raises
    ------
    EvidenceError
        a level, number of draws or seed that is not allowed.
    UnknownNameError
        an id of `of` that has no probability.
    NetworkTooLargeError
        too many causes to list their sets, or 200 draws would take over half a minute (9e10 operations).

    Notes
    -----
    Probabilistic sensitivity analysis: Doubilet et al., Medical Decision Making 5:157-177, 1985. Beta and Dirichlet
    distributions of a network's conditional probabilities, independent of each other: Spiegelhalter and Lauritzen,
    Networks 20:579-605, 1990. In each draw

    - a probability worth n patients (leak, sensitivity, effect of a finding parent, prior and prevalence of each cell)
      is Beta(p n, (1 - p) n); one that a table states alike for several cells of sex and age is drawn once;
    - shares of subtypes and weights of cells are Dirichlet with parameters p n (the least n, where these differ: only
      with one for all are the numbers the means);
    - an odds ratio, or what a setting multiplies odds by, is log-normal: see `interval_of`; the prior that it
      multiplies is drawn as the file has it;
    - a drawn prior moves the solved log odds of its cause by logit(drawn) - logit(p), a drawn prevalence those of its
      background variable; they are not solved again;
    - a sensitivity drawn below the drawn leak is no link; whatever else would come out negative is 0.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> from hip_bayes.reasoning.intervals import intervals
    >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, groin_pain=False)
    >>> table = intervals(d, 0.9, draws=40)
    >>> table.columns.tolist(), table.index[0]
    (['probability', 'low', 'high', 'p_first'], 'gtps')
    >>> bool((table["low"] <= table["high"]).all())
    True

    """
    import pandas as pd

    level = level_of(level)
    causes = list(d.network.causes)
    wanted = d.ranking if of is None else names_of("of", of)
    probability = [d[id_] for id_ in wanted]
    ids, drawn = draw_posteriors(d, draws, seed)
    first = drawn[:, [ids.index(c) for c in causes]].argmax(axis=1)
    p_first = dict(zip(causes, np.bincount(first, minlength=len(causes)) / len(drawn), strict=True))
    low, high = np.quantile(drawn[:, [ids.index(id_) for id_ in wanted]], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return pd.DataFrame(
        {
            "probability": probability,
            "low": low,
            "high": high,
            "p_first": [p_first.get(id_, math.nan) for id_ in wanted],
        },
        index=pd.Index(wanted, name="cause"),
        dtype="float64",
    )


def draw_posteriors(d: Result, draws: int = 200, seed: int = 0) -> tuple[tuple[str, ...], Floats]:
    """Return the posteriors of a case under drawn networks, as `intervals` draws them.

    Takes and raises what `intervals` does. Returns the ids of causes, subtypes and groups, and P(present | evidence),
    exact in each draw, shape (draws, ids). Row k is of the k-th network, whatever the case and however many draws.
    """
    a_draw = 100.0 * len(d.probability) * (8 + len(d.case.findings))  # bytes, a little more than measured
    a_draw += 8 * sum(int(offset.size) for offset in engine_of(d.network).prior.offsets.values())
    sampler = Sampler(how_many("draws", draws, FEWEST, a_draw), whole_number("seed", seed, 0))
    net = restricted(d.network, d.case.known)
    solved = engine_of(d.network).prior
    units = Engine(net, prior=solved).enumeration.units
    few = min(sampler.draws, USUAL)
    engine_of(d.network).afford(
        f"to draw {few} networks", operations(d, few), "Draw fewer, or ask about a case with fewer findings"
    )
    drawn = zip(priors_drawn(net, solved, d.case, sampler), links_drawn(net, sampler), strict=True)
    cases = silence_drawn(d.network, d.case, sampler)
    found = [
        Enumeration(units.with_numbers(*numbers)).posterior(case).probability
        for numbers, case in zip(drawn, cases, strict=True)
    ]
    return tuple(found[0]), np.array([list(p.values()) for p in found])


def operations(d: Result, draws: int) -> float:
    """Return about how many operations the posteriors under so many drawn networks take."""
    return draws * engine_of(d.network).operations_anew(d.case)


def interval_of(number: Number | OddsRatio, level: float = 0.9) -> tuple[float, float]:
    """Return the central interval of one number of a network.

    Parameters
    ----------
    number
        a probability worth `n` patients, or an odds ratio with its plausible range.
    level
        probability that the interval holds, strictly between 0 and 1.

    Returns
    -------
    tuple of float
        its low and its high end, quantiles at (1 - level) / 2 and (1 + level) / 2. Of a probability those of
        Beta(p n, (1 - p) n), strictly between 0 and 1; `p` need not lie between them where `n` is small, because it is
        the mean. Of an odds ratio those of a log-normal distribution with the value as its median; its standard
        deviation on the log scale is log(high / low) / 3.92, so that low to high is as wide as its central 95 %. Where
        low = high both ends are the value.

    Raises
    ------
    EvidenceError
        the level is not strictly between 0 and 1.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> from hip_bayes.reasoning.intervals import interval_of
    >>> finding = hb.load_network().findings["lateral_pain"]
    >>> low, high = interval_of(finding.given["gtps"], 0.9)
    >>> low < finding.given["gtps"].p < high
    True

    """
    level = level_of(level)
    tail = (1 - level) / 2
    if isinstance(number, OddsRatio):
        width = -NormalDist().inv_cdf(tail) * _log_deviation(number)
        return number.value * math.exp(-width), number.value * math.exp(width)
    from scipy.special import betaincinv

    low, high = np.clip(betaincinv(*_beta(number), [tail, 1 - tail]), TINY, NEARLY_ONE).tolist()
    return low, high


def restricted(net: NetworkData, findings: Iterable[str]) -> NetworkData:
    """Return a network with only these findings and those above them, which has the same posteriors given them."""
    kept = set()
    for f in findings:
        above: str | None = f
        while above:
            kept.add(above)
            parent = net.findings[above].parent
            above = parent.finding if parent else None
    acting = {
        m.id: dataclasses.replace(m, findings=here)
        for m in net.mechanisms.values()
        if (here := tuple(f for f in m.findings if f in kept))
    }
    return dataclasses.replace(
        net,
        findings=Table(((f, net.findings[f]) for f in net.findings if f in kept), "finding"),
        mechanisms=Table(acting, "mechanism"),
        red_flags=Table((), "red flag"),
        hazards=Table((), "hazard"),
        patterns=Table((), "pattern"),
    )


@dataclass(frozen=True, slots=True)
class Sampler:
    """Draws of single numbers, each from a stream of its own: the same for a path and seed, whatever else is drawn."""

    draws: int
    seed: int

    def of(self, path: str, number: Number | OddsRatio) -> Floats:
        """Return draws of a probability or an odds ratio, shape (draws,)."""
        if isinstance(number, OddsRatio):
            value: Floats = number.value * np.exp(_log_deviation(number) * self._rng(path).standard_normal(self.draws))
            return value
        return np.clip(self._rng(path).beta(*_beta(number), self.draws), TINY, NEARLY_ONE)

    def shares(self, numbers: Mapping[str, Number], of: Iterable[str] | None = None) -> Floats:
        """Return draws of numbers that sum to 1, by path, or of some of them in proportion; shape (draws, numbers).

        Dirichlet, as gamma draws divided by their sum. Where they are worth different n, all count as worth the least:
        only with one n for all are their means the numbers.
        """
        least = min(number.n for number in numbers.values())
        paths = numbers if of is None else of
        gamma = [self._rng(path).standard_gamma(numbers[path].p * least, self.draws) for path in paths]
        kept = np.maximum(np.stack(gamma, axis=1), TINY)
        shares: Floats = kept / kept.sum(axis=1, keepdims=True)
        return shares

    def _rng(self, path: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, int.from_bytes(path.encode(), "big")])


def _beta(number: Number) -> tuple[float, float]:
    """Return the parameters of a probability's distribution."""
    return number.p * number.n, (1 - number.p) * number.n


def _log_deviation(ratio: OddsRatio) -> float:
    """Return the standard deviation of an odds ratio's logarithm."""
    return math.log(ratio.high / ratio.low) / RANGE


def links_drawn(net: NetworkData, sampler: Sampler) -> Iterator[dict[str, Links]]:
    """Yield the links of every finding in each draw: as `noisy_or` does, where numbers need not fit together."""
    findings = net.findings.values()
    sites = sites_of(net)
    leak = {f.id: sampler.of(f"findings.{f.id}.leak", f.leak)[:, None] for f in findings}
    given = {f.id: np.full((sampler.draws, len(sites)), math.nan) for f in findings}
    for f in findings:
        for named, number in f.given.items():
            here = [named in site for site in sites]
            given[f.id][:, here] = sampler.of(f"findings.{f.id}.given.{named}", number)[:, None]
    effect = {
        f.id: sampler.of(f"findings.{f.id}.parent.effect", f.parent.effect)[:, None] for f in findings if f.parent
    }
    # not quite 0: else what was said could be impossible in a draw
    found = log_links(net, leak, given, effect, least=TINY)
    linked = {
        f: {s: x.tolist() for (s, _), x in zip(sites, no_link.T, strict=True) if not np.isnan(x[0])}
        for f, no_link in found.no_link.items()
    }
    parents = {f.id: f.parent.finding if f.parent else None for f in findings}
    for k in range(sampler.draws):
        yield {
            f: Links(
                log_no_leak=float(found.no_leak[f][k, 0]),
                log_no_link={site: draws[k] for site, draws in linked[f].items()},
                parent=parents[f],
                effect=float(effect[f][k, 0]) if f in effect else 0.0,
            )
            for f in net.findings
        }


def silence_drawn(net: NetworkData, case: Case, sampler: Sampler) -> Iterator[Case]:
    """Yield the case with what silence says under the rates of mention of each draw."""
    told_as, mention = vocabulary_of(net).told_as, net.mention.get(case.silence.length)
    weights: dict[str, Floats] = {}
    if mention:
        for kind in dict.fromkeys(told_as[f] for f, _ in case.silence.whole):
            present, absent = (
                1 - sampler.of(f"mention.{mention.id}.{state}.{kind}", rates[kind])
                for state, rates in (("present", mention.present), ("absent", mention.absent))
            )
            weights[kind] = np.minimum(present / (present + absent), UNDECIDED)
    for k in range(sampler.draws):
        whole = tuple((f, float(weights[told_as[f]][k])) for f, _ in case.silence.whole)
        yield dataclasses.replace(case, silence=dataclasses.replace(case.silence, whole=whole))


def priors_drawn(net: NetworkData, solved: CausePrior, case: Case, sampler: Sampler) -> Iterator[CausePrior]:
    """Yield the prior of the cells that a case may be in, in each draw."""
    cells = solved.cells_of(case.sex, case.band)

    multipliers = net.settings[net.setting].odds_multipliers if net.setting else {}

    def moved(path: str, table: BySexAndBand, multiplied_by: float = 1.0) -> Floats:
        """Return by how much log odds move, shape (draws, cells)."""
        first, moves = stated_at(table), {}
        here = [first[solved.cells[i]] for i in cells]
        for sex, band in here:
            if (sex, band) not in moves:
                number = table[sex][band]  # its n are patients of the file's p
                number = dataclasses.replace(number, p=with_odds_times(number.p, 1 / multiplied_by))
                moves[sex, band] = logit(sampler.of(f"{path}.{sex}.{band}", number)) - logit(number.p)
        return np.stack([moves[cell] for cell in here], axis=1)

    intercept = {}
    for c in net.causes.values():
        ratio = multipliers.get(c.id)
        by_prior = moved(f"causes.{c.id}.prior", c.prior, ratio.value if ratio else 1.0)
        intercept[c.id] = solved.intercept[c.id][cells] + by_prior
        if ratio:
            multiplier = sampler.of(f"settings.{net.setting}.odds_multipliers.{c.id}", ratio)
            intercept[c.id] += np.log(multiplier / ratio.value)[:, None]
    prevalence = {}
    for b in net.background.values():
        log_odds = logit(solved.prevalence[b.id][cells]) + moved(f"background.{b.id}.prevalence", b.prevalence)
        prevalence[b.id] = np.clip(np.exp(-np.logaddexp(0, -log_odds)), TINY, NEARLY_ONE)
    offsets = {
        c.id: solved.offset(
            c.id, {p: np.log(sampler.of(f"causes.{c.id}.odds_ratios.{p}", r)) for p, r in c.odds_ratios.items()}
        )
        for c in net.causes.values()
    }
    shares = {
        c.id: sampler.shares({f"causes.{c.id}.subtypes.{s.id}.share": s.share for s in c.subtypes.values()})
        for c in net.causes.values()
        if c.subtypes
    }
    # of the cells in question alone: their ratios are what matters, and they are distributed the same
    all_weights = {f"weights.{sex}.{band}": n for sex, row in net.weights.items() for band, n in row.items()}
    weights = sampler.shares(all_weights, [".".join(("weights", *solved.cells[i])) for i in cells])
    for k in range(sampler.draws):
        yield solved.with_numbers(
            cells,
            weights=weights[k],
            intercept={c: a[k] for c, a in intercept.items()},
            prevalence={b: q[k] for b, q in prevalence.items()},
            offsets={c: x[k : k + 1] if len(x) > 1 else x for c, x in offsets.items()},
            shares={c: x[k] for c, x in shares.items()},
        )

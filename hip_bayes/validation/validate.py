"""How good the probabilities are: discrimination, calibration and usefulness on cases whose causes are known."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from hip_bayes.cohorts.columns import Reading
from hip_bayes.cohorts.table import diagnose_many
from hip_bayes.errors import EvidenceError, UnknownNameError, printable
from hip_bayes.inference.arguments import as_number, how_many, items_in, level_of, names_of, refused, whole_number
from hip_bayes.inference.evidence import VOLUNTEERED, Vocabulary
from hip_bayes.network.parts import LEVELS, Table

from .cases import OTHER, read_cases
from .mention import Stories, left_out
from .scores import Scores, interval, resamples, tables

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData

    from .cases import Labelled

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

N = TypeVar("N", bound="NetworkData")

NOTHING = "nothing named"
"""In place of a danger where there was none."""
DECIMALS = 12
"""Probabilities are rounded to so many, so that two of the same exact value are ties whatever their last bits."""


@dataclass(frozen=True, eq=False, repr=False)
class Validation(Generic[N]):
    """How a network did on cases whose causes are known; made by `validate`.

    Attributes
    ----------
    network
        the network that was validated.
    account
        how the cases were heard, "asked" or "volunteered".
    summary
        a row a metric: value, low, high (of the interval), n (cases it is about).
    left_out
        of cases told freely the same under rates of mention that were estimated on these very cases, without those of
        the scored case's own cause; None for others, and for a table.
    by_cause
        a row a cause: positive (cases with it), n, prevalence = positive / n, auroc and brier with their intervals,
        slope (of calibration) with its Wald interval. NaN where the cases do not determine it.
    by_subgroup
        a row a subgroup, index (by, group): n, then top-1 and the other accuracies and the Brier score with intervals.
    calibration_curve
        a row a tenth of the probability scale that is not empty: bin_low, bin_high, n (pairs of case and cause in it),
        predicted (their mean probability), observed (share with the cause) and its interval low, high.
    triage
        a row a dangerous diagnosis and whether a red flag was told, index (danger, flag told): n, and how many of these
        cases were urgent, soon and routine. The danger of a case is its field ``danger`` or what the network has a
        hazard of; "nothing named" for the others.
    probability, truth
        a row a labelled case, a column a cause: P(cause present | evidence), and whether it was.
    outside
        whether the one true cause of the case is `other`, that is outside the list, by labelled case.
    unknown_facts
        what was said of the cases, labelled or not, that the network has no name for: id -> number of cases.
    unlabelled
        number of cases without a diagnosis, not scored.
    bootstrap, level, seed
        how the intervals were made.

    """

    network: N
    account: str
    summary: pd.DataFrame
    left_out: pd.DataFrame | None
    by_cause: pd.DataFrame
    by_subgroup: pd.DataFrame
    calibration_curve: pd.DataFrame
    triage: pd.DataFrame
    probability: pd.DataFrame
    truth: pd.DataFrame
    outside: pd.Series[bool]
    unknown_facts: Mapping[str, int]
    unlabelled: int
    bootstrap: int
    level: float
    seed: int

    @property
    def unseen(self) -> tuple[str, ...]:
        """Ids of the causes no case has, or every case: without AUROC, so not part of the macro-AUROC."""
        return tuple(self.by_cause.index[self.by_cause["auroc"].isna()])

    def decision_curve(self, cause: str, thresholds: Iterable[float] | None = None) -> pd.DataFrame:
        """Return the net benefit of acting on P(cause), against acting on everybody and on nobody.

        Parameters
        ----------
        cause
            a cause id of the network.
        thresholds
            probabilities from which one would act, strictly between 0 and 1; None is 0.01, 0.02, ... 0.99.

        Returns
        -------
        pandas.DataFrame
            index threshold; net_benefit with its interval low and high, treat_all, treat_none (always 0), in true
            positives per case, over all labelled cases.

        Raises
        ------
        UnknownNameError
            the network has no such cause.
        EvidenceError
            a threshold is not strictly between 0 and 1.

        Notes
        -----
        Net benefit = true positives / n - false positives / n * t / (1 - t), with those at or above the threshold t
        counted as positive: Vickers and Elkin, Med Decis Making 26:565, 2006.

        """
        import pandas as pd

        if not isinstance(cause, str) or cause not in self.truth:
            raise UnknownNameError.among(
                cause, self.network.causes, what="cause", where="the network's causes are the choice"
            )
        allowed = "a number strictly between 0 and 1, or a list of such"
        asked = np.arange(1, 100) / 100 if thresholds is None else thresholds
        given = items_in("thresholds", asked, allowed) if isinstance(asked, Iterable) else (asked,)
        t = np.array([as_number(threshold) for threshold in given])
        if not ((t > 0) & (t < 1)).all():
            refused("thresholds", asked, allowed)
        _ = how_many("the number of thresholds", len(t), 0, 8 * (3 * len(self.truth) + 3 * self.bootstrap))
        odds = t / (1 - t)
        present = self.truth[cause].to_numpy(dtype=float)[:, None]
        worth = present - (1 - present) * odds  # of acting on each case, shape (n, thresholds)
        benefit = (self.probability[cause].to_numpy()[:, None] >= t) * worth
        n = len(benefit)
        samples = [w @ benefit / n for w in resamples(n, self.bootstrap, self.seed)]
        low, high = interval(samples, self.level, benefit.shape[1:])
        columns = {
            "net_benefit": benefit.mean(axis=0),
            "low": low,
            "high": high,
            "treat_all": worth.mean(axis=0),
            "treat_none": 0.0,
        }
        return pd.DataFrame(columns, index=pd.Index(t, name="threshold"))

    def __str__(self) -> str:
        """Return the summary as plain text, with what it is about."""
        net, n, outside = self.network, len(self.truth), int(self.outside.sum())
        lines = [f"{net.name}, version {net.version}"]
        lines += [f"{n} labelled cases: {n - outside} inside its list of causes, {outside} outside"]
        lines += [f"{self.unlabelled} unlabelled, not scored"] if self.unlabelled else []
        lines += ["", f"{'':30}{'value':>8}  {f'{self.level:.0%} interval':18}{'n':>7}"]
        lines += _lines(self.summary)
        if self.left_out is not None:
            lines += ["", "Rates of mention estimated anew, without the cases of the scored case's cause:"]
            lines += _lines(self.left_out)
        lines.append("")
        if self.unseen:
            lines.append(f"No AUROC, for want of cases with or without it: {', '.join(self.unseen)}.")
        if self.unknown_facts:
            facts = ", ".join(f"{printable(name)} {count}" for name, count in self.unknown_facts.items())
            lines.append(f"Facts the network does not know, and in how many cases: {facts}.")
        if self.bootstrap:
            lines.append(f"Intervals: percentile bootstrap over cases, {self.bootstrap} resamples, seed {self.seed}.")
        return "\n".join(lines).rstrip()

    __repr__ = __str__


def _lines(summary: pd.DataFrame) -> Iterator[str]:
    for metric, value, low, high, cases in summary.itertuples(name=None):
        between = "" if np.isnan(low) else f"{low:.3f} to {high:.3f}"
        yield f"{metric:30}{value:8.3f}  {between:18}{cases:7}"


def validate(  # noqa: PLR0913 all but the first two are options
    cases: str | os.PathLike[str] | Iterable[Mapping[str, Any]] | pd.DataFrame,
    net: N,
    *,
    truth: str,
    ks: Sequence[int],
    bootstrap: int,
    level: float,
    seed: int,
    by: Sequence[str],
    ignore: Iterable[str],
    account: str,
) -> Validation[N]:
    """Score a network on cases whose causes are known; `hip_bayes.validate` has parameters, metrics and errors."""
    import pandas as pd

    ks, level = _ranks(ks), level_of(level)
    bootstrap, seed = whole_number("bootstrap", bootstrap, 0), whole_number("seed", seed, 0)
    labelled, unknown, unlabelled = read_cases(cases, net, truth, names_of("by", by), ignore)
    if list(net.causes) == [OTHER]:
        raise EvidenceError(f"the network {net.id!r} has no cause but {OTHER!r}, so there is nothing to tell apart")
    if not labelled.truth:
        raise EvidenceError("no case has a diagnosis, so there is nothing to score; give labelled cases")
    answers = diagnose_many(net, labelled.facts, reading=Reading.of(account=account))
    probability = answers[list(net.causes)].round(DECIMALS)
    scores = Scores(net, probability, labelled, ks)
    other_rates = None
    if account == VOLUNTEERED and not isinstance(cases, pd.DataFrame):
        stories = Stories(net, labelled.facts, labelled.truth, labelled.sources)
        again = Scores(net, left_out(net, stories, labelled.facts).round(DECIMALS), labelled, ks)
        other_rates = tables(again, bootstrap, level, seed)["summary"]
    return Validation(
        network=net,
        account=account,
        left_out=other_rates,
        **tables(scores, bootstrap, level, seed),
        triage=_triage(net, labelled, answers),
        probability=probability,
        truth=pd.DataFrame(scores.y, index=probability.index, columns=scores.causes),
        outside=pd.Series(scores.outside, index=probability.index, name="outside"),
        unknown_facts=Table(unknown, "fact"),
        unlabelled=unlabelled,
        bootstrap=bootstrap,
        level=level,
        seed=seed,
    )


def _triage(net: NetworkData, labelled: Labelled, answers: pd.DataFrame) -> pd.DataFrame:
    """Return how many cases were at each level, by danger and by whether a red flag was told."""
    import pandas as pd

    flags = labelled.facts.reindex(columns=list(net.red_flags))
    told = [
        any(net.once(Vocabulary).meaning(f, x)[1] is True for f, x in zip(net.red_flags, row, strict=True))
        for row in flags.itertuples(index=False)
    ]
    level = answers["triage"].tolist() if "triage" in answers else [LEVELS[-1]] * len(answers)
    frame = pd.DataFrame({"danger": labelled.danger, "flag told": told, "level": level})
    frame["danger"] = frame["danger"].replace("", NOTHING)
    counts = pd.crosstab([frame["danger"], frame["flag told"]], frame["level"]).reindex(columns=LEVELS, fill_value=0)
    counts.insert(0, "n", counts.sum(axis=1))
    order = sorted(counts.index, key=lambda key: (key[0] == NOTHING, *key))
    return counts.loc[order].rename_axis(columns=None)


def _ranks(ks: Sequence[int]) -> tuple[int, ...]:
    """Return how many of the first causes count, for each accuracy."""
    ranks = tuple(whole_number("each of ks", k, 1) for k in ks) if isinstance(ks, (list, tuple)) else ()
    if not ranks or len(set(ranks)) < len(ranks):
        refused("ks", ks, "different whole numbers of 1 or more, like (1, 3)")
    return tuple(min(k, sys.maxsize) for k in ranks)

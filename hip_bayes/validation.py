"""How good the probabilities are: discrimination, calibration and usefulness on cases whose causes are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .cases import OTHER, SUBGROUPS, read_cases
from .cohort import diagnose_many
from .diagnosis import network_of
from .errors import EvidenceError, UnknownNameError, shown
from .evidence import as_number, level_of, names_of, whole_number
from .parts import Table
from .scores import Scores, interval, resamples, tables

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from .model import Network

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

DECIMALS = 12
"""Probabilities are rounded to so many, so that two of the same exact value are ties whatever their last bits."""


@dataclass(frozen=True, eq=False, repr=False)
class Validation:
    """How a network did on cases whose causes are known; made by `validate`.

    Attributes
    ----------
    network
        the network that was validated.
    summary
        a row a metric: value, low, high (of the interval), n (cases it is about).
    by_cause
        a row a cause: positive (cases with it), n, prevalence = positive / n, auroc and brier with their intervals,
        slope (of calibration) with its Wald interval. NaN where the cases do not determine it.
    by_subgroup
        a row a subgroup, index (by, group): n, then top-1 and the other accuracies and the Brier score with intervals.
    calibration_curve
        a row a tenth of the probability scale that is not empty: bin_low, bin_high, n (pairs of case and cause in it),
        predicted (their mean probability), observed (share with the cause) and its interval low, high.
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

    network: Network
    summary: pd.DataFrame
    by_cause: pd.DataFrame
    by_subgroup: pd.DataFrame
    calibration_curve: pd.DataFrame
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
        asked = np.arange(1, 100) / 100 if thresholds is None else thresholds
        given = list(asked) if isinstance(asked, Iterable) else [asked]
        t = np.array([as_number(threshold) for threshold in given])
        if not ((t > 0) & (t < 1)).all():
            raise EvidenceError(f"thresholds are {shown(given)}; allowed: numbers strictly between 0 and 1")
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
        for metric, value, low, high, cases in self.summary.itertuples(name=None):
            between = "" if np.isnan(low) else f"{low:.3f} to {high:.3f}"
            lines.append(f"{metric:30}{value:8.3f}  {between:18}{cases:7}")
        lines.append("")
        if self.unseen:
            lines.append(f"No AUROC, for want of cases with or without it: {', '.join(self.unseen)}.")
        if self.unknown_facts:
            facts = ", ".join(f"{name} {count}" for name, count in self.unknown_facts.items())
            lines.append(f"Facts the network does not know, and in how many cases: {facts}.")
        if self.bootstrap:
            lines.append(f"Intervals: percentile bootstrap over cases, {self.bootstrap} resamples, seed {self.seed}.")
        return "\n".join(lines).rstrip()

    __repr__ = __str__


def validate(  # noqa: PLR0913 all but the first are options
    cases: str | os.PathLike[str] | Iterable[Mapping[str, Any]] | pd.DataFrame,
    *,
    network: Network | str | os.PathLike[str] | None = None,
    truth: str = "truth",
    ks: Sequence[int] = (1, 3),
    bootstrap: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    by: Sequence[str] = SUBGROUPS,
    ignore: Iterable[str] = (),
) -> Validation:
    """Score a network on cases whose causes are known.

    Parameters
    ----------
    cases
        *Coded cases*: the path of a JSONL file, or dicts, with the fields ``age`` (years or null), ``sex``,
        ``findings_present``, ``findings_absent``, ``exam_present``, ``exam_absent`` and ``red_flags`` (lists of ids),
        ``background`` (id -> value), ``diagnosis`` (list of cause or subtype ids; null: unlabelled) and, where the
        diagnosis is not in the list, ``diagnosis_outside_vocabulary`` (its name). What is not mentioned is unknown.
        Facts the network does not know are left out and counted. Other fields (``id``, ``setting``, a source) do not
        matter but can be named in `by`.
        Or a *table*: a DataFrame as `diagnose_many` takes it, with a column of the truth.
    network
        as in `diagnose`; None is the shipped network. For another place of care pass ``net.in_setting(...)``.
    truth
        the DataFrame's column with a cause or subtype id, or a list, tuple or set of them, "other" for a cause outside
        the list; None or NaN is unlabelled. An empty one means no cause, where not everyone has one.
    ks
        accuracies to report: a true cause among the first k.
    bootstrap
        number of resamples; 0 for no intervals.
    level
        of the intervals, between 0 and 1.
    seed
        of the resamples, 0 or more: the same cases and seed give the same intervals.
    by
        facts or fields to report subgroups by; age means the network's age bands.
    ignore
        columns of a DataFrame that are not facts, as in `diagnose_many`; those in `by` need not be named.

    Returns
    -------
    Validation

    Raises
    ------
    EvidenceError
        cases that cannot be read or scored, with the case they are in; options that are not allowed.
    UnknownNameError
        a column, subgroup or true cause that does not exist.

    Notes
    -----
    Accuracy, AUROC, Brier score and log loss are over the cases with a true cause in the list, and over its causes
    (`other` is no candidate there). Calibration is over all labelled cases and all causes, for to leave out cases by
    their truth would itself miscalibrate.

    - *accuracy*: causes ranked by posterior; "equal priors" by posterior odds / prior odds, as if all causes had been
      equally likely. Equal ones rank in file order. Right if any true cause is among the first k.
    - *AUROC* of a cause: P(a case with it is given a higher probability than one without), ties counting half
      (Hanley and McNeil, Radiology 143:29, 1982). The macro-AUROC is the mean over the causes that have one.
      *AUROC of other*: P(other) in cases outside the list against cases inside.
    - *Brier score*: mean of (P - truth)^2 over cases and causes = reliability - resolution + uncertainty + within-bin,
      in tenths of the probability scale (Murphy, J Appl Meteorol 12:595, 1973; the last term is what is left over since
      probabilities differ within a bin, Stephenson et al., Weather Forecast 23:752, 2008). *Log loss*: mean of -ln of
      the probability given to what was true.
    - *calibration*: logit P(true) = intercept + slope * logit P, ideally 0 and 1 (Cox, Biometrika 45:562, 1958). A
      slope below 1 means overconfidence.
    - *intervals*: percentiles of the bootstrap over cases (Efron, Ann Stat 7:1, 1979), where the resample determines
      the metric. With a handful of cases they are too narrow.

    Checked against scikit-learn's roc_auc_score, brier_score_loss, log_loss and calibration_curve.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> cases = hb.load_network().simulate(300, seed=1)
    >>> facts = ["age", "sex", "lateral_pain", "groin_pain", "buttock_pain", "limited_internal_rotation"]
    >>> v = hb.validate(cases[[*facts, "truth"]], bootstrap=0)
    >>> bool(v.summary.loc["macro-AUROC", "value"] > 0.6), len(v.by_cause) == len(v.network.causes)
    (True, True)

    """
    import pandas as pd

    net = network_of(network, None)
    ks, level = _ranks(ks), level_of(level)
    bootstrap, seed = whole_number("bootstrap", bootstrap, 0), whole_number("seed", seed, 0)
    labelled, unknown, unlabelled = read_cases(cases, net, truth, names_of("by", by), ignore)
    if list(net.causes) == [OTHER]:
        raise EvidenceError(f"the network {net.id!r} has no cause but {OTHER!r}, so there is nothing to tell apart")
    if not labelled.truth:
        raise EvidenceError("no case has a diagnosis, so there is nothing to score; give labelled cases")
    probability = diagnose_many(labelled.facts, network=net).round(DECIMALS)
    scores = Scores(net, probability, labelled, ks)
    return Validation(
        network=net,
        **tables(scores, bootstrap, level, seed),
        probability=probability,
        truth=pd.DataFrame(scores.y, index=probability.index, columns=scores.causes),
        outside=pd.Series(scores.outside, index=probability.index, name="outside"),
        unknown_facts=Table(unknown, "fact"),
        unlabelled=unlabelled,
        bootstrap=bootstrap,
        level=level,
        seed=seed,
    )


def _ranks(ks: Sequence[int]) -> tuple[int, ...]:
    """Return how many of the first causes count, for each accuracy."""
    ranks = tuple(whole_number("each of ks", k, 1) for k in ks) if isinstance(ks, (list, tuple)) else ()
    if not ranks or len(set(ranks)) < len(ranks):
        raise EvidenceError(
            f"ks is {shown(ks)}; allowed: different whole numbers of 1 or more, like (1, 3)", name="ks", value=ks
        )
    return ranks

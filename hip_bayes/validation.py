"""How good the probabilities are: discrimination, calibration and usefulness on cases whose causes are known.

Every statistic is a function of case weights: all ones for the estimate, how often a case was drawn for each bootstrap
resample, so that thousands of resamples are a few matrix products.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from .diagnosis import diagnose_many
from .errors import ContradictionError, EvidenceError, UnknownNameError, shown
from .library import load_network
from .model import Network
from .parts import SEXES, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

OTHER = "other"
"""The cause that stands for all that are not in the list."""
SUBGROUPS = ("sex", "age", "setting")
CODED = (
    "age",
    "sex",
    "findings_present",
    "findings_absent",
    "background",
    "exam_present",
    "exam_absent",
    "red_flags",
    "diagnosis",
)
"""The fields that every coded case has; any others are about it, such as `id`, `setting` or its source."""
BINS = 10
NEVER = 1e-12
"""Probabilities nearer to 0 or 1 than this are scored as this near."""
NEWTON_STEPS = 25
CONVERGED = 1e-9
BLOCK = 2**21
"""Resamples times cases times causes computed at once, so that any number of cases fits in memory."""


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

        if cause not in self.truth:
            raise UnknownNameError.among(
                cause, self.network.causes, what="cause", where="the network's causes are the choice"
            )
        t = np.arange(1, 100) / 100 if thresholds is None else np.array(list(thresholds), dtype=float)
        if not ((t > 0) & (t < 1)).all():
            raise EvidenceError(f"thresholds are {shown(t.tolist())}; allowed: strictly between 0 and 1")
        odds = t / (1 - t)
        present = self.truth[cause].to_numpy(dtype=float)[:, None]
        worth = present - (1 - present) * odds  # of acting on each case, shape (n, thresholds)
        benefit = (self.probability[cause].to_numpy()[:, None] >= t) * worth
        n = len(benefit)
        samples = [w @ benefit / n for w in _resamples(n, self.bootstrap, self.seed)]
        low, high = _interval(samples, self.level, benefit.shape[1:])
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

    net = network if isinstance(network, Network) else load_network(network)
    _check_options(ks, bootstrap, level, seed)
    labelled, unknown, unlabelled = _read(
        cases, net, truth, tuple(by), (ignore,) if isinstance(ignore, str) else ignore
    )
    if list(net.causes) == [OTHER]:
        raise EvidenceError(f"the network {net.id!r} has no cause but {OTHER!r}, so there is nothing to tell apart")
    if not labelled.truth:
        raise EvidenceError("no case has a diagnosis, so there is nothing to score; give labelled cases")
    probability = diagnose_many(labelled.facts, network=net)
    scores = _Scores(net, probability, labelled, ks)
    return Validation(
        network=net,
        **_tables(scores, bootstrap, level, seed),
        probability=probability,
        truth=pd.DataFrame(scores.y, index=probability.index, columns=scores.causes),
        outside=pd.Series(scores.outside, index=probability.index, name="outside"),
        unknown_facts=Table(unknown, "fact"),
        unlabelled=unlabelled,
        bootstrap=int(bootstrap),
        level=float(level),
        seed=int(seed),
    )


def recalibration(probability: Floats, present: Bools) -> tuple[float, float, float]:
    """Return (slope, intercept, standard error of the slope) of logit P(true) on the logit of the probability.

    Unpenalised logistic regression by scikit-learn; the standard error is from the Fisher information, right for
    independent cases. All NaN where there is no unique maximum of the likelihood: one class only, a constant
    probability, or one that separates the classes (Albert and Anderson, Biometrika 71:1, 1984).

    Examples
    --------
    >>> import numpy as np
    >>> p, present = np.repeat([0.2, 0.8], 5), np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 0], dtype=bool)
    >>> slope, intercept, error = recalibration(p, present)
    >>> round(slope, 6), round(abs(intercept), 6)
    (1.0, 0.0)

    """
    from sklearn.linear_model import LogisticRegression

    x = _logit(probability)
    up, down = x[present], x[~present]
    if not (len(up) and len(down) and up.min() < down.max() and down.min() < up.max()):
        return np.nan, np.nan, np.nan
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8).fit(x[:, None], present)
    p = model.predict_proba(x[:, None])[:, 1]
    curvature = p * (1 - p)
    spread = np.sum(curvature * (x - np.average(x, weights=curvature)) ** 2)
    return float(model.coef_[0, 0]), float(model.intercept_[0]), float(1 / np.sqrt(spread))


def _recalibrations(
    probability: Floats, present: Bools, w: Floats, start: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Slope and intercept for weights of shape (resamples, cases), all at once: Newton's method from an estimate.

    `probability` and `present` have shape (cases, causes). NaN where it does not converge, for want of a maximum.
    """
    x, weight = _logit(probability), w[:, :, None]
    slope, intercept = (np.full((len(w), 1, 1), value) for value in start)
    step = np.full(len(w), np.nan)
    for _ in range(NEWTON_STEPS):
        p = (1 + np.tanh((intercept + slope * x) / 2)) / 2
        gap, curvature = weight * (present - p), weight * p * (1 - p)
        gap_x, curvature_x = gap * x, curvature * x
        g, gx, h, hx, hxx = (t.sum(axis=(1, 2)) for t in (gap, gap_x, curvature, curvature_x, curvature_x * x))
        determinant = h * hxx - hx**2
        step = _ratio(h * gx - hx * g, determinant)
        slope = slope + step[:, None, None]
        intercept = intercept + _ratio(hxx * g - hx * gx, determinant)[:, None, None]
        if not (np.abs(step) > CONVERGED).any():
            break
    converged = np.abs(step) <= CONVERGED
    return np.where(converged, slope[:, 0, 0], np.nan), np.where(converged, intercept[:, 0, 0], np.nan)


# ---------------------------------------------------------------------------------------------------------------
# Reading cases


@dataclass(frozen=True)
class _Labelled:
    """The labelled cases: facts as `diagnose_many` takes them, true causes, and the subgroups each case is in."""

    facts: pd.DataFrame
    truth: list[frozenset[str]]
    groups: Mapping[str, list[str]]


def _check_options(ks: Sequence[int], bootstrap: int, level: float, seed: int) -> None:
    def whole(value: object, least: int) -> bool:
        return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) >= least

    if not (isinstance(ks, (list, tuple)) and ks and all(whole(k, 1) for k in ks) and len(set(ks)) == len(ks)):
        raise EvidenceError(f"ks is {shown(ks)}; allowed: different whole numbers of 1 or more, like (1, 3)")
    for name, value in (("bootstrap", bootstrap), ("seed", seed)):
        if not whole(value, 0):
            raise EvidenceError(f"{name} is {shown(value)}; allowed: a whole number of 0 or more")
    if not (isinstance(level, (int, float)) and 0 < level < 1):
        raise EvidenceError(f"level is {shown(level)}; allowed: strictly between 0 and 1, like 0.95")


def _read(
    cases: object, net: Network, truth: str, by: tuple[str, ...], ignore: Iterable[str]
) -> tuple[_Labelled, Counter[str], int]:
    """Return the labelled cases, how often a fact was unknown to the network, and how many cases are unlabelled."""
    import pandas as pd

    if isinstance(cases, pd.DataFrame):
        return _from_table(cases, net, truth, by, ignore)
    if isinstance(cases, (str, os.PathLike)):
        cases = _lines(Path(cases))
    if isinstance(cases, Mapping) or not isinstance(cases, Iterable):
        raise EvidenceError(
            f"got a {type(cases).__name__}; allowed: the path of a JSONL file of coded cases, several of them as "
            "dicts, or a pandas DataFrame with a column of the truth"
        )
    return _from_coded(list(cases), net, by)


def _lines(path: Path) -> list[object]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path}: the cases cannot be read ({error}); give the path of a JSONL file") from None
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found += [json.loads(line)] if line.strip() else []
        except json.JSONDecodeError as error:
            raise EvidenceError(f"{path}, line {number}: not JSON ({error}); allowed: one case a line") from None
    return found


def _from_coded(cases: list[object], net: Network, by: tuple[str, ...]) -> tuple[_Labelled, Counter[str], int]:
    import pandas as pd

    known = set(net.vocabulary.names)
    unknown: Counter[str] = Counter()
    labels: list[object] = []
    facts: list[dict[str, object]] = []
    truths: list[frozenset[str]] = []
    kept: list[Mapping[str, object]] = []
    for place, case in enumerate(cases):
        label = case.get("id", place) if isinstance(case, Mapping) else place
        row = _facts(case, f"case {shown(label)}")
        unknown.update(name for name in row if name not in known)
        outside = case.get("diagnosis_outside_vocabulary")  # type: ignore[attr-defined]
        diagnosis = case["diagnosis"]  # type: ignore[index]
        true = _true_causes([OTHER] if outside and not diagnosis else diagnosis, net, f"case {shown(label)}")
        if true is not None:
            labels.append(label)
            facts.append({name: value for name, value in row.items() if name in known})
            truths.append(true)
            kept.append({**row, **case})  # type: ignore[dict-item]
    present = {name for case in kept for name in case}
    for name in by:
        _check_subgroup(name, [*present, *SUBGROUPS])
    groups = {name: [_group(net, name, case.get(name)) for case in kept] for name in by if name in present}
    frame = pd.DataFrame(facts, index=pd.Index(labels, dtype=object), dtype=object)
    return _Labelled(frame, truths, groups), Counter(dict(unknown.most_common())), len(cases) - len(kept)


def _facts(case: object, place: str) -> dict[str, object]:
    """Return all that one coded case says, as fact -> value."""
    if not isinstance(case, Mapping):
        raise EvidenceError(f"{place} is {shown(case)}; allowed: a dict with the fields {', '.join(CODED)}")
    for name in CODED:
        if name not in case:
            raise EvidenceError(f"{place} has no field {name!r}; allowed: all of {', '.join(CODED)} (null if unknown)")
    pairs: list[tuple[str, object]] = [("age", case["age"]), ("sex", case["sex"])]
    lists = {name: case[name] or () for name in CODED if name.endswith(("_present", "_absent", "_flags"))}
    background = case["background"] or {}
    for name, value in (*lists.items(), ("background", background)):
        if not isinstance(value, Mapping if name == "background" else (list, tuple)):
            kind = "a mapping of ids to values" if name == "background" else "a list of ids"
            raise EvidenceError(f"{place}: {name} is {shown(value)}; allowed: {kind}")
    pairs += background.items()
    pairs += [(fact, not name.endswith("_absent")) for name, said in lists.items() for fact in said]
    row: dict[str, object] = {}
    for name, value in pairs:
        if row.setdefault(name, value) != value:
            raise ContradictionError(f"{place}: {name!r} is said to be present and absent; say one of them", name=name)
    return row


def _from_table(
    frame: pd.DataFrame, net: Network, truth: str, by: tuple[str, ...], ignore: Iterable[str]
) -> tuple[_Labelled, Counter[str], int]:
    columns = frame.columns.tolist()
    if truth not in columns:
        raise UnknownNameError.among(
            truth, map(str, columns), what="column", where="truth= names the column with the true causes"
        )
    for name in (truth, *by):
        if columns.count(name) > 1:
            raise EvidenceError(f"column {shown(name)} is there twice; allowed: once", name=name)
    for name in by:
        _check_subgroup(name, [*map(str, columns), *SUBGROUPS])
    true = [
        _true_causes(value, net, f"row {shown(label)}, column {truth!r}")
        for label, value in zip(frame.index, frame[truth].tolist(), strict=True)
    ]
    kept = np.array([causes is not None for causes in true], dtype=bool)
    labelled = frame[kept]
    groups = {name: [_group(net, name, value) for value in labelled[name].tolist()] for name in by if name in columns}
    passed_over = {truth, *ignore, *(name for name in by if name not in net.vocabulary.names)}
    for column in set(ignore).difference(columns):
        raise UnknownNameError.among(
            column, map(str, columns), what="column to ignore", where="the frame's columns are the choice"
        )
    facts = labelled.loc[:, [column not in passed_over for column in columns]]
    truths = [causes for causes in true if causes is not None]
    return _Labelled(facts, truths, groups), Counter(), len(frame) - len(truths)


def _true_causes(value: object, net: Network, place: str) -> frozenset[str] | None:
    """Return the ids of the true causes, or None for an unlabelled case."""
    if _missing(value):
        return None
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise EvidenceError(
            f"{place}: the truth is {shown(value)}; allowed: a cause id, a list of them, 'other', or None (unlabelled)"
        )
    known = {**{c: c for c in net.causes}, **net.subtype_of, OTHER: OTHER}
    for id_ in value:
        if id_ not in known:
            error = UnknownNameError.among(id_, known, what="true cause", where="causes, subtypes and 'other'")
            raise error.within(place)
    if not value and net.everyone_has_a_cause:
        return None  # nobody said what it was
    return frozenset(known[id_] for id_ in value)


def _check_subgroup(name: str, known: Iterable[str]) -> None:
    known = dict.fromkeys(known)
    if name not in known:
        raise UnknownNameError.among(
            name, known, what="subgroup", where="by= names facts or fields that the cases have"
        )


def _group(net: Network, name: str, value: object) -> str:
    """Return the subgroup of one case: an age band, a sex, or the value as text."""
    if name in ("age", "sex"):
        case = net.vocabulary.read([(name, value)])
        return (case.band if name == "age" else case.sex) or "unknown"
    return "unknown" if _missing(value) else str(value)


def _missing(value: object) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or (isinstance(value, (float, np.floating)) and bool(np.isnan(value)))


# ---------------------------------------------------------------------------------------------------------------
# Scoring


class _Scores:
    """The labelled cases as arrays, and every bootstrapped statistic of them as a function of case weights."""

    def __init__(self, net: Network, probability: pd.DataFrame, labelled: _Labelled, ks: Sequence[int]) -> None:
        self.causes = list(net.causes)
        self.p = probability.to_numpy()
        self.y = np.array([[c in true for c in self.causes] for true in labelled.truth])
        self.outside = np.array([true == {OTHER} for true in labelled.truth])
        every, inside = np.ones_like(self.outside), ~self.outside
        self.about = {c: every if c == OTHER else inside for c in self.causes}
        """cause -> the cases its AUROC and Brier score are about"""

        in_list = np.array([c != OTHER for c in self.causes])
        p, y = self.p[:, in_list], self.y[:, in_list]
        nothing_known = net.diagnose()
        start = _logit(np.array([nothing_known[c] for c in self.causes])[in_list])
        self.means: dict[str, tuple[Floats, Bools]] = {}
        """metric -> its value for each case, and the cases it is the mean over"""
        for suffix, key in (("", p), (", equal priors", _logit(p) - start)):
            ranked = np.argsort(-key, axis=1, kind="stable")
            for k in ks:
                right: Floats = np.take_along_axis(y, ranked[:, :k], axis=1).max(axis=1).astype(float)
                listed: Bools = y.max(axis=1)
                self.means[f"top-{k}{suffix}"] = (right, listed)
        self.means["Brier score"] = (((p - y) ** 2).mean(axis=1), inside)
        self.means["log loss"] = (-np.log(np.maximum(np.where(y, p, 1 - p), NEVER)).mean(axis=1), inside)
        self.bins = _Bins(p[inside], y[inside])
        self.curve = _Bins(self.p, self.y)
        self.slope_and_intercept = recalibration(self.p.reshape(-1), self.y.reshape(-1))[:2]

        of_inside = ("macro-AUROC", "log loss", "Brier score", *(f"Brier {part}" for part in _Bins.PARTS))
        of_all = ("AUROC of other", "calibration slope", "calibration intercept")
        self.n = {name: int(about.sum()) for name, (_, about) in self.means.items() if name.startswith("top-")}
        """metric of the summary, in its order -> number of cases it is about"""
        self.n |= dict.fromkeys(of_inside, int(inside.sum())) | dict.fromkeys(of_all, len(self.p))
        self.subgroup_metrics = (*(f"top-{k}" for k in ks), "Brier score")
        self.groups = {
            (name, group): np.array([g == group for g in groups])
            for name, groups in labelled.groups.items()
            for group in _in_order(net, name, set(groups))
        }

    def statistics(self, w: Floats) -> dict[str, Floats]:
        """Return every statistic for weights of shape (resamples, cases): table -> shape (resamples, ...)."""
        mean = {name: _mean(x, w, about) for name, (x, about) in self.means.items()}
        auroc = {c: _auroc(self.p[:, i], self.y[:, i], w * self.about[c]) for i, c in enumerate(self.causes)}
        listed = np.stack([auroc[c] for c in self.causes if c != OTHER], axis=1)
        exists = ~np.isnan(listed)
        mean["macro-AUROC"] = _ratio(np.where(exists, listed, 0).sum(axis=1), exists.sum(axis=1))
        parts = self.bins.murphy(w[:, ~self.outside], mean["Brier score"])
        mean |= {f"Brier {part}": value for part, value in parts.items()}
        slopes, intercepts = _recalibrations(self.p, self.y, w, self.slope_and_intercept)
        mean |= {"calibration slope": slopes, "calibration intercept": intercepts}
        p_other = self.p[:, self.causes.index(OTHER)] if OTHER in self.causes else np.zeros(len(self.p))
        of_other = _auroc(p_other, self.outside, w)
        mean["AUROC of other"] = of_other if OTHER in self.causes else np.full(len(w), np.nan)
        brier = [_mean((self.p[:, i] - self.y[:, i]) ** 2, w, self.about[c]) for i, c in enumerate(self.causes)]
        subgroups = [
            [_mean(x, w, about & group) for x, about in (self.means[name] for name in self.subgroup_metrics)]
            for group in self.groups.values()
        ]
        shape = (len(self.groups), len(self.subgroup_metrics), len(w))
        return {
            "summary": np.stack([mean[name] for name in self.n], axis=1),
            "auroc": np.stack(list(auroc.values()), axis=1),
            "brier": np.stack(brier, axis=1),
            "subgroups": np.moveaxis(np.array(subgroups).reshape(shape), -1, 0),
            "observed": self.curve.observed(w),
        }


class _Bins:
    """Pairs of case and cause in tenths of the probability scale (the upper edge included, as in scikit-learn)."""

    PARTS = ("reliability", "resolution", "uncertainty", "within-bin")

    def __init__(self, p: Floats, y: Bools) -> None:
        place = np.searchsorted(np.arange(1, BINS) / BINS, p)
        self.kept = np.unique(place)
        each = [place == k for k in self.kept]
        shape = (len(p), len(each))
        # number of pairs, of true ones, and sum of probabilities, of each case in each bin, shape (cases, bins)
        self.n = np.array([here.sum(axis=1) for here in each], dtype=float).T.reshape(shape)
        self.true = np.array([(here & y).sum(axis=1) for here in each], dtype=float).T.reshape(shape)
        self.p = np.array([(here * p).sum(axis=1) for here in each]).T.reshape(shape)

    def observed(self, w: Floats) -> Floats:
        """Share of true pairs in each bin, shape (resamples, bins)."""
        return _ratio(w @ self.true, w @ self.n)

    def murphy(self, w: Floats, brier: Floats) -> dict[str, Floats]:
        """Return the parts that the Brier score is made of, each of shape (resamples,)."""
        n, true, p = w @ self.n, w @ self.true, w @ self.p
        total = n.sum(axis=1)
        base = _ratio(true.sum(axis=1), total)
        observed, predicted = (np.divide(x, n, out=np.zeros_like(n), where=n > 0) for x in (true, p))
        reliability = _ratio((n * (predicted - observed) ** 2).sum(axis=1), total)
        resolution = _ratio((n * (observed - base[:, None]) ** 2).sum(axis=1), total)
        uncertainty = base * (1 - base)
        rest = brier - (reliability - resolution + uncertainty)
        return dict(zip(self.PARTS, (reliability, resolution, uncertainty, rest), strict=True))


def _tables(scores: _Scores, bootstrap: int, level: float, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables of a Validation: estimates, and percentiles of the same statistics over resamples."""
    import pandas as pd

    cases, causes = scores.p.shape
    estimate = {name: x[0] for name, x in scores.statistics(np.ones((1, cases))).items()}
    resampled = [scores.statistics(w) for w in _resamples(cases, bootstrap, seed, BLOCK // causes)]
    ends = {name: _interval([block[name] for block in resampled], level, x.shape) for name, x in estimate.items()}

    def columns(table: str, name: str, i: int | None = None) -> dict[str, Floats]:
        names = (name, f"{name}_low", f"{name}_high")
        values = (estimate[table], *ends[table])
        return {key: x if i is None else x[:, i] for key, x in zip(names, values, strict=True)}

    low, high = ends["summary"]
    summary = {"value": estimate["summary"], "low": low, "high": high, "n": list(scores.n.values())}

    about = np.stack(list(scores.about.values()), axis=1)
    positive, n = (scores.y & about).sum(axis=0), about.sum(axis=0)
    slope, _, error = np.array([recalibration(p, y) for p, y in zip(scores.p.T, scores.y.T, strict=True)]).T
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    by_cause = {"positive": positive, "n": n, "prevalence": _ratio(positive, n)}
    by_cause |= columns("auroc", "auroc") | columns("brier", "brier")
    by_cause |= {"slope": slope, "slope_low": slope - reach, "slope_high": slope + reach}

    by_subgroup = {"n": np.array([(group & ~scores.outside).sum() for group in scores.groups.values()], dtype=int)}
    for i, name in enumerate(scores.subgroup_metrics):
        by_subgroup |= columns("subgroups", name.replace("-", "_").replace("Brier score", "brier"), i)

    curve = scores.curve
    low, high = ends["observed"]
    calibration_curve = {
        "bin_low": curve.kept / BINS,
        "bin_high": (curve.kept + 1) / BINS,
        "n": curve.n.sum(axis=0).astype(int),
        "predicted": curve.p.sum(axis=0) / curve.n.sum(axis=0),
        "observed": estimate["observed"],
        "low": low,
        "high": high,
    }
    groups = pd.MultiIndex.from_frame(pd.DataFrame(list(scores.groups), columns=["by", "group"], dtype=object))
    return {
        "summary": pd.DataFrame(summary, index=pd.Index(scores.n, name="metric")),
        "by_cause": pd.DataFrame(by_cause, index=pd.Index(scores.causes, name="cause")),
        "by_subgroup": pd.DataFrame(by_subgroup, index=groups),
        "calibration_curve": pd.DataFrame(calibration_curve),
    }


def _in_order(net: Network, by: str, groups: set[str]) -> list[str]:
    """Sort subgroups: sexes and age bands as in the network, others by name, `unknown` last."""
    known = {"age": list(net.bands), "sex": list(SEXES)}.get(by, sorted(groups))
    return [g for g in known if g in groups and g != "unknown"] + (["unknown"] if "unknown" in groups else [])


def _resamples(n: int, bootstrap: int, seed: int, block: int = BLOCK) -> Iterator[Floats]:
    """Yield how often each of n cases is drawn in each resample, in blocks of shape (resamples, n)."""
    rng = np.random.default_rng(seed)
    step = max(1, block // n)
    for start in range(0, bootstrap, step):
        yield rng.multinomial(n, np.full(n, 1 / n), size=min(step, bootstrap - start)).astype(float)


def _interval(samples: list[Floats], level: float, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Percentiles over the first axis of the stacked samples, without the NaN among them; NaN without samples."""
    import pandas as pd

    if not samples:
        return np.full(shape, np.nan), np.full(shape, np.nan)
    stacked = np.concatenate(samples)
    # pandas leaves out NaN without a warning where all are
    ends = pd.DataFrame(stacked.reshape(len(stacked), -1)).quantile([(1 - level) / 2, (1 + level) / 2])
    percentiles: Floats = ends.to_numpy().reshape(2, *shape)
    return percentiles[0], percentiles[1]


def _mean(x: Floats, w: Floats, about: Bools) -> Floats:
    """Weighted mean over the cases it is about, shape (resamples,); NaN without any."""
    return _ratio(w[:, about] @ x[about], w[:, about].sum(axis=1))


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    """Divide; NaN where there is nothing to divide by."""
    quotient: Floats = np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)
    return quotient


def _auroc(p: Floats, y: Bools, w: Floats) -> Floats:
    """Area under the ROC curve, its Mann-Whitney form, for weights of shape (resamples, cases); NaN without both."""
    order = np.argsort(p, kind="stable")
    p, y, w = p[order], y[order], w[:, order]
    tied = np.flatnonzero(np.concatenate([[True], p[1:] > p[:-1]]))  # where a new value begins
    up, down = (np.add.reduceat(w * at, tied, axis=1) for at in (y, ~y))
    below = np.cumsum(down, axis=1) - down / 2
    return _ratio((up * below).sum(axis=1), up.sum(axis=1) * down.sum(axis=1))


def _logit(p: Floats) -> Floats:
    p = np.clip(p, NEVER, 1 - NEVER)
    return np.log(p / (1 - p))

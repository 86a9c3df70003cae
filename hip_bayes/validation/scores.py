"""Scores of probabilities against the truth, each with a bootstrap interval.

Every statistic is a function of case weights: all ones for the estimate, how often a case was drawn for each bootstrap
resample, so that thousands of resamples are a few matrix products. Checked against scikit-learn in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.inference.arguments import how_many
from hip_bayes.inference.evidence import Case
from hip_bayes.inference.priors import logit
from hip_bayes.inference.result import Result
from hip_bayes.network.parts import SEXES

from .cases import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData

    from .cases import Labelled

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

BINS = 10
NEVER = 1e-12
"""Probabilities nearer to 0 or 1 than this are scored as this near."""
NEWTON_STEPS = 25
CONVERGED = 1e-9
BLOCK = 2**21
"""Resamples times cases times causes computed at once, so that any number of cases fits in memory."""


class Scores:
    """The labelled cases as arrays, and every bootstrapped statistic of them as a function of case weights."""

    def __init__(self, net: NetworkData, probability: pd.DataFrame, labelled: Labelled, ks: Sequence[int]) -> None:
        self.causes = list(net.causes)
        self.p = probability.to_numpy()
        self.y = np.array([[c in true for c in self.causes] for true in labelled.truth])
        self.outside = np.array([true == {OTHER} for true in labelled.truth])
        every, inside = np.ones_like(self.outside), ~self.outside
        self.about = {c: every if c == OTHER else inside for c in self.causes}
        """cause -> the cases its AUROC and Brier score are about"""

        in_list = np.array([c != OTHER for c in self.causes])
        p, y = self.p[:, in_list], self.y[:, in_list]
        nothing_known = Result(net, Case())
        start = _cut_logit(np.array([nothing_known[c] for c in self.causes])[in_list])
        self.means: dict[str, tuple[Floats, Bools]] = {}
        """metric -> its value for each case, and the cases it is the mean over"""
        for suffix, key in (("", p), (", equal priors", _cut_logit(p) - start)):
            ranked = np.argsort(-key, axis=1, kind="stable")
            for k in ks:
                right: Floats = np.take_along_axis(y, ranked[:, :k], axis=1).max(axis=1).astype(float)
                listed: Bools = y.max(axis=1)
                self.means[f"top-{k}{suffix}"] = (right, listed)
        self.means["Brier score"] = (((p - y) ** 2).mean(axis=1), inside)
        self.means["log loss"] = (-np.log(np.maximum(np.where(y, p, 1 - p), NEVER)).mean(axis=1), inside)
        self.bins = Bins(p[inside], y[inside])
        self.curve = Bins(self.p, self.y)
        self.slope_and_intercept = recalibration(self.p.reshape(-1), self.y.reshape(-1))[:2]

        of_inside = ("macro-AUROC", "log loss", "Brier score", *(f"Brier {part}" for part in Bins.PARTS))
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
        mean["macro-AUROC"] = ratio(np.where(exists, listed, 0).sum(axis=1), exists.sum(axis=1))
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


class Bins:
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
        return ratio(w @ self.true, w @ self.n)

    def murphy(self, w: Floats, brier: Floats) -> dict[str, Floats]:
        """Return the parts that the Brier score is made of, each of shape (resamples,)."""
        n, true, p = w @ self.n, w @ self.true, w @ self.p
        total = n.sum(axis=1)
        base = ratio(true.sum(axis=1), total)
        observed, predicted = (np.divide(x, n, out=np.zeros_like(n), where=n > 0) for x in (true, p))
        reliability = ratio((n * (predicted - observed) ** 2).sum(axis=1), total)
        resolution = ratio((n * (observed - base[:, None]) ** 2).sum(axis=1), total)
        uncertainty = base * (1 - base)
        rest = brier - (reliability - resolution + uncertainty)
        return dict(zip(self.PARTS, (reliability, resolution, uncertainty, rest), strict=True))


def tables(scores: Scores, bootstrap: int, level: float, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables of a Validation: estimates, and percentiles of the same statistics over resamples."""
    from statistics import NormalDist

    import pandas as pd

    cases, causes = scores.p.shape
    estimate = {name: x[0] for name, x in scores.statistics(np.ones((1, cases))).items()}
    bootstrap = how_many("bootstrap", bootstrap, 0, 3 * sum(x.nbytes for x in estimate.values()))
    resampled = [scores.statistics(w) for w in resamples(cases, bootstrap, seed, BLOCK // causes)]
    ends = {name: interval([block[name] for block in resampled], level, x.shape) for name, x in estimate.items()}

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
    by_cause = {"positive": positive, "n": n, "prevalence": ratio(positive, n)}
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


def _in_order(net: NetworkData, by: str, groups: set[str]) -> list[str]:
    """Sort subgroups: sexes and age bands as in the network, others by name, `unknown` last."""
    known = {"age": list(net.bands), "sex": list(SEXES)}.get(by, sorted(groups))
    return [g for g in known if g in groups and g != "unknown"] + (["unknown"] if "unknown" in groups else [])


def resamples(n: int, bootstrap: int, seed: int, block: int = BLOCK) -> Iterator[Floats]:
    """Yield how often each of n cases is drawn in each resample, in blocks of shape (resamples, n)."""
    rng = np.random.default_rng(seed)
    step = max(1, block // n)
    for start in range(0, bootstrap, step):
        yield rng.multinomial(n, np.full(n, 1 / n), size=min(step, bootstrap - start)).astype(float)


def interval(samples: list[Floats], level: float, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
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
    return ratio(w[:, about] @ x[about], w[:, about].sum(axis=1))


def ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
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
    return ratio((up * below).sum(axis=1), up.sum(axis=1) * down.sum(axis=1))


def _cut_logit(p: Floats) -> Floats:
    return logit(np.clip(p, NEVER, 1 - NEVER))


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

    x = _cut_logit(probability)
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
    x, weight = _cut_logit(probability), w[:, :, None]
    slope, intercept = (np.full((len(w), 1, 1), value) for value in start)
    step = np.full(len(w), np.nan)
    for _ in range(NEWTON_STEPS):
        p = (1 + np.tanh((intercept + slope * x) / 2)) / 2
        gap, curvature = weight * (present - p), weight * p * (1 - p)
        gap_x, curvature_x = gap * x, curvature * x
        g, gx, h, hx, hxx = (t.sum(axis=(1, 2)) for t in (gap, gap_x, curvature, curvature_x, curvature_x * x))
        determinant = h * hxx - hx**2
        step = ratio(h * gx - hx * g, determinant)
        slope = slope + step[:, None, None]
        intercept = intercept + ratio(hxx * g - hx * gx, determinant)[:, None, None]
        if not (np.abs(step) > CONVERGED).any():
            break
    converged = np.abs(step) <= CONVERGED
    return np.where(converged, slope[:, 0, 0], np.nan), np.where(converged, intercept[:, 0, 0], np.nan)

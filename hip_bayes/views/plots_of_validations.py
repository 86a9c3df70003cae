"""Pictures of a validation: calibration and decision curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hip_bayes.network import wording
from hip_bayes.validation.validate import Validation

from .picture_style import (
    A_VALIDATION,
    BLUE,
    GREY,
    RED,
    axes_of,
    axis_above,
    base_size,
    drawable,
    in_percent,
    ink_of,
    put_legend,
    put_title,
)

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Points = NDArray[np.float64]

FEW_PAIRS = 10
"""Of a point of the calibration curve: fewer say next to nothing."""


def calibration(v: Validation[Any], *, ax: Axes | None = None) -> Axes:
    """Draw how often what was given a probability was true: a reliability diagram.

    Points are ``v.calibration_curve``, a tenth of the probability scale each, with their bootstrap intervals; on the
    diagonal, probabilities are what they say. Above it they were too low. The upper axis has the number of pairs of a
    case and a cause in each tenth; a point from fewer than 10 is hollow and apart, because chance alone may put it
    anywhere, and where all or none of them were true its interval has no width.

    Parameters
    ----------
    v
        a validation.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> cases = hb.load_network().simulate(300, seed=1)
        >>> facts = ["age", "sex", "lateral_pain", "groin_pain", "buttock_pain", "limited_internal_rotation"]
        >>> ax = hb.plots.calibration(hb.validate(cases[[*facts, "truth"]], bootstrap=50))

    """
    v = drawable(Validation, "v", v, A_VALIDATION, ax)
    ax = axes_of(ax, 5.4, 5.4)
    curve, ink, size = v.calibration_curve, ink_of(ax), base_size(ax)
    ax.plot([0, 1], [0, 1], ls="--", lw=1, color=GREY, label="ideal: as often as predicted")
    few = curve["n"] < FEW_PAIRS
    ax.plot(curve["predicted"], curve["observed"].mask(few), "o-", color=BLUE, ms=5, label="observed")
    if few.any():
        hollow: dict[str, Any] = {"mfc": ax.get_facecolor(), "mec": BLUE, "ms": 5}
        label = f"observed, fewer than {FEW_PAIRS} pairs"
        ax.plot(curve["predicted"][few], curve["observed"][few], "o", label=label, **hollow)
    if v.bootstrap:
        ax.vlines(curve["predicted"], curve["low"], curve["high"], color=ink, lw=1.2, label=f"{v.level:.0%} interval")
    ax.set_ylim(-0.03, 1.03)
    put_title(ax, f"{v.network.name}: {len(v.truth)} cases", size)
    put_legend(ax, ax.get_legend_handles_labels()[0], size)
    in_percent(ax, "predicted probability (%)", size)
    ax.set_xlim(-0.03, 1.03)
    axis_above(ax, (curve["bin_low"] + curve["bin_high"]) / 2, curve["n"].map(str), "pairs of case and cause", size)
    in_percent(ax, "observed share (%)", size, axis="y")
    return ax


def decision_curve(v: Validation[Any], cause: str, *, ax: Axes | None = None) -> Axes:
    """Draw the net benefit of acting on the probability of a cause, by the threshold one would act from.

    ``v.decision_curve(cause)``, with its bootstrap interval, beside acting on everybody and on nobody, as far as the
    highest probability of a case: from thresholds above it nobody is acted on.

    Parameters
    ----------
    v
        a validation.
    cause
        a cause id of its network.
    ax
        where to draw; None: a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        cut off below, where acting on everybody does far more harm than good.

    Raises
    ------
    UnknownNameError
        the network has no such cause.
    MissingExtraError
        matplotlib is not installed.

    Notes
    -----
    Vickers and Elkin, Med Decis Making 26:565, 2006.

    Examples
    --------
    .. plot::

        >>> import hip_bayes as hb
        >>> cases = hb.load_network().simulate(300, seed=1)
        >>> facts = ["age", "sex", "lateral_pain", "groin_pain", "buttock_pain", "limited_internal_rotation"]
        >>> ax = hb.plots.decision_curve(hb.validate(cases[[*facts, "truth"]], bootstrap=50), "gtps")

    """
    v = drawable(Validation, "v", v, A_VALIDATION, ax)
    curve = v.decision_curve(cause)
    highest = float(v.probability[cause].max())
    curve = curve[: max(2, int((curve.index <= highest).sum()))]
    ax = axes_of(ax, 6.4, 4.8)
    size, t = base_size(ax), curve.index.to_numpy()
    if v.bootstrap:
        ax.fill_between(t, curve["low"], curve["high"], color=BLUE, alpha=0.4, lw=0, label=f"{v.level:.0%} interval")
    ax.plot(t, curve["net_benefit"], color=BLUE, lw=2, label="act on the probability")
    ax.plot(t, curve["treat_all"], color=RED, ls="--", label="act on everybody")
    ax.plot(t, curve["treat_none"], color=ink_of(ax), ls=":", label="act on nobody")
    top = max(0.02, *curve["net_benefit"], *curve["high"].fillna(0), *curve["treat_all"])
    ax.set_ylim(-0.25 * top, 1.1 * top)
    ax.set_xlim(0, 1.02 * t[-1])
    title = f"{v.network.name_of(cause)}: {len(v.truth)} cases, none of them above {wording.percent(highest)}"
    put_title(ax, title, size)
    put_legend(ax, ax.get_legend_handles_labels()[0], size)
    in_percent(ax, "threshold probability (%)", size)
    in_percent(ax, "net benefit (true positives per case)", size, axis="y", scale=False)
    return ax

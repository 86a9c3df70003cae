"""Pictures of what the library computes, drawn with matplotlib (``pip install 'hip-bayes[plots]'``).

Each function draws into the Axes it is given, or into a new figure of its own, and returns the Axes; it shows and saves
nothing and changes no setting of matplotlib. Text takes the colour of the Axes, so that light and dark styles work;
nothing is told by colour alone; names out of a network are drawn as they stand, never read as formulas. Where names do
not fit, ids stand for them. Give an Axes of your own room for its labels: ``plt.subplots(layout="constrained")``.
"""

from __future__ import annotations

from .plots_of_cases import before_after, explanation, posterior, tornado
from .plots_of_networks import findings, network, priors
from .plots_of_validations import calibration, decision_curve

__all__ = [
    "before_after",
    "calibration",
    "decision_curve",
    "explanation",
    "findings",
    "network",
    "posterior",
    "priors",
    "tornado",
]

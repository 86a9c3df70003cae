"""The probability of each cause of a runner's hip pain, with its sources, and red flags first.

>>> import hip_bayes as hb
>>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, groin_pain=False)
>>> d.posterior.index[0]
'gtps'

For research and education. Not a medical device and not a diagnosis: see a professional.
"""

from typing import TYPE_CHECKING

from .diagnosis import Diagnosis, Network, diagnose, diagnose_file, diagnose_many, load_network, validate
from .errors import (
    ContradictionError,
    EvidenceError,
    HipBayesError,
    MissingExtraError,
    NetworkError,
    NetworkNotFoundError,
    NetworkTooLargeError,
    UnknownNameError,
)
from .validation.card import model_card
from .validation.validate import Validation

if TYPE_CHECKING:
    from .explorer.page import explore
    from .views import plots

__version__ = "0.1.0"

__all__ = [
    "ContradictionError",
    "Diagnosis",
    "EvidenceError",
    "HipBayesError",
    "MissingExtraError",
    "Network",
    "NetworkError",
    "NetworkNotFoundError",
    "NetworkTooLargeError",
    "UnknownNameError",
    "Validation",
    "diagnose",
    "diagnose_file",
    "diagnose_many",
    "explore",
    "load_network",
    "model_card",
    "plots",
    "validate",
]


def __getattr__(name: str) -> object:
    """Load explorer and plots when they are first asked for: a diagnosis needs nothing of what they import."""
    if name == "explore":
        from .explorer.page import explore

        return explore
    if name == "plots":
        from .views import plots

        return plots
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name explorer and plots too, so that a press of Tab finds them."""
    return sorted({*globals(), *__all__})

"""How networks, their parts and results show themselves in a notebook: registered when `hip_bayes` is imported.

What they say is plain data and knows nothing of HTML; the HTML is made, and its modules are loaded, when one is shown.
"""

from __future__ import annotations

from hip_bayes.inference.result import Result
from hip_bayes.network.model import NetworkData
from hip_bayes.network.parts import Background, Cause, Finding

SHOWN = {
    NetworkData: "of_network",
    Cause: "of_cause",
    Background: "of_background",
    Finding: "of_finding",
    Result: "of_diagnosis",
}
"""Class -> the function of `html` that shows it."""


def register() -> None:
    """Give each class its `_repr_html_`, which Jupyter looks for."""

    def register_one(shown: type, function: str) -> None:
        def _repr_html_(self: object) -> str:
            """Return it as an HTML fragment for a notebook, every string escaped."""
            from . import html

            return str(getattr(html, function)(self))

        shown._repr_html_ = _repr_html_  # type: ignore[attr-defined]

    for shown, function in SHOWN.items():
        register_one(shown, function)

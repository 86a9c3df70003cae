"""The numbers behind a result, with their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hip_bayes.network.provenance import sources_of

if TYPE_CHECKING:
    import pandas as pd

    from hip_bayes.inference.result import Result


def sources_behind(d: Result) -> pd.DataFrame:
    """Return the numbers behind a result, one row a number; see `hip_bayes.network.provenance.sources_of`."""
    case = d.case
    return sources_of(d.network, (*case.findings, *case.background), sex=case.sex, band=case.band)

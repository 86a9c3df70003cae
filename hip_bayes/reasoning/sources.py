"""The numbers behind a result, with their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hip_bayes.inference.evidence import vocabulary_of
from hip_bayes.network.provenance import entries, frame_of, sources_of

if TYPE_CHECKING:
    import pandas as pd

    from hip_bayes.inference.result import Result


def sources_behind(d: Result) -> pd.DataFrame:
    """Return the numbers behind a result, one row a number; see `hip_bayes.network.provenance.sources_of`.

    Behind what was told freely stand the rates of mention for a story of this length too, in the end; not the numbers
    of every finding that it leaves out.
    """
    import pandas as pd

    case = d.case
    table = sources_of(d.network, (*case.findings, *case.background), sex=case.sex, band=case.band)
    if not case.silence.whole:
        return table
    told_as = set(map(vocabulary_of(d.network).told_as.get, dict(case.silence.whole)))
    rates = [e for e in entries(d.network, case.silence.length) if e.path.rpartition(".")[2] in told_as]
    return pd.concat([table, frame_of(rates)], ignore_index=True)

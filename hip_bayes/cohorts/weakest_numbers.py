"""Which judgements the answers to many cases hang on most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import EvidenceError, shown
from hip_bayes.inference.arguments import at_most, is_in, names_of
from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.result import Result
from hip_bayes.reasoning.moved_numbers import Answers, allowed, operations, operations_of_spans
from hip_bayes.reasoning.sensitivity import LEADS, described, numbers_of, rows_of

from .columns import Reading, match
from .table import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from hip_bayes.inference.evidence import Case
    from hip_bayes.network.model import NetworkData

MATTERS = 0.01
"""A number matters in a case if it moves the probability of some cause by more than this."""


def weakest_numbers(
    net: NetworkData, cases: pd.DataFrame, k: int | None = 20, *, level: float = 0.9, ignore: Iterable[str] = ("truth",)
) -> pd.DataFrame:
    """Return the judgements that the answers to some cases hang on most: what to measure or look up first.

    Every number of basis "judgement" is moved across its own interval, alone and in the way of `sensitivity` (so a
    number stated alike for several cells of sex and age is one row, while cells that differ have a row each). Its
    influence is the mean over the cases of max over causes of abs(P(cause; high) - P(cause; low)), exact; 0 in cases
    that do not depend on it. On the shipped network a case takes about a third of a second.

    Parameters
    ----------
    net
        the network.
    cases
        a pandas DataFrame as `diagnose_many` takes it.
    k
        how many numbers, 1 or more; None for all that have any influence.
    level
        as `sensitivity` takes it.
    ignore
        columns that are not facts; one that the table does not have is no error.

    Returns
    -------
    pandas.DataFrame
        index = path of the number (named "number"), the most influential first. Columns: ``what`` (in words),
        ``value``, ``low`` and ``high`` (the ends used, as in `sensitivity`), ``n`` (patients it is worth; NaN for an
        odds ratio), ``influence`` in [0, 1], ``cases`` (in how many of them it moves some cause by more than 0.01),
        ``reason``.

    Raises
    ------
    EvidenceError
        a column, value, `k` or level that is not allowed, or no cases.
    NetworkTooLargeError
        too many causes to list their sets, or the dearest case alone would take over half a minute (9e10 operations).

    Examples
    --------
    >>> import hip_bayes as hb
    >>> import pandas as pd
    >>> net = hb.load_network()
    >>> weakest = net.weakest_numbers(pd.DataFrame({"age": [46], "sex": ["female"], "lateral_pain": [True]}), 3)
    >>> bool((weakest["influence"] > 0.05).all())
    True

    """
    import pandas as pd

    k = at_most("k", k)
    read = _read(net, cases, ignore)
    tables = [numbers_of(Result(net, case)) for case in read]
    table = pd.concat([t[t["basis"] == "judgement"] for t in tables])
    row_of = rows_of(net, table)
    table = table[~table.index.duplicated()].loc[list(dict.fromkeys(row_of.values()))]
    per_case = [list(dict.fromkeys(row_of[path] for path in t.index if path in row_of)) for t in tables]
    engine_of(net).afford(
        f"to move the {len(table)} judgements behind these cases, for the dearest case alone,",
        operations_of_spans(net, table.index)
        + max(operations(net, case, paths, 2) for case, paths in zip(read, per_case, strict=True)),
        "Ask about cases with age and sex known and fewer findings",
    )
    spans = allowed(net, table.index, level)
    causes = len(net.causes)
    moves = np.zeros((len(read), len(spans)))
    place = {path: i for i, path in enumerate(spans)}
    for row, case, here in zip(moves, read, per_case, strict=True):
        ends = Answers(net, case)([(path, end) for path in here for end in (spans[path].low, spans[path].high)])
        across = np.abs(np.diff(ends[:, :causes].reshape(len(here), 2, causes), axis=1))
        row[[place[path] for path in here]] = across.max(axis=(1, 2))
    out = pd.DataFrame(
        {
            "what": described(net, table),
            "value": table["value"],
            "low": [span.low for span in spans.values()],
            "high": [span.high for span in spans.values()],
            "n": table["n"],
            "influence": moves.mean(axis=0),
            "cases": (moves > MATTERS).sum(axis=0),
            "reason": table["reason"],
        },
        index=table.index,
    )
    out = out[out["influence"] > LEADS].sort_values("influence", ascending=False, kind="stable")
    return out.head(k)


def _read(net: NetworkData, cases: pd.DataFrame, ignore: Iterable[str]) -> list[Case]:
    """Return the cases of a table; EvidenceError naming the row and column that cannot be read."""
    import pandas as pd

    if not isinstance(cases, pd.DataFrame):
        raise EvidenceError(f"got a {type(cases).__name__}; allowed: a pandas DataFrame, a row a case")
    if len(cases) == 0:
        raise EvidenceError("got no cases; allowed: a pandas DataFrame with one row or more")
    labels = cases.columns.tolist()
    reading = Reading(ignore=tuple(name for name in names_of("ignore", ignore) if is_in(name, labels)))
    read, errors, _ = read_table(net, cases, match(net, labels, reading))
    found = []
    for i in range(len(read)):
        try:
            if i in errors:
                raise errors[i]
            found.append(read.case(i, net))
            engine_of(net).enumeration.posterior(found[-1])  # refuses what cannot be
        except EvidenceError as error:
            raise error.within(f"row {shown(cases.index[i : i + 1].tolist()[0])}") from None
    return found

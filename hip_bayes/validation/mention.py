"""How freely findings are told: the rates of mention of a network, estimated on stories whose cause is known."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.evidence import VOLUNTEERED, vocabulary_of
from hip_bayes.network.parts import TOLD, Mention, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData

    Floats = NDArray[np.float64]

STEPS = 10_000
CONVERGED = 1e-12
COLUMNS = ("present", "absent", "ratio", "told_present", "told_absent", "passed_over", "sources")


class _Told(NamedTuple):
    """A finding of a story: how likely it is under the story's causes, and what was said of it."""

    story: int
    length: str
    kind: str
    likely: float
    said: str
    """ "present", "absent", or "" where it was passed over."""
    source: object


class Stories:
    """Stories told freely whose causes are known, and what each says or passes over.

    Parameters
    ----------
    net
        a network with rates of mention: what is told as what, and which stories are short, are taken from it.
    facts
        a row a story, as `diagnose_many` takes them.
    truth
        the causes of each story.
    sources
        where each comes from: stories of one source count as one for how much a rate is worth.

    Raises
    ------
    EvidenceError
        the network has no rates of mention.
    NetworkTooLargeError
        it has too many causes to list their sets.

    """

    def __init__(
        self, net: NetworkData, facts: pd.DataFrame, truth: Sequence[frozenset[str]], sources: Sequence[object]
    ) -> None:
        self.net = net
        self.truth = list(truth)
        self._likely: dict[tuple[str, frozenset[str]], float] = {}
        self._rows: list[_Told] = []
        for i, row in enumerate(facts.to_dict("records")):
            case = vocabulary_of(net).read(row.items(), account=VOLUNTEERED)  # type: ignore[arg-type]
            for f, kind in vocabulary_of(net).told_as.items():
                if f in case.findings:
                    said = "present" if case.findings[f] > 0.5 else "absent"
                elif f in case.silence.about:
                    said = ""
                else:
                    continue
                if case.silence.length:
                    likely = self._p(f, self.truth[i])
                    self._rows.append(_Told(i, case.silence.length, kind, likely, said, sources[i]))

    def rates(
        self, *, without: Iterable[str] = (), only: Iterable[str] | None = None, by_length: bool = True
    ) -> pd.DataFrame:
        """Return the rates of mention that make these stories most likely.

        Parameters
        ----------
        without
            causes whose stories are left out.
        only
            causes whose stories alone count; None: all.
        by_length
            for each length of story; else for all together, under the length "".

        Returns
        -------
        pandas.DataFrame
            index (length, kind): P(mentioned | ``present``) and P(mentioned | ``absent``), NaN without any story;
            ``ratio`` = (1 - present) / (1 - absent), which is all that reaches a posterior; ``told_present``,
            ``told_absent`` and ``passed_over``: findings; ``sources`` they come from.

        Notes
        -----
        Maximum likelihood by expectation-maximisation (Dempster, Laird and Rubin, J R Stat Soc B 39:1, 1977): a finding
        passed over was present with a probability that follows from the rates. P(finding | story) is the network's with
        exactly the story's causes present, nothing else known. Where none was mentioned that is absent, half of one is
        counted.

        """
        import pandas as pd

        left, kept = frozenset(without), None if only is None else frozenset(only)
        rows = [
            row
            for row in self._rows
            if not self.truth[row.story] & left and (kept is None or self.truth[row.story] & kept)
        ]
        found = {}
        for length in self.net.mention if by_length else ("",):
            for kind in TOLD:
                here = [row for row in rows if row.kind == kind and length in ("", row.length)]
                p, said = np.array([row.likely for row in here]), np.array([row.said for row in here])
                present, absent = _most_likely(p, said)
                counts = [int((said == what).sum()) for what in ("present", "absent", "")]
                ratio = (1 - present) / (1 - absent)
                found[length, kind] = [present, absent, ratio, *counts, len({row.source for row in here})]
        index = pd.MultiIndex.from_tuples(list(found), names=["length", "kind"])
        return pd.DataFrame(list(found.values()), index=index, columns=list(COLUMNS))

    def resampled(self, rng: np.random.Generator) -> Stories:
        """Return as many sources drawn with replacement, with all their stories."""
        by_source: dict[object, list[_Told]] = {}
        for row in self._rows:
            by_source.setdefault(row.source, []).append(row)
        groups = list(by_source.values())
        other = copy.copy(self)
        other._rows = [row for i in rng.integers(len(groups), size=len(groups)) for row in groups[i]]  # noqa: SLF001 a copy of itself
        return other

    def _p(self, finding: str, causes: frozenset[str]) -> float:
        """P(finding present | exactly these causes)."""
        key = (finding, causes)
        if key not in self._likely:
            enumeration = engine_of(self.net).enumeration
            shape = [len(self.net.causes[c].states) for c in enumeration.causes]
            here = tuple(slice(1, None) if c in causes else slice(0, 1) for c in enumeration.causes)
            nothing_said = vocabulary_of(self.net).read(())
            weight = enumeration.joint(nothing_said).reshape(shape)[here]
            present = enumeration.predicted(finding, {}).reshape(shape)[here]
            self._likely[key] = float((weight * present).sum() / weight.sum())
        return self._likely[key]


def _most_likely(p: Floats, said: NDArray[np.str_]) -> tuple[float, float]:
    """Return P(mentioned | present) and P(mentioned | absent) from findings that are present with probability p."""
    if not len(p):
        return np.nan, np.nan
    told, denied, silent = (said == "present").sum(), (said == "absent").sum(), p[said == ""]
    present, absent = 0.5, 0.25
    for _ in range(STEPS):
        there = silent * (1 - present) / (1 - present * silent - absent * (1 - silent))
        before = present, absent
        present, absent = told / max(told + there.sum(), 1e-300), denied / max(denied + (1 - there).sum(), 1e-300)
        if max(abs(present - before[0]), abs(absent - before[1])) < CONVERGED:
            break
    if not denied:
        absent = 0.5 / (1 + float((1 - silent).sum()))
    if not told:
        present = 0.5 / (1 + float(silent.sum()))
    return float(present), float(min(absent, present))


def with_rates(net: NetworkData, rates: pd.DataFrame) -> NetworkData:
    """Return the network with other rates of mention, as `Stories.rates` returns them; what is NaN stays."""
    mention = {}
    for length, before in net.mention.items():
        states = {}
        for state in ("present", "absent"):
            old = getattr(before, state)
            new = {kind: float(rates[state][length, kind]) for kind in TOLD}
            states[state] = Table(
                ((kind, dataclasses.replace(old[kind], p=p) if 0 < p < 1 else old[kind]) for kind, p in new.items()),
                "kind",
            )
        mention[length] = Mention(length, before.up_to, states["present"], states["absent"])
    return dataclasses.replace(net, mention=Table(mention, "length of story"))


def left_out(net: NetworkData, stories: Stories, facts: pd.DataFrame) -> pd.DataFrame:
    """Return P(cause) of each story under rates of mention estimated without the stories of its own causes."""
    import pandas as pd

    vocabulary = {c: vocabulary_of(with_rates(net, stories.rates(without=c))) for c in set(stories.truth)}
    found = [
        engine_of(net).posterior(vocabulary[causes].read(row.items(), account=VOLUNTEERED)).probability  # type: ignore[arg-type]
        for causes, row in zip(stories.truth, facts.to_dict("records"), strict=True)
    ]
    return pd.DataFrame([[p[c] for c in net.causes] for p in found], index=facts.index, columns=list(net.causes))

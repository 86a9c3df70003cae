"""What if a modifiable background variable were changed: an intervention, Pearl's do(), on the model before pain.

Unlike everything else here, this does not condition on at least one cause being present. It sums the unconditioned
model that the priors are solved for: cells (sex and age band), background given the cell, causes given both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hip_bayes.errors import EvidenceError, NetworkError, UnknownNameError, shown
from hip_bayes.inference.engine import engine_of
from hip_bayes.inference.evidence import items_of, vocabulary_of
from hip_bayes.network.parts import BASES
from hip_bayes.network.provenance import entries

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.inference.evidence import Case
    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.provenance import Entry

    Floats = NDArray[np.float64]

NOTE = (
    "The odds ratios come from observational studies or are judgements, some of them about people already in pain, and "
    "a factor may follow from the pain instead of causing it: a risk ratio holds as far as they are causal. It is "
    "relative, to the model without its condition of pain, in which causes are commoner than among runners at large; "
    "never an absolute risk."
)


def what_if(
    net: NetworkData, said: Mapping[str, object] | pd.Series[Any] | None, changes: Mapping[str, object]
) -> pd.DataFrame:
    """Return how much less (or more) likely each cause would be if modifiable background were changed.

    An intervention, do(), in the network without its condition that at least one cause is present: it is about a
    runner before it hurts. Computed exactly.

    Parameters
    ----------
    net
        the network. A background variable with `prevention` tips is modifiable.
    said
        age, sex and background of the runner, as `diagnose` takes them; None, or what is left out, is unknown and
        averaged over. A variable that is changed must be yes, no or unknown; others may be as sure as 0.7.
    changes
        one modifiable background id or more -> what it is made to be: True or False, also "yes", "no", 1 or 0.

    Returns
    -------
    pandas.DataFrame
        index = cause ids in file order, named "cause". Columns:

        - ``risk_ratio``: P(cause | changed) / P(cause | as they are), above 0;
        - ``risk_ratio_low``, ``risk_ratio_high``: the least and the greatest of it where all odds ratios of the
          changed variables are at that end of their plausible ranges which lowers the causes they act on, at that
          which raises them, and as they are. All other numbers stay, and the network is solved again, so that it
          gives its tables back; NaN where it then has no solution;
        - ``preventable_share``: 1 - risk ratio, 0.0 where the ratio is above 1;
        - ``acts``: whether a changed variable acts on the cause, directly or through other causes; where it does not,
          the ratios are 1;
        - ``paths``: of the odds ratios by which it acts, a tuple, as `Network.replace` takes them;
        - ``odds_ratios``: these numbers as text, each with its range; ``basis`` (the firmest first), ``source``
          (tuple of ids), ``citation`` and ``reason`` (the file's reason or note) of them, nothing twice. Empty where
          none acts.

        ``attrs["prevention"]``: the tips that change these variables; ``attrs["note"]``: what the ratios rest on.

    Raises
    ------
    UnknownNameError
        a name that the network does not have.
    EvidenceError
        nothing is changed; a change of what is not modifiable, or to what is neither yes nor no; `said` has a finding
        or a red flag; a changed variable is said to be only so sure.

    Notes
    -----
    do(b = x) cuts b from sex and age: other background still informs an unknown sex or age, b does not. Where `said`
    states b, "as they are" is therefore do(b = as said) and not an observation: with age unknown, runners with and
    without b differ in age too, and an observed ratio would mistake the effect of age for that of b. Where `said`
    leaves b unknown, "as they are" is no intervention, b as common as in such runners; the preventable share is then
    the excess fraction of that population (Greenland and Robins, Am J Epidemiol 128:1185-1197, 1988). With do-set D
    of values d, over cells (sex, band), background configurations B and states of the causes C::

        P(C | do(D = d), said) ~ sum over cells, B with D = d of
            P(cell) * prod over b not in D of P(b | cell) P(said | b) * prod over causes of P(c | cell, B, causes)

    (the truncated factorisation: Pearl, Causality, 2nd ed., Cambridge University Press, 2009, section 3.2.3), with
    the solved intercepts and prevalences (networks/README.md). In the model that gives the file's tables once it is
    conditioned on any cause, causes are commoner than among runners at large, so that a risk ratio is somewhat nearer
    to 1 than the odds ratio behind it. Background does not act on background here: what one variable does through
    another is not counted. A finding is refused in `said` because it is an effect of causes already there.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> table = hb.load_network().what_if({"age": 30, "training_spike": True}, training_spike=False)
    >>> ratio = table.loc["stress_fracture"]
    >>> bool(ratio["risk_ratio_low"] < ratio["risk_ratio"] < ratio["risk_ratio_high"])
    True
    >>> table.attrs["prevention"][0]
    'Raise distance, number of runs and speed gradually.'

    """
    import pandas as pd

    made = _made(net, changes)
    case = _case(net, said, made)
    paths = _paths(net, made)
    by_path = {e.path: e for e in entries(net)}
    behind = [[by_path[path] for path in paths[c]] for c in net.causes]
    acts = np.array([bool(paths[c]) for c in net.causes])
    ratio = _risk_ratio(net, case, made)
    ends = np.stack([_at_end(net, case, made, lower=True), ratio, _at_end(net, case, made, lower=False)])
    ratio, low, high = (np.where(acts, x, 1.0) for x in (ratio, ends.min(axis=0), ends.max(axis=0)))
    table = pd.DataFrame(
        {
            "risk_ratio": ratio,
            "risk_ratio_low": low,
            "risk_ratio_high": high,
            "preventable_share": np.maximum(0.0, 1 - ratio),
            "acts": acts,
            "paths": list(paths.values()),
            "odds_ratios": [" | ".join(f"{e.value:g} ({e.low:g} to {e.high:g})" for e in es) for es in behind],
            "basis": [" | ".join(basis for basis in BASES if basis in [e.basis for e in es]) for es in behind],
            "source": [tuple(dict.fromkeys(s for e in es for s in e.source)) for es in behind],
            "citation": [_joined(es, "citation") for es in behind],
            "reason": [_joined(es, "reason") for es in behind],
        },
        index=pd.Index(list(net.causes), name="cause"),
    )
    tips = {tip for b in made for tip in net.background[b].prevention}
    table.attrs |= {"prevention": tuple(tip for tip in net.prevention if tip in tips), "note": NOTE}
    return table


def _joined(behind: list[Entry], field: str) -> str:
    """Return a text of each entry, none twice; a reason is the file's reason or, where it has none, its note."""
    texts = [getattr(e, field) or (e.note if field == "reason" else "") for e in behind]
    return " | ".join(dict.fromkeys(text for text in texts if text))


# ------------------------------------------------------------------------------------------------ what was said


def _made(net: NetworkData, changes: Mapping[str, object]) -> dict[str, bool]:
    """Return what each changed variable is made to be; refuse what cannot be changed."""
    modifiable = [b.id for b in net.background.values() if b.prevention]
    where = (
        f"modifiable: {', '.join(modifiable)}"
        if modifiable
        else "modifiable: nothing; a network file says so with `prevention`"
    )
    made = {}
    for name, value in items_of(changes):
        if name not in modifiable:
            if name in vocabulary_of(net).names or name in net.causes:
                raise EvidenceError(
                    f"{name!r} cannot be changed here: no prevention tip of the network names it; {where}",
                    name=name,
                    value=value,
                )
            raise UnknownNameError.among(name, modifiable, what="modifiable background", where=where)
        _, x = vocabulary_of(net).meaning(name, value)
        if x not in (0.0, 1.0):
            raise EvidenceError(
                f"{name!r} is changed to {shown(value)}; allowed: True or False, what it is made to be",
                name=name,
                value=value,
            )
        made[name] = bool(x)
    if not made:
        raise EvidenceError(f"nothing is changed; name one variable or more, as in what_if(NAME=False) ({where})")
    return {b: made[b] for b in net.background if b in made}


def _case(net: NetworkData, said: Mapping[str, object] | pd.Series[Any] | None, made: Mapping[str, bool]) -> Case:
    """Return the runner that `said` describes; refuse what belongs to one who already hurts."""
    case = vocabulary_of(net).read(items_of(said) if said is not None else ())
    for name in (*case.findings, *case.red_flags):
        kind = "finding" if name in net.findings else "red flag"
        sign_of = engine_of(net).units.signs.get(name)
        instead = f"Say {sign_of!r}, which it is a sign of," if sign_of else "Leave it out,"
        raise EvidenceError(
            f"{name!r} is a {kind}, an effect of what is already there, and what_if is about a runner before it "
            f"hurts; allowed: age, sex and background. {instead} or ask diagnose",
            name=name,
        )
    for b in made:
        if case.background.get(b, 0.0) not in (0.0, 1.0):
            raise EvidenceError(
                f"{b!r} is to be changed and is said to be {case.background[b]:g} sure; allowed: True or False, or "
                "leave it out (as common as in such runners)",
                name=b,
                value=case.background[b],
            )
    return case


# ---------------------------------------------------------------------------------------------- the computation


def _paths(net: NetworkData, made: Mapping[str, bool]) -> dict[str, tuple[str, ...]]:
    """Cause -> the paths of the odds ratios by which the changed variables act on it, the remotest first."""
    found: dict[str, tuple[str, ...]] = {}
    for c in engine_of(net).prior.order:
        parents = [p for p in net.causes[c].odds_ratios if p in made or found.get(p)]
        before = (path for p in parents for path in found.get(p, ()))
        found[c] = tuple(dict.fromkeys((*before, *(f"causes.{c}.odds_ratios.{p}" for p in parents))))
    return {c: found[c] for c in net.causes}


def _at_end(net: NetworkData, case: Case, made: Mapping[str, bool], *, lower: bool) -> Floats:
    """Return the risk ratios where each odds ratio of a changed variable is at the end that lowers (or raises) them."""
    moved = {
        f"causes.{c.id}.odds_ratios.{b}": {"value": r.low if made[b] == lower else r.high}
        for c in net.causes.values()
        for b, r in c.odds_ratios.items()
        if b in made
    }
    try:
        return _risk_ratio(net.replace(moved), case, made)
    except NetworkError:
        return np.full(len(net.causes), np.nan)


def _risk_ratio(net: NetworkData, case: Case, made: Mapping[str, bool]) -> Floats:
    """P(cause | changed) / P(cause | as they are), shape (causes,)."""
    as_said = {b: case.background[b] for b in made if b in case.background}
    return _risk(net, case, made) / _risk(net, case, as_said)


def _risk(net: NetworkData, case: Case, do: Mapping[str, float]) -> Floats:
    """P(cause present | do, what is known) in the unconditioned model, shape (causes,)."""
    units, prior = engine_of(net).units, engine_of(net).prior
    here = np.isin(np.arange(len(prior.cells)), prior.cells_of(case.sex, case.band))
    by_cell = np.where(here, prior.weights / prior.any_cause, 0.0)
    weight = {}  # P(b absent), P(b present) in each cell
    for b, q in prior.prevalence.items():
        if b in do:
            weight[b] = np.stack([np.full_like(q, 1.0 - do[b]), np.full_like(q, do[b])])
            continue
        x = case.background.get(b)
        both = np.stack([1 - q, q] if x is None else [(1 - x) * (1 - q), x * q])
        known = both.sum(axis=0)
        by_cell = by_cell * known
        weight[b] = both / known
    shared = (by_cell / by_cell.sum())[:, None] * prior.pattern_weights(units.shared, weight)
    shared = np.broadcast_to(shared, (len(prior.cells), 2 ** len(units.shared)))
    total = np.zeros(len(units.outputs))
    for u, basis in enumerate(units.basis):
        local = prior.pattern_weights(units.local[u], weight)
        local = np.broadcast_to(local, (len(prior.cells), 2 ** len(units.local[u])))
        state = np.einsum("ks,ksi->i", shared, np.einsum("kl,ksli->ksi", local, basis))
        member = units.member[:, units.start[u] : units.start[u + 1]]
        total += np.einsum("ci,i->c", member.astype(float), state)
    return total[: len(net.causes)]

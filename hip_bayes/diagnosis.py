"""From what is known about a runner to the probability of each cause: `diagnose` and `Diagnosis`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from . import triage as rules
from .errors import UnknownNameError
from .evidence import Case, items_of
from .library import load_network
from .model import Network

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from .enumeration import Posterior
    from .explanation import GivenSubsets
    from .fit import Fit
    from .parts import RedFlag
    from .questions import Stop

RAISED = 1.5
"""How many times its base rate P(other) must be before a result says that the case fits no cause of the list."""
DISCLAIMER = "For research and education. Not a medical device and not a diagnosis: see a professional."


class Diagnosis:
    """The exact result for one case. Immutable: ask it, or ask `given` for another one.

    ``d["gtps"]`` is the probability of a cause, subtype or group; ``d.posterior`` that of all causes as a pandas
    Series; ``d.red_flags`` and ``d.triage`` stand beside it and come first wherever a Diagnosis is shown.
    """

    _network: Network
    _case: Case
    _posterior: Posterior

    def __init__(self, network: Network, case: Case) -> None:
        """Compute the posterior of `case` under `network`."""
        vars(self).update(_network=network, _case=case, _posterior=network.engine.posterior(case))

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a result does not change."""
        raise AttributeError(f"a Diagnosis cannot be changed (tried to set {name!r}); use given(...) for another one")

    def __delattr__(self, name: str) -> None:
        """Refuse: a result does not change."""
        raise AttributeError(
            f"a Diagnosis cannot be changed (tried to delete {name!r}); use given(...) for another one"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle what was asked; the answer is computed again."""
        return type(self), (self._network, self._case)

    @property
    def network(self) -> Network:
        """The network that gave this result."""
        return self._network

    @property
    def case(self) -> Case:
        """What was known: the checked case."""
        return self._case

    @property
    def evidence(self) -> dict[str, object]:
        """What was known, as `diagnose` takes it, in the network's order; a new dict each time."""
        return self._case.facts(self._network)

    @property
    def log_evidence(self) -> float:
        """Natural log of P(findings, background, age band, sex | the network's population); at most 0."""
        return self._posterior.log_evidence

    def __getitem__(self, id_: str) -> float:
        """Return P(present | evidence) of a cause, a subtype, or at least one member of a group, in [0, 1].

        Raises
        ------
        UnknownNameError
            (a KeyError) for any other id.

        """
        known = self._posterior.probability
        if isinstance(id_, str) and id_ in known:
            return known[id_]
        raise UnknownNameError.among(
            id_, known, what="cause", where="load_network().causes and .groups list what has a probability"
        )

    @property
    def ranking(self) -> tuple[str, ...]:
        """Cause ids including ``other``, the most probable first, equal ones in file order; needs no pandas."""
        return tuple(sorted(self._network.causes, key=lambda cause: -self[cause]))

    @property
    def posterior(self) -> pd.Series[float]:
        """P(cause present | evidence), exact.

        A new pandas Series each time, named "probability": index = cause ids including ``other``, float64 in
        [0, 1], high to low (equal ones in file order). Causes are not exclusive, so it need not sum to 1.
        """
        import pandas as pd

        p = pd.Series({c: self[c] for c in self.ranking}, name="probability", dtype="float64")
        p.index.name = "cause"
        return p

    @property
    def red_flags(self) -> tuple[RedFlag, ...]:
        """The red flags that are present, the most pressing first, each with level, reason, action and source."""
        return rules.present_flags(self._network, self._case)

    @cached_property
    def triage(self) -> rules.Triage:
        """How soon to be seen: level, reasons, red flags not cleared, tests to avoid."""
        return rules.triage(self._network, self._case, self._posterior.probability)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the numbers alone do not say: that the case fits no cause of the list, if so."""
        net, here = self._network, self._case
        if "other" not in net.causes or self["other"] < max(self[c] for c in net.causes):
            return ()
        before = net.engine.posterior(here.people).probability
        if self["other"] < RAISED * before["other"]:
            return ()  # it leads because it always does for such people, not because of what was said
        raised = {form.id: self[form.id] / before[form.id] for form in net.causes["other"].subtypes.values()}
        most = max(raised, key=raised.__getitem__, default=None)
        hint = ""
        if most and self[most] > self["other"] / 3:
            hint = f", above all {net.name_of(most)} ({self[most]:.0%})"
        remark = f"This fits none of the listed causes well: a cause outside the list is the likeliest{hint}."
        return (f"{remark} Have it examined by a professional.",)

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do now: the actions of the triage reasons first, then general advice for that level."""
        actions = dict.fromkeys(reason.action for reason in self.triage.reasons)
        general = (a.text for a in self._network.advice if self.triage.level in a.levels)
        return (*actions, *general)

    @property
    def prevention(self) -> tuple[str, ...]:
        """How to keep the pain from coming back: the network's general tips."""
        return self._network.prevention

    def sources(self) -> pd.DataFrame:
        """Return the numbers behind this result with their sources, one row a number.

        Columns: path (as `Network.replace` takes it), what (in words), value, n, low and high (of odds ratios), basis,
        source (ids), citation, reason, note. Order and coverage: `hip_bayes.provenance.sources_of`.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.diagnose(age=46, sex="female", lateral_pain=True).sources()
        >>> table["what"][1].startswith("P(Pain on the outside of the hip | ")
        True

        """
        from .provenance import sources_of

        return sources_of(self)

    def explain(self, cause: str) -> pd.DataFrame:
        """Return what each piece of evidence did to the probability of a cause: Shapley values on the log-odds scale.

        Parameters
        ----------
        cause
            id of a cause, subtype or group.

        Returns
        -------
        pandas.DataFrame
            a row a piece of evidence (age, sex, background, findings), index = its id, the weightiest first; see
            `hip_bayes.explanation.explain` for the columns. ``contribution`` sums to logit P(cause | evidence)
            - logit P(cause), nothing known; ``attrs["summary"]`` says it in a paragraph, as `why` does.

        Raises
        ------
        UnknownNameError
            there is no such cause, subtype or group.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, groin_pain=False)
        >>> d.explain("gtps").index[0]
        'lateral_pain'

        """
        from .explanation import explain

        return explain(self, cause)

    @cached_property
    def _given_subsets(self) -> GivenSubsets:
        """What `explain` needs of the posteriors, for whichever cause."""
        from .explanation import given_subsets

        return given_subsets(self)

    def why(self, cause: str) -> str:
        """Return in a paragraph what speaks for a cause, what against it, and what else explains a finding.

        Parameters
        ----------
        cause
            id of a cause, subtype or group.

        Raises
        ------
        UnknownNameError
            there is no such cause, subtype or group.
        NetworkTooLargeError
            too many causes to list their sets, and too many findings for the other exact way.

        """
        from .explanation import why

        return why(self, cause)

    def most_probable(self, k: int = 5) -> pd.DataFrame:
        """Return the `k` most probable sets of causes: which are present together, all others being absent.

        Returns
        -------
        pandas.DataFrame
            index 1 to k; columns ``causes`` (tuple of ids in file order), ``probability`` (of exactly this set) and
            ``cumulative``; fewer rows where there are fewer sets.

        Raises
        ------
        EvidenceError
            `k` is not a whole number of 1 or more.
        NetworkTooLargeError
            too many causes to list their sets.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> hb.diagnose(age=46, sex="female", lateral_pain=True).most_probable(3)["causes"][1]
        ('gtps',)

        """
        from .explanation import most_probable

        return most_probable(self, k)

    def next_questions(
        self,
        k: int | None = 5,
        *,
        kinds: str | Iterable[str] | None = None,
        costs: Mapping[str, float] | None = None,
        skip: str | Iterable[str] = (),
    ) -> pd.DataFrame:
        """Return the findings worth asking next, by the information they are expected to give about all causes.

        Parameters
        ----------
        k
            how many; None for all that can be asked.
        kinds
            one or more of "history", "examination", "imaging" and "background"; None: the first three.
        costs
            finding id or kind -> cost, in any unit, above 0; an id goes before its kind, and what is not named costs
            1. Questions are ranked by bits per cost.
        skip
            ids not to propose, such as what was asked and not known.

        Returns
        -------
        pandas.DataFrame
            index = finding id, best first; see `hip_bayes.questions.next_questions` for the columns. Tests that could
            do harm now (``d.triage.avoid``) are not among them.

        Raises
        ------
        UnknownNameError
            there is no such kind, or no such id to skip or to cost something.
        EvidenceError
            `k`, `kinds` or a cost is not allowed.
        NetworkTooLargeError
            too many causes to list their sets.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True)
        >>> d.next_questions(3, kinds="history").shape
        (3, 8)

        """
        from .questions import next_questions

        return next_questions(self, k, kinds=kinds, costs=costs, skip=skip)

    def enough(
        self,
        *,
        kinds: str | Iterable[str] | None = None,
        costs: Mapping[str, float] | None = None,
        min_bits: float = 0.1,
        same_decision: float = 0.95,
        skip: str | Iterable[str] = (),
    ) -> Stop:
        """Say whether to stop asking, why, and if not what to ask; see `hip_bayes.questions.enough`.

        Parameters
        ----------
        kinds, skip
            which questions could be asked, as `next_questions` takes them.
        costs
            as `next_questions` takes them: of the questions worth `min_bits`, the one with most bits per cost is asked.
        min_bits
            information about the causes from which an answer is worth asking for by itself, in bits, above 0.
        same_decision
            probability that leading cause and hazards outlive an answer, from which on they count as settled: above 0
            and at most 1.

        Returns
        -------
        Stop
            true if so, with ``reason`` (a sentence), ``ask`` (the id to ask, or None), ``bits``, ``same_decision``.

        Raises
        ------
        UnknownNameError
            there is no such kind, no such id to skip, or nothing so called that has a cost.
        EvidenceError
            `kinds`, a cost, `min_bits` or `same_decision` is not allowed.
        NetworkTooLargeError
            too many causes to list their sets.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> bool(hb.diagnose(age=46, sex="female").enough())
        False

        """
        from .questions import enough

        return enough(self, kinds=kinds, costs=costs, min_bits=min_bits, same_decision=same_decision, skip=skip)

    def intervals(
        self, level: float = 0.9, *, draws: int = 200, seed: int = 0, of: str | Iterable[str] | None = None
    ) -> pd.DataFrame:
        """Return how sure the probabilities are: credible intervals from the uncertainty of the network's numbers.

        Parameters
        ----------
        level
            probability that the interval holds, strictly between 0 and 1.
        draws
            how many networks to draw, 20 or more.
        seed
            the same seed gives the same intervals.
        of
            ids of causes, subtypes or groups; None: the causes, as in `ranking`.

        Returns
        -------
        pandas.DataFrame
            index = these ids; columns ``probability`` (of the network as it stands), ``low``,
            ``high``, ``p_first`` (how often the cause ranks first among the drawn networks). See
            `hip_bayes.uncertainty.intervals`.

        Raises
        ------
        EvidenceError
            `level`, `draws`, `seed` or `of` is not allowed.
        UnknownNameError
            there is no such cause, subtype or group.
        NetworkTooLargeError
            too many causes to list their sets.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.diagnose(age=46, sex="female", lateral_pain=True).intervals(0.9, draws=50)
        >>> bool(table.loc["gtps", "low"] < table.loc["gtps", "probability"] < table.loc["gtps", "high"])
        True

        """
        from .uncertainty import intervals

        return intervals(self, level, draws=draws, seed=seed, of=of)

    def sensitivity(self, cause: str | None = None, *, level: float = 0.9) -> pd.DataFrame:
        """Return which numbers of the network this result hangs on: a tornado table, the widest first.

        Parameters
        ----------
        cause
            id of the cause, subtype or group whose probability is followed; None: the leading cause.
        level
            each number is moved across its own interval of this level.

        Returns
        -------
        pandas.DataFrame
            index = path of the number, as `Network.replace` takes it; see `hip_bayes.sensitivity.sensitivity` for
            the columns and for the smallest change of a single number that makes another cause lead.

        Raises
        ------
        EvidenceError
            `level` is not allowed.
        UnknownNameError
            there is no such cause, subtype or group.
        NetworkTooLargeError
            too many causes to list their sets.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.diagnose(age=46, sex="female", lateral_pain=True).sensitivity()
        >>> table.index[0]
        'causes.gtps.prior.female.40-49'

        """
        from .sensitivity import sensitivity

        return sensitivity(self, cause, level=level)

    @cached_property
    def fit(self) -> Fit:
        """Whether the case looks like one that this network knows; see `hip_bayes.fit.fit`."""
        from .fit import fit

        return fit(self)

    def given(self, said: Mapping[str, object] | pd.Series[Any] | None = None, /, **facts: object) -> Self:
        """Return the diagnosis of the same case with more known.

        Takes facts as `diagnose` does. A fact that was known before is replaced, and forgotten where it is None.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True)
        >>> d.given(pain_lying_on_side=True)["gtps"] > d["gtps"]
        True

        """
        said_items = items_of(said) if said is not None else ()
        case = self._network.vocabulary.read(said_items, facts.items(), before=self._case)
        return type(self)(self._network, case)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data (str, float, bool, list, dict) that `json.dumps` takes."""
        net, triage = self._network, self.triage
        return {
            "network": {"id": net.id, "name": net.name, "version": net.version, "setting": net.setting},
            "evidence": self.evidence,
            "triage": {
                "level": triage.level,
                "reasons": [
                    {f: getattr(r, f) for f in ("id", "name", "level", "reason", "action")} | {"source": list(r.source)}
                    for r in triage.reasons
                ],
                "not_cleared": list(triage.not_cleared),
                "avoid": list(triage.avoid),
            },
            "red_flags": [flag.id for flag in self.red_flags],
            "remarks": list(self.remarks),
            "posterior": {c: self[c] for c in self.ranking},
            "subtypes": {s: self[s] for s in net.subtype_of},
            "groups": {g: self[g] for g in net.groups},
            "advice": list(self.advice),
            "prevention": list(self.prevention),
            "disclaimer": DISCLAIMER,
        }

    def __str__(self) -> str:
        """Return a table for the terminal, red flags first."""
        from .show import as_text

        return as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the result for a notebook, red flags first, every string escaped."""
        from .notebook import of_diagnosis

        return of_diagnosis(self)


def network_of(network: Network | str | os.PathLike[str] | None, setting: str | None) -> Network:
    """Return the network that `network` and `setting` mean, as `diagnose` takes them."""
    found = network if isinstance(network, Network) else load_network(network)
    return found.in_setting(setting)


def diagnose(
    said: Mapping[str, object] | pd.Series[Any] | None = None,
    /,
    *,
    network: Network | str | os.PathLike[str] | None = None,
    setting: str | None = None,
    **facts: object,
) -> Diagnosis:
    """Return the probability of each cause of a runner's hip pain, given what is known. Exact.

    Parameters
    ----------
    said
        a mapping or a pandas row of facts; the same as keyword arguments, and both may be used.
    network
        a Network, a name or a path (see `load_network`); None is the shipped network.
    setting
        where the runner is seen, an id of the network's `settings` such as "general_practice" or
        "hip_surgery_clinic": the same findings, the causes priced anew (see `Network.in_setting`). None: as the
        tables of the file stand.
    **facts
        ``age`` in years (18 to 90), ``sex`` ("female"/"male", also "f"/"m"), and any background variable, finding
        or red flag of the network: True/1/"yes"/"present" or the name of its present state; False/0/"no"/"absent"
        or the name of its absent state; a float strictly between 0 and 1 for "this sure" (0.7 weighs present to
        absent as 0.7 to 0.3; 0.5 says nothing; not for red flags). None, NaN or leaving it out is *unknown*, which
        is not absent: it is averaged over.

    Returns
    -------
    Diagnosis
        immutable; ``d["gtps"]``, ``d.posterior``, ``d.triage``, ...

    Raises
    ------
    UnknownNameError
        a name that does not exist; the message has the nearest ones.
    ContradictionError
        the same thing said twice, differently (``onset="sudden", gradual_onset=True``).
    EvidenceError
        a value that is not allowed.
    NetworkTooLargeError
        the network has too many causes to enumerate, and the case too many findings for any other exact way.

    Notes
    -----
    P(causes | evidence), all sets of causes considered, in a noisy-OR network whose priors are solved to give
    the published tables back (see networks/README.md), given that at least one cause is present.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True, pain_lying_on_side=True, groin_pain=False)
    >>> d.posterior.index[0], d["gtps"] > 0.7, d.triage.level
    ('gtps', True, 'routine')

    """
    net = network_of(network, setting)
    case = net.vocabulary.read(items_of(said) if said is not None else (), facts.items())
    return Diagnosis(net, case)

"""The plain result of one case: network, case, and the probability of every cause, subtype and group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from hip_bayes.errors import UnknownNameError

from .engine import engine_of
from .evidence import items_of, vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, KeysView, Mapping

    import pandas as pd

    from hip_bayes.network.model import NetworkData

    from .enumeration import Posterior
    from .evidence import Case

T = TypeVar("T")


class Result:
    """The exact posterior of one case under one network. Immutable; what is asked of it is the room `reasoning`."""

    _network: NetworkData
    _case: Case
    _posterior: Posterior

    def __init__(self, network: NetworkData, case: Case) -> None:
        """Compute the posterior of `case` under `network`."""
        vars(self).update(_network=network, _case=case, _posterior=engine_of(network).posterior(case))

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a result does not change."""
        raise AttributeError(
            f"a {type(self).__name__} cannot be changed (tried to set {name!r}); use given(...) for another one"
        )

    def __delattr__(self, name: str) -> None:
        """Refuse: a result does not change."""
        raise AttributeError(
            f"a {type(self).__name__} cannot be changed (tried to delete {name!r}); use given(...) for another one"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle what was asked; the answer is computed again."""
        return type(self), (self._network, self._case)

    def once(self, work: Callable[[Self], T]) -> T:
        """Return ``work(self)``, worked out when first asked for and kept with the result."""
        kept = vars(self).setdefault("_kept", {})
        if work not in kept:  # two threads may both work it out; the first to end is kept for both
            kept.setdefault(work, work(self))
        return cast("T", kept[work])

    @property
    def network(self) -> NetworkData:
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

    def __contains__(self, id_: object) -> bool:
        """Say whether this is the id of a cause."""
        return isinstance(id_, str) and id_ in self._network.causes

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids of the causes in file order."""
        return iter(self._network.causes)

    def __len__(self) -> int:
        """Return the number of causes."""
        return len(self._network.causes)

    def keys(self) -> KeysView[str]:
        """Return the ids of the causes in file order, so that ``dict(d)`` is cause -> probability."""
        return self._network.causes.keys()

    def items(self) -> Iterator[tuple[str, float]]:
        """Iterate over (cause id, probability) in file order."""
        return ((cause, self[cause]) for cause in self._network.causes)

    @property
    def probability(self) -> Mapping[str, float]:
        """P(present | evidence) of every cause, subtype and group, by id."""
        return self._posterior.probability

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
    def main_cause(self) -> pd.Series[float]:
        """P(a cause is the main one of those present | evidence): each set's probability is shared by its members.

        A new pandas Series each time, named "main_cause": index = cause ids including ``other``, high to low. Causes
        may be present together, so `posterior` sums to more than 1, and a common companion can stand before the cause
        of the pain; this sums to 1 (where everyone has a cause) and answers "which one is it", supposing that of causes
        present together each is equally likely the main one.

        Raises
        ------
        NetworkTooLargeError
            the causes are too many to list their sets.

        """
        import pandas as pd

        p = engine_of(self._network).enumeration.main(self._case)
        order = sorted(self._network.causes, key=lambda c: -p[c])
        main = pd.Series({c: p[c] for c in order}, name="main_cause", dtype="float64")
        main.index.name = "cause"
        return main

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
        case = vocabulary_of(self._network).read(said_items, facts.items(), before=self._case)
        return type(self)(self._network, case)

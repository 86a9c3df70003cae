"""The public objects, `Network` and `Diagnosis`, and the functions that make them.

What they say is plain data (`NetworkData` and `Result`, which the rooms below work on). Each verb here is one line to
the room where it is done, which is loaded when the verb is first used.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .inference.arguments import function, of_kind, path_of, threads_of, yes_or_no
from .inference.engine import engine_of
from .inference.evidence import ASKED, Case, items_of, vocabulary_of
from .inference.result import Result
from .network import reading
from .network.model import NetworkData
from .reasoning.triage import advice_of, present_flags, triage_of
from .validation.cases import SUBGROUPS
from .views import jupyter

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    import pandas as pd
    from pgmpy.models import DiscreteBayesianNetwork

    from .cohorts.files import Counts
    from .inference.engine import Engine
    from .inference.evidence import Vocabulary
    from .network.parts import RedFlag
    from .reasoning.fit import Fit
    from .reasoning.questions import Stop
    from .reasoning.triage import Triage
    from .validation.validate import Validation

LOG = logging.getLogger(__name__)

jupyter.register()


@dataclass(frozen=True, eq=False, repr=False)
class Network(NetworkData):
    """A checked diagnostic network and what one can ask of it. Immutable: share it between threads.

    Raises
    ------
    NetworkError
        if the parts do not make a valid network; the error names the key, what was found and what is allowed.

    """

    @property
    def engine(self) -> Engine:
        """The compiled network: solved intercepts and likelihood tables, made once."""
        return engine_of(self)

    @property
    def vocabulary(self) -> Vocabulary:
        """Every name that can be said about a case, and how to read its value."""
        return vocabulary_of(self)

    def diagnose(
        self,
        said: Mapping[str, object] | pd.Series[Any] | None = None,
        /,
        *,
        setting: str | None = None,
        account: str = ASKED,
        **facts: object,
    ) -> Diagnosis:
        """Return the exact posterior of one case under this network; see `hip_bayes.diagnose`."""
        return diagnose(said, network=self, setting=setting, account=account, **facts)

    def diagnose_many(  # noqa: PLR0913 one keyword a choice of the user
        self,
        frame: pd.DataFrame | Sequence[Mapping[str, object]],
        *,
        setting: str | None = None,
        ignore: Iterable[str] = (),
        ignore_others: bool = False,
        code: Mapping[str, Mapping[Any, object]] | None = None,
        missing: Iterable[object] = (),
        columns: Mapping[str, str] | None = None,
        account: str = ASKED,
        with_triage: bool = True,
        threads: int = 1,
    ) -> pd.DataFrame:
        """Return the exact posteriors of a table of cases; see `hip_bayes.diagnose_many`."""
        from .cohorts.columns import Reading
        from .cohorts.table import diagnose_many

        reading = Reading.of(
            ignore=ignore, ignore_others=ignore_others, code=code, missing=missing, columns=columns, account=account
        )
        net, with_triage = self.in_setting(setting), yes_or_no("with_triage", with_triage)
        return diagnose_many(net, frame, reading=reading, with_triage=with_triage, threads=threads)

    def simulate(self, n: int, seed: int | np.random.Generator | None = None, *, account: str = ASKED) -> pd.DataFrame:
        """Draw `n` complete cases with their true causes; see `hip_bayes.validation.simulation.simulate`.

        Raises
        ------
        EvidenceError
            `n` is not a whole number of 1 or more, or so large that the cases would take over 4 GiB; or `seed` is not
            allowed.

        """
        from .validation.simulation import simulate

        return simulate(self, n, seed, account=account)

    def what_if(self, said: Mapping[str, object] | pd.Series[Any] | None = None, /, **changes: object) -> pd.DataFrame:
        """Return how much less (or more) likely each cause would be if modifiable background were changed: do().

        Parameters
        ----------
        said
            age, sex and background of the runner, as `diagnose` takes them; nothing else.
        **changes
            modifiable background -> True or False: what it is made to be.

        Returns
        -------
        pandas.DataFrame
            index = cause ids in file order; risk ratios and preventable shares, never an absolute risk. See
            `hip_bayes.reasoning.what_if.what_if`.

        Raises
        ------
        UnknownNameError
            a name that the network does not have.
        EvidenceError
            nothing is changed, or something that is not modifiable, or to what is neither yes nor no; a finding or
            red flag is said.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.load_network().what_if({"age": 30, "training_spike": True}, training_spike=False)
        >>> bool(table.loc["stress_fracture", "risk_ratio"] < 1)
        True

        """
        from .reasoning.what_if import what_if

        return what_if(self, said, changes)

    def weakest_numbers(
        self, cases: pd.DataFrame, k: int | None = 20, *, level: float = 0.9, ignore: Iterable[str] = ("truth",)
    ) -> pd.DataFrame:
        """Return the judgements that the answers to some cases hang on most: what to measure or look up first.

        Parameters
        ----------
        cases
            as `diagnose_many` takes them.
        k
            how many numbers; None for all that have any influence.
        level
            each number is moved across its own interval of this level.
        ignore
            columns that are not facts; one that the table does not have is no error.

        Returns
        -------
        pandas.DataFrame
            index = path of the number, the most influential first; see
            `hip_bayes.cohorts.weakest_numbers.weakest_numbers`.

        """
        from .cohorts.weakest_numbers import weakest_numbers

        return weakest_numbers(self, cases, k, level=level, ignore=ignore)

    def look_up(self, *names: str) -> pd.DataFrame:
        """Return the numbers and rules that involve all of the given ids, with the citations of their sources.

        Parameters
        ----------
        *names
            ids of causes, subtypes, groups, background, findings, settings, red flags or sources; also "age", "sex", a
            sex or the label of an age band. None: everything.

        Returns
        -------
        pandas.DataFrame
            a row a number or rule; ``citation`` is title, year and address of each source. See
            `hip_bayes.network.provenance.look_up` for the other columns.

        Raises
        ------
        UnknownNameError
            a name that the network does not have; the message has the nearest ones.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.load_network().look_up("gtps", "lateral_pain")
        >>> table["path"].tolist()
        ['findings.lateral_pain.given.gtps']

        """
        from .network.provenance import look_up

        return look_up(self, names)

    def to_pgmpy(self) -> DiscreteBayesianNetwork:
        """Export as a checked pgmpy model with the same posteriors; see `hip_bayes.bridges.pgmpy.to_pgmpy`."""
        from .bridges.pgmpy import to_pgmpy

        return to_pgmpy(self)

    def replace(self, changes: Mapping[str, object]) -> Network:
        """Return a new network with some entries changed, checked as a whole.

        Parameters
        ----------
        changes
            dotted path, as in the TOML file -> new value. Where the path leads to a number, a plain float is its
            new `p` (an odds ratio: its `value`) and the number becomes a judgement that says what it was before;
            a mapping like ``{"p": 0.9, "n": 40, "basis": "measured", "source": "study"}`` changes just those
            fields. Tables by sex and age band go on with both:
            ``causes.gtps.prior.female.40-49``, ``background.high_bmi.prevalence.male.60+``.

        Returns
        -------
        Network
            a new one; this one stays as it is. Its version ends in "+changed" unless the changes give it one.

        Raises
        ------
        UnknownNameError
            a path that leads nowhere.
        NetworkError
            the changed network is not valid.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> net = hb.load_network()
        >>> net.replace({"findings.lateral_pain.given.gtps": 0.8}).findings["lateral_pain"].given["gtps"].p
        0.8

        """
        changed = super().replace(changes)
        _ = changed.engine  # priors without a solution are refused here, not at the first question
        return changed


class Diagnosis(Result):
    """The exact result for one case. Immutable: ask it, or ask `given` for another one.

    ``d["gtps"]`` is the probability of a cause, subtype or group; ``d.posterior`` that of all causes as a pandas
    Series; ``d.red_flags`` and ``d.triage`` stand beside it and come first wherever a Diagnosis is shown.
    """

    _network: Network

    def __init__(self, network: Network, case: Case) -> None:
        """Compute the posterior of `case` under `network`."""
        net = of_kind(Network, "network", network, "a Network, as load_network returns it")
        case = of_kind(Case, "case", case, "the case of a Diagnosis of the same network, d.case")
        for said, known in (
            (case.background, net.background),
            (case.findings, net.findings),
            (case.red_flags, net.red_flags),
        ):
            _ = [known[id_] for id_ in said]  # refuses the case of another network
        super().__init__(net, case)

    @property
    def network(self) -> Network:
        """The network that gave this result."""
        return self._network

    @property
    def red_flags(self) -> tuple[RedFlag, ...]:
        """The red flags that are present, the most pressing first, each with level, reason, action and source."""
        return present_flags(self.network, self.case)

    @property
    def triage(self) -> Triage:
        """How soon to be seen: level, reasons, red flags not cleared, tests to avoid."""
        return triage_of(self)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the numbers alone do not say: that the case fits no cause of the list, if so."""
        from .reasoning.fit import remarks_of

        return remarks_of(self)

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do now: the actions of the triage reasons first, then general advice for that level."""
        return advice_of(self)

    @property
    def prevention(self) -> tuple[str, ...]:
        """How to keep the pain from coming back: the network's general tips."""
        return self.network.prevention

    def sources(self) -> pd.DataFrame:
        """Return the numbers behind this result with their sources, one row a number.

        Columns: path (as `Network.replace` takes it), what (in words), value, n, low and high (of odds ratios), basis,
        source (ids), citation, reason, note. Order and coverage: `hip_bayes.network.provenance.sources_of`.

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.diagnose(age=46, sex="female", lateral_pain=True).sources()
        >>> table["what"][1].startswith("P(Pain on the outside of the hip | ")
        True

        """
        from .reasoning.sources import sources_behind

        return sources_behind(self)

    def explain(self, cause: str | None = None) -> pd.DataFrame:
        """Return what each piece of evidence did to the probability of a cause: Shapley values on the log-odds scale.

        Parameters
        ----------
        cause
            id of a cause, subtype or group; None: the leading cause.

        Returns
        -------
        pandas.DataFrame
            a row a piece of evidence (age, sex, background, findings), index = its id, the weightiest first; see
            `hip_bayes.reasoning.explanation.explain` for the columns. ``contribution`` sums to
            logit P(cause | evidence) - logit P(cause), nothing known; ``attrs["summary"]`` says it in a paragraph, as
            `why` does.

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
        from .reasoning.explanation import explain

        return explain(self, cause)

    def why(self, cause: str | None = None) -> str:
        """Return in a paragraph what speaks for a cause, what against it, and what else explains a finding.

        Parameters
        ----------
        cause
            id of a cause, subtype or group; None: the leading cause.

        Raises
        ------
        UnknownNameError
            there is no such cause, subtype or group.
        NetworkTooLargeError
            even a rough answer would take over half a minute (9e10 operations): too many causes for so much evidence.

        """
        from .reasoning.explanation import why

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
        from .reasoning.explanation import most_probable

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
            index = finding id, best first; see `hip_bayes.reasoning.questions.next_questions` for the columns. Tests
            that could do harm now (``d.triage.avoid``) are not among them.

        Raises
        ------
        UnknownNameError
            there is no such kind, or no such id to skip or to cost something.
        EvidenceError
            `k`, `kinds` or a cost is not allowed.
        NetworkTooLargeError
            too many causes to list their sets, or the questions would take over half a minute (9e10 operations).

        Examples
        --------
        >>> import hip_bayes as hb
        >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True)
        >>> d.next_questions(3, kinds="history").shape
        (3, 8)

        """
        from .reasoning.questions import next_questions

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
        """Say whether to stop asking, why, and if not what to ask; see `hip_bayes.reasoning.questions.enough`.

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
            too many causes to list their sets, or the questions would take over half a minute (9e10 operations).

        Examples
        --------
        >>> import hip_bayes as hb
        >>> bool(hb.diagnose(age=46, sex="female").enough())
        False

        """
        from .reasoning.questions import enough

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
            how many networks to draw, 20 or more, at most so many that they take 4 GiB.
        seed
            the same seed gives the same intervals.
        of
            ids of causes, subtypes or groups; None: the causes, as in `ranking`.

        Returns
        -------
        pandas.DataFrame
            index = these ids; columns ``probability`` (of the network as it stands), ``low``,
            ``high``, ``p_first`` (how often the cause ranks first among the drawn networks). See
            `hip_bayes.reasoning.intervals.intervals`.

        Raises
        ------
        EvidenceError
            `level`, `draws`, `seed` or `of` is not allowed.
        UnknownNameError
            there is no such cause, subtype or group.
        NetworkTooLargeError
            too many causes to list their sets, or 200 draws would take over half a minute (9e10 operations).

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.diagnose(age=46, sex="female", lateral_pain=True).intervals(0.9, draws=50)
        >>> bool(table.loc["gtps", "low"] < table.loc["gtps", "probability"] < table.loc["gtps", "high"])
        True

        """
        from .reasoning.intervals import intervals

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
            index = path of the number, as `Network.replace` takes it; see
            `hip_bayes.reasoning.sensitivity.sensitivity` for the columns and for the smallest change of a single
            number that makes another cause lead.

        Raises
        ------
        EvidenceError
            `level` is not allowed.
        UnknownNameError
            there is no such cause, subtype or group.
        NetworkTooLargeError
            too many causes to list their sets, or the moves would take over half a minute (9e10 operations).

        Examples
        --------
        >>> import hip_bayes as hb
        >>> table = hb.diagnose(age=46, sex="female", lateral_pain=True).sensitivity()
        >>> table.index[0]
        'causes.gtps.prior.female.40-49'

        """
        from .reasoning.sensitivity import sensitivity

        return sensitivity(self, cause, level=level)

    @property
    def fit(self) -> Fit:
        """Whether the case looks like one that this network knows; see `hip_bayes.reasoning.fit.fit`."""
        from .reasoning.fit import fit_of

        return fit_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data (str, float, bool, list, dict) that `json.dumps` takes."""
        from .views.plain_data import as_dict

        return as_dict(self)

    def __str__(self) -> str:
        """Return a table for the terminal, red flags first."""
        from .views.text import as_text

        return as_text(self)

    __repr__ = __str__


def load_network(network: str | os.PathLike[str] | None = None) -> Network:
    """Return a network: the shipped one, one of the shipped ones by name, or one from a TOML file.

    Parameters
    ----------
    network
        None (the shipped network of a runner's hip pain), a name such as ``"hip_pain_runners"``, or the path of a
        file in the format of networks/README.md (anything with a folder in it or ending in ``.toml``).

    Returns
    -------
    Network
        checked as a whole and solved. Immutable; the shipped ones are read once a process.

    Raises
    ------
    NetworkNotFoundError
        there is no such name or file.
    NetworkError
        the file is not a valid network: the message names file, key, what was found and what is allowed.
    NetworkTooLargeError
        (a NetworkError) it is valid, and its priors or tables would take too much: the message has the figures.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> hb.load_network().causes["gtps"].name
    'Greater trochanteric pain syndrome'

    """
    return reading.load(network, _solved)


def _solved(contents: Mapping[str, object]) -> Network:
    """Return the network of a parsed file, solved: a table without a solution is an error of the file."""
    net = reading.read_network(contents, Network)
    _ = net.engine
    return net


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
    account: str = ASKED,
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
    account
        how the case was heard. ``"asked"``: somebody went through the questions, so what is not mentioned is unknown.
        ``"volunteered"``: the runner, or a note, told the story freely. People mention what they have more often than
        what they lack, so not to mention a finding is weak evidence that it is absent, by the network's rates of
        mention (``net.mention``); the word ``"unknown"`` or 0.5 says that it was asked for and is not known. What
        `Diagnosis.given` adds later counts as asked. Silence never lowers the triage level. A story is what is said of
        history and tests: where nothing is, there is none, and nothing is concluded from silence.
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
    told = items_of(said) if said is not None else ()
    return Diagnosis(net, net.vocabulary.read(told, facts.items(), account=account))


def diagnose_many(  # noqa: PLR0913 one keyword a choice of the user
    frame: pd.DataFrame | Sequence[Mapping[str, object]],
    *,
    network: Network | str | os.PathLike[str] | None = None,
    setting: str | None = None,
    ignore: Iterable[str] = (),
    ignore_others: bool = False,
    code: Mapping[str, Mapping[Any, object]] | None = None,
    missing: Iterable[object] = (),
    columns: Mapping[str, str] | None = None,
    account: str = ASKED,
    with_triage: bool = True,
    threads: int = 1,
) -> pd.DataFrame:
    """Return the probability of each cause for every row of a table of cases. Exact.

    Parameters
    ----------
    frame
        a pandas or dask DataFrame: a row a case, a column a fact, values as in `diagnose`; a missing column, None or
        NaN is unknown. Columns may be object, bool, number, category, nullable or Arrow-backed, and be headed by a
        fact's id, name or question, whatever the case, spaces and hyphens. Or a list of mappings, one a case.
    network, setting
        as in `diagnose`.
    ignore
        columns to pass over, such as an identifier, by their exact names; every other column must be a fact.
    ignore_others
        pass over every column that is no fact; one spelt almost like a fact is refused all the same.
    code
        what the codes of a column mean, each of them: ``{"lateral_pain": {1: "no", 2: "yes"}}``. A column of facts with
        a number that no answer can be, such as 2, 7 or -9, is refused without it, and so is a number that is in no
        code where others are. A dask DataFrame is looked through partition by partition, when it is computed.
    missing
        values that stand for nothing in every column, such as ``[-9, 99]``. One that an age may be (77) is refused
        where a column of ages has it, until its `code` says what it is.
    columns
        header -> the fact that it is, where the header does not say it.
    account
        as in `diagnose`, of every row: "volunteered" where rows are stories told freely. An empty cell and a column
        that is not there are silence; the word "unknown" is an answer.
    with_triage
        add the columns "triage" ("urgent", "soon" or "routine") and "red_flags_asked" (how many of the network's red
        flags the row answers with yes or no: as long as not all are, routine means no more than that nothing urgent
        was said). False: the causes alone. A network without rules of urgency has neither.
    threads
        how many threads to compute on, 1 to 1,024.

    Returns
    -------
    pandas.DataFrame
        (for a dask DataFrame a lazy dask DataFrame with the same partitions.) Same index as `frame`, one float64 column
        a cause in file order including ``other``, in [0, 1]; then, unless left out, "triage" (text) and
        "red_flags_asked" (int64). A row's numbers are the same bits in whatever order and
        company the rows come and on however many threads, and those of `diagnose` within 1e-9.

    Raises
    ------
    EvidenceError
        a column or a value that is not allowed, with its row label and column, and how many rows more; a column of
        codes. Nothing is returned then.
    NetworkTooLargeError
        a row has too many findings for a network that is too large to enumerate; the message has the figure.

    Notes
    -----
    The first call in a process imports a compiler and what it compiled before; the very first one compiles.

    """
    return network_of(network, setting).diagnose_many(
        frame,
        ignore=ignore,
        ignore_others=ignore_others,
        code=code,
        missing=missing,
        columns=columns,
        account=account,
        with_triage=with_triage,
        threads=threads,
    )


def diagnose_file(  # noqa: PLR0913 all but the first two are options
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    network: Network | str | os.PathLike[str] | None = None,
    setting: str | None = None,
    ids: Iterable[str] = (),
    ignore: Iterable[str] = (),
    ignore_others: bool = False,
    code: Mapping[str, Mapping[Any, object]] | None = None,
    missing: Iterable[object] = (),
    columns: Mapping[str, str] | None = None,
    account: str = ASKED,
    rejects: str | os.PathLike[str] | None = None,
    threads: int = 1,
    overwrite: bool = False,
    safe_for_spreadsheets: bool = False,
    progress: Callable[[float], object] | None = None,
    notify: Callable[[str], object] = LOG.info,
) -> Counts:
    """Write the exact probability of each cause, and the triage level, for every row of a file of cases.

    Memory is that of 65,536 rows a thread, for Parquet plus one compressed row group, however long the file. The
    parts in the directory ``OUT.parts`` take about as much as `target`, until that is whole. A run that was stopped,
    even killed, goes on after its last finished part when it is started again with the same arguments, and `target`
    comes out the same, byte for byte: parts of another input, network or code, and damaged ones, are made anew.
    `target` and `rejects` may be read by those who may read `source`, the parts by their owner alone.

    Parameters
    ----------
    source
        a .csv, .csv.gz, .tsv, .parquet or .xlsx file, a row a case, a column a fact, headed as in `diagnose_many`.
        Values of Parquet are as in `diagnose_many`, of a workbook those that its first sheet has stored. CSV is text
        with a header, its cells apart by commas, semicolons (then "0,7" is a number), tabs or bars, in UTF-8, UTF-16
        or the encoding of old Windows, all found out from the file; a blank line is no row. Two more header lines, as
        survey exports have, are passed over.
    target
        the .csv or .parquet file to make: the `ids`, a float64 column a cause in file order (in CSV the shortest text
        that reads back to the same float), and "triage"; rows in the order of `source`.
    network, setting
        as in `diagnose`.
    ids
        columns of `source` to pass over and copy, with their text (CSV) or type (Parquet), by their exact names.
    ignore, ignore_others, code, missing, columns, account
        as in `diagnose_many`. Every column is looked through before any row is answered; codes are refused, with
        `rejects` too.
    rejects
        a .csv file for the rows that have no answer: row number from 1, ids, column, value and reason. None stops at
        the first such row.
    threads
        how many to compute with, 1 to 1,024; the results are the same bits for any number.
    overwrite
        replace `target` and `rejects` if they exist.
    safe_for_spreadsheets
        in CSV, put an apostrophe before every id, column name or rejected value that a spreadsheet would take for a
        formula and work out (one that begins with =, +, - or @ and is no number), and quote all text. Left out, what
        was copied is as it was.
    progress
        called after every chunk with the share of `source` read so far, in [0, 1].
    notify
        called with a sentence on what the columns were taken for, and when the parts of an earlier run are used or
        thrown away; logged if left out.

    Returns
    -------
    Counts
        rows read, answered, rejected and, of all these, taken over from an earlier run.

    Raises
    ------
    EvidenceError
        a column that is not a name of the network, or, without `rejects`, a row that has no answer.
    HipBayesError
        a file that cannot be read or written, exists already, or is being written by another run. `target` is then as
        it was before.

    """
    from .cohorts.columns import Reading
    from .cohorts.files import diagnose_file as answer_file

    overwrite = yes_or_no("overwrite", overwrite)
    safe_for_spreadsheets = yes_or_no("safe_for_spreadsheets", safe_for_spreadsheets)
    source, target = path_of("source", source), path_of("target", target)
    rejects = None if rejects is None else path_of("rejects", rejects)
    threads = threads_of(threads)
    progress = None if progress is None else function("progress", progress, "a function of one number, or None")
    notify = function("notify", notify, "a function of one text")
    return answer_file(
        network_of(network, setting),
        source,
        target,
        reading=Reading.of(
            ignore=ignore, ignore_others=ignore_others, code=code, missing=missing, columns=columns, account=account
        ),
        ids=ids,
        rejects=rejects,
        threads=threads,
        overwrite=overwrite,
        safe_for_spreadsheets=safe_for_spreadsheets,
        progress=progress,
        notify=notify,
    )


def validate(  # noqa: PLR0913 all but the first are options
    cases: str | os.PathLike[str] | Iterable[Mapping[str, Any]] | pd.DataFrame,
    *,
    network: Network | str | os.PathLike[str] | None = None,
    truth: str = "truth",
    ks: Sequence[int] = (1, 3),
    bootstrap: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    by: Sequence[str] = SUBGROUPS,
    ignore: Iterable[str] = (),
    account: str = ASKED,
) -> Validation[Network]:
    """Score a network on cases whose causes are known.

    Parameters
    ----------
    cases
        *Coded cases*: the path of a JSONL file, or dicts, with the fields ``age`` (years or null), ``sex``,
        ``findings_present``, ``findings_absent``, ``exam_present``, ``exam_absent`` and ``red_flags`` (lists of ids;
        ``red_flags_absent`` may be there too),
        ``background`` (id -> value), ``diagnosis`` (list of cause or subtype ids; null: unlabelled) and, where the
        diagnosis is not in the list, ``diagnosis_outside_vocabulary`` (its name). What is not mentioned is unknown.
        Facts the network does not know are left out and counted. Other fields (``id``, ``setting``, a source) do not
        matter but can be named in `by`.
        Or a *table*: a DataFrame as `diagnose_many` takes it, with a column of the truth.
    network
        as in `diagnose`; None is the shipped network. For another place of care pass ``net.in_setting(...)``.
    truth
        the DataFrame's column with a cause or subtype id, or a list, tuple or set of them, "other" for a cause outside
        the list; None or NaN is unlabelled. An empty one means no cause, where not everyone has one.
    ks
        accuracies to report: a true cause among the first k.
    bootstrap
        number of resamples, at most so many that their statistics take 4 GiB (over a million); 0 for no intervals.
    level
        of the intervals, between 0 and 1.
    seed
        of the resamples, 0 or more: the same cases and seed give the same intervals.
    by
        facts or fields to report subgroups by; age means the network's age bands.
    ignore
        columns of a DataFrame that are not facts, as in `diagnose_many`; those in `by` need not be named.
    account
        how the cases were heard, as in `diagnose`. Of coded cases told freely the summary is also given (``left_out``)
        under rates of mention estimated on these cases without those of the scored case's cause: cases that the file's
        rates come from must not speak for them.

    Returns
    -------
    Validation

    Raises
    ------
    EvidenceError
        cases that cannot be read or scored, with the case they are in; options that are not allowed.
    UnknownNameError
        a column, subgroup or true cause that does not exist.

    Notes
    -----
    Accuracy, AUROC, Brier score and log loss are over the cases with a true cause in the list, and over its causes
    (`other` is no candidate there). Calibration is over all labelled cases and all causes, for to leave out cases by
    their truth would itself miscalibrate.

    - *accuracy*: causes ranked by posterior; "equal priors" by posterior odds / prior odds, as if all causes had been
      equally likely. Equal ones rank in file order. Right if any true cause is among the first k.
    - *AUROC* of a cause: P(a case with it is given a higher probability than one without), ties counting half
      (Hanley and McNeil, Radiology 143:29, 1982). The macro-AUROC is the mean over the causes that have one.
      *AUROC of other*: P(other) in cases outside the list against cases inside.
    - *Brier score*: mean of (P - truth)^2 over cases and causes = reliability - resolution + uncertainty + within-bin,
      in tenths of the probability scale (Murphy, J Appl Meteorol 12:595, 1973; the last term is what is left over since
      probabilities differ within a bin, Stephenson et al., Weather Forecast 23:752, 2008). *Log loss*: mean of -ln of
      the probability given to what was true.
    - *calibration*: logit P(true) = intercept + slope * logit P, ideally 0 and 1 (Cox, Biometrika 45:562, 1958). A
      slope below 1 means overconfidence.
    - *intervals*: percentiles of the bootstrap over cases (Efron, Ann Stat 7:1, 1979), where the resample determines
      the metric. With a handful of cases they are too narrow.

    Checked against scikit-learn's roc_auc_score, brier_score_loss, log_loss and calibration_curve.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> cases = hb.load_network().simulate(300, seed=1)
    >>> facts = ["age", "sex", "lateral_pain", "groin_pain", "buttock_pain", "limited_internal_rotation"]
    >>> v = hb.validate(cases[[*facts, "truth"]], bootstrap=0)
    >>> bool(v.summary.loc["macro-AUROC", "value"] > 0.6), len(v.by_cause) == len(v.network.causes)
    (True, True)

    """
    from .validation.validate import validate as score

    return score(
        cases,
        network_of(network, None),
        truth=truth,
        ks=ks,
        bootstrap=bootstrap,
        level=level,
        seed=seed,
        by=by,
        ignore=ignore,
        account=account,
    )

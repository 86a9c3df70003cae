"""Where the numbers come from: those behind one result, and those that involve a cause, a finding, a source, ..."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from hip_bayes.errors import UnknownNameError

from .checks import numbers
from .parts import BASES, SEXES, Hazard, Number, OddsRatio

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    import pandas as pd

    from .model import NetworkData
    from .parts import Background, BySexAndBand, Cause, Finding, Mention, Rule, Setting, Source

    Cells = Sequence[tuple[str, str]]

COLUMNS = ("path", "what", "value", "n", "low", "high", "basis", "source", "citation", "reason", "note")
"""Columns of the tables, all of them attributes of an `Entry`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One number or rule of a network, in words, with its provenance.

    Attributes
    ----------
    path
        dotted, as `Network.replace` takes it.
    what
        what it is, such as ``"P(Groin pain | Labral tear alone)"``.
    value
        a probability, an odds ratio, or the threshold of a hazard; NaN for a red flag or pattern.
    n
        the patients a probability is worth; NaN for anything else.
    low, high
        plausible range of an odds ratio; NaN for anything else.
    basis, source, reason, note
        as in the network file; `source` is a tuple of ids.
    citation
        ``"Title (year), address"`` of each source, joined by " | ".
    names
        every id that it involves, its sources among them.

    """

    path: str
    what: str
    value: float
    n: float
    low: float
    high: float
    basis: str
    source: tuple[str, ...]
    citation: str
    reason: str
    note: str
    names: frozenset[str]


def sources_of(
    net: NetworkData, known: Collection[str], *, sex: str | None = None, band: str | None = None
) -> pd.DataFrame:
    """Return the numbers behind a result, one row a number; no other number of the network changes it.

    Parameters
    ----------
    net
        the network.
    known
        ids of the findings and background variables that are known, in the order of the rows.
    sex, band
        of the case, or None where they are unknown.

    Returns
    -------
    pandas.DataFrame
        columns as the attributes of `Entry` (`names` left out), index 0, 1, 2, ... In this order: the known findings
        as in the file, each with its leak, the number of every linked cause or subtype, and what its finding parent
        adds, followed by that parent; the known background, each with its prevalence and odds ratios; the priors,
        odds ratios and subtype shares of the causes, and what the setting multiplies priors by (they are shown
        multiplied); then what is averaged over: the weights of the sex and age cells where there are several, and
        the background that is not known but acts on a cause or shows in a known sign. Tables by sex and age band
        have a row for each cell that the case may be in. Red flags are not among them: they are rules beside the
        numbers (``d.red_flags``).

    Examples
    --------
    >>> import hip_bayes as hb
    >>> d = hb.diagnose(age=46, sex="female", lateral_pain=True)
    >>> d.sources()["path"][0]
    'findings.lateral_pain.leak'
    >>> shares = d.sources()["basis"].value_counts(normalize=True)

    """
    cells = [(s, b) for s in SEXES for b in net.bands if sex in (None, s) and band in (None, b)]
    findings, background = [f for f in known if f in net.findings], [b for b in known if b in net.background]
    acting = {parent for cause in net.causes.values() for parent in cause.odds_ratios}
    acting |= {site for finding in findings for site in net.findings[finding].given}  # seen through its sign
    averaged = [b for b in net.background.values() if b.id in acting and b.id not in background]
    rows = chain(
        *(_of_finding(net, f) for f in _with_parents(net, findings)),
        *(_of_background(net, net.background[b], cells) for b in background),
        *(_of_cause(net, c, cells) for c in net.causes.values()),
        _of_setting(net, net.settings[net.setting]) if net.setting else (),
        _of_weights(net, cells) if len(cells) > 1 else (),
        *(_of_background(net, b, cells) for b in averaged),
    )
    return frame_of(rows)


def look_up(net: NetworkData, names: str | Iterable[str] = ()) -> pd.DataFrame:
    """Return the numbers and rules of a network that involve all of the given names, one row each.

    Parameters
    ----------
    net
        the network.
    names
        ids of causes, subtypes, groups, background, findings (or their aliases), settings, red flags or sources;
        also ``"age"``, ``"sex"``, a sex, or the label of an age band. A cause and a finding give the one number that
        links them, which is the finding's leak where the file has no link; a source, everything that cites it; a
        red flag, its rule. No names: everything.

    Returns
    -------
    pandas.DataFrame
        columns and order as in `sources_of`, then red flags, alarming patterns and hazards; no rows where nothing
        involves all names.

    Raises
    ------
    UnknownNameError
        a name that the network does not have; the message has the nearest ones.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> from hip_bayes.network.provenance import look_up
    >>> look_up(hb.load_network(), ["gtps", "lateral_pain"])["path"].tolist()
    ['findings.lateral_pain.given.gtps']

    """
    return frame_of(entries(net, names))


def entries(net: NetworkData, names: str | Iterable[str] = ()) -> list[Entry]:
    """Return what `look_up` does, without pandas."""
    cells = [(s, b) for s in SEXES for b in net.bands]
    everything = list(
        chain(
            *(_of_finding(net, f) for f in net.findings.values()),
            *(_of_background(net, b, cells) for b in net.background.values()),
            *(_of_cause(net, c, cells) for c in net.causes.values()),
            _of_weights(net, cells),
            *(_of_setting(net, setting) for setting in net.settings.values()),
            *(_of_mention(net, mention) for mention in net.mention.values()),
            _rules(net),
        )
    )
    wanted = [names] if isinstance(names, str) else list(names)
    known = {**dict.fromkeys(net.sources), **dict.fromkeys(name for e in everything for name in sorted(e.names))}
    for name in wanted:
        if not isinstance(name, str) or name not in known:
            where = (
                "allowed: any id of the network; `hip-bayes findings`, `hip-bayes sources` and load_network() list them"
            )
            raise UnknownNameError.among(name, known, what="name", where=where)
    return [e for e in everything if e.names.issuperset(wanted)]


def by_basis(net: NetworkData) -> dict[str, int]:
    """Return how many numbers of a network have each basis, the firmest basis first."""
    count = Counter(number.basis for _, number in numbers(net))
    return {basis: count[basis] for basis in BASES}


def cite(source: Source) -> str:
    """Return a source as ``"Title (year), address"``, saying so where year or address is unknown."""
    year = "year unknown" if source.year == "unknown" else source.year
    return f"{source.title} ({year}), {'address unknown' if source.address == 'unknown' else source.address}"


def frame_of(rows: Iterable[Entry]) -> pd.DataFrame:
    """Return entries as a table, `COLUMNS` its columns."""
    import pandas as pd

    frame = pd.DataFrame([[getattr(e, column) for column in COLUMNS] for e in rows], columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("value", "n", "low", "high"), "float64"))


def _with_parents(net: NetworkData, ids: Iterable[str]) -> list[Finding]:
    """Return the findings, each followed by its parent, the parent's parent, ...; none twice."""
    found: dict[str, Finding] = {}
    for id_ in ids:
        finding = net.findings[id_]
        while finding.id not in found:
            found[finding.id] = finding
            if finding.parent is None:
                break
            finding = net.findings[finding.parent.finding]
    return list(found.values())


# The entries of each part of a network.


def _entry(net: NetworkData, path: str, what: str, item: Number | OddsRatio | Rule, names: Iterable[str]) -> Entry:
    value = n = low = high = math.nan
    if isinstance(item, Number):
        value, n = item.p, item.n
    elif isinstance(item, OddsRatio):
        value, low, high = item.value, item.low, item.high
    elif isinstance(item, Hazard):
        value = item.threshold
    return Entry(
        path=path,
        what=what,
        value=value,
        n=n,
        low=low,
        high=high,
        basis=item.basis,
        source=item.source,
        citation=" | ".join(cite(net.sources[s]) for s in item.source),
        reason=item.reason,
        note=getattr(item, "note", ""),
        names=frozenset((*names, *item.source)),
    )


def _of_finding(net: NetworkData, finding: Finding) -> Iterator[Entry]:
    path = f"findings.{finding.id}"
    present = finding.present
    own = {finding.id, *finding.aliases}
    sign = finding.sign_of(net.background)
    if sign:
        without, unlinked = f"no {net.name_of(sign)}", {sign}
    else:
        linked = {name for site in finding.given for name in (site, *_subtypes(net, site))}
        sites = [s for c in net.causes for s in _subtypes(net, c) or (c,) if s not in linked]
        without, unlinked = "a cause without a link to it", {name for s in sites for name in _involved(net, s)}
    yield _entry(net, f"{path}.leak", f"P({present} | {without})", finding.leak, own | unlinked)
    for site, number in finding.given.items():
        what = f"P({present} | {net.name_of(site)}{'' if sign else ' alone'})"
        yield _entry(net, f"{path}.given.{site}", what, number, own | _involved(net, site))
    if finding.parent:
        parent = net.findings[finding.parent.finding]
        what = f"P({present} because of {parent.present})"
        yield _entry(net, f"{path}.parent.effect", what, finding.parent.effect, {*own, parent.id, *parent.aliases})


def _of_background(net: NetworkData, background: Background, cells: Cells) -> Iterator[Entry]:
    id_ = background.id
    yield from _of_cells(net, f"background.{id_}.prevalence", background.prevalence, cells, id_)
    yield from (_of_odds_ratio(net, cause, id_) for cause in net.causes.values() if id_ in cause.odds_ratios)


def _of_cause(net: NetworkData, cause: Cause, cells: Cells) -> Iterator[Entry]:
    yield from _of_cells(net, f"causes.{cause.id}.prior", cause.prior, cells, cause.id)
    yield from (_of_odds_ratio(net, cause, parent) for parent in cause.odds_ratios if parent in net.causes)
    for subtype in cause.subtypes.values():
        path = f"causes.{cause.id}.subtypes.{subtype.id}.share"
        what = f"P({subtype.name} | {cause.name})"
        yield _entry(net, path, what, subtype.share, _involved(net, subtype.id))


def _of_odds_ratio(net: NetworkData, cause: Cause, parent: str) -> Entry:
    path = f"causes.{cause.id}.odds_ratios.{parent}"
    what = f"odds ratio of {cause.name}, with {net.name_of(parent)} against without"
    return _entry(net, path, what, cause.odds_ratios[parent], _involved(net, cause.id) | _involved(net, parent))


def _of_weights(net: NetworkData, cells: Cells) -> Iterator[Entry]:
    return _of_cells(net, "weights", net.weights, cells)


def _of_cells(net: NetworkData, path: str, table: BySexAndBand, cells: Cells, of: str | None = None) -> Iterator[Entry]:
    """Yield the given cells of a table: P(of | pain, sex, age band), or P(sex, age band | pain) of nothing."""
    pain = ["pain"] if net.everyone_has_a_cause else []
    multiplied = net.settings[net.setting].odds_multipliers if net.setting else ()
    for sex, band in cells:
        if of is None:
            what, names = " | ".join([f"{sex}, {band}", *pain]), set()
        else:
            what, names = f"{net.name_of(of)} | {', '.join([*pain, sex, band])}", _involved(net, of)
        what = f"P({what})" + (", as multiplied" if of in multiplied else "")
        yield _entry(net, f"{path}.{sex}.{band}", what, table[sex][band], names | {"sex", "age", sex, band})


def _of_setting(net: NetworkData, setting: Setting) -> Iterator[Entry]:
    for cause, multiplier in setting.odds_multipliers.items():
        path = f"settings.{setting.id}.odds_multipliers.{cause}"
        what = f"prior odds of {net.name_of(cause)} multiplied, {setting.name}"
        yield _entry(net, path, what, multiplier, {setting.id} | _involved(net, cause))


def _of_mention(net: NetworkData, mention: Mention) -> Iterator[Entry]:
    length = f"story of up to {mention.up_to} findings" if mention.up_to else "longer story"
    for state, rates in (("present", mention.present), ("absent", mention.absent)):
        for kind, number in rates.items():
            what = f"P({kind} finding mentioned | {state}, {length})"
            yield _entry(net, f"mention.{mention.id}.{state}.{kind}", what, number, {mention.id})


def _rules(net: NetworkData) -> Iterator[Entry]:
    for flag in net.red_flags.values():
        what = f"red flag {flag.name}: {flag.level} if present"
        yield _entry(net, f"red_flags.{flag.id}.level", what, flag, {flag.id, *flag.avoid})
    for pattern in net.patterns.values():
        what = f"alarming pattern {pattern.name}: {pattern.level} if present"
        named = {id_ for clause in pattern.all_of for id_ in clause} | {pattern.id, *pattern.avoid, *pattern.cleared_by}
        yield _entry(net, f"patterns.{pattern.id}.level", what, pattern, named)
    for hazard in net.hazards.values():
        of_finding = hazard.of in net.findings
        name = net.name_of(hazard.of)
        what = f"{hazard.level} if {name} is present" if of_finding else f"{hazard.level} from this P({name}) up"
        names = ({hazard.of} if of_finding else _involved(net, hazard.of)) | {hazard.id, *hazard.avoid}
        yield _entry(net, f"hazards.{hazard.id}.threshold", what, hazard, names)


def _subtypes(net: NetworkData, id_: str) -> tuple[str, ...]:
    return tuple(net.causes[id_].subtypes) if id_ in net.causes else ()


def _involved(net: NetworkData, id_: str) -> set[str]:
    """Return a cause with its subtypes and groups, a subtype with its cause and groups, or a background id alone."""
    cause = id_
    if id_ in net.subtype_of:
        cause = net.subtype_of[id_]
    groups = (group.id for group in net.groups.values() if cause in group.members)
    return {id_, cause, *_subtypes(net, id_), *groups}

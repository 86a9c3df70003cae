"""Structural checks of a network: each refuses with the key, what was found and what is allowed."""

from __future__ import annotations

import math
import re
from dataclasses import fields, is_dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from hip_bayes.errors import NetworkError, UnknownNameError, shown

from .kinds import check_kinds
from .parts import BASES, KINDS, LEVELS, NO, RESERVED, SEXES, TOLD, UNKNOWN, YES, BySexAndBand, Number, OddsRatio, Table
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .contents import Contents
    from .parts import Rule

NOT_SHOWN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and line end, separators of lines, halves of characters, and those that turn the direction
of writing (Unicode's UAX 9)."""
LEAST_P, LEAST_N, MOST_N, MOST_RATIO = 1e-300, 1e-6, 1e15, 1e50
"""Least probability, worth of a number in patients, and most that odds are multiplied by, either way: beyond these,
floats have no digits left for what is computed from them."""
MOST_WORRYING = 10
"""Findings: the triage level is looked at with every set of the present ones, up to 1,024 of them."""


def check(net: Contents) -> None:
    """Refuse anything that is not a valid network, with a NetworkError."""
    for one in _CHECKS:
        one(net)


def check_age_range(limits: object) -> None:
    """Refuse age limits that are not two whole numbers of years, the lower first."""
    two = isinstance(limits, (list, tuple)) and len(limits) == 2 and all(type(x) is int for x in limits)
    if not two or not 0 <= limits[0] < limits[1] <= 150:  # type: ignore[index]
        got = list(limits) if isinstance(limits, tuple) else limits
        raise NetworkError(
            f"got {shown(got)}; allowed: two whole numbers of years, the lower first", key="network.age_range"
        )


def numbers(net: Contents) -> Iterator[tuple[str, Number | OddsRatio]]:
    """Yield the path and the value of every number of the network that has a basis."""

    def by_cell(key: str, table: BySexAndBand) -> Iterator[tuple[str, Number]]:
        for sex, row in table.items():
            for band, number in row.items():
                yield f"{key}.{sex}.{band}", number

    yield from by_cell("weights", net.weights)
    for cause in net.causes.values():
        yield from by_cell(f"causes.{cause.id}.prior", cause.prior)
        for parent, ratio in cause.odds_ratios.items():
            yield f"causes.{cause.id}.odds_ratios.{parent}", ratio
        for subtype in cause.subtypes.values():
            yield f"causes.{cause.id}.subtypes.{subtype.id}.share", subtype.share
    for setting in net.settings.values():
        for cause_id, multiplier in setting.odds_multipliers.items():
            yield f"settings.{setting.id}.odds_multipliers.{cause_id}", multiplier
    for mention in net.mention.values():
        for state in ("present", "absent"):
            for kind, number in getattr(mention, state).items():
                yield f"mention.{mention.id}.{state}.{kind}", number
    for background in net.background.values():
        yield from by_cell(f"background.{background.id}.prevalence", background.prevalence)
    for finding in net.findings.values():
        yield f"findings.{finding.id}.leak", finding.leak
        for site, number in finding.given.items():
            yield f"findings.{finding.id}.given.{site}", number
        if finding.parent:
            yield f"findings.{finding.id}.parent.effect", finding.parent.effect


def _check_ids(net: Contents) -> None:
    """Ids are unique over everything a user may name, and none is reserved."""
    named = [("causes", net.causes), ("groups", net.groups), ("background", net.background)]
    named += [("findings", net.findings), ("red_flags", net.red_flags)]
    seen = dict.fromkeys(RESERVED, "a reserved word")
    ids = [(f"{section}.{id_}", id_) for section, table in named for id_ in table]
    ids += [(f"causes.{c}.subtypes.{s}", s) for s, c in net.subtype_of.items()]
    ids += [(f"findings.{f.id}.aliases.{a}", a) for f in net.findings.values() for a in f.aliases]
    for key, id_ in ids:
        if not re.fullmatch("[a-z][a-z0-9_]*", id_):
            raise NetworkError(
                f"the id {shown(id_)} is not snake_case; allowed: a-z, 0-9 and _, a letter first", key=key
            )
        if id_ in seen:
            raise NetworkError(f"the id {id_!r} is already {seen[id_]}; choose another", key=key)
        seen[id_] = f"used at {key}"
    if not net.causes:
        raise NetworkError("a network needs at least one cause", key="causes")


def _check_texts(net: Contents) -> None:
    """No text that somebody is to read is empty, or has in it what a terminal obeys instead of showing."""
    parts: list[tuple[str, Any]] = [("network", net), *(("advice", advice) for advice in net.advice)]
    for section in fields(net):
        table = getattr(net, section.name)
        if isinstance(table, Table):
            parts += [(f"{section.name}.{id_}", part) for id_, part in table.items() if is_dataclass(part)]
    parts += [(f"causes.{c.id}.subtypes.{s.id}", s) for c in net.causes.values() for s in c.subtypes.values()]
    for key, part in parts:
        for field in fields(part):
            if field.name == "id" and part is not net:
                continue  # checked with the other ids
            said = getattr(part, field.name)
            if isinstance(said, str) and not said.strip():
                raise NetworkError("got an empty text; allowed: some text", key=f"{key}.{field.name}")
            for text in said if isinstance(said, tuple) else (said,):
                _refuse_control(text, f"{key}.{field.name}")
    for key, number in numbers(net):
        for field in fields(number):
            _refuse_control(getattr(number, field.name), f"{key}.{field.name}")


def _refuse_control(text: object, key: str) -> None:
    """Refuse control characters and those that turn the direction of writing: a text is to be what it looks like."""
    found = NOT_SHOWN.search(text) if isinstance(text, str) else None
    if found:
        raise NetworkError(
            f"got {shown(ascii(text))}, with the character U+{ord(found[0]):04X}; allowed: a text without control "
            "characters or marks of direction",
            key=key,
        )


def _check_sources(net: Contents) -> None:
    """Let a source have a year and an address, or say that they are unknown."""
    for source in net.sources.values():
        key, year = f"sources.{source.id}", source.year
        if not ((isinstance(year, str) and year == "unknown") or (type(year) is int and 1800 <= year <= 2100)):
            raise NetworkError(f"got {shown(year)}; allowed: a year like 2016, or 'unknown'", key=f"{key}.year")
        if source.address != "unknown" and not source.address.startswith(("https://", "http://")):
            raise NetworkError(f"got {shown(source.address)}; allowed: a URL or 'unknown'", key=f"{key}.address")


def _check_bands(net: Contents) -> None:
    """Age bands are contiguous from the lower to the upper age limit."""
    check_age_range(net.age_range)
    low, high = net.age_range
    edge = low
    for band in net.bands.values():
        if band.low != edge or band.high <= band.low:
            raise NetworkError(
                f"band {shown(band.label)} runs from {shown(band.low)}, expected to start at {shown(edge)}: "
                f"bands must be contiguous and start at age_range[0]",
                key="network.age_bands",
            )
        edge = band.high
    if edge <= high:
        raise NetworkError(
            f"the bands end at {edge - 1}, the age range at {high}; end with a band like '60+'",
            key="network.age_bands",
        )


def _check_numbers(net: Contents) -> None:
    """Each number is in range and says where it comes from."""
    for key, number in numbers(net):
        if isinstance(number, Number):
            if not LEAST_P <= number.p < 1:
                raise NetworkError(
                    f"p is {shown(number.p)}; allowed: strictly between 0 and 1, and {LEAST_P:g} at least", key=key
                )
            if not LEAST_N <= number.n <= MOST_N:
                raise NetworkError(
                    f"n is {shown(number.n)}; allowed: a number of patients above 0, from {LEAST_N:g} to {MOST_N:g}",
                    key=key,
                )
        elif not 1 / MOST_RATIO <= number.low <= number.value <= number.high <= MOST_RATIO:
            raise NetworkError(
                f"value {shown(number.value)} with range {shown(number.low)} to {shown(number.high)}; "
                f"allowed: 0 < low <= value <= high, from {1 / MOST_RATIO:g} to {MOST_RATIO:g}",
                key=key,
            )
        _check_provenance(net, key, number.basis, number.source, number.reason)
    for section, rules in _rules(net):
        for rule in rules.values():
            key = f"{section}.{rule.id}"
            _check_provenance(net, key, rule.basis, rule.source, rule.reason)
            _check_choice(key + ".level", rule.level, LEVELS[:-1])


def _check_provenance(net: Contents, key: str, basis: str, source: tuple[str, ...], reason: str) -> None:
    _check_choice(key + ".basis", basis, BASES)
    if basis == "judgement" and not reason.strip():
        raise NetworkError("a judgement needs a reason in one line", key=key)
    if basis != "judgement" and not source:
        raise NetworkError(f"basis {shown(basis)} needs a source; or call it a judgement and give a reason", key=key)
    for id_ in source:
        _check_known(key + ".source", id_, net.sources, "source")


def _check_sums(net: Contents) -> None:
    """Weights and subtype shares sum to 1, priors of a cell to more than 1."""
    total = math.fsum(number.p for row in net.weights.values() for number in row.values())
    if abs(total - 1) > 1e-9:
        raise NetworkError(f"the weights sum to {total:.10g}; allowed: 1", key="network.weights")
    for cause in net.causes.values():
        if cause.subtypes:
            total = math.fsum(s.share.p for s in cause.subtypes.values())
            if abs(total - 1) > 1e-9:
                raise NetworkError(f"the shares sum to {total:.10g}; allowed: 1", key=f"causes.{cause.id}.subtypes")
    if net.everyone_has_a_cause:
        for sex in SEXES:
            for band in net.bands:
                total = math.fsum(c.prior[sex][band].p for c in net.causes.values())
                if total <= 1:
                    raise NetworkError(
                        f"the priors of {sex} {band} sum to {total:.6g}, so not everyone can have a cause; allowed: "
                        "more than 1 (raise them, add a cause `other`, or set everyone_has_a_cause = false)",
                        key="causes.*.prior",
                    )


def _check_references(net: Contents) -> None:
    """Whatever one part says of another exists."""
    sites = {**dict.fromkeys(net.causes), **dict.fromkeys(net.subtype_of)}
    for cause in net.causes.values():
        parents = [*net.background, *(c for c in net.causes if c != cause.id)]
        for parent in cause.odds_ratios:
            _check_known(f"causes.{cause.id}.odds_ratios", parent, parents, "background variable or other cause")
        if len(cause.subtypes) == 1:
            raise NetworkError(
                "there is one subtype; allowed: none, or two and more", key=f"causes.{cause.id}.subtypes"
            )
    for background in net.background.values():
        for tip in background.prevention:
            _check_known(f"background.{background.id}.prevention", tip, net.prevention, "tip of network.prevention")
    for group in net.groups.values():
        for member in group.members:
            _check_known(f"groups.{group.id}.members", member, net.causes, "cause")
        if not group.members:
            raise NetworkError("got no members; allowed: at least one cause", key=f"groups.{group.id}.members")
    for finding in net.findings.values():
        key = f"findings.{finding.id}"
        _check_choice(key + ".kind", finding.kind, KINDS)
        sign = finding.sign_of(net.background) is not None
        for site in finding.given:
            known, what = (net.background, "background variable") if sign else (sites, "cause or subtype")
            _check_known(key + ".given", site, known, what)
            if net.subtype_of.get(site) in finding.given:
                raise NetworkError(
                    f"both {net.subtype_of[site]!r} and its subtype {site!r} are given; allowed: one of the two",
                    key=key + ".given",
                )
        if len(finding.states) != 2:
            raise NetworkError(
                f"got {counted(len(finding.states), 'state')}; allowed: two, absent first", key=key + ".states"
            )
        absent, present = (state.lower() for state in finding.states)
        if absent == present or absent in (*YES, *UNKNOWN) or present in (*NO, *UNKNOWN):
            raise NetworkError(
                f"got {shown(finding.states)}; allowed: two different names, the first meaning absent, the "
                "second present",
                key=key + ".states",
            )
        for alias, state in finding.aliases.items():
            _check_known(f"{key}.aliases.{alias}", state, finding.states, "state")
        if finding.sex is not None:
            _check_choice(key + ".sex", finding.sex, SEXES)
            if not sign:
                raise NetworkError("only the sign of a background variable can be of one sex", key=key + ".sex")
        if finding.parent:
            _check_known(key + ".parent.finding", finding.parent.finding, net.findings, "finding")
        if finding.site and finding.kind != "history":
            raise NetworkError(f"it is {finding.kind}; allowed: history, which tells where it hurts", key=key + ".site")
        for id_ in finding.vague:
            _check_known(key + ".vague", id_, net.findings, "finding")
    taken: dict[tuple[str, str], str] = {}
    for mechanism in net.mechanisms.values():
        key = f"mechanisms.{mechanism.id}"
        for finding_id in mechanism.findings:
            _check_known(key + ".findings", finding_id, net.findings, "finding")
        for cause_id in mechanism.causes:
            _check_known(key + ".causes", cause_id, net.causes, "cause")
            for finding_id in mechanism.findings:
                other = taken.setdefault((cause_id, finding_id), mechanism.id)
                if other != mechanism.id:
                    raise NetworkError(
                        f"{cause_id!r} already acts on {finding_id!r} through the mechanism {other!r}", key=key
                    )
    for hazard in net.hazards.values():
        _check_known(f"hazards.{hazard.id}.of", hazard.of, {**sites, **net.findings}, "cause, subtype or finding")
        if not 0 < hazard.threshold < 1:
            raise NetworkError(
                f"got {shown(hazard.threshold)}; allowed: strictly between 0 and 1",
                key=f"hazards.{hazard.id}.threshold",
            )
    for section, rules in _rules(net):
        for rule in rules.values():
            for finding_id in rule.avoid:
                _check_known(f"{section}.{rule.id}.avoid", finding_id, net.findings, "finding")
    for advice in net.advice:
        for level in advice.levels:
            _check_choice("advice.levels", level, LEVELS)


def _rules(net: Contents) -> tuple[tuple[str, Mapping[str, Rule]], ...]:
    """Return the sections of rules about urgency."""
    return ("red_flags", net.red_flags), ("hazards", net.hazards), ("patterns", net.patterns)


def _check_triage(net: Contents) -> None:
    """Let alarming patterns be of what can be known, be ended by imaging alone, and few findings be worrying."""
    worrying = [f.id for f in net.findings.values() if f.worrying]
    if len(worrying) > MOST_WORRYING:
        raise NetworkError(
            f"{len(worrying)} findings are worrying; allowed: at most {MOST_WORRYING}, because the triage level is "
            "looked at with every set of them",
            key=f"findings.{worrying[-1]}.worrying",
        )
    avoided = {f for _, rules in _rules(net) for rule in rules.values() for f in rule.avoid}
    for pattern in net.patterns.values():
        key = f"patterns.{pattern.id}"
        if not pattern.all_of:
            raise NetworkError("got an empty list; allowed: a list of lists of ids", key=key + ".all_of")
        for id_ in (id_ for clause in pattern.all_of for id_ in clause):
            _check_known(key + ".all_of", id_, (*net.findings, *net.background), "finding or background variable")
        for band in pattern.bands:
            _check_known(key + ".bands", band, net.bands, "age band")
        for id_ in pattern.cleared_by:
            _check_known(key + ".cleared_by", id_, net.findings, "finding")
            if net.findings[id_].kind != "imaging":
                raise NetworkError(
                    f"{id_!r} is {net.findings[id_].kind}; allowed: imaging, which alone ends an alarm",
                    key=key + ".cleared_by",
                )
            if id_ in avoided:
                raise NetworkError(
                    f"{id_!r} is in an `avoid`, so its absence never counts for the level; allowed: any other imaging",
                    key=key + ".cleared_by",
                )


def _check_signs(net: Contents) -> None:
    """Let a finding that is the sign of a background variable depend on that one alone."""
    parents = {f.parent.finding for f in net.findings.values() if f.parent}
    shared = {f for mechanism in net.mechanisms.values() for f in mechanism.findings}
    for finding in net.findings.values():
        if finding.sign_of(net.background) and (
            len(finding.given) > 1 or finding.parent or finding.id in parents or finding.id in shared
        ):
            raise NetworkError(
                f"{finding.id!r} is the sign of a background variable and has other links; allowed: that one variable "
                "alone, no parent finding, no child finding, no mechanism",
                key=f"findings.{finding.id}.given",
            )


def _check_settings(net: Contents) -> None:
    """Where a runner is seen changes the priors of causes that exist."""
    if net.setting is not None:
        _check_known("setting", net.setting, net.settings, "setting")
    for setting in net.settings.values():
        for cause in setting.odds_multipliers:
            _check_known(f"settings.{setting.id}.odds_multipliers", cause, net.causes, "cause")


def _check_mention(net: Contents) -> None:
    """Stories are told apart by their length, and what is there is told more freely than what is not."""
    *shorter, last = net.mention.values() or (None,)
    lengths = [m.up_to or 0 for m in shorter if m]
    rising = all(n > before for n, before in zip(lengths, [0, *lengths], strict=False))
    if not rising or (last and last.up_to is not None):
        got = ", ".join(str(m.up_to or "any length") for m in net.mention.values())
        raise NetworkError(f"got {got}; allowed: up_to rises from 1, and the last has none", key="mention.*.up_to")
    for mention in net.mention.values():
        for state in ("present", "absent"):
            if tuple(getattr(mention, state)) != TOLD:
                raise NetworkError(
                    f"allowed: a rate for each of {', '.join(TOLD)}", key=f"mention.{mention.id}.{state}"
                )
        for kind in TOLD:
            present, absent = mention.present[kind].p, mention.absent[kind].p
            if absent > present:
                raise NetworkError(
                    f"p is {absent:g}, above the {present:g} of what is present; allowed: at most that (people mention "
                    "what they have more often than what they lack)",
                    key=f"mention.{mention.id}.absent.{kind}",
                )


def _check_cycles(net: Contents) -> None:
    """Neither causes nor findings may be their own ancestor."""
    causes = {c.id: [p for p in c.odds_ratios if p in net.causes] for c in net.causes.values()}
    findings = {f.id: [f.parent.finding] if f.parent else [] for f in net.findings.values()}
    for section, parents, field_name in (("causes", causes, "odds_ratios"), ("findings", findings, "parent")):
        try:
            TopologicalSorter(parents).prepare()
        except CycleError as error:
            cycle = error.args[1]
            raise NetworkError(
                f"a cycle: {' -> '.join(cycle)}; allowed: no {section[:-1]} may be its own ancestor",
                key=f"{section}.{cycle[0]}.{field_name}",
            ) from None


def _check_leaks(net: Contents) -> None:
    """No cause makes a finding rarer than having no linked cause does."""
    for finding in net.findings.values():
        for site, number in finding.given.items():
            if number.p < finding.leak.p:
                raise NetworkError(
                    f"p is {number.p:g}, below the leak {finding.leak.p:g}; allowed: at least the leak "
                    "(raise p or lower the leak: a cause can only make a finding likelier)",
                    key=f"findings.{finding.id}.given.{site}",
                )


def _check_choice(key: str, value: str, allowed: Iterable[str]) -> None:
    if value not in tuple(allowed):
        raise NetworkError(f"got {shown(value)}; allowed: {', '.join(allowed)}", key=key)


def _check_known(key: str, id_: str, known: Iterable[str], what: str) -> None:
    known = tuple(known)
    if id_ not in known:
        message = UnknownNameError.among(id_, known, what=what, where=f"allowed: one of {len(known)}").message
        raise NetworkError(message, key=key)


_CHECKS: tuple[Callable[[Contents], None], ...] = (
    check_kinds,
    _check_texts,
    _check_ids,
    _check_sources,
    _check_bands,
    _check_references,
    _check_triage,
    _check_cycles,
    _check_signs,
    _check_settings,
    _check_mention,
    _check_numbers,
    _check_sums,
    _check_leaks,
)

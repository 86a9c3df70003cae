"""How results and networks look in a notebook: HTML without scripts or outside resources, every string escaped.

Colours, where there are any, stand on white and on black; nothing is told by a colour or a length alone.
"""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from hip_bayes.inference.engine import MAX_OPERATIONS, engine_of
from hip_bayes.inference.in_words import said
from hip_bayes.network.parts import KINDS, SEXES, Number, OddsRatio
from hip_bayes.network.provenance import by_basis
from hip_bayes.network.wording import DISCLAIMER, between, counted, factor, percent
from hip_bayes.reasoning.explanation import SMALL, explain
from hip_bayes.reasoning.explanation import operations as of_reasons
from hip_bayes.reasoning.fit import fit_of, remarks_of
from hip_bayes.reasoning.fit import operations as of_fit
from hip_bayes.reasoning.intervals import intervals
from hip_bayes.reasoning.intervals import operations as of_intervals
from hip_bayes.reasoning.questions import askable, next_questions
from hip_bayes.reasoning.questions import operations as of_questions
from hip_bayes.reasoning.triage import advice_of, triage_of

from .text import known_by_name, network_line
from .triage_banner import avoided, cleared, headline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from hip_bayes.inference.result import Result
    from hip_bayes.network.model import NetworkData
    from hip_bayes.network.parts import Background, BySexAndBand, Cause, Finding

    Row = tuple[str, Number | OddsRatio]

LEVEL, DRAWS = 0.9, 200
"""The credible intervals shown: enough networks drawn to see how wide they are, few enough not to wait for them."""
MOST_STATES = 2**16
"""Of a network with more joint states the probabilities alone are shown: the rest would take seconds."""
INTERVALS, FIT, REASONS, QUESTIONS = "intervals", "whether the case fits", "reasons", "what to ask next"
PARTS = {INTERVALS: "d.intervals()", FIT: "d.fit", REASONS: "d.explain()", QUESTIONS: "d.next_questions()"}
"""What of a page may take long, and what works it out."""
MOST_PIECES = 11
"""With more pieces of evidence the reasons for a cause are not worked out here: that would take half a second."""

RESULT_STYLE = """
.hip-bayes{font:14px/1.45 system-ui,sans-serif;max-width:56em;color:inherit}
.hip-bayes p,.hip-bayes details{margin:.35em 0}
.hip-bayes ul{margin:.2em 0 .4em 1.2em;padding:0}
.hip-bayes summary{cursor:pointer}
.hip-bayes .level{font-weight:600;padding:.3em .7em;border-left:.4em solid;margin:.2em 0 .4em}
.hip-bayes .urgent{border-color:#d32f2f}.hip-bayes .soon{border-color:#b26a00}.hip-bayes .routine{border-color:#388e3c}
.hip-bayes .unasked{border-color:#808080}
.hip-bayes.hip-bayes code{font-size:.85em;background:none;padding:0;color:inherit;opacity:.8;overflow-wrap:anywhere}
.hip-bayes small{font-size:.85em;opacity:.85}.hip-bayes.hip-bayes small code{font-size:1em;opacity:1}
.hip-bayes .wide{overflow-x:auto}
.hip-bayes table.hip-bayes-table{font:inherit;border-collapse:collapse;table-layout:auto;width:100%;margin:.4em 0}
.hip-bayes table.hip-bayes-table :is(td,th){padding:.15em .7em .15em 0;text-align:left;vertical-align:top;
border:0;background:none;color:inherit;white-space:normal;line-height:1.4}
.hip-bayes table.hip-bayes-table tr{background:none}.hip-bayes table.hip-bayes-table th{font-weight:600}
.hip-bayes table.hip-bayes-table .head th{padding-top:.7em;border-bottom:1px solid #808080}
.hip-bayes table.hip-bayes-table .number{text-align:right;font-variant-numeric:tabular-nums}
.hip-bayes table.hip-bayes-table .number{white-space:nowrap}
@media (max-width:600px){.hip-bayes table.hip-bayes-table th.number{white-space:normal}}
.hip-bayes table.hip-bayes-table .bars{width:34%;min-width:5em;padding:.15em .2em}
.hip-bayes table.hip-bayes-table .from{padding:0 0 .5em 1em}
.hip-bayes .bar{position:relative;height:.9em;margin-top:.25em;background:rgba(128,128,128,.15)}
.hip-bayes .bar span{position:absolute;top:0;bottom:0;display:block}
.hip-bayes .p{left:0;background:#0072b2;border-radius:2px;min-width:2px}
.hip-bayes .interval{border:solid currentColor;border-width:0 2px;margin:0 -1px}
.hip-bayes .interval span{left:0;right:0;top:50%;bottom:auto;border-top:2px solid;margin-top:-1px}
.hip-bayes .bar .before{top:-.15em;bottom:-.15em;border-left:2px dotted}
.hip-bayes .chip{display:inline-block;border:1px solid #808080;border-radius:.9em;padding:0 .6em;
margin:.1em .25em .1em 0;max-width:100%;box-sizing:border-box}
.hip-bayes .against{border-style:dashed}
.hip-bayes .shares{display:flex;height:1em;gap:2px;margin:.3em 0}
.hip-bayes .shares span,.hip-bayes .key{border:1px solid #808080;box-sizing:border-box;min-width:3px}
.hip-bayes .key{display:inline-block;width:.8em;height:.8em;margin:0 .35em 0 .9em}
.hip-bayes .key:first-child{margin-left:0}
.hip-bayes .s0{background:#0072b2}.hip-bayes .s1{background:rgba(0,114,178,.65)}
.hip-bayes .s2{background:rgba(0,114,178,.35)}.hip-bayes .s3{background:none}
""".replace("\n", "")


class Html(str):
    """Text that is HTML already; `tag` escapes any other."""

    __slots__ = ()


def tag(name: str, *inside: str, class_: str = "", **attributes: str) -> Html:
    """Return an element; what is inside is escaped unless it is Html, attributes always are."""
    if class_:
        attributes["class"] = class_
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{written}>{_joined(*inside)}</{name}>")


def _joined(*parts: str) -> Html:
    """Return texts and elements one after the other, the texts escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def _list(items: Iterable[Html]) -> Html:
    return tag("ul", *(tag("li", item) for item in items))


def _folded(summary: str, *inside: str) -> Html:
    return tag("details", tag("summary", summary), *inside)


def table_of(*rows: Html) -> Html:
    """Return rows as a table that scrolls sideways where it is too wide."""
    return tag("div", tag("table", *rows, class_="hip-bayes-table"), class_="wide")


def _page(*parts: str) -> str:
    return str(_joined(tag("style", Html(RESULT_STYLE)), tag("div", *parts, class_="hip-bayes mathjax_ignore")))


def _named(name: str, id_: str) -> Html:
    return _joined(name, " ", tag("code", id_))


def bar_of(p: float, *more: Html, title: str = "") -> Html:
    """Return a bar from 0 to 1 with marks on it; what it shows stands beside it as text too."""
    about = {"title": title} if title else {}
    return tag("div", tag("span", class_="p", style=f"width:{100 * p:.2f}%"), *more, class_="bar", **about)


# ------------------------------------------------------------------------------------------------------ a result


def of_diagnosis(d: Result) -> str:
    """Return a result as an HTML fragment: red flags, causes, what speaks for the likeliest, what to ask next.

    Exact but for the intervals: those of ``d.intervals(LEVEL, draws=DRAWS)``. Where a network is too large to list its
    sets of causes, or lists more than `MOST_STATES`, what needs that list is left out, and of any network what would
    take more than `MAX_OPERATIONS`: the page says what and why. The reasons for a cause are left out too where there
    are more than `MOST_PIECES` pieces of evidence.
    """
    slow = _slow(d)
    return _page(
        *urgency(d),
        tag("p", tag("b", "Known: "), known_by_name(d)),
        *_causes(d, None if INTERVALS in slow else intervals(d, LEVEL, draws=DRAWS)[["low", "high"]]),
        *(tag("p", tag("b", remark)) for remark in remarks_of(d)),
        *((tag("p", fit_of(d).sentence),) if FIT not in slow and fit_of(d).outside else ()),
        *(() if REASONS in slow else _reasons(d)),
        *(() if QUESTIONS in slow else _next_questions(d)),
        *((tag("p", tag("small", _left_out(d.network, slow))),) if slow else ()),
        *what_to_do(d),
        tag("p", tag("small", network_line(d))),
    )


def quick(net: NetworkData, operations: float) -> bool:
    """Say whether what takes so many operations is worked out while a page of a result is made."""
    engine = engine_of(net)
    return engine.enumerable and engine.states <= MOST_STATES and operations <= MAX_OPERATIONS


def _slow(d: Result) -> list[str]:
    """Return what is left out of the page of a result, because it would take seconds."""
    net = d.network
    if not quick(net, 0):
        return [*PARTS]
    takes = {
        INTERVALS: of_intervals(d, DRAWS),
        FIT: of_fit(d),
        REASONS: 0.0 if pieces_of(d) > MOST_PIECES else of_reasons(d),
        QUESTIONS: of_questions(net, d.case, askable(d)),
    }
    return [part for part, operations in takes.items() if not quick(net, operations)]


def _left_out(net: NetworkData, slow: list[str]) -> Html:
    """Return what a page does not show, and why, as a sentence."""
    engine = engine_of(net)
    mixed = f", {engine.mixed:,} states of shared background" if engine.mixed > 1 else ""
    calls = (tag("code", PARTS[part]) for part in slow)
    of = f"with {len(net.causes)} causes ({float(engine.states):.2g} joint states{mixed}) they may take long: "
    named = [piece for part, call in zip(slow, calls, strict=True) for piece in (f"{part} (", call, "), ")]
    return _joined("Left out of this page, because ", of, *named[:-1], ").")


def urgency(d: Result) -> Iterator[Html]:
    """Yield the triage level, its reasons, what was not asked and what not to test: first on every page."""
    net, triage = d.network, triage_of(d)
    yield tag("div", headline(d), class_=f"level {triage.level}{'' if cleared(d) else ' unasked'}")
    if triage.reasons:
        yield _list(
            _joined(tag("b", r.name), f": {r.reason}. ", *([tag("b", r.action)] if r.action else []))
            for r in triage.reasons
        )
    if triage.avoid:
        yield tag("p", tag("b", avoided(d)))
    if triage.not_cleared:
        flags = [net.red_flags[f] for f in triage.not_cleared]
        summary = f"Not asked, so not cleared: {len(flags)} of {len(net.red_flags)} red flags"
        yield _folded(
            summary, _list(_joined(tag("b", f.name), ": ", f.question, " ", tag("code", f.id)) for f in flags)
        )


def what_to_do(d: Result) -> Iterator[Html]:
    """Yield the advice for the result, folded, if there is any."""
    if advice_of(d):
        yield _folded("What to do", _list(tag("span", line) for line in advice_of(d)))


def _causes(d: Result, intervals: pd.DataFrame | None) -> Iterator[Html]:
    net, case = d.network, d.case
    people = [what for what, value in (("age", case.band), ("sex", case.sex)) if value]
    before = engine_of(net).posterior(case.people).probability
    when = f"before anything{' but ' if people else ''}{' and '.join(people)} was known"
    moved = bool(case.background or case.findings)  # else the mark would stand at the end of every bar
    ends = {} if intervals is None else {str(c): (low, high) for c, low, high in intervals.itertuples()}
    head = [tag("th", "Cause"), tag("th", "P", class_="number")]
    if ends:
        head.append(tag("th", f"{LEVEL:.0%} interval", class_="number"))
    rows = [tag("tr", *head, tag("th"))]
    for id_ in d.ranking:
        cells = [tag("td", _named(net.name_of(id_), id_)), tag("td", percent(d[id_]), class_="number")]
        marks, title = [], percent(d[id_])
        if ends:
            low, high = ends[id_]
            cells.append(tag("td", between(low, high), class_="number"))
            place = f"left:{100 * low:.2f}%;width:{100 * (high - low):.2f}%"
            marks.append(tag("span", tag("span"), class_="interval", style=place))
            title += f", {LEVEL:.0%} interval {between(low, high)}"
        if moved:
            marks.append(tag("span", class_="before", style=f"left:{100 * before[id_]:.2f}%"))
            title += f"; {percent(before[id_])} {when}"
        rows.append(tag("tr", *cells, tag("td", bar_of(d[id_], *marks, title=title), class_="bars")))
    yield table_of(*rows)
    legend = ["Causes can be present together, so they need not sum to 1."] if len(net.causes) > 1 else []
    if ends:
        legend.append(
            f"The line across a bar is the interval ({DRAWS} draws): how far P could move because the network's "
            "numbers are not known exactly, were its structure right."
        )
    if moved:
        legend.append(f"The dotted mark is the probability {when}.")
    yield tag("p", tag("small", " ".join(legend)))


def pieces_of(d: Result) -> int:
    """Return how many pieces of evidence there are to explain."""
    case = d.case
    known = (case.band is not None, case.sex is not None, bool(case.silence.about))
    return len(case.background) + len(case.findings) + sum(known)


def _reasons(d: Result) -> Iterator[Html]:
    first, *rest = d.ranking[:3]
    if pieces_of(d) > MOST_PIECES:
        call = tag("code", f'd.why("{first}")')
        yield tag(
            "p", tag("small", "What speaks for a cause and what against it: ", call, " (it takes a second or more).")
        )
    elif pieces_of(d):
        yield _for_and_against(d, first)
        if rest:
            names = " and ".join(f"{d.network.name_of(c)} ({percent(d[c])})" for c in rest)
            yield _folded(f"The same for {names}", *(_for_and_against(d, c) for c in rest))
        shared = "Starting from nothing known, the odds of a cause are multiplied by that much"
        shared += "; where pieces of evidence overlap, they share it: " if pieces_of(d) > 1 else ": "
        yield tag("p", tag("small", shared, tag("code", f'd.explain("{first}")'), " has the numbers."))


def _for_and_against(d: Result, cause: str) -> Html:
    """Return what speaks for a cause and what against it: `d.explain`, the weightiest first."""
    net, table = d.network, explain(d, cause)
    lines = []
    for direction, sign in (("for", "+"), ("against", "\N{MINUS SIGN}")):
        here = table[table["direction"] == direction]
        weighty = here[here["contribution"].abs() >= SMALL]
        chips = []
        for id_, piece in weighty.iterrows():
            also = f"; {net.name_of(piece['explained_by'])} explains it too" if piece["explained_by"] else ""
            odds = tag("small", f"({factor(piece['contribution'])}{also})")
            chips.append(tag("span", f"{sign} {said(net, str(id_), piece['said'])} ", odds, class_=f"chip {direction}"))
        if more := len(here) - len(weighty):
            chips.append(tag("small", f"and {more} smaller" if chips else f"{more} small"))
        lines.append(tag("div", f"{direction.capitalize()}: ", *chips, "" if chips else "nothing"))
    return tag("div", tag("p", tag("b", net.name_of(cause)), f", {percent(d[cause])}"), *lines)


def _next_questions(d: Result) -> Iterator[Html]:
    """Yield the best question of each kind: what is asked, what is examined and what is imaged cost too differently."""
    best = next_questions(d, None).query("bits > 0").drop_duplicates("kind")
    if len(best):
        yield tag("p", tag("b", "Most worth knowing next"))
        rows = best.sort_values("kind", key=lambda kind: kind.map(KINDS.index)).iterrows()
        flags = len(triage_of(d).not_cleared)
        unasked = counted(flags, "red flag")
        first = [tag("li", f"before all others the {unasked} not asked about, listed above")] if flags else []
        items = [
            tag("li", f"{row['kind']}: {row['question']} ", tag("code", str(id_)), f" ({row['bits']:.2f} bits)")
            for id_, row in rows
        ]
        yield tag("ul", *first, *items)


# ----------------------------------------------------------------------------------------------------- a network


def of_network(net: NetworkData) -> str:
    """Return a network as an HTML fragment: what it is, its causes with their priors, what its numbers rest on."""
    seen = f", as seen in: {net.settings[net.setting].name}" if net.setting else ""
    ages = f"{net.age_range[0]} to {net.age_range[1]}"
    kinds = [(kind, [f for f in net.findings.values() if f.kind == kind]) for kind in KINDS]
    listed = [(kind.capitalize(), [(f.name, f.id, f.question) for f in found]) for kind, found in kinds]
    listed.append(("Background", [(b.name, b.id, b.question) for b in net.background.values()]))
    listed.append(("Red flags", [(f.name, f.id, f.question) for f in net.red_flags.values()]))
    return _page(
        tag("p", tag("b", net.name), f", version {net.version}{seen} ", tag("code", net.id)),
        tag("p", net.description),
        tag("p", tag("b", "For: "), f"{net.population} Ages {ages}."),
        tag("p", net.counts),
        *_priors(net),
        *_basis(net),
        *(
            _folded(f"{title}: {len(items)}", _list(_joined(_named(name, i), f": {q}") for name, i, q in items))
            for title, items in listed
            if items
        ),
        tag("p", tag("small", DISCLAIMER)),
    )


def _priors(net: NetworkData) -> Iterator[Html]:
    rows = [tag("tr", tag("th", "Cause"), *(tag("th", sex.capitalize(), class_="number") for sex in SEXES), tag("th"))]
    for cause in net.causes.values():
        ends = [(min(p), max(p)) for p in ([n.p for n in cause.prior[sex].values()] for sex in SEXES)]
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        place = f"left:{100 * low:.2f}%;width:{100 * (high - low):.2f}%"
        bar = tag("div", tag("span", class_="p", style=place), class_="bar")
        cells = (tag("td", between(*end), class_="number") for end in ends)
        rows.append(tag("tr", tag("td", _named(cause.name, cause.id)), *cells, tag("td", bar, class_="bars")))
    yield table_of(*rows)
    given = "given the pain" if net.everyone_has_a_cause else "before anything is known"
    yield tag(
        "p",
        tag(
            "small",
            f"Prior probability {given}, range over the age bands {', '.join(net.bands)}; bars span both sexes.",
        ),
    )


def _basis(net: NetworkData) -> Iterator[Html]:
    counts = by_basis(net)
    yield tag("p", tag("b", f"What its {sum(counts.values()):,} numbers rest on"))
    shares = (tag("span", class_=f"s{i}", style=f"flex-grow:{n}") for i, n in enumerate(counts.values()) if n)
    yield tag("div", *shares, class_="shares")
    words = ([tag("span", class_=f"key s{i}"), f"{basis} {n:,}"] for i, (basis, n) in enumerate(counts.items()))
    yield tag("p", *(part for word in words for part in word))


# ------------------------------------------------------------------------------------------- parts of a network


def of_cause(cause: Cause) -> str:
    """Return a cause as an HTML fragment: its priors, odds ratios and subtypes, each with where it comes from."""
    return _page(
        tag("p", tag("b", cause.name), " ", tag("code", cause.id), f", ICD-10 {cause.icd10}"),
        tag("p", cause.description),
        table_of(
            *_numbers("Prior by sex and age", _by_sex_and_band(cause.prior)),
            *_numbers("Odds ratio, with against without (plausible range)", cause.odds_ratios.items()),
            *_numbers("Share of each form", ((s.name, s.share) for s in cause.subtypes.values())),
        ),
        _citations(cause.id),
    )


def of_background(background: Background) -> str:
    """Return a background variable as an HTML fragment: its question and its prevalence, with where that comes from."""
    return _page(
        tag("p", tag("b", background.name), " ", tag("code", background.id)),
        tag("p", background.question),
        table_of(*_numbers("Prevalence by sex and age", _by_sex_and_band(background.prevalence))),
        *((tag("p", tag("b", "Prevention: "), " ".join(background.prevention)),) if background.prevention else ()),
        _citations(background.id),
    )


def of_finding(finding: Finding) -> str:
    """Return a finding as an HTML fragment: its question and its numbers, each with where it comes from."""
    absent, present = finding.states
    given = sorted(finding.given.items(), key=lambda item: -item[1].p)
    words = [f"{finding.kind.capitalize()}."]
    if finding.states != ("absent", "present"):
        words.append(f"States: {absent} (absent), {present} (present).")
    words += [f"{alias} means {state}." for alias, state in finding.aliases.items()]
    if finding.sex:
        words.append(f"Asked of {finding.sex} runners only.")
    parent = [(finding.parent.finding, finding.parent.effect)] if finding.parent else []
    return _page(
        tag("p", tag("b", finding.name), " ", tag("code", finding.id)),
        tag("p", finding.question),
        tag("p", " ".join(words)),
        table_of(
            *_numbers(f"P({present} | this cause alone)", given),
            *_numbers("Leak", [(f"P({present} | none of these)", finding.leak)]),
            *_numbers("Made likelier by another finding", parent),
        ),
        _citations(finding.id),
    )


def _numbers(title: str, rows: Iterable[Row]) -> Iterator[Html]:
    """Yield table rows of numbers, and after those that follow one another with the same provenance a row with it."""
    for start, (where_from, run) in enumerate(groupby(rows, key=lambda row: _provenance(row[1]))):
        if start == 0:
            yield tag("tr", tag("th", title, colspan="3"), class_="head")
        for label, number in run:
            if isinstance(number, OddsRatio):
                value = f"{number.value:g} ({number.low:g} to {number.high:g})"
                yield tag("tr", tag("td", label), tag("td", value, class_="number"), tag("td"))
            else:
                p = tag("td", percent(number.p), class_="number")
                yield tag("tr", tag("td", label), p, tag("td", bar_of(number.p), class_="bars"))
        yield tag("tr", tag("td", where_from, class_="from", colspan="3"))


def _by_sex_and_band(numbers: BySexAndBand) -> Iterator[Row]:
    return ((f"{sex}, {band}", n) for sex, row in numbers.items() for band, n in row.items())


def _provenance(number: Number | OddsRatio) -> Html:
    """Return where a number comes from."""
    words: list[str] = [tag("b", number.basis)]
    if isinstance(number, Number):
        words.append(f", n = {number.n:g}")
    words += [f"; {text}" for text in (number.reason, number.note) if text]
    for i, id_ in enumerate(number.source):
        words += ["; source: " if i == 0 else ", ", tag("code", id_)]
    return tag("small", *words)


def _citations(id_: str) -> Html:
    call = tag("code", f'net.look_up("{id_}")')
    return tag("p", tag("small", call, " has the citations. n is how many patients a number is worth."))

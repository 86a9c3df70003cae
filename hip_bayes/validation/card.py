"""The model card of a network: for whom it is, what its numbers rest on, how it did on cases, and where it is weak.

    hip-bayes network card NETWORK CASES CARD --about "where the cases come from"

validates a network on coded cases and writes its card.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from hip_bayes.errors import EvidenceError, printable
from hip_bayes.inference.arguments import of_kind, refused
from hip_bayes.network.model import NetworkData
from hip_bayes.network.parts import LEVELS
from hip_bayes.network.provenance import by_basis, entries
from hip_bayes.network.wording import DISCLAIMER

from .cases import OTHER
from .validate import Validation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hip_bayes.network.provenance import Entry

FEW = 5
"""Cases of a cause below which its row says next to nothing."""


def model_card(
    net: NetworkData, validation: Validation[Any], *, about: str, told_freely: Validation[Any] | None = None
) -> str:
    """Return the model card of a network as Markdown.

    Parameters
    ----------
    net
        the network.
    validation
        how it did on cases: the result of `validate` for this network.
    about
        where those cases come from and what that does to the figures, in sentences.
    told_freely
        how it did on the same cases as stories told freely: the result of `validate` with account="volunteered".

    Returns
    -------
    str
        Markdown with a final newline. The same network and validation give the same text.

    Raises
    ------
    EvidenceError
        the validation is of another network, or `about` is no text.

    Notes
    -----
    The sections follow Mitchell et al., Model Cards for Model Reporting, FAT* 2019, pages 220-229.

    Examples
    --------
    >>> import hip_bayes as hb
    >>> net = hb.load_network()
    >>> cases = net.simulate(50, seed=1)[["age", "sex", "lateral_pain", "truth"]]
    >>> card = hb.model_card(net, hb.validate(cases, bootstrap=0), about="Simulated from the network itself.")
    >>> print(card.splitlines()[0])
    # Model card: Hip pain in adult runners

    """
    net = of_kind(NetworkData, "net", net, "a Network, as load_network returns it")
    validated = of_kind(Validation, "validation", validation, "what validate returns").network
    if told_freely is not None and of_kind(Validation, "told_freely", told_freely, "what validate returns"):
        validated = validated if told_freely.network.fingerprint == net.fingerprint else told_freely.network
    if net.fingerprint != validated.fingerprint:
        raise EvidenceError(
            f"the validation is of another network, {validated!r}; this is {net!r}; call validate(cases, network=net)"
        )
    if not isinstance(about, str) or not about.strip() or not " ".join(about.split()).isprintable():
        refused("about", about, "a text on where the cases come from, without control characters")
    found = [e for e in entries(net) if _is_number(e.path)]
    sections = (
        _head(net),
        _use(net),
        _numbers(net, found),
        _performance(validation, about, told_freely),
        _weaknesses(net, validation, found),
    )
    text = "\n".join(line for section in sections for line in section) + "\n"
    text = text.replace("<", "&lt;")  # Markdown takes it for the start of an HTML element
    return re.sub(r"https?://[^\s|]*[^\s|.,;)]", r"<\g<0>>", text)  # to be clicked everywhere, not on GitHub alone


def _head(net: NetworkData) -> Iterator[str]:
    yield f"# Model card: {net.name}"
    yield ""
    yield f"{DISCLAIMER} Not validated on patients."
    yield ""
    seen = f", as seen in: {net.settings[net.setting].name}" if net.setting else ""
    yield f"`{net.id}`, version {net.version}{seen}. Made by `hip-bayes network card`; do not edit."


def _use(net: NetworkData) -> Iterator[str]:
    low, high = net.age_range
    listed = [c.name for c in net.causes.values() if c.id != OTHER]
    yield from ("", "## Use", "")
    yield (
        "- For: learning and teaching how findings change the probability of a cause; research on diagnosis; preparing "
        "the talk with a professional."
    )
    yield (
        "- Not for: deciding on treatment, ruling out anything dangerous, or replacing an examination. Nor for anybody "
        f"under {low} or over {high}, after a major injury or with a hip replacement, or outside the population below."
    )
    yield f"- Population: {net.population}"
    yield f"- Causes: {', '.join(listed)}." + (f" `{OTHER}` stands for all the rest." if OTHER in net.causes else "")
    yield from ("", "## How it works", "")
    yield (
        "A Bayesian network: age, sex and background factors change the odds of causes, of which several may be "
        "present at once, and causes bring about findings through a leaky noisy-OR. Its numbers are published figures "
        "or stated judgements, not fitted to cases. The probability of each cause given what is known is computed "
        "exactly, what is not known being averaged over; red flags are rules beside it that no probability lowers."
    )


def _numbers(net: NetworkData, found: Sequence[Entry]) -> Iterator[str]:
    count = by_basis(net)
    total = sum(count.values())
    yield from ("", "## What the numbers rest on", "")
    yield f"{total:,} numbers and {len(net.sources)} sources. Tables by sex and age band count once a cell."
    yield ""
    rows = []
    for basis, k in count.items():
        cited = {source for e in found if e.basis == basis for source in e.source}
        rows.append((basis, f"{k:,}", f"{k / total:.1%}", str(len(cited))))
    yield from _table(("Basis", "Numbers", "Share", "Sources cited"), rows)
    measured = [e for e in found if e.basis == "measured"]
    if measured:
        yield from ("", "Measured, that is printed by a study of people with that cause:", "")
        worth = [("" if math.isnan(e.n) else f"{e.n:g}") for e in measured]
        yield from _table(
            ("Number", "Value", "Worth (patients)", "Source"),
            [(e.what, f"{e.value:g}", n, e.citation) for e, n in zip(measured, worth, strict=True)],
        )


def _performance(v: Validation[Any], about: str, told_freely: Validation[Any] | None) -> Iterator[str]:
    n, outside = len(v.truth), int(v.outside.sum())
    yield from ("", "## Performance", "")
    yield f"Labelled cases: {n}, of which {n - outside} with a cause of the list and {outside} with another. {about}"
    yield ""
    yield from _table(
        ("Metric", "Value", f"{v.level:.0%} interval", "Cases"),
        [
            (metric, *_figures(value, low, high, 3 if "Brier" in metric else 2), str(cases))
            for metric, value, low, high, cases in v.summary.itertuples(name=None)
        ],
    )
    yield ""
    yield (
        "Top-k: a true cause among the first k, by probability or, with equal priors, by how much the evidence raised "
        "its odds. Brier score = reliability - resolution + uncertainty + within-bin. AUROC of other: "
        f"P({OTHER}) in cases outside the list against cases inside. Calibration: logit P(true) = intercept + slope * "
        "logit P; a slope above 1 means too cautious, below 1 too sure. Intervals: percentile bootstrap over cases, "
        f"{v.bootstrap:,} resamples."
    )
    if told_freely is not None and told_freely.left_out is not None:
        yield ""
        yield (
            "The same cases as stories told freely, where what is not mentioned counts a little as absent by the "
            "file's rates of mention. These may have been estimated on these very cases; so beside them stand the "
            "figures under rates estimated without the cases of the scored case's cause."
        )
        yield ""
        rows = zip(
            told_freely.summary.iloc[:, :3].itertuples(name=None),
            told_freely.left_out.iloc[:, :3].itertuples(index=False, name=None),
            strict=True,
        )
        yield from _table(
            ("Metric", "File's rates", f"{v.level:.0%} interval", "Estimated anew", f"{v.level:.0%} interval"),
            [
                (own[0], *_figures(own[1], own[2], own[3], digits), *_figures(anew[0], anew[1], anew[2], digits))
                for own, anew in rows
                for digits in [3 if "Brier" in own[0] else 2]
            ],
        )
    if v.unknown_facts:
        facts = ", ".join(f"{printable(name)} ({k})" for name, k in v.unknown_facts.items())
        yield from ("", f"Said of the cases but not known to the network, with the number of cases: {facts}.")
    by_cause = v.by_cause.to_dict("index")
    yield from ("", f"By cause (no interval of the AUROC below {FEW} cases):", "")
    yield from _table(
        ("Cause", "Cases with it", "AUROC", "Interval", "Brier score", "Calibration slope", "Interval"),
        [
            (
                cause.name,
                f"{row['positive']} of {row['n']}",
                *_figures(row["auroc"], row["auroc_low"] if row["positive"] >= FEW else math.nan, row["auroc_high"]),
                _figures(row["brier"], math.nan, math.nan, 3)[0],
                *_figures(row["slope"], row["slope_low"], row["slope_high"], 1),
            )
            for cause, row in ((cause, by_cause[cause.id]) for cause in v.network.causes.values())
        ],
    )
    yield from ("", "How soon these cases would have been sent, by what was dangerous in them:", "")
    yield from _table(
        ("Danger", "Red flag told", "Cases", *(level.capitalize() for level in LEVELS)),
        [
            (danger, "yes" if flag else "no", *(f"{row[column]}" for column in ("n", *LEVELS)))
            for (danger, flag), row in zip(v.triage.index.tolist(), v.triage.to_dict("records"), strict=True)
        ],
    )
    if len(v.by_subgroup):
        columns = v.by_subgroup.columns.tolist()
        metrics = [c for c in columns if c.startswith("top_") and not c.endswith(("_low", "_high"))]
        yield from ("", "By subgroup, of the cases with a cause of the list:", "")
        head = [cell for m in metrics for cell in (m.replace("_", "-").capitalize(), "Interval")]
        yield from _table(
            ("", "Cases", *head, "Brier score"),
            [
                (
                    f"{by}: {group}",
                    f"{row['n']}",
                    *(cell for m in metrics for cell in _figures(row[m], row[f"{m}_low"], row[f"{m}_high"])),
                    _figures(row["brier"], math.nan, math.nan, 3)[0],
                )
                for (by, group), row in zip(v.by_subgroup.index.tolist(), v.by_subgroup.to_dict("records"), strict=True)
            ],
        )


def _weaknesses(net: NetworkData, v: Validation[Any], found: Sequence[Entry]) -> Iterator[str]:
    count = by_basis(net)
    total = sum(count.values())
    yield from ("", "## Known weaknesses", "")
    yield (
        f"- {count['judgement'] / total:.0%} of the numbers are judgements and {count['transferred'] / total:.0%} were "
        "moved from another population, severity or definition. The share of judgements by cause is below."
    )
    yield (
        "- Findings are independent of one another given the causes, but for the parents and mechanisms in the network "
        "file; causes add up and neither weaken nor reinforce one another's findings."
    )
    yield "- Cases carry the diagnosis they were given: a second cause that nobody looked for counts as absent."
    yield "- Red flags are rules from the literature and are not part of these figures."
    positive = dict(zip(net.causes, v.by_cause["positive"].tolist(), strict=True))
    few = [c for c, cases in positive.items() if cases < FEW]
    if few:
        yield f"- Fewer than {FEW} cases, so that their rows say next to nothing: {', '.join(few)}."
    if v.unseen:
        yield f"- Not tested at all, for want of cases with or without it: {', '.join(v.unseen)}."
    yield ""
    rows = []
    for cause in net.causes.values():
        own = [e for e in found if cause.id in e.names and not e.path.endswith(".leak")]
        judged = sum(e.basis == "judgement" for e in own)
        rows.append((cause.name, str(len(own)), f"{judged / len(own):.0%}", f"{positive[cause.id]}"))
    yield from _table(("Cause", "Numbers about it", "of them judgements", "Cases with it"), rows)


def _is_number(path: str) -> bool:
    """Say whether an entry is a number of the model rather than a rule beside it."""
    return not path.startswith(("red_flags.", "hazards.", "patterns."))


def _figures(value: float, low: float, high: float, digits: int = 2) -> tuple[str, str]:
    """Return a value and its interval as text, a dash for what does not exist."""
    between = "-" if math.isnan(low) else f"{low:.{digits}f} to {high:.{digits}f}"
    return "-" if math.isnan(value) else f"{value:.{digits}f}", between


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"

"""Read cases whose causes are known, coded ones or a table, into what `diagnose_many` takes and the truth beside it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hip_bayes.errors import (
    ContradictionError,
    EvidenceError,
    UnknownNameError,
    as_text,
    printable,
    shown,
    shown_path,
)
from hip_bayes.inference.arguments import columns_to_ignore, entries_of, is_in, items_in, of_kind, refused
from hip_bayes.inference.evidence import vocabulary_of
from hip_bayes.network.reading import bytes_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hip_bayes.network.model import NetworkData

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

OTHER = "other"
"""The cause that stands for all that are not in the list."""
SUBGROUPS = ("sex", "age", "setting")
MOST_BYTES = 2**30
"""Of a file of coded cases."""
CODED = (
    "age",
    "sex",
    "findings_present",
    "findings_absent",
    "background",
    "exam_present",
    "exam_absent",
    "red_flags",
    "diagnosis",
)
"""The fields that every coded case has; it may have ``red_flags_absent`` too. Any others are about it, such as `id`."""


@dataclass(frozen=True)
class Labelled:
    """The labelled cases: facts as `diagnose_many` takes them, true causes, and the subgroups each case is in.

    `sources` is where each comes from: its field ``source_url``, else the case itself.
    `danger` names what was dangerous in each case: its field of that name or, of what was true, the names of what the
    network has a hazard of; empty for nothing.
    """

    facts: pd.DataFrame
    truth: list[frozenset[str]]
    groups: Mapping[str, list[str]]
    danger: list[str]
    sources: list[object]


def read_cases(
    cases: object, net: NetworkData, truth: str, by: tuple[str, ...], ignore: Iterable[str]
) -> tuple[Labelled, Counter[str], int]:
    """Return the labelled cases, how often a fact was unknown to the network, and how many cases are unlabelled."""
    import pandas as pd

    if isinstance(cases, pd.DataFrame):
        return _from_table(cases, net, truth, by, ignore)
    if isinstance(cases, (str, os.PathLike)):
        cases = _lines(cases)
    allowed = "the path of a JSONL file of coded cases, several of them as dicts, or a pandas DataFrame with the truth"
    if isinstance(cases, Mapping) or not isinstance(cases, Iterable):
        raise EvidenceError(f"got a {type(cases).__name__}; allowed: {allowed}")
    return _from_coded(items_in("cases", cases, allowed), net, by)


def _lines(path: str | os.PathLike[str]) -> list[object]:
    try:
        place = shown_path(path)
    except Exception:  # noqa: BLE001 what gives a path has code of its own
        refused("cases", path, "the path of a JSONL file")
    try:
        lines = bytes_of(Path(path), MOST_BYTES).decode().splitlines()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise EvidenceError(f"{place}: the cases cannot be read ({why}); give the path of a JSONL file") from None
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found += [json.loads(line)] if line.strip() else []
        except (ValueError, RecursionError) as error:  # ValueError also for a number of thousands of digits
            raise EvidenceError(f"{place}, line {number}: not JSON ({error}); allowed: one case a line") from None
    return found


def _from_coded(cases: tuple[object, ...], net: NetworkData, by: tuple[str, ...]) -> tuple[Labelled, Counter[str], int]:
    import pandas as pd

    known = set(vocabulary_of(net).names)
    unknown: Counter[str] = Counter()
    labels: list[object] = []
    facts: list[dict[str, object]] = []
    truths: list[frozenset[str]] = []
    kept: list[Mapping[str, object]] = []
    danger: list[str] = []
    for place, case in enumerate(cases):
        if not isinstance(case, Mapping):
            refused(f"case {place}", case, f"a dict with the fields {', '.join(CODED)}")
        said = dict(entries_of(f"case {place}", case, "a dict"))
        label = said.get("id", place)
        row = _facts(said, f"case {shown(label)}")
        unknown.update(name for name in row if name not in known)
        outside = _text(said, "diagnosis_outside_vocabulary", f"case {shown(label)}")
        diagnosis = said["diagnosis"]
        if outside and (_missing(diagnosis) or (isinstance(diagnosis, (list, tuple)) and not diagnosis)):
            diagnosis = [OTHER]
        true = _true_causes(diagnosis, net, f"case {shown(label)}")
        if true is not None:
            labels.append(label)
            facts.append({name: value for name, value in row.items() if name in known})
            truths.append(true)
            kept.append({**row, **said})
            danger.append(_text(said, "danger", f"case {shown(label)}") or _dangerous(diagnosis, net))
    present = {name for case in kept for name in case}
    for name in by:
        _check_subgroup(name, [*present, *SUBGROUPS])
    groups = {name: [_group(net, name, case.get(name)) for case in kept] for name in by if name in present}
    frame = pd.DataFrame(facts, index=pd.Index(labels, dtype=object), dtype=object)
    sources = [case.get("source_url") or place for place, case in enumerate(kept)]
    return (
        Labelled(frame, truths, groups, danger, sources),
        Counter(dict(unknown.most_common())),
        len(cases) - len(kept),
    )


def _facts(case: Mapping[str, object], place: str) -> dict[str, object]:
    """Return all that one coded case says, as fact -> value."""
    for name in CODED:
        if name not in case:
            raise EvidenceError(f"{place} has no field {name!r}; allowed: all of {', '.join(CODED)} (null if unknown)")
    pairs: list[tuple[str, object]] = [("age", case["age"]), ("sex", case["sex"])]
    if not _missing(case["background"]):
        pairs += entries_of(f"{place}: background", case["background"], "a mapping of ids to values")
    for name in (*CODED, "red_flags_absent"):
        if name.endswith(("_present", "_absent", "_flags")) and not _missing(case.get(name)):
            said = of_kind((list, tuple), f"{place}: {name}", case[name], "a list of ids")
            pairs += [(fact, not name.endswith("_absent")) for fact in said]
    for name, _ in pairs:
        if not isinstance(name, str):
            raise EvidenceError(f"{place}: got {shown(name)} among the facts; allowed: ids, which are texts")
    row: dict[str, object] = {}
    for name, value in pairs:
        if name in row and not _same(row[name], value):
            raise ContradictionError(
                f"{place}: {shown(name)} is said to be present and absent; say one of them", name=name
            )
        row[name] = value
    return row


def _same(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 the value's own code
        return False


def _from_table(
    frame: pd.DataFrame, net: NetworkData, truth: str, by: tuple[str, ...], ignore: Iterable[str]
) -> tuple[Labelled, Counter[str], int]:
    columns = frame.columns.tolist()
    if not is_in(truth, columns):
        raise UnknownNameError.among(
            truth, map(str, columns), what="column", where="truth= names the column with the true causes"
        )
    for name in by:
        _check_subgroup(name, [*map(as_text, columns), *SUBGROUPS])
    often, place = Counter(columns), {name: i for i, name in enumerate(columns)}
    for name in (truth, *by):
        if often[name] > 1:
            raise EvidenceError(f"column {shown(name)} is there twice; allowed: once", name=name)
    said = frame.iloc[:, place[truth]].tolist()  # by its place: a label may be anything
    true = [
        _true_causes(value, net, f"row {shown(label)}, column {shown(truth)}")
        for label, value in zip(frame.index, said, strict=True)
    ]
    kept = np.array([causes is not None for causes in true], dtype=bool)
    labelled = frame[kept]
    groups = {
        name: [_group(net, name, value) for value in labelled.iloc[:, place[name]].tolist()]
        for name in by
        if name in place
    }
    passed_over = columns_to_ignore(ignore, columns) | {truth} | set(by).difference(vocabulary_of(net).names)
    facts = labelled.loc[:, [column not in passed_over for column in columns]]
    truths = [causes for causes in true if causes is not None]
    danger = [_dangerous(value, net) for value, there in zip(said, kept, strict=True) if there]
    return Labelled(facts, truths, groups, danger, list(range(len(truths)))), Counter(), len(frame) - len(truths)


def _true_causes(value: object, net: NetworkData, place: str) -> frozenset[str] | None:
    """Return the ids of the true causes, or None for an unlabelled case."""
    if _missing(value):
        return None
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise EvidenceError(
            f"{place}: the truth is {shown(value)}; allowed: a cause id, a list of them, 'other', or None (unlabelled)"
        )
    known = {**{c: c for c in net.causes}, **net.subtype_of, OTHER: OTHER}
    for id_ in value:
        if not isinstance(id_, str) or id_ not in known:
            error = UnknownNameError.among(id_, known, what="true cause", where="causes, subtypes and 'other'")
            raise error.within(place)
    if not value and net.everyone_has_a_cause:
        return None  # nobody said what it was
    return frozenset(known[id_] for id_ in value)


def _text(case: Mapping[str, object], field: str, place: str) -> str:
    """Return what a field says, as it can be shown; empty for nothing, EvidenceError for what is no text."""
    value = case.get(field)
    if _missing(value):
        return ""
    return printable(of_kind(str, f"{place}: {field}", value, "the name of a diagnosis, or null").strip())


def _dangerous(truth: object, net: NetworkData) -> str:
    """Return the names of what was true and is a hazard of the network; of a cause and its form, that of the form."""
    said = {truth} if isinstance(truth, str) else set(truth or ())  # type: ignore[call-overload]
    found = [h.of for h in net.hazards.values() if h.of in said]
    of_forms = {net.subtype_of[id_] for id_ in found if id_ in net.subtype_of}
    return " and ".join(dict.fromkeys(net.name_of(id_) for id_ in found if id_ not in of_forms))


def _check_subgroup(name: str, known: Iterable[str]) -> None:
    known = dict.fromkeys(known)
    if not is_in(name, known):
        raise UnknownNameError.among(
            name, known, what="subgroup", where="by= names facts or fields that the cases have"
        )


def _group(net: NetworkData, name: str, value: object) -> str:
    """Return the subgroup of one case: an age band, a sex, or the value as text."""
    if name in ("age", "sex"):
        case = vocabulary_of(net).read([(name, value)])
        return (case.band if name == "age" else case.sex) or "unknown"
    return "unknown" if _missing(value) else printable(as_text(value))


def _missing(value: object) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or (isinstance(value, (float, np.floating)) and bool(np.isnan(value)))

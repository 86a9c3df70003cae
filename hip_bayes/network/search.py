"""Find what can be said about a case by the words people use for it: ids, names, questions and synonyms."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .model import NetworkData

BUILT_IN = {"age": ("years", "how old"), "sex": ("gender",)}
"""What every case may say besides the network's own, with its synonyms."""
ID, NAME, QUESTION = 4.0, 2.0, 1.0
"""What it is worth that a word is in the id or a synonym, in the name, in the question."""
WHOLE, START, PART = 1.0, 0.6, 0.3
"""What it is worth that a word is there whole, as the start of one, as a part of one."""
SHORTEST = 3
"""Letters from which on a part of a word says anything."""
ALIKE = 0.75
"""How alike an id and a misspelt one must be, in [0, 1]; Ratcliff and Obershelp's measure, as in `difflib`."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing that can be said: its id, whether it is a red flag, and its words by what they are worth."""

    id: str
    flag: bool
    words: tuple[tuple[float, frozenset[str]], ...]
    phrases: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Index:
    entries: tuple[_Entry, ...]
    rarity: dict[str, float]


def folded(text: str) -> str:
    """Return a name without the differences of case, spaces and hyphens that nobody means."""
    return re.sub(r"[\s\-_]+", "_", text.strip()).casefold().strip("_")


def find(net: NetworkData, text: str, *, every_word: bool = False) -> list[str]:
    """Return the ids of background, findings, red flags, age and sex that a text may mean, the likeliest first.

    Parameters
    ----------
    net
        the network.
    text
        words, in any case and order: "FADIR", "outer hip", "night pain".
    every_word
        only what has all of the words in it, somewhere.

    Returns
    -------
    list of str
        ranked by how rare the words are that an entry has, and where it has them; parts of words count less than
        words. Where nothing has any of the words, ids that are spelt alike; a red flag is never among these.

    """
    index = net.once(_index)
    words = _words(text)
    scored = []
    for place, entry in enumerate(index.entries):
        worth = [_worth(entry, word) for word in words]
        matched = sum(w > 0 for w in worth)
        if not matched or (every_word and matched < len(words)):
            continue
        score = sum(w * index.rarity.get(word, 1.0) for w, word in zip(worth, words, strict=True))
        whole = folded(text) in entry.phrases
        scored.append((-whole, -matched, -score - _alike(text, entry.id), place, entry.id))
    if scored or every_word:
        return [id_ for *_, id_ in sorted(scored)]
    alike = sorted((-_alike(text, e.id), i, e.id) for i, e in enumerate(index.entries) if not e.flag)
    return [id_ for likeness, _, id_ in alike if -likeness >= ALIKE]


def _worth(entry: _Entry, word: str) -> float:
    """Return what a word is worth for an entry; 0 where nothing of it is there."""
    best = 0.0
    for worth, words in entry.words:
        if word in words:
            best = max(best, worth * WHOLE)
        elif len(word) >= SHORTEST and any(
            w.startswith(word) or (len(w) > SHORTEST and word.startswith(w)) for w in words
        ):
            best = max(best, worth * START)
        elif len(word) >= SHORTEST and any(word in w for w in words):
            best = max(best, worth * PART)
    return best


def _alike(text: str, id_: str) -> float:
    return SequenceMatcher(None, folded(text), id_).ratio()


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _index(net: NetworkData) -> _Index:
    """Return the words of everything that can be said, made once a network."""
    entries = [_entry(id_, id_, "", synonyms) for id_, synonyms in BUILT_IN.items()]
    entries += [_entry(b.id, b.name, b.question, b.synonyms) for b in net.background.values()]
    entries += [_entry(f.id, f.name, f.question, (*f.synonyms, *f.aliases)) for f in net.findings.values()]
    entries += [_entry(r.id, r.name, f"{r.question} {r.level}", r.synonyms, flag=True) for r in net.red_flags.values()]
    seen = Counter(word for e in entries for word in frozenset().union(*(words for _, words in e.words)))
    return _Index(tuple(entries), {word: 1 + math.log(len(entries) / n) for word, n in seen.items()})


def _entry(id_: str, name: str, question: str, synonyms: Iterable[str], *, flag: bool = False) -> _Entry:
    synonyms = tuple(synonyms)
    of_id = frozenset(_words(id_)).union(*(_words(s) for s in synonyms))
    words = ((ID, of_id), (NAME, frozenset(_words(name))), (QUESTION, frozenset(_words(question))))
    return _Entry(id_, flag, words, frozenset(map(folded, (id_, name, *synonyms))))

"""Find and read network files: TOML in, a checked network out, every error with file and key."""

from __future__ import annotations

import errno
import math
import os
import stat
import tomllib
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from hip_bayes.errors import NetworkError, NetworkNotFoundError, UnknownNameError, shown

from .checks import check_age_range
from .parts import (
    BASES,
    SEXES,
    TOLD,
    Advice,
    Background,
    Band,
    Cause,
    Finding,
    FindingParent,
    Group,
    Hazard,
    Mechanism,
    Mention,
    Number,
    OddsRatio,
    Pattern,
    RedFlag,
    Setting,
    Source,
    Subtype,
    Table,
)
from .wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from importlib.resources.abc import Traversable

    from .model import NetworkData

SHIPPED = "hip_pain_runners"
MAX_BYTES = 10_000_000

T = TypeVar("T")
N = TypeVar("N", bound="NetworkData")


def networks_dir() -> Traversable:
    """Return the folder of the shipped networks: inside the package, be that in a zip, or beside it in a checkout."""
    package = files(__name__.partition(".")[0])
    inside = package / "networks"
    if inside.is_dir() or not isinstance(package, Path):
        return inside
    return package.resolve().parent / "networks"


def load(network: str | os.PathLike[str] | None, make: Callable[[Mapping[str, object]], N]) -> N:
    """Return the network of a name or path, as `make` makes it of the parsed file; see `hip_bayes.load_network`.

    What the shipped ones become is kept for the process, a thing for each `make`.

    Raises
    ------
    NetworkNotFoundError
        there is no such name or file.
    NetworkError
        the file is not a valid network: the message names file, key, what was found and what is allowed.

    """
    if network is None:
        network = SHIPPED
    if isinstance(network, str) and not network.endswith(".toml") and "/" not in network and "\\" not in network:
        return cast("N", _shipped(network, make))
    try:
        path = Path(network)
    except Exception:  # noqa: BLE001 what gives a path has code of its own
        message = f"got a {type(network).__name__}; allowed: the name of a shipped network or the path of a TOML file"
        raise NetworkError(message) from None
    return _load(path, make)


@cache
def _shipped(name: str, make: Callable[[Mapping[str, object]], object]) -> object:
    folder = networks_dir()
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else []
    known = {entry.name.removesuffix(".toml"): entry for entry in entries if entry.name.endswith(".toml")}
    if not known:
        raise NetworkNotFoundError(
            "hip_bayes came without its folder hip_bayes/networks; install it again, or let what packed this program "
            "take the package's data files along (for a file of yours give its path, ending in .toml)"
        )
    if name not in known:
        raise NetworkNotFoundError(
            f"no shipped network is called {shown(name)}; there are: {', '.join(known)} (for a file of yours give its "
            "path, ending in .toml)"
        )
    return _load(known[name], make)


def _load(path: Traversable, make: Callable[[Mapping[str, object]], T]) -> T:
    try:
        return make(_parse(path))
    except NetworkError as error:
        raise error.at(str(path)) from None


def _without_waiting(name: str, flags: int) -> int:
    """Open a file, without waiting for the other end if it is a pipe."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def bytes_of(path: Path, most: int = MAX_BYTES) -> bytes:
    """Return what is in a file, whatever it is that has this name.

    Raises
    ------
    OSError
        it cannot be read, is no file or has more than so many bytes; `strerror` says why.

    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            about = os.fstat(file.fileno())
            regular, size = stat.S_ISREG(about.st_mode), about.st_size
            data = file.read(most + 1) if regular and size <= most else b""
    except ValueError as error:
        raise OSError(errno.EINVAL, "no file can have this name") from error
    if not regular:
        raise OSError(errno.EINVAL, "this is a device or a pipe")
    if max(size, len(data)) > most:
        raise OSError(errno.EFBIG, f"the file has {max(size, len(data)):,} bytes, more than {most:,}")
    return data


def _read(path: Path) -> bytes:
    """Return what is in a file of the file system, which may be anything."""
    try:
        return bytes_of(path)
    except IsADirectoryError:
        raise NetworkError("this is a directory; allowed: a TOML file") from None
    except FileNotFoundError:
        raise NetworkNotFoundError("there is no such file; give the path of a TOML file") from None
    except OSError as error:
        raise NetworkError(f"{error.strerror}; allowed: a readable TOML file") from None


def _parse(path: Traversable) -> dict[str, Any]:
    data = _read(path) if isinstance(path, Path) else path.read_bytes()
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NetworkError("this is not text in UTF-8; allowed: a TOML file") from None
    except (ValueError, RecursionError) as error:  # ValueError also for a number of thousands of digits
        raise NetworkError(f"this is not valid TOML: {error}") from None


class _Reader:
    """One TOML table being read: takes keys one by one, and in the end refuses those nobody took."""

    def __init__(self, data: object, key: str) -> None:
        if not isinstance(data, dict):
            raise NetworkError(f"got {shown(data)}; allowed: a table", key=key)
        self.data: dict[str, Any] = dict(data)
        self.known = tuple(data)
        self.key = key
        self.taken: list[str] = []

    def path(self, name: str) -> str:
        return f"{self.key}.{name}" if self.key else name

    def has(self, name: str) -> bool:
        return name in self.data

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        self.taken.append(name)
        if name not in self.data:
            if default is None:
                what = ", ".join(BASES) if name == "basis" else _KIND_NAMES[kind]
                near = get_close_matches(name, set(self.data) - set(self.taken), n=1)
                hint = f"; is {near[0]!r} meant for it?" if near else ""
                raise NetworkError(f"the key {name!r} is missing; allowed: {what}{hint}", key=self.key)
            return default
        value = self.data.pop(name)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise NetworkError(f"got {shown(value)}; allowed: {_KIND_NAMES[kind]}", key=self.path(name))
        if isinstance(value, float) and not math.isfinite(value):
            raise NetworkError(f"got {value}; allowed: a finite number", key=self.path(name))
        return value

    def text(self, name: str) -> str:
        value = self.take(name, str).strip()
        if not value:
            raise NetworkError("got an empty text; allowed: some text", key=self.path(name))
        return " ".join(value.split())

    def texts(self, name: str, *, optional: bool = False) -> tuple[str, ...]:
        values = self.take(name, list, [] if optional else None)
        for value in values:
            if not isinstance(value, str) or not value.strip():
                raise NetworkError(f"got {shown(value)}; allowed: a list of texts", key=self.path(name))
        return tuple(" ".join(v.split()) for v in values)

    def ids(self, name: str) -> tuple[str, ...]:
        if isinstance(self.data.get(name), str):
            return (self.take(name, str),)
        return self.texts(name, optional=True)

    def table(self, name: str, read: Callable[[_Reader, str], T], *, what: str, optional: bool = True) -> Table[T]:
        values = self.take(name, dict, {} if optional else None)
        items = [(id_, read(_Reader(value, f"{self.path(name)}.{id_}"), id_)) for id_, value in values.items()]
        return Table(items, what)

    def done(self) -> None:
        for name in self.data:
            error = UnknownNameError.among(name, self.taken, what="key", where="keys here: " + ", ".join(self.taken))
            raise NetworkError(error.message, key=self.key)


_KIND_NAMES: dict[type, str] = {
    str: "a text",
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def read_network(data: Mapping[str, object], kind: type[N]) -> N:
    """Return the checked network, of a given class, that a parsed TOML document describes.

    NetworkError with the key if it describes none.
    """
    doc = _Reader(dict(data), "")
    head = _Reader(doc.take("network", dict), "network")
    age_range = _age_range(head)
    bands = Table(((b.label, b) for b in _bands(head, age_range)), "age band")
    labels = tuple(bands)
    weights = _by_cell(_Reader(head.take("weights", dict), "network.weights"), labels) if head.has("weights") else None

    def cause(r: _Reader, id_: str) -> Cause:
        made = Cause(
            id=id_,
            name=r.text("name"),
            icd10=r.text("icd10"),
            description=r.text("description"),
            prior=_by_cell(_Reader(r.take("prior", dict), r.path("prior")), labels),
            odds_ratios=r.table("odds_ratios", _odds_ratio, what="parent"),
            subtypes=r.table("subtypes", _subtype, what="subtype"),
        )
        r.done()
        return made

    def background(r: _Reader, id_: str) -> Background:
        prevalence = _by_cell(_Reader(r.take("prevalence", dict), r.path("prevalence")), labels)
        tips = r.texts("prevention", optional=True)
        made = Background(
            id=id_,
            name=r.text("name"),
            question=r.text("question"),
            prevalence=prevalence,
            prevention=tips,
            synonyms=r.texts("synonyms", optional=True),
        )
        r.done()
        return made

    network = kind(
        id=head.text("id"),
        name=head.text("name"),
        version=head.text("version"),
        description=head.text("description"),
        population=head.text("population"),
        age_range=age_range,
        bands=bands,
        everyone_has_a_cause=head.take("everyone_has_a_cause", bool, default=True),
        weights=weights or _equal_weights(labels),
        prevention=head.texts("prevention", optional=True),
        causes=doc.table("causes", cause, what="cause", optional=False),
        groups=doc.table("groups", _group, what="group"),
        mechanisms=doc.table("mechanisms", _mechanism, what="mechanism"),
        background=doc.table("background", background, what="background variable"),
        findings=doc.table("findings", _finding, what="finding"),
        red_flags=doc.table("red_flags", _red_flag, what="red flag"),
        hazards=doc.table("hazards", _hazard, what="hazard"),
        patterns=doc.table("patterns", _pattern, what="pattern"),
        settings=doc.table("settings", _setting, what="setting"),
        mention=doc.table("mention", _mention, what="length of story"),
        advice=tuple(_advice(_Reader(entry, "advice")) for entry in doc.take("advice", list, [])),
        sources=doc.table("sources", _source, what="source"),
    )
    head.done()
    doc.done()
    return network


def _age_range(head: _Reader) -> tuple[int, int]:
    limits = head.take("age_range", list)
    check_age_range(limits)
    return limits[0], limits[1]


def _bands(head: _Reader, age_range: tuple[int, int]) -> list[Band]:
    bands: list[Band] = []
    for label in head.texts("age_bands"):
        low, dash, high = label.removesuffix("+").partition("-")
        if not (low.isdecimal() and (high.isdecimal() if dash else label.endswith("+"))):
            raise NetworkError(f"got {label!r}; allowed: '18-29' or '60+'", key="network.age_bands")
        if label in [band.label for band in bands]:
            raise NetworkError(f"{label!r} is there twice; allowed: once", key="network.age_bands")
        bands.append(Band(label, int(low), int(high) + 1 if dash else age_range[1] + 1))
    if not bands:
        raise NetworkError("got no bands; allowed: a list like ['18-29', '30+']", key="network.age_bands")
    return bands


def _by_cell(r: _Reader, bands: tuple[str, ...]) -> Table[Table[Number]]:
    """Read a table by sex (`female` and `male`, or `all`) whose `p` is one number, or a list with one a band."""
    rows = {}
    for sex in ("all",) if r.has("all") else SEXES:
        row = _Reader(r.take(sex, dict), r.path(sex))
        values = row.data.pop("p", None)
        per_band = values if isinstance(values, list) else [values] * len(bands)
        if len(per_band) != len(bands):
            raise NetworkError(
                f"p has {counted(len(per_band), 'number')}; allowed: one number, or {len(bands)} "
                f"(for {', '.join(bands)})",
                key=row.key,
            )
        fields = row.data
        cells = [
            (band, _number(_Reader({**fields, **({} if p is None else {"p": p})}, f"{row.key}.{band}")))
            for band, p in zip(bands, per_band, strict=True)
        ]
        for name in (sex,) if sex != "all" else SEXES:
            rows[name] = Table(cells, "age band")
    r.done()
    return Table(rows, "sex")


def _equal_weights(bands: tuple[str, ...]) -> Table[Table[Number]]:
    share = Number(1 / (2 * len(bands)), 1.0, "judgement", reason="no weights in the file: every cell weighs the same")
    return Table(((sex, Table(((band, share) for band in bands), "age band")) for sex in SEXES), "sex")


def _provenance(r: _Reader) -> dict[str, Any]:
    return {
        "basis": r.text("basis"),
        "source": r.ids("source"),
        "reason": r.take("reason", str, default=""),
        "note": r.take("note", str, default=""),
    }


def _number(r: _Reader) -> Number:
    number = Number(p=r.take("p", float), n=r.take("n", float), **_provenance(r))
    r.done()
    return number


def _odds_ratio(r: _Reader, _id: str) -> OddsRatio:
    ratio = OddsRatio(r.take("value", float), r.take("low", float), r.take("high", float), **_provenance(r))
    r.done()
    return ratio


def _subtype(r: _Reader, id_: str) -> Subtype:
    subtype = Subtype(id_, r.text("name"), _number(_Reader(r.take("share", dict), r.path("share"))))
    r.done()
    return subtype


def _group(r: _Reader, id_: str) -> Group:
    group = Group(id_, r.text("name"), r.texts("members"))
    r.done()
    return group


def _mechanism(r: _Reader, id_: str) -> Mechanism:
    mechanism = Mechanism(id_, r.text("name"), r.text("reason"), r.texts("causes"), r.texts("findings"))
    r.done()
    return mechanism


def _finding(r: _Reader, id_: str) -> Finding:
    parent = None
    if r.has("parent"):
        p = _Reader(r.take("parent", dict), r.path("parent"))
        parent = FindingParent(p.text("finding"), _number(_Reader(p.take("effect", dict), p.path("effect"))))
        p.done()
    states = r.texts("states", optional=True) or ("absent", "present")
    aliases = r.take("aliases", dict, {})
    for alias, state in aliases.items():
        if not isinstance(state, str):
            raise NetworkError(f"got {shown(state)}; allowed: the name of a state", key=f"{r.path('aliases')}.{alias}")
    finding = Finding(
        id=id_,
        name=r.text("name"),
        kind=r.text("kind"),
        question=r.text("question"),
        leak=_number(_Reader(r.take("leak", dict), r.path("leak"))),
        given=r.table("given", lambda n, _: _number(n), what="linked cause"),
        parent=parent,
        states=states,  # type: ignore[arg-type]  # how many is checked with the whole network
        aliases=Table(aliases, "alias"),
        sex=r.text("sex") if r.has("sex") else None,
        test=r.text("test") if r.has("test") else None,
        worrying=r.take("worrying", bool, default=False),
        synonyms=r.texts("synonyms", optional=True),
        site=r.take("site", bool, default=False),
        vague=r.texts("vague", optional=True),
    )
    r.done()
    return finding


def _rule(r: _Reader) -> dict[str, Any]:
    source = r.ids("source")
    if not source and not r.has("basis"):
        raise NetworkError('there is no source; allowed: a source, or basis = "judgement"', key=r.key)
    return {
        "level": r.text("level"),
        "reason": r.text("reason"),
        "action": r.text("action"),
        "source": source,
        "basis": r.take("basis", str, "qualitative"),
        "avoid": r.texts("avoid", optional=True),
    }


def _red_flag(r: _Reader, id_: str) -> RedFlag:
    synonyms = r.texts("synonyms", optional=True)
    flag = RedFlag(id=id_, name=r.text("name"), question=r.text("question"), synonyms=synonyms, **_rule(r))
    r.done()
    return flag


def _hazard(r: _Reader, id_: str) -> Hazard:
    hazard = Hazard(id=id_, of=r.take("of", str, default=id_), threshold=r.take("threshold", float), **_rule(r))
    r.done()
    return hazard


def _pattern(r: _Reader, id_: str) -> Pattern:
    clauses = r.take("all_of", list)
    for clause in clauses:
        if not isinstance(clause, list) or not clause or not all(isinstance(name, str) for name in clause):
            message = (
                f'got {shown(clause)}; allowed: a list of lists of ids, like [["groin_pain"], ["limp", "rest_pain"]]'
            )
            raise NetworkError(message, key=r.path("all_of"))
    pattern = Pattern(
        id=id_,
        name=r.text("name"),
        all_of=tuple(tuple(clause) for clause in clauses),
        bands=r.texts("bands", optional=True),
        cleared_by=r.texts("cleared_by", optional=True),
        **_rule(r),
    )
    r.done()
    return pattern


def _mention(r: _Reader, id_: str) -> Mention:
    def rates(state: str) -> Table[Number]:
        row = _Reader(r.take(state, dict), r.path(state))
        read = Table(((kind, _number(_Reader(row.take(kind, dict), row.path(kind)))) for kind in TOLD), "kind")
        row.done()
        return read

    up_to = r.take("up_to", int) if r.has("up_to") else None
    mention = Mention(id_, up_to, rates("present"), rates("absent"))
    r.done()
    return mention


def _setting(r: _Reader, id_: str) -> Setting:
    setting = Setting(id_, r.text("name"), r.table("odds_multipliers", _odds_ratio, what="cause"))
    r.done()
    return setting


def _advice(r: _Reader) -> Advice:
    advice = Advice(r.text("text"), r.texts("levels"))
    r.done()
    return advice


def _source(r: _Reader, id_: str) -> Source:
    year = r.data.pop("year", None)
    r.taken.append("year")
    source = Source(id_, r.text("title"), year, r.text("address"))
    r.done()
    return source

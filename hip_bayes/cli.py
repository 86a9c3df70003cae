"""The command `hip-bayes`: diagnose cases, list what can be said, trace numbers to sources, check a network file."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import shlex
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from . import __version__
from .cohorts.columns import Reading, codes_of, mapping_file, merged
from .diagnosis import diagnose as diagnose_case
from .diagnosis import diagnose_file, load_network, validate
from .errors import HipBayesError, listed, printable, shown, shown_path
from .explorer.interview import AT_HOME, MOST, begin
from .explorer.terminal import ask, nothing_flushed, say, signals
from .inference.arguments import path_of
from .inference.evidence import ACCOUNTS, ASKED, VOLUNTEERED
from .network.parts import KINDS
from .network.provenance import COLUMNS, by_basis, entries
from .network.search import find
from .network.writing import PRIVATE, refuse_existing, write_whole
from .reasoning.questions import ALL_KINDS
from .validation.card import model_card

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console
    from rich.table import Table

    from .diagnosis import Diagnosis, Network
    from .network.parts import Source
    from .network.provenance import Entry

BAD_INPUT = 2
LONGEST_ERROR = 1000
"""Characters of an error about how a command was called."""
INTERRUPTED = 130
NETWORK_HELP = "A shipped network's name or the path of a TOML file; the shipped network if left out."
ACCOUNT = click.option(
    "--account",
    type=click.Choice(ACCOUNTS),
    default=ASKED,
    show_default=True,
    help="Whether somebody went through the questions, or the story was told freely (silence counts a little).",
)
SETTING_HELP = "Where the runner is seen, such as general_practice: prices the causes anew."


def _fail(error: HipBayesError) -> NoReturn:
    click.echo(f"Error: {error}", err=True)
    raise SystemExit(BAD_INPUT)


class _Commands(click.Group):
    """Commands of which none ends in a traceback where what it prints cannot be written, or shows words unescaped."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:  # noqa: ANN401 as click has it
        with _escaped():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 as click has it
        try:
            with _escaped():
                return super().invoke(ctx)
        except BrokenPipeError:  # whoever read it has read enough; click ends quietly
            raise
        except OSError as error:
            raise click.ClickException(f"not all could be written: {error.strerror or error}") from None


class _Path(click.Path):
    """The path of a file, also where no file can have it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        try:
            return super().convert(value, param, ctx)
        except ValueError:
            self.fail(f"no file can be called {shown(value)}", param, ctx)


@contextlib.contextmanager
def _escaped() -> Iterator[None]:
    """Let click's own errors show what was typed as ours do: escaped, and not all of it if it is long."""
    try:
        yield
    except click.ClickException as error:
        text = printable(error.message)
        error.message = text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]}..."  # type: ignore[misc]
        raise


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hip-bayes")
def main() -> None:
    """Probability of each cause of a runner's hip pain, red flags first.

    For research and education. Not a medical device and not a diagnosis: see a professional.
    """


@main.command(name="diagnose")
@click.argument("facts", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--network", help=NETWORK_HELP)
@click.option("--setting", help=SETTING_HELP)
@ACCOUNT
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def diagnose_command(
    facts: tuple[str, ...], network: str | None, setting: str | None, account: str, *, as_json: bool
) -> None:
    """Diagnose one case from facts such as age=46 sex=female lateral_pain=yes groin_pain=no.

    A value is yes, no, unknown, a number between 0 and 1 (how sure), or a state's name (onset=sudden).
    What is not mentioned is unknown, which is not the same as no, unless the story was told freely (--account
    volunteered). `hip-bayes findings` lists the names.
    """
    try:
        d = diagnose_case(_parse(facts), network=network, setting=setting, account=account)
    except HipBayesError as error:
        _fail(error)
    if as_json:
        click.echo(json.dumps(d.to_dict(), indent=2, ensure_ascii=False))
        return
    _print_result(d)


def _print_result(d: Diagnosis) -> None:
    """Print the table, red flags first, and what to do."""
    from rich.console import Console

    from .views.text import hanging, renderable

    console = Console(highlight=False)
    blocks = console.encoding.startswith("utf")
    console.print(renderable(d, width=console.width, blocks=blocks))
    if d.advice:
        console.print("\nWhat to do", hanging("  -", d.advice), sep="\n")


def _parse(facts: Iterable[str]) -> dict[str, object]:
    said: dict[str, object] = {}
    for fact in facts:
        name, equals, value = fact.partition("=")
        if not (name and equals):
            raise click.UsageError(f"got {shown(fact)}; allowed: NAME=VALUE, like lateral_pain=yes")
        if name in said:
            raise click.UsageError(f"{shown(name)} is said twice; say it once")
        said[name] = value
    return said


@main.command()
@click.argument("facts", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--network", help=NETWORK_HELP)
@click.option("--setting", help=SETTING_HELP)
@ACCOUNT
@click.option(
    "--kinds", metavar="KIND,...", help=f"Which of {', '.join(ALL_KINDS)} to ask. Default: {','.join(AT_HOME)}."
)
@click.option(
    "--max",
    "most",
    type=click.IntRange(min=0),
    default=MOST,
    show_default=True,
    help="At most so many questions of these kinds.",
)
@click.option(
    "--save",
    type=_Path(dir_okay=False, path_type=Path),
    help="Also write the summary to this file, for your eyes only.",
)
@click.option("--overwrite", is_flag=True, help="Replace that file if it exists.")
def interview(  # noqa: PLR0913 all but the first are options
    facts: tuple[str, ...],
    *,
    network: str | None,
    setting: str | None,
    account: str,
    kinds: str | None,
    most: int,
    save: Path | None,
    overwrite: bool,
) -> None:
    """Ask one question after the other: red flags first, then what is expected to tell most about the causes.

    Ends with the result, a page to take to a professional, and the command that goes on from there: nothing is lost on
    q, Ctrl-D or Ctrl-C. What is said as NAME=VALUE (as in `hip-bayes diagnose`), even as unknown, is not asked.
    """
    try:
        _check_place(save, overwrite=overwrite)
        wanted = None if kinds is None else [kind.strip() for kind in kinds.split(",")]
        now, lines = begin(_parse(facts), network=network, setting=setting, account=account, kinds=wanted, most=most)
    except HipBayesError as error:
        _fail(error)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without a character shows a question mark for it
    click.get_current_context().with_resource(nothing_flushed())
    status, ended = 0, ""
    at_hand = sys.stdin is not None and sys.stdin.isatty()
    try:
        with signals(("SIGTERM", "SIGHUP"), signal.default_int_handler):  # a closed window interrupts like Ctrl-C
            say(lines)
            while question := now.question:
                if now.pressing and not at_hand:  # answers from a file were written for the questions alone
                    now, lines = now.answer("y")
                    continue
                answer = ask(question)
                if answer is None:
                    ended = "The input ended."
                    break
                now, lines = now.answer(answer)
                say(lines)
    except KeyboardInterrupt:
        status, ended = INTERRUPTED, "Interrupted."
    with signals(("SIGINT", "SIGTERM", "SIGHUP"), signal.SIG_IGN, restore=not status):
        summary = now.summary()
        failure = None if save is None else _saved(save, summary, overwrite=overwrite)  # the terminal may be gone
        click.echo(f"\n\n{ended}\n" if status else f"\n{ended or now.over}\n")
        _print_result(now.diagnosis)
        rule = "-" * max(map(len, summary.splitlines()))
        click.echo(f"\n{rule}\n{summary}\n{rule}\n\nTo go on from here, or to change an answer:\n")
        left = now.left if (now.question or now.stopped) and now.left != MOST else None
        told = None if account == ASKED else account
        options = {
            "--network": network,
            "--setting": setting,
            "--account": told,
            "--kinds": kinds,
            "--max": left,
            "--save": save,
        }
        given = [str(word) for option, value in options.items() if value is not None for word in (option, value)]
        given += [] if save is None else ["--overwrite"]
        click.echo(f"{' '.join(map(_quoted, ['hip-bayes', 'interview', *now.words, *given]))}\n")
        if failure is not None:
            _fail(failure)
        if save is not None:
            click.echo(f"written: {shown_path(save)}")
        raise SystemExit(status)


def _check_place(path: Path | None, *, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before anything is asked."""
    if path is None:
        return
    if path_of("the file to write", path).is_dir():
        raise HipBayesError(f"cannot write {shown_path(path)}: it is a directory; give the path of a file")
    if not overwrite:
        refuse_existing(path)
    if not path.parent.is_dir():
        raise HipBayesError(
            f"cannot write {shown_path(path)}: there is no directory {shown_path(path.parent)}; make it first"
        )


def _saved(path: Path, summary: str, *, overwrite: bool) -> HipBayesError | None:
    """Write the summary, whole or not at all; return the error if it cannot be."""
    try:
        _check_place(path, overwrite=overwrite)
        write_whole(path, f"{summary}\n".encode(), allowed=PRIVATE, overwrite=overwrite)
    except HipBayesError as error:
        return error
    except OSError as error:
        return HipBayesError(f"cannot write {shown_path(path)} ({error}); the summary is above")
    return None


def _quoted(word: str) -> str:
    """Return a word as a shell reads it, with nothing in it that a terminal obeys."""
    if word.isprintable():
        return shlex.quote(word)
    escaped = printable(word.replace("\\", "\\\\").replace("'", "\\'"))
    return f"$'{escaped}'"


def _cpus() -> int:
    """Return how many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@main.command()
@click.argument("source", metavar="IN", type=_Path(path_type=Path))
@click.argument("target", metavar="OUT", type=_Path(path_type=Path))
@click.option("--id", "ids", multiple=True, metavar="COLUMN", help="Copy this column to OUT unread. Repeatable.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Pass over this column. Repeatable.")
@click.option("--ignore-others", is_flag=True, help="Pass over every column that is no fact.")
@click.option(
    "--code",
    multiple=True,
    metavar="'COLUMN: VALUE=MEANING ...'",
    help="What codes mean: --code 'lateral_pain: 1=no 2=yes'. Repeatable.",
)
@click.option("--missing", multiple=True, metavar="VALUE,...", help="Values that stand for nothing: --missing=-9,99.")
@click.option(
    "--mapping",
    type=_Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file with missing, ignore, ignore_others, columns (header = fact) and code, instead of these options.",
)
@click.option("--rejects", type=_Path(path_type=Path), help="A .csv for rows without an answer; the run goes on.")
@click.option("--network", help=NETWORK_HELP)
@click.option("--setting", help=SETTING_HELP)
@click.option("--account", type=click.Choice(ACCOUNTS), help="How the cases were heard. Default: asked.")
@click.option("--threads", type=click.IntRange(min=1), default=_cpus, help="Default: the CPUs this process may use.")
@click.option("--overwrite", is_flag=True, help="Replace OUT and the rejects file if they exist.")
@click.option(
    "--safe-for-spreadsheets",
    is_flag=True,
    help="In CSV, put an apostrophe before copied text that a spreadsheet would work out (=, +, -, @ first).",
)
def cohort(  # noqa: PLR0913 all but the first two are options
    source: Path,
    target: Path,
    *,
    ids: tuple[str, ...],
    ignore: tuple[str, ...],
    ignore_others: bool,
    code: tuple[str, ...],
    missing: tuple[str, ...],
    mapping: Path | None,
    rejects: Path | None,
    network: str | None,
    setting: str | None,
    account: str | None,
    threads: int,
    overwrite: bool,
    safe_for_spreadsheets: bool,
) -> None:
    """Diagnose a file of cases, however long: IN and OUT are .csv or .parquet, IN also .csv.gz, .tsv or .xlsx.

    A row is a case, a column a fact; `hip-bayes findings` lists the names. Cells are as in `hip-bayes diagnose`, an
    empty one, NA and the like are unknown. OUT has the `--id` columns, a column a cause, triage, and how many red flags
    were asked. A row that has no answer stops the run, or goes to the `--rejects` file with the reason. A column of
    codes is refused until `--code`, `--missing` or `--ignore` says what to do with it. What each column was read as is
    said at the end.

    Memory is that of 65,536 rows a thread, however many there are. A run that was stopped, even killed, goes on where
    it was when it is started again with the same arguments; until then its parts are in the directory OUT.parts.
    """
    start = time.perf_counter()
    try:
        of_file = mapping_file(mapping) if mapping else Reading()
        gaps = [value.strip() for text in missing for value in text.split(",")]
        with _bar() as progress:
            counts = diagnose_file(
                source,
                target,
                network=network,
                setting=setting,
                ids=ids,
                ignore=[*of_file.ignore, *ignore],
                ignore_others=ignore_others or of_file.ignore_others,
                code=merged(of_file.code, codes_of(code)),
                missing=[*of_file.missing, *gaps],
                columns=of_file.columns,
                account=account or of_file.account,
                rejects=rejects,
                threads=threads,
                overwrite=overwrite,
                safe_for_spreadsheets=safe_for_spreadsheets,
                progress=progress,
                notify=lambda text: click.echo(printable(text), err=True),
            )
    except HipBayesError as error:
        _fail(error)
    except KeyboardInterrupt:
        click.echo("Interrupted: started again with the same arguments, the run goes on where it was", err=True)
        raise SystemExit(INTERRUPTED) from None
    seconds = time.perf_counter() - start
    click.echo(f"written: {shown_path(target)}" + (f" and {shown_path(rejects)}" if rejects else ""))
    earlier = f" ({counts.resumed:,} of them from an earlier run)" if counts.resumed else ""
    click.echo(
        f"rows in {counts.rows:,}{earlier} = rows out {counts.answered:,} + rejects {counts.rejected:,}: checked"
    )
    for header, words in counts.read.items():
        click.echo(printable(f"  {header}: {words}"))
    click.echo(f"{seconds:,.1f} s, {(counts.rows - counts.resumed) / seconds:,.0f} rows/s")


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[float], object] | None]:
    """Show a progress bar on stderr if that is a terminal; what is called tells it how far things are, 0 to 1."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Diagnosing", total=1.0)
        yield lambda share: bar.update(task, completed=share)


@main.command()
@click.argument("words", nargs=-1)
@click.option("--kind", type=click.Choice(["background", *KINDS, "red_flags"]), help="Only this kind.")
@click.option("--network", help=NETWORK_HELP)
def findings(words: tuple[str, ...], kind: str | None, network: str | None) -> None:
    """List what can be said about a case: background, findings and red flags, with their questions.

    With WORDS, only what has all of them in its id, name, question or synonyms, or else one of them, the likeliest
    first: `hip-bayes findings outer hip`, `hip-bayes findings FADIR`.
    """
    try:
        net = load_network(network)
    except HipBayesError as error:
        _fail(error)
    words = tuple(word for word in words if word.strip())
    text = " ".join(words)
    likely = find(net, text, every_word=True) or find(net, text) if words else []
    sections = {"background": [(b.id, "", b.question) for b in net.background.values()]}
    for k in KINDS:
        found = [f for f in net.findings.values() if f.kind == k]
        sections[k] = [
            (f.id, "" if f.states == ("absent", "present") else " / ".join(f.states), f.question) for f in found
        ]
    sections["red_flags"] = [(r.id, r.level, r.question) for r in net.red_flags.values()]
    low, high = net.age_range
    tables = []
    with_both = kind is None and (not words or bool({"age", "sex"} & {*likely}))
    if with_both:
        click.echo(f"age: years, {low} to {high}    sex: female or male\n")
    for title, rows in sections.items():
        by_id = {row[0]: row for row in rows}
        wanted = [by_id[id_] for id_ in likely if id_ in by_id] if words else rows
        if kind in (None, title) and wanted:
            tables.append(_listing(title.replace("_", " "), wanted))
    if not tables and not with_both:
        wanted_words = " ".join((*map(shown, words), *([f"kind {kind}"] if kind else [])))
        click.echo(f"nothing matches {wanted_words}; `hip-bayes findings` lists everything")
        return
    from rich.console import Console

    for table in tables:
        Console(highlight=False).print(table)


def _listing(title: str, rows: list[tuple[str, str, str]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    for id_, extra, question in rows:
        table.add_row(Text(id_), Text(f"{question} ({extra})" if extra else question))
    return table


@main.command()
@click.argument("names", nargs=-1)
@click.option("--network", help=NETWORK_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def sources(names: tuple[str, ...], network: str | None, *, as_json: bool) -> None:
    """Show numbers with their sources.

    NAMES such as `gtps lateral_pain` ask for the numbers and rules that involve all of them. A name is a cause,
    subtype, group, background factor, finding, red flag or source, or a sex or age band. Without NAMES: how many
    numbers have which basis, and how many numbers and rules each source supports.
    """
    try:
        net = load_network(network)
        found = entries(net, names)
    except HipBayesError as error:
        _fail(error)
    used = Counter(source for entry in found for source in entry.source)
    cited = [(net.sources[id_], used[id_]) for id_ in sorted(used, key=lambda id_: (-used[id_], id_))]
    if as_json:
        about = {"network": {"id": net.id, "name": net.name, "version": net.version}}
        rows = {"basis": by_basis(net)} if not names else {"numbers": [_as_dict(entry) for entry in found]}
        titles = [{f: getattr(s, f) for f in ("id", "title", "year", "address")} | {"supports": k} for s, k in cited]
        click.echo(json.dumps(about | rows | {"sources": titles}, indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo(f"no number involves all of {listed(names)}; try fewer names")
        return
    from rich.console import Console

    console = Console(highlight=False)
    if names:
        console.print(_table_of(found))
    else:
        click.echo("\n".join(_basis_lines(net)))
    if cited:
        click.echo("\nSources")
    for source, count in cited:
        _print_source(console, source, count)


def _print_source(console: Console, source: Source, count: int) -> None:
    """Print the title wrapped, the address in one piece, however long: it is there to be copied."""
    from rich.padding import Padding
    from rich.text import Text

    click.echo(f"  {source.id} (supports {count})")
    year = "year unknown" if source.year == "unknown" else source.year
    console.print(Padding(Text(f"{source.title} ({year})"), (0, 0, 0, 4)))
    click.echo(f"    {'address unknown' if source.address == 'unknown' else source.address}")


def _as_dict(entry: Entry) -> dict[str, Any]:
    """Return an entry for JSON, which has no NaN."""
    row = {column: getattr(entry, column) for column in COLUMNS}
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}


def _table_of(found: Iterable[Entry]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("number", justify="right", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("basis", no_wrap=True)
    table.add_column("what", overflow="fold")
    for e in found:
        lines = [e.what, *(text for text in (e.reason, e.note) if text), ", ".join(e.source)]
        value = "" if math.isnan(e.value) else f"{e.value:g}"
        if not math.isnan(e.low):
            value += f" ({e.low:g}-{e.high:g})"
        words = Text("\n".join(filter(None, lines)))
        words.append(f"\n{e.path}", style="dim")
        table.add_row(Text(value), Text("" if math.isnan(e.n) else f"{e.n:g}"), Text(e.basis), words)
    return table


def _basis_lines(net: Network) -> list[str]:
    count = by_basis(net)
    total = sum(count.values())
    return [f"  {basis:12} {k:5} of {total} numbers ({k / total:.0%})" for basis, k in count.items() if k]


@main.group()
def network() -> None:
    """Work with network files."""


@network.command()
@click.argument("file")
def check(file: str) -> None:
    """Check a network FILE (or a shipped network's name): structure, numbers, sources, and that its priors solve."""
    try:
        net = load_network(file)
    except HipBayesError as error:
        _fail(error)
    click.echo(f"ok: {net!r}")
    click.echo("\n".join(_basis_lines(net)))


@network.command()
@click.argument("file")
@click.argument("cases", type=_Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("card", type=_Path(dir_okay=False, path_type=Path))
@click.option("--about", required=True, help="Where the cases come from, and what that does to the figures.")
@click.option("--overwrite", is_flag=True, help="Replace CARD if it is there.")
def card(file: str, cases: Path, card: Path, about: str, *, overwrite: bool) -> None:
    """Write the model card of network FILE (or a shipped network's name), validated on CASES, to the file CARD.

    CASES is a JSONL file of coded cases as hip_bayes.validate takes it.
    """
    try:
        _check_place(card, overwrite=overwrite)
        net = load_network(file)
        freely = validate(cases, network=net, account=VOLUNTEERED) if net.mention else None
        text = model_card(net, validate(cases, network=net), about=about, told_freely=freely)
        write_whole(card, text.encode(), overwrite=overwrite)
    except HipBayesError as error:
        _fail(error)
    except OSError as error:
        _fail(HipBayesError(f"cannot write {shown_path(card)} ({error}); choose a place where you may write"))
    click.echo(f"written: {shown_path(card)}")

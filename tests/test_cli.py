"""The command: what it prints, in which order, and how it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from example import SCRIPT

import hip_bayes as hb
from hip_bayes import __version__
from hip_bayes.cli import main
from hip_bayes.network.checks import numbers as all_numbers
from hip_bayes.network.provenance import by_basis, entries
from hip_bayes.network.wording import DISCLAIMER

if TYPE_CHECKING:
    from collections.abc import Callable

CASE = ("age=46", "sex=female", "lateral_pain=yes", "night_pain=0.7", "fever=yes")


def run(*words: str) -> Result:
    """Run `hip-bayes` with these words."""
    return CliRunner().invoke(main, list(words))


def assert_refused(result: Result, *parts: str) -> None:
    """Check for exit code 2, nothing on stdout and one line of error on stderr, without a traceback."""
    assert result.exit_code == 2
    assert result.stdout == ""
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert result.stderr.rstrip().endswith(errors[0])
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in errors[0]


# diagnose


def test_diagnose_prints_a_table_with_red_flags_first(file: Path) -> None:
    result = run("diagnose", *CASE, "--network", str(file))
    text = " ".join(result.stdout.split())

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("URGENT: have this assessed today")
    assert text.index("Fever") < text.index("Known: age 46, female, lateral_pain yes") < text.index("Tendon pain")
    assert text.index("Tendon pain") < text.index("What to do") < text.index("- Same-day assessment.")
    assert "█" in result.stdout
    assert text.count(DISCLAIMER) == 1


def test_diagnose_without_facts_answers_for_everyone(file: Path) -> None:
    result = run("diagnose", "--network", str(file))

    assert result.exit_code == 0
    assert "Known: nothing" in result.stdout
    assert "1 of 1 red flag not asked: whether this is urgent is not known" in result.stdout


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (CASE, {"age": 46, "sex": "female", "lateral_pain": True, "night_pain": 0.7, "fever": True}),
        (("lateral_pain=1", "night_pain=0", "age=46.5"), {"lateral_pain": True, "night_pain": False, "age": 46.5}),
        (("lateral_pain=unknown", "night_pain=", "sex=M"), {"sex": "male"}),
        (("lateral_pain=nan", "weak_muscles=no"), {"weak_muscles": False}),
        ((), {}),
    ],
)
def test_json_is_what_python_gives(file: Path, words: tuple[str, ...], facts: dict[str, object]) -> None:
    result = run("diagnose", *words, "--json", "--network", str(file))

    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == hb.load_network(file).diagnose(facts).to_dict()


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["table", "json"])
@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["lateral_pain=maybe"], ["'lateral_pain' is 'maybe'", "allowed: True or False"]),
        (["lateral_pain=2"], ["'lateral_pain' is '2'", "allowed"]),
        (["age=17"], ["age is '17';", "from 18 to 90"]),
        (["age=forty"], ["age is 'forty'", "from 18 to 90"]),
        (["age=inf"], ["age is 'inf'"]),
        (["sex=x"], ["sex is 'x'", "'female', 'male'"]),
        (["fever=0.5"], ["red flag 'fever' is '0.5'", "allowed: True, False or None"]),
        (["lateral_pian=yes"], ["unknown finding 'lateral_pian'", "did you mean 'lateral_pain'"]),
        (["tendon=yes"], ["'tendon' is a cause"]),
        (["lateral_pain"], ["got 'lateral_pain'", "allowed: NAME=VALUE"]),
        (["=yes"], ["got '=yes'", "allowed: NAME=VALUE"]),
        (["lateral_pain=yes", "lateral_pain=no"], ["'lateral_pain' is said twice", "say it once"]),
        (["onset=sudden", "gradual_onset=yes"], ["'onset' and 'gradual_onset' contradict each other"]),
    ],
)
def test_a_bad_fact_is_refused_in_one_line(
    write: Callable[[str], Path], text: str, words: list[str], parts: list[str], as_json: tuple[str, ...]
) -> None:
    onset = (
        '\n[findings.onset]\nname = "Onset"\nkind = "history"\nquestion = "How did it begin?"\n'
        'states = ["gradual", "sudden"]\naliases = { gradual_onset = "gradual" }\n'
        'leak = { p = 0.2, n = 10, basis = "judgement", reason = "a guess" }\n'
    )
    assert_refused(run("diagnose", *words, *as_json, "--network", str(write(text + onset))), *parts)


def test_a_missing_network_is_refused_in_one_line(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.toml")

    for words in (
        ["diagnose", "--network", missing],
        ["findings", "--network", missing],
        ["sources", "--network", missing],
        ["sources", "tendon", "--json", "--network", missing],
        ["network", "check", missing],
    ):
        assert_refused(run(*words), missing, "there is no such file")


def test_names_of_a_file_are_printed_as_text(write: Callable[[str], Path], text: str) -> None:
    """Neither rich markup nor HTML is read into them."""
    odd = f"[red]Tendon[/red] [/x] {SCRIPT}"
    path = write(text.replace('"Tendon pain"', json.dumps(odd)).replace('"Does it wake you?"', json.dumps(odd)))

    assert odd in " ".join(run("findings", "--network", str(path)).stdout.split())
    assert "[/x]" in run("diagnose", "--network", str(path)).stdout


# findings


def listed(result: Result) -> list[str]:
    """Return the names at the start of the lines, from those that the example has."""
    known = {"weak_muscles", "lateral_pain", "night_pain", "fever"}
    return [line.split()[0] for line in result.stdout.splitlines() if line.split() and line.split()[0] in known]


def test_findings_lists_everything_that_can_be_said(file: Path) -> None:
    result = run("findings", "--network", str(file))

    assert result.exit_code == 0
    assert "age: years, 18 to 90" in result.stdout
    assert "sex: female or male" in result.stdout
    assert listed(result) == ["weak_muscles", "lateral_pain", "night_pain", "fever"]
    assert "Does it hurt on the outside of the hip?" in result.stdout
    assert "Do you have a fever? (urgent)" in result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["night"], ["night_pain"]),
        (["OUTSIDE"], ["lateral_pain"]),
        (["pain"], ["night_pain", "lateral_pain"]),
        (["fever", "night"], ["night_pain", "fever"]),
        (["urgent"], ["fever"]),
        (["measured"], ["weak_muscles"]),
    ],
)
def test_findings_with_words_lists_what_contains_one_of_them(file: Path, words: list[str], expected: list[str]) -> None:
    result = run("findings", *words, "--network", str(file))

    assert listed(result) == expected
    assert "age: years" not in result.stdout


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("background", ["weak_muscles"]), ("history", ["lateral_pain", "night_pain"]), ("red_flags", ["fever"])],
)
def test_findings_of_a_kind_lists_only_these(file: Path, kind: str, expected: list[str]) -> None:
    assert listed(run("findings", "--kind", kind, "--network", str(file))) == expected


def test_findings_of_a_kind_with_words_lists_what_is_both(file: Path) -> None:
    assert listed(run("findings", "pain", "night", "--kind", "red_flags", "--network", str(file))) == []
    assert listed(run("findings", "night", "--kind", "history", "--network", str(file))) == ["night_pain"]


@pytest.mark.parametrize("words", [["zzz"], ["zzz", "yyy"], ["night", "--kind", "imaging"], ["--kind", "imaging"]])
def test_findings_without_a_match_says_so(file: Path, words: list[str]) -> None:
    result = run("findings", *words, "--network", str(file))

    assert result.exit_code == 0
    assert result.stdout.startswith("nothing matches ")
    assert "''" not in result.stdout
    assert "`hip-bayes findings` lists everything" in result.stdout


def test_findings_shows_the_names_of_states(write: Callable[[str], Path], text: str) -> None:
    onset = text.replace("[findings.night_pain]\nname", '[findings.night_pain]\nstates = ["calm", "waking"]\nname')

    assert "Does it wake you? (calm / waking)" in run("findings", "--network", str(write(onset))).stdout


def test_an_unknown_kind_is_refused(file: Path) -> None:
    assert_refused(run("findings", "--kind", "exam", "--network", str(file)), "'exam'", "examination")


# sources


def test_sources_of_names_prints_number_n_basis_and_citation(file: Path) -> None:
    result = run("sources", "tendon", "lateral_pain", "--network", str(file))
    head, first, *rest = (line.split() for line in result.stdout.splitlines())

    assert (result.exit_code, result.stderr) == (0, "")
    assert head == ["number", "n", "basis", "what"]
    assert first[:4] == ["0.93", "15", "measured", "P(Pain"]
    assert ["findings.lateral_pain.given.tendon"] in rest
    assert result.stdout.splitlines()[-4:] == [
        "Sources",
        "  study_2020 (supports 1)",
        result.stdout.splitlines()[-2],
        "    https://doi.org/10.1000/example",
    ]
    assert result.stdout.splitlines()[-2].strip() == "A study of lateral hip pain (2020)"


def test_sources_shows_ranges_reasons_notes_and_rules(file: Path) -> None:
    text = " ".join(run("sources", "weak_muscles", "tendon", "--network", str(file)).stdout.split())
    assert "2 (1-4) qualitative odds ratio of Tendon pain, with Weak hip muscles against without" in text

    text = " ".join(run("sources", "lateral_pain", "--network", str(file)).stdout.split())
    assert "mostly felt in the groin" in text
    assert "from another clinic" in text

    text = " ".join(run("sources", "fever", "--network", str(file)).stdout.split())
    assert "qualitative red flag Fever: urgent if present an infected joint study_2020 red_flags.fever.level" in text


def test_a_judgement_alone_cites_nothing(file: Path) -> None:
    result = run("sources", "neck", "lateral_pain", "--network", str(file))

    assert result.exit_code == 0
    assert "judgement" in result.stdout
    assert "Sources" not in result.stdout


def test_long_citations_are_wrapped_and_not_cut(write: Callable[[str], Path], text: str) -> None:
    title, address = "word " * 60 + "end", "https://doi.org/10.1000/" + "x" * 200
    long = text.replace("A study of lateral hip pain", title).replace("https://doi.org/10.1000/example", address)
    result = run("sources", "study_2020", "--network", str(write(long)))

    assert f"{title} (2020)" in " ".join(result.stdout.split())
    assert f"    {address}" in result.stdout.splitlines()
    assert "…" not in result.stdout


def test_sources_without_names_is_a_summary(file: Path) -> None:
    result = run("sources", "--network", str(file))
    lines = result.stdout.splitlines()
    total = len(list(all_numbers(hb.load_network(file))))

    assert (result.exit_code, result.stderr) == (0, "")
    counted = {line.split()[0]: int(line.split()[1]) for line in lines[: lines.index("")]}
    assert list(counted) == ["measured", "transferred", "qualitative", "judgement"]
    assert sum(counted.values()) == total
    assert all(f" of {total} numbers (" in line for line in lines[: lines.index("")])
    cited = sum("study_2020" in e.source for e in entries(hb.load_network(file)))
    assert f"  study_2020 (supports {cited})" in lines


def test_sources_as_json_is_what_python_gives(file: Path) -> None:
    net = hb.load_network(file)
    answer = json.loads(run("sources", "night_pain", "--json", "--network", str(file)).stdout)

    assert answer["network"] == {"id": "example", "name": "A minimal network", "version": "0.1.0"}
    assert [row["path"] for row in answer["numbers"]] == [e.path for e in entries(net, "night_pain")]
    assert answer["numbers"][0] == {
        "path": "findings.night_pain.leak",
        "what": "P(Pain at night | a cause without a link to it)",
        "value": 0.08,
        "n": 10.0,
        "low": None,
        "high": None,
        "basis": "judgement",
        "source": [],
        "citation": "",
        "reason": "background rate",
        "note": "",
    }
    study = net.sources["study_2020"]
    assert answer["sources"] == [
        {"id": study.id, "title": study.title, "year": 2020, "address": study.address, "supports": 1}
    ]


def test_the_summary_as_json(file: Path) -> None:
    net = hb.load_network(file)
    answer = json.loads(run("sources", "--json", "--network", str(file)).stdout)

    assert set(answer) == {"network", "basis", "sources"}
    assert answer["basis"] == by_basis(net)
    assert [s["id"] for s in answer["sources"]] == ["study_2020"]


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["table", "json"])
def test_an_unknown_name_is_refused_with_the_nearest(file: Path, as_json: tuple[str, ...]) -> None:
    assert_refused(
        run("sources", "lateral_pain", "tendn", *as_json, "--network", str(file)),
        "unknown name 'tendn'; did you mean 'tendon'?",
        "allowed: any id of the network",
    )


def test_names_without_a_number_in_common_say_so(file: Path) -> None:
    result = run("sources", "tendon", "fever", "--network", str(file))

    assert (result.exit_code, result.stdout) == (0, "no number involves all of 'tendon', 'fever'; try fewer names\n")
    assert json.loads(run("sources", "tendon", "fever", "--json", "--network", str(file)).stdout)["numbers"] == []


# network check


def test_check_says_what_a_good_file_holds(file: Path) -> None:
    result = run("network", "check", str(file))
    lines = result.stdout.splitlines()

    assert (result.exit_code, result.stderr) == (0, "")
    assert lines[0] == ("ok: <Network example 0.1.0: 3 causes, 1 background factor, 2 findings, 1 red flag, 1 source>")
    counted = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
    numbers = dict(all_numbers(hb.load_network(file)))
    assert sum(counted.values()) == len(numbers)
    assert counted == {b: sum(n.basis == b for n in numbers.values()) for b in counted}


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("p = 0.93", "p = 1.93", ["findings.lateral_pain.given.tendon", "p is 1.93", "strictly between 0 and 1"]),
        ("[causes.tendon]", "[causes.tendon", ["not valid TOML"]),
        ("effect = { p = 0.2", "effect = { p = 0.9", ["findings.night_pain.parent.effect", "at most"]),
        ("p = [0.45, 0.40]", "p = [0.20, 0.20]", ["causes.*.prior", "male 18-49", "sum to 0.8"]),
    ],
)
def test_check_refuses_a_bad_file_with_file_key_and_remedy(
    write: Callable[[str], Path], text: str, old: str, new: str, parts: list[str]
) -> None:
    assert text.count(old) == 1
    path = write(text.replace(old, new))

    assert_refused(run("network", "check", str(path)), str(path), *parts)


# the rest


def test_version_and_help() -> None:
    assert run("--version").stdout == f"hip-bayes, version {__version__}\n"
    assert DISCLAIMER in " ".join(run("--help").stdout.split())
    for command in ("diagnose", "interview", "cohort", "findings", "sources", "network"):
        assert command in run("--help").stdout
        assert run(command, "-h").exit_code == 0


def test_an_unknown_command_is_refused() -> None:
    assert_refused(run("diagnos"), "diagnos")


def test_a_console_without_unicode_gets_plain_bars(file: Path) -> None:
    """As on a Windows pipe: no block characters, no crash."""
    result = CliRunner(charset="ascii").invoke(main, ["diagnose", "lateral_pain=yes", "--network", str(file)])

    assert result.exit_code == 0, result.output
    assert "#####" in result.output
    assert "█" not in result.output


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_no_width_hides_a_probability(file: Path, columns: int) -> None:
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(main, ["diagnose", "--network", str(file)])

    assert result.output.count("%") >= len(hb.load_network(file).causes)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is a thing of Linux")
@pytest.mark.parametrize("words", [["diagnose", "age=46"], ["findings"], ["interview"]])
def test_output_that_cannot_be_written_ends_in_a_sentence(file: Path, words: list[str]) -> None:
    command = [sys.executable, "-c", "from hip_bayes.cli import main; main()", *words, "--network", str(file)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr == "Error: not all could be written: No space left on device\n"


# odd words


STEERS = "a\x1b[31m\u202eb"


def commands(file: Path, odd: str) -> list[tuple[str, ...]]:
    """Return calls of every command with an odd word in one place."""
    network = ("--network", str(file))
    page = ("interview", *network, "age=46", "sex=f")
    return [
        (odd,),
        ("diagnose", odd),
        ("diagnose", *network, f"{odd}=yes"),
        ("diagnose", *network, f"age={odd}"),
        ("diagnose", "--network", odd),
        ("diagnose", *network, "--setting", odd),
        ("findings", "--kind", odd),
        ("findings", "--network", odd),
        (*page, "--kinds", odd),
        (*page, "--max", odd),
        (*page, "--save", f"no/{odd}"),
        ("sources", *network, odd),
        ("network", odd),
        ("network", "check", odd),
        ("network", "card", str(file), odd, "card.md", "--about", "x"),
        ("network", "card", str(file), str(file), f"no/{odd}", "--about", "x"),
        ("cohort", odd, "out.csv"),
        ("cohort", f"{odd}.csv", "out.csv"),
        ("cohort", str(file), "out.csv", "--threads", odd),
        ("cohort", str(file), "out.csv", "--mapping", odd),
        ("cohort", str(file), "out.csv", "--code", odd),
    ]


ODD = (STEERS, chr(0xDCFF), chr(0xD800), "\x00", "x" * 10_000, "9" * 5000, "-1", "/dev/null")


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_words_end_in_a_readable_error_and_never_reach_the_terminal_raw(file: Path, odd: str) -> None:
    for words in commands(file, odd):
        result = CliRunner().invoke(main, words)

        assert isinstance(result.exception, SystemExit), words
        assert result.exit_code == 2, words
        assert all(line.isprintable() for line in result.output.splitlines()), words
        assert len(result.stderr) < 3000, words


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_device_or_a_pipe_is_neither_read_nor_replaced(file: Path, tmp_path: Path) -> None:
    """Not waited for, either: nobody writes into the pipe."""
    pipe, cases = tmp_path / "pipe.csv", tmp_path / "cases.csv"
    os.mkfifo(pipe)
    cases.write_text("age\n46\n")
    network, overwrite = ("--network", str(file)), "--overwrite"
    for words in (
        ("diagnose", "--network", str(pipe)),
        ("interview", *network, "--save", str(pipe), overwrite),
        ("network", "check", str(pipe)),
        ("network", "card", str(file), str(pipe), "card.md", "--about", "x"),
        ("network", "card", str(file), str(cases), str(pipe), "--about", "x", overwrite),
        ("cohort", str(pipe), str(tmp_path / "out.csv"), *network),
        ("cohort", str(cases), str(pipe), *network, overwrite),
        ("cohort", str(cases), str(tmp_path / "out.csv"), *network, "--mapping", str(pipe)),
    ):
        result = run(*words)

        assert (result.exit_code, pipe.is_fifo()) == (2, True), words
        assert "Error: " in result.stderr


def test_names_of_files_and_columns_are_shown_escaped(file: Path, tmp_path: Path) -> None:
    cases = tmp_path / f"{STEERS}.csv"
    cases.write_text(f"age,{STEERS}\n46,1\n")
    out = tmp_path / f"{STEERS}\n.csv"
    result = run("cohort", str(cases), str(out), "--network", str(file), "--ignore", STEERS)

    assert result.exit_code == 0
    assert out.exists()
    assert r"a\x1b[31m\u202eb\n.csv" in result.stdout
    assert all(line.isprintable() for line in result.output.splitlines())


def test_the_command_to_go_on_with_has_nothing_in_it_that_a_terminal_obeys(tmp_path: Path, text: str) -> None:
    network = tmp_path / f"{STEERS} it's.toml"
    network.write_text(text, encoding="utf-8")
    result = run("interview", "--network", str(network), "age=46", "sex=f")

    assert f"$'{tmp_path}/a\\x1b[31m\\u202eb it\\'s.toml'" in result.stdout
    assert all(line.isprintable() for line in result.output.splitlines())

"""Reading files: what cannot be read, and what is not a valid network, is refused with file, key and remedy."""

from __future__ import annotations

import itertools
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from example import example_text
from refusals import ADVICE, ALL, CAUSE, END, GROUP, HAZARD, MECHANISM, NUMBER, ODDS, TENDON

import hip_bayes as hb
from hip_bayes.diagnosis import load_network
from hip_bayes.errors import shown_path
from hip_bayes.network import parts
from hip_bayes.network.parts import FindingParent
from hip_bayes.network.reading import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refusal(path: Path) -> hb.NetworkError:
    """Return the error that reading a file raises, which must name the file."""
    with pytest.raises(hb.NetworkError, match=r".") as e:
        load_network(path)
    assert e.value.file == str(path)
    assert str(e.value).startswith(f"{shown_path(path)}: ")
    return e.value


# Where the file is.


def test_a_network_is_read_from_a_path_or_its_text(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    answers = [
        load_network(where).diagnose(lateral_pain=True) for where in (file, str(file), file.name, f"./{file.name}")
    ]

    assert {d.network.id for d in answers} == {"example"}
    assert len({d["tendon"] for d in answers}) == 1


def test_a_file_is_read_anew_each_time(file: Path) -> None:
    first = load_network(file)
    file.write_text(example_text().replace('version = "0.1.0"', 'version = "0.2.0"'), encoding="utf-8")

    assert (first.version, load_network(file).version) == ("0.1.0", "0.2.0")


@pytest.mark.parametrize("kind", [hb.NetworkNotFoundError, hb.NetworkError, FileNotFoundError, ValueError])
def test_a_missing_file_is_a_file_not_found(tmp_path: Path, kind: type[Exception]) -> None:
    path = tmp_path / "missing.toml"

    with pytest.raises(kind, match="there is no such file; give the path of a TOML file") as e:
        load_network(path)
    assert str(e.value).startswith(str(path))


@pytest.mark.parametrize("name", ["no_such_network", "hip_pain_runner", "", ".", "a" * 300, "a\0"])
def test_a_name_that_is_not_shipped_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(hb.NetworkNotFoundError, match=r"no shipped network is called .*; there are: .*\.toml"):
        load_network(name)


@pytest.mark.parametrize("where", [5, 1.5, b"net.toml", ["net.toml"], {"network": {}}, object()], ids=type)
def test_what_is_no_path_is_refused(where: Any) -> None:  # noqa: ANN401
    with pytest.raises(hb.NetworkError, match=r"got a \w+; allowed: the name of a shipped network or the path"):
        load_network(where)


@pytest.mark.parametrize("character", ["\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200f"])
def test_a_text_that_a_terminal_obeys_is_refused(tmp_path: Path, character: str) -> None:
    """In a name, in the reason of a number, in a list of texts, in a file and in a changed network."""
    net = load_network()
    for key in ("causes.gtps.name", "findings.groin_pain.question", "red_flags.fever.reason"):
        with pytest.raises(hb.NetworkError, match=rf"{re.escape(key)}: got .* character U\+{ord(character):04X}") as e:
            net.replace({key: f"red{character}[31m"})
        assert character not in str(e.value)
    with pytest.raises(hb.NetworkError, match="with the character U"):
        net.replace({"prevention": [f"a{character}b"]})
    path = tmp_path / "net.toml"
    path.write_text(example_text().replace('name = "', f'name = "\\u{ord(character):04x}', 1))
    assert "with the character U" in str(refusal(path))


@pytest.mark.skipif(sys.platform == "win32", reason="it has neither")
def test_what_has_no_end_is_refused(tmp_path: Path) -> None:
    """A device or a pipe, also by a link: it is neither waited for nor read."""
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zeros.toml").symlink_to("/dev/zero")
    for name in ("pipe.toml", "zeros.toml"):
        assert "this is a device or a pipe; allowed: a readable TOML file" in str(refusal(tmp_path / name))


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert "this is a directory; allowed: a TOML file" in str(refusal(tmp_path))


def test_a_path_below_a_file_is_refused(file: Path) -> None:
    assert refusal(file / "net.toml").message


def test_a_path_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a\0b.toml").message
    assert refusal(tmp_path / ("x" * 5000 + ".toml")).message


# What is in it.


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the key 'network' is missing; allowed: a table"),
        (b"# only a comment\n", "the key 'network' is missing"),
        (b"\x00\x01\x02\xff\xfe" * 100, "this is not text in UTF-8"),
        ("Ärzte".encode("latin-1"), "this is not text in UTF-8"),
        (example_text().encode("utf-16"), "this is not text in UTF-8"),
        (b"\x00" * 100, "this is not valid TOML"),
        (b"network = [", "this is not valid TOML"),
        (b'{"network": {"id": "json"}}', "this is not valid TOML"),
        (b"a = 1\na = 2\n", "this is not valid TOML"),
        (b"x = " + b"[" * 100_000, "this is not valid TOML"),
        (b"x = " + b"1" * 6000, "this is not valid TOML"),
    ],
    ids=[
        *("empty", "comment", "binary", "latin-1", "utf-16", "zeros", "cut off", "json", "key twice"),
        *("nested too deep", "a number too long"),
    ],
)
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "net.toml"
    path.write_bytes(content)

    error = refusal(path)

    assert message in error.message
    assert len(str(error)) < 400 + len(str(path))


def test_a_key_of_a_network_twice_is_refused_with_its_place(write: Callable[[str], Path], text: str) -> None:
    assert "line" in refusal(write(text + "\n[findings.lateral_pain]\n")).message


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    with path.open("wb") as file:
        file.truncate(50_000_000)  # takes no space on the disk

    assert f"the file has 50,000,000 bytes, more than {MAX_BYTES:,}; allowed: a readable" in str(refusal(path))


def test_windows_line_ends_are_accepted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "net.toml"
    path.write_bytes(text.replace("\n", "\r\n").encode())

    assert load_network(path).id == "example"


# Every entry that is wrong, one at a time.


@pytest.mark.parametrize("edit", ALL.values(), ids=ALL)
def test_a_wrong_entry_is_refused_with_file_key_and_remedy(
    write: Callable[[str], Path], text: str, edit: tuple[str, str, str, str]
) -> None:
    """The error's key leads to the entry (a * stands for one part of it), its message says what is allowed."""
    old, new, key, message = edit
    assert text.count(old) == 1 or old == END
    edited = text.replace(old, new) if old != END else text.removesuffix(END + "\n") + new + "\n"
    path = write(edited)

    with pytest.raises(hb.NetworkError, match=message) as e:
        load_network(path)

    assert e.value.file == str(path)
    assert any(_leads_to(e.value.key, pattern) for pattern in key.split("|")), e.value.key
    assert "\n" not in str(e.value)


def _leads_to(key: str, pattern: str) -> bool:
    """Say whether a key is as expected; a * stands for any one part."""
    pairs = itertools.zip_longest(key.split("."), pattern.split("."))
    return all(got == expected or (expected == "*" and got is not None) for got, expected in pairs)


def test_causes_in_a_circle_are_refused(write: Callable[[str], Path], text: str) -> None:
    ratio = "{ value = 2, low = 1, high = 3, " + NUMBER.removeprefix("n = 10, ")
    sites = "[causes.bone.subtypes.neck]"
    edited = text.replace(ODDS, f"odds_ratios.bone = {ratio}\n{ODDS}")
    path = write(edited.replace(sites, f"odds_ratios.tendon = {ratio}\n{sites}"))

    error = refusal(path)

    assert error.key in ("causes.tendon.odds_ratios", "causes.bone.odds_ratios")
    assert re.match(r"a cycle: (tendon -> )?bone -> tendon( -> bone)?; allowed: no cause may be", error.message)


def test_a_network_too_large_is_an_error_of_its_file(write: Callable[[str], Path], text: str) -> None:
    new = [f"c{k}" for k in range(40)]
    tied = f'[mechanisms.tied]\nname = "Tied"\nreason = "r"\ncauses = {new}\nfindings = ["lateral_pain"]\n'
    path = write(text + "".join(CAUSE.replace("NEW", c) for c in new) + tied)

    with pytest.raises(hb.NetworkTooLargeError, match=r"40 causes tied .* have [\d,]+ joint states.* GiB") as e:
        load_network(path)
    assert (e.value.file, e.value.key) == (str(path), "causes")


def test_a_file_without_findings_says_so_by_answering(write: Callable[[str], Path], text: str) -> None:
    """It has nothing to ask, and still gives its priors back."""
    path = write(text[: text.index("[findings.lateral_pain]")])

    assert load_network(path).diagnose(age=50, sex="f")["tendon"] == pytest.approx(0.60, rel=0, abs=1e-9)


def test_a_file_without_causes_is_refused(write: Callable[[str], Path], text: str) -> None:
    start, end = text.index("[causes.tendon]"), text.index("[findings.lateral_pain]")

    assert "the key 'causes' is missing" in refusal(write(text[:start] + text[end:])).message
    assert "at least one cause" in refusal(write(text[:start] + "[causes]\n")).message


# What is read.


def test_everything_in_the_file_is_in_the_network(write: Callable[[str], Path], text: str) -> None:
    extra = GROUP + MECHANISM + HAZARD + 'avoid = ["night_pain"]\n' + ADVICE
    net = load_network(write(text + extra))

    assert (net.id, net.name, net.version) == ("example", "A minimal network", "0.1.0")
    assert net.population == "Adults who run and have hip pain."
    assert (net.age_range, list(net.bands)) == ((18, 90), ["18-49", "50+"])
    assert [(b.low, b.high) for b in net.bands.values()] == [(18, 50), (50, 91)]
    assert net.weights["male"]["50+"].p == 0.20
    tendon = net.causes["tendon"]
    assert (tendon.icd10, tendon.prior["female"]["50+"].p, tendon.prior["male"]["50+"].p) == ("M70.6", 0.60, 0.40)
    assert (tendon.prior["male"]["50+"].n, tendon.prior["male"]["50+"].source) == (30.0, ("study_2020",))
    ratio = tendon.odds_ratios["weak_muscles"]
    assert (ratio.value, ratio.low, ratio.high, ratio.basis) == (2.0, 1.0, 4.0, "qualitative")
    assert net.causes["bone"].states == ("absent", "neck", "sacrum")
    assert dict(net.subtype_of) == {"neck": "bone", "sacrum": "bone"}
    assert net.findings["lateral_pain"].given["other"].note == "from another clinic"
    assert net.findings["night_pain"].parent == FindingParent(
        "lateral_pain", parts.Number(0.2, 5.0, "judgement", reason="the sore side is lain on")
    )
    assert net.groups["g"].members == net.mechanisms["m"].causes == ("tendon", "bone")
    assert (net.hazards["neck"].threshold, net.hazards["neck"].avoid) == (0.05, ("night_pain",))
    assert net.advice == (parts.Advice("Rest.", ("routine",)),)
    assert (net.sources["study_2020"].year, net.red_flags["fever"].level) == (2020, "urgent")
    assert net.everyone_has_a_cause is True


def test_a_table_for_all_is_that_of_both_sexes_and_one_number_that_of_all_bands(net: hb.Network) -> None:
    other = net.causes["other"].prior

    assert {other[sex][band].p for sex in ("female", "male") for band in ("18-49", "50+")} == {0.30}
    assert [net.causes["bone"].prior["male"][band].p for band in net.bands] == [0.30, 0.45]


def test_without_weights_every_cell_weighs_the_same(write: Callable[[str], Path], text: str) -> None:
    start, end = text.index("[network.weights]"), text.index("[sources.study_2020]")
    net = load_network(write(text[:start] + text[end:]))

    assert {net.weights[sex][band].p for sex in ("female", "male") for band in net.bands} == {0.25}
    assert net.diagnose()["tendon"] == pytest.approx((0.45 + 0.60 + 0.45 + 0.40) / 4, rel=0, abs=1e-9)


def test_everyone_has_a_cause_unless_the_file_says_otherwise(write: Callable[[str], Path], text: str) -> None:
    without = text.replace("everyone_has_a_cause = true          # the default\n", "")

    assert without != text
    assert load_network(write(without)).everyone_has_a_cause is True


def test_unknown_years_and_addresses_are_accepted(write: Callable[[str], Path], text: str) -> None:
    unknown = text.replace("year = 2020 ", 'year = "unknown" ').replace("https://doi.org/10.1000/example", "unknown")
    source = load_network(write(unknown)).sources["study_2020"]

    assert (source.year, source.address) == ("unknown", "unknown")


def test_a_text_over_several_lines_is_read_as_one(write: Callable[[str], Path], text: str) -> None:
    long = '"""\n  An overloaded\n  tendon.\n"""'
    net = load_network(write(text.replace('"An overloaded tendon on the outside of the hip."', long)))

    assert net.causes["tendon"].description == "An overloaded tendon."


def test_several_sources_of_a_number_are_kept(write: Callable[[str], Path], text: str) -> None:
    more = text.replace(TENDON, TENDON.replace('"study_2020"', '["study_2020", "second"]'))
    more += '\n[sources.second]\ntitle = "T"\nyear = 1999\naddress = "https://example.org"\n'

    given = load_network(write(more)).findings["lateral_pain"].given["tendon"]
    assert given.source == ("study_2020", "second")

"""The errors: what each is a kind of, what it carries, and that it crosses a process border whole."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from example import Data, solved

import hip_bayes as hb
from hip_bayes.errors import shown, shown_path

KINDS: list[tuple[type[Exception], tuple[type[Exception], ...]]] = [
    (hb.HipBayesError, (Exception,)),
    (hb.NetworkError, (hb.HipBayesError, ValueError)),
    (hb.NetworkNotFoundError, (hb.NetworkError, FileNotFoundError)),
    (hb.NetworkTooLargeError, (hb.NetworkError,)),
    (hb.EvidenceError, (hb.HipBayesError, ValueError)),
    (hb.UnknownNameError, (hb.EvidenceError, KeyError)),
    (hb.ContradictionError, (hb.EvidenceError,)),
    (hb.MissingExtraError, (hb.HipBayesError, ImportError)),
]


@pytest.mark.parametrize(("kind", "bases"), KINDS)
def test_each_error_is_also_what_a_caller_would_catch(
    kind: type[Exception], bases: tuple[type[Exception], ...]
) -> None:
    assert all(issubclass(kind, base) for base in bases)


@pytest.mark.parametrize("kind", [hb.NetworkError, hb.NetworkNotFoundError, hb.NetworkTooLargeError])
def test_a_network_error_says_file_key_and_message(kind: type[hb.NetworkError]) -> None:
    error = kind("got 2; allowed: 1", key="causes.a").at("my.toml")

    assert isinstance(error, kind)
    assert str(error) == "my.toml: causes.a: got 2; allowed: 1"
    assert (error.file, error.key, error.message) == ("my.toml", "causes.a", "got 2; allowed: 1")


@pytest.mark.parametrize("kind", [hb.NetworkError, hb.NetworkNotFoundError, hb.NetworkTooLargeError])
def test_a_network_error_survives_pickling(kind: type[hb.NetworkError]) -> None:
    error = kind("a message", key="causes.a", file="my.toml")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 our own

    assert (type(again), str(again), again.key, again.file) == (kind, str(error), "causes.a", "my.toml")


@pytest.mark.parametrize("kind", [hb.EvidenceError, hb.ContradictionError, hb.UnknownNameError])
def test_an_evidence_error_survives_pickling(kind: type[hb.EvidenceError]) -> None:
    error = kind("a message", name="lateral_pain", value=2)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 our own

    assert (type(again), str(again), again.name, again.value) == (kind, "a message", "lateral_pain", 2)


def test_the_nearest_names_survive_pickling(data: Data) -> None:
    with pytest.raises(hb.UnknownNameError, match="did you mean 'lateral_pain'") as e:
        solved(data).diagnose(lateral_pian=True)
    again = pickle.loads(pickle.dumps(e.value))  # noqa: S301 our own

    assert again.near == e.value.near == ("lateral_pain",)


def test_an_error_shows_its_message_as_it_is() -> None:
    """A KeyError would show it in quotes."""
    assert str(hb.UnknownNameError("unknown finding 'x'")) == "unknown finding 'x'"


NASTY = "a\x1b[31m\nb\u202ec\ud800\u2028\x00"
SAFE = r"a\x1b[31m\nb\u202ec\ud800\u2028\x00"


@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS])
def test_no_error_lets_through_what_steers_a_terminal(kind: type[hb.HipBayesError]) -> None:
    assert SAFE in str(kind(f"got {NASTY}"))
    assert str(kind(f"got {NASTY}")).isprintable()


def test_a_network_error_shows_its_file_and_key_escaped_and_keeps_them_as_they_are() -> None:
    error = hb.NetworkError("wrong", key=NASTY).at(f"/home/é/{NASTY}.toml")

    assert str(error) == f"/home/é/{SAFE}.toml: {SAFE}: wrong"
    assert (error.file, error.key) == (f"/home/é/{NASTY}.toml", NASTY)


def test_a_path_is_shown_escaped_and_its_middle_left_out_where_it_is_long() -> None:
    assert shown_path(Path("C:/naïve dir") / NASTY) == f"C:/naïve dir/{SAFE}"
    assert shown_path(b"/home/\xff") == r"/home/\udcff"
    assert shown_path("/start/" + "x" * 10_000 + "/end.toml").startswith("/start/xxx")
    assert shown_path("/start/" + "x" * 10_000 + "/end.toml").endswith("xxx/end.toml")
    assert len(shown_path("x" * 10_000)) < 400


class _Hostile:
    def __repr__(self) -> str:
        raise RuntimeError


def test_a_value_is_shown_whatever_it_is() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    assert shown(_Hostile()) == "something of the type _Hostile"
    assert shown(10**5000) == "something of the type int"
    assert shown(deep) == "something of the type list"
    assert shown("x" * 10_000) == "'" + "x" * 56 + "..."
    assert shown(type("R", (), {"__repr__": lambda _: "a\x1b[31mb"})()) == r"a\x1b[31mb"

"""Every error of hip_bayes, and what each is about.

::

    HipBayesError
    ├── NetworkError (ValueError)           a network file or a network is wrong; `.key`, `.file`
    │   ├── NetworkNotFoundError (FileNotFoundError)
    │   └── NetworkTooLargeError            an exact answer would need more memory or time than is reasonable
    ├── EvidenceError (ValueError)          what was said about a case is wrong; `.name`, `.value`
    │   ├── UnknownNameError (KeyError)     a name that does not exist; `.near`
    │   └── ContradictionError              one thing said twice, differently
    └── MissingExtraError (ImportError)     an optional package is not installed
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST_VALUE, LONGEST_PATH = 60, 300
"""Characters of a value and of a path that a message shows."""
LONGEST_NAME = 80
"""Characters of an unknown name that are looked at for what it may mean."""
LISTED = 8
"""So many names are listed in a message, the others are counted."""


class HipBayesError(Exception):
    """Anything that goes wrong in hip_bayes for a reason the caller can mend.

    Whatever a message quotes is escaped: no control character, line break or mark of direction reaches a terminal.
    """

    def __init__(self, message: str = "", *about: object) -> None:
        super().__init__(printable(message), *about)


class NetworkError(HipBayesError, ValueError):
    """A network is not valid: which key, what was found, what is allowed."""

    def __init__(self, message: str, *, key: str = "", file: str = "") -> None:
        super().__init__(message, key, file)
        self.message = printable(message)
        self.key = key
        self.file = file

    def __str__(self) -> str:
        """Return 'file: key: message' with the parts that are known."""
        return ": ".join(part for part in (shown_path(self.file), shown_path(self.key), self.message) if part)

    def at(self, file: str) -> Self:
        """Return the same error, saying which file it is about."""
        return type(self)(self.message, key=self.key, file=file)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep key and file when the error crosses a process border."""
        return _rebuild, (type(self), self.message, {"key": self.key, "file": self.file})


class NetworkNotFoundError(NetworkError, FileNotFoundError):
    """There is no network of that name or at that path."""


class NetworkTooLargeError(NetworkError):
    """The network is valid, but its tables or an exact answer would take too much; the message has the figure."""


class EvidenceError(HipBayesError, ValueError):
    """What was said about a case cannot be used: which name, which value, what is allowed."""

    def __init__(self, message: str, *, name: str = "", value: object = None) -> None:
        super().__init__(message, name, value)
        self.message = printable(message)
        self.name = name
        self.value = value

    def __str__(self) -> str:
        """Return the message alone."""
        return self.message

    def within(self, place: str, hint: str = "") -> Self:
        """Return the same error, saying where in a table it is and, with `hint`, what to do about it there."""
        kind, (_, _, about) = self.__reduce__()
        error: Self = kind(type(self), f"{place}: {self.message}{hint}", about)
        return error

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[type[Self], str, dict[str, object]]]:
        """Keep what the error is about when it crosses a process border."""
        return _rebuild, (type(self), self.message, {k: v for k, v in vars(self).items() if k != "message"})


class UnknownNameError(EvidenceError, KeyError):
    """A name the network does not have; `.near` holds the nearest real ones."""

    def __init__(self, message: str, *, name: str = "", value: object = None, near: tuple[str, ...] = ()) -> None:
        super().__init__(message, name=name, value=value)
        self.near = near

    @classmethod
    def among(
        cls, name: object, known: Iterable[str], *, what: str, where: str, near: Iterable[str] | None = None
    ) -> Self:
        """Build the error for `name`, with its nearest neighbours in `known`.

        `what` says what kind of name it should have been, `where` tells how to list them all; `near` are the nearest
        where they are known already.
        """
        text = name if isinstance(name, str) else shown(name)
        near = tuple(get_close_matches(text[:LONGEST_NAME], list(known), n=3, cutoff=0.6) if near is None else near)
        hint = f"; did you mean {' or '.join(map(shown, near))}?" if near else "."
        return cls(f"unknown {what} {shown(name)}{hint} ({where})", name=text, near=near)


class ContradictionError(EvidenceError):
    """One thing was said twice, and not the same."""


class MissingExtraError(HipBayesError, ImportError):
    """A package that only some functions need is not installed; the message says how to install it."""

    def __init__(self, message: str, *, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


def shown(value: object) -> str:
    """Return a value as a message shows it: one line of at most 60 characters, escaped, whatever the value does."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001 the value's own code, or a number or a nesting without end
        text = f"something of the type {type(value).__name__}"
    return printable(text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}...")


def as_text(value: object) -> str:
    """Return a value as text, whatever it does; a text as it is."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 the value's own code, or a number of thousands of digits
        return shown(value)


def shown_path(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """Return a file's name as a message shows it: without quotes, escaped, the middle left out if it is very long."""
    text = printable(os.fsdecode(path))
    half = LONGEST_PATH // 2
    return text if len(text) <= LONGEST_PATH else f"{text[:half]}...{text[-half:]}"


def listed(names: Iterable[object]) -> str:
    """Return some names as a message lists them: the first as `shown`, and how many more there are."""
    names = tuple(names)
    more = f", and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(map(shown, names[:LISTED])) + more


def printable(text: str) -> str:
    """Return a text with everything escaped that does not stand for itself: control characters, line breaks, and so on.

    Among these are marks of direction and lone surrogates; spaces stay, and so do backslashes.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _rebuild(kind: type[HipBayesError], message: str, about: dict[str, object]) -> HipBayesError:
    return kind(message, **about)

"""Every error of hip_bayes, and what each is about.

HipBayesError
├── NetworkError (ValueError)           a network file or a network is wrong; `.key`, `.file`
│   ├── NetworkNotFoundError (FileNotFoundError)
│   └── NetworkTooLargeError            exact inference would need more memory than is reasonable
└── EvidenceError (ValueError)          what was said about a case is wrong; `.name`, `.value`
    ├── UnknownNameError (KeyError)     a name that does not exist; `.near`
    └── ContradictionError              one thing said twice, differently
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class HipBayesError(Exception):
    """Anything that goes wrong in hip_bayes for a reason the caller can mend."""


class NetworkError(HipBayesError, ValueError):
    """A network is not valid: which key, what was found, what is allowed."""

    def __init__(self, message: str, *, key: str = "", file: str = "") -> None:
        super().__init__(message, key, file)
        self.message = message
        self.key = key
        self.file = file

    def __str__(self) -> str:
        """Return 'file: key: message' with the parts that are known."""
        return ": ".join(part for part in (self.file, self.key, self.message) if part)

    def at(self, file: str) -> Self:
        """Return the same error, saying which file it is about."""
        return type(self)(self.message, key=self.key, file=file)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep key and file when the error crosses a process border."""
        return _rebuild, (type(self), self.message, {"key": self.key, "file": self.file})


class NetworkNotFoundError(NetworkError, FileNotFoundError):
    """There is no network of that name or at that path."""


class NetworkTooLargeError(NetworkError):
    """The network is valid but too large to enumerate exactly; the message has the figure."""


class EvidenceError(HipBayesError, ValueError):
    """What was said about a case cannot be used: which name, which value, what is allowed."""

    def __init__(self, message: str, *, name: str = "", value: object = None) -> None:
        super().__init__(message, name, value)
        self.message = message
        self.name = name
        self.value = value

    def __str__(self) -> str:
        """Return the message alone."""
        return self.message

    def within(self, place: str) -> Self:
        """Return the same error, saying where in a table it is."""
        return type(self)(f"{place}: {self.message}", name=self.name, value=self.value)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep name and value when the error crosses a process border."""
        return _rebuild, (type(self), self.message, {"name": self.name, "value": self.value})


class UnknownNameError(EvidenceError, KeyError):
    """A name the network does not have; `.near` holds the nearest real ones."""

    near: tuple[str, ...] = ()

    @classmethod
    def among(cls, name: object, known: Iterable[str], *, what: str, where: str) -> Self:
        """Build the error for `name`, with its nearest neighbours in `known`.

        `what` says what kind of name it should have been, `where` tells how to list them all.
        """
        near = get_close_matches(str(name), list(known), n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else "."
        error = cls(f"unknown {what} {name!r}{hint} ({where})", name=str(name))
        error.near = tuple(near)
        return error


class ContradictionError(EvidenceError):
    """One thing was said twice, and not the same."""


def _rebuild(kind: type[HipBayesError], message: str, about: dict[str, object]) -> HipBayesError:
    return kind(message, **about)

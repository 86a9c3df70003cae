"""Files that are whole or not there: no other file is lost, no link followed, nobody let in who was not before."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from typing import TYPE_CHECKING

from hip_bayes.errors import HipBayesError, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

READ_AND_WRITE = 0o666
"""What a new file allows where nothing speaks against it; the umask takes its share of it."""
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What a disk without hard links says."""
PRIVATE = 0o600
"""For what holds the answers of patients: its owner alone."""


def refuse_existing(*paths: Path | None) -> None:
    """Raise the error for a file, or a link even to nothing, that is there already and is not to be replaced."""
    for path in paths:
        if path is not None and os.path.lexists(path):
            raise _exists(path)


def _exists(path: Path) -> HipBayesError:
    return HipBayesError(f"{shown_path(path)} exists already; choose another name, or replace it with --overwrite")


def beside(path: Path) -> Path:
    """Return a name in the directory of `path` that nothing has and nobody can guess."""
    start = os.fsencode(path.name)[:100].decode(errors="ignore")  # a name has so many bytes, not characters
    return path.with_name(f".{start}.{secrets.token_hex(8)}.tmp")


@contextlib.contextmanager
def making(path: Path, allowed: int, *, group: int | None = None) -> Iterator[IO[bytes]]:
    """Make a file that is not there yet, and bring it to the disk.

    `allowed` are the permissions it may have at most. Where the group they speak of is not the one the file belongs to,
    its group gets what all others have.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, allowed), "wb") as file:
        about = os.fstat(file.fileno())
        if sys.platform != "win32":
            others = about.st_mode | allowed & PRIVATE  # whatever the umask: we write and read it ourselves
            if group not in {None, about.st_gid}:
                others &= ~stat.S_IRWXG | (others & stat.S_IRWXO) << 3
            os.fchmod(file.fileno(), stat.S_IMODE(others))
        yield file
        file.flush()
        os.fsync(file.fileno())


def put(made: Path, path: Path, *, overwrite: bool) -> None:
    """Give a file that is whole its name, on the same disk; what has that name is lost with `overwrite` alone.

    Raises HipBayesError without it if there is something, OSError if it cannot be done.
    """
    if not overwrite:
        refuse_existing(path)
        try:
            os.link(made, path)  # fails if something has come there meanwhile, which a rename would replace
        except FileExistsError:
            raise _exists(path) from None
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
        else:
            made.unlink()
            return
    made.replace(path)


def write_whole(path: Path, data: bytes, *, allowed: int = READ_AND_WRITE, overwrite: bool = True) -> None:
    """Write a file so that it is whole or not there.

    Raises
    ------
    OSError
        it cannot be written.
    HipBayesError
        without `overwrite`: there is something of that name.

    """
    temporary = beside(path)
    try:
        with making(temporary, allowed & permissions_of(path)) as file:
            file.write(data)
        put(temporary, path, overwrite=overwrite)
    finally:
        temporary.unlink(missing_ok=True)


def permissions_of(path: Path) -> int:
    """Return what a file allows its owner, group and others; everything if it is not there.

    Of a file that belongs to somebody else, what it allows that owner says nothing about ours.
    """
    try:
        about = path.stat()
    except OSError:
        return READ_AND_WRITE
    own = sys.platform == "win32" or about.st_uid == os.geteuid()
    return stat.S_IMODE(about.st_mode) & READ_AND_WRITE | (0 if own else PRIVATE)


def sync_directory(path: Path) -> None:
    """Bring a directory's names to the disk, so that what is done next is not there before them."""
    if sys.platform != "win32":
        directory = os.open(path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

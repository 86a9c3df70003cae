"""The directory OUT.parts: what a run over a file has finished, kept until OUT is whole.

    lock               says who made the directory; held by the run at work, and let go of however that ends
    manifest.json      what the parts were made from: input, network, options, code
    part-000000        the answers to the first chunk of rows, with its rejects; and so on
    out, rejects       OUT and its rejects being put together

Manifest and parts were written under another name, synced to the disk and renamed, so what is there was whole; each
begins with a checksum, so that a bit that has turned since is seen. That of a part covers its manifest too: a part of
another input, network or code is not taken for one of this run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hip_bayes.errors import HipBayesError, shown_path
from hip_bayes.network.writing import PRIVATE, making, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import IO

MARK = b"Made by hip-bayes cohort for the parts of a run; started again with the same arguments, the run goes on.\n"
SEAL_BYTES = 64
WAIT_SECONDS = 1.0
"""How long a directory may lack its lock while another run is making it."""


@dataclass(slots=True)
class Parts:
    """The finished parts of a run, each sealed."""

    directory: Path
    run: bytes = b""
    """What the parts are made from, as a checksum: it goes into the seal of every part."""
    damaged: list[int] = field(default_factory=list)
    """Numbers of parts that were there but are not what was written: gone now."""

    @property
    def out(self) -> Path:
        """OUT while it is put together."""
        return self.directory / "out"

    @property
    def rejects(self) -> Path:
        """The rejects while they are put together."""
        return self.directory / "rejects"

    def manifest(self) -> dict[str, object]:
        """Return what an earlier run was about; empty if there was none, or if it cannot be told any more."""
        text = _unsealed(self.directory / "manifest.json", b"")
        return {} if text is None else dict(json.loads(bytes(text)))

    def note(self, manifest: Mapping[str, object]) -> None:
        """Write the manifest."""
        _write_sealed(self.directory / "manifest.json", json.dumps(manifest).encode(), b"")

    def belong_to(self, manifest: Mapping[str, object]) -> None:
        """Say what the parts are made from: those made from anything else are not sound."""
        self.run = _seal(json.dumps(manifest).encode(), b"")

    def finished(self) -> set[int]:
        """Return the numbers of the parts that are there and sound; others go."""
        found = set()
        for path in self.made():
            number = int(path.name[len("part-") :])
            if _unsealed(path, self._of(number)) is None:
                path.unlink()
                self.damaged.append(number)
            else:
                found.add(number)
        return found

    def write(self, number: int, data: bytes) -> None:
        """Keep a part."""
        _write_sealed(self._part(number), data, self._of(number))

    def read(self, number: int) -> memoryview:
        """Return a part; HipBayesError if it is not what was written."""
        data = _unsealed(self._part(number), self._of(number))
        if data is None:
            raise HipBayesError(
                f"part {number} in {shown_path(self.directory)} is damaged (the disk may be failing); started again, "
                "the run makes "
                "it anew"
            )
        return data

    def clear(self) -> None:
        """Remove what a run has made; the last part first and the manifest last, so that a stop does no harm."""
        unfinished = [path for path in self.directory.iterdir() if re.fullmatch(r"\..*\.[0-9a-f]{16}\.tmp", path.name)]
        made = sorted(self.made(), reverse=True)
        for path in (*unfinished, self.rejects, self.out, *made, self.directory / "manifest.json"):
            path.unlink(missing_ok=True)

    def _of(self, number: int) -> bytes:
        """Return what goes into the seal of a part beside its content: no part stands for another."""
        return self.run + b" %d" % number

    def _part(self, number: int) -> Path:
        return self.directory / f"part-{number:06}"

    def made(self) -> list[Path]:
        """Return the parts that are there, sound or not."""
        return [path for path in self.directory.iterdir() if re.fullmatch(r"part-[0-9]{6,9}", path.name)]


@contextlib.contextmanager
def claimed(target: Path) -> Iterator[Parts]:
    """Hold the directory of parts for this run alone; in the end it goes, unless something is left in it.

    Raises HipBayesError where another run holds it, or where what has its name was not made by a run.
    """
    directory = target.with_name(f"{target.name}.parts")
    with _lock(directory, target):
        parts = Parts(directory)
        try:
            yield parts
        finally:
            with contextlib.suppress(OSError):
                if not parts.made():
                    parts.clear()
                if [path.name for path in directory.iterdir()] == ["lock"]:
                    (directory / "lock").unlink()  # while it is held: whoever has opened it meanwhile finds it gone
                    directory.rmdir()


def _lock(directory: Path, target: Path) -> IO[bytes]:
    """Return the lock file of a directory, made or found, locked until it is closed or the process ends."""
    lock = directory / "lock"
    late = None
    while True:
        try:
            directory.mkdir(mode=0o700)
            directory.chmod(0o700)  # whatever the umask
        except FileExistsError:
            if not _is_ours(directory):
                late = late or time.monotonic() + WAIT_SECONDS  # another run may be making or removing it just now
                if time.monotonic() > late:
                    raise HipBayesError(
                        f"{shown_path(directory)} is there already and was not made by a run that was stopped; it is "
                        "where the parts would be kept: move it, or choose another name for the output"
                    ) from None
                time.sleep(WAIT_SECONDS / 40)
                continue
        with contextlib.suppress(FileExistsError, FileNotFoundError), making(lock, PRIVATE) as file:
            file.write(MARK)
        with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as opened:
            file = opened.enter_context(open(lock, "r+b", opener=_no_link))
            try:
                if sys.platform == "win32":
                    import msvcrt

                    file.seek(len(MARK))
                    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    import fcntl

                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                raise HipBayesError(
                    f"another run is writing {shown_path(target)} now; wait for it, or choose another name"
                ) from None
            if os.path.samestat(os.fstat(file.fileno()), lock.lstat()):
                if file.read() != MARK:  # the run that made it was stopped before it had said so
                    file.seek(0)
                    file.write(MARK)
                    file.flush()
                opened.pop_all()
                return file
        # a run that held it has just finished and taken the directory away: make it again


def _is_ours(directory: Path) -> bool:
    """Say whether a run of this user made the directory: no link, nobody else may write there, our mark in its lock.

    One that is closed to all others, and empty or with but the beginning of our mark, is what is left of a run that was
    killed at its first or last step.
    """
    try:
        about = directory.lstat()
        if not stat.S_ISDIR(about.st_mode):
            return False
        closed = sys.platform == "win32" or (about.st_uid == os.geteuid() and not about.st_mode & 0o077)
        names = os.listdir(directory)  # noqa: PTH208 names alone
        if not names:
            return closed
        with open(directory / "lock", "rb", opener=_no_link) as file:
            mark = file.read(len(MARK) + 1) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b"none"
            return closed and (mark == MARK or (names == ["lock"] and MARK.startswith(mark)))
    except OSError:
        return False


def _no_link(name: str, flags: int) -> int:
    """Open a file, but not what a link leads to, and without waiting for the other end of a pipe."""
    return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _seal(data: bytes | memoryview, run: bytes) -> bytes:
    """Return the checksum of some bytes of a run, `SEAL_BYTES` long."""
    checksum = hashlib.sha256(run)
    checksum.update(data)
    return checksum.hexdigest().encode()


def _write_sealed(path: Path, data: bytes, run: bytes) -> None:
    write_whole(path, _seal(data, run) + data, allowed=PRIVATE)


def _unsealed(path: Path, run: bytes) -> memoryview | None:
    """Return what was written; None if it is not there or not what was written."""
    try:
        with open(path, "rb", opener=_no_link) as file:
            content = memoryview(file.read())
    except OSError:
        return None
    data = content[SEAL_BYTES:]
    return data if content[:SEAL_BYTES] == _seal(data, run) else None

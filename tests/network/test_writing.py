"""A file is whole or not there, and no other file is touched."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

import hip_bayes as hb
from hip_bayes.network.writing import PRIVATE, beside, making, put, write_whole

if TYPE_CHECKING:
    from pathlib import Path

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of POSIX")


def names_in(folder: Path) -> set[str]:
    """Return the names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


@POSIX
def test_no_file_of_anybody_is_lost_when_one_is_written(tmp_path: Path) -> None:
    """Names that look like those of something unfinished are left alone, and no link is followed."""
    mine, other = tmp_path / "mine.csv", tmp_path / "page.txt.tmp"
    mine.write_text("mine")
    other.write_text("other")
    for link in (".page.txt.tmp", "page.txt"):
        (tmp_path / link).symlink_to(mine)
    before = names_in(tmp_path)
    write_whole(tmp_path / "page.txt", b"page")
    with pytest.raises(OSError, match="page"):
        write_whole(tmp_path / "no" / "page.txt", b"page")

    assert (tmp_path / "page.txt").read_bytes() == b"page"
    assert (mine.read_text(), other.read_text()) == ("mine", "other")
    assert names_in(tmp_path) == before


def test_what_is_there_is_replaced_only_when_told_to(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text("mine")
    with pytest.raises(hb.HipBayesError, match=r"page\.txt exists already; choose another name"):
        write_whole(path, b"page", overwrite=False)
    assert path.read_text() == "mine"
    assert names_in(tmp_path) == {"page.txt"}
    path.unlink()
    write_whole(path, b"page", overwrite=False)
    assert path.read_bytes() == b"page"


def test_what_comes_at_the_last_moment_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, path, link = tmp_path / "made", tmp_path / "page.txt", os.link
    made.write_text("page")

    def late(source: Path, target: Path) -> None:
        path.write_text("mine")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(hb.HipBayesError, match="exists already"):
        put(made, path, overwrite=False)
    assert path.read_text() == "mine"


def test_names_for_the_unfinished_cannot_be_guessed(tmp_path: Path) -> None:
    names = {beside(tmp_path / ("x" * 300)) for _ in range(100)}
    assert len(names) == 100
    assert all(path.parent == tmp_path and len(path.name) < 150 for path in names)
    taken = tmp_path / "taken"
    taken.write_text("mine")
    with pytest.raises(FileExistsError), making(taken, PRIVATE):
        pass
    assert taken.read_text() == "mine"


@POSIX
def test_a_file_allows_no_more_than_what_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    umask = os.umask(0o002)
    try:
        write_whole(path, b"page")
        assert stat.S_IMODE(path.stat().st_mode) == 0o664
        path.chmod(0o640)
        write_whole(path, b"other")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        write_whole(path, b"other", allowed=PRIVATE)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with making(tmp_path / "of another group", 0o664, group=path.stat().st_gid + 1) as file:
            assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o644
    finally:
        os.umask(umask)

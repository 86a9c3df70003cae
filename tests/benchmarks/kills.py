"""Kill `hip-bayes cohort` again and again, damage what it left, and see what comes out.

    python tests/benchmarks/kills.py [--kills 100] [--damages 20] [--seed 0]

A run over a private file of simulated cases is killed (SIGKILL) at a random moment and started again, until so many
kills have hit. Then runs are killed in their middle, and a part, the manifest, the input or the command is changed
before the next start. After every kill and every end it is checked that

- OUT and rejects, where they are there, are byte for byte those of a run that nothing stopped;
- the files of others (beside, hidden, where links lead) are as they were: content, time and permissions;
- nothing that is left may be read by anybody but its owner, as the input may not;
- a run that ends leaves OUT and rejects and nothing else, or refuses in one line.
"""

from __future__ import annotations

import csv
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from rich.progress import track

import hip_bayes as hb

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, CHUNK = 20_000, 500
RUN = f"from hip_bayes.cohorts import files; files.CHUNK_ROWS = {CHUNK}; from hip_bayes.cli import main; main()"
"""The command with small parts, so that a short run has many."""


class WrongError(Exception):
    """Something that must not be."""


class Scene:
    """A directory with an input, the files of others, and the command over it."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder, self.rng = folder, rng
        self.source, self.out, self.rejects = folder / "in.csv", folder / "out.csv", folder / "rejects.csv"
        self.parts = folder / "out.csv.parts"
        os.umask(0o022)
        draw = np.random.default_rng(rng.randrange(2**32))
        cases = hb.load_network().simulate(ROWS, rng.randrange(2**32)).drop(columns="truth").iloc[:, :30]
        hidden = draw.random(cases.shape) < 0.6
        table = cases.astype(object).mask(hidden).astype(object)
        table.iloc[::97, 3] = "perhaps"  # a row for the rejects
        with self.source.open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file)
            lines.writerow(["patient", *table.columns])
            lines.writerows([f"P{i:06}", *row] for i, row in enumerate(table.where(table.notna(), "").to_numpy()))
        self.source.chmod(0o600)
        (folder / "elsewhere").mkdir()
        for name in (".out.csv.tmp", "out.csv.tmp", ".rejects.csv.out.csv.tmp", "elsewhere/mine", "part-000000"):
            (folder / name).write_text(f"{name} is mine")
        for link in (".part-000001.tmp", ".rejects.csv.tmp"):
            (folder / link).symlink_to(folder / "elsewhere" / "mine")
        self.others = self.state()
        del self.others[self.source]

    def state(self) -> dict[Path, object]:
        """Return all that is there: content, time and permissions of files, where links lead."""
        found: dict[Path, object] = {}
        for path in self.folder.rglob("*"):
            about = path.lstat()
            if stat.S_ISLNK(about.st_mode):
                found[path] = path.readlink()
            elif stat.S_ISREG(about.st_mode):
                found[path] = (path.read_bytes(), about.st_mtime_ns, about.st_mode)
        return found

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start the command."""
        words = [self.source, self.out, "--id", "patient", "--rejects", self.rejects, "--threads", 1, *options]
        return subprocess.Popen(
            [sys.executable, "-c", RUN, "cohort", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def whole(self) -> tuple[bytes, bytes]:
        """Return OUT and rejects of a run that nothing stops, and clear them away."""
        run = self.start()
        _, errors = run.communicate()
        if run.returncode:
            raise WrongError(errors)
        made = self.out.read_bytes(), self.rejects.read_bytes()
        self.clear()
        return made

    def clear(self) -> None:
        """Remove what a run that has ended has made."""
        self.out.unlink(missing_ok=True)
        self.rejects.unlink(missing_ok=True)

    def check(self, whole: tuple[bytes, bytes], *, ended: bool) -> None:
        """Raise WrongError for anything that must not be."""
        now = self.state()
        for path, before in self.others.items():
            if now.pop(path, None) != before:
                raise WrongError(f"{path} of others was touched")
        del now[self.source]
        for path, made in zip((self.out, self.rejects), whole, strict=True):
            if path in now and path.read_bytes() != made:
                raise WrongError(f"{path} is not what an uninterrupted run makes")
            if ended and path not in now:
                raise WrongError(f"{path} is not there after the end")
        for path in now:
            if path.lstat().st_mode & 0o077 and self.parts not in path.parents:
                raise WrongError(f"{path} may be read by others")
        if self.parts.exists() and self.parts.lstat().st_mode & 0o077:
            raise WrongError(f"{self.parts} is open to others")
        if ended and set(now) - {self.out, self.rejects}:
            raise WrongError(f"left behind: {sorted(map(str, set(now) - {self.out, self.rejects}))}")


def killed(scene: Scene, seconds: float) -> str:
    """Start the command and kill it after so many seconds; return how far it was, empty if it had ended before."""
    run = scene.start()
    try:
        _, errors = run.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGKILL)
        run.communicate()
        if scene.out.exists() or scene.rejects.exists():
            return "while OUT and rejects were put in their places"
        made = len(list(scene.parts.glob("part-*"))) if scene.parts.exists() else -1
        return (
            "before the first part"
            if made < 1
            else "with all parts made"
            if made == ROWS // CHUNK
            else "among the parts"
        )
    if run.returncode and "exists already" not in errors:  # that: it was killed when OUT was whole
        raise WrongError(errors) from None
    return ""


def damages(scene: Scene) -> dict[str, Callable[[], list[str]]]:
    """Return what may happen between a kill and the next start; each gives options to start with."""
    rng = scene.rng

    def some_part() -> Path:
        return rng.choice(sorted(scene.parts.glob("part-*")))

    def in_file(path: Path, change: Callable[[bytearray], object]) -> list[str]:
        about, data = path.stat(), bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
        return []

    def flip(data: bytearray) -> None:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)

    def scramble(data: bytearray) -> None:
        at = rng.randrange(len(data) - 50)
        data[at : at + 50] = rng.randbytes(50)

    def cut(data: bytearray) -> None:
        del data[rng.randrange(len(data)) :]

    def swap() -> list[str]:
        one, other = rng.sample(sorted(scene.parts.glob("part-*")), 2)
        first, second = one.read_bytes(), other.read_bytes()
        one.write_bytes(second)
        other.write_bytes(first)
        return []

    def rewrite(data: bytearray) -> None:  # same size, and by in_file same time
        lines = bytes(data).split(b"\n")
        header, last = lines[0], lines.pop()
        body = lines[1:]
        rng.shuffle(body)
        data[:] = b"\n".join([header, *body, last])

    def gone() -> list[str]:
        some_part().unlink()
        return []

    return {
        "a bit of a part": lambda: in_file(some_part(), flip),
        "50 bytes of a part": lambda: in_file(some_part(), scramble),
        "a part cut short": lambda: in_file(some_part(), cut),
        "a part gone": gone,
        "two parts swapped": swap,
        "a bit of the manifest": lambda: in_file(scene.parts / "manifest.json", flip),
        "the input rewritten, same size and time": lambda: in_file(scene.source, rewrite),
        "the mark of the lock": lambda: in_file(scene.parts / "lock", flip),
    }


@click.command()
@click.option("--kills", default=100, show_default=True)
@click.option("--damages", "harms", default=20, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(kills: int, harms: int, seed: int) -> None:
    """Kill, damage, start again, compare."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder), rng)
        start = time.perf_counter()
        whole = scene.whole()
        longest = time.perf_counter() - start
        hit: Counter[str] = Counter()
        ends = 0
        for _ in track(range(kills), description="kills"):
            while not (place := killed(scene, rng.uniform(0, longest))):
                scene.check(whole, ended=True)
                ends += 1
                scene.clear()
            hit[place] += 1
            scene.check(whole, ended=False)
        outcomes: Counter[str] = Counter()
        for turn in track(range(harms), description="damages"):
            while not scene.parts.exists() or len(list(scene.parts.glob("part-*"))) < 2:
                if not killed(scene, rng.uniform(0.5, 1) * longest):
                    scene.clear()
            kinds = damages(scene)
            kind = list(kinds)[turn % len(kinds)]
            options = kinds[kind]()
            if "input" in kind:
                scratch = Scene.__new__(Scene)
                scratch.__dict__ = vars(scene) | {
                    "out": scene.folder / "fresh.csv",
                    "rejects": scene.folder / "bad.csv",
                }
                whole = scratch.whole()
            run = scene.start(*options)
            _, errors = run.communicate()
            if run.returncode == 0:
                scene.check(whole, ended=True)
                outcomes[f"{kind}: identical to an uninterrupted run"] += 1
            elif run.returncode == 2 and "Traceback" not in errors:
                scene.check(whole, ended=False)
                outcomes[f"{kind}: refused ({errors.strip().splitlines()[-1].replace(folder, '...')[:150]})"] += 1
                for path in scene.parts.iterdir():
                    path.unlink()
                scene.parts.rmdir()
            else:
                raise WrongError(errors)
            scene.clear()
    print(f"{kills} kills, {ends} runs that went on to their end among them:")
    for place, count in hit.most_common():
        print(f"  {count:4} {place}")
    print(f"{harms} damages:")
    for outcome, count in outcomes.items():
        print(f"  {count:4} {outcome}")
    print("every OUT and rejects identical, no file of others touched, nothing left or readable by others")


if __name__ == "__main__":
    main()

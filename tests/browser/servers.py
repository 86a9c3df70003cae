"""Jupyter servers on 127.0.0.1 and free ports, with settings of their own, and a browser to look at what they serve."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

STARTS = 120
"""Seconds that a server may take to answer for the first time."""


@contextmanager
def voila(folder: Path, home: Path) -> Iterator[str]:
    """Give the address of Voila, serving a folder of notebooks; `home` is a folder for what it writes."""
    with _serving("voila", folder, home, ["--Voila.ip=127.0.0.1", str(folder)]) as address:
        yield address


@contextmanager
def jupyter(module: str, folder: Path, home: Path) -> Iterator[str]:
    """Give the address of JupyterLab ("jupyterlab") or Jupyter Notebook ("notebook") without a token.

    Serving a folder of notebooks; `home` is a folder for what it writes.
    """
    options = [
        "--ServerApp.ip=127.0.0.1",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={folder}",
        "--allow-root",
        *(["--LabApp.news_url="] if module == "jupyterlab" else []),
    ]
    with _serving(module, folder, home, options) as address:
        yield address


@contextmanager
def _serving(module: str, folder: Path, home: Path, options: list[str]) -> Iterator[str]:
    """Start a server; give its address once it answers, and end it with its kernels."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    jupyter = {f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    environment = {**os.environ, **jupyter, "HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
    command = [sys.executable, "-m", module, "--no-browser", f"--port={port}", *options]
    log = (home / "log").open("w")
    server = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + STARTS
        while True:
            try:
                with urllib.request.urlopen(address, timeout=5):
                    break
            except OSError:
                if server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{module} does not answer:\n{(home / 'log').read_text()}") from None
                time.sleep(0.2)
        yield address
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):  # it and its kernels: the session that was started for them
            try:
                os.killpg(server.pid, how)
                server.wait(20)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        log.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give Chromium: the system's, or else the one of Playwright."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()

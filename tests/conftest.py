"""What the tests share: the example of networks/README.md as text, data, file and network, and one option."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from example import Data, example_data, example_text, rich_data, solved
from hypothesis import HealthCheck, settings

import hip_bayes as hb

if TYPE_CHECKING:
    from collections.abc import Callable

    from hip_bayes import Network

settings.register_profile("hip_bayes", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hip_bayes")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `pytest -n 0 -m browser tests/browser --picture docs/explorer.png`."""
    parser.addoption("--picture", type=Path, help="take the README's picture of the explorer again, into this file")


@pytest.fixture
def text() -> str:
    """Return the example as TOML text."""
    return example_text()


@pytest.fixture
def data() -> Data:
    """Return the example as parsed data that the test may change."""
    return example_data()


@pytest.fixture(scope="session")
def net() -> Network:
    """Return the example as a network; it cannot be changed, so all tests share it."""
    return solved(example_data())


@pytest.fixture(scope="session")
def rich() -> Network:
    """Return the example with more of everything (`example.rich_data`)."""
    return solved(rich_data())


@pytest.fixture(scope="session")
def shipped() -> Network:
    """Return the shipped network."""
    return hb.load_network()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes TOML text to a new file and returns its path."""

    def write_text(content: str) -> Path:
        path = tmp_path / "net.toml"
        path.write_text(content, encoding="utf-8")
        return path

    return write_text


@pytest.fixture
def file(write: Callable[[str], Path]) -> Path:
    """Return the path of a file with the example."""
    return write(example_text())

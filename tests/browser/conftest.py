"""Where the picture of the explorer goes: `pytest -m browser tests/browser --picture docs/explorer.png`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--picture", type=Path, help="take the README's picture of the explorer again, into this file")

"""What tests of several faces of the library share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    """The folder of a store with two searches that have not ended."""
    for name in ("abc1", "abd2"):
        folder = tmp_path / "codesign" / name
        folder.mkdir(parents=True)
        (folder / "request.json").write_text("{}")
    return tmp_path

"""The source tree as parsed files: nothing of it is imported to be looked at."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def sources() -> Mapping[str, ast.Module]:
    """Every module of dlscope by its path inside `src/dlscope`."""
    package = ROOT / "src" / "dlscope"
    return {
        path.relative_to(package).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    }

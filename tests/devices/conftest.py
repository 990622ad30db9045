from __future__ import annotations

from collections.abc import Callable

import pytest

from dlscope.catalog.finder import find
from dlscope.core.manifest import BoardManifest


@pytest.fixture
def board() -> Callable[[str], BoardManifest]:
    """A built-in board by name."""

    def named(name: str) -> BoardManifest:
        manifest = find("board", name)
        assert isinstance(manifest, BoardManifest)
        return manifest

    return named

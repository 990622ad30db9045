"""Every database that a store can lie in, against the suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.store.location import Location
from dlscope.testing.stores import StoreSuite


class TestSqlite(StoreSuite):
    @pytest.fixture
    def location(self, tmp_path: Path) -> Location:
        return Location.of(tmp_path / "store")

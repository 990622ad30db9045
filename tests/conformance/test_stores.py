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


class TestPostgresql(StoreSuite):
    @pytest.fixture
    def location(self, emptied_url: str, tmp_path: Path) -> Location:
        return Location.of(emptied_url, tmp_path / "store")

    @pytest.fixture
    def untouched(self, untouched_url: str, tmp_path: Path) -> Location:
        return Location.of(untouched_url, tmp_path / "store")

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dlscope.agents.capabilities import (
    asset_table,
    available_backends,
    backend_table,
    system_table,
)
from dlscope.core import registry
from dlscope.core.table import Table

BROKEN = "raise RuntimeError('libquick.so: cannot open shared object file\\nand more')"
ENTRY_POINTS = (
    "[dlscope.backends]\nabsent = absent_plugin:Backend\nbroken = broken_plugin:Backend\n"
)


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two backends are installed beside the others: one lacks its framework, one is broken."""
    information = tmp_path / "two_plugins-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: two-plugins\nVersion: 1.0")
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "absent_plugin.py").write_text("import no_such_framework")
    (tmp_path / "broken_plugin.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(tmp_path)
    registry._entry_points.cache_clear()
    yield
    registry._entry_points.cache_clear()


def _rows(table: Table, key: str) -> dict[Any, Mapping[str, Any]]:
    return {row[key]: dict(row) for row in table}


def test_lists_every_backend_with_what_it_can_do(plugins: None) -> None:
    rows = _rows(backend_table(), "backend")
    assert set(rows) == set(registry.names("backends"))
    assert rows["mock"] == {
        "backend": "mock",
        "available": True,
        "version": importlib.metadata.version("dlscope"),
        "formats": "onnx",
        "devices": "cpu",
        "levels": "MODEL",
        "reason": None,
        "fix": None,
    }


def test_says_why_a_backend_cannot_be_used(plugins: None) -> None:
    rows = _rows(backend_table(), "backend")
    told = ("available", "version", "reason", "fix")
    assert [rows["absent"][name] for name in told] == [
        False,
        None,
        "backend 'absent' needs 'no_such_framework', which is not installed",
        "pip install no_such_framework",
    ]
    assert [rows["broken"][name] for name in told] == [
        False,
        None,
        "RuntimeError: libquick.so: cannot open shared object file",
        "reinstall broken, then run `dlscope doctor` again",
    ]


def test_knows_which_backends_are_available(plugins: None) -> None:
    available = available_backends()
    assert (available["mock"], available["absent"], available["broken"]) == (True, False, False)


def test_says_which_assets_are_missing(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (shelf / "tiny.yaml").read_text().replace("name: tiny", "name: gone")
    (tmp_path / "gone.yaml").write_text(text)
    monkeypatch.setenv("DLSCOPE_CATALOG", f"{shelf}:{tmp_path}")
    rows = _rows(asset_table(), "name")
    assert rows["tiny"] == {
        "kind": "model",
        "name": "tiny",
        "available": True,
        "reason": None,
        "fix": None,
    }
    assert rows["few"]["kind"] == "dataset"
    assert rows["few"]["available"]
    assert rows["gone"] == {
        "kind": "model",
        "name": "gone",
        "available": False,
        "reason": f"there is no file {tmp_path / 'tiny.onnx'}",
        "fix": "correct the path after file:",
    }


def test_lists_the_fields_of_this_machine() -> None:
    rows = _rows(system_table(), "field")
    assert rows["kind"]["value"] == "system"
    assert int(rows["cpu.effective_cores"]["value"]) >= 1
    assert int(rows["memory_bytes"]["value"]) > 0

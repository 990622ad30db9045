"""What the tests of the catalog share: an empty cache, and distributions made on the spot."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for each test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("DLSCOPE_CACHE", str(folder))
    monkeypatch.delenv("DLSCOPE_CATALOG", raising=False)
    return folder


Install = Callable[[str, str, Mapping[str, bytes]], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a distribution of the given name, version and files where imports look."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])

    def install(name: str, version: str, files: Mapping[str, bytes]) -> Path:
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata)
        for path, content in files.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_bytes(content)
        (info / "RECORD").write_text("".join(f"{path},,\n" for path in files))
        return site

    return install


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

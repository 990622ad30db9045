from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dlscope.catalog.packages import package_path
from dlscope.core.errors import DataError
from dlscope.core.manifest import Source

Install = Callable[[str, str, Mapping[str, bytes]], Path]
FILES = {"weights/a.bin": b"a", "weights/below/b.bin": b"b", "weights/__init__.py": b"1 / 0"}


def path_of(text: str) -> Path:
    return package_path(Source.parse(text), "m@1.0.0, assets.weights")


def test_finds_a_file_without_importing_anything(install: Install) -> None:
    site = install("my_weights", "1.0", FILES)
    assert path_of("pkg:my-weights==1.0#weights/a.bin") == site / "weights/a.bin"
    assert "weights" not in sys.modules


def test_finds_a_folder(install: Install) -> None:
    site = install("my_weights", "1.0", FILES)
    assert path_of("pkg:my-weights==1.0.0#weights/below") == site / "weights/below"


REFUSED = {
    "pkg:your-weights==1.0#weights/a.bin": (
        "weights/a.bin needs the files of your-weights==1.0, which is not installed",
        "pip install --no-deps your-weights==1.0",
    ),
    "pkg:my-weights==1.1#weights/a.bin": (
        "weights/a.bin needs the files of my-weights==1.1, but 1.0 is installed",
        "pip install --no-deps my-weights==1.1",
    ),
    "pkg:my-weights==1.0#weights/c.bin": (
        "my-weights==1.0 has no file weights/c.bin",
        "correct the path, or pip install --force-reinstall --no-deps my-weights==1.0",
    ),
    "pkg:my-weights==1.0#other/c.bin": (
        "my-weights==1.0 has no file other/c.bin",
        "correct the path, or pip install --force-reinstall --no-deps my-weights==1.0",
    ),
}


@pytest.mark.parametrize("source", REFUSED)
def test_refuses_with_the_exact_words(install: Install, source: str) -> None:
    site = install("my_weights", "1.0", FILES)
    (site / "other").mkdir()
    (site / "other" / "c.bin").write_bytes(b"another distribution's")
    with pytest.raises(DataError) as refusal:
        path_of(source)
    assert (refusal.value.what, refusal.value.fix) == REFUSED[source]
    assert refusal.value.where == "m@1.0.0, assets.weights"


def test_refuses_a_file_that_vanished_since_it_was_installed(install: Install) -> None:
    site = install("my_weights", "1.0", FILES)
    (site / "weights/a.bin").unlink()
    with pytest.raises(DataError, match=r"my-weights==1\.0 has no file weights/a\.bin"):
        path_of("pkg:my-weights==1.0#weights/a.bin")


@pytest.mark.parametrize("path", ["weights/../../cache", "/etc/passwd", "weights\\..\\a"])
def test_refuses_a_path_that_leaves_the_distribution(install: Install, path: str) -> None:
    install("my_weights", "1.0", FILES)
    with pytest.raises(DataError) as refusal:
        package_path(Source("pkg", "my-weights", "1.0", path), "m@1.0.0, assets.weights")
    assert refusal.value.what == f"path {path!r} leaves the distribution my-weights"
    assert refusal.value.fix == (
        "name a file inside the distribution, without a leading / and without .."
    )

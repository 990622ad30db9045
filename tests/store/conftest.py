"""Keys, results and fresh stores for the tests of benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dlscope.store.base import Store
from dlscope.store.benchmarks import BenchmarkKey, BenchmarkResult
from dlscope.store.location import Location
from dlscope.testing.stores import sample_environment

_KEY: dict[str, Any] = {
    "brick_id": "b1",
    "fingerprint": sample_environment().fingerprint,
    "implementation": "ort",
    "implementation_version": "1.20.0",
    "dtype": "float32",
    "batch": 1,
    "threads": 1,
    "state": "hot",
    "tool_version": "0.1.0",
}
_RESULT: dict[str, Any] = {
    "status": "ok",
    "reason": "",
    "samples_ns": (300, 100, 200),
    "workspace_bytes": None,
    "started_utc": "2026-03-01T12:00:00.000000Z",
    "extra": {},
}


@pytest.fixture
def key() -> Callable[..., BenchmarkKey]:
    """Makes a key; what is not given is ordinary."""
    return lambda **given: BenchmarkKey(**(_KEY | given))


@pytest.fixture
def result() -> Callable[..., BenchmarkResult]:
    """Makes a result from fields of its key and its own; what is not given is ordinary."""

    def make(**given: Any) -> BenchmarkResult:
        own = {name: given.pop(name) for name in _RESULT if name in given}
        return BenchmarkResult(key=BenchmarkKey(**(_KEY | given)), **(_RESULT | own))

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """An empty store, in every kind of database."""
    if request.param == "sqlite":
        return Location.of(tmp_path / "store")
    return Location.of(request.getfixturevalue("emptied_url"), tmp_path / "store")


@pytest.fixture(params=["sqlite", "postgresql"])
def untouched(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A place where no store ever was, in every kind of database."""
    if request.param == "sqlite":
        return Location.of(tmp_path / "store")
    return Location.of(request.getfixturevalue("untouched_url"), tmp_path / "store")


@pytest.fixture
def store(location: Location) -> Iterator[Store]:
    """A store that knows the bricks b1 and b2."""
    with Store.open(location.url, folder=location.folder) as opened:
        for brick_id, op in (("b1", "Conv"), ("b2", "Relu")):
            opened.benchmarks.describe(brick_id, "layer", {"op": op}, {"flop": 10})
        yield opened

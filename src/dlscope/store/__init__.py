"""Where Runs are kept: small values in a database, samples, spans and items in Parquet beside it.

`Store` accepts exactly one finished Run for a Plan on an environment; `Store.benchmarks` keeps the
times of layers and bricks in the same database. The names here are loaded when they are first
used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlscope.store.base import Store
    from dlscope.store.benchmark_key import BenchmarkFilter, BenchmarkKey
    from dlscope.store.benchmark_result import Benchmark, BenchmarkResult
    from dlscope.store.benchmarks import Benchmarks
    from dlscope.store.location import Location
    from dlscope.store.summary import RunFilter, RunSummary, StoreSize

__all__ = [
    "Benchmark",
    "BenchmarkFilter",
    "BenchmarkKey",
    "BenchmarkResult",
    "Benchmarks",
    "Location",
    "RunFilter",
    "RunSummary",
    "Store",
    "StoreSize",
]

_HOMES = {
    "Benchmark": "dlscope.store.benchmark_result",
    "BenchmarkFilter": "dlscope.store.benchmark_key",
    "BenchmarkKey": "dlscope.store.benchmark_key",
    "BenchmarkResult": "dlscope.store.benchmark_result",
    "Benchmarks": "dlscope.store.benchmarks",
    "Location": "dlscope.store.location",
    "RunFilter": "dlscope.store.summary",
    "RunSummary": "dlscope.store.summary",
    "Store": "dlscope.store.base",
    "StoreSize": "dlscope.store.summary",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)

"""`Benchmark`: what is measured; `BenchmarkResult`: what one measurement of it gave; `Bundle`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, final, get_args

import numpy as np
from numpy.typing import NDArray

from dlscope.core.digest import canonical_json, digest
from dlscope.core.errors import MeasurementError, StoreError
from dlscope.core.run import Environment
from dlscope.core.stats import (
    Interval,
    bootstrap_interval,
    percentile,
    percentile_interval,
    trimmed_mean,
)
from dlscope.store.benchmark_key import BenchmarkKey, Kind, Status, check_brick_id, check_word

_RESAMPLED_UP_TO = 300
_SHARE_P20 = 0.2
_LONGEST_NS = 2**63 - 1


@final
@dataclass(frozen=True)
class Benchmark:
    """A computation that is measured: its canonical form, and the work it does, as plain data.

    Raises `StoreError` for what is not plain data.
    """

    brick_id: str
    kind: Kind
    canonical: Any = field(hash=False)
    work: Any = field(hash=False)

    def __post_init__(self) -> None:
        check_brick_id(self.brick_id)
        where = f"benchmark {self.brick_id!r}"
        check_word("kind", self.kind, get_args(Kind), where=where)
        for name in ("canonical", "work"):
            _set(self, name, _plain(getattr(self, name), name, where))


@final
@dataclass(frozen=True)
class BenchmarkResult:
    """One measurement under one key: all its samples, int ns in the order they were taken.

    A status other than ok has a `reason`. `workspace_bytes` is None where nobody told it; `extra`
    is a mapping of plain data. The statistics are those of the samples and raise
    `MeasurementError` where there are none. Raises `StoreError` for a malformed value.
    """

    key: BenchmarkKey
    status: Status
    reason: str
    samples_ns: Sequence[int]
    workspace_bytes: int | None
    started_utc: str
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        where = f"result of benchmark {self.key.brick_id!r}"
        check_word("status", self.status, get_args(Status), where=where)
        _set(self, "samples_ns", _whole_ns(self.samples_ns, where))
        _set(self, "reason", _storable(self.reason, where))
        _set(self, "started_utc", _utc(self.started_utc, where))
        _set(self, "extra", _plain(self.extra, "extra", where))
        _check_together(self, where)

    @cached_property
    def id(self) -> str:
        """SHA-256 of key and start: what reports name as evidence."""
        return digest([self.key.digest, self.started_utc])

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.samples_ns)

    @property
    def median_ns(self) -> float:
        """The usual median: of an even number of samples the mean of the middle two."""
        return float(_median(self._ordered_ns))

    @property
    def p20_ns(self) -> int:
        """The sample that a fifth of the samples lie below; see `core.stats.percentile`."""
        return int(percentile(self._ordered_ns, _SHARE_P20))

    @property
    def min_ns(self) -> int:
        """The shortest sample."""
        return int(self._ordered_ns[0])

    @property
    def trimmed_mean_ns(self) -> float:
        """Mean without the lowest and the highest fifth."""
        return float(trimmed_mean(self._ordered_ns))

    @cached_property
    def interval_ns(self) -> Interval:
        """95 % interval of the median, by a block bootstrap over the samples in their order.

        That of the percentile at ½ from 301 samples on, half a step apart and much faster.
        """
        series = np.asarray(self.samples_ns, dtype=np.float64)
        if self.n <= _RESAMPLED_UP_TO:
            return bootstrap_interval(series, _median)
        return percentile_interval(series, 0.5)

    @cached_property
    def _ordered_ns(self) -> NDArray[np.int64]:
        if not self.samples_ns:
            raise MeasurementError(
                f"a result that is {self.status} has no samples",
                where=f"benchmark {self.key.brick_id!r}, {self.key.implementation}",
                fix="read only results whose status is ok",
            )
        return np.sort(np.asarray(self.samples_ns, dtype=np.int64))


@final
@dataclass(frozen=True)
class Bundle:
    """Results with the benchmarks and the environments they refer to, as files hold them."""

    environments: tuple[Environment, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    results: tuple[BenchmarkResult, ...] = ()


def plain_text(value: Any) -> str:
    """Plain data as canonical JSON text."""
    return canonical_json(value).decode()


def _set(frozen: Any, name: str, value: Any) -> None:
    object.__setattr__(frozen, name, value)


def _median(sorted_values: NDArray[Any]) -> NDArray[Any]:
    n = sorted_values.shape[-1]
    return np.asarray((sorted_values[..., (n - 1) // 2] + sorted_values[..., n // 2]) / 2)


def _plain(value: Any, name: str, where: str) -> Any:
    """`value` as it will be read back: tuples as lists, numpy's numbers as Python's."""
    try:
        data = json.loads(json.dumps(value, default=_number))
        canonical_json(data)  # refuses NaN, and text that is no Unicode
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"{name} is not plain data: {error}",
            where=where,
            fix="use finite numbers, text, booleans, None, lists and mappings with text as keys",
        ) from error
    return data


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"it holds a {type(value).__name__}")


def _whole_ns(samples: Any, where: str) -> tuple[int, ...]:
    try:
        array = np.asarray(samples)
    except ValueError:  # rows of different length
        array = np.empty((0, 0))
    is_row = array.ndim == 1 and (array.size == 0 or array.dtype.kind in "iu")
    if not is_row or bool((array < 0).any()) or bool((array > _LONGEST_NS).any()):
        raise StoreError(
            "samples are not a row of times in whole ns",
            where=where,
            fix="use integers from 0 on, in ns",
        )
    return tuple(array.tolist())


def _storable(reason: Any, where: str) -> str:
    if not isinstance(reason, str):
        raise StoreError(f"reason is {reason!r}, not text", where=where, fix="use text")
    # Messages of native libraries hold anything; PostgreSQL takes neither of these.
    return reason.encode(errors="backslashreplace").decode().replace("\0", "\\x00")


def _utc(started: Any, where: str) -> str:
    """An ISO 8601 stamp as text that sorts by time."""
    try:
        moment = datetime.fromisoformat(started)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise StoreError(
            f"started_utc is {started!r}, not a moment in UTC",
            where=where,
            fix="use ISO 8601 with a time zone, such as 2026-03-01T12:00:00Z",
        )
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _check_together(result: BenchmarkResult, where: str) -> None:
    is_ok, has_samples = result.status == "ok", bool(result.samples_ns)
    workspace = result.workspace_bytes
    refused: str | None = None
    if is_ok and not has_samples:
        refused = "it is ok and has no samples"
    elif is_ok and result.reason:
        refused = "it is ok and has a reason why it is not"
    elif not is_ok and not result.reason:
        refused = f"it is {result.status} and does not say why"
    elif result.status == "unsupported" and has_samples:
        refused = "it is unsupported and has samples"
    elif not isinstance(result.extra, dict):
        refused = "its extra is no mapping"
    elif workspace is not None and (type(workspace) is not int or not 0 <= workspace < 2**63):
        refused = f"its workspace_bytes is {workspace!r}"
    if refused:
        raise StoreError(
            f"a result contradicts itself: {refused}",
            where=where,
            fix="ok has samples and no reason, anything else a reason; bytes are whole or None",
        )

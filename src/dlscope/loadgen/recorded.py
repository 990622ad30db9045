"""`Recorded`: a trace of queries that once arrived, to be replayed.

A file has the column `scheduled_ns`, ascending, and may have `sample_id`: which sample of the data
set each query asked for.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.digest import file_digest
from dlscope.core.errors import DataError
from dlscope.core.manifest import ScenarioManifest

_TIME, _SAMPLE = "scheduled_ns", "sample_id"
_MEANINGS = {_TIME: "a time in ns", _SAMPLE: "the number of a sample"}


@final
@dataclass(frozen=True)
class Recorded:
    """When each query is due, in ns from the first, and which sample it asks for, if told."""

    due_ns: NDArray[np.int64]
    sample: tuple[int, ...] | None = None

    @classmethod
    def of(cls, scenario: ScenarioManifest) -> Self:
        """The trace of a scenario of type `replay`.

        Raises `DataError` when the file is missing, changed since planning, or malformed.
        """
        assert scenario.trace_file is not None
        path, where = Path(scenario.trace_file), f"scenario {scenario.name}, trace_file"
        _require(path, scenario.trace_sha256, where)
        columns = (_parquet if path.suffix == ".parquet" else _csv)(path, where)
        times = np.array(columns[_TIME], dtype=np.int64)
        _require_ascending(times, path, where)
        samples = columns.get(_SAMPLE)
        return cls(times - times[0], None if samples is None else tuple(map(int, samples)))

    def samples_of(self, loaded: int, scenario: ScenarioManifest) -> Sequence[int] | None:
        """The samples asked for. Raises `DataError` for one that is not among the `loaded`."""
        strange = next((s for s in self.sample or () if not 0 <= s < loaded), None)
        if strange is not None:
            raise DataError(
                f"the trace asks for sample {strange} of {loaded}",
                where=f"scenario {scenario.name}, trace_file",
                fix=f"use numbers from 0 to {loaded - 1}, or a data set with more items",
            )
        return self.sample


def _require(path: Path, digest: str | None, where: str) -> None:
    if not path.is_file():
        raise DataError(f"there is no file {path}", where=where, fix="correct trace_file")
    if digest is not None and digest != (actual := file_digest(path)):
        raise DataError(
            f"{path.name} has the SHA-256 {actual}, expected {digest}",
            where=where,
            fix="restore the trace, or run the command again to plan with it as it is",
        )


def _require_ascending(times: NDArray[np.int64], path: Path, where: str) -> None:
    if not times.size:
        raise DataError(f"{path.name} has no query", where=where, fix="record a longer trace")
    steps_back = np.diff(times) < 0
    if steps_back.any():
        raise DataError(
            f"{_TIME} steps back at query {int(np.argmax(steps_back)) + 1} of {path.name}",
            where=where,
            fix=f"sort the trace by {_TIME}",
        )


def _csv(path: Path, where: str) -> Mapping[str, Sequence[int]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        names = _present(reader.fieldnames or (), path, where)
        columns: dict[str, list[int]] = {name: [] for name in names}
        for line, row in enumerate(reader, start=2):
            for name in names:
                columns[name].append(_whole(row[name], name, f"line {line} of {path.name}", where))
    return columns


def _parquet(path: Path, where: str) -> Mapping[str, Sequence[int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table: Any = pq.read_table(path, use_threads=False, pre_buffer=False)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path.name} is not a Parquet file", where=where, fix="record the trace again"
        ) from error
    columns = {}
    for name in _present(table.column_names, path, where):
        if not pa.types.is_integer(table.schema.field(name).type) or table[name].null_count:
            raise DataError(
                f"column {name} of {path.name} is not {_MEANINGS[name]} in every row",
                where=where,
                fix="write whole numbers",
            )
        columns[name] = table[name].to_numpy()
    return columns


def _present(names: Sequence[str], path: Path, where: str) -> list[str]:
    if _TIME not in names:
        raise DataError(
            f"{path.name} has no column {_TIME}",
            where=where,
            fix=f"write a header line: {_TIME}",
        )
    return [name for name in (_TIME, _SAMPLE) if name in names]


def _whole(text: str | None, name: str, place: str, where: str) -> int:
    try:
        return int(text or "")
    except ValueError as error:
        raise DataError(
            f"{place}: {text!r} is not {_MEANINGS[name]}", where=where, fix="write whole numbers"
        ) from error

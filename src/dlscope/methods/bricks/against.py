"""`Latencies`: what models take, from a result in JSON that another command printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

from dlscope.core.errors import MeasurementError
from dlscope.methods.bricks.composed_model import ComposedModel
from dlscope.methods.bricks.rows import IMPLEMENTATION

Row = Mapping[str, Any]

_COLUMNS = ("measured_ns", "mean_ns", "duration_us", "median_ns", "latency_ns", "latency_us")
"""Where commands print latencies: bricks, evaluate, profile; then what others may call them."""
_FACTORS = {"ns": 1.0, "us": 1e3}
_TABLES = ("composition", "latency", "a1")
_FIX = "give what bricks compose, evaluate or profile print with --format json"


@final
@dataclass(frozen=True)
class Latencies:
    """Rows with a model and its latency, from the file `where`."""

    rows: tuple[Row, ...]
    column: str
    where: str

    @classmethod
    def load(cls, path: Path) -> Self:
        """Those of the first table in the file that has any. Raises `MeasurementError`."""
        tables = _tables(path)
        for name in (*_TABLES, *tables):
            for column in _COLUMNS:
                rows = [row for row in tables.get(name, ()) if _has(row, column)]
                if rows:
                    return cls(tuple(rows), column, str(path))
        raise _refusal("it has no table with a model and its latency", path)

    def of_all(
        self, models: Sequence[ComposedModel], granularity: int, threads: int
    ) -> dict[str, float]:
        """The latency of each of `models` that has one, by name.

        Raises `MeasurementError` where none has.
        """
        found = {each.name: self.of(each, granularity, threads) for each in models}
        known = {name: latency for name, latency in found.items() if latency is not None}
        if not known:
            raise MeasurementError(
                f"there is no latency of {' or '.join(map(repr, found))}",
                where=self.where,
                fix="measure it in ONNX Runtime, with as many inputs and threads as its bricks",
            )
        return known

    def of(self, model: ComposedModel, granularity: int, threads: int) -> float | None:
        """The latency of `model` in ns, None where there is none.

        Of several rows, that of ONNX Runtime with as many inputs and threads, beside bricks of the
        same size. Raises `MeasurementError` where several are left.
        """
        asked = {
            "model": model.name,
            "backend": IMPLEMENTATION,
            "batch_size": model.batch,
            "threads": threads,
            "granularity": granularity,
        }
        found = [row for row in self.rows if _fits(row, asked)]
        if len(found) > 1:
            raise MeasurementError(
                f"there are {len(found)} latencies of {model.name!r}",
                where=self.where,
                fix="leave the one that its bricks are to be compared with",
            )
        factor = _FACTORS[self.column.rpartition("_")[2]]
        return float(found[0][self.column]) * factor if found else None


def _has(row: Row, column: str) -> bool:
    return isinstance(row.get("model"), str) and isinstance(row.get(column), int | float)


def _fits(row: Row, asked: Row) -> bool:
    """Whether a row says nothing else than what is asked."""
    return all(row.get(name, value) in (value, None) for name, value in asked.items())


def _tables(path: Path) -> dict[str, list[Row]]:
    """Tables of the JSON contract by name, as rows."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): list(_rows(table)) for name, table in plain["tables"].items()}
    except OSError as error:
        raise _refusal(str(error.strerror), path) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refusal("it holds no tables in JSON", path) from error


def _rows(table: Mapping[str, Sequence[Any]]) -> Iterator[Row]:
    names = [column["name"] for column in table["columns"]]
    return (dict(zip(names, row, strict=True)) for row in table["rows"])


def _refusal(why: str, path: Path) -> MeasurementError:
    return MeasurementError(f"measured latencies cannot be read: {why}", where=str(path), fix=_FIX)

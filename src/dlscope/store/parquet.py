"""Samples, spans and items of one Run as Parquet files, written and read whole.

Columns of times are int64 ns, stored as differences: a million samples take about 10 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dlscope.core.errors import StoreError
from dlscope.core.run import ItemResult, Samples
from dlscope.core.trace import Trace
from dlscope.store.plain import dtype_name, from_bytes, from_text, to_text
from dlscope.tracing.arrow import SPANS as SPAN_COLUMNS
from dlscope.tracing.arrow import parquet_options, spans_table, trace_of

SAMPLES, SPANS, ITEMS = "samples.parquet", "spans.parquet", "items.parquet"
FILES = (SAMPLES, SPANS, ITEMS)

_SAMPLES = pa.schema(
    [
        ("scheduled_ns", pa.int64()),
        ("issued_ns", pa.int64()),
        ("completed_ns", pa.int64()),
        ("ok", pa.bool_()),
        ("sample", pa.int32()),
        ("user", pa.int32()),
    ]
)
_TENSOR = pa.struct(
    [
        ("name", pa.string()),
        ("dtype", pa.string()),
        ("shape", pa.list_(pa.int64())),
        ("data", pa.large_binary()),
    ]
)
_ITEMS = pa.schema(
    [
        ("item", pa.string()),
        ("prediction", pa.string()),
        ("target", pa.string()),
        ("error", pa.string()),
        ("outputs", pa.list_(_TENSOR)),
    ]
)


def write_samples(path: Path, samples: Samples) -> None:
    """Write one row for each query."""
    columns = [_whole(getattr(samples, name), len(samples)) for name in _SAMPLES.names]
    _write(path, pa.table(columns, schema=_SAMPLES))


def read_samples(path: Path) -> Samples:
    """The samples that `write_samples` wrote. Raises `StoreError` for a damaged file."""
    table = _read(path, _SAMPLES)
    # A copy, since arrays that share Arrow's memory cannot be written to.
    arrays = [np.array(_told(table[name])) for name in _SAMPLES.names]
    return Samples(*arrays)


def write_spans(path: Path, trace: Trace) -> None:
    """Write one row for each span; attributes are JSON text."""
    _write(path, spans_table(trace))


def read_spans(path: Path) -> Trace:
    """The trace that `write_spans` wrote. Raises `StoreError` for a damaged file."""
    table = _read(path, SPAN_COLUMNS)
    try:
        return trace_of(table)
    except (KeyError, ValueError) as error:
        # A column that spans must have is missing, or a text is none.
        raise _unreadable(path, f"its columns are not those of spans ({error})") from error


def write_items(path: Path, items: Sequence[ItemResult]) -> None:
    """Write one row for each item; output tensors as bytes with their dtype and shape."""
    _write(path, pa.Table.from_pylist([_item_row(item) for item in items], schema=_ITEMS))


def read_items(path: Path) -> tuple[ItemResult, ...]:
    """The items that `write_items` wrote. Raises `StoreError` for a damaged file."""
    return tuple(_item(row) for row in _read(path, _ITEMS).to_pylist())


def _whole(array: Any, queries: int) -> Any:
    """A column of `queries` rows; nulls where the samples do not tell it."""
    return array if len(array) else pa.nulls(queries, pa.int32())


def _told(column: pa.ChunkedArray) -> Any:
    return column.to_numpy() if not column.null_count else np.empty(0, dtype=np.int32)


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, **parquet_options(table.schema))


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    try:
        # Opened here: given a path, pyarrow would keep the file mapped beyond this call.
        # In this thread: where there is no memory for another one, its pools wait for ever.
        with path.open("rb") as file:
            return pq.read_table(file, schema=schema, use_threads=False, pre_buffer=False)
    except (OSError, pa.ArrowException) as error:
        reason = "it is missing" if isinstance(error, FileNotFoundError) else _first_line(error)
        raise _unreadable(path, reason) from error


def _unreadable(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"{path.name} of run {path.parent.name} cannot be read: {reason}",
        where=str(path),
        fix="restore the file from an export, or delete the run and measure again",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _item_row(item: ItemResult) -> dict[str, Any]:
    where = f"item {item.item!r}"
    predicted = None if item.prediction is None else to_text(dict(item.prediction), where=where)
    return {
        "item": item.item,
        "prediction": predicted,
        "target": to_text(item.target, where=where),
        "error": item.error,
        "outputs": [_tensor_row(name, array, where) for name, array in item.outputs.items()],
    }


def _tensor_row(name: str, array: Any, where: str) -> dict[str, Any]:
    try:
        dtype = dtype_name(array)
    except TypeError as error:
        raise StoreError(
            f"output {name!r}: {error}",
            where=where,
            fix="convert the output to numbers or fixed-length strings before it is kept",
        ) from error
    return {"name": name, "dtype": dtype, "shape": list(array.shape), "data": array.tobytes()}


def _item(row: dict[str, Any]) -> ItemResult:
    return ItemResult(
        item=row["item"],
        prediction=None if row["prediction"] is None else from_text(row["prediction"]),
        target=from_text(row["target"]),
        error=row["error"],
        outputs={
            each["name"]: from_bytes(each["data"], each["dtype"], each["shape"])
            for each in row["outputs"]
        },
    )

"""Traces as Arrow tables: what spans are in Parquet files and in streams.

Arrow's texts are UTF-8, which lacks the lone surrogates that stand for bytes of names that were
not UTF-8. Each is written as U+FDD0, which means nothing in Unicode, and its four hex digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from dlscope.core.trace import COLUMNS, TEXTS, Trace
from dlscope.tracing.columns import WORDS

SPANS = pa.schema(
    [
        (name, pa.string() if name in TEXTS or name in WORDS else pa.from_numpy_dtype(dtype))
        for name, dtype in COLUMNS.items()
    ]
)
_ESCAPE = "\ufdd0"
_UNWRITABLE = re.compile(f"[\ud800-\udfff{_ESCAPE}]")
_WRITTEN = re.compile(f"{_ESCAPE}([0-9a-f]{{4}})")


def spans_table(trace: Trace) -> pa.Table:
    """The spans as an Arrow table; texts are spelled out."""
    return pa.table([_span_column(trace, name) for name in SPANS.names], schema=SPANS)


def trace_of(table: pa.Table) -> Trace:
    """The trace of such a table as `spans_table` makes.

    A column of nulls was not known to the version that wrote it: it has the default of `Span`.
    """
    texts: dict[str, int] = {}
    columns: dict[str, Any] = {}
    for name in SPANS.names:
        if table.num_rows and table[name].null_count == table.num_rows:
            continue
        if name in TEXTS:
            columns[name] = _places(
                table[name], lambda each: texts.setdefault(read_text(each), len(texts))
            )
        elif name in WORDS:
            columns[name] = _places(table[name], WORDS[name].index)
        else:
            columns[name] = table[name].to_numpy()
    return Trace.of_columns(columns, texts)


def parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """How to write a Parquet file that is small: differences of numbers, each text once."""
    deltas = [each.name for each in schema if pa.types.is_integer(each.type)]
    return {
        "compression": "zstd",
        "use_dictionary": [each.name for each in schema if each.type == pa.string()],
        "column_encoding": dict.fromkeys(deltas, "DELTA_BINARY_PACKED"),
    }


def written_texts(texts: Iterable[str]) -> pa.Array:
    """Any texts as Arrow's."""
    return pa.array([_UNWRITABLE.sub(_escaped, text) for text in texts], type=pa.string())


def read_text(text: str) -> str:
    """The text that `written_texts` wrote."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text) if _ESCAPE in text else text


def _escaped(found: re.Match[str]) -> str:
    return f"{_ESCAPE}{ord(found[0]):04x}"


def _span_column(trace: Trace, name: str) -> Any:
    if name not in TEXTS and name not in WORDS:
        return trace[name]
    places = pa.array(trace[name], type=pa.int32())
    texts = written_texts(WORDS.get(name, trace.texts))
    return pa.DictionaryArray.from_arrays(places, texts).cast(pa.string())


def _places(column: pa.ChunkedArray, place: Callable[[str], int]) -> Any:
    """For each text of a column its place, looked up once for each distinct text."""
    encoded = column.combine_chunks().dictionary_encode()
    found = np.array([place(text) for text in encoded.dictionary.to_pylist()], dtype=np.int64)
    return found[encoded.indices.to_numpy()] if len(column) else np.empty(0, dtype=np.int64)

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dlscope.core.errors import DataError
from dlscope.core.trace import Level, Span, Trace
from dlscope.tracing.arrow import spans_table
from dlscope.tracing.parts import iteration_parts


def _spans(*sizes: int) -> list[Span]:
    """As many spans in each iteration; every third iteration begins another run."""
    return [
        Span(100 * i + j, 0, Level.LAYER, f"l{j}", 10 * i, 10 * i + 1, run=i // 3, iteration=i % 3)
        for i, size in enumerate(sizes)
        for j in range(1, size + 1)
    ]


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 100])
def test_iterations_are_never_parted(tmp_path: Path, rows: int) -> None:
    spans = _spans(3, 1, 4, 2, 5, 1)
    pq.write_table(spans_table(Trace(spans)), tmp_path / "t.parquet")
    parts = list(iteration_parts(tmp_path / "t.parquet", rows))
    assert [span for part in parts for span in part] == spans
    seen = [{(span.run, span.iteration) for span in part} for part in parts]
    assert len(set().union(*seen)) == sum(map(len, seen)) == 6


def test_a_file_that_is_no_trace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"t\.parquet cannot be read"):
        list(iteration_parts(path))

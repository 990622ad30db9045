from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from dlscope.core.errors import StoreError
from dlscope.core.run import ItemResult, Samples
from dlscope.core.trace import Level, Span, Trace
from dlscope.store.parquet import (
    read_items,
    read_samples,
    read_spans,
    write_items,
    write_samples,
    write_spans,
)
from dlscope.testing.stores import assert_same_run, sample_run


def _open_loop(queries: int) -> Samples:
    random = np.random.default_rng(0)
    scheduled = 10**15 + np.cumsum(random.exponential(10e6, queries)).astype(np.int64)
    issued = scheduled + random.exponential(50e3, queries).astype(np.int64)
    completed = issued + random.lognormal(16, 0.5, queries).astype(np.int64)
    asked = random.integers(0, 50_000, queries).astype(np.int32)
    return Samples(scheduled, issued, completed, random.random(queries) > 0.001, asked)


def test_samples_survive_and_can_be_written_to(tmp_path: Path) -> None:
    samples = _open_loop(1000)
    write_samples(tmp_path / "samples.parquet", samples)
    found = read_samples(tmp_path / "samples.parquet")
    assert_same_run(found, samples)
    assert found.completed_ns.flags.writeable


def test_samples_that_do_not_tell_what_was_asked_stay_so(tmp_path: Path) -> None:
    whole = _open_loop(10)
    samples = Samples(whole.scheduled_ns, whole.issued_ns, whole.completed_ns, whole.ok)
    write_samples(tmp_path / "samples.parquet", samples)
    found = read_samples(tmp_path / "samples.parquet")
    assert (found.sample.size, found.user.size) == (0, 0)
    assert_same_run(found, samples)


def test_times_are_stored_as_differences(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    write_samples(path, _open_loop(10))
    column = pq.read_metadata(path).row_group(0).column(2)
    assert "DELTA_BINARY_PACKED" in column.encodings
    assert column.compression == "ZSTD"


@pytest.mark.slow
def test_a_million_samples_take_at_most_16_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    samples = _open_loop(1_000_000)
    write_samples(path, samples)
    assert path.stat().st_size <= 16e6
    assert_same_run(read_samples(path), samples)


def test_spans_survive_with_typed_attributes(tmp_path: Path) -> None:
    attributes = {"op": "Conv", "flop": 1e9, "bytes": 2**60, "fused": False}
    trace = Trace((Span(1, 0, Level.KERNEL, "k", -5, 2**62, "execution", 9, attributes),))
    write_spans(tmp_path / "spans.parquet", trace)
    assert_same_run(read_spans(tmp_path / "spans.parquet"), trace)


def test_spans_of_a_version_that_knew_fewer_columns_are_read(tmp_path: Path) -> None:
    spans = (
        Span(1, 0, Level.MODEL, "predict", 5, 9, attributes={"n": 1}),
        Span(2, 1, Level.LAYER, "conv", 6, 8, "launch", 3),
    )
    path = tmp_path / "spans.parquet"
    write_spans(path, Trace(spans))
    known = ["id", "parent_id", "level", "name", "start_ns", "end_ns", "kind", "correlation_id"]
    pq.write_table(pq.read_table(path, columns=[*known, "attributes"]), path)
    assert_same_run(read_spans(path), Trace(spans))


def test_items_survive_with_their_tensors(tmp_path: Path) -> None:
    items = sample_run("a").items
    write_items(tmp_path / "items.parquet", items)
    assert_same_run(read_items(tmp_path / "items.parquet"), items)


def test_refuses_an_output_of_objects(tmp_path: Path) -> None:
    words = np.array(["a", None], dtype=object)
    item = ItemResult("1.png", None, None, outputs={"words": words})
    with pytest.raises(StoreError) as caught:
        write_items(tmp_path / "items.parquet", [item])
    assert str(caught.value) == (
        "StoreError: output 'words': an array of object cannot be stored\n"
        "  where  item '1.png'\n"
        "  fix    convert the output to numbers or fixed-length strings before it is kept"
    )


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "r1" / "spans.parquet"
    with pytest.raises(StoreError) as caught:
        read_spans(path)
    assert str(caught.value) == (
        "StoreError: spans.parquet of run r1 cannot be read: it is missing\n"
        f"  where  {path}\n"
        "  fix    restore the file from an export, or delete the run and measure again"
    )


@pytest.mark.parametrize("keep", [0, 3, 100])
def test_refuses_a_truncated_file(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "samples.parquet"
    write_samples(path, _open_loop(10))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(StoreError, match=r"samples\.parquet of run .* cannot be read"):
        read_samples(path)


@pytest.mark.parametrize(("name", "why"), [("level", "'level'"), ("id", "'id'")])
def test_refuses_spans_without_what_each_has(tmp_path: Path, name: str, why: str) -> None:
    path = tmp_path / "r1" / "spans.parquet"
    path.parent.mkdir()
    write_spans(path, sample_run("a").trace)
    table = pq.read_table(path)
    pq.write_table(table.drop_columns([name]), path)
    with pytest.raises(StoreError) as caught:
        read_spans(path)
    assert str(caught.value) == (
        "StoreError: spans.parquet of run r1 cannot be read: its columns are not those of spans "
        f"({why})\n"
        f"  where  {path}\n"
        "  fix    restore the file from an export, or delete the run and measure again"
    )

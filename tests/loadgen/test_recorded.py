from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dlscope.core.digest import file_digest
from dlscope.core.errors import DataError
from dlscope.core.manifest import ScenarioManifest
from dlscope.loadgen.recorded import Recorded


@pytest.fixture
def replay(of_type, tmp_path: Path) -> Callable[..., ScenarioManifest]:
    """A scenario that replays a CSV file with this text."""

    def build(text: str, **fields: object) -> ScenarioManifest:
        path = tmp_path / "trace.csv"
        path.write_text(text)
        return of_type("replay", trace_file=str(path), **fields)

    return build


def test_a_trace_is_replayed_from_its_first_query_on(replay) -> None:
    asked = replay("sample_id,scheduled_ns\n7,1000\n8,1500\n9,4000\n", min_queries=3)
    recorded = Recorded.of(asked)
    assert recorded.due_ns.tolist() == [0, 500, 3000]
    assert recorded.sample == (7, 8, 9)


def test_a_trace_may_be_a_parquet_file(of_type, tmp_path: Path) -> None:
    path = tmp_path / "trace.parquet"
    pq.write_table(pa.table({"scheduled_ns": [5, 6, 9]}), path)
    recorded = Recorded.of(of_type("replay", trace_file=str(path)))
    assert recorded.due_ns.tolist() == [0, 1, 4]
    assert recorded.sample is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "time\n1\n",
            "trace.csv has no column scheduled_ns\n"
            "  where  scenario tiny, trace_file\n"
            "  fix    write a header line: scheduled_ns",
        ),
        (
            "",
            "trace.csv has no column scheduled_ns\n"
            "  where  scenario tiny, trace_file\n"
            "  fix    write a header line: scheduled_ns",
        ),
        (
            "scheduled_ns\n1\n1.5\n",
            "line 3 of trace.csv: '1.5' is not a time in ns\n"
            "  where  scenario tiny, trace_file\n"
            "  fix    write whole numbers",
        ),
        (
            "scheduled_ns\n",
            "trace.csv has no query\n"
            "  where  scenario tiny, trace_file\n"
            "  fix    record a longer trace",
        ),
        (
            "scheduled_ns\n4\n9\n8\n",
            "scheduled_ns steps back at query 2 of trace.csv\n"
            "  where  scenario tiny, trace_file\n"
            "  fix    sort the trace by scheduled_ns",
        ),
    ],
)
def test_refuses_a_trace_that_cannot_be_replayed(replay, text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        Recorded.of(replay(text))
    assert caught.value.describe() == f"DataError: {message}"


def test_refuses_a_parquet_trace_without_its_column(of_type, tmp_path: Path) -> None:
    path = tmp_path / "trace.parquet"
    pq.write_table(pa.table({"time": [5]}), path)
    with pytest.raises(DataError) as caught:
        Recorded.of(of_type("replay", trace_file=str(path)))
    assert caught.value.what == "trace.parquet has no column scheduled_ns"


def test_refuses_a_parquet_trace_of_fractions(of_type, tmp_path: Path) -> None:
    path = tmp_path / "trace.parquet"
    pq.write_table(pa.table({"scheduled_ns": [5], "sample_id": [0.5]}), path)
    with pytest.raises(DataError) as caught:
        Recorded.of(of_type("replay", trace_file=str(path)))
    assert caught.value.what == (
        "column sample_id of trace.parquet is not the number of a sample in every row"
    )


def test_refuses_what_is_no_parquet_file(of_type, tmp_path: Path) -> None:
    path = tmp_path / "trace.parquet"
    path.write_text("scheduled_ns")
    with pytest.raises(DataError) as caught:
        Recorded.of(of_type("replay", trace_file=str(path)))
    assert caught.value.what == "trace.parquet is not a Parquet file"


def test_refuses_a_sample_that_is_not_there(replay) -> None:
    asked = replay("scheduled_ns,sample_id\n1,0\n2,8\n")
    recorded = Recorded.of(asked)
    assert recorded.samples_of(9, asked) == (0, 8)
    with pytest.raises(DataError) as caught:
        recorded.samples_of(8, asked)
    assert caught.value.describe() == (
        "DataError: the trace asks for sample 8 of 8\n"
        "  where  scenario tiny, trace_file\n"
        "  fix    use numbers from 0 to 7, or a data set with more items"
    )


def test_refuses_a_trace_that_changed_since_planning(replay) -> None:
    planned = replay("scheduled_ns\n1\n")
    path = Path(planned.trace_file or "")
    first = file_digest(path)
    path.write_text("scheduled_ns\n2\n")
    with pytest.raises(DataError) as caught:
        Recorded.of(planned.model_copy(update={"trace_sha256": first}))
    assert caught.value.describe() == (
        f"DataError: trace.csv has the SHA-256 {file_digest(path)}, expected {first}\n"
        "  where  scenario tiny, trace_file\n"
        "  fix    restore the trace, or run the command again to plan with it as it is"
    )


def test_refuses_a_trace_that_is_not_there(of_type, tmp_path: Path) -> None:
    missing = tmp_path / "none.csv"
    with pytest.raises(DataError, match=r"^DataError: there is no file .*none\.csv"):
        Recorded.of(of_type("replay", trace_file=str(missing)))

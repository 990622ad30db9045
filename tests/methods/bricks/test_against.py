from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from brick_models import chain_model, graph_of

from dlscope.core.errors import MeasurementError
from dlscope.methods.bricks.against import Latencies
from dlscope.methods.bricks.cutting import cut_models

FIX = "give what bricks compose, evaluate or profile print with --format json"


@pytest.fixture(scope="module")
def model():
    graphs = [("resnet18", graph_of(chain_model()))]
    return cut_models(graphs, 1, cut="authored", runtime="none").models[0]


def written(path: Path, **tables: list[dict[str, Any]]) -> Path:
    """The JSON contract with these rows, each table's columns those of its first row."""
    plain = {
        name: {
            "columns": [{"name": each} for each in rows[0]],
            "rows": [list(row.values()) for row in rows],
        }
        for name, rows in tables.items()
    }
    path.write_text(json.dumps({"tables": plain, "findings": []}))
    return path


PLACES = {
    "bricks": ("composition", {"granularity": 1, "measured_ns": 5e6}, 5e6),
    "evaluate": ("latency", {"backend": "onnxruntime", "batch_size": 1, "mean_ns": 6e6}, 6e6),
    "profile": ("a1", {"backend": "onnxruntime", "threads": 1, "duration_us": 7e3}, 7e6),
    "anyone": ("mine", {"latency_ns": 8_000_000}, 8e6),
    "anyone in µs": ("mine", {"latency_us": 9_000}, 9e6),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_latency_is_found_where_commands_print_it(model, tmp_path: Path, place: str) -> None:
    table, row, latency_ns = PLACES[place]
    path = written(tmp_path / "told.json", **{table: [{"model": "resnet18", **row}]})
    assert Latencies.load(path).of(model, 1, 1) == latency_ns


def test_the_row_is_taken_that_was_measured_as_bricks_are(model, tmp_path: Path) -> None:
    rows = [
        {"model": "resnet18", "backend": "torch", "batch_size": 1, "threads": 1, "mean_ns": 1},
        {
            "model": "resnet18",
            "backend": "onnxruntime",
            "batch_size": 8,
            "threads": 1,
            "mean_ns": 2,
        },
        {
            "model": "resnet18",
            "backend": "onnxruntime",
            "batch_size": 1,
            "threads": 2,
            "mean_ns": 3,
        },
        {
            "model": "resnet34",
            "backend": "onnxruntime",
            "batch_size": 1,
            "threads": 1,
            "mean_ns": 4,
        },
        {
            "model": "resnet18",
            "backend": "onnxruntime",
            "batch_size": 1,
            "threads": 1,
            "mean_ns": 5,
        },
    ]
    found = Latencies.load(written(tmp_path / "told.json", latency=rows))
    assert found.of(model, 1, 1) == 5
    assert found.of(model, 1, 2) == 3
    assert found.of(model, 1, 4) is None


def test_of_several_sizes_of_bricks_the_row_of_the_same_is_taken(model, tmp_path: Path) -> None:
    rows = [
        {"model": "resnet18", "granularity": layers, "measured_ns": 10.0 * layers}
        for layers in (1, 2, 4)
    ]
    found = Latencies.load(written(tmp_path / "told.json", composition=rows))
    assert [found.of(model, layers, 1) for layers in (1, 2, 4)] == [10, 20, 40]


def test_what_was_not_measured_is_passed_over(model, tmp_path: Path) -> None:
    path = written(
        tmp_path / "told.json",
        composition=[{"model": "resnet18", "measured_ns": None}],
        latency=[{"model": "resnet18", "mean_ns": 3.0}],
    )
    assert Latencies.load(path).of(model, 1, 1) == 3


def test_models_without_a_latency_are_left_out(model, tmp_path: Path) -> None:
    from dataclasses import replace

    path = written(tmp_path / "told.json", latency=[{"model": "resnet18", "mean_ns": 3.0}])
    models = [model, replace(model, name="vgg16")]
    assert Latencies.load(path).of_all(models, 1, 1) == {"resnet18": 3.0}


def test_refuses_when_no_model_has_one(model, tmp_path: Path) -> None:
    path = written(tmp_path / "told.json", latency=[{"model": "vgg16", "mean_ns": 3.0}])
    with pytest.raises(MeasurementError) as refused:
        Latencies.load(path).of_all([model], 1, 1)
    assert str(refused.value) == (
        "MeasurementError: there is no latency of 'resnet18'\n"
        f"  where  {path}\n"
        "  fix    measure it in ONNX Runtime, with as many inputs and threads as its bricks"
    )


def test_refuses_several(model, tmp_path: Path) -> None:
    rows = [{"model": "resnet18", "mean_ns": each} for each in (1.0, 2.0)]
    path = written(tmp_path / "told.json", latency=rows)
    with pytest.raises(MeasurementError) as refused:
        Latencies.load(path).of(model, 1, 1)
    assert str(refused.value) == (
        "MeasurementError: there are 2 latencies of 'resnet18'\n"
        f"  where  {path}\n"
        "  fix    leave the one that its bricks are to be compared with"
    )


UNREADABLE = {
    "not JSON": (b"no", "it holds no tables in JSON"),
    "not UTF-8": (b"\xff", "it holds no tables in JSON"),
    "a list": (b"[]", "it holds no tables in JSON"),
    "no tables": (b"{}", "it holds no tables in JSON"),
    "no columns": (b'{"tables": {"latency": {}}}', "it holds no tables in JSON"),
    "ragged": (
        b'{"tables": {"latency": {"columns": [{"name": "model"}], "rows": [[1, 2]]}}}',
        "it holds no tables in JSON",
    ),
    "nothing": (b'{"tables": {}}', "it has no table with a model and its latency"),
    "no model": (
        b'{"tables": {"latency": {"columns": [{"name": "mean_ns"}], "rows": [[1]]}}}',
        "it has no table with a model and its latency",
    ),
}


@pytest.mark.parametrize("wrong", UNREADABLE)
def test_refuses_what_it_cannot_read(tmp_path: Path, wrong: str) -> None:
    content, why = UNREADABLE[wrong]
    path = tmp_path / "told.json"
    path.write_bytes(content)
    with pytest.raises(MeasurementError) as refused:
        Latencies.load(path)
    assert str(refused.value) == (
        f"MeasurementError: measured latencies cannot be read: {why}\n"
        f"  where  {path}\n  fix    {FIX}"
    )


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError) as refused:
        Latencies.load(tmp_path / "nowhere.json")
    assert refused.value.what == ("measured latencies cannot be read: No such file or directory")

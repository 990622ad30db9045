"""Bricks called as a notebook would, on models of a few layers; one real process measures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope import api
from dlscope.agents.device_lock import WAITING
from dlscope.core.errors import DlscopeError, GraphError, MeasurementError
from dlscope.graph.builder import GraphBuilder, serialize

QUICK = {"processes": 1, "min_rounds": 3, "max_seconds": 0.1}


def write_model(path: Path, *operators: str, batch: int | str = 1) -> str:
    """A chain of elementwise layers and a product, in a file."""
    graph = GraphBuilder(path.stem)
    x = graph.input("x", "float32", (batch, 16))
    for operator in operators:
        x = graph.node(operator, [x])
    weight = graph.constant("weight", np.full((16, 16), 0.1, np.float32))
    graph.output(graph.node("MatMul", [x, weight], output="y"), "float32", (batch, 16))
    path.write_bytes(serialize(graph.finish()))
    return str(path)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    return {
        "two": write_model(folder / "two.onnx", "Sigmoid", "Tanh"),
        "three": write_model(folder / "three.onnx", "Sigmoid", "Exp", "Tanh"),
        "free": write_model(folder / "free.onnx", "Sigmoid", batch="N"),
        "wide": write_model(folder / "wide.onnx", "Sigmoid", batch="width"),
    }


@pytest.fixture(scope="module")
def measured(models, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two models in bricks of one layer, timed once; the store, and what was told meanwhile."""
    store = str(tmp_path_factory.mktemp("bricks") / "store")
    files = [models["two"], models["three"]]
    suite = api.generate_bricks(files)
    told: list[tuple[str, float]] = []
    report = api.run_bricks(
        [suite], **QUICK, files=files, store=store, told=lambda *each: told.append(each)
    )
    return {"suite": suite, "report": report, "store": store, "told": told}


def test_models_are_rebuilt_from_their_bricks(measured) -> None:
    table = measured["report"].table("composition")
    assert table.column("model") == ("two", "three")
    for row in table:
        assert row["lo_ns"] <= row["composed_ns"] <= row["hi_ns"]
        assert row["measured_ns"] > 0
        assert row["ratio"] > 0
        assert (row["missing"], row["processes"]) == (0, 1)
    assert measured["report"].warnings == ()


def test_progress_says_what_is_done(measured) -> None:
    steps = dict.fromkeys(step for step, _ in measured["told"])
    # Another test may be measuring just then.
    assert [step for step in steps if step != WAITING] == [
        "fetching two",
        "fetching three",
        "walking over 4 bricks of at most 1 layer, process 1 of 1",
    ]
    shares = [share for step, share in measured["told"] if step.startswith("walking")]
    assert shares == sorted(shares)


def test_composing_measures_nothing(measured) -> None:
    report = api.compose_bricks([measured["suite"]], store=measured["store"])
    assert report.to_json() == measured["report"].to_json()


def test_chosen_models_are_composed(measured) -> None:
    report = api.compose_bricks([measured["suite"]], models="three", store=measured["store"])
    assert report.table("composition").column("model") == ("three",)


def test_an_anonymous_suite_composes_to_the_same(measured) -> None:
    hidden = api.anonymous_bricks(measured["suite"])
    report = api.compose_bricks([hidden], store=measured["store"])
    found = report.table("composition").column("composed_ns")
    assert found == pytest.approx(measured["report"].table("composition").column("composed_ns"))


def test_own_results_serve_as_measured_latencies(measured, tmp_path: Path) -> None:
    path = tmp_path / "composed.json"
    path.write_text(json.dumps(measured["report"].to_json()))
    report = api.compose_bricks([measured["suite"]], against=path, store=measured["store"])
    before, after = (
        each.table("composition").column("measured_ns") for each in (measured["report"], report)
    )
    assert after == before
    assert "not paired" in report.table("composition").column("assumptions")[0]


def test_nothing_is_timed_twice(measured, models) -> None:
    told: list[str] = []
    report = api.run_bricks(
        [measured["suite"]],
        **QUICK,
        files=[models["two"], models["three"]],
        store=measured["store"],
        told=lambda step, _: told.append(step),
    )
    assert not any("walking" in step for step in told)
    assert report.to_json() == measured["report"].to_json()


def test_a_suite_without_times_says_how_to_get_them(models, tmp_path: Path) -> None:
    suite = api.generate_bricks(models["two"])
    with pytest.raises(MeasurementError, match="no brick of the suite has a time here"):
        api.compose_bricks([suite], store=str(tmp_path / "store"))


def test_whole_is_one_brick_of_the_largest_model(models) -> None:
    suite = api.generate_bricks([models["two"], models["three"]], granularity="whole")
    assert (suite.granularity, len(suite.bricks)) == (4, 2)
    assert [model.composition for model in suite.models] == [
        {model.whole: 1} for model in suite.models
    ]


@pytest.mark.parametrize("cut", ["executed", "authored"])
@pytest.mark.parametrize("partition", ["standard", "overlapping"])
def test_a_suite_says_how_it_was_cut(models, cut, partition) -> None:
    suite = api.generate_bricks(models["three"], granularity=2, cut=cut, partition=partition)
    assert (suite.cut, suite.partition, suite.granularity) == (cut, partition, 2)
    assert bool(suite.models[0].differences) == (partition == "overlapping")


def test_a_free_first_axis_is_the_batch(models) -> None:
    suite = api.generate_bricks(models["free"], batch_size=4)
    (model,) = suite.models
    assert (model.batch, model.bindings) == (4, {"N": 4})


def test_an_added_model_is_cut_for_as_many_inputs(models) -> None:
    suite = api.generate_bricks(models["free"], batch_size=4)
    joined, new, known = api.add_to_bricks(suite, models["wide"])
    assert [model.batch for model in joined.models] == [4, 4]
    assert (new, known) == (0, 2)


def test_only_bricks_that_no_model_had_are_new(models) -> None:
    suite = api.generate_bricks(models["two"])
    joined, new, known = api.add_to_bricks(suite, [models["three"]])
    assert (new, known, len(joined.bricks)) == (1, 3, 4)


def test_windows_are_added_to_windows(models) -> None:
    suite = api.generate_bricks(models["two"], granularity=2, partition="overlapping")
    joined, *_ = api.add_to_bricks(suite, models["three"])
    assert all(model.differences for model in joined.models)


def test_a_suite_survives_its_file(models, tmp_path: Path) -> None:
    suite = api.generate_bricks(models["two"])
    suite.save(tmp_path / "suite.json")
    assert api.read_bricks(tmp_path / "suite.json") == suite
    report = api.describe_bricks(suite)
    assert report.answer.startswith("1 model of 3 layers is 3 bricks of at most 1 layer")


def test_models_that_are_not_here_are_not_measured_whole(models) -> None:
    from dlscope.api.bricks import _whole_models

    suite = api.generate_bricks([models["two"], models["three"]])
    found, unknown = _whole_models(suite, [models["two"]], lambda *_: None)
    assert (list(found), unknown) == (["two"], ["three"])


def test_a_file_of_another_network_is_not_the_model(models, tmp_path: Path) -> None:
    from dlscope.api.bricks import _whole_models

    suite = api.generate_bricks(models["two"])
    other = write_model(tmp_path / "two.onnx", "Exp")
    assert _whole_models(suite, [other], lambda *_: None) == ({}, ["two"])


def test_sizes_that_were_chosen_are_chosen_again_for_the_whole_model(models) -> None:
    from dlscope.api.bricks import _whole_models

    suite = api.generate_bricks(models["wide"], bindings={"width": 3})
    assert suite.models[0].bindings == {"width": 3}
    found, unknown = _whole_models(suite, [models["wide"]], lambda *_: None)
    assert (list(found), unknown) == (["wide"], [])


REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "granularity": (
        lambda models: api.generate_bricks(models["two"], granularity=0),
        "GraphError: 0 layers cannot be a brick\n"
        "  where  granularity\n"
        "  fix    ask for at least 1 layer per brick",
    ),
    "twice": (
        lambda models: api.generate_bricks([models["two"], models["two"]]),
        "GraphError: the suite has '{two}' already\n"
        "  where  suite\n"
        "  fix    leave it out, or give the other model a name of its own",
    ),
    "added twice": (
        lambda models: api.add_to_bricks(api.generate_bricks(models["two"]), models["two"]),
        "GraphError: the suite has 'two' already\n"
        "  where  suite\n"
        "  fix    leave it out, or give the other model a name of its own",
    ),
    "unknown": (
        lambda _: api.generate_bricks("squeezenet1_2"),
        "ManifestError: there is no model 'squeezenet1_2'\n"
        "  where  the catalog\n"
        "  fix    did you mean squeezenet1_1?",
    ),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_refuses_what_cannot_be_cut(models, wrong: str) -> None:
    ask, message = REFUSED[wrong]
    with pytest.raises(DlscopeError) as refused:
        ask(models)
    assert str(refused.value) == message.format(**models)


def test_two_files_of_one_name_are_refused(models, tmp_path: Path) -> None:
    other = write_model(tmp_path / "two.onnx", "Exp")
    with pytest.raises(GraphError, match="the suite has 'two' already"):
        api.generate_bricks([models["two"], other])


def test_an_axis_without_a_size_is_refused(models) -> None:
    graph = GraphBuilder("open")
    x = graph.input("x", "float32", (1, "length"))
    graph.output(graph.node("Exp", [x], output="y"), "float32", (1, "length"))
    path = Path(models["two"]).with_name("open.onnx")
    path.write_bytes(serialize(graph.finish()))
    with pytest.raises(DlscopeError, match="length"):
        api.generate_bricks(str(path))
    suite = api.generate_bricks(str(path), default_dim=5)
    assert suite.models[0].bindings == {"length": 5}

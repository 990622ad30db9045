from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.catalog.assets import fetch, open_dataset
from dlscope.core.trace import Level
from dlscope.core.workload import Context
from dlscope.methods.evaluation.accuracy_pass import accuracy_pass
from dlscope.methods.evaluation.forward import Forward
from dlscope.methods.evaluation.partial import PartialItems
from dlscope.pipelines.preparation import Preparation
from dlscope.testing.small_experiment import write_experiment, write_graph
from dlscope.tracing.capture import SpanBuffer


@pytest.fixture
def answer(plan, changed, tmp_path: Path):
    """The results of the pass over the pictures below a folder, and the spans it recorded."""

    def results(context=None, *, pictures=None, graph=None, batch_size=1, **scenario):
        asked = changed(plan, batch_size, **scenario)
        if pictures is not None:
            source = f"file:{pictures}"
            asked = asked.model_copy(
                update={"dataset": asked.dataset.model_copy(update={"source": source})}
            )
        spans = SpanBuffer(Level.MODEL)
        path = graph or fetch(asked.model).paths["graph"]
        with OnnxRuntimeBackend().open(path) as predictor:
            forward = Forward(asked.model, predictor, Preparation(asked.model, {}), spans)
            items = accuracy_pass(
                asked, forward, open_dataset(asked.dataset), context or Context("r-1")
            )
        return items, spans.take_trace()

    return results


def best(items) -> list[int | None]:
    return [item.prediction and item.prediction["classes"][0][0] for item in items]


@pytest.mark.parametrize("pipeline", ["preloaded", "stream"])
@pytest.mark.parametrize("batch_size", [1, 3, 8, 20])
def test_answers_each_item_once_in_order(answer, pipeline: str, batch_size: int) -> None:
    items, _ = answer(pipeline=pipeline, batch_size=batch_size)
    assert [item.item for item in items] == [f"picture_{i:03}_{i % 4}" for i in range(8)]
    assert best(items) == [0, 1, 2, 3] * 2
    assert all(item.target == {"label": i % 4} for i, item in enumerate(items))


def test_keeps_the_probability_of_the_right_class_and_the_raw_outputs(answer) -> None:
    items, _ = answer()
    assert items[0].outputs["y"].tolist() == pytest.approx([4, -4, -4, 0], abs=0.05)
    assert items[0].prediction["p_label"] == pytest.approx(0.98, abs=0.01)


def test_keeps_raw_outputs_of_no_more_items_than_planned(answer, plan, changed) -> None:
    items, _ = answer()
    assert all(item.outputs for item in items)
    assert plan.keep_outputs >= len(items)


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("pipeline", ["preloaded", "stream"])
def test_a_spoiled_item_fails_alone_and_keeps_its_label(
    answer, tmp_path: Path, batch_size: int, pipeline: str
) -> None:
    write_experiment(tmp_path)
    pictures = tmp_path / "pictures"
    (pictures / "picture_001_1.png").write_bytes(b"")
    items, _ = answer(pictures=pictures, batch_size=batch_size, pipeline=pipeline)
    assert best(items) == [0, None, 2, 3, 0, 1, 2, 3]
    assert items[1].error == "the file is empty (step decode)"
    assert items[1].target == {"label": 1}


def test_an_answer_that_is_not_a_number_fails_its_item_alone(answer, tmp_path: Path) -> None:
    graph = write_graph(tmp_path / "nan.onnx", spoils_black=True)
    items, _ = answer(graph=graph, batch_size=8)
    assert best(items) == [0, 1, 2, None] * 2
    assert items[3].error == "4 of 4 entries are NaN or infinite (output 'probabilities')"


def test_goes_on_where_an_interruption_broke_it(answer, tmp_path: Path) -> None:
    asked_to_stop = iter([False, True])
    first, _ = answer(Context("r-1", tmp_path, should_stop=lambda: next(asked_to_stop)))
    assert len(first) == 2
    again, trace = answer(Context("r-2", tmp_path))
    assert best(again) == [0, 1, 2, 3] * 2
    assert len(trace.named("predict")) == 6


def test_believes_what_was_answered_before(answer, tmp_path: Path) -> None:
    items, _ = answer()
    told = dataclasses.replace(items[0], prediction={"classes": [[3, None, 1.0]]})
    PartialItems(tmp_path).append({0: told})
    again, _ = answer(Context("r-2", tmp_path))
    assert best(again)[:2] == [3, 1]


RECORDS = [
    ("{}", "the prediction has no field 'classes'"),
    ("{'classes': [[1]]}", "classes are not [index, label, probability]"),
    ("[1, 2]", "the prediction has no field 'classes'"),
    (
        "{'classes': [[0, 'red', 1.0]], 'p_label': 'much'}",
        "could not convert string to float: 'much'",
    ),
]


@pytest.mark.parametrize(("record", "what"), RECORDS)
def test_a_record_that_no_metric_can_read_fails_its_item(
    hooked, carry_out, changed, record: str, what: str
) -> None:
    code = f"""
def answer(context, outputs):
    if context["item"] == "picture_001_1":
        return [{record}]
    return [{{"classes": [[0, "red", 1.0]]}}]
"""
    run = carry_out(changed(hooked(code, postprocess="answer"), mode="accuracy"))
    assert [item.error for item in run.items[:3]] == [
        None,
        f"the record does not suit image_classification: {what} (hooks, postprocess)",
        None,
    ]
    assert (run.metric("top_1").count, run.metric("top_1").n) == (2, 8)

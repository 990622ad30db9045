from __future__ import annotations

from typing import get_args

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.core.manifest.model import Task
from dlscope.core.run import ItemResult
from dlscope.metrics import TASKS, measure
from dlscope.metrics.measure import choice_problems, chosen

EXAMPLES = {
    "file_type": ({"classes": [[3, None, 0.9]]}, {"label": 3}),
    "image_classification": ({"classes": [[3, None, 0.9]]}, {"label": 3}),
    "image_enhancement": ({"image": [[9.0] * 11] * 11}, {"image": [[8.0] * 11] * 11}),
    "language_modeling": ({"logits": [[0.0, 1.0]]}, {"tokens": [1]}),
    "object_detection": ({"boxes": [["f", 0.9, 0, 0, 9, 9]]}, {"boxes": [[0, 0, 9, 9]]}),
    "object_tracking": ({"boxes": [[0, 0, 9, 9]]}, {"boxes": [[0, 0, 9, 9]]}),
    "question_answering": ({"text": "blue"}, {"answers": ["blue"]}),
    "raw": ({"values": 1.0}, {"value": 1.0, "tolerance": 0.1}),
    "semantic_segmentation": ({"mask": [[1]]}, {"mask": [[1]]}),
    "speech_recognition": ({"text": "one two"}, {"text": "one two"}),
    "summarization": ({"text": "one two"}, {"text": "one two"}),
    "text_embedding": ({"embedding": [1.0, 0.0]}, {"pairs": {"a": 1.0}}),
    "text_recognition": ({"text": "one two"}, {"text": "one two"}),
    "voice_activity": ({"values": 1.0}, {"value": 1.0, "tolerance": 0.1}),
}


def test_every_task_of_the_manifests_has_metrics() -> None:
    assert set(TASKS) == set(get_args(Task))


def test_refuses_a_task_without_metrics() -> None:
    with pytest.raises(MeasurementError) as refusal:
        measure("translation", [])
    assert str(refusal.value) == (
        "MeasurementError: there is no accuracy metric for task 'translation'\n"
        "  where  task translation\n"
        f"  fix    use one of {', '.join(sorted(TASKS))}"
    )


@pytest.mark.parametrize("task", TASKS)
def test_items_without_a_target_have_no_metrics(task: str) -> None:
    items = [ItemResult("a", {"values": [1.0]}, None), ItemResult("b", None, {}, "broken")]
    assert measure(task, items) == ()


def test_items_without_a_target_do_not_count() -> None:
    answer = {"classes": [[3, None, 0.9]]}
    items = [ItemResult("a", answer, {"label": 3}), ItemResult("b", answer, None)]
    top_1 = measure("image_classification", items)[0]
    assert (top_1.name, top_1.value, top_1.n) == ("top_1", 1.0, 1)


@pytest.mark.parametrize("task", EXAMPLES)
def test_every_metric_of_a_task_is_named_in_order(task: str) -> None:
    prediction, target = EXAMPLES[task]
    metrics = measure(task, [ItemResult("a", prediction, target)])
    assert tuple(metric.name for metric in metrics) == TASKS[task].names
    for metric in metrics:
        assert metric.n >= 1
        assert metric.lo is None or metric.lo <= metric.value <= metric.hi


@pytest.mark.parametrize("task", EXAMPLES)
def test_a_failed_item_never_helps(task: str) -> None:
    prediction, target = EXAMPLES[task]
    answered = ItemResult("a", prediction, target)
    failed = ItemResult("b", None, target, "broken")
    good = {metric.name: metric for metric in measure(task, [answered])}
    for metric in measure(task, [answered, failed]):
        if metric.lo is not None:
            is_error = metric.name in ("wer", "cer")
            assert (
                metric.value > good[metric.name].value
                if is_error
                else (
                    metric.value < good[metric.name].value
                    or metric.value == 0
                    or metric.name == "precision_50"
                )
            )


def test_measures_what_is_named_in_the_order_of_the_task() -> None:
    item = ItemResult("a", *EXAMPLES["image_classification"])
    names = ("mean_p_label", "top_1")
    metrics = measure("image_classification", [item], names)
    assert [metric.name for metric in metrics] == ["top_1", "mean_p_label"]
    assert chosen("image_classification", names) == ("top_1", "mean_p_label")


@pytest.mark.parametrize(
    ("names", "tasks", "problems"),
    [
        (["top_1", "mean_iou"], ["image_classification", "object_detection"], []),
        (["wer", "cer"], ["speech_recognition"], []),
        (
            ["mean_p_lable"],
            ["image_classification"],
            [
                "PlanError: 'mean_p_lable' is no metric of image_classification\n"
                "  where  experiment x, metrics\n"
                "  fix    did you mean mean_p_label?"
            ],
        ),
        (
            ["bleu", "f2"],
            ["question_answering", "summarization"],
            [
                "PlanError: 'bleu' is no metric of question_answering or summarization\n"
                "  where  experiment x, metrics\n"
                "  fix    use one of exact_match, f1, rouge_l",
                "PlanError: 'f2' is no metric of question_answering or summarization\n"
                "  where  experiment x, metrics\n"
                "  fix    use one of exact_match, f1, rouge_l",
            ],
        ),
        (
            ["top_1"],
            ["image_classification", "summarization"],
            [
                "PlanError: no metric of task summarization is chosen\n"
                "  where  experiment x, metrics\n"
                "  fix    add one of rouge_l, or leave metrics out"
            ],
        ),
    ],
)
def test_a_choice_is_checked_against_the_tasks(names, tasks, problems) -> None:
    found = choice_problems(names, tasks, "experiment x, metrics")
    assert [problem.describe() for problem in found] == problems

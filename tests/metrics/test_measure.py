from __future__ import annotations

from typing import get_args

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.core.manifest.model import Task
from dlscope.core.run import ItemResult
from dlscope.metrics import TASKS, measure


def test_every_task_of_the_manifests_has_metrics() -> None:
    assert set(TASKS) == set(get_args(Task))


def test_refuses_a_task_without_metrics() -> None:
    with pytest.raises(MeasurementError) as refusal:
        measure("translation", [])
    assert str(refusal.value) == (
        "MeasurementError: there is no accuracy metric for task 'translation'\n"
        "  where  task translation\n"
        "  fix    use one of file_type, image_classification, object_detection, raw, "
        "semantic_segmentation, text_embedding, voice_activity"
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

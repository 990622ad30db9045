from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.detection import COCO_THRESHOLDS, detection

SQUARE = [0, 0, 10, 10]
FAR = [50, 50, 60, 60]


def item(predicted, boxes, labels=None, name: str = "a") -> ItemResult:
    prediction = None if predicted is None else {"boxes": predicted}
    target = {"boxes": boxes} if labels is None else {"boxes": boxes, "labels": labels}
    return ItemResult(name, prediction, target)


def by_name(*items: ItemResult):
    return {metric.name: metric for metric in detection(items)}


def test_a_perfect_answer() -> None:
    metrics = by_name(item([["face", 0.9, *SQUARE], ["face", 0.8, *FAR]], [SQUARE, FAR]))
    assert {name: metric.value for name, metric in metrics.items()} == {
        "mean_iou": 1.0,
        "recall_50": 1.0,
        "precision_50": 1.0,
        "extra_boxes": 0,
        "map_50": 1.0,
        "map_50_95": 1.0,
    }
    assert metrics["map_50"].n == 1
    assert metrics["recall_50"].n == 2


def test_counts_what_is_missed_and_what_is_extra() -> None:
    metrics = by_name(item([["face", 0.9, *SQUARE], ["face", 0.8, 0, 0, 10, 9]], [SQUARE, FAR]))
    assert metrics["mean_iou"].value == 0.5
    assert (metrics["recall_50"].count, metrics["recall_50"].n) == (1, 2)
    assert (metrics["precision_50"].count, metrics["precision_50"].n) == (1, 2)
    assert metrics["extra_boxes"].value == 1
    assert metrics["map_50"].value == 0.5


def test_a_failed_item_finds_nothing() -> None:
    metrics = by_name(item([["face", 0.9, *SQUARE]], [SQUARE]), item(None, [SQUARE], name="b"))
    assert metrics["mean_iou"].value == 0.5
    assert metrics["recall_50"].value == 0.5
    assert metrics["precision_50"].value == 1.0
    assert metrics["map_50"].value == 0.5


def test_without_a_prediction_there_is_no_precision() -> None:
    metrics = by_name(item([], [SQUARE]))
    assert "precision_50" not in metrics
    assert metrics["recall_50"].value == 0.0
    assert metrics["map_50_95"].value == 0.0


def test_without_a_truth_there_is_only_what_is_extra() -> None:
    metrics = by_name(item([["face", 0.9, *SQUARE]], []))
    assert list(metrics) == ["precision_50", "extra_boxes"]
    assert metrics["extra_boxes"].value == 1


def test_labels_are_compared_where_the_data_set_has_them() -> None:
    predicted = [["cat", 0.9, *SQUARE], ["dog", 0.8, *FAR]]
    metrics = by_name(item(predicted, [SQUARE, FAR], ["dog", "dog"]))
    assert (metrics["recall_50"].count, metrics["recall_50"].n) == (1, 2)
    assert metrics["extra_boxes"].value == 1
    assert metrics["map_50"].value == 0.5
    assert by_name(item(predicted, [SQUARE, FAR]))["recall_50"].value == 1.0


def test_a_better_score_on_the_wrong_box_costs_precision() -> None:
    good_first = by_name(item([["f", 0.9, *SQUARE], ["f", 0.1, *FAR]], [SQUARE]))
    bad_first = by_name(item([["f", 0.1, *SQUARE], ["f", 0.9, *FAR]], [SQUARE]))
    assert good_first["map_50"].value == 1.0
    assert bad_first["map_50"].value == 0.5


def test_looser_boxes_count_at_looser_thresholds_only() -> None:
    metrics = by_name(item([["f", 0.9, 0, 0, 10, 7.2]], [SQUARE]))
    reached = sum(threshold <= 0.72 for threshold in COCO_THRESHOLDS)
    assert metrics["map_50"].value == 1.0
    assert metrics["map_50_95"].value == pytest.approx(reached / 10)


def test_only_the_best_hundred_predictions_of_an_item_count() -> None:
    extra = [["f", 0.9, *FAR]] * 100
    metrics = by_name(item([*extra, ["f", 0.1, *SQUARE]], [SQUARE]))
    assert metrics["map_50_95"].value == 0.0
    assert metrics["map_50"].value == pytest.approx(1 / 101)


def crowded(predicted, boxes, crowd) -> ItemResult:
    return ItemResult("a", {"boxes": predicted}, {"boxes": boxes, "crowd": crowd})


def test_what_is_found_in_a_crowd_is_neither_right_nor_wrong() -> None:
    crowd = [40, 40, 80, 80]
    inside = [["f", 0.95, 41, 41, 45, 45], ["f", 0.94, 60, 60, 70, 70]]
    metrics = by_name(crowded([*inside, ["f", 0.9, *SQUARE]], [SQUARE, crowd], [False, True]))
    assert {name: metric.value for name, metric in metrics.items()} == {
        "mean_iou": 1.0,
        "recall_50": 1.0,
        "precision_50": 1.0,
        "extra_boxes": 0,
        "map_50": 1.0,
        "map_50_95": 1.0,
    }
    assert (metrics["recall_50"].n, metrics["precision_50"].n) == (1, 1)


def test_a_truth_in_a_crowd_is_found_before_it_is_ignored() -> None:
    metrics = by_name(crowded([["f", 0.9, *SQUARE]], [[0, 0, 100, 100], SQUARE], [True, False]))
    assert (metrics["recall_50"].count, metrics["precision_50"].count) == (1, 1)


def test_a_box_half_outside_a_crowd_is_ignored_at_loose_thresholds_only() -> None:
    half_in = ["f", 0.95, 30, 40, 50, 60]
    metrics = by_name(
        crowded([half_in, ["f", 0.9, *SQUARE]], [SQUARE, [40, 0, 80, 80]], [False, True])
    )
    assert metrics["map_50"].value == 1.0
    assert metrics["map_50_95"].value == pytest.approx((1.0 + 9 * 0.5) / 10)


def test_a_class_with_crowds_only_has_no_precision_to_average() -> None:
    target = {"boxes": [SQUARE, FAR], "labels": ["cat", "dog"], "crowd": [False, True]}
    metrics = by_name(ItemResult("a", {"boxes": [["cat", 0.9, *SQUARE]]}, target))
    assert metrics["map_50_95"].value == 1.0


def slow_map_50_95(items) -> float:
    """COCO's definition, class by class, threshold by threshold, in plain loops."""
    labels = sorted({label for each in items for label in each.target["labels"]})
    scores = []
    for label in labels:
        for threshold in COCO_THRESHOLDS:
            rows = []
            truths = 0
            for each in items:
                boxes = [
                    box
                    for box, name in zip(each.target["boxes"], each.target["labels"], strict=True)
                    if name == label
                ]
                truths += len(boxes)
                free = set(range(len(boxes)))
                mine = [row for row in each.prediction["boxes"] if row[0] == label]
                for row in sorted(mine, key=lambda row: -row[1]):
                    best = max(free, key=lambda j: slow_iou(row[2:], boxes[j]), default=None)
                    hit = best is not None and slow_iou(row[2:], boxes[best]) >= threshold
                    if hit:
                        free.remove(best)
                    rows.append((row[1], hit))
            rows.sort(key=lambda row: -row[0])
            hits = [hit for _, hit in rows]
            points = [
                (100 * sum(hits[: i + 1]), sum(hits[: i + 1]) / (i + 1)) for i in range(len(hits))
            ]
            best_at = [
                max((p for recall, p in points if recall >= k * truths), default=0.0)
                for k in range(101)
            ]
            scores.append(sum(best_at) / 101)
    return sum(scores) / len(scores)


def slow_iou(a, b) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / (areas - width * height)


def test_agrees_with_plain_loops() -> None:
    generator = np.random.default_rng(5)
    items = []
    for i in range(12):
        corners = generator.uniform(0, 60, size=(4, 2))
        sizes = generator.uniform(10, 30, size=(4, 2))
        truths = np.hstack([corners, corners + sizes])
        moved = np.vstack([truths + generator.normal(0, 2, truths.shape), truths[:2] + 25])
        labels = generator.choice(["cat", "dog", "cow"], size=4).tolist()
        guesses = [*labels[:3], "cat", "dog", "cow"]
        predicted = [
            [label, float(score), *box]
            for label, score, box in zip(
                guesses, generator.permutation(6) + i / 100, moved.tolist(), strict=True
            )
        ]
        items.append(item(predicted, truths.tolist(), labels, name=str(i)))
    metric = by_name(*items)["map_50_95"]
    assert metric.value == pytest.approx(slow_map_50_95(items))
    assert metric.lo < metric.value < metric.hi
    assert by_name(*items)["map_50_95"] == metric


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (
            item([["f", 0.9, 0, 0, 1]], [SQUARE]),
            "a predicted box is not [label, score, x_min, y_min, x_max, y_max]",
        ),
        (item([], [[0, 0, 1]]), "a true box is not [x_min, y_min, x_max, y_max]"),
        (item([], [SQUARE], []), "the target has 0 labels for 1 boxes"),
        (crowded([], [SQUARE], []), "the target has 0 crowd marks for 1 boxes"),
        (item([["f", 0.9, 0, 0, 1, "x"]], [SQUARE]), "a predicted box is not an array of numbers"),
    ],
)
def test_refuses_a_malformed_item(bad: ItemResult, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        detection([bad])
    assert refusal.value.what == what
    assert refusal.value.where == "item a"


def test_refuses_labels_on_some_items_only() -> None:
    with pytest.raises(DataError) as refusal:
        detection([item([], [SQUARE], ["cat"]), item([], [SQUARE], name="b")])
    assert str(refusal.value) == (
        "DataError: some targets have labels and others have none\n"
        "  where  item b\n"
        "  fix    correct the data set's reader, or the model's post-processing"
    )

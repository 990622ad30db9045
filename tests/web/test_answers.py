from __future__ import annotations

from typing import Any

from dlscope import api
from dlscope.core.run import ItemResult
from dlscope.testing.analyses import example_run
from dlscope.web.answers import ShownAnswer, shown_answer, true_boxes, true_picture


def shown(prediction: Any, target: Any = None, least: float = 0.5, **more: Any) -> ShownAnswer:
    result = ItemResult("item", prediction, target, **more)
    return shown_answer(api.Answer(example_run("r-x"), result), 0, target, least)


def test_classes_are_bars_and_the_right_one_is_marked() -> None:
    found = shown({"classes": [[3, "cat", 0.9], [4, None, 0.1]], "p_label": 0.9}, {"label": 3})
    assert [(bar.name, bar.said, bar.width, bar.is_right) for bar in found.bars] == [
        ("3 cat", "0.900", "90%", True),
        ("4", "0.100", "10%", False),
    ]
    assert (found.numbers, found.data, found.is_empty) == ([], "", False)


def test_boxes_above_the_score_are_told_with_their_overlap() -> None:
    target = {"boxes": [[0, 0, 10, 10]]}
    found = shown({"boxes": [["face", 0.9, 0, 0, 10, 5], ["face", 0.1, 0, 0, 1, 1]]}, target)
    assert [(box.label, box.said, box.height, box.overlap) for box in found.boxes] == [
        ("face", "0.900", 5.0, "0.500")
    ]
    assert [(box.label, box.width) for box in true_boxes(target)] == [("truth", 10.0)]


def test_a_mask_is_a_picture_with_its_classes_and_what_is_wrong() -> None:
    target = {"mask": [[0, 1]]}
    found = shown({"mask": [[1, 1]]}, target)
    titles = [picture.title for picture in found.pictures]
    assert titles == ["tiny · onnxruntime", "wrong pixels, tiny · onnxruntime"]
    assert [share.label for share in found.shares] == [1]
    truth = true_picture(target)
    assert truth is not None
    assert truth.width == 2


def test_notes_have_a_place_in_time_and_pitch() -> None:
    found = shown({"notes": [[60, 0.0, 1.0, 0.5], [72, 1.0, 2.0, 0.9]]}, {"notes": [60]})
    first, second = found.notes
    assert (first.x, first.width, first.is_right) == (0.0, 50.0, True)
    assert (second.x, second.is_right) == (50.0, False)
    assert second.y < first.y


def test_numbers_are_told_in_words_and_as_a_line() -> None:
    (one,) = shown({"values": 0.25}).numbers
    assert (one.name, one.said, one.points) == ("values", "0.250", "")
    (many,) = shown({"embedding": [0.0, 1.0, 2.0]}).numbers
    assert many.said == "3 numbers from 0.00 to 2.00, mean 1.00"
    assert len(many.points.split()) == 3
    (grid,) = shown({"values": [[0.0] * 16] * 16}).numbers
    assert grid.picture is not None


def test_a_text_is_a_text_and_other_things_are_data() -> None:
    found = shown({"text": "plant", "odd": {"a": "b"}})
    assert (found.text, found.data) == ("plant", '{\n "odd": {\n  "a": "b"\n }\n}')


def test_nothing_answered_is_said_to_be_nothing() -> None:
    assert shown({"notes": []}).is_empty
    assert shown({"boxes": []}).is_empty
    assert not shown(None, error="out of memory").is_empty

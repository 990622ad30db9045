from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from PIL import Image

from dlscope import api
from dlscope.api.items import _shown, answer_of
from dlscope.core.errors import StoreError
from dlscope.core.run import ItemResult
from dlscope.store import Store
from dlscope.testing.analyses import example_run


@pytest.fixture
def store(tmp_path: Path) -> str:
    with Store.open(tmp_path) as opened:
        opened.accept(example_run("r-one", answers=(0, 2, None, 3)))
        opened.accept(example_run("r-two", framework="torch", answers=(1, 1, 2, 3)))
    return str(tmp_path)


def test_the_worst_come_first(store: str) -> None:
    table = api.items("r-one", store=store).table("items")
    assert table.column("verdict") == ("failed", "wrong", "right", "right")
    assert table.column("index") == (2, 1, 0, 3)


def test_or_in_the_order_of_the_data_set(store: str) -> None:
    report = api.items("r-one", order="index", store=store)
    assert report.table("items").column("index") == (0, 1, 2, 3)
    assert report.answer == "4 items: 1 failed, 1 wrong, 2 right."


def test_answer_and_truth_are_names_and_their_numbers_go_to_the_file(store: str) -> None:
    report = api.items("r-one", order="index", store=store)
    table = report.table("items")
    assert table.column("answer") == ("class 0", "class 2", None, "class 3")
    # Nothing here tells what the classes 1 and 2 are called.
    assert table.column("truth") == ("class 0", "1", "2", "class 3")
    assert table.column("predicted") == (0, 2, None, 3)
    assert table.column("label") == (0, 1, 2, 3)
    (drawn,) = report.sections[0].blocks
    assert [each.name for each in drawn.columns] == [
        *("index", "item", "answer", "p", "truth", "p_truth", "verdict", "reason")
    ]


def test_an_item_has_the_answers_of_several_runs(store: str) -> None:
    shown = api.item("r-one", 1, also=["r-two"], store=store)
    assert (shown.index, shown.count, shown.target) == (1, 4, {"label": 1})
    classes = [each.result.prediction["classes"][0][0] for each in shown.answers]
    assert classes == [2, 1]
    assert shown.label_name == "class 1"


def test_there_are_only_so_many_items(store: str) -> None:
    with pytest.raises(StoreError) as caught:
        api.item("r-one", 4, store=store)
    assert str(caught.value) == (
        "StoreError: there is no item 4\n  where  run r-one\n  fix    it has 4 items, from 0"
    )


@pytest.mark.parametrize(
    ("prediction", "said"),
    [
        (None, ("", None)),
        ({"classes": [[3, "cat", 0.5]]}, ("cat", 0.5)),
        ({"classes": [[3, None, 0.5]]}, ("3", 0.5)),
        ({"boxes": [[0, 0.25, 0, 0, 1, 1], [0, 0.75, 0, 0, 1, 1]]}, ("2 boxes", 0.75)),
        ({"boxes": []}, ("0 boxes", None)),
        ({"text": "hello"}, ("hello", None)),
        ({"embedding": [1.0]}, ("embedding", None)),
    ],
)
def test_an_answer_in_few_words(prediction: object, said: tuple[str, float | None]) -> None:
    assert answer_of(ItemResult("i", prediction, None)) == said  # type: ignore[arg-type]


def test_without_a_label_an_answer_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    run = example_run("r-none")
    items = tuple(dataclasses.replace(item, target=None) for item in run.items)
    with Store.open(tmp_path) as opened:
        opened.accept(dataclasses.replace(run, items=items))
    table = api.items("r-none", store=str(tmp_path)).table("items")
    assert set(table.column("verdict")) == {"answered"}


def test_pictures_are_known_by_what_they_hold_not_by_a_name() -> None:
    out = io.BytesIO()
    Image.new("RGB", (5, 3)).save(out, "PNG")
    shown = _shown(out.getvalue())
    assert (shown.kind, shown.media_type, shown.width, shown.height) == ("image", "image/png", 5, 3)
    assert _shown(b"<svg onload=alert(1)>").kind == "other"
    assert _shown(b"\x89PNG broken").kind == "other"
    assert _shown("a text").text == "a text"
    assert _shown(b"RIFF0000WAVE").kind == "audio"

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dlscope.core.errors import DataError, DlscopeError, ManifestError
from dlscope.data.class_images import ClassImages


def folder_of(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def rows(root: Path, **options: Any) -> list[tuple[str, int]]:
    return [(item.id, item.target["label"]) for item in ClassImages(root, options)]


def test_reads_labels_from_names_in_order(tmp_path: Path) -> None:
    folder_of(tmp_path, "set_10_7.jpg", "set_02_305.jpg", "set_x_1.jpg", "other_02_3.jpg")
    assert rows(tmp_path, pattern="set_{index}_{label}.jpg") == [
        ("set_02_305", 305),
        ("set_10_7", 7),
    ]


def test_hands_on_the_bytes_as_they_are(tmp_path: Path) -> None:
    folder_of(tmp_path, "a_1.jpg")
    (tmp_path / "b_2.jpg").write_bytes(b"")
    items = list(ClassImages(tmp_path, {"pattern": "*_{label}.jpg"}))
    assert [item.input for item in items] == [b"a_1.jpg", b""]


def test_reads_a_folder_per_class_numbered(tmp_path: Path) -> None:
    folder_of(tmp_path, "3/a.jpg", "10/b.jpg", "10/c.png", "10/deep/d.jpg", "e.jpg")
    assert rows(tmp_path, pattern="{label}/*.jpg") == [("b", 10), ("a", 3)]


def test_reads_a_folder_per_class_named_in_sorted_order(tmp_path: Path) -> None:
    folder_of(tmp_path, "dog/a.jpg", "cat/b.jpg")
    assert rows(tmp_path, pattern="{label}/*.jpg") == [("b", 0), ("a", 1)]


def test_takes_the_order_of_given_labels(tmp_path: Path) -> None:
    folder_of(tmp_path, "dog/a.jpg", "cat/b.jpg")
    labels = ["cow", "dog", "cat"]
    assert rows(tmp_path, pattern="{label}/*.jpg", labels=labels) == [("b", 2), ("a", 1)]


def test_keeps_folders_in_ids_where_names_repeat(tmp_path: Path) -> None:
    folder_of(tmp_path, "dog/a.jpg", "cat/a.jpg")
    assert rows(tmp_path, pattern="{label}/*.jpg") == [("cat/a", 0), ("dog/a", 1)]


def test_takes_special_characters_in_a_pattern_as_they_are(tmp_path: Path) -> None:
    folder_of(tmp_path, "a+b (1).jpg", "aab (2).jpg")
    assert rows(tmp_path, pattern="a+b ({label}).jpg") == [("a+b (1)", 1)]


def test_digests_content_and_label(tmp_path: Path) -> None:
    (tmp_path / "a_1.jpg").write_bytes(b"same")
    (tmp_path / "b_1.jpg").write_bytes(b"same")
    (tmp_path / "c_2.jpg").write_bytes(b"same")
    opened = ClassImages(tmp_path, {"pattern": "*_{label}.jpg"})
    first, second, third = (opened.item_digest(index) for index in range(3))
    assert first == second != third


def test_refuses_only_the_item_that_vanished(tmp_path: Path) -> None:
    folder_of(tmp_path, "a_1.jpg", "b_2.jpg")
    opened = ClassImages(tmp_path, {"pattern": "*_{label}.jpg"})
    (tmp_path / "a_1.jpg").unlink()
    with pytest.raises(DataError) as refusal:
        opened[0]
    assert refusal.value.what == "item 'a_1' cannot be read: No such file or directory"
    assert refusal.value.where == str(tmp_path / "a_1.jpg")
    assert refusal.value.fix == "restore the file and allow reading it"
    assert opened[1].input == b"b_2.jpg"


def test_refuses_a_folder_without_a_match(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    with pytest.raises(DataError) as refusal:
        ClassImages(tmp_path, {"pattern": "{label}.png"})
    assert refusal.value.what == "no file matches '{label}.png'"
    assert refusal.value.where == str(tmp_path)
    assert refusal.value.fix == "correct options.pattern; the folder holds a.jpg, b.jpg, c.jpg"


def test_refuses_a_label_that_is_not_listed(tmp_path: Path) -> None:
    folder_of(tmp_path, "dgo/a.jpg")
    with pytest.raises(DataError) as refusal:
        ClassImages(tmp_path, {"pattern": "{label}/*.jpg", "labels": ["dog", "cat"]})
    assert refusal.value.what == "'dgo' is not one of the labels"
    assert refusal.value.where == str(tmp_path / "dgo" / "a.jpg")
    assert refusal.value.fix == "did you mean dog?"


@pytest.mark.parametrize("root", [None, Path("/nowhere/at/all")])
def test_refuses_a_source_that_is_no_folder(root: Path | None) -> None:
    with pytest.raises(DataError) as refusal:
        ClassImages(root, {"pattern": "{label}.jpg"})
    assert refusal.value.what == "pictures by class are read from a folder"
    assert refusal.value.fix == "let source name an existing folder"


REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "unknown option": (
        {"patern": "{label}.jpg"},
        ("unknown option 'patern'", "options.patern", "did you mean pattern?"),
    ),
    "no label": (
        {"pattern": "*.jpg"},
        (
            "'*.jpg' is not a pattern for names with a label",
            "options.pattern",
            "write {label} once, as in imagenet_{index}_{label}.jpg or {label}/*.jpg",
        ),
    ),
    "no pattern": (
        {},
        (
            "None is not a pattern for names with a label",
            "options.pattern",
            "write {label} once, as in imagenet_{index}_{label}.jpg or {label}/*.jpg",
        ),
    ),
    "label twice": (
        {"pattern": "{label}.jpg", "labels": ["a", "a"]},
        ("labels are not a list of different names", "options.labels", "list each once"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_with_the_exact_words(case: str, tmp_path: Path) -> None:
    options, (what, where, fix) = REFUSED[case]
    with pytest.raises(ManifestError) as refusal:
        ClassImages(tmp_path, options)
    error: DlscopeError = refusal.value
    assert (error.what, error.where, error.fix) == (what, f"reader class_images, {where}", fix)

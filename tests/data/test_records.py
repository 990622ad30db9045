from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.core.errors import DataError, ManifestError
from dlscope.data.records import Records


def one(source: Any, root: Path | None = None, target: Any = None) -> Any:
    record = {"id": "a", "input": source, "target": target}
    return Records(root, {"items": [record]})[0]


def test_reads_each_form_of_input(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.bin").write_bytes(b"content")
    assert one({"file": "below/a.bin"}, tmp_path).input == b"content"
    assert one({"text": "Grüße"}).input == "Grüße"
    assert one({"bytes_hex": "00 ff"}).input == b"\x00\xff"


def test_reads_arrays_with_their_type() -> None:
    array = one({"array": [[1, 2], [3, 4]], "dtype": "int64"}).input
    assert array.dtype == np.int64
    assert array.tolist() == [[1, 2], [3, 4]]
    zeros = one({"zeros": [576]}).input
    assert zeros.dtype == np.float32
    assert zeros.shape == (576,)
    assert not zeros.any()


def test_hands_the_target_on() -> None:
    target = {"pairs": {"b": 0.5}}
    assert one({"text": "x"}, target=target).target == target


def test_gives_a_fresh_array_each_time() -> None:
    opened = Records(None, {"items": [{"id": "a", "input": {"zeros": [2]}}]})
    opened[0].input[:] = 1
    assert not opened[0].input.any()


@pytest.mark.parametrize(
    "other",
    [
        {"id": "b", "input": {"text": "x"}, "target": 1},
        {"id": "a", "input": {"text": "y"}, "target": 1},
        {"id": "a", "input": {"bytes_hex": "78"}, "target": 1},
        {"id": "a", "input": {"text": "x"}, "target": 2},
    ],
)
def test_digests_id_input_and_target(other: dict[str, Any]) -> None:
    record = {"id": "a", "input": {"text": "x"}, "target": 1}
    first, second = (Records(None, {"items": [each]}) for each in (record, other))
    assert first.item_digest(0) != second.item_digest(0)


def test_refuses_only_the_item_whose_file_is_missing(tmp_path: Path) -> None:
    items = [{"id": "a", "input": {"file": "a.bin"}}, {"id": "b", "input": {"text": "b"}}]
    opened = Records(tmp_path, {"items": items})
    with pytest.raises(DataError) as refusal:
        opened[0]
    assert refusal.value.what == "item 'a' cannot be read: No such file or directory"
    assert refusal.value.where == str(tmp_path / "a.bin")
    assert refusal.value.fix == "restore the file and allow reading it"
    assert opened[1].input == "b"


ITEM = {"id": "a", "input": {"text": "x"}}
REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "unknown option": (
        {"item": [ITEM]},
        ("unknown option 'item'", "item", "did you mean items?"),
    ),
    "no items": (
        {"items": []},
        ("there are no items", "items", "list items: [{id: …, input: …}]"),
    ),
    "no id": (
        {"items": [{"input": {"text": "x"}}]},
        ("an item needs an id", "items[0]", "write {id: name, input: …, target: …}"),
    ),
    "same id": (
        {"items": [ITEM, ITEM]},
        ("id 'a' is used twice", "items[1].id", "give each item an id of its own"),
    ),
    "unknown field": (
        {"items": [{**ITEM, "traget": 1}]},
        ("unknown field 'traget'", "items[0].traget", "did you mean target?"),
    ),
    "no form": (
        {"items": [{"id": "a", "input": {"txt": "x"}}]},
        (
            "an input has exactly one form",
            "items[0].input",
            "write one of file, text, bytes_hex, array, zeros",
        ),
    ),
    "two forms": (
        {"items": [{"id": "a", "input": {"text": "x", "zeros": [1]}}]},
        (
            "an input has exactly one form",
            "items[0].input",
            "write one of file, text, bytes_hex, array, zeros",
        ),
    ),
    "no text": (
        {"items": [{"id": "a", "input": {"text": 3}}]},
        ("3 is not text", "items[0].input.text", "correct the value"),
    ),
    "no hexadecimal": (
        {"items": [{"id": "a", "input": {"bytes_hex": "zz"}}]},
        (
            "non-hexadecimal number found in fromhex() arg at position 0",
            "items[0].input.bytes_hex",
            "correct the value",
        ),
    ),
    "unknown type": (
        {"items": [{"id": "a", "input": {"zeros": [1], "dtype": "flaot32"}}]},
        (
            "data type 'flaot32' not understood",
            "items[0].input.zeros",
            "correct the value",
        ),
    ),
    "file without a folder": (
        {"items": [{"id": "a", "input": {"file": "a.bin"}}]},
        (
            "a file needs a folder to be in",
            "items[0].input.file",
            "let source name an existing folder",
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_with_the_exact_words(case: str) -> None:
    options, (what, where, fix) = REFUSED[case]
    with pytest.raises(ManifestError) as refusal:
        Records(None, options)
    error = refusal.value
    assert (error.what, error.where, error.fix) == (what, f"reader records, options.{where}", fix)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b"])
def test_refuses_files_outside_the_source(name: str, tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as refusal:
        one({"file": name}, tmp_path)
    assert refusal.value.what == f"path {name!r} leaves the source"
    assert refusal.value.fix == "name a file below the source"

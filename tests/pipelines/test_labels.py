from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.core.errors import DataError
from dlscope.pipelines.labels import read_labels


@pytest.mark.parametrize(
    "text",
    [
        "tench\ngreat white shark\n\n",
        '["tench", "great white shark"]',
        '{"1": "great white shark", "0": "tench"}',
        '{"0": ["n01440764", "tench"], "1": ["great white shark", "man-eater"]}',
        '{"size": 2, "types": ["tench", "great white shark"], "limits": {"tench": 0.9}}',
    ],
)
def test_reads_every_form(text: str, tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_text(text, encoding="utf-8")
    assert read_labels(path) == ("tench", "great white shark")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("\n", "the file has no labels"),
        ('{"0": "a", "2": "b"}', "the labels cannot be read: there is no label 1 among 2"),
        ('{"a": ["x"], "b": ["y"]}', "the labels cannot be read: there is no label 0 among 2"),
        ("[1]", "the labels cannot be read: 1 is not a name"),
        ('[["n01440764"]]', "the labels cannot be read: ['n01440764'] has no name"),
    ],
)
def test_refuses_what_gives_no_names(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_labels(path)
    fix = "give one name per line, a JSON list, or an object of indices"
    assert str(caught.value) == f"DataError: {what}\n  where  {path}\n  fix    {fix}"


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the labels cannot be read"):
        read_labels(tmp_path / "none")

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.core.errors import DataError, ManifestError
from dlscope.data.pixel_rows import PixelRows

SHAPE = {"shape": [1, 2, 1]}


def rows(folder: Path, text: str, options: dict[str, Any] = SHAPE) -> PixelRows:
    path = folder / "rows.csv"
    path.write_text(text)
    return PixelRows(path, options)


def test_reads_pixels_and_classes(tmp_path: Path) -> None:
    dataset = rows(tmp_path, "0,255,7\n1,2,0\n")
    assert len(dataset) == 2
    assert dataset[0].input.dtype == np.uint8
    assert dataset[0].input.tolist() == [[[0], [255]]]
    assert [item.target for item in dataset] == [{"label": 7}, {"label": 0}]
    assert [item.id for item in dataset] == ["0", "1"]


def test_reads_a_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"3,4,1\n"))
    assert PixelRows(path, SHAPE)[0].target == {"label": 1}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "there are no rows"),
        ("1,2\n", "a line has 2 numbers, expected 2 pixels and a class"),
        ("1,256,0\n", "a pixel is not within 0 … 255, or a class is below 0"),
        ("1,2,-1\n", "a pixel is not within 0 … 255, or a class is below 0"),
        ("1,x,0\n", "the rows cannot be read: "),
        ("1,2,0\n1,2\n", "the rows cannot be read: "),
    ],
)
@pytest.mark.filterwarnings("ignore:loadtxt")
def test_spoiled_rows_are_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(DataError) as refused:
        rows(tmp_path, text)
    assert refused.value.what.startswith(what)


def test_a_spoiled_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(b"not compressed")
    with pytest.raises(DataError, match="the rows cannot be read"):
        PixelRows(path, SHAPE)


def test_a_file_is_needed() -> None:
    with pytest.raises(DataError, match="rows of pixels are read from a file"):
        PixelRows(None, SHAPE)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({}, "None is not a shape"),
        ({"shape": [28, 28]}, "[28, 28] is not a shape"),
        ({"shape": [28, 0, 1]}, "[28, 0, 1] is not a shape"),
        ({"shape": [1, 2, 1], "size": 3}, "unknown option 'size'"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, options: dict[str, Any], what: str) -> None:
    with pytest.raises(ManifestError) as refused:
        rows(tmp_path, "0,1,0\n", options)
    assert refused.value.what == what


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_tells_the_class_of_every_row_and_its_line(tmp_path: Path, name: str) -> None:
    text = b"# made by hand\n0,255,7\n\n1,2,0\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    dataset = PixelRows(path, SHAPE)
    assert dataset.labels() == [7, 0]
    assert [dataset.place(index) for index in (0, 1)] == [f"{path}, line 2", f"{path}, line 4"]

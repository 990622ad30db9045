from __future__ import annotations

import pytest

from dlscope.core.errors import DataError
from dlscope.methods.skynet.results import listing, overlaps, read_results, read_truth

HEADER = "image,xmin,ymin,xmax,ymax\n"
TRUTH = {"a/1": (0.0, 0.0, 10.0, 10.0), "a/2": (0.0, 0.0, 10.0, 10.0)}


@pytest.fixture
def results(tmp_path):
    def results(text):
        path = tmp_path / "results.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return results


def test_reads_a_box_for_each_image(results):
    path = results(HEADER + "boat1/1.jpg,1,2,3,4\nboat1\\2,5.5,6,7,8\n")
    assert read_results(path) == {"boat1/1": (1, 2, 3, 4), "boat1/2": (5.5, 6, 7, 8)}


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        ("image,xmin\na,1\n", "the results have no column 'ymin'", ", line 1"),
        (HEADER + "a,1,2,x,4\n", "xmax is 'x'", ", line 2"),
        (HEADER + "a,1,2,3,4\nb,1,2,3,inf\n", "ymax is 'inf'", ", line 3"),
        (HEADER + "a,1,2\n", "xmax is None", ", line 2"),
        (HEADER + "a,1,2,3,4\na.jpg,1,2,3,4\n", "1 image is in the results twice: a", ""),
    ],
)
def test_names_the_line_that_is_wrong(results, text, told, line):
    path = results(text)
    with pytest.raises(DataError) as refused:
        read_results(path)
    assert (refused.value.what, refused.value.where) == (told, f"{path}{line}")


def test_a_missing_image_counts_as_0(tmp_path):
    found = overlaps({"a/1": (0, 0, 10, 5)}, TRUTH, tmp_path)
    assert found.by_image == {"a/1": 0.5, "a/2": 0.0}
    assert found.missing == ("a/2",)
    assert found.mean == 0.25


def test_refuses_images_that_are_not_known(tmp_path):
    results = {f"b/{index:02}": (0.0, 0.0, 1.0, 1.0) for index in range(12)}
    with pytest.raises(DataError) as refused:
        overlaps(results, TRUTH, tmp_path / "results.csv")
    assert str(refused.value) == (
        "DataError: 12 images have no annotation: "
        "b/00, b/01, b/02, b/03, b/04, b/05, b/06, b/07, b/08, b/09 and 2 more\n"
        f"  where  {tmp_path / 'results.csv'}\n"
        "  fix    give one line for each image of the ground truth"
    )


def test_lists_ten_names_whole():
    assert listing("abcdefghij") == "a, b, c, d, e, f, g, h, i, j"


def test_reads_annotations_by_their_place(tmp_path):
    (tmp_path / "boat1").mkdir()
    (tmp_path / "boat1" / "7.xml").write_text(
        "<annotation><size><width>640</width><height>360</height></size><object><bndbox>"
        "<xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
    )
    assert read_truth(tmp_path) == {"boat1/7": (1, 2, 30, 40)}


def test_refuses_a_folder_without_annotations(tmp_path):
    with pytest.raises(DataError, match="there is no annotation"):
        read_truth(tmp_path)

from __future__ import annotations

import pytest

from dlscope.core.errors import DataError
from dlscope.data.contest_annotation import Annotation

OBJECT = (
    "<object><name>boat1</name><bndbox><xmin>10</xmin><ymin>20</ymin>"
    "<xmax>50</xmax><ymax>60</ymax></bndbox></object>"
)


def xml(*objects, height="height"):
    size = f"<size><width>640</width><{height}>360</{height}></size>"
    return f"<annotation><filename>1</filename>{size}{''.join(objects)}</annotation>"


def box(x_min, y_min, x_max, y_max):
    return (
        f"<object><name>NotCare</name><bndbox><xmin>{x_min}</xmin><xmax>{x_max}</xmax>"
        f"<ymin>{y_min}</ymin><ymax>{y_max}</ymax></bndbox></object>"
    )


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "000001.xml"
        path.write_text(text, encoding="utf-8")
        return Annotation.read(path)

    return read


def test_reads_the_form_of_the_contest(read):
    annotation = read(xml(OBJECT))
    assert annotation.size == (640, 360)
    assert annotation.objects == (("boat1", (10, 20, 50, 60)),)
    assert annotation.only_box() == (10, 20, 50, 60)


def test_reads_what_some_teams_write(read):
    annotation = read(xml(box(1.5, 2.25, 30.75, 40), height="length"))
    assert annotation.size == (640, 360)
    assert annotation.only_box() == (1.5, 2.25, 30.75, 40)


def test_trains_with_all_usable_objects_and_counts_the_others(read):
    annotation = read(
        xml(
            OBJECT,
            box(5, 5, 25, 25),
            box(30, 5, 30, 25),
            box(700, 5, 720, 25),
            box(5, 5, 5.9, 5.9),
        )
    )
    boxes, dropped = annotation.usable()
    assert boxes == ((10, 20, 50, 60), (5, 5, 25, 25))
    assert dropped == 3


@pytest.mark.parametrize(
    ("objects", "told"),
    [
        ([], "0 objects are annotated where the contest has one"),
        ([OBJECT, OBJECT], "2 objects are annotated where the contest has one"),
        ([box(30, 5, 30, 25)], "the box (30, 5, 30, 25) has no area"),
        ([box(30, 25, 40, 5)], "the box (30, 25, 40, 5) has no area"),
        ([box(700, 5, 720, 25)], "the box (700, 5, 720, 25) is outside the image of 640×360"),
        ([box(5, 5, 5.5, 5.5)], "the box (5, 5, 5.5, 5.5) is smaller than 1 px²"),
        ([box("nan", 5, 25, 25)], "the box (nan, 5, 25, 25) has no area"),
    ],
)
def test_scores_only_by_one_usable_object(read, objects, told):
    annotation = read(xml(*objects))
    with pytest.raises(DataError) as refused:
        annotation.only_box()
    assert refused.value.what == told
    assert refused.value.where == str(annotation.path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<annotation>", "an annotation cannot be read: no element found: line 1, column 12"),
        (xml(box("a", 1, 2, 3)), "xmin is 'a' in an annotation"),
        ("<annotation><object/></annotation>", "width is missing in an annotation"),
        (
            '<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>',
            "an annotation declares a type of document",
        ),
    ],
)
def test_refuses_a_file_that_is_no_annotation(read, text, told):
    with pytest.raises(DataError) as refused:
        read(text)
    assert refused.value.what == told

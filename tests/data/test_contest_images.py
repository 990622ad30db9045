from __future__ import annotations

import numpy as np
import pytest
import uav_files_made as made_up
from PIL import Image

from dlscope.core.errors import DataError
from dlscope.data.contest_annotation import Annotation
from dlscope.data.contest_images import ContestImages, write_contest_images


@pytest.fixture
def written(tmp_path):
    pytest.importorskip("cv2")
    write_contest_images(
        tmp_path, [made_up.image(), made_up.image("boat1/000008", ((0.5, 1.25, 9.0, 8.0),))]
    )
    return tmp_path


def test_reads_what_it_writes(written):
    images = ContestImages(written)
    assert [each.name for each in images.files] == ["boat1/000008", "car12/000007"]
    boat, car = images[0], images[1]
    assert (car.class_name, car.sub_category, car.boxes) == ("car", "car12", made_up.image().boxes)
    assert np.abs(car.image_hwc.astype(int) - made_up.image().image_hwc).max() <= 3
    assert boat.boxes == ((0.5, 1.25, 9.0, 8.0),)


def test_writes_the_annotations_of_the_contest(written):
    path = written / "car12" / "000007.xml"
    assert path.read_text() == (
        "<annotation>\n  <filename>000007.jpg</filename>\n  <size>\n    <width>64</width>\n"
        "    <height>48</height>\n  </size>\n  <object>\n    <name>car12</name>\n    <bndbox>\n"
        "      <xmin>10</xmin>\n      <ymin>20</ymin>\n      <xmax>30</xmax>\n"
        "      <ymax>45</ymax>\n    </bndbox>\n  </object>\n</annotation>\n"
    )
    assert Annotation.read(path).only_box() == made_up.image().boxes[0]


def test_counts_what_it_leaves_out_or_changes(tmp_path):
    bad = (
        "<object><bndbox><xmin>9</xmin><ymin>1</ymin><xmax>5</xmax><ymax>9</ymax></bndbox></object>"
    )
    good = bad.replace("<xmax>5", "<xmax>15")
    for name, mode, objects in (("a", "L", good), ("b", "RGBA", bad + good + good)):
        Image.new(mode, (32, 24), 0).save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.xml").write_text(
            f"<annotation><size><width>32</width><length>24</length></size>{objects}</annotation>"
        )
    images = ContestImages(tmp_path)
    assert [len(images[index].boxes) for index in (0, 1)] == [1, 2]
    assert dict(images.counts) == {"boxes": 1, "grey": 1, "alpha": 1}
    assert images[0].image_hwc.shape == (24, 32, 3)


def test_a_spoiled_image_fails_by_itself(written):
    path = written / "boat1" / "000008.jpg"
    path.write_bytes(path.read_bytes()[:-20])
    images = ContestImages(written)
    with pytest.raises(DataError) as refused:
        images[0]
    assert refused.value.what.startswith(
        "image 0, 'boat1/000008': the file cannot be decoded: image file is truncated"
    )
    assert refused.value.where == str(path)
    assert refused.value.fix == "restore the file; the others are read without it"
    assert images[1].name == "car12/000007"


@pytest.mark.parametrize(
    ("gone", "what"),
    [
        ("boat1/000008.jpg", "the annotation has no image"),
        ("boat1/000008.xml", "the image has no annotation"),
    ],
)
def test_refuses_one_file_without_the_other(written, gone, what):
    (written / gone).unlink()
    with pytest.raises(DataError) as refused:
        ContestImages(written)[0]
    assert refused.value.what == what
    assert refused.value.fix == "restore the file beside it, or remove this one"


def test_refuses_a_folder_without_images(tmp_path):
    with pytest.raises(DataError) as refused:
        ContestImages(tmp_path)
    assert str(refused.value) == (
        "DataError: there are no images of the contest\n"
        f"  where  {tmp_path}\n"
        "  fix    give a folder with CLASS1/NAME.jpg beside CLASS1/NAME.xml"
    )

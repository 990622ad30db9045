from __future__ import annotations

import json

import numpy as np
import pytest
import uav_files_made as made_up

pytest.importorskip("cv2")

from dlscope.core.errors import DataError
from dlscope.data.coco_detections import CocoImages, write_coco_images


@pytest.fixture
def written(tmp_path):
    two = ((1.0, 2.0, 4.0, 8.0), (10.0, 10.0, 60.0, 40.0))
    write_coco_images(
        tmp_path, [made_up.image(), made_up.image("boat1/000008", two)], ["boat", "car"]
    )
    return tmp_path


@pytest.fixture
def change(written):
    def change(changed):
        path = written / "annotations.json"
        listed = json.loads(path.read_text())
        changed(listed)
        path.write_text(json.dumps(listed))
        return written

    return change


def test_reads_what_it_writes(written):
    images = CocoImages(written)
    car, boat = images[0], images[1]
    assert (car.name, car.class_name, car.sub_category) == ("car12/000007", "car", "car12")
    assert car.boxes == made_up.image().boxes
    assert np.abs(car.image_hwc.astype(int) - made_up.image().image_hwc).max() <= 3
    assert boat.boxes == ((1.0, 2.0, 4.0, 8.0), (10.0, 10.0, 60.0, 40.0))
    assert len(images) == 2


def test_writes_the_fields_of_coco(written):
    listed = json.loads((written / "annotations.json").read_text())
    assert listed["categories"] == [{"id": 1, "name": "boat"}, {"id": 2, "name": "car"}]
    assert listed["images"][0] == {
        "id": 1,
        "file_name": "car12/000007.jpg",
        "width": 64,
        "height": 48,
    }
    assert listed["annotations"][0] == {
        "id": 1,
        "image_id": 1,
        "category_id": 2,
        "bbox": [10.0, 20.0, 20.0, 25.0],
        "area": 500.0,
        "iscrowd": 0,
        "extra": {"sub_category": "car12"},
    }
    assert [each["image_id"] for each in listed["annotations"]] == [1, 2, 2]


def test_leaves_crowds_and_useless_boxes_out(change):
    def changed(listed):
        listed["annotations"][1]["iscrowd"] = 1
        listed["annotations"][2]["bbox"] = [70, 1, 5, 5]

    images = CocoImages(change(changed))
    assert images[1].boxes == ()
    assert images.counts["boxes"] == 1


def test_needs_no_sub_category(change):
    images = CocoImages(change(lambda listed: listed["annotations"][0].pop("extra")))
    assert images[0].sub_category == "car"


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (lambda listed: listed.pop("images"), "there is no list 'images'"),
        (lambda listed: listed["annotations"][0].pop("bbox"), "bbox is missing"),
        (lambda listed: listed["annotations"][0].update(image_id=9), "there is no image 9"),
        (lambda listed: listed["annotations"][0].update(category_id=9), "there is no category 9"),
        (
            lambda listed: listed["annotations"][0].update(bbox=[1, 2, 3]),
            "bbox is [1, 2, 3], not [x, y, width, height]",
        ),
        (lambda listed: listed["categories"][0].pop("name"), "name is missing"),
        (
            lambda listed: listed["images"][0].update(file_name="../a.jpg"),
            "the file '../a.jpg' leaves the folder",
        ),
        (lambda listed: listed["images"][0].update(file_name=7), "file_name is 7"),
        (
            lambda listed: listed["images"][0].update(file_name="."),
            "the file '.' leaves the folder",
        ),
        (lambda listed: listed["images"][0].update(id=[1]), "id is [1]"),
        (lambda listed: listed["images"][0].update(width="wide"), "width is 'wide'"),
        (lambda listed: listed["categories"][0].update(id={}), "id is {}"),
        (lambda listed: listed["annotations"][0].update(image_id=[]), "image_id is []"),
        (lambda listed: listed["annotations"][0].update(extra=5), "extra is 5, no mapping"),
        (lambda listed: listed["annotations"][0].update(bbox=None), "bbox is None"),
    ],
)
def test_refuses_a_list_that_is_malformed(change, changed, what):
    root = change(changed)
    with pytest.raises(DataError) as refused:
        CocoImages(root)
    assert refused.value.what == what
    assert refused.value.where.startswith(str(root / "annotations.json"))
    assert refused.value.fix == "give a list of the detection task of COCO"


def test_refuses_what_is_no_list(tmp_path):
    (tmp_path / "annotations.json").write_text("{")
    with pytest.raises(DataError) as refused:
        CocoImages(tmp_path)
    assert refused.value.what == "the list of images is not JSON"


def test_says_where_the_list_is_missing(tmp_path):
    with pytest.raises(DataError) as refused:
        CocoImages(tmp_path)
    assert refused.value.describe() == (
        "DataError: the list of images cannot be read: no such file or directory\n"
        f"  where  {tmp_path / 'annotations.json'}\n"
        "  fix    put the list of the detection task of COCO there, beside a folder images"
    )

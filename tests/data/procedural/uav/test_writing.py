from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

cv2 = pytest.importorskip("cv2")

from dlscope.core.errors import DataError, FileError  # noqa: E402 - after the check for OpenCV
from dlscope.data.coco_detections import CocoImages  # noqa: E402 - after the check
from dlscope.data.contest_images import ContestImages  # noqa: E402 - after the check
from dlscope.data.got10k_folder import read_got10k  # noqa: E402 - after the check
from dlscope.data.procedural.uav import UavImages, uav_sequences  # noqa: E402 - after the check
from dlscope.data.procedural.uav.writing import UavSet, write_uav_set  # noqa: E402 - after it

MAJORS = (4, 5)
ASKED = UavSet("dac-sdc", "val", 8, seed=3)
SMALL = replace(ASKED, count=2, size=(90, 160))
FILES = {
    "car4/000007.jpg": "6748be71599749e5",
    "group2/000000.jpg": "714f8cf21912626c",
    "person10/000001.jpg": "8a01f2440584a5f5",
    "person5/000002.jpg": "b8c5daf1768f5140",
    "riding5/000006.jpg": "4b99e24d14f57e92",
    "riding9/000004.jpg": "4fb8fec2efeeadbf",
    "wakeboard1/000003.jpg": "a164d84b96ea7be0",
    "wakeboard3/000005.jpg": "13dd29c87eb8638a",
}


@pytest.mark.skipif(
    int(cv2.__version__.split(".")[0]) not in MAJORS,
    reason="other versions of OpenCV fill otherwise",
)
def test_writes_the_same_files_everywhere(tmp_path):
    write_uav_set(tmp_path, ASKED)
    found = {
        str(path.relative_to(tmp_path)): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in tmp_path.rglob("*.jpg")
    }
    assert found == FILES


@pytest.mark.parametrize("layout", ["coco", "dac-sdc"])
def test_readers_find_the_boxes_that_were_drawn(tmp_path, layout):
    write_uav_set(tmp_path, replace(SMALL, layout=layout))
    images = CocoImages(tmp_path) if layout == "coco" else ContestImages(tmp_path)
    read = {images[index].name: images[index] for index in range(2)}
    for made in UavImages("val", 2, seed=3, size=(90, 160)):
        assert read[made.name].class_name == made.class_name
        assert read[made.name].boxes[0] == pytest.approx(made.boxes[0])


def test_readers_find_the_sequences_that_were_drawn(tmp_path):
    seen, told = [], []
    write_uav_set(
        tmp_path,
        replace(SMALL, layout="got10k", preset="hard", frames=4),
        seen=seen.append,
        told=lambda done, of: told.append((done, of)),
    )
    made = uav_sequences("hard", "val", 2, 4, seed=3, size=(90, 160))
    for read, wanted in zip(read_got10k(tmp_path), made, strict=True):
        assert read.name == wanted.name
        assert read.boxes_xywh == pytest.approx(wanted.boxes_xywh, abs=1e-4)
        assert read.frames[3].shape == (90, 160, 3)
    assert [each.name for each in seen] == [each.name for each in made]
    assert told == [(1, 2), (2, 2)]


def test_says_what_a_folder_holds_and_lets_no_other_set_in(tmp_path):
    write_uav_set(tmp_path, SMALL)
    write_uav_set(tmp_path, SMALL)
    record = json.loads((tmp_path / "uav-synth.json").read_text())
    assert record["schema"] == 1
    assert record["asked"]["seed"] == 3
    assert set(record["versions"]) == {"opencv", "numpy"}
    with pytest.raises(DataError) as refused:
        write_uav_set(tmp_path, replace(SMALL, seed=4))
    assert refused.value.what == "there is another set: seed is 3 there, 4 is asked"
    assert refused.value.fix == "write into a folder of its own, or remove this one"


def test_refuses_before_it_writes(tmp_path):
    with pytest.raises(DataError, match="the count of images is 0"):
        write_uav_set(tmp_path / "new", replace(SMALL, count=0))
    assert not (tmp_path / "new").exists()


def test_refuses_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="the file cannot be written"):
        write_uav_set(tmp_path / "file", SMALL)

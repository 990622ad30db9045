from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from dlscope.core.errors import DataError
from dlscope.data.contest_images import write_contest_images
from dlscope.data.got10k_folder import write_got10k
from dlscope.data.uav_image import UavImage
from dlscope.data.uav_sequence import UavSequence
from dlscope.methods.skynet.data_check import check_data

OBJECT = (
    "<object><bndbox><xmin>{}</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
)
HEAD = "<annotation><size><width>64</width><height>48</height></size>"


@pytest.fixture
def contest(tmp_path):
    pixels = np.full((48, 64, 3), 90, dtype=np.uint8)
    write_contest_images(
        tmp_path,
        [UavImage(f"car1/{n}", "car", "car1", pixels, ((4.0, 4.0, 20.0, 12.0),)) for n in range(3)],
    )
    return tmp_path


def test_tells_every_fault_and_reads_the_others(contest):
    image = contest / "car1" / "1.jpg"
    image.write_bytes(image.read_bytes()[:300])
    (contest / "car1" / "2.xml").write_text("<annotation>")
    report = check_data(contest, "dac-sdc")
    assert report.table("classes").rows[0][:2] == ("car", 1)
    faults = report.table("faults").rows
    assert [row[0] for row in faults] == [str(image), str(contest / "car1" / "2.xml")]
    assert faults[0][1].startswith("image 1, 'car1/1': the file cannot be decoded")
    assert report.answer.endswith(" 2 faults.")
    assert report.findings[0].claim == "2 faults to be mended before training or scoring"


def test_stops_at_the_first_fault_when_it_is_strict(contest):
    (contest / "car1" / "0.xml").unlink()
    with pytest.raises(DataError, match="the image has no annotation"):
        check_data(contest, "dac-sdc", strict=True)


def test_warns_of_what_training_leaves_out_and_scoring_refuses(contest):
    (contest / "car1" / "0.xml").write_text(
        HEAD + OBJECT.format(1) + OBJECT.format(9) + "</annotation>"
    )
    (contest / "car1" / "1.xml").write_text(HEAD + OBJECT.format(1) * 2 + "</annotation>")
    (contest / "car1" / "2.xml").write_text(HEAD + "</annotation>")
    report = check_data(contest, "dac-sdc")
    assert report.warnings == (
        "1 box left out: without area, outside the image or below 1 px²",
        "2 annotations without exactly one usable object: training takes what there is, the "
        "contest scores by one",
    )
    assert report.table("faults").rows == ()
    assert report.answer.endswith(" No fault.")


def test_warns_of_grey_images_and_alpha(contest):
    from PIL import Image

    Image.new("L", (64, 48), 90).save(contest / "car1" / "0.jpg")
    (contest / "car1" / "1.jpg").unlink()
    Image.new("RGBA", (64, 48), (90, 90, 90, 255)).save(contest / "car1" / "1.png")
    assert check_data(contest, "dac-sdc").warnings == (
        "1 image is grey and is repeated for each channel",
        "1 image has an alpha channel, which is left out",
    )


def test_reads_every_frame_of_a_sequence(tmp_path):
    boxes = np.array([[1.0, 2, 8, 9]] * 3)
    frames = [np.full((48, 64, 3), 90, dtype=np.uint8)] * 3
    none = np.zeros(3, dtype=bool)
    made = [UavSequence(n, "car", frames, boxes, np.full(3, 8), none, none) for n in ("a", "b")]
    write_got10k(tmp_path, made)
    (tmp_path / "b" / "00000003.jpg").write_bytes(b"no image")
    report = check_data(tmp_path, "got10k")
    assert [row[0] for row in report.table("sequences").rows] == ["a"]
    assert report.table("faults").rows[0][1] == (
        "image 2, 'b/00000003': the file cannot be decoded: it is no image"
    )


def test_a_drawn_set_is_read_in_the_layout_that_it_has(tmp_path):
    from dlscope.data.procedural.uav.writing import UavSet, write_uav_set

    write_uav_set(tmp_path, UavSet("coco", "val", 1, (48, 64)))
    with pytest.raises(DataError) as refused:
        check_data(tmp_path, "dac-sdc")
    assert str(refused.value) == (
        "DataError: the set was drawn in the layout coco, not in dac-sdc\n"
        f"  where  {tmp_path}\n"
        "  fix    check it with --layout coco"
    )
    assert check_data(tmp_path, "coco").answer.endswith("No fault.")


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError) as refused:
        check_data(tmp_path / "none", "coco")
    assert str(refused.value) == (
        "DataError: there is no such folder\n"
        f"  where  {tmp_path / 'none'}\n"
        "  fix    name a folder with a set, drawn or your own"
    )

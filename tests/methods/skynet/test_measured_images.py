from __future__ import annotations

import numpy as np
import pytest
from small_detectors import small_detector, write_photographs

from dlscope.core.errors import DataError
from dlscope.data.contest_annotation import annotation_xml
from dlscope.methods.skynet.measured_images import FoundImages, measured_images, single_inputs


def told(step, share):
    del step, share


def test_reads_images_with_and_without_annotations(tmp_path):
    write_photographs(tmp_path, 3)
    written = annotation_xml("000001.jpg", (96, 54), "car1", (10.0, 10.0, 20.0, 30.0))
    (tmp_path / "car1" / "000001.xml").write_bytes(written)
    found = FoundImages(tmp_path, 10)
    assert [each.name for each in found] == ["car1/000000", "car1/000001", "car2/000002"]
    assert [each.boxes for each in found] == [(), ((10.0, 10.0, 20.0, 30.0),), ()]
    images = measured_images(str(tmp_path), 2, small_detector(), split="val", told=told)
    assert images.pixels_nhwc.shape == (2, 32, 64, 3)
    assert [each.shape for each in single_inputs(images)] == [(1, 3, 32, 64)] * 2


def test_draws_images_of_a_split():
    pytest.importorskip("cv2")
    detector = small_detector()
    one, other = (
        measured_images("uav-synth", 2, detector, split=split, told=told)
        for split in ("train", "val")
    )
    assert len(one.boxes[0]) == 1
    assert not np.array_equal(one.pixels_nhwc, other.pixels_nhwc)


def test_names_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError) as refused:
        measured_images(str(tmp_path / "no"), 2, small_detector(), split="val", told=told)
    assert str(refused.value) == (
        f"DataError: there is no folder {tmp_path / 'no'}\n"
        "  where  SkyNet, images\n"
        "  fix    name a folder of images, or uav-synth"
    )

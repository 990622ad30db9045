from __future__ import annotations

import numpy as np
import pytest

from dlscope import api
from dlscope.api.detector_search import DetectorSearch, _small_share
from dlscope.methods.skynet.prepared_images import PreparedImages


def search(folder, **data):
    return DetectorSearch(folder, api.DetectorData(**data), api.DetectorEffort(), 1.0, 1, 0)


def test_the_reference_is_skynet_c_at_the_size_of_the_images(tmp_path):
    reference = search(tmp_path, size=(320, 160)).reference
    assert (reference.trainable, reference.macs) == (442_049, 463_718_400)
    assert search(tmp_path).reference.size == (80, 160)


def test_images_are_made_once(tmp_path):
    asked = search(tmp_path, train=2, size=(64, 32))
    heard = []
    first = asked._images("train", lambda step, _share: heard.append(step))
    again = asked._images("train", lambda step, _share: heard.append(step))
    assert np.array_equal(first.pixels_nhwc, again.pixels_nhwc)
    assert heard == ["preparing 2 images"]


def test_small_objects_are_counted():
    boxes = tuple(np.array([[0.5, 0.5, s, s]], np.float32) for s in (0.05, 0.09, 0.2, 0.3))
    pixels = np.zeros((4, 8, 8, 3), np.uint8)
    assert _small_share(PreparedImages(pixels, boxes, tuple("abcd"), "area")) == pytest.approx(0.5)

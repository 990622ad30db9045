from __future__ import annotations

import pytest
from small_detectors import small_detector
from square_images import SquareImages

from dlscope.methods.skynet.int8 import to_int8
from dlscope.methods.skynet.int8_comparison import compare_int8
from dlscope.methods.skynet.measured_images import single_inputs
from dlscope.methods.skynet.observing import observe
from dlscope.methods.skynet.prepared_images import prepared_images


def test_sets_integers_beside_floats():
    detector = small_detector()
    images = prepared_images(SquareImages(3), detector.size, resize="nearest")
    observed = observe(detector.graph, single_inputs(images))
    quantised = detector.with_graph(to_int8(detector.graph, observed))
    table = compare_int8(detector, quantised, images, rounds=4)
    assert table.column("model") == ("float32", "int8")
    assert table.column("iou_with_float")[0] == 1.0
    assert (table.column("lost_iou")[0], table.column("switches")[0]) == (0.0, 0.0)
    assert table.column("ratio")[0] == pytest.approx(1.0)
    assert table.column("ratio_lo")[0] is None
    sizes = table.column("size_bytes")
    assert sizes == (len(detector.content), len(quantised.content))
    assert all(each > 0 for each in (*table.column("latency_ns"), *table.column("cpu_ns")))

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from small_detectors import small_detector

from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.core.errors import FileError
from dlscope.core.manifest import ModelManifest
from dlscope.methods.skynet.detector_file import load_detector
from dlscope.methods.skynet.model_document import detector_document, write_detector
from dlscope.methods.skynet.preparing import prepare
from dlscope.pipelines.base import StepContext, Value
from dlscope.pipelines.chain import build_chain


def test_what_is_written_is_found_again(tmp_path):
    detector = small_detector()
    beside = write_detector(tmp_path / "small.onnx", detector, dataset="uav-synth-val")
    manifest = find("model", str(beside))
    assert manifest.attributes["dataset"] == "uav-synth-val"
    assert fetch(manifest).paths["graph"] == tmp_path / "small.onnx"
    again = load_detector(beside)
    assert (again.size, again.resize, again.anchors) == (
        detector.size,
        detector.resize,
        detector.anchors,
    )
    assert again.content == detector.content


@pytest.mark.parametrize("resize", ["nearest", "area"])
def test_its_steps_prepare_as_the_detector_was_trained(tmp_path, resize):
    model = tmp_path / "small.onnx"
    model.write_bytes(small_detector().content)
    document = detector_document(model, name="small", size=(32, 64), resize=resize)
    pixels = np.random.default_rng(0).integers(0, 256, (54, 96, 3), dtype=np.uint8)
    picture = tmp_path / "picture.png"
    Image.fromarray(pixels).save(picture)
    steps = ModelManifest.model_validate(document).inputs[0].preprocess
    value = Value(picture.read_bytes())
    for step in build_chain(steps, "small").steps:
        value = step.apply(value, StepContext())
    expected = prepare(pixels, resize=resize, size=(32, 64)).values_chw
    np.testing.assert_allclose(value.data, expected, atol=1e-6)


def test_a_folder_that_is_not_there_cannot_be_written_to(tmp_path):
    with pytest.raises(FileError):
        write_detector(tmp_path / "nowhere" / "small.onnx", small_detector())

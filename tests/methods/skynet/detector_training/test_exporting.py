from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")

from dlscope.catalog.document import load_manifest  # noqa: E402 - after torch
from dlscope.core.errors import TrainingError  # noqa: E402
from dlscope.methods.skynet.detector_training import exporting  # noqa: E402
from dlscope.methods.skynet.detector_training.exporting import export_detector  # noqa: E402
from dlscope.methods.skynet.detector_training.stored_detector import untrained  # noqa: E402

SIZE = (48, 96)


@pytest.mark.parametrize("act", ["relu", "relu6"])
def test_the_file_takes_any_number_of_images_and_agrees_with_torch(tmp_path, act):
    detector = untrained("C", width=0.1, size=SIZE, act=act)
    with torch.no_grad():
        for module in detector.network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 2.0)
    _, difference = export_detector(detector, tmp_path / "small.onnx")
    assert difference <= 1e-4
    session = onnxruntime.InferenceSession(str(tmp_path / "small.onnx"))
    for count in (1, 5):
        images = np.random.default_rng(count).normal(size=(count, 3, *SIZE)).astype(np.float32)
        with torch.no_grad():
            told = detector.network(torch.from_numpy(images)).numpy()
        assert np.abs(session.run(None, {"image": images})[0] - told).max() <= 1e-4


def test_the_manifest_says_filter_and_anchors(tmp_path):
    detector = untrained("B", width=0.1, size=SIZE)
    path, _ = export_detector(detector, tmp_path / "small.onnx", dataset="uav-synth-val")
    manifest = load_manifest(path)
    steps = {step.name: step.parameters for step in manifest.inputs[0].preprocess}
    assert steps["resize"]["method"] == "area"
    (decode,) = manifest.outputs[0].postprocess
    assert decode.name == "skynet_boxes"
    assert [tuple(each) for each in decode.parameters["anchors"]] == list(detector.anchors)
    assert manifest.attributes["weights"] == "untrained"
    assert manifest.attributes["dataset"] == "uav-synth-val"


def test_a_file_that_differs_gets_no_manifest(tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "MOST_DIFFERENT", -1.0)
    with pytest.raises(TrainingError, match="the exported network differs by"):
        export_detector(untrained("A", width=0.1, size=SIZE), tmp_path / "small.onnx")
    assert not (tmp_path / "small.yaml").exists()

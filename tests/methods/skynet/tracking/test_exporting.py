"""What is exported answers and follows as torch does.

Torch's exporter takes seconds to begin with, so that these are slow tests; `test_onnx_answering`
asks files that were made by hand.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from dlscope.catalog.document import load_manifest  # noqa: E402 - after the checks
from dlscope.methods.skynet.tracking.exporting import export_tracker  # noqa: E402
from dlscope.methods.skynet.tracking.onnx_answering import OnnxAnswering  # noqa: E402
from dlscope.methods.skynet.tracking.running import follow  # noqa: E402
from dlscope.methods.skynet.tracking.siamese import SiameseTracker  # noqa: E402
from dlscope.methods.skynet.tracking.torch_answering import TorchAnswering  # noqa: E402


@pytest.fixture(scope="module")
def trained(mask_network, sequences):
    """A network that is sure of something: else the last bit of a score decides where it looks."""
    pytest.importorskip("lightning_fabric")
    from dlscope.methods.skynet.tracking.appearances import collect
    from dlscope.methods.skynet.tracking.pairs import PairSource
    from dlscope.methods.skynet.tracking.training import TrackerTraining, train_tracker

    network = copy.deepcopy(mask_network)
    pairs = PairSource(collect(sequences, network.design, 4), network.design, 13)
    train_tracker(network, pairs, TrackerTraining(iterations=40, batch=4, every=40))
    return network


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    assert export_tracker(trained, folder) <= 1e-4
    return folder


@pytest.mark.slow
def test_the_files_follow_as_torch_does(folder, trained, sequence):
    ours, theirs = (
        follow(lambda answering=answering: SiameseTracker(answering), sequence)
        for answering in (TorchAnswering(trained), OnnxAnswering(folder))
    )
    assert theirs.boxes_t4 == pytest.approx(ours.boxes_t4, abs=1e-3)
    assert theirs.masks.mask_t == pytest.approx(ours.masks.mask_t, abs=1e-3)


@pytest.mark.slow
def test_each_file_has_a_manifest_that_tells_its_tensors(folder, trained):
    assert sorted(path.name for path in folder.iterdir()) == [
        f"{part}.{ending}" for part in ("mask", "search", "template") for ending in ("onnx", "yaml")
    ]
    search = load_manifest(folder / "search.yaml")
    assert [each.name for each in search.inputs] == [
        "search",
        "kernel_5_scores",
        "kernel_5_boxes",
        "kernel_5_masks",
    ]
    assert {each.name: each.shape for each in search.outputs} == {
        "scores": (1, 2, 5, 13, 13),
        "boxes": (1, 4, 5, 13, 13),
        "mask_features": (1, 8, 13, 13),
    }
    assert load_manifest(folder / "mask.yaml").outputs[0].shape == (1, 63 * 63, 1, 1)
    assert OnnxAnswering(folder).design == trained.design


@pytest.mark.slow
@pytest.mark.parametrize("trunk", ["resnet50", "alexnet", "mobilenet_v2"])
def test_other_trunks_are_exported_too(trunk, tmp_path):
    from dlscope.zoo.siamese.design import named_design
    from dlscope.zoo.siamese.network import SiameseNetwork

    torch.manual_seed(0)
    network = SiameseNetwork(named_design(f"siamrpn-{trunk}-small"))
    assert export_tracker(network, tmp_path) <= 1e-4
    answering = OnnxAnswering(tmp_path)
    side = answering.design.template
    kernels = answering.kernels(np.zeros((1, 3, side, side), np.float32))
    (level,) = answering.design.levels
    assert list(kernels) == [f"kernel_{level}_scores", f"kernel_{level}_boxes"]

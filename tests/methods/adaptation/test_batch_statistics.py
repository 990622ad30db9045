from __future__ import annotations

import pytest
import small_domains

torch = pytest.importorskip("torch")

from normalised_segmenter import NormalisedSegmenter  # noqa: E402 - after the check for torch

from dlscope.methods.adaptation.batch_statistics import (  # noqa: E402 - after the check
    adapt_statistics,
)
from dlscope.methods.adaptation.pictures import network_input  # noqa: E402 - after the check
from dlscope.zoo.segmenter.named import segmenter  # noqa: E402 - after the check for torch


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    return small_domains.written(tmp_path_factory.mktemp("scenes")).target_pictures


def test_statistics_become_those_of_the_images(target):
    torch.manual_seed(0)
    network = NormalisedSegmenter().eval()
    weights = [value.clone() for value in network.parameters()]
    assert adapt_statistics(network, target) == 1
    images = network_input([target.image(i) for i in range(len(target))], network)
    with torch.no_grad():
        before = network.first(images)
    found = network.normalisation
    assert torch.allclose(found.running_mean, before.mean(dim=(0, 2, 3)), atol=1e-5)
    assert torch.allclose(found.running_var, before.var(dim=(0, 2, 3)), rtol=1e-4)
    assert all(torch.equal(*pair) for pair in zip(network.parameters(), weights, strict=True))
    assert (network.training, found.momentum) == (False, 0.1)


def test_without_such_layers_no_image_is_seen():
    class Unseen:
        def __len__(self):
            raise AssertionError("an image was asked for")

    assert adapt_statistics(segmenter("sceneseg_lite"), Unseen()) == 0

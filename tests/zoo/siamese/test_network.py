from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.zoo.siamese.branches import centre, correlate  # noqa: E402 - after the check
from dlscope.zoo.siamese.design import Design, named_design  # noqa: E402
from dlscope.zoo.siamese.network import SiameseNetwork  # noqa: E402
from dlscope.zoo.siamese.trunks import trunk_of  # noqa: E402

SMALL = Design(template=64, search=128, hidden=8, width=0.25)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SiameseNetwork(SMALL).eval()


def images(count, side, seed=0):
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("name", "template", "search", "sides"),
    [
        ("siamrpn-skynet", 128, 256, (16, 32)),
        ("siamrpn++-resnet50", 127, 255, (15, 31)),
        ("siamrpn++-mobilenet_v2", 127, 255, (15, 31)),
        ("siamrpn-alexnet", 127, 287, (6, 26)),
    ],
)
def test_features_have_the_sides_of_the_released_trackers(name, template, search, sides):
    design = named_design(name)
    with torch.device("meta"):
        trunk = trunk_of(design)
        found = [
            [tuple(each.shape[1:]) for each in trunk(torch.zeros(1, 3, side, side))]
            for side in (template, search)
        ]
    for side, maps in zip(sides, found, strict=True):
        assert maps == [(channels, side, side) for channels in trunk.channels]


def test_channels_of_the_stages_are_as_published():
    with torch.device("meta"):
        assert trunk_of(named_design("siamrpn++-resnet50")).channels == (512, 1024, 2048)
        assert trunk_of(named_design("siamrpn++-mobilenet_v2")).channels == (44, 134, 448)
        assert trunk_of(named_design("siamrpn-skynet")).channels == (1280,)


def test_every_trunk_is_narrower_at_a_smaller_width():
    with torch.device("meta"):
        channels = {
            name: trunk_of(named_design(f"siamrpn-{name}-small")).channels
            for name in ("skynet", "resnet50", "alexnet", "mobilenet_v2")
        }
    assert channels == {
        "skynet": (640,),
        "resnet50": (256,),
        "alexnet": (64,),
        "mobilenet_v2": (112,),
    }


@pytest.mark.parametrize(("side", "kept"), [(16, slice(4, 12)), (15, slice(4, 11))])
def test_four_cells_are_cut_off_each_side_of_a_template(side, kept):
    values = torch.arange(side * side).reshape(1, 1, side, side)
    assert torch.equal(centre(values), values[..., kept, kept])


def test_correlation_is_the_sum_over_a_window_for_each_channel():
    search, kernel = images(2, 7, 1), images(2, 3, 2)
    found = correlate(search, kernel)
    expected = np.zeros((2, 3, 5, 5))
    for b, c, i, j in np.ndindex(expected.shape):
        expected[b, c, i, j] = (search[b, c, i : i + 3, j : j + 3] * kernel[b, c]).sum()
    assert np.allclose(found.numpy(), expected, atol=1e-5)


def test_one_template_serves_several_searches(network):
    with torch.no_grad():
        kernels = network.kernels(images(1, 64))
        together = network.respond(images(3, 128), kernels)
        alone = network.respond(images(3, 128)[1:2], kernels)
    assert together.scores.shape == (3, 2, 5, 13, 13)
    assert together.boxes.shape == (3, 4, 5, 13, 13)
    assert torch.allclose(together.boxes[1:2], alone.boxes, atol=1e-5)


def test_a_branch_of_masks_gives_one_for_each_place():
    network = SiameseNetwork(
        Design(template=64, search=128, hidden=4, width=0.25, pre_adjust=12, has_mask=True)
    ).eval()
    with torch.no_grad():
        response = network(images(2, 64), images(2, 128))
        masks = network.masks(response.mask_features)
        chosen = network.masks_at(response, torch.tensor([[0, 3, 4], [1, 12, 0]]))
    assert masks.shape == (2, 63 * 63, 13, 13)
    assert torch.allclose(chosen[0], masks[0, :, 3, 4], atol=1e-6)
    assert torch.allclose(chosen[1], masks[1, :, 12, 0], atol=1e-6)
    assert network.adjust[0][0].bias is not None


def test_levels_are_mixed_by_weights_that_sum_to_one():
    torch.manual_seed(0)
    network = SiameseNetwork(
        Design(trunk="resnet50", levels=(2, 3), template=63, search=79, hidden=4)
    ).eval()
    z, x = images(1, 63), images(1, 79)
    with torch.no_grad():
        network.fusion[:] = torch.tensor([[20.0, 0.0], [0.0, 20.0]])
        mixed = network(z, x)
        maps = [adjust(each) for adjust, each in zip(network.adjust, network.trunk(x), strict=True)]
        first, second = network.kernels(z)
        scores = network.heads[0]["scores"](maps[0], first["scores"])
        boxes = network.heads[1]["boxes"](maps[1], second["boxes"])
    assert torch.allclose(mixed.scores.flatten(), scores.flatten(), atol=1e-4)
    assert torch.allclose(mixed.boxes.flatten(), boxes.flatten(), atol=1e-4)

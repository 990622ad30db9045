from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import ShapeError  # noqa: E402 - after the check for torch
from dlscope.methods.skynet.stitching import (  # noqa: E402
    CONTEST_FILL,
    stitch4,
    stitched_head,
    unstitch,
)
from dlscope.zoo.skynet.folded_network import FoldedNetwork  # noqa: E402
from dlscope.zoo.skynet.folding import fold_bn  # noqa: E402
from dlscope.zoo.skynet.network import build, state_of  # noqa: E402


def images(count, height=160, width=320):
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(5)) * 4 - 2


def test_puts_images_where_the_released_design_has_them():
    given = images(4)
    canvas = stitch4(given, fill=CONTEST_FILL)
    assert canvas.shape == (1, 3, 324, 644)
    for index, (x, y) in enumerate([(1, 1), (323, 1), (1, 163), (323, 163)]):
        assert torch.equal(canvas[0, :, y : y + 160, x : x + 320], given[index])
    assert float(canvas[0, 0, 161, 5]) == pytest.approx(-0.00784, abs=1e-5)
    assert torch.equal(unstitch(canvas), given)


@pytest.mark.parametrize(("size", "canvas"), [((80, 160), (164, 324)), ((20, 40), (44, 84))])
def test_has_the_canvases_of_the_released_design(size, canvas):
    assert stitch4(images(4, *size)).shape[2:] == canvas


def test_repeats_the_last_image_and_drops_it_again():
    given = images(2, 8, 8)
    canvas = stitch4(given)
    assert torch.equal(unstitch(canvas)[3], given[1])
    assert torch.equal(unstitch(canvas, 2), given)


@pytest.mark.parametrize("count", [0, 5])
def test_refuses_what_does_not_fit_onto_a_canvas(count):
    with pytest.raises(ShapeError, match=f"{count} images do not fit onto one canvas"):
        stitch4(torch.zeros(count, 3, 8, 8))


def trained(width_mult):
    torch.manual_seed(6)
    network = build("C", width_mult=width_mult)
    with torch.no_grad():
        network(images(2, 32, 64))
    return FoldedNetwork(fold_bn(state_of(network.eval())))


@pytest.mark.parametrize("count", [4, 3])
def test_gives_what_the_images_give_alone_bit_for_bit(count, one_thread):
    network, given = trained(0.25), images(count, 32, 64)
    with torch.no_grad():
        alone = torch.cat([network(image[None]) for image in given])
        together = stitched_head(network, given)
    assert torch.equal(together, alone)


@pytest.mark.slow
def test_the_released_weights_give_the_same_bits_and_nearly_so_with_a_grey_ring(
    released_network, one_thread
):
    network = FoldedNetwork(fold_bn(state_of(released_network)))
    given = images(4)
    with torch.no_grad():
        alone = torch.cat([network(image[None]) for image in given])
        assert torch.equal(stitched_head(network, given), alone)
        grey = stitched_head(network, given, fill=CONTEST_FILL)
    assert 0 < float((grey - alone).abs().max()) <= 0.02

from __future__ import annotations

from dataclasses import replace

import pytest
from square_images import squares

torch = pytest.importorskip("torch")

from device_stand_in import DEVICE, DeviceStandIn, MixedError  # noqa: E402 - after torch

from dlscope.methods.skynet.anchors import scaled_anchors  # noqa: E402
from dlscope.methods.skynet.detector_training.recipes import (  # noqa: E402
    IOU,
    REGION,
    Phase,
)
from dlscope.methods.skynet.detector_training.stepping import (  # noqa: E402
    Course,
    Stepping,
    losses_of,
    network_input,
)
from dlscope.zoo.skynet.network import build  # noqa: E402

SIZE = (160, 320)
SMALL = (32, 64)
SMALL_RECIPES = (
    replace(IOU, phases=(Phase(0.5, batch=4, window=0.5, jitter=0.2), Phase(1.0, batch=4))),
    replace(REGION, phases=(Phase(1.0, batch=4, scales=(0.7, 1.0), jitter=0.2),)),
)


def course(recipe, iterations=1000, size=SIZE):
    return Course(recipe, iterations, scaled_anchors(size), size, seed=0)


def test_sizes_change_every_ten_steps_and_settle_at_the_end():
    planned = course(REGION)
    sizes = [planned.size_at(step, step) for step in range(1000)]
    assert all(len(set(sizes[start : start + 10])) == 1 for start in range(0, 1000, 10))
    assert set(sizes[:900]) == {(128, 256), (144, 288), (160, 320), (176, 352), (192, 384)}
    assert set(sizes[900:]) == {(160, 320)}


def test_a_window_is_a_share_of_the_size_in_multiples_of_16():
    recipe = replace(IOU, phases=(Phase(0.5, window=0.4), Phase(1.0)))
    planned = course(recipe, size=(80, 160))
    assert (planned.size_at(0, 0), planned.size_at(999, 999)) == ((32, 64), (80, 160))


def test_the_rate_rises_then_falls_along_a_cosine():
    planned = course(replace(REGION, rate=1.0, warm_up=100, last_rate=0.01))
    rates = [planned.rate(step) for step in range(1000)]
    assert rates[:100] == sorted(rates[:100])
    assert rates[100:] == sorted(rates[100:], reverse=True)
    assert max(rates) == pytest.approx(1.0, abs=1e-2)
    assert rates[-1] == pytest.approx(0.01, rel=1e-2)


def test_a_short_training_warms_up_for_a_quarter():
    rates = [course(REGION, 8).rate(step) for step in range(8)]
    assert rates.index(max(rates)) == 2


def test_the_parts_of_both_losses_are_told_by_name():
    head = torch.zeros(1, 10, 20, 40)
    box = [torch.tensor([[0.5, 0.5, 0.1, 0.2]])]
    region = losses_of(head, box, course(REGION))
    assert list(region) == ["loss", "x", "y", "w", "h", "conf", "boxes", "recall"]
    assert float(region["loss"]) == pytest.approx(200.2002385816, rel=1e-6)
    overlap = losses_of(head, box, course(IOU))
    assert list(overlap) == ["loss", "box", "sure", "rank", "boxes", "recall"]


def test_the_network_sees_changed_colors_from_minus_two_to_two():
    import numpy as np

    pixels = np.array([[[[10, 100, 250]]]], np.uint8)
    swapped = np.array([[[0, 1, 0], [1, 0, 0], [0, 0, 2]]], np.float32)
    values = network_input(torch.from_numpy(pixels), swapped)
    assert values.shape == (1, 3, 1, 1)
    wanted = [(100 - 127.5) / 63.75, (10 - 127.5) / 63.75, 2.0]
    assert values.flatten().tolist() == pytest.approx(wanted, abs=1e-5)


def stepped(recipe, device):
    """Figures of four steps, and the state after them."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build("C", width_mult=0.1, input=SMALL)
    stepping = Stepping(network, squares(8, SMALL), course(recipe, 4, SMALL), device=device)
    every = [stepping.stepped(step, step) for step in range(4)]
    figures = {name: sum(each[name] for each in every) / len(every) for name in every[0]}
    stepping.settle()
    return figures, stepping


@pytest.mark.parametrize("recipe", SMALL_RECIPES, ids=["iou", "region"])
def test_a_step_on_a_device_has_everything_there_and_learns_the_same(recipe):
    here, own = stepped(recipe, "cpu")
    with DeviceStandIn():
        there, other = stepped(recipe, DEVICE)
        states = [each.network.state_dict().items() for each in (own, other)]
        assert {value.device for _, value in states[1]} == {DEVICE}
        for (name, value), (_, on_device) in zip(*states, strict=True):
            # Views are cut out by other means there, to half a shade.
            assert torch.allclose(value, on_device.cpu(), atol=0.1), name
    assert there == pytest.approx(here, rel=0.05)


@pytest.mark.parametrize("recipe", SMALL_RECIPES, ids=["iou", "region"])
def test_what_was_left_on_the_processor_is_refused(recipe):
    with DeviceStandIn():
        network = build("C", width_mult=0.1, input=SMALL)
        stepping = Stepping(network, squares(8, SMALL), course(recipe, 4, SMALL), device=DEVICE)
        network.head.to("cpu")
        with pytest.raises(MixedError):
            stepping.stepped(0, 0)

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.data.scene_classes import NAMES  # noqa: E402 - after the check for torch
from dlscope.methods.adaptation.health import (  # noqa: E402 - after the check for torch
    health_warnings,
    target_figures,
)


def history(**columns):
    """A checkpoint every 100 steps, with a figure of each column."""
    count = len(next(iter(columns.values())))
    return [
        {"step": 100.0 * (i + 1), **{name: values[i] for name, values in columns.items()}}
        for i in range(count)
    ]


def accuracy(*values):
    return history(source_accuracy=values, target_accuracy=values)


def shares(*of_road):
    return history(
        **{f"share of {name}": [0.0] * len(of_road) for name in NAMES[2:]},
        **{"share of road": of_road, "share of sidewalk": [1 - each for each in of_road]},
    )


def test_a_sound_training_has_no_warning():
    assert health_warnings(accuracy(0.9, 0.7, 0.6)) == ()
    assert health_warnings(history(entropy=[0.5, 0.4, 0.3])) == ()
    assert health_warnings(shares(0.3, 0.5, 0.4)) == ()
    assert health_warnings([]) == ()


def test_a_discriminator_that_is_always_right_is_told_after_500_steps():
    assert health_warnings(accuracy(*[0.99] * 4)) == ()
    assert health_warnings(accuracy(0.99, 0.99, 0.9, 0.99, 0.99, 0.99)) == ()
    assert health_warnings(accuracy(0.5, *[0.99] * 6)) == (
        "the discriminator was right on more than 98% of its map from step 100 to 600: "
        "it teaches nothing, make it slower or narrower",
    )


@pytest.mark.parametrize(("last", "told"), [(0.1, "-80%"), (0.9, "+80%")])
def test_entropy_that_jumps_is_told(last, told):
    assert health_warnings(history(entropy=[0.5, 0.5, last])) == (
        f"the entropy of the target changed by {told} up to step 300: "
        "the network may have collapsed, use smaller weights",
    )


def test_classes_that_move_are_told():
    assert health_warnings(shares(0.2, 0.9)) == (
        "70% of the target changed its class up to step 200, most of it to road: "
        "the network may have collapsed, use smaller weights",
    )


def test_figures_of_the_target_are_entropy_and_shares():
    logits = torch.full((1, 19, 2, 2), -50.0)
    logits[0, 0, 0], logits[0, 10, 1] = 50.0, 50.0
    figures = target_figures(logits)
    assert figures["entropy"] == pytest.approx(0.0, abs=1e-6)
    assert (figures["share of road"], figures["share of sky"]) == (0.5, 0.5)
    even = target_figures(torch.zeros(1, 19, 2, 2))
    assert even["entropy"] == pytest.approx(2.9444, abs=1e-4)

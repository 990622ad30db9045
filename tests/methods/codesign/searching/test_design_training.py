from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dlscope.core.errors import TrainingError
from dlscope.methods.codesign.emission.quantise import quantise
from dlscope.methods.codesign.searching.design_training import Recipe, shifted, train_design
from dlscope.methods.codesign.space.design import Design

RECIPE = Recipe(epochs=5, batch=8, shifts=False)


@pytest.fixture(scope="module")
def trained(small, splits):
    return train_design(
        small, Design.of(small, (0, 0), (1, 1)), splits.seen, {"test": splits.test}, RECIPE
    )


def test_learns_what_is_easy(trained) -> None:
    assert trained.scores["test"].accuracy > 0.9
    losses = [each["loss"] for each in trained.history]
    assert losses[3] < losses[0] / 2


@pytest.mark.slow
def test_the_same_seed_gives_the_same_network(small, splits, trained) -> None:
    again = train_design(
        small, Design.of(small, (0, 0), (1, 1)), splits.seen, {"test": splits.test}, RECIPE
    )
    for first, second in zip(trained.network.layers, again.network.layers, strict=True):
        assert np.array_equal(first.weights, second.weights)


@pytest.mark.slow
def test_an_interrupted_training_ends_as_an_uninterrupted_one(
    small, splits, trained, tmp_path: Path
) -> None:
    def interrupt(step: str, share: float) -> None:
        if share >= 0.6:
            raise KeyboardInterrupt

    arguments = (
        small,
        Design.of(small, (0, 0), (1, 1)),
        splits.seen,
        {"test": splits.test},
        RECIPE,
    )
    with pytest.raises(KeyboardInterrupt):
        train_design(*arguments, folder=tmp_path, told=interrupt)
    resumed = train_design(*arguments, folder=tmp_path)
    assert resumed.history == trained.history
    for first, second in zip(trained.network.layers, resumed.network.layers, strict=True):
        assert np.array_equal(first.weights, second.weights)


def test_whole_numbers_tell_the_same_classes(trained, splits) -> None:
    integers = quantise(trained.network, splits.train.images_nchw)
    told = integers.logits(splits.test.images_nchw).argmax(1)
    right = float(np.mean(told == splits.test.labels))
    assert right == pytest.approx(trained.scores["test"].accuracy, abs=0.005)


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_the_training(small, splits) -> None:
    recipe = Recipe(epochs=4, batch=8, rate=1e18, clip=1e30)
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf); learning rate"):
        train_design(small, Design.of(small, (0, 0), (1, 1)), splits.seen, {}, recipe)


def test_the_last_fifth_is_folded() -> None:
    assert [Recipe(epochs).folded_from for epochs in (1, 2, 5, 10, 50)] == [1, 1, 4, 8, 40]


def test_images_are_moved_without_losing_their_size() -> None:
    images = torch.ones(2, 1, 6, 6)
    sums = {shifted(images, torch.Generator().manual_seed(seed)).sum().item() for seed in range(20)}
    assert max(sums) <= 72 and min(sums) >= 2 * 16
    assert len(sums) > 1

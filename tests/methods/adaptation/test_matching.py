from __future__ import annotations

import by_hand
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.data.scene_classes import ClassSplit  # noqa: E402 - after the check
from dlscope.methods.adaptation.feature_memory import (  # noqa: E402 - after the check
    FeatureMemory,
    MemorySizes,
)
from dlscope.methods.adaptation.matching import (  # noqa: E402 - after the check
    MatchingRules,
    matching_losses,
    nearest_distances,
)

CHANNELS, SPLIT = 5, ClassSplit.of()
CAR, ROAD, SKY = 13, 0, 10


def scattered(seed: int, size=(7, 9), classes=(ROAD, SKY, CAR, 11, 5)):
    """Logits [1, 19, H, W] of a random map with many small parts of few classes."""
    ids = np.random.default_rng(seed).choice(classes, size)
    return torch.nn.functional.one_hot(torch.from_numpy(ids), 19).permute(2, 0, 1)[None].double()


def filled(seed: int, count: int = 6, active=(ROAD, SKY, CAR, 11)):
    """A memory with random vectors of some classes."""
    memory = FeatureMemory(CHANNELS, SPLIT, MemorySizes(stuff=count, things=count, least=count))
    state, draw = memory.state_dict(), torch.Generator().manual_seed(seed)
    for class_id in active:
        state["rooms"][class_id] = torch.randn(count, CHANNELS, generator=draw)
        state["stored"][class_id] = count
    memory.load_state_dict(state)
    return memory


def linear_head(seed: int):
    weights = torch.randn(CHANNELS, 19, generator=torch.Generator().manual_seed(seed))
    return lambda vectors: vectors @ weights.to(vectors)


def sure_head(class_id: int):
    """Takes everything for one class."""
    return lambda vectors: torch.eye(19, dtype=vectors.dtype)[[class_id] * len(vectors)]


@pytest.mark.parametrize("seed", range(50))
def test_equals_the_loops_over_pixels(seed):
    """Losses and gradients, with empty classes, classes not remembered, and many instances."""
    draw = torch.Generator().manual_seed(seed)
    size = (7, 9) if seed % 2 else (12, 16)
    features = torch.randn(2, CHANNELS, *size, generator=draw, dtype=torch.float64)
    features.requires_grad_()
    logits = torch.cat([scattered(seed, size), scattered(seed + 1000, size, (ROAD, CAR))])
    memory, head = filled(seed), linear_head(seed)
    found = matching_losses(features, logits, memory, head)
    told = by_hand.losses(features, logits, memory, head, SPLIT)
    for fast, slow in zip((found.stuff, found.instance), told, strict=True):
        assert float(fast.detach()) == pytest.approx(float(slow.detach()), abs=1e-12)
        fast_slope, slow_slope = (
            torch.autograd.grad(each, features, retain_graph=True)[0] for each in (fast, slow)
        )
        assert torch.allclose(fast_slope, slow_slope, atol=1e-12)


def test_the_gradient_is_right():
    draw = torch.Generator().manual_seed(3)
    features = torch.randn(4, CHANNELS, generator=draw, dtype=torch.float64, requires_grad=True)
    remembered = torch.randn(7, CHANNELS, generator=draw, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda v: nearest_distances(v, remembered).sum(), (features,))


def test_each_pixel_is_drawn_by_its_share():
    """An element of the gradient is ±1 / (C · pixels of the region)."""
    features = torch.randn(1, CHANNELS, 4, 5, requires_grad=True)
    logits = torch.zeros(1, 19, 4, 5)
    logits[:, SKY] = 1
    memory = filled(0)
    found = matching_losses(features, logits, memory, sure_head(SKY))
    slope = torch.autograd.grad(found.stuff, features)[0]
    assert slope.abs().flatten().tolist() == pytest.approx([1 / (CHANNELS * 20)] * slope.numel())
    assert (found.stuff_regions, found.instance_regions) == (1, 0)


def test_two_pixels_that_touch_at_a_corner_are_one_instance():
    logits = torch.zeros(1, 19, 2, 2)
    logits[0, CAR, 0, 0] = logits[0, CAR, 1, 1] = 1
    found = matching_losses(torch.rand(1, CHANNELS, 2, 2), logits, filled(0), sure_head(CAR))
    assert found.instance_regions == 1


def test_of_twelve_instances_the_two_smallest_do_not_count():
    """And the others are divided by ten."""
    logits = torch.zeros(1, 19, 3, 47)
    logits[:, SKY] = 0.5
    for place in range(12):
        logits[0, CAR, : 1 if place in (4, 8) else 2, 4 * place] = 1
    features = torch.rand(1, CHANNELS, 3, 47)
    memory, head = filled(0), sure_head(ROAD)
    before = matching_losses(features, logits, memory, head)
    features[0, :, 0, 16] += 5
    features[0, :, 0, 32] += 5
    after = matching_losses(features, logits, memory, head)
    assert before.instance_regions == 10
    assert float(after.instance) == float(before.instance)
    features[0, :, :2, 0] += 5
    moved = matching_losses(features, logits, memory, head)
    assert float(moved.instance - before.instance) == pytest.approx(0.5, abs=0.11)


def test_stuff_that_the_head_takes_for_something_else_draws_nothing():
    logits = torch.zeros(1, 19, 2, 2)
    logits[:, SKY] = 1
    features = torch.rand(1, CHANNELS, 2, 2)
    assert float(matching_losses(features, logits, filled(0), sure_head(ROAD)).stuff) == 0
    assert float(matching_losses(features, logits, filled(0), sure_head(SKY)).stuff) > 0


def test_instances_are_checked_where_asked():
    logits = torch.zeros(1, 19, 2, 2)
    logits[:, CAR] = 1
    features, memory, head = torch.rand(1, CHANNELS, 2, 2), filled(0), sure_head(ROAD)
    assert float(matching_losses(features, logits, memory, head).instance) > 0
    checked = MatchingRules(checks_instances=True)
    assert float(matching_losses(features, logits, memory, head, checked).instance) == 0


def test_small_instances_are_left_out_where_asked():
    logits = torch.zeros(1, 19, 2, 6)
    logits[:, SKY] = 0.5
    logits[0, CAR, :, :2] = logits[0, CAR, 0, 5] = 1
    features, memory, head = torch.rand(1, CHANNELS, 2, 6), filled(0), sure_head(CAR)
    rules = MatchingRules(least_pixels=4)
    assert matching_losses(features, logits, memory, head).instance_regions == 2
    assert matching_losses(features, logits, memory, head, rules).instance_regions == 1


def test_labels_of_its_own_may_stand_before_what_is_predicted():
    """A car that is labelled as such and taken for sky is drawn to cars, where that is asked."""
    features, logits = torch.ones(1, CHANNELS, 4, 4), scattered(0, (4, 4), (SKY,))
    labels = torch.full((1, 4, 4), 255)
    labels[0, :2, :2] = CAR
    memory = filled(1, active=(CAR,))
    union = MatchingRules(target_map="pseudo_union")
    found = [
        matching_losses(features, logits, memory, linear_head(2), rules, labels).instance_regions
        for rules in (MatchingRules(), union)
    ]
    assert found == [0, 1]
    unlabelled = matching_losses(features, logits, memory, linear_head(2), union)
    assert unlabelled.instance_regions == 0


def test_of_equals_the_first_is_the_nearest():
    """Both are as far; the gradient says which one it is drawn to."""
    vector = torch.zeros(1, 2, requires_grad=True)
    remembered = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    nearest_distances(vector, remembered).sum().backward()
    assert vector.grad.tolist() == [[-0.5, 0.0]]


def test_nothing_in_the_image_and_nothing_remembered_is_a_loss_of_0():
    logits = torch.zeros(1, 19, 2, 2)
    logits[:, 14] = 1
    features = torch.rand(1, CHANNELS, 2, 2, requires_grad=True)
    found = matching_losses(features, logits, filled(0), sure_head(14))
    assert float(found.stuff.detach()) == float(found.instance.detach()) == 0
    (found.stuff + found.instance).backward()
    assert float(features.grad.abs().sum()) == 0


def test_a_feature_moves_to_what_it_is_drawn_to():
    memory = filled(1, count=4, active=(SKY,))
    wanted = memory.vectors(SKY)[2]
    features = (wanted + 0.3)[None, :, None, None].repeat(1, 1, 3, 3).double().requires_grad_()
    logits = torch.zeros(1, 19, 3, 3)
    logits[:, SKY] = 1
    step, seen = 0.02 * CHANNELS * 9, []
    for _ in range(30):
        loss = matching_losses(features, logits, memory, sure_head(SKY)).stuff
        seen.append(float(loss.detach()))
        (slope,) = torch.autograd.grad(loss, features)
        features = (features - step * slope).detach().requires_grad_()
        if seen[-1] < 0.05 * 0.3:
            break
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < 0.05 * 0.3

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import TrainingError  # noqa: E402 - after the check for torch
from dlscope.data.scene_classes import IGNORED, ClassSplit  # noqa: E402 - after the check
from dlscope.methods.adaptation.feature_memory import (  # noqa: E402 - after the check
    FeatureMemory,
    MemorySizes,
)

SKY, CAR = 10, 13
SPLIT = ClassSplit.of()


def head_for(class_id: int):
    return lambda vectors: torch.eye(19, dtype=vectors.dtype)[[class_id] * len(vectors)]


def shown(memory, value: float, class_id: int = SKY, head=None, labels=None, predicted=None):
    """Store one image of 2×2 whose features are all `value`."""
    features = torch.full((1, 2, 2, 2), value, requires_grad=True)
    logits = torch.zeros(1, 19, 2, 2)
    logits[:, class_id if predicted is None else predicted] = 1
    labels = torch.full((1, 2, 2), class_id) if labels is None else labels
    memory.store(features, logits, labels, head or head_for(class_id))
    return features


def test_the_oldest_vectors_make_room_for_the_newest():
    memory = FeatureMemory(2, SPLIT, MemorySizes(stuff=4, things=4))
    for value in range(7):
        shown(memory, float(value))
    assert sorted(memory.vectors(SKY)[:, 0].tolist()) == [3, 4, 5, 6]


def test_a_class_is_active_once_more_was_stored_than_there_is_room():
    memory = FeatureMemory(2, SPLIT, MemorySizes(stuff=3, things=3))
    active = []
    for value in range(4):
        shown(memory, float(value))
        active.append(memory.is_active(SKY))
    assert active == [False, False, False, True]
    assert memory.active == (SKY,)


def test_a_class_may_be_active_earlier():
    memory = FeatureMemory(2, SPLIT, MemorySizes(stuff=50, things=50, least=2))
    shown(memory, 1.0)
    assert not memory.is_active(SKY)
    shown(memory, 2.0)
    assert memory.is_active(SKY)


def test_only_what_is_predicted_right_is_stored():
    memory = FeatureMemory(2, SPLIT)
    shown(memory, 1.0, predicted=CAR)
    shown(memory, 1.0, labels=torch.full((1, 2, 2), IGNORED))
    shown(memory, 1.0, head=head_for(CAR))
    assert int(memory.stored.sum()) == 0


def test_each_instance_of_a_thing_is_stored():
    memory = FeatureMemory(2, SPLIT)
    features = torch.arange(10.0).reshape(1, 1, 1, 10).repeat(1, 2, 1, 1)
    labels = torch.tensor([[[CAR, CAR, 0, CAR, 0, 0, 0, 0, 0, CAR]]])
    logits = torch.zeros(1, 19, 1, 10)
    logits[:, CAR] = 1
    memory.store(features, logits, labels, head_for(CAR))
    assert memory.vectors(CAR)[:, 0].tolist() == [0.5, 3.0, 9.0]


def test_what_is_stored_is_a_constant():
    memory = FeatureMemory(2, SPLIT)
    features = shown(memory, 1.0)
    kept = memory.vectors(SKY)
    assert not kept.requires_grad
    with torch.no_grad():
        features += 5
    assert memory.vectors(SKY)[:, 0].tolist() == [1.0]


def test_goes_on_from_its_state():
    memory = FeatureMemory(2, SPLIT, MemorySizes(stuff=3, things=3))
    for value in range(5):
        shown(memory, float(value))
    other = FeatureMemory(2, SPLIT, MemorySizes(stuff=3, things=3))
    other.load_state_dict(memory.state_dict())
    for each in (memory, other):
        shown(each, 9.0)
    assert torch.equal(memory.vectors(SKY), other.vectors(SKY))


def test_refuses_a_state_of_other_sizes():
    state = FeatureMemory(2, SPLIT).state_dict()
    with pytest.raises(TrainingError) as refused:
        FeatureMemory(3, SPLIT).load_state_dict(state)
    assert str(refused.value) == (
        "TrainingError: the stored features have other sizes\n"
        "  where  memory of features\n"
        "  fix    continue with the sizes that the training began with"
    )

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from dlscope.data.scene_classes import ClassSplit
from dlscope.methods.adaptation.feature_memory import FeatureMemory, MemorySizes
from dlscope.methods.adaptation.unmatched import (
    told_of_training,
    told_of_trainings,
    unmatched_of,
)


def result(row: str, seed: int, **unmatched: int):
    return {"row": row, "seed": seed, "unmatched": unmatched}


def test_classes_of_which_too_little_is_stored_are_not_matched():
    memory = FeatureMemory(4, ClassSplit.of(), MemorySizes(8, 8, 2))
    memory.stored += 2
    memory.stored[[3, 16]] = memory.stored.new_tensor([1, 0])
    assert unmatched_of(memory) == {"wall": 1, "train": 0}


def test_a_training_tells_each_number_of_vectors_once():
    assert told_of_training({"wall": 1, "bus": 0, "train": 0}) == (
        "not matched, for want of features: 0 stored vectors of bus, train; 1 of wall",
    )
    assert told_of_training({}) == ()


def test_all_trainings_of_an_ablation_are_told_of_in_one_sentence():
    results = [
        {"row": "source", "seed": 0},
        result("adv_inst", 0, wall=1, train=0),
        result("adv_inst", 1, train=0),
        result("sim_st", 0, train=1),
        result("sim_st", 1),
    ]
    assert told_of_trainings(results) == (
        "3 trainings, of adv_inst, sim_st: classes not matched, for want of features, which are "
        "stored of pixels that are predicted right. in all: train; in 1: wall",
    )
    assert told_of_trainings(results[:1]) == ()

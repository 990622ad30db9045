from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.data.scene_classes import (
    CITYSCAPES_IGNORED,
    CLASSES,
    IGNORED,
    NAMES,
    SYNTHIA_IGNORED,
    ClassSplit,
    colored,
    id_mapping,
    subset,
    training_ids,
    unknown_ids,
)


def test_there_are_eight_of_stuff_and_eleven_things():
    split = ClassSplit.of()
    assert (len(split.stuff), len(split.things)) == (8, 11)
    assert NAMES.index("pole") in split.things


def test_subsets_have_the_classes_of_their_names():
    assert [len(subset(count)) for count in (19, 16, 13)] == [19, 16, 13]
    assert {NAMES[i] for i in set(subset(19)) - set(subset(16))} == {"terrain", "truck", "train"}
    assert {NAMES[i] for i in set(subset(16)) - set(subset(13))} == {"wall", "fence", "pole"}


@pytest.mark.parametrize(
    ("format", "ignored", "ids"),
    [
        ("label_id", CITYSCAPES_IGNORED, [each.label_id for each in CLASSES]),
        ("synthia", SYNTHIA_IGNORED, [each.synthia_id for each in CLASSES]),
        ("train_id", (IGNORED,), list(range(19))),
    ],
)
def test_every_id_of_a_format_has_a_meaning_of_its_own(format, ignored, ids):
    mapping = id_mapping(format)
    assert mapping[ids].tolist() == list(range(19))
    assert set(mapping[list(ignored)].tolist()) == {IGNORED}
    assert not set(ids) & set(ignored)


def test_an_id_outside_the_table_is_refused_with_its_place():
    ids = np.full((4, 6), 7, dtype=np.uint8)
    ids[2, 3:5] = 77
    with pytest.raises(DataError) as refused:
        training_ids(ids, id_mapping("label_id"), where="labels/00007.png")
    assert str(refused.value) == (
        "DataError: id 77 is no label: 2 pixels, the first at x 3, y 2\n"
        "  where  labels/00007.png\n"
        "  fix    give the format that the labels have, or map the id to ignored "
        "with --unknown-ids ignore"
    )
    assert unknown_ids(ids, id_mapping("label_id")) == (77,)


def test_the_labels_that_are_left_out_are_ignored():
    ids = np.array([[7, 0, 255, 34]], dtype=np.uint8)
    assert unknown_ids(ids, id_mapping("label_id")) == (34,)
    assert training_ids(ids[:, :3], id_mapping("label_id"), where="").tolist() == [
        [0, IGNORED, IGNORED]
    ]


@pytest.mark.parametrize("things", [["car", "lorry"], ["car", "car"]])
def test_things_are_classes_and_each_is_listed_once(things):
    with pytest.raises(DataError, match="not a class, or listed twice"):
        ClassSplit.of(things)


def test_other_things_leave_the_rest_to_stuff():
    split = ClassSplit.of(["car", "person"])
    assert split.things == (11, 13)
    assert sorted((*split.things, *split.stuff)) == list(range(19))


def test_a_map_is_painted_in_the_colors_of_its_classes():
    painted = colored(np.array([[0, 13, IGNORED]], dtype=np.uint8))
    assert painted.tolist() == [[[128, 64, 128], [0, 0, 142], [0, 0, 0]]]

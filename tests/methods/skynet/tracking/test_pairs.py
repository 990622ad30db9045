from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.methods.skynet.tracking.appearances import Appearances, collect
from dlscope.methods.skynet.tracking.labels import POSITIVE
from dlscope.methods.skynet.tracking.pairs import Changes, PairSource

STILL = Changes(0, 0, 0, 0, 0, blur=0, negative=0, grey=0, flip=0, gain=0)


@pytest.fixture(scope="module")
def appearances(sequences, small_design):
    return collect(sequences, small_design, 3, seed=1)


def test_appearances_show_the_object_in_the_middle_at_the_scale_of_the_template(
    appearances, small_design
):
    assert appearances.crops_npp3.shape == (12, 256, 256, 3)
    assert appearances.sequence_n.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    width, height = appearances.sides_n2.T
    assert np.sqrt((1.5 * width + height / 2) * (1.5 * height + width / 2)) == pytest.approx(64)


def test_frames_are_spread_and_hidden_ones_left_out(sequences, small_design):
    cover = np.full(10, 8)
    cover[4:] = 1
    kept = collect([replace(sequences[0], cover=cover), sequences[1]], small_design, 3)
    assert (kept.frame_n[kept.sequence_n == 0] < 4).all()
    assert len(set(kept.frame_n[kept.sequence_n == 1])) == 3


def test_partners_are_near_frames_of_the_same_sequence_and_strangers_all_others():
    several = Appearances(
        np.zeros((5, 2, 2, 3), np.uint8),
        np.ones((5, 2)),
        np.array([0, 90, 150, 7, 8]),
        np.array([0, 0, 0, 2, 2]),
    )
    assert several.partners(0).tolist() == [0, 1]
    assert several.partners(1).tolist() == [0, 1, 2]
    assert several.partners(4).tolist() == [3, 4]
    assert several.strangers(3).tolist() == [0, 1, 2]


def test_refuses_a_single_sequence(sequences, small_design):
    with pytest.raises(DataError, match="1 sequences show an object; pairs need two"):
        collect(sequences[:1], small_design, 3)


def test_unchanged_pairs_have_the_object_in_the_middle(appearances, small_design):
    pairs = PairSource(appearances, small_design, 13, changes=STILL).batch(0, 3)
    assert pairs.templates_bctt.shape == (3, 3, 64, 64)
    assert pairs.searches_bcss.shape == (3, 3, 128, 128)
    assert pairs.labels.kinds.shape == (3, 5, 13, 13)
    for kinds, offsets in zip(pairs.labels.kinds, pairs.labels.offsets, strict=True):
        assert offsets[:2, :, 6, 6] == pytest.approx(0, abs=1e-6)
        assert (kinds == POSITIVE).any()


def test_labels_move_with_the_object(sequences, small_design):
    """Where the search is darkened but for the object, its bright part is the labelled box."""
    plain = [
        replace(
            each,
            frames=[
                np.where(inside(each, t)[..., None], np.uint8(255), np.uint8(0)).repeat(3, -1)
                for t in range(len(each.frames))
            ],
        )
        for each in sequences
    ]
    source = PairSource(
        collect(plain, small_design, 3),
        small_design,
        13,
        changes=replace(STILL, search_shift=40, search_scale=0.18, search_zoom=0.2, flip=0.5),
    )
    pairs = source.batch(5, 8)
    for search, offsets in zip(pairs.searches_bcss, pairs.labels.offsets, strict=True):
        rows, columns = np.nonzero(search[0] > 0)
        centre = (columns.min() + columns.max() - 127) / 2, (rows.min() + rows.max() - 127) / 2
        assert offsets[:2, 2, 6, 6] * 32 == pytest.approx(centre, abs=1.5)
        sides = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert np.exp(offsets[2:, 2, 6, 6]) * 32 == pytest.approx(sides, abs=2.5)


def inside(sequence, frame):
    x, y, width, height = sequence.boxes_xywh[frame].astype(int)
    shown = np.zeros(sequence.frames[frame].shape[:2], bool)
    shown[y : y + height, x : x + width] = True
    return shown


def test_a_batch_follows_from_seed_and_number(appearances, small_design):
    first, same = (PairSource(appearances, small_design, 13, seed=3).batch(7, 4) for _ in range(2))
    other = PairSource(appearances, small_design, 13, seed=4)
    assert np.array_equal(first.searches_bcss, same.searches_bcss)
    assert np.array_equal(first.labels.kinds, same.labels.kinds)
    assert not np.array_equal(first.searches_bcss, other.batch(7, 4).searches_bcss)
    assert other.identity != PairSource(appearances, small_design, 13, seed=3).identity


def test_negative_pairs_and_grey_ones_are_as_told(appearances, small_design):
    changes = replace(STILL, negative=1.0, grey=1.0)
    pairs = PairSource(appearances, small_design, 13, changes=changes).batch(0, 4)
    assert not (pairs.labels.kinds == POSITIVE).any()
    assert np.array_equal(pairs.templates_bctt[:, 0], pairs.templates_bctt[:, 2])


def test_masks_lie_where_the_object_is(sequences, small_design):
    """A window about a place shows of the mask what a template about that place would show."""
    design = replace(small_design, has_mask=True)
    changes = replace(STILL, search_shift=40, search_scale=0.18, search_zoom=0.2, flip=0.5)
    pairs = PairSource(collect(sequences, design, 3), design, 13, changes=changes).batch(5, 6)
    masks = pairs.masks
    assert masks.values_pmm.shape[1:] == (64, 64)
    assert {tuple(each) for each in masks.places_p3} == {
        (pair, row, column)
        for pair, _, row, column in np.argwhere(pairs.labels.kinds == POSITIVE).tolist()
    }
    for values, (pair, row, column) in zip(masks.values_pmm, masks.places_p3, strict=True):
        dx, dy, dw, dh = pairs.labels.offsets[pair, :, 2, row, column] * (32, 32, 1, 1)
        rows, columns = np.nonzero(values > 0)
        assert (columns.mean() - 31.5, rows.mean() - 31.5) == pytest.approx((dx, dy), abs=1.5)
        sides = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert sides == pytest.approx((32 * np.exp(dw), 32 * np.exp(dh)), abs=2.5)


def test_a_tracker_with_masks_refuses_sequences_without(sequences, small_design):
    blind = [replace(each, masks=None) for each in sequences]
    with pytest.raises(DataError, match="a tracker with masks learns from masks") as refused:
        collect(blind, replace(small_design, has_mask=True), 3)
    assert refused.value.where == "sequence moving-0"

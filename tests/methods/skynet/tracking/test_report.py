from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from dlscope.methods.skynet.tracking.baselines import (
    StaticTracker,
    TemplateMatching,
)
from dlscope.methods.skynet.tracking.report import tracking_report
from dlscope.methods.skynet.tracking.running import Track, follow, overlap_of
from dlscope.methods.skynet.tracking.strip import strip


@pytest.fixture(scope="module")
def tracks(sequences):
    return {
        made.name: [follow(made, each) for each in sequences]
        for made in (TemplateMatching, StaticTracker)
    }


@pytest.fixture(scope="module")
def report(tracks):
    return tracking_report({"mine": tracks["ncc"], "static": tracks["static"]}, "four rectangles")


def test_scores_each_tracker(report):
    first, second = report.table("tracking")
    assert (first["tracker"], first["frames"], first["ao"], first["sr75"]) == ("mine", 36, 1, 1)
    assert second["ao"] < 1
    assert first["fps"] <= first["mean_fps"]
    assert report.answer == (
        f"mine follows four rectangles with a mean overlap of 1.000 (static {second['ao']:.3f})."
    )


def test_tells_every_sequence_and_the_curve(report, sequences):
    rows = list(report.table("tracked_sequences"))
    assert [row["sequence"] for row in rows[::2]] == [each.name for each in sequences]
    curve = report.table("success_curve")
    assert len(curve) == 101
    assert (curve.column("mine")[0], curve.column("mine")[99], curve.column("mine")[100]) == (
        1,
        1,
        0,
    )


def test_says_how_far_it_is_above_the_best_baseline(report):
    claim = report.findings[0]
    assert (claim.sign, claim.gain > 0) == ("good", True)
    assert claim.claim.endswith("above static, the best tracker without training")


def test_the_strip_has_a_row_for_each_sequence(sequences, tracks):
    picture = strip(sequences, tracks)
    image = Image.open(io.BytesIO(picture.content))
    assert image.size == (5 * 240 + 4 * 4, 4 * 180 + 3 * 4)
    assert "truth white, ncc orange, static blue" in picture.alt


def test_the_strip_shows_the_turned_rectangle_of_a_mask(sequence, tracks):
    (plain, *_), frames = tracks["static"], len(sequence.frames)
    corners = np.tile([[20.0, 40.0], [60.0, 20.0], [80.0, 60.0], [40.0, 80.0]], (frames, 1, 1))
    corners[0] = np.nan
    turned, boxed = (
        np.asarray(Image.open(io.BytesIO(strip([sequence], {"mine": [each]}).content)))
        for each in (replace(plain, corners_t42=corners), plain)
    )
    assert np.array_equal(turned[:, :236], boxed[:, :236])
    assert not np.array_equal(turned[:, 244:], boxed[:, 244:])


def test_results_without_times_and_with_nan_are_scored(sequence):
    boxes = sequence.boxes_xywh.copy()
    boxes[5] = np.nan
    overlap = overlap_of(sequence, [boxes])
    track = Track("theirs", sequence.name, (boxes,), np.empty((1, 0)), np.empty((1, 0)), overlap)
    (row,) = tracking_report({"theirs": [track]}, "one").table("tracking")
    assert (row["fps"], row["cpu_ms"]) == (None, None)
    assert row["ao"] == pytest.approx(8 / 9)
    assert strip([sequence], {"theirs": [track]}).content

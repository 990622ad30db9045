from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.skynet.tracking.frame_overlaps import frame_figure, frame_table
from dlscope.methods.skynet.tracking.running import Track
from dlscope.metrics.tracking_overlap import SequenceOverlap


def track(name: str, sequence: str, overlaps: list[float], runs: int = 1) -> Track:
    boxes = tuple(np.zeros((len(overlaps) // runs + 1, 4)) for _ in range(runs))
    overlap = SequenceOverlap(sequence, "car", np.array(overlaps))
    return Track(name, sequence, boxes, np.empty((runs, 0)), np.empty((runs, 0)), overlap)


TRACKS = {
    "mine": [track("mine", "a", [1.0, 0.5]), track("mine", "b", [0.25])],
    "mil": [track("mil", "a", [0.9, 0.8, 0.1, 0.0], runs=2), track("mil", "b", [0.0])],
}


def test_has_a_row_for_each_frame_and_the_first_run_of_a_random_tracker():
    table = frame_table(TRACKS)
    assert [tuple(row.values()) for row in table] == [
        ("a", 1, "mine", 1.0),
        ("a", 2, "mine", 0.5),
        ("a", 1, "mil", 0.9),
        ("a", 2, "mil", 0.8),
        ("b", 1, "mine", 0.25),
        ("b", 1, "mil", 0.0),
    ]


def test_draws_a_panel_for_each_sequence_and_a_line_for_each_tracker():
    figure = frame_figure(frame_table(TRACKS), list(TRACKS))
    assert len(figure.spec["data"]["values"]) == 6
    told = figure.spec["usermeta"]["dlscope"]
    assert (told["panels"], told["left_out"]) == (2, "")
    assert [each["label"] for each in told["legend"]] == ["mine", "mil"]


def test_a_figure_is_never_too_large_and_says_what_it_leaves_out():
    tracks = {name: [track(name, "a", [0.5] * 3000)] for name in ("mine", "static")}
    figure = frame_figure(frame_table(tracks), list(tracks))
    assert len(figure.spec["data"]["values"]) == 2000
    assert figure.spec["usermeta"]["dlscope"]["left_out"] == "4\u202f000 points not drawn"


def test_only_eight_sequences_are_told():
    tracks = {"mine": [track("mine", str(number), [0.5]) for number in range(11)]}
    assert len(frame_table(tracks)) == 8


@pytest.mark.parametrize("overlaps", [[], [0.0]])
def test_sequences_of_which_no_frame_counts_are_no_error(overlaps):
    tracks = {"mine": [track("mine", "a", overlaps)]}
    assert frame_figure(frame_table(tracks), ["mine"]).table == "frame_overlaps"

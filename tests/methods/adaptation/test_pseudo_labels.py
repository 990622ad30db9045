from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.data.scene_classes import IGNORED
from dlscope.methods.adaptation.pseudo_labels import (
    BINS,
    ThresholdHistogram,
    pseudo_labels,
    threshold,
)


@pytest.mark.parametrize(
    ("probabilities", "told"),
    [([0.1, 0.2, 0.3, 0.4, 0.95], 0.3), ([1.0, 1.0, 1.0], 0.9), ([], 0.0), ([0.7], 0.7)],
    ids=["the half that is rounded to even", "never above nine tenths", "no pixel", "one pixel"],
)
def test_a_threshold_is_that_of_the_page(probabilities, told):
    assert threshold(np.array(probabilities)) == told


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1)), max_size=60), st.sampled_from([1, 2, 3])
)
def test_counting_gives_what_sorting_gives(pixels, parts):
    """Whatever the images are cut into, to the width of a bin."""
    labels = np.array([label for label, _ in pixels], dtype=np.int64)
    sure = np.array([value for _, value in pixels])
    histogram = ThresholdHistogram(classes=3)
    for part in range(parts):
        histogram.add(labels[part::parts], sure[part::parts])
    exact = [threshold(sure[labels == each]) for each in range(3)]
    assert np.abs(histogram.thresholds() - exact).max() <= 1 / BINS


def test_a_pixel_at_its_threshold_is_kept():
    kept = pseudo_labels(np.array([[0, 0, 1]]), np.array([[0.5, 0.49, 0.2]]), np.array([0.5, 0.2]))
    assert kept.tolist() == [[0, IGNORED, 1]]
    assert kept.dtype == np.uint8

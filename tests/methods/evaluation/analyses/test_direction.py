from __future__ import annotations

import pytest

from dlscope.methods.evaluation.analyses.direction import is_error


@pytest.mark.parametrize("metric", ["wer", "perplexity", "onset_error", "extra_boxes"])
def test_of_an_error_less_is_better(metric: str) -> None:
    assert is_error(metric)


@pytest.mark.parametrize("metric", ["top_1", "f1", "map_50", "mean_p_label"])
def test_of_a_score_more_is_better(metric: str) -> None:
    assert not is_error(metric)

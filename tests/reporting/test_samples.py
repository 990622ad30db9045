from __future__ import annotations

import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlscope.reporting.samples import MOST_BINS, Rule, histogram, run_order
from dlscope.reporting.spec import MOST_MARKS, marks_in

LATENCIES = 19_000_000 + np.random.default_rng(0).gamma(2.0, 600_000.0, 100_000)


def test_bars_hold_every_sample_in_the_unit_people_read():
    figure = histogram(LATENCIES, "latency")
    bars = figure.spec["data"]["values"]
    assert sum(bar["count"] for bar in bars) == 100_000
    assert 18 < bars[0]["from"] < bars[-1]["to"] < 40
    assert len(bars) <= MOST_BINS
    assert figure.spec["layer"][0]["encoding"]["x"]["title"] == "latency, ms"


def test_samples_far_beyond_the_last_rule_are_counted_in_words():
    figure = histogram([1e6] * 9 + [9e9], "latency", rules=[Rule("p50", 1e6, 0.9e6, 1.1e6)])
    assert figure.spec["usermeta"]["dlscope"]["left_out"] == "1 sample not drawn"
    assert sum(bar["count"] for bar in figure.spec["data"]["values"]) == 9


def test_the_order_of_issue_keeps_the_extremes():
    values = LATENCIES.copy()
    values[777], values[888] = 1e6, 9e9
    figure = run_order(values, "latency")
    drawn = [point["y"] for point in figure.spec["layer"][0]["data"]["values"]]
    assert math.isclose(min(drawn), 1.0)
    assert math.isclose(max(drawn), 9000.0)
    assert marks_in(figure.spec) <= MOST_MARKS


def test_the_moving_mean_of_a_constant_is_that_constant():
    figure = run_order([2e6] * 100, "latency", window=5)
    means = [point["y"] for point in figure.spec["layer"][1]["data"]["values"]]
    assert len(means) == 96
    assert all(math.isclose(mean, 2.0) for mean in means)


@given(st.lists(st.floats(width=32), max_size=50))
def test_any_samples_give_a_finite_specification(values):
    for figure in (histogram(values, "t"), run_order(values, "t", window=3)):
        json.dumps(figure.spec, allow_nan=False)

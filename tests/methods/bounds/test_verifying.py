from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from measured_models import forked, whole_result

from dlscope.methods.bounds.end_to_end import is_disturbed, latency_ns
from dlscope.methods.bounds.setups import Setup
from dlscope.methods.bounds.verifying import achieved


def test_a_saving_is_the_median_over_pairs_of_one_round(tmp_path: Path) -> None:
    model = forked(tmp_path)
    # The machine slows down by 100 in the middle: both are slower, and the saving is the same.
    before = whole_result(model, Setup("torch"), [50, 52, 150, 151, 51])
    after = whole_result(model, Setup("openvino"), [40, 42, 140, 141, 41])
    found = achieved(before, after)
    assert (found.saving_ns, found.latency_ns, found.failed) == (10.0, 42.0, "")
    assert tuple(found.interval_ns) == (10.0, 10.0)


def test_rounds_that_other_work_held_up_do_not_count(tmp_path: Path) -> None:
    model = forked(tmp_path)
    before = whole_result(model, Setup("torch"), [50, 50, 50, 50, 50, 900, 50])
    after = whole_result(model, Setup("openvino"), [40, 40, 40, 40, 40, 40, 700])
    calm = [True] * 5
    before = replace(before, extra={**before.extra, "calm": [*calm, False, True]})
    after = replace(after, extra={**after.extra, "calm": [*calm, True, False]})
    assert tuple(achieved(before, after).interval_ns) == (10.0, 10.0)
    assert latency_ns(after) == 40.0


def test_where_hardly_any_round_is_calm_all_of_them_count(tmp_path: Path) -> None:
    result = whole_result(forked(tmp_path), Setup("torch"), [50, 60, 70])
    disturbed = replace(result, extra={**result.extra, "calm": [True, False, False]})
    assert latency_ns(disturbed) == 60.0
    assert is_disturbed(disturbed)
    assert not is_disturbed(result)


def test_a_loss_is_a_saving_below_zero(tmp_path: Path) -> None:
    model = forked(tmp_path)
    pair = [whole_result(model, Setup("torch"), [each] * 3) for each in (50, 70)]
    assert achieved(*pair).saving_ns == -20.0


def test_a_setup_that_failed_saves_nothing_and_says_why(tmp_path: Path) -> None:
    model = forked(tmp_path)
    before = whole_result(model, Setup("torch"), [50])
    after = whole_result(model, Setup("openvino"), [], failed="not installed")
    assert achieved(before, after).failed == "not installed"

from __future__ import annotations

import pytest

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.searching.schedule import (
    SHARES,
    SearchSchedule,
    StepTimes,
    planned,
    seconds,
)

TIMES = StepTimes(weights_s=0.03, architecture_s=0.05, look_s=0.1, training_s=0.03)


def test_a_fifth_of_the_epochs_is_warm_up() -> None:
    assert SearchSchedule.of_epochs(50).warm_up == 10
    assert SearchSchedule.of_epochs(4).warm_up == 1
    assert SearchSchedule.of_epochs(1).warm_up == 0


def test_the_parts_fill_the_budget() -> None:
    schedule, is_limited = planned(600, TIMES, train_steps=50, seen_steps=62)
    assert not is_limited
    assert schedule.most_steps is None
    taken = {
        "supernet": schedule.epochs * 50 * (0.03 + 0.05 / schedule.every),
        "looks": schedule.evaluations * 0.1,
        "finalists": schedule.finalists * schedule.finalist_epochs * 50 * 0.03,
        "final": schedule.final_epochs * 62 * 0.03,
    }
    for name, taken_s in taken.items():
        assert 0.8 * SHARES[name] * 600 <= taken_s <= SHARES[name] * 600, name


def test_a_budget_without_time_for_two_epochs_cuts_them_short() -> None:
    schedule, is_limited = planned(10, TIMES, train_steps=50, seen_steps=62)
    assert is_limited
    assert (schedule.epochs, schedule.warm_up, schedule.most_steps) == (2, 1, 27)
    assert (schedule.finalist_epochs, schedule.final_epochs) == (1, 1)


def test_the_budget_is_kept_whole_or_not_at_all() -> None:
    assert sum(SHARES.values()) < 1


@pytest.mark.parametrize("duration", ["", "10", "ten minutes", "0s", "-5m"])
def test_what_is_no_time_is_refused(duration: str) -> None:
    with pytest.raises(SearchError) as refused:
        seconds(duration)
    assert refused.value.what == f"{duration!r} is not a time"


def test_a_schedule_without_a_step_is_refused() -> None:
    with pytest.raises(SearchError, match="a part of the search has no step"):
        SearchSchedule(epochs=0)
    with pytest.raises(SearchError, match="a part of the search has no step"):
        SearchSchedule(epochs=3, warm_up=3)

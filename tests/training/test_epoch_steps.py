from __future__ import annotations

from dlscope.training.epoch_steps import EpochSteps


def test_gives_the_figures_of_each_step():
    steps = EpochSteps()
    assert steps.carried_out(range(3, 5), lambda step: {"loss": float(step)}) == [
        {"loss": 3.0},
        {"loss": 4.0},
    ]
    assert len(steps) == 0


def test_what_is_stopped_goes_on_after_that_step_with_the_figures_before():
    done = []

    def one(step):
        done.append(step)
        return {"loss": float(step)}

    stopped = EpochSteps(lambda: done == [4, 5])
    assert stopped.carried_out(range(4, 8), one) is None
    assert len(stopped) == 2
    resumed = EpochSteps()
    resumed.load_state_dict(stopped.state_dict())
    assert resumed.carried_out(range(4, 8), one) == [{"loss": float(n)} for n in (4, 5, 6, 7)]
    assert done == [4, 5, 6, 7]


def test_asked_to_stop_at_the_last_step_the_epoch_is_whole():
    assert EpochSteps(lambda: True).carried_out(range(1), lambda _step: {}) == [{}]

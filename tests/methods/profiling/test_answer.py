from __future__ import annotations

import pytest

from dlscope.methods.profiling.report import profiling_report


def layered(made, model_us: int, layer_us: int):
    layers = [("L", "conv", 0, layer_us)]
    return made("M/L", ([model_us] * 3, []), ([2 * model_us] * 3, layers)).run


@pytest.mark.parametrize(
    ("layer_us", "said"),
    [
        (90, "90 % of the model is accounted for by layers."),
        (120, "its layers, timed in another run, sum to 120 % of it."),
    ],
)
def test_layers_may_sum_to_more_than_the_model(made, layer_us: int, said: str) -> None:
    assert profiling_report([layered(made, 100, layer_us)]).answer.endswith(f"; {said}")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            [{"threads": 1}, {"threads": 2}],
            "An input of resnet18 takes from 25.0 µs with 1 thread to 50.0 µs with 2 threads.",
        ),
        (
            [{"model": "a"}, {"model": "b", "threads": 2}],
            "An input takes from 25.0 µs for a with 1 thread to 50.0 µs for b with 2 threads.",
        ),
        (
            [{}, {"plan": {"batch_size": 2}}],
            "An input of resnet18 takes from 25.0 µs at batch 4 to 100 µs at batch 2.",
        ),
        ([{}, {}], "An input of resnet18 takes from 25.0 µs to 50.0 µs."),
    ],
)
def test_of_several_profiles_the_fastest_and_the_slowest_are_told(made, settings, said) -> None:
    runs = [
        made("M", ([us] * 3, []), **setting).run
        for us, setting in zip((100, 200), settings, strict=True)
    ]
    assert profiling_report(runs).answer == said

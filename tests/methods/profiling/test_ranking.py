from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.stats import Interval
from dlscope.methods.profiling.profile import Profile
from dlscope.methods.profiling.ranking import OUTSIDE, by_family, kendall_tau, ranking, signs
from dlscope.testing.profiles import layered_run


def run(model, framework, conv, norm=0, outside=0, **more):
    layers = {"conv": ("Conv", [conv] * 3)}
    if norm:
        layers["bn"] = ("BatchNormalization", [norm] * 3)
    fields = {"outside_us": outside, "model": model, "framework": framework, **more}
    return layered_run(layers, **fields, run_id=f"r-{model}-{framework}")


def ranked(*runs):
    return list(ranking([Profile(each) for each in runs]))


def order(*places: int):
    return signs([Interval(float(place), float(place)) for place in places])


def test_tau_of_textbook_rankings() -> None:
    assert kendall_tau(order(1, 2, 3, 4), order(1, 2, 3, 4)) == 1
    assert kendall_tau(order(1, 2, 3, 4), order(4, 3, 2, 1)) == -1
    # One of six pairs is turned.
    assert kendall_tau(order(1, 2, 3, 4), order(2, 1, 3, 4)) == pytest.approx(4 / 6)
    # τ-b: 5 of 6 pairs are no tie on one side: 5 / √(6 · 5).
    assert kendall_tau(order(1, 2, 3, 4), order(1, 1, 3, 4)) == pytest.approx(5 / 30**0.5)
    assert kendall_tau(order(1, 1), order(1, 2)) is None
    assert kendall_tau(order(1), order(1)) is None


def test_models_whose_intervals_overlap_are_a_tie() -> None:
    found = signs([Interval(1, 3), Interval(2, 5), Interval(6, 7)])
    np.testing.assert_array_equal(found, [[0, 0, -1], [0, 0, -1], [1, 1, 0]])


def test_two_frameworks_that_rank_alike() -> None:
    first, second = ranked(
        *(run("small", "torch", 100), run("large", "torch", 300)),
        *(run("small", "openvino", 50), run("large", "openvino", 90)),
    )
    assert (first["first"], first["second"], first["models"]) == ("torch", "openvino", 2)
    assert (first["tau"], first["alike"]) == (1, True)
    assert (first["model"], first["first_rank"], first["second_rank"]) == ("small", 1, 1)
    assert (second["model"], second["first_rank"], second["second_rank"]) == ("large", 2, 2)
    assert (second["first_us"], second["second_us"], second["ratio"]) == (300, 90, 0.3)
    assert first["swapped_with"] is second["swapped_with"] is None


def test_tells_which_models_change_places_and_why() -> None:
    plain, deep = ranked(
        *(run("plain", "torch", 100), run("deep", "torch", 90, norm=60)),
        *(run("plain", "openvino", 95), run("deep", "openvino", 80)),
    )
    assert (deep["tau"], deep["alike"]) == (-1, False)
    assert (plain["swapped_with"], deep["swapped_with"]) == ("deep", "plain")
    assert (deep["difference_in"], deep["difference_us"]) == ("normalisation", -60)
    assert deep["difference_pct"] == pytest.approx(100 * 60 / 70)
    assert (deep["layer"], deep["layer_us"]) == ("bn", -60)
    assert plain["difference_in"] == "convolution"


def test_time_outside_of_layers_can_make_the_difference() -> None:
    first, second = (Profile(run("m", name, 100, outside=us)) for name, us in (("a", 5), ("b", 50)))
    assert {part.name: part.change_ns for part in by_family(first, second)} == {
        "convolution": 0,
        OUTSIDE: 45_000,
    }
    (row,) = ranking([first, second])
    assert (row["difference_in"], row["layer"]) == (OUTSIDE, None)


def test_settings_are_not_mixed_and_only_shared_models_are_ranked() -> None:
    found = ranked(
        *(run("a", "torch", 1), run("b", "torch", 2), run("a", "torch", 3, batch_size=2)),
        *(run("a", "mock", 1), run("a", "mock", 2, batch_size=2), run("c", "mock", 9)),
    )
    assert [(row["model"], row["batch_size"], row["models"]) for row in found] == [
        ("a", 1, 1),
        ("a", 2, 1),
    ]
    assert {row["tau"] for row in found} == {row["alike"] for row in found} == {None}


def test_one_framework_is_compared_with_none() -> None:
    assert ranked(run("a", "torch", 1), run("b", "torch", 2)) == []

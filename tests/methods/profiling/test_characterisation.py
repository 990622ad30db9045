from __future__ import annotations

import pytest

from dlscope.core import registry
from dlscope.methods.profiling.characterisation import characterisation
from dlscope.methods.profiling.profile import Profile
from dlscope.testing.profiles import device_run, example_profiles, layered_run


def cost(flops: float, bytes_: float):
    return {"flops": flops, "read_bytes": bytes_ / 2, "write_bytes": bytes_ / 2, "inputs": {}}


def rows(*runs):
    profiles = [Profile(run) for run in runs]
    switches = registry.load("analyses", "a18")().of_profiles(profiles)
    return list(characterisation(profiles, switches))


def test_the_golden_example_with_library_calls() -> None:
    one, two, _ = rows(*example_profiles())
    assert (one["latency_us"], one["dominant_type"]) == (1005, "Conv2D")
    assert one["dominant_pct"] == pytest.approx(84.293194)
    assert one["throughput_per_s"] == pytest.approx(3980.099502)
    assert (one["dominant_memory_bound"], one["memory_bound"]) == (False, False)
    assert (one["inside"], one["switches"], two["switches"]) == ("library", 0, 3)
    # Calls of 998 µs in each of three layers, in a model of 4 ms.
    assert one["inside_pct"] == pytest.approx(100 * 3 * 998 / 4000)
    assert one["outside_pct"] == pytest.approx(100 - 100 * 3 * 998 / 4000)
    assert (one["latency_third"], one["allocation_third"]) == ("beginning", "beginning")
    assert (one["flops_third"], one["memory_access_third"]) == ("beginning", "end")
    assert one["flops_third_pct"] == pytest.approx(100 * 7 / 9)
    assert one["memory_access_third_pct"] == pytest.approx(100 * 16 / 28)


def test_a_device_is_set_against_the_model_alone() -> None:
    (row,) = rows(device_run())
    assert row["inside"] == "device"
    # 300 and 80 at once, 100, and 120: 520 of 1005 µs, as the trimmed mean of the unions.
    assert row["inside_pct"] == pytest.approx(100 * 520.6666667 / 1005)
    assert row["host_pct"] == row["outside_pct"] == pytest.approx(100 - row["inside_pct"])
    assert row["host_limited"] is False
    assert row["switches"] is None


def test_the_optimal_batch_and_what_goes_with_it_are_those_of_the_sweep() -> None:
    found = rows(
        *(
            layered_run({"a": ("Conv", [us] * 3)}, batch_size=batch, run_id=f"r-{batch}")
            for batch, us in ((1, 100), (2, 120), (4, 236))
        )
    )
    assert [row["optimal_batch"] for row in found] == [2, 2, 2]
    assert found[0]["maximum_throughput_per_s"] == pytest.approx(2e6 / 120)
    assert [row["online_latency_us"] for row in found] == [pytest.approx(100)] * 3
    (alone,) = rows(layered_run({"a": ("Conv", [100] * 3)}, batch_size=2))
    assert alone["optimal_batch"] is alone["maximum_throughput_per_s"] is None
    assert alone["online_latency_us"] is None


def test_layers_of_most_of_the_time_tell_what_limits_the_model() -> None:
    layers = {"conv": ("Conv", [90] * 3), "pool": ("Pool", [10] * 3), "copy": ("Copy", [5] * 3)}
    known = {"conv": cost(1100, 100), "pool": cost(0, 5)}
    (row,) = rows(layered_run(layers, work=known))
    # 1100 FLOP by 105 bytes are more than the ridge of 10; the copy is 5 % of the time.
    assert (row["dominant_memory_bound"], row["memory_bound"]) == (False, False)
    (row,) = rows(layered_run(layers, work={**known, "pool": cost(0, 50)}))
    assert (row["dominant_memory_bound"], row["memory_bound"]) == (False, True)
    (row,) = rows(layered_run(layers, work={"pool": cost(0, 5)}))
    assert (row["dominant_memory_bound"], row["memory_bound"]) == (None, None)


def test_work_of_the_host_is_what_no_layer_does_and_layers_that_decide() -> None:
    layers = {"conv": ("Conv", [40] * 3), "nms": ("NonMaxSuppression", [50] * 3)}
    (row,) = rows(layered_run(layers, outside_us=10))
    assert row["unattributed_pct"] == pytest.approx(10)
    assert row["host_pct"] == pytest.approx(60)
    assert row["host_limited"] is True
    (row,) = rows(layered_run({"conv": ("Conv", [90] * 3)}, outside_us=10))
    assert (row["host_pct"], row["host_limited"]) == (pytest.approx(10), False)
    assert row["inside"] is None


def test_there_is_no_row_for_what_was_not_measured() -> None:
    table = characterisation([], registry.load("analyses", "a18")().of_profiles([]))
    assert len(table) == 0
    assert all(column.doc for column in table.columns)

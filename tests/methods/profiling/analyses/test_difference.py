from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dlscope.core import registry
from dlscope.methods.profiling.analyses.difference import earlier, ratio_interval
from dlscope.methods.profiling.profile import Profile
from dlscope.testing.analyses import on_machine
from dlscope.testing.profiles import layered_run

FAST = {"conv": ("Conv", [100, 101, 102]), "relu": ("Relu", [50, 50, 50])}
SLOW = {"conv": ("Conv", [300, 301, 302]), "relu": ("Relu", [50, 50, 50])}


def compared(*runs):
    return registry.load("analyses", "a21")().of_profiles([Profile(run) for run in runs])


def with_framework(run, **changes):
    framework = run.plan.framework.model_copy(update=changes)
    return dataclasses.replace(run, plan=run.plan.model_copy(update={"framework": framework}))


def test_tells_which_layer_changed_the_most_first() -> None:
    table = compared(layered_run(FAST), on_machine(layered_run(SLOW), "rack"))
    model, conv, relu = table
    assert (model["part"], model["from"], model["to"]) == ("model", "machine lab", "machine rack")
    assert (conv["name"], conv["before_us"], conv["after_us"]) == ("conv", 101, 301)
    assert conv["change_us"] == 200
    assert conv["ratio"] == pytest.approx(301 / 101)
    assert conv["ratio_lo"] < 301 / 101 < conv["ratio_hi"]
    assert conv["verdict"] == model["verdict"] == "slower"
    assert (relu["ratio"], relu["verdict"]) == (1, "cannot be told apart")
    (finding,) = registry.load("analyses", "a21")().findings(table)
    assert finding.claim == (
        "resnet18 on torch, batch 1, takes 2.32× as long per input with machine rack as with "
        "machine lab"
    )
    assert finding.detail == "conv is 100 % of the difference"
    assert (finding.rows, finding.gain) == ((0, 1), 200_000)


def test_two_frameworks_are_compared_by_name() -> None:
    table = compared(layered_run(FAST), layered_run(SLOW, framework="mock"))
    (finding,) = registry.load("analyses", "a21")().findings(table)
    assert finding.claim == ("resnet18, batch 1, takes 2.32× as long per input on mock as on torch")


def test_compares_batches_per_input() -> None:
    twice = {name: (kind, [2 * each for each in us]) for name, (kind, us) in FAST.items()}
    table = compared(layered_run(FAST), layered_run(twice, batch_size=2))
    assert {row["ratio"] for row in table} == {1}
    assert next(iter(table))["to"] == "batch 2"
    assert registry.load("analyses", "a21")().findings(table) == ()


def test_lists_layers_that_only_one_side_has() -> None:
    other = {"conv": FAST["conv"], "reorder": ("Reorder", [5, 5, 5])}
    table = compared(layered_run(FAST), with_framework(layered_run(other), version="9.9.9"))
    verdicts = {row["name"]: row["verdict"] for row in table}
    assert verdicts["relu"] == "only before"
    assert verdicts["reorder"] == "only after"
    (finding,) = registry.load("analyses", "a21")().findings(table)
    assert "version 9.9.9" in finding.claim
    assert finding.detail.endswith("2 of its layers only on one side")


def test_takes_together_what_another_framework_fuses() -> None:
    work = {
        "conv": {"flops": 1.0, "read_bytes": 1.0, "write_bytes": 1.0, "inputs": {}},
        "relu": {"flops": 1.0, "read_bytes": 1.0, "write_bytes": 1.0, "inputs": {"conv": 1.0}},
    }
    fused = {"relu_nchwc": ("Conv", [75, 75, 75])}
    table = compared(
        layered_run(FAST, work=work), layered_run(fused, work=work, framework="onnxruntime")
    )
    _, both = table
    assert (both["name"], both["type"]) == ("relu_nchwc", "Conv")
    assert (both["before_layers"], both["after_layers"]) == ("conv + relu", "relu_nchwc")
    assert (both["before_us"], both["after_us"]) == (151, 75)
    assert (both["from"], both["to"], both["verdict"]) == ("torch", "onnxruntime", "faster")


def test_two_iterations_are_too_few_for_a_verdict() -> None:
    few = {"conv": ("Conv", [100, 102])}
    rows = list(compared(layered_run(few), layered_run(few, run_id="r-again")))
    assert {row["verdict"] for row in rows} == {"too few iterations"}
    assert (rows[0]["from"], rows[0]["to"]) == ("run r-layered", "run r-again")
    assert rows[0]["ratio_lo"] is None


def test_what_a_profiler_counts_as_nothing_counts_as_one() -> None:
    nothing, four = np.zeros(5), np.full(5, 4.0)
    assert ratio_interval(nothing, nothing) == (1, 1)
    assert ratio_interval(nothing, four) == pytest.approx((4, 4))


def test_compares_with_what_differs_the_least() -> None:
    one, two, four = (
        Profile(layered_run(FAST, batch_size=size, run_id=f"r-{size}")) for size in (1, 2, 4)
    )
    moved = Profile(on_machine(layered_run(FAST, batch_size=1, run_id="r-moved"), "rack"))
    other = Profile(layered_run(FAST, framework="openvino", batch_size=2, run_id="r-other"))
    alien = Profile(layered_run(FAST, model="vgg16", batch_size=4, run_id="r-alien"))
    profiles = [one, two, other, alien, moved, four]
    assert list(earlier(one, profiles)) == []
    assert list(earlier(two, profiles)) == [one]
    assert list(earlier(other, profiles)) == [two]
    assert list(earlier(alien, profiles)) == []
    assert list(earlier(moved, profiles)) == [one]
    assert list(earlier(four, profiles)) == [two]


def test_the_interval_of_a_ratio_holds_it_and_is_turned_by_turning_it() -> None:
    generator = np.random.default_rng(1)
    before, after = generator.normal(1000, 50, 40), generator.normal(2000, 100, 40)
    ends = ratio_interval(before, after)
    assert 1.9 < ends.lo < 2.0 < ends.hi < 2.1
    turned = ratio_interval(after, before)
    assert turned.lo == pytest.approx(1 / ends.hi, rel=0.02)


def test_nothing_is_compared_with_itself() -> None:
    assert len(compared(layered_run(FAST))) == 0

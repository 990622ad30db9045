from __future__ import annotations

import dataclasses

import pytest

from dlscope.core import registry
from dlscope.methods.profiling.characterisation import characterisation
from dlscope.methods.profiling.characterisation_findings import characterised, listed
from dlscope.methods.profiling.profile import Profile
from dlscope.methods.profiling.ranking import ranking
from dlscope.testing.profiles import device_run, example_profiles, layered_run


def told(*runs):
    profiles = [Profile(run) for run in runs]
    switches = registry.load("analyses", "a18")().of_profiles(profiles)
    tables = characterisation(profiles, switches), ranking(profiles)
    found = characterised(*tables)
    for finding in found:
        table = next(each for each in tables if each.name == finding.evidence)
        assert finding.rows
        assert all(0 <= row < len(table) for row in finding.rows)
    return {finding.claim: finding for finding in found}


def cost(flops: float, bytes_: float):
    return {"flops": flops, "read_bytes": bytes_, "write_bytes": 0.0, "inputs": {}}


def run(model, us, **more):
    layers = {"a": ("Conv", [us] * 3), "b": ("Relu", [10] * 3), "c": ("Relu", [10] * 3)}
    return layered_run(layers, model=model, run_id=f"r-{model}", **more)


def test_answers_where_the_time_goes_and_what_limits() -> None:
    bound = {name: cost(1, 100) for name in "abc"}
    mixed = {"a": cost(1100, 100), "b": cost(1, 99), "c": cost(1, 99)}
    found = told(run("vgg16", 80, work=bound), run("resnet18", 380, work=mixed))
    assert "Conv takes most of the layers' time on torch: vgg16 80 % and resnet18 95 %" in found
    finding = found["Memory bound on torch, by work and bytes of all layers: vgg16 and resnet18"]
    assert finding.detail == (
        "the layers that take most of their time are compute bound in resnet18"
    )
    assert finding.rows == (0, 1)


def test_answers_where_in_the_network_things_peak() -> None:
    late = {"a": cost(1, 1), "b": cost(1, 1), "c": cost(9, 1)}
    found = told(run("vgg16", 80, work=late), run("resnet18", 10))
    finding = found["On torch, the most time is spent in the beginning of vgg16 and resnet18"]
    assert finding.detail == "work: the end of vgg16; memory access: the beginning of vgg16"


def test_answers_at_which_batch_a_model_is_best_used_and_what_limits_it_there() -> None:
    found = told(
        *(
            run("vgg16", us, batch_size=batch, work={name: cost(batch * 8, 1) for name in "abc"})
            for batch, us in ((1, 80), (2, 100), (4, 220))
        )
    )
    finding = found["Optimal batch on torch: vgg16 2 (1.67e+04/s)"]
    assert finding.detail == "one input at a time: vgg16 0.1 ms"
    assert finding.rows == (1,)
    turned = "What limits vgg16 on torch depends on the batch: memory at 1, computing at 2 and 4"
    assert found[turned].rows == (0, 1, 2)


def test_answers_how_much_lies_outside_and_what_the_library_changes() -> None:
    found = told(*example_profiles())
    assert found["On torch, no library works in 25 % of the time"].rows == (0, 1)
    assert found["On onnxruntime, the device rests in 48 % of the time"].detail == "resnet18 48 %"
    changed = "The library computes otherwise at another batch or number of threads on torch: "
    assert changed + "resnet18 at batch 4 and 2 threads (3 layers)" in found


def test_answers_which_models_wait_for_the_host() -> None:
    layers = {"conv": ("Conv", [40] * 3), "nms": ("NonMaxSuppression", [50] * 3)}
    found = told(layered_run(layers, model="ssd", outside_us=10), run("vgg16", 80))
    finding = found["On torch, work of the host is most of ssd"]
    assert (finding.sign, finding.detail) == ("warn", "ssd 60 %")
    assert finding.advice == "another device changes little; have less decided, selected or sorted"
    assert not any("of the host" in claim for claim in told(run("a", 80), run("b", 80)))


@pytest.mark.parametrize(
    ("second", "claim", "detail"),
    [
        (
            (40, 90),
            "torch and mock rank the models alike (τ = 1.00), batch 1",
            "a 0.60×: convolution makes 100 % of the difference; "
            "b 0.50×: convolution makes 100 % of the difference",
        ),
        (
            (240, 90),
            "torch and mock rank the models differently (τ = −1.00), batch 1",
            "a and b change places; a 2.60×: convolution makes 100 % of the difference; "
            "b 0.50×: convolution makes 100 % of the difference",
        ),
        (
            (90, 90),
            "Whether torch and mock rank the models alike cannot be told, batch 1",
            "a 1.10×: convolution makes 100 % of the difference; "
            "b 0.50×: convolution makes 100 % of the difference",
        ),
    ],
)
def test_answers_whether_frameworks_rank_alike(second, claim, detail) -> None:
    slow, fast = second
    found = told(
        *(run("a", 80), run("b", 200)),
        *(run("a", slow, framework="mock"), run("b", fast, framework="mock")),
    )
    assert found[claim].detail == detail


def test_one_model_on_two_frameworks_has_a_cause_without_a_rank() -> None:
    found = told(run("a", 80), run("a", 30, framework="mock"))
    cause = "Convolution makes 100 % of the difference between torch and mock in a, batch 1"
    assert found[cause].rows == (0,)
    assert not any("rank" in claim or "takes most of" in claim for claim in found)


def test_a_model_that_ran_with_several_threads_says_so() -> None:
    late = {"a": cost(1, 1), "b": cost(1, 1), "c": cost(9, 1)}
    other = run("a", 5, work=late)
    framework = other.plan.framework.model_copy(update={"options": {"threads": 2}})
    plan = other.plan.model_copy(update={"framework": framework})
    found = told(run("a", 80, work=late), dataclasses.replace(other, plan=plan))
    claims = [claim for claim in found if "the most time" in claim]
    assert claims == [
        "On torch, the most time is spent in the beginning of a, the middle of a with 2 threads"
    ]


def test_what_cannot_be_told_is_left_out() -> None:
    assert told(layered_run({"a": ("Conv", [10])})) == {}
    assert told() == {}
    assert device_run().id == "r-profile-device"


@pytest.mark.parametrize(
    ("words", "expected"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_in_a_row(words, expected) -> None:
    assert listed(words) == expected

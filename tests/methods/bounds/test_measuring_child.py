"""Orders and answers, in this process; `test_measuring_process` has one of its own."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from gpu_stand_ins import KERNEL_NS
from single_layers import LAYERS

from dlscope.methods.bounds.measuring_child import MeasuringChild, _timed
from dlscope.methods.bounds.timing import HotTiming, Samples

HERE = "misbehaving:Misbehaving"
STOP = {"half_width": 0.02, "seconds": 0.01, "samples": 15}


@pytest.fixture
def child() -> MeasuringChild:
    return MeasuringChild()


def order(do: str, kind: str = "relu", implementation: str = HERE, **more: Any) -> dict[str, Any]:
    return {"do": do, "brick": LAYERS[kind].to_json(), "implementation": implementation, **more}


def run(algorithm: str, implementation: str = HERE) -> dict[str, Any]:
    configuration = {"algorithm": algorithm, "dtype": "float32", "layout": "plain", "math": ""}
    asked = {"configuration": configuration, "threads": 1, "stop": STOP}
    return order("run", implementation=implementation, **asked)


def test_lists_the_ways_and_why_others_are_none(child) -> None:
    listed = child.answer(order("list"))
    assert listed["version"] == "1.0"
    by_name = {(each["algorithm"], each["dtype"]): each for each in listed["configurations"]}
    assert by_name["works", "float32"] == {
        "algorithm": "works",
        "dtype": "float32",
        "layout": "plain",
        "math": "",
        "unsupported": None,
    }
    assert by_name["cannot", "float32"]["unsupported"] == "it never learnt to"


def test_a_right_result_is_timed(child) -> None:
    told = child.answer(run("works"))
    assert told["status"] == "ok"
    assert told["reason"] == ""
    assert told["relative_error"] == 0
    assert told["notes"] == {"family": "trouble", "kernel": "ai.onnx.Relu", "kernels": "1"}
    assert len(told["raw_ns"]) >= 15
    assert all(isinstance(each, int) and each > 0 for each in told["raw_ns"])
    assert told["overhead_ns"] > 0
    json.dumps(told)


def test_that_other_work_held_it_up_is_told() -> None:
    calm = Samples(np.array([5, 6]), 1, 0.4)
    assert _timed(HotTiming(calm, 2)) == {"raw_ns": [5, 6], "calls": 1, "overhead_ns": 2}
    held = HotTiming(Samples(np.array([5]), 1, 0.4321, is_contended=True), 2)
    assert _timed(held)["waited_pct"] == 43.2


def test_a_gpu_is_timed_by_its_own_clock(child) -> None:
    told = child.answer(run("", implementation="gpu_stand_ins:OnStandIn"))
    assert (told["status"], told["overhead_ns"], told["calls"]) == ("ok", 0, 10)
    assert told["raw_ns"] == [KERNEL_NS] * 15
    assert told["notes"]["family"] == "aten"
    assert told["notes"]["host_ns"] > 0
    json.dumps(told)


def test_a_wrong_result_is_not_timed_and_says_by_how_much(child) -> None:
    told = child.answer(run("is wrong"))
    assert told["status"] == "wrong"
    assert told["reason"] == "differs from the reference by 1 of its maximum, 0.0001 allowed"
    assert told["relative_error"] == 1
    assert "raw_ns" not in told


def test_what_is_no_number_is_wrong_and_can_be_told(child) -> None:
    told = child.answer(run("is nothing"))
    assert (told["status"], told["relative_error"]) == ("wrong", None)
    assert told["reason"] == "differs from the reference by inf of its maximum, 0.0001 allowed"
    json.dumps(told, allow_nan=False)


def test_a_library_that_refuses_does_not_support_it(child) -> None:
    assert child.answer(run("refuses")) == {"status": "unsupported", "reason": "not this size"}


def test_an_implementation_that_is_missing_fails(child) -> None:
    told = child.answer(order("list", implementation="nobody"))
    assert told == {"status": "failed", "reason": "there is no implementation 'nobody'"}


def test_the_reference_is_kept_as_long_as_the_brick_is_the_same(child) -> None:
    child.answer(order("list"))
    first = child._reference
    child.answer(order("list"))
    assert child._reference is first
    child.answer(order("list", kind="sigmoid"))
    assert child._reference is not first


@pytest.mark.parametrize("implementation", ["ort", "ort_blocked", "torch_nhwc", "openvino"])
def test_each_real_library_is_timed(child, implementation) -> None:
    listed = child.answer(order("list", "dense", implementation))
    way = {**listed["configurations"][0]}
    assert way.pop("unsupported") is None
    told = child.answer(
        order("run", "dense", implementation, configuration=way, threads=1, stop=STOP)
    )
    assert told["status"] == "ok"
    assert told["notes"]["family"] in ("mlas", "onednn")

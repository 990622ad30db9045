"""What a model asks of a framework and of a machine."""

from __future__ import annotations

from typing import Any

import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import PlanError
from dlscope.core.manifest import ModelManifest, Reference, SystemRequirement
from dlscope.core.manifest.system import Accelerator
from dlscope.core.trace import Level
from dlscope.methods.evaluation.matching import (
    device_problems,
    machine_problems,
    match,
    thread_problems,
)
from dlscope.stacks.system import system

GIB = 1 << 30


def model(**changes: Any) -> ModelManifest:
    found = find("models", "efficientnet-lite0")
    assert isinstance(found, ModelManifest)
    return ModelManifest.model_validate({**found.to_json(), **changes})


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"architecture": ["sparc"]}, "this machine is x86_64, the model needs sparc"),
        ({"features": ["avx9"]}, "this processor has no avx9"),
        ({"memory_bytes": ">=2GiB"}, "1.0 GiB of memory are free, the model needs >=2GiB"),
    ],
)
def test_each_unmet_constraint_is_told(asked: dict[str, Any], what: str) -> None:
    machine = system().model_copy(update={"architecture": "x86_64", "accelerators": ()})
    problems = list(machine_problems(model(system=asked), machine, GIB))
    assert [problem.what for problem in problems] == [what]


def test_a_machine_that_has_what_is_asked_is_fine() -> None:
    machine = system().model_copy(update={"architecture": "x86_64"})
    asked = SystemRequirement(architecture=("x86_64",), memory_bytes=">=1GiB", device="cpu")
    assert list(machine_problems(model(system=asked.to_json()), machine, GIB)) == []


def test_more_threads_than_cores_are_refused() -> None:
    cpu = system().cpu.model_copy(update={"effective_cores": 2})
    machine = system().model_copy(update={"cpu": cpu})
    assert [each for threads in (None, 1, 2) for each in thread_problems(threads, machine)] == []
    (problem,) = thread_problems(999, machine)
    assert str(problem) == (
        "PlanError: 999 threads are more than the 2 cores that may be used here\n"
        "  where  framework.options.threads\n"
        "  fix    ask for at most 2"
    )


H100 = Accelerator(
    vendor="nvidia",
    name="NVIDIA H100 80GB HBM3",
    memory_bytes=80 * GIB,
    driver="580.1",
    compute_capability="9.0",
)


@pytest.mark.parametrize(
    ("asked", "devices", "accelerators", "what"),
    [
        (
            {"device": "gpu"},
            ("cpu",),
            (H100,),
            "the model needs a gpu, the backend runs on the cpu",
        ),
        (
            {"device": "npu"},
            ("cpu", "gpu"),
            (H100,),
            "the model needs a npu, the backend runs on the cpu and gpu",
        ),
        (
            {"accelerator": {"vendor": "nvidia"}},
            ("cpu", "gpu"),
            (),
            "the model needs an accelerator of nvidia; this machine has none",
        ),
        (
            {"accelerator": {"vendor": "nvidia", "name": "*A100*"}},
            ("cpu", "gpu"),
            (H100,),
            "the model needs an accelerator of nvidia; this machine has NVIDIA H100 80GB HBM3",
        ),
        (
            {"accelerator": {"vendor": "nvidia", "memory_bytes": ">=141GiB"}},
            ("gpu",),
            (H100,),
            "the model needs an accelerator of nvidia; this machine has NVIDIA H100 80GB HBM3",
        ),
        (
            {"accelerator": {"vendor": "nvidia", "compute_capability": ">=10.0"}},
            ("gpu",),
            (H100,),
            "the model needs an accelerator of nvidia; this machine has NVIDIA H100 80GB HBM3",
        ),
    ],
)
def test_a_device_that_is_not_there_is_told(
    asked: dict[str, Any], devices: tuple[str, ...], accelerators: tuple[Any, ...], what: str
) -> None:
    machine = system().model_copy(update={"accelerators": accelerators})
    problems = list(device_problems(model(system=asked), devices, machine))
    assert [problem.what for problem in problems] == [what]


def test_a_device_that_is_there_is_fine() -> None:
    wanted = {"vendor": "nvidia", "name": "*H100*", "memory_bytes": ">=79GiB"}
    asked = {"device": "gpu", "accelerator": {**wanted, "compute_capability": ">=7.0"}}
    machine = system().model_copy(update={"accelerators": (H100,)})
    assert list(device_problems(model(system=asked), ("cpu", "gpu"), machine)) == []


def test_a_model_for_a_gpu_is_opened_on_one() -> None:
    pytest.importorskip("torch")
    framework = match(model(system={"device": "gpu"}), Reference(name="torch"), Level.MODEL)
    assert framework.options["device"] == "gpu"


def test_a_graph_in_another_form_than_the_backend_opens_is_refused() -> None:
    assets = {"graph_tflite": {"source": "file:a.tflite", "sha256": "0" * 64}}
    with pytest.raises(PlanError) as refusal:
        match(model(assets=assets), Reference(name="mock"), Level.MODEL)
    assert str(refusal.value) == (
        "PlanError: mock opens onnx, and efficientnet-lite0 has no graph in that form\n"
        "  where  model efficientnet-lite0, assets\n"
        "  fix    choose a backend for graph_tflite"
    )


def test_the_framework_is_closed_with_its_options() -> None:
    framework = match(model(), Reference(name="mock", options={"threads": 1}), Level.MODEL)
    assert framework.options["threads"] == 1
    assert framework.options["delay_ns"] is not None
    assert framework.tolerance == 1e-4


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"framework": {"name": "torch"}}, "efficientnet-lite0 runs on torch, not on mock"),
        (
            {"hooks": {"module": "file:mine/hooks.py", "sha256": "0" * 64, "preprocess": "f"}},
            "efficientnet-lite0 wants to run code of its own, hooks.py, and hooks are off",
        ),
        ({"stack": {"env": {"lock": "a.lock"}}}, "a lock file cannot be read yet"),
        (
            {"stack": {"container": {"x86_64": {"cpu": "a@sha256:b"}}}},
            "software in a container cannot be provided yet",
        ),
    ],
)
def test_what_a_model_asks_in_vain_is_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(PlanError) as caught:
        match(model(**changes), Reference(name="mock"), Level.MODEL)
    assert caught.value.what == what


@pytest.mark.parametrize(
    ("backend", "level", "what", "fix"),
    [
        (
            *("mock", Level.LAYER, "level LAYER cannot be seen here: mock does not show it"),
            "ask for MODEL at most",
        ),
        (
            *("onnxruntime", Level.LIBRARY),
            "level LIBRARY cannot be seen here: ONNX Runtime does not tell which functions of its "
            "own library a layer calls",
            "ask for KERNEL at most",
        ),
    ],
)
def test_a_level_below_the_prediction_must_be_shown(
    backend: str, level: Level, what: str, fix: str
) -> None:
    with pytest.raises(PlanError) as caught:
        match(model(), Reference(name=backend), level)
    assert caught.value.what == what
    assert caught.value.fix.endswith(fix)


def test_a_level_that_a_backend_shows_may_be_asked_for() -> None:
    for level in (Level.NONE, Level.MODEL, Level.LAYER, Level.KERNEL):
        assert match(model(), Reference(name="onnxruntime"), level).name == "onnxruntime"

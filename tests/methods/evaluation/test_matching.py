"""What a model asks of a framework and of a machine."""

from __future__ import annotations

from typing import Any

import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import PlanError
from dlscope.core.manifest import ModelManifest, Reference, SystemRequirement
from dlscope.core.trace import Level
from dlscope.methods.evaluation.matching import machine_problems, match
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
        ({"device": "gpu"}, "the model needs a gpu, and the backends here run on the cpu"),
        (
            {"accelerator": {"vendor": "nvidia"}},
            "the model needs an accelerator of nvidia, and the backends here run on the cpu",
        ),
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


def test_the_framework_is_closed_with_its_options() -> None:
    framework = match(model(), Reference(name="mock", options={"threads": 3}), Level.MODEL)
    assert framework.options["threads"] == 3
    assert framework.options["delay_ns"] is not None
    assert framework.tolerance == 1e-4


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"framework": {"name": "torch"}}, "efficientnet-lite0 runs on torch, not on mock"),
        (
            {"hooks": {"module": "package:mine/hooks.py", "sha256": "0" * 64}},
            "hooks are not allowed",
        ),
        ({"stack": {"env": {"python": ">=3.11"}}}, "isolated stacks cannot be provided yet"),
    ],
)
def test_what_a_model_asks_in_vain_is_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(PlanError) as caught:
        match(model(**changes), Reference(name="mock"), Level.MODEL)
    assert caught.value.what == what


def test_a_level_that_the_backend_does_not_record_is_refused() -> None:
    with pytest.raises(PlanError) as caught:
        match(model(), Reference(name="mock"), Level.KERNEL)
    assert caught.value.what == "mock records no deeper level than MODEL"

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest

from dlscope.catalog.finder import find
from dlscope.core.errors import PlanError, StackError
from dlscope.core.manifest import ModelManifest, Reference, StackLock
from dlscope.methods.evaluation.provisioning import Provision
from dlscope.stacks.asking import StackRequest

HERE = Reference(name="onnxruntime")
SAME = Reference(name="onnxruntime", version=f"=={onnxruntime.__version__}")
OTHER = Reference(name="onnxruntime", version="==1.18.0")
MODEL = find("models", "efficientnet-lite0")
assert isinstance(MODEL, ModelManifest)
LOCK = StackLock(python="3.10.13", platform="any", requirements=("onnxruntime==1.18.0",))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was resolved; no installer is asked."""
    seen: list[str] = []

    def resolve(request: StackRequest) -> StackLock:
        seen.append(str(request))
        return LOCK

    monkeypatch.setattr("dlscope.methods.evaluation.provisioning.resolve", resolve)
    return seen


def test_what_is_installed_is_used_as_it_is(asked: list[str]) -> None:
    provision = Provision("auto", [HERE, SAME, Reference(name="reference")])
    assert [provision.lock(each, MODEL) for each in (HERE, SAME)] == [None, None]
    assert asked == []


def test_another_version_and_all_it_is_compared_with_have_stacks(asked: list[str]) -> None:
    provision = Provision("auto", [OTHER, SAME, HERE, Reference(name="reference")])
    assert provision.lock(OTHER, MODEL) == LOCK
    assert provision.lock(SAME, MODEL) == LOCK
    assert provision.lock(HERE, MODEL) == LOCK
    assert provision.lock(Reference(name="reference"), MODEL) is None
    installed = f"onnxruntime=={onnxruntime.__version__}"
    assert asked == ["onnxruntime==1.18.0", installed, installed]


def test_a_framework_too_large_for_here_has_a_stack(asked: list[str]) -> None:
    reference = Reference(name="mxnet")
    assert Provision("auto", [reference]).lock(reference, MODEL) == LOCK
    assert asked == ["mxnet"]


@pytest.mark.parametrize(
    ("requirements", "reference", "expected"),
    [
        (["onnxruntime==1.20.1", "numpy==2.0.2"], HERE, "onnxruntime==1.20.1,python>=3.9,{}"),
        (["onnxruntime==1.20.1", "numpy==2.0.2"], OTHER, "onnxruntime==1.18.0,python>=3.9,{}"),
        (["numpy==2.0.2"], HERE, f"onnxruntime=={onnxruntime.__version__},python>=3.9,{{}}"),
    ],
)
def test_a_model_may_say_what_is_around_it(
    asked: list[str], requirements: list[str], reference: Reference, expected: str
) -> None:
    env = {"python": ">=3.9", "requirements": requirements}
    model = ModelManifest.model_validate({**MODEL.to_json(), "stack": {"env": env}})
    assert Provision("auto", [HERE]).lock(reference, model) == LOCK
    assert asked == [expected.format("numpy==2.0.2")]
    assert Provision("current", [HERE]).lock(reference, model) is None


def test_a_model_that_only_names_an_image_is_refused(asked: list[str]) -> None:
    container = {"x86_64": {"cpu": "lab/onnxruntime@sha256:0123"}}
    model = ModelManifest.model_validate({**MODEL.to_json(), "stack": {"container": container}})
    with pytest.raises(StackError, match="an image needs a container, and ") as caught:
        Provision("auto", [HERE]).lock(HERE, model)
    assert caught.value.where == "efficientnet-lite0, stack.container"
    assert Provision("current", [HERE]).lock(HERE, model) is None
    assert asked == []


def test_current_never_makes_a_stack(asked: list[str]) -> None:
    assert Provision("current", [OTHER]).lock(OTHER, MODEL) is None
    assert asked == []


def test_isolated_always_does(asked: list[str]) -> None:
    assert Provision("isolated", [HERE]).lock(HERE, MODEL) == LOCK
    assert asked == [f"onnxruntime=={onnxruntime.__version__}"]


def test_a_framework_that_cannot_be_driven_there_is_refused() -> None:
    reference = Reference(name="reference")
    with pytest.raises(PlanError) as caught:
        Provision("isolated", [reference]).lock(reference, MODEL)
    assert caught.value.what == "reference cannot be driven in an isolated stack"
    assert caught.value.where == "framework reference"
    assert caught.value.fix.endswith(", or leave --stack isolated out")


def test_a_stack_that_cannot_be_had_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StackError, match="was never resolved here"):
        Provision("auto", [OTHER]).lock(OTHER, MODEL)

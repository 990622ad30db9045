"""Code of other people runs only where its digest is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.catalog.finder import find
from dlscope.core.digest import file_digest
from dlscope.core.errors import Unsatisfiable
from dlscope.core.hook_permission import VARIABLE, HookPermission
from dlscope.core.manifest import ModelManifest
from dlscope.methods.evaluation.permitting import hook_problems
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.testing.small_experiment import write_hooked

CODE = "raise RuntimeError('this must not run')\n"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    return write_hooked(tmp_path, CODE, preprocess="prepare")


@pytest.fixture
def sha256(model: Path) -> str:
    return file_digest(model.with_name("hooks.py"))


def test_hooks_are_refused_at_planning_with_the_way_to_allow_them(ask, model, sha256) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        plan_experiment(ask(models=[str(model)]))
    assert str(caught.value) == (
        "PlanError: colors wants to run code of its own, hooks.py, and hooks are off\n"
        "  where  model colors, hooks\n"
        f"  fix    read file:{model.with_name('hooks.py')}; if it may run: --allow-hooks {sha256} "
        "(or allow_hooks=, or DLSCOPE_ALLOW_HOOKS)"
    )


def test_other_models_go_on(ask, files, model) -> None:
    planned = plan_experiment(ask(models=[str(files.model), str(model)]))
    assert len(planned.plans) == 1
    assert [refusal.error.where for refusal in planned.refusals] == ["model colors, hooks"]


def test_the_permission_is_no_part_of_the_plan(ask, model, sha256) -> None:
    asked = ask(models=[str(model)])
    one, every = (plan_experiment(asked, HookPermission.of(word)) for word in (sha256, "all"))
    assert one.plans[0].digest == every.plans[0].digest


def test_another_text_is_another_plan_and_needs_another_permission(ask, model, sha256) -> None:
    asked = ask(models=[str(model)])
    (plan,) = plan_experiment(asked, HookPermission.of("all")).plans
    write_hooked(model.parent, CODE + "# another\n", preprocess="prepare")
    (other,) = plan_experiment(asked, HookPermission.of("all")).plans
    assert other.digest != plan.digest
    with pytest.raises(Unsatisfiable):
        plan_experiment(asked, HookPermission.of(sha256))


def test_a_model_without_hooks_needs_none(files) -> None:
    plain = find("models", str(files.model))
    assert isinstance(plain, ModelManifest)
    assert list(hook_problems(plain, HookPermission())) == []

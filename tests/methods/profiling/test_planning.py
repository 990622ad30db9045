from __future__ import annotations

from collections.abc import Callable

import pytest

from dlscope.core import registry
from dlscope.core.errors import PlanError
from dlscope.core.plan import Plan
from dlscope.core.trace import Level
from dlscope.methods.profiling.planning import Missing, capabilities, leveled
from dlscope.tracing.tracer import Capability

M, L, B = Level.MODEL, Level.LAYER, Level.LIBRARY
NOTHING_CALLED = Missing("spinning", B, "nothing is called", "call something")


@pytest.fixture
def point(plan: Callable[..., Plan], spinning: str) -> Plan:
    """A plan of an evaluation on the backend that shows its layers and tells why no more."""
    return plan(spinning, workload="evaluation")


def test_a_point_of_an_evaluation_becomes_a_leveled_experiment(point: Plan) -> None:
    found = leveled([point], [M, L], iterations=7)
    (plan,) = found.plans
    assert (plan.workload, plan.trace_level, plan.items) == ("profiling", int(L), 1)
    assert plan.options == {"levels": ["MODEL", "LAYER"], "iterations": 7}
    assert plan.model == point.model
    assert plan.digest != point.digest
    assert (found.refused, found.missing) == ((), ())


def test_without_levels_all_that_there_is_and_what_is_left_out_with_its_reason(
    point: Plan,
) -> None:
    found = leveled([point], None, iterations=1)
    assert found.plans[0].options["levels"] == ["MODEL", "LAYER"]
    assert found.refused == ()
    assert found.missing == (
        NOTHING_CALLED,
        Missing("spinning", Level.KERNEL, "spinning does not show it", ""),
    )


def test_a_level_that_was_asked_for_and_cannot_be_seen_is_a_refusal(point: Plan) -> None:
    found = leveled([point], [M, L, B], iterations=1)
    assert found.plans == ()
    ((refused, error),) = found.refused
    assert refused is point
    assert error.describe() == (
        "PlanError: level LIBRARY cannot be seen here: nothing is called\n"
        "  where  colors on spinning\n"
        "  fix    call something, or leave the level out, or profile with --best-effort"
    )
    assert found.missing == (NOTHING_CALLED,)


def test_a_level_that_nobody_speaks_of_has_no_other_remedy(point: Plan) -> None:
    ((_, error),) = leveled([point], [M, Level.KERNEL], iterations=1).refused
    assert error.what == "level KERNEL cannot be seen here: spinning does not show it"
    assert error.fix == "leave the level out, or profile with --best-effort"


def test_the_best_effort_leaves_it_out(point: Plan) -> None:
    found = leveled([point], [M, L, B], iterations=1, best_effort=True)
    assert [plan.options["levels"] for plan in found.plans] == [["MODEL", "LAYER"]]
    assert (found.refused, found.missing) == ((), (NOTHING_CALLED,))


def test_the_model_can_always_be_seen(plan: Callable[..., Plan]) -> None:
    found = leveled([plan("mock", workload="evaluation")], None, iterations=1)
    assert found.plans[0].options["levels"] == ["MODEL"]
    assert [each.level for each in found.missing] == [L, B, Level.KERNEL]


def test_what_is_missing_is_told_once_for_each_backend(point: Plan) -> None:
    larger = point.model_copy(update={"batch_size": 2})
    found = leveled([point, larger], [M, B], iterations=1)
    assert len(found.refused) == 2
    assert found.missing == (NOTHING_CALLED,)


def test_a_model_with_hooks_is_refused_whatever_is_asked(
    plan: Callable[..., Plan], point: Plan
) -> None:
    hooks = type("Hooks", (), {})()
    hooked = point.model_copy(update={"model": point.model.model_copy(update={"hooks": hooks})})
    found = leveled([hooked, point], None, iterations=1)
    assert len(found.plans) == 1
    ((refused, error),) = found.refused
    assert refused is hooked
    assert (error.what, error.where, error.fix) == (
        "a model with hooks cannot be profiled yet",
        "colors on spinning",
        "profile it without its hooks",
    )


@pytest.mark.parametrize("iterations", [0, -1])
def test_no_iteration_is_refused(point: Plan, iterations: int) -> None:
    with pytest.raises(PlanError) as caught:
        leveled([point], None, iterations=iterations)
    assert (caught.value.what, caught.value.where, caught.value.fix) == (
        f"{iterations} iterations measure nothing",
        "iterations",
        "ask for at least 1",
    )


def test_what_a_backend_shows_is_asked_of_it_alone(spinning: str) -> None:
    told = {each.level: each.is_available for each in capabilities(spinning)}
    assert told == {L: True, B: False}


@pytest.fixture
def compiling(spinning: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same backend, whose compiler can be seen too."""
    kind = registry.load("backends", spinning)
    told = (Capability(Level.COMPILER, "compiling"), *kind.capabilities())
    monkeypatch.setattr(kind, "capabilities", classmethod(lambda _: told))
    return spinning


def test_what_a_compiler_made_comes_between_model_and_layers_where_it_can_be_seen(
    point: Plan, compiling: str
) -> None:
    found = leveled([point], None, iterations=1)
    assert point.framework.backend == compiling
    assert found.plans[0].options["levels"] == ["MODEL", "COMPILER", "LAYER"]
    assert [each.level for each in found.missing] == [B, Level.KERNEL]


def test_that_nothing_is_compiled_is_told_only_to_who_asks(point: Plan) -> None:
    asked = leveled([point], [M, Level.COMPILER], iterations=1)
    assert asked.missing == (Missing("spinning", Level.COMPILER, "spinning does not show it", ""),)
    assert len(asked.refused) == 1
    unasked = leveled([point], None, iterations=1)
    assert Level.COMPILER not in {each.level for each in unasked.missing}

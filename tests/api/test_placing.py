"""Plans for a fleet; the agents are on paper, and what they answer is told by this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dlscope.agents import ray_cluster
from dlscope.agents.agent import Agent, Offer
from dlscope.api.placing import plan_on_agents
from dlscope.core.errors import PlanError, Unsatisfiable
from dlscope.core.hook_permission import HookPermission
from dlscope.core.manifest import ExperimentManifest, Reference
from dlscope.stacks.fingerprint import environment
from dlscope.testing.small_experiment import write_experiment

OWN = "0.3.1"


def agent(name: str, version: str = OWN, **labels: str) -> Agent:
    """An agent on a machine like this that has a version of the mock."""
    return Agent(
        name=name,
        node=name,
        host="here",
        dlscope="0",
        environment=replace(environment(), volatile={}),
        offers={"mock": Offer(version)},
        labels=labels,
    )


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Agents answer with the version that they offer; who was asked."""
    asked: list[str] = []

    def ask_there(agent: Agent, function: Callable[..., Any], *arguments: Any) -> Any:
        asked.append(agent.name)
        _, reference, *_ = arguments
        version = agent.offers["mock"].version
        if reference.version not in ("*", f"=={version}"):
            raise PlanError(
                f"mock {version} does not satisfy {reference.version}", where="mock", fix="update"
            )
        plain = Reference(name=reference.name, options=reference.options)
        return function(arguments[0], plain, *arguments[2:]).model_copy(update={"version": version})

    monkeypatch.setattr(ray_cluster, "ask_there", ask_there)
    return asked


@pytest.fixture
def asking(tmp_path: Path) -> Callable[..., ExperimentManifest]:
    """Makes an experiment of a tiny classifier on the mock."""
    written = write_experiment(tmp_path, pictures=4)

    def make(**fields: Any) -> ExperimentManifest:
        return ExperimentManifest.model_validate(
            {
                "schema_version": 1,
                "name": "placed",
                "models": [str(written.model)],
                "frameworks": ["mock"],
                "datasets": [str(written.dataset)],
                "scenarios": [{"name": "online", "mode": "accuracy"}],
                **fields,
            }
        )

    return make


def placed(asked: ExperimentManifest, *agents: Agent) -> tuple[list[Any], list[str]]:
    """Options and version of each plan, and what was refused."""
    planned = plan_on_agents(asked, HookPermission(), agents)
    plans = [(plan.options, plan.framework.version) for plan in planned.plans]
    return plans, [refusal.error.what for refusal in planned.refusals]


def test_agents_of_one_kind_are_asked_once(asking: Any, answers: list[str]) -> None:
    assert placed(asking(), agent("a"), agent("b"), agent("c")) == ([({}, OWN)], [])
    assert answers == ["a"]


def test_any_takes_the_kind_that_there_are_most_of(asking: Any) -> None:
    fleet = (agent("a", "0.4.0"), agent("b"), agent("c"))
    assert placed(asking(), *fleet) == ([({}, OWN)], [])


def test_all_gives_a_copy_to_each_that_names_it(asking: Any) -> None:
    fleet = (agent("a"), agent("b", "0.4.0"))
    assert placed(asking(placement="all"), *fleet) == (
        [({"system": "a"}, OWN), ({"system": "b"}, "0.4.0")],
        [],
    )


def test_a_number_gives_copies_to_the_first_so_many(asking: Any) -> None:
    fleet = (agent("c"), agent("a"), agent("b"))
    plans, refused = placed(asking(placement=2), *fleet)
    assert [options["system"] for options, _ in plans] == ["a", "b"]
    assert refused == []


def test_too_few_agents_are_told(asking: Any) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        placed(asking(placement=3), agent("a"), agent("b"))
    (problem,) = caught.value.problems
    assert problem.what == "only 2 of the 3 agents that are asked for can carry this out"


def test_every_agent_says_why_a_version_cannot_be_had(asking: Any) -> None:
    asked = asking(frameworks=["mock==0.5.0"], stack="current")
    with pytest.raises(Unsatisfiable) as caught:
        placed(asked, agent("agent-7"), agent("agent-8"), agent("agent-9", "0.4.0"))
    assert sorted(each.what for each in caught.value.problems) == [
        "agent-7, agent-8: mock 0.3.1 does not satisfy ==0.5.0",
        "agent-9: mock 0.4.0 does not satisfy ==0.5.0",
    ]


def test_what_one_framework_lacks_does_not_stop_another(asking: Any) -> None:
    asked = asking(frameworks=["mock==0.4.0", "mock==0.5.0"], stack="current")
    plans, refused = placed(asked, agent("a"), agent("b", "0.4.0"))
    assert plans == [({}, "0.4.0")]
    assert refused == [
        "a: mock 0.3.1 does not satisfy ==0.5.0",
        "b: mock 0.4.0 does not satisfy ==0.5.0",
    ]


def test_labels_choose_agents_and_stay_in_the_plan(asking: Any) -> None:
    asked = asking(systems=[{"labels": {"lab": "a"}}, {"labels": {"lab": "b"}}])
    plans, refused = placed(asked, agent("x", lab="a"), agent("y", lab="c"))
    assert plans == [({"labels": {"lab": "a"}}, OWN)]
    assert refused == ["x: its label lab is a, not b", "y: its label lab is c, not b"]


def test_labels_that_nobody_has_are_told_where_no_backend_is_named(asking: Any) -> None:
    asked = asking(systems=[{"labels": {"lab": "b"}}], frameworks=[])
    with pytest.raises(Unsatisfiable) as caught:
        placed(asked, agent("x", lab="a"), agent("y"))
    assert [each.what for each in caught.value.problems] == [
        "x: its label lab is a, not b",
        "y: it has no label lab",
    ]


def test_a_cluster_without_agents_can_do_nothing(asking: Any) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        placed(asking())
    assert caught.value.problems[0].what == "the cluster has no agent"

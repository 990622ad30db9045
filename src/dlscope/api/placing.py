"""From an experiment to closed plans for the agents of a fleet, instead of for this machine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from dlscope.agents.agent import Agent
    from dlscope.core.errors import DlscopeError, PlanError
    from dlscope.core.hook_permission import HookPermission
    from dlscope.core.manifest import (
        ExperimentManifest,
        FrameworkManifest,
        ModelManifest,
        Reference,
    )
    from dlscope.core.manifest.experiment import SystemSelector
    from dlscope.core.plan import Plan
    from dlscope.methods.evaluation.planning import Planned, Refusal

Key = tuple[Any, ...]


@final
@dataclass
class _Asked:
    """What agents of one kind say to every pair of models and frameworks."""

    agents: Sequence[Agent]
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def framework_of(
        self, model: ModelManifest, reference: Reference, *others: Any
    ) -> FrameworkManifest:
        """The framework as it stands there. Raises the problems that these agents have with it."""
        from dlscope.agents.ray_cluster import ask_there
        from dlscope.core.errors import DlscopeError, raise_all
        from dlscope.methods.evaluation.planning import Refusal

        try:
            framework: FrameworkManifest = ask_there(
                self.agents[0], match_and_fetch, model, reference, *others
            )
        except DlscopeError as error:
            names = ", ".join(agent.name for agent in self.agents)
            problems = [_prefixed(names, each) for each in error.problems]
            self.refusals.extend(Refusal(model.name, str(reference), each) for each in problems)
            raise_all(problems)
            raise
        self.references[framework.digest] = (str(reference), repr(reference.options))
        return framework

    def key(self, plan: Plan) -> Key:
        """What the plans of one point share, whatever agents they are for."""
        return (
            *(plan.model.digest, self.references[plan.framework.digest], plan.dataset.digest),
            *(plan.scenario.digest, plan.batch_size, plan.repeat),
        )


def plan_on_agents(
    asked: ExperimentManifest, permission: HookPermission, agents: Sequence[Agent]
) -> Planned:
    """Every point of the matrix as plans for those agents that can carry it out, or a refusal.

    `placement` says how many of them get a copy: any one, all, or a number. Raises the problems of
    manifests, and `Unsatisfiable` when there is nothing that any agent can do.
    """
    from dlscope.core.errors import Unsatisfiable
    from dlscope.core.manifest.experiment import SystemSelector
    from dlscope.methods.evaluation.planning import Planned

    if not agents:
        raise Unsatisfiable.of([_no_agent()])
    plans: list[Plan] = []
    refusals: list[Refusal] = []
    for selected in asked.systems or (SystemSelector(),):
        placed, refused = _for_systems(asked, selected, permission, agents)
        plans.extend(placed)
        refusals.extend(refused)
    if not plans:
        raise Unsatisfiable.of(refusal.error for refusal in refusals)
    interleaved = sorted(plans, key=lambda plan: plan.repeat)
    return Planned(tuple(interleaved), tuple(refusals))


def match_and_fetch(model: ModelManifest, *others: Any) -> FrameworkManifest:
    """The framework as it stands on this machine, which then has the files of `model`, too."""
    from dlscope.catalog.assets import fetch
    from dlscope.methods.evaluation.matching import match

    framework = match(model, *others)
    fetch(model)
    return framework


def _for_systems(
    asked: ExperimentManifest,
    selected: SystemSelector,
    permission: HookPermission,
    agents: Sequence[Agent],
) -> tuple[list[Plan], list[Refusal]]:
    from dlscope.agents.matching import LABELS, label_problems

    unlabelled = selected.model_copy(update={"labels": {}})
    one = asked.model_copy(update={"systems": (unlabelled,), "placement": "any"})
    variants: dict[Key, list[tuple[Plan, Sequence[Agent]]]] = {}
    refusals: list[Refusal] = []
    fitting = [each for each in agents if not list(label_problems(selected.labels, each))]
    if not fitting:
        return [], list(_unlabelled(asked, selected, agents))
    for _, kind in itertools.groupby(sorted(fitting, key=_order), key=_order):
        asking = _Asked(list(kind))
        for plan in _planned(one, permission, asking):
            labels = {LABELS: dict(selected.labels)} if selected.labels else {}
            labelled = plan.model_copy(update={"options": {**plan.options, **labels}})
            variants.setdefault(asking.key(plan), []).append((labelled, asking.agents))
        refusals.extend(asking.refusals)
    done = {(found[0][0].model.name, key[1][0]) for key, found in variants.items()}
    unique = {(each.model, each.framework, each.error.what): each for each in refusals}
    lacking = [each for each in unique.values() if (each.model, each.framework) not in done]
    placed: list[Plan] = []
    for found in variants.values():
        copies, refusal = _placed(asked.placement, found)
        placed.extend(copies)
        lacking.extend(refusal)
    return placed, lacking


def _planned(
    asked: ExperimentManifest, permission: HookPermission, asking: _Asked
) -> Sequence[Plan]:
    from dlscope.core.errors import Unsatisfiable
    from dlscope.methods.evaluation.planning import plan_experiment

    try:
        planned = plan_experiment(asked, permission, framework_of=asking.framework_of)
    except Unsatisfiable:
        if not asking.refusals:
            raise
        return ()
    told = {id(each.error) for each in asking.refusals}
    # What was refused before an agent could be asked, such as a stack that cannot be resolved.
    asking.refusals.extend(each for each in planned.refusals if id(each.error) not in told)
    return planned.plans


def _placed(
    placement: str | int, variants: Sequence[tuple[Plan, Sequence[Agent]]]
) -> tuple[list[Plan], list[Refusal]]:
    """The plans of one point, and its refusal where there are too few agents."""
    from dlscope.agents.matching import SYSTEM
    from dlscope.methods.evaluation.planning import Refusal

    if placement == "any":
        # Runs of one kind of machine can be compared: the kind that there are most of.
        plan, _ = max(variants, key=lambda each: (len(each[1]), each[0].framework.version))
        return [plan], []
    copies = sorted(
        ((agent.name, plan) for plan, agents in variants for agent in agents),
        key=lambda copy: copy[0],
    )
    if placement != "all" and len(copies) < int(placement):
        plan = copies[0][1]
        error = _too_few(len(copies), int(placement))
        return [], [Refusal(plan.model.name, plan.framework.name, error)]
    wanted = copies if placement == "all" else copies[: int(placement)]
    return [
        plan.model_copy(update={"options": {**plan.options, SYSTEM: name}}) for name, plan in wanted
    ], []


def _order(agent: Agent) -> str:
    return repr(agent.kind)


def _prefixed(names: str, error: DlscopeError) -> DlscopeError:
    return type(error)(f"{names}: {error.what}", where=error.where, fix=error.fix)


def _unlabelled(
    asked: ExperimentManifest, selected: SystemSelector, agents: Sequence[Agent]
) -> Iterator[Refusal]:
    from dlscope.agents.matching import label_problems
    from dlscope.core.errors import PlanError
    from dlscope.methods.evaluation.planning import Refusal

    refusal = partial(
        PlanError, where="systems, labels", fix="see `dlscope agent list --all` for what there is"
    )
    # Which backend is the default does not matter: no agent is asked for it.
    for model, framework in itertools.product(asked.models, asked.frameworks or ("",)):
        for agent in agents:
            for problem in label_problems(selected.labels, agent):
                error = refusal(f"{agent.name}: {problem}")
                yield Refusal(model.name, str(framework), error)


def _too_few(found: int, wanted: int) -> PlanError:
    from dlscope.core.errors import PlanError

    return PlanError(
        f"only {found} of the {wanted} agents that are asked for can carry this out",
        where="placement",
        fix=f"start more agents, or ask for placement: {found}",
    )


def _no_agent() -> PlanError:
    from dlscope.core.errors import PlanError

    return PlanError(
        "the cluster has no agent",
        where="--scheduler ray",
        fix="start one on each machine: dlscope agent start --address HOST:PORT",
    )

"""`Chain`: steps one after the other, checked before there is anything to apply them to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import final

from dlscope.core import registry
from dlscope.core.errors import DlscopeError, ManifestError, PlanError, did_you_mean, raise_all
from dlscope.core.manifest import InputSpec, ModelManifest, StepSpec, parse_manifest
from dlscope.pipelines.base import Spec, Step, StepContext, Value
from dlscope.pipelines.ends import disagreements, input_start, output_start

Around = Callable[[str], AbstractContextManager[None]]
"""What to do around a step of the given name, such as timing it."""


def alone(step: str) -> AbstractContextManager[None]:
    """Nothing around any step."""
    del step
    return nullcontext()


@final
@dataclass(frozen=True)
class Chain:
    """Steps in order; `where` is the path of their list in the manifest."""

    steps: tuple[Step, ...]
    where: str

    @property
    def specs(self) -> tuple[StepSpec, ...]:
        """The steps as a manifest lists them, every default written out."""
        return tuple(StepSpec(name=step.step, parameters=step.to_json()) for step in self.steps)

    def infer(self, start: Spec) -> Spec:
        """What comes out when `start` goes in.

        Raises `PlanError` naming the step that cannot take what reaches it. A box that a crop has
        left uncut must be taken up by the very next step.
        """
        return self.trail(start)[-1]

    def trail(self, start: Spec) -> tuple[Spec, ...]:
        """`start` and what comes out of each step. Raises as `infer` does."""
        specs = [start]
        for index, step in enumerate(self.steps):
            specs.append(self._after(index, step, specs[-1]))
        if specs[-1].region:
            raise self._uncut(len(self.steps) - 1, "nothing follows")
        return tuple(specs)

    def apply(self, value: Value, context: StepContext, around: Around = alone) -> Value:
        """The result for one item; each step runs inside `around` its name.

        Raises `DataError` for an item that cannot be processed.
        """
        for step in self.steps:
            with around(step.step):
                value = step.apply(value, context)
        return value

    def path(self, index: int) -> str:
        """Where the step at `index` stands in the manifest; the list itself when it is empty."""
        return f"{self.where}[{index}].{self.steps[index].step}" if self.steps else self.where

    def _after(self, index: int, step: Step, spec: Spec) -> Spec:
        try:
            result = step.infer(spec)
        except PlanError as error:
            raise PlanError(error.what, where=self.path(index), fix=error.fix) from error
        if spec.region and result.region:
            raise self._uncut(index - 1, f"{step.step} follows")
        return result

    def _uncut(self, index: int, what: str) -> PlanError:
        return PlanError(
            f"a crop without rounding must be followed by resize, but {what}",
            where=self.path(index),
            fix="put resize right after it, or set offset_rounding to floor or round",
        )


def build_chain(specs: Sequence[StepSpec], where: str) -> Chain:
    """The steps that `specs` name, with checked parameters.

    Raises `ManifestError` for an unknown step or parameter, `PluginError` for a step that cannot
    be imported, `Problems` when there are several.
    """
    steps: list[Step] = []
    problems: list[DlscopeError] = []
    for index, spec in enumerate(specs):
        try:
            steps.append(_build(spec, f"{where}[{index}]"))
        except DlscopeError as error:
            problems.append(error)
    raise_all(problems)
    return Chain(tuple(steps), where)


def check_inputs(model: ModelManifest) -> None:
    """Refuse a model whose pre-processing does not end in what its inputs declare.

    Steps in whose place a hook runs are not looked at, nor what those end in that a hook follows.
    Raises `PlanError` naming the step and the field, `Problems` for several of them.
    """
    problems: list[DlscopeError] = []
    for index, declared in enumerate(() if model.has_hook("preprocess") else model.inputs):
        where = f"inputs[{index}]"
        try:
            chain = build_chain(declared.preprocess, f"{where}.preprocess")
            end = chain.infer(input_start(declared, where))
            if not model.has_hook("after_preprocess"):
                problems += _differences(declared, end, chain, where)
        except DlscopeError as error:
            problems.append(error)
    raise_all(problems)


def check_outputs(model: ModelManifest) -> None:
    """Refuse a model whose post-processing cannot take what its outputs declare.

    Steps in whose place a hook runs are not looked at.
    """
    problems: list[DlscopeError] = []
    for index, declared in enumerate(() if model.has_hook("postprocess") else model.outputs):
        where = f"outputs[{index}]"
        try:
            chain = build_chain(declared.postprocess, f"{where}.postprocess")
            chain.infer(output_start(declared, where))
        except DlscopeError as error:
            problems.append(error)
    raise_all(problems)


def _differences(declared: InputSpec, spec: Spec, chain: Chain, where: str) -> list[PlanError]:
    return [
        PlanError(
            f"the steps end in {found.made}, but {found.field} is {found.declared}",
            where=chain.path(len(chain.steps) - 1),
            fix=f"change the steps, or correct {where}.{found.field}",
        )
        for found in disagreements(declared, spec, where)
    ]


def _build(spec: StepSpec, where: str) -> Step:
    known = registry.names("steps")
    if spec.name not in known:
        raise ManifestError(
            f"there is no step {spec.name!r}", where=where, fix=did_you_mean(spec.name, known)
        )
    kind: type[Step] = registry.load("steps", spec.name)
    return parse_manifest(kind, spec.parameters, lambda path: _locate(f"{where}.{spec.name}", path))


def _locate(where: str, path: tuple[int | str, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return where + "".join(parts)

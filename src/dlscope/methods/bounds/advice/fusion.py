"""Q5: what would fusing layers save, and which fusions does the framework do already?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.advice.base import Advice, Subject
from dlscope.methods.bounds.bound import Step
from dlscope.methods.bounds.composing import compose

_LEVEL = "graph_optimization"
_SCALING = frozenset({"Add", "BatchNormalization", "Mul"})


def advise(subject: Subject) -> Iterator[Advice]:
    """To switch the framework's own fusion on, and to fuse what it leaves apart."""
    if subject.setup.backend == "onnxruntime" and subject.setup.option(_LEVEL) == "disabled":
        yield from _switched_on(subject)
    yield from _unfused(subject)


def _switched_on(subject: Subject) -> Iterator[Advice]:
    """What vanishes in kernels takes nothing any more; the kernels themselves take a little longer.

    What vanishes is short and all about memory: the model itself knows best what it takes there.
    """
    setup = subject.setup.with_option(_LEVEL, "extended")
    try:
        after = compose(subject.bounds, setup)
    except BoundError:
        return
    groups = [step for step in after.steps if step.pattern]
    yield subject.advice(
        *("Q5", "fusion", groups, f"{len(groups)} groups", "Fuse layers", f"{_LEVEL}=extended"),
        subject.latency_ns - sum(_vanishing_ns(subject, each) for each in _alike(groups)),
        setup=setup,
    )


def _alike(groups: Iterable[Step]) -> Iterable[list[Step]]:
    """The groups of each pattern together: their small differences are known better than one."""
    found: dict[str, list[Step]] = defaultdict(list)
    for step in groups:
        found[step.pattern].append(step)
    return found.values()


def _vanishing_ns(subject: Subject, groups: Sequence[Step]) -> float:
    """What is saved: all but the first layer of each group, less what the first takes longer.

    That is no more than what its followers take by themselves without those that are folded into
    its weights, and not less than nothing: what lies outside is the error of the difference of two
    long times.
    """
    now = subject.composition.step_of
    heads = [now[step.layers[0]] for step in groups]
    followers = [now[layer] for step in groups for layer in step.layers[1:]]
    longer_ns = sum(step.cost.cost_ns for step in groups) - sum(s.cost.cost_ns for s in heads)
    computed = (step for step in followers if not _is_folded(subject, step))
    longer_ns = min(max(longer_ns, 0), sum(step.cost.cost_ns for step in computed))
    return sum(map(subject.in_model_ns, followers)) - longer_ns * subject.scale


def _is_folded(subject: Subject, step: Step) -> bool:
    """Whether a layer only scales and shifts what it takes by constants: then weights can do so."""
    layer = subject.bounds.benches.graph.layers[step.layers[0]]
    taken = [each for each in layer.sources if each.kind != "const"]
    return layer.operator in _SCALING and len(taken) == 1


def gain_by_pattern(subject: Subject) -> Mapping[str, tuple[int, int]]:
    """How many groups S_f fuses of each pattern, and what that saves over S, in ns."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for step in _groups(subject):
        count, saved = found[step.pattern]
        found[step.pattern] = count + 1, saved + _saved_ns(subject, step)
    return dict(sorted(found.items(), key=lambda each: -each[1][1]))


def _unfused(subject: Subject) -> Iterator[Advice]:
    """By pattern, what S_f fuses and the setup does not."""
    done = {step.layers for step in subject.composition.steps if step.pattern}
    left: dict[str, list[Step]] = defaultdict(list)
    for step in _groups(subject):
        if step.layers not in done:
            left[step.pattern].append(step)
    for pattern, steps in left.items():
        saved = sum(_saved_ns(subject, step) for step in steps)
        yield subject.advice(
            *("Q5", "fusion of a pattern", steps),
            f"{len(steps)} groups",
            f"Fuse {pattern}",
            "a kernel for the pattern",
            subject.latency_ns - saved * subject.scale,
        )


def _groups(subject: Subject) -> list[Step]:
    return [step for step in subject.bounds.fused.steps if step.pattern]


def _saved_ns(subject: Subject, step: Step) -> int:
    best_ns = subject.bounds.costed.best_ns
    return sum(best_ns[layer] for layer in step.layers) - step.cost.cost_ns

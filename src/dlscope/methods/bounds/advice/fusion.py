"""Q5: what would fusing layers save, and which fusions does the framework do already?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from dlscope.methods.bounds.advice.base import Advice, Subject
from dlscope.methods.bounds.bound import Step

_LEVEL = "graph_optimization"


def advise(subject: Subject) -> Iterator[Advice]:
    """To switch the framework's own fusion on, and to fuse what it leaves apart."""
    if subject.setup.backend == "onnxruntime" and subject.setup.option(_LEVEL) == "disabled":
        found = subject.set_up(
            *("Q5", "fusion", subject.setup.with_option(_LEVEL, "extended")),
            "Fuse layers",
            f"{_LEVEL}=extended",
            f"{len(_groups(subject))} groups",
        )
        if found:
            yield found
    yield from _unfused(subject)


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

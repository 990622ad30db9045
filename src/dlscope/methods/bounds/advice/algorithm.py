"""Q3: is each layer computed in the best way there is?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dlscope.core.errors import BoundError
from dlscope.methods.bounds.advice.base import Advice, Subject
from dlscope.methods.bounds.bound import Step
from dlscope.methods.bounds.composing import compose
from dlscope.methods.bounds.costed import Cost, cheapest
from dlscope.methods.bounds.passing import passing_ns

KIND = "layer elsewhere"
_PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


def advise(subject: Subject) -> Iterator[Advice]:
    """To have a kind of layer computed by another backend, or products by another algorithm."""
    yield from _elsewhere(subject)
    yield from _algorithms(subject)


def _elsewhere(subject: Subject) -> Iterator[Advice]:
    """For every operator the backend that is predicted to gain the most from it."""
    operators = [layer.op_type for layer in subject.bounds.costed.layers]
    for operator in dict.fromkeys(operators):
        # Products are most of a model: for them there is the advice to change the backend.
        if operator in _PRODUCTS or operator in subject.setup.elsewhere:
            continue
        found = [
            _moved(subject, operator, backend, operators.count(operator))
            for backend in subject.backends
            if backend != subject.setup.backend
        ]
        best = max(filter(None, found), key=lambda each: each.saving_ns, default=None)
        # That most kinds of layers are best left where they are need not be told.
        if best and best.saving_ns > 0:
            yield best


def _moved(subject: Subject, operator: str, backend: str, count: int) -> Advice | None:
    """What it takes in the model itself is known better from there than from benchmarks."""
    setup = subject.setup.with_layers_in(operator, backend)
    words = (f"Replace the implementation of {operator}", f"{operator}={backend}")
    where = f"{count} {operator}"
    try:
        after = compose(subject.bounds, setup)
    except BoundError:
        return None
    moved = [step for step in after.steps if _is_alone(subject, step, operator)]
    was_fused = any(
        step.pattern and operator in _operators(subject, step) for step in subject.composition.steps
    )
    if operator not in subject.in_model or was_fused:
        return subject.set_up("Q3", KIND, setup, *words, where)
    taken_ns = sum(step.cost.cost_ns for step in moved)
    after_ns = subject.latency_ns - subject.in_model[operator] + taken_ns
    after_ns += passing_ns(subject.bounds, after, setup)
    return subject.advice("Q3", KIND, moved, where, *words, after_ns, setup=setup)


def _is_alone(subject: Subject, step: Step, operator: str) -> bool:
    return _operators(subject, step) == [operator]


def _operators(subject: Subject, step: Step) -> list[str]:
    return [subject.bounds.costed.by_id[layer].op_type for layer in step.layers]


def _algorithms(subject: Subject) -> Iterator[Advice]:
    """What the fastest way of each convolution and product would save, in the same type."""
    gains: dict[str, list[tuple[Step, Cost]]] = defaultdict(list)
    for step in subject.composition.steps:
        best = best_way(subject, step)
        operator = subject.bounds.costed.by_id[step.layers[0]].op_type
        if best and operator in _PRODUCTS and best.cost_ns < step.cost.cost_ns:
            gains[operator].append((step, best))
    for operator, pairs in gains.items():
        saved = sum(step.cost.cost_ns - best.cost_ns for step, best in pairs)
        yield subject.advice(
            *("Q3", "algorithm"),
            [Step(step.layers, best, step.pattern) for step, best in pairs],
            f"{len(pairs)} {operator}",
            f"Choose another algorithm for {operator}",
            _changes(pairs),
            subject.latency_ns - saved * subject.scale,
        )


def best_way(subject: Subject, step: Step) -> Cost | None:
    """The cheapest admissible way to carry out the layers of a step; None if none is measured."""
    costed = subject.bounds.costed
    if len(step.layers) == 1:
        return cheapest(costed.by_id[step.layers[0]].costs)
    return cheapest(
        cost for group in costed.groups if group.layers == step.layers for cost in group.costs
    )


def _changes(pairs: list[tuple[Step, Cost]]) -> str:
    """From what to what, most layers first: `ort → openvino`."""
    counts: dict[str, int] = defaultdict(int)
    for step, best in pairs:
        counts[f"{step.cost.implementation} → {best.implementation}"] += 1
    return ", ".join(sorted(counts, key=lambda each: -counts[each])[:3])

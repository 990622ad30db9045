"""OpenVINO's performance counters: how long each node took, but neither when nor each time.

A counter is the mean of all inferences since the model was compiled, in whole µs, rounded down;
two readings give the mean of the inferences between them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dlscope.core.trace import Attribute, Level, Trace
from dlscope.tracing.sources.host_spans import NOBODY, Caller, HostSpans

TRACER = "openvino"
STEP_NS = 1_000
"""Counters are whole µs."""

_NOT_RUN = "NOT_RUN"


@dataclass(frozen=True)
class NodeTime:
    """One node of the compiled model; times are means. `exec_type` is the kernel that it runs."""

    name: str
    type: str
    exec_type: str
    status: str
    real_ns: int
    cpu_ns: int
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """All counters after so many inferences, in the order in which the nodes run."""

    inferences: int
    nodes: tuple[NodeTime, ...]


def mean_between(before: Reading, after: Reading) -> tuple[NodeTime, ...]:
    """The nodes that ran, with their mean times in the inferences between two readings.

    A mean m of k inferences stands for a sum in [k·m, k·m + k) µs, of which the middle is taken:
    the result is off by up to (k₁ + k₂)/2(k₂ − k₁) µs. No inference in between gives no nodes.
    """
    count = after.inferences - before.inferences
    if count <= 0:
        return ()
    earlier = {node.name: node for node in before.nodes}

    def mean(name: str, is_cpu: bool, later_ns: int) -> int:
        node = earlier.get(name)
        earlier_ns = 0 if node is None else node.cpu_ns if is_cpu else node.real_ns
        total = _sum_ns(later_ns, after.inferences) - _sum_ns(earlier_ns, before.inferences)
        return max(0, round(total / count))

    return tuple(
        replace(
            node,
            real_ns=mean(node.name, False, node.real_ns),
            cpu_ns=mean(node.name, True, node.cpu_ns),
        )
        for node in after.nodes
        if node.status != _NOT_RUN
    )


def read_openvino(
    nodes: Sequence[NodeTime],
    inferences: Sequence[tuple[int, int]],
    caller: Caller = NOBODY,
    levels: Collection[Level] = (Level.LAYER,),
) -> Trace:
    """Spans of `nodes` in each of `inferences`, (start, end) in ns, whose means their times are.

    They lie end to end from the start of the inference, longer in one that took longer: their
    mean is measured, everything else is not, so that they have the attribute `synthetic_ts`. The
    KERNEL of a node, if wanted, is its `exec_type` over the same interval.
    """
    spans = HostSpans(TRACER, caller)
    total_ns = sum(end_ns - start_ns for start_ns, end_ns in inferences)
    for start_ns, end_ns in inferences:
        share = (end_ns - start_ns) * len(inferences) / total_ns if total_ns else 0.0
        _add_inference(spans, [_scaled(node, share) for node in nodes], (start_ns, end_ns), levels)
    return spans.trace()


def _add_inference(
    spans: HostSpans,
    nodes: Sequence[NodeTime],
    inference: tuple[int, int],
    levels: Collection[Level],
) -> None:
    at_ns, end_ns = inference
    for node in nodes:
        # What was rounded can add up to more than there is.
        kept = replace(node, real_ns=min(node.real_ns, end_ns - at_ns))
        if Level.LAYER in levels:
            _add(spans, Level.LAYER, node.name, node.type, at_ns, kept, _told(node))
        if Level.KERNEL in levels:
            known: dict[str, Attribute] = {"source": "exec_type", "synthetic_ts": True}
            _add(spans, Level.KERNEL, node.exec_type, node.exec_type, at_ns, kept, known)
        at_ns += kept.real_ns


def _add(
    spans: HostSpans,
    level: Level,
    name: str,
    kind: str,
    start_ns: int,
    node: NodeTime,
    attributes: Mapping[str, Attribute],
) -> None:
    spans.add(
        level,
        name,
        start_ns,
        node.real_ns,
        type=kind,
        attributes=attributes,
        cpu_ns=node.cpu_ns,
    )


def _told(node: NodeTime) -> dict[str, Attribute]:
    return {
        **node.attributes,
        "exec_type": node.exec_type,
        "node_type": node.type,
        "status": node.status,
        "synthetic_ts": True,
    }


def _scaled(node: NodeTime, share: float) -> NodeTime:
    return replace(node, real_ns=round(node.real_ns * share), cpu_ns=round(node.cpu_ns * share))


def _sum_ns(mean_ns: int, inferences: int) -> int:
    """The sum that a mean, rounded down to whole µs, stands for most likely."""
    return mean_ns * inferences + (inferences - 1) * STEP_NS // 2 if inferences else 0

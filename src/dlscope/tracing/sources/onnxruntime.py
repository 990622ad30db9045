"""ONNX Runtime's profile of a session: JSON events, in µs since profiling began.

Numbers among the arguments of an event are written as strings. A session keeps 10⁶ events and
drops every later one without a word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.trace import Attribute, Level
from dlscope.tracing.epoch import EpochClock
from dlscope.tracing.sources.event_times import EventTimes, Interval
from dlscope.tracing.sources.event_values import INT, LONG, attribute, integer
from dlscope.tracing.sources.host_spans import Caller, HostSpans
from dlscope.tracing.sources.json_events import Event, EventReader
from dlscope.tracing.sources.tensor_text import tensor_attributes
from dlscope.tracing.tracer import Diagnostic, Drained

TRACER = "onnxruntime"
RESOLUTION_NS = 1_000
"""Times are whole microseconds."""

EVENT_CAP = 1_000_000
"""The most events that a session keeps."""

_PROFILE = "the profile of ONNX Runtime"
_FIRST_EPOCH_NS = 10**17
_LAYER_END = "_kernel_time"
_MODEL_RUN = "model_run"
_BYTES = {
    "output_size": "output_bytes",
    "parameter_size": "parameter_bytes",
    "activation_size": "activation_bytes",
    "mem_bytes_in_use": "allocator_in_use_bytes",
}
"""What it tells of memory under names of its own; the peak that it tells is that of the session."""
_SHAPES = {"input_type_shape": "input", "output_type_shape": "output"}
# ONNX Runtime names element types as C++ does.
_DTYPES = {"float": "float32", "double": "float64"}


def read_onnxruntime(
    profile: bytes | Path,
    clock: EpochClock,
    *,
    profile_start_ns: int,
    levels: Collection[Level] = (Level.MODEL, Level.LAYER),
    event_cap: int = EVENT_CAP,
) -> Drained:
    """LAYER spans of the nodes and MODEL spans of the runs in a profile, cut short or whole.

    The KERNEL of a node, if wanted, is its operator with its provider, over the same interval.
    `profile_start_ns` is the session's `get_profiling_start_time_ns`: a time of day on Linux, on
    the trace clock elsewhere. Raises `DataError` for what holds no events at all.
    """
    is_epoch = profile_start_ns > _FIRST_EPOCH_NS

    def to_monotonic(start_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        moments = start_ns + profile_start_ns
        return clock.to_monotonic(moments) if is_epoch else moments

    spans = HostSpans(TRACER, to_monotonic=to_monotonic)
    times, counted = EventTimes(), _Counted(EventReader(profile, name=_PROFILE))
    for interval in times.intervals(counted):
        _add(spans, interval, levels)
    told = [*counted.reader.diagnostics, *times.diagnostics()]
    if counted.events >= event_cap:
        what = f"ONNX Runtime keeps {event_cap} events of a session and drops every later one"
        told.append(Diagnostic("capped", what))
    return Drained(spans.trace(), tuple(told))


@final
class _Counted:
    """The events of a reader, and how many they were."""

    def __init__(self, reader: EventReader) -> None:
        self.reader = reader
        self.events = 0

    def __iter__(self) -> Iterator[Event]:
        for event in self.reader:
            self.events += 1
            yield event


def _add(spans: HostSpans, interval: Interval, levels: Collection[Level]) -> None:
    event = interval.event
    category, name = event.get("cat"), str(event.get("name", ""))
    args = event.get("args")
    args = args if isinstance(args, dict) else {}
    is_node = category == "Node" and name.endswith(_LAYER_END)
    operator = str(args.get("op_name", ""))
    if is_node and Level.LAYER in levels:
        layer = name.removesuffix(_LAYER_END)
        _add_span(spans, Level.LAYER, layer, operator, interval, _attributes(args))
    if is_node and Level.KERNEL in levels:
        kernel = f"{args.get('provider', '')}.{operator}"
        _add_span(spans, Level.KERNEL, kernel, operator, interval, {"source": "op_name"})
    if category == "Session" and name == _MODEL_RUN and Level.MODEL in levels:
        _add_span(spans, Level.MODEL, name, "", interval, _attributes(args))


def _add_span(
    spans: HostSpans,
    level: Level,
    name: str,
    kind: str,
    interval: Interval,
    attributes: Mapping[str, Attribute],
) -> None:
    event = interval.event
    spans.add(
        level,
        name,
        interval.start_ns,
        interval.end_ns - interval.start_ns,
        type=kind,
        attributes=attributes,
        caller=Caller(integer(event.get("pid"), INT), integer(event.get("tid"), LONG)),
    )


def _attributes(args: Mapping[str, Any]) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    for key, value in sorted(args.items()):
        if key in _SHAPES:
            found |= _tensors(_SHAPES[key], value)
        elif key != "op_name" and value not in ("", None):
            found[_BYTES.get(key, key)] = _number(value)
    return found


def _tensors(side: str, value: Any) -> dict[str, Attribute]:
    """All tensors on one `side`, told as `[{"float": [1, 8, 6, 6]}]`."""
    told = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    pairs = [pair for each in told for pair in each.items() if isinstance(pair[1], list)]
    if not pairs:
        return {}
    dtypes = (str(_DTYPES.get(word, word)) for word, _ in pairs)
    return tensor_attributes(side, (shape for _, shape in pairs), dtypes)


def _number(value: Any) -> Attribute:
    is_number = isinstance(value, str) and value.removeprefix("-").isdecimal()
    return int(value) if is_number else attribute(value)

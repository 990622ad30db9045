"""`EventTimes`: the intervals that JSON trace events tell, and how many tell none that can be.

`ts` and `dur` are µs; begin and end events are paired on each thread as nested calls.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, final

from dlscope.tracing.sources.json_events import Event
from dlscope.tracing.tracer import Diagnostic

LONGEST_NS = 3600 * 10**9
"""A longer interval is a broken number."""
INCOMPLETE_SHARE = 0.01
_LARGEST_NS = 1 << 62
_NS = 1000  # ns in a µs


class Interval(NamedTuple):
    """An event with its times in ns; `is_truncated` where its end was not told."""

    event: Event
    start_ns: int
    end_ns: int
    is_truncated: bool = False


class _NoTimeError(Exception):
    """The event has no time that can be; the argument says why."""


@final
class EventTimes:
    """Counts while it goes over the events; `diagnostics` are complete at the end."""

    def __init__(self) -> None:
        self._kept = 0
        self._dropped: Counter[str] = Counter()
        self._unclosed = 0
        self._open: defaultdict[tuple[Any, Any], list[tuple[Event, int]]] = defaultdict(list)
        self._last_ns: dict[tuple[Any, Any], int] = {}

    def intervals(self, events: Iterable[Event]) -> Iterator[Interval]:
        """Complete events, instants (of no length) and pairs of begin and end."""
        for event in events:
            try:
                found = self._interval(event)
            except _NoTimeError as error:
                self.drop(str(error))
                continue
            if found is not None:
                self._kept += 1
                yield found
        yield from self._unended()

    def drop(self, why: str, count: int = 1) -> None:
        """Count events that are left out although they should be spans."""
        self._dropped[why] += count

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was left out, by reason, and whether that is too much to trust the rest."""
        found = [
            Diagnostic("dropped", f"events that were left out: {why}", count)
            for why, count in sorted(self._dropped.items())
        ]
        if self._unclosed:
            what = "spans that were never closed end with what holds them"
            found.append(Diagnostic("truncated", what, self._unclosed))
        dropped = self._dropped.total()
        if dropped > INCOMPLETE_SHARE * (self._kept + dropped):
            what = "more than 1 % of the events were left out"
            found.append(Diagnostic("incomplete", what, dropped))
        return tuple(found)

    def _interval(self, event: Event) -> Interval | None:
        phase = event.get("ph", "X" if "dur" in event else None)
        thread = (_hashable(event.get("pid")), _hashable(event.get("tid")))
        if phase == "X":
            start_ns, duration_ns = _time_ns(event, "ts"), _time_ns(event, "dur")
            return self._seen(thread, Interval(event, start_ns, start_ns + duration_ns))
        if phase in ("i", "I", "R"):
            start_ns = _time_ns(event, "ts")
            return Interval(event, start_ns, start_ns)
        if phase == "B":
            self._open[thread].append((event, _time_ns(event, "ts")))
        elif phase == "E":
            return self._seen(thread, self._ended(thread, event))
        return None

    def _ended(self, thread: tuple[Any, Any], event: Event) -> Interval:
        if not self._open[thread]:
            raise _NoTimeError("an end without a beginning")
        begun, start_ns = self._open[thread].pop()
        args = {**_args(begun), **_args(event)}
        return Interval({**begun, "args": args}, start_ns, _time_ns(event, "ts"))

    def _seen(self, thread: tuple[Any, Any], interval: Interval) -> Interval:
        duration_ns = interval.end_ns - interval.start_ns
        if duration_ns < 0:
            raise _NoTimeError("a negative duration")
        if duration_ns > LONGEST_NS:
            raise _NoTimeError("a duration over an hour")
        self._last_ns[thread] = max(interval.end_ns, self._last_ns.get(thread, interval.end_ns))
        return interval

    def _unended(self) -> Iterator[Interval]:
        for thread, stack in self._open.items():
            latest = max((start_ns for _, start_ns in stack), default=0)
            end_ns = max(self._last_ns.get(thread, latest), latest)
            for event, start_ns in stack:
                self._kept += 1
                self._unclosed += 1
                yield Interval(event, start_ns, end_ns, is_truncated=True)


def _time_ns(event: Event, key: str) -> int:
    """A time in µs as ns, exactly."""
    value = event.get(key)
    if value is None:
        raise _NoTimeError(f"no {key}")
    try:
        time_us = Decimal(value)
    except (InvalidOperation, ValueError, TypeError):
        raise _NoTimeError(f"{key} is no number") from None
    if not time_us.is_finite():
        raise _NoTimeError(f"{key} is no number")
    # Compared before it is brought to ns: as a whole number, 1e999999 would take minutes.
    if abs(time_us) > _LARGEST_NS // _NS:
        raise _NoTimeError(f"{key} is out of range")
    return round(time_us * _NS)


def _args(event: Event) -> Event:
    args = event.get("args")
    return args if isinstance(args, dict) else {}


def _hashable(value: Any) -> Any:
    return value if isinstance(value, int | str) else str(value)

"""`SpanBuffer`: spans of many threads, kept for less than a microsecond each until taken.

The object of a span is its record: it goes from the stack of its thread to the list of its thread
and nothing is copied, locked or converted while the program is measured. Finished spans are taken
away by another thread, which is safe since adding to a list and cutting its front off are single
steps of the interpreter.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, final

from dlscope.core.trace import Attribute, Level, Span, Trace
from dlscope.tracing.tracer import Diagnostic

BLOCK = 1 << 16
"""How many finished spans of a thread make it worth to take them."""
SPAN_BYTES = 256
"""What a span takes in memory, with its times and its share of its attributes."""
LIMIT_BYTES = 256 << 20

_NOT_ENDED = -1


@final
class _Nothing:
    """A span that is not recorded. Both methods are built in and ignore what they are given."""

    __slots__ = ()
    __enter__ = "".format
    __exit__ = "".format


NOTHING = _Nothing()


@final
class LiveSpan:
    """A span from its start until it is taken; it ends at the end of its `with` block."""

    __slots__ = (
        *("attributes", "end_ns", "id", "is_told", "iteration", "level"),
        *("name", "parent_id", "start_ns", "thread", "type"),
    )
    attributes: dict[str, Attribute] | None
    end_ns: int
    id: int
    is_told: bool
    iteration: int
    level: int
    name: str
    parent_id: int
    start_ns: int
    thread: _ThreadSpans
    type: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        end_ns = self.thread.now_ns()
        thread = self.thread
        open_spans = thread.open
        if open_spans and open_spans[-1] is self:
            del open_spans[-1]
        elif not thread.forgets(self):
            return
        self.end_ns = end_ns
        finished = thread.finished
        finished.append(self)
        if not len(finished) & (BLOCK - 1):
            thread.on_block()


@final
class _ThreadSpans:
    """What one thread has open, innermost last, and what it finished."""

    __slots__ = ("detached", "finished", "ident", "now_ns", "on_block", "open", "owner")

    def __init__(self, now_ns: Callable[[], int], on_block: Callable[[], None]) -> None:
        self.open: list[LiveSpan] = []
        self.detached: list[LiveSpan] = []
        self.finished: list[LiveSpan] = []
        self.ident = threading.get_native_id()
        self.owner = weakref.ref(threading.current_thread())
        self.now_ns = now_ns
        self.on_block = on_block

    def forgets(self, span: LiveSpan) -> bool:
        """Whether `span`, which is not the innermost one, was open until now."""
        for spans in (self.detached, self.open):
            if span in spans:
                spans.remove(span)
                return True
        return False

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come from this thread."""
        owner = self.owner()
        return not (self.finished or self.open or self.detached or (owner and owner.is_alive()))


@final
class SpanBuffer:
    """Spans up to `level`; deeper ones cost a comparison and are not kept.

    What is not taken may fill `limit_bytes`; then the whole current iteration is dropped, or
    without iterations everything from there on. `on_block` is called when a thread has finished
    `BLOCK` spans more.
    """

    def __init__(
        self,
        level: Level,
        *,
        limit_bytes: int = LIMIT_BYTES,
        now_ns: Callable[[], int] = time.perf_counter_ns,
        on_block: Callable[[], None] | None = None,
    ) -> None:
        self.iteration = 0
        self.dropped: set[int] = set()
        self._level = self._wanted = int(level)
        self._limit = limit_bytes // SPAN_BYTES
        self._has_iterations = False
        self._is_full = False
        self._now_ns = now_ns
        self._on_block = on_block
        self._next_id = itertools.count(1).__next__
        self._threads: list[_ThreadSpans] = []
        self._local = threading.local()

    def span(
        self, name: str, level: int, type: str = "", **attributes: Attribute
    ) -> LiveSpan | _Nothing:
        """A span of this thread, started now, to be ended by `with` around the work.

        Spans started inside it by the same thread become its children.
        """
        if level > self._level:
            return NOTHING
        try:
            thread = self._local.thread
        except AttributeError:
            thread = self._new_thread()
        span = LiveSpan()
        span.thread = thread
        span.name = name
        span.level = level
        span.type = type
        # An empty dict for each span would be kept, and visited by the garbage collector.
        span.attributes = attributes or None
        span.iteration = self.iteration
        span.is_told = False
        span.end_ns = _NOT_ENDED
        open_spans = thread.open
        span.parent_id = open_spans[-1].id if open_spans else 0
        span.id = self._next_id()
        open_spans.append(span)
        span.start_ns = self._now_ns()
        return span

    @contextmanager
    def costed(
        self, name: str, level: int, type: str = "", **attributes: Attribute
    ) -> Iterator[None]:
        """The body as a span with the CPU time of the whole process in it as `cpu_ns`."""
        with self.span(name, level, type, **attributes) as span:
            before = time.process_time_ns()
            try:
                yield
            finally:
                if isinstance(span, LiveSpan):
                    cpu_ns = time.process_time_ns() - before
                    span.attributes = {**attributes, "cpu_ns": cpu_ns}

    def start_span(
        self,
        name: str,
        level: int,
        type: str = "",
        *,
        parent: LiveSpan | _Nothing | None = None,
        **attributes: Attribute,
    ) -> LiveSpan | _Nothing:
        """A span for `finish_span`, from any thread and in any order.

        It is a child of `parent`, else of the span that this thread has open, and nobody's parent
        unless named as such.
        """
        span = self.span(name, level, type, **attributes)
        if isinstance(span, LiveSpan):
            span.thread.open.remove(span)
            span.thread.detached.append(span)
            if isinstance(parent, LiveSpan):
                span.parent_id = parent.id
        return span

    def finish_span(self, span: LiveSpan | _Nothing, **attributes: Attribute) -> None:
        """End `span` now; once more does nothing."""
        if isinstance(span, LiveSpan):
            if attributes:
                span.attributes = {**(span.attributes or {}), **attributes}
            span.__exit__(None, None, None)

    def begin_iteration(self, number: int) -> None:
        """What starts from now on belongs to iteration `number`, negative in a warm-up."""
        self._has_iterations = True
        self.iteration = number
        if not self._is_full:
            self._level = self._wanted

    def stop(self) -> None:
        """Record nothing more; what is open may still end."""
        self._is_full = True
        self._level = Level.NONE

    def take(self) -> list[LiveSpan]:
        """The finished spans of all threads since the last time, without dropped iterations."""
        found: list[LiveSpan] = []
        for thread in list(self._threads):
            part = thread.finished[:]
            del thread.finished[: len(part)]
            found += part
            if thread.is_over:
                self._threads.remove(thread)
        if self.dropped:
            found = [span for span in found if span.iteration not in self.dropped]
        return found

    def take_trace(self, tracer: str = "dlscope") -> Trace:
        """What `take` takes, as a trace of this process in order of start."""
        spans = (_told(span, tracer) for span in self.take())
        return Trace(sorted(spans, key=lambda span: (span.start_ns, span.id)))

    def newly_open(self) -> list[LiveSpan]:
        """The spans that are open now and were not the last time."""
        found = []
        for thread in list(self._threads):
            for span in [*thread.open, *thread.detached]:
                # One being set up by its thread right now has no start yet.
                if not span.is_told and hasattr(span, "start_ns"):
                    span.is_told = True
                    found.append(span)
        return found

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was not kept for lack of memory."""
        if self.dropped:
            what = "iterations whose spans were dropped, since they came faster than they are kept"
            return (Diagnostic("dropped_iterations", what, len(self.dropped)),)
        if self._is_full and self._pending() >= self._limit:
            what = "the memory for spans was full: nothing was recorded from there on"
            return (Diagnostic("memory_full", what),)
        return ()

    def _new_thread(self) -> _ThreadSpans:
        thread = self._local.thread = _ThreadSpans(self._now_ns, self._on_full_block)
        self._threads.append(thread)
        return thread

    def _on_full_block(self) -> None:
        if self._on_block is not None:
            self._on_block()
        if self._pending() >= self._limit:
            if self._has_iterations:
                self.dropped.add(self.iteration)
                self._level = Level.NONE
            else:
                self.stop()

    def _pending(self) -> int:
        return sum(len(thread.finished) for thread in self._threads)


def _told(span: LiveSpan, tracer: str) -> Span:
    return Span(
        *(span.id, span.parent_id, Level(span.level), span.name, span.start_ns, span.end_ns),
        attributes=span.attributes or {},
        type=span.type,
        tracer=tracer,
        iteration=span.iteration,
        process=os.getpid(),
        thread=span.thread.ident,
    )

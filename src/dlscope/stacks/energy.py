"""`EnergyMeter`: energy of a measured part above what the machine draws when idle."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, final

from dlscope.core.errors import MeasurementError
from dlscope.core.run import Energy
from dlscope.stacks.nvml import nvml_counter
from dlscope.stacks.rapl import ROOT, RaplCounter
from dlscope.tracing.clock import Clock, MonotonicClock

IDLE_S = 0.5


class Counter(Protocol):
    """Something that counts joules from when it was made, asked at least every `period_s`."""

    source: ClassVar[str]
    period_s: ClassVar[float]

    def joules(self) -> float:
        """Energy so far, in joules. Raises `MeasurementError` when it can no longer be read."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


@final
class EnergyMeter:
    """Energy between `start` and `stop`: of the processors (`cpu`) or of an NVIDIA device (`gpu`).

    `start` first measures for half a second what is drawn without the load:

        joules = counted − idle_w · duration

    It is the whole package or device that is counted, other programs included. Where no counter
    can be read the Energy says why and holds no figure: nothing is ever estimated. `rapl_root`
    and `nvml` stand in for the machine's own.
    """

    def __init__(
        self,
        device: Literal["cpu", "gpu"] = "cpu",
        *,
        rapl_root: Path = ROOT,
        nvml: Any = None,
        clock: Clock | None = None,
    ) -> None:
        self._device = device
        self._rapl_root = rapl_root
        self._nvml = nvml
        self._clock = clock or MonotonicClock()
        self._watch: _Watch | None = None
        self._problem: MeasurementError | None = None
        self._idle_w = 0.0
        self._start_ns = 0
        self._start_j = 0.0

    def start(self) -> None:
        """Open the counter and measure idle power; returns at once where there is no counter."""
        try:
            self._watch = _Watch(self._counter())
            before_ns, before_j = self._clock.now_ns(), self._watch.joules()
            self._clock.sleep_until(before_ns + round(IDLE_S * 1e9))
            self._start_ns, self._start_j = self._clock.now_ns(), self._watch.joules()
            self._idle_w = (self._start_j - before_j) / ((self._start_ns - before_ns) / 1e9)
        except MeasurementError as problem:
            self._problem = problem

    @property
    def counts(self) -> bool:
        """Whether it was started, and there is a counter that could be read."""
        return self._watch is not None and self._problem is None

    def stop(self, inferences: int) -> Energy:
        """Energy since the idle measurement, also per each of `inferences`.

        Raises `MeasurementError` when the meter was not started.
        """
        if self._watch is None and self._problem is None:
            raise MeasurementError(
                "energy was not measured",
                where="EnergyMeter",
                fix="call start before the part to be measured",
            )
        try:
            return self._energy(inferences)
        except MeasurementError as problem:
            return Energy(reason=f"{problem.what}; {problem.fix}")
        finally:
            if self._watch is not None:
                self._watch.end()

    def _energy(self, inferences: int) -> Energy:
        if self._problem is not None or self._watch is None:
            assert self._problem is not None
            raise self._problem
        duration_s = (self._clock.now_ns() - self._start_ns) / 1e9
        counted_j = self._watch.joules() - self._start_j
        source = self._watch.counter.source
        joules = counted_j - self._idle_w * duration_s
        if joules < 0:
            drawn = f"{counted_j / duration_s:.1f} W against {self._idle_w:.1f} W before it"
            return Energy(
                source, idle_w=self._idle_w, reason=f"less was drawn than when idle: {drawn}"
            )
        per_inference_j = joules / inferences if inferences else None
        reason = "" if inferences else "nothing was inferred"
        return Energy(source, joules, self._idle_w, per_inference_j, reason)

    def _counter(self) -> Counter:
        if self._device == "cpu":
            return RaplCounter(self._rapl_root)
        return nvml_counter(self._nvml, self._clock)


@final
class _Watch:
    """Asks a counter as often as it must be asked, from a thread of its own."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._problem: MeasurementError | None = None
        self._thread = threading.Thread(target=self._ask, name="energy-meter", daemon=True)
        self._thread.start()

    def joules(self) -> float:
        """What the counter says now. Raises what it raised before, if it did."""
        with self._lock:
            if self._problem is not None:
                raise self._problem
            return self.counter.joules()

    def end(self) -> None:
        """Ask no more and close the counter."""
        self._done.set()
        self._thread.join()
        self.counter.close()

    def _ask(self) -> None:
        while not self._done.wait(self.counter.period_s):
            try:
                self.joules()
            except MeasurementError as problem:
                self._problem = problem
                return

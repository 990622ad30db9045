"""`PerfTracer`: which function the processor is in, asked 2000 times in a second of its work.

Kernels that oneDNN generates have names too if the process began with ONEDNN_JIT_PROFILE=2.
"""

from __future__ import annotations

import atexit
import functools
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, final

from dlscope.core.trace import Level
from dlscope.tracing.sources.perf_script import TRACER, read_perf_script
from dlscope.tracing.tracer import Capability, Drained, Tracer

FREQUENCY_HZ = 2000

_NS_PER_S = 1_000_000_000
_TIMEOUT_S = 30
_MOST_PARANOID = 2
_PARANOIA = Path("/proc/sys/kernel/perf_event_paranoid")
# Samples on the trace clock; nothing is copied to the cache of binaries that perf has at home.
_RECORD = (
    *("perf", "record", "--no-buildid", "--no-buildid-cache", "--clockid", "CLOCK_MONOTONIC"),
    *("--event", "cpu-clock", "--freq", str(FREQUENCY_HZ)),
)


@final
class PerfTracer(Tracer):
    """A KERNEL span of kind `sample` for each sample of this process, of all its threads."""

    name = TRACER
    levels = (Level.KERNEL,)
    environment: ClassVar[Mapping[str, str]] = {"ONEDNN_JIT_PROFILE": "2"}
    resolution_ns = _NS_PER_S // FREQUENCY_HZ

    def __init__(self) -> None:
        self._recording: _Recording | None = None

    def _start(self) -> None:
        _forget_symbols_at_exit()
        self._recording = _Recording()

    def _stop(self) -> None:
        if self._recording is not None:
            self._recording.stop()

    def _drain(self) -> Drained:
        recording, self._recording = self._recording, None
        if recording is None:
            return Drained()
        lines = recording.script().splitlines()
        return read_perf_script(lines, period_ns=self.resolution_ns, process=os.getpid())


@functools.cache
def _forget_symbols_at_exit() -> None:
    # Where perf looks for the names of generated code; who writes it leaves it behind.
    symbols = Path(f"/tmp/perf-{os.getpid()}.map")
    atexit.register(symbols.unlink, missing_ok=True)


@functools.cache
def perf_capability() -> Capability:
    """Whether perf can sample this process; tries it once."""
    reason, fix = _obstacle()
    return Capability(Level.KERNEL, TRACER, is_available=not reason, reason=reason, fix=fix)


def _obstacle() -> tuple[str, str]:
    if shutil.which("perf") is None:
        return "perf is not installed", "install perf (package linux-perf or linux-tools)"
    with tempfile.TemporaryDirectory() as folder:
        tried = _done([*_RECORD, "--output", f"{folder}/data", "--", "true"])
    if not tried.returncode:
        return "", ""
    paranoia = _PARANOIA.read_text().strip() if _PARANOIA.exists() else ""
    if paranoia.isdecimal() and int(paranoia) > _MOST_PARANOID:
        what = f"perf_event_paranoid is {paranoia}, which forbids sampling"
        return what, f"sysctl kernel.perf_event_paranoid={_MOST_PARANOID}"
    said = tried.stderr.strip().splitlines() or [f"it ended with {tried.returncode}"]
    return f"perf cannot sample: {said[0]}", "run `perf record -e cpu-clock true` to see why"


@final
class _Recording:
    """A `perf record` of this process, which has begun when the constructor returns."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._data = f"{self._folder.name}/data"
        control, self._control = os.pipe()
        self._answer, answer = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    *_RECORD,
                    *("--pid", str(os.getpid()), "--output", self._data),
                    *("--delay", "-1", "--control", f"fd:{control},{answer}"),
                ],
                pass_fds=(control, answer),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        finally:
            os.close(control)
            os.close(answer)
        self._enable()

    def stop(self) -> None:
        """End the recording. Raises RuntimeError when perf failed."""
        try:
            os.write(self._control, b"stop\n")
            self._wait()
        finally:
            self._close()

    def script(self) -> str:
        """The samples as `perf script` prints them; the recording is deleted."""
        fields = "tid,time,ip,sym,dso"
        printed = _done(["perf", "script", "--ns", "--fields", fields, "--input", self._data])
        self._folder.cleanup()
        if printed.returncode:
            raise RuntimeError(_last_line(printed.stderr))
        return printed.stdout

    def _enable(self) -> None:
        is_on = False
        try:
            is_on = self._is_on()
        finally:
            if not is_on:
                self._process.kill()
                _, said = self._process.communicate()
                self._close()
                self._folder.cleanup()
        if not is_on:
            raise RuntimeError(_last_line(said) if said.strip() else "perf does not answer")

    def _is_on(self) -> bool:
        """Whether perf samples now; one that has ended already takes no orders."""
        try:
            os.write(self._control, b"enable\n")
        except BrokenPipeError:
            return False
        ready, _, _ = select.select([self._answer], [], [], _TIMEOUT_S)
        return bool(ready and os.read(self._answer, 16))

    def _wait(self) -> None:
        try:
            _, said = self._process.communicate(timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise
        if self._process.returncode:
            raise RuntimeError(_last_line(said))

    def _close(self) -> None:
        os.close(self._control)
        os.close(self._answer)


def _done(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # Without it perf asks a server on the network for symbols.
    environment = {**os.environ, "DEBUGINFOD_URLS": ""}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT_S,
        check=False,
        env=environment,
    )


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or ["perf failed"])[-1]

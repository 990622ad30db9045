"""`LocalScheduler`: executes plans in worker processes on this machine."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final
from uuid import uuid4

from dlscope.agents.device_lock import device_lock
from dlscope.agents.scheduler import Assignment, Observer, Scheduler
from dlscope.agents.worker import MESSAGE
from dlscope.core.plan import Plan
from dlscope.core.run import Run, Status
from dlscope.stacks.fingerprint import environment
from dlscope.store.exchange import import_run

_LOG_LINES = 40
_STOP_GRACE_S = 30


def new_run_id() -> str:
    """A fresh id such as `r-5b1f09c2ad37`; people may shorten it."""
    return f"r-{uuid4().hex[:12]}"


@final
class LocalScheduler(Scheduler):
    """A fresh worker for each measurement; plans that only count accuracy share one."""

    name = "local"

    def _execute(self, assignments: Sequence[Assignment], observer: Observer) -> Iterator[Run]:
        with contextlib.ExitStack() as stack:
            shared: _Worker | None = None
            for assignment in assignments:
                if assignment.plan.scenario.mode == "accuracy":
                    if shared is None or not shared.is_alive:
                        shared = stack.enter_context(_Worker())
                    yield from _carry_out(shared, assignment, observer)
                else:
                    yield from _measure(assignment, observer)


def _measure(assignment: Assignment, observer: Observer) -> Iterator[Run]:
    def tell_waiting() -> None:
        observer(assignment.plan, {"step": "waiting for another measurement on this machine"})

    with device_lock(tell_waiting), _Worker() as worker:
        yield from _carry_out(worker, assignment, observer)


def _carry_out(worker: _Worker, assignment: Assignment, observer: Observer) -> Iterator[Run]:
    try:
        run = worker.run(assignment, observer)
    except KeyboardInterrupt:
        yield worker.stop(assignment, observer)
        raise
    yield run


class _Worker:
    """One worker process and the pipes to it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dlscope-")
        self._log_path = Path(self._folder.name) / "log"
        self._log = self._log_path.open("wb")
        # A session of its own: Ctrl-C reaches the parent alone, which asks the worker to finish.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dlscope.agents.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._run_id = ""
        self._started = ""
        self._digests: Mapping[str, str] | None = None
        self._log_start = 0

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self._output, self._log):
            # A pipe whose other end died may still hold unsent bytes.
            with contextlib.suppress(OSError):
                pipe.close()
        self._folder.cleanup()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def run(self, assignment: Assignment, observer: Observer) -> Run:
        """The Run of one plan; a worker that dies gives a failed one."""
        self._run_id = new_run_id()
        self._started = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._digests = None
        self._log_start = self._log_path.stat().st_size
        self._send(
            {
                "do": "run",
                "plan": assignment.plan.to_json(),
                "run_id": self._run_id,
                "partial": str(assignment.partial),
                "into": str(self._into),
            }
        )
        return self._await_run(assignment, observer)

    def stop(self, assignment: Assignment, observer: Observer) -> Run:
        """The Run after its current query; ended hard when that takes too long."""
        timer = threading.Timer(_STOP_GRACE_S, self._process.kill)
        timer.daemon = True
        try:
            timer.start()
            self._send({"do": "stop"})
            observer(assignment.plan, {"step": "finishing the current query"})
            return self._await_run(assignment, None, "aborted")
        except KeyboardInterrupt:
            self._process.kill()
            return self._died(assignment.plan, "aborted")
        finally:
            timer.cancel()

    @property
    def _into(self) -> Path:
        return Path(self._folder.name) / self._run_id

    def _await_run(
        self, assignment: Assignment, observer: Observer | None, if_it_dies: Status = "failed"
    ) -> Run:
        # Known already when Ctrl-C came between the worker's last word and its being read.
        while self._digests is None:
            line = self._output.readline()
            if not line:
                return self._died(assignment.plan, if_it_dies)
            if not line.startswith(MESSAGE):
                # Printed while Python started, before the worker took the pipe for itself.
                self._log.write(line.encode())
                self._log.flush()
                continue
            event = json.loads(line)
            if event["event"] == "done":
                self._digests = event["digests"]
            elif observer is not None:
                observer(assignment.plan, event)
        run = import_run(self._into, self._run_id, self._digests)
        return replace(run, log_tail=self._log_tail())

    def _send(self, message: Mapping[str, Any]) -> None:
        # A worker that is already dead is noticed when its answer is awaited.
        with contextlib.suppress(BrokenPipeError):
            self._input.write(json.dumps(message) + "\n")
            self._input.flush()

    def _died(self, plan: Plan, status: Status) -> Run:
        code = self._process.wait()
        error = {
            "kind": "MeasurementError",
            "what": f"the worker process {_how_it_ended(code)}",
            "where": plan.label,
            "fix": "see the log of the run; with too little memory, try a smaller batch",
        }
        return Run(
            id=self._run_id,
            plan=plan,
            environment=environment(),
            status=status,
            started_utc=self._started,
            error=error,
            log_tail=self._log_tail(),
        )

    def _log_tail(self) -> str:
        said = self._log_path.read_bytes()[self._log_start :].decode(errors="replace")
        return "\n".join(said.splitlines()[-_LOG_LINES:])


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended early with exit code {code}"

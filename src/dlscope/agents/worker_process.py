"""`WorkerProcess`: one worker, the pipes to it, and the guard over it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final
from uuid import uuid4

from dlscope.agents.guard import Ended, Guard, Limits, heartbeat
from dlscope.agents.kernel import oom_kills
from dlscope.agents.scheduler import Assignment, Observer
from dlscope.agents.worker import MESSAGE
from dlscope.core.hook_permission import VARIABLE, HookPermission
from dlscope.core.plan import Plan
from dlscope.core.run import Run, Status
from dlscope.stacks.fingerprint import environment
from dlscope.store.exchange import import_run
from dlscope.tracing.clock import MonotonicClock

FINISHING = "finishing the current query"
"""What is being done once somebody has asked to stop."""
_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)
_LOG_LINES = 40
_STOP_GRACE_S = 30
_FIX = {
    "oom": "try a smaller batch, or raise memory_limit",
    "timeout": "raise timeout_ms of the scenario, or look for what the model waits for",
}
_FIX_UNKNOWN = "see the log of the run; with too little memory, try a smaller batch"


def new_run_id() -> str:
    """A fresh id such as `r-5b1f09c2ad37`; people may shorten it."""
    return f"r-{uuid4().hex[:12]}"


@final
class WorkerProcess:
    """A process that carries out one plan after another, until it is left or dies.

    Hooks that it may run have `permission`, by default that of the environment. When it died,
    `ended` says why its guard did that, and `was_killed` that somebody else did. What it writes
    lies in a folder of its own in `folder`.
    """

    def __init__(
        self, permission: HookPermission | None = None, folder: Path | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dlscope-", dir=folder)
        self._log_path = Path(self._folder.name) / "log"
        self._pulse_path = Path(self._folder.name) / "pulse"
        self._pulse = heartbeat(self._pulse_path)
        self._log = self._log_path.open("wb")
        # A session of its own: Ctrl-C reaches the parent alone, which asks the worker to finish.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dlscope.agents.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
            env={**os.environ, VARIABLE: permission.text} if permission else None,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._run_id = ""
        self._started = ""
        self._digests: Mapping[str, str] | None = None
        self._log_start = 0
        self._kills = oom_kills()
        self._if_it_dies: Status = "failed"
        self.ended: Ended | None = None
        self.was_killed = False

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self._output, self._log):
            # A pipe whose other end died may still hold unsent bytes.
            with contextlib.suppress(OSError):
                pipe.close()
        self._pulse.release()
        self._folder.cleanup()

    @property
    def is_alive(self) -> bool:
        """Whether it can be given another plan."""
        return self._process.poll() is None

    def run(self, assignment: Assignment, observer: Observer) -> Run:
        """The Run of one plan; a worker that dies, or is ended by its guard, gives a failed one."""
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
                "pulse": str(self._pulse_path),
            }
        )
        guard = self._guard(assignment.plan)
        guard.start()
        try:
            return self._await_run(assignment, observer)
        finally:
            guard.stop()

    def ask_to_stop(self) -> None:
        """Let `run`, in another thread, end after its current query, and hard after a while."""
        self._if_it_dies = "aborted"
        timer = threading.Timer(_STOP_GRACE_S, self._process.kill)
        timer.daemon = True
        timer.start()
        self._send({"do": "stop"})

    def stop(self, assignment: Assignment, observer: Observer) -> Run:
        """The Run after its current query; ended hard when that takes too long."""
        timer = threading.Timer(_STOP_GRACE_S, self._process.kill)
        timer.daemon = True
        try:
            timer.start()
            self._send({"do": "stop"})
            observer(assignment.plan, {"step": FINISHING})
            self._if_it_dies = "aborted"
            return self._await_run(assignment, None)
        except KeyboardInterrupt:
            self._process.kill()
            return self._died(assignment.plan, "aborted")
        finally:
            timer.cancel()

    @property
    def _into(self) -> Path:
        return Path(self._folder.name) / self._run_id

    def _guard(self, plan: Plan) -> Guard:
        limits = Limits(plan.memory_limit_bytes, round(plan.scenario.timeout_ms * 1e6))

        def end(ended: Ended) -> None:
            self.ended = ended
            self._process.kill()

        return Guard(self._process.pid, self._pulse, limits, MonotonicClock().now_ns, end)

    def _await_run(self, assignment: Assignment, observer: Observer | None) -> Run:
        # Known already when Ctrl-C came between the worker's last word and its being read.
        while self._digests is None:
            line = self._output.readline()
            if not line:
                return self._died(assignment.plan, self._if_it_dies)
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
        reason, what = self._why(code)
        error = {
            "kind": "OutOfMemory" if reason == "oom" else "MeasurementError",
            "what": what,
            "where": plan.label,
            "fix": _FIX.get(reason, _FIX_UNKNOWN),
            **({"reason": reason} if reason else {}),
        }
        return Run(
            id=self._run_id,
            plan=plan,
            environment=environment(plan.framework.stack),
            status=status,
            started_utc=self._started,
            error=error,
            log_tail=self._log_tail(),
            memory_bytes=self._memory(),
        )

    def _memory(self) -> Mapping[str, int]:
        """The resident bytes at which the guard ended the worker."""
        if self.ended is None or self.ended.resident_bytes is None:
            return {}
        return {"baseline": 0, "peak": self.ended.resident_bytes}

    def _why(self, code: int) -> tuple[str, str]:
        """Why the process ended: the word for it, if there is one, and a sentence."""
        if self.ended is not None:
            return self.ended.reason, self.ended.what
        kills = oom_kills()
        if code == -signal.SIGKILL and None not in (kills, self._kills) and kills != self._kills:
            return "oom", "out of memory: the kernel ended the worker process"
        self.was_killed = code in _FROM_OUTSIDE
        return "", f"the worker process {_how_it_ended(code)}"

    def _log_tail(self) -> str:
        said = self._log_path.read_bytes()[self._log_start :].decode(errors="replace")
        return "\n".join(said.splitlines()[-_LOG_LINES:])


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended early with exit code {code}"

"""`Jobs`: experiments carried out one after another beside the server, and what they tell."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, final
from uuid import uuid4

from dlscope.core.digest import digest
from dlscope.web.children import Child
from dlscope.web.refusals import TAKEN, UNKNOWN, refused

State = Literal["queued", "running", "done", "failed", "stopped"]
MOST_WAITING = 20
_KEPT = 200
_STAGE_EVERY_S = 1.0
_PATIENCE_S = 10.0
MODEL_KINDS: Mapping[str, str] = {"bounds": "bound", "bricks": "bricks"}
"""Kinds of jobs that measure one model, and what their process does."""
_STATES: Mapping[str, State] = {"end": "done", "error": "failed", "stopped": "stopped"}


@dataclass
class Job:
    """One measurement on its way; `events` have their place in the list as their number.

    `experiment` is what its process is asked for, beside the store: an experiment to `run`, or
    the `model` and `options` of bounds or bricks.
    """

    id: str
    title: str
    experiment: Mapping[str, Any]
    store: str | None
    rerun: bool = False
    state: State = "queued"
    events: list[Mapping[str, Any]] = field(default_factory=list)
    runs: tuple[str, ...] = ()
    refused: Sequence[Mapping[str, Any]] = ()
    problems: Sequence[Mapping[str, str]] = ()
    kind: str = "evaluate"
    child: Child | None = None
    is_stopping: bool = False

    @property
    def model(self) -> str:
        """The one model that it measures, "" where it is an experiment."""
        return str(self.experiment["model"]) if self.kind in MODEL_KINDS else ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("queued", "running")

    def to_json(self) -> dict[str, Any]:
        """What REST tells of it."""
        runs = [event for event in self.events if event["type"] == "run"]
        return {
            "id": self.id,
            "title": self.title,
            "kind": self.kind,
            "state": self.state,
            "runs": list(self.runs) or [event["id"] for event in runs],
            "done": len(runs),
            "total": max((event["total"] for event in runs), default=self._total()),
            "refused": list(self.refused),
            "problems": list(self.problems),
        }

    def _total(self) -> int | None:
        totals = [event["total"] for event in self.events if event["type"] == "plan"]
        return totals[-1] if totals else None


@final
class Jobs:
    """A queue with one worker: two measurements at the same time would disturb each other.

    Jobs live as long as the server; what they have measured is in the store, so that the same
    experiment asked again goes on where it was.
    """

    def __init__(
        self,
        *,
        store: str | None,
        allow_hooks: Sequence[str] = (),
        ended: Callable[[Mapping[str, Any]], None] = lambda _told: None,
    ) -> None:
        self._ended = ended
        self._store, self._allow_hooks = store, tuple(allow_hooks)
        self._jobs: dict[str, Job] = {}
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        # Begun here, not at the first job: a thread has the priority of the one that begins it,
        # and that of the server is lowered later.
        self._worker = threading.Thread(target=self._work, name="dlscope jobs", daemon=True)
        self._worker.start()

    @property
    def is_measuring(self) -> bool:
        """Whether a job is under way."""
        return any(job.state == "running" for job in self.all())

    def all(self) -> list[Job]:
        """Every job, the newest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def job(self, job_id: str) -> Job:
        """The job called `job_id`. Raises an answer of 404 where there is none."""
        with self._lock:
            if job_id in self._jobs:
                return self._jobs[job_id]
        fix = "list what there is: /api/v1/jobs; jobs end with the server, runs stay in the store"
        raise refused(UNKNOWN, f"there is no job {job_id[:80]!r}", where="address", fix=fix)

    def submit(
        self,
        experiment: Mapping[str, Any],
        *,
        title: str,
        rerun: bool = False,
        store: str | None = None,
        kind: str = "evaluate",
    ) -> Job:
        """Put an experiment at the end of the queue; one that waits or runs already is that job.

        Raises an answer of 409 where too many wait.
        """
        same = digest({"asked": experiment, "rerun": rerun, "kind": kind, "store": store})
        with self._lock:
            waiting = [job for job in self._jobs.values() if not job.is_over]
            for job in waiting:
                if job.id.partition("-")[2].startswith(same[:8]):
                    return job
            if len(waiting) >= MOST_WAITING:
                fix = "wait until some have ended, or stop them"
                raise refused(TAKEN, f"{MOST_WAITING} jobs wait already", where="jobs", fix=fix)
            job = Job(
                f"e-{same[:8]}{uuid4().hex[:4]}", title, experiment, store or self._store, rerun
            )
            job.kind = kind
            self._jobs[job.id] = job
            self._forget()
        self._waiting.put(job)
        return job

    def cancel(self, job_id: str) -> Job:
        """Stop a job: its query is finished and its Run kept; asked twice, it ends at once."""
        job = self.job(job_id)
        with self._lock:
            if job.state == "queued":
                self._close(job, {"type": "stopped"})
            elif job.child is not None and not job.is_over:
                job.is_stopping = True
                job.child.interrupt()
        return job

    def close(self) -> None:
        """Stop everything; a job at work has ten seconds to keep what it has."""
        for job in self.all():
            if job.state == "queued":
                self.cancel(job.id)
        for job in self.all():
            if job.child is not None and not job.is_over:
                job.child.end(_PATIENCE_S)
        self._waiting.put(None)
        self._worker.join(_PATIENCE_S)

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            with self._lock:
                if job.is_over:
                    continue
                job.state = "running"
                job.child = Child(self._asked(job))
            with contextlib.closing(job.child):
                self._follow(job, job.child)

    def _asked(self, job: Job) -> Mapping[str, Any]:
        if job.kind in MODEL_KINDS:
            return {"do": MODEL_KINDS[job.kind], "store": job.store, **job.experiment}
        return {
            "do": "run",
            "experiment": job.experiment,
            "store": job.store,
            "rerun": job.rerun,
            "allow_hooks": self._allow_hooks,
        }

    def _follow(self, job: Job, child: Child) -> None:
        told_at, step = 0.0, None
        for event in child.events():
            if event["type"] == "stage":
                # More events than a page can show would be work beside the measurement.
                now = time.monotonic()
                if event["step"] == step and now - told_at < _STAGE_EVERY_S:
                    continue
                told_at, step = now, event["step"]
            if event["type"] in _STATES:
                with self._lock:
                    self._close(job, event)
            else:
                job.events.append(event)
        if not job.is_over:
            with self._lock:
                # One that is stopped while it still starts has no words yet to say so.
                self._close(job, {"type": "stopped"} if job.is_stopping else _death(child))

    def _close(self, job: Job, event: Mapping[str, Any]) -> None:
        job.runs = tuple(event.get("runs", ()))
        job.refused = event.get("refused", ())
        job.problems = event.get("problems", ())
        job.events.append({"type": "done", "state": _STATES[event["type"]], "runs": job.runs})
        self._ended(event)
        # Last, so that whoever sees that it is over sees everything.
        job.state = _STATES[event["type"]]

    def _forget(self) -> None:
        over = [job.id for job in self._jobs.values() if job.is_over]
        for job_id in over[: max(0, len(self._jobs) - _KEPT)]:
            del self._jobs[job_id]


def _death(child: Child) -> Mapping[str, Any]:
    log = [line for line in child.log_tail() if line.strip()]
    return {
        "type": "error",
        "problems": [
            {
                "kind": "MeasurementError",
                "what": f"the process of the job ended with status {child.code}",
                "where": (log[-1] if log else "no last words")[:500],
                "fix": "run the same experiment with `dlscope evaluate` to see all it says",
            }
        ],
    }

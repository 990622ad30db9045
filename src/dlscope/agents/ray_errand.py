"""What runs on the machine of an agent: the agent itself, and one errand after another.

A function called here runs in a process that Ray has started. Whatever reads the environment is
imported only after `as_before_ray`: Ray sets variables for its workers that would steer numerical
libraries, and a Run would be told apart from those of the same machine without Ray.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from dlscope.core.errors import DlscopeError
from dlscope.core.hook_permission import HookPermission
from dlscope.core.plan import Plan

if TYPE_CHECKING:
    from dlscope.agents.agent import Agent
    from dlscope.agents.bench import Bench
    from dlscope.core.run import Run

Event = tuple[str, Any]
"""`began`; `progress` with what the worker tells; `run` with a `Parcel`."""

_RAYLET = "RAY_RAYLET_PID"
_PRELOAD, _OWN = "LD_PRELOAD", "/ray/core/"
_LOOK_S = 0.1
_FORGOTTEN_S = 3600.0


@final
@dataclass(frozen=True)
class Errand:
    """One plan to carry out; `ticket` tells it apart from every other errand."""

    plan: Plan
    ticket: str
    permission: HookPermission | None = None


@final
@dataclass(frozen=True)
class Parcel:
    """A Run on its way home, and whether somebody had ended its worker from outside.

    The Run is pickled: what arrives is a copy that holds nothing of Ray's shared memory.
    """

    pickled: bytes
    was_killed: bool

    @classmethod
    def of(cls, run: Run, *, was_killed: bool = False) -> Parcel:
        """`run` made ready to be sent."""
        return cls(pickle.dumps(run, protocol=5), was_killed)

    def run(self) -> Run:
        """The Run that was sent."""
        run: Run = pickle.loads(self.pickled)
        return run


@final
class AgentActor:
    """An agent as it stands on its node: tells what it can do, and stops what is being done."""

    def __init__(
        self,
        name: str,
        node: str,
        labels: Mapping[str, str],
        slots: int,
        only: tuple[str, ...] = (),
    ) -> None:
        as_before_ray()
        sweep()
        self._agent = _described(name, node, labels, slots, only)

    def describe(self) -> Agent:
        """What it tells of itself."""
        return self._agent

    def stop(self, ticket: str) -> None:
        """Let the errand `ticket`, which runs on this machine, end after its current query."""
        _places().mkdir(parents=True, exist_ok=True)
        stop_file(ticket).touch()


def carry_out(errand: Errand) -> Iterator[Event]:
    """Events of one errand, its Run the last; without one when it was stopped before it began."""
    if stop_file(errand.ticket).exists():
        stop_file(errand.ticket).unlink(missing_ok=True)
        return
    as_before_ray()
    bench = _bench(errand.permission)
    told: queue.SimpleQueue[Event] = queue.SimpleQueue()
    work = threading.Thread(target=_work, args=(bench, errand, told), daemon=True)
    work.start()
    try:
        yield "began", None
        yield from _told(errand, bench, told)
    finally:
        bench.stop()
        work.join()
        stop_file(errand.ticket).unlink(missing_ok=True)


def ask(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """What `function` gives on this machine, or the `DlscopeError` that it raises."""
    as_before_ray()
    try:
        return function(*arguments)
    except DlscopeError as error:
        return error


def stop_file(ticket: str) -> Path:
    """The file whose existence asks the errand `ticket` on this machine to stop."""
    return _places() / f"stop-{ticket}"


def as_before_ray() -> None:
    """Give the variables of this process the values they had where its Ray node was started."""
    import psutil

    raylet = os.environ.get(_RAYLET)
    if raylet is None:
        return
    before = before_ray(psutil.Process(int(raylet)).environ())
    for name in set(os.environ) - set(before):
        if not name.startswith("RAY_"):
            del os.environ[name]
    os.environ.update(before)


def before_ray(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a Ray node without those that Ray gave it, its memory allocator included.

    >>> before_ray({"RAY_X": "1", "LD_PRELOAD": "/site-packages/ray/core/libjemalloc.so", "A": "b"})
    {'A': 'b'}
    """
    kept = {name: value for name, value in variables.items() if not name.startswith("RAY_")}
    loaded = [each for each in kept.pop(_PRELOAD, "").split(":") if each and _OWN not in each]
    return kept | ({_PRELOAD: ":".join(loaded)} if loaded else {})


def _described(
    name: str, node: str, labels: Mapping[str, str], slots: int, only: tuple[str, ...]
) -> Agent:
    import importlib.metadata
    import platform
    from dataclasses import replace

    from dlscope.agents.agent import Agent
    from dlscope.agents.offers import offers
    from dlscope.stacks.fingerprint import environment

    return Agent(
        name=name,
        node=node,
        host=platform.node(),
        dlscope=importlib.metadata.version("dlscope"),
        environment=replace(environment(), volatile={}),
        offers=offers(only),
        labels=dict(labels),
        slots=slots,
    )


_BENCHES: dict[HookPermission | None, Bench] = {}
"""Of this process, so that plans that only count accuracy share a worker across errands."""


def _bench(permission: HookPermission | None) -> Bench:
    from dlscope.agents.bench import Bench

    if permission not in _BENCHES:
        sweep()
        own = _places() / str(os.getpid())
        own.mkdir(parents=True, exist_ok=True)
        _BENCHES[permission] = Bench(permission, own, may_be_stopped=True)
    return _BENCHES[permission]


def sweep() -> None:
    """Remove what processes on this machine left behind that were killed during an errand."""
    import psutil

    for place in _places().glob("[0-9]*"):
        if not psutil.pid_exists(int(place.name)):
            shutil.rmtree(place, ignore_errors=True)
    for asked in _places().glob("stop-*"):
        # An errand that was lost meanwhile never saw it.
        with contextlib.suppress(OSError):
            if asked.stat().st_mtime < time.time() - _FORGOTTEN_S:
                asked.unlink()


def _places() -> Path:
    """The folder with one folder for each process that carries out errands, by its id."""
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"dlscope-errands-{owner}"


def _work(bench: Bench, errand: Errand, told: queue.SimpleQueue[Event]) -> None:
    from dlscope.agents.scheduler import Assignment
    from dlscope.catalog.cache import cache_folder
    from dlscope.stacks.fingerprint import environment

    def observe(plan: Plan, event: Mapping[str, Any]) -> None:
        del plan
        told.put(("progress", dict(event)))

    try:
        plan = errand.plan
        whole = cache_folder("partial") / plan.digest
        partial = whole / environment(plan.framework.stack).fingerprint
        partial.mkdir(parents=True, exist_ok=True)
        for run in bench.runs(Assignment(plan, partial), observe):
            if run.status == "finished":
                shutil.rmtree(whole, ignore_errors=True)
            told.put(("run", Parcel.of(run, was_killed=bench.was_killed)))
    except BaseException as error:
        told.put(("raised", error))
    told.put(("end", None))


def _told(errand: Errand, bench: Bench, told: queue.SimpleQueue[Event]) -> Iterator[Event]:
    """What the thread at work tells, while the file that asks to stop is looked for."""
    is_stopped = False
    while True:
        with contextlib.suppress(queue.Empty):
            word, value = told.get(timeout=_LOOK_S)
            if word == "end":
                return
            if word == "raised":
                raise value
            yield word, value
        if not is_stopped and stop_file(errand.ticket).exists():
            is_stopped = True
            bench.stop()

"""The worker process: reads plans from standard input, executes them, tells how it goes.

    parent → worker   {"do": "run", "plan": …, "run_id": …, "partial": …, "into": folder,
                       "pulse": file}
                      {"do": "stop"}                      finish the current query and close the Run
    worker → parent   {"event": "progress", "step": …}    a few times a second
                      {"event": "done", "digests": …}     the Run lies in `into`

When standard input ends the parent is gone, and the worker ends too.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from dlscope.agents.channel import Message, told_to_parent
from dlscope.agents.guard import heartbeat
from dlscope.core import registry
from dlscope.core.errors import DlscopeError, OutOfMemory
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.core.workload import Context, Workload
from dlscope.stacks.fingerprint import environment
from dlscope.store.exchange import export_run

MESSAGE = '{"event": '
"""How every line from worker to parent begins."""

_LOG = logging.getLogger(__name__)


def main() -> None:
    """Serve plans until standard input ends."""
    # Frameworks print to standard output; what they say must not mix with our messages.
    tell = told_to_parent()
    stop = threading.Event()
    orders: queue.Queue[Message] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin, orders, stop), daemon=True).start()

    workloads: dict[str, Workload] = {}
    while True:
        order = orders.get()
        plan = Plan.model_validate(order["plan"])
        context = Context(
            run_id=order["run_id"],
            partial=Path(order["partial"]),
            progress=lambda event: tell({"event": "progress", **event}),
            should_stop=stop.is_set,
            pulse=heartbeat(Path(order["pulse"])),
        )
        digests = export_run(Path(order["into"]), _carried_out(workloads, plan, context))
        tell({"event": "done", "digests": digests})


def _listen(stdin: TextIO, orders: queue.Queue[Message], stop: threading.Event) -> None:
    for line in stdin:
        message = json.loads(line)
        if message["do"] == "stop":
            stop.set()
        else:
            orders.put(message)
    os._exit(1)


def _carried_out(workloads: dict[str, Workload], plan: Plan, context: Context) -> Run:
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    try:
        if plan.workload not in workloads:
            workloads[plan.workload] = registry.load("workloads", plan.workload)()
        return workloads[plan.workload].execute(plan, context)
    except DlscopeError as error:
        # The Run has room for one problem; its log has all.
        _LOG.error("%s", error)
        reason = {"reason": "oom"} if isinstance(error, OutOfMemory) else {}
        return _failed(plan, context, started, {**error.to_json(), **reason})
    except MemoryError as error:
        _LOG.error("out of memory", exc_info=error)
        words = {
            "kind": OutOfMemory.__name__,
            "what": ": ".join(("out of memory", *map(str, error.args))),
            "where": plan.label,
            "fix": "try a smaller batch, or free memory",
            "reason": "oom",
        }
        return _failed(plan, context, started, words)
    # Whatever a framework or a plugin raises becomes a failed Run that says so.
    except Exception as error:
        traceback.print_exc()
        words = {
            "kind": type(error).__name__,
            "what": str(error) or type(error).__name__,
            "where": plan.label,
            "fix": "see the log of the run; if dlscope is at fault, please report it",
        }
        return _failed(plan, context, started, words)


def _failed(plan: Plan, context: Context, started: str, error: Mapping[str, str]) -> Run:
    return Run(
        id=context.run_id,
        plan=plan,
        environment=environment(plan.framework.stack),
        status="failed",
        started_utc=started,
        error=error,
    )


if __name__ == "__main__":
    main()

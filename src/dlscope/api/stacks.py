"""Isolated stacks: made, listed, described and removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dlscope.api.carrying_out import Names

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.core.table import Cell, Column, Table
    from dlscope.stacks.asking import StackRequest
    from dlscope.stacks.isolated import IsolatedStack

Tell = Callable[[str], None]


_AT_ONCE = 8


@dataclass(frozen=True)
class _Made:
    """A stack that was asked for, whether it was made for that, and how long that took."""

    stack: IsolatedStack
    is_new: bool
    wait_s: float


def _told(tell: Tell | None, request: StackRequest, step: str) -> None:
    if tell is not None:
        tell(f"{request}: {step}")


def create_stacks(asked: Names, *, offline: bool = False, tell: Tell | None = None) -> Report:
    """Have a stack for each of `asked`, made where it is not there yet, several at once.

    `asked` are texts such as `onnxruntime==1.18.0` or `mxnet==1.9.1,python==3.8,numpy<1.24`.
    With `offline` the network is not used. `tell` hears each step. Raises `StackError` for the
    first that cannot be had; the others stay.
    """
    from concurrent.futures import ThreadPoolExecutor

    from dlscope.stacks.asking import StackRequest

    texts = [asked] if isinstance(asked, str) else list(asked)
    requests = [StackRequest.parse(text) for text in texts]
    began = time.perf_counter()
    # While one is fetched another is compiled or imported.
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        made = list(pool.map(partial(_made, offline=offline, tell=tell), requests))
    return _created(made, time.perf_counter() - began)


def _made(request: StackRequest, *, offline: bool, tell: Tell | None) -> _Made:
    from dlscope.stacks.isolated import provide, stack_here
    from dlscope.stacks.resolving import resolve

    began = time.perf_counter()
    lock = resolve(request, offline=offline)
    known = stack_here(request.framework, lock)
    stack = known or provide(
        request.framework, lock, offline=offline, tell=partial(_told, tell, request)
    )
    return _Made(stack, known is None, time.perf_counter() - began)


def stacks() -> Report:
    """Every isolated stack that is here."""
    from dlscope.core.report import Report, Section
    from dlscope.stacks.isolated import isolated_stacks

    table = _table([(stack, {}) for stack in isolated_stacks()], ())
    return Report(
        title="Isolated stacks",
        answer=f"{_stacks(len(table), 'isolated stack')} here.",
        tables=(table,),
        sections=(Section("Stacks", (table,)),),
        command="dlscope stack list",
    )


def describe_stack(name: str) -> Report:
    """What the stack `name`, or a unique beginning of it, holds.

    Raises `StackError` when there is no such stack.
    """
    from dlscope.core.report import Facts, Report, Section
    from dlscope.core.table import Column, Table
    from dlscope.core.units import format_bytes
    from dlscope.stacks.isolated import find_stack

    stack = find_stack(name)
    columns = (
        Column("distribution", "str", "what is installed"),
        Column("version", "str", "its exact version"),
    )
    records = [{"distribution": n, "version": v} for n, v in stack.lock.packages.items()]
    table = Table.of("distributions", columns, records)
    facts = (
        ("framework", f"{stack.framework} {stack.version}, says {stack.reported or 'nothing'}"),
        ("Python", stack.lock.python),
        ("platform", stack.lock.platform),
        ("digest", stack.lock.digest),
        ("size", format_bytes(stack.size_bytes)),
        ("made", f"{stack.created_utc}, in {stack.seconds:g} s"),
        ("last asked for", stack.used_utc),
        ("folder", str(stack.folder)),
    )
    return Report(
        title=stack.name,
        answer=f"{stack.framework} {stack.version} on Python {stack.lock.python}.",
        tables=(table,),
        sections=(Section("Stack", (Facts(facts),)), Section("Distributions", (table,))),
        command=f"dlscope stack show {stack.name}",
    )


def remove_stacks(names: Names) -> tuple[str, ...]:
    """Take away the stacks called so, or with so unique a beginning; their whole names.

    Raises `StackError`, before any is removed, when one of them is not there.
    """
    from dlscope.stacks.isolated import find_stack, remove_stack

    found = [find_stack(name) for name in ([names] if isinstance(names, str) else names)]
    unique = {stack.name: stack for stack in found}
    for stack in unique.values():
        remove_stack(stack)
    return tuple(unique)


def remove_unused_stacks(days: float) -> tuple[str, ...]:
    """Take away the stacks that were not asked for during the last `days`; their names.

    Those that a worker runs in stay. What killed makers left behind, and bytecode that no stack
    has any more, goes too.
    """
    from dlscope.stacks.isolated import remove_stack, sweep_stacks, unused_stacks

    unused = unused_stacks(days)
    for stack in unused:
        remove_stack(stack)
    sweep_stacks()
    return tuple(stack.name for stack in unused)


def _created(made: Sequence[_Made], seconds: float) -> Report:
    from dlscope.core.report import Report, Section
    from dlscope.core.table import Column

    columns = (
        Column("made", "bool", "whether it was made now, not found"),
        Column("wait_s", "float", "time until it was ready", "s", role="value"),
    )
    rows: list[tuple[IsolatedStack, Mapping[str, Cell]]]
    rows = [(m.stack, {"made": m.is_new, "wait_s": round(m.wait_s, 3)}) for m in made]
    table, new = _table(rows, columns), sum(each.is_new for each in made)
    return Report(
        title="Isolated stacks",
        answer=f"{_stacks(len(made), 'stack')} ready after {seconds:.1f} s, {new} of them new.",
        tables=(table,),
        sections=(Section("Stacks", (table,)),),
    )


def _table(
    rows: Sequence[tuple[IsolatedStack, Mapping[str, Cell]]], columns: Sequence[Column]
) -> Table:
    from dlscope.core.table import Column, Table

    about = (
        Column("stack", "str", "name of the stack, for `show` and `rm`"),
        Column("framework", "str", "backend that it is for", priority=3),
        Column("version", "str", "version of the framework, as it is asked for", priority=3),
        Column("reported", "str", "version that the framework itself tells"),
        Column("python", "str", "version of Python"),
        Column("distributions", "int", "how many are installed", role="count"),
        Column("size_bytes", "int", "size of its files", "bytes", role="value"),
        Column("seconds", "float", "time it took to make", "s", role="value", priority=2),
        Column("created", "str", "when it was made, in UTC", priority=3),
        Column("used", "str", "when it was last asked for, in UTC", priority=3),
    )
    records = [{**_record(stack), **more} for stack, more in rows]
    return Table.of("isolated_stacks", (*about, *columns), records)


def _record(stack: IsolatedStack) -> dict[str, Cell]:
    return {
        "stack": stack.name,
        "framework": stack.framework,
        "version": stack.version,
        "reported": stack.reported,
        "python": stack.lock.python,
        "distributions": len(stack.lock.requirements),
        "size_bytes": stack.size_bytes,
        "seconds": stack.seconds,
        "created": stack.created_utc,
        "used": stack.used_utc,
    }


def _stacks(count: int, noun: str) -> str:
    """`1 stack is`, `2 stacks are`."""
    from dlscope.reporting.words import plural

    return f"{plural(count, noun)} {'is' if count == 1 else 'are'}"

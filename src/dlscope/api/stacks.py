"""Isolated stacks: `create_stacks`, `stacks`, `describe_stack`, `remove_stacks`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dlscope.api.carrying_out import Names

if TYPE_CHECKING:
    from dlscope.core.report import Report
    from dlscope.core.table import Cell, Column, Table
    from dlscope.stacks.asking import StackRequest
    from dlscope.stacks.isolated import IsolatedStack

Tell = Callable[[str], None]


def _told(tell: Tell | None, request: StackRequest, step: str) -> None:
    if tell is not None:
        tell(f"{request}: {step}")


def create_stacks(asked: Names, *, offline: bool = False, tell: Tell | None = None) -> Report:
    """Have a stack for each of `asked`, made where it is not there yet.

    `asked` are texts such as `onnxruntime==1.18.0` or `mxnet==1.9.1,python==3.8,numpy<1.24`.
    With `offline` the network is not used. `tell` hears each step. Raises `StackError` for the
    first that cannot be had; those before it stay.
    """
    from dlscope.stacks.asking import StackRequest
    from dlscope.stacks.isolated import provide, stack_here
    from dlscope.stacks.resolving import resolve

    texts = [asked] if isinstance(asked, str) else list(asked)
    made: list[tuple[IsolatedStack, bool, float]] = []
    for request in [StackRequest.parse(text) for text in texts]:
        began = time.perf_counter()
        lock = resolve(request, offline=offline)
        known = stack_here(request.framework, lock)
        stack = known or provide(
            request.framework,
            lock,
            offline=offline,
            tell=partial(_told, tell, request),
        )
        made.append((stack, known is None, time.perf_counter() - began))
    return _created(made)


def stacks() -> Report:
    """Every isolated stack that is here."""
    from dlscope.core.report import Report, Section
    from dlscope.stacks.isolated import isolated_stacks

    table = _table([(stack, {}) for stack in isolated_stacks()], ())
    return Report(
        title="Isolated stacks",
        answer=f"{len(table)} isolated stacks are here.",
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


def _created(made: Sequence[tuple[IsolatedStack, bool, float]]) -> Report:
    from dlscope.core.report import Report, Section
    from dlscope.core.table import Column

    columns = (
        Column("made", "bool", "whether it was made now, not found"),
        Column("wait_s", "float", "time until it was ready", "s", role="value"),
    )
    rows: list[tuple[IsolatedStack, Mapping[str, Cell]]]
    rows = [(stack, {"made": is_new, "wait_s": round(wait, 3)}) for stack, is_new, wait in made]
    table = _table(rows, columns)
    new, seconds = sum(is_new for _, is_new, _ in made), sum(wait for *_, wait in made)
    return Report(
        title="Isolated stacks",
        answer=f"{len(made)} stacks are ready after {seconds:.1f} s, {new} of them new.",
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
    }

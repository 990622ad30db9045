"""Co-design on the machine at hand: `profile_space`, `local_device`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dlscope.api.watcher import Told, tell_nobody

if TYPE_CHECKING:
    from dlscope.core.errors import MeasurementError
    from dlscope.core.report import Report
    from dlscope.devices.measured import MeasuredDevice
    from dlscope.methods.codesign.measuring.local_table import LocalTable
    from dlscope.methods.codesign.space.space import Space


def profile_space(
    space: str,
    *,
    threads: int = 1,
    processes: int = 3,
    networks: int = 24,
    min_seconds: float = 0.2,
    max_seconds: float = 120.0,
    refresh: bool = False,
    save: str | Path | None = None,
    store: str | None = None,
    told: Told = tell_nobody,
) -> Report:
    """Time the operations of `space` that have no time on this machine, and calibrate with them.

    `networks` whole designs of each precision are timed with the operations, each of which gets
    at least `min_seconds`; a process ends after `max_seconds`. With `refresh` everything is timed
    again. The table is written to the file `save`. Raises `SearchError` for a space without a
    precision that a processor computes in.
    """
    from dlscope.methods.codesign.measuring.local_table import local_table
    from dlscope.methods.codesign.measuring.profiling import profile_space as timed
    from dlscope.methods.codesign.measuring.report import profile_report
    from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
    from dlscope.methods.codesign.named_space import named_space
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    protocol = WalkProtocol(
        threads=threads, processes=processes, min_seconds=min_seconds, max_seconds=max_seconds
    )
    with Store.open(store) as opened:
        profiled = timed(
            named_space(space),
            protocol,
            opened.benchmarks,
            environment(),
            networks=networks,
            refresh=refresh,
            told=told,
        )
    table = local_table([profiled], environment().fingerprint, threads=threads, facts=_facts())
    if save is not None:
        table.save(Path(save))
    return profile_report(profiled, table, command=f"dlscope codesign profile --space {space}")


def local_device(
    space: str | Space,
    *,
    threads: int = 1,
    table: str | Path | None = None,
    allow_foreign: bool = False,
    allow_predict: bool = False,
    store: str | None = None,
) -> MeasuredDevice:
    """The processor at hand as a device for searching `space`, from what was timed before.

    The rows are those of the store, or of the file `table`, which `allow_foreign` may be of
    another machine. Raises `MeasurementError` for operations without a row, unless these may be
    predicted, and where the table tells whole networks too badly.
    """
    from dlscope.methods.codesign.named_space import named_space

    wanted = named_space(space) if isinstance(space, str) else space
    found = (
        _stored_table(wanted, threads, store)
        if table is None
        else _read_table(Path(table), allow_foreign=allow_foreign)
    )
    return found.device(wanted, allow_predict=allow_predict)


def _stored_table(space: Space, threads: int, store: str | None) -> LocalTable:
    from dlscope.methods.codesign.measuring.local_table import local_table
    from dlscope.methods.codesign.measuring.profiling import stored_elsewhere, stored_profile
    from dlscope.methods.codesign.measuring.rows import Conditions
    from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
    from dlscope.stacks.fingerprint import environment
    from dlscope.store import Store

    machine = environment().fingerprint
    with Store.open(store) as opened:
        conditions = Conditions(WalkProtocol(threads=threads), machine)
        profiled = stored_profile(space, conditions, opened.benchmarks)
        if not profiled.rows:
            elsewhere = stored_elsewhere(space, conditions, opened.benchmarks)
            raise _nothing(space, machine, elsewhere)
    return local_table([profiled], machine, threads=threads, facts=_facts())


def _nothing(space: Space, machine: str, elsewhere: int) -> MeasurementError:
    from dlscope.core.errors import MeasurementError

    others = f"; {elsewhere} other environments have rows of it" if elsewhere else ""
    changed = "; a package that is installed or updated makes another environment"
    return MeasurementError(
        f"nothing of {space.name} was measured in this environment{others}",
        where=f"machine {machine[:12]}",
        fix=f"dlscope codesign profile --space {space.name} --device local:cpu"
        f"{changed if elsewhere else ''}",
    )


def _read_table(path: Path, *, allow_foreign: bool) -> LocalTable:
    from dlscope.methods.codesign.measuring.local_table import LocalTable
    from dlscope.stacks.fingerprint import environment

    here = environment().fingerprint
    return LocalTable.load(path, here=here, allow_foreign=allow_foreign)


def _facts() -> dict[str, str]:
    """What a reader of a table wants to know of the machine."""
    import onnxruntime

    from dlscope.stacks.fingerprint import environment

    here = environment()
    cpu = here.system.get("cpu", {})
    return {
        "processor": str(cpu.get("model", "")),
        "cores": str(cpu.get("cores", "")),
        "governor": str(cpu.get("governor") or "not told"),
        "runtime": f"onnxruntime {onnxruntime.__version__}",
        "environment": here.fingerprint[:12],
    }

"""`LocalTable`: what was timed of spaces on one machine, as a file and as a device to search on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, final

from dlscope.core.errors import MeasurementError
from dlscope.core.whole_file import write_whole
from dlscope.devices.calibration import Calibration, calibrate
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.measured import MeasuredDevice, MeasuredTable, operation_key
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measuring.operations import (
    parts_of,
    timed_operations,
    timed_precisions,
)
from dlscope.methods.codesign.measuring.profiling import Profiled
from dlscope.methods.codesign.measuring.rows import TimedNetwork, measured_row
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space

SCHEMA = 1
_AGAIN = "dlscope codesign profile --space {space} --refresh"
Calibrations = Mapping[Precision, Calibration]


@final
@dataclass(frozen=True)
class Calibrated:
    """Networks of one precision: their sums of operations, what they took, the line of both.

    `refused` says why there is no line.
    """

    precision: Precision
    designs: tuple[Design, ...]
    sums_ns: tuple[float, ...]
    measured_ns: tuple[float, ...]
    calibration: Calibration | None
    refused: str = ""


@final
@dataclass(frozen=True)
class LocalTable:
    """A measured table, and for each space, by its digest, a calibration at each precision.

    `refusals` say, likewise, why a precision has none. `facts` are what a reader wants to know of
    the machine.
    """

    table: MeasuredTable
    calibrations: Mapping[str, Calibrations] = field(default_factory=dict)
    refusals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    def device(self, space: Space, *, allow_predict: bool = False) -> MeasuredDevice:
        """The device for searching `space`.

        Raises `MeasurementError` where operations were not measured, unless those may be
        predicted, and where networks were told too badly by their operations.
        """
        wanted = [(each.layers, each.precision) for each in timed_operations(space)]
        timed_precisions(space)
        table = self.table.filled(wanted) if allow_predict else self.table
        try:
            table.require(wanted)
        except MeasurementError as error:
            fix = error.fix.replace("SPACE", space.name)
            raise MeasurementError(error.what, where=error.where, fix=fix) from None
        for precision, refused in self.refusals.get(space.digest, {}).items():
            raise MeasurementError(
                refused,
                where=f"{precision}, space {space.name}",
                fix=f"measure again while nothing else runs: {_AGAIN.format(space=space.name)}; "
                f"or take {precision} out of the space",
            )
        return MeasuredDevice(table, self.calibrations.get(space.digest, {}))

    def save(self, path: Path) -> None:
        """Write the table to the file `path`."""
        write_whole(path, json.dumps(self.to_json(), indent=1) + "\n")

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "schema_version": SCHEMA,
            "facts": dict(self.facts),
            "table": self.table.to_json(),
            "calibrations": {
                space: [
                    {"bits": [p.weight_bits, p.activation_bits], **each.to_json()}
                    for p, each in sorted(lines.items())
                ]
                for space, lines in self.calibrations.items()
            },
            "refusals": {space: dict(each) for space, each in self.refusals.items()},
        }

    @classmethod
    def load(cls, path: Path, *, here: str, allow_foreign: bool = False) -> Self:
        """The table in the file `path`, for searching on the machine `here`.

        Raises `MeasurementError` for a file that cannot be read or has another schema, and for
        rows of another machine unless that is allowed.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            version = data["schema_version"]
            if version != SCHEMA:
                raise _unreadable(path, f"it has schema {version}, this dlscope reads {SCHEMA}")
            read = MeasuredTable.from_json(data["table"])
            calibrations = {
                space: {Precision(*each["bits"]): Calibration.from_json(each) for each in lines}
                for space, lines in data["calibrations"].items()
            }
            refusals, facts = data["refusals"], data["facts"]
        except OSError as error:
            raise _unreadable(path, error.strerror or type(error).__name__) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(path, "the file is damaged, or it is another one") from error
        table = MeasuredTable.of_machine(
            read.machine, read.rows, here=here, threads=read.threads, allow_foreign=allow_foreign
        )
        return cls(table, calibrations, refusals, facts)


def local_table(
    profiles: Iterable[Profiled],
    machine: str,
    *,
    threads: int = 1,
    facts: Mapping[str, str] | None = None,
) -> LocalTable:
    """The table of what `profiles` have rows of."""
    several = list(profiles)
    rows = {
        each.key: measured_row(each, profiled.rows[each])
        for profiled in several
        for each in profiled.operations
        if profiled.has_time(each)
    }
    table = MeasuredTable(machine, tuple(sorted(rows.values())), threads)
    lines: dict[str, Calibrations] = {}
    refusals: dict[str, Mapping[str, str]] = {}
    for profiled in several:
        found = calibrated(profiled, table)
        digest = profiled.space.digest
        lines[digest] = {e.precision: e.calibration for e in found if e.calibration is not None}
        refusals[digest] = {str(e.precision): e.refused for e in found if e.refused}
    return LocalTable(table, lines, refusals, dict(facts or {}))


def calibrated(profiled: Profiled, table: MeasuredTable) -> list[Calibrated]:
    """How networks follow from their operations, at each precision that has networks.

    Where their mean error is above a tenth, or they are too few, that is refused.
    """
    space = profiled.space
    found = []
    for place in timed_precisions(space):
        precision = space.precisions[place]
        timed = [e for e in profiled.networks if e.precision == precision and _is_told(profiled, e)]
        if timed:
            found.append(_calibrated(profiled, precision, timed, table))
    return found


def _is_told(profiled: Profiled, network: TimedNetwork) -> bool:
    """Whether a network and all its operations have a time."""
    layers = [each for _, each in parts_of(profiled.space, network.design) if each]
    known = {each.key for each in profiled.operations if profiled.has_time(each)}
    keys = {(operation_key(each), network.precision) for each in layers}
    return profiled.has_time(network) and keys <= known


def _calibrated(
    profiled: Profiled, precision: Precision, timed: Sequence[TimedNetwork], table: MeasuredTable
) -> Calibrated:
    sums = tuple(_sum_ns(profiled.space, each, table) for each in timed)
    took = tuple(measured_row(each, profiled.rows[each]).median_ns for each in timed)
    line: Calibration | None = None
    refused = ""
    try:
        line = calibrate(sums, took)
    except MeasurementError as error:
        refused = error.what
    return Calibrated(precision, tuple(e.design for e in timed), sums, took, line, refused)


def _sum_ns(space: Space, network: TimedNetwork, table: MeasuredTable) -> float:
    parts: list[Sequence[LayerShape]] = [
        layers for _, layers in parts_of(space, network.design) if layers
    ]
    return sum(table.row(layers, network.precision).median_ns for layers in parts)


def _unreadable(path: Path, why: str) -> MeasurementError:
    return MeasurementError(
        f"no measured table can be read: {why}",
        where=str(path),
        fix="give a file that `dlscope codesign profile --save FILE` has written",
    )

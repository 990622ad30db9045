"""`MeasuredTable`: latencies of operations as they were measured on a machine; `MeasuredDevice`.

An operation is one layer, or several that were timed as one, such as an inverted residual block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self, final

import numpy as np

from dlscope.core.errors import MeasurementError
from dlscope.devices.base import NS_PER_S, Cost, Device, Floats
from dlscope.devices.calibration import Calibration
from dlscope.devices.fpga_recursive import traffic_bytes
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.devices.roofline import Roofline, Timed, fit_roofline

NOISY_SHARE, FEW_NOISY = 0.1, 0.05
_LISTED = 5
_PROFILE = "dlscope codesign profile --space SPACE --device local:cpu"


@final
@dataclass(frozen=True, order=True)
class MeasuredRow:
    """The latency of one operation: median and median absolute deviation of `n` repeats."""

    operation: str
    precision: Precision
    median_ns: float
    mad_ns: float
    n: int
    is_predicted: bool = False

    @property
    def is_noisy(self) -> bool:
        """Whether its deviation exceeds a tenth of it, so that it should be measured again."""
        return self.mad_ns > NOISY_SHARE * self.median_ns


@final
@dataclass(frozen=True)
class MeasuredTable:
    """Rows of one machine. Raises `MeasurementError` for two rows of one operation and precision.

    `machine` is the fingerprint of the environment; `is_foreign` says that it is not this one.
    """

    machine: str
    rows: tuple[MeasuredRow, ...]
    threads: int = 1
    is_foreign: bool = False
    _index: dict[tuple[str, Precision], MeasuredRow] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for row in self.rows:
            first = self._index.setdefault((row.operation, row.precision), row)
            if first is not row:
                raise MeasurementError(
                    f"{row.operation} at {row.precision} is measured twice",
                    where=f"machine {self.machine[:12]}",
                    fix="keep the newest row of each operation",
                )

    @classmethod
    def of_machine(
        cls,
        machine: str,
        rows: Iterable[MeasuredRow],
        *,
        here: str,
        threads: int = 1,
        allow_foreign: bool = False,
    ) -> Self:
        """A table for searching on the machine `here`.

        Raises `MeasurementError` for rows of another one, unless that is allowed.
        """
        is_foreign = machine != here
        if is_foreign and not allow_foreign:
            raise MeasurementError(
                f"the table is of another machine, {machine[:12]}",
                where=f"machine {here[:12]}",
                fix=f"measure here: {_PROFILE}; or accept it with --foreign-table",
            )
        return cls(machine, tuple(sorted(rows)), threads, is_foreign)

    def row(self, layers: Sequence[LayerShape], precision: Precision) -> MeasuredRow:
        """The row of one operation. Raises `MeasurementError` when it was not measured."""
        self.require([(layers, precision)])
        return self._index[operation_key(layers), precision]

    def require(self, operations: Iterable[tuple[Sequence[LayerShape], Precision]]) -> None:
        """Raise `MeasurementError`, naming what is missing, unless all `operations` are there."""
        wanted = dict.fromkeys((operation_key(layers), bits) for layers, bits in operations)
        missing = [f"{name} at {bits}" for name, bits in wanted if (name, bits) not in self._index]
        if missing:
            more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
            raise MeasurementError(
                f"{len(missing)} operations were not measured: "
                f"{'; '.join(missing[:_LISTED])}{more}",
                where=f"table of machine {self.machine[:12]}",
                fix=f"measure them: {_PROFILE}; or fill them in with --allow-predict",
            )

    @property
    def noisy(self) -> tuple[MeasuredRow, ...]:
        """The rows that vary too much."""
        return tuple(row for row in self.rows if row.is_noisy)

    def warnings(self) -> tuple[str, ...]:
        """What a search on this table has to say about it."""
        said = []
        if len(self.noisy) > FEW_NOISY * len(self.rows):
            said.append(f"{len(self.noisy)} of {len(self.rows)} rows vary by more than a tenth")
        predicted = sum(row.is_predicted for row in self.rows)
        if predicted:
            said.append(f"{predicted} of {len(self.rows)} rows are predicted, not measured")
        if self.is_foreign:
            said.append(f"the rows were measured on another machine, {self.machine[:12]}")
        return tuple(said)

    def filled(self, operations: Iterable[tuple[Sequence[LayerShape], Precision]]) -> MeasuredTable:
        """The table with what it lacks of `operations` predicted and marked so.

        A roofline is fitted for each precision to those of `operations` that were measured.
        Raises `MeasurementError` where fewer than three were.
        """
        by_precision: dict[Precision, list[Sequence[LayerShape]]] = {}
        for layers, precision in operations:
            by_precision.setdefault(precision, []).append(layers)
        added = [
            row
            for precision, several in by_precision.items()
            for row in self._predicted(several, precision)
        ]
        return replace(self, rows=tuple(sorted((*self.rows, *added))))

    def to_json(self) -> dict[str, Any]:
        """The table as plain data."""
        return {
            "machine": self.machine,
            "threads": self.threads,
            "is_foreign": self.is_foreign,
            "rows": [asdict(row) for row in self.rows],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The table that `to_json` wrote."""
        rows = (
            MeasuredRow(**{**row, "precision": Precision(**row["precision"])})
            for row in data["rows"]
        )
        return cls(data["machine"], tuple(rows), data["threads"], data["is_foreign"])

    def _predicted(
        self, several: Sequence[Sequence[LayerShape]], precision: Precision
    ) -> list[MeasuredRow]:
        unique = {operation_key(layers): layers for layers in several}
        known = {name: self._index.get((name, precision)) for name in unique}
        if all(known.values()):
            return []
        timed = [
            _timed(unique[name], precision, row.median_ns) for name, row in known.items() if row
        ]
        roofline = fit_roofline(timed)
        return [
            MeasuredRow(name, precision, _told_ns(roofline, layers, precision), 0.0, 0, True)
            for name, layers in unique.items()
            if known[name] is None
        ]


@final
class MeasuredDevice(Device):
    """A processor that costs what was measured on it; lanes change nothing.

    `calibrations` tell for each precision how the latency of a network follows from the sum of its
    operations; without one it is the sum.
    """

    name = "measured"
    has_lanes = False
    precision_scope = "network"

    def __init__(
        self, table: MeasuredTable, calibrations: Mapping[Precision, Calibration] | None = None
    ) -> None:
        self.table = table
        self.calibrations = dict(calibrations or {})

    def latency_ns(self, operations: Iterable[Sequence[LayerShape]], precision: Precision) -> float:
        """Latency of a network of `operations`, those without layers being nothing.

        Raises `MeasurementError` where one was not measured.
        """
        timed = [each for each in operations if each]
        self.table.require((each, precision) for each in timed)
        total = sum(self.table.row(each, precision).median_ns for each in timed)
        line = self.calibrations.get(precision)
        return total if line is None else float(line.latency_ns(total))

    def _cost(self, layer: LayerShape, precision: Precision, pf: Floats) -> Cost:
        row = self.table.row((layer,), precision)
        return Cost(
            latency_ns=np.full(pf.shape, row.median_ns),
            latency_slope=np.zeros(pf.shape),
            traffic_bytes=traffic_bytes(layer, precision),
        )


def operation_key(layers: Sequence[LayerShape]) -> str:
    """The name of an operation in a table: its layers one after another.

    >>> operation_key([LayerShape.conv(3, 8, 16, 3), LayerShape.conv(8, 4, 16)])
    'conv 3x3/1 3->8 on 16x16 + conv 1x1/1 8->4 on 16x16'
    """
    return " + ".join(map(str, layers))


def _timed(layers: Sequence[LayerShape], precision: Precision, median_ns: float) -> Timed:
    """An operation as one sample: fused layers are one kernel, and only its ends leave the chip."""
    traffic = sum(layer.weights for layer in layers) * precision.weight_bits
    ends = layers[0].inputs + layers[-1].outputs
    traffic_total = (traffic + ends * precision.activation_bits) / 8
    work = float(sum(layer.work for layer in layers))
    return Timed((work,), (traffic_total,), 1.0, median_ns / NS_PER_S)


def _told_ns(roofline: Roofline, layers: Sequence[LayerShape], precision: Precision) -> float:
    return _timed(layers, precision, 0.0).predicted_s(roofline) * NS_PER_S

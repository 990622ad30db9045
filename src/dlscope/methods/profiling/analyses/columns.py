"""Columns that several analyses share."""

from __future__ import annotations

from dlscope.core.table import Cell, Column
from dlscope.methods.profiling.analyses.base import microseconds
from dlscope.methods.profiling.cost import Ceilings, Cost

INDEX = Column("index", "int", "place of the layer in order of execution", role="id")
LAYER_INDEX = Column("layer_index", "int", "place of the layer in order of execution", role="id")
NAME = Column("name", "str", "name of the layer")
LAYER_NAME = Column("layer_name", "str", "name of the layer")
TYPE = Column("type", "str", "operator of the layer")
DURATION = Column(
    "duration_us", "float", "latency of the run in which this level is the deepest", "µs", "value"
)
FLOPS = Column("flops", "float", "floating-point operations; a multiply-accumulate is 2", "flop")
READ = Column("dram_read_bytes", "float", "bytes read from main memory", "bytes", priority=2)
WRITE = Column("dram_write_bytes", "float", "bytes written to main memory", "bytes", priority=2)
OCCUPANCY = Column(
    "achieved_occupancy_pct", "float", "occupancy, weighted by time", "%", "share", 2
)
INTENSITY = Column("intensity", "float", "FLOP per byte of main memory", "flop/byte", "value")
GFLOPS = Column("gflops", "float", "FLOP per time", "GFLOP/s", "value")
BOUND = Column("memory_bound", "bool", "intensity below the ridge of the machine")
EFFICIENCY = Column("efficiency", "float", "throughput by what is attainable", role="value")
SOURCE = Column("source", "str", "measured by counters, or analytic: from shapes", priority=2)
COST = (FLOPS, READ, WRITE, OCCUPANCY, INTENSITY, GFLOPS, BOUND, EFFICIENCY, SOURCE)


def cost_cells(cost: Cost, duration_ns: float | None, ceilings: Ceilings | None) -> dict[str, Cell]:
    """The cells of the columns `COST`."""
    occupancy = cost.occupancy
    return {
        "flops": cost.flops,
        "dram_read_bytes": cost.read_bytes,
        "dram_write_bytes": cost.write_bytes,
        "achieved_occupancy_pct": None if occupancy is None else 100 * occupancy,
        "intensity": cost.intensity,
        "gflops": cost.gflops(duration_ns),
        "memory_bound": cost.is_memory_bound(ceilings),
        "efficiency": cost.efficiency(duration_ns, ceilings),
        "source": cost.source or None,
    }


def duration_cell(duration_ns: float | None) -> dict[str, Cell]:
    """The cell of the column `DURATION`."""
    return {"duration_us": microseconds(duration_ns)}

"""A small search with every table, made up."""

from __future__ import annotations

from dlscope.methods.codesign.search_record import SearchRecord
from dlscope.methods.codesign.tables import search_table

BEST = {
    "design": "d1",
    "method": "search",
    "interval_ns": 8e6,
    "error": 0.25,
    "error_lo": 0.24,
    "error_hi": 0.26,
    "loss": 1.0,
    "is_trained": True,
    "is_on_front": True,
    "is_chosen": True,
}
PARETO = [
    BEST,
    {
        **BEST,
        "design": "d2",
        "interval_ns": 6e6,
        "error": 0.28,
        "error_lo": 0.27,
        "error_hi": 0.29,
        "is_chosen": False,
    },
    {
        **BEST,
        "design": "d3",
        "interval_ns": 1e7,
        "error": 0.22,
        "error_lo": 0.21,
        "error_hi": 0.23,
        "is_chosen": False,
    },
    {
        "design": "d4",
        "method": "search",
        "interval_ns": 5e6,
        "loss": 2.0,
        "is_trained": False,
        "is_on_front": False,
        "is_chosen": False,
    },
    {
        "design": "d5",
        "method": "evolution",
        "interval_ns": 9e6,
        "error": 0.27,
        "is_trained": False,
        "is_on_front": False,
        "is_chosen": False,
    },
]
TRAJECTORY = [
    {"epoch": 1, "loss": 2.0, "expected_ns": 1.4e7, "discrete_ns": 1e7, "gap": 0.4},
    {"epoch": 2, "loss": 1.5, "expected_ns": 8.1e6, "discrete_ns": 8e6, "gap": 0.013},
]
CHOICES = [
    {"block": 1, "operation": "skip", "probability": 0.9, "is_chosen": True, "entropy": 0.47},
    {"block": 1, "operation": "conv_k3", "probability": 0.1, "is_chosen": False, "entropy": 0.47},
    {"block": 2, "operation": "skip", "probability": 0.4, "is_chosen": False, "entropy": 0.97},
    {"block": 2, "operation": "conv_k3", "probability": 0.6, "is_chosen": True, "entropy": 0.97},
]
STAGES = [
    {
        "stage": 1,
        "block": "stem",
        "operation": "conv",
        "layer": "conv 3x3",
        "busy_share": 0.5,
        "is_bottleneck": False,
    },
    {
        "stage": 2,
        "block": "one",
        "operation": "conv_k3",
        "layer": "conv 1x1",
        "busy_share": 1.0,
        "is_bottleneck": True,
    },
]
PREDICTED = [
    {"design": "d1", "predicted_ns": 8e6, "measured_ns": 8.4e6, "error": -0.05},
    {"design": "d2", "predicted_ns": 6e6, "measured_ns": 6.1e6, "error": -0.02},
]
BASELINES = [
    {"method": "search", "seeds": 5, "hypervolume": 0.9, "cost": 600},
    {
        "method": "evolution",
        "seeds": 5,
        "hypervolume": 0.89,
        "cost": 600,
        "difference": 0.01,
        "difference_lo": -0.01,
        "difference_hi": 0.03,
        "p_value": 0.4,
    },
    {
        "method": "random",
        "seeds": 5,
        "hypervolume": 0.8,
        "cost": 600,
        "difference": 0.1,
        "difference_lo": 0.05,
        "difference_hi": 0.15,
        "p_value": 0.03,
    },
]
RESOURCES = [{"resource": "dsp", "used": 90, "available": 100, "share": 0.9}]
TABLES = {
    "pareto": PARETO,
    "trajectory": TRAJECTORY,
    "choices": CHOICES,
    "stages": STAGES,
    "predicted": PREDICTED,
    "baselines": BASELINES,
    "resources": RESOURCES,
}


def sample(*, without: tuple[str, ...] = (), **fields) -> SearchRecord:
    """The search, some of its tables left out, some of its fields set."""
    tables = {
        name: search_table(name, rows) for name, rows in TABLES.items() if name not in without
    }
    given = {
        "design": "d1",
        "epochs": 2,
        "clock_mhz": 200.0,
        "run": "s-1",
        "created_utc": "2026-01-01T00:00:00+00:00",
        "facts": (("Data set", "digits"),),
        "input": (1, 28, 28),
        "tables": tables,
    }
    return SearchRecord("Digits on a board", "tiny", "zcu102:recursive", 0, **{**given, **fields})

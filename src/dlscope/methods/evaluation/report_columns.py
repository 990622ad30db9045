"""Which columns of each table a report draws; all of them stay in the tables themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlscope.core.table import Table

_SUBJECTS = (
    *("model", "precision", "dataset", "baseline", "batch_size", "scenario", "pipeline"),
    *("outcome", "declares", "version", "system", "n", "runs"),
)
"""Columns that are not drawn where all their cells are the same."""
_SHOWN = {
    "models": (
        "model",
        "backend",
        "system",
        "precision",
        "right",
        "accuracy",
        "graph_bytes",
        "mean_ns",
        "p90_ns",
        "throughput_per_s",
        "optimal_batch",
        "oom_batch",
        "load_ns",
        "valid",
    ),
    "refused": ("model", "backend", "reason", "fix"),
    "latency": (
        "model",
        "backend",
        "system",
        "scenario",
        "pipeline",
        "batch_size",
        "queries",
        "mean_ns",
        "p50_ns",
        "p99_ns",
        "max_ns",
        "throughput_per_s",
        "peak_memory_bytes",
        "outcome",
        "valid",
        "reason",
    ),
    "accuracy": (
        "model",
        "backend",
        "dataset",
        "n",
        "failed",
        "metric",
        "value",
        "top_1_count",
        "top_5_count",
        "mean_p_label",
        "reason",
    ),
    "mistakes": (
        "model",
        "backend",
        "item",
        "label_name",
        "predicted_name",
        "p_predicted",
        "p_label",
    ),
    "failures": ("model", "backend", "item", "reason"),
    "agreement": (
        "model",
        "baseline",
        "backend",
        "n",
        "top_1_agreement",
        "max_abs_difference",
        "relative_difference",
        "tolerance",
        "agrees",
        "differing",
        "reason",
    ),
    "stages": ("model", "backend", "part", "stage", "mean_ns", "cpu_ns", "share"),
    "validity": ("model", "backend", "condition", "measured", "required", "holds"),
    "declaration": (
        "model",
        "backend",
        "topic",
        "declares",
        "reading",
        "n",
        "declared_right",
        "right",
        "p_label",
        "p_value",
        "verdict",
        "cure",
    ),
    "identical": ("model", "backend", "dataset", "n", "same_as", "distinct"),
    "claims": ("model", "backend", "claim", "claimed", "measured", "n", "verdict", "reason"),
    "regression": (
        "model",
        "backend",
        "batch_size",
        "changed",
        "baseline_ns",
        "mean_ns",
        "change_ns",
        "lost",
        "won",
        "verdict",
    ),
    "load": (
        "model",
        "backend",
        "arrivals",
        "loadgen",
        "queries",
        "failed",
        "offered_per_s",
        "answered_per_s",
        "percentile",
        "percentile_ns",
        "estimate_ns",
        "bound_ns",
        "lateness_ns",
        "drain_ns",
        "fairness",
        "valid",
    ),
    "peak": (
        "model",
        "backend",
        "trial",
        "rate_qps",
        "latency_ns",
        "lateness_ns",
        "holds",
        "confirms",
        "is_peak",
        "reason",
    ),
    "trade_off": (
        "model",
        "backend",
        "system",
        "accuracy",
        "mean_ns",
        "throughput_per_s",
        "graph_bytes",
        "latency_front",
        "throughput_front",
        "reason",
    ),
    "stacks": ("baseline", "backend", "part", "baseline_version", "version"),
    "speed_up": ("model", "backend", "system", "against", "latency", "throughput", "reason"),
    "systems": (
        "model",
        "backend",
        "system",
        "cpu",
        "cores",
        "accelerator",
        "mean_ns",
        "throughput_per_s",
        "latency_speed_up",
        "throughput_speed_up",
        "cost_per_million",
        "currency",
    ),
}


def shown_tables(tables: Mapping[str, Table]) -> dict[str, Table]:
    """What a face draws of those of `tables` that a report shows, by name."""
    return {
        name: _shown(tables[name], columns) for name, columns in _SHOWN.items() if name in tables
    }


def _shown(table: Table, names: Sequence[str]) -> Table:
    """What a face draws of `table`: no column without a value, no subject that never changes."""
    told = [name for name in names if any(cell is not None for cell in table.column(name))]
    if {"right", "accuracy"} <= set(told) and None not in table.column("right"):
        told.remove("accuracy")
    changing = [name for name in told if name not in _SUBJECTS or len(set(table.column(name))) > 1]
    return table.view(*changing)

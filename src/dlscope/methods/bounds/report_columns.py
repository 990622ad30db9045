"""The columns of the tables of an analysis of bounds; times are whole ns, shares percent."""

from __future__ import annotations

from dlscope.core.table import Column

_MODEL = Column("model", "str", "model", role="id")
_BACKEND = Column("backend", "str", "backend, with the options that are not as they come")
_LAYERS = Column("layers", "int", "layers it concerns", role="count", priority=2)
_EVIDENCE = Column("evidence", "str", "ids of the results that it rests on", priority=3)


def _ns(
    name: str, doc: str, *, priority: int = 1, lo: str | None = None, hi: str | None = None
) -> Column:
    return Column(name, "int", doc, "ns", "value", priority, lo, hi)


def _ratio(name: str, doc: str, *, priority: int = 2) -> Column:
    return Column(name, "float", doc, role="value", priority=priority)


BOUNDS = (
    _MODEL,
    _BACKEND,
    Column("batch_size", "int", "inputs at once", role="count", priority=2),
    Column("threads", "int", "threads of a layer", role="count", priority=3),
    _ns(
        "measured_ns",
        "latency of the whole model, median",
        lo="measured_lo_ns",
        hi="measured_hi_ns",
    ),
    _ns("measured_lo_ns", "lower end of its 95 % interval", priority=3),
    _ns("measured_hi_ns", "upper end of its 95 % interval", priority=3),
    _ns("sequential_ns", "S: the fastest way of each layer, one after another"),
    _ns("parallel_ns", "P: the heaviest path, layers that need nothing of each other at once"),
    _ns("fused_ns", "S_f: as S, groups of layers fused where that is faster"),
    _ns("fused_parallel_ns", "P_f: as P, with fused groups", priority=2),
    _ns("layout_ns", "S_l: as S, with the changes of layout that it needs"),
    _ns("roofline_ns", "F: no layer faster than the measured peaks of the machine"),
    _ns("resource_ns", "R: as P, on one device with those peaks", priority=3),
    _ns("composed_ns", "the backend's own ways of all layers put together", priority=2),
    _ratio(
        "measured_over_fused", "measured ÷ S_f; below 1 it is faster than the bound", priority=1
    ),
    _ratio("measured_over_sequential", "measured ÷ S"),
    _ratio("measured_over_composed", "measured ÷ composed: what benchmarks do not explain"),
    _ratio("sequential_over_parallel", "S ÷ P: what running layers at once gains at the most"),
    _ratio("sequential_over_fused", "S ÷ S_f: what fusing gains"),
    Column(
        "single_source_pct", "float", "share of S that rests on one implementation", "%", "value", 2
    ),
    Column("method", "str", "exact, or how S_f and S_l were approximated", priority=3),
)
ADVICE = (
    _MODEL,
    Column("analysis", "str", "question that it answers, Q1 to Q7"),
    Column("kind", "str", "kind of change", priority=2),
    Column("change", "str", "what to change"),
    Column("where", "str", "which layers, in words"),
    Column("how", "str", "what has to be set"),
    _LAYERS,
    Column("predicted_saving_ms", "float", "saving over the baseline by benchmarks", "ms", "value"),
    Column(
        "achieved_saving_ms",
        "float",
        "saving over the baseline by running it, median over rounds",
        "ms",
        "value",
        lo="achieved_lo_ms",
        hi="achieved_hi_ms",
    ),
    Column("achieved_lo_ms", "float", "lower end of its 95 % interval", "ms", "value", 3),
    Column("achieved_hi_ms", "float", "upper end of its 95 % interval", "ms", "value", 3),
    _ratio("predicted_speedup", "latency before ÷ after, predicted"),
    _ratio("predicted_over_achieved", "predicted saving ÷ achieved saving"),
    Column("confidence", "str", "how well benchmarks explain the baseline: high, medium, low"),
    Column("status", "str", "what became of it", role="verdict"),
    _EVIDENCE,
)
PLAN = (
    _MODEL,
    Column("rank", "int", "place in the plan", role="count"),
    *(each for each in ADVICE if each.name in ("analysis", "change", "where", "how")),
    Column("predicted_saving_ms", "float", "saving with the rows above in place", "ms", "value"),
    Column("latency_then_ms", "float", "predicted latency with it in place", "ms", "value"),
    Column(
        "achieved_ms",
        "float",
        "latency with it and the rows above in place, by running it",
        "ms",
        "value",
    ),
    Column("status", "str", "what became of it", role="verdict"),
)
LAYER = (
    _MODEL,
    Column("index", "int", "place in the graph", role="count"),
    Column("layer", "str", "name of the layer", role="id"),
    Column("type", "str", "operator"),
    _ns("bound_ns", "the fastest way there is"),
    Column("implementation", "str", "whose it is"),
    Column("layout", "str", "layout that it takes and gives", priority=2),
    _ns("used_ns", "the backend's own way; of a fused group, at its first layer", priority=2),
    Column("used", "str", "the backend's own implementation", priority=2),
    Column("fused", "str", "pattern of the group that S_f computes it in", priority=2),
    Column("on_path", "bool", "whether it lies on the critical path", priority=2),
    Column(
        "short_dtype", "str", "short type that is fastest here; none where float32 is", priority=2
    ),
    _ns("short_ns", "the fastest way in a short type", priority=2),
    Column("alternatives", "str", "the other ways, fastest first, with their times", priority=3),
    _EVIDENCE,
)
GAP = (
    _MODEL,
    Column("operator", "str", "operator, or what is no layer of the graph", role="id"),
    Column("layers", "int", "layers of that operator", role="count"),
    _ns("used_ns", "in the backend: composed, scaled to what was measured"),
    _ns("bound_ns", "in S_f"),
    _ns("gap_ns", "the difference"),
    Column("gap_pct", "float", "share of the gap between measured and S_f", "%", "share"),
)
PATH = (
    _MODEL,
    Column("lane", "str", "the critical path, or beside it"),
    Column("name", "str", "layers of the step", role="id"),
    Column("type", "str", "operators of the step"),
    _ns("start_ns", "when it begins in the ideal schedule"),
    _ns("duration_ns", "its fastest way"),
    Column("implementation", "str", "whose it is"),
    Column("part", "str", "compute or movement", priority=3),
)
BRANCHES = (
    _MODEL,
    Column("first", "str", "first layer beside the path", role="id"),
    Column("last", "str", "last layer beside the path"),
    Column("steps", "int", "steps beside the path", role="count"),
    _ns("start_ns", "when the branches begin in the ideal schedule"),
    _ns("saved_ns", "what they take, which is saved"),
)
PATTERNS = (
    _MODEL,
    Column("pattern", "str", "fused pattern", role="id"),
    Column("groups", "int", "groups that S_f fuses", role="count"),
    _ns("saved_ns", "what fusing them saves over their layers one by one"),
)
LAYOUTS = (
    _MODEL,
    Column("layout", "str", "layout for every layer that can", role="id"),
    _ns("total_ns", "layers and changes of layout"),
    _ns("reorder_ns", "changes of layout alone"),
    Column("strays", "int", "layers that do not know the layout", role="count"),
)
MISSING = (
    _MODEL,
    Column("layer", "str", "layer without a measurement", role="id"),
    Column("type", "str", "operator"),
    Column("brick", "str", "id of its benchmark", role="id"),
    Column("reasons", "str", "why implementations gave none"),
)
SLOWER = (
    _MODEL,
    _BACKEND,
    Column("layer", "str", "layers of the step", role="id"),
    Column("type", "str", "operators of the step"),
    _ns("used_ns", "what the backend's own way takes"),
    Column("used", "str", "the backend's own implementation"),
    _ns("bound_ns", "what the fastest way takes"),
    Column("fastest", "str", "whose it is"),
    Column("ratio", "float", "used ÷ bound", role="value"),
    _EVIDENCE,
)
SINGLE = (
    _MODEL,
    Column("operator", "str", "operator that rests on one implementation", role="id"),
    Column("layers", "int", "layers of that operator", role="count"),
    _ns("bound_ns", "their part of S"),
    Column("share_pct", "float", "their share of S", "%", "share"),
    Column("source", "str", "whose the implementation is"),
)
PRECISION = (
    _MODEL,
    Column("dtype", "str", "type", role="id"),
    _ns("sequential_ns", "S with that type wherever it is faster"),
    Column("speedup", "float", "S ÷ that", role="value"),
    Column("gaining", "int", "layers that gain", role="count"),
    Column("losing", "int", "layers that lose and should stay in float32", role="count"),
    Column("unsupported", "int", "layers that nothing computes in the type", role="count"),
)
BATCHES = (
    _MODEL,
    _BACKEND,
    Column("batch_size", "int", "inputs at once", role="count"),
    _ns("measured_per_input_ns", "measured latency ÷ batch size"),
    _ns("sequential_per_input_ns", "S ÷ batch size"),
    Column("measured_knee", "bool", "smallest batch within 5 % of the best measured throughput"),
    Column("bound_knee", "bool", "smallest batch within 5 % of the best throughput of S"),
)
DESCRIPTIONS = {
    "bounds": "Measured latencies against all bounds, a row for each setup.",
    "advice": "Changes, each by itself, the largest predicted saving first.",
    "plan": "Changes one after another, each predicted with those above in place (Q9).",
    "layers": "Every layer with its fastest way and the others.",
    "gap_by_operator": "Where the difference between the baseline and S_f lies (Q1).",
    "critical_path": "The ideal schedule: the heaviest path, and what runs beside it.",
    "branch_sets": "What runs beside the path, the most saved first (Q2).",
    "fusion_patterns": "What fusing gains, by pattern (Q5).",
    "layout_policies": "What one layout for all layers costs (Q7).",
    "precision": "What short types gain (Q6).",
    "slower_than_bound": "Layers that the baseline computes much slower than can be (Q4).",
    "single_source": "Operators whose bound rests on one implementation.",
    "missing": "Layers that nothing was measured of.",
    "batches": "Throughput by batch size, measured and at best (Q8).",
}

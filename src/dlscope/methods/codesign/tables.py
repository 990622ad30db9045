"""The tables of a search: their columns, the only thing that whoever searches and tells share.

A search fills them; the report, the page and the comparison of searches draw them. What one record
lacks is absent. `interval_ns` is the time per result: the latency of a network whose layers run one
after another, the slowest stage of a pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dlscope.core.table import Cell, Column, Table
from dlscope.methods.codesign.estimated_columns import estimated

Record = Mapping[str, Cell]

SEARCHES = (
    Column("search", "str", "name of the search", role="id"),
    Column("space", "str", "space of networks"),
    Column("device", "str", "device that it was made for"),
    Column("seed", "int", "seed of all that is random", role="count", priority=2),
    Column("status", "str", "done, budget_limited or infeasible", role="verdict"),
    Column("design", "str", "identity of the chosen design", role="id"),
    Column("interval_ns", "float", "its predicted time per result", "ns", "value"),
    *estimated("error", "share of test images that it tells wrong", "share"),
    Column(
        "hypervolume",
        "float",
        "area of error and time that its trained designs dominate, as a share of the box up to "
        "a tenth beyond the worst of all",
        "share",
        role="value",
    ),
    Column("epochs", "int", "epochs of the supernet", role="count", priority=2),
)
PARETO = (
    Column("design", "str", "identity of the design", role="id"),
    Column("method", "str", "what found it: search, or the name of a baseline"),
    Column("interval_ns", "float", "predicted time per result", "ns", role="value"),
    *estimated("error", "share of wrong answers, estimated or of the trained network", "share"),
    Column("loss", "float", "loss that the search estimates, lower is better", role="value"),
    Column("latency_ns", "float", "predicted time from input to result", "ns", "value", 3),
    Column("energy_j", "float", "predicted energy of one result", "J", "value", 3),
    Column("weight_bytes", "float", "what all weights take at their bits", "bytes", "value", 3),
    Column("is_trained", "bool", "whether the error is that of the network trained by itself"),
    Column("is_on_front", "bool", "whether no design of its method is better in both"),
    Column("is_chosen", "bool", "whether the search chose it"),
)
TRAJECTORY = (
    Column("epoch", "int", "epoch, from 1 on", role="count"),
    Column("elapsed_ns", "float", "time since the search began", "ns", "value", 2),
    Column("temperature", "float", "temperature τ of the Gumbel samples", role="value", priority=2),
    Column("loss", "float", "cross-entropy on validation data", role="value"),
    Column("accuracy", "float", "share of right answers on validation data", "share", "value"),
    Column("expected_ns", "float", "expected time per result", "ns", role="value"),
    Column("discrete_ns", "float", "time per result of the design as it stands", "ns", "value"),
    Column("gap", "float", "|expected / discrete − 1|", "share", "share"),
    Column("objective", "float", "what is minimised", role="value", priority=2),
    Column("expected_resource", "float", "expected share of the scarcest resource", "share"),
    Column("discrete_resource", "float", "share that the design as it stands takes", "share"),
    Column("operation_entropy", "float", "mean entropy of the rows of θ, of ln M", "share"),
    Column("precision_entropy", "float", "mean entropy of the rows of φ, of ln Q", "share"),
    Column("weight_gradient", "float", "norm of the gradient of the weights", priority=3),
    Column("architecture_gradient", "float", "norm of the gradient of θ, φ and pf", priority=3),
    Column("learning_rate", "float", "learning rate of the weights", priority=3),
)
CHOICES = (
    Column("block", "int", "place of the block, from 1 on", role="count"),
    Column("operation", "str", "candidate"),
    Column("probability", "float", "softmax of θ at the last epoch", "share", "share"),
    Column("is_chosen", "bool", "whether the design has it"),
    Column("entropy", "float", "entropy of the block's probabilities, of ln M", "share", "share"),
)
PRECISIONS = (
    Column("block", "int", "place of the block, from 1 on", role="count"),
    Column("operation", "str", "candidate"),
    Column("precision", "str", "bits of weights and activations"),
    Column("probability", "float", "softmax of φ at the last epoch", "share", "share"),
    Column("is_chosen", "bool", "whether the design has it"),
)
STAGES = (
    Column("stage", "int", "place in the design, from 1 on", role="count"),
    Column("block", "str", "block that it belongs to"),
    Column("operation", "str", "operation of the block"),
    Column("layer", "str", "the layer itself", priority=3),
    Column("weight_bits", "int", "bits of weights", role="count"),
    Column("activation_bits", "int", "bits of activations", role="count", priority=2),
    Column("lanes", "int", "multiply-accumulates in a cycle", role="count"),
    Column("dsp", "int", "DSPs of the stage, whole ones", role="count"),
    Column("latency_ns", "float", "time of one inference in it", "ns", "value", 2),
    Column("cycles", "int", "cycles of one inference in it", role="count"),
    Column("busy_share", "float", "its time as a share of the slowest stage", "share", "share"),
    Column("is_bottleneck", "bool", "whether it is the slowest"),
)
RESOURCES = (
    Column("resource", "str", "resource of the device", role="id"),
    Column("used", "int", "what the design takes, in whole units", role="count"),
    Column("available", "int", "what a design may use, in whole units", role="count"),
    Column("share", "float", "used / available", "share", "share"),
)
REQUIREMENTS = (
    Column("requirement", "str", "what is asked, with its unit", role="id"),
    Column("kind", "str", "hard, or soft", priority=2),
    Column("limit", "str", "the bound"),
    Column("bound", "float", "the bound as a number", priority=3),
    Column("value", "float", "what the design reaches", role="value"),
    Column("lo", "float", "lower end of the 95 % interval", role="interval", priority=3),
    Column("hi", "float", "upper end of the 95 % interval", role="interval", priority=3),
    Column("margin", "float", "slack as a share of the bound, below 0 where missed", "share"),
    Column("verdict", "str", "met, missed by how much, or not measured", role="verdict"),
    Column("change", "str", "the cheapest change that would meet it", priority=2),
)
PREDICTED = (
    Column("design", "str", "identity of the design", role="id"),
    Column("predicted_ns", "float", "time per result as the device tells it", "ns", "value"),
    *estimated("measured_ns", "time per result as measured, or counted in simulation", "ns"),
    Column("error", "float", "predicted / measured − 1", "share", "share"),
)
BASELINES = (
    Column("method", "str", "search, or the name of a baseline", role="id"),
    Column("seeds", "int", "runs with seeds of their own", role="count", priority=2),
    *estimated("hypervolume", "mean over seeds, of the exhaustive front where that is known"),
    *estimated("regret", "objective / best − 1, mean over seeds", "share", "share"),
    Column("cost", "int", "evaluations or training steps that each run was given", role="count"),
    *estimated(
        "difference",
        "hypervolume of the search less that of this method, paired by seed",
        priority=2,
    ),
    Column("p_value", "float", "of the paired permutation test", role="value", priority=2),
)

SEARCH_TABLES: Mapping[str, tuple[Column, ...]] = {
    "pareto": PARETO,
    "trajectory": TRAJECTORY,
    "choices": CHOICES,
    "precisions": PRECISIONS,
    "stages": STAGES,
    "resources": RESOURCES,
    "requirements": REQUIREMENTS,
    "predicted": PREDICTED,
    "baselines": BASELINES,
}


def search_table(name: str, records: Iterable[Record] = ()) -> Table:
    """The table called `name` of a search. Raises KeyError for a name that is not among them."""
    return Table.of(name, SEARCH_TABLES[name], records)

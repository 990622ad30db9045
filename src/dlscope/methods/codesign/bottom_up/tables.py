"""What a bottom-up search tells, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dlscope.core.table import Cell, Column, Table
from dlscope.methods.codesign.bottom_up.candidates import Candidate
from dlscope.methods.codesign.bottom_up.flow import BottomUpResult
from dlscope.methods.codesign.bottom_up.swarm_figure import SWARM_COLUMNS, swarm_rows
from dlscope.zoo.bundles.layout import StackedLayout

_ACCURACY = Column(
    "accuracy", "float", "what the judge says, of detectors the mean IoU", role="value"
)
_LATENCY = Column("latency_ns", "int", "of one image on the first device", "ns", role="value")
_FITNESS = Column("fitness", "float", "accuracy and what goals add to it", role="value")
_BUNDLE = Column("bundle", "str", "id of the bundle", role="id")
_WIDTHS = Column("widths", "str", "channels of each bundle")
_POOLS = Column("pools", "str", "after which bundles, from 1, there is a pool", priority=2)
_EPOCHS = Column("epochs", "int", "how long it was trained", role="count")
_PARAMETERS = Column("parameters", "int", "learnt numbers", role="count")
_MACS = Column("macs", "int", "multiply-accumulates of one image", role="count")
_CHOSEN = Column("is_chosen", "bool", "whether it was chosen")

BUNDLE_COLUMNS = (
    _BUNDLE,
    Column("components", "str", "its convolutions, in order"),
    Column("group", "int", "class of resources, from 0", role="id"),
    _PARAMETERS,
    _MACS,
    Column("activation_bytes", "int", "most that maps take at a time", "bytes", priority=2),
    Column("resource", "float", "what classes are made by", role="count", priority=2),
    _ACCURACY,
    _LATENCY,
    _FITNESS,
    Column("is_pareto", "bool", "no other of its class is as good in all and better in one"),
    Column("goes_on", "bool", "whether the swarm has a group for it"),
)
TRAJECTORY_COLUMNS = (
    Column("iteration", "int", "of the swarm, from 0", role="id"),
    _BUNDLE,
    _FITNESS,
    _ACCURACY,
    _LATENCY,
    _EPOCHS,
    _WIDTHS,
    _POOLS,
)
FEATURE_COLUMNS = (
    Column("bypass", "str", "none, narrow or wide", role="id"),
    Column("act", "str", "activation", role="id"),
    Column("sizes", "str", "images of one size, or of several", role="id"),
    _PARAMETERS,
    _MACS,
    _ACCURACY,
    _LATENCY,
    _FITNESS,
    _CHOSEN,
    Column("why_not", "str", "why it was not trained"),
)
CANDIDATE_COLUMNS = (
    Column("key", "str", "what it is known by in the folder", role="id", priority=2),
    Column("stage", "str", "that asked for it first: bundles, swarm, features, final"),
    _BUNDLE,
    _WIDTHS,
    _POOLS,
    Column("bypass", "bool", "whether a map goes around", priority=2),
    Column("act", "str", "activation", priority=2),
    _EPOCHS,
    _ACCURACY,
    _LATENCY,
    _FITNESS,
    _CHOSEN,
)
GOAL_COLUMNS = (
    Column("network", "str", "the network of the swarm, or the one chosen", role="id"),
    Column("device", "str", "where it is to run", role="id"),
    _LATENCY,
    Column("target_ns", "int", "what it shall have", "ns", role="value"),
    Column("term", "float", "what the goal adds to its fitness", role="value"),
)
FINAL_COLUMNS = (
    Column("network", "str", "the one that was found, or the reference", role="id"),
    _EPOCHS,
    _PARAMETERS,
    _MACS,
    _ACCURACY,
    _LATENCY,
    Column("latency_ratio", "float", "latency over that of the reference", role="value"),
)
COLUMNS: Mapping[str, tuple[str, tuple[Column, ...]]] = {
    "bundles": ("Sketches of equal work, one for each bundle.", BUNDLE_COLUMNS),
    "swarm": ("Particles of each group, by iteration.", SWARM_COLUMNS),
    "trajectory": ("The best so far of each group.", TRAJECTORY_COLUMNS),
    "features": ("The network of the swarm with more to it.", FEATURE_COLUMNS),
    "candidates": ("Every network that was judged.", CANDIDATE_COLUMNS),
    "goals": ("Each device by itself.", GOAL_COLUMNS),
    "final": ("Trained from scratch alike, judged on data that no stage has seen.", FINAL_COLUMNS),
}
_NS_PER_MS = 1e6


def result_tables(result: BottomUpResult) -> dict[str, Table]:
    """The seven tables by name."""
    rows = {
        "bundles": _bundles(result),
        "swarm": swarm_rows(result.swarm),
        "trajectory": _trajectory(result),
        "features": _features(result),
        "candidates": _candidates(result),
        "goals": _goals(result),
        "final": _final(result),
    }
    return {name: Table.of(name, COLUMNS[name][1], each) for name, each in rows.items()}


def _bundles(result: BottomUpResult) -> Iterator[dict[str, Cell]]:
    for each in result.comparison.figures:
        yield {
            **_network(each.candidate.network),
            **_judged(each.candidate),
            "components": str(each.bundle),
            "group": each.group,
            "activation_bytes": each.candidate.network.peak_activation_bytes,
            "resource": float(each.resource),
            "fitness": each.fitness,
            "is_pareto": each.is_pareto,
            "goes_on": each.goes_on,
        }


def _trajectory(result: BottomUpResult) -> Iterator[dict[str, Cell]]:
    for iteration, visit in result.swarm.bests:
        yield {
            **_network(visit.candidate.network),
            **_judged(visit.candidate),
            "iteration": iteration,
            "fitness": visit.fitness,
        }


def _features(result: BottomUpResult) -> Iterator[dict[str, Cell]]:
    for each in result.features:
        yield {
            **_network(each.network),
            "bypass": each.bypass,
            "sizes": "one" if each.judge == "plain" else "several",
            "accuracy": None if each.candidate is None else each.candidate.accuracy,
            "latency_ns": first_ns(each.latencies_ms),
            "fitness": each.fitness,
            "is_chosen": each.is_chosen,
            "why_not": each.why_not,
        }


def _candidates(result: BottomUpResult) -> Iterator[dict[str, Cell]]:
    for each in result.candidates:
        yield {
            **_network(each.network),
            **_judged(each),
            "key": each.trial.key,
            "stage": each.stage,
            "bypass": each.network.bypass,
            "fitness": result.settings.fitness.of(each.accuracy, each.latencies_ms),
            "is_chosen": each.trial.key == result.winner.trial.key,
        }


def _goals(result: BottomUpResult) -> Iterator[dict[str, Cell]]:
    for name, each in (("swarm", result.swarm.best.candidate), ("chosen", result.winner)):
        terms = result.settings.fitness.terms(each.latencies_ms)
        for goal in result.settings.fitness.goals:
            yield {
                "network": name,
                "device": goal.device,
                "latency_ns": round(each.latencies_ms[goal.device] * _NS_PER_MS),
                "target_ns": round(goal.target_ms * _NS_PER_MS),
                "term": terms[goal.device],
            }


def _final(result: BottomUpResult) -> Iterator[dict[str, Cell]]:
    reference = result.reference
    for name, each in (("found", result.final), ("reference", reference)):
        if each is not None:
            own = first_ns(each.latencies_ms)
            ratio = None if reference is None else own / first_ns(reference.latencies_ms)
            named = {"network": name, "latency_ratio": ratio}
            yield {**_network(each.network), **_judged(each), **named}


def _network(network: StackedLayout) -> dict[str, Cell]:
    return {
        "bundle": network.bundle.id,
        "widths": " ".join(map(str, network.widths)),
        "pools": " ".join(map(str, network.pools)),
        "act": network.act,
        "parameters": network.trainable,
        "macs": network.macs,
    }


def _judged(candidate: Candidate) -> dict[str, Cell]:
    return {
        "accuracy": candidate.accuracy,
        "latency_ns": first_ns(candidate.latencies_ms),
        "epochs": candidate.trial.epochs,
    }


def first_ns(latencies_ms: Mapping[str, float]) -> int:
    """The latency on the first device, in ns."""
    return round(next(iter(latencies_ms.values())) * _NS_PER_MS)

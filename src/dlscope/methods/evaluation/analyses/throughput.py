"""Items per second, counted as the pipeline mode demands."""

from __future__ import annotations

from dlscope.core.run import Run


def throughput_per_s(run: Run) -> float | None:
    """Items per second of one Run, None when no query was answered.

    In a closed loop the items of a query divided by its trimmed mean latency. Where queries
    overlap, wait or are asked at once (mode `stream`, open loops, users, offline) that says
    nothing of the rate: there it is all answered items divided by the duration of the whole run,
    of an open loop one query fewer, since n arrivals span n − 1 gaps (MLPerf Inference).
    """
    scenario, mean_ns = run.plan.scenario, run.samples.trimmed_mean_ns
    if mean_ns is None:
        return None
    arrivals, items = scenario.rule.arrivals, scenario.items_per_query
    if arrivals == "closed" and scenario.pipeline != "stream":
        return items / (mean_ns / 1e9)
    answered = int(run.samples.ok.sum()) - (arrivals == "open")
    return answered * items / (run.samples.duration_ns / 1e9) if answered else None

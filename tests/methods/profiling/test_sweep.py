from __future__ import annotations

import dataclasses

import numpy as np

from dlscope.core.plan import Plan
from dlscope.core.run import Run, Samples
from dlscope.methods.profiling.sweep import BATCHES, swept, throughput
from dlscope.testing.analyses import example_run

# The paper's example: 8 is the smallest batch on which doubling gains at most 5 %.
RATES = {1: 100, 2: 190, 4: 340, 8: 520, 16: 540, 32: 900}


def _plan(batch: int, model: str = "one") -> Plan:
    plan = example_run("r", model=model).plan
    return plan.model_copy(update={"batch_size": batch})


def _run(plan: Plan) -> Run:
    latency = round(plan.batch_size * 1e9 / RATES[plan.batch_size])
    start = np.zeros(5, dtype=np.int64)
    samples = Samples(start, start, start + latency, np.ones(5, dtype=np.bool_))
    return dataclasses.replace(example_run("r"), plan=plan, samples=samples)


def test_a_sweep_ends_where_doubling_gains_at_most_5_percent() -> None:
    runs = swept([_plan(batch) for batch in RATES], _run)
    assert [run.plan.batch_size for run in runs] == [1, 2, 4, 8, 16]


def test_a_sweep_ends_with_what_fails() -> None:
    def carry_out(plan: Plan) -> Run:
        if plan.batch_size == 4:
            return dataclasses.replace(_run(plan), status="failed", samples=Samples.empty())
        return _run(plan)

    runs = list(swept([_plan(batch) for batch in RATES], carry_out))
    assert [run.plan.batch_size for run in runs] == [1, 2, 4]
    assert throughput(runs[-1]) is None


def test_each_model_has_a_sweep_of_its_own() -> None:
    plans = [_plan(batch, name) for name in ("one", "two") for batch in (1, 8, 16, 32)]
    runs = swept(plans, _run)
    assert [(run.plan.model.name, run.plan.batch_size) for run in runs] == [
        (name, batch) for name in ("one", "two") for batch in (1, 8, 16)
    ]


def test_batches_double() -> None:
    assert BATCHES == (1, 2, 4, 8, 16, 32, 64, 128, 256)


def test_a_model_of_one_batch_size_has_that_alone() -> None:
    plan = _plan(1)
    fixed = plan.model.inputs[0].model_copy(update={"shape": (1, *plan.model.inputs[0].shape[1:])})
    model = plan.model.model_copy(update={"inputs": (fixed,)})
    plans = [_plan(batch).model_copy(update={"model": model}) for batch in (1, 2, 4)]
    assert [run.plan.batch_size for run in swept(plans, _run)] == [1]


def test_a_model_without_a_batch_axis_takes_one_item_whatever_its_sizes() -> None:
    plan = _plan(1)
    whole = plan.model.inputs[0].model_copy(update={"layout": "CDHW", "shape": (4, 3, 8, 8)})
    model = plan.model.model_copy(update={"inputs": (whole,)})
    plans = [_plan(batch).model_copy(update={"model": model}) for batch in (1, 2, 4)]
    assert [run.plan.batch_size for run in swept(plans, _run)] == [1]

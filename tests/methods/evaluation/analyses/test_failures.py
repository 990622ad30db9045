from __future__ import annotations

from dlscope.methods.evaluation.analyses.failures import Failures
from dlscope.testing.analyses import example_run


def test_names_every_item_without_a_prediction_and_every_failed_run(text) -> None:
    runs = [
        example_run("r-2", framework="torch", status="failed", answers=(), latencies_ns=()),
        example_run("r-1", answers=(None, 1, None)),
    ]
    assert (
        text(Failures().table(runs), "run", "backend", "item", "reason")
        == """
run  backend      item    reason
r-1  onnxruntime  item-0  the file is empty (step decode)
r-1  onnxruntime  item-2  the file is empty (step decode)
r-2  torch        –       the graph is cut off
"""
    )


def test_runs_in_which_the_same_fails_share_their_rows(text) -> None:
    runs = [example_run(f"r-{n}", answers=(0, None), batch_size=n) for n in (1, 2)]
    assert (
        text(Failures().table(runs), "run", "runs", "item")
        == """
run  runs  item
r-1  2     item-1
"""
    )

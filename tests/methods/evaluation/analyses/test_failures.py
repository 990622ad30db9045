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

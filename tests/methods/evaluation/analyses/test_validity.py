from __future__ import annotations

from dlscope.methods.evaluation.analyses.validity import Validity
from dlscope.testing.analyses import example_run


def test_tells_each_condition_of_each_run(text) -> None:
    runs = [example_run("r-2", framework="torch", is_disturbed=True), example_run("r-1")]
    assert (
        text(Validity().table(runs), "run", "condition", "measured", "required", "holds", "advice")
        == """
run  condition     measured            required  holds  advice
r-1  interference  1.0 % of CPU time   ≤ 5 %     True
r-2  interference  30.0 % of CPU time  ≤ 5 %     False  stop the others
"""
    )

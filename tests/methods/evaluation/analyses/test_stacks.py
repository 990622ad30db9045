from __future__ import annotations

import dataclasses

from dlscope.methods.evaluation.analyses.stacks import Stacks
from dlscope.testing.analyses import example_run, in_stack

OLD = in_stack(
    example_run("r-1"), "1.18.0", "3.10.13", {"numpy": "1.26.4", "sympy": "1.14.0", "six": "1.0"}
)
NEW = in_stack(
    example_run("r-2"), "1.31.1", "3.12.1", {"numpy": "2.5.5", "six": "1.0", "flatbuffers": "25.1"}
)


def test_tells_every_part_that_differs(text) -> None:
    table = Stacks().table([NEW, example_run("r-3"), OLD])
    assert (
        text(table, "baseline", "backend", "part", "baseline_version", "version")
        == """
baseline             backend              part         baseline_version  version
onnxruntime==1.18.0  onnxruntime==1.31.1  Python       3.10.13           3.12.1
onnxruntime==1.18.0  onnxruntime==1.31.1  numpy        1.26.4            2.5.5
onnxruntime==1.18.0  onnxruntime==1.31.1  sympy        1.14.0            –
onnxruntime==1.18.0  onnxruntime==1.31.1  flatbuffers  –                 25.1
"""
    )
    (finding,) = Stacks().findings(table)
    assert finding.claim == (
        "The stacks of onnxruntime==1.18.0 and onnxruntime==1.31.1 differ in 4 parts"
    )
    assert finding.detail == (
        "Python 3.10.13 → 3.12.1, numpy 1.26.4 → 2.5.5, sympy 1.14.0 → none, "
        "flatbuffers none → 25.1"
    )
    assert finding.rows == (0, 1, 2, 3)


def test_one_stack_differs_from_nothing() -> None:
    table = Stacks().table([OLD, dataclasses.replace(OLD, id="r-9"), example_run("r-3")])
    assert len(table) == 0
    assert Stacks().findings(table) == ()

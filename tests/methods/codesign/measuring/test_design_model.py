from __future__ import annotations

from measured_space import small_space

from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measuring.design_model import design_model
from dlscope.methods.codesign.space.design import Design

SPACE = small_space(8, 32)
DESIGN = Design(SPACE.digest, (0, 0, 0, 2), (0, 0, 0, 0))


def operators(precision: Precision) -> set[str]:
    return {node.op_type for node in design_model(SPACE, DESIGN, precision).graph.node}


def test_the_precision_asked_for_holds_for_all_layers() -> None:
    assert "QuantizeLinear" not in operators(Precision(32, 32))
    assert "QuantizeLinear" in operators(Precision(8, 8))


def test_the_same_seed_gives_the_same_file() -> None:
    first, second = (design_model(SPACE, DESIGN, Precision(32, 32), seed=3) for _ in range(2))
    assert first.SerializeToString() == second.SerializeToString()

from __future__ import annotations

import pytest

from dlscope.core.trace import UNRESOLVED, Level
from dlscope.tracing.sources.tensorflow_operators import Layer, is_movement, read_operators
from dlscope.tracing.sources.xplane import XEvent

CPU, POOL, MAIN = "/host:CPU", "tf_Compute/33/1", "python/2"
SCOPES = {
    "nconv1": Layer("conv1"),
    "nrelu1": Layer("relu1"),
    "nflip": Layer("flip", is_movement=True),
}


def event(name: str, start_ns: int, duration_ns: int, line: str = POOL, plane: str = CPU) -> XEvent:
    return XEvent(plane, line, name, start_ns, duration_ns, {})


def read(*events: XEvent, levels=(Level.LAYER,)):
    return read_operators(events, 10_000, 42, scopes=SCOPES, levels=levels)


def stands(*names: str) -> dict[str, str]:
    """The operators that stand for a node, with its name, of such that run one after another."""
    trace = read(*(event(name, 10 * place, 5) for place, name in enumerate(names)))
    return {
        span.name: str(span.attributes["original_layers"])
        for span in trace
        if "original_layers" in span.attributes
    }


def test_operators_are_layers_on_the_trace_clock_and_all_else_is_not() -> None:
    trace = read(
        event("EagerLocalExecute: __inference_f_30", 0, 500, MAIN),
        event("KernelAndDeviceFunc::Run", 0, 500, MAIN),
        event("ExecutorState::Process", 50, 400),
        event("nrelu1/Relu:Relu", 200, 20),
        event("nconv1/add:_MklNativeFusedConv2D", 100, 90),
        event("nconv1/add:Conv2D", 100, 90, plane="/device:GPU:0"),
        event("dlscope-anchor-0", 0, 1, MAIN),
    )
    assert [(span.name, span.type, span.start_ns, span.end_ns) for span in trace] == [
        ("nconv1/add", "_MklNativeFusedConv2D", 10_100, 10_190),
        ("nrelu1/Relu", "Relu", 10_200, 10_220),
    ]
    for span in trace:
        assert (span.level, span.tracer, span.process) == (Level.LAYER, "tensorflow", 42)
        assert (span.parent_id, span.kind) == (UNRESOLVED, "sync")


def test_the_kernel_of_an_operator_is_its_class_over_the_same_time() -> None:
    layer, kernel = read(event("nrelu1/Relu:Relu", 5, 2), levels=(Level.LAYER, Level.KERNEL))
    assert (layer.level, kernel.level) == (Level.LAYER, Level.KERNEL)
    assert (kernel.name, kernel.attributes) == ("Relu", {"source": "op_name"})
    assert (kernel.start_ns, kernel.end_ns, kernel.thread) == (10_005, 10_007, layer.thread)
    (alone,) = read(event("nrelu1/Relu:Relu", 5, 2), levels=(Level.KERNEL,))
    assert alone.level == Level.KERNEL


def test_lines_have_threads_of_their_own_that_no_system_numbers() -> None:
    trace = read(event("a:A", 0, 5), event("b:B", 2, 5, MAIN), event("c:C", 9, 5))
    assert [span.thread for span in trace] == [-1, -2, -1]


def test_of_the_operators_of_a_node_the_last_that_computes_stands_for_it() -> None:
    assert stands(
        "nconv1/PadV2:PadV2",
        "nconv1/transpose:_MklTranspose",
        "nconv1/convolution:_MklNativeConv2D",
        "nconv1/add:AddV2",
        "nconv1/transpose_2:_MklTranspose",
        "nrelu1/Relu:Relu",
    ) == {"nconv1/add": "conv1", "nrelu1/Relu": "relu1"}


def test_what_only_moves_data_stands_for_a_node_that_does_nothing_else() -> None:
    assert stands("nflip/transpose:Transpose") == {"nflip/transpose": "flip"}
    # The convolution was fused into what follows it, and is told there.
    assert stands("nconv1/transpose:_MklTranspose", "nrelu1/Relu:_MklNativeFusedConv2D") == {
        "nrelu1/Relu": "relu1"
    }


def test_a_scope_is_found_behind_the_name_of_what_optimised_the_graph() -> None:
    assert stands("ArithmeticOptimizer/nconv1/add:AddV2", "n2/add:AddV2") == {
        "ArithmeticOptimizer/nconv1/add": "conv1"
    }


@pytest.mark.parametrize("name", ["Transpose", "_MklTranspose", "_MklToTf", "PadV2", "Reshape"])
def test_operators_that_move_data(name: str) -> None:
    assert is_movement(name)


@pytest.mark.parametrize("name", ["Relu", "_MklNativeConv2D", "AddV2", "Conv2DTranspose", ""])
def test_operators_that_compute(name: str) -> None:
    assert not is_movement(name)


def test_no_operators_are_no_spans() -> None:
    assert len(read()) == 0

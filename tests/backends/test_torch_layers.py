from __future__ import annotations

import inspect
import itertools
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from dlscope.backends.onnx_signature import read_model
from dlscope.backends.onnx_to_torch.translate import translate
from dlscope.backends.torch_layers import LayerClock, LayerTracer
from dlscope.core.trace import UNRESOLVED, Level
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder


def _module(name: str, folder: Path) -> torch.fx.GraphModule:
    path = SMALL_MODELS[name].build(folder / "model.onnx")
    return translate(read_model(path), path)


def _feed(name: str, batch: int = 1) -> torch.Tensor:
    return torch.from_numpy(SMALL_MODELS[name].feed(batch))


@pytest.mark.parametrize("name", sorted(SMALL_MODELS))
def test_the_copy_computes_the_same_and_knows_every_node(name: str, tmp_path: Path) -> None:
    module = _module(name, tmp_path)
    before = module.code
    clock = LayerClock(module)
    fed = _feed(name, 2)
    with torch.inference_mode():
        (wanted,), (got,) = module.forward(fed), clock.module.forward(fed)
    torch.testing.assert_close(got, wanted, rtol=0, atol=0)
    assert module.code == before
    nodes = read_model(tmp_path / "model.onnx").graph.node
    named = [(node.name, node.op_type) for node in nodes]
    assert [(layer.name, layer.op_type) for layer in clock.layers] == named


def test_layers_follow_one_another_and_tell_their_output(tmp_path: Path) -> None:
    clock = LayerClock(_module("convolutions", tmp_path))
    tracer = LayerTracer(clock)
    clock.module.forward(_feed("convolutions"))
    tracer.start()
    for batch in (1, 2):
        clock.module.forward(_feed("convolutions", batch))
    tracer.stop()
    clock.module.forward(_feed("convolutions"))
    found = tracer.drain()
    assert found.diagnostics == ()
    spans = found.trace.spans
    assert [span.type for span in spans] == ["Conv", "Clip", "Conv", "Add"] * 2
    assert [span.id for span in spans] == list(range(1, 9))
    for earlier, later in itertools.pairwise(spans):
        assert earlier.start_ns < earlier.end_ns <= later.start_ns
    first, fifth = spans[0], spans[4]
    assert (first.level, first.parent_id, first.name) == (Level.LAYER, UNRESOLVED, "t0")
    assert (first.tracer, first.thread) == ("torch", threading.get_native_id())
    assert first.attributes == {
        "output_shape": "1x8x6x6",
        "output_dtype": "float32",
        "output_bytes": 1152,
    }
    assert fifth.attributes["output_shape"] == "2x8x6x6"


def test_several_calls_for_one_node_are_one_span(tmp_path: Path) -> None:
    model = ModelBuilder()
    model.add("AveragePool", "x", kernel_shape=[3, 3], pads=[0, 0, 2, 2], output="y")
    sizes = (np.float32, ["N", 1, 4, 4])
    path = model.save(tmp_path / "model.onnx", {"x": sizes}, {"y": sizes})
    module = translate(read_model(path), path)
    assert len([node for node in module.graph.nodes if node.op == "call_function"]) > 1
    assert [layer.op_type for layer in LayerClock(module).layers] == ["AveragePool"]


def test_the_mark_is_read_at_the_end_of_each_layer_and_the_device_is_awaited(
    tmp_path: Path,
) -> None:
    marks = iter(range(100))
    waits: list[int] = []
    clock = LayerClock(
        _module("convolutions", tmp_path), mark=marks.__next__, wait=lambda: waits.append(0)
    )
    heard = clock.listen()
    clock.module.forward(_feed("convolutions"))
    clock.leave(heard)
    clock.module.forward(_feed("convolutions"))
    (iteration,) = heard
    assert [time.mark for time in iteration.times] == [0, 1, 2, 3]
    assert len(waits) == 8


def test_an_iteration_that_fails_is_left_out(tmp_path: Path) -> None:
    clock = LayerClock(_module("embedding", tmp_path))
    heard = clock.listen()
    with pytest.raises(IndexError):
        clock.module.forward(torch.full((1, 6), 99))
    clock.module.forward(_feed("embedding"))
    assert len(heard) == 1


def test_the_clock_is_read_without_a_wrapper_around_it(tmp_path: Path) -> None:
    source = inspect.getsource(LayerClock(_module("convolutions", tmp_path)).module.forward)
    assert source.count("perf_counter_ns()") == 8

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.core.errors import GraphError
from dlscope.zoo.gru import GRU, build

SMALL = {"layers": "2", "steps": "5", "words": "7", "features": "3", "hidden": "4", "seed": "7"}


def test_has_the_size_of_its_equations(sizes):
    """Three gates read the input, the state and two biases; then 256 × 2 and 2; and the words."""
    first, second = 3 * 256 * (128 + 256 + 2), 3 * 256 * (256 + 256 + 2)
    parameters = 30522 * 128 + first + second + 256 * 2 + 2
    macs = 64 * 3 * 256 * ((128 + 256) + (256 + 256)) + 256 * 2
    assert sizes(GRU) == (parameters, macs) == (4_598_530, 44_040_704)


def test_answers_with_numbers(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 2)


def test_a_small_one_follows_the_equations():
    model = build(None, SMALL)
    arrays = {
        tensor.name: onnx.numpy_helper.to_array(tensor).astype(np.float64)
        for tensor in onnx.load_from_string(model).graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    }
    tokens = np.random.default_rng(0).integers(0, 7, (2, 5))
    states = list(arrays["embedding.weight"][tokens].swapaxes(0, 1))
    for layer in range(2):
        states = recurrence(states, arrays, f"gru.{layer}")
    expected = states[-1] @ arrays["fc.weight"].T + arrays["fc.bias"]
    got = onnxruntime.InferenceSession(model).run(None, {"tokens": tokens})[0]
    assert np.abs(got - expected).max() < 1e-5


def recurrence(inputs: list[np.ndarray], arrays: dict[str, np.ndarray], name: str):
    weight, recurrent, bias = (arrays[f"{name}.{p}"][0] for p in ("weight", "recurrence", "bias"))
    hidden = np.zeros((2, 4))
    states = []
    for step in inputs:
        read = np.split(step @ weight.T + bias[:12], 3, axis=1)
        kept = np.split(hidden @ recurrent.T + bias[12:], 3, axis=1)
        update, reset = (1 / (1 + np.exp(-read[i] - kept[i])) for i in range(2))
        new = np.tanh(read[2] + reset * kept[2])
        hidden = (1 - update) * new + update * hidden
        states.append(hidden)
    return states


@pytest.mark.parametrize("words", ["0", "all", "-7"])
def test_refuses_what_is_no_number_of_words(words):
    with pytest.raises(GraphError) as caught:
        build(None, {**SMALL, "words": words})
    assert caught.value.what == f"words of gru is a whole number of at least 1, not {words!r}"
    assert caught.value.where == "generated:gru"
    assert caught.value.fix == "write generated:gru?words=1, or more"

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from dlscope.core.errors import GraphError
from dlscope.zoo.lstm import LSTM, build

SMALL = {"layers": "2", "steps": "5", "features": "3", "hidden": "4", "classes": "2", "seed": "7"}


def test_has_the_size_of_its_equations(sizes):
    """Four gates read the input, the state and two biases; then 256 × 10 and 10."""
    first, second = 4 * 256 * (128 + 256 + 2), 4 * 256 * (256 + 256 + 2)
    parameters = first + second + 256 * 10 + 10
    macs = 64 * 4 * 256 * ((128 + 256) + (256 + 256)) + 256 * 10
    assert sizes(LSTM) == (parameters, macs) == (924_170, 58_722_816)


def test_a_layer_costs_as_much_per_step(sizes):
    assert sizes(LSTM, layers="3")[1] - sizes(LSTM)[1] == 64 * 4 * 256 * 512
    assert sizes(LSTM, steps="1")[1] == (sizes(LSTM)[1] - 2560) // 64 + 2560


def test_answers_with_numbers(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 10)


def test_a_small_one_follows_the_equations():
    model = build(None, SMALL)
    arrays = {
        tensor.name: onnx.numpy_helper.to_array(tensor).astype(np.float64)
        for tensor in onnx.load_from_string(model).graph.initializer
    }
    items = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    states = list(items.astype(np.float64).swapaxes(0, 1))
    for layer in range(2):
        states = recurrence(states, arrays, f"lstm.{layer}")
    expected = states[-1] @ arrays["fc.weight"].T + arrays["fc.bias"]
    got = onnxruntime.InferenceSession(model).run(None, {"sequence": items})[0]
    assert np.abs(got - expected).max() < 1e-5


def recurrence(inputs: list[np.ndarray], arrays: dict[str, np.ndarray], name: str):
    weight, recurrent, bias = (arrays[f"{name}.{p}"][0] for p in ("weight", "recurrence", "bias"))
    hidden = cell = np.zeros((2, 4))
    bias = bias[:16] + bias[16:]
    states = []
    for step in inputs:
        gates = np.split(step @ weight.T + hidden @ recurrent.T + bias, 4, axis=1)
        keep, give, forget = (1 / (1 + np.exp(-gate)) for gate in gates[:3])
        cell = forget * cell + keep * np.tanh(gates[3])
        hidden = give * np.tanh(cell)
        states.append(hidden)
    return states


@pytest.mark.parametrize("steps", ["0", "-1", "many", "1.5", "", "²", "9" * 12])
def test_refuses_what_is_no_number_of_steps(steps):
    with pytest.raises(GraphError) as caught:
        build(None, {**SMALL, "steps": steps})
    assert caught.value.what == f"steps of lstm is a whole number of at least 1, not {steps!r}"
    assert caught.value.where == "generated:lstm"
    assert caught.value.fix == "write generated:lstm?steps=1, or more"

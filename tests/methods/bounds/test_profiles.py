from __future__ import annotations

from pathlib import Path

from measured_models import MACHINE, forked

from dlscope.methods.bounds.profiles import layer_times_in, measure_profile, profile_key
from dlscope.methods.bounds.setups import Setup


def test_a_profile_is_a_result_of_the_whole_model(tmp_path: Path) -> None:
    model, setup = forked(tmp_path), Setup("onnxruntime", {"graph_optimization": "disabled"})
    key = profile_key(model, setup, MACHINE, 1)
    result = measure_profile(model, setup, key)
    times = layer_times_in(result)
    assert (result.key, result.status) == (key, "ok")
    assert set(times) == {"Conv", "Relu", "LRN", "MaxPool", "Concat", "Flatten"}
    assert result.samples_ns == (round(sum(times.values())),)


def test_a_backend_that_tells_nothing_is_stored_as_such(tmp_path: Path) -> None:
    model, setup = forked(tmp_path), Setup("unheard_of")
    result = measure_profile(model, setup, profile_key(model, setup, MACHINE, 1))
    assert (result.status, result.reason) == (
        "unsupported",
        "the backend does not tell what layers take",
    )
    assert layer_times_in(result) == {}

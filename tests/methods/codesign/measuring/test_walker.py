from __future__ import annotations

import numpy as np

from dlscope.methods.codesign.measuring.bound_model import BoundModel
from dlscope.methods.codesign.measuring.null_model import null_model
from dlscope.methods.codesign.measuring.walk_protocol import WalkProtocol
from dlscope.methods.codesign.measuring.walker import walk


def models(tmp_path, count: int):
    path = tmp_path / "null.onnx"
    path.write_bytes(null_model())
    return [BoundModel(path, threads=1) for _ in range(count)]


def test_every_model_has_a_time_by_both_clocks_in_every_round(tmp_path) -> None:
    protocol = WalkProtocol(processes=1, min_rounds=4, min_seconds=0.0)
    times = walk(models(tmp_path, 3), [2, 2, 2], protocol)
    assert times.shape == (4, 3, 2)
    assert np.all(times > 0)


def test_it_goes_on_until_each_model_had_its_time(tmp_path) -> None:
    protocol = WalkProtocol(processes=2, min_rounds=1, min_seconds=0.02)
    runs = [50]
    times = walk(models(tmp_path, 1), runs, protocol)
    assert (times[:, 0, 1] * runs[0]).sum() >= 0.01e9


def test_the_longest_time_ends_it(tmp_path) -> None:
    protocol = WalkProtocol(processes=1, min_rounds=10_000, max_seconds=0.0)
    told: list[float] = []
    times = walk(models(tmp_path, 1), [1], protocol, lambda each: told.append(each["share"]))
    assert len(times) == 1
    assert told == [1.0]

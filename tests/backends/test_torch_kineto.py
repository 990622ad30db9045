from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dlscope.core.trace import Level

# In a process of its own: torch.profiler leaves threads and settings behind.
SCRIPT = """
import json, sys, time, torch
from dlscope.backends.torch_kineto import KinetoTracer
from dlscope.core.trace import Level
convolution = torch.nn.Conv2d(3, 8, 3)
image = torch.zeros(1, 3, 16, 16)
convolution(image)
for name in sys.argv[1:]:
    tracer = KinetoTracer([Level[name]])
    tracer.start()
    start = time.perf_counter_ns()
    with torch.inference_mode():
        convolution(image)
    end = time.perf_counter_ns()
    tracer.stop()
    drained = tracer.drain()
    inside = [
        s.name for s in drained.trace if start - 1000 <= s.start_ns and s.end_ns <= end + 1000
    ]
    levels = [int(s.level) for s in drained.trace]
    print(json.dumps([inside, levels, list(map(str, drained.diagnostics))]))
"""
Seen = tuple[list[str], set[int], list[str]]


@pytest.fixture(scope="module")
def seen() -> dict[str, Seen]:
    """What a tracer of one level sees, for each of two: one process, as PyTorch starts slowly."""
    wanted = ("KERNEL", "LAYER")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *wanted], capture_output=True, text=True, check=True
    )
    lines = map(json.loads, done.stdout.splitlines()[-len(wanted) :])
    return {
        level: (names, set(found), diagnostics)
        for level, (names, found, diagnostics) in zip(wanted, lines, strict=True)
    }


def test_operators_lie_where_they_ran(seen: dict[str, Seen]) -> None:
    names, levels, diagnostics = seen["LAYER"]
    assert "aten::conv2d" in names
    assert levels == {Level.LAYER}
    assert diagnostics == []


def test_levels_that_were_not_asked_for_are_left_out(seen: dict[str, Seen]) -> None:
    names, levels, _ = seen["KERNEL"]
    assert names == []
    assert levels == set()

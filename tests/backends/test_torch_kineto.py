from __future__ import annotations

import json
import subprocess
import sys

from dlscope.core.trace import Level

# In a process of its own: torch.profiler leaves threads and settings behind.
SCRIPT = """
import json, time, torch
from dlscope.backends.torch_kineto import KinetoTracer
from dlscope.core.trace import Level
tracer = KinetoTracer([Level[name] for name in {levels}])
convolution = torch.nn.Conv2d(3, 8, 3)
image = torch.zeros(1, 3, 16, 16)
convolution(image)
tracer.start()
start = time.perf_counter_ns()
with torch.inference_mode():
    convolution(image)
end = time.perf_counter_ns()
tracer.stop()
drained = tracer.drain()
inside = [s.name for s in drained.trace if start - 1000 <= s.start_ns and s.end_ns <= end + 1000]
levels = [int(s.level) for s in drained.trace]
print(json.dumps([inside, levels, list(map(str, drained.diagnostics))]))
"""


def _seen(*levels: str) -> tuple[list[str], set[int], list[str]]:
    script = SCRIPT.format(levels=list(levels))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    names, found, diagnostics = json.loads(done.stdout.splitlines()[-1])
    return names, set(found), diagnostics


def test_operators_lie_where_they_ran() -> None:
    names, levels, diagnostics = _seen("LAYER")
    assert "aten::conv2d" in names
    assert levels == {Level.LAYER}
    assert diagnostics == []


def test_levels_that_were_not_asked_for_are_left_out() -> None:
    names, levels, _ = _seen("KERNEL")
    assert names == []
    assert levels == set()

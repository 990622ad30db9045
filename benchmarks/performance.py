"""Runs the scripts of this folder that take minutes, and keeps what they print, for one page.

    python benchmarks/performance.py [NAME …]      make peers && .venv-peers/bin/python … for all

Each runs by itself, one after the other; what it printed is kept in
`benchmarks/results/performance.json` with its machine, the time that it took, and the share of that
machine that others took meanwhile: figures are compared within a script, never between two.
`docs/performance.md` shows it. Scripts that keep tables of their own (`bounds.py`, `bricks.py`,
`codesign_*.py`, `adaptation.py`, `skynet_*.py`) are not repeated here; the page names their files.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlscope.stacks.fingerprint import environment
from dlscope.stacks.interference import InterferenceMeter

HERE = Path(__file__).parent
KEPT = HERE / "results" / "performance.json"
QUESTIONS: Mapping[str, tuple[str, str]] = {
    "bare_loop": ("bare_loop.py", "Is a latency through dlscope the latency of the framework?"),
    "loop_overhead": ("loop_overhead.py", "What does the closed loop add to a query?"),
    "closed": ("overhead.py closed", "A closed loop, beside the genuine LoadGen"),
    "open": ("overhead.py open", "An open loop of 5 000 queries/s: cost and lateness"),
    "planning": ("overhead.py planning", "Planning a matrix of 1 000 points"),
    "analyses": ("overhead.py analyses", "Every analysis over 1 000 Runs, and their report"),
    "stopping": ("overhead.py stopping", "Early stopping over 10⁶ queries"),
    "verdict": ("overhead.py verdict", "A closed loop of 5 s, to its verdict"),
    "openvino": ("one_model.py openvino", "One model on OpenVINO, by several programs"),
    "onnxruntime": ("one_model.py onnxruntime", "One model on ONNX Runtime, by several programs"),
    "tracing": ("tracing.py", "Recording a span, beside other tools"),
    "trace_readers": ("trace_readers.py", "Reading a profile of PyTorch's, beside other tools"),
    "merge": ("profiling.py merge", "Finding parents of 10⁶ spans, and sums over them"),
    "scale": ("profiling.py scale", "Analysing 10⁷ spans on disk"),
    "layers": ("profiling.py overhead", "What the level of layers adds to a model"),
    "profiler": ("profiling.py profiler", "Looking at layers, beside PyTorch's own profiler"),
    "streaming": ("streaming.py", "What the streaming pipeline gains"),
    "scheduling": ("scheduling.py overhead", "A plan through Ray, beside bare Ray tasks"),
    "store_pages": ("store_pages.py", "Pages over a store of 10⁵ Runs"),
    "skynet": ("skynet.py", "SkyNet: ways to reorder, and overlapping stages"),
}
"""Script with its arguments, and what it answers, by a short name."""


def ran(name: str, limit_s: float) -> dict[str, Any]:
    """What a script printed, and what it took."""
    script, question = QUESTIONS[name]
    command = [sys.executable, str(HERE / script.split()[0]), *script.split()[1:]]
    before, begun, meter = _cpu_s(), time.monotonic(), InterferenceMeter()
    meter.start()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
        output, code = done.stdout, done.returncode
        if code:
            output += done.stderr[-500:]
    except subprocess.TimeoutExpired:
        output, code = f"took longer than {limit_s:g} s", -1
    seen = meter.stop()
    return {
        "name": name,
        "question": question,
        "command": f"python benchmarks/{script}",
        "output": output.rstrip(),
        "exit": code,
        "wall_s": round(time.monotonic() - begun, 1),
        "cpu_s": round(_cpu_s() - before, 1),
        "others_share": None if seen.share is None else round(seen.share, 3),
    }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def keep(row: Mapping[str, Any]) -> None:
    """Put a script in the place of its last run."""
    here = environment()
    stored = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    cpu = here.system["cpu"]
    machine = f"{cpu['model']}, {cpu['effective_cores'] or cpu['cores']} cores"
    stored[row["name"]] = {**row, "machine": machine, "fingerprint": here.fingerprint}
    KEPT.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", choices=[[], *QUESTIONS], default=[])
    parser.add_argument("--limit", type=float, default=300.0, help="most seconds for one script")
    asked = parser.parse_args()
    for name in asked.names or QUESTIONS:
        row = ran(name, asked.limit)
        keep(row)
        print(f"{name}: {row['wall_s']} s, others {row['others_share']}, exit {row['exit']}")


if __name__ == "__main__":
    main()

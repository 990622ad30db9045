from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    "torch",
    "onnx",
    "onnxruntime",
    "tensorflow",
    "jax",
    "ray",
    "pyarrow",
    "fastapi",
    "sqlalchemy",
    "openvino",
)
HELP = """
sys.argv = ["dlscope", "--help"]
from dlscope.cli import main
try:
    main()
except SystemExit as exit:
    assert not exit.code, exit.code
"""


def heavy_after(code: str) -> list[str]:
    """Which of the heavy libraries a fresh interpreter holds after running `code`."""
    script = f"import sys\n{code}\nimport json\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    return [name for name in HEAVY if name in loaded]


def test_importing_dlscope_is_light() -> None:
    assert heavy_after("import dlscope") == []


def test_the_nouns_are_light() -> None:
    modules = "errors manifest plan run trace table report registry digest stats workload"
    assert heavy_after(f"from dlscope.core import {', '.join(modules.split())}") == []


def test_help_is_light() -> None:
    assert heavy_after(HELP) == []


def test_a_worker_needs_no_database() -> None:
    assert heavy_after("import dlscope.agents.worker") == ["pyarrow"]


def test_the_probe_sees_a_heavy_import() -> None:
    assert heavy_after("import onnx") == ["onnx"]

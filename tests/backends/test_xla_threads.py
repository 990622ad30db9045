from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")

ASK = """
import json, os
os.environ["PJRT_NPROC"] = "7"
from dlscope.backends.xla_threads import start_pool
first, second = start_pool({threads}), start_pool(5)
print(json.dumps([first, second, os.environ["PJRT_NPROC"]]))
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads have no names here")
@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_number_of_threads_holds_for_the_process(threads: int) -> None:
    command = [sys.executable, "-c", ASK.format(threads=threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [threads, threads, "7"]

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dlscope.backends.perf_sampling import PerfTracer, perf_capability
from dlscope.core.trace import Level


@pytest.fixture
def _asked_anew():
    perf_capability.cache_clear()
    yield
    perf_capability.cache_clear()


needs_perf = pytest.mark.skipif(
    not perf_capability().is_available, reason=perf_capability().reason or "perf works"
)


@needs_perf
def test_samples_lie_in_the_run_on_the_thread_that_worked() -> None:
    tracer = PerfTracer()
    tracer.start()
    start_ns = time.perf_counter_ns()
    while time.perf_counter_ns() < start_ns + 100_000_000:
        pass
    end_ns = time.perf_counter_ns()
    tracer.stop()
    found = tracer.drain()
    assert found.diagnostics == ()
    mine = [span for span in found.trace if start_ns <= span.start_ns <= end_ns]
    assert len(mine) >= 5  # 200, were the machine idle
    assert {span.level for span in mine} == {Level.KERNEL}
    assert {span.kind for span in mine} == {"sample"}
    assert {span.process for span in mine} == {os.getpid()}
    assert threading.get_native_id() in {span.thread for span in mine}
    assert mine[0].attributes == {"source": "perf", "period_ns": 500_000}


@needs_perf
def test_leaves_no_file_descriptor_and_no_copy_of_binaries(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    before = len(list(Path("/proc/self/fd").iterdir()))
    tracer = PerfTracer()
    for _ in range(2):
        tracer.start()
        tracer.stop()
        assert tracer.drain().diagnostics == ()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert list(tmp_path.iterdir()) == []


@needs_perf
def test_the_names_of_generated_code_go_when_the_process_ends() -> None:
    script = (
        "import os, pathlib\n"
        "from dlscope.backends.perf_sampling import PerfTracer\n"
        "symbols = pathlib.Path(f'/tmp/perf-{os.getpid()}.map')\n"
        "symbols.write_text('1000 10 kernel\\n')\n"
        "tracer = PerfTracer()\n"
        "tracer.start()\n"
        "tracer.stop()\n"
        "assert symbols.exists()\n"
        "os.write(1, bytes(symbols))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.startswith(b"/tmp/perf-")
    assert not Path(done.stdout.decode()).exists()


@pytest.mark.usefixtures("_asked_anew")
def test_without_perf_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = perf_capability()
    assert (found.level, found.is_available) == (Level.KERNEL, False)
    assert found.reason == "perf is not installed"
    assert found.fix == "install perf (package linux-perf or linux-tools)"


@pytest.mark.usefixtures("_asked_anew")
def test_a_perf_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "perf"
    broken.write_text("#!/bin/sh\necho 'no kernel for this perf' >&2\nexit 2\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert perf_capability().reason == "perf cannot sample: no kernel for this perf"
    tracer = PerfTracer()
    tracer.start()
    tracer.stop()
    (diagnostic,) = tracer.drain().diagnostics
    assert diagnostic.what == "perf failed to start: no kernel for this perf"


@pytest.mark.usefixtures("_asked_anew")
def test_a_perf_that_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / "perf"
    silent.write_text("#!/bin/sh\nexit 0\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    tracer = PerfTracer()
    tracer.start()
    tracer.stop()
    (diagnostic,) = tracer.drain().diagnostics
    assert diagnostic.what == "perf failed to start: perf does not answer"

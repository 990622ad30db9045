from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dlscope.backends.isolated.process import IsolatedProcess, Raised
from dlscope.core.errors import BackendError
from dlscope.stacks.at_work import is_at_work


@pytest.fixture
def process() -> Iterator[IsolatedProcess]:
    started = IsolatedProcess(Path(sys.executable), threads=3)
    yield started
    started.close()


def test_an_answer_comes_back(process: IsolatedProcess) -> None:
    told, tensors = process.ask("import", framework="onnxruntime", module="json")
    assert told["python"].startswith("3.")
    assert told["duration_ns"] >= 0
    assert tensors == {}


def test_others_see_that_its_stack_is_in_use(process: IsolatedProcess) -> None:
    folder = Path(sys.executable).parents[1]
    assert is_at_work(folder)
    others = IsolatedProcess(Path(sys.executable))
    others.close()
    assert is_at_work(folder)


def test_what_the_framework_raises_keeps_its_words(process: IsolatedProcess) -> None:
    with pytest.raises(Raised, match="No module named 'no_such_module'") as caught:
        process.ask("import", framework="x", module="no_such_module")
    assert caught.value.kind == "ModuleNotFoundError"


def test_a_worker_that_died_is_told(process: IsolatedProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(BackendError) as caught:
        process.ask("forget", model=0)
    assert caught.value.describe() == (
        "BackendError: the worker in the isolated stack ended with exit code -9\n"
        "  where  isolated stack, forget\n"
        "  fix    see the log of the run; with too little memory, try a smaller batch"
    )


def test_it_is_told_its_threads_and_nothing_of_this_python(
    process: IsolatedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert psutil.Process(process.pid).environ()["OMP_NUM_THREADS"] == "3"
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    other = IsolatedProcess(Path(sys.executable))
    assert "PYTHONPATH" not in psutil.Process(other.pid).environ()
    other.close()


def test_closing_ends_it_and_may_be_done_twice(process: IsolatedProcess) -> None:
    worker = psutil.Process(process.pid)
    process.close()
    process.close()
    assert not worker.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_worker_does_not_outlive_a_parent_that_is_killed() -> None:
    code = (
        "import sys, time, pathlib\n"
        "from dlscope.backends.isolated.process import IsolatedProcess\n"
        "process = IsolatedProcess(pathlib.Path(sys.executable))\n"
        "process.ask('import', framework='', module='json')\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    psutil.wait_procs([worker], timeout=10)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE

from __future__ import annotations

import sys
import threading
import time
from types import SimpleNamespace

import pytest

from dlscope.core.errors import MeasurementError, PluginError
from dlscope.loadgen.closed_loop import never
from dlscope.loadgen.mlperf.answering import Answering
from dlscope.loadgen.mlperf.running import alone, complete, import_loadgen, in_its_own_thread
from dlscope.tracing.clock import VirtualClock

BUSY = (
    "MeasurementError: LoadGen is already running a test in this process\n"
    "  where  dlscope.loadgen.mlperf\n"
    "  fix    wait for it, or run the other test in a process of its own"
)


@pytest.fixture
def answering(fixed_latency) -> Answering:
    return Answering(fixed_latency(), "Server", lambda *_: None, never, VirtualClock())


def test_refuses_a_second_test_at_a_time() -> None:
    with alone(), pytest.raises(MeasurementError) as caught, alone():
        pass
    assert str(caught.value) == BUSY
    with alone():
        pass


def test_a_test_runs_in_a_thread_of_its_own_and_is_waited_for(answering) -> None:
    seen = []

    def test() -> None:
        time.sleep(0.05)
        seen.append(threading.current_thread().name)

    with alone() as held:
        in_its_own_thread(test, answering, held)
    assert seen == ["loadgen"]
    with alone():
        pass


def test_an_error_of_the_test_itself_is_kept(answering) -> None:
    def test() -> None:
        raise TypeError("no such field")

    with alone() as held:
        in_its_own_thread(test, answering, held)
    assert isinstance(answering.error, TypeError)
    assert answering.is_ended
    with alone():
        pass


def test_completion_names_each_query_and_its_bytes() -> None:
    told = []
    loadgen = SimpleNamespace(
        QuerySampleResponse=lambda number, address, size: (number, address != 0, size),
        QuerySamplesComplete=told.append,
    )
    queries = [SimpleNamespace(id=7, index=0), SimpleNamespace(id=8, index=1)]
    complete(loadgen, queries, ())
    complete(loadgen, queries, (b"ab", b"c"))
    assert told == [[(7, False, 0), (8, False, 0)], [(7, True, 2), (8, True, 1)]]


def test_refuses_without_loadgen(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "mlperf_loadgen", None)
    with pytest.raises(PluginError) as caught:
        import_loadgen()
    assert str(caught.value) == (
        "PluginError: LoadGen needs 'mlperf_loadgen', which is not installed\n"
        "  where  dlscope.loadgen.mlperf\n"
        "  fix    pip install 'dlscope[mlperf]'"
    )

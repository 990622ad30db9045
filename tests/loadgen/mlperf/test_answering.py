from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from dlscope.core.errors import DataError
from dlscope.loadgen.closed_loop import never
from dlscope.loadgen.mlperf.answering import ANSWERED, FAILED, SKIPPED, Answering
from dlscope.tracing.clock import VirtualClock


def _queries(*samples: int) -> list[SimpleNamespace]:
    return [SimpleNamespace(id=100 + sample, index=sample) for sample in samples]


class Completed:
    def __init__(self) -> None:
        self.calls: list[tuple[list[int], list[bytes]]] = []
        self.threads: set[str] = set()

    def __call__(self, queries, answers) -> None:
        self.calls.append(([query.id for query in queries], list(answers)))
        self.threads.add(threading.current_thread().name)


@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream"])
def test_a_stream_is_answered_where_it_is_issued(fixed_latency, scenario) -> None:
    system, completed = fixed_latency(), Completed()
    with Answering(system, scenario, completed, never, VirtualClock()) as answering:
        answering.issue(_queries(4, 5))
    assert system.asked == [[4, 5]]
    assert completed.calls == [([104, 105], [])]
    assert completed.threads == {threading.current_thread().name}
    assert bytes(answering.outcomes) == bytes([ANSWERED, ANSWERED])


def test_a_servers_queries_leave_the_issuing_thread(fixed_latency) -> None:
    gate, completed = threading.Event(), Completed()
    system = fixed_latency(also=lambda _: gate.wait(10))
    with Answering(system, "Server", completed, never, VirtualClock(7)) as answering:
        answering.issue(_queries(1))
        answering.issue(_queries(2, 3))
        assert completed.calls == []
        gate.set()
    assert system.asked == [[1], [2, 3]]
    assert [ids for ids, _ in completed.calls] == [[101], [102, 103]]
    assert completed.threads == {"loadgen-server"}
    assert answering.issued_ns.tolist() == [7, 7, 7]


def test_offline_is_completed_sample_by_sample(fixed_latency) -> None:
    system, completed = fixed_latency(), Completed()
    with Answering(system, "Offline", completed, never, VirtualClock()) as answering:
        answering.issue(_queries(1, 2, 3))
    assert system.asked == [[1], [2], [3]]
    assert [ids for ids, _ in completed.calls] == [[101], [102], [103]]
    assert len(answering.issued_ns) == 1


def test_answers_go_along_with_the_completion(responding) -> None:
    completed = Completed()
    with Answering(responding(), "MultiStream", completed, never, VirtualClock()) as answering:
        answering.issue(_queries(1, 2))
    assert completed.calls == [([101, 102], [b"answer 1", b"answer 2"])]


def test_after_an_unexpected_error_queries_are_completed_without_the_system(fixed_latency) -> None:
    def act(samples) -> None:
        if samples == (2,):
            raise DataError("spoiled", where="2", fix="replace it")
        if samples == (3,):
            raise ZeroDivisionError

    system, completed = fixed_latency(also=act), Completed()
    with Answering(system, "SingleStream", completed, never, VirtualClock()) as answering:
        for sample in (1, 2, 3, 4):
            answering.issue(_queries(sample))
    assert system.asked == [[1], [2], [3]]
    assert [ids for ids, _ in completed.calls] == [[101], [102], [103], [104]]
    assert bytes(answering.outcomes) == bytes([ANSWERED, FAILED, FAILED, SKIPPED])
    assert isinstance(answering.error, ZeroDivisionError)


def test_a_watch_that_breaks_ends_the_test(fixed_latency) -> None:
    def watch(queries: int, elapsed_ns: int) -> bool:
        raise OSError("gone")

    completed = Completed()
    with Answering(fixed_latency(), "SingleStream", completed, watch, VirtualClock()) as answering:
        answering.issue(_queries(1))
        answering.issue(_queries(2))
    assert isinstance(answering.error, OSError)
    assert bytes(answering.outcomes) == bytes([ANSWERED, SKIPPED])


def test_only_the_first_error_is_kept(fixed_latency, monkeypatch) -> None:
    system = fixed_latency()
    first, second = OSError("first"), OSError("second")

    def load(samples) -> None:
        raise first

    def unload(samples) -> None:
        raise second

    monkeypatch.setattr(system, "load", load)
    monkeypatch.setattr(system, "unload", unload)
    answering = Answering(system, "Offline", Completed(), never, VirtualClock())
    answering.load([1])
    answering.unload([1])
    answering.flush()
    assert answering.error is first
    assert answering.is_ended


@pytest.mark.parametrize(
    ("answers", "outcome", "is_ended"), [([b"one"], FAILED, False), (["1", "2"], FAILED, True)]
)
def test_answers_that_loadgen_could_not_log_never_reach_it(
    responding, monkeypatch, answers, outcome, is_ended
) -> None:
    system, completed = responding(), Completed()
    monkeypatch.setattr(system, "respond", lambda _: answers)
    with Answering(system, "MultiStream", completed, never, VirtualClock()) as answering:
        answering.issue(_queries(1, 2))
    assert completed.calls == [([101, 102], [])]
    assert bytes(answering.outcomes) == bytes([outcome, outcome])
    assert answering.is_ended is is_ended

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from dlscope.core.errors import DataError, PlanError
from dlscope.methods.skynet.staged import CAPACITY, Stage, Staged, StageTimes, run_staged


def plus(name, number):
    return Stage(name, lambda item: item + number)


def three():
    return [plus("read", 1), plus("infer", 10), plus("boxes", 100)]


def test_gives_outputs_in_the_order_of_the_items():
    done = run_staged(three(), range(50))
    assert done.outputs == tuple(range(111, 161))
    assert [stage.items for stage in done.stages] == [50, 50, 50]


def test_nothing_gives_nothing():
    assert run_staged(three(), []).outputs == ()


def test_two_stages_can_be_one():
    merged = plus("fetch", 1).merged(plus("prepare", 2))
    assert merged.name == "fetch+prepare"
    assert run_staged([merged], [0]).outputs == (3,)


def test_a_slow_stage_holds_up_the_reading():
    """No more is read than the queues hold: one item in each stage and the capacity between."""
    read, most = [], []

    def slow(item):
        most.append(len(read) - item)
        time.sleep(0.002)
        return item

    stages = [Stage("read", lambda item: read.append(item) or item), Stage("slow", slow)]
    run_staged(stages, range(30), capacity=2)
    assert max(most) <= 2 + 2


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_an_exception_names_the_item_and_ends_all_threads(stage):
    def fails(item):
        if item % 10 == 7:
            raise RuntimeError("no memory")
        return item

    stages = [Stage(name, lambda item: item) for name in ("read", "infer", "boxes")]
    stages[stage] = Stage(stages[stage].name, fails)
    before, started = threading.active_count(), time.monotonic()
    with pytest.raises(DataError) as error:
        run_staged(stages, range(10**9))
    assert time.monotonic() - started < 2
    assert threading.active_count() == before
    name = stages[stage].name
    assert str(error.value) == (
        f"DataError: stage '{name}' failed at item 7: RuntimeError: no memory\n"
        f"  where  pipeline, stage '{name}', item 7\n"
        "  fix    correct the item or the stage; what came before was worked on"
    )
    assert isinstance(error.value.__cause__, RuntimeError)


def test_items_that_cannot_be_given_end_the_run():
    def items():
        yield 1
        raise OSError("folder is gone")

    with pytest.raises(DataError, match="stage 'read' failed at item 1: OSError: folder is gone"):
        run_staged(three(), items())


def broken(item):
    if item in (2, 5):
        raise DataError("not a JPEG", where=f"{item}.jpg", fix="replace the file")
    return item


def test_bad_items_are_left_out_where_asked():
    stages = [Stage("read", broken), plus("infer", 10)]
    done = run_staged(stages, range(7), is_strict=False)
    assert done.outputs == (10, 11, 13, 14, 16)
    told = [(each.index, each.stage, each.reason) for each in done.failures]
    assert told == [(2, "read", "not a JPEG"), (5, "read", "not a JPEG")]


def test_a_bad_item_stops_a_strict_run():
    with pytest.raises(DataError, match="stage 'read' failed at item 2: not a JPEG"):
        run_staged([Stage("read", broken)], range(7))


def test_an_interruption_ends_all_threads(monkeypatch):
    """Ctrl-C reaches the thread that waits for the outputs."""
    from dlscope.methods.skynet import staged

    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(staged._Running, "_collected", interrupted)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        run_staged(three(), range(10**9))
    assert threading.active_count() == before


ENDLESS = """
import itertools, time
from dlscope.methods.skynet.staged import Stage, run_staged

def slow(item):
    print("working", flush=True)
    time.sleep(0.01)

run_staged([Stage("read", abs), Stage("slow", slow)], itertools.count())
"""


def test_ctrl_c_ends_the_process_within_two_seconds():
    child = subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout.readline() == "working\n"
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=20)
        assert time.monotonic() - started < 2
    assert told.rstrip().endswith("KeyboardInterrupt")


def timed(*busy_ms, wall_ms):
    stages = tuple(
        StageTimes(f"stage{index}", busy_ns=busy * 10**6) for index, busy in enumerate(busy_ms)
    )
    return Staged((), (), stages, wall_ms * 10**6)


def test_names_the_bottleneck_and_the_bound():
    done = timed(20, 10, 10, wall_ms=25)
    assert done.bottleneck == "stage0"
    assert (done.serial_ns, done.speed_up, done.bound) == (40_000_000, 1.6, 2.0)


def test_says_what_each_stage_waited_for():
    done = run_staged([plus("read", 1), Stage("slow", lambda _: time.sleep(0.003))], range(12))
    read, slow = done.stages
    assert done.bottleneck == "slow"
    assert read.blocked_ns > slow.blocked_ns
    assert 1 <= slow.occupancy <= CAPACITY


@pytest.mark.parametrize(
    ("stages", "capacity", "told"),
    [([], 4, "there is no stage"), (three(), 0, "queues of 0 items pass nothing on")],
)
def test_refuses_what_can_pass_nothing_on(stages, capacity, told):
    with pytest.raises(PlanError, match=told):
        run_staged(stages, [1], capacity=capacity)


@pytest.mark.slow
def test_stages_that_sleep_overlap_nearly_as_far_as_they_can():
    """The figures asked for, on a machine with nothing else to do."""

    def sleeping(name, duration_s):
        return Stage(name, lambda item: time.sleep(duration_s) or item)

    four = run_staged([sleeping(name, 0.01) for name in "abcd"], range(200))
    assert four.speed_up >= 3.6
    merged = [sleeping("ab", 0.02), sleeping("c", 0.01), sleeping("d", 0.01)]
    three = run_staged(merged, range(200))
    assert three.speed_up == pytest.approx(2.0, rel=0.1)
    assert three.bottleneck == "ab"

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.stacks.interference import Interference, InterferenceMeter, Reading, judge, parse_stat

_MS = 1_000_000
_NO_PROC = "the system does not count the CPU time of the machine"


def _reading(busy_ms: int, own_ms: int | None, total_ms: int = 0) -> Reading:
    own = None if own_ms is None else own_ms * _MS
    return Reading(busy_ms * _MS, (5000 + total_ms) * _MS, 20 * _MS, {7: own})


def test_a_quiet_machine_does_not_disturb() -> None:
    found = judge(_reading(500, 100), _reading(1540, 1100), ())
    assert found == Interference(1000 * _MS, 20 * _MS, 0.02, disturbed=False)


def test_others_that_take_more_than_a_twentieth_disturb() -> None:
    found = judge(_reading(0, 0), _reading(1071, 1000), ())
    assert found == Interference(
        own_cpu_ns=1000 * _MS,
        others_cpu_ns=51 * _MS,
        share=0.051,
        disturbed=True,
        reason="others used 5.1 % of the CPU time of the measured part",
    )
    assert judge(_reading(0, 0), _reading(1070, 1000), ()).disturbed is False


def test_the_coarse_counters_of_the_kernel_raise_no_false_alarm() -> None:
    found = judge(_reading(0, 0), _reading(30, 10), ())
    assert (found.others_cpu_ns, found.share, found.disturbed) == (0, 0.0, False)


def test_own_time_beyond_the_machine_counter_is_no_negative_time_of_others() -> None:
    assert judge(_reading(0, 0), _reading(90, 100), ()).others_cpu_ns == 0


@pytest.mark.parametrize(("low", "disturbed"), [(2750.0, False), (2600.0, True)])
def test_a_falling_frequency_disturbs(low: float, disturbed: bool) -> None:
    found = judge(_reading(0, 0), _reading(100, 100), (3000.0, low, 2900.0))
    assert (found.frequency_min_mhz, found.frequency_max_mhz) == (low, 3000.0)
    assert found.disturbed is disturbed
    assert found.reason == ("the clock frequency fell by 13 %" if disturbed else "")


def test_there_is_no_verdict_without_counters_of_the_machine() -> None:
    before, after = (Reading(None, None, 0, {7: own}) for own in (0, 100))
    assert judge(before, after, ()) == Interference(100, None, None, reason=_NO_PROC)


def test_there_is_no_verdict_where_the_counters_stand_still() -> None:
    before, after = (Reading(0, 0, 20, {7: own}) for own in (0, 100))
    assert judge(before, after, ()) == Interference(100, None, None, reason=_NO_PROC)


def test_there_is_no_verdict_when_a_measured_process_has_ended() -> None:
    found = judge(_reading(0, 0), _reading(100, None), ())
    assert (found.own_cpu_ns, found.share, found.disturbed) == (None, None, None)
    assert found.reason == "process 7 had ended before its CPU time could be read"


def test_there_is_no_verdict_on_a_part_without_cpu_time() -> None:
    found = judge(_reading(0, 5), _reading(100, 5), ())
    assert (found.share, found.disturbed) == (None, None)
    assert found.reason == "the measured processes used no CPU time"


def test_reads_the_counters_of_the_kernel() -> None:
    text = (
        "cpu  100 2 30 1000 50 1 2 3 40 0\n"
        "cpu0 50 1 15 500 25 0 1 1 20 0\n"
        "cpu1 50 1 15 500 25 1 1 2 20 0\n"
        "intr 9\n"
    )
    busy, total, processors = parse_stat(text, ticks_per_s=100)
    assert (busy, total, processors) == (138 * 10 * _MS, 1188 * 10 * _MS, 2)


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs /proc")
def test_measures_this_process() -> None:
    meter = InterferenceMeter()
    meter.start()
    total = sum(range(3_000_000))
    found = meter.stop()
    assert total
    assert found.own_cpu_ns is not None
    assert found.own_cpu_ns > 0
    assert found.others_cpu_ns is not None


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs /proc")
def test_counts_a_child_that_is_named_as_ones_own() -> None:
    script = "print('on', flush=True)\nsum(range(20_000_000))\nprint('off', flush=True)\ninput()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe) as child:
        assert child.stdout is not None
        child.stdout.readline()
        meter = InterferenceMeter([child.pid])
        meter.start()
        child.stdout.readline()
        found = meter.stop()
        child.communicate(b"\n")
    assert found.own_cpu_ns is not None
    assert found.own_cpu_ns > 50 * _MS


def test_refuses_to_stop_before_it_started() -> None:
    with pytest.raises(MeasurementError) as caught:
        InterferenceMeter([os.getpid()]).stop()
    assert str(caught.value) == (
        "MeasurementError: interference was not being measured\n"
        "  where  InterferenceMeter.stop\n"
        "  fix    call start before the part to be measured"
    )

from __future__ import annotations

import subprocess
import sys

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.stacks.memory import MemoryMeter, parse_high_water, usable_mark

_BLOCK_BYTES = 64 << 20


def growth(before: str, inside: str) -> int:
    """Peak minus baseline in a fresh process, whose memory nobody else gives back meanwhile."""
    script = (
        "import numpy as np\n"
        "from dlscope.stacks.memory import MemoryMeter\n"
        f"def use(): np.ones({_BLOCK_BYTES}, dtype=np.uint8)\n"
        f"{before}\n"
        "with MemoryMeter() as memory:\n"
        f"    {inside}\n"
        "figures = memory.to_json()\n"
        "assert figures == {'baseline': memory.baseline_bytes, 'peak': memory.peak_bytes}\n"
        "print(figures['peak'] - figures['baseline'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return int(done.stdout)


def test_sees_a_peak_that_is_gone_at_the_end() -> None:
    assert growth("pass", "use()") > 0.9 * _BLOCK_BYTES


def test_an_older_peak_does_not_count() -> None:
    assert growth("use()", "pass") < 0.5 * _BLOCK_BYTES


def test_measures_another_process_and_survives_its_end() -> None:
    script = (
        "print('on', flush=True)\n"
        "input()\n"
        "block = bytearray(64 << 20)\n"
        "print('off', flush=True)\n"
        "input()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        with MemoryMeter(child.pid) as memory:
            child.stdin.write(b"\n")
            child.stdin.flush()
            child.stdout.readline()
        with MemoryMeter(child.pid) as ended:
            child.communicate(b"\n")
    assert memory.peak_bytes - memory.baseline_bytes > 0.9 * _BLOCK_BYTES
    assert ended.peak_bytes >= ended.baseline_bytes > 0


def test_reads_the_mark_of_the_kernel() -> None:
    assert parse_high_water("VmPeak:\t  900 kB\nVmHWM:\t    1764 kB\nVmRSS: 12 kB\n") == 1764 * 1024
    assert parse_high_water("Name: kthreadd\n") is None


@pytest.mark.parametrize(
    ("before", "after", "used"), [(None, 500, 500), (300, 500, 500), (500, 500, 0), (300, None, 0)]
)
def test_uses_the_mark_only_where_it_belongs_to_the_part(
    before: int | None, after: int | None, used: int
) -> None:
    assert usable_mark(before, after) == used


def test_refuses_a_process_that_is_not_there() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    with pytest.raises(MeasurementError) as caught:
        MemoryMeter(child.pid)
    assert str(caught.value) == (
        f"MeasurementError: there is no process {child.pid}\n"
        "  where  MemoryMeter\n"
        "  fix    give the id of a process that is running"
    )


def test_refuses_to_answer_before_it_was_entered() -> None:
    with pytest.raises(MeasurementError) as caught:
        _ = MemoryMeter().peak_bytes
    assert str(caught.value) == (
        "MeasurementError: memory was not measured yet\n"
        "  where  MemoryMeter\n"
        "  fix    enter the meter before the part to be measured"
    )

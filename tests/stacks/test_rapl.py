from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.stacks.rapl import RaplCounter


def write_zone(root: Path, zone: str, name: str, uj: int, most_uj: int = 262_143_328_850) -> Path:
    folder = root / zone
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{uj}\n")
    (folder / "max_energy_range_uj").write_text(f"{most_uj}\n")
    return folder / "energy_uj"


@contextmanager
def unprivileged() -> Iterator[None]:
    """As an ordinary user, also where the tests run as root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def refusal(root: Path) -> str:
    with pytest.raises(MeasurementError) as caught:
        RaplCounter(root)
    return str(caught.value)


def test_counts_from_when_it_was_made(tmp_path: Path) -> None:
    counter = write_zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    rapl = RaplCounter(tmp_path)
    assert rapl.joules() == 0.0
    counter.write_text("7500000\n")
    assert rapl.joules() == 2.5
    counter.write_text("8000000\n")
    assert rapl.joules() == 3.0


def test_adds_packages_and_nothing_else(tmp_path: Path) -> None:
    zones = {
        "intel-rapl:0": "package-0",
        "intel-rapl:1": "package-1",
        "intel-rapl:2": "psys",
        "intel-rapl:0:0": "core",
        "intel-rapl:0:1": "dram",
        "intel-rapl-mmio:0": "package-0",
    }
    files = [write_zone(tmp_path, zone, name, 0) for zone, name in zones.items()]
    rapl = RaplCounter(tmp_path)
    for place, file in enumerate(files):
        file.write_text(f"{10**place * 1_000_000}\n")
    assert rapl.joules() == 11.0


def test_a_counter_that_began_again_goes_on(tmp_path: Path) -> None:
    counter = write_zone(tmp_path, "intel-rapl:0", "package-0", 99_000_000, 100_000_000)
    rapl = RaplCounter(tmp_path)
    counter.write_text("2000000\n")
    assert rapl.joules() == 3.0
    counter.write_text("1000000\n")
    assert rapl.joules() == 102.0


def test_there_may_be_no_counter(tmp_path: Path) -> None:
    expected = (
        "MeasurementError: the processor shows no energy counter\n"
        f"  where  {tmp_path}\n"
        "  fix    measure on a machine, not a virtual one, whose kernel has intel_rapl"
    )
    assert refusal(tmp_path) == expected
    write_zone(tmp_path, "intel-rapl:0", "psys", 1)
    assert refusal(tmp_path) == expected
    assert refusal(tmp_path / "absent").splitlines()[0] == expected.splitlines()[0]


def test_a_counter_for_root_only_is_told() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        counter = write_zone(root, "intel-rapl:0", "package-0", 1)
        counter.chmod(0)
        with unprivileged():
            told = refusal(root)
    assert told == (
        "MeasurementError: the processor's energy counter may be read by root only\n"
        f"  where  {counter}\n"
        "  fix    run as root, or let everybody read energy_uj"
    )


def test_refuses_what_is_not_a_number(tmp_path: Path) -> None:
    counter = write_zone(tmp_path, "intel-rapl:0", "package-0", 1)
    counter.write_text("many\n")
    assert refusal(tmp_path) == (
        "MeasurementError: the energy counter holds 'many', not a number\n"
        f"  where  {counter}\n"
        "  fix    look at the file; the kernel writes microjoules there"
    )


def test_a_counter_that_goes_away_is_told(tmp_path: Path) -> None:
    counter = write_zone(tmp_path, "intel-rapl:0", "package-0", 1)
    rapl = RaplCounter(tmp_path)
    counter.unlink()
    with pytest.raises(MeasurementError) as caught:
        rapl.joules()
    assert str(caught.value) == (
        "MeasurementError: the processor's energy counter cannot be read: "
        "No such file or directory\n"
        f"  where  {counter}\n"
        "  fix    check that the kernel module intel_rapl_common is loaded"
    )

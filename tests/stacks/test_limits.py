from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.stacks.limits import (
    Limits,
    effective_cores,
    limits,
    parse_cpu_max,
    parse_membership,
    parse_memory,
    parse_quota,
)


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_reads_membership_of_both_versions() -> None:
    text = "5:memory:/jobs/a\n4:cpu,cpuacct:/jobs\n0::/init.scope\n"
    groups = {"memory": "/jobs/a", "cpu": "/jobs", "cpuacct": "/jobs", "": "/init.scope"}
    assert parse_membership(text) == groups


@pytest.mark.parametrize(
    ("text", "cores"), [("max 100000\n", None), ("150000 100000\n", 1.5), ("200000\n", 2.0)]
)
def test_reads_the_quota_of_version_2(text: str, cores: float | None) -> None:
    assert parse_cpu_max(text) == cores


def test_reads_the_quota_of_version_1() -> None:
    assert parse_quota("-1\n", "100000\n") is None
    assert parse_quota("50000\n", "100000\n") == 0.5


def test_reads_memory_limits() -> None:
    assert parse_memory("max\n") is None
    assert parse_memory("9223372036854771712\n") is None
    assert parse_memory("4294967296\n") == 4 << 30


@pytest.mark.parametrize(
    ("affinity", "quota", "cores"), [(8, None, 8), (8, 2.9, 2), (2, 16.0, 2), (4, 0.5, 1)]
)
def test_effective_cores_are_whole_and_at_least_one(
    affinity: int, quota: float | None, cores: int
) -> None:
    assert effective_cores(affinity, quota) == cores


def test_takes_the_tightest_limit_of_all_ancestors_in_version_2(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "proc/cgroup": "0::/slice/job\n",
            "fs/slice/cpu.max": "200000 100000\n",
            "fs/slice/memory.max": "max\n",
            "fs/slice/job/cpu.max": "max 100000\n",
            "fs/slice/job/memory.max": "1073741824\n",
        },
    )
    assert limits(tmp_path / "proc", tmp_path / "fs") == Limits(2.0, 1 << 30)


def test_reads_version_1(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "proc/cgroup": "3:memory:/job\n2:cpu,cpuacct:/job\n",
            "fs/cpu/job/cpu.cfs_quota_us": "300000\n",
            "fs/cpu/job/cpu.cfs_period_us": "100000\n",
            "fs/memory/job/memory.limit_in_bytes": "2147483648\n",
        },
    )
    assert limits(tmp_path / "proc", tmp_path / "fs") == Limits(3.0, 2 << 30)


def test_reads_the_root_where_a_container_does_not_see_its_own_path(tmp_path: Path) -> None:
    _write(tmp_path, {"proc/cgroup": "0::/../../docker/1af5\n", "fs/cpu.max": "100000 100000\n"})
    assert limits(tmp_path / "proc", tmp_path / "fs") == Limits(1.0, None)


def test_there_are_no_limits_without_control_groups(tmp_path: Path) -> None:
    assert limits(tmp_path, tmp_path) == Limits()

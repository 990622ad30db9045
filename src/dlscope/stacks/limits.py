"""What a control group lets this process use: cores and memory, from cgroup v1 or v2."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, final

_MOUNT = Path("/sys/fs/cgroup")
# Kernels say "no limit" in v1 by a number near 2^63, rounded down to whole pages.
_UNLIMITED_BYTES = 1 << 60


@final
class Limits(NamedTuple):
    """Limits of a process; None is no limit. `cores` may be a fraction."""

    cores: float | None = None
    memory_bytes: int | None = None


def limits(proc: Path = Path("/proc/self"), mount: Path = _MOUNT) -> Limits:
    """The tightest limits of the control groups this process is in, none where there are none."""
    membership = _read(proc / "cgroup")
    if membership is None:
        return Limits()
    found = [_limits_of(folder) for folder in _folders(membership, mount)]
    cores = [each.cores for each in found if each.cores is not None]
    memory = [each.memory_bytes for each in found if each.memory_bytes is not None]
    return Limits(min(cores, default=None), min(memory, default=None))


def parse_membership(text: str) -> dict[str, str]:
    r"""Control group by controller from `/proc/self/cgroup`; the key of version 2 is empty.

    >>> parse_membership("4:cpu,cpuacct:/a\n0::/b\n")
    {'cpu': '/a', 'cpuacct': '/a', '': '/b'}
    """
    groups: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        groups |= dict.fromkeys(controllers.split(","), path)
    return groups


def parse_cpu_max(text: str) -> float | None:
    """Cores allowed by `cpu.max` of version 2: `quota period` in µs, None for `max`."""
    quota, _, period = text.strip().partition(" ")
    return None if quota == "max" else int(quota) / int(period or 100_000)


def parse_quota(quota: str, period: str) -> float | None:
    """Cores allowed by `cpu.cfs_quota_us` and `cpu.cfs_period_us` of version 1, None for −1."""
    return None if int(quota) <= 0 else int(quota) / int(period)


def parse_memory(text: str) -> int | None:
    """Bytes allowed by `memory.max` or `memory.limit_in_bytes`, None where there is no limit."""
    word = text.strip()
    if word == "max":
        return None
    return int(word) if int(word) < _UNLIMITED_BYTES else None


def effective_cores(affinity: int, quota: float | None) -> int:
    """Whole cores a process can keep busy: the smaller of affinity and quota, at least 1."""
    return max(1, affinity if quota is None else min(affinity, int(quota)))


def _folders(membership: str, mount: Path) -> Iterable[Path]:
    for controller, path in parse_membership(membership).items():
        root = mount / controller
        # Every ancestor limits too. Inside a container the path may not exist below the mount,
        # whose root then is the group itself.
        parts = [part for part in path.split("/") if part and part != ".."]
        for depth in range(len(parts) + 1):
            yield root.joinpath(*parts[:depth])


def _limits_of(folder: Path) -> Limits:
    cpu_max = _read(folder / "cpu.max")
    quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    memory = _read(folder / "memory.max") or _read(folder / "memory.limit_in_bytes")
    cores = None
    if cpu_max is not None:
        cores = parse_cpu_max(cpu_max)
    elif quota is not None and period is not None:
        cores = parse_quota(quota, period)
    return Limits(cores, None if memory is None else parse_memory(memory))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None

"""`system`: this machine as a `SystemManifest`."""

from __future__ import annotations

import functools
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import psutil

from dlscope.core.manifest import SystemManifest
from dlscope.core.manifest.system import Cpu
from dlscope.stacks.accelerators import accelerators
from dlscope.stacks.limits import effective_cores, limits
from dlscope.stacks.processor import (
    Processor,
    cache_bytes,
    most_common,
    parse_cpuinfo,
    parse_range,
    parse_sysctl,
    parse_sysctl_caches,
    virtualisation,
)

_SYS = Path("/sys/devices/system")
_DMI = Path("/sys/class/dmi/id")
_MIB = 1 << 20
# Container engines name a machine by the first 12 digits of the container's random id.
_CONTAINER_NAME = re.compile(r"[0-9a-f]{12}")
_SETTINGS = {
    "aslr": Path("/proc/sys/kernel/randomize_va_space"),
    "no_turbo": _SYS / "cpu/intel_pstate/no_turbo",
    "boost": _SYS / "cpu/cpufreq/boost",
    "smt": _SYS / "cpu/smt/active",
}


@functools.cache
def system() -> SystemManifest:
    """This machine as seen from this process, read once.

    `effective_cores` and `memory_bytes` respect affinity and control groups. Settings of the
    kernel and the firmware that change timings are among the labels.
    """
    processor = _processor()
    allowed = limits()
    total = psutil.virtual_memory().total
    memory = total if allowed.memory_bytes is None else min(total, allowed.memory_bytes)
    return SystemManifest(
        schema_version=1,
        name=manifest_name(platform.node(), platform.machine()),
        architecture=_architecture(),
        cpu=_cpu(processor, allowed.cores),
        # Kernels keep back a little more or less at each start; whole MiB stay the same.
        memory_bytes=memory // _MIB * _MIB,
        numa_nodes=parse_range(_text(_SYS / "node/online") or "0"),
        accelerators=accelerators(),
        operating_system=_operating_system(),
        kernel=platform.release(),
        virtualisation=virtualisation(
            processor.features,
            _text(_DMI / "sys_vendor"),
            _text(_DMI / "product_name"),
            in_container=_is_in_container(),
        ),
        labels=_labels(processor),
    )


def manifest_name(host: str, machine: str) -> str:
    """A manifest's name made from a host name; the random one of a container is left out.

    >>> manifest_name("Lab A.example.org", "x86_64"), manifest_name("1af5f12c4212", "x86_64")
    ('lab-a.example.org', 'x86_64')
    """
    given = machine if not host or _CONTAINER_NAME.fullmatch(host) else host
    return re.sub(r"[^a-z0-9_.-]+", "-", given.lower())[:80] or "machine"


def affinity() -> int:
    """How many processors this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> Processor:
    if sys.platform == "linux":
        found = parse_cpuinfo(_text(Path("/proc/cpuinfo")))
    elif sys.platform == "darwin":
        found = parse_sysctl(_sysctl())
    else:
        found = Processor("", 1, 0, 0)
    return Processor(
        model=found.model or platform.processor() or platform.machine(),
        sockets=found.sockets,
        cores=found.cores or psutil.cpu_count(logical=False) or psutil.cpu_count() or 1,
        threads=found.threads or psutil.cpu_count() or 1,
        features=found.features,
        microcode=found.microcode,
    )


def _cpu(processor: Processor, quota: float | None) -> Cpu:
    return Cpu(
        model=processor.model,
        sockets=processor.sockets,
        cores=processor.cores,
        threads=processor.threads,
        effective_cores=effective_cores(affinity(), quota),
        features=processor.features,
        cache_bytes=_caches(),
        governor=governor(),
    )


def governor() -> str | None:
    """The frequency governor of most processors, None where the system names none."""
    files = sorted(_SYS.glob("cpu/cpu[0-9]*/cpufreq/scaling_governor"))
    return most_common(_text(file) for file in files)


def _caches() -> dict[str, int]:
    if sys.platform == "darwin":
        return parse_sysctl_caches(_sysctl())
    folders = sorted(_SYS.glob("cpu/cpu0/cache/index[0-9]*"))
    fields = ("level", "type", "size")
    read = [tuple(_text(folder / field) for field in fields) for folder in folders]
    return cache_bytes((level, kind, size) for level, kind, size in read if level and size)


@functools.cache
def _sysctl() -> str:
    keys = ("machdep.cpu", "hw")
    answer = subprocess.run(["sysctl", *keys], capture_output=True, text=True, check=False)
    return answer.stdout


def _labels(processor: Processor) -> dict[str, str]:
    settings = {name: _text(path) for name, path in _SETTINGS.items()}
    settings["microcode"] = processor.microcode or ""
    return {name: value for name, value in sorted(settings.items()) if value}


def _architecture() -> str:
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


def _operating_system() -> str:
    if sys.platform == "linux":
        try:
            return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
        except OSError:
            return "Linux"
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return f"{platform.system()} {platform.version()}"


def _is_in_container() -> bool:
    signs = (Path("/.dockerenv"), Path("/run/.containerenv"))
    engines = ("docker", "kubepods", "containerd", "lxc", "podman")
    groups = _text(Path("/proc/self/cgroup"))
    return any(sign.exists() for sign in signs) or any(engine in groups for engine in engines)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""

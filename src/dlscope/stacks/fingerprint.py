"""`environment`: everything around a Plan that can change its result, on this machine now."""

from __future__ import annotations

import functools
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from dlscope.core.manifest import StackLock
from dlscope.core.run import Environment
from dlscope.stacks.system import governor, system

_VARIABLES = re.compile(
    r"(OMP|MKL|CUDA|ORT|TF|OPENBLAS|KMP|GOMP|DNNL|ONEDNN|VECLIB|NUMEXPR|TBB)_.+"
    r"|LD_PRELOAD|MALLOC_.+|GLIBC_TUNABLES"
)
# Terraform's, what libraries set by themselves when they are imported, and what only a log tells.
_FOREIGN = re.compile(r"TF_(CLI|VAR)_.+|KMP_INIT_AT_FORK|KMP_DUPLICATE_LIB_OK|.+_LOG_LEVEL")
_DISTRIBUTION = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(-.*)?\.(dist|egg)-info")


def environment(stack: StackLock | None = None) -> Environment:
    """The environment of this process, and of its framework's `stack`.

    All but what is volatile is read once.

    A process and the workers it starts have the same fingerprint: variables are taken as they
    were when this module was imported, before any framework sets its own.
    """
    fixed = _fixed()
    return Environment(
        system=fixed.system,
        python=fixed.python,
        packages=fixed.packages,
        variables=fixed.variables,
        volatile=volatile(),
        stack=_told_of(stack) if stack is not None else {},
    )


def packages(paths: Iterable[str]) -> dict[str, str]:
    """Version of every distribution found in `paths`, the first found winning, by name.

    Names and versions are those of the metadata folders, so that nothing needs to be opened.
    """
    found: dict[str, str] = {}
    for path in paths:
        for name in _entries(path):
            if match := _DISTRIBUTION.fullmatch(name):
                normal = re.sub(r"[-_.]+", "-", match["name"]).lower()
                found.setdefault(normal, match["version"])
    return dict(sorted(found.items()))


def relevant_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that steer numerical libraries, memory and threads, by name."""
    return {
        name: variables[name]
        for name in sorted(variables)
        if _VARIABLES.fullmatch(name) and not _FOREIGN.fullmatch(name)
    }


def volatile() -> dict[str, Any]:
    """What may differ between two measurements that still count as the same.

    A figure that the system does not give is None.
    """
    return {
        "load_average": _load_average(),
        "cpu_mhz": _cpu_mhz(),
        "governor": governor(),
        "boot_time_s": int(psutil.boot_time()),
        "memory_available_bytes": psutil.virtual_memory().available,
    }


def _told_of(stack: StackLock) -> dict[str, Any]:
    return {"python": stack.python, "platform": stack.platform, "packages": stack.packages}


@functools.cache
def _fixed() -> Environment:
    return Environment(
        system=system().to_json(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages=packages(installed_paths(sys.path)),
        variables=_VARIABLES_AT_START,
    )


def installed_paths(paths: Iterable[str]) -> list[str]:
    """Those of `paths` that installers write to, so that where a process starts has no say."""
    return [path for path in paths if Path(path).name in ("site-packages", "dist-packages")]


def _entries(path: str) -> list[str]:
    try:
        return sorted(each.name for each in Path(path).iterdir())
    except OSError:
        return []  # sys.path may name folders that do not exist


def _load_average() -> list[float] | None:
    try:
        return [round(each, 2) for each in os.getloadavg()]
    except (OSError, AttributeError):  # Windows has none
        return None


def _cpu_mhz() -> list[float] | None:
    """Present frequency of each processor."""
    files = sorted(Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))
    try:
        if files:
            return [int(file.read_text()) / 1000 for file in files]
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    return [float(line.partition(":")[2]) for line in lines if line.startswith("cpu MHz")] or None


_VARIABLES_AT_START = relevant_variables(os.environ)

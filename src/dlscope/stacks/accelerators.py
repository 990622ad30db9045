"""Accelerators of this machine, as the vendor's own tool lists them."""

from __future__ import annotations

import csv
import shutil
import subprocess

from dlscope.core.manifest.system import Accelerator

_QUERY = ("name", "memory.total", "driver_version", "compute_cap")
_TIMEOUT_S = 10.0


def accelerators() -> tuple[Accelerator, ...]:
    """The NVIDIA devices that `nvidia-smi` answers for; none where it is absent or fails."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    command = [tool, f"--query-gpu={','.join(_QUERY)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()  # the tool without its driver fails; a container may see it without a device
    return parse_nvidia(answer.stdout)


def parse_nvidia(text: str) -> tuple[Accelerator, ...]:
    """Devices from the CSV of `nvidia-smi`: name, MiB of memory, driver, compute capability.

    A figure that the driver does not know (`[N/A]`) is None, or 0 bytes for the memory.
    """
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
    return tuple(
        Accelerator(
            vendor="nvidia",
            name=name,
            memory_bytes=int(memory) << 20 if memory.isdigit() else 0,
            driver=driver,
            compute_capability=None if capability.startswith("[") else capability,
        )
        for name, memory, driver, capability in rows
    )

"""`DeviceMemoryMeter`: device memory that a process holds, at the peak of a measured part."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Any, Self, final

from dlscope.core.errors import MeasurementError
from dlscope.stacks.nvml import NvmlDevice

_PERIOD_S = 0.01


@final
class DeviceMemoryMeter:
    """Bytes of NVIDIA device memory of process `pid` (this one by default), read every 10 ms.

    What is read is what the driver has handed out, so a framework that keeps freed memory for
    later is told with all it keeps. `peak_bytes` is None, and `reason` says why, where there is no
    device, or the driver does not tell the memory of this process (as in a container that has
    process numbers of its own).
    """

    def __init__(self, pid: int | None = None, *, nvml: Any = None) -> None:
        self.pid = os.getpid() if pid is None else pid
        self.peak_bytes: int | None = None
        self.reason = f"the driver told no memory of process {self.pid}"
        self._nvml = nvml
        self._device: NvmlDevice | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="device-memory", daemon=True)

    def __enter__(self) -> Self:
        try:
            self._device = NvmlDevice(self._nvml)
        except MeasurementError as problem:
            self.reason = f"{problem.what}; {problem.fix}"
        else:
            self._sample(self._device)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._device is None:
            return
        self._done.set()
        self._thread.join()
        self._sample(self._device)
        self._device.close()

    def _watch(self) -> None:
        while self._device is not None and not self._done.wait(_PERIOD_S):
            if not self._sample(self._device):
                return

    def _sample(self, device: NvmlDevice) -> bool:
        """Whether the device still answers."""
        try:
            used = device.memory_bytes(self.pid)
        except MeasurementError as problem:
            self.peak_bytes, self.reason = None, f"{problem.what}; {problem.fix}"
            return False
        if used is not None:
            self.peak_bytes, self.reason = max(used, self.peak_bytes or 0), ""
        return True

"""`machine_rates`: what this machine does at best, measured once by a child process and kept.

Others that compute at the same time make a machine look slower than it is, and nothing that is
measured later would look possible. So rates for which the child had to wait for a core are
believed for a minute only; who asks later measures again, and the higher of both is kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.catalog.cache import cache_folder
from dlscope.core.digest import digest
from dlscope.core.errors import MeasurementError
from dlscope.core.whole_file import write_whole
from dlscope.stacks.run_queue import waited_ns
from dlscope.stacks.system import system

Rates = Mapping[str, float]

_REPEATS = 7
_WAITED_AT_MOST = 0.02
_BELIEVED_S = 60.0
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@final
@dataclass(frozen=True)
class Measurement:
    """`module`, run with `arguments`, tells the rates `names`; errors call it `what`.

    What is kept is known by the module, the processor, the number of threads, and NumPy.
    """

    what: str
    module: str
    names: Sequence[str]
    threads: int = 1
    arguments: Sequence[str] = ()

    def file(self) -> Path:
        """Where its rates are kept."""
        key = digest(
            {
                "module": self.module,
                "cpu": system().cpu.to_json(),
                "threads": self.threads,
                "numpy": np.__version__,
            }
        )
        return cache_folder("ceilings") / f"{key[:32]}.json"


def machine_rates(measurement: Measurement) -> Rates:
    """The kept rates, or those measured now. Raises `MeasurementError` where that cannot be."""
    file = measurement.file()
    kept = _kept(file, measurement.names)
    if kept is not None and (kept["is_calm"] or time.time() - kept["at_s"] < _BELIEVED_S):
        return {name: kept[name] for name in measurement.names}
    told = _measured(measurement)
    rates = {name: float(told["rates"][name]) for name in measurement.names}
    if kept is not None:
        rates = {name: max(rate, kept[name]) for name, rate in rates.items()}
    is_calm = told["waited_share"] <= _WAITED_AT_MOST
    write_whole(file, json.dumps({**rates, "is_calm": is_calm, "at_s": time.time()}))
    return rates


def tell_rates(measure: Callable[[], Rates]) -> None:
    """The child's side: measure here and now, and write to standard output what was found."""
    begun_ns, waited = time.perf_counter_ns(), waited_ns()
    rates = measure()
    took_ns = time.perf_counter_ns() - begun_ns
    told = {"rates": rates, "waited_share": (waited_ns() - waited) / took_ns}
    sys.stdout.write(json.dumps(told) + "\n")


def fastest_s(work: Callable[[], Any]) -> float:
    """Seconds of the fastest of some repetitions."""
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def _kept(file: Path, names: Sequence[str]) -> Mapping[str, float] | None:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {name: float(kept[name]) for name in (*names, "is_calm", "at_s")}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _measured(measurement: Measurement) -> Mapping[str, Any]:
    # Libraries read the number of threads when they are loaded.
    done = subprocess.run(
        [sys.executable, "-m", measurement.module, *measurement.arguments],
        env={**os.environ, **dict.fromkeys(_THREADS, str(measurement.threads))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MeasurementError(
            f"the {measurement.what} cannot be measured: {done.stderr.strip()[-200:]}",
            where=measurement.module,
            fix="free memory, or leave the roofline out",
        )
    told: Mapping[str, Any] = json.loads(done.stdout)
    return told

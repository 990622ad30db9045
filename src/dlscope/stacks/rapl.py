"""`RaplCounter`: the energy that the processors' packages have counted, as Linux shows it.

Running average power limit: each package of an x86 processor counts microjoules in
`/sys/class/powercap/intel-rapl:N/energy_uj` (AMD's as well) and begins again at 0 after
`max_energy_range_uj`. Sub-domains (cores, graphics) are part of their package and not added to it;
memory and the whole platform are other quantities and left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

from dlscope.core.errors import MeasurementError

ROOT = Path("/sys/class/powercap")


@dataclass
class _Package:
    """One package: its folder, where its counter stood and where it begins again."""

    folder: Path
    range_uj: int
    last_uj: int

    def advance_uj(self) -> int:
        """Microjoules since the last call; a counter below its last value has begun again."""
        now_uj = _read(self.folder / "energy_uj")
        gained_uj = now_uj - self.last_uj
        self.last_uj = now_uj
        return gained_uj if gained_uj >= 0 else gained_uj + self.range_uj


@final
class RaplCounter:
    """Joules of all packages together since it was made.

    Raises `MeasurementError` where there is no package, or its counter may not be read. Must be
    asked at least every `period_s`: a busy server's counter begins again within minutes.
    """

    source: ClassVar[str] = "rapl"
    period_s: ClassVar[float] = 10.0

    def __init__(self, root: Path = ROOT) -> None:
        self._packages = [
            _Package(folder, _read(folder / "max_energy_range_uj"), _read(folder / "energy_uj"))
            for folder in _package_folders(root)
        ]
        self._total_uj = 0

    def joules(self) -> float:
        """Energy so far, in joules."""
        self._total_uj += sum(package.advance_uj() for package in self._packages)
        return self._total_uj / 1e6

    def close(self) -> None:
        """Nothing is held open."""


def _package_folders(root: Path) -> list[Path]:
    # intel-rapl-mmio shows the same packages a second time and is not matched.
    folders = [
        folder
        for folder in sorted(root.glob("intel-rapl:*"))
        if _text(folder / "name").startswith("package")
    ]
    if not folders:
        raise MeasurementError(
            "the processor shows no energy counter",
            where=str(root),
            fix="measure on a machine, not a virtual one, whose kernel has intel_rapl",
        )
    return folders


def _read(path: Path) -> int:
    text = _text(path)
    try:
        return int(text)
    except ValueError:
        raise MeasurementError(
            f"the energy counter holds {text!r}, not a number",
            where=str(path),
            fix="look at the file; the kernel writes microjoules there",
        ) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except PermissionError as error:
        raise MeasurementError(
            "the processor's energy counter may be read by root only",
            where=str(path),
            fix="run as root, or let everybody read energy_uj",
        ) from error
    except OSError as error:
        raise MeasurementError(
            f"the processor's energy counter cannot be read: {error.strerror}",
            where=str(path),
            fix="check that the kernel module intel_rapl_common is loaded",
        ) from error

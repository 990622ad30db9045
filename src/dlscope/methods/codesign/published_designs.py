"""Published accelerators, read from the file that ships with dlscope."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import yaml

_FILE = Path(__file__).with_name("published_designs.yaml")
BITS = (6, 8)


@final
@dataclass(frozen=True)
class FoldedRow:
    """One published rate of a folded accelerator: `dsp` are those of its arithmetic."""

    device: str
    dsp: int
    clock_mhz: float
    bits: int
    network: str
    fps: float


@functools.cache
def published_designs() -> Mapping[str, Any]:
    """The whole file, by kind of accelerator."""
    data: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return data


def folded_rows() -> tuple[FoldedRow, ...]:
    """The rates of the folded accelerator, one row for each device, size, width and network."""
    table = published_designs()["recursive"]
    return tuple(
        FoldedRow(row["device"], row["dsp"], row["clock_mhz"], bits, network, fps)
        for row in table["rows"]
        for bits in BITS
        for network, fps in zip(table["columns"], row[f"fps_{bits}"], strict=True)
    )

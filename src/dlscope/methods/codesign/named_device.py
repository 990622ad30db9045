"""`named_device`: the device that a name such as `zcu102:recursive` stands for.

BOARD:MODEL       a programmable board of the catalog, or of a YAML file, as one of `MODELS`
KIND:LANES@MHZ    an accelerator that chooses its bits as it runs: stripes, loom, bitfusion
local:cpu         the processor at hand, as it was measured; `local` knows how to get it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dlscope.catalog.finder import find
from dlscope.core.digest import digest
from dlscope.core.errors import SearchError, did_you_mean
from dlscope.core.manifest import BoardManifest
from dlscope.devices.base import Device
from dlscope.devices.bit_flexible import BitFlexible, BitFusion, Loom, Stripes
from dlscope.devices.fpga_dataflow import DataflowFpga
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.measured import MeasuredDevice

LOCAL = "local:cpu"
MODELS: Mapping[str, Callable[[BoardManifest], Device]] = {
    "dataflow": DataflowFpga,
    "pipelined": PipelinedFpga,
    "recursive": RecursiveFpga,
}
FLEXIBLE: Mapping[str, type[BitFlexible]] = {
    "bitfusion": BitFusion,
    "loom": Loom,
    "stripes": Stripes,
}
_ENDINGS = (".yaml", ".yml")
_LANES = re.compile(r"(?P<lanes>\d+)@(?P<mhz>\d+(\.\d+)?)")


def named_device(name: str, *, local: Callable[[], Device]) -> Device:
    """The device called `name`; `local` gives the processor at hand.

    Raises `SearchError` for a name of another form and an unknown model, `ManifestError` for a
    board that the catalog does not know.
    """
    if name == LOCAL:
        return local()
    first, colon, second = name.rpartition(":")
    if not colon:
        raise _unknown(name, "write BOARD:MODEL such as zcu102:recursive, or local:cpu")
    if first in FLEXIBLE:
        return _flexible(name, first, second)
    if second not in MODELS:
        raise _unknown(name, f"{second!r} is no model of a board; {did_you_mean(second, MODELS)}")
    board = find("board", first)
    if not isinstance(board, BoardManifest):
        raise TypeError(f"{first} is no board")
    return MODELS[second](board)


def lasting_name(name: str) -> str:
    """`name` as it holds in any folder: the whole path of a board that is a file."""
    board, colon, model = name.rpartition(":")
    path = Path(board)
    is_file = path.suffix in _ENDINGS and path.is_file()
    return f"{path.resolve()}{colon}{model}" if is_file else name


def _flexible(name: str, kind: str, size: str) -> Device:
    match = _LANES.fullmatch(size)
    if match is None:
        raise _unknown(name, f"write lanes and clock in MHz, such as {kind}:4096@500")
    return FLEXIBLE[kind](int(match["lanes"]), clock_mhz=float(match["mhz"]))


def _unknown(name: str, fix: str) -> SearchError:
    return SearchError(f"{name!r} is not a device", where="--device", fix=fix)


def device_digest(device: Device) -> str:
    """SHA-256 of what the numbers of `device` depend on: its model and board, or its table."""
    told: dict[str, Any] = {"model": device.name, "budget": dict(device.budget)}
    if isinstance(device, MeasuredDevice):
        told["table"] = device.table.to_json()
        told["calibrations"] = {
            str(precision): line.to_json() for precision, line in device.calibrations.items()
        }
    board = getattr(device, "board", None)
    if isinstance(board, BoardManifest):
        told["board"] = board.to_json()
    return digest(told)

"""Every built-in hardware model keeps what every one promises."""

from __future__ import annotations

from collections.abc import Sequence

from dlscope.catalog.finder import find
from dlscope.core import registry
from dlscope.core.manifest import BoardManifest
from dlscope.devices.base import Device
from dlscope.devices.bit_flexible import BitFusion, Loom, Stripes
from dlscope.devices.fpga_dataflow import DataflowFpga
from dlscope.devices.fpga_pipelined import PipelinedFpga
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.fpga_tiled import TiledFpga
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.measured import MeasuredDevice, MeasuredRow, MeasuredTable, operation_key
from dlscope.devices.precision import Precision
from dlscope.devices.roofline import Roofline, RooflineDevice
from dlscope.testing.devices import EXAMPLE_LAYERS, DeviceSuite


def board(name: str) -> BoardManifest:
    manifest = find("board", name)
    assert isinstance(manifest, BoardManifest)
    return manifest


class TestFpgaRecursive(DeviceSuite):
    device = "fpga_recursive"

    def make(self) -> Device:
        return RecursiveFpga(board("zcu102"), efficiency=0.5, overhead_ns=10.0)


class TestFpgaRecursiveWithoutPacking(DeviceSuite):
    device = "fpga_recursive"

    def make(self) -> Device:
        return RecursiveFpga(board("pynq_z1"), packed=False, clock_mhz=150.0)


class TestFpgaTiled(DeviceSuite):
    device = "fpga_tiled"

    def make(self) -> Device:
        return TiledFpga(board("zcu102"), efficiency=0.5, overhead_ns=10.0)


class TestFpgaTiledWithoutFolding(DeviceSuite):
    device = "fpga_tiled"

    def make(self) -> Device:
        return TiledFpga(board("ultra96"), folds_kernel=False)


class TestFpgaPipelined(DeviceSuite):
    device = "fpga_pipelined"

    def make(self) -> Device:
        return PipelinedFpga(board("zc706"))


class TestFpgaPipelinedInBatches(DeviceSuite):
    device = "fpga_pipelined"

    def make(self) -> Device:
        return PipelinedFpga(board("ku115"), batch=4, has_weights_on_chip=True, packed=False)


class TestFpgaDataflow(DeviceSuite):
    device = "fpga_dataflow"
    precisions = (Precision.of(1), Precision.of(2), Precision(2, 4))

    def make(self) -> Device:
        return DataflowFpga(board("zcu104"))


class TestStripes(DeviceSuite):
    device = "stripes"

    def make(self) -> Device:
        return Stripes(4096, clock_mhz=1000.0)


class TestLoom(DeviceSuite):
    device = "loom"

    def make(self) -> Device:
        return Loom(4096, clock_mhz=1000.0)


class TestBitfusion(DeviceSuite):
    device = "bitfusion"

    def make(self) -> Device:
        return BitFusion(512, clock_mhz=500.0)


class TestRoofline(DeviceSuite):
    device = "roofline"

    def make(self) -> Device:
        return RooflineDevice(Roofline(0.4, 20e9, 1e-6), peak_per_s=1e12)


class TestMeasured(DeviceSuite):
    device = "measured"

    def make(self) -> Device:
        layers = [*EXAMPLE_LAYERS, *(each for pair in self.growing() for each in pair)]
        return MeasuredDevice(MeasuredTable("machine", tuple(rows(layers, self.precisions))))


def rows(layers: Sequence[LayerShape], precisions: Sequence[Precision]) -> list[MeasuredRow]:
    """Times as a machine that needs a microsecond and does 10^10 products a second would have."""
    unique = {operation_key([layer]): layer for layer in layers}
    return [
        MeasuredRow(name, precision, 1000 + layer.work / 10, 5.0, 30)
        for name, layer in unique.items()
        for precision in precisions
    ]


def test_every_built_in_device_is_tested() -> None:
    suites = [each for each in globals().values() if isinstance(each, type)]
    tested = {
        each.device
        for each in suites
        if issubclass(each, DeviceSuite) and each.__module__ == __name__
    }
    assert tested == set(registry.names("devices"))

from __future__ import annotations

import pytest

from dlscope.core.errors import SearchError
from dlscope.devices.bit_flexible import BitFlexible, BitFusion, Loom, Stripes
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

CONV, DENSE = LayerShape.conv(64, 128, 14, 3), LayerShape.dense(512, 10)
KINDS = (Stripes, Loom, BitFusion)


@pytest.mark.parametrize(
    ("kind", "layer", "weight_bits", "activation_bits", "speed"),
    [
        (Stripes, CONV, 16, 16, 1),
        (Stripes, CONV, 4, 8, 2),
        (Stripes, CONV, 8, 3, 16 / 3),
        (Loom, CONV, 16, 16, 1),
        (Loom, CONV, 4, 8, 8),
        (Loom, DENSE, 4, 8, 4),
        (BitFusion, CONV, 8, 8, 1),
        (BitFusion, CONV, 16, 16, 0.25),
        (BitFusion, CONV, 2, 4, 8),
        (BitFusion, CONV, 1, 3, 8),
        (BitFusion, DENSE, 5, 8, 1),
    ],
)
def test_fewer_bits_are_faster_by_the_rule_of_the_machine(
    kind: type[BitFlexible],
    layer: LayerShape,
    weight_bits: int,
    activation_bits: int,
    speed: float,
) -> None:
    cost = kind(256, clock_mhz=500.0).cost(layer, Precision(weight_bits, activation_bits))
    assert float(cost.latency_ns) == pytest.approx(layer.work / 256 * 2 / speed)


@pytest.mark.parametrize("kind", KINDS)
def test_bits_change_no_resource(kind: type[BitFlexible]) -> None:
    device = kind(256, clock_mhz=500.0)
    assert device.cost(CONV, Precision.of(2)).resources == {}
    assert device.budget == {}


@pytest.mark.parametrize("kind", KINDS)
def test_energy_grows_with_the_product_of_the_bits(kind: type[BitFlexible]) -> None:
    device = kind(256, clock_mhz=500.0)
    energies = [device.cost(CONV, Precision(*bits)).energy_j for bits in ((8, 8), (4, 8), (2, 2))]
    assert energies[0] == pytest.approx(CONV.macs * 0.2e-12)
    assert energies[1:] == [pytest.approx(energies[0] / 2), pytest.approx(energies[0] / 16)]
    other = kind(256, clock_mhz=500.0, mac_energy_j=1e-12)
    assert other.cost(CONV, Precision.of(8)).energy_j == pytest.approx(CONV.macs * 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_refuses_more_than_sixteen_bits(kind: type[BitFlexible]) -> None:
    with pytest.raises(SearchError) as refusal:
        kind(256, clock_mhz=500.0).cost(CONV, Precision(8, 17))
    assert str(refusal.value) == (
        "SearchError: 8/17 bit is too wide\n"
        f"  where  device {kind.name}\n"
        "  fix    use at most 16 bits"
    )


@pytest.mark.parametrize(("lanes", "clock_mhz"), [(0, 500.0), (256, 0.0)])
def test_refuses_a_machine_that_computes_nothing(lanes: int, clock_mhz: float) -> None:
    with pytest.raises(SearchError) as refusal:
        Loom(lanes, clock_mhz=clock_mhz)
    assert str(refusal.value) == (
        f"SearchError: {lanes} lanes at {clock_mhz:g} MHz compute nothing\n"
        "  where  device loom\n"
        "  fix    use at least one lane and a clock above 0"
    )

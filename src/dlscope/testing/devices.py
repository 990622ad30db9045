"""`DeviceSuite`: what every hardware model promises, as tests for ours and for yours.

class TestMine(DeviceSuite):
    device = "mine"

    def make(self) -> Device:
        return Mine(find("board", "zcu102"))
"""
# ruff: noqa: D102 (the names of tests say what they ask for)

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest

from dlscope.core import registry
from dlscope.core.errors import SearchError
from dlscope.devices.base import Choice, Device
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

EXAMPLE_LAYERS = (
    LayerShape.conv(3, 16, 32, 3, stride=2),
    LayerShape.conv(16, 64, 16),
    LayerShape.depthwise(64, 16, 5, stride=2),
    LayerShape.conv(64, 32, 8),
    LayerShape.conv(32, 64, 8, 3, groups=2),
    LayerShape.pool(64, 8, 2, stride=2),
    LayerShape.dense(1024, 10),
)
_LANES_LOG2 = np.linspace(0.25, 8.25, 33)
_STEP = 1e-4


class DeviceSuite:
    """Name the plugin in `device` and make one in `make`; layers and precisions can be replaced.

    Of two layers that differ only in channels of output, the larger may not be faster.
    """

    device: ClassVar[str]
    layers: ClassVar[Sequence[LayerShape]] = EXAMPLE_LAYERS
    precisions: ClassVar[Sequence[Precision]] = (
        Precision(4, 8),
        Precision.of(8),
        Precision.of(16),
    )

    @abstractmethod
    def make(self) -> Device:
        """A device of this kind."""

    @pytest.fixture
    def subject(self) -> Device:
        """The device under test."""
        return self.make()

    def test_is_a_device_under_its_registered_name(self, subject: Device) -> None:
        assert isinstance(subject, Device)
        assert type(subject) is registry.load("devices", self.device)
        assert subject.name == self.device

    def test_gives_positive_latencies_and_no_negative_resources(self, subject: Device) -> None:
        for layer in self.layers:
            for precision in self.precisions:
                cost = subject.cost(layer, precision, _LANES_LOG2)
                assert np.all(cost.latency_ns > 0)
                assert all(np.all(used >= 0) for used in cost.resources.values())
                assert np.all(np.asarray(cost.traffic_bytes) >= 0)
                assert cost.energy_j is None or cost.energy_j >= 0

    def test_answers_in_the_shape_that_it_is_asked_in(self, subject: Device) -> None:
        for shape in ((), (3,), (2, 3)):
            cost = subject.cost(self.layers[0], self.precisions[0], np.ones(shape))
            arrays = [cost.latency_ns, cost.latency_slope]
            arrays += [*cost.resources.values(), *cost.resource_slopes.values()]
            assert {np.shape(each) for each in arrays} == {shape}

    def test_gives_each_of_several_the_cost_that_it_has_alone(self, subject: Device) -> None:
        for layer in self.layers:
            several = subject.cost(layer, self.precisions[0], _LANES_LOG2)
            for place, pf in enumerate(_LANES_LOG2):
                alone = subject.cost(layer, self.precisions[0], float(pf))
                assert float(alone.latency_ns) == several.latency_ns[place]

    def test_is_never_slower_with_more_lanes_nor_takes_less(self, subject: Device) -> None:
        for layer in self.layers:
            cost = subject.cost(layer, self.precisions[0], _LANES_LOG2)
            assert np.all(np.diff(cost.latency_ns) <= 0)
            assert all(np.all(np.diff(used) >= 0) for used in cost.resources.values())

    def test_says_whether_lanes_are_a_choice(self, subject: Device) -> None:
        costs = [subject.cost(layer, self.precisions[0], _LANES_LOG2) for layer in self.layers]
        gained = any(cost.latency_ns[0] > cost.latency_ns[-1] for cost in costs)
        assert gained == subject.has_lanes

    def test_is_never_faster_with_more_work(self, subject: Device) -> None:
        for small, large in self.growing():
            for precision in self.precisions:
                costs = [subject.cost(each, precision, _LANES_LOG2) for each in (small, large)]
                assert np.all(costs[1].latency_ns >= costs[0].latency_ns)

    def test_has_slopes_that_are_those_of_its_costs(self, subject: Device) -> None:
        if not subject.is_differentiable:
            return
        for layer in self.layers:
            for precision in self.precisions:
                middle = subject.cost(layer, precision, _LANES_LOG2)
                lower = subject.cost(layer, precision, _LANES_LOG2 - _STEP)
                upper = subject.cost(layer, precision, _LANES_LOG2 + _STEP)
                rise = (upper.latency_ns - lower.latency_ns) / (2 * _STEP)
                np.testing.assert_allclose(middle.latency_slope, rise, rtol=1e-4, atol=1e-6)
                for name, slope in middle.resource_slopes.items():
                    rise = (upper.resources[name] - lower.resources[name]) / (2 * _STEP)
                    np.testing.assert_allclose(slope, rise, rtol=1e-4, atol=1e-6)

    def test_has_a_slope_for_each_resource(self, subject: Device) -> None:
        cost = subject.cost(self.layers[0], self.precisions[0])
        assert set(cost.resource_slopes) == set(cost.resources)

    def test_puts_a_network_together_from_its_layers(self, subject: Device) -> None:
        total = subject.network_cost(self.choices())
        each = [float(cost.latency_ns) for cost in total.layers]
        assert each[total.bottleneck] == max(each)
        if subject.objective == "latency":
            assert total.interval_ns == total.latency_ns == pytest.approx(sum(each))
        else:
            assert total.interval_ns >= max(each)
            assert total.is_bandwidth_bound == (total.interval_ns > max(each))
        assert total.fps == pytest.approx(1e9 / total.interval_ns)

    def test_takes_what_its_layers_take(self, subject: Device) -> None:
        total = subject.network_cost(self.choices())
        for name, used in total.resources.items():
            several = [float(cost.resources.get(name, 0.0)) for cost in total.layers]
            assert used == pytest.approx(sum(several))

    def test_shares_engines_only_where_it_says_so(self, subject: Device) -> None:
        twice = [Choice(self.layers[0], self.precisions[0], 3.0, "one") for _ in range(2)]
        once = subject.network_cost(twice[:1]).resources
        both = subject.network_cost(twice).resources
        for name, used in once.items():
            assert both[name] == pytest.approx(used * (1 if subject.shares_engines else 2))

    def test_tells_which_resources_are_over_budget(self, subject: Device) -> None:
        used = {name: math.nextafter(limit, math.inf) for name, limit in subject.budget.items()}
        assert subject.over_budget(used) == tuple(sorted(used))
        assert subject.over_budget(dict(subject.budget)) == ()
        assert subject.over_budget({"something else": 1e30}) == ()

    def test_gives_the_same_costs_again(self, subject: Device) -> None:
        first, second = (subject.network_cost(self.choices()) for _ in range(2))
        again = self.make().network_cost(self.choices())
        assert first.latency_ns == second.latency_ns == again.latency_ns
        assert first.resources == second.resources == again.resources

    def test_refuses_lanes_that_are_no_number(self, subject: Device) -> None:
        for pf in (math.nan, math.inf, [1.0, math.nan]):
            with pytest.raises(SearchError, match="a parallel factor is not a finite number"):
                subject.cost(self.layers[0], self.precisions[0], pf)

    def test_refuses_a_network_without_layers(self, subject: Device) -> None:
        with pytest.raises(SearchError, match="a design without layers costs nothing"):
            subject.network_cost([])

    def choices(self) -> list[Choice]:
        """A design of all layers, each on an engine of its own."""
        return [Choice(layer, self.precisions[0], 3.0) for layer in self.layers]

    def growing(self) -> list[tuple[LayerShape, LayerShape]]:
        """Pairs of layers, the second with more work of the same kind."""
        return [
            (LayerShape.conv(16, 16, 16, 3), LayerShape.conv(16, 32, 16, 3)),
            (LayerShape.depthwise(32, 16, 3), LayerShape.depthwise(32, 16, 5)),
            (LayerShape.dense(64, 10), LayerShape.dense(128, 10)),
        ]

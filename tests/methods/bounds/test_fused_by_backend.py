from __future__ import annotations

from costed_networks import network

from dlscope.methods.bounds.costed import Cost, FusedGroup
from dlscope.methods.bounds.fused_by_backend import fused_by_backend


def kernel(cost_ns: int, *layers: int, kernels: int | None = 1) -> FusedGroup:
    return FusedGroup("fused", layers, (Cost(cost_ns, "one", kernels=kernels),))


def layers_of(*groups: FusedGroup, costs: tuple[int, ...] = (100, 10, 10, 10)) -> list[tuple]:
    return sorted(group.layers for group in fused_by_backend(network(costs, groups=groups)))


def test_what_there_is_a_kernel_for_is_fused_though_its_benchmark_is_slower() -> None:
    assert layers_of(kernel(115, 0, 1)) == [(0, 1)]


def test_as_many_layers_as_can_be_vanish() -> None:
    assert layers_of(kernel(90, 0, 1), kernel(119, 0, 1, 2)) == [(0, 1, 2)]
    pairs = [kernel(90, 0, 1), kernel(1, 1, 2), kernel(25, 2, 3)]
    assert layers_of(*pairs) == [(0, 1), (2, 3)]


def test_where_nothing_tells_of_kernels_what_saves_the_most_is_fused() -> None:
    groups = [kernel(115, 0, 1, kernels=None), kernel(12, 2, 3, kernels=None)]
    assert layers_of(*groups) == [(2, 3)]


def test_what_is_known_goes_before_what_is_not() -> None:
    assert layers_of(kernel(109, 0, 1), kernel(1, 1, 2, kernels=None)) == [(0, 1)]


def test_without_groups_nothing_is_fused() -> None:
    assert layers_of() == []

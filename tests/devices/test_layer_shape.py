from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import SearchError
from dlscope.devices.layer_shape import LayerShape, mbconv

SIZES = st.integers(1, 24)


@given(SIZES, SIZES, st.integers(4, 40), st.sampled_from([1, 3, 5]), st.sampled_from([1, 2]))
def test_the_work_of_a_convolution_is_its_outputs_times_what_each_sums_up(
    channels_in: int, channels_out: int, size: int, kernel: int, stride: int
) -> None:
    layer = LayerShape.conv(channels_in, channels_out, size, kernel, stride=stride)
    assert layer.work == layer.macs == layer.outputs * layer.fan_in
    assert layer.weights == layer.fan_in * channels_out
    assert layer.inputs == channels_in * size * size
    assert layer.map_out == (-(-size // stride),) * 2


@given(SIZES, st.integers(1, 4), SIZES)
def test_groups_divide_work_and_weights(count: int, groups: int, size: int) -> None:
    channels = count * groups
    whole, grouped = (
        LayerShape.conv(channels, channels * 2, size, groups=each) for each in (1, groups)
    )
    assert whole.work == groups * grouped.work
    assert whole.weights == groups * grouped.weights


@given(SIZES, st.integers(4, 30), st.sampled_from([3, 5, 7]), st.sampled_from([1, 2]))
def test_a_depthwise_layer_is_a_convolution_of_as_many_groups_as_channels(
    channels: int, size: int, kernel: int, stride: int
) -> None:
    layer = LayerShape.depthwise(channels, size, kernel, stride=stride)
    assert layer.work == kernel * kernel * layer.outputs
    same = LayerShape.conv(channels, channels, size, kernel, stride=stride, groups=channels)
    assert layer == same or channels == 1


def test_a_pool_has_neither_weights_nor_products_but_work() -> None:
    pool = LayerShape.pool(64, 224, 2, stride=2)
    assert (pool.macs, pool.weights, pool.work) == (0, 0, 112 * 112 * 4 * 64)


def test_a_dense_layer_is_a_convolution_of_one_place() -> None:
    dense = LayerShape.dense(512, 10)
    assert (dense.macs, dense.weights, dense.fan_in, dense.map_out) == (5120, 5120, 512, (1, 1))


@given(
    st.integers(1, 16),
    st.integers(1, 16),
    st.integers(4, 24),
    st.sampled_from([3, 5, 7]),
    st.sampled_from([1, 4, 5, 6]),
    st.sampled_from([1, 2]),
)
def test_an_inverted_residual_block_has_the_work_of_its_three_terms(
    channels_in: int, channels_out: int, size: int, kernel: int, expansion: int, stride: int
) -> None:
    stages = mbconv(channels_in, channels_out, size, kernel, expansion, stride=stride)
    out, middle = -(-size // stride), expansion * channels_in
    expand = size * size * channels_in * middle if expansion > 1 else 0
    spread = out * out * kernel * kernel * middle
    assert sum(each.macs for each in stages) == expand + spread + out * out * middle * channels_out
    assert len(stages) == (3 if expansion > 1 else 2)
    assert stages[-1].channels_out == channels_out
    assert stages[-1].map_out == (out, out)


def test_maps_and_kernels_need_not_be_square() -> None:
    layer = LayerShape.conv(2, 32, (1024, 1), (3, 1))
    assert (layer.map_out, layer.fan_in, layer.macs) == ((1024, 1), 6, 1024 * 6 * 32)
    assert str(layer) == "conv 3x1/1 2->32 on 1024x1"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: LayerShape.conv(0, 8, 14),
            "SearchError: a size is below 1\n"
            "  where  conv 1x1/1 0->8 on 14x14\n"
            "  fix    use whole numbers from 1 on",
        ),
        (
            lambda: LayerShape.conv(8, 12, 14, groups=3),
            "SearchError: 3 groups do not divide its channels\n"
            "  where  conv 1x1/1 8->12 on 14x14\n"
            "  fix    use channels that are multiples of the groups",
        ),
        (
            lambda: LayerShape.conv(8, 8, 4, 7, padding=0),
            "SearchError: a kernel of 7x7 does not fit into 4x4\n"
            "  where  the shape of a layer\n"
            "  fix    use a smaller kernel or stride, or a larger input",
        ),
        (
            lambda: LayerShape.conv(8, 8, 4, 3, stride=0),
            "SearchError: stride is 0\n"
            "  where  the shape of a layer\n"
            "  fix    use a stride from 1 on",
        ),
    ],
)
def test_refuses_shapes_that_cannot_be(make, message: str) -> None:
    with pytest.raises(SearchError) as refusal:
        make()
    assert str(refusal.value) == message

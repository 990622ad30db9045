from __future__ import annotations

import pytest

from dlscope.backends.onnx_graph.pads import overhang, pads_of, transposed_pads
from dlscope.backends.onnx_graph.window import Window


def _window(kernel: int, stride: int, begin: int, end: int, same: str = "") -> Window:
    return Window((kernel,), (stride,), (1,), (begin, end), same)


def test_pads_are_pairs() -> None:
    assert pads_of(_window(3, 2, 0, 1), [9]) == [(0, 1)]
    assert pads_of(_window(3, 2, 0, 0, "SAME_UPPER"), [8]) == [(0, 1)]
    assert pads_of(_window(3, 2, 0, 0, "SAME_LOWER"), [8]) == [(1, 0)]


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "end", "reach"),
    [
        (10, 3, 2, 0, 1),
        (9, 3, 2, 0, 0),
        # The last window would begin in the padding after the image.
        (4, 2, 3, 2, 0),
    ],
)
def test_the_last_window_reaches_over_the_end(
    size: int, kernel: int, stride: int, end: int, reach: int
) -> None:
    window = _window(kernel, stride, 0, end)
    assert overhang(window, [size], pads_of(window, [size])) == [(0, reach)]


@pytest.mark.parametrize(
    ("begin", "end", "extra", "wanted"),
    [(0, 0, 0, None), (1, 0, 0, None), (1, 1, 1, None), (0, 0, 0, 9), (0, 0, 0, 12)],
)
def test_a_transposed_convolution_ends_up_with_the_size_of_the_standard(
    begin: int, end: int, extra: int, wanted: int | None
) -> None:
    size, kernel, stride = 5, 3, 2
    window = _window(kernel, stride, begin, end)
    ((before, after),) = transposed_pads(window, [size], [extra], wanted and [wanted])
    spread = (size - 1) * stride + 1
    got = before + spread + after - kernel + 1
    assert got == (wanted or stride * (size - 1) + extra + kernel - begin - end)

from __future__ import annotations

from dlscope.zoo.unet import UNET, build


def test_has_the_size_of_its_levels(sizes):
    """Two 3×3 convolutions a level, down and up, with norms; a 2×2 one between levels, up."""

    def twice(inputs: int, outputs: int) -> int:
        return 9 * (inputs + outputs) * outputs + 4 * outputs

    widths = (16, 32, 64, 128, 256)
    down = sum(twice(*pair) for pair in zip((3, *widths), widths, strict=False))
    up = sum(twice(2 * width, width) + 4 * 2 * width * width for width in widths[:-1])
    assert sizes(UNET) == (down + up + 16 * 2 + 2, 2_322_546_688)
    assert down + up + 34 == 1_942_354


def test_twice_the_channels_are_four_times_the_work_but_at_the_ends(sizes):
    first, last = 224 * 224 * 9 * 3 * 16, 224 * 224 * 16 * 2
    inner = sizes(UNET)[1] - first - last
    assert sizes(UNET, channels="32")[1] == 4 * inner + 2 * (first + last)


def test_answers_with_a_number_for_each_class_and_pixel(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 2, 224, 224)

from __future__ import annotations

from dataclasses import dataclass

from dlscope.zoo.counted_layers import CountedLayers


@dataclass(frozen=True)
class Convolution:
    weights: int
    channels_out: int
    is_normalised: bool
    macs: int


class Two(CountedLayers):
    @property
    def layers(self) -> tuple[Convolution, ...]:
        return Convolution(27, 3, True, 270), Convolution(30, 10, False, 300)


def test_only_what_is_normalised_learns_a_gain_and_a_bias() -> None:
    assert (Two().conv_weights, Two().normalised_channels, Two().trainable) == (57, 3, 63)
    assert Two().macs == 570

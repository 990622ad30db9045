"""Shapes of the layers of published networks, as accelerators run them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dlscope.devices.layer_shape import LayerShape

Layers = tuple[LayerShape, ...]

_VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
# Channels of the six convolutions of an inception module: 1x1, 3x3 (reduced), 5x5 (reduced), pool.
_INCEPTION = (
    (28, 192, (64, 96, 128, 16, 32, 32)),
    (28, 256, (128, 128, 192, 32, 96, 64)),
    (14, 480, (192, 96, 208, 16, 48, 64)),
    (14, 512, (160, 112, 224, 24, 64, 64)),
    (14, 512, (128, 128, 256, 24, 64, 64)),
    (14, 512, (112, 144, 288, 32, 64, 64)),
    (14, 528, (256, 160, 320, 32, 128, 128)),
    (7, 832, (256, 160, 320, 32, 128, 128)),
    (7, 832, (384, 192, 384, 48, 128, 128)),
)
_RESNET50 = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
_EXPANSION = 4


def vgg16(*, channels_in: int = 3, with_pools: bool = False) -> Layers:
    """The 13 convolutions of VGG-16 on 224×224, with its pools between them where they count."""
    layers: list[LayerShape] = []
    size, channels = 224, channels_in
    for width, count in _VGG16:
        for _ in range(count):
            layers.append(LayerShape.conv(channels, width, size, 3))
            channels = width
        if with_pools:
            layers.append(LayerShape.pool(width, size, 2, stride=2))
        size //= 2
    return tuple(layers)


def alexnet() -> Layers:
    """The five convolutions of AlexNet on 227×227, three of them in two groups."""
    return (
        LayerShape.conv(3, 96, 227, 11, stride=4, padding=0),
        LayerShape.conv(96, 256, 27, 5, groups=2),
        LayerShape.conv(256, 384, 13, 3),
        LayerShape.conv(384, 384, 13, 3, groups=2),
        LayerShape.conv(384, 256, 13, 3, groups=2),
    )


def googlenet() -> Layers:
    """The 57 convolutions of GoogLeNet on 224×224, auxiliary classifiers left out."""
    stem = (
        LayerShape.conv(3, 64, 224, 7, stride=2),
        LayerShape.conv(64, 64, 56),
        LayerShape.conv(64, 192, 56, 3),
    )
    return stem + tuple(layer for module in _INCEPTION for layer in _inception(*module))


def resnet50() -> Layers:
    """The 53 convolutions of ResNet-50 v1 on 224×224, whose 1×1 in a block has the stride."""
    layers = [LayerShape.conv(3, 64, 224, 7, stride=2)]
    size, channels = 56, 64
    for width, blocks, first_stride in _RESNET50:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            layers += _bottleneck(channels, width, size, stride, is_first=block == 0)
            size, channels = size // stride, _EXPANSION * width
    return tuple(layers)


def cnv() -> Layers:
    """FINN's CNV on 32×32: six convolutions without padding, two pools, three dense layers."""
    conv, pool = LayerShape.conv, LayerShape.pool
    return (
        conv(3, 64, 32, 3, padding=0),
        conv(64, 64, 30, 3, padding=0),
        pool(64, 28, 2, stride=2),
        conv(64, 128, 14, 3, padding=0),
        conv(128, 128, 12, 3, padding=0),
        pool(128, 10, 2, stride=2),
        conv(128, 256, 5, 3, padding=0),
        conv(256, 256, 3, 3, padding=0),
        LayerShape.dense(256, 512),
        LayerShape.dense(512, 512),
        LayerShape.dense(512, 10),
    )


def vgg10_radio() -> Layers:
    """FINN's VGG10 on 1024 samples of radio in two channels: seven convolutions, three dense."""
    layers: list[LayerShape] = []
    length, channels = 1024, 2
    for _ in range(7):
        layers.append(LayerShape.conv(channels, 32, (length, 1), (3, 1)))
        layers.append(LayerShape.pool(32, (length, 1), (2, 1), stride=2))
        length, channels = length // 2, 32
    dense = ((32 * length, 128), (128, 128), (128, 24))
    return (*layers, *(LayerShape.dense(*each) for each in dense))


def with_weights(layers: Sequence[LayerShape]) -> Layers:
    """Those of `layers` that multiply."""
    return tuple(layer for layer in layers if layer.weights)


CONVOLUTIONS: Mapping[str, Callable[[], Layers]] = {
    "GoogLeNet": googlenet,
    "AlexNet": alexnet,
    "ResNet-50": resnet50,
    "VGG-16": vgg16,
}


def _inception(size: int, channels: int, widths: Sequence[int]) -> Layers:
    one, reduced_3, three, reduced_5, five, pooled = widths
    return (
        LayerShape.conv(channels, one, size),
        LayerShape.conv(channels, reduced_3, size),
        LayerShape.conv(reduced_3, three, size, 3),
        LayerShape.conv(channels, reduced_5, size),
        LayerShape.conv(reduced_5, five, size, 5),
        LayerShape.conv(channels, pooled, size),
    )


def _bottleneck(
    channels: int, width: int, size: int, stride: int, *, is_first: bool
) -> list[LayerShape]:
    conv = LayerShape.conv
    inner = size // stride
    layers = [
        conv(channels, width, size, stride=stride),
        conv(width, width, inner, 3),
        conv(width, _EXPANSION * width, inner),
    ]
    if is_first:
        layers.append(conv(channels, _EXPANSION * width, size, stride=stride))
    return layers

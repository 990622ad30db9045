"""What a SkyNet holds and computes, as a report."""

from __future__ import annotations

from dlscope.core.report import Finding, Prose, Report, Section
from dlscope.core.table import Column, Table
from dlscope.zoo.architecture import outline
from dlscope.zoo.resnet import RESNET
from dlscope.zoo.skynet.layout import VARIANTS, Layer, Layout

LAYER_COLUMNS = (
    Column("layer", "int", "number in the published table", role="id"),
    Column("kind", "str", "depthwise 3×3 or pointwise 1×1"),
    Column("channels_in", "int", "channels read", role="count"),
    Column("channels_out", "int", "channels written", role="count"),
    Column("height", "int", "rows of the map", "px", role="count"),
    Column("width", "int", "columns of the map", "px", role="count"),
    Column("weights", "int", "numbers in its kernels", role="count"),
    Column("macs", "int", "multiply-accumulates of one image", role="value"),
)
COUNT_COLUMNS = (
    Column("network", "str", "variant, or the trunk for trackers", role="id"),
    Column("layers", "int", "convolutions, the head included", role="count"),
    Column("conv_weights", "int", "numbers in all kernels", role="count"),
    Column("normalised_channels", "int", "channels with a normalisation", role="count"),
    Column("trainable", "int", "learnt numbers: kernels, gains and biases", role="value"),
    Column("fused", "int", "kernels and biases after folding", role="value"),
    Column(
        "state_bytes", "int", "all arrays as float32, statistics included", "bytes", role="value"
    ),
    Column("macs", "int", "multiply-accumulates of one image", role="value"),
)
BACKBONE_COLUMNS = (
    Column("backbone", "str", "what features are taken from", role="id"),
    Column("parameters", "int", "learnt numbers", role="value"),
    Column("ratio", "float", "parameters over those of the first row", role="value"),
)
_ADJUSTED = 256
_CLASSIFIER = 2048 * 1000 + 1000
"""The last layer of ResNet-50, which no detector takes over."""


def count_report(layout: Layout) -> Report:
    """Tables `layers` of this network, `counts` of every variant like it, and `backbones`."""
    layers = Table.of("layers", LAYER_COLUMNS, map(_layer, layout.layers))
    counts = Table.of("counts", COUNT_COLUMNS, _counts(layout))
    backbones = Table.of("backbones", BACKBONE_COLUMNS, _backbones())
    name = "the trunk of SkyNet" if layout.is_trunk else f"SkyNet {layout.variant}"
    height, width = layout.size
    return Report(
        title="What a SkyNet holds and computes",
        answer=f"{name} at width {layout.width_mult:g} learns {layout.trainable:,} numbers and "
        f"computes {layout.macs:,} multiply-accumulates for an image of {width}×{height}.",
        tables=(layers, counts, backbones),
        findings=(_explained(backbones),),
        sections=(
            Section("Layers", (layers,)),
            Section("Networks", (counts, Prose(_SIZES))),
            Section("Backbones", (backbones,)),
        ),
        command=_command(layout),
    )


_SIZES = (
    "A size is one of four: what is learnt, what is left after folding, all arrays as float32, or "
    "the file. The published 1.82 MB of variant C is the file of its weights."
)


def _layer(layer: Layer) -> dict[str, str | int]:
    return {
        "layer": layer.number,
        "kind": layer.kind,
        "channels_in": layer.channels_in,
        "channels_out": layer.channels_out,
        "height": layer.size[0],
        "width": layer.size[1],
        "weights": layer.weights,
        "macs": layer.macs,
    }


def _counts(layout: Layout) -> list[dict[str, str | int]]:
    networks = {
        f"SkyNet {variant}": Layout(variant, layout.width_mult, layout.size) for variant in VARIANTS
    }
    networks["trunk"] = Layout("C", layout.width_mult, layout.size, is_trunk=True)
    return [
        {
            "network": name,
            "layers": len(each.layers),
            "conv_weights": each.conv_weights,
            "normalised_channels": each.normalised_channels,
            "trainable": each.trainable,
            "fused": each.fused,
            "state_bytes": each.state_bytes,
            "macs": each.macs,
        }
        for name, each in networks.items()
    ]


def _backbones() -> list[dict[str, str | int | float]]:
    trunk = Layout(is_trunk=True)
    adjusted = trunk.trainable + trunk.joined * _ADJUSTED + 2 * _ADJUSTED
    resnet = outline(RESNET, {"depth": "50"}).parameters - _CLASSIFIER
    rows = {"SkyNet trunk + 1×1 to 256": adjusted, "ResNet-50 without classifier": resnet}
    return [
        {"backbone": name, "parameters": parameters, "ratio": parameters / adjusted}
        for name, parameters in rows.items()
    ]


def _explained(backbones: Table) -> Finding:
    adjusted, resnet = (int(str(each)) for each in backbones.column("parameters"))
    ratio = resnet / adjusted
    rounded = round(resnet / 1e6, 2) / round(adjusted / 1e6, 3)
    return Finding(
        "note",
        f"The published 37.20 times fewer parameters compare backbones: {ratio:.2f}, or "
        f"{rounded:.2f} when both are rounded first",
        backbones.name,
        rows=(1,),
        detail="It is the ResNet-50 of classification. Whole trackers differ by less, since their "
        "heads are the same.",
    )


def _command(layout: Layout) -> str:
    height, width = layout.size
    trunk = " --trunk" if layout.is_trunk else ""
    return (
        f"dlscope skynet count --variant {layout.variant} --width {layout.width_mult:g} "
        f"--size {width}x{height}{trunk}"
    )

"""Squeeze-and-excitation: channels weighed by factors that depend on the means of all of them.

    value ─┬───────────────────────────────────────────────── × ─
           └ average ─ 1×1 reduce ─ relu ─ 1×1 restore ─ gate ┘

Hu et al., "Squeeze-and-Excitation Networks", 2018.
"""

from __future__ import annotations

from dlscope.zoo.blocks import Activation, Layers, Value


def excite(
    layers: Layers, name: str, value: Value, reduced: int, gate: Activation = "hard_sigmoid"
) -> Value:
    """Each channel of `value` times a factor in 0…1; `reduced` channels are in between."""
    factors = layers.global_pool(f"{name}.average", value)
    factors = layers.conv(f"{name}.reduce", factors, reduced, bias=True)
    factors = layers.activate(f"{name}.relu", factors, "relu")
    factors = layers.conv(f"{name}.restore", factors, value.channels, bias=True)
    factors = layers.activate(f"{name}.{gate}", factors, gate)
    return layers.node("Mul", f"{name}.scale", [value.name, factors.name], value.shape)

"""`TrainedLayer`: one layer of a network in torch, at any bits, its normalisation folded or not."""

from __future__ import annotations

from typing import Any, final

import torch
from torch.nn import functional

from dlscope.devices.precision import Precision
from dlscope.methods.codesign.network_plan import PlannedLayer
from dlscope.methods.codesign.supernet.quantising import InputRange, quantised_weights
from dlscope.methods.codesign.supernet.weights import LayerWeights, Part

_EPSILON, _MOMENTUM = 1e-5, 0.1


@final
class TrainedLayer(torch.nn.Module):
    """The convolution, or dense layer, of `plan`, batch normalisation and activation after it.

    The same weights serve at every precision; what is read is rounded, too. `tracks`: the
    statistics of training are kept for later, else every batch has its own, as among many networks
    with the same weights. `signed` says whether it reads numbers below 0, None where that is not
    known beforehand. A dense layer has a bias in place of a normalisation. Its weights are its own
    unless `shared`, which belong to whoever gives them.
    """

    def __init__(
        self,
        plan: PlannedLayer,
        *,
        tracks: bool = False,
        signed: bool | None = None,
        shared: LayerWeights | None = None,
    ) -> None:
        super().__init__()
        shape = plan.shape
        self.plan = plan
        self.tracks = tracks
        self.range = InputRange(signed=signed)
        width = shape.channels_out
        if shared is None:
            self.own = LayerWeights((shape,))
        self._shared = None if shared is None else (shared,)  # not one of its own modules
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("variance", torch.ones(width))
        self.register_buffer("is_folded", torch.tensor(shape.kind == "dense"))

    @property
    def weight(self) -> Any:
        """Weights [channels out, channels in of a group, height, width], a view."""
        return self._weights.weight

    @property
    def bias(self) -> Any:
        """What is added to each channel, a view."""
        return self._weights.bias

    @property
    def gain(self) -> Any:
        """What the normalisation multiplies each channel with, a view."""
        return self._weights.gain

    @property
    def _weights(self) -> Part:
        whole = self.own if self._shared is None else self._shared[0]
        return whole.part(self.plan.shape)

    def read(self, values: Any, precision: Precision) -> Any:
        """What the layer multiplies its weights with: `values` at the bits of its activations."""
        return self.range(values, precision.activation_bits)

    def forward(self, values: Any, precision: Precision, added: Any = None) -> Any:
        """The result for what was `read`, with `added` before the activation."""
        result = self._normalised(values, precision)
        if added is not None:
            result = result + added
        if self.plan.activation == "relu6":
            return functional.relu6(result)
        return functional.relu(result) if self.plan.activation == "relu" else result

    def fold(self) -> None:
        """Take the normalisation, with the statistics as they are, into weights and bias."""
        if self.is_folded:
            return
        with torch.no_grad():
            gain = self.gain / torch.sqrt(self.variance + _EPSILON)
            self.weight.mul_(gain.reshape(-1, 1, 1, 1))
            self.bias.sub_(self.mean * gain)
        self.is_folded.fill_(True)

    def _normalised(self, values: Any, precision: Precision) -> Any:
        weights = quantised_weights(self.weight, precision.weight_bits)
        if self.plan.shape.kind == "dense":
            return functional.linear(values.flatten(1), weights.flatten(1), self.bias)
        if self.is_folded:
            return self._convolved(values, weights, self.bias)
        uses_batch = self.training or not self.tracks
        return functional.batch_norm(
            self._convolved(values, weights, None),
            self.mean if self.tracks else None,
            self.variance if self.tracks else None,
            self.gain,
            self.bias,
            uses_batch,
            _MOMENTUM,
            _EPSILON,
        )

    def _convolved(self, values: Any, weights: Any, bias: Any) -> Any:
        shape = self.plan.shape
        padding = (shape.kernel[0] // 2, shape.kernel[1] // 2)
        return functional.conv2d(values, weights, bias, shape.stride, padding, groups=shape.groups)

"""Networks, built from weights, or from a seed, as ONNX graphs.

Each network's module has one `build(weights, options)`, a `NetworkBuilder`: it reads the file
`weights`, or draws weights from the option `seed`, takes what a manifest says behind the `?` of
its `generated:` source as `options`, and returns the bytes of an ONNX file. The same file and
options always give the same bytes, so that a network is known by a digest. A builder refuses with
`GraphError` an option that it does not know and weights that do not fit, and with `DataError` a
file that it cannot read. Builders are the plugins of kind `networks`.

Networks with a seed are written with `Layers` (in `blocks`) as an `Architecture`, of which
`outline` tells shapes and sizes at almost no cost.
"""

from __future__ import annotations

from dlscope.zoo.network import NetworkBuilder

__all__ = ["NetworkBuilder"]

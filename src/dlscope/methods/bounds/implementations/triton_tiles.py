"""`Triton`: dlscope's own kernels, by tile: products, and chains of element-wise layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

from dlscope.graph.brick import Brick, BrickLayer
from dlscope.methods.bounds.implementation import (
    PLAIN,
    TF32,
    Configuration,
    Unsupported,
    declared_dtype,
)
from dlscope.methods.bounds.implementations.cuda import Cuda, torch_on_gpu
from dlscope.methods.bounds.implementations.device_implementation import DeviceImplementation
from dlscope.methods.bounds.implementations.device_runnable import (
    DeviceRunnable,
    arrays_of,
    device_dtypes,
    follows,
    on_device,
)
from dlscope.methods.bounds.implementations.matrix_product import MatrixProduct, first_product
from dlscope.methods.bounds.implementations.triton_kernels import (
    ADD,
    ALONE,
    CODES,
    MULTIPLY,
    elementwise_kernel,
    matmul_kernel,
    packed,
)
from dlscope.methods.bounds.implementations.triton_library import TritonLibrary, triton_compiler

Launch = Callable[[], Sequence[Any]]

BLOCKS = (256, 1024, 4096)
"""Elements that a program of an element-wise kernel computes."""
_JOINS = {"Add": ADD, "Mul": MULTIPLY}
_LONGEST = 8
_LARGEST = 2**31


@final
@dataclass(frozen=True)
class Tile:
    """The part of a product that one program computes: m by n, in steps of k."""

    m: int
    n: int
    k: int
    warps: int

    @property
    def name(self) -> str:
        """As the algorithm is called: `64x64x32`."""
        return f"{self.m}x{self.n}x{self.k}"


TILES = {
    tile.name: tile
    for tile in (
        Tile(16, 64, 64, 4),
        Tile(32, 32, 32, 4),
        Tile(64, 64, 32, 4),
        Tile(128, 64, 32, 4),
        Tile(128, 128, 32, 8),
    )
}


@final
class Triton(DeviceImplementation):
    """A way for each tile. `library` and `cuda` stand in for those installed.

    Raises `PluginError` where one is missing.
    """

    name = "triton"
    family = "dlscope"
    library_name = "Triton"

    def __init__(self, library: TritonLibrary | None = None, cuda: Cuda | None = None) -> None:
        self._library = library if library is not None else triton_compiler()
        self._cuda = cuda if cuda is not None else torch_on_gpu(self.name)

    @classmethod
    def version(cls) -> str:
        """Version of Triton."""
        return triton_compiler().version()

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """Plain, in every type; products of float32 numbers also in TF32."""
        found = _kernel_of(brick)
        if isinstance(found, str):
            return [Unsupported(found)]
        is_product = isinstance(found, _Product)
        algorithms = tuple(TILES) if is_product else tuple(map(str, BLOCKS))
        return [
            on_device(self._cuda, Configuration(algorithm, dtype, PLAIN, math))
            for dtype in device_dtypes(brick)
            for math in (("", TF32) if is_product and dtype == "float32" else ("",))
            for algorithm in algorithms
        ]

    def _launched(self, brick: Brick, configuration: Configuration) -> DeviceRunnable:
        found = _kernel_of(brick)
        if isinstance(found, str):
            raise ValueError(found)
        launch = found.launch(self._library, self._cuda, brick, configuration)
        return DeviceRunnable(self._cuda, launch, notes={"kernel": found.kernel})


@final
@dataclass(frozen=True)
class _Product:
    """A product, with what follows it: "" or Relu."""

    product: MatrixProduct
    activation: str
    kernel = "matmul_kernel"

    def launch(
        self, library: TritonLibrary, cuda: Cuda, brick: Brick, configuration: Configuration
    ) -> Launch:
        """A program for each tile of each matrix."""
        tile, dtype = TILES[configuration.algorithm], configuration.dtype
        m, n, k = self.product.sizes
        a, b, bias = (
            None if each is None else cuda.tensor(each, dtype, PLAIN)
            for each in self.product.operands(brick)
        )
        y = cuda.empty(self.product.result, dtype, PLAIN)
        strides = (*self._strides(0, m, k), *self._strides(1, k, n))
        arguments = (a, b, y if bias is None else bias, y, m, n, k, *strides)
        constants = {
            "has_bias": bias is not None,
            "is_relu": self.activation == "Relu",
            "precision": "tf32" if configuration.math == TF32 else "ieee",
            "block_m": tile.m,
            "block_n": tile.n,
            "block_k": tile.k,
        }
        grid = (math.ceil(m / tile.m) * math.ceil(n / tile.n), self.product.batch)

        def launch() -> Sequence[Any]:
            library.launch(matmul_kernel, grid, arguments, constants, warps=tile.warps)
            return [y]

        return launch

    def _strides(self, operand: int, rows: int, columns: int) -> tuple[int, int, int]:
        """From one matrix, row and column to the next; a transposed matrix lies by columns."""
        is_turned = self.product.transposed[operand]
        return (rows * columns, *((1, rows) if is_turned else (columns, 1)))


@final
@dataclass(frozen=True)
class _Chain:
    """Perhaps a sum or a product with a second operand, then `steps` of one operand.

    The second operand has `channels` elements, each of which serves `inner` places in turn.
    """

    first: int
    shape: tuple[int, ...]
    steps: tuple[str, ...]
    join: int = ALONE
    other: int | None = None
    inner: int = 1
    channels: int = 1
    kernel = "elementwise_kernel"

    def launch(
        self, library: TritonLibrary, cuda: Cuda, brick: Brick, configuration: Configuration
    ) -> Launch:
        """A program for each block of elements."""
        arrays, dtype, block = arrays_of(brick), configuration.dtype, int(configuration.algorithm)
        x = cuda.tensor(arrays[self.first], dtype, PLAIN)
        other = x if self.other is None else cuda.tensor(arrays[self.other], dtype, PLAIN)
        y = cuda.empty(self.shape, dtype, PLAIN)
        size = math.prod(self.shape)
        arguments = (x, other, y, size, self.inner, self.channels)
        constants = {
            "join": self.join,
            "codes": packed(self.steps),
            "steps": len(self.steps),
            "block": block,
        }

        def launch() -> Sequence[Any]:
            grid = (math.ceil(size / block),)
            library.launch(elementwise_kernel, grid, arguments, constants, warps=4)
            return [y]

        return launch


def _kernel_of(brick: Brick) -> _Product | _Chain | str:
    """What computes the brick, or why no kernel does."""
    if not follows(brick):
        return "its layers do not follow one another"
    if declared_dtype(brick) == "float64":
        return "the kernels compute in float32"
    if brick.layers[0].operator in ("Gemm", "MatMul"):
        return _product(brick)
    return _chain(brick)


def _product(brick: Brick) -> _Product | str:
    rest = [layer.operator for layer in brick.layers[1:]]
    if rest not in ([], ["Relu"]):
        return f"no kernel computes {brick.label}"
    product = first_product(brick)
    if isinstance(product, str):
        return product
    if product.alpha != 1 or product.beta != 1:
        return "no kernel computes a product with a factor"
    return _Product(product, "".join(rest))


def _chain(brick: Brick) -> _Chain | str:
    first, *rest = brick.layers
    steps = brick.layers if first.operator in CODES else rest
    names = tuple(layer.operator for layer in steps)
    unknown = sorted(set(names) - CODES.keys())
    if first.operator not in CODES and first.operator not in _JOINS:
        unknown = [first.operator]
    if unknown or len(names) > _LONGEST:
        return f"no kernel computes {', '.join(unknown) or 'so long a chain'}"
    place = first.inputs[0]
    assert place is not None
    tensor = brick.tensors[place]
    if tensor.is_discrete or tensor.elements >= _LARGEST:
        return "the kernel is one for up to 2147483647 numbers with a fraction"
    alone = _Chain(place, tensor.shape, names)
    return alone if first.operator in CODES else _joined(brick, first, alone)


def _joined(brick: Brick, layer: BrickLayer, chain: _Chain) -> _Chain | str:
    """The chain with the second operand of its first layer: the same shape, or one axis of it."""
    other = layer.inputs[1]
    assert other is not None
    shape = brick.tensors[other].shape
    padded = (1,) * (len(chain.shape) - len(shape)) + shape
    used = [axis for axis, size in enumerate(padded) if size > 1]
    last = used[-1] if used else len(chain.shape) - 1
    span = padded[used[0] : last + 1] if used else ()
    if len(shape) > len(chain.shape) or span != (chain.shape[used[0] : last + 1] if used else ()):
        return "its second operand is neither of the same shape nor along neighbouring axes"
    return _Chain(
        chain.first,
        chain.shape,
        chain.steps,
        _JOINS[layer.operator],
        other,
        math.prod(chain.shape[last + 1 :]) if used else 1,
        math.prod(span),
    )

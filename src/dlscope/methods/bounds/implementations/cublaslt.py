"""cuBLAS and cuBLASLt through PyTorch: products of matrices, and of a matrix with a vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import (
    PLAIN,
    TF32,
    Configuration,
    Unsupported,
)
from dlscope.methods.bounds.implementations.cuda import Cuda, CudaSettings, torch_on_gpu
from dlscope.methods.bounds.implementations.device_implementation import (
    DeviceImplementation,
    known,
)
from dlscope.methods.bounds.implementations.device_runnable import (
    DeviceRunnable,
    device_dtypes,
    on_device,
)
from dlscope.methods.bounds.implementations.matrix_product import MatrixProduct, product_of

GEMV = "gemv"
LIBRARIES = ("cublas", "cublaslt")
"""Those that PyTorch can be told to multiply with; each chooses its algorithm by itself."""


@final
class CublasLt(DeviceImplementation):
    """A product by each library, in each type, float32 also rounded to TF32.

    A matrix by a vector is also computed as such (`gemv`). `cuda` stands in for the GPU there is;
    raises `PluginError` where there is none.
    """

    name = "cublaslt"
    family = "cublas"
    library_name = "cuBLAS"

    def __init__(self, cuda: Cuda | None = None) -> None:
        self._cuda = cuda if cuda is not None else torch_on_gpu(self.name)

    @classmethod
    def version(cls) -> str:
        """Version of PyTorch with its build, which names its CUDA."""
        return torch_on_gpu(cls.name).version()

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        """All ways to multiply, the plain layout being the only one."""
        product = product_of(brick)
        if isinstance(product, str):
            return [Unsupported(product)]
        algorithms = (*LIBRARIES, GEMV) if product.is_vector else LIBRARIES
        return [
            on_device(self._cuda, Configuration(algorithm, dtype, PLAIN, math))
            for dtype in device_dtypes(brick)
            for math in (("", TF32) if dtype == "float32" else ("",))
            for algorithm in algorithms
        ]

    def _launched(self, brick: Brick, configuration: Configuration) -> DeviceRunnable:
        product = known(product_of(brick))
        algorithm = configuration.algorithm
        library = algorithm if algorithm in LIBRARIES else LIBRARIES[0]
        settings = CudaSettings(configuration.math == TF32, library=library)
        compute = _vector if algorithm == GEMV else _matrices
        launch = compute(self._cuda, product, brick, configuration.dtype)
        return DeviceRunnable(self._cuda, launch, settings=settings)


def _matrices(
    cuda: Cuda, product: MatrixProduct, brick: Brick, dtype: str
) -> Callable[[], Sequence[Any]]:
    a, b, bias = _placed(cuda, product, brick, dtype)

    def launch() -> Sequence[Any]:
        return [cuda.multiplied(a, b, bias, product.alpha, product.beta)]

    return launch


def _vector(
    cuda: Cuda, product: MatrixProduct, brick: Brick, dtype: str
) -> Callable[[], Sequence[Any]]:
    """One row: y = bᵀ a; one column: y = a b."""
    if product.places[2] is not None or product.alpha != 1:
        raise ValueError("a product with a vector has neither bias nor factor here")
    a, b, _ = _placed(cuda, product, brick, dtype)
    m, _, k = product.sizes
    matrix, vector = (b.reshape(k, -1).T, a.reshape(k)) if m == 1 else (a.reshape(m, k), b)
    vector = vector.reshape(k)

    def launch() -> Sequence[Any]:
        return [cuda.vector_multiplied(matrix, vector).reshape(product.result)]

    return launch


def _placed(
    cuda: Cuda, product: MatrixProduct, brick: Brick, dtype: str
) -> tuple[Any, Any, Any | None]:
    """The operands on the device, as they lie in the model; exchanging two axes is a view."""
    arrays = product.operands(brick)
    a, b, bias = (None if each is None else cuda.tensor(each, dtype, PLAIN) for each in arrays)
    by_a, by_b = product.transposed
    return a.T if by_a else a, b.T if by_b else b, bias  # type: ignore[union-attr]

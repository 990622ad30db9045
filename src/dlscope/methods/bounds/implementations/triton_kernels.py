"""dlscope's own kernels for GPUs, in the language of Triton.

Nothing here needs Triton: `tl` stands for its language, and who runs a kernel calls `speak` before.

Letters: m, n, k rows, columns and depth of a product. What is a `constexpr` is known when a kernel
is compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    constexpr: TypeAlias = Any
else:
    constexpr = None

tl: Any = None
"""`triton.language`, or what stands in for it."""

ALONE, ADD, MULTIPLY = 0, 1, 2
"""What an element-wise kernel does with its second operand: there is none, or this."""

CODES = {
    name: code
    for code, name in enumerate(
        ("Relu", "Sigmoid", "Exp", "Neg", "Abs", "Tanh", "Sqrt", "HardSwish"), start=1
    )
}
"""Steps of a chain, as the digits of a number in base 16, the first step lowest."""
STEP_BITS = 4


def speak(language: Any) -> None:
    """Let the kernels be read in `language`; Triton looks their names up in this module."""
    globals().update(tl=language, constexpr=language.constexpr)


def packed(steps: tuple[str, ...]) -> int:
    """The chain as one number.

    >>> packed(()), packed(("Relu",)), packed(("Neg", "Relu"))
    (0, 1, 20)
    """
    return sum(CODES[step] << (STEP_BITS * place) for place, step in enumerate(steps))


def elementwise_kernel(  # type: ignore[no-untyped-def] # Triton reads annotations as its own
    x, other, y, size, inner, channels, join: constexpr, codes: constexpr, steps: constexpr,
    block: constexpr,
):  # fmt: skip
    """y[i] = chain(x[i] ∘ other[(i / inner) mod channels]), one block of i for each program."""
    at = tl.program_id(0) * block + tl.arange(0, block)
    inside = at < size
    v = tl.load(x + at, mask=inside, other=0.0).to(tl.float32)
    if join != 0:
        w = tl.load(other + (at // inner) % channels, mask=inside, other=0.0).to(tl.float32)
        v = v + w if join == 1 else v * w
    for step in tl.static_range(steps):
        code = (codes >> (4 * step)) & 15
        if code == 1:
            v = tl.maximum(v, 0.0)
        elif code == 2:
            v = 1.0 / (1.0 + tl.exp(-v))
        elif code == 3:
            v = tl.exp(v)
        elif code == 4:
            v = -v
        elif code == 5:
            v = tl.abs(v)
        elif code == 6:
            v = 1.0 - 2.0 / (1.0 + tl.exp(2.0 * v))
        elif code == 7:
            v = tl.sqrt(v)
        elif code == 8:
            v = v * tl.minimum(tl.maximum(v + 3.0, 0.0), 6.0) / 6.0
    tl.store(y + at, v, mask=inside)


def matmul_kernel(  # type: ignore[no-untyped-def] # Triton reads annotations as its own
    a, b, bias, y, m, n, k, a_matrix, a_row, a_column, b_matrix, b_row, b_column,
    has_bias: constexpr, is_relu: constexpr, precision: constexpr, block_m: constexpr,
    block_n: constexpr, block_k: constexpr,
):  # fmt: skip
    """The product y = a b + bias, then max(y, 0) where it is so; one tile of y for each program.

    The second axis of programs counts matrices. Operands lie as their strides say, y packed.
    """
    tiles_n = tl.cdiv(n, block_n)
    matrix = tl.program_id(1)
    row = (tl.program_id(0) // tiles_n * block_m + tl.arange(0, block_m))[:, None]
    column = (tl.program_id(0) % tiles_n * block_n + tl.arange(0, block_n))[None, :]
    total = tl.zeros((block_m, block_n), dtype=tl.float32)
    for start in range(0, k, block_k):
        across = start + tl.arange(0, block_k)[None, :]
        down = start + tl.arange(0, block_k)[:, None]
        left = tl.load(
            a + matrix * a_matrix + row * a_row + across * a_column,
            mask=(row < m) & (across < k), other=0.0,
        )  # fmt: skip
        right = tl.load(
            b + matrix * b_matrix + down * b_row + column * b_column,
            mask=(down < k) & (column < n), other=0.0,
        )  # fmt: skip
        total = tl.dot(left, right, total, input_precision=precision)
    if has_bias:
        total = total + tl.load(bias + column, mask=column < n, other=0.0).to(tl.float32)
    if is_relu:
        total = tl.maximum(total, 0.0)
    tl.store(y + matrix * m * n + row * n + column, total, mask=(row < m) & (column < n))

"""How the attributes of a span tell of tensors: shape `1x16x6x6`, dtype `float32`, bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dlscope.core.trace import Attribute

_SCALAR = "scalar"


def tensor_attributes(
    side: str,
    shapes: Iterable[Sequence[int]],
    dtypes: Iterable[str],
    size_bytes: int | None = None,
) -> dict[str, Attribute]:
    """`{side}_shape`, `{side}_dtype` and, where known, `{side}_bytes` of one tensor or several.

    Several are listed, `1x3x12x12, 16x3x3x3`; one without axes is `scalar`.
    """
    found: dict[str, Attribute] = {
        f"{side}_shape": ", ".join("x".join(map(str, shape)) or _SCALAR for shape in shapes),
        f"{side}_dtype": ", ".join(dtypes),
    }
    return found if size_bytes is None else {**found, f"{side}_bytes": size_bytes}

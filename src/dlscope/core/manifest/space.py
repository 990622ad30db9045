"""`SpaceManifest`: networks to choose from, the bits they may have, and the lanes they may take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AliasChoices,
    AliasPath,
    BeforeValidator,
    Field,
    PositiveInt,
    field_validator,
    model_validator,
)

from dlscope.core.errors import ManifestError, did_you_mean
from dlscope.core.manifest.base import Document, Locate, Manifest, Name, SemVer, refuse

OperationType: TypeAlias = Literal["mbconv", "conv", "separable", "bundle", "skip"]
Scope: TypeAlias = Literal["op", "block", "network"]
LaneScope: TypeAlias = Literal["op", "block", "op_type"]
_MOST_BITS, _MOST_LOG2 = 32, 20
_NESTED = ("name", "version", "description", "input", "classes", "stem", "head")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "mbconv": ("k", "e"),
    "conv": ("k",),
    "separable": ("k",),
    "bundle": ("k",),
    "skip": (),
}


def _nested(name: str) -> AliasChoices:
    """The field itself, or that of a mapping `space:` around what a space is."""
    return AliasChoices(name, AliasPath("space", name))


def _same_bits(value: Any) -> Any:
    return {"w": value, "a": value} if isinstance(value, int) else value


class Bits(Document):
    """Bits of weights, `w`, and of activations, `a`; one number means both."""

    w: int = Field(ge=1, le=_MOST_BITS)
    a: int = Field(ge=1, le=_MOST_BITS)


class StemSpec(Document):
    """The first convolution."""

    c_out: PositiveInt
    k: PositiveInt = 3
    stride: PositiveInt = 2


class HeadSpec(Document):
    """The last convolution, 1×1, before the average over the map and the classifier."""

    c_out: PositiveInt


class OperationSpec(Document):
    """One operation that a block may be: its type, kernel `k` and expansion `e`.

    `mbconv` has both, `conv`, `separable` and `bundle` have a kernel, `skip` has neither.
    """

    type: OperationType
    k: PositiveInt | None = None
    e: PositiveInt | None = None


class BlockSpec(Document):
    """A place in the network, and the operations that it may be."""

    name: Name
    c_out: PositiveInt
    stride: PositiveInt = 1
    ops: Annotated[tuple[OperationSpec, ...], Field(min_length=1)]


class LanesSpec(Document):
    """Lanes as logarithms to base 2, from `min` to `max`, and what shares them."""

    min: int = Field(default=0, ge=0, le=_MOST_LOG2)
    max: int = Field(default=12, ge=0, le=_MOST_LOG2)
    scope: LaneScope = "op"

    @model_validator(mode="after")
    def _is_not_empty(self) -> LanesSpec:
        if self.min > self.max:
            raise refuse(f"no lanes are from 2^{self.min} to 2^{self.max}", "use min ≤ max")
        return self


class SpaceManifest(Manifest):
    """A space of networks: stem, blocks, head; what each block may be, at which bits and lanes.

    What is about the space as a whole may also stand in a mapping `space:`. `quant_scope`: bits
    are chosen for each operation, each block, or once for the network.
    """

    kind: Literal["space"] = "space"
    name: Name = Field(validation_alias=_nested("name"))
    version: SemVer = Field(default="1.0.0", validation_alias=_nested("version"))
    description: str = Field(default="", validation_alias=_nested("description"))
    input: tuple[PositiveInt, PositiveInt, PositiveInt] = Field(validation_alias=_nested("input"))
    classes: int = Field(ge=2, validation_alias=_nested("classes"))
    stem: StemSpec = Field(validation_alias=_nested("stem"))
    head: HeadSpec = Field(validation_alias=_nested("head"))
    blocks: Annotated[tuple[BlockSpec, ...], Field(min_length=1)]
    quant: Annotated[
        tuple[Annotated[Bits, BeforeValidator(_same_bits)], ...], Field(min_length=1)
    ] = (Bits(w=8, a=8),)
    quant_scope: Scope = "op"
    pf: LanesSpec = LanesSpec()

    @model_validator(mode="before")
    @classmethod
    def _nests_nothing_else(cls, data: Any) -> Any:
        inner = data.get("space") if isinstance(data, Mapping) else None
        for name in inner if isinstance(inner, Mapping) else ():
            if name not in _NESTED:
                raise refuse(f"unknown field {name!r} in 'space'", did_you_mean(name, _NESTED))
        return data

    @field_validator("quant")
    @classmethod
    def _each_once(cls, quant: tuple[Bits, ...]) -> tuple[Bits, ...]:
        for place, bits in enumerate(quant):
            if bits in quant[:place]:
                raise refuse(f"{bits.w}/{bits.a} bits are listed twice", "keep one of them")
        return quant

    @field_validator("blocks")
    @classmethod
    def _named_once(cls, blocks: tuple[BlockSpec, ...]) -> tuple[BlockSpec, ...]:
        names = [block.name for block in blocks]
        for name in dict.fromkeys(names):
            if names.count(name) > 1:
                raise refuse(f"two blocks are called {name!r}", "give each block its own name")
        return blocks


def check_space(space: SpaceManifest, locate: Locate) -> list[ManifestError]:
    """What is wrong between the parts of `space`, each of which is well-formed by itself."""
    return list(_problems(space, locate))


def _problems(space: SpaceManifest, locate: Locate) -> Iterator[ManifestError]:
    channels, height, width = space.input
    if space.stem.k % 2 == 0:
        yield _even(space.stem.k, locate(("stem", "k")))
    if space.stem.k > min(height, width):
        yield _too_large(space.stem.k, height, width, "stem", locate(("stem", "k")))
    channels, stride = space.stem.c_out, space.stem.stride
    height, width = -(-height // stride), -(-width // stride)
    for place, block in enumerate(space.blocks):
        for index, operation in enumerate(block.ops):
            here = ("blocks", place, "ops", index)
            yield from _of_operation(operation, block, locate, here)
            if operation in block.ops[:index]:
                yield ManifestError(
                    f"block {block.name!r} lists {operation.type} twice",
                    where=locate(here),
                    fix="keep one of them",
                )
            if operation.type == "skip" and (block.stride, block.c_out) != (1, channels):
                yield ManifestError(
                    f"block {block.name!r} cannot be skipped: it has stride {block.stride} and "
                    f"turns {channels} channels into {block.c_out}",
                    where=locate(here),
                    fix="list skip only where stride is 1 and the channels stay the same",
                )
            if operation.k is not None and operation.k > min(height, width):
                yield _too_large(operation.k, height, width, block.name, locate((*here, "k")))
        channels = block.c_out
        height, width = -(-height // block.stride), -(-width // block.stride)


def _of_operation(
    operation: OperationSpec, block: BlockSpec, locate: Locate, here: tuple[str | int, ...]
) -> Iterator[ManifestError]:
    needed = _NEEDS[operation.type]
    for field, value in (("k", operation.k), ("e", operation.e)):
        if value is None and field in needed:
            yield ManifestError(
                f"{operation.type} of block {block.name!r} has no {field!r}",
                where=locate(here),
                fix=f"add {field}: …",
            )
        if value is not None and field not in needed:
            yield ManifestError(
                f"{operation.type} of block {block.name!r} takes no {field!r}",
                where=locate((*here, field)),
                fix=f"leave {field} out",
            )
    if operation.k is not None and operation.k % 2 == 0:
        yield _even(operation.k, locate((*here, "k")))


def _even(kernel: int, where: str) -> ManifestError:
    return ManifestError(f"a kernel of {kernel} is even", where=where, fix="use an odd kernel")


def _too_large(kernel: int, height: int, width: int, name: str, where: str) -> ManifestError:
    return ManifestError(
        f"a kernel of {kernel} is larger than the map of {height}x{width} at {name!r}",
        where=where,
        fix="use a smaller kernel, fewer strides, or a larger input",
    )

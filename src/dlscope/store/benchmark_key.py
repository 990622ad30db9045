"""`BenchmarkKey`: under what exact conditions a benchmark was measured; and `BenchmarkFilter`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, Literal, final, get_args

from dlscope.core.digest import digest
from dlscope.core.errors import StoreError

Kind = Literal["layer", "fused", "brick", "calibration"]
"""`layer`: one layer of a graph; `fused`: layers computed as one; `brick`: a sequence of layers;
`calibration`: what measures the measuring, such as an empty session."""

State = Literal["hot", "walk", "cold", "touch"]
"""`hot`: back to back; `walk`: interleaved with the other benchmarks; `cold`: caches flushed;
`touch`: as `walk`, the inputs rewritten just before."""

Scope = Literal["model", "suite", ""]
"""What one walk passes over; "" where there is no walk."""

Status = Literal["ok", "failed", "unsupported", "wrong"]
"""`wrong`: it ran, and its outputs differ from the reference."""

_BRICK_ID_LENGTH = 512
_INT32 = 2**31


@final
@dataclass(frozen=True, kw_only=True)
class BenchmarkKey:
    """Everything that two results must share to be repetitions of one measurement.

    `fingerprint` is that of the `Environment`. `in_place` lists the pairs of input and output that
    share memory, "" for none; `clock` is what was read, such as wall or cpu; `protocol` is a
    digest of how it was measured; `process` tells several fresh processes apart. No value stands
    for any other: 0, −1 and "" equal only themselves. Raises `StoreError` for a malformed value.
    """

    brick_id: str
    fingerprint: str
    implementation: str
    implementation_version: str
    dtype: str
    batch: int
    threads: int
    state: State
    tool_version: str
    algorithm: str = ""
    layout: str = ""
    math: str = ""
    scope: Scope = ""
    in_place: str = ""
    clock: str = "wall"
    protocol: str = ""
    process: int = 0

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            _check(name, getattr(self, name), kind, where=f"benchmark {self.brick_id!r}")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all fields: equal exactly when the keys are."""
        return digest(asdict(self))

    @property
    def order(self) -> tuple[Any, ...]:
        """The fields as one value that sorts in the same way everywhere."""
        return tuple(getattr(self, name) for name in KEY_FIELDS)


KEY_FIELDS = tuple(field.name for field in fields(BenchmarkKey))

_KINDS: dict[str, Any] = {
    name: int if name in ("batch", "threads", "process") else str for name in KEY_FIELDS
} | {"state": get_args(State), "scope": get_args(Scope)}


@final
@dataclass(frozen=True, kw_only=True)
class BenchmarkFilter:
    """Which results to read; a field left out accepts anything, one given only its equal."""

    brick_id: str | None = None
    kind: Kind | None = None
    fingerprint: str | None = None
    implementation: str | None = None
    implementation_version: str | None = None
    dtype: str | None = None
    batch: int | None = None
    threads: int | None = None
    state: State | None = None
    tool_version: str | None = None
    algorithm: str | None = None
    layout: str | None = None
    math: str | None = None
    scope: Scope | None = None
    in_place: str | None = None
    clock: str | None = None
    protocol: str | None = None
    process: int | None = None
    status: Status | None = None


def check_word(name: str, value: Any, words: tuple[str, ...], *, where: str) -> None:
    """Raise `StoreError` unless `value` is one of `words`."""
    if not isinstance(value, str) or value not in words:
        listing = ", ".join(word or '""' for word in words)
        raise StoreError(f"{value!r} is not a {name}", where=where, fix=f"use one of {listing}")


def check_brick_id(brick_id: Any) -> None:
    """Raise `StoreError` unless `brick_id` can name a benchmark."""
    _check("brick_id", brick_id, str, where="benchmark")


def _check(name: str, value: Any, kind: Any, *, where: str) -> None:
    if isinstance(kind, tuple):
        check_word(name, value, kind, where=where)
    elif kind is int:
        _check_number(name, value, where)
    else:
        _check_text(name, value, where)


def _check_number(name: str, value: Any, where: str) -> None:
    # True equals 1 and would be found as 1.
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT32 <= value < _INT32:
        raise StoreError(
            f"{name} is {value!r}, not a whole number",
            where=where,
            fix="use an int of at most 32 bits",
        )


def _check_text(name: str, value: Any, where: str) -> None:
    if not isinstance(value, str) or not value.isprintable():
        raise StoreError(
            f"{name} is {value!r}, not a line of text", where=where, fix="use printable characters"
        )
    if name == "brick_id" and not 0 < len(value) <= _BRICK_ID_LENGTH:
        raise StoreError(
            f"brick_id has {len(value)} characters",
            where="benchmark",
            fix=f"use 1 to {_BRICK_ID_LENGTH}",
        )

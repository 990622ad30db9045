"""Steps on the bytes of a file as numbers."""

from __future__ import annotations

from typing import Annotated, ClassVar, final

import numpy as np
from pydantic import Field

from dlscope.pipelines.base import Spec, Step, StepContext, Value
from dlscope.pipelines.requirements import encoded_bytes, require_kind

Count = Annotated[int, Field(ge=0)]


@final
class ByteEnds(Step):
    """The first `begin` and the last `end` bytes of a file, int32, axis L of both together.

    White space before the first and after the last other byte is passed over, but not beyond
    `block` bytes from either end. A file with fewer bytes is filled up with `padding`, which is no
    byte: after the first bytes, before the last. Text counts as its bytes in UTF-8.
    """

    step: ClassVar[str] = "byte_ends"
    begin: Count = 1024
    end: Count = 1024
    block: Annotated[int, Field(gt=0)] = 4096
    padding: Annotated[int, Field(ge=256)] = 256

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, "encoded", "text")
        return Spec(
            "tensor", "int32", "L", (self.begin + self.end,), lo=0.0, hi=float(self.padding)
        )

    def _apply(self, value: Value, _context: StepContext) -> Value:
        data = value.data
        content = data.encode() if isinstance(data, str) else encoded_bytes(self, data)
        first = content[: self.block].lstrip()[: self.begin]
        last = content[-self.block :].rstrip()[-self.end :] if self.end else b""
        numbers = np.full(self.begin + self.end, self.padding, dtype=np.int32)
        numbers[: len(first)] = np.frombuffer(first, dtype=np.uint8)
        numbers[len(numbers) - len(last) :] = np.frombuffer(last, dtype=np.uint8)
        return value.with_data(numbers, axes="L")

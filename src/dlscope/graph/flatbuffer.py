"""`Table`: reads a FlatBuffers file field by field, without its schema compiler.

Source of the layout: "FlatBuffer Internals", flatbuffers.dev.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Self


class MalformedError(ValueError):
    """The bytes do not follow the layout of FlatBuffers."""


@dataclass(frozen=True)
class Table:
    """One table: `place` is where it begins in `data`. Fields go by their number in the schema.

    Every method raises `MalformedError` for an offset that leads out of the file.
    """

    data: bytes
    place: int

    @classmethod
    def root(cls, data: bytes, identifier: bytes) -> Self:
        """The outermost table of a file that carries the four bytes `identifier`."""
        if data[4:8] != identifier:
            raise MalformedError("the identifier is another")
        return cls(data, _number(data, "I", 0))

    def number(self, field: int, code: str, default: int) -> int:
        """A scalar field of the `struct` type `code`; `default` where it is left out."""
        place = self._field(field)
        return default if place is None else _number(self.data, code, place)

    def text(self, field: int) -> str:
        """A string field; empty where it is left out."""
        vector = self._vector(field)
        if vector is None:
            return ""
        begin, length = vector
        if begin + length > len(self.data):
            raise MalformedError("a text reaches beyond the end of the file")
        try:
            return self.data[begin : begin + length].decode()
        except UnicodeDecodeError as error:
            raise MalformedError("a text is not UTF-8") from error

    def int32s(self, field: int) -> tuple[int, ...] | None:
        """A vector of 32-bit numbers; None where it is left out."""
        vector = self._vector(field)
        if vector is None:
            return None
        begin, length = vector
        if begin + 4 * length > len(self.data):
            raise MalformedError("a vector reaches beyond the end of the file")
        return struct.unpack_from(f"<{length}i", self.data, begin)

    def tables(self, field: int) -> tuple[Table, ...]:
        """A vector of tables; empty where it is left out."""
        vector = self._vector(field)
        if vector is None:
            return ()
        begin, length = vector
        if begin + 4 * length > len(self.data):
            raise MalformedError("a vector reaches beyond the end of the file")
        places = range(begin, begin + 4 * length, 4)
        return tuple(Table(self.data, _followed(self.data, place)) for place in places)

    def _vector(self, field: int) -> tuple[int, int] | None:
        place = self._field(field)
        if place is None:
            return None
        begin = _followed(self.data, place)
        return begin + 4, _number(self.data, "I", begin)

    def _field(self, field: int) -> int | None:
        slots = self.place - _number(self.data, "i", self.place)
        if 4 + 2 * field >= _number(self.data, "H", slots):
            return None
        offset = _number(self.data, "H", slots + 4 + 2 * field)
        return self.place + offset if offset else None


def _followed(data: bytes, place: int) -> int:
    return place + _number(data, "I", place)


def _number(data: bytes, code: str, place: int) -> int:
    if place < 0 or place + struct.calcsize(code) > len(data):
        raise MalformedError("an offset leads out of the file")
    (number,) = struct.unpack_from(f"<{code}", data, place)
    return int(number)

"""`read_hdf5`: the data sets of a flat HDF5 file, of the form that SkyNet was released in.

The form: superblock 0, one group (a B-tree of version 1, symbol nodes and a local heap), object
headers of version 1, and contiguous little-endian float32 without filters. Every offset is checked
against the file; nothing in it is executed. Source: HDF5 File Format Specification, version 2.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_ROOT = 56
"""Where the symbol table entry of the root group is, with offsets of eight bytes."""
_FLOAT32 = bytes.fromhex("11201f000400000000002000170800177f000000")
_DATASPACE, _DATATYPE, _LAYOUT = 1, 3, 8
_CONTIGUOUS = (3, 1)
_MOST_AXES = 8
_HIGHEST = 9


def read_hdf5(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every data set of the root group by name. Raises `DataError` for any other form of file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path.name} cannot be read: {error.strerror}",
            where=str(path),
            fix="give the path of a file of weights",
        ) from error
    return _Reader(content, str(path)).arrays()


@final
class _Reader:
    """Reads structures at offsets of `content`, refusing what would leave it."""

    def __init__(self, content: bytes, where: str) -> None:
        self._content = content
        self._where = where
        self._seen: set[int] = set()

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        if not self._content.startswith(SIGNATURE):
            self._refuse("it is not an HDF5 file")
        (version, _, _, _, _, offset_bytes, length_bytes) = self._unpack("<7B", len(SIGNATURE))
        if (version, offset_bytes, length_bytes) != (0, 8, 8):
            self._refuse(f"its superblock is of version {version}, not 0")
        _, _, cache, _, tree, heap = self._unpack("<QQIIQQ", _ROOT)
        if cache != 1:
            self._refuse("its root group is not a symbol table")
        names = self._heap(heap)
        return {self._name(names + at): self._array(header) for at, header in self._entries(tree)}

    def _entries(self, at: int, above: int = _HIGHEST) -> Iterator[tuple[int, int]]:
        """Name offset and object header of every entry below a node, which is below `above`."""
        self._visit(at, b"TREE")
        kind, level, used = self._unpack("<BBH", at + 4)
        if kind != 0 or level >= above:
            self._refuse("its tree of names is not one of a group")
        for index in range(used):
            (child,) = self._unpack("<Q", at + 32 + 16 * index)
            yield from self._entries(child, level) if level else self._symbols(child)

    def _symbols(self, at: int) -> Iterator[tuple[int, int]]:
        self._visit(at, b"SNOD")
        (used,) = self._unpack("<H", at + 6)
        for index in range(used):
            yield self._unpack("<QQ", at + 8 + 40 * index)

    def _heap(self, at: int) -> int:
        self._expect(at, b"HEAP")
        (data,) = self._unpack("<Q", at + 24)
        return int(data)

    def _name(self, at: int) -> str:
        end = self._content.find(b"\0", at)
        if not 0 <= at < end:
            self._refuse("a name reaches beyond its end")
        return self._content[at:end].decode("utf-8", "replace")

    def _array(self, header: int) -> NDArray[np.float32]:
        messages = dict(self._messages(header))
        if missing := {_DATASPACE, _DATATYPE, _LAYOUT} - messages.keys():
            self._refuse(f"an object has no message {min(missing)}: it is no data set")
        if self._content[messages[_DATATYPE] :][: len(_FLOAT32)] != _FLOAT32:
            self._refuse("a data set is not of little-endian float32")
        shape = self._shape(messages[_DATASPACE])
        *form, address, size = self._unpack("<BBQQ", messages[_LAYOUT])
        if tuple(form) != _CONTIGUOUS or size != 4 * math.prod(shape):
            self._refuse("a data set is not in one piece")
        if address + size > len(self._content):
            self._refuse("a data set reaches beyond its end")
        array = np.frombuffer(self._content, "<f4", math.prod(shape), address)
        return array.reshape(shape).astype(np.float32, copy=False)

    def _shape(self, at: int) -> tuple[int, ...]:
        version, axes = self._unpack("<BB", at)
        if version != 1 or axes > _MOST_AXES:
            self._refuse(f"a data set has a shape of version {version} and {axes} axes")
        return self._unpack(f"<{axes}Q", at + 8)

    def _messages(self, at: int) -> Iterator[tuple[int, int]]:
        """Kind and offset of the messages in the first block of an object header."""
        version, _, count, _, size = self._unpack("<BBHII", at)
        if version != 1:
            self._refuse(f"an object header is of version {version}, not 1")
        at, end = at + 16, at + 16 + size
        for _ in range(count):
            if at + 8 > end:
                return
            kind, length = self._unpack("<HH", at)
            yield kind, at + 8
            at += 8 + length

    def _visit(self, at: int, signature: bytes) -> None:
        """Expect a node that was not seen before: a circle would never end."""
        self._expect(at, signature)
        if at in self._seen:
            self._refuse("a part of it is in two places")
        self._seen.add(at)

    def _expect(self, at: int, signature: bytes) -> None:
        if self._content[at : at + len(signature)] != signature:
            self._refuse(f"there is no {signature.decode()} at byte {at}")

    def _unpack(self, form: str, at: int) -> tuple[Any, ...]:
        try:
            return struct.unpack_from(form, self._content, at)
        except struct.error:
            self._refuse(f"it ends before byte {at + struct.calcsize(form)}")

    def _refuse(self, reason: str) -> NoReturn:
        raise DataError(
            f"the file of weights cannot be read: {reason}",
            where=self._where,
            fix="give the file as released: flat HDF5 with contiguous float32, whole",
        )

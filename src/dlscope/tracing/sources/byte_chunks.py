"""The bytes of a file or of a string of bytes, plain or gzip, a chunk at a time."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

CHUNK_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's code for a gzip header with the widest window


def chunks(data: bytes | Path) -> Iterator[bytes]:
    """Chunks of at most `CHUNK_BYTES`, unpacked where they are gzip.

    A gzip stream that is cut or damaged ends with what could be unpacked. Raises OSError.
    """
    with data.open("rb") if isinstance(data, Path) else io.BytesIO(data) as file:
        magic = file.read(len(_GZIP))
        file.seek(0)
        yield from _unpacked(file) if magic == _GZIP else _plain(file)


def _plain(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(_GZIP_WINDOW)
    packed = b""
    while packed or (packed := file.read(CHUNK_BYTES)):
        try:
            # Bounded, so that a few bytes cannot unpack to more than memory holds.
            chunk = stream.decompress(packed, CHUNK_BYTES)
        except zlib.error:
            return
        packed = stream.unconsumed_tail
        if stream.eof:
            packed, stream = stream.unused_data, zlib.decompressobj(_GZIP_WINDOW)
        if chunk:
            yield chunk

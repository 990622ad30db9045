from __future__ import annotations

import struct

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.methods.skynet.hdf5 import read_hdf5

FLOAT32 = bytes.fromhex("11201f000400000000002000170800177f000000")


def written(arrays: dict[str, np.ndarray], *, datatype: bytes = FLOAT32) -> bytes:
    """A flat file of the released form, written from the specification."""
    heap, offsets = b"\0" * 8, []
    for name in arrays:
        offsets.append(len(heap))
        heap += name.encode() + b"\0"
    tree, node = 96, 96 + 24 + 8 * 5
    entries = node + 8 + 40 * len(arrays)
    heap_at = entries
    at = heap_at + 32 + len(heap)
    symbols, objects = b"", b""
    for offset, array in zip(offsets, arrays.values(), strict=True):
        header = at + len(objects)
        axes = array.ndim
        space = struct.pack(f"<BBBB4x{axes}Q", 1, axes, 0, 0, *array.shape)
        kind = datatype + b"\0" * 4
        data_at = header + 16 + (8 + len(space)) + (8 + len(kind)) + (8 + 18)
        layout = struct.pack("<BBQQ", 3, 1, data_at, array.nbytes)
        messages = b"".join(
            struct.pack("<HHB3x", code, len(body), 0) + body
            for code, body in ((1, space), (3, kind), (8, layout))
        )
        objects += struct.pack("<BBHII4x", 1, 0, 3, 1, len(messages)) + messages
        objects += array.astype("<f4").tobytes()
        symbols += struct.pack("<QQII16x", offset, header, 0, 0)
    superblock = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0])
    superblock += struct.pack("<HHIQQQQ", 4, 16, 0, 0, 2**64 - 1, 0, 2**64 - 1)
    superblock += struct.pack("<QQIIQQ", 0, 0, 1, 0, tree, heap_at)
    root = b"TREE" + struct.pack("<BBHQQQQQ", 0, 0, 1, 2**64 - 1, 2**64 - 1, 0, node, 0)
    snod = b"SNOD" + struct.pack("<BBH", 1, 0, len(arrays)) + symbols
    head = b"HEAP" + struct.pack("<IQQQ", 0, len(heap), 1, heap_at + 32) + heap
    content = superblock.ljust(tree, b"\0") + root
    return content.ljust(node, b"\0") + snod + head + objects


ARRAYS = {
    "a.weight": np.arange(6, dtype=np.float32).reshape(2, 3, 1),
    "b": np.array([1.5, -2.0], np.float32),
}


@pytest.fixture
def file(tmp_path):
    def file(content: bytes):
        path = tmp_path / "some.weights"
        path.write_bytes(content)
        return path

    return file


def test_reads_every_data_set(file):
    found = read_hdf5(file(written(ARRAYS)))
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)


def test_reads_the_released_file(released_file):
    found = read_hdf5(released_file)
    assert len(found) == 61
    assert sum(array.size for array in found.values()) == 448_711


def test_refuses_a_file_of_another_kind(file):
    path = file(b"PK\x03\x04 a zip")
    with pytest.raises(DataError) as refused:
        read_hdf5(path)
    assert str(refused.value) == (
        "DataError: the file of weights cannot be read: it is not an HDF5 file\n"
        f"  where  {path}\n"
        "  fix    give the file as released: flat HDF5 with contiguous float32, whole"
    )


def test_refuses_another_type_of_number(file):
    double = b"\x11\x20\x3f" + FLOAT32[3:]
    with pytest.raises(DataError, match="not of little-endian float32"):
        read_hdf5(file(written(ARRAYS, datatype=double)))


def test_refuses_a_tree_that_is_its_own_branch(file):
    content = bytearray(written(ARRAYS))
    content[96 + 5] = 1
    content[96 + 32 : 96 + 40] = struct.pack("<Q", 96)
    with pytest.raises(DataError, match="a part of it is in two places"):
        read_hdf5(file(bytes(content)))


def test_refuses_a_tree_that_is_higher_than_any_is(file):
    content = bytearray(written(ARRAYS))
    content[96 + 5] = 200
    with pytest.raises(DataError, match="its tree of names is not one of a group"):
        read_hdf5(file(bytes(content)))


def test_refuses_a_node_with_two_parents(file):
    content = bytearray(written(ARRAYS))
    content[96 + 6] = 2
    content[96 + 48 : 96 + 56] = content[96 + 32 : 96 + 40]
    with pytest.raises(DataError, match="a part of it is in two places"):
        read_hdf5(file(bytes(content)))


def test_refuses_a_file_that_does_not_exist(tmp_path):
    with pytest.raises(DataError, match=r"none\.weights cannot be read: No such file"):
        read_hdf5(tmp_path / "none.weights")


def test_refuses_every_file_that_was_cut_short(file):
    content = written(ARRAYS)
    for length in range(0, len(content), 7):
        with pytest.raises(DataError):
            read_hdf5(file(content[:length]))


def test_never_fails_otherwise_on_a_spoilt_byte(file):
    content = written(ARRAYS)
    for place in range(0, len(content), 5):
        spoilt = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
        try:
            read_hdf5(file(spoilt))
        except DataError:
            continue

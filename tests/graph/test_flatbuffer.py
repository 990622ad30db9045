from __future__ import annotations

import struct

import pytest

from dlscope.graph.flatbuffer import MalformedError, Table


def file_of(*, field: bytes = struct.pack("<i", -7)) -> bytes:
    """A table at 16 whose slots at 8 have field 0 behind the slots, and no field 1."""
    slots = struct.pack("<HHHH", 8, 8, 4, 0)
    table = struct.pack("<i", 16 - 8) + field
    return struct.pack("<I", 16) + b"TEST" + slots + table


def root(data: bytes) -> Table:
    return Table.root(data, b"TEST")


def test_reads_a_number() -> None:
    assert root(file_of()).number(0, "i", 3) == -7


def test_a_field_that_is_left_out_is_its_default() -> None:
    assert root(file_of()).number(1, "i", 3) == 3
    assert root(file_of()).number(9, "i", 4) == 4
    assert root(file_of()).text(1) == ""
    assert root(file_of()).int32s(1) is None
    assert root(file_of()).tables(1) == ()


def test_reads_a_text_and_numbers() -> None:
    text = struct.pack("<II", 4, 5) + b"words"
    assert root(file_of(field=text)).text(0) == "words"
    numbers = struct.pack("<IIii", 4, 2, 5, -6)
    assert root(file_of(field=numbers)).int32s(0) == (5, -6)


def test_refuses_another_identifier() -> None:
    with pytest.raises(MalformedError):
        Table.root(file_of(), b"ELSE")


@pytest.mark.parametrize(
    "field",
    [
        struct.pack("<I", 1 << 30),
        struct.pack("<II", 4, 1 << 30),
        struct.pack("<II", 4, 2) + b"\xff\xfe",
    ],
    ids=["far away", "too long", "not text"],
)
def test_refuses_what_leads_out_of_the_file(field: bytes) -> None:
    table = root(file_of(field=field))
    with pytest.raises(MalformedError):
        table.text(0)


def test_refuses_vectors_longer_than_the_file() -> None:
    table = root(file_of(field=struct.pack("<II", 4, 1 << 20)))
    with pytest.raises(MalformedError):
        table.int32s(0)
    with pytest.raises(MalformedError):
        table.tables(0)


def test_refuses_a_file_that_ends_early() -> None:
    with pytest.raises(MalformedError):
        root(file_of()[:18]).number(0, "i", 0)

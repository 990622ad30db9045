"""Reads the plain values of a pickle without ever running anything that the pickle names.

A pickle is a program for a stack machine. This is such a machine with thirty instructions, those
that build numbers, strings, tuples, lists and dictionaries. A name (`GLOBAL`) is looked up in a
`Vocabulary` and nowhere else; a call (`REDUCE`) goes to a function of that vocabulary. No object
of the file has attributes or methods, so no instruction can reach one. Of `pickletools`, which
runs nothing either, only the table of instructions and the readers of their arguments are used;
an instruction that is not allowed is refused before its argument is looked at.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

from dlscope.core.errors import DataError

LIMIT_BYTES = 16 << 20
"""The most bytes one pickle may have; a checkpoint's values are elsewhere in its file."""


class Name(NamedTuple):
    """A name of the vocabulary, as a value on the stack: inert, not callable."""

    name: str


@dataclass(frozen=True)
class Vocabulary:
    """What the names of a pickle stand for.

    `calls` turn the arguments of a call into a value, `names` only have to exist, `persistent`
    turns a persistent id into a value. They raise ValueError, with words, for bad arguments.
    """

    calls: Mapping[str, Callable[[tuple[Any, ...]], object]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    persistent: Callable[[object], object] | None = None


def read_pickle(data: memoryview, start: int, vocabulary: Vocabulary, file: str) -> tuple[Any, int]:
    """The value of the pickle at byte `start` of `data`, and the byte after it.

    Raises `DataError` naming the instruction or the name that is not allowed, and for a pickle
    that is broken, ends early or is longer than `LIMIT_BYTES`.
    """
    window = data[start : start + LIMIT_BYTES]
    stream = io.BytesIO(window)
    machine = _Machine(vocabulary)
    where = start
    try:
        while machine.running:
            where = start + stream.tell()
            machine.step(*_instruction(stream))
        return machine.result(), start + stream.tell()
    except _RefusedError as error:
        raise DataError(str(error), where=f"{file}, byte {where}", fix=_DISTRUST) from error
    except ValueError as error:
        if len(window) == LIMIT_BYTES:
            what = f"a pickle is longer than {LIMIT_BYTES >> 20} MiB"
        else:
            what = f"a pickle is broken: {_plain(error)}"
        raise DataError(what, where=f"{file}, byte {where}", fix=_AGAIN) from error


def _instruction(stream: io.BytesIO) -> tuple[str, Any]:
    byte = stream.read(1)
    if not byte:
        raise ValueError("it ends before its last instruction")
    opcode = _OPCODES.get(byte)
    if opcode is None or opcode.name not in _ACTIONS:
        name = opcode.name if opcode else f"0x{byte.hex()}"
        raise _RefusedError(f"pickle instruction {name} is not allowed")
    if opcode.name == "GLOBAL":
        return opcode.name, f"{_line(stream)}.{_line(stream)}"
    return opcode.name, opcode.arg.reader(stream) if opcode.arg else None


def _line(stream: io.BytesIO) -> str:
    # pickletools would also decode escape sequences, which no honest name has.
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise ValueError("it ends within a name")
    return line[:-1].decode()


_AGAIN = "fetch the file again and compare its SHA-256 with the publisher's"
_DISTRUST = "do not load this file with another program; ask its publisher for tensors only"


class _RefusedError(ValueError):
    """The pickle wants something that is not allowed, rather than being damaged."""


@final
class _Machine:
    """The stack, the marks (heights of the stack) and the memo of one pickle."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.running = True
        self._vocabulary = vocabulary
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def step(self, opcode: str, argument: Any) -> None:
        """Carry out one instruction."""
        _ACTIONS[opcode](self, argument)

    def result(self) -> Any:
        """The one value that is left at the end."""
        value = self.pop()
        if self._stack or self._marks:
            raise ValueError("it leaves more than one value")
        return value

    def stop(self) -> None:
        self.running = False

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def pop(self) -> Any:
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise ValueError("it takes a value that is not there")
        return self._stack.pop()

    def top(self, kind: type[Any]) -> Any:
        value = self.pop()
        if type(value) is not kind:
            raise ValueError(f"it needs a {kind.__name__} and finds a {type(value).__name__}")
        self.push(value)
        return value

    def mark(self) -> None:
        self._marks.append(len(self._stack))

    def pop_mark(self) -> list[Any]:
        if not self._marks:
            raise ValueError("it goes back to a mark that is not there")
        height = self._marks.pop()
        items = self._stack[height:]
        del self._stack[height:]
        return items

    def push_tuple(self, length: int) -> None:
        items = [self.pop() for _ in range(length)]
        self.push(tuple(reversed(items)))

    def remember(self, index: int) -> None:
        value = self.pop()
        self.push(value)
        self._memo[index] = value

    def recall(self, index: int) -> None:
        if index not in self._memo:
            raise ValueError(f"it recalls value {index}, which it never kept")
        self.push(self._memo[index])

    def set_items(self, items: list[Any]) -> None:
        mapping = self.top(dict)
        if len(items) % 2:
            raise ValueError("a dictionary has a key without a value")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Only strings: hashing a tuple nested a million deep would end the process.
            if type(key) is not str:
                raise ValueError(f"a dictionary has a key of type {type(key).__name__}")
            mapping[key] = value

    def name(self, dotted: str) -> None:
        if dotted not in self._vocabulary.calls and dotted not in self._vocabulary.names:
            raise _RefusedError(f"the name {dotted!r} is not one that a checkpoint needs")
        self.push(Name(dotted))

    def call(self) -> None:
        arguments = self.pop()
        function = self.pop()
        if type(function) is not Name or function.name not in self._vocabulary.calls:
            raise ValueError("it calls something that is not a function")
        if type(arguments) is not tuple:
            raise ValueError(f"it calls {function.name} with a {type(arguments).__name__}")
        self.push(self._vocabulary.calls[function.name](arguments))

    def persistent(self) -> None:
        if self._vocabulary.persistent is None:
            raise ValueError("it has a persistent id where none belongs")
        self.push(self._vocabulary.persistent(self.pop()))

    def build(self) -> None:
        # torch gives its dictionaries an attribute `_metadata`; no value here has attributes.
        self.pop()
        self.top(dict)


def _protocol(argument: int) -> None:
    if argument != 2:
        raise _RefusedError(f"pickle protocol {argument} is not allowed")


def _plain(error: ValueError) -> str:
    return "a string is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_ACTIONS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda _, argument: _protocol(argument),
    "STOP": lambda m, _: m.stop(),
    "BINUNICODE": lambda m, text: m.push(text),
    "BININT": lambda m, number: m.push(number),
    "BININT1": lambda m, number: m.push(number),
    "BININT2": lambda m, number: m.push(number),
    "LONG1": lambda m, number: m.push(number),
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "MARK": lambda m, _: m.mark(),
    "TUPLE": lambda m, _: m.push(tuple(m.pop_mark())),
    "TUPLE1": lambda m, _: m.push_tuple(1),
    "TUPLE2": lambda m, _: m.push_tuple(2),
    "TUPLE3": lambda m, _: m.push_tuple(3),
    "BINPUT": lambda m, index: m.remember(index),
    "LONG_BINPUT": lambda m, index: m.remember(index),
    "BINGET": lambda m, index: m.recall(index),
    "LONG_BINGET": lambda m, index: m.recall(index),
    "SETITEM": lambda m, _: m.set_items([m.pop(), m.pop()][::-1]),
    "SETITEMS": lambda m, _: m.set_items(m.pop_mark()),
    "APPEND": lambda m, _: (lambda value: m.top(list).append(value))(m.pop()),
    "APPENDS": lambda m, _: (lambda values: m.top(list).extend(values))(m.pop_mark()),
    "GLOBAL": lambda m, name: m.name(name),
    "REDUCE": lambda m, _: m.call(),
    "BINPERSID": lambda m, _: m.persistent(),
    "BUILD": lambda m, _: m.build(),
}

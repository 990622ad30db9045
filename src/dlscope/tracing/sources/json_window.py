"""`JsonWindow`: decodes the values of a long JSON text one by one, seeing only a part of it.

Decimal fractions become `Decimal`: the time of an event in µs since 1970 has more digits than a
float holds.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, final

from dlscope.tracing.sources.json_brackets import depth_of, value_end

LIMIT_CHARACTERS = 32 << 20
"""The longest value that is read; a longer one ends the reading."""
LIMIT_DEPTH = 64
"""How deep one value may be nested."""

_DECODER = json.JSONDecoder(parse_float=Decimal, strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST_TOKEN = 10  # -Infinity; an error further from the end than this is no cut
_KEYS = r'"(?:ph|name|cat|pid|tid|ts|dur|args|id)"\s*:'
_NEXT_EVENT = re.compile(rf"\}}\s*,\s*\{{\s*{_KEYS}")
_NAME = re.compile(rf'("name"\s*:\s*")(.*?)("\s*,\s*{_KEYS})', re.DOTALL)
_UNESCAPED = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|["\\]')


class CutError(Exception):
    """The text ends inside a value."""


class DamagedError(Exception):
    """A value is not JSON or too deep; the window has moved past it."""


@final
class JsonWindow:
    """What was read of a text in UTF-8 and not yet used; other bytes become lone surrogates."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._at = 0
        self._passed_bytes = 0
        self._is_ended = False

    @property
    def offset_bytes(self) -> int:
        """Where the next value begins, in bytes of the unpacked text."""
        return self._passed_bytes + _size_bytes(self._text[: self._at])

    def peek(self) -> str:
        """The next character that is no white space, "" at the end of the text."""
        while True:
            space = _SPACE.match(self._text, self._at)
            assert space is not None
            self._at = space.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if self._is_ended:
                return ""
            self._grow()

    def skip(self) -> None:
        """Move past the character that `peek` told."""
        self._at += 1

    def value(self) -> Any:
        """Decode the value that begins where `peek` looked, and move past it.

        Raises `CutError` where the text ends inside it, `DamagedError` where it is no JSON and
        cannot be mended.
        """
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if self._is_ended or not self._is_unfinished(error):
                    if (mended := self._mended(error)) is not None:
                        return mended
                    self._pass_damage(error)
            else:
                if end < len(self._text) or isinstance(found, dict | list | str):
                    return self._taken(found, end)
            # Unfinished so far; even the end of a number is only known by what follows.
            if self._is_ended or len(self._text) - self._at > LIMIT_CHARACTERS:
                raise CutError
            self._grow()

    def _mended(self, error: ValueError | RecursionError) -> dict[str, Any] | None:
        """The event here with the quotes in its name escaped, which Kineto does not do."""
        name = _NAME.search(self._text, self._at)
        if name is None or not name.start() < getattr(error, "pos", -1):
            return None
        following = _NEXT_EVENT.search(self._text, name.end())
        stop = following.start() + 1 if following else len(self._text)
        rest = self._text[name.end() : stop]
        text = f"{self._text[self._at : name.start()]}{_escaped(name)}{rest}"
        try:
            found, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, dict) or depth_of(found) > LIMIT_DEPTH:
            return None
        self._at = stop - (len(text) - end)
        return found

    def _is_unfinished(self, error: ValueError | RecursionError) -> bool:
        """Whether the value may be whole once more of it is read."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        is_cut_text = error.msg.startswith("Unterminated")
        return is_cut_text or error.pos >= len(self._text) - _LONGEST_TOKEN

    def _pass_damage(self, error: ValueError | RecursionError) -> None:
        """Move past a value that is broken, if its end is here, and say so."""
        ends = [value_end(self._text, self._at)]
        if isinstance(error, json.JSONDecodeError) and not self._is_unfinished(error):
            following = _NEXT_EVENT.search(self._text, error.pos)
            if following is None and not self._is_ended:
                return
            ends.append(following and following.start() + 1)
        found = [end for end in ends if end is not None]
        if found:
            self._at = max(min(found), self._at + 1)
            raise DamagedError from None

    def _taken(self, found: Any, end: int) -> Any:
        start, self._at = self._at, end
        brackets = self._text.count("{", start, end) + self._text.count("[", start, end)
        if brackets > LIMIT_DEPTH and depth_of(found) > LIMIT_DEPTH:
            raise DamagedError
        return found

    def _grow(self) -> None:
        """Forget what is used and read until twice as much is left, or all."""
        self._passed_bytes += _size_bytes(self._text[: self._at])
        parts, size = [self._text[self._at :]], len(self._text) - self._at
        wanted = 2 * size + 1
        while size < wanted and not self._is_ended:
            chunk = next(self._chunks, None)
            self._is_ended = chunk is None
            parts.append(self._decoder.decode(chunk or b"", final=self._is_ended))
            size += len(parts[-1])
        self._text, self._at = "".join(parts), 0


def _escaped(name: re.Match[str]) -> str:
    inner = _UNESCAPED.sub(lambda mark: mark[0] if len(mark[0]) > 1 else "\\" + mark[0], name[2])
    return f"{name[1]}{inner}{name[3]}"


def _size_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))

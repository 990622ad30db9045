"""What an address asks: known keys with known values, and addresses that ask a little else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self, final
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request

from dlscope.core.errors import did_you_mean
from dlscope.web.refusals import BAD, refused

Pairs = tuple[tuple[str, str], ...]


@final
class Query:
    """The query of a request, in which only the keys `known` may stand.

    An empty value counts as none, as forms send it. Raises an answer of 400 for an unknown key,
    naming the nearest known one.
    """

    def __init__(self, request: Request, known: Iterable[str]) -> None:
        self.path = request.url.path
        self.pairs = _pairs(request.query_params.multi_items())
        _check(self.pairs, tuple(known))

    @classmethod
    def of_form(
        cls, path: str, form: ImmutableMultiDict[str, object], known: Iterable[str]
    ) -> Self:
        """The fields of a form that was sent to `path`, files left out."""
        query = cls.__new__(cls)
        query.path = path
        fields = form.multi_items()
        query.pairs = _pairs((key, value) for key, value in fields if isinstance(value, str))
        _check(query.pairs, tuple(known))
        return query

    def text(self, key: str) -> str | None:
        """The last value of `key`, None where it has none."""
        return next((value for name, value in reversed(self.pairs) if name == key), None)

    def texts(self, key: str) -> list[str]:
        """The values of `key`, those with commas taken apart."""
        values = [value for name, value in self.pairs if name == key]
        return [part.strip() for value in values for part in value.split(",") if part.strip()]

    def number(self, key: str, otherwise: int) -> int:
        """The whole number that `key` has. Raises an answer of 400 for something else."""
        text = self.text(key)
        if text is None:
            return otherwise
        if not text.isascii() or not text.isdecimal() or len(text) > 9:
            raise refused(BAD, f"{text!r} is not a number", where=key, fix="write it as 1")
        return int(text)

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """The value of `key`, by default the first of `choices`, of which it must be one."""
        text = self.text(key) or choices[0]
        if text not in choices:
            fix = did_you_mean(text, choices)
            raise refused(BAD, f"{text!r} is no choice", where=key, fix=fix)
        return text

    def with_(self, changes: Mapping[str, Sequence[str]], path: str | None = None) -> str:
        """The address with the values of some keys changed; none takes a key out."""
        kept = [pair for pair in self.pairs if pair[0] not in changes]
        new = [(key, value) for key, values in changes.items() for value in values]
        return address(path or self.path, [*kept, *new])


def address(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """`path` with a query, where there is one."""
    return f"{path}?{urlencode(pairs, safe=',')}" if pairs else path


def _pairs(items: Iterable[tuple[str, str]]) -> Pairs:
    return tuple((key, value) for key, value in items if value.strip())


def _check(pairs: Pairs, known: tuple[str, ...]) -> None:
    for key, _ in pairs:
        if key not in (*known, "table"):
            fix = did_you_mean(key[:80], known) if known else "leave it out"
            raise refused(BAD, f"this page has no {key[:80]!r}", where="query", fix=fix)

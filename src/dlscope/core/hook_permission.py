"""`HookPermission`: which code of other people may run here, by the digest of its file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Self, final

from dlscope.core.errors import PlanError

VARIABLE = "DLSCOPE_ALLOW_HOOKS"
_EVERY = "all"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@final
@dataclass(frozen=True)
class HookPermission:
    """The SHA-256 of each file that may run, or `all`; none by default.

    It is no part of a plan: whether something may be measured does not change what is measured.
    """

    words: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *words: str) -> Self:
        """These words, and those that DLSCOPE_ALLOW_HOOKS holds, several apart by commas.

        Raises `PlanError` for a word that is no digest.
        """
        given = ",".join([os.environ.get(VARIABLE, ""), *words]).split(",")
        return cls(frozenset(_checked(word.strip().lower()) for word in given if word.strip()))

    def allows(self, sha256: str) -> bool:
        """Whether the file with this digest may run."""
        return _EVERY in self.words or sha256 in self.words

    @property
    def text(self) -> str:
        """The words as DLSCOPE_ALLOW_HOOKS holds them."""
        return ",".join(sorted(self.words))


def _checked(word: str) -> str:
    if word != _EVERY and not _SHA256.fullmatch(word):
        raise PlanError(
            f"{word!r} is not the SHA-256 of a file",
            where=f"--allow-hooks, {VARIABLE}",
            fix=f"give the 64 hexadecimal digits that sha256sum prints, or {_EVERY}",
        )
    return word

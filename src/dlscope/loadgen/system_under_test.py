"""`SystemUnderTest`: what a load generator drives, whoever wrote the generator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

Query = tuple[int, ...]
"""The samples that one query asks for, by number."""


class SystemUnderTest(ABC):
    """Answers queries; a query asks for samples by number, 0 … `samples` − 1.

    `answer` is the only part that is timed. Loading is for systems that prepare their samples
    before the clock starts.
    """

    @property
    @abstractmethod
    def samples(self) -> int:
        """How many different samples can be asked for."""

    @abstractmethod
    def load(self, samples: Sequence[int]) -> None:
        """Have these samples ready in memory."""

    @abstractmethod
    def unload(self, samples: Sequence[int]) -> None:
        """Let go of these samples."""

    @abstractmethod
    def answer(self, samples: Query) -> None:
        """Answer one query. Raises `DlscopeError` when it fails; that fails this query alone."""

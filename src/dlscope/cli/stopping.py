"""`Stopping`: Ctrl-C once ends a training after the step at hand, twice at once."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final


@final
class Stopping:
    """Asks whoever looks at `should_stop` to end; the command that goes on is told afterwards."""

    def __init__(self) -> None:
        self._is_asked = False
        self._before: Any = None

    def should_stop(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._is_asked

    def __enter__(self) -> Self:
        with contextlib.suppress(ValueError):  # only the first thread of a process has signals
            self._before = signal.signal(signal.SIGINT, self._asked)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if kind is KeyboardInterrupt and str(error):
            sys.stderr.write(f"{error}\ngo on with  {_command()}\n")

    def _asked(self, number: int, frame: object) -> None:
        del number, frame
        if self._is_asked:
            raise KeyboardInterrupt
        self._is_asked = True
        sys.stderr.write("ending after the step at hand; Ctrl-C once more ends at once\n")


def _command() -> str:
    """What was called, as it can be called again."""
    program, *words = sys.argv
    name = Path(program).name
    return shlex.join([name if name == "dlscope" else program, *words])

"""`IsolatedProcess`: the worker in an isolated stack, and what is asked of it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, final

from numpy.typing import NDArray

from dlscope.backends.isolated import worker
from dlscope.backends.isolated.frames import Arrays, read_frame, write_frame
from dlscope.core.errors import BackendError

_NOTHING: Arrays = MappingProxyType({})
_GRACE_S = 2
_PIPE_BYTES = 1 << 20


@final
class Raised(Exception):  # noqa: N818 - what happened over there, not a refusal of ours
    """The framework raised `kind` with the words `what`."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(what)
        self.kind = kind


@final
class IsolatedProcess:
    """The worker file, run by the interpreter `python` of a stack; one request at a time."""

    def __init__(self, python: Path, threads: int = 1) -> None:
        with _in_use(python.parent.parent) as held:
            self._process = subprocess.Popen(
                [python, "-I", worker.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_variables(threads),
                pass_fds=held,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        for pipe in (self._input, self._output):
            _widen(pipe.fileno())
        self._turn = threading.Lock()
        # Whoever forgets to close it: it ends with the last that knows it.
        self._end = weakref.finalize(self, _end, self._process)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def ask(
        self, do: str, tensors: Arrays = _NOTHING, **details: Any
    ) -> tuple[Mapping[str, Any], dict[str, NDArray[Any]]]:
        """The answer to one request.

        Raises `Raised` where the framework raised, and `BackendError` where the worker has died.
        """
        with self._turn:
            # A worker that is already dead is noticed when its answer is awaited.
            with contextlib.suppress(BrokenPipeError):
                write_frame(self._input, {"do": do, **details}, tensors)
            answer = read_frame(self._output)
        if answer is None:
            raise BackendError(
                f"the worker in the isolated stack ended with exit code {self._process.wait()}",
                where=f"isolated stack, {do}",
                fix="see the log of the run; with too little memory, try a smaller batch",
            )
        error = answer[0].get("error")
        if error is not None and error["kind"] == "MemoryError":
            raise MemoryError(error["what"])
        if error is not None:
            raise Raised(error["kind"], error["what"])
        return answer

    def close(self) -> None:
        """End it; closing twice does nothing."""
        self._end()


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        # A pipe whose other end died may still hold unsent bytes.
        with contextlib.suppress(OSError):
            assert pipe is not None
            pipe.close()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _in_use(stack: Path) -> Iterator[tuple[int, ...]]:
    """A lock on the folder of the stack, for the worker: nobody removes it while that runs."""
    import fcntl

    held = os.open(stack, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield (held,)
    finally:
        os.close(held)


def _variables(threads: int) -> dict[str, str]:
    """The environment of this process, without what would lead to this Python's own packages.

    Some frameworks take their number of threads from it alone, and read it but once.
    """
    foreign = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "OMP_NUM_THREADS": str(threads), "PJRT_NPROC": str(threads)}


def _widen(descriptor: int) -> None:
    """Let a pipe hold a whole image, where the system allows: fewer turns for each tensor."""
    try:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        return

"""Running a test of LoadGen to its end, and only one at a time.

LoadGen's state belongs to the process. Its Python binding cannot end a test: when the watch says
so, or Ctrl-C or an unexpected error comes, what is still asked is answered at once without the
system. Streams and offline are then over in a moment; a server runs out its schedule. To be rid of
that sooner, end the process.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dlscope.core.errors import MeasurementError, PluginError
from dlscope.loadgen.mlperf.answering import Answering, Queries
from dlscope.loadgen.mlperf.keys import LoadGenScenario

Mode = Literal["performance", "accuracy"]

_BUSY = threading.Lock()
_MODES: Mapping[Mode, str] = {"performance": "PerformanceOnly", "accuracy": "AccuracyOnly"}


def import_loadgen() -> Any:
    """The module `mlperf_loadgen`. Raises `PluginError` when it is not installed."""
    try:
        import mlperf_loadgen
    except ModuleNotFoundError as error:
        raise PluginError(
            "LoadGen needs 'mlperf_loadgen', which is not installed",
            where="dlscope.loadgen.mlperf",
            fix="pip install 'dlscope[mlperf]'",
        ) from error
    return mlperf_loadgen


@contextmanager
def alone() -> Iterator[ExitStack]:
    """The right to run a test; what is yielded can take over giving it back."""
    if not _BUSY.acquire(blocking=False):
        raise MeasurementError(
            "LoadGen is already running a test in this process",
            where="dlscope.loadgen.mlperf",
            fix="wait for it, or run the other test in a process of its own",
        )
    with ExitStack() as held:
        held.callback(_BUSY.release)
        yield held


def in_its_own_thread(test: Callable[[], None], answering: Answering, held: ExitStack) -> None:
    """Run `test` where no signal handler runs, and wait for it whatever happens meanwhile.

    Python runs signal handlers in the main thread, between any two of its instructions: were the
    callbacks called there, Ctrl-C could be raised in them and unwind LoadGen.
    """
    done, release = threading.Event(), held.pop_all()

    def run() -> None:
        try:
            with release, answering:
                test()
        except BaseException as error:
            answering.end(error)
        finally:
            done.set()

    threading.Thread(target=run, name="loadgen", daemon=True).start()
    while not done.is_set():
        try:
            done.wait()
        except BaseException as error:
            answering.end(error)


@dataclass(frozen=True)
class LoadGenTest:
    """One test: LoadGen's scenario and mode, the fields to set, how many samples there are."""

    scenario: LoadGenScenario
    mode: Mode
    fields: Mapping[str, Any]
    samples: int
    folder: Path

    def run(self, loadgen: Any, answering: Answering) -> None:
        """Let LoadGen run it to its end; the logs are in the folder afterwards."""
        sut = loadgen.ConstructSUT(answering.issue, answering.flush)
        # LoadGen keeps bare pointers to both, so they live until the test is over.
        library = loadgen.ConstructQSL(self.samples, self.samples, answering.load, answering.unload)
        # An audit.config that happens to lie in the working directory must not change the test.
        no_audit = str(self.folder / "no_audit.config")
        try:
            loadgen.StartTestWithLogSettings(
                sut, library, self._settings(loadgen), self._logs(loadgen), no_audit
            )
        finally:
            loadgen.DestroyQSL(library)
            loadgen.DestroySUT(sut)

    def _settings(self, loadgen: Any) -> Any:
        settings = loadgen.TestSettings()
        settings.scenario = getattr(loadgen.TestScenario, self.scenario)
        settings.mode = getattr(loadgen.TestMode, _MODES[self.mode])
        for name, value in self.fields.items():
            setattr(settings, name, value)
        return settings

    def _logs(self, loadgen: Any) -> Any:
        logs, output = loadgen.LogSettings(), loadgen.LogOutputSettings()
        output.outdir, logs.log_output = str(self.folder), output
        logs.enable_trace = True
        return logs


def complete(loadgen: Any, queries: Queries, answers: Sequence[bytes]) -> None:
    """Tell LoadGen that `queries` are done, with their `answers` where there are any."""
    response = loadgen.QuerySampleResponse
    if not answers:
        loadgen.QuerySamplesComplete([response(query.id, 0, 0) for query in queries])
        return
    # LoadGen copies what it logs before it returns, so the buffers need not outlive the call.
    buffers = [array("B", answer) for answer in answers]
    loadgen.QuerySamplesComplete(
        [
            response(query.id, buffer.buffer_info()[0], len(buffer))
            for query, buffer in zip(queries, buffers, strict=True)
        ]
    )

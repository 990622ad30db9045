"""A backend plugin that prints as frameworks do, or breaks as they do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec

ENTRY_POINTS = "[dlscope.backends]\nnoisy = noisy:NoisyBackend\n"
METADATA = "Metadata-Version: 2.1\nName: noisy\nVersion: 1.0\n"


@final
class NoisyOptions(Options):
    """`breaks` raises something undeclared; `exits` and `gives_up` end the process."""

    breaks: bool = False
    exits: bool = False
    gives_up: bool = False


@final
class NoisyPredictor(Predictor):
    """Zeros, and a word on standard output."""

    inputs = (TensorSpec("x", "float32", (None, 3, 4, 4)),)
    outputs = (TensorSpec("y", "float32", (None, 10)),)

    def __init__(self, *, breaks: bool) -> None:
        self._breaks = breaks

    def report(self) -> dict[str, str | int | float | bool]:
        """Nothing, or what no caller expects."""
        if self._breaks:
            raise KeyError("precision")
        return {}

    def _predict(self, feeds: Tensors) -> Tensors:
        _say("predicting")
        return {"y": np.zeros((len(feeds["x"]), 10), np.float32)}


@final
class NoisyBackend(Backend):
    """Prints from Python, past Python, and from a child process."""

    name = "noisy"
    options = NoisyOptions

    @classmethod
    def version(cls) -> str:
        """Version of the plugin."""
        _say("version")
        return "1.0.0"

    def _open(self, model: Path, options: Any) -> Predictor:
        del model
        os.write(1, b'{"event": "done", "digests": {}}\n')
        subprocess.run(["echo", "child"], check=True)
        if options.exits:
            os._exit(7)
        if options.gives_up:
            raise SystemExit("the framework gave up")
        return NoisyPredictor(breaks=options.breaks)


def _say(what: str) -> None:
    print(f"noisy: {what}", flush=True)  # noqa: T201 - printing is what this plugin is for

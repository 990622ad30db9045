"""Implementations that do what libraries do at their worst; loaded by the process that measures."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from dlscope.core.errors import BackendError
from dlscope.graph.brick import Brick
from dlscope.methods.bounds.implementation import (
    Configuration,
    Implementation,
    Runnable,
    Unsupported,
)
from dlscope.methods.bounds.implementations.ort import Ort


@final
class Given(Runnable):
    """Gives `arrays`, after `action`."""

    def __init__(self, arrays: Sequence[Any], action: Any = None) -> None:
        self._arrays, self._action = arrays, action

    def run(self) -> None:
        if self._action is not None:
            self._action()

    def outputs(self) -> Sequence[Any]:
        return self._arrays


def _last_words() -> None:
    sys.stdout.write("last words\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def _right(brick: Brick) -> Runnable:
    return Ort().build(brick, Configuration())


@final
class Misbehaving(Implementation):
    """One way for each kind of trouble, the last of them none."""

    name = "misbehaving"
    family = "trouble"

    @classmethod
    def version(cls) -> str:
        return "1.0"

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        del brick
        ways = ("dies", "raises", "refuses", "is wrong", "is nothing", "works")
        return [
            *(Configuration(way) for way in ways),
            Unsupported("it never learnt to", Configuration("cannot")),
            Configuration("works", dtype="bfloat16"),
        ]

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        del threads
        right = _right(brick)
        if configuration.algorithm == "dies":
            return Given([], _last_words)
        if configuration.algorithm == "raises":
            raise ZeroDivisionError("a bug")
        if configuration.algorithm == "refuses":
            raise BackendError("not this size", where="here", fix="another")
        if configuration.algorithm == "hangs":
            return Given([], lambda: time.sleep(60))
        right.run()
        wrong = {"is wrong": 2.0, "is nothing": np.nan}.get(configuration.algorithm)
        if wrong is not None:
            return Given([each * wrong for each in right.outputs()])
        return right


@final
class DiesAtOnce(Implementation):
    """Cannot even say what it can do."""

    name = "dies at once"
    family = "trouble"

    @classmethod
    def version(cls) -> str:
        return "1.0"

    def configurations(self, brick: Brick) -> Sequence[Configuration | Unsupported]:
        del brick
        _last_words()
        return []

    def _build(self, brick: Brick, configuration: Configuration, threads: int) -> Runnable:
        raise NotImplementedError

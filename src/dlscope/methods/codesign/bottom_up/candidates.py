"""`Candidates`: every network that was timed or judged, a line each, so that a search goes on.

A search asks for the same networks in the same order whenever it is begun with the same settings;
what is in the file is not done again. Whoever is killed loses the network that was being trained.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from dlscope.core.digest import digest
from dlscope.core.errors import PlanError, SearchError
from dlscope.core.whole_file import whole_file
from dlscope.methods.codesign.bottom_up.judging import Judge, Latency, Weights
from dlscope.zoo.bundles.layout import StackedLayout

FILE, WEIGHTS = "candidates.jsonl", "weights"
_KEY = 16


@final
@dataclass(frozen=True)
class Trial:
    """A network to judge by `judge` after `epochs`, begun with the weights of `start`, a key."""

    network: StackedLayout
    epochs: int
    start: str | None = None
    judge: str = "plain"

    @property
    def key(self) -> str:
        """What it is known by."""
        asked = [self.network.to_json(), self.epochs, self.start, self.judge]
        return digest(asked)[:_KEY]


@final
@dataclass(frozen=True)
class Candidate:
    """A network that was judged: its accuracy after a short training, its latency by device."""

    trial: Trial
    stage: str
    accuracy: float
    latencies_ms: Mapping[str, float]

    @property
    def network(self) -> StackedLayout:
        """Its layout."""
        return self.trial.network

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        trial = self.trial
        return {
            "key": trial.key,
            "stage": self.stage,
            "network": trial.network.to_json(),
            "epochs": trial.epochs,
            "start": trial.start,
            "judge": trial.judge,
            "accuracy": self.accuracy,
            "latencies_ms": dict(self.latencies_ms),
        }


@final
class Candidates:
    """Judges what is asked for, once; in `folder` for the search that `settings` describe.

    With `resume` it goes on with what is there. Raises `PlanError` for a folder that holds a search
    already without it, and `SearchError` where it is another search, or a file is damaged.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        judges: Mapping[str, Judge],
        latencies: Mapping[str, Latency],
        *,
        resume: bool = False,
    ) -> None:
        self._file, self._weights = folder / FILE, folder / WEIGHTS
        self._identity = digest(dict(settings))
        self._judges, self._latencies = judges, latencies
        self._known: dict[str, Candidate] = {}
        self._times: dict[str, Mapping[str, float]] = {}
        self._weights.mkdir(parents=True, exist_ok=True)
        if self._file.is_file() and not resume:
            raise PlanError(
                "there is a search in this folder already",
                where=str(folder),
                fix="add --resume to go on with it, or name another folder",
            )
        self._read()

    @property
    def all(self) -> list[Candidate]:
        """All that were judged, in that order."""
        return list(self._known.values())

    def judged(self, trial: Trial, stage: str) -> Candidate:
        """The candidate of `trial`, from the file where it is there.

        Raises `SearchError` where its accuracy or a latency is no number.
        """
        found = self._known.get(trial.key)
        return found if found is not None else self._judge(trial, stage)

    def latencies_ms(self, network: StackedLayout) -> Mapping[str, float]:
        """Its latency on every device; measured once, however often it is trained, and kept."""
        if network.digest not in self._times:
            found = {name: float(told(network)) for name, told in self._latencies.items()}
            _require_finite(found, network)
            self._append({"timed": network.to_json(), "latencies_ms": found})
            self._times[network.digest] = found
        return self._times[network.digest]

    def weights(self, key: str) -> Weights:
        """What the candidate `key` has learnt. Raises `SearchError` for a damaged file."""
        path = self._weights / f"{key}.npz"
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        except (OSError, ValueError, KeyError) as error:
            raise SearchError(
                f"weights cannot be read: {type(error).__name__}",
                where=str(path),
                fix="search again into another folder",
            ) from None

    def _judge(self, trial: Trial, stage: str) -> Candidate:
        times = self.latencies_ms(trial.network)
        start = None if trial.start is None else self.weights(trial.start)
        judge = self._judges[trial.judge]
        accuracy, learnt = judge.accuracy(trial.network, trial.epochs, start)
        _require_finite({"accuracy": accuracy}, trial.network)
        candidate = Candidate(trial, stage, float(accuracy), times)
        self._keep(candidate, learnt)
        return candidate

    def _keep(self, candidate: Candidate, learnt: Weights) -> None:
        """The weights first: a line says that they are there."""
        key = candidate.trial.key
        path = self._weights / f"{key}.npz"
        arrays: dict[str, Any] = {name: np.asarray(each) for name, each in learnt.items()}
        with whole_file(path) as part, part.open("wb") as file:
            np.savez(file, **arrays)
        self._append(candidate.to_json())
        self._known[key] = candidate

    def _append(self, line: Mapping[str, Any]) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        if not self._file.is_file():
            self._append({"schema": 1, "search": self._identity})
            return
        whole = self._file.read_text(encoding="utf-8")
        # The last line of a process that was killed may not be whole.
        kept = whole[: whole.rfind("\n") + 1]
        if kept != whole:
            self._file.write_text(kept, encoding="utf-8")
        head, *lines = kept.splitlines() or [""]
        try:
            identity = json.loads(head)["search"] if head else None
            rows = [json.loads(line) for line in lines]
            candidates = [_candidate(row) for row in rows if "timed" not in row]
            for row in rows:
                network = StackedLayout.from_json(row.get("timed") or row["network"])
                self._times[network.digest] = row["latencies_ms"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SearchError(
                f"what was kept cannot be read: {type(error).__name__}: {error}",
                where=str(self._file),
                fix="search again into another folder",
            ) from None
        if identity is None:
            self._append({"schema": 1, "search": self._identity})
        elif identity != self._identity:
            raise SearchError(
                "the search in this folder has other settings",
                where=str(self._file),
                fix="give the settings it was begun with, or name another folder",
            )
        self._known |= {candidate.trial.key: candidate for candidate in candidates}


def _candidate(data: Mapping[str, Any]) -> Candidate:
    network = StackedLayout.from_json(data["network"])
    trial = Trial(network, data["epochs"], data["start"], data["judge"])
    return Candidate(trial, data["stage"], data["accuracy"], data["latencies_ms"])


def _require_finite(numbers: Mapping[str, float], network: StackedLayout) -> None:
    wrong = sorted(name for name, number in numbers.items() if not math.isfinite(number))
    if wrong:
        raise SearchError(
            f"{', '.join(wrong)}: not a number",
            where=f"bottom-up search, {network.bundle.id} of widths {list(network.widths)}",
            fix="train with a smaller learning rate, or measure on a machine that is idle",
        )

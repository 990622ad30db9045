"""The scores of the DAC System Design Contest, year by year.

    2018, 2019   IoU · (1 + max(0, 1 + 0.2 · log_x(Ē / E)))      x = 10 for GPUs, 2 for FPGAs
    2022         100 / log₂E · max(relu(1 − 5 relu(0.7 − IoU)), 0.1) · relu(1 − relu(1 − fps / 30))
    2023         F1² · fps
    2024         (F1² + mIoU²) · fps

E is the energy for the whole set in J, Ē its mean over the teams.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from dlscope.core.errors import DataError, raise_all

Rules: TypeAlias = Literal["2018", "2019", "2022", "2023", "2024"]
RULES: tuple[Rules, ...] = ("2018", "2019", "2022", "2023", "2024")
TrackName: TypeAlias = Literal["gpu", "fpga"]
_WHERE = "DAC-SDC score"


@dataclass(frozen=True)
class Track:
    """What the contest asks of a kind of device: the base of its logarithm and a rate."""

    base: float
    required_fps: float


TRACKS: Mapping[TrackName, Track] = {"gpu": Track(10, 20), "fpga": Track(2, 5)}


@final
@dataclass(frozen=True)
class Entry:
    """What a team is scored by. Raises `DataError` for what cannot have been measured."""

    images: int
    seconds: float
    energy_j: float | None = None
    iou: float | None = None
    f1: float | None = None
    mean_iou: float | None = None

    def __post_init__(self) -> None:
        above = {"images": self.images, "seconds": self.seconds, "energy_j": self.energy_j}
        shares = {"iou": self.iou, "f1": self.f1, "mean_iou": self.mean_iou}
        raise_all(
            [
                _refusal(f"{name} is {value:g}", "give a number above 0")
                for name, value in above.items()
                if value is not None and not (0 < value < math.inf)
            ]
            + [
                _refusal(f"{name} is {value:g}", "give a number from 0 to 1")
                for name, value in shares.items()
                if value is not None and not (0 <= value <= 1)
            ]
        )

    @property
    def fps(self) -> float:
        """Images a second."""
        return self.images / self.seconds


def dac_score(
    entry: Entry,
    rules: Rules = "2019",
    *,
    track: TrackName = "gpu",
    mean_energy_j: float | None = None,
    min_fps: bool = False,
) -> float:
    """The score of `entry`, by default by the rules of 2019; larger is better.

    Without `mean_energy_j` a team is alone and of mean energy, in the rules that ask for it. With
    `min_fps` the IoU of one that is too slow for its track counts less, in the same rules. Raises
    `DataError` for unknown rules and where a number is missing that they need.
    """
    if rules in ("2018", "2019"):
        energy = _given(entry.energy_j, "energy_j", rules)
        mean = energy if mean_energy_j is None else mean_energy_j
        iou = _given(entry.iou, "iou", rules)
        if min_fps:
            iou *= min(1.0, entry.fps / TRACKS[track].required_fps)
        return iou * (1 + energy_score(energy, mean, TRACKS[track].base))
    if rules == "2022":
        energy = _given(entry.energy_j, "energy_j", rules)
        return _score_2022(_given(entry.iou, "iou", rules), entry.fps, energy)
    f1 = _given(entry.f1, "f1", rules)
    if rules == "2023":
        return f1**2 * entry.fps
    if rules == "2024":
        return (f1**2 + _given(entry.mean_iou, "mean_iou", rules) ** 2) * entry.fps
    raise _refusal(f"there are no rules of {rules!r}", f"use one of {', '.join(RULES)}")


def energy_score(energy_j: float, mean_energy_j: float, base: float) -> float:
    """max(0, 1 + 0.2 · log_base(mean / energy)); 1 for a team of mean energy."""
    if not (0 < mean_energy_j < math.inf):
        raise _refusal(f"mean_energy_j is {mean_energy_j:g}", "give a number above 0")
    return max(0.0, 1 + 0.2 * math.log(mean_energy_j / energy_j, base))


def standings(
    entries: Mapping[str, Entry],
    rules: Rules = "2019",
    *,
    track: TrackName = "gpu",
    min_fps: bool = False,
) -> list[tuple[str, float]]:
    """Teams with their scores, best first; the mean energy is theirs.

    Raises `DataError` for no team.
    """
    if not entries:
        raise _refusal("there is no team", "give at least one team")
    mean = mean_energy_j([entry.energy_j for entry in entries.values()])
    scores = {
        team: dac_score(entry, rules, track=track, mean_energy_j=mean, min_fps=min_fps)
        for team, entry in entries.items()
    }
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def mean_energy_j(energies: Sequence[float | None]) -> float | None:
    """The mean of the energies, or None where one is not known."""
    known = [energy for energy in energies if energy is not None]
    return sum(known) / len(known) if known and len(known) == len(energies) else None


def _score_2022(iou: float, fps: float, energy_j: float) -> float:
    if energy_j <= 1:
        raise _refusal(
            f"an energy of {energy_j:g} J has no score: its logarithm is not above 0",
            "give the energy for the whole set, in J",
        )
    accuracy = max(1 - 5 * max(0.7 - iou, 0.0), 0.1)
    speed = max(1 - max(1 - fps / 30, 0.0), 0.0)
    return 100 / math.log2(energy_j) * accuracy * speed


def _given(value: float | None, name: str, rules: str) -> float:
    if value is None:
        raise _refusal(f"the rules of {rules} need {name}", f"give {name}")
    return value


def _refusal(what: str, fix: str) -> DataError:
    return DataError(what, where=_WHERE, fix=fix)

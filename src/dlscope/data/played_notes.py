"""`PlayedNotes`: sounds made of tones, with the notes that are heard in them."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.digest import bytes_digest, digest
from dlscope.core.errors import ManifestError, did_you_mean
from dlscope.data.base import Dataset, Item

_DEFAULTS = {"rate_hz": 22050, "seconds": 1.9, "items": ()}
_ITEM = ("id", "notes", "harmonics")
_LOUDEST = 0.5
_EDGE_SECONDS = 0.02
_FULL_SCALE = 32767
_A4, _A4_HZ, _OCTAVE = 69, 440.0, 12


@dataclass(frozen=True)
class _Sound:
    """Notes by their MIDI numbers, each with its first so many harmonics."""

    id: str
    notes: tuple[int, ...]
    harmonics: int


@final
class PlayedNotes(Dataset):
    """One sound for each of `items`, of `seconds` at `rate_hz`: a 16-bit WAV file.

    All its notes sound together from the beginning, note m at 440 · 2^((m − 69)/12) Hz with
    harmonic h at 1/h of its strength; the whole is brought to half of full scale, with 20 ms in
    which it grows and fades. Without notes it is silent. A target is `{"notes": [m, …]}`.
    """

    name: ClassVar[str] = "played_notes"

    def _open(self) -> None:
        for option in self.options:
            if option not in _DEFAULTS:
                raise _wrong(option, f"unknown option {option!r}", did_you_mean(option, _DEFAULTS))
        chosen = {**_DEFAULTS, **self.options}
        for option in ("rate_hz", "seconds"):
            value = chosen[option]
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                what = f"{option} is {value!r}, not a number above 0"
                raise _wrong(option, what, f"write {option}: {_DEFAULTS[option]}")
        self._rate_hz, self._seconds = int(chosen["rate_hz"]), float(chosen["seconds"])
        self._sounds = [_sound(entry, f"items[{i}]") for i, entry in enumerate(chosen["items"])]
        if not self._sounds:
            raise _wrong("items", "there are no items", "write items: [{id: a4, notes: [69]}]")

    def __len__(self) -> int:
        return len(self._sounds)

    def _get(self, index: int) -> Item:
        sound = self._sounds[index]
        return Item(sound.id, _wav(self._samples(sound), self._rate_hz), _target(sound))

    def item_id(self, index: int) -> str:
        """The id that the options give the item."""
        return self._sounds[index].id

    def item_digest(self, index: int) -> str:
        """SHA-256 over the samples, their rate and the notes."""
        sound = self._sounds[index]
        return digest(
            {
                "id": sound.id,
                "rate_hz": self._rate_hz,
                "samples": bytes_digest(self._samples(sound).tobytes()),
                "target": _target(sound),
            }
        )

    def _samples(self, sound: _Sound) -> NDArray[np.int16]:
        count = round(self._seconds * self._rate_hz)
        time_s = np.arange(count) / self._rate_hz
        wave_s = np.zeros(count)
        for note in sound.notes:
            pitch_hz = _A4_HZ * 2.0 ** ((note - _A4) / _OCTAVE)
            for harmonic in range(1, sound.harmonics + 1):
                # What is above half of the rate would come back as another tone.
                if pitch_hz * harmonic < self._rate_hz / 2:
                    wave_s += np.sin(2 * np.pi * pitch_hz * harmonic * time_s) / harmonic
        edge = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / _EDGE_SECONDS)
        shaped = wave_s * edge
        strongest = float(np.abs(shaped).max(initial=0.0))
        factor = _LOUDEST / strongest if strongest else 0.0
        samples: NDArray[np.int16] = np.round(shaped * factor * _FULL_SCALE).astype("<i2")
        return samples


def _target(sound: _Sound) -> dict[str, list[int]]:
    return {"notes": sorted(sound.notes)}


def _sound(entry: Any, place: str) -> _Sound:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str):
        raise _wrong(place, "an item needs an id", "write {id: a4, notes: [69]}")
    for key in sorted(set(entry) - set(_ITEM)):
        raise _wrong(f"{place}.{key}", f"unknown field {key!r}", did_you_mean(key, _ITEM))
    notes, harmonics = entry.get("notes", []), entry.get("harmonics", 1)
    if not isinstance(notes, list) or not all(_is_whole(note, 0, 127) for note in notes):
        what = f"notes are {notes!r}, not MIDI numbers from 0 to 127"
        raise _wrong(f"{place}.notes", what, "write a list such as [60, 64, 67]")
    if not _is_whole(harmonics, 1, 64):
        what = f"harmonics is {harmonics!r}, not a whole number from 1 to 64"
        raise _wrong(f"{place}.harmonics", what, "write harmonics: 1 for a pure tone")
    return _Sound(entry["id"], tuple(notes), harmonics)


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _wav(samples: NDArray[np.int16], rate_hz: int) -> bytes:
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(samples.itemsize)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def _wrong(place: str, what: str, fix: str) -> ManifestError:
    return ManifestError(what, where=f"reader played_notes, options.{place}", fix=fix)

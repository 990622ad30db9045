"""Sound as arrays: reading WAV, changing the rate, spectra.

Axes: S samples, C channels, D frequency bins, T frames.
"""

from __future__ import annotations

import wave
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError

Samples = NDArray[np.float32]
Power = NDArray[np.float64]
_WIDTHS = (1, 2, 3, 4)
"""Bytes of a sample that can be read."""


def read_wav(data: bytes) -> tuple[NDArray[np.float64], int]:
    """Samples in −1 … 1 (samples × channels) and the rate in Hz of a PCM WAV file.

    8-bit samples are unsigned with zero at 128; 16, 24 and 32 bits are signed.
    Raises `DataError` for anything else, and for a file that ends early.
    """
    if not data:
        raise _refused("the file is empty")
    try:
        with wave.open(BytesIO(data)) as file:
            width, channels, rate_hz = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames, wanted = file.readframes(file.getnframes()), file.getnframes()
    # A chunk that says that it is longer than the file is a RuntimeError without words.
    except (wave.Error, EOFError, RuntimeError) as error:
        reason = str(error) or "it ends within its header"
        raise _refused(f"the file is not a PCM WAV file: {reason}") from error
    if width not in _WIDTHS:
        raise _refused(f"the file has samples of {8 * width} bits")
    if len(frames) != wanted * width * channels:
        raise _refused("the sound is truncated")
    if wanted == 0:
        raise _refused("the sound has no samples")
    return _whole_numbers(frames, width).reshape(-1, channels) / 2.0 ** (8 * width - 1), rate_hz


def resample(samples: Samples, rate_hz: int, target_hz: int, *, zeros: int) -> Samples:
    """`samples` at `target_hz`: a sinc under a Hann window, its cut-off at the lower of the rates.

    Sample i of the result lies at i / target_hz; there are ⌈n · target_hz / rate_hz⌉ of them.
    The weights of each sum to 1, so a constant stays what it is.
    """
    if rate_hz == target_hz:
        return samples.astype(np.float32)
    count = -(-len(samples) * target_hz // rate_hz)
    positions = np.arange(count) * (rate_hz / target_hz)
    cutoff = min(1.0, target_hz / rate_hz)
    reach = int(np.ceil(zeros / cutoff))
    taps = np.floor(positions).astype(np.int64)[:, np.newaxis] + np.arange(1 - reach, reach + 1)
    distance = (positions[:, np.newaxis] - taps) * cutoff
    window = np.where(np.abs(distance) < zeros, 0.5 + 0.5 * np.cos(np.pi * distance / zeros), 0.0)
    weights = np.sinc(distance) * window
    values = samples[np.clip(taps, 0, len(samples) - 1)]
    mixed: Samples = ((values * weights).sum(axis=1) / weights.sum(axis=1)).astype(np.float32)
    return mixed


def power_spectrum(samples: Samples, n_fft: int, hop: int) -> Power:
    """|FFT|² of frames under a periodic Hann window, (n_fft/2 + 1) × frames; no padding."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    frames = np.lib.stride_tricks.sliding_window_view(samples, n_fft)[::hop]
    spectrum = np.fft.rfft(frames * window, axis=1)
    power: Power = (spectrum.real**2 + spectrum.imag**2).T
    return power


def mel_filters(mels: int, n_fft: int, rate_hz: int) -> Power:
    """Matrix of bands × frequency bins: triangles of height 1, evenly spaced in mel.

    mel(f) = 2595 · log10(1 + f / 700); the bands reach from 0 Hz to half the rate.
    """
    top = 2595.0 * np.log10(1.0 + rate_hz / 2 / 700.0)
    corners_hz = 700.0 * (10.0 ** (np.linspace(0.0, top, mels + 2) / 2595.0) - 1.0)
    bins_hz = np.arange(n_fft // 2 + 1) * (rate_hz / n_fft)
    left, centre, right = (corners_hz[i : i + mels, np.newaxis] for i in range(3))
    rising = (bins_hz - left) / (centre - left)
    falling = (right - bins_hz) / (right - centre)
    triangles: Power = np.maximum(0.0, np.minimum(rising, falling))
    return triangles


def _whole_numbers(frames: bytes, width: int) -> NDArray[np.int64]:
    if width == 1:
        return np.frombuffer(frames, np.uint8).astype(np.int64) - 128
    if width == 3:
        parts = np.frombuffer(frames, np.uint8).astype(np.int64).reshape(-1, 3)
        unsigned = parts[:, 0] | parts[:, 1] << 8 | parts[:, 2] << 16
        signed: NDArray[np.int64] = unsigned - ((unsigned & 0x800000) << 1)
        return signed
    return np.frombuffer(frames, f"<i{width}").astype(np.int64)


def _refused(what: str) -> DataError:
    return DataError(
        what, where="step decode_audio", fix="convert the file to PCM WAV, or leave the item out"
    )

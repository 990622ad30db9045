from __future__ import annotations

import struct
import wave
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.pipelines.sound import mel_filters, power_spectrum, read_wav, resample


def wav(frames: bytes, width: int, channels: int = 1) -> bytes:
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(16000)
        file.writeframes(frames)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("width", "frames"),
    [
        (1, bytes([0, 128, 192])),
        (2, np.array([-(2**15), 0, 2**14], "<i2").tobytes()),
        (3, b"\x00\x00\x80" + b"\x00\x00\x00" + b"\x00\x00\x40"),
        (4, np.array([-(2**31), 0, 2**30], "<i4").tobytes()),
    ],
)
def test_reads_every_width(width: int, frames: bytes) -> None:
    samples, rate_hz = read_wav(wav(frames, width))
    assert samples.tolist() == [[-1.0], [0.0], [0.5]]
    assert rate_hz == 16000


def test_keeps_channels_apart() -> None:
    samples, _ = read_wav(wav(np.array([1, 2, 3, 4], "<i2").tobytes(), 2, channels=2))
    assert (samples * 2**15).tolist() == [[1, 2], [3, 4]]


WHOLE = wav(b"\0\0" * 8, 2)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "the file is empty"),
        (WHOLE[:-3], "the sound is truncated"),
        (WHOLE[:20], "the file is not a PCM WAV file: it ends within its header"),
        (
            b"not sound at all",
            "the file is not a PCM WAV file: file does not start with RIFF id",
        ),
        (wav(b"", 2), "the sound has no samples"),
    ],
)
def test_refuses_a_spoiled_file(data: bytes, what: str) -> None:
    with pytest.raises(DataError) as caught:
        read_wav(data)
    assert str(caught.value) == (
        f"DataError: {what}\n"
        "  where  step decode_audio\n"
        "  fix    convert the file to PCM WAV, or leave the item out"
    )


def sine(rate_hz: int, seconds: float, hertz: float) -> NDArray[np.float32]:
    times = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.sin(2 * np.pi * hertz * times).astype(np.float32)


@pytest.mark.parametrize(("rate_hz", "target_hz"), [(48000, 16000), (16000, 44100), (8000, 6000)])
def test_a_tone_at_another_rate_is_the_same_tone(rate_hz: int, target_hz: int) -> None:
    resampled = resample(sine(rate_hz, 0.1, 440), rate_hz, target_hz, zeros=16)
    expected = sine(target_hz, 0.1, 440)
    inner = slice(len(expected) // 5, -len(expected) // 5)
    assert len(resampled) == len(expected)
    assert np.abs(resampled[inner] - expected[inner]).max() < 2e-3


def test_tones_above_half_the_new_rate_vanish() -> None:
    resampled = resample(sine(16000, 0.2, 7000), 16000, 8000, zeros=16)
    assert np.abs(resampled[200:-200]).max() < 0.01


def test_a_constant_stays_what_it_is() -> None:
    assert np.allclose(resample(np.ones(50, np.float32), 8000, 11025, zeros=4), 1.0)


def test_a_tone_has_its_power_in_its_bin() -> None:
    power_dt = power_spectrum(sine(8000, 0.1, 1000), 64, 32)
    assert power_dt.shape == (33, (800 - 64) // 32 + 1)
    assert (power_dt.argmax(axis=0) == 8).all()
    # A sine of amplitude 1 under a Hann window of sum 32 has |X| = 16 in its bin.
    assert np.allclose(power_dt[8], 256.0, rtol=1e-4)


def test_mel_bands_rise_where_the_one_before_falls() -> None:
    filters = mel_filters(10, 512, 16000)
    assert filters.shape == (10, 257)
    peaks = filters.argmax(axis=1)
    assert (np.diff(peaks) > 0).all()
    between = filters[:, peaks[0] + 1 : peaks[-1]].sum(axis=0)
    assert np.allclose(between, 1.0)


def _header(width: int, size: int) -> bytes:
    """A file of one channel that says it has `size` bytes of samples of `width` bytes."""
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000 * width, width, 8 * width)
    data = b"data" + struct.pack("<I", size) + bytes(24)
    return b"RIFF" + struct.pack("<I", 4 + len(head) + len(data)) + b"WAVE" + head + data


def test_refuses_samples_of_a_width_that_is_none() -> None:
    with pytest.raises(DataError, match="the file has samples of 96 bits"):
        read_wav(_header(12, 24))


@pytest.mark.parametrize("size", [100, 2**31, 2**32 - 1])
def test_refuses_a_file_that_says_it_is_longer_than_it_is(size: int) -> None:
    with pytest.raises(DataError, match=r"the file is not a PCM WAV file|the sound is truncated"):
        read_wav(_header(2, size))

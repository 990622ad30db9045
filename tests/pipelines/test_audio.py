from __future__ import annotations

import wave
from io import BytesIO

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.pipelines.audio import DecodeAudio, Resample, Spectrogram
from dlscope.pipelines.base import StepContext, Value

CONTEXT = StepContext()


def stereo() -> bytes:
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.array([[2**14, 0]] * 800, "<i2").tobytes())
    return buffer.getvalue()


def test_the_rate_travels_with_the_sound() -> None:
    value = DecodeAudio().apply(Value(stereo()), CONTEXT)
    assert value.attributes == {"rate_hz": 8000}
    resampled = Resample(rate_hz=4000).apply(value, CONTEXT)
    assert resampled.attributes == {"rate_hz": 4000}
    assert len(resampled.data) == 400


def test_mixes_channels_or_takes_the_first() -> None:
    assert DecodeAudio().apply(Value(stereo()), CONTEXT).data[0] == 0.25
    assert DecodeAudio(channels="first").apply(Value(stereo()), CONTEXT).data[0] == 0.5


def test_silence_has_a_floor_in_logarithms() -> None:
    silence = Value(np.zeros(64, np.float32), axes="S", attributes={"rate_hz": 8000})
    value = Spectrogram(n_fft=64, hop=32, mels=4, log=True).apply(silence, CONTEXT)
    assert value.data.shape == (4, 1)
    assert np.allclose(value.data, np.log(1e-10))


@pytest.mark.parametrize(
    ("step", "samples", "what"),
    [
        (Resample(rate_hz=8000), 10, "the sampling rate of the sound is not known"),
        (Spectrogram(), 10, "the sound has 10 samples, fewer than the 400 of one frame"),
    ],
)
def test_refuses_sound_it_cannot_work_on(
    step: Resample | Spectrogram, samples: int, what: str
) -> None:
    with pytest.raises(DataError) as caught:
        step.apply(Value(np.zeros(samples, np.float32), axes="S"), CONTEXT)
    assert caught.value.what == what

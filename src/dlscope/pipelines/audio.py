"""Steps on sound: from a WAV file to samples, another rate, a spectrogram.

Axes: S samples, D frequency bins, T frames. The sampling rate in Hz travels in the value's
attribute `rate_hz`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal, final

import numpy as np
from pydantic import Field

from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.requirements import (
    encoded_bytes,
    require_float,
    require_kind,
)
from dlscope.pipelines.sound import mel_filters, power_spectrum, read_wav, resample

Positive = Annotated[int, Field(gt=0)]


@final
class DecodeAudio(Step):
    """A PCM WAV file → float32 samples in −1 … 1, its channels averaged, or the first."""

    step: ClassVar[str] = "decode_audio"
    channels: Literal["mix", "first"] = "mix"

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, "encoded")
        return Spec("audio", "float32", "S", (None,), lo=-1.0, hi=1.0)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        samples_sc, rate_hz = read_wav(encoded_bytes(self, value.data))
        mono = samples_sc.mean(axis=1) if self.channels == "mix" else samples_sc[:, 0]
        attributes = {**value.attributes, "rate_hz": rate_hz}
        return value.with_data(mono.astype(np.float32), axes="S", attributes=attributes)


@final
class Resample(Step):
    """The same sound at `rate_hz`, by a windowed sinc that reaches `zeros` zero crossings."""

    step: ClassVar[str] = "resample"
    rate_hz: Positive
    zeros: Positive = 16

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, "audio")
        require_float(self, spec)
        if spec.axes != "S":
            raise self._refuse(f"resample takes samples (S), got {spec}", "put it before them")
        return replace(spec, dtype="float32", shape=(None,), lo=None, hi=None)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        rate_hz = _rate(self, value)
        samples = resample(as_array(value), rate_hz, self.rate_hz, zeros=self.zeros)
        attributes = {**value.attributes, "rate_hz": self.rate_hz}
        return value.with_data(samples, attributes=attributes)


@final
class Spectrogram(Step):
    """Power of `n_fft`-sample frames, `hop` apart, under a periodic Hann window; axes DT.

    With `mels`, the power in that many triangular bands, evenly spaced on the mel scale
    2595 · log10(1 + f / 700); `log` takes ln(max(power, 1e-10)).
    """

    step: ClassVar[str] = "spectrogram"
    n_fft: Positive = 400
    hop: Positive = 160
    mels: Positive | None = None
    log: bool = False

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, "audio")
        require_float(self, spec)
        if spec.axes != "S":
            raise self._refuse(f"spectrogram takes samples (S), got {spec}", "use it once")
        known = spec.shape[0]
        frames = None if known is None else (known - self.n_fft) // self.hop + 1
        if frames is not None and frames < 1:
            raise self._refuse(*self._too_short(known or 0))
        return Spec("audio", "float32", "DT", (self.mels or self.n_fft // 2 + 1, frames))

    def _apply(self, value: Value, _context: StepContext) -> Value:
        samples = as_array(value)
        if len(samples) < self.n_fft:
            raise self._spoiled(*self._too_short(len(samples)))
        power_dt = power_spectrum(samples, self.n_fft, self.hop)
        if self.mels is not None:
            power_dt = mel_filters(self.mels, self.n_fft, _rate(self, value)) @ power_dt
        if self.log:
            power_dt = np.log(np.maximum(power_dt, 1e-10))
        return value.with_data(power_dt.astype(np.float32), axes="DT")

    def _too_short(self, samples: int) -> tuple[str, str]:
        what = f"the sound has {samples} samples, fewer than the {self.n_fft} of one frame"
        return what, "pad it, or choose a smaller n_fft"


def _rate(step: Step, value: Value) -> int:
    rate_hz = value.attributes.get("rate_hz")
    if not isinstance(rate_hz, int):
        raise step._spoiled("the sampling rate of the sound is not known", "use decode_audio first")
    return rate_hz

"""Recordings: how long, how loud, and as what an aligner wants to hear.

WAV is read with the standard library, everything else (and WAV in floats) with PyAV.
"""

import io
import wave
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tasks.ground.errors import Mistake
from tasks.timelines.timing import SECOND_US

if TYPE_CHECKING:
    import numpy as np

INSTALL = "uv sync --extra video"


@dataclass(frozen=True)
class Sound:
    """A recording, in one channel."""

    rate_hz: int
    samples: "np.ndarray[Any, np.dtype[np.int16]]"
    """shape (n,), -32768..32767"""

    @property
    def duration_us(self) -> int:
        """Its length, rounded up."""
        return -(-len(self.samples) * SECOND_US // self.rate_hz)


def read_sound(path: Path) -> Sound:
    """The recording at `path`. Raises `Mistake` where it cannot be read."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise Mistake(f"{path}: the recording is not there") from error
    if not data:
        raise Mistake(f"{path}: it is empty")
    sound = _wav(data) if data[:4] == b"RIFF" else None
    return sound or _decoded(path)


def _wav(data: bytes) -> Sound | None:
    """A WAV of whole numbers; None for any other, which PyAV may know."""
    import numpy as np

    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels = file.getsampwidth(), file.getnchannels()
            rate, raw = file.getframerate(), file.readframes(file.getnframes())
    except (wave.Error, EOFError):
        return None
    raw = raw[: len(raw) - len(raw) % (width * channels)]
    if width == 1:
        samples = (np.frombuffer(raw, np.uint8).astype(np.int32) - 128) << 8
    elif width == 2:
        samples = np.frombuffer(raw, "<i2").astype(np.int32)
    elif width in {3, 4}:
        # The two highest bytes of each sample are enough.
        parts = np.frombuffer(raw, np.uint8).reshape(-1, width)[:, -2:]
        samples = np.ascontiguousarray(parts).view("<i2").ravel().astype(np.int32)
    else:
        return None
    mono = samples.reshape(-1, channels).mean(axis=1)
    return Sound(rate, mono.astype(np.int16))


def _decoded(path: Path) -> Sound:
    import numpy as np

    av = pyav(f"{path}: recordings other than WAV are read with PyAV")
    parts = []
    try:
        with av.open(str(path)) as file:
            if not file.streams.audio:
                raise Mistake(f"{path}: there is no sound in it")
            resampler = av.AudioResampler(format="s16", layout="mono")
            rate = int(file.streams.audio[0].rate)
            for frame in file.decode(audio=0):
                parts += [part.to_ndarray().ravel() for part in resampler.resample(frame)]
            parts += [part.to_ndarray().ravel() for part in resampler.resample(None)]
    except (av.FFmpegError, OSError, ValueError) as error:
        raise Mistake(f"{path}: no recording that can be read ({error})") from error
    if not parts:
        raise Mistake(f"{path}: there is no sound in it")
    return Sound(rate, np.concatenate(parts).astype(np.int16))


def pyav(what: str) -> ModuleType:
    """PyAV. Raises `Mistake` that begins with `what` where it is not installed."""
    try:
        return import_module("av")
    except ImportError as error:
        raise Mistake(f"{what}; install it: {INSTALL}") from error


PEAKS_A_SECOND = 50


def peaks(sound: Sound, a_second: int = PEAKS_A_SECOND) -> list[int]:
    """The loudest sample of every part of a second, 0..100."""
    import numpy as np

    step = max(1, sound.rate_hz // a_second)
    whole = np.abs(sound.samples.astype(np.int32))
    padded = np.pad(whole, (0, -len(whole) % step))
    return [round(int(top) * 100 / 32768) for top in padded.reshape(-1, step).max(axis=1)]


@dataclass(frozen=True)
class Measured:
    """What a plan needs of a recording."""

    duration_us: int
    peaks: list[int]
    """loudness, 0..100, of every part of a second"""


def measured(path: Path) -> Measured:
    """What a plan needs of the recording at `path`. Raises `Mistake`."""
    sound = read_sound(path)
    return Measured(sound.duration_us, peaks(sound))


def resampled(sound: Sound, rate_hz: int) -> bytes:
    """The samples at another rate, as little-endian 16 bits; what would fold over is taken out."""
    import numpy as np

    samples = sound.samples.astype(np.float64)
    ratio = Fraction(sound.rate_hz, rate_hz)
    if ratio > 1:
        # A window that is as wide as a new sample is long, twice over, is a plain low pass.
        width = 2 * int(np.ceil(float(ratio))) + 1
        window = np.hanning(width + 2)[1:-1]
        samples = np.convolve(samples, window / window.sum(), mode="same")
    count = int(len(samples) / ratio)
    at = np.arange(count) * float(ratio)
    made = np.interp(at, np.arange(len(samples)), samples)
    return bytes(np.clip(np.rint(made), -32768, 32767).astype("<i2").tobytes())

"""A plan as a video with its sound: MP4 (H.264, AAC), or WebM with alpha (VP9, Opus).

Frames are of one length, exactly that of the rate. Pictures are decoded when their turn has come;
the last few are kept, ready for the encoder, since a face that speaks shows the same ones again.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.ground.errors import Mistake
from tasks.timelines.sound import pyav

if TYPE_CHECKING:
    from PIL import Image

    from tasks.timelines.document import Plan

_BT709 = 1
"""in ffmpeg's numbers: for the colours, and for their range (16..235)"""
_KEPT = 32
"""prepared pictures in memory: 75 MB of 1024x1536"""


@dataclass(frozen=True, slots=True)
class _Kind:
    codec: str
    pixels: str
    sound: str
    sound_hz: int
    options: dict[str, str] = field(default_factory=dict)


# A fixed number of threads: it would change the bytes.
_KINDS = {
    ".mp4": _Kind(
        "libx264",
        "yuv420p",
        "aac",
        48_000,
        {"crf": "18", "preset": "veryfast", "bf": "0", "threads": "2"},
    ),
    ".webm": _Kind(
        "libvpx-vp9",
        "yuva420p",
        "libopus",
        48_000,
        {
            "crf": "24",
            "b": "0",
            "deadline": "realtime",
            "cpu-used": "8",
            "threads": "2",
            # Alpha is a stream of its own, which has to stay in step with the colours.
            "auto-alt-ref": "0",
            "lag-in-frames": "0",
        },
    ),
}


def write(plan: "Plan", target: Path, places: Callable[[str], str], background: str) -> None:
    """Write the film of a plan at `target`, whole or not at all. Raises `Mistake`."""
    av = pyav(f"{target}: MP4 and WebM are written with PyAV")
    kind = _KINDS[target.suffix]
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with av.open(
            str(part), "w", format=target.suffix[1:], options={"fflags": "+bitexact"}
        ) as output:
            _fill(output, plan, kind, (target, places, background))
        part.replace(target)
    except av.FFmpegError as error:
        raise Mistake(f"{target}: the video cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _fill(
    output: Any, plan: "Plan", kind: _Kind, given: tuple[Path, Callable[[str], str], str]
) -> None:
    """Pictures and sound, side by side in time, as players want them."""
    target, places, background = given
    prepared = _preparer(kind.pixels, background, _size(places(plan.runs[0][0])))
    stream = output.add_stream(kind.codec, rate=plan.rate, options=dict(kind.options))
    first = prepared(places(plan.runs[0][0]))
    stream.width, stream.height, stream.pix_fmt = first.width, first.height, kind.pixels
    stream.time_base = stream.codec_context.time_base = 1 / plan.rate
    for name in ("colorspace", "color_range", "color_primaries", "color_trc"):
        setattr(stream.codec_context, name, _BT709)
    sound: Iterator[tuple[float, list[Any]]] = iter(())
    audio = plan.document["audio"]
    if audio:
        voice = output.add_stream(kind.sound, rate=kind.sound_hz, layout="mono")
        sound = _sound(voice, (target.parent / audio).resolve(), float(plan.count / plan.rate))
    number, heard_s = 0, -1.0
    for place, count in plan.runs:
        for _ in range(count):
            frame = prepared(places(place))
            frame.pts, frame.time_base = number, 1 / plan.rate
            number += 1
            for packet in stream.encode(frame):
                packet.duration = 1
                output.mux(packet)
            while heard_s < float(number / plan.rate):
                heard_s, packets = next(sound, (float(plan.count), list[Any]()))
                output.mux(packets)
    for packet in stream.encode(None):
        packet.duration = 1
        output.mux(packet)
    for _, packets in sound:
        output.mux(packets)


def _size(path: str) -> tuple[int, int]:
    from tasks.pictures.picture import read

    return read(Path(path)).size


def _preparer(pixels: str, background: str, size_px: tuple[int, int]) -> Callable[[str], Any]:
    """From a picture's path to a frame for the encoder; the last ones are remembered."""
    import numpy as np

    from tasks.pictures.picture import read

    av = pyav("video is written with PyAV")
    # Colour is kept for blocks of two by two pixels, so that there are no odd sizes.
    even = size_px[0] + size_px[0] % 2, size_px[1] + size_px[1] % 2

    @lru_cache(maxsize=_KEPT)
    def prepared(path: str) -> Any:
        image = read(Path(path))
        if image.size != size_px:
            got, wanted = ("x".join(map(str, size)) for size in (image.size, size_px))
            raise Mistake(f"{path} is {got} pixels; the film's first picture is {wanted}")
        whole = _on(image, even, background if pixels == "yuv420p" else None)
        return av.VideoFrame.from_ndarray(np.asarray(whole), format="rgba").reformat(
            format=pixels, dst_colorspace="ITU709", dst_color_range="MPEG"
        )

    return prepared


def _on(image: "Image.Image", size_px: tuple[int, int], background: str | None) -> "Image.Image":
    """The picture on its background, or on nothing, of an even size."""
    from PIL import Image, ImageColor

    try:
        colour = (*ImageColor.getrgb(background)[:3], 255) if background else (0, 0, 0, 0)
    except ValueError as error:
        raise Mistake(f'background: "{background}" is no colour, such as #ffffff') from error
    image = image.convert("RGBA")
    if background is None and image.size == size_px:
        return image
    flat = Image.new("RGBA", size_px, colour)
    flat.alpha_composite(image)
    return flat


def _sound(voice: Any, path: Path, end_s: float) -> Iterator[tuple[float, list[Any]]]:
    """The sound, packed, with the time up to which it goes, not longer than the pictures."""
    av = pyav("sound is written with PyAV")
    resampler = av.AudioResampler(format=voice.format.name, layout="mono", rate=voice.rate)
    fifo = av.AudioFifo()
    size = voice.codec_context.frame_size or 960
    done, last = 0, round(end_s * voice.rate)

    def packed(samples: int, whole: bool) -> Iterator[tuple[float, list[Any]]]:
        nonlocal done
        while (block := fifo.read(samples, partial=whole)) and done < last:
            block.pts, block.time_base = done, Fraction(1, voice.rate)
            done += block.samples
            yield done / voice.rate, voice.encode(block)

    with av.open(str(path)) as source:
        for frame in source.decode(audio=0):
            frame.pts = None
            for part in resampler.resample(frame):
                fifo.write(part)
            yield from packed(size, whole=False)
        for part in resampler.resample(None):
            fifo.write(part)
    yield from packed(size, whole=True)
    yield done / voice.rate, voice.encode(None)

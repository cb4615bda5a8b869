"""Films of frames, to look at: animated WebP and APNG, and, with PyAV, MP4 and WebM.

Pictures are read one by one while the film is packed, so that a long one takes little more memory
than a short one. A film is written whole or not at all.

Nothing here imports Pillow, numpy or PyAV before a film is made.
"""

import io
import statistics
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from itertools import accumulate, chain
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from tasks.ground.errors import Mistake
from tasks.ground.files import write_whole
from tasks.pictures import png

if TYPE_CHECKING:
    from PIL import Image

Colour = tuple[int, int, int]
Size = tuple[int, int]
WHITE: Colour = (255, 255, 255)
INSTALL = "uv sync --extra video"

_CLOCK = Fraction(1, 1000)
_BT709 = 1
"""in ffmpeg's numbers: for the colours, and for their range (16..235)"""
_MOST_MS = 65_535
"""the longest time that an APNG can hold in milliseconds"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture, and how long it is shown."""

    path: Path
    duration_ms: int


def there_and_back(shots: Sequence[Shot]) -> tuple[Shot, ...]:
    """To the last picture and back again, to be played in a loop.

    The middle ones come twice. The ends come once: a loop meets each of them once a round.
    """
    return (*shots, *shots[-2:0:-1])


def write(path: Path, shots: Sequence[Shot], background: Colour = WHITE) -> None:
    """Write the film at `path`, in the format that its name ends in (one of `FORMATS`).

    Every picture is shown for its own time, and all are of the first one's size. WebP, APNG and
    WebM keep alpha. MP4 is opaque, on `background` (RGB), and gets one more row or column of it
    where the size is odd. WebP and APNG go round for ever; players decide for the others.

    WebP, MP4 and WebM give up a little of the colours; APNG nothing. The same pictures give the
    same bytes. WebP joins pictures that are equal and follow one another, and adds their times.

    Raises Mistake where there are no shots, a picture cannot be read or is of another size, a
    time is not from 1 to 65535 ms, the format is unknown, or PyAV is needed and not installed.
    """
    pack = FORMATS.get(path.suffix.lower())
    if pack is None:
        raise Mistake(f"{path}: a film's name ends in one of {', '.join(FORMATS)}")
    if not shots:
        raise Mistake(f"{path}: there are no pictures to make a film of")
    for shot in shots:
        if not 1 <= shot.duration_ms <= _MOST_MS:
            raise Mistake(
                f"{shot.path}: a picture is shown for 1 to {_MOST_MS} ms, not {shot.duration_ms}"
            )
    write_whole(path, pack(shots, background))


def _read(shot: Shot, size_px: Size | None) -> "Image.Image":
    from tasks.pictures.picture import read

    image = read(shot.path)
    if size_px is not None and image.size != size_px:
        got, wanted = ("x".join(map(str, size)) for size in (image.size, size_px))
        raise Mistake(f"{shot.path} is {got} pixels; the film's first picture is {wanted}")
    return image


class _Waiting:
    """What Pillow needs to see of a picture in a film, read only when its turn has come."""

    mode = "RGBA"
    n_frames = 1

    def __init__(self, shot: Shot, size_px: Size) -> None:
        self._shot, self._size_px = shot, size_px

    def seek(self, _frame: int) -> None:
        """There is only one."""

    def getim(self) -> object:
        """The pixels, as Pillow hands them on."""
        return _read(self._shot, self._size_px).getim()


def _webp(shots: Sequence[Shot], _background: Colour) -> bytes:
    first = _read(shots[0], None)
    buffer = io.BytesIO()
    first.save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=[_Waiting(shot, first.size) for shot in shots[1:]],
        duration=[shot.duration_ms for shot in shots],
        loop=0,
        quality=90,
        method=2,
        # No whole pictures in between: it is played from its beginning, and is half as long.
        kmin=0,
        kmax=0,
    )
    return buffer.getvalue()


def _apng(shots: Sequence[Shot], _background: Colour) -> bytes:
    """Pillow's own keeps all the pictures until the end. Each but the first is what changed."""
    before = _read(shots[0], None)
    size_px = before.size
    header, packed = _png_data(before)
    parts = [
        png.START,
        png.chunk(b"IHDR", header),
        png.chunk(b"acTL", struct.pack(">II", len(shots), 0)),
        _frame_control(0, (0, 0, *size_px), shots[0].duration_ms),
        *(png.chunk(b"IDAT", data) for data in packed),
    ]
    count = 1
    for shot in shots[1:]:
        image = _read(shot, size_px)
        box = _changed(before, image)
        parts.append(_frame_control(count, box, shot.duration_ms))
        count += 1
        for data in _png_data(image.crop(box))[1]:
            parts.append(png.chunk(b"fdAT", struct.pack(">I", count) + data))
            count += 1
        before = image
    return b"".join([*parts, png.chunk(b"IEND", b"")])


def _png_data(image: "Image.Image") -> tuple[bytes, list[bytes]]:
    from tasks.pictures.picture import png_bytes

    chunks = list(png.chunks(png_bytes(image)))
    header = next(whole[8:-4] for kind, whole in chunks if kind == b"IHDR")
    return header, [whole[8:-4] for kind, whole in chunks if kind == b"IDAT"]


def _changed(before: "Image.Image", image: "Image.Image") -> tuple[int, int, int, int]:
    from PIL import ImageChops

    # A frame has at least one pixel, also where nothing changed.
    found = ImageChops.difference(before, image).getbbox(alpha_only=False)
    return found or (0, 0, 1, 1)


def _frame_control(number: int, box: tuple[int, int, int, int], duration_ms: int) -> bytes:
    """Where the frame goes, and for how long; it replaces what was there, and stays."""
    left, upper, right, lower = box
    place = struct.pack(">IIIII", number, right - left, lower - upper, left, upper)
    return png.chunk(b"fcTL", place + struct.pack(">HHBB", duration_ms, _CLOCK.denominator, 0, 0))


def _mp4(shots: Sequence[Shot], background: Colour) -> bytes:
    def opaque(image: "Image.Image") -> "Image.Image":
        from PIL import Image

        # Colour is kept for blocks of two by two pixels, so that there are no odd sizes.
        even = image.width + image.width % 2, image.height + image.height % 2
        flat = Image.new("RGBA", even, (*background, 255))
        flat.alpha_composite(image)
        return flat

    # One thread: their number would change the bytes. In order (`bf`): so the times hold.
    options = {"crf": "16", "preset": "medium", "bf": "0", "threads": "1"}
    return _film(shots, _Kind("mp4", "libx264", "yuv420p", options), opaque)


def _webm(shots: Sequence[Shot], _background: Colour) -> bytes:
    options = {
        "crf": "18",
        "b": "0",
        "deadline": "good",
        "cpu-used": "4",
        "threads": "1",
        # Alpha is a stream of its own, which has to stay in step with the colours.
        "auto-alt-ref": "0",
    }
    return _film(shots, _Kind("webm", "libvpx-vp9", "yuva420p", options), lambda image: image)


@dataclass(frozen=True, slots=True)
class _Kind:
    container: str
    codec: str
    pixels: str
    options: Mapping[str, str]


def _film(
    shots: Sequence[Shot], kind: _Kind, prepare: Callable[["Image.Image"], "Image.Image"]
) -> bytes:
    av = _pyav()
    import numpy as np

    original = _read(shots[0], None)
    first = prepare(original)
    images = chain([first], (prepare(_read(shot, original.size)) for shot in shots[1:]))
    times_ms = [shot.duration_ms for shot in shots]
    starts_ms = [0, *accumulate(times_ms)]
    shown_ms = dict(zip(starts_ms, times_ms, strict=False))
    buffer = io.BytesIO()
    # Bit-exact: no random ids, no dates, no versions in the file.
    with av.open(buffer, "w", format=kind.container, options={"fflags": "+bitexact"}) as output:
        stream = output.add_stream(kind.codec, rate=_rate(times_ms), options=dict(kind.options))
        stream.width, stream.height = first.size
        stream.pix_fmt = kind.pixels
        stream.time_base = stream.codec_context.time_base = _CLOCK
        for name in ("colorspace", "color_range", "color_primaries", "color_trc"):
            setattr(stream.codec_context, name, _BT709)
        for image, start_ms in zip(images, starts_ms, strict=False):
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgba").reformat(
                format=kind.pixels, dst_colorspace="ITU709", dst_color_range="MPEG"
            )
            frame.pts, frame.time_base = start_ms, _CLOCK
            _write_packets(output, stream.encode(frame), shown_ms)
        _write_packets(output, stream.encode(None), shown_ms)
    return buffer.getvalue()


def _write_packets(output: Any, packets: Any, shown_ms: Mapping[int, int]) -> None:
    for packet in packets:
        # Otherwise the last picture would be gone at once.
        packet.duration = shown_ms[packet.pts]
        output.mux(packet)


def _rate(times_ms: Sequence[int]) -> int:
    """Pictures a second, roughly: for the encoder to judge by. Times are kept apart from it."""
    return min(60, max(1, round(1000 / statistics.median(times_ms))))


def _pyav() -> ModuleType:
    try:
        return import_module("av")
    except ImportError as error:
        raise Mistake(f"MP4 and WebM are written with PyAV; install it: {INSTALL}") from error


FORMATS: Mapping[str, Callable[[Sequence[Shot], Colour], bytes]] = MappingProxyType(
    {".webp": _webp, ".apng": _apng, ".png": _apng, ".mp4": _mp4, ".webm": _webm}
)
"""what a film's name may end in; `.png` is an APNG too"""

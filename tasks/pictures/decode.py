"""The one decoder: a file's bytes become 8-bit RGBA in sRGB, upright, or are refused in one line.

Which reader is used is said here, never by the bytes: there are formats whose reader starts other
programs.
"""

import io
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from tasks.ground.errors import Mistake
from tasks.ground.outside import clean
from tasks.pictures import png, unpacking
from tasks.pictures.colour import in_srgb, is_srgb, is_unmarked
from tasks.pictures.depth import Channels, channels_of, is_own_depth
from tasks.pictures.refused import why_not_read

PICTURES = ("PNG", "JPEG", "WEBP")
"""what answers and frames may be"""
PORTRAITS = (*PICTURES, "TIFF", "GIF", "BMP")
"""what an artist's own pictures may be"""

MOST_PIXELS = 8192 * 8192
"""a portrait of 8192 pixels a side still fits; a decompression bomb does not"""

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
# What is wrong with a picture is said here, in a line of our own, or not at all.
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
logging.getLogger("PIL").addHandler(logging.NullHandler())

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""what makes a picture of that EXIF orientation upright"""
_TURNING = (b"XML:com.adobe.xmp\0", b"Raw profile type ")
"""keywords of texts that may say how a picture lies"""


class NoPicture(Mistake):
    """Bytes that are no picture, or none that is read here; the text says why, without a name."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture as it was read."""

    pixels: NDArray[np.uint8]
    """(height, width, 4): 8-bit RGBA in sRGB, upright"""
    as_stored: bool
    """whether the file is a PNG that holds these very pixels, 8 bits RGB or RGBA"""
    texts: Mapping[str, str]
    """its text metadata"""
    notes: tuple[str, ...] = ()
    """what was ignored in it"""

    @property
    def image(self) -> Image.Image:
        """The pixels as an image, which is made without copying them."""
        return Image.fromarray(self.pixels)


def decode(data: bytes, formats: tuple[str, ...] = PICTURES) -> Decoded:
    """A file's bytes as a picture, decoded to the last row. Raises `NoPicture`.

    `formats`: which readers may be tried, by Pillow's names.
    """
    _check(data)
    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:
            _check_size(image)
            return _decoded(image, data)
    except NoPicture:
        raise
    except Exception as error:  # readers raise whatever damaged bytes lead them into
        raise NoPicture(_reason(error, formats)) from error


def holds_its_pixels(data: bytes) -> bool:
    """Whether a file is a PNG of 8 bits RGB or RGBA that is read without any change.

    Looks at its outside only; what may be turned counts as changed.
    """
    if not data.startswith(png.START) or not is_own_depth(data):
        return False
    chunks = png.chunks(memoryview(data))
    return not any(_may_turn(kind, chunk) for kind, chunk in chunks) and is_srgb(data)


def _may_turn(kind: bytes, chunk: memoryview) -> bool:
    return kind == b"eXIf" or any(chunk[8 : 8 + len(start)] == start for start in _TURNING)


def _decoded(image: Image.Image, data: bytes) -> Decoded:
    unmarked = is_unmarked(image, data)
    pixels, unchanged, note = unpacking.pixels(data) if unmarked else None, True, ""
    if pixels is None:
        image.load()
        pixels, unchanged, note = _converted(image, data, unmarked=unmarked)
    turn = _TURNS.get(_orientation(image))
    if turn is not None:
        pixels = np.asarray(Image.fromarray(pixels).transpose(turn))
    own = data.startswith(png.START) and is_own_depth(data) and turn is None
    texts = {str(name): text for name, text in image.info.items() if isinstance(text, str)}
    notes = (note,) if note else ()
    return Decoded(pixels, own and unchanged, texts, notes)


def _converted(
    image: Image.Image, data: bytes, *, unmarked: bool
) -> tuple[NDArray[np.uint8], bool, str]:
    """A loaded picture as RGBA in sRGB, whether that changed no pixel, and what was ignored."""
    if image.mode == "RGBA" and unmarked:
        return np.asarray(image), True, ""
    channels = channels_of(image, data)
    rgb, note = in_srgb(channels.colour, image, data)
    return np.asarray(_joined(rgb, channels)), rgb is channels.colour, note


def _joined(rgb: Image.Image, channels: Channels) -> Image.Image:
    made = rgb.convert("RGBA")
    if channels.alpha is not None:
        made.putalpha(channels.alpha)
    return made


def _orientation(image: Image.Image) -> int:
    """How EXIF says that a picture lies; 1, upright, where that is damaged."""
    try:
        # A PNG's own would decode it to its end first; where something is there, that is done.
        return int(Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1))
    except Exception:  # as many kinds of damage as there are fields
        return 1


def _check(data: bytes) -> None:
    refused = why_not_read(data)
    if refused:
        raise NoPicture(refused)
    if not data.startswith(png.START):
        return
    kind = b""
    for kind, chunk in png.chunks(memoryview(data)):
        # Pillow passes over the checksum of the pixels, and over that of a long chunk at the end.
        critical = not kind[:1].islower()
        if critical and png.checksum(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            raise NoPicture("damaged: a checksum of its PNG is wrong")
    if kind != b"IEND":  # Pillow does not ask for it
        raise NoPicture("the end of its PNG is missing")


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if not width or not height:
        raise NoPicture(f"it is {width}x{height} pixels")
    if width * height > MOST_PIXELS:
        raise NoPicture(_too_large(f"{width}x{height} pixels are too large"))


def _too_large(what: str) -> str:
    return f"{what}; at most {MOST_PIXELS // 1_000_000} megapixels"


def _reason(error: Exception, formats: tuple[str, ...]) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"it is no {named(formats)}, or damaged"
    if isinstance(error, Image.DecompressionBombError):
        return _too_large("too large")
    said = clean(str(error)) if isinstance(error, OSError | SyntaxError | ValueError) else ""
    return said if said and "<" not in said else "damaged"


def named(formats: tuple[str, ...]) -> str:
    """Formats as they are listed in a sentence: `PNG, JPEG or WebP`."""
    *rest, last = ("WebP" if name == "WEBP" else name for name in formats)
    return f"{', '.join(rest)} or {last}"

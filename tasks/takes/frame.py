"""A frame: one finished picture on disk, which says itself where it came from.

Its PNG metadata names the request and the take that it was made from, and the digest of its
pixels as they were written: what no longer matches was worked on by hand since.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any

from PIL import Image

from tasks.ground.errors import Mistake
from tasks.ground.files import open_plain, read_plain, stamp, write_whole
from tasks.ground.version import VERSION
from tasks.models.engines import is_draft_of
from tasks.pictures import png
from tasks.pictures.decode import PICTURES, NoPicture, decode, holds_its_pixels
from tasks.pictures.picture import Pixels, pixels_digest, png_bytes

BASE = "base"
"""the engine's name in frames that are an artist's portrait, fitted to the size"""

MORPH = "morph"
"""the engine's name in in-betweens that were made from the pixels of two frames"""

# What the pixels are stays; texts, times and signatures of the take are the take's own.
_KEPT_CHUNKS = {b"tRNS", b"IDAT", b"IEND"}
_SRGB = png.chunk(b"sRGB", b"\0")
"""all frames alike are marked so: perceptual intent"""
_SOURCE_TYPES = {
    "openai": "trainedAlgorithmicMedia",
    "puppet": "algorithmicallyEnhanced",
    MORPH: "algorithmicallyEnhanced",
}
_UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about=""'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a frame came from. Every field is a text chunk of that name in its PNG."""

    request_key: str
    take: str
    engine: str
    pixels: str
    """digest of the pixels as they were written"""
    model: str = ""
    prompt: str = ""
    finish: str = ""
    """digest of what decided, beside the take, how it was finished; empty: it is the take itself"""
    checks: str = ""
    """flags and figures, as JSON"""

    @property
    def is_draft(self) -> bool:
        """Whether it cost nothing and can be made again at any time."""
        return self.engine in {BASE, MORPH} or is_draft_of(self.engine)


class State(Enum):
    """What lies at a frame's path."""

    MISSING = "missing"
    OURS = "ours"
    """drawn by this program and untouched since"""
    BY_HAND = "by hand"
    """drawn elsewhere, or worked on since"""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Existing:
    """What lies at a frame's path, and where it came from."""

    state: State
    provenance: Provenance | None = None
    pixels: str = ""


def look_at(path: Path) -> Existing:
    """What lies at `path`. Decodes the whole picture: a changed pixel is an artist's work."""
    try:
        data = read_plain(path)
    except FileNotFoundError:
        return Existing(State.MISSING)
    except OSError:
        return Existing(State.UNREADABLE)
    try:
        decoded = decode(data)
    except NoPicture:
        return Existing(State.UNREADABLE)
    provenance, pixels = _provenance(decoded.texts), pixels_digest(decoded.pixels)
    if provenance and provenance.engine == BASE and provenance.pixels != pixels:
        # Portraits once kept their profile as frames, and the digest was of the pixels without it.
        pixels = provenance.pixels if _unmanaged_digest(data) == provenance.pixels else pixels
    ours = provenance is not None and provenance.pixels == pixels
    return Existing(State.OURS if ours else State.BY_HAND, provenance, pixels)


def glance_at(path: Path) -> Existing:
    """What lies at `path` by its metadata alone: quick, and blind to what was done by hand."""
    try:
        with open_plain(path) as file, Image.open(file, formats=PICTURES) as image:
            # Not `image.text`, which decodes the pixels first.
            texts = {name: text for name, text in image.info.items() if isinstance(text, str)}
            provenance = _provenance(texts)
    except FileNotFoundError:
        return Existing(State.MISSING)
    except _UNREADABLE:
        return Existing(State.UNREADABLE)
    return Existing(State.OURS if provenance else State.BY_HAND, provenance)


def _unmanaged_digest(data: bytes) -> str:
    with Image.open(io.BytesIO(data), formats=PICTURES) as image:
        return pixels_digest(image)


class Frames:
    """What lies at frames' paths, each decoded once while its file does not change.

    The plan of a run looks at a frame first, then whoever builds it, and all that is drawn from
    it. Safe for several threads.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[object, Existing]] = {}

    def at(self, path: Path) -> Existing:
        """What lies at `path` now (`look_at`)."""
        now = stamp(path)
        if now is None:
            return look_at(path)
        before, existing = self._seen.get(path, (None, None))
        if existing is None or now != before:
            existing = look_at(path)
            self._seen[path] = (now, existing)
        return existing

    def source(self, path: Path) -> Existing:
        """The frame at `path`, from which others are made. Raises `Mistake` without a readable
        one."""
        existing = self.at(path)
        if existing.state in {State.MISSING, State.UNREADABLE}:
            raise Mistake(f"{path} is {existing.state.value}; it is what this frame is drawn from")
        return existing


def name_of(existing: Existing) -> str:
    """What names a frame as an input: its take, or its pixels where it has none.

    The take rather than the file: when a take is finished differently, what was drawn from it
    need not be drawn, and paid for, again.
    """
    if existing.state is State.OURS and existing.provenance and existing.provenance.take:
        return f"take:{existing.provenance.take}"
    return existing.pixels


def compose(picture: bytes, image: Image.Image | Pixels, provenance: Provenance) -> bytes:
    """A frame's file: the take's pixels with their provenance.

    `image` is `picture` decoded. A PNG that holds its pixels as they are is taken over chunk by
    chunk, without packing them again: what an artist packed tightly stays so.
    """
    stored = picture if holds_its_pixels(picture) else png_bytes(image)
    header, *chunks = png.chunks(memoryview(stored))
    rest = [chunk for kind, chunk in chunks if kind in _KEPT_CHUNKS]
    return b"".join([png.START, header[1], _SRGB, *_text_chunks(provenance), *rest])


def write(path: Path, data: bytes) -> None:
    """Put a frame in its place, whole or not at all."""
    write_whole(path, data)


def _provenance(texts: Mapping[Any, str]) -> Provenance | None:
    known = {
        name: texts.get(_keyword(name)) for name in (field.name for field in fields(Provenance))
    }
    if not known["request_key"] or not known["pixels"]:
        return None
    return Provenance(**{name: value or "" for name, value in known.items()})


def _keyword(field_name: str) -> str:
    """A PNG keyword as people read it: `Request key`."""
    return field_name.replace("_", " ").capitalize()


def _text_chunks(provenance: Provenance) -> Iterator[bytes]:
    for field in fields(Provenance):
        value = getattr(provenance, field.name)
        if value:
            yield _international_text(_keyword(field.name), value)
    # Not of the provenance: a frame that another version made is as good.
    yield _international_text("Software", f"doit-expressions {VERSION}")
    source_type = _SOURCE_TYPES.get(provenance.engine)
    if source_type:
        yield _international_text("XML:com.adobe.xmp", _XMP.format(source_type))


def _international_text(keyword: str, text: str) -> bytes:
    """An iTXt chunk, uncompressed (PNG specification, 11.3.3.4)."""
    return png.chunk(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8"))

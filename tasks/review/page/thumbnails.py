"""The small pictures of the review page: WebP, each made anew only when its frame changed."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tasks.character.face import Face, Point, complete
from tasks.ground.boxes import inner_size
from tasks.ground.errors import Mistake
from tasks.ground.files import write_whole
from tasks.pictures.picture import read

LONGEST_PX = 320
_QUALITY = 82
_SMALL_FACE = 0.35
"""a face that takes less of the frame's height than this is shown enlarged"""
_FOREHEAD = 0.5
_AROUND = 0.35
"""how much of the face's size is shown around it"""
Box = tuple[float, float, float, float]
"""left, top, right and bottom, 0..1 of the frame"""


@dataclass(frozen=True, slots=True)
class Small:
    """A picture that is to be shown small."""

    picture: Path
    thumbnail: Path
    box: Box | None = None
    """the part that is shown; None: the whole"""


def face_box(face: Face, aspect: float) -> Box | None:
    """What to show of a frame whose face is small in it; None where the face is large enough.

    `aspect`: width over height of the frame.
    """
    try:
        points = _points(complete(face, aspect))
    except Mistake:
        return None
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    if bottom - top >= _SMALL_FACE:
        return None
    side = (1 + 2 * _AROUND) * max((right - left) * aspect, bottom - top)
    x, y = (left + right) / 2, (top + bottom) / 2
    half = side / 2
    return (
        max(0.0, x - half / aspect),
        max(0.0, y - half),
        min(1.0, x + half / aspect),
        min(1.0, y + half),
    )


def _points(face: Face) -> list[Point]:
    """The points around a whole face; its forehead is as high as half of what lies below it."""
    brows = [brow.middle for brow in (face.left_brow, face.right_brow) if brow]
    chin = face.chin or (face.outline or brows)[-1]
    return [
        *(face.outline or ()),
        *((x, y - _FOREHEAD * (chin[1] - y)) for x, y in brows),
        *(eye.outer for eye in (face.left_eye, face.right_eye) if eye),
        *([face.chin] if face.chin else []),
    ]


def make(wanted: Iterable[Small]) -> int:
    """Make the thumbnails that are missing or older than their pictures; how many that were.

    A thumbnail has the time of its picture. One that cannot be made is left out: the page then
    shows the picture's name.
    """
    due = [small for small in wanted if not _fresh(small)]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return sum(pool.map(_make, due))


def sweep(folder: Path, wanted: Iterable[Small]) -> None:
    """Remove thumbnails of frames that are no longer there."""
    keep = {small.thumbnail.name for small in wanted}
    for path in folder.glob("*.webp") if folder.is_dir() else ():
        if path.name not in keep:
            path.unlink(missing_ok=True)


def _fresh(small: Small) -> bool:
    try:
        return small.thumbnail.stat().st_mtime_ns == small.picture.stat().st_mtime_ns
    except OSError:
        return False


def _make(small: Small) -> bool:
    import io

    from PIL import Image, WebPImagePlugin

    try:
        seen_ns = small.picture.stat().st_mtime_ns
        image = read(small.picture)
    except (Mistake, OSError):
        return False
    if small.box:
        left, top, right, bottom = small.box
        wide, high = image.size
        area = (round(left * wide), round(top * high), round(right * wide), round(bottom * high))
        image = image.crop(area)
    size = inner_size(image.size, (LONGEST_PX, LONGEST_PX), largest=1.0)
    little = image.convert("RGBa").resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    buffer = io.BytesIO()
    # By its plug-in: given a name alone, Pillow loads all of its forty formats to find this one.
    webp = WebPImagePlugin.WebPImageFile.format
    little.convert("RGBA").save(buffer, webp, quality=_QUALITY, method=2)
    write_whole(small.thumbnail, buffer.getvalue())
    os.utime(small.thumbnail, ns=(seen_ns, seen_ns))
    return True

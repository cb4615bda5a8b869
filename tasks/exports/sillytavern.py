"""Expression sprites for SillyTavern: one picture a label, and a zip to upload.

A label is the file's stem up to the first `-` or `.` (SillyTavern 1.19.0, `src/endpoints/
sprites.js`); the zip is flat, and a second file of one name would replace the first.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

from tasks.exports.archive import put
from tasks.exports.cast import Cast
from tasks.exports.labels import LABELS, nearest_expression
from tasks.exports.names import file_name
from tasks.exports.output import Output
from tasks.exports.parts import Parts
from tasks.exports.pictures import Pictures
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean

_OPEN_MS, _SHUT_MS = (2800, 4100, 1900), 140
"""for how long eyes are open between blinks, in turns, and shut"""


def export(cast: Cast, out: Output) -> list[str]:
    """`<label>.png` for every label that an expression comes near; further poses, where they are
    asked for, as the variants `<label>-1.png` that "multiple sprites" rolls among."""
    pictures = Pictures(cast)
    parts = Parts(cast) if cast.settings.options.get("moving") else None
    chosen = labels_of(cast)
    made: dict[tuple[str, str], tuple[str, bytes]] = {}
    for label, expression in chosen.items():
        for number, pose in enumerate(_variants(cast, expression)):
            name = f"{label}-{number}" if number else label
            at = (expression, pose)
            if at not in made:
                moving = _blinking(pictures, parts, at) if parts else None
                made[at] = moving or ("png", pictures.png(cast.frames[at]))
            form, data = made[at]
            out.add(f"{name}.{form}", data)
    name = f"{cast.name}_{cast.costume}" if cast.costume else cast.name
    out.add(f"{file_name(name)}.zip", zipped(out))
    return list(_notes(chosen))


def _blinking(pictures: Pictures, parts: Parts, at: tuple[str, str]) -> tuple[str, bytes] | None:
    """A frame that blinks, as animated WebP; None where nothing shuts its eyes."""
    frame, shut = pictures.pixels(pictures.cast.frames[at]), parts.blinked(*at)
    if shut is None or np.array_equal(shown := pictures.view.of(shut), frame):
        return None
    opened, closed = Image.fromarray(frame), Image.fromarray(shown)
    times_ms = [ms for open_ms in _OPEN_MS for ms in (open_ms, _SHUT_MS)]
    rest = [closed, *[opened, closed] * (len(_OPEN_MS) - 1)]
    buffer = io.BytesIO()
    how = {"lossless": True, "exact": True, "method": 2, "loop": 0}
    opened.save(buffer, "WEBP", save_all=True, append_images=rest, duration=times_ms, **how)
    return "webp", buffer.getvalue()


def labels_of(cast: Cast) -> dict[str, str]:
    """Label to expression: as the options say, by name, or the nearest."""
    asked = cast.settings.options.get("labels", {})
    _check(asked, cast)
    chosen: dict[str, str] = {}
    for label in LABELS:
        named = asked[label] if label in asked else nearest_expression(label, cast)
        if named is not None:
            chosen[label] = named
    custom = {name: asked[name] for name in asked if name not in LABELS and asked[name]}
    return chosen | custom


def _check(asked: Any, cast: Cast) -> None:
    if not isinstance(asked, Mapping):
        raise Mistake("exports.sillytavern.options.labels must be an object, label to expression")
    for label, expression in asked.items():
        if not label or any(sign in label for sign in "-.\\/"):
            raise Mistake(f'labels: "{label}" cannot be a label: no - . \\ or / in it')
        if expression is not None and expression not in cast.expressions:
            near = did_you_mean(str(expression), cast.expressions)
            raise Mistake(f'labels: {label}: there is no frame of "{expression}"{near}')


def _variants(cast: Cast, expression: str) -> Iterator[str]:
    """The default pose, if there is a frame; the others too where `poses` asks for them."""
    others = cast.poses if cast.settings.poses else ()
    for pose in dict.fromkeys([cast.default_pose, *others]):
        if (expression, pose) in cast.frames:
            yield pose


def zipped(out: Output) -> bytes:
    """All pictures that were added, flat. PNGs are packed already."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for place in sorted(out.places):
            put(archive, place, out.read(place))
    return buffer.getvalue()


def _notes(chosen: Mapping[str, str]) -> Iterator[str]:
    borrowed = [f"{label} ({own})" for label, own in chosen.items() if own != label]
    if borrowed:
        yield f"nearest expressions taken for: {', '.join(borrowed)}"
    lacking = [label for label in LABELS if label not in chosen]
    if lacking:
        yield f"no picture for: {', '.join(lacking)}; add expressions of these names"

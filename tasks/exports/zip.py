"""All frames in one zip with a manifest.json that says what each is."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

from tasks.exports.archive import put
from tasks.exports.cast import Cast
from tasks.exports.names import file_name
from tasks.exports.output import Output
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import pose_name
from tasks.exports.sheets import sequence_name
from tasks.pictures.decode import PICTURES
from tasks.sequences.manifest import Manifest
from tasks.takes.frame import glance_at


def export(cast: Cast, out: Output) -> list[str]:
    """`<name>.zip`: `frames/<expression>__<pose>.png`, `sequences/<sequence>/<t>.png`."""
    pictures = Pictures(cast)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for at, path in cast.frames.items():
            put(archive, _frame_place(cast, *at), pictures.png(path))
        paths = dict.fromkeys(frame.path for one in cast.sequences for frame in one.frames)
        for path in paths:
            put(archive, _tween_place(path), pictures.png(path))
        document = manifest(cast, pictures)
        put(
            archive,
            "manifest.json",
            (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode(),
        )
    out.add(f"{file_name(cast.name)}.zip", buffer.getvalue())
    return [f"not drawn yet, and not in it: {', '.join(cast.missing)}"] if cast.missing else []


def _frame_place(cast: Cast, expression: str, pose: str) -> str:
    return f"frames/{expression}__{pose_name(cast.settings, pose)}.png"


def _tween_place(path: Path) -> str:
    return f"sequences/{path.parent.name}/{path.name}"


def manifest(cast: Cast, pictures: Pictures) -> dict[str, Any]:
    """What is in the zip, as plain data."""
    width, height = pictures.size_px
    return {
        "name": cast.name,
        "words": cast.character.words,
        "width_px": width,
        "height_px": height,
        "default_pose": pose_name(cast.settings, cast.default_pose),
        "poses": [pose_name(cast.settings, pose) for pose in cast.poses],
        "expressions": list(cast.expressions),
        "region": _region(pictures),
        "frames": [_frame(cast, at, path) for at, path in cast.frames.items()],
        "sequences": [_sequence(one) for one in cast.sequences],
        "missing": list(cast.missing),
    }


def _region(pictures: Pictures) -> list[int]:
    """Left, top, right and bottom of the part of the original frames that is shown, in px."""
    return list(pictures.view.box)


def _frame(cast: Cast, at: tuple[str, str], path: Path) -> dict[str, Any]:
    expression, pose = at
    came = glance_at(path).provenance
    with Image.open(path, formats=PICTURES) as image:
        size = image.size
    return {
        "file": _frame_place(cast, expression, pose),
        "expression": expression,
        "pose": pose_name(cast.settings, pose),
        "original_px": list(size),
        "take": came.take if came else "",
        "request": came.request_key if came else "",
        "engine": came.engine if came else "",
        "model": came.model if came else "",
        "draft": bool(came and came.is_draft),
        "by_hand": came is None,
    }


def _sequence(one: Manifest) -> dict[str, Any]:
    return {
        "name": sequence_name(one),
        "start": one.expr_start,
        "end": one.expr_end,
        "pose_start": one.pose_start,
        "pose_end": one.pose_end,
        "duration_ms": one.duration_ms,
        "ease": one.ease,
        "frames": [
            {"file": _tween_place(frame.path), "t": frame.t, "shown_ms": frame.shown_ms}
            for frame in one.frames
        ],
    }

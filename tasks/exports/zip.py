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
from tasks.ground.ids import with_costume
from tasks.pictures.decode import PICTURES
from tasks.sequences.manifest import Manifest
from tasks.takes.frame import glance_at


def export(cast: Cast, out: Output) -> list[str]:
    """`<name>.zip`: `frames/<expression>__<pose>.png`, `sequences/<sequence>/<t>.png`; those of a
    costume in a folder of its name."""
    pictures = Pictures(cast)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for worn in (cast, *cast.costumes):
            _put_frames(archive, worn)
        document = manifest(cast, pictures)
        put(
            archive,
            "manifest.json",
            (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode(),
        )
    out.add(f"{file_name(cast.name)}.zip", buffer.getvalue())
    missing = _missing(cast)
    return [f"not drawn yet, and not in it: {', '.join(missing)}"] if missing else []


def _put_frames(archive: zipfile.ZipFile, cast: Cast) -> None:
    pictures = Pictures(cast)
    for at, path in cast.frames.items():
        put(archive, _frame_place(cast, *at), pictures.png(path))
    paths = dict.fromkeys(frame.path for one in cast.sequences for frame in one.frames)
    for path in paths:
        put(archive, _tween_place(cast, path), pictures.png(path))


def _missing(cast: Cast) -> list[str]:
    outfits = (cast, *cast.costumes)
    return [with_costume(worn.costume, name) for worn in outfits for name in worn.missing]


def _frame_place(cast: Cast, expression: str, pose: str) -> str:
    place = f"frames/{expression}__{pose_name(cast.settings, pose)}.png"
    return with_costume(cast.costume, place)


def _tween_place(cast: Cast, path: Path) -> str:
    return with_costume(cast.costume, f"sequences/{path.parent.name}/{path.name}")


def manifest(cast: Cast, pictures: Pictures) -> dict[str, Any]:
    """What is in the zip, as plain data."""
    (width, height), outfits = pictures.size_px, (cast, *cast.costumes)
    return {
        "name": cast.name,
        "words": cast.character.words,
        "width_px": width,
        "height_px": height,
        "default_pose": pose_name(cast.settings, cast.default_pose),
        "poses": [pose_name(cast.settings, pose) for pose in cast.poses],
        "expressions": list(cast.expressions),
        "region": _region(pictures),
        **_costumes(cast),
        "frames": [
            _worn(worn, _frame(worn, at, path))
            for worn in outfits
            for at, path in worn.frames.items()
        ],
        "sequences": [
            _worn(worn, _sequence(worn, one)) for worn in outfits for one in worn.sequences
        ],
        "missing": _missing(cast),
    }


def _costumes(cast: Cast) -> dict[str, Any]:
    """The costumes, with what differs in each; nothing where there are none."""
    found = {
        worn.costume: {"words": worn.character.words, "region": _region(Pictures(worn))}
        for worn in cast.costumes
    }
    return {"costumes": found} if found else {}


def _worn(cast: Cast, content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "costume": cast.costume} if cast.costume else content


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


def _sequence(cast: Cast, one: Manifest) -> dict[str, Any]:
    return {
        "name": sequence_name(one),
        "start": one.expr_start,
        "end": one.expr_end,
        "pose_start": one.pose_start,
        "pose_end": one.pose_end,
        "duration_ms": one.duration_ms,
        "ease": one.ease,
        "frames": [
            {"file": _tween_place(cast, frame.path), "t": frame.t, "shown_ms": frame.shown_ms}
            for frame in one.frames
        ],
    }

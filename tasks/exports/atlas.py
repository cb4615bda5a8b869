"""Trimmed sprites on sheets, with JSON in two forms.

`<name>.json` is TexturePacker's JSON hash, with `animations` for PixiJS; Phaser, PixiJS and the
importers of Godot read it. `<name>.aseprite.json` is Aseprite's form with numbered frames and a tag
for each sequence, for Phaser's `createFromAseprite`. Nothing is rotated: not all readers can.
"""

import json
from collections.abc import Sequence
from typing import Any

from tasks.exports.cast import Cast
from tasks.exports.names import file_name
from tasks.exports.output import Output
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import packed
from tasks.exports.sheets import Sheets, Sprite, packing_of, sheets_of

_STILL_MS = 100
"""how long Aseprite's form shows a keyframe; it must say something"""


def export(cast: Cast, out: Output) -> list[str]:
    """The sheets, and a pair of JSON files for each."""
    sheets, canvases = sheets_of(Pictures(cast), packing_of(cast))
    stem = file_name(cast.name)
    names = [_sheet_name(stem, number, sheets) for number in range(len(sheets.sizes_px))]
    for name, canvas in zip(names, canvases, strict=True):
        out.add(f"{name}.png", packed(canvas))
    for number, name in enumerate(names):
        others = [f"{other}.json" for other in names if other != name]
        out.text(f"{name}.json", _text(hash_form(sheets, number, name, others)))
    if len(names) > 1:
        return ["Aseprite's form has one sheet: make the pictures smaller (scale) to get it"]
    out.text(f"{stem}.aseprite.json", _text(aseprite_form(sheets, stem)))
    return []


def _sheet_name(stem: str, number: int, sheets: Sheets) -> str:
    return stem if len(sheets.sizes_px) == 1 else f"{stem}-{number}"


def _text(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def hash_form(sheets: Sheets, number: int, name: str, others: Sequence[str]) -> dict[str, Any]:
    """TexturePacker's JSON hash of one sheet. Frames of other sheets are found by `others`."""
    here = [sprite for sprite in sheets.sprites if sprite.sheet == number]
    known = {sprite.name for sprite in here}
    animations = {
        animation.name: list(animation.sprites)
        for animation in sheets.animations
        if known.issuperset(animation.sprites)
    }
    return {
        "frames": {sprite.name: _frame(sprite, sheets) for sprite in here},
        "animations": animations,
        "meta": _meta(sheets, number, name, others),
    }


def _meta(sheets: Sheets, number: int, name: str, others: Sequence[str]) -> dict[str, Any]:
    width, height = sheets.sizes_px[number]
    return {
        "app": "doit-expressions",
        "version": "1.0",
        "image": f"{name}.png",
        "format": "RGBA8888",
        "size": {"w": width, "h": height},
        "scale": "1",
        **({"related_multi_packs": list(others)} if others else {}),
    }


def _frame(sprite: Sprite, sheets: Sheets) -> dict[str, Any]:
    width, height = sheets.source_px
    return {
        "frame": _box(sprite.left, sprite.top, sprite.width, sprite.height),
        "rotated": False,
        "trimmed": (sprite.width, sprite.height) != (width, height),
        "spriteSourceSize": _box(sprite.trim_left, sprite.trim_top, sprite.width, sprite.height),
        "sourceSize": {"w": width, "h": height},
    }


def _box(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def aseprite_form(sheets: Sheets, name: str) -> dict[str, Any]:
    """Aseprite's JSON hash: frames "0", "1", ..., each keyframe and each sequence a tag.

    A sequence's pictures stand again in a row of their own, since a tag is a range.
    """
    by_name = {sprite.name: sprite for sprite in sheets.sprites}
    frames: list[dict[str, Any]] = []
    tags: list[dict[str, Any]] = []
    rows: list[tuple[str, tuple[str, ...], tuple[int, ...]]] = [
        (name, (name,), (_STILL_MS,)) for name in by_name if "/" not in name
    ]
    rows += [(one.name, one.sprites, one.shown_ms) for one in sheets.animations]
    for tag, sprites, shown_ms in rows:
        tags.append(
            {
                "name": tag,
                "from": len(frames),
                "to": len(frames) + len(sprites) - 1,
                "direction": "forward",
            }
        )
        frames += [
            {**_frame(by_name[sprite], sheets), "duration": duration_ms}
            for sprite, duration_ms in zip(sprites, shown_ms, strict=True)
        ]
    return {
        "frames": {str(number): frame for number, frame in enumerate(frames)},
        "meta": {
            **_meta(sheets, 0, name, []),
            "frameTags": tags,
            "layers": [{"name": "character", "opacity": 255, "blendMode": "normal"}],
            "slices": [],
        },
    }

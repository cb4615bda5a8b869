"""What each weight pulls at: the soft tissue of the face as a few bumps a blend shape.

What opens and shuts (lips, lids) is not here: see `lips` and `eyelids`; the mouth's own bumps are
in `mouth_muscles`. Lengths are in the face's own measures: `unit` (eyes to mouth), `gap` (brow to
lid).
"""

from collections.abc import Mapping
from dataclasses import replace

from tasks.puppet.anatomy import SIDES, Anatomy
from tasks.puppet.bump import Bump, Mover, Named, Side
from tasks.puppet.mouth_muscles import mouth_corner, mouth_middle, mouth_side


def muscles(face: Anatomy) -> Mapping[str, tuple[Mover, ...]]:
    """The bumps of each weight that moves soft tissue, at weight 1."""
    table: dict[str, tuple[Mover, ...]] = {**dict(_puff(face)), **dict(mouth_middle(face))}
    for side in SIDES:
        one = Side(face, side)
        for name, bumps in (*_brow(one), *_cheek(one), *mouth_corner(one), *mouth_side(one)):
            table[f"{name}{side}"] = bumps
    table["browInnerUp"] = table.pop("browInnerUpLeft") + table.pop("browInnerUpRight")
    return table


def _brow(side: Side) -> Named:
    unit, brow = side.face.unit, side.brow
    gap = max(side.lid[1] - brow.middle[1], 0.12 * unit)
    length = abs(brow.outer[0] - brow.inner[0])
    up = min(0.19 * unit, 0.7 * gap + 0.04 * unit)
    down = min(0.12 * unit, 0.5 * gap)
    # the lid's crease stays: below the brow the skin gives way at once
    above, below = 1.2 * up + 0.12 * unit, max(0.85 * (gap + up), 1.85 * up)
    nose_side, temple_side = 0.5 * length + 0.7 * unit, 0.5 * length + 0.55 * unit
    arch = 0.5 * (brow.inner[1] + brow.outer[1]) - brow.middle[1]
    bow = max(min(arch * (2 * nose_side / length) ** 2, unit), 0.0)
    whole = side.bump(
        (0.5 * (brow.inner[0] + brow.outer[0]), brow.middle[1] + bow),
        (0, -up),
        (nose_side, temple_side, above, below),
    )
    whole = replace(whole, bow=-bow)
    ends = (brow.inner[0], brow.outer[0])
    yield "browInnerUp", (replace(whole, share=ends[::-1]),)
    yield "browOuterUp", (replace(whole, share=ends),)
    inner = (brow.inner[0] * 0.5 + brow.middle[0] * 0.5, brow.inner[1])
    yield (
        "browDown",
        (
            side.bump(inner, (-0.3 * down, down), (0.32 * unit, length, 0.5 * unit, 0.9 * gap)),
            side.bump(
                brow.inner,
                (-0.25 * down, 0.3 * down),
                (0.2 * unit, 0.5 * length, 0.4 * unit, 0.8 * gap),
            ),
        ),
    )


def _cheek(side: Side) -> Named:
    unit, face = side.face.unit, side.face
    apple = (side.eye[0] + 0.1 * side.eye_half * side.out, 0.55 * unit)
    wide = (0.5 * unit, 0.45 * unit, 0.42 * unit, 0.5 * unit)
    yield "cheekSquint", (side.bump(apple, (0.03 * unit, -0.11 * unit), wide),)
    wing = (face.nose[0] + 0.2 * unit * side.out, face.nose[1] - 0.08 * unit)
    yield (
        "noseSneer",
        (
            side.bump(
                wing,
                (0.01 * unit, -0.09 * unit),
                (0.22 * unit, 0.3 * unit, 0.3 * unit, 0.32 * unit),
            ),
        ),
    )


def _puff(face: Anatomy) -> Named:
    unit = face.unit
    wide, tall = 0.55 * unit, 0.62 * unit
    cheeks = [
        Bump(
            (out * 0.66 * face.half_width, 0.85 * unit),
            (wide, wide, tall, tall),
            move=(out * 0.07 * unit, 0),
            grow=(0.3, 0.15),
        )
        for out in SIDES.values()
    ]
    yield "cheekPuff", tuple(cheeks)

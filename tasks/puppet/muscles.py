"""What each weight pulls at: the soft tissue of the face as a few bumps a blend shape.

What opens and shuts (lips, lids) is not here: see `lips` and `eyelids`; the mouth's own bumps are
in `mouth_muscles`, and the brows, whose weights do not simply add up, in `brows`. Lengths are
in the face's own measure, `unit`: from the eyes to the mouth.
"""

from collections.abc import Mapping

from tasks.puppet.anatomy import SIDES, Anatomy
from tasks.puppet.bump import Bump, Mover, Named, Side
from tasks.puppet.mouth_muscles import mouth_corner, mouth_middle, mouth_side


def muscles(face: Anatomy) -> Mapping[str, tuple[Mover, ...]]:
    """The bumps of each weight that moves soft tissue, at weight 1."""
    table: dict[str, tuple[Mover, ...]] = {**dict(_puff(face)), **dict(mouth_middle(face))}
    for side in SIDES:
        one = Side(face, side)
        for name, bumps in (*_cheek(one), *mouth_corner(one), *mouth_side(one)):
            table[f"{name}{side}"] = bumps
    return table


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

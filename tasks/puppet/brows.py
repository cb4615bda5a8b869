"""The brows: pulled up and down at either end, and at once."""

from collections.abc import Collection, Iterator, Mapping

from tasks.character.face import Point
from tasks.puppet.anatomy import SIDES, Anatomy
from tasks.puppet.bump import Bump, Share, Side


def brows(
    face: Anatomy, weights: Mapping[str, float], sides: Collection[str] = tuple(SIDES)
) -> tuple[Bump, ...]:
    """The bumps that move both brows as the weights ask, taken together.

    What pulls up is set against what pulls down first: two fields that each drag the brow another
    way would tear it, as their bumps lie in different places. `sides`: of the brows that are seen.
    """
    return tuple(bump for side in sides for bump in _brow(Side(face, side), side, weights))


def _brow(side: Side, name: str, weights: Mapping[str, float]) -> Iterator[Bump]:
    unit, brow = side.face.unit, side.brow
    gap = _gap(side)
    up = min(0.19 * unit, 0.7 * gap + 0.04 * unit)
    down = min(0.14 * unit, 0.6 * gap)
    frown = weights.get(f"browDown{name}", 0.0)
    at_nose = down * frown - up * weights.get("browInnerUp", 0.0)
    at_temple = 0.15 * down * frown - up * weights.get(f"browOuterUp{name}", 0.0)
    ends = (brow.inner[0], brow.outer[0])
    # a lid that is raised as well needs its own room below the brow
    room = gap - 0.27 * side.face.eyes[name].height * weights.get(f"eyeWide{name}", 0.0)
    if at_nose or frown:
        yield _pulled(side, (-0.35 * down * frown * side.out, at_nose), ends[::-1], room)
    if at_temple:
        yield _pulled(side, (0.0, at_temple), ends, room)


def _gap(side: Side) -> float:
    """From the brow to the upper lid."""
    return max(side.lid[1] - side.brow.middle[1], 0.12 * side.face.unit)


def _pulled(side: Side, move: Point, share: Share, room: float) -> Bump:
    """One end of a brow, moved; the bump lies along the brow's arch."""
    unit, brow, far = side.face.unit, side.brow, abs(move[1])
    if move[1] < 0:
        # the lid's crease stays: below the brow the skin gives way at once
        above, below = 1.2 * far + 0.12 * unit, max(0.85 * (room + far), 1.85 * far)
    else:
        above, below = max(0.28 * unit, 1.9 * far), 0.9 * room
    length = abs(brow.outer[0] - brow.inner[0])
    nose_side, temple_side = 0.5 * length + 0.7 * unit, 0.5 * length + 0.55 * unit
    arch = 0.5 * (brow.inner[1] + brow.outer[1]) - brow.middle[1]
    bow = max(min(arch * (2 * nose_side / length) ** 2, unit), 0.0)
    sides = (nose_side, temple_side) if side.out > 0 else (temple_side, nose_side)
    middle = 0.5 * (brow.inner[0] + brow.outer[0])
    return Bump((middle, brow.middle[1] + bow), (*sides, above, below), move, bow=-bow, share=share)

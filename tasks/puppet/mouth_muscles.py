"""What the mouth's weights pull at, as bumps; lengths are parts of `half`, half a mouth."""

from tasks.puppet.anatomy import SIDES, Anatomy, MouthShape
from tasks.puppet.bump import Bump, Named, Share, Side
from tasks.puppet.rolled_lip import RolledLip

SMALL, MOST = 0.27, 1.7
"""parts of the face's unit: as if it were half a mouth so wide, but for at most so many times its
own, the corners of a smaller one are moved"""


def _lively(face: Anatomy) -> float:
    """Half a mouth, as the measure of how its corners move: where a mouth is drawn very small, a
    part of it would not be seen."""
    half = face.mouth.half
    return min(max(half, SMALL * face.unit), MOST * half)


def mouth_corner(side: Side) -> Named:
    half, corner = _lively(side.face), side.corner
    wide = (1.2 * half, 1.5 * half, 1.1 * half, 1.0 * half)
    cheek = (corner[0] + 0.9 * half * side.out, corner[1] - 0.9 * half)
    yield (
        "mouthSmile",
        (
            side.bump(corner, (0.27 * half, -0.4 * half), wide),
            side.bump(cheek, (0.06 * half, -0.2 * half), (1.3 * half,) * 4),
        ),
    )
    yield "mouthFrown", (side.bump(corner, (0.04 * half, 0.36 * half), wide),)
    yield (
        "mouthStretch",
        (side.bump(corner, (0.36 * half, 0.06 * half), (1.1 * half, 1.6 * half, half, half)),),
    )
    yield (
        "mouthDimple",
        (side.bump(corner, (0.18 * half, -0.04 * half), (0.7 * half, half, half, half)),),
    )


def mouth_side(side: Side) -> Named:
    """The weights of one side of the lips."""
    mouth = side.face.mouth
    half = mouth.half
    ends = (mouth.centre[0] - 0.8 * half * side.out, mouth.centre[0] + 0.8 * half * side.out)
    yield (
        "mouthPress",
        (
            *(_rolled(side.face, upper=upper, part=0.4, share=ends) for upper in (True, False)),
            side.bump(side.corner, (0.16 * half, 0.03 * half), (0.7 * half,) * 4),
        ),
    )
    fold = (side.corner[0] - 0.2 * half * side.out, mouth.centre[1] - mouth.upper - 0.3 * half)
    yield "mouthUpperUp", (side.bump(fold, (0, -0.08 * half), (0.6 * half,) * 4),)


def mouth_middle(face: Anatomy) -> Named:
    """The weights of the whole mouth and of the jaw."""
    mouth, half = face.mouth, face.mouth.half
    yield "mouthRollUpper", (_rolled(face, upper=True, part=0.65),)
    yield "mouthRollLower", (_rolled(face, upper=False, part=0.65),)
    yield "mouthPucker", (*_drawn_in(mouth, 0.36, 0.0), _thick(mouth, 0.05))
    yield "mouthFunnel", (*_drawn_in(mouth, 0.16, 0.0), _thick(mouth, 0.2))
    yield "jawOpen", _drawn_in(mouth, 0.13, 0.05)
    yield "mouthShrugUpper", (_shrugged(mouth, -mouth.upper, 0.8 * half),)
    yield "mouthShrugLower", (_shrugged(mouth, mouth.lower, 1.2 * half),)
    yield from _sideways(face)


def _bow(mouth: MouthShape) -> float:
    """How far the line where the lips meet hangs between the corners."""
    return mouth.centre[1] - (mouth.left[1] + mouth.right[1]) / 2


WIDE = 1.25
"""how far, in halves of the mouth, what moves the lips reaches to the sides"""


def _thick(mouth: MouthShape, grow: float) -> Bump:
    """Both lips thicker, from the line where they meet."""
    half, bow, (x, y) = mouth.half, _bow(mouth), mouth.centre
    up, down = 1.4 * mouth.upper + 0.5 * half, 1.4 * mouth.lower + 0.5 * half
    return Bump((x, y - bow), (WIDE * half, WIDE * half, up, down), grow=(0, grow), bow=bow)


def _rolled(face: Anatomy, *, upper: bool, part: float, share: Share | None = None) -> RolledLip:
    other = face.nose if upper else face.chin
    return RolledLip(face.mouth, abs(other[1] - face.mouth.centre[1]), upper, part, share)


def _drawn_in(mouth: MouthShape, inwards: float, down: float) -> tuple[Bump, ...]:
    """Both corners of the mouth drawn towards its middle, by parts of `half`."""
    half = mouth.half
    return tuple(
        Bump(corner, (half, half, 0.9 * half, 0.9 * half), (-way * inwards * half, down * half))
        for corner, way in ((mouth.left, 1), (mouth.right, -1))
    )


def _shrugged(mouth: MouthShape, edge: float, outer: float) -> Bump:
    """A lip pushed up at its outer edge."""
    half, (x, y) = mouth.half, mouth.centre
    inner = abs(edge) + 0.5 * half
    reach = (outer, inner) if edge < 0 else (inner, outer)
    return Bump((x, y + edge), (0.9 * half, 0.9 * half, *reach), (0, -0.14 * half))


def _sideways(face: Anatomy) -> Named:
    unit, half, mouth, chin = face.unit, face.mouth.half, face.mouth.centre, face.chin
    drop = chin[1] - mouth[1]
    for side, way in SIDES.items():
        yield (
            f"mouth{side}",
            (Bump(mouth, (2.1 * half, 2.1 * half, half, half), (way * 0.3 * half, 0)),),
        )
        jaw = Bump(
            (chin[0], chin[1] - 0.3 * drop),
            (1.1 * face.half_width, 1.1 * face.half_width, 1.2 * drop, 1.2 * drop),
            (way * 0.13 * unit, 0),
        )
        yield f"jaw{side}", (jaw,)

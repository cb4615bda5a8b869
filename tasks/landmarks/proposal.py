"""The `face` block that a found face proposes: points of the mesh, and what the picture shows.

The mesh has learned real faces. Where an eye is drawn larger than any real one, its lids and its
iris are looked for in the picture; and where skin is drawn in one colour, so are the mouth, and
eyes that are shut.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.landmarks.drawn_eye import EyeSeen, look
from tasks.landmarks.eye_blob import drawn_eyes, eyes_seen
from tasks.landmarks.find import CERTAIN, Found
from tasks.landmarks.marks import Marks
from tasks.landmarks.networks import Floats
from tasks.landmarks.skin_seen import Skin, skin_seen

# Numbers of points in MediaPipe's canonical mesh. Left and right are the character's own.
_EYES = {"left_eye": (362, 263, 386, 374), "right_eye": (133, 33, 159, 145)}
_BROWS = {"left_brow": (336, 334, 300), "right_brow": (107, 105, 70)}
_ALONG_BROW = ("inner", "middle", "outer")
_MOUTH = {"left": 291, "right": 61, "upper_lip": 0, "lower_lip": 17}
_LIPS_MEET = (13, 14)
_NOSE, _CHIN = 2, 152
_OUTLINE = (127, 93, 58, 136, 149, 152, 378, 365, 288, 323, 356)
_SKIN = (50, 280, 205, 425, 195, 6, 101, 330)
_DIGITS = 4


def is_face(picture: NDArray[np.uint8], found: Found) -> bool:
    """Whether what was found is worth proposing: where few windows agree, marks speak for it."""
    if found.sure:
        # a part of a machine, of which a few windows make a face, has no skin
        return found.agreed >= CERTAIN or _skin(picture, found.points).plain
    return found.likely and is_drawn_there(picture, found.points)


def _skin(picture: NDArray[np.uint8], points: Floats) -> Skin:
    return skin_seen(picture, points, _OUTLINE, _SKIN)


def is_drawn_there(picture: NDArray[np.uint8], points: Floats) -> bool:
    """Whether it is a drawing with marks where the mesh has its eyes, and near its mouth."""
    skin = _skin(picture, points)
    if not skin.plain:
        return False
    meshed = [EyeSeen(*(points[at] for at in numbers)) for numbers in _EYES.values()]
    left, right = ((eye.inner + eye.outer) / 2 for eye in meshed)
    marks = Marks(picture, right, left, skin)
    ends = points[_MOUTH["right"]], points[_MOUTH["left"]]
    return eyes_seen(picture, meshed, skin) and marks.has_mouth(*ends, points[_NOSE])


def proposal(picture: NDArray[np.uint8], points: Floats) -> dict[str, Any]:
    """The whole `face` block as plain data, in 0..1 of the portrait.

    `picture`: RGBA, (height, width, 4); `points`: the mesh in its pixels, (468, 2).
    """
    height, width = picture.shape[:2]

    def part(at: Floats) -> list[float]:
        return [round(float(at[0]) / width, _DIGITS), round(float(at[1]) / height, _DIGITS)]

    skin = _skin(picture, points)
    block: dict[str, Any] = {}
    meshed = {name: EyeSeen(*(points[at] for at in numbers)) for name, numbers in _EYES.items()}
    drawn = drawn_eyes(picture, meshed, skin)
    middles = [(eye.inner + eye.outer) / 2 for eye in meshed.values()]
    marks = Marks(picture, middles[1], middles[0], skin) if skin.plain else None
    for name, middle in zip(_EYES, middles, strict=True):
        line = marks.shut_eye(middle) if marks and name not in drawn else None
        if line:
            ends = line if name == "left_eye" else line[::-1]
            block[name] = {"inner": part(ends[0]), "outer": part(ends[1]), "kind": "shut"}
            continue
        eye = drawn.get(name) or look(picture, meshed[name], skin)
        block[name] = {
            "inner": part(eye.inner),
            "outer": part(eye.outer),
            "upper_lid": part(eye.upper),
            "lower_lid": part(eye.lower),
        }
        if eye.iris is not None:
            block[name] |= {
                "iris": part(eye.iris),
                "iris_radius": round(eye.iris_radius_px / width, _DIGITS),
            }
    for (name, numbers), beneath in zip(_BROWS.items(), meshed, strict=True):
        upper = drawn.get(beneath, meshed[beneath]).upper
        brow = marks.brow(points[numbers[1]], upper) if marks else None
        if brow:
            ordered = brow if name == "left_brow" else brow[::-1]
            block[name] = dict(zip(_ALONG_BROW, map(part, ordered), strict=True))
            continue
        along = zip(_ALONG_BROW, numbers, strict=True)
        block[name] = {place: part(points[number]) for place, number in along}
    lips = {name: points[number] for name, number in _MOUTH.items()}
    lips["centre"] = points[list(_LIPS_MEET)].mean(axis=0)
    nose, chin = points[_NOSE], points[_CHIN]
    seen = marks.mouth(lips["right"], lips["left"], nose) if marks else None
    if seen:
        lips = {"left": seen.right, "right": seen.left, "centre": seen.centre}
        if seen.upper is not None and seen.lower is not None:
            lips |= {"upper_lip": seen.upper, "lower_lip": seen.lower}
        # the nose lies above what is seen of the mouth, and the chin below it
        least = 0.12 * float(np.hypot(*(middles[0] - middles[1])))
        nose = np.array([nose[0], min(nose[1], float(min(at[1] for at in lips.values())) - least)])
        chin = np.array([chin[0], max(chin[1], float(max(at[1] for at in lips.values())) + least)])
    block["nose_base"] = part(nose)
    block["mouth"] = {name: part(at) for name, at in lips.items()}
    block["chin"] = part(chin)
    block["outline"] = [part(points[number]) for number in _OUTLINE]
    return block

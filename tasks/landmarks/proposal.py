"""The `face` block that a found face proposes: points of the mesh, and what the picture shows.

The mesh has learned real faces. Where an eye is drawn larger than any real one, its lids and its
iris are looked for in the picture.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.landmarks.drawn_eye import EyeSeen, look
from tasks.landmarks.eye_blob import drawn_eyes
from tasks.landmarks.networks import Floats

# Numbers of points in MediaPipe's canonical mesh. Left and right are the character's own.
_EYES = {"left_eye": (362, 263, 386, 374), "right_eye": (133, 33, 159, 145)}
_BROWS = {"left_brow": (336, 334, 300), "right_brow": (107, 105, 70)}
_MOUTH = {"left": 291, "right": 61, "upper_lip": 0, "lower_lip": 17}
_LIPS_MEET = (13, 14)
_NOSE, _CHIN = 2, 152
_OUTLINE = (127, 93, 58, 136, 149, 152, 378, 365, 288, 323, 356)
_SKIN = (50, 280, 205, 425, 195, 6, 101, 330)
_DIGITS = 4


def proposal(picture: NDArray[np.uint8], points: Floats) -> dict[str, Any]:
    """The whole `face` block as plain data, in 0..1 of the portrait.

    `picture`: RGBA, (height, width, 4); `points`: the mesh in its pixels, (468, 2).
    """
    height, width = picture.shape[:2]

    def part(at: Floats) -> list[float]:
        return [round(float(at[0]) / width, _DIGITS), round(float(at[1]) / height, _DIGITS)]

    skin = [points[number] for number in _SKIN]
    block: dict[str, Any] = {}
    meshed = {name: EyeSeen(*(points[at] for at in numbers)) for name, numbers in _EYES.items()}
    drawn = drawn_eyes(picture, meshed, skin)
    for name in _EYES:
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
    for name, numbers in _BROWS.items():
        ends = zip(("inner", "middle", "outer"), numbers, strict=True)
        block[name] = {end: part(points[number]) for end, number in ends}
    block["nose_base"] = part(points[_NOSE])
    block["mouth"] = {name: part(points[number]) for name, number in _MOUTH.items()}
    block["mouth"]["centre"] = part(points[list(_LIPS_MEET)].mean(axis=0))
    block["chin"] = part(points[_CHIN])
    block["outline"] = [part(points[number]) for number in _OUTLINE]
    return block

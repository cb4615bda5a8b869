"""The settings of the finishing steps and of the checks, and all their defaults.

Nothing here imports more than the standard library: the config's frozen data holds a `Finish`.
"""

from dataclasses import dataclass
from typing import Literal

Register = Literal["off", "shift", "similarity", "affine"]
Seam = Literal["feather", "gradient"]


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to a take, in this order; each step can be off."""

    size: bool = True
    """bring the take to the exact output size"""
    key: str = "auto"
    """`auto` makes a flat background transparent where the reference's is and the take's is not,
    `off` never, `#rrggbb` always takes this colour away"""
    register: Register = "similarity"
    """align the take to its reference: `shift` moves only, `similarity` also turns and scales,
    `affine` also shears, `off` leaves it"""
    match: bool = True
    """give the take the colours and the exposure of its reference, as measured outside the face"""
    lock: bool = True
    """take only the face from the take, and everything else from the reference, bit for bit"""
    face_mask: str | None = None
    """a picture in which the face is white, as a file beside the config; without it the region
    comes from the landmarks"""
    seam: Seam = "gradient"
    """how the face is joined: `feather` fades, `gradient` also levels the colours along the seam"""
    seam_width: float = 0.025
    """how far the fade reaches into the region, as a part of the picture's width"""
    region_margin: float = 1.0
    """how far the region from landmarks reaches beyond brows, cheeks and chin; 1 leaves room
    for raised brows and a dropped jaw"""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a figure is flagged. Chosen from `tests/benchmarks/stillness.py`."""

    drift_px: float = 1.0
    """how far what surrounds the face may still lie from the reference, in px of a picture 1024
    wide (others in proportion): clean takes stay below 0.5, a head that moved alone by 5 leaves
    1.5"""
    outside_ssim: float = 0.9
    """how like the reference (1 is the same) a frame must be outside the face: noise and JPEG
    traces leave 0.96 and more"""
    outside_max: float = 48.0
    """by how many levels of 255 the worst small spot outside the face may differ: clean takes come
    to 20 at most, another sweater to 110 and more"""
    strength: float = 16.0
    """by how many levels of 255 the face must differ from neutral where it differs most: the
    example's expressions come to 31 and more, a neutral face drawn again to 9 at most"""
    nearness: float = 12.0
    """by how many levels of 255 the faces of two expressions must differ likewise: the nearest two
    of the example differ by 32, two takes of one expression by 8 at most"""
    blank_contrast: float = 6.0
    """how many levels of 255 the picture's tones must spread (standard deviation)"""
    cropped: float = 0.05
    """how much of the figure, or of edges that it should not reach, may be cut off: takes drawn a
    fifth too large cut 0.06 and more"""
    alpha_lost: float = 0.05
    """how much of what is transparent in the reference may be covered, as a part of it"""
    halo: float = 30.0
    """by how many levels of 255 the figure's rim may differ from that of the reference: a line that
    an opened jaw leaves without its ink comes to 21, a badly keyed rim to 80 and more"""
    eye_colours: float = 0.02
    """how much of an eye that is shut may show its white or its iris: those of the drawn characters
    in the tests show none, a wedge left in a corner 0.04 and more"""
    eye_height: float = 0.65
    """how much of its height may be no skin: a thick lash line comes to 0.5, a lid that stops half
    of the way to 0.7"""
    outline_torn: float = 0.1
    """how much of the outline of cheeks and jaw may be broken or lost: an open jaw comes to 0.03"""
    stray: float = 0.02
    """how much of an opaque portrait may change far from the head, in a draft: nothing does"""

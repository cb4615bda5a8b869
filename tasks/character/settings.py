"""The settings of the finishing steps and of the checks, and all their defaults.

The config's `finish` and `checks` are these types: pydantic checks them by their bounds, editors
show their texts.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from tasks.character.bounds import FileName, Levels, Part, Pattern

KEY_PATTERN = r"^(auto|off|#[0-9a-fA-F]{6})$"
Register = Literal["off", "shift", "similarity", "affine"]
Seam = Literal["feather", "gradient"]


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to a take to make a frame of it, in this order: free, and without a call."""

    size: bool = True
    """bring the take to the exact output size"""
    key: Annotated[str, Pattern(KEY_PATTERN)] = "auto"
    """make a flat background transparent: `auto` where the reference's is and the take's is not,
    `off` never, `#00ff00` always that colour"""
    register: Register = "similarity"
    """align the take to its reference, by what is outside the face: `shift` moves only,
    `similarity` also turns and scales, `affine` also shears"""
    match: bool = True
    """give the take the colours and the exposure of its reference, by what is outside the face"""
    lock: bool = True
    """take only the face from the take, and everything else from the reference, bit for bit"""
    face_mask: FileName | None = None
    """a picture of the portrait's size in which the face is white; without it the region comes
    from the landmarks in `face`"""
    seam: Seam = "gradient"
    """how the face is joined: `feather` fades, `gradient` also levels the colours along the seam"""
    seam_width: Annotated[float, Ge(0), Le(0.2)] = 0.025
    """how far the fade reaches into the region, as a part of the picture's width"""
    region_margin: Annotated[float, Ge(0), Le(3)] = 1.0
    """how far the region from landmarks reaches beyond brows, cheeks and chin"""
    # 1 leaves room for raised brows and a dropped jaw.


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a frame is flagged."""

    # Chosen from the figures of `tests/benchmarks/stillness.py`.

    drift_px: Annotated[float, Ge(0)] = 1.0
    """pixels by which what surrounds the face may still lie off the reference"""
    # In px of a picture 1024 wide, others in proportion: clean takes stay below 0.5, a head that
    # moved alone by 5 leaves 1.5.
    outside_ssim: Part = 0.9
    """how like the reference (1 is the same) a frame must be outside the face"""
    # Noise and JPEG traces leave 0.96 and more.
    outside_max: Levels = 48.0
    """levels of 255 by which the worst small spot outside the face may differ"""
    # Clean takes come to 20 at most, another sweater to 110 and more.
    strength: Levels = 16.0
    """levels of 255 by which the face must differ from neutral where it differs most"""
    # The example's expressions come to 31 and more, a neutral face drawn again to 9 at most.
    nearness: Levels = 12.0
    """levels of 255 by which the faces of two expressions must differ likewise"""
    # The nearest two of the example differ by 32, two takes of one expression by 8 at most.
    blank_contrast: Levels = 6.0
    """levels of 255 by which the picture's tones must spread"""
    # As a standard deviation.
    cropped: Part = 0.05
    """how much of the reference's figure may be missing"""
    # Or of edges that it should not reach: takes drawn a fifth too large cut 0.06 and more.
    alpha_lost: Part = 0.05
    """how much of what is transparent in the reference may be covered"""
    halo: Levels = 30.0
    """levels of 255 by which the figure's rim may differ from that of the reference"""
    # A line that an opened jaw leaves without its ink comes to 21, a badly keyed rim to 80 and
    # more.
    eye_colours: Part = 0.02
    """how much of an eye that should be shut may show its white or its iris"""
    # The drawn characters in the tests show none, a wedge left in a corner 0.04 and more.
    eye_height: Part = 0.65
    """how much of the height of an eye that should be shut may be something else than skin"""
    # A thick lash line comes to 0.5, a lid that stops half of the way to 0.7.
    outline_torn: Part = 0.1
    """how much of the outline of cheeks and jaw may be broken"""
    # An open jaw comes to 0.03.
    stray: Part = 0.02
    """how much of what lies far from the head may change in a draft"""
    # Nothing does.

"""What becomes of a frame that doit found out of date."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

MOST_TAKES = 20
"""new takes of a frame that may be asked for at once"""


class Step(Enum):
    """What is done for it."""

    DRAW = "drawn"
    RETAKE = "retaken"
    """new takes came, and the one in use stayed"""
    RESTORE = "restored"
    """made from a take that is in the store"""
    FIT = "fitted"
    """the artist's portrait itself"""
    COPY = "copied"
    """a keyframe, as an end of a sequence"""
    MORPH = "morphed"
    """made from the pixels of the two frames around it"""
    ADOPT = "adopted"
    """there already, and right"""
    FAIL = "failed"
    """it is known beforehand that it cannot be drawn"""
    WAIT = "in a batch"
    """a batch draws it"""
    KEEP_BY_HAND = "kept by hand"
    KEEP_APPROVED = "kept approved"
    """it is approved, and what it is made from changed since"""
    KEEP_FINAL = "kept final"
    """a paid picture, where only a draft could take its place"""


@dataclass(frozen=True, slots=True)
class Built:
    """What was done for a frame."""

    step: Step
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """what a person should look at"""
    read: Mapping[str, str] = field(default_factory=dict, compare=False)
    """the digest of each part that it was made from (`tasks.build.changes`)"""

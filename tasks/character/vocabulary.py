"""The words and blend shapes that every project starts with: axis values and poses.

A config names these values and need not spell them out; it may override any of them. Blend
shapes are Apple's ARKit ones, by their names, each from 0 (rest) to 1 (full).
Source of the names: ARFaceAnchor.BlendShapeLocation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tasks.character.face import Head

ARKIT_NAMES: tuple[str, ...] = (
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight"),
    *("eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight"),
    *("eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight"),
    *("eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight"),
    *("eyeWideLeft", "eyeWideRight"),
    *("jawForward", "jawLeft", "jawOpen", "jawRight"),
    *("mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight"),
    *("mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut"),
)


@dataclass(frozen=True, slots=True)
class AxisValue:
    """One value of one axis: its words for an image model, its weights for the puppet."""

    words: str = ""
    blendshapes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoseWords:
    """A pose that has a name of its own: what the head does, in words and in degrees."""

    words: str
    head: Head


def both_sides(**weights: float) -> dict[str, float]:
    """Spell a weight out for the left and the right side."""
    return {f"{name}{side}": weight for name, weight in weights.items() for side in _SIDES}


_SIDES = ("Left", "Right")

AXES: Mapping[str, Mapping[str, AxisValue]] = MappingProxyType(
    {
        "mouth": MappingProxyType(
            {
                "neutral": AxisValue("the mouth relaxed and closed"),
                "smile_soft": AxisValue(
                    "a soft, closed-mouth smile",
                    both_sides(mouthSmile=0.75, mouthDimple=0.3, cheekSquint=0.3),
                ),
                "smile_big": AxisValue(
                    "a big open smile that shows the upper teeth",
                    {
                        "jawOpen": 0.3,
                        **both_sides(mouthSmile=1.0, mouthUpperUp=0.4, cheekSquint=0.5),
                    },
                ),
                "ah": AxisValue(
                    "the mouth wide open, saying 'ah'",
                    {"jawOpen": 0.7, **both_sides(mouthLowerDown=0.2)},
                ),
                "ee": AxisValue(
                    "the lips stretched wide and slightly parted over the teeth, saying 'ee'",
                    {
                        "jawOpen": 0.15,
                        **both_sides(mouthStretch=0.7, mouthUpperUp=0.3, mouthLowerDown=0.3),
                    },
                ),
                "uw": AxisValue(
                    "the lips rounded and pushed forward, saying 'oo'",
                    {"jawOpen": 0.15, "mouthPucker": 0.8, "mouthFunnel": 0.5},
                ),
                "frown": AxisValue(
                    "the corners of the mouth turned down",
                    {"mouthShrugLower": 0.4, **both_sides(mouthFrown=1.0)},
                ),
                "closed": AxisValue(
                    "the lips pressed firmly together",
                    {
                        "mouthRollUpper": 0.9,
                        "mouthRollLower": 0.9,
                        **both_sides(mouthPress=1.0, mouthStretch=0.4),
                    },
                ),
            }
        ),
        "eyes": MappingProxyType(
            {
                "neutral": AxisValue("the eyes open, looking at the viewer"),
                "wide": AxisValue("the eyes opened wide", both_sides(eyeWide=1.0)),
                "squint": AxisValue(
                    "the eyes narrowed", both_sides(eyeSquint=0.9, cheekSquint=0.3)
                ),
                "blink_closed": AxisValue("the eyes fully closed", both_sides(eyeBlink=1.0)),
            }
        ),
        "brows": MappingProxyType(
            {
                "neutral": AxisValue("the eyebrows relaxed"),
                "raise": AxisValue(
                    "the eyebrows raised", {"browInnerUp": 0.8, **both_sides(browOuterUp=0.8)}
                ),
                "furrow": AxisValue(
                    "the eyebrows drawn down and together", both_sides(browDown=1.0, noseSneer=0.2)
                ),
            }
        ),
    }
)

POSES: Mapping[str, PoseWords] = MappingProxyType(
    {
        "center": PoseWords("the head upright, facing the viewer", Head()),
        "tilt_left_small": PoseWords(
            "the head tilted slightly towards the character's own left shoulder",
            Head(roll_deg=8.0),
        ),
        "tilt_right_small": PoseWords(
            "the head tilted slightly towards the character's own right shoulder",
            Head(roll_deg=-8.0),
        ),
        "nod_down_small": PoseWords(
            "the head nodded slightly down, the chin a little lower", Head(pitch_deg=8.0)
        ),
        "nod_up_small": PoseWords(
            "the head nodded slightly up, the chin a little higher", Head(pitch_deg=-8.0)
        ),
    }
)

"""What an expression's mouth does, and which expressions are moods: known without a timeline.

By blend shapes, or, where an expression has none, by its name. Pure.
"""

import re
from collections.abc import Iterator, Mapping

from tasks.character.character import NEUTRAL, Expression

Mouth = tuple[float, float, float, float, float]
"""how far it is open, wide, round, pressed shut, and smiling (below 0: frowning); 0..1"""

WANTED: Mapping[str, Mouth] = {
    "A": (0.0, 0.0, 0.0, 0.8, 0.0),
    "B": (0.14, 0.45, 0.0, 0.0, 0.0),
    "C": (0.35, 0.15, 0.0, 0.0, 0.0),
    "D": (0.7, 0.0, 0.0, 0.0, 0.0),
    "E": (0.4, 0.0, 0.45, 0.0, 0.0),
    "F": (0.15, 0.0, 0.75, 0.0, 0.0),
    "G": (0.06, 0.15, 0.0, 0.3, 0.0),
    "H": (0.28, 0.15, 0.0, 0.0, 0.0),
    "X": (0.0, 0.0, 0.0, 0.0, 0.0),
}
_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("a", "closed", "mbp", "pbm", "m", "p", "b", "pp", "shut", "pressed"), "A"),
    **dict.fromkeys(("ee", "i", "iy", "s", "ss", "teeth", "etc", "ih", "dd", "kk", "nn"), "B"),
    **dict.fromkeys(("eh", "e", "ae", "c", "half"), "C"),
    **dict.fromkeys(("ah", "aa", "ai", "d", "open", "wide"), "D"),
    **dict.fromkeys(("oh", "o", "ao", "er", "aw", "rr"), "E"),
    **dict.fromkeys(("uw", "oo", "u", "ou", "w", "wq", "f", "pucker"), "F"),
    **dict.fromkeys(("fv", "g", "ff", "v"), "G"),
    **dict.fromkeys(("l", "th", "h", "tongue"), "H"),
    **dict.fromkeys(("neutral", "rest", "x", "sil", "idle", "relaxed"), "X"),
}
PREFIX = re.compile(
    r"(?:speaking|speak|talking|talk|mouth|viseme|lip|lips|say|phoneme|shape)[_.-]?", re.IGNORECASE
)
"""what may stand before the name of a shape"""
_MOUTH_PARTS = ("mouth", "jaw", "tongue", "cheek", "nose")
_MOOD = 0.1
"""from how much of a smile or a frown on a mouth alone is a mood"""
_FULL = 0.5
"""above this difference, a face is no mouth alone: it has a mood of its own"""


def mouth_of(expression: Expression) -> Mouth:
    """What its mouth does: by its blend shapes, else by its name or its axis `mouth`."""
    weights = expression.blendshapes

    def both(name: str) -> float:
        return (weights.get(f"{name}Left", 0.0) + weights.get(f"{name}Right", 0.0)) / 2

    if any(name.startswith(_MOUTH_PARTS[:3]) and weight for name, weight in weights.items()):
        opened = max(0.0, weights.get("jawOpen", 0.0) - weights.get("mouthClose", 0.0))
        rounded = max(weights.get("mouthPucker", 0.0), weights.get("mouthFunnel", 0.0))
        rolled = (weights.get("mouthRollUpper", 0.0) + weights.get("mouthRollLower", 0.0)) / 2
        shut = max(rolled, both("mouthPress"))
        mood = both("mouthSmile") - both("mouthFrown")
        return opened, both("mouthStretch"), rounded, shut, mood
    shape = _named(expression.values.get("mouth", "")) or _named(expression.id)
    return WANTED[shape or "X"]


def _named(name: str) -> str:
    """The shape that a name means: `ah`, `speaking_ah`, `mouth_D`, `viseme_aa`."""
    return _NAMES.get(PREFIX.sub("", name, count=1).casefold(), "")


def feelings(expressions: Mapping[str, Expression]) -> Iterator[str]:
    """The expressions that are moods: neither a mouth that speaks and nothing else, nor a blink."""
    neutral = expressions.get(NEUTRAL, Expression(NEUTRAL))
    yield NEUTRAL
    for name, expression in expressions.items():
        plain = mouth_alone(expression, neutral) and abs(mouth_of(expression)[4]) < _MOOD
        if name != NEUTRAL and not plain and not eyes_shut(expression):
            yield name


def eyes_shut(expression: Expression) -> bool:
    """Whether it is a blink, or a face that sleeps."""
    weights = expression.blendshapes
    if any(name.startswith("eyeBlink") for name in weights):
        return min(weights.get(f"eyeBlink{side}", 0.0) for side in ("Left", "Right")) > 0.8
    return "blink" in expression.id or "blink" in expression.values.get("eyes", "")


def mouth_alone(expression: Expression, neutral: Expression) -> bool:
    """Whether eyes, brows and what else there is are as in the neutral face."""
    if any(
        expression.values.get(axis, "") != neutral.values.get(axis, "")
        for axis in {*expression.values, *neutral.values} - {"mouth"}
        if expression.values
    ):
        return False
    if not expression.values and not _named(expression.id) and not expression.blendshapes:
        return expression.id == NEUTRAL
    names = {*expression.blendshapes, *neutral.blendshapes}
    off = sum(
        abs(expression.blendshapes.get(name, 0.0) - neutral.blendshapes.get(name, 0.0))
        for name in names
        if not name.startswith(_MOUTH_PARTS)
    )
    return off < _FULL

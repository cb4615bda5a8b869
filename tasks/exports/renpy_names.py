"""What things are called in a Ren'Py game: one word each, in lower case, none of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tasks.exports.cast import Cast
from tasks.exports.names import word
from tasks.exports.pixels import pose_name

_KEYWORDS = frozenset(
    (
        "as",
        "at",
        "behind",
        "call",
        "expression",
        "hide",
        "if",
        "in",
        "image",
        "init",
        "jump",
        "menu",
        "onlayer",
        "python",
        "return",
        "scene",
        "show",
        "with",
        "while",
        "zorder",
        "transform",
    )
)
TALKING, BLINKING, SHUT = "talking", "blinking", "eyes_shut"
"""attributes of every frame that can move"""


@dataclass(frozen=True)
class Names:
    """What a character, its expressions and its poses are called."""

    tag: str
    expressions: Mapping[str, str]
    poses: Mapping[str, str]
    default_pose: str
    costumes: Mapping[str, str]
    costume: str = ""
    """the attribute of the costume that is worn; empty: the outfit of the own portrait"""

    def attributes(self, expression: str, pose: str) -> str:
        """`happy_big`, or `happy_big tilt_left_small` at another pose than the default one, or in
        a costume `summer happy_big`."""
        own = self.expressions[expression]
        return self.worn(own if pose == self.default_pose else f"{own} {self.poses[pose]}")

    def worn(self, attributes: str) -> str:
        """These attributes, with that of the costume."""
        return f"{self.costume} {attributes}" if self.costume else attributes

    def wearing(self, cast: Cast) -> "Names":
        """The names in the costume of a cast."""
        costume = self.costumes.get(cast.costume, "")
        return replace(self, costume=costume, default_pose=cast.default_pose)


def names_of(cast: Cast) -> Names:
    """The names of a cast: no two alike, since a pose is told from an expression by its name."""
    outfits = (cast, *cast.costumes)
    expressions = _attributes({name: name for worn in outfits for name in worn.expressions})
    shown = {pose: pose_name(cast.settings, pose) for worn in outfits for pose in worn.poses}
    poses = _attributes(shown, expressions.values())
    taken = (*expressions.values(), *poses.values())
    costumes = _attributes({worn.costume: worn.costume for worn in cast.costumes}, taken)
    return Names(word(cast.name), expressions, poses, cast.default_pose, costumes)


def image_file(names: Names, expression: str, pose: str) -> str:
    """Where a frame is, below `game/`."""
    return f"images/{names.tag}/{names.tag} {names.attributes(expression, pose)}.png"


def layer_folder(names: Names, pose: str) -> str:
    """Where the layers of a pose are, below `game/`."""
    worn = f"{names.costume}/" if names.costume else ""
    return f"layers/{names.tag}/{worn}{names.poses[pose]}"


def _attributes(shown: Mapping[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    """An attribute for each id, from what it is to be called; of two alike one is `..._2`."""
    made: dict[str, str] = {}
    used = {*taken}
    for name, own in shown.items():
        plain = attribute = _attribute(own)
        number = 2
        while attribute in used:
            attribute, number = f"{plain}_{number}", number + 1
        used.add(attribute)
        made[name] = attribute
    return made


def _attribute(name: str) -> str:
    """Letters, digits, `_` and `-` in lower case; a word of the language gets a `_`."""
    plain = "".join(sign if sign.isalnum() or sign in "_-" else "_" for sign in name).lower()
    taken = plain in _KEYWORDS or plain in {TALKING, BLINKING, SHUT}
    return f"{plain}_" if taken else plain

"""What things are called in a Ren'Py game: one word each, in lower case, none of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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

    def attributes(self, expression: str, pose: str) -> str:
        """`happy_big`, or `happy_big tilt_left_small` at another pose than the default one."""
        own = self.expressions[expression]
        return own if pose == self.default_pose else f"{own} {self.poses[pose]}"


def names_of(cast: Cast) -> Names:
    """The names of a cast: no two alike, since a pose is told from an expression by its name."""
    expressions = _attributes({name: name for name in cast.expressions})
    shown = {pose: pose_name(cast.settings, pose) for pose in cast.poses}
    poses = _attributes(shown, expressions.values())
    return Names(word(cast.name), expressions, poses, cast.default_pose)


def image_file(names: Names, expression: str, pose: str) -> str:
    """Where a frame is, below `game/`."""
    return f"images/{names.tag}/{names.tag} {names.attributes(expression, pose)}.png"


def layer_folder(names: Names, pose: str) -> str:
    """Where the layers of a pose are, below `game/`."""
    return f"layers/{names.tag}/{names.poses[pose]}"


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

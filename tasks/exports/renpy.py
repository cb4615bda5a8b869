"""A character for Ren'Py: a folder to copy over a game's own.

Every frame is an image by Ren'Py's naming. The default pose has no attribute, so that `show ann
happy_big` finds its picture (`ann happy_big.png`), and another pose is one more (`ann happy_big
tilt_left_small.png`). Layers lie outside of `images/`: what lies there becomes an image by its
file's name alone, and two characters' layers would be taken for one another. Read back with
Ren'Py 8.0.3.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tasks.character.character import NEUTRAL
from tasks.exports.cast import Cast
from tasks.exports.layers import Layers, layers_of
from tasks.exports.names import word
from tasks.exports.output import Output
from tasks.exports.parts import four, parts_of
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import packed, pose_name
from tasks.ground.errors import Mistake

_KEYWORDS = frozenset(
    [
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
    ]
)
_OPEN_S, _SHUT_S = 0.13, 0.11
"""how long a talking mouth is open, and shut: about eight movements in two seconds of speech"""


@dataclass(frozen=True)
class _Names:
    """What things are called in the game."""

    tag: str
    expressions: Mapping[str, str]
    poses: Mapping[str, str]
    default_pose: str

    def attributes(self, expression: str, pose: str) -> str:
        """`happy_big`, or `happy_big tilt_left_small` at another pose than the default one."""
        own = self.expressions[expression]
        return own if pose == self.default_pose else f"{own} {self.poses[pose]}"


def export(cast: Cast, out: Output) -> list[str]:
    """`game/images/<tag>`, `game/layers/<tag>` and `game/<tag>.rpy`."""
    names, pictures = _names(cast), Pictures(cast)
    for (expression, pose), path in cast.frames.items():
        place = f"game/images/{names.tag}/{names.tag} {names.attributes(expression, pose)}.png"
        out.add(place, pictures.png(path))
    layers = {pose: layers_of(pictures, pose) for pose in cast.poses}
    for pose, found in layers.items():
        _put_layers(out, names, pose, found)
    talking = list(_put_talking(out, names, pictures))
    notes = _put_side(out, names, cast)
    out.text(f"game/{names.tag}.rpy", "\n".join(_script(cast, names, layers, talking)) + "\n")
    if not talking:
        notes.append("no talking mouth: no expression opens it (options.talk names one)")
    return [*notes, f"copy game/ over your game's own; then: show {names.tag} {_first(names)}"]


def _first(names: _Names) -> str:
    return next((own for own in names.expressions.values() if own != NEUTRAL), NEUTRAL)


def _names(cast: Cast) -> _Names:
    return _Names(
        word(cast.name),
        _attributes("expressions", cast.expressions),
        {
            pose: _attribute(pose_name(cast.settings, pose))
            for pose in _attributes("poses", cast.poses)
        },
        cast.default_pose,
    )


def _attributes(what: str, ids: tuple[str, ...]) -> dict[str, str]:
    """Each id as an attribute. Raises `Mistake` where two would be one."""
    made: dict[str, str] = {}
    for name in ids:
        attribute = _attribute(name)
        twin = next((other for other, own in made.items() if own == attribute), None)
        if twin:
            raise Mistake(f'{what}: Ren\'Py takes "{twin}" and "{name}" for one attribute')
        made[name] = attribute
    return made


def _attribute(name: str) -> str:
    """Letters, digits, `_` and `-` in lower case; a word of the language gets a `_`."""
    plain = "".join(sign if sign.isalnum() or sign in "_-" else "_" for sign in name).lower()
    return f"{plain}_" if plain in _KEYWORDS or plain == "talking" else plain


def _put_layers(out: Output, names: _Names, pose: str, layers: Layers) -> None:
    folder = _layer_folder(names, pose)
    out.add(f"game/{folder}/body.png", packed(layers.body))
    for expression in layers.faces:
        own = names.expressions[expression]
        out.add(f"game/{folder}/face {own}.png", packed(layers.full(expression)))


def _layer_folder(names: _Names, pose: str) -> str:
    return f"layers/{names.tag}/{names.poses[pose]}"


def _put_talking(out: Output, names: _Names, pictures: Pictures) -> Iterator[tuple[str, str]]:
    """The open mouths; each with the attributes of its frame and its file."""
    cast = pictures.cast
    if parts_of(cast).speaking is None:
        return
    for (expression, pose), path in cast.frames.items():
        states = four(cast, expression, pose)
        if "open" not in states:
            continue
        attributes = names.attributes(expression, pose)
        for state in ("open", "closed"):
            file = f"layers/{names.tag}/talking/{attributes} {state}.png"
            out.add(f"game/{file}", pictures.made(states[state], path))
        yield attributes, f"layers/{names.tag}/talking/{attributes}"


def _put_side(out: Output, names: _Names, cast: Cast) -> list[str]:
    """The faces beside the text."""
    face = replace(cast, settings=replace(cast.settings, crop="face"))
    try:
        pictures = Pictures(face)
    except Mistake as error:
        return [f"no side image: {error}"]
    for expression, own in names.expressions.items():
        path = cast.frames.get((expression, cast.default_pose))
        if path:
            place = f"game/images/{names.tag}/side {names.tag} {own}.png"
            out.add(place, pictures.png(path))
    return []


def _script(
    cast: Cast, names: _Names, layers: Mapping[str, Layers], talking: list[tuple[str, str]]
) -> Iterator[str]:
    tag = names.tag
    yield "# Made by doit exports:renpy. Copy what you change: the next export writes this anew."
    yield ""
    yield f'define {tag} = Character({_quoted(cast.name)}, image="{tag}")'
    for pose, found in layers.items():
        yield ""
        yield from _layered(names, pose, found)
    if talking:
        yield ""
        yield "# While a character speaks it has this attribute, where it has an image with it."
        yield 'define config.speaking_attribute = "talking"'
    for attributes, file in talking:
        yield from (
            "",
            f"image {tag} {attributes} talking:",
            f'    "{file} open.png"',
            f"    pause {_OPEN_S}",
            f'    "{file} closed.png"',
            f"    pause {_SHUT_S}",
            "    repeat",
        )


def _layered(names: _Names, pose: str, layers: Layers) -> Iterator[str]:
    """A layered image: `show ann_layers happy_big`; of other poses `ann_layers_<pose>`."""
    suffix = "" if pose == names.default_pose else "_" + word(names.poses[pose])
    folder = _layer_folder(names, pose)
    yield f"layeredimage {names.tag}_layers{suffix}:"
    yield "    always:"
    yield f'        "{folder}/body.png"'
    yield "    group face:"
    shown = NEUTRAL if NEUTRAL in layers.faces else next(iter(layers.faces))
    for expression in layers.faces:
        own = names.expressions[expression]
        yield f"        attribute {own}{' default' if expression == shown else ''}:"
        yield f'            "{folder}/face {own}.png"'


def _quoted(text: str) -> str:
    """A text of the script; what Ren'Py would take for a tag or a value is doubled."""
    safe = text.replace("\\", "\\\\").replace('"', '\\"').replace("{", "{{").replace("[", "[[")
    return '"' + "".join(sign for sign in safe if sign.isprintable()) + '"'

"""A character for Ren'Py: a folder to copy over a game's own.

Every frame is an image by Ren'Py's naming. The default pose has no attribute, so that `show ann
happy_big` finds its picture (`ann happy_big.png`), and another pose is one more (`ann happy_big
tilt_left_small.png`). Layers lie outside of `images/`: what lies there becomes an image by its
file's name alone, and two characters' layers would be taken for one another. Read back with
Ren'Py 8.0.3. What moves in a face is in `renpy_live`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tasks.character.character import NEUTRAL
from tasks.exports import cues
from tasks.exports.cast import Cast
from tasks.exports.layers import Layers, layers_of
from tasks.exports.names import word
from tasks.exports.output import Output
from tasks.exports.parts import Parts
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import packed
from tasks.exports.plans import plans
from tasks.exports.renpy_live import put_live
from tasks.exports.renpy_names import Names, image_file, layer_folder, names_of
from tasks.ground.errors import Mistake


def export(cast: Cast, out: Output) -> list[str]:
    """`game/images/<tag>`, `game/layers/<tag>`, `game/<tag>.rpy`, lip-sync.

    A costume is one more attribute: `show ann summer happy_big`.
    """
    names = names_of(cast)
    script, notes, talks = _put_outfit(out, names, cast)
    for worn in cast.costumes:
        more, said, _ = _put_outfit(out, names.wearing(worn), worn)
        script += more
        notes += [f"{worn.costume}: {note}" for note in said]
    lips = _put_lips(out, names, cast) if talks else []
    out.text(f"game/{names.tag}.rpy", "\n".join([*_head(cast, names), *script, *lips]) + "\n")
    return [*notes, f"copy game/ over your game's own; then: show {names.tag} {_first(names)}"]


def _put_outfit(out: Output, names: Names, cast: Cast) -> tuple[list[str], list[str], bool]:
    """The pictures of one outfit; what the script says of them, notes, and whether it talks."""
    pictures = Pictures(cast)
    for (expression, pose), path in cast.frames.items():
        out.add(f"game/{image_file(names, expression, pose)}", pictures.png(path))
    parts = Parts(cast)
    spoken = {pose: parts.spoken(pose) for pose in cast.poses}
    layers = {
        pose: layers_of(pictures, {**cast.at_pose(pose), **mouths})
        for pose, mouths in spoken.items()
    }
    for pose, found in layers.items():
        _put_layers(out, names, pose, found)
    live = put_live(out, names, pictures, parts, layers)
    notes = [*_put_side(out, names, cast), *live.notes]
    return [*_layers_script(names, layers), *live.script], notes, live.talks


def _first(names: Names) -> str:
    return next((own for own in names.expressions.values() if own != NEUTRAL), NEUTRAL)


def _put_layers(out: Output, names: Names, pose: str, layers: Layers) -> None:
    folder = layer_folder(names, pose)
    out.add(f"game/{folder}/body.png", packed(layers.body))
    for expression in faces_of(names, layers):
        own = names.expressions[expression]
        out.add(f"game/{folder}/face {own}.png", packed(layers.full(expression)))


def faces_of(names: Names, layers: Layers) -> list[str]:
    """The layers that are expressions; mouths are among them too."""
    return [name for name in layers.faces if name in names.expressions]


def _put_side(out: Output, names: Names, cast: Cast) -> list[str]:
    """The faces beside the text."""
    face = replace(cast, settings=replace(cast.settings, crop="face"))
    try:
        pictures = Pictures(face)
    except Mistake as error:
        return [f"no side image: {error}"]
    for expression, own in names.expressions.items():
        path = cast.frames.get((expression, cast.default_pose))
        if path:
            place = f"game/images/{names.tag}/side {names.tag} {names.worn(own)}.png"
            out.add(place, pictures.png(path))
    return []


def _put_lips(out: Output, names: Names, cast: Cast) -> list[str]:
    """Mouth cues and voices where the lip-sync plugin looks for them; what the script says of it.

    The plugin (Wendy-Nam/RenPy-Lipsync-Plugin, 1.0) finds both, and the image, by the character's
    name, and takes no image of its own: so that name is the tag.
    """
    tag, lines = names.tag, list[str]()
    for name, plan in plans(cast):
        out.text(f"game/lip-sync-plugin/lip-sync-data/{tag}/{name}.txt", cues.tsv(plan))
        said = " ".join(word for _, _, word in plan.document["words"])
        voice = cast.timelines[name] / plan.document["audio"]
        if plan.document["audio"] and voice.is_file():
            out.add(f"game/audio/voice/{tag}/{name}{voice.suffix}", voice.read_bytes())
            lines.append(f'#     $ lipsync({tag}_lips, "{name}{voice.suffix}", {_quoted(said)})')
    if not cast.timelines:
        return []
    return [
        "",
        "# For the lip-sync plugin, which finds image, voice and cues by the character's name:",
        *lines,
        f'define {tag}_lips = Character("{tag}")',
    ]


def _head(cast: Cast, names: Names) -> Iterator[str]:
    tag = names.tag
    yield "# Made by doit exports:renpy. Copy what you change: the next export writes this anew."
    yield ""
    yield f'define {tag} = Character({_quoted(cast.name)}, image="{tag}")'


def _layers_script(names: Names, layers: Mapping[str, Layers]) -> Iterator[str]:
    for pose, found in layers.items():
        yield ""
        yield from _layered(names, pose, found)


def _layered(names: Names, pose: str, layers: Layers) -> Iterator[str]:
    """A layered image: `show ann_layers happy_big`; of other poses `ann_layers_<pose>`, in a
    costume `ann_layers summer happy_big`."""
    suffix = "" if pose == names.default_pose else "_" + word(names.poses[pose])
    folder = layer_folder(names, pose)
    name = f"{names.tag}_layers{suffix}"
    yield f"layeredimage {name} {names.costume}".rstrip() + ":"
    yield "    always:"
    yield f'        "{folder}/body.png"'
    yield "    group face:"
    shown = NEUTRAL if NEUTRAL in layers.faces else next(iter(layers.faces))
    for expression in faces_of(names, layers):
        own = names.expressions[expression]
        yield f"        attribute {own}{' default' if expression == shown else ''}:"
        yield f'            "{folder}/face {own}.png"'


def _quoted(text: str) -> str:
    """A text of the script; what Ren'Py would take for a tag or a value is doubled."""
    safe = text.replace("\\", "\\\\").replace('"', '\\"').replace("{", "{{").replace("[", "[[")
    return '"' + "".join(sign for sign in safe if sign.isprintable()) + '"'

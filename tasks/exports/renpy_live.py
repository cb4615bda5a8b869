"""What moves in the faces of a Ren'Py character: a speaking mouth, mouth shapes, eyes that blink.

Every frame is a layered image of its own name, so that what moves is one more attribute of it, and
stays when the expression or the pose changes: `show ann sad blinking`, `show ann mouth_D`. With a
mouth, a frame is shown down to where nothing but the mouth's picture is seen; below lies the body,
and that picture fades in over both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.exports.layers import Layers
from tasks.exports.output import Output
from tasks.exports.parts import Parts, lower_share
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import Pixels, packed, pixels_of
from tasks.exports.renpy_names import BLINKING, SHUT, TALKING, Names, image_file, layer_folder
from tasks.finish.alpha import same_pixels

_SPOKEN = "DBFACEBADHBE"
"""the shapes that a speaking mouth goes through"""
_SPOKEN_S = (0.12, 0.09, 0.11, 0.07)
"""for how long each is shown, in turns"""
_OPEN_S = (2.8, 4.1, 1.9, 3.6)
"""for how long eyes are open between blinks, in turns"""
_SHUT_S = 0.14
_OVERLAP_PX = 2
_SHAPES = "ABCDEFGH"
_NEED_MOUTH = str([TALKING, *(f"mouth_{shape}" for shape in _SHAPES)]).replace("'", '"')


@dataclass(frozen=True)
class Live:
    """What was put for what moves."""

    script: list[str]
    talks: bool
    notes: list[str]


@dataclass(frozen=True)
class _Pose:
    """The layers of one pose's mouths."""

    mouths: Mapping[str, Mapping[str, Path]]
    """by expression and shape"""
    files: Mapping[Path, str]
    """a mouth's picture to its layer"""
    seam_px: int
    """from which row on a frame is not shown"""
    width_px: int

    def layers_of(self, expression: str) -> dict[str, str]:
        """The layer of each mouth shape in a mood."""
        mouths = self.mouths.get(expression, {})
        return {shape: self.files[path] for shape, path in mouths.items()}


@dataclass(frozen=True)
class _Moves:
    """What moves in one frame."""

    shapes: Mapping[str, str]
    """mouth shapes to layers"""
    talking: str
    """the image of its speaking mouth"""
    lids: str
    """the layer that shuts its eyes"""


def put_live(
    out: Output, names: Names, pictures: Pictures, parts: Parts, layers: Mapping[str, Layers]
) -> Live:
    """Write the layers of what moves, found among each pose's; the script that shows them."""
    cast = pictures.cast
    writer = _Writer(out, names, pictures, parts)
    poses = {pose: writer.put_mouths(pose, layers[pose]) for pose in cast.poses}
    frames: list[str] = []
    talks = any(found.files for found in poses.values())
    spoken: dict[tuple[str, ...], str] = {}
    blinks = False
    for at in cast.frames:
        lids = writer.put_lids(at)
        blinks = blinks or bool(lids)
        shapes = poses[at[1]].layers_of(at[0])
        talk = tuple(shapes.values())
        if talk and talk not in spoken:
            spoken[talk] = f"{names.tag}_{TALKING} {names.worn(str(len(spoken) + 1))}"
            frames += _played(spoken[talk], _spoken(shapes))
        if shapes or lids:
            frames += _frame(names, at, poses[at[1]], _Moves(shapes, spoken.get(talk, ""), lids))
    notes = [] if talks else ["no talking mouth: no expression opens it (options.talk names one)"]
    if not blinks:
        notes.append("no blinking eyes: no expression shuts them (options.blink names one)")
    speaking = [
        "",
        "# While a character speaks it has this attribute, where it has an image with it.",
        "init python:",
        f'    config.speaking_attribute = "{TALKING}"',
    ]
    # It is said once for the character, whatever it wears.
    return Live([*(speaking if talks and not names.costume else []), *frames], talks, notes)


@dataclass(frozen=True)
class _Writer:
    """What layers are made of, and where they go."""

    out: Output
    names: Names
    pictures: Pictures
    parts: Parts

    def put_mouths(self, pose: str, layers: Layers) -> _Pose:
        """The mouths of a pose as layers, and the body below them."""
        folder, mouths = layer_folder(self.names, pose), self.parts.mouths
        moods = {name: mouths.shown(name, pose) for name in self.pictures.cast.at_pose(pose)}
        shown = list(dict.fromkeys(path for found in moods.values() for path in found.values()))
        if not shown:
            return _Pose({}, {}, 0, 0)
        share = _share(self.pictures, pose)
        seam_px = _seam_px(share, layers)
        below = layers.body.copy()
        below[: max(0, seam_px - _OVERLAP_PX)] = 0
        # What is opaque may lie below a frame's last rows: no line shows there where all is scaled.
        overlap = below[:seam_px]
        overlap[overlap[..., 3] < 255] = 0
        self.out.add(f"game/{folder}/below.png", packed(below))
        files: dict[Path, str] = {}
        for number, path in enumerate(shown, start=1):
            mouth = layers.full(str(path))
            mouth[..., 3] = np.round(mouth[..., 3] * share)
            mouth[mouth[..., 3] == 0] = 0
            files[path] = f"{folder}/mouth {number}.png"
            self.out.add(f"game/{files[path]}", packed(mouth))
        return _Pose(moods, files, seam_px, layers.size_px[0])

    def put_lids(self, at: tuple[str, str]) -> str:
        """The layer that shuts a frame's eyes; empty where they are shut, or nothing shows that."""
        expression, pose = at
        shut = self.parts.blinked(expression, pose)
        if shut is None:
            return ""
        frame = self.pictures.pixels(self.pictures.cast.frames[at])
        shown = self.pictures.view.of(shut)
        other = ~same_pixels(shown, frame)
        if not other.any():
            return ""
        lids: Pixels = np.where(other[..., None], shown, 0).astype(np.uint8)
        file = f"{layer_folder(self.names, pose)}/shut {self.names.expressions[expression]}.png"
        self.out.add(f"game/{file}", packed(lids))
        return file


def _share(pictures: Pictures, pose: str) -> np.ndarray:
    """How much of a mouth's picture each pixel of a frame shows, 0..1, as the frame is shown."""
    first = next(iter(pictures.cast.at_pose(pose).values()))
    height, width = pixels_of(first).shape[:2]
    share = lower_share(pictures.cast, pose, (width, height))
    white = np.full((height, width, 4), 255, np.uint8)
    white[..., 3] = np.round(share * 255)
    return pictures.view.of(white)[..., 3].astype(np.float32) / 255


def _seam_px(share: np.ndarray, layers: Layers) -> int:
    """The first row from which on all of the face is the mouth's."""
    left, top = layers.corner
    height, width = next(iter(layers.faces.values())).shape[:2]
    part = share[top : top + height, left : left + width]
    upper = np.flatnonzero((part < 1).any(axis=1))
    return top + (int(upper[-1]) + 1 if upper.size else 0)


def _frame(names: Names, at: tuple[str, str], pose: _Pose, moves: _Moves) -> Iterator[str]:
    """The layered image of a frame."""
    name, file, shapes = names.attributes(*at), image_file(names, *at), moves.shapes
    blinking = f"{names.tag}_{BLINKING} {name}"
    if moves.lids:
        yield from _played(blinking, _blinks(moves.lids))
    yield from ("", f"layeredimage {names.tag} {name}:", "    always:", f'        "{file}"')
    if shapes:
        yield f"        if_not {_NEED_MOUTH}"
        crop = f"(0, 0, {pose.width_px}, {pose.seam_px})"
        below = f"{layer_folder(names, at[1])}/below.png"
        for part in (f'Crop({crop}, "{file}")', f'"{below}"'):
            yield from ("    always:", f"        {part}", f"        if_any {_NEED_MOUTH}")
        yield "    group mouth:"
        yield from _attribute("mouth_X default", "Null()")
        yield from _attribute(TALKING, f'"{moves.talking}"')
        for shape, layer in shapes.items():
            yield from _attribute(f"mouth_{shape}", f'"{layer}"')
    if moves.lids:
        yield "    group eyes:"
        yield from _attribute(BLINKING, f'"{blinking}"')
        yield from _attribute(SHUT, f'"{moves.lids}"')


def _attribute(name: str, shown: str) -> Iterator[str]:
    yield from (f"        attribute {name}:", f"            {shown}")


def _spoken(shapes: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    for number, shape in enumerate(shape for shape in _SPOKEN if shape in shapes):
        yield f'"{shapes[shape]}"', _SPOKEN_S[number % len(_SPOKEN_S)]


def _blinks(lids: str) -> Iterator[tuple[str, float]]:
    for open_s in _OPEN_S:
        yield from (("Null()", open_s), (f'"{lids}"', _SHUT_S))


def _played(name: str, shown: Iterator[tuple[str, float]]) -> Iterator[str]:
    yield from ("", f"image {name}:")
    for picture, seconds in shown:
        yield from (f"    {picture}", f"    pause {seconds}")
    yield "    repeat"

"""SpriteFrames for Godot 4: the sheets of an atlas, and one animation for each sequence.

Every keyframe is an animation of one picture, by its name. Source: the form of files that Godot 4
writes; `margin` puts a trimmed picture back into its whole size.
"""

from collections.abc import Iterator

from tasks.exports.cast import Cast
from tasks.exports.names import file_name
from tasks.exports.output import Output
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import packed
from tasks.exports.sheets import Sheets, Sprite, packing_of, sheets_of

_SPEED = 24.0
"""pictures a second, in which the durations are counted"""


def export(cast: Cast, out: Output) -> list[str]:
    """`<name>.tres` beside its sheets: the folder can be copied into a project as it is."""
    sheets, canvases = sheets_of(Pictures(cast), packing_of(cast))
    stem = file_name(cast.name)
    images = [f"{stem}_{number}.png" for number in range(len(sheets.sizes_px))]
    for image, canvas in zip(images, canvases, strict=True):
        out.add(image, packed(canvas))
    folder = f"{stem}/{cast.costume}" if cast.costume else stem
    out.text(f"{stem}.tres", "\n".join(_lines(sheets, images, folder)) + "\n")
    return [f"copy this folder to res://{folder}/: the sheets are looked for there"]


def _lines(sheets: Sheets, images: list[str], folder: str) -> Iterator[str]:
    yield f'[gd_resource type="SpriteFrames" load_steps={_steps(sheets)} format=3]'
    yield ""
    for number, image in enumerate(images, start=1):
        yield f'[ext_resource type="Texture2D" path="res://{folder}/{image}" id="{number}"]'
    for number, sprite in enumerate(sheets.sprites, start=1):
        yield from ("", f'[sub_resource type="AtlasTexture" id="a{number}"]')
        yield from _texture(sprite, sheets.source_px)
    yield from ("", "[resource]")
    yield f"animations = [{', '.join(_animations(sheets))}]"


def _steps(sheets: Sheets) -> int:
    return len(sheets.sizes_px) + len(sheets.sprites) + 1


def _texture(sprite: Sprite, source_px: tuple[int, int]) -> Iterator[str]:
    yield f'atlas = ExtResource("{sprite.sheet + 1}")'
    yield f"region = Rect2({sprite.left}, {sprite.top}, {sprite.width}, {sprite.height})"
    spare = (source_px[0] - sprite.width, source_px[1] - sprite.height)
    if any(spare):
        yield f"margin = Rect2({sprite.trim_left}, {sprite.trim_top}, {spare[0]}, {spare[1]})"


def _animations(sheets: Sheets) -> Iterator[str]:
    number = {sprite.name: place for place, sprite in enumerate(sheets.sprites, start=1)}
    for sprite in sheets.sprites:
        if "/" not in sprite.name:
            yield _animation(sprite.name, [(number[sprite.name], 1.0)])
    for one in sheets.animations:
        shown = zip(one.sprites, one.shown_ms, strict=True)
        yield _animation(one.name, [(number[name], ms * _SPEED / 1000) for name, ms in shown])


def _animation(name: str, pictures: list[tuple[int, float]]) -> str:
    frames = ", ".join(
        f'{{\n"duration": {round(length, 6)},\n"texture": SubResource("a{number}")\n}}'
        for number, length in pictures
    )
    return f'{{\n"frames": [{frames}],\n"loop": false,\n"name": &"{name}",\n"speed": {_SPEED}\n}}'

"""A project with the example's portrait, small, and an endpoint that draws as image models do.

What comes back is the picture that was sent with another mouth, and beside that shifted, tinted or
spoilt, as a test wants it.
"""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tasks.finish.alpha import Mask, Pixels
from tests.conftest import Folder, make_folder, small_config
from tests.harness import known_takes as campaign
from tests.harness.images_server import Call, ImagesServer, Reply, answer_body
from tests.harness.once import made_once

SIZE = (256, 384)
SAD, HAPPY = "sad__center", "happy_big__center"
TILTED, TILTED_SAD = "neutral__tilt_left_small", "sad__tilt_left_small"


@dataclass(frozen=True)
class Drawn:
    """How the endpoint draws."""

    shift_px: tuple[int, int] = (3, -2)
    tint: tuple[float, float, float] = (1.05, 0.97, 1.0)
    mouth: bool = True
    """whether the expression is there at all"""
    size: tuple[int, int] = SIZE
    scene: bool = False
    """what should be transparent is covered"""
    stripe: bool = False
    """there is a stripe across the sweater"""
    cropped: bool = False
    """drawn a fifth too large"""


def reply(how: Drawn) -> Callable[[Call], Reply]:
    """A server that draws so."""
    return lambda call: Reply(body=answer_body(picture(call, how)))


def picture(call: Call, how: Drawn = Drawn()) -> bytes:
    """What the endpoint draws for a call."""
    with Image.open(io.BytesIO(call.pictures[0])) as sent:
        image = sent.convert("RGBA")
    words = call.fields["prompt"]
    if "only how the head" in words:
        image = _turned(image)
    elif how.mouth:
        _open_mouth(image, sad="turned down" in words)
    image = _spoilt(image, how)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _turned(image: Image.Image) -> Image.Image:
    return image.rotate(3, Image.Resampling.BICUBIC, center=(SIZE[0] / 2, SIZE[1] * 0.7))


def _open_mouth(image: Image.Image, *, sad: bool) -> None:
    mouth = campaign.character().face.mouth
    assert mouth
    x = (mouth.left[0] + mouth.right[0]) / 2 * image.width
    y = (mouth.left[1] + mouth.right[1]) / 2 * image.height
    wide, tall = (16, 4) if sad else (13, 12)
    box = (x - wide, y - tall / 2, x + wide, y + tall)
    ImageDraw.Draw(image).ellipse(box, fill=(110, 30, 40, 255))


def _spoilt(image: Image.Image, how: Drawn) -> Image.Image:
    width, height = image.size
    if how.stripe:
        pixels = np.array(image)
        band = slice(round(height * 0.78), round(height * 0.88))
        pixels[band, :, :3] = pixels[band, :, :3] // 3 + np.array((113, 26, 26), np.uint8)
        image = Image.fromarray(pixels)
    if how.cropped:
        larger = (1 / 1.22, 0, 0.09 * width, 0, 1 / 1.22, 0.16 * height)
        image = image.transform(image.size, Image.Transform.AFFINE, larger)
    dx, dy = how.shift_px
    moved = Image.new("RGBA", image.size)
    moved.paste(image, (dx, dy))
    colours = np.array(moved).astype(np.float32)
    colours[..., :3] = np.clip(colours[..., :3] * np.array(how.tint), 0, 255)
    moved = Image.fromarray(np.round(colours).astype(np.uint8))
    if how.scene:
        ground = np.zeros((height, width, 4), np.uint8)
        ground[..., 0] = np.linspace(30, 220, width, dtype=np.uint8)[None, :]
        ground[..., 1] = np.linspace(200, 60, height, dtype=np.uint8)[:, None]
        ground[..., 3] = 255
        moved = Image.alpha_composite(Image.fromarray(ground), moved)
    return moved if how.size == moved.size else moved.resize(how.size)


def pixels_of(path: Path) -> Pixels:
    """A picture's pixels."""
    with Image.open(path) as image:
        return np.array(image.convert("RGBA"))


def region() -> Mask:
    """Where the face is in the frames of the default pose."""
    return campaign.region(SIZE[1])


def differs(one: Pixels, other: Pixels) -> Mask:
    """255 where two pictures are not the same to the bit."""
    return np.where((one != other).any(axis=2), np.uint8(255), np.uint8(0))


def paint_mask(folder: Folder, box: tuple[float, float, float, float], tone: int = 255) -> None:
    """Put a face mask in place: a box in 0..1 that has this tone on black."""
    mask = Image.new("L", SIZE)
    left, top, right, bottom = box
    corners = (left * SIZE[0], top * SIZE[1], right * SIZE[0], bottom * SIZE[1])
    ImageDraw.Draw(mask).rectangle(corners, fill=tone)
    mask.save(folder.path / "mask.png")


def change(folder: Folder, part: str, **values: object) -> None:
    """Set values in one part of the config."""
    config = folder.config
    config.setdefault(part, {}).update(values)
    folder.write_config(config)


def without_texts(path: Path, *names: str) -> None:
    """Take some texts out of a frame, as a version that did not write them would have left it."""
    from PIL.PngImagePlugin import PngInfo

    with Image.open(path) as image:
        image.load()
        texts = dict(image.text)
    info = PngInfo()
    for name, text in texts.items():
        if name not in names:
            info.add_itxt(name, text)
    image.save(path, pnginfo=info)


def texts_of(path: Path) -> dict[str, str]:
    """The texts of a frame."""
    with Image.open(path) as image:
        image.load()
        return dict(image.text)


class Boy(Folder):
    """A project with the example's portrait."""

    @property
    def base(self) -> Path:
        """The portrait."""
        return self.path / "frames" / "base" / "neutral__center.png"


def prepared(path: Path, server: ImagesServer) -> Boy:
    """A project with the example's portrait, that draws with this endpoint."""
    folder = Boy(make_folder(path, server.environment()).path, server.environment())
    example = json.loads((campaign.ROOT / "expressions.json").read_text())
    Image.fromarray(campaign.portrait(SIZE[1])).save(folder.base, compress_level=1)
    config = small_config()
    config["face"] = example["face"]
    config["base_paths"] = []
    config["generation"]["size"] = f"{SIZE[0]}x{SIZE[1]}"
    folder.write_config(config)
    server.reply = reply(Drawn())
    return folder


@pytest.fixture
def boy(tmp_path: Path, server: ImagesServer) -> Boy:
    """Such a project."""
    return prepared(tmp_path / "project", server)


@pytest.fixture(scope="session")
def drawn_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a project with all its frames and the sheet, to be copied."""

    def make(path: Path) -> None:
        with ImagesServer() as server:
            ran = prepared(path, server).doit("endpoints", "sheet")
            assert ran.code == 0, ran.text

    return made_once(tmp_path_factory, "drawn", "project", make)


@pytest.fixture
def drawn(drawn_once: Path, tmp_path: Path, server: ImagesServer) -> Boy:
    """Such a project, with all its frames and the sheet; the endpoint was not called yet."""
    shutil.copytree(drawn_once, tmp_path / "project")
    server.reply = reply(Drawn())
    return Boy(tmp_path / "project", server.environment())

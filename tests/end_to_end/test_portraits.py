"""Portraits of every kind, through the whole build: each works, or is refused with a clear line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT, Folder, portrait

WIDTH, HEIGHT = 64, 96


def photo_like() -> Image.Image:
    """The face with the noise and the soft light of a photograph, without alpha."""
    flat = Image.alpha_composite(
        Image.new("RGBA", (WIDTH, HEIGHT), (90, 110, 120, 255)), portrait()
    )
    noise = np.random.default_rng(7).normal(0, 6, (HEIGHT, WIDTH, 3))
    light = np.linspace(1.1, 0.8, WIDTH)[None, :, None]
    pixels = np.asarray(flat.convert("RGB")) * light + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def sixteen_bit() -> Image.Image:
    """A grey portrait with 16 bits a pixel."""
    grey = np.asarray(portrait().convert("L"), np.uint16) * 257
    return Image.fromarray(grey)


def save_turned(path: Path) -> None:
    """A photograph that lies on its side, with the EXIF tag that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    photo_like().rotate(90, expand=True).save(path, exif=exif)


KINDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "flat, with alpha": ("png", lambda path: portrait().save(path)),
    "photo, without alpha": ("jpg", lambda path: photo_like().save(path, quality=90)),
    "webp": ("webp", lambda path: portrait().save(path, lossless=True)),
    "grey": ("png", lambda path: portrait().convert("L").save(path)),
    "grey with alpha": ("png", lambda path: portrait().convert("LA").save(path)),
    "palette": ("png", lambda path: portrait().convert("RGB").quantize(16).save(path)),
    "16 bit": ("png", lambda path: sixteen_bit().save(path)),
    "turned by EXIF": ("jpg", save_turned),
    "tiny": ("png", lambda path: portrait((43, 64)).save(path)),
    "large": ("png", lambda path: portrait((2560, 3840)).save(path, compress_level=1)),
    "wider than the frame": ("png", lambda path: portrait((96, 96)).save(path)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_portrait_of_any_kind_is_drawn_upright_at_the_frame_s_size(free: Folder, kind: str):
    ending, save = KINDS[kind]
    base = f"frames/base/own.{ending}"
    save(free.path / base)
    config = free.config
    config["base_image"] = base
    free.write_config(config)
    ran = free.doit()
    assert ran.code == 0, ran.text
    pictures = {}
    for name in ("neutral", "sad", "happy_big"):
        with Image.open(free.frame(f"{name}__center")) as frame:
            assert frame.size == (WIDTH, HEIGHT)
            pictures[name] = np.asarray(frame.convert("RGBA"), np.int16)
    mouth = slice(round(0.52 * HEIGHT), round(0.75 * HEIGHT))
    assert np.abs(pictures["happy_big"] - pictures["neutral"])[mouth].max() > 30


def test_a_photograph_on_its_side_gives_the_frame_of_the_upright_one(free: Folder):
    save_turned(free.path / "frames/base/turned.png")
    photo_like().save(free.path / "frames/base/upright.png")
    for name in ("turned", "upright"):
        assert free.doit(f"base_image=frames/base/{name}.png", f"outdir=out/{name}").code == 0
    with (
        Image.open(free.path / "out/turned/sad__center.png") as one,
        Image.open(free.path / "out/upright/sad__center.png") as other,
    ):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [("broken.png", b"\x89PNG\r\n\x1a\nnothing"), ("text.png", b"hello"), ("empty.png", b"")],
)
def test_what_is_no_picture_is_refused_with_a_clear_line(free: Folder, name: str, content: bytes):
    (free.path / "frames" / "base" / name).write_bytes(content)
    ran = free.doit(f"base_image=frames/base/{name}")
    assert ran.code != 0
    assert "Traceback" not in ran.text
    failed = [line for line in ran.text.splitlines() if "cannot be read as a picture" in line]
    # one line for the file, not one for each frame
    assert len(failed) == 1
    assert name in failed[0]
    assert "Failed: 3" in ran.out


def test_a_second_character_shares_nothing_with_the_first(free: Folder):
    shutil.copytree(ROOT / "tests" / "characters" / "robot", free.path / "robot")
    ran = free.doit("config=robot/expressions.json", "pose=all", "size=192x192")
    assert ran.code == 0, ran.text
    frames = {path.stem for path in (free.path / "robot/frames/endpoints").glob("*.png")}
    assert frames == {
        f"{expression}__{pose}"
        for expression in ("neutral", "happy_big", "sad", "angry")
        for pose in ("center", "tilt_left_small")
    }

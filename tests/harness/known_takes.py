"""Takes as image models draw them, made from the example portrait, so that the truth is known.

Each case is an expression of the portrait, drawn by the puppet, then moved, turned, scaled,
tinted, worn and spoilt by known amounts. All is seeded: the same number gives the same case.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import cos, radians, sin
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks import puppet
from tasks.character.character import Character
from tasks.character.face import Head
from tasks.character.read import parse, read_text
from tasks.finish.alpha import Mask, Pixels
from tasks.finish.motion import Motion, motion
from tasks.finish.reference import Reference
from tasks.finish.region import from_landmarks

ROOT = Path(__file__).parents[2]
DEFAULT_HEIGHT_PX = 1536
GREEN = (20, 200, 60)
LEAKS = ("white", "green", "gradient", "scene")


@dataclass(frozen=True)
class Case:
    """One take: what it shows, and what was done to it. Lengths are for a width of 1024 px."""

    seed: int
    expression: str = "happy_big"
    shift_px: tuple[float, float] = (0.0, 0.0)
    turn_deg: float = 0.0
    scale: float = 1.0
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    noise: float = 0.0
    jpeg: int = 0
    """the quality of the JPEG that it went through; 0 is none"""
    leak: str = ""
    """what lies behind the figure instead of nothing; see `LEAKS`"""
    redrawn_px: float = 0.0
    """how far, at most, folds and strands lie from where they were"""
    bad: str = ""
    """how it is spoilt; see `BAD`"""


BAD = (
    "drift",
    "outside",
    "weak",
    "alike",
    "blank",
    "cropped",
    "alpha",
    "halo",
    "size",
)
"""what can be wrong with a take; each is to be flagged"""


@cache
def character() -> Character:
    """The example."""
    return parse(read_text(ROOT / "expressions.json"), "expressions.json")


@cache
def portrait(height_px: int = DEFAULT_HEIGHT_PX) -> Pixels:
    """The example portrait: the reference of every case."""
    image = Image.open(ROOT / character().base_image).convert("RGBA")
    if image.height != height_px:
        size = (round(image.width * height_px / image.height), height_px)
        image = image.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")
    pixels = np.array(image)
    pixels.setflags(write=False)
    return pixels


@cache
def reference(height: int = DEFAULT_HEIGHT_PX) -> Reference:
    """Both, as a take is held against them."""
    return Reference(portrait(height), region(height))


@cache
def region(height_px: int = DEFAULT_HEIGHT_PX) -> Mask:
    """The region of the portrait's face, from its landmarks."""
    height, width = portrait(height_px).shape[:2]
    return from_landmarks(character().face, (width, height))


@cache
def drawn(expression: str, height_px: int = DEFAULT_HEIGHT_PX) -> Pixels:
    """The portrait with that expression."""
    pixels = portrait(height_px)
    weights = character().expressions[expression].blendshapes
    height, width = pixels.shape[:2]
    answer = puppet.render(pixels, character().face, weights, Head(), (width, height))
    answer.setflags(write=False)
    return answer


def expressions() -> list[str]:
    """All that are not neutral."""
    return [name for name in character().expressions if name != "neutral"]


def truth(case: Case, size_px: tuple[int, int]) -> Motion:
    """Where each pixel of the reference lies in the take, for a picture of that size."""
    width, height = size_px
    unit = width / 1024
    x, y = (width - 1) / 2, (height - 1) / 2
    c, s = (case.scale * of(radians(case.turn_deg)) for of in (cos, sin))
    dx, dy = (part * unit for part in case.shift_px)
    about = np.array([[c, -s, dx + x - c * x + s * y], [s, c, dy + y - s * x - c * y], [0, 0, 1]])
    return motion(about)


@lru_cache(maxsize=16)
def take(case: Case, height_px: int = DEFAULT_HEIGHT_PX) -> Pixels:
    """The picture that came for this case; not to be written to."""
    picture = made(case, height_px)
    picture.setflags(write=False)
    return picture


def made(case: Case, height_px: int = DEFAULT_HEIGHT_PX) -> Pixels:
    """The picture that came for this case, made anew."""
    random = np.random.default_rng(case.seed)
    shown = "neutral" if case.bad == "weak" else case.expression
    picture = drawn(shown, height_px)
    height, width = picture.shape[:2]
    if case.redrawn_px:
        picture = _redrawn(picture, region(height_px), case.redrawn_px * width / 1024, random)
    picture = _spoilt(case, picture, region(height_px), random)
    picture = _moved(picture, truth(case, (width, height)))
    if case.leak:
        picture = _leaked(picture, case.leak, random)
    picture = _tinted(case, picture)
    if case.noise:
        picture = _noisy(picture, case.noise, random)
    if case.jpeg:
        picture = _through_jpeg(picture, case.jpeg)
    if case.bad == "size":
        image = Image.fromarray(picture).resize((width * 7 // 8, height * 7 // 8))
        picture = np.array(image)
    return picture


def _moved(picture: Pixels, true: Motion) -> Pixels:
    if true == Motion():
        return picture
    height, width = picture.shape[:2]
    back = np.linalg.inv(true.matrix)
    # Twice as large, then between the nearest four: the usual cubic samplers shift what they
    # sample by up to a tenth of a pixel, which would be taken for the finishing's own error.
    image = Image.fromarray(picture).convert("RGBa")
    large = image.resize((2 * width, 2 * height), Image.Resampling.LANCZOS)
    twice = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]]) @ back
    moved = cv2.warpAffine(
        np.frombuffer(large.tobytes(), np.uint8).reshape(2 * height, 2 * width, 4),
        twice[:2],
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    below = _straight(moved)
    # a model paints the figure down to the picture's edge, wherever it stands
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    from_y = back[1, 0] * x + back[1, 1] * y + back[1, 2]
    from_x = np.clip(back[0, 0] * x + back[0, 1] * y + back[0, 2], 0, width - 1)
    bare = from_y > height - 2
    if bare.any():
        stretched = cv2.remap(
            picture,
            from_x.astype(np.float32),
            np.minimum(from_y, height - 2).astype(np.float32),
            cv2.INTER_LINEAR,
        )
        below[bare] = stretched[bare]
    return below


def _premultiplied(picture: Pixels) -> Pixels:
    image = Image.fromarray(picture).convert("RGBa")
    return np.frombuffer(image.tobytes(), np.uint8).reshape(picture.shape)


def _straight(premultiplied: Pixels) -> Pixels:
    # Pillow wants no colour above its alpha
    premultiplied[..., :3] = np.minimum(premultiplied[..., :3], premultiplied[..., 3:])
    height, width = premultiplied.shape[:2]
    image = Image.frombytes("RGBa", (width, height), premultiplied.tobytes())
    return np.array(image.convert("RGBA"))


def _field(shape: tuple[int, int], most: float, random: np.random.Generator) -> NDArray[np.float32]:
    """A smooth field of shifts, (height, width, 2), with 95 % of them below `most` pixels."""
    coarse = random.normal(0, most / 2.45, (shape[0] // 96 + 4, shape[1] // 96 + 4, 2))
    grown = cv2.resize(coarse.astype(np.float32), None, fx=96, fy=96, interpolation=cv2.INTER_CUBIC)
    return grown[: shape[0], : shape[1]]


def _redrawn(picture: Pixels, face: Mask, most: float, random: np.random.Generator) -> Pixels:
    """Outside the face nothing is quite where it was, and the grain is another."""
    height, width = face.shape
    far = cv2.GaussianBlur(255 - face, (0, 0), width / 60).astype(np.float32) / 255
    field = _field((height, width), most, random)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    moved = cv2.remap(
        _premultiplied(picture),
        x + field[..., 0] * far,
        y + field[..., 1] * far,
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return _straight(moved)


def _spoilt(case: Case, picture: Pixels, face: Mask, random: np.random.Generator) -> Pixels:
    """The picture as it comes when something is wrong with it."""
    height, width = face.shape
    picture = picture.copy()
    if case.bad == "blank":
        tone = random.integers(0, 256, 3)
        picture[:] = (*tone, 255)
        return _noisy(picture, 1.5, random)
    if case.bad == "drift":
        # the head has moved, the body has not: no one motion mends that
        fall = np.clip((0.68 - np.arange(height) / height) / 0.06, 0, 1).astype(np.float32)
        way = np.float32(random.uniform(5, 10) * width / 1024 * random.choice((-1, 1)))
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        return cv2.remap(picture, x - way * fall[:, None], y, cv2.INTER_LINEAR)
    if case.bad == "outside":
        # another sweater: a broad stripe across it
        top, bottom = (round(height * part) for part in (0.76, 0.86))
        stripe = np.array(random.choice(((170, 40, 40), (240, 220, 60), (30, 30, 60))))
        picture[top:bottom, :, :3] = 0.3 * picture[top:bottom, :, :3] + 0.7 * stripe
        return picture
    if case.bad == "cropped":
        shift = np.float32([[1.22, 0, -0.11 * width], [0, 1.22, -0.2 * height]])
        return cv2.warpAffine(picture, shift, (width, height))
    if case.bad == "halo":
        return _rimmed(picture, random)
    return picture


def _rimmed(picture: Pixels, random: np.random.Generator) -> Pixels:
    """A light, dark or green rim, as badly keyed pictures have."""
    rim = np.array(random.choice(((255, 255, 255), (0, 0, 0), GREEN)))
    inside = (picture[..., 3] > 127).astype(np.uint8)
    radius = max(2, round(picture.shape[1] / 300))
    around = cv2.erode(inside, np.ones((2 * radius + 1,) * 2, np.uint8), borderValue=1)
    edge = (inside > around)[..., None]
    picture[..., :3] = np.where(edge, 0.25 * picture[..., :3] + 0.75 * rim, picture[..., :3])
    return picture


def _leaked(picture: Pixels, leak: str, random: np.random.Generator) -> Pixels:
    """The picture on a background, opaque."""
    height, width = picture.shape[:2]
    if leak in ("white", "green"):
        ground = np.empty((height, width, 3), np.float32)
        ground[:] = GREEN if leak == "green" else (250, 250, 248)
    else:
        ends = random.uniform(60, 240, (2, 3))
        ramp = np.linspace(0, 1, height)[:, None, None]
        ground = np.broadcast_to(ends[0] * (1 - ramp) + ends[1] * ramp, (height, width, 3)).copy()
    if leak == "scene":
        for _ in range(30):
            at = (int(random.integers(0, width)), int(random.integers(0, height)))
            size = int(random.integers(width // 40, width // 6))
            cv2.circle(ground, at, size, random.uniform(40, 250, 3).tolist(), -1, cv2.LINE_AA)
    alpha = picture[..., 3:] / 255
    mixed = picture[..., :3] * alpha + ground * (1 - alpha)
    full = np.full((height, width, 1), 255)
    return np.concatenate([np.round(mixed), full], axis=2).astype(np.uint8)


def _tinted(case: Case, picture: Pixels) -> Pixels:
    if case.gain == (1.0, 1.0, 1.0) and case.offset == (0.0, 0.0, 0.0):
        return picture
    ramp = np.arange(256)[None, :, None]
    table = (ramp - 128) * np.array(case.gain) + 128 + np.array(case.offset)
    table = np.clip(np.round(table), 0, 255).astype(np.uint8)
    colours = cv2.LUT(np.ascontiguousarray(picture[..., :3]), table)
    return np.concatenate([colours, picture[..., 3:]], axis=2)


def _noisy(picture: Pixels, amount: float, random: np.random.Generator) -> Pixels:
    noise = random.standard_normal((*picture.shape[:2], 3), dtype=np.float32) * amount
    colours = np.clip(np.round(picture[..., :3] + noise), 0, 255).astype(np.uint8)
    return np.concatenate([colours, picture[..., 3:]], axis=2)


def _through_jpeg(picture: Pixels, quality: int) -> Pixels:
    """Colours as a JPEG leaves them; the alpha stays."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture[..., :3])).save(buffer, "JPEG", quality=quality)
    colours = np.asarray(Image.open(buffer))
    return np.concatenate([colours, picture[..., 3:]], axis=2)


def good_cases(count: int, seed: int = 1) -> Iterator[Case]:
    """Takes that finishing is to mend: moved, tinted, worn, some with a background."""
    random = np.random.default_rng(seed)
    names = expressions()
    for number in range(count):
        shift = random.integers(-48, 49, 2) / 4
        brighter, contrast = random.uniform(-14, 14), random.uniform(0.88, 1.12)
        tint = random.uniform(-8, 8, 3)
        yield Case(
            seed=seed * 10_000 + number,
            expression=names[number % len(names)],
            shift_px=(float(shift[0]), float(shift[1])),
            turn_deg=float(random.uniform(-2, 2)) if number % 3 else 0.0,
            scale=float(random.uniform(0.97, 1.03)) if number % 4 else 1.0,
            gain=_triple(contrast * random.uniform(0.96, 1.04, 3)) if number % 5 else (1.0,) * 3,
            offset=_triple(brighter + tint) if number % 5 else (0.0,) * 3,
            noise=float(random.choice((0, 2, 5))),
            jpeg=int(random.choice((0, 92, 75))),
            leak=str(random.choice(LEAKS)) if number % 4 == 3 else "",
            redrawn_px=float(random.uniform(0.5, 2.0)) if number % 6 == 5 else 0.0,
        )


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    one, two, three = (float(value) for value in values)
    return one, two, three


def bad_cases(kind: str, count: int, seed: int = 2) -> Iterator[Case]:
    """Takes that are spoilt in one way, and else as the good ones are."""
    for case in good_cases(count, seed + 10 * BAD.index(kind)):
        leak = ("gradient", "scene")[case.seed % 2] if kind == "alpha" else ""
        spoilt = replace(case, bad=kind, leak=leak, redrawn_px=0.0)
        if kind == "blank":
            spoilt = replace(spoilt, shift_px=(0.0, 0.0), turn_deg=0.0, scale=1.0)
        yield spoilt

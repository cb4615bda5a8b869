"""A glance at a face: nothing to say of drafts as they are, each fault where a frame has it."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from tasks.character.character import Character
from tasks.character.face import Face, Head, Point
from tasks.character.settings import Thresholds
from tasks.finish.features import features, stray
from tasks.finish.flags import of_features
from tests.puppet.test_drawn_faces import BLINK, Pixels, character, drawn, value

NAMES = ("girl", "avatar", "cat", "pencil", "laugh", "robot", "elf")


def kinds(name: str, frame: Pixels, expression: str) -> list[str]:
    found, portrait = character(name)
    weights = BLINK if expression == "blink" else found.expressions[expression].blendshapes
    seen = features(frame, portrait, found.face, weights)
    assert seen is not None
    return [flag.kind for flag in of_features(seen, Thresholds())]


@cache
def blink(name: str) -> Pixels:
    return drawn(name, BLINK)


@pytest.mark.parametrize("name", NAMES)
def test_drafts_of_every_character_raise_no_flag(name: str) -> None:
    found, _ = character(name)
    assert kinds(name, blink(name), "blink") == []
    for expression in found.expressions.values():
        frame = drawn(name, expression.blendshapes)
        assert kinds(name, frame, expression.id) == [], expression.id


# eyes


@pytest.mark.parametrize("name", NAMES)
def test_an_eye_that_stayed_open_is_seen(name: str) -> None:
    _, portrait = character(name)
    assert kinds(name, portrait, "blink") == ["eye"]
    frame = blink(name).copy()
    half = portrait.shape[1] // 2
    frame[:, half:] = portrait[:, half:]
    assert kinds(name, frame, "blink") == ["eye"]


def opening(face: Face, size: tuple[int, int], part: float) -> np.ndarray:
    """The outer part of the left eye's opening, as a mask."""
    eye = face.left_eye
    assert eye
    assert eye.upper_lid
    assert eye.lower_lid

    def pixel(point: Point) -> tuple[int, int]:
        return round(point[0] * size[0]), round(point[1] * size[1])

    mask = np.zeros(size[::-1], np.uint8)
    corners = [pixel(p) for p in (eye.inner, eye.upper_lid, eye.outer, eye.lower_lid)]
    cv2.fillPoly(mask, [np.array(corners)], 1)
    from_x = pixel(eye.outer)[0] + part * (pixel(eye.inner)[0] - pixel(eye.outer)[0])
    mask[:, : round(from_x)] = 0
    return mask > 0


@pytest.mark.parametrize("name", ["girl", "laugh", "cat"])
def test_a_wedge_of_the_open_eye_in_a_corner_is_seen(name: str) -> None:
    found, portrait = character(name)
    frame = blink(name).copy()
    wedge = opening(found.face, (portrait.shape[1], portrait.shape[0]), 0.45)
    frame[wedge] = portrait[wedge]
    assert kinds(name, frame, "blink") == ["eye"]


def test_open_eyes_are_right_where_none_should_be_shut() -> None:
    _, portrait = character("girl")
    assert kinds("girl", portrait, "happy_big") == []


def test_of_an_eye_that_the_portrait_shows_shut_nothing_is_asked() -> None:
    found, portrait = character("girl")
    left, right = found.face.left_eye, found.face.right_eye
    assert left
    assert right
    shut = [replace(eye, kind="shut") for eye in (left, right)]
    face = replace(found.face, left_eye=shut[0], right_eye=shut[1])
    seen = features(portrait, portrait, face, BLINK)
    assert seen is not None
    assert seen.eye_colours is None
    assert seen.eye_height is None


# the mouth and the outline


def test_a_second_row_of_teeth_is_seen() -> None:
    frame = drawn("laugh", value("mouth", "ah")).copy()
    dark = frame[430, 330].copy()
    assert dark[:3].max() < 160
    frame[424:440, 280:380] = (255, 255, 255, 255)
    assert kinds("laugh", frame, "speaking_ah") == ["teeth"]


def spoilt(name: str, spoil: Callable[[Character, Pixels], None]) -> list[str]:
    found, _ = character(name)
    frame = drawn(name, value("mouth", "smile_big")).copy()
    spoil(found, frame)
    return kinds(name, frame, "happy_big")


def cheek(found: Character, frame: Pixels) -> tuple[int, int, int]:
    """The place of the outline halfway down one cheek, and the face's measure."""
    outline = found.face.outline
    assert outline
    x, y = outline[2]
    unit = round(0.2 * (max(p[1] for p in outline) - min(p[1] for p in outline)) * frame.shape[0])
    return round(x * frame.shape[1]), round(y * frame.shape[0]), unit


def shifted(found: Character, frame: Pixels) -> None:
    x, y, unit = cheek(found, frame)
    part = frame[y - 2 * unit : y + 2 * unit, x - 2 * unit : x + 2 * unit]
    part[:] = np.roll(part, unit, axis=1)


def wiped(found: Character, frame: Pixels) -> None:
    x, y, unit = cheek(found, frame)
    frame[y - 2 * unit : y + 2 * unit, x - 2 * unit : x + 2 * unit] = frame[y, x + 3 * unit]


@pytest.mark.parametrize("name", ["girl", "avatar", "cat", "laugh"])
@pytest.mark.parametrize("spoil", [shifted, wiped])
def test_a_torn_outline_is_seen(name: str, spoil: Callable[[Character, Pixels], None]) -> None:
    assert "torn" in spoilt(name, spoil)


# far from the head


def test_a_background_that_turns_along_is_seen() -> None:
    found, portrait = character("laugh")
    for head in (Head(roll_deg=9), Head(yaw_deg=9), Head(pitch_deg=-8)):
        assert stray(drawn("laugh", {}, head), portrait, found.face) == 0
    high, wide = portrait.shape[:2]
    matrix = cv2.getRotationMatrix2D((wide / 2, high), 6, 1)
    turned = cv2.warpAffine(portrait, matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE)
    assert (stray(turned, portrait, found.face) or 0) > Thresholds().stray


def test_of_what_is_transparent_nothing_is_said() -> None:
    found, portrait = character("girl")
    assert stray(np.roll(portrait, 9, axis=1), portrait, found.face) is None

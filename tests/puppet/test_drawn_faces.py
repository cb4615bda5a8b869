"""The puppet on drawn faces: the five characters beside the robot, each with its own difficulty."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tasks.character.character import Character
from tasks.character.face import Eye, Face, Head, Mouth
from tasks.character.face_unit import in_parts
from tasks.character.read import parse, read_text
from tasks.character.vocabulary import AXES
from tasks.puppet import FaceError, Puppet, render
from tasks.puppet.backdrop import TurnError
from tasks.puppet.drawn_eye import with_drawn_eyes
from tasks.puppet.rig import Rig

Pixels = NDArray[np.uint8]
CHARACTERS = Path(__file__).parents[1] / "characters"
STRAIGHT = Head()


@cache
def character(name: str) -> tuple[Character, Pixels]:
    config = CHARACTERS / name / "expressions.json"
    found = parse(read_text(config), str(config))
    pixels = np.array(Image.open(config.parent / found.base_image).convert("RGBA"))
    pixels.setflags(write=False)
    size = (pixels.shape[1], pixels.shape[0])
    return replace(found, face=in_parts(found.face, size)), pixels


@cache
def ready(name: str) -> Puppet:
    found, pixels = character(name)
    return Puppet(pixels, found.face, (pixels.shape[1], pixels.shape[0]))


def rigged(name: str) -> Rig:
    return ready(name).rig


def drawn(name: str, weights: Mapping[str, float], head: Head = STRAIGHT) -> Pixels:
    return ready(name).draw(weights, head)


def value(axis: str, name: str) -> Mapping[str, float]:
    return AXES[axis][name].blendshapes


BLINK = value("eyes", "blink_closed")


def changed(one: Pixels, other: Pixels) -> NDArray[np.bool_]:
    return (one != other).any(axis=2)


def colours_like(pixels: Pixels, colour: tuple[int, int, int], within: float = 40) -> int:
    far = np.linalg.norm(pixels[..., :3].astype(float) - colour, axis=-1)
    return int(((far < within) & (pixels[..., 3] > 200)).sum())


# eyes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("girl", "iris"),
        ("avatar", "dot"),
        ("cat", "pupil"),
        ("pencil", "iris"),
        ("laugh", "iris"),
        ("robot", "iris"),
        ("elf", "iris"),
    ],
)
def test_the_kind_of_eyes_is_found(name: str, kind: str) -> None:
    assert set(rigged(name).layers.kinds.values()) == {kind}


def test_a_fringe_and_glasses_stay_where_they_are_when_the_eyes_shut_beneath() -> None:
    _, portrait = character("girl")
    shut = drawn("girl", BLINK)
    hair, rim, iris = (150, 74, 62), (140, 31, 47), (122, 85, 196)
    for colour in (hair, rim):
        kept = np.linalg.norm(portrait[..., :3].astype(float) - colour, axis=-1) < 12
        assert changed(shut, portrait)[kept].mean() < 0.005
    assert colours_like(shut, iris) < 0.01 * colours_like(portrait, iris)


def test_pale_hair_over_pale_skin_stays_and_so_pale_an_eye_shuts_whole() -> None:
    _, portrait = character("elf")
    raised = drawn("elf", value("brows", "raise"))
    # a lock of the fringe, beside the brow
    assert not changed(raised, portrait)[150:205, 110:130].any()
    shut = drawn("elf", BLINK)
    skin = portrait[424, 256, :3].astype(int)
    for x in (331, 181):
        # where the thick lashes and the white were there is plain skin
        assert np.abs(shut[275:300, x - 20 : x + 20, :3].astype(int) - skin).max() < 12


def test_tall_eyes_are_seen_in_the_picture_where_only_their_corners_are_given() -> None:
    found, portrait = character("elf")
    known = found.face
    assert known.left_eye
    assert known.right_eye
    bare = Face(
        left_eye=Eye(known.left_eye.inner, known.left_eye.outer),
        right_eye=Eye(known.right_eye.inner, known.right_eye.outer),
        mouth=known.mouth,
    )
    seen = with_drawn_eyes(portrait, bare)
    for eye, true in ((seen.left_eye, known.left_eye), (seen.right_eye, known.right_eye)):
        assert eye
        for name in ("upper_lid", "lower_lid", "iris"):
            assert np.abs(np.subtract(getattr(eye, name), getattr(true, name))).max() < 0.025, name
        assert eye.iris_radius == pytest.approx(true.iris_radius, rel=0.2)
    shut = Puppet(portrait, bare, (512, 640)).draw(BLINK, STRAIGHT)
    green = (34, 165, 133)
    assert colours_like(shut, green) < 0.02 * colours_like(portrait, green)
    # what is given is kept, and real proportions are not looked at
    assert with_drawn_eyes(portrait, known) is known
    boyish, pencil = character("pencil")
    left, right = boyish.face.left_eye, boyish.face.right_eye
    assert left
    assert right
    plain = Face(left_eye=Eye(left.inner, left.outer), right_eye=Eye(right.inner, right.outer))
    assert with_drawn_eyes(pencil, plain) is plain


def test_a_tall_iris_is_whole_in_an_eye_that_opens_wide() -> None:
    wide = drawn("elf", value("eyes", "wide"))
    column = wide[262:380, 331, :3].astype(int)
    green = (column[:, 1] > column[:, 0] + 25) & (column[:, 1] > 50)
    # one piece from the top of the iris to its bottom, but for highlight and pupil
    assert green.sum() > 45
    below = np.flatnonzero(green).max()
    assert not green[below + 2 :].any()


def test_a_lid_has_the_colour_of_the_skin_beside_it() -> None:
    shut = drawn("girl", BLINK)
    # the middle of the left eye's lid, and the cheek below
    lid, cheek = shut[268, 352, :3].astype(int), shut[340, 352, :3].astype(int)
    assert np.abs(lid - cheek).max() < 8


def test_a_shut_eye_is_a_line_as_thick_as_the_lashes_were() -> None:
    shut = drawn("girl", BLINK)
    column = shut[268:312, 341, :3].astype(int).sum(axis=1)
    dark = int((column < 250).sum())
    assert 4 <= dark <= 9


def test_a_dot_closes_to_a_line_widens_by_growing_and_looks_by_moving() -> None:
    ink = (43, 34, 48)

    def dot(weights: Mapping[str, float]) -> NDArray[np.bool_]:
        part = drawn("avatar", weights)[220:270, 270:340, :3].astype(float)
        return np.linalg.norm(part - ink, axis=-1) < 40

    rest, shut, wide = dot({}), dot(BLINK), dot(value("eyes", "wide"))
    assert shut.any(axis=1).sum() < 0.5 * rest.any(axis=1).sum()
    assert shut.any(axis=0).sum() > rest.any(axis=0).sum()
    assert wide.sum() > 1.2 * rest.sum()
    looking = dot({"eyeLookOutLeft": 1.0})
    assert np.argwhere(looking)[:, 1].mean() > np.argwhere(rest)[:, 1].mean() + 3
    assert abs(looking.sum() - rest.sum()) < 0.1 * rest.sum()


def test_a_kind_that_the_config_names_is_taken() -> None:
    found, portrait = character("avatar")
    assert found.face.left_eye
    one_iris = replace(found.face, left_eye=replace(found.face.left_eye, kind="iris"))
    size = (portrait.shape[1], portrait.shape[0])
    assert Rig(portrait, one_iris, size).layers.kinds == {"Left": "iris", "Right": "dot"}
    by_itself, named = (
        render(portrait, face, BLINK, STRAIGHT, size) for face in (found.face, one_iris)
    )
    middle = portrait.shape[1] // 2
    different = changed(by_itself, named)
    assert different[:, middle:].any()
    assert not different[:, :middle].any()


def test_what_is_painted_over_the_face_stays_and_what_moves_passes_under_it() -> None:
    found, portrait = character("avatar")
    high, wide = portrait.shape[:2]
    hand = np.zeros_like(portrait)
    hand[..., 3] = 255
    hand[300:345, : wide // 2, :3] = 255
    covered = portrait.copy()
    covered[300:345, : wide // 2] = (90, 60, 200, 255)
    open_wide = value("mouth", "ah")
    moved = Puppet(covered, found.face, (wide, high), hand).draw(open_wide, STRAIGHT)
    inner = (slice(302, 343), slice(0, wide // 2 - 2))
    assert np.array_equal(moved[inner], covered[inner])
    # none of it is drawn along beside where it lies
    assert colours_like(moved, (90, 60, 200)) <= colours_like(covered, (90, 60, 200))
    assert changed(moved, covered)[300:345, wide // 2 + 4 :].any()
    loose = render(covered, found.face, open_wide, STRAIGHT, (wide, high))
    assert changed(loose, covered)[inner].any()


@pytest.mark.parametrize(
    ("shape", "white", "said"),
    [((50, 80), 255, "80x50"), ((512, 512), 0, "nothing in it is white")],
)
def test_a_mask_that_says_nothing_of_the_portrait_is_refused(
    shape: tuple[int, int], white: int, said: str
) -> None:
    found, portrait = character("avatar")
    mask = np.full((*shape, 4), white, np.uint8)
    mask[..., 3] = 255
    with pytest.raises(FaceError, match=said):
        Puppet(portrait, found.face, (512, 512), mask)


def test_an_oval_eye_without_lashes_shuts_whole_to_a_line_of_its_darkest_colour() -> None:
    face = np.full((200, 300, 4), (236, 200, 170, 255), np.uint8)
    for x in (100, 200):
        cv2.ellipse(face, (x, 80), (26, 20), 0, 0, 360, (255, 255, 255, 255), -1)
        cv2.ellipse(face, (x, 80), (10, 17), 0, 0, 360, (40, 60, 90, 255), -1)

    def eye(inner: int, outer: int) -> Eye:
        x = (inner + outer) / 600
        return Eye((inner / 300, 0.4), (outer / 300, 0.4), (x, 0.3), (x, 0.5))

    mouth = Mouth((170 / 300, 0.8), (130 / 300, 0.8))
    landmarks = Face(left_eye=eye(174, 226), right_eye=eye(126, 74), mouth=mouth)
    shut = render(face, landmarks, BLINK, STRAIGHT, (300, 200))
    assert colours_like(face, (255, 255, 255), 20) > 1500
    assert colours_like(shut, (255, 255, 255), 20) == 0
    assert 40 < colours_like(shut, (40, 60, 90)) < 400


def winking() -> tuple[Pixels, Face]:
    """A face whose right eye is drawn shut."""
    face = np.full((200, 300, 4), (236, 200, 170, 255), np.uint8)
    cv2.ellipse(face, (100, 76), (24, 8), 0, 10, 170, (40, 60, 90, 255), 3)
    cv2.ellipse(face, (200, 80), (26, 20), 0, 0, 360, (255, 255, 255, 255), -1)
    cv2.ellipse(face, (200, 80), (10, 17), 0, 0, 360, (40, 60, 90, 255), -1)

    def eye(inner: int, outer: int) -> Eye:
        x = (inner + outer) / 600
        return Eye((inner / 300, 0.4), (outer / 300, 0.4), (x, 0.3), (x, 0.5))

    mouth = Mouth((170 / 300, 0.8), (130 / 300, 0.8))
    return face, Face(left_eye=eye(174, 226), right_eye=eye(126, 74), mouth=mouth)


def test_an_eye_that_the_portrait_shows_shut_stays_so_and_that_is_said() -> None:
    portrait, face = winking()
    puppet = Puppet(portrait, face, (300, 200))
    assert puppet.rig.layers.kinds == {"Left": "iris", "Right": "shut"}
    for asked in (BLINK, value("eyes", "wide")):
        frame = puppet.draw(asked, STRAIGHT)
        assert np.array_equal(frame[60:100, 70:130], portrait[60:100, 70:130])
        assert changed(frame, portrait)[60:100, 170:230].any()
        assert puppet.limits(asked) == ("an eye that the portrait shows shut stays shut",)
    assert puppet.limits(value("mouth", "smile_big")) == ()


def test_a_large_white_with_a_small_pupil_is_no_dot() -> None:
    face = np.full((200, 300, 4), (180, 100, 50, 255), np.uint8)
    for x in (100, 200):
        cv2.circle(face, (x, 80), 22, (255, 255, 255, 255), -1)
        cv2.circle(face, (x, 80), 7, (60, 60, 60, 255), -1)

    def eye(inner: int, outer: int) -> Eye:
        x = (inner + outer) / 600
        return Eye((inner / 300, 0.4), (outer / 300, 0.4), (x, 0.29), (x, 0.51))

    mouth = Mouth((170 / 300, 0.8), (130 / 300, 0.8))
    landmarks = Face(left_eye=eye(178, 222), right_eye=eye(122, 78), mouth=mouth)
    assert Rig(face, landmarks, (300, 200)).layers.kinds == {"Left": "iris", "Right": "iris"}
    shut = render(face, landmarks, BLINK, STRAIGHT, (300, 200))
    assert colours_like(shut, (255, 255, 255), 20) < 20
    # a brow that is drawn close above is no line of the lid: it makes the line no thicker
    line = colours_like(shut, (60, 60, 60))
    for x in (100, 200):
        cv2.line(face, (x - 22, 52), (x + 22, 52), (20, 20, 20, 255), 4)
    browed = render(face, landmarks, BLINK, STRAIGHT, (300, 200))
    assert colours_like(browed[70:110], (40, 40, 40)) < 1.3 * line


# the mouth


def test_the_corners_of_a_very_small_mouth_move_far_enough_to_be_seen() -> None:
    _, portrait = character("elf")
    line = (slice(400, 470), slice(200, 312))

    def lowest_corner(weights: Mapping[str, float]) -> int:
        lab = drawn("elf", weights)[line][..., :3].astype(int)
        ink = lab.sum(axis=2) < portrait[424, 256, :3].astype(int).sum() - 150
        columns = np.flatnonzero(ink.any(axis=0))
        return int(np.flatnonzero(ink[:, columns[:3]].any(axis=1)).mean())

    rest = lowest_corner({})
    assert lowest_corner(value("mouth", "frown")) > rest + 2
    assert lowest_corner(value("mouth", "smile_big")) < rest - 5


@pytest.mark.parametrize("mouth", ["smile_big", "ah", "ee"])
def test_grey_stays_grey(mouth: str) -> None:
    frame = drawn("pencil", value("mouth", mouth))[..., :3].astype(int)
    assert (frame.max(axis=2) - frame.min(axis=2)).max() <= 2


def test_an_open_mouth_is_recognised_and_gets_no_second_row_of_teeth() -> None:
    assert rigged("laugh").mouth.is_open
    assert not any(rigged(name).mouth.is_open for name in ("girl", "avatar", "cat", "pencil"))
    frame = drawn("laugh", value("mouth", "ah"))
    # down the middle of the mouth, white begins and ends once
    white = frame[370:480, 330, :3].min(axis=1) > 200
    assert np.diff(white.astype(int)).clip(0).sum() == 1


def test_a_moustache_gets_no_teeth() -> None:
    assert rigged("pencil").mouth.moustache
    frame, rest = drawn("pencil", value("mouth", "ah")), drawn("pencil", {})
    new = changed(frame, rest)[494:530, 250:300]
    assert (frame[494:530, 250:300, 0][new] > 225).mean() < 0.25


def test_a_muzzle_opens_along_its_own_line() -> None:
    assert rigged("cat").mouth.line is not None
    assert rigged("robot").mouth.line is None


def test_what_a_portrait_does_not_let_it_show_is_said() -> None:
    def said(name: str, mouth: str) -> tuple[str, ...]:
        return ready(name).limits(value("mouth", mouth))

    assert "is open" in said("laugh", "closed")[0]
    assert "no teeth" in said("pencil", "ah")[0]
    assert said("avatar", "ah") == said("pencil", "frown") == ()


# outlines, turning


@pytest.mark.parametrize("name", ["girl", "avatar", "laugh", "robot"])
@pytest.mark.parametrize("mouth", ["smile_big", "frown"])
def test_an_expression_leaves_the_outline_of_the_cheeks_alone(name: str, mouth: str) -> None:
    found, portrait = character(name)
    weights = {k: v for k, v in value("mouth", mouth).items() if not k.startswith("jaw")}
    ring = np.zeros(portrait.shape[:2], np.uint8)
    size = (portrait.shape[1], portrait.shape[0])
    assert found.face.outline is not None
    line = (np.array(found.face.outline) * size).round().astype(np.int32)
    cv2.polylines(ring, [line], False, 1, 3)
    assert not changed(drawn(name, weights), portrait)[ring > 0].any()


@pytest.mark.parametrize("name", ["avatar", "laugh", "pencil", "robot"])
@pytest.mark.parametrize("head", [Head(roll_deg=8), Head(yaw_deg=9), Head(pitch_deg=-7)])
def test_the_background_stays_to_the_bit_when_the_head_turns(name: str, head: Head) -> None:
    _, portrait = character(name)
    frame = drawn(name, {}, head)
    high, wide = portrait.shape[:2]
    moved = changed(frame, portrait)
    assert moved.mean() > 0.03
    for corner in (moved[: high // 5, : wide // 8], moved[: high // 5, -wide // 8 :]):
        assert not corner.any()


def test_what_a_turned_head_uncovers_is_background() -> None:
    _, portrait = character("avatar")
    frame = drawn("avatar", {}, Head(yaw_deg=9))
    ground = portrait[5, 5]
    uncovered = changed(frame, portrait)[100:220, 130:148]
    assert uncovered.any()
    assert np.array_equal(frame[150, 141], ground)


def test_a_head_that_cannot_be_told_from_its_background_is_not_turned() -> None:
    found, _ = character("laugh")
    size = (160, 160)  # telling noise from noise takes its time
    noise = np.random.default_rng(1).integers(0, 255, (*size, 4), np.uint8)
    noise[..., 3] = 255
    with pytest.raises(TurnError, match="cannot tell the head from the background"):
        render(noise, found.face, {}, Head(yaw_deg=9), size)
    assert render(noise, found.face, BLINK, STRAIGHT, size).shape == noise.shape


def test_the_same_frame_comes_twice_to_the_bit() -> None:
    found, portrait = character("laugh")
    size = (portrait.shape[1], portrait.shape[0])
    one, other = (Rig(portrait, found.face, size).pose(Head(yaw_deg=5)).neutral for _ in range(2))
    assert np.array_equal(one, other)

"""`doit face`: what is drawn on the portrait, and what is said where landmarks are missing."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tasks.character.face import Eye, Face, Mouth, complete
from tasks.ground.errors import Mistake
from tasks.review.face_overlay import marks, overlay, spread
from tests.conftest import Folder, portrait

LEAST = Face(
    left_eye=Eye(inner=(0.57, 0.4), outer=(0.74, 0.4)),
    right_eye=Eye(inner=(0.43, 0.4), outer=(0.26, 0.4)),
    mouth=Mouth(left=(0.6, 0.6), right=(0.4, 0.6)),
)


def test_every_landmark_is_named_as_in_the_config_and_told_given_from_derived():
    found = {mark.name: mark for mark in marks(LEAST, complete(LEAST))}
    assert found["left_eye.inner"].given
    assert found["left_eye.inner"].point == (0.57, 0.4)
    assert found["mouth.right"].given
    for name in ("left_eye.iris", "left_brow.middle", "nose_base", "chin", "outline[0]"):
        assert not found[name].given, name
    assert "neck_pivot" in found


def test_the_overlay_shows_the_portrait_with_marks_on_it():
    picture = overlay(portrait(), LEAST, complete(LEAST))
    assert picture.height == 1200
    red, green, _blue = picture.getpixel((250 + round(0.57 * 800), round(0.4 * 1200)))
    assert red > 150
    assert green < 80


def test_the_overlay_shows_the_edge_of_the_region_in_dashes():
    edge = [(0.2 + 0.6 * step / 400, 0.9) for step in range(401)]
    bare = overlay(portrait(), LEAST, complete(LEAST))
    picture = overlay(portrait(), LEAST, complete(LEAST), [edge])
    row = [picture.getpixel((250 + x, 1080)) for x in range(170, 630)]
    green = [pixel == (20, 140, 70) for pixel in row]
    assert 0.3 < sum(green) / len(green) < 0.8
    assert bare.getpixel((700, 1080)) != (20, 140, 70)


@given(st.lists(st.floats(0, 1200), max_size=40))
def test_names_stand_a_line_apart_in_the_order_of_their_points(heights: list[float]):
    placed = spread(sorted(heights))
    assert len(placed) == len(heights)
    assert all(b - a >= 21 - 1e-6 for a, b in pairwise(placed))


def test_names_that_have_room_stand_beside_their_points():
    assert spread([10, 100, 300]) == [10, 100, 300]


def test_doit_face_names_the_picture_it_wrote(free: Folder):
    ran = free.doit("face")
    assert ran.code == 0, ran.text
    assert ran.out == "[i] Landmarks: frames/face.png\n"
    with Image.open(free.path / "frames" / "face.png") as picture:
        assert picture.height == 1200
    assert free.doit("face").out == ran.out


def test_doit_face_says_which_landmarks_are_needed_and_draws_those_that_are_there(free: Folder):
    config = free.config
    del config["face"]["mouth"]
    free.write_config(config)
    ran = free.doit("face")
    assert ran.code != 0
    assert "[!] Failed face: face: mouth missing; the puppet needs left_eye, right_eye" in ran.out
    assert (free.path / "frames" / "face.png").is_file()


def test_changing_an_expression_leaves_the_picture_of_the_landmarks_alone(free: Folder):
    free.doit("face")
    target = free.path / "frames" / "face.png"
    before = target.stat().st_mtime_ns
    config = free.config
    config["expressions"]["sad"]["eyes"] = "wide"
    free.write_config(config)
    free.doit("face")
    assert target.stat().st_mtime_ns == before
    config["face"]["chin"] = [0.5, 0.75]
    free.write_config(config)
    free.doit("face")
    assert target.stat().st_mtime_ns != before


def test_another_margin_or_mask_draws_the_picture_anew(free: Folder):
    free.doit("face")
    target = free.path / "frames" / "face.png"
    pictures = {target.read_bytes()}
    free.write_config({**free.config, "finish": {"region_margin": 1.5}})
    free.doit("face")
    pictures.add(target.read_bytes())
    for box in ((10, 20, 50, 60), (10, 20, 50, 70)):
        mask = Image.new("L", (64, 96))
        mask.paste(255, box)
        mask.save(free.path / "mask.png")
        free.write_config({**free.config, "finish": {"face_mask": "mask.png"}})
        free.doit("face")
        pictures.add(target.read_bytes())
    assert len(pictures) == 4


def test_a_small_face_is_shown_large(free: Folder):
    face = replace(
        LEAST,
        left_eye=Eye(inner=(0.51, 0.2), outer=(0.54, 0.2)),
        right_eye=Eye(inner=(0.49, 0.2), outer=(0.46, 0.2)),
        mouth=Mouth(left=(0.515, 0.23), right=(0.485, 0.23)),
    )
    eyes = Image.new("RGBA", (1000, 1500), "white")
    eyes.paste((0, 200, 0, 255), (500, 290, 560, 310))
    whole = complete(face)
    plain = overlay(eyes, face, whole)
    green = sum(colour == (0, 200, 0) for colour in plain.get_flattened_data())
    assert green > 3 * 60 * 20


@pytest.mark.parametrize("name", ["left_eye", "right_eye"])
def test_corners_that_are_swapped_are_noticed(name: str):
    eye = getattr(LEAST, name)
    swapped = replace(LEAST, **{name: Eye(inner=eye.outer, outer=eye.inner)})
    with pytest.raises(Mistake, match=f"face.{name}: inner and outer are swapped"):
        complete(swapped)


def in_pixels(value: object, width: int, height: int) -> object:
    if isinstance(value, dict):
        return {name: in_pixels(part, width, height) for name, part in value.items()}
    x, y = value
    return [round(x * width, 6), round(y * height, 6)]


def test_landmarks_in_pixels_give_the_frames_of_the_same_places(free: Folder):
    free.doit("endpoints")
    before = free.frame_bytes()
    config = free.config
    config["face"] = {**in_pixels(config["face"], 64, 96), "unit": "px"}
    free.write_config(config)
    ran = free.doit("endpoints")
    assert ran.code == 0, ran.text
    assert free.frame_bytes() == before
    config["face"]["mouth"]["left"] = [70, 60]
    free.write_config(config)
    assert "face.mouth.left is [70.0, 60.0], outside the portrait" in free.doit("endpoints").text


def test_a_painted_layer_stays_over_the_face_and_frames_follow_it(free: Folder):
    mask = Image.new("L", (64, 96))
    mask.paste(255, (0, 50, 32, 70))
    mask.save(free.path / "hand.png")
    config = free.config
    config["face"]["over"] = "hand.png"
    config["base_paths"] = [{"id": "cheer", "start": "neutral", "end": "happy_big", "max_depth": 1}]
    free.write_config(config)
    ran = free.doit("endpoints", "sequences")
    assert ran.code == 0, ran.text
    half = (0, 52, 30, 68)
    middle = free.path / "frames/sequences/cheer__center/050.png"

    def parts() -> list[bytes]:
        paths = [free.frame("neutral__center"), free.frame("happy_big__center"), middle]
        return [Image.open(path).convert("RGBA").crop(half).tobytes() for path in paths]

    neutral, happy, between = parts()
    assert neutral == happy == between
    # doit follows the mask: repainted, the frames are drawn anew
    Image.new("L", (64, 96)).save(free.path / "hand.png")
    assert "face.over: nothing in it is white" in free.doit("endpoints").text
    mask.paste(0, (0, 0, 64, 96))
    mask.paste(255, (0, 0, 4, 4))
    mask.save(free.path / "hand.png")
    assert free.doit("endpoints", "sequences").code == 0
    neutral, happy, between = parts()
    assert neutral != happy != between
    (free.path / "hand.png").unlink()
    gone = free.doit("endpoints")
    assert gone.code != 0
    assert "hand.png is not there (face.over)" in gone.text

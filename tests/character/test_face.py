"""Landmarks: what is derived from the eyes and the mouth, and what is refused."""

import json
from dataclasses import fields, replace
from itertools import pairwise
from math import cos, dist, radians, sin
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tasks.character.face import Brow, Eye, Face, FaceError, Mouth, Point, complete
from tasks.character.face_unit import in_frame, in_parts
from tasks.character.read import parse, read_text
from tasks.ground.errors import Mistake

EXAMPLE = Path(__file__).parents[2] / "expressions.json"
ASPECT = 2 / 3

BARE = Face(
    left_eye=Eye(inner=(0.57, 0.4), outer=(0.69, 0.4)),
    right_eye=Eye(inner=(0.43, 0.4), outer=(0.31, 0.4)),
    mouth=Mouth(left=(0.58, 0.55), right=(0.42, 0.55)),
)
"""the least that will do"""


def points(face: Face) -> dict[str, Point]:
    """Every point of a face by its dotted name."""
    found: dict[str, Point] = {}

    def walk(name: str, value: object) -> None:
        if isinstance(value, tuple) and isinstance(value[0], float):
            found[name] = (value[0], value[1])
        elif isinstance(value, tuple):
            for number, part in enumerate(value):
                walk(f"{name}.{number}", part)
        elif isinstance(value, Face | Eye | Brow | Mouth):
            for field in fields(value):
                walk(f"{name}.{field.name}".lstrip("."), getattr(value, field.name))

    walk("", face)
    return found


def test_eyes_and_mouth_alone_give_every_landmark() -> None:
    whole = complete(BARE, ASPECT)
    said, found = {"over", "unit", "kind"}, set()
    for part in (whole, whole.left_eye, whole.right_eye, whole.mouth):
        assert part is not None
        found |= {field.name for field in fields(part) if getattr(part, field.name) is None}
    assert found <= said


def test_derived_landmarks_lie_in_a_face_s_order() -> None:
    whole = points(complete(BARE, ASPECT))
    column = ("left_brow.middle", "left_eye.upper_lid", "left_eye.lower_lid", "nose_base")
    column += ("mouth.upper_lip", "mouth.centre", "mouth.lower_lip", "chin", "neck_pivot")
    assert all(whole[above][1] < whole[below][1] for above, below in pairwise(column))
    assert whole["left_brow.inner"][0] < whole["left_brow.outer"][0]
    assert whole["right_brow.inner"][0] > whole["right_brow.outer"][0]


def test_given_landmarks_are_kept_as_they_are() -> None:
    given = replace(BARE, chin=(0.51, 0.7), left_brow=Brow((0.5, 0.3), (0.6, 0.29), (0.7, 0.3)))
    whole = points(complete(given, ASPECT))
    for name, point in points(given).items():
        assert whole[name] == pytest.approx(point, abs=1e-12)


def test_a_derived_face_is_the_same_shape_in_a_portrait_of_any_aspect() -> None:
    tall = complete(BARE, ASPECT)
    squeezed = {name: (x / 2, y) for name, (x, y) in points(BARE).items()}
    left = Eye(squeezed["left_eye.inner"], squeezed["left_eye.outer"])
    right = Eye(squeezed["right_eye.inner"], squeezed["right_eye.outer"])
    mouth = Mouth(squeezed["mouth.left"], squeezed["mouth.right"])
    wide = complete(Face(left_eye=left, right_eye=right, mouth=mouth), 2 * ASPECT)
    for name, (x, y) in points(tall).items():
        assert points(wide)[name] == pytest.approx((x / 2, y), abs=1e-9)


def test_a_slanting_face_has_slanting_landmarks() -> None:
    def turned(point: Point) -> Point:
        x, y = point[0] - 0.5, point[1] - 0.5
        c, s = cos(radians(20)), sin(radians(20))
        return 0.5 + x * c - y * s, 0.5 + x * s + y * c

    bare = points(BARE)
    slanting = Face(
        left_eye=Eye(turned(bare["left_eye.inner"]), turned(bare["left_eye.outer"])),
        right_eye=Eye(turned(bare["right_eye.inner"]), turned(bare["right_eye.outer"])),
        mouth=Mouth(turned(bare["mouth.left"]), turned(bare["mouth.right"])),
    )
    whole = points(complete(slanting, 1.0))
    for name, point in points(complete(BARE, 1.0)).items():
        assert whole[name] == pytest.approx(turned(point), abs=1e-9)


def test_derived_landmarks_are_close_to_those_of_the_example() -> None:
    given = parse(read_text(EXAMPLE), EXAMPLE.name).face
    assert given.left_eye
    assert given.right_eye
    assert given.mouth
    bare = Face(
        left_eye=Eye(given.left_eye.inner, given.left_eye.outer),
        right_eye=Eye(given.right_eye.inner, given.right_eye.outer),
        mouth=Mouth(given.mouth.left, given.mouth.right),
    )
    drawn, derived = points(given), points(complete(bare, ASPECT))
    eye_to_mouth = given.mouth.left[1] - given.left_eye.inner[1]
    for name in drawn.keys() - {n for n in drawn if n.startswith("outline")}:
        (x, y), (u, v) = drawn[name], derived[name]
        assert dist((x * ASPECT, y), (u * ASPECT, v)) < 0.2 * eye_to_mouth, name


@pytest.mark.parametrize("name", ["left_eye", "right_eye", "mouth"])
def test_a_missing_eye_or_mouth_is_named_with_what_is_needed(name: str) -> None:
    with pytest.raises(FaceError, match=f"face: {name} missing; .*left_eye, right_eye and mouth"):
        complete(replace(BARE, **{name: None}))


def test_no_landmarks_at_all_is_a_mistake_that_a_person_can_mend() -> None:
    with pytest.raises(Mistake, match="left_eye, right_eye and mouth missing"):
        complete(Face())


def test_swapped_sides_are_refused() -> None:
    swapped = replace(BARE, left_eye=BARE.right_eye, right_eye=BARE.left_eye)
    with pytest.raises(FaceError, match="character's own"):
        complete(swapped)


def test_corners_in_one_point_are_refused() -> None:
    pinched = replace(BARE, mouth=Mouth((0.5, 0.55), (0.5, 0.55)))
    with pytest.raises(FaceError, match="mouth: left and right are the same point"):
        complete(pinched)


def test_a_mouth_above_the_eyes_is_refused() -> None:
    upside = replace(BARE, mouth=Mouth((0.58, 0.2), (0.42, 0.2)))
    with pytest.raises(FaceError, match="mouth lies above the eyes"):
        complete(upside)


def test_an_eye_outside_the_portrait_is_refused() -> None:
    outside = replace(BARE, left_eye=Eye(inner=(0.9, 0.4), outer=(1.1, 0.4)))
    with pytest.raises(FaceError, match=r"left_eye.outer is \[1.1, 0.4\], outside the portrait"):
        complete(outside)


def test_lids_the_wrong_way_round_and_a_chin_above_the_mouth_are_refused() -> None:
    turned = Eye((0.57, 0.4), (0.69, 0.4), upper_lid=(0.63, 0.42), lower_lid=(0.63, 0.38))
    with pytest.raises(FaceError, match="left_eye: upper_lid lies below lower_lid"):
        complete(replace(BARE, left_eye=turned))
    with pytest.raises(FaceError, match="chin lies above the mouth"):
        complete(replace(BARE, chin=(0.5, 0.5)))


def test_the_landmarks_are_read_from_json_by_their_names() -> None:
    text = json.dumps({"chin": [0.5, 0.6], "mouth": {"left": [0.6, 0.5], "right": [0.4, 0.5]}})
    face = TypeAdapter(Face).validate_json(text)
    assert face.chin == (0.5, 0.6)
    assert face.mouth == Mouth(left=(0.6, 0.5), right=(0.4, 0.5))


def test_landmarks_in_pixels_are_those_of_the_same_places_in_parts() -> None:
    outline = ((100.0, 400.0), (300.0, 900.0), (500.0, 400.0))
    in_pixels = Face(
        left_eye=Eye((300.0, 400.0), (400.0, 400.0), iris_radius=30.0, kind="pupil"),
        outline=outline,
        over="hair.png",
        unit="px",
    )
    face = in_parts(in_pixels, (600, 1000))
    assert face == Face(
        left_eye=Eye((0.5, 0.4), (0.666667, 0.4), iris_radius=0.05, kind="pupil"),
        outline=((0.166667, 0.4), (0.5, 0.9), (0.833333, 0.4)),
        over="hair.png",
    )
    assert in_parts(face, (600, 1000)) is face


def test_a_pixel_outside_the_portrait_is_refused_by_its_name() -> None:
    far = Face(outline=((10.0, 10.0), (10.0, 1200.0)), unit="px")
    with pytest.raises(
        FaceError, match=r"face.outline\[1\] is \[10.0, 1200.0\], outside .*600x1000"
    ):
        in_parts(far, (600, 1000))


def test_how_an_eye_is_drawn_outlives_what_is_derived() -> None:
    eye = Eye((0.57, 0.4), (0.69, 0.4), kind="dot")
    whole = complete(replace(BARE, left_eye=eye, over="hair.png"), ASPECT)
    assert whole.left_eye
    assert (whole.left_eye.kind, whole.over) == ("dot", "hair.png")


def test_a_face_lies_in_a_frame_where_its_portrait_does() -> None:
    whole = in_frame(BARE, (100, 50, 200, 300), (400, 400))
    assert points(whole)["left_eye.inner"] == pytest.approx((0.535, 0.425))
    assert points(whole)["mouth.right"] == pytest.approx((0.46, 0.5375))
    assert in_frame(BARE, (0, 0, 40, 40), (40, 40)) is BARE

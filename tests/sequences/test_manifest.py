"""Manifests: what they say, when they are written, and what a reader takes for one."""

import json
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.character.character import BasePath, Character, Generation, Pose
from tasks.character.ease import EASES
from tasks.character.face import Face
from tasks.ground.errors import Mistake
from tasks.sequences.manifest import Shared, is_manifest, manifest, read, shown_ms, withdraw, write
from tasks.sequences.tree import Sequence, moments, sequences

quick = settings(deadline=None, max_examples=150)
SIZE_PX = (1024, 1536)


def sequences_of(*paths: BasePath) -> dict[str, Sequence]:
    poses = {name: Pose(name) for name in ("center", "left")}
    character = Character("", "me.png", Face(), {}, {}, poses, paths, Generation())
    return {each.id: each for each in sequences(character)}


THERE = BasePath("cheer_up", "sad", "happy", ("center",), max_depth=1)
BACK = BasePath("calm_down", "happy", "sad", ("center",), max_depth=1, ease="in", duration_ms=90)
TURN = BasePath("turn", "sad", "sad", start_pose="center", end_pose="left", max_depth=0)
ALL = sequences_of(THERE, BACK, TURN)
FORWARD, BACKWARD, TURNED = (
    manifest(ALL[name], SIZE_PX) for name in ("cheer_up__center", "calm_down__center", "turn__sad")
)


def drawn(frames: Path, name: str = "cheer_up__center", depth: int = 1) -> Path:
    """A sequence's folder with pictures in it, in which nobody looks."""
    folder = frames / name
    folder.mkdir()
    for each in moments(depth):
        (folder / each.file).write_bytes(b"picture")
    return folder


def written(frames: Path, document: Any, name: str = "cheer_up__center") -> Path:
    """A folder with a manifest that somebody wrote."""
    folder = frames / name
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(document))
    return folder


# What it says


def test_the_manifest_of_a_sequence():
    assert FORWARD == {
        "path_id": "cheer_up",
        "expr_start": "sad",
        "expr_end": "happy",
        "pose": "center",
        "frames": [
            {"t": 0.0, "file": "000.png"},
            {"t": 0.5, "file": "050.png"},
            {"t": 1.0, "file": "100.png"},
        ],
        "pose_start": "center",
        "pose_end": "center",
        "width_px": 1024,
        "height_px": 1536,
        "duration_ms": 400,
        "ease": "linear",
        "shown_ms": [133, 134, 133],
        "shared": None,
    }


def test_the_keys_of_the_old_scripts_come_first_and_in_their_order():
    assert list(FORWARD)[:5] == ["path_id", "expr_start", "expr_end", "pose", "frames"]
    assert all(list(frame) == ["t", "file"] for frame in FORWARD["frames"])


def test_the_reverse_names_the_owner_s_pictures_in_the_other_order_and_says_so():
    assert (BACKWARD["expr_start"], BACKWARD["expr_end"]) == ("happy", "sad")
    assert BACKWARD["frames"] == [
        {"t": 0.0, "file": "../cheer_up__center/100.png"},
        {"t": 0.5, "file": "../cheer_up__center/050.png"},
        {"t": 1.0, "file": "../cheer_up__center/000.png"},
    ]
    assert BACKWARD["shared"] == {"sequence": "cheer_up__center", "reversed": True}
    assert (BACKWARD["ease"], BACKWARD["duration_ms"]) == ("in", 90)


def test_a_path_between_poses_has_no_one_pose():
    ends = {key: TURNED[key] for key in ("expr_start", "expr_end", "pose_start", "pose_end")}
    assert TURNED["pose"] is None
    assert list(ends.values()) == ["sad", "sad", "center", "left"]


def test_a_time_is_written_as_its_exact_decimal(tmp_path: Path):
    deep = sequences_of(BasePath("p", "a", "b", ("center",), max_depth=10))["p__center"]
    folder = drawn(tmp_path, "p__center", depth=10)
    write(folder, manifest(deep, SIZE_PX))
    text = (folder / "manifest.json").read_text()
    found = [frame["t"] for frame in json.loads(text, parse_float=Fraction)["frames"]]
    assert found == [Fraction(k, 1024) for k in range(1025)]


# How long each frame is shown


@quick
@given(st.integers(2, 129), st.integers(1, 60_000), st.sampled_from(sorted(EASES)))
def test_the_times_of_all_frames_are_together_that_of_the_sequence(
    count: int, duration_ms: int, ease: str
):
    times_ms = shown_ms(count, duration_ms, ease)
    assert len(times_ms) == count
    assert sum(times_ms) == duration_ms
    assert min(times_ms) >= 0


def test_without_an_ease_all_frames_are_shown_equally_long():
    assert shown_ms(5, 400, "linear") == (80, 80, 80, 80, 80)
    assert shown_ms(4, 10, "linear") in {(2, 3, 3, 2), (2, 3, 2, 3), (3, 2, 3, 2)}


def test_an_ease_holds_the_frames_longest_where_it_is_slow():
    slow_first, slow_last = shown_ms(5, 1000, "in"), shown_ms(5, 1000, "out")
    assert list(slow_first) == sorted(slow_first, reverse=True)
    assert slow_last == slow_first[::-1]
    # The way is the square of the time: a fifth of it takes the root of a fifth.
    assert list(accumulate(slow_first)) == [447, 632, 775, 894, 1000]
    both = shown_ms(5, 1000, "in_out")
    assert both == both[::-1]
    assert both[0] > both[1] > both[2]


# Writing


def test_a_manifest_is_written_once_everything_is_there_and_the_same_every_time(tmp_path: Path):
    folder = drawn(tmp_path)
    write(folder, FORWARD)
    once = (folder / "manifest.json").read_bytes()
    assert json.loads(once) == FORWARD
    write(folder, manifest(ALL["cheer_up__center"], SIZE_PX))
    assert (folder / "manifest.json").read_bytes() == once
    assert once.endswith(b"}\n")


def test_a_picture_that_is_not_there_leaves_no_manifest_that_pretends(tmp_path: Path):
    folder = drawn(tmp_path)
    write(folder, FORWARD)
    (folder / "050.png").unlink()
    with pytest.raises(Mistake, match=r"not all pictures are there: 050\.png"):
        write(folder, FORWARD)
    assert sorted(path.name for path in folder.iterdir()) == ["000.png", "100.png"]


def test_the_manifest_of_a_reverse_needs_the_pictures_of_the_owner(tmp_path: Path):
    folder = tmp_path / "calm_down__center"
    folder.mkdir()
    with pytest.raises(Mistake, match=r"\.\./cheer_up__center/050\.png"):
        write(folder, BACKWARD)
    drawn(tmp_path)
    write(folder, BACKWARD)
    assert [path.name for path in folder.iterdir()] == ["manifest.json"]


def test_a_manifest_is_withdrawn_whether_it_is_there_or_not(tmp_path: Path):
    folder = drawn(tmp_path)
    withdraw(folder)
    write(folder, FORWARD)
    withdraw(folder)
    withdraw(tmp_path / "no_such")
    assert not (folder / "manifest.json").exists()


# Reading


def test_a_manifest_that_was_written_is_read(tmp_path: Path):
    folder = drawn(tmp_path)
    write(folder, FORWARD)
    found = read(folder)
    assert (found.path_id, found.expr_start, found.expr_end) == ("cheer_up", "sad", "happy")
    assert (found.pose, found.pose_start, found.pose_end) == ("center", "center", "center")
    assert (found.width_px, found.height_px) == SIZE_PX
    assert (found.duration_ms, found.ease, found.shared) == (400, "linear", None)
    assert [(frame.t, frame.path, frame.shown_ms) for frame in found.frames] == [
        (0.0, folder / "000.png", 133),
        (0.5, folder / "050.png", 134),
        (1.0, folder / "100.png", 133),
    ]


def test_a_reverse_is_read_with_the_pictures_where_they_are(tmp_path: Path):
    owner = drawn(tmp_path)
    folder = tmp_path / "calm_down__center"
    write(folder, BACKWARD)
    found = read(folder)
    assert found.shared == Shared("cheer_up__center", reversed=True)
    assert [frame.path for frame in found.frames] == [
        *(owner / "100.png", owner / "050.png", owner / "000.png")
    ]


def test_a_turn_is_read(tmp_path: Path):
    found = read(written(tmp_path, TURNED, "turn__sad"))
    assert (found.pose, found.pose_start, found.pose_end) == (None, "center", "left")


def test_keys_that_a_later_program_may_add_are_passed_over(tmp_path: Path):
    assert read(written(tmp_path, {**FORWARD, "later": 1})).path_id == "cheer_up"


def frames_with(index: int, **parts: Any) -> list[dict[str, Any]]:
    changed = [dict(frame) for frame in FORWARD["frames"]]
    changed[index].update(parts)
    return changed


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"path_id": 3}, "path_id must be text"),
        ({"ease": None}, "ease must be text"),
        ({"ease": "wobble"}, "ease is unknown"),
        ({"width_px": 0}, "width_px must be a whole number, 1 or more"),
        ({"height_px": True}, "height_px must be a whole number, 1 or more"),
        ({"duration_ms": 1.5}, "duration_ms must be a whole number, 1 or more"),
        ({"pose": None}, "pose must be the one pose, or null where there are two"),
        ({"pose": "left"}, "pose must be the one pose"),
        ({"pose_end": "left"}, "pose must be the one pose, or null where there are two"),
        ({"path_id": "other"}, "it belongs to the folder other__center"),
        ({"shared": 3}, "shared must be null"),
        ({"shared": {"sequence": "a__b"}}, "shared must be null"),
        ({"shared": {"sequence": "..", "reversed": False}}, "shared must be null"),
        ({"shared": {"sequence": "../a__b", "reversed": False}}, "shared must be null"),
        ({"shared": {"sequence": "a__b", "reversed": False}}, "a frame must have t and"),
        ({"frames": None}, "lists of one length"),
        ({"shown_ms": [400]}, "lists of one length"),
        ({"shown_ms": [1, 2, -3]}, "whole numbers, 0 or more"),
        ({"shown_ms": [1, 2, "3"]}, "whole numbers, 0 or more"),
        ({"frames": [1, 2, 3]}, "a frame must have t and"),
        ({"frames": frames_with(1, t=0.25)}, "a frame must have t and"),
        ({"frames": frames_with(1, t="0.5")}, "a frame must have t and"),
        ({"frames": frames_with(2, t=True)}, "a frame must have t and"),
        ({"frames": frames_with(1, t=float("nan"))}, "a frame must have t and"),
        ({"frames": frames_with(1, file="/etc/passwd")}, "a frame must have t and"),
        ({"frames": frames_with(1, file="../b__c/050.png")}, "a frame must have t and"),
        ({"frames": FORWARD["frames"][::-1]}, "from t 0 to t 1 in the order of time"),
        ({"frames": [FORWARD["frames"][0]] * 3}, "from t 0 to t 1 in the order of time"),
        ({"frames": [], "shown_ms": []}, "from t 0 to t 1 in the order of time"),
    ],
)
def test_what_is_no_manifest_is_told_with_what_is_wrong(tmp_path: Path, parts, told: str):
    folder = written(tmp_path, {**FORWARD, **parts})
    with pytest.raises(Mistake, match=r"manifest\.json is no manifest: ") as caught:
        read(folder)
    assert told in str(caught.value)
    assert not is_manifest(folder)


@pytest.mark.parametrize("key", FORWARD)
def test_a_manifest_without_one_of_its_keys_is_none(tmp_path: Path, key: str):
    folder = written(tmp_path, {name: FORWARD[name] for name in FORWARD if name != key})
    with pytest.raises(Mistake, match="is no manifest"):
        read(folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below),
    max_leaves=5,
)


@quick
@given(st.dictionaries(st.sampled_from(sorted(FORWARD)), JSON), JSON)
def test_junk_is_a_mistake_and_never_a_crash(tmp_path_factory, parts, whole):
    folder = tmp_path_factory.getbasetemp() / "cheer_up__center"
    for document in ({**FORWARD, **parts}, whole):
        written(folder.parent, document)
        assert isinstance(is_manifest(folder), bool)


def test_no_json_and_no_file_are_mistakes(tmp_path: Path):
    folder = written(tmp_path, FORWARD)
    (folder / "manifest.json").write_bytes(b"\xff{")
    with pytest.raises(Mistake, match="is no JSON"):
        read(folder)
    with pytest.raises(Mistake, match="cannot be read"):
        read(tmp_path / "no_such")
    (folder / "manifest.json").write_text(json.dumps(FORWARD))
    assert is_manifest(folder)

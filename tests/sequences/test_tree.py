"""Sequences: the tree of moments, the names of frames, and which sequences share their pictures."""

import time
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.character.character import (
    MAX_DEPTH,
    BasePath,
    Character,
    Expression,
    Generation,
    Pose,
    pose_paths,
)
from tasks.character.face import Face
from tasks.sequences.tree import (
    Keyframe,
    Moment,
    Sequence,
    is_sequence_id,
    layers,
    moment,
    moment_of,
    moments,
    sequences,
)

quick = settings(deadline=None, max_examples=150)
LEVELS = st.integers(0, 52)
MOMENTS = LEVELS.flatmap(lambda level: st.builds(moment, st.integers(0, 2**level), st.just(level)))
DEPTHS = st.integers(0, MAX_DEPTH)


def exact(each: Moment) -> Fraction:
    return Fraction(each.numerator, 2**each.level)


def character_of(*paths: BasePath, poses: tuple[str, ...] = ("center", "left")) -> Character:
    names = {name for path in paths for name in (path.start, path.end)}
    return Character(
        "",
        "me.png",
        Face(),
        {},
        {name: Expression(name) for name in sorted(names)},
        {pose: Pose(pose) for pose in poses},
        paths,
        Generation(),
    )


def listed(*paths: BasePath) -> dict[str, Sequence]:
    found = sequences(character_of(*paths))
    by_id = {each.id: each for each in found}
    assert len(by_id) == len(found)
    return by_id


def path_of(name: str, start: str, end: str, **parts: object) -> BasePath:
    return BasePath(name, start, end, **{"poses": ("center",), **parts})


# Moments and their names


def test_the_usual_depths_have_the_usual_names():
    assert [each.file for each in moments(0)] == ["000.png", "100.png"]
    assert [each.file for each in moments(1)] == ["000.png", "050.png", "100.png"]
    assert [each.file for each in moments(2)] == [
        *("000.png", "025.png", "050.png", "075.png", "100.png")
    ]
    assert [each.file for each in moments(3) if each.level == 3] == [
        *("0125.png", "0375.png", "0625.png", "0875.png")
    ]
    assert moment(1, 7).file == "00078125.png"


@quick
@given(st.lists(MOMENTS, min_size=2))
def test_names_sort_in_the_order_of_time_across_all_depths(found: list[Moment]):
    assert sorted(found, key=exact) == sorted(found, key=lambda each: each.file)


@quick
@given(MOMENTS)
def test_a_name_is_the_exact_decimal_of_its_time_and_leads_back_to_it(each: Moment):
    digits = each.file.removesuffix(".png")
    assert Fraction(f"{digits[0]}.{digits[1:]}") == exact(each) == Fraction(each.t)
    assert moment_of(each.file) == each


@pytest.mark.parametrize("depth", range(MAX_DEPTH + 1))
def test_the_names_of_a_depth_are_all_different_and_in_order(depth: int):
    names = [each.file for each in moments(depth)]
    assert len({*names}) == len(names) == 2**depth + 1
    assert names == sorted(names)
    assert [each.t for each in moments(depth)] == [k / 2**depth for k in range(2**depth + 1)]


@quick
@given(DEPTHS, DEPTHS)
def test_another_depth_keeps_every_name_and_what_it_means(one: int, other: int):
    shallow, deep = ({each.file: each for each in moments(depth)} for depth in sorted((one, other)))
    assert shallow.items() <= deep.items()


@quick
@given(st.from_regex(r"[01][0-9]{0,14}\.png", fullmatch=True))
def test_no_two_names_mean_one_moment(name: str):
    found = moment_of(name)
    assert found is None or found.file == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "000", "00.png", "0.png", "0500.png", "033.png", "101.png", "125.png", "200.png"),
        *("050.PNG", "050.png\n", "-50.png", "05\u0660.png", f"0{'1' * 99}.png", "manifest.json"),
    ],
)
def test_a_name_that_no_moment_has_is_none(name: str):
    assert moment_of(name) is None


# The tree


@quick
@given(MOMENTS.filter(lambda each: each.level))
def test_an_in_between_lies_halfway_between_neighbours_of_levels_above(each: Moment):
    before, after = each.neighbours
    assert exact(before) < exact(each) < exact(after)
    assert exact(before) + exact(after) == 2 * exact(each)
    assert max(before.level, after.level) == each.level - 1


@pytest.mark.parametrize("depth", range(5))
def test_the_neighbours_of_a_depth_are_all_in_it_and_one_layer_before(depth: int):
    assert sorted(sum(layers(depth), ()), key=exact) == list(moments(depth))
    done: set[Moment] = set()
    for level, layer in enumerate(layers(depth)):
        assert len(layer) == (2 if level == 0 else 2 ** (level - 1))
        assert all(set(each.neighbours) <= done for each in layer if level)
        done |= set(layer)


def test_the_neighbours_at_depth_two():
    assert [tuple(n.file for n in each.neighbours) for each in layers(2)[2]] == [
        ("000.png", "050.png"),
        ("050.png", "100.png"),
    ]


def test_a_keyframe_has_no_neighbours():
    for end in moments(0):
        with pytest.raises(ValueError, match="not made from its neighbours"):
            _ = end.neighbours


@quick
@given(MOMENTS)
def test_the_opposite_of_the_opposite_is_the_moment_itself(each: Moment):
    assert exact(each.opposite) == 1 - exact(each)
    assert each.opposite.opposite == each


@pytest.mark.parametrize(("numerator", "level"), [(2, 2), (0, 3), (-1, 1), (3, 1), (2, 0), (1, -1)])
def test_what_is_no_moment_is_refused(numerator: int, level: int):
    with pytest.raises(ValueError, match="no moment"):
        Moment(numerator, level)


@pytest.mark.parametrize("depth", [-1, MAX_DEPTH + 1])
def test_a_depth_that_there_is_not_is_refused(depth: int):
    with pytest.raises(ValueError, match="it goes from 0 to 10"):
        moments(depth)


# The sequences of a character


def test_a_path_is_a_sequence_at_each_of_its_poses():
    path = BasePath("cheer_up", "sad", "happy", ("center", "left"))
    found = listed(path, path_of("blink", "neutral", "closed", poses=("left",)))
    assert list(found) == ["cheer_up__center", "cheer_up__left", "blink__left"]
    left = found["cheer_up__left"]
    assert (left.start, left.end) == (Keyframe("sad", "left"), Keyframe("happy", "left"))
    assert (left.pose, left.turns_head, left.owns, left.reversed) == ("left", False, True, False)
    assert [(frame.t, frame.file) for frame in left.frames] == [
        *((0.0, "000.png"), (0.25, "025.png"), (0.5, "050.png"), (0.75, "075.png")),
        (1.0, "100.png"),
    ]
    assert left.files == (
        *("cheer_up__left/000.png", "cheer_up__left/025.png", "cheer_up__left/050.png"),
        *("cheer_up__left/075.png", "cheer_up__left/100.png", "cheer_up__left/manifest.json"),
    )


def test_a_path_between_poses_is_one_sequence_called_by_what_stays():
    character = character_of(
        *pose_paths("neutral", ("center", "left", "up")), poses=("center", "left", "up")
    )
    found = sequences(character)
    assert [each.id for each in found] == [
        "neutral_center_to_left__neutral",
        "neutral_center_to_up__neutral",
    ]
    assert found[0].start == Keyframe("neutral", "center")
    assert found[0].end == Keyframe("neutral", "left")
    assert (found[0].pose, found[0].turns_head) == (None, True)


@pytest.mark.parametrize(("start", "end"), [("neutral", "sad"), ("sad", "happy"), ("a", "b")])
def test_a_path_and_its_reverse_are_made_once(start: str, end: str):
    found = listed(path_of("there", start, end), path_of("back", end, start))
    there, back = found["there__center"], found["back__center"]
    assert (there.owns, there.owner, there.reversed) == (True, "there__center", False)
    assert (back.owns, back.owner, back.reversed) == (False, "there__center", True)
    assert [(frame.t, frame.file) for frame in back.frames] == [
        *((0.0, "100.png"), (0.25, "075.png"), (0.5, "050.png"), (0.75, "025.png")),
        (1.0, "000.png"),
    ]
    assert back.files[0] == "there__center/100.png"
    assert back.files[-1] == "back__center/manifest.json"
    assert [each.file for each in there.tweens] == ["050.png", "025.png", "075.png"]
    assert back.tweens == ()


def test_paths_with_the_same_ends_share_in_the_same_order():
    found = listed(path_of("one", "a", "b"), path_of("two", "a", "b", ease="in", duration_ms=90))
    two = found["two__center"]
    assert (two.owner, two.reversed) == ("one__center", False)
    assert [frame.file for frame in two.frames] == [each.file for each in moments(2)]


def test_other_poses_and_other_ends_share_nothing():
    found = listed(
        path_of("there", "a", "b"),
        path_of("back", "b", "a", poses=("left",)),
        path_of("on", "b", "c"),
    )
    assert all(each.owns for each in found.values())


def test_paths_between_poses_share_with_their_reverse_too():
    turn = {"poses": ()}
    found = listed(
        path_of("there", "a", "a", start_pose="center", end_pose="left", **turn),
        path_of("back", "a", "a", start_pose="left", end_pose="center", **turn),
        path_of("other", "b", "b", start_pose="left", end_pose="center", **turn),
    )
    assert found["back__a"].owner == "there__a"
    assert found["back__a"].reversed
    assert found["other__b"].owns


def test_of_two_depths_the_deeper_owns_and_the_other_shows_some_of_its_pictures():
    found = listed(path_of("there", "a", "b", max_depth=1), path_of("back", "b", "a", max_depth=3))
    there, back = found["there__center"], found["back__center"]
    assert back.owns
    assert (there.owner, there.reversed) == ("back__center", True)
    assert [frame.file for frame in there.frames] == ["100.png", "050.png", "000.png"]
    assert set(there.files[:-1]) < set(back.files)


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ({"tween": "draw"}, {"tween": "morph"}, False),
        ({"distance_threshold": 1.0}, {"distance_threshold": 2.0}, False),
        ({"distance_threshold": 1.0, "tween": "morph"}, {"tween": "morph"}, True),
        ({"max_depth": 0}, {"tween": "hold"}, True),
        ({"max_depth": 0, "tween": "morph"}, {"tween": "hold", "distance_threshold": 2.0}, True),
        ({"ease": "in", "duration_ms": 90}, {"ease": "out"}, True),
    ],
)
def test_only_what_is_made_in_the_same_way_is_shared(one, other, share: bool):
    found = listed(path_of("there", "a", "b", **one), path_of("back", "b", "a", **other))
    assert found["back__center"].owns != share


def test_a_hold_has_its_ends_and_nothing_between():
    held = listed(path_of("p", "a", "b", tween="hold", max_depth=5))["p__center"]
    assert [frame.file for frame in held.frames] == ["000.png", "100.png"]
    assert held.tweens == ()


@pytest.mark.parametrize(
    ("name", "good"),
    [("a__b", True), ("a_b__c.d", True), ("a", False), ("a__", False), ("a__b__c", False)],
)
def test_the_name_of_a_sequence_is_two_ids(name: str, good: bool):
    assert is_sequence_id(name) == good


def test_all_names_of_sequences_are_names_of_sequences():
    turn = path_of("turn", "a", "a", start_pose="center", end_pose="left", poses=())
    there, back = path_of("there", "sad", "neutral"), path_of("back", "neutral", "sad")
    assert all(is_sequence_id(name) for name in listed(turn, there, back))


# Speed


def test_a_thousand_sequences_of_depth_four_are_listed_in_a_tenth_of_a_second():
    poses = ("center", "left", "right", "up", "down")
    paths = [
        path_of(f"{start}_to_{end}", start, end, poses=poses, max_depth=4)
        for start, end in pairwise(f"face_{number}" for number in range(101))
    ]
    paths += [path_of(f"back_{path.id}", path.end, path.start, poses=poses) for path in paths]
    character = character_of(*paths, poses=poses)
    took_s = []
    for _ in range(3):
        began = time.perf_counter()
        found = sequences(character)
        files = {file for each in found for file in each.files}
        took_s.append(time.perf_counter() - began)
    assert len(found) == 1_000
    assert len(files) == 500 * 17 + 1_000
    assert min(took_s) < 0.1

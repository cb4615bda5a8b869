"""Sequences, end to end: the real doit command, and an endpoint on a real socket."""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tasks.graph.project import Project
from tasks.graph.variables import read as read_variables
from tasks.pictures.distance import distance
from tasks.sequences.manifest import read as read_manifest
from tasks.sequences.tree import moment_of
from tasks.spending.estimate import LATENCY_S
from tasks.takes.frame import State, glance_at, look_at
from tests.conftest import Folder, kill, make_folder
from tests.end_to_end.test_endpoints import paint_on, wait_for
from tests.end_to_end.test_spending import COST_USD, line_with, plan
from tests.harness.batch_server import BatchServer
from tests.harness.images_server import Call, ImagesServer, Reply, error_body

TO_SAD: dict[str, Any] = {"id": "to_sad", "start": "neutral", "end": "sad", "poses": ["center"]}
TO_HAPPY: dict[str, Any] = {**TO_SAD, "id": "to_happy", "end": "happy_big"}
SAD, HAPPY = "to_sad__center", "to_happy__center"
INNER = ("025", "050", "075")
Pixels = np.ndarray[Any, Any]


def with_paths(folder: Folder, *paths: dict[str, Any], **parts: Any) -> None:
    """Put these sequences into the config."""
    folder.write_config({**folder.config, "base_paths": list(paths), **parts})


def edit(folder: Folder, expression: str, **parts: Any) -> None:
    """Change what is asked for an expression."""
    config = folder.config
    config["expressions"][expression].update(parts)
    folder.write_config(config)


def run(folder: Folder, *arguments: str) -> str:
    """Run doit, which has to succeed; what it said."""
    ran = folder.doit(*arguments)
    assert ran.code == 0, ran.text
    return ran.text


def folder_of(folder: Folder, name: str = SAD) -> Path:
    return folder.path / "frames" / "sequences" / name


def frames(folder: Folder, name: str = SAD) -> dict[str, bytes]:
    """The pictures in a sequence's folder, by their time."""
    return {path.stem: path.read_bytes() for path in sorted(folder_of(folder, name).glob("*.png"))}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    """The frames that are not what they were."""
    return {time for time in after if after[time] != before.get(time)}


def document(folder: Folder, name: str = SAD) -> dict[str, Any]:
    """A sequence's manifest, which has to be a sound one whose pictures are there."""
    found = read_manifest(folder_of(folder, name))
    assert all(frame.path.is_file() for frame in found.frames)
    read: dict[str, Any] = json.loads((folder_of(folder, name) / "manifest.json").read_bytes())
    return read


def has_manifest(folder: Folder, name: str = SAD) -> bool:
    return (folder_of(folder, name) / "manifest.json").exists()


def pixels(path: Path | bytes) -> Pixels:
    with Image.open(io.BytesIO(path) if isinstance(path, bytes) else path) as image:
        return np.asarray(image.convert("RGBA"))


def asked_for(folder: Folder, call: Call) -> str:
    """The in-between that a call is for, by the two pictures that it shows; else empty."""
    if len(call.pictures) == 2:
        for path in (folder.path / "frames" / "sequences").iterdir():
            shown = frames(folder, path.name)
            for time, one, other in _triples(set(shown)):
                if (shown[one], shown[other]) == call.pictures:
                    return f"{path.name}:{time}"
    return ""


def _triples(there: set[str]) -> Iterator[tuple[str, str, str]]:
    """The times that could be between frames that are there, each with its neighbours."""
    for time in ("050", "025", "075", "0125", "0375", "0625", "0875"):
        found = moment_of(f"{time}.png")
        assert found is not None
        one, other = (neighbour.file.removesuffix(".png") for neighbour in found.neighbours)
        if {one, other} <= there:
            yield time, one, other


# What is drawn, and from what


def test_an_in_between_is_one_call_that_shows_its_two_neighbours_in_order(
    paid: Folder, server: ImagesServer
):
    with_paths(paid, TO_SAD)
    planned = plan(paid, "-n", "4", "sequences:to_sad")
    actions = {frame["frame"]: frame["action"] for frame in planned["frames"]}
    drawn = {"sad__center": "draw", **{f"{SAD}:{time}": "draw" for time in INNER}}
    made = {"neutral__center": "restore", f"{SAD}:000": "make", f"{SAD}:100": "make"}
    assert actions == drawn | made
    costs = {frame["frame"]: frame["cost_usd"] for frame in planned["frames"]}
    # One more picture is sent, which costs.
    assert costs[f"{SAD}:050"] == costs[f"{SAD}:025"] > costs["sad__center"]
    assert planned["cost_usd"] == pytest.approx(sum(cost for cost in costs.values() if cost))
    # The keyframe, then the middle, then both others at once: three calls one after the other.
    assert planned["time_s"] == 3 * LATENCY_S

    said = run(paid, "sequences")
    assert f"[✓] {SAD}:025 -> frames/sequences/{SAD}/025.png" in said
    shown = frames(paid)
    assert list(shown) == ["000", "025", "050", "075", "100"]
    assert shown["000"] == paid.frame("neutral__center").read_bytes()
    assert shown["100"] == paid.frame("sad__center").read_bytes()
    tweens = [call for call in server.calls if len(call.pictures) == 2]
    assert len(server.calls) == 4
    assert {call.pictures for call in tweens} == {
        (shown["000"], shown["100"]),
        (shown["000"], shown["050"]),
        (shown["050"], shown["100"]),
    }
    (words,) = {call.fields["prompt"] for call in tweens}
    assert "exactly halfway from the first picture to the second picture" in words
    assert "smile" not in words
    assert "corners of the mouth" not in words
    found = document(paid)
    assert [found[key] for key in ("path_id", "expr_start", "expr_end", "pose")] == [
        *("to_sad", "neutral", "sad", "center")
    ]
    assert found["frames"] == [
        {"t": t, "file": f"{file}.png"}
        for t, file in zip((0.0, 0.25, 0.5, 0.75, 1.0), shown, strict=True)
    ]

    assert "✓" not in run(paid, "sequences")
    assert len(server.calls) == 4
    with Image.open(folder_of(paid) / "050.png") as image:
        image.load()
        assert image.text["Engine"] == "openai"
    listed = paid.doit("list", "--all", "--quiet").out.split()
    sequences = [name for name in listed if name.startswith("sequences")]
    times = [f"sequences:{SAD}:{time}" for time in shown]
    assert sequences == ["sequences", "sequences:to_sad", f"sequences:{SAD}", *times]


def test_paths_between_poses_turn_the_head_and_keep_the_face(paid: Folder, server: ImagesServer):
    back = {"id": "back_up", "start": "sad", "end": "sad", "max_depth": 1}
    back |= {"start_pose": "tilt_left_small", "end_pose": "center"}
    with_paths(paid, back, pose_paths="neutral")
    run(paid, "sequences")
    name = "neutral_center_to_tilt_left_small__neutral"
    assert list(frames(paid, name)) == ["000", "025", "050", "075", "100"]
    assert list(frames(paid, "back_up__sad")) == ["000", "050", "100"]
    tweens = [call for call in server.calls if len(call.pictures) == 2]
    assert len(tweens) == 4
    assert all("Change only how the head is held" in call.fields["prompt"] for call in tweens)
    sad = [call for call in tweens if "corners of the mouth turned down" in call.fields["prompt"]]
    assert len(sad) == 1
    found = document(paid, name)
    assert (found["pose"], found["pose_start"], found["pose_end"]) == (
        *(None, "center", "tilt_left_small"),
    )
    assert len(server.calls) == 4 + 3  # neutral and sad at the tilt, sad at the centre


def test_hold_and_morph_cost_nothing_and_close_pairs_are_morphed(
    paid: Folder, server: ImagesServer
):
    close = {**TO_SAD, "id": "close", "distance_threshold": 255}
    far = {**close, "distance_threshold": 0}
    paths = [{**TO_SAD, "id": tween, "tween": tween} for tween in ("hold", "morph")]
    with_paths(paid, *paths, close)
    said = run(paid, "endpoints:sad__center", "sequences")
    assert len(server.calls) == 1
    assert list(frames(paid, "hold__center")) == ["000", "100"]
    assert "[=] morph__center:025 -> frames/sequences/morph__center/025.png (morphed)" in said
    assert document(paid, "hold__center")["shown_ms"] == [200, 200]
    # A morph at t is one of the keyframes at t; of close pairs it is one of the neighbours.
    assert frames(paid, "morph__center")["050"] == frames(paid, "close__center")["050"]
    for name in ("morph__center", "close__center"):
        assert list(frames(paid, name)) == ["000", "025", "050", "075", "100"]
        middle = glance_at(folder_of(paid, name) / "025.png").provenance
        assert middle is not None
        assert (middle.engine, middle.take) == ("morph", "")

    with_paths(paid, *paths, far)
    run(paid, "sequences")
    assert len(server.calls) == 4
    with_paths(paid, *paths, close)
    actions = {frame["frame"]: frame["action"] for frame in plan(paid, "sequences")["frames"]}
    assert actions["close__center:050"] == "make"
    assert "morph__center:050" not in [name for name in actions if actions[name] == "make"]


def test_the_plan_says_how_far_apart_pictures_are_and_what_is_asked_for_anew_is_made(
    paid: Folder, server: ImagesServer
):
    with_paths(paid, {**TO_SAD, "distance_threshold": 255, "max_depth": 1})
    run(paid, "sequences")
    before, folder = frames(paid), folder_of(paid)
    apart = distance(pixels(before["000"]), pixels(before["100"]))
    assert apart > 0
    with_paths(paid, {**TO_SAD, "max_depth": 1})  # nothing asks how far apart they are
    assert "apart" not in line_with(paid.doit("plan", "sequences"), f"{SAD}:050")
    asked = paid.doit("plan", "--distances", "sequences")
    assert line_with(asked, f"{SAD}:050").endswith(f"(its pictures are {apart:.1f} apart)")
    with_paths(paid, {**TO_SAD, "distance_threshold": apart / 2, "max_depth": 1})
    planned = paid.doit("plan", "sequences")
    said = f"(its pictures are {apart:.1f} apart; morph below {apart / 2:g})"
    assert line_with(planned, f"{SAD}:050").endswith(said)

    # What is kept since it was painted says how to be rid of the paint, and that is true.
    with_paths(paid, {**TO_SAD, "distance_threshold": 255, "max_depth": 1})
    paint_on(folder / "050.png")
    painted = paint_on(folder / "000.png")
    run(paid, "sequences")
    assert frames(paid)["000"] == painted
    said = run(paid, "-a", f"sequences:{SAD}")
    assert frames(paid) == before
    assert f"set_aside{os.sep}000.1.png" in said
    assert (folder / "set_aside" / "000.1.png").read_bytes() == painted
    assert len(server.calls) == 1


# What is drawn anew


def test_a_keyframe_redraws_the_sequences_that_touch_it_and_no_other(
    paid: Folder, server: ImagesServer
):
    with_paths(paid, TO_SAD, TO_HAPPY)
    run(paid, "sequences")
    before, other = frames(paid), frames(paid, HAPPY)
    calls = len(server.calls)
    edit(paid, "sad", eyes="wide")
    run(paid, "sequences")
    assert changed(before, frames(paid)) == {"025", "050", "075", "100"}
    assert frames(paid, HAPPY) == other
    assert len(server.calls) == calls + 4

    # The same config in another form, and a last in-between painted by hand: nothing to draw.
    before = frames(paid)
    shuffled = dict(reversed(paid.config.items()))
    shuffled["base_paths"] = [{"max_depth": 2, **path} for path in shuffled["base_paths"]]
    paid.write_config(shuffled, indent=7)
    painted = paint_on(folder_of(paid) / "025.png")
    run(paid, "sequences")
    assert frames(paid) == {**before, "025": painted}
    assert len(server.calls) == calls + 4


def test_what_is_painted_by_hand_is_kept_and_what_is_made_from_it_is_drawn_anew(
    paid: Folder, server: ImagesServer
):
    with_paths(paid, TO_SAD, TO_HAPPY)
    run(paid, "sequences")
    before, other, calls = frames(paid), frames(paid, HAPPY), len(server.calls)
    last, middle = (paint_on(folder_of(paid) / f"{time}.png") for time in ("025", "050"))
    keyframe = paint_on(paid.frame("happy_big__center"))
    said = run(paid, "sequences")
    assert f"[=] Kept {SAD}:025" in said
    assert changed(before, frames(paid)) == {"025", "050", "075"}
    assert (frames(paid)["025"], frames(paid)["050"]) == (last, middle)
    (call,) = [call for call in server.calls[calls:] if asked_for(paid, call) == f"{SAD}:075"]
    assert np.array_equal(pixels(call.pictures[0]), pixels(middle))

    # The sequence ends with the painted keyframe, in a copy that is nobody's work.
    assert paid.frame("happy_big__center").read_bytes() == keyframe
    assert changed(other, frames(paid, HAPPY)) == {"025", "050", "075", "100"}
    assert np.array_equal(pixels(frames(paid, HAPPY)["100"]), pixels(keyframe))
    assert look_at(folder_of(paid, HAPPY) / "100.png").state is State.OURS
    assert len(server.calls) == calls + 1 + 3
    assert len(document(paid)["frames"]) == len(document(paid, HAPPY)["frames"]) == 5


def test_another_depth_keeps_every_frame_that_is_still_wanted(paid: Folder, server: ImagesServer):
    with_paths(paid, TO_SAD)
    run(paid, "sequences")
    flat = frames(paid)
    with_paths(paid, {**TO_SAD, "max_depth": 3})
    run(paid, "sequences")
    deep = frames(paid)
    assert list(deep) == ["000", "0125", "025", "0375", "050", "0625", "075", "0875", "100"]
    assert {time: deep[time] for time in flat} == flat
    assert len(server.calls) == 8
    with_paths(paid, {**TO_SAD, "max_depth": 1})
    run(paid, "sequences")
    assert [frame["file"] for frame in document(paid)["frames"]] == [
        "000.png",
        "050.png",
        "100.png",
    ]
    assert frames(paid) == deep  # only orphans removes frames
    assert run(paid, "orphans", "clean=yes").count(f"frames/sequences/{SAD}/") == 6
    with_paths(paid, {**TO_SAD, "max_depth": 3})
    run(paid, "sequences")
    assert frames(paid) == deep
    assert len(server.calls) == 8


# Shared pictures


def test_the_way_back_is_paid_for_once_whoever_owns_the_pictures(
    paid: Folder, server: ImagesServer
):
    back = {**TO_SAD, "id": "back", "start": "sad", "end": "neutral", "duration_ms": 250}
    same = {**TO_SAD, "id": "same", "max_depth": 1}
    with_paths(paid, TO_SAD, back, same)
    run(paid, "sequences")
    assert len(server.calls) == 4
    assert [path.name for path in folder_of(paid, "back__center").iterdir()] == ["manifest.json"]
    found = document(paid, "back__center")
    assert found["shared"] == {"sequence": SAD, "reversed": True}
    assert found["duration_ms"] == 250
    times = ("100", "075", "050", "025", "000")
    assert found["frames"] == [
        {"t": t, "file": f"../{SAD}/{time}.png"}
        for t, time in zip((0.0, 0.25, 0.5, 0.75, 1.0), times, strict=True)
    ]
    found = document(paid, "same__center")
    assert found["shared"] == {"sequence": SAD, "reversed": False}
    assert [frame["file"] for frame in found["frames"]] == [
        f"../{SAD}/{time}.png" for time in ("000", "050", "100")
    ]

    # Whose folder it is changes: all of it is there already, in the other order.
    was = frames(paid)
    with_paths(paid, back)
    run(paid, "sequences")
    assert len(server.calls) == 4
    now = frames(paid, "back__center")
    for time, opposite in zip(times, reversed(times), strict=True):
        assert np.array_equal(pixels(now[time]), pixels(was[opposite]))
    assert document(paid, "back__center")["shared"] is None
    with_paths(paid, back, {**TO_SAD, "max_depth": 3})
    run(paid, "sequences")
    assert len(server.calls) == 8
    assert document(paid, "back__center")["shared"] == {"sequence": SAD, "reversed": True}


# The order of work, failures, ends of runs


def test_no_frame_waits_for_any_but_those_that_it_is_made_from(paid: Folder, server: ImagesServer):
    with_paths(paid, TO_SAD, {**TO_HAPPY, "max_depth": 3})
    slow = {f"{SAD}:050", f"{HAPPY}:025"}
    names: dict[int, str] = {}

    def reply(call: Call) -> Reply:
        names[call.number] = asked_for(paid, call)
        return Reply(delay_s=1.2 if names[call.number] in slow else 0.0)

    server.reply = reply
    run(paid, "-n", "8", "sequences")
    arrived = {names[call.number]: call.arrived_s for call in server.calls}
    assert len({*arrived} - {""}) == 3 + 7
    # The other half of the same tree, and the other tree, did not wait for a level to be done.
    for name in slow:
        done_s = arrived[name] + 1.2
        for time in ("075", "0625", "0875"):
            assert arrived[f"{HAPPY}:{time}"] < done_s - 0.2
    for time in ("025", "075"):
        assert arrived[f"{SAD}:{time}"] > arrived[f"{SAD}:050"] + 1.2
    for time in ("0125", "0375"):
        assert arrived[f"{HAPPY}:{time}"] > arrived[f"{HAPPY}:025"] + 1.2


def test_a_failed_frame_leaves_no_manifest_and_the_next_run_goes_on_from_there(
    paid: Folder, server: ImagesServer
):
    with_paths(paid, TO_SAD, TO_HAPPY)
    run(paid, "sequences")
    edit(paid, "sad", eyes="wide")
    calls = len(server.calls)

    def reply(call: Call) -> Reply:
        failed = asked_for(paid, call) == f"{SAD}:025"
        return Reply(500, error_body("out of paint")) if failed else Reply()

    server.reply = reply
    before = frames(paid)
    ran = paid.doit("sequences")
    assert ran.code != 0
    assert "out of paint" in line_with(ran, f"[!] Failed {SAD}:025")
    assert "Success: 3, Failed: 1" in ran.out
    assert changed(before, frames(paid)) == {"050", "075", "100"}
    assert not has_manifest(paid)
    assert has_manifest(paid, HAPPY)
    assert len(server.calls) == calls + 4

    server.reply = lambda _call: Reply()
    run(paid, "sequences")
    assert len(server.calls) == calls + 5
    document(paid)


def test_killed_in_the_middle_of_a_tree_the_next_run_pays_for_nothing_twice(
    paid: Folder, server: ImagesServer
):
    with_paths(paid, {**TO_SAD, "max_depth": 3})
    server.reply = lambda call: Reply(delay_s=5 if call.number == 5 else 0)
    process = paid.start("-n", "1", "sequences")
    wait_for(lambda: len(server.calls) == 5)
    kill(process)
    process.communicate(timeout=20)
    assert not has_manifest(paid)
    server.reply = lambda _call: Reply()
    run(paid, "sequences")
    # The one that was under way is lost, and nothing else.
    assert len(server.calls) == 8 + 1
    asked = [(call.fields["prompt"], call.pictures) for call in server.calls]
    assert len(set(asked)) == 8
    assert asked.count(asked[4]) == 2
    assert len(document(paid)["frames"]) == 9


def test_two_runs_at_once_buy_each_frame_once(paid: Folder, server: ImagesServer):
    with_paths(paid, TO_SAD, {**TO_SAD, "id": "back", "start": "sad", "end": "neutral"})
    server.reply = lambda _call: Reply(delay_s=0.2)
    runs = [paid.start("sequences") for _ in range(2)]
    for process in runs:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
    assert len(server.calls) == 4
    document(paid)
    assert document(paid, "back__center")["shared"] == {"sequence": SAD, "reversed": True}


# Takes and money


def test_a_sequence_is_drawn_anew_where_that_is_asked_for_and_its_takes_are_kept(
    paid: Folder, server: ImagesServer
):
    with_paths(paid, TO_SAD)
    run(paid, "sequences")
    before = frames(paid)
    run(paid, "-a", f"sequences:{SAD}")
    assert changed(before, frames(paid)) == set(INNER)
    assert len(server.calls) == 4 + 3
    document(paid)
    middle = f"{SAD}:050"
    listed = paid.doit("takes", "-f", f"sequences:{middle}")
    assert len([line for line in listed.out.splitlines() if "openai" in line]) == 2
    assert line_with(listed, "in use").strip()[0] == "2"

    # The former middle, and with it all that was made from it, without any call.
    run(paid, "pick", "-f", middle, "-t", "1")
    run(paid, "sequences")
    assert frames(paid) == before
    assert len(server.calls) == 7
    run(paid, "retake", "-f", middle)
    assert len(server.calls) == 8
    assert frames(paid) == before
    ran = paid.doit("takes", "-f", f"{SAD}:000")
    assert ran.code != 0
    assert f'there is no frame "{SAD}:000"' in ran.text


def test_a_budget_that_ends_in_the_middle_of_a_tree_is_kept_and_raised(
    paid: Folder, server: ImagesServer
):
    with_paths(paid, {**TO_SAD, "max_depth": 3})
    ran = paid.doit("sequences", "budget=0.90")
    assert ran.code != 0
    assert 2 <= len(server.calls) < 8
    assert len(server.calls) * COST_USD <= 0.90
    assert "to go on: doit" in ran.text
    assert not has_manifest(paid)
    run(paid, "sequences", "budget=5")
    assert len(server.calls) == 8
    document(paid)


def test_batches_draw_a_tree_layer_by_layer_to_its_end(tmp_path: Path):
    with BatchServer() as server:
        folder = make_folder(tmp_path / "project", server.environment())
        with_paths(folder, TO_SAD, {**TO_HAPPY, "max_depth": 1})
        server.quick = True
        said = [folder.doit("batch", "sequences") for _ in range(4)]
        sizes = [len(batch.keys) for batch in server.batches.values()]
        assert sizes == [2, 2, 2], "\n".join(ran.text for ran in said)
        assert said[-1].code == 0, said[-1].text
        assert server.calls == []
        assert server.problems == []
        assert set(server.drawn.values()) == {1}
        document(folder)
        assert len(document(folder, HAPPY)["frames"]) == 3


# Drafts


def resolved(folder: Folder, expression: str) -> dict[str, float]:
    """The blend-shape weights of an expression."""
    given = {"config": str(folder.path / "expressions.json")}
    character = Project(read_variables(given), False, True).character
    return dict(character.expression(expression).blendshapes)


def test_a_draft_in_between_is_what_the_puppet_draws_of_the_weights_between(free: Folder):
    turn = {"id": "turn", "start": "sad", "end": "sad"}
    turn |= {"start_pose": "center", "end_pose": "tilt"}
    poses = {"center": {}, "tilt": {"head": {"roll_deg": 12, "yaw_deg": 4}}}
    there = {"id": "there", "start": "sad", "end": "happy_big", "poses": ["center"]}
    with_paths(free, there, turn, poses=poses)
    run(free, "sequences")
    one, other = resolved(free, "sad"), resolved(free, "happy_big")
    quarter = {name: 0.75 * one.get(name, 0) + 0.25 * other.get(name, 0) for name in {*one, *other}}
    config = free.config
    config["expressions"]["quarter"] = {"prompt": "between", "blendshapes": quarter}
    config["poses"]["quarter"] = {"head": {"roll_deg": 3, "yaw_deg": 1}}
    free.write_config(config)
    run(free, "endpoints:quarter__center", "endpoints:sad__quarter")
    drawn = pixels(folder_of(free, "there__center") / "025.png")
    assert np.array_equal(drawn, pixels(free.frame("quarter__center")))
    turned = pixels(folder_of(free, "turn__sad") / "025.png")
    assert np.array_equal(turned, pixels(free.frame("sad__quarter")))
    assert not np.array_equal(drawn, pixels(folder_of(free, "there__center") / "050.png"))


def test_drafts_give_way_to_finals_and_finals_to_nothing(paid: Folder, server: ImagesServer):
    with_paths(paid, {**TO_SAD, "max_depth": 1}, {**TO_HAPPY, "max_depth": 1, "tween": "morph"})
    run(paid, "engine=puppet", "sequences")
    drafts = frames(paid)
    assert server.calls == []
    run(paid, "sequences")
    finals, morphed = frames(paid), frames(paid, HAPPY)
    assert changed(drafts, finals) == {"050", "100"}
    assert len(server.calls) == 3
    edit(paid, "sad", eyes="wide")
    said = run(paid, "engine=puppet", "sequences")
    assert frames(paid) == finals
    assert frames(paid, HAPPY) == morphed
    assert "that only drafts could replace" in said
    document(paid)

"""Finishing end to end: what becomes of a take in a project, and when it is done anew."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tasks.build.finisher import Finisher
from tasks.build.inputs import Inputs, Requests
from tasks.build.regions import Regions
from tasks.character.settings import Finish
from tasks.graph.keyframes import paid_node, plan
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.graph.variables import Variables
from tasks.pictures.picture import read_answer
from tasks.requests.engine import Choice
from tasks.requests.request import Request
from tasks.takes.frame import Frames
from tests.conftest import Folder
from tests.harness.batch_server import BatchServer
from tests.harness.finish_world import (
    HAPPY,
    SAD,
    SIZE,
    TILTED,
    TILTED_SAD,
    Boy,
    Drawn,
    boy,
    change,
    differs,
    drawn,
    drawn_once,
    paint_mask,
    pixels_of,
    prepared,
    region,
    reply,
    texts_of,
)
from tests.harness.images_server import ImagesServer

__all__ = ["boy", "drawn", "drawn_once"]

FACE_BOX = (0.3, 0.3, 0.7, 0.62)


def keys(folder: Folder) -> set[str]:
    """The request keys of which the store has takes."""
    return {path.stem for path in (folder.path / ".takes").glob("??/*.json")}


def without_landmarks(folder: Folder) -> None:
    """Take the landmarks out of the config."""
    config = folder.config
    del config["face"]
    folder.write_config(config)


def test_expressions_of_one_pose_are_the_same_to_the_bit_outside_the_face(drawn: Boy):
    neutral = pixels_of(drawn.frame("neutral__center"))
    sad, happy = pixels_of(drawn.frame(SAD)), pixels_of(drawn.frame(HAPPY))
    outside = region() == 0
    assert np.array_equal(sad[outside], neutral[outside])
    assert np.array_equal(happy[outside], neutral[outside])
    assert 50 < np.count_nonzero(differs(sad, happy)) < 1500
    # what the model moved by 3 px and tinted lies where it lay, in its own colours
    assert np.count_nonzero(np.abs(sad.astype(int) - neutral).max(axis=2) > 12) < 800


def test_expressions_of_another_pose_are_held_against_the_neutral_of_that_pose(
    drawn: Boy, server: ImagesServer
):
    neutral = pixels_of(drawn.frame(TILTED))
    sad, happy = (
        pixels_of(drawn.frame(TILTED_SAD)),
        pixels_of(drawn.frame("happy_big__tilt_left_small")),
    )
    for one in (sad, happy):
        changed = differs(one, neutral)
        assert 50 < np.count_nonzero(changed) < 0.35 * changed.size
    assert np.count_nonzero(differs(neutral, pixels_of(drawn.frame("neutral__center")))) > 1000
    calls = len(server.calls)
    repainted = Image.open(drawn.frame(TILTED)).convert("RGBA")
    repainted.paste((10, 200, 10, 255), (100, 340, 140, 370))
    repainted.save(drawn.frame(TILTED))
    assert drawn.doit("endpoints").code == 0
    assert len(server.calls) == calls + 2
    assert tuple(pixels_of(drawn.frame(TILTED_SAD))[350, 120]) == (10, 200, 10, 255)


def test_other_finishing_makes_frames_anew_without_a_call_and_back(
    drawn: Boy, server: ImagesServer
):
    before, calls, asked = drawn.frame_bytes(), len(server.calls), keys(drawn)
    change(drawn, "finish", lock=False, match=False)
    planned = drawn.doit("plan", "endpoints:sad__center").out
    assert "restore          sad__center: what is done to its take changed" in planned
    ran = drawn.doit("endpoints")
    assert "[=] sad -> frames/endpoints/sad__center.png (from the take store)" in ran.out
    assert len(server.calls) == calls
    assert keys(drawn) == asked
    after = drawn.frame_bytes()
    drawn_from_neutral = {n for n in before if not n.startswith("neutral")}
    assert {n for n in after if after[n] != before[n]} == drawn_from_neutral
    outside = region() == 0
    bare, neutral = pixels_of(drawn.frame(SAD)), pixels_of(drawn.frame("neutral__center"))
    assert not np.array_equal(bare[outside], neutral[outside])
    config = drawn.config
    del config["finish"]
    drawn.write_config(config)
    drawn.doit("endpoints")
    assert drawn.frame_bytes() == before
    assert len(server.calls) == calls


def test_spelling_out_the_default_finishes_nothing_anew(drawn: Boy, server: ImagesServer):
    change(drawn, "finish", lock=True, seam=Finish().seam)
    ran = drawn.doit()
    assert "(from the take store)" not in ran.out
    assert "Reused: 3" in ran.out


def test_steps_that_are_off_are_left_out(drawn: Boy):
    before = pixels_of(drawn.frame(SAD))
    change(drawn, "finish", key="off")
    drawn.doit("endpoints:sad__center")
    assert np.array_equal(pixels_of(drawn.frame(SAD)), before)  # the take has its alpha
    change(drawn, "finish", register="off", match=False)
    drawn.doit("endpoints:sad__center")
    now = pixels_of(drawn.frame(SAD))
    assert np.array_equal(now[region() == 0], before[region() == 0])
    assert np.abs(now.astype(int) - before).max() > 40


def test_a_face_mask_says_where_the_face_is(boy: Boy, server: ImagesServer):
    paint_mask(boy, FACE_BOX)
    change(boy, "finish", face_mask="mask.png")
    assert boy.doit().code == 0
    changed = differs(pixels_of(boy.frame(SAD)), pixels_of(boy.frame("neutral__center")))
    rows, columns = np.nonzero(changed)
    left, top, right, bottom = (round(p * SIZE[n % 2]) for n, p in enumerate(FACE_BOX))
    assert left <= columns.min() <= columns.max() <= right
    assert top <= rows.min() <= rows.max() <= bottom


def test_a_changed_mask_makes_frames_anew_without_a_call(boy: Boy, server: ImagesServer):
    paint_mask(boy, FACE_BOX)
    change(boy, "finish", face_mask="mask.png")
    boy.doit()
    before, calls = boy.frame_bytes(), len(server.calls)
    paint_mask(boy, (0.4, 0.45, 0.6, 0.65))
    ran = boy.doit()
    assert ran.code == 0
    assert len(server.calls) == calls
    after = boy.frame_bytes()
    assert {n for n in after if after[n] != before[n]} == {SAD, HAPPY}


def test_moved_landmarks_make_frames_anew_without_a_call(drawn: Boy, server: ImagesServer):
    before, calls = drawn.frame_bytes(), len(server.calls)
    config = drawn.config
    config["face"]["chin"] = [0.5, 0.9]
    drawn.write_config(config)
    planned = drawn.doit("plan", "endpoints:sad__center").out
    assert "restore          sad__center: " in planned
    assert "this version of the program" not in planned
    assert drawn.doit().code == 0
    assert len(server.calls) == calls
    after = drawn.frame_bytes()
    assert {n for n in after if after[n] != before[n]} == {SAD, HAPPY}


def test_a_mask_with_nothing_white_is_a_mistake_in_one_line_before_any_call(
    boy: Boy, server: ImagesServer
):
    paint_mask(boy, FACE_BOX, tone=20)
    change(boy, "finish", face_mask="mask.png")
    ran = boy.doit("endpoints:sad__center")
    assert ran.code == 1
    assert "[!] Failed sad: finish.face_mask: nothing in mask.png is white; paint the" in ran.out
    assert "Traceback" not in ran.text
    assert server.calls == []


def test_a_mask_that_is_not_there_is_a_mistake_in_one_line(boy: Boy, server: ImagesServer):
    change(boy, "finish", face_mask="nowhere.png")
    ran = boy.doit("endpoints:sad__center")
    assert ran.code != 0
    assert "nowhere.png is not there" in ran.text
    assert "Traceback" not in ran.text
    assert server.calls == []


def test_a_mask_turns_with_the_head_where_the_landmarks_say_how(boy: Boy):
    paint_mask(boy, FACE_BOX)
    change(boy, "finish", face_mask="mask.png")
    straight, turned = _regions(boy)
    assert np.count_nonzero(straight ^ turned) > 0.02 * np.count_nonzero(straight)
    assert np.count_nonzero(turned) == pytest.approx(np.count_nonzero(straight), rel=0.02)
    without_landmarks(boy)
    straight, turned = _regions(boy)
    assert np.array_equal(straight, turned)


def test_the_region_lies_on_the_face_in_frames_of_other_proportions(boy: Boy):
    change(boy, "generation", size="384x384")
    [wide, _] = _regions(boy)
    # the portrait stands in the middle, with 64 px free on either side
    assert np.array_equal(wide[:, 64:320], region())
    assert not wide[:, :64].any()
    paint_mask(boy, FACE_BOX)
    change(boy, "finish", face_mask="mask.png")
    [painted, _] = _regions(boy)
    rows, columns = np.nonzero(painted)
    assert columns.min() == pytest.approx(64 + FACE_BOX[0] * 256, abs=1)
    assert rows.max() == pytest.approx(FACE_BOX[3] * 384, abs=1)


def _regions(folder: Folder) -> list[np.ndarray]:
    inputs = _inputs(folder)[1]
    found = [inputs.requests.regions[""].at(pose) for pose in ("center", "tilt_left_small")]
    return [one.mask for one in found if one]


def _inputs(folder: Folder) -> tuple[Project, Inputs]:
    project = Project(Variables(config=folder.path / "expressions.json"), True, False)
    requests = Requests(project, project.character, Choice("openai", "a test"))
    return project, Inputs(project, project.character, requests, Frames())


def test_without_landmarks_and_mask_it_is_said_once_that_nothing_is_locked(boy: Boy):
    without_landmarks(boy)
    ran = boy.doit()
    assert ran.code == 0, ran.text
    said = [line for line in ran.out.splitlines() if "lock" in line]
    assert said == ["[i] lock: off: neither a face mask nor landmarks say where the face is"]
    # what else is to be done is done: it lies where it lay
    sad, neutral = pixels_of(boy.frame(SAD)), pixels_of(boy.frame("neutral__center"))
    away = np.abs(sad.astype(int) - neutral).max(axis=2)
    assert np.percentile(away[region() == 0], 95) < 12


def test_a_take_of_another_size_is_brought_to_size_and_flagged(boy: Boy, server: ImagesServer):
    server.reply = reply(Drawn(size=(224, 336)))
    ran = boy.doit("endpoints:sad__center")
    assert ran.code == 0, ran.text
    assert "[?] Look at sad__center: the take came as 224x336 pixels, not 256x384" in ran.out
    sad, neutral = pixels_of(boy.frame(SAD)), pixels_of(boy.base)
    assert sad.shape == (384, 256, 4)
    assert np.array_equal(sad[region() == 0], neutral[region() == 0])


def test_frames_of_an_earlier_version_are_finished_from_the_store(drawn: Boy, server: ImagesServer):
    before, calls = drawn.frame_bytes(), len(server.calls)
    for name in (SAD, HAPPY):
        _as_it_was(drawn, name)
    drawn.forget()
    ran = drawn.doit()
    assert ran.code == 0, ran.text
    assert "[=] sad -> frames/endpoints/sad__center.png (from the take store)" in ran.out
    assert drawn.frame_bytes() == before
    assert len(server.calls) == calls
    assert not (drawn.frames / "set_aside").exists()


def test_frames_of_an_earlier_version_without_their_takes_stay_as_they_are(
    drawn: Boy, server: ImagesServer
):
    for name in (SAD, HAPPY):
        _as_it_was(drawn, name)
    before, calls = drawn.frame_bytes(), len(server.calls)
    drawn.forget()
    shutil.rmtree(drawn.path / ".takes")
    ran = drawn.doit()
    assert ran.code == 0, ran.text
    assert drawn.frame_bytes() == before
    assert len(server.calls) == calls


def _as_it_was(folder: Folder, name: str) -> None:
    """Have a frame as the version before wrote it: the take itself, with its texts."""
    from tasks.pictures.picture import pixels_digest
    from tasks.takes import frame
    from tasks.takes.frame import Provenance

    path, texts = folder.frame(name), texts_of(folder.frame(name))
    [take] = (folder.path / ".takes").glob(f"??/{texts['Request key']}.*.png")
    image = Image.open(take).convert("RGBA")
    origin = Provenance(
        texts["Request key"],
        texts["Take"],
        texts["Engine"],
        pixels_digest(image),
        texts["Model"],
        texts["Prompt"],
    )
    path.write_bytes(frame.compose(take.read_bytes(), image, origin))


def test_a_painted_frame_is_not_finished_anew(drawn: Boy, server: ImagesServer):
    image = Image.open(drawn.frame(SAD))
    image.load()
    image.putpixel((5, 5), (255, 0, 0, 255))
    image.save(drawn.frame(SAD))
    painted = drawn.frame(SAD).read_bytes()
    change(drawn, "finish", lock=False)
    assert "Kept sad" in drawn.doit().out
    assert drawn.frame(SAD).read_bytes() == painted


def test_drafts_are_not_finished(boy: Boy):
    del boy.environment["OPENAI_API_KEY"]
    assert boy.doit("engine=puppet").code == 0
    before = boy.frame_bytes()
    assert "Finish" not in texts_of(boy.frame(SAD))
    change(boy, "finish", lock=False)
    ran = boy.doit("engine=puppet")
    assert "Reused: 3" in ran.out
    assert boy.frame_bytes() == before


def test_finishing_itself_is_the_same_every_time(drawn: Boy):
    project, inputs = _inputs(drawn)
    character = project.character
    finisher = Finisher(character, inputs)
    node = paid_node(project, character, _node(project))
    texts = texts_of(drawn.frame(SAD))
    [take] = (drawn.path / ".takes").glob(f"??/{texts['Request key']}.*.png")
    one, other = (finisher.finish(node, read_answer(take.read_bytes(), None)) for _ in range(2))
    assert one.png == other.png
    assert one.checks == other.checks
    assert one.digest == texts["Finish"]
    assert np.array_equal(np.asarray(one.image), pixels_of(drawn.frame(SAD)))


def _node(project: Project) -> Node:
    return next(node for node in plan(project).nodes if node.name == SAD)


# The mask that is sent along


def test_the_mask_is_transparent_in_the_face_and_of_the_picture_s_size(
    boy: Boy, server: ImagesServer
):
    change(boy, "generation", mask=True)
    ran = boy.doit("endpoints")
    assert ran.code == 0, ran.text
    masked = [call for call in server.calls if call.mask]
    assert len(masked) == 4
    assert all(not call.problems for call in server.calls)
    turned = [call for call in server.calls if not call.mask]
    assert ["only how the head" in call.fields["prompt"] for call in turned] == [True]
    call = next(call for call in masked if "tilted" not in call.fields["prompt"])
    with (
        Image.open(io.BytesIO(call.mask)) as mask,
        Image.open(io.BytesIO(call.pictures[0])) as sent,
    ):
        assert mask.format == "PNG"
        assert mask.size == sent.size
        alpha = np.asarray(mask.convert("RGBA"))[..., 3]
    assert np.array_equal(alpha, 255 - region())


def _asked(inputs: Inputs, node: Node) -> Request:
    return inputs.requests.of(node, tuple(each.name for each in inputs.look(node)))


def test_without_a_region_no_mask_is_sent(boy: Boy):
    change(boy, "generation", mask=True)
    project, inputs = _inputs(boy)
    assert _asked(inputs, _node(project)).mask
    without_landmarks(boy)
    project, inputs = _inputs(boy)
    assert _asked(inputs, _node(project)).mask is None


def test_the_mask_is_part_of_what_is_asked_for(drawn: Boy, server: ImagesServer):
    change(drawn, "generation", mask=True)
    planned = drawn.doit("plan", "endpoints:sad__center").out
    assert "draw       $0.19 sad__center: " in planned
    assert "this version of the program" not in planned
    found = set()
    for margin in (1.0, 1.5):
        change(drawn, "finish", region_margin=margin)
        project, inputs = _inputs(drawn)
        found.add(_asked(inputs, _node(project)).key)
    assert len(found) == 2
    assert not found & keys(drawn)


def test_the_mask_goes_into_batches(tmp_path: Path):
    with BatchServer() as server:
        server.extra_fields = {"mask"}
        folder = prepared(tmp_path / "project", server)
        change(folder, "generation", mask=True)
        ran = folder.doit("batch", "endpoints:sad__center")
        assert ran.code == 0, ran.text
        assert server.problems == []
        [line] = [f.data for f in server.files.values() if f.purpose == "batch"]
        body = json.loads(line)["body"]
        assert set(body["mask"]) == {"file_id"}
        stored = server.files[body["mask"]["file_id"]]
        assert stored.purpose == "vision"
        alpha = np.asarray(Image.open(io.BytesIO(stored.data)))[..., 3]
        assert np.array_equal(alpha, 255 - region())
        server.run()
        assert folder.doit("batch", "endpoints:sad__center").code == 0
        outside = region() == 0
        sad, neutral = pixels_of(folder.frame(SAD)), pixels_of(folder.base)
        # what the batch drew is finished like any other take
        assert np.array_equal(sad[outside], neutral[outside])


def test_regions_are_made_once_for_each_pose(boy: Boy):
    project, inputs = _inputs(boy)
    regions: Regions = inputs.requests.regions[""]
    assert regions.at("center") is regions.at("center")
    tilted = regions.at("tilt_left_small")
    straight = regions.at("center")
    assert tilted
    assert straight
    assert tilted.digest != straight.digest
    assert np.count_nonzero(tilted.mask) > np.count_nonzero(straight.mask)
    assert project.checks.name == "checks.json"

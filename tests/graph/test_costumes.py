"""Costumes in the graph: frames of their own, and nothing new for those that were there."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tasks.character.character import BUILT
from tasks.character.face import Eye, Face
from tasks.graph.cache import read_graph
from tasks.graph.keyframes import plan, request_for
from tasks.graph.node import Graph, Role
from tasks.graph.project import Project
from tasks.ground.errors import Mistake
from tests.graph.test_keyframes import ALL, CONFIG, FRONT, SIDE, Planner

SUMMER = "portraits/summer.png"
PATHS: list[dict[str, Any]] = [{"id": "cheer_up", "start": "sad", "end": "happy", "max_depth": 1}]


@pytest.fixture
def planner(tmp_path: Path) -> Planner:
    return Planner(tmp_path)


def everything(graph: Graph) -> dict[str, tuple[object, ...]]:
    """All frames of the config's own portrait, with all that is known of them."""
    nodes = (node for node in (*graph.nodes, *graph.tweens) if not node.costume)
    return {node.name: (node.task, node.digest, node.sources, node.place) for node in nodes}


@pytest.mark.parametrize("has_key", [True, False])
def test_costumes_change_nothing_of_the_outfit_that_was_there(tmp_path: Path, has_key: bool):
    found = []
    for costumes in ({}, {"summer": SUMMER, "winter": {"base_image": FRONT, "character": "old"}}):
        project = Planner(tmp_path).project(has_key, base_paths=PATHS, costumes=costumes)
        graph = plan(project)
        own = [node for node in graph.nodes if node.role is not Role.FIT and not node.costume]
        asked = [request_for(project.character, graph.engine.name, node).key for node in own]
        strips = [strip for strip in graph.sequences if "/" not in strip.name]
        found.append((everything(graph), asked, strips))
        project.config.unlink()
        project.folder.rmdir()
    assert found[0] == found[1]


def test_a_costume_is_all_expressions_at_all_poses_from_its_own_portrait(planner: Planner):
    nodes = planner.nodes(costumes={"summer": SUMMER})
    assert set(nodes) == ALL | {f"summer/{name}" for name in ALL}
    drawn = "frames/summer/endpoints/neutral"
    assert {name: node for name, node in nodes.items() if name.startswith("summer/")} == {
        "summer/neutral__center": (Role.FIT, SUMMER),
        "summer/sad__center": (Role.EXTREME, SUMMER),
        "summer/happy__center": (Role.EXTREME, SUMMER),
        "summer/neutral__up": (Role.TILT, SUMMER),
        "summer/sad__up": (Role.EXTREME, f"{drawn}__up.png"),
        "summer/happy__up": (Role.EXTREME, f"{drawn}__up.png"),
        # The portrait at the side is of another outfit.
        "summer/neutral__side": (Role.TILT, SUMMER),
        "summer/sad__side": (Role.EXTREME, f"{drawn}__side.png"),
        "summer/happy__side": (Role.EXTREME, f"{drawn}__side.png"),
    }


def test_a_costume_has_portraits_of_its_own_at_other_poses(planner: Planner):
    costume = {"base_image": SUMMER, "base_images": {"side": "portraits/summer_side.png"}}
    nodes = planner.nodes(costumes={"summer": costume})
    assert nodes["summer/neutral__side"] == (Role.FIT, "portraits/summer_side.png")
    assert nodes["neutral__side"] == (Role.FIT, SIDE)


def test_frames_lie_in_the_costume_s_folder_and_are_found_by_name_and_place(planner: Planner):
    project = planner.project(costumes={"summer": SUMMER}, base_paths=PATHS)
    graph, top = plan(project), project.folder / "frames"
    paths = {node.name: project.path_of(node) for node in (*graph.nodes, *graph.tweens)}
    keyframe, tween = "summer/sad__center", "summer/cheer_up__up:050"
    assert paths[keyframe] == str(top / "summer/endpoints/sad__center.png")
    assert paths[tween] == str(top / "summer/sequences/cheer_up__up/050.png")
    assert paths["cheer_up__up:050"] == str(top / "sequences/cheer_up__up/050.png")
    assert project.keyframe_path(keyframe) == paths[keyframe]
    assert project.place_path("summer/endpoints/sad__center.png") == paths[keyframe]
    assert project.place_path("summer/sequences/cheer_up__up/050.png") == paths[tween]
    assert all(project.is_built(Path(path)) for path in paths.values())
    assert not project.is_built(top / "winter/endpoints/sad__center.png")
    assert len({path.casefold() for path in paths.values()}) == len(paths)
    tasks = {node.task for node in (*graph.nodes, *graph.tweens)}
    assert {f"endpoints:{keyframe}", f"sequences:{tween}"} <= tasks


def test_a_sequence_of_a_costume_goes_between_its_own_keyframes(planner: Planner):
    project = planner.project(costumes={"summer": SUMMER}, base_paths=PATHS)
    graph = plan(project)
    ends = {node.source for node in graph.tweens if node.costume and node.role is Role.COPY}
    wanted = ((name, pose) for name in ("sad", "happy") for pose in CONFIG["poses"])
    assert ends == {project.target(*each, "summer") for each in wanted}
    strips = [strip for strip in graph.sequences if strip.name.startswith("summer/")]
    assert [strip.name for strip in strips] == [f"summer/cheer_up__{p}" for p in CONFIG["poses"]]
    assert {strip.path for strip in strips} == {"summer/cheer_up"}


def test_with_outdir_costumes_have_folders_in_it(planner: Planner, tmp_path: Path):
    project = planner.project(given={"outdir": str(tmp_path)}, costumes={"summer": SUMMER})
    paths = {project.path_of(node) for node in plan(project).nodes}
    assert str(tmp_path / "sad__up.png") in paths
    assert str(tmp_path / "summer/endpoints/sad__up.png") in paths


def dressed(planner: Planner, **parts: Any) -> tuple[Project, Any]:
    """The character in its costume `summer`."""
    project = planner.project(**parts)
    return project, project.character.wearing("summer")


def test_a_costume_takes_over_what_it_does_not_say(planner: Planner):
    face = {"chin": [0.5, 0.9]}
    common: dict[str, Any] = {"face": face, "finish": {"face_mask": "mask.png"}}
    _, worn = dressed(planner, costumes={"summer": SUMMER}, **common)
    assert (worn.words, worn.face.chin) == ("a fox", (0.5, 0.9))
    assert worn.finish.face_mask == "mask.png"
    own = {"base_image": SUMMER, "character": "a fox in a hat", "face": {"chin": [0.4, 0.8]}}
    _, worn = dressed(planner, costumes={"summer": own}, **common)
    assert (worn.words, worn.face.chin) == ("a fox in a hat", (0.4, 0.8))
    assert worn.finish.face_mask is None  # that of a face which lies elsewhere
    _, worn = dressed(planner, costumes={"summer": own | {"face_mask": "m.png"}}, **common)
    assert worn.finish.face_mask == "m.png"


def test_requests_are_of_the_costume_s_words_and_landmarks(planner: Planner):
    eye = {"inner": [0.6, 0.4], "outer": [0.7, 0.4]}
    costume = {"base_image": SUMMER, "character": "a fox in a hat", "face": {"left_eye": eye}}
    for has_key in (True, False):
        project = planner.project(has_key, costumes={"summer": costume})
        graph = plan(project)
        by_name = {node.name: node for node in graph.nodes}
        own, worn = (
            request_for(project.character, graph.engine.name, by_name[name])
            for name in ("sad__center", "summer/sad__center")
        )
        if has_key:
            assert "in a hat" in worn.prompt
            assert "in a hat" not in own.prompt
        else:
            assert worn.rig.face == Face(left_eye=Eye((0.6, 0.4), (0.7, 0.4)))
            assert own.rig.face == Face()


def test_an_edit_of_one_costume_changes_its_own_frames_only(planner: Planner):
    def digests(words: str) -> dict[str, str]:
        costumes = {"red": SUMMER, "blue": {"base_image": SUMMER, "character": words}}
        return planner.digests(costumes=costumes)

    before, after = digests("a fox in blue"), digests("a vixen in blue")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {f"blue/{name}" for name in ALL - {"neutral__center"}}


def test_landmarks_in_pixels_are_those_of_the_costume_s_portrait(planner: Planner):
    face = {"unit": "px", "chin": [50, 90]}
    costume = {"base_image": SUMMER, "face": face}
    project = planner.project(costumes={"summer": costume}, face=face)
    (project.folder / "portraits").mkdir()
    for name, size in ((FRONT, (100, 100)), (SUMMER, (200, 300))):
        Image.new("RGBA", size).save(project.folder / name)
    assert project.character.face.chin == (0.5, 0.9)
    assert project.character.wearing("summer").face.chin == (0.25, 0.3)


def test_a_costume_s_portrait_that_is_not_there_is_named_with_its_key(planner: Planner):
    project = planner.project(costumes={"summer": SUMMER})
    (project.folder / "portraits").mkdir()
    for name in (FRONT, SIDE):
        Image.new("RGBA", (4, 6)).save(project.folder / name)
    with pytest.raises(Mistake, match=r"summer\.png is not there \(costumes\.summer\.base_image\)"):
        read_graph(project)


def test_a_costume_s_portrait_may_not_be_a_frame_that_is_built(planner: Planner):
    built = "frames/summer/endpoints/neutral__center.png"
    with pytest.raises(Mistake, match=r"costumes\.summer: base_image of center is frames/summer"):
        plan(planner.project(costumes={"summer": built}))


def test_no_costume_has_the_name_of_what_lies_beside_its_folder(planner: Planner):
    project = planner.project()
    project = replace(project, variables=replace(project.variables, of_command={"format": "pdf"}))
    apart = {"character", "graph", "newly_checked", "worn", "choices"}
    kinds = (property, cached_property)
    names = [name for name in vars(Project) if name not in apart and not name.startswith("_")]
    found = [getattr(project, name) for name in names if isinstance(vars(Project)[name], kinds)]
    paths = [path for path in found if isinstance(path, Path)]
    beside = {path.name for path in paths if path.parent == project.built}
    assert {"sheet.pdf", "face.png", "endpoints", "exports"} <= beside <= set(BUILT)

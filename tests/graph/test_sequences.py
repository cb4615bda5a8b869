"""Sequences in the graph: their nodes, what each is made from, and what of the config it reads."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tasks.graph.keyframes import plan, request_for
from tasks.graph.node import Graph, Node, Role
from tasks.graph.project import Project
from tasks.graph.variables import read as read_variables

CHEER: dict[str, Any] = {"id": "cheer", "start": "sad", "end": "happy", "poses": ["center"]}
CONFIG: dict[str, Any] = {
    "character": "a fox",
    "base_image": "front.png",
    "axes": {"mouth": {"ah": {"prompt": "open", "blendshapes": {"jawOpen": 0.6}}}},
    "poses": {"center": {}, "side": {"head": {"yaw_deg": 20}}},
    "expressions": {
        "neutral": {},
        "sad": {"prompt": "near to tears", "blendshapes": {"mouthFrownLeft": 0.8}},
        "happy": {"mouth": "ah", "blendshapes": {"mouthFrownLeft": 0.2}},
    },
    "base_paths": [CHEER],
}
DEPTH_2 = ("000", "100", "050", "025", "075")


class Planner:
    """Graphs of configs in one folder: a frame's path is a part of what it reads."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "expressions.json"

    def project(self, *paths: dict[str, Any], paid: bool = True, **parts: Any) -> Project:
        if paths:
            parts["base_paths"] = list(paths)
        self._config.write_text(json.dumps({**CONFIG, **parts}))
        return Project(read_variables({"config": str(self._config)}), paid, True)

    def graph(self, *paths: dict[str, Any], **parts: Any) -> Graph:
        return plan(self.project(*paths, **parts))

    def tweens(self, *paths: dict[str, Any], **parts: Any) -> dict[str, Node]:
        """The frames of all sequences by name; each is there once."""
        nodes = self.graph(*paths, **parts).tweens
        found = {node.name: node for node in nodes}
        assert len(found) == len(nodes)
        return found

    def below(self, path: str) -> str:
        return Path(path).relative_to(self._config.parent / "frames").as_posix()

    def changed(self, edited: dict[str, Any], *paths: dict[str, Any]) -> tuple[set[str], set[str]]:
        """The frames, and the sequences, that read another part of the config after an edit."""
        graphs = [self.graph(*paths), self.graph(**{"base_paths": list(paths), **edited})]
        frames = [{n.name: n.digest for n in (*g.nodes, *g.tweens)} for g in graphs]
        strips = [{s.name: s.digest for s in g.sequences} for g in graphs]
        before, after = frames
        return (
            {name for name in after if after[name] != before.get(name)},
            {name for name in strips[1] if strips[1][name] != strips[0].get(name)},
        )


@pytest.fixture
def planner(tmp_path: Path) -> Planner:
    return Planner(tmp_path)


def named(*times: str, sequence: str = "cheer__center") -> set[str]:
    return {f"{sequence}:{time}" for time in times}


# The shape of the graph


def test_an_in_between_is_made_from_its_two_neighbours_and_an_end_is_its_keyframe(
    planner: Planner,
):
    folder = "sequences/cheer__center"
    found = {
        name: (node.role, *map(planner.below, node.sources))
        for name, node in planner.tweens({**CHEER, "start": "neutral"}).items()
    }
    assert found == {
        "cheer__center:000": (Role.COPY, "endpoints/neutral__center.png"),
        "cheer__center:100": (Role.COPY, "endpoints/happy__center.png"),
        # In this order an engine is shown them.
        "cheer__center:050": (Role.TWEEN, f"{folder}/000.png", f"{folder}/100.png"),
        "cheer__center:025": (Role.TWEEN, f"{folder}/000.png", f"{folder}/050.png"),
        "cheer__center:075": (Role.TWEEN, f"{folder}/050.png", f"{folder}/100.png"),
    }


def test_every_in_between_is_asked_for_as_the_middle_of_what_it_is_shown(planner: Planner):
    tweens = planner.tweens({**CHEER, "max_depth": 4}).values()
    drawn = [node for node in tweens if node.role is Role.TWEEN]
    assert len(drawn) == 15
    assert {node.at for node in drawn} == {0.5}


@pytest.mark.parametrize("depth", range(8))
def test_at_each_depth_all_is_made_from_what_comes_before_it_in_the_list(
    planner: Planner, depth: int
):
    project = planner.project({**CHEER, "max_depth": depth})
    graph = plan(project)
    made = {project.path_of(node) for node in graph.nodes}
    for node in graph.tweens:
        assert set(node.sources) <= made
        made.add(project.path_of(node))
    assert len(graph.tweens) == 2**depth + 1
    assert len(graph.sequences[0].files) == 2**depth + 1
    assert len(made) == len(graph.nodes) + len(graph.tweens)


def test_a_deeper_tree_has_every_frame_of_a_flatter_one_unchanged(planner: Planner):
    flat, deep = (planner.tweens({**CHEER, "max_depth": depth}) for depth in (2, 5))
    assert set(flat) == named(*DEPTH_2)
    assert {name: deep[name] for name in flat} == flat


def test_the_tasks_are_called_by_path_pose_and_time(planner: Planner):
    node = planner.tweens({**CHEER, "max_depth": 3})["cheer__center:0125"]
    assert node.task == "sequences:cheer__center:0125"
    assert (node.expression, node.towards, node.pose, node.towards_pose) == (
        *("sad", "happy"),
        *("center", "center"),
    )


def test_without_poses_a_path_is_wanted_at_all_of_them(planner: Planner):
    graph = planner.graph({"id": "cheer", "start": "sad", "end": "happy", "max_depth": 1})
    assert [strip.name for strip in graph.sequences] == ["cheer__center", "cheer__side"]
    assert {strip.path for strip in graph.sequences} == {"cheer"}
    assert planner.below(graph.tweens[3].source) == "endpoints/sad__side.png"


def test_a_morph_is_made_from_the_keyframes_at_its_own_time_and_hold_has_none(planner: Planner):
    morphs = planner.tweens({**CHEER, "tween": "morph"})
    ends = ("endpoints/sad__center.png", "endpoints/happy__center.png")
    inner = {name: node for name, node in morphs.items() if node.role is Role.MORPH}
    assert {name: node.at for name, node in inner.items()} == {
        "cheer__center:050": 0.5,
        "cheer__center:025": 0.25,
        "cheer__center:075": 0.75,
    }
    assert {tuple(map(planner.below, node.sources)) for node in inner.values()} == {ends}
    assert set(planner.tweens({**CHEER, "tween": "hold"})) == named("000", "100")


def test_what_is_drawn_knows_from_where_on_it_is_morphed(planner: Planner):
    turn = {"id": "turn", "start": "sad", "end": "sad", "start_pose": "center", "end_pose": "side"}
    paths = [{**path, "distance_threshold": 3.5} for path in (CHEER, turn)]
    for node in planner.tweens(*paths).values():
        assert node.closer_than == (3.5 if node.role.is_middle else 0.0)
    for changed in ({"tween": "morph"}, {"tween": "hold"}):
        nodes = planner.tweens({**paths[0], **changed}).values()
        assert {node.closer_than for node in nodes} == {0.0}
    drafts = planner.tweens(*paths, paid=False).values()
    assert {node.closer_than for node in drafts} == {0.0}


# Paths between poses


def test_a_path_between_poses_turns_the_head_of_one_expression(planner: Planner):
    turn = {"id": "turn", "start": "sad", "end": "sad", "start_pose": "center", "end_pose": "side"}
    found = planner.tweens({**turn, "max_depth": 1})
    assert set(found) == named("000", "050", "100", sequence="turn__sad")
    assert planner.below(found["turn__sad:000"].source) == "endpoints/sad__center.png"
    assert planner.below(found["turn__sad:100"].source) == "endpoints/sad__side.png"
    assert found["turn__sad:050"].role is Role.TURN


def test_pose_paths_give_a_way_from_the_default_pose_to_every_other_one(planner: Planner):
    graph = planner.graph(pose_paths="neutral", base_paths=[])
    assert [strip.name for strip in graph.sequences] == ["neutral_center_to_side__neutral"]
    assert graph.sequences[0].path == "neutral_center_to_side"
    assert len(graph.tweens) == 5


# Shared pictures


def test_the_way_back_has_no_pictures_of_its_own(planner: Planner):
    back = {**CHEER, "id": "back", "start": "happy", "end": "sad"}
    graph = planner.graph(CHEER, back)
    assert {node.name for node in graph.tweens} == named(*DEPTH_2)
    assert [(strip.name, strip.owner) for strip in graph.sequences] == [
        ("cheer__center", "cheer__center"),
        ("back__center", "cheer__center"),
    ]
    assert graph.sequences[0].files == graph.sequences[1].files


def test_both_directions_ask_for_their_in_betweens_alike(planner: Planner):
    back = {**CHEER, "id": "back", "start": "happy", "end": "sad"}
    there, again = planner.tweens(CHEER), planner.tweens(back)

    def shown(node: Node) -> list[str]:
        return [Path(source).stem for source in node.sources]

    mirrored = {"000": "100", "100": "000", "025": "075", "075": "025", "050": "050"}
    for time, other in mirrored.items():
        if time in {"000", "100"}:
            continue
        one, two = there[f"cheer__center:{time}"], again[f"back__center:{other}"]
        # Each in the order of its own time; the request is the same in either order.
        assert [mirrored[each] for each in reversed(shown(one))] == shown(two)


# What each reads of the config


def test_the_form_of_the_config_and_defaults_spelled_out_change_nothing(planner: Planner):
    spelled = {**CHEER, "max_depth": 2, "tween": "draw", "ease": "linear", "duration_ms": 400}
    assert planner.changed({"base_paths": [spelled]}, CHEER) == (set(), set())
    assert planner.changed({"base_paths": [dict(reversed(CHEER.items()))]}, CHEER) == (set(), set())


@pytest.mark.parametrize(
    ("edit", "frames"),
    [
        ({"ease": "in_out"}, ()),
        ({"duration_ms": 90}, ()),
        ({"max_depth": 3}, ("0125", "0375", "0625", "0875")),
        ({"max_depth": 1}, ()),
        ({"distance_threshold": 2}, ("050", "025", "075")),
        ({"tween": "morph"}, ("050", "025", "075")),
    ],
)
def test_an_edit_of_a_path_redraws_what_it_decides_and_nothing_else(
    planner: Planner, edit: dict[str, Any], frames: tuple[str, ...]
):
    other = {"id": "calm", "start": "sad", "end": "neutral", "poses": ["center"]}
    changed, manifests = planner.changed({"base_paths": [{**CHEER, **edit}, other]}, CHEER, other)
    assert changed == named(*frames)
    # How pictures came to be is not in a manifest: it is written anew since they are.
    told = set(edit) & {"ease", "duration_ms", "max_depth"}
    assert manifests == ({"cheer__center"} if told else set())


def test_the_words_of_an_expression_are_in_the_keyframe_and_in_no_in_between(planner: Planner):
    expressions = {**CONFIG["expressions"], "sad": {"prompt": "in tears"}}
    changed, manifests = planner.changed({"expressions": expressions}, CHEER)
    assert changed == {"sad__center", "sad__side"}
    assert manifests == set()


def test_the_character_s_words_are_in_every_request_and_in_no_copy(planner: Planner):
    turn = {"id": "turn", "start": "sad", "end": "sad", "start_pose": "center", "end_pose": "side"}
    changed, _ = planner.changed({"character": "a vixen"}, CHEER, turn)
    tweens = {name for name in changed if ":" in name}
    inner = ("025", "050", "075")
    assert tweens == named(*inner) | named(*inner, sequence="turn__sad")


def test_the_words_of_a_pose_are_in_the_in_betweens_at_that_pose(planner: Planner):
    both = {**CHEER, "poses": ["center", "side"]}
    poses = {"center": {}, "side": {"prompt": "from the side", "head": {"yaw_deg": 20}}}
    changed, _ = planner.changed({"poses": poses}, both)
    tweens = {name for name in changed if ":" in name}
    assert tweens == named("025", "050", "075", sequence="cheer__side")


# Drafts


def test_a_draft_in_between_is_drawn_from_the_portrait_and_reads_both_ends(planner: Planner):
    found = planner.tweens(CHEER, paid=False)
    inner = [node for node in found.values() if node.role is Role.RIG]
    assert len(inner) == 3
    assert {Path(node.source).name for node in inner} == {"front.png"}
    for edited in ("sad", "happy"):
        shapes = {"prompt": "x", "blendshapes": {"browInnerUp": 0.3}}
        expressions = {**CONFIG["expressions"], edited: shapes}
        after = planner.tweens(CHEER, paid=False, expressions=expressions)
        redrawn = {name for name in found if found[name].digest != after[name].digest}
        assert redrawn == named("025", "050", "075")


def test_a_draft_s_weights_and_angles_lie_where_its_time_does(planner: Planner):
    turn = {"id": "turn", "start": "sad", "end": "sad", "start_pose": "center", "end_pose": "side"}
    project = planner.project(CHEER, turn, paid=False)
    character = project.character
    found = {node.name: node for node in plan(project).tweens}

    def rig_of(name: str) -> Any:
        return request_for(character, "puppet", found[name]).rig

    # sad has frown 0.8 and no jaw; happy has frown 0.2 and jaw 0.6.
    for time, jaw, frown in (("025", 0.15, 0.65), ("050", 0.3, 0.5), ("075", 0.45, 0.35)):
        weights = rig_of(f"cheer__center:{time}").weights
        assert math.isclose(weights["jawOpen"], jaw)
        assert math.isclose(weights["mouthFrownLeft"], frown)
    assert math.isclose(rig_of("turn__sad:025").head.yaw_deg, 5)
    assert math.isclose(rig_of("turn__sad:075").head.yaw_deg, 15)

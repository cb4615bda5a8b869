"""From a character to its graph: roles, sources, and what each frame reads of the config."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.graph.keyframes import image_prompt, plan, request_for
from tasks.graph.node import Node, Role
from tasks.graph.project import Project
from tasks.graph.variables import read as read_variables
from tasks.requests.prompt import extreme_prompt, tilt_prompt

CONFIG: dict[str, Any] = {
    "character": "a fox",
    "base_image": "portraits/front.png",
    "axes": {"mouth": ["neutral", "smile_soft", "ah"], "eyes": ["neutral", "wide"]},
    "poses": {"center": {}, "up": {}, "side": {"base_image": "portraits/side.png"}},
    "expressions": {
        "sad": {"prompt": "near to tears"},
        "neutral": {"mouth": "neutral"},
        "happy": {"mouth": "smile_soft", "eyes": "wide"},
    },
}


class Planner:
    """Plans of configs in folders of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def project(self, has_key: bool = True, given: dict[str, str] | None = None, **parts: Any):
        self._made += 1
        config = self._folder / f"{self._made}" / "expressions.json"
        config.parent.mkdir()
        config.write_text(json.dumps({**CONFIG, **parts}))
        variables = read_variables({**(given or {}), "config": str(config)})
        return Project(variables, has_key, official_endpoint=True)

    def nodes(self, *arguments: Any, **parts: Any) -> dict[str, tuple[str, str]]:
        """Role and source of every frame, by name; paths from the config's folder."""
        project = self.project(*arguments, **parts)
        return {node.name: (node.role, _below(project, node)) for node in plan(project).nodes}

    def digests(self, *arguments: Any, **parts: Any) -> dict[str, str]:
        """The digest of what each frame reads of the config."""
        # One folder for all: a frame's path is a part of what it reads.
        config = self._folder / "expressions.json"
        config.write_text(json.dumps({**CONFIG, **parts}))
        project = Project(read_variables({"config": str(config)}), *(arguments or (True, True)))
        return {node.name: node.digest for node in plan(project).nodes}

    def changed_by(self, **parts: Any) -> set[str]:
        """The frames that read another part of the config after an edit."""
        before, after = self.digests(), self.digests(**parts)
        return {name for name in after if after[name] != before.get(name)}


def _below(project: Project, node: Node) -> str:
    return Path(node.source).relative_to(project.folder).as_posix()


@pytest.fixture
def planner(tmp_path: Path) -> Planner:
    return Planner(tmp_path)


ALL = {f"{name}__{pose}" for name in CONFIG["expressions"] for pose in CONFIG["poses"]}
FRONT, SIDE = "portraits/front.png", "portraits/side.png"
NEUTRAL_UP = "frames/endpoints/neutral__up.png"


def test_an_image_model_is_shown_the_neutral_of_the_same_pose(planner: Planner):
    assert planner.nodes() == {
        "neutral__center": (Role.FIT, FRONT),
        "sad__center": (Role.EXTREME, FRONT),
        "happy__center": (Role.EXTREME, FRONT),
        "neutral__up": (Role.TILT, FRONT),
        "sad__up": (Role.EXTREME, NEUTRAL_UP),
        "happy__up": (Role.EXTREME, NEUTRAL_UP),
        "neutral__side": (Role.FIT, SIDE),
        "sad__side": (Role.EXTREME, SIDE),
        "happy__side": (Role.EXTREME, SIDE),
    }


def test_the_puppet_draws_every_frame_from_the_base_portrait(planner: Planner):
    nodes = planner.nodes(has_key=False)
    assert {name for name, node in nodes.items() if node == (Role.RIG, FRONT)} == ALL - {
        *("neutral__center", "neutral__side")
    }
    assert nodes["neutral__center"] == (Role.FIT, FRONT)
    assert nodes["neutral__side"] == (Role.FIT, SIDE)


def test_include_neutral_draws_the_neutrals_that_have_a_portrait_too(planner: Planner):
    nodes = planner.nodes(generation={"include_neutral": True})
    assert nodes["neutral__center"] == (Role.EXTREME, FRONT)
    assert nodes["neutral__side"] == (Role.EXTREME, SIDE)
    assert nodes["neutral__up"] == (Role.TILT, FRONT)
    drafts = planner.nodes(has_key=False, generation={"include_neutral": True})
    assert set(drafts.values()) == {(Role.RIG, FRONT)}


def test_a_neutral_that_nobody_named_is_drawn_only_where_others_need_it(planner: Planner):
    expressions = {"sad": {"prompt": "near to tears"}}
    nodes = planner.nodes(expressions=expressions)
    assert nodes == {
        "sad__center": (Role.EXTREME, FRONT),
        "neutral__up": (Role.TILT, FRONT),
        "sad__up": (Role.EXTREME, NEUTRAL_UP),
        "sad__side": (Role.EXTREME, SIDE),
    }
    drafts = planner.nodes(has_key=False, expressions=expressions)
    assert set(drafts) == {"sad__center", "sad__up", "sad__side"}


def test_a_neutral_comes_before_what_is_drawn_from_it(planner: Planner):
    names = list(planner.nodes())
    assert names.index("neutral__up") < min(names.index("sad__up"), names.index("happy__up"))


def test_base_image_on_the_command_line_is_that_of_the_pose_that_is_drawn(
    planner: Planner, tmp_path
):
    other = str(tmp_path / "other.png")
    nodes = plan(planner.project(given={"base_image": other})).nodes
    sources = {node.name: node.source for node in nodes}
    assert sources["neutral__center"] == sources["sad__center"] == sources["neutral__up"] == other
    project = planner.project(given={"base_image": other, "pose": "up"})
    sources = {node.name: node.source for node in plan(project).nodes}
    assert sources["neutral__up"] == sources["sad__up"] == other
    assert sources["sad__center"].endswith(FRONT)


def test_outdir_is_where_the_frames_and_the_neutrals_are(planner: Planner, tmp_path: Path):
    project = planner.project(given={"outdir": str(tmp_path / "out")})
    sources = {node.name: node.source for node in plan(project).nodes}
    assert sources["sad__up"] == str(tmp_path / "out" / "neutral__up.png")


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ({}, ("center",)),
        ({"pose": "side"}, ("side",)),
        ({"pose": "all"}, ("center", "up", "side")),
    ],
)
def test_doit_alone_draws_the_default_pose_unless_told_otherwise(planner, given, drawn):
    graph = plan(planner.project(given=given))
    assert graph.drawn_poses == drawn
    assert graph.poses == ("center", "up", "side")


def test_the_engine_and_why_it_is_that_one_are_in_the_graph(planner: Planner):
    assert plan(planner.project()).engine.name == "openai"
    assert plan(planner.project(has_key=False)).engine.name == "puppet"
    asked = plan(planner.project(given={"engine": "puppet"})).engine
    assert (asked.name, asked.why) == ("puppet", "as asked for")


# What each frame reads of the config


def test_a_frame_reads_its_own_expression_only(planner: Planner):
    expressions = {**CONFIG["expressions"], "sad": {"prompt": "in tears"}}
    assert planner.changed_by(expressions=expressions) == {"sad__center", "sad__up", "sad__side"}


def test_a_frame_reads_its_own_pose_only(planner: Planner):
    poses = {**CONFIG["poses"], "up": {"prompt": "looking at the ceiling"}}
    assert planner.changed_by(poses=poses) == {"neutral__up", "sad__up", "happy__up"}


def test_all_that_is_drawn_reads_the_character_s_words_model_and_quality(planner: Planner):
    drawn = ALL - {"neutral__center", "neutral__side"}
    assert planner.changed_by(character="a vixen") == drawn
    assert planner.changed_by(generation={"model": "gpt-image-2"}) == drawn
    assert planner.changed_by(generation={"quality": "low"}) == drawn
    assert planner.changed_by(generation={"background": "opaque"}) == drawn


def test_every_frame_reads_the_size(planner: Planner):
    assert planner.changed_by(generation={"size": "1024x1024"}) == ALL


@pytest.mark.parametrize(
    "parts",
    [
        {"expressions": dict(reversed(CONFIG["expressions"].items()))},
        {"axes": dict(reversed(CONFIG["axes"].items()))},
        {"base_image": "./portraits/../portraits/front.png"},
        {"base_paths": [{"id": "p", "start": "sad", "end": "happy"}]},
        {"generation": {"quality": "high", "size": "1024x1536", "engine": "openai"}},
        {"generation": {"budget_usd": 1, "images_per_minute": 5, "max_retries": 1}},
        {
            "expressions": {
                **CONFIG["expressions"],
                "sad": {"prompt": " near to tears ", "blendshapes": {}},
            }
        },
    ],
)
def test_what_no_frame_reads_changes_none(planner: Planner, parts: dict[str, Any]):
    assert planner.changed_by(**parts) == set()


def test_a_neutral_that_nobody_named_does_not_depend_on_the_order_of_the_axes(planner: Planner):
    expressions = {"sad": {"prompt": "near to tears"}}
    before = planner.digests(expressions=expressions)
    axes = dict(reversed(CONFIG["axes"].items()))
    assert planner.digests(expressions=expressions, axes=axes) == before


def test_a_new_expression_changes_none_that_was_there(planner: Planner):
    expressions = {**CONFIG["expressions"], "wink": {"prompt": "one eye closed"}}
    names = planner.changed_by(expressions=expressions)
    assert names == {"wink__center", "wink__up", "wink__side"}


def test_drafts_read_landmarks_weights_and_angles_and_no_words(planner: Planner):
    def drafts(**parts: Any) -> dict[str, str]:
        return planner.digests(False, True, **parts)

    before = drafts()
    assert drafts(character="a vixen") == before
    assert drafts(generation={"quality": "low", "model": "gpt-image-2"}) == before
    face = drafts(face={"chin": [0.5, 0.9]})
    same = {name for name in before if before[name] == face[name]}
    assert same == {"neutral__center", "neutral__side"}


# Requests and prompts


def test_the_prompt_is_that_of_the_frame_s_role(planner: Planner):
    project = planner.project()
    character, nodes = project.character, plan(project).nodes
    by_name = {node.name: node for node in nodes}
    up, neutral, sad = (
        character.poses["up"],
        character.expression("neutral"),
        character.expression("sad"),
    )
    assert request_for(character, "openai", by_name["neutral__up"]).prompt == tilt_prompt(
        character, up, neutral
    )
    assert request_for(character, "openai", by_name["sad__up"]).prompt == extreme_prompt(
        character, up, sad
    )


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("gpt-image-2.5-sunburst", {"quality", "background"}),
        ("gpt-image-1.5", {"quality", "background", "input_fidelity"}),
        ("gpt-image-1-mini", {"quality", "background"}),
    ],
)
def test_a_parameter_that_a_model_does_not_take_is_not_sent(planner: Planner, model: str, sent):
    project = planner.project(generation={"model": model})
    node = next(node for node in plan(project).nodes if node.role is Role.EXTREME)
    request = request_for(project.character, "openai", node)
    assert set(request.parameters) == sent
    assert (request.model, request.size_px) == (model, (1024, 1536))


def test_a_rig_is_the_expression_s_weights_the_pose_s_angles_and_the_face(planner: Planner):
    poses = {**CONFIG["poses"], "up": {"head": {"pitch_deg": -8}}}
    project = planner.project(has_key=False, poses=poses, face={"chin": [0.5, 0.9]})
    character = project.character
    node = next(node for node in plan(project).nodes if node.name == "happy__up")
    request = request_for(character, "puppet", node)
    assert request.prompt == request.model == ""
    assert request.rig.weights == character.expressions["happy"].blendshapes
    assert request.rig.head.pitch_deg == -8
    assert request.rig.face.chin == (0.5, 0.9)


def test_prompts_are_told_whichever_engine_draws(planner: Planner):
    told = []
    for has_key in (True, False):
        project = planner.project(has_key=has_key)
        character = project.character
        told.append({n.name: image_prompt(project, character, n) for n in plan(project).nodes})
    assert told[0] == told[1]
    assert told[0]["neutral__center"] == ""
    assert "near to tears" in told[0]["sad__up"]
    assert told[0]["neutral__up"].startswith(
        "Edit this portrait: change only how the head is held."
    )

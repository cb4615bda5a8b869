"""What a check flagged, kept for page and sheet."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tasks.finish.flags import Flag
from tasks.graph.node import Node, Role
from tasks.graph.project import Project, open_project
from tasks.review import looks
from tasks.review.checks import Checked

NODES = [
    Node(expression=name, pose=pose, role=Role.EXTREME, source="", digest="")
    for name in ("sad", "glad")
    for pose in ("center", "up")
]
WEAK, ALIKE = Flag("weak", "it hardly differs"), Flag("alike", "it looks like glad__up")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of four frames."""
    made = open_project({"config": str(tmp_path / "expressions.json")})
    made.frames.mkdir(parents=True)
    made.__dict__["graph"] = SimpleNamespace(nodes=NODES, checks_digest="a")
    for node in NODES:
        Path(made.path_of(node)).write_text("a frame")
    return made


def found(*flags: Flag, nodes: list[Node] = NODES) -> dict[str, Checked]:
    return {node.name: Checked(node, None, flags) for node in nodes}


def kinds(project: Project) -> dict[str, list[str]]:
    told = looks.flags_of(project, NODES)
    return {name: [flag.kind for flag in flags] for name, flags in told.items()}


def test_flags_are_kept_until_their_frame_changes(project: Project):
    assert kinds(project) == {}
    looks.keep(project, found(WEAK))
    assert kinds(project) == {node.name: ["weak"] for node in NODES}
    Path(project.path_of(NODES[0])).write_text("another frame")
    assert kinds(project) == {node.name: ["weak"] for node in NODES[1:]}
    looks.keep(project, found(nodes=NODES[1:2]))
    assert kinds(project) == {node.name: ["weak"] for node in NODES[2:]}


def test_who_looks_alike_is_known_while_all_at_a_pose_stay_as_they_are(project: Project):
    looks.keep(project, found(WEAK, ALIKE))
    Path(project.path_of(NODES[3])).unlink()  # glad at up
    told = kinds(project)
    assert told == {"sad__center": ["weak", "alike"], "glad__center": ["weak", "alike"]} | {
        "sad__up": ["weak"]
    }


def test_a_kind_is_shown_once(project: Project):
    assert looks.also((WEAK,), (Flag("weak", "it was weaker"), ALIKE)) == (WEAK, ALIKE)
    assert not project.looks.exists()
    looks.keep(project, {})
    assert not project.looks.exists()

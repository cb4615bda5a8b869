"""Marks on the sheet: what is told anew after a frame changed."""

from pathlib import Path

import pytest

from tasks.graph.node import Node, Role
from tasks.graph.project import Project, open_project
from tasks.review import marks
from tasks.review.marks import Mark

NODES = [
    Node(expression=name, pose=pose, role=Role.EXTREME, source="", digest="")
    for name in ("sad", "glad")
    for pose in ("center", "up")
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose frames keep figures where their file says so."""
    made = open_project({"config": str(tmp_path / "expressions.json")})
    made.frames.mkdir(parents=True)
    for node in NODES:
        Path(made.path_of(node)).write_text("plain")

    def is_measured(project: Project, node: Node) -> bool:
        path = Path(project.path_of(node))
        return path.is_file() and path.read_text().startswith("measured")

    def flags(project: Project, nodes: list[Node]) -> dict[str, str]:
        told.append([node.name for node in nodes])
        return {node.name: "alike" for node in nodes if is_measured(project, node)}

    told: list[list[str]] = []
    monkeypatch.setattr(marks, "_is_measured", is_measured)
    monkeypatch.setattr(marks, "_flags", flags)
    monkeypatch.setattr(marks, "told", told, raising=False)
    return made


def told_of(project: Project, before: dict[str, Mark]) -> tuple[dict[str, Mark], list[list[str]]]:
    told: list[list[str]] = marks.told  # type: ignore[attr-defined]
    told.clear()
    return marks.marks(project, NODES, before), list(told)


def test_drafts_keep_no_figures_and_none_are_looked_for(project: Project):
    found, told = told_of(project, {})
    assert told == []
    assert not any(mark.flags or mark.measured for mark in found.values())
    assert all(mark.seen for mark in found.values())


def test_all_at_a_pose_are_told_anew_where_one_changed(project: Project):
    for node in NODES:
        Path(project.path_of(node)).write_text("measured")
    first, told = told_of(project, {})
    assert [sorted(names) for names in told] == [sorted(node.name for node in NODES)]
    assert {mark.flags for mark in first.values()} == {"alike"}
    assert told_of(project, first) == (first, [])
    Path(project.path_of(NODES[0])).write_text("measured anew")
    _, told = told_of(project, first)
    assert told == [["sad__center", "glad__center"]]


@pytest.mark.parametrize("after", ["plain and longer", None])
def test_a_frame_that_kept_figures_before_takes_its_twin_s_flag_along(project: Project, after):
    for node in NODES:
        Path(project.path_of(node)).write_text("measured")
    first, _ = told_of(project, {})
    path = Path(project.path_of(NODES[0]))
    path.write_text(after) if after else path.unlink()
    found, told = told_of(project, first)
    assert told == [["sad__center", "glad__center"]]
    assert not found["sad__center"].flags
    assert bool(found["sad__center"].seen) == bool(after)


def test_what_is_kept_in_a_file_is_read_back(project: Project):
    Path(project.path_of(NODES[3])).unlink()
    found, _ = told_of(project, {})
    assert marks.read(marks.plain(found)) == found
    for damaged in (None, [], 5, {"sad__center": 5}, {"sad__center": [True, "x", "no"]}):
        assert marks.read(damaged) == {}

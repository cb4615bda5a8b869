"""The contact sheet: every frame in one labelled picture, expressions down and poses across."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.command_line import current_graph, current_project
from tasks.digest import digest_of
from tasks.freshness import ConfigSlice, LooseFile
from tasks.graph import Graph, Node
from tasks.project import Project


def task_sheet() -> Iterator[dict[str, Any]]:
    """show all frames in one labelled picture"""
    project, graph = current_project(), current_graph()
    nodes = _shown(project, graph)
    drawn = [_target(project, node) for node in nodes if node.pose in graph.drawn_poses]
    others = [_target(project, node) for node in nodes if node.pose not in graph.drawn_poses]
    layout = digest_of([node.name for node in nodes])
    yield {
        "basename": "sheet",
        "actions": [(draw_sheet, [project, nodes])],
        # Frames of the poses that `doit` draws come first; those of other poses are shown as
        # they are, and must not be drawn, and paid for, for the sake of a sheet.
        "file_dep": [ConfigSlice(str(project.config), layout), *map(LooseFile, drawn)],
        "uptodate": [(same_frames, [others])],
        "targets": [str(project.sheet)],
        "clean": True,
        "io": {"capture": False},
        "verbosity": 0,
        "meta": {"despite_failures": True, "failed": []},
    }


def same_frames(task: Any, values: dict[str, Any], paths: list[str]) -> bool:
    """Whether the frames at the poses that this run does not draw are those of the last sheet."""
    states = []
    for path in paths:
        status = Path(path).stat()
        states.append([path, status.st_mtime_ns, status.st_size])
    seen = digest_of(states)
    task.value_savers.append(lambda: {"seen": seen})
    return values.get("seen") == seen


def draw_sheet(project: Project, nodes: list[Node], task: Any) -> None:
    """The action of the sheet's task."""
    # Pillow is imported here, and not by a run that has nothing to draw.
    from tasks.contact_sheet import Cell, compose  # noqa: PLC0415
    from tasks.files import write_whole  # noqa: PLC0415
    from tasks.picture import png_bytes  # noqa: PLC0415

    failed = {name.partition(":")[2] for name in task.meta["failed"]}
    cells = {
        (node.expression, node.pose): Cell(Path(_target(project, node)), node.name in failed)
        for node in nodes
    }
    title = project.folder.resolve().name
    write_whole(project.sheet, png_bytes(compose(title, cells)))


def _target(project: Project, node: Node) -> str:
    return str(project.target(node.expression, node.pose))


def _shown(project: Project, graph: Graph) -> list[Node]:
    """The frames on the sheet: all at the poses that `doit` draws, else those that are there."""
    there = {path.name for path in project.frames.glob("*.png")}
    return [
        node
        for node in graph.nodes
        if node.pose in graph.drawn_poses or f"{node.name}.png" in there
    ]

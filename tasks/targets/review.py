"""The review page: every frame with its state, to look at and to decide on, opened from disk."""

from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from tasks.graph.node import Graph
from tasks.graph.project import Project
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake, line_of
from tasks.review.page.seen import seen_digest
from tasks.running.free_task import rebuilt, say_set_aside
from tasks.running.freshness import ConfigSlice
from tasks.running.session import Session
from tasks.running.task_facts import TaskFacts


def task_review(session: Session) -> dict[str, Any]:
    """make the page on which all frames are looked at and decided on"""
    project, graph = session.project, session.graph
    folder = project.built / "review"
    names = [[node.name, node.digest] for node in (*graph.nodes, *graph.tweens)]
    task = {
        "actions": [(write_page, [session])],
        "file_dep": [
            ConfigSlice(str(project.config), digest_of([names, *graph.faces, graph.checks_digest]))
        ],
        # As with the contact sheet: nothing is drawn for the page's sake.
        "task_dep": [f"endpoints:*__{pose}" for pose in graph.drawn_poses],
        "uptodate": [(same_project, [project, graph])],
        "targets": [str(folder / "index.html")],
        "clean": [(remove_page, [folder])],
        "io": {"capture": False},
        "verbosity": 0,
        "meta": TaskFacts(shows="Review", comes_last=True).meta(),
    }
    return rebuilt(task)


def same_project(task: Any, values: dict[str, Any], project: Project, graph: Graph) -> bool:
    """Whether all that the page shows is as it was, by times and sizes."""
    seen = seen_digest(project, graph)
    task.value_savers.append(lambda: {"seen": seen_digest(project, graph)})
    return values.get("seen") == seen


def write_page(session: Session) -> TaskFailed | None:
    """The action of the page's task."""
    from tasks.build.pages import make_page

    failed = {name.partition(":")[2]: why for name, why in session.failures.items()}
    try:
        make_page(session.project, failed, moved=say_set_aside)
    except (Mistake, OSError) as error:
        return TaskFailed(line_of(error))
    return None


def remove_page(folder: Path, dryrun: bool) -> None:
    """What `doit clean` does: the page and its small pictures, and nothing else in its folder."""
    from tasks.review.page.write import files

    for path in files(folder):
        if not dryrun:
            path.unlink(missing_ok=True)

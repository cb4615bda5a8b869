"""The tasks of the keyframes: one for every expression at every pose."""

from collections.abc import Iterator
from typing import Any

from doit.exceptions import TaskFailed

from tasks.command_line import current_graph, current_project
from tasks.errors import Mistake
from tasks.freshness import ConfigSlice
from tasks.gate import GATE, Stopped
from tasks.graph import Node
from tasks.project import Project
from tasks.run import NEW_TAKE

_OPTIONS = [{"name": NEW_TAKE, "type": bool, "default": False}]
# Actions run in threads: doit's capturing would swap sys.stdout under all of them.
_NO_CAPTURE = {"capture": False}


def task_endpoints() -> Iterator[dict[str, Any]]:
    """draw every expression at every pose"""
    project, graph = current_project(), current_graph()
    config = str(project.config)
    for node in graph.nodes:
        yield {
            "name": node.name,
            "actions": [(draw_frame, [project, node])],
            "file_dep": [ConfigSlice(config, node.digest), node.source],
            "targets": [project.target(node.expression, node.pose)],
            "params": _OPTIONS,
            "io": _NO_CAPTURE,
            "verbosity": 0,
            "meta": {"node": node},
        }


class NotAttempted(TaskFailed):  # type: ignore[misc]
    """The run ended before this frame's turn: nothing went wrong with it."""


def draw_frame(project: Project, node: Node, new_take: bool) -> dict[str, Any] | TaskFailed:
    """The action of a frame's task: bring the frame up to date; say what was done."""
    # Pillow is imported here, and not by a run that has nothing to draw.
    from tasks.build import builder_of  # noqa: PLC0415
    from tasks.store import StoreFailure  # noqa: PLC0415

    try:
        with GATE.place() as leave:
            outcome = builder_of(project).build(node, new_take=new_take, arrived=leave)
    except Stopped as stopped:
        return NotAttempted(str(stopped))
    except StoreFailure as error:
        GATE.close()  # what cannot be kept must not be bought
        return TaskFailed(str(error))
    except Mistake as error:
        return TaskFailed(str(error))
    except OSError as error:
        return TaskFailed(f"{error.filename or 'a file'}: {error.strerror or error}")
    return {"step": outcome.step.value, "notes": list(outcome.notes)}

"""The tasks of the keyframes: one for every expression at every pose."""

from collections.abc import Iterator, Mapping
from inspect import Parameter, Signature
from typing import Any

from doit.exceptions import TaskFailed
from doit.task import Task

from tasks.character.face import FaceError
from tasks.graph.node import Node
from tasks.ground.errors import Mistake, line_of
from tasks.ground.files import has_stamp, stamp
from tasks.running.frame_task import BadSource, InBatch, NotAttempted, Unpaid
from tasks.running.freshness import ConfigSlice
from tasks.running.run import NEW_TAKE, NEW_TAKES
from tasks.running.session import Session
from tasks.running.task_facts import TaskFacts
from tasks.spending.rate_limiter import Stopped

_OPTIONS = [
    {"name": NEW_TAKE, "type": bool, "default": False},
    {"name": NEW_TAKES, "type": int, "default": 0},
]


def task_endpoints(session: Session) -> Iterator[dict[str, Any]]:
    """draw every expression at every pose"""
    project, graph = session.project, session.graph
    config = str(project.config)
    for node in graph.nodes:
        yield {
            "name": node.name,
            "actions": [(draw_frame, [session, node])],
            "file_dep": [ConfigSlice(config, frame_slice(session, node)), *node.sources],
            **frame_task(node, project.path_of(node)),
        }


def frame_task(node: Node, path: str) -> dict[str, Any]:
    """What the tasks of all frames have in common."""
    return {
        "targets": [path],
        "uptodate": [(_AS_LEFT, [path])],
        "params": _OPTIONS,
        "meta": TaskFacts(node).meta(),
        # Actions run in threads: doit's capturing would swap sys.stdout under all of them.
        "io": {"capture": False},
        "verbosity": 0,
    }


class _AsLeft:
    """Whether the frame at a path is the one that its record tells of.

    A run that was killed may have made it anew and left no record: where the config went back
    since, the record and the config agree about a frame that is no longer there.
    """

    # doit looks for this once for every task: to make it takes longer than all the rest.
    __signature__ = Signature(
        [Parameter(name, Parameter.POSITIONAL_ONLY) for name in ("task", "values", "path")]
    )

    def __call__(self, _task: Task, values: Mapping[str, Any], path: str) -> bool:
        return has_stamp(path, values.get("stamp"))

    def __repr__(self) -> str:
        """As `doit info` has it, where it says what evaluates to false."""
        return "the file is the one that was recorded"


_AS_LEFT = _AsLeft()


def frame_slice(session: Session, node: Node) -> str:
    """What of the config, and of takes.json and the face mask beside it, decides a frame."""
    pick = session.picks.get(node.name)
    mask = session.face_mask_digests[node.costume] if node.role.only_face_changes else ""
    decision = session.decisions.get(node.name)
    # Taking an approval back has the frame looked at again.
    held = ["approved"] if decision and decision.approved else []
    held += ["damaged"] if node.name in session.choices.damaged else []
    parts = [*held, pick.digest if pick else "", mask]
    return ":".join([node.digest, *filter(None, parts)])


def draw_frame(
    session: Session, node: Node, new_take: bool, new_takes: int
) -> dict[str, Any] | TaskFailed:
    """The action of a frame's task: bring the frame up to date; say what was done."""
    # Pillow is imported here, and not by a run that has nothing to draw.
    from tasks.build.purchase import NotPaidFor, Postponed
    from tasks.build.retakes import retake
    from tasks.pictures.picture import BadPicture
    from tasks.takes.store import StoreFailure

    limiter = session.calls.limiter
    try:
        builder = session.builder
        if new_takes:
            built = retake(builder, node, new_takes, limiter)
        else:
            with limiter.slot() as leave:
                try:
                    built = builder.build(node, new_take=new_take, arrived=leave)
                except StoreFailure:
                    limiter.close()  # what cannot be kept must not be bought
                    raise
    except (Stopped, Postponed, NotPaidFor) as not_drawn:
        endings = {Stopped: NotAttempted, Postponed: InBatch, NotPaidFor: Unpaid}
        return endings[type(not_drawn)](str(not_drawn))
    except (BadPicture, FaceError) as error:
        return BadSource(str(error))
    except (Mistake, OSError) as error:
        return TaskFailed(line_of(error))
    except MemoryError:
        return TaskFailed("the memory is not enough for it: fewer at once (-n 1) need less")
    return {
        "step": built.step.value,
        "notes": list(built.notes),
        "flags": list(built.flags),
        "read": dict(built.read),
        "stamp": stamp(builder.target(node)),
    }

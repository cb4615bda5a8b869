"""What the review page shows of a project's timelines: their plans, as they are on disk."""

from collections.abc import Mapping
from os.path import normpath
from pathlib import Path
from typing import Any

from tasks.graph.named_timelines import FOLDER, Named, timelines_of
from tasks.graph.project import Project
from tasks.ground.digest import digest_of
from tasks.ground.files import read_plain, stamp
from tasks.review.page.document import ShownTimeline
from tasks.review.page.seen import listing
from tasks.review.page.write import PLANS, address
from tasks.timelines.document import read_plan

_PLAYED = (
    *("rate", "frames", "duration_us", "pictures", "shown", "layers", "words", "phones", "cues"),
    *("peaks", "cuts", "mend", "notes"),
)


def look_at_timelines(
    project: Project, folder: Path
) -> tuple[tuple[ShownTimeline, ...], Mapping[str, Any]]:
    """The timelines as the page in `folder` lists them, and what it plays of those with a plan."""
    plans: dict[str, Any] = {}
    shown = []
    for named in timelines_of(project, project.graph.timelines):
        out = project.timelines / named.name
        try:
            plan = read_plan(read_plain(out / "plan.json")).document
            plans[named.name] = played(plan, out, folder)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            shown.append(ShownTimeline(named.name, seen=_seen(project, named)))
            continue
        script = address(folder / PLANS / f"{named.name}.js", folder, out / "plan.json")
        shown.append(ShownTimeline(named.name, script, _seen(project, named)))
    return tuple(shown), plans


def played(plan: Mapping[str, Any], out: Path, folder: Path) -> dict[str, Any]:
    """What the page in `folder` plays of a plan that lies, or would lie, in `out`.

    Raises KeyError or TypeError for a plan that is none.
    """
    sound = Path(normpath(out / plan["audio"])) if plan["audio"] else None
    content = {name: plan[name] for name in _PLAYED}
    return {**content, "sound": address(sound, folder) if sound else ""}


def _seen(project: Project, named: Named) -> str:
    """Another text whenever anything changes that a timeline may be made of."""
    files = listing(project.folder / FOLDER)
    own = [stamp(project.config) if named.given else None, *map(stamp, named.paths("audio"))]
    plan = stamp(project.timelines / named.name / "plan.json")
    return digest_of([files, own, plan])[:16]

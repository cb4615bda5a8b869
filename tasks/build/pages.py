"""Making the review page of a project, with the small pictures that it shows."""

import json
from collections.abc import Mapping
from typing import Any

from tasks.build.shown import look_at_project, page_folder
from tasks.graph.project import Project
from tasks.ground import json_file
from tasks.ground.files import stamp
from tasks.ground.made import Moved
from tasks.review.page import thumbnails
from tasks.review.page.document import document
from tasks.review.page.write import put, write

_FAILED = "failed.json"


def make_page(
    project: Project,
    failed: Mapping[str, str],
    problem: str = "",
    moved: Moved = lambda _path, _to: None,
) -> dict[str, Any]:
    """Write the page and its thumbnails; the data that it shows.

    `moved` is told of files that are not of this program, and where they were set aside.
    `failed`: why frames could not be drawn in this run, by name. What failed before and is still
    not there stays so. Raises `Mistake` where the config has one, OSError where the disk is full.
    """
    folder = page_folder(project)
    said = {**_known_failures(project), **failed}
    seen = look_at_project(project, said)
    thumbnails.make(seen.thumbnails)
    thumbnails.sweep(folder / "thumbs", seen.thumbnails)
    shown = document(seen.shown) | {"problem": problem}
    write(folder, shown, moved, seen.plans)
    if failed or said != _said_before(project):  # a run that goes on meanwhile may write it, too
        text = json.dumps(said, ensure_ascii=False)
        put({folder / _FAILED: text.encode(errors="replace")}, moved)
    return shown


def _known_failures(project: Project) -> dict[str, str]:
    """What failed before, of frames that came neither then nor since."""
    seen = stamp(page_folder(project) / _FAILED)
    known = _said_before(project) if seen else {}
    return {
        name: why for name, why in known.items() if seen and not _came_since(project, name, seen[0])
    }


def _said_before(project: Project) -> dict[str, str]:
    """Why frames failed, as it was written down; nothing where that is missing or damaged."""
    known = json_file.read_or_none(page_folder(project) / _FAILED)
    pairs = known.items() if isinstance(known, dict) else ()
    return {str(name): str(why) for name, why in pairs}


def _came_since(project: Project, name: str, failed_ns: int) -> bool:
    seen = stamp(project.keyframe_path(name)) if "__" in name else None
    return seen is not None and seen[0] > failed_ns

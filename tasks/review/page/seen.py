"""What the review page shows, by times and sizes: by these it is known whether to make it anew."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.graph.named_timelines import FOLDER
from tasks.graph.node import Graph
from tasks.graph.project import Project
from tasks.ground.digest import digest_of
from tasks.ground.files import stamp


def seen_digest(project: Project, graph: Graph) -> str:
    """The digest of the times and sizes of all that the page shows, its own scripts included."""
    return digest_of(list(_seen(project, graph)))


def _seen(project: Project, graph: Graph) -> Iterator[Any]:
    for outfit in graph.outfits:
        yield from listing(project.frames_of(outfit.name))
    # A sequence's manifest is written anew whenever one of its frames was; without one, what
    # timelines draw of it changes its folder.
    for strip in graph.sequences:
        yield stamp(project.sequence_path(strip.name))
        yield stamp(project.sequence_path(f"{strip.name}/manifest.json"))
    yield stamp(project.folder / "takes.json")
    yield stamp(project.looks)
    yield stamp(project.store / "ledger.jsonl")
    yield from listing(project.store / "batches")
    yield from listing(Path(__file__).with_name("assets"))
    yield from listing(project.folder / FOLDER)
    for folder in sorted(project.timelines.glob("*")):
        yield folder.name, stamp(folder / "plan.json")


def listing(folder: Path) -> list[Any]:
    """The files in a folder, each with its time and size."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                [entry.name, (seen := entry.stat()).st_mtime_ns, seen.st_size]
                for entry in entries
                if entry.is_file()
            )
    except OSError:
        return []

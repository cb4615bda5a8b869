"""What is made of a timeline's plan. Light to import: what is heavy is loaded by what makes it.

Everything is made from `plan.json` beside it, and from the pictures that it names.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.ground import json_file
from tasks.ground.errors import Mistake
from tasks.ground.files import set_aside, write_whole
from tasks.ground.ids import with_costume
from tasks.ground.say import say

if TYPE_CHECKING:
    from tasks.timelines.document import Plan

PRODUCTS: Mapping[str, str] = {
    "frames": "frames/manifest.json",
    "mp4": "*.mp4",
    "webm": "*.webm",
    "webp": "*.webp",
    "otio": "*.otio",
    "tsv": "*.tsv",
    "dat": "*.dat",
}
"""what can be made, and where; `*` stands for the timeline's id"""
SHOWN = frozenset(("frames", "mp4", "webm", "webp", "otio"))
"""what needs the pictures, and not only their names"""
Places = Callable[[str], str]
"""from a picture's place to its path"""


def make(product: str, target: Path, places: Places, background: str) -> None:
    """Make one product at `target`. Raises `Mistake`, or ValueError for a plan that is none."""
    from tasks.exports import cues, otio, talking_film
    from tasks.timelines.document import read_plan

    folder = target.parent.parent if product == "frames" else target.parent
    plan = read_plan((folder / "plan.json").read_bytes())
    if product == "frames":
        link(plan, target, places)
    elif product == "webp":
        _webp(plan, target, places)
    elif product in {"mp4", "webm"}:
        talking_film.write(plan, target, places, background)
    elif product == "otio":
        write_whole(target, otio.written(plan))
    else:
        write_whole(target, cues.WRITERS[product](plan).encode())


def frame_name(number: int) -> str:
    """The name of a frame in the image sequence, counted from 1."""
    return f"frame_{number:06d}.png"


def link(plan: "Plan", target: Path, places: Places) -> None:
    """The image sequence: hard links to the pictures, or copies where there can be no links.

    Links that are right already are left; frames beyond the end go. A picture there that is not
    ours is set aside.
    """
    folder = target.parent
    folder.mkdir(parents=True, exist_ok=True)
    made = _made(target)
    with suppress(FileNotFoundError):
        target.unlink()
    number, seen = 0, set[tuple[int, int]]()
    for place, count in plan.runs:
        source = places(place)
        if not os.path.isfile(source):  # noqa: PTH113 - thousands of times
            raise Mistake(f"{source} is not there; draw it: doit {task_of_place(place)}")
        for _ in range(count):
            number += 1
            frame = str(folder / frame_name(number))
            _link(source, frame, made)
            seen.add(_stamp(frame))
    for old in folder.glob("frame_*.png"):
        if old.stem[6:].isdecimal() and int(old.stem[6:]) > number:
            _remove(str(old), made)
    manifest = {
        "rate": plan.document["rate"],
        "frames": number,
        "first": frame_name(1),
        "pictures": plan.document["pictures"],
        "shown": plan.document["shown"],
        "made": sorted(seen),
    }
    write_whole(target, (json.dumps(manifest) + "\n").encode())


def task_of_place(place: str) -> str:
    """The name of the task that draws the picture at a place."""
    room, _, rest = place.partition("/")
    costume = ""
    if room not in {"endpoints", "sequences"}:
        costume, (room, _, rest) = room, rest.partition("/")
    name = ":".join(rest.removesuffix(".png").rsplit("/", 1))
    return f"{room}:{with_costume(costume, name)}"


def _made(target: Path) -> set[tuple[int, int]]:
    """The times and sizes of the pictures that an earlier run put there, as its manifest says."""
    try:
        found = json_file.read(target)["made"]
        return {(int(time_ns), int(size)) for time_ns, size in found}
    except json_file.UNREADABLE:
        return set()


def _stamp(path: str) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116 - thousands of times
    return status.st_mtime_ns, status.st_size


def _remove(frame: str, made: set[tuple[int, int]]) -> None:
    """Take a picture out of the way: one of ours for good, any other to a folder beside it."""
    is_link = os.stat(frame).st_nlink > 1  # noqa: PTH116 - its content stands elsewhere as well
    if is_link or _stamp(frame) in made:
        os.unlink(frame)  # noqa: PTH108
    else:
        aside = set_aside(Path(frame))
        say(f"[i] Moved what lay at {frame}, which is not of this program, to {aside}")


def _link(source: str, frame: str, made: set[tuple[int, int]]) -> None:
    try:
        if os.path.samefile(source, frame):  # noqa: PTH121 - thousands of times
            return
        _remove(frame, made)
    except FileNotFoundError:
        pass
    try:
        os.link(source, frame)
    except OSError:  # another disk, or a system without links
        shutil.copyfile(source, frame)


def all_linked(target: str) -> bool:
    """Whether the folder has as many frames as its manifest says."""
    path = Path(target)
    try:
        wanted = json.loads(path.read_bytes())["frames"]
        found = sum(1 for entry in os.scandir(path.parent) if entry.name.startswith("frame_"))
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(found == wanted)


def remove(target: str, dryrun: bool) -> None:
    """What `doit clean` does."""
    path = Path(target)
    if dryrun or not path.is_file():
        return
    if path.name == "manifest.json":
        for frame in path.parent.glob("frame_*.png"):
            frame.unlink()
    path.unlink()


def _webp(plan: "Plan", target: Path, places: Places) -> None:
    """An animated WebP, without sound; its times are rounded, their sum is not."""
    from tasks.exports.film import Shot, write

    counts = [count for _, count in plan.runs]
    ends_ms = [0, *(round(Fraction(1000) * end / plan.rate) for end in accumulate(counts))]
    shots = []
    for (place, _), start, end in zip(plan.runs, ends_ms, ends_ms[1:], strict=False):
        for at in range(start, end, 60_000):
            shots.append(Shot(Path(places(place)), min(60_000, end - at)))  # noqa: PERF401
    write(target, shots)


def tell(name: str, plan: Mapping[str, Any]) -> None:
    """What a person should know of a new plan: cuts, what is lacking, what was odd."""
    for note in plan["notes"]:
        say(f"[i] timelines:{name}: {note}")
    cuts = plan["cuts"]
    if cuts:
        first = cuts[0]
        more = f" and {len(cuts) - 1} more" if len(cuts) > 1 else ""
        say(
            f"[!] timelines:{name}: a cut from {first[1]} to {first[2]}{more}; no sequence joins"
            f" them. These base_paths would: {', '.join(plan['mend'])}"
        )

"""Manifests: what a player of a sequence has to know, as `manifest.json` in its folder.

    {"path_id": "neutral_to_sad", "expr_start": "neutral", "expr_end": "sad", "pose": "center",
     "frames": [{"t": 0.0, "file": "000.png"}, {"t": 0.5, "file": "050.png"}, ...],
     "pose_start": "center", "pose_end": "center", "width_px": 1024, "height_px": 1536,
     "duration_ms": 400, "ease": "linear", "shown_ms": [80, 80, 80, 80, 80], "shared": null}

A file is named from the manifest's folder. A sequence whose pictures are another's names them
where they are (`"../neutral_to_sad__center/100.png"`), and says whose they are and whether the
order is the opposite one: `"shared": {"sequence": "neutral_to_sad__center", "reversed": true}`.
A path between poses has no one `pose`: there it is null.

There is nothing about loops in it: a sequence is a transition, which is played once and stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from tasks.character.ease import EASES, eased
from tasks.ground import json_file
from tasks.ground.errors import Mistake
from tasks.sequences.names import MANIFEST
from tasks.sequences.tree import Sequence, is_sequence_id, moment_of

_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of a sequence, and when it is shown."""

    t: float
    """0..1, exact"""
    path: Path
    shown_ms: int
    """for how long, when it is played with its ease; it may be 0 where there are many"""


@dataclass(frozen=True, slots=True)
class Shared:
    """That the pictures are those of another sequence."""

    sequence: str
    """its id, which is the name of its folder, beside this one"""
    reversed: bool
    """they are shown in the opposite order"""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read, for whoever plays or exports the sequence."""

    path_id: str
    expr_start: str
    expr_end: str
    pose: str | None
    """None for a path between poses"""
    pose_start: str
    pose_end: str
    width_px: int
    height_px: int
    duration_ms: int
    ease: str
    shared: Shared | None
    frames: tuple[Frame, ...]
    """in the order of time, from t 0 to t 1"""


def manifest(sequence: Sequence, size_px: tuple[int, int]) -> dict[str, Any]:
    """The manifest of a sequence whose pictures have that width and height, as plain data."""
    width_px, height_px = size_px
    path = sequence.path
    beside = "" if sequence.owns else f"../{sequence.owner}/"
    shared = {"sequence": sequence.owner, "reversed": sequence.reversed}
    return {
        "path_id": path.id,
        "expr_start": path.start,
        "expr_end": path.end,
        "pose": sequence.pose,
        "frames": [{"t": frame.t, "file": f"{beside}{frame.file}"} for frame in sequence.frames],
        "pose_start": sequence.start.pose,
        "pose_end": sequence.end.pose,
        "width_px": width_px,
        "height_px": height_px,
        "duration_ms": path.duration_ms,
        "ease": path.ease,
        "shown_ms": list(shown_ms(len(sequence.frames), path.duration_ms, path.ease)),
        "shared": None if sequence.owns else shared,
    }


@lru_cache(maxsize=256)
def shown_ms(count: int, duration_ms: int, ease: str) -> tuple[int, ...]:
    """For how many milliseconds each of `count` frames is shown; together `duration_ms`.

    Each has an equal part of the way, as drawings have on an animator's sheet, and the ease says
    how long that part takes; a linear one shows all equally long, but for whole milliseconds.
    """
    ends_ms = [round(duration_ms * _time_of(ease, part / count)) for part in range(count + 1)]
    return tuple(after - before for before, after in pairwise(ends_ms))


def _time_of(ease: str, way: float) -> float:
    """The share of the time after which that share of the way is done."""
    if way in {0.0, 1.0}:
        return way
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if eased(ease, middle) < way:
            low = middle
        else:
            high = middle
    return high


def write(folder: Path, document: Mapping[str, Any]) -> None:
    """Write a manifest into its sequence's folder, whole, once all that it names is there.

    Raises `Mistake` with what is missing; then no manifest is left there, an earlier one neither.
    The same document gives the same bytes.
    """
    files: list[str] = [frame["file"] for frame in document["frames"]]
    missing = [file for file in files if not _path(folder, file).is_file()]
    if missing:
        withdraw(folder)
        raise Mistake(f"{folder}: not all pictures are there: {', '.join(missing)}")
    json_file.write(folder / MANIFEST, document, indent=2)


def withdraw(folder: Path) -> None:
    """Take the manifest away, before what it names is drawn anew; players then wait for it.

    What is none of this program's stays, and is set aside by whoever writes one.
    """
    if is_manifest(folder):
        (folder / MANIFEST).unlink(missing_ok=True)


def read(folder: Path) -> Manifest:
    """The manifest in a sequence's folder, checked; it may not name pictures from elsewhere.

    Whether the pictures are there is not looked at. Raises `Mistake` where there is no manifest,
    or none that this program writes.
    """
    path = folder / MANIFEST
    try:
        document = json_file.read(path)
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Mistake(f"{path} is no JSON: {error}") from error
    problem = next(_problems(document, folder.name), None)
    if problem:
        raise Mistake(f"{path} is no manifest: {problem}")
    return _manifest(folder, document)


def is_manifest(folder: Path) -> bool:
    """Whether there is a manifest in `folder` that this program wrote, and may remove."""
    try:
        read(folder)
    except Mistake:
        return False
    return True


def _manifest(folder: Path, document: Mapping[str, Any]) -> Manifest:
    shared = document["shared"]
    simple = {name: document[name] for name in (*_TEXTS, *_NUMBERS, "pose")}
    return Manifest(
        **simple,
        shared=Shared(shared["sequence"], shared["reversed"]) if shared else None,
        frames=tuple(
            Frame(frame["t"], _path(folder, frame["file"]), for_ms)
            for frame, for_ms in zip(document["frames"], document["shown_ms"], strict=True)
        ),
    )


def _path(folder: Path, file: str) -> Path:
    """Where a picture is; by way of the parent, since the folder itself may not be there yet."""
    return folder.parent / file.removeprefix("../") if "/" in file else folder / file


_TEXTS = ("path_id", "expr_start", "expr_end", "pose_start", "pose_end", "ease")
_NUMBERS = ("width_px", "height_px", "duration_ms")


def _problems(document: Any, folder: str) -> Iterator[str]:
    """What is wrong with a manifest, to be asked for the first: each check trusts those before."""
    if not isinstance(document, dict):
        yield "it must be an object {...}"
    for name in _TEXTS:
        if not isinstance(document.get(name), str):
            yield f"{name} must be text"
    for name in _NUMBERS:
        if not _whole(document.get(name)) or document[name] < 1:
            yield f"{name} must be a whole number, 1 or more"
    if document["ease"] not in EASES:
        yield "ease is unknown"
    one_pose = document["pose_start"] == document["pose_end"]
    if document.get("pose", "") != (document["pose_start"] if one_pose else None):
        yield "pose must be the one pose, or null where there are two"
    stays = document["pose_start"] if one_pose else document["expr_start"]
    if folder != f"{document['path_id']}__{stays}":
        yield f"it belongs to the folder {document['path_id']}__{stays}"
    yield from _shared_problems(document.get("shared", 0))
    yield from _frame_problems(document)


def _shared_problems(shared: Any) -> Iterator[str]:
    if shared is None:
        return
    well = isinstance(shared, dict) and isinstance(shared.get("reversed"), bool)
    name = shared.get("sequence") if well else None
    if not isinstance(name, str) or not is_sequence_id(name):
        yield "shared must be null, or name a sequence and say whether it is reversed"


def _frame_problems(document: Mapping[str, Any]) -> Iterator[str]:
    frames, times = document.get("frames"), document.get("shown_ms")
    if not isinstance(frames, list) or not isinstance(times, list) or len(frames) != len(times):
        yield "frames and shown_ms must be lists of one length"
    elif not all(_whole(time) and time >= 0 for time in times):
        yield "shown_ms must be whole numbers, 0 or more"
    elif not all(_is_frame(frame, document["shared"]) for frame in frames):
        yield "a frame must have t and, in file, the picture of that t"
    else:
        ts = [frame["t"] for frame in frames]
        if len(ts) < 2 or ts != sorted(set(ts)) or (ts[0], ts[-1]) != (0, 1):
            yield "frames must go from t 0 to t 1 in the order of time"


def _is_frame(frame: Any, shared: Mapping[str, Any] | None) -> bool:
    if not isinstance(frame, dict) or not isinstance(frame.get("file"), str):
        return False
    beside = f"../{shared['sequence']}/" if shared else ""
    named = moment_of(frame["file"].removeprefix(beside))
    if not frame["file"].startswith(beside) or named is None:
        return False
    shown = named.opposite if shared and shared["reversed"] else named
    t = frame.get("t")
    return isinstance(t, (int, float)) and not isinstance(t, bool) and t == shown.t


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

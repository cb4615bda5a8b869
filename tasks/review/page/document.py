"""What the review page shows, as plain data for its scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tasks.ground.wording import OWN_OUTFIT

MARKS = (
    *("failed", "batch", "missing", "stale", "approved", "rejected"),
    *("flagged", "hand", "portrait", "final", "draft"),
)
"""what a frame can be marked with, the most telling first; it may have several"""


@dataclass(frozen=True, slots=True)
class ShownTake:
    """A take, as the page lists it."""

    number: int
    id: str
    file: str
    """address of its picture, from the page"""
    drawn_at: str
    engine: str
    model: str
    cost_usd: float | None
    in_use: bool
    current: bool
    note: str = ""
    """why it was rejected; empty where it was not"""
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """A frame, as the page shows it. Addresses are quoted, and count from the page."""

    name: str
    task: str
    expression: str
    pose: str
    marks: tuple[str, ...]
    """of `MARKS`, in that order"""
    file: str = ""
    thumb: str = ""
    face: str = ""
    """the thumbnail of its face, where that is small in the frame"""
    neutral: str = ""
    """name of the frame that it is held against, or the address of a picture"""
    words: str = ""
    engine: str = ""
    model: str = ""
    request: str = ""
    message: str = ""
    """why it failed, or where it waits"""
    note: str = ""
    """why its take was rejected"""
    flags: tuple[tuple[str, str], ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    takes: tuple[ShownTake, ...] = ()
    cost_usd: float | None = None
    """what all its takes cost"""
    costume: str = ""
    """the one that it is of; empty: the outfit of the config's own portrait"""


@dataclass(frozen=True, slots=True)
class ShownSequence:
    """A sequence: its frames in the order of time, each its name, its task and how long it is
    shown."""

    name: str
    start: str
    """name of the keyframe at its start"""
    end: str
    duration_ms: int
    ease: str
    frames: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ShownTimeline:
    """A timeline, as the page lists it; what is in it is loaded when it is opened."""

    name: str
    script: str = ""
    """address of the script with its plan; empty where it has none"""
    seen: str = ""
    """other than before where what it is made of changed"""


@dataclass(frozen=True, slots=True)
class Shown:
    """All of a project that the page shows."""

    title: str
    project: str
    """tells this project from others, for what the browser keeps"""
    command: tuple[str, ...]
    """what every command for this project says beside its own words: `config=...`"""
    made_at: str
    engine: str
    poses: tuple[str, ...]
    size_px: tuple[int, int]
    frames: tuple[ShownFrame, ...]
    sequences: tuple[ShownSequence, ...]
    jaw: Mapping[str, float]
    """how far each expression opens the mouth, 0..1"""
    rest: Mapping[str, str]
    """what each expression's face does beside its mouth: equal texts, equal faces"""
    costumes: tuple[str, ...] = ()
    """the names of all outfits, where there are several; empty for that of the own portrait"""
    own_outfit: str = OWN_OUTFIT
    """what that one is called"""
    timelines: tuple[ShownTimeline, ...] = ()
    problem: str = ""
    """what is wrong with the config, where the page shows an earlier state"""


def document(shown: Shown) -> dict[str, Any]:
    """The data of the page. Words and figures that many frames share stand in it once."""
    lines: dict[str, int] = {}
    figures = sorted({name for frame in shown.frames for name in frame.figures})
    rest = asdict(replace(shown, frames=()))
    return {
        **{name: value for name, value in rest.items() if name != "frames"},
        "frames": [_frame(frame, lines, figures) for frame in shown.frames],
        "figures": figures,
        "lines": list(lines),
    }


def _frame(frame: ShownFrame, lines: dict[str, int], figures: Sequence[str]) -> dict[str, Any]:
    said: dict[str, Any] = asdict(frame)
    content = {name: value for name, value in said.items() if value not in ("", (), {})}
    if frame.words:
        content["words"] = [lines.setdefault(line, len(lines)) for line in frame.words.split("\n")]
    if frame.figures:
        content["figures"] = [_rounded(frame.figures.get(name)) for name in figures]
    return content


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value

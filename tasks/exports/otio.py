"""OpenTimelineIO: the image sequence, the sound, and markers for words and sounds.

Written as the plain JSON that the format is (OpenTimelineIO 0.18, `otio_json`), so that nothing
has to be installed; read back in the tests by the library itself. Rates are floats there: the
exact one stands in the metadata.
"""

import json
import os
import posixpath
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tasks.timelines.timing import SECOND_US

if TYPE_CHECKING:
    from tasks.exports.cast import Cast
    from tasks.exports.output import Output
    from tasks.timelines.document import Plan

_OURS = "doit_expressions"


def export(cast: "Cast", out: "Output") -> list[str]:
    """`<timeline>.otio`, an edit each, of the pictures and the sound that lie at the timelines."""
    from tasks.exports.plans import plans

    notes = []
    for name, plan in plans(cast):
        folder = cast.timelines[name]
        out.add(f"{name}.otio", written(plan, _way(out.folder, folder)))
        if not (folder / "frames" / "manifest.json").is_file():
            notes.append(f"the pictures of {name} are still to be made: {_made_by(name)}")
    return notes


def _way(start: Path, end: Path) -> str:
    """From one folder to another, with `/`."""
    return os.path.relpath(end, start).replace(os.sep, "/") + "/"


def _made_by(name: str) -> str:
    from tasks.ground.advice import doit

    return doit(f"timelines:{name}:frames")


def written(plan: "Plan", base: str = "") -> bytes:
    """The bytes of the .otio file; its paths count from its own folder, from which `base` leads to
    the timeline's."""
    return (json.dumps(document(plan, base), indent=1, ensure_ascii=False) + "\n").encode()


def document(plan: "Plan", base: str = "") -> dict[str, Any]:
    """The timeline as plain data."""
    found, rate = plan.document, float(plan.rate)
    exact = {_OURS: {"rate": found["rate"], "duration_us": found["duration_us"]}}
    tracks = [_track("face", "Video", [_pictures(plan, base)])]
    if found["audio"]:
        tracks.append(_track("voice", "Audio", [_sound(plan, base)]))
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "name": found["id"],
        "metadata": exact,
        "global_start_time": _time(0, rate),
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "name": "tracks",
            "metadata": {},
            "source_range": None,
            "effects": [],
            "markers": [],
            "enabled": True,
            "children": tracks,
        },
    }


def _track(name: str, kind: str, children: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Track.1",
        "name": name,
        "kind": kind,
        "metadata": {},
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
        "children": children,
    }


def _clip(name: str, media: dict[str, Any], span: Any, markers: Sequence[Any]) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": name,
        "metadata": {},
        "source_range": span,
        "effects": [],
        "markers": list(markers),
        "enabled": True,
        "media_references": {"DEFAULT_MEDIA": media},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _pictures(plan: "Plan", base: str) -> dict[str, Any]:
    rate = float(plan.rate)
    whole = _range(0, plan.count, rate)
    media = {
        "OTIO_SCHEMA": "ImageSequenceReference.1",
        "name": "",
        "metadata": {_OURS: {"rate": plan.document["rate"]}},
        "available_range": whole,
        "available_image_bounds": None,
        "target_url_base": f"{quote(base)}frames/",
        "name_prefix": "frame_",
        "name_suffix": ".png",
        "start_frame": 1,
        "frame_step": 1,
        "rate": rate,
        "frame_zero_padding": 6,
        "missing_frame_policy": "hold",
    }
    words = [_marker(span, "GREEN", plan) for span in plan.document["words"]]
    phones = [_marker(span, "CYAN", plan) for span in plan.document["phones"] if span[2]]
    return _clip(plan.document["id"], media, whole, [*words, *phones])


def _sound(plan: "Plan", base: str) -> dict[str, Any]:
    whole = _range(0, plan.count, float(plan.rate))
    media = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "name": "",
        "metadata": dict[str, Any](),
        "available_range": whole,
        "available_image_bounds": None,
        "target_url": quote(posixpath.normpath(base + plan.document["audio"])),
    }
    return _clip("voice", media, whole, [])


def _marker(span: list[Any], colour: str, plan: "Plan") -> dict[str, Any]:
    start_us, end_us, label = span
    rate = plan.rate
    start, end = (float(Fraction(time, SECOND_US) * rate) for time in (start_us, end_us))
    return {
        "OTIO_SCHEMA": "Marker.2",
        "name": label,
        "color": colour,
        "comment": "",
        "metadata": {_OURS: {"kind": "word" if colour == "GREEN" else "phone"}},
        "marked_range": _range(start, end - start, float(rate)),
    }


def _time(value: float, rate: float) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": float(value)}


def _range(start: float, duration: float, rate: float) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(start, rate),
        "duration": _time(duration, rate),
    }

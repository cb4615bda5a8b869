"""A character that speaks a second of somebody else's cues, with a sound that can be seen."""

import json
import math
import struct
import wave
from pathlib import Path
from typing import Any

from tests.conftest import Folder, make_folder, small_config

RATE_HZ = 8000
WORDS = ((0.2, 0.5, "ah"), (0.7, 1.0, "papa"))
SOUNDS = ((0.2, 0.5, "AA"), (0.7, 0.8, "P"), (0.8, 1.0, "AA"))
SECONDS = 1.5


def talking_folder(path: Path) -> Folder:
    """The small character with two mouths, closed eyes and a way to each, drawn by the puppet."""
    folder = make_folder(path, {})
    config = small_config()
    config["poses"] = ["center"]
    config["generation"]["engine"] = "puppet"
    rest = {"eyes": "neutral", "brows": "neutral"}
    config["expressions"]["ah"] = {"mouth": "ah", **rest}
    config["expressions"]["blink"] = {"mouth": "neutral", **rest, "eyes": "blink_closed"}
    config["base_paths"] = [
        {"id": f"to_{name}", "start": "neutral", "end": name} for name in ("ah", "sad", "blink")
    ]
    folder.write_config(config, indent=2)
    (path / "timelines").mkdir()
    (path / "timelines" / "hi.TextGrid").write_text(textgrid())
    sound(path / "timelines" / "hi.wav")
    return folder


def describe(folder: Folder, name: str, **spec: Any) -> Path:
    """Write a timeline as a person does, a key a line; its file."""
    path = folder.path / "timelines" / f"{name}.json"
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in spec.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return path


def textgrid() -> str:
    """The words and sounds, as Praat writes them in short."""
    tiers = []
    for name, spans in (("words", WORDS), ("phones", SOUNDS)):
        filled, at = [], 0.0
        for start, end, label in spans:
            filled += [(at, start, "")] if start > at else []
            filled.append((start, end, label))
            at = end
        filled.append((at, SECONDS, ""))
        rows = "\n".join(f'{start}\n{end}\n"{label}"' for start, end, label in filled)
        tiers.append(f'"IntervalTier"\n"{name}"\n0\n{SECONDS}\n{len(filled)}\n{rows}')
    head = f'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n{SECONDS}\n<exists>\n2\n'
    return head + "\n".join(tiers) + "\n"


def sound(path: Path) -> None:
    """A tone wherever something is said."""
    samples = [
        12_000 * math.sin(n * 0.2) if any(a <= n / RATE_HZ < b for a, b, _ in WORDS) else 0.0
        for n in range(round(SECONDS * RATE_HZ))
    ]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<h", round(sample)) for sample in samples))

"""A project whose ids have every sign that an id may have, drawn, for tests of every export."""

import json
from pathlib import Path

from tests.conftest import Folder, make_folder, small_config

EXPRESSIONS = {
    "wink.ed-up": {"mouth": "smile_soft", "eyes": "neutral", "brows": "raise"},
    "wink_ed-up": {"mouth": "smile_soft", "eyes": "wide", "brows": "raise"},
    "Zorn": {"mouth": "frown", "eyes": "wide", "brows": "furrow"},
    "with": {"mouth": "frown", "eyes": "neutral", "brows": "furrow"},
    "talking": {"mouth": "ah", "eyes": "neutral", "brows": "neutral"},
    "mouth_A": {"mouth": "smile_soft", "eyes": "neutral", "brows": "neutral"},
    "42": {"mouth": "neutral", "eyes": "wide", "brows": "neutral"},
    "größe-2": {"mouth": "smile_soft", "eyes": "wide", "brows": "neutral"},
    "笑顔": {"mouth": "ah", "eyes": "neutral", "brows": "raise"},
    "shut": {"mouth": "neutral", "eyes": "blink_closed", "brows": "neutral"},
    "a" * 64: {"mouth": "frown", "eyes": "neutral", "brows": "neutral"},
}
POSES = {
    "center": "",
    # as an expression is called, and with every sign
    "sad": {"head": {"roll_deg": 6}},
    "Tilt_left.2-b": {"head": {"roll_deg": 9}},
}
TIMELINE = "wink.ed-up"
NAME = 'An "odd" [name] {b}/.. %s 名'


def odd_project(path: Path) -> Folder:
    """The project, with keyframes and a sequence drawn and a timeline described."""
    folder = make_folder(path, {})
    config = small_config()
    config["generation"]["engine"] = "puppet"
    config["expressions"] |= EXPRESSIONS
    config["poses"] = POSES
    config["base_paths"] = [
        {"id": "sad", "start": "neutral", "end": "sad"},
        {"id": "größe-2", "start": "wink.ed-up", "end": "笑顔"},
    ]
    named = ("sillytavern", "renpy", "atlas", "godot", "openraster", "pngtuber", "stickers", "zip")
    config["exports"] = {name: {"options": {"name": NAME}} for name in named}
    config["timelines"] = {TIMELINE: {"timing": "hi.txt"}, "second": {"timing": "hi.txt"}}
    (path / "hi.txt").write_text("0.00\tX\n0.40\tD\n0.70\tB\n1.00\tX\n")
    folder.write_config(config)
    ran = folder.doit("endpoints", "sequences", f"timelines:{TIMELINE}:plan")
    assert ran.code == 0, ran.text
    return folder


def made(folder: Folder, name: str) -> Path:
    """The folder of an export."""
    return folder.path / "frames" / "exports" / name


def listing(folder: Folder, name: str) -> dict[str, str]:
    """What an export says is its own."""
    found: dict[str, str] = json.loads((made(folder, name) / "export.json").read_bytes())["files"]
    return found

"""Decisions: which frames are approved, and which takes were rejected, and why.

They stand in `takes.json` beside the picks: `"approved": true` on a frame's entry, and
`"rejected": {"<take>": "<note>"}`. Whoever commits the one commits the other.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.takes.choices import Choices, Entry, change_entries, read_choices

APPROVED, REJECTED = "approved", "rejected"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about one frame."""

    approved: bool = False
    """it is to stay as it is, whatever the config says, until that is taken back"""
    rejected: Mapping[str, str] = field(default_factory=dict)
    """notes on takes that are not to be chosen again by themselves, by the take's name"""


def read_decisions(folder: Path) -> Mapping[str, Decision]:
    """The decisions of a character, by frame. Raises `Mistake` where the file is damaged."""
    return decisions_of(read_choices(folder))


def decisions_of(choices: Choices) -> Mapping[str, Decision]:
    """The decisions among what was chosen."""
    found = {name: decision_of(entry) for name, entry in choices.entries.items()}
    return {name: each for name, each in found.items() if each != Decision()}


def decision_of(entry: Entry) -> Decision:
    """What was decided about one frame."""
    return Decision(entry.approved, entry.rejected)


def approve(folder: Path, frames: Iterable[str], *, approved: bool) -> None:
    """Approve frames, or take that back."""

    def change(entry: dict[str, Any]) -> dict[str, Any]:
        return {**without(entry, APPROVED), **({APPROVED: True} if approved else {})}

    change_entries(folder, dict.fromkeys(frames, change))


def reject(folder: Path, takes: Mapping[str, str], note: str) -> None:
    """Reject takes, by the name of the frame that is made of each; it is no longer approved."""

    def rejecting(take: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def change(entry: dict[str, Any]) -> dict[str, Any]:
            notes = {**_notes(entry), take: note}
            return {**without(entry, APPROVED), REJECTED: notes}

        return change

    change_entries(folder, {frame: rejecting(take) for frame, take in takes.items()})


def accept(folder: Path, takes: Mapping[str, str]) -> None:
    """Take rejections back, of takes by the frame's name."""

    def accepting(take: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def change(entry: dict[str, Any]) -> dict[str, Any]:
            notes = {name: note for name, note in _notes(entry).items() if name != take}
            return {**without(entry, REJECTED), **({REJECTED: notes} if notes else {})}

        return change

    change_entries(folder, {frame: accepting(take) for frame, take in takes.items()})


def without(entry: Mapping[str, Any], key: str) -> dict[str, Any]:
    """An entry without one of its keys."""
    return {name: value for name, value in entry.items() if name != key}


def _notes(entry: Mapping[str, Any]) -> dict[str, str]:
    notes = entry.get(REJECTED)
    return {str(take): str(note) for take, note in notes.items()} if isinstance(notes, dict) else {}

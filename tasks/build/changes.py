"""Why a frame is to be made anew: which part of what it was made from is not what it was.

Each part has a digest, recorded with the frame in doit's database when it is made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from tasks.character.character import Character
from tasks.graph.keyframes import request_for
from tasks.graph.node import Node, Role
from tasks.ground.digest import digest_of
from tasks.requests.request import Request, face_digest

_DIGITS = 16
_CHANGED = {
    "expression": "its expression changed",
    "pose": "its pose changed",
    "character": "the character's words changed",
    "landmarks": "the landmarks changed",
    "settings": "the settings changed",
    "pick": "another take is picked",
    "finish": "what is done to its take changed",
    "mask": "whether a mask is sent along changed",
}
MISSING = "missing"
SOURCE_CHANGES = "the frame that it is drawn from will change"
FORCED = "a new take is asked for"
REPLACED = "it is not the file that was recorded"
REWORDED = "this version of the program asks for it in other words"
UNRECORDED = "something that it is made from changed"


def parts_of(
    character: Character,
    engine: str,
    node: Node,
    digests: Sequence[str],
    asked: Request | None = None,
) -> dict[str, str]:
    """The digest of each part that a frame is made from. `asked`: its request, made already."""
    character = character.wearing(node.costume)
    parts: dict[str, object] = {"picture": list(digests)}
    if node.role.is_free:
        parts["settings"] = [character.generation.size, node.at, node.closer_than]
        return {name: _short(part) for name, part in parts.items()}
    expression, pose = character.expression(node.expression), character.poses[node.pose]
    asked = asked or request_for(character, engine, node)
    parts["settings"] = [engine, node.role, asked.fields() | {"prompt": ""}, dict(asked.extra)]
    parts["expression"] = [expression.words, dict(expression.blendshapes)]
    parts["pose"] = [pose.words, asdict(pose.head)]
    if node.role.is_middle or node.place:
        parts["expression"], parts["pose"] = node.at, asked.prompt
        parts["settings"] = [parts["settings"], node.closer_than]
    if node.place and node.role is Role.RIG:
        parts["expression"] = asked.asked()
    if node.role is Role.RIG:
        parts["landmarks"] = face_digest(character.face)
    else:
        parts["character"] = character.words
    return {name: _short(part) for name, part in parts.items()}


def changed(before: Mapping[str, str], now: Mapping[str, str], *, from_frame: bool) -> list[str]:
    """What of a frame's parts is not what it was, in words; empty where all are.

    `from_frame`: the picture that it is made from is itself a frame.
    """
    picture = "the frame that it is drawn from changed" if from_frame else "the base image changed"
    words = {"picture": picture, **_CHANGED}
    # What a frame read under another role (its pose got a portrait, say) cannot be compared.
    # A part that was not read before, since the frame was made in another way, says nothing.
    return [
        text for name, text in words.items() if name in before and before[name] != now.get(name)
    ]


def _short(part: object) -> str:
    return digest_of(part)[:_DIGITS]

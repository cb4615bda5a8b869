"""Putting a `face` block into a config's text, of which nothing else changes."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tasks.ground import json_places

_BEFORE = "axes"
"""the key that a new block is put before; at the end of the document where there is none"""


def with_face(text: str, face: Mapping[str, Any]) -> str:
    """The config's text with that block in place of its own, or in its place. `text` is valid."""
    top = [found for found in json_places.walk(text) if len(found.path) == 1]
    indent = _indent(text)
    own = next((found for found in top if found.path == ("face",)), None)
    block = block_text(_with_said(face, text, own), indent)
    if own:
        end = json.JSONDecoder().raw_decode(text, own.value)[1]
        return text[: own.value] + block + text[end:]
    newline = "\r\n" if "\r\n" in text else "\n"
    block = block.replace("\n", newline)
    before = next((found.key for found in top if found.path == (_BEFORE,)), None)
    if before is not None:
        return f'{text[:before]}"face": {block},{newline}{indent}{text[before:]}'
    end = text.rindex("}")
    inside = text[:end].rstrip()
    comma = "," if top else ""
    return f'{inside}{comma}{newline}{indent}"face": {block}{newline}{text[end:]}'


def _with_said(face: Mapping[str, Any], text: str, own: json_places.Found | None) -> dict[str, Any]:
    """The block with what the config's own says beside places, and no finder can know."""
    block = json.JSONDecoder().raw_decode(text, own.value)[0] if own else {}
    said = block if isinstance(block, dict) else {}
    kept = {
        name: dict(value) if isinstance(value, Mapping) else value for name, value in face.items()
    }
    for name in ("left_eye", "right_eye"):
        eye = said.get(name)
        if isinstance(eye, dict) and "kind" in eye and name in kept:
            kept[name]["kind"] = eye["kind"]
    return kept | {name: said[name] for name in ("over",) if name in said}


def block_text(face: Mapping[str, Any], indent: str) -> str:
    """The block as a person would write it: a feature a line."""
    lines = [
        f"{indent * 2}{json.dumps(name)}: {_feature(value, indent)}" for name, value in face.items()
    ]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _feature(value: Any, indent: str) -> str:
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + " }"
        )
    flat = json.dumps(value)
    if len(flat) < len("[0.5, 0.5]") * 4:
        return flat
    points = f",\n{indent * 3}".join(json.dumps(point) for point in value)
    return f"[\n{indent * 3}{points}\n{indent * 2}]"


def _indent(text: str) -> str:
    found = re.search(r"\{[^\S\n]*\r?\n([ \t]+)\"", text)
    return found[1] if found else "  "

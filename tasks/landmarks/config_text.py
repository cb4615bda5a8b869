"""Putting a `face` block into a config's text, of which nothing else changes."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tasks.ground import json_places

_BEFORE = "axes"
"""the key that a new block is put before; at the end of the document where there is none"""


def with_face(text: str, face: Mapping[str, Any], costume: str = "") -> str:
    """The config's text with that block in place of its own, or in its place. `text` is valid.

    `costume`: whose block it is, where it is not that of the config's own portrait.
    """
    if costume:
        return _with_costume_s(text, face, costume)
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


def _with_costume_s(text: str, face: Mapping[str, Any], costume: str) -> str:
    """The same of a costume, which may be written as its portrait alone."""
    places = {found.path: found for found in json_places.walk(text)}
    place, own = places["costumes", costume].value, places.get(("costumes", costume, "face"))
    value, end = json.JSONDecoder().raw_decode(text, place)
    indent, newline = _indent(text), "\r\n" if "\r\n" in text else "\n"
    block = block_text(_with_said(face, text, own), indent).replace("\n", f"{newline}{indent * 2}")
    if own:
        begin, end = own.value, json.JSONDecoder().raw_decode(text, own.value)[1]
        return text[:begin] + block + text[end:]
    inside = f"{newline}{indent * 3}"
    if isinstance(value, str):
        portrait = f'"base_image": {text[place:end]}'
        made = f'{{{inside}{portrait},{inside}"face": {block}{newline}{indent * 2}}}'
        return text[:place] + made + text[end:]
    after = json.JSONDecoder().raw_decode(text, places["costumes", costume, "base_image"].value)[1]
    return f'{text[:after]},{inside}"face": {block}{text[after:]}'


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

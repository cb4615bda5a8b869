"""What is wrong with a config, all at once, in words for the person who wrote it.

Two sources: pydantic, for the form, and `tasks.character.rules`, for what holds between keys.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tasks.character.character import SIZE_PATTERN
from tasks.character.form import ConfigModel, json_schema
from tasks.character.rules import Finding, rule_findings, shown, unknown
from tasks.character.settings import KEY_PATTERN
from tasks.ground.json_places import Path


def form_findings(error: ValidationError, document: Any) -> Iterator[Finding]:
    """pydantic's findings, in the words of this project."""
    for details in error.errors():
        path, at_key = _document_path(details["loc"], document)
        if details["type"] == "json_invalid":
            # The document was parsed once: what is left is what pydantic's parser alone refuses.
            yield Finding((), "a text in it holds half of a surrogate pair (\\ud800 to \\udfff)")
        elif details["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
            allowed = allowed_keys(json_schema(), path[:-1])
            yield Finding(path, unknown("key", str(path[-1]), allowed), at_key=True)
        else:
            yield Finding(path, _form_text(details, str(path[-1]) if at_key else None), at_key)


def allowed_keys(schema: Mapping[str, Any], path: Path) -> list[str]:
    """The keys that the schema knows at `path`; none where any key may stand."""
    node = _resolve(schema, schema)
    for part in path:
        below = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
        if isinstance(part, int):
            below = node.get("items", {})
        node = _resolve(schema, below if isinstance(below, dict) else {})
    return list(node.get("properties", {}))


def _resolve(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object form behind a reference or a union."""
    while True:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
            continue
        branches = [_resolve(schema, branch) for branch in _branches(node)]
        objects = [branch for branch in branches if branch.get("type") == "object"]
        if not objects:
            return node
        node = objects[0]


def _branches(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    branches: list[Mapping[str, Any]] = node.get("oneOf") or node.get("anyOf") or []
    return branches


def _document_path(loc: tuple[int | str, ...], document: Any) -> tuple[Path, bool]:
    """pydantic's location without the names of union branches; and whether it is about a key."""
    path: list[int | str] = []
    node = document
    at_key = loc[-1:] == ("[key]",)
    parts = [part for part in loc if part != "[key]"]
    for index, part in enumerate(parts):
        inside = (isinstance(node, dict) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        )
        if inside:
            node = node[part]
        elif index < len(parts) - 1 or not isinstance(node, (dict, list)[isinstance(part, int)]):
            continue
        path.append(part)
    return tuple(path), at_key


_FORM_TEXTS = {
    "string_type": "must be text in double quotes",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "list_type": "must be a list [...]",
    "tuple_type": "must be a list [...]",
    "dict_type": "must be an object {...}",
    "model_type": "must be an object {...}",
    "dataclass_type": "must be an object {...}",
    "finite_number": "must be a finite number, such as 0.5",
    "missing": "is missing",
}


def _form_text(details: ErrorDetails, key: str | None) -> str | Callable[[], str]:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "literal_error":
        name = str(details["input"]) if key is None else key
        what = "value" if key is None else "name"
        return unknown(what, name, re.findall(r"'([^']*)'", str(context["expected"])))
    if kind == "missing":
        return "is missing"
    said = _FORM_TEXTS.get(kind) or _bounds_text(details)
    return f"{shown(details['input'])} {said}"


_PATTERN_TEXTS = {
    SIZE_PATTERN: "must be width x height in pixels, such as 1024x1536, or portrait",
    KEY_PATTERN: "must be auto, off, or a colour such as #00ff00",
}


def _bounds_text(details: ErrorDetails) -> str:
    """Numbers and texts out of their range; whatever else pydantic says, as it says it."""
    context = details.get("ctx", {})
    texts: dict[str, Callable[[], str]] = {
        "greater_than_equal": lambda: f"must be {context['ge']:g} or more",
        "less_than_equal": lambda: f"must be {context['le']:g} or less",
        "greater_than": lambda: f"must be more than {context['gt']:g}",
        "string_pattern_mismatch": lambda: _PATTERN_TEXTS.get(
            str(context["pattern"]), f"must be of the form {context['pattern']}"
        ),
        "too_long": lambda: f"may have {context['max_length']} items at the most",
        "string_too_short": lambda: "must not be empty",
        "string_too_long": lambda: f"may have {context['max_length']:,} characters at the most",
    }
    text = texts.get(details["type"])
    return text() if text else f"is refused: {details['msg']}"


def validated(
    document: Any, *, official_endpoint: bool
) -> tuple[ConfigModel | None, list[Finding]]:
    """The config as pydantic checked it (None where its form is wrong), and all that is wrong."""
    model: ConfigModel | None = None
    findings: list[Finding] = []
    try:
        # JSON, not Python values: there a list may become a tuple and an object a dataclass,
        # and yet "3" is no number and 1 is not true.
        model = ConfigModel.model_validate_json(json.dumps(document))
    except ValidationError as error:
        findings = list(form_findings(error, document))
    findings.extend(rule_findings(document, official_endpoint=official_endpoint))
    return model, findings

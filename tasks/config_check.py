"""What is wrong with a config, all at once, in words for the person who wrote it.

Two sources: pydantic, for the form, and the rules between keys (a value of its axis, an
expression that a path names). Both look at the document as it was parsed, so that a mistake in
one place hides none in another.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tasks import models
from tasks.character import NEUTRAL, Generation
from tasks.config_model import ConfigModel, json_schema
from tasks.ids import did_you_mean, id_problem, same_file
from tasks.json_text import Path

_EXPRESSION_KEYS = ("prompt", "blendshapes")
_MOST_NAMED = 14
_MAX_EDGE_PX = 8192
_GENERATION_DEFAULTS = asdict(Generation())


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: where it is in the document, and what it is."""

    path: Path
    text: str
    at_key: bool = False
    """the key is wrong, not its value"""


def form_findings(error: ValidationError, document: Any) -> Iterator[Finding]:
    """pydantic's findings, in the words of this project."""
    schema = json_schema()
    for details in error.errors():
        path, at_key = _document_path(details["loc"], document)
        if details["type"] == "json_invalid":
            # The document was parsed once: what is left is what pydantic's parser alone refuses.
            yield Finding((), "a text in it holds half of a surrogate pair (\\ud800 to \\udfff)")
        elif details["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
            allowed = allowed_keys(schema, path[:-1])
            yield Finding(path, _unknown("key", str(path[-1]), allowed), at_key=True)
        else:
            yield Finding(path, _form_text(details, str(path[-1]) if at_key else None), at_key)


def rule_findings(document: Any, *, official_endpoint: bool) -> Iterator[Finding]:
    """What breaks a rule between keys. `document` may be of any form."""
    if not isinstance(document, dict):
        return
    axes = axis_values(document)
    expressions = document.get("expressions")
    expression_ids = list(expressions) if isinstance(expressions, dict) else []
    # A neutral is drawn even where no config names it: "Neutral" would be its file.
    yield from _id_findings(("expressions",), expression_ids, implied=NEUTRAL)
    yield from _pose_findings(document.get("poses"))
    yield from _axis_findings(axes)
    if isinstance(expressions, dict):
        if not expressions:
            yield Finding(("expressions",), "it is empty: name at least one expression")
        for name, expression in expressions.items():
            yield from _expression_findings(("expressions", name), expression, axes)
    yield from _path_findings(document.get("base_paths"), expression_ids)
    yield from _face_findings(("face",), document.get("face"))
    generation = document.get("generation", {})
    if isinstance(generation, dict):
        yield from _generation_findings(generation, official_endpoint)


def axis_values(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names of each axis's values, for either form of `axes`."""
    axes = document.get("axes")
    if not isinstance(axes, dict):
        return {}
    return {
        axis: [value for value in values if isinstance(value, str)]
        for axis, values in axes.items()
        if isinstance(values, (list, dict))
    }


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


def _unknown(kind: str, name: str, allowed: Iterable[str]) -> str:
    names = list(dict.fromkeys(allowed))
    shown = f" (allowed: {', '.join(names)})" if 0 < len(names) <= _MOST_NAMED else ""
    return f"unknown {kind} {_shown(name)}{did_you_mean(name, names)}{shown}"


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


def _form_text(details: ErrorDetails, key: str | None) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "literal_error":
        name = str(details["input"]) if key is None else key
        what = "value" if key is None else "name"
        return _unknown(what, name, re.findall(r"'([^']*)'", str(context["expected"])))
    if kind == "missing":
        return "is missing"
    said = _FORM_TEXTS.get(kind) or _bounds_text(details)
    return f"{_shown(details['input'])} {said}"


def _bounds_text(details: ErrorDetails) -> str:
    """Numbers and texts out of their range; whatever else pydantic says, as it says it."""
    context = details.get("ctx", {})
    texts: dict[str, Callable[[], str]] = {
        "greater_than_equal": lambda: f"must be {context['ge']:g} or more",
        "less_than_equal": lambda: f"must be {context['le']:g} or less",
        "greater_than": lambda: f"must be more than {context['gt']:g}",
        "string_pattern_mismatch": lambda: "must be width x height in pixels, such as 1024x1536",
        "too_long": lambda: f"may have {context['max_length']} items at the most",
        "string_too_short": lambda: "must not be empty",
        "string_too_long": lambda: f"may have {context['max_length']:,} characters at the most",
    }
    text = texts.get(details["type"])
    return text() if text else f"is refused: {details['msg']}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _id_findings(path: Path, names: Iterable[Any], implied: str = "") -> Iterator[Finding]:
    """Ids that are no safe file names, and ids that some file systems take for one.

    `implied` is an id that is there without being named.
    """
    seen = {same_file(implied): implied}
    for name in names:
        if not isinstance(name, str):
            continue
        problem = id_problem(name)
        if problem:
            text = f"{_shown(name)} cannot be a file name: {problem}"
            yield Finding((*path, name), text, at_key=True)
        earlier = seen.setdefault(same_file(name), name)
        if earlier != name:
            yield Finding((*path, name), _one_file(name, earlier), at_key=True)


def _one_file(name: str, earlier: str) -> str:
    return f"{_shown(name)} and {_shown(earlier)} would be one file on some systems; rename one"


def _listed(findings: Iterable[Finding], names: list[Any]) -> Iterator[Finding]:
    """Findings about names that stand in a list: their place is an index, not a key."""
    for finding in findings:
        index = len(names) - 1 - names[::-1].index(finding.path[-1])
        yield Finding((*finding.path[:-1], index), finding.text)


def _pose_findings(poses: Any) -> Iterator[Finding]:
    if isinstance(poses, dict):
        yield from _id_findings(("poses",), poses)
    elif isinstance(poses, list):
        yield from _listed(_id_findings(("poses",), poses), poses)
        yield from _repeated(("poses",), poses)
    if poses in ([], {}):
        yield Finding(("poses",), "it is empty: name at least one pose")


def _repeated(path: Path, names: list[Any]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if isinstance(name, str) and name in names[:index]:
            yield Finding((*path, index), f'"{name}" is there twice')


def _axis_findings(axes: Mapping[str, list[str]]) -> Iterator[Finding]:
    for axis in axes:
        if axis in _EXPRESSION_KEYS:
            text = f'an axis cannot be called "{axis}": expressions use that key for something else'
            yield Finding(("axes", axis), text, at_key=True)


def _expression_findings(
    path: Path, expression: Any, axes: Mapping[str, list[str]]
) -> Iterator[Finding]:
    if not isinstance(expression, dict):
        return
    for key, value in expression.items():
        if key in _EXPRESSION_KEYS:
            continue
        if key not in axes:
            text = _unknown("axis", key, [*axes, *_EXPRESSION_KEYS])
            yield Finding((*path, key), text, at_key=True)
        elif isinstance(value, str) and value not in axes[key]:
            yield Finding((*path, key), _unknown(f"value of {key}", value, axes[key]))


def _path_findings(paths: Any, expressions: list[str]) -> Iterator[Finding]:
    if not isinstance(paths, list):
        return
    ids = [entry.get("id") if isinstance(entry, dict) else None for entry in paths]
    seen: dict[str, int] = {}
    for index, entry in enumerate(paths):
        if not isinstance(entry, dict):
            continue
        for end in ("start", "end"):
            name = entry.get(end)
            if isinstance(name, str) and name not in expressions:
                text = _unknown("expression", name, expressions)
                yield Finding(("base_paths", index, end), text)
        name = ids[index]
        if isinstance(name, str):
            earlier = seen.setdefault(same_file(name), index)
            yield from _path_id_findings(
                ("base_paths", index, "id"), name, str(ids[earlier]), earlier
            )


def _path_id_findings(path: Path, name: str, earlier: str, at: int) -> Iterator[Finding]:
    """`earlier` is the id of the first path, at index `at`, that would have the same file."""
    problem = id_problem(name)
    if problem:
        yield Finding(path, f"{_shown(name)} cannot be a file name: {problem}")
    if earlier != name:
        yield Finding(path, _one_file(name, earlier))
    elif path[1] != at:
        yield Finding(path, f"{_shown(name)} is already the id of $.base_paths[{at}]")


def _face_findings(path: Path, node: Any) -> Iterator[Finding]:
    """Every coordinate of `face` is a part of the portrait's width or height."""
    if isinstance(node, (dict, list)):
        entries = node.items() if isinstance(node, dict) else enumerate(node)
        for key, below in entries:
            yield from _face_findings((*path, key), below)
    elif _is_number(node) and not 0 <= node <= 1:
        text = f"{node:g} must lie in 0..1, a part of the portrait's width or height"
        yield Finding(path, text)


def _is_number(value: Any) -> bool:
    """A finite number; what is none, pydantic finds."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _generation_findings(generation: Mapping[str, Any], official: bool) -> Iterator[Finding]:
    """Sizes and qualities that the model refuses, and models that are no more."""
    said = {**_GENERATION_DEFAULTS, **generation}
    model, quality = said["model"], said["quality"]
    size = models.parse_size(said["size"]) if isinstance(said["size"], str) else None
    if size and max(size) > _MAX_EDGE_PX:
        text = f'"{said["size"]}" is too large: a side may have {_MAX_EDGE_PX} pixels at the most'
        yield Finding(("generation", "size"), text)
    elif said["engine"] != "puppet" and official and isinstance(model, str):
        problems = {
            "model": models.retired_problem(model),
            "size": models.size_problem(model, size) if size else None,
            "quality": models.quality_problem(model, quality)
            if quality in models.QUALITIES
            else None,
        }
        for key, problem in problems.items():
            if problem:
                yield Finding(("generation", key), f'"{said[key]}" is refused: {problem}')


def validated(
    document: Any, *, official_endpoint: bool
) -> tuple[ConfigModel | None, list[Finding]]:
    """The config as pydantic checked it (None where its form is wrong), and all that is wrong."""
    model, findings = None, []
    try:
        # JSON, not Python values: there a list may become a tuple and an object a dataclass,
        # and yet "3" is no number and 1 is not true.
        model = ConfigModel.model_validate_json(json.dumps(document))
    except ValidationError as error:
        findings = list(form_findings(error, document))
    findings.extend(rule_findings(document, official_endpoint=official_endpoint))
    return model, findings

"""The rules between a config's keys: a value of its axis, an expression that a path names.

They look at the document as it was parsed, of whatever form, so that a mistake in one place hides
none in another.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tasks import models
from tasks.character import NEUTRAL, Generation
from tasks.ids import did_you_mean, id_problem, same_file
from tasks.json_text import Path

_EXPRESSION_KEYS = ("prompt", "blendshapes")
_MOST_NAMED = 20
_MAX_EDGE_PX = 8192
_GENERATION_DEFAULTS = asdict(Generation())
_SET_ELSEWHERE = {
    **dict.fromkeys(("model", "size", "quality", "background"), "generation has a key for it"),
    **dict.fromkeys(("image", "images", "mask", "prompt"), "the build decides it"),
    "n": 'doit retake -n draws several, and "n" would be paid for and thrown away',
    "stream": "answers are awaited whole",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: where it is in the document, and what it is."""

    path: Path
    text: str
    at_key: bool = False
    """the key is wrong, not its value"""


def shown(value: Any) -> str:
    """A value as it stands in the file, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def unknown(kind: str, name: str, allowed: Iterable[str]) -> str:
    """That a name is unknown, which was probably meant, and which are allowed."""
    names = list(dict.fromkeys(allowed))
    listed = f" (allowed: {', '.join(names)})" if 0 < len(names) <= _MOST_NAMED else ""
    return f"unknown {kind} {shown(name)}{did_you_mean(name, names)}{listed}"


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
            text = f"{shown(name)} cannot be a file name: {problem}"
            yield Finding((*path, name), text, at_key=True)
        earlier = seen.setdefault(same_file(name), name)
        if earlier != name:
            yield Finding((*path, name), _one_file(name, earlier), at_key=True)


def _one_file(name: str, earlier: str) -> str:
    return f"{shown(name)} and {shown(earlier)} would be one file on some systems; rename one"


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
            text = unknown("axis", key, [*axes, *_EXPRESSION_KEYS])
            yield Finding((*path, key), text, at_key=True)
        elif isinstance(value, str) and value not in axes[key]:
            yield Finding((*path, key), unknown(f"value of {key}", value, axes[key]))


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
                text = unknown("expression", name, expressions)
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
        yield Finding(path, f"{shown(name)} cannot be a file name: {problem}")
    if earlier != name:
        yield Finding(path, _one_file(name, earlier))
    elif path[1] != at:
        yield Finding(path, f"{shown(name)} is already the id of $.base_paths[{at}]")


def _face_findings(path: Path, node: Any) -> Iterator[Finding]:
    """Every coordinate of `face` is a part of the portrait's width or height."""
    if isinstance(node, (dict, list)):
        entries = node.items() if isinstance(node, dict) else enumerate(node)
        for key, below in entries:
            yield from _face_findings((*path, key), below)
    elif _is_number(node) and not 0 <= node <= 1:
        text = f"{shown(node)} must lie in 0..1, a part of the portrait's width or height"
        yield Finding(path, text)


def _is_number(value: Any) -> bool:
    """A finite number; what is none, pydantic finds."""
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, float) and math.isfinite(value)


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
    yield from _endpoint_findings(generation)


def _endpoint_findings(generation: Mapping[str, Any]) -> Iterator[Finding]:
    """Extra fields that are set elsewhere, and prices that say nothing."""
    extra, prices = generation.get("extra"), generation.get("prices")
    for name in extra if isinstance(extra, dict) else ():
        why = _SET_ELSEWHERE.get(name)
        if why:
            yield Finding(("generation", "extra", name), f"cannot be set here: {why}", at_key=True)
    for model, price in prices.items() if isinstance(prices, dict) else ():
        if isinstance(price, dict) and not {"usd_per_million_tokens", "usd_per_image"} & set(price):
            text = "names no price: give usd_per_image, or usd_per_million_tokens"
            yield Finding(("generation", "prices", model), text)

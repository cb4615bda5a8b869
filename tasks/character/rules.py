"""The rules between a config's keys: a value of its axis, an expression that a path names.

They look at the document as it was parsed, of whatever form, so that a mistake in one place hides
none in another.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tasks.character.character import BUILT, NEUTRAL, Generation, pose_paths
from tasks.character.expression import EXPRESSION_KEYS
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean, id_problem, same_file
from tasks.ground.json_places import Path, path_text
from tasks.ground.outside import clean
from tasks.models import engines
from tasks.models import facts as models

_MOST_NAMED = 20
_LONGEST_NAMED = 64
_MAX_EDGE_PX = 8192
_GENERATION_DEFAULTS = asdict(Generation())
_SET_ELSEWHERE = {
    **dict.fromkeys(("model", "size", "quality", "background"), "generation has a key for it"),
    **dict.fromkeys(("image", "images", "mask", "prompt"), "the build decides it"),
    "n": 'the command "retake" draws several, and "n" would be paid for and thrown away',
    "stream": "answers are awaited whole",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: where it is in the document, and what it is."""

    path: Path
    said: str | Callable[[], str]
    """what it is; found out when it is shown, where that takes a while"""
    at_key: bool = False
    """the key is wrong, not its value"""

    @property
    def text(self) -> str:
        """What it is."""
        return self.said if isinstance(self.said, str) else self.said()


def shown(value: Any) -> str:
    """A value as it stands in the file, cut short."""
    value = value[:100] if isinstance(value, str) else value
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def unknown(kind: str, name: str, allowed: Iterable[str]) -> Callable[[], str]:
    """That a name is unknown, which was probably meant, and which are allowed.

    Found out when it is shown: of many mistakes only the first are.
    """

    def text() -> str:
        names = list(dict.fromkeys(allowed))
        few = ", ".join(clean(each, _LONGEST_NAMED) for each in names[:_MOST_NAMED])
        listed = f" (allowed: {few})" if 0 < len(names) <= _MOST_NAMED else ""
        return f"unknown {kind} {shown(name)}{did_you_mean(name, names)}{listed}"

    return text


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
    names = _Names(expression_ids, _pose_ids(document.get("poses", ["center"])))
    base_paths = document.get("base_paths")
    entries = base_paths if isinstance(base_paths, list) else []
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            yield from _path_findings(("base_paths", index), entry, names)
    yield from _path_id_findings(entries, document.get("pose_paths"), names)
    yield from _face_findings(("face",), document.get("face"))
    yield from _costume_findings(document.get("costumes"), names)
    generation = document.get("generation", {})
    if isinstance(generation, dict):
        yield from _generation_findings(generation, official_endpoint)


@dataclass(frozen=True, slots=True)
class _Names:
    """What a path may name."""

    expressions: list[str]
    poses: list[str] | None
    """None where the config's poses have no form that can be read"""


def _pose_ids(poses: Any) -> list[str] | None:
    """The ids of the poses, for either form of `poses`."""
    if not isinstance(poses, (list, dict)):
        return None
    return [name for name in poses if isinstance(name, str)]


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
    last = {name: index for index, name in enumerate(names) if isinstance(name, str)}
    for finding in findings:
        yield Finding((*finding.path[:-1], last[str(finding.path[-1])]), finding.said)


def _pose_findings(poses: Any) -> Iterator[Finding]:
    if isinstance(poses, dict):
        yield from _id_findings(("poses",), poses)
    elif isinstance(poses, list):
        yield from _listed(_id_findings(("poses",), poses), poses)
        yield from _repeated(("poses",), poses)
    if poses in ([], {}):
        yield Finding(("poses",), "it is empty: name at least one pose")


def _repeated(path: Path, names: list[Any]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if isinstance(name, str) and name in seen:
            yield Finding((*path, index), f'"{name}" is there twice')
        if isinstance(name, str):
            seen.add(name)


def _axis_findings(axes: Mapping[str, list[str]]) -> Iterator[Finding]:
    for axis in axes:
        if axis in EXPRESSION_KEYS:
            text = f'an axis cannot be called "{axis}": expressions use that key for something else'
            yield Finding(("axes", axis), text, at_key=True)


def _expression_findings(
    path: Path, expression: Any, axes: Mapping[str, list[str]]
) -> Iterator[Finding]:
    if not isinstance(expression, dict):
        return
    for key, value in expression.items():
        if key in EXPRESSION_KEYS:
            continue
        if key not in axes:
            text = unknown("axis", key, [*axes, *EXPRESSION_KEYS])
            yield Finding((*path, key), text, at_key=True)
        elif isinstance(value, str) and value not in axes[key]:
            yield Finding((*path, key), unknown(f"value of {key}", value, axes[key]))


def _path_findings(path: Path, entry: Mapping[str, Any], names: _Names) -> Iterator[Finding]:
    """What is wrong with one of the `base_paths`, but for its id."""
    for end in ("start", "end"):
        yield from _unknown_findings((*path, end), "expression", entry.get(end), names.expressions)
    for end in ("start_pose", "end_pose"):
        yield from _unknown_findings((*path, end), "pose", entry.get(end), names.poses)
    yield from _end_findings(path, entry, names)
    poses = entry.get("poses")
    if not isinstance(poses, list):
        return
    if not poses:
        text = "it is empty: name at least one pose, or leave it out for all of them"
        yield Finding((*path, "poses"), text)
    for index, name in enumerate(poses):
        yield from _unknown_findings((*path, "poses", index), "pose", name, names.poses)
    yield from _repeated((*path, "poses"), poses)


def _unknown_findings(
    path: Path, kind: str, name: Any, allowed: list[str] | None
) -> Iterator[Finding]:
    if isinstance(name, str) and allowed is not None and name not in allowed:
        yield Finding(path, unknown(kind, name, allowed))


def _end_findings(path: Path, entry: Mapping[str, Any], names: _Names) -> Iterator[Finding]:
    """A path goes from one expression to another, or keeps one and goes from pose to pose."""
    start, end = entry.get("start"), entry.get("end")
    poses = {key: entry[key] for key in ("start_pose", "end_pose") if entry.get(key) is not None}
    if len(poses) == 1:
        (here,) = poses
        (other,) = {"start_pose", "end_pose"} - {here}
        text = f"{shown(poses[here])} stands without {other}: a path between poses has both"
        yield Finding((*path, here), text)
    if poses and entry.get("poses") is not None:
        text = "cannot stand beside start_pose and end_pose: a path between poses is at those two"
        yield Finding((*path, "poses"), text, at_key=True)
    if not (isinstance(start, str) and isinstance(end, str)):
        return
    if not poses and start == end and start in names.expressions:
        text = f"{shown(end)} is its start, too: name another one, or start_pose and end_pose"
        yield Finding((*path, "end"), text)
    if len(poses) == 2:
        yield from _turn_findings(path, (start, end), (poses["start_pose"], poses["end_pose"]))


def _turn_findings(
    path: Path, expressions: tuple[str, str], poses: tuple[Any, Any]
) -> Iterator[Finding]:
    start, end = expressions
    if start != end:
        text = f"{shown(end)} is not its start, {shown(start)}: between poses the expression stays"
        yield Finding((*path, "end"), text)
    if poses[0] == poses[1]:
        text = f"{shown(poses[1])} is its start_pose, too: name another pose"
        yield Finding((*path, "end_pose"), text)


def _path_id_findings(entries: list[Any], turned: Any, names: _Names) -> Iterator[Finding]:
    """Ids of paths that are no file names, or two of which are one; `turned` is `pose_paths`."""
    seen: dict[str, tuple[str, str]] = {}
    for index, entry in enumerate(entries):
        name = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(name, str):
            where = f"$.base_paths[{index}]"
            for text in _id_problems(name, where, seen):
                yield Finding(("base_paths", index, "id"), text)
    if isinstance(turned, list):
        yield from _repeated(("pose_paths",), turned)
        for index in {name: at for at, name in enumerate(turned) if isinstance(name, str)}.values():
            yield from _turned_findings(("pose_paths", index), turned[index], names, seen)
    elif isinstance(turned, str):
        yield from _turned_findings(("pose_paths",), turned, names, seen)


def _turned_findings(
    path: Path, name: str, names: _Names, seen: dict[str, tuple[str, str]]
) -> Iterator[Finding]:
    """What is wrong with one expression of `pose_paths`, and with the ids that come of it."""
    yield from _unknown_findings(path, "expression", name, names.expressions)
    for turn in _turns(name, names):
        for text in _id_problems(turn, path_text(path), seen):
            yield Finding(path, f"of the paths that it stands for, {text}")


def _turns(expression: str, names: _Names) -> Iterator[str]:
    """The ids of its paths between poses; none where what they are made of is wrong already."""
    poses = list({same_file(pose): pose for pose in names.poses or ()}.values())
    named = expression in names.expressions and poses
    if named and not any(id_problem(name) for name in (expression, *poses)):
        yield from (path.id for path in pose_paths(expression, poses))


def _id_problems(name: str, where: str, seen: dict[str, tuple[str, str]]) -> Iterator[str]:
    """What is wrong with a path's id; `seen` keeps each with the place that has it first."""
    problem = id_problem(name)
    if problem:
        yield f"{shown(name)} cannot be a file name: {problem}"
    earlier, there = seen.setdefault(same_file(name), (name, where))
    if earlier != name:
        yield _one_file(name, earlier)
    elif there != where:
        yield f"{shown(name)} is already the id of {there}"


def _costume_findings(costumes: Any, names: _Names) -> Iterator[Finding]:
    """Costumes whose folders cannot be, and poses that are none."""
    if not isinstance(costumes, dict):
        return
    taken = {same_file(name): name for name in BUILT}
    yield from _id_findings(("costumes",), costumes)
    for name, costume in costumes.items():
        if there := taken.get(same_file(name)):
            text = f"{shown(name)} cannot be a costume: {there} of the build lies there; rename it"
            yield Finding(("costumes", name), text, at_key=True)
        if not isinstance(costume, dict):
            continue
        yield from _face_findings(("costumes", name, "face"), costume.get("face"))
        portraits = costume.get("base_images")
        for pose in portraits if isinstance(portraits, dict) and names.poses else ():
            if pose not in (names.poses or ()):
                wrong = unknown("pose", pose, names.poses or ())
                yield Finding(("costumes", name, "base_images", pose), wrong, at_key=True)


def _face_findings(path: Path, face: Any) -> Iterator[Finding]:
    """Every number of a face is a part of the portrait's width or height, or one of its pixels."""
    numbers = list(_numbers(path, face))
    if isinstance(face, dict) and face.get("unit") == "px":
        for place, number in numbers:
            if number < 0:
                yield Finding(place, f"{shown(number)} must be 0 or more")
        return
    wrong = [(path, number) for path, number in numbers if not 0 <= number <= 1]
    above = [place for place, number in wrong if number > 1]
    if len(above) > _IN_PIXELS * len(numbers):
        text = (
            f"{len(above)} of its numbers are above 1, and they are parts of the portrait's width"
            f" or height; {_OFFERED}"
        )
        yield Finding(path, text)
        return
    for place, number in wrong:
        offered = f"; {_OFFERED}" if number > 1 else ""
        text = f"{shown(number)} must lie in 0..1, a part of the portrait's width or height"
        yield Finding(place, text + offered)


_IN_PIXELS = 0.5
"""with more of its numbers than this above 1, a face is meant in pixels"""
_OFFERED = 'if they are pixels, say so: "face": { "unit": "px", ... }'


def _numbers(path: Path, node: Any) -> Iterator[tuple[Path, float]]:
    """Every number of a part of a document, with its place."""
    if isinstance(node, (dict, list)):
        entries = node.items() if isinstance(node, dict) else enumerate(node)
        for key, below in entries:
            yield from _numbers((*path, key), below)
    elif _is_number(node):
        yield path, node


def _is_number(value: Any) -> bool:
    """A finite number; what is none, pydantic finds."""
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, float) and math.isfinite(value)


def _generation_findings(generation: Mapping[str, Any], official: bool) -> Iterator[Finding]:
    """Sizes and qualities that the model refuses, and models that are no more."""
    said = {**_GENERATION_DEFAULTS, **generation}
    model, quality, engine = said["model"], said["quality"], said["engine"]
    if isinstance(engine, str):
        yield from _engine_findings(engine)
    size = models.parse_size(said["size"]) if isinstance(said["size"], str) else None
    if size and max(size) > _MAX_EDGE_PX:
        text = f'"{said["size"]}" is too large: a side may have {_MAX_EDGE_PX} pixels at the most'
        yield Finding(("generation", "size"), text)
    elif engine in {engines.AUTO, engines.OPENAI} and official and isinstance(model, str):
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


def _engine_findings(name: str) -> Iterator[Finding]:
    """An engine that nobody has, or that cannot be loaded."""
    if name == engines.AUTO:
        return
    try:
        engines.facts_of(name)
    except Mistake as error:
        allowed = engines.names()
        text = str(error) if name in allowed else unknown("value", name, allowed)
        yield Finding(("generation", "engine"), text)


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
        elif isinstance(price, dict) and {"usd_per_million_tokens", "usd_per_image"} <= set(price):
            text = "names two prices: leave out usd_per_image, or usd_per_million_tokens"
            yield Finding(("generation", "prices", model), text)
        elif isinstance(price, dict) and isinstance(price.get("usd_per_million_tokens"), dict):
            named = set(price["usd_per_million_tokens"])
            if not ({"image_in", "image_out"} <= named or named == {"text_in", "text_out"}):
                text = "give image_in and image_out; or text_out, for a model that writes"
                yield Finding(("generation", "prices", model, "usd_per_million_tokens"), text)

"""Reading `expressions.json`: from bytes to a `Character`, or to every mistake in them at once."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from tasks.character import vocabulary
from tasks.character.character import (
    NEUTRAL,
    BasePath,
    Character,
    Costume,
    Expression,
    Pose,
    pose_paths,
)
from tasks.character.emotions import weights_for
from tasks.character.face import Head
from tasks.character.form import (
    AxisValueModel,
    ConfigModel,
    CostumeModel,
    ExpressionModel,
    PoseModel,
)
from tasks.character.mistakes import validated
from tasks.character.override import Override
from tasks.character.rules import Finding
from tasks.character.talking import Talking
from tasks.character.vocabulary import AxisValue
from tasks.ground import json_places as json_text
from tasks.ground.errors import Mistake
from tasks.ground.files import read_file
from tasks.ground.outside import clean

_MOST_SHOWN = 20
_LONGEST = 2000
"""characters of the line of a mistake"""


class ConfigMistake(Mistake):
    """What is wrong with a config: every mistake in it, each on a line of its own."""


@dataclass
class _Source:
    """A config's text, and where each thing stands in it."""

    name: str
    text: str
    overrides: Sequence[Override]
    findings: list[Finding] = field(default_factory=list)

    def lines(self) -> tuple[list[str], int]:
        """The first findings as a line each, in the text's order; and how many there are."""
        places = {found.path: found for found in json_text.walk(self.text)}
        placed = [(self._offset(finding, places), finding) for finding in self.findings]
        placed.sort(key=lambda pair: pair[0])
        # Two sources may say the same of one place.
        first = [(offset, self._line(finding)) for offset, finding in placed[: 2 * _MOST_SHOWN]]
        lines = [f"{self._place(offset)}{line}" for offset, line in sorted(dict.fromkeys(first))]
        more = len({(offset, finding.path) for offset, finding in placed[2 * _MOST_SHOWN :]})
        return lines[:_MOST_SHOWN], len(lines) + more

    def _offset(self, finding: Finding, places: Mapping[json_text.Path, json_text.Found]) -> int:
        """Where a finding stands: its own place, or that of what it is missing from; else -1."""
        path = finding.path
        if self._override(finding):
            return -1
        while path and path not in places:
            path = path[:-1]
        if not path:
            return 0
        found = places[path]
        at_key = finding.at_key and found.key is not None and path == finding.path
        return found.key if at_key and found.key is not None else found.value

    def _place(self, offset: int) -> str:
        return "" if offset < 0 else f"{json_text.place(self.text, offset)}: "

    def _line(self, finding: Finding) -> str:
        override = self._override(finding)
        if override:
            return clean(f"{override.variable} on the command line: {finding.text}", _LONGEST)
        path = (clean(part, 64) if isinstance(part, str) else part for part in finding.path)
        return clean(f"{json_text.path_text(tuple(path))}: {finding.text}", _LONGEST)

    def _override(self, finding: Finding) -> Override | None:
        """What was typed in place of a wrong value; a wrong key is the file's own."""
        typed = (override for override in self.overrides if override.path == finding.path)
        return None if finding.at_key else next(typed, None)


def read_text(path: FilePath) -> str:
    """The text of the config at `path`. Raises `ConfigMistake` where it cannot be read."""
    try:
        return read_file(path).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigMistake(f"{path} is not there{_other_config(path)}") from error
    except OSError as error:
        raise ConfigMistake(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigMistake(
            f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8"
        ) from error


def parse(
    text: str, name: str, overrides: Sequence[Override] = (), *, official_endpoint: bool = True
) -> Character:
    """The character in `text`, with `overrides` put in place of what it says.

    `name` is the file's, for messages. With a custom endpoint nothing is known of what its models
    take, so that only `official_endpoint` has sizes and qualities checked against the model.
    Raises `ConfigMistake` with every mistake that is in it, each with its line and column.
    """
    source = _Source(name, text, overrides)
    document = _parse_document(source)
    model, findings = validated(document, official_endpoint=official_endpoint)
    source.findings.extend(findings)
    if source.findings or model is None:
        raise _mistake(name, *source.lines())
    return _character(model)


def _other_config(path: FilePath) -> str:
    """The name of a file beside `path` that was probably meant."""
    if not path.parent.is_dir():
        return "; its folder is not there either"
    near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.json")], n=1)
    return f'; did you mean "{path.with_name(near[0])}"?' if near else ""


def _parse_document(source: _Source) -> Any:
    duplicates = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal duplicates
        made = dict(items)
        duplicates = duplicates or len(made) < len(items)
        return made

    try:
        document = json_text.parse(source.text, pairs)
    except Mistake as error:
        raise _mistake(source.name, [str(error)], 1) from error
    if duplicates:
        source.findings.extend(_duplicate_findings(source.text))
    for override in source.overrides:
        _put(document, override.path, override.value)
    return document


def _duplicate_findings(text: str) -> Iterator[Finding]:
    """One finding for each key that stands twice in one object; the last is what is checked."""
    seen: dict[json_text.Path, int] = {}
    twice: set[json_text.Path] = set()
    for found in json_text.walk(text):
        inside_twice = any(found.path[:depth] in twice for depth in range(len(found.path)))
        if found.key is None or inside_twice:
            continue
        if found.path in seen:
            twice.add(found.path)
            first = json_text.place(text, seen[found.path])
            yield Finding(found.path, f"this key is there twice, first on {first}", at_key=True)
        seen.setdefault(found.path, found.key)


def _put(document: Any, path: tuple[str, ...], value: Any) -> None:
    """Set a value in nested objects; what is not an object is left for the checks to name."""
    *above, last = path
    for key in above:
        document = document.setdefault(key, {}) if isinstance(document, dict) else None
    if isinstance(document, dict):
        document[last] = value


def _mistake(name: str, lines: Sequence[str], count: int) -> ConfigMistake:
    if count == 1:
        return ConfigMistake(f"{name}: {lines[0]}")
    more = [f"... and {count - len(lines)} more"] if count > len(lines) else []
    return ConfigMistake("\n  ".join([f"{name}: {count} mistakes", *lines, *more]))


def _character(model: ConfigModel) -> Character:
    axes = {axis: _axis(axis, model.axes[axis]) for axis in sorted(model.axes, key=_axis_rank)}
    poses = model.poses if isinstance(model.poses, dict) else dict.fromkeys(model.poses, "")
    return Character(
        words=model.character.strip(),
        base_image=model.base_image,
        face=model.face,
        axes=axes,
        expressions={
            name: _expression(name, form, axes) for name, form in model.expressions.items()
        },
        poses={name: _pose(name, form) for name, form in poses.items()},
        base_paths=tuple(_base_paths(model, list(poses))),
        generation=model.generation,
        finish=model.finish,
        checks=model.checks,
        exports=dict(model.exports),
        talking=Talking(model.visemes, model.lip_sync, model.moods, model.timelines),
        costumes={name: _costume(name, form) for name, form in model.costumes.items()},
    )


def _costume(name: str, form: str | CostumeModel) -> Costume:
    if isinstance(form, str):
        return Costume(name, form)
    return Costume(
        name,
        form.base_image,
        form.character.strip(),
        dict(form.base_images),
        form.face,
        form.face_mask,
    )


def _base_paths(model: ConfigModel, poses: Sequence[str]) -> Iterator[BasePath]:
    """Those that are written out, then those that `pose_paths` asks for."""
    yield from (_base_path(path, poses) for path in model.base_paths)
    named = model.pose_paths
    for expression in [named] if isinstance(named, str) else named:
        yield from pose_paths(expression, poses)


def _base_path(path: BasePath, poses: Sequence[str]) -> BasePath:
    """At all poses where it names none; a path between two poses is at those."""
    everywhere = None if path.start_pose else tuple(poses)
    return replace(path, poses=path.poses or everywhere)


def _axis(axis: str, form: list[str] | Mapping[str, str | AxisValueModel]) -> dict[str, AxisValue]:
    if isinstance(form, Mapping):
        return {name: _axis_value(axis, name, value) for name, value in form.items()}
    return {name: _axis_value(axis, name, AxisValueModel()) for name in form}


def _axis_value(axis: str, name: str, form: str | AxisValueModel) -> AxisValue:
    """One value; what the config leaves out comes from the built-in one of that name.

    Words that are given as empty text say nothing; those that are left out, the value's name.
    """
    value = AxisValueModel(prompt=form) if isinstance(form, str) else form
    silent = "prompt" in value.model_fields_set
    own = AxisValue("" if silent else _spelled(axis, name))
    built_in = vocabulary.AXES.get(axis, {}).get(name, own)
    return AxisValue(
        value.prompt.strip() or built_in.words, dict(value.blendshapes) or built_in.blendshapes
    )


def _spelled(axis: str, name: str) -> str:
    """Words for a value that has none: its own name; nothing where it is the neutral one."""
    return "" if name == "neutral" else f"{axis.replace('_', ' ')}: {name.replace('_', ' ')}"


def _expression(
    name: str, form: ExpressionModel, axes: Mapping[str, Mapping[str, AxisValue]]
) -> Expression:
    """The expression; its values come in an order of their own, so that key order is no change."""
    chosen = form.__pydantic_extra__
    values = [axes[axis][chosen[axis]] for axis in sorted(chosen, key=_axis_rank)]
    words = (*(value.words for value in values), form.prompt.strip())
    blendshapes: dict[str, float] = {}
    for value in values:
        for shape, weight in value.blendshapes.items():
            # Two axes may move one muscle (a squint and a smile both lift the cheek):
            # the stronger wins, so that the order of the axes does not matter.
            blendshapes[shape] = max(weight, blendshapes.get(shape, 0.0))
    blendshapes.update(form.blendshapes)
    if not chosen and not blendshapes and name != NEUTRAL:
        blendshapes.update(weights_for(name, form.prompt))
    return Expression(name, tuple(filter(None, words)), blendshapes, dict(chosen))


def _axis_rank(axis: str) -> tuple[int, str]:
    """Mouth, eyes and brows first, then the config's own axes by name."""
    usual = list(vocabulary.AXES)
    return (usual.index(axis) if axis in usual else len(usual), axis)


def _pose(name: str, form: str | PoseModel) -> Pose:
    model = PoseModel(prompt=form) if isinstance(form, str) else form
    built_in = vocabulary.POSES.get(name)
    return Pose(
        name,
        words=model.prompt.strip() or (built_in.words if built_in else name.replace("_", " ")),
        head=model.head or (built_in.head if built_in else Head()),
        base_image=model.base_image,
    )

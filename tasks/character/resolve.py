"""From a config that was checked to a `Character`: axes, expressions, poses, paths."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tasks.character import vocabulary
from tasks.character.character import BasePath, Character, Costume, Pose, pose_paths
from tasks.character.expression import axis_rank, resolved
from tasks.character.face import Head
from tasks.character.form import AxisValueModel, ConfigModel, CostumeModel, PoseModel
from tasks.character.talking import Talking
from tasks.character.vocabulary import AxisValue


def character_of(model: ConfigModel) -> Character:
    """What was checked, with nothing left to look up."""
    axes = {axis: _axis(axis, model.axes[axis]) for axis in sorted(model.axes, key=axis_rank)}
    poses = model.poses if isinstance(model.poses, dict) else dict.fromkeys(model.poses, "")
    return Character(
        words=model.character.strip(),
        base_image=model.base_image,
        face=model.face,
        axes=axes,
        expressions={
            name: resolved(name, each.prompt, each.blendshapes, each.__pydantic_extra__, axes)
            for name, each in model.expressions.items()
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


def _pose(name: str, form: str | PoseModel) -> Pose:
    model = PoseModel(prompt=form) if isinstance(form, str) else form
    built_in = vocabulary.POSES.get(name)
    return Pose(
        name,
        words=model.prompt.strip() or (built_in.words if built_in else name.replace("_", " ")),
        head=model.head or (built_in.head if built_in else Head()),
        base_image=model.base_image,
    )

"""The form of `expressions.json`, as pydantic checks it and as editors show it.

What the program works with as it stands in the file (`Generation`, `BasePath`, `Finish`, ...) is
checked as it is; here is the form of what is resolved first: axes, expressions, poses.
`expressions.schema.json` is made from them: `uv run python -m tasks.character.form`.
"""

import ast
import inspect
import itertools
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import override

from tasks.character.bounds import FileName, Weight, Words
from tasks.character.character import BasePath, Generation
from tasks.character.export import ExportSettings
from tasks.character.face import Face, Head
from tasks.character.settings import Finish, Thresholds
from tasks.character.talking import LipSync, Moods, Timeline
from tasks.character.vocabulary import ARKIT_NAMES

SCHEMA_FILE = "expressions.schema.json"
# In parentheses, so that no key of a config is taken for the branch of a union.
_WORDS, _OBJECT, _LIST = "(words)", "(object)", "(list)"

if TYPE_CHECKING:
    ArkitName = str
else:
    ArkitName = Literal[ARKIT_NAMES]
Blendshapes = Annotated[
    dict[ArkitName, Weight],
    Field(description="ARKit blend-shape names and their weights, 0 (rest) to 1 (full)"),
]


class _Strict(BaseModel):
    """No key that nobody reads: a mistyped key is an error, not silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _json_type(value: Any) -> str:
    """Which branch of a union a value means, so that one mistake gives one message."""
    return _OBJECT if isinstance(value, dict) else _WORDS


class AxisValueModel(_Strict):
    """One value of an axis."""

    prompt: Words = ""
    """words that tell an image model what this value looks like"""
    blendshapes: Blendshapes = Field(default_factory=dict)


AxisValueForm = Annotated[
    Annotated[Words, Tag(_WORDS)] | Annotated[AxisValueModel, Tag(_OBJECT)],
    Discriminator(_json_type),
]
AxisForm = Annotated[
    Annotated[list[str], Tag(_LIST)] | Annotated[dict[str, AxisValueForm], Tag(_OBJECT)],
    Discriminator(lambda value: _LIST if isinstance(value, list) else _OBJECT),
]


class ExpressionModel(BaseModel):
    """A named facial state: a value on each axis, and/or free words."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    # pyrefly: ignore[bad-override] - so pydantic has it: the type of keys that are not declared
    __pydantic_extra__: dict[str, str]

    prompt: Words = ""
    """free words, added to the axis values or used instead of them"""
    blendshapes: Blendshapes = Field(default_factory=dict)


class PoseModel(_Strict):
    """One head orientation."""

    prompt: Words = ""
    """words that tell an image model how the head is held"""
    base_image: FileName | None = None
    """the artist's own neutral portrait at this pose; without it the neutral is drawn"""
    head: Head | None = None


PoseForm = Annotated[
    Annotated[Words, Tag(_WORDS)] | Annotated[PoseModel, Tag(_OBJECT)], Discriminator(_json_type)
]


class CostumeModel(_Strict):
    """Another outfit. What it leaves out is that of the config's own portrait."""

    base_image: FileName
    """its neutral portrait at the default pose"""
    character: Words = ""
    """who this is and in what style, in this outfit, in words; instead of the config's own"""
    base_images: dict[str, FileName] = Field(default_factory=dict)
    """its own neutral portraits at other poses, by the pose; without one the neutral is drawn"""
    face: Face | None = None
    """where the features of its portrait lie; without it, where they lie in the config's own"""
    face_mask: FileName | None = None
    """a picture, white where its face is; without it `finish.face_mask`, where `face` is left out
    too"""


CostumeForm = Annotated[
    Annotated[FileName, Tag(_WORDS)] | Annotated[CostumeModel, Tag(_OBJECT)],
    Discriminator(_json_type),
]


PosePathsForm = Annotated[
    Annotated[str, Tag(_WORDS)] | Annotated[list[str], Tag(_LIST)],
    Discriminator(lambda value: _LIST if isinstance(value, list) else _WORDS),
]


VisemeForm = Annotated[
    Annotated[str, Tag(_WORDS)] | Annotated[dict[str, str], Tag(_OBJECT)],
    Discriminator(_json_type),
]


class ConfigModel(_Strict):
    """expressions.json: one character, its expressions and poses."""

    schema_: str | None = Field(None, alias="$schema")
    """for editors: ./expressions.schema.json"""
    character: Words = ""
    """who this is and in what style, in words"""
    base_image: FileName = "frames/base/neutral__center.png"
    """the neutral portrait at the default pose, beside this file or below it"""
    face: Face = Face()
    """where the features of the portrait lie, for the puppet; x and y in 0..1, left and right
    the character's own"""
    axes: dict[str, AxisForm] = Field(default_factory=dict)
    """what a face is made of (mouth, eyes, brows, gaze, ...) and the values of each: names, or
    names with words, or names with words and blend shapes"""
    poses: Annotated[
        Annotated[list[str], Tag(_LIST)] | Annotated[dict[str, PoseForm], Tag(_OBJECT)],
        Discriminator(lambda value: _OBJECT if isinstance(value, dict) else _LIST),
    ] = ["center"]
    """head orientations: ids, or ids with words, or ids with words, base image and angles"""
    expressions: dict[str, ExpressionModel]
    """every expression by its id, with one value an axis"""
    costumes: dict[str, CostumeForm] = Field(default_factory=dict)
    """other outfits by their ids: a portrait each, or an object that names more. Each gets all
    expressions at all poses, in frames/<costume>"""
    base_paths: list[BasePath] = Field(default_factory=list)
    """sequences between two expressions, or between two poses of one"""
    pose_paths: PosePathsForm = []
    """expressions, one or a list, that get a sequence from the default pose to every other pose"""
    generation: Generation = Generation()
    finish: Finish = Finish()
    checks: Thresholds = Thresholds()
    exports: dict[str, ExportSettings] = Field(default_factory=dict)
    """what is made of frames for other programs, by the export's name (docs/exports.md)"""
    visemes: dict[str, VisemeForm] = Field(default_factory=dict)
    """which expression shows a phone or a mouth shape; `ah@0.5` is half of the way to `ah`. Below
    the name of a mood, the same for that mood alone"""
    lip_sync: LipSync = LipSync()
    """the rules of lip-sync, in milliseconds"""
    moods: Moods = Moods()
    """how moods are suggested, where a timeline asks for it"""
    timelines: dict[str, Timeline] = Field(default_factory=dict)
    """what is spoken, by its id; or each in a file of its own, timelines/<id>.json"""


class _Told(GenerateJsonSchema):
    """A schema with what is written below each field.

    pydantic reads that itself (`use_attribute_docstrings`), but whenever the types are loaded, of
    which it takes a quarter.
    """

    @override
    def model_schema(self, schema: Any) -> dict[str, Any]:
        """Of a model."""
        return _told(schema["cls"], super().model_schema(schema))

    @override
    def dataclass_schema(self, schema: Any) -> dict[str, Any]:
        """Of a dataclass."""
        return _told(schema["cls"], super().dataclass_schema(schema))


def _told(kind: type, made: dict[str, Any]) -> dict[str, Any]:
    models = getattr(kind, "model_fields", {})
    for name, text in _written_below(kind).items():
        key = (models[name].alias if name in models else None) or name
        made["properties"][key].setdefault("description", text)
    return made


def _written_below(kind: type) -> dict[str, str]:
    """The text below each field of a class, and of those that it is made from."""
    found: dict[str, str] = {}
    own = [each for each in kind.__mro__ if each not in {object, *BaseModel.__mro__}]
    for each in reversed(own):
        body = cast("ast.ClassDef", ast.parse(inspect.getsource(each)).body[0]).body
        for field, below in itertools.pairwise(body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str(text))):
                    found[name] = inspect.cleandoc(text)
    return found


@cache
def json_schema() -> dict[str, Any]:
    """The schema that editors read, as plain data; not to be written to."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ConfigModel.model_json_schema(by_alias=True, schema_generator=_Told),
    }


def schema_text() -> str:
    """`expressions.schema.json` as it stands in the repository."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")

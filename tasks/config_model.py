"""The form of `expressions.json`, as pydantic checks it and as editors show it.

These types mirror the file, key by key; `tasks.character` holds what the program works with.
`expressions.schema.json` is made from them: `uv run python -m tasks.config_model`.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from tasks import models
from tasks.character import Generation
from tasks.face import Face
from tasks.vocabulary import ARKIT_NAMES

SCHEMA_FILE = "expressions.schema.json"
_DEFAULTS = Generation()
# In parentheses, so that no key of a config is taken for the branch of a union.
_WORDS, _OBJECT, _LIST = "(words)", "(object)", "(list)"

Weight = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Degrees = Annotated[float, Field(ge=-45, le=45, allow_inf_nan=False)]
ArkitName = Literal[ARKIT_NAMES]  # type: ignore[valid-type]
Blendshapes = Annotated[
    dict[ArkitName, Weight],
    Field(description="ARKit blend-shape names and their weights, 0 (rest) to 1 (full)"),
]
FileName = Annotated[str, Field(min_length=1)]
Words = Annotated[str, Field(max_length=8_000)]


class _Strict(BaseModel):
    """No key that nobody reads: a mistyped key is an error, not silence."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


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

    model_config = ConfigDict(
        extra="allow", frozen=True, strict=True, use_attribute_docstrings=True
    )
    __pydantic_extra__: dict[str, str]

    prompt: Words = ""
    """free words, added to the axis values or used instead of them"""
    blendshapes: Blendshapes = Field(default_factory=dict)


class HeadModel(_Strict):
    """How the head is turned, in degrees."""

    pitch_deg: Degrees = 0.0
    """nodding: above 0 the chin goes down"""
    yaw_deg: Degrees = 0.0
    """turning: above 0 towards the character's own left"""
    roll_deg: Degrees = 0.0
    """tilting: above 0 towards the character's own left shoulder"""


class PoseModel(_Strict):
    """One head orientation."""

    prompt: Words = ""
    """words that tell an image model how the head is held"""
    base_image: FileName | None = None
    """the artist's own neutral portrait at this pose; without it the neutral is drawn"""
    head: HeadModel | None = None


PoseForm = Annotated[
    Annotated[Words, Tag(_WORDS)] | Annotated[PoseModel, Tag(_OBJECT)], Discriminator(_json_type)
]


class BasePathModel(_Strict):
    """A sequence to draw, from one expression to another."""

    id: str
    """the sequence's name; it need not be start_to_end"""
    start: str
    """the expression at its beginning"""
    end: str
    """the expression at its end"""


class GenerationModel(_Strict):
    """How frames are drawn."""

    engine: Literal["auto", "openai", "puppet"] = "auto"
    """`openai` draws with an images endpoint, for money; `puppet` here, free, as drafts;
    `auto` is `openai` when OPENAI_API_KEY is set, else `puppet`"""
    model: str = Field(_DEFAULTS.model, min_length=1, examples=list(models.KNOWN_MODELS))
    """the image model that the endpoint is asked for"""
    size: str = Field(_DEFAULTS.size, pattern=r"^[1-9]\d{0,4}x[1-9]\d{0,4}$")
    """width x height of every frame in pixels, such as 1024x1536"""
    quality: Literal["low", "medium", "high", "xhigh", "max", "auto"] = "high"
    """more costs more; xhigh and max from gpt-image-2.5 on"""
    background: Literal["transparent", "opaque", "auto"] = "transparent"
    """what lies behind the character"""
    include_neutral: bool = _DEFAULTS.include_neutral
    """draw neutral too at poses that have a base image, instead of using that image"""
    budget_usd: float = Field(_DEFAULTS.budget_usd, ge=0)
    """what one run may spend, in US dollars (checked; not enforced by this version)"""
    images_per_minute: float | None = Field(None, gt=0)
    """how many pictures a minute the account allows (checked; not enforced by this version)"""
    max_retries: int = Field(_DEFAULTS.max_retries, ge=0, le=20)
    """how often a call that the server put off is sent again"""


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
    base_paths: list[BasePathModel] = Field(default_factory=list)
    """sequences between two expressions"""
    generation: GenerationModel = GenerationModel()


def json_schema() -> dict[str, Any]:
    """The schema that editors read, as plain data."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ConfigModel.model_json_schema(by_alias=True),
    }


def schema_text() -> str:
    """`expressions.schema.json` as it stands in the repository."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")

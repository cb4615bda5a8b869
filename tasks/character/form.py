"""The form of `expressions.json`, as pydantic checks it and as editors show it.

These types mirror the file, key by key; `tasks.character.character` holds what the program works
with.
`expressions.schema.json` is made from them: `uv run python -m tasks.character.form`.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from tasks.character.character import MAX_DEPTH, BasePath, Generation, Tween
from tasks.character.ease import EASES
from tasks.character.export import ExportSettings
from tasks.character.face import Face
from tasks.character.settings import Finish, Thresholds
from tasks.character.talking import LipSync, Timeline
from tasks.character.vocabulary import ARKIT_NAMES
from tasks.models import engines
from tasks.models import facts as models

SCHEMA_FILE = "expressions.schema.json"
_DEFAULTS = Generation()
# In parentheses, so that no key of a config is taken for the branch of a union.
_WORDS, _OBJECT, _LIST = "(words)", "(object)", "(list)"

SIZE_PATTERN = r"^([1-9]\d{0,4}x[1-9]\d{0,4}|portrait)$"
KEY_PATTERN = r"^(auto|off|#[0-9a-fA-F]{6})$"

Weight = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Degrees = Annotated[float, Field(ge=-45, le=45, allow_inf_nan=False)]
ArkitName = Literal[ARKIT_NAMES]  # type: ignore[valid-type]
Blendshapes = Annotated[
    dict[ArkitName, Weight],
    Field(description="ARKit blend-shape names and their weights, 0 (rest) to 1 (full)"),
]
EngineName = Annotated[
    str,
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"enum": [engines.AUTO, *engines.BUILT_IN]}, {"type": "string"}]}),
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


EaseName = Literal[tuple(EASES)]  # type: ignore[valid-type]
# What a path is without being told; its ends it has to be told.
_PATH = BasePath("", "", "")


class BasePathModel(_Strict):
    """A sequence to draw: from one expression to another at each pose, or of one expression from
    one pose to another."""

    id: str
    """the sequence's name; it need not be start_to_end"""
    start: str
    """the expression at its beginning"""
    end: str
    """the expression at its end; the same as start where the poses differ"""
    poses: list[str] | None = None
    """the poses at which it is wanted; without it, all of them"""
    start_pose: str | None = None
    """the pose at its beginning, for a sequence between two poses of one expression"""
    end_pose: str | None = None
    """the pose at its end, for a sequence between two poses of one expression"""
    max_depth: int = Field(_PATH.max_depth, ge=0, le=MAX_DEPTH)
    """how often the time between two frames is halved: 0 only the ends, 1 one in-between, 2 three,
    3 seven"""
    distance_threshold: float = Field(_PATH.distance_threshold, ge=0, le=255, allow_inf_nan=False)
    """two neighbours that differ by less than this, on a scale of 0..255, get their in-between by
    `morph`, free, instead of by `draw`; 0: never. `doit plan` shows the distances"""
    tween: Tween = _PATH.tween
    """how in-betweens are made: `draw` by the engine (the puppet's are exact, and free), `morph`
    here, free, from the pixels of both neighbours, `hold` none"""
    ease: EaseName = _PATH.ease  # type: ignore[valid-type]
    """how players are to gather speed and come to rest; changes no picture"""
    duration_ms: int = Field(_PATH.duration_ms, ge=1, le=60_000)
    """how long players are to take, in milliseconds: a new face takes 250 to 500, lips that speak
    60 to 120; changes no picture"""


PosePathsForm = Annotated[
    Annotated[str, Tag(_WORDS)] | Annotated[list[str], Tag(_LIST)],
    Discriminator(lambda value: _LIST if isinstance(value, list) else _WORDS),
]


Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class TokenPricesModel(_Strict):
    """US dollars for a million tokens of each kind."""

    text_in: Usd
    """of the words that are sent"""
    image_in: Usd
    """of the pictures that are sent"""
    image_out: Usd
    """of the picture that comes back"""


class PriceModel(_Strict):
    """What a model costs: by the token, or by the picture."""

    usd_per_million_tokens: TokenPricesModel | None = None
    """as the provider lists it"""
    usd_per_image: Usd | None = None
    """whatever its tokens; 0 for a server of your own"""
    as_of: str = ""
    """the date when that was true, such as 2026-11-22"""


class GenerationModel(_Strict):
    """How frames are drawn."""

    engine: EngineName = engines.AUTO
    """`openai` draws with an images endpoint, for money; `puppet` here, free, as drafts;
    `auto` is `openai` when OPENAI_API_KEY is set, else `puppet`; or one that you installed"""
    model: str = Field(_DEFAULTS.model, min_length=1, examples=list(models.KNOWN_MODELS))
    """the image model that the endpoint is asked for"""
    size: str = Field(_DEFAULTS.size, pattern=SIZE_PATTERN)
    """width x height of every frame in pixels, such as 1024x1536; `portrait`: the base portrait's
    own, for which an image model is sent the portrait padded, and its take is brought back"""
    quality: Literal["low", "medium", "high", "xhigh", "max", "auto"] = "high"
    """more costs more; xhigh and max from gpt-image-2.5 on"""
    background: Literal["transparent", "opaque", "auto"] = "transparent"
    """what lies behind the character"""
    include_neutral: bool = _DEFAULTS.include_neutral
    """draw neutral too at poses that have a base image, instead of using that image"""
    budget_usd: Usd | None = _DEFAULTS.budget_usd
    """what one run may spend, in US dollars; 0: nothing; null: no limit"""
    images_per_minute: float | None = Field(None, gt=0)
    """how many calls a minute are begun at the most, from the start; without it, as many as the
    server takes"""
    max_retries: int = Field(_DEFAULTS.max_retries, ge=0, le=20)
    """how often a call that the server put off is sent again"""
    timeout_s: float = Field(_DEFAULTS.timeout_s, gt=0, le=7200)
    """how many seconds the whole answer to a call may take before it is given up"""
    prices: dict[str, PriceModel] = Field(default_factory=dict)
    """what models cost, by name, in place of the program's own table"""
    extra: dict[str, Any] = Field(default_factory=dict)
    """fields that your endpoint takes beside the documented ones; sent as they are"""
    omit: list[Literal["model", "size", "quality", "background", "input_fidelity"]] = Field(
        default_factory=list
    )
    """documented fields that your endpoint refuses; not sent"""
    answer_hosts: list[str] = Field(default_factory=list)
    """hosts beside the endpoint's own from which a picture that it answered with an address may
    be fetched"""
    image_field: Literal["auto", "image", "image[]"] = "auto"
    """how several pictures are sent: as image[], as the documented form has it, or, for servers
    that know only that, as image"""
    budget_usd_day: Usd | None = None
    """what may be spent on one day (UTC), by all runs together; null: no limit"""
    budget_usd_month: Usd | None = None
    """what may be spent in one month (UTC), by all runs together; null: no limit"""
    budget_usd_project: Usd | None = None
    """what the whole project may ever cost; null: no limit"""
    max_wait_s: float = Field(_DEFAULTS.max_wait_s, gt=0, le=86_400)
    """how long a wait that the endpoint asks for is waited; a longer one ends the run"""
    mask: bool = _DEFAULTS.mask
    """send a mask along that says where the face is; models take it as a hint"""
    auto_retake: int = Field(_DEFAULTS.auto_retake, ge=0, le=10)
    """how many new takes at the most a flagged frame gets by itself, within the budget; the best
    is kept"""


_FINISH = Finish()
Part = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Levels = Annotated[float, Field(ge=0, le=255, allow_inf_nan=False)]


class FinishModel(_Strict):
    """What is done to a take to make a frame of it, in this order: free, and without a call."""

    size: bool = _FINISH.size
    """bring the take to the exact output size"""
    key: str = Field(_FINISH.key, pattern=KEY_PATTERN)
    """make a flat background transparent: `auto` where the reference's is and the take's is not,
    `off` never, `#00ff00` always that colour"""
    register_: Literal["off", "shift", "similarity", "affine"] = Field(
        _FINISH.register, alias="register"
    )
    """align the take to its reference, by what is outside the face: `shift` moves only,
    `similarity` also turns and scales, `affine` also shears"""
    match: bool = _FINISH.match
    """give the take the colours and the exposure of its reference, by what is outside the face"""
    lock: bool = _FINISH.lock
    """take only the face from the take, and everything else from the reference, bit for bit"""
    face_mask: FileName | None = _FINISH.face_mask
    """a picture of the portrait's size in which the face is white; without it the region comes
    from the landmarks in `face`"""
    seam: Literal["feather", "gradient"] = _FINISH.seam
    """how the face is joined: `feather` fades, `gradient` also levels the colours along the seam"""
    seam_width: float = Field(_FINISH.seam_width, ge=0, le=0.2)
    """how far the fade reaches into the region, as a part of the picture's width"""
    region_margin: float = Field(_FINISH.region_margin, ge=0, le=3)
    """how far the region from landmarks reaches beyond brows, cheeks and chin"""


_CHECKS = Thresholds()


class ChecksModel(_Strict):
    """From where on a frame is flagged."""

    drift_px: float = Field(_CHECKS.drift_px, ge=0)
    """pixels by which what surrounds the face may still lie off the reference"""
    outside_ssim: Part = _CHECKS.outside_ssim
    """how like the reference (1 is the same) a frame must be outside the face"""
    outside_max: Levels = _CHECKS.outside_max
    """levels of 255 by which the worst small spot outside the face may differ"""
    strength: Levels = _CHECKS.strength
    """levels of 255 by which the face must differ from neutral where it differs most"""
    nearness: Levels = _CHECKS.nearness
    """levels of 255 by which the faces of two expressions must differ likewise"""
    blank_contrast: Levels = _CHECKS.blank_contrast
    """levels of 255 by which the picture's tones must spread"""
    cropped: Part = _CHECKS.cropped
    """how much of the reference's figure may be missing"""
    alpha_lost: Part = _CHECKS.alpha_lost
    """how much of what is transparent in the reference may be covered"""
    halo: Levels = _CHECKS.halo
    """levels of 255 by which the figure's rim may differ from that of the reference"""
    eye_colours: Part = _CHECKS.eye_colours
    """how much of an eye that should be shut may show its white or its iris"""
    eye_height: Part = _CHECKS.eye_height
    """how much of the height of an eye that should be shut may be something else than skin"""
    outline_torn: Part = _CHECKS.outline_torn
    """how much of the outline of cheeks and jaw may be broken"""
    stray: Part = _CHECKS.stray
    """how much of what lies far from the head may change in a draft"""


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
    base_paths: list[BasePathModel] = Field(default_factory=list)
    """sequences between two expressions, or between two poses of one"""
    pose_paths: PosePathsForm = []
    """expressions, one or a list, that get a sequence from the default pose to every other pose"""
    generation: GenerationModel = GenerationModel()
    finish: FinishModel = FinishModel()
    checks: ChecksModel = ChecksModel()
    exports: dict[str, ExportSettings] = Field(default_factory=dict)
    """what is made of frames for other programs, by the export's name (docs/exports.md)"""
    visemes: dict[str, VisemeForm] = Field(default_factory=dict)
    """which expression shows a phone or a mouth shape; `ah@0.5` is half of the way to `ah`. Below
    the name of a mood, the same for that mood alone"""
    lip_sync: LipSync = LipSync()
    """the rules of lip-sync, in milliseconds"""
    timelines: dict[str, Timeline] = Field(default_factory=dict)
    """what is spoken, by its id; or each in a file of its own, timelines/<id>.json"""


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

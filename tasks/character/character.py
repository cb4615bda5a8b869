"""The character as the rest of the program sees it: frozen, resolved, nothing left to look up.

`tasks.character.read` reads `expressions.json` into it. Nothing here imports more than the
standard library, so that a run that draws nothing stays as quick as doit itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, MinLen

from tasks.character.bounds import Levels, Pattern, Shown, Usd
from tasks.character.ease import DEFAULT as DEFAULT_EASE
from tasks.character.ease import EASES
from tasks.character.export import ExportSettings
from tasks.character.face import Face, Head
from tasks.character.settings import Finish, Thresholds
from tasks.character.talking import Talking
from tasks.character.vocabulary import AxisValue
from tasks.models import engines, facts
from tasks.models.prices import Price

MAX_DEPTH = 10
"""1,025 frames: one picture every 0.4 ms of a sequence of the usual length"""
NEUTRAL = "neutral"
"""the id of the expression that every other one at a pose is drawn from"""

BUILT = (
    *("base", "endpoints", "sequences", "previews", "review", "timelines", "exports", "set_aside"),
    *("sheet.png", "sheet.pdf", "face.png", "checks.json", "looks.json"),
)
"""what lies beside the folders of costumes, so that no costume can be called so"""

Tween = Literal["draw", "morph", "hold"]
"""how in-betweens are made: by the engine; here, from the pixels of both neighbours; not at all"""


if TYPE_CHECKING:
    EaseName = str
else:
    EaseName = Literal[tuple(EASES)]
EngineName = Annotated[
    str,
    MinLen(1),
    Shown((("anyOf", [{"enum": [engines.AUTO, *engines.BUILT_IN]}, {"type": "string"}]),)),
]
ModelName = Annotated[str, MinLen(1), Shown((("examples", list(facts.KNOWN_MODELS)),))]
SIZE_PATTERN = r"^([1-9]\d{0,4}x[1-9]\d{0,4}|portrait)$"
PORTRAIT = "portrait"
"""the size that is the base portrait's own"""


def pixels_of(size: str) -> tuple[int, int]:
    """Width and height of a size such as `1024x1536`."""
    width, height = size.split("x")
    return int(width), int(height)


@dataclass(frozen=True, slots=True)
class Generation:
    """How frames are drawn."""

    engine: EngineName = engines.AUTO
    """`openai` draws with an images endpoint, for money; `puppet` here, free, as drafts;
    `auto` is `openai` when OPENAI_API_KEY is set, else `puppet`; or one that you installed"""
    model: ModelName = facts.DEFAULT_MODEL
    """the image model that the endpoint is asked for"""
    size: Annotated[str, Pattern(SIZE_PATTERN)] = "1024x1536"
    """width x height of every frame in pixels, such as 1024x1536; `portrait`: the base portrait's
    own, for which an image model is sent the portrait padded, and its take is brought back"""
    quality: Literal["low", "medium", "high", "xhigh", "max", "auto"] = "high"
    """more costs more; xhigh and max from gpt-image-2.5 on"""
    background: Literal["transparent", "opaque", "auto"] = "transparent"
    """what lies behind the character"""
    include_neutral: bool = False
    """draw neutral too at poses that have a base image, instead of using that image"""
    budget_usd: Usd | None = 5.0
    """what one run may spend, in US dollars; 0: nothing; null: no limit"""
    images_per_minute: Annotated[float, Gt(0)] | None = None
    """how many calls a minute are begun at the most, from the start; without it, as many as the
    server takes"""
    max_retries: Annotated[int, Ge(0), Le(20)] = 4
    """how often a call that the server put off is sent again"""
    timeout_s: Annotated[float, Gt(0), Le(7200)] = 600.0
    """how many seconds the whole answer to a call may take before it is given up"""
    prices: Mapping[str, Price] = field(default_factory=dict)
    """what models cost, by name, in place of the program's own table"""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """fields that your endpoint takes beside the documented ones; sent as they are"""
    omit: tuple[Literal["model", "size", "quality", "background", "input_fidelity"], ...] = ()
    """documented fields that your endpoint refuses; not sent"""
    answer_hosts: tuple[str, ...] = ()
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
    max_wait_s: Annotated[float, Gt(0), Le(86_400)] = 600.0
    """how long a wait that the endpoint asks for is waited; a longer one ends the run"""
    mask: bool = False
    """send a mask along that says where the face is; models take it as a hint"""
    auto_retake: Annotated[int, Ge(0), Le(10)] = 0
    """how many new takes at the most a flagged frame gets by itself, within the budget; the best
    is kept"""
    approve_neutral: bool = False
    """draw nothing for money from a neutral that was drawn and is not approved yet: an error in it
    would be paid for in every expression"""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of frames in pixels."""
        return pixels_of(self.size)


@dataclass(frozen=True, slots=True)
class Expression:
    """A named facial state, resolved: the words of its axis values, its blend-shape weights."""

    id: str
    words: tuple[str, ...] = ()
    """what to draw, one phrase an axis, then the expression's own free words"""
    blendshapes: Mapping[str, float] = field(default_factory=dict)
    """ARKit name to weight, 0..1"""
    values: Mapping[str, str] = field(default_factory=dict)
    """the value's name on each axis that the config names"""


@dataclass(frozen=True, slots=True)
class Pose:
    """A head orientation, resolved."""

    id: str
    words: str = ""
    head: Head = field(default_factory=Head)
    base_image: str | None = None
    """the artist's own neutral portrait at this pose, if there is one"""


@dataclass(frozen=True, slots=True)
class Costume:
    """Another outfit of the character: the same expressions and poses, from portraits of its own.

    What it leaves out is that of the config's own portrait.
    """

    id: str
    base_image: str
    """path of its neutral portrait at the default pose"""
    words: str = ""
    base_images: Mapping[str, str] = field(default_factory=dict)
    """paths of its own portraits at other poses"""
    face: Face | None = None
    face_mask: str | None = None


@dataclass(frozen=True, slots=True)
class BasePath:
    """A sequence to draw: from one expression to another at each pose, or of one expression from
    one pose to another."""

    # In-betweens are drawn unless the config says otherwise: that is what a list of paths asks for,
    # it costs nothing with the puppet, and what it costs with an image model is planned first and
    # kept to the budget.

    id: str
    """the sequence's name; it need not be start_to_end"""
    start: str
    """the expression at its beginning"""
    end: str
    """the expression at its end; the same as start where the poses differ"""
    poses: tuple[str, ...] | None = None
    """the poses at which it is wanted; without it, all of them"""
    start_pose: str | None = None
    """the pose at its beginning, for a sequence between two poses of one expression"""
    end_pose: str | None = None
    """the pose at its end, for a sequence between two poses of one expression"""
    max_depth: Annotated[int, Ge(0), Le(MAX_DEPTH)] = 2
    """how often the time between two frames is halved: 0 only the ends, 1 one in-between, 2 three,
    3 seven"""
    distance_threshold: Levels = 0.0
    """two neighbours that differ by less than this, on a scale of 0..255, get their in-between by
    `morph`, free, instead of by `draw`; 0: never. `doit plan --distances` shows them"""
    tween: Tween = "draw"
    """how in-betweens are made: `draw` by the engine (the puppet's are exact, and free), `morph`
    here, free, from the pixels of both neighbours, `hold` none"""
    ease: EaseName = DEFAULT_EASE
    """how players are to gather speed and come to rest; changes no picture"""
    duration_ms: Annotated[int, Ge(1), Le(60_000)] = 400
    """how long players are to take, in milliseconds: a new face takes 250 to 500, lips that speak
    60 to 120; changes no picture"""
    # Five frames on twos, two of a film's 24 a second each, are 417 ms.


@dataclass(frozen=True, slots=True)
class Character:
    """One project folder's `expressions.json`, read, checked and resolved."""

    words: str
    base_image: str
    """path of the neutral portrait at the default pose"""
    face: Face
    axes: Mapping[str, Mapping[str, AxisValue]]
    expressions: Mapping[str, Expression]
    poses: Mapping[str, Pose]
    base_paths: tuple[BasePath, ...]
    generation: Generation
    asked_size: str = ""
    """the size that the engine is asked for, where that is not the frames' own: the portrait is
    padded to it, and the take brought back (`size: "portrait"`)"""
    finish: Finish = field(default_factory=Finish)
    """what is done to a take to make a frame of it"""
    checks: Thresholds = field(default_factory=Thresholds)
    """from where on a frame is flagged"""
    exports: Mapping[str, ExportSettings] = field(default_factory=dict)
    """what is said of each export, by its name"""
    talking: Talking = field(default_factory=Talking)
    """visemes, lip-sync and timelines"""
    costumes: Mapping[str, Costume] = field(default_factory=dict)
    """other outfits, by their ids"""
    costume: str = ""
    """the one that is worn; empty: that of the config's own portrait"""

    def wearing(self, costume: str) -> "Character":
        """The same character in one of its costumes; empty: in the config's own portrait."""
        if costume == self.costume:
            return self
        worn = self.costumes[costume]
        own_mask = worn.face_mask or worn.face
        mask = worn.face_mask if own_mask else self.finish.face_mask
        return replace(
            self,
            costume=costume,
            words=worn.words or self.words,
            base_image=worn.base_image,
            face=worn.face or self.face,
            finish=replace(self.finish, face_mask=mask),
            poses={
                name: replace(pose, base_image=worn.base_images.get(name))
                for name, pose in self.poses.items()
            },
        )

    @property
    def asked_px(self) -> tuple[int, int]:
        """Width and height, in pixels, that an engine with limits is asked for."""
        return pixels_of(self.asked_size or self.generation.size)

    @property
    def default_pose(self) -> str:
        """`center` where there is one, else the pose that the config names first."""
        # Asked of every frame: not by a list of all poses.
        return "center" if "center" in self.poses else next(iter(self.poses))

    def base_image_of(self, pose: str) -> str | None:
        """The artist's portrait at `pose`, or None where the neutral has to be drawn."""
        own = self.poses[pose].base_image
        return own or (self.base_image if pose == self.default_pose else None)

    @property
    def only_words(self) -> tuple[str, ...]:
        """The expressions that have nothing for an engine that draws by blend shapes."""
        return tuple(
            name
            for name, each in self.expressions.items()
            if name != NEUTRAL and not each.blendshapes and not each.values
        )

    def expression(self, expression: str) -> Expression:
        """The expression of that id; `neutral` is always there, even where no config names it."""
        if expression == NEUTRAL and expression not in self.expressions:
            return neutral_of(self.axes)
        return self.expressions[expression]


def neutral_of(axes: Mapping[str, Mapping[str, AxisValue]]) -> Expression:
    """The neutral face: the `neutral` value of every axis that has one."""
    values = [values[NEUTRAL] for values in axes.values() if NEUTRAL in values]
    return Expression(NEUTRAL, tuple(value.words for value in values if value.words))


def default_pose(poses: Iterable[str]) -> str:
    """`center` where there is one, else the first. Raises ValueError where there is none."""
    names = list(poses)
    if not names:
        raise ValueError("there are no poses")
    return "center" if "center" in names else names[0]


def pose_paths(expression: str, poses: Iterable[str]) -> tuple[BasePath, ...]:
    """What `pose_paths` asks for: one expression from the default pose to every other one."""
    names = list(poses)
    start = default_pose(names)
    return tuple(
        BasePath(
            f"{expression}_{start}_to_{end}", expression, expression, start_pose=start, end_pose=end
        )
        for end in names
        if end != start
    )

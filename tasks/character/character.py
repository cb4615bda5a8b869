"""The character as the rest of the program sees it: frozen, resolved, nothing left to look up.

`tasks.character.read` reads `expressions.json` into it. Nothing here imports more than the
standard library, so that a run that draws nothing stays as quick as doit itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tasks.character.ease import DEFAULT as DEFAULT_EASE
from tasks.character.export import ExportSettings
from tasks.character.face import Face, Head
from tasks.character.settings import Finish, Thresholds
from tasks.character.talking import Talking
from tasks.character.vocabulary import AxisValue
from tasks.models.facts import DEFAULT_MODEL
from tasks.models.prices import ModelPrice

MAX_DEPTH = 10
"""1,025 frames: one picture every 0.4 ms of a sequence of the usual length"""
NEUTRAL = "neutral"
"""the id of the expression that every other one at a pose is drawn from"""

Tween = Literal["draw", "morph", "hold"]
"""how in-betweens are made: by the engine; here, from the pixels of both neighbours; not at all"""


PORTRAIT = "portrait"
"""the size that is the base portrait's own"""


def _pixels(size: str) -> tuple[int, int]:
    width, height = size.split("x")
    return int(width), int(height)


@dataclass(frozen=True, slots=True)
class Generation:
    """How frames are drawn. The defaults of the config's `generation` live here, nowhere else."""

    engine: str = "auto"
    model: str = DEFAULT_MODEL
    size: str = "1024x1536"
    quality: str = "high"
    background: str = "transparent"
    include_neutral: bool = False
    budget_usd: float | None = 5.0
    """what one run may spend; None: no limit"""
    images_per_minute: float | None = None
    max_retries: int = 4
    timeout_s: float = 600.0
    """how long the server may be silent; a large picture at high quality takes minutes"""
    prices: tuple[ModelPrice, ...] = ()
    """what models cost, in place of the program's own table"""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """fields that an endpoint takes beside the documented ones"""
    omit: tuple[str, ...] = ()
    """documented fields that an endpoint refuses"""
    answer_hosts: tuple[str, ...] = ()
    image_field: str = "auto"
    budget_usd_day: float | None = None
    budget_usd_month: float | None = None
    budget_usd_project: float | None = None
    max_wait_s: float = 600.0
    """hosts beside the endpoint's own from which a picture may be fetched"""
    mask: bool = False
    """send a mask along that says where the face is"""
    auto_retake: int = 0
    """how many new takes at the most a flagged frame gets by itself"""

    asked: str = ""
    """the size that the engine is asked for, where that is not the frames' own: the portrait is
    padded to it, and the take brought back. No key of the config: see `size`"""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of frames in pixels."""
        return _pixels(self.size)

    @property
    def asked_px(self) -> tuple[int, int]:
        """Width and height, in pixels, that an engine with limits is asked for."""
        return _pixels(self.asked or self.size)


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
class BasePath:
    """A way between keyframes: of two expressions at each of `poses`, or of one at two poses.

    The defaults of the config's `base_paths` live here, nowhere else. In-betweens are drawn unless
    the config says otherwise: that is what a list of paths asks for, it costs nothing with the
    puppet, and what it costs with an image model is planned first and kept to the budget.
    """

    id: str
    start: str
    end: str
    poses: tuple[str, ...] = ()
    """where it is wanted; none for a path between poses"""
    start_pose: str | None = None
    end_pose: str | None = None
    """both for a path between poses, whose `start` and `end` are one expression; else neither"""
    max_depth: int = 2
    """how often the time between two frames is halved: 2**max_depth + 1 frames"""
    distance_threshold: float = 0.0
    """two neighbours that are less than this apart (`tasks.pictures.distance`, 0..255) get their
    middle by morph, not by the engine; 0: never"""
    tween: Tween = "draw"
    ease: str = DEFAULT_EASE
    """how it is played, one of `tasks.character.ease.EASES`; no picture depends on it"""
    duration_ms: int = 400
    """how long it is played: five frames on twos, two of a film's 24 a second each, are 417 ms"""


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
    finish: Finish = field(default_factory=Finish)
    """what is done to a take to make a frame of it"""
    checks: Thresholds = field(default_factory=Thresholds)
    """from where on a frame is flagged"""
    exports: Mapping[str, ExportSettings] = field(default_factory=dict)
    """what is said of each export, by its name"""
    talking: Talking = field(default_factory=Talking)
    """visemes, lip-sync and timelines"""

    @property
    def default_pose(self) -> str:
        """`center` where there is one, else the pose that the config names first."""
        return default_pose(self.poses)

    def base_image_of(self, pose: str) -> str | None:
        """The artist's portrait at `pose`, or None where the neutral has to be drawn."""
        own = self.poses[pose].base_image
        return own or (self.base_image if pose == self.default_pose else None)

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

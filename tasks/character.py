"""The character as the rest of the program sees it: frozen, resolved, nothing left to look up.

`tasks.character_file` reads `expressions.json` into it. Nothing here imports more than the
standard library, so that a run that draws nothing stays as quick as doit itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.face import Face, Head
from tasks.finish.settings import Finish, Thresholds
from tasks.models import DEFAULT_MODEL
from tasks.spending.prices import ModelPrice
from tasks.vocabulary import AxisValue

NEUTRAL = "neutral"
"""the id of the expression that every other one at a pose is drawn from"""


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
    """hosts beside the endpoint's own from which a picture may be fetched"""
    mask: bool = False
    """send a mask along that says where the face is"""
    auto_retake: int = 0
    """how many new takes at the most a flagged frame gets by itself"""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self.size.split("x")
        return int(width), int(height)


@dataclass(frozen=True, slots=True)
class Expression:
    """A named facial state, resolved: the words of its axis values, its blend-shape weights."""

    id: str
    words: tuple[str, ...] = ()
    """what to draw, one phrase an axis, then the expression's own free words"""
    blendshapes: Mapping[str, float] = field(default_factory=dict)
    """ARKit name to weight, 0..1"""


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
    """A sequence to be drawn, from one keyframe to another (`start` and `end` are expressions)."""

    id: str
    start: str
    end: str


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

    @property
    def default_pose(self) -> str:
        """`center` where there is one, else the pose that the config names first."""
        return "center" if "center" in self.poses else next(iter(self.poses))

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

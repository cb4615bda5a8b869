"""What the config says of one export. The defaults of `exports` live here, nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Gt, Le

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """One export: which frames, which part of each, how large, and what that export alone reads."""

    expressions: tuple[str, ...] = ()
    """which expressions; `*` and `?` stand for any text; without it, all"""
    poses: tuple[str, ...] = ()
    """which poses; without it, all of which there are frames"""
    costumes: tuple[str, ...] = ()
    """which costumes, beside the config's own portrait; without it, all"""
    scale: Annotated[float, Gt(0), Le(1)] = 1.0
    """how large, as a part of the frames' size"""
    crop: Literal["none", "figure", "bust", "face"] | Box = "none"
    """the part of each frame: `figure` what is not transparent in any of them, `bust`, `face`, or
    a box [left, top, right, bottom] in 0..1"""
    flip: bool = False
    """mirrored; poses with left or right in their names change places"""
    metadata: bool = True
    """whether pictures keep where they came from, and the mark of generated media"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """what this export alone reads (docs/exports.md)"""

"""What a take is held against: a neutral picture, and where its face is.

All that depends on these alone is worked out once, for as many takes as there are: their smaller
sizes, the strongest edges, how the face is joined, what the neutral face looks like.
"""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import cv2
import numpy as np

from tasks.finish.alpha import (
    OPAQUE,
    Bools,
    Floats,
    Mask,
    Pixels,
    premultiplied,
)
from tasks.finish.pyramid import Pyramid
from tasks.finish.region import Box, box, weights
from tasks.finish.size import sized
from tasks.pictures.alpha import each_channel
from tasks.pictures.packing import Packer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fade:
    """How two pictures are mixed."""

    part: Floats
    """(height, width): how much of the upper one each pixel shows, 0..1"""
    share: Floats
    """the same for each channel"""
    rest: Floats
    """what the lower one adds, premultiplied"""


def faded(part: Floats, below: Floats) -> Fade:
    """Anything over `below`, premultiplied, as much as `part` says."""
    share = each_channel(part)
    return Fade(part, share, below * (1 - share))


class Reference:
    """A neutral picture (RGBA, straight alpha), and the region of its face, or None.

    The region is of the frame's size, 255 inside. Threads may share one; what it hands out is not
    to be written on.
    """

    def __init__(self, picture: Pixels, region: Mask | None) -> None:
        self.picture = picture
        self.region = region
        self.pyramid = Pyramid(picture)
        self._known: dict[Hashable, Any] = {}
        self._lock = threading.RLock()

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """What `make` answers, asked for the first time only; `what` names it.

        Who asks meanwhile waits: the first frames of a run are worked on at once, and each would
        work all of it out.
        """
        if what not in self._known:
            with self._lock:
                if what not in self._known:
                    self._known[what] = make()
        return cast(T, self._known[what])

    def fitted(self, size_px: tuple[int, int]) -> "Reference":
        """The same at a size (width, height); the region only where it has that size."""
        picture = sized(self.picture, size_px)
        fits = self.region is None or self.region.shape[::-1] == size_px
        if picture is self.picture and fits:
            return self
        return self.once(
            ("fitted", size_px), lambda: Reference(picture, self.region if fits else None)
        )

    @property
    def packer(self) -> Packer:
        """Packs frames: of a locked one, most is this picture."""
        return self.once("packer", lambda: Packer(self.picture))

    @property
    def figure(self) -> Bools:
        """(height, width): where it is opaque, by half or more."""
        return self.pyramid.solid

    def covered(self, by: Pyramid) -> float:
        """How much of what is transparent here is opaque in a picture of its size: 0..1."""

        def found() -> tuple[Bools, int]:
            clear = cv2.extractChannel(self.picture, 3) < OPAQUE // 2
            return clear, int(np.count_nonzero(clear))

        clear, total = self.once("clear", found)
        if total < 0.005 * clear.size:
            return 0.0
        return int(np.count_nonzero(clear & by.solid)) / total

    @property
    def where(self) -> Box:
        """The rows and columns of the face; a region is needed."""
        return self.once("where", lambda: box(cast(Mask, self.region)))

    @property
    def face(self) -> Floats:
        """The picture's own pixels there, premultiplied."""
        return self.once("face", lambda: premultiplied(self.picture[self.where]))

    def fade(self, width_px: float) -> Fade:
        """How a take's face fades into it, over `width_px` (see `region.weights`)."""

        def made() -> Fade:
            return faded(weights(cast(Mask, self.region), width_px, self.where), self.face)

        return self.once(("fade", width_px), made)

    def region_at(self, size_px: tuple[int, int]) -> Mask | None:
        """The region at a smaller size, by averaging; None without one."""
        region = self.region
        if region is None:
            return None
        return self.once(
            ("region", size_px),
            lambda: cast(Mask, cv2.resize(region, size_px, interpolation=cv2.INTER_AREA)),
        )

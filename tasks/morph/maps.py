"""The pair of maps that lay two pictures over one another, in a middle between them."""

from dataclasses import dataclass
from functools import reduce
from typing import Any, cast

import cv2
import numpy as np

from tasks.morph.columns import match
from tasks.morph.fields import Floats, area, blurred, grid, origin, resized, sample, spread, tamed

_GREY = 127.5
"""what a transparent pixel looks like to the flow"""
_HALF = np.float32(0.5)
_AGREE_PX = 1.0
_ALIKE = 20.0
_DOUBT = 0.1
_LEAST_PX = 64
_REACH_OF_BOX = 0.6
_REACH = 0.085
"""how far lids and lips move, at most, as a part of the picture's height"""
_CELLS = 5_000_000
"""how many pairs of rows are compared, at most; above it, on a coarser grid"""
Box = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Maps:
    """For each pixel of the middle, how far away its place in each picture is, in pixels."""

    first: Floats
    second: Floats

    def at(self, t: float) -> Floats:
        """How far each pixel of the middle has moved at time t (0: `first`, 1: `second`)."""
        return (1 - t) * self.first + t * self.second

    def then(self, step: Floats) -> "Maps":
        """These maps, each side moved by `step` more: one against it, the other along it."""
        pixels = grid(step.shape)
        return Maps(
            sample(self.first, pixels - step) - step, sample(self.second, pixels + step) + step
        )


def find(first: Floats, second: Floats, free: Floats, height_px: float) -> tuple[Maps, Maps]:
    """Maps between two premultiplied RGBA pictures (0..255): whole ones, and of what is on top.

    The former move everything as it is seen to move. The latter move by flow alone, and so tell
    how what lies behind the lids and the lips moves: not with them. `free` (0..1) says where
    anything may move at all; `height_px` is the height of the whole picture that these are of.
    """
    still = Maps(np.zeros_like(first[..., :2]), np.zeros_like(first[..., :2]))
    step, trust = _flow(first, second, np.ones_like(free))
    behind = still.then(step * free[..., None])
    step = _matched(*_laid_over(first, second, behind), trust, height_px)
    whole = behind.then(step * free[..., None])
    step, _ = _flow(*_laid_over(first, second, whole), _both_seen(whole))
    return whole.then(step * free[..., None]), behind


def areas(maps: Maps) -> tuple[Floats, Floats]:
    """How much of each picture every pixel of the middle stands for."""
    pixels = grid(maps.first.shape)
    return area(pixels + maps.first), area(pixels + maps.second)


def _laid_over(first: Floats, second: Floats, maps: Maps) -> tuple[Floats, Floats]:
    pixels = grid(first.shape)
    return sample(first, pixels + maps.first), sample(second, pixels + maps.second)


def _both_seen(maps: Maps) -> Floats:
    """1 where both pictures show what lies there, 0 where one of them does not."""
    of_first, of_second = areas(maps)
    share = np.minimum(of_first, of_second) / (of_first + of_second + 1e-6)
    return cast(Floats, np.clip(4 * share, 0, 1) ** 2)


def _flow(first: Floats, second: Floats, trusted: Floats) -> tuple[Floats, Floats]:
    """Half the optical flow, seen from the middle, and how far it is to be trusted (0..1)."""
    tones = _tone(first), _tone(second)
    pixels = grid(first.shape)
    there = origin(_dis(*tones) * _HALF) - pixels
    back = origin(_dis(*reversed(tones)) * _HALF) - pixels
    # Both are the way from the middle to where the motion comes from: opposite, where they agree.
    half = (back - there) * _HALF
    apart = ((there + back) ** 2).sum(axis=2)
    beside = cv2.blur(sample(first, pixels - half) - sample(second, pixels + half), (5, 5))
    unlike = _largest(beside) / _ALIKE
    trust = cast(Floats, np.exp(-apart / _AGREE_PX**2 - unlike**2) * trusted)
    return tamed(spread(half, trust)), trust


def _largest(apart: cv2.typing.MatLike) -> Floats:
    """The largest difference of any channel; one by one, as a maximum along an axis is slow."""
    return cast(Floats, reduce(np.maximum, cv2.split(np.abs(apart))))


def _tone(picture: Floats) -> Floats:
    grey = cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2GRAY) + _GREY * (1 - picture[..., 3] / 255)
    return cast(Floats, cv2.convertScaleAbs(grey))


def _dis(first: Floats, second: Floats) -> Floats:
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    height, width = first.shape[:2]
    # Given less, it reads beyond the picture.
    room = max(0, _LEAST_PX - height), max(0, _LEAST_PX - width)
    wide = [
        cv2.copyMakeBorder(each, 0, room[0], 0, room[1], cv2.BORDER_REPLICATE)
        for each in (first, second)
    ]
    none: Any = None
    flow = dis.calc(wide[0], wide[1], none)
    return cast(Floats, np.ascontiguousarray(flow[:height, :width]))


def _matched(first: Floats, second: Floats, trust: Floats, height_px: float) -> Floats:
    """Where flow is not to be trusted, rows matched column by column; elsewhere nothing."""
    out = np.zeros_like(first[..., :2])
    reach_px = max(4, round(_REACH * height_px))
    boxes = _doubtful(trust, reach_px)
    pixels = sum((down.stop - down.start) * (along.stop - along.start) for down, along in boxes)
    # Half as fine is fine enough for a face that fills the picture.
    times = max(min(2.0, height_px / 360), (pixels * 2 * reach_px / _CELLS) ** (1 / 3), 1.0)
    for box in boxes:
        out[box][..., 1] = _matched_box(first[box], second[box], reach_px, times)
    return out


def _matched_box(first: Floats, second: Floats, reach_px: int, times: float) -> Floats:
    height, width = first.shape[:2]
    size = max(1, round(width / times)), max(1, round(height / times))
    scale = size[1] / height
    # A lid moves no further than the eye is high, and round the eye there is room.
    reach = max(1, min(round(reach_px * scale), round(size[1] * _REACH_OF_BOX)))
    down = match(_colours(first, size), _colours(second, size), reach)
    edge = np.zeros((height, width), np.uint8)
    edge[1:-1, 1:-1] = 1
    ramp = np.minimum(1, cv2.distanceTransform(edge, cv2.DIST_L2, 3) / 10)
    return resized(down, (width, height)) / np.float32(scale) * ramp


def _colours(picture: Floats, size_px: tuple[int, int]) -> Floats:
    flat = picture[..., :3] + _GREY * (1 - picture[..., 3:] / 255)
    return cv2.resize(flat, size_px, interpolation=cv2.INTER_AREA) / np.float32(255)


def _doubtful(trust: Floats, reach_px: int) -> list[Box]:
    """Boxes round what flow did not explain, with room for what moves in from above and below."""
    height, width = trust.shape
    doubted = (blurred(1 - trust, 4) > _DOUBT).astype(np.uint8)
    joined = cv2.morphologyEx(doubted, cv2.MORPH_CLOSE, np.ones((25, 25), np.uint8))
    boxes = [box for box in _boxes(joined) if box[2] * box[3] >= 12 * 12]
    # Twice: boxes that overlap are one, and so are boxes that this one overlaps.
    for grow in (True, False):
        doubt = np.zeros((height, width), np.uint8)
        for x, y, wide, high in boxes:
            room, side = (min(high // 2, reach_px) + 20, 15) if grow else (0, 0)
            doubt[max(0, y - room) : y + high + room, max(0, x - side) : x + wide + side] = 1
        boxes = _boxes(doubt)
    return [(slice(y, y + high), slice(x, x + wide)) for x, y, wide, high in boxes]


def _boxes(mask: cv2.typing.MatLike) -> list[tuple[int, int, int, int]]:
    _, _, found, _ = cv2.connectedComponentsWithStats(mask)
    return [(int(x), int(y), int(wide), int(high)) for x, y, wide, high, _ in found[1:]]

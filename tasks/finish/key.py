"""A flat background, or a greenscreen, made transparent, with clean edges.

Only what is of the background's colour and reaches the picture's border goes (of a strong colour
also what is enclosed, such as between arm and body). Along the edge, each pixel is a mixture of
background and figure: how much of each is worked out from the figure's own colour next to it,
and the background's part is taken out of the colour.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.finish.alpha import OPAQUE, Bools, Floats, Mask, Pixels, overlaid, solid
from tasks.finish.reference import Reference
from tasks.pictures.alpha import whole_pixels

Colour = NDArray[np.float32]
"""(3,): red, green, blue, 0..255"""
_FLAT_SHARE = 0.6
"""how much of the picture's border must be of one colour to be a flat background: a portrait
touches the lower edge, and often both sides"""
_NEAREST, _NEAR, _STRONG = 10.0, 30.0, 90.0
"""how far from a background's colour its pixels may be, by how noisy it is; and from what
saturation on a colour is a screen's, which no figure shares"""
_LEFT, _TAKEN = 0.15, 0.02
"""how much of what the reference leaves transparent may stay, and how much of its figure may go;
beyond that, the background was not the one colour that it seemed to be"""
_EDGE_PX = 3
"""how far a mixed edge reaches, in px of a 1024 wide picture"""
_LEAST = 0.05
"""a background smaller than this part of the picture is none"""


@dataclass(frozen=True, slots=True)
class Keyed:
    """The picture, transparent where the background was, or as it came."""

    picture: Pixels
    done: bool
    problem: str = ""


def key(take: Pixels, wanted: str, reference: Reference | None) -> Keyed:
    """Take away a background: `wanted` is `auto` or a colour `#rrggbb` (see `Finish.key`).

    `auto` leaves a take alone that has transparency, or whose reference, of its size, has none.
    """
    if wanted != "auto":
        parts = [int(wanted[at : at + 2], 16) for at in (1, 3, 5)]
        return _keyed(take, np.array(parts, np.float32), _NEAR)
    if reference is None or transparent(take) or not _is_transparent(reference):
        return Keyed(take, done=False)
    found = flat_background(take)
    if found is None:
        return Keyed(take, done=False, problem=_NOT_FLAT)
    return _keyed(take, *found, reference)


_NOT_FLAT = "the background is not transparent, and of no one colour that could be keyed"


def _keyed(take: Pixels, colour: Colour, near: float, reference: Reference | None = None) -> Keyed:
    """Without that background; where a reference is given, only if about its figure is left."""
    ground = _ground(take, colour, near)
    if np.count_nonzero(ground) < _LEAST * ground.size:
        return Keyed(take, done=False, problem="the background's colour is hardly there")
    band, sure = _edge(ground)
    # What stays and what goes whatever the edge is like: most that is not plausible shows there.
    stays = (sure > 0) & solid(take)
    if not _plausible(stays, ground > 0, reference):
        return Keyed(take, done=False, problem=_NOT_FLAT)
    cut = _cut(take, colour, ground, band, sure)
    left = solid(cut)
    if not _plausible(left, ~left, reference):
        return Keyed(take, done=False, problem=_NOT_FLAT)
    return Keyed(cut, done=True)


def _plausible(stays: Bools, goes: Bools, reference: Reference | None) -> bool:
    """Whether about that is left which the reference shows; without one, anything may be."""
    if reference is None:
        return True
    there = reference.figure
    left, taken = _part(stays, ~there), _part(goes, there)
    return left < _LEFT and taken < _LEFT and not _eaten(reference, goes)


def _part(some: Bools, whole: Bools) -> float:
    """How much of one mask is in another: 0..1."""
    return int(np.count_nonzero(some & whole)) / max(1, int(np.count_nonzero(whole)))


def _eaten(reference: Reference, goes: Bools) -> bool:
    """Whether parts went that lie well inside the figure, and not by its being elsewhere."""

    def inner() -> Bools:
        figure = reference.figure.astype(np.uint8)
        side = 2 * max(1, figure.shape[1] // 16) + 1
        return cv2.erode(figure, np.ones((side, side), np.uint8)) > 0

    return _part(goes, reference.once("inner", inner)) > _TAKEN


def _is_transparent(reference: Reference) -> bool:
    return reference.once("transparent", lambda: transparent(reference.picture))


def transparent(picture: Pixels) -> bool:
    """Whether there is any background to see through."""
    whole = solid(picture)
    return whole.size - int(np.count_nonzero(whole)) > 0.005 * whole.size


def flat_background(picture: Pixels) -> tuple[Colour, float] | None:
    """The one colour of the picture's upper border and sides, and how far its pixels may be from
    it (levels); None where there is no such colour."""
    height, width = picture.shape[:2]
    rim = max(2, width // 200)
    sides = height * 2 // 3
    border = np.concatenate(
        [
            picture[:rim, :, :3].reshape(-1, 3),
            picture[:sides, :rim, :3].reshape(-1, 3),
            picture[:sides, -rim:, :3].reshape(-1, 3),
        ]
    ).astype(np.float32)
    colour = np.median(border, axis=0)
    away = np.abs(border - colour).max(axis=1)
    near = float(np.clip(5 * np.median(away), _NEAREST, _NEAR))
    flat = away < min(near, _NEAR / 2)
    return (cast(Colour, border[flat].mean(axis=0)), near) if flat.mean() >= _FLAT_SHARE else None


def _saturation(colour: Colour) -> float:
    return float(colour.max() - colour.min())


def _ground(picture: Pixels, colour: Colour, reach: float) -> Mask:
    """255 where the background shows alone."""
    away = _distance(picture, colour)
    # a little blurred, so that noise leaves no holes
    blurred = cv2.GaussianBlur(away, (0, 0), max(0.6, picture.shape[1] / 1500))
    near = (blurred < reach).astype(np.uint8)
    if _saturation(colour) >= _STRONG:
        return cast(Mask, _without_specks(near) * np.uint8(255))
    count, labels = cv2.connectedComponents(near, connectivity=4)
    sides = labels.shape[0] * 9 // 10
    at_border = np.zeros(count, np.uint8)
    for line in (labels[0], labels[:sides, 0], labels[:sides, -1]):
        at_border[line] = 255
    at_border[0] = 0
    return np.take(at_border, np.asarray(labels, np.intp))


def _without_specks(near: Mask) -> Mask:
    """Without what is too small to be a background seen between arm and body."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] > 2e-5 * near.size
    large[0] = False
    return np.take(large.astype(np.uint8), np.asarray(labels, np.intp))


def _distance(picture: Pixels, colour: Colour) -> Floats:
    red, green, blue = (
        cv2.absdiff(cv2.extractChannel(picture, channel), np.round(colour[channel : channel + 1]))
        for channel in range(3)
    )
    return cast(Floats, cv2.max(cv2.max(red, green), blue).astype(np.float32))


def _edge(ground: Mask) -> tuple[Bools, Mask]:
    """Where background and figure may be mixed, and 1 where there is the figure alone."""
    reach = max(2, round(_EDGE_PX * ground.shape[1] / 1024))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    figure = ground == 0
    band = (cv2.dilate(ground, disc) > 0) & figure
    return band, (~band & figure).astype(np.uint8)


def _cut(picture: Pixels, colour: Colour, ground: Mask, band: Bools, sure: Mask) -> Pixels:
    """The figure alone: pixels along its edge without the background's part of their colour."""
    cut = picture.copy()
    nothing = np.zeros_like(picture)
    overlaid(cut, nothing, ground > 0)
    if not sure.any() or not band.any():
        return cut
    rows, columns = np.nonzero(band)
    figure = _nearest(picture, sure, rows, columns)
    mixed = picture[rows, columns, :3].astype(np.float32)
    share = _share(mixed, figure, colour)[:, None]
    own = (mixed - (1 - share) * colour) / np.maximum(share, 0.25)
    # where little of the figure is left, its neighbour's colour is surer
    trust = np.clip((share - 0.2) / 0.5, 0, 1)
    clean = _despilled(own * trust + figure * (1 - trust), figure, colour)
    kept = share[:, 0] * picture[rows, columns, 3]
    cut[rows, columns, :3] = np.clip(np.round(clean), 0, OPAQUE).astype(np.uint8)
    cut[rows, columns, 3] = np.round(kept).astype(np.uint8)
    overlaid(cut, nothing, cut[..., 3] == 0)
    return cut


def _share(mixed: Floats, figure: Floats, colour: Colour) -> Floats:
    """How much of each mixed colour is the figure's, 0..1; the rest is the background's."""
    way = figure - colour
    length = np.maximum((way * way).sum(axis=1), 1.0)
    share: Floats = np.clip(((mixed - colour) * way).sum(axis=1) / length, 0, 1)
    # a figure of nearly the background's colour tells nothing: it is kept
    share[length < _NEAR * _NEAR] = 1
    return np.where(share > 0.97, 1.0, np.where(share < 0.03, 0.0, share))


def _nearest(
    picture: Pixels, sure: Mask, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Floats:
    """The colour of the figure nearest to each pixel, a little averaged."""
    _, labels = cv2.distanceTransformWithLabels(
        1 - sure, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # The library numbers the pixels that are sure from 1 on, row by row.
    return _around(picture, sure, np.flatnonzero(sure)[labels[rows, columns] - 1])


def _around(picture: Pixels, sure: Mask, places: NDArray[np.intp]) -> Floats:
    """The mean colour of what is sure among the nine pixels around each place."""
    height, width = sure.shape
    down, across = np.divmod(places, width)
    whole, known = whole_pixels(picture).ravel(), sure.ravel()
    total, count = np.zeros((places.size, 4), np.float32), np.zeros(places.size, np.float32)
    for dy in (-1, 0, 1):
        row = np.clip(down + dy, 0, height - 1) * width
        for dx in (-1, 0, 1):
            at = row + np.clip(across + dx, 0, width - 1)
            # a pixel that does not count is gathered as black
            seen = whole[at] * known[at]
            total += seen.view(np.uint8).reshape(-1, 4)
            count += known[at]
    return cast(Floats, (total / np.maximum(count, 1)[:, None])[:, :3])


def _despilled(clean: Floats, figure: Floats, colour: Colour) -> Floats:
    """No more of a strong background's hue than the figure itself has."""
    if _saturation(colour) < _STRONG:
        return clean
    main = int(colour.argmax())
    others = [channel for channel in range(3) if channel != main]
    own = figure[:, main] - figure[:, others].max(axis=1)
    limit = clean[:, others].max(axis=1) + np.maximum(own, 0)
    clean = clean.copy()
    clean[:, main] = np.minimum(clean[:, main], limit)
    return clean

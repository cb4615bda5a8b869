"""The figure parted from an opaque background: only the head moves, and what it uncovers is filled.

A background of one colour is taken by its colour; before any other the figure is found by GrabCut
(Rother, Kolmogorov and Blake 2004) from the outline of the face.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.ground.errors import Mistake
from tasks.puppet.anatomy import Anatomy
from tasks.puppet.raster import Cut, Floats, Mask, Pixels, smooth, to_bytes
from tasks.puppet.skin import to_lab

WIDE = 320
"""pixels that a figure is looked for in: enough to tell it, and quick"""
FLAT = 0.85
"""how much of the picture's border has one colour where the background is plain"""
TOLD = 6.0
"""from where on two colours beside an edge are told apart, CIELAB"""
CLEAR = 0.6
"""how much of the figure's edge must be told from the background"""
ROUNDS = 4
Labels = NDArray[np.uint8]
"""(height, width) of GrabCut's four: surely or perhaps background or figure"""


class TurnError(Mistake):
    """The head cannot be turned: it cannot be told from what is behind it."""


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """What is behind a figure."""

    share: Pixels
    """(height, width) how much of each pixel is the figure's, 0..255"""
    plate: Pixels
    """the picture with the background continued behind the figure; premultiplied"""
    unclear: bool
    """whether the figure is not surely told from the background: then the head is not turned"""


def backdrop(picture: Pixels, premultiplied: Pixels, face: Anatomy) -> Backdrop | None:
    """Part the figure from an opaque background; None where the background is transparent."""
    border = _border(picture, face)
    if (border[:, 3] < 128).mean() > 0.2:
        return None
    lab = to_lab(border[None])[0]
    usual = np.median(lab, axis=0)
    far = np.linalg.norm(lab - usual, axis=1)
    noise = float(np.quantile(far, 0.5))
    flat = noise < 4 and (far < 3 * noise + 2).mean() > FLAT
    if flat:
        figure = _unlike(picture, usual, 3 * noise + 2)
        colour = np.append(np.median(border[:, :3], axis=0), 255)
        plate = np.broadcast_to(colour, picture.shape).astype(np.float32)
    else:
        figure = _cut_out(picture, face)
        plate = _continued(premultiplied, figure)
    share = smooth(cv2.GaussianBlur(figure.astype(np.float32), (0, 0), 0.7) * 1.6 - 0.2)
    behind = cv2.dilate(figure.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    whole = np.where(behind[..., None], to_bytes(plate), premultiplied)
    unclear = not _holds(figure, face) or not (flat or _is_told(picture, figure, face))
    return Backdrop(np.round(share * 255).astype(np.uint8), whole, unclear)


def before(behind: Backdrop, colours: Pixels, share: Floats, at: Cut) -> Mask:
    """Lay the background under (premultiplied) colours of the moved figure, in place.

    `share`: how much of each of these pixels is the figure's, now; `at`: where they lie. Returns
    the pixels that the figure covers or has uncovered: all others are as they were.
    """
    part = share[..., None]
    mixed = behind.plate[at] * (1 - part) + colours * part
    edge = (share < 1)[..., None]
    np.copyto(colours, to_bytes(mixed), where=edge)
    touched: Mask = (share > 0) | (behind.share[at] > 0)
    return touched


def _border(picture: Pixels, face: Anatomy) -> Pixels:
    """The colours (n, 4) along the top and along the sides, down to the chin."""
    low = min(max(int(face.axes.picture(face.chin)[1]), 1), picture.shape[0])
    sides = (picture[0], picture[1], picture[:low, 0], picture[:low, -1])
    return cast(Pixels, np.concatenate(sides))


def _unlike(picture: Pixels, usual: Floats, tolerance: float) -> Mask:
    """All but what has the background's colour and hangs together with the border."""
    alike = np.linalg.norm(to_lab(picture) - usual, axis=-1) < tolerance
    _, names = cv2.connectedComponents(alike.astype(np.uint8), connectivity=4)
    outer = np.unique(np.concatenate([names[0], names[:, 0], names[:, -1]]))
    return _whole(~np.isin(names, outer[outer > 0]))


def _whole(figure: Mask) -> Mask:
    """The largest part of a mask, its holes filled."""
    count, names, stats, _ = cv2.connectedComponentsWithStats(figure.astype(np.uint8))
    if count < 2:
        return figure
    largest = names == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    _, holes = cv2.connectedComponents((~largest).astype(np.uint8), connectivity=4)
    outer = np.unique(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]]))
    filled: Mask = largest | ~np.isin(holes, outer[outer > 0])
    return filled


def _cut_out(picture: Pixels, face: Anatomy) -> Mask:
    """The figure, by GrabCut from the outline of the face."""
    height, width = picture.shape[:2]
    scale = min(1.0, WIDE / width)
    size = (max(round(width * scale), 8), max(round(height * scale), 8))
    small = cv2.resize(np.ascontiguousarray(picture[..., :3]), size, interpolation=cv2.INTER_AREA)
    guess = _guess(face, size, scale)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    # its clusters begin at random: the same picture must give the same figure
    cv2.setRNGSeed(1)
    cv2.grabCut(small, guess, (0, 0, 0, 0), *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = _whole((guess == cv2.GC_FGD) | (guess == cv2.GC_PR_FGD)).astype(np.float32)
    full = cv2.resize(found, (width, height), interpolation=cv2.INTER_CUBIC) > 0.5
    return _whole(_snapped(picture, full, round(1.5 / scale)))


def _snapped(picture: Pixels, figure: Mask, reach: int) -> Mask:
    """The edge of a figure that was found in a smaller picture, once more in the whole one."""
    if reach < 2:
        return figure
    brush = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    inner = cv2.erode(figure.astype(np.uint8), brush) > 0
    outer = cv2.dilate(figure.astype(np.uint8), brush) > 0
    markers = np.where(inner, 1, np.where(outer, 0, 2)).astype(np.int32)
    cv2.watershed(np.ascontiguousarray(picture[..., :3]), markers)
    return cast(Mask, markers == 1) | inner


def _guess(face: Anatomy, size: tuple[int, int], scale: float) -> Labels:
    """What is surely figure, what may be, and what is surely background."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    fx, fy = face.axes.locals(x / np.float32(scale), y / np.float32(scale))
    guess: Labels = np.full(fx.shape, cv2.GC_PR_BGD, np.uint8)
    middle, half, unit = face.chin[0], face.half_width, face.unit
    head = np.hypot((fx - middle) / (1.75 * half), (fy - 0.2 * unit) / (2.6 * unit)) < 1
    neck = (np.abs(fx - middle) < 0.6 * half) & (fy > face.chin[1])
    body = (fy > face.pivot[1]) & (np.abs(fx - middle) < 1.2 * half)
    guess[head | neck | body] = cv2.GC_PR_FGD
    far = np.hypot((fx - middle) / (2.3 * half), (fy - 0.2 * unit) / (3.4 * unit)) > 1
    guess[far & (fy < face.chin[1])] = cv2.GC_BGD
    face_at = np.array([face.axes.picture(point) for point in face.outline], np.float32) * scale
    middle_at = np.array(face.axes.picture((middle, 0.6 * unit)), np.float32) * scale
    surely = np.zeros_like(guess)
    cv2.fillPoly(surely, [(middle_at + 0.9 * (face_at - middle_at)).round().astype(np.int32)], 1)
    surely |= (neck & (fy < face.pivot[1]) & (np.abs(fx - middle) < 0.3 * half)).astype(np.uint8)
    guess[surely > 0] = cv2.GC_FGD
    return guess


def _continued(premultiplied: Pixels, figure: Mask) -> Floats:
    """The background behind the figure (Telea 2004), at a smaller size."""
    height, width = figure.shape
    scale = min(1.0, WIDE / width)
    size = (max(round(width * scale), 8), max(round(height * scale), 8))
    small = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA)
    hole = cv2.resize(figure.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    hole = cv2.dilate((hole > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
    filled = cv2.inpaint(np.ascontiguousarray(small[..., :3]), hole, 3, cv2.INPAINT_TELEA)
    whole = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return cast(Floats, np.dstack([whole, np.full((height, width), 255, np.float32)]))


def _holds(figure: Mask, face: Anatomy) -> bool:
    """Whether the figure holds the face, and is not the whole picture."""
    inside = np.zeros(figure.shape, np.uint8)
    corners = np.array([face.axes.picture(point) for point in face.outline], np.float32)
    cv2.fillPoly(inside, [corners.round().astype(np.int32)], 1)
    return bool(figure[inside > 0].mean() > 0.93 and figure.mean() < 0.9)


def _is_told(picture: Pixels, figure: Mask, face: Anatomy) -> bool:
    """Whether the colours to either side of the head's edge differ, along most of it."""
    contours, _ = cv2.findContours(
        figure.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    edge = np.concatenate([line[:, 0] for line in contours]).astype(np.float32)
    down = face.axes.locals(edge[:, 0], edge[:, 1])[1]
    edge = edge[down < face.chin[1]]
    # what runs along the picture's border is no edge of the figure
    height, width = figure.shape
    inner = (edge[:, 0] > 2) & (edge[:, 0] < width - 3) & (edge[:, 1] > 2)
    edge = edge[inner]
    if len(edge) < 8:
        return False
    depth = cv2.GaussianBlur(figure.astype(np.float32), (0, 0), max(0.04 * face.unit, 1.5))
    across, along = np.gradient(depth)[::-1]
    rows, columns = edge[:, 1].astype(int), edge[:, 0].astype(int)
    normal = np.stack([across[rows, columns], along[rows, columns]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    lab = to_lab(cast(Pixels, cv2.GaussianBlur(picture, (0, 0), 1.0)))
    step = max(0.05 * face.unit, 2.5)
    pair = []
    for way in (step, -step):
        spots = np.clip(edge + way * normal, 0, (width - 1, height - 1)).astype(int)
        pair.append(lab[spots[:, 1], spots[:, 0]])
    told = np.linalg.norm(pair[0] - pair[1], axis=1) > TOLD
    return bool(told.mean() > CLEAR)

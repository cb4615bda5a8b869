"""A brow that is partly hidden, by a fringe say, continued where it is not seen."""

import cv2
import numpy as np

from tasks.puppet.anatomy import Anatomy, BrowShape
from tasks.puppet.raster import Floats, Mask, smooth
from tasks.puppet.skin import UNLIKE, Zone

BAND = 0.09
"""how far from its middle line a brow may reach, in the face's unit"""
ENOUGH = 0.25
"""with less of its length seen than this there is nothing to continue"""


def brows_under(picture: Floats, zone: Zone, face: Anatomy, over: Mask) -> None:
    """Draw what is hidden of the brows into a zone's premultiplied picture of the bare face."""
    for brow in face.brows.values():
        _continue(picture, zone, brow, BAND * face.unit, over)


def _continue(picture: Floats, zone: Zone, brow: BrowShape, reach: float, over: Mask) -> None:
    xs, ys = zip(*sorted((brow.inner, brow.middle, brow.outer)), strict=True)
    away = zone.down - np.interp(zone.across, xs, ys).astype(np.float32)
    band = (np.abs(away) < reach) & (zone.across > xs[0]) & (zone.across < xs[-1])
    if not (band & over).any():
        return
    ink = band & ~over & (zone.unlike > UNLIKE)
    column = np.round(zone.across).astype(int)
    seen = np.unique(column[ink])
    if len(seen) < max(ENOUGH * (xs[-1] - xs[0]), 3):
        return
    thick = max(ink.sum() / len(seen), 1.5)
    middle = float(np.median(away[ink]))
    beyond = np.minimum(zone.across - xs[0], xs[-1] - zone.across)
    taper = np.float32(thick / 2) * smooth(beyond / np.float32(0.15 * (xs[-1] - xs[0])) + 0.4)
    beside = cv2.dilate(over.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    share = np.clip(taper - np.abs(away - middle) + 0.5, 0, 1) * beside
    colour = np.median(picture[ink], axis=0)
    picture += share[..., None] * (colour - picture)

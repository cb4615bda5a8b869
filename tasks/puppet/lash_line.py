"""The line of the lashes as a pen would draw it: how thick it is along the lid, and its colour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from tasks.puppet.anatomy import EyeShape
from tasks.puppet.over import BESIDE, LASHES, EyeParts, reached
from tasks.puppet.raster import Floats, Mask, blurred
from tasks.puppet.skin import UNLIKE, Zone

COLUMNS = 33
THICKEST = 0.28
"""how thick lashes are drawn at most, in heights of the eye"""
PUPIL = 0.05
"""how much of an eye its darkest colour fills: a small pupil on a large white"""


@dataclass(frozen=True, slots=True, eq=False)
class LashLine:
    """The upper lid's line; both eyes have one, mirrored."""

    thick: Floats
    """(COLUMNS,) pixels across the line, from the inner corner to the outer one"""
    ink: Floats
    """(4,) premultiplied"""
    flick: float = 0.0
    """how far it goes on beyond the outer corner, in halves of the eye's width"""

    def at(self, s: Floats, eye: EyeShape) -> Floats:
        """How thick the line is at s = x / half of an eye."""
        places = (-eye.inwards * s + 1) * np.float32((COLUMNS - 1) / 2)
        found: Floats = np.interp(places, np.arange(COLUMNS), self.thick).astype(np.float32)
        return found


def lash_line(
    picture: Floats,
    zone: Zone,
    eyes: Mapping[str, EyeShape],
    parts: Mapping[str, EyeParts],
    over: Mask,
) -> LashLine:
    """Measure the line where nothing lies over it; `picture`: the zone's, premultiplied."""
    known, inks = list[Floats](), list[Floats]()
    for side, eye in eyes.items():
        thick, ink = _measured(picture, zone, eye, parts[side], over)
        known.append(thick if eye.inwards < 0 else thick[::-1])
        inks.append(ink)
    table = np.array(known)
    height = max(eye.height for eye in eyes.values())
    seen = ~np.isnan(table).all(axis=0)
    if not seen.any():
        return LashLine(np.full(COLUMNS, max(1.2, 0.06 * height), np.float32), _darkest(inks))
    best = np.nanmax(np.where(seen, table, 0), axis=0)
    places = np.arange(COLUMNS)
    filled = np.interp(places, places[seen], best[seen]).astype(np.float32)
    # the steep ends of a lid are no part of the line that it comes to lie in
    # ... and what is darker than a pen's line is the iris beneath it
    most = min(1.5 * float(np.median(filled[4:-4])) + 0.5, max(THICKEST * height, 1.2))
    calm = blurred(np.clip(filled, 1.2, most)[None], 2.0)[0]
    flick = max(_flick(zone, eye, parts[side], over) for side, eye in eyes.items())
    return LashLine(np.maximum(calm, 1.2), _darkest(inks), flick)


def _measured(
    picture: Floats, zone: Zone, eye: EyeShape, parts: EyeParts, over: Mask
) -> tuple[Floats, Floats]:
    """The thickness by column (nan where it is hidden), and the darkest colours of the line."""
    band = (parts.v > parts.upper - LASHES * eye.height) & (
        parts.v < parts.upper + 0.04 * eye.height
    )
    band &= np.abs(parts.s) <= 1
    band &= _hanging(band & (zone.unlike > UNLIKE), parts) | (zone.unlike <= UNLIKE)
    column = np.clip(((parts.s + 1) * (COLUMNS / 2)).astype(int), 0, COLUMNS - 1)
    alpha = np.clip((zone.unlike - 4) / (2.2 * UNLIKE), 0, 1)
    wide = 2 * eye.half / COLUMNS
    counted = np.maximum(np.bincount(column[band], minlength=COLUMNS), 1)
    total = np.bincount(column[band], alpha[band] * ~over[band], COLUMNS) / wide
    hidden = np.bincount(column[band], over[band], COLUMNS) > 0.45 * counted
    slope = np.gradient(np.interp(np.linspace(-1, 1, COLUMNS), *_edge(parts)), wide)
    thick = total / np.sqrt(1 + slope**2)
    thick[hidden] = np.nan
    other = ~over & (zone.unlike > UNLIKE)
    line = picture[band & other]
    dark = zone.lab[..., 0] < zone.skin[..., 0]
    if len(line) and (band & other & dark).sum() < 0.2 * len(line):
        # an eye without a line: one of the eye's darkest colour, as thin as a pen draws it
        own = picture[parts.opening & other]
        dark = own[:, :3].sum(axis=1) <= np.quantile(own[:, :3].sum(axis=1), PUPIL)
        return np.full(COLUMNS, 0.06 * eye.height, np.float32), own[dark]
    return thick.astype(np.float32), line


def _hanging(line: Mask, parts: EyeParts) -> Mask:
    """What of the lines above an eye hangs on it: a brow that is drawn close to it does not."""
    return reached(line | parts.opening, parts.opening)


def _flick(zone: Zone, eye: EyeShape, parts: EyeParts, over: Mask) -> float:
    """How far lashes stand out beyond the outer corner."""
    outer = -parts.s * eye.inwards
    near = parts.rim(LASHES, 0.0, BESIDE) & (outer > 1.0) & (parts.v < 0.1 * eye.height)
    dark = near & ~over & (zone.unlike > 2 * UNLIKE)
    return float(np.quantile(outer[dark], 0.95)) - 1 if dark.sum() > 6 else 0.0


def _edge(parts: EyeParts) -> tuple[Floats, Floats]:
    s, order = np.unique(parts.s.ravel(), return_index=True)
    return s, parts.upper.ravel()[order]


def _darkest(inks: list[Floats]) -> Floats:
    ink = np.concatenate(inks)
    if not len(ink):
        return np.array([0, 0, 0, 255], np.float32)
    order = np.argsort(ink[:, :3].sum(axis=1), kind="stable")
    return cast(Floats, np.median(ink[order[: max(len(order) // 3, 1)]], axis=0).astype(np.float32))

"""The picture about the eyes taken apart: what lies over the face, the face, and its eyes."""

from dataclasses import dataclass

import cv2
import numpy as np

from tasks.character.face import EyeKind, Face, FaceError
from tasks.puppet.anatomy import Anatomy
from tasks.puppet.brow_line import brows_under
from tasks.puppet.eye_layers import EyeLayers, Parted, bare_skin, belongs, eye_layers
from tasks.puppet.grain import Grain
from tasks.puppet.lash_line import lash_line
from tasks.puppet.lid_edge import LidEdges
from tasks.puppet.over import EyeParts, covered, eye_parts, found_over, tones
from tasks.puppet.raster import Floats, Mask, Pixels, extent, fit, smooth, spread, to_bytes
from tasks.puppet.skin import UNLIKE, Zone, zone

WEDGE = 0.015
"""with more white than this beyond the edges of the lids, as a part of the opening, an eye is taken
out whole"""
TALL = 0.8
"""an eye that is taller than this, in its widths, has no lid that could be pulled so far down"""
HIDDEN = 0.6
"""with more of its line than this under a fringe a brow is not seen, and is not moved"""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """A portrait in layers."""

    under: Pixels
    """the picture without what lies over the face; premultiplied"""
    over: Pixels | None
    """(height, width) how much of each pixel lies over the face, 0..255; None where nothing does"""
    kinds: dict[str, EyeKind]
    """of each eye, by side; those that are found are alike, but that each may be shut"""
    eyes: dict[str, EyeLayers]
    """by side; empty where the lids' own skin can be pulled down"""
    hidden: Mask
    """(height, width) what lies over the face"""
    skin: Floats
    """the usual colour of the face's skin, CIELAB"""
    brows: frozenset[str]
    """the sides whose brow is seen"""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A portrait, and what is said of it."""

    picture: Pixels
    premultiplied: Pixels
    face: Anatomy
    kinds: dict[str, EyeKind]
    """by side, as far as they are given"""
    painted: Mask | None
    """(height, width) what lies over the face; None where it is to be found"""


def kinds_given(face: Face) -> dict[str, EyeKind]:
    """The kinds of eyes that a config names."""
    eyes = {"Left": face.left_eye, "Right": face.right_eye}
    return {side: eye.kind for side, eye in eyes.items() if eye and eye.kind}


def painted(over: Pixels, portrait: Pixels, size: tuple[int, int]) -> Mask:
    """What is white in a mask picture, where the portrait lies in a picture of `size`."""
    (high, wide), (own_high, own_wide) = over.shape[:2], portrait.shape[:2]
    if abs(wide * own_high - high * own_wide) > _SAME * high * own_wide:
        raise FaceError(
            f"face.over is {wide}x{high} pixels, and the portrait {own_wide}x{own_high}: paint it"
            " on a picture of the portrait's size"
        )
    fitted = fit(over, size)
    light = fitted[..., :3].mean(axis=-1) * (fitted[..., 3] / np.float32(255))
    found: Mask = light > 127
    if not found.any():
        raise FaceError("face.over: nothing in it is white; paint white what lies over the face")
    return found


_SAME = 0.02
"""proportions that are alike"""


def layers(seen: Seen, edges: dict[str, LidEdges], grain: Grain) -> Layers:
    """Take a portrait apart."""
    picture, face = seen.picture, seen.face
    near = zone(picture, face)
    parts = {side: eye_parts(near, eye, edges[side]) for side, eye in face.eyes.items()}
    given = seen.painted
    over = found_over(near, face, parts) if given is None else given[near.cut]
    found = kind_of(near, parts, over)
    kinds = {
        side: seen.kinds.get(side, "shut" if _is_shut(near, one, over) else found)
        for side, one in parts.items()
    }
    open_eyes = {side: one for side, one in parts.items() if kinds[side] != "shut"}
    sigma = 0.12 * face.unit
    inside = np.zeros_like(over)
    for one in parts.values():
        inside |= one.opening
    hidden = over & ~inside
    under = seen.premultiplied.copy()
    if given is not None:
        _beneath(under, given, sigma)
    if over.any():
        without = bare_skin(seen.premultiplied, near, hidden, grain, sigma)
        brows_under(without, near, face, over)
        under[near.cut] = to_bytes(without)
    whole = np.zeros_like(over)
    for side, one in parts.items():
        whole |= belongs(near, face.eyes[side], one, over)
    eyes: dict[str, EyeLayers] = {}
    if "dot" in kinds.values() or not _plain(near, face, open_eyes, over):
        shown = under[near.cut].astype(np.float32)
        bare = bare_skin(under, near, whole | over & inside, grain, sigma)
        line = lash_line(shown, near, face.eyes, parts, over)
        for side, one in open_eyes.items():
            apart = Parted(shown, bare, near, over, line, kinds[side] == "dot")
            eyes[side] = eye_layers(apart, face.eyes[side], one)
    shows = {side for side, share in covered(near, face, over).items() if share < HIDDEN}
    share = _share(picture, near, over, whole)
    if given is not None:
        share = _with_painted(share, given, near)
    skin = np.median(near.skin, axis=(0, 1)).astype(np.float32)
    hides = _whole(picture, near, over)
    return Layers(under, share, kinds, eyes, hides, skin, frozenset(shows))


def _beneath(under: Pixels, painted: Mask, sigma: float) -> None:
    """Fill what is beneath a painted layer with the colours around it."""
    rows, columns = (
        slice(max(0, part.start - round(4 * sigma)), part.stop + round(4 * sigma))
        for part in extent(painted) or (slice(0, 0), slice(0, 0))
    )
    covered = painted[rows, columns]
    if covered.all():
        return
    part = under[rows, columns].astype(np.float32)
    filled = spread(part, (~covered).astype(np.float32), sigma)
    under[rows, columns] = to_bytes(np.where(covered[..., None], filled, part))


def _with_painted(share: Pixels | None, painted: Mask, near: Zone) -> Pixels:
    """The share of a painted layer also beyond the zone about the eyes."""
    whole = np.round(cv2.GaussianBlur(painted.astype(np.float32), (0, 0), 0.5) * 255)
    found = whole.astype(np.uint8)
    if share is not None:
        found[near.cut] = share[near.cut]
    return found


def _whole(picture: Pixels, near: Zone, over: Mask) -> Mask:
    whole = np.zeros(picture.shape[:2], bool)
    whole[near.cut] = over
    return whole


def _share(picture: Pixels, near: Zone, over: Mask, moves: Mask) -> Pixels | None:
    """How much of each pixel lies over the face: all of it in the mask, less just around it."""
    if not over.any():
        return None
    share = np.zeros(picture.shape[:2], np.uint8)
    # the soft edge of a line is a pixel wide, and its colours are the line's and the skin's; but
    # what moves beneath is not held by it
    grown = cv2.dilate(over.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    held = over | (grown & (near.unlike < 3 * UNLIKE) & ~moves)
    part = smooth(cv2.GaussianBlur(held.astype(np.float32), (0, 0), 0.5) * 1.5 - 0.2)
    share[near.cut] = np.round(part * 255)
    return share


def kind_of(near: Zone, parts: dict[str, EyeParts], over: Mask) -> EyeKind:
    """Which kind of eyes these are; both are of one."""
    inside = np.zeros_like(over)
    for one in parts.values():
        inside |= one.opening & (one.v > 0.8 * one.upper) & (one.v < 0.8 * one.lower)
    lab = near.lab[inside & ~over]
    if len(lab) < 12:
        return "iris"
    usual = tones(lab, 1)
    alike = np.linalg.norm(lab - usual[0], axis=-1) < 16 if len(usual) else np.zeros(1, bool)
    of_skin = near.is_skin[inside & ~over].mean()
    # a large white with a small pupil is of one colour too, almost
    with_pupil = len(usual) and _pale(usual[:1])[0] and (~alike & ~_pale(lab)).mean() > PUPIL
    if alike.mean() > 0.72 and of_skin < 0.3 and not with_pupil:
        return "dot"
    return "iris" if _pale(lab).mean() > 0.08 else "pupil"


def _is_shut(near: Zone, parts: EyeParts, over: Mask) -> bool:
    """Whether an eye is a line with skin above and below it, in the whole of its width."""
    tall = np.maximum(parts.lower - parts.upper, 1)
    inside = parts.opening & (np.abs(parts.s) < SHUT_WIDTH)
    if inside.sum() < FEWEST or over[inside].any() or _pale(near.lab[inside & ~near.is_skin]).any():
        return False
    column = np.clip(((parts.s + 1) * COLUMNS / 2).astype(int), 0, COLUMNS - 1)
    height = np.bincount(column[inside], tall[inside], COLUMNS)
    other = np.bincount(column[inside], tall[inside] * ~near.is_skin[inside], COLUMNS)
    share = other[height > 0] / height[height > 0]
    return bool(np.quantile(share, 0.9) < SHUT and share.mean() > LINE)


PUPIL = 0.04
"""how much of the opening a pupil fills at least"""
SHUT, SHUT_WIDTH, LINE = 0.45, 0.8, 0.04
"""how much of the opening a shut eye's line fills at most in its columns, over how much of its
width that is looked at, and how much it fills at least: what is not drawn at all is no eye"""
COLUMNS, FEWEST = 24, 48


def _plain(near: Zone, face: Anatomy, parts: dict[str, EyeParts], over: Mask) -> bool:
    """Whether the skin above both eyes can be pulled down over them."""
    for side, one in parts.items():
        if one.tall > TALL * 2 * face.eyes[side].half:
            return False
        above = one.rim(0.9, 0.1, 0.1) & ~one.rim(0.25, 0.0, 0.0)
        about = one.rim(0.5, 0.3, 0.2)
        if over[about].mean() > 0.01 or near.is_skin[above].mean() < 0.75:
            return False
        # corners rounder than a lid's edge, as of an oval: their white would stay
        rim = one.rim(0.12, 0.12, 0.12) & ~one.opening & ~near.is_skin
        if _pale(near.lab[rim]).sum() > WEDGE * one.opening.sum():
            return False
    return True


def _pale(lab: Floats) -> Mask:
    """The white of an eye."""
    pale: Mask = (lab[..., 0] > 78) & (np.hypot(lab[..., 1], lab[..., 2]) < 20)
    return pale

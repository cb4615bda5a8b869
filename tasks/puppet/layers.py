"""The picture about the eyes taken apart: what lies over the face, the face, and its eyes."""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from tasks.puppet.anatomy import Anatomy
from tasks.puppet.brow_line import brows_under
from tasks.puppet.eye_layers import EyeLayers, Parted, bare_skin, belongs, eye_layers
from tasks.puppet.grain import Grain
from tasks.puppet.lash_line import lash_line
from tasks.puppet.lid_edge import LidEdges
from tasks.puppet.over import EyeParts, covered, eye_parts, found_over, tones
from tasks.puppet.raster import Floats, Mask, Pixels, smooth, to_bytes
from tasks.puppet.skin import UNLIKE, Zone, zone

HIDDEN = 0.6
"""with more of its line than this under a fringe a brow is not seen, and is not moved"""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """A portrait in layers."""

    under: Pixels
    """the picture without what lies over the face; premultiplied"""
    over: Pixels | None
    """(height, width) how much of each pixel lies over the face, 0..255; None where nothing does"""
    kind: str
    """of both eyes: "iris" (on a white), "pupil" (no white, but a ground), "dot" """
    eyes: dict[str, EyeLayers]
    """by side; empty where the lids' own skin can be pulled down"""
    hidden: Mask
    """(height, width) what lies over the face"""
    skin: Floats
    """the usual colour of the face's skin, CIELAB"""
    brows: frozenset[str]
    """the sides whose brow is seen"""


def layers(
    picture: Pixels, premultiplied: Pixels, face: Anatomy, edges: dict[str, LidEdges], grain: Grain
) -> Layers:
    """Take a portrait apart."""
    near = zone(picture, face)
    parts = {side: eye_parts(near, eye, edges[side]) for side, eye in face.eyes.items()}
    over = found_over(near, face, parts)
    kind = kind_of(near, parts, over)
    sigma = 0.12 * face.unit
    inside = np.zeros_like(over)
    for one in parts.values():
        inside |= one.opening
    hidden = over & ~inside
    under = premultiplied.copy()
    if over.any():
        without = bare_skin(premultiplied, near, hidden, grain, sigma)
        brows_under(without, near, face, over)
        under[near.cut] = to_bytes(without)
    whole = np.zeros_like(over)
    for side, one in parts.items():
        whole |= belongs(near, face.eyes[side], one, over)
    eyes: dict[str, EyeLayers] = {}
    if kind == "dot" or not _plain(near, face, parts, over):
        shown = under[near.cut].astype(np.float32)
        bare = bare_skin(under, near, whole | over & inside, grain, sigma)
        line = lash_line(shown, near, face.eyes, parts, over)
        apart = Parted(shown, bare, near, over, line, kind == "dot")
        eyes = {side: eye_layers(apart, face.eyes[side], one) for side, one in parts.items()}
    seen = {side for side, share in covered(near, face, over).items() if share < HIDDEN}
    share = _share(picture, near, over, whole)
    skin = np.median(near.skin, axis=(0, 1)).astype(np.float32)
    hides = _whole(picture, near, over)
    return Layers(under, share, kind, eyes, hides, skin, frozenset(seen))


def _whole(picture: Pixels, near: Zone, over: Mask) -> Mask:
    whole = np.zeros(picture.shape[:2], bool)
    whole[near.cut] = over
    return whole


def _share(picture: Pixels, near: Zone, over: Mask, moves: Mask) -> Pixels | None:
    """How much of each pixel lies over the face: all of it in the mask, less just around it."""
    if not over.any():
        return None
    share = np.zeros(picture.shape[:2], np.float32)
    # the soft edge of a line is a pixel wide, and its colours are the line's and the skin's; but
    # what moves beneath is not held by it
    grown = cv2.dilate(over.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    held = over | (grown & (near.unlike < 3 * UNLIKE) & ~moves)
    share[near.cut] = smooth(cv2.GaussianBlur(held.astype(np.float32), (0, 0), 0.5) * 1.5 - 0.2)
    return cast(Pixels, np.round(share * 255).astype(np.uint8))


def kind_of(near: Zone, parts: dict[str, EyeParts], over: Mask) -> str:
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
    if alike.mean() > 0.72 and of_skin < 0.3:
        return "dot"
    pale = (lab[:, 0] > 78) & (np.hypot(lab[:, 1], lab[:, 2]) < 20)
    return "iris" if pale.mean() > 0.08 else "pupil"


def _plain(near: Zone, face: Anatomy, parts: dict[str, EyeParts], over: Mask) -> bool:
    """Whether the skin above both eyes can be pulled down over them."""
    for side, one in parts.items():
        tall = face.eyes[side].height
        above = one.rim(0.9 * tall, 0.1 * tall, 0.1) & ~one.rim(0.25 * tall, 0.0, 0.0)
        about = one.rim(0.5 * tall, 0.3 * tall, 0.2)
        if over[about].mean() > 0.01 or near.is_skin[above].mean() < 0.75:
            return False
    return True

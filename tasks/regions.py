"""Where the face is in the frames of one project, pose by pose."""

import hashlib
import io
import threading
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from tasks.character import Character
from tasks.errors import Mistake
from tasks.face import FaceError
from tasks.finish.alpha import Mask
from tasks.finish.pose import at_pose
from tasks.finish.region import from_landmarks, from_picture
from tasks.picture import CachedPicture, PictureCache
from tasks.project import Project

_TURNED_MARGIN = 1.2
"""how much wider the region is at a pose that is no portrait's own: its landmarks are estimated"""


@dataclass(frozen=True, slots=True)
class Region:
    """Where the face is in a frame."""

    mask: Mask
    """of the frame's size, 255 inside"""
    digest: str

    def edit_mask(self) -> bytes:
        """The mask as an images endpoint takes it: a PNG that is transparent where to edit."""
        height, width = self.mask.shape
        pixels = np.zeros((height, width, 4), np.uint8)
        pixels[..., 3] = 255 - self.mask
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


class Regions:
    """The regions of one project. Called from several threads at once."""

    def __init__(self, project: Project, character: Character, pictures: PictureCache) -> None:
        self._project = project
        self._character = character
        self._pictures = pictures
        self._lock = threading.Lock()
        self._made = lru_cache(maxsize=64)(self._make)

    def at(self, pose: str) -> Region | None:
        """The region in frames at a pose; None where neither mask nor landmarks say it."""
        mask = self._mask_picture()
        with self._lock:
            return self._made(pose, mask.digest if mask else "")

    def _mask_picture(self) -> CachedPicture | None:
        name = self._character.finish.face_mask
        return self._pictures.get(self._project.input_path(name), None) if name else None

    def _make(self, pose: str, _mask_digest: str) -> Region | None:
        mask = self._mask_picture()
        made = self._painted(mask, pose) if mask else self._estimated(pose)
        if made is None:
            return None
        return Region(made, hashlib.sha256(made.tobytes()).hexdigest())

    def _painted(self, mask: CachedPicture, pose: str) -> Mask:
        """The artist's mask; where the head is turned, it turns along as far as is known how."""
        character = self._character
        region = from_picture(np.asarray(mask.image), character.generation.size_px)
        if region is None:
            raise Mistake(
                f"finish.face_mask: nothing in {character.finish.face_mask} is white; paint"
                " the face white on black"
            )
        try:
            return self._turned(region, pose)
        except FaceError:
            return region

    def _estimated(self, pose: str) -> Mask | None:
        character = self._character
        straight = pose == character.default_pose
        margin = character.finish.region_margin * (1.0 if straight else _TURNED_MARGIN)
        try:
            region = from_landmarks(character.face, character.generation.size_px, margin)
            return self._turned(region, pose)
        except FaceError:
            return None

    def _turned(self, region: Mask, pose: str) -> Mask:
        """The region of the default pose as it lies at another; `FaceError` without landmarks."""
        character = self._character
        if pose == character.default_pose:
            return region
        return at_pose(region, character.face, character.poses[pose].head)

"""Where the face is in the frames of one project, pose by pose."""

import hashlib
import io
import threading
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from tasks.character.character import Character
from tasks.character.face import FaceError, Point
from tasks.finish.alpha import Mask
from tasks.finish.pose import at_pose
from tasks.finish.region import from_landmarks, from_picture
from tasks.graph.project import Project
from tasks.ground.boxes import inner_box
from tasks.ground.errors import Mistake
from tasks.pictures.picture import CachedPicture, PictureCache, fit

_TURNED_MARGIN = 1.2
"""how much wider the region is at a pose that is no portrait's own: its landmarks are estimated"""


@dataclass(frozen=True, slots=True)
class Region:
    """Where the face is in a frame."""

    mask: Mask
    """of the frame's size, 255 inside"""
    digest: str

    def edit_mask(self, size_px: tuple[int, int] | None = None) -> bytes:
        """The mask as an images endpoint takes it: a PNG that is transparent where to edit.

        `size_px`: of the picture that it belongs to, where that is a frame fitted to it.
        """
        width, height = size_px or self.mask.shape[::-1]
        left, top, *inner = inner_box(self.mask.shape[::-1], (width, height))
        mask = self.mask
        if mask.shape != (height, width):
            mask = np.asarray(Image.fromarray(mask).resize((inner[0], inner[1])))
        pixels = np.zeros((height, width, 4), np.uint8)
        pixels[..., 3] = 255
        pixels[top : top + inner[1], left : left + inner[0], 3] = 255 - mask
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

    def edges(self) -> list[list[Point]]:
        """The closed lines around the region at the default pose, x and y 0..1 of the portrait.

        None where nothing says where the face is. Points lie a pixel of the frame apart.
        """
        region = self.at(self._character.default_pose)
        if region is None:
            return []
        left, top, width, height = self._inner()
        found, _ = cv2.findContours(region.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        return [
            [((x + 0.5 - left) / width, (y + 0.5 - top) / height) for x, y in line.reshape(-1, 2)]
            for line in found
        ]

    def _inner(self) -> tuple[int, int, int, int]:
        """Where the portrait lies in the frames: left, top, width and height in px (see `fit`).

        Landmarks are in parts of the portrait, and it does not fill frames of other proportions.
        """
        width, height = self._character.generation.size_px
        portrait = self._project.input_path(self._character.base_image)
        return inner_box(self._pictures.own_size(portrait), (width, height))

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
        size_px = character.generation.size_px
        region = from_picture(np.asarray(fit(mask.image, size_px)), size_px)
        if region is None:
            raise Mistake(
                f"finish.face_mask: nothing in {character.finish.face_mask} is white; paint"
                " the face white on black"
            )
        left, top, width, height = self._inner()
        try:
            turned = self._turned(region[top : top + height, left : left + width], pose)
        except FaceError:
            return region
        return region if pose == character.default_pose else self._in_frame(turned)

    def _estimated(self, pose: str) -> Mask | None:
        character = self._character
        straight = pose == character.default_pose
        margin = character.finish.region_margin * (1.0 if straight else _TURNED_MARGIN)
        _, _, width, height = self._inner()
        try:
            region = from_landmarks(character.face, (width, height), margin)
            return self._in_frame(self._turned(region, pose))
        except FaceError:
            return None

    def _turned(self, region: Mask, pose: str) -> Mask:
        """The region of the default pose, in the portrait, as it lies at another.

        Raises `FaceError` without landmarks.
        """
        character = self._character
        if pose == character.default_pose:
            return region
        return at_pose(region, character.face, character.poses[pose].head)

    def _in_frame(self, region: Mask) -> Mask:
        """A region of the portrait as one of the frame."""
        left, top, width, height = self._inner()
        frame_width, frame_height = self._character.generation.size_px
        whole = np.zeros((frame_height, frame_width), np.uint8)
        whole[top : top + height, left : left + width] = region
        return whole

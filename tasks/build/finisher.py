"""From a take to a frame, for one project: which reference, which region, which figures.

Free, without any call, and the same every time; what decides it beside the take has a digest, so
that a changed setting finishes frames anew and buys nothing.
"""

import json
import os
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from tasks.build.inputs import Inputs
from tasks.character.character import NEUTRAL, Character
from tasks.character.settings import Finish
from tasks.graph.node import Node, Role
from tasks.ground.digest import digest_of
from tasks.pictures.alpha import whole_pixels
from tasks.pictures.picture import Answer, CachedPicture, Pixels, png_bytes, unpadded

if TYPE_CHECKING:  # loaded with the first take: a run of drafts has none
    from tasks.finish.features import Features
    from tasks.finish.flags import Flag
    from tasks.finish.measure import Figures
    from tasks.finish.reference import Reference
    from tasks.finish.steps import Finished

_VERSION = 1
"""raised when the same take and settings give another frame"""
_DIGITS = 16
_MOST_REFERENCES = 4
"""kept at once: some 40 MB each at 1024x1536"""
_UNTOUCHED = Finish(size=False, key="off", register="off", match=False, lock=False)


FINISHING = threading.BoundedSemaphore(max(1, os.cpu_count() or 1))
"""Held from a take's decoding until its frame is made: a frame is worked on in floats, a hundred
megabytes of them, by as many at once as there are cores; what waits for that waits as bytes."""

# Each of them is a thread already: more inside of it would only be in each other's way.
cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True)
class FinishedFrame:
    """A frame's pixels, and what was measured of them."""

    pixels: Pixels
    png: bytes
    digest: str
    """what decided it, beside the take"""
    notes: tuple[str, ...]
    figures: "Figures | None"
    """None where there is nothing to compare it with"""
    flags: "tuple[Flag, ...]"
    rank: tuple[int, float]
    """for choosing among takes: the least is the best"""

    @property
    def image(self) -> Image.Image:
        """The pixels as an image, which is made without copying them."""
        return Image.fromarray(self.pixels)

    @property
    def checks(self) -> str:
        """Flags and figures as JSON, as they are kept with the frame; empty without figures."""
        if self.figures is None:
            return ""
        said = {
            "flags": {flag.kind: flag.line for flag in self.flags},
            "figures": asdict(self.figures),
        }
        return json.dumps(said, separators=(",", ":"))


class Finisher:
    """Finishes the takes of one project. Called from several threads at once."""

    def __init__(self, character: Character, inputs: Inputs) -> None:
        self._character = character
        self._inputs = inputs
        self._lock = threading.Lock()
        self._references: dict[tuple[str, str], Reference] = {}

    def digest(self, node: Node) -> str:
        """What decides, beside the take, how a frame comes out. Raises `Mistake`."""
        character = self._character.wearing(node.costume)
        settings, reference = character.finish, self._reference(node)
        region = self._inputs.region(node) if reference else None
        # Without a reference only these two steps are done: the others' settings decide nothing.
        steps = asdict(settings) if reference else [settings.size, settings.key]
        said = [
            *(_VERSION, steps, character.generation.size, node.role),
            reference.digest if reference else "",
            region.digest if region else "",
        ]
        if character.asked_size:
            said.append(character.asked_size)
        return digest_of(said)[:_DIGITS]

    def finish(self, node: Node, take: Answer) -> FinishedFrame:
        """The frame that a take gives. Raises `Mistake`.

        Whoever calls this holds `FINISHING`, since before the take was decoded.
        """
        from tasks.finish.flags import flags, rank
        from tasks.finish.measure import measure
        from tasks.finish.steps import finish

        digest, reference = self.digest(node), self._held_against(node)
        settings, size_px = self._character.finish, self._character.generation.size_px
        padded = bool(self._character.asked_size) and settings.size
        pixels = take.pixels
        if padded:
            image = unpadded(Image.fromarray(pixels), self._character.asked_px, size_px)
            pixels = np.asarray(image)
        done = finish(pixels, reference, settings, size_px)
        same = not padded and (
            done.picture is pixels
            or np.array_equal(whole_pixels(done.picture), whole_pixels(pixels))
        )
        figures = None
        if reference is not None:
            figures = measure(pixels, done, reference, is_neutral=_is_neutral(node))
        thresholds = self._character.checks
        return FinishedFrame(
            pixels if same else done.picture,
            take.data if same else _packed(done, reference),
            digest,
            tuple(_named(node, note) for note in (*take.ignored, *done.notes)),
            figures,
            flags(figures, thresholds) if figures else (),
            rank(figures, thresholds) if figures else (0, 0.0),
        )

    def look(self, node: Node, image: Image.Image) -> "Figures | None":
        """The figures of a frame as it is, of which no take is known (drafts, work by hand)."""
        from tasks.finish.measure import measure
        from tasks.finish.steps import finish

        reference = self._held_against(node)
        if reference is None:
            return None
        pixels = np.asarray(image)
        size_px = self._character.generation.size_px
        done = finish(pixels, reference, _UNTOUCHED, size_px)
        return measure(pixels, done, reference, is_neutral=_is_neutral(node))

    def features(self, node: Node, image: Image.Image, *, draft: bool) -> "Features | None":
        """What a look at the face of a keyframe shows; None where its landmarks are not known.

        They are those of the portrait, whose pose is the default one; of a draft at another pose
        it is still known that nothing far from the head may change.
        """
        from tasks.finish.features import Features, features, stray

        character = self._character.wearing(node.costume)
        if node.place or character.base_image_of(node.pose) not in {None, character.base_image}:
            return None
        path = self._inputs.base_image(node)
        left, top, wide, high = self._inputs.inner(path)
        rows, columns = slice(top, top + high), slice(left, left + wide)
        neutral = np.asarray(self._inputs.fitted(path).image)[rows, columns]
        frame = np.asarray(image)
        if frame.shape[:2] != character.generation.size_px[::-1]:
            return None
        frame = frame[rows, columns]
        found: Features | None = Features()
        if node.pose == character.default_pose:
            weights = character.expression(node.expression).blendshapes
            found = features(frame, neutral, character.face, weights)
        away = stray(frame, neutral, character.face) if draft else None
        found = replace(found, stray=away) if found else None
        return found if found != Features() else None

    def _held_against(self, node: Node) -> "Reference | None":
        """The reference's pixels and region, kept for the frames to come: most share it."""
        from tasks.finish.reference import Reference

        reference = self._reference(node)
        if reference is None:
            return None
        region = self._inputs.region(node)
        key = (reference.digest, region.digest if region else "")
        with self._lock:
            if key not in self._references:
                while len(self._references) >= _MOST_REFERENCES:
                    self._references.pop(next(iter(self._references)))
                mask = region.mask if region else None
                self._references[key] = Reference(np.asarray(reference.image), mask)
            return self._references[key]

    def _reference(self, node: Node) -> CachedPicture | None:
        """The neutral picture that a frame is held against; None where its head is turned."""
        if node.role == Role.TWEEN:
            # The same of its two whichever way the path goes, so that the frame is the same too.
            path = min(node.sources, key=lambda source: self._inputs.input(source).name)
            return self._inputs.fitted(Path(path))
        return self._inputs.portrait(node) if node.role == Role.EXTREME else None


def _named(node: Node, note: str) -> str:
    """A note as it is shown; what is true of all frames alike does not name one."""
    return note if note.startswith("lock: off") else f"{node.name}: {note}"


def _packed(done: "Finished", reference: "Reference | None") -> bytes:
    if reference is None or not done.locked:
        return png_bytes(done.picture)
    size_px = done.picture.shape[1], done.picture.shape[0]
    return reference.fitted(size_px).packer.pack(done.picture)


def _is_neutral(node: Node) -> bool:
    """Whether a frame need not differ from its reference; in-betweens may be next to it."""
    return node.expression == NEUTRAL or node.role == Role.TWEEN


def as_it_is(picture: bytes, pixels: Pixels) -> FinishedFrame:
    """A draft: exact as it is drawn, so that there is nothing to finish."""
    return FinishedFrame(pixels, picture, "", (), None, (), (0, 0.0))

"""Frames that need no engine: the artist's portrait, the ends of sequences, morphs."""

from pathlib import Path

from tasks.build import between as tweening
from tasks.build.inputs import Inputs
from tasks.build.step import Step
from tasks.build.verdict import Situation, fit_key
from tasks.graph.node import Node
from tasks.pictures.picture import pixels_digest, png_bytes, read
from tasks.takes import frame
from tasks.takes.frame import Frames, Provenance, State


def made_here(step: Step, known: Situation, inputs: Inputs) -> bytes:
    """The file of a frame that is fitted, copied or morphed. Raises `Mistake`."""
    node = known.node
    if step is Step.COPY:
        return _copied(Path(node.source), inputs.frames)
    if step is Step.FIT:
        picture = inputs.portrait(node)
        provenance = Provenance(known.key, take="", engine=frame.BASE, pixels=picture.digest)
        return frame.compose(picture.png(), picture.image, provenance)
    return _morphed(node, known.key)


def _copied(source: Path, frames: Frames) -> bytes:
    """A keyframe as an end of a sequence."""
    keyframe = frames.source(source)
    if keyframe.state is not State.BY_HAND:
        return source.read_bytes()
    # Named by its pixels, so that the copy is not taken for somebody's work in its turn.
    image, key = read(source), fit_key(keyframe.pixels)
    provenance = Provenance(key, take="", engine=frame.BASE, pixels=keyframe.pixels)
    return frame.compose(png_bytes(image), image, provenance)


def _morphed(node: Node, key: str) -> bytes:
    """An in-between from the pixels of the two pictures around it."""
    pixels = tweening.morphed(node)
    provenance = Provenance(key, "", frame.MORPH, pixels_digest(pixels))
    return frame.compose(png_bytes(pixels), pixels, provenance)

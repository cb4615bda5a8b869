"""Frames that need no engine: the artist's portrait, the ends of sequences, morphs."""

from pathlib import Path

from tasks.build import between as tweening
from tasks.build.inputs import Inputs
from tasks.build.outcome import Outcome, Step
from tasks.build.put import Place, put
from tasks.build.verdict import decide
from tasks.graph.node import Node, Role
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.pictures.picture import pixels_digest, png_bytes, read
from tasks.takes import frame
from tasks.takes.frame import Provenance, State
from tasks.takes.picks import Wanted
from tasks.takes.store import TakeStore


class FreeFrames:
    """Makes them for one project. Called from several threads at once."""

    def __init__(self, inputs: Inputs, store: TakeStore, *, paid: bool) -> None:
        self._inputs = inputs
        self._store = store
        self._paid = paid
        """whether the run's engine costs money: a draft takes no final's place"""

    def make(self, node: Node, place: Place, *, new_take: bool) -> Outcome | None:
        """Make a frame; None where it takes an engine. Raises `Mistake` without its input."""
        if node.role is Role.FIT:
            return self._fit(node, place, new_take=new_take)
        if node.role is Role.COPY:
            return self._copy(node, place, new_take=new_take)
        return self._morph(node, place, new_take=new_take) if is_morphed(node) else None

    def _fit(self, node: Node, place: Place, *, new_take: bool) -> Outcome:
        """The artist's portrait as a frame."""
        picture = self._inputs.portrait(node)
        key = fit_key(picture.digest)
        step = decide(place.existing, Wanted(key, None), paid=True, new_take=new_take)
        if step is not Step.DRAW:
            return Outcome(step)
        provenance = Provenance(key, take="", engine=frame.BASE, pixels=picture.digest)
        notes: list[str] = []
        put(place, frame.compose(picture.png(), picture.image, provenance), self._store, notes)
        return Outcome(Step.FIT, tuple(notes))

    def _copy(self, node: Node, place: Place, *, new_take: bool) -> Outcome:
        """An end of a sequence: the keyframe as it is."""
        source = Path(node.source)
        keyframe = frame.look_at(source)
        if keyframe.state in {State.MISSING, State.UNREADABLE}:
            raise Mistake(f"{source}, with which the sequence begins or ends, is not there")
        if place.existing.state is State.BY_HAND and not new_take:
            return Outcome(Step.KEEP_BY_HAND)
        same_pixels = place.existing.pixels == keyframe.pixels
        if same_pixels and frame.name_of(place.existing) == frame.name_of(keyframe):
            return Outcome(Step.ADOPT)
        data = source.read_bytes()
        if keyframe.state is State.BY_HAND:
            # Named by its pixels, so that the copy is not taken for somebody's work in its turn.
            image = read(source)
            key = fit_key(keyframe.pixels)
            provenance = Provenance(key, take="", engine=frame.BASE, pixels=keyframe.pixels)
            data = frame.compose(png_bytes(image), image, provenance)
        notes: list[str] = []
        put(place, data, self._store, notes)
        return Outcome(Step.COPY, tuple(notes))

    def _morph(self, node: Node, place: Place, *, new_take: bool) -> Outcome:
        """An in-between from the pixels of the two pictures around it."""
        key = tweening.morph_key(self._inputs.digests(node), node.at)
        # A new one is the same; but what was painted over it gives way to it.
        anew = new_take and place.existing.state is State.BY_HAND
        step = decide(place.existing, Wanted(key, None), paid=self._paid, new_take=anew)
        if step is not Step.DRAW:
            return Outcome(step)
        image = tweening.morphed(node)
        provenance = Provenance(key, "", frame.MORPH, pixels_digest(image))
        notes: list[str] = []
        put(place, frame.compose(png_bytes(image), image, provenance), self._store, notes)
        return Outcome(Step.MORPH, tuple(notes))


def is_morphed(node: Node) -> bool:
    """Whether an in-between is made from pixels, free: by its path, or for its two pictures
    are so close. Raises `Mistake` where one is not there."""
    if node.role is Role.MORPH:
        return True
    return bool(node.closer_than) and tweening.distance(node) < node.closer_than


def fit_key(portrait_digest: str) -> str:
    """The request key of a frame that is the artist's own portrait."""
    return digest_of(["fit", portrait_digest])

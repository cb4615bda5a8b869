"""Building one frame: what is there, what to do about it, and doing it.

doit's database decides which frames are looked at; what is paid for is decided here, from the
request key, the frame on disk and the take store.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from tasks import engine as engines
from tasks import frame
from tasks.character import Character
from tasks.character_project import read_character
from tasks.digest import digest_of
from tasks.engine import Choice, Engine, EngineFailure
from tasks.errors import Mistake
from tasks.files import set_aside, stamp
from tasks.frame import Existing, Provenance, State
from tasks.gate import GATE
from tasks.graph import FIT, Node
from tasks.graph_cache import read_graph
from tasks.outcome import Outcome, Step
from tasks.picture import BadAnswer, PictureCache, pixels_digest, read_answer
from tasks.plan import request_for
from tasks.project import Project
from tasks.request import InputPicture, Request
from tasks.store import Take, TakeRecord, TakeStore, take_id


def decide(
    existing: Existing, key: str, stored: TakeRecord | None, *, paid: bool, new_take: bool
) -> Step:
    """What to do for a frame whose request has `key`, the newest take of which is `stored`.

    Never draws what is there or was paid for, unless a new take is asked for; never puts a draft
    over a final, nor anything over an artist's work.
    """
    origin = existing.provenance if existing.state is State.OURS else None
    if origin and not origin.is_draft and not paid and (new_take or origin.request_key != key):
        return Step.KEEP_FINAL
    if new_take:
        return Step.DRAW
    if existing.state is State.BY_HAND:
        return Step.KEEP_BY_HAND
    newest = stored is None or (origin is not None and stored.id == origin.take)
    if origin and origin.request_key == key and newest:
        return Step.ADOPT
    return Step.RESTORE if stored else Step.DRAW


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a frame goes, and what lies there."""

    path: Path
    existing: Existing
    seen: tuple[int, int] | None
    """the time and size of what lies there, as it was looked at; None where nothing does"""

    def now(self) -> Existing:
        """What lies there now: a call takes half a minute, and artists do not wait for it."""
        return self.existing if stamp(self.path) == self.seen else frame.look_at(self.path)


def _look(path: Path) -> _Place:
    seen = stamp(path)
    return _Place(path, frame.look_at(path), seen)


class Builder:
    """Builds the frames of one project. Called from several threads at once."""

    def __init__(
        self, project: Project, character: Character, choice: Choice, engine: Engine
    ) -> None:
        self._project = project
        self._character = character
        self._choice = choice
        self._engine = engine
        self._store = TakeStore(project.store)
        self._pictures = PictureCache()

    def forecast(self, node: Node, *, new_take: bool) -> Step:
        """What `build` will do, without doing it, from the frame's metadata alone.

        A frame whose input is still to be drawn is counted as to draw. Work by hand shows only in
        the pixels, which are not read here: such a frame may be kept where this says otherwise.
        """
        if node.role == FIT:
            return Step.FIT
        if not Path(node.source).is_file():
            return Step.DRAW
        key = self._request(node).key
        existing = frame.glance_at(self._target(node))
        return decide(
            existing, key, self._stored(key), paid=self._choice.facts.paid, new_take=new_take
        )

    def build(
        self, node: Node, *, new_take: bool, arrived: Callable[[], None] = lambda: None
    ) -> Outcome:
        """Bring a frame up to date, at the least cost. Raises `Mistake` where that fails.

        `arrived` is called when an answer that had to be waited for is there and safe.
        """
        source = stamp(node.source)
        outcome = self._build(node, new_take, arrived)
        if stamp(node.source) != source:
            # doit would record the file as it is now, and take the frame for up to date for ever.
            raise Mistake(f"{node.source} was changed while it was drawn from; run doit again")
        return outcome

    def _build(self, node: Node, new_take: bool, arrived: Callable[[], None]) -> Outcome:
        place = _look(self._target(node))
        if node.role == FIT:
            return self._fit(node, place, new_take=new_take)
        request = self._request(node)
        stored = self._stored(request.key)
        paid = self._choice.facts.paid
        step = decide(place.existing, request.key, stored, paid=paid, new_take=new_take)
        if step in {Step.DRAW, Step.RESTORE}:
            notes: list[str] = []
            made = self._restore(place, request, notes) if step is Step.RESTORE else None
            made = made or self._draw(place, request, arrived, notes, new_take=new_take)
            return Outcome(made, tuple(notes))
        return Outcome(step)

    def _target(self, node: Node) -> Path:
        return Path(self._project.target(node.expression, node.pose))

    def _stored(self, key: str) -> TakeRecord | None:
        return self._store.latest(key) if self._choice.facts.paid else None

    def _request(self, node: Node) -> Request:
        """The request, with the digests of the pictures that it shows."""
        return request_for(self._character, self._choice.name, node, (self._input(node),))

    def _input(self, node: Node) -> InputPicture:
        """The picture that a frame is made from."""
        path = Path(node.source)
        fit_to = None if self._choice.facts.from_base else self._character.generation.size_px
        if path.parent == self._project.frames:
            digest = frame.source_digest(path)
        else:
            digest = self._pictures.get(path, fit_to).digest
        return InputPicture(
            digest,
            load=lambda: self._pictures.get(path, fit_to).image,
            load_png=lambda: self._pictures.get(path, fit_to).png(),
        )

    def _fit(self, node: Node, place: _Place, *, new_take: bool) -> Outcome:
        """The artist's portrait as a frame."""
        picture = self._pictures.get(Path(node.source), self._character.generation.size_px)
        key = digest_of(["fit", picture.digest])
        step = decide(place.existing, key, None, paid=True, new_take=new_take)
        if step is not Step.DRAW:
            return Outcome(step)
        provenance = Provenance(key, take="", engine=frame.BASE, pixels=picture.digest)
        notes: list[str] = []
        self._replace(place, frame.compose(picture.png(), picture.image, provenance), notes)
        return Outcome(Step.FIT, tuple(notes))

    def _draw(
        self,
        place: _Place,
        request: Request,
        arrived: Callable[[], None],
        notes: list[str],
        *,
        new_take: bool,
    ) -> Step:
        """Ask the engine, unless somebody else's answer to the same request arrives meanwhile."""
        if not self._choice.facts.paid:
            take = self._engine.draw(request)
            image = take.image or read_answer(take.picture, request.size_px)
        else:
            with self._store.reserved(request.key):
                if not new_take and self._restore(place, request, notes):
                    return Step.RESTORE
                take = self._ask(request)
                # Into the store first: whatever happens from here on, it is paid for and there.
                record = self._store.add(request, take)
                arrived()
                _, image = self._checked(request, record)
        notes.extend(take.notes)
        self._finish(place, request, (take.picture, image), notes)
        return Step.DRAW

    def _ask(self, request: Request) -> Take:
        try:
            return self._engine.draw(request)
        except EngineFailure as failure:
            if not failure.answer:
                raise
            path = self._store.reject(request.key, failure.answer, str(failure))
            raise EngineFailure(f"{failure}; what came instead is kept in {path}") from failure

    def _restore(self, place: _Place, request: Request, notes: list[str]) -> Step | None:
        """Make the frame from the newest sound take of its request; None where there is none."""
        while record := self._stored(request.key):
            try:
                made = self._checked(request, record)
            except BadAnswer as error:
                notes.append(f"a take of {place.path.stem} was damaged: {error}")
                continue
            self._finish(place, request, made, notes)
            return Step.RESTORE
        return None

    def _checked(self, request: Request, record: TakeRecord) -> tuple[bytes, Image.Image]:
        """A take's bytes and pixels. What is no usable picture leaves the store: `BadAnswer`."""
        picture = self._store.picture(request.key, record)
        try:
            return picture, read_answer(picture, request.size_px)
        except BadAnswer as error:
            path = self._store.withdraw(request, record, str(error))
            raise BadAnswer(f"{error}; it is kept in {path}") from error

    def _finish(
        self, place: _Place, request: Request, made: tuple[bytes, Image.Image], notes: list[str]
    ) -> None:
        """From a take, as its bytes and its pixels, to the frame; `notes` are for the person."""
        picture, image = made
        provenance = Provenance(
            request_key=request.key,
            take=take_id(picture),
            engine=request.engine,
            pixels=pixels_digest(image),
            model=request.model,
            prompt=request.prompt,
        )
        self._replace(place, frame.compose(picture, image, provenance), notes)

    def _replace(self, place: _Place, data: bytes, notes: list[str]) -> None:
        """Put the new frame in its place; what would be lost by that is moved aside, and named."""
        if self._is_only_copy(place.now()):
            notes.append(f"moved what lay at {place.path} to {set_aside(place.path)}")
        frame.write(place.path, data)

    def _is_only_copy(self, existing: Existing) -> bool:
        """Whether what lies there cannot be had again: by hand, damaged, or paid for elsewhere."""
        if existing.state is State.MISSING:
            return False
        origin = existing.provenance
        if existing.state is not State.OURS or origin is None:
            return True
        return not origin.is_draft and not self._store.has(origin.request_key, origin.take)


def builder_of(project: Project) -> Builder:
    """The one builder of a project: one engine, one client, one cache of portraits."""
    with _OPENING:  # all workers ask at once when a run begins
        return _open_builder(project)


_OPENING = threading.Lock()


@lru_cache(maxsize=2)
def _open_builder(project: Project) -> Builder:
    character = read_character(project)
    choice = read_graph(project).engine
    engine = engines.load(choice.name, character.generation.max_retries, GATE.pause)
    return Builder(project, character, choice, engine)

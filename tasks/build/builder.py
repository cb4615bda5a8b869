"""Building one frame: what is there, what to do about it, and doing it.

doit's database decides which frames are looked at; what is paid for is decided here, from the
request key, the frame on disk and the take store.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from tasks.batch.open import in_batch
from tasks.build.changes import parts_of
from tasks.build.finisher import FinishedFrame, Finisher, as_it_is
from tasks.build.free import FreeFrames
from tasks.build.inputs import Inputs
from tasks.build.outcome import Outcome, Step
from tasks.build.purchase import Purchase, checked
from tasks.build.put import Place, look, put
from tasks.build.verdict import decide
from tasks.character.character import Character, Generation
from tasks.character.settings import Thresholds
from tasks.graph.cache import read_graph
from tasks.graph.character import read_character
from tasks.graph.node import Node, Role
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.ground.files import stamp
from tasks.models.engines import paid_engine
from tasks.pictures.picture import BadAnswer, pixels_digest, read_answer
from tasks.requests import engine as engines
from tasks.requests.engine import Choice, Engine, EngineSettings
from tasks.requests.request import Request
from tasks.spending.budget import Budget
from tasks.spending.calls import Caller, Terms
from tasks.spending.estimate import Estimator
from tasks.spending.ledger import Ledger
from tasks.spending.rate_limiter import GATE
from tasks.takes import frame
from tasks.takes.frame import Existing, Provenance
from tasks.takes.picks import Pick, Wanted, change_picks, read_picks, wanted_take
from tasks.takes.store import Asked, StoreFailure, Take, TakeRecord, TakeStore, take_id

_MADE = {Step.DRAW, Step.RESTORE, Step.FIT}


@dataclass(frozen=True, slots=True)
class _Job:
    """One frame that is being made, and what there is to tell of it."""

    node: Node
    place: Place
    request: Request
    arrived: Callable[[], None]
    notes: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Made:
    """A take, and the frame that it gives."""

    record: TakeRecord
    picture: bytes
    frame: FinishedFrame


class Builder:
    """Builds the frames of one project. Called from several threads at once.

    Without an engine nothing is drawn; with one that costs money, `purchase` buys its takes.
    """

    def __init__(
        self,
        project: Project,
        character: Character,
        choice: Choice,
        engine: Engine | None,
        purchase: Purchase | None = None,
    ) -> None:
        self.paid = choice.facts.paid
        """whether what it draws costs money"""
        self._project = project
        self._character = character
        self._choice = choice
        self._engine = engine
        self.purchase = purchase
        self.inputs = Inputs(project, character, choice)
        self.finisher = Finisher(character, self.inputs)
        self.store = TakeStore(project.store)
        self._free = FreeFrames(self.inputs, self.store, paid=self.paid)

    @property
    def thresholds(self) -> Thresholds:
        """From where on a frame is flagged."""
        return self._character.checks

    @property
    def generation(self) -> Generation:
        """How frames are drawn."""
        return self._character.generation

    def parts(self, node: Node, digests: Sequence[str] = ()) -> dict[str, str]:
        """The digest of each part that a frame is made from, for `tasks.build.changes`."""
        shown = digests or self.inputs.digests(node)
        parts = parts_of(self._character, self._choice.name, node, shown)
        if self.paid and node.role is not Role.FIT:
            pick = read_picks(self._project.folder).get(node.name)
            parts["pick"] = pick.digest if pick else ""
            region = self.inputs.regions.at(node.pose)
            settings = asdict(self._character.finish)
            parts["finish"] = digest_of([settings, region.digest if region else ""])
            parts["mask"] = "sent" if self.generation.mask else ""
        return parts

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of every frame."""
        return self._character.generation.size_px

    def build(
        self, node: Node, *, new_take: bool, arrived: Callable[[], None] = lambda: None
    ) -> Outcome:
        """Bring a frame up to date, at the least cost. Raises `Mistake` where that fails.

        `arrived` is called when an answer that had to be waited for is there and safe.
        """
        sources = [_content(path, stamp(path)) for path in node.sources]
        outcome = self._build(node, new_take, arrived)
        for path, seen in zip(node.sources, sources, strict=True):
            # By content: another process may have put the very same picture there once more.
            if _content(path, stamp(path)) != seen:
                # doit would record the file as it is now, and take the frame for up to date.
                raise Mistake(f"{path} was changed while it was drawn from; run the same again")
        if outcome.step in _MADE:
            return replace(outcome, notes=(*self.inputs.notes(node), *outcome.notes))
        return outcome

    def take_anew(self, node: Node, arrived: Callable[[], None] = lambda: None) -> Take:
        """One more take of a frame into the store; the frame itself is left as it is.

        Raises `Mistake` where none comes.
        """
        if self.purchase is None:
            raise Mistake("drafts come out the same every time; takes are drawn with engine=openai")
        request = self.inputs.request(node)
        take, record = self.purchase.buy(node, request, arrived, reserved=False)
        checked(self.store, request, record, self._strict_size)
        return take

    def use(self, node: Node, pick: Pick) -> list[str]:
        """Put a take of the store in use for a frame, from now on; what there is to tell.

        Raises `Mistake` where the frame's input, or the take, is not there.
        """
        change_picks(self._project.folder, {node.name: pick})
        job = _Job(node, look(self.target(node)), self.inputs.request(node), lambda: None)
        if not self._restore(job):
            raise Mistake(f"the take {pick.take} of {node.name} cannot be read")
        return job.notes

    def hold(self, node: Node) -> None:
        """Pick the take that a frame is made from now, so that no newer one takes its place."""
        key = self.inputs.request(node).key
        origin = self.glance(node).provenance
        if origin and origin.take and self.store.has(origin.request_key, origin.take):
            pick = Pick(origin.take, origin.request_key, key)
        else:
            wanted = self.wanted(node, key)
            if wanted.record is None:
                return
            pick = Pick(wanted.record.id, wanted.key, key)
        change_picks(self._project.folder, {node.name: pick})

    def wanted(self, node: Node, key: str) -> Wanted:
        """The take that a frame with this request is to be made from. Raises `Mistake`."""
        if not self.paid:
            return Wanted(key, None)
        pick = read_picks(self._project.folder).get(node.name)
        return wanted_take(pick, self.store, key, lambda: self._take_on_disk(node))

    def finish_digest(self, node: Node) -> str:
        """What decides, beside its take, how a frame comes out; empty where takes are frames."""
        return self.finisher.digest(node) if self.paid else ""

    def target(self, node: Node) -> Path:
        """Where a frame goes."""
        return Path(self._project.path_of(node))

    def glance(self, node: Node) -> Existing:
        """What lies at a frame's path, by its metadata alone."""
        return frame.glance_at(self.target(node))

    def _take_on_disk(self, node: Node) -> tuple[str, str]:
        """Request key and name of the take that the frame on disk is made of."""
        origin = self.glance(node).provenance
        return (origin.request_key, origin.take) if origin else ("", "")

    def _build(self, node: Node, new_take: bool, arrived: Callable[[], None]) -> Outcome:
        place = look(self.target(node))
        free = self._free.make(node, place, new_take=new_take)
        if free:
            return free
        job = _Job(node, place, self.inputs.request(node), arrived)
        wanted = self.wanted(node, job.request.key)
        step = decide(
            place.existing,
            wanted,
            paid=self.paid,
            new_take=new_take,
            finish=self.finish_digest(node),
        )
        if step in {Step.DRAW, Step.RESTORE}:
            made = self._restore(job) if step is Step.RESTORE else None
            made = made or self._draw(job, new_take=new_take)
            return Outcome(made, tuple(job.notes), tuple(job.flags))
        return Outcome(step)

    def _draw(self, job: _Job, *, new_take: bool) -> Step:
        """Ask the engine, unless somebody else's answer to the same request arrives meanwhile."""
        request, purchase = job.request, self.purchase
        if self._engine is None or (self.paid and purchase is None):
            raise Mistake("nothing may be drawn here")
        if purchase is None:
            take = self._engine.draw(request)
            image = take.image or read_answer(take.picture, request.size_px)
            job.notes.extend(take.notes)
            self._put(job, take.picture, as_it_is(take.picture, image), _origin_of(request))
            return Step.DRAW
        if new_take:
            purchase.check(job.node, request, new_take=True)
            bought = purchase.buy(job.node, request, job.arrived, reserved=False)
            # From now on the newest is in use, whatever was picked before.
            change_picks(self._project.folder, {job.node.name: None})
        else:
            self.store.check_room(request.key)
            with self.store.reserved(request.key):
                if self._restore(job):
                    return Step.RESTORE
                purchase.check(job.node, request, new_take=False)
                bought = purchase.buy(job.node, request, job.arrived, reserved=True)
        self._use_best(job, purchase, bought)
        return Step.DRAW

    def _use_best(self, job: _Job, purchase: Purchase, bought: tuple[Take, TakeRecord]) -> None:
        """Make the frame of a take that was bought; of a better one where that is flagged.

        `generation.auto_retake` says how many more may be asked for, within the budget.
        """
        best = self._finished(job, *bought)
        for _ in range(self.generation.auto_retake if best.frame.flags else 0):
            try:
                again = purchase.buy(job.node, job.request, job.arrived, reserved=False)
                other = self._finished(job, *again)
            except StoreFailure:
                raise  # what cannot be kept must not be bought
            except Mistake as failure:
                why = str(failure).partition("; ")[0]
                job.notes.append(
                    f"{job.node.name} is flagged, and has no new take ({why}); to draw one:"
                    f" {doit('retake', '-f', job.node.name)}"
                )
                break
            best = min(best, other, key=lambda made: made.frame.rank)
            if not best.frame.flags:
                break
        newest = self.store.latest(job.request.key)
        if newest and newest.id != best.record.id:
            pick = Pick(best.record.id, job.request.key, job.request.key)
            change_picks(self._project.folder, {job.node.name: pick})
        self._put(job, best.picture, best.frame, _origin_of(job.request))

    def _finished(self, job: _Job, take: Take, record: TakeRecord) -> _Made:
        job.notes.extend(take.notes)
        picture, image = checked(self.store, job.request, record, self._strict_size)
        return _Made(record, picture, self.finisher.finish(job.node, picture, image))

    @property
    def _strict_size(self) -> tuple[int, int] | None:
        """The size that a take must have; None where finishing brings it to its size."""
        return None if self._character.finish.size else self.size_px

    def _restore(self, job: _Job) -> Step | None:
        """Make the frame from the picked or newest sound take; None where there is none."""
        while (wanted := self.wanted(job.node, job.request.key)).record:
            own = wanted.key == job.request.key
            asked: Asked = job.request if own else self.store.asked(wanted.key)
            try:
                picture, image = checked(self.store, asked, wanted.record, self._strict_size)
            except BadAnswer as error:
                job.notes.append(f"a take of {job.node.name} was damaged: {error}")
                change_picks(self._project.folder, {job.node.name: None})
                continue
            made = self.finisher.finish(job.node, picture, image)
            self._put(job, picture, made, _origin_of(asked))
            return Step.RESTORE
        return None

    def _put(self, job: _Job, take: bytes, made: FinishedFrame, origin: Provenance) -> None:
        """Put a finished frame where it goes."""
        job.notes.extend(made.notes)
        job.flags.extend(flag.line for flag in made.flags)
        provenance = replace(
            origin,
            take=take_id(take),
            pixels=pixels_digest(made.image),
            finish=made.digest,
            checks=made.checks,
        )
        data = frame.compose(made.png, made.image, provenance)
        put(job.place, data, self.store, job.notes)


@lru_cache(maxsize=256)
def _content(path: str, seen: tuple[int, int] | None) -> str:
    """The digest of a file, kept while it does not change; empty where there is none."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if seen else ""


def _origin_of(asked: Asked) -> Provenance:
    """Where a frame comes from, as far as its request says it."""
    content = asked.content()
    return Provenance(
        request_key=asked.key,
        take="",
        engine=content["engine"],
        pixels="",
        model=content["model"],
        prompt=content["prompt"],
    )


def builder_of(project: Project) -> Builder:
    """The one builder of a project: one engine, one client, one cache of portraits."""
    with _OPENING:  # all workers ask at once when a run begins
        return _open_builder(project)


_OPENING = threading.Lock()


@lru_cache(maxsize=2)
def _open_builder(project: Project) -> Builder:
    character = read_character(project)
    choice = read_graph(project).engine
    generation = character.generation
    engine = engines.load(
        choice.name, EngineSettings(generation.timeout_s, generation.answer_hosts)
    )
    purchase = None
    if choice.facts.paid:
        GATE.cap(generation.images_per_minute)
        caller = Caller(engine, terms_of(project, generation))
        purchase = Purchase(TakeStore(project.store), caller, lambda: in_batch(project))
    return Builder(project, character, choice, engine, purchase)


def looking_builder_of(project: Project) -> Builder:
    """A builder that looks, and draws nothing: for plans."""
    return Builder(project, read_character(project), read_graph(project).engine, engine=None)


def paid_builder_of(project: Project) -> Builder:
    """A builder that knows takes and makes frames of them, and draws nothing: without a key too."""
    character = read_character(project)
    engine = paid_engine(character.generation.engine)
    return Builder(project, character, Choice(engine, "its takes are looked at"), engine=None)


def open_estimator(project: Project) -> Estimator:
    """What calls of this project cost."""
    prices = read_character(project).generation.prices
    return Estimator(Ledger(project.store).entries(), prices)


def terms_of(project: Project, generation: Generation) -> Terms:
    """On what terms this run calls an engine that costs money."""
    ledger = Ledger(project.store)
    return Terms(
        gate=GATE,
        budget=Budget(generation.budget_usd),
        ledger=ledger,
        estimator=Estimator(ledger.entries(), generation.prices),
        max_retries=generation.max_retries,
    )

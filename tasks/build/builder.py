"""Building one frame: what is there, what to do about it, and doing it.

doit's database decides which frames are looked at; what is paid for is decided here, from the
request key, the frame on disk and the take store.
"""

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from tasks.build.changes import parts_of
from tasks.build.finisher import FINISHING, FinishedFrame, Finisher, as_it_is
from tasks.build.free import made_here
from tasks.build.inputs import Coming, Inputs, Requests
from tasks.build.purchase import Postponed, Purchase, after_refusal, checked, order_of
from tasks.build.put import Place, check_place, put
from tasks.build.situation import Situations
from tasks.build.step import Built, Step
from tasks.build.verdict import REFUSED, Aim, Situation, Verdict, verdict, wanted, without
from tasks.character.character import Generation
from tasks.character.settings import Thresholds
from tasks.graph.node import Node, Role
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.ground.files import stamp
from tasks.models.engines import paid_engine
from tasks.pictures.picture import BadAnswer, as_pixels, pixels_digest, read_answer
from tasks.requests import engine as engines
from tasks.requests.engine import Choice, Engine, EngineSettings
from tasks.requests.request import Request
from tasks.spending.budget import Budget
from tasks.spending.calls import Caller, CallPolicy
from tasks.spending.estimate import Estimator
from tasks.spending.ledger import Ledger
from tasks.spending.periods import periods_of
from tasks.spending.reconcile import close_open
from tasks.spending.run_calls import RunCalls
from tasks.takes import frame
from tasks.takes.frame import Existing, Frames, Provenance
from tasks.takes.owed import OwedPictures
from tasks.takes.picks import Pick, change_picks
from tasks.takes.rejected import take_id
from tasks.takes.store import Asked, StoreFailure, Take, TakeRecord, TakeStore

_MADE = {Step.DRAW, Step.RESTORE, Step.FIT}


@dataclass(slots=True)
class _Job:
    """One frame that is being made, and what there is to tell of it."""

    known: Situation
    place: Place
    arrived: Callable[[], None] = lambda: None
    notes: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    @property
    def node(self) -> Node:
        """The frame."""
        return self.known.node

    @property
    def request(self) -> Request:
        """Its request."""
        return _request_of(self.known)


@dataclass(frozen=True, slots=True)
class _Made:
    """A take, and the frame that it gives."""

    record: TakeRecord
    frame: FinishedFrame


class Builder:
    """Builds the frames of one project. Called from several threads at once.

    Without an engine nothing is drawn; with one that costs money, `purchase` buys its takes.
    """

    def __init__(
        self,
        project: Project,
        choice: Choice,
        engine: Engine | None,
        purchase: Purchase | None = None,
    ) -> None:
        self.paid = choice.facts.paid
        """whether what it draws costs money"""
        self._project = project
        self._character = character = project.character
        self._choice = choice
        self._engine = engine
        self.purchase = purchase
        self.frames = Frames()
        self.inputs = Inputs(project, character, Requests(project, character, choice), self.frames)
        self.finisher = Finisher(character, self.inputs)
        self.store = TakeStore(project.store)
        in_batch = purchase.in_batch if purchase else dict[str, str]
        self._situations = Situations(
            self.inputs, self.finisher, self.store, in_batch, paid=self.paid
        )

    def looking_ahead(
        self, coming: Mapping[str, Coming], in_batch: Mapping[str, str]
    ) -> Situations:
        """Looks at frames as if those of `coming`, by their paths, were made already."""
        shared = self.inputs.requests, self.frames
        inputs = Inputs(self._project, self._character, *shared, coming)
        finisher = Finisher(self._character, inputs)
        return Situations(inputs, finisher, self.store, lambda: in_batch, paid=self.paid)

    @property
    def thresholds(self) -> Thresholds:
        """From where on a frame is flagged."""
        return self._character.checks

    @property
    def generation(self) -> Generation:
        """How frames are drawn."""
        return self._character.generation

    def parts(self, known: Situation) -> dict[str, str]:
        """The digest of each part that a frame is made from, for `tasks.build.changes`."""
        node, asked = known.node, known.request
        parts = parts_of(self._character, self._choice.name, node, known.names, asked)
        if self.paid and node.role != Role.FIT:
            parts["pick"] = known.pick.digest if known.pick else ""
            region = self.inputs.region(node)
            settings = asdict(self._character.wearing(node.costume).finish)
            parts["finish"] = digest_of([settings, region.digest if region else ""])
            parts["mask"] = "sent" if self.generation.mask else ""
        return parts

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of every take that is asked for."""
        return self._character.asked_px

    def build(
        self, node: Node, *, new_take: bool, arrived: Callable[[], None] = lambda: None
    ) -> Built:
        """Bring a frame up to date, at the least cost. Raises `Mistake` where that fails.

        `arrived` is called when an answer that had to be waited for is there and safe.
        """
        sources = [_content(path, stamp(path)) for path in node.sources]
        place = Place(self.target(node), self.frames)
        aim = Aim.NEW_TAKE if new_take else Aim.CURRENT
        job = _Job(self._situations.of(node, place.now(), aim), place, arrived)
        step = self._carried_out(job, verdict(job.known))
        for path, seen in zip(node.sources, sources, strict=True):
            # By content: another process may have put the very same picture there once more.
            if _content(path, stamp(path)) != seen:
                # doit would record the file as it is now, and take the frame for up to date.
                raise Mistake(f"{path} was changed while it was drawn from; run the same again")
        ignored = self.inputs.notes(node) if step in _MADE else ()
        return Built(step, (*ignored, *job.notes), tuple(job.flags), self.parts(job.known))

    def look(self, node: Node) -> Situation:
        """What is known of a frame, for what is done beside building it. Raises `Mistake`."""
        return self._situations.of(node, self.glance(node), Aim.CURRENT)

    def take_anew(self, known: Situation, arrived: Callable[[], None] = lambda: None) -> Take:
        """One more take of a frame into the store; the frame itself is left as it is.

        Raises `Mistake` where none comes.
        """
        if self.purchase is None:
            raise Mistake("drafts come out the same every time; takes are drawn with engine=openai")
        request = _request_of(known)
        take, record = self.purchase.buy(order_of(known.node), request, arrived, reserved=False)
        checked(self.store, request, record, self._strict_size)
        return take

    def use(self, node: Node, pick: Pick) -> list[str]:
        """Put a take of the store in use for a frame, from now on; what there is to tell.

        Raises `Mistake` where the frame's input, or the take, is not there.
        """
        change_picks(self._project.folder, {node.name: pick})
        place = Place(self.target(node), self.frames)
        job = _Job(self._situations.of(node, place.now(), Aim.CURRENT), place)
        if not self._restored(job):
            raise Mistake(f"the take {pick.take} of {node.name} cannot be read")
        return job.notes

    def hold(self, known: Situation) -> None:
        """Pick the take that a frame is made from now, so that no newer one takes its place."""
        origin = known.existing.provenance
        if origin and origin.take and self.store.has(origin.request_key, origin.take):
            pick = Pick(origin.take, origin.request_key, known.key)
        else:
            found = wanted(known)
            if found.record is None:
                return
            pick = Pick(found.record.id, found.key, known.key)
        change_picks(self._project.folder, {known.node.name: pick})

    def target(self, node: Node) -> Path:
        """Where a frame goes."""
        return Path(self._project.path_of(node))

    def glance(self, node: Node) -> Existing:
        """What lies at a frame's path, by its metadata alone."""
        return frame.glance_at(self.target(node))

    def _carried_out(self, job: _Job, found: Verdict) -> Step:
        """Do what is to be done; what was done in the end. Raises `Mistake`."""
        step = found.step
        if step in {Step.FIT, Step.COPY, Step.MORPH}:
            put(job.place, made_here(step, job.known, self.inputs), self.store, job.notes)
        elif step is Step.WAIT:
            raise Postponed(job.known.in_batch)
        elif step is Step.FAIL:
            said = job.known.refused
            again = f"not sent again: {said}; {after_refusal(order_of(job.node))}"
            raise Mistake(again if found.why == REFUSED else found.why)
        elif step is Step.RESTORE:
            return step if self._restored(job) else self._drawn(job)
        elif step is Step.DRAW:
            return self._drawn(job)
        return step

    def _drawn(self, job: _Job) -> Step:
        """Ask the engine, unless somebody else's answer to the same request arrives meanwhile."""
        request, purchase = job.request, self.purchase
        if self._engine is None or (self.paid and purchase is None):
            raise Mistake("nothing may be drawn here")
        if purchase is None:
            take = self._engine.draw(request)
            if take.image is None:
                pixels = read_answer(take.picture, request.size_px).pixels
            else:
                pixels = as_pixels(take.image)
            job.notes.extend(take.notes)
            draft = as_it_is(take.picture, pixels)
            self._put(job, draft, replace(_origin_of(request), take=take_id(take.picture)))
            return Step.DRAW
        check_place(job.place.path)
        if job.known.aim is Aim.NEW_TAKE:
            purchase.begin(job.node, request, new_take=True)
            bought = purchase.buy(order_of(job.node), request, job.arrived, reserved=False)
            # From now on the newest is in use, whatever was picked before.
            self._change_pick(job, None)
        else:
            self.store.check_room(request, job.node.name)
            with self.store.reserved(request.key):
                # Asked anew: another process may have drawn it, or begun a batch, since.
                job.known = self._situations.with_records(job.known)
                found = verdict(job.known)
                if found.step is Step.RESTORE and self._restored(job):
                    return Step.RESTORE
                if found.step in {Step.WAIT, Step.FAIL}:
                    return self._carried_out(job, found)
                purchase.begin(job.node, request, new_take=False)
                bought = purchase.buy(order_of(job.node), request, job.arrived, reserved=True)
        self._use_best(job, purchase, bought)
        return Step.DRAW

    def _change_pick(self, job: _Job, pick: Pick | None) -> None:
        change_picks(self._project.folder, {job.node.name: pick})
        job.known = replace(job.known, pick=pick)

    def _use_best(self, job: _Job, purchase: Purchase, bought: tuple[Take, TakeRecord]) -> None:
        """Make the frame of a take that was bought; of a better one where that is flagged.

        `generation.auto_retake` says how many more may be asked for, within the budget.
        """
        best = self._finished(job, *bought)
        for _ in range(self.generation.auto_retake if best.frame.flags else 0):
            try:
                again = purchase.buy(order_of(job.node), job.request, job.arrived, reserved=False)
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
            self._change_pick(job, pick)
        self._put(job, best.frame, replace(_origin_of(job.request), take=best.record.id))

    def _finished(self, job: _Job, take: Take, record: TakeRecord) -> _Made:
        job.notes.extend(take.notes)
        with FINISHING:
            answer = checked(self.store, job.request, record, self._strict_size)
            return _Made(record, self.finisher.finish(job.node, answer))

    @property
    def _strict_size(self) -> tuple[int, int] | None:
        """The size that a take must have; None where finishing brings it to its size."""
        return None if self._character.finish.size else self.size_px

    def _restored(self, job: _Job) -> bool:
        """Make the frame from the picked or newest sound take; False where there is none."""
        while record := (found := wanted(job.known)).record:
            own = found.key == job.request.key
            asked: Asked = job.request if own else self.store.asked(found.key)
            with FINISHING:
                try:
                    answer = checked(self.store, asked, record, self._strict_size)
                except BadAnswer as error:
                    job.notes.append(f"a take of {job.node.name} was damaged: {error}")
                    self._change_pick(job, None)
                    job.known = without(job.known, record)
                    continue
                made = self.finisher.finish(job.node, answer)
            self._put(job, made, replace(_origin_of(asked), take=take_id(answer.data)))
            return True
        return False

    def _put(self, job: _Job, made: FinishedFrame, origin: Provenance) -> None:
        """Put a finished frame where it goes."""
        job.notes.extend(made.notes)
        job.flags.extend(flag.line for flag in made.flags)
        provenance = replace(
            origin,
            pixels=pixels_digest(made.pixels),
            finish=made.digest,
            checks=made.checks,
        )
        data = frame.compose(made.png, made.pixels, provenance)
        put(job.place, data, self.store, job.notes)


@lru_cache(maxsize=256)
def _content(path: str, seen: tuple[int, int] | None) -> str:
    """The digest of a file, kept while it does not change; empty where there is none."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if seen else ""


def _request_of(known: Situation) -> Request:
    assert known.request is not None  # noqa: S101 - only frames that an engine draws are asked for
    return known.request


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


def open_builder(project: Project, calls: RunCalls) -> Builder:
    """The builder of a run: one engine, one client, one cache of portraits."""
    generation, choice = project.character.generation, project.graph.engine
    engine = engines.load(choice.name, settings_of(generation))
    purchase = None
    if choice.facts.paid:
        from tasks.batch.open import in_batch  # drafts need none of it

        calls.limiter.cap(generation.images_per_minute)
        caller = Caller(engine, policy_of(project, calls))
        purchase = Purchase(TakeStore(project.store), caller, lambda: in_batch(project))
    return Builder(project, choice, engine, purchase)


def looking_builder_of(project: Project) -> Builder:
    """A builder that looks, and draws nothing: for plans."""
    return Builder(project, project.graph.engine, engine=None)


def paid_builder_of(project: Project) -> Builder:
    """A builder that knows takes and makes frames of them, and draws nothing: without a key too."""
    engine = paid_engine(project.character.generation.engine)
    return Builder(project, Choice(engine, "its takes are looked at"), engine=None)


def open_estimator(project: Project) -> Estimator:
    """What calls of this project cost."""
    return Estimator(Ledger(project.store).entries(), project.character.generation.prices)


def policy_of(project: Project, calls: RunCalls) -> CallPolicy:
    """How this run calls an engine that costs money, and within which limits."""
    from tasks.batch.open import pending_usd

    generation, ledger = project.character.generation, Ledger(project.store)
    with contextlib.suppress(OSError):  # where it cannot be written, nothing is bought either
        close_open(ledger, TakeStore(project.store))
    return CallPolicy(
        shared=calls,
        budget=Budget(generation.budget_usd),
        ledger=ledger,
        estimator=Estimator(ledger.entries(), generation.prices),
        max_retries=generation.max_retries,
        max_wait_s=generation.max_wait_s,
        periods=periods_of(generation, lambda: pending_usd(project)),
        owed=OwedPictures(project.store),
    )


def settings_of(generation: Generation) -> EngineSettings:
    """What an engine must know beside the requests."""
    return EngineSettings(generation.timeout_s, generation.answer_hosts, generation.image_field)

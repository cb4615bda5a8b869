"""Moods suggested for a timeline: bought once, kept as takes are, written to be edited."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tasks.build.builder import open_estimator, settings_of
from tasks.build.purchase import Order, Purchase, after_refusal
from tasks.character.talking import SUGGESTED
from tasks.graph.project import Project
from tasks.graph.talking import felt
from tasks.graph.timelines import Inputs, heard_in
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.ground.files import read_file, set_aside, write_whole
from tasks.ground.wording import counted, dollars
from tasks.requests.engine import KEY_VARIABLE, load_texts
from tasks.requests.request import Request
from tasks.spending.calls import Caller
from tasks.takes.store import TakeRecord, TakeStore
from tasks.timelines import suggest
from tasks.timelines.suggest import Line
from tasks.timelines.timing import timing

if TYPE_CHECKING:
    from tasks.build.builder import Builder


class Sharing(Protocol):
    """What a run shares, as far as moods need it."""

    @property
    def project(self) -> Project:
        """The project."""

    @property
    def builder(self) -> "Builder":
        """The run's builder, whose budget also counts here."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for one timeline."""

    name: str
    request: Request
    lines: tuple[Line, ...]

    @property
    def task(self) -> str:
        return f"timelines:{self.name}:moods"

    @property
    def order(self) -> Order:
        return Order(self.task, self.task, "the text")


def suggest_moods(
    sharing: Sharing, given: Inputs, *, new_take: bool, arrived: Callable[[], None]
) -> str:
    """Have moods suggested for a timeline, where its file is not there or not of its words.

    What there is to say. Raises `Mistake` where none come, and `Stopped`.
    """
    project, path = sharing.project, given.suggested
    by_hand = _is_by_hand(path)
    if by_hand and not new_take:
        return (
            f"[=] Kept {path}: it was written or edited by hand; to have moods suggested anew:"
            f" {doit('-a', f'timelines:{given.name}:moods')}"
        )
    asked, store = _asked(project, given), TakeStore(project.store)
    key = asked.request.key
    record = None if new_take else store.latest(key)
    bought = record is None
    record = record or _bought(sharing, store, asked, new_take=new_take, arrived=arrived)
    try:
        found = suggest.suggested(store.picture(key, record), asked.lines, felt(project.character))
    except suggest.NonsenseError as error:
        raise Mistake(
            f"what {asked.request.model} answered is no list of moods ({error});"
            f" it is kept in {project.store / key[:2] / record.file}{_cost(record)}; to ask once"
            f" more: {doit('-a', asked.task)}"
        ) from error
    aside = set_aside(path) if by_hand else None
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, suggest.written(found, asked.request.model, key))
    came = f"by {asked.request.model}{_cost(record)}" if bought else "from the take store"
    more = f"; passed over: {', '.join(found.dropped)}" if found.dropped else ""
    more += f"; what lay there is now {aside}" if aside else ""
    changes = counted(len(found.moods), "change")
    return f"[✓] {asked.task} -> {path} ({changes} of mood, {came}): edit it as you like{more}"


def _cost(record: TakeRecord) -> str:
    return "" if record.cost_usd is None else f", {dollars(record.cost_usd)}"


def _is_by_hand(path: Path) -> bool:
    """Whether something lies there that is not as it was suggested."""
    try:
        return not suggest.is_ours(read_file(path))
    except FileNotFoundError:
        return False


def _asked(project: Project, given: Inputs) -> _Asked:
    """Raises `Mistake` where there are no words, or no times for them."""
    made = given.timing and given.timing.parent == given.out and not given.timing.is_file()
    heard = timing("") if made else heard_in(given)
    lines = suggest.lines_of(given.words(), heard)
    if not lines:
        raise Mistake("nothing says which words are heard when, and moods are suggested by words")
    character = project.character
    request = suggest.request_of(lines, felt(character), character.talking.moods)
    return _Asked(given.name, request, lines)


def _bought(
    sharing: Sharing,
    store: TakeStore,
    asked: _Asked,
    *,
    new_take: bool,
    arrived: Callable[[], None],
) -> TakeRecord:
    """One answer, in the store. Raises `Mistake` where none may be had, or none comes."""
    project, request = sharing.project, asked.request
    _check_paid(project, asked.task)
    purchase = sharing.builder.purchase
    assert purchase is not None  # noqa: S101 - an engine that is paid has one
    generation = project.character.generation
    store.check_room(request, asked.order.name)
    with store.reserved(request.key):
        # Asked anew: another process may have bought it since.
        record = None if new_take else store.latest(request.key)
        refused = None if new_take else store.refusals.said(request.key)
        if record:
            return record
        if refused:
            raise Mistake(f"not sent again: {refused}; {after_refusal(asked.order)}")
        # An endpoint that draws need not write: what is wrong with words stops no picture.
        caller = Caller(load_texts(settings_of(generation)), purchase.caller.policy, ends_run=False)
        _, kept = Purchase(store, caller).buy(asked.order, request, arrived, reserved=True)
        return kept


def _check_paid(project: Project, task: str) -> None:
    """That this run may ask. Raises `Mistake`."""
    if not project.has_key:
        raise Mistake(f"none are suggested, since {KEY_VARIABLE} is not set")
    if not project.graph.engine.facts.paid:
        raise Mistake(
            f"none are suggested in a run with engine={project.graph.engine.name}, which costs"
            f" nothing; to have them: {doit(task, engine='openai')}"
        )


@dataclass(frozen=True, slots=True)
class ForetoldMoods:
    """What the moods of a timeline would cost, and what there is to say of it."""

    name: str
    model: str
    cost_usd: float | None
    line: str

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return {"timeline": self.name, "model": self.model, "cost_usd": self.cost_usd}


def foretold(project: Project, given: Inputs) -> Iterator[ForetoldMoods]:
    """What a run would ask for; nothing where it would not, or cannot be asked. Calls nobody."""
    if given.spec.moods != SUGGESTED or _is_by_hand(given.suggested):
        return
    try:
        asked = _asked(project, given)
        if TakeStore(project.store).latest(asked.request.key):
            return
        _check_paid(project, asked.task)
    except Mistake as error:
        yield ForetoldMoods(given.name, "", 0.0, f"[i] timelines:{given.name}: no moods: {error}")
        return
    estimate = open_estimator(project).estimate(asked.request)
    cost_usd = estimate.cost_usd
    price = "what that costs is not known" if cost_usd is None else f"about {dollars(cost_usd)}"
    line = (
        f"[i] {asked.task}: moods for {counted(len(asked.lines), 'line')} by"
        f" {asked.request.model}, {price}; which frames they need is known once they are there"
    )
    yield ForetoldMoods(given.name, asked.request.model, cost_usd, line)

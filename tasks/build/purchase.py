"""Buying one take: where it goes, and what becomes of an answer that is none.

The answer is in the store before anything is made of it. What the content rules refused is
remembered and not sent again; what came instead of a picture is kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tasks.graph.node import Node
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.pictures.picture import Answer, BadAnswer, read_answer
from tasks.requests.engine import EngineFailure, Fault
from tasks.requests.request import Request
from tasks.spending.budget import OverBudget
from tasks.spending.calls import Caller
from tasks.spending.resume_command import ResumeCommand, cents
from tasks.takes.store import Asked, Take, TakeRecord, TakeStore


class Postponed(Mistake):
    """A frame was not drawn now, since its request went, or goes, into a batch."""


class NotPaidFor(Mistake):
    """A frame was not drawn, since no budget has room for its call."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a take is bought for, as the ledger, the store and messages name it."""

    name: str
    task: str
    words: str
    """what a person changes where the content rules forbid the request"""


def order_of(node: Node) -> Order:
    """The order of a frame."""
    return Order(node.name, node.task, f"the words of {node.expression} in the config")


class Purchase:
    """Buys takes for one project. Called from several threads at once."""

    def __init__(
        self,
        store: TakeStore,
        caller: Caller,
        in_batch: Callable[[], Mapping[str, str]] = lambda: MappingProxyType({}),
    ) -> None:
        self.caller = caller
        self.in_batch = in_batch
        """says which request keys are in a live batch now, and what to say of each"""
        self._store = store
        self.postpone: Callable[[Node, Request, bool], None] | None = None
        """who collects what would have to be drawn, instead of its being drawn now: given the
        frame, its request, and whether a new take is asked for"""

    def begin(self, node: Node, request: Request, *, new_take: bool) -> None:
        """To be called before a frame is drawn. Raises `Postponed` where that is for a batch."""
        if not new_take and self._is_owed(request):
            return  # it is paid for: `buy` fetches it
        if self.postpone:
            self.postpone(node, request, new_take)
            raise Postponed("")  # its line is that of the batch

    def buy(
        self, order: Order, request: Request, arrived: Callable[[], None], *, reserved: bool
    ) -> tuple[Take, TakeRecord]:
        """One answer, in the store. `reserved`: whoever asks holds the request already.

        `arrived` is called when it is there and safe. Raises `Mistake` where none comes,
        `NotPaidFor` where it may not be bought.
        """
        kept: list[TakeRecord] = []

        def keep(take: Take) -> None:
            add = self._store.add if reserved else self._store.add_alone
            kept.append(add(request, take, order.name))
            arrived()

        if not reserved:
            self._store.check_room(request, order.name)
        try:
            # Only who holds the request fetches what is owed; who asks for a new take buys one.
            owed = self.caller.fetch_owed(request, keep) if reserved else None
            take = owed or self.caller.draw(request, order.name, keep)
        except EngineFailure as failure:
            raise self._explained(order, request, failure) from failure
        except OverBudget as refusal:
            resume = self.caller.policy.shared.resume
            raise NotPaidFor(
                f"{refusal}; {_to_go_on(resume, order, request, refusal)}"
            ) from refusal
        return take, kept[-1]

    def _is_owed(self, request: Request) -> bool:
        owed = self.caller.policy.owed
        return bool(owed and owed.of(request.key))

    def _explained(self, order: Order, request: Request, failure: EngineFailure) -> EngineFailure:
        """A failure with what became of it."""
        text = str(failure)
        if failure.fault is Fault.REFUSED:
            self._store.refusals.remember(request.key, text)
            text = f"{text}; {after_refusal(order)}"
        if failure.fault is Fault.TO_FETCH:
            text = f"{text}; the next run fetches it; to buy it anew: {doit('-a', order.task)}"
        if failure.answer:
            path = self._store.rejected.keep(request.key, failure.answer, text)
            text = f"{text}; what came instead is kept in {path}"
        return EngineFailure(text, fault=failure.fault)


def checked(
    store: TakeStore, request: Asked, record: TakeRecord, size_px: tuple[int, int] | None
) -> Answer:
    """A take, decoded. What is no usable picture leaves the store: `BadAnswer`."""
    picture = store.picture(request.key, record)
    try:
        return read_answer(picture, size_px)
    except BadAnswer as error:
        path = store.withdraw(request, record, str(error))
        raise BadAnswer(f"{error}; it is kept in {path}") from error


def _to_go_on(resume: ResumeCommand, order: Order, request: Request, refusal: OverBudget) -> str:
    """The command that pays for it after all."""
    if refusal.key:
        return f"to go on, raise {refusal.key} in generation"
    if refusal.cost_usd is None:
        return (
            f'say it in generation.prices ("{request.model}": {{"usd_per_image": 0.04}}), or lift'
            f" the limit: {resume.again('none', order.task)}"
        )
    return f"to go on: {resume.again(cents(refusal.cost_usd), order.task)}"


def after_refusal(order: Order) -> str:
    """How to go on after words were refused."""
    return f"change {order.words}, or send the same once more: {doit('-a', order.task)}"

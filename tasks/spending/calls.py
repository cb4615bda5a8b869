"""Calls: the one policy by which an engine that costs money is asked.

Each call waits for room in the budget and for its turn at the limiter, is written into the ledger,
and is made again only where that may help:

- what was not sent, or put off by the server (408, 409, 429, 5xx), up to `max_retries` times;
- what may have been billed although nothing came (silence, a cut-off), once, and it is said;
- nothing else. What every call of the run would meet - no credit, no access, a wrong address or
  model, a wait of hours - ends the run at its first.
"""

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from tasks.ground.back_off import growing_waits
from tasks.ground.errors import Mistake
from tasks.ground.files import utc_now
from tasks.ground.outside import clean
from tasks.ground.wording import moment
from tasks.models.prices import tokens_of
from tasks.requests.engine import Engine, EngineFailure, Fault, Paid, ToFetch
from tasks.spending.budget import Budget, Reservation
from tasks.spending.estimate import Estimator, kind_of
from tasks.spending.ledger import DRAWN, DROPPED, LOST, Entry, Ledger
from tasks.spending.periods import NO_LIMITS, Periods
from tasks.spending.rate_limiter import Stopped
from tasks.spending.run_calls import RunCalls
from tasks.takes.owed import OwedPictures

if TYPE_CHECKING:
    from tasks.requests.request import Request
    from tasks.takes.store import Take

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_AGAIN = {Fault.NOT_SENT, Fault.PUT_OFF, Fault.RATE, Fault.UNCERTAIN}
_HOPELESS = {Fault.NO_CREDIT, Fault.NO_ACCESS, Fault.SETUP, Fault.SETTING, Fault.TO_FETCH}
_SET_UP_EXIT_CODE = 3
"""that of doit for what is wrong before a run begins"""


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """How the calls of a run are made, and within which limits."""

    shared: RunCalls
    budget: Budget
    ledger: Ledger
    estimator: Estimator
    max_retries: int
    max_wait_s: float = 600.0
    """a longer wait, asked for by the endpoint, ends the run"""
    periods: Periods = NO_LIMITS
    owed: OwedPictures | None = None

    def learn(self) -> None:
        """Estimate from all that the ledger has by now, also what others wrote into it."""
        self.estimator.read(self.ledger.entries())


class Caller:
    """Makes the calls of a run. Called from several threads at once.

    `ends_run`: what every call of this engine would meet ends the run; else only the call fails.
    """

    def __init__(self, engine: Engine, policy: CallPolicy, *, ends_run: bool = True) -> None:
        self._engine = engine
        self._ends_run = ends_run
        self.policy = policy
        self._lock = threading.Lock()
        self._hopeless = False
        self._reached = False
        """whether any call of the run got as far as the endpoint"""
        self._doubted_counts = False

    def draw(self, request: "Request", frame: str, keep: "Callable[[Take], None]") -> "Take":
        """One answer to `request`, for `frame`. `keep` puts it where it is safe, before all else.

        Raises `EngineFailure` where no picture comes, `OverBudget` where it may not be paid for,
        and `Stopped` where the limiter is closed first.
        """
        notes: list[str] = []
        left, left_in_doubt = self.policy.max_retries, min(self.policy.max_retries, 1)
        waits, limited = growing_waits(_FIRST_WAIT_S, _LONGEST_WAIT_S), 0
        while True:
            try:
                self._prepare()
                take = self._call(request, frame, keep, limited=limited)
            except EngineFailure as error:
                failure, wait_s = self._too_long(error), next(waits)
                unreached = failure.fault is Fault.NOT_SENT and not self._reached
                left = min(left, 1) if unreached else left
                self._stop_if_hopeless(failure, also=unreached and left <= 0)
                in_doubt = failure.fault is Fault.UNCERTAIN
                tries = min(left, left_in_doubt) if in_doubt else left
                again = failure.fault in _AGAIN and tries > 0
                if failure.fault is Fault.RATE:
                    limited += 1  # the limiter makes everyone wait
                elif again:
                    again = self._pause(failure, wait_s)
                if not again and notes:
                    raise _with_notes(failure, notes) from error
                if not again:
                    raise failure from error.__cause__
                if in_doubt:
                    left_in_doubt -= 1
                    notes.append(f"{frame} was asked for twice, since {failure}")
                left -= 1
            else:
                return replace(take, notes=(*take.notes, *notes))

    def _pause(self, failure: EngineFailure, backoff_s: float) -> bool:
        """Wait what the server asked for, else a growing time with some chance in it."""
        chance = random.uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it
        asked_s = backoff_s * chance if failure.wait_s is None else failure.wait_s
        return self.policy.shared.limiter.pause(min(asked_s, _LONGEST_WAIT_S))

    def fetch_owed(self, request: "Request", keep: "Callable[[Take], None]") -> "Take | None":
        """A picture of the request that was paid for and not fetched yet; None where none is owed.

        Raises `EngineFailure` where it does not come now either.
        """
        take = None
        for path, owed in self.policy.owed.of(request.key) if self.policy.owed else ():
            take = cast(Paid, self._engine).fetch(owed)
            keep(take)
            path.unlink(missing_ok=True)
        return take

    def _prepare(self) -> None:
        """Whatever shows before a call that none can be made."""
        prepare = getattr(self._engine, "prepare", None)
        if prepare is not None:
            prepare()

    def _too_long(self, failure: EngineFailure) -> EngineFailure:
        """A failure after which nobody waits so long as the endpoint asks."""
        wait_s, longest_s = failure.wait_s or 0.0, self.policy.max_wait_s
        if failure.fault not in _AGAIN or wait_s <= longest_s:
            return failure
        text = (
            f"the endpoint asks to wait until {moment(wait_s)}, and max_wait_s is {longest_s:g}:"
            f" run doit again then ({failure})"
        )
        return EngineFailure(text, fault=Fault.SETTING, wait_s=wait_s)

    def _stop_if_hopeless(self, failure: EngineFailure, *, also: bool) -> None:
        """End all calls of the run. The first says why; the others were not attempted."""
        if not self._ends_run or (failure.fault not in _HOPELESS and not also):
            return
        if failure.fault is Fault.SETUP:
            self.policy.shared.limiter.exit_code = _SET_UP_EXIT_CODE
        with self._lock:
            first, self._hopeless = not self._hopeless, True
        if not first:
            raise Stopped("the run was stopped before its turn came") from failure
        self.policy.shared.limiter.close(str(failure))
        self.policy.budget.close()

    def _call(
        self, request: "Request", frame: str, keep: "Callable[[Take], None]", *, limited: int
    ) -> "Take":
        """One call: reserved, made, kept, settled and written down."""
        policy = self.policy
        with policy.budget.reserved(lambda: policy.estimator.estimate(request)) as held:
            held.cost_usd = 0.0  # as long as nothing is sent
            turn = policy.shared.limiter.turn(again=limited)
            entry = self._begun(_entry(request, frame, held.estimate_usd))
            lose = _once(lambda: self._lost(entry))
            with policy.shared.in_flight.under_way(frame, lose):
                try:
                    held.cost_usd = None
                    take = self._engine.draw(request)
                except EngineFailure as failure:
                    self._reached = self._reached or failure.fault is not Fault.NOT_SENT
                    if failure.fault is Fault.RATE:
                        turn.limited(failure.wait_s)
                    else:
                        turn.accepted()
                    self._settle_failure(held, entry, failure)
                    raise
                except (Mistake, OSError):
                    held.cost_usd = 0.0  # a picture that it shows cannot be read
                    self._written(replace(entry, outcome=DROPPED))
                    raise
                except BaseException:
                    lose()  # left at once, by the thread that made the call
                    raise
                turn.accepted()
                return self._drawn(held, entry, take, keep)

    def _drawn(
        self, held: Reservation, entry: Entry, take: "Take", keep: "Callable[[Take], None]"
    ) -> "Take":
        """A picture came: it is kept first, and written down even where it cannot be kept."""
        self._reached = True
        entry = self._priced(entry, DRAWN, take.usage, take.latency_s)
        held.cost_usd = entry.cost_usd
        take = replace(take, cost_usd=entry.cost_usd, call=entry.call)
        try:
            keep(take)
        except BaseException:
            self._written(entry)
            raise
        self.policy.estimator.learn(entry)
        doubts = self._doubts(take.usage, entry)
        return replace(take, notes=(*take.notes, *doubts, *self._written(entry)))

    def _doubts(self, usage: Mapping[str, object], entry: Entry) -> tuple[str, ...]:
        """Said once a run: that the endpoint's counts cannot be, and are not believed."""
        if not usage or entry.tokens or entry.cost_usd is not None or self._doubted_counts:
            return ()
        self._doubted_counts = True
        counts = clean(json.dumps(dict(usage)), 120)
        text = (
            f"the endpoint counts tokens as no picture takes them ({counts}): what calls cost is"
            " taken from the table; for a server of your own, say it in generation.prices"
            f' ("{entry.model}": {{"usd_per_image": 0}})'
        )
        return (text,)

    def _settle_failure(self, held: Reservation, entry: Entry, failure: EngineFailure) -> None:
        """What a call without a picture costs: nothing, its tokens, or nobody knows."""
        if failure.fault is Fault.UNCERTAIN:
            priced = entry  # its estimate is counted as spent
        elif failure.fault in {Fault.UNUSABLE, Fault.TO_FETCH}:
            priced = self._priced(entry, "", failure.usage, None)
            held.cost_usd = priced.cost_usd
            if isinstance(failure, ToFetch):
                self._owe(priced, failure)
        else:
            priced = replace(entry, cost_usd=0.0)
            held.cost_usd = 0.0
        written = replace(priced, at=utc_now(), outcome=failure.fault.value, note=str(failure))
        self._written(written)

    def _owe(self, entry: Entry, failure: ToFetch) -> None:
        """Note a picture that is paid for, so that the next run fetches it."""
        if self.policy.owed and failure.owed:
            owed = replace(failure.owed, cost_usd=entry.cost_usd, call=entry.call)
            self.policy.owed.add(entry.key, owed)

    def _begun(self, entry: Entry) -> Entry:
        """The line of a call, on the disk before the call is sent."""
        policy, more_usd = self.policy, entry.estimate_usd or 0.0
        try:
            return policy.ledger.begin(entry, lambda all_: policy.periods.check(all_, more_usd))
        except OSError as error:
            raise Mistake(
                f"{policy.ledger.path} cannot be written ({error.strerror}): nothing was bought"
            ) from error

    def _priced(
        self, entry: Entry, outcome: str, usage: Mapping[str, object], latency_s: float | None
    ) -> Entry:
        """The line of a call that was answered."""
        price, tokens = self.policy.estimator.price(entry.model), tokens_of(usage)
        return replace(
            entry,
            at=utc_now(),
            outcome=outcome,
            tokens=tokens,
            cost_usd=price.cost_usd(tokens) if price else None,
            latency_s=latency_s,
        )

    def _written(self, entry: Entry) -> tuple[str, ...]:
        """Write a line; what to tell where that fails, since nothing is lost by it."""
        try:
            self.policy.ledger.add(entry)
        except OSError as error:
            return (f"{self.policy.ledger.path} cannot be written: {error.strerror}",)
        return ()

    def _lost(self, entry: Entry) -> None:
        """Write down a call that nobody waits for any more."""
        self._written(replace(entry, at=utc_now(), outcome=LOST))


def _once(do: Callable[[], None]) -> Callable[[], None]:
    """What does it the first time, and nothing afterwards."""
    left = [do]
    return lambda: left.pop()() if left else None


def _with_notes(failure: EngineFailure, notes: list[str]) -> EngineFailure:
    """A failure that is final, with what else is to be known of the calls that led to it."""
    return EngineFailure(
        "; ".join([str(failure), *notes]),
        failure.answer,
        fault=failure.fault,
        wait_s=failure.wait_s,
        usage=failure.usage,
    )


def _entry(request: "Request", frame: str, estimate_usd: float) -> Entry:
    kind = kind_of(request)
    return Entry(
        at="",
        frame=frame,
        key=request.key,
        model=kind.model,
        size=kind.size,
        quality=kind.quality,
        references=kind.references,
        outcome="",
        estimate_usd=round(estimate_usd, 6),
    )

"""Batches of one store: what is in them, looking at them, submitting, ending them early."""

import contextlib
import datetime
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.batch.intake import Intake
from tasks.batch.lines import split
from tasks.batch.resume import clean_up, give_up, is_of, settle, unknown
from tasks.batch.state import BatchState, Phase, StateFolder
from tasks.batch.submission import Item, Part, Submission
from tasks.batch.tools import PASSING, STANDARD, BatchTools, Limits, age_text, title
from tasks.ground.advice import doit
from tasks.ground.wording import counted
from tasks.requests.batches import FAILED, BatchService, RemoteBatch
from tasks.requests.engine import EngineFailure
from tasks.spending.estimate import Estimator
from tasks.spending.ledger import Ledger
from tasks.takes.store import KeptRequest, TakeStore

_BILLABLE = {Phase.CREATING, Phase.LIVE}
_MOST_PROBLEMS = 10
"""that are said of one batch"""

__all__ = ["Batches", "Cancelled", "Fetched", "Item", "Limits", "Live", "Submitted"]


@dataclass(frozen=True, slots=True)
class Live:
    """Where a request is that must not be drawn otherwise."""

    batch: str
    """the provider's id; empty while it is not known"""
    since: datetime.datetime
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of looking at the batches."""

    taken: int = 0
    """pictures that were put into the store"""
    failed: int = 0
    """requests that were answered without a picture, each said in a line"""
    freed: int = 0
    """requests that nothing came of: they may be drawn again"""
    over: int = 0
    """batches that ended"""
    live: int = 0
    """batches that are waited for still"""
    waiting: int = 0
    """requests in them"""
    done: int = 0
    """how many of these the provider has answered by now"""
    turned_down: str = ""
    """why the provider did not take a batch on, as was said"""
    problem: str = ""
    """why some could not be looked at, as was said; empty where all were"""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of submitting."""

    batches: tuple[str, ...] = ()
    """the provider's ids"""
    requests: int = 0
    in_batches: int = 0
    """requests that were left out since a live batch has them"""
    bought: int = 0
    """requests that were left out since the store has a take of them by now"""
    problem: str = ""
    """why not all were submitted, as was said; empty where all were"""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What came of ending batches early."""

    batches: int = 0
    """how many are ending, or have ended: `fetch` takes in what was done until then"""
    problem: str = ""


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Batches:
    """The batches of one store. Several processes may use them at once: they take turns."""

    def __init__(  # noqa: PLR0913 - what is used is handed in
        self,
        store: TakeStore,
        ledger: Ledger,
        estimator: Estimator,
        connect: Callable[[], BatchService],
        say: Callable[[str], None],
        *,
        refused: Callable[[str, str], None] = lambda _key, _text: None,
        pause: Callable[[float], bool] = _sleep,
        now: Callable[[], datetime.datetime] = _now,
        limits: Limits = STANDARD,
    ) -> None:
        self._folder = StateFolder(store.folder)
        self._store = store
        self._connect = connect
        self._say = say
        self._limits = limits

        def tools(service: BatchService) -> BatchTools:
            return BatchTools(
                store=store,
                ledger=ledger,
                estimator=estimator,
                folder=self._folder,
                service=service,
                say=say,
                refused=refused,
                pause=pause,
                now=now,
                limits=limits,
            )

        self._tools = tools

    def live(self) -> Mapping[str, Live]:
        """The requests that must not be drawn otherwise, by their keys; from disk alone.

        Raises `Mistake` where a batch's file cannot be read.
        """
        live: dict[str, Live] = {}
        for state in self._folder.states():
            if state.phase is not Phase.OVER:
                since = datetime.datetime.fromisoformat(state.since)
                for key, frames in state.frames.items():
                    live[key] = Live(state.batch, since, frames)
        return live

    def pending_usd(self) -> float:
        """What is to be billed for the requests of live batches, as it was estimated."""
        live = [state for state in self._folder.states() if state.phase in _BILLABLE]
        return sum(self._folder.requests(state).estimate_usd for state in live)

    def fetch(self) -> Fetched:
        """Look at each batch once, and take in what is done.

        Problems of the network are said, and leave all as it is for the next time. Raises
        `Mistake` where the disk does not take what came.
        """
        if not self._folder.states():
            return Fetched()
        with self._locked():
            fetched = Fetched(freed=self._let_go_unsubmitted())
            try:
                tools = self._tools(self._connect())
            except EngineFailure as failure:
                return self._remaining(replace(fetched, problem=self._not_now(failure)))
            for state in self._folder.states():
                try:
                    fetched = _sum(fetched, self._step(tools, state))
                except EngineFailure as failure:
                    fetched = replace(fetched, problem=self._not_now(failure, state))
                    if failure.fault in PASSING:
                        break  # the next one meets the same
            return self._remaining(fetched)

    def submit(self, items: Sequence[Item]) -> Submitted:
        """Submit requests, but for those that are in a live batch, or bought by now.

        Problems are said; what was submitted before stays so. Raises `Mistake` where the disk
        does not take the state; nothing is bought then.
        """
        if not items:
            return Submitted()
        with self._locked():
            merged, live = _merged(items), self.live()
            free = {key: item for key, item in merged.items() if key not in live}
            fresh = {k: i for k, i in free.items() if i.new_take or not self._store.latest(k)}
            result = Submitted(in_batches=len(merged) - len(free), bought=len(free) - len(fresh))
            if not fresh:
                return result
            try:
                tools = self._tools(self._connect())
            except EngineFailure as failure:
                self._say(f"[!] Not submitted: {failure}")
                return replace(result, problem=str(failure))
            return self._submit(tools, self._claimed(tools, fresh), result)

    def cancel(self) -> Cancelled:
        """End all live batches early. What was done until then is paid for: `fetch` takes it in."""
        if not self._folder.states():
            return Cancelled()
        with self._locked():
            ended = 0
            try:
                tools = self._tools(self._connect())
                for state in self._folder.states():
                    ended += self._cancel(tools, state)
            except EngineFailure as failure:
                return Cancelled(ended, self._not_now(failure))
            return Cancelled(ended)

    def _let_go_unsubmitted(self) -> int:
        """Free the requests of batches that nobody submits any more; how many that are.

        Whoever was at it has lost the lock. Nothing was bought, so that nobody has to be asked.
        """
        states = [s for s in self._folder.states() if s.phase is Phase.PREPARING]
        for state in states:
            self._folder.write(replace(state, phase=Phase.OVER))
        return sum(len(state.frames) for state in states)

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return self._folder.locked(
            lambda: self._say("[i] Another process is at the batches: waiting for it")
        )

    def _not_now(self, failure: EngineFailure, state: BatchState | None = None) -> str:
        what = title(state) if state else "The batches"
        stays = "stays" if state else "stay"
        open_end = state is not None and state.phase is Phase.CREATING
        how = f"; to give it up, delete {self._folder.path(state)}" if state and open_end else ""
        self._say(f"[!] {what} cannot be looked at now and {stays} as before: {failure}{how}")
        return str(failure)

    def _remaining(self, fetched: Fetched) -> Fetched:
        live = [state for state in self._folder.states() if state.phase is not Phase.OVER]
        waiting = sum(len(state.frames) for state in live)
        return replace(fetched, live=len(live), waiting=waiting)

    def _step(self, tools: BatchTools, state: BatchState) -> Fetched:
        """Bring one batch on as far as it goes now."""
        freed = 0
        if state.phase is Phase.CREATING:
            state = settle(tools, state)
            freed = len(state.frames) if state.phase is Phase.OVER else 0
        if state.phase is Phase.OVER:
            # Of one that was never created, not all uploads may be known.
            (clean_up if state.batch else give_up)(tools, state)
            return Fetched(freed=freed)
        return self._look(tools, state) if state.phase is Phase.LIVE else Fetched()

    def _look(self, tools: BatchTools, state: BatchState) -> Fetched:
        remote = tools.patiently(lambda: tools.service.look(state.batch))
        if remote is None or (remote.token and not is_of(remote, state)):
            if not unknown(tools, state):
                return Fetched()
            self._end(tools, state)
            return Fetched(over=1, freed=len(state.frames))
        if not remote.is_over:
            tools.say(_progress(tools, state, remote))
            return Fetched(done=remote.done + remote.failed)
        return self._take_in(tools, state, remote)

    def _take_in(self, tools: BatchTools, state: BatchState, remote: RemoteBatch) -> Fetched:
        for problem in remote.problems[:_MOST_PROBLEMS]:
            tools.say(f"[!] Batch {state.batch} was turned down: {problem}")
        if len(remote.problems) > _MOST_PROBLEMS:
            tools.say(f"[!] ... and {len(remote.problems) - _MOST_PROBLEMS} more of these")
        turned_down = ", ".join(remote.problems[:1]) or "no reason given"
        turned_down = turned_down if remote.status == FAILED else ""
        intake = Intake(tools, state)
        try:
            missing = intake.read(remote)
        except EngineFailure as failure:
            if failure.fault in PASSING:
                raise
            missing = str(failure)
        if missing:
            tools.say(
                f"[!] Not all results of batch {state.batch} can be had now ({missing}): it is"
                " looked at again the next time; to give up what is missing, delete"
                f" {tools.folder.path(state)}"
            )
            return Fetched(intake.taken, intake.failed, problem=missing)
        tools.say(_ending(state, remote, intake))
        self._end(tools, state)
        return Fetched(
            intake.taken, intake.failed, intake.unanswered, over=1, turned_down=turned_down
        )

    def _end(self, tools: BatchTools, state: BatchState) -> None:
        over = replace(state, phase=Phase.OVER)
        tools.folder.write(over)
        clean_up(tools, over)

    def _claimed(self, tools: BatchTools, fresh: Mapping[str, Item]) -> list[Part]:
        """The requests in parts, each on disk: from now on nobody else begins to draw them."""
        limits = self._limits
        requests = [item.request for item in fresh.values()]
        parts = []
        for group in split(requests, limits.requests, limits.file_bytes):
            items = {request.key: fresh[request.key] for request in group}
            state = BatchState(
                name=secrets.token_hex(8),
                phase=Phase.PREPARING,
                account=tools.service.account,
                since=tools.stamp(),
                frames={key: item.frames for key, item in items.items()},
            )
            tools.folder.write_requests(
                state.name,
                (KeptRequest(k, i.request.content(), i.estimate_usd) for k, i in items.items()),
            )
            tools.folder.write(state)
            parts.append(Part(state, items))
        return parts

    def _submit(self, tools: BatchTools, parts: Sequence[Part], result: Submitted) -> Submitted:
        submission = Submission(tools)
        for number, part in enumerate(parts):
            try:
                state = submission.submit(part)
            except EngineFailure as failure:
                for later in parts[number + 1 :]:
                    tools.folder.remove(later.state)
                self._say_left(parts[number:], failure)
                return replace(result, problem=str(failure))
            if state:
                result = replace(
                    result,
                    batches=(*result.batches, state.batch),
                    requests=result.requests + len(state.frames),
                )
        return result

    def _say_left(self, parts: Sequence[Part], failure: EngineFailure) -> None:
        """What became of the part that was being submitted, and of those behind it."""
        open_ends = {s.name for s in self._folder.states() if s.phase is Phase.CREATING}
        unclear = [part for part in parts if part.state.name in open_ends]
        for part in unclear:
            self._say(
                f"[!] Whether a batch of {counted(len(part.items), 'request')} was begun is not"
                f" known ({failure}): the next {doit('batch')} finds out"
            )
        left = sum(len(part.items) for part in parts if part not in unclear)
        if left:
            self._say(f"[!] {counted(left, 'request')} not submitted: {failure}")

    def _cancel(self, tools: BatchTools, state: BatchState) -> int:
        """End one batch; how many that makes."""
        if state.phase is Phase.CREATING:
            state = settle(tools, state)
        if state.phase is Phase.PREPARING:
            give_up(tools, state)
        if state.phase is not Phase.LIVE:
            return 0
        remote = tools.patiently(lambda: tools.service.cancel(state.batch))
        if remote is None:
            return 0  # the next look says what that means
        tools.say(_progress(tools, state, remote))
        return 1


def _merged(items: Iterable[Item]) -> dict[str, Item]:
    """One item for each request key, with the frames of all that have it."""
    merged: dict[str, Item] = {}
    for item in items:
        first = merged.get(item.request.key, item)
        frames = tuple(dict.fromkeys((*first.frames, *item.frames)))
        new_take = first.new_take or item.new_take
        merged[item.request.key] = replace(first, frames=frames, new_take=new_take)
    return merged


def _sum(one: Fetched, other: Fetched) -> Fetched:
    return Fetched(
        one.taken + other.taken,
        one.failed + other.failed,
        one.freed + other.freed,
        one.over + other.over,
        done=one.done + other.done,
        turned_down=one.turned_down or other.turned_down,
        problem=one.problem or other.problem,
    )


def _progress(tools: BatchTools, state: BatchState, remote: RemoteBatch) -> str:
    done = f"{remote.done} of {len(state.frames)} done"
    failed = f", {remote.failed} failed" if remote.failed else ""
    status = remote.status.replace("_", " ")
    ago = age_text(tools.age_s(state))
    return f"[i] Batch {state.batch}: {done}{failed}, {status}, submitted {ago} ago"


def _ending(state: BatchState, remote: RemoteBatch, intake: Intake) -> str:
    parts = [f"{intake.taken} of {len(state.frames)} taken in"]
    if intake.failed:
        parts.append(f"{intake.failed} failed")
    if intake.unanswered:
        parts.append(f"{intake.unanswered} not drawn, and free again")
    return f"[i] Batch {state.batch}: {remote.status}, {', '.join(parts)}"

"""Submitting requests: their pictures are uploaded once, then each part becomes a batch."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.batch.lines import request_line
from tasks.batch.resume import clean_up, fence, find, give_up
from tasks.batch.state import BatchState, Phase, writing
from tasks.batch.tools import NOT_DONE, BatchTools
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.ground.wording import counted
from tasks.requests.batches import PICTURE, REQUESTS, RemoteBatch
from tasks.requests.engine import EngineFailure, Fault
from tasks.requests.request import InputPicture, Request


@dataclass(frozen=True, slots=True)
class Item:
    """A request that is to go into a batch."""

    request: Request
    frames: tuple[str, ...]
    """the frames that are made of its answer"""
    estimate_usd: float | None
    """what it is held to cost in a batch; None where nobody knows"""
    new_take: bool = False
    """asked for although the store has a take of it"""


@dataclass(frozen=True, slots=True)
class Part:
    """The requests of one batch, claimed on disk."""

    state: BatchState
    items: Mapping[str, Item]
    """by request key"""


class Submission:
    """Submits parts one after the other; a picture that several show is uploaded once."""

    def __init__(self, tools: BatchTools) -> None:
        self._tools = tools
        self._file_ids: dict[str, str] = {}
        """of uploaded pictures, by the SHA-256 of their bytes"""
        self._contents: dict[str, str | Mistake] = {}
        """the SHA-256 of each picture's bytes, by what names it in requests"""

    def submit(self, part: Part) -> BatchState | None:
        """The live batch of a part; None where none of its requests can be sent.

        Raises `EngineFailure`. What was uploaded is deleted then, and the requests are let go,
        unless the batch may have come to be all the same.
        """
        try:
            uploaded = self._with_pictures(self._unbought(part))
        except EngineFailure:
            self._give_up(part.state)
            raise
        if not uploaded.items:
            self._tools.folder.remove(uploaded.state)
            return None
        return self._create(uploaded)

    def _give_up(self, state: BatchState) -> None:
        try:
            give_up(self._tools, state)
        except EngineFailure:
            self._tools.say(f"[i] What was uploaded so far is deleted by the next {doit('batch')}")

    def _unbought(self, part: Part) -> Part:
        """The part without what another process has bought until now.

        Once a request is claimed nobody begins to draw it; who holds it now began before, and is
        waited for.
        """
        store, left = self._tools.store, dict(part.items)
        for key, item in part.items.items():
            with store.reserved(key):
                if not item.new_take and store.latest(key):
                    del left[key]
        return self._reduced(part, left)

    def _reduced(self, part: Part, left: Mapping[str, Item]) -> Part:
        if len(left) == len(part.items):
            return part
        frames = {key: part.state.frames[key] for key in left}
        state = replace(part.state, frames=frames)
        self._tools.folder.write(state)
        return Part(state, left)

    def _with_pictures(self, part: Part) -> Part:
        """The part with its pictures uploaded, without what cannot be shown."""
        pictures = {p.digest: p for item in part.items.values() for p in item.request.shown}
        new = [picture for digest, picture in pictures.items() if digest not in self._contents]
        upload = self._uploader(part.state)
        self._contents.update(self._tools.side_by_side(upload, new))
        left = {key: item for key, item in part.items.items() if self._is_shown(item)}
        shas = {self._contents[p.digest] for item in left.values() for p in item.request.shown}
        used = {sha: self._file_ids[sha] for sha in shas if isinstance(sha, str)}
        reduced = self._reduced(part, left)
        return replace(reduced, state=replace(reduced.state, pictures=used))

    def _uploader(self, state: BatchState) -> Callable[[InputPicture], tuple[str, str | Mistake]]:
        """A function that uploads a picture, unless one of the same bytes is or was."""
        lock, begun = threading.Lock(), set(self._file_ids)

        def upload(picture: InputPicture) -> tuple[str, str | Mistake]:
            try:
                data = picture.load_png()
            except Mistake as mistake:
                return picture.digest, mistake
            sha = hashlib.sha256(data).hexdigest()
            with lock:
                first = sha not in begun
                begun.add(sha)
            if first:
                name = f"{state.upload_name}{sha[:16]}.png"
                self._file_ids[sha] = self._tools.patiently(
                    lambda: self._tools.service.upload(name, data, PICTURE), NOT_DONE
                )
            return picture.digest, sha

        return upload

    def _is_shown(self, item: Item) -> bool:
        for picture in item.request.shown:
            content = self._contents[picture.digest]
            if isinstance(content, Mistake):
                self._tools.say(f"[!] Failed {', '.join(item.frames)}: {content}")
                return False
        return True

    def _create(self, part: Part) -> BatchState:
        """Make a batch of a part whose pictures are uploaded."""
        tools, state = self._tools, part.state
        for attempt in range(1, tools.limits.retries + 2):
            state = self._with_requests(replace(state, attempt=attempt), part.items)
            try:
                remote = self._begin(state, last=attempt > tools.limits.retries)
            except EngineFailure as failure:
                if failure.fault is not Fault.UNCERTAIN:
                    self._let_go(state)
                raise
            if remote:
                live = replace(state, phase=Phase.LIVE, batch=remote.id)
                tools.folder.write(live)
                tools.folder.upload_path(live).unlink(missing_ok=True)
                tools.say(f"[i] Batch {remote.id}: {counted(len(part.items), 'request')} submitted")
                return live
        raise AssertionError("the last attempt returns or raises")

    def _let_go(self, state: BatchState) -> None:
        over = replace(state, phase=Phase.OVER)
        self._tools.folder.write(over)
        clean_up(self._tools, over)

    def _with_requests(self, state: BatchState, items: Mapping[str, Item]) -> BatchState:
        """The state with its requests uploaded, on disk as one that may come to be."""
        tools = self._tools
        path = tools.folder.upload_path(state)
        with writing(path), path.open("wb") as file:
            for item in items.values():
                file.write(request_line(item.request, self._shown(item.request)))
        name = f"{state.upload_name}requests-{state.attempt}.jsonl"
        try:
            input_file = tools.patiently(
                lambda: tools.service.upload(name, path, REQUESTS), NOT_DONE
            )
        except EngineFailure:
            self._give_up(state)
            raise
        state = replace(state, phase=Phase.CREATING, input_file=input_file, since=tools.stamp())
        tools.folder.write(state)
        return state

    def _shown(self, request: Request) -> Sequence[str]:
        return [self._file_ids[str(self._contents[p.digest])] for p in request.shown]

    def _begin(self, state: BatchState, *, last: bool) -> RemoteBatch | None:
        """Create the batch; None where it certainly was not, and may be tried again.

        Raises `EngineFailure`: with `Fault.UNCERTAIN` where it may have come to be.
        """
        tools = self._tools
        try:
            return tools.patiently(
                lambda: tools.service.create(state.input_file, state.token),
                (Fault.NOT_SENT, Fault.RATE),
            )
        except EngineFailure as failure:
            if failure.fault is not Fault.PUT_OFF:
                raise
            # What stands between may say so of a batch that came to be behind it.
            try:
                if not tools.pause(failure.wait_s or 1.0):
                    raise _uncertain(failure) from failure
                found = find(tools, state) or fence(tools, state)
            except EngineFailure as second:
                raise _uncertain(second) from failure
            if found is None and last:
                raise
            return found


def _uncertain(failure: EngineFailure) -> EngineFailure:
    return EngineFailure(str(failure), fault=Fault.UNCERTAIN)

"""Taking in what came of a batch: each picture into the store, then its line into the ledger.

May be interrupted at any instant and begun anew: a request whose line is in the ledger is passed
over, and a picture that is in the store already stays what it is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from tasks.batch.lines import Answer, parse_answer
from tasks.batch.state import BatchState, writing
from tasks.batch.tools import BatchTools
from tasks.models.prices import BATCH_FACTOR, tokens_of
from tasks.pictures.kinds import is_picture
from tasks.requests.batches import RemoteBatch
from tasks.requests.engine import EngineFailure, Fault
from tasks.spending.ledger import DRAWN, Entry
from tasks.takes.store import KeptRequest, Take


class Intake:
    """Takes in the results of one batch."""

    def __init__(self, tools: BatchTools, state: BatchState) -> None:
        self._tools = tools
        self._state = state
        self._requests = tools.folder.requests(state)
        entries = tools.ledger.entries()
        self._written = {entry.key for entry in entries if entry.batch == state.batch}
        self._answered: set[str] = set()
        self._unclear: set[str] = set()
        self.put_off: dict[str, str] = {}
        """requests whose pictures are there and cannot be had now, and why"""
        self.taken = 0
        self.failed = 0

    @property
    def unanswered(self) -> int:
        """How many requests nothing came of."""
        return len(self._state.frames) - len(self._answered)

    def read(self, remote: RemoteBatch) -> str:
        """Take in all results of a batch that is over; why that is not all of them, or nothing.

        Raises `EngineFailure` where they cannot be read at all.
        """
        for file_id in filter(None, (remote.output_file, remote.error_file)):
            self._tools.patiently(lambda file_id=file_id: self._read(file_id))
        missing = remote.done - len(self._answered) - len(self._unclear)
        if missing > 0:
            return f"{missing} of its {remote.done} results are missing"
        if self.put_off:
            return next(iter(self.put_off.values()))
        return ""

    def _read(self, file_id: str) -> None:
        for line in self._tools.service.lines(file_id):
            self._take_in(line)

    def _take_in(self, line: bytes) -> None:
        try:
            answer = parse_answer(line)
            if answer.key not in self._state.frames:
                raise ValueError(f"it names no request of the batch: {answer.key[:80]}")
        except ValueError as error:
            self._keep_unclear(line, str(error))
            return
        if answer.key in self._written:
            self._answered.add(answer.key)
        elif not answer.was_not_begun:
            self._answered.add(answer.key)
            if answer.is_picture:
                self._take_picture(answer)
            else:
                failure = self._tools.service.failure(answer.status, answer.body)
                self._note_failure(answer.key, failure)

    def _keep_unclear(self, line: bytes, why: str) -> None:
        name = hashlib.sha256(line).hexdigest()
        if name not in self._unclear:
            self._unclear.add(name)
            path = self._tools.store.rejected.keep(self._state.name, line, why)
            self._tools.say(
                f"[!] A result of batch {self._state.batch} is not understood ({why});"
                f" it is kept in {path}"
            )

    def _take_picture(self, answer: Answer) -> None:
        kept = self._requests[answer.key]
        try:
            usage = self._stored_usage(answer)
            if usage is None:
                usage = self._store(kept, answer)
        except EngineFailure as failure:
            if failure.fault is Fault.UNUSABLE:
                self._note_failure(answer.key, failure)
            else:
                self._put_off(answer.key, failure)
            return
        self.taken += 1
        entry = self._entry(kept, DRAWN)
        entry = replace(entry, tokens=tokens_of(usage), cost_usd=self._cost_usd(kept, usage))
        self._write(entry)
        self._tools.estimator.learn(entry)

    def _store(self, kept: KeptRequest, answer: Answer) -> Mapping[str, object]:
        """Put an answer's picture into the store; the tokens that it took."""
        take = _checked(self._tools.service.take(answer.body, answer.answer_id))
        take = replace(take, cost_usd=self._cost_usd(kept, take.usage))
        with self._tools.store.reserved(answer.key):
            self._tools.store.add(kept, take, self._frame(answer.key))
        return take.usage

    def _stored_usage(self, answer: Answer) -> Mapping[str, object] | None:
        """The tokens of an answer that is in the store; None where it is not.

        It is where the process was killed before it wrote the ledger.
        """
        for record in self._tools.store.records(answer.key) if answer.answer_id else ():
            if record.answer_id == answer.answer_id:
                return record.usage
        return None

    def _put_off(self, key: str, failure: EngineFailure) -> None:
        self._answered.add(key)
        if key not in self.put_off:
            self.put_off[key] = str(failure)
            self._tools.say(f"[!] Failed {self._label(key)}: {failure} ({self._state.batch})")

    def _note_failure(self, key: str, failure: EngineFailure) -> None:
        text = str(failure)
        if failure.fault is Fault.REFUSED:
            self._tools.refused(key, text)
        said = text
        if failure.answer:
            path = self._tools.store.rejected.keep(key, failure.answer, text)
            said = f"{text}; what came instead is kept in {path}"
        kept = self._requests[key]
        entry = replace(self._entry(kept, failure.fault.value), cost_usd=0.0, note=text)
        if failure.fault is Fault.UNUSABLE:
            tokens, cost_usd = tokens_of(failure.usage), self._cost_usd(kept, failure.usage)
            entry = replace(entry, tokens=tokens, cost_usd=cost_usd)
        self._tools.say(f"[!] Failed {self._label(key)}: {said} ({self._state.batch})")
        self._write(entry)
        self.failed += 1

    def _write(self, entry: Entry) -> None:
        with writing(self._tools.ledger.path):
            self._tools.ledger.add(entry)
        self._written.add(entry.key)

    def _entry(self, kept: KeptRequest, outcome: str) -> Entry:
        asked = kept.asked
        return Entry(
            at=self._tools.stamp(),
            frame=self._frame(kept.key),
            key=kept.key,
            model=_model(kept),
            size="x".join(map(str, asked.get("size_px", ()))),
            quality=asked.get("parameters", {}).get("quality", ""),
            references=len(asked.get("pictures", ())),
            outcome=outcome,
            estimate_usd=kept.estimate_usd,
            batch=self._state.batch,
        )

    def _cost_usd(self, kept: KeptRequest, usage: Mapping[str, object]) -> float | None:
        price = self._tools.estimator.price(_model(kept))
        cost_usd = price.cost_usd(tokens_of(usage)) if price else None
        return None if cost_usd is None else cost_usd * BATCH_FACTOR

    def _frame(self, key: str) -> str:
        return next(iter(self._state.frames[key]), "")

    def _label(self, key: str) -> str:
        return ", ".join(self._state.frames[key]) or f"request {key[:12]}"


def _model(kept: KeptRequest) -> str:
    return str(kept.asked.get("model", ""))


def _checked(take: Take) -> Take:
    """A take that begins as a picture does; the rest is looked at when its frame is made."""
    if not is_picture(take.picture):
        raise EngineFailure(
            "the answer is no picture", take.picture, fault=Fault.UNUSABLE, usage=take.usage
        )
    return take

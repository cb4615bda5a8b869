"""Files and batches of the endpoint, by the SDK."""

import contextlib
import hashlib
import json
import os
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import openai
from openai.types import Batch, FileObject

from tasks.engines.openai.answers import NotYetError, UnusableError, take_of_document
from tasks.engines.openai.client import client, key, one_line
from tasks.engines.openai.failures import failure_of
from tasks.engines.openai.fetching import fetched
from tasks.engines.openai.lines import lines_of
from tasks.engines.openai.words import is_refused, words_of
from tasks.ground.advice import doit
from tasks.ground.secrets import blotted_bytes
from tasks.requests.batches import ENDPOINT, PICTURE, REQUESTS, RemoteBatch, RemoteFile
from tasks.requests.engine import EngineFailure, EngineSettings, Fault
from tasks.takes.store import Take

_FILES = "/files"
_TOKEN = "doit"  # noqa: S105 - the name under which a batch keeps its mark
_KEPT_S = 7 * 24 * 3600
"""uploads that nobody deletes vanish after this time; a batch takes a day"""
_CHUNK_BYTES = 2**18
_MEDIA_TYPES = {PICTURE: "image/png", REQUESTS: "application/jsonl"}
_MISSING = {404, 405, 501}
"""statuses of addresses that an endpoint does not have"""
_ENDED = {400, 409}
"""statuses of a batch that cannot be ended, since it has ended"""


class SdkBatches:
    """The batches of the account that the environment names."""

    def __init__(self, settings: EngineSettings) -> None:
        """Raises `EngineFailure` where the environment can make no client."""
        self._settings = settings
        self._client = client(settings.timeout_s)

    @property
    def account(self) -> str:
        """The endpoint's address, and a digest of the key that does not give it away."""
        named = (key(), *map(os.environ.get, ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID")))
        digest = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:12]
        url = self._client.base_url
        return f"{url.scheme}://{url.netloc.decode()} {digest}"

    def upload(self, name: str, data: bytes | Path, purpose: str) -> str:
        """Upload bytes, or a file; the id that it got."""
        with contextlib.ExitStack() as opened, self._calling(part=_FILES):
            content = opened.enter_context(data.open("rb")) if isinstance(data, Path) else data
            answer = self._client.files.create(
                file=(name, content, _MEDIA_TYPES[purpose]),
                purpose="vision" if purpose == PICTURE else "batch",
                expires_after={"anchor": "created_at", "seconds": _KEPT_S},
            )
            return _file(answer).id

    def files(self) -> Iterator[RemoteFile]:
        """The account's uploaded pictures and requests."""
        for purpose in _MEDIA_TYPES:
            with self._calling(part=_FILES):
                for found in self._client.files.list(purpose=purpose):
                    yield _file(found)

    def delete_file(self, file_id: str) -> None:
        """Delete a file; one that is not there is deleted already."""
        with self._calling(), contextlib.suppress(openai.NotFoundError):
            self._client.files.delete(file_id)

    def create(self, input_file: str, token: str) -> RemoteBatch:
        """Begin a batch, marked with `token`."""
        with self._calling(part="/batches"):
            return _batch(
                self._client.batches.create(
                    input_file_id=input_file,
                    endpoint=ENDPOINT,
                    completion_window="24h",
                    metadata={_TOKEN: token},
                )
            )

    def batches(self) -> Iterator[RemoteBatch]:
        """All batches of the account."""
        with self._calling(part="/batches"):
            for found in self._client.batches.list(limit=100):
                yield _batch(found)

    def look(self, batch_id: str) -> RemoteBatch | None:
        """A batch as it is now; None where the endpoint does not know it."""
        with self._calling():
            try:
                return _batch(self._client.batches.retrieve(batch_id))
            except openai.NotFoundError:
                return None

    def cancel(self, batch_id: str) -> RemoteBatch | None:
        """End a batch early; as it is now, None where the endpoint does not know it."""
        with self._calling():
            try:
                return _batch(self._client.batches.cancel(batch_id))
            except openai.NotFoundError:
                return None
            except openai.APIStatusError as error:
                if error.status_code not in _ENDED:
                    raise
        return self.look(batch_id)

    def lines(self, file_id: str) -> Iterator[bytes]:
        """The lines of a file of results, read as they arrive."""
        with (
            self._calling(),
            self._client.files.with_streaming_response.content(file_id) as response,
        ):
            yield from lines_of(response.iter_bytes(_CHUNK_BYTES))

    def take(self, body: Mapping[str, Any], answer_id: str) -> Take:
        """The picture in the answer to one request."""
        try:
            return take_of_document(body, None, answer_id, self._fetch)
        except UnusableError as error:
            raise EngineFailure(
                one_line(f"the answer has no picture: {error}"),
                blotted_bytes(json.dumps(body).encode()),
                fault=Fault.UNUSABLE,
                usage=error.usage,
            ) from error

    def _fetch(self, address: str) -> bytes:
        """The picture at an address: billed, so that it is asked for until it comes."""
        settings = self._settings
        try:
            return fetched(
                address, self._client.base_url, settings.answer_hosts, settings.timeout_s
            )
        except NotYetError as error:
            raise EngineFailure(one_line(str(error)), fault=Fault.PUT_OFF) from error

    def failure(self, status: int, body: object) -> EngineFailure:
        """What the answer to one request says that gave no picture; status 0: none was sent."""
        error = body.get("error", body) if isinstance(body, Mapping) else body
        if status:
            request = httpx2.Request("POST", f"{self._client.base_url}images/edits")
            response = httpx2.Response(status, request=request)
            failed = openai.APIStatusError("", response=response, body=error)
            return failure_of(failed, self._settings.timeout_s)
        message = words_of(error)
        if is_refused(error):
            text = f"refused by the endpoint's content rules ({message})"
            return EngineFailure(one_line(text), fault=Fault.REFUSED)
        code = error.get("code") if isinstance(error, Mapping) else None
        return EngineFailure(
            one_line(f"the endpoint did not draw it ({code or 'error'}: {message})")
        )

    @contextlib.contextmanager
    def _calling(self, part: str = "") -> Generator[None]:
        """What goes wrong in a call, as `EngineFailure`; `part`: one that some endpoints lack."""
        try:
            yield
        except openai.APIStatusError as error:
            if part and error.status_code in _MISSING:
                raise _has_no_batches(f"{error.status_code} for {part}") from error
            raise failure_of(error, self._settings.timeout_s) from error
        except openai.APIConnectionError as error:
            raise self._connection_failure(error) from error
        except openai.OpenAIError as error:
            raise failure_of(error, self._settings.timeout_s) from error
        except httpx2.HTTPError as error:
            text = f"the connection broke off while results were read ({error})"
            raise EngineFailure(one_line(text), fault=Fault.UNCERTAIN) from error
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            # The SDK takes an answer apart without a look at its form: `null`, `[]`, a number.
            if part == _FILES:
                raise _has_no_batches(f"its answer to {part} makes no sense") from error
            raise EngineFailure(
                "the endpoint's answer makes no sense", fault=Fault.UNCERTAIN
            ) from error

    def _connection_failure(self, error: openai.APIConnectionError) -> EngineFailure:
        failure = failure_of(error, self._settings.timeout_s)
        if failure.fault is not Fault.UNCERTAIN:
            return failure
        if isinstance(error, openai.APITimeoutError):
            text = f"the endpoint was silent for {self._settings.timeout_s:g} s"
        else:
            text = f"the connection to the endpoint broke off ({error.__cause__ or error})"
        return EngineFailure(one_line(text), fault=Fault.UNCERTAIN)


def _has_no_batches(why: str) -> EngineFailure:
    return EngineFailure(f"this endpoint has no batches: draw without one: {doit()} ({why})")


def _file(answer: FileObject) -> RemoteFile:
    # Where an endpoint has no such address, some answer with their front page.
    if not isinstance(answer, FileObject) or not answer.id:
        raise _has_no_batches("what it answers to /files is no file")
    return RemoteFile(answer.id, answer.filename or "")


def _batch(answer: Batch) -> RemoteBatch:
    if not isinstance(answer, Batch) or not answer.id:
        raise _has_no_batches("what it answers to /batches is no batch")
    counts = answer.request_counts
    metadata: dict[str, Any] = answer.metadata or {}  # nobody has checked what its values are
    problems = (answer.errors.data if answer.errors else None) or []
    return RemoteBatch(
        id=answer.id,
        status=answer.status,
        token=str(metadata.get(_TOKEN, "")),
        input_file=answer.input_file_id or "",
        output_file=answer.output_file_id or "",
        error_file=answer.error_file_id or "",
        done=counts.completed or 0 if counts else 0,
        failed=counts.failed or 0 if counts else 0,
        problems=tuple(one_line(_problem(p.line, p.message, p.code)) for p in problems),
    )


def _problem(line: int | None, message: str | None, code: str | None) -> str:
    where = f"line {line}: " if line is not None else ""
    return f"{where}{message or code or 'no reason given'}"


def open_batches(settings: EngineSettings) -> SdkBatches:
    """The account's batches. Raises `EngineFailure` where the environment can make no client."""
    return SdkBatches(settings)

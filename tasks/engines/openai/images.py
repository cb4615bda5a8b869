"""`images.edit`: one request, one call, one take."""

import json
import time
from typing import Any

import httpx2
import openai
from pydantic_core import from_json

from tasks.engines.openai.answers import NotYetError, UnusableError, take_of_document
from tasks.engines.openai.client import client, one_line
from tasks.engines.openai.failures import failure_of, page_failure, status_failure
from tasks.engines.openai.fetching import fetched
from tasks.engines.openai.wire import within
from tasks.engines.openai.words import asks_for_one_image
from tasks.ground.secrets import blotted_bytes
from tasks.requests.engine import EngineFailure, EngineSettings, Fault, ToFetch
from tasks.requests.request import Request
from tasks.takes.owed import Owed
from tasks.takes.store import Take

_IMAGE = "image"


class ImagesEngine:
    """Draws by `images.edit`. Every call that the server answers may cost money."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    def prepare(self) -> None:
        """Make the client, before anything is paid for or written down.

        Raises `EngineFailure` where the environment can make none.
        """
        client(self._settings.timeout_s)

    def draw(self, request: Request) -> Take:
        """One call, never repeated here."""
        started = time.monotonic()
        try:
            with within(self._settings.timeout_s):
                status, content, answer_id = self._answer(request)
        except openai.OpenAIError as error:
            failure = failure_of(error, self._settings.timeout_s)
            raise _hinted(failure, error, request) from error
        latency_s = round(time.monotonic() - started, 3)
        try:
            document = document_of(content, status)
            return take_of_document(document, latency_s, answer_id, self._fetch)
        except UnusableError as error:
            raise EngineFailure(
                one_line(f"the answer has no picture: {error}"),
                blotted_bytes(content),
                fault=Fault.UNUSABLE,
                usage=error.usage,
            ) from error
        except NotYetError as error:
            raise to_fetch(error) from error

    def fetch(self, owed: Owed) -> Take:
        """The picture of an earlier answer, which is paid for. Raises `EngineFailure`."""
        try:
            picture = self._fetch(owed.address)
        except NotYetError as error:
            raise to_fetch(error) from error
        return Take(
            picture, owed.latency_s, owed.usage, owed.answer_id, owed.cost_usd, call=owed.call
        )

    def _fetch(self, address: str) -> bytes:
        settings = self._settings
        endpoint = client(settings.timeout_s).base_url
        return fetched(address, endpoint, settings.answer_hosts, settings.timeout_s)

    def _answer(self, request: Request) -> tuple[int, bytes, str]:
        connected = client(self._settings.timeout_s)
        if self._settings.image_field == _IMAGE and len(request.pictures) > 1:
            answer = connected.post(
                "/images/edits",
                cast_to=httpx2.Response,
                body={**request.fields(), **request.extra},
                files=_files(request),
                options={"headers": {"Content-Type": "multipart/form-data"}},
            )
            return answer.status_code, answer.content, answer.headers.get("x-request-id", "")
        raw = connected.images.with_raw_response.edit(**_sent(request))
        return raw.status_code, raw.content, raw.headers.get("x-request-id", "")


def to_fetch(error: NotYetError) -> EngineFailure:
    """A picture that was paid for and did not come yet: it is not to be bought again."""
    text = f"the picture is paid for, and still to be fetched: {error}"
    return ToFetch(one_line(text), error.owed)


def document_of(content: bytes, status: int) -> Any:
    """What is in an answer of JSON. Raises `UnusableError` where it is none.

    Raises `EngineFailure` for a page, and for an error that came with status 200: nothing was
    drawn then.
    """
    if content.lstrip()[:1] == b"<":
        raise page_failure(content)
    try:
        document = _loaded(content)
    except (ValueError, RecursionError) as no_json:
        raise UnusableError("it is no picture's JSON") from no_json
    if not isinstance(document, dict) or document.get("data") or document.get("usage"):
        return document
    error = document.get("error") or document.get("detail")
    if error:
        failure = status_failure(_as_status(error, status))
        fault = Fault.SETTING if failure.fault is Fault.FINAL else failure.fault
        raise EngineFailure(str(failure), fault=fault, wait_s=failure.wait_s)
    return document


def _loaded(content: bytes) -> Any:
    try:
        return from_json(content)  # megabytes of it in a fifteenth of the time
    except ValueError:
        return json.loads(content)  # less strict: a mark of the encoding, half a character


def _as_status(error: object, status: int) -> openai.APIStatusError:
    """An error in a body as the exception of the status that it names, if it names one."""
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    named = int(code) if code in {str(number) for number in range(400, 600)} else status
    response = httpx2.Response(named, request=httpx2.Request("POST", "http://endpoint"))
    return openai.APIStatusError("", response=response, body=error)


def _hinted(failure: EngineFailure, error: openai.OpenAIError, request: Request) -> EngineFailure:
    """With what to set, where a server turns down that it is shown two pictures."""
    several = len(request.pictures) > 1 and failure.fault is Fault.FINAL
    body = getattr(error, "body", None)
    if not several or not asks_for_one_image(body):
        return failure
    text = (
        f'{failure}; to send several pictures as "image": "image_field": "image" in generation;'
        ' for a server that takes one picture only, have in-betweens made here: "tween": "morph"'
    )
    return EngineFailure(text, fault=failure.fault)


def _pictures(request: Request) -> list[tuple[str, bytes, str]]:
    return [
        (f"picture_{number}.png", picture.load_png(), "image/png")
        for number, picture in enumerate(request.pictures, 1)
    ]


def _mask(request: Request) -> dict[str, tuple[str, bytes, str]]:
    if not request.mask:
        return {}
    return {"mask": ("mask.png", request.mask.load_png(), "image/png")}


def _files(request: Request) -> list[tuple[str, Any]]:
    """Every file of the form, the pictures all by the one name."""
    return [*((_IMAGE, picture) for picture in _pictures(request)), *_mask(request).items()]


def _sent(request: Request) -> dict[str, Any]:
    """The arguments of the SDK's `images.edit`."""
    pictures = _pictures(request)
    return {
        # A single picture goes as `image`, not `image[]`: some servers know only that.
        "image": pictures[0] if len(pictures) == 1 else pictures,
        **_mask(request),
        **request.fields(),
        "extra_body": dict(request.extra) or None,
    }

"""`chat.completions`: one request for words, one call, one take: the answer's body as it came.

Chat completions, since this is the form that other servers speak as well.
"""

import time
from typing import Any

import openai

from tasks.engines.openai.answers import UnusableError
from tasks.engines.openai.client import client, one_line
from tasks.engines.openai.failures import failure_of
from tasks.engines.openai.images import document_of
from tasks.engines.openai.wire import within
from tasks.ground.outside import clean
from tasks.ground.secrets import blotted_bytes
from tasks.requests.engine import EngineFailure, EngineSettings, Fault
from tasks.requests.request import Request
from tasks.takes.store import Take

_FORM = "response_format"


class TextEngine:
    """Asks for words. Every call that the server answers may cost money."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    def prepare(self) -> None:
        """Make the client. Raises `EngineFailure` where the environment can make none."""
        client(self._settings.timeout_s)

    def draw(self, request: Request) -> Take:
        """One call, never repeated here. Raises `EngineFailure`."""
        started = time.monotonic()
        try:
            with within(self._settings.timeout_s):
                raw = client(self._settings.timeout_s).chat.completions.with_raw_response.create(
                    model=request.model,
                    messages=[{"role": "user", "content": request.prompt}],
                    extra_body=dict(request.extra) or None,
                )
        except openai.OpenAIError as error:
            raise _hinted(failure_of(error, self._settings.timeout_s), request) from error
        latency_s = round(time.monotonic() - started, 3)
        try:
            document = document_of(raw.content, raw.status_code)
        except UnusableError:
            document = None
        return Take(
            raw.content,
            latency_s=latency_s,
            usage=_usage(document, raw.content),
            answer_id=clean(raw.headers.get("x-request-id", "")),
        )


def _usage(document: Any, body: bytes) -> dict[str, Any]:
    """The tokens that were counted. Raises `EngineFailure` for what is no answer at all."""
    if not isinstance(document, dict) or not isinstance(document.get("choices"), list):
        raise EngineFailure(
            one_line(f"the answer has no words: {body[:80].decode(errors='replace')}"),
            blotted_bytes(body),
            fault=Fault.UNUSABLE,
        )
    usage = document.get("usage")
    counted = usage if isinstance(usage, dict) else {}
    found = {
        "text_in": counted.get("prompt_tokens"),
        "text_out": counted.get("completion_tokens"),
    }
    return found if all(isinstance(count, int) for count in found.values()) else {}


def _hinted(failure: EngineFailure, request: Request) -> EngineFailure:
    """With what to set, where a server does not take the form that is asked for."""
    if failure.fault is not Fault.FINAL or _FORM not in request.extra:
        return failure
    text = f'{failure}; for a server that takes no {_FORM}: "moods": {{"form": "words"}}'
    return EngineFailure(text, failure.answer, fault=failure.fault)

"""The OpenAI images edit endpoint, or any that speaks its language, as an engine.

The only module that knows the SDK. Key and endpoint come from the SDK's own environment
variables (OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_ORG_ID, ...).
"""

import base64
import binascii
import json
import math
import os
import random
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2
import openai
from openai import OpenAI

from tasks.engine import EngineFailure
from tasks.request import Request
from tasks.store import Take

TIMEOUT_S = 600.0
"""how long the server may be silent; a large picture at high quality takes minutes"""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 120.0
_SAID_AT_MOST = 300


class OpenAIEngine:
    """Draws by `images.edit`. Every call that the server answers may cost money."""

    def __init__(self, max_retries: int, pause: Callable[[float], bool]) -> None:
        self._max_retries = max_retries
        self._pause = pause
        self._client: OpenAI | None = None
        self._lock = threading.Lock()

    def draw(self, request: Request) -> Take:
        """One call; sent again only where the server said that it drew nothing.

        A time-out or a cut-off is not sent again: the picture may have been drawn and billed.
        """
        wait_s = _FIRST_WAIT_S
        for left in range(self._max_retries, -1, -1):
            try:
                return self._call(request)
            except openai.OpenAIError as error:
                again = left and _drew_nothing(error) and self._pause(_wait_s(error, wait_s))
                if not again:
                    raise EngineFailure(_one_line(explain(error))) from error
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        raise AssertionError("the last round returns or raises")

    def _call(self, request: Request) -> Take:
        width, height = request.size_px
        parameters: dict[str, Any] = dict(request.parameters)
        started = time.monotonic()
        answer = self._connected().images.with_raw_response.edit(
            image=[
                (f"picture_{number}.png", picture.load_png(), "image/png")
                for number, picture in enumerate(request.pictures, 1)
            ],
            prompt=request.prompt,
            model=request.model,
            size=f"{width}x{height}",
            **parameters,
        )
        latency_s = round(time.monotonic() - started, 3)
        try:
            return _take(answer.content, latency_s, answer.headers.get("x-request-id", ""))
        except _UnusableError as error:
            kept = answer.content.replace(_key().encode(), b"[key]") if _key() else answer.content
            raise EngineFailure(f"the answer has no picture: {error}", kept) from error

    def _connected(self) -> OpenAI:
        with self._lock:
            if self._client is None:
                # One policy for sending again, here: the SDK's own would also repeat calls that
                # timed out, and pay for them twice.
                _check_environment()
                self._client = OpenAI(api_key=_key(), max_retries=0, timeout=TIMEOUT_S)
            return self._client


class _UnusableError(ValueError):
    """What is wrong with the body of an answer."""


def _key() -> str:
    """The key as it was meant: shells and files leave line ends behind."""
    return os.environ.get("OPENAI_API_KEY", "").strip()


def _check_environment() -> None:
    """Refuse what could never be sent, before it looks like a call that broke off."""
    if not _key():
        raise EngineFailure(
            "OPENAI_API_KEY is not set: export it, or draw free drafts with engine=puppet"
        )
    if not _key().isascii() or len(_key().split()) > 1:
        raise EngineFailure("OPENAI_API_KEY holds spaces, line ends or letters that no key has")
    address = os.environ.get("OPENAI_BASE_URL", "").strip()
    if address and not re.match(r"https?://[^/]", address):
        raise EngineFailure(f'OPENAI_BASE_URL="{address}" must begin with http:// or https://')


def open_engine(max_retries: int, pause: Callable[[float], bool]) -> OpenAIEngine:
    """An engine whose client is made at its first call."""
    return OpenAIEngine(max_retries, pause)


def explain(error: openai.OpenAIError) -> str:
    """What went wrong and what to do, in words for the person at the terminal."""
    if isinstance(error, openai.APITimeoutError):
        return (
            f"the endpoint was silent for {TIMEOUT_S:.0f} s; the picture may have been billed, so"
            " it was not asked for again: run doit again to try once more"
        )
    if isinstance(error, openai.APIConnectionError):
        return _explain_connection(error)
    if isinstance(error, openai.APIStatusError):
        return _explain_status(error)
    return f"the client cannot be set up: {error}"


def _explain_connection(error: openai.APIConnectionError) -> str:
    host = error.request.url.host if error.request else "the endpoint"
    if isinstance(error.__cause__, httpx2.ConnectError):
        return f"cannot reach {host}: check the network, or OPENAI_BASE_URL"
    return (
        f"the connection to {host} broke off ({error.__cause__ or error}); the picture may have"
        " been billed, so it was not asked for again: run doit again to try once more"
    )


def _explain_status(error: openai.APIStatusError) -> str:
    said = _said(error)
    code = str(error.code or "")
    if code == "moderation_blocked":
        return f"refused by the endpoint's content rules: change the words in the config ({said})"
    if code in {"insufficient_quota", "billing_hard_limit_reached"}:
        return f"the account has no credit left: add some, then run doit again ({said})"
    texts = {
        401: "the endpoint does not take the key: check OPENAI_API_KEY",
        403: "the account may not use this model or endpoint",
        404: "the endpoint does not know this model or address: check model, and OPENAI_BASE_URL",
        429: "the account's rate limit is reached: run doit again later, or with a smaller -n",
    }
    text = texts.get(error.status_code)
    if text is None:
        refused = 400 <= error.status_code < 500
        text = "the endpoint refuses the request" if refused else "the endpoint is in trouble"
    return f"{text} ({error.status_code}: {said})"


def _said(error: openai.APIStatusError) -> str:
    """The server's own words: the message of its JSON, else the beginning of what it sent."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return str(message or error.message)


def _one_line(text: str) -> str:
    """One line without secrets: servers echo keys, or parts of them, in their messages."""
    if _key():
        text = text.replace(_key(), "[key]")
    text = re.sub(r"\b(?:sk|pk|key)-[\w*.-]{4,}", "[key]", re.sub(r"<[^>]*>", " ", text))
    text = " ".join(text.split())
    return text if len(text) <= _SAID_AT_MOST else f"{text[: _SAID_AT_MOST - 3]}..."


def _drew_nothing(error: openai.OpenAIError) -> bool:
    """Whether the server certainly drew nothing and may do so when asked again."""
    if isinstance(error, openai.APITimeoutError):
        return False
    if isinstance(error, openai.APIConnectionError):
        return isinstance(error.__cause__, httpx2.ConnectError)
    if not isinstance(error, openai.APIStatusError):
        return False
    if error.code in {"insufficient_quota", "billing_hard_limit_reached"}:
        return False
    return error.status_code in {408, 409, 429} or error.status_code >= 500


def _wait_s(error: openai.OpenAIError, backoff_s: float) -> float:
    """How long to wait: what the server asked for, else a growing time with some chance in it."""
    if isinstance(error, openai.APIStatusError):
        headers = error.response.headers
        for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
            try:
                asked_s = float(headers.get(name, "")) * unit_s
            except ValueError:
                continue
            if math.isfinite(asked_s):
                return min(max(asked_s, 0.0), _LONGEST_WAIT_S)
    return backoff_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it


def _take(body: bytes, latency_s: float, answer_id: str) -> Take:
    """The picture in an answer. Lenient about its wrapping: it was paid for."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise _UnusableError("it is no picture's JSON") from error
    encoded = _encoded(document)
    try:
        picture = base64.b64decode("".join(encoded.split()), validate=True)
    except binascii.Error as error:
        raise _UnusableError(f"its image data is not base64 ({error})") from error
    usage = document.get("usage")
    return Take(
        picture,
        latency_s=latency_s,
        usage=usage if isinstance(usage, dict) else {},
        answer_id=answer_id,
    )


def _encoded(document: Any) -> str:
    """The base64 of the first picture, without the head of a `data:` address."""
    data = document.get("data") if isinstance(document, dict) else None
    first = data[0] if isinstance(data, list) and data else data
    encoded = first.get("b64_json") if isinstance(first, dict) else None
    if not encoded or not isinstance(encoded, str):
        raise _UnusableError("it holds no image data")
    return encoded.partition(",")[2] if encoded.startswith("data:") else encoded

"""The SDK's client: made once, by the first call, from the SDK's own environment variables."""

import os
import re
import threading
from functools import lru_cache

import httpx2
from openai import DefaultHttpxClient, OpenAI

from tasks.ground.outside import clean, without_markup
from tasks.requests.engine import EngineFailure, Fault

_MAKING = threading.Lock()


def client(timeout_s: float) -> OpenAI:
    """The one client. Raises `EngineFailure` where the environment can make none."""
    with _MAKING:  # all workers ask at once when a run begins
        return _made(timeout_s)


@lru_cache(maxsize=1)
def _made(timeout_s: float) -> OpenAI:
    _check_environment()
    # One policy for sending again, in tasks.spending.calls: the SDK's own would also repeat calls
    # that timed out, and pay for them twice.
    watched = DefaultHttpxClient(event_hooks={"request": [_watch]})
    return OpenAI(api_key=key(), max_retries=0, timeout=timeout_s, http_client=watched)


class _Sending:
    """Notes whether a request went out whole: only then can it have been drawn, and billed.

    The exception does not tell: a connection that breaks off during an upload shows as one that
    breaks off before the answer.
    """

    def __init__(self) -> None:
        self.whole = False

    def __call__(self, event: str, _facts: dict[str, object]) -> None:
        self.whole = self.whole or event.endswith("send_request_body.complete")


def _watch(request: httpx2.Request) -> None:
    request.extensions = {**request.extensions, "trace": _Sending()}


def sent_whole(request: httpx2.Request) -> bool:
    """Whether a request of the client's went out to its last byte."""
    sending = request.extensions.get("trace")
    return not isinstance(sending, _Sending) or sending.whole


def key() -> str:
    """The key as it was meant: shells and files leave line ends behind."""
    return os.environ.get("OPENAI_API_KEY", "").strip()


def _check_environment() -> None:
    """Refuse what could never be sent, before it looks like a call that broke off."""
    problem = _problem()
    if problem:
        raise EngineFailure(problem, fault=Fault.NO_ACCESS)


def _problem() -> str:
    if not key():
        return "OPENAI_API_KEY is not set: export it, or draw free drafts with engine=puppet"
    if not key().isascii() or len(key().split()) > 1:
        return "OPENAI_API_KEY holds spaces, line ends or letters that no key has"
    address = os.environ.get("OPENAI_BASE_URL", "").strip()
    if address and not re.match(r"https?://[^/]", address):
        return f'OPENAI_BASE_URL="{address}" must begin with http:// or https://'
    return ""


def without_key(data: bytes) -> bytes:
    """What a server sent, with the key blotted out: some echo it."""
    return data.replace(key().encode(), b"[key]") if key() else data


def one_line(text: str) -> str:
    """One line without secrets: servers echo keys, or parts of them, in their messages."""
    if key():
        text = text.replace(key(), "[key]")
    text = re.sub(r"\b(?:sk|pk|key)-[\w*.-]{4,}", "[key]", without_markup(text))
    return clean(text)

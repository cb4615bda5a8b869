"""The SDK's client: made once, by the first call, from the SDK's own environment variables."""

import os
import ssl
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import openai
from openai import DefaultHttpxClient, OpenAI

from tasks.engines.openai.wire import bound, keep_time, watch
from tasks.ground.outside import clean, without_markup
from tasks.ground.secrets import without_keys
from tasks.requests.connection import Connection, connection, problems
from tasks.requests.engine import EngineFailure, Fault

_MAKING = threading.Lock()


def client(timeout_s: float) -> OpenAI:
    """The one client. Raises `EngineFailure` where the environment can make none."""
    with _MAKING:  # all workers ask at once when a run begins
        return _made(timeout_s)


@lru_cache(maxsize=1)
def _made(timeout_s: float) -> OpenAI:
    problem = next(problems(os.environ), "")
    if problem:
        raise EngineFailure(problem, fault=Fault.SETUP)
    asked = connection(os.environ)
    try:
        return _sdk(asked, timeout_s)
    except Exception as error:  # whatever these variables lead to: nothing has left the machine
        named = f"{asked.certificates}: " if isinstance(error, ssl.SSLError) else ""
        text = (
            f"no connection can be made ({named}{error}): check OPENAI_BASE_URL, HTTPS_PROXY,"
            " ALL_PROXY, SSL_CERT_FILE and OPENAI_CUSTOM_HEADERS"
        )
        raise EngineFailure(one_line(text), fault=Fault.SETUP) from error


def _sdk(asked: Connection, timeout_s: float) -> OpenAI:
    # One policy for sending again, in tasks.spending.calls: the SDK's own would also repeat calls
    # that timed out, and pay for them twice.
    hooks: dict[str, list[Any]] = {"request": [watch], "response": [bound]}
    http = DefaultHttpxClient(event_hooks=hooks, verify=_trusted(asked.certificates))
    keep_time(http)
    # The SDK would send these empty where the variables are set and empty.
    blank: dict[str, Any] = {
        header: openai.Omit()
        for header, value in (
            ("OpenAI-Organization", asked.organization),
            ("OpenAI-Project", asked.project),
        )
        if not value
    }
    return OpenAI(
        api_key=asked.key,
        base_url=asked.base_url or "https://api.openai.com/v1",
        organization=asked.organization or None,
        project=asked.project or None,
        max_retries=0,
        timeout=timeout_s,
        default_query=dict(asked.query),
        default_headers={**blank, "Accept-Encoding": "gzip, deflate"},
        http_client=http,
    )


def _trusted(certificates: str) -> ssl.SSLContext | bool:
    """The authorities in a file or folder; True: the system's."""
    if not certificates:
        return True
    if Path(certificates).is_dir():
        return ssl.create_default_context(capath=certificates)
    return ssl.create_default_context(cafile=certificates)


def key() -> str:
    """The key as it was meant: shells and files leave line ends behind."""
    return os.environ.get("OPENAI_API_KEY", "").strip()


def one_line(text: str) -> str:
    """One line without secrets: servers echo keys, or parts of them, in their messages."""
    return clean(without_keys(without_markup(text)))

"""The endpoint as a run would meet it: one free question, asked within a few seconds."""

import email.utils
import json
import ssl
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tasks.ground.outside import clean
from tasks.requests.connection import CERTIFICATES, connection, problems, without_user
from tasks.requests.engine import ENDPOINT_VARIABLE, KEY_VARIABLE

_OFFICIAL = "https://api.openai.com/v1"
_LONGEST_S, _STEP_S = 3.5, 2.0
_MOST_BYTES = 2 * 2**20
_FAULTS = (
    ("CERTIFICATE_VERIFY", "its certificate is not trusted: name the authority in SSL_CERT_FILE"),
    ("WRONG_VERSION", "it speaks plain HTTP there: use http:// in the address"),
    ("Name or service", "its name is not known: check the address, and the network"),
    ("getaddrinfo", "its name is not known: check the address, and the network"),
    ("No address associated", "its name is not known: check the address, and the network"),
    ("name resolution", "names cannot be looked up now: check the network"),
    ("refused", "nothing listens there: check host and port, or start the server"),
    ("timed out", "it does not answer: check the network and the proxy"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of the question for the models."""

    well: bool | None
    text: str
    models: frozenset[str] = frozenset()
    clock_off_s: float | None = None
    """by how much this machine's clock is ahead; None where nobody said"""


def address(environment: Mapping[str, str]) -> tuple[str, str]:
    """The base URL as calls use it, without user and query, and what is wrong with it."""
    given = environment.get(ENDPOINT_VARIABLE, "").strip()
    used = connection(environment).base_url or given or _OFFICIAL
    return without_user(used), _wrong(environment, ENDPOINT_VARIABLE)


def _wrong(environment: Mapping[str, str], *names: str) -> str:
    """What is wrong with one of these variables, in the words of a run; empty: nothing."""
    return next((said for said in problems(environment) if said.startswith(names)), "")


def proxy(environment: Mapping[str, str], url: str) -> str:
    """The proxy that calls go through, without its user part; empty: none."""
    del environment  # the standard library reads the process's own
    host, scheme = urlsplit(url).hostname or "", urlsplit(url).scheme
    if not host or urllib.request.proxy_bypass(host):
        return ""
    proxies = urllib.request.getproxies()
    return without_user(proxies.get(scheme) or proxies.get("all") or "")


def certificate(environment: Mapping[str, str]) -> tuple[str, str]:
    """Where trusted authorities are read instead of the usual place, and what is wrong there."""
    return clean(connection(environment).certificates), _wrong(environment, *CERTIFICATES)


def ask(environment: Mapping[str, str]) -> Answer:
    """GET /models, as a run's calls will go; whatever happens, within a few seconds."""
    if problem := next((p for p in problems(environment) if not p.startswith(KEY_VARIABLE)), ""):
        return Answer(False, f"not tried: {problem}")
    answers: list[Answer] = []
    # Looking up a name cannot be interrupted; a thread that is left behind can.
    thread = threading.Thread(target=lambda: answers.append(_asked(environment)), daemon=True)
    thread.start()
    thread.join(_LONGEST_S)
    where = address(environment)[0]
    return answers[0] if answers else Answer(False, f"{where}: no whole answer in {_LONGEST_S} s")


def _asked(environment: Mapping[str, str]) -> Answer:
    where, asked = address(environment)[0], connection(environment)
    try:
        import httpx2

        headers = {"Authorization": f"Bearer {asked.key}"}
        url = f"{asked.base_url or _OFFICIAL}/models"
        with (
            httpx2.Client(timeout=_STEP_S, verify=_trusted(asked.certificates)) as client,
            client.stream("GET", url, params=dict(asked.query), headers=headers) as reply,
        ):
            return _read(where, reply)
    except Exception as error:
        return Answer(False, f"{where}: {_why(error)}")


def _trusted(certificates: str) -> ssl.SSLContext | bool:
    """The authorities in a file or folder; True: the system's."""
    if not certificates:
        return True
    folder = Path(certificates).is_dir()
    return ssl.create_default_context(
        cafile=None if folder else certificates, capath=certificates if folder else None
    )


def _why(error: BaseException) -> str:
    """What the question failed of, in words where the kind is known."""
    text = f"{error} {error.__cause__ or ''} {error.__context__ or ''}"
    known = next((said for part, said in _FAULTS if part in text), "")
    if known:
        return known
    if type(error).__name__ == "ProxyError":
        return f"the proxy refuses the connection ({clean(str(error))}): check the proxy variables"
    return clean(f"{type(error).__name__}: {error}")


def _read(where: str, reply: Any) -> Answer:
    body = b""
    for part in reply.iter_bytes():
        body += part
        if len(body) > _MOST_BYTES:
            break
    off_s = _clock_off_s(reply.headers.get("date", ""))
    if reply.status_code in {401, 403}:
        text = f"{where} does not take the key ({reply.status_code}): check OPENAI_API_KEY"
        return Answer(False, text, clock_off_s=off_s)
    if reply.is_redirect:
        return Answer(
            False,
            f"{where} points elsewhere: set OPENAI_BASE_URL to where it is",
            frozenset(),
            off_s,
        )
    models = _models(body) if reply.is_success else frozenset()
    if models:
        return Answer(True, f"{where} answers, and takes the key", models, off_s)
    if reply.status_code >= 500:
        return Answer(
            False, f"{where} is in trouble ({reply.status_code}): try later", models, off_s
        )
    said = f"{where} answers, and has no list of models ({reply.status_code})"
    return Answer(None, f"{said}: whether it draws is not known", models, off_s)


def _models(body: bytes) -> frozenset[str]:
    try:
        return frozenset(str(model["id"]) for model in json.loads(body)["data"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return frozenset()


def _clock_off_s(date: str) -> float | None:
    try:
        return time.time() - email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return None

"""The endpoint as a run would meet it: one free question, asked within a few seconds."""

import email.utils
import json
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tasks.ground.outside import clean

_OFFICIAL = "https://api.openai.com/v1"
_LONGEST_S, _STEP_S = 3.5, 2.0
_MOST_BYTES = 2 * 2**20
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
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


def shown(url: str) -> str:
    """An address without user, password and query."""
    scheme, mark, rest = url.rpartition("://")
    host = rest.split("?")[0].split("#")[0].rpartition("@")[2]
    return clean(f"{scheme.rpartition('@')[2]}{mark}{host}")


def address(environment: Mapping[str, str]) -> tuple[str, str]:
    """The base URL as it is shown, and what is wrong with it; empty: nothing."""
    url = environment.get("OPENAI_BASE_URL", "").strip() or _OFFICIAL
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if usable and url.isprintable() and " " not in url:
        return shown(url), ""
    return shown(url), f"OPENAI_BASE_URL ({shown(url)}) is no address: https://host/v1 is one"


def proxy(environment: Mapping[str, str], url: str) -> str:
    """The proxy that calls go through, without its user part; empty: none."""
    del environment  # the standard library reads the process's own
    host, scheme = urlsplit(url).hostname or "", urlsplit(url).scheme
    if not host or urllib.request.proxy_bypass(host):
        return ""
    proxies = urllib.request.getproxies()
    return shown(proxies.get(scheme) or proxies.get("all") or "")


def certificate(environment: Mapping[str, str]) -> tuple[str, str]:
    """Where trusted authorities are read instead of the usual place, and what is wrong there."""
    for name in _CERTIFICATES:
        path = environment.get(name, "")
        if path:
            said = f"{name}={clean(path)}"
            return said, "" if Path(path).exists() else f"{said}: nothing is there; unset it"
    return "", ""


def ask(environment: Mapping[str, str]) -> Answer:
    """GET /models, as a run's calls will go; whatever happens, within a few seconds."""
    if problem := address(environment)[1] or certificate(environment)[1]:
        return Answer(False, f"not tried: {problem}")
    answers: list[Answer] = []
    # Looking up a name cannot be interrupted; a thread that is left behind can.
    thread = threading.Thread(target=lambda: answers.append(_asked(environment)), daemon=True)
    thread.start()
    thread.join(_LONGEST_S)
    where = address(environment)[0]
    return answers[0] if answers else Answer(False, f"{where}: no whole answer in {_LONGEST_S} s")


def _asked(environment: Mapping[str, str]) -> Answer:
    url = environment.get("OPENAI_BASE_URL", "").strip() or _OFFICIAL
    where = shown(url)
    try:
        import httpx2

        address_of_models = httpx2.URL(url)
        path = address_of_models.path.rstrip("/") + "/models"
        headers = {"Authorization": f"Bearer {environment.get('OPENAI_API_KEY', '').strip()}"}
        with (
            httpx2.Client(timeout=_STEP_S) as client,
            client.stream("GET", address_of_models.copy_with(path=path), headers=headers) as reply,
        ):
            return _read(where, reply)
    except Exception as error:
        text = str(error)
        why = next((said for part, said in _FAULTS if part in text), type(error).__name__)
        return Answer(False, f"{where}: {why}")


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

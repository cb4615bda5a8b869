"""The SDK's exceptions as `EngineFailure`: what went wrong, what to do, whether to ask again."""

import email.utils
import math
import os
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping

import httpx2
import openai

from tasks.engines.openai.client import one_line
from tasks.engines.openai.wire import MovedError, TooLargeError, sending_of
from tasks.engines.openai.words import is_no_credit, is_refused, is_unknown_model, words_of
from tasks.requests.connection import proxy_variable, without_user
from tasks.requests.engine import EngineFailure, Fault

_UNREACHED = (httpx2.ConnectError, httpx2.ConnectTimeout)
_PUT_OFF = (408, 409, 425)
_BILLED = "it may have been drawn and billed all the same"
_PLAIN_HTTP = ("WRONG_VERSION_NUMBER", "RECORD_LAYER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST")
_NO_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_SERVER_ERROR = 500


def failure_of(error: openai.OpenAIError, timeout_s: float) -> EngineFailure:
    """What to tell the person at the terminal, and the policy, of a call that failed."""
    if isinstance(error, openai.APIConnectionError):
        return _connection_failure(error, timeout_s)
    if isinstance(error, openai.APIStatusError):
        return status_failure(error)
    return EngineFailure(one_line(f"the client cannot be set up: {error}"), fault=Fault.SETUP)


def _connection_failure(error: openai.APIConnectionError, timeout_s: float) -> EngineFailure:
    cause, host = error.__cause__, error.request.url.host
    if isinstance(cause, MovedError):
        text = f"{host} sends calls on to {without_user(str(cause))}: set OPENAI_BASE_URL to that"
        return EngineFailure(one_line(text), fault=Fault.SETTING)
    sending = sending_of(error.request)
    if sending is not None and not sending.whole:
        return _unsent(error, sending.connected_to)
    if isinstance(cause, TooLargeError):
        text, fault = f"the answer was cut at its greatest size ({cause})", Fault.UNUSABLE
    elif isinstance(error, openai.APITimeoutError):
        text, fault = f"no whole answer came within {timeout_s:g} s; {_BILLED}", Fault.UNCERTAIN
    else:
        text = f"the connection to {host} broke off ({cause or error}); {_BILLED}"
        fault = Fault.UNCERTAIN
    return EngineFailure(one_line(text), fault=fault)


def _unsent(error: openai.APIConnectionError, connected_to: str) -> EngineFailure:
    """Why nothing went out: nothing was drawn, and nothing billed."""
    cause, url = error.__cause__, error.request.url
    called = connected_to or f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"
    variable = "" if _is_endpoint(url, called) else proxy_variable(os.environ, called.split(":")[0])
    who = f"the proxy {called} ({variable or 'as the system has it'})" if variable else called
    reasons = list(_chain(error))
    if isinstance(cause, httpx2.ProxyError):
        who = f"the proxy {called}" + (f" ({variable})" if variable else "")
        status = re.match(r"\s*5\d\d", str(cause))
        text = f"{who} refuses the connection to {url.host}: {cause}"
        return EngineFailure(one_line(text), fault=Fault.NOT_SENT if status else Fault.SETTING)
    found = next(filter(None, (_hopeless(reason, url, who) for reason in reasons)), "")
    if found:
        return EngineFailure(one_line(found), fault=Fault.SETTING)
    if isinstance(cause, _UNREACHED):
        why = next((r.strerror for r in reasons if isinstance(r, OSError) and r.strerror), cause)
        where = "check that variable" if variable else "check the network, or OPENAI_BASE_URL"
        text = f"cannot reach {who} ({why or 'it does not answer'}): {where}"
    else:
        text = f"the connection to {url.host} broke off before the request was sent ({cause})"
    return EngineFailure(one_line(text), fault=Fault.NOT_SENT)


def _hopeless(reason: BaseException, url: httpx2.URL, who: str) -> str:
    """What to say of a cause that does not pass by itself; nothing of any other."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {url.host} is not trusted ({reason.verify_message}): if that is"
            " your own server, or your company's proxy, name its authority in SSL_CERT_FILE"
        )
    if isinstance(reason, ssl.SSLError):
        said = str(reason.reason or reason)
        if any(sign in said for sign in _PLAIN_HTTP):
            return f"{who} speaks plain HTTP, not TLS: begin OPENAI_BASE_URL with http://"
        return f"{who} and this machine find no common TLS ({said})"
    if isinstance(reason, socket.gaierror) and reason.errno in _NO_NAME:
        return f"the name {who} is not known: check OPENAI_BASE_URL, or the network"
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that led to it."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _is_endpoint(url: httpx2.URL, called: str) -> bool:
    return called == f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"


def status_failure(error: openai.APIStatusError) -> EngineFailure:
    """What a status, or an error's body, says."""
    body = error.body if error.body is not None else error.response.text
    said = words_of(body) or error.response.reason_phrase or "no reason given"
    wait_s = asked_wait_s(error.response.headers)
    status = error.status_code
    if status < _SERVER_ERROR and status not in {401, 429} and is_refused(body):
        text, fault = f"refused by the endpoint's content rules ({said})", Fault.REFUSED
    elif status == 402 or is_no_credit(body):
        text = f"the account has no credit left: add some, then run doit again ({said})"
        fault = Fault.NO_CREDIT
    elif status in {400, 422} and is_unknown_model(body):
        text, fault = f"{_status_text(404)} ({status}: {said})", Fault.SETTING
    else:
        text, fault = f"{_status_text(status)} ({status}: {said})", _status_fault(status)
    return EngineFailure(one_line(text), fault=fault, wait_s=wait_s)


def _status_fault(status: int) -> Fault:
    faults = {401: Fault.NO_ACCESS, 429: Fault.RATE, **dict.fromkeys(_PUT_OFF, Fault.PUT_OFF)}
    faults |= dict.fromkeys((403, 404, 405, 407, 410, 501), Fault.SETTING)
    if 300 <= status < 400:
        return Fault.SETTING
    return faults.get(status, Fault.PUT_OFF if status >= _SERVER_ERROR else Fault.FINAL)


def _status_text(status: int) -> str:
    address = os.environ.get("OPENAI_BASE_URL", "").strip().rstrip("/")
    no_v1 = address and not re.search(r"/v\d+\w*$|/openai$", address.partition("?")[0])
    ending = ", which has no /v1 at its end," if no_v1 else ""
    texts = {
        401: "the endpoint does not take the key: check OPENAI_API_KEY",
        403: "the account may not use this model or endpoint",
        404: "the endpoint does not know this model or address: check model, and"
        f" OPENAI_BASE_URL{ending}".rstrip(","),
        429: "the account's rate limit is reached: run doit again later, or set images_per_minute",
    }
    refused = status < _SERVER_ERROR
    return texts.get(
        status, "the endpoint refuses the request" if refused else "the endpoint is in trouble"
    )


def page_failure(body: bytes) -> EngineFailure:
    """What to say of a page that came with status 200 where a picture should."""
    said = one_line(words_of(body.decode(errors="replace")))
    address = _status_text(404).partition("check model, and ")[2]
    text = f'the endpoint answered with a page ("{said[:80]}"), not as it should: check {address}'
    return EngineFailure(one_line(text), fault=Fault.SETTING)


def asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """How many seconds the server asks to wait: `retry-after-ms`, `Retry-After` (seconds or a
    date), else the longest of its x-ratelimit resets; None where it says nothing."""
    asked = [
        _number(headers.get("retry-after-ms", ""), 0.001),
        _number(headers.get("retry-after", ""), 1.0),
        _until(headers.get("retry-after", "")),
    ]
    told = next((wait_s for wait_s in asked if wait_s is not None), None)
    return _reset_s(headers) if told is None else told


def _number(text: str, unit_s: float) -> float | None:
    try:
        value = float(text) * unit_s
    except ValueError:
        return None
    return max(value, 0.0) if math.isfinite(value) else None


def _until(text: str) -> float | None:
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


_DURATION_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DAY_S = 86_400.0


def _reset_s(headers: Mapping[str, str]) -> float | None:
    """From `x-ratelimit-reset-...: 1m12.5s`, of those limits that are used up."""
    resets = []
    for name, value in headers.items():
        limit = re.fullmatch(r"x-ratelimit-reset-(\S+)", name.lower())
        if not limit:
            continue
        remaining = headers.get(f"x-ratelimit-remaining-{limit[1]}", "0").strip()
        reset_s = _duration_s(value)
        if reset_s is not None and _number(remaining, 1.0) in {0.0, None}:
            resets.append(reset_s)
    return max(resets, default=None)


def _duration_s(text: str) -> float | None:
    """`1m12.5s`, or plain seconds; None for anything else, a date in seconds for instance."""
    plain_s = _number(text, 1.0)
    if plain_s is not None:
        return plain_s if plain_s < _DAY_S else None
    parts = re.findall(r"(\d+(?:\.\d*)?)(ms|h|m|s)", text)
    return sum(float(n) * _DURATION_S[unit] for n, unit in parts) if parts else None

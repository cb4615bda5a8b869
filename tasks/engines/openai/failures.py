"""The SDK's exceptions as `EngineFailure`: what went wrong, what to do, whether to ask again."""

import email.utils
import math
import re
import time
from collections.abc import Mapping

import httpx2
import openai

from tasks.engines.openai.client import one_line, sent_whole
from tasks.requests.engine import EngineFailure, Fault

NO_CREDIT_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
REFUSED_CODES = {"moderation_blocked", "content_policy_violation"}
_UNREACHED = (httpx2.ConnectError, httpx2.ConnectTimeout)
_PUT_OFF = (408, 409)
_BILLED = "the picture may have been drawn and billed all the same"


def failure_of(error: openai.OpenAIError, timeout_s: float) -> EngineFailure:
    """What to tell the person at the terminal, and the policy, of a call that failed."""
    if isinstance(error, openai.APIConnectionError):
        return _connection_failure(error, timeout_s)
    if isinstance(error, openai.APIStatusError):
        return _status_failure(error)
    return EngineFailure(one_line(f"the client cannot be set up: {error}"), fault=Fault.NO_ACCESS)


def _connection_failure(error: openai.APIConnectionError, timeout_s: float) -> EngineFailure:
    cause, host = error.__cause__, error.request.url.host
    if isinstance(cause, _UNREACHED):
        text = f"cannot reach {host}: check the network, or OPENAI_BASE_URL"
        return EngineFailure(one_line(text), fault=Fault.NOT_SENT)
    if not sent_whole(error.request):
        text = f"the connection to {host} broke off before the request was sent ({cause})"
        return EngineFailure(one_line(text), fault=Fault.NOT_SENT)
    if isinstance(error, openai.APITimeoutError):
        text = f"the endpoint was silent for {timeout_s:g} s; {_BILLED}"
    else:
        text = f"the connection to {host} broke off ({cause or error}); {_BILLED}"
    return EngineFailure(one_line(text), fault=Fault.UNCERTAIN)


def _status_failure(error: openai.APIStatusError) -> EngineFailure:
    said, codes = _said(error), {str(error.code), str(error.type)}
    wait_s = asked_wait_s(error.response.headers)
    if codes & REFUSED_CODES:
        text, fault = f"refused by the endpoint's content rules ({said})", Fault.REFUSED
    elif codes & NO_CREDIT_CODES:
        text = f"the account has no credit left: add some, then run doit again ({said})"
        fault = Fault.NO_CREDIT
    else:
        text = f"{_status_text(error.status_code)} ({error.status_code}: {said})"
        fault = _status_fault(error.status_code)
    return EngineFailure(one_line(text), fault=fault, wait_s=wait_s)


def _status_fault(status: int) -> Fault:
    faults = {401: Fault.NO_ACCESS, 429: Fault.RATE, **dict.fromkeys(_PUT_OFF, Fault.PUT_OFF)}
    return faults.get(status, Fault.PUT_OFF if status >= 500 else Fault.FINAL)


def _status_text(status: int) -> str:
    texts = {
        401: "the endpoint does not take the key: check OPENAI_API_KEY",
        403: "the account may not use this model or endpoint",
        404: "the endpoint does not know this model or address: check model, and OPENAI_BASE_URL",
        429: "the account's rate limit is reached: run doit again later, or set images_per_minute",
    }
    refused = 400 <= status < 500
    return texts.get(
        status, "the endpoint refuses the request" if refused else "the endpoint is in trouble"
    )


def _said(error: openai.APIStatusError) -> str:
    """The server's own words: the message of its JSON, else the beginning of what it sent."""
    body = error.body
    said = body.get("message") if isinstance(body, dict) else body
    return str(said or error.message)


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

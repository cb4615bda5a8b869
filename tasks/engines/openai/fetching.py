"""Fetching a picture that a server answered with as an address. It is paid for by then."""

import ipaddress
import time
from collections.abc import Callable

import httpx2

from tasks.engines.openai.answers import NotYetError
from tasks.engines.openai.client import one_line
from tasks.engines.openai.wire import bound, keep_time, within

_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0)
"""between one look and the next: some servers answer before the picture is where they say"""
_LOOPBACK = {"localhost", "127.0.0.1", "::1", "[::1]", "0.0.0.0"}  # noqa: S104 - a name to compare
_DEFAULT_PORTS = {"http": 80, "https": 443}


def fetched(
    address: str,
    endpoint: httpx2.URL,
    allowed: tuple[str, ...],
    timeout_s: float,
    pause: Callable[[float], object] = time.sleep,
) -> bytes:
    """The picture at an address; the key is not sent along.

    Only from the endpoint's own host and port and from those that are allowed: an answer must not
    make this machine ask others, inside its own network perhaps. Raises `NotYetError`.
    """
    url = _permitted(address, endpoint, allowed)
    for pause_s in (*_PAUSES_S, None):
        try:
            return _get(url, timeout_s)
        except (httpx2.HTTPError, ValueError) as error:
            if pause_s is None:
                text = f"the picture at {url.copy_with(query=None)} cannot be fetched ({error})"
                raise NotYetError(one_line(text), address) from error
            pause(pause_s)
    raise AssertionError("the last round returns or raises")


def _permitted(address: str, endpoint: httpx2.URL, allowed: tuple[str, ...]) -> httpx2.URL:
    """The whole address; one without a host is counted from the endpoint."""
    try:
        url = endpoint.join(address)
    except (httpx2.InvalidURL, ValueError) as error:
        text = one_line(f"it names an address that is none: {address[:100]}")
        raise NotYetError(text, address) from error
    if url.scheme in _DEFAULT_PORTS and (_is_own(url, endpoint) or _is_named(url, allowed)):
        return url
    raise NotYetError(_forbidden(url, address), address)


def _is_own(url: httpx2.URL, endpoint: httpx2.URL) -> bool:
    same_host = _one_host(url.host) == _one_host(endpoint.host)
    defaults = set(_DEFAULT_PORTS.values())
    same_port = _port(url) == _port(endpoint) or {_port(url), _port(endpoint)} <= defaults
    return same_host and same_port


def _is_named(url: httpx2.URL, allowed: tuple[str, ...]) -> bool:
    """Whether the config names this host, with its port or for all of its ports."""
    names = {name.strip().lower() for name in allowed}
    return url.host.lower() in names or f"{url.host}:{_port(url)}".lower() in names


def _one_host(host: str) -> str:
    return "localhost" if host.lower() in _LOOPBACK else host.lower()


def _port(url: httpx2.URL) -> int:
    return url.port or _DEFAULT_PORTS.get(url.scheme, 0)


def _forbidden(url: httpx2.URL, address: str) -> str:
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        return one_line(f"it names a picture at {address[:100]}, which is no web address")
    name = url.host if url.port is None else f"{url.host}:{url.port}"
    inside = " and lies inside a private network" if _is_inside(url.host) else ""
    return one_line(
        f"it names a picture at {name}, which is not the endpoint's own host{inside};"
        f' if you trust it: "answer_hosts": ["{name}"] in generation'
    )


def _is_inside(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return _one_host(host) == "localhost"


def _get(url: httpx2.URL, timeout_s: float) -> bytes:
    with (
        within(timeout_s),
        httpx2.Client(timeout=timeout_s, event_hooks={"response": [bound]}) as client,
    ):
        keep_time(client)
        answer = client.get(url, headers={"Accept-Encoding": "gzip, deflate"})
    if answer.status_code != httpx2.codes.OK:
        raise ValueError(f"status {answer.status_code}")
    if not answer.content:
        raise ValueError("it is empty")
    return answer.content

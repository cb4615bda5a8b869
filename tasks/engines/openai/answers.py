"""The picture in an answer of the endpoint. Lenient about its wrapping: it was paid for."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from tasks.takes.store import Take

_MOST_BYTES = 64 * 2**20
_FETCH_TRIES = 3


class UnusableError(ValueError):
    """What is wrong with the body of an answer."""

    def __init__(self, text: str, usage: Mapping[str, object] | None = None) -> None:
        super().__init__(text)
        self.usage = dict(usage or {})


def take_of(
    body: bytes, latency_s: float | None, answer_id: str, fetch: Callable[[str], bytes]
) -> Take:
    """The take in an answer's body; `fetch` gets a picture that came as an address.

    Raises `UnusableError`, with the tokens that were counted all the same.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnusableError("it is no picture's JSON") from error
    return take_of_document(document, latency_s, answer_id, fetch)


def take_of_document(
    document: Any, latency_s: float | None, answer_id: str, fetch: Callable[[str], bytes]
) -> Take:
    """As `take_of`, of an answer that is read already."""
    usage = document.get("usage") if isinstance(document, dict) else None
    usage = usage if isinstance(usage, dict) and _can_be_kept(usage) else {}
    try:
        picture = _picture(document, fetch)
    except UnusableError as error:
        raise UnusableError(str(error), usage) from error
    return Take(picture, latency_s=latency_s, usage=usage, answer_id=answer_id)


def _can_be_kept(usage: dict[str, Any]) -> bool:
    """Whether a file can hold it: half surrogate pairs and endless nesting are JSON too."""
    try:
        json.dumps(usage, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def _picture(document: Any, fetch: Callable[[str], bytes]) -> bytes:
    data = document.get("data") if isinstance(document, dict) else None
    first = data[0] if isinstance(data, list) and data else data
    found = first if isinstance(first, dict) else {}
    encoded, address = found.get("b64_json"), found.get("url")
    if isinstance(encoded, str) and encoded:
        return _decoded(encoded)
    if isinstance(address, str) and address:
        return _decoded(address) if address.startswith("data:") else fetch(address)
    raise UnusableError("it holds no image data")


def _decoded(encoded: str) -> bytes:
    """The bytes of base64, with or without the head of a `data:` address."""
    text = encoded.partition(",")[2] if encoded.startswith("data:") else encoded
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise UnusableError(f"its image data is not base64 ({error})") from error


def fetched(address: str, own_host: str, allowed: tuple[str, ...], timeout_s: float) -> bytes:
    """The picture at an address that a server answered with; the key is not sent along.

    Only from the endpoint's own host and those that are allowed: an answer must not make this
    machine ask others, inside its own network perhaps. Raises `UnusableError`.
    """
    try:
        url = httpx2.URL(address)
    except (httpx2.InvalidURL, ValueError) as error:
        raise UnusableError(f"it names an address that is none: {address[:100]}") from error
    hosts = {own_host, *(host.lower() for host in allowed)}
    if url.scheme not in {"http", "https"} or url.host not in hosts:
        raise UnusableError(
            f"it names a picture at {url.host or address[:100]}, which is not the endpoint's own"
            f' host; if you trust it: "answer_hosts": ["{url.host}"] in generation'
        )
    for left in range(_FETCH_TRIES - 1, -1, -1):
        try:
            return _get(url, timeout_s)
        except (httpx2.HTTPError, UnusableError) as error:
            if not left:
                raise UnusableError(f"the picture at {url} cannot be fetched ({error})") from error
    raise AssertionError("the last round returns or raises")


def _get(url: httpx2.URL, timeout_s: float) -> bytes:
    with httpx2.stream("GET", url, timeout=timeout_s, follow_redirects=False) as answer:
        if answer.status_code != httpx2.codes.OK:
            raise UnusableError(f"status {answer.status_code}")
        data = b""
        for part in answer.iter_bytes():
            data += part
            if len(data) > _MOST_BYTES:
                raise UnusableError(f"more than {_MOST_BYTES // 2**20} MB")
        return data

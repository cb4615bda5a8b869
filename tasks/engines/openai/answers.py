"""The picture in an answer of the endpoint. Lenient about its wrapping: it was paid for."""

import base64
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from tasks.ground.outside import clean
from tasks.takes.owed import Owed
from tasks.takes.store import Take

_BASE64 = TypeAdapter(bytes, config=ConfigDict(val_json_bytes="base64"))
"""in a quarter of the time of Python's own, which has to look at the text first"""
_MOST_COUNTS, _DEEPEST, _SHORT, _LARGEST = 40, 3, 60, 1e15


class UnusableError(ValueError):
    """What is wrong with the body of an answer."""

    def __init__(self, text: str, usage: Mapping[str, object] | None = None) -> None:
        super().__init__(text)
        self.usage = dict(usage or {})


class NotYetError(ValueError):
    """A picture lies at an address from which it cannot be had now: it was drawn, and billed."""

    def __init__(self, text: str, address: str, owed: Owed | None = None) -> None:
        super().__init__(text)
        self.address = address
        self.owed = owed


def take_of_document(
    document: Any, latency_s: float | None, answer_id: str, fetch: Callable[[str], bytes]
) -> Take:
    """The take in an answer that was read; `fetch` gets a picture that came as an address.

    Raises `UnusableError`, with the tokens that were counted all the same.
    """
    usage = document.get("usage") if isinstance(document, dict) else None
    usage = _counts(usage) if isinstance(usage, dict) else {}
    try:
        picture = _picture(document, fetch)
    except UnusableError as error:
        raise UnusableError(str(error), usage) from error
    except NotYetError as error:
        owed = Owed(error.address, latency_s, usage, clean(answer_id))
        raise NotYetError(str(error), error.address, owed) from error
    return Take(picture, latency_s=latency_s, usage=usage, answer_id=clean(answer_id))


def _counts(usage: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """What a server counts, as it may be kept: numbers, short words, and no deeper than it goes."""
    found: dict[str, Any] = {}
    for name, value in list(usage.items())[:_MOST_COUNTS]:
        if isinstance(value, dict) and depth < _DEEPEST:
            found[clean(name, _SHORT)] = _counts(value, depth + 1)
        elif isinstance(value, str):
            found[clean(name, _SHORT)] = clean(value, _SHORT)
        elif value is None or (isinstance(value, (int, float)) and abs(value) < _LARGEST):
            found[clean(name, _SHORT)] = value
    return found


def _picture(document: Any, fetch: Callable[[str], bytes]) -> bytes:
    data = document.get("data") if isinstance(document, dict) else None
    first = data[0] if isinstance(data, list) and data else data
    found = first if isinstance(first, dict) else {}
    encoded, address = found.get("b64_json"), found.get("url")
    if isinstance(encoded, str) and encoded:
        return _decoded(encoded)
    if isinstance(address, str) and address.strip():
        return _decoded(address) if address.startswith("data:") else fetch(address.strip())
    raise UnusableError("it holds no image data")


def _decoded(encoded: str) -> bytes:
    """The bytes of base64, with or without the head of a `data:` address."""
    text = encoded.partition(",")[2] if encoded.startswith("data:") else encoded
    with contextlib.suppress(ValidationError):  # some break it into lines
        return _BASE64.validate_strings(text)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise UnusableError(f"its image data is not base64 ({error})") from error

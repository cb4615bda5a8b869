"""Nothing secret of the environment reaches a file or a screen.

Servers repeat what they were sent: keys, passwords of an address, custom headers; as they came,
escaped, encoded, or broken by line ends and markup. What comes from outside goes through here
(`tasks.ground.outside`), and so does whatever is printed.
"""

import base64
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

_NAMES = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
_ADDRESSES = re.compile(r"(?:_URL|_PROXY|_ENDPOINT|_HOST)$", re.IGNORECASE)
_HEADERS = "OPENAI_CUSTOM_HEADERS"
_FEWEST = 6
"""characters of a secret; what is shorter is a word, and no secret"""
_BEGINNING = 3
"""characters of a secret that are looked for before all of it is"""
_PIECE = 12
"""so many characters of a secret in a row are as good as all of it"""
_MOST_BYTES = 4 * 2**20
"""of bytes that are looked through for every form; larger ones for the plain form alone"""
BLOT = "[key]"
_BETWEEN = r"(?:\s|<[^<>]{0,80}>|\\[nrt])*"
"""what may have come between two characters of one"""
_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|key)-[\w*.-]{4,}")
"""keys that are not ours, or are shown in part: `sk-...abcd`"""


def blotted(text: str) -> str:
    """`text` without anything of the environment that may be secret."""
    values = tuple(_values(os.environ))
    if not values:
        return text
    # What finds whole keys takes as long as a small run: first, whether one begins here.
    if len(text) >= min(map(len, values)) and _beginnings(values).search(text):
        text = _pattern(values).sub(BLOT, text)
    return _without_pieces(text, _pieces(values))


def without_keys(text: str) -> str:
    """Words of a server without secrets, nor anything that looks like a key of anybody's."""
    return _LIKE_A_KEY.sub(BLOT, blotted(text))


def blotted_bytes(data: bytes) -> bytes:
    """What a server sent, to be kept for a look at it, without secrets."""
    if len(data) <= _MOST_BYTES:
        text = data.decode("utf-8", "surrogateescape")
        return blotted(text).encode("utf-8", "surrogateescape")
    for value in _values(os.environ):
        data = data.replace(value.encode(), BLOT.encode())
    return data


def _values(environment: Mapping[str, str]) -> Iterator[str]:
    """Every secret, in every form in which it goes out."""
    for name in _holders(tuple(environment)):
        value = environment.get(name, "")
        if _NAMES.search(name):
            yield from _long(value.strip())
        elif _ADDRESSES.search(name) and "@" in value:
            yield from _of_address(value.strip())
        elif name == _HEADERS:
            for line in value.splitlines():
                yield from _of_header(line.partition(":")[2].strip())


@lru_cache(maxsize=4)
def _holders(names: tuple[str, ...]) -> tuple[str, ...]:
    """The variables that may hold a secret: looked for once, since each line goes through here."""
    return tuple(
        name for name in names if _NAMES.search(name) or _ADDRESSES.search(name) or name == _HEADERS
    )


def _long(value: str) -> Iterator[str]:
    if len(value) >= _FEWEST:
        yield value


def _of_address(address: str) -> Iterator[str]:
    """The name and the password in an address, together, alone, and as they go into a header."""
    user = address.rpartition("@")[0].rpartition("//")[2]
    whole = unquote(user)
    yield from _long(base64.b64encode(whole.encode()).decode().rstrip("="))
    for part in dict.fromkeys((user, whole, *whole.split(":", 1)[1:])):
        yield from _long(part)


def _of_header(value: str) -> Iterator[str]:
    yield from _long(value)
    if " " in value:  # `Bearer ...`, `Basic ...`
        yield from _long(value.rpartition(" ")[2])


@lru_cache(maxsize=4)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str]:
    """What finds these secrets: each takes at least as many characters as it has."""
    longest_first = sorted(set(values), key=len, reverse=True)
    return re.compile("|".join(map(_anyhow, longest_first)))


@lru_cache(maxsize=4)
def _beginnings(values: tuple[str, ...]) -> re.Pattern[str]:
    """What finds the first characters of these secrets: each pattern of a whole one begins so."""
    return re.compile("|".join(_anyhow(value[:_BEGINNING]) for value in values))


@lru_cache(maxsize=4)
def _pieces(values: tuple[str, ...]) -> frozenset[str]:
    """What gives these secrets away."""
    return frozenset(
        value[at : at + _PIECE] for value in values for at in range(len(value) - _PIECE + 1)
    )


def _anyhow(secret: str) -> str:
    """A pattern of a secret, its characters written and parted in any usual way."""
    return _BETWEEN.join(map(_character, secret))


def _character(one: str) -> str:
    code = ord(one)
    forms = [re.escape(one), rf"\\u00{code:02x}", f"&#{code};", f"&#x{code:x};"]
    if quote(one, safe="") != one:
        forms.append(f"(?i:{re.escape(quote(one, safe=''))})")
    if one in '/"':
        forms.append(re.escape(f"\\{one}"))
    return f"(?:{'|'.join(forms)})"


def _without_pieces(text: str, pieces: frozenset[str]) -> str:
    """`text` without parts of secrets, of which a server, or a cut, left only so much."""
    if not pieces or not any(piece in text for piece in pieces):
        return text
    bad = [False] * len(text)
    for at in range(len(text) - _PIECE + 1):
        if text[at : at + _PIECE] in pieces:
            bad[at : at + _PIECE] = [True] * _PIECE
    out = [
        BLOT if hit and not bad[at - 1] else "" if hit else text[at] for at, hit in enumerate(bad)
    ]
    if bad[0]:
        out[0] = BLOT
    return "".join(out)

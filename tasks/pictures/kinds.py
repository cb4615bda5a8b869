"""Kinds of picture files, known by their first bytes whatever they are called.

Nothing here decodes: it is asked by runs that draw nothing, too.
"""

from collections.abc import Mapping
from types import MappingProxyType

_ENDING_OF: Mapping[bytes, str] = MappingProxyType(
    {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp"}
)
ENDINGS = tuple(_ENDING_OF.values())
"""how the files of takes end"""


def is_picture(data: bytes) -> bool:
    """Whether this begins as a PNG, JPEG or WebP does."""
    return data.startswith(tuple(_ENDING_OF))


def ending_of(data: bytes) -> str:
    """The file's ending for what this is; `.bin` where it is no picture."""
    return next((end for start, end in _ENDING_OF.items() if data.startswith(start)), ".bin")

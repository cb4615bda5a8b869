"""Ids that are file names: which are safe on every system, and which name was probably meant."""

import re
import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 64
_LONGEST_MEANT = 200
_MAX_BYTES = 100  # two ids, and what is put around them, fit a file name of 255 bytes
_SAFE = re.compile(r"\w(?:[\w.-]*\w)?")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(?:\..*)?", re.IGNORECASE)


def id_problem(name: str) -> str | None:
    """Why `name` cannot be part of a file's name, with what is allowed; None where it can.

    `__` parts expression and pose in a frame's name, so that neither holds it, begins or ends
    with `_`: `a_` + `b` and `a` + `_b` would be one file.
    """
    problems = (
        (not name, "it is empty"),
        (len(name) > MAX_LENGTH, f"it has {len(name)} characters, {MAX_LENGTH} at the most"),
        (_bytes(name) > _MAX_BYTES, f"it takes {_bytes(name)} bytes, {_MAX_BYTES} at the most"),
        ("__" in name, "it holds __, which parts expression and pose in file names"),
        (".." in name, "it holds .."),
        (name[:1] in {".", "-", "_"}, "it begins with a dot, a dash or an underscore"),
        (name[-1:] in {".", "-", "_"}, "it ends with a dot, a dash or an underscore"),
        (bool(_DEVICES.fullmatch(name)), "Windows keeps that name for a device"),
        (not _SAFE.fullmatch(name), "letters, digits, _, - and . are allowed"),
    )
    return next((text for wrong, text in problems if wrong), None)


def _bytes(name: str) -> int:
    return len(name.encode("utf-8", "replace"))


def same_file(name: str) -> str:
    """What two names have in common where a file system may take them for one."""
    return unicodedata.normalize("NFC", name).casefold()


def with_costume(costume: str, name: str) -> str:
    """What a frame or a sequence is called in a costume: `summer/sad__center`."""
    return f"{costume}/{name}" if costume else name


def costume_of(name: str) -> tuple[str, str]:
    """The costume that such a name, or a path that begins so, is of, and the rest; empty: none.

    What comes before a `/` is a costume's id, which holds no `__`, or a sequence's, which does.
    """
    first, slash, rest = name.partition("/")
    return (first, rest) if slash and "__" not in first else ("", name)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that was probably meant by `name`, or None."""
    import difflib

    if len(name) > _LONGEST_MEANT:
        return None
    by_folded = {candidate.casefold(): candidate for candidate in names}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`; did you mean "smile_soft"?`, or nothing where no name is near."""
    close = nearest(name, names)
    return f'; did you mean "{close}"?' if close else ""

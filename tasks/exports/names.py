"""Names as other programs take them."""

import re

from tasks.ground.ids import id_problem


def file_name(name: str) -> str:
    """A character's name as the stem of a file: letters, digits, `_` and `-`."""
    safe = re.sub(r"[^\w-]+", "_", name).strip("_-")
    return safe if safe and id_problem(safe) is None else "character"


def word(name: str) -> str:
    """A name as a word of a script: letters of ASCII, digits and `_`, never beginning with one."""
    safe = "".join(
        sign if sign.isascii() and (sign.isalnum() or sign == "_") else "_" for sign in name
    )
    safe = safe.lower().strip("_") or "character"
    return f"c_{safe}" if safe[0].isdigit() else safe

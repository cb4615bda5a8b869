"""Every command that is printed to be pasted: one place, so that each acts on what was meant.

A command without the variables that were typed (`config=`, `outdir=`, ...) is about another
character. A name may come from a file that a team shares: whatever goes in is quoted.
"""

import shlex
from collections.abc import Iterable

from tasks.ground.outside import clean

_typed: dict[str, str] = {}
"""the variables that this process was started with; a process is one command"""


def typed(variables: Iterable[tuple[str, str]]) -> None:
    """Say once which variables were typed."""
    _typed.clear()
    _typed.update(variables)


def doit(*words: str, **variables: str) -> str:
    """`doit WORDS...` as it is to be typed here; `variables` are added or stand in for typed ones.

    Options (`-f`, `-a`) go before what they are about, as given.
    """
    given = {**_typed, **variables}
    return joined(
        ["doit", *words[:1], *(f"{name}={value}" for name, value in given.items())], *words[1:]
    )


def joined(begin: Iterable[str], *rest: str) -> str:
    """Words as a shell takes them for just these words."""
    return shlex.join([clean(word, most=10_000) for word in (*begin, *rest)])

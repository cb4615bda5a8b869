"""A value given on the command line in place of the config's."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Override:
    """A value given on the command line in place of the config's."""

    variable: str
    """as it was typed: `size=1024x1024`"""
    path: tuple[str, ...]
    """where in the config it goes"""
    value: Any

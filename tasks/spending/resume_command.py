"""The command that goes on where this one stopped: the same frames and options, more money."""

import math
from dataclasses import dataclass

from tasks.ground.advice import joined


@dataclass(frozen=True, slots=True)
class ResumeCommand:
    """The command that goes on: what was typed, as far as it must be typed again."""

    words: tuple[str, ...] = ("doit",)
    """doit, its command, and the options that change what is asked for"""
    variables: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    """the tasks that were named; none: the default ones"""
    frame_option: bool = False
    """frames are named by -f, one pattern for all"""

    def again(self, budget: str, task: str = "") -> str:
        """The command with that budget, for all that was named or for one frame's task."""
        given = [f"{name}={value}" for name, value in self.variables if name != "budget"]
        names = self.names
        if task:
            names = (task.partition(":")[2],) if self.frame_option else (task,)
        if self.frame_option:
            names = tuple(word for name in names for word in ("-f", name))
        return joined([*self.words, f"budget={budget}", *given], *names)


def cents(amount_usd: float) -> str:
    """An amount as a budget that it fits into: rounded up to whole cents."""
    return f"{math.ceil(amount_usd * 100 - 1e-6) / 100:.2f}"

"""The progress bar of a run in a terminal."""

from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

_STYLES = {"[✓]": "green", "[!]": "bold red", "[=]": "cyan", "[?]": "yellow", "[i]": "dim"}


class Bar:
    """A bar below the lines of a run: how many frames are done, elapsed and remaining time."""

    def __init__(self, out: Any, total: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(file=out),
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("frames", total=total)
        self._progress.start()

    def advance(self, *, failed: int) -> None:
        """One frame more is done; `failed` of them failed."""
        description = f"frames, {failed} failed" if failed else "frames"
        self._progress.update(self._task, advance=1, description=description)

    def print(self, text: str) -> None:
        """A line above the bar."""
        line = Text(text)
        line.stylize(_STYLES.get(text[:3], ""), 0, 3)
        self._progress.console.print(line, soft_wrap=True)

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._progress.stop()

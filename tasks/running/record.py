"""What became of the tasks of a run: counted while it goes on, read when it ends."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.build.step import Step
from tasks.graph.node import Node

MOST_NAMED = 5
"""of many that are alike"""


@dataclass(slots=True)
class Alike:
    """What failed for one reason."""

    first: str
    named: list[str] = field(default_factory=list)
    """the first few of those that no line was said for"""
    unsaid: int = 0
    """how many there are of them"""
    said: int = 0


@dataclass(slots=True)
class RunRecord:
    """Begun empty with each run; the reporter counts, whoever ends the run reads."""

    reused: int = 0
    """frames that were up to date, before the run or when their turn came"""
    settled: int = 0
    """those of them that were before it"""
    frames: int = 0
    """how many were out of date"""
    steps: Counter[Step] = field(default_factory=Counter)
    failed: int = 0
    batch_frames: int = 0
    """frames that a batch draws"""
    in_batch: set[str] = field(default_factory=set)
    """their tasks, and those of frames that are made from them"""
    notes: dict[str, None] = field(default_factory=dict)
    """what is said once, at the end, in this order"""
    stale: list[str] = field(default_factory=list)
    """approved frames that would have been made anew"""
    errors: list[str] = field(default_factory=list)
    """where doit itself gave up"""
    errors_said: set[str] = field(default_factory=set)
    """what is wrong with pictures that frames are made from, each said once"""
    alike: dict[str, Alike] = field(default_factory=dict)
    """what failed, by the reason"""
    finished: list[Node] = field(default_factory=list)
    """keyframes that were made of takes"""
    adopted: list[Node] = field(default_factory=list)
    """keyframes that were there already, and right"""
    flagged: int = 0
    """how many finished frames a person should look at"""
    fetch_problem: str = ""
    """why batches could not be looked at"""
    batch_failures: int = 0
    """requests of batches that were answered without a picture"""
    turned_down: str = ""
    """why the provider did not take a batch on"""

    def is_news(self, reason: str, name: str, at_once: int) -> bool:
        """Whether a line has to be said for one that failed: of one reason, so many have theirs."""
        alike = self.alike.setdefault(reason, Alike(name))
        if alike.said < at_once:
            alike.said += 1
            return True
        alike.unsaid += 1
        if len(alike.named) < MOST_NAMED:
            alike.named.append(name)
        return False

    def unsaid(self) -> Iterator[Alike]:
        """What failed without a line of its own."""
        return (alike for alike in self.alike.values() if alike.unsaid)

    @property
    def kept(self) -> int:
        """Frames that were left as they are, though they are not as the config asks."""
        kept = (Step.KEEP_BY_HAND, Step.KEEP_APPROVED, Step.KEEP_FINAL)
        return sum(self.steps[step] for step in kept)

    @property
    def drawn(self) -> int:
        """Frames that an engine drew."""
        return self.steps[Step.DRAW] + self.steps[Step.RETAKE]

    @property
    def left(self) -> int:
        """Frames that were not attempted. Those that turned out up to date are reused, not left."""
        done = self.steps.total() + self.failed + self.batch_frames
        return self.frames - done - (self.reused - self.settled)

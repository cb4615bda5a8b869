"""The graph: which frames there are, what each is drawn from, and what of the config it reads."""

from dataclasses import dataclass

from tasks.engine import Choice

FIT, EXTREME, TILT, RIG = "fit", "extreme", "tilt", "rig"
"""what is done for a frame: take the artist's portrait; draw another expression; draw the neutral
with its head turned; move the base portrait"""


@dataclass(frozen=True, slots=True)
class Node:
    """One frame of the graph."""

    expression: str
    pose: str
    role: str
    source: str
    """path of the picture that it is made from"""
    digest: str
    """of the part of the config that it reads, resolved: equal digests, equal requests"""

    @property
    def name(self) -> str:
        """As in its task's and its file's name."""
        return f"{self.expression}__{self.pose}"


@dataclass(frozen=True, slots=True)
class Graph:
    """All frames of a project, and what `doit` alone draws of them."""

    engine: Choice
    poses: tuple[str, ...]
    drawn_poses: tuple[str, ...]
    """the poses that `doit` alone draws"""
    nodes: tuple[Node, ...]
    base_image: str
    """path of the portrait at the default pose"""
    face_digest: str
    """of the landmarks"""
    checks_digest: str = ""
    """of the thresholds from which frames are flagged"""

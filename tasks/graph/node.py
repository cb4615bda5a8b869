"""The graph: which frames there are, what each is drawn from, and what of the config it reads."""

from dataclasses import dataclass

from tasks.requests.engine import Choice

FIT, EXTREME, TILT, RIG = "fit", "extreme", "tilt", "rig"
"""what is done for a keyframe: take the artist's portrait; draw another expression; draw the
neutral with its head turned; move the base portrait"""
COPY, TWEEN, TURN, MORPH = "copy", "tween", "turn", "morph"
"""what is done for a frame of a sequence, which RIG can be done for too: take a keyframe as it is;
draw the middle of two frames, of one pose or of two; make it from their pixels"""


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
    second: str = ""
    """path of the other picture that an in-between is made from"""
    place: str = ""
    """of a frame of a sequence: its path below the folder of sequences, with `/`"""
    at: float = 0.0
    """of an in-between: where it lies between its two pictures, 0..1"""
    closer_than: float = 0.0
    """of an in-between that is drawn: where its two pictures are closer than this, it is morphed"""
    towards: str = ""
    """of a frame of a sequence: the expression at its end"""
    towards_pose: str = ""
    """... and the pose there"""

    @property
    def name(self) -> str:
        """As in its task's name: `sad__center`, `neutral_to_sad__center:025`."""
        if self.place:
            return self.place.removesuffix(".png").replace("/", ":")
        return f"{self.expression}__{self.pose}"

    @property
    def task(self) -> str:
        """Its task's name."""
        return f"{'sequences' if self.place else 'endpoints'}:{self.name}"

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths of all pictures that it is made from."""
        return (self.source, self.second) if self.second else (self.source,)


@dataclass(frozen=True, slots=True)
class Strip:
    """A sequence, as far as a run that draws nothing has to know it."""

    name: str
    path: str
    """id of the path that it is of"""
    owner: str
    """name of the sequence in whose folder its pictures are; most often its own"""
    files: tuple[str, ...]
    """its pictures in that folder, in the order of the owner's time"""
    digest: str
    """of all that its manifest says"""


@dataclass(frozen=True, slots=True)
class Graph:
    """All frames of a project, and what `doit` alone draws of them."""

    engine: Choice
    poses: tuple[str, ...]
    drawn_poses: tuple[str, ...]
    """the poses that `doit` alone draws"""
    nodes: tuple[Node, ...]
    """the keyframes"""
    tweens: tuple[Node, ...]
    """the frames of all sequences, each once"""
    sequences: tuple[Strip, ...]
    base_image: str
    """path of the portrait at the default pose"""
    face_digest: str
    """of the landmarks"""
    face_mask: str = ""
    """path of the picture that says where the face is; empty where there is none"""
    checks_digest: str = ""
    """of the thresholds from which frames are flagged"""

"""The graph: which frames there are, what each is drawn from, and what of the config it reads."""

from dataclasses import dataclass
from enum import StrEnum

from tasks.ground.ids import with_costume
from tasks.requests.engine import Choice


class Role(StrEnum):
    """What is done for a frame. Its value is part of the digest of every frame."""

    FIT = "fit"
    """of a keyframe: take the artist's portrait"""
    EXTREME = "extreme"
    """of a keyframe: draw another expression"""
    TILT = "tilt"
    """of a keyframe: draw the neutral with its head turned"""
    RIG = "rig"
    """of any frame: move the base portrait"""
    COPY = "copy"
    """of a frame of a sequence: take a keyframe as it is"""
    TWEEN = "tween"
    """of a frame of a sequence: draw the middle of two frames of one pose"""
    TURN = "turn"
    """of a frame of a sequence: draw the middle of two frames of two poses"""
    MORPH = "morph"
    """of a frame of a sequence: make it from the pixels of two frames"""

    @property
    def is_free(self) -> bool:
        """Whether it is made here, without any engine."""
        return self in _FREE

    @property
    def is_middle(self) -> bool:
        """Whether an engine draws it between two frames."""
        return self in _MIDDLE

    @property
    def only_face_changes(self) -> bool:
        """Whether an engine draws it, and only the face may differ from the picture it is shown."""
        return self in _ONLY_FACE


_FREE = frozenset({Role.FIT, Role.COPY, Role.MORPH})
_MIDDLE = frozenset({Role.TWEEN, Role.TURN})
_ONLY_FACE = frozenset({Role.EXTREME, Role.TWEEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One frame of the graph."""

    expression: str
    pose: str
    role: Role
    source: str
    """path of the picture that it is made from"""
    digest: str
    """of the part of the config that it reads, resolved: equal digests, equal requests"""
    second: str = ""
    """path of the other picture that an in-between is made from; of a frame that is moved from the
    base portrait, the mask of what lies over the face"""
    costume: str = ""
    """the costume that it is of; empty: the outfit of the config's own portrait"""
    place: str = ""
    """of a frame of a sequence: its path below the folder of sequences, with `/`; before it, the
    costume"""
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
        """As in its task's name: `sad__center`, `neutral_to_sad__center:025`, and of a costume
        `summer/sad__center`."""
        if self.place:
            return ":".join(self.place.removesuffix(".png").rsplit("/", 1))
        return with_costume(self.costume, f"{self.expression}__{self.pose}")

    @property
    def subject(self) -> str:
        """Its expression, and its costume: what it is called where all is of one pose."""
        return with_costume(self.costume, self.expression)

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
    """its id; before it, its costume"""
    path: str
    """id of the path that it is of; before it, its costume"""
    owner: str
    """name of the sequence in whose folder its pictures are; most often its own"""
    files: tuple[str, ...]
    """its pictures in that folder, in the order of the owner's time"""
    digest: str
    """of all that its manifest says"""


@dataclass(frozen=True, slots=True)
class Outfit:
    """A costume, as far as a run that draws nothing has to know it."""

    name: str
    base_image: str
    """path of its portrait at the default pose"""
    face_digest: str
    """of its landmarks"""
    face_mask: str
    """path of the picture that says where its face is; empty where there is none"""


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
    size_px: tuple[int, int] = (0, 0)
    """of the frames"""
    face_mask: str = ""
    """path of the picture that says where the face is; empty where there is none"""
    checks_digest: str = ""
    """of the thresholds from which frames are flagged"""
    exports: tuple[tuple[str, str], ...] = ()
    """what the config says of exports: each one's name, and the digest of its part"""
    talking_digest: str = ""
    """of all that timelines read of the config"""
    moods_digest: str = ""
    """of all that the suggestion of their moods reads of it"""
    timelines: tuple[tuple[str, str], ...] = ()
    """the timelines that the config itself describes: id, and JSON"""
    costumes: tuple[Outfit, ...] = ()
    """the costumes beside the outfit of the config's own portrait"""

    @property
    def outfits(self) -> tuple[Outfit, ...]:
        """That of the config's own portrait, which has no name, and all costumes."""
        own = Outfit("", self.base_image, self.face_digest, self.face_mask)
        return (own, *self.costumes)

    @property
    def faces(self) -> list[str]:
        """The digests of all landmarks."""
        return [outfit.face_digest for outfit in self.outfits]

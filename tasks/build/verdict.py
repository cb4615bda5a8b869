"""What to do for a frame: one pure function of all that is known of it.

`doit plan` asks it about frames whose inputs are still to come, the builder when their turn comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from tasks.build.step import Step
from tasks.graph.node import Node, Role
from tasks.ground.advice import doit
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.requests.request import Request
from tasks.takes.decisions import Decision
from tasks.takes.frame import Existing, State, name_of
from tasks.takes.picks import Pick, Wanted, wanted_take
from tasks.takes.store import TakeRecord

_MORPH_VERSION = 1
"""raised when the same two pictures give another in-between"""

BY_HAND = "made or changed by hand"
REFUSED = "its words were refused before: change them, or draw it with -a"
STALE = "approved, out of date"
IN_BATCH = "a batch draws it"


class Aim(Enum):
    """What was asked for."""

    CURRENT = "up to date"
    NEW_TAKE = "a new take, in use from then on"
    NEW_TAKES = "new takes, and the one in use stays"


@dataclass(frozen=True, slots=True)
class Input:
    """A picture that a frame is made from, as it is when the frame's turn has come."""

    name: str
    """what names it in a request: its take, or its pixels; empty: only a call tells"""
    pixels: str = ""
    """digest of its pixels; empty where they are still to be made"""
    finish: str = ""
    """of a frame: digest of what decided, beside its take, how it comes out"""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides what to do for a frame."""

    node: Node
    existing: Existing
    """what lies at its path"""
    inputs: tuple[Input, ...]
    paid: bool
    """whether the engine costs money"""
    aim: Aim = Aim.CURRENT
    request: Request | None = None
    """None for a frame that needs no engine"""
    pick: Pick | None = None
    records: Mapping[str, tuple[TakeRecord, ...]] = field(default_factory=dict)
    """the store's takes of the request, and of the picked one, by request key"""
    store: Path = Path()
    """the folder of takes"""
    finish: str = ""
    """digest of what decides, beside its take, how it would come out now"""
    distance: float | None = None
    """of an in-between: how far apart its two pictures are, where that counts and is known"""
    in_batch: str = ""
    """that a live batch draws the request, and which; empty: none does"""
    decision: Decision = field(default_factory=Decision)
    """what a person decided about it"""
    awaits: str = ""
    """the neutral that it is drawn from, where that has to be approved before; empty: none has"""
    refused: str = ""
    """the words in which the request was refused before"""
    damaged: str = ""
    """what is wrong with the choices that people made about it, so that nobody knows them"""

    @property
    def names(self) -> tuple[str, ...]:
        """What names the pictures that it is made from."""
        return tuple(each.name for each in self.inputs)

    @property
    def key(self) -> str:
        """The request key, or what stands for it; empty where an input is still to come."""
        if not all(self.names):
            return ""
        if self.node.role == Role.FIT:
            return fit_key(self.names[0])
        if is_morphed(self.node, self.distance):
            return digest_of(["morph", _MORPH_VERSION, *self.names, self.node.at])
        return self.request.key if self.request else ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done for a frame."""

    step: Step
    key: str = ""
    """key of the request that its take answered, or answers"""
    take: TakeRecord | None = None
    """the take that it is made of, where that is in the store"""
    why: str = ""


def verdict(known: Situation) -> Verdict:
    """What to do for a frame; one that is there and approved stays as it is."""
    if known.damaged:
        return Verdict(Step.FAIL, known.key, why=known.damaged)
    found = _undecided(known)
    there = known.existing.state in {State.OURS, State.BY_HAND}
    kept = found.step in {Step.ADOPT, Step.KEEP_BY_HAND, Step.KEEP_FINAL}
    if known.decision.approved and there and not kept and known.aim is not Aim.NEW_TAKES:
        return Verdict(Step.KEEP_APPROVED, found.key, why=STALE)
    return found


def _undecided(known: Situation) -> Verdict:
    """What to do for a frame that nobody has decided about.

    Never draws what is there or was paid for, unless a new take is asked for; never puts a draft
    over a final, nor anything over an artist's work that is not to give way to it.
    """
    node, new_take = known.node, known.aim is not Aim.CURRENT
    if node.role == Role.COPY:
        return _verdict(_copied(known), known)
    if node.role == Role.FIT:
        step = decide(known.existing, Wanted(known.key, None), paid=True, new_take=new_take)
        return _verdict(Step.FIT if step is Step.DRAW else step, known)
    if is_morphed(node, known.distance):
        # A new one is the same; but what was painted over it gives way to it.
        anew = new_take and known.existing.state is State.BY_HAND
        wanted = Wanted(known.key, None)
        step = decide(known.existing, wanted, paid=known.paid, new_take=anew)
        return _verdict(Step.MORPH if step is Step.DRAW else step, known)
    return _drawn(known, new_take=new_take)


def wanted(known: Situation) -> Wanted:
    """The take that a frame is to be made from. Raises `Mistake` where a picked one is nowhere."""
    if not (known.paid and known.key):
        return Wanted(known.key, None)
    origin = known.existing.provenance
    on_disk = (origin.request_key, origin.take) if origin else ("", "")
    # A rejected take stays where it is in use, and is not chosen again by itself.
    used = {on_disk[1], known.pick.take if known.pick else ""}
    dropped = set(known.decision.rejected) - used
    records = {
        key: tuple(record for record in there if record.id not in dropped)
        for key, there in known.records.items()
    }
    return wanted_take(known.pick, records, known.key, on_disk, known.store)


def without(known: Situation, take: TakeRecord) -> Situation:
    """The situation when a take turned out to be damaged: it is gone, and so is the pick."""
    records = {
        key: tuple(record for record in there if record.file != take.file)
        for key, there in known.records.items()
    }
    return replace(known, pick=None, records=records)


def is_morphed(node: Node, distance: float | None) -> bool:
    """Whether an in-between is made from pixels, free: by its path, or since its two pictures are
    so close."""
    return node.role == Role.MORPH or (distance is not None and distance < node.closer_than)


def fit_key(portrait_digest: str) -> str:
    """The request key of a frame that is the artist's own portrait."""
    return digest_of(["fit", portrait_digest])


def _drawn(known: Situation, *, new_take: bool) -> Verdict:
    """What to do for a frame that an engine draws."""
    try:
        found = wanted(known)
    except Mistake as mistake:
        return Verdict(Step.FAIL, known.key, why=str(mistake))
    step = decide(known.existing, found, paid=known.paid, new_take=new_take, finish=known.finish)
    if step is Step.DRAW and known.in_batch and known.aim is not Aim.NEW_TAKES:
        return Verdict(Step.WAIT, found.key, why=IN_BATCH)
    if step is Step.DRAW and known.awaits:
        return Verdict(Step.FAIL, found.key, why=awaiting(known.awaits))
    if step is Step.DRAW and known.refused and not new_take:
        return Verdict(Step.FAIL, found.key, why=REFUSED)
    return replace(_verdict(step, known), key=found.key, take=found.record)


def awaiting(neutral: str) -> str:
    """Why nothing is drawn from a neutral that nobody has approved, and what to do."""
    return (
        f"not paid for: {neutral}, which it is drawn from, is not approved, as"
        f" generation.approve_neutral asks; when it is good: {doit('approve', '-f', neutral)}"
    )


def _verdict(step: Step, known: Situation) -> Verdict:
    return Verdict(step, known.key, why=BY_HAND if step is Step.KEEP_BY_HAND else "")


def _copied(known: Situation) -> Step:
    """What to do for an end of a sequence, which is its keyframe as it is."""
    existing, (keyframe,) = known.existing, known.inputs
    if existing.state is State.BY_HAND:
        return Step.KEEP_BY_HAND if known.aim is Aim.CURRENT else Step.COPY
    origin = existing.provenance
    if existing.state is not State.OURS or origin is None or not keyframe.name:
        return Step.COPY
    same = name_of(existing) == keyframe.name and origin.finish == keyframe.finish
    # A keyframe that is still to be made of this take, in this way, has these pixels.
    pixels = not keyframe.pixels or existing.pixels == keyframe.pixels
    return Step.ADOPT if same and pixels else Step.COPY


def decide(
    existing: Existing, wanted: Wanted, *, paid: bool, new_take: bool, finish: str = ""
) -> Step:
    """What to do for a frame that is to be made of the take `wanted`, finished by `finish`."""
    origin = existing.provenance if existing.state is State.OURS else None
    stored, key = wanted.record, wanted.key
    if origin and not origin.is_draft and not paid and (new_take or origin.request_key != key):
        return Step.KEEP_FINAL
    if new_take:
        return Step.DRAW
    if existing.state is State.BY_HAND:
        return Step.KEEP_BY_HAND
    # Where the take is elsewhere, its frame cannot be finished anew, and is good as it is.
    same = stored is None or (
        origin is not None and stored.id == origin.take and origin.finish == finish
    )
    if origin and origin.request_key == key and same:
        return Step.ADOPT
    return Step.RESTORE if stored else Step.DRAW

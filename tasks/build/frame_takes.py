"""The takes of a frame: every answer that was ever given for it, whichever request it was to."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.build.builder import Builder
from tasks.build.verdict import Situation, wanted
from tasks.graph.node import Node, Role
from tasks.ground.errors import Mistake
from tasks.models.prices import tokens_of
from tasks.spending.estimate import Estimator
from tasks.takes.frame import State
from tasks.takes.store import Stored, TakeRecord


@dataclass(frozen=True, slots=True)
class FrameTake:
    """One take of a frame, with its number in that frame's list."""

    number: int
    """1 is the earliest"""
    key: str
    """key of the request that it answered"""
    content: Mapping[str, Any]
    """that request as plain data"""
    record: TakeRecord
    current: bool
    """it answered what the config asks for now"""
    in_use: bool
    """the frame on disk is made of it; where there is none, it would be"""

    @property
    def file(self) -> str:
        """The take's path below the store."""
        return f"{self.key[:2]}/{self.record.file}"


def takes_of(builder: Builder, node: Node, stored: Iterable[Stored]) -> list[FrameTake]:
    """The takes of a frame, the earliest first: of its request now, and of earlier ones."""
    if node.role == Role.FIT:
        return []
    known = _known(builder, node)
    key = known.key if known else ""
    found = [
        (entry, record)
        for entry in stored
        for record in entry.takes
        if entry.key == key or record.frame == node.name
    ]
    found.sort(key=lambda pair: (pair[1].drawn_at, pair[1].id))
    used = _in_use(builder, node, known)
    return [
        FrameTake(
            number,
            entry.key,
            entry.content,
            record,
            current=entry.key == key,
            in_use=(entry.key, record.id) == used,
        )
        for number, (entry, record) in enumerate(found, 1)
    ]


def _in_use(builder: Builder, node: Node, known: Situation | None) -> tuple[str, str]:
    """Request key and name of the take that a frame is made of, or would be."""
    existing = known.existing if known else builder.glance(node)
    if existing.state is State.MISSING and known:
        with contextlib.suppress(Mistake):  # picked, and nowhere to be found
            found = wanted(known)
            return found.key, found.record.id if found.record else ""
    origin = existing.provenance
    return (origin.request_key, origin.take) if origin else ("", "")


def current_key(builder: Builder, node: Node) -> str:
    """Key of what the config asks for a frame now; empty where its input is not there yet."""
    known = _known(builder, node)
    return known.key if known else ""


def _known(builder: Builder, node: Node) -> Situation | None:
    """What is known of a frame; None where its input is not there yet."""
    try:
        return builder.look(node)
    except Mistake:
        return None


def cost_of(take: FrameTake, estimator: Estimator) -> float | None:
    """What a take cost: as it was recorded, else from its tokens by today's price."""
    if take.record.cost_usd is not None:
        return take.record.cost_usd
    price = estimator.price(str(take.content.get("model", "")))
    return price.cost_usd(tokens_of(take.record.usage)) if price else None

"""The takes of a frame: every answer that was ever given for it, whichever request it was to."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.build.builder import Builder
from tasks.graph.node import Node
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
    if node.role.is_free:
        return []
    key = current_key(builder, node)
    found = [
        (entry, record)
        for entry in stored
        for record in entry.takes
        if entry.key == key or record.frame == node.name
    ]
    found.sort(key=lambda pair: (pair[1].drawn_at, pair[1].id))
    used = _in_use(builder, node, key)
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


def _in_use(builder: Builder, node: Node, key: str) -> tuple[str, str]:
    """Request key and name of the take that a frame is made of, or would be."""
    existing = builder.glance(node)
    if existing.state is State.MISSING:
        with contextlib.suppress(Mistake):  # picked, and nowhere to be found
            wanted = builder.wanted(node, key)
            return wanted.key, wanted.record.id if wanted.record else ""
    origin = existing.provenance
    return (origin.request_key, origin.take) if origin else ("", "")


def current_key(builder: Builder, node: Node) -> str:
    """Key of what the config asks for a frame now; empty where its input is not there yet."""
    try:
        return builder.inputs.request(node).key
    except Mistake:
        return ""


def cost_of(take: FrameTake, estimator: Estimator) -> float | None:
    """What a take cost: as it was recorded, else from its tokens by today's price."""
    if take.record.cost_usd is not None:
        return take.record.cost_usd
    price = estimator.price(str(take.content.get("model", "")))
    return price.cost_usd(tokens_of(take.record.usage)) if price else None

"""Pictures that were drawn and paid for, and are still to be fetched from where they lie.

    .takes/3f/3fa9…e1.<12 hex>.owed.json    an address, and what is known of the answer it came in

Nobody buys the same request again while one of these is there, unless a new take is asked for.
"""

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tasks.ground import json_file
from tasks.ground.json_file import UNREADABLE

_ENDING = ".owed.json"


@dataclass(frozen=True, slots=True)
class Owed:
    """One picture that is still to be fetched."""

    address: str
    latency_s: float | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    answer_id: str = ""
    cost_usd: float | None = None
    call: str = ""
    """the ledger's name for the call"""


class OwedPictures:
    """Those of one store. Whoever changes them holds the request."""

    def __init__(self, store: Path) -> None:
        self._store = store

    def of(self, key: str) -> list[tuple[Path, Owed]]:
        """The pictures that are owed for a request, each with its file."""
        found = []
        for path in sorted((self._store / key[:2]).glob(f"{key}.*{_ENDING}")):
            with contextlib.suppress(*UNREADABLE):
                found.append((path, _owed(json_file.read(path))))
        return found

    def add(self, key: str, owed: Owed) -> Path:
        """Note one, on the disk. Raises OSError where that does not take it."""
        name = hashlib.sha256(owed.address.encode(errors="replace")).hexdigest()[:12]
        path = self._store / key[:2] / f"{key}.{name}{_ENDING}"
        json_file.write(path, asdict(owed), flush_to_disk=True)
        return path


def _owed(document: Any) -> Owed:
    """One of a file. What is known beside the address may be damaged: the picture is paid for."""
    try:
        return json_file.typed(Owed, document)
    except (TypeError, ValueError):
        return json_file.typed(Owed, {"address": document["address"]})

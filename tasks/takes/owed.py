"""Pictures that were drawn and paid for, and are still to be fetched from where they lie.

    .takes/3f/3fa9…e1.<12 hex>.owed.json    an address, and what is known of the answer it came in

Nobody buys the same request again while one of these is there, unless a new take is asked for.
"""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tasks.ground.files import write_whole

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
            with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
                found.append((path, _owed(json.loads(path.read_bytes()))))
        return found

    def add(self, key: str, owed: Owed) -> Path:
        """Note one, on the disk. Raises OSError where that does not take it."""
        name = hashlib.sha256(owed.address.encode(errors="replace")).hexdigest()[:12]
        path = self._store / key[:2] / f"{key}.{name}{_ENDING}"
        text = json.dumps(asdict(owed), indent=1)
        write_whole(path, text.encode(), flush_to_disk=True)
        return path


def _owed(document: Mapping[str, Any]) -> Owed:
    known = {entry.name for entry in fields(Owed)}
    owed = Owed(**{name: value for name, value in document.items() if name in known})
    texts = (owed.address, owed.answer_id, owed.call)
    numbers = (owed.latency_s, owed.cost_usd)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("not an owed picture")
    if not all(number is None or isinstance(number, (int, float)) for number in numbers):
        raise TypeError("not an owed picture")
    return owed if isinstance(owed.usage, Mapping) else Owed(owed.address)

"""What a provider's batches can do, as plain data: the one thing here that needs a network.

Answers of the provider that leave nothing to do come as values; whatever is to be said to the
person at the terminal, or tried again, comes as `EngineFailure` with its fault.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from tasks.requests.engine import EngineFailure
from tasks.takes.store import Take

ENDPOINT: Final = "/v1/images/edits"
MOST_REQUESTS = 50_000
MOST_BYTES = 200 * 10**6
"""what one file of requests may hold (OpenAI's reference of the Batch API, 2026-08-21)"""

FAILED = "failed"
"""the status of one that was not taken on at all"""
OVER = frozenset({"completed", "expired", "cancelled", FAILED})
"""statuses after which nothing more is drawn; every other is waited for"""

PICTURE, REQUESTS = "vision", "batch"
"""the purposes of uploaded files"""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """An uploaded file."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as the provider describes it."""

    id: str
    status: str
    token: str = ""
    """what it was marked with when it was created; empty where the provider does not keep that"""
    input_file: str = ""
    output_file: str = ""
    """empty where there is none"""
    error_file: str = ""
    done: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()
    """why the whole of it was turned down"""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in OVER


class BatchService(Protocol):
    """One account at one endpoint. Called from several threads at once.

    Each call is made once; whether to make it again is decided elsewhere. All raise
    `EngineFailure`.
    """

    @property
    def account(self) -> str:
        """What tells this account at this endpoint from others, without any secret."""

    def upload(self, name: str, data: bytes | Path, purpose: str) -> str:
        """Upload bytes, or a file; the id that it got."""

    def files(self) -> Iterator[RemoteFile]:
        """The account's uploaded pictures and requests."""

    def delete_file(self, file_id: str) -> None:
        """Delete a file; one that is not there is deleted already."""

    def create(self, input_file: str, token: str) -> RemoteBatch:
        """Begin a batch, marked with `token`. Money is spent by this call, and by no other."""

    def batches(self) -> Iterator[RemoteBatch]:
        """All batches of the account."""

    def look(self, batch_id: str) -> RemoteBatch | None:
        """A batch as it is now; None where the provider does not know it."""

    def cancel(self, batch_id: str) -> RemoteBatch | None:
        """End a batch early; as it is now, None where the provider does not know it."""

    def lines(self, file_id: str) -> Iterator[bytes]:
        """The lines of a file of results, read as they arrive."""

    def take(self, body: Mapping[str, Any], answer_id: str) -> Take:
        """The picture in the answer to one request. Its failures hold the tokens counted."""

    def failure(self, status: int, body: object) -> EngineFailure:
        """What the answer to one request says that gave no picture; status 0: none was sent."""

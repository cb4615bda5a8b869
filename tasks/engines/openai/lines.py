"""Lines of what arrives in pieces."""

from collections.abc import Iterable, Iterator


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines in what arrives in pieces, without their ends; empty ones are passed over.

    Only a line feed ends a line: JSON may hold any of the other characters that end lines.
    """
    pending: list[bytes] = []
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for end in ended:
            yield from _whole([*pending, end])
            pending = []
        pending.append(rest)
    yield from _whole(pending)


def _whole(pieces: list[bytes]) -> Iterator[bytes]:
    line = b"".join(pieces).strip()
    if line:
        yield line

"""Digests of plain data: equal for what means the same, however it was written."""

import hashlib
import json
from typing import Any

_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical_json(value: Any) -> bytes:
    """One spelling of plain data: sorted keys, no space, UTF-8."""
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def digest_of(value: Any) -> str:
    """SHA-256 of plain data in its canonical spelling, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()

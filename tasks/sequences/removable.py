"""What `doit orphans clean=yes` may delete: one decision, on what lies on the disk."""

from collections.abc import Container
from pathlib import Path

from tasks.sequences.manifest import is_manifest
from tasks.sequences.names import MANIFEST
from tasks.takes.frame import State, look_at
from tasks.takes.store import TakeStore


def is_removable(path: Path, sequences: Path, known: Container[str], store: TakeStore) -> bool:
    """Whether a file that nothing wants may be deleted.

    Only in a folder of `sequences` that this program made: one of `known`, the names of the
    config's sequences, or one with a manifest of its own. There, that manifest, and frames that
    can be had again.
    """
    folder = path.parent
    if folder.parent != sequences or folder.is_symlink() or path.is_symlink():
        return False
    if path.name == MANIFEST:
        return is_manifest(folder)
    # A folder that somebody copied has the manifest of another, or none.
    return (folder.name in known or is_manifest(folder)) and can_be_had_again(path, store)


def can_be_had_again(path: Path, store: TakeStore) -> bool:
    """Whether a frame was drawn here, untouched since, and is a draft or made of a stored take.

    What was paid for, and is nowhere else, is not.
    """
    existing = look_at(path)
    origin = existing.provenance
    if existing.state is not State.OURS or origin is None:
        return False
    return origin.is_draft or store.has(origin.request_key, origin.take)

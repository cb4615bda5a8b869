"""Orphans: pictures of this program that the config no longer asks for.

Pure: from listings to a list. Whoever removes files removes what stands in it and nothing else.
Only what lies below the folder of sequences may be removed. Keyframes are listed, never removed:
they are what other frames are made from, most were paid for, and an expression that is gone from
the config today may be back tomorrow.
"""

from collections.abc import Callable, Iterable

from tasks.ground.ids import same_file
from tasks.sequences.names import MANIFEST
from tasks.sequences.tree import is_sequence_id, moment_of


def sequence_orphans(
    wanted: Iterable[str], found: Iterable[str], is_ours: Callable[[str], bool]
) -> tuple[str, ...]:
    """What is no longer wanted below the folder of sequences, in alphabetical order.

    `wanted` and `found` are paths below that folder, with `/`; `wanted` is what every sequence of
    the config needs (`Sequence.files`), whatever this run builds. `is_ours` is asked only of files
    that have a name that this program gives, where it gives it; it tells a picture that was drawn
    here from one that somebody painted, or put there.
    """
    return _orphans(wanted, filter(_of_sequence, found), is_ours)


def keyframe_orphans(
    wanted: Iterable[str], found: Iterable[str], is_ours: Callable[[str], bool]
) -> tuple[str, ...]:
    """The same for the folder of keyframes: to be shown, not to be removed."""
    return _orphans(wanted, filter(_of_keyframe, found), is_ours)


def _orphans(
    wanted: Iterable[str], found: Iterable[str], is_ours: Callable[[str], bool]
) -> tuple[str, ...]:
    # Folded: some systems spell a name in another way than it was given, or keep a former one.
    kept = {same_file(path) for path in wanted}
    unwanted = sorted(path for path in set(found) if same_file(path) not in kept)
    return tuple(path for path in unwanted if is_ours(path))


def _of_sequence(path: str) -> bool:
    folder, _, file = path.partition("/")
    return is_sequence_id(folder) and (file == MANIFEST or moment_of(file) is not None)


def _of_keyframe(path: str) -> bool:
    name = path.removesuffix(".png")
    # A sequence is called as a keyframe is: two ids.
    return name != path and is_sequence_id(name)

"""How the system's allocator keeps what was freed."""

import contextlib

_M_ARENA_MAX, _M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -8, -3, -1
"""of mallopt(3), in malloc.h of glibc"""
_LARGEST_BYTES = 2**25
"""of what is taken from an arena: as far as glibc itself goes, step by step"""


def share_arena() -> None:
    """Have all threads share one arena, before they are started; of no effect without glibc.

    glibc gives each thread an arena of its own, eight a core, and each keeps the largest pictures
    that its thread ever held: with 16 workers, hundreds of megabytes that nobody uses. What is
    allocated in earnest is large and seldom, so that nobody waits for another.

    Pictures come from that arena too, and what is free at its end is kept: memory from the system
    is cleared page by page, and a run of sixty drafts asks for less than half as many pages.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_BYTES)
        mallopt(_M_TRIM_THRESHOLD, 2 * _LARGEST_BYTES)

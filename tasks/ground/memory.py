"""How the system's allocator keeps what was freed."""

import contextlib

_M_ARENA_MAX = -8
"""of mallopt(3), in malloc.h of glibc"""


def share_arena() -> None:
    """Have all threads share one arena, before they are started; of no effect without glibc.

    glibc gives each thread an arena of its own, eight a core, and each keeps the largest pictures
    that its thread ever held: with 16 workers, hundreds of megabytes that nobody uses. What is
    allocated in earnest is large and seldom, so that nobody waits for another.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        import ctypes

        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)

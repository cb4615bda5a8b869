"""What a run needs of the system, said before it begins rather than found out in the middle."""

import sys

from tasks.ground.errors import Mistake

_MEMORY_MB, _MEMORY_OF_WORKER_MB = 1200, 100
"""of address space: libraries, and what a thread reserves"""
_HANDLES, _HANDLES_OF_WORKER = 24, 2
"""open files: measured with 64 workers 143"""


def check_needs(workers: int) -> None:
    """That the system's limits let a run be. Raises `Mistake` with how much is needed."""
    if sys.platform == "win32":
        return
    import resource

    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _HANDLES + _HANDLES_OF_WORKER * workers
    if limit < needed and (most == resource.RLIM_INFINITY or most >= needed):
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, most))
    elif limit < needed:
        raise Mistake(
            f"the system allows {limit} open files (ulimit -n), and {max(workers, 1)} workers need"
            f" {needed}: raise that, or take fewer workers (-n)"
        )
    space, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed_mb = _MEMORY_MB + _MEMORY_OF_WORKER_MB * workers
    if space != resource.RLIM_INFINITY and space < needed_mb * 2**20:
        raise Mistake(
            f"the system allows {space // 2**20} MB of memory (ulimit -v), and a run with"
            f" {max(workers, 1)} workers needs {needed_mb} MB: raise that, or take fewer workers"
            " (-n)"
        )

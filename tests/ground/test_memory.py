"""How the system's allocator keeps what was freed."""

import platform
import subprocess
import sys

import pytest

_ASKED = """
import ctypes
from tasks.ground import memory

class Watched:
    def mallopt(self, option, value, real=ctypes.CDLL(None).mallopt):
        print(option, real(option, value))

ctypes.CDLL = lambda _name: Watched()
memory.share_arena()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is set is glibc's")
def test_glibc_takes_what_it_is_told() -> None:
    # It says nothing of a value that it refuses: too large a threshold, for one.
    done = subprocess.run(
        [sys.executable, "-c", _ASKED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split("\n") == ["-8 1", "-3 1", "-1 1", ""]

"""Ren'Py as Debian has it, told to look at a game."""

import os
import subprocess
import sys
from pathlib import Path

RENPY = Path("/usr/games/renpy")
_PYTHON = "/usr/bin/python3"


def renpy(game: Path, *arguments: str, home: Path) -> str:
    """All that Ren'Py says to `renpy GAME ARGUMENTS`."""
    done = subprocess.run(
        [_PYTHON, __file__, str(game), *arguments],
        env={**os.environ, "HOME": str(home), "SDL_AUDIODRIVER": "dummy", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout + done.stderr


def _run() -> None:
    """Ren'Py 8.0.3 makes nodes that end before they begin, which Python 3.11 no longer compiles."""
    import ast
    import runpy

    plain = ast.fix_missing_locations

    def fixed(node: ast.AST) -> ast.AST:
        plain(node)
        for one in ast.walk(node):
            if (getattr(one, "end_lineno", None) or sys.maxsize) < getattr(one, "lineno", 0):
                one.end_lineno, one.end_col_offset = one.lineno, one.col_offset
        return node

    ast.fix_missing_locations = fixed
    sys.argv = [str(RENPY), *sys.argv[1:]]
    runpy.run_path(str(RENPY), run_name="__main__")


if __name__ == "__main__":
    _run()

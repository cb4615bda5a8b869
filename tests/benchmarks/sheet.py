"""How long the contact sheet takes after one edit, beside a sheet that is painted whole.

    uv run python tests/benchmarks/sheet.py [--frames 1000 10000] [--rounds 5]

Runs of the real `doit` command, in turn: `no-op` (`doit sheet`, with nothing to do); an edit and
`doit endpoints`; `doit sheet` for that; the same with the sheet's record deleted, so that all is
painted. The figures are medians, seconds by the clock and (of the processor). What a sheet takes
beyond a no-op is its own. Both ways give the same bytes, which is looked at.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.noop import DOIT, edit, write_ours  # noqa: E402

Took = tuple[float, float]
"""seconds by the clock, and of the processor"""


def main() -> None:
    """Print a row for each number of frames."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print("frames | no-op s (CPU) | sheet after one edit | whole sheet | sheet's own | whole's own")
    for count in arguments.frames:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(Path(folder) / "ours", count, arguments.rounds), flush=True)


def measure(folder: Path, count: int, rounds: int) -> str:
    """The row of one number of frames."""
    write_ours(folder, count)
    took(folder, "endpoints", "sheet")
    took(folder, "sheet")  # the first no-op run settles the database
    sheet, record = folder / "frames" / "sheet.png", folder / ".doit.sheet.json"
    rows: list[tuple[Took, Took, Took]] = []
    for number in range(rounds):
        noop = took(folder, "sheet")
        edit(folder, number)
        took(folder, "endpoints")
        again = took(folder, "sheet")
        painted = sheet.read_bytes()
        record.unlink()
        whole = took(folder, "-a", "sheet")
        assert sheet.read_bytes() == painted
        rows.append((noop, again, whole))
        took(folder, "sheet")
    noops, sheets, wholes = zip(*rows, strict=True)
    own, whole_own = (
        [(a[0] - b[0], a[1] - b[1]) for a, b in zip(times, noops, strict=True)]
        for times in (sheets, wholes)
    )
    return f"{count:6} | " + " | ".join(map(median, (noops, sheets, wholes, own, whole_own)))


def median(times: Sequence[Took]) -> str:
    """The medians of both."""
    wall_s, cpu_s = (statistics.median(both) for both in zip(*times, strict=True))
    return f"{wall_s:.2f} ({cpu_s:.2f})"


def took(folder: Path, *arguments: str) -> Took:
    """What one whole `doit` command takes."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
    # As at any user's: what Python compiled is kept.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began_s = time.perf_counter()
    process = subprocess.Popen(
        [*DOIT, *arguments], cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"doit {' '.join(arguments)} ended with {process.returncode}")
    return time.perf_counter() - began_s, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()

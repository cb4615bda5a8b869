"""How long the contact sheet takes after one edit, beside a sheet that is painted whole.

    uv run python tests/benchmarks/sheet.py [--frames 1000 10000] [--rounds 5]

Runs of the real `doit` command, in turn: `no-op` (`doit sheet`, with nothing to do); an edit and
`doit endpoints`; `doit sheet` for that; the same with the sheet's record deleted, so that all is
painted. The figures are medians, seconds by the clock and (of the processor). What a sheet takes
beyond a no-op is its own. Both ways give the same bytes, which is looked at.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.noop import Took, edit, median, took, write_ours  # noqa: E402


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


if __name__ == "__main__":
    main()

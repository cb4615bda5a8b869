"""How long trees of in-betweens take whose calls take different times: no level waits for another.

    uv run python tests/benchmarks/tree.py [--paths 4] [--depth 4] [--workers 32] [--rounds 3]

Every call takes from 0.3 to 3 s, by chance. With workers enough, nothing but the critical path
decides the total: the longest chain of calls that are made from one another. It is worked out from
the times that the endpoint takes, and stands beside what the same calls take level by level, each
level of all paths after the one before. `calls` is from the first call to the last answer,
`command` the whole of `doit`. The endpoint runs on the same machine, in tiny pictures.
"""

import argparse
import hashlib
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tasks.sequences.tree import layers  # noqa: E402
from tasks.takes.store import TakeStore  # noqa: E402
from tests.benchmarks.noop import run, write_sequences  # noqa: E402
from tests.harness.images_server import Call, ImagesServer, Reply  # noqa: E402

SHORTEST_S, LONGEST_S = 0.3, 3.0


class UnevenServer(ImagesServer):
    """An endpoint whose calls take different times."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.took_s: dict[str, float] = {}
        """by the id of the answer"""
        self._seed = seed
        self.reply = self._uneven

    def _uneven(self, call: Call) -> Reply:
        chance = int(hashlib.sha256(f"{self._seed}:{call.number}".encode()).hexdigest()[:8], 16)
        delay_s = SHORTEST_S + (LONGEST_S - SHORTEST_S) * chance / 0xFFFFFFFF
        self.took_s[f"req_{call.number}"] = delay_s
        return Reply(delay_s=delay_s)

    @property
    def all_took_s(self) -> float:
        """From the first call to the last answer."""
        ends_s = [call.arrived_s + self.took_s[f"req_{call.number}"] for call in self.calls]
        return max(ends_s) - self.calls[0].arrived_s


def main() -> None:
    """Print one row a round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paths", type=int, default=4)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print("calls | critical path s | level by level s | calls s | ratio | command s | ratio")
    ratios = []
    for seed in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder, UnevenServer(seed) as server:
            shape = arguments.paths, arguments.depth
            ratios.append(measure(Path(folder) / "ours", server, shape, arguments.workers))
    calls, command = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"medians of the ratios: calls {calls:.3f}, command {command:.3f}")


def measure(
    folder: Path, server: UnevenServer, shape: tuple[int, int], workers: int
) -> tuple[float, float]:
    """Print one row; the ratios of the calls, and of the command, to the critical path."""
    paths, depth = shape
    write_sequences(folder, paths, depth, closer_than=0)
    command_s = run(folder, "-n", f"{workers}", "sequences", **server.environment())
    took_s = {
        record.frame: server.took_s[record.answer_id]
        for stored in TakeStore(folder / ".takes").requests()
        for record in stored.takes
    }
    assert len(took_s) == len(server.calls) == paths * 2**depth
    names = [f"e{number:05d}__center" for number in range(paths)]
    path_s = max(critical_path_s(took_s, name, depth) for name in names)
    levels_s = max(took_s[name] for name in names) + sum(
        max(took_s[f"to_{name}:{each.file[:-4]}"] for name in names for each in layer)
        for layer in layers(depth)[1:]
    )
    row = server.all_took_s, server.all_took_s / path_s, command_s, command_s / path_s
    print(
        f"{len(took_s):5} | {path_s:15.2f} | {levels_s:16.2f} |"
        f" {row[0]:7.2f} | {row[1]:5.2f} | {row[2]:9.2f} | {row[3]:5.2f}",
        flush=True,
    )
    return row[1], row[3]


def critical_path_s(took_s: Mapping[str, float], keyframe: str, depth: int) -> float:
    """The longest chain of calls of a sequence from the neutral to a keyframe."""
    done_s = {"000.png": 0.0, "100.png": took_s[keyframe]}
    for layer in layers(depth)[1:]:
        for each in layer:
            own_s = took_s[f"to_{keyframe}:{each.file.removesuffix('.png')}"]
            done_s[each.file] = own_s + max(done_s[above.file] for above in each.neighbours)
    return max(done_s.values())


if __name__ == "__main__":
    main()

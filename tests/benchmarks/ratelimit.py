"""How near a run comes to a server's rate limit, and what it costs in refused calls.

    uv run python tests/benchmarks/ratelimit.py [--minutes 10] [--only TEXT] [--limiter]
        [--simulated] [--slower 5]

A server on a real socket limits its calls to R a minute; its clock and the limiter's are scaled
by the same factor, so that eight minutes pass in about one. Every millisecond of the program's and
the machine's counts as many times too: 40-fold, the half second in which a run's threads begin was
twenty of the first minute, and a slow rate was learned from it. So rows of 60 a minute and more run
at most 10-fold, and a row in doubt is repeated with `--slower`. What runs is `doit` itself, in a
process of its own, on a project of so many expressions. With `--limiter` it is the limiter alone:
as many threads as workers wait for the turn, call, tell the limiter, and call again at most 4
times. With `--simulated` it is the learned rate alone, in simulated time: what is missing there is
the rate's own, what more is missing elsewhere is the machine's and the program's, made as many
times larger as the clock is scaled. `--slower` scales it less.

The bound of a row is what R, or so many workers with calls of that latency, allow. The time is
taken at the server, from the first request to the last answer.
"""

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import local

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tasks.pictures.picture import png_bytes  # noqa: E402
from tasks.running import loader  # noqa: E402
from tasks.running.session import Session  # noqa: E402
from tasks.spending.rate_limiter import RateLimiter  # noqa: E402
from tests.harness.clocks import ScaledClock  # noqa: E402
from tests.harness.images_server import KEY, answer_body  # noqa: E402
from tests.harness.limited_server import LIMITERS, LimitedServer, asked_s  # noqa: E402
from tests.spending.test_call_rate import drawn  # noqa: E402

SIZE = (64, 96)
MAX_RETRIES = 4


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    per_minute: int
    workers: int
    latency_s: float
    limiter: str
    saying: str
    scale: float
    """seconds of the run in one real second"""

    @property
    def bound(self) -> float:
        """Images a minute that are possible."""
        return min(self.per_minute, self.workers * 60 / self.latency_s)


ROWS = (
    Row(5, 1, 10, "fixed windows", "ms", 60),
    Row(5, 4, 30, "bucket of 1", "rounded down", 20),
    Row(5, 64, 20, "sliding window", "ms", 20),
    Row(20, 4, 10, "bucket of R", "ms", 60),
    Row(20, 16, 20, "fixed windows", "nothing", 20),
    Row(60, 16, 10, "bucket of 5", "rounded up", 10),
    Row(60, 64, 20, "sliding window", "rounded down", 10),
    Row(150, 64, 20, "fixed windows", "ms", 8),
    Row(150, 64, 20, "bucket of 5", "ms", 8),
    Row(250, 16, 2, "sliding window", "ms", 10),
    Row(250, 64, 10, "bucket of R", "ms", 10),
    Row(250, 64, 10, "fixed windows", "rounded down", 10),
)


def main() -> None:
    """Print the table as markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=8.0, help="of scaled time, a row")
    parser.add_argument("--only", default="", help="rows that hold this text")
    parser.add_argument("--limiter", action="store_true", help="the limiter alone, without doit")
    parser.add_argument("--simulated", action="store_true", help="the rate alone, in no time")
    parser.add_argument("--slower", type=float, default=1.0, help="scale the clock so much less")
    parser.add_argument("--doit", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.doit:
        run_doit(float(arguments.doit[0]), arguments.doit[1])
    print("| R | workers | latency | limit | wait said | reached | of the bound | 429s | failed |")
    print("| ---: | ---: | ---: | --- | --- | ---: | ---: | ---: | ---: |")
    for row in ROWS:
        if arguments.only in str(row):
            frames = max(120, round(arguments.minutes * row.bound))
            row = replace(row, scale=row.scale / arguments.slower)  # noqa: PLW2901
            made = simulated(row, frames) if arguments.simulated else None
            print(made or measured(row, frames, arguments.limiter), flush=True)


def simulated(row: Row, frames: int) -> str:
    """The line of a run in simulated time."""
    limiter = LIMITERS[row.limiter](row.per_minute)
    run = drawn(limiter, row.saying, row.workers, row.latency_s, frames)
    return line(row, frames, (60 * run.answered / run.now_s, run.refusals.total(), run.answered))


def measured(row: Row, frames: int, gate_alone: bool) -> str:
    """Make one run, and its line."""
    clock = ScaledClock(row.scale)
    body = answer_body(png_bytes(Image.new("RGBA", SIZE, (90, 120, 200, 255))))
    limiter = LIMITERS[row.limiter](row.per_minute)
    with LimitedServer(limiter, row.saying, clock, row.latency_s, body) as server:
        if gate_alone:
            draw_by_limiter(server.port, row, frames, clock)
        else:
            draw_by_doit(server.port, row, frames)
        reached = 60 * server.answered / (server.last_s - server.first_s)
        return line(row, frames, (reached, server.refused, server.answered))


def line(row: Row, frames: int, found: tuple[float, int, int]) -> str:
    """A line of the table. `found`: images a minute, calls refused, frames drawn."""
    reached, refused, answered = found
    # The last call is awaited, whatever the rate.
    ideal_s = (frames - 1) * 60 / row.bound + row.latency_s
    ideal = 60 * frames / ideal_s
    return (
        f"| {row.per_minute} | {row.workers} | {row.latency_s:.0f} s | {row.limiter} |"
        f" {row.saying} | {reached:.1f} | {100 * reached / min(ideal, row.bound):.0f} % |"
        f" {refused} of {frames} | {frames - answered} |"
    )


def draw_by_limiter(port: int, row: Row, frames: int, clock: ScaledClock) -> None:
    """The calls of a run, and nothing else."""
    limiter = RateLimiter(clock)
    limiter.open(row.workers)
    mine = local()

    def call() -> http.client.HTTPResponse:
        if not hasattr(mine, "connection"):
            mine.connection = http.client.HTTPConnection("127.0.0.1", port)
        mine.connection.request("POST", "/v1/images/edits", b"x" * 1000)
        response: http.client.HTTPResponse = mine.connection.getresponse()
        response.read()
        return response

    def draw(_number: int) -> None:
        for refusals in range(MAX_RETRIES + 1):
            turn = limiter.turn(again=refusals)
            response = call()
            if response.status != 429:
                turn.accepted()
                return
            turn.limited(asked_s({name.lower(): text for name, text in response.getheaders()}))

    with ThreadPoolExecutor(row.workers) as pool:
        for _ in pool.map(draw, range(frames)):
            pass


def draw_by_doit(port: int, row: Row, frames: int) -> None:
    """A whole run, in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder, frames)
        address = f"http://127.0.0.1:{port}/v1"
        environment = {**os.environ, "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": address}
        words = [sys.executable, __file__, "--doit", str(row.scale), str(row.workers)]
        subprocess.run(words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False)


def run_doit(scale: float, workers: str) -> None:
    """In the process of its own: `doit` with a limiter whose clock is scaled."""
    from doit.doit_cmd import DoitMain  # slow, and for this only

    sys.path.insert(0, str(Path.cwd()))
    made = loader.open_session

    def scaled() -> Session:
        session = made()
        session.calls.limiter.clock = ScaledClock(scale)
        return session

    loader.open_session = scaled
    sys.exit(DoitMain().run(["-n", workers, "endpoints"]))


def write_project(folder: Path, frames: int) -> None:
    """A character of so many expressions, all to be drawn from a tiny portrait."""
    for name in ("dodo.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "base.png").write_bytes(png_bytes(Image.new("RGBA", SIZE, (200, 160, 140, 255))))
    config = {
        "base_image": "base.png",
        "expressions": {f"e{number}": {"prompt": f"face {number}"} for number in range(frames)},
        "generation": {
            "size": f"{SIZE[0]}x{SIZE[1]}",
            "budget_usd": 1_000_000,
            "max_retries": MAX_RETRIES,
        },
    }
    (folder / "expressions.json").write_text(json.dumps(config))


if __name__ == "__main__":
    main()

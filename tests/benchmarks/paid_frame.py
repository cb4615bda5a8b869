"""What a paid frame costs of this machine, beside the same calls by the old script.

    uv run python tests/benchmarks/paid_frame.py [--frames 64] [--workers 16] [--rounds 3]
        [--latency 3] [--no-finish] [--bare]

Three whole processes by turns, each with its CPU seconds and peak memory from the operating system:
`doit`, with all that happens to a frame (answer, decode, digest, register, match, lock, measure,
metadata, PNG, flags); the old script (a pool of threads that calls the SDK and saves each answer as
PNG with Pillow); and, with --bare, a client that throws the answers away. The answers are takes as
image models draw them, 1024x1536, from a server that is a process of its own. A figure a frame is
the process's without that of a run of one frame.
"""

import argparse
import base64
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.harness import known_takes  # noqa: E402
from tests.harness.images_server import KEY, answer_body  # noqa: E402

SIZE = (1024, 1536)
TAKES = 6


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def main() -> None:
    """Print a row a round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, default=3.0, help="seconds a call")
    parser.add_argument("--no-finish", action="store_true")
    parser.add_argument("--bare", action="store_true", help="also a client that keeps nothing")
    parser.add_argument("--as", dest="role", choices=["server", "old", "bare"])
    parser.add_argument("--address")
    arguments = parser.parse_args()
    if arguments.role == "server":
        serve(arguments.latency)
    elif arguments.role:
        old_script(arguments, keep=arguments.role == "old")
    else:
        compare(arguments)


def compare(arguments: argparse.Namespace) -> None:
    """Run all by turns."""
    roles = ["ours", "old", *(["bare"] if arguments.bare else [])]
    rows: dict[str, list[tuple[float, Cost]]] = {role: [] for role in roles}
    words = [sys.executable, __file__, "--as", "server", "--latency", str(arguments.latency)]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        address = server.stdout.readline().strip()
        first = {role: cost(role, 1, address, arguments) for role in roles}
        for _ in range(arguments.rounds):
            for role in roles:
                whole = cost(role, arguments.frames, address, arguments)
                a_frame_s = (whole.cpu_s - first[role].cpu_s) / (arguments.frames - 1)
                rows[role].append((a_frame_s, whole))
                print(
                    f"{role}: wall {whole.wall_s:.1f} s, CPU a frame {a_frame_s:.3f} s,"
                    f" peak {whole.peak_mib:.0f} MiB",
                    flush=True,
                )
    finally:
        server.terminate()
        server.wait()
    report(rows)


def report(rows: dict[str, list[tuple[float, Cost]]]) -> None:
    """The medians, and their ratios round by round."""
    for role, found in rows.items():
        print(
            f"median {role}: wall {statistics.median(c.wall_s for _, c in found):.1f} s,"
            f" CPU a frame {statistics.median(f for f, _ in found):.3f} s,"
            f" peak {statistics.median(c.peak_mib for _, c in found):.0f} MiB"
        )
    for role in list(rows)[1:]:
        pairs = list(zip(rows["ours"], rows[role], strict=True))
        cpu = statistics.median(ours[0] / other[0] for ours, other in pairs)
        wall = statistics.median(ours[1].wall_s / other[1].wall_s for ours, other in pairs)
        print(f"ours / {role}: CPU a frame {cpu:.2f}, wall {wall:.2f}")


def cost(role: str, frames: int, address: str, arguments: argparse.Namespace) -> Cost:
    """One whole process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workers = str(arguments.workers)
        if role == "ours":
            write_project(folder, frames, finish=not arguments.no_finish)
            words = ["-m", "doit", "-n", workers, "endpoints"]
        else:
            words = [__file__, "--as", role, "--address", address, "--frames", str(frames)]
            words += ["--workers", workers]
        environment = {**os.environ, "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": address}
        # As at any user's: what Python has compiled is kept.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words], cwd=folder, env=environment, stdout=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{role} ended with {process.returncode}")
        wall_s = time.perf_counter() - started
    return Cost(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def write_project(folder: Path, frames: int, *, finish: bool) -> None:
    """The example's character with so many expressions, none of them drawn."""
    for name in ("dodo.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    config = json.loads((ROOT / "expressions.json").read_text(encoding="utf-8"))
    config["base_image"] = str(ROOT / config["base_image"])
    shutil.copy(config["base_image"], folder / "base.png")
    config |= {
        "base_image": "base.png",
        "base_paths": [],
        "pose_paths": [],
        "poses": ["center"],
        "expressions": {f"e{number}": {"prompt": f"face {number}"} for number in range(frames)},
        "generation": {"size": f"{SIZE[0]}x{SIZE[1]}", "budget_usd": None},
    }
    if not finish:
        config["finish"] = {"key": "off", "register": "off", "match": False, "lock": False}
    (folder / "expressions.json").write_text(json.dumps(config), encoding="utf-8")


def old_script(arguments: argparse.Namespace, *, keep: bool) -> None:
    """The calls as the old script made them: decoded and saved as PNG, or thrown away."""
    from openai import OpenAI

    client = OpenAI(base_url=arguments.address, api_key=KEY, max_retries=0)
    portrait = (ROOT / "frames/base/neutral__center.png").read_bytes()

    def call(number: int) -> None:
        answer = client.images.edit(
            image=[("picture.png", portrait, "image/png")],
            prompt=f"face {number}",
            model="gpt-image-2.5-sunburst",
            size="1024x1536",
        )
        if keep:
            assert answer.data
            data = base64.b64decode(answer.data[0].b64_json or "")
            with Image.open(io.BytesIO(data)) as image:
                image.save(f"{number}.png", "PNG")

    with ThreadPoolExecutor(arguments.workers) as pool:
        list(pool.map(call, range(arguments.frames)))


class Endpoint(ThreadingHTTPServer):
    """Answers each call with the next of a few takes, and does as little else as it can."""

    daemon_threads = True
    request_queue_size = 128
    latency_s = 0.0
    bodies: tuple[bytes, ...] = ()
    number = count()
    lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Endpoint

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Nothing: the benchmark prints its own table."""

    def do_POST(self) -> None:
        """Read, wait, answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            body = self.server.bodies[next(self.server.number) % len(self.server.bodies)]
        time.sleep(self.server.latency_s)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(latency_s: float) -> None:
    """Until the process is ended."""
    server = Endpoint(("127.0.0.1", 0), Handler)
    server.latency_s = latency_s
    server.bodies = tuple(
        answer_body(packed(known_takes.take(case)))
        for case in list(known_takes.good_cases(TAKES, seed=4))
    )
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    server.serve_forever()


def packed(pixels: Any) -> bytes:
    """A take as a service packs it."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    main()

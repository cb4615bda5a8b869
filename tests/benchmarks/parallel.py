"""How long many calls take side by side: `doit -n 16` on an endpoint that takes 1 s a call.

    uv run python tests/benchmarks/parallel.py [--frames 64] [--workers 16] [--rounds 5]
        [--plain] [--finish]

The ideal is frames / workers x 1 s; start-up is what a run of one frame takes beside its call.
The answers are pictures of 1024x1536; the endpoint runs on the same machine. Beside it, in the same
call: a bare pool of as many threads that calls the SDK, decodes the base64 and keeps nothing.
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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.harness.images_server import KEY, answer_body  # noqa: E402

SIZE = (1024, 1536)


class SlowEndpoint(ThreadingHTTPServer):
    """Answers every call with the same picture after 1 s, and does as little else as it can."""

    daemon_threads = True
    request_queue_size = 64
    body = b""
    calls = 0
    lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: SlowEndpoint

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Nothing: the benchmark prints its own table."""

    def do_POST(self) -> None:
        """Read, wait, answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.calls += 1
        time.sleep(1.0)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)


def main() -> None:
    """Print one row a round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    parser.add_argument("--finish", action="store_true", help="align, match and lock each take")
    parser.add_argument("--plain", action="store_true", help="a picture that is quick to decode")
    arguments = parser.parse_args()
    if arguments.bare:
        bare_pool(arguments)
        return
    ideal_s = -(-arguments.frames // arguments.workers)
    ratios, bares_s, bares_s_raw, beside = [], [], [], []
    server = SlowEndpoint(("127.0.0.1", 0), Handler)
    server.body = answer_body(picture(arguments.plain))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _ in range(arguments.rounds):
        start_s = measure(server, 1, arguments) - 1.0
        total_s = measure(server, arguments.frames, arguments)
        bare_s = measure_bare(server, arguments)
        ratios.append((total_s - start_s) / ideal_s)
        bares_s.append(bare_s / ideal_s)
        bares_s_raw.append(bare_s)
        beside.append((total_s - start_s) / bare_s)
        print(
            f"run {total_s:.2f} s, start-up {start_s:.2f} s, bare pool {bare_s:.2f} s:"
            f" {ratios[-1]:.2f} of {ideal_s} s, {beside[-1]:.2f} of the bare pool"
        )
    over_ms = statistics.median(
        (ratio - bare_s / ideal_s) * ideal_s * 1000 / arguments.frames
        for ratio, bare_s in zip(ratios, bares_s_raw, strict=True)
    )
    print(f"overhead a frame beside the bare pool: {over_ms:.0f} ms of wall time")
    print(
        f"median: (run - start-up) / {ideal_s} s = {statistics.median(ratios):.2f};"
        f" bare pool / {ideal_s} s = {statistics.median(bares_s):.2f};"
        f" (run - start-up) / bare pool = {statistics.median(beside):.2f}"
    )


def measure_bare(server: SlowEndpoint, arguments: argparse.Namespace) -> float:
    """Seconds of the same calls without anything around them, the SDK's import not counted."""
    address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    counts = ["--frames", str(arguments.frames), "--workers", str(arguments.workers)]
    ran = subprocess.run(
        [sys.executable, __file__, "--bare", address, *counts],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ran.stdout)


def bare_pool(arguments: argparse.Namespace) -> None:
    """Make the calls, and print how long they took."""
    from openai import OpenAI

    client = OpenAI(base_url=arguments.bare, api_key=KEY, max_retries=0)
    portrait = (ROOT / "frames/base/neutral__center.png").read_bytes()

    def call(number: int) -> int:
        answer = client.images.edit(
            image=[("picture.png", portrait, "image/png")],
            prompt=f"face {number}",
            model="gpt-image-2.5-sunburst",
            size="1024x1536",
        )
        assert answer.data
        return len(base64.b64decode(answer.data[0].b64_json or ""))

    started = time.perf_counter()
    with ThreadPoolExecutor(arguments.workers) as pool:
        list(pool.map(call, range(arguments.frames)))
    print(time.perf_counter() - started)


def picture(plain: bool) -> bytes:
    """What the endpoint answers: the example's portrait, or a smooth picture of its size."""
    if not plain:
        return (ROOT / "frames/base/neutral__center.png").read_bytes()
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(SIZE).convert("RGBA").save(buffer, "PNG")
    return buffer.getvalue()


def measure(server: SlowEndpoint, frames: int, arguments: argparse.Namespace) -> float:
    """Seconds of a run that draws so many frames."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder, frames, finish=arguments.finish)
        address = f"http://127.0.0.1:{server.server_address[1]}/v1"
        environment = {**os.environ, "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": address}
        before = server.calls
        drawn_s = run(folder, environment, arguments.workers)
        if server.calls != before + frames:
            raise SystemExit(f"{server.calls - before} calls for {frames} frames")
        return drawn_s


def run(folder: Path, environment: dict[str, str], workers: int) -> float:
    """Seconds of one whole `doit` command."""
    command = [sys.executable, "-m", "doit", "-n", str(workers), "endpoints"]
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def write_project(folder: Path, frames: int, *, finish: bool) -> None:
    """A character of `frames` expressions, all to be drawn from a portrait of full size."""
    for name in ("dodo.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    with Image.open(ROOT / "frames/base/neutral__center.png") as portrait:
        portrait.convert("RGBA").resize(SIZE).save(folder / "base.png")
    config = {
        "base_image": "base.png",
        "expressions": {f"e{number}": {"prompt": f"face {number}"} for number in range(frames)},
        "generation": {"size": f"{SIZE[0]}x{SIZE[1]}", "budget_usd": None},
    }
    if not finish:
        config["finish"] = {"key": "off", "register": "off", "match": False, "lock": False}
    (folder / "expressions.json").write_text(json.dumps(config))


if __name__ == "__main__":
    main()

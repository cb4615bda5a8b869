"""How many frames a second the puppet gives through the whole build, and where the time goes.

    uv run python tests/benchmarks/puppet.py [--workers 2] [--rounds 3]

Draws the example at every pose at its own size (1024x1536) with the real `doit` command; start-up,
the time of a run that draws one frame, is shown beside it; and the processor's time for a frame,
which another program beside it changes less. Then each stage of a frame, alone.
"""

import argparse
import io
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tasks import puppet  # noqa: E402
from tasks.character.read import parse, read_text  # noqa: E402
from tasks.pictures.picture import pixels_digest, png_bytes, read_answer  # noqa: E402
from tasks.takes import frame  # noqa: E402
from tasks.takes.frame import Provenance  # noqa: E402


def main() -> None:
    """Print frames a second, then milliseconds a stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rates = []
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepare(folder)
            one_s = run(folder, arguments.workers, "endpoints:sad__center")
            shutil.rmtree(folder / "frames" / "endpoints")
            for path in folder.glob(".doit*"):
                path.unlink()
            before_s = cpu_s()
            all_s = run(folder, arguments.workers, "endpoints")
            spent_s = cpu_s() - before_s
            count = len(list((folder / "frames" / "endpoints").glob("*.png")))
        rates.append(count / all_s)
        print(
            f"{count} frames in {all_s:.2f} s: {rates[-1]:.1f} a second (one alone: {one_s:.2f} s),"
            f" {1000 * spent_s / count:.0f} ms of the processor a frame"
        )
    print(f"median: {statistics.median(rates):.1f} frames a second, start-up included")
    stages()


def prepare(folder: Path) -> None:
    """The example, in a folder of its own."""
    for name in ("dodo.py", "pyproject.toml", "expressions.json"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "frames" / "base", folder / "frames" / "base")


def run(folder: Path, workers: int, *tasks: str) -> float:
    """Seconds of one whole `doit` command."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
    command = [sys.executable, "-m", "doit", "-n", str(workers), "engine=puppet", *tasks]
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def cpu_s() -> float:
    """The processor's time of all commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stages() -> None:
    """Median milliseconds of each stage of a frame, on one thread."""
    character = parse(read_text(ROOT / "expressions.json"), "expressions.json")
    portrait = np.asarray(Image.open(ROOT / character.base_image).convert("RGBA"))
    size = character.generation.size_px

    def draw(name: str, pose: str) -> np.ndarray:
        weights, head = character.expressions[name].blendshapes, character.poses[pose].head
        return puppet.render(portrait, character.face, weights, head, size)

    pixels = draw("happy_big", "center")
    image = Image.fromarray(pixels)
    png = png_bytes(image)
    origin = Provenance("k" * 64, "t" * 12, "puppet", "p" * 64)
    table: dict[str, Callable[[], object]] = {
        "render, head straight": lambda: draw("happy_big", "center"),
        "render, head turned": lambda: draw("happy_big", "tilt_left_small"),
        "PNG": lambda: png_bytes(image),
        "check (decode)": lambda: read_answer(png, size),
        "digest of the pixels": lambda: pixels_digest(image),
        "metadata": lambda: frame.compose(png, image, origin),
    }
    for name, stage in table.items():
        print(f"{name:24} {1000 * median_s(stage):6.1f} ms")
    for level in (0, 1, 3, 6, 9):
        spent_ms = 1000 * median_s(lambda at=level: packed(image, at), 3)
        print(f"PNG at level {level}: {spent_ms:6.1f} ms, {len(packed(image, level)) / 1e6:.2f} MB")
    print(f"PNG as written: {len(png) / 1e6:.2f} MB")


def packed(image: Image.Image, level: int) -> bytes:
    """The picture at one of zlib's levels."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def median_s(stage: Callable[[], object], rounds: int = 9) -> float:
    """Median seconds of a call, the first not counted."""
    stage()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        stage()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()

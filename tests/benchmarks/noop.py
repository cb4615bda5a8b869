"""How long a run takes that has nothing, or one frame, to draw, beside a bare `dodo.py`.

    uv run python tests/benchmarks/noop.py [--frames 10 1000 10000] [--rounds 7]

The bare `dodo.py` has as many tasks, each with one action, one target, and the config and the
portrait as file dependencies, all up to date. Both run the real `doit` command, in turn, in one
call; the figures are medians, and the ratio is the median of the pairs' ratios.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
DOIT = [sys.executable, "-m", "doit"]

BARE = """
COUNT = {count}
def nothing():
    pass
def task_endpoints():
    for number in range(COUNT):
        yield {{
            "name": f"e{{number:05d}}__center",
            "actions": [(nothing, [])],
            "file_dep": ["expressions.json", "base.png"],
            "targets": [f"frames/endpoints/e{{number:05d}}__center.png"],
        }}
"""


def main() -> None:
    """Print one row for each number of frames."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[10, 1000, 10000])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    print("frames | bare no-op s | no-op s | ratio | one edit s | ratio to no-op")
    for count in arguments.frames:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(Path(folder), count, arguments.rounds), flush=True)


def measure(folder: Path, count: int, rounds: int) -> str:
    """The row of one number of frames."""
    ours, bare = folder / "ours", folder / "bare"
    write_ours(ours, count)
    write_bare(bare, count)
    run(ours, "endpoints")
    run(bare)
    run(ours, "endpoints")  # the first no-op run settles the database
    bare_s, ours_s, edit_s = [], [], []
    for number in range(rounds):
        bare_s.append(run(bare))
        ours_s.append(run(ours, "endpoints"))
        edit(ours, number)
        edit_s.append(run(ours, "endpoints"))
        run(ours, "endpoints")
    ratio = statistics.median(a / b for a, b in zip(ours_s, bare_s, strict=True))
    edit_ratio = statistics.median(a / b for a, b in zip(edit_s, ours_s, strict=True))
    medians = [statistics.median(times) for times in (bare_s, ours_s, edit_s)]
    return (
        f"{count:6} | {medians[0]:12.3f} | {medians[1]:7.3f} | {ratio:5.2f} |"
        f" {medians[2]:10.3f} | {edit_ratio:5.2f}"
    )


def run(folder: Path, *arguments: str) -> float:
    """Seconds of one whole `doit` command."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
    started = time.perf_counter()
    subprocess.run(
        [*DOIT, *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def write_ours(folder: Path, count: int) -> None:
    """A character of `count` expressions at one pose, in tiny frames, all of them drawn."""
    folder.mkdir()
    for name in ("dodo.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    portrait = Image.radial_gradient("L").resize((64, 96)).convert("RGBA")
    portrait.save(folder / "base.png")
    eye = {"inner": [0.55, 0.4], "outer": [0.7, 0.4]}
    other = {"inner": [0.45, 0.4], "outer": [0.3, 0.4]}
    config = {
        "base_image": "base.png",
        "face": {
            "left_eye": eye,
            "right_eye": other,
            "mouth": {"left": [0.58, 0.6], "right": [0.42, 0.6]},
        },
        "axes": {"mouth": ["neutral", "ah"]},
        "poses": ["center"],
        "expressions": {
            f"e{number:05d}": {"mouth": "ah", "blendshapes": {"jawOpen": number / count}}
            for number in range(count)
        },
        "generation": {"engine": "puppet", "size": "64x96"},
    }
    (folder / "expressions.json").write_text(json.dumps(config, indent=1))


def edit(folder: Path, number: int) -> None:
    """Change one expression."""
    path = folder / "expressions.json"
    config = json.loads(path.read_text())
    config["expressions"]["e00003"]["blendshapes"]["jawOpen"] = 0.5 + number / 100
    path.write_text(json.dumps(config, indent=1))


def write_bare(folder: Path, count: int) -> None:
    """As many trivial tasks in a plain `dodo.py`, with doit as it comes."""
    folder.mkdir()
    (folder / "dodo.py").write_text(BARE.format(count=count))
    (folder / "expressions.json").write_text("{}")
    (folder / "base.png").write_bytes(b"x")
    (folder / "frames" / "endpoints").mkdir(parents=True)
    for number in range(count):
        (folder / "frames" / "endpoints" / f"e{number:05d}__center.png").touch()


if __name__ == "__main__":
    main()

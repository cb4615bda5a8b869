"""How long a run takes that has nothing, or one frame, to draw, beside a bare `dodo.py`.

    uv run python tests/benchmarks/noop.py [--frames 10 1000 10000] [--rounds 7]
    uv run python tests/benchmarks/noop.py --sequences 1000 [--depth 4] [--rounds 7]

The bare `dodo.py` has as many tasks, each with one action, one target, and the config and the
portrait as file dependencies, all up to date. Both run the real `doit` command, in turn, in one
call; the figures are medians, and the ratio is the median of the pairs' ratios. `floor` is what one
drawn frame takes at the least: a script that imports numpy, OpenCV and Pillow, and writes one
picture. In brackets: seconds of the processor, which others on the machine disturb less.

With --sequences: so many paths from one neutral, each to an expression of its own, at one pose.
All is drawn by an endpoint on this machine but for in-betweens, which are morphed since a threshold
makes all pairs close ones: the graph is that of drawn sequences, and a frame costs a little
computing. Two bare ones stand beside it: `flat` has as many tasks, each made as above; `tree`
has the same dependencies, too, each task on its two neighbours. The edit is of one keyframe:
a call, a sequence of in-betweens, a manifest.
"""

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tasks.sequences.tree import layers  # noqa: E402
from tests.conftest import FACE  # noqa: E402
from tests.harness.images_server import ImagesServer  # noqa: E402

DOIT = [sys.executable, "-m", "doit"]

Took = tuple[float, float]
"""seconds by the clock, and of the processor"""
FLOOR = """
import numpy, cv2
from PIL import Image
pixels = cv2.blur(numpy.zeros((96, 64, 4), numpy.uint8), (3, 3))
Image.fromarray(pixels).save("frames/floor.png")
"""
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

BARE_TREE = """
COUNT, TREE = {count}, {tree}
def nothing():
    pass
def task_sequences():
    for number in range(COUNT):
        key = f"frames/endpoints/e{{number:05d}}__center.png"
        yield made(f"e{{number:05d}}__center", key, ["base.png"])
        folder = f"frames/sequences/to_e{{number:05d}}__center/"
        for name, above in TREE:
            ends = {{"000.png": "base.png", "100.png": key}}
            yield made(folder + name, folder + name,
                       [folder + file for file in above] or [ends[name]])
        yield made(folder, folder + "manifest.json", [folder + name for name, _ in TREE])
def made(name, target, files):
    return {{
        "name": name.replace("/", ":"),
        "actions": [(nothing, [])],
        "file_dep": ["expressions.json", *files],
        "targets": [target],
    }}
"""


def main() -> None:
    """Print one row for each number of frames, or of sequences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[10, 1000, 10000])
    parser.add_argument("--sequences", type=int, nargs="+")
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    if arguments.sequences:
        print(
            "sequences | frames |  tasks | bare flat s | bare tree s | no-op s | to flat | to tree"
            " | one edit s | ratio to no-op"
        )
        for count in arguments.sequences:
            with tempfile.TemporaryDirectory() as folder, ImagesServer() as server:
                shape = count, arguments.depth
                print(measure_sequences(Path(folder), server, shape, arguments.rounds), flush=True)
        return
    print(
        "frames | bare no-op s (CPU) | no-op s (CPU) | ratio | one edit s (CPU) | ratio to no-op"
        " | floor s (CPU)"
    )
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
    rows: list[tuple[Took, Took, Took, Took]] = []
    for number in range(rounds):
        bare_took, ours_took = took(bare), took(ours, "endpoints")
        edit(ours, number)
        edit_took = took(ours, "endpoints")
        rows.append((bare_took, ours_took, edit_took, command([sys.executable, "-c", FLOOR], ours)))
        run(ours, "endpoints")
    bares, noops, edits, floors = zip(*rows, strict=True)
    return (
        f"{count:6} | {median(bares)} | {median(noops)} | {ratio(noops, bares)} |"
        f" {median(edits)} | {ratio(edits, noops)} | {median(floors)}"
    )


def median(times: Sequence[Took]) -> str:
    """The medians of both."""
    wall_s, cpu_s = (statistics.median(both) for both in zip(*times, strict=True))
    return f"{wall_s:.2f} ({cpu_s:.2f})"


def ratio(times: Sequence[Took], others: Sequence[Took]) -> str:
    """The median of the pairs' ratios, of both."""
    pairs = list(zip(times, others, strict=True))
    wall, cpu = (statistics.median(a[n] / b[n] for a, b in pairs) for n in (0, 1))
    return f"{wall:.2f} ({cpu:.2f})"


def measure_sequences(
    folder: Path, server: ImagesServer, shape: tuple[int, int], rounds: int
) -> str:
    """The row of one number of sequences, of one depth."""
    count, depth = shape
    ours, flat, tree = (folder / name for name in ("ours", "flat", "tree"))
    write_sequences(ours, count, depth)
    environment = server.environment()

    def run_ours(*arguments: str) -> float:
        return run(ours, *arguments, "sequences", **environment)

    run_ours("-n", "8")
    run_ours()  # the first no-op run settles the database
    frames = count * (2**depth + 1)
    tasks = frames + count + count + 1  # in-betweens and ends, manifests, keyframes
    assert len(list((ours / "frames" / "sequences").glob("*/*.png"))) == frames
    write_bare(flat, tasks)
    write_bare_tree(tree, count, depth)
    run(flat)
    run(tree)
    flat_s, tree_s, ours_s, edit_s = [], [], [], []
    for number in range(rounds):
        flat_s.append(run(flat))
        tree_s.append(run(tree))
        ours_s.append(run_ours())
        calls = len(server.calls)
        edit(ours, number)
        edit_s.append(run_ours())
        assert len(server.calls) == calls + 1
        run_ours()
    ratios = [
        statistics.median(a / b for a, b in zip(times, others, strict=True))
        for times, others in ((ours_s, flat_s), (ours_s, tree_s), (edit_s, ours_s))
    ]
    flat_m, tree_m, ours_m, edit_m = map(statistics.median, (flat_s, tree_s, ours_s, edit_s))
    return (
        f"{count:9} | {frames:6} | {tasks:6} | {flat_m:11.3f} | {tree_m:11.3f} | {ours_m:7.3f} |"
        f" {ratios[0]:7.2f} | {ratios[1]:7.2f} | {edit_m:10.3f} | {ratios[2]:5.2f}"
    )


def run(folder: Path, *arguments: str, **variables: str) -> float:
    """Seconds of one whole `doit` command, with these environment variables."""
    return took(folder, *arguments, **variables)[0]


def took(folder: Path, *arguments: str, **variables: str) -> Took:
    """What one whole `doit` command takes."""
    return command([*DOIT, *arguments], folder, **variables)


def command(words: list[str], folder: Path, **variables: str) -> Took:
    """What a command takes."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
    # As at any user's: what Python has compiled is kept.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began_s = time.perf_counter()
    process = subprocess.Popen(
        words, cwd=folder, env=environment | variables, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}")
    return time.perf_counter() - began_s, used.ru_utime + used.ru_stime


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


def write_sequences(folder: Path, count: int, depth: int, closer_than: float = 255) -> None:
    """A character with `count` paths of that depth from its neutral, in tiny frames."""
    folder.mkdir()
    for name in ("dodo.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    Image.radial_gradient("L").resize((64, 96)).convert("RGBA").save(folder / "base.png")
    names = [f"e{number:05d}" for number in range(count)]
    common = {"start": "neutral", "max_depth": depth, "distance_threshold": closer_than}
    config = {
        "base_image": "base.png",
        "face": FACE,
        "axes": {"mouth": ["neutral", "ah"]},
        "poses": ["center"],
        "expressions": {
            "neutral": {},
            **{name: {"prompt": name, "blendshapes": {"jawOpen": 0.5}} for name in names},
        },
        "base_paths": [{**common, "id": f"to_{name}", "end": name} for name in names],
        "generation": {"size": "64x96", "budget_usd": 10_000, "images_per_minute": 60_000},
    }
    (folder / "expressions.json").write_text(json.dumps(config, indent=1))


def write_bare_tree(folder: Path, count: int, depth: int) -> None:
    """The same files and dependencies in a plain `dodo.py`, with doit as it comes."""
    moments = list(itertools.chain.from_iterable(layers(depth)))
    tree = [
        (each.file, [above.file for above in each.neighbours] if each.level else [])
        for each in moments
    ]
    folder.mkdir()
    (folder / "dodo.py").write_text(BARE_TREE.format(count=count, tree=tree))
    (folder / "expressions.json").write_text("{}")
    (folder / "base.png").write_bytes(b"x")
    (folder / "frames" / "endpoints").mkdir(parents=True)
    for number in range(count):
        (folder / "frames" / "endpoints" / f"e{number:05d}__center.png").touch()
        below = folder / "frames" / "sequences" / f"to_e{number:05d}__center"
        below.mkdir(parents=True)
        for each in moments:
            (below / each.file).touch()
        (below / "manifest.json").touch()


def edit(folder: Path, number: int) -> None:
    """Change one expression."""
    path = folder / "expressions.json"
    config = json.loads(path.read_text())
    expression = config["expressions"]["e00003"]
    expression["blendshapes"]["jawOpen"] = 0.5 + number / 100
    if "prompt" in expression:
        expression["prompt"] = f"edited {number}"
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

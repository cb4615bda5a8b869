"""How long a minute of talking video takes to be written, and in how much memory.

    uv run python -m tests.benchmarks.film            # 60 s at 24 pictures a second, 1024x1536
    uv run python -m tests.benchmarks.film --kind webm

espeak-ng speaks for a minute; its own times of sounds are planned for the character of the
repository, whose pictures are drawn by the puppet first (not counted). Only the video is timed, in
a process of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import wave
from fractions import Fraction
from pathlib import Path

from tests.benchmarks import lipsync
from tests.conftest import ROOT


def prepared(folder: Path, seconds: float) -> Path:
    """A project with a timeline whose pictures are drawn; the folder of the timeline."""
    import shutil

    (folder / "frames").mkdir()
    shutil.copytree(ROOT / "frames" / "base", folder / "frames" / "base")
    for name in ("dodo.py", "pyproject.toml", "expressions.json"):
        shutil.copy(ROOT / name, folder)
    sound, rate_hz, heard = lipsync.speak(lipsync.long_text(seconds))
    (folder / "timelines").mkdir()
    with wave.open(str(folder / "timelines" / "talk.wav"), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(sound.astype("<i2").tobytes())
    rows = [f"{s.start_us / 1e6:.3f} {(s.end_us - s.start_us) / 1e6:.3f} {s.label}"
            for s in heard.sounds if s.label.strip()]  # fmt: skip
    (folder / "timelines" / "talk.phones").write_text("\n".join(rows) + "\n")
    spec = {"audio": "talk.wav", "timing": "talk.phones", "make": ["frames"]}
    (folder / "timelines" / "talk.json").write_text(json.dumps(spec))
    subprocess.run(
        [sys.executable, "-m", "doit", "engine=puppet", "timelines:talk"], cwd=folder, check=True
    )
    return folder / "frames" / "timelines" / "talk"


def write_alone(folder: str, kind: str) -> None:
    """The video, in this process, timed; its figures as JSON."""
    from tasks.exports import talking_film
    from tasks.timelines.document import read_plan

    out = Path(folder)
    plan = read_plan((out / "plan.json").read_bytes())
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_utime, time.monotonic()
    target = out / f"talk.{kind}"
    talking_film.write(plan, target, lambda place: str(out.parents[1] / place), "#ffffff")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "wall_s": time.monotonic() - began,
        "cpu_s": used.ru_utime - before + used.ru_stime,
        "memory_mib": used.ru_maxrss / 1024,
        "bytes": target.stat().st_size,
        "frames": plan.count,
        "pictures": len(plan.document["pictures"]),
        "seconds": float(Fraction(plan.count) / plan.rate),
    }))  # fmt: skip


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser()
    options.add_argument("--kind", default="mp4", choices=["mp4", "webm"])
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--alone", default="", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.alone:
        write_alone(given.alone, given.kind)
        return
    with tempfile.TemporaryDirectory() as folder:
        out = prepared(Path(folder), given.seconds)
        again = [sys.executable, "-m", "tests.benchmarks.film", "--alone", str(out)]
        ran = subprocess.run(
            [*again, "--kind", given.kind], cwd=ROOT, check=True, capture_output=True, text=True
        )
    found = json.loads(ran.stdout)
    print(
        f"{given.kind}: {found['seconds']:.1f} s, {found['frames']} frames of"
        f" {found['pictures']} pictures"
    )
    print(
        f"{found['wall_s']:.1f} s ({found['cpu_s']:.1f} s of processor),"
        f" {found['memory_mib']:.0f} MiB at the most, {found['bytes'] / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())

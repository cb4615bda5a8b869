"""What the puppet makes of drawn faces, character by character, by what is measured in its frames.

    uv run python tests/benchmarks/drawn_faces.py [--before COMMIT] [--also FOLDER ...]

A row a character: those of `tests/characters`, and any folder with an `expressions.json` and its
portrait. With `--before` each row stands twice, first as the puppet of that commit draws it; the
one before drawn faces is cb81981. Columns:

    open     how much of the open eyes a blink leaves, by colour and by height, per cent
    lid      how far a shut eye's lid is from the skin below it, CIELAB
    mouth    how far the colours of an opened mouth are from all shades of the portrait's own
    stray    how much changes far from a turned head, per cent ("-": transparent, or too close)
    outline  how far a big smile moves the outline, per cent of the length from eyes to mouth
    torn     how much of it a big smile breaks, per cent ("-": it does not stand out)
    rim      how much of what lies over the face (hair, glasses, a hat's rim) changes when eyes and
             brows move beneath it, per cent ("-": nothing does)
    teeth    rows of teeth more than the portrait has, when the mouth opens
    nearest  the least difference between two of eight expressions, levels of 255
    rate     frames a second of one core, at the portrait's size, once the puppet is made
"""

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tasks.character.face import Face, Head, complete  # noqa: E402
from tasks.character.face_unit import in_parts  # noqa: E402
from tasks.character.read import parse, read_text  # noqa: E402
from tasks.character.vocabulary import AXES  # noqa: E402
from tasks.finish.features import features, stray  # noqa: E402
from tasks.finish.measure import apart, signature  # noqa: E402
from tasks.finish.pyramid import Pyramid  # noqa: E402
from tasks.finish.reference import Reference  # noqa: E402
from tasks.finish.region import from_landmarks  # noqa: E402
from tasks.pictures.decode import PORTRAITS  # noqa: E402
from tasks.pictures.picture import read  # noqa: E402
from tasks.puppet.rig import Rig  # noqa: E402

Pixels = np.ndarray
NAMES = ("girl", "avatar", "cat", "pencil", "laugh", "robot", "elf")
HEADS = {"turned": Head(yaw_deg=8), "tilted": Head(roll_deg=8)}
EXPRESSIONS = {
    "blink": ("eyes", "blink_closed"),
    "wide": ("eyes", "wide"),
    "squint": ("eyes", "squint"),
    "smile": ("mouth", "smile_big"),
    "soft": ("mouth", "smile_soft"),
    "ah": ("mouth", "ah"),
    "frown": ("mouth", "frown"),
    "furrow": ("brows", "furrow"),
}
BENEATH = ("blink", "wide", "squint", "furrow")
WORKER = """
import json, sys, time
import numpy as np
from pathlib import Path
from tasks import puppet
from tasks.character.face import Head
from tasks.character.read import parse
for job in json.loads(sys.stdin.read()):
    face = parse(job["config"], "config").face
    portrait = np.load(job["portrait"])
    size = portrait.shape[1], portrait.shape[0]
    puppet.render(portrait, face, {}, Head(), size)
    started = time.process_time()
    for name, (weights, head) in job["frames"].items():
        try:
            frame = puppet.render(portrait, face, weights, Head(**head), size)
        except ValueError as error:
            if type(error).__name__ != "TurnError":
                raise
            frame = portrait
        np.save(Path(job["out"]) / f"{name}.npy", frame)
    rate = len(job["frames"]) / (time.process_time() - started)
    (Path(job["out"]) / "rate").write_text(f"{rate:.1f}")
"""
HEAD = (
    *("character", "open", "lid", "mouth", "stray"),
    *("outline", "torn", "rim", "teeth", "nearest", "rate"),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", metavar="COMMIT")
    parser.add_argument("--also", metavar="FOLDER", nargs="*", type=Path, default=[])
    arguments = parser.parse_args()
    folders = [ROOT / "tests" / "characters" / name for name in NAMES] + arguments.also
    print("".join(f"{title:>9}" if number else f"{title:<18}" for number, title in enumerate(HEAD)))
    with tempfile.TemporaryDirectory() as name:
        programs = {"now": ROOT}
        if arguments.before:
            programs = {arguments.before[:7]: unpacked(arguments.before, Path(name)), **programs}
        for folder in folders:
            for label, program in programs.items():
                said = f"{folder.name} {label}" if arguments.before else folder.name
                print(f"{said:<18}" + "".join(f"{cell:>9}" for cell in row(folder, program)))


def unpacked(commit: str, under: Path) -> Path:
    """The program as it was at a commit."""
    packed = subprocess.run(
        ["git", "archive", commit, "tasks"], cwd=ROOT, check=True, capture_output=True
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(under / commit, filter="data")
    return under / commit


def row(folder: Path, program: Path) -> Iterator[str]:
    """The figures of one character, in the order of the columns."""
    text = read_text(folder / "expressions.json")
    character = parse(text, str(folder))
    portrait = np.asarray(read(folder / character.base_image, PORTRAITS))
    face = in_parts(character.face, (portrait.shape[1], portrait.shape[0]))
    document = {**json.loads(text), "face": plain(asdict(face))}
    frames, rate = drawn(json.dumps(document), portrait, program)
    weights = {name: AXES[axis][value].blendshapes for name, (axis, value) in EXPRESSIONS.items()}
    shut = features(frames["blink"], portrait, face, weights["blink"])
    smile = features(frames["smile"], portrait, face, {})
    opened = features(frames["ah"], portrait, face, {})
    if shut is None or smile is None or opened is None:
        raise SystemExit(f"{folder}: eyes and mouth are missing in face")
    yield f"{shown(shut.eye_colours, 100)}/{shown(shut.eye_height, 100)}"
    yield f"{lid_apart(frames['blink'], portrait, face):.1f}"
    yield f"{mouth_apart(frames['ah'], portrait):.1f}"
    strays = [stray(frames[name], portrait, face) for name in HEADS]
    yield shown(None if None in strays else max(value or 0 for value in strays), 100)
    yield shown(smile.outline_moved, 100)
    yield shown(smile.outline_torn, 100)
    yield shown(rim_changed(frames, portrait, face), 100)
    yield shown(opened.teeth_rows, 1)
    yield f"{nearest({name: frames[name] for name in EXPRESSIONS}, face, portrait):.1f}"
    yield rate


def plain(value: Any) -> Any:
    """Landmarks as a config of any version has them: parts, and nothing that is left out."""
    if isinstance(value, dict):
        return {
            key: plain(part)
            for key, part in value.items()
            if part is not None and key not in {"unit", "over", "kind"}
        }
    return value


def shown(value: float | None, times: float) -> str:
    """A figure, or that there is none."""
    return "-" if value is None else f"{value * times:.1f}".removesuffix(".0")


def drawn(config: str, portrait: Pixels, program: Path) -> tuple[dict[str, Pixels], str]:
    """The frames that are measured, as the puppet of a program draws them; how many a second."""
    straight = asdict(Head())
    asked = {
        name: (dict(AXES[axis][value].blendshapes), straight)
        for name, (axis, value) in EXPRESSIONS.items()
    }
    asked |= {name: ({}, asdict(head)) for name, head in HEADS.items()}
    with tempfile.TemporaryDirectory() as name:
        np.save(Path(name) / "portrait.npy", portrait)
        path = str(Path(name) / "portrait.npy")
        job = {"config": config, "portrait": path, "frames": asked, "out": name}
        subprocess.run(
            [sys.executable, "-c", WORKER],
            input=json.dumps([job]).encode(),
            cwd=program,
            env={"PYTHONPATH": str(program)},
            check=True,
        )
        frames = {frame: np.load(Path(name) / f"{frame}.npy") for frame in asked}
        return frames, (Path(name) / "rate").read_text()


def lab(picture: Pixels) -> Pixels:
    """CIELAB."""
    return cv2.cvtColor(picture[..., :3].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def lid_apart(frame: Pixels, portrait: Pixels, face: Face) -> float:
    """How far the upper half of a shut eye is from the skin below it; the worse of both."""
    height, width = portrait.shape[:2]
    face = complete(face, width / height)
    found = []
    for eye in (face.left_eye, face.right_eye):
        assert eye
        assert eye.upper_lid
        assert eye.lower_lid
        half = abs(eye.outer[0] - eye.inner[0]) / 2 * width
        x = (eye.outer[0] + eye.inner[0]) / 2 * width
        top, low = eye.upper_lid[1] * height, eye.lower_lid[1] * height
        tall = low - top
        columns = slice(round(x - 0.4 * half), round(x + 0.4 * half) + 1)
        lid = lab(frame)[round(top + 0.2 * tall) : round(top + 0.5 * tall) + 1, columns]
        skin = lab(portrait)[round(low + 0.35 * tall) : round(low + 0.8 * tall) + 1, columns]
        away = np.median(lid.reshape(-1, 3), axis=0) - np.median(skin.reshape(-1, 3), axis=0)
        found.append(float(np.linalg.norm(away)))
    return max(found)


def mouth_apart(frame: Pixels, portrait: Pixels) -> float:
    """How far from all shades of the portrait's colours those are that a mouth brings in: what 95 %
    of its pixels stay below."""
    solid = portrait[..., 3] > 250
    new = lab(frame)[(frame != portrait).any(axis=2) & (frame[..., 3] > 250)][:, 1:]
    own = np.unique(np.round(lab(portrait)[solid][:, 1:] / 4), axis=0) * 4
    if not len(new):
        return 0.0
    # every shade of a colour, down to black: a line from it to grey
    square = np.maximum((own**2).sum(axis=1), 1e-6)
    best = np.full(len(new), np.inf)
    for colour, length in zip(own, square, strict=True):
        share = np.clip(new @ colour / length, 0, 1)
        best = np.minimum(best, np.linalg.norm(new - share[:, None] * colour, axis=1))
    return float(np.quantile(best, 0.95))


def rim_changed(frames: Mapping[str, Pixels], portrait: Pixels, face: Face) -> float | None:
    """How much of what lies over the face changes when eyes and brows move; the worst frame."""
    over = Rig(portrait, face, (portrait.shape[1], portrait.shape[0])).layers.hidden
    # its soft edge is a pixel wide, and shows what lies beneath
    inner = cv2.erode(over.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if inner.sum() < 50:
        return None
    moved = [np.abs(frames[name].astype(int) - portrait).max(axis=2)[inner] for name in BENEATH]
    return float(max((change > 8).mean() for change in moved))


def nearest(frames: Mapping[str, Pixels], face: Face, portrait: Pixels) -> float:
    """The least difference between two expressions, and between one and neutral."""
    height, width = portrait.shape[:2]
    held = Reference(portrait, from_landmarks(face, (width, height)))
    faces = (Pyramid(frame[held.where]) for frame in (portrait, *frames.values()))
    signatures = [signature(face, held) for face in faces]
    return min(apart(one, other) or 0.0 for one, other in combinations(signatures, 2))


if __name__ == "__main__":
    main()

"""How near `morph` comes to a true in-between, beside a cross-fade, and how long a frame takes.

    uv run python tests/benchmarks/morph.py [--pictures DIR] [--noise 3]

The truth is the puppet's own in-between: the weights of the example's blend shapes, interpolated.
PSNR (dB) and SSIM over the whole picture and over the face, for every one of its `base_paths`.
`--pictures` also saves a strip for each: the keyframes and what lies between, as morphed, as
cross-faded, and as it truly is. `--noise` adds grain of that standard deviation (0..255) to both
keyframes, as if they had been drawn apart, so that nothing in them is equal.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tasks import puppet  # noqa: E402
from tasks.character.character import Character  # noqa: E402
from tasks.character.face import Head  # noqa: E402
from tasks.character.read import parse, read_text  # noqa: E402
from tasks.morph import Morpher  # noqa: E402

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[slice, slice]
TIMES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Score:
    """How near a picture comes to the truth: dB (99 where equal), and SSIM from -1 to 1."""

    whole_db: float
    whole_ssim: float
    face_db: float
    face_ssim: float


def main() -> None:
    """Print a line for each path, then medians and the worst, then seconds a frame."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, help="a folder for the strips")
    parser.add_argument("--noise", type=float, default=0.0)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    character = parse(read_text(ROOT / "expressions.json"), "expressions.json")
    scores: dict[str, list[Score]] = {"morph": [], "cross-fade": []}
    cold_s: list[float] = []
    warm_s: list[float] = []
    print("face, dB (SSIM) at 0.25, 0.5, 0.75")
    for path in character.base_paths:
        ends = path.start, path.end
        truths = [between(character, *ends, t) for t in (0, *TIMES, 1)]
        first, second = (grained(truths[at], arguments.noise, at) for at in (0, -1))
        started = time.perf_counter()
        morpher = Morpher(first, second)
        morphed = [morpher.at(TIMES[0])]
        cold_s.append(time.perf_counter() - started)
        started = time.perf_counter()
        morphed += [morpher.at(t) for t in TIMES[1:]]
        warm_s.append((time.perf_counter() - started) / (len(TIMES) - 1))
        faded = [cross_fade(first, second, t) for t in TIMES]
        box = face_box(character, first.shape)
        of_path = {"morph": morphed, "cross-fade": faded}
        for name, pictures in of_path.items():
            new = [
                score(picture, truth, box)
                for picture, truth in zip(pictures, truths[1:-1], strict=True)
            ]
            scores[name] += new
            row = "  ".join(f"{each.face_db:4.1f} ({each.face_ssim:.4f})" for each in new)
            print(f"{path.id:26} {name:10} {row}")
        if arguments.pictures:
            rows = [[first, *middle, second] for middle in (morphed, faded, truths[1:-1])]
            save_strip(arguments.pictures / f"{path.id}.png", rows, box)
    for name, found in scores.items():
        print(f"{name:10} {summary(found)}")
    for name, times_s in (("from cold", cold_s), ("one more", warm_s)):
        median_s = statistics.median(times_s)
        print(f"a frame {name}: median {median_s:.2f} s, at most {max(times_s):.2f} s")


def between(character: Character, start: str, end: str, t: float) -> Pixels:
    """The true picture: the portrait with the weights of both ends, interpolated."""
    portrait = np.asarray(Image.open(ROOT / character.base_image).convert("RGBA"))
    one, other = (character.expressions[name].blendshapes for name in (start, end))
    weights: Mapping[str, float] = {
        name: (1 - t) * one.get(name, 0) + t * other.get(name, 0) for name in {**one, **other}
    }
    return puppet.render(portrait, character.face, weights, Head(), character.generation.size_px)


def grained(picture: Pixels, deviation: float, seed: int) -> Pixels:
    """The picture under grain; as it is where there is none to add."""
    if deviation == 0:
        return picture
    out = picture.copy()
    grain = np.random.default_rng(seed % 100).normal(0, deviation, out[..., :3].shape)
    out[..., :3] = np.clip(out[..., :3] + grain, 0, 255)
    return out


def cross_fade(first: Pixels, second: Pixels, t: float) -> Pixels:
    """Both pictures mixed where they are."""
    mixed = (1 - t) * premultiplied(first) + t * premultiplied(second)
    alpha = mixed[..., 3:]
    mixed[..., :3] *= np.where(alpha > 0, 255 / np.maximum(alpha, 1e-3), 0)
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def premultiplied(picture: Pixels) -> Floats:
    """Colour times alpha, 0..255."""
    out = picture.astype(np.float32)
    out[..., :3] *= out[..., 3:] / 255
    return out


def face_box(character: Character, shape: tuple[int, ...]) -> Box:
    """From the brows to below the chin, from one edge of the face to the other."""
    outline = puppet.complete(character.face, shape[1] / shape[0]).outline or ()
    x, y = np.array(outline).T
    high = y.max() - y.min()
    return (
        slice(round((y.min() - 0.25 * high) * shape[0]), round((y.max() + 0.1 * high) * shape[0])),
        slice(round(x.min() * shape[1]), round(x.max() * shape[1])),
    )


def score(picture: Pixels, truth: Pixels, face: Box) -> Score:
    """PSNR and SSIM of the premultiplied pixels."""
    one, other = premultiplied(picture), premultiplied(truth)
    return Score(
        psnr_db(one, other), ssim(one, other), psnr_db(one[face], other[face]),
        ssim(one[face], other[face]),
    )  # fmt: skip


def psnr_db(one: Floats, other: Floats) -> float:
    """Peak signal to noise, dB; 99 for equal pictures."""
    mean = float(((one - other) ** 2).mean())
    return 99.0 if mean == 0 else min(99.0, 10 * float(np.log10(255**2 / mean)))


def ssim(one: Floats, other: Floats) -> float:
    """Structural similarity with a Gaussian of 1.5 pixels, the mean over pixels and channels."""

    def mean(field: Floats) -> Floats:
        return cv2.GaussianBlur(field, (11, 11), 1.5)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    of_one, of_other = mean(one), mean(other)
    spread = mean(one * one) - of_one**2 + mean(other * other) - of_other**2
    common = mean(one * other) - of_one * of_other
    alike = (2 * of_one * of_other + c1) / (of_one**2 + of_other**2 + c1)
    return float((alike * (2 * common + c2) / (spread + c2)).mean())


def summary(scores: Iterable[Score]) -> str:
    """Medians, and the worst."""
    columns = {
        "whole": ("whole_db", "whole_ssim"),
        "face": ("face_db", "face_ssim"),
    }
    found = list(scores)
    parts = []
    for place, (db, similarity) in columns.items():
        noise, alike = ([getattr(each, name) for each in found] for name in (db, similarity))
        parts.append(
            f"{place}: median {statistics.median(noise):.1f} dB, SSIM "
            f"{statistics.median(alike):.4f}; worst {min(noise):.1f} dB, {min(alike):.4f}"
        )
    return " | ".join(parts)


def save_strip(path: Path, rows: list[list[Pixels]], box: Box) -> None:
    """Rows of faces on white."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [np.hstack([on_white(picture[box]) for picture in row]) for row in rows]
    Image.fromarray(np.vstack(lines)).save(path)


def on_white(picture: Pixels) -> Pixels:
    """Opaque RGB."""
    flat = premultiplied(picture)
    return np.clip(flat[..., :3] + 255.5 - flat[..., 3:], 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()

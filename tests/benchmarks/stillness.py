"""How still the finishing makes an expression set, where the truth is known.

    uv run python tests/benchmarks/stillness.py [--cases 240] [--bad 20] [--height 1536]
        [--pictures DIR]

Cases are made from the example portrait (`tests/harness/known_takes.py`): moved by up to 12 px,
turned to 2 degrees, scaled by 3 %, tinted, with noise and JPEG traces, other faces, leaked
backgrounds, all in combination, and seeded. A registration error is the mean distance over the face
region between where its pixels are and where they were found, in px of the picture. "As the
reference, redrawn" are cases in which nothing outside the face is quite where it was: no one motion
is their truth, and they are counted apart. Times are of one core.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tasks.character.settings import Finish, Thresholds  # noqa: E402
from tasks.finish.flags import alike, flags  # noqa: E402
from tasks.finish.measure import Figures, measure  # noqa: E402
from tasks.finish.steps import Finished, finish  # noqa: E402
from tests.harness import known_takes  # noqa: E402
from tests.harness.known_takes import Case  # noqa: E402

LOCKED = Finish()
BARE = Finish(key="off", lock=False)
"""without the steps that hide what is wrong outside the face, so that it can be flagged"""
SEEN_WHEN_BARE = ("outside", "alpha", "halo")
THRESHOLDS = Thresholds()


@dataclass
class Tally:
    """What the good cases gave."""

    error_px: list[float] = field(default_factory=list)
    corner_px: list[float] = field(default_factory=list)
    redrawn_px: list[float] = field(default_factory=list)
    raw_px: list[float] = field(default_factory=list)
    left_px: list[float] = field(default_factory=list)
    outside: list[int] = field(default_factory=list)
    face: list[float] = field(default_factory=list)
    seam: list[float] = field(default_factory=list)
    seam_bare: list[float] = field(default_factory=list)
    finish_s: list[float] = field(default_factory=list)
    measure_s: list[float] = field(default_factory=list)
    figures: dict[str, list[float]] = field(default_factory=dict)
    """of clean cases, what thresholds are chosen by"""
    false: Counter[str] = field(default_factory=Counter)
    redrawn_flags: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=240)
    parser.add_argument("--bad", type=int, default=20)
    parser.add_argument("--height", type=int, default=known_takes.DEFAULT_HEIGHT_PX)
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    tally = good(known_takes.good_cases(arguments.cases), arguments.height)
    report(tally, arguments.height)
    print("flag       hits           false alarms on clean cases")
    for kind in known_takes.BAD:
        spoilt: dict[str, list[float]] = {}
        hits = caught(kind, arguments.bad, arguments.height, spoilt)
        share = f"{sum(hits)}/{len(hits)} ({np.mean(hits):.0%})" if hits else "-"
        print(f"{kind:10} {share:14} {tally.false[kind]}")
        for name, values in spoilt.items():
            clean = tally.figures.get(name, [0.0])
            print(
                f"    {name}: clean {min(clean):.3f}..{max(clean):.3f},"
                f" spoilt {min(values):.3f}..{max(values):.3f}"
            )
    print(f"redrawn by up to 2 px, flagged: {dict(tally.redrawn_flags) or 'none'}")
    if arguments.pictures:
        pictures(arguments.pictures, arguments.height)


def run(case: Case, settings: Finish, height: int) -> tuple[Finished, Figures, float, float]:
    """One case finished and measured; and the seconds that each took."""
    took = known_takes.take(case, height)
    held = known_takes.reference(height)
    size = (held.picture.shape[1], held.picture.shape[0])
    start = time.process_time()
    finished = finish(took, held, settings, size)
    between = time.process_time()
    figures = measure(took, finished, held)
    return finished, figures, between - start, time.process_time() - between


def good(cases: Iterable[Case], height: int) -> Tally:
    """Finish what can be mended, and compare it with the truth."""
    tally = Tally()
    reference, region = known_takes.portrait(height), known_takes.region(height)
    size = (reference.shape[1], reference.shape[0])
    places = face_places(region)
    corners = [(x, y) for x in (0.0, size[0] - 1.0) for y in (0.0, size[1] - 1.0)]
    for case in cases:
        finished, figures, finish_s, measure_s = run(case, LOCKED, height)
        true = known_takes.truth(case, size)
        error = finished.motion.apart_px(true, places)
        tally.finish_s.append(finish_s)
        tally.measure_s.append(measure_s)
        away = np.abs(finished.picture.astype(np.int16) - reference)
        tally.outside.append(int(away[region == 0].max()))
        found = [flag.kind for flag in flags(figures, THRESHOLDS)]
        if case.redrawn_px:
            tally.redrawn_px.append(error)
            tally.redrawn_flags.update(found)
            continue
        tally.error_px.append(error)
        tally.corner_px.append(finished.motion.apart_px(true, corners))
        tally.raw_px.append(figures.take_drift_px or 0.0)
        tally.left_px.append(figures.drift_px or 0.0)
        wanted = known_takes.drawn(case.expression, height)
        tally.face.append(
            float(np.abs(finished.picture.astype(np.int16) - wanted)[region > 0].mean())
        )
        tally.seam.append(seam_jump(finished.picture, reference, wanted, region))
        raw = np.where((region > 0)[..., None], finished.sized.picture, reference)
        tally.seam_bare.append(seam_jump(raw, reference, wanted, region))
        tally.false.update(found)
        keep(tally.figures, figures, LOCKED_FIGURES)
        if not case.leak:
            bare = run(case, BARE, height)[1]
            keep(tally.figures, bare, BARE_FIGURES)
            kinds = [flag.kind for flag in flags(bare, THRESHOLDS)]
            tally.false.update(kind for kind in kinds if kind in SEEN_WHEN_BARE)
    tally.false["alike"] = false_twins(height)
    return tally


LOCKED_FIGURES = ("drift_px", "strength", "cropped", "contrast")
BARE_FIGURES = ("outside_ssim", "outside_max", "alpha_lost", "halo")
TELLING = {
    "drift": ("drift_px",),
    "outside": ("outside_ssim", "outside_max"),
    "weak": ("strength",),
    "blank": ("contrast",),
    "cropped": ("cropped",),
    "alpha": ("alpha_lost",),
    "halo": ("halo",),
}
"""the figures that each flag goes by"""


def keep(into: dict[str, list[float]], figures: Figures, names: Iterable[str]) -> None:
    """Add some of the figures to those of other frames."""
    for name in names:
        value = getattr(figures, name)
        if value is not None:
            into.setdefault(name, []).append(float(value))


def face_places(region: known_takes.Mask) -> list[tuple[float, float]]:
    """A few hundred pixels all over the face region."""
    rows, columns = np.nonzero(region)
    step = max(1, rows.size // 300)
    return [(float(x), float(y)) for x, y in zip(columns[::step], rows[::step], strict=True)]


def seam_jump(
    picture: known_takes.Pixels,
    reference: known_takes.Pixels,
    wanted: known_takes.Pixels,
    region: known_takes.Mask,
) -> float:
    """The mean step from pixel to pixel across the seam, over that of the reference there.

    1 is a seam that cannot be seen. The seam is all of the fade: from the region's edge to where
    only the take shows; where the expression itself differs from the reference, nothing is counted.
    """
    width = picture.shape[1]
    depth = cv2.distanceTransform(region, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    band = (depth > 0) & (depth <= LOCKED.seam_width * width + 2)
    still = np.abs(wanted.astype(np.int16) - reference).max(axis=2) <= 2
    band &= cv2.erode(still.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    band &= reference[..., 3] == 255
    steps = [step(one)[band].mean() for one in (picture, reference)]
    return float(steps[0] / steps[1])


def step(picture: known_takes.Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """How much each pixel differs from its neighbours to the right and below, premultiplied."""
    flat = picture[..., :3].astype(np.float32) * (picture[..., 3:].astype(np.float32) / 255)
    right = np.abs(np.diff(flat, axis=1, append=flat[:, -1:])).max(axis=2)
    below = np.abs(np.diff(flat, axis=0, append=flat[-1:])).max(axis=2)
    return np.maximum(right, below)


def caught(kind: str, count: int, height: int, into: dict[str, list[float]]) -> list[bool]:
    """For each spoilt case, whether it is flagged for what it is."""
    if kind == "alike":
        return twins(count, height)
    settings = BARE if kind in SEEN_WHEN_BARE else LOCKED
    answers = []
    for case in known_takes.bad_cases(kind, count):
        figures = run(case, settings, height)[1]
        keep(into, figures, TELLING.get(kind, ()))
        answers.append(kind in {flag.kind for flag in flags(figures, THRESHOLDS)})
    return answers


def twins(count: int, height: int) -> list[bool]:
    """Two takes that show the same face, each worn in its own way: whether that is seen."""
    found = []
    cases = list(known_takes.bad_cases("alike", 2 * count))
    for one, other in zip(cases[::2], cases[1::2], strict=True):
        same = Case(**{**vars(other), "expression": one.expression})
        signatures = {
            name: run(case, LOCKED, height)[1].signature or ""
            for name, case in (("one", one), ("other", same))
        }
        found.append(len(alike(signatures, THRESHOLDS)) == 2)
    return found


def false_twins(height: int) -> int:
    """How many of the example's expressions are taken for another."""
    cases = list(known_takes.good_cases(len(known_takes.expressions()), seed=3))
    signatures = {
        case.expression: run(case, LOCKED, height)[1].signature or ""
        for case in cases
        if not case.redrawn_px
    }
    return len(alike(signatures, THRESHOLDS))


def report(tally: Tally, height: int) -> None:
    """Print the figures of the good cases."""
    width = known_takes.portrait(height).shape[1]
    print(f"{len(tally.finish_s)} takes of {width}x{height}, seeded")
    print("                                            median    95th   worst")
    row("the face lay off by, as it came (px)", tally.raw_px)
    row("registration error, face region (px)", tally.error_px)
    row("registration error, picture corners (px)", tally.corner_px)
    row("  the same, redrawn by up to 2 px: face", tally.redrawn_px)
    row("drift left, as measured without truth (px)", tally.left_px)
    row("difference outside the face, locked", tally.outside)
    row("mean difference of the face from truth", tally.face)
    row("seam: steps over the reference's own", tally.seam)
    row("  pasted without finishing", tally.seam_bare)
    row("finishing one frame (s)", tally.finish_s)
    row("measuring one frame (s)", tally.measure_s)


def row(name: str, values: Sequence[float]) -> None:
    """One line: median, 95th percentile, worst."""
    if values:
        middle, most = np.percentile(values, [50, 95])
        print(f"{name:42} {middle:7.3f} {most:7.3f} {max(values):7.3f}")


def pictures(folder: Path, height: int) -> None:
    """Save, for a few cases: the take as it came, the frame, and the truth, side by side."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = [case for case in known_takes.good_cases(48) if case.leak or case.seed % 5 == 2]
    for case in cases[:12]:
        took = known_takes.take(case, height)
        frame = run(case, LOCKED, height)[0].picture
        wanted = known_takes.drawn(case.expression, height)
        sheet = [on_grey(picture) for picture in (took, frame, wanted)]
        whole = Image.fromarray(np.concatenate(sheet, axis=1))
        whole.thumbnail((1500, 1500))
        whole.save(folder / f"{case.seed}-{case.expression}-{case.leak or 'clear'}.png")


def on_grey(picture: known_takes.Pixels) -> known_takes.Pixels:
    """Laid on grey, so that edges show."""
    alpha = picture[..., 3:] / 255
    return np.round(picture[..., :3] * alpha + 140 * (1 - alpha)).astype(np.uint8)


if __name__ == "__main__":
    main()

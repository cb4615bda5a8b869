"""Draws the README's pictures from the example: `uv run python docs/pictures.py`.

The contact sheet and the landmarks come from `doit` itself; the strips and the animation from the
puppet, with weights between those of the config. What finishing does is shown with takes that are
made as image models draw them (`tests/harness/known_takes.py`): moved, tinted, all redrawn.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from docs import rate_picture, talking_picture  # noqa: E402
from tasks import puppet  # noqa: E402
from tasks.character.character import Character  # noqa: E402
from tasks.character.face import Face, Head  # noqa: E402
from tasks.character.face_unit import in_parts  # noqa: E402
from tasks.character.read import parse, read_text  # noqa: E402
from tasks.character.settings import Finish  # noqa: E402
from tasks.character.vocabulary import AXES  # noqa: E402
from tasks.finish.steps import finish  # noqa: E402
from tests.harness import known_takes  # noqa: E402
from tests.harness.known_takes import Case  # noqa: E402

DOCS = ROOT / "docs"
PAPER = (250, 249, 247)
STRIPS = {
    "jawOpen": ("jawOpen",),
    "mouthSmile": ("mouthSmileLeft", "mouthSmileRight"),
    "mouthPucker": ("mouthPucker",),
    "eyeBlink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "eyeWide": ("eyeWideLeft", "eyeWideRight"),
    "browDown": ("browDownLeft", "browDownRight"),
}
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
PLAYED = ("happy_soft", "happy_big", "surprised", "sad", "angry", "thinking", "blink_closed")
DRAWN = ("girl", "elf", "avatar", "cat", "robot", "pencil", "laugh")
SHOWN = (
    {},
    dict(AXES["mouth"]["smile_big"].blendshapes),
    {**AXES["mouth"]["ah"].blendshapes, **AXES["eyes"]["wide"].blendshapes}
    | dict(AXES["brows"]["raise"].blendshapes),
    {**AXES["mouth"]["frown"].blendshapes, **AXES["eyes"]["squint"].blendshapes}
    | dict(AXES["brows"]["furrow"].blendshapes),
    dict(AXES["eyes"]["blink_closed"].blendshapes),
)
FRAMES_A_MOVE, FRAME_MS, HOLD_MS = 9, 40, 500
HAPPY = Case(
    7,
    "happy_big",
    (11.0, -8.25),
    turn_deg=1.2,
    scale=1.012,
    gain=(0.98, 0.96, 0.9),
    offset=(-4.0, -4.0, -10.0),
    noise=2,
    redrawn_px=3.5,
)
SAD = Case(
    8,
    "sad",
    (-9.5, 6.75),
    turn_deg=-0.9,
    scale=0.99,
    gain=(0.93, 0.96, 1.0),
    offset=(-9.0, -4.0, 2.0),
    noise=2,
    redrawn_px=3.5,
)
FLIP_MS = 700
AMPLIFIED = 3
"""how much darker differences are shown than they are"""


def main() -> None:
    """Write every picture."""
    character = parse(read_text(ROOT / "expressions.json"), "expressions.json")
    portrait = np.asarray(Image.open(ROOT / character.base_image).convert("RGBA"))
    built_pictures()
    rate_picture.main()
    talking_picture.main()
    strips(character, portrait).save(DOCS / "weights.png", optimize=True)
    animation(character, portrait)
    characters().save(DOCS / "characters.webp", quality=90, method=6)
    finishing().save(DOCS / "finishing.png", optimize=True)
    stillness()


def built_pictures() -> None:
    """What `doit` shows of the example, in a folder of its own, with the puppet."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "a boy"
        folder.mkdir()
        for file in ("dodo.py", "pyproject.toml", "expressions.json"):
            shutil.copy(ROOT / file, folder)
        shutil.copytree(ROOT / "frames" / "base", folder / "frames" / "base")
        command = [sys.executable, "-m", "doit"]
        subprocess.run([*command, "engine=puppet", "pose=all"], cwd=folder, check=True)
        subprocess.run([*command, "face"], cwd=folder, check=True)
        for picture in ("sheet.png", "face.png"):
            with Image.open(folder / "frames" / picture) as image:
                flat(image).quantize(255).save(DOCS / picture, optimize=True)


def strips(character: Character, portrait: np.ndarray) -> Image.Image:
    """One row a blend shape, its weight from 0 to 1."""
    cell, gap_px = (150, 176), 8
    label_px, head_px = 110, 26
    sheet = Image.new(
        "RGB",
        (label_px + len(STEPS) * (cell[0] + gap_px), head_px + len(STRIPS) * (cell[1] + gap_px)),
        PAPER,
    )
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for column, step in enumerate(STEPS):
        draw.text(
            (label_px + column * (cell[0] + gap_px) + 60, 5), f"{step:g}", (120, 120, 125), font
        )
    for row, (label, names) in enumerate(STRIPS.items()):
        draw.text((8, head_px + row * (cell[1] + gap_px) + 80), label, (40, 40, 44), font)
        for column, step in enumerate(STEPS):
            frame = drawn(character, portrait, dict.fromkeys(names, step))
            face = flat(frame.crop((230, 330, 794, 990))).resize(cell, Image.Resampling.LANCZOS)
            sheet.paste(
                face, (label_px + column * (cell[0] + gap_px), head_px + row * (cell[1] + gap_px))
            )
    return sheet.quantize(255)


def characters() -> Image.Image:
    """Eight drawings, each neutral and with four expressions."""
    folders = [ROOT, *(ROOT / "tests" / "characters" / name for name in DRAWN)]
    cell, gap_px = (132, 150), 6
    size = (gap_px + len(folders) * (cell[0] + gap_px), gap_px + len(SHOWN) * (cell[1] + gap_px))
    sheet = Image.new("RGB", size, PAPER)
    for column, folder in enumerate(folders):
        character = parse(read_text(folder / "expressions.json"), folder.name)
        picture = Image.open(folder / character.base_image).convert("RGBA")
        portrait, face = np.asarray(picture), in_parts(character.face, picture.size)
        box = face_box(face, picture.size, cell[0] / cell[1])
        for row, weights in enumerate(SHOWN):
            frame = puppet.render(portrait, face, weights, Head(), picture.size)
            shown = flat(Image.fromarray(frame).crop(box)).resize(cell, Image.Resampling.LANCZOS)
            place = (gap_px + column * (cell[0] + gap_px), gap_px + row * (cell[1] + gap_px))
            sheet.paste(shown, place)
    return sheet


def face_box(face: Face, size: tuple[int, int], aspect: float) -> tuple[int, int, int, int]:
    """The part of a portrait that shows its face, with that width over its height; in pixels."""
    xs, ys = zip(*(face.outline or ()), strict=True)
    brows = [brow.middle[1] for brow in (face.left_brow, face.right_brow) if brow]
    top, bottom = min(brows) * size[1], max(ys) * size[1]
    tall = 1.6 * (bottom - top)
    middle = (min(xs) + max(xs)) / 2 * size[0], (top + bottom) / 2 - 0.04 * tall
    half = max(tall * aspect, 1.12 * (max(xs) - min(xs)) * size[0]) / 2
    high = half / aspect
    return (
        round(middle[0] - half),
        round(middle[1] - high),
        round(middle[0] + half),
        round(middle[1] + high),
    )


def animation(character: Character, portrait: np.ndarray) -> None:
    """From neutral to an expression and back, one after another."""
    frames, durations = [], []
    for weights, duration_ms in played(character):
        frame = flat(drawn(character, portrait, weights).crop((128, 60, 896, 1180)))
        frames.append(frame.resize((288, 420), Image.Resampling.LANCZOS))
        durations.append(duration_ms)
    frames[0].save(
        DOCS / "expressions.webp",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        quality=82,
        method=6,
    )


def played(character: Character) -> Iterator[tuple[dict[str, float], int]]:
    """Weights and the time each is shown."""
    for name in PLAYED:
        goal = character.expressions[name].blendshapes
        way = [ease(step / FRAMES_A_MOVE) for step in range(FRAMES_A_MOVE + 1)]
        hold_ms = FRAME_MS if name == "blink_closed" else HOLD_MS
        yield {}, HOLD_MS
        yield from ((scaled(goal, t), FRAME_MS) for t in way[1:-1])
        yield dict(goal), hold_ms
        yield from ((scaled(goal, t), FRAME_MS) for t in reversed(way[1:-1]))


def ease(t: float) -> float:
    """Slow at both ends."""
    return t * t * (3 - 2 * t)


def scaled(weights: Mapping[str, float], t: float) -> dict[str, float]:
    """Weights between neutral (0) and these (1)."""
    return {name: weight * t for name, weight in weights.items()}


def drawn(character: Character, portrait: np.ndarray, weights: Mapping[str, float]) -> Image.Image:
    """One frame of the puppet at the portrait's size."""
    size = (portrait.shape[1], portrait.shape[0])
    return Image.fromarray(puppet.render(portrait, character.face, weights, Head(), size))


def finished(case: Case) -> tuple[Image.Image, Image.Image]:
    """A take as it came, and the frame that it gives."""
    take, reference = known_takes.take(case), known_takes.portrait()
    size = (reference.shape[1], reference.shape[0])
    frame = finish(take, known_takes.reference(), Finish(), size).picture
    return Image.fromarray(take), Image.fromarray(frame)


def finishing() -> Image.Image:
    """From the neutral picture and a take to a frame, and what differs before and after."""
    neutral = Image.fromarray(known_takes.portrait())
    take, frame = finished(HAPPY)
    panels = {
        "the neutral picture": flat(neutral),
        "the take as it came": flat(take),
        "the finished frame": flat(frame),
        "take: what differs": difference(neutral, take),
        "frame: what differs": difference(neutral, frame),
    }
    cell, gap_px, head_px = (216, 324), 10, 26
    width = gap_px + len(panels) * (cell[0] + gap_px)
    sheet = Image.new("RGB", (width, head_px + cell[1] + gap_px), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for column, (label, panel) in enumerate(panels.items()):
        x = gap_px + column * (cell[0] + gap_px)
        draw.text((x, 5), label, (40, 40, 44), font)
        sheet.paste(panel.resize(cell, Image.Resampling.LANCZOS), (x, head_px))
    return sheet.quantize(255)


def difference(one: Image.Image, other: Image.Image) -> Image.Image:
    """Where two pictures are not the same: the darker, the more."""
    first, second = (np.asarray(flat(image)).astype(np.float32) for image in (one, other))
    away = np.abs(first - second).max(axis=2, keepdims=True)
    share = np.clip(away * AMPLIFIED / 255, 0, 1)
    ink = np.array((150, 20, 50), np.float32)
    return Image.fromarray(np.round(np.array(PAPER) * (1 - share) + ink * share).astype(np.uint8))


def stillness() -> None:
    """Two expressions by turns: as the takes came, and beside that finished."""
    frames = []
    for case in (HAPPY, SAD):
        sheet = Image.new("RGB", (600, 456), PAPER)
        draw = ImageDraw.Draw(sheet)
        font = ImageFont.load_default(15)
        for column, (label, image) in enumerate(
            zip(("as the takes came", "finished"), finished(case), strict=True)
        ):
            shown = flat(image.crop((128, 60, 896, 1180)))
            sheet.paste(shown.resize((288, 420), Image.Resampling.LANCZOS), (6 + column * 300, 30))
            draw.text((10 + column * 300, 6), label, (40, 40, 44), font)
        frames.append(sheet)
    frames[0].save(
        DOCS / "stillness.webp",
        save_all=True,
        append_images=frames[1:],
        duration=FLIP_MS,
        loop=0,
        quality=82,
        method=6,
    )


def flat(image: Image.Image) -> Image.Image:
    """On paper instead of transparent."""
    ground = Image.new("RGBA", image.size, (*PAPER, 255))
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


if __name__ == "__main__":
    main()

"""Draws the README's pictures from the example: `uv run python docs/pictures.py`.

The contact sheet and the landmarks come from `doit` itself; the strips and the animation from the
puppet, with weights between those of the config.
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

from tasks import puppet  # noqa: E402
from tasks.character import Character  # noqa: E402
from tasks.character_file import parse, read_text  # noqa: E402
from tasks.face import Head  # noqa: E402

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
FRAMES_A_MOVE, FRAME_MS, HOLD_MS = 9, 40, 500


def main() -> None:
    """Write every picture."""
    character = parse(read_text(ROOT / "expressions.json"), "expressions.json")
    portrait = np.asarray(Image.open(ROOT / character.base_image).convert("RGBA"))
    built_pictures()
    strips(character, portrait).save(DOCS / "weights.png", optimize=True)
    animation(character, portrait)


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


def flat(image: Image.Image) -> Image.Image:
    """On paper instead of transparent."""
    ground = Image.new("RGBA", image.size, (*PAPER, 255))
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


if __name__ == "__main__":
    main()

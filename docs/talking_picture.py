"""Draws docs/talking.png: a spoken sentence, its pictures above its sounds, on one clock.

It needs espeak-ng and the extra `align`, as the sentence of the page does.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
SENTENCE = "[happy_soft] Hello! [neutral] My name is Bobby, and I live in a big house by the sea."
FIRST_US, ROWS, ROW_US = 875_000, 2, 1_250_000
EVERY = 2
"""of so many frames one is shown"""
BOX = (0.25, 0.34, 0.75, 0.63)
"""the part of a frame that is shown: left, top, right, bottom, in 0..1"""
WIDTH, TILE_W = 1800, 116
WAVE_H, TIER_H, GAP = 34, 24, 18
PAPER, INK, PALE = (250, 249, 247), (40, 40, 44), (150, 150, 155)
SHUT, LINE = (246, 214, 214), (205, 203, 199)
CLOSURES = ("P", "B", "M")


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as name:
        made = spoken(Path(name))
        plan = json.loads((made / "plan.json").read_bytes())
        rows = [row(plan, made, FIRST_US + number * ROW_US) for number in range(ROWS)]
    height = sum(one.height for one in rows) + GAP * (ROWS - 1)
    sheet = Image.new("RGB", (WIDTH, height), PAPER)
    top = 0
    for one in rows:
        sheet.paste(one, (0, top))
        top += one.height + GAP
    sheet.quantize(255).save(ROOT / "docs" / "talking.png", optimize=True)


def spoken(folder: Path) -> Path:
    """The folder of the sentence's timeline, made by `doit` of the example."""
    for file in ("dodo.py", "pyproject.toml", "expressions.json"):
        shutil.copy(ROOT / file, folder)
    shutil.copytree(ROOT / "frames" / "base", folder / "frames" / "base")
    (folder / "timelines").mkdir()
    spec = {"speak": SENTENCE, "make": ["frames"]}
    (folder / "timelines" / "hello.json").write_text(json.dumps(spec))
    command = [sys.executable, "-m", "doit", "engine=puppet", "timelines:hello"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "frames" / "timelines" / "hello"


def row(plan: dict[str, Any], made: Path, begin_us: int) -> Image.Image:
    """So much of the clock: pictures, loudness, sounds, words."""
    tile_h = round(TILE_W * (BOX[3] - BOX[1]) * 1536 / ((BOX[2] - BOX[0]) * 1024))
    image = Image.new("RGB", (WIDTH, tile_h + WAVE_H + 2 * TIER_H), PAPER)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(14)

    def x(time_us: float) -> float:
        return (time_us - begin_us) * WIDTH / ROW_US

    rate = plan["rate"][0] / plan["rate"][1]
    first = -(-begin_us * rate // 1e6)
    for number in range(round(ROW_US * rate / 1e6 / EVERY)):
        frame = int(first) + number * EVERY
        if frame >= plan["frames"]:
            break
        shown = face(made / "frames" / f"frame_{frame + 1:06d}.png", (TILE_W, tile_h))
        image.paste(shown, (round(x(frame * 1e6 / rate)), 0))
    top = tile_h
    bars, a_second = plan["peaks"]["values"], plan["peaks"]["a_second"]
    for index, loud in enumerate(bars):
        left, right = (x((index + more) * 1e6 / a_second) for more in (0, 1))
        half, middle = loud / 100 * (WAVE_H - 6) / 2, top + WAVE_H / 2
        draw.rectangle((left + 1, middle - half, right - 2, middle + half), fill=PALE)
    top += WAVE_H
    for spans, colour in ((plan["phones"], INK), (plan["words"], PALE)):
        for start, end, label in (span for span in spans if span[2]):
            box = (x(start), top, x(end), top + TIER_H - 2)
            fill = SHUT if spans is plan["phones"] and label in CLOSURES else None
            draw.rectangle(box, fill=fill, outline=LINE)
            if box[2] > 0 and box[0] < WIDTH:
                middle = (max(box[0], 0) + min(box[2], WIDTH)) / 2
                draw.text((middle, top + TIER_H / 2 - 1), label, colour, font, anchor="mm")
        top += TIER_H
    return image


def face(path: Path, size_px: tuple[int, int]) -> Image.Image:
    """The face in a frame, small, on paper."""
    with Image.open(path) as opened:
        frame = opened.convert("RGBA")
    width, height = frame.size
    left, top, right, bottom = BOX
    cut = frame.crop(
        (round(left * width), round(top * height), round(right * width), round(bottom * height))
    ).resize(size_px, Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", size_px, (*PAPER, 255))
    return Image.alpha_composite(ground, cut).convert("RGB")


if __name__ == "__main__":
    main()

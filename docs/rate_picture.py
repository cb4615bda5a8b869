"""Draws docs/call_rate.png, a run against a rate limit: `uv run python docs/rate_picture.py`.

The run is simulated, as in `tests/spending/test_call_rate.py`: the clock is a number.
"""

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tasks.spending.call_rate import Start  # noqa: E402
from tests.harness.limited_server import LIMITERS, SAYINGS, asked_s  # noqa: E402
from tests.spending.test_call_rate import Run  # noqa: E402

PER_MINUTE, WORKERS, LATENCY_S, FRAMES = 60, 32, 20.0, 420
SIZE = (960, 420)
LEFT, TOP, RIGHT, BOTTOM = 60, 40, 940, 370
MOST_PER_MINUTE = 80.0
PAPER, INK, GREY = (250, 249, 247), (40, 40, 44), (200, 200, 204)
LEARNED, REFUSED, LET_IN = (30, 100, 200), (210, 50, 40), (120, 170, 120)


@dataclass
class Watched(Run):
    """A run that notes what happens when."""

    rates_seen: list[tuple[float, float]] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    let_in_s: list[float] = field(default_factory=list)

    def arrive(self, frame: int, start: Start) -> None:
        """A call reaches the server."""
        self.rates_seen.append((start.at_s, self.rate.per_minute or math.inf))
        super().arrive(frame, start)

    def answer(self) -> None:
        """A picture comes back."""
        self.let_in_s.append(self.now_s)
        super().answer()

    def refuse(self, frame: int, start: Start, said_s: float | None) -> None:
        """A 429 comes back."""
        self.refused_s.append(self.now_s)
        super().refuse(frame, start, said_s)


def watched() -> Watched:
    """The run, when it is over."""
    run = Watched(
        LIMITERS["bucket of 5"](PER_MINUTE),
        lambda wait_s: asked_s(SAYINGS["ms"](wait_s)),
        WORKERS,
        LATENCY_S,
    )
    run.draw(FRAMES)
    return run


def picture() -> Image.Image:
    """The run as a diagram."""
    run = watched()
    image = Image.new("RGB", SIZE, PAPER)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    last_s = run.now_s

    def place(at_s: float, per_minute: float) -> tuple[float, float]:
        share = min(per_minute, MOST_PER_MINUTE) / MOST_PER_MINUTE
        return LEFT + (RIGHT - LEFT) * at_s / last_s, BOTTOM - (BOTTOM - TOP) * share

    for per_minute in (0, 20, 40, 60, 80):
        pen.line([place(0, per_minute), place(last_s, per_minute)], GREY)
        pen.text((26, place(0, per_minute)[1] - 8), f"{per_minute}", INK, font)
    for minute in range(int(last_s // 60) + 1):
        pen.text((place(minute * 60, 0)[0] - 4, BOTTOM + 14), f"{minute}", INK, font)
    pen.text((RIGHT - 44, BOTTOM + 30), "minutes", INK, font)
    pen.line([place(0, PER_MINUTE), place(last_s, PER_MINUTE)], INK, 2)
    rates = [(s, sum(s - 60 < t <= s for t in run.let_in_s)) for s in range(60, int(last_s))]
    pen.line([place(*point) for point in rates], LET_IN, 2)
    for at_s, per_minute in run.rates_seen:
        if math.isfinite(per_minute):
            x, y = place(at_s, per_minute)
            pen.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), LEARNED)
    for at_s in run.refused_s:
        x, _ = place(at_s, 0)
        pen.line([(x, BOTTOM), (x, BOTTOM - 12)], REFUSED, 2)
    legend = (
        (INK, f"the limit: {PER_MINUTE} calls a minute"),
        (LEARNED, "the learned rate, at each start"),
        (LET_IN, "pictures in the minute before"),
        (REFUSED, f"429: {len(run.refused_s)} of {FRAMES + len(run.refused_s)} calls"),
    )
    for index, (colour, text) in enumerate(legend):
        x = LEFT + index * 225
        pen.rectangle((x, 14, x + 10, 24), colour)
        pen.text((x + 16, 10), text, INK, font)
    return image


def main() -> None:
    """Write the picture."""
    picture().quantize(64).save(ROOT / "docs" / "call_rate.png", optimize=True)


if __name__ == "__main__":
    main()

"""An engine that draws every expression as a smiley: free, and the same picture every time."""

import io

from tasks.models.engines import EngineFacts
from tasks.requests.engine import EngineFailure, EngineSettings
from tasks.requests.request import Request
from tasks.takes.store import Take


class Smiley:
    """Draws by the blend shapes of a request; where the face lies does not matter to it."""

    facts = EngineFacts(paid=False, needs="rig", deterministic=True, version="1")

    def __init__(self, settings: EngineSettings) -> None:
        """Made once a run. A smiley has nothing to wait for, so the settings are not read."""

    def draw(self, request: Request) -> Take:
        """One picture of the size that is asked for."""
        from PIL import Image, ImageDraw, ImageOps  # here: listing tasks must not load it

        if request.rig is None:
            raise EngineFailure("a smiley is drawn by blend shapes, and this request has none")
        weight = request.rig.weights.get
        image = Image.new("RGBA", (400, 400))
        pen = ImageDraw.Draw(image)
        pen.ellipse((20, 20, 380, 380), "gold", "black", 8)
        for side, x in (("Right", 130), ("Left", 270)):
            open_px = 4 + 26 * (1 - weight(f"eyeBlink{side}", 0.0))
            pen.ellipse((x - 20, 140 - open_px, x + 20, 140 + open_px), "black")
        bend = weight("mouthSmileLeft", 0.0) - weight("mouthFrownLeft", 0.0)
        curve = [(200 + x, 270 + bend * (40 - x * x / 125)) for x in range(-100, 101, 5)]
        jaw = [(x, y + 90 * weight("jawOpen", 0.0)) for x, y in reversed(curve[10:-10])]
        pen.polygon([*curve, *jaw], "darkred")
        pen.line([*curve, *jaw, curve[0]], "black", 8)
        file = io.BytesIO()
        image = ImageOps.pad(image, request.size_px)
        image.save(file, "PNG")
        return Take(file.getvalue(), image=image)

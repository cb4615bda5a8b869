"""The puppet as an engine: free, local, exact. It moves the base portrait by the request's rig."""

import numpy as np
from PIL import Image

from tasks import puppet
from tasks.pictures.picture import png_bytes
from tasks.requests.engine import EngineFailure, EngineSettings
from tasks.requests.request import Request
from tasks.takes.store import Take


class PuppetEngine:
    """Draws drafts by warping the portrait. The same request gives the same bytes."""

    def draw(self, request: Request) -> Take:
        """The portrait with the rig's weights and head angles, at the request's size."""
        if request.rig is None:
            raise EngineFailure("the puppet draws by blend shapes, and this request has none")
        rig = request.rig
        portrait = np.asarray(request.pictures[0].load())
        over = [np.asarray(picture.load()) for picture in request.pictures[1:]]
        moved = puppet.Puppet(portrait, rig.face, request.size_px, *over)
        pixels = moved.draw(rig.weights, rig.head)
        unshown = puppet.unshown(rig.weights)
        notes = moved.limits(rig.weights)
        if unshown:
            notes = (f"the puppet cannot show {', '.join(unshown)}", *notes)
        image = Image.fromarray(pixels)
        return Take(png_bytes(image), notes=notes, image=image)


def open_engine(_settings: EngineSettings) -> PuppetEngine:
    """The puppet needs nothing but the request."""
    return PuppetEngine()

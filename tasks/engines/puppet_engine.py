"""The puppet as an engine: free, local, exact. It moves the base portrait by the request's rig."""

from threading import Thread

import numpy as np

from tasks import puppet
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
        moved = puppet.Puppet.named(
            tuple(picture.digest for picture in request.pictures),
            lambda: [np.asarray(picture.load()) for picture in request.pictures],
            rig.face,
            request.size_px,
        )
        pixels = moved.draw(rig.weights, rig.head)
        unshown = puppet.unshown(rig.weights)
        notes = moved.limits(rig.weights)
        if unshown:
            notes = (f"the puppet cannot show {', '.join(unshown)}", *notes)
        return Take(moved.packed(pixels, rig.head), notes=notes, image=pixels)


def open_engine(_settings: EngineSettings) -> PuppetEngine:
    """The puppet needs nothing but the request."""
    # the first rig needs them; until then a run has one thread only, and a core to spare
    Thread(target=puppet.make_tables).start()
    return PuppetEngine()

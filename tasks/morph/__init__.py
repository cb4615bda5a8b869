"""In-betweens of two keyframes of one pose, from their pixels alone: local, free, deterministic.

The two pictures are laid over one another by a pair of smooth maps, and a frame at time t is both
pictures moved their part of the way, mixed. Found in three steps: dense optical flow both ways
where both directions agree; then, where they do not (a lid over an iris, lips that part), rows
matched column by column, where rows may vanish; then flow again, for the last pixel.

Nothing ghosts, because what only one of the two pictures shows is never cross-faded: it is drawn
from that picture, standing still, while the lids or lips move over it. That is known from the
maps themselves: it is what they squeeze to nothing on the way to the other picture. So it needs
no landmarks, and works at every pose.

Start reading at `morpher`. Pure pixels. May import: pictures and below.
"""

from tasks.morph.morpher import Morpher, morph

__all__ = ["Morpher", "morph"]

"""Mouth cues of every timeline as Moho's switch files."""

from tasks.exports import cues
from tasks.exports.cast import Cast
from tasks.exports.output import Output
from tasks.exports.plans import plans


def export(cast: Cast, out: Output) -> list[str]:
    """`<timeline>.dat`, at the timeline's own rate."""
    for name, plan in plans(cast):
        out.text(f"{name}.dat", cues.dat(plan))
    return []

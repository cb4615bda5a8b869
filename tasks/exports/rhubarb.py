"""Mouth cues of every timeline as Rhubarb Lip Sync writes them, for whatever plays those."""

from tasks.exports import cues
from tasks.exports.cast import Cast
from tasks.exports.output import Output
from tasks.exports.plans import plans


def export(cast: Cast, out: Output) -> list[str]:
    """`<timeline>.tsv`: when each mouth shape begins, in seconds."""
    for name, plan in plans(cast):
        out.text(f"{name}.tsv", cues.tsv(plan))
    return []

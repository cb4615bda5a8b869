"""What timelines read of the config, in digests: known to the graph, so that a run that draws
nothing need not parse the config."""

import json
from dataclasses import asdict

from tasks.character.character import Character
from tasks.ground.digest import digest_of
from tasks.timelines.mouths import feelings


def talking_digest(character: Character) -> str:
    """Of all that a timeline's plan reads of the config."""
    talking = character.talking
    return digest_of(
        [
            {key: value if isinstance(value, str) else dict(value) for key, value in
             talking.visemes.items()},
            asdict(talking.lip_sync),
            {name: [dict(e.blendshapes), dict(e.values)]
             for name, e in character.expressions.items()},
            list(character.poses),
            [asdict(path) for path in character.base_paths],
        ]
    )  # fmt: skip


def moods_digest(character: Character) -> str:
    """Of all that the suggestion of moods reads of the config."""
    return digest_of([asdict(character.talking.moods), felt(character)])


def felt(character: Character) -> dict[str, str]:
    """The expressions that may be suggested as moods, each with its words."""
    known = character.expressions
    return {name: "; ".join(known[name].words) if name in known else "" for name in feelings(known)}


def config_timelines(character: Character) -> tuple[tuple[str, str], ...]:
    """The timelines that the config itself describes: id, and JSON."""
    return tuple(
        (name, json.dumps(asdict(spec), sort_keys=True))
        for name, spec in character.talking.timelines.items()
    )

"""The tasks of timelines: sound, alignment, plan, and what is made of the plan."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from tasks.character.talking import SUGGESTED
from tasks.exports import timeline
from tasks.graph.named_timelines import FOLDER, Named, timelines_of
from tasks.graph.project import Project
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake, line_of
from tasks.ground.made import remove
from tasks.ground.say import say
from tasks.running.frame_task import NotAttempted
from tasks.running.free_task import guarded, rebuilt
from tasks.running.freshness import ConfigSlice
from tasks.running.run import NEW_TAKE
from tasks.running.session import Session
from tasks.running.task_facts import TaskFacts
from tasks.spending.rate_limiter import Stopped

_MADE = ("frames", "mp4", "otio", "tsv", "dat")
_SHOWS = {
    "frames": "Image sequence",
    "mp4": "Video",
    "webm": "Video with alpha",
    "webp": "Animation",
    "otio": "Edit",
    "tsv": "Mouth cues",
    "dat": "Mouth switch",
}
_QUIET = {"io": {"capture": False}, "verbosity": 0}


def task_timelines(session: Session) -> Iterator[dict[str, Any]]:
    """make videos of what timelines/*.json describe: a voice, a face that speaks"""
    project, graph = session.project, session.graph
    for named in timelines_of(project, graph.timelines):
        read = [digest_of(named.given), graph.talking_digest]
        slice_ = ConfigSlice(str(project.config), digest_of(read))
        own = list[str]() if named.given else [str(named.folder / f"{named.name}.json")]
        yield from _sound_tasks(project, named)
        if _suggests(named):
            yield _moods_task(session, named)
        yield _plan_task(project, named, [slice_, *own])
        made = named.keys.get("make")
        wanted = [one for one in made if one in timeline.PRODUCTS] if made else _MADE
        for product in timeline.PRODUCTS:
            yield _product_task(project, named, product)
        yield {
            "name": named.name,
            "actions": None,
            "task_dep": [f"timelines:{named.name}:{product}" for product in wanted],
            "meta": TaskFacts(timeline=named.name).meta(),
        }


def _out(project: Project, named: Named, file: str) -> str:
    return str(project.timelines / named.name / file)


def _speaks(named: Named) -> bool:
    return bool(named.text("speak")) and not named.text("audio")


def _aligns(named: Named) -> bool:
    """As `Inputs.aligns` has it, without reading anything."""
    heard = bool(named.text("audio") or named.text("speak"))
    told_words = bool(named.text("text") or named.text("speak"))
    wanted = named.keys.get("aligner", "auto") != "none"
    return heard and told_words and wanted and not named.text("timing")


def _audio(project: Project, named: Named) -> list[str]:
    return [_out(project, named, "sound.wav")] if _speaks(named) else named.paths("audio")


def _sound_tasks(project: Project, named: Named) -> Iterator[dict[str, Any]]:
    if _speaks(named):
        target = _out(project, named, "sound.wav")
        task = {
            "name": f"{named.name}:sound",
            "actions": [(speak, [project, named, target])],
            # A mood's new name changes no voice: what counts is what is said, and by whom.
            "file_dep": [
                ConfigSlice(str(project.config), _voice_digest(named)),
                *named.paths("text"),
            ],
            "targets": [target],
            "clean": [(remove, [target])],
            **_QUIET,
        }
        yield guarded(task)
    if _aligns(named):
        target = _out(project, named, "aligned.TextGrid")
        keys = ("speak", "aligner", "align_command")
        digest = digest_of([named.text(key) for key in keys])
        task = {
            "name": f"{named.name}:timing",
            "actions": [(align, [project, named, target])],
            "file_dep": [
                ConfigSlice(str(project.config), digest),
                *_audio(project, named),
                *named.paths("text", "pronunciations"),
            ],
            "targets": [target],
            "clean": [(remove, [target])],
            **_QUIET,
        }
        yield guarded(task)


def _suggests(named: Named) -> bool:
    return named.text("moods") == SUGGESTED


def _suggested(project: Project, named: Named) -> str:
    """The file of moods that are suggested; a person may edit it."""
    return str(project.folder / FOLDER / f"{named.name}.moods.json")


def _timing_files(project: Project, named: Named) -> list[str]:
    own = [_out(project, named, "aligned.TextGrid")] if _aligns(named) else []
    return [*own, *named.paths("timing")]


def _moods_task(session: Session, named: Named) -> dict[str, Any]:
    """What is suggested is bought once; without a key, nothing is, and the timeline is made."""
    project = session.project
    keys = ("speak", "timing", "aligner", "tiers", "dat_fps")
    read = [session.graph.moods_digest, *(named.keys.get(key) for key in keys)]
    files = [*_timing_files(project, named), *named.paths("text", "pronunciations")]
    task = {
        "name": f"{named.name}:moods",
        "actions": [(suggest, [session, named])],
        "params": [{"name": NEW_TAKE, "type": bool, "default": False}],
        "file_dep": [ConfigSlice(str(project.config), digest_of(read)), *dict.fromkeys(files)],
        "targets": [_suggested(project, named)],
        "meta": TaskFacts(timeline=named.name).meta(),
        **_QUIET,
    }
    return rebuilt(task)


def same_file(task: Any, values: dict[str, Any], path: str) -> bool:
    """Whether a file that need not be there is as it was."""
    try:
        found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        found = ""
    task.value_savers.append(lambda: {"moods": found})
    return bool(values.get("moods") == found)


def _voice_digest(named: Named) -> str:
    return digest_of([named.text("speak"), named.text("voice")])


def _plan_task(project: Project, named: Named, deps: list[str]) -> dict[str, Any]:
    target = _out(project, named, "plan.json")
    timing = _timing_files(project, named)
    moods = [] if _suggests(named) else ["moods"]
    files = named.paths("text", "cues", *moods, "pronunciations")
    task: dict[str, Any] = {
        "name": f"{named.name}:plan",
        "actions": [(plan, [project, named, target])],
        "meta": TaskFacts(timeline=named.name).meta(),
        "file_dep": list(dict.fromkeys([*deps, *_audio(project, named), *timing, *files])),
        "targets": [target],
        "clean": [(remove, [target])],
        **_QUIET,
    }
    if _suggests(named):
        task["task_dep"] = [f"timelines:{named.name}:moods"]
        task["uptodate"] = [(same_file, [_suggested(project, named)])]
    return guarded(task)


def _product_task(project: Project, named: Named, product: str) -> dict[str, Any]:
    """One export; the pictures that it needs are known when the plan is there."""
    target = _out(project, named, timeline.PRODUCTS[product].replace("*", named.name))
    plan_file = _out(project, named, "plan.json")
    options = {key: named.keys.get(key) for key in ("background",)}
    task: dict[str, Any] = {
        "name": f"{named.name}:{product}",
        "actions": [(make, [project, named, product, target])],
        "file_dep": [
            ConfigSlice(str(project.config), digest_of([product, options])),
            # With the pictures it comes from the plan's task; doit waits for no task in two ways.
            *([] if product in timeline.SHOWN else [plan_file]),
            *(_audio(project, named) if product in {"mp4", "webm"} else []),
        ],
        "targets": [target],
        "clean": [(timeline.remove, [target])],
        "meta": TaskFacts(shows=_SHOWS[product], timeline=named.name).meta(),
        **_QUIET,
    }
    if product == "frames":
        task["uptodate"] = [(timeline.all_linked, [target])]
    if product in timeline.SHOWN:
        task["calc_dep"] = [f"timelines:{named.name}:plan"]
    return guarded(task)


def speak(project: Project, named: Named, target: str) -> TaskFailed | None:
    """The action that has a command speak."""
    from tasks.exports.voice import spoken
    from tasks.graph.timelines import inputs_of

    try:
        given = inputs_of(project, named.name, named.given)
        spoken(given.spec.voice, given.words().spoken, Path(target))
    except (Mistake, OSError) as error:
        return TaskFailed(line_of(error))
    return None


def align(project: Project, named: Named, target: str) -> TaskFailed | None:
    """The action that finds the sounds in a recording."""
    from tasks.exports.voice import aligned_by_command
    from tasks.graph.timelines import inputs_of
    from tasks.ground.files import write_whole
    from tasks.timelines.align import aligned, textgrid
    from tasks.timelines.sound import read_sound

    try:
        given = inputs_of(project, named.name, named.given)
        audio = given.audio or Path()
        if given.spec.aligner == "mfa":
            aligned_by_command(given.spec.align_command, audio, given.words().spoken, Path(target))
        else:
            found = aligned(read_sound(audio), given.words(), given.pronunciations())
            write_whole(Path(target), textgrid(found).encode())
            for note in found.notes:
                say(f"[!] timelines:{named.name}: {note}")
    except (Mistake, OSError) as error:
        return TaskFailed(line_of(error))
    return None


def suggest(session: Session, named: Named, new_take: bool) -> TaskFailed | None:
    """The action that has moods suggested; where that fails, the timeline goes on without them."""
    from tasks.build.moods import suggest_moods
    from tasks.graph.timelines import inputs_of
    from tasks.takes.store import StoreFailure

    limiter, given = session.calls.limiter, None
    try:
        given = inputs_of(session.project, named.name, named.given)
        with limiter.slot() as leave:
            try:
                line = suggest_moods(session, given, new_take=new_take, arrived=leave)
            except StoreFailure:
                limiter.close()  # what cannot be kept must not be bought
                raise
    except Stopped as stopped:
        return NotAttempted(str(stopped))
    except (Mistake, OSError) as error:
        line = f"[!] No moods for timelines:{named.name}: {line_of(error)}"
        if given and given.suggested.is_file():
            line += f"; those of {given.suggested} are kept"
    say(line)
    return None


def plan(project: Project, named: Named, target: str) -> dict[str, Any] | TaskFailed:
    """The action of the plan; what it returns are the pictures that the products wait for."""
    from tasks.graph.timelines import inputs_of, perform
    from tasks.ground.files import write_whole
    from tasks.timelines.document import document, written

    try:
        played = document(perform(project, inputs_of(project, named.name, named.given)))
        write_whole(Path(target), written(played))
    except (Mistake, OSError) as error:
        return TaskFailed(line_of(error))
    timeline.tell(named.name, played)
    pictures = [project.place_path(place) for place in played["pictures"]]
    return {"file_dep": [target, *pictures]}


def make(project: Project, named: Named, product: str, target: str) -> TaskFailed | None:
    """The action of an export."""
    background = named.text("background") or "#ffffff"
    try:
        timeline.make(product, Path(target), project.place_path, background)
    except (Mistake, OSError, ValueError) as error:
        return TaskFailed(line_of(error) if isinstance(error, (Mistake, OSError)) else str(error))
    return None

"""Timelines of a project: where their files lie, and a plan from all that they name.

What needs both sequences and timelines stands here: the rooms of the two do not know each other.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tasks.character.character import NEUTRAL, Character
from tasks.character.talking import SUGGESTED, Blink, LipSync, MouthShape
from tasks.character.talking import Timeline as Spec
from tasks.graph.named_timelines import FOLDER
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean, id_problem
from tasks.sequences.tree import sequences
from tasks.timelines import document, layers, readers, script, spelling
from tasks.timelines import spec as specs
from tasks.timelines.mouth import Shape, corrected, mouth_shapes
from tasks.timelines.rate import rate_of
from tasks.timelines.readers.source import decoded
from tasks.timelines.roads import Road, Roads
from tasks.timelines.sound import Measured, measured
from tasks.timelines.timeline import Ways, planned
from tasks.timelines.timing import PHONES, SECOND_US, Span, Timing, in_order, timing
from tasks.timelines.visemes import Visemes, openings, said, visemes

_MS_US = 1000


def roads_of(character: Character) -> tuple[Road, ...]:
    """Every sequence as a road; those that share pictures are one, the deepest."""
    made = []
    for each in sequences(character):
        if each.owns:
            tweens = tuple(
                (frame.t, f"sequences/{each.id}/{frame.file}") for frame in each.frames[1:-1]
            )
            start, end = ((k.expression, k.pose) for k in (each.start, each.end))
            made.append(Road(each.id, start, end, tweens, each.path.duration_ms))
    return tuple(made)


@dataclass(frozen=True)
class Inputs:
    """A timeline's description, and the paths of what it names."""

    name: str
    spec: Spec
    folder: Path
    """that what it names is counted from"""
    out: Path
    """frames/timelines/<id>"""
    suggested: Path
    """the file of moods that are suggested: timelines/<id>.moods.json"""

    def path(self, named: str) -> Path:
        """A path that the description names."""
        return Path(os.path.normpath(self.folder / named))

    @property
    def audio(self) -> Path | None:
        """The recording: given, or spoken by a task."""
        if self.spec.audio:
            return self.path(self.spec.audio)
        return self.out / "sound.wav" if self.spec.speak else None

    @property
    def aligns(self) -> bool:
        """Whether a task has to find the sounds in the recording."""
        has_words = bool(self.spec.text or self.spec.speak)
        if self.spec.timing or self.audio is None or not has_words:
            return False
        return self.spec.aligner != "none"

    @property
    def timing(self) -> Path | None:
        """The timing file: given, or made by a task."""
        if self.spec.timing:
            return self.path(self.spec.timing)
        return self.out / "aligned.TextGrid" if self.aligns else None

    @property
    def moods(self) -> Path | None:
        """The file of moods: given, or suggested, as soon as it is there."""
        if self.spec.moods != SUGGESTED:
            return self.path(self.spec.moods) if self.spec.moods else None
        return self.suggested if self.suggested.is_file() else None

    def words(self) -> script.Script:
        """What is said. Raises `Mistake`."""
        if self.spec.speak and self.spec.speak != "text":
            return script.script_of(self.spec.speak)
        if not self.spec.text:
            return script.Script(())
        path = self.path(self.spec.text)
        return script.script_of(decoded(_bytes(path, "text"), str(path)).text)

    def pronunciations(self) -> Mapping[str, tuple[str, ...]]:
        """How words are spoken that no dictionary has. Raises `Mistake`."""
        if not self.spec.pronunciations:
            return {}
        path = self.path(self.spec.pronunciations)
        text = decoded(_bytes(path, "pronunciations"), str(path)).text
        return spelling.read_pronunciations(text, str(path))


def _bytes(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Mistake(f"{path}: {error.strerror or error} ({key} of a timeline)") from error


def inputs_of(project: Project, name: str, given: str = "") -> Inputs:
    """The description of one timeline, from its file, or from `given`, the config's JSON."""
    path = project.folder / FOLDER / f"{name}.json"
    if given:
        spec = specs.parse(given.encode(), f"{project.config}, timelines.{name}")
    else:
        spec = specs.parse(_bytes(path, "a timeline"), str(path))
    return inputs_with(project, name, spec, in_config=bool(given))


def inputs_with(project: Project, name: str, spec: Spec, *, in_config: bool) -> Inputs:
    """The inputs of a description that stands, or would stand, in a file of its own, or in the
    config."""
    path = project.folder / FOLDER / f"{name}.json"
    if problem := id_problem(name):
        raise Mistake(f'{path}: "{name}" cannot be a file name: {problem}')
    folder = project.folder if in_config else path.parent
    suggested = project.folder / FOLDER / f"{name}.moods.json"
    return Inputs(name, spec, folder, project.timelines / name, suggested)


def perform(
    project: Project, given: Inputs, measure: Callable[[Path], Measured] = measured
) -> document.Performance:
    """Plan a timeline whose recording and timing are there. Raises `Mistake` in one line."""
    character = project.character
    rules, spec = character.talking.lip_sync, given.spec
    for problem in specs.problems(spec, rules):
        raise Mistake(f"timeline {given.name}: {problem}")
    if spec.costume and spec.costume not in character.costumes:
        near = did_you_mean(spec.costume, character.costumes)
        raise Mistake(f'timeline {given.name}: there is no costume "{spec.costume}"{near}')
    _check_made(given)
    heard = heard_in(given)
    roads = roads_of(character)
    found = visemes(character.talking.visemes, character.expressions, roads)
    sound = measure(given.audio) if given.audio else None
    end_us = max(
        heard.duration_us,
        sound.duration_us if sound else 0,
        round(spec.total_duration_ms * _MS_US),
        *(round(key.time_ms * _MS_US) for key in spec.keyframes),
        *(_span(key, "").end_us for key in spec.mouth),
        *(_span(blink, "").end_us for blink in spec.blinks or ()),
        0,
    )
    heard = timing(heard.form, **{**_parts(heard), "duration_us": end_us})
    made = _layers(given, character, heard)
    merged = layers.merged(made, found, rules)
    ways = Ways(Roads(roads), openings(roads, character.expressions), spec.ease)
    timeline = planned(merged.stops, ways, rate_of(spec.rate), end_us)
    audio = os.path.relpath(given.audio, given.out) if given.audio else ""
    return document.Performance(
        given.name,
        timeline,
        made,
        merged,
        heard,
        audio.replace(os.sep, "/"),
        said(found),
        sound.peaks if sound else (),
        tuple(_notes(found, merged, made.blinks if spec.blinks else ())),
        spec.costume,
    )


def _check_made(given: Inputs) -> None:
    """What tasks make of the description is there. Raises `Mistake`."""
    for path in (given.audio, given.timing):
        if path and path.parent == given.out and not path.is_file():
            task = "sound" if path == given.audio else "timing"
            raise Mistake(f"{path} is not made yet: {doit(f'timelines:{given.name}:{task}')}")


def _parts(heard: Timing) -> dict[str, Any]:
    names = ("sounds", "words", "cues", "alphabet", "notes")
    return {name: getattr(heard, name) for name in names}


def heard_in(given: Inputs) -> Timing:
    """What is heard; words without phones get those of the dictionary or of their letters."""
    path = given.timing
    if path is None:
        return timing("keyframes")
    spec = given.spec
    tiers = readers.Tiers(**asdict(spec.tiers))
    heard = readers.read(_bytes(path, "timing"), str(path), tiers, spec.dat_fps)
    if heard.alphabet == PHONES and not heard.sounds and heard.words:
        sounds = tuple(spelling.spread(heard.words, given.pronunciations()))
        note = "no phones are given: each word's are spread over it"
        heard = timing(
            heard.form, **{**_parts(heard), "sounds": sounds, "notes": (*heard.notes, note)}
        )
    return heard


def _layers(given: Inputs, character: Character, heard: Timing) -> layers.Layers:
    """All layers of a timeline, its moods and poses checked."""
    spec, rules = given.spec, character.talking.lip_sync
    first_pose = spec.pose or character.default_pose
    alone = not heard.sounds
    moods = list(_cue_moods(given, heard, character))
    if given.moods:
        moods += specs.moods_of(_bytes(given.moods, "moods"), str(given.moods))
    if heard.words:
        moods += script.mood_keys(given.words(), heard.words)
    # Of several at one time the last one holds: what stands in the timeline itself.
    moods += _keyframes(given, alone)
    poses = [
        layers.Key(round(key.time_ms * _MS_US), key.target_pose, key.transition_duration_ms)
        for key in spec.keyframes
        if key.target_pose
    ]
    shapes = () if alone else mouth_shapes(heard, rules)
    shapes = corrected(shapes, _shapes_by_hand(spec), heard.duration_us)
    made = layers.Layers(
        shapes,
        layers.with_first(sorted(moods, key=lambda key: key.time_us), spec.expression),
        layers.with_first(poses, first_pose),
        _blinks(spec, shapes, heard, rules),
    )
    _check(given, made, character)
    return made


def _shapes_by_hand(spec: Spec) -> list[Shape]:
    own = in_order(_span(key, key.shape) for key in spec.mouth)
    return [Shape(span.start_us, span.end_us, span.label) for span in own]


def _blinks(
    spec: Spec, shapes: tuple[Shape, ...], heard: Timing, rules: LipSync
) -> tuple[Span, ...]:
    """The blinks by hand; without any, natural ones."""
    if spec.blinks is not None:
        return in_order(_span(blink, layers.BLINK) for blink in spec.blinks)
    # What keyframes alone say is shown as it is: they have their own blinks.
    if spec.keyframes and not heard.sounds:
        return ()
    return layers.blinks(shapes, heard.duration_us, rules)


def _span(key: MouthShape | Blink, label: str) -> Span:
    start_us = round(key.time_ms * _MS_US)
    return Span(start_us, start_us + round(key.duration_ms * _MS_US), label)


def _keyframes(given: Inputs, alone: bool) -> Iterator[layers.Key]:
    """The expressions of keyframes; those for a sound count only where there is no other."""
    for key in given.spec.keyframes:
        if key.target_expr and (alone or not key.phoneme):
            yield layers.Key(
                round(key.time_ms * _MS_US), key.target_expr, key.transition_duration_ms
            )


def _cue_moods(given: Inputs, heard: Timing, character: Character) -> Iterator[layers.Key]:
    """The moods that subtitles name: of the timing file itself, and of the file of cues."""
    cues = list(heard.cues)
    if given.spec.cues:
        path = given.path(given.spec.cues)
        cues += readers.read(_bytes(path, "cues"), str(path)).cues
    for cue in cues:
        mood = cue.expression or given.spec.speakers.get(cue.speaker, "")
        if not mood and cue.speaker in character.expressions:
            mood = cue.speaker
        if mood:
            yield layers.Key(cue.start_us, mood)


def _check(given: Inputs, made: layers.Layers, character: Character) -> None:
    """Every mood and pose is one of the character's. Raises `Mistake`."""
    known = {NEUTRAL, *character.expressions}
    for key in made.moods:
        if key.value not in known:
            near = did_you_mean(key.value, known)
            at = f"{key.time_us / 1_000_000:.2f} s"
            raise Mistake(
                f'timeline {given.name}, at {at}: there is no expression "{key.value}"{near}'
            )
    for key in made.poses:
        if key.value not in character.poses:
            near = did_you_mean(key.value, character.poses)
            raise Mistake(f'timeline {given.name}: there is no pose "{key.value}"{near}')


def _notes(found: Visemes, merged: layers.Merged, by_hand: Sequence[Span]) -> Iterator[str]:
    yield f"mouths: {said(found)}"
    for mouth, mood in merged.lacking:
        yield (
            f"no expression has the mouth of {mouth} and the eyes of {mood}: while it speaks,"
            f" {mood} shows as {mouth}"
        )
    for blink in layers.hidden(by_hand, merged.stops):
        yield (
            f"the blink at {blink.start_us / SECOND_US:.2f} s is not shown: the mouth speaks, or no"
            " expression is that mood with closed eyes"
        )

"""One character's folder as this run sees it: where things are, and what was asked for."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.graph import variables
from tasks.graph.node import Graph, Node
from tasks.graph.variables import Variable, Variables
from tasks.ground.errors import Mistake
from tasks.ground.ids import costume_of, did_you_mean
from tasks.requests import engine

if TYPE_CHECKING:
    from tasks.character.character import Character
    from tasks.character.known import Checked
    from tasks.takes.choices import Choices, ChoicesFile

STORE_FOLDER = ".takes"
_KEYFRAMES, _SEQUENCES = "endpoints", "sequences"
"""the folders of keyframes and of sequences, of a costume too"""


@dataclass(frozen=True)
class Project:
    """Paths are relative to the folder that doit runs in, as in its listings."""

    variables: Variables
    has_key: bool
    official_endpoint: bool

    @cached_property
    def character(self) -> "Character":
        """The config with what the command line says instead, read when it is first asked for.

        Raises `Mistake` with all that is wrong in it.
        """
        return self._read[0]

    @property
    def newly_checked(self) -> "Checked | None":
        """The config as the next run need not check it again; None where the last one's will do."""
        return self._read[1]

    @cached_property
    def _read(self) -> "tuple[Character, Checked | None]":
        from tasks.graph.character import read_character

        return read_character(self)

    @cached_property
    def graph(self) -> Graph:
        """Its frames; of a config that did not change, without parsing it. Raises `Mistake`."""
        from tasks.graph.cache import read_graph

        return read_graph(self)

    @property
    def choices(self) -> "Choices":
        """What people chose of its frames, as `takes.json` says now. Raises `Mistake`."""
        return self._choices.read()

    @cached_property
    def _choices(self) -> "ChoicesFile":
        from tasks.takes.choices import ChoicesFile

        return ChoicesFile(self.folder)

    @property
    def config(self) -> Path:
        """The config's path."""
        return self.variables.config

    @cached_property
    def folder(self) -> Path:
        """The character's folder: the config's own."""
        return self.config.parent

    @cached_property
    def built(self) -> Path:
        """The folder below which all that is built lies; nothing is written beside it."""
        return self.variables.outdir or self.folder / "frames"

    @cached_property
    def frames(self) -> Path:
        """Where keyframes go: straight into the folder that was named, where one was."""
        return self.variables.outdir or self.built / _KEYFRAMES

    def frames_of(self, costume: str) -> Path:
        """Where the keyframes of a costume go."""
        return self.built / costume / _KEYFRAMES if costume else self.frames

    def sequences_of(self, costume: str) -> Path:
        """Where the frames of a costume's sequences go."""
        return self.built / costume / _SEQUENCES if costume else self.sequences

    @property
    def sheet(self) -> Path:
        """The contact sheet; for paper where that is asked for."""
        paper = self.variables.of_command.get("format") == "pdf"
        return self.built / ("sheet.pdf" if paper else "sheet.png")

    @property
    def costume(self) -> str:
        """The costume that one command is about (`costume=`); empty: the config's own portrait."""
        return str(self.variables.of_command.get("costume", ""))

    @property
    def worn(self) -> "Character":
        """The character in that costume. Raises `Mistake` where there is no such."""
        character, costume = self.character, self.costume
        if costume and costume not in character.costumes:
            near = did_you_mean(costume, character.costumes)
            raise Mistake(f'costume={costume}: {self.config} has no costume "{costume}"{near}')
        return character.wearing(costume)

    @property
    def landmarks(self) -> Path:
        """The portrait with its landmarks."""
        return self.built / self.costume / "face.png"

    @property
    def looks(self) -> Path:
        """What `doit check` flagged, for page and sheet."""
        return self.built / "looks.json"

    @property
    def checks(self) -> Path:
        """What was measured of the keyframes."""
        return self.built / "checks.json"

    @property
    def store(self) -> Path:
        """The folder of the character's takes."""
        return self.folder / STORE_FOLDER

    @cached_property
    def sequences(self) -> Path:
        """Where the frames of sequences go."""
        return self.built / _SEQUENCES

    @property
    def previews(self) -> Path:
        """Where films of sequences go."""
        return self.built / "previews"

    @property
    def exports(self) -> Path:
        """Where exports go, a folder each."""
        return self.built / "exports"

    @property
    def timelines(self) -> Path:
        """Where what comes of timelines goes, a folder for each."""
        return self.built / "timelines"

    def place_path(self, place: str) -> str:
        """The path of a picture by its place: `endpoints/...png` or `sequences/.../...png`; before
        it, the costume."""
        room, _, rest = place.partition("/")
        if room not in {_KEYFRAMES, _SEQUENCES}:
            return f"{self._built_prefix}{place}"
        return self.sequence_path(rest) if room == _SEQUENCES else f"{self._frames_prefix}{rest}"

    def sequence_path(self, place: str) -> str:
        """The path of what lies at `place` below the folder of sequences; before it, the costume,
        whose own folder of sequences it is then."""
        costume, below = costume_of(place)
        if costume:
            return f"{self._built_prefix}{costume}{os.sep}{_SEQUENCES}{os.sep}{below}"
        return f"{self._sequences_prefix}{place}"

    def path_of(self, node: Node) -> str:
        """Where a frame goes."""
        if node.place:
            return self.sequence_path(node.place)
        return self.target(node.expression, node.pose, node.costume)

    def keyframe_path(self, name: str) -> str:
        """Where the keyframe of that name goes: `sad__center`, `summer/sad__center`."""
        costume, below = costume_of(name)
        return f"{self._keyframes_prefix(costume)}{below}.png"

    def is_built(self, path: Path) -> bool:
        """Whether a picture is a frame that is built here, rather than the artist's own."""
        if path.parent == self.frames or path.parent.parent == self.sequences:
            return True
        return any(
            path.parent == self.frames_of(costume)
            or path.parent.parent == self.sequences_of(costume)
            for costume in self.character.costumes
        )

    @cached_property
    def _sequences_prefix(self) -> str:
        return str(self.sequences / "_")[:-1]

    def target(self, expression: str, pose: str, costume: str = "") -> str:
        """The path of the frame of one expression at one pose, in a costume."""
        return f"{self._keyframes_prefix(costume)}{expression}__{pose}.png"

    def _keyframes_prefix(self, costume: str) -> str:
        if not costume:
            return self._frames_prefix
        return f"{self._built_prefix}{costume}{os.sep}{_KEYFRAMES}{os.sep}"

    @cached_property
    def _frames_prefix(self) -> str:
        # pathlib would take most of the time of a run over ten thousand frames.
        return str(self.frames / "_")[:-1]

    @cached_property
    def _built_prefix(self) -> str:
        return str(self.built / "_")[:-1]

    def input_path(self, named: str) -> Path:
        """A path that the config names: it counts from the config's folder."""
        return _below(self._folder_text, named)

    @cached_property
    def _folder_text(self) -> str:
        return str(self.folder)


@lru_cache(maxsize=64)
def _below(folder: str, named: str) -> Path:
    # Asked for every frame, most often of one portrait.
    return Path(os.path.normpath(os.path.join(folder, named)))  # noqa: PTH118


def open_project(given: Mapping[str, str], of_commands: Iterable[Variable] = ()) -> Project:
    """The project that a command line means. Raises `Mistake` for a variable that is wrong.

    `of_commands`: the variables that one command or target alone reads.
    """
    return Project(
        variables=variables.read(given, of_commands),
        has_key=engine.has_key(os.environ),
        official_endpoint=not os.environ.get(engine.ENDPOINT_VARIABLE, "").strip(),
    )

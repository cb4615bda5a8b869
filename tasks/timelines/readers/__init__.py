"""Timing files of every kind, recognised by what is in them and not by their names."""

from collections.abc import Callable

from tasks.ground.errors import Mistake
from tasks.timelines.readers import shapes, subtitles, textgrid, words
from tasks.timelines.readers.source import Source, decoded
from tasks.timelines.readers.textgrid import Tiers
from tasks.timelines.timing import Timing

__all__ = ["DAT_FPS", "Tiers", "read"]

DAT_FPS = 24.0
"""what readers of .dat files take for granted"""
KINDS = (
    "Praat TextGrid as text, Montreal JSON or CSV, Rhubarb TSV, XML or JSON, Moho .dat, Papagayo"
    " .pgo, Whisper, WhisperX or Gentle JSON, Polly marks, Azure visemes, Allosaurus, SRT, WebVTT"
)


def read(data: bytes, name: str, tiers: Tiers | None = None, dat_fps: float = DAT_FPS) -> Timing:
    """What the timing file `name` with these bytes says.

    Raises `Mistake`, in one line with the place, where it is damaged or of no known kind.
    """
    tiers = tiers or Tiers()
    if data.startswith(textgrid.BINARY):
        raise Mistake(
            f"{name}: a binary Praat file is not read; open it in Praat and choose"
            ' "Save as text file..."'
        )
    source = decoded(data, name)
    if not source.text.strip():
        raise Mistake(f"{name}: it is empty")
    source = Source(name, source.text.lstrip("\n"))
    if textgrid.is_textgrid(source):
        return textgrid.read_textgrid(source, tiers)
    if source.text.lstrip()[:1] in {"{", "["}:
        return _of_json(source, tiers)
    return _of_lines(source, tiers, dat_fps)


def _of_json(source: Source, tiers: Tiers) -> Timing:
    if words.is_polly(source):
        return words.read_polly(source)
    document = source.document
    if textgrid.is_montreal_json(document):
        return textgrid.read_montreal_json(source, tiers)
    kinds: tuple[tuple[Callable[[object], bool], Callable[[Source], Timing]], ...] = (
        (shapes.is_rhubarb_json, shapes.read_rhubarb_json),
        (words.is_azure, words.read_azure),
        (words.is_gentle, words.read_gentle),
        (words.is_whisper, words.read_whisper),
    )
    return _first(source, [(is_one(document), read_one) for is_one, read_one in kinds])


def _of_lines(source: Source, tiers: Tiers, dat_fps: float) -> Timing:
    if textgrid.is_montreal_csv(source):
        return textgrid.read_montreal_csv(source, tiers)
    if shapes.is_dat(source):
        return shapes.read_dat(source, dat_fps)
    kinds: tuple[tuple[Callable[[Source], bool], Callable[[Source], Timing]], ...] = (
        (shapes.is_xml, shapes.read_xml),
        (shapes.is_pgo, shapes.read_pgo),
        (shapes.is_tsv, shapes.read_tsv),
        (subtitles.is_subtitles, subtitles.read_subtitles),
        (shapes.is_allosaurus, shapes.read_allosaurus),
    )
    return _first(source, [(is_one(source), read_one) for is_one, read_one in kinds])


def _first(source: Source, kinds: list[tuple[bool, Callable[[Source], Timing]]]) -> Timing:
    for is_one, read_one in kinds:
        if is_one:
            return read_one(source)
    raise source.mistake(f"no timing file of a known kind ({KINDS})"[:290], 1)

"""Timing files of every kind: read, and, where they are damaged, refused in one line."""

import json
from pathlib import Path

import pytest

from tasks.ground.errors import Mistake
from tasks.timelines.readers import Tiers, read
from tasks.timelines.timing import AZURE, PHONES, POLLY, PRESTON_BLAIR, RHUBARB, Timing

SAMPLES = Path(__file__).parent / "samples"
TSV = "0.00\tX\n0.05\tD\n0.27\tC\n0.31\tB\n0.43\tX\n0.47\tX\n"
XML = """<?xml version="1.0" encoding="utf-8"?>
<rhubarbResult><metadata><soundFile>hi.wav</soundFile><duration>0.47</duration></metadata>
<mouthCues><mouthCue start="0.00" end="0.05">X</mouthCue>
<mouthCue start="0.05" end="0.27">D</mouthCue>
<mouthCue start="0.27" end="0.31">C</mouthCue><mouthCue start="0.31" end="0.43">B</mouthCue>
<mouthCue start="0.43" end="0.47">X</mouthCue></mouthCues></rhubarbResult>
"""
RHUBARB_JSON = json.dumps(
    {
        "metadata": {"soundFile": "hi.wav", "duration": 0.47},
        "mouthCues": [
            {"start": 0.0, "end": 0.05, "value": "X"},
            {"start": 0.05, "end": 0.27, "value": "D"},
            {"start": 0.27, "end": 0.31, "value": "C"},
            {"start": 0.31, "end": 0.43, "value": "B"},
            {"start": 0.43, "end": 0.47, "value": "X"},
        ],
    },
    indent=1,
)
DAT = "MohoSwitch1\n1 X\n2 D\n7 C\n8 B\n11 X\n12 X\n"
PGO = """lipsync version 1
hi.wav
24
12
1
\tAnn
\thi there
\t1
\t\thi there
\t\t1
\t\t9
\t\t2
\t\t\thi 1 4 2
\t\t\t\t1 AI
\t\t\t\t3 E
\t\t\tthere 5 9 1
\t\t\t\t5 rest
"""
MFA_CSV = """Begin,End,Label,Type,Speaker
0.62,1.18,hello,words,default
0.62,0.71,HH,phones,default
0.71,0.81,AH0,phones,default
0.81,0.85,L,phones,default
0.85,1.18,OW1,phones,default
"""
MFA_JSON = json.dumps(
    {
        "start": 0,
        "end": 1.6,
        "tiers": {
            "Ann - words": {"type": "interval", "entries": [[0.62, 1.18, "hello"]]},
            "Ann - phones": {"type": "interval", "entries": [[0, 0.62, ""], [0.62, 1.18, "ə"]]},
            "Bob - words": {"type": "interval", "entries": [[1.2, 1.5, "yes"]]},
            "Bob - phones": {"type": "interval", "entries": [[1.2, 1.5, "j"]]},
        },
    }
)
WHISPER = json.dumps(
    {
        "text": " Hello 7 world.",
        "segments": [
            {
                "start": 0.0,
                "end": 1.6,
                "text": " Hello 7 world.",
                "words": [
                    {"word": " Hello", "start": 0.0, "end": 0.4},
                    {"word": " 7"},
                    {"word": " world.", "start": 1.0, "end": 1.6},
                ],
            }
        ],
    }
)
GENTLE = json.dumps(
    {
        "words": [
            {
                "case": "success",
                "word": "hi",
                "start": 0.2,
                "end": 0.5,
                "phones": [{"phone": "hh_B", "duration": 0.1}, {"phone": "ay1_E", "duration": 0.2}],
            },
            {"case": "not-found-in-audio", "word": "um"},
        ]
    }
)
POLLY_MARKS = """{"time":0,"type":"word","start":0,"end":2,"value":"hi"}
{"time":6,"type":"viseme","value":"k"}
{"time":150,"type":"viseme","value":"a"}
{"time":400,"type":"viseme","value":"sil"}
"""
AZURE_TICKS = json.dumps(
    [{"AudioOffset": 0, "VisemeId": 0}, {"AudioOffset": 500000, "VisemeId": 21}]
)
AZURE_MS = json.dumps([{"audio_offset": 0, "viseme_id": 0}, {"audio_offset": 50, "viseme_id": 21}])
AZURE_SOCKET = json.dumps(
    {
        "Metadata": [
            {"Type": "Viseme", "Data": {"Offset": 0, "VisemeId": 0, "IsLastAnimation": False}},
            {"Type": "Viseme", "Data": {"Offset": 500000, "VisemeId": 21}},
        ]
    }
)
ALLOSAURUS = "0.030 0.045 o\n0.060 0.045 w\n0.150 0.045 p\n"
SRT = (
    "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\n[happy] Hello\r\nthere\r\n\r\n2\r\n"
    "00:00:03.000 --> 00:00:04,000 X1:0 X2:100\r\nANN: Bye\r\n"
)
VTT = """WEBVTT

NOTE a remark

STYLE
::cue { color: red }

sad
00:00:00.000 --> 00:00:01.000
Oh no.

2
00:01.500 --> 00:02.000
<v Fred>I <b>like</b> it.</v>
"""
ALL = {
    "tsv": TSV,
    "xml": XML,
    "rhubarb.json": RHUBARB_JSON,
    "dat": DAT,
    "pgo": PGO,
    "mfa.csv": MFA_CSV,
    "mfa.json": MFA_JSON,
    "whisper": WHISPER,
    "gentle": GENTLE,
    "polly": POLLY_MARKS,
    "azure ticks": AZURE_TICKS,
    "azure ms": AZURE_MS,
    "azure socket": AZURE_SOCKET,
    "allosaurus": ALLOSAURUS,
    "srt": SRT,
    "vtt": VTT,
    "textgrid": (SAMPLES / "long_utf8.TextGrid").read_text(encoding="utf-8"),
    "short textgrid": (SAMPLES / "short_utf8.TextGrid").read_text(encoding="utf-8"),
}


def of(text: str, **how: object) -> Timing:
    return read(text.encode(), "file.txt", **how)


def labels(timing: Timing) -> str:
    return " ".join(span.label or "-" for span in timing.sounds)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("[ls]*o[nr]*_*utf*.TextGrid")), ids=str)
def test_praats_own_files_read_the_same_in_every_form_and_encoding(path: Path):
    found = read(path.read_bytes(), path.name)
    assert labels(found) == "- h ə -"
    assert [word.label for word in found.words] == ['say "héllo" ŋ'] or "latin1" in path.name
    assert found.duration_us == 2_300_000
    assert found.sounds[1].start_us == 500_000


def test_latin_1_is_read():
    path = SAMPLES / "long_latin1.TextGrid"
    assert [word.label for word in read(path.read_bytes(), path.name).words] == ["déjà"]


@pytest.mark.parametrize("name", ["chrono_utf8", "binary_utf8"])
def test_what_is_not_read_says_how_to_convert_it(name: str):
    path = SAMPLES / f"{name}.TextGrid"
    with pytest.raises(Mistake, match="Save as text file") as raised:
        read(path.read_bytes(), path.name)
    assert "\n" not in str(raised.value)


def test_tiers_are_chosen_by_name_and_speaker():
    grid = ALL["textgrid"].replace('name = "phones"', 'name = "Ann - phones"')
    assert labels(of(grid)) == "- h ə -"
    assert labels(of(grid.replace("Ann - phones", "my sounds"), tiers=Tiers(phones="my *"))) == (
        "- h ə -"
    )
    assert labels(of(MFA_JSON, tiers=Tiers(speaker="bob"))) == "j"
    nameless = grid.replace("words", "a").replace("Ann - phones", "b")
    with pytest.raises(Mistake, match=r"no tier of phones or words; name one .*a, b, bell"):
        of(nameless)


@pytest.mark.parametrize("form", ["tsv", "xml", "rhubarb.json"])
def test_rhubarbs_three_forms_say_the_same(form: str):
    found = of(ALL[form])
    assert (found.alphabet, found.duration_us) == (RHUBARB, 470_000)
    assert labels(found) == "X D C B X"
    assert found.sounds[1].start_us == 50_000


def test_a_dat_has_the_rate_that_is_said():
    assert of(DAT).sounds[1].start_us == 41_667
    assert of(DAT, dat_fps=30.0).sounds[1].start_us == 33_333
    blair = "MohoSwitch1\n1 rest\n2 AI\n9 MBP\n12 rest\n"
    assert (of(blair).alphabet, labels(of(blair))) == (PRESTON_BLAIR, "rest AI MBP")


def test_papagayo_has_words_phrases_and_shapes():
    found = of(PGO)
    assert [word.label for word in found.words] == ["hi", "there"]
    assert (found.cues[0].speaker, labels(found)) == ("Ann", "AI E rest")


def test_montreals_csv_and_json():
    assert labels(of(MFA_CSV)) == "HH AH0 L OW1"
    assert [word.label for word in of(MFA_JSON).words] == ["hello", "yes"]


def test_a_word_without_a_time_lies_between_its_neighbours():
    seven = of(WHISPER).words[1]
    assert (seven.label, seven.start_us, seven.end_us) == ("7", 400_000, 1_000_000)


def test_gentle_adds_lengths_and_names_what_it_missed():
    found = of(GENTLE)
    assert [(s.label, s.start_us) for s in found.sounds] == [("hh", 200_000), ("ay1", 300_000)]
    assert found.notes == ("words without a time: um",)


def test_events_of_voices():
    assert (of(POLLY_MARKS).alphabet, labels(of(POLLY_MARKS))) == (POLLY, "k a sil")
    for text in (AZURE_TICKS, AZURE_MS, AZURE_SOCKET):
        found = of(text)
        assert found.alphabet == AZURE
        assert [(s.label, s.start_us) for s in found.sounds] == [("0", 0), ("21", 50_000)]


def test_subtitles_name_faces_and_speakers():
    first, second = of(SRT).cues
    assert (first.expression, first.text, first.end_us) == ("happy", "Hello there", 2_500_000)
    assert (second.speaker, second.text, second.start_us) == ("ANN", "Bye", 3_000_000)
    first, second = of(VTT).cues
    assert (first.expression, first.text) == ("sad", "Oh no.")
    assert (second.speaker, second.text, second.expression) == ("Fred", "I like it.", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TSV.replace("0.27\tC", "0.27 C"), r"file\.txt, line 3: .*no time, tab and shape"),
        (TSV.replace("0.31", "0.21"), r"line 4: 0\.21 comes after a later time"),
        (XML.replace("</mouthCues>", ""), r"line 6: no whole XML"),
        ("<!DOCTYPE x>" + XML, "a document type is not read"),
        (RHUBARB_JSON.replace('"C"', '"Q"'), r"line 20, column 13: \$\.mouthCues\[2\]\.value"),
        (RHUBARB_JSON.replace("0.27,", '"x",'), r'\$\.mouthCues\[1\]\.end: "x" is no time'),
        (RHUBARB_JSON[:-1], "line"),
        (DAT.replace("7 C", "7 Q"), r"line 4: '7 Q' is no frame and shape"),
        ("\n".join(PGO.split("\n")[:12]), r"line 12: it breaks off before a word"),
        (MFA_CSV.replace("0.85,1.18", "0.85,0.18"), r"line 6: OW1 ends at 0\.18, before"),
        (ALL["textgrid"].replace("size = 4", "size = 5"), r"5 intervals are announced, 4 are"),
        (ALL["textgrid"].replace('"ə"', '"ə'), "has no end"),
        (ALL["textgrid"][:700], "are announced|has no end"),
        (POLLY_MARKS.replace('"time":150', '"time":"x"'), r'line 3: "x" is no time'),
        (AZURE_MS.replace("21", "22"), "22 is not one of 0 to 21"),
        (SRT.replace("-->", "->", 1), r"line 2: "),
        (VTT.replace("00:01.500 -->", "00:03.500 -->"), "ends before it begins"),
        (ALLOSAURUS + "nonsense here\n", r"line 4: "),
        ("just words\n", "no timing file of a known kind"),
        ("", "it is empty"),
        ("1e999 x", "known kind"),
    ],
)
def test_a_damaged_file_is_one_line_with_its_place(text: str, message: str):
    with pytest.raises(Mistake, match=message) as raised:
        of(text)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("file.txt")


@pytest.mark.parametrize("form", ALL)
def test_wherever_a_file_breaks_off_it_is_read_or_refused(form: str):
    data, said = ALL[form].encode(), []
    for end in range(0, len(data), max(1, len(data) // 60)):
        for damaged in (data[:end], data[:end] + b"\x00\xff" + data[end:]):
            try:
                found = read(damaged, "file.txt")
            except Mistake as mistake:
                said.append(str(mistake))
            else:
                assert all(span.end_us > span.start_us >= 0 for span in found.sounds)
    assert said
    assert "\n" not in "".join(said)


def test_labels_are_of_the_alphabet_that_is_said():
    assert of(ALL["textgrid"]).alphabet == PHONES

"""Small JSON files: one reader, one writer, one type each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from tasks.ground.json_file import read, read_or_none, typed, write


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    count: int


@dataclass(frozen=True)
class Outer:
    name: str
    share: float = 0.5
    colour: Colour = Colour.RED
    inner: Inner | None = None
    files: tuple[str, ...] = ()
    frames: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    usage: Mapping[str, Any] = field(default_factory=dict)


FULL = {
    "name": "n",
    "share": 1,
    "colour": "red",
    "inner": {"count": 3},
    "files": ["a", "b"],
    "frames": {"k": ["x"]},
    "usage": {"deep": [1, {"er": None}]},
}


def test_plain_data_becomes_its_type():
    usage = FULL["usage"]
    expected = Outer("n", 1, Colour.RED, Inner(3), ("a", "b"), {"k": ("x",)}, usage)
    assert typed(Outer, FULL) == expected
    assert typed(Outer, {"name": "n", "inner": None}) == Outer("n")


def test_what_a_later_version_wrote_is_passed_over():
    assert typed(Outer, {"name": "n", "later": 1}) == Outer("n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": 3}, "name: must be of type str"),
        ({"name": None}, "name: must be of type str"),
        ({"share": "1"}, "share: must be of type float"),
        ({"share": True}, "share: must be of type float"),
        ({"share": float("nan")}, "share: must be finite"),
        ({"colour": "blue"}, "colour: 'blue' is not a valid"),
        ({"inner": {}}, "inner: count is missing"),
        ({"inner": {"count": 1.5}}, "inner: count: must be of type int"),
        ({"inner": {"count": True}}, "inner: count: must be of type int"),
        ({"files": "ab"}, "files: must be a list"),
        ({"files": ["a", 1]}, "files: must be of type str"),
        ({"frames": []}, "frames: must be an object"),
        ({"frames": {"k": "x"}}, "frames: must be a list"),
    ],
)
def test_what_is_not_of_its_type_is_named(change, said):
    with pytest.raises((TypeError, ValueError), match=said):
        typed(Outer, {**FULL, **change})


@pytest.mark.parametrize("document", [None, [], "x", 3])
def test_only_an_object_can_be_data(document):
    with pytest.raises(TypeError, match="Outer is no object"):
        typed(Outer, document)


@pytest.mark.parametrize("indent", [None, 1, 2])
def test_what_is_written_is_read_back(tmp_path: Path, indent):
    path = tmp_path / "below" / "a.json"
    document = {"word": "té\u2028te", "half": "\ud800", "list": [1, None]}
    write(path, document, indent=indent)
    assert read(path) == document
    assert path.read_bytes().endswith(b"\n")
    assert (path.read_bytes().count(b"\n") == 1) == (indent is None)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 200_000])
def test_a_damaged_file_is_none(tmp_path: Path, data: bytes):
    path = tmp_path / "a.json"
    assert read_or_none(path) is None
    path.write_bytes(data)
    assert read_or_none(path) is None
    assert read_or_none(tmp_path) is None
    path.write_text(json.dumps([1]))
    assert read_or_none(path) == [1]

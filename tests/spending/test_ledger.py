"""The ledger: a line for every call, whoever writes, whatever happened to the file."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.models.prices import Tokens
from tasks.spending.ledger import DRAWN, Entry, Ledger

ENTRY = Entry(
    at="2026-11-22T10:00:00.000+00:00",
    frame="happy_big__tilt_left",
    key="3fa9",
    model="gpt-image-2.5-sunburst",
    size="1024x1536",
    quality="high",
    references=1,
    outcome=DRAWN,
    cost_usd=0.1909,
    estimate_usd=0.24,
    tokens=Tokens(100, 400, 6240),
    latency_s=31.5,
)


def entry(number: int) -> Entry:
    """One that can be told from others."""
    return Entry("2026-11-22", f"sad_{number}__center", "k", "m", "64x96", "high", 1, "refused")


def damaged(**changes: object) -> bytes:
    """A line that is sound but for these."""
    sound = {"at": "t", "frame": "f", "key": "k", "model": "m", "size": "s", "quality": "q"}
    return json.dumps({**sound, "references": 1, "outcome": DRAWN, **changes}).encode()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / ".takes")


def test_what_was_added_is_read_back(ledger: Ledger):
    assert ledger.entries() == []
    entries = [ENTRY, entry(1), Entry("t", "a__b", "k", "m", "", "", 0, "lost", note="Nö\n„so“")]
    for one in entries:
        ledger.add(one)
    assert Ledger(ledger.path.parent).entries() == entries


def test_a_line_is_plain_json_without_what_is_not_known(ledger: Ledger):
    ledger.add(entry(7))
    assert json.loads(ledger.path.read_text()) == {
        "at": "2026-11-22",
        "frame": "sad_7__center",
        "key": "k",
        "model": "m",
        "size": "64x96",
        "quality": "high",
        "references": 1,
        "outcome": "refused",
    }


def test_the_expression_of_a_frame_is_all_before_its_pose():
    assert ENTRY.expression == "happy_big"


def test_a_reader_reads_on_where_it_ended_and_sees_what_others_wrote(ledger: Ledger):
    other = Ledger(ledger.path.parent)
    ledger.add(entry(1))
    assert other.entries() == [entry(1)]
    seen = other.entries()
    ledger.add(entry(2))
    other.add(entry(3))
    assert other.entries() == [entry(1), entry(2), entry(3)]
    assert seen == [entry(1)]


def test_a_line_that_a_power_cut_left_half_spoils_no_other(ledger: Ledger):
    ledger.add(entry(1))
    with ledger.path.open("ab") as file:
        file.write(b'{"at":"2026-11-22","frame":"half')
    assert ledger.entries() == [entry(1)]
    ledger.add(entry(2))
    assert ledger.entries() == [entry(1), entry(2)]
    assert Ledger(ledger.path.parent).entries() == [entry(1), entry(2)]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[1]",
        b"nonsense",
        b"\xff\xfe",
        b"{}",
        b'{"at": 5}',
        b"[" * 100_000,
        damaged(frame=1),
        damaged(tokens={"text_in": "x"}),
        damaged(tokens={"other": 1}),
        damaged(size=["s"]),
        damaged(references="1"),
        damaged(cost_usd="0.1"),
        damaged(cost_usd=float("nan")),
        damaged(cost_usd=10**400),
    ],
)
def test_a_damaged_line_is_passed_over(ledger: Ledger, line: bytes):
    ledger.add(entry(1))
    with ledger.path.open("ab") as file:
        file.write(line + b"\n")
    ledger.add(entry(2))
    assert ledger.entries() == [entry(1), entry(2)]


def test_what_a_later_version_wrote_beside_is_passed_over(ledger: Ledger):
    ledger.add(ENTRY)
    content = json.loads(ledger.path.read_text()) | {"mood": "good"}
    ledger.path.write_text(json.dumps(content) + "\n")
    assert ledger.entries() == [ENTRY]


def test_a_note_that_no_file_can_hold_is_no_reason_to_lose_the_line(ledger: Ledger):
    ledger.add(Entry("t", "a__b", "k", "m", "", "", 0, "refused", note="half \ud800 a pair"))
    (read,) = ledger.entries()
    assert read.note.startswith("half ")


def test_threads_write_whole_lines(ledger: Ledger):
    def write(first: int) -> None:
        for number in range(first, first + 20):
            ledger.add(entry(number))

    threads = [threading.Thread(target=write, args=(100 * start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    frames = {one.frame for one in ledger.entries()}
    assert len(ledger.entries()) == len(frames) == 160


PROGRAM = """
import sys
from pathlib import Path
from tasks.spending.ledger import Entry, Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(40):
    name = f"sad_{int(sys.argv[2]) + number}__center"
    ledger.add(Entry("2026-11-22", name, "k", "m", "64x96", "high", 1, "refused"))
"""


def test_processes_write_whole_lines(ledger: Ledger):
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(ledger.path.parent), str(1000 * n)], cwd=root
        )
        for n in range(3)
    ]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    assert len(ledger.path.read_bytes().splitlines()) == 120
    assert len({one.frame for one in ledger.entries()}) == 120


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.builds(
            Entry,
            TEXT,
            TEXT,
            TEXT,
            TEXT,
            TEXT.filter(bool),
            TEXT.filter(bool),
            st.integers(0, 16),
            TEXT,
            st.none() | st.floats(0, 1e6),
            st.none() | st.floats(0, 1e6),
            st.none() | st.builds(Tokens, *[st.integers(0, 10**9)] * 3),
            st.none() | st.floats(0, 1e6),
            TEXT,
            TEXT,
        ),
        max_size=4,
    )
)
def test_every_entry_comes_back_as_it_was(tmp_path_factory, entries: list[Entry]):
    ledger = Ledger(tmp_path_factory.mktemp("ledger"))
    for one in entries:
        ledger.add(one)
    assert Ledger(ledger.path.parent).entries() == entries

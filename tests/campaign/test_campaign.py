"""The short part of the campaign; the long one: `uv run python -m tests.campaign`."""

import json
from pathlib import Path

import pytest

from tests.campaign.campaign import FEW, Broken, Campaign, Step, half_written
from tests.harness.batch_server import BatchServer


def test_kills_lose_nothing_and_leave_no_trace(tmp_path: Path):
    with BatchServer() as server:
        tally = Campaign(tmp_path, server, seed=7, targets=FEW).run(kills=4)
    assert tally.kills == 4
    assert tally.takes
    assert tally.files


@pytest.mark.parametrize("name", ["a.png", "a.json", "a.webp", "a.zip", "a.html", "a.jsonl"])
def test_what_is_half_written_is_seen(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(b"{half")
    assert half_written(path)


def test_a_take_that_is_gone_and_a_second_purchase_are_seen(tmp_path: Path):
    with BatchServer() as server:
        campaign = Campaign(tmp_path, server, seed=1)
        take = campaign.project.path / ".takes" / "ab" / f"{'ab' * 32}.{'0' * 12}.png"
        take.parent.mkdir(parents=True)
        take.write_bytes((tmp_path / "project/frames/base/neutral__center.png").read_bytes())
        campaign.check(frozenset(), 0, Step(()))
        campaign._answered.append("asked")
        with pytest.raises(Broken, match="bought again"):
            campaign.check(frozenset({"asked"}), 0, Step(()))
        take.unlink()
        with pytest.raises(Broken, match="lost, or altered"):
            campaign.check(frozenset(), 1, Step(()))
    assert json.dumps(campaign.tally.steps) == "{}"

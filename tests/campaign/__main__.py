"""The long campaign.

uv run python -m tests.campaign [--kills 300] [--minutes 60] [--seed 1]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.campaign.campaign import Broken, Campaign
from tests.harness.batch_server import BatchServer


def main() -> int:
    """Run it; what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, BatchServer() as server:
        campaign = Campaign(Path(folder), server, asked.seed)
        try:
            tally = campaign.run(asked.kills, began_s + 60 * asked.minutes)
        except Broken as broken:
            sys.stdout.write(f"After {campaign.tally.kills} kills, seed {asked.seed}: {broken}\n")
            return 1
    sys.stdout.write(f"{tally}\nAll held, in {time.monotonic() - began_s:.0f} s.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

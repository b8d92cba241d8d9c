"""One seed plays the whole system in one process: people, machines, wire, clock, disk and server (`make sim`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

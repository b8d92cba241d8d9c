"""The workbooks of `bench` serve here, too: the folder above the tests is on the path."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent.parent))

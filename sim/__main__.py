"""`make sim SEEDS=1000 FIRST=0`: see `campaign.py`."""

import sys

from sim import marks

marks.install()  # before anything of the program is imported

from sim.campaign import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())

"""`make corpus DIR=FOLDER`: runs `check` on every workbook of a folder and reports what it did not bear.

Each must end with 0, 3 or 7, within seconds, within 700 MB (the reader's process counted), without a traceback.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

COMMAND = Path(sys.executable).with_name("xlsx2opeasy")
MOST_SECONDS = 20.0
MOST_MEGABYTES = 700
GOOD_CODES = (0, 3, 7)


def check(path: Path) -> tuple[int, float, float, str]:
    """Exit code, seconds, the largest process in MB, and everything printed."""
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen([COMMAND, "check", path], stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        output.seek(0)
        printed = output.read().decode(errors="replace")
    return process.returncode, seconds, usage.ru_maxrss / 1024, printed


def complaints(path: Path) -> tuple[int, list[str]]:
    """The exit code, and what the workbook did that it must not."""
    code, seconds, megabytes, printed = check(path)
    found = []
    if code not in GOOD_CODES:
        found.append(f"exit code {code}")
    if seconds > MOST_SECONDS:
        found.append(f"{seconds:.0f} s")
    if megabytes > MOST_MEGABYTES:
        found.append(f"{megabytes:.0f} MB")
    if "Traceback" in printed or "internal error of xlsx2opeasy" in printed:
        found.append(printed.strip().splitlines()[-1][:200])
    return code, found


def main(folder: Path) -> int:
    """Prints a line for each workbook with a complaint, and a count at the end."""
    codes: Counter[int] = Counter()
    bad = 0
    for path in sorted(path for path in folder.rglob("*.xls*") if path.is_file()):
        code, found = complaints(path)
        codes[code] += 1
        if found:
            bad += 1
            print(f"{path.name}: {', '.join(found)}")
    said = ", ".join(f"{number} ended with {code}" for code, number in sorted(codes.items()))
    print(f"{sum(codes.values())} workbooks: {said}; {bad} with a complaint")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""Changed workbooks and answers, whatever they say, before our readers: `make fuzz-readers`.

A seed is a workbook with a few changes (other spellings of the same, or damage), held against a second reader
and against ourselves. Each is played in a process with limits of memory and time. A finding is printed with the
changes that are needed for it.
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from load.crash import Frozen
from load.fuzz import frozen_jobs
from readers.answer_seeds import play_commands, play_load
from readers.bases import bases
from readers.workbook_seeds import Plan, facts, play, shortest
from seeds import ROOM, Seeds

_ANSWERS_IN = 5
"""Seeds; one of them changes answers, the others workbooks."""


def workbook(
    seed: int, books: Mapping[str, bytes | None], before: Mapping[str, Any], tally: Counter[str]
) -> str:
    """What a seed of workbooks finds, with the changes that are needed for it."""
    plan = Plan.of(seed)
    verdict = play(plan, books, before)
    tally.update(f"workbook: {each}" for each in verdict.counted)
    if not verdict.finding:
        return ""
    kept = shortest(plan, books, before)
    finding = play(plan, books, before, kept).finding.strip()
    return "\n    ".join((f"{plan.base}: {finding}", *plan.made(books[plan.base] or b"", kept)[1]))


def answer(seed: int, jobs: list[Frozen], tally: Counter[str]) -> str:
    """What a seed of answers finds, with the changes."""
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        try:
            if seed % (2 * _ANSWERS_IN):
                play_load(seed, jobs, Path(name), tally)
            else:
                play_commands(seed, Path(name), tally)
        except Exception as error:  # noqa: BLE001 - whatever ends a seed is a finding
            return "\n    ".join((repr(error), *getattr(error, "__notes__", [])))
    return ""


def main() -> int:
    """Plays seeds; the exit code is 1 where one found something."""
    seeds, broken, books = Seeds(__doc__), [], bases()
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    before = facts(books)
    with tempfile.TemporaryDirectory(dir=ROOM) as name:
        jobs = frozen_jobs(Path(name) / "jobs")
        for seed in seeds.every:
            if seed % _ANSWERS_IN:
                finding = workbook(seed, books, before, seeds.tally)
            else:
                finding = answer(seed, jobs, seeds.tally)
            if finding:
                broken.append(seed)
                sys.stdout.write(f"seed {seed}: {finding}\n")
                sys.stdout.flush()
                if seeds.until_broken:
                    break
    return seeds.report(broken)


if __name__ == "__main__":
    sys.exit(main())

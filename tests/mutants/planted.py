"""`make mutants-planted`: each planted mutant of the protocol in a copy of the tree, until a campaign finds it.

A mutant is a patch in `planted/`, whose first line says what it breaks. The seeds of `make sim` are played until one breaks,
then some of `make fuzz`; where none does, the tests of the rooms are asked. The table is written into docs/safety.md; a mutant that stands
in `build/mutants-planted.json` already is not played again.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATCHES = Path(__file__).with_name("planted")
PAGE = ROOT / "docs" / "safety.md"
KEPT = ROOT / "build" / "mutants-planted.json"
BEGIN, END = "<!-- planted mutants: made by `make mutants-planted` -->", "<!-- end of planted mutants -->"
TESTS = (
    "load/test_refused_deletions.py",
    "load/test_tried_out.py",
    *(f"load/test_matrix_{each}.py" for each in ("network", "truth", "state", "crashes")),
)
OF_STORE = ("store/test_ownership.py", "store/test_contract.py", "store/test_queue.py")
TARGETS = {"sim": "make sim", "load.fuzz": "make fuzz"}
FUZZ_SHARE = 20
"""Of so many seeds one is played with real processes, where the simulation found nothing."""
_LONGEST = 1800
"""Seconds for one mutant: one that never ends is found, too."""


def patches() -> list[Path]:
    """All planted mutants."""
    return sorted(PATCHES.glob("*.patch"))


def what_it_breaks(patch: Path) -> str:
    """The first line of a patch."""
    return patch.read_text(encoding="utf-8").partition("\n")[0]


def applied(patch: Path, tree: Path, *options: str) -> bool:
    """Whether the patch fits the tree exactly; it is applied unless `--check` is among the options."""
    command = ("git", "apply", *options, str(patch))
    return subprocess.run(command, check=False, cwd=tree, capture_output=True).returncode == 0


@contextlib.contextmanager
def planted(patch: Path) -> Iterator[Path]:
    """A copy of the tree with the mutant."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        for each in ("src", "tests", "sim"):
            shutil.copytree(ROOT / each, tree / each)
        for each in ("pyproject.toml", "example_workbooks", "templates", "docs"):
            source = ROOT / each
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, tree / each)
        if not applied(patch, tree):
            raise SystemExit(f"{patch.name} no longer applies")
        yield tree


def found_by(patch: Path, seeds: int) -> str:
    """What found the mutant, in words; "" where nothing did."""
    with planted(patch) as tree:
        if "src/xlsx2opeasy/store/" in patch.read_text(encoding="utf-8"):
            return _by_tests(tree, OF_STORE)
        return (
            _by_campaign(tree, "sim", seeds)
            or _by_campaign(tree, "load.fuzz", max(1, seeds // FUZZ_SHARE))
            or _by_tests(tree, TESTS)
        )


def run(tree: Path, *arguments: str) -> str:
    """What the command printed; its last line is `failed` where it did, or took too long.

    With it ends every process that it left, which would hold its output otherwise.
    """
    path = os.pathsep.join(map(str, (tree / "src", tree / "tests", tree)))
    command = (sys.executable, "-m", *arguments)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        process = subprocess.Popen(
            command,
            cwd=tree,
            env=os.environ | {"PYTHONPATH": path},
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(_LONGEST)
        except subprocess.TimeoutExpired:
            code = None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        printed.seek(0)
        text = printed.read()
    return text + ("\nit never ended" if code is None else "") + ("\nfailed" if code != 0 else "")


def _by_campaign(tree: Path, module: str, seeds: int) -> str:
    printed = run(tree, module, "--seeds", str(seeds), "--until-broken")
    seed = re.search(r"^seed (\d+): (.*)", printed, re.MULTILINE)
    if seed is not None:
        return f"`{TARGETS[module]}`, seed {seed[1]}"
    return f"`{TARGETS[module]}`, before its first seed" if printed.endswith("failed") else ""


def _by_tests(tree: Path, files: tuple[str, ...]) -> str:
    printed = run(tree, "pytest", "-q", "-x", "-p", "no:cacheprovider", *(f"tests/{each}" for each in files))
    test = re.search(r"^FAILED tests/(\S+?)::(\w+)", printed, re.MULTILINE)
    return f"`{test[1]}` `{test[2]}`" if test is not None else ""


def table(found: dict[str, str]) -> str:
    """The table of docs/safety.md; a mutant that was not played yet says so."""
    lines = ["| mutant | it breaks | found by |", "|---|---|---|"]
    for patch in patches():
        by = found.get(patch.stem, "not played yet")
        lines.append(f"| {patch.stem} | {what_it_breaks(patch)} | {by or '**nothing**'} |")
    return "\n".join(lines)


def main() -> int:
    """Plays the mutants; the exit code is 1 where nothing found one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("only", nargs="*", help="names of mutants; all without any")
    chosen = parser.parse_args()
    found: dict[str, str] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    KEPT.parent.mkdir(exist_ok=True)
    for patch in patches():
        wanted = patch.stem in chosen.only if chosen.only else patch.stem not in found
        if wanted:
            found[patch.stem] = found_by(patch, chosen.seeds)
            KEPT.write_text(json.dumps(found, indent=1))
            sys.stdout.write(f"{patch.stem}: {found[patch.stem] or 'NOT FOUND'}\n")
            sys.stdout.flush()
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}", encoding="utf-8")
    return int(not all(found.get(patch.stem, "yes") for patch in patches()))


if __name__ == "__main__":
    sys.exit(main())

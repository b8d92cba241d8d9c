"""`docs/safety.md` names a test for each of the 86 faults, and each of them exists."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "safety.md"
ROW = re.compile(r"\| (F\d\d) \| [^|]+ \| [^|]+ \| `([^`]+)` `(test_\w+)` \|")


def test_every_fault_has_a_test_that_exists() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert [number for number, _, _ in rows] == [f"F{number:02}" for number in range(1, 87)]
    for number, file, name in rows:
        assert f"def {name}(" in (TESTS / file).read_text(encoding="utf-8"), (number, name)

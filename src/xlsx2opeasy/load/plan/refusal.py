"""The counts of a load that was refused after its workbook had been read: nothing of it was sent."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from xlsx2opeasy.check.checked import Checked
from xlsx2opeasy.errors import Xlsx2OpeasyError
from xlsx2opeasy.load.results.row_results import counts_of
from xlsx2opeasy.spec.outcomes import Outcome

_STAYS = (Outcome.UNKNOWN, Outcome.RUNNING)


@contextmanager
def counting_rows(checked: Checked) -> Iterator[None]:
    """Gives what stops the load in this block the counts of the workbook's rows."""
    try:
        yield
    except Xlsx2OpeasyError as error:
        error.rows = error.rows or _counts(checked)
        raise


def _counts(checked: Checked) -> dict[str, int]:
    """By the result beside each row: one that is UNKNOWN or RUNNING stays so, others are not sent."""
    outcomes: Counter[Outcome] = Counter()
    skipped = 0
    for sheet in checked.sheets:
        earlier = sheet.sheet.earlier_results
        for row in sheet.values.index:
            before = earlier[row].outcome if row in earlier else None
            if row in sheet.invalid:
                outcomes[Outcome.INVALID] += 1
            elif before is Outcome.SUCCESS:
                skipped += 1
            else:
                outcomes[before if before in _STAYS else Outcome.NOT_SENT] += 1
    return counts_of(outcomes, skipped)

"""One run of the benchmark: groups of lines, from workbooks made on the spot.

A group that fails loses its own lines only.
"""

from collections.abc import Callable, Iterator, Sequence

from bench import conversion, loads, starts
from bench.context import Context
from bench.lines import Line, Missing

Group = Callable[[Context], list[Line]]

GROUPS: dict[str, Group] = {
    "start": starts.small_workbook,
    "help": starts.help_page,
    "convert": conversion.against_raw_read,
    "wrong": conversion.wrong_rows,
    "upload": loads.upload,
    "modify": loads.modify_load,
    "narrow": loads.narrow_load,
    "results": conversion.results,
    "obvious": conversion.against_obvious_build,
    "growth": conversion.growth,
    "million-check": conversion.million_check,
    "million-load": loads.million_load,
}
"""In the order of the table; what takes longest comes last."""


def measured(context: Context, chosen: Sequence[str]) -> Iterator[list[Line] | Missing]:
    """The lines of the chosen groups, group after group, or why one could not be measured."""
    for name in chosen:
        context.tell(f"--- {name}")
        try:
            yield GROUPS[name](context)
        except Exception as error:  # noqa: BLE001 - the lines of the other groups are worth having
            context.tell(f"not measured: {error}")
            yield Missing(name, f"{type(error).__name__}: {error}")

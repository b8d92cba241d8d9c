"""Rules about the file: which sheets, headers and cells can be read, and what a cell says."""

from typing import Final

from xlsx2opeasy.registry.entry import READING_THE_FILE, Entry, error, warning

_LOST = "what was typed is not in the file any more"
_UNREAD = "it cannot be determined what is to be sent"
_READ = "it is read all the same"
_EXACT = "the server compares such values character by character"


def _unread(code: str, says: str, why: str = _UNREAD) -> Entry:
    return error(code, says, READING_THE_FILE, why)


def _noted(code: str, says: str, why: str = _READ) -> Entry:
    return warning(code, says, READING_THE_FILE, why)


def _exact(code: str, says: str, softer: str = "") -> Entry:
    return error(code, says, READING_THE_FILE, _EXACT, allowed=True, softer=softer)


FILES: Final[tuple[Entry, ...]] = (
    _unread("unreadable", "The file is a workbook that can be read.", "nothing of it can be read"),
    _unread("no-tasks", "The workbook has at least one task row.", "there is nothing to send"),
    _unread("sheet-name", "A sheet whose name is nearly that of a task sheet is renamed."),
    _unread("sheet-twice", "Each task sheet is in the workbook once."),
    _unread("disorder", "The cells of a sheet are in order in the file, each once."),
    _unread("no-header-row", "A task sheet has a row of headers among its first rows."),
    _unread("no-command-header", "A task sheet has a column command."),
    _unread("unknown-header", "A header is a field, one of our columns, or a note that begins with #."),
    _unread("header-twice", "A header is in one column."),
    _unread("tasks-above-headers", "All tasks of a sheet are below its headers.", "they would not be sent"),
    _unread(
        "other-headers", "A sheet has one row of headers.", "the tasks below others would be read wrongly"
    ),
    _unread("no-header", "A column with filled cells has a header."),
    _unread("below-table", "No filled row is below the sheet's table."),
    _unread("merged-cells", "No merged area touches the cells of a task."),
    _unread("unknown-result", "The Result column has only words that a load writes."),
    _unread("unknown-job", "The Job column has only what a load writes."),
    _unread("error-value", "No cell has one of Excel's errors."),
    _unread("formula-without-value", "A formula has a stored value."),
    _unread("unreadable-boolean", "A boolean cell is TRUE or FALSE."),
    _unread("unreadable-number", "A number cell has a number."),
    _unread("unknown-cell-type", "A cell is of a type that Excel knows."),
    _unread("date", "A cell of a text field is no date.", _LOST),
    _unread("digits-lost", "A number in a text field has at most 15 digits.", _LOST),
    _unread("not-a-whole-number", "A number in a text field is a whole number."),
    _unread("control-character", "A text has no control characters."),
    _exact(
        "invisible-character", "A name, an id, a number or a secret has no characters that cannot be seen."
    ),
    _exact("typographic-character", "A number, an address or a code has plain dashes and quotes."),
    _exact(
        "line-break",
        "A text is on one line.",
        "in free text, where the server decides",
    ),
    _exact("space-around-secret", "A secret has no space at its edges; none is ever trimmed from it."),
    _noted("space-trimmed", "A text has no space at its edges.", "the space is trimmed"),
    _noted("number-in-text-column", "A number in a text field is typed as text.", "its digits are read"),
    _noted("boolean-in-text-column", "A boolean in a text field is typed as text.", "TRUE or FALSE is read"),
    _noted("formula", "A cell has its value, not a formula.", "the value that was stored with it is read"),
    _noted("percent", "A number in a text field has no percent format.", "its number is read"),
    _noted(
        "leading-zeros-restored",
        "A number that is shown with leading zeros is typed as text.",
        "the zeros are read",
    ),
    _noted(
        "second-header-row",
        "The rows below the headers are tasks, not remarks on the columns.",
        "it is left alone",
    ),
    error(
        "remark-row",
        "A row of a list whose rows have all one command is a task, not a remark on the columns.",
        READING_THE_FILE,
        "it would be sent as a task, or a task would not be sent",
        allowed=True,
    ),
    _noted(
        "sheet-not-read",
        "A sheet with headers of a task type has that type's name.",
        "its rows are not read",
    ),
    _unread("shown-unclear", "A number in a text field is shown by its digits."),
    _noted(
        "shown-text",
        "A number whose format shows other digits is typed as text.",
        "what is shown is read, without spaces and punctuation",
    ),
    _noted(
        "shown-otherwise",
        "A number in a text field has no format of decimals, dates and the like.",
        "its stored number is read",
    ),
    _noted("title-rows", "The headers are in the first row.", "the rows above are left alone"),
    _noted("total-row", "The total row of a table is no task.", "it is left alone"),
    _noted("hidden-rows", "Hidden rows are no tasks."),
    _noted("hidden-columns", "Hidden columns have nothing to send."),
    _noted("hidden-sheet", "A hidden sheet has nothing to send."),
    _noted("open-in-excel", "The workbook is not open in Excel.", "what was saved last is read"),
    _noted("macros", "The workbook has macros.", "they are never run"),
    _noted("template-older", "The workbook was made from the present blank workbook."),
    _noted("template-newer", "The workbook was not made by a newer xlsx2opeasy."),
)

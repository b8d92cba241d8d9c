"""Reading: from a file's bytes to sheets of texts, in a process of its own. `workbook.read` is the way in."""

SEARCHED_ROWS = 20
"""How many of the first rows are searched for headers."""

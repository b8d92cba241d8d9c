"""Reading: from a file's bytes to sheets of texts, in a process of its own. `workbook.read` is the way in."""

"""The end of a load: what became of each row, its words, the results workbook, and the cleaning up."""

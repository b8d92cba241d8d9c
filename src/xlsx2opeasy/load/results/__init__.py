"""What became of each row, and the results workbook."""

"""Results in the rows of a workbook: a copy of the package in which only the result cells have changed."""

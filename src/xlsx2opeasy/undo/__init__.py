"""Undo: the inverse of what a job did, as a workbook to look at and load."""

"""Copies of workbooks in which what the check found is marked, commented and listed."""
